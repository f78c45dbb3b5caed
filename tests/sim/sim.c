/* The simulated machine: see sim.h. */
#include "sim/sim.h"

#include "base/hash.h"
#include "runtime/slot.h"

#include <stdlib.h>

#define SIM_SLOTS_MAX 16
#define SIM_IO_MAX 256

struct sl_wake {
    bool is_pending;
};

struct sl_thread {
    struct sl_slot *slot;
    bool is_asleep;
    int64_t deadline_us; /* of its sleep; INT64_MAX: none */
};

struct sim {
    struct sl_env env; /* the first member */
    uint64_t state, trace, step_count;
    int64_t now_us;
    struct sl_thread threads[SIM_SLOTS_MAX];
    size_t thread_count;
    struct sl_io_job *jobs[SIM_IO_MAX];
    size_t job_count;
    bool is_stepping;   /* a slot's step must never sleep */
    uint32_t slow_slot; /* stepped once in a while; UINT32_MAX: none is */
};

static struct sim *
sim_of(struct sl_env *env)
{
    return (struct sim *)env;
}

/* SplitMix64. */
uint64_t
sim_random(struct sim *sim)
{
    uint64_t z = sim->state += UINT64_C(0x9e3779b97f4a7c15);

    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

static void
sim_note(struct sim *sim, uint64_t what)
{
    sim->trace = sl_hash_combine(sim->trace, what);
}

/* --- choices --- */

static bool
sim_can_step(struct sim *sim, const struct sl_thread *thread)
{
    return thread->slot && (!thread->is_asleep || thread->slot->wake->is_pending ||
                            thread->deadline_us <= sim->now_us);
}

static void
sim_step_slot(struct sim *sim, struct sl_thread *thread)
{
    int64_t timeout_us;
    int rc;

    if (thread->is_asleep)
        thread->slot->wake->is_pending = false; /* as wake_wait does when it returns */
    thread->is_asleep = false;
    sim->is_stepping = true;
    rc = sl_slot_step(thread->slot);
    sim->is_stepping = false;
    sim_note(sim, thread->slot->index * 16 + (uint64_t)rc);
    if (rc != SL_AGAIN)
        return;
    timeout_us = sl_slot_timeout_us(thread->slot);
    thread->is_asleep = true;
    thread->deadline_us = timeout_us < 0 ? INT64_MAX : sim->now_us + timeout_us;
}

static void
sim_run_job(struct sim *sim, size_t index)
{
    struct sl_io_job *job = sim->jobs[index];

    memmove(&sim->jobs[index], &sim->jobs[index + 1],
            (sim->job_count - index - 1) * sizeof(sim->jobs[0]));
    sim->job_count--;
    sim_note(sim, 1000 + index);
    job->run(job);
    job->done(job);
}

/* One thing happens; false: nothing can, before time moves. */
static bool
sim_choose(struct sim *sim)
{
    size_t candidates[SIM_SLOTS_MAX], count = 0, chosen;

    for (size_t i = 0; i < sim->thread_count; i++) {
        if (sim_can_step(sim, &sim->threads[i]))
            candidates[count++] = i;
    }
    if (count + sim->job_count == 0)
        return false;
    sim->step_count++;
    sim->now_us += (int64_t)(sim_random(sim) % 300);
    chosen = sim_random(sim) % (count + sim->job_count);
    if (chosen < count && count + sim->job_count > 1 &&
        sim->threads[candidates[chosen]].slot->index == sim->slow_slot && sim_random(sim) % 32 != 0)
        chosen = (chosen + 1) % (count + sim->job_count);
    if (chosen < count)
        sim_step_slot(sim, &sim->threads[candidates[chosen]]);
    else
        sim_run_job(sim, chosen - count);
    sim_note(sim, (uint64_t)sim->now_us);
    return true;
}

void
sim_run(struct sim *sim, unsigned step_count)
{
    while (step_count-- > 0 && sim_choose(sim))
        continue;
}

void
sim_slow_slot(struct sim *sim, uint32_t slot)
{
    sim->slow_slot = slot;
}

/* Nothing can run: the clock jumps to the next deadline, `limit_us` at most. */
static void
sim_jump(struct sim *sim, int64_t limit_us)
{
    int64_t next_us = limit_us;

    for (size_t i = 0; i < sim->thread_count; i++)
        next_us = SL_MIN(next_us, sim->threads[i].deadline_us);
    SL_ASSERT(next_us != INT64_MAX); /* else everyone sleeps for ever */
    sim->now_us = SL_MAX(sim->now_us, next_us);
}

/* --- the environment --- */

static int64_t
sim_now_us(struct sl_env *env)
{
    return sim_of(env)->now_us;
}

static uint64_t
sim_env_random(struct sl_env *env)
{
    return sim_random(sim_of(env));
}

static struct sl_thread *
sim_thread_start(struct sl_env *env, const char *name, int core, void (*main)(void *), void *arg)
{
    struct sim *sim = sim_of(env);
    struct sl_thread *thread;

    while (sim->thread_count > 0 && !sim->threads[sim->thread_count - 1].slot)
        sim->thread_count--; /* of a runtime that is gone */
    thread = &sim->threads[sim->thread_count++];
    /* The runtime starts no threads but its slots'. */
    SL_ASSERT(strncmp(name, "slot-", 5) == 0 && sim->thread_count <= SIM_SLOTS_MAX);
    *thread = (struct sl_thread){.slot = arg, .deadline_us = INT64_MAX};
    return thread;
}

static void
sim_thread_join(struct sl_env *env, struct sl_thread *thread)
{
    int rc;

    while ((rc = sl_slot_step(thread->slot)) != SL_EOF)
        SL_ASSERT(rc == SL_OK);
    thread->is_asleep = true;
    thread->deadline_us = INT64_MAX;
    thread->slot->wake->is_pending = false;
    thread->slot = NULL;
}

static void
sim_io_submit(struct sl_env *env, struct sl_io_job *job)
{
    struct sim *sim = sim_of(env);

    SL_ASSERT(sim->job_count < SIM_IO_MAX);
    sim->jobs[sim->job_count++] = job;
}

static void
sim_io_drain(struct sl_env *env)
{
    while (sim_of(env)->job_count > 0)
        sim_run_job(sim_of(env), 0);
}

static struct sl_wake *
sim_wake_new(struct sl_env *env)
{
    return sl_alloc_zeroed(sizeof(struct sl_wake));
}

static void
sim_wake_free(struct sl_env *env, struct sl_wake *wake)
{
    free(wake);
}

static void
sim_wake_signal(struct sl_env *env, struct sl_wake *wake)
{
    wake->is_pending = true;
}

static void
sim_wake_wait(struct sl_env *env, struct sl_wake *wake, int64_t timeout_us)
{
    struct sim *sim = sim_of(env);
    int64_t limit_us = timeout_us < 0 ? INT64_MAX : sim->now_us + timeout_us;

    SL_ASSERT(!sim->is_stepping);
    while (!wake->is_pending && sim->now_us < limit_us) {
        if (!sim_choose(sim))
            sim_jump(sim, limit_us);
    }
    wake->is_pending = false;
}

static const struct sl_env_ops sim_ops = {
    .now_us = sim_now_us,
    .monotonic_us = sim_now_us,
    .random = sim_env_random,
    .thread_start = sim_thread_start,
    .thread_join = sim_thread_join,
    .io_submit = sim_io_submit,
    .io_drain = sim_io_drain,
    .wake_new = sim_wake_new,
    .wake_free = sim_wake_free,
    .wake_signal = sim_wake_signal,
    .wake_wait = sim_wake_wait,
};

struct sim *
sim_new(uint64_t seed)
{
    struct sim *sim = sl_alloc_zeroed(sizeof(*sim));

    sim->env.ops = &sim_ops;
    sim->slow_slot = UINT32_MAX;
    sim->state = seed * UINT64_C(0xd1342543de82ef95) + 1;
    sim->now_us = INT64_C(1577836800000000); /* 2020-01-01 */
    return sim;
}

void
sim_free(struct sim *sim)
{
    free(sim);
}

struct sl_env *
sim_env(struct sim *sim)
{
    return &sim->env;
}

uint64_t
sim_trace(const struct sim *sim)
{
    return sim->trace;
}

uint64_t
sim_step_count(const struct sim *sim)
{
    return sim->step_count;
}
