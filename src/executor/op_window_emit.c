/* GROUP BY over windows with early and late results: see window_emit.h.
 *
 * A batch is worked on a window at a time: rows are ordered by the first window that they are in,
 * so those of a window lie together; in a window they are in their order again. */
#include "executor/window_emit.h"

#include "data/row.h"
#include "storage/snapshot.h"

#define WINDOW_EMIT_BLOB "emitted"

static int
window_emit_open_groups(struct sl_window_emit *op, struct sl_error *err)
{
    const struct sl_phys_window_aggregate *windows = &op->plan->windows;

    op->groups.head_size = sizeof(struct sl_window_emit_head);
    op->groups.head_view_count = 1;
    op->groups.head_views[0] = offsetof(struct sl_window_emit_head, before);
    SL_TRY(sl_aggregation_open(&op->groups, &op->op, "windows", windows->keys, windows->key_count,
                               windows->aggregates, windows->aggregate_count, true, err));
    sl_group_changes_open(&op->changes, &op->op, &op->groups, op->plan->emits_before);
    return SL_OK;
}

static void
window_emit_add_bounds(struct sl_op *base, struct sl_batch *made, size_t row_count)
{
    const struct sl_window_emit *op = (const struct sl_window_emit *)base;

    sl_window_set_bounds(&op->plan->windows, op->zone, op->change_end_us, base->context->pool,
                         base->node->schema, made);
}

static void
window_emit_open_scratch(struct sl_window_emit *op, struct sl_arena *arena)
{
    size_t max = SL_BATCH_ROWS_MAX;

    op->ends = SL_NEW_ARRAY(arena, int64_t, max);
    op->lasts = SL_NEW_ARRAY(arena, int64_t, max);
    op->order = SL_NEW_ARRAY(arena, uint16_t, max);
    op->rows = SL_NEW_ARRAY(arena, uint16_t, max);
    op->hashes = SL_NEW_ARRAY(arena, uint64_t, max);
    op->states = SL_NEW_ARRAY(arena, char *, max);
    op->some_rows = SL_NEW_ARRAY(arena, uint16_t, max);
    op->some_states = SL_NEW_ARRAY(arena, char *, max);
    op->some_places = SL_NEW_ARRAY(arena, uint16_t, max);
    op->places = SL_NEW_ARRAY(arena, uint64_t, SL_VALIDITY_WORDS(max));
}

static int
window_emit_open(struct sl_op *base, struct sl_error *err)
{
    struct sl_window_emit *op = (struct sl_window_emit *)base;
    const struct sl_phys_window_aggregate *windows;
    struct sl_arena *arena = base->context->arena;
    const struct sl_type **types;

    op->plan = base->node->detail;
    op->zone = base->context->expr_settings.zone;
    op->lateness_ms = op->plan->emit.lateness_us / SL_US_PER_MS;
    op->fired_us = INT64_MIN;
    sl_buffer_init(&op->packed, SIZE_MAX / 2);
    sl_buffer_init(&op->firing.keys, SIZE_MAX / 2);
    windows = &op->plan->windows;
    types = SL_NEW_ARRAY(arena, const struct sl_type *, windows->aggregate_count + 1);
    for (size_t i = 0; i < windows->aggregate_count; i++)
        types[i] = base->node->schema->columns[windows->key_count + i].type;
    op->layout = sl_row_layout_new(arena, types, windows->aggregate_count);
    window_emit_open_scratch(op, arena);
    SL_TRY(window_emit_open_groups(op, err));
    op->changes.add_columns = window_emit_add_bounds;
    return sl_window_emit_open_timers(op, err);
}

/* --- windows --- */

static bool
window_emit_by_clock(const struct sl_window_emit *op)
{
    return op->plan->windows.window.processing_time && op->op.watermark_ms != SL_WATERMARK_MAX;
}

bool
sl_window_emit_has_ended(const struct sl_window_emit *op, int64_t end_us)
{
    int64_t due_ms = sl_window_due_ms(&op->plan->windows.window, op->zone, end_us);

    if (window_emit_by_clock(op))
        return (due_ms + 1) * SL_US_PER_MS <= sl_now_us(op->op.context->env);
    return due_ms <= op->op.watermark_ms;
}

