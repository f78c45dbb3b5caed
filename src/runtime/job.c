/* The life of a job.
 *
 *     CREATED ──job_relaunch─▶ RUNNING ──all subtasks gone──▶ FINISHED
 *                              │  ▲
 *          retryable, job_fail │  │ all subtasks of the new execution have started
 *                              ▼  │
 *                           RESTARTING ──(gone, delay, job_relaunch)
 *
 *     sl_job_stop, a failure that is final: told to stop, then, all subtasks gone: the target
 *     state.
 *
 * 1. `state` changes under the job's mutex only; a final state never changes.
 * 2. While an execution exists the job waits for its subtasks: nothing is freed under them.
 * 3. The server is told on an I/O thread, one call at a time, always of the newest state; whoever
 *    waits for the job's end waits for that call too. */
#include "executor/alignment.h"
#include "runtime/job.h"

#include "base/log.h"
#include "runtime/publisher.h"

#include <stdlib.h>

struct sl_job *
sl_job_ref(struct sl_job *job)
{
    atomic_fetch_add_explicit(&job->references, 1, memory_order_relaxed);
    return job;
}

void
sl_job_unref(struct sl_job *job)
{
    if (atomic_fetch_sub_explicit(&job->references, 1, memory_order_acq_rel) != 1)
        return;
    if (job->collector)
        sl_collector_free(job->collector);
    sl_publisher_done(job);
    sl_verification_drop(job);
    sl_restart_done(&job->restart);
    sl_checkpoint_unref(job->checkpointing.latest);
    pthread_mutex_destroy(&job->mutex);
    sl_arena_done(&job->arena);
    free(job);
}

/* --- telling the server --- */

static void
job_notify_run(struct sl_io_job *io)
{
    struct sl_job *job = (struct sl_job *)((char *)io - offsetof(struct sl_job, notify));

    job->runtime->config.job_changed(job->runtime->config.arg, job);
}

static void
job_notify_done(struct sl_io_job *io)
{
    struct sl_job *job = (struct sl_job *)((char *)io - offsetof(struct sl_job, notify));
    struct sl_runtime *runtime = job->runtime;
    bool again;

    pthread_mutex_lock(&job->mutex);
    again = job->notify_again;
    job->notify_again = false;
    job->notify_busy = again;
    pthread_mutex_unlock(&job->mutex);
    if (again) {
        runtime->config.env->ops->io_submit(runtime->config.env, io);
        return;
    }
    sl_job_unref(job);
    sl_runtime_end_notify(runtime);
}

/* Under the mutex, after a change of state. */
static void
job_notify(struct sl_job *job)
{
    if (job->is_query || job->stays_silent || job->runtime->config.job_changed == NULL)
        return;
    if (job->notify_busy) {
        job->notify_again = true;
        return;
    }
    job->notify_busy = true;
    atomic_fetch_add(&job->runtime->notify_count, 1);
    sl_job_ref(job);
    job->notify.run = job_notify_run;
    job->notify.done = job_notify_done;
    job->runtime->config.env->ops->io_submit(job->runtime->config.env, &job->notify);
}

static const char *const job_state_names[] = {"CREATED",  "RUNNING", "RESTARTING", "FINISHED",
                                              "CANCELED", "FAILED",  "SUSPENDED"};

/* Under the mutex. */
static void
job_set_state(struct sl_job *job, enum sl_run_state state)
{
    char quoted[SL_ERROR_TEXT_MAX + 32];

    job->state = state;
    if (!job->is_query && !job->stays_silent)
        sl_log(state == SL_RUN_FAILED ? SL_LOG_ERROR : SL_LOG_INFO, "job changed",
               "job=%s state=%s reason=%s", job->id, job_state_names[state],
               sl_log_quote(quoted, sizeof(quoted), job->failure.text));
    job_notify(job);
}

/* --- launching and ending executions --- */

void
sl_job_launch(struct sl_job *job)
{
    job->is_stopping = false;
    job->execution = sl_execution_new(sl_job_ref(job));
    if (job->checkpointing.latest)
        job->execution->restored = sl_checkpoint_ref(job->checkpointing.latest);
    sl_verification_begin(job);
    sl_execution_start(job->execution);
    if (!job->is_query && atomic_load(&job->runtime->disk_is_low))
        sl_execution_pause(job->execution, true);
    sl_publisher_resume(job);
}

