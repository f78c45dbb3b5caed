/* UPDATE and DELETE: from the matching old rows (and, for UPDATE, their new values beside them) to
 * the changes that go into the table: -D, or -U and +U of each row side by side. */
#include "executor/operator.h"

struct op_change {
    struct sl_op op;
    const struct sl_phys_change *plan;
};

static int
change_open(struct sl_op *base, struct sl_error *err)
{
    ((struct op_change *)base)->plan = base->node->detail;
    return SL_OK;
}

static int
change_emit_deletes(struct op_change *op, const struct sl_batch *batch, struct sl_out *out)
{
    struct sl_pool *pool = op->op.context->pool;
    struct sl_batch *made = sl_batch_compact(pool, batch, 0, sl_batch_live_count(batch));

    memset(sl_batch_add_kinds(made, pool), SL_ROW_DELETE, made->row_count);
    return sl_out_emit(out, made);
}

/* Old and new values of one column, taking turns. */
static struct sl_column *
change_interleave(struct op_change *op, const struct sl_batch *rows, size_t column)
{
    struct sl_pool *pool = op->op.context->pool;
    uint32_t order[SL_BATCH_ROWS_MAX];

    for (uint32_t i = 0; i < rows->row_count; i++) {
        order[2 * i] = i;
        order[2 * i + 1] = rows->row_count + i;
    }
    return sl_column_gather_two(pool, rows->columns[column],
                                rows->columns[column + op->plan->column_count], order,
                                2 * rows->row_count);
}

static int
change_emit_updates(struct op_change *op, const struct sl_batch *batch, size_t from, size_t count,
                    struct sl_out *out)
{
    struct sl_pool *pool = op->op.context->pool;
    struct sl_batch *rows = sl_batch_compact(pool, batch, from, count);
    struct sl_batch *made = sl_batch_new(pool, op->plan->column_count, 2 * count);
    uint8_t *kinds = sl_batch_add_kinds(made, pool);

    for (size_t i = 0; i < op->plan->column_count; i++)
        sl_batch_set_column(made, i, change_interleave(op, rows, i));
    for (size_t i = 0; i < count; i++) {
        kinds[2 * i] = SL_ROW_UPDATE_BEFORE;
        kinds[2 * i + 1] = SL_ROW_UPDATE_AFTER;
    }
    sl_batch_unref(rows);
    return sl_out_emit(out, made);
}

static int
change_batch(struct sl_op *base, unsigned input, struct sl_batch *batch, struct sl_out *out,
             struct sl_error *err)
{
    struct op_change *op = (struct op_change *)base;
    size_t live = sl_batch_live_count(batch), step = SL_BATCH_ROWS_MAX / 2;

    if (live == 0)
        return SL_OK;
    if (op->plan->is_delete)
        return change_emit_deletes(op, batch, out);
    for (size_t from = 0; from < live; from += step) {
        int rc = change_emit_updates(op, batch, from, SL_MIN(step, live - from), out);

        if (rc < 0)
            return rc;
    }
    return SL_OK;
}

/* Its output is bounded by its input, it never stops midway. */
static int
change_resume(struct sl_op *op, struct sl_out *out, struct sl_error *err)
{
    return SL_OK;
}

const struct sl_op_class sl_op_change = {
    .name = "Change",
    .size = sizeof(struct op_change),
    .open = change_open,
    .batch = change_batch,
    .resume = change_resume,
};
