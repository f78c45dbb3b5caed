/* Columns to JSON records, in the forms of Flink's RowDataToJsonConverters.  The whole batch goes
 * into one buffer; names are written out once, when the encoder is opened. */
#include "data/real_text.h"
#include "data/time.h"
#include "base/base64.h"
#include "format/json_internal.h"
#include "data/number_text.h"

#include <math.h>

#define ENCODE_SCALAR_MAX 128

struct json_writer {
    const struct sl_json_options *options;
    struct sl_buffer *to;
    struct sl_error *err;
};

static int json_write(struct json_writer *writer, const struct sl_column *column, size_t row);

static void
json_write_bytes(struct sl_buffer *to, struct sl_text bytes)
{
    size_t size = SL_BASE64_ENCODED_SIZE(bytes.length);
    char *at = sl_buffer_reserve(to, size + 2);

    at[0] = '"';
    sl_base64_encode(bytes, at + 1);
    at[size + 1] = '"';
    to->length += size + 2;
}

/* --- scalars --- */

static size_t
json_format_time(const struct json_writer *writer, const struct sl_column *column, size_t row,
                 char *to)
{
    char separator = writer->options->standard == SL_TIME_SQL ? ' ' : 'T';
    size_t length;

    *to = '"';
    switch (column->type->kind) {
    case SL_TYPE_DATE:
        length = sl_date_format(((const int32_t *)column->values)[row], to + 1);
        break;
    case SL_TYPE_TIME:
        length = sl_time_format(((const int64_t *)column->values)[row], -1, to + 1);
        break;
    default:
        length = sl_timestamp_format(((const int64_t *)column->values)[row], -1, separator, to + 1);
        if (column->type->kind == SL_TYPE_TIMESTAMP_LTZ)
            to[++length] = 'Z';
        break;
    }
    to[length + 1] = '"';
    return length + 2;
}

/* Jackson writes what is no number as a string. */
static size_t
json_format_real(double real, bool is_float, char *to)
{
    size_t length;

    if (isfinite(real))
        return sl_real_format_java(real, is_float, to);
    *to = '"';
    length = sl_real_format_java(real, is_float, to + 1);
    to[length + 1] = '"';
    return length + 2;
}

static void
json_write_scalar(const struct json_writer *writer, const struct sl_column *column, size_t row)
{
    char *to = sl_buffer_reserve(writer->to, ENCODE_SCALAR_MAX);
    size_t length;

    switch (column->type->kind) {
    case SL_TYPE_BOOLEAN:
        length = ((const uint8_t *)column->values)[row] ? 4 : 5;
        memcpy(to, length == 4 ? "true" : "false", length);
        break;
    case SL_TYPE_FLOAT:
        length = json_format_real(((const float *)column->values)[row], true, to);
        break;
    case SL_TYPE_DOUBLE:
        length = json_format_real(((const double *)column->values)[row], false, to);
        break;
    case SL_TYPE_DECIMAL:
        length =
            sl_decimal_format_java(((const sl_int128 *)column->values)[row], column->type->scale,
                                   false, writer->options->plain_decimals, to);
        break;
    case SL_TYPE_DATE:
    case SL_TYPE_TIME:
    case SL_TYPE_TIMESTAMP:
    case SL_TYPE_TIMESTAMP_LTZ:
        length = json_format_time(writer, column, row, to);
        break;
    default:
        length = sl_integer_format(sl_number_of_column(column, row), to);
        break;
    }
    writer->to->length += length;
}

/* --- nested values --- */

static int
json_write_array(struct json_writer *writer, const struct sl_column *column, size_t row)
{
    struct sl_span span = ((const struct sl_span *)column->values)[row];

    sl_buffer_add_byte(writer->to, '[');
    for (uint32_t i = 0; i < span.length; i++) {
        if (i)
            sl_buffer_add_byte(writer->to, ',');
        SL_TRY(json_write(writer, column->children[0], span.start + i));
    }
    sl_buffer_add_byte(writer->to, ']');
    return SL_OK;
}

static int
json_write_map(struct json_writer *writer, const struct sl_column *column, size_t row)
{
    struct sl_span span = ((const struct sl_span *)column->values)[row];
    const struct sl_column *keys = column->children[0];
    bool any = false;

    sl_buffer_add_byte(writer->to, '{');
    for (uint32_t i = span.start; i < span.start + span.length; i++) {
        struct sl_text key = {"", 0};

        if (!sl_column_is_null(keys, i)) {
            key = sl_view_text(&((const struct sl_view *)keys->values)[i]);
        } else if (writer->options->null_key == SL_JSON_NULL_KEY_FAIL) {
            SL_ERROR(writer->err, SL_E_NULL_VALUE, "a key of a map is NULL, which JSON has not");
            return sl_error_hint(writer->err, "set '%smap-null-key.mode' to DROP or LITERAL",
                                 writer->options->prefix);
        } else if (writer->options->null_key == SL_JSON_NULL_KEY_DROP) {
            continue;
        } else {
            key = sl_text_of(writer->options->null_key_literal);
        }
        if (any)
            sl_buffer_add_byte(writer->to, ',');
        any = true;
        sl_json_add_string(writer->to, key);
        sl_buffer_add_byte(writer->to, ':');
        SL_TRY(json_write(writer, column->children[1], i));
    }
    sl_buffer_add_byte(writer->to, '}');
    return SL_OK;
}

