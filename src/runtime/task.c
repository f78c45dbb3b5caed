/* The task loop: one subtask's life, a bounded step at a time.
 *
 * 1. Only the slot's thread touches a subtask; its counters are read by anyone.
 * 2. A step never waits.  What is missing (input, room in an output, an I/O job, an
 *    acknowledgement) brings a wake-up: from the ring's other end, or through the slot's wake-up
 *    (`outside`).
 * 3. Order within a step: what the chain has under way (the deepest operator first), then ticks
 *    that are due, then one message or one read of the source.  Nothing of it while an output is
 *    full.
 * 4. A subtask whose input ran dry hands on what its scatter buffers and its sink hold: no row
 *    waits for a batch to fill.
 * 5. A barrier that overtakes comes first, full outputs or not.
 * 6. A barrier is acknowledged when it has passed the chain, and in a sink when the records before
 *    it are acknowledged.  A source passes it when it has read up to its present end.
 *
 *     CREATED ──task_open──▶ STARTING ──task_start──▶ RUNNING ──END passed──▶ DRAINING
 *        │ failure               │ failure               │ failure               │ all is out
 *        │                       │                       │                       │ and acknowledged
 *        ▼                       ▼                       ▼                       ▼
 *     waits for sl_subtask_stop ───────────────────────────────────────────▶ STOPPING
 *                                                                                │ task_stop
 *                                                                                ▼
 *                                                                              GONE          */
#include "data/row.h"
#include "executor/scan.h"
#include "executor/side_rows.h"
#include "executor/sink.h"
#include "runtime/job.h"
#include "storage/table.h"

#include <stdlib.h>

#define TASK_MESSAGES_A_STEP 8

static int task_step(struct sl_runnable *runnable, int64_t now_us);
static void task_gone(struct sl_runnable *runnable);

static const struct sl_runnable_class task_class = {.step = task_step, .gone = task_gone};

const char *
sl_task_phase_name(enum sl_task_phase phase)
{
    static const char *const names[] = {
        [SL_TASK_CREATED] = "CREATED",   [SL_TASK_STARTING] = "INITIALIZING",
        [SL_TASK_RUNNING] = "RUNNING",   [SL_TASK_DRAINING] = "FINISHING",
        [SL_TASK_STOPPING] = "STOPPING", [SL_TASK_GONE] = "FINISHED",
    };

    return names[phase];
}

static void
task_set_phase(struct sl_subtask *subtask, enum sl_task_phase phase)
{
    subtask->phase = phase;
    atomic_store_explicit(&subtask->counters.phase, (int)phase, memory_order_relaxed);
}

/* --- making and opening --- */

static int64_t
task_input_bytes(const struct sl_execution *execution)
{
    int64_t bytes = execution->job->runtime->config.slot_memory_bytes / 64;

    if (bytes <= 0)
        return SL_TASK_INPUT_BYTES_MAX;
    return SL_MAX(SL_TASK_INPUT_BYTES_MIN, SL_MIN(bytes, SL_TASK_INPUT_BYTES_MAX));
}

struct sl_subtask *
sl_subtask_new(struct sl_execution *execution, const struct sl_graph_task *task, uint32_t index,
               struct sl_slot *slot)
{
    struct sl_subtask *subtask = sl_alloc_lines(sizeof(*subtask));

    memset(subtask, 0, sizeof(*subtask));
    sl_runnable_init(&subtask->runnable, &task_class, slot, task->level);
    sl_arena_init(&subtask->arena);
    subtask->execution = execution;
    subtask->task = task;
    subtask->index = index;
    subtask->budget.limit_bytes = task_input_bytes(execution);
    subtask->watermark_ms = subtask->output_watermark_ms = SL_WATERMARK_MIN;
    atomic_store(&subtask->counters.watermark_ms, SL_WATERMARK_MIN);
    atomic_store(&subtask->counters.start_us, sl_monotonic_us(slot->env));
    return subtask;
}

