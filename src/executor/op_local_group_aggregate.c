/* The local phase of GROUP BY: each batch becomes one row a group, with accumulators that the
 * global phase merges.  It keeps nothing from one batch to the next. */
#include "executor/aggregation.h"

struct op_local_group_aggregate {
    struct sl_op op;
    struct sl_aggregation_local local;
};

static struct op_local_group_aggregate *
local_group_of(struct sl_op *base)
{
    return (struct op_local_group_aggregate *)base;
}

static int
local_group_open(struct sl_op *base, struct sl_error *err)
{
    const struct sl_phys_group_aggregate *plan = base->node->detail;

    return sl_aggregation_local_open(&local_group_of(base)->local, base, plan->keys,
                                     plan->key_count, plan->aggregates, plan->aggregate_count, err);
}

static int
local_group_batch(struct sl_op *base, unsigned input, struct sl_batch *batch, struct sl_out *out,
                  struct sl_error *err)
{
    struct sl_aggregation_local *local = &local_group_of(base)->local;
    int count = sl_aggregation_begin(&local->aggregation, base, batch, out, err);

    if (count > 0) /* bounded by the input: SL_AGAIN is no news */
        sl_aggregation_local_emit(local, base, batch, NULL, (size_t)count, out);
    sl_aggregation_end(&local->aggregation);
    return SL_MIN(count, SL_OK);
}

static void
local_group_close(struct sl_op *base)
{
    sl_aggregation_local_close(&local_group_of(base)->local);
}

const struct sl_op_class sl_op_local_group_aggregate = {
    .name = "LocalGroupAggregate",
    .size = sizeof(struct op_local_group_aggregate),
    .open = local_group_open,
    .batch = local_group_batch,
    .close = local_group_close,
};
