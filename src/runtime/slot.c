/* A slot's loop: see slot.h. */
#include "runtime/slot.h"

#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define SLOT_FAIR_STEPS 16u

struct sl_slot *
sl_slot_new(struct sl_env *env, uint32_t index)
{
    struct sl_slot *slot = sl_alloc_lines(sizeof(*slot));

    memset(slot, 0, sizeof(*slot));
    slot->env = env;
    slot->index = index;
    slot->pool = sl_pool_new();
    slot->wake = env->ops->wake_new(env);
    slot->next_deadline_us = SL_NEVER_US;
    pthread_mutex_init(&slot->mutex, NULL);
    return slot;
}

void
sl_slot_free(struct sl_slot *slot)
{
    SL_ASSERT(slot->runnables == NULL && slot->first_command == NULL);
    slot->env->ops->wake_free(slot->env, slot->wake);
    sl_pool_free(slot->pool);
    pthread_mutex_destroy(&slot->mutex);
    free(slot);
}

/* --- news from other threads --- */

static void
slot_signal(struct sl_slot *slot)
{
    atomic_thread_fence(memory_order_seq_cst);
    if (atomic_load_explicit(&slot->sleeping, memory_order_relaxed))
        slot->env->ops->wake_signal(slot->env, slot->wake);
}

void
sl_slot_post(struct sl_slot *slot, struct sl_command *command)
{
    command->next = NULL;
    pthread_mutex_lock(&slot->mutex);
    if (slot->first_command)
        slot->last_command->next = command;
    else
        slot->first_command = command;
    slot->last_command = command;
    atomic_store_explicit(&slot->has_commands, true, memory_order_relaxed);
    pthread_mutex_unlock(&slot->mutex);
    slot_signal(slot);
}

void
sl_slot_nudge(struct sl_slot *slot)
{
    slot->env->ops->wake_signal(slot->env, slot->wake);
}

void
sl_runnable_wake(struct sl_runnable *runnable)
{
    struct sl_slot *slot = runnable->slot;
    struct sl_runnable *head;

    if (atomic_exchange(&runnable->ready, true))
        return;
    head = atomic_load_explicit(&slot->incoming, memory_order_relaxed);
    do {
        runnable->incoming_next = head;
    } while (!atomic_compare_exchange_weak_explicit(&slot->incoming, &head, runnable,
                                                    memory_order_release, memory_order_relaxed));
    slot_signal(slot);
}

/* --- queues --- */

void
sl_runnable_init(struct sl_runnable *runnable, const struct sl_runnable_class *class,
                 struct sl_slot *slot, unsigned level)
{
    memset(runnable, 0, sizeof(*runnable));
    runnable->class = class;
    runnable->slot = slot;
    runnable->level = SL_MIN(level, SL_SLOT_LEVELS - 1);
    runnable->deadline_us = SL_NEVER_US;
    /* Until it is added nobody may queue it. */
    atomic_init(&runnable->ready, true);
}

static void
slot_enqueue(struct sl_slot *slot, struct sl_runnable *runnable)
{
    struct sl_runnable *last = slot->queues[runnable->level].last;

    SL_ASSERT(!runnable->queued);
    runnable->queued = true;
    runnable->queue_next = NULL;
    runnable->queue_previous = last;
    if (last)
        last->queue_next = runnable;
    else
        slot->queues[runnable->level].first = runnable;
    slot->queues[runnable->level].last = runnable;
}

static void
slot_dequeue(struct sl_slot *slot, struct sl_runnable *runnable)
{
    if (runnable->queue_previous)
        runnable->queue_previous->queue_next = runnable->queue_next;
    else
        slot->queues[runnable->level].first = runnable->queue_next;
    if (runnable->queue_next)
        runnable->queue_next->queue_previous = runnable->queue_previous;
    else
        slot->queues[runnable->level].last = runnable->queue_previous;
    runnable->queued = false;
}

/* Takes over what other threads woke, in the order in which they did. */
static void
slot_drain_incoming(struct sl_slot *slot)
{
    struct sl_runnable *stack, *ordered = NULL;

    if (atomic_load_explicit(&slot->incoming, memory_order_relaxed) == NULL)
        return;
    stack = atomic_exchange_explicit(&slot->incoming, NULL, memory_order_acquire);
    while (stack) {
        struct sl_runnable *next = stack->incoming_next;

        stack->incoming_next = ordered;
        ordered = stack;
        stack = next;
    }
    for (; ordered; ordered = ordered->incoming_next)
        slot_enqueue(slot, ordered);
}