void
sl_subtask_free(struct sl_subtask *subtask)
{
    for (size_t i = 0; i < subtask->output_count; i++) {
        struct sl_output *output = &subtask->outputs[i];

        for (uint32_t t = 0; t < output->target_count; t++) {
            struct sl_target *target = &output->targets[t];

            for (size_t k = 0; k < target->part_count; k++)
                sl_batch_unref(target->parts[k]);
            free(target->parts);
            sl_ring_writer_done(&target->writer);
        }
    }
    sl_arena_done(&subtask->arena);
    free(subtask);
}

static int
task_make_context(struct sl_subtask *subtask, struct sl_error *err)
{
    struct sl_job *job = subtask->execution->job;
    const struct sl_phys_settings *settings = &job->plan->settings;
    const char *zone = settings->zone ? settings->zone : "UTC";

    subtask->context = (struct sl_op_context){
        .arena = &subtask->arena,
        .pool = subtask->runnable.slot->pool,
        .settings = settings,
        .subtask = subtask->index,
        .subtask_count = subtask->task->parallelism,
        .env = job->runtime->config.env,
        .job_id = job->id,
        .data_directory = job->runtime->config.data_directory,
        .wake = subtask->runnable.slot->wake,
        .collector = job->collector,
        .checkpointed = job->checkpointing.is_on,
        .outbox = &subtask->execution->job->outbox,
        .alignment = subtask->execution->alignment,
    };
    subtask->context.expr_settings.overflow_wraps = settings->overflow_wraps;
    return sl_zone_find(sl_text_of(zone), &subtask->context.expr_settings.zone, err);
}

/* The state of the key groups that this subtask owns; each operator opens its tables in it. */
static void
task_make_state(struct sl_subtask *subtask)
{
    struct sl_state_config config = {.pool = subtask->context.pool,
                                     .is_whole = true,
                                     .is_volatile = !subtask->context.checkpointed};
    const struct sl_state_backend *backend = &subtask->execution->job->runtime->config.backend;
    uint32_t max = subtask->context.settings->max_parallelism;

    if (backend->ops) {
        subtask->backend = *backend;
        subtask->backend.path =
            sl_arena_printf(&subtask->arena, "%s/%s-%u-%u", backend->path, subtask->context.job_id,
                            subtask->task->id, subtask->index);
        if (subtask->execution->job->runtime->config.state_memory_bytes > 0)
            subtask->backend.budget = &subtask->runnable.slot->state_budget;
        config.backend = &subtask->backend;
    }
    config.max_parallelism = max;
    for (uint32_t group = 0; group < max; group++) {
        if (sl_key_group_subtask(group, max, subtask->task->parallelism) != subtask->index)
            continue;
        if (config.key_group_count++ == 0)
            config.key_group_first = group;
    }
    subtask->context.state = sl_state_new(&config);
}

static void
task_make_link(struct sl_subtask *subtask, unsigned index)
{
    const struct sl_phys_node *node = subtask->task->nodes[index];
    const struct sl_op_class *class = sl_op_class_of(node->kind);
    struct sl_link *link = &subtask->links[index];

    link->subtask = subtask;
    link->index = index;
    link->mark_ms = link->merged_ms = SL_WATERMARK_MIN;
    sl_chain_init_out(link);
    link->op = sl_arena_alloc(&subtask->arena, class->size);
    link->op->class = class;
    link->op->node = node;
    link->op->context = &subtask->context;
    link->op->watermark_ms = SL_WATERMARK_MIN;
    if (node->late.sink)
        link->late_rows = sl_side_rows_new(link->op, node->late.sink);
    if (node->error.sink)
        link->failed_rows = sl_side_rows_new(link->op, node->error.sink);
    if (node->kind == SL_OP_SCAN)
        subtask->scan = link->op;
    else if (node->kind == SL_OP_SINK)
        subtask->sink = link->op;
    else if (node->kind == SL_OP_COLLECT)
        subtask->collect = link->op;
}

