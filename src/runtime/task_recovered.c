/* What a barrier had overtaken comes back: the channels of the checkpoint, before anything else.
 *
 * 1. Channels belong to operators, not to tasks: with another parallelism an operator may have
 * moved into the middle of a chain, and gets them there.
 * 2. What is nearest to the outputs comes first; of one operator lower generations do.
 * 3. Of the channels of a hash exchange a subtask takes the rows of its key groups, and only those
 *    that the subtask owned from whose file they come; of others those of subtask `index` mod
 *    parallelism.
 * 4. The channels of one operator stand for its inputs until all are read: the least watermark is
 *    taken over them, and marks are rewritten, as task_input.c does. */
#include "data/row.h"
#include "runtime/job.h"

#include <stdlib.h>

/* --- loading: an I/O thread --- */

struct recovered_loading {
    struct sl_subtask *subtask;
    const struct sl_manifest_subtask *from;
    uint32_t group_first, group_end; /* that both own */
};

/* The key groups of a subtask are contiguous. */
static void
recovered_find_groups(struct recovered_loading *loading)
{
    const struct sl_subtask *subtask = loading->subtask;
    uint32_t max = subtask->context.settings->max_parallelism;
    uint32_t end = SL_MIN(max, loading->from->key_group_first + loading->from->key_group_count);

    loading->group_first = loading->group_end = end;
    for (uint32_t group = loading->from->key_group_first; group < end; group++) {
        if (sl_key_group_subtask(group, max, subtask->task->parallelism) != subtask->index)
            continue;
        loading->group_first = SL_MIN(loading->group_first, group);
        loading->group_end = group + 1;
    }
}

static int
recovered_find_link(const struct sl_subtask *subtask, const char *uid)
{
    for (unsigned i = 0; i < subtask->link_count; i++) {
        if (strcmp(subtask->links[i].op->node->uid, uid) == 0)
            return (int)i;
    }
    return -1;
}

/* How rows come to this input, or NULL. */
static const struct sl_phys_input *
recovered_input_of(const struct sl_subtask *subtask, unsigned link, uint32_t input)
{
    const struct sl_phys_node *node = subtask->links[link].op->node;

    return input < node->input_count ? &node->inputs[input] : NULL;
}

static bool
recovered_is_hash(const struct sl_phys_input *input)
{
    return input && input->exchange == SL_EXCHANGE_HASH && input->key_count > 0;
}

static bool
recovered_is_mine(const struct recovered_loading *loading, const struct sl_phys_input *input)
{
    const struct sl_subtask *subtask = loading->subtask;

    if (recovered_is_hash(input))
        return loading->group_first < loading->group_end;
    if (input && input->exchange == SL_EXCHANGE_BROADCAST)
        return subtask->index % loading->from->parallelism == loading->from->index;
    return loading->from->index % subtask->task->parallelism == subtask->index;
}

/* The one of this operator and generation, in its place in the order. */
static struct sl_recovered_input *
recovered_make_input(struct sl_recovered *recovered, unsigned link, uint32_t generation)
{
    size_t at = 0;
    struct sl_recovered_input *input;

    while (at < recovered->input_count &&
           (recovered->inputs[at].link > link ||
            (recovered->inputs[at].link == link && recovered->inputs[at].generation < generation)))
        at++;
    input = recovered->inputs ? &recovered->inputs[at] : NULL;
    if (at < recovered->input_count && input->link == link && input->generation == generation)
        return input;
    recovered->inputs =
        sl_realloc(recovered->inputs, (recovered->input_count + 1) * sizeof(*recovered->inputs));
    input = &recovered->inputs[at];
    memmove(input + 1, input, (recovered->input_count - at) * sizeof(*input));
    recovered->input_count++;
    *input = (struct sl_recovered_input){
        .link = link, .generation = generation, .watermark_ms = SL_WATERMARK_MIN};
    return input;
}

