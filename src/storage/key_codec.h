/* Keys of state tables as memcomparable bytes, a batch at a time, and back into columns.
 *
 * Each column is one byte (0: NULL, 1: a value) and the value in an encoding whose memcmp order is
 * SQL order: integers big-endian with the sign bit flipped, floats likewise after folding
 * negatives, strings with 00 escaped as 00 FF and ended by 00 00; nested values as in
 * data/key.c. */
#ifndef SL_STORAGE_KEY_CODEC_H
#define SL_STORAGE_KEY_CODEC_H

#include "data/batch.h"

struct sl_key_codec {
    const struct sl_type *const *types;
    size_t count;
};

/* Encoded keys: key i is bytes[offsets[i] … offsets[i + 1]). */
struct sl_key_bytes {
    char *bytes;
    size_t byte_capacity;
    uint32_t *offsets;
    size_t count, offset_capacity;
};

void sl_key_bytes_init(struct sl_key_bytes *keys);
void sl_key_bytes_done(struct sl_key_bytes *keys);
/* Encodes row_count rows; rows NULL: physical rows 0 … */
void sl_key_codec_encode(const struct sl_key_codec *codec, struct sl_column *const *columns,
                         const uint16_t *rows, size_t row_count, struct sl_key_bytes *keys);
/* The same; of the first head_count columns the bytes are there already: heads[i] of key i. */
void sl_key_codec_encode_behind(const struct sl_key_codec *codec, const struct sl_text *heads,
                                size_t head_count, struct sl_column *const *columns,
                                const uint16_t *rows, size_t row_count, struct sl_key_bytes *keys);
/* Keys that are encoded already. */
void sl_key_bytes_copy(const struct sl_text *texts, size_t count, struct sl_key_bytes *keys);
/* Decodes into codec->count new columns. */
void sl_key_codec_decode(const struct sl_key_codec *codec, struct sl_pool *pool,
                         const struct sl_text *keys, size_t key_count,
                         struct sl_column **ret_columns);

#endif
