/* The results of OVER over rows that are all there: partitions one after another, each in order.
 *
 * Frames only ever move forwards within a partition: what comes into one is added to one
 * accumulator, what leaves it is taken back. */
#ifndef SL_EXECUTOR_OVER_FRAMES_H
#define SL_EXECUTOR_OVER_FRAMES_H

#include "executor/aggregation.h"
#include "executor/row_order.h"

/* Places [start, end) of the rows. */
struct sl_over_range {
    uint32_t start, end;
};

struct sl_over_frames {
    struct sl_op *op;
    const struct sl_over *over;
    struct sl_aggregation aggregation; /* without keys */
    uint32_t *argument_columns;        /* of the input, by expression of the aggregation */
    char *state;                       /* of the step */
    bool is_plain;                     /* accumulators are their bytes: they can be copied */
    char *slots;                       /* plain: copies by row of the chunk */
    uint8_t *taken_back;               /* kinds, all -D */
    uint16_t *row_numbers;             /* 0, 1, … */
    const struct sl_row_store *rows;   /* batches of SL_BATCH_ROWS_MAX, but the last */
    const uint8_t *starts;
    /* Of the row that is looked at. */
    struct sl_over_range partition, peers, frame;
    uint32_t dense_rank;
    struct sl_over_range folded; /* what is in the state */
    /* RANGE with an offset: rows before these are before the frame's start, its end. */
    uint32_t range_start, range_end;
};

/* A row whose result cannot be made, for this aggregate of the window. */
struct sl_over_failure {
    uint16_t row, aggregate;
};

/* The columns that the aggregation's expressions are, in its order: arguments, then the filter. */
void sl_over_list_arguments(const struct sl_aggregation *aggregation, uint32_t *ret_columns);
/* A row of NULL. */
struct sl_column *sl_over_null(struct sl_pool *pool, const struct sl_type *type);
/* The results of some frames, `counts` in each column in turn (NULL: one), as a column for the
 * rows: of row i it is result results[i].  Takes over the columns. */
struct sl_column *sl_over_spread(struct sl_pool *pool, struct sl_column **columns,
                                 const uint32_t *counts, size_t column_count,
                                 const uint32_t *results, size_t row_count);
/* The failures of rows whose results (their `row`) failed; how many is returned. */
size_t sl_over_spread_failures(const struct sl_over_failure *failed, size_t failed_count,
                               const uint32_t *results, size_t row_count,
                               struct sl_over_failure *ret_failures);

int sl_over_frames_open(struct sl_over_frames *frames, struct sl_op *op, const struct sl_over *over,
                        struct sl_error *err);
void sl_over_frames_close(struct sl_over_frames *frames);
/* Rows in order, and where partitions and peers start; both stay until the next call. */
void sl_over_frames_begin(struct sl_over_frames *frames, const struct sl_row_store *rows,
                          const uint8_t *starts);
/* The results of the rows of batch `index` of the store, which must come one after another, a
 * column a call; *ret_failure_count of its rows have none, of which failures[] (as many as rows)
 * tells. */
void sl_over_frames_results(struct sl_over_frames *frames, size_t index,
                            struct sl_column **ret_columns, struct sl_over_failure *failures,
                            size_t *ret_failure_count);
/* Tells of rows of an input batch that have no result.  Negative: the policy is to fail. */
int sl_over_tell(struct sl_op *op, const struct sl_aggregation *aggregation,
                 const struct sl_batch *input, const struct sl_over_failure *failures,
                 size_t failure_count, struct sl_out *out, struct sl_error *err);
/* Emits a batch of input and results, which it takes over, without the rows that failed, of which
 * it tells. */
int sl_over_emit(struct sl_op *op, const struct sl_aggregation *aggregation, struct sl_batch *batch,
                 size_t input_columns, const struct sl_over_failure *failures, size_t failure_count,
                 struct sl_out *out, struct sl_error *err);

#endif
