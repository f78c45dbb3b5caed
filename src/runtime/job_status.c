/* What can be seen of a job: its state, its subtasks' counters, its watermarks. */
#include "executor/scan.h"
#include "runtime/job.h"

#include <stdio.h>
#include <stdlib.h>

static uint64_t
status_load(const _Atomic uint64_t *counter)
{
    return atomic_load_explicit(counter, memory_order_relaxed);
}

/* The mutex of a job that is read only. */
static pthread_mutex_t *
status_mutex(const struct sl_job *job)
{
    return &((struct sl_job *)(uintptr_t)job)->mutex;
}

static void
status_say_held(struct sl_runtime *runtime, char reason[SL_ERROR_TEXT_MAX])
{
    snprintf(reason, SL_ERROR_TEXT_MAX,
             "held: the disk of %s has %lld MB free, sluice.disk.free-min is %lld MB",
             runtime->config.data_directory, (long long)(atomic_load(&runtime->disk_free) >> 20),
             (long long)(atomic_load(&runtime->disk_free_min) >> 20));
}

void
sl_job_get_status(const struct sl_job *job, struct sl_job_status *ret_status)
{
    memset(ret_status, 0, sizeof(*ret_status));
    pthread_mutex_lock(status_mutex(job));
    memcpy(ret_status->id, job->id, sizeof(ret_status->id));
    ret_status->name = job->name;
    ret_status->state = job->state;
    if (job->failure.code != 0) {
        memcpy(ret_status->reason, job->failure.text, sizeof(ret_status->reason));
        ret_status->error_code = job->failure.code;
    } else if (job->state == SL_RUN_RUNNING && atomic_load(&job->runtime->disk_is_low)) {
        ret_status->error_code = SL_E_DISK_FULL;
        status_say_held(job->runtime, ret_status->reason);
    }
    ret_status->start_us = job->start_us;
    ret_status->end_us = job->end_us;
    ret_status->restarts = job->restart_count;
    ret_status->rows_written = job->rows_written;
    for (size_t i = 0; job->execution && i < job->execution->subtask_count; i++)
        ret_status->rows_written +=
            status_load(&job->execution->subtasks[i]->counters.rows_written);
    pthread_mutex_unlock(status_mutex(job));
}

uint64_t
sl_job_progress(const struct sl_job *job)
{
    /* Apart from the counters, which begin anew with a restart: no sum makes up for it. */
    uint64_t sum = ((uint64_t)job->restart_count << 40) + ((uint64_t)job->state << 36);

    if (job->execution)
        sum += job->execution->ended_count;
    for (size_t i = 0; job->execution && i < job->execution->subtask_count; i++) {
        const struct sl_task_counters *counters = &job->execution->subtasks[i]->counters;

        sum += status_load(&counters->rows_in) + status_load(&counters->rows_out) +
               status_load(&counters->fired) + status_load(&counters->late_rows) +
               status_load(&counters->skipped_rows) + status_load(&counters->held_barriers);
    }
    return sum;
}

uint64_t
sl_job_activity(struct sl_job *job)
{
    uint64_t sum;

    pthread_mutex_lock(&job->mutex);
    sum = sl_job_progress(job) + job->published_count;
    pthread_mutex_unlock(&job->mutex);
    return sum;
}

/* --- SHOW TASKS --- */

static void
status_fill_task(const struct sl_subtask *subtask, int64_t now_us, struct sl_task_status *to)
{
    const struct sl_task_counters *counters = &subtask->counters;
    int64_t idle_us = atomic_load_explicit(&counters->idle_us, memory_order_relaxed);
    int64_t full_us = atomic_load_explicit(&counters->backpressured_us, memory_order_relaxed);
    int64_t since_us = atomic_load_explicit(&counters->waiting_since_us, memory_order_relaxed);
    int kind = atomic_load_explicit(&counters->waiting_kind, memory_order_relaxed);
    double total_us =
        (double)SL_MAX(1, now_us - atomic_load_explicit(&counters->start_us, memory_order_relaxed));

    if (kind == SL_TASK_WAIT_INPUT)
        idle_us += now_us - since_us;
    else if (kind == SL_TASK_WAIT_OUTPUT)
        full_us += now_us - since_us;
    to->subtask = subtask->index;
    to->slot = subtask->runnable.slot->index;
    to->state = sl_task_phase_name(
        (enum sl_task_phase)atomic_load_explicit(&counters->phase, memory_order_relaxed));
    to->rows_in = status_load(&counters->rows_in);
    to->rows_out = status_load(&counters->rows_out);
    to->bytes_in = status_load(&counters->bytes_in);
    to->bytes_out = status_load(&counters->bytes_out);
    to->late_rows = status_load(&counters->late_rows);
    to->skipped_rows = status_load(&counters->skipped_rows);
    to->watermark_ms = atomic_load_explicit(&counters->watermark_ms, memory_order_relaxed);
    to->idle = SL_MAX(0.0, SL_MIN(1.0, (double)idle_us / total_us));
    to->backpressured = SL_MAX(0.0, SL_MIN(1.0 - to->idle, (double)full_us / total_us));
    to->busy = SL_MAX(0.0, 1.0 - to->idle - to->backpressured);
}

