/* The rows of a store in order. */
#ifndef SL_EXECUTOR_ROW_ORDER_H
#define SL_EXECUTOR_ROW_ORDER_H

#include "executor/row_store.h"
#include "plan/physical.h"

enum {
    SL_ROW_STARTS_PARTITION = 1,
    SL_ROW_STARTS_PEERS = 2, /* rows with equal sort keys; a partition's first row does, too */
};

struct sl_row_order {
    uint32_t *numbers; /* of the store's rows */
    uint8_t *starts;   /* by place; NULL: not asked for */
};

/* By partition, in it by the keys, equal rows as they came. */
void sl_row_order_make(struct sl_row_order *order, const struct sl_row_store *store,
                       const uint32_t *partition, size_t partition_count,
                       const struct sl_sort_key *keys, size_t key_count, bool with_starts);
void sl_row_order_done(struct sl_row_order *order);

#endif
