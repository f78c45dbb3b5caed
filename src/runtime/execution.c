/* One attempt to run a job: its subtasks, rings and edges, and the commands to them.
 *
 * Everything is built before any subtask starts; from then on each belongs to its slot's thread.
 * The memory goes when the last subtask is gone and no command is under way. */
#include "executor/scan.h"
#include "executor/alignment.h"
#include "runtime/job.h"

#include <stdlib.h>

/* --- building --- */

static struct sl_slot *
execution_slot(const struct sl_job *job, uint32_t index)
{
    const struct sl_runtime *runtime = job->runtime;

    return runtime->slots[(job->base_slot + index) % runtime->config.slot_count];
}

static void
execution_make_subtasks(struct sl_execution *execution)
{
    struct sl_graph *graph = execution->graph;
    size_t count = 0;

    for (size_t i = 0; i < graph->task_count; i++)
        count += graph->tasks[i]->parallelism;
    execution->subtasks = SL_NEW_ARRAY(&execution->arena, struct sl_subtask *, count);
    for (size_t i = 0; i < graph->task_count; i++) {
        struct sl_graph_task *task = graph->tasks[i];

        for (uint32_t k = 0; k < task->parallelism; k++)
            execution->subtasks[execution->subtask_count++] =
                sl_subtask_new(execution, task, k, execution_slot(execution->job, k));
    }
    execution->live_count = execution->starting_count = execution->subtask_count;
}

static struct sl_subtask *
execution_subtask(struct sl_execution *execution, const struct sl_graph_task *task, uint32_t index)
{
    size_t first = 0;

    for (size_t i = 0; i < task->id; i++)
        first += execution->graph->tasks[i]->parallelism;
    return execution->subtasks[first + index];
}

static size_t
execution_edge_ring_count(const struct sl_graph_edge *edge)
{
    size_t count = 0;
    uint32_t first;

    for (uint32_t i = 0; i < edge->from->parallelism; i++)
        count += sl_graph_targets(edge, i, &first);
    return count;
}

/* Connects subtask `from` to its targets over one edge. */
static void
execution_wire(struct sl_execution *execution, const struct sl_graph_edge *edge,
               struct sl_subtask *from)
{
    struct sl_output *output = &from->outputs[from->output_count++];

    output->edge = edge;
    output->target_count = sl_graph_targets(edge, from->index, &output->first_target);
    output->targets = SL_NEW_ARRAY(&from->arena, struct sl_target, output->target_count);
    for (uint32_t t = 0; t < output->target_count; t++) {
        struct sl_subtask *to = execution_subtask(execution, edge->to, output->first_target + t);
        struct sl_ring *ring = sl_ring_new(&to->budget);

        execution->rings[execution->ring_count++] = ring;
        sl_ring_writer_init(&output->targets[t].writer, ring);
        output->targets[t].consumer = to;
        to->channels[to->channel_count++] = (struct sl_channel){
            .ring = ring,
            .producer = from,
            .input = edge->input,
            .watermark_ms = SL_WATERMARK_MIN,
        };
    }
}

static void
execution_wire_all(struct sl_execution *execution)
{
    struct sl_graph *graph = execution->graph;
    size_t ring_count = 0;

    for (size_t i = 0; i < graph->edge_count; i++)
        ring_count += execution_edge_ring_count(graph->edges[i]);
    execution->rings = SL_NEW_ARRAY(&execution->arena, struct sl_ring *, ring_count);
    for (size_t i = 0; i < execution->subtask_count; i++) {
        struct sl_subtask *subtask = execution->subtasks[i];
        size_t channel_count_max = 0;

        for (size_t k = 0; k < subtask->task->input_count; k++)
            channel_count_max += subtask->task->inputs[k]->from->parallelism;
        subtask->channels = SL_NEW_ARRAY(&subtask->arena, struct sl_channel, channel_count_max);
        subtask->outputs =
            SL_NEW_ARRAY(&subtask->arena, struct sl_output, subtask->task->output_count);
    }
    for (size_t i = 0; i < execution->subtask_count; i++) {
        struct sl_subtask *subtask = execution->subtasks[i];

        for (size_t k = 0; k < subtask->task->output_count; k++)
            execution_wire(execution, subtask->task->outputs[k], subtask);
    }
}

