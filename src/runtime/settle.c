/* What tests call: settle, end_input, advance_time.
 *
 * Settle works in rounds.  In a round each job, in the order of the tables that connect them, gets
 * a barrier: every source asks for the present end of its input, reads up to it, emits its pending
 * watermark and passes the barrier; the round is over when every subtask of every job has
 * acknowledged it.  A round before and after which all counters are the same moved nothing:
 * settled.  A source that is held passes its barrier unread, which counts as a move. */
#include "executor/scan.h"
#include "runtime/job.h"
#include "runtime/publisher.h"

#include <stdlib.h>

struct settle {
    struct sl_runtime *runtime;
    struct sl_waiter waiter;
    int64_t deadline_us; /* monotonic */
    bool (*cancelled)(void *);
    void *arg;
    struct sl_arena arena;
    struct sl_job **jobs; /* references, writers of a table before its readers */
    size_t job_count;
};

/* --- which jobs, in which order --- */

/* Does `writer` write a table that `reader` reads? */
static bool
settle_feeds(const struct sl_job *writer, const struct sl_job *reader)
{
    for (size_t w = 0; w < writer->plan->node_count; w++) {
        const struct sl_phys_node *from = writer->plan->nodes[w];

        if (from->kind != SL_OP_SINK)
            continue;
        for (size_t r = 0; r < reader->plan->node_count; r++) {
            const struct sl_phys_node *to = reader->plan->nodes[r];

            if (to->kind == SL_OP_SCAN && ((const struct sl_phys_scan *)to->detail)->table_id ==
                                              ((const struct sl_phys_sink *)from->detail)->table_id)
                return true;
        }
    }
    return false;
}

/* A topological order as far as there is one: in a cycle the order of the list holds. */
static void
settle_order(struct settle *settle)
{
    for (size_t placed = 0; placed < settle->job_count; placed++) {
        size_t chosen = placed;

        for (size_t i = placed; i < settle->job_count; i++) {
            bool is_fed = false;

            for (size_t k = placed; k < settle->job_count && !is_fed; k++)
                is_fed = k != i && settle_feeds(settle->jobs[k], settle->jobs[i]);
            if (!is_fed) {
                chosen = i;
                break;
            }
        }
        struct sl_job *job = settle->jobs[chosen];

        memmove(&settle->jobs[placed + 1], &settle->jobs[placed],
                (chosen - placed) * sizeof(struct sl_job *));
        settle->jobs[placed] = job;
    }
}

static void
settle_drop_jobs(struct settle *settle)
{
    for (size_t i = 0; i < settle->job_count; i++)
        sl_job_unref(settle->jobs[i]);
    settle->job_count = 0;
    sl_arena_reset(&settle->arena);
}

static int
settle_take_jobs(struct settle *settle, const char *job_id, struct sl_error *err)
{
    settle_drop_jobs(settle);
    if (job_id == NULL) {
        settle->job_count = sl_runtime_list_jobs(settle->runtime, &settle->arena, &settle->jobs);
        settle_order(settle);
        return SL_OK;
    }
    settle->jobs = SL_NEW_ARRAY(&settle->arena, struct sl_job *, 1);
    settle->jobs[0] = sl_runtime_find_job(settle->runtime, job_id);
    settle->job_count = settle->jobs[0] ? 1 : 0;
    return SL_OK;
}

static int
settle_refuse_endless(const struct settle *settle, struct sl_error *err)
{
    for (size_t i = 0; i < settle->job_count; i++) {
        const struct sl_job *job = settle->jobs[i];

        for (size_t k = 0; k < job->plan->node_count; k++) {
            const struct sl_phys_node *node = job->plan->nodes[k];

            if (node->kind != SL_OP_SCAN || !sl_scan_is_endless(node))
                continue;
            SL_ERROR(err, SL_E_QUERY_CANCELED,
                     "job %s (\"%s\") never settles: table \"%s\" is an unbounded generator",
                     job->id, job->name, ((const struct sl_phys_scan *)node->detail)->table_name);
            return sl_error_hint(err, "stop the job, or give the table 'number-of-rows'");
        }
    }
    return SL_OK;
}

/* --- one job's barrier --- */

static const char *
settle_state_name(enum sl_run_state state)
{
    return state == SL_RUN_RESTARTING ? "is restarting" : "has not acknowledged a barrier";
}

