/* The local phase of GROUP BY window and keys, by event time: each batch becomes one row a group
 * and slice, with accumulators that the global phase merges.  It keeps nothing from one batch to
 * the next; batches are cut where slices end, so that rows before a watermark and behind it come in
 * rows of their own, and the global phase judges what is late as if it saw each row. */
#include "executor/aggregation.h"
#include "executor/window.h"

struct op_local_window_aggregate {
    struct sl_op op;
    const struct sl_phys_window_aggregate *plan;
    const struct sl_zone *zone;
    struct sl_aggregation_local local;
    int64_t *ends; /* of slices, by place in aggregation.rows */
};

static struct op_local_window_aggregate *
local_window_of(struct sl_op *base)
{
    return (struct op_local_window_aggregate *)base;
}

static int
local_window_open(struct sl_op *base, struct sl_error *err)
{
    struct op_local_window_aggregate *op = local_window_of(base);
    const struct sl_phys_window_aggregate *plan = base->node->detail;

    op->plan = plan;
    op->zone = base->context->expr_settings.zone;
    op->ends = SL_NEW_ARRAY(base->context->arena, int64_t, SL_BATCH_ROWS_MAX);
    return sl_aggregation_local_open(&op->local, base, plan->keys, plan->key_count,
                                     plan->aggregates, plan->aggregate_count, err);
}

static void
local_window_assign(struct op_local_window_aggregate *op, const struct sl_batch *batch,
                    size_t row_count)
{
    const int64_t *times = batch->columns[op->plan->time_column]->values;
    const uint16_t *rows = op->local.aggregation.rows;

    if (!op->plan->is_attached)
        sl_window_assign(&op->plan->window, op->zone, times, rows, row_count, op->ends);
    for (size_t i = 0; i < row_count && op->plan->is_attached; i++)
        op->ends[i] = times[rows[i]];
}

static int
local_window_batch(struct sl_op *base, unsigned input, struct sl_batch *batch, struct sl_out *out,
                   struct sl_error *err)
{
    struct op_local_window_aggregate *op = local_window_of(base);
    struct sl_aggregation *aggregation = &op->local.aggregation;
    int count = sl_aggregation_begin(aggregation, base, batch, out, err);

    if (count > 0)
        count = sl_aggregation_drop_timeless(aggregation, batch, op->plan->time_column,
                                             (size_t)count, SL_WINDOW_TIMELESS, out, err);
    if (count > 0) { /* bounded by the input: SL_AGAIN is no news */
        local_window_assign(op, batch, (size_t)count);
        sl_aggregation_local_emit(&op->local, base, batch, op->ends, (size_t)count, out);
    }
    sl_aggregation_end(aggregation);
    return SL_MIN(count, SL_OK);
}

static int64_t
local_window_next_due(struct sl_op *base)
{
    const struct op_local_window_aggregate *op = local_window_of(base);

    return sl_window_next_due_ms(&op->plan->window, op->zone, base->watermark_ms);
}

static void
local_window_close(struct sl_op *base)
{
    sl_aggregation_local_close(&local_window_of(base)->local);
}

const struct sl_op_class sl_op_local_window_aggregate = {
    .name = "LocalWindowAggregate",
    .size = sizeof(struct op_local_window_aggregate),
    .open = local_window_open,
    .batch = local_window_batch,
    .next_due_ms = local_window_next_due,
    .close = local_window_close,
};