void
sl_slot_add(struct sl_slot *slot, struct sl_runnable *runnable)
{
    runnable->previous = NULL;
    runnable->next = slot->runnables;
    if (slot->runnables)
        slot->runnables->previous = runnable;
    slot->runnables = runnable;
    slot_enqueue(slot, runnable);
}

static void
slot_remove(struct sl_slot *slot, struct sl_runnable *runnable)
{
    /* `ready` stays raised, so that late wake-ups go nowhere.  Whoever raised it already is about
     * to push the runnable: it must not be gone before. */
    if (atomic_exchange(&runnable->ready, true)) {
        while (!runnable->queued) {
            slot_drain_incoming(slot);
            sched_yield();
        }
        slot_dequeue(slot, runnable);
    }
    if (runnable->previous)
        runnable->previous->next = runnable->next;
    else
        slot->runnables = runnable->next;
    if (runnable->next)
        runnable->next->previous = runnable->previous;
    runnable->class->gone(runnable);
}

static void
slot_wake_outside(struct sl_slot *slot)
{
    for (struct sl_runnable *each = slot->runnables; each; each = each->next) {
        if (each->outside && !atomic_exchange(&each->ready, true))
            slot_enqueue(slot, each);
    }
}

/* --- time --- */

static int64_t
slot_least_deadline_us(const struct sl_slot *slot)
{
    int64_t least = SL_NEVER_US;

    for (const struct sl_runnable *each = slot->runnables; each; each = each->next)
        least = SL_MIN(least, each->deadline_us);
    for (const struct sl_timer *timer = slot->timers; timer; timer = timer->next)
        least = SL_MIN(least, timer->deadline_us);
    return least;
}

bool
sl_slot_has_due(const struct sl_slot *slot, int64_t now_us)
{
    for (const struct sl_runnable *each = slot->runnables; each; each = each->next) {
        if (each->due)
            return true;
    }
    return slot_least_deadline_us(slot) <= now_us;
}

void
sl_slot_set_timer(struct sl_slot *slot, struct sl_timer *timer)
{
    timer->next = slot->timers;
    slot->timers = timer;
    slot->next_deadline_us = SL_MIN(slot->next_deadline_us, timer->deadline_us);
}

static bool
slot_fire_timers(struct sl_slot *slot, int64_t now_us, bool cancel)
{
    struct sl_timer *due = NULL, **link = &slot->timers;

    while (*link) {
        struct sl_timer *timer = *link;

        if (!cancel && timer->deadline_us > now_us) {
            link = &timer->next;
            continue;
        }
        *link = timer->next;
        timer->next = due;
        due = timer;
    }
    if (due == NULL)
        return false;
    while (due) {
        struct sl_timer *timer = due;

        due = due->next;
        timer->fire(timer, slot, cancel);
    }
    return true;
}

static bool
slot_check_deadlines(struct sl_slot *slot, int64_t now_us)
{
    bool did = false;

    if (now_us < slot->next_deadline_us)
        return false;
    for (struct sl_runnable *each = slot->runnables; each; each = each->next) {
        if (each->deadline_us > now_us)
            continue;
        each->deadline_us = SL_NEVER_US; /* the step sets the next one */
        each->due = true;
        if (!atomic_exchange(&each->ready, true))
            slot_enqueue(slot, each);
        did = true;
    }
    did |= slot_fire_timers(slot, now_us, false);
    slot->next_deadline_us = slot_least_deadline_us(slot);
    return did;
}

int64_t
sl_slot_timeout_us(const struct sl_slot *slot)
{
    /* Virtual time does not pass in sleep: who moves it nudges. */
    if (slot->next_deadline_us == SL_NEVER_US || sl_env_is_virtual(slot->env))
        return -1;
    return SL_MAX(0, slot->next_deadline_us - sl_now_us(slot->env));
}

/* --- the loop --- */

