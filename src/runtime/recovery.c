/* Looking for a usable checkpoint: see recovery.h. */
#include "runtime/recovery.h"

#include "base/log.h"
#include "executor/sink.h"
#include "runtime/job.h"
#include "runtime/publisher.h"

#include <stdio.h>

/* --- one checkpoint --- */

static int
recovery_read(const struct sl_job *job, uint64_t id, struct sl_checkpoint **ret_checkpoint,
              struct sl_error *err)
{
    struct sl_checkpoint *checkpoint = sl_checkpoint_new(job, id);
    struct sl_manifest *manifest;
    int rc = sl_manifest_read(&checkpoint->arena, checkpoint->directory, &manifest, err);

    if (rc < 0) {
        sl_checkpoint_unref(checkpoint);
        return rc;
    }
    checkpoint->manifest = *manifest;
    sl_runtime_drop_state(job->plan, &checkpoint->manifest);
    *ret_checkpoint = checkpoint;
    return SL_OK;
}

/* Reads it and compares its files with their checksums: all, or what is still to be published,
 * which nothing else compares before it is used. */
static int
recovery_read_whole(const struct sl_job *job, uint64_t id, enum sl_manifest_part part,
                    struct sl_checkpoint **ret_checkpoint, struct sl_error *err)
{
    struct sl_checkpoint *checkpoint;
    int rc;

    SL_TRY(recovery_read(job, id, &checkpoint, err));
    rc = sl_manifest_verify(&checkpoint->manifest, checkpoint->directory, part, err);
    checkpoint->is_verified = part == SL_MANIFEST_ALL;
    if (rc < 0)
        sl_checkpoint_unref(checkpoint);
    else
        *ret_checkpoint = checkpoint;
    return rc;
}

/* --- what was published --- */

static int
recovery_check_lane(const struct sl_job *job, const struct sl_phys_node *sink, uint32_t number,
                    uint64_t id, struct sl_error *err)
{
    struct sl_lane *lane = sl_job_open_lane(job, sink, number, NULL);
    uint64_t epoch = 0;
    int rc = sl_lane_published(lane, &epoch, err);

    sl_lane_free(lane);
    if (rc < 0 || epoch <= id)
        return rc;
    return SL_ERROR(err, SL_E_OBJECT_STATE,
                    "checkpoint %llu is whole, but table \"%s\" has published up to epoch %llu "
                    "already: RESUME JOB '%s' WITH DUPLICATES goes on from it",
                    (unsigned long long)id, ((const struct sl_phys_sink *)sink->detail)->table_name,
                    (unsigned long long)epoch, job->id);
}

/* 55000: some exactly-once sink has published past checkpoint `id`. */
static int
recovery_check_published(const struct sl_job *job, uint64_t id, struct sl_error *err)
{
    for (size_t i = 0; i < job->plan->node_count; i++) {
        const struct sl_phys_node *node = job->plan->nodes[i];

        if (node->kind != SL_OP_SINK || !sl_sink_has_outbox(node))
            continue;
        for (uint32_t lane = 0; lane < sl_sink_lane_count(node); lane++)
            SL_TRY(recovery_check_lane(job, node, lane, id, err));
    }
    return SL_OK;
}

/* --- looking --- */

static int
recovery_refuse(const struct sl_error *damage, uint64_t newest, const struct sl_error *why,
                struct sl_error *err)
{
    return SL_ERROR(err, SL_E_DATA_CORRUPTED, "checkpoint %llu cannot be used: %s; %s",
                    (unsigned long long)newest, damage->text, why->text);
}

/* The newest that is whole and may be taken.  *ret_is_newest: nothing is wrong with the newest.
 * XX001: none can be; 08xxx, 58030: it cannot be told now. */
static int
recovery_find(const struct sl_job *job, const uint64_t *ids, size_t count,
              struct sl_checkpoint **ret_checkpoint, bool *ret_is_newest, struct sl_error *err)
{
    const char *data_directory = job->runtime->config.data_directory;
    struct sl_error damage = {0}, why;
    uint64_t newest = 0;

    for (size_t i = 0; i < count; i++) {
        struct sl_checkpoint *checkpoint;
        int rc;

        if (!sl_checkpoint_exists(data_directory, job->id, ids[i]))
            continue;
        rc = recovery_read_whole(job, ids[i], SL_MANIFEST_ALL, &checkpoint, &why);
        if (rc == SL_E_DATA_CORRUPTED) {
            sl_log(SL_LOG_WARN, "checkpoint is damaged", "job=%s checkpoint=%llu", job->id,
                   (unsigned long long)ids[i]);
            if (newest == 0)
                damage = why;
            newest = newest ? newest : ids[i];
            continue;
        }
        if (rc == SL_OK && newest > 0) {
            rc = recovery_check_published(job, ids[i], &why);
            if (rc < 0)
                sl_checkpoint_unref(checkpoint);
            if (rc == SL_E_OBJECT_STATE)
                return recovery_refuse(&damage, newest, &why, err);
        }
        if (rc < 0) {
            *err = why;
            return rc;
        }
        *ret_checkpoint = checkpoint;
        *ret_is_newest = newest == 0;
        return SL_OK;
    }
    SL_ERROR(&why, SL_E_OBJECT_STATE,
             "no other can be used either: RESUME JOB '%s' WITH DUPLICATES begins anew", job->id);
    return recovery_refuse(&damage, newest, &why, err);
}

