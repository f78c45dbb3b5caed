/* The first row of a key by event time: it waits until the watermark has reached it, for one that
 * is older may come until then.  As Flink: one row a key comes out, and later ones find it done; a
 * row before the watermark is late, one at it is not.
 *
 *     a key:   nothing ──row──▶ waiting ──watermark──▶ done
 *                                │ ▲ a row that is older takes its place
 *                                └─┘
 *
 * State: `waiting`: key → time, packed row; its timers; `done`: key, while it has to live. */
#ifndef SL_EXECUTOR_DEDUPLICATE_H
#define SL_EXECUTOR_DEDUPLICATE_H

#include "executor/key_changes.h"
#include "executor/rank_output.h"
#include "executor/session.h"

enum { SL_DEDUPLICATE_DUES = 256 }; /* that are worked on at a time */

struct sl_deduplicate_first {
    struct sl_op *op;
    const struct sl_phys_deduplicate *plan;
    struct sl_key_changes *changes;
    struct sl_state_table *waiting, *done;
    struct sl_session_timers timers;
    struct sl_rank_output output;
    uint16_t *rows; /* SL_BATCH_ROWS_MAX, as … */
    int64_t *dues_ms;
    char **values;
    const char **found;
    struct sl_due *dues;
    size_t due_count;
};

int sl_deduplicate_first_open(struct sl_deduplicate_first *first, struct sl_op *op,
                              struct sl_key_changes *changes, struct sl_error *err);
void sl_deduplicate_first_close(struct sl_deduplicate_first *first); /* may be zeroed */
int sl_deduplicate_first_prepare(struct sl_deduplicate_first *first, const struct sl_batch *batch,
                                 struct sl_error *err);
void sl_deduplicate_first_batch(struct sl_deduplicate_first *first, struct sl_batch *batch,
                                struct sl_out *out);
/* Emits the rows that the watermark has reached.  SL_AGAIN: state is read, or emit said so. */
int sl_deduplicate_first_fire(struct sl_deduplicate_first *first, struct sl_out *out,
                              struct sl_error *err);

#endif
