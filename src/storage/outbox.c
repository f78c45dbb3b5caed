/* Segments of an outbox: see outbox.h. */
#include "storage/outbox.h"

#include "storage/checkpoint_files.h"
#include "storage/outbox_segment.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include <xxhash.h>

enum { OUTBOX_CHUNK_HEAD = 12, OUTBOX_RECORD_HEAD = 20 };

void
sl_outbox_writer_init(struct sl_outbox_writer *writer, struct sl_env *env, const char *directory)
{
    *writer = (struct sl_outbox_writer){.env = env, .directory = directory};
    sl_buffer_init(&writer->bytes, SIZE_MAX / 2);
}

void
sl_outbox_writer_done(struct sl_outbox_writer *writer)
{
    sl_outbox_segment_unref(writer->segment);
    sl_buffer_done(&writer->bytes);
}

/* What is there goes to the segment. */
static void
outbox_hand_on(struct sl_outbox_writer *writer)
{
    if (!writer->segment)
        writer->segment = sl_outbox_segment_new(writer->env, writer->directory);
    writer->segment_bytes += writer->bytes.length;
    sl_outbox_segment_add(writer->segment, &writer->bytes);
}

static void
outbox_seal(struct sl_outbox_writer *writer)
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

uint64_t
sl_outbox_size(const struct sl_outbox_writer *writer)
{
    return writer->segment_bytes + writer->bytes.length;
}

struct sl_outbox_segment *
sl_outbox_end(struct sl_outbox_writer *writer)
{
    struct sl_outbox_segment *segment;

    outbox_seal(writer);
    if (writer->bytes.length > 0)
        outbox_hand_on(writer);
    segment = writer->segment;
    writer->segment = NULL;
    writer->segment_bytes = 0;
    return segment;
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
        outbox_seal(writer);
    if (writer->chunk_records == 0 && writer->bytes.length >= SL_OUTBOX_CHUNK_BYTES)
        outbox_hand_on(writer);
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

/* --- the file --- */

enum { OUTBOX_READ = 256 * 1024 };

/* Exactly so many bytes at `at`; XX001: there are fewer. */
static int
outbox_read(const struct sl_outbox_reader *reader, uint64_t at, void *to, size_t size,
            struct sl_error *err)
{
    char *bytes = to;

    while (size > 0) {
        ssize_t n = pread(reader->fd, bytes, size, (off_t)at);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return sl_files_error(err, "read", "a segment of an outbox");
        if (n == 0)
            return outbox_damaged(err);
        bytes += n;
        at += (uint64_t)n;
        size -= (size_t)n;
    }
    return SL_OK;
}

static int
outbox_verify(const struct sl_outbox_reader *reader, const struct sl_file_sum *sum,
              struct sl_error *err)
{
    XXH3_state_t *state = XXH3_createState();
    char *bytes = sl_alloc(OUTBOX_READ);
    int rc = SL_OK;

    XXH3_64bits_reset(state);
    for (uint64_t at = 0; at < sum->size && rc == SL_OK; at += OUTBOX_READ) {
        size_t size = SL_MIN((size_t)OUTBOX_READ, sum->size - at);

        rc = outbox_read(reader, at, bytes, size, err);
        XXH3_64bits_update(state, bytes, size);
    }
    if (rc == SL_OK && XXH3_64bits_digest(state) != sum->checksum)
        rc = outbox_damaged(err);
    free(bytes);
    XXH3_freeState(state);
    return rc;
}

int
sl_outbox_reader_open(struct sl_outbox_reader *reader, const char *directory,
                      const struct sl_manifest_file *file, struct sl_error *err)
{
    char path[SL_CHECKPOINT_PATH_MAX + 256];
    int rc;

    snprintf(path, sizeof(path), "%s/%s", directory, file->name);
    *reader = (struct sl_outbox_reader){.size = file->sum.size, .chunk = 1};
    reader->fd = open(path, O_RDONLY | O_CLOEXEC);
    if (reader->fd < 0)
        return sl_files_error(err, "open", path);
    rc = outbox_verify(reader, &file->sum, err);
    return rc < 0 ? sl_error_prefix(err, "%s", path) : SL_OK;
}

void
sl_outbox_reader_close(struct sl_outbox_reader *reader)
{
    if (reader->fd >= 0)
        close(reader->fd);
    reader->fd = -1;
}

/* The next chunk's bytes, in the arena. */
static int
outbox_read_chunk(struct sl_outbox_reader *reader, struct sl_arena *arena, uint32_t *ret_count,
                  struct sl_text *ret_chunk, struct sl_error *err)
{
    uint64_t rest = reader->size - reader->next, size;
    char head[OUTBOX_CHUNK_HEAD], *bytes;

    if (rest == 0)
        return SL_EOF;
    if (rest < sizeof(head))
        return outbox_damaged(err);
    SL_TRY(outbox_read(reader, reader->next, head, sizeof(head), err));
    memcpy(ret_count, head, sizeof(*ret_count));
    memcpy(&size, head + 4, sizeof(size));
    if (size > rest - sizeof(head) || *ret_count > size / OUTBOX_RECORD_HEAD)
        return outbox_damaged(err);
    bytes = sl_arena_alloc_raw(arena, size + 1);
    SL_TRY(outbox_read(reader, reader->next + sizeof(head), bytes, size, err));
    reader->next += sizeof(head) + size;
    *ret_chunk = (struct sl_text){bytes, size};
    return SL_OK;
}

int
sl_outbox_next_chunk(struct sl_outbox_reader *reader, struct sl_arena *arena,
                     struct sl_records *ret_records, struct sl_error *err)
{
    struct sl_text chunk = {0}, *asides;
    uint32_t count = 0;
    int rc = outbox_read_chunk(reader, arena, &count, &chunk, err);

    if (rc != SL_OK)
        return rc;
    *ret_records = (struct sl_records){.items = SL_NEW_ARRAY(arena, struct sl_record, count),
                                       .count = count,
                                       .bytes = chunk.length};
    ret_records->asides = asides = SL_NEW_ARRAY(arena, struct sl_text, count);
    for (uint32_t i = 0; i < count; i++) {
        if (!outbox_read_record(&chunk, &ret_records->items[i], &asides[i]))
            return outbox_damaged(err);
    }
    if (chunk.length > 0)
        return outbox_damaged(err);
    reader->chunk++;
    return SL_OK;
}
