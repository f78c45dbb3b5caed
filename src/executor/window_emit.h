/* Windows whose results are updated: what the files of the operator WINDOW_EMIT share.
 *
 *     a row:          goes into each of its windows that are not over; it is late where none is.
 *                     Its groups fire at once, or are dirty until their timer, or the window, fires
 *     a timer:        a group that is dirty fires, so long after its first change, by the clock
 *     watermark W:    windows that end at W fire: the groups that are dirty.  Those that ended so
 *                     long ago as rows may be late fire the last corrections, and go
 *     a group fires:  +I the first time, then -U and +U where its result is another one
 *
 * 1. A group that is not dirty and has rows has been emitted as it is.  What a dirty one was
 *    emitted as is in its row.
 * 2. All windows up to `fired_us` have fired; no row is taken before.
 * 3. State is true between any two groups that fire: a firing is begun anew after a restore.
 *
 * State: (end of the window, keys) → head and accumulators; and the timers. */
#ifndef SL_EXECUTOR_WINDOW_EMIT_H
#define SL_EXECUTOR_WINDOW_EMIT_H

#include "executor/group_changes.h"
#include "executor/session.h"
#include "executor/window.h"

/* The value of a group begins with it. */
struct sl_window_emit_head {
    int64_t row_count;
    int64_t timer_ms;      /* the last one, which is to come if has_timer */
    struct sl_view before; /* has_before: the results, packed, that were emitted */
    bool is_dirty;         /* changed since it was emitted */
    bool is_late_dirty;    /* … behind the end of its window */
    bool has_before;
    bool has_timer, timer_is_late;
    bool came_late; /* behind the end of its window: fires at once, as in Flink */
    uint8_t unused[2];
};

static inline struct sl_window_emit_head *
sl_window_emit_head_of(char *state)
{
    return (struct sl_window_emit_head *)(void *)state;
}

/* A window that fires. */
struct sl_window_firing {
    bool is_on, is_scanning;
    int64_t end_us;
    bool is_last; /* the window is over behind it */
    struct sl_state_scan scan;
    struct sl_buffer keys; /* of the groups that fire, … */
    size_t *key_ends;
    uint64_t *hashes;
    size_t count, capacity, next;
};

struct sl_window_emit {
    struct sl_op op;
    const struct sl_phys_window_emit *plan;
    const struct sl_zone *zone;
    struct sl_aggregation groups;
    struct sl_group_changes changes;
    const struct sl_row_layout *layout; /* of results */
    struct sl_buffer packed;
    int64_t change_end_us; /* the window whose changes are emitted */
    int64_t lateness_ms;
    int64_t fired_us;  /* the end of the last window that has fired; INT64_MIN: none has */
    bool may_be_dirty; /* groups that this plan would not leave so: of other settings, before */
    /* A batch. */
    struct sl_batch *batch;   /* under way; NULL: none */
    struct sl_batch *waiting; /* that a firing is finished for; NULL: none */
    size_t row_count;
    int64_t *ends, *lasts; /* of the first and the last window, by place in groups.rows */
    uint16_t *order;       /* places, by the first window */
    size_t first, past;    /* places of the order: in the window end_us */
    int64_t end_us;        /* of the window that is worked on */
    bool has_window;       /* … next, its state may have to be read first */
    int64_t expired_us;    /* windows up to this end are over */
    uint16_t *rows;        /* in the window, … */
    uint64_t *hashes;
    char **states;
    uint16_t *some_rows; /* … and those of them that only make their groups dirty */
    char **some_states;
    uint16_t *some_places;
    uint64_t *places; /* a bitmap */
    /* Firing. */
    struct sl_window_firing firing;
    struct sl_session_timers timers; /* (keys, end of the window) */
    struct sl_due *dues;     /* taken from the timers, not yet worked on */
    size_t due_count, due_next;
    struct sl_column **due_columns;
    uint16_t *due_order; /* by the end of the window */
    uint64_t *due_hashes;
};

/* Has the window ended by the clock or the watermark that the operator goes by? */
bool sl_window_emit_has_ended(const struct sl_window_emit *op, int64_t end_us);
/* So long ago that no row counts any more? */
bool sl_window_emit_is_over(const struct sl_window_emit *op, int64_t end_us);

/* --- firing: window_emit_fire.c --- */

/* Fires these groups of a window, `count` at most SL_GROUP_CHUNK, whose states were looked up to be
 * written; keys are those rows of the columns.  SL_AGAIN: as emit said, all is done. */
int sl_window_emit_fire(struct sl_window_emit *op, int64_t end_us,
                        struct sl_column *const *key_columns, const uint16_t *key_rows,
                        char *const *states, size_t count, struct sl_out *out,
                        struct sl_error *err);
/* Fires what has ended, and drops what is over, until SL_AGAIN. */
int sl_window_emit_fire_due(struct sl_window_emit *op, struct sl_out *out, struct sl_error *err);
/* Is there anything for it to do? */
bool sl_window_emit_is_due(const struct sl_window_emit *op);
/* Up to where a barrier may come.  SL_AGAIN: state is read. */
int sl_window_emit_settle(struct sl_window_emit *op, struct sl_error *err);
/* The end of the first window that is to fire; INT64_MAX: none is there. */
int64_t sl_window_emit_next_end(const struct sl_window_emit *op);
void sl_window_emit_close_firing(struct sl_window_emit *op);

/* --- timers: window_emit_timers.c --- */

int sl_window_emit_open_timers(struct sl_window_emit *op, struct sl_error *err);
void sl_window_emit_close_timers(struct sl_window_emit *op);
/* Sets the timers of these groups of the batch's window, which are dirty and have none; by place in
 * op->rows. */
void sl_window_emit_set_timers(struct sl_window_emit *op, const uint16_t *places, size_t count,
                               bool is_late);
/* The next one, by the clock in µs; INT64_MAX: none. */
int64_t sl_window_emit_next_timer_us(const struct sl_window_emit *op);
/* Fires the groups whose timers are due, until SL_AGAIN. */
int sl_window_emit_fire_timers(struct sl_window_emit *op, struct sl_out *out, struct sl_error *err);

#endif
