/* GROUP BY window and keys over TUMBLE.
 *
 *     a row:        end = the end of its window; late if end - 1 ms <= watermark: to the late
 * output else fold it into state[end, keys] watermark W:  for each end with end - 1 ms <= W, in
 * order: emit every key of it, key group by key group, then drop the slice
 *
 * State: one time-first table (window end in µs of the window's clock, keys → accumulators), and
 * one a DISTINCT aggregate.  A firing that is stopped goes on where its scan stands.  A barrier
 * that overtakes one brings it to the end of a key group; which groups are done goes with the
 * checkpoint.
 */
#include "executor/aggregation.h"
#include "executor/window.h"

#include "data/row.h"
#include "storage/snapshot.h"

#include <stdlib.h>

#define WINDOW_FIRED_BLOB "fired"

/* Key groups [first, last] of the window were emitted before a checkpoint that was taken in the
 * middle of its firing. */
struct window_fired {
    int64_t end;
    uint32_t first, last;
};

struct op_window_aggregate {
    struct sl_op op;
    const struct sl_phys_window_aggregate *plan;
    struct sl_aggregation aggregation;
    int64_t *ends;   /* by place in aggregation.rows */
    uint16_t *order; /* places, by window */
    uint64_t *ordered_hashes;
    uint16_t *ordered_rows;
    struct sl_state_scan scan; /* of the window that fires; rows NULL: none does */
    int64_t firing_end;
    bool firing;
    uint32_t first_group; /* that the firing emitted, once its scan has given something */
    bool has_first_group;
    struct sl_state_row *chunk;
    struct window_fired *fired; /* before the last restore */
    size_t fired_count;
};

static int
window_aggregate_open(struct sl_op *base, struct sl_error *err)
{
    struct op_window_aggregate *op = (struct op_window_aggregate *)base;
    struct sl_arena *arena = base->context->arena;

    op->plan = base->node->detail;
    op->ends = SL_NEW_ARRAY(arena, int64_t, SL_BATCH_ROWS_MAX);
    op->order = SL_NEW_ARRAY(arena, uint16_t, SL_BATCH_ROWS_MAX);
    op->ordered_hashes = SL_NEW_ARRAY(arena, uint64_t, SL_BATCH_ROWS_MAX);
    op->ordered_rows = SL_NEW_ARRAY(arena, uint16_t, SL_BATCH_ROWS_MAX);
    op->chunk = SL_NEW_ARRAY(arena, struct sl_state_row, SL_BATCH_ROWS_MAX);
    return sl_aggregation_open(&op->aggregation, base, "window", op->plan->keys,
                               op->plan->key_count, op->plan->aggregates, op->plan->aggregate_count,
                               true, err);
}

/* --- rows --- */

/* Rows without a time are errors (where `out` is NULL nobody is told); the others stay in
 * aggregation.rows, with their hashes.  Returns how many, or a negative code. */
static int
window_aggregate_drop_timeless(struct op_window_aggregate *op, const struct sl_batch *batch,
                               size_t row_count, struct sl_out *out, struct sl_error *err)
{
    const struct sl_column *times = batch->columns[op->plan->time_column];
    uint16_t *rows = op->aggregation.rows;
    size_t kept = 0;

    if (!times->validity)
        return (int)row_count;
    for (size_t i = 0; i < row_count; i++) {
        struct sl_row_error error = {rows[i], SL_E_NULL_VALUE,
                                     "the time of a window must not be NULL"};

        if (sl_column_is_null(times, rows[i])) {
            if (out)
                SL_TRY(out->error(out, batch, &error, 1, err));
            continue;
        }
        rows[kept] = rows[i];
        op->aggregation.hashes[kept++] = op->aggregation.hashes[i];
    }
    return (int)kept;
}

