/* The checkpoint coordinator of a job: see checkpoint.h. */
#include "runtime/checkpoint.h"

#include "base/fault.h"
#include "base/log.h"
#include "executor/sink.h"
#include "runtime/job.h"
#include "runtime/publisher.h"

#include <stdio.h>
#include <stdlib.h>

struct sl_checkpoint *
sl_checkpoint_ref(struct sl_checkpoint *checkpoint)
{
    atomic_fetch_add_explicit(&checkpoint->references, 1, memory_order_relaxed);
    return checkpoint;
}

void
sl_checkpoint_unref(struct sl_checkpoint *checkpoint)
{
    if (!checkpoint ||
        atomic_fetch_sub_explicit(&checkpoint->references, 1, memory_order_acq_rel) != 1)
        return;
    for (size_t i = 0; i < checkpoint->part_count; i++)
        sl_checkpoint_part_free(checkpoint->parts[i]);
    sl_arena_done(&checkpoint->arena);
    free(checkpoint);
}

struct sl_checkpoint *
sl_checkpoint_new(const struct sl_job *job, uint64_t epoch)
{
    struct sl_checkpoint *checkpoint = sl_alloc_zeroed(sizeof(*checkpoint));

    atomic_init(&checkpoint->references, 1);
    sl_arena_init(&checkpoint->arena);
    sl_checkpoint_path(job->runtime->config.data_directory, job->id, epoch, checkpoint->directory);
    return checkpoint;
}

static struct sl_job *
checkpoint_job(struct sl_io_job *io)
{
    return (struct sl_job *)((char *)io - offsetof(struct sl_job, checkpointing.io));
}

static void
checkpoint_submit(struct sl_job *job, void (*run)(struct sl_io_job *),
                  void (*done)(struct sl_io_job *))
{
    struct sl_checkpointing *checkpointing = &job->checkpointing;

    sl_job_ref(job);
    checkpointing->io.run = run;
    checkpointing->io.done = done;
    checkpointing->io_rc = SL_OK;
    job->runtime->config.env->ops->io_submit(job->runtime->config.env, &checkpointing->io);
}

/* --- the history --- */

static struct sl_checkpoint_record *
checkpoint_record(struct sl_checkpointing *checkpointing)
{
    return &checkpointing->history[checkpointing->epoch % SL_CHECKPOINT_HISTORY];
}

static void
checkpoint_record_begin(struct sl_job *job)
{
    struct sl_checkpointing *checkpointing = &job->checkpointing;

    *checkpoint_record(checkpointing) =
        (struct sl_checkpoint_record){.id = checkpointing->epoch,
                                      .kind = "checkpoint",
                                      .status = "IN_PROGRESS",
                                      .start_us = sl_now_us(job->runtime->config.env)};
}

void
sl_checkpoint_is_savepoint(struct sl_job *job)
{
    checkpoint_record(&job->checkpointing)->kind = "savepoint";
}

static void
checkpoint_record_end(struct sl_job *job, const char *status)
{
    struct sl_checkpointing *checkpointing = &job->checkpointing;
    struct sl_checkpoint_record *record = checkpoint_record(checkpointing);

    record->status = status;
    record->duration_us = sl_monotonic_us(job->runtime->config.env) - checkpointing->begin_us;
    snprintf(record->reason, sizeof(record->reason), "%s", checkpointing->failure.text);
}

static void
checkpoint_record_part(struct sl_checkpoint_record *record, const struct sl_checkpoint_part *part)
{
    record->alignment_us = SL_MAX(record->alignment_us, part->alignment_us);
    record->freeze_us = SL_MAX(record->freeze_us, part->freeze_us);
    record->write_us = SL_MAX(record->write_us, part->write_us);
    record->written_bytes += part->written_bytes;
    for (size_t i = 0; i < part->subtask.table_count; i++)
        record->full_bytes += part->subtask.tables[i].file.sum.size;
    for (size_t i = 0; i < part->subtask.store_count; i++)
        record->full_bytes += part->subtask.store[i].sum.size;
    for (size_t i = 0; i < part->segment_count; i++)
        record->full_bytes += part->segments[i].file.sum.size;
    if (part->subtask.channel_count > 0) {
        record->full_bytes += part->subtask.channel_file.sum.size;
        record->kind = "unaligned";
    }
}

/* --- the end of a barrier, under the mutex --- */