size_t
sl_job_tasks(const struct sl_job *job, struct sl_arena *arena, struct sl_task_status **ret_tasks)
{
    int64_t now_us = sl_monotonic_us(job->runtime->config.env);
    struct sl_task_status *tasks = NULL;
    size_t count = 0;

    pthread_mutex_lock(status_mutex(job));
    if (job->execution) {
        count = job->execution->subtask_count;
        tasks = SL_NEW_ARRAY(arena, struct sl_task_status, count);
        for (size_t i = 0; i < count; i++) {
            const struct sl_subtask *subtask = job->execution->subtasks[i];

            status_fill_task(subtask, now_us, &tasks[i]);
            tasks[i].task = sl_arena_strdup(arena, subtask->task->name);
        }
    }
    pthread_mutex_unlock(status_mutex(job));
    *ret_tasks = tasks;
    return count;
}

/* --- SHOW CHECKPOINTS --- */

static void
status_fill_checkpoint(const struct sl_checkpoint_record *record, struct sl_arena *arena,
                       struct sl_checkpoint_status *to)
{
    *to = (struct sl_checkpoint_status){
        .id = record->id,
        .kind = record->kind,
        .status = record->status,
        .start_us = record->start_us,
        .duration_us = record->duration_us,
        .alignment_us = record->alignment_us,
        .freeze_us = record->freeze_us,
        .write_us = record->write_us,
        .full_bytes = record->full_bytes,
        .written_bytes = record->written_bytes,
        .reason = sl_arena_strdup(arena, record->reason),
    };
}

size_t
sl_job_checkpoints(const struct sl_job *job, struct sl_arena *arena,
                   struct sl_checkpoint_status **ret_checkpoints)
{
    const struct sl_checkpointing *checkpointing = &job->checkpointing;
    struct sl_checkpoint_status *list =
        SL_NEW_ARRAY(arena, struct sl_checkpoint_status, SL_CHECKPOINT_HISTORY);
    size_t count = 0;

    pthread_mutex_lock(status_mutex(job));
    for (uint64_t id = checkpointing->epoch; id > 0 && count < SL_CHECKPOINT_HISTORY; id--) {
        const struct sl_checkpoint_record *record =
            &checkpointing->history[id % SL_CHECKPOINT_HISTORY];

        if (!checkpointing->is_on || record->id != id)
            break;
        status_fill_checkpoint(record, arena, &list[count++]);
    }
    pthread_mutex_unlock(status_mutex(job));
    *ret_checkpoints = list;
    return count;
}

/* --- SHOW WATERMARKS: asked of each subtask on its slot's thread --- */

struct status_query {
    struct sl_command command; /* the first member */
    struct sl_subtask *subtask;
    struct sl_arena *arena;
    struct sl_watermark_status *items;
    size_t count, capacity;
    struct sl_runtime *runtime;
    _Atomic bool is_done;
};

static void
status_add(struct status_query *query, const char *input, const char *split, int64_t watermark_ms,
           bool idle)
{
    struct sl_watermark_status *item;
    int64_t now_ms = sl_now_us(query->runtime->config.env) / SL_US_PER_MS;

    if (query->count == query->capacity) {
        query->capacity = SL_MAX(8u, query->capacity * 2);
        query->items = sl_realloc(query->items, query->capacity * sizeof(*query->items));
    }
    item = &query->items[query->count++];
    *item = (struct sl_watermark_status){
        .operator_name = query->subtask->task->name,
        .input = input,
        .split = split,
        .watermark_ms = watermark_ms,
        .idle = idle,
    };
    if (watermark_ms != SL_WATERMARK_MIN && watermark_ms != SL_WATERMARK_MAX)
        item->lag_ms = now_ms - watermark_ms;
}

