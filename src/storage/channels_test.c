/* Channels of an unaligned checkpoint: what was written comes back from the manifest and the file,
 * message by message, and damage is found. */
#include "storage/channels.h"

#include "storage/savepoint.h"
#include "storage/snapshot.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static struct sl_pool *pool;
static struct sl_error err;
static struct sl_arena arena;
static char directory[64];
static struct sl_checkpoint_part *part;

static void
set_up(void)
{
    pool = sl_pool_new();
    sl_arena_init(&arena);
    part = sl_alloc_zeroed(sizeof(*part));
    sl_arena_init(&part->arena);
    part->subtask.task_uid = "task";
    part->subtask.parallelism = 1;
    strcpy(directory, "/tmp/sluice-channels-XXXXXX");
    cr_assert_not_null(mkdtemp(directory));
}

static void
tear_down(void)
{
    char command[128];

    snprintf(command, sizeof(command), "rm -rf %s", directory);
    cr_assert_eq(system(command), 0);
    sl_checkpoint_part_free(part);
    sl_arena_done(&arena);
    cr_assert_eq(sl_pool_used_bytes(pool), 0);
    sl_pool_free(pool);
}

TestSuite(channels, .init = set_up, .fini = tear_down);

/* Four rows (1, "one" …), the third NULL; rows 1 … 3 are live, with kinds, positions, two marks. */
static struct sl_batch *
make_batch(void)
{
    static const char *const words[] = {"one", "two, which is longer than a view", "x", "four"};
    struct sl_batch *batch = sl_batch_new(pool, 2, 4);
    struct sl_column *numbers = sl_column_new(pool, &sl_type_bigint, 4, true);
    struct sl_column *strings = sl_column_new(pool, &sl_type_string, 4, false);
    struct sl_mark *marks = sl_batch_add_marks(batch, pool, 2);
    uint8_t *kinds = sl_batch_add_kinds(batch, pool);
    int64_t *positions = sl_batch_add_positions(batch, pool);
    uint16_t *selection = sl_batch_add_selection(batch, pool);

    for (size_t i = 0; i < 4; i++) {
        ((int64_t *)numbers->values)[i] = (int64_t)i + 1;
        ((struct sl_view *)strings->values)[i] = sl_view_of(words[i], strlen(words[i]));
        kinds[i] = (uint8_t)i;
        positions[i] = 100 + (int64_t)i;
    }
    sl_validity_set(numbers->validity, 2, false);
    sl_batch_set_column(batch, 0, numbers);
    sl_batch_set_column(batch, 1, strings);
    marks[0] = (struct sl_mark){2, -5};
    marks[1] = (struct sl_mark){4, 9};
    for (uint16_t i = 0; i < 3; i++)
        selection[i] = (uint16_t)(i + 1);
    batch->selection_count = 3;
    batch->split = 7;
    return batch;
}

static void
check_batch(const struct sl_batch *batch)
{
    const struct sl_column *numbers = batch->columns[0];
    const struct sl_view *strings = batch->columns[1]->values;

    cr_assert_eq(sl_batch_live_count(batch), 3);
    cr_assert_null(batch->selection);
    cr_assert_eq(batch->split, 7);
    cr_assert_eq(((const int64_t *)numbers->values)[0], 2);
    cr_assert(sl_column_is_null(numbers, 1));
    cr_assert_eq(((const int64_t *)numbers->values)[2], 4);
    cr_assert(
        sl_text_equal(sl_view_text(&strings[0]), SL_TEXT("two, which is longer than a view")));
    cr_assert(sl_text_equal(sl_view_text(&strings[2]), SL_TEXT("four")));
    for (size_t i = 0; i < 3; i++) {
        cr_assert_eq(batch->kinds[i], i + 1);
        cr_assert_eq(batch->positions[i], 101 + (int64_t)i);
    }
    cr_assert_eq(batch->mark_count, 2);
    cr_assert_eq(batch->marks[0].row, 1, "before the second live row");
    cr_assert_eq(batch->marks[0].time_ms, -5);
    cr_assert_eq(batch->marks[1].row, 3);
    cr_assert_eq(batch->marks[1].time_ms, 9);
}

/* Writes channels and manifest; the manifest as it is read back. */
static const struct sl_manifest *
write_channels(const struct sl_channel_data *data, size_t count)
{
    struct sl_manifest manifest = {
        .job_id = "job", .checkpoint_id = 3, .max_parallelism = 128, .subtask_count = 1};
    struct sl_manifest *read = NULL;

    cr_assert_eq(sl_channels_write(part, data, count, directory, "a.channels", &err), SL_OK);
    manifest.subtasks = &part->subtask;
    cr_assert_eq(sl_manifest_write(&manifest, directory, &err), SL_OK);
    cr_assert_eq(sl_manifest_read(&arena, directory, &read, &err), SL_OK, "%s", err.text);
    return read;
}

static char *
read_file(const struct sl_manifest_subtask *subtask)
{
    char *bytes = NULL;

    cr_assert_eq(sl_checkpoint_read_file(directory, &subtask->channel_file, &bytes, &err), SL_OK);
    return bytes;
}

static void
open_reader(struct sl_channel_reader *reader, const struct sl_manifest_subtask *subtask,
            size_t index, const char *file)
{
    cr_assert_eq(sl_channel_reader_init(reader, &arena, &subtask->channels[index],
                                        (struct sl_text){file, subtask->channel_file.sum.size},
                                        &err),
                 SL_OK, "%s", err.text);
}

