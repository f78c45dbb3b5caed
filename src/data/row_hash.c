/* Hashes of rows.  Values, never changed: key groups of stored state depend on them.  A column at a
 * time: the first column's hashes are taken as they are, each further one is folded in. */
#include "base/hash.h"
#include "data/row.h"

#include <math.h>

#define HASH_NULL UINT64_C(0x6e756c6c6e756c6c)

static uint64_t
hash_real(double real)
{
    uint64_t bits;

    if (real == 0)
        real = 0; /* -0.0 equals 0.0 */
    if (isnan(real))
        real = (double)NAN;
    memcpy(&bits, &real, sizeof(bits));
    return sl_hash_u64(bits);
}

static uint64_t
hash_decimal(sl_int128 value)
{
    unsigned __int128 bits = (unsigned __int128)value;

    return sl_hash_combine(sl_hash_u64((uint64_t)bits), (uint64_t)(bits >> 64));
}

static uint64_t
hash_view(const struct sl_view *view)
{
    return sl_hash_bytes(sl_view_data(view), view->length);
}

static uint64_t hash_cell(const struct sl_column *column, size_t row);

static uint64_t
hash_nested(const struct sl_column *column, size_t row)
{
    bool is_ordered = column->type->kind == SL_TYPE_ARRAY || column->type->kind == SL_TYPE_ROW;
    struct sl_span span = {(uint32_t)row, 1};
    uint64_t hash = 0;

    if (column->type->kind != SL_TYPE_ROW)
        span = ((const struct sl_span *)column->values)[row];
    for (uint32_t i = 0; i < span.length; i++) {
        uint64_t item = 0;

        for (uint32_t child = 0; child < column->child_count; child++)
            item = sl_hash_combine(item, hash_cell(column->children[child], span.start + i));
        /* The entries of a MAP have no order. */
        hash = is_ordered ? sl_hash_combine(hash, item) : hash + item;
    }
    return sl_hash_combine(hash, span.length);
}

static uint64_t
hash_cell(const struct sl_column *column, size_t row)
{
    const void *values = column->values;

    if (column->type->kind == SL_TYPE_NULL || sl_column_is_null(column, row))
        return HASH_NULL;
    switch (column->type->kind) {
    case SL_TYPE_BOOLEAN:
        return sl_hash_u64(((const uint8_t *)values)[row] != 0);
    case SL_TYPE_TINYINT:
        return sl_hash_u64((uint64_t)((const int8_t *)values)[row]);
    case SL_TYPE_SMALLINT:
        return sl_hash_u64((uint64_t)((const int16_t *)values)[row]);
    case SL_TYPE_INT:
    case SL_TYPE_DATE:
    case SL_TYPE_INTERVAL_MONTH:
        return sl_hash_u64((uint64_t)((const int32_t *)values)[row]);
    case SL_TYPE_FLOAT:
        return hash_real((double)((const float *)values)[row]);
    case SL_TYPE_DOUBLE:
        return hash_real(((const double *)values)[row]);
    case SL_TYPE_DECIMAL:
        return hash_decimal(((const sl_int128 *)values)[row]);
    case SL_TYPE_CHAR:
    case SL_TYPE_VARCHAR:
    case SL_TYPE_BINARY:
    case SL_TYPE_VARBINARY:
        return hash_view((const struct sl_view *)values + row);
    case SL_TYPE_ARRAY:
    case SL_TYPE_MAP:
    case SL_TYPE_MULTISET:
    case SL_TYPE_ROW:
        return hash_nested(column, row);
    default:
        return sl_hash_u64((uint64_t)((const int64_t *)values)[row]);
    }
}

/* The dense case of the widths that keys mostly have. */
#define HASH_DENSE(expression)                                        \
    do {                                                              \
        if (is_first)                                                 \
            for (size_t i = 0; i < row_count; i++)                    \
                hashes[i] = (expression);                             \
        else                                                          \
            for (size_t i = 0; i < row_count; i++)                    \
                hashes[i] = sl_hash_combine(hashes[i], (expression)); \
        return;                                                       \
    } while (0)

static void
hash_column(const struct sl_column *column, const uint16_t *selection, size_t row_count,
            bool is_first, uint64_t *hashes)
{
    if (column->validity == NULL && selection == NULL) {
        switch (column->type->kind) {
        case SL_TYPE_INT:
        case SL_TYPE_DATE:
            HASH_DENSE(sl_hash_u64((uint64_t)((const int32_t *)column->values)[i]));
        case SL_TYPE_BIGINT:
        case SL_TYPE_TIMESTAMP:
        case SL_TYPE_TIMESTAMP_LTZ:
            HASH_DENSE(sl_hash_u64((uint64_t)((const int64_t *)column->values)[i]));
        case SL_TYPE_VARCHAR:
            HASH_DENSE(hash_view((const struct sl_view *)column->values + i));
        default:
            break;
        }
    }
    for (size_t i = 0; i < row_count; i++) {
        uint64_t hash = hash_cell(column, selection ? selection[i] : i);

        hashes[i] = is_first ? hash : sl_hash_combine(hashes[i], hash);
    }
}

void
sl_hash_rows(struct sl_column *const *columns, size_t column_count, const uint16_t *selection,
             size_t row_count, uint64_t *hashes)
{
    if (column_count == 0)
        memset(hashes, 0, row_count * sizeof(*hashes));
    for (size_t i = 0; i < column_count; i++)
        hash_column(columns[i], selection, row_count, i == 0, hashes);
}