/* SL_OK: go on waiting. */
static int
settle_wait(struct settle *settle, const struct sl_job *job, struct sl_error *err)
{
    struct sl_job_status status;

    if (settle->cancelled && settle->cancelled(settle->arg))
        return SL_ERROR(err, SL_E_QUERY_CANCELED, "settle was cancelled");
    if (sl_monotonic_us(settle->runtime->config.env) >= settle->deadline_us) {
        sl_job_get_status(job, &status);
        return SL_ERROR(err, SL_E_QUERY_CANCELED,
                        "settle timed out: job %s (\"%s\") is still busy: it %s%s%s", job->id,
                        job->name, settle_state_name(status.state), status.reason[0] ? ": " : "",
                        status.reason);
    }
    sl_waiter_wait(settle->runtime, &settle->waiter, settle->deadline_us);
    return SL_OK;
}

/* Sends a barrier through the job; false: another is under way, or the job is not running
 * (*ret_final: nor ever will). */
static bool
settle_begin_barrier(struct sl_job *job, uint64_t *ret_epoch, bool *ret_final)
{
    int rc;

    pthread_mutex_lock(&job->mutex);
    *ret_final = sl_run_state_is_final(job->state);
    rc = sl_barrier_begin(job, true, ret_epoch);
    pthread_mutex_unlock(&job->mutex);
    return rc == SL_OK;
}

/* Has all of it ended, so that it is about to finish by itself? */
static bool
settle_is_finishing(const struct sl_job *job)
{
    return job->execution && !job->is_stopping &&
           job->execution->ended_count == job->execution->subtask_count;
}

/* Has the barrier passed everywhere, and is what it completed published; or will it never be? */
static bool
settle_barrier_is_over(struct sl_job *job, uint64_t epoch)
{
    bool is_over;

    pthread_mutex_lock(&job->mutex);
    is_over =
        sl_run_state_is_final(job->state) ||
        (sl_barrier_is_over(job, epoch) && sl_publisher_is_idle(job) && !settle_is_finishing(job));
    pthread_mutex_unlock(&job->mutex);
    return is_over;
}

static int
settle_job(struct settle *settle, struct sl_job *job, struct sl_error *err)
{
    uint64_t epoch;
    bool is_final;
    int rc = SL_OK;

    while (!settle_begin_barrier(job, &epoch, &is_final)) {
        if (is_final)
            return SL_OK;
        SL_TRY(settle_wait(settle, job, err));
    }
    while (rc == SL_OK && !settle_barrier_is_over(job, epoch))
        rc = settle_wait(settle, job, err);
    if (rc < 0)
        sl_barrier_hurry(job, epoch);
    return rc;
}

/* --- rounds --- */

/* Which jobs there are and all that they have counted. */
static uint64_t
settle_activity(const struct settle *settle)
{
    uint64_t sum = settle->job_count;

    for (size_t i = 0; i < settle->job_count; i++)
        sum = sum * 31 + sl_job_activity(settle->jobs[i]);
    return sum;
}

static int
settle_round(struct settle *settle, const char *job_id, bool *ret_moved, struct sl_error *err)
{
    uint64_t before;

    SL_TRY(settle_take_jobs(settle, job_id, err));
    SL_TRY(settle_refuse_endless(settle, err));
    before = settle_activity(settle);
    for (size_t i = 0; i < settle->job_count; i++)
        SL_TRY(settle_job(settle, settle->jobs[i], err));
    *ret_moved = settle_activity(settle) != before;
    return SL_OK;
}

int
sl_runtime_settle(struct sl_runtime *runtime, const char *job_id, int64_t timeout_us,
                  bool (*cancelled)(void *), void *arg, struct sl_error *err)
{
    struct settle settle = {.runtime = runtime, .cancelled = cancelled, .arg = arg};
    bool moved = true;
    int rc = SL_OK;

    settle.deadline_us = sl_monotonic_us(runtime->config.env) + timeout_us;
    sl_arena_init(&settle.arena);
    sl_waiter_begin(runtime, &settle.waiter);
    while (rc == SL_OK && moved)
        rc = settle_round(&settle, job_id, &moved, err);
    sl_waiter_end(runtime, &settle.waiter);
    settle_drop_jobs(&settle);
    sl_arena_done(&settle.arena);
    return rc;
}

/* --- end_input --- */