static void
checkpoint_finish(struct sl_job *job)
{
    struct sl_checkpointing *checkpointing = &job->checkpointing;

    checkpointing->phase = SL_CHECKPOINT_IDLE;
    checkpointing->has_timed_out = false;
    checkpointing->due_us =
        SL_MAX(checkpointing->due_us,
               sl_monotonic_us(job->runtime->config.env) + job->plan->settings.checkpoint_pause_us);
    sl_execution_unref(checkpointing->execution);
    checkpointing->execution = NULL;
    sl_checkpoint_unref(checkpointing->writing);
    checkpointing->writing = NULL;
    sl_job_barrier_over(job);
}

/* What an outbox handed over is lost with its checkpoint: the job goes back to the last one. */
static bool
checkpoint_may_fail(const struct sl_job *job)
{
    for (size_t i = 0; i < job->plan->node_count; i++) {
        if (job->plan->nodes[i]->kind == SL_OP_SINK && sl_sink_has_outbox(job->plan->nodes[i]))
            return false;
    }
    return job->checkpointing.failed_count <= job->plan->settings.checkpoint_failures_max;
}

/* More failures in a row than are tolerated fail the job. */
static void
checkpoint_count_failure(struct sl_job *job)
{
    struct sl_checkpointing *checkpointing = &job->checkpointing;
    struct sl_error err = checkpointing->failure;
    char quoted[SL_ERROR_TEXT_MAX + 16];

    checkpoint_record_end(job, "FAILED");
    if (!checkpointing->is_on || err.code == SL_E_OBJECT_STATE)
        return;
    sl_log(SL_LOG_WARN, "checkpoint given up", "job=%s checkpoint=%llu reason=%s", job->id,
           (unsigned long long)checkpointing->epoch,
           sl_log_quote(quoted, sizeof(quoted), err.text));
    checkpointing->failed_count++;
    if (checkpoint_may_fail(job))
        return;
    /* What is outside was slow, not the query wrong: the job may start again. */
    if (err.code == SL_E_QUERY_CANCELED)
        err.code = SL_E_IO;
    sl_job_fail_locked(job, &err);
}

static void
checkpoint_give_up(struct sl_job *job)
{
    if (!job->checkpointing.has_timed_out)
        checkpoint_count_failure(job);
    checkpoint_finish(job);
}

static void
checkpoint_time_out(struct sl_job *job)
{
    struct sl_checkpointing *checkpointing = &job->checkpointing;
    struct sl_execution *execution = checkpointing->execution;

    SL_ERROR(&checkpointing->failure, SL_E_QUERY_CANCELED,
             "checkpoint %llu timed out after %lld ms (execution.checkpointing.timeout)",
             (unsigned long long)checkpointing->epoch,
             (long long)(job->plan->settings.checkpoint_timeout_us / SL_US_PER_MS));
    checkpointing->has_timed_out = true;
    if (checkpointing->phase == SL_CHECKPOINT_ALIGNING && checkpointing->catches_up)
        sl_execution_inject(execution, checkpointing->epoch, false);
    checkpointing->catches_up = false;
    checkpoint_count_failure(job);
}

/* --- writing the manifest --- */

/* Segments of earlier epochs that no marker has confirmed yet live on in this checkpoint. */
static int
checkpoint_link_segments(struct sl_checkpoint *checkpoint, const struct sl_checkpoint *before,
                         struct sl_error *err)
{
    struct sl_manifest *manifest = &checkpoint->manifest;

    for (size_t i = 0; i < manifest->segment_count; i++) {
        const struct sl_manifest_segment *segment = &manifest->segments[i];

        if (segment->epoch == manifest->checkpoint_id)
            continue;
        SL_ASSERT(before != NULL);
        SL_TRY(sl_checkpoint_link(
            sl_arena_printf(&checkpoint->arena, "%s/%s", before->directory, segment->file.name),
            sl_arena_printf(&checkpoint->arena, "%s/%s", checkpoint->directory, segment->file.name),
            err));
    }
    return SL_OK;
}

/* Those between the newest and the one before it were given up, or left behind by going back to an
 * older one. */
static void
checkpoint_remove_old(const struct sl_job *job, const struct sl_checkpoint *newest,
                      const struct sl_checkpoint *before)
{
    uint64_t before_id = before ? before->manifest.checkpoint_id : 0;
    const char *data_directory = job->runtime->config.data_directory;
    struct sl_arena arena;
    uint64_t *ids;
    size_t count, kept = 0;

    sl_arena_init(&arena);
    count = sl_checkpoint_list(&arena, data_directory, job->id, &ids);
    for (size_t i = 0; i < count; i++) {
        if (ids[i] > newest->manifest.checkpoint_id ||
            ids[i] == atomic_load(&job->checkpointing.pinned_id) ||
            ids[i] == atomic_load(&job->verification.pinned_id))
            continue;
        if (kept < job->plan->settings.checkpoints_retained &&
            (ids[i] == newest->manifest.checkpoint_id || ids[i] <= before_id) &&
            sl_checkpoint_exists(data_directory, job->id, ids[i]))
            kept++;
        else
            sl_checkpoint_remove(data_directory, job->id, ids[i]);
    }
    sl_arena_done(&arena);
}

