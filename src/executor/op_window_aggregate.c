/* GROUP BY window and keys over TUMBLE, HOP and CUMULATE, and over windows that rows bring with
 * them.  The global phase of two has parts of groups for rows (aggregation.h), and their slices.
 *
 *     a row:        its slice; if the last window that holds it was fired: to the late output,
 *                   else fold it into state[slice, keys]
 *     watermark W:  for each window with rows that is due at W, in order: close its last slice,
 * emit every key of it, key group by key group, drop what no later window needs
 *
 * State: one time-first table (see window_slices.h), and one for each argument of DISTINCT.  A
 * firing that is stopped goes on where its scans stand.  A barrier that overtakes one brings it to
 * the end of a key group; how far each key group has come goes with the checkpoint. */
#include "executor/window_progress.h"
#include "executor/window_slices.h"

struct op_window_aggregate {
    struct sl_op op;
    const struct sl_phys_window_aggregate *plan;
    const struct sl_zone *zone;
    struct sl_aggregation aggregation;
    struct sl_window_slices slices;
    int64_t *ends;   /* of slices, by place in aggregation.rows */
    uint16_t *order; /* places, by slice */
    uint64_t *ordered_hashes;
    uint16_t *ordered_rows;
    struct sl_state_row *chunk;
    bool firing;    /* the window that ends at slices.end */
    bool has_built; /* … and all is ready for its rows */
    struct sl_window_progress progress;
    int64_t closed_us;        /* slices up to this end are closed for the rows of this call */
    struct sl_batch *waiting; /* that the rest of a firing is finished for; NULL: none */
};

static int
window_aggregate_open(struct sl_op *base, struct sl_error *err)
{
    struct op_window_aggregate *op = (struct op_window_aggregate *)base;
    struct sl_arena *arena = base->context->arena;
    const struct sl_window *window;
    bool is_shared;

    op->plan = base->node->detail;
    window = &op->plan->window;
    is_shared =
        !op->plan->is_attached && window->slide_us > 0 && window->slide_us < window->size_us;
    op->zone = base->context->expr_settings.zone;
    op->ends = SL_NEW_ARRAY(arena, int64_t, SL_BATCH_ROWS_MAX);
    op->order = SL_NEW_ARRAY(arena, uint16_t, SL_BATCH_ROWS_MAX);
    op->ordered_hashes = SL_NEW_ARRAY(arena, uint64_t, SL_BATCH_ROWS_MAX);
    op->ordered_rows = SL_NEW_ARRAY(arena, uint16_t, SL_BATCH_ROWS_MAX);
    op->chunk = SL_NEW_ARRAY(arena, struct sl_state_row, SL_BATCH_ROWS_MAX);
    if (op->plan->is_global)
        op->aggregation.phase = SL_AGGREGATION_GLOBAL;
    SL_TRY(sl_aggregation_open(&op->aggregation, base, "window", op->plan->keys,
                               op->plan->key_count, op->plan->aggregates, op->plan->aggregate_count,
                               true, err));
    sl_window_progress_init(&op->progress, base->context, is_shared);
    return sl_window_slices_open(&op->slices, base, &op->aggregation, window, is_shared, err);
}

/* Do windows fire by the clock? */
static bool
window_aggregate_has_clock(const struct op_window_aggregate *op)
{
    return op->plan->window.processing_time;
}

static int window_aggregate_go_on(struct op_window_aggregate *op, struct sl_out *out,
                                  struct sl_error *err);

/* --- rows --- */

/* Fills ends[] for rows that bring the ends of their slices; true: all are in one. */
static bool
window_aggregate_assign_ends(struct op_window_aggregate *op, const struct sl_batch *batch,
                             size_t row_count)
{
    const int64_t *ends = batch->columns[op->plan->time_column]->values;
    const uint16_t *rows = op->aggregation.rows;
    bool one = true;

    for (size_t i = 0; i < row_count; i++) {
        op->ends[i] = ends[rows[i]];
        one = one && op->ends[i] == op->ends[0];
    }
    return one;
}

/* With processing time all rows of a batch come now; a clock that went back adds nothing to what
 * has fired. */
