/* Rows into sessions: see session.h. */
#include "executor/session.h"

/* So many buckets of timers a gap: what the heap holds is one bucket of the keys. */
enum { SESSION_BUCKETS = 16, SESSION_BUCKET_MIN_MS = 50, SESSION_BUCKET_MAX_MS = 3600000 };
enum { SESSION_ROWS_AHEAD = 16 };

int64_t
sl_sessions_due_ms(const struct sl_sessions *sessions, int64_t end_us)
{
    /* By the clock it ends at its end, as tumbling windows do. */
    return sl_window_due_ms(sessions->window, sessions->zone, end_us) +
           (sessions->window->processing_time ? 1 : 0);
}

/* --- opening --- */

static void
sessions_open_scratch(struct sl_sessions *sessions, struct sl_arena *arena)
{
    size_t max = SL_BATCH_ROWS_MAX;

    sessions->states = SL_NEW_ARRAY(arena, char *, max);
    sessions->fold_rows = SL_NEW_ARRAY(arena, uint16_t, max);
    sessions->fold_states = SL_NEW_ARRAY(arena, char *, max);
    sessions->timer_places = SL_NEW_ARRAY(arena, uint16_t, max);
    sessions->late_places = SL_NEW_ARRAY(arena, uint16_t, max);
    sessions->late_clocks = SL_NEW_ARRAY(arena, int64_t, max);
    sessions->some_rows = SL_NEW_ARRAY(arena, uint16_t, max);
    sessions->some_hashes = SL_NEW_ARRAY(arena, uint64_t, max);
    sessions->some_dues = SL_NEW_ARRAY(arena, int64_t, max);
    sessions->value = SL_NEW_ARRAY(arena, char, sessions->aggregation.value_size);
    sessions->dues = SL_NEW_ARRAY(arena, struct sl_due, max);
    sessions->key_columns =
        SL_NEW_ARRAY(arena, struct sl_column *, sessions->aggregation.key_count + 1);
    sessions->key_rows = SL_NEW_ARRAY(arena, uint16_t, max);
    sessions->key_hashes = SL_NEW_ARRAY(arena, uint64_t, max);
    sessions->key_states = SL_NEW_ARRAY(arena, char *, max);
    sessions->key_parked = SL_NEW_ARRAY(arena, uint16_t, max);
    sessions->key_in_place = SL_NEW_ARRAY(arena, bool, max);
    sessions->out_states = SL_NEW_ARRAY(arena, char *, max);
    sessions->out_start_us = SL_NEW_ARRAY(arena, int64_t, max);
    sessions->out_end_us = SL_NEW_ARRAY(arena, int64_t, max);
    sessions->out_keys = SL_NEW_ARRAY(arena, uint32_t, max);
}

int
sl_sessions_open(struct sl_sessions *sessions, struct sl_op *op, const struct sl_window *window,
                 uint32_t time_column, const uint32_t *keys, size_t key_count,
                 struct sl_aggregate *const *aggregates, size_t aggregate_count,
                 struct sl_error *err)
{
    struct sl_arena *arena = op->context->arena;
    const struct sl_schema *input = op->node->inputs[0].node->schema;
    const struct sl_type **types = SL_NEW_ARRAY(arena, const struct sl_type *, key_count + 1);
    int64_t bucket_ms = window->size_us / SL_US_PER_MS / SESSION_BUCKETS;

