/* row: the internal format of memory tables, whose frames carry the row kind. */
#include "format/format.h"
#include "format/row_frame.h"

#include <stdlib.h>

struct row_decoder {
    struct sl_decoder decoder;
    struct sl_arena arena;
    struct sl_row_frame *frame;
    struct sl_text frames[SL_BATCH_ROWS_MAX];
    struct sl_column **columns; /* of the arena */
    uint8_t kinds[SL_BATCH_ROWS_MAX];
    struct sl_decode_error error;
    struct sl_error err;
};

static int
row_decoder_open(struct sl_decoder *base, struct sl_error *err)
{
    struct row_decoder *decoder = (struct row_decoder *)base;

    sl_arena_init(&decoder->arena);
    decoder->frame = sl_row_frame_new(&decoder->arena, base->config->physical, NULL, 0);
    decoder->columns =
        SL_NEW_ARRAY(&decoder->arena, struct sl_column *, base->config->column_count + 1);
    return SL_OK;
}

static void
row_decode(struct sl_decoder *base, const struct sl_records *records, uint32_t from,
           size_t row_count_max, struct sl_pool *pool, struct sl_decoded *ret_decoded)
{
    struct row_decoder *decoder = (struct row_decoder *)base;
    const struct sl_format_config *config = base->config;
    size_t count = SL_MIN((size_t)(records->count - from), row_count_max);
    struct sl_batch *batch;

    *ret_decoded =
        (struct sl_decoded){.record_count = (uint32_t)count, .columns = decoder->columns};
    for (size_t i = 0; i < count; i++)
        decoder->frames[i] =
            (struct sl_text){records->items[from + i].value, records->items[from + i].value_length};
    if (sl_row_frame_read(decoder->frame, pool, decoder->frames, count, &batch, &decoder->err) <
        0) {
        decoder->error = (struct sl_decode_error){from, decoder->err.text};
        ret_decoded->errors = &decoder->error;
        ret_decoded->error_count = 1;
        return;
    }
    ret_decoded->row_count = (uint32_t)count;
    for (size_t i = 0; i < config->column_count; i++)
        decoder->columns[i] = sl_column_ref(batch->columns[config->columns[i]]);
    memcpy(decoder->kinds, batch->kinds, count);
    ret_decoded->kinds = decoder->kinds;
    sl_batch_unref(batch);
}

static void
row_decoder_close(struct sl_decoder *base)
{
    sl_arena_done(&((struct row_decoder *)base)->arena);
}

struct row_encoder {
    struct sl_encoder encoder;
    struct sl_arena arena;
    struct sl_row_frame *frame;
};

static int
row_encoder_open(struct sl_encoder *base, struct sl_error *err)
{
    struct row_encoder *encoder = (struct row_encoder *)base;

    sl_arena_init(&encoder->arena);
    encoder->frame = sl_row_frame_new(&encoder->arena, base->config->physical,
                                      base->config->primary_key, base->config->primary_key_count);
    return SL_OK;
}

static int
row_encode(struct sl_encoder *base, const struct sl_batch *batch, struct sl_encoded *to,
           struct sl_error *err)
{
    struct row_encoder *encoder = (struct row_encoder *)base;

    for (size_t i = 0; i < sl_batch_live_count(batch); i++) {
        sl_row_frame_write(encoder->frame, batch, sl_batch_row(batch, i), &to->data);
        sl_encoded_end_record(to);
    }
    return SL_OK;
}

static void
row_encoder_close(struct sl_encoder *base)
{
    sl_arena_done(&((struct row_encoder *)base)->arena);
}

const struct sl_format_class sl_fmt_row = {
    .descriptor =
        {.name = "row", .reads = true, .writes = true, .sink_kinds = 15, .source_kinds = true},
    .decoder_size = sizeof(struct row_decoder),
    .encoder_size = sizeof(struct row_encoder),
    .decoder_open = row_decoder_open,
    .decode = row_decode,
    .decoder_close = row_decoder_close,
    .encoder_open = row_encoder_open,
    .encode = row_encode,
    .encoder_close = row_encoder_close,
};
