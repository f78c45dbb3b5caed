/* Syncing a sink's file on I/O threads: an epoch is acknowledged when a sync that began after its
 * barrier is done. */
#ifndef SL_CONNECTOR_EPOCH_SYNC_H
#define SL_CONNECTOR_EPOCH_SYNC_H

#include "base/env.h"

struct sl_epoch_sync {
    struct sl_io_job job;
    struct sl_env *env;
    struct sl_wake *wake;                       /* signalled when a sync is done */
    int (*run)(void *arg, struct sl_error *err); /* on an I/O thread: makes it durable */
    void *arg;
    _Atomic bool busy;
    uint64_t barrier_epoch, syncing_epoch, synced_epoch;
    struct sl_error error; /* of the last sync */
};

/* The slot's thread, but for _done. */
void sl_epoch_sync_init(struct sl_epoch_sync *sync, struct sl_env *env, struct sl_wake *wake,
                        int (*run)(void *arg, struct sl_error *err), void *arg);
void sl_epoch_sync_barrier(struct sl_epoch_sync *sync, uint64_t epoch);
/* As sl_sink_class.acknowledged. */
int sl_epoch_sync_acknowledged(struct sl_epoch_sync *sync, uint64_t *ret_epoch,
                               struct sl_error *err);
/* Waits for the sync under way; on an I/O thread, since the sync runs on another.  Zeroed memory
 * that was never initialised will do. */
void sl_epoch_sync_done(struct sl_epoch_sync *sync);

#endif