/* Under the mutex: launches it, but not while a checkpoint is still being written, which may become
 * the one to begin from. */
static void
job_relaunch(struct sl_job *job)
{
    job->launch_waits = job->checkpointing.phase != SL_CHECKPOINT_IDLE ||
                        (job->recovery.is_wanted && sl_publisher_is_busy(job));
    if (job->launch_waits)
        return;
    if (job->recovery.is_wanted)
        sl_recovery_begin(job);
    else
        sl_job_launch(job);
}

/* Under the mutex: what it waited for may be over. */
static bool
job_try_launch(struct sl_job *job)
{
    if (!job->launch_waits || job->state != SL_RUN_RESTARTING || job->is_stopping)
        return false;
    job_relaunch(job);
    return true;
}

void
sl_job_barrier_over(struct sl_job *job)
{
    if (!job_try_launch(job))
        sl_job_published(job);
}

/* Under the mutex: when all have ended, a last checkpoint is taken; once it is complete and
 * published they may go. */
void
sl_job_published(struct sl_job *job)
{
    struct sl_execution *execution = job->execution;
    struct sl_checkpointing *checkpointing = &job->checkpointing;
    uint64_t epoch;

    if (!execution || job->is_stopping || execution->is_released ||
        execution->ended_count < execution->subtask_count ||
        checkpointing->phase != SL_CHECKPOINT_IDLE)
        return;
    if (execution->last_epoch == 0) {
        if (sl_barrier_begin(job, false, &epoch) == SL_OK)
            execution->last_epoch = epoch;
        return;
    }
    if (checkpointing->done_epoch < execution->last_epoch) {
        execution->last_epoch = 0; /* it was given up: another */
        sl_job_published(job);
        return;
    }
    if (!sl_publisher_is_idle(job) || job->has_savepoint || !sl_publisher_finish(job))
        return;
    execution->is_released = true;
    sl_execution_release(execution);
}

/* Without the mutex, with a reference of the caller's: the job has come to its end. */
static void
job_end(struct sl_job *job)
{
    if (job->collector)
        sl_collector_end(job->collector);
    sl_runtime_remove_job(job->runtime, job);
    pthread_mutex_lock(&job->mutex);
    job->has_left = true;
    pthread_mutex_unlock(&job->mutex);
    sl_runtime_announce(job->runtime);
}

static void
job_restart_fire(struct sl_timer *timer, struct sl_slot *slot, bool cancelled)
{
    struct sl_job *job = (struct sl_job *)((char *)timer - offsetof(struct sl_job, restart_timer));

    pthread_mutex_lock(&job->mutex);
    if (!cancelled && job->state == SL_RUN_RESTARTING && !job->is_stopping)
        job_relaunch(job);
    pthread_mutex_unlock(&job->mutex);
    sl_job_unref(job);
}

/* On the slot's thread. */
static void
job_wait_restart(struct sl_job *job, struct sl_slot *slot)
{
    job->restart_timer.deadline_us = sl_now_us(slot->env) + job->restart_delay_us;
    job->restart_timer.fire = job_restart_fire;
    sl_job_ref(job);
    sl_slot_set_timer(slot, &job->restart_timer);
}

static void
job_run_restart_command(struct sl_command *command, struct sl_slot *slot)
{
    struct sl_job *job =
        (struct sl_job *)((char *)command - offsetof(struct sl_job, restart_command));

    pthread_mutex_lock(&job->mutex);
    if (job->state == SL_RUN_RESTARTING && !job->is_stopping && !job->end_waits)
        job_wait_restart(job, slot);
    pthread_mutex_unlock(&job->mutex);
    sl_job_unref(job);
}

/* Under the mutex: the job's end, once nobody is at its files any more.  Says whether it came. */
static bool
job_try_end(struct sl_job *job)
{
    if (!job->end_waits || job->checkpointing.phase != SL_CHECKPOINT_IDLE ||
        job->recovery.is_busy || job->verification.is_busy || sl_publisher_is_busy(job))
        return false;
    job->end_waits = false;
    sl_verification_drop(job);
    job->end_us = sl_now_us(job->runtime->config.env);
    job_set_state(job, job->target);
    return true;
}

