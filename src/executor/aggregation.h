/* What the aggregating operators share: evaluating arguments and filters, folding rows into
 * accumulators in state rows, DISTINCT, and making the result columns. */
#ifndef SL_EXECUTOR_AGGREGATION_H
#define SL_EXECUTOR_AGGREGATION_H

#include "executor/operator.h"
#include "expr/distinct.h"
#include "storage/table.h"

/* An accumulator's place in the state row's value, and where its columns are in the program. */
struct sl_aggregation_item {
    const struct sl_aggregate *aggregate;
    size_t state_offset;
    int32_t argument;       /* index of the first one's expression; -1: COUNT(*) */
    int32_t filter;         /* -1: none */
    bool distinct;          /* its values are in a table; */
    struct sl_distinct set; /* … DISTINCT, too, if its aggregate is set: they are in the row */
};

/* The values of one argument, for all aggregates that are DISTINCT by it. */
struct sl_aggregation_values {
    struct sl_state_table *table; /* (keys…, argument) → a bit or a count an aggregate */
    size_t *items;                /* of the aggregation, in the order of these */
    size_t item_count;
    size_t word_count; /* of as many bits */
    bool counts;       /* 8 bytes each, for input that takes rows back: how often it came; behind
                          them the life of the group in which that was */
    bool keeps_nulls;  /* some aggregate does */
};

/* Two phases: LOCAL ones fold a batch and keep nothing; GLOBAL ones take what these made. */
enum sl_aggregation_phase { SL_AGGREGATION_ONLY, SL_AGGREGATION_LOCAL, SL_AGGREGATION_GLOBAL };

/* The result in row `row` cannot be made, for this item does not fit. */
struct sl_aggregation_failure {
    uint16_t row, item;
};
struct sl_aggregation_failures {
    uint64_t rows[SL_BATCH_ROWS_MAX / 64];
    struct sl_aggregation_failure *list; /* one a row */
    size_t count;
};

struct sl_aggregation {
    struct sl_aggregation_item *items;
    size_t count;
    enum sl_aggregation_phase phase; /* to be set before it is opened */
    size_t head_size;   /* bytes of the value before the accumulators, the operator's own */
    uint32_t head_views[2]; /* where these hold views, … */
    size_t head_view_count; /* … so many */
    bool counts_rows;   /* the last aggregate is a COUNT(*) of the operator's own, without result */
    bool is_resident;   /* its rows are never evicted: nothing is prepared */
    bool has_sets;      /* DISTINCT values are kept in the row, so that rows can be merged */
    size_t value_size;
    struct sl_state_table *table;    /* keys → accumulators */
    struct sl_state_table_spec spec; /* of that table */
    struct sl_aggregation_values *values;
    size_t values_count;
    /* Where values are counted: a group that lost all of its rows begins a new life, whose number,
     * in its row, no group had before (0: it has no values yet). */
    size_t life_offset; /* 0: no values are counted */
    uint64_t last_life;
    const uint32_t *keys; /* columns of the input */
    size_t key_count;
    struct sl_eval *eval;
    struct sl_column **arguments; /* of the running batch, by expression */
    size_t expr_count;
    struct sl_pool *pool;
    struct sl_column **key_columns;
    int64_t ttl_us; /* of the rows of all its tables; 0: they stay */
    bool overflow_wraps;
    /* Scratch for one batch. */
    uint64_t *hashes;
    char **states, **some_states;
    uint16_t *rows, *some_rows;
    struct sl_aggregation_seen *seen; /* aggregation_distinct.h; NULL: no values are in tables */
    struct sl_aggregation_failures failures; /* of the last results */
    char *parts;                             /* GLOBAL: those of the batch, by physical row */
    const char **part_froms;
};

/* Opens the state tables `<name>` and, for each argument by which aggregates are DISTINCT,
 * `<name>.distinct.<number of the first of them>`; `head_size`, `head_views`,
 * `counts_rows`, `has_sets` and `ttl_us` may be set before. */
int sl_aggregation_open(struct sl_aggregation *aggregation, struct sl_op *op, const char *name,
                        const uint32_t *keys, size_t key_count,
                        struct sl_aggregate *const *aggregates, size_t aggregate_count,
                        bool has_time, struct sl_error *err);
