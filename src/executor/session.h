/* Sessions: windows that begin with a row, last `gap` beyond their last one, and merge where they
 * meet.  What the two operators over them share: their state, their timers, their firing.
 *
 * - A row at t has the window [t, t + gap].  The open sessions of its key that it touches (ends
 *   included, as in Flink) and itself become one.  It is late, and dropped, where it touches none
 *   and its own window is over.
 * - A session whose last millisecond the watermark has reached is over: no row touches it any more,
 *   and it is handed out.
 *
 * 1. A row of state a key: the session that came last in place, the others parked: as bytes in a
 *    blob of the row.  Rows in order of time touch the one in place alone.
 * 2. A key has one timer that counts, at or before the first end of its sessions.  It is lazy: a
 *    session that goes on leaves it where it is; when it goes off it is put in anew.
 * 3. Rows are judged by the watermark at each of them, so that nothing depends on how they were cut
 *    into batches.  What a batch ends is handed out with the watermark behind it.
 * 4. Where rows are taken back, one that is does to sessions what every row does, and its values
 *    leave the accumulators; a session without rows is handed out to nobody.
 * 5. State and timers are true between any two steps: what is handed out has left the state in the
 *    same step.  So a firing may stop and a barrier come wherever it is. */
#ifndef SL_EXECUTOR_SESSION_H
#define SL_EXECUTOR_SESSION_H

#include "executor/aggregation.h"
#include "executor/due_heap.h"
#include "executor/window.h"

/* --- parked sessions: session_parked.c --- */

/* What a session is; bounds in µs of the window's clock. */
struct sl_session {
    int64_t start_us, end_us;
    int64_t due_ms; /* when it is over */
};

/* The value of a key begins with it; the accumulators of the session in place follow. */
struct sl_session_head {
    int64_t start_us, end_us;
    int64_t timer_ms;
    bool is_open; /* a session is in place */
    bool has_timer;
    bool is_pending; /* within a batch: rows are listed, but not folded yet */
    uint8_t unused[5];
    struct sl_view parked;                /* a blob; empty: none */
    int64_t parked_due_ms, parked_end_us; /* the least, the highest of those parked, if any are */
};

static inline struct sl_session_head *
sl_session_head_of(char *state)
{
    return (struct sl_session_head *)(void *)state;
}

/* A key's state that is looked at soon: of the keys of a batch not all stay in the processor's
 * caches between two passes. */
static inline void
sl_session_prefetch(const char *state)
{
    __builtin_prefetch(state, 1);
    __builtin_prefetch(state + SL_CACHE_LINE, 1);
}

/* A position in a blob of parked sessions. */
struct sl_parked_cursor {
    size_t at;
    struct sl_session session;
};
bool sl_parked_next(const struct sl_session_head *head, struct sl_parked_cursor *cursor);
/* Of all that are parked, INT64_MAX and INT64_MIN where none are. */
static inline int64_t
sl_parked_due_ms(const struct sl_session_head *head)
{
    return head->parked.length ? head->parked_due_ms : INT64_MAX;
}
static inline int64_t
sl_parked_end_us(const struct sl_session_head *head)
{
    return head->parked.length ? head->parked_end_us : INT64_MIN;
}
#define SL_PARKED_MAX (UINT32_C(1) << 30) /* bytes of a blob */
/* The session in place moves to the blob, leaving empty accumulators.  False: there is no room. */
bool sl_park(struct sl_aggregation *aggregation, char *state, int64_t due_ms);
/* Copies the accumulators of a parked session into `ret_value` (value_size bytes), whose views
 * point into the blob. */
void sl_parked_read(const struct sl_aggregation *aggregation, const char *state,
                    const struct sl_parked_cursor *cursor, char *ret_value);
/* Those for which `goes` says so leave the blob. */
void sl_parked_remove(struct sl_aggregation *aggregation, char *state,
                      bool (*goes)(const struct sl_session *session, void *arg), void *arg);

