/* Sessions that are over, handed out: see session.h. */
#include "executor/session.h"

#include "data/row.h"

#include <stdlib.h>

enum { SESSION_KEYS_AHEAD = 8 };

static bool
sessions_by_clock(const struct sl_sessions *sessions)
{
    return sessions->window->processing_time && sessions->op->watermark_ms != SL_WATERMARK_MAX;
}

static int64_t
sessions_clock_ms(const struct sl_sessions *sessions)
{
    return sessions_by_clock(sessions) ? sl_now_us(sessions->op->context->env) / SL_US_PER_MS
                                       : sessions->op->watermark_ms;
}

/* --- the keys --- */

/* Columns and hashes of the keys of sessions->dues. */
static void
sessions_decode_keys(struct sl_sessions *sessions, uint64_t *hashes)
{
    const struct sl_aggregation *aggregation = &sessions->aggregation;
    struct sl_text keys[SL_BATCH_ROWS_MAX];

    for (size_t i = 0; i < sessions->due_count; i++)
        keys[i] = sl_session_timers_key(&sessions->timers, &sessions->dues[i]);
    sl_key_codec_decode(sl_table_key_codec(aggregation->table), aggregation->pool, keys,
                        sessions->due_count, sessions->key_columns);
    if (aggregation->key_count > 0)
        sl_hash_rows(sessions->key_columns, aggregation->key_count, NULL, sessions->due_count,
                     hashes);
    else
        memset(hashes, 0, sessions->due_count * sizeof(*hashes));
}

static void
sessions_drop_keys(struct sl_sessions *sessions)
{
    for (size_t i = 0; i < sessions->aggregation.key_count; i++)
        sl_column_unref(sessions->key_columns[i]);
}

/* Of two equal timers of a key one counts. */
static void
sessions_count_once(struct sl_sessions *sessions)
{
    size_t count = 0;

    for (size_t i = 0; i < sessions->key_count; i++) {
        struct sl_session_head *head = sl_session_head_of(sessions->key_states[i]);

        if (!head->has_timer)
            continue;
        head->has_timer = false;
        sessions->key_rows[count] = sessions->key_rows[i];
        sessions->key_hashes[count] = sessions->key_hashes[i];
        sessions->key_states[count++] = sessions->key_states[i];
    }
    sessions->key_count = count;
}

/* The keys whose timers count; the others' went off in vain.  SL_AGAIN: state is read. */
static int
sessions_find_keys(struct sl_sessions *sessions, struct sl_error *err)
{
    struct sl_state_table *table = sessions->aggregation.table;
    const char *values[SL_BATCH_ROWS_MAX];
    uint64_t hashes[SL_BATCH_ROWS_MAX];
    struct sl_state_keys keys = {
        .columns = sessions->key_columns, .row_count = sessions->due_count, .hashes = hashes};
    size_t count = 0;

    sessions_decode_keys(sessions, hashes);
    if (sl_state_is_cold(sessions->op->context->state)) {
        int rc = sl_table_prepare(table, &keys, err);

        if (rc != SL_OK)
            return rc;
    }
    sl_table_find(table, &keys, values);
    for (size_t i = 0; i < sessions->due_count; i++) {
        const struct sl_session_head *head =
            (const struct sl_session_head *)(const void *)values[i];

        if (!head || !head->has_timer || head->timer_ms != sessions->dues[i].time)
            continue;
        sessions->key_rows[count] = (uint16_t)i;
        sessions->key_hashes[count++] = hashes[i];
    }
    sessions->key_count = count;
    keys.rows = sessions->key_rows;
    keys.row_count = count;
    keys.hashes = sessions->key_hashes;
    if (count > 0)
        sl_table_upsert(table, &keys, sessions->key_states, NULL);
    sessions_count_once(sessions);
    return SL_OK;
}

/* --- the sessions --- */

/* Before key i: the state of a later one, the parked sessions of one whose state is there. */
static void
sessions_prefetch_parked(const struct sl_sessions *sessions, size_t i)
{
    if (i + 2 * SESSION_KEYS_AHEAD < sessions->key_count)
        sl_session_prefetch(sessions->key_states[i + 2 * SESSION_KEYS_AHEAD]);
    if (i + SESSION_KEYS_AHEAD < sessions->key_count) {
        const struct sl_session_head *head =
            sl_session_head_of(sessions->key_states[i + SESSION_KEYS_AHEAD]);

        if (head->parked.length > 0)
            sl_session_prefetch(head->parked.pointer);
    }
}