static int
task_open(struct sl_subtask *subtask, struct sl_error *err)
{
    struct sl_arena *arena = &subtask->arena;
    unsigned count = (unsigned)subtask->task->node_count;

    SL_TRY(task_make_context(subtask, err));
    task_make_state(subtask);
    subtask->links = SL_NEW_ARRAY(arena, struct sl_link, count);
    for (unsigned i = 0; i < count; i++)
        task_make_link(subtask, i);
    subtask->link_count = count;
    subtask->runnable.outside = subtask->scan || subtask->sink || subtask->collect;
    if (subtask->output_count > 0) {
        subtask->hashes = SL_NEW_ARRAY(arena, uint64_t, SL_BATCH_ROWS_MAX);
        subtask->target_of = SL_NEW_ARRAY(arena, uint16_t, SL_BATCH_ROWS_MAX);
        subtask->selection = SL_NEW_ARRAY(arena, uint16_t, SL_BATCH_ROWS_MAX + 1);
    }
    for (unsigned i = count; i-- > 0;) {
        subtask->opened_from = i;
        SL_TRY(subtask->links[i].op->class->open(subtask->links[i].op, err));
    }
    if (subtask->is_abandoned && subtask->scan)
        sl_scan_abandon(subtask->scan);
    task_set_phase(subtask, SL_TASK_STARTING);
    return SL_OK;
}

/* It was at its end when the checkpoint was taken: only those behind it hear of it again. */
static int
task_start_ended(struct sl_subtask *subtask, struct sl_error *err)
{
    struct sl_element end = {.kind = SL_MESSAGE_END};

    if (subtask->sink)
        sl_sink_set_ended(subtask->sink);
    SL_TRY(sl_chain_push(subtask, subtask->link_count, &end, err));
    task_set_phase(subtask, SL_TASK_DRAINING);
    sl_job_subtask_started(subtask);
    return SL_OK;
}

/* SL_AGAIN while something connects. */
static int
task_start(struct sl_subtask *subtask, struct sl_error *err)
{
    int rc = sl_task_restore(subtask, err);

    if (rc == SL_OK && sl_task_had_ended(subtask))
        return task_start_ended(subtask, err);
    if (rc == SL_OK && subtask->sink)
        rc = sl_sink_start(subtask->sink, err);
    if (rc == SL_OK && subtask->scan)
        rc = sl_scan_start(subtask->scan, err);
    if (rc != SL_OK)
        return rc;
    task_set_phase(subtask, SL_TASK_RUNNING);
    sl_job_subtask_started(subtask);
    return sl_chain_go_on(subtask, err);
}

/* --- running --- */

static int
task_send(struct sl_subtask *subtask, unsigned link, enum sl_message_kind kind, int64_t value,
          struct sl_error *err)
{
    struct sl_element element = {.kind = kind, .value = value};

    SL_TRY(sl_chain_push(subtask, link, &element, err));
    return SL_OK;
}

int
sl_task_forward_progress(struct sl_subtask *subtask, bool at_end, struct sl_error *err)
{
    const struct sl_scan_progress *progress = sl_scan_progress(subtask->scan);

    atomic_store_explicit(&subtask->counters.rows_in, progress->rows, memory_order_relaxed);
    atomic_store_explicit(&subtask->counters.bytes_in, progress->bytes, memory_order_relaxed);
    if (progress->skipped_rows > subtask->scan_skipped) {
        sl_counter_add(&subtask->counters.skipped_rows,
                       progress->skipped_rows - subtask->scan_skipped);
        subtask->scan_skipped = progress->skipped_rows;
    }
    if (progress->watermark_ms > subtask->watermark_ms) {
        subtask->watermark_ms = progress->watermark_ms;
        SL_TRY(task_send(subtask, 1, SL_MESSAGE_WATERMARK, progress->watermark_ms, err));
    }
    if (progress->idle != subtask->all_idle && !at_end) {
        subtask->all_idle = progress->idle;
        SL_TRY(task_send(subtask, 1, progress->idle ? SL_MESSAGE_IDLE : SL_MESSAGE_ACTIVE, 0, err));
    }
    return SL_OK;
}