static bool
slot_run_commands(struct sl_slot *slot)
{
    struct sl_command *command;

    if (!atomic_load_explicit(&slot->has_commands, memory_order_relaxed))
        return false;
    pthread_mutex_lock(&slot->mutex);
    command = slot->first_command;
    slot->first_command = slot->last_command = NULL;
    atomic_store_explicit(&slot->has_commands, false, memory_order_relaxed);
    pthread_mutex_unlock(&slot->mutex);
    while (command) {
        struct sl_command *next = command->next;

        command->run(command, slot);
        command = next;
    }
    return true;
}

static struct sl_runnable *
slot_pick(struct sl_slot *slot)
{
    unsigned first = 0;

    if (slot->step_count % SLOT_FAIR_STEPS == 0)
        first = slot->step_count / SLOT_FAIR_STEPS % SL_SLOT_LEVELS;
    for (unsigned i = 0; i < SL_SLOT_LEVELS; i++) {
        struct sl_runnable *runnable = slot->queues[(first + i) % SL_SLOT_LEVELS].first;

        if (runnable) {
            slot_dequeue(slot, runnable);
            return runnable;
        }
    }
    return NULL;
}

static void
slot_run(struct sl_slot *slot, struct sl_runnable *runnable, int64_t now_us)
{
    int rc;

    atomic_exchange(&runnable->ready, false);
    runnable->due = false;
    rc = runnable->class->step(runnable, now_us);
    if (rc == SL_EOF) {
        slot_remove(slot, runnable);
    } else if (rc == SL_OK) {
        slot->busy_step_count++;
        if (!atomic_exchange(&runnable->ready, true))
            slot_enqueue(slot, runnable);
    } else {
        slot->next_deadline_us = SL_MIN(slot->next_deadline_us, runnable->deadline_us);
    }
}

/* Nothing was found: sleeps unless news came in the meantime. */
static int
slot_fall_asleep(struct sl_slot *slot)
{
    if (slot->stopping)
        return SL_EOF;
    atomic_store_explicit(&slot->sleeping, true, memory_order_relaxed);
    atomic_thread_fence(memory_order_seq_cst);
    if (atomic_load_explicit(&slot->incoming, memory_order_relaxed) == NULL &&
        !atomic_load_explicit(&slot->has_commands, memory_order_relaxed))
        return SL_AGAIN;
    atomic_store_explicit(&slot->sleeping, false, memory_order_relaxed);
    return SL_OK;
}

int
sl_slot_step(struct sl_slot *slot)
{
    struct sl_runnable *runnable;
    int64_t now_us = sl_now_us(slot->env);
    bool did;

    if (atomic_load_explicit(&slot->sleeping, memory_order_relaxed)) {
        atomic_store_explicit(&slot->sleeping, false, memory_order_relaxed);
        slot_wake_outside(slot);
    } else if (slot->busy_step_count >= SLOT_FAIR_STEPS) {
        slot->busy_step_count = 0;
        slot_wake_outside(slot);
    }
    slot->step_count++;
    did = slot_run_commands(slot);
    did |= slot_check_deadlines(slot, now_us);
    slot_drain_incoming(slot);
    runnable = slot_pick(slot);
    if (runnable) {
        slot_run(slot, runnable, now_us);
        return SL_OK;
    }
    return did ? SL_OK : slot_fall_asleep(slot);
}

static void
slot_main(void *arg)
{
    struct sl_slot *slot = arg;
    int rc;

    while ((rc = sl_slot_step(slot)) != SL_EOF) {
        if (rc == SL_AGAIN)
            slot->env->ops->wake_wait(slot->env, slot->wake, sl_slot_timeout_us(slot));
    }
}

/* --- start and stop --- */

void
sl_slot_start(struct sl_slot *slot)
{
    char name[16];
    long cores = SL_MAX(1, sysconf(_SC_NPROCESSORS_ONLN));

    snprintf(name, sizeof(name), "slot-%u", slot->index);
    slot->thread = slot->env->ops->thread_start(slot->env, name, (int)(slot->index % cores),
                                                slot_main, slot);
}

static void
slot_stop_run(struct sl_command *command, struct sl_slot *slot)
{
    slot->stopping = true;
    slot_fire_timers(slot, 0, true);
}

void
sl_slot_stop(struct sl_slot *slot)
{
    struct sl_command stop = {.run = slot_stop_run};

    sl_slot_post(slot, &stop);
    slot->env->ops->thread_join(slot->env, slot->thread);
    slot->thread = NULL;
}
