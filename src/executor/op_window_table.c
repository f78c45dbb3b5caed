/* TUMBLE without an aggregate above it: appends window_start, window_end and window_time to each
 * row. A row without a time is an error of that row. */
#include "executor/operator.h"
#include "executor/window.h"

struct op_window_table {
    struct sl_op op;
    const struct sl_phys_window_table *plan;
    uint16_t *selection;
};

static int
window_table_open(struct sl_op *base, struct sl_error *err)
{
    struct op_window_table *op = (struct op_window_table *)base;

    op->plan = base->node->detail;
    op->selection = SL_NEW_ARRAY(base->context->arena, uint16_t, SL_BATCH_ROWS_MAX);
    return SL_OK;
}

/* The live rows that have a time, in op->selection; negative: the policy is to fail. */
static int
window_table_select(struct op_window_table *op, const struct sl_batch *batch, struct sl_out *out,
                    struct sl_error *err)
{
    const struct sl_column *times = batch->columns[op->plan->time_column];
    size_t count = 0;

    for (size_t i = 0; i < sl_batch_live_count(batch); i++) {
        size_t row = sl_batch_row(batch, i);
        struct sl_row_error error = {(uint32_t)row, SL_E_NULL_VALUE,
                                     "the time of a window must not be NULL"};

        if (op->plan->window.processing_time || !sl_column_is_null(times, row))
            op->selection[count++] = (uint16_t)row;
        else
            SL_TRY(out->error(out, batch, &error, 1, err));
    }
    return (int)count;
}

static void
window_table_fill(struct op_window_table *op, const struct sl_batch *batch, size_t row_count,
                  int64_t *starts, int64_t *ends, int64_t *times)
{
    const struct sl_window *window = &op->plan->window;
    const struct sl_zone *zone = op->op.context->expr_settings.zone;
    const int64_t *values = batch->columns[op->plan->time_column]->values;
    int64_t now = window->processing_time ? sl_now_us(op->op.context->env) : 0;

    for (size_t i = 0; i < row_count; i++) {
        size_t row = op->selection[i];
        int64_t time = window->processing_time ? now : values[row];

        starts[row] = sl_window_start_us(window, sl_window_local_us(window, zone, time));
        ends[row] = starts[row] + window->size_us;
        times[row] =
            (window->local_zone ? sl_zone_to_utc(zone, ends[row]) : ends[row]) - SL_US_PER_MS;
    }
}

static int
window_table_batch(struct sl_op *base, unsigned input, struct sl_batch *batch, struct sl_out *out,
                   struct sl_error *err)
{
    struct op_window_table *op = (struct op_window_table *)base;
    struct sl_pool *pool = base->context->pool;
    const struct sl_schema *schema = base->node->schema;
    struct sl_column *added[3];
    struct sl_batch *made;
    int count = window_table_select(op, batch, out, err);

    if (count <= 0)
        return count;
    for (size_t i = 0; i < 3; i++)
        added[i] = sl_column_new(pool, schema->columns[batch->column_count + i].type,
                                 batch->row_count, false);
    window_table_fill(op, batch, (size_t)count, added[0]->values, added[1]->values,
                      added[2]->values);
    made = sl_batch_new(pool, batch->column_count + 3, batch->row_count);
    for (size_t i = 0; i < batch->column_count; i++)
        sl_batch_set_column(made, i, sl_column_ref(batch->columns[i]));
    for (size_t i = 0; i < 3; i++)
        sl_batch_set_column(made, batch->column_count + i, added[i]);
    if ((size_t)count < batch->row_count) {
        memcpy(sl_batch_add_selection(made, pool), op->selection,
               (size_t)count * sizeof(*op->selection));
        made->selection_count = (uint32_t)count;
    }
    if (batch->kinds)
        memcpy(sl_batch_add_kinds(made, pool), batch->kinds, batch->row_count);
    return sl_out_emit(out, made);
}

static int
window_table_resume(struct sl_op *op, struct sl_out *out, struct sl_error *err)
{
    return SL_OK;
}

const struct sl_op_class sl_op_window_table = {
    .name = "WindowTableFunction",
    .size = sizeof(struct op_window_table),
    .keeps_rows = true,
    .open = window_table_open,
    .batch = window_table_batch,
    .resume = window_table_resume,
};