/* --- timers: session_timers.c --- */

/* Keys by when they are due: in a time-first table of coarse buckets, and those of the buckets that
 * the clock has entered in memory: sorted where they came with their bucket, in a heap where they
 * came later. */
struct sl_session_timers {
    struct sl_state_table *table; /* bucket, keys → the time */
    int64_t bucket_ms;
    int64_t loaded_ms; /* the last bucket that is in memory; INT64_MIN: none */
    struct sl_due_heap heap; /* times in ms */
    struct sl_due *sorted, *spare; /* entries [sorted_next, sorted_count) */
    size_t sorted_next, sorted_count, sorted_capacity;
    size_t bucket_first; /* of the bucket that is scanned */
    struct sl_buffer keys;
    size_t live_bytes; /* of `keys` */
    struct sl_state_scan scan;
    int64_t scanned_ms;
    bool is_scanning;
    uint16_t *order; /* scratch */
    char **states;
    struct sl_key_bytes key_bytes;
};

int sl_session_timers_open(struct sl_session_timers *timers, struct sl_op *op, const char *name,
                           const struct sl_type *const *key_types, size_t key_count,
                           int64_t bucket_ms, struct sl_error *err);
void sl_session_timers_close(struct sl_session_timers *timers);
/* Key keys->rows[i] is due at dues_ms[i]; keys->time is not looked at. */
void sl_session_timers_add(struct sl_session_timers *timers, const struct sl_state_keys *keys,
                           const int64_t *dues_ms);
/* At or before the first that is due; INT64_MAX: none is. */
int64_t sl_session_timers_first_ms(const struct sl_session_timers *timers);
/* The buckets up to the clock are in memory.  SL_AGAIN: state is read. */
int sl_session_timers_load(struct sl_session_timers *timers, int64_t clock_ms,
                           struct sl_error *err);
/* Brings a scan that was begun to its end.  SL_AGAIN: state is read. */
int sl_session_timers_settle(struct sl_session_timers *timers, struct sl_error *err);
/* Takes at most `max` that are due, the first first.  Their keys are good until timers are added.
 */
size_t sl_session_timers_take(struct sl_session_timers *timers, int64_t clock_ms,
                              struct sl_due *ret_dues, size_t max);
static inline struct sl_text
sl_session_timers_key(const struct sl_session_timers *timers, const struct sl_due *due)
{
    return (struct sl_text){timers->keys.data + due->key_at, due->key_size};
}
/* The keys of dues that were taken as columns, a row each, which the caller unrefs, their hashes,
 * and what `table` has of them (NULL: nothing).  SL_AGAIN: state is read. */
int sl_session_timers_find(const struct sl_session_timers *timers, const struct sl_op *op,
                           struct sl_state_table *table, size_t key_count,
                           const struct sl_due *dues, size_t count, struct sl_column **ret_columns,
                           uint64_t *ret_hashes, const char **ret_values, struct sl_error *err);
/* Nothing is due at the clock any more: the buckets behind it go. */
void sl_session_timers_drop(struct sl_session_timers *timers, int64_t clock_ms);

/* --- sessions: session.c, session_fire.c --- */

/* Sessions that are over, in no order; good while they are handed out. */
struct sl_session_rows {
    size_t count;
    char **states; /* whose accumulators are read */
    const int64_t *start_us, *end_us;
    const uint32_t *keys; /* rows of key_columns */
    struct sl_column *const *key_columns;
};

