/* The runtime as a whole: its slots, the list of active jobs, sessions that wait. */
#include "base/log.h"
#include "runtime/job.h"

#include <stdio.h>
#include <stdlib.h>

#define RUNTIME_WAIT_US_MAX 50000
#define RUNTIME_STOP_REASON "the server stops"

struct sl_runtime *
sl_runtime_new(const struct sl_runtime_config *config)
{
    struct sl_runtime *runtime = sl_alloc_zeroed(sizeof(*runtime));

    SL_ASSERT(config->slot_count > 0);
    runtime->config = *config;
    runtime->run_id = config->env->ops->random(config->env) | 1;
    pthread_mutex_init(&runtime->mutex, NULL);
    runtime->slots = sl_alloc_zeroed(config->slot_count * sizeof(struct sl_slot *));
    for (uint32_t i = 0; i < config->slot_count; i++)
        runtime->slots[i] = sl_slot_new(config->env, i);
    for (uint32_t i = 0; i < config->slot_count; i++)
        runtime->slots[i]->state_budget.limit_bytes = config->state_memory_bytes;
    for (uint32_t i = 0; i < config->slot_count; i++)
        sl_slot_start(runtime->slots[i]);
    return runtime;
}

/* Until no thread of the environment is in a call to the server any more. */
static void
runtime_wait_notified(struct sl_runtime *runtime)
{
    struct sl_waiter waiter;

    sl_waiter_begin(runtime, &waiter);
    while (atomic_load(&runtime->notify_count) > 0)
        sl_waiter_wait(runtime, &waiter, INT64_MAX);
    sl_waiter_end(runtime, &waiter);
}

/* --- periodic checkpoints --- */

#define RUNTIME_TICK_US_MAX 100000 /* a job that starts is looked at so soon */

static int64_t
runtime_tick_jobs(struct sl_runtime *runtime, struct sl_arena *arena)
{
    int64_t now_us = sl_monotonic_us(runtime->config.env), next_us = now_us + RUNTIME_TICK_US_MAX;
    struct sl_job **jobs;
    size_t count;

    sl_runtime_tick_disk(runtime, now_us);
    count = sl_runtime_list_jobs(runtime, arena, &jobs);
    for (size_t i = 0; i < count; i++)
        next_us = SL_MIN(next_us, sl_checkpoint_tick(jobs[i], now_us));
    sl_runtime_tick_verification(runtime, jobs, count, now_us);
    for (size_t i = 0; i < count; i++)
        sl_job_unref(jobs[i]);
    return SL_MAX(next_us - now_us, 1000);
}

static void
runtime_tick(void *arg)
{
    struct sl_runtime *runtime = arg;
    struct sl_env *env = runtime->config.env;
    struct sl_arena arena;

    sl_arena_init(&arena);
    while (!atomic_load(&runtime->ticker_stops)) {
        env->ops->wake_wait(env, runtime->ticker_wake, runtime_tick_jobs(runtime, &arena));
        sl_arena_reset(&arena);
    }
    sl_arena_done(&arena);
}

void
sl_runtime_start_checkpoints(struct sl_runtime *runtime)
{
    struct sl_env *env = runtime->config.env;

    atomic_store(&runtime->verification_is_paced, true);
    runtime->ticker_wake = env->ops->wake_new(env);
    runtime->ticker = env->ops->thread_start(env, "checkpoints", -1, runtime_tick, runtime);
}

void
sl_runtime_tick_now(struct sl_runtime *runtime)
{
    if (runtime->ticker)
        runtime->config.env->ops->wake_signal(runtime->config.env, runtime->ticker_wake);
}

static void
runtime_stop_ticker(struct sl_runtime *runtime)
{
    struct sl_env *env = runtime->config.env;

    if (!runtime->ticker)
        return;
    atomic_store(&runtime->ticker_stops, true);
    env->ops->wake_signal(env, runtime->ticker_wake);
    env->ops->thread_join(env, runtime->ticker);
    env->ops->wake_free(env, runtime->ticker_wake);
}

/* --- the end --- */

#define RUNTIME_LAST_CHECKPOINTS_US INT64_C(5000000)

