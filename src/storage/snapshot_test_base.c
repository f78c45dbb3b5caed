/* The fixture of the tests of snapshots: see snapshot_test.h. */
#include "storage/snapshot_test.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

struct sl_pool *pool;
struct sl_error err;
struct sl_arena arena;
char data_directory[64];
static const struct sl_type *const key_types[] = {&sl_type_bigint};
static const uint32_t view_offsets[] = {8};

static struct sl_store_space *space;
struct sl_state_backend backend; /* ops NULL: none */
static char store_path[128];
bool is_volatile;
int64_t ttl_us;

void
set_up(void)
{
    pool = sl_pool_new();
    sl_arena_init(&arena);
    strcpy(data_directory, "/tmp/sluice-snapshot-XXXXXX");
    cr_assert_not_null(mkdtemp(data_directory));
}

const char *
backend_directory(void)
{
    return sl_arena_printf(&arena, "%s/state", data_directory);
}

void
use_database(void)
{
    struct sl_store_settings settings = {.directory = backend_directory(),
                                         .cache_bytes = 1 << 20,
                                         .write_buffer_bytes = 16 << 10,
                                         .write_buffer_count = 2,
                                         .bloom_filter = true};

    cr_assert_eq(sl_store_space_new(&settings, &space, &err), SL_OK, "%s", err.text);
    snprintf(store_path, sizeof(store_path), "%s/a", settings.directory);
    backend = (struct sl_state_backend){.ops = &sl_store_rocks, .space = space, .path = store_path};
}

void
tear_down(void)
{
    char path[128];

    if (backend.ops) {
        cr_expect_eq(rmdir(backend_directory()), 0, "a store was left");
        sl_store_space_free(space);
    }
    sl_checkpoint_remove_all(data_directory, JOB);
    snprintf(path, sizeof(path), "%s/checkpoints", data_directory);
    rmdir(path);
    cr_expect_eq(rmdir(data_directory), 0, "something was left in %s", data_directory);
    sl_arena_done(&arena);
    sl_pool_free(pool);
}

void
open_subtask(struct subtask *subtask, uint32_t first, uint32_t count)
{
    struct sl_state_table_spec spec = {.name = "t",
                                       .operator_uid = "op",
                                       .key_types = key_types,
                                       .key_count = 1,
                                       .has_time = true,
                                       .value_size = sizeof(struct value),
                                       .view_offsets = view_offsets,
                                       .view_count = 1,
                                       .ttl_us = ttl_us};

    subtask->state = sl_state_new(&(struct sl_state_config){
        pool, 128, first, count, true, is_volatile, backend.ops ? &backend : NULL});
    cr_assert_eq(sl_state_table_open(subtask->state, &spec, &subtask->table, &err), SL_OK);
}

void
put_rows(struct subtask *subtask, int64_t time, int64_t from, size_t count, int64_t factor)
{
    struct sl_column *column = sl_column_new(pool, &sl_type_bigint, count, false);
    uint64_t *hashes = malloc(count * sizeof(*hashes));
    char **values = malloc(count * sizeof(*values));
    struct sl_state_keys keys = {&column, NULL, count, hashes, time};

    for (size_t i = 0; i < count; i++)
        ((int64_t *)column->values)[i] = from + (int64_t)i;
    sl_hash_rows(&column, 1, NULL, count, hashes);
    sl_table_upsert(subtask->table, &keys, values, NULL);
    for (size_t i = 0; i < count; i++) {
        struct value *value = (struct value *)(void *)values[i];
        struct sl_view view;
        char text[64];

        snprintf(text, sizeof(text), "%lld times %lld, and so on", (long long)from + (long long)i,
                 (long long)factor);
        value->number = (from + (int64_t)i) * factor;
        view = sl_view_of(text, strlen(text));
        value->text = sl_table_keep_view(subtask->table, time, &value->text, &view);
    }
    sl_column_unref(column);
    free(values);
    free(hashes);
}

void
run_io(struct sl_state *state)
{
    cr_assert(sl_state_wants_io(state));
    for (size_t part = 0, count = sl_state_io_parts(state); part < count; part++)
        sl_state_run_io(state, part);
    sl_state_end_io(state);
}

void
scan_next(struct sl_state *state, struct sl_state_scan *scan, struct sl_state_row *rows, size_t max,
          size_t *ret_count)
{
    int rc;

    while ((rc = sl_table_scan_next(scan, rows, max, ret_count, &err)) == SL_AGAIN)
        run_io(state);
    cr_assert_eq(rc, SL_OK, "%s", err.text);
}