/* Fills ends[]; true: all are in one window. */
static bool
window_aggregate_assign(struct op_window_aggregate *op, const struct sl_batch *batch,
                        size_t row_count)
{
    const struct sl_window *window = &op->plan->window;
    const int64_t *times = batch->columns[op->plan->time_column]->values;
    const struct sl_zone *zone = op->op.context->expr_settings.zone;
    const uint16_t *rows = op->aggregation.rows;
    int64_t start = INT64_MAX, end = INT64_MIN; /* the window of the row before */
    bool one = true;

    for (size_t i = 0; i < row_count; i++) {
        int64_t time = sl_window_local_us(window, zone, times[rows[i]]);

        if (time < start || time >= end) {
            one = one && i == 0;
            start = sl_window_start_us(window, time);
            end = start + window->size_us;
        }
        op->ends[i] = end;
    }
    return one;
}

/* With processing time all rows of a batch come now. */
static void
window_aggregate_assign_now(struct op_window_aggregate *op, size_t row_count)
{
    const struct sl_window *window = &op->plan->window;
    int64_t now = sl_window_local_us(window, op->op.context->expr_settings.zone,
                                     sl_now_us(op->op.context->env));
    int64_t end = sl_window_start_us(window, now) + window->size_us;

    if (op->firing) /* and is paused: a clock that went back adds nothing to it */
        end = SL_MAX(end, op->firing_end + window->size_us);
    for (size_t i = 0; i < row_count; i++)
        op->ends[i] = end;
}

static bool
window_aggregate_is_late(const struct op_window_aggregate *op, int64_t end)
{
    return !op->plan->window.processing_time &&
           sl_window_due_ms(&op->plan->window, op->op.context->expr_settings.zone, end) <=
               op->op.watermark_ms;
}

static void
window_aggregate_add_late(struct op_window_aggregate *op, const struct sl_batch *batch,
                          const uint16_t *rows, size_t row_count, struct sl_out *out)
{
    out->late(out, sl_batch_share(op->op.context->pool, batch, rows, row_count));
}

static int
window_aggregate_compare(const void *a, const void *b, void *ends)
{
    uint16_t x = *(const uint16_t *)a, y = *(const uint16_t *)b;
    int64_t end_x = ((const int64_t *)ends)[x], end_y = ((const int64_t *)ends)[y];

    if (end_x != end_y)
        return end_x < end_y ? -1 : 1;
    return (int)x - (int)y;
}

/* What is done with each run of rows of the same window. */
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
    bool is_late = window_aggregate_is_late(op, end);

    if (!run->out)
        return is_late
                   ? SL_OK
                   : sl_aggregation_prepare(&op->aggregation, end, rows, hashes, row_count, err);
    if (is_late)
        window_aggregate_add_late(op, run->batch, rows, row_count, run->out);
    else
        sl_aggregation_add(&op->aggregation, run->batch, end, rows, hashes, row_count);
    return SL_OK;
}

/* Rows of several windows: put together by window, in their order. */
static int
window_aggregate_run_mixed(const struct window_aggregate_run *run, size_t row_count,
                           struct sl_error *err)
{
    struct op_window_aggregate *op = run->op;
    size_t from = 0;

    for (size_t i = 0; i < row_count; i++)
        op->order[i] = (uint16_t)i;
    qsort_r(op->order, row_count, sizeof(*op->order), window_aggregate_compare, op->ends);
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

/* The rows that `begin` listed, by window. */
static int
window_aggregate_run_all(const struct window_aggregate_run *run, size_t row_count,
                         struct sl_error *err)
{
    struct op_window_aggregate *op = run->op;
    bool one = true;

    if (row_count == 0)
        return SL_OK;
    if (op->plan->window.processing_time)
        window_aggregate_assign_now(op, row_count);
    else
        one = window_aggregate_assign(op, run->batch, row_count);
    if (!one)
        return window_aggregate_run_mixed(run, row_count, err);
    return window_aggregate_run(run, op->ends[0], op->aggregation.rows, op->aggregation.hashes,
                                row_count, err);
}

static int
window_aggregate_prepare(struct sl_op *base, unsigned input, const struct sl_batch *batch,
                         struct sl_error *err)
{
    struct op_window_aggregate *op = (struct op_window_aggregate *)base;
    struct window_aggregate_run run = {op, batch, NULL};
    size_t count = sl_aggregation_begin_prepare(&op->aggregation, base, batch);
    int rc;