/* The watermark, so much earlier as rows may be late. */
static int64_t
window_emit_late_ms(const struct sl_window_emit *op)
{
    int64_t watermark_ms = op->op.watermark_ms;

    if (watermark_ms == SL_WATERMARK_MAX)
        return watermark_ms;
    return watermark_ms < SL_WATERMARK_MIN + op->lateness_ms ? SL_WATERMARK_MIN
                                                             : watermark_ms - op->lateness_ms;
}

bool
sl_window_emit_is_over(const struct sl_window_emit *op, int64_t end_us)
{
    if (window_emit_by_clock(op))
        return sl_window_emit_has_ended(op, end_us);
    return sl_window_due_ms(&op->plan->windows.window, op->zone, end_us) <= window_emit_late_ms(op);
}

/* --- which rows are in which windows --- */

/* With processing time all rows of a batch come now; a clock that went back adds nothing to what
 * has fired. */
static void
window_emit_assign_now(struct sl_window_emit *op)
{
    const struct sl_window *window = &op->plan->windows.window;
    int64_t now = sl_window_local_us(window, op->zone, sl_now_us(op->op.context->env));
    int64_t end = sl_window_slice_end_us(window, now);

    if (op->fired_us != INT64_MIN)
        end = SL_MAX(end, op->fired_us + sl_window_slice_us(window));
    for (size_t i = 0; i < op->row_count; i++)
        op->ends[i] = end;
}

/* Fills ends[] and lasts[]. */
static void
window_emit_assign(struct sl_window_emit *op, const struct sl_batch *batch)
{
    const struct sl_phys_window_aggregate *windows = &op->plan->windows;
    const int64_t *times = batch->columns[windows->time_column]->values;

    if (windows->is_attached)
        for (size_t i = 0; i < op->row_count; i++)
            op->ends[i] = times[op->groups.rows[i]];
    else if (windows->window.processing_time)
        window_emit_assign_now(op);
    else
        sl_window_assign(&windows->window, op->zone, times, op->groups.rows, op->row_count,
                         op->ends);
    for (size_t i = 0; i < op->row_count; i++) {
        if (windows->is_attached)
            op->lasts[i] = op->ends[i];
        else if (i > 0 && op->ends[i] == op->ends[i - 1])
            op->lasts[i] = op->lasts[i - 1];
        else
            op->lasts[i] = sl_window_last_end_us(&windows->window, op->ends[i]);
    }
}

/* Rows all of whose windows are over go to the late output (NULL: nobody is told); the others stay,
 * with their hashes and windows. */
static void
window_emit_drop_late(struct sl_window_emit *op, const struct sl_batch *batch, struct sl_out *out)
{
    size_t kept = 0, late = 0;

    for (size_t i = 0; i < op->row_count; i++) {
        if (op->lasts[i] <= op->expired_us) {
            op->rows[late++] = op->groups.rows[i];
            continue;
        }
        op->groups.rows[kept] = op->groups.rows[i];
        op->groups.hashes[kept] = op->groups.hashes[i];
        op->ends[kept] = op->ends[i];
        op->lasts[kept++] = op->lasts[i];
    }
    op->row_count = kept;
    if (late > 0 && out)
        out->late(out, sl_batch_share(op->op.context->pool, batch, op->rows, late));
}

/* The rows that `begin` listed are ordered; their first window comes next. */
static void
window_emit_begin(struct sl_window_emit *op, const struct sl_batch *batch, size_t row_count,
                  struct sl_out *out)
{
    const struct sl_phys_window_aggregate *windows = &op->plan->windows;

    op->row_count = row_count;
    op->expired_us = INT64_MIN;
    if (!windows->window.processing_time)
        op->expired_us = sl_window_closed_us(&windows->window, op->zone, window_emit_late_ms(op));
    window_emit_assign(op, batch);
    window_emit_drop_late(op, batch, out);
    op->first = op->past = 0;
    op->end_us = INT64_MIN;
    if (op->row_count > 0)
        sl_window_order(op->ends, op->row_count,
                        windows->is_attached ? 0 : sl_window_slice_us(&windows->window), op->order);
}