static struct sl_execution *
settle_begin_finish(struct sl_job *job, uint64_t table_id)
{
    struct sl_execution *execution = NULL;

    pthread_mutex_lock(&job->mutex);
    if (job->execution && !job->is_stopping) {
        /* Posted under the mutex: no subtask reports before the number is set. */
        size_t count = sl_execution_finish_table(job->execution, table_id);

        if (count > 0) {
            execution = sl_execution_ref(job->execution);
            execution->finish_missing += count;
        }
    }
    pthread_mutex_unlock(&job->mutex);
    return execution;
}

static bool
settle_finish_is_over(struct sl_job *job, const struct sl_execution *execution)
{
    bool is_over;

    pthread_mutex_lock(&job->mutex);
    is_over = execution->finish_missing == 0 || execution->live_count == 0;
    pthread_mutex_unlock(&job->mutex);
    return is_over;
}

static int
settle_finish_job(struct settle *settle, struct sl_job *job, uint64_t table_id,
                  struct sl_error *err)
{
    struct sl_execution *execution = settle_begin_finish(job, table_id);
    int rc = SL_OK;

    if (execution == NULL)
        return SL_OK;
    while (rc == SL_OK && !settle_finish_is_over(job, execution)) {
        if (settle->cancelled && settle->cancelled(settle->arg))
            rc = SL_ERROR(err, SL_E_QUERY_CANCELED, "end_input was cancelled");
        else
            sl_waiter_wait(settle->runtime, &settle->waiter, INT64_MAX);
    }
    sl_execution_unref(execution);
    return rc;
}

int
sl_runtime_end_input(struct sl_runtime *runtime, uint64_t table_id, bool (*cancelled)(void *),
                     void *arg, struct sl_error *err)
{
    struct settle settle = {.runtime = runtime, .cancelled = cancelled, .arg = arg};
    int rc = SL_OK;

    sl_arena_init(&settle.arena);
    sl_waiter_begin(runtime, &settle.waiter);
    settle.job_count = sl_runtime_list_jobs(runtime, &settle.arena, &settle.jobs);
    for (size_t i = 0; i < settle.job_count && rc == SL_OK; i++)
        rc = settle_finish_job(&settle, settle.jobs[i], table_id, err);
    sl_waiter_end(runtime, &settle.waiter);
    settle_drop_jobs(&settle);
    sl_arena_done(&settle.arena);
    return rc;
}

/* --- advance_time --- */

struct settle_probe {
    struct sl_command command; /* the first member */
    struct sl_runtime *runtime;
    bool is_due;
    _Atomic bool is_done;
};

static void
settle_run_probe(struct sl_command *command, struct sl_slot *slot)
{
    struct settle_probe *probe = (struct settle_probe *)command;
    struct sl_runtime *runtime = probe->runtime;

    probe->is_due = sl_slot_has_due(slot, sl_now_us(slot->env));
    atomic_store_explicit(&probe->is_done, true, memory_order_release);
    sl_runtime_announce(runtime);
}

/* Does any slot have something left that is due? */
static bool
settle_anything_due(struct sl_runtime *runtime, struct sl_waiter *waiter)
{
    bool is_due = false;

    for (uint32_t i = 0; i < runtime->config.slot_count; i++) {
        struct settle_probe probe = {.runtime = runtime};

        probe.command.run = settle_run_probe;
        sl_slot_post(runtime->slots[i], &probe.command);
        sl_slot_nudge(runtime->slots[i]);
        while (!atomic_load_explicit(&probe.is_done, memory_order_acquire))
            sl_waiter_wait(runtime, waiter, INT64_MAX);
        is_due |= probe.is_due;
    }
    return is_due;
}

int
sl_runtime_advance(struct sl_runtime *runtime, int64_t by_us, struct sl_error *err)
{
    struct sl_waiter waiter;

    if (!sl_env_is_virtual(runtime->config.env)) {
        SL_ERROR(err, SL_E_OBJECT_STATE, "time moves by itself on this server");
        return sl_error_hint(err, "start the server with --virtual-time");
    }
    if (by_us < 0)
        return SL_ERROR(err, SL_E_INVALID_PARAMETER_VALUE, "time does not go back");
    sl_env_advance(runtime->config.env, by_us);
    sl_waiter_begin(runtime, &waiter);
    while (settle_anything_due(runtime, &waiter))
        continue;
    sl_waiter_end(runtime, &waiter);
    return SL_OK;
}