struct sl_execution *
sl_execution_new(struct sl_job *job)
{
    struct sl_execution *execution = sl_alloc_zeroed(sizeof(*execution));

    atomic_init(&execution->references, 1);
    execution->job = job;
    sl_arena_init(&execution->arena);
    execution->alignment = sl_alignment_new(job->runtime->config.env);
    execution->graph = sl_graph_new(&execution->arena, job->plan);
    execution_make_subtasks(execution);
    execution_wire_all(execution);
    return execution;
}

struct sl_execution *
sl_execution_ref(struct sl_execution *execution)
{
    atomic_fetch_add_explicit(&execution->references, 1, memory_order_relaxed);
    return execution;
}

void
sl_execution_unref(struct sl_execution *execution)
{
    struct sl_job *job = execution->job;

    if (atomic_fetch_sub_explicit(&execution->references, 1, memory_order_acq_rel) != 1)
        return;
    for (size_t i = 0; i < execution->ring_count; i++)
        sl_ring_free(execution->rings[i]); /* before the budgets, which subtasks own */
    for (size_t i = 0; i < execution->subtask_count; i++)
        sl_subtask_free(execution->subtasks[i]);
    sl_checkpoint_unref(execution->restored);
    sl_arena_done(&execution->arena);
    sl_alignment_free(execution->alignment);
    free(execution);
    sl_job_unref(job);
}

/* --- commands --- */

enum execution_order {
    EXECUTION_START,
    EXECUTION_STOP,
    EXECUTION_INJECT,
    EXECUTION_CATCH_UP,
    EXECUTION_OVERTAKE,
    EXECUTION_COMPLETE,
    EXECUTION_HAS_ROOM,
    EXECUTION_RELEASE,
    EXECUTION_FINISH,
    EXECUTION_ABANDON,
    EXECUTION_HOLD,
    EXECUTION_PAUSE,
};

struct execution_command {
    struct sl_command base; /* the first member */
    enum execution_order order;
    struct sl_subtask *subtask;
    uint64_t epoch;
};

static void
execution_run_command(struct sl_command *base, struct sl_slot *slot)
{
    struct execution_command *command = (struct execution_command *)base;
    struct sl_subtask *subtask = command->subtask;
    struct sl_execution *execution = subtask->execution;

    switch (command->order) {
    case EXECUTION_START:
        sl_slot_add(slot, &subtask->runnable);
        break;
    case EXECUTION_STOP:
        sl_subtask_stop(subtask);
        break;
    case EXECUTION_INJECT:
        sl_subtask_inject(subtask, command->epoch, false);
        break;
    case EXECUTION_CATCH_UP:
        sl_subtask_inject(subtask, command->epoch, true);
        break;
    case EXECUTION_OVERTAKE:
        sl_subtask_overtake(subtask, command->epoch);
        break;
    case EXECUTION_COMPLETE:
        sl_subtask_checkpointed(subtask, command->epoch);
        break;
    case EXECUTION_HAS_ROOM:
        sl_subtask_has_room(subtask);
        break;
    case EXECUTION_RELEASE:
        sl_subtask_release(subtask);
        break;
    case EXECUTION_FINISH:
        sl_subtask_finish(subtask);
        break;
    case EXECUTION_ABANDON:
        sl_subtask_abandon(subtask);
        break;
    case EXECUTION_HOLD:
        sl_subtask_hold(subtask, command->epoch);
        break;
    case EXECUTION_PAUSE:
        sl_subtask_pause(subtask, command->epoch > 0);
        break;
    }
    free(command);
    sl_execution_unref(execution);
}

static void
execution_post(struct sl_subtask *subtask, enum execution_order order, uint64_t epoch)
{
    struct execution_command *command = sl_alloc_zeroed(sizeof(*command));

    sl_execution_ref(subtask->execution);
    command->base.run = execution_run_command;
    command->order = order;
    command->subtask = subtask;
    command->epoch = epoch;
    sl_slot_post(subtask->runnable.slot, &command->base);
}