    if (!op->plan->window.processing_time)
        count = (size_t)window_aggregate_drop_timeless(op, batch, count, NULL, err);
    rc = window_aggregate_run_all(&run, count, err);
    sl_aggregation_end(&op->aggregation);
    return rc;
}

static int
window_aggregate_batch(struct sl_op *base, unsigned input, struct sl_batch *batch,
                       struct sl_out *out, struct sl_error *err)
{
    struct op_window_aggregate *op = (struct op_window_aggregate *)base;
    struct window_aggregate_run run = {op, batch, out};
    int count = sl_aggregation_begin(&op->aggregation, base, batch, out, err);

    if (count > 0 && !op->plan->window.processing_time)
        count = window_aggregate_drop_timeless(op, batch, (size_t)count, out, err);
    if (count > 0)
        window_aggregate_run_all(&run, (size_t)count, err);
    sl_aggregation_end(&op->aggregation);
    return count < 0 ? count : SL_OK;
}

/* --- firing --- */

static struct sl_column *
window_aggregate_bound(struct op_window_aggregate *op, const struct sl_type *type, int64_t us,
                       size_t row_count)
{
    struct sl_value value = {.type = type, .integer = us};

    return sl_value_column(op->op.context->pool, &value, row_count);
}

/* A batch of results: keys, aggregates, then the window's bounds. */
static int
window_aggregate_emit(struct op_window_aggregate *op, size_t row_count, struct sl_out *out,
                      struct sl_error *err)
{
    const struct sl_schema *schema = op->op.node->schema;
    const struct sl_zone *zone = op->op.context->expr_settings.zone;
    struct sl_batch *batch = sl_batch_new(op->op.context->pool, schema->count, row_count);
    size_t at = op->plan->key_count + op->plan->aggregate_count;
    int64_t end = op->firing_end;

    if (sl_aggregation_finish(&op->aggregation, op->chunk, row_count, batch->columns, err) < 0) {
        memset(batch->columns, 0, at * sizeof(*batch->columns)); /* finish let go of them */
        sl_batch_unref(batch);
        return err->code;
    }
    if (op->plan->has_start) {
        sl_batch_set_column(batch, at,
                            window_aggregate_bound(op, schema->columns[at].type,
                                                   end - op->plan->window.size_us, row_count));
        at++;
    }
    if (op->plan->has_end) {
        sl_batch_set_column(batch, at,
                            window_aggregate_bound(op, schema->columns[at].type, end, row_count));
        at++;
    }
    if (op->plan->has_time) {
        /* Of a TIMESTAMP_LTZ column the window's time is an instant, its bounds are local. */
        int64_t time = (op->plan->window.local_zone ? sl_zone_to_utc(zone, end) : end);

        sl_batch_set_column(
            batch, at,
            window_aggregate_bound(op, schema->columns[at].type, time - SL_US_PER_MS, row_count));
    }
    return sl_out_emit(out, batch);
}

static bool
window_aggregate_has_fired(const struct op_window_aggregate *op, uint32_t key_group)
{
    for (size_t i = 0; i < op->fired_count; i++) {
        const struct window_fired *fired = &op->fired[i];

        if (fired->end == op->firing_end && key_group >= fired->first && key_group <= fired->last)
            return true;
    }
    return false;
}

/* Emits a chunk of the scan, without what was emitted before a restore. */
static int
window_aggregate_emit_chunk(struct op_window_aggregate *op, size_t row_count, struct sl_out *out,
                            struct sl_error *err)
{
    size_t kept = 0;