/* Goes on to the next window that some of the rows are in; false: there is none. */
static bool
window_emit_next_window(struct sl_window_emit *op)
{
    int64_t slice_us = sl_window_slice_us(&op->plan->windows.window);

    if (op->end_us != INT64_MIN)
        op->end_us += op->plan->windows.is_attached ? 1 : slice_us;
    while (op->first < op->past && op->lasts[op->order[op->first]] < op->end_us)
        op->first++;
    if (op->first == op->past) {
        if (op->past == op->row_count)
            return false;
        op->end_us = op->ends[op->order[op->past]];
    }
    if (op->end_us <= op->expired_us)
        op->end_us = op->expired_us + slice_us;
    while (op->past < op->row_count && op->ends[op->order[op->past]] <= op->end_us)
        op->past++;
    while (op->first < op->past && op->lasts[op->order[op->first]] < op->end_us)
        op->first++;
    return true;
}

/* The rows of the window, in their order; returns how many. */
static size_t
window_emit_list(struct sl_window_emit *op)
{
    size_t count = 0;

    for (size_t i = op->first; i < op->past; i++)
        op->places[op->order[i] / 64] |= UINT64_C(1) << (op->order[i] % 64);
    for (size_t word = 0; word < SL_VALIDITY_WORDS(op->row_count); word++) {
        for (uint64_t bits = op->places[word]; bits; bits &= bits - 1) {
            size_t place = word * 64 + (size_t)__builtin_ctzll(bits);

            op->rows[count] = op->groups.rows[place];
            op->hashes[count++] = op->groups.hashes[place];
        }
        op->places[word] = 0;
    }
    return count;
}

/* --- rows into groups --- */

/* The groups that were emitted as they are keep that: these rows of theirs make them dirty.  One
 * whose result cannot be made was emitted as nothing. */
static void
window_emit_keep_before(struct sl_window_emit *op, char *const *states, size_t count)
{
    struct sl_column **columns = op->changes.chunks[0].before;
    const uint64_t *failed = op->groups.failures.rows;

    for (size_t from = 0; from < count; from += SL_GROUP_CHUNK) {
        size_t some = SL_MIN(count - from, (size_t)SL_GROUP_CHUNK);

        sl_aggregation_results(&op->groups, states + from, some, columns);
        for (size_t i = 0; i < some; i++) {
            struct sl_window_emit_head *head = sl_window_emit_head_of(states[from + i]);
            struct sl_view view;

            if (failed[i / 64] >> (i % 64) & 1)
                continue;
            sl_buffer_reset(&op->packed);
            sl_row_pack(op->layout, columns, i, &op->packed);
            view = sl_view_of(op->packed.length ? op->packed.data : "", op->packed.length);
            head->before = sl_table_keep_view(op->groups.table, op->end_us, &head->before, &view);
            head->has_before = true;
        }
        sl_group_changes_drop(&op->changes, &op->changes.chunks[0]);
    }
}

/* Rows that make their groups dirty, of op->some_rows, in runs: a group that has lost its last row
 * and gets a new one begins anew. */
struct window_emit_run {
    size_t from, to;                /* of op->some_rows, … */
    char *known[SL_BATCH_ROWS_MAX]; /* … of which these groups were emitted as they are, … */
    size_t known_count;
    char *empty[SL_BATCH_ROWS_MAX]; /* … and these have no rows any more */
    size_t empty_count;
};

static void
window_emit_end_run(struct sl_window_emit *op, struct window_emit_run *run)
{
    window_emit_keep_before(op, run->known, run->known_count);
    sl_aggregation_add_to(&op->groups, op->batch, op->end_us, op->some_rows + run->from,
                          op->some_states + run->from, run->to - run->from);
    for (size_t i = 0; i < run->empty_count; i++)
        sl_aggregation_reset(&op->groups, op->end_us, run->empty[i]);
    run->from = run->to;
    run->known_count = run->empty_count = 0;
}