/* Consumers first, so that no producer runs into a subtask that is not there. */
void
sl_execution_start(struct sl_execution *execution)
{
    for (size_t i = execution->subtask_count; i-- > 0;)
        execution_post(execution->subtasks[i], EXECUTION_START, 0);
}

void
sl_execution_stop(struct sl_execution *execution)
{
    for (size_t i = 0; i < execution->subtask_count; i++)
        execution_post(execution->subtasks[i], EXECUTION_STOP, 0);
}

static bool
execution_is_scan(const struct sl_subtask *subtask)
{
    return subtask->task->nodes[0]->kind == SL_OP_SCAN;
}

/* To every subtask: one that has ended answers at once, to the others barriers come by their
 * inputs. */
void
sl_execution_inject(struct sl_execution *execution, uint64_t epoch, bool catches_up)
{
    for (size_t i = 0; i < execution->subtask_count; i++)
        execution_post(execution->subtasks[i], catches_up ? EXECUTION_CATCH_UP : EXECUTION_INJECT,
                       epoch);
}

void
sl_execution_overtake(struct sl_execution *execution, uint64_t epoch)
{
    for (size_t i = 0; i < execution->subtask_count; i++)
        execution_post(execution->subtasks[i], EXECUTION_OVERTAKE, epoch);
}

void
sl_execution_complete(struct sl_execution *execution, uint64_t epoch)
{
    for (size_t i = 0; i < execution->subtask_count; i++)
        execution_post(execution->subtasks[i], EXECUTION_COMPLETE, epoch);
}

void
sl_execution_has_room(struct sl_execution *execution)
{
    for (size_t i = 0; i < execution->subtask_count; i++)
        if (execution_is_scan(execution->subtasks[i]))
            execution_post(execution->subtasks[i], EXECUTION_HAS_ROOM, 0);
}

void
sl_execution_release(struct sl_execution *execution)
{
    for (size_t i = 0; i < execution->subtask_count; i++)
        execution_post(execution->subtasks[i], EXECUTION_RELEASE, 0);
}

/* Does what `node` emits come to `above` alone?  A node has one consumer: a tree. */
static bool
execution_is_input_of(const struct sl_phys_node *node, const struct sl_phys_node *above)
{
    for (size_t i = 0; i < above->input_count; i++)
        if (above->inputs[i].node == node || execution_is_input_of(node, above->inputs[i].node))
            return true;
    return false;
}

void
sl_execution_abandon(struct sl_execution *execution, const struct sl_phys_node *node)
{
    for (size_t i = 0; i < execution->subtask_count; i++) {
        struct sl_subtask *subtask = execution->subtasks[i];

        if (execution_is_scan(subtask) && execution_is_input_of(subtask->task->nodes[0], node))
            execution_post(subtask, EXECUTION_ABANDON, 0);
    }
}

/* table_id 0: all. */
static size_t
execution_finish(struct sl_execution *execution, uint64_t table_id)
{
    size_t count = 0;

    for (size_t i = 0; i < execution->subtask_count; i++) {
        struct sl_subtask *subtask = execution->subtasks[i];
        const struct sl_phys_scan *scan = subtask->task->nodes[0]->detail;

        if (!execution_is_scan(subtask) || (table_id != 0 && scan->table_id != table_id))
            continue;
        execution_post(subtask, EXECUTION_FINISH, 0);
        count++;
    }
    return count;
}

size_t
sl_execution_finish_table(struct sl_execution *execution, uint64_t table_id)
{
    SL_ASSERT(table_id > 0);
    return execution_finish(execution, table_id);
}

size_t
sl_execution_finish_all(struct sl_execution *execution)
{
    return execution_finish(execution, 0);
}

static void
execution_post_to_scans(struct sl_execution *execution, enum execution_order order, uint64_t epoch)
{
    for (size_t i = 0; i < execution->subtask_count; i++) {
        if (execution_is_scan(execution->subtasks[i]))
            execution_post(execution->subtasks[i], order, epoch);
    }
}

void
sl_execution_hold(struct sl_execution *execution, uint64_t epoch)
{
    execution_post_to_scans(execution, EXECUTION_HOLD, epoch);
}

void
sl_execution_pause(struct sl_execution *execution, bool is_paused)
{
    execution_post_to_scans(execution, EXECUTION_PAUSE, is_paused);
}
