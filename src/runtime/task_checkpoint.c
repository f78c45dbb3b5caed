/* A subtask's part in a checkpoint.
 *
 *     barrier at the first operator ─▶ snapshot made ─▶ each operator frozen as the barrier passes
 *     ─▶ passed ─▶ I/O thread writes ─▶ back on the slot: ended, part kept ─▶ answered, as soon as
 *     the sink has acknowledged the barrier too
 *
 * 1. Operators do not see one another's barriers: one that is stopped in the middle of something
 *    gets its barrier behind it.
 * 2. The I/O thread touches what is frozen alone; the part belongs to one thread at a time.
 * 3. Watermarks of operators are part of it, so that what was late stays late.
 * 4. What the barrier overtook is written behind the rest, once all of it is known. */
#include "runtime/job.h"
#include "storage/table.h"

#include <stdio.h>
#include <stdlib.h>

static bool
task_is_stored(const struct sl_subtask *subtask)
{
    return subtask->context.checkpointed;
}

/* --- taking --- */

static void
task_new_snapshot(struct sl_subtask *subtask, uint64_t epoch)
{
    char stem[48];

    subtask->freeze_us = 0;
    snprintf(stem, sizeof(stem), "%u-%u", subtask->task->id, subtask->index);
    subtask->snapshot = sl_snapshot_new(subtask->context.state, epoch, stem);
}

int
sl_task_barrier_at(struct sl_link *link, uint64_t epoch, struct sl_error *err)
{
    struct sl_subtask *subtask = link->subtask;
    const char *uid = link->op->node->uid;
    int64_t start_us;
    int rc;

    if (!task_is_stored(subtask))
        return link->op->class->barrier(link->op, epoch, NULL, err);
    if (!subtask->snapshot)
        task_new_snapshot(subtask, epoch);
    SL_ASSERT(sl_snapshot_epoch(subtask->snapshot) == epoch && !subtask->snapshot_busy);
    start_us = sl_monotonic_us(subtask->context.env);
    sl_snapshot_freeze(subtask->snapshot, uid);
    sl_snapshot_add_blob(
        subtask->snapshot, uid, SL_TASK_WATERMARK_BLOB,
        (struct sl_text){(const char *)&link->op->watermark_ms, sizeof(link->op->watermark_ms)});
    if (link->is_paused)
        sl_snapshot_add_blob(subtask->snapshot, uid, SL_TASK_PAUSED_BLOB, SL_TEXT("1"));
    rc = link->op->class->barrier(link->op, epoch, subtask->snapshot, err);
    subtask->freeze_us += sl_monotonic_us(subtask->context.env) - start_us;
    return rc;
}

/* --- writing --- */

static struct sl_subtask *
task_of_io(struct sl_io_job *io)
{
    return (struct sl_subtask *)((char *)io - offsetof(struct sl_subtask, snapshot_io));
}

static void
task_write_run(struct sl_io_job *io)
{
    struct sl_subtask *subtask = task_of_io(io);
    const struct sl_job *job = subtask->execution->job;
    uint64_t epoch = sl_snapshot_epoch(subtask->snapshot);
    char directory[SL_CHECKPOINT_PATH_MAX], previous[SL_CHECKPOINT_PATH_MAX];
    int64_t start_us = sl_monotonic_us(subtask->context.env);

    sl_checkpoint_path(job->runtime->config.data_directory, job->id, epoch, directory);
    sl_checkpoint_path(job->runtime->config.data_directory, job->id, job->checkpointing.done_epoch,
                       previous);
    subtask->snapshot_rc =
        sl_snapshot_write(subtask->snapshot, directory, previous, &subtask->snapshot_error);
    subtask->write_us = sl_monotonic_us(subtask->context.env) - start_us;
}

/* Back to the slot's thread: by a command, for the subtask may be gone as soon as it ran. */
static void
task_io_done(struct sl_io_job *io)
{
    struct sl_subtask *subtask = task_of_io(io);

    sl_slot_post(subtask->runnable.slot, &subtask->snapshot_done);
}

static void
task_submit(struct sl_subtask *subtask, void (*run)(struct sl_io_job *),
            void (*back)(struct sl_command *, struct sl_slot *))
{
    struct sl_env *env = subtask->context.env;

    sl_execution_ref(subtask->execution);
    subtask->snapshot_io.run = run;
    subtask->snapshot_io.done = task_io_done;
    subtask->snapshot_done.run = back;
    env->ops->io_submit(env, &subtask->snapshot_io);
}

