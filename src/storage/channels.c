/* The file of a subtask's channels: see channels.h.
 *
 *     message:  length (4, of what follows), kind (1), value (8), and of a batch
 *               row count (4), flags (1), split (4), mark count (4), [kinds (1 a row)],
 *               [positions (8 a row)], marks (row 4, time 8), rows (length 4, packed row)
 *
 * Integers are big-endian.  A batch is stored with its live rows alone; marks count those. */
#include "storage/channels.h"

#include "base/buffer.h"
#include "base/fault.h"
#include "data/row.h"
#include "storage/snapshot.h"

#include <stdlib.h>

enum { CHANNEL_HAS_KINDS = 1, CHANNEL_HAS_POSITIONS = 2 };

/* --- writing --- */

/* The columns that batches of a channel have, all the same ones. */
struct channel_columns {
    const struct sl_type **types; /* NULL: not there */
    size_t count;
    const struct sl_row_layout *layout; /* of those that are */
};

static void
channel_find_columns(struct sl_arena *arena, const struct sl_channel_data *data,
                     struct channel_columns *columns)
{
    const struct sl_batch *first = NULL;
    const struct sl_type **present;
    size_t count = 0;

    *columns = (struct channel_columns){0};
    for (size_t i = 0; i < data->message_count && !first; i++)
        first = data->messages[i].batch;
    if (!first)
        return;
    columns->count = first->column_count;
    columns->types = SL_NEW_ARRAY(arena, const struct sl_type *, columns->count + 1);
    present = SL_NEW_ARRAY(arena, const struct sl_type *, columns->count + 1);
    for (size_t c = 0; c < columns->count; c++) {
        columns->types[c] = first->columns[c] ? first->columns[c]->type : NULL;
        if (columns->types[c])
            present[count++] = columns->types[c];
    }
    columns->layout = sl_row_layout_new(arena, present, count);
}

/* Marks by live row: what comes before a row that is not live comes before the next one that is. */
static void
channel_add_marks(const struct sl_batch *batch, struct sl_buffer *to)
{
    size_t live = sl_batch_live_count(batch), at = 0;

    for (uint32_t i = 0; i < batch->mark_count; i++) {
        while (at < live && sl_batch_row(batch, at) < batch->marks[i].row)
            at++;
        sl_buffer_add_u32(to, (uint32_t)at);
        sl_buffer_add_u64(to, (uint64_t)batch->marks[i].time_ms);
    }
}

static void
channel_add_rows(const struct channel_columns *columns, const struct sl_batch *batch,
                 struct sl_buffer *to)
{
    struct sl_column **present = sl_alloc((columns->count + 1) * sizeof(struct sl_column *));
    size_t count = 0;

    SL_ASSERT(batch->column_count == columns->count);
    for (size_t c = 0; c < columns->count; c++) {
        SL_ASSERT((batch->columns[c] != NULL) == (columns->types[c] != NULL));
        if (batch->columns[c])
            present[count++] = batch->columns[c];
    }
    for (size_t i = 0; i < sl_batch_live_count(batch); i++) {
        size_t start = to->length;

        sl_buffer_add_u32(to, 0);
        sl_row_pack(columns->layout, present, sl_batch_row(batch, i), to);
        sl_buffer_set_u32(to, start, (uint32_t)(to->length - start - 4));
    }
    free(present);
}

static void
channel_add_batch(const struct channel_columns *columns, const struct sl_batch *batch,
                  struct sl_buffer *to)
{
    size_t live = sl_batch_live_count(batch);

    sl_buffer_add_u32(to, (uint32_t)live);
    sl_buffer_add_byte(to, (char)((batch->kinds ? CHANNEL_HAS_KINDS : 0) |
                                  (batch->positions ? CHANNEL_HAS_POSITIONS : 0)));
    sl_buffer_add_u32(to, (uint32_t)batch->split);
    sl_buffer_add_u32(to, batch->mark_count);
    for (size_t i = 0; batch->kinds && i < live; i++)
        sl_buffer_add_byte(to, (char)batch->kinds[sl_batch_row(batch, i)]);
    for (size_t i = 0; batch->positions && i < live; i++)
        sl_buffer_add_u64(to, (uint64_t)batch->positions[sl_batch_row(batch, i)]);
    channel_add_marks(batch, to);
    channel_add_rows(columns, batch, to);
}

static void
channel_add_message(const struct channel_columns *columns, const struct sl_stored_message *message,
                    struct sl_buffer *to)
{
    size_t start = to->length;

    sl_buffer_add_u32(to, 0);
    sl_buffer_add_byte(to, (char)message->kind);
    sl_buffer_add_u64(to, (uint64_t)message->value);
    if (message->batch)
        channel_add_batch(columns, message->batch, to);
    sl_buffer_set_u32(to, start, (uint32_t)(to->length - start - 4));
}

