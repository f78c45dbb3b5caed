/* The runtime as the server sees it: slots, jobs, results, settle.  All calls are for session
 * threads and may wait unless they say otherwise. */
#ifndef SL_RUNTIME_RUNTIME_H
#define SL_RUNTIME_RUNTIME_H

#include "base/env.h"
#include "data/batch.h"
#include "plan/physical.h"
#include "storage/table.h"

struct sl_runtime;
struct sl_job;

struct sl_runtime_config {
    struct sl_env *env;
    uint32_t slot_count;
    int64_t slot_memory_bytes;  /* taskmanager.memory.managed.size */
    const char *data_directory;
    /* Where state goes that is larger than threshold_bytes; `path` is the directory of all stores.
     * ops NULL: state stays in memory. */
    struct sl_state_backend backend;
    uint64_t state_memory_bytes; /* of a slot, before rows are evicted; 0: none ever are */
    /* A job changed its state (any thread; must not call back into the runtime).  state is an enum
     * sl_job_state of the catalog as int, see sl_runtime_state_name. */
    void (*job_changed)(void *arg, const struct sl_job *job);
    void *arg;
};

enum sl_run_state { /* the same order as the catalog's enum sl_job_state */
    SL_RUN_CREATED, SL_RUN_RUNNING, SL_RUN_RESTARTING, SL_RUN_FINISHED, SL_RUN_CANCELED,
    SL_RUN_FAILED, SL_RUN_SUSPENDED,
};

struct sl_runtime *sl_runtime_new(const struct sl_runtime_config *config);
/* Stops all jobs (they keep their states) and the slots. */
void sl_runtime_free(struct sl_runtime *runtime);
/* Jobs take checkpoints by their intervals from now on, on the machine's clock. */
void sl_runtime_start_checkpoints(struct sl_runtime *runtime);
/* Where the data directory's disk has less room than this jobs are held: they stay RUNNING, with
 * the reason, and go on by themselves.  0: never. */
void sl_runtime_guard_disk(struct sl_runtime *runtime, int64_t free_bytes_min);
uint32_t sl_runtime_slot_count(const struct sl_runtime *runtime);

/* --- jobs --- */

struct sl_job_spec {
    const char *id;   /* 32 hex digits; made by sl_runtime_new_id */
    const char *name;
    const struct sl_phys_plan *plan; /* copied, options included */
    bool is_query;                   /* has a COLLECT: hidden from job lists, no restarts */
    uint32_t collect_rows_max;       /* rows buffered for the session before backpressure */
    const char *waiting_reason;      /* known to wait for something outside: RESTARTING, with this
                                        reason, until all subtasks have started; or NULL */
    uint64_t incarnation; /* of the job, from 1: under which its sinks publish; 0: 1 */
    bool with_duplicates; /* goes on from the newest checkpoint that is whole, whatever was
                             published; none: from its start-up mode */
};

void sl_runtime_new_id(struct sl_runtime *runtime, char ret_id[33]);
/* Checks the slots (53000, both numbers), copies the plan, starts the tasks; returns at once.  The
 * caller holds one reference. */
int sl_job_start(struct sl_runtime *runtime, const struct sl_job_spec *spec,
                 struct sl_job **ret_job, struct sl_error *err);
struct sl_job *sl_job_ref(struct sl_job *job);
void sl_job_unref(struct sl_job *job);
/* The job with this id or unique prefix that runs or is restarting; a reference.  NULL: none. */
struct sl_job *sl_runtime_find_job(struct sl_runtime *runtime, const char *id);
/* Ends it: its tasks are gone when this returns. */
void sl_job_stop(struct sl_job *job, enum sl_run_state state, const char *reason);
/* The same, but the server is not told: another is to take its place. */
void sl_job_stop_silently(struct sl_job *job);
/* A job of this plan has ended for good: what its sinks left in their targets for those that were
 * to come after them is ended and removed.  Blocks; failures are logged. */
void sl_runtime_forget_job(struct sl_runtime *runtime, const struct sl_phys_plan *plan,
                           const char *job_id);
/* Waits until it is FINISHED, CANCELED, FAILED or SUSPENDED, or `cancelled` says true (polled every
 * 50 ms and at wake-ups): SL_AGAIN then.  A FAILED job's error is returned. */
int sl_job_wait(struct sl_job *job, bool (*cancelled)(void *), void *arg, struct sl_error *err);

struct sl_job_status {
    char id[33];
    const char *name;   /* as long as the reference */
    enum sl_run_state state;
    char reason[SL_ERROR_TEXT_MAX];
    int error_code;     /* of the reason */
    int64_t start_us, end_us;
    int64_t restarts;
    uint64_t rows_written; /* by sinks; for INSERT 0 n */
};
void sl_job_get_status(const struct sl_job *job, struct sl_job_status *ret_status);

struct sl_task_status { /* one subtask */
    const char *task;    /* "Scan(bids) -> Calc" */
    uint32_t subtask, slot;
    const char *state;
    uint64_t rows_in, rows_out, bytes_in, bytes_out;
    double busy, idle, backpressured; /* shares 0 … 1 of the time since the start */
    int64_t watermark_ms;
    uint64_t late_rows, skipped_rows;
};
size_t sl_job_tasks(const struct sl_job *job, struct sl_arena *arena,
                    struct sl_task_status **ret_tasks);