static void
window_aggregate_assign_now(struct op_window_aggregate *op, size_t row_count)
{
    const struct sl_window *window = &op->plan->window;
    int64_t now = sl_window_local_us(window, op->zone, sl_now_us(op->op.context->env));
    int64_t end = sl_window_slice_end_us(window, now);
    int64_t slice_us = sl_window_slice_us(window);

    if (op->firing)
        end = SL_MAX(end, op->slices.end + slice_us);
    if (op->slices.is_shared && op->progress.fired_us != INT64_MIN)
        end = SL_MAX(end, op->progress.fired_us + slice_us);
    for (size_t i = 0; i < row_count; i++)
        op->ends[i] = end;
}

/* What is closed for rows that come now. */
static void
window_aggregate_close_slices(struct op_window_aggregate *op)
{
    op->closed_us = INT64_MIN;
    if (!window_aggregate_has_clock(op))
        op->closed_us =
            SL_MAX(op->progress.fired_us,
                   sl_window_closed_us(&op->plan->window, op->zone, op->op.watermark_ms));
}

static bool
window_aggregate_is_late(const struct op_window_aggregate *op, int64_t end)
{
    if (op->slices.is_shared)
        end = sl_window_last_end_us(&op->plan->window, end);
    if (op->plan->is_attached && !window_aggregate_has_clock(op))
        return sl_window_due_ms(&op->plan->window, op->zone, end) <= op->op.watermark_ms;
    return end <= op->closed_us;
}

static void
window_aggregate_add_late(struct op_window_aggregate *op, const struct sl_batch *batch,
                          const uint16_t *rows, size_t row_count, struct sl_out *out)
{
    size_t late_count = 0;

    if (!op->plan->is_global) {
        out->late(out, sl_batch_share(op->op.context->pool, batch, rows, row_count));
        return;
    }
    for (size_t i = 0; i < row_count; i++)
        late_count += (size_t)sl_aggregation_part_rows(&op->aggregation, rows[i]);
    out->late_rows(out, late_count);
}

/* What is done with each run of rows of the same slice. */
struct window_aggregate_run {
    struct op_window_aggregate *op;
    const struct sl_batch *batch;
    struct sl_out *out; /* NULL: its state is made ready merely */
};

static int
window_aggregate_run(const struct window_aggregate_run *run, int64_t end, const uint16_t *rows,
                     const uint64_t *hashes, size_t row_count, struct sl_error *err)
{
    struct op_window_aggregate *op = run->op;
    int64_t times[SL_WINDOW_LEVELS_MAX];
    size_t time_count;
    int rc = SL_OK;

    if (window_aggregate_is_late(op, end)) {
        if (run->out)
            window_aggregate_add_late(op, run->batch, rows, row_count, run->out);
        return SL_OK;
    }
    time_count = sl_window_slices_times(&op->slices, end, op->closed_us, times);
    for (size_t i = 0; i < time_count && rc == SL_OK; i++) {
        if (run->out)
            sl_aggregation_add(&op->aggregation, run->batch, times[i], rows, hashes, row_count);
        else
            rc = sl_aggregation_prepare(&op->aggregation, times[i], rows, hashes, row_count, err);
    }
    return rc;
}

/* Rows of several slices: put together by slice, in their order. */
static int
window_aggregate_run_mixed(const struct window_aggregate_run *run, size_t row_count,
                           struct sl_error *err)
{
    struct op_window_aggregate *op = run->op;
    size_t from = 0;

    sl_window_order(op->ends, row_count,
                    op->plan->is_attached ? 0 : sl_window_slice_us(&op->plan->window), op->order);
    for (size_t i = 0; i < row_count; i++) {
        op->ordered_rows[i] = op->aggregation.rows[op->order[i]];
        op->ordered_hashes[i] = op->aggregation.hashes[op->order[i]];
    }
    for (size_t i = 1; i <= row_count; i++) {
        int64_t end = op->ends[op->order[from]];
        int rc;

        if (i < row_count && op->ends[op->order[i]] == end)
            continue;
        rc = window_aggregate_run(run, end, op->ordered_rows + from, op->ordered_hashes + from,
                                  i - from, err);
        if (rc != SL_OK)
            return rc;
        from = i;
    }
    return SL_OK;
}

/* The rows that `begin` listed, by slice. */
static int
window_aggregate_run_all(const struct window_aggregate_run *run, size_t row_count,
                         struct sl_error *err)
{
    struct op_window_aggregate *op = run->op;
    bool one = true;