struct sl_sessions {
    struct sl_op *op;
    const struct sl_window *window;
    const struct sl_zone *zone;
    uint32_t time_column;
    struct sl_aggregation aggregation;
    struct sl_session_timers timers;
    const struct sl_type **key_types;
    /* Scratch for one batch. */
    char **states;       /* by place in aggregation.rows */
    uint16_t *fold_rows; /* listed to be folded, … */
    char **fold_states;
    size_t fold_count;
    uint16_t *timer_places; /* … whose keys get timers, … */
    size_t timer_count;
    uint16_t *late_places; /* … and late, … */
    int64_t *late_clocks;  /* … by this watermark */
    size_t late_count;
    uint16_t *some_rows;
    uint64_t *some_hashes;
    int64_t *some_dues;
    char *value;  /* one value, of a parked session */
    bool is_full; /* a key's sessions found no room */
    /* Firing. */
    struct sl_due *dues; /* taken from the timers, not yet worked on */
    size_t due_count;
    struct sl_column **key_columns; /* of these */
    uint16_t *key_rows;             /* of those whose timer counts, … */
    uint64_t *key_hashes;
    char **key_states;
    size_t key_count;
    uint16_t *key_parked; /* … and how many of their parked sessions are handed out, … */
    bool *key_in_place;   /* … and the one in place */
    char **out_states;
    int64_t *out_start_us, *out_end_us;
    uint32_t *out_keys;
    size_t out_count;
    int64_t unmatched; /* rows taken back that were not there, of sessions that are over */
    char *copies; /* values of parked ones that are handed out */
    size_t copy_capacity;
};

/* Opens the tables `session` and `session.timers`.  `keys` are columns of the input, by which rows
 * belong together. */
int sl_sessions_open(struct sl_sessions *sessions, struct sl_op *op, const struct sl_window *window,
                     uint32_t time_column, const uint32_t *keys, size_t key_count,
                     struct sl_aggregate *const *aggregates, size_t aggregate_count,
                     struct sl_error *err);
/* What a session with this end is due at, by its clock. */
int64_t sl_sessions_due_ms(const struct sl_sessions *sessions, int64_t end_us);
/* Takes the results of these sessions, all of them; SL_AGAIN: no more now. */
typedef int (*sl_sessions_emit)(struct sl_op *op, const struct sl_session_rows *rows,
                                struct sl_out *out, struct sl_error *err);

/* The beginning of an operator over sessions, which opens them and says how they are handed out;
 * what else its class has is SL_SESSION_OP. */
struct sl_session_op {
    struct sl_op op;
    struct sl_sessions sessions;
    sl_sessions_emit emit;
};
int sl_session_op_prepare(struct sl_op *op, unsigned input, const struct sl_batch *batch,
                          struct sl_error *err);
int sl_session_op_batch(struct sl_op *op, unsigned input, struct sl_batch *batch,
                        struct sl_out *out, struct sl_error *err);
int sl_session_op_fire(struct sl_op *op, struct sl_out *out, struct sl_error *err);
int sl_session_op_watermark(struct sl_op *op, struct sl_out *out, struct sl_error *err);
int64_t sl_session_op_next_due_ms(struct sl_op *op);
int64_t sl_session_op_next_tick_us(struct sl_op *op);
int sl_session_op_tick(struct sl_op *op, int64_t now_us, struct sl_out *out, struct sl_error *err);
int sl_session_op_pause(struct sl_op *op, struct sl_out *out, struct sl_error *err);
void sl_session_op_close(struct sl_op *op);
#define SL_SESSION_OP                                                                     \
    .takes_marks = true, .prepare = sl_session_op_prepare, .batch = sl_session_op_batch,  \
    .resume = sl_session_op_fire, .watermark = sl_session_op_watermark,                   \
    .next_due_ms = sl_session_op_next_due_ms, .next_tick_us = sl_session_op_next_tick_us, \
    .tick = sl_session_op_tick, .pause = sl_session_op_pause, .close = sl_session_op_close

/* The columns window_start, window_end, window_time (NULL: not wanted) of `count` sessions. */
void sl_sessions_bounds(const struct sl_sessions *sessions, const int64_t *start_us,
                        const int64_t *end_us, size_t count, const struct sl_schema_column *types,
                        const bool wanted[3], struct sl_column **ret_columns);

#endif
