/* After a restore the files of its checkpoint are compared with their checksums while the job runs.
 * Private to runtime/.
 *
 *     launch from a checkpoint ─▶ waits ──tick──▶ a step, an I/O job ──▶ waits … ──▶ all are whole
 *                                                    │ one is damaged
 *                                                    ▼
 *                         the job restarts, and looks for a checkpoint that is whole (recovery.h)
 *
 * 1. One step at a time over all jobs, so many bytes each, at most one every tick: the rate is low
 *    on purpose.  Where nobody ticks (tests, simulation) step follows step.
 * 2. The checkpoint's directory stays meanwhile.
 * 3. Another launch, or the job's end, drops what is left to do. */
#ifndef SL_RUNTIME_VERIFICATION_H
#define SL_RUNTIME_VERIFICATION_H

#include "runtime/checkpoint.h"
#include "storage/verify.h"

struct sl_job;
struct sl_runtime;

/* Of a job; under its mutex. */
struct sl_verification {
    struct sl_checkpoint *checkpoint; /* a reference; NULL: nothing to do */
    struct sl_verify *verify;         /* of the I/O thread while is_busy */
    _Atomic uint64_t pinned_id;       /* its checkpoint is not removed; 0: none */
    bool is_busy;                     /* a step is under way */
    struct sl_io_job io;
    int io_rc;
    struct sl_error io_error;
};

/* --- under the job's mutex --- */

/* The job has been launched from `latest`. */
void sl_verification_begin(struct sl_job *job);
/* Nobody wants to know any more.  A step that is under way comes to its end. */
void sl_verification_drop(struct sl_job *job);

/* --- without it --- */

/* Does the next step of some job, if it is time. */
void sl_runtime_tick_verification(struct sl_runtime *runtime, struct sl_job **jobs, size_t count,
                                  int64_t now_us);

#endif
