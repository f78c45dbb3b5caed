/* All rows of a bounded input, kept as compacted batches; rows are numbered from 0. */
#ifndef SL_EXECUTOR_ROW_STORE_H
#define SL_EXECUTOR_ROW_STORE_H

#include "data/batch.h"

struct sl_row_store {
    struct sl_batch **batches;
    uint32_t *starts; /* number of each batch's first row */
    size_t batch_count, batch_capacity;
    uint32_t row_count;
};

void sl_row_store_done(struct sl_row_store *store);
/* Keeps the live rows of a batch; returns the number of the first. */
uint32_t sl_row_store_add(struct sl_row_store *store, struct sl_pool *pool,
                          const struct sl_batch *batch);
/* The batch that holds a row, and its place there. */
const struct sl_batch *sl_row_store_find(const struct sl_row_store *store, uint32_t number,
                                         uint32_t *ret_row);
/* A batch with these rows (at most SL_BATCH_ROWS_MAX), in this order. */
struct sl_batch *sl_row_store_gather(const struct sl_row_store *store, struct sl_pool *pool,
                                     const uint32_t *numbers, size_t count);
/* Fills an empty store with all rows of another in this order, in batches of SL_BATCH_ROWS_MAX but
 * for the last. */
void sl_row_store_reorder(struct sl_row_store *store, struct sl_pool *pool,
                          const struct sl_row_store *from, const uint32_t *numbers);

#endif