void sl_aggregation_close(struct sl_aggregation *aggregation);

/* Evaluates arguments and filters and hashes the keys of one batch.  Rows that fail go to
 * out->error; the live rows that are left are in aggregation->rows, their hashes beside.  Returns
 * their number, or a negative code. */
int sl_aggregation_begin(struct sl_aggregation *aggregation, struct sl_op *op,
                         const struct sl_batch *batch, struct sl_out *out, struct sl_error *err);
/* Rows without a time are errors, with this text (where `out` is NULL nobody is told); the first
 * `row_count` of aggregation->rows keep the others, with their hashes.  Returns how many, or a
 * negative code. */
int sl_aggregation_drop_timeless(struct sl_aggregation *aggregation, const struct sl_batch *batch,
                                 uint32_t time_column, size_t row_count, const char *text,
                                 struct sl_out *out, struct sl_error *err);
/* Folds `row_count` rows of the batch into the state of `time`. */
void sl_aggregation_add(struct sl_aggregation *aggregation, const struct sl_batch *batch,
                        int64_t time, const uint16_t *rows, const uint64_t *hashes,
                        size_t row_count);
/* The same for rows whose states the caller has looked up; those of kind -U and -D are taken back.
 */
void sl_aggregation_add_to(struct sl_aggregation *aggregation, const struct sl_batch *batch,
                           int64_t time, const uint16_t *rows, char *const *states,
                           size_t row_count);
/* Aggregates that have results. */
static inline size_t
sl_aggregation_result_count(const struct sl_aggregation *aggregation)
{
    return aggregation->count - aggregation->counts_rows;
}
/* counts_rows: how many rows the state has, less those that were taken back. */
int64_t sl_aggregation_row_count(const struct sl_aggregation *aggregation, const char *state);
/* The results of these states, a column an aggregate.  Rows that cannot be made are listed in
 * aggregation->failures; what stands there in the columns means nothing. */
void sl_aggregation_results(struct sl_aggregation *aggregation, char *const *states,
                            size_t row_count, struct sl_column **ret_columns);
/* Folds the accumulators of the value `from`, which may be a copy, into those of `to`; DISTINCT
 * ones must have sets. */
void sl_aggregation_merge_value(struct sl_aggregation *aggregation, int64_t time, char *to,
                                const char *from);
/* The accumulators of a state are empty again. */
void sl_aggregation_reset(struct sl_aggregation *aggregation, int64_t time, char *state);
/* The same for an operator's `prepare`: as `begin`, but rows that fail are left in, untold; then
 * the state of these rows is made ready, which may be SL_AGAIN. */
size_t sl_aggregation_begin_prepare(struct sl_aggregation *aggregation, struct sl_op *op,
                                    const struct sl_batch *batch);
int sl_aggregation_prepare(struct sl_aggregation *aggregation, int64_t time, const uint16_t *rows,
                           const uint64_t *hashes, size_t row_count, struct sl_error *err);
/* Both, of all rows, in tables without time. */
int sl_aggregation_prepare_batch(struct sl_aggregation *aggregation, struct sl_op *op,
                                 const struct sl_batch *batch, struct sl_error *err);
void sl_aggregation_end(struct sl_aggregation *aggregation); /* lets go of the batch's columns */

/* Key columns, then aggregate columns, of these state rows into ret_columns; failures as there. */
void sl_aggregation_finish(struct sl_aggregation *aggregation, const struct sl_state_row *rows,
                           size_t row_count, struct sl_column **ret_columns);
/* Of the table and those of DISTINCT. */
void sl_aggregation_drop_time(struct sl_aggregation *aggregation, int64_t time);

/* --- results that cannot be made: aggregation_failures.c --- */

/* These rows (bits of `errors`) of a result have failed because of the item. */
void sl_aggregation_note_failures(struct sl_aggregation *aggregation, size_t item,
                                  const uint64_t *errors, size_t row_count);
/* Tells of failures, with the aggregate and what the group is: `results` has the columns of the
 * operator's output, of which those of aggregates are not looked at.  Negative: the policy is to
 * fail. */
int sl_aggregation_tell_failures(const struct sl_aggregation *aggregation, struct sl_op *op,
                                 const struct sl_batch *results,
                                 const struct sl_aggregation_failure *failures, size_t count,
                                 struct sl_out *out, struct sl_error *err);
