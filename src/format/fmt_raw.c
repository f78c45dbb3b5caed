/* raw: the record's bytes are the one column's value: strings and bytes as they are, numbers in
 * binary (raw.endianness), BOOLEAN as one byte. */
#include "format/format.h"
#include "data/json_index.h"

#include <endian.h>
#include <stdlib.h>

static const struct sl_option_spec raw_options[] = {
    {.name = "charset",
     .type = SL_OPTION_STRING,
     .default_value = "UTF-8",
     .help = "of strings; UTF-8 only"},
    {.name = "endianness",
     .type = SL_OPTION_ENUM,
     .default_value = "big-endian",
     .choices = "big-endian|little-endian",
     .help = "of numbers"},
};

static bool
raw_is_number(enum sl_type_kind kind)
{
    return sl_type_is_integer(kind) || kind == SL_TYPE_FLOAT || kind == SL_TYPE_DOUBLE ||
           kind == SL_TYPE_BOOLEAN;
}

/* Under whichever prefix it was given. */
static int
raw_check_charset(const struct sl_option_list *options, struct sl_error *err)
{
    static const char *const keys[] = {"raw.charset", "value.raw.charset", "key.raw.charset"};

    for (size_t i = 0; i < SL_COUNT_OF(keys); i++) {
        const struct sl_option *option = sl_option_find(options, keys[i]);

        if (!option || sl_equal_nocase(option->value, "UTF-8") ||
            sl_equal_nocase(option->value, "UTF8"))
            continue;
        SL_ERROR(err, SL_E_NOT_SUPPORTED, "option \"%s\": charset \"%s\" is not supported",
                 option->key, option->value);
        sl_error_hint(err, "expected: UTF-8");
        return sl_error_at(err, option->value_offset);
    }
    return SL_OK;
}

static int
raw_check(const struct sl_option_list *options, const struct sl_schema *schema,
          struct sl_error *err)
{
    SL_TRY(raw_check_charset(options, err));
    if (schema->count != 1)
        return SL_ERROR(err, SL_E_INVALID_TABLE_DEFINITION,
                        "the raw format needs exactly one physical column, there are %zu",
                        schema->count);
    if (!sl_type_is_view(schema->columns[0].type->kind) &&
        !raw_is_number(schema->columns[0].type->kind))
        return SL_ERROR(err, SL_E_NOT_SUPPORTED,
                        "column \"%s\": raw holds strings, bytes, numbers and booleans",
                        schema->columns[0].name);
    return SL_OK;
}

static bool
raw_is_little(const struct sl_format_config *config, const struct sl_format_class *class)
{
    return sl_equal_nocase(sl_format_option(config, &class->descriptor, "endianness"),
                           "little-endian");
}

/* Bytes of a number to or from the machine's order, which is little. */
static void
raw_copy_number(char *to, const char *from, size_t width, bool is_little)
{
    for (size_t i = 0; i < width; i++)
        to[i] = from[is_little ? i : width - 1 - i];
}

struct raw_decoder {
    struct sl_decoder decoder;
    bool is_little;
    struct sl_column *column;
    struct sl_decode_error *errors;
    uint32_t *row_records;
};

static int
raw_decoder_open(struct sl_decoder *base, struct sl_error *err)
{
    struct raw_decoder *decoder = (struct raw_decoder *)base;

    decoder->is_little = raw_is_little(base->config, base->class);
    decoder->errors = sl_alloc_zeroed(SL_BATCH_ROWS_MAX * sizeof(*decoder->errors));
    decoder->row_records = sl_alloc_zeroed(SL_BATCH_ROWS_MAX * sizeof(*decoder->row_records));
    return SL_OK;
}

