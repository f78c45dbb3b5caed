/* What a job sets aside, as rows of the table that takes it (plan/side_columns.h). */
#ifndef SL_EXECUTOR_SIDE_ROWS_H
#define SL_EXECUTOR_SIDE_ROWS_H

#include "executor/operator.h"

struct sl_side_rows;

/* A record that does not decode, or whose row has no time. */
struct sl_side_record {
    struct sl_text raw, topic; /* start NULL: none */
    int32_t partition;         /* -1: none */
    int64_t offset;            /* -1: none */
    int64_t timestamp_us;      /* INT64_MIN: none */
    const char *reason;
};

/* Of operator `op`, for the SINK node `sink`; lives in the operator's arena. */
struct sl_side_rows *sl_side_rows_new(struct sl_op *op, const struct sl_phys_node *sink);

/* Batches for the sink, the caller's.  Late: live rows of an input batch.  Failed: rows of a batch
 * that came by input `input`, or a scan's own row, or a join's pair; errors are in the order of
 * their rows, a row's first one counts; places: one an error, the records that the rows were made
 * of, without bytes and reason; NULL: nobody knows.  NULL: there is none. */
struct sl_batch *sl_side_rows_late(struct sl_side_rows *rows, unsigned input,
                                   const struct sl_batch *batch);
struct sl_batch *sl_side_rows_failed(struct sl_side_rows *rows, unsigned input,
                                     const struct sl_batch *batch,
                                     const struct sl_row_error *errors, size_t error_count,
                                     const struct sl_side_record *places);
/* Groups whose results cannot be made, by what tells them apart. */
struct sl_batch *sl_side_rows_groups(struct sl_side_rows *rows, const struct sl_schema *schema,
                                     const struct sl_batch *groups,
                                     const struct sl_row_error *errors, size_t error_count);
struct sl_batch *sl_side_rows_records(struct sl_side_rows *rows,
                                      const struct sl_side_record *records, size_t count);

#endif
