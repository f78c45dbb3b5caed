/* Which rows of a batch a sink writes: by their kinds, NULLs and lengths. */
#ifndef SL_EXECUTOR_SINK_ROWS_H
#define SL_EXECUTOR_SINK_ROWS_H

#include "executor/operator.h"

struct sl_sink_rows {
    const struct sl_phys_sink *plan;
    struct sl_pool *pool;
    uint16_t *selection; /* SL_BATCH_ROWS_MAX, as the next */
    uint8_t *kinds;
    uint64_t *hashes;
    uint16_t *slots; /* SINK_ROWS_SLOTS: 1 + a place in the selection; 0: free */
};

void sl_sink_rows_open(struct sl_sink_rows *rows, const struct sl_phys_sink *plan,
                       struct sl_op_context *context);
/* The rows to write, as a batch; a new reference.  Those that an error leaves out are counted, or
 * given to out->error; negative: the job fails by one. */
int sl_sink_rows_select(struct sl_sink_rows *rows, struct sl_batch *batch, struct sl_out *out,
                        uint64_t *skipped_rows, struct sl_batch **ret_batch, struct sl_error *err);

#endif
