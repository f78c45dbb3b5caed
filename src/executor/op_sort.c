/* ORDER BY over bounded input: keeps all rows, sorts memcomparable keys at the end, stably; emits
 * rows offset … offset + limit - 1.
 *
 * With a limit it keeps the first offset + limit rows of those that have come so far, and a few
 * more that are sorted with them now and then: `bound` is the key of the last of them, and what
 * does not come before that is left out at once. */
#include "data/row.h"
#include "executor/operator.h"
#include "executor/row_order.h"

enum { SORT_TRIM_ROWS = 65536, SORT_TRIM_FACTOR = 4 };

struct op_sort {
    struct sl_op op;
    const struct sl_phys_sort *plan;
    struct sl_row_store store;
    struct sl_row_order order;
    bool is_sorted;
    size_t next, end;
    size_t kept_max; /* rows that may come out; SIZE_MAX: all */
    size_t trim_at;  /* so many rows are sorted and cut to kept_max */
    bool has_bound;
    struct sl_buffer bound, key;
    struct sl_column **columns; /* that are sorted by; of the running batch */
    uint64_t descending, nulls_last;
    uint16_t *selection;
};

static int
sort_open(struct sl_op *base, struct sl_error *err)
{
    struct op_sort *op = (struct op_sort *)base;
    struct sl_arena *arena = base->context->arena;

    op->plan = base->node->detail;
    op->columns = SL_NEW_ARRAY(arena, struct sl_column *, op->plan->key_count + 1);
    op->selection = SL_NEW_ARRAY(arena, uint16_t, SL_BATCH_ROWS_MAX);
    sl_buffer_init(&op->bound, SIZE_MAX / 2);
    sl_buffer_init(&op->key, SIZE_MAX / 2);
    for (size_t i = 0; i < op->plan->key_count; i++) {
        op->descending |= (uint64_t)op->plan->keys[i].descending << i;
        op->nulls_last |= (uint64_t)!op->plan->keys[i].nulls_first << i;
    }
    op->kept_max = op->trim_at = SIZE_MAX;
    if (op->plan->limit >= 0 && op->plan->limit <= UINT32_MAX && op->plan->offset <= UINT32_MAX) {
        op->kept_max = (size_t)(op->plan->offset + op->plan->limit);
        op->trim_at = SL_MAX((size_t)SORT_TRIM_ROWS, SORT_TRIM_FACTOR * op->kept_max);
    }
    return SL_OK;
}

/* --- a top-n --- */

static void
sort_encode(struct op_sort *op, const struct sl_batch *batch, size_t row, struct sl_buffer *to)
{
    for (size_t i = 0; i < op->plan->key_count; i++)
        op->columns[i] = batch->columns[op->plan->keys[i].column];
    sl_buffer_reset(to);
    sl_key_encode_order(op->columns, op->plan->key_count, row, op->descending, op->nulls_last, to);
}

/* Does the row come before the last of those that are kept?  An equal one comes behind it. */
static bool
sort_is_before(struct op_sort *op, const struct sl_batch *batch, size_t row)
{
    size_t length;
    int order;

    sort_encode(op, batch, row, &op->key);
    length = SL_MIN(op->key.length, op->bound.length);
    order = memcmp(op->key.data, op->bound.data, length);
    return order < 0 || (order == 0 && op->key.length < op->bound.length);
}

/* Keeps the first kept_max rows, in order. */
static void
sort_trim(struct op_sort *op)
{
    struct sl_row_store kept = {0};
    struct sl_row_order order;

    sl_row_order_make(&order, &op->store, NULL, 0, op->plan->keys, op->plan->key_count, false);
    for (size_t at = 0; at < op->kept_max;) {
        size_t count = SL_MIN((size_t)SL_BATCH_ROWS_MAX, op->kept_max - at);
        struct sl_batch *batch =
            sl_row_store_gather(&op->store, op->op.context->pool, order.numbers + at, count);

        sl_row_store_add(&kept, op->op.context->pool, batch);
        at += count;
        if (at == op->kept_max)
            sort_encode(op, batch, count - 1, &op->bound);
        sl_batch_unref(batch);
    }
    op->has_bound = op->kept_max > 0;
    sl_row_order_done(&order);
    sl_row_store_done(&op->store);
    op->store = kept;
}

static void
sort_add_bounded(struct op_sort *op, const struct sl_batch *batch)
{
    struct sl_batch *passed;
    size_t count = 0;

    for (size_t i = 0; i < sl_batch_live_count(batch); i++)
        if (sort_is_before(op, batch, sl_batch_row(batch, i)))
            op->selection[count++] = (uint16_t)sl_batch_row(batch, i);
    if (count == 0)
        return;
    passed = sl_batch_share(op->op.context->pool, batch, op->selection, count);
    sl_row_store_add(&op->store, op->op.context->pool, passed);
    sl_batch_unref(passed);
}

static int
sort_batch(struct sl_op *base, unsigned input, struct sl_batch *batch, struct sl_out *out,
           struct sl_error *err)
{
    struct op_sort *op = (struct op_sort *)base;

    if (op->kept_max == 0)
        return SL_OK;
    if (op->has_bound)
        sort_add_bounded(op, batch);
    else
        sl_row_store_add(&op->store, base->context->pool, batch);
    if (op->store.row_count >= op->trim_at)
        sort_trim(op);
    return SL_OK;
}

static void
sort_run(struct op_sort *op)
{
    size_t row_count = op->store.row_count;

    sl_row_order_make(&op->order, &op->store, NULL, 0, op->plan->keys, op->plan->key_count, false);
    op->next = SL_MIN((size_t)op->plan->offset, row_count);
    op->end =
        op->plan->limit < 0 ? row_count : SL_MIN(op->next + (size_t)op->plan->limit, row_count);
    op->is_sorted = true;
}

static int
sort_end(struct sl_op *base, struct sl_out *out, struct sl_error *err)
{
    struct op_sort *op = (struct op_sort *)base;
    size_t chunk_max = SL_MIN(base->context->settings->batch_size, (uint32_t)SL_BATCH_ROWS_MAX);

    if (!op->is_sorted)
        sort_run(op);
    while (op->next < op->end) {
        size_t count = SL_MIN(chunk_max, op->end - op->next);
        struct sl_batch *batch = sl_row_store_gather(&op->store, base->context->pool,
                                                     op->order.numbers + op->next, count);
        int rc;

        op->next += count;
        rc = sl_out_emit(out, batch);
        if (rc != SL_OK)
            return rc;
    }
    return SL_OK;
}

static void
sort_close(struct sl_op *base)
{
    struct op_sort *op = (struct op_sort *)base;

    if (!op->plan)
        return;
    sl_row_order_done(&op->order);
    sl_row_store_done(&op->store);
    sl_buffer_done(&op->bound);
    sl_buffer_done(&op->key);
}

const struct sl_op_class sl_op_sort = {
    .name = "Sort",
    .size = sizeof(struct op_sort),
    .open = sort_open,
    .batch = sort_batch,
    .resume = sort_end,
    .end = sort_end,
    .close = sort_close,
};
