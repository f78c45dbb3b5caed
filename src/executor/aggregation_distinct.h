/* Private to aggregation*.c: DISTINCT aggregates whose values are in tables. */
#ifndef SL_EXECUTOR_AGGREGATION_DISTINCT_H
#define SL_EXECUTOR_AGGREGATION_DISTINCT_H

#include "executor/aggregation.h"

/* Scratch: the rows that are looked up in one table, and what is known of each. */
struct sl_aggregation_seen {
    uint16_t rows[SL_BATCH_ROWS_MAX];
    char *states[SL_BATCH_ROWS_MAX]; /* of the groups */
    uint64_t hashes[SL_BATCH_ROWS_MAX], group_hashes[SL_BATCH_ROWS_MAX];
    struct sl_text heads[SL_BATCH_ROWS_MAX]; /* the groups' keys */
    char *counts[SL_BATCH_ROWS_MAX];
    size_t count;
    uint64_t *bits; /* word_count a row: which of the table's items see it */
};

/* Says which aggregates share which table, once all have their places. */
void sl_aggregation_place_values(struct sl_aggregation *aggregation, struct sl_arena *arena);
int sl_aggregation_open_values(struct sl_aggregation *aggregation, struct sl_arena *arena,
                               struct sl_state *state, struct sl_aggregation_values *values,
                               struct sl_error *err);

/* Folds rows into the aggregates of one table; `states` are of their groups. */
void sl_aggregation_add_values(struct sl_aggregation *aggregation,
                               const struct sl_aggregation_values *values,
                               const struct sl_batch *batch, int64_t time, const uint16_t *rows,
                               char *const *states, size_t row_count);
/* Also of rows that the filters would leave out; `hashes` are of the groups. */
int sl_aggregation_prepare_values(struct sl_aggregation *aggregation,
                                  const struct sl_aggregation_values *values, int64_t time,
                                  const uint16_t *rows, const uint64_t *hashes, size_t row_count,
                                  struct sl_error *err);

/* Folds rows of such a table into another.  Of those of which some aggregate saw something new the
 * places are left in `seen`, which is how many are returned. */
size_t sl_aggregation_merge_seen(struct sl_aggregation *aggregation,
                                 const struct sl_aggregation_values *values,
                                 const struct sl_state_keys *keys, const struct sl_state_row *rows);
/* Lists in some_rows and some_states what is new in `seen` to the table's item `index`; returns how
 * many rows. */
size_t sl_aggregation_seen_by(struct sl_aggregation *aggregation,
                              const struct sl_aggregation_values *values, size_t index);

#endif
