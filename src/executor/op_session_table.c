/* SESSION without an aggregate by its keys above it: rows are kept, and come with their window's
 * bounds once the session is over.  What a session is, and how it ends, is in session.h. */
#include "executor/session.h"

#include "data/row.h"

struct op_session_table {
    struct sl_session_op base;
    const struct sl_phys_session_table *plan;
    struct sl_aggregate *rows; /* the one accumulator */
    /* A batch that is being made. */
    struct sl_text *texts;
    int64_t *start_us, *end_us;
    size_t count;
};

/* Hands out the rows listed so far. */
static int
session_table_flush(struct op_session_table *op, struct sl_out *out, struct sl_error *err)
{
    const struct sl_schema *schema = op->base.op.node->schema;
    struct sl_pool *pool = op->base.op.context->pool;
    size_t count = op->count, at = schema->count - 3;
    const bool wanted[3] = {true, true, true};
    struct sl_batch *batch;

    op->count = 0;
    if (count == 0)
        return SL_OK;
    batch = sl_batch_new(pool, schema->count, count);
    if (sl_row_unpack(op->rows->layout, pool, op->texts, count, batch->columns, err) < 0) {
        memset(batch->columns, 0, at * sizeof(*batch->columns));
        sl_batch_unref(batch);
        return err->code;
    }
    sl_sessions_bounds(&op->base.sessions, op->start_us, op->end_us, count, schema->columns + at,
                       wanted, batch->columns + at);
    return sl_out_emit(out, batch);
}

/* All rows of the sessions, whatever emit says: they leave the state together. */
static int
session_table_emit(struct sl_op *base, const struct sl_session_rows *rows, struct sl_out *out,
                   struct sl_error *err)
{
    struct op_session_table *op = (struct op_session_table *)base;
    size_t max = SL_MIN(base->context->settings->batch_size, (uint32_t)SL_BATCH_ROWS_MAX);
    size_t offset = op->base.sessions.aggregation.items[0].state_offset;
    int outcome = SL_OK, rc;

    for (size_t i = 0; i < rows->count; i++) {
        const char *list = rows->states[i] + offset;
        size_t count = sl_aggregate_rows_count(list);

        if (sl_aggregate_rows_overflowed(list))
            return SL_ERROR(err, SL_E_LIMIT_EXCEEDED, "a session has more than 1 GiB of rows");
        for (size_t k = 0; k < count; k++) {
            op->texts[op->count] = sl_aggregate_rows_at(list, k);
            op->start_us[op->count] = rows->start_us[i];
            op->end_us[op->count++] = rows->end_us[i];
            if (op->count < max)
                continue;
            rc = session_table_flush(op, out, err);
            if (rc < 0)
                return rc;
            outcome = rc == SL_AGAIN ? rc : outcome;
        }
    }
    rc = session_table_flush(op, out, err);
    return rc < 0 || rc == SL_AGAIN ? rc : outcome;
}

static int
session_table_open(struct sl_op *base, struct sl_error *err)
{
    struct op_session_table *op = (struct op_session_table *)base;
    struct sl_arena *arena = base->context->arena;

    op->plan = base->node->detail;
    op->base.emit = session_table_emit;
    op->rows = sl_aggregate_rows(arena, base->node->inputs[0].node->schema);
    op->texts = SL_NEW_ARRAY(arena, struct sl_text, SL_BATCH_ROWS_MAX);
    op->start_us = SL_NEW_ARRAY(arena, int64_t, SL_BATCH_ROWS_MAX);
    op->end_us = SL_NEW_ARRAY(arena, int64_t, SL_BATCH_ROWS_MAX);
    return sl_sessions_open(&op->base.sessions, base, &op->plan->window, op->plan->time_column,
                            op->plan->keys, op->plan->key_count, &op->rows, 1, err);
}

const struct sl_op_class sl_op_session_table = {
    .name = "SessionTableFunction",
    .size = sizeof(struct op_session_table),
    .open = session_table_open,
    SL_SESSION_OP,
};
