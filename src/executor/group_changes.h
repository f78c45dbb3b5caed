/* The changes of groups' results, what the operators share whose results are updated.
 *
 *     a batch ──segments──▶ rows of groups ──▶ results before | fold | results after ──▶ changes
 *
 * 1. A segment is what gives one change a group: the whole batch (its net change), or, with
 *    table.exec.mini-batch.enabled = false, as many rows as are of different groups.  It ends, too,
 *    where a group that has lost all of its rows gets new ones: its accumulators begin anew.
 * 2. A group that is new gives +I, one whose results changed -U and +U (or only +U, where nobody
 *    wants the old ones), one that lost its last row -D; equal results give nothing.
 * 3. A row that is taken back from a group that has none is left out, as Flink does, and counted.
 * 4. A result that cannot be made is told, and is as if the group had none.
 * 5. The global phase of two has parts of groups for rows: see aggregation.h.
 */
#ifndef SL_EXECUTOR_GROUP_CHANGES_H
#define SL_EXECUTOR_GROUP_CHANGES_H

#include "executor/aggregation.h"

enum { SL_GROUP_CHUNK = SL_BATCH_ROWS_MAX / 2 }; /* groups: their changes are one batch */

enum sl_group_change {
    SL_GROUP_NONE, /* it has no rows, and had none */
    SL_GROUP_SAME,
    SL_GROUP_NEW,
    SL_GROUP_CHANGED,
    SL_GROUP_GONE,
};

/* Some groups and their results. */
struct sl_group_chunk {
    size_t count;
    struct sl_column *const *key_columns;
    uint16_t key_rows[SL_GROUP_CHUNK]; /* of key_columns */
    uint8_t changes[SL_GROUP_CHUNK];   /* enum sl_group_change */
    struct sl_column **before;         /* by aggregate; looked at where a group was there */
    struct sl_column **after;          /* always there */
};

struct sl_group;

struct sl_group_changes {
    struct sl_op *op;
    struct sl_aggregation *aggregation; /* values begin with the number of rows, an int64_t */
    bool emits_before;                  /* somebody wants -U */
    bool counts_rows;                   /* every row that is added changes a result */
    bool may_leave_out;                 /* groups may have rows and no result */
    /* Makes the columns behind keys and aggregates; NULL: there are none. */
    void (*add_columns)(struct sl_op *op, struct sl_batch *made, size_t row_count);
    struct sl_group_chunk *chunks; /* two */
    /* The running segment. */
    bool net; /* one change a batch */
    struct sl_group *groups;
    size_t group_count;
    size_t unmatched; /* rows of the batch that are taken back and were not there */
    uint16_t *rows;
    char **row_states;
    size_t row_count;
    char **group_states;
    struct sl_aggregation_failure *failures; /* rows are groups */
    size_t failure_count;
};

/* Between two batches chunks[0] is free for changes of the operator's own. */
void sl_group_changes_open(struct sl_group_changes *changes, struct sl_op *op,
                           struct sl_aggregation *aggregation, bool emits_before);
/* Folds rows of the batch that sl_aggregation_begin was called for into the states that the caller
 * has looked up, of one time, and emits what that changes: two rows a row at most.  A group that
 * lost its last row has 0 rows and empty accumulators then.  SL_AGAIN: as emit said, all is done.
 */
int sl_group_changes_fold(struct sl_group_changes *changes, const struct sl_batch *batch,
                          int64_t time, const uint16_t *rows, char *const *states, size_t row_count,
                          struct sl_out *out, struct sl_error *err);
/* Tells of the groups of a chunk whose last results, those after, cannot be made, and is negative
 * where that ends the job: NEW becomes NONE, SAME and CHANGED become GONE. */
int sl_group_changes_leave_out(struct sl_group_changes *changes, struct sl_group_chunk *chunk,
                               struct sl_out *out, struct sl_error *err);
/* SAME becomes CHANGED where the results differ. */
void sl_group_changes_judge(const struct sl_group_changes *changes, struct sl_group_chunk *chunk);
/* Emits the chunk's changes, and says what emit said. */
int sl_group_changes_emit(struct sl_group_changes *changes, const struct sl_group_chunk *chunk,
                          struct sl_out *out);
void sl_group_changes_drop(const struct sl_group_changes *changes, struct sl_group_chunk *chunk);

#endif
