/* Which checkpoint a job goes on from, when its newest cannot be used.  Private to runtime/.
 *
 *     start ── the newest is whole ─────────────────────────────▶ launch
 *       │ damaged        ▲                                          │ it does not read after all,
 *       ▼                │ usable, and nobody has published past it │ or what is to be published
 *     RESTARTING ──▶ looking for one (an I/O job) ◀─────────────────┘ does not
 *                        │ none, or published past: FAILED, says which
 *                        │ a target does not answer: again after the restart delay
 *
 * 1. While it looks there is no execution and no publisher, and no barrier is under way.
 * 2. Every file of a checkpoint that it takes was compared with its checksum.
 * 3. One that is not the newest is taken only if no exactly-once sink has published past it, which
 *    the markers tell.  What was published of its own segments they tell too. */
#ifndef SL_RUNTIME_RECOVERY_H
#define SL_RUNTIME_RECOVERY_H

#include "runtime/checkpoint.h"

/* Of a job; under its mutex. */
struct sl_recovery {
    bool is_wanted;         /* the next launch looks for a checkpoint first */
    bool is_busy;           /* an I/O thread looks */
    struct sl_error reason; /* why: what is wrong with the newest */
    bool found_whole;       /* its newest checkpoint is whole: `reason` is of something else */
    struct sl_checkpoint *found;
    struct sl_io_job io;
    int io_rc;
    struct sl_error io_error;
};

/* A job is made: its newest checkpoint becomes `latest`, and epochs go on behind whatever is there.
 * Blocks.  Where it is damaged a recovery is wanted; 0A000: of another format.
 * with_duplicates: the newest that is whole, whatever was published; none: all are forgotten. */
int sl_recovery_load(struct sl_job *job, bool with_duplicates, struct sl_error *err);

/* --- under the job's mutex --- */

/* Something of the newest checkpoint was not as it should be. */
void sl_recovery_want(struct sl_job *job, const struct sl_error *err);
/* Looks, and then launches the job or fails it. */
void sl_recovery_begin(struct sl_job *job);

#endif
