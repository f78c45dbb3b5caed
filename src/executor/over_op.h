/* OVER in order of time over a stream: what its two files share. */
#ifndef SL_EXECUTOR_OVER_OP_H
#define SL_EXECUTOR_OVER_OP_H

#include "executor/over_chunk.h"
#include "executor/session.h"

enum {
    OVER_TIMER_BUCKET_MS = 1000,
    OVER_ROUND_ROWS = 65536, /* of a partition come out in one go, but for the last one's peers */
};

/* A row that comes out. */
struct over_row {
    int64_t time_us;
    struct sl_text text;
    uint32_t place; /* in `pending` */
};

struct op_over {
    struct sl_op op;
    const struct sl_phys_over *plan;
    struct sl_aggregation partitions;
    struct sl_over_chunk chunk;
    struct sl_session_timers timers;
    const struct sl_row_layout *layout; /* of rows that wait */
    bool waits, by_clock;
    char **states; /* by place in partitions.rows */
    struct sl_over_failure *failures;
    uint16_t *timer_rows, *due_rows; /* due_rows: of due_columns, by place in `states` */
    uint64_t *timer_hashes, *due_hashes;
    int64_t *timer_dues;
    size_t timer_count;
    struct sl_due *dues; /* taken from the timers, not yet worked on */
    size_t due_count;
    struct sl_column **due_columns;
    /* Rows that come out next. */
    struct over_row *ready; /* of one partition */
    size_t ready_count, ready_capacity;
    struct sl_text *texts; /* of the chunk */
    int64_t *times_us;
    char **chunk_states;
    size_t chunk_count;
    bool *keeps;
    size_t keeps_capacity;
    char **put_out; /* partitions whose rows are in the chunk, and wait no more behind it */
    size_t put_out_count;
    int64_t clock_ms; /* of the running round */
    uint16_t *gone;   /* places of partitions that go */
    size_t gone_count;
};

static inline bool
over_is_bounded(const struct op_over *op)
{
    return op->plan->over.frame.start.kind != SL_BOUND_UNBOUNDED_PRECEDING;
}

/* When rows of a time come out: event time with the watermark, the clock's once it has left it. */
static inline int64_t
over_due_ms(const struct op_over *op, int64_t time_us)
{
    return time_us / SL_US_PER_MS + op->by_clock;
}

/* Emits the rows of a batch without selection, with what is computed over them. */
int sl_over_op_emit(struct op_over *op, struct sl_batch *rows, char *const *states,
                    const int64_t *times_us, struct sl_out *out, struct sl_error *err);
/* The partition of op->states[place] is looked at again by then; rows and hashes are those of the
 * places. */
void sl_over_op_set_timer(struct op_over *op, size_t place, const uint16_t *rows,
                          const uint64_t *hashes, int64_t due_ms);

/* --- over_put_out.c --- */

/* Puts out what is due in a partition at op->clock_ms; *ret_next_us: the first time of what is not,
 * INT64_MAX: nothing is left.  Behind the next flush it waits no more. */
int sl_over_put_out_due(struct op_over *op, char *state, int64_t *ret_next_us, struct sl_out *out,
                        struct sl_error *err);
/* Emits the chunk; then the partitions whose rows it had may change. */
int sl_over_flush(struct op_over *op, struct sl_out *out, struct sl_error *err);
/* A partition whose timer has gone off. */
int sl_over_fire(struct op_over *op, uint16_t place, struct sl_out *out, struct sl_error *err);
/* When a partition that nothing waits in can be in no frame any more; INT64_MAX: it can always. */
int64_t sl_over_gone_ms(const struct op_over *op, const struct sl_over_partition *partition);

#endif