    if (op->node->inputs[0].node->kinds != SL_KINDS_INSERT) {
        struct sl_aggregate **counted =
            SL_NEW_ARRAY(arena, struct sl_aggregate *, aggregate_count + 1);

        memcpy(counted, aggregates, aggregate_count * sizeof(*counted));
        counted[aggregate_count++] = sl_aggregate_row_count(arena);
        aggregates = counted;
        sessions->aggregation.counts_rows = true;
    }
    sessions->op = op;
    sessions->window = window;
    sessions->zone = op->context->expr_settings.zone;
    sessions->time_column = time_column;
    sessions->aggregation.head_size = sizeof(struct sl_session_head);
    sessions->aggregation.head_view_count = 1;
    sessions->aggregation.head_views[0] = offsetof(struct sl_session_head, parked);
    sessions->aggregation.has_sets = true;
    for (size_t i = 0; i < key_count; i++)
        types[i] = input->columns[keys[i]].type;
    SL_TRY(sl_aggregation_open(&sessions->aggregation, op, "session", keys, key_count, aggregates,
                               aggregate_count, false, err));
    sessions_open_scratch(sessions, arena);
    bucket_ms =
        SL_MIN(SL_MAX(bucket_ms, (int64_t)SESSION_BUCKET_MIN_MS), (int64_t)SESSION_BUCKET_MAX_MS);
    return sl_session_timers_open(&sessions->timers, op, "session.timers", types, key_count,
                                  bucket_ms, err);
}

/* --- placing a row --- */

static void
sessions_fold(struct sl_sessions *sessions, const struct sl_batch *batch)
{
    if (sessions->fold_count == 0)
        return;
    sl_aggregation_add_to(&sessions->aggregation, batch, 0, sessions->fold_rows,
                          sessions->fold_states, sessions->fold_count);
    for (size_t i = 0; i < sessions->fold_count; i++)
        sl_session_head_of(sessions->fold_states[i])->is_pending = false;
    sessions->fold_count = 0;
}

/* A row that is to find its session. */
struct session_visit {
    struct sl_sessions *sessions;
    const struct sl_batch *batch;
    size_t place;             /* in aggregation.rows */
    int64_t start_us, end_us; /* its window */
    int64_t clock_ms;
};

static bool
session_touches(const struct session_visit *visit, const struct sl_session *session)
{
    return session->start_us <= visit->end_us && session->end_us >= visit->start_us &&
           session->due_ms > visit->clock_ms;
}

static bool
session_goes(const struct sl_session *session, void *arg)
{
    return session_touches(arg, session);
}

/* Sees to it that the key's timer is at or before the end of the session in place. */
static void
session_set_timer(const struct session_visit *visit, struct sl_session_head *head)
{
    struct sl_sessions *sessions = visit->sessions;
    int64_t due_ms = sl_sessions_due_ms(sessions, head->end_us);

    if (head->has_timer && head->timer_ms <= due_ms)
        return;
    head->has_timer = true;
    head->timer_ms = due_ms;
    sessions->timer_places[sessions->timer_count++] = (uint16_t)visit->place;
}

static void
session_extend(const struct session_visit *visit, struct sl_session_head *head)
{
    head->start_us = SL_MIN(head->start_us, visit->start_us);
    if (visit->end_us <= head->end_us)
        return;
    head->end_us = visit->end_us;
    /* Where local time jumps, a later end may be due earlier. */
    if (visit->sessions->window->local_zone)
        session_set_timer(visit, head);
}

/* The parked sessions that the row touches become one in place, by start. */
static void
session_merge(const struct session_visit *visit, char *state)
{
    struct sl_sessions *sessions = visit->sessions;
    struct sl_session_head *head = sl_session_head_of(state);
    int64_t last_us = INT64_MIN;

    for (;;) {
        struct sl_parked_cursor cursor = {0}, best = {0};

        while (sl_parked_next(head, &cursor))
            if (session_touches(visit, &cursor.session) && cursor.session.start_us > last_us &&
                (!best.at || cursor.session.start_us < best.session.start_us))
                best = cursor;
        if (!best.at)
            break;
        sl_parked_read(&sessions->aggregation, state, &best, sessions->value);
        sl_aggregation_merge_value(&sessions->aggregation, 0, state, sessions->value);
        last_us = best.session.start_us;
        head->start_us = SL_MIN(head->start_us, best.session.start_us);
        head->end_us = SL_MAX(head->end_us, best.session.end_us);
    }
    sl_parked_remove(&sessions->aggregation, state, session_goes, (void *)(uintptr_t)visit);
}

