/* The seam of operators.  An operator takes batches and watermarks from its inputs and emits
 * batches; it sees no thread, no queue, no clock, no file and no other operator.
 *
 * The task loop (runtime/) owns: the minimum of the inputs' watermarks, idle inputs, barriers and
 * their alignment, END, cutting a batch at its marks where an operator's due time passes, all
 * counters, and the error policies.
 *
 * Emitting always takes the batch and never waits.  SL_AGAIN from sl_out_emit means: taken; stop at
 * the next row or key boundary and return SL_AGAIN; the loop calls `resume` later.  An operator
 * whose output is bounded by its input batch may ignore it and go on. */
#ifndef SL_EXECUTOR_OPERATOR_H
#define SL_EXECUTOR_OPERATOR_H

#include "base/env.h"
#include "data/batch.h"
#include "expr/expr.h"
#include "plan/physical.h"

struct sl_op;
struct sl_state;       /* storage/table.h: opens this subtask's state tables */
struct sl_snapshot;    /* storage/snapshot.h */
struct sl_manifest;    /* storage/manifest.h */
struct sl_outbox_room; /* storage/outbox.h */
struct sl_alignment;   /* executor/alignment.h */

/* Where an operator's results go; made by the loop, one an operator. */
struct sl_out {
    /* Takes over the caller's reference. */
    int (*emit)(struct sl_out *out, struct sl_batch *batch);
    /* Live rows of `batch` that came too late: counted, and routed if the plan says so.  Takes over
     * the reference. */
    void (*late)(struct sl_out *out, struct sl_batch *batch);
    /* So many rows came too late that were folded before: counted. */
    void (*late_rows)(struct sl_out *out, size_t row_count);
    /* So many rows were taken back that are not there: counted, and logged once. */
    void (*unmatched)(struct sl_out *out, size_t row_count);
    /* Rows of `batch` (an input batch; not taken over) that failed: the policy decides.  Negative:
     * the job fails, err is filled; OK: they were skipped or routed, and counted. */
    int (*error)(struct sl_out *out, const struct sl_batch *batch,
                 const struct sl_row_error *errors, size_t error_count, struct sl_error *err);
    /* Results of groups that cannot be made: what tells each of them apart is in the row of
     * `groups` that its error names, by `schema`.  As `error`. */
    int (*failed_groups)(struct sl_out *out, const struct sl_schema *schema,
                         const struct sl_batch *groups, const struct sl_row_error *errors,
                         size_t error_count, struct sl_error *err);
    /* A scan's records that make no row, as rows of the table that its `dead` output is wired to
     * (executor/side_rows.h).  Takes over the reference. */
    void (*dead)(struct sl_out *out, struct sl_batch *batch);
};
static inline int
sl_out_emit(struct sl_out *out, struct sl_batch *batch)
{
    return out->emit(out, batch);
}

/* What an operator gets when it is opened; lives as long as the operator. */
struct sl_op_context {
    struct sl_arena *arena; /* of this subtask, until the job stops */
    struct sl_pool *pool;   /* the slot's */
    struct sl_state *state;
    const struct sl_phys_settings *settings;
    struct sl_expr_settings expr_settings;
    uint32_t subtask, subtask_count;
    struct sl_env *env; /* for processing time and chance only */
    const char *job_id;
    const char *data_directory;
    struct sl_wake *wake;           /* the slot's; for sources and sinks */
    void *collector;                /* COLLECT: struct sl_collector of the session */
    bool checkpointed;              /* the job's barriers are stored */
    struct sl_outbox_room *outbox;  /* the job's */
    struct sl_alignment *alignment; /* the job's; for sources */
};

struct sl_op_class;

struct sl_op { /* the first member of every operator's own struct */
    const struct sl_op_class *class;
    const struct sl_phys_node *node; /* read-only, outlives the operator */
    struct sl_op_context *context;
    int64_t watermark_ms; /* set by the loop before `watermark`; SL_WATERMARK_MIN at first */
    /* Set by `open`: rows may come out so much later than their time, so the watermark behind the
     * operator is so much less than its own. */
    int64_t output_delay_ms;
    bool changes_rows; /* set by `open`, where it does not do what its class says of keeps_rows */
};

