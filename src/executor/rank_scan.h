/* All that a Top-N has of its partitions, of one time where they are of times, as rows: what
 * operators emit that keep the best rows until their time is over. */
#ifndef SL_EXECUTOR_RANK_SCAN_H
#define SL_EXECUTOR_RANK_SCAN_H

#include "executor/rank_output.h"
#include "executor/top_n.h"

struct sl_rank_scan {
    struct sl_top_n *top;
    struct sl_rank_output output;
    bool is_running;
    struct sl_state_scan scan;
    struct sl_state_row *chunk;
    size_t chunk_count, next; /* partitions of the scan; the one that comes next */
    uint32_t position;        /* of its row that comes next */
    int64_t rank;             /* … of the row before it */
};

void sl_rank_scan_open(struct sl_rank_scan *scan, struct sl_top_n *top); /* top was opened */
void sl_rank_scan_close(struct sl_rank_scan *scan);                      /* may be zeroed */
/* Emits the partitions of the time, or goes on with it.  SL_AGAIN: state is read, or emit said so.
 */
int sl_rank_scan_emit(struct sl_rank_scan *scan, int64_t time, struct sl_out *out,
                      struct sl_error *err);

#endif