/* Jobs go on from where they stand when the server starts again. */
static void
runtime_take_last_checkpoints(struct sl_runtime *runtime)
{
    struct sl_deadline deadline = sl_deadline_in(runtime->config.env, RUNTIME_LAST_CHECKPOINTS_US);
    struct sl_arena arena;
    struct sl_job **jobs;
    size_t count;

    sl_arena_init(&arena);
    count = sl_runtime_list_jobs(runtime, &arena, &jobs);
    for (size_t i = 0; i < count; i++) {
        struct sl_error err;
        uint64_t id;

        if (jobs[i]->checkpointing.is_on &&
            sl_job_checkpoint(jobs[i], sl_deadline_is_over, &deadline, &id, &err) < 0)
            sl_log(SL_LOG_WARN, "job stops without a last checkpoint", "job=%s", jobs[i]->id);
        sl_job_unref(jobs[i]);
    }
    sl_arena_done(&arena);
}

/* All at once, since each may wait for a broker that does not answer; says how many there were. */
static size_t
runtime_stop_jobs(struct sl_runtime *runtime)
{
    struct sl_job **jobs;
    size_t count;

    pthread_mutex_lock(&runtime->mutex);
    count = runtime->job_count;
    jobs = sl_alloc(SL_MAX(1u, count) * sizeof(*jobs));
    for (size_t i = 0; i < count; i++)
        jobs[i] = sl_job_ref(runtime->jobs[i]);
    pthread_mutex_unlock(&runtime->mutex);
    for (size_t i = 0; i < count; i++) {
        pthread_mutex_lock(&jobs[i]->mutex);
        jobs[i]->stays_silent = true;
        pthread_mutex_unlock(&jobs[i]->mutex);
        sl_job_begin_stop(jobs[i], SL_RUN_SUSPENDED, RUNTIME_STOP_REASON);
    }
    for (size_t i = 0; i < count; i++) {
        sl_job_stop(jobs[i], SL_RUN_SUSPENDED, RUNTIME_STOP_REASON);
        sl_runtime_remove_job(runtime, jobs[i]);
        sl_job_unref(jobs[i]);
    }
    free(jobs);
    return count;
}

void
sl_runtime_free(struct sl_runtime *runtime)
{
    if (runtime->ticker)
        runtime_take_last_checkpoints(runtime);
    runtime_stop_ticker(runtime);
    while (runtime_stop_jobs(runtime) > 0)
        continue;
    runtime_wait_notified(runtime);
    for (uint32_t i = 0; i < runtime->config.slot_count; i++)
        sl_slot_stop(runtime->slots[i]);
    /* An I/O thread may still be about to signal a slot's wake-up. */
    runtime->config.env->ops->io_drain(runtime->config.env);
    for (uint32_t i = 0; i < runtime->config.slot_count; i++)
        sl_slot_free(runtime->slots[i]);
    pthread_mutex_destroy(&runtime->mutex);
    free(runtime->slots);
    free(runtime->jobs);
    free(runtime);
}

uint32_t
sl_runtime_slot_count(const struct sl_runtime *runtime)
{
    return runtime->config.slot_count;
}

void
sl_runtime_new_id(struct sl_runtime *runtime, char ret_id[33])
{
    struct sl_env *env = runtime->config.env;

    snprintf(ret_id, 33, "%016llx%016llx", (unsigned long long)env->ops->random(env),
             (unsigned long long)env->ops->random(env));
}

/* --- the list of active jobs --- */

void
sl_runtime_add_job(struct sl_runtime *runtime, struct sl_job *job)
{
    pthread_mutex_lock(&runtime->mutex);
    if (runtime->job_count == runtime->job_capacity) {
        runtime->job_capacity = SL_MAX(16u, runtime->job_capacity * 2);
        runtime->jobs = sl_realloc(runtime->jobs, runtime->job_capacity * sizeof(struct sl_job *));
    }
    runtime->jobs[runtime->job_count++] = sl_job_ref(job);
    job->base_slot = runtime->next_base++ % runtime->config.slot_count;
    pthread_mutex_unlock(&runtime->mutex);
}