static void
task_answer_finishes(struct sl_subtask *subtask)
{
    uint32_t count = subtask->finishes_wanted;

    subtask->finishes_wanted = 0;
    if (count > 0)
        sl_job_subtask_finished_input(subtask, count);
}

/* Is nothing to be read now?  Only between polls, so that barriers pass; they make room in a full
 * outbox. */
static bool
task_is_held(const struct sl_subtask *subtask)
{
    bool is_behind = subtask->hold_epoch > 0 && subtask->aligned_epoch >= subtask->hold_epoch;

    return (subtask->is_paused || is_behind || sl_outbox_is_full(subtask->context.outbox)) &&
           sl_scan_is_between_polls(subtask->scan);
}

/* What the session asked of the scan: the table's end, a barrier at its present end.  SL_OK: one of
 * them is done, which may be news to the scan itself. */
static int
task_serve_scan(struct sl_subtask *subtask, struct sl_error *err)
{
    int rc;

    if (subtask->finishes_wanted > 0) {
        rc = sl_scan_finish(subtask->scan, err);
        if (rc != SL_OK)
            return rc;
        task_answer_finishes(subtask);
        return SL_OK;
    }
    if (subtask->injected_epoch > subtask->aligned_epoch) {
        bool is_held = task_is_held(subtask);

        if (subtask->catches_up && !is_held) {
            rc = sl_scan_catch_up(subtask->scan, err);
            if (rc != SL_OK)
                return rc;
            SL_TRY(sl_task_forward_progress(subtask, false, err));
        } else if (!sl_scan_is_between_polls(subtask->scan)) {
            return SL_AGAIN;
        }
        if (subtask->catches_up && is_held)
            sl_counter_add(&subtask->counters.held_barriers, 1);
        subtask->aligned_epoch = subtask->injected_epoch;
        SL_TRY(sl_task_barrier_at(&subtask->links[0], subtask->injected_epoch, err));
        return task_send(subtask, 1, SL_MESSAGE_BARRIER, (int64_t)subtask->injected_epoch, err);
    }
    return SL_AGAIN;
}

static int
task_read_scan(struct sl_subtask *subtask, int64_t now_us, struct sl_error *err)
{
    struct sl_link *link = &subtask->links[0];
    int rc, served;

    if (task_is_held(subtask)) {
        bool is_full = sl_outbox_is_full(subtask->context.outbox);

        if (is_full && !subtask->is_held_back)
            sl_job_outbox_full(subtask->execution->job);
        subtask->is_held_back = is_full;
        return task_serve_scan(subtask, err);
    }
    subtask->is_held_back = false;
    rc = sl_scan_step(subtask->scan, now_us, &link->out, err);
    rc = sl_chain_outcome(link, rc, err);
    if (rc < 0)
        return rc;
    SL_TRY(sl_task_forward_progress(subtask, rc == SL_EOF, err));
    if (rc == SL_EOF) {
        SL_TRY(task_send(subtask, 1, SL_MESSAGE_END, 0, err));
        return SL_OK;
    }
    served = task_serve_scan(subtask, err);
    return served == SL_AGAIN ? rc : served;
}

/* One message or one read.  SL_AGAIN: there is nothing. */
static int
task_take_input(struct sl_subtask *subtask, int64_t now_us, struct sl_error *err)
{
    if (subtask->has_ended)
        return SL_AGAIN;
    if (sl_recovered_is_left(subtask))
        return sl_recovered_step(subtask, err);
    if (subtask->scan)
        return task_read_scan(subtask, now_us, err);
    if (subtask->channel_count == 0)
        return task_send(subtask, 0, SL_MESSAGE_END, 0, err);
    if (sl_input_is_done(subtask))
        return SL_AGAIN;
    return sl_input_step(subtask, err);
}

/* One piece of work, in the order of rule 3.  SL_AGAIN: there is none. */
static int
task_work(struct sl_subtask *subtask, int64_t now_us, struct sl_error *err)
{
    if (subtask->pending_links)
        return sl_chain_resume(subtask, err);
    if (sl_chain_next_tick_us(subtask) <= now_us)
        return sl_chain_tick(subtask, now_us, err);
    return task_take_input(subtask, now_us, err);
}