/* Do stored rows still look like those that the operator is given? */
static int
recovered_check_columns(const struct sl_phys_input *input, const struct sl_channel_reader *reader,
                        struct sl_error *err)
{
    const struct sl_schema *schema = input ? input->node->schema : NULL;
    size_t count = reader->channel->column_count;
    bool fits = !schema || count == 0 || schema->count == count;

    for (size_t i = 0; schema && fits && i < count; i++)
        fits = !reader->types[i] || sl_type_equal(reader->types[i], schema->columns[i].type);
    if (fits)
        return SL_OK;
    SL_ERROR(err, SL_E_NOT_SUPPORTED,
             "the checkpoint is unaligned, and its rows before operator %s have other columns than "
             "the query gives it now",
             reader->channel->operator_uid);
    return sl_error_hint(err, "go on with the query as it was, and take a savepoint");
}

static int
recovered_add(const struct recovered_loading *loading, const struct sl_manifest_channel *channel,
              struct sl_text file, struct sl_error *err)
{
    struct sl_subtask *subtask = loading->subtask;
    int link = recovered_find_link(subtask, channel->operator_uid);
    const struct sl_phys_input *by;
    struct sl_recovered_input *input;
    struct sl_recovered_channel *made;

    if (link < 0)
        return SL_OK;
    by = recovered_input_of(subtask, (unsigned)link, channel->input);
    if (!recovered_is_mine(loading, by))
        return SL_OK;
    input = recovered_make_input(&subtask->recovered, (unsigned)link, channel->generation);
    input->channels =
        sl_realloc(input->channels, (input->channel_count + 1) * sizeof(*input->channels));
    made = &input->channels[input->channel_count++];
    *made = (struct sl_recovered_channel){
        .input = channel->input,
        .group_first = loading->group_first,
        .group_end = loading->group_end,
        .keys = recovered_is_hash(by) ? by->keys : NULL,
        .key_count = recovered_is_hash(by) ? by->key_count : 0,
        .watermark_ms = channel->watermark_ms,
        .idle = channel->is_idle,
    };
    SL_TRY(sl_channel_reader_init(&made->reader, &subtask->arena, channel, file, err));
    return recovered_check_columns(by, &made->reader, err);
}

static bool
recovered_wants(const struct recovered_loading *loading)
{
    const struct sl_subtask *subtask = loading->subtask;

    for (size_t i = 0; i < loading->from->channel_count; i++) {
        const struct sl_manifest_channel *channel = &loading->from->channels[i];
        int link = recovered_find_link(subtask, channel->operator_uid);

        if (link >= 0 &&
            recovered_is_mine(loading, recovered_input_of(subtask, (unsigned)link, channel->input)))
            return true;
    }
    return false;
}

static int
recovered_load_file(const struct recovered_loading *loading, const char *directory,
                    struct sl_error *err)
{
    struct sl_recovered *recovered = &loading->subtask->recovered;
    const struct sl_manifest_subtask *from = loading->from;
    char *bytes;

    SL_TRY(sl_checkpoint_read_file(directory, &from->channel_file, &bytes, err));
    recovered->files = sl_realloc(recovered->files, (recovered->file_count + 1) * sizeof(char *));
    recovered->files[recovered->file_count++] = bytes;
    for (size_t i = 0; i < from->channel_count; i++)
        SL_TRY(recovered_add(loading, &from->channels[i],
                             (struct sl_text){bytes, from->channel_file.sum.size}, err));
    return SL_OK;
}

int
sl_recovered_load(struct sl_subtask *subtask, const struct sl_checkpoint *from,
                  struct sl_error *err)
{
    for (size_t i = 0; i < from->manifest.subtask_count; i++) {
        struct recovered_loading loading = {.subtask = subtask,
                                            .from = &from->manifest.subtasks[i]};

        if (loading.from->channel_count == 0)
            continue;
        recovered_find_groups(&loading);
        if (recovered_wants(&loading))
            SL_TRY(recovered_load_file(&loading, from->directory, err));
    }
    return SL_OK;
}

