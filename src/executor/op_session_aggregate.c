/* GROUP BY sessions and the columns that they are partitioned by: one accumulator a session, and no
 * rows.  What a session is, and how it ends, is in session.h. */
#include "executor/session.h"

struct op_session_aggregate {
    struct sl_session_op base;
    const struct sl_phys_window_aggregate *plan;
};

/* Keys, aggregates, then the bounds. */
static int
session_aggregate_emit(struct sl_op *base, const struct sl_session_rows *rows, struct sl_out *out,
                       struct sl_error *err)
{
    struct op_session_aggregate *op = (struct op_session_aggregate *)base;
    const struct sl_schema *schema = base->node->schema;
    struct sl_pool *pool = base->context->pool;
    size_t key_count = op->plan->key_count, at = key_count + op->plan->aggregate_count;
    bool wanted[3] = {op->plan->has_start, op->plan->has_end, op->plan->has_time};
    struct sl_batch *batch = sl_batch_new(pool, schema->count, rows->count);

    sl_aggregation_results(&op->base.sessions.aggregation, rows->states, rows->count,
                           batch->columns + key_count);
    for (size_t i = 0; i < key_count; i++)
        batch->columns[i] =
            sl_column_gather(pool, rows->key_columns[i], rows->keys, rows->count, false);
    sl_sessions_bounds(&op->base.sessions, rows->start_us, rows->end_us, rows->count,
                       schema->columns + at, wanted, batch->columns + at);
    return sl_aggregation_emit(&op->base.sessions.aggregation, base, batch, out, err);
}

static int
session_aggregate_open(struct sl_op *base, struct sl_error *err)
{
    struct op_session_aggregate *op = (struct op_session_aggregate *)base;

    op->plan = base->node->detail;
    op->base.emit = session_aggregate_emit;
    return sl_sessions_open(&op->base.sessions, base, &op->plan->window, op->plan->time_column,
                            op->plan->keys, op->plan->key_count, op->plan->aggregates,
                            op->plan->aggregate_count, err);
}

const struct sl_op_class sl_op_session_aggregate = {
    .name = "SessionAggregate",
    .size = sizeof(struct op_session_aggregate),
    .open = session_aggregate_open,
    SL_SESSION_OP,
};