void
sl_runtime_remove_job(struct sl_runtime *runtime, struct sl_job *job)
{
    bool found = false;

    pthread_mutex_lock(&runtime->mutex);
    for (size_t i = 0; i < runtime->job_count; i++) {
        if (runtime->jobs[i] != job)
            continue;
        memmove(&runtime->jobs[i], &runtime->jobs[i + 1],
                (runtime->job_count - i - 1) * sizeof(struct sl_job *));
        runtime->job_count--;
        found = true;
        break;
    }
    pthread_mutex_unlock(&runtime->mutex);
    if (found)
        sl_job_unref(job);
}

struct sl_job *
sl_runtime_find_job(struct sl_runtime *runtime, const char *id)
{
    struct sl_job *found = NULL;
    size_t length = strlen(id), count = 0;

    pthread_mutex_lock(&runtime->mutex);
    for (size_t i = 0; i < runtime->job_count; i++) {
        struct sl_job *job = runtime->jobs[i];

        if (job->is_query || length == 0 || strncmp(job->id, id, length) != 0)
            continue;
        found = job;
        count++;
    }
    if (count == 1)
        sl_job_ref(found);
    pthread_mutex_unlock(&runtime->mutex);
    return count == 1 ? found : NULL;
}

size_t
sl_runtime_list_jobs(struct sl_runtime *runtime, struct sl_arena *arena, struct sl_job ***ret_jobs)
{
    struct sl_job **jobs;
    size_t count = 0;

    pthread_mutex_lock(&runtime->mutex);
    jobs = SL_NEW_ARRAY(arena, struct sl_job *, runtime->job_count);
    for (size_t i = 0; i < runtime->job_count; i++) {
        if (!runtime->jobs[i]->is_query)
            jobs[count++] = sl_job_ref(runtime->jobs[i]);
    }
    pthread_mutex_unlock(&runtime->mutex);
    *ret_jobs = jobs;
    return count;
}

/* --- sessions that wait --- */

void
sl_waiter_begin(struct sl_runtime *runtime, struct sl_waiter *waiter)
{
    waiter->wake = runtime->config.env->ops->wake_new(runtime->config.env);
    pthread_mutex_lock(&runtime->mutex);
    waiter->next = runtime->waiters;
    runtime->waiters = waiter;
    pthread_mutex_unlock(&runtime->mutex);
}

void
sl_waiter_end(struct sl_runtime *runtime, struct sl_waiter *waiter)
{
    struct sl_waiter **link;

    pthread_mutex_lock(&runtime->mutex);
    for (link = &runtime->waiters; *link != waiter;)
        link = &(*link)->next;
    *link = waiter->next;
    pthread_mutex_unlock(&runtime->mutex);
    runtime->config.env->ops->wake_free(runtime->config.env, waiter->wake);
}

void
sl_waiter_wait(struct sl_runtime *runtime, struct sl_waiter *waiter, int64_t deadline_us)
{
    struct sl_env *env = runtime->config.env;
    int64_t timeout_us = RUNTIME_WAIT_US_MAX;

    if (deadline_us != INT64_MAX)
        timeout_us = SL_MIN(timeout_us, deadline_us - sl_monotonic_us(env));
    env->ops->wake_wait(env, waiter->wake, SL_MAX(0, timeout_us));
}

static void
runtime_signal_waiters(struct sl_runtime *runtime)
{
    struct sl_env *env = runtime->config.env;

    for (struct sl_waiter *each = runtime->waiters; each; each = each->next)
        env->ops->wake_signal(env, each->wake);
}

void
sl_runtime_announce(struct sl_runtime *runtime)
{
    pthread_mutex_lock(&runtime->mutex);
    runtime_signal_waiters(runtime);
    pthread_mutex_unlock(&runtime->mutex);
}

void
sl_runtime_end_notify(struct sl_runtime *runtime)
{
    pthread_mutex_lock(&runtime->mutex);
    atomic_fetch_sub(&runtime->notify_count, 1);
    runtime_signal_waiters(runtime);
    pthread_mutex_unlock(&runtime->mutex);
}
