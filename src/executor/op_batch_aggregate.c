/* GROUP BY over bounded input: folds every row, emits at the end of the input, key group by key
 * group. Without keys one row always comes, from subtask 0, also over no rows. */
#include "executor/aggregation.h"

struct op_batch_aggregate {
    struct sl_op op;
    const struct sl_phys_batch_aggregate *plan;
    struct sl_aggregation aggregation;
    struct sl_state_scan scan;
    bool emitting;
    struct sl_state_row *chunk;
};

static int
batch_aggregate_open(struct sl_op *base, struct sl_error *err)
{
    struct op_batch_aggregate *op = (struct op_batch_aggregate *)base;

    op->plan = base->node->detail;
    op->chunk = SL_NEW_ARRAY(base->context->arena, struct sl_state_row, SL_BATCH_ROWS_MAX);
    return sl_aggregation_open(&op->aggregation, base, "groups", op->plan->keys,
                               op->plan->key_count, op->plan->aggregates, op->plan->aggregate_count,
                               false, err);
}

static int
batch_aggregate_batch(struct sl_op *base, unsigned input, struct sl_batch *batch,
                      struct sl_out *out, struct sl_error *err)
{
    struct op_batch_aggregate *op = (struct op_batch_aggregate *)base;
    int count = sl_aggregation_begin(&op->aggregation, base, batch, out, err);

    if (count > 0)
        sl_aggregation_add(&op->aggregation, batch, 0, op->aggregation.rows, op->aggregation.hashes,
                           (size_t)count);
    sl_aggregation_end(&op->aggregation);
    return count < 0 ? count : SL_OK;
}

static int
batch_aggregate_prepare(struct sl_op *base, unsigned input, const struct sl_batch *batch,
                        struct sl_error *err)
{
    struct op_batch_aggregate *op = (struct op_batch_aggregate *)base;

    return sl_aggregation_prepare_batch(&op->aggregation, base, batch, err);
}

static int
batch_aggregate_emit(struct op_batch_aggregate *op, size_t row_count, struct sl_out *out,
                     struct sl_error *err)
{
    size_t column_count = op->op.node->schema->count;
    struct sl_batch *batch = sl_batch_new(op->op.context->pool, column_count, row_count);

    sl_aggregation_finish(&op->aggregation, op->chunk, row_count, batch->columns);
    return sl_aggregation_emit(&op->aggregation, &op->op, batch, out, err);
}

/* The one row of an aggregate without keys; SL_AGAIN while it is read. */
static int
batch_aggregate_add_row(struct op_batch_aggregate *op, struct sl_error *err)
{
    uint64_t hash = 0;
    struct sl_state_keys keys = {.row_count = 1, .hashes = &hash};
    char *state;
    int rc = sl_table_prepare(op->aggregation.table, &keys, err);

    if (rc == SL_OK)
        sl_table_upsert(op->aggregation.table, &keys, &state, NULL);
    return rc;
}

static int
batch_aggregate_end(struct sl_op *base, struct sl_out *out, struct sl_error *err)
{
    struct op_batch_aggregate *op = (struct op_batch_aggregate *)base;
    size_t chunk_max = SL_MIN(base->context->settings->batch_size, (uint32_t)SL_BATCH_ROWS_MAX);
    size_t row_count;
    int rc = SL_OK;

    if (!op->emitting) {
        if (op->plan->key_count == 0 && base->context->subtask == 0)
            rc = batch_aggregate_add_row(op, err);
        if (rc != SL_OK)
            return rc;
        op->emitting = true;
        sl_table_scan_begin(op->aggregation.table, 0, &op->scan);
    }
    for (;;) {
        rc = sl_table_scan_next(&op->scan, op->chunk, chunk_max, &row_count, err);
        if (rc != SL_OK || row_count == 0)
            return rc;
        rc = batch_aggregate_emit(op, row_count, out, err);
        if (rc != SL_OK)
            return rc;
    }
}

static void
batch_aggregate_close(struct sl_op *base)
{
    struct op_batch_aggregate *op = (struct op_batch_aggregate *)base;

    sl_table_scan_end(&op->scan);
    sl_aggregation_close(&op->aggregation);
}

const struct sl_op_class sl_op_batch_aggregate = {
    .name = "BatchAggregate",
    .size = sizeof(struct op_batch_aggregate),
    .open = batch_aggregate_open,
    .prepare = batch_aggregate_prepare,
    .batch = batch_aggregate_batch,
    .resume = batch_aggregate_end,
    .end = batch_aggregate_end,
    .close = batch_aggregate_close,
};