/* One whose rows were all taken back has no result; more than all were not there. */
static void
sessions_list(struct sl_sessions *sessions, char *state, size_t key,
              const struct sl_session *session)
{
    const struct sl_aggregation *aggregation = &sessions->aggregation;
    int64_t row_count = aggregation->counts_rows ? sl_aggregation_row_count(aggregation, state) : 1;

    if (row_count <= 0) {
        sessions->unmatched -= row_count;
        return;
    }
    sessions->out_states[sessions->out_count] = state;
    sessions->out_start_us[sessions->out_count] = session->start_us;
    sessions->out_end_us[sessions->out_count] = session->end_us;
    sessions->out_keys[sessions->out_count++] = sessions->key_rows[key];
}

static char *
sessions_copy(struct sl_sessions *sessions, size_t max)
{
    size_t size = sessions->aggregation.value_size;

    if (sessions->copy_capacity < max) {
        SL_ASSERT(sessions->out_count == 0 || sessions->copies == NULL);
        free(sessions->copies);
        sessions->copies = sl_alloc(max * size);
        sessions->copy_capacity = max;
    }
    return sessions->copies + sessions->out_count * size;
}

/* What is over of a key, as long as there is room. */
static void
sessions_list_key(struct sl_sessions *sessions, size_t key, int64_t clock_ms, size_t max)
{
    char *state = sessions->key_states[key];
    struct sl_session_head *head = sl_session_head_of(state);
    struct sl_parked_cursor cursor = {0};
    struct sl_session in_place = {head->start_us, head->end_us, 0};

    sessions->key_parked[key] = 0;
    sessions->key_in_place[key] = false;
    while (sl_parked_due_ms(head) <= clock_ms && sessions->out_count < max &&
           sl_parked_next(head, &cursor)) {
        char *copy;

        if (cursor.session.due_ms > clock_ms)
            continue;
        copy = sessions_copy(sessions, max);
        sl_parked_read(&sessions->aggregation, state, &cursor, copy);
        sessions_list(sessions, copy, key, &cursor.session);
        sessions->key_parked[key]++;
    }
    if (!head->is_open || sessions->out_count == max ||
        sl_sessions_due_ms(sessions, head->end_us) > clock_ms)
        return;
    sessions->key_in_place[key] = true;
    sessions_list(sessions, state, key, &in_place);
}

/* --- what was handed out leaves --- */

struct session_leaving {
    int64_t clock_ms;
    size_t left;
};

static bool
session_leaves(const struct sl_session *session, void *arg)
{
    struct session_leaving *leaving = arg;

    if (session->due_ms > leaving->clock_ms || leaving->left == 0)
        return false;
    leaving->left--;
    return true;
}

static void
sessions_drop_key(struct sl_sessions *sessions, size_t key, int64_t clock_ms)
{
    char *state = sessions->key_states[key];
    struct sl_session_head *head = sl_session_head_of(state);
    struct session_leaving leaving = {clock_ms, sessions->key_parked[key]};

    if (leaving.left > 0)
        sl_parked_remove(&sessions->aggregation, state, session_leaves, &leaving);
    if (sessions->key_in_place[key]) {
        sl_aggregation_reset(&sessions->aggregation, 0, state);
        head->is_open = false;
    }
    head->timer_ms = sl_parked_due_ms(head);
    if (head->is_open)
        head->timer_ms = SL_MIN(head->timer_ms, sl_sessions_due_ms(sessions, head->end_us));
    head->has_timer = head->timer_ms != INT64_MAX;
}

/* Keys with or without sessions that are left: their places are gathered in key_rows and
 * some_rows. */
static void
sessions_drop(struct sl_sessions *sessions, int64_t clock_ms)
{
    struct sl_state_keys stay = {.columns = sessions->key_columns,
                                 .rows = sessions->some_rows,
                                 .hashes = sessions->some_hashes};
    uint16_t rows[SL_BATCH_ROWS_MAX];
    uint64_t hashes[SL_BATCH_ROWS_MAX];
    struct sl_state_keys go = {.columns = sessions->key_columns, .rows = rows, .hashes = hashes};

    for (size_t i = 0; i < sessions->key_count; i++) {
        const struct sl_session_head *head = sl_session_head_of(sessions->key_states[i]);

        sessions_prefetch_parked(sessions, i);
        sessions_drop_key(sessions, i, clock_ms);
        if (head->has_timer) {
            sessions->some_dues[stay.row_count] = head->timer_ms;
            sessions->some_rows[stay.row_count] = sessions->key_rows[i];
            sessions->some_hashes[stay.row_count++] = sessions->key_hashes[i];
        } else {
            rows[go.row_count] = sessions->key_rows[i];
            hashes[go.row_count++] = sessions->key_hashes[i];
        }
    }
    if (stay.row_count > 0)
        sl_session_timers_add(&sessions->timers, &stay, sessions->some_dues);
    if (go.row_count > 0)
        sl_table_delete(sessions->aggregation.table, &go);
}

/* --- firing --- */