/* What is not the common case.  False: the row is late. */
static bool
session_place(const struct session_visit *visit, char *state)
{
    struct sl_sessions *sessions = visit->sessions;
    struct sl_session_head *head = sl_session_head_of(state);
    struct sl_session in_place = {head->start_us, head->end_us,
                                  head->is_open ? sl_sessions_due_ms(sessions, head->end_us)
                                                : INT64_MIN};
    bool touches = head->is_open && session_touches(visit, &in_place), touches_parked = false;
    struct sl_parked_cursor cursor = {0};

    while (!touches_parked && sl_parked_end_us(head) >= visit->start_us &&
           sl_parked_next(head, &cursor))
        touches_parked = session_touches(visit, &cursor.session);
    if (touches && !touches_parked) {
        session_extend(visit, head);
        return true;
    }
    if (!touches && !touches_parked &&
        sl_sessions_due_ms(sessions, visit->end_us) <= visit->clock_ms)
        return false;
    if (head->is_pending)
        sessions_fold(sessions, visit->batch);
    if (head->is_open && !sl_park(&sessions->aggregation, state, in_place.due_ms))
        sessions->is_full = true; /* which ends the job */
    head->is_open = true;
    head->start_us = visit->start_us;
    head->end_us = visit->end_us;
    if (touches_parked)
        session_merge(visit, state);
    session_set_timer(visit, head);
    return true;
}

static void
session_row(const struct session_visit *visit)
{
    struct sl_sessions *sessions = visit->sessions;
    char *state = sessions->states[visit->place];
    struct sl_session_head *head = sl_session_head_of(state);

    if (SL_LIKELY(head->is_open && visit->start_us <= head->end_us &&
                  visit->end_us >= head->start_us && sl_parked_end_us(head) < visit->start_us &&
                  sl_sessions_due_ms(sessions, head->end_us) > visit->clock_ms)) {
        session_extend(visit, head);
    } else if (!session_place(visit, state)) {
        sessions->late_clocks[sessions->late_count] = visit->clock_ms;
        sessions->late_places[sessions->late_count++] = (uint16_t)visit->place;
        return;
    }
    head->is_pending = true;
    sessions->fold_rows[sessions->fold_count] = sessions->aggregation.rows[visit->place];
    sessions->fold_states[sessions->fold_count++] = state;
}

/* --- a batch --- */

static void
sessions_place_rows(struct sl_sessions *sessions, const struct sl_batch *batch, size_t row_count)
{
    const struct sl_window *window = sessions->window;
    const int64_t *times = batch->columns[sessions->time_column]->values;
    const uint16_t *rows = sessions->aggregation.rows;
    int64_t now_us = window->processing_time ? sl_now_us(sessions->op->context->env) : 0;
    struct session_visit visit = {.sessions = sessions, .batch = batch};
    uint32_t mark = 0;

    visit.clock_ms = window->processing_time ? now_us / SL_US_PER_MS : sessions->op->watermark_ms;
    now_us -= now_us % SL_US_PER_MS;
    for (size_t i = 0; i < row_count; i++) {
        for (; mark < batch->mark_count && batch->marks[mark].row <= rows[i]; mark++)
            if (!window->processing_time)
                visit.clock_ms = SL_MAX(visit.clock_ms, batch->marks[mark].time_ms);
        if (i + SESSION_ROWS_AHEAD < row_count)
            sl_session_prefetch(sessions->states[i + SESSION_ROWS_AHEAD]);
        visit.place = i;
        visit.start_us = sl_window_local_us(window, sessions->zone,
                                            window->processing_time ? now_us : times[rows[i]]);
        visit.end_us = visit.start_us + window->size_us;
        session_row(&visit);
    }
    sessions_fold(sessions, batch);
}

/* Those of the keys that were listed. */
static struct sl_state_keys
sessions_some_keys(struct sl_sessions *sessions, const uint16_t *places, size_t count)
{
    struct sl_state_keys keys = {.columns = sessions->aggregation.key_columns,
                                 .rows = sessions->some_rows,
                                 .row_count = count,
                                 .hashes = sessions->some_hashes};

    for (size_t i = 0; i < count; i++) {
        sessions->some_rows[i] = sessions->aggregation.rows[places[i]];
        sessions->some_hashes[i] = sessions->aggregation.hashes[places[i]];
    }
    return keys;
}