    if (row_count == 0)
        return SL_OK;
    window_aggregate_close_slices(op);
    if (op->plan->is_attached || op->plan->is_global)
        one = window_aggregate_assign_ends(op, run->batch, row_count);
    else if (window_aggregate_has_clock(op))
        window_aggregate_assign_now(op, row_count);
    else
        one = sl_window_assign(&op->plan->window, op->zone,
                               run->batch->columns[op->plan->time_column]->values,
                               op->aggregation.rows, row_count, op->ends);
    if (!one)
        return window_aggregate_run_mixed(run, row_count, err);
    return window_aggregate_run(run, op->ends[0], op->aggregation.rows, op->aggregation.hashes,
                                row_count, err);
}

/* The rows that have a time, where one is looked at. */
static int
window_aggregate_timed(struct op_window_aggregate *op, const struct sl_batch *batch, int row_count,
                       struct sl_out *out, struct sl_error *err)
{
    if (row_count <= 0 || (window_aggregate_has_clock(op) && !op->plan->is_attached))
        return row_count;
    return sl_aggregation_drop_timeless(&op->aggregation, batch, op->plan->time_column,
                                        (size_t)row_count, SL_WINDOW_TIMELESS, out, err);
}

static int
window_aggregate_prepare(struct sl_op *base, unsigned input, const struct sl_batch *batch,
                         struct sl_error *err)
{
    struct op_window_aggregate *op = (struct op_window_aggregate *)base;
    struct window_aggregate_run run = {op, batch, NULL};
    int count = (int)sl_aggregation_begin_prepare(&op->aggregation, base, batch);
    int rc;

    count = window_aggregate_timed(op, batch, count, NULL, err);
    rc = window_aggregate_run_all(&run, (size_t)count, err);
    sl_aggregation_end(&op->aggregation);
    return rc;
}

/* Has it rows that a firing under way must not see, of slices that are closed and of open windows?
 */
static bool
window_aggregate_must_finish(struct op_window_aggregate *op, const struct sl_batch *batch)
{
    const struct sl_window *window = &op->plan->window;
    const struct sl_column *times = batch->columns[op->plan->time_column];

    if (!op->firing || window_aggregate_has_clock(op) || !op->slices.is_shared)
        return op->firing && window_aggregate_has_clock(op) && op->plan->is_attached;
    window_aggregate_close_slices(op);
    for (size_t i = 0; i < sl_batch_live_count(batch); i++) {
        size_t row = sl_batch_row(batch, i);
        int64_t end;

        if (sl_column_is_null(times, row))
            continue;
        end = ((const int64_t *)times->values)[row];
        if (!op->plan->is_global)
            end = sl_window_slice_end_us(window, sl_window_local_us(window, op->zone, end));
        if (end <= op->closed_us && sl_window_last_end_us(window, end) > op->closed_us)
            return true;
    }
    return false;
}

/* The rest of what is due, whatever emit says; SL_AGAIN while state is read. */
static int
window_aggregate_finish(struct op_window_aggregate *op, struct sl_out *out, struct sl_error *err)
{
    int rc;

    do
        rc = window_aggregate_go_on(op, out, err);
    while (rc == SL_AGAIN && !sl_state_wants_io(op->op.context->state));
    return rc;
}

static int
window_aggregate_batch(struct sl_op *base, unsigned input, struct sl_batch *batch,
                       struct sl_out *out, struct sl_error *err)
{
    struct op_window_aggregate *op = (struct op_window_aggregate *)base;
    struct window_aggregate_run run = {op, batch, out};
    int count;

    if (op->waiting || window_aggregate_must_finish(op, batch)) {
        int rc = window_aggregate_finish(op, out, err);

        op->waiting = rc == SL_AGAIN ? batch : NULL;
        if (rc != SL_OK)
            return rc;
    }
    count = sl_aggregation_begin(&op->aggregation, base, batch, out, err);
    count = window_aggregate_timed(op, batch, count, out, err);
    if (count > 0)
        window_aggregate_run_all(&run, (size_t)count, err);
    sl_aggregation_end(&op->aggregation);
    return SL_MIN(count, SL_OK);
}

/* --- firing --- */

/* A batch of results: keys, aggregates, then the window's bounds. */
static int
window_aggregate_emit(struct op_window_aggregate *op, size_t row_count, struct sl_out *out,
                      struct sl_error *err)
{
    const struct sl_schema *schema = op->op.node->schema;
    struct sl_batch *batch = sl_batch_new(op->op.context->pool, schema->count, row_count);