/* Who has the least watermark of those that count holds back the rest. */
static void
status_mark_holders(struct status_query *query)
{
    int64_t least_ms = SL_WATERMARK_MAX, highest_ms = SL_WATERMARK_MIN;

    for (size_t i = 0; i < query->count; i++) {
        if (query->items[i].idle)
            continue;
        least_ms = SL_MIN(least_ms, query->items[i].watermark_ms);
        highest_ms = SL_MAX(highest_ms, query->items[i].watermark_ms);
    }
    for (size_t i = 0; i < query->count; i++)
        query->items[i].holds_back = !query->items[i].idle && least_ms < highest_ms &&
                                     query->items[i].watermark_ms == least_ms;
}

static void
status_query_subtask(struct status_query *query)
{
    struct sl_subtask *subtask = query->subtask;
    struct sl_scan_split split;

    if (subtask->phase != SL_TASK_RUNNING && subtask->phase != SL_TASK_DRAINING)
        return;
    for (size_t i = 0; subtask->scan && sl_scan_split(subtask->scan, i, &split); i++)
        status_add(query, "source", split.id, split.watermark_ms, split.idle);
    for (size_t i = 0; i < subtask->channel_count; i++) {
        const struct sl_channel *channel = &subtask->channels[i];

        if (!channel->ended)
            status_add(query, channel->producer->task->name, NULL, channel->watermark_ms,
                       channel->idle);
    }
    status_mark_holders(query);
}

static void
status_run_query(struct sl_command *command, struct sl_slot *slot)
{
    struct status_query *query = (struct status_query *)command;
    struct sl_runtime *runtime = query->runtime;

    status_query_subtask(query);
    atomic_store_explicit(&query->is_done, true, memory_order_release);
    sl_runtime_announce(runtime);
}

/* Copies what was found into the caller's arena; texts included. */
static size_t
status_collect(struct status_query *queries, size_t query_count, struct sl_arena *arena,
               struct sl_watermark_status **ret_watermarks)
{
    struct sl_watermark_status *all;
    size_t count = 0;

    for (size_t i = 0; i < query_count; i++)
        count += queries[i].count;
    all = SL_NEW_ARRAY(arena, struct sl_watermark_status, count);
    count = 0;
    for (size_t i = 0; i < query_count; i++) {
        for (size_t k = 0; k < queries[i].count; k++) {
            struct sl_watermark_status *item = &all[count++];

            *item = queries[i].items[k];
            item->operator_name = sl_arena_strdup(arena, item->operator_name);
            item->input = sl_arena_strdup(arena, item->input);
            item->split = item->split ? sl_arena_strdup(arena, item->split) : NULL;
        }
        free(queries[i].items);
    }
    *ret_watermarks = all;
    return count;
}

size_t
sl_job_watermarks(const struct sl_job *job, struct sl_arena *arena,
                  struct sl_watermark_status **ret_watermarks)
{
    struct sl_runtime *runtime = job->runtime;
    struct sl_execution *execution;
    struct status_query *queries;
    struct sl_waiter waiter;
    size_t count;

    pthread_mutex_lock(status_mutex(job));
    execution = job->execution ? sl_execution_ref(job->execution) : NULL;
    pthread_mutex_unlock(status_mutex(job));
    *ret_watermarks = NULL;
    if (execution == NULL)
        return 0;
    queries = sl_alloc_zeroed(execution->subtask_count * sizeof(*queries));
    sl_waiter_begin(runtime, &waiter);
    for (size_t i = 0; i < execution->subtask_count; i++) {
        queries[i].command.run = status_run_query;
        queries[i].subtask = execution->subtasks[i];
        queries[i].runtime = runtime;
        sl_slot_post(execution->subtasks[i]->runnable.slot, &queries[i].command);
    }
    for (size_t i = 0; i < execution->subtask_count; i++) {
        while (!atomic_load_explicit(&queries[i].is_done, memory_order_acquire))
            sl_waiter_wait(runtime, &waiter, INT64_MAX);
    }
    sl_waiter_end(runtime, &waiter);
    count = status_collect(queries, execution->subtask_count, arena, ret_watermarks);
    free(queries);
    sl_execution_unref(execution);
    return count;
}
