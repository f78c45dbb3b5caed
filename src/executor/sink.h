/* What the task loop does with a SINK besides the operator's seam.  All calls are for the slot's
 * thread; what waits on the outside world runs as an I/O job and says SL_AGAIN until it is done. */
#ifndef SL_EXECUTOR_SINK_H
#define SL_EXECUTOR_SINK_H

#include "executor/operator.h"

struct sl_sink_progress {
    uint64_t rows, bytes; /* handed to the connector */
    uint64_t skipped_rows;
};

/* The epoch that stands for everything, written with the end of the input. */
#define SL_SINK_EPOCH_END UINT64_MAX

int sl_sink_start(struct sl_op *op, struct sl_error *err); /* connects */
bool sl_sink_is_ready(const struct sl_op *op);             /* may it be fed? */
/* The input has run dry: what is in buffers goes out. */
int sl_sink_flush(struct sl_op *op, struct sl_error *err);
/* The newest epoch of which every record is acknowledged; errors of earlier writes come out
 * here. */
int sl_sink_acknowledged(struct sl_op *op, uint64_t *ret_epoch, struct sl_error *err);
const struct sl_sink_progress *sl_sink_progress(const struct sl_op *op);
int sl_sink_stop(struct sl_op *op); /* as sl_scan_stop */

#endif
