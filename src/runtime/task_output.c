/* The outputs of a subtask: exchanges, scatter buffers, writers before the rings.
 *
 * 1. An edge with one target passes batches on by reference.
 * 2. A hash exchange collects pieces for each target until they make a batch; they go out when they
 *    do, before every control element, and when the task has no input to work on.
 * 3. Marks go to every target, with or without rows. */
#include "data/row.h"
#include "executor/collect.h"
#include "executor/sink.h"
#include "runtime/job.h"

#include <stdlib.h>

static void
output_write(struct sl_target *target, const struct sl_message *message)
{
    if (sl_ring_write(&target->writer, message))
        sl_runnable_wake(&target->consumer->runnable);
}

static void
output_write_batch(struct sl_target *target, struct sl_batch *batch)
{
    struct sl_message message = {.kind = SL_MESSAGE_BATCH, .batch = batch};

    output_write(target, &message);
}

/* --- scatter buffers --- */

static void
target_flush(struct sl_subtask *subtask, struct sl_target *target)
{
    struct sl_pool *pool = subtask->context.pool;
    struct sl_batch *batch;

    if (target->part_count == 0)
        return;
    batch = target->parts[0];
    if (target->part_count > 1) {
        batch = sl_batch_concat(pool, target->parts, target->part_count);
        for (size_t i = 0; i < target->part_count; i++)
            sl_batch_unref(target->parts[i]);
    } else if (target->part_rows > 0 && target->part_rows * 2 < batch->row_count) {
        batch = sl_batch_compact(pool, target->parts[0], 0, target->part_rows);
        sl_batch_unref(target->parts[0]);
    }
    target->part_count = target->part_rows = 0;
    output_write_batch(target, batch);
}

static void
target_add(struct sl_subtask *subtask, struct sl_target *target, struct sl_batch *piece)
{
    size_t count = sl_batch_live_count(piece), limit = subtask->context.settings->batch_size;

    if (target->part_rows + count > limit)
        target_flush(subtask, target);
    if (target->part_count == target->part_capacity) {
        target->part_capacity = SL_MAX(8u, target->part_capacity * 2);
        target->parts =
            sl_realloc(target->parts, target->part_capacity * sizeof(struct sl_batch *));
    }
    target->parts[target->part_count++] = piece;
    target->part_rows += count;
    subtask->has_parts = true;
    if (target->part_rows >= limit)
        target_flush(subtask, target);
}

static void
output_flush_parts(struct sl_subtask *subtask, struct sl_output *output)
{
    for (uint32_t i = 0; i < output->target_count; i++)
        target_flush(subtask, &output->targets[i]);
}

bool
sl_output_flush(struct sl_subtask *subtask)
{
    if (!subtask->has_parts)
        return false;
    for (size_t i = 0; i < subtask->output_count; i++)
        output_flush_parts(subtask, &subtask->outputs[i]);
    subtask->has_parts = false;
    return true;
}

/* --- exchanges --- */

static void
output_hash_targets(struct sl_subtask *subtask, const struct sl_output *output,
                    const struct sl_batch *batch)
{
    struct sl_column *keys[64];
    uint32_t max = subtask->context.settings->max_parallelism;
    uint32_t parallelism = output->edge->to->parallelism;
    size_t count = sl_batch_live_count(batch);

    SL_ASSERT(output->edge->key_count <= SL_COUNT_OF(keys));
    for (size_t i = 0; i < output->edge->key_count; i++)
        keys[i] = batch->columns[output->edge->keys[i]];
    sl_hash_rows(keys, output->edge->key_count, batch->selection, count, subtask->hashes);
    for (size_t i = 0; i < count; i++)
        subtask->target_of[i] = (uint16_t)sl_key_group_subtask(
            sl_key_group_of(subtask->hashes[i], max), max, parallelism);
}

static void
output_scatter(struct sl_subtask *subtask, struct sl_output *output, struct sl_batch *batch)
{
    size_t live = sl_batch_live_count(batch);

    output_hash_targets(subtask, output, batch);
    for (uint32_t t = 0; t < output->target_count; t++) {
        uint16_t *selection = subtask->selection;
        size_t count = 0;

        for (size_t i = 0; i < live; i++) {
            selection[count] = (uint16_t)sl_batch_row(batch, i);
            count += subtask->target_of[i] == t;
        }
        if (count > 0 || batch->mark_count > 0)
            target_add(subtask, &output->targets[t],
                       sl_batch_share(subtask->context.pool, batch, selection, count));
    }
    sl_batch_unref(batch);
}

