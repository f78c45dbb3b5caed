/* Memcomparable keys.  A column is a byte (0x00: NULL, 0x01: a value; 0x02: NULL that goes last)
 * and the value: integers and decimals big endian with the sign bit turned, reals in their total
 * order, strings with 0x00 written as 0x00 0xff and ended by 0x00 0x00; arrays and maps as their
 * cells, each after its byte, ended by 0x00 where a further cell would have 0x01. */
#include "data/row.h"

#include <math.h>
#include <stdlib.h>

static void key_encode_cell(const struct sl_column *column, size_t row, struct sl_buffer *to);

static void
key_put_u64(uint64_t bits, size_t width, struct sl_buffer *to)
{
    char bytes[8];

    for (size_t i = 0; i < width; i++)
        bytes[i] = (char)(bits >> (8 * (width - 1 - i)));
    sl_buffer_add(to, bytes, width);
}

/* An integer of `width` bytes with its sign bit turned. */
static void
key_put_integer(int64_t integer, size_t width, struct sl_buffer *to)
{
    key_put_u64((uint64_t)integer ^ UINT64_C(1) << (8 * width - 1), width, to);
}

/* Negative numbers turned round entirely, others with the sign bit set; one zero, one NaN. */
static void
key_put_real(double real, struct sl_buffer *to)
{
    uint64_t bits;

    if (real == 0)
        real = 0;
    if (isnan(real))
        real = (double)NAN;
    memcpy(&bits, &real, sizeof(bits));
    key_put_u64(bits >> 63 ? ~bits : bits | UINT64_C(1) << 63, sizeof(bits), to);
}

static void
key_put_decimal(sl_int128 value, struct sl_buffer *to)
{
    unsigned __int128 bits = (unsigned __int128)value;

    key_put_u64((uint64_t)(bits >> 64) ^ UINT64_C(1) << 63, sizeof(uint64_t), to);
    key_put_u64((uint64_t)bits, sizeof(uint64_t), to);
}

static void
key_put_text(const char *data, size_t length, struct sl_buffer *to)
{
    while (length) {
        const char *zero = memchr(data, 0, length);
        size_t run = zero ? (size_t)(zero - data) : length;

        sl_buffer_add(to, data, run);
        if (zero) {
            sl_buffer_add(to, "\0\xff", 2);
            run++;
        }
        data += run;
        length -= run;
    }
    sl_buffer_add(to, "\0\0", 2);
}

static int
key_compare_entries(const void *a, const void *b)
{
    return sl_text_compare(*(const struct sl_text *)a, *(const struct sl_text *)b);
}

/* The entries of a MAP or MULTISET have no order: they are sorted, so that equal maps are equal. */
static void
key_put_entries(const struct sl_column *column, struct sl_span span, struct sl_buffer *to)
{
    struct sl_text *entries = sl_alloc(span.length * sizeof(*entries));
    struct sl_buffer bytes;
    size_t begin = 0;

    sl_buffer_init(&bytes, SIZE_MAX / 2);
    for (uint32_t i = 0; i < span.length; i++) {
        for (uint32_t child = 0; child < column->child_count; child++)
            key_encode_cell(column->children[child], span.start + i, &bytes);
        entries[i].length = bytes.length - begin;
        begin = bytes.length;
    }
    begin = 0;
    for (uint32_t i = 0; i < span.length; i++) {
        entries[i].start = bytes.data + begin;
        begin += entries[i].length;
    }
    qsort(entries, span.length, sizeof(*entries), key_compare_entries);
    for (uint32_t i = 0; i < span.length; i++) {
        sl_buffer_add_byte(to, 1);
        sl_buffer_add_text(to, entries[i]);
    }
    sl_buffer_add_byte(to, 0);
    sl_buffer_done(&bytes);
    free(entries);
}

static void
key_put_nested(const struct sl_column *column, size_t row, struct sl_buffer *to)
{
    struct sl_span span;

    if (column->type->kind == SL_TYPE_ROW) {
        for (uint32_t child = 0; child < column->child_count; child++)
            key_encode_cell(column->children[child], row, to);
        return;
    }
    span = ((const struct sl_span *)column->values)[row];
    if (column->type->kind != SL_TYPE_ARRAY) {
        key_put_entries(column, span, to);
        return;
    }
    for (uint32_t i = 0; i < span.length; i++) {
        sl_buffer_add_byte(to, 1);
        key_encode_cell(column->children[0], span.start + i, to);
    }
    sl_buffer_add_byte(to, 0);
}

static void
key_put_value(const struct sl_column *column, size_t row, struct sl_buffer *to)
{
    const void *values = column->values;
    const struct sl_view *view;

    switch (column->type->kind) {
    case SL_TYPE_BOOLEAN:
        sl_buffer_add_byte(to, ((const uint8_t *)values)[row] != 0);
        break;
    case SL_TYPE_TINYINT:
        key_put_integer(((const int8_t *)values)[row], 1, to);
        break;
    case SL_TYPE_SMALLINT:
        key_put_integer(((const int16_t *)values)[row], 2, to);
        break;
    case SL_TYPE_INT:
    case SL_TYPE_DATE:
    case SL_TYPE_INTERVAL_MONTH:
        key_put_integer(((const int32_t *)values)[row], 4, to);
        break;
    case SL_TYPE_FLOAT:
        key_put_real((double)((const float *)values)[row], to);
        break;
    case SL_TYPE_DOUBLE:
        key_put_real(((const double *)values)[row], to);
        break;
    case SL_TYPE_DECIMAL:
        key_put_decimal(((const sl_int128 *)values)[row], to);
        break;
    case SL_TYPE_CHAR:
    case SL_TYPE_VARCHAR:
    case SL_TYPE_BINARY:
    case SL_TYPE_VARBINARY:
        view = (const struct sl_view *)values + row;
        key_put_text(sl_view_data(view), view->length, to);
        break;
    case SL_TYPE_ARRAY:
    case SL_TYPE_MAP:
    case SL_TYPE_MULTISET:
    case SL_TYPE_ROW:
        key_put_nested(column, row, to);
        break;
    default:
        key_put_integer(((const int64_t *)values)[row], 8, to);
        break;
    }
}

static void
key_encode_cell(const struct sl_column *column, size_t row, struct sl_buffer *to)
{
    bool is_null = column->type->kind == SL_TYPE_NULL || sl_column_is_null(column, row);

    sl_buffer_add_byte(to, !is_null);
    if (!is_null)
        key_put_value(column, row, to);
}

void
sl_key_encode(struct sl_column *const *columns, size_t column_count, size_t row,
              struct sl_buffer *to)
{
    for (size_t i = 0; i < column_count; i++)
        key_encode_cell(columns[i], row, to);
}

void
sl_key_encode_order(struct sl_column *const *columns, size_t column_count, size_t row,
                    uint64_t descending, uint64_t nulls_last, struct sl_buffer *to)
{
    for (size_t i = 0; i < column_count; i++) {
        size_t begin = to->length;

        key_encode_cell(columns[i], row, to);
        if (to->data[begin] == 0 && (nulls_last >> i & 1))
            to->data[begin] = 2;
        if (descending >> i & 1) {
            for (size_t at = begin + 1; at < to->length; at++)
                to->data[at] = (char)~to->data[at];
        }
    }
}