/* The sink's counters, its acknowledgements and late errors; the barrier, when it is through. */
static int
task_check_barrier(struct sl_subtask *subtask, struct sl_error *err)
{
    uint64_t acknowledged = SL_SINK_EPOCH_END;

    if (subtask->sink) {
        const struct sl_sink_progress *progress = sl_sink_progress(subtask->sink);

        atomic_store_explicit(&subtask->counters.rows_written, progress->rows,
                              memory_order_relaxed);
        atomic_store_explicit(&subtask->counters.rows_out, progress->rows, memory_order_relaxed);
        atomic_store_explicit(&subtask->counters.bytes_out, progress->bytes, memory_order_relaxed);
        SL_TRY(sl_sink_acknowledged(subtask->sink, &acknowledged, err));
        subtask->sink_has_ended = acknowledged == SL_SINK_EPOCH_END;
        if (progress->skipped_rows > subtask->sink_skipped) {
            sl_counter_add(&subtask->counters.skipped_rows,
                           progress->skipped_rows - subtask->sink_skipped);
            subtask->sink_skipped = progress->skipped_rows;
        }
    }
    sl_task_answer(subtask, acknowledged);
    return SL_OK;
}

/* The input has run dry: everything that is held goes on its way. */
static int
task_run_dry(struct sl_subtask *subtask, struct sl_error *err)
{
    if (sl_output_flush(subtask))
        return SL_OK;
    if (subtask->sink && subtask->has_written) {
        subtask->has_written = false;
        SL_TRY(sl_sink_flush(subtask->sink, err));
    }
    SL_TRY(task_check_barrier(subtask, err));
    if (subtask->has_ended && subtask->pending_links == 0) {
        task_set_phase(subtask, SL_TASK_DRAINING);
        return SL_OK;
    }
    if (!sl_output_is_empty(subtask))
        return SL_OK; /* room has just come */
    subtask->wait = SL_TASK_WAIT_INPUT;
    return SL_AGAIN;
}

static void
task_set_deadline(struct sl_subtask *subtask)
{
    int64_t deadline_us = sl_chain_next_tick_us(subtask);

    if (subtask->scan && !task_is_held(subtask))
        deadline_us = SL_MIN(deadline_us, sl_scan_progress(subtask->scan)->deadline_us);
    subtask->runnable.deadline_us = deadline_us;
}

static int
task_run(struct sl_subtask *subtask, int64_t now_us, struct sl_error *err)
{
    for (int i = 0; i < TASK_MESSAGES_A_STEP; i++) {
        int rc = sl_task_settle_state(subtask, err);

        if (rc == SL_AGAIN)
            subtask->runnable.deadline_us = SL_NEVER_US;
        if (rc != SL_OK)
            return rc;
        if (subtask->overtaking_epoch > subtask->passed_epoch || subtask->logged_count > 0) {
            rc = sl_overtake_step(subtask, err);
            if (rc != SL_OK)
                return SL_MIN(rc, SL_OK); /* the state is read first */
        }
        if (sl_output_is_blocked(subtask)) {
            SL_TRY(task_check_barrier(subtask, err));
            subtask->wait = SL_TASK_WAIT_OUTPUT;
            subtask->runnable.deadline_us = SL_NEVER_US;
            return sl_output_is_blocked(subtask) ? SL_AGAIN : SL_OK;
        }
        rc = task_work(subtask, now_us, err);
        if (rc < 0)
            return rc;
        subtask->has_written |= rc == SL_OK;
        if (rc == SL_AGAIN) {
            task_set_deadline(subtask);
            return task_run_dry(subtask, err);
        }
        if (subtask->scan)
            break;
    }
    if (subtask->passed_epoch > subtask->answered_epoch)
        SL_TRY(task_check_barrier(subtask, err));
    return SL_OK;
}

/* Everything is out.  In a job that takes checkpoints the last of them is still to come.  SL_AGAIN:
 * it is awaited. */
