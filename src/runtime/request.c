/* What a session asks of one job: a checkpoint, a savepoint, a failure. */
#include "executor/scan.h"
#include "runtime/job.h"
#include "runtime/publisher.h"
#include "storage/savepoint.h"

#include <stdio.h>

struct request {
    struct sl_job *job;
    struct sl_waiter waiter;
    bool (*cancelled)(void *);
    void *arg;
    const char *path; /* of a savepoint; NULL: its checkpoint is enough */
    enum sl_savepoint_mode mode;
    uint64_t epoch; /* of its checkpoint */
};

static int
request_not_running(const struct sl_job *job, struct sl_error *err)
{
    return SL_ERROR(err, SL_E_OBJECT_STATE, "job %s is not running", job->id);
}

/* Under the mutex.  Errors: there will be none. */
static int
request_check(struct sl_job *job, struct sl_error *err)
{
    if (!job->checkpointing.is_on) {
        SL_ERROR(err, SL_E_NOT_SUPPORTED, "job %s takes no checkpoints", job->id);
        return sl_error_hint(err, "it was started with 'execution.checkpointing.interval' = '0'");
    }
    return sl_run_state_is_final(job->state) ? request_not_running(job, err) : SL_OK;
}

/* Once there is no other barrier under way. */
static int
request_begin_checkpoint(struct request *request, struct sl_error *err)
{
    struct sl_job *job = request->job;
    int rc;

    pthread_mutex_lock(&job->mutex);
    rc = request_check(job, err);
    if (rc == SL_OK)
        rc = sl_barrier_begin(job, false, &request->epoch);
    pthread_mutex_unlock(&job->mutex);
    return rc;
}

/* SL_AGAIN: it is under way. */
static int
request_outcome(struct request *request, struct sl_error *err)
{
    struct sl_job *job = request->job;
    uint64_t epoch = request->epoch;
    const struct sl_checkpointing *checkpointing = &job->checkpointing;
    int rc = SL_AGAIN;

    pthread_mutex_lock(&job->mutex);
    if (checkpointing->done_epoch >= epoch) {
        rc = SL_OK;
    } else if (sl_barrier_is_over(job, epoch)) {
        rc = request_not_running(job, err);
        if (checkpointing->epoch == epoch && checkpointing->failure.code != 0 &&
            checkpointing->failure.code != SL_E_OBJECT_STATE) {
            *err = checkpointing->failure;
            rc = err->code;
        }
    }
    pthread_mutex_unlock(&job->mutex);
    return rc;
}

/* Calls it until it says something else than SL_AGAIN. */
static int
request_wait(struct request *request, int (*step)(struct request *request, struct sl_error *err),
             struct sl_error *err)
{
    int rc;

    while ((rc = step(request, err)) == SL_AGAIN) {
        if (request->cancelled && request->cancelled(request->arg))
            return SL_ERROR(err, SL_E_QUERY_CANCELED, "the wait for a checkpoint was cancelled");
        sl_waiter_wait(request->job->runtime, &request->waiter, INT64_MAX);
    }
    return rc;
}

int
sl_job_checkpoint(struct sl_job *job, bool (*cancelled)(void *), void *arg, uint64_t *ret_id,
                  struct sl_error *err)
{
    struct request request = {.job = job, .cancelled = cancelled, .arg = arg};
    int rc;

    sl_waiter_begin(job->runtime, &request.waiter);
    rc = request_wait(&request, request_begin_checkpoint, err);
    if (rc == SL_OK)
        rc = request_wait(&request, request_outcome, err);
    sl_waiter_end(job->runtime, &request.waiter);
    if (rc == SL_OK)
        *ret_id = request.epoch;
    return rc;
}

/* --- savepoints --- */

/* One at a time: its checkpoint and the job stay until it is written. */
static int
request_begin_savepoint(struct request *request, struct sl_error *err)
{
    struct sl_job *job = request->job;
    int rc;

    pthread_mutex_lock(&job->mutex);
    rc = request_check(job, err);
    if (rc == SL_OK)
        rc = job->has_savepoint ? SL_AGAIN : sl_barrier_begin(job, false, &request->epoch);
    if (rc == SL_OK) {
        job->has_savepoint = true;
        atomic_store(&job->checkpointing.pinned_id, request->epoch);
        if (request->path)
            sl_checkpoint_is_savepoint(job);
        if (request->mode == SL_SAVEPOINT_STOP)
            sl_execution_hold(job->execution, request->epoch);
    }
    pthread_mutex_unlock(&job->mutex);
    return rc;
}

/* All inputs end where they are now; the checkpoint is the job's last. */
static int
request_begin_drain(struct request *request, struct sl_error *err)
{
    struct sl_job *job = request->job;
    int rc;

    pthread_mutex_lock(&job->mutex);
    rc = request_check(job, err);
    if (rc == SL_OK && (job->has_savepoint || !job->execution || job->is_stopping ||
                        job->execution->starting_count > 0))
        rc = SL_AGAIN;
    if (rc == SL_OK) {
        job->has_savepoint = true;
        job->execution->finish_missing += sl_execution_finish_all(job->execution);
        request->epoch = (uint64_t)job->restart_count;
    }
    pthread_mutex_unlock(&job->mutex);
    return rc;
}

