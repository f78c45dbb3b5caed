/* Groups and windows that fire: see window_emit.h.
 *
 *     the window ended:  its rows are scanned, the keys of dirty groups noted
 *                        then, some at a time: looked up, emitted, clean again
 *                        then the window goes, if it is over
 *
 * A row must not change during a scan, so keys are noted, as many as are dirty. */
#include "executor/window_emit.h"

#include "data/row.h"

#include <stdlib.h>

enum { WINDOW_EMIT_SCAN_ROWS = 256 };

/* --- groups --- */

/* Groups that were not emitted yet. */
static int
window_emit_fire_new(struct sl_window_emit *op, struct sl_group_chunk *chunk, char *const *states,
                     struct sl_out *out, struct sl_error *err)
{
    int rc;

    if (chunk->count == 0)
        return SL_OK;
    sl_aggregation_results(&op->groups, states, chunk->count, chunk->after);
    memset(chunk->changes, SL_GROUP_NEW, chunk->count);
    rc = sl_group_changes_leave_out(&op->changes, chunk, out, err);
    if (rc == SL_OK)
        rc = sl_group_changes_emit(&op->changes, chunk, out);
    sl_group_changes_drop(&op->changes, chunk);
    return rc;
}

/* What they were emitted as. */
static int
window_emit_unpack(struct sl_window_emit *op, struct sl_group_chunk *chunk, char *const *states,
                   struct sl_error *err)
{
    struct sl_text texts[SL_GROUP_CHUNK];

    for (size_t i = 0; i < chunk->count; i++)
        texts[i] = sl_view_text(&sl_window_emit_head_of(states[i])->before);
    if (sl_row_unpack(op->layout, op->op.context->pool, texts, chunk->count, chunk->before, err) ==
        SL_OK)
        return SL_OK;
    memset(chunk->before, 0, op->groups.count * sizeof(*chunk->before));
    return err->code;
}

static int
window_emit_fire_known(struct sl_window_emit *op, struct sl_group_chunk *chunk, char *const *states,
                       struct sl_out *out, struct sl_error *err)
{
    int rc;

    if (chunk->count == 0)
        return SL_OK;
    rc = window_emit_unpack(op, chunk, states, err);
    if (rc == SL_OK) {
        sl_aggregation_results(&op->groups, states, chunk->count, chunk->after);
        for (size_t i = 0; i < chunk->count; i++)
            chunk->changes[i] =
                sl_window_emit_head_of(states[i])->row_count > 0 ? SL_GROUP_SAME : SL_GROUP_GONE;
        rc = sl_group_changes_leave_out(&op->changes, chunk, out, err);
    }
    if (rc == SL_OK) {
        sl_group_changes_judge(&op->changes, chunk);
        rc = sl_group_changes_emit(&op->changes, chunk, out);
    }
    sl_group_changes_drop(&op->changes, chunk);
    return rc;
}

static void
window_emit_clean(struct sl_window_emit *op, int64_t end_us, char *const *states, size_t count)
{
    static const struct sl_view empty;

    for (size_t i = 0; i < count; i++) {
        struct sl_window_emit_head *head = sl_window_emit_head_of(states[i]);

        head->is_dirty = head->is_late_dirty = head->has_timer = false;
        if (!head->has_before)
            continue;
        head->before = sl_table_keep_view(op->groups.table, end_us, &head->before, &empty);
        head->has_before = false;
    }
}

int
sl_window_emit_fire(struct sl_window_emit *op, int64_t end_us, struct sl_column *const *key_columns,
                    const uint16_t *key_rows, char *const *states, size_t count, struct sl_out *out,
                    struct sl_error *err)
{
    struct sl_group_chunk *chunk = &op->changes.chunks[0];
    int said = SL_OK;