    sl_aggregation_finish(&op->aggregation, op->chunk, row_count, batch->columns);
    sl_window_set_bounds(op->plan, op->zone, op->slices.end, op->op.context->pool, schema, batch);
    return sl_aggregation_emit(&op->aggregation, &op->op, batch, out, err);
}

/* Emits a chunk, without what was emitted before a restore. */
static int
window_aggregate_emit_chunk(struct op_window_aggregate *op, size_t row_count, struct sl_out *out,
                            struct sl_error *err)
{
    size_t kept = 0;

    for (size_t i = 0; i < row_count; i++) {
        if (!sl_window_progress_has(&op->progress, op->chunk[i].key_group, op->slices.end))
            op->chunk[kept++] = op->chunk[i];
    }
    return kept > 0 ? window_aggregate_emit(op, kept, out, err) : SL_OK;
}

static size_t
window_aggregate_chunk_max(const struct op_window_aggregate *op)
{
    return SL_MIN(op->op.context->settings->batch_size, (uint32_t)SL_BATCH_ROWS_MAX);
}

static int
window_aggregate_build(struct op_window_aggregate *op, struct sl_error *err)
{
    int rc = op->has_built ? SL_OK : sl_window_slices_build(&op->slices, err);

    op->has_built = rc == SL_OK;
    return rc;
}

/* Emits the window that ends at `end`, or goes on with the one that fires, until its end or
 * SL_AGAIN. */
static int
window_aggregate_fire(struct op_window_aggregate *op, int64_t end, struct sl_out *out,
                      struct sl_error *err)
{
    size_t row_count = 0;
    int rc;

    if (!op->firing)
        sl_window_slices_begin(&op->slices, end);
    op->has_built = op->has_built && op->firing;
    op->firing = true;
    rc = window_aggregate_build(op, err);
    while (rc == SL_OK) {
        rc = sl_window_slices_rows(&op->slices, false, op->chunk, window_aggregate_chunk_max(op),
                                   &row_count, err);
        if (rc == SL_OK && row_count == 0)
            break;
        if (rc == SL_OK)
            rc = window_aggregate_emit_chunk(op, row_count, out, err);
    }
    if (rc != SL_OK)
        return rc;
    op->firing = false;
    op->progress.fired_us = op->slices.end;
    sl_window_slices_end(&op->slices);
    return SL_OK;
}

/* The end of the window that is to fire next, or fires; INT64_MAX: none has rows. */
static int64_t
window_aggregate_next_end(const struct op_window_aggregate *op)
{
    return op->firing ? op->slices.end : sl_window_slices_next(&op->slices, op->progress.fired_us);
}

/* By the watermark. */
static int
window_aggregate_fire_due(struct op_window_aggregate *op, struct sl_out *out, struct sl_error *err)
{
    const struct sl_window *window = &op->plan->window;

    for (;;) {
        int64_t end = window_aggregate_next_end(op);
        int rc;

        if (end == INT64_MAX || sl_window_due_ms(window, op->zone, end) > op->op.watermark_ms)
            break;
        rc = window_aggregate_fire(op, end, out, err);
        if (rc != SL_OK)
            return rc;
    }
    if (op->slices.is_shared && op->op.watermark_ms != SL_WATERMARK_MAX)
        op->progress.fired_us = SL_MAX(op->progress.fired_us,
                                       sl_window_closed_us(window, op->zone, op->op.watermark_ms));
    return SL_OK;
}

static int
window_aggregate_watermark(struct sl_op *base, struct sl_out *out, struct sl_error *err)
{
    struct op_window_aggregate *op = (struct op_window_aggregate *)base;

    if (window_aggregate_has_clock(op) && base->watermark_ms != SL_WATERMARK_MAX)
        return SL_OK;
    return window_aggregate_fire_due(op, out, err);
}

static int64_t
window_aggregate_next_due(struct sl_op *base)
{
    struct op_window_aggregate *op = (struct op_window_aggregate *)base;

    if (window_aggregate_has_clock(op))
        return SL_WATERMARK_MAX;
    if (op->plan->window.kind == SL_WINDOW_SESSION) /* attached ones may end at any time */
        return base->watermark_ms == SL_WATERMARK_MAX ? SL_WATERMARK_MAX : base->watermark_ms + 1;
    return sl_window_next_due_ms(&op->plan->window, op->zone, base->watermark_ms);
}