    if (!op->has_first_group) {
        op->has_first_group = true;
        op->first_group = op->chunk[0].key_group;
    }
    for (size_t i = 0; i < row_count; i++) {
        if (op->fired_count == 0 || !window_aggregate_has_fired(op, op->chunk[i].key_group))
            op->chunk[kept++] = op->chunk[i];
    }
    return kept > 0 ? window_aggregate_emit(op, kept, out, err) : SL_OK;
}

/* The window is gone: nothing of it can be emitted twice any more. */
static void
window_aggregate_forget_fired(struct op_window_aggregate *op)
{
    size_t kept = 0;

    for (size_t i = 0; i < op->fired_count; i++) {
        if (op->fired[i].end != op->firing_end)
            op->fired[kept++] = op->fired[i];
    }
    op->fired_count = kept;
}

/* Emits the window that fires until its end or SL_AGAIN. */
static int
window_aggregate_fire(struct op_window_aggregate *op, struct sl_out *out, struct sl_error *err)
{
    size_t chunk_max = SL_MIN(op->op.context->settings->batch_size, (uint32_t)SL_BATCH_ROWS_MAX);
    size_t row_count;

    if (!op->firing) {
        op->firing = true;
        op->has_first_group = false;
        sl_table_scan_begin(op->aggregation.table, op->firing_end, &op->scan);
    }
    for (;;) {
        int rc = sl_table_scan_next(&op->scan, op->chunk, chunk_max, &row_count, err);

        if (rc == SL_OK && row_count == 0)
            break;
        if (rc == SL_OK)
            rc = window_aggregate_emit_chunk(op, row_count, out, err);
        if (rc != SL_OK)
            return rc;
    }
    sl_table_scan_end(&op->scan);
    op->firing = false;
    window_aggregate_forget_fired(op);
    sl_aggregation_drop_time(&op->aggregation, op->firing_end);
    return SL_OK;
}

static int
window_aggregate_watermark(struct sl_op *base, struct sl_out *out, struct sl_error *err)
{
    struct op_window_aggregate *op = (struct op_window_aggregate *)base;

    if (op->plan->window.processing_time && base->watermark_ms != SL_WATERMARK_MAX)
        return SL_OK;
    for (;;) {
        int rc;

        if (!op->firing) {
            op->firing_end = sl_table_first_time(op->aggregation.table);
            if (op->firing_end == INT64_MAX ||
                sl_window_due_ms(&op->plan->window, base->context->expr_settings.zone,
                                 op->firing_end) > base->watermark_ms)
                return SL_OK;
        }
        rc = window_aggregate_fire(op, out, err);
        if (rc != SL_OK)
            return rc;
    }
}

static int64_t
window_aggregate_next_due(struct sl_op *base)
{
    struct op_window_aggregate *op = (struct op_window_aggregate *)base;

    if (op->plan->window.processing_time)
        return SL_WATERMARK_MAX;
    return sl_window_next_due_ms(&op->plan->window, base->context->expr_settings.zone,
                                 base->watermark_ms);
}

/* --- processing time --- */

static int64_t
window_aggregate_next_tick(struct sl_op *base)
{
    struct op_window_aggregate *op = (struct op_window_aggregate *)base;
    int64_t end;

    if (!op->plan->window.processing_time)
        return INT64_MAX;
    end = op->firing ? op->firing_end : sl_table_first_time(op->aggregation.table);
    if (end == INT64_MAX || !op->plan->window.local_zone)
        return end;
    return sl_zone_to_utc(base->context->expr_settings.zone, end);
}

static int
window_aggregate_tick(struct sl_op *base, int64_t now_us, struct sl_out *out, struct sl_error *err)
{
    struct op_window_aggregate *op = (struct op_window_aggregate *)base;

    while (window_aggregate_next_tick(base) <= now_us) {
        int rc;

        if (!op->firing)
            op->firing_end = sl_table_first_time(op->aggregation.table);
        rc = window_aggregate_fire(op, out, err);
        if (rc != SL_OK)
            return rc;
    }
    return SL_OK;
}

/* Goes on with what was stopped: a firing by watermark or by the clock. */
static int
window_aggregate_resume(struct sl_op *base, struct sl_out *out, struct sl_error *err)
{
    struct op_window_aggregate *op = (struct op_window_aggregate *)base;

    if (op->plan->window.processing_time && base->watermark_ms != SL_WATERMARK_MAX)
        return window_aggregate_tick(base, sl_now_us(base->context->env), out, err);
    return window_aggregate_watermark(base, out, err);
}

/* --- barriers in the middle of a firing --- */

static int
window_aggregate_pause(struct sl_op *base, struct sl_out *out, struct sl_error *err)
{
    struct op_window_aggregate *op = (struct op_window_aggregate *)base;
    size_t chunk_max = SL_MIN(base->context->settings->batch_size, (uint32_t)SL_BATCH_ROWS_MAX);
    size_t row_count = 1;

    while (op->firing && row_count > 0) {
        int rc = sl_table_scan_group(&op->scan, op->chunk, chunk_max, &row_count, err);

        if (rc == SL_OK && row_count > 0)
            rc = window_aggregate_emit_chunk(op, row_count, out, err);
        else if (rc == SL_AGAIN)
            return rc;
        if (rc < 0)
            return rc;
    }
    return SL_OK;
}

static int
window_aggregate_barrier(struct sl_op *base, uint64_t epoch, struct sl_snapshot *snapshot,
                         struct sl_error *err)
{
    struct op_window_aggregate *op = (struct op_window_aggregate *)base;
    size_t count = op->fired_count;
    struct window_fired *fired;