/* Has the last checkpoint come? */
static int
request_drained(struct request *request, struct sl_error *err)
{
    struct sl_job *job = request->job;
    const struct sl_execution *execution;
    int rc = SL_AGAIN;

    pthread_mutex_lock(&job->mutex);
    execution = job->execution;
    if (sl_run_state_is_final(job->state) || (uint64_t)job->restart_count != request->epoch) {
        rc = SL_ERROR(err, SL_E_OBJECT_STATE, "job %s failed before it was drained: %s", job->id,
                      job->failure.text);
    } else if (execution && execution->last_epoch > 0 &&
               job->checkpointing.done_epoch >= execution->last_epoch) {
        request->epoch = job->checkpointing.done_epoch;
        rc = SL_OK;
    }
    pthread_mutex_unlock(&job->mutex);
    return rc;
}

static int
request_published(struct request *request, struct sl_error *err)
{
    struct sl_job *job = request->job;
    int rc = SL_AGAIN;

    pthread_mutex_lock(&job->mutex);
    if (sl_run_state_is_final(job->state) || job->checkpointing.done_epoch < request->epoch)
        rc = request_not_running(job, err);
    else if (sl_publisher_is_past(job, request->epoch))
        rc = SL_OK;
    pthread_mutex_unlock(&job->mutex);
    return rc;
}

static int
request_write_savepoint(const struct request *request, struct sl_error *err)
{
    const struct sl_job *job = request->job;
    char directory[SL_CHECKPOINT_PATH_MAX];
    struct sl_manifest *manifest;
    struct sl_arena arena;
    int rc;

    sl_checkpoint_path(job->runtime->config.data_directory, job->id, request->epoch, directory);
    sl_arena_init(&arena);
    rc = sl_manifest_read(&arena, directory, &manifest, err);
    if (rc == SL_OK)
        rc = sl_savepoint_write(manifest, directory, request->path, err);
    sl_arena_done(&arena);
    return rc;
}

/* After a failure the job goes on as before. */
static void
request_end_savepoint(struct request *request, bool has_failed)
{
    struct sl_job *job = request->job;

    pthread_mutex_lock(&job->mutex);
    job->has_savepoint = false;
    atomic_store(&job->checkpointing.pinned_id, 0);
    if (has_failed && job->execution)
        sl_execution_hold(job->execution, 0);
    sl_job_published(job);
    pthread_mutex_unlock(&job->mutex);
    sl_runtime_announce(job->runtime);
}

static int
request_savepoint(struct request *request, struct sl_error *err)
{
    bool drains = request->mode == SL_SAVEPOINT_DRAIN;
    int rc = request_wait(request, drains ? request_begin_drain : request_begin_savepoint, err);

    if (rc < 0)
        return rc;
    rc = request_wait(request, drains ? request_drained : request_outcome, err);
    if (rc == SL_OK)
        rc = request_wait(request, request_published, err);
    if (rc == SL_OK && request->path)
        rc = request_write_savepoint(request, err);
    request_end_savepoint(request, rc < 0);
    return rc;
}

int
sl_job_savepoint(struct sl_job *job, const char *path, enum sl_savepoint_mode mode,
                 bool (*cancelled)(void *), void *arg, struct sl_error *err)
{
    struct request request = {
        .job = job, .cancelled = cancelled, .arg = arg, .path = path, .mode = mode};
    int rc;

    sl_waiter_begin(job->runtime, &request.waiter);
    rc = request_savepoint(&request, err);
    sl_waiter_end(job->runtime, &request.waiter);
    return rc;
}

int
sl_job_hold(struct sl_job *job, bool (*cancelled)(void *), void *arg, struct sl_error *err)
{
    return sl_job_savepoint(job, NULL, SL_SAVEPOINT_STOP, cancelled, arg, err);
}

void
sl_job_go_on(struct sl_job *job)
{
    pthread_mutex_lock(&job->mutex);
    if (job->execution)
        sl_execution_hold(job->execution, 0);
    pthread_mutex_unlock(&job->mutex);
}

/* --- the rest --- */

uint64_t
sl_job_begun_from(struct sl_job *job)
{
    uint64_t id = 0;

    pthread_mutex_lock(&job->mutex);
    if (job->execution && job->execution->restored)
        id = job->execution->restored->manifest.checkpoint_id;
    else if (!job->execution && job->recovery.is_wanted)
        id = SL_CHECKPOINT_SOUGHT;
    pthread_mutex_unlock(&job->mutex);
    return id;
}

int
sl_job_fail(struct sl_job *job, struct sl_error *err)
{
    struct sl_error failure;
    int rc = SL_OK;

    SL_ERROR(&failure, SL_E_CONNECTION_FAILURE, "failed by CALL sluice.fail_job");
    pthread_mutex_lock(&job->mutex);
    if (sl_run_state_is_final(job->state)) {
        rc = request_not_running(job, err);
    } else {
        job->restarts_at_once = job->execution && !job->is_stopping;
        sl_job_fail_locked(job, &failure);
    }
    pthread_mutex_unlock(&job->mutex);
    sl_runtime_announce(job->runtime);
    return rc;
}
