/* ORDER BY over bounded input, at parallelism 1: keeps all rows, sorts memcomparable keys at the
 * end, stably; emits rows offset … offset + limit - 1. */
#include "executor/operator.h"
#include "executor/row_order.h"

struct op_sort {
    struct sl_op op;
    const struct sl_phys_sort *plan;
    struct sl_row_store store;
    struct sl_row_order order;
    bool is_sorted;
    size_t next, end;
};

static int
sort_open(struct sl_op *base, struct sl_error *err)
{
    ((struct op_sort *)base)->plan = base->node->detail;
    SL_ASSERT(base->context->subtask_count == 1);
    return SL_OK;
}

static int
sort_batch(struct sl_op *base, unsigned input, struct sl_batch *batch, struct sl_out *out,
           struct sl_error *err)
{
    struct op_sort *op = (struct op_sort *)base;

    sl_row_store_add(&op->store, base->context->pool, batch);
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

    sl_row_order_done(&op->order);
    sl_row_store_done(&op->store);
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