/* Under the mutex, on the thread of `slot`: no subtask is left.  Returns whether this is the
 * end. */
static bool
job_after_execution(struct sl_job *job, struct sl_slot *slot)
{
    enum sl_run_state target = job->is_stopping ? job->target : SL_RUN_FINISHED;

    job->execution = NULL;
    if (target == SL_RUN_RESTARTING) {
        job->is_stopping = false;
        if (job->restarts_at_once) {
            job->restarts_at_once = false;
            job_relaunch(job);
            return false;
        }
        job_wait_restart(job, slot);
        return false;
    }
    job->target = target;
    job->end_waits = true;
    return job_try_end(job);
}

void
sl_job_leave(struct sl_job *job)
{
    bool is_end;

    job_try_launch(job);
    is_end = job_try_end(job);
    pthread_mutex_unlock(&job->mutex);
    if (is_end)
        job_end(job);
    else
        sl_runtime_announce(job->runtime);
}

/* --- what subtasks report --- */

void
sl_job_subtask_started(struct sl_subtask *subtask)
{
    struct sl_execution *execution = subtask->execution;
    struct sl_job *job = execution->job;

    pthread_mutex_lock(&job->mutex);
    if (--execution->starting_count == 0)
        sl_alignment_open(execution->alignment);
    if (execution->starting_count == 0 && job->state == SL_RUN_RESTARTING && !job->is_stopping) {
        sl_error_reset(&job->failure);
        job_set_state(job, SL_RUN_RUNNING);
    }
    sl_job_published(job);
    pthread_mutex_unlock(&job->mutex);
    sl_runtime_announce(job->runtime);
}

void
sl_job_outbox_full(struct sl_job *job)
{
    pthread_mutex_lock(&job->mutex);
    job->checkpointing.due_us = 0;
    pthread_mutex_unlock(&job->mutex);
    sl_runtime_tick_now(job->runtime);
}

/* Does the job start again after this failure?  If it could have, the reason tells why not. */
static bool
job_may_restart(struct sl_job *job)
{
    const struct sl_phys_settings *settings = &job->plan->settings;
    struct sl_env *env = job->runtime->config.env;

    if (job->is_query || settings->batch_mode || !sl_error_is_retryable(job->failure.code))
        return false;
    job->restart_delay_us =
        sl_restart_after(&job->restart, settings, sl_now_us(env), env->ops->random(env));
    if (job->restart_delay_us >= 0)
        return true;
    if (settings->restart_strategy && strcmp(settings->restart_strategy, "none") != 0)
        sl_error_prefix(&job->failure, "restart-strategy.type %s allows no more restarts",
                        settings->restart_strategy);
    return false;
}

void
sl_job_fail_locked(struct sl_job *job, const struct sl_error *err)
{
    if (job->is_stopping || !job->execution)
        return;
    job->is_stopping = true;
    job->failure = *err;
    job->target = SL_RUN_FAILED;
    if (job_may_restart(job)) {
        job->target = SL_RUN_RESTARTING;
        job->restart_count++;
        job_set_state(job, SL_RUN_RESTARTING);
    }
    sl_execution_stop(job->execution);
}

void
sl_job_not_launched(struct sl_job *job, const struct sl_error *err)
{
    job->failure = *err;
    if (!job_may_restart(job)) {
        job->target = SL_RUN_FAILED;
        job->end_waits = true;
        return;
    }
    job_set_state(job, SL_RUN_RESTARTING);
    sl_job_ref(job);
    job->restart_command.run = job_run_restart_command;
    sl_slot_post(job->runtime->slots[job->base_slot], &job->restart_command);
}

static void
job_restart_to_recover(struct sl_job *job, const struct sl_error *err)
{
    job->failure = *err;
    job->is_stopping = true;
    job->target = SL_RUN_RESTARTING;
    job->restarts_at_once = true;
    job->restart_count++;
    job_set_state(job, SL_RUN_RESTARTING);
    sl_execution_stop(job->execution);
}

