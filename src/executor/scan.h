/* What the task loop does with a SCAN besides the operator's seam: a scan is driven, not fed.
 *
 * Whatever waits on the outside world runs as an I/O job; until it is done the calls say SL_AGAIN,
 * and its completion signals the slot's wake-up.  All calls are for the slot's thread. */
#ifndef SL_EXECUTOR_SCAN_H
#define SL_EXECUTOR_SCAN_H

#include "executor/operator.h"

struct sl_scan_progress {
    int64_t watermark_ms; /* of this subtask's splits together */
    int64_t deadline_us;  /* processing time at which a step is wanted, or INT64_MAX */
    bool idle;            /* holds back no watermark */
    uint64_t rows, bytes; /* read */
    uint64_t skipped_rows;
};

/* Connects and discovers the splits.  SL_AGAIN: not yet. */
int sl_scan_start(struct sl_op *op, struct sl_error *err);

/* One bounded step: reads what is there, at most a batch, and emits it; fires its own timers.
 * SL_OK: there may be more; SL_AGAIN: nothing now; SL_EOF: all splits have ended. */
int sl_scan_step(struct sl_op *op, int64_t now_us, struct sl_out *out, struct sl_error *err);

const struct sl_scan_progress *sl_scan_progress(const struct sl_op *op);

/* A barrier: asks the other side for its present end, then says SL_OK as soon as steps have read up
 * to it and what was pending of the watermark is in the progress.  SL_AGAIN: step on. */
int sl_scan_catch_up(struct sl_op *op, struct sl_error *err);

/* Has it handed on all that it polled?  Only then the positions of its splits tell where it stands,
 * and a barrier may pass. */
bool sl_scan_is_between_polls(const struct sl_op *op);

/* Checkpoint `epoch` is complete: a connector that wants to know hears where its splits stood. */
void sl_scan_checkpointed(struct sl_op *op, uint64_t epoch);

/* From its present end on the table is bounded: SL_AGAIN until the end is known, then SL_OK; the
 * end is reached by steps.  Where the other side does not answer it ends where it stands. */
int sl_scan_finish(struct sl_op *op, struct sl_error *err);
/* Nobody wants more of it: its next step says SL_EOF, whatever it holds. */
void sl_scan_abandon(struct sl_op *op);

/* Closes the connection.  SL_AGAIN: not yet; after SL_OK the operator's close may be called.  A
 * half-opened one is taken too. */
int sl_scan_stop(struct sl_op *op);

struct sl_scan_split {
    const char *id; /* good until the next step */
    int64_t watermark_ms;
    bool idle;
};
/* Puts table, split and position of a physical row in front of the error's text, while the batch
 * with that row is on its way through the scan and what is chained to it; else does nothing. */
void sl_scan_place_error(const struct sl_op *op, uint32_t row, struct sl_error *err);

/* sl_side_rows_failed with the places of the rows' records: the same holds of them. */
struct sl_side_rows;
struct sl_batch *sl_scan_failed_rows(const struct sl_op *op, struct sl_side_rows *rows,
                                     unsigned input, const struct sl_batch *batch,
                                     const struct sl_row_error *errors, size_t count);

/* The splits of this subtask, for SHOW WATERMARKS; false: there is none with this index. */
bool sl_scan_split(const struct sl_op *op, size_t index, struct sl_scan_split *ret_split);
/* Does it make rows without an end (a generator)? */
bool sl_scan_is_endless(const struct sl_phys_node *node);

#endif
