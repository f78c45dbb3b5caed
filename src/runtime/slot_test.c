/* Tests a slot's loop step by step, without a thread: order of levels, wake-ups during a step,
 * deadlines, removal. */
#include "runtime/slot.h"

#include <criterion/criterion.h>
#include <sched.h>

static char trace[64];

struct tracer {
    struct sl_runnable runnable;
    char letter;
    int rc;
    bool wakes_itself, is_gone;
    int64_t deadline_us;
    struct sl_runnable *wakes;
};

static int
tracer_step(struct sl_runnable *runnable, int64_t now_us)
{
    struct tracer *tracer = (struct tracer *)runnable;

    strncat(trace, &tracer->letter, 1);
    runnable->deadline_us = tracer->deadline_us;
    if (tracer->wakes)
        sl_runnable_wake(tracer->wakes);
    if (tracer->wakes_itself) {
        tracer->wakes_itself = false;
        sl_runnable_wake(runnable);
    }
    return tracer->rc;
}

static void
tracer_gone(struct sl_runnable *runnable)
{
    ((struct tracer *)runnable)->is_gone = true;
}

static const struct sl_runnable_class tracer_class = {tracer_step, tracer_gone};

static void
tracer_add(struct sl_slot *slot, struct tracer *tracer, char letter, unsigned level, int rc)
{
    sl_runnable_init(&tracer->runnable, &tracer_class, slot, level);
    tracer->letter = letter;
    tracer->rc = rc;
    tracer->deadline_us = SL_NEVER_US;
    sl_slot_add(slot, &tracer->runnable);
}

static const char *
run_dry(struct sl_slot *slot)
{
    trace[0] = '\0';
    while (sl_slot_step(slot) == SL_OK)
        continue;
    return trace;
}

Test(slot, sinks_first_and_no_wake_up_is_lost)
{
    struct sl_env *env = sl_env_system_new(1, true);
    struct sl_slot *slot = sl_slot_new(env, 0);
    struct tracer source = {.wakes = NULL}, middle = {.wakes_itself = true}, sink = {.rc = 0};

    tracer_add(slot, &source, 's', 2, SL_AGAIN);
    tracer_add(slot, &middle, 'm', 1, SL_AGAIN);
    tracer_add(slot, &sink, 'k', 0, SL_AGAIN);
    /* The first step begins the fair round at level 0. */
    cr_assert_str_eq(run_dry(slot), "kmms");
    source.wakes = &sink.runnable;
    sl_runnable_wake(&source.runnable);
    sl_runnable_wake(&source.runnable);
    cr_assert_str_eq(run_dry(slot), "sk");
    source.wakes = NULL;
    middle.runnable.outside = true;
    cr_assert_str_eq(run_dry(slot), "m", "whoever waits for the outside looks after a sleep");
    middle.rc = sink.rc = source.rc = SL_EOF;
    sl_runnable_wake(&sink.runnable);
    sl_runnable_wake(&source.runnable);
    cr_assert_str_eq(run_dry(slot), "kms");
    cr_assert(source.is_gone && middle.is_gone && sink.is_gone);
    sl_runnable_wake(&sink.runnable);
    cr_assert_str_eq(run_dry(slot), "", "one that is gone is never stepped");
    sl_slot_free(slot);
    sl_env_system_free(env);
}

