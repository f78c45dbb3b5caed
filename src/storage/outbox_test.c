/* Segments of an outbox: what was added comes back, small or larger than what is kept in memory. */
#include "storage/outbox.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static struct sl_env *env;
static char directory[] = "/tmp/outbox_test.XXXXXX";

static void
start(void)
{
    env = sl_env_system_new(2, false);
    cr_assert_not_null(mkdtemp(directory));
}

static void
stop(void)
{
    char command[128];

    sl_env_system_free(env);
    snprintf(command, sizeof(command), "rm -rf %s", directory);
    cr_expect_eq(system(command), 0);
}

TestSuite(outbox, .init = start, .fini = stop);

static void
fill(char *to, uint32_t i, size_t length)
{
    memset(to, 'a' + (int)(i % 26), length);
    memcpy(to, &i, sizeof(i));
}

/* `count` records whose values have `length` bytes; every third without a key. */
static int
write_segment(uint32_t count, size_t length, struct sl_manifest_file *file, struct sl_error *err)
{
    struct sl_outbox_writer writer;
    struct sl_outbox_segment *segment;
    char *value = sl_alloc(length);
    int rc;

    sl_outbox_writer_init(&writer, env, directory);
    for (uint32_t i = 0; i < count; i++) {
        struct sl_record record = {.value = value,
                                   .value_length = (uint32_t)length,
                                   .key = "key",
                                   .key_length = i % 3 ? 3 : SL_RECORD_NULL,
                                   .timestamp_us = i};

        fill(value, i, length);
        sl_outbox_add(&writer, &record, i % 2 ? SL_TEXT("aside") : SL_TEXT(""));
    }
    cr_expect_geq(sl_outbox_size(&writer), count * length);
    segment = sl_outbox_end(&writer);
    cr_assert_not_null(segment);
    cr_expect_eq(sl_outbox_size(&writer), 0);
    cr_expect_null(sl_outbox_end(&writer), "nothing was added");
    file->name = "segment";
    rc = sl_outbox_segment_store(segment, directory, file->name, &file->sum, err);
    sl_outbox_segment_unref(segment);
    sl_outbox_writer_done(&writer);
    free(value);
    return rc;
}

static void
expect_record(const struct sl_records *records, uint32_t at, uint32_t i, const char *value,
              size_t length)
{
    const struct sl_record *record = &records->items[at];

    cr_assert_eq(record->value_length, length);
    cr_assert_eq(memcmp(record->value, value, length), 0, "record %u", i);
    cr_assert_eq(record->key_length, i % 3 ? 3 : SL_RECORD_NULL);
    cr_assert_eq(record->timestamp_us, i);
    cr_assert(sl_text_equal(records->asides[at], i % 2 ? SL_TEXT("aside") : SL_TEXT("")));
}

static void
expect_segment(const struct sl_manifest_file *file, uint32_t count, size_t length)
{
    struct sl_outbox_reader reader;
    struct sl_records records;
    struct sl_arena arena;
    struct sl_error err;
    char *value = sl_alloc(length);
    uint32_t i = 0;

    sl_arena_init(&arena);
    cr_assert_eq(sl_outbox_reader_open(&reader, directory, file, &err), SL_OK);
    while (sl_outbox_next_chunk(&reader, &arena, &records, &err) == SL_OK) {
        for (uint32_t k = 0; k < records.count; k++, i++) {
            fill(value, i, length);
            expect_record(&records, k, i, value, length);
        }
        sl_arena_reset(&arena);
    }
    cr_expect_eq(i, count);
    sl_outbox_reader_close(&reader);
    sl_arena_done(&arena);
    free(value);
}

Test(outbox, small)
{
    struct sl_manifest_file file;
    struct sl_error err;

    cr_assert_eq(write_segment(10, 20, &file, &err), SL_OK, "%s", err.text);
    expect_segment(&file, 10, 20);
}

Test(outbox, many_records)
{
    struct sl_manifest_file file;
    struct sl_error err;

    cr_assert_eq(write_segment(3 * SL_OUTBOX_CHUNK_RECORDS + 7, 8, &file, &err), SL_OK);
    expect_segment(&file, 3 * SL_OUTBOX_CHUNK_RECORDS + 7, 8);
}

/* Five chunks and a half; twice, the second over what a failed attempt left. */
Test(outbox, larger_than_memory)
{
    struct sl_manifest_file file;
    struct sl_error err;

    for (int i = 0; i < 2; i++) {
        cr_assert_eq(write_segment(220, 100000, &file, &err), SL_OK, "%s", err.text);
        cr_expect_gt(file.sum.size, 5 * SL_OUTBOX_CHUNK_BYTES);
        expect_segment(&file, 220, 100000);
    }
}

Test(outbox, damage_is_seen_before_anything_is_published)
{
    struct sl_manifest_file file;
    struct sl_outbox_reader reader;
    struct sl_error err;
    char path[128];
    int fd;

    cr_assert_eq(write_segment(220, 100000, &file, &err), SL_OK);
    snprintf(path, sizeof(path), "%s/segment", directory);
    fd = open(path, O_WRONLY);
    cr_assert_eq(pwrite(fd, "?", 1, (off_t)file.sum.size - 100), 1);
    close(fd);
    cr_expect_eq(sl_outbox_reader_open(&reader, directory, &file, &err), SL_E_DATA_CORRUPTED);
    sl_outbox_reader_close(&reader);
}