static void
checkpoint_write_run(struct sl_io_job *io)
{
    struct sl_job *job = checkpoint_job(io);
    struct sl_checkpointing *checkpointing = &job->checkpointing;
    struct sl_checkpoint *checkpoint = checkpointing->writing;

    sl_fault_point("checkpoint-answered");
    checkpointing->io_rc =
        checkpoint_link_segments(checkpoint, checkpointing->latest, &checkpointing->io_error);
    sl_fault_point("segments-linked");
    if (checkpointing->io_rc == SL_OK)
        checkpointing->io_rc = sl_manifest_write(&checkpoint->manifest, checkpoint->directory,
                                                 &checkpointing->io_error);
    sl_fault_point("checkpoint-durable");
    if (checkpointing->io_rc == SL_OK)
        checkpoint_remove_old(job, checkpoint, checkpointing->latest);
    sl_fault_point("checkpoints-removed");
}

static void
checkpoint_complete(struct sl_job *job)
{
    struct sl_checkpointing *checkpointing = &job->checkpointing;

    sl_checkpoint_unref(checkpointing->latest);
    checkpointing->latest = sl_checkpoint_ref(checkpointing->writing);
    checkpointing->done_epoch = checkpointing->epoch;
    checkpointing->done_progress = checkpointing->begun_progress;
    checkpointing->failed_count = 0;
    checkpoint_record_end(job, "COMPLETED");
    if (checkpointing->execution->live_count > 0)
        sl_execution_complete(checkpointing->execution, checkpointing->epoch);
    sl_publisher_take(job, checkpointing->latest);
    checkpoint_finish(job);
}

/* The end of a disk command: `proceed`, with the job's mutex held, where it succeeded. */
static void
checkpoint_io_done(struct sl_io_job *io, void (*proceed)(struct sl_job *))
{
    struct sl_job *job = checkpoint_job(io);
    struct sl_checkpointing *checkpointing = &job->checkpointing;

    pthread_mutex_lock(&job->mutex);
    if (checkpointing->io_rc < 0) {
        checkpointing->failure = checkpointing->io_error;
        checkpoint_give_up(job);
    } else {
        proceed(job);
    }
    sl_job_leave(job);
    sl_job_unref(job);
}

static void
checkpoint_write_done(struct sl_io_job *io)
{
    checkpoint_io_done(io, checkpoint_complete);
}

static int
checkpoint_compare_segments(const void *a, const void *b)
{
    const struct sl_manifest_segment *x = a, *y = b;

    if (x->epoch != y->epoch)
        return x->epoch < y->epoch ? -1 : 1;
    return (x->subtask > y->subtask) - (x->subtask < y->subtask);
}

/* The manifest of the parts that came in, and of what is still to be published. */
static void
checkpoint_make_manifest(struct sl_job *job, struct sl_checkpoint *checkpoint)
{
    struct sl_manifest *manifest = &checkpoint->manifest;
    size_t count = 0;

    for (size_t i = 0; i < checkpoint->part_count; i++) {
        count += checkpoint->parts[i]->segment_count;
        checkpoint_record_part(checkpoint_record(&job->checkpointing), checkpoint->parts[i]);
    }
    *manifest = (struct sl_manifest){
        .job_id = job->id,
        .checkpoint_id = job->checkpointing.epoch,
        .incarnation = job->checkpointing.incarnation,
        .time_us = sl_now_us(job->runtime->config.env),
        .max_parallelism = job->plan->settings.max_parallelism,
        .subtask_count = checkpoint->part_count,
    };
    manifest->subtasks =
        SL_NEW_ARRAY(&checkpoint->arena, struct sl_manifest_subtask, checkpoint->part_count);
    manifest->segments =
        sl_publisher_unconfirmed(job, &checkpoint->arena, count, &manifest->segment_count);
    manifest->lanes = sl_publisher_published(job, &checkpoint->arena, &manifest->lane_count);
    for (size_t i = 0; i < checkpoint->part_count; i++) {
        const struct sl_checkpoint_part *part = checkpoint->parts[i];

        manifest->subtasks[i] = part->subtask;
        for (size_t k = 0; k < part->segment_count; k++)
            manifest->segments[manifest->segment_count++] = part->segments[k];
    }
    /* A lane publishes in this order. */
    qsort(manifest->segments, manifest->segment_count, sizeof(*manifest->segments),
          checkpoint_compare_segments);
}