static int
task_await_release(struct sl_subtask *subtask, struct sl_error *err)
{
    if (!subtask->end_reported) {
        subtask->end_reported = true;
        sl_job_subtask_ended(subtask);
    }
    if (!subtask->is_released) {
        subtask->wait = SL_TASK_WAIT_INPUT;
        return SL_AGAIN;
    }
    return SL_OK;
}

/* END has passed: outputs run empty, the sink's last records are acknowledged. */
static int
task_drain(struct sl_subtask *subtask, struct sl_error *err)
{
    bool is_blocked;

    SL_TRY(sl_task_barrier_after_end(subtask, err));
    sl_output_flush(subtask);
    is_blocked = sl_output_is_blocked(subtask);
    SL_TRY(task_check_barrier(subtask, err));
    if (!sl_output_is_empty(subtask) || (subtask->sink && !subtask->sink_has_ended)) {
        subtask->wait = SL_TASK_WAIT_OUTPUT;
        /* Room that has just come for what waits is news to nobody else. */
        return is_blocked || sl_output_is_empty(subtask) ? SL_AGAIN : SL_OK;
    }
    task_answer_finishes(subtask);
    if (subtask->context.checkpointed && task_await_release(subtask, err) == SL_AGAIN)
        return SL_AGAIN;
    task_set_phase(subtask, SL_TASK_STOPPING);
    return SL_OK;
}

/* Closes connections on I/O threads, then everything else.  SL_AGAIN: not yet. */
static int
task_stop(struct sl_subtask *subtask)
{
    int rc = SL_OK;

    subtask->runnable.deadline_us = SL_NEVER_US;
    if (subtask->scan)
        rc = sl_scan_stop(subtask->scan);
    if (subtask->sink && sl_sink_stop(subtask->sink) == SL_AGAIN)
        rc = SL_AGAIN;
    if (rc == SL_AGAIN || sl_task_checkpoint_is_busy(subtask))
        return SL_AGAIN;
    sl_task_checkpoint_drop(subtask);
    if (subtask->context.state && sl_task_close_state(subtask) == SL_AGAIN)
        return SL_AGAIN;
    for (unsigned i = 0; i < subtask->link_count; i++) {
        sl_chain_drop(&subtask->links[i]);
        if (i >= subtask->opened_from)
            subtask->links[i].op->class->close(subtask->links[i].op);
    }
    sl_state_free(subtask->context.state);
    task_set_phase(subtask, SL_TASK_GONE);
    return SL_EOF;
}

static int
task_step_phase(struct sl_subtask *subtask, int64_t now_us, struct sl_error *err)
{
    switch (subtask->phase) {
    case SL_TASK_CREATED:
        return task_open(subtask, err);
    case SL_TASK_STARTING:
        return task_start(subtask, err);
    case SL_TASK_RUNNING:
        return task_run(subtask, now_us, err);
    case SL_TASK_DRAINING:
        return task_drain(subtask, err);
    case SL_TASK_STOPPING:
        return task_stop(subtask);
    case SL_TASK_GONE:
        break;
    }
    SL_UNREACHABLE();
}

/* --- idle and backpressured time: counted at the ends of a wait only --- */

static void
task_end_wait(struct sl_subtask *subtask)
{
    struct sl_task_counters *counters = &subtask->counters;
    int64_t since_us = atomic_load_explicit(&counters->waiting_since_us, memory_order_relaxed);
    _Atomic int64_t *total =
        subtask->wait == SL_TASK_WAIT_OUTPUT ? &counters->backpressured_us : &counters->idle_us;

    if (subtask->wait == SL_TASK_WAIT_NONE)
        return;
    atomic_store_explicit(total,
                          atomic_load_explicit(total, memory_order_relaxed) +
                              sl_monotonic_us(subtask->context.env) - since_us,
                          memory_order_relaxed);
    subtask->wait = SL_TASK_WAIT_NONE;
    atomic_store_explicit(&counters->waiting_kind, SL_TASK_WAIT_NONE, memory_order_relaxed);
}