static void
sessions_add_timers(struct sl_sessions *sessions)
{
    struct sl_state_keys keys =
        sessions_some_keys(sessions, sessions->timer_places, sessions->timer_count);

    for (size_t i = 0; i < sessions->timer_count; i++)
        sessions->some_dues[i] =
            sl_session_head_of(sessions->states[sessions->timer_places[i]])->timer_ms;
    sl_session_timers_add(&sessions->timers, &keys, sessions->some_dues);
    sessions->timer_count = 0;
}

/* Hands out the rows in some_rows, with the watermark that they were late by. */
static void
sessions_route_late(struct sl_sessions *sessions, const struct sl_batch *batch, struct sl_out *out)
{
    struct sl_op *op = sessions->op;
    int64_t watermark_ms = op->watermark_ms;

    for (size_t from = 0, i = 1; i <= sessions->late_count; i++) {
        if (i < sessions->late_count && sessions->late_clocks[i] == sessions->late_clocks[from])
            continue;
        op->watermark_ms = sessions->late_clocks[from];
        out->late(out,
                  sl_batch_share(op->context->pool, batch, sessions->some_rows + from, i - from));
        from = i;
    }
    op->watermark_ms = watermark_ms;
}

/* Hands out the late rows; keys that have nothing else leave no state. */
static void
sessions_add_late(struct sl_sessions *sessions, const struct sl_batch *batch, struct sl_out *out)
{
    struct sl_state_keys keys =
        sessions_some_keys(sessions, sessions->late_places, sessions->late_count);
    size_t count = 0;

    sessions_route_late(sessions, batch, out);
    for (size_t i = 0; i < sessions->late_count; i++) {
        size_t place = sessions->late_places[i];
        const struct sl_session_head *head = sl_session_head_of(sessions->states[place]);

        if (head->is_open || head->parked.length)
            continue;
        sessions->some_rows[count] = sessions->aggregation.rows[place];
        sessions->some_hashes[count++] = sessions->aggregation.hashes[place];
    }
    keys.row_count = count;
    if (count > 0)
        sl_table_delete(sessions->aggregation.table, &keys);
    sessions->late_count = 0;
}

int
sl_session_op_batch(struct sl_op *op, unsigned input, struct sl_batch *batch, struct sl_out *out,
                    struct sl_error *err)
{
    struct sl_sessions *sessions = &((struct sl_session_op *)op)->sessions;
    struct sl_aggregation *aggregation = &sessions->aggregation;
    int count = sl_aggregation_begin(aggregation, op, batch, out, err);

    if (count > 0 && !sessions->window->processing_time)
        count =
            sl_aggregation_drop_timeless(aggregation, batch, sessions->time_column, (size_t)count,
                                         "the time of a session must not be NULL", out, err);
    if (count > 0) {
        struct sl_state_keys keys = {.columns = aggregation->key_columns,
                                     .rows = aggregation->rows,
                                     .row_count = (size_t)count,
                                     .hashes = aggregation->hashes};

        sl_table_upsert(aggregation->table, &keys, sessions->states, NULL);
        sessions_place_rows(sessions, batch, (size_t)count);
        if (sessions->timer_count > 0)
            sessions_add_timers(sessions);
        if (sessions->late_count > 0)
            sessions_add_late(sessions, batch, out);
    }
    sl_aggregation_end(aggregation);
    if (sessions->is_full)
        return SL_ERROR(err, SL_E_LIMIT_EXCEEDED,
                        "the open sessions of one key have more than 1 GiB");
    return SL_MIN(count, SL_OK);
}

int
sl_session_op_prepare(struct sl_op *op, unsigned input, const struct sl_batch *batch,
                      struct sl_error *err)
{
    struct sl_sessions *sessions = &((struct sl_session_op *)op)->sessions;

    return sl_aggregation_prepare_batch(&sessions->aggregation, op, batch, err);
}