struct sl_op_class {
    const char *name;
    size_t size; /* the runtime allocates this much, zeroed */
    /* True: each call of `batch` emits at most one batch, whose physical rows are the input's
     * (Calc). Such an operator is given whole batches, and the loop moves their marks to what it
     * emits, so that they stay at their rows; other operators' marks go on behind the batch. */
    bool keeps_rows;
    bool pauses_batches; /* `pause` stops in `batch`, too, whose output no input bounds */
    /* True: each call of `batch` gets a whole batch with its marks, and judges each row by the
     * watermark there (op->watermark_ms is the one before the batch); `watermark` follows with the
     * last of them.  For operators whose lateness every watermark can change. */
    bool takes_marks;

    int (*open)(struct sl_op *op, struct sl_error *err); /* optional */

    /* Before `batch`, while some of the state is not in memory: asks sl_table_prepare for the keys
     * that the batch will look up, inserts included.  SL_AGAIN: it is called again with the same
     * batch.  Must do nothing else; optional for operators whose tables are resident. */
    int (*prepare)(struct sl_op *op, unsigned input, const struct sl_batch *batch,
                   struct sl_error *err);
    /* Consumes a batch from input `input` (the caller keeps its reference).  Rows of one call lie
     * between two due times.  SL_AGAIN: `resume` goes on with the same batch, which stays valid.
     * SL_EOF: taken, and no later row can matter: the scans above it end now.
     * Marks in the batch are the loop's: an operator that passes rows through emits a batch with
     * none (the loop hands the marks on by itself), since it is called between marks that matter.
     */
    int (*batch)(struct sl_op *op, unsigned input, struct sl_batch *batch, struct sl_out *out,
                 struct sl_error *err);                                        /* required */
    int (*resume)(struct sl_op *op, struct sl_out *out, struct sl_error *err); /* optional */

    /* The watermark rose to op->watermark_ms: fire what is due.  SL_AGAIN: resume goes on.  The
     * loop forwards the watermark after the firing is complete. */
    int (*watermark)(struct sl_op *op, struct sl_out *out, struct sl_error *err); /* optional */
    /* The least watermark at which something would happen (a slice boundary), or
     * SL_WATERMARK_MAX.  Optional [SL_WATERMARK_MAX: never cut]. */
    int64_t (*next_due_ms)(struct sl_op *op);
    /* Processing time: the next moment at which `tick` is wanted, or INT64_MAX.  Optional. */
    int64_t (*next_tick_us)(struct sl_op *op);
    int (*tick)(struct sl_op *op, int64_t now_us, struct sl_out *out, struct sl_error *err);

    /* A barrier overtakes what `watermark`, `tick` or (pauses_batches) `batch` has stopped in:
     * emits, whatever emit says, up to where `barrier` can tell what is left, at most a key group.
     * Batches and a higher op->watermark_ms may come before `resume` does; `watermark` after a
     * restore goes on with what was left.  A batch that paused was taken: `barrier` stores what is
     * left of its rows.  SL_AGAIN: the state is read; it is called again.  Optional: without it the
     * call under way is resumed to its end, so it must be bounded by its input. */
    int (*pause)(struct sl_op *op, struct sl_out *out, struct sl_error *err);

    /* All inputs have ended (after the highest watermark was fired): emit what is left. */
    int (*end)(struct sl_op *op, struct sl_out *out, struct sl_error *err); /* optional */
    /* A barrier: adds to the snapshot what is not in a state table (the loop has frozen those).
     * snapshot NULL: the job stores nothing.  Optional. */
    int (*barrier)(struct sl_op *op, uint64_t epoch, struct sl_snapshot *snapshot,
                   struct sl_error *err);
    /* After open, before any input, the state tables filled: takes back what `barrier` added, of
     * whichever subtasks did.  Optional. */
    int (*restore)(struct sl_op *op, const struct sl_manifest *from, struct sl_error *err);
    void (*close)(struct sl_op *op); /* optional; must take a half-opened operator */
};

/* By the plan's kind; optional members are filled.  SCAN, SINK and COLLECT have entries too, whose
 * extra calls are in executor/scan.h, sink.h and collect.h. */
const struct sl_op_class *sl_op_class_of(enum sl_op_kind kind);
/* An evaluation of these expressions that the operator frees; RAND() and its like are seeded. */
struct sl_eval *sl_op_eval_new(const struct sl_op_context *context, struct sl_expr *const *exprs,
                               size_t count);
/* Fills defaults and asserts required members; at the server's start. */
void sl_operators_init(void);
void sl_op_class_complete(struct sl_op_class *class); /* the same for one */

#endif
