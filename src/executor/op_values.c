/* VALUES: rows that stand in the plan.  It has no input, so the loop calls `end` at once; subtask 0
 * emits. */
#include "executor/operator.h"

struct op_values {
    struct sl_op op;
    const struct sl_phys_values *plan;
    size_t next;
};

static int
values_batch(struct sl_op *op, unsigned input, struct sl_batch *batch, struct sl_out *out,
             struct sl_error *err)
{
    SL_UNREACHABLE();
}

static struct sl_batch *
values_make_batch(struct op_values *op, size_t row_count)
{
    const struct sl_schema *schema = op->op.node->schema;
    struct sl_pool *pool = op->op.context->pool;
    struct sl_batch *batch = sl_batch_new(pool, schema->count, row_count);

    for (size_t c = 0; c < schema->count; c++) {
        struct sl_column_builder *builder =
            sl_column_builder_new(pool, schema->columns[c].type, row_count);

        for (size_t i = 0; i < row_count; i++)
            sl_column_builder_add(builder, &op->plan->rows[op->next + i][c]);
        sl_batch_set_column(batch, c, sl_column_builder_end(builder));
    }
    return batch;
}

static int
values_end(struct sl_op *base, struct sl_out *out, struct sl_error *err)
{
    struct op_values *op = (struct op_values *)base;
    size_t chunk_max = SL_MIN(base->context->settings->batch_size, (uint32_t)SL_BATCH_ROWS_MAX);

    op->plan = base->node->detail;
    if (base->context->subtask != 0)
        return SL_OK;
    while (op->next < op->plan->row_count) {
        size_t row_count = SL_MIN(chunk_max, op->plan->row_count - op->next);
        struct sl_batch *batch = values_make_batch(op, row_count);
        int rc;

        op->next += row_count;
        rc = sl_out_emit(out, batch);
        if (rc != SL_OK)
            return rc;
    }
    return SL_OK;
}

const struct sl_op_class sl_op_values = {
    .name = "Values",
    .size = sizeof(struct op_values),
    .batch = values_batch,
    .resume = values_end,
    .end = values_end,
};
