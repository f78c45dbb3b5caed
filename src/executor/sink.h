/* What the task loop does with a SINK besides the operator's seam.  All calls are for the slot's
 * thread; what waits on the outside world runs as an I/O job and says SL_AGAIN until it is done. */
#ifndef SL_EXECUTOR_SINK_H
#define SL_EXECUTOR_SINK_H

#include "data/record.h"
#include "executor/operator.h"
#include "storage/manifest.h"

struct sl_sink_progress {
    uint64_t rows, bytes; /* handed to the connector */
    uint64_t skipped_rows;
};

/* The epoch that stands for everything, written with the end of the input. */
#define SL_SINK_EPOCH_END UINT64_MAX

/* Instead of starting it: everything was written before the checkpoint that it comes from. */
void sl_sink_set_ended(struct sl_op *op);
int sl_sink_start(struct sl_op *op, struct sl_error *err); /* connects */
bool sl_sink_is_ready(const struct sl_op *op);             /* may it be fed? */
/* The input has run dry: what is in buffers goes out. */
int sl_sink_flush(struct sl_op *op, struct sl_error *err);
/* The newest epoch of which every record is acknowledged; errors of earlier writes come out
 * here. */
int sl_sink_acknowledged(struct sl_op *op, uint64_t *ret_epoch, struct sl_error *err);
const struct sl_sink_progress *sl_sink_progress(const struct sl_op *op);
int sl_sink_stop(struct sl_op *op); /* as sl_scan_stop */

/* --- exactly once: lanes --- */

/* Does this sink of a job that takes checkpoints write into an outbox, which is published when its
 * epoch is complete? */
bool sl_sink_has_outbox(const struct sl_phys_node *sink);
/* Do its lanes have something to do when nothing is to be published? */
bool sl_sink_has_work_when_idle(const struct sl_phys_node *sink);
/* After how long without publishing its lanes' markers are renewed; 0: never. */
int64_t sl_sink_renewal_us(const struct sl_phys_node *sink);
/* How many lanes its outbox is published in. */
uint32_t sl_sink_lane_count(const struct sl_phys_node *sink);

struct sl_lane_config {
    const struct sl_phys_node *sink;
    uint32_t lane;
    uint64_t incarnation;
    const char *job_id, *data_directory;
    struct sl_env *env;
    bool is_statement; /* see sl_lane_publish_statement */
    uint64_t owner;    /* this run of the server */
    /* What the marker may tell of when the lane first connects: at least this (epoch 0: nothing),
     * and nothing behind that epoch. */
    uint64_t least_epoch, most_epoch;
    uint32_t least_subtask;
};

/* What publishes one lane; all calls are for I/O threads, one at a time.  All that connect say
 * 55000 where the marker tells of what cannot be: it is gone, older, newer, or another server's. */
struct sl_lane;

struct sl_lane *sl_lane_new(const struct sl_lane_config *config);
/* Publishes what of the segment the marker says is missing.  After a failure the next call connects
 * anew. */
int sl_lane_publish(struct sl_lane *lane, const struct sl_manifest_segment *segment,
                    const char *directory, struct sl_error *err);
/* All that a statement writes, in one transaction of the target, with a marker that is forgotten
 * afterwards.  After a failure nothing is written, unless the message says that it is not known. */
int sl_lane_publish_statement(struct sl_lane *lane, const struct sl_records *records,
                              struct sl_error *err);
/* The newest epoch of which its marker tells that something was published; 0: none.  Connects. */
int sl_lane_published(struct sl_lane *lane, uint64_t *ret_epoch, struct sl_error *err);
/* Nothing is to be published now, or, all input having ended, never again. */
int sl_lane_idle(struct sl_lane *lane, struct sl_error *err);
int sl_lane_finish(struct sl_lane *lane, struct sl_error *err);
int sl_lane_renew(struct sl_lane *lane, struct sl_error *err); /* its marker is written again */
void sl_lane_free(struct sl_lane *lane);                       /* NULL does nothing */
/* [I/O] The job has ended for good: what its sink left in the target for lanes to come is ended and
 * removed.  Of the config what is the sink's, not a lane's. */
int sl_sink_forget(const struct sl_lane_config *config, struct sl_error *err);

#endif