void
sl_recovered_free(struct sl_subtask *subtask)
{
    struct sl_recovered *recovered = &subtask->recovered;

    for (size_t i = 0; i < recovered->input_count; i++)
        free(recovered->inputs[i].channels);
    for (size_t i = 0; i < recovered->file_count; i++)
        free(recovered->files[i]);
    free(recovered->inputs);
    free(recovered->files);
    *recovered = (struct sl_recovered){0};
}

/* --- reading: the slot's thread --- */

/* A channel that is read still stands for what comes after it. */
static int64_t
recovered_watermark(const struct sl_recovered_input *input)
{
    struct sl_least_watermark least = SL_LEAST_WATERMARK;

    for (size_t i = 0; i < input->channel_count; i++)
        sl_least_watermark_add(&least, input->channels[i].watermark_ms, input->channels[i].idle);
    return sl_least_watermark_get(&least, input->watermark_ms);
}

static int
recovered_send(struct sl_subtask *subtask, const struct sl_recovered_input *input,
               enum sl_message_kind kind, int64_t value, struct sl_error *err)
{
    struct sl_element element = {.kind = kind, .value = value};

    SL_TRY(sl_chain_push(subtask, input->link, &element, err));
    return SL_OK;
}

static int
recovered_update(struct sl_subtask *subtask, struct sl_recovered_input *input, struct sl_error *err)
{
    int64_t watermark_ms = recovered_watermark(input);
    bool idle = true;

    if (watermark_ms > input->watermark_ms) {
        input->watermark_ms = watermark_ms;
        SL_TRY(recovered_send(subtask, input, SL_MESSAGE_WATERMARK, watermark_ms, err));
    }
    for (size_t i = 0; i < input->channel_count; i++)
        idle &= input->channels[i].idle;
    if (idle == input->all_idle)
        return SL_OK;
    input->all_idle = idle;
    return recovered_send(subtask, input, idle ? SL_MESSAGE_IDLE : SL_MESSAGE_ACTIVE, 0, err);
}

/* The rows that are this subtask's; takes over and returns a reference. */
static struct sl_batch *
recovered_filter(struct sl_subtask *subtask, const struct sl_recovered_channel *channel,
                 struct sl_batch *batch)
{
    uint32_t max = subtask->context.settings->max_parallelism;
    struct sl_column *keys[64];
    uint64_t *hashes;
    uint16_t *rows;
    struct sl_batch *mine;
    size_t count = 0;

    if (!channel->keys)
        return batch;
    SL_ASSERT(channel->key_count <= SL_COUNT_OF(keys));
    for (size_t i = 0; i < channel->key_count; i++)
        keys[i] = batch->columns[channel->keys[i]];
    hashes = sl_alloc((batch->row_count + 1) * sizeof(*hashes));
    rows = sl_alloc((batch->row_count + 1) * sizeof(*rows));
    sl_hash_rows(keys, channel->key_count, NULL, batch->row_count, hashes);
    for (size_t i = 0; i < batch->row_count; i++) {
        uint32_t group = sl_key_group_of(hashes[i], max);

        rows[count] = (uint16_t)i;
        count += group >= channel->group_first && group < channel->group_end;
    }
    mine = count == batch->row_count ? sl_batch_ref(batch)
                                     : sl_batch_share(subtask->context.pool, batch, rows, count);
    free(rows);
    free(hashes);
    sl_batch_unref(batch);
    return mine;
}

/* Its marks as the operator sees them.  The batch is nobody else's yet. */
static void
recovered_rewrite_marks(struct sl_recovered_input *input, struct sl_recovered_channel *channel,
                        struct sl_batch *batch)
{
    uint32_t count = 0;