/* A failure that a checkpoint's damage would explain: the job restarts by looking for another.
 * Says whether it does. */
static bool
job_recover(struct sl_job *job, const struct sl_error *err)
{
    bool is_damage = err->code == SL_E_DATA_CORRUPTED;

    if (!job->checkpointing.latest || job->is_stopping || !job->execution)
        return false;
    if (is_damage || err->code == SL_E_IO)
        sl_recovery_want(job, err);
    if (is_damage)
        job_restart_to_recover(job, err);
    return is_damage;
}

void
sl_job_restored_damaged(struct sl_job *job, const struct sl_error *err)
{
    if (job->recovery.is_busy || sl_run_state_is_final(job->state))
        return;
    sl_recovery_want(job, err);
    /* What was read of it was whole: a newer checkpoint may be good. */
    job->recovery.reason.code = SL_E_IO;
    if (job->execution && !job->is_stopping)
        job_restart_to_recover(job, err);
}

void
sl_job_subtask_failed(struct sl_subtask *subtask, const struct sl_error *err)
{
    struct sl_job *job = subtask->execution->job;

    pthread_mutex_lock(&job->mutex);
    if (!subtask->is_restore_failed || !job_recover(job, err))
        sl_job_fail_locked(job, err);
    pthread_mutex_unlock(&job->mutex);
    sl_runtime_announce(job->runtime);
}

void
sl_job_publishing_failed(struct sl_job *job, const struct sl_error *err)
{
    if (err->code != SL_E_DATA_CORRUPTED || !job_recover(job, err))
        sl_job_fail_locked(job, err);
}

void
sl_job_subtask_answered(struct sl_subtask *subtask, uint64_t epoch, struct sl_checkpoint_part *part,
                        const struct sl_error *err)
{
    struct sl_job *job = subtask->execution->job;

    pthread_mutex_lock(&job->mutex);
    sl_barrier_answer(job, subtask->execution, epoch, part, err);
    pthread_mutex_unlock(&job->mutex);
    sl_runtime_announce(job->runtime);
}

void
sl_job_subtask_ended(struct sl_subtask *subtask)
{
    struct sl_job *job = subtask->execution->job;

    pthread_mutex_lock(&job->mutex);
    subtask->execution->ended_count++;
    sl_job_published(job);
    pthread_mutex_unlock(&job->mutex);
}

void
sl_job_subtask_finished_input(struct sl_subtask *subtask, uint32_t count)
{
    struct sl_execution *execution = subtask->execution;
    struct sl_job *job = execution->job;
    bool complete = false;

    pthread_mutex_lock(&job->mutex);
    SL_ASSERT(execution->finish_missing >= count);
    execution->finish_missing -= count;
    complete = execution->finish_missing == 0;
    pthread_mutex_unlock(&job->mutex);
    if (complete)
        sl_runtime_announce(job->runtime);
}

/* A barrier that waits for a subtask which is gone is given up. */
static void
job_answer_for_gone(struct sl_job *job, const struct sl_subtask *subtask)
{
    const struct sl_checkpointing *checkpointing = &job->checkpointing;
    struct sl_error err;

    if (checkpointing->phase != SL_CHECKPOINT_ALIGNING ||
        checkpointing->execution != subtask->execution ||
        subtask->answered_epoch == checkpointing->epoch)
        return;
    SL_ERROR(&err, SL_E_OBJECT_STATE, "the job stopped meanwhile");
    sl_barrier_answer(job, subtask->execution, checkpointing->epoch, NULL, &err);
}

void
sl_job_subtask_gone(struct sl_subtask *subtask)
{
    struct sl_execution *execution = subtask->execution;
    struct sl_job *job = sl_job_ref(execution->job);
    bool is_last, is_end = false;

    pthread_mutex_lock(&job->mutex);
    job->rows_written +=
        atomic_load_explicit(&subtask->counters.rows_written, memory_order_relaxed);
    atomic_store_explicit(&subtask->counters.rows_written, 0, memory_order_relaxed);
    job_answer_for_gone(job, subtask);
    execution->finish_missing -= subtask->finishes_wanted;
    subtask->finishes_wanted = 0;
    is_last = --execution->live_count == 0;
    if (is_last)
        is_end = job_after_execution(job, subtask->runnable.slot);
    pthread_mutex_unlock(&job->mutex);
    if (is_end)
        job_end(job);
    else
        sl_runtime_announce(job->runtime);
    if (is_last)
        sl_execution_unref(execution);
    sl_job_unref(job);
}