/* A row of this group is added, or taken back. */
static void
window_emit_touch(struct window_emit_run *run, char *state, bool takes_back, bool is_late)
{
    struct sl_window_emit_head *head = sl_window_emit_head_of(state);

    if (!head->is_dirty && head->row_count > 0)
        run->known[run->known_count++] = state;
    if (!head->is_dirty)
        head->is_late_dirty = is_late;
    head->is_dirty = true;
    head->row_count += takes_back ? -1 : 1;
    if (head->row_count == 0)
        run->empty[run->empty_count++] = state;
}

static void
window_emit_defer(struct sl_window_emit *op, size_t count, bool is_late, struct sl_out *out)
{
    bool has_timers = is_late ? op->plan->emit.late : op->plan->emit.early;
    size_t timers = 0, unmatched = 0;
    struct window_emit_run run;

    run.from = run.to = run.known_count = run.empty_count = 0;
    for (size_t i = 0; i < count; i++) {
        bool takes_back = sl_row_kind_takes_back(sl_batch_kind(op->batch, op->some_rows[i]));
        char *state = op->some_states[i];
        struct sl_window_emit_head *head = sl_window_emit_head_of(state);

        if (takes_back && head->row_count == 0) {
            unmatched++;
            continue;
        }
        if (head->row_count == 0 && run.empty_count > 0)
            window_emit_end_run(op, &run);
        window_emit_touch(&run, state, takes_back, is_late);
        op->some_rows[run.to] = op->some_rows[i];
        op->some_states[run.to++] = state;
        if (!has_timers || head->has_timer)
            continue;
        head->has_timer = true;
        op->some_places[timers++] = op->some_places[i];
    }
    window_emit_end_run(op, &run);
    sl_window_emit_set_timers(op, op->some_places, timers, is_late);
    if (unmatched > 0)
        out->unmatched(out, unmatched);
}

/* Does a change of this group wait? */
static bool
window_emit_waits(const struct sl_window_emit *op, struct sl_window_emit_head *head, bool is_late)
{
    const struct sl_emit_strategy *emit = &op->plan->emit;

    if (head->row_count == 0)
        head->came_late = is_late;
    if (head->is_dirty)
        return true;
    if (is_late)
        return emit->late_delay_us > 0 && !head->came_late;
    return !emit->early || emit->early_delay_us > 0;
}

/* Folds the rows of the window; those of groups that fire at once stay in op->rows and op->states.
 */
static int
window_emit_fold(struct sl_window_emit *op, size_t count, struct sl_out *out, struct sl_error *err)
{
    bool is_late = op->end_us <= op->fired_us;
    struct sl_state_keys keys = {.columns = op->groups.key_columns,
                                 .rows = op->rows,
                                 .row_count = count,
                                 .hashes = op->hashes,
                                 .time = op->end_us};
    size_t now = 0, later = 0;

    sl_table_upsert(op->groups.table, &keys, op->states, NULL);
    for (size_t i = 0; i < count; i++) {
        if (window_emit_waits(op, sl_window_emit_head_of(op->states[i]), is_late)) {
            op->some_places[later] = (uint16_t)i;
            op->some_rows[later] = op->rows[i];
            op->some_states[later++] = op->states[i];
        }
    }
    if (later > 0)
        window_emit_defer(op, later, is_late, out);
    if (later == count)
        return SL_OK;
    for (size_t i = 0; i < count; i++) {
        if (sl_window_emit_head_of(op->states[i])->is_dirty)
            continue;
        op->rows[now] = op->rows[i];
        op->states[now++] = op->states[i];
    }
    op->change_end_us = op->end_us;
    return sl_group_changes_fold(&op->changes, op->batch, op->end_us, op->rows, op->states, now,
                                 out, err);
}

/* --- a batch --- */

static void
window_emit_end_batch(struct sl_window_emit *op)
{
    sl_aggregation_end(&op->groups);
    op->batch = NULL;
}

/* Works on the batch until its end, or until SL_AGAIN of emit or of the state. */
static int
window_emit_go_on_batch(struct sl_window_emit *op, struct sl_out *out, struct sl_error *err)
{
    bool is_cold = sl_state_is_cold(op->op.context->state);
    int rc = SL_OK;

    while (rc == SL_OK && (op->has_window || window_emit_next_window(op))) {
        size_t count = window_emit_list(op);

        op->has_window = true;
        if (is_cold)
            rc = sl_aggregation_prepare(&op->groups, op->end_us, op->rows, op->hashes, count, err);
        if (rc != SL_OK)
            break;
        op->has_window = false;
        rc = window_emit_fold(op, count, out, err);
    }
    if (rc != SL_AGAIN)
        window_emit_end_batch(op);
    return rc;
}