static void
channel_describe(struct sl_arena *arena, const struct sl_channel_data *data,
                 const struct channel_columns *columns, struct sl_manifest_channel *channel)
{
    size_t count = data->stored ? data->stored->column_count : columns->count;

    channel->operator_uid = sl_arena_strdup(arena, data->operator_uid);
    channel->input = data->input;
    channel->generation = data->generation;
    channel->watermark_ms = data->watermark_ms;
    channel->is_idle = data->is_idle;
    channel->column_count = count;
    channel->columns = SL_NEW_ARRAY(arena, const char *, count + 1);
    for (size_t c = 0; c < count; c++)
        channel->columns[c] = data->stored        ? sl_arena_strdup(arena, data->stored->columns[c])
                              : columns->types[c] ? sl_type_text(arena, columns->types[c])
                                                  : "";
}

int
sl_channels_write(struct sl_checkpoint_part *part, const struct sl_channel_data *channels,
                  size_t count, const char *directory, const char *name, struct sl_error *err)
{
    struct sl_manifest_subtask *subtask = &part->subtask;
    struct sl_buffer bytes;
    int rc;

    sl_buffer_init(&bytes, SIZE_MAX / 2);
    subtask->channels = SL_NEW_ARRAY(&part->arena, struct sl_manifest_channel, count + 1);
    subtask->channel_count = count;
    for (size_t i = 0; i < count; i++) {
        const struct sl_channel_data *data = &channels[i];
        struct sl_manifest_channel *channel = &subtask->channels[i];
        struct channel_columns columns;

        SL_ASSERT(!data->stored || data->message_count == 0);
        channel_find_columns(&part->arena, data, &columns);
        channel_describe(&part->arena, data, &columns, channel);
        channel->offset = bytes.length;
        sl_buffer_add_text(&bytes, data->rest);
        for (size_t k = 0; k < data->message_count; k++)
            channel_add_message(&columns, &data->messages[k], &bytes);
        channel->size = bytes.length - channel->offset;
    }
    subtask->channel_file.name = sl_arena_strdup(&part->arena, name);
    rc = sl_checkpoint_write_file(directory, name, sl_buffer_text(&bytes),
                                  &subtask->channel_file.sum, err);
    part->written_bytes += bytes.length;
    sl_buffer_done(&bytes);
    sl_fault_point("channels-written");
    return rc;
}

/* --- reading --- */

int
sl_channel_reader_init(struct sl_channel_reader *reader, struct sl_arena *arena,
                       const struct sl_manifest_channel *channel, struct sl_text file,
                       struct sl_error *err)
{
    const struct sl_type **present =
        SL_NEW_ARRAY(arena, const struct sl_type *, channel->column_count + 1);
    size_t count = 0;

    if (channel->offset > file.length || channel->size > file.length - channel->offset)
        return SL_ERROR(err, SL_E_DATA_CORRUPTED, "a channel of operator %s lies outside its file",
                        channel->operator_uid);
    *reader = (struct sl_channel_reader){
        .channel = channel,
        .rest = {file.start + channel->offset, channel->size},
        .types = SL_NEW_ARRAY(arena, const struct sl_type *, channel->column_count + 1),
    };
    for (size_t c = 0; c < channel->column_count; c++) {
        if (channel->columns[c][0] == '\0')
            continue;
        SL_TRY(sl_type_parse(arena, sl_text_of(channel->columns[c]), &reader->types[c], err));
        present[count++] = reader->types[c];
    }
    reader->layout = sl_row_layout_new(arena, present, count);
    reader->present_count = count;
    return SL_OK;
}

/* What is left of a message. */
struct channel_bytes {
    struct sl_text text;
    bool is_short; /* something was asked for that is not there */
};

static const char *
channel_take(struct channel_bytes *bytes, size_t size)
{
    static const char zeros[8];
    const char *start = bytes->text.start;

    if (size > bytes->text.length) {
        bytes->is_short = true;
        return size <= sizeof(zeros) ? zeros : NULL;
    }
    bytes->text.start += size;
    bytes->text.length -= size;
    return start;
}

static uint64_t
channel_take_integer(struct channel_bytes *bytes, size_t size)
{
    const unsigned char *at = (const unsigned char *)channel_take(bytes, size);
    uint64_t value = 0;

    for (size_t i = 0; i < size; i++)
        value = value << 8 | at[i];
    return value;
}

struct channel_head {
    size_t row_count, mark_count;
    unsigned flags;
    int32_t split;
};

