/* The order of rows: see rank_order.h. */
#include "executor/rank_order.h"

/* Of a key whose first column is NULL, and is first or last. */
#define ORDER_FIRST UINT64_C(0)
#define ORDER_LAST UINT64_MAX

void
sl_rank_order_open(struct sl_rank_order *order, const struct sl_sort_key *keys, size_t key_count)
{
    SL_ASSERT(key_count <= SL_RANK_COLUMNS_MAX);
    order->keys = keys;
    order->key_count = key_count;
    for (size_t i = 0; i < key_count; i++) {
        order->descending |= (uint64_t)keys[i].descending << i;
        order->nulls_last |= (uint64_t)!keys[i].nulls_first << i;
    }
    sl_buffer_init(&order->bytes, SIZE_MAX / 2);
}

void
sl_rank_order_close(struct sl_rank_order *order)
{
    if (order->bytes.data)
        sl_buffer_done(&order->bytes);
}

void
sl_rank_order_begin(struct sl_rank_order *order, const struct sl_batch *batch)
{
    for (size_t i = 0; i < order->key_count; i++)
        order->columns[i] = batch->columns[order->keys[i].column];
}

/* --- keys --- */

/* Between those of NULLs. */
static uint64_t
order_within(uint64_t prefix)
{
    return SL_MIN(SL_MAX(prefix, ORDER_FIRST + 1), ORDER_LAST - 1);
}

/* The first byte says whether the first column is NULL; the prefix is of the eight behind it. */
static uint64_t
order_prefix(const char *bytes, size_t length)
{
    uint64_t prefix = 0;
    unsigned char copy[8] = {0};

    if (length == 0)
        return 1;
    if (bytes[0] != 1)
        return bytes[0] == 0 ? ORDER_FIRST : ORDER_LAST;
    memcpy(copy, bytes + 1, SL_MIN(length - 1, sizeof(copy)));
    for (size_t i = 0; i < sizeof(copy); i++)
        prefix = prefix << 8 | copy[i];
    return order_within(prefix);
}

struct sl_rank_key
sl_rank_order_key(struct sl_rank_order *order, size_t row)
{
    struct sl_rank_key key;

    sl_buffer_reset(&order->bytes);
    sl_key_encode_order(order->columns, order->key_count, row, order->descending, order->nulls_last,
                        &order->bytes);
    key.bytes = (struct sl_text){order->bytes.length ? order->bytes.data : "", order->bytes.length};
    key.number = 0;
    key.prefix = order_prefix(key.bytes.start, key.bytes.length);
    return key;
}

/* --- bounds --- */

/* Is a value as bytes, its first eight, the integer that it is stored as? */
static bool
order_is_integer(const struct sl_type *type)
{
    switch (type->kind) {
    case SL_TYPE_BOOLEAN:
    case SL_TYPE_FLOAT:
    case SL_TYPE_DOUBLE:
    case SL_TYPE_NULL:
        return false;
    default:
        return sl_type_width(type->kind) <= sizeof(int64_t) && sl_type_width(type->kind) > 0 &&
               !sl_type_is_nested(type->kind);
    }
}

void
sl_rank_order_bounds(const struct sl_rank_order *order, const uint16_t *rows, size_t row_count,
                     uint64_t *ret_bounds)
{
    const struct sl_column *column = order->key_count ? order->columns[0] : NULL;
    uint64_t null_bound = order->nulls_last & 1 ? ORDER_LAST : ORDER_FIRST;
    uint64_t turn, known;
    unsigned shift;

    if (!column || !order_is_integer(column->type)) {
        memset(ret_bounds, 0, row_count * sizeof(*ret_bounds));
        return;
    }
    shift = 64 - 8 * (unsigned)sl_type_width(column->type->kind);
    known = ~UINT64_C(0) << shift; /* behind it come bytes of the next columns */
    turn = UINT64_C(1) << 63;
    if (order->descending & 1)
        turn = ~turn;
    for (size_t i = 0; i < row_count; i++) {
        uint64_t bits = (uint64_t)sl_column_integer(column, rows[i]) << shift;

        ret_bounds[i] = order_within((bits ^ turn) & known);
    }
    for (size_t i = 0; i < row_count && column->validity; i++)
        if (sl_column_is_null(column, rows[i]))
            ret_bounds[i] = null_bound;
}
