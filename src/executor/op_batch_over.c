/* OVER over bounded input: keeps all rows, sorts them by partition and order at the end, and emits
 * them so, with the results of the window's calls. */
#include "executor/over_frames.h"

#include <stdlib.h>

struct op_batch_over {
    struct sl_op op;
    const struct sl_over *over;
    struct sl_row_store store, sorted;
    struct sl_row_order order;
    struct sl_over_frames frames;
    bool is_sorted;
    size_t next; /* batch of `sorted` */
    struct sl_over_failure *failures;
};

static int
batch_over_open(struct sl_op *base, struct sl_error *err)
{
    struct op_batch_over *op = (struct op_batch_over *)base;

    op->over = &((const struct sl_phys_over *)base->node->detail)->over;
    op->failures = SL_NEW_ARRAY(base->context->arena, struct sl_over_failure, SL_BATCH_ROWS_MAX);
    return sl_over_frames_open(&op->frames, base, op->over, err);
}

static int
batch_over_batch(struct sl_op *base, unsigned input, struct sl_batch *batch, struct sl_out *out,
                 struct sl_error *err)
{
    struct op_batch_over *op = (struct op_batch_over *)base;

    sl_row_store_add(&op->store, base->context->pool, batch);
    return SL_OK;
}

static void
batch_over_sort(struct op_batch_over *op)
{
    const struct sl_over *over = op->over;
    struct sl_pool *pool = op->op.context->pool;

    sl_row_order_make(&op->order, &op->store, over->partition, over->partition_count, over->order,
                      over->order_count, true);
    sl_row_store_reorder(&op->sorted, pool, &op->store, op->order.numbers);
    sl_row_store_done(&op->store);
    sl_over_frames_begin(&op->frames, &op->sorted, op->order.starts);
    op->is_sorted = true;
}

static int
batch_over_end(struct sl_op *base, struct sl_out *out, struct sl_error *err)
{
    struct op_batch_over *op = (struct op_batch_over *)base;
    size_t input_columns = base->node->inputs[0].node->schema->count;

    if (!op->is_sorted)
        batch_over_sort(op);
    while (op->next < op->sorted.batch_count) {
        const struct sl_batch *rows = op->sorted.batches[op->next];
        struct sl_batch *batch =
            sl_batch_new(base->context->pool, base->node->schema->count, rows->row_count);
        size_t failure_count;
        int rc;

        for (size_t i = 0; i < input_columns; i++)
            sl_batch_set_column(batch, i, sl_column_ref(rows->columns[i]));
        sl_over_frames_results(&op->frames, op->next++, batch->columns + input_columns,
                               op->failures, &failure_count);
        rc = sl_over_emit(base, &op->frames.aggregation, batch, input_columns, op->failures,
                          failure_count, out, err);
        if (rc != SL_OK)
            return rc;
    }
    return SL_OK;
}

static void
batch_over_close(struct sl_op *base)
{
    struct op_batch_over *op = (struct op_batch_over *)base;

    sl_over_frames_close(&op->frames);
    sl_row_order_done(&op->order);
    sl_row_store_done(&op->store);
    sl_row_store_done(&op->sorted);
}

const struct sl_op_class sl_op_batch_over = {
    .name = "BatchOver",
    .size = sizeof(struct op_batch_over),
    .open = batch_over_open,
    .batch = batch_over_batch,
    .resume = batch_over_end,
    .end = batch_over_end,
    .close = batch_over_close,
};
