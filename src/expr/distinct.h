/* The values that a DISTINCT aggregate has seen, kept beside its accumulator in the state row: for
 * groups that are merged (sessions), whose values must be counted once. */
#ifndef SL_EXPR_DISTINCT_H
#define SL_EXPR_DISTINCT_H

#include "expr/aggregate.h"

/* Bytes of a set in the row; all zero is the empty one.  It begins with a struct sl_view whose
 * bytes the row owns, as an accumulator's are. */
#define SL_DISTINCT_SIZE sizeof(struct sl_view)

/* One aggregate's: `layout` is of its first argument alone. */
struct sl_distinct {
    const struct sl_aggregate *aggregate;
    const struct sl_row_layout *layout;
    size_t set_offset, state_offset; /* of the set and of the accumulator in the row */
};
void sl_distinct_init(struct sl_distinct *distinct, struct sl_arena *arena,
                      const struct sl_aggregate *aggregate);

/* Puts the values of rows[] into the sets of states[], or takes them out there where `kinds` (NULL:
 * all come) says so; rows and states are cut down to those whose value has come to be there or has
 * gone (in their order), which is how many is returned. */
size_t sl_distinct_add(const struct sl_distinct *distinct, struct sl_column *argument,
                       const uint8_t *kinds, uint16_t *rows, char **states, size_t row_count,
                       struct sl_aggregate_keeper *keeper);
/* Folds set and accumulator of the row `from` into those of `to`. */
void sl_distinct_merge(const struct sl_distinct *distinct, struct sl_pool *pool, char *to,
                       const char *from, struct sl_aggregate_keeper *keeper);
/* The values found no room in 1 GiB. */
bool sl_distinct_has_overflowed(const struct sl_distinct *distinct, const char *state);

#endif