/* --- from sessions --- */

static int
job_check_slots(struct sl_runtime *runtime, const struct sl_job_spec *spec, struct sl_error *err)
{
    uint32_t needed = sl_phys_max_parallelism(spec->plan), have = runtime->config.slot_count;

    if (needed <= have)
        return SL_OK;
    SL_ERROR(err, SL_E_TOO_FEW_SLOTS, "job \"%s\" needs %u slots, the server has %u",
             spec->name ? spec->name : spec->id, needed, have);
    return sl_error_hint(err, "start the server with --slots %u, or lower parallelism.default",
                         needed);
}

/* By chance within the interval: the barriers of many jobs are spread over it. */
static int64_t
job_first_due_us(const struct sl_runtime *runtime, const struct sl_phys_settings *settings)
{
    uint64_t interval_us = (uint64_t)SL_MAX(1, settings->checkpoint_interval_us);

    return (int64_t)(runtime->config.env->ops->random(runtime->config.env) % interval_us) + 1;
}

static struct sl_job *
job_new(struct sl_runtime *runtime, const struct sl_job_spec *spec)
{
    struct sl_job *job = sl_alloc_zeroed(sizeof(*job));
    struct sl_phys_settings *settings;

    atomic_init(&job->references, 1);
    job->runtime = runtime;
    sl_arena_init(&job->arena);
    strncpy(job->id, spec->id, sizeof(job->id) - 1);
    job->name = sl_arena_strdup(&job->arena, spec->name ? spec->name : spec->id);
    job->plan = sl_phys_copy(&job->arena, spec->plan);
    job->outbox.limit_bytes = job->plan->settings.outbox_limit_bytes;
    settings = &job->plan->settings;
    if (settings->batch_size == 0 || settings->batch_size > SL_BATCH_ROWS_MAX)
        settings->batch_size = SL_BATCH_ROWS_MAX;
    if (settings->max_parallelism == 0)
        settings->max_parallelism = 128;
    job->is_query = spec->is_query;
    job->checkpointing.incarnation = SL_MAX(1u, spec->incarnation);
    job->checkpointing.is_on = runtime->config.data_directory && !spec->is_query &&
                               !settings->batch_mode && settings->checkpoint_interval_us > 0;
    job->checkpointing.due_us =
        sl_monotonic_us(runtime->config.env) + job_first_due_us(runtime, settings);
    if (spec->is_query)
        job->collector = sl_collector_new(runtime->config.env, spec->collect_rows_max);
    pthread_mutex_init(&job->mutex, NULL);
    job->start_us = sl_now_us(runtime->config.env);
    return job;
}

/* Under the mutex: the first launch. */
static void
job_begin(struct sl_job *job, const char *waiting_reason)
{
    if (waiting_reason)
        SL_ERROR(&job->failure, SL_E_CONNECTION_FAILURE, "%s", waiting_reason);
    if (job->recovery.is_wanted)
        job->failure = job->recovery.reason;
    job_set_state(job, job->failure.code != 0 ? SL_RUN_RESTARTING : SL_RUN_RUNNING);
    job_relaunch(job);
    if (job->execution && job->checkpointing.latest)
        sl_publisher_take(job, job->checkpointing.latest);
}

int
sl_job_start(struct sl_runtime *runtime, const struct sl_job_spec *spec, struct sl_job **ret_job,
             struct sl_error *err)
{
    struct sl_job *job;

    SL_TRY(job_check_slots(runtime, spec, err));
    job = job_new(runtime, spec);
    if (job->checkpointing.is_on && sl_recovery_load(job, spec->with_duplicates, err) < 0) {
        sl_job_unref(job);
        return err->code;
    }
    sl_runtime_add_job(runtime, job);
    pthread_mutex_lock(&job->mutex);
    job_begin(job, spec->waiting_reason);
    pthread_mutex_unlock(&job->mutex);
    *ret_job = job;
    return SL_OK;
}

