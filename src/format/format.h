/* The seam of formats: bytes of many records ↔ columns.  No I/O. */
#ifndef SL_FORMAT_FORMAT_H
#define SL_FORMAT_FORMAT_H

#include "data/batch.h"
#include "data/descriptor.h"
#include "data/record.h"
#include "data/time.h"

struct sl_format_class;

struct sl_format_config {
    const struct sl_option_list *options; /* the table's; the format's own begin with `prefix` */
    const char *prefix;                   /* "json." or "value.json." */
    const struct sl_schema *physical;     /* all columns of the record, in order */
    const uint32_t *columns;              /* decoders: those that are wanted, ascending */
    size_t column_count;
    const uint32_t *primary_key; /* of physical; encoders */
    size_t primary_key_count;
    const struct sl_zone *zone;
};

/* An option of this format as text, or its default; NULL: neither. */
const char *sl_format_option(const struct sl_format_config *config,
                             const struct sl_format_descriptor *descriptor, const char *name);

struct sl_decoder {
    const struct sl_format_class *class;
    const struct sl_format_config *config;
};

struct sl_decode_error {
    uint32_t record; /* index into the records */
    const char *text;
};

/* What a call of decode made. */
struct sl_decoded {
    uint32_t record_count; /* records used up */
    uint32_t row_count;
    struct sl_column **columns;     /* config->column_count references, the caller's to take */
    uint32_t *row_records;          /* row → record; NULL: row i is record from + i */
    uint8_t *kinds;                 /* NULL: all +I */
    struct sl_decode_error *errors; /* records that made no row because they do not decode */
    uint32_t error_count;
    uint32_t skipped_count; /* … that ignore-parse-errors skipped */
};

struct sl_encoder {
    const struct sl_format_class *class;
    const struct sl_format_config *config;
};

/* Encoded records: row i's bytes are data[offsets[i] … offsets[i + 1]); it has no value at all
 * where is_null[i]. */
struct sl_encoded {
    struct sl_buffer data;
    uint32_t *offsets;
    bool *is_null;
    size_t count, capacity;
    const struct sl_encoded *keys; /* one a record, until the next call of encode; NULL: no keys */
};

struct sl_format_class {
    struct sl_format_descriptor descriptor;
    size_t decoder_size; /* 0: cannot read */
    size_t encoder_size;
    int (*decoder_open)(struct sl_decoder *decoder, struct sl_error *err);
    /* Decodes records[from …), at most row_count_max rows, or those of one record, which stay
     * together.  Arrays in *ret (but the columns) are
     * the decoder's, until the next call.  Never fails: see `errors`.  Strings may point into the
     * slab, which the columns then hold. */
    void (*decode)(struct sl_decoder *decoder, const struct sl_records *records, uint32_t from,
                   size_t row_count_max, struct sl_pool *pool, struct sl_decoded *ret_decoded);
    void (*decoder_close)(struct sl_decoder *decoder);
    /* How records stand in a file.  Optional [a line each]. */
    int (*line_rule)(const struct sl_format_config *config, struct sl_line_rule *ret_rule,
                     struct sl_error *err);
    int (*encoder_open)(struct sl_encoder *encoder, struct sl_error *err);
    /* Appends one record for each live row of the batch (its columns are config->physical's). */
    int (*encode)(struct sl_encoder *encoder, const struct sl_batch *batch, struct sl_encoded *to,
                  struct sl_error *err);
    void (*encoder_close)(struct sl_encoder *encoder);
};

/* formats.def: FORMAT(stem) for every fmt_<stem>.c that ends in sl_fmt_<stem>. */
const struct sl_format_class *sl_format_find(const char *name);
size_t sl_formats_init(const struct sl_format_descriptor **to, size_t max);

/* Helpers over decoders and encoders: allocation by the class's size. */
int sl_decoder_new(const struct sl_format_class *class, const struct sl_format_config *config,
                   struct sl_decoder **ret_decoder, struct sl_error *err);
void sl_decoder_free(struct sl_decoder *decoder);
int sl_encoder_new(const struct sl_format_class *class, const struct sl_format_config *config,
                   struct sl_encoder **ret_encoder, struct sl_error *err);
void sl_encoder_free(struct sl_encoder *encoder);
void sl_encoded_init(struct sl_encoded *encoded);
void sl_encoded_done(struct sl_encoded *encoded);
void sl_encoded_reset(struct sl_encoded *encoded);
/* Call after a record's bytes were added to `data`. */
void sl_encoded_end_record(struct sl_encoded *encoded);
/* Instead: a record without a value. */
void sl_encoded_end_null(struct sl_encoded *encoded);

#endif
