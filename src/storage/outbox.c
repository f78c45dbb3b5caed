/* Segments of an outbox: see outbox.h. */
#include "storage/outbox.h"

enum { OUTBOX_CHUNK_HEAD = 12, OUTBOX_RECORD_HEAD = 20 };

void
sl_outbox_writer_init(struct sl_outbox_writer *writer)
{
    *writer = (struct sl_outbox_writer){0};
    sl_buffer_init(&writer->bytes, SIZE_MAX / 2);
}

void
sl_outbox_writer_done(struct sl_outbox_writer *writer)
{
    sl_buffer_done(&writer->bytes);
}

void
sl_outbox_seal(struct sl_outbox_writer *writer)
{
    char *head = writer->bytes.data + writer->chunk_start;
    uint64_t size;

    if (writer->chunk_records == 0)
        return;
    size = writer->bytes.length - writer->chunk_start - OUTBOX_CHUNK_HEAD;
    memcpy(head, &writer->chunk_records, sizeof(writer->chunk_records));
    memcpy(head + 4, &size, sizeof(size));
    writer->chunk_records = 0;
}

static void
outbox_begin_chunk(struct sl_outbox_writer *writer)
{
    static const char head[OUTBOX_CHUNK_HEAD];

    writer->chunk_start = writer->bytes.length;
    sl_buffer_add(&writer->bytes, head, sizeof(head));
}

void
sl_outbox_add(struct sl_outbox_writer *writer, const struct sl_record *record, struct sl_text aside)
{
    uint32_t aside_length = (uint32_t)aside.length;

    if (writer->chunk_records == 0)
        outbox_begin_chunk(writer);
    sl_buffer_add(&writer->bytes, &record->key_length, sizeof(record->key_length));
    sl_buffer_add(&writer->bytes, &record->value_length, sizeof(record->value_length));
    sl_buffer_add(&writer->bytes, &aside_length, sizeof(aside_length));
    sl_buffer_add(&writer->bytes, &record->timestamp_us, sizeof(record->timestamp_us));
    if (record->key_length != SL_RECORD_NULL)
        sl_buffer_add(&writer->bytes, record->key, record->key_length);
    if (record->value_length != SL_RECORD_NULL)
        sl_buffer_add(&writer->bytes, record->value, record->value_length);
    sl_buffer_add_text(&writer->bytes, aside);
    writer->chunk_records++;
    if (writer->chunk_records == SL_OUTBOX_CHUNK_RECORDS ||
        writer->bytes.length - writer->chunk_start >= SL_OUTBOX_CHUNK_BYTES)
        sl_outbox_seal(writer);
}

static int
outbox_damaged(struct sl_error *err)
{
    return SL_ERROR(err, SL_E_DATA_CORRUPTED, "a segment of an outbox is damaged");
}

/* Takes `length` bytes off the front; NULL for SL_RECORD_NULL.  False: there are not so many. */
static bool
outbox_take(struct sl_text *bytes, uint32_t length, const char **ret_start)
{
    *ret_start = NULL;
    if (length == SL_RECORD_NULL)
        return true;
    if (length > bytes->length)
        return false;
    *ret_start = bytes->start;
    bytes->start += length;
    bytes->length -= length;
    return true;
}

static bool
outbox_read_record(struct sl_text *bytes, struct sl_record *record, struct sl_text *ret_aside)
{
    uint32_t aside_length;

    if (bytes->length < OUTBOX_RECORD_HEAD)
        return false;
    memcpy(&record->key_length, bytes->start, 4);
    memcpy(&record->value_length, bytes->start + 4, 4);
    memcpy(&aside_length, bytes->start + 8, 4);
    memcpy(&record->timestamp_us, bytes->start + 12, 8);
    ret_aside->length = aside_length;
    bytes->start += OUTBOX_RECORD_HEAD;
    bytes->length -= OUTBOX_RECORD_HEAD;
    return outbox_take(bytes, record->key_length, &record->key) &&
           outbox_take(bytes, record->value_length, &record->value) &&
           aside_length != SL_RECORD_NULL && outbox_take(bytes, aside_length, &ret_aside->start);
}

int
sl_outbox_next_chunk(struct sl_outbox_reader *reader, struct sl_arena *arena,
                     struct sl_records *ret_records, struct sl_error *err)
{
    struct sl_text rest = {reader->bytes.start + reader->next, reader->bytes.length - reader->next};
    struct sl_text chunk, *asides;
    uint32_t count;
    uint64_t size;

    if (rest.length == 0)
        return SL_EOF;
    if (rest.length < OUTBOX_CHUNK_HEAD)
        return outbox_damaged(err);
    memcpy(&count, rest.start, sizeof(count));
    memcpy(&size, rest.start + 4, sizeof(size));
    if (size > rest.length - OUTBOX_CHUNK_HEAD || count > size / OUTBOX_RECORD_HEAD)
        return outbox_damaged(err);
    chunk = (struct sl_text){rest.start + OUTBOX_CHUNK_HEAD, size};
    *ret_records = (struct sl_records){
        .items = SL_NEW_ARRAY(arena, struct sl_record, count), .count = count, .bytes = size};
    ret_records->asides = asides = SL_NEW_ARRAY(arena, struct sl_text, count);
    for (uint32_t i = 0; i < count; i++) {
        if (!outbox_read_record(&chunk, &ret_records->items[i], &asides[i]))
            return outbox_damaged(err);
    }
    if (chunk.length > 0)
        return outbox_damaged(err);
    reader->next += OUTBOX_CHUNK_HEAD + size;
    reader->chunk++;
    return SL_OK;
}
