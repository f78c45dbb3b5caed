/* Syncing by epochs: see epoch_sync.h. */
#include "connector/epoch_sync.h"

#include <sched.h>
#include <stdatomic.h>

static void
epoch_sync_run(struct sl_io_job *job)
{
    struct sl_epoch_sync *sync = (struct sl_epoch_sync *)job; /* its first member */

    sl_error_reset(&sync->error);
    sync->run(sync->arg, &sync->error);
}

static void
epoch_sync_end(struct sl_io_job *job)
{
    struct sl_epoch_sync *sync = (struct sl_epoch_sync *)job;
    struct sl_env *env = sync->env;
    struct sl_wake *wake = sync->wake;

    atomic_store_explicit(&sync->busy, false, memory_order_release);
    env->ops->wake_signal(env, wake); /* `sync` may be gone already */
}

static void
epoch_sync_start(struct sl_epoch_sync *sync)
{
    sync->syncing_epoch = sync->barrier_epoch;
    sync->job = (struct sl_io_job){.run = epoch_sync_run, .done = epoch_sync_end};
    atomic_store(&sync->busy, true);
    sync->env->ops->io_submit(sync->env, &sync->job);
}

void
sl_epoch_sync_init(struct sl_epoch_sync *sync, struct sl_env *env, struct sl_wake *wake,
                   int (*run)(void *arg, struct sl_error *err), void *arg)
{
    *sync = (struct sl_epoch_sync){.env = env, .wake = wake, .run = run, .arg = arg};
}

void
sl_epoch_sync_barrier(struct sl_epoch_sync *sync, uint64_t epoch)
{
    sync->barrier_epoch = epoch;
    if (!atomic_load_explicit(&sync->busy, memory_order_acquire))
        epoch_sync_start(sync);
}

int
sl_epoch_sync_acknowledged(struct sl_epoch_sync *sync, uint64_t *ret_epoch, struct sl_error *err)
{
    if (!atomic_load_explicit(&sync->busy, memory_order_acquire)) {
        if (sync->error.code < 0) {
            *err = sync->error;
            return err->code;
        }
        sync->synced_epoch = sync->syncing_epoch;
        if (sync->synced_epoch < sync->barrier_epoch)
            epoch_sync_start(sync);
    }
    *ret_epoch = sync->synced_epoch;
    return SL_OK;
}

void
sl_epoch_sync_done(struct sl_epoch_sync *sync)
{
    while (atomic_load_explicit(&sync->busy, memory_order_acquire))
        sched_yield();
}
