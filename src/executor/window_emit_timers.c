/* Timers of groups whose results wait: see window_emit.h.
 *
 * As Flink's ProcessingTimeTriggers.every: the first goes off so long after the group's first
 * change, the next ones at whole multiples of that behind it, those at which the group is dirty.  A
 * timer counts if the group names it still. */
#include "executor/window_emit.h"

#include "data/row.h"
#include "data/value.h"

enum { WINDOW_EMIT_BUCKET_MS = 10000 }; /* whatever the settings: restored with others, too */

int
sl_window_emit_open_timers(struct sl_window_emit *op, struct sl_error *err)
{
    const struct sl_schema *input = op->op.node->inputs[0].node->schema;
    struct sl_arena *arena = op->op.context->arena;
    size_t key_count = op->plan->windows.key_count;
    const struct sl_type **types = SL_NEW_ARRAY(arena, const struct sl_type *, key_count + 1);

    for (size_t i = 0; i < key_count; i++)
        types[i] = input->columns[op->plan->windows.keys[i]].type;
    types[key_count] = &sl_type_bigint;
    op->dues = SL_NEW_ARRAY(arena, struct sl_due, SL_GROUP_CHUNK);
    op->due_order = SL_NEW_ARRAY(arena, uint16_t, SL_GROUP_CHUNK);
    op->due_hashes = SL_NEW_ARRAY(arena, uint64_t, SL_BATCH_ROWS_MAX);
    op->due_columns = SL_NEW_ARRAY(arena, struct sl_column *, key_count + 1);
    return sl_session_timers_open(&op->timers, &op->op, "windows.timers", types, key_count + 1,
                                  WINDOW_EMIT_BUCKET_MS, err);
}

static void
window_emit_release_dues(struct sl_window_emit *op)
{
    for (size_t i = 0; i <= op->plan->windows.key_count && op->due_count > 0; i++)
        sl_column_unref(op->due_columns[i]);
    op->due_count = op->due_next = 0;
}

void
sl_window_emit_close_timers(struct sl_window_emit *op)
{
    window_emit_release_dues(op);
    sl_session_timers_close(&op->timers);
}

static int64_t
window_emit_now_ms(const struct sl_window_emit *op)
{
    return sl_now_us(op->op.context->env) / SL_US_PER_MS;
}

/* --- setting --- */

static int64_t
window_emit_due_ms(const struct sl_window_emit *op, const struct sl_window_emit_head *head,
                   bool is_late, int64_t now_ms)
{
    const struct sl_emit_strategy *emit = &op->plan->emit;
    int64_t delay_ms = (is_late ? emit->late_delay_us : emit->early_delay_us) / SL_US_PER_MS;
    bool is_another = is_late != head->timer_is_late && emit->early_delay_us != emit->late_delay_us;

    if (head->timer_ms == 0 || is_another || delay_ms == 0)
        return now_ms + delay_ms;
    if (now_ms < head->timer_ms)
        return head->timer_ms;
    return head->timer_ms + ((now_ms - head->timer_ms) / delay_ms + 1) * delay_ms;
}

void
sl_window_emit_set_timers(struct sl_window_emit *op, const uint16_t *places, size_t count,
                          bool is_late)
{
    struct sl_value end = {.type = &sl_type_bigint, .integer = op->end_us};
    struct sl_column **columns = op->groups.key_columns;
    size_t key_count = op->plan->windows.key_count;
    struct sl_state_keys keys = {.columns = columns, .row_count = count, .hashes = op->due_hashes};
    int64_t now_ms = window_emit_now_ms(op), dues_ms[SL_BATCH_ROWS_MAX];
    uint16_t rows[SL_BATCH_ROWS_MAX];

    if (count == 0)
        return;
    columns[key_count] = sl_value_column(op->op.context->pool, &end, op->batch->row_count);
    keys.rows = rows;
    for (size_t i = 0; i < count; i++) {
        struct sl_window_emit_head *head = sl_window_emit_head_of(op->states[places[i]]);

        rows[i] = op->rows[places[i]];
        dues_ms[i] = head->timer_ms = window_emit_due_ms(op, head, is_late, now_ms);
        head->timer_is_late = is_late;
    }
    /* A timer is of the key group of its group. */
    sl_hash_rows(columns, key_count + 1, rows, count, op->due_hashes);
    for (size_t i = 0; i < count; i++)
        op->due_hashes[i] =
            (op->hashes[places[i]] & UINT64_C(0xffffffff00000000)) | (uint32_t)op->due_hashes[i];
    sl_session_timers_add(&op->timers, &keys, dues_ms);
    sl_column_unref(columns[key_count]);
    columns[key_count] = NULL;
}

/* --- going off --- */