struct sl_watermark_status {
    const char *operator_name, *input, *split;
    int64_t watermark_ms, lag_ms;
    bool idle, holds_back;
};
size_t sl_job_watermarks(const struct sl_job *job, struct sl_arena *arena,
                         struct sl_watermark_status **ret_watermarks);
struct sl_checkpoint_status { /* durations in microseconds, the longest of all subtasks */
    uint64_t id;
    const char *kind, *status; /* "checkpoint"; IN_PROGRESS, COMPLETED, FAILED */
    int64_t start_us;          /* processing time */
    int64_t duration_us, alignment_us, freeze_us, write_us;
    uint64_t full_bytes, written_bytes;
    const char *reason;
};
/* The last checkpoints, the newest first. */
size_t sl_job_checkpoints(const struct sl_job *job, struct sl_arena *arena,
                          struct sl_checkpoint_status **ret_checkpoints);
/* All jobs that are not hidden, references; free the array with the arena, unref each. */
size_t sl_runtime_list_jobs(struct sl_runtime *runtime, struct sl_arena *arena,
                            struct sl_job ***ret_jobs);

/* --- state that a plan goes on with --- */

struct sl_manifest; /* storage/manifest.h */

enum sl_claim {
    SL_CLAIM_KEPT,
    SL_CLAIM_NEW,       /* a source that is not in it: from its start-up mode */
    SL_CLAIM_MISFIT,    /* the operator's state is laid out differently there */
    SL_CLAIM_UNCLAIMED, /* no operator of the plan asks for it */
};
struct sl_state_claim { /* one operator's verdict */
    const char *uid, *reason;
    enum sl_claim claim;
};
int sl_runtime_claim_state(struct sl_runtime *runtime, const struct sl_phys_plan *plan,
                           const struct sl_manifest *manifest, struct sl_arena *arena,
                           struct sl_state_claim **ret_claims, size_t *ret_count,
                           struct sl_error *err);

/* Forgets what of the checkpoint's state the plan was made without (dropped_state). */
void sl_runtime_drop_state(const struct sl_phys_plan *plan, struct sl_manifest *manifest);

/* A job that is to go on without a sink.  All that `manifest`, in `directory`, has of its outbox is
 * published, and its lanes finish.  The job does not run.  08xxx, 58030, XX001. */
struct sl_retired_sink {
    const char *job_id;
    uint64_t incarnation;
    const struct sl_phys_node *sink;
    const struct sl_manifest *manifest;
    const char *directory;
};
int sl_runtime_retire_sink(struct sl_runtime *runtime, const struct sl_retired_sink *retired,
                           struct sl_error *err);

/* --- results of a query (COLLECT) --- */

/* The next batch of a query's result; the caller's reference.  Waits at most timeout_us (-1: for
 * ever, 0: not).  SL_AGAIN: none within the time; SL_EOF: the query has ended. */
int sl_job_fetch(struct sl_job *job, int64_t timeout_us, struct sl_batch **ret_batch,
                 struct sl_error *err);
/* Readable when sl_job_fetch has something to say; for poll(). */
int sl_job_fetch_fd(struct sl_job *job);

/* --- what tests call --- */

/* See testing.md.  job NULL: all.  57014 when the time is over, naming what is busy; an unbounded
 * generator is named at once. */
int sl_runtime_settle(struct sl_runtime *runtime, const char *job_id, int64_t timeout_us,
                      bool (*cancelled)(void *), void *arg, struct sl_error *err);
/* The checkpoint that its present run began from; 0: none.  SL_CHECKPOINT_SOUGHT: its newest is
 * damaged, and it looks for another. */
#define SL_CHECKPOINT_SOUGHT UINT64_MAX
uint64_t sl_job_begun_from(struct sl_job *job);
/* Takes a checkpoint now; its id when it is durable.  0A000: the job takes none; 55000: it does not
 * run; else why it was given up. */
int sl_job_checkpoint(struct sl_job *job, bool (*cancelled)(void *), void *arg, uint64_t *ret_id,
                      struct sl_error *err);
/* Takes a savepoint under `path`, which is made; returns when everything before it is published.
 * SL_SAVEPOINT_STOP: what comes after it is not read any more, and the job waits for sl_job_stop;
 * SL_SAVEPOINT_DRAIN: first its inputs end, so that the highest watermark fires everything, and
 * afterwards it finishes by itself.  Errors as of sl_job_checkpoint, and of the disk; after one the
 * job runs on. */
enum sl_savepoint_mode { SL_SAVEPOINT_ONLY, SL_SAVEPOINT_STOP, SL_SAVEPOINT_DRAIN };
int sl_job_savepoint(struct sl_job *job, const char *path, enum sl_savepoint_mode mode,
                     bool (*cancelled)(void *), void *arg, struct sl_error *err);
/* As SL_SAVEPOINT_STOP, but its last checkpoint is enough; and back. */
int sl_job_hold(struct sl_job *job, bool (*cancelled)(void *), void *arg, struct sl_error *err);
void sl_job_go_on(struct sl_job *job);
/* As if one of its tasks had failed by the outside's fault: it starts again at once. */
int sl_job_fail(struct sl_job *job, struct sl_error *err);
/* Readers of this table get the end of their input, at its present end.  57014 when cancelled. */
int sl_runtime_end_input(struct sl_runtime *runtime, uint64_t table_id, bool (*cancelled)(void *),
                         void *arg, struct sl_error *err);
/* Moves virtual time; timers that fall due have fired when this returns. */
int sl_runtime_advance(struct sl_runtime *runtime, int64_t by_us, struct sl_error *err);

#endif