/* --- processing time --- */

static int64_t
window_aggregate_next_tick(struct sl_op *base)
{
    struct op_window_aggregate *op = (struct op_window_aggregate *)base;
    int64_t end = INT64_MAX;

    if (window_aggregate_has_clock(op))
        end = window_aggregate_next_end(op);
    if (end == INT64_MAX)
        return end;
    return (sl_window_due_ms(&op->plan->window, op->zone, end) + 1) * SL_US_PER_MS;
}

static int
window_aggregate_tick(struct sl_op *base, int64_t now_us, struct sl_out *out, struct sl_error *err)
{
    struct op_window_aggregate *op = (struct op_window_aggregate *)base;

    while (window_aggregate_next_tick(base) <= now_us) {
        int rc = window_aggregate_fire(op, window_aggregate_next_end(op), out, err);

        if (rc != SL_OK)
            return rc;
    }
    return SL_OK;
}

/* With a firing that was stopped, and what is due behind it. */
static int
window_aggregate_go_on(struct op_window_aggregate *op, struct sl_out *out, struct sl_error *err)
{
    struct sl_op *base = &op->op;

    if (window_aggregate_has_clock(op) && base->watermark_ms != SL_WATERMARK_MAX)
        return window_aggregate_tick(base, sl_now_us(base->context->env), out, err);
    return window_aggregate_watermark(base, out, err);
}

static int
window_aggregate_resume(struct sl_op *base, struct sl_out *out, struct sl_error *err)
{
    struct op_window_aggregate *op = (struct op_window_aggregate *)base;

    if (op->waiting)
        return window_aggregate_batch(base, 0, op->waiting, out, err);
    return window_aggregate_go_on(op, out, err);
}

/* --- barriers in the middle of a firing --- */

static int
window_aggregate_pause(struct sl_op *base, struct sl_out *out, struct sl_error *err)
{
    struct op_window_aggregate *op = (struct op_window_aggregate *)base;
    size_t row_count = 1;
    uint32_t last;

    while (op->firing && row_count > 0) {
        int rc = window_aggregate_build(op, err);

        if (rc == SL_OK)
            rc = sl_window_slices_rows(&op->slices, true, op->chunk, window_aggregate_chunk_max(op),
                                       &row_count, err);
        if (rc == SL_AGAIN)
            return rc;
        if (rc == SL_OK && row_count > 0)
            rc = window_aggregate_emit_chunk(op, row_count, out, err);
        if (rc < 0)
            return rc;
    }
    if (op->firing && sl_window_slices_given(&op->slices, &last))
        sl_window_progress_note(&op->progress, last, op->slices.end);
    return SL_OK;
}

static int
window_aggregate_barrier(struct sl_op *base, uint64_t epoch, struct sl_snapshot *snapshot,
                         struct sl_error *err)
{
    struct op_window_aggregate *op = (struct op_window_aggregate *)base;

    if (snapshot)
        sl_window_progress_store(&op->progress, base, snapshot);
    return SL_OK;
}

static int
window_aggregate_restore(struct sl_op *base, const struct sl_manifest *from, struct sl_error *err)
{
    struct op_window_aggregate *op = (struct op_window_aggregate *)base;

    return sl_window_progress_restore(&op->progress, base, from, err);
}

static void
window_aggregate_close(struct sl_op *base)
{
    struct op_window_aggregate *op = (struct op_window_aggregate *)base;

    sl_window_slices_close(&op->slices);
    sl_aggregation_close(&op->aggregation);
}

const struct sl_op_class sl_op_window_aggregate = {
    .name = "WindowAggregate",
    .size = sizeof(struct op_window_aggregate),
    .open = window_aggregate_open,
    .prepare = window_aggregate_prepare,
    .batch = window_aggregate_batch,
    .resume = window_aggregate_resume,
    .watermark = window_aggregate_watermark,
    .next_due_ms = window_aggregate_next_due,
    .next_tick_us = window_aggregate_next_tick,
    .tick = window_aggregate_tick,
    .pause = window_aggregate_pause,
    .barrier = window_aggregate_barrier,
    .restore = window_aggregate_restore,
    .close = window_aggregate_close,
};
