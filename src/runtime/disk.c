/* The disk guard: where the data directory's disk has less room than it must, sources read nothing
 * and no checkpoint begins, until there is room again.  What is under way comes to its end, and
 * outboxes are published, which makes room. */
#include "base/log.h"
#include "runtime/job.h"
#include "storage/manifest.h"

#define DISK_LOOK_US (200 * SL_US_PER_MS)

void
sl_runtime_guard_disk(struct sl_runtime *runtime, int64_t free_bytes_min)
{
    atomic_store(&runtime->disk_free_min, free_bytes_min);
}

static void
disk_tell_job(struct sl_job *job, bool is_low)
{
    pthread_mutex_lock(&job->mutex);
    if (job->execution && !job->is_query)
        sl_execution_pause(job->execution, is_low);
    if (!is_low)
        sl_job_published(job); /* its last checkpoint may have waited */
    pthread_mutex_unlock(&job->mutex);
}

static void
disk_change(struct sl_runtime *runtime, bool is_low, int64_t free_bytes)
{
    struct sl_arena arena;
    struct sl_job **jobs;
    size_t count;

    sl_log(is_low ? SL_LOG_WARN : SL_LOG_INFO,
           is_low ? "the disk is almost full: jobs are held" : "the disk has room: jobs go on",
           "data=%s free=%lld", runtime->config.data_directory, (long long)free_bytes);
    sl_arena_init(&arena);
    count = sl_runtime_list_jobs(runtime, &arena, &jobs);
    for (size_t i = 0; i < count; i++) {
        disk_tell_job(jobs[i], is_low);
        sl_job_unref(jobs[i]);
    }
    sl_arena_done(&arena);
    sl_runtime_announce(runtime);
}

/* A tenth more than the least before jobs go on: they are not to be held again at once. */
void
sl_runtime_look_at_disk(struct sl_runtime *runtime)
{
    int64_t least = atomic_load(&runtime->disk_free_min), free_bytes;
    bool was_low = atomic_load(&runtime->disk_is_low), is_low = false;

    if (least > 0 && sl_checkpoint_disk_free(runtime->config.data_directory, &free_bytes)) {
        atomic_store(&runtime->disk_free, free_bytes);
        is_low = free_bytes < (was_low ? least + least / 10 : least);
    }
    if (is_low == was_low)
        return;
    atomic_store(&runtime->disk_is_low, is_low);
    disk_change(runtime, is_low, atomic_load(&runtime->disk_free));
}

void
sl_runtime_tick_disk(struct sl_runtime *runtime, int64_t now_us)
{
    if (now_us < runtime->disk_look_us)
        return;
    runtime->disk_look_us = now_us + DISK_LOOK_US;
    sl_runtime_look_at_disk(runtime);
}
