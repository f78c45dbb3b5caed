/* Barriers of a job, and the checkpoints that are made of them.  Private to runtime/.
 *
 *     IDLE ──sl_barrier_begin──▶ MAKING ──directory made──▶ ALIGNING ──last answer──▶ WRITING ─┐
 *       ▲                          │                           │                              │
 *       └──────────────────────────┴── given up: I/O, a failure, the execution's end ─────────┤
 *       └───────────────────────────────────── manifest durable: done_epoch, latest ──────────┘
 *
 * 1. One barrier at a time; epochs go up and are never used twice, over restarts of the server too.
 * 2. A job that stores nothing goes from IDLE to ALIGNING and back.
 * 3. Every subtask that lives when a barrier goes out answers it once: with its part, with a
 *    failure, or by being gone.
 * 4. One that takes too long is given up at once, for whoever waits; the next barrier goes out when
 * all have answered the old one, whose parts nobody wants.
 * 5. What is written is complete only when the manifest is; `latest` then is what a restart takes.
 * 6. When every subtask has ended one more barrier goes out; the job is over when that checkpoint
 * is complete and published.
 * 7. Where the job allows it a barrier overtakes when it has been under way for long enough
 * (task_overtake.c).  Those that are to have nothing in the queues behind them never do: of a
 * savepoint, of a job that stops, of settle, the last.
 * 8. A job that has done nothing since its last checkpoint takes no periodic one. */
#ifndef SL_RUNTIME_CHECKPOINT_H
#define SL_RUNTIME_CHECKPOINT_H

#include "base/env.h"
#include "storage/snapshot.h"

#include <stdatomic.h>

struct sl_execution;
struct sl_job;
struct sl_subtask;

/* A complete checkpoint, or one that is being written.  Refcounted. */
struct sl_checkpoint {
    _Atomic uint32_t references;
    struct sl_arena arena;
    struct sl_manifest manifest;
    char directory[SL_CHECKPOINT_PATH_MAX];
    struct sl_checkpoint_part **parts; /* what the manifest points into; NULL: it was read */
    size_t part_count;
    bool is_verified; /* every file was compared with its checksum; under the job's mutex */
};

enum sl_checkpoint_phase {
    SL_CHECKPOINT_IDLE,
    SL_CHECKPOINT_MAKING,
    SL_CHECKPOINT_ALIGNING,
    SL_CHECKPOINT_WRITING,
};

/* One of the last checkpoints, as SHOW CHECKPOINTS tells it: the longest of all subtasks. */
struct sl_checkpoint_record {
    uint64_t id;
    const char *kind;   /* checkpoint, unaligned (rows were overtaken), savepoint */
    const char *status; /* IN_PROGRESS, COMPLETED, FAILED */
    int64_t start_us;   /* processing time */
    int64_t duration_us, alignment_us, freeze_us, write_us;
    uint64_t full_bytes, written_bytes;
    char reason[256];
};

#define SL_CHECKPOINT_HISTORY 16

/* Of a job; under its mutex. */
struct sl_checkpointing {
    bool is_on; /* barriers are stored */
    enum sl_checkpoint_phase phase;
    uint64_t epoch;                 /* of the barrier under way, or of the last one */
    uint64_t done_epoch;            /* of the newest that came through */
    uint64_t begun_epoch;           /* that the job began from in this server; 0: none */
    bool may_overtake;              /* the one under way, when it is old enough: … */
    int64_t overtake_us;            /* … then, monotonic; INT64_MAX: it does already */
    bool catches_up;                /* sources read up to their present end before they pass it */
    size_t missing;                 /* subtasks that have not answered */
    struct sl_error failure;        /* of the one under way; code 0: none */
    bool has_timed_out;             /* the one under way */
    uint32_t failed_count;          /* in a row */
    struct sl_execution *execution; /* whose barrier it is; a reference */
    struct sl_checkpoint *writing, *latest;
    _Atomic uint64_t pinned_id; /* a savepoint is made of it: it is not removed; 0: none */
    uint64_t incarnation;
    int64_t due_us;                         /* of the next periodic one, monotonic */
    uint64_t begun_progress, done_progress; /* what the job had done: when the one under way began,
                                               when the last complete one did; 0: none yet */
    int64_t begin_us;                       /* of the barrier under way, monotonic */
    struct sl_checkpoint_record history[SL_CHECKPOINT_HISTORY]; /* a ring, by epoch */
    struct sl_io_job io;
    int io_rc;
    struct sl_error io_error;
};

/* With nothing in it but its directory's path. */
struct sl_checkpoint *sl_checkpoint_new(const struct sl_job *job, uint64_t epoch);
void sl_checkpoint_unref(struct sl_checkpoint *checkpoint); /* NULL does nothing */
struct sl_checkpoint *sl_checkpoint_ref(struct sl_checkpoint *checkpoint);

/* --- under the job's mutex --- */

/* Sends a barrier.  SL_AGAIN: another is under way, or the job does not run now. */
int sl_barrier_begin(struct sl_job *job, bool catches_up, uint64_t *ret_epoch);
/* The one that began just now is a savepoint's. */
void sl_checkpoint_is_savepoint(struct sl_job *job);
/* Is it through, or will it never be? */
bool sl_barrier_is_over(const struct sl_job *job, uint64_t epoch);
/* A subtask has passed it.  `part` is taken over: NULL when the job stores nothing, or on failure,
 * which `err` then tells (code 0: the subtask is gone). */
void sl_barrier_answer(struct sl_job *job, struct sl_execution *execution, uint64_t epoch,
                       struct sl_checkpoint_part *part, const struct sl_error *err);

/* --- without it --- */

/* Nobody waits for it any more: sources pass it where they stand. */
void sl_barrier_hurry(struct sl_job *job, uint64_t epoch);

/* Begins the periodic one if it is due; returns when the next is, monotonic. */
int64_t sl_checkpoint_tick(struct sl_job *job, int64_t now_us);

#endif