/* A batch, then a watermark. */
static void
check_channel(struct sl_channel_reader *reader)
{
    struct sl_stored_message message;

    cr_assert_eq(sl_channel_read(reader, pool, &message, &err), SL_OK, "%s", err.text);
    check_batch(message.batch);
    sl_batch_unref(message.batch);
    cr_assert_eq(sl_channel_read(reader, pool, &message, &err), SL_OK);
    cr_assert_eq(message.kind, 1);
    cr_assert_eq(message.value, -77);
    cr_assert_eq(sl_channel_read(reader, pool, &message, &err), SL_EOF);
}

Test(channels, come_back_as_they_were)
{
    struct sl_stored_message messages[] = {{0, 0, make_batch()}, {1, -77, NULL}};
    struct sl_channel_data data[] = {
        {.operator_uid = "op",
         .input = 1,
         .generation = 2,
         .watermark_ms = INT64_MIN,
         .is_idle = true},
        {.operator_uid = "op", .watermark_ms = 42, .messages = messages, .message_count = 2},
    };
    const struct sl_manifest *manifest = write_channels(data, 2);
    const struct sl_manifest_subtask *subtask = &manifest->subtasks[0];
    struct sl_channel_reader reader;
    struct sl_stored_message message;
    char *file = read_file(subtask);

    cr_assert(sl_manifest_has_channels(manifest));
    cr_assert_eq(subtask->channel_count, 2);
    cr_assert_str_eq(subtask->channels[0].operator_uid, "op");
    cr_assert_eq(subtask->channels[0].input, 1);
    cr_assert_eq(subtask->channels[0].generation, 2);
    cr_assert_eq(subtask->channels[0].watermark_ms, INT64_MIN);
    cr_assert(subtask->channels[0].is_idle);
    cr_assert_eq(subtask->channels[1].watermark_ms, 42);
    cr_assert_not(subtask->channels[1].is_idle);
    open_reader(&reader, subtask, 0, file);
    cr_assert_eq(sl_channel_read(&reader, pool, &message, &err), SL_EOF);
    open_reader(&reader, subtask, 1, file);
    check_channel(&reader);
    free(file);
    sl_batch_unref(messages[0].batch);
}

/* A job that fails again before it has read them. */
Test(channels, what_was_not_read_is_stored_again)
{
    struct sl_stored_message messages[] = {{1, 5, NULL}, {0, 0, make_batch()}, {1, -77, NULL}};
    struct sl_channel_data data = {.operator_uid = "op", .messages = messages, .message_count = 3};
    const struct sl_manifest *manifest = write_channels(&data, 1);
    struct sl_channel_reader reader, again;
    struct sl_stored_message message;
    char *file = read_file(&manifest->subtasks[0]), *second;

    open_reader(&reader, &manifest->subtasks[0], 0, file);
    cr_assert_eq(sl_channel_read(&reader, pool, &message, &err), SL_OK);
    cr_assert_eq(message.value, 5);
    data = (struct sl_channel_data){
        .operator_uid = "op", .stored = reader.channel, .rest = reader.rest};
    manifest = write_channels(&data, 1);
    second = read_file(&manifest->subtasks[0]);
    open_reader(&again, &manifest->subtasks[0], 0, second);
    check_channel(&again);
    free(file);
    free(second);
    sl_batch_unref(messages[1].batch);
}

Test(channels, a_file_that_is_cut_or_changed_is_found)
{
    struct sl_stored_message messages[] = {{0, 0, make_batch()}};
    struct sl_channel_data data = {.operator_uid = "op", .messages = messages, .message_count = 1};
    const struct sl_manifest *manifest = write_channels(&data, 1);
    const struct sl_manifest_subtask *subtask = &manifest->subtasks[0];
    struct sl_manifest *ignored;
    struct sl_channel_reader reader;
    struct sl_stored_message message;
    char *file = read_file(subtask), path[128];
    size_t size = (size_t)subtask->channels[0].size;

    /* Whatever of it is missing, nothing is read beyond it. */
    for (size_t cut = 1; cut < size; cut++) {
        char *copy = sl_alloc(size - cut);

        memcpy(copy, file, size - cut);
        open_reader(&reader, subtask, 0, file);
        reader.rest = (struct sl_text){copy, size - cut};
        cr_assert_eq(sl_channel_read(&reader, pool, &message, &err), SL_E_DATA_CORRUPTED);
        free(copy);
    }
    snprintf(path, sizeof(path), "%s/a.channels", directory);
    file[size / 2] ^= 1;
    {
        FILE *to = fopen(path, "w");

        cr_assert_eq(fwrite(file, 1, size, to), size);
        fclose(to);
    }
    cr_assert_eq(sl_manifest_verify(manifest, directory, SL_MANIFEST_ALL, &err),
                 SL_E_DATA_CORRUPTED);
    cr_assert_eq(truncate(path, 3), 0);
    cr_assert_eq(sl_manifest_read(&arena, directory, &ignored, &err), SL_E_DATA_CORRUPTED);
    free(file);
    sl_batch_unref(messages[0].batch);
}

Test(channels, a_savepoint_of_them_is_refused)
{
    struct sl_stored_message messages[] = {{1, 5, NULL}};
    struct sl_channel_data data = {.operator_uid = "op", .messages = messages, .message_count = 1};
    char path[128];

    snprintf(path, sizeof(path), "%s/savepoint", directory);
    cr_assert_eq(sl_savepoint_write(write_channels(&data, 1), directory, path, &err),
                 SL_E_OBJECT_STATE);
    cr_assert_neq(access(path, F_OK), 0);
}
