/* Barriers that overtake: unaligned checkpoints (Chandy and Lamport's snapshots).
 *
 * 1. The job says from when on its barrier overtakes: at once, or when it has been under way for
 *    too long.  Who hears of it late has begun to align, or has the barrier in its chain, and goes
 *    on from there.
 * 2. As soon as the barrier is known of one input it goes through the chain, which runs empty
 *    first (task_chain.c), and out: nothing waits for room.
 * 3. What precedes the barrier in a ring, and of inputs that have not sent theirs what still comes,
 *    belongs to the checkpoint: a reference is kept, and it is worked on as the next epoch's.
 * 4. With each channel goes its watermark, so that after a restore the least one is what it was.
 * 5. One through which END is going passes its barrier behind it. */
#include "executor/scan.h"
#include "runtime/job.h"

#include <stdio.h>
#include <stdlib.h>

/* What one barrier left behind. */
struct sl_overtaken {
    struct sl_channel_data *stored; /* left of an earlier checkpoint's */
    size_t stored_count;
    uint32_t generation; /* of the channels, which follow those */
    int64_t start_us;
};

/* --- what was overtaken --- */

/* What is not read of an earlier checkpoint's channels precedes what is in the rings. */
static void
overtake_take_recovered(const struct sl_subtask *subtask, struct sl_overtaken *overtaken)
{
    const struct sl_recovered *recovered = &subtask->recovered;

    for (size_t i = recovered->next_input; i < recovered->input_count; i++) {
        const struct sl_recovered_input *input = &recovered->inputs[i];

        overtaken->stored =
            sl_realloc(overtaken->stored, (overtaken->stored_count + input->channel_count) *
                                              sizeof(*overtaken->stored));
        for (size_t k = 0; k < input->channel_count; k++) {
            const struct sl_recovered_channel *channel = &input->channels[k];
            struct sl_text rest = channel->reader.rest;

            overtaken->stored[overtaken->stored_count++] = (struct sl_channel_data){
                .operator_uid = subtask->links[input->link].op->node->uid,
                .input = channel->input,
                .generation = input->generation,
                .watermark_ms = channel->watermark_ms,
                .is_idle = channel->idle,
                .stored = channel->reader.channel,
                .rest = {memcpy(sl_alloc(rest.length + 1), rest.start, rest.length), rest.length},
            };
        }
        if (input->link == 0)
            overtaken->generation = input->generation + 1;
    }
}

static bool
overtake_has_rows(const struct sl_subtask *subtask)
{
    for (size_t i = 0; i < subtask->channel_count; i++) {
        if (subtask->channels[i].log.count > 0)
            return true;
    }
    return subtask->overtaken->stored_count > 0;
}

void
sl_overtake_drop(struct sl_subtask *subtask)
{
    struct sl_overtaken *overtaken = subtask->overtaken;

    if (!overtaken)
        return;
    for (size_t i = 0; i < subtask->channel_count; i++) {
        sl_message_list_done(&subtask->channels[i].log);
        subtask->channels[i].is_logged = subtask->channels[i].has_log = false;
    }
    for (size_t i = 0; i < overtaken->stored_count; i++)
        free((void *)(uintptr_t)overtaken->stored[i].rest.start);
    free(overtaken->stored);
    free(overtaken);
    subtask->overtaken = NULL;
    subtask->logged_count = 0;
}

/* All that precedes the barrier is known. */
static void
overtake_complete(struct sl_subtask *subtask)
{
    subtask->alignment_us = sl_monotonic_us(subtask->context.env) - subtask->overtaken->start_us;
    if (overtake_has_rows(subtask))
        sl_task_write_channels(subtask);
    else
        sl_overtake_drop(subtask);
}

void
sl_overtake_log(struct sl_subtask *subtask, struct sl_channel *channel)
{
    if (!sl_ring_log(channel->ring, subtask->overtaken_epoch, &channel->logged_to, &channel->log))
        return;
    channel->is_logged = false;
    if (--subtask->logged_count == 0)
        overtake_complete(subtask);
}

static void
overtake_log_all(struct sl_subtask *subtask)
{
    for (size_t i = 0; i < subtask->channel_count; i++) {
        if (subtask->channels[i].is_logged)
            sl_overtake_log(subtask, &subtask->channels[i]);
    }
}

/* --- the barrier --- */

/* Every channel that has not ended, with its watermark; those whose barrier came have nothing
 * before it. */
static void
overtake_begin_logs(struct sl_subtask *subtask, uint64_t epoch)
{
    bool is_aligning = subtask->aligned_epoch == epoch;

    for (size_t i = 0; i < subtask->channel_count; i++) {
        struct sl_channel *channel = &subtask->channels[i];

        channel->is_logged = !channel->ended && !(is_aligning && channel->at_barrier);
        channel->has_log = !channel->ended;
        channel->logged_to = sl_ring_position(channel->ring);
        channel->logged_watermark_ms = channel->watermark_ms;
        channel->logged_idle = channel->idle;
        subtask->logged_count += channel->is_logged;
    }
}