    op->change_end_us = end_us;
    chunk->key_columns = key_columns;
    for (int known = 0; known < 2; known++) {
        char *some[SL_GROUP_CHUNK];
        int rc;

        chunk->count = 0;
        for (size_t i = 0; i < count; i++) {
            const struct sl_window_emit_head *head = sl_window_emit_head_of(states[i]);

            if (head->has_before != known || (!known && head->row_count == 0))
                continue;
            chunk->key_rows[chunk->count] = key_rows[i];
            some[chunk->count++] = states[i];
        }
        rc = known ? window_emit_fire_known(op, chunk, some, out, err)
                   : window_emit_fire_new(op, chunk, some, out, err);
        if (rc < 0)
            return rc;
        said |= rc;
    }
    window_emit_clean(op, end_us, states, count);
    return said;
}

/* --- windows --- */

int64_t
sl_window_emit_next_end(const struct sl_window_emit *op)
{
    if (op->fired_us == INT64_MAX)
        return INT64_MAX;
    return sl_table_next_time(op->groups.table,
                              op->fired_us == INT64_MIN ? INT64_MIN : op->fired_us + 1);
}

/* May it have groups that are dirty? */
static bool
window_emit_must_scan(const struct sl_window_emit *op, int64_t end_us)
{
    const struct sl_emit_strategy *emit = &op->plan->emit;

    if (op->may_be_dirty)
        return true;
    return end_us > op->fired_us ? !emit->early || emit->early_delay_us > 0
                                 : emit->late_delay_us > 0;
}

static void
window_emit_begin_firing(struct sl_window_emit *op, int64_t end_us)
{
    struct sl_window_firing *firing = &op->firing;

    firing->is_on = true;
    firing->end_us = end_us;
    firing->is_last = sl_window_emit_is_over(op, end_us);
    firing->count = firing->next = 0;
    sl_buffer_reset(&firing->keys);
    firing->is_scanning = window_emit_must_scan(op, end_us);
    if (firing->is_scanning)
        sl_table_scan_begin(op->groups.table, end_us, &firing->scan);
}

/* Begins with the next window that has ended, or is over; false: there is none. */
static bool
window_emit_begin_next(struct sl_window_emit *op)
{
    int64_t end_us = sl_window_emit_next_end(op);

    if (end_us == INT64_MAX || !sl_window_emit_has_ended(op, end_us)) {
        end_us = sl_table_first_time(op->groups.table);
        if (end_us > op->fired_us || end_us == INT64_MAX || !sl_window_emit_is_over(op, end_us))
            return false;
    }
    window_emit_begin_firing(op, end_us);
    return true;
}

/* The ends of the windows that the watermark is past; INT64_MIN by the clock, where only those that
 * have groups are of interest. */
static int64_t
window_emit_closed_us(const struct sl_window_emit *op)
{
    const struct sl_window *window = &op->plan->windows.window;

    if (window->processing_time || op->op.watermark_ms == SL_WATERMARK_MAX)
        return INT64_MIN;
    return sl_window_closed_us(window, op->zone, op->op.watermark_ms);
}

bool
sl_window_emit_is_due(const struct sl_window_emit *op)
{
    int64_t end_us = sl_window_emit_next_end(op);

    if (op->firing.is_on || window_emit_closed_us(op) > op->fired_us)
        return true;
    if (end_us != INT64_MAX && sl_window_emit_has_ended(op, end_us))
        return true;
    end_us = sl_table_first_time(op->groups.table);
    return end_us <= op->fired_us && end_us != INT64_MAX && sl_window_emit_is_over(op, end_us);
}

static void
window_emit_note(struct sl_window_firing *firing, const struct sl_state_row *row)
{
    if (firing->count == firing->capacity) {
        firing->capacity = firing->capacity ? 2 * firing->capacity : SL_BATCH_ROWS_MAX;
        firing->key_ends =
            sl_realloc(firing->key_ends, firing->capacity * sizeof(*firing->key_ends));
        firing->hashes = sl_realloc(firing->hashes, firing->capacity * sizeof(*firing->hashes));
    }
    sl_buffer_add_text(&firing->keys, row->key);
    firing->key_ends[firing->count] = firing->keys.length;
    firing->hashes[firing->count++] = row->hash;
}