static void
task_begin_wait(struct sl_subtask *subtask)
{
    struct sl_task_counters *counters = &subtask->counters;

    if (subtask->wait == SL_TASK_WAIT_NONE)
        return;
    atomic_store_explicit(&counters->waiting_since_us, sl_monotonic_us(subtask->context.env),
                          memory_order_relaxed);
    atomic_store_explicit(&counters->waiting_kind, (int)subtask->wait, memory_order_relaxed);
}

static int
task_step(struct sl_runnable *runnable, int64_t now_us)
{
    struct sl_subtask *subtask = (struct sl_subtask *)runnable;
    struct sl_error err;
    int rc;

    if (subtask->has_failed && subtask->phase != SL_TASK_STOPPING)
        return SL_AGAIN;
    task_end_wait(subtask);
    rc = task_step_phase(subtask, now_us, &err);
    if (rc < 0) {
        subtask->has_failed = true;
        runnable->deadline_us = SL_NEVER_US;
        sl_job_subtask_failed(subtask, &err);
        return SL_AGAIN;
    }
    if (rc != SL_AGAIN)
        subtask->wait = SL_TASK_WAIT_NONE;
    else if (subtask->wait == SL_TASK_WAIT_NONE)
        subtask->wait = SL_TASK_WAIT_INPUT; /* for what connects or closes */
    task_begin_wait(subtask);
    return rc;
}

static void
task_gone(struct sl_runnable *runnable)
{
    sl_job_subtask_gone((struct sl_subtask *)runnable);
}

/* --- from commands --- */

void
sl_subtask_stop(struct sl_subtask *subtask)
{
    if (subtask->phase >= SL_TASK_STOPPING)
        return;
    task_set_phase(subtask, SL_TASK_STOPPING);
    sl_runnable_wake(&subtask->runnable);
}

void
sl_subtask_inject(struct sl_subtask *subtask, uint64_t epoch, bool catches_up)
{
    subtask->injected_epoch = epoch;
    subtask->catches_up = catches_up;
    sl_runnable_wake(&subtask->runnable);
}

void
sl_subtask_overtake(struct sl_subtask *subtask, uint64_t epoch)
{
    if (subtask->phase >= SL_TASK_STOPPING)
        return;
    subtask->overtaking_epoch = epoch;
    sl_output_overtake(subtask, epoch);
    sl_runnable_wake(&subtask->runnable);
}

void
sl_subtask_checkpointed(struct sl_subtask *subtask, uint64_t epoch)
{
    if (subtask->phase >= SL_TASK_STOPPING)
        return;
    sl_state_checkpointed(subtask->context.state, epoch);
    if (subtask->scan)
        sl_scan_checkpointed(subtask->scan, epoch);
    sl_subtask_has_room(subtask);
}

void
sl_subtask_has_room(struct sl_subtask *subtask)
{
    if (subtask->is_held_back)
        sl_runnable_wake(&subtask->runnable);
}

void
sl_subtask_release(struct sl_subtask *subtask)
{
    subtask->is_released = true;
    sl_runnable_wake(&subtask->runnable);
}

void
sl_subtask_finish(struct sl_subtask *subtask)
{
    if (subtask->phase >= SL_TASK_DRAINING) {
        sl_job_subtask_finished_input(subtask, 1);
        return;
    }
    subtask->finishes_wanted++;
    sl_runnable_wake(&subtask->runnable);
}

void
sl_subtask_abandon(struct sl_subtask *subtask)
{
    subtask->is_abandoned = true;
    if (subtask->phase >= SL_TASK_DRAINING || !subtask->scan)
        return;
    sl_scan_abandon(subtask->scan);
    sl_runnable_wake(&subtask->runnable);
}

void
sl_subtask_hold(struct sl_subtask *subtask, uint64_t epoch)
{
    subtask->hold_epoch = epoch;
    sl_runnable_wake(&subtask->runnable);
}

void
sl_subtask_pause(struct sl_subtask *subtask, bool is_paused)
{
    subtask->is_paused = is_paused;
    sl_runnable_wake(&subtask->runnable);
}
