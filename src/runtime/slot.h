/* A slot: one worker that runs its share of every job's subtasks, cooperatively, a bounded step at
 * a time.
 *
 * 1. Everything that belongs to a runnable is touched by its slot's thread alone.  Other threads
 *    reach it in two ways only: sl_runnable_wake, and a command in the slot's inbox.
 * 2. `ready` is lowered before a step and raised by whoever has news: a wake-up during the step
 *    makes another step follow, so none is lost.
 * 3. Lower levels run first (sinks have level 0), so that what is under way is finished before more
 *    is read; every sixteenth step goes round-robin, so that no job starves another.
 * 4. A slot that found nothing to do has raised `sleeping` and looked again; whoever then brings
 *    news signals its wake-up.  A connector signals the same wake-up, and those who wait for the
 *    outside world are looked at after every sleep, and after sixteen steps that found work in a
 *    slot that never sleeps.
 *
 *     sl_runnable_wake ─▶ incoming ─▶ queue of its level ─▶ step
 *                                            ▲               │ SL_OK: back to the queue
 *                                            └───────────────┤
 *                      until a wake-up or its deadline ◀─────┤ SL_AGAIN
 *                                     removed, `gone` ◀──────┘ SL_EOF
 */
#ifndef SL_RUNTIME_SLOT_H
#define SL_RUNTIME_SLOT_H

#include "base/env.h"
#include "data/pool.h"
#include "storage/table.h"

#include <pthread.h>
#include <stdalign.h>
#include <stdatomic.h>

#define SL_SLOT_LEVELS 8u
#define SL_NEVER_US INT64_MAX

struct sl_slot;
struct sl_runnable;

struct sl_runnable_class {
    /* One bounded step.  SL_OK: more to do; SL_AGAIN: waits for a wake-up, its deadline or, with
     * `outside`, the slot's own; SL_EOF: it is over. */
    int (*step)(struct sl_runnable *runnable, int64_t now_us);
    /* Was removed from its slot; may free itself. */
    void (*gone)(struct sl_runnable *runnable);
};

struct sl_runnable { /* the first member of a subtask */
    const struct sl_runnable_class *class;
    struct sl_slot *slot;
    unsigned level;
    int64_t deadline_us; /* processing time at which a step is wanted, or SL_NEVER_US */
    bool outside;        /* waits for a connector or an I/O job */
    bool queued;
    bool due;            /* its deadline has passed, the step that sees to it is still to come */
    struct sl_runnable *previous, *next;   /* all of the slot */
    struct sl_runnable *incoming_next;
    struct sl_runnable *queue_previous, *queue_next;
    alignas(SL_CACHE_LINE) _Atomic bool ready;
};

/* Something for a slot's thread to do at once. */
struct sl_command {
    void (*run)(struct sl_command *command, struct sl_slot *slot); /* may free the command */
    struct sl_command *next;
};

/* Something for a slot's thread to do at a processing time. */
struct sl_timer {
    int64_t deadline_us;
    void (*fire)(struct sl_timer *timer, struct sl_slot *slot, bool cancelled);
    struct sl_timer *next;
};

struct sl_slot {
    struct sl_env *env;
    uint32_t index;
    struct sl_state_budget state_budget; /* what its subtasks' states may have in memory */
    struct sl_pool *pool; /* allocated from by this slot's thread only */
    struct sl_wake *wake;
    struct sl_thread *thread;
    bool stopping;
    unsigned step_count;
    unsigned busy_step_count; /* steps that found work, since the outside was looked at */
    int64_t next_deadline_us;
    struct sl_runnable *runnables;
    struct sl_timer *timers;
    struct {
        struct sl_runnable *first, *last;
    } queues[SL_SLOT_LEVELS];
    pthread_mutex_t mutex; /* of the inbox */
    struct sl_command *first_command, *last_command;
    alignas(SL_CACHE_LINE) _Atomic bool sleeping;
    _Atomic bool has_commands;
    _Atomic(struct sl_runnable *) incoming;
};

struct sl_slot *sl_slot_new(struct sl_env *env, uint32_t index);
void sl_slot_start(struct sl_slot *slot);
/* Joins the thread.  Its runnables are gone by then; pending timers are cancelled. */
void sl_slot_stop(struct sl_slot *slot);
void sl_slot_free(struct sl_slot *slot);

/* One bounded step: commands, timers, one runnable.  SL_AGAIN: nothing to do until a signal or
 * sl_slot_timeout_us; SL_EOF: it was told to stop.  What a simulator calls. */
int sl_slot_step(struct sl_slot *slot);
/* How long a slot with nothing to do may sleep, or -1. */
int64_t sl_slot_timeout_us(const struct sl_slot *slot);

/* Any thread. */
void sl_slot_post(struct sl_slot *slot, struct sl_command *command);
void sl_slot_nudge(struct sl_slot *slot); /* look at deadlines again: time was moved */
void sl_runnable_wake(struct sl_runnable *runnable);

/* The slot's thread only. */
void sl_runnable_init(struct sl_runnable *runnable, const struct sl_runnable_class *class,
                      struct sl_slot *slot, unsigned level);
void sl_slot_add(struct sl_slot *slot, struct sl_runnable *runnable);
void sl_slot_set_timer(struct sl_slot *slot, struct sl_timer *timer);
/* Is there a deadline or timer at or before now_us that no step has seen to yet? */
bool sl_slot_has_due(const struct sl_slot *slot, int64_t now_us);

#endif