/* The keys in sessions->dues. */
static int
sessions_fire_keys(struct sl_session_op *op, size_t max, struct sl_out *out, struct sl_error *err)
{
    struct sl_sessions *sessions = &op->sessions;
    int64_t clock_ms = sessions_clock_ms(sessions);
    int rc = sessions_find_keys(sessions, err);

    if (rc == SL_OK) {
        struct sl_session_rows rows = {.states = sessions->out_states,
                                       .start_us = sessions->out_start_us,
                                       .end_us = sessions->out_end_us,
                                       .keys = sessions->out_keys,
                                       .key_columns = sessions->key_columns};

        sessions->due_count = sessions->out_count = 0;
        for (size_t i = 0; i < sessions->key_count; i++) {
            sessions_prefetch_parked(sessions, i);
            sessions_list_key(sessions, i, clock_ms, max);
        }
        rows.count = sessions->out_count;
        if (sessions->unmatched > 0)
            out->unmatched(out, (size_t)sessions->unmatched);
        sessions->unmatched = 0;
        if (rows.count > 0)
            rc = op->emit(&op->op, &rows, out, err);
        if (rc >= 0)
            sessions_drop(sessions, clock_ms);
    }
    sessions_drop_keys(sessions);
    return rc;
}

int
sl_session_op_fire(struct sl_op *base, struct sl_out *out, struct sl_error *err)
{
    struct sl_session_op *op = (struct sl_session_op *)base;
    struct sl_sessions *sessions = &op->sessions;
    size_t max = SL_MIN(base->context->settings->batch_size, (uint32_t)SL_BATCH_ROWS_MAX);
    int rc = SL_OK;

    while (rc == SL_OK) {
        if (sessions->due_count == 0) {
            int64_t clock_ms = sessions_clock_ms(sessions);

            rc = sl_session_timers_load(&sessions->timers, clock_ms, err);
            if (rc != SL_OK)
                return rc;
            sessions->due_count =
                sl_session_timers_take(&sessions->timers, clock_ms, sessions->dues, max);
            if (sessions->due_count == 0) {
                sl_session_timers_drop(&sessions->timers, clock_ms);
                return SL_OK;
            }
        }
        rc = sessions_fire_keys(op, max, out, err);
    }
    return rc;
}

int
sl_session_op_watermark(struct sl_op *op, struct sl_out *out, struct sl_error *err)
{
    if (sessions_by_clock(&((struct sl_session_op *)op)->sessions))
        return SL_OK;
    return sl_session_op_fire(op, out, err);
}

int
sl_session_op_tick(struct sl_op *op, int64_t now_us, struct sl_out *out, struct sl_error *err)
{
    return sl_session_op_fire(op, out, err);
}

int64_t
sl_session_op_next_due_ms(struct sl_op *op)
{
    return sl_session_timers_first_ms(&((struct sl_session_op *)op)->sessions.timers);
}

int64_t
sl_session_op_next_tick_us(struct sl_op *op)
{
    const struct sl_sessions *sessions = &((struct sl_session_op *)op)->sessions;
    int64_t first_ms = sl_session_timers_first_ms(&sessions->timers);

    if (!sessions_by_clock(sessions))
        return INT64_MAX;
    if (sessions->due_count > 0)
        first_ms = SL_MIN(first_ms, sessions->dues[0].time);
    return first_ms == INT64_MAX ? INT64_MAX : first_ms * SL_US_PER_MS;
}

/* State and timers are true wherever a firing stops; only what is being read is brought to its end,
 * for timers may be added. */
int
sl_session_op_pause(struct sl_op *op, struct sl_out *out, struct sl_error *err)
{
    return sl_session_timers_settle(&((struct sl_session_op *)op)->sessions.timers, err);
}

void
sl_session_op_close(struct sl_op *op)
{
    struct sl_sessions *sessions = &((struct sl_session_op *)op)->sessions;

    sl_session_timers_close(&sessions->timers);
    sl_aggregation_close(&sessions->aggregation);
    free(sessions->copies);
}

void
sl_sessions_bounds(const struct sl_sessions *sessions, const int64_t *start_us,
                   const int64_t *end_us, size_t count, const struct sl_schema_column *types,
                   const bool wanted[3], struct sl_column **ret_columns)
{
    struct sl_pool *pool = sessions->op->context->pool;
    size_t at = 0;

    for (size_t part = 0; part < 3; part++) {
        int64_t *values;

        if (!wanted[part])
            continue;
        ret_columns[at] = sl_column_new(pool, types[at].type, count, false);
        values = ret_columns[at++]->values;
        if (part < 2) {
            memcpy(values, part == 0 ? start_us : end_us, count * sizeof(*values));
            continue;
        }
        /* Of a TIMESTAMP_LTZ column the window's time is an instant, its bounds are local. */
        for (size_t i = 0; i < count; i++)
            values[i] = (sessions->window->local_zone ? sl_zone_to_utc(sessions->zone, end_us[i])
                                                      : end_us[i]) -
                        SL_US_PER_MS;
    }
}