static struct sl_subtask *
task_of_command(struct sl_command *command)
{
    return (struct sl_subtask *)((char *)command - offsetof(struct sl_subtask, snapshot_done));
}

/* What was written may be in another store than rows are being read from. */
static void
task_write_back(struct sl_command *command, struct sl_slot *slot)
{
    struct sl_subtask *subtask = task_of_command(command);
    struct sl_execution *execution = subtask->execution;

    subtask->snapshot_waits = subtask->state_io_busy;
    if (subtask->snapshot_waits)
        return;
    subtask->part = sl_snapshot_end(subtask->snapshot);
    subtask->snapshot = NULL;
    subtask->snapshot_busy = false;
    sl_task_write_channels(subtask);
    sl_runnable_wake(&subtask->runnable);
    sl_execution_unref(execution);
}

/* --- what a barrier overtook --- */

static void
task_channels_run(struct sl_io_job *io)
{
    struct sl_subtask *subtask = task_of_io(io);
    const struct sl_job *job = subtask->execution->job;
    char directory[SL_CHECKPOINT_PATH_MAX];
    int64_t start_us = sl_monotonic_us(subtask->context.env);

    sl_checkpoint_path(job->runtime->config.data_directory, job->id, subtask->passed_epoch,
                       directory);
    subtask->snapshot_rc =
        sl_overtake_write(subtask, directory, subtask->passed_epoch, &subtask->snapshot_error);
    subtask->write_us += sl_monotonic_us(subtask->context.env) - start_us;
}

static void
task_channels_back(struct sl_command *command, struct sl_slot *slot)
{
    struct sl_subtask *subtask = task_of_command(command);
    struct sl_execution *execution = subtask->execution;

    sl_overtake_drop(subtask);
    subtask->snapshot_busy = false;
    sl_runnable_wake(&subtask->runnable);
    sl_execution_unref(execution);
}

void
sl_task_write_channels(struct sl_subtask *subtask)
{
    if (!subtask->overtaken || subtask->logged_count > 0 || !subtask->part ||
        subtask->snapshot_busy)
        return;
    if (subtask->snapshot_rc < 0) {
        sl_overtake_drop(subtask);
        return;
    }
    subtask->snapshot_busy = true;
    task_submit(subtask, task_channels_run, task_channels_back);
}

void
sl_task_barrier_passed(struct sl_subtask *subtask, uint64_t epoch)
{
    subtask->passed_epoch = epoch;
    subtask->part_has_ended = subtask->has_ended;
    if (!task_is_stored(subtask))
        return;
    subtask->snapshot_busy = true;
    task_submit(subtask, task_write_run, task_write_back);
}

int
sl_task_barrier_after_end(struct sl_subtask *subtask, struct sl_error *err)
{
    uint64_t epoch = subtask->injected_epoch;

    if (epoch <= subtask->passed_epoch)
        return SL_OK;
    /* A restored one whose operators never ran has nothing new to say. */
    for (unsigned i = 0; i < subtask->link_count; i++)
        SL_TRY(sl_task_barrier_at(&subtask->links[i], epoch, err));
    sl_task_barrier_passed(subtask, epoch);
    if (epoch <= subtask->overtaking_epoch)
        sl_output_overtake(subtask, epoch);
    return SL_OK;
}

/* --- answering --- */

static void
task_describe_part(const struct sl_subtask *subtask, struct sl_checkpoint_part *part)
{
    part->subtask.task_uid = subtask->task->nodes[0]->uid;
    part->subtask.index = subtask->index;
    part->subtask.parallelism = subtask->task->parallelism;
    part->subtask.has_ended = subtask->part_has_ended;
    part->alignment_us = subtask->alignment_us;
    part->freeze_us = subtask->freeze_us;
    part->write_us = subtask->write_us;
}

void
sl_task_answer(struct sl_subtask *subtask, uint64_t sink_epoch)
{
    uint64_t epoch = subtask->passed_epoch;
    struct sl_checkpoint_part *part = subtask->part;

    if (epoch <= subtask->answered_epoch || sink_epoch < epoch || subtask->overtaken ||
        (task_is_stored(subtask) && !part))
        return;
    subtask->answered_epoch = epoch;
    subtask->part = NULL;
    if (part && subtask->snapshot_rc < 0) {
        sl_checkpoint_part_free(part);
        sl_job_subtask_answered(subtask, epoch, NULL, &subtask->snapshot_error);
        return;
    }
    if (part)
        task_describe_part(subtask, part);
    sl_job_subtask_answered(subtask, epoch, part, NULL);
}