/* The rows that have a time, where one is looked at. */
static int
window_emit_timed(struct sl_window_emit *op, const struct sl_batch *batch, int row_count,
                  struct sl_out *out, struct sl_error *err)
{
    if (row_count <= 0 || op->plan->windows.window.processing_time)
        return row_count;
    return sl_aggregation_drop_timeless(&op->groups, batch, op->plan->windows.time_column,
                                        (size_t)row_count, SL_WINDOW_TIMELESS, out, err);
}

static int
window_emit_prepare(struct sl_op *base, unsigned input, const struct sl_batch *batch,
                    struct sl_error *err)
{
    struct sl_window_emit *op = (struct sl_window_emit *)base;
    int count = (int)sl_aggregation_begin_prepare(&op->groups, base, batch), rc = SL_OK;

    count = window_emit_timed(op, batch, count, NULL, err);
    window_emit_begin(op, batch, (size_t)count, NULL);
    while (rc == SL_OK && window_emit_next_window(op))
        rc = sl_aggregation_prepare(&op->groups, op->end_us, op->rows, op->hashes,
                                    window_emit_list(op), err);
    sl_aggregation_end(&op->groups);
    return rc;
}

/* What is due fires before, whatever emit says; SL_AGAIN while state is read. */
static int
window_emit_finish(struct sl_window_emit *op, struct sl_out *out, struct sl_error *err)
{
    int rc;

    do
        rc = sl_window_emit_fire_due(op, out, err);
    while (rc == SL_AGAIN && !sl_state_wants_io(op->op.context->state));
    return rc;
}

static int
window_emit_batch(struct sl_op *base, unsigned input, struct sl_batch *batch, struct sl_out *out,
                  struct sl_error *err)
{
    struct sl_window_emit *op = (struct sl_window_emit *)base;
    int count;

    if (sl_window_emit_is_due(op)) {
        int rc = window_emit_finish(op, out, err);

        op->waiting = rc == SL_AGAIN ? batch : NULL;
        if (rc != SL_OK)
            return rc;
    }
    op->waiting = NULL;
    count = sl_aggregation_begin(&op->groups, base, batch, out, err);
    count = window_emit_timed(op, batch, count, out, err);
    if (count <= 0) {
        sl_aggregation_end(&op->groups);
        return count;
    }
    op->batch = batch;
    op->has_window = false;
    window_emit_begin(op, batch, (size_t)count, out);
    return window_emit_go_on_batch(op, out, err);
}

/* --- time --- */

static int
window_emit_watermark(struct sl_op *base, struct sl_out *out, struct sl_error *err)
{
    return sl_window_emit_fire_due((struct sl_window_emit *)base, out, err);
}

static int
window_emit_resume(struct sl_op *base, struct sl_out *out, struct sl_error *err)
{
    struct sl_window_emit *op = (struct sl_window_emit *)base;
    int rc;

    if (op->waiting)
        return window_emit_batch(base, 0, op->waiting, out, err);
    if (op->batch)
        return window_emit_go_on_batch(op, out, err);
    rc = sl_window_emit_fire_due(op, out, err);
    return rc == SL_OK ? sl_window_emit_fire_timers(op, out, err) : rc;
}

/* Where rows may be late, the ends of windows matter once more. */
static int64_t
window_emit_next_due(struct sl_op *base)
{
    const struct sl_window_emit *op = (const struct sl_window_emit *)base;
    const struct sl_window *window = &op->plan->windows.window;
    int64_t due_ms, late_ms;

    if (window->processing_time)
        return SL_WATERMARK_MAX;
    due_ms = sl_window_next_due_ms(window, op->zone, base->watermark_ms);
    late_ms = sl_window_next_due_ms(window, op->zone, window_emit_late_ms(op));
    if (late_ms == SL_WATERMARK_MIN || late_ms > SL_WATERMARK_MAX - op->lateness_ms)
        return due_ms;
    return SL_MIN(due_ms, late_ms + op->lateness_ms);
}