int64_t
sl_window_emit_next_timer_us(const struct sl_window_emit *op)
{
    int64_t first_ms = sl_session_timers_first_ms(&op->timers);

    if (op->due_count > 0)
        return 0;
    return first_ms == INT64_MAX ? INT64_MAX : first_ms * SL_US_PER_MS;
}

/* Takes the next that are due, by the end of their window; false: none is. */
static bool
window_emit_take_dues(struct sl_window_emit *op, int64_t now_ms)
{
    size_t max = SL_MIN(op->op.context->settings->batch_size, (uint32_t)SL_GROUP_CHUNK);
    size_t key_count = op->plan->windows.key_count;
    struct sl_text texts[SL_GROUP_CHUNK];

    op->due_next = 0;
    op->due_count = sl_session_timers_take(&op->timers, now_ms, op->dues, max);
    if (op->due_count == 0) {
        sl_session_timers_drop(&op->timers, now_ms);
        return false;
    }
    for (size_t i = 0; i < op->due_count; i++)
        texts[i] = sl_session_timers_key(&op->timers, &op->dues[i]);
    sl_key_codec_decode(sl_table_key_codec(op->timers.table), op->op.context->pool, texts,
                        op->due_count, op->due_columns);
    sl_window_order(op->due_columns[key_count]->values, op->due_count, 0, op->due_order);
    return true;
}

/* Looks the groups up to be written.  One may be there twice: a timer that it does not name any
 * more was for the same moment. */
static void
window_emit_take_timers(struct sl_window_emit *op, struct sl_state_keys *keys, uint16_t *rows)
{
    size_t kept = 0;

    sl_table_upsert(op->groups.table, keys, op->states, NULL);
    for (size_t i = 0; i < keys->row_count; i++) {
        struct sl_window_emit_head *head = sl_window_emit_head_of(op->states[i]);

        if (!head->has_timer)
            continue;
        head->has_timer = false;
        rows[kept] = rows[i];
        op->states[kept++] = op->states[i];
    }
    keys->row_count = kept;
}

/* Of these rows of due_columns those whose groups name their timer, which are looked up to be
 * written.  SL_AGAIN: state is read. */
static int
window_emit_find_dues(struct sl_window_emit *op, struct sl_state_keys *keys, uint16_t *rows,
                      struct sl_error *err)
{
    const char *values[SL_GROUP_CHUNK];
    size_t kept = 0;

    if (op->plan->windows.key_count > 0)
        sl_hash_rows(op->due_columns, op->plan->windows.key_count, rows, keys->row_count,
                     op->due_hashes);
    else
        memset(op->due_hashes, 0, keys->row_count * sizeof(*op->due_hashes));
    if (sl_state_is_cold(op->op.context->state)) {
        int rc = sl_table_prepare(op->groups.table, keys, err);

        if (rc != SL_OK)
            return rc;
    }
    sl_table_find(op->groups.table, keys, values);
    for (size_t i = 0; i < keys->row_count; i++) {
        const struct sl_window_emit_head *head = (const void *)values[i];

        if (!head || !head->is_dirty || !head->has_timer ||
            head->timer_ms != op->dues[rows[i]].time)
            continue;
        rows[kept] = rows[i];
        op->due_hashes[kept++] = op->due_hashes[i];
    }
    keys->row_count = kept;
    if (kept > 0)
        window_emit_take_timers(op, keys, rows);
    return SL_OK;
}

/* Fires the groups of the next window that has some. */
static int
window_emit_fire_dues(struct sl_window_emit *op, struct sl_out *out, struct sl_error *err)
{
    const int64_t *ends = op->due_columns[op->plan->windows.key_count]->values;
    int64_t end_us = ends[op->due_order[op->due_next]];
    uint16_t rows[SL_GROUP_CHUNK];
    struct sl_state_keys keys = {
        .columns = op->due_columns, .rows = rows, .hashes = op->due_hashes, .time = end_us};
    size_t to = op->due_next;
    int rc;

    while (to < op->due_count && ends[op->due_order[to]] == end_us)
        rows[keys.row_count++] = op->due_order[to++];
    rc = window_emit_find_dues(op, &keys, rows, err);
    if (rc != SL_OK)
        return rc;
    op->due_next = to;
    return keys.row_count > 0 ? sl_window_emit_fire(op, end_us, op->due_columns, rows, op->states,
                                                    keys.row_count, out, err)
                              : SL_OK;
}

int
sl_window_emit_fire_timers(struct sl_window_emit *op, struct sl_out *out, struct sl_error *err)
{
    int64_t now_ms = window_emit_now_ms(op);
    int rc = SL_OK;

    while (rc == SL_OK) {
        if (op->due_next == op->due_count) {
            window_emit_release_dues(op);
            rc = sl_session_timers_load(&op->timers, now_ms, err);
            if (rc != SL_OK || !window_emit_take_dues(op, now_ms))
                return rc;
        }
        rc = window_emit_fire_dues(op, out, err);
    }
    return rc;
}
