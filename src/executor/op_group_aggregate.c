/* GROUP BY over a stream: results change as rows come (group_changes.h).
 *
 * State: keys → the number of rows, then the accumulators. */
#include "executor/group_changes.h"

struct op_group_aggregate {
    struct sl_op op;
    const struct sl_phys_group_aggregate *plan;
    struct sl_aggregation aggregation;
    struct sl_group_changes changes;
    char **states; /* by place in aggregation.rows */
};

static int
group_aggregate_open(struct sl_op *base, struct sl_error *err)
{
    struct op_group_aggregate *op = (struct op_group_aggregate *)base;

    op->plan = base->node->detail;
    op->states = SL_NEW_ARRAY(base->context->arena, char *, SL_BATCH_ROWS_MAX);
    op->aggregation.head_size = sizeof(int64_t);
    op->aggregation.ttl_us = op->plan->ttl_us;
    if (op->plan->is_global)
        op->aggregation.phase = SL_AGGREGATION_GLOBAL;
    SL_TRY(sl_aggregation_open(&op->aggregation, base, "groups", op->plan->keys,
                               op->plan->key_count, op->plan->aggregates, op->plan->aggregate_count,
                               false, err));
    sl_group_changes_open(&op->changes, base, &op->aggregation, op->plan->emits_before);
    return SL_OK;
}

/* Groups without rows leave the state; places are those of the batch's rows. */
static void
group_aggregate_drop_empty(struct op_group_aggregate *op, size_t row_count)
{
    uint16_t rows[SL_BATCH_ROWS_MAX];
    uint64_t hashes[SL_BATCH_ROWS_MAX];
    struct sl_state_keys keys = {
        .columns = op->aggregation.key_columns, .rows = rows, .hashes = hashes};

    for (size_t i = 0; i < row_count; i++) {
        int64_t count;

        memcpy(&count, op->states[i], sizeof(count));
        if (count != 0)
            continue;
        rows[keys.row_count] = op->aggregation.rows[i];
        hashes[keys.row_count++] = op->aggregation.hashes[i];
    }
    if (keys.row_count > 0)
        sl_table_delete(op->aggregation.table, &keys);
}

static int
group_aggregate_all(struct op_group_aggregate *op, const struct sl_batch *batch, size_t row_count,
                    struct sl_out *out, struct sl_error *err)
{
    struct sl_aggregation *aggregation = &op->aggregation;
    struct sl_state_keys keys = {.columns = aggregation->key_columns,
                                 .rows = aggregation->rows,
                                 .row_count = row_count,
                                 .hashes = aggregation->hashes};
    int rc;

    sl_table_upsert(aggregation->table, &keys, op->states, NULL);
    rc = sl_group_changes_fold(&op->changes, batch, 0, aggregation->rows, op->states, row_count,
                               out, err);
    if (rc < 0)
        return rc;
    if (batch->kinds || op->plan->is_global)
        group_aggregate_drop_empty(op, row_count);
    return SL_OK; /* bounded by the input: SL_AGAIN is no news */
}

static int
group_aggregate_batch(struct sl_op *base, unsigned input, struct sl_batch *batch,
                      struct sl_out *out, struct sl_error *err)
{
    struct op_group_aggregate *op = (struct op_group_aggregate *)base;
    int count = sl_aggregation_begin(&op->aggregation, base, batch, out, err);
    int rc = count;

    if (count > 0)
        rc = group_aggregate_all(op, batch, (size_t)count, out, err);
    sl_aggregation_end(&op->aggregation);
    return SL_MIN(rc, SL_OK);
}

static int
group_aggregate_prepare(struct sl_op *base, unsigned input, const struct sl_batch *batch,
                        struct sl_error *err)
{
    struct op_group_aggregate *op = (struct op_group_aggregate *)base;

    return sl_aggregation_prepare_batch(&op->aggregation, base, batch, err);
}

static void
group_aggregate_close(struct sl_op *base)
{
    sl_aggregation_close(&((struct op_group_aggregate *)base)->aggregation);
}

const struct sl_op_class sl_op_group_aggregate = {
    .name = "GroupAggregate",
    .size = sizeof(struct op_group_aggregate),
    .open = group_aggregate_open,
    .prepare = group_aggregate_prepare,
    .batch = group_aggregate_batch,
    .close = group_aggregate_close,
};