/* The chain is empty: the barrier goes through it. */
static int
overtake_pass(struct sl_subtask *subtask, uint64_t epoch, struct sl_error *err)
{
    struct sl_element barrier = {.kind = SL_MESSAGE_BARRIER, .value = (int64_t)epoch};
    bool is_aligning = subtask->aligned_epoch == epoch && subtask->barrier_count > 0;

    SL_ASSERT(!subtask->overtaken);
    subtask->overtaken = sl_alloc_zeroed(sizeof(*subtask->overtaken));
    subtask->overtaken->start_us =
        is_aligning ? subtask->align_start_us : sl_monotonic_us(subtask->context.env);
    overtake_take_recovered(subtask, subtask->overtaken);
    if (!subtask->scan)
        overtake_begin_logs(subtask, epoch);
    sl_input_release(subtask);
    subtask->aligned_epoch = subtask->overtaken_epoch = epoch;
    if (subtask->scan)
        SL_TRY(sl_task_barrier_at(&subtask->links[0], epoch, err));
    SL_TRY(sl_chain_push(subtask, subtask->scan ? 1 : 0, &barrier, err));
    SL_ASSERT(subtask->passed_epoch == epoch);
    if (subtask->logged_count == 0)
        overtake_complete(subtask);
    return SL_OK;
}

/* Has it come from one of the inputs, or is it on its way in a ring? */
static bool
overtake_has_come(const struct sl_subtask *subtask, uint64_t epoch)
{
    if (subtask->aligned_epoch == epoch && subtask->barrier_count > 0)
        return true;
    for (size_t i = 0; i < subtask->channel_count; i++) {
        struct sl_channel *channel = &subtask->channels[i];
        uint32_t position = sl_ring_position(channel->ring);

        if (!channel->ended && sl_ring_log(channel->ring, epoch, &position, NULL))
            return true;
    }
    return false;
}

/* Hands on what the scan has polled.  SL_AGAIN: it cannot now. */
static int
overtake_finish_poll(struct sl_subtask *subtask, struct sl_error *err)
{
    struct sl_link *link = &subtask->links[0];
    int rc = SL_OK;

    while (rc == SL_OK && !sl_scan_is_between_polls(subtask->scan)) {
        rc = sl_scan_step(subtask->scan, sl_now_us(subtask->context.env), &link->out, err);
        rc = sl_chain_outcome(link, rc, err);
        if (rc < 0)
            return rc;
        SL_TRY(sl_task_forward_progress(subtask, rc == SL_EOF, err));
        rc = sl_chain_empty(subtask, err);
    }
    return rc;
}

/* Is there a barrier that would overtake, and nothing in its way but rows? */
static bool
overtake_is_due(const struct sl_subtask *subtask, uint64_t epoch)
{
    if (epoch <= subtask->passed_epoch || subtask->has_ended || sl_chain_is_ending(subtask))
        return false;
    if (subtask->scan)
        return subtask->injected_epoch == epoch && !subtask->catches_up;
    return subtask->channel_count > 0 && !sl_input_is_done(subtask);
}

static int
overtake_try(struct sl_subtask *subtask, uint64_t epoch, struct sl_error *err)
{
    bool is_in_chain = subtask->aligned_epoch == epoch && subtask->barrier_count == 0;
    int rc;

    if (!subtask->scan && !is_in_chain && !overtake_has_come(subtask, epoch))
        return SL_OK;
    rc = sl_chain_empty(subtask, err);
    if (rc == SL_OK && subtask->scan && !is_in_chain)
        rc = overtake_finish_poll(subtask, err);
    if (rc != SL_OK)
        return rc;
    if (!is_in_chain)
        SL_TRY(overtake_pass(subtask, epoch, err));
    SL_ASSERT(subtask->passed_epoch == epoch);
    sl_chain_overtaken(subtask);
    return SL_OK;
}

int
sl_overtake_step(struct sl_subtask *subtask, struct sl_error *err)
{
    if (subtask->logged_count > 0)
        overtake_log_all(subtask);
    if (!overtake_is_due(subtask, subtask->overtaking_epoch))
        return SL_OK;
    return overtake_try(subtask, subtask->overtaking_epoch, err);
}

/* --- writing: an I/O thread --- */

static size_t
overtake_describe(const struct sl_subtask *subtask, struct sl_channel_data *items)
{
    const struct sl_overtaken *overtaken = subtask->overtaken;
    size_t count = overtaken->stored_count;

    for (size_t i = 0; i < count; i++)
        items[i] = overtaken->stored[i];
    for (size_t i = 0; i < subtask->channel_count; i++) {
        const struct sl_channel *channel = &subtask->channels[i];
        struct sl_stored_message *messages;

        if (!channel->has_log)
            continue;
        messages = sl_alloc((channel->log.count + 1) * sizeof(*messages));
        for (size_t k = 0; k < channel->log.count; k++) {
            const struct sl_message *message = &channel->log.items[k];

            messages[k] =
                (struct sl_stored_message){(uint8_t)message->kind, message->value, message->batch};
        }
        items[count++] = (struct sl_channel_data){
            .operator_uid = subtask->task->nodes[0]->uid,
            .input = channel->input,
            .generation = overtaken->generation,
            .watermark_ms = channel->logged_watermark_ms,
            .is_idle = channel->logged_idle,
            .messages = messages,
            .message_count = channel->log.count,
        };
    }
    return count;
}

int
sl_overtake_write(struct sl_subtask *subtask, const char *directory, uint64_t epoch,
                  struct sl_error *err)
{
    size_t capacity = subtask->overtaken->stored_count + subtask->channel_count + 1, count;
    struct sl_channel_data *items = sl_alloc(capacity * sizeof(*items));
    char name[64];
    int rc;

    _Static_assert(SL_MESSAGE_BATCH == 0, "as channels.h has it");
    count = overtake_describe(subtask, items);
    snprintf(name, sizeof(name), "%u-%u.%llu.channels", subtask->task->id, subtask->index,
             (unsigned long long)epoch);
    rc = sl_channels_write(subtask->part, items, count, directory, name, err);
    for (size_t i = 0; i < count; i++)
        free((void *)(uintptr_t)items[i].messages);
    free(items);
    return rc;
}
