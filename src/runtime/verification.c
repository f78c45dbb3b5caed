/* Verification in the background: see verification.h. */
#include "runtime/verification.h"

#include "base/log.h"
#include "runtime/job.h"

#include <stdio.h>

#define VERIFICATION_STEP_BYTES ((uint64_t)4 << 20)
#define VERIFICATION_STEP_US (100 * SL_US_PER_MS)

static struct sl_job *
verification_job(struct sl_io_job *io)
{
    return (struct sl_job *)((char *)io - offsetof(struct sl_job, verification.io));
}

static void
verification_run(struct sl_io_job *io)
{
    struct sl_verification *verification = &verification_job(io)->verification;

    verification->io_rc =
        sl_verify_step(verification->verify, VERIFICATION_STEP_BYTES, &verification->io_error);
}

static void verification_submit(struct sl_job *job);

static void
verification_end(struct sl_job *job)
{
    struct sl_verification *verification = &job->verification;

    sl_verify_free(verification->verify);
    sl_checkpoint_unref(verification->checkpoint);
    verification->verify = NULL;
    verification->checkpoint = NULL;
    atomic_store(&verification->pinned_id, 0);
}

/* The job goes back; which checkpoints are whole is found out anew. */
static void
verification_failed(struct sl_job *job)
{
    struct sl_verification *verification = &job->verification;
    struct sl_error err = verification->io_error;
    char quoted[SL_ERROR_TEXT_MAX + 32];

    sl_error_prefix(&err, "checkpoint %llu, which the job went on from, cannot be used",
                    (unsigned long long)verification->checkpoint->manifest.checkpoint_id);
    sl_log(SL_LOG_ERROR, "checkpoint is damaged", "job=%s reason=%s", job->id,
           sl_log_quote(quoted, sizeof(quoted), err.text));
    verification_end(job);
    sl_job_restored_damaged(job, &err);
}

static void
verification_done(struct sl_io_job *io)
{
    struct sl_job *job = verification_job(io);
    struct sl_verification *verification = &job->verification;

    pthread_mutex_lock(&job->mutex);
    verification->is_busy = false;
    atomic_store(&job->runtime->verification_is_busy, false);
    if (atomic_load(&verification->pinned_id) == 0 || job->end_waits) {
        verification_end(job);
        if (job->execution && !job->is_stopping)
            sl_verification_begin(job); /* of another launch */
    } else if (verification->io_rc == SL_EOF) {
        verification->checkpoint->is_verified = true;
        verification_end(job);
    } else if (verification->io_rc < 0) {
        verification_failed(job);
    } else if (!atomic_load(&job->runtime->verification_is_paced)) {
        verification_submit(job);
    }
    sl_job_leave(job);
    sl_job_unref(job);
}

static void
verification_submit(struct sl_job *job)
{
    struct sl_verification *verification = &job->verification;

    verification->is_busy = true;
    atomic_store(&job->runtime->verification_is_busy, true);
    verification->io.run = verification_run;
    verification->io.done = verification_done;
    sl_job_ref(job);
    job->runtime->config.env->ops->io_submit(job->runtime->config.env, &verification->io);
}

void
sl_verification_begin(struct sl_job *job)
{
    struct sl_verification *verification = &job->verification;
    struct sl_checkpoint *checkpoint = job->execution->restored;

    sl_verification_drop(job);
    if (verification->is_busy || !checkpoint || checkpoint->is_verified)
        return;
    verification->checkpoint = sl_checkpoint_ref(checkpoint);
    verification->verify = sl_verify_new(&checkpoint->manifest, checkpoint->directory);
    atomic_store(&verification->pinned_id, checkpoint->manifest.checkpoint_id);
    if (!atomic_load(&job->runtime->verification_is_paced))
        verification_submit(job);
}

void
sl_verification_drop(struct sl_job *job)
{
    struct sl_verification *verification = &job->verification;

    atomic_store(&verification->pinned_id, 0);
    if (!verification->is_busy)
        verification_end(job);
}

/* Says whether there was something to do. */
static bool
verification_tick_job(struct sl_job *job)
{
    struct sl_verification *verification = &job->verification;
    bool has_step;

    pthread_mutex_lock(&job->mutex);
    has_step = verification->checkpoint && !verification->is_busy;
    if (has_step)
        verification_submit(job);
    pthread_mutex_unlock(&job->mutex);
    return has_step;
}

void
sl_runtime_tick_verification(struct sl_runtime *runtime, struct sl_job **jobs, size_t count,
                             int64_t now_us)
{
    if (now_us < runtime->verification_due_us || atomic_load(&runtime->verification_is_busy))
        return;
    for (size_t i = 0; i < count; i++) {
        if (!verification_tick_job(jobs[i]))
            continue;
        runtime->verification_due_us = now_us + VERIFICATION_STEP_US;
        return;
    }
}
