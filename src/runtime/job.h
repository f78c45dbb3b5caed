/* Jobs, their executions, and what the pieces of runtime/ know of each other.  Private to runtime/.
 *
 * A job lives from sl_job_start to its end; an execution is one attempt to run it: the graph's
 * subtasks, rings and edges.  A restart makes a new execution once the old one's subtasks are
 * gone. */
#ifndef SL_RUNTIME_JOB_H
#define SL_RUNTIME_JOB_H

#include "executor/collect.h"
#include "runtime/checkpoint.h"
#include "runtime/recovery.h"
#include "runtime/restart.h"
#include "runtime/runtime.h"
#include "runtime/task.h"
#include "runtime/verification.h"
#include "storage/outbox.h"

struct sl_waiter { /* a session's thread that waits for something to change */
    struct sl_wake *wake;
    struct sl_waiter *next;
};

struct sl_runtime {
    struct sl_runtime_config config;
    uint64_t run_id; /* of this run of the server, by chance: markers carry it */
    struct sl_slot **slots;
    pthread_mutex_t mutex; /* of what follows; taken before no other but a job's */
    struct sl_job **jobs;  /* active ones, a reference each */
    size_t job_count, job_capacity;
    struct sl_waiter *waiters;
    _Atomic int notify_count; /* calls to job_changed under way */
    uint32_t next_base;
    struct sl_thread *ticker; /* begins periodic checkpoints; NULL: nobody asked for them */
    struct sl_wake *ticker_wake;
    _Atomic bool ticker_stops;
    _Atomic int64_t disk_free_min, disk_free; /* bytes; 0: nobody looks */
    _Atomic bool disk_is_low;                 /* jobs are held */
    int64_t disk_look_us;                     /* the ticker's: when it looks again */
    _Atomic bool verification_is_paced;       /* by the ticker */
    _Atomic bool verification_is_busy;        /* a step that it began is under way */
    int64_t verification_due_us;              /* the ticker's: when the next step is */
};

struct sl_execution {
    _Atomic uint32_t references; /* one for its subtasks together, one a command under way */
    struct sl_job *job;
    struct sl_arena arena;
    struct sl_graph *graph;
    struct sl_subtask **subtasks;
    size_t subtask_count;
    struct sl_ring **rings;
    size_t ring_count;
    /* Under the job's mutex: */
    size_t live_count, starting_count;
    size_t ended_count;     /* END went through them; they wait for the last checkpoint */
    uint64_t last_epoch;    /* of that checkpoint; 0: not begun */
    bool is_released;       /* … and were told to go */
    size_t finish_missing;  /* scans whose end is not known yet (end_input) */
    struct sl_checkpoint *restored; /* what it begins from; NULL: nothing */
    struct sl_alignment *alignment;
};

struct sl_job {
    _Atomic uint32_t references;
    struct sl_runtime *runtime;
    struct sl_arena arena;
    char id[33];
    const char *name;
    struct sl_phys_plan *plan;
    bool is_query;
    uint32_t base_slot;
    struct sl_collector *collector; /* of a query */
    struct sl_timer restart_timer;
    struct sl_command restart_command; /* sets it */
    struct sl_io_job notify; /* tells the server of a change, on an I/O thread */
    pthread_mutex_t mutex;   /* of what follows */
    enum sl_run_state state;
    struct sl_error failure; /* the reason; code 0: none */
    bool is_stopping;        /* its subtasks were told to stop … */
    enum sl_run_state target; /* … and this follows */
    bool has_left;           /* at its end, and no longer among the active jobs */
    bool stays_silent;       /* the server goes down: the state is left as it is */
    int64_t start_us, end_us, restart_count;
    struct sl_restart restart;
    int64_t restart_delay_us; /* of the failure that it is to restart from */
    uint64_t rows_written;   /* by executions that are over */
    struct sl_execution *execution;
    struct sl_checkpointing checkpointing;
    struct sl_recovery recovery;
    struct sl_verification verification;
    struct sl_publisher_lane *lanes;
    uint64_t published_count;
    struct sl_outbox_room outbox; /* of any thread */
    bool launch_waits;     /* for a barrier to be over, or for what is being published */
    bool end_waits;        /* … and for what is being published; then `target` follows */
    bool has_savepoint;    /* one is being taken: the job does not come to its end meanwhile */
    bool restarts_at_once; /* CALL sluice.fail_job */
    bool notify_busy, notify_again;
};

static inline bool
sl_run_state_is_final(enum sl_run_state state)
{
    return state >= SL_RUN_FINISHED;
}

/* --- execution.c: building and wiring; what subtasks report --- */

