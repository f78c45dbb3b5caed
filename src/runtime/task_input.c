/* The inputs of a subtask: the least watermark, idle inputs, alignment of barriers, END.
 *
 * 1. The subtask's watermark is the least over the inputs that have neither ended nor are idle.
 *    When all that have not ended are idle, it is the highest of theirs: nobody holds it back.  It
 *    never falls.
 * 2. The marks of a batch are those of its input; they are rewritten to where the least one rises.
 * 3. An input whose barrier has come is held back until every other has brought it or has ended;
 *    then the barrier goes into the chain, once.  A newer barrier replaces one that is being
 *    aligned.  One that overtakes (task_overtake.c) holds nobody back.
 * 4. END goes into the chain once all inputs have ended. */
#include "runtime/job.h"

/* The least watermark as it would be if `channel` stood at channel_ms. */
static int64_t
input_watermark(const struct sl_subtask *subtask, const struct sl_channel *channel,
                int64_t channel_ms)
{
    struct sl_least_watermark least = SL_LEAST_WATERMARK;

    for (size_t i = 0; i < subtask->channel_count; i++) {
        const struct sl_channel *each = &subtask->channels[i];

        if (!each->ended)
            sl_least_watermark_add(&least, each == channel ? channel_ms : each->watermark_ms,
                                   each->idle);
    }
    return sl_least_watermark_get(&least, subtask->watermark_ms);
}

static int
input_send(struct sl_subtask *subtask, unsigned input, enum sl_message_kind kind, int64_t value,
           struct sl_error *err)
{
    struct sl_element element = {.kind = kind, .input = input, .value = value};

    return sl_chain_push(subtask, 0, &element, err);
}

/* After a change of the inputs' states: a watermark that rose goes into the chain. */
static int
input_update_watermark(struct sl_subtask *subtask, struct sl_error *err)
{
    int64_t watermark_ms = input_watermark(subtask, NULL, 0);

    if (watermark_ms == subtask->watermark_ms)
        return SL_OK;
    subtask->watermark_ms = watermark_ms;
    return input_send(subtask, 0, SL_MESSAGE_WATERMARK, watermark_ms, err);
}

/* Idle as a whole: every input that has not ended is. */
static int
input_update_idle(struct sl_subtask *subtask, struct sl_error *err)
{
    bool idle = subtask->ended_count < subtask->channel_count;

    for (size_t i = 0; i < subtask->channel_count; i++) {
        const struct sl_channel *each = &subtask->channels[i];

        idle &= each->ended || each->idle;
    }
    if (idle == subtask->all_idle)
        return SL_OK;
    subtask->all_idle = idle;
    return input_send(subtask, 0, idle ? SL_MESSAGE_IDLE : SL_MESSAGE_ACTIVE, 0, err);
}

/* The batch with its marks as the subtask sees them; takes over and returns a reference. */
static struct sl_batch *
input_rewrite_marks(struct sl_subtask *subtask, struct sl_channel *channel, struct sl_batch *batch)
{
    struct sl_mark *marks;
    struct sl_batch *copy;
    uint32_t count = 0;

    if (batch->mark_count == 0)
        return batch;
    copy = sl_batch_share(subtask->context.pool, batch, NULL, 0);
    marks = sl_batch_add_marks(copy, subtask->context.pool, batch->mark_count);
    for (uint32_t i = 0; i < batch->mark_count; i++) {
        const struct sl_mark *mark = &batch->marks[i];
        int64_t watermark_ms;

        channel->watermark_ms = SL_MAX(channel->watermark_ms, mark->time_ms);
        watermark_ms = input_watermark(subtask, channel, channel->watermark_ms);
        if (watermark_ms > subtask->watermark_ms) {
            subtask->watermark_ms = watermark_ms;
            marks[count++] = (struct sl_mark){mark->row, watermark_ms};
        }
    }
    copy->mark_count = count;
    sl_batch_unref(batch);
    return copy;
}

static int
input_take_batch(struct sl_subtask *subtask, struct sl_channel *channel, struct sl_batch *batch,
                 struct sl_error *err)
{
    struct sl_element element = {.kind = SL_MESSAGE_BATCH, .input = channel->input};

    sl_counter_add(&subtask->counters.rows_in, sl_batch_live_count(batch));
    sl_counter_add(&subtask->counters.bytes_in, sl_ring_batch_bytes(batch));
    element.batch = input_rewrite_marks(subtask, channel, batch);
    return sl_chain_push(subtask, 0, &element, err);
}