/* The groups that wait for a timer behind the end of their window do so until the window is over.
 */
static int
window_emit_scan(struct sl_window_emit *op, struct sl_error *err)
{
    struct sl_window_firing *firing = &op->firing;
    struct sl_state_row rows[WINDOW_EMIT_SCAN_ROWS];
    size_t count = 1;

    while (firing->is_scanning && count > 0) {
        int rc = sl_table_scan_next(&firing->scan, rows, WINDOW_EMIT_SCAN_ROWS, &count, err);

        if (rc != SL_OK)
            return rc;
        for (size_t i = 0; i < count; i++) {
            const struct sl_window_emit_head *head = (const void *)rows[i].value;

            if (head->is_dirty && (firing->is_last || !head->is_late_dirty))
                window_emit_note(firing, &rows[i]);
        }
    }
    sl_table_scan_end(&firing->scan);
    firing->is_scanning = false;
    return SL_OK;
}

/* Fires the next of the groups that were noted. */
static int
window_emit_give(struct sl_window_emit *op, struct sl_out *out, struct sl_error *err)
{
    struct sl_window_firing *firing = &op->firing;
    size_t max = SL_MIN(op->op.context->settings->batch_size, (uint32_t)SL_GROUP_CHUNK);
    size_t count = SL_MIN(firing->count - firing->next, max);
    struct sl_column *columns[op->plan->windows.key_count + 1];
    struct sl_text texts[SL_GROUP_CHUNK];
    uint16_t rows[SL_GROUP_CHUNK];
    struct sl_state_keys keys = {.encoded = texts,
                                 .row_count = count,
                                 .hashes = firing->hashes + firing->next,
                                 .time = firing->end_us};
    int rc = SL_OK;

    for (size_t i = 0; i < count; i++) {
        size_t at = firing->next + i, from = at > 0 ? firing->key_ends[at - 1] : 0;

        texts[i] = (struct sl_text){firing->keys.data + from, firing->key_ends[at] - from};
        rows[i] = (uint16_t)i;
    }
    if (sl_state_is_cold(op->op.context->state))
        rc = sl_table_prepare(op->groups.table, &keys, err);
    if (rc != SL_OK)
        return rc;
    sl_table_upsert(op->groups.table, &keys, op->states, NULL);
    sl_key_codec_decode(sl_table_key_codec(op->groups.table), op->op.context->pool, texts, count,
                        columns);
    rc = sl_window_emit_fire(op, firing->end_us, columns, rows, op->states, count, out, err);
    firing->next += count;
    for (size_t i = 0; i < op->plan->windows.key_count; i++)
        sl_column_unref(columns[i]);
    return rc;
}

static void
window_emit_end_firing(struct sl_window_emit *op)
{
    if (op->firing.is_last)
        sl_aggregation_drop_time(&op->groups, op->firing.end_us);
    op->fired_us = SL_MAX(op->fired_us, op->firing.end_us);
    op->firing.is_on = false;
}

int
sl_window_emit_fire_due(struct sl_window_emit *op, struct sl_out *out, struct sl_error *err)
{
    while (op->firing.is_on || window_emit_begin_next(op)) {
        int rc = window_emit_scan(op, err);

        while (rc == SL_OK && op->firing.next < op->firing.count)
            rc = window_emit_give(op, out, err);
        if (rc != SL_OK)
            return rc;
        window_emit_end_firing(op);
    }
    op->fired_us = SL_MAX(op->fired_us, window_emit_closed_us(op));
    return SL_OK;
}

int
sl_window_emit_settle(struct sl_window_emit *op, struct sl_error *err)
{
    int rc = op->firing.is_on ? window_emit_scan(op, err) : SL_OK;

    return rc == SL_OK ? sl_session_timers_settle(&op->timers, err) : rc;
}

void
sl_window_emit_close_firing(struct sl_window_emit *op)
{
    sl_table_scan_end(&op->firing.scan);
    sl_buffer_done(&op->firing.keys);
    free(op->firing.key_ends);
    free(op->firing.hashes);
}
