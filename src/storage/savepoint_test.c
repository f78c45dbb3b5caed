/* Savepoints hold what the checkpoint held, and a byte that is another in any file of a checkpoint
 * or savepoint is found. */
#include "storage/savepoint.h"

#include <criterion/criterion.h>
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define JOB "0123456789abcdef0123456789abcdef"
#define NEW_JOB "fedcba9876543210fedcba9876543210"

enum { ROWS = 5000 };

static struct sl_error err;
static struct sl_arena arena;
static char data_directory[64];
static const char *checkpoint, *savepoint;

static const char *
directory_of(const char *job)
{
    char path[SL_CHECKPOINT_PATH_MAX];

    sl_checkpoint_path(data_directory, job, 1, path);
    return sl_arena_strdup(&arena, path);
}

static struct sl_text
row_key(int row)
{
    return sl_text_of(sl_arena_printf(&arena, "key %08d", row));
}

static struct sl_text
row_value(int row)
{
    return sl_text_of(sl_arena_printf(&arena, "a value that is somewhat longer: %d", row));
}

static void
write_table(const char *path, int row_count, struct sl_file_sum *ret_sum)
{
    struct sl_sst_writer *writer;

    cr_assert_eq(sl_sst_writer_open(path, &writer, &err), SL_OK, "%s", err.text);
    for (int i = 0; i < row_count; i++)
        cr_assert_eq(sl_sst_writer_put(writer, row_key(i), row_value(i), &err), SL_OK);
    cr_assert_eq(sl_sst_writer_finish(writer, ret_sum, &err), SL_OK, "%s", err.text);
    sl_sst_writer_free(writer);
}

/* One subtask with a table, one without rows, a blob; and a segment. */
static void
write_checkpoint(int row_count)
{
    struct sl_manifest_table tables[2] = {
        {"op", "rows", "(BIGINT) 8 bytes", {"0-0-0.1.sst", {0}}},
        {"op", "none", "(BIGINT) 8 bytes", {0}},
    };
    struct sl_manifest_blob blob = {"op", "watermark", {"12345678", 8}};
    struct sl_manifest_subtask subtask = {.task_uid = "op",
                                          .parallelism = 1,
                                          .key_group_count = 128,
                                          .tables = tables,
                                          .table_count = 2,
                                          .blobs = &blob,
                                          .blob_count = 1};
    struct sl_manifest_segment segment = {.sink_uid = "sink", .epoch = 1};
    struct sl_manifest manifest = {.job_id = JOB,
                                   .checkpoint_id = 1,
                                   .incarnation = 1,
                                   .max_parallelism = 128,
                                   .subtasks = &subtask,
                                   .subtask_count = 1,
                                   .segments = &segment,
                                   .segment_count = 1};

    cr_assert_eq(sl_checkpoint_make(data_directory, JOB, 1, &err), SL_OK, "%s", err.text);
    checkpoint = directory_of(JOB);
    write_table(sl_arena_printf(&arena, "%s/0-0-0.1.sst", checkpoint), row_count,
                &tables[0].file.sum);
    segment.file.name = "0-0-0.1.outbox";
    cr_assert_eq(sl_checkpoint_write_file(checkpoint, segment.file.name,
                                          SL_TEXT("records of an epoch"), &segment.file.sum, &err),
                 SL_OK);
    cr_assert_eq(sl_manifest_write(&manifest, checkpoint, &err), SL_OK, "%s", err.text);
}

static void
set_up(void)
{
    sl_arena_init(&arena);
    strcpy(data_directory, "/tmp/sluice-savepoint-XXXXXX");
    cr_assert_not_null(mkdtemp(data_directory));
    savepoint = sl_arena_printf(&arena, "%s/savepoint", data_directory);
}

static void
remove_files(const char *path)
{
    DIR *directory = opendir(path);
    struct dirent *entry;

    while (directory && (entry = readdir(directory)) != NULL)
        unlinkat(dirfd(directory), entry->d_name, 0);
    if (directory)
        closedir(directory);
    rmdir(path);
}

static void
tear_down(void)
{
    remove_files(savepoint);
    sl_checkpoint_remove_all(data_directory, JOB);
    sl_checkpoint_remove_all(data_directory, NEW_JOB);
    rmdir(sl_arena_printf(&arena, "%s/checkpoints", data_directory));
    cr_expect_eq(rmdir(data_directory), 0, "something was left in %s", data_directory);
    sl_arena_done(&arena);
}

TestSuite(savepoint, .init = set_up, .fini = tear_down);

static int
read_checkpoint(struct sl_manifest **ret_manifest)
{
    int rc = sl_manifest_read(&arena, checkpoint, ret_manifest, &err);

    return rc < 0 ? rc : sl_manifest_verify(*ret_manifest, checkpoint, SL_MANIFEST_ALL, &err);
}

static int
read_savepoint(struct sl_manifest **ret_manifest)
{
    return sl_savepoint_read(&arena, savepoint, ret_manifest, &err);
}

static void
make_savepoint(void)
{
    struct sl_manifest *manifest;

    cr_assert_eq(read_checkpoint(&manifest), SL_OK, "%s", err.text);
    cr_assert_eq(sl_savepoint_write(manifest, checkpoint, savepoint, &err), SL_OK, "%s", err.text);
}

/* --- there and back --- */

static bool
wants_all(void *arg, const char *operator_uid)
{
    return true;
}