void
sl_input_release(struct sl_subtask *subtask)
{
    for (size_t i = 0; i < subtask->channel_count; i++)
        subtask->channels[i].at_barrier = false;
    subtask->barrier_count = 0;
}

/* The barrier goes on when nobody is missing. */
static int
input_check_barrier(struct sl_subtask *subtask, struct sl_error *err)
{
    if (subtask->barrier_count == 0 ||
        subtask->barrier_count + subtask->ended_count < subtask->channel_count)
        return SL_OK;
    sl_input_release(subtask);
    subtask->alignment_us = sl_monotonic_us(subtask->context.env) - subtask->align_start_us;
    return input_send(subtask, 0, SL_MESSAGE_BARRIER, (int64_t)subtask->aligned_epoch, err);
}

/* A newer barrier gives up an older one that was still being aligned: not every source passed
 * it. */
static int
input_take_barrier(struct sl_subtask *subtask, struct sl_channel *channel, uint64_t epoch,
                   struct sl_error *err)
{
    if (epoch < subtask->aligned_epoch || epoch <= subtask->overtaken_epoch)
        return SL_OK;
    if (epoch > subtask->aligned_epoch) {
        sl_input_release(subtask);
        subtask->aligned_epoch = epoch;
        subtask->align_start_us = sl_monotonic_us(subtask->context.env);
    }
    channel->at_barrier = true;
    subtask->barrier_count++;
    return input_check_barrier(subtask, err);
}

static int
input_take_end(struct sl_subtask *subtask, struct sl_channel *channel, struct sl_error *err)
{
    channel->ended = true;
    subtask->ended_count++;
    if (subtask->ended_count == subtask->channel_count) {
        /* What END fires holds back watermarks behind it. */
        if (subtask->all_idle)
            SL_TRY(input_send(subtask, 0, SL_MESSAGE_ACTIVE, 0, err));
        return input_send(subtask, 0, SL_MESSAGE_END, 0, err);
    }
    SL_TRY(input_update_watermark(subtask, err));
    SL_TRY(input_update_idle(subtask, err));
    return input_check_barrier(subtask, err);
}

static int
input_take(struct sl_subtask *subtask, struct sl_channel *channel, const struct sl_message *message,
           struct sl_error *err)
{
    switch (message->kind) {
    case SL_MESSAGE_BATCH:
        return input_take_batch(subtask, channel, message->batch, err);
    case SL_MESSAGE_WATERMARK:
        channel->watermark_ms = SL_MAX(channel->watermark_ms, message->value);
        return input_update_watermark(subtask, err);
    case SL_MESSAGE_BARRIER:
        return input_take_barrier(subtask, channel, (uint64_t)message->value, err);
    case SL_MESSAGE_IDLE:
    case SL_MESSAGE_ACTIVE:
        channel->idle = message->kind == SL_MESSAGE_IDLE;
        SL_TRY(input_update_watermark(subtask, err));
        return input_update_idle(subtask, err);
    case SL_MESSAGE_END:
        break;
    }
    return input_take_end(subtask, channel, err);
}

/* Producers that waited for room may go on. */
static void
input_wake_producers(struct sl_subtask *subtask)
{
    for (size_t i = 0; i < subtask->channel_count; i++) {
        if (sl_ring_take_blocked(subtask->channels[i].ring))
            sl_runnable_wake(&subtask->channels[i].producer->runnable);
    }
}

int
sl_input_step(struct sl_subtask *subtask, struct sl_error *err)
{
    struct sl_message message;

    for (size_t i = 0; i < subtask->channel_count; i++) {
        size_t index = (subtask->next_channel + i) % subtask->channel_count;
        struct sl_channel *channel = &subtask->channels[index];

        if (channel->is_logged)
            sl_overtake_log(subtask, channel);
        if (channel->at_barrier || !sl_ring_pop(channel->ring, &message))
            continue;
        subtask->next_channel = index + 1;
        input_wake_producers(subtask);
        SL_TRY(input_take(subtask, channel, &message, err));
        return SL_OK;
    }
    return SL_AGAIN;
}

bool
sl_input_is_done(const struct sl_subtask *subtask)
{
    return subtask->ended_count == subtask->channel_count;
}