/* Everybody has answered. */
static void
checkpoint_answered(struct sl_job *job)
{
    struct sl_checkpointing *checkpointing = &job->checkpointing;

    if (checkpointing->failure.code != 0) {
        checkpoint_give_up(job);
        return;
    }
    if (!checkpointing->is_on) {
        checkpointing->done_epoch = checkpointing->epoch;
        checkpoint_finish(job);
        return;
    }
    checkpointing->phase = SL_CHECKPOINT_WRITING;
    checkpoint_make_manifest(job, checkpointing->writing);
    checkpoint_submit(job, checkpoint_write_run, checkpoint_write_done);
}

void
sl_barrier_answer(struct sl_job *job, struct sl_execution *execution, uint64_t epoch,
                  struct sl_checkpoint_part *part, const struct sl_error *err)
{
    struct sl_checkpointing *checkpointing = &job->checkpointing;

    SL_ASSERT(checkpointing->phase == SL_CHECKPOINT_ALIGNING &&
              checkpointing->execution == execution && checkpointing->epoch == epoch &&
              checkpointing->missing > 0);
    if (part)
        checkpointing->writing->parts[checkpointing->writing->part_count++] = part;
    else if (checkpointing->is_on && checkpointing->failure.code == 0)
        checkpointing->failure = *err;
    if (--checkpointing->missing == 0)
        checkpoint_answered(job);
}

/* --- beginning --- */

static void
checkpoint_overtake(struct sl_checkpointing *checkpointing)
{
    checkpointing->overtake_us = INT64_MAX;
    sl_execution_overtake(checkpointing->execution, checkpointing->epoch);
}

/* The barrier is on its way: it overtakes now, or the ticker lets it later. */
static void
checkpoint_plan_overtaking(struct sl_job *job)
{
    struct sl_checkpointing *checkpointing = &job->checkpointing;
    int64_t aligned_us = job->plan->settings.checkpoint_aligned_us;

    /* A savepoint is asked for after its barrier has begun. */
    if (job->has_savepoint || checkpointing->catches_up ||
        checkpointing->epoch == checkpointing->execution->last_epoch) {
        checkpointing->may_overtake = false;
    } else if (aligned_us == 0) {
        checkpoint_overtake(checkpointing);
    } else {
        checkpointing->overtake_us = checkpointing->begin_us + aligned_us;
        sl_runtime_tick_now(job->runtime);
    }
}

/* The barrier goes to the sources, and to those that will see none from an input. */
static void
checkpoint_align(struct sl_job *job)
{
    struct sl_checkpointing *checkpointing = &job->checkpointing;
    struct sl_execution *execution = checkpointing->execution;

    if (execution != job->execution || job->is_stopping || execution->live_count == 0) {
        if (!checkpointing->has_timed_out)
            SL_ERROR(&checkpointing->failure, SL_E_OBJECT_STATE, "the job stopped meanwhile");
        checkpoint_give_up(job);
        return;
    }
    if (checkpointing->has_timed_out) {
        checkpoint_give_up(job);
        return;
    }
    checkpointing->phase = SL_CHECKPOINT_ALIGNING;
    checkpointing->missing = execution->live_count;
    if (checkpointing->writing)
        checkpointing->writing->parts = SL_NEW_ARRAY(
            &checkpointing->writing->arena, struct sl_checkpoint_part *, execution->subtask_count);
    sl_execution_inject(execution, checkpointing->epoch, checkpointing->catches_up);
    if (checkpointing->may_overtake)
        checkpoint_plan_overtaking(job);
}

static void
checkpoint_make_run(struct sl_io_job *io)
{
    struct sl_job *job = checkpoint_job(io);
    struct sl_checkpointing *checkpointing = &job->checkpointing;

    checkpointing->io_rc = sl_checkpoint_make(job->runtime->config.data_directory, job->id,
                                              checkpointing->epoch, &checkpointing->io_error);
    sl_fault_point("checkpoint-made");
}

static void
checkpoint_make_done(struct sl_io_job *io)
{
    checkpoint_io_done(io, checkpoint_align);
}

