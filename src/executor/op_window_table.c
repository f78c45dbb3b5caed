/* TUMBLE, HOP and CUMULATE without an aggregate above them: appends window_start, window_end and
 * window_time to each row, once for each window that it is in.  A row without a time is an error of
 * that row.
 *
 * Output batches share the input's columns: the first has each row's first window, the second its
 * second, and so on, until no row is in any more. */
#include "executor/operator.h"
#include "executor/window.h"

struct op_window_table {
    struct sl_op op;
    const struct sl_phys_window_table *plan;
    uint16_t *selection;
    size_t count;           /* of rows that have a window left */
    int64_t *ends, *lasts;  /* by row: of the next window, of its last one */
    struct sl_batch *batch; /* that is under way */
};

static int
window_table_open(struct sl_op *base, struct sl_error *err)
{
    struct op_window_table *op = (struct op_window_table *)base;
    struct sl_arena *arena = base->context->arena;

    op->plan = base->node->detail;
    op->selection = SL_NEW_ARRAY(arena, uint16_t, SL_BATCH_ROWS_MAX);
    op->ends = SL_NEW_ARRAY(arena, int64_t, SL_BATCH_ROWS_MAX);
    op->lasts = SL_NEW_ARRAY(arena, int64_t, SL_BATCH_ROWS_MAX);
    base->changes_rows = op->plan->window.kind != SL_WINDOW_TUMBLE;
    return SL_OK;
}

/* Rows that come behind a watermark are to stay behind it. */
static int64_t
window_table_next_due(struct sl_op *base)
{
    return base->watermark_ms == SL_WATERMARK_MAX ? SL_WATERMARK_MAX : base->watermark_ms + 1;
}

/* The live rows that have a time, in op->selection; negative: the policy is to fail. */
static int
window_table_select(struct op_window_table *op, const struct sl_batch *batch, struct sl_out *out,
                    struct sl_error *err)
{
    const struct sl_column *times = batch->columns[op->plan->time_column];

    op->count = 0;
    for (size_t i = 0; i < sl_batch_live_count(batch); i++) {
        size_t row = sl_batch_row(batch, i);
        struct sl_row_error error = {(uint32_t)row, SL_E_NULL_VALUE,
                                     SL_WINDOW_TIMELESS};

        if (op->plan->window.processing_time || !sl_column_is_null(times, row))
            op->selection[op->count++] = (uint16_t)row;
        else
            SL_TRY(out->error(out, batch, &error, 1, err));
    }
    return SL_OK;
}

/* The first and the last window of each row. */
static void
window_table_assign(struct op_window_table *op, const struct sl_batch *batch)
{
    const struct sl_window *window = &op->plan->window;
    const struct sl_zone *zone = op->op.context->expr_settings.zone;
    const int64_t *values = batch->columns[op->plan->time_column]->values;
    int64_t now = window->processing_time ? sl_now_us(op->op.context->env) : 0;

    for (size_t i = 0; i < op->count; i++) {
        size_t row = op->selection[i];
        int64_t time = window->processing_time ? now : values[row];

        op->ends[row] = sl_window_slice_end_us(window, sl_window_local_us(window, zone, time));
        op->lasts[row] = sl_window_last_end_us(window, op->ends[row]);
    }
}

/* The bounds of each row's next window. */
static void
window_table_fill(const struct op_window_table *op, int64_t *starts, int64_t *ends, int64_t *times)
{
    const struct sl_window *window = &op->plan->window;
    const struct sl_zone *zone = op->op.context->expr_settings.zone;

    for (size_t i = 0; i < op->count; i++) {
        size_t row = op->selection[i];

        starts[row] = sl_window_start_us(window, op->ends[row]);
        ends[row] = op->ends[row];
        times[row] = sl_window_time_us(window, zone, op->ends[row]);
    }
}

/* Goes on to the next window of each row that has one. */
static void
window_table_advance(struct op_window_table *op)
{
    size_t kept = 0;

    for (size_t i = 0; i < op->count; i++) {
        uint16_t row = op->selection[i];

        op->ends[row] += sl_window_slice_us(&op->plan->window);
        if (op->ends[row] <= op->lasts[row])
            op->selection[kept++] = row;
    }
    op->count = kept;
}

static struct sl_batch *
window_table_make(struct op_window_table *op, const struct sl_batch *batch)
{
    struct sl_pool *pool = op->op.context->pool;
    const struct sl_schema *schema = op->op.node->schema;
    struct sl_column *added[3];
    struct sl_batch *made = sl_batch_new(pool, batch->column_count + 3, batch->row_count);

    for (size_t i = 0; i < batch->column_count; i++)
        sl_batch_set_column(made, i, sl_column_ref(batch->columns[i]));
    for (size_t i = 0; i < 3; i++) {
        added[i] = sl_column_new(pool, schema->columns[batch->column_count + i].type,
                                 batch->row_count, false);
        sl_batch_set_column(made, batch->column_count + i, added[i]);
    }
    window_table_fill(op, added[0]->values, added[1]->values, added[2]->values);
    if (op->count < batch->row_count) {
        memcpy(sl_batch_add_selection(made, pool), op->selection,
               op->count * sizeof(*op->selection));
        made->selection_count = (uint32_t)op->count;
    }
    if (batch->kinds)
        memcpy(sl_batch_add_kinds(made, pool), batch->kinds, batch->row_count);
    return made;
}

static int
window_table_resume(struct sl_op *base, struct sl_out *out, struct sl_error *err)
{
    struct op_window_table *op = (struct op_window_table *)base;
    int rc = SL_OK;

    while (rc == SL_OK && op->count > 0) {
        struct sl_batch *made = window_table_make(op, op->batch);

        window_table_advance(op);
        rc = sl_out_emit(out, made);
    }
    return op->count > 0 ? rc : SL_OK;
}

static int
window_table_batch(struct sl_op *base, unsigned input, struct sl_batch *batch, struct sl_out *out,
                   struct sl_error *err)
{
    struct op_window_table *op = (struct op_window_table *)base;

    SL_TRY(window_table_select(op, batch, out, err));
    window_table_assign(op, batch);
    op->batch = batch;
    return window_table_resume(base, out, err);
}

const struct sl_op_class sl_op_window_table = {
    .name = "WindowTableFunction",
    .size = sizeof(struct op_window_table),
    .keeps_rows = true,
    .open = window_table_open,
    .batch = window_table_batch,
    .resume = window_table_resume,
    .next_due_ms = window_table_next_due,
};
