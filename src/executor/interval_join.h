/* Inside executor: the interval join's parts; op_interval_join.c has its specification. */
#ifndef SL_EXECUTOR_INTERVAL_JOIN_H
#define SL_EXECUTOR_INTERVAL_JOIN_H

#include "data/row.h"
#include "executor/due_heap.h"
#include "executor/join_rows.h"
#include "executor/operator.h"

/* The rows without a match of the oldest bucket, by time; what the state says of them counts.  Not
 * stored: it is made anew by a scan. */
struct join_expiry {
    int64_t bucket;
    bool is_built;
    bool is_scanning;
    struct sl_state_scan scan;
    struct sl_due_heap heap; /* of their times in us */
    struct sl_buffer keys;
    struct sl_due *taken; /* from the heap, yet to be emitted; a batch of them */
    size_t taken_count;
};

/* One input, and its rows. */
struct join_side {
    struct sl_state_table *table; /* (bucket, keys) → struct sl_join_rows */
    const uint32_t *keys;         /* columns of the input */
    uint32_t time_column;
    bool keeps;        /* its rows come out without a match, too */
    int64_t reach_us;  /* a row's matches have times up to its own + this; the watermark beyond it
                          ends its stay */
    uint32_t *columns; /* of the input, which are kept, … */
    uint32_t *places;  /* … and where they are in a pair */
    size_t column_count;
    const struct sl_row_layout *layout;
    size_t value_size; /* of the table */
    const struct sl_row_layout *input_layout; /* of all columns of the input */
    size_t input_count;
    struct join_expiry expiry;
};

struct join_pair {
    uint16_t index;            /* of the batch's row, in `rows` */
    struct sl_text text;       /* the other side's row */
    struct sl_join_rows *kept; /* where it is, … */
    uint32_t slot;
};

#define JOIN_FIRST_MATCH UINT32_MAX

/* A batch under way. */
struct join_probe {
    struct sl_batch *batch; /* NULL: none */
    bool is_owned;          /* it had waited: a reference of its own */
    unsigned input;
    uint16_t *rows;   /* those that can have matches */
    uint64_t *hashes;
    int64_t *times_us, *low_us, *high_us; /* of the row; of its matches: none where low > high */
    bool *stays; /* matches may come after it */
    bool *matched;
    size_t row_count;
    uint16_t *alone; /* rows that can have none */
    size_t alone_count;
    int64_t bucket; /* of the other side, where it stands; INT64_MAX: all are through */
    size_t next;    /* among the bucket's candidates, … */
    uint32_t slot;  /* … and there; JOIN_FIRST_MATCH: from its first match on */
    size_t cut;     /* a row that begins at cut_slot in the bucket of its low_us; SIZE_MAX: none */
    uint32_t cut_slot;
};

struct op_interval_join {
    struct sl_op op;
    const struct sl_phys_interval_join *plan;
    struct join_side sides[2];
    int64_t hold_us; /* rows without a match stay so much beyond their reach */
    size_t batch_max;
    struct sl_eval *condition; /* NULL: none */
    struct join_probe probe;
    struct join_pair *pairs;
    size_t pair_count;
    struct sl_column **key_columns, **side_columns;
    struct sl_text *texts;
    /* Scratch: the candidates of a bucket. */
    uint16_t *some, *some_rows;
    uint64_t *some_hashes;
    const char **found;
    char **values;
    uint32_t *gathered;
    uint16_t *selection;
    struct sl_buffer packed;
    struct sl_key_bytes key_bytes;
    int64_t now_ms;           /* processing time, never backwards */
    struct sl_buffer pending; /* rows that wait, from pending_at on */
    size_t pending_at;
    bool is_paused;
};

/* The moment that rows are measured by: the watermark, or processing time. */
int64_t join_clock_us(const struct op_interval_join *op);
int64_t join_bucket_of(const struct op_interval_join *op, int64_t time_us);
static inline bool
join_is_over(const struct op_interval_join *op, const struct join_side *side, int64_t time_us)
{
    return join_clock_us(op) > time_us + side->reach_us + op->hold_us;
}

/* A batch of rows of one side without a match; columns[i] is side->columns[i], taken over. */
int join_emit_alone(struct op_interval_join *op, const struct join_side *side,
                    struct sl_column **columns, size_t row_count, struct sl_out *out);

static inline struct join_side *
join_own(struct op_interval_join *op) /* the side of the batch under way */
{
    return &op->sides[op->probe.input];
}
static inline struct join_side *
join_other(struct op_interval_join *op)
{
    return &op->sides[!op->probe.input];
}
/* The first bucket of the other side, from this time on, that some row may reach. */
int64_t join_next_bucket(struct op_interval_join *op, int64_t from_us);
/* The first `count` rows of some_rows[], with their hashes, in this bucket. */
struct sl_state_keys join_keys(const struct op_interval_join *op, int64_t bucket, size_t count);
/* The rows of the batch that reach a bucket of the other side, in some[], some_rows[],
 * some_hashes[]; their number. */
size_t join_list_candidates(struct op_interval_join *op, int64_t bucket);
void join_start_probe(struct op_interval_join *op); /* the batch's rows are listed */
void join_end_batch(struct op_interval_join *op);

/* interval_join_probe.c */
/* From where the probe stands: SL_AGAIN, it stands somewhere else. */
int join_probe_all(struct op_interval_join *op, struct sl_out *out, struct sl_error *err);

/* interval_join_keep.c */
/* The rows that stay, in some[], by their buckets; of the others, those that come out alone join
 * the batch's that do. */
size_t join_list_staying(struct op_interval_join *op);
/* The end of the run of rows that have the bucket of row `from` of those that stay. */
size_t join_run_end(const struct op_interval_join *op, size_t from, size_t count,
                    int64_t *ret_bucket);
struct sl_state_keys join_run_keys(const struct op_interval_join *op, int64_t bucket, size_t from,
                                   size_t to);
int join_keep_all(struct op_interval_join *op, struct sl_error *err);

/* interval_join_pending.c */
void join_pending_open(struct op_interval_join *op);
/* The batch that join_begin has looked at waits behind those that do. */
void join_pending_add(struct op_interval_join *op, const struct sl_batch *batch);
/* The batch under way waits, if there is one, before all others. */
void join_pending_pause(struct op_interval_join *op);
/* The next rows that wait are the batch under way; there are some. */
int join_pending_take(struct op_interval_join *op, struct sl_error *err);
int join_pending_barrier(struct sl_op *base, uint64_t epoch, struct sl_snapshot *snapshot,
                         struct sl_error *err);
int join_pending_restore(struct sl_op *base, const struct sl_manifest *from, struct sl_error *err);

/* interval_join_expiry.c */
void join_expiry_init(struct join_expiry *expiry, struct sl_arena *arena);
void join_expiry_done(struct join_expiry *expiry);
/* A row of that bucket was added that may come out alone. */
void join_expiry_add(struct join_expiry *expiry, int64_t time_us, struct sl_text key);
/* Emits what is over of both sides and drops its buckets.  SL_AGAIN: called again. */
int join_expire(struct op_interval_join *op, struct sl_out *out, struct sl_error *err);
/* Nothing is left half done: a barrier may pass, batches may come. */
void join_expiry_pause(struct join_expiry *expiry);
/* The first moment at which join_expire has something to do; INT64_MAX: none. */
int64_t join_next_over_us(const struct op_interval_join *op);

#endif