static bool
job_is_over(struct sl_job *job)
{
    bool is_over;

    pthread_mutex_lock(&job->mutex);
    is_over = job->has_left && !job->notify_busy;
    pthread_mutex_unlock(&job->mutex);
    return is_over;
}

/* Under the mutex.  Returns whether the job ended at once. */
static bool
job_begin_stop(struct sl_job *job, enum sl_run_state state, const char *reason)
{
    if (sl_run_state_is_final(job->state) || job->end_waits)
        return false;
    if (job->is_stopping && job->target != SL_RUN_RESTARTING)
        return false;
    sl_error_reset(&job->failure);
    if (reason)
        SL_ERROR(&job->failure, SL_E_QUERY_CANCELED, "%s", reason);
    job->target = state;
    if (job->execution) {
        if (!job->is_stopping)
            sl_execution_stop(job->execution);
        job->is_stopping = true;
        return false;
    }
    job->launch_waits = false;
    job->end_waits = true;
    return job_try_end(job);
}

void
sl_job_begin_stop(struct sl_job *job, enum sl_run_state state, const char *reason)
{
    bool is_end;

    pthread_mutex_lock(&job->mutex);
    is_end = job_begin_stop(job, state, reason);
    pthread_mutex_unlock(&job->mutex);
    if (is_end)
        job_end(job);
}

void
sl_job_stop(struct sl_job *job, enum sl_run_state state, const char *reason)
{
    struct sl_waiter waiter;

    sl_waiter_begin(job->runtime, &waiter);
    sl_job_begin_stop(job, state, reason);
    while (!job_is_over(job))
        sl_waiter_wait(job->runtime, &waiter, INT64_MAX);
    sl_waiter_end(job->runtime, &waiter);
}

void
sl_job_stop_silently(struct sl_job *job)
{
    pthread_mutex_lock(&job->mutex);
    job->stays_silent = true;
    pthread_mutex_unlock(&job->mutex);
    sl_job_stop(job, SL_RUN_SUSPENDED, NULL);
}

int
sl_job_wait(struct sl_job *job, bool (*cancelled)(void *), void *arg, struct sl_error *err)
{
    struct sl_waiter waiter;
    int rc = SL_OK;

    sl_waiter_begin(job->runtime, &waiter);
    while (!job_is_over(job)) {
        if (cancelled && cancelled(arg)) {
            rc = SL_AGAIN;
            break;
        }
        sl_waiter_wait(job->runtime, &waiter, INT64_MAX);
    }
    sl_waiter_end(job->runtime, &waiter);
    if (rc == SL_OK && job->state == SL_RUN_FAILED) {
        *err = job->failure;
        rc = err->code;
    }
    return rc;
}

/* --- results of a query --- */

static int
job_end_of_results(struct sl_job *job, struct sl_error *err)
{
    int rc = SL_EOF;

    pthread_mutex_lock(&job->mutex);
    if (job->state == SL_RUN_FAILED) {
        *err = job->failure;
        rc = err->code;
    }
    pthread_mutex_unlock(&job->mutex);
    return rc;
}

int
sl_job_fetch(struct sl_job *job, int64_t timeout_us, struct sl_batch **ret_batch,
             struct sl_error *err)
{
    struct sl_env *env = job->runtime->config.env;
    int64_t deadline_us = timeout_us < 0 ? INT64_MAX : sl_monotonic_us(env) + timeout_us;
    int rc;

    while ((rc = sl_collector_take(job->collector, ret_batch)) == SL_AGAIN) {
        int64_t now_us = sl_monotonic_us(env);

        if (now_us >= deadline_us)
            return SL_AGAIN;
        env->ops->wake_wait(env, sl_collector_wake(job->collector),
                            deadline_us == INT64_MAX ? -1 : deadline_us - now_us);
    }
    return rc == SL_EOF ? job_end_of_results(job, err) : rc;
}

int
sl_job_fetch_fd(struct sl_job *job)
{
    return sl_env_wake_fd(sl_collector_wake(job->collector));
}