bool
sl_task_checkpoint_is_busy(const struct sl_subtask *subtask)
{
    return subtask->snapshot_busy || subtask->state_io_busy || subtask->is_restoring ||
           subtask->is_closing;
}

void
sl_task_checkpoint_drop(struct sl_subtask *subtask)
{
    if (subtask->snapshot)
        sl_checkpoint_part_free(sl_snapshot_end(subtask->snapshot));
    sl_checkpoint_part_free(subtask->part);
    subtask->snapshot = NULL;
    subtask->part = NULL;
    sl_overtake_drop(subtask);
    sl_recovered_free(subtask);
}

/* --- memory, and rows outside it --- */

static void
task_state_run(struct sl_io_job *job)
{
    struct sl_task_state_io *io = (struct sl_task_state_io *)job;

    sl_state_run_io(io->subtask->context.state, (size_t)(io - io->subtask->state_io));
}

/* The last part to be done hands the whole over. */
static void
task_state_done(struct sl_io_job *job)
{
    struct sl_subtask *subtask = ((struct sl_task_state_io *)job)->subtask;

    if (atomic_fetch_sub(&subtask->state_io_left, 1) == 1)
        sl_slot_post(subtask->runnable.slot, &subtask->state_done);
}

static void
task_state_back(struct sl_command *command, struct sl_slot *slot)
{
    struct sl_subtask *subtask =
        (struct sl_subtask *)((char *)command - offsetof(struct sl_subtask, state_done));
    struct sl_execution *execution = subtask->execution;

    sl_state_end_io(subtask->context.state);
    subtask->state_io_busy = false;
    sl_chain_has_read(subtask);
    if (subtask->snapshot_waits)
        task_write_back(&subtask->snapshot_done, slot);
    sl_runnable_wake(&subtask->runnable);
    sl_execution_unref(execution);
}

void
sl_task_run_state_io(struct sl_subtask *subtask)
{
    struct sl_env *env = subtask->context.env;
    size_t part_count = sl_state_io_parts(subtask->context.state);

    sl_execution_ref(subtask->execution);
    subtask->state_io_busy = true;
    subtask->state_done.run = task_state_back;
    atomic_store(&subtask->state_io_left, part_count);
    for (size_t part = 0; part < part_count; part++) {
        struct sl_task_state_io *io = &subtask->state_io[part];

        io->subtask = subtask;
        io->job.run = task_state_run;
        io->job.done = task_state_done;
        env->ops->io_submit(env, &io->job);
    }
}

int
sl_task_settle_state(struct sl_subtask *subtask, struct sl_error *err)
{
    struct sl_state *state = subtask->context.state;
    int rc = SL_OK;

    if (subtask->state_io_busy && (subtask->pending_links || !sl_state_is_reading(state)))
        return SL_AGAIN;
    if (sl_state_wants_now(state))
        sl_state_set_now(state, sl_now_us(subtask->context.env));
    if (subtask->state_io_busy || !sl_state_wants_io(state))
        rc = sl_state_settle(state, subtask->preparing_links != 0, subtask->snapshot_busy, err);
    if (subtask->state_io_busy || !sl_state_wants_io(state))
        return rc;
    sl_task_run_state_io(subtask);
    return SL_AGAIN;
}

/* --- closing --- */

static void
task_close_run(struct sl_io_job *io)
{
    sl_state_close(task_of_io(io)->context.state);
}

static void
task_close_back(struct sl_command *command, struct sl_slot *slot)
{
    struct sl_subtask *subtask = task_of_command(command);
    struct sl_execution *execution = subtask->execution;

    subtask->is_closing = false;
    subtask->is_closed = true;
    sl_runnable_wake(&subtask->runnable);
    sl_execution_unref(execution);
}

int
sl_task_close_state(struct sl_subtask *subtask)
{
    if (subtask->is_closed || !sl_state_has_store(subtask->context.state))
        return SL_OK;
    subtask->is_closing = true;
    task_submit(subtask, task_close_run, task_close_back);
    return SL_AGAIN;
}

/* --- restoring --- */