int
sl_barrier_begin(struct sl_job *job, bool catches_up, uint64_t *ret_epoch)
{
    struct sl_checkpointing *checkpointing = &job->checkpointing;

    if (checkpointing->phase != SL_CHECKPOINT_IDLE || !job->execution || job->is_stopping ||
        job->execution->starting_count > 0 || job->execution->live_count == 0 ||
        (checkpointing->is_on && atomic_load(&job->runtime->disk_is_low)))
        return SL_AGAIN;
    checkpointing->epoch++;
    checkpointing->catches_up = catches_up;
    checkpointing->may_overtake = checkpointing->is_on && job->plan->settings.checkpoint_unaligned;
    checkpointing->overtake_us = INT64_MAX;
    checkpointing->begin_us = sl_monotonic_us(job->runtime->config.env);
    checkpointing->begun_progress = sl_job_progress(job);
    sl_error_reset(&checkpointing->failure);
    checkpoint_record_begin(job);
    checkpointing->execution = sl_execution_ref(job->execution);
    *ret_epoch = checkpointing->epoch;
    if (!checkpointing->is_on) {
        checkpoint_align(job);
        return SL_OK;
    }
    checkpointing->writing = sl_checkpoint_new(job, checkpointing->epoch);
    checkpointing->phase = SL_CHECKPOINT_MAKING;
    checkpoint_submit(job, checkpoint_make_run, checkpoint_make_done);
    return SL_OK;
}

bool
sl_barrier_is_over(const struct sl_job *job, uint64_t epoch)
{
    const struct sl_checkpointing *checkpointing = &job->checkpointing;

    return checkpointing->epoch != epoch || checkpointing->phase == SL_CHECKPOINT_IDLE ||
           checkpointing->has_timed_out;
}

void
sl_barrier_hurry(struct sl_job *job, uint64_t epoch)
{
    struct sl_checkpointing *checkpointing = &job->checkpointing;

    pthread_mutex_lock(&job->mutex);
    if (!sl_barrier_is_over(job, epoch)) {
        checkpointing->catches_up = false;
        if (checkpointing->phase == SL_CHECKPOINT_ALIGNING &&
            checkpointing->execution->live_count > 0)
            sl_execution_inject(checkpointing->execution, epoch, false);
    }
    pthread_mutex_unlock(&job->mutex);
}

/* Under the mutex: the periodic one, unless it would hold nothing new. */
static void
checkpoint_begin_periodic(struct sl_job *job, int64_t now_us)
{
    struct sl_checkpointing *checkpointing = &job->checkpointing;
    int64_t interval_us = job->plan->settings.checkpoint_interval_us;
    uint64_t epoch;

    if (checkpointing->done_progress == sl_job_progress(job))
        sl_publisher_idle(job);
    else if (sl_barrier_begin(job, false, &epoch) != SL_OK)
        return;
    /* In step with its beginning, which chance decided: jobs that start together do not all take
     * theirs at once. */
    checkpointing->due_us += interval_us;
    if (checkpointing->due_us <= now_us)
        checkpointing->due_us = now_us + interval_us;
}

int64_t
sl_checkpoint_tick(struct sl_job *job, int64_t now_us)
{
    struct sl_checkpointing *checkpointing = &job->checkpointing;
    int64_t timeout_us = job->plan->settings.checkpoint_timeout_us, next_us;
    bool has_news = false;

    if (!checkpointing->is_on)
        return INT64_MAX;
    pthread_mutex_lock(&job->mutex);
    if (checkpointing->due_us <= now_us)
        checkpoint_begin_periodic(job, now_us);
    next_us = checkpointing->due_us;
    if (checkpointing->phase == SL_CHECKPOINT_ALIGNING && checkpointing->may_overtake) {
        if (checkpointing->overtake_us <= now_us)
            checkpoint_overtake(checkpointing);
        next_us = SL_MIN(next_us, checkpointing->overtake_us);
    }
    if (timeout_us > 0 && !checkpointing->has_timed_out &&
        (checkpointing->phase == SL_CHECKPOINT_MAKING ||
         checkpointing->phase == SL_CHECKPOINT_ALIGNING)) {
        has_news = checkpointing->begin_us + timeout_us <= now_us;
        if (has_news)
            checkpoint_time_out(job);
        else
            next_us = SL_MIN(next_us, checkpointing->begin_us + timeout_us);
    }
    pthread_mutex_unlock(&job->mutex);
    if (has_news)
        sl_runtime_announce(job->runtime);
    return next_us;
}