static void
channel_read_head(struct channel_bytes *bytes, struct channel_head *head)
{
    head->row_count = (size_t)channel_take_integer(bytes, 4);
    head->flags = (unsigned)channel_take_integer(bytes, 1);
    head->split = (int32_t)channel_take_integer(bytes, 4);
    head->mark_count = (size_t)channel_take_integer(bytes, 4);
    bytes->is_short |= head->row_count > SL_BATCH_ROWS_MAX;
    bytes->is_short |= head->mark_count > bytes->text.length / 12;
}

static void
channel_read_asides(struct channel_bytes *bytes, const struct channel_head *head,
                    struct sl_pool *pool, struct sl_batch *batch)
{
    if (head->flags & CHANNEL_HAS_KINDS) {
        uint8_t *kinds = sl_batch_add_kinds(batch, pool);

        for (size_t i = 0; i < head->row_count; i++) {
            kinds[i] = (uint8_t)channel_take_integer(bytes, 1);
            bytes->is_short |= kinds[i] > SL_ROW_DELETE;
        }
    }
    if (head->flags & CHANNEL_HAS_POSITIONS) {
        int64_t *positions = sl_batch_add_positions(batch, pool);

        for (size_t i = 0; i < head->row_count; i++)
            positions[i] = (int64_t)channel_take_integer(bytes, 8);
    }
    if (head->mark_count > 0) {
        struct sl_mark *marks = sl_batch_add_marks(batch, pool, head->mark_count);

        for (size_t i = 0; i < head->mark_count; i++) {
            marks[i].row = (uint32_t)channel_take_integer(bytes, 4);
            marks[i].time_ms = (int64_t)channel_take_integer(bytes, 8);
            bytes->is_short |= marks[i].row > head->row_count;
        }
    }
}

/* The packed rows into the columns that are there. */
static int
channel_read_rows(const struct sl_channel_reader *reader, struct channel_bytes *bytes,
                  size_t row_count, struct sl_pool *pool, struct sl_batch *batch,
                  struct sl_error *err)
{
    struct sl_text *rows = sl_alloc((row_count + 1) * sizeof(*rows));
    struct sl_column **columns = sl_alloc((reader->present_count + 1) * sizeof(struct sl_column *));
    size_t at = 0;
    int rc = SL_OK;

    for (size_t i = 0; i < row_count && !bytes->is_short; i++) {
        rows[i].length = (size_t)channel_take_integer(bytes, 4);
        rows[i].start = channel_take(bytes, rows[i].length);
    }
    if (!bytes->is_short)
        rc = sl_row_unpack(reader->layout, pool, rows, row_count, columns, err);
    for (size_t c = 0; c < batch->column_count && rc == SL_OK && !bytes->is_short; c++) {
        if (reader->types[c])
            sl_batch_set_column(batch, c, columns[at++]);
    }
    free(columns);
    free(rows);
    return rc;
}

static int
channel_damaged(const struct sl_channel_reader *reader, struct sl_error *err)
{
    return SL_ERROR(err, SL_E_DATA_CORRUPTED, "a stored message of operator %s cannot be read",
                    reader->channel->operator_uid);
}

static int
channel_read_batch(const struct sl_channel_reader *reader, struct channel_bytes *bytes,
                   struct sl_pool *pool, struct sl_batch **ret_batch, struct sl_error *err)
{
    struct channel_head head;
    struct sl_batch *batch;
    int rc = SL_OK;

    channel_read_head(bytes, &head);
    if (bytes->is_short)
        return channel_damaged(reader, err);
    batch = sl_batch_new(pool, reader->channel->column_count, head.row_count);
    batch->split = head.split;
    channel_read_asides(bytes, &head, pool, batch);
    if (!bytes->is_short)
        rc = channel_read_rows(reader, bytes, head.row_count, pool, batch, err);
    if (rc == SL_OK && (bytes->is_short || bytes->text.length > 0))
        rc = channel_damaged(reader, err);
    if (rc < 0)
        sl_batch_unref(batch);
    else
        *ret_batch = batch;
    return rc;
}

int
sl_channel_read(struct sl_channel_reader *reader, struct sl_pool *pool,
                struct sl_stored_message *ret_message, struct sl_error *err)
{
    struct channel_bytes all = {reader->rest, false}, one = {0};
    struct sl_stored_message message = {0};
    size_t size;

    if (reader->rest.length == 0)
        return SL_EOF;
    size = (size_t)channel_take_integer(&all, 4);
    if (size > all.text.length)
        return channel_damaged(reader, err);
    one.text = (struct sl_text){all.text.start, size};
    message.kind = (uint8_t)channel_take_integer(&one, 1);
    message.value = (int64_t)channel_take_integer(&one, 8);
    if (one.is_short)
        return channel_damaged(reader, err);
    if (message.kind == 0)
        SL_TRY(channel_read_batch(reader, &one, pool, &message.batch, err));
    reader->rest = (struct sl_text){all.text.start + size, all.text.length - size};
    *ret_message = message;
    return SL_OK;
}