static bool
wants_none(void *arg, const char *operator_uid)
{
    return false;
}

Test(savepoint, rows_come_back)
{
    struct sl_manifest *manifest;
    struct sl_sst_reader *reader;
    struct sl_text key, value;
    int count = 0;

    write_checkpoint(ROWS);
    make_savepoint();
    cr_assert_eq(read_savepoint(&manifest), SL_OK, "%s", err.text);
    cr_assert_eq(manifest->segment_count, 0, "a savepoint holds no outbox");
    cr_assert_eq(
        sl_savepoint_import(manifest, savepoint, data_directory, NEW_JOB, wants_all, NULL, &err),
        SL_OK, "%s", err.text);
    checkpoint = directory_of(NEW_JOB);
    cr_assert_eq(read_checkpoint(&manifest), SL_OK, "%s", err.text);
    cr_assert_str_eq(manifest->job_id, NEW_JOB);
    cr_assert_eq(manifest->subtasks[0].blob_count, 1);
    cr_assert_eq(manifest->subtasks[0].table_count, 2);
    cr_assert_null(manifest->subtasks[0].tables[1].file.name);
    cr_assert_eq(sl_sst_reader_open(sl_arena_printf(&arena, "%s/%s", checkpoint,
                                                    manifest->subtasks[0].tables[0].file.name),
                                    &reader, &err),
                 SL_OK);
    while (sl_sst_reader_next(reader, &key, &value, &err) == SL_OK) {
        cr_assert(sl_text_equal(key, row_key(count)));
        cr_assert(sl_text_equal(value, row_value(count)));
        count++;
    }
    sl_sst_reader_free(reader);
    cr_assert_eq(count, ROWS);
}

Test(savepoint, what_nobody_wants_stays_away)
{
    struct sl_manifest *manifest;

    write_checkpoint(10);
    make_savepoint();
    cr_assert_eq(read_savepoint(&manifest), SL_OK);
    cr_assert_eq(
        sl_savepoint_import(manifest, savepoint, data_directory, NEW_JOB, wants_none, NULL, &err),
        SL_OK);
    checkpoint = directory_of(NEW_JOB);
    cr_assert_eq(read_checkpoint(&manifest), SL_OK);
    for (size_t i = 0; i < manifest->subtasks[0].table_count; i++)
        cr_assert_null(manifest->subtasks[0].tables[i].file.name);
    cr_assert_eq(manifest->subtasks[0].blob_count, 0);
}

/* --- damage --- */

/* Changes each byte of each file of a directory in turn; also cuts it short, and takes it away. */
static void
damage_all(const char *directory, int (*read)(struct sl_manifest **ret_manifest))
{
    DIR *open_directory = opendir(directory);
    struct sl_manifest *manifest;
    struct dirent *entry;
    size_t files = 0;

    while ((entry = readdir(open_directory)) != NULL) {
        const char *path = sl_arena_printf(&arena, "%s/%s", directory, entry->d_name);
        const char *aside = sl_arena_printf(&arena, "%s/aside", data_directory);
        int fd = open(path, O_RDWR | O_CLOEXEC);
        struct stat status;
        char byte, other;

        if (fd < 0)
            continue;
        files++;
        fstat(fd, &status);
        for (off_t i = 0; i < status.st_size; i++) {
            cr_assert_eq(pread(fd, &byte, 1, i), 1);
            other = byte ^ 1;
            cr_assert_eq(pwrite(fd, &other, 1, i), 1);
            cr_assert_lt(read(&manifest), 0, "byte %lld of %s", (long long)i, entry->d_name);
            cr_assert_eq(pwrite(fd, &byte, 1, i), 1);
        }
        cr_assert_eq(rename(path, aside), 0);
        cr_assert_lt(read(&manifest), 0, "%s is gone", entry->d_name);
        cr_assert_eq(rename(aside, path), 0);
        cr_assert_eq(pread(fd, &byte, 1, status.st_size - 1), 1);
        cr_assert_eq(ftruncate(fd, status.st_size - 1), 0);
        cr_assert_lt(read(&manifest), 0, "%s is short", entry->d_name);
        cr_assert_eq(pwrite(fd, &byte, 1, status.st_size - 1), 1);
        cr_assert_eq(read(&manifest), SL_OK, "%s is whole again: %s", entry->d_name, err.text);
        close(fd);
    }
    closedir(open_directory);
    cr_assert(files >= 2);
}

Test(savepoint, every_byte_of_a_checkpoint_counts)
{
    write_checkpoint(3);
    damage_all(checkpoint, read_checkpoint);
}

Test(savepoint, every_byte_of_a_savepoint_counts)
{
    write_checkpoint(3);
    make_savepoint();
    damage_all(savepoint, read_savepoint);
}

/* A checkpoint that is damaged becomes no savepoint, and leaves nothing. */
Test(savepoint, damage_is_not_taken_over)
{
    struct sl_manifest *manifest;

    write_checkpoint(3);
    cr_assert_eq(read_checkpoint(&manifest), SL_OK);
    cr_assert_eq(truncate(sl_arena_printf(&arena, "%s/0-0-0.1.sst", checkpoint), 20), 0);
    cr_assert_lt(sl_savepoint_write(manifest, checkpoint, savepoint, &err), 0);
    cr_assert_eq(access(savepoint, F_OK), -1);
}
