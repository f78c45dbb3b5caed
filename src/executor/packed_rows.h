/* Rows that an operator holds packed in its state, on their way out: a list of them with row kinds,
 * of which a batch is made.  And the kinds of rows that pass an operator by themselves. */
#ifndef SL_EXECUTOR_PACKED_ROWS_H
#define SL_EXECUTOR_PACKED_ROWS_H

#include "executor/operator.h"

struct sl_packed_rows {
    struct sl_op *op;
    size_t column_count;
    const struct sl_row_layout *layout; /* of these first columns of an input */
    struct sl_buffer packed, bytes;
    size_t count;
    size_t *ends; /* of the rows, in `bytes` */
    uint8_t *kinds;
};

void sl_packed_rows_open(struct sl_packed_rows *rows, struct sl_op *op,
                         const struct sl_schema *schema, size_t column_count);
void sl_packed_rows_close(struct sl_packed_rows *rows); /* may be zeroed */
/* One row of a batch, packed; good until the next call. */
struct sl_text sl_packed_rows_pack(struct sl_packed_rows *rows, const struct sl_batch *batch,
                                   size_t row);
/* Copies the row into the list, which has room for SL_BATCH_ROWS_MAX. */
void sl_packed_rows_add(struct sl_packed_rows *rows, enum sl_row_kind kind, struct sl_text packed);
/* A batch of the list, which is empty then, with room for so many columns behind.  Negative: bytes
 * of the state are damaged. */
int sl_packed_rows_take(struct sl_packed_rows *rows, size_t added_count,
                        struct sl_batch **ret_batch, struct sl_error *err);

/* The live rows in `selection` (physical, ascending), with their kinds, share the batch's first
 * columns; there is room for so many behind.  Of an update of which only one row passes, that is a
 * deletion or an addition. */
struct sl_batch *sl_batch_pass(struct sl_pool *pool, const struct sl_batch *batch,
                               const uint16_t *selection, size_t count, size_t column_count,
                               size_t added_count);

#endif