static int
json_write_row(struct json_writer *writer, const struct sl_column *column, size_t row)
{
    bool any = false;

    sl_buffer_add_byte(writer->to, '{');
    for (uint32_t i = 0; i < column->child_count; i++) {
        if (writer->options->ignore_nulls && sl_column_is_null(column->children[i], row))
            continue;
        if (any)
            sl_buffer_add_byte(writer->to, ',');
        any = true;
        sl_json_add_string(writer->to, sl_text_of(column->type->fields[i].name));
        sl_buffer_add_byte(writer->to, ':');
        SL_TRY(json_write(writer, column->children[i], row));
    }
    sl_buffer_add_byte(writer->to, '}');
    return SL_OK;
}

static int
json_write(struct json_writer *writer, const struct sl_column *column, size_t row)
{
    if (column->type->kind == SL_TYPE_NULL || sl_column_is_null(column, row)) {
        sl_buffer_add(writer->to, "null", 4);
        return SL_OK;
    }
    switch (column->type->kind) {
    case SL_TYPE_CHAR:
    case SL_TYPE_VARCHAR:
        sl_json_add_string(writer->to,
                           sl_view_text(&((const struct sl_view *)column->values)[row]));
        return SL_OK;
    case SL_TYPE_BINARY:
    case SL_TYPE_VARBINARY:
        json_write_bytes(writer->to, sl_view_text(&((const struct sl_view *)column->values)[row]));
        return SL_OK;
    case SL_TYPE_ARRAY:
        return json_write_array(writer, column, row);
    case SL_TYPE_MAP:
    case SL_TYPE_MULTISET:
        return json_write_map(writer, column, row);
    case SL_TYPE_ROW:
        return json_write_row(writer, column, row);
    default:
        json_write_scalar(writer, column, row);
        return SL_OK;
    }
}

int
sl_json_encode_row(struct sl_json_encoder *encoder, const struct sl_batch *batch, size_t row,
                   struct sl_buffer *to, struct sl_error *err)
{
    const struct sl_schema *physical = encoder->encoder.config->physical;
    struct json_writer writer = {&encoder->options, to, err};
    bool any = false;

    sl_buffer_add_byte(to, '{');
    for (size_t i = 0; i < physical->count; i++) {
        const struct sl_column *column = batch->columns[i];

        if (encoder->options.ignore_nulls && sl_column_is_null(column, row))
            continue;
        if (any)
            sl_buffer_add_byte(to, ',');
        any = true;
        sl_buffer_add_text(to, encoder->names[i]);
        if (json_write(&writer, column, row) < 0)
            return sl_error_prefix(err, "column \"%s\"", physical->columns[i].name);
    }
    sl_buffer_add_byte(to, '}');
    return SL_OK;
}

int
sl_json_encode(struct sl_encoder *base, const struct sl_batch *batch, struct sl_encoded *to,
               struct sl_error *err)
{
    struct sl_json_encoder *encoder = (struct sl_json_encoder *)base;

    for (size_t i = 0; i < sl_batch_live_count(batch); i++) {
        SL_TRY(sl_json_encode_row(encoder, batch, sl_batch_row(batch, i), &to->data, err));
        sl_encoded_end_record(to);
    }
    return SL_OK;
}

void
sl_json_encoder_init(struct sl_json_encoder *encoder)
{
    const struct sl_schema *physical = encoder->encoder.config->physical;
    struct sl_buffer name;

    sl_arena_init(&encoder->arena);
    encoder->names = SL_NEW_ARRAY(&encoder->arena, struct sl_text, physical->count + 1);
    sl_buffer_init(&name, SIZE_MAX / 2);
    for (size_t i = 0; i < physical->count; i++) {
        sl_buffer_reset(&name);
        sl_json_add_string(&name, sl_text_of(physical->columns[i].name));
        sl_buffer_add_byte(&name, ':');
        encoder->names[i] = sl_arena_text(&encoder->arena, sl_buffer_text(&name));
    }
    sl_buffer_done(&name);
}

void
sl_json_encoder_done(struct sl_json_encoder *encoder)
{
    sl_arena_done(&encoder->arena);
}
