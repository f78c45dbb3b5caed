/* Columns to records of separated values, in the forms of Flink's RowDataToCsvConverters.  Quotes
 * stand where the text could not be read back without them. */
#include "data/real_text.h"
#include "data/time.h"
#include "base/base64.h"
#include "format/csv_internal.h"
#include "data/number_text.h"

#define CSV_SIMPLE_MAX 128

static void
csv_add_view(const struct sl_column *column, size_t row, struct sl_buffer *to)
{
    struct sl_text text = sl_view_text(&((const struct sl_view *)column->values)[row]);
    size_t size = SL_BASE64_ENCODED_SIZE(text.length);

    if (sl_type_is_text(column->type->kind)) {
        sl_buffer_add_text(to, text);
        return;
    }
    sl_base64_encode(text, sl_buffer_reserve(to, size));
    to->length += size;
}

/* A value that is not NULL, of any type but ARRAY and ROW. */
static void
csv_add_simple(const struct sl_csv_form *form, const struct sl_column *column, size_t row,
               struct sl_buffer *buffer)
{
    char *to = sl_buffer_reserve(buffer, CSV_SIMPLE_MAX);
    const void *values = column->values;
    size_t length;

    switch (column->type->kind) {
    case SL_TYPE_CHAR:
    case SL_TYPE_VARCHAR:
    case SL_TYPE_BINARY:
    case SL_TYPE_VARBINARY:
        csv_add_view(column, row, buffer);
        return;
    case SL_TYPE_BOOLEAN:
        length = ((const uint8_t *)values)[row] ? 4 : 5;
        memcpy(to, length == 4 ? "true" : "false", length);
        break;
    case SL_TYPE_FLOAT:
        length = sl_real_format_java(((const float *)values)[row], true, to);
        break;
    case SL_TYPE_DOUBLE:
        length = sl_real_format_java(((const double *)values)[row], false, to);
        break;
    case SL_TYPE_DECIMAL:
        length = sl_decimal_format_java(((const sl_int128 *)values)[row], column->type->scale,
                                        form->scientific, !form->scientific, to);
        break;
    case SL_TYPE_DATE:
        length = sl_date_format(((const int32_t *)values)[row], to);
        break;
    case SL_TYPE_TIME:
        length = sl_time_format(((const int64_t *)values)[row], -1, to);
        break;
    case SL_TYPE_TIMESTAMP:
    case SL_TYPE_TIMESTAMP_LTZ:
        length = sl_timestamp_format(((const int64_t *)values)[row], -1, ' ', to);
        if (column->type->kind == SL_TYPE_TIMESTAMP_LTZ)
            to[length++] = 'Z';
        break;
    default:
        length = sl_integer_format(sl_number_of_column(column, row), to);
        break;
    }
    buffer->length += length;
}

static void
csv_add_element(const struct sl_csv_form *form, const struct sl_column *column, size_t row,
                struct sl_buffer *to)
{
    if (column->type->kind != SL_TYPE_NULL && !sl_column_is_null(column, row))
        csv_add_simple(form, column, row, to);
    else if (form->null)
        sl_buffer_add_string(to, form->null);
}

/* The values of an ARRAY or ROW as they are: as in Flink, a delimiter within one is not marked. */
static void
csv_add_field(const struct sl_csv_form *form, const struct sl_column *column, size_t row,
              struct sl_buffer *to)
{
    struct sl_span span;

    switch (column->type->kind) {
    case SL_TYPE_ARRAY:
        span = ((const struct sl_span *)column->values)[row];
        for (uint32_t i = 0; i < span.length; i++) {
            if (i)
                sl_buffer_add_byte(to, form->element_delimiter);
            csv_add_element(form, column->children[0], span.start + i, to);
        }
        break;
    case SL_TYPE_ROW:
        for (uint32_t i = 0; i < column->child_count; i++) {
            if (i)
                sl_buffer_add_byte(to, form->element_delimiter);
            csv_add_element(form, column->children[i], row, to);
        }
        break;
    default:
        csv_add_simple(form, column, row, to);
        break;
    }
}

/* --- quotes --- */

static bool
csv_needs_quotes(const struct sl_csv_form *form, struct sl_text text, bool is_first)
{
    if (text.length == 0 || (form->null && sl_text_equal(text, sl_text_of(form->null))))
        return true;
    if (is_first && text.start[0] == '#')
        return true; /* else it is a comment where those are allowed */
    for (size_t i = 0; i < text.length; i++)
        if (text.start[i] == form->delimiter || text.start[i] == form->quote ||
            text.start[i] == '\n' || text.start[i] == '\r' ||
            (form->escape && text.start[i] == form->escape))
            return true;
    return false;
}

static void
csv_write_field(const struct sl_csv_form *form, struct sl_text text, bool is_first,
                struct sl_buffer *to)
{
    if (!form->quote || !csv_needs_quotes(form, text, is_first)) {
        sl_buffer_add_text(to, text);
        return;
    }
    sl_buffer_add_byte(to, form->quote);
    for (size_t i = 0; i < text.length; i++) {
        if (text.start[i] == form->quote || (form->escape && text.start[i] == form->escape))
            sl_buffer_add_byte(to, text.start[i]);
        sl_buffer_add_byte(to, text.start[i]);
    }
    sl_buffer_add_byte(to, form->quote);
}

static void
csv_write_cell(struct sl_csv_encoder *encoder, const struct sl_column *column, size_t row,
               bool is_first, struct sl_buffer *to)
{
    struct sl_buffer *field = &encoder->field;

    if (column->type->kind == SL_TYPE_NULL || sl_column_is_null(column, row)) {
        if (encoder->form.null)
            sl_buffer_add_string(to, encoder->form.null);
        return;
    }
    sl_buffer_reset(field);
    csv_add_field(&encoder->form, column, row, field);
    csv_write_field(&encoder->form, sl_buffer_text(field), is_first, to);
}

int
sl_csv_encode(struct sl_encoder *base, const struct sl_batch *batch, struct sl_encoded *to,
              struct sl_error *err)
{
    struct sl_csv_encoder *encoder = (struct sl_csv_encoder *)base;

    for (size_t i = 0; i < sl_batch_live_count(batch); i++) {
        for (size_t c = 0; c < batch->column_count; c++) {
            if (c)
                sl_buffer_add_byte(&to->data, encoder->form.delimiter);
            csv_write_cell(encoder, batch->columns[c], sl_batch_row(batch, i), c == 0, &to->data);
        }
        sl_encoded_end_record(to);
    }
    return SL_OK;
}