static void
raw_decode(struct sl_decoder *base, const struct sl_records *records, uint32_t from,
           size_t row_count_max, struct sl_pool *pool, struct sl_decoded *ret_decoded)
{
    struct raw_decoder *decoder = (struct raw_decoder *)base;
    const struct sl_type *type = base->config->physical->columns[0].type;
    size_t count =
        SL_MIN(SL_MIN((size_t)(records->count - from), row_count_max), (size_t)SL_BATCH_ROWS_MAX);
    size_t width = sl_type_width(type->kind), row = 0;
    struct sl_column *column = sl_column_new(pool, type, count, false);

    *ret_decoded = (struct sl_decoded){.record_count = (uint32_t)count,
                                       .columns = &decoder->column,
                                       .row_records = decoder->row_records,
                                       .errors = decoder->errors};
    for (size_t i = 0; i < count; i++) {
        const struct sl_record *record = &records->items[from + i];
        char *value = (char *)column->values + row * width;

        if (record->value_length == SL_RECORD_NULL) {
            memset(value, 0, width);
            sl_validity_set(sl_column_add_validity(column, pool), row, false);
        } else if (sl_type_is_text(type->kind) &&
                   !sl_json_is_utf8(record->value, record->value_length)) {
            decoder->errors[ret_decoded->error_count++] =
                (struct sl_decode_error){(uint32_t)(from + i), "it is not UTF-8"};
            continue;
        } else if (sl_type_is_view(type->kind)) {
            *(struct sl_view *)(void *)value = sl_view_of(record->value, record->value_length);
        } else if (record->value_length == width) {
            raw_copy_number(value, record->value, width, decoder->is_little);
        } else {
            decoder->errors[ret_decoded->error_count++] =
                (struct sl_decode_error){(uint32_t)(from + i), "its length is not the type's"};
            continue;
        }
        decoder->row_records[row++] = (uint32_t)(from + i);
    }
    if (sl_type_is_view(type->kind))
        sl_column_add_heap(column, pool, records->slab);
    ret_decoded->row_count = (uint32_t)row;
    decoder->column = column;
    if (base->config->column_count == 0)
        sl_column_unref(column);
}

static void
raw_decoder_close(struct sl_decoder *base)
{
    struct raw_decoder *decoder = (struct raw_decoder *)base;

    free(decoder->errors);
    free(decoder->row_records);
}

struct raw_encoder {
    struct sl_encoder encoder;
    bool is_little;
};

static int
raw_encoder_open(struct sl_encoder *base, struct sl_error *err)
{
    ((struct raw_encoder *)base)->is_little = raw_is_little(base->config, base->class);
    return SL_OK;
}

static int
raw_encode(struct sl_encoder *base, const struct sl_batch *batch, struct sl_encoded *to,
           struct sl_error *err)
{
    struct raw_encoder *encoder = (struct raw_encoder *)base;
    const struct sl_column *column = batch->columns[0];
    size_t width = sl_type_width(column->type->kind);

    for (size_t i = 0; i < sl_batch_live_count(batch); i++) {
        size_t row = sl_batch_row(batch, i);
        const char *value = (const char *)column->values + row * width;

        if (sl_column_is_null(column, row)) {
            sl_encoded_end_null(to);
            continue;
        }
        if (sl_type_is_view(column->type->kind)) {
            sl_buffer_add_text(&to->data,
                               sl_view_text((const struct sl_view *)(const void *)value));
        } else {
            raw_copy_number(sl_buffer_reserve(&to->data, width), value, width, encoder->is_little);
            to->data.length += width;
        }
        sl_encoded_end_record(to);
    }
    return SL_OK;
}

static void
raw_encoder_close(struct sl_encoder *base)
{
}

const struct sl_format_class sl_fmt_raw = {
    .descriptor = {.name = "raw",
                   .reads = true,
                   .writes = true,
                   .sink_kinds = 1u << 0,
                   .options = raw_options,
                   .option_count = SL_COUNT_OF(raw_options),
                   .check = raw_check},
    .decoder_size = sizeof(struct raw_decoder),
    .encoder_size = sizeof(struct raw_encoder),
    .decoder_open = raw_decoder_open,
    .decode = raw_decode,
    .decoder_close = raw_decoder_close,
    .encoder_open = raw_encoder_open,
    .encode = raw_encode,
    .encoder_close = raw_encoder_close,
};