    for (uint32_t i = 0; i < batch->mark_count; i++) {
        struct sl_mark mark = batch->marks[i];
        int64_t watermark_ms;

        channel->watermark_ms = SL_MAX(channel->watermark_ms, mark.time_ms);
        watermark_ms = recovered_watermark(input);
        if (watermark_ms > input->watermark_ms) {
            input->watermark_ms = watermark_ms;
            batch->marks[count++] = (struct sl_mark){mark.row, watermark_ms};
        }
    }
    batch->mark_count = count;
}

static int
recovered_take_batch(struct sl_subtask *subtask, struct sl_recovered_input *input,
                     struct sl_recovered_channel *channel, struct sl_batch *batch,
                     struct sl_error *err)
{
    struct sl_element element = {.kind = SL_MESSAGE_BATCH, .input = channel->input};

    recovered_rewrite_marks(input, channel, batch);
    element.batch = recovered_filter(subtask, channel, batch);
    sl_ring_measure_batch(element.batch);
    if (sl_batch_live_count(element.batch) == 0 && element.batch->mark_count == 0) {
        sl_batch_unref(element.batch);
        return SL_OK;
    }
    sl_counter_add(&subtask->counters.rows_in, sl_batch_live_count(element.batch));
    sl_counter_add(&subtask->counters.bytes_in, sl_ring_batch_bytes(element.batch));
    SL_TRY(sl_chain_push(subtask, input->link, &element, err));
    return SL_OK;
}

static int
recovered_take(struct sl_subtask *subtask, struct sl_recovered_input *input,
               struct sl_recovered_channel *channel, const struct sl_stored_message *message,
               struct sl_error *err)
{
    switch ((enum sl_message_kind)message->kind) {
    case SL_MESSAGE_BATCH:
        return recovered_take_batch(subtask, input, channel, message->batch, err);
    case SL_MESSAGE_WATERMARK:
        channel->watermark_ms = SL_MAX(channel->watermark_ms, message->value);
        return recovered_update(subtask, input, err);
    case SL_MESSAGE_IDLE:
    case SL_MESSAGE_ACTIVE:
        channel->idle = message->kind == SL_MESSAGE_IDLE;
        return recovered_update(subtask, input, err);
    case SL_MESSAGE_BARRIER:
    case SL_MESSAGE_END:
        break;
    }
    return SL_ERROR(err, SL_E_DATA_CORRUPTED, "a stored message of operator %s cannot be read",
                    channel->reader.channel->operator_uid);
}

/* All of it is read: what follows, the next generation or the real inputs, falls not behind it. */
static int
recovered_end_input(struct sl_subtask *subtask, struct sl_recovered_input *input,
                    struct sl_error *err)
{
    struct sl_recovered *recovered = &subtask->recovered;
    int rc = SL_OK;

    if (input->all_idle)
        rc = recovered_send(subtask, input, SL_MESSAGE_ACTIVE, 0, err);
    if (input->link == 0)
        subtask->watermark_ms = SL_MAX(subtask->watermark_ms, input->watermark_ms);
    recovered->next_input++;
    if (!sl_recovered_is_left(subtask))
        sl_recovered_free(subtask);
    else if (input[1].link == input->link)
        input[1].watermark_ms = input->watermark_ms;
    return rc;
}

int
sl_recovered_step(struct sl_subtask *subtask, struct sl_error *err)
{
    struct sl_recovered *recovered = &subtask->recovered;
    struct sl_recovered_input *input = &recovered->inputs[recovered->next_input];

    if (!sl_recovered_is_left(subtask))
        return SL_AGAIN;
    for (size_t i = 0; i < input->channel_count; i++) {
        struct sl_recovered_channel *channel =
            &input->channels[input->next_channel++ % input->channel_count];
        struct sl_stored_message message;
        int rc;

        if (channel->is_read)
            continue;
        rc = sl_channel_read(&channel->reader, subtask->context.pool, &message, err);
        if (rc == SL_OK)
            return recovered_take(subtask, input, channel, &message, err);
        if (rc < 0)
            return rc;
        channel->is_read = true;
    }
    return recovered_end_input(subtask, input, err);
}
