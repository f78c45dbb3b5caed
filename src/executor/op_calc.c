/* Filter and projection in one: rows where the filter is true, through the expressions.  A
 * projection that only picks columns shares them. */
#include "executor/operator.h"

struct op_calc {
    struct sl_op op;
    const struct sl_phys_calc *plan;
    struct sl_eval *filter, *projection; /* NULL: none, or columns only */
    uint16_t *selection;
};

static bool
calc_only_picks(const struct sl_phys_calc *plan, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (plan->exprs[i]->kind != SL_EXPR_COLUMN)
            return false;
    return true;
}

static int
calc_open(struct sl_op *base, struct sl_error *err)
{
    struct op_calc *op = (struct op_calc *)base;
    struct sl_op_context *context = base->context;
    struct sl_expr *filter;

    op->plan = base->node->detail;
    filter = op->plan->filter;
    op->selection = SL_NEW_ARRAY(context->arena, uint16_t, SL_BATCH_ROWS_MAX);
    if (filter)
        op->filter = sl_op_eval_new(context, &filter, 1);
    if (!calc_only_picks(op->plan, base->node->schema->count))
        op->projection = sl_op_eval_new(context, op->plan->exprs, base->node->schema->count);
    return SL_OK;
}

/* The rows that pass, as a batch of its own; *ret_batch NULL: none. */
static int
calc_run_filter(struct op_calc *op, struct sl_batch *batch, struct sl_out *out,
                struct sl_batch **ret_batch, struct sl_error *err)
{
    size_t count, error_count;

    *ret_batch = NULL;
    if (sl_eval_filter(op->filter, batch, op->selection, &count) > 0) {
        const struct sl_row_error *errors = sl_eval_errors(op->filter, &error_count);

        SL_TRY(out->error(out, batch, errors, error_count, err));
    }
    if (count == sl_batch_live_count(batch))
        *ret_batch = sl_batch_ref(batch);
    else if (count > 0)
        *ret_batch = sl_batch_share(op->op.context->pool, batch, op->selection, count);
    return SL_OK;
}

/* Live rows of `batch` without the failed ones, in op->selection. */
static size_t
calc_select_good(struct op_calc *op, const struct sl_batch *batch,
                 const struct sl_row_error *errors, size_t error_count)
{
    size_t count = 0;

    for (size_t i = 0; i < sl_batch_live_count(batch); i++) {
        size_t row = sl_batch_row(batch, i);
        bool failed = false;

        for (size_t e = 0; e < error_count && !failed; e++)
            failed = errors[e].row == row;
        if (!failed)
            op->selection[count++] = (uint16_t)row;
    }
    return count;
}

/* A batch with these columns (references taken over) and everything else of `batch`. */
static struct sl_batch *
calc_make_batch(struct op_calc *op, const struct sl_batch *batch, struct sl_column **columns,
                const uint16_t *selection, size_t selection_count)
{
    struct sl_pool *pool = op->op.context->pool;
    struct sl_batch *made = sl_batch_new(pool, op->op.node->schema->count, batch->row_count);

    for (size_t i = 0; i < op->op.node->schema->count; i++)
        sl_batch_set_column(made, i, columns[i]);
    if (selection) {
        memcpy(sl_batch_add_selection(made, pool), selection, selection_count * sizeof(*selection));
        made->selection_count = (uint32_t)selection_count;
    }
    if (batch->kinds)
        memcpy(sl_batch_add_kinds(made, pool), batch->kinds, batch->row_count);
    return made;
}

static int
calc_project(struct op_calc *op, struct sl_batch *batch, struct sl_out *out, struct sl_error *err)
{
    size_t column_count = op->op.node->schema->count;
    struct sl_column *columns[column_count + 1];
    const uint16_t *selection = batch->selection;
    size_t selection_count = batch->selection_count;

    if (!op->projection) {
        for (size_t i = 0; i < column_count; i++)
            columns[i] = sl_column_ref(batch->columns[op->plan->exprs[i]->column]);
    } else if (sl_eval_run(op->projection, batch, columns) > 0) {
        size_t error_count;
        const struct sl_row_error *errors = sl_eval_errors(op->projection, &error_count);

        if (out->error(out, batch, errors, error_count, err) < 0) {
            for (size_t i = 0; i < column_count; i++)
                sl_column_unref(columns[i]);
            return err->code;
        }
        selection_count = calc_select_good(op, batch, errors, error_count);
        selection = op->selection;
    }
    return sl_out_emit(out, calc_make_batch(op, batch, columns, selection, selection_count));
}

static int
calc_batch(struct sl_op *base, unsigned input, struct sl_batch *batch, struct sl_out *out,
           struct sl_error *err)
{
    struct op_calc *op = (struct op_calc *)base;
    struct sl_batch *passed;
    int rc;

    if (op->filter)
        sl_eval_set_now(op->filter, sl_now_us(base->context->env), base->watermark_ms);
    if (op->projection)
        sl_eval_set_now(op->projection, sl_now_us(base->context->env), base->watermark_ms);
    if (!op->filter)
        return calc_project(op, batch, out, err);
    SL_TRY(calc_run_filter(op, batch, out, &passed, err));
    if (!passed)
        return SL_OK;
    rc = calc_project(op, passed, out, err);
    sl_batch_unref(passed);
    return rc;
}

/* Its output is bounded by its input: it never stops midway, so there is nothing to go on with. */
static int
calc_resume(struct sl_op *base, struct sl_out *out, struct sl_error *err)
{
    return SL_OK;
}

static void
calc_close(struct sl_op *base)
{
    struct op_calc *op = (struct op_calc *)base;

    if (op->filter)
        sl_eval_free(op->filter);
    if (op->projection)
        sl_eval_free(op->projection);
}

const struct sl_op_class sl_op_calc = {
    .name = "Calc",
    .size = sizeof(struct op_calc),
    .keeps_rows = true,
    .open = calc_open,
    .batch = calc_batch,
    .resume = calc_resume,
    .close = calc_close,
};