static int64_t
window_emit_next_tick(struct sl_op *base)
{
    const struct sl_window_emit *op = (const struct sl_window_emit *)base;
    int64_t tick_us = INT64_MAX, end_us = INT64_MAX;

    if (base->watermark_ms == SL_WATERMARK_MAX)
        return INT64_MAX;
    tick_us = sl_window_emit_next_timer_us(op);
    if (op->plan->windows.window.processing_time)
        end_us = sl_window_emit_next_end(op);
    if (end_us == INT64_MAX)
        return tick_us;
    return SL_MIN(tick_us, (sl_window_due_ms(&op->plan->windows.window, op->zone, end_us) + 1) *
                               SL_US_PER_MS);
}

static int
window_emit_tick(struct sl_op *base, int64_t now_us, struct sl_out *out, struct sl_error *err)
{
    return window_emit_resume(base, out, err);
}

/* --- barriers --- */

struct window_emit_progress {
    int64_t fired_us;
    int64_t was_dirty; /* the settings were such that groups may be dirty */
};

static bool
window_emit_leaves_dirty(const struct sl_window_emit *op)
{
    const struct sl_emit_strategy *emit = &op->plan->emit;

    return op->may_be_dirty || !emit->early || emit->early_delay_us > 0 || emit->late_delay_us > 0;
}

static int
window_emit_pause(struct sl_op *base, struct sl_out *out, struct sl_error *err)
{
    return sl_window_emit_settle((struct sl_window_emit *)base, err);
}

static int
window_emit_barrier(struct sl_op *base, uint64_t epoch, struct sl_snapshot *snapshot,
                    struct sl_error *err)
{
    const struct sl_window_emit *op = (const struct sl_window_emit *)base;
    struct window_emit_progress progress = {op->fired_us, window_emit_leaves_dirty(op)};

    if (snapshot)
        sl_snapshot_add_blob(snapshot, base->node->uid, WINDOW_EMIT_BLOB,
                             (struct sl_text){(const char *)&progress, sizeof(progress)});
    return SL_OK;
}

/* Windows that some subtask has not fired are looked at again: groups that were fired are not
 * dirty.
 */
static int
window_emit_restore(struct sl_op *base, const struct sl_manifest *from, struct sl_error *err)
{
    struct sl_window_emit *op = (struct sl_window_emit *)base;
    struct sl_manifest_cursor cursor = {0};
    const struct sl_manifest_blob *blob;
    bool found = false;

    while ((blob = sl_manifest_next_blob(from, base->node->uid, WINDOW_EMIT_BLOB, &cursor))) {
        struct window_emit_progress progress;

        if (blob->bytes.length != sizeof(progress))
            return SL_ERROR(err, SL_E_DATA_CORRUPTED, "what operator %s has fired cannot be read",
                            base->node->uid);
        memcpy(&progress, blob->bytes.start, sizeof(progress));
        op->fired_us = found ? SL_MIN(op->fired_us, progress.fired_us) : progress.fired_us;
        found = true;
        op->may_be_dirty |= progress.was_dirty;
    }
    return SL_OK;
}

static void
window_emit_close(struct sl_op *base)
{
    struct sl_window_emit *op = (struct sl_window_emit *)base;

    if (!op->plan)
        return;
    sl_window_emit_close_firing(op);
    sl_window_emit_close_timers(op);
    sl_buffer_done(&op->packed);
    sl_aggregation_end(&op->groups);
    sl_aggregation_close(&op->groups);
}

const struct sl_op_class sl_op_window_emit = {
    .name = "WindowEmitAggregate",
    .size = sizeof(struct sl_window_emit),
    .open = window_emit_open,
    .prepare = window_emit_prepare,
    .batch = window_emit_batch,
    .resume = window_emit_resume,
    .watermark = window_emit_watermark,
    .next_due_ms = window_emit_next_due,
    .next_tick_us = window_emit_next_tick,
    .tick = window_emit_tick,
    .pause = window_emit_pause,
    .barrier = window_emit_barrier,
    .restore = window_emit_restore,
    .close = window_emit_close,
};
