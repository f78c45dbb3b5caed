/* The order of rows as bytes: memcomparable keys, and a prefix of each as a number, by which most
 * comparisons end.
 *
 *     prefix of a < prefix of b   →   key of a < key of b
 */
#ifndef SL_EXECUTOR_RANK_ORDER_H
#define SL_EXECUTOR_RANK_ORDER_H

#include "data/row.h"
#include "plan/physical.h"

#define SL_RANK_COLUMNS_MAX 64

struct sl_rank_order {
    const struct sl_sort_key *keys;
    size_t key_count;
    uint64_t descending, nulls_last;                /* by key: a bit each */
    struct sl_column *columns[SL_RANK_COLUMNS_MAX]; /* of the running batch; borrowed */
    struct sl_buffer bytes;
};

struct sl_rank_key {
    struct sl_text bytes;
    uint64_t prefix;
    uint64_t number; /* of rows with equal bytes the first is the one with the least number */
};

void sl_rank_order_open(struct sl_rank_order *order, const struct sl_sort_key *keys,
                        size_t key_count);
void sl_rank_order_close(struct sl_rank_order *order); /* may be zeroed */
/* The batch that the calls below are about. */
void sl_rank_order_begin(struct sl_rank_order *order, const struct sl_batch *batch);
/* The key of a row; good until the next call. */
struct sl_rank_key sl_rank_order_key(struct sl_rank_order *order, size_t row);
/* Of each of these physical rows a number that its prefix is not less than. */
void sl_rank_order_bounds(const struct sl_rank_order *order, const uint16_t *rows, size_t row_count,
                          uint64_t *ret_bounds);

#endif