/* The whole batch goes to one target after the other; the rest get its last mark. */
static void
output_rebalance(struct sl_output *output, struct sl_batch *batch)
{
    struct sl_message message = {.kind = SL_MESSAGE_WATERMARK};
    uint32_t chosen = output->next_target++ % output->target_count;

    if (batch->mark_count > 0) {
        message.value = batch->marks[batch->mark_count - 1].time_ms;
        for (uint32_t i = 0; i < output->target_count; i++) {
            if (i != chosen)
                output_write(&output->targets[i], &message);
        }
    }
    output_write_batch(&output->targets[chosen], batch);
}

static void
output_put(struct sl_subtask *subtask, struct sl_output *output, struct sl_batch *batch)
{
    if (output->target_count == 1) {
        output_write_batch(&output->targets[0], batch);
        return;
    }
    switch (output->edge->exchange) {
    case SL_EXCHANGE_HASH:
        output_scatter(subtask, output, batch);
        return;
    case SL_EXCHANGE_BROADCAST:
        for (uint32_t i = 0; i < output->target_count; i++)
            output_write_batch(&output->targets[i], sl_batch_ref(batch));
        sl_batch_unref(batch);
        return;
    case SL_EXCHANGE_FORWARD:
    case SL_EXCHANGE_REBALANCE:
    case SL_EXCHANGE_RESCALE:
    case SL_EXCHANGE_GLOBAL:
        break;
    }
    output_rebalance(output, batch);
}

void
sl_output_batch(struct sl_subtask *subtask, struct sl_batch *batch)
{
    sl_ring_measure_batch(batch);
    sl_counter_add(&subtask->counters.rows_out, sl_batch_live_count(batch));
    sl_counter_add(&subtask->counters.bytes_out, sl_ring_batch_bytes(batch));
    for (size_t i = 0; i < subtask->output_count; i++) {
        if (subtask->outputs[i].edge->kind == SL_EDGE_MAIN)
            output_put(subtask, &subtask->outputs[i], sl_batch_ref(batch));
    }
    sl_batch_unref(batch);
}

static struct sl_output *
output_find_side(const struct sl_subtask *subtask, unsigned link, enum sl_edge_kind kind)
{
    for (size_t i = 0; i < subtask->output_count; i++) {
        struct sl_output *output = &subtask->outputs[i];

        if (output->edge->kind == kind && output->edge->from_link == link)
            return output;
    }
    return NULL;
}

void
sl_output_side(struct sl_subtask *subtask, unsigned link, enum sl_edge_kind kind,
               struct sl_batch *batch)
{
    struct sl_output *output = output_find_side(subtask, link, kind);

    if (output)
        output_put(subtask, output, batch);
    else
        sl_batch_unref(batch);
}

void
sl_output_control(struct sl_subtask *subtask, enum sl_message_kind kind, int64_t value)
{
    struct sl_message message = {.kind = kind, .value = value};

    sl_output_flush(subtask);
    for (size_t i = 0; i < subtask->output_count; i++) {
        struct sl_output *output = &subtask->outputs[i];

        for (uint32_t t = 0; t < output->target_count; t++)
            output_write(&output->targets[t], &message);
    }
}

void
sl_output_overtake(struct sl_subtask *subtask, uint64_t epoch)
{
    for (size_t i = 0; i < subtask->output_count; i++) {
        struct sl_output *output = &subtask->outputs[i];

        for (uint32_t t = 0; t < output->target_count; t++) {
            struct sl_target *target = &output->targets[t];

            if (sl_ring_overtake(&target->writer, epoch))
                sl_runnable_wake(&target->consumer->runnable);
        }
    }
}

/* --- backpressure --- */

bool
sl_output_is_blocked(struct sl_subtask *subtask)
{
    bool blocked = false;

    if (subtask->sink && !sl_sink_is_ready(subtask->sink))
        return true;
    if (subtask->collect && !sl_collect_is_ready(subtask->collect))
        return true;
    for (size_t i = 0; i < subtask->output_count; i++) {
        struct sl_output *output = &subtask->outputs[i];

        for (uint32_t t = 0; t < output->target_count; t++) {
            struct sl_target *target = &output->targets[t];

            if (sl_ring_writer_flush(&target->writer))
                sl_runnable_wake(&target->consumer->runnable);
            blocked |= sl_ring_writer_is_full(&target->writer);
        }
    }
    return blocked;
}

bool
sl_output_is_empty(const struct sl_subtask *subtask)
{
    for (size_t i = 0; i < subtask->output_count; i++) {
        const struct sl_output *output = &subtask->outputs[i];

        for (uint32_t t = 0; t < output->target_count; t++) {
            if (output->targets[t].writer.waiting_count > 0)
                return false;
        }
    }
    return !subtask->has_parts;
}