/* "bigint out of range in SUM(x)": why a result of the item cannot be made; `input` is what the
 * aggregates are over. */
const char *sl_aggregation_failure_text(struct sl_arena *arena,
                                        const struct sl_aggregation *aggregation, size_t item,
                                        const struct sl_phys_node *input);
/* Emits the operator's output, which it takes over, without the failures of the last results, of
 * which it tells.  Negative as there; SL_AGAIN as of sl_out_emit. */
int sl_aggregation_emit(struct sl_aggregation *aggregation, struct sl_op *op,
                        struct sl_batch *results, struct sl_out *out, struct sl_error *err);

/* --- merging: aggregation_merge.c --- */

#define SL_AGGREGATION_MERGE_MAX 1024 /* rows a call */

/* The same aggregates in tables of another state, for what is merged merely: neither rows nor
 * batches are added to it. */
int sl_aggregation_open_merged(struct sl_aggregation *merged, const struct sl_aggregation *from,
                               struct sl_arena *arena, struct sl_state *state,
                               struct sl_error *err);
/* Folds rows of a table of the same shape into the rows of `time`, one after another; without the
 * aggregates that are DISTINCT.  SL_AGAIN, before anything was changed: state is being read. */
int sl_aggregation_merge(struct sl_aggregation *aggregation, int64_t time,
                         const struct sl_state_row *rows, size_t row_count, struct sl_error *err);
/* The same for those of values[index], with rows of its table. */
int sl_aggregation_merge_distinct(struct sl_aggregation *aggregation, size_t index, int64_t time,
                                  const struct sl_state_row *rows, size_t row_count,
                                  struct sl_error *err);

/* --- two phases: aggregation_phases.c --- */

/* What a local phase makes of the rows of a batch that have the same keys (and slice): a row of the
 * key columns, of the slice's end where there is one, and of bytes: how many rows there are, less
 * those that are taken back, then the accumulators.  None of them has a view. */
#define SL_AGGREGATION_PART_HEAD sizeof(int64_t)

struct sl_aggregation_part {
    uint64_t hash;
    int64_t end;
    uint16_t row; /* the first of them */
    uint16_t slot;
};

struct sl_aggregation_local {
    struct sl_aggregation aggregation;
    uint16_t *slots; /* 1 + index of a part; 0: free */
    struct sl_aggregation_part *parts;
    size_t part_count;
    uint16_t *part_of; /* by place in aggregation.rows */
};

int sl_aggregation_local_open(struct sl_aggregation_local *local, struct sl_op *op,
                              const uint32_t *keys, size_t key_count,
                              struct sl_aggregate *const *aggregates, size_t aggregate_count,
                              struct sl_error *err);
void sl_aggregation_local_close(struct sl_aggregation_local *local);
/* Emits the parts of the rows that `begin` listed; `ends`, by place in aggregation.rows: of their
 * slices; NULL: they have none. */
int sl_aggregation_local_emit(struct sl_aggregation_local *local, struct sl_op *op,
                              const struct sl_batch *batch, const int64_t *ends, size_t row_count,
                              struct sl_out *out);

/* How many rows, less those that are taken back, the part in this physical row of the batch is. */
int64_t sl_aggregation_part_rows(const struct sl_aggregation *aggregation, uint16_t row);
/* What `open`, `begin` and `add_to` do with parts.  XX001: one has another size. */
void sl_aggregation_open_parts(struct sl_aggregation *aggregation, struct sl_arena *arena);
int sl_aggregation_take_parts(struct sl_aggregation *aggregation, const struct sl_batch *batch,
                              size_t row_count, struct sl_error *err);
void sl_aggregation_merge_parts(struct sl_aggregation *aggregation, const uint16_t *rows,
                                char *const *states, size_t row_count);

/* What accumulators own beside the row's value is in the memory of the row's slice. */
struct sl_aggregation_keeper {
    struct sl_aggregate_keeper keeper;
    struct sl_state_table *table;
    int64_t time;
};
struct sl_aggregation_keeper sl_aggregation_keeper_of(const struct sl_aggregation *aggregation,
                                                      int64_t time);

#endif