int64_t
sum_rows(struct subtask *subtask, int64_t time, size_t *ret_count)
{
    struct sl_state_scan scan;
    struct sl_state_row rows[64];
    int64_t sum = 0;
    size_t count;

    *ret_count = 0;
    sl_table_scan_begin(subtask->table, time, &scan);
    for (;;) {
        scan_next(subtask->state, &scan, rows, 64, &count);
        if (count == 0)
            break;
        for (size_t i = 0; i < count; i++) {
            const struct value *value = (const struct value *)(const void *)rows[i].value;
            long long n, factor;

            cr_assert_eq(sscanf(sl_view_data(&value->text), "%lld times %lld, and so", &n, &factor),
                         2);
            cr_assert_eq(n * factor, value->number);
            sum += value->number;
        }
        *ret_count += count;
    }
    sl_table_scan_end(&scan);
    return sum;
}

const char *
directory_of(uint64_t epoch)
{
    char path[SL_CHECKPOINT_PATH_MAX];

    sl_checkpoint_path(data_directory, JOB, epoch, path);
    return sl_arena_strdup(&arena, path);
}

void
take(struct sl_snapshot *snapshot)
{
    uint64_t epoch = sl_snapshot_epoch(snapshot);
    struct sl_manifest manifest = {.job_id = JOB,
                                   .checkpoint_id = epoch,
                                   .incarnation = 1,
                                   .max_parallelism = 128,
                                   .subtask_count = 1};
    struct sl_checkpoint_part *part;

    cr_assert_eq(sl_checkpoint_make(data_directory, JOB, epoch, &err), SL_OK, "%s", err.text);
    cr_assert_eq(sl_snapshot_write(snapshot, directory_of(epoch), directory_of(epoch - 1), &err),
                 SL_OK, "%s", err.text);
    part = sl_snapshot_end(snapshot);
    part->subtask.task_uid = "task";
    manifest.subtasks = &part->subtask;
    manifest.segments = part->segments;
    manifest.segment_count = part->segment_count;
    cr_assert_eq(sl_manifest_write(&manifest, directory_of(epoch), &err), SL_OK, "%s", err.text);
    sl_checkpoint_part_free(part);
}

struct sl_manifest *
read_manifest(uint64_t epoch)
{
    struct sl_manifest *manifest;

    cr_assert_eq(sl_manifest_read(&arena, directory_of(epoch), &manifest, &err), SL_OK, "%s",
                 err.text);
    return manifest;
}

void
flip(const char *path, int64_t offset)
{
    int fd = open(path, O_RDWR);
    char byte;

    cr_assert_eq(pread(fd, &byte, 1, offset), 1);
    byte ^= 4;
    cr_assert_eq(pwrite(fd, &byte, 1, offset), 1);
    close(fd);
}

struct sl_snapshot *
freeze(struct subtask *subtask, uint64_t epoch)
{
    struct sl_snapshot *snapshot = sl_snapshot_new(subtask->state, epoch, "a-0");

    sl_snapshot_freeze(snapshot, "op");
    return snapshot;
}

void
freeze_and_take(struct subtask *subtask, uint64_t epoch)
{
    take(freeze(subtask, epoch));
    sl_state_checkpointed(subtask->state, epoch);
}

void
expect_restored(uint64_t epoch, uint32_t parts, int64_t time, size_t rows, int64_t sum)
{
    struct sl_manifest *manifest = read_manifest(epoch);
    size_t count, total = 0;

    for (uint32_t i = 0; i < parts; i++) {
        struct subtask to;

        open_subtask(&to, 128 / parts * i, 128 / parts);
        cr_assert_eq(sl_state_restore(to.state, manifest, directory_of(epoch), &err), SL_OK, "%s",
                     err.text);
        sum -= sum_rows(&to, time, &count);
        total += count;
        sl_state_free(to.state);
    }
    cr_expect_eq(total, rows, "checkpoint %llu has %zu rows of %lld, not %zu",
                 (unsigned long long)epoch, total, (long long)time, rows);
    cr_expect_eq(sum, 0);
}

void
delete_rows(struct subtask *subtask, int64_t time, int64_t from, size_t count)
{
    struct sl_column *column = sl_column_new(pool, &sl_type_bigint, count, false);
    uint64_t hashes[SL_BATCH_ROWS_MAX];

    for (size_t i = 0; i < count; i++)
        ((int64_t *)column->values)[i] = from + (int64_t)i;
    sl_hash_rows(&column, 1, NULL, count, hashes);
    sl_table_delete(subtask->table, &(struct sl_state_keys){&column, NULL, count, hashes, time});
    sl_column_unref(column);
}