Test(slot, deadlines_follow_the_clock)
{
    struct sl_env *env = sl_env_system_new(1, true);
    struct sl_slot *slot = sl_slot_new(env, 0);
    struct tracer early = {.rc = 0}, late = {.rc = 0};

    tracer_add(slot, &early, 'e', 0, SL_AGAIN);
    tracer_add(slot, &late, 'l', 0, SL_AGAIN);
    early.deadline_us = 100;
    late.deadline_us = 200;
    cr_assert_str_eq(run_dry(slot), "el");
    cr_assert_str_eq(run_dry(slot), "");
    cr_assert_eq(sl_slot_timeout_us(slot), -1, "virtual time does not pass in sleep");
    early.deadline_us = SL_NEVER_US;
    sl_env_advance(env, 150);
    cr_assert(sl_slot_has_due(slot, 150));
    cr_assert_str_eq(run_dry(slot), "e");
    cr_assert_not(sl_slot_has_due(slot, 150));
    late.deadline_us = SL_NEVER_US;
    sl_env_advance(env, 50);
    cr_assert_str_eq(run_dry(slot), "l");
    early.rc = late.rc = SL_EOF;
    sl_runnable_wake(&early.runnable);
    sl_runnable_wake(&late.runnable);
    run_dry(slot);
    sl_slot_free(slot);
    sl_env_system_free(env);
}

/* --- removal while another thread is half-way through a wake-up --- */

struct half_waker {
    struct sl_runnable runnable;
    struct sl_thread *thread;
    struct sl_env *env;
    _Atomic bool has_pushed;
    bool was_gone_before;
    int steps;
};

/* The second half of sl_runnable_wake, by a thread that lost its core after the first. */
static void
half_waker_push(void *arg)
{
    struct half_waker *waker = arg;

    for (int i = 0; i < 10000; i++)
        sched_yield();
    atomic_store(&waker->has_pushed, true);
    atomic_store(&waker->runnable.slot->incoming, &waker->runnable);
}

static int
half_waker_step(struct sl_runnable *runnable, int64_t now_us)
{
    struct half_waker *waker = (struct half_waker *)runnable;

    waker->steps++;
    atomic_store(&runnable->ready, true);
    waker->thread = waker->env->ops->thread_start(waker->env, "half", -1, half_waker_push, waker);
    return SL_EOF;
}

static void
half_waker_gone(struct sl_runnable *runnable)
{
    struct half_waker *waker = (struct half_waker *)runnable;

    waker->was_gone_before = !atomic_load(&waker->has_pushed);
}

Test(slot, none_is_gone_while_a_wake_up_of_it_is_on_its_way)
{
    static const struct sl_runnable_class class = {half_waker_step, half_waker_gone};
    struct sl_env *env = sl_env_system_new(1, true);
    struct sl_slot *slot = sl_slot_new(env, 0);
    struct half_waker waker = {.env = env};

    sl_runnable_init(&waker.runnable, &class, slot, 0);
    sl_slot_add(slot, &waker.runnable);
    cr_assert_eq(sl_slot_step(slot), SL_OK);
    env->ops->thread_join(env, waker.thread);
    cr_assert_not(waker.was_gone_before, "its memory may go with it");
    run_dry(slot);
    cr_assert_eq(waker.steps, 1);
    sl_slot_free(slot);
    sl_env_system_free(env);
}

/* --- I/O threads --- */

struct bound_job {
    struct sl_io_job job;
    cpu_set_t cores;
};

static void
bound_run(struct sl_io_job *job)
{
    struct bound_job *bound = (struct bound_job *)job;

    cr_assert_eq(sched_getaffinity(0, sizeof(bound->cores), &bound->cores), 0);
}

static void
bound_done(struct sl_io_job *job)
{
}

/* A slot's thread is bound to its core; the I/O threads that it starts are not. */
Test(slot, io_threads_run_anywhere)
{
    cpu_set_t all, one;
    struct sl_env *env = sl_env_system_new(1, true);
    struct bound_job bound = {.job = {.run = bound_run, .done = bound_done}};
    int first = 0;

    cr_assert_eq(sched_getaffinity(0, sizeof(all), &all), 0);
    while (!CPU_ISSET(first, &all))
        first++;
    CPU_ZERO(&one);
    CPU_SET(first, &one);
    cr_assert_eq(sched_setaffinity(0, sizeof(one), &one), 0);
    env->ops->io_submit(env, &bound.job);
    env->ops->io_drain(env);
    cr_expect(CPU_EQUAL(&bound.cores, &all));
    sl_env_system_free(env);
}