static void
task_restore_run(struct sl_io_job *io)
{
    struct sl_subtask *subtask = task_of_io(io);
    const struct sl_checkpoint *from = subtask->execution->restored;

    subtask->snapshot_rc = sl_state_restore(subtask->context.state, &from->manifest,
                                            from->directory, &subtask->snapshot_error);
    if (subtask->snapshot_rc == SL_OK)
        subtask->snapshot_rc = sl_recovered_load(subtask, from, &subtask->snapshot_error);
}

static void
task_restore_back(struct sl_command *command, struct sl_slot *slot)
{
    struct sl_subtask *subtask = task_of_command(command);
    struct sl_execution *execution = subtask->execution;

    subtask->is_restoring = false;
    subtask->is_restored = true;
    sl_runnable_wake(&subtask->runnable);
    sl_execution_unref(execution);
}

/* Its own, where a barrier may have passed each at another; with another parallelism the least of
 * all subtasks that had this operator. */
static int
task_restore_watermark(const struct sl_subtask *subtask, struct sl_op *op,
                       const struct sl_manifest *from, struct sl_error *err)
{
    struct sl_manifest_cursor cursor = {0};
    const struct sl_manifest_blob *blob;
    int64_t least_ms = SL_WATERMARK_MAX;
    bool found = false;

    while ((blob = sl_manifest_next_blob(from, op->node->uid, SL_TASK_WATERMARK_BLOB, &cursor))) {
        int64_t watermark_ms;

        if (blob->bytes.length != sizeof(watermark_ms))
            return SL_ERROR(err, SL_E_DATA_CORRUPTED, "the watermark of operator %s cannot be read",
                            op->node->uid);
        memcpy(&watermark_ms, blob->bytes.start, sizeof(watermark_ms));
        least_ms = SL_MIN(least_ms, watermark_ms);
        found = true;
        if (from->subtasks[cursor.subtask].index == subtask->index &&
            from->subtasks[cursor.subtask].parallelism == subtask->task->parallelism) {
            least_ms = watermark_ms;
            break;
        }
    }
    if (found)
        op->watermark_ms = least_ms;
    return SL_OK;
}

static bool
task_has_blob(const struct sl_manifest *from, const char *uid, const char *name)
{
    struct sl_manifest_cursor cursor = {0};

    return sl_manifest_next_blob(from, uid, name, &cursor) != NULL;
}

static int
task_restore_links(struct sl_subtask *subtask, const struct sl_manifest *from, struct sl_error *err)
{
    for (unsigned i = 0; i < subtask->link_count; i++) {
        struct sl_op *op = subtask->links[i].op;

        /* Each that was there when the checkpoint was taken has left its watermark. */
        if (!task_has_blob(from, op->node->uid, SL_TASK_WATERMARK_BLOB))
            continue;
        SL_TRY(task_restore_watermark(subtask, op, from, err));
        subtask->links[i].was_paused = task_has_blob(from, op->node->uid, SL_TASK_PAUSED_BLOB);
        SL_TRY(op->class->restore(op, from, err));
    }
    return SL_OK;
}

int
sl_task_restore(struct sl_subtask *subtask, struct sl_error *err)
{
    const struct sl_checkpoint *from = subtask->execution->restored;
    int rc = subtask->snapshot_rc;

    if (!from || subtask->links_restored)
        return SL_OK;
    if (subtask->is_restoring)
        return SL_AGAIN;
    if (!subtask->is_restored) {
        subtask->is_restoring = true;
        task_submit(subtask, task_restore_run, task_restore_back);
        return SL_AGAIN;
    }
    if (rc < 0)
        *err = subtask->snapshot_error;
    else
        rc = task_restore_links(subtask, &from->manifest, err);
    subtask->links_restored = rc == SL_OK;
    subtask->is_restore_failed = rc < 0;
    return rc;
}

bool
sl_task_had_ended(const struct sl_subtask *subtask)
{
    const struct sl_checkpoint *from = subtask->execution->restored;
    const char *uid = subtask->task->nodes[0]->uid;

    for (size_t i = 0; from && i < from->manifest.subtask_count; i++) {
        const struct sl_manifest_subtask *part = &from->manifest.subtasks[i];

        if (strcmp(part->task_uid, uid) == 0 && part->index == subtask->index &&
            part->parallelism == subtask->task->parallelism)
            return part->has_ended;
    }
    return false;
}