struct sl_execution *sl_execution_new(struct sl_job *job);
void sl_execution_start(struct sl_execution *execution);
void sl_execution_stop(struct sl_execution *execution);
void sl_execution_inject(struct sl_execution *execution, uint64_t epoch, bool catches_up);
/* Its barrier overtakes from now on. */
void sl_execution_overtake(struct sl_execution *execution, uint64_t epoch);
/* Checkpoint `epoch` is complete. */
void sl_execution_complete(struct sl_execution *execution, uint64_t epoch);
/* There is room in the outbox again. */
void sl_execution_has_room(struct sl_execution *execution);
/* Subtasks that have ended may go. */
void sl_execution_release(struct sl_execution *execution);
/* Scans read no more once barrier `epoch` has gone out; 0: they go on. */
void sl_execution_hold(struct sl_execution *execution, uint64_t epoch);
/* Scans read nothing meanwhile. */
void sl_execution_pause(struct sl_execution *execution, bool is_paused);
/* Tells all scans that their input ends; returns how many there are. */
size_t sl_execution_finish_all(struct sl_execution *execution);
/* Tells the scans of this table; returns how many there are. */
void sl_execution_abandon(struct sl_execution *execution, const struct sl_phys_node *node);
size_t sl_execution_finish_table(struct sl_execution *execution, uint64_t table_id);
struct sl_execution *sl_execution_ref(struct sl_execution *execution);
void sl_execution_unref(struct sl_execution *execution);

/* --- job.c: from subtasks, on their slots' threads --- */

void sl_job_subtask_started(struct sl_subtask *subtask);
void sl_job_subtask_failed(struct sl_subtask *subtask, const struct sl_error *err);
/* The part is taken over; NULL when nothing is stored, or on failure (err). */
void sl_job_subtask_answered(struct sl_subtask *subtask, uint64_t epoch,
                             struct sl_checkpoint_part *part, const struct sl_error *err);
/* The outbox is full, and a source stopped for it. */
void sl_job_outbox_full(struct sl_job *job);
/* END went through it, and all of it is out. */
void sl_job_subtask_ended(struct sl_subtask *subtask);
void sl_job_subtask_finished_input(struct sl_subtask *subtask, uint32_t count); /* finishes */
void sl_job_subtask_gone(struct sl_subtask *subtask);

/* Tells it to stop, without waiting: sl_job_stop does then. */
void sl_job_begin_stop(struct sl_job *job, enum sl_run_state state, const char *reason);

/* --- job.c: from barriers, publishers and recovery, under the mutex --- */

/* Runs it, from `latest`. */
void sl_job_launch(struct sl_job *job);
/* There is nothing that it could be launched from: it waits and looks again, or is FAILED. */
void sl_job_not_launched(struct sl_job *job, const struct sl_error *err);

/* A failure that is no subtask's. */
void sl_job_fail_locked(struct sl_job *job, const struct sl_error *err);
/* Files that its execution was restored from are damaged: it looks for another checkpoint. */
void sl_job_restored_damaged(struct sl_job *job, const struct sl_error *err);
void sl_job_publishing_failed(struct sl_job *job, const struct sl_error *err);
void sl_job_barrier_over(struct sl_job *job);
void sl_job_published(struct sl_job *job);
/* Unlocks the mutex after work on an I/O thread: what waited for it goes on. */
void sl_job_leave(struct sl_job *job);

/* Under the mutex: sum of all that changes what a checkpoint would hold. */
uint64_t sl_job_progress(const struct sl_job *job);
/* Sum of everything that moves; equal sums: nothing moved in between. */
uint64_t sl_job_activity(struct sl_job *job);

/* --- disk.c: the ticker's thread --- */

void sl_runtime_tick_disk(struct sl_runtime *runtime, int64_t now_us);
void sl_runtime_look_at_disk(struct sl_runtime *runtime);

/* --- runtime.c --- */

void sl_runtime_add_job(struct sl_runtime *runtime, struct sl_job *job);
void sl_runtime_remove_job(struct sl_runtime *runtime, struct sl_job *job);
/* Periodic checkpoints: one has become due. */
void sl_runtime_tick_now(struct sl_runtime *runtime);
/* Wakes every session that waits for some change. */
void sl_runtime_announce(struct sl_runtime *runtime);
/* The same, and one call to job_changed is over: the last touch of the runtime by its thread. */
void sl_runtime_end_notify(struct sl_runtime *runtime);
void sl_waiter_begin(struct sl_runtime *runtime, struct sl_waiter *waiter);
void sl_waiter_end(struct sl_runtime *runtime, struct sl_waiter *waiter);
/* Sleeps until something changed, at most until deadline_us (monotonic) or 50 ms. */
void sl_waiter_wait(struct sl_runtime *runtime, struct sl_waiter *waiter, int64_t deadline_us);

#endif