static struct sl_job *
recovery_job(struct sl_io_job *io)
{
    return (struct sl_job *)((char *)io - offsetof(struct sl_job, recovery.io));
}

static void
recovery_run(struct sl_io_job *io)
{
    struct sl_job *job = recovery_job(io);
    struct sl_recovery *recovery = &job->recovery;
    struct sl_arena arena;
    uint64_t *ids;
    size_t count;

    sl_arena_init(&arena);
    count = sl_checkpoint_list(&arena, job->runtime->config.data_directory, job->id, &ids);
    recovery->io_rc = recovery_find(job, ids, count, &recovery->found, &recovery->found_whole,
                                    &recovery->io_error);
    sl_arena_done(&arena);
}

static void
recovery_take(struct sl_job *job, struct sl_checkpoint *checkpoint)
{
    struct sl_checkpointing *checkpointing = &job->checkpointing;

    sl_checkpoint_unref(checkpointing->latest);
    checkpointing->latest = checkpoint;
    checkpointing->done_epoch = checkpoint->manifest.checkpoint_id;
    checkpointing->begun_epoch = checkpoint->manifest.checkpoint_id;
}

/* Under the mutex. */
static void
recovery_end(struct sl_job *job)
{
    struct sl_recovery *recovery = &job->recovery;

    if (recovery->io_rc < 0) {
        sl_job_not_launched(job, &recovery->io_error);
        return;
    }
    if (recovery->found_whole && recovery->reason.code == SL_E_DATA_CORRUPTED) {
        /* Its checksums are as they were written: nothing before it would do better. */
        sl_checkpoint_unref(recovery->found);
        sl_job_not_launched(job, &recovery->reason);
        return;
    }
    recovery->is_wanted = false;
    if (!recovery->found_whole)
        sl_log(SL_LOG_WARN, "job goes back to an older checkpoint", "job=%s checkpoint=%llu",
               job->id, (unsigned long long)recovery->found->manifest.checkpoint_id);
    recovery_take(job, recovery->found);
    sl_job_launch(job);
    sl_publisher_take(job, job->checkpointing.latest);
}

static void
recovery_done(struct sl_io_job *io)
{
    struct sl_job *job = recovery_job(io);
    struct sl_recovery *recovery = &job->recovery;

    pthread_mutex_lock(&job->mutex);
    recovery->is_busy = false;
    if (job->end_waits || sl_run_state_is_final(job->state)) {
        if (recovery->io_rc == SL_OK)
            sl_checkpoint_unref(recovery->found);
    } else {
        recovery_end(job);
    }
    sl_job_leave(job);
    sl_job_unref(job);
}

void
sl_recovery_begin(struct sl_job *job)
{
    struct sl_recovery *recovery = &job->recovery;

    SL_ASSERT(!job->execution && !recovery->is_busy && !sl_publisher_is_busy(job));
    /* What is queued may be of a checkpoint that is not gone on from; the one that is lists all
     * that is still to be published. */
    sl_publisher_done(job);
    recovery->is_busy = true;
    recovery->found_whole = false;
    recovery->io.run = recovery_run;
    recovery->io.done = recovery_done;
    sl_job_ref(job);
    job->runtime->config.env->ops->io_submit(job->runtime->config.env, &recovery->io);
}

void
sl_recovery_want(struct sl_job *job, const struct sl_error *err)
{
    job->recovery.is_wanted = true;
    job->recovery.reason = *err;
}

/* --- when a job is made --- */

static int
recovery_load_newest(struct sl_job *job, uint64_t id, struct sl_error *err)
{
    struct sl_checkpoint *checkpoint;
    int rc = recovery_read_whole(job, id, SL_MANIFEST_SEGMENTS, &checkpoint, err);

    if (rc == SL_OK) {
        recovery_take(job, checkpoint);
        return SL_OK;
    }
    if (rc == SL_E_NOT_SUPPORTED)
        return rc;
    sl_recovery_want(job, err);
    job->recovery.reason.code = SL_E_IO; /* a second look decides */
    return SL_OK;
}

/* The newest that is whole; those behind it, which are damaged, go. */
static void
recovery_load_whole(struct sl_job *job, const uint64_t *ids, size_t count)
{
    const char *data_directory = job->runtime->config.data_directory;

    for (size_t i = 0; i < count; i++) {
        struct sl_checkpoint *checkpoint;
        struct sl_error err;

        if (sl_checkpoint_exists(data_directory, job->id, ids[i]) &&
            recovery_read_whole(job, ids[i], SL_MANIFEST_ALL, &checkpoint, &err) == SL_OK) {
            recovery_take(job, checkpoint);
            return;
        }
        sl_checkpoint_remove(data_directory, job->id, ids[i]);
    }
}

int
sl_recovery_load(struct sl_job *job, bool with_duplicates, struct sl_error *err)
{
    const char *data_directory = job->runtime->config.data_directory;
    struct sl_arena arena;
    uint64_t *ids;
    size_t count, i = 0;
    int rc = SL_OK;

    sl_arena_init(&arena);
    count = sl_checkpoint_list(&arena, data_directory, job->id, &ids);
    if (count > 0)
        job->checkpointing.epoch = ids[0];
    if (with_duplicates) {
        recovery_load_whole(job, ids, count);
    } else {
        while (i < count && !sl_checkpoint_exists(data_directory, job->id, ids[i]))
            i++;
        if (i < count)
            rc = recovery_load_newest(job, ids[i], err);
    }
    sl_arena_done(&arena);
    return rc;
}