    if (!snapshot || (count == 0 && !op->firing))
        return SL_OK;
    fired = sl_alloc_zeroed((count + 1) * sizeof(*fired)); /* padding included */
    if (count > 0)
        memcpy(fired, op->fired, count * sizeof(*fired));
    if (op->firing && op->has_first_group)
        fired[count++] = (struct window_fired){op->firing_end, op->first_group, op->scan.key_group};
    sl_snapshot_add_blob(snapshot, base->node->uid, WINDOW_FIRED_BLOB,
                         (struct sl_text){(const char *)fired, count * sizeof(*fired)});
    free(fired);
    return SL_OK;
}

/* Does it own some of the groups? */
static bool
window_aggregate_owns(const struct sl_op_context *context, const struct window_fired *fired)
{
    uint32_t max = context->settings->max_parallelism, count = context->subtask_count;

    return sl_key_group_subtask(fired->first, max, count) <= context->subtask &&
           context->subtask <= sl_key_group_subtask(fired->last, max, count);
}

static int
window_aggregate_restore(struct sl_op *base, const struct sl_manifest *from, struct sl_error *err)
{
    struct op_window_aggregate *op = (struct op_window_aggregate *)base;
    struct sl_manifest_cursor cursor = {0};
    const struct sl_manifest_blob *blob;

    while ((blob = sl_manifest_next_blob(from, base->node->uid, WINDOW_FIRED_BLOB, &cursor))) {
        size_t count = blob->bytes.length / sizeof(*op->fired);

        if (blob->bytes.length % sizeof(*op->fired) != 0)
            return SL_ERROR(err, SL_E_DATA_CORRUPTED, "what operator %s has fired cannot be read",
                            base->node->uid);
        op->fired = sl_realloc(op->fired, (op->fired_count + count + 1) * sizeof(*op->fired));
        for (size_t i = 0; i < count; i++) {
            struct window_fired *fired = &op->fired[op->fired_count];

            memcpy(fired, blob->bytes.start + i * sizeof(*fired), sizeof(*fired));
            op->fired_count += window_aggregate_owns(base->context, fired);
        }
    }
    return SL_OK;
}

static void
window_aggregate_close(struct sl_op *base)
{
    struct op_window_aggregate *op = (struct op_window_aggregate *)base;

    free(op->fired);
    sl_table_scan_end(&op->scan);
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
