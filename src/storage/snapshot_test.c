/* Snapshots: what was frozen is what comes back, in whichever subtask owns it; damage is found. */
#include "storage/snapshot.h"

#include "data/row.h"
#include "storage/rocks.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define JOB "0123456789abcdef0123456789abcdef"

static struct sl_pool *pool;
static struct sl_error err;
static struct sl_arena arena;
static char data_directory[64];
static const struct sl_type *const key_types[] = {&sl_type_bigint};
static const uint32_t view_offsets[] = {8};

static struct sl_store_space *space;
static struct sl_state_backend backend; /* ops NULL: none */
static char store_path[128];
static bool is_volatile;
static int64_t ttl_us;

static void
set_up(void)
{
    pool = sl_pool_new();
    sl_arena_init(&arena);
    strcpy(data_directory, "/tmp/sluice-snapshot-XXXXXX");
    cr_assert_not_null(mkdtemp(data_directory));
}

static const char *
backend_directory(void)
{
    return sl_arena_printf(&arena, "%s/state", data_directory);
}

/* States have a database from the first row on. */
static void
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

static void
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

TestSuite(snapshot, .init = set_up, .fini = tear_down);

/* One subtask: a table of (time, n) → (n * factor, text). */
struct subtask {
    struct sl_state *state;
    struct sl_state_table *table;
};

struct value {
    int64_t number;
    struct sl_view text;
};

static void
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

/* Rows `from` … of one time; text is "<n> times <factor>, and so on". */
static void
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

/* Whatever the last call left to be done. */
static void
run_io(struct sl_state *state)
{
    cr_assert(sl_state_wants_io(state));
    for (size_t part = 0, count = sl_state_io_parts(state); part < count; part++)
        sl_state_run_io(state, part);
    sl_state_end_io(state);
}

static void
scan_next(struct sl_state *state, struct sl_state_scan *scan, struct sl_state_row *rows, size_t max,
          size_t *ret_count)
{
    int rc;

    while ((rc = sl_table_scan_next(scan, rows, max, ret_count, &err)) == SL_AGAIN)
        run_io(state);
    cr_assert_eq(rc, SL_OK, "%s", err.text);
}

/* The sum of the numbers of one time; every text must fit its number. */
static int64_t
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

static const char *
directory_of(uint64_t epoch)
{
    char path[SL_CHECKPOINT_PATH_MAX];

    sl_checkpoint_path(data_directory, JOB, epoch, path);
    return sl_arena_strdup(&arena, path);
}

/* One subtask's whole checkpoint. */
static void
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

static struct sl_manifest *
read_manifest(uint64_t epoch)
{
    struct sl_manifest *manifest;

    cr_assert_eq(sl_manifest_read(&arena, directory_of(epoch), &manifest, &err), SL_OK, "%s",
                 err.text);
    return manifest;
}

Test(snapshot, what_was_frozen_comes_back)
{
    struct subtask from, halves[2];
    struct sl_snapshot *snapshot;
    struct sl_manifest *manifest;
    size_t count, total = 0;
    int64_t sum = 0;

    open_subtask(&from, 0, 128);
    put_rows(&from, -60, 1, 1000, 3);
    put_rows(&from, 60, 1, 10, 1);
    snapshot = sl_snapshot_new(from.state, 7, "a-0");
    sl_snapshot_freeze(snapshot, "op");
    sl_snapshot_add_blob(snapshot, "op", "cursor", SL_TEXT("\0\xff x"));
    put_rows(&from, -60, 1, 1000, 5); /* after the barrier */
    sl_table_drop_time(from.table, 60);
    take(snapshot);
    cr_expect_eq(sum_rows(&from, -60, &count), 5 * 500500);

    manifest = read_manifest(7);
    cr_assert_eq(manifest->subtasks[0].blob_count, 1);
    cr_expect(sl_text_equal(manifest->subtasks[0].blobs[0].bytes, SL_TEXT("\0\xff x")));
    for (uint32_t i = 0; i < 2; i++) {
        open_subtask(&halves[i], 64 * i, 64);
        cr_assert_eq(sl_state_restore(halves[i].state, manifest, directory_of(7), &err), SL_OK,
                     "%s", err.text);
        sum += sum_rows(&halves[i], -60, &count);
        total += count;
        cr_expect_gt(count, 300); /* both have their share */
        sum += sum_rows(&halves[i], 60, &count);
        total += count;
        sl_state_free(halves[i].state);
    }
    cr_expect_eq(total, 1010);
    cr_expect_eq(sum, 3 * 500500 + 55);
    sl_state_free(from.state);
}

static ino_t
inode_of(const char *directory, const char *name)
{
    char path[SL_CHECKPOINT_PATH_MAX];
    struct stat status;

    snprintf(path, sizeof(path), "%s/%s", directory, name);
    cr_assert_eq(stat(path, &status), 0, "%s", path);
    return status.st_ino;
}

Test(snapshot, an_unchanged_table_is_linked)
{
    struct sl_manifest *manifests[5] = {NULL};
    struct subtask subtask;

    open_subtask(&subtask, 0, 128);
    put_rows(&subtask, 0, 1, 100, 1);
    for (uint64_t epoch = 1; epoch < 5; epoch++) {
        struct sl_snapshot *snapshot = sl_snapshot_new(subtask.state, epoch, "a-0");

        sl_snapshot_freeze(snapshot, "op");
        take(snapshot);
        if (epoch != 2) /* the second was given up: nobody links to it */
            sl_state_checkpointed(subtask.state, epoch);
        manifests[epoch] = read_manifest(epoch);
        if (epoch == 3)
            put_rows(&subtask, 0, 1, 1, 2);
    }
    for (uint64_t epoch = 2; epoch < 4; epoch++)
        cr_expect_eq(
            inode_of(directory_of(epoch), manifests[epoch]->subtasks[0].tables[0].file.name),
            inode_of(directory_of(1), manifests[1]->subtasks[0].tables[0].file.name));
    cr_expect_neq(inode_of(directory_of(4), manifests[4]->subtasks[0].tables[0].file.name),
                  inode_of(directory_of(1), manifests[1]->subtasks[0].tables[0].file.name));
    sl_state_free(subtask.state);
}

static void
flip(const char *path, off_t offset)
{
    int fd = open(path, O_RDWR);
    char byte;

    cr_assert_eq(pread(fd, &byte, 1, offset), 1);
    byte ^= 4;
    cr_assert_eq(pwrite(fd, &byte, 1, offset), 1);
    close(fd);
}

Test(snapshot, damage_of_a_manifest_is_found)
{
    struct subtask subtask;
    struct sl_snapshot *snapshot;
    struct sl_manifest *manifest;
    struct stat status;
    const char *path;

    open_subtask(&subtask, 0, 128);
    put_rows(&subtask, 0, 1, 10, 1);
    snapshot = sl_snapshot_new(subtask.state, 1, "a-0");
    sl_snapshot_freeze(snapshot, "op");
    take(snapshot);
    path = sl_arena_printf(&arena, "%s/manifest", directory_of(1));
    cr_assert_eq(stat(path, &status), 0);
    for (off_t offset = 0; offset < status.st_size; offset++) {
        flip(path, offset);
        cr_expect_lt(sl_manifest_read(&arena, directory_of(1), &manifest, &err), 0,
                     "byte %lld was changed and nobody saw it", (long long)offset);
        flip(path, offset);
    }
    cr_assert_eq(truncate(path, status.st_size - 1), 0);
    cr_expect_eq(sl_manifest_read(&arena, directory_of(1), &manifest, &err), SL_E_DATA_CORRUPTED);
    sl_state_free(subtask.state);
}

Test(snapshot, damage_of_a_state_file_is_found)
{
    struct subtask subtask, to;
    struct sl_snapshot *snapshot;
    struct sl_manifest *manifest;
    const char *path;

    open_subtask(&subtask, 0, 128);
    put_rows(&subtask, 0, 1, 1000, 1);
    snapshot = sl_snapshot_new(subtask.state, 1, "a-0");
    sl_snapshot_freeze(snapshot, "op");
    take(snapshot);
    manifest = read_manifest(1);
    path = sl_arena_printf(&arena, "%s/%s", directory_of(1),
                           manifest->subtasks[0].tables[0].file.name);
    flip(path, 100); /* in the first block of rows */
    open_subtask(&to, 0, 128);
    cr_expect_eq(sl_state_restore(to.state, manifest, directory_of(1), &err), SL_E_DATA_CORRUPTED);
    cr_assert_eq(truncate(path, 500), 0);
    cr_expect_eq(sl_manifest_read(&arena, directory_of(1), &manifest, &err), SL_E_DATA_CORRUPTED);
    cr_assert_eq(unlink(path), 0);
    cr_expect_eq(sl_manifest_read(&arena, directory_of(1), &manifest, &err), SL_E_DATA_CORRUPTED);
    sl_state_free(to.state);
    sl_state_free(subtask.state);
}

/* A file that lost its place to a directory of an earlier try is no checkpoint. */
Test(snapshot, directories_are_listed_newest_first)
{
    uint64_t *ids;

    for (uint64_t id = 9; id < 12; id++)
        cr_assert_eq(sl_checkpoint_make(data_directory, JOB, id, &err), SL_OK);
    cr_assert_eq(sl_checkpoint_list(&arena, data_directory, JOB, &ids), 3);
    cr_expect_eq(ids[0], 11);
    cr_expect_eq(ids[2], 9);
    sl_checkpoint_remove(data_directory, JOB, 10);
    cr_expect_eq(sl_checkpoint_list(&arena, data_directory, JOB, &ids), 2);
}

/* --- with a database --- */

static void
freeze_and_take(struct subtask *subtask, uint64_t epoch)
{
    struct sl_snapshot *snapshot = sl_snapshot_new(subtask->state, epoch, "a-0");

    sl_snapshot_freeze(snapshot, "op");
    take(snapshot);
    sl_state_checkpointed(subtask->state, epoch);
}

/* Whether a checkpoint has these rows of one time, read by `parts` subtasks. */
static void
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

static void
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

Test(snapshot, epochs_of_a_database_come_back_each_as_it_was)
{
    struct subtask subtask;

    use_database();
    open_subtask(&subtask, 0, 128);
    put_rows(&subtask, -60, 1, 2000, 3);
    put_rows(&subtask, 60, 1, 10, 1);
    freeze_and_take(&subtask, 1);
    put_rows(&subtask, -60, 1, 500, 5); /* changed */
    delete_rows(&subtask, -60, 1001, 100);
    freeze_and_take(&subtask, 2);
    sl_table_drop_time(subtask.table, -60); /* and made again between two barriers */
    put_rows(&subtask, -60, 2001, 3, 1);
    freeze_and_take(&subtask, 3);
    sl_table_drop_time(subtask.table, 60);
    freeze_and_take(&subtask, 4);
    sl_state_free(subtask.state);

    for (uint32_t parts = 1; parts <= 4; parts *= 2) {
        expect_restored(1, parts, -60, 2000, 3 * 2001000);
        expect_restored(1, parts, 60, 10, 55);
        expect_restored(2, parts, -60, 1900, 5 * 125250 + 3 * (2001000 - 125250 - 105050));
        expect_restored(3, parts, -60, 3, 2001 + 2002 + 2003);
        expect_restored(3, parts, 60, 10, 55);
        expect_restored(4, parts, -60, 3, 2001 + 2002 + 2003);
        expect_restored(4, parts, 60, 0, 0);
    }
}

/* What happens between the barrier and the end of the write belongs to the next epoch. */
Test(snapshot, changes_during_a_write_are_of_the_next_epoch)
{
    struct subtask subtask;
    struct sl_snapshot *snapshot;

    use_database();
    open_subtask(&subtask, 0, 128);
    put_rows(&subtask, 1, 1, 1000, 1);
    put_rows(&subtask, 2, 1, 1000, 1);
    for (uint64_t epoch = 1; epoch < 4; epoch++) {
        snapshot = sl_snapshot_new(subtask.state, epoch, "a-0");
        sl_snapshot_freeze(snapshot, "op");
        put_rows(&subtask, 1, 1, 10, (int64_t)epoch + 1);
        delete_rows(&subtask, 1, 100 * (int64_t)epoch, 100);
        if (epoch == 2)
            sl_table_drop_time(subtask.table, 2);
        take(snapshot);
    }
    sl_state_free(subtask.state);
    expect_restored(1, 2, 1, 1000, 500500);
    expect_restored(2, 2, 1, 900, 500500 - 14950 + 55);
    expect_restored(2, 2, 2, 1000, 500500);
    expect_restored(3, 2, 1, 800, 500500 - 14950 - 24950 + 2 * 55);
    expect_restored(3, 2, 2, 0, 0);
}

/* A checkpoint whose directory cannot be written: its rows are in the next one. */
Test(snapshot, a_write_that_failed_is_made_up_for)
{
    struct subtask subtask;
    struct sl_snapshot *snapshot;

    use_database();
    open_subtask(&subtask, 0, 128);
    put_rows(&subtask, 1, 1, 1000, 1);
    freeze_and_take(&subtask, 1);
    for (uint64_t epoch = 2; epoch < 4; epoch++) {
        put_rows(&subtask, 1, 1, epoch == 2 ? 10 : 900, 2); /* few are merged, many rewritten */
        delete_rows(&subtask, 1, 950, 10);
        snapshot = sl_snapshot_new(subtask.state, epoch, "a-0");
        sl_snapshot_freeze(snapshot, "op");
        cr_expect_eq(sl_snapshot_write(snapshot, "/nowhere", "/nowhere", &err), SL_E_IO);
        sl_checkpoint_part_free(sl_snapshot_end(snapshot));
    }
    put_rows(&subtask, 1, 1, 10, 3);
    freeze_and_take(&subtask, 4);
    sl_state_free(subtask.state);
    expect_restored(4, 2, 1, 990, 2 * 405450 + (500500 - 405450 - 9545) + 55);
}

/* A row that came and went while a write of it failed must not come back. */
Test(snapshot, rows_of_a_failed_write_can_be_deleted)
{
    struct subtask subtask;
    struct sl_snapshot *snapshot;

    use_database();
    open_subtask(&subtask, 0, 128);
    put_rows(&subtask, 1, 1, 1000, 1);
    freeze_and_take(&subtask, 1);
    put_rows(&subtask, 1, 1001, 10, 1);
    snapshot = sl_snapshot_new(subtask.state, 2, "a-0");
    sl_snapshot_freeze(snapshot, "op");
    delete_rows(&subtask, 1, 1001, 5);
    cr_expect_eq(sl_snapshot_write(snapshot, "/nowhere", "/nowhere", &err), SL_E_IO);
    sl_checkpoint_part_free(sl_snapshot_end(snapshot));
    delete_rows(&subtask, 1, 1006, 5);
    freeze_and_take(&subtask, 3);
    sl_state_free(subtask.state);
    expect_restored(3, 1, 1, 1000, 500500);
}

Test(snapshot, damage_of_a_database_is_found)
{
    struct subtask subtask;
    struct sl_manifest *manifest;

    use_database();
    open_subtask(&subtask, 0, 128);
    put_rows(&subtask, 1, 1, 4000, 1);
    freeze_and_take(&subtask, 1);
    sl_state_free(subtask.state);
    manifest = read_manifest(1);
    cr_assert_gt(manifest->subtasks[0].store_count, 4); /* several files of rows */
    for (size_t i = 0; i < manifest->subtasks[0].store_count; i++) {
        const struct sl_manifest_file *file = &manifest->subtasks[0].store[i];
        const char *path = sl_arena_printf(&arena, "%s/%s", directory_of(1), file->name);
        struct sl_manifest *again;
        struct subtask to;

        flip(path, (off_t)file->sum.size / 3);
        open_subtask(&to, 0, 128);
        cr_expect_eq(sl_state_restore(to.state, manifest, directory_of(1), &err),
                     SL_E_DATA_CORRUPTED, "%s", path);
        sl_state_free(to.state);
        flip(path, (off_t)file->sum.size / 3);
        cr_assert_eq(truncate(path, (off_t)file->sum.size + 1), 0);
        cr_expect_eq(sl_manifest_read(&arena, directory_of(1), &again, &err), SL_E_DATA_CORRUPTED,
                     "%s", path);
        cr_assert_eq(truncate(path, (off_t)file->sum.size), 0);
    }
}

/* A small change costs a small file, whatever the state's size. */
Test(snapshot, what_did_not_change_is_not_written)
{
    struct sl_snapshot *snapshot;
    struct sl_checkpoint_part *part;
    struct subtask subtask;

    use_database();
    open_subtask(&subtask, 0, 128);
    for (int64_t from = 0; from < 20000; from += 4000)
        put_rows(&subtask, 1, from, 4000, 1);
    freeze_and_take(&subtask, 1);
    put_rows(&subtask, 1, 7, 1, 2);
    snapshot = sl_snapshot_new(subtask.state, 2, "a-0");
    sl_snapshot_freeze(snapshot, "op");
    cr_assert_eq(sl_checkpoint_make(data_directory, JOB, 2, &err), SL_OK);
    cr_assert_eq(sl_snapshot_write(snapshot, directory_of(2), directory_of(1), &err), SL_OK);
    part = sl_snapshot_end(snapshot);
    cr_expect_lt(part->written_bytes, 4096);
    sl_checkpoint_part_free(part);
    sl_state_free(subtask.state);
}

/* --- rows that are not in memory --- */

static struct sl_state_budget budget;

/* The budget of all states is used up at once. */
static void
use_tight_database(void)
{
    use_database();
    budget = (struct sl_state_budget){.limit_bytes = 1};
    backend.budget = &budget;
}

static void
settle(struct subtask *subtask, bool snapshot_is_written)
{
    int rc;

    while ((rc = sl_state_settle(subtask->state, snapshot_is_written, &err)) == SL_AGAIN &&
           sl_state_wants_io(subtask->state))
        run_io(subtask->state);
    cr_assert(rc >= 0, "%s", err.text);
}

static size_t
rows_in_memory(const struct subtask *subtask)
{
    uint64_t rows, bytes;

    sl_state_size(subtask->state, &rows, &bytes);
    return rows;
}

/* A model beside the table: numbers by time and key; INT64_MIN: no row. */
enum { MODEL_TIMES = 3, MODEL_KEYS = 600 };

struct model {
    int64_t numbers[MODEL_TIMES][MODEL_KEYS];
};

static uint64_t random_state;

static uint32_t
random_below(uint32_t limit)
{
    random_state = random_state * UINT64_C(6364136223846793005) + 1442695040888963407u;
    return (uint32_t)((random_state >> 33) % limit);
}

static void
model_reset(struct model *model)
{
    for (size_t t = 0; t < MODEL_TIMES; t++)
        for (size_t k = 0; k < MODEL_KEYS; k++)
            model->numbers[t][k] = INT64_MIN;
}

static void
set_value(struct subtask *subtask, int64_t time, struct value *value, int64_t number)
{
    struct sl_view view;
    char text[300];
    int length = snprintf(text, sizeof(text), "%lld, which is %*lld", (long long)number,
                          (int)(number % 200), (long long)number);

    value->number = number;
    view = sl_view_of(text, (size_t)length);
    value->text = sl_table_keep_view(subtask->table, time, &value->text, &view);
}

/* Some random keys, each prepared first, are put or deleted; each put adds to what is there. */
static void
model_change(struct model *model, struct subtask *subtask)
{
    enum { COUNT = 40 };
    size_t time = random_below(MODEL_TIMES);
    struct sl_column *column = sl_column_new(pool, &sl_type_bigint, COUNT, false);
    uint64_t hashes[COUNT];
    char *values[COUNT];
    struct sl_state_keys keys = {&column, NULL, COUNT, hashes, (int64_t)time};
    bool deletes = random_below(4) == 0;
    int rc;

    for (size_t i = 0; i < COUNT; i++)
        ((int64_t *)column->values)[i] = random_below(MODEL_KEYS);
    sl_hash_rows(&column, 1, NULL, COUNT, hashes);
    while ((rc = sl_table_prepare(subtask->table, &keys, &err)) == SL_AGAIN)
        run_io(subtask->state);
    cr_assert_eq(rc, SL_OK, "%s", err.text);
    if (deletes)
        sl_table_delete(subtask->table, &keys);
    else
        sl_table_upsert(subtask->table, &keys, values, NULL);
    for (size_t i = 0; i < COUNT; i++) {
        int64_t *number = &model->numbers[time][((int64_t *)column->values)[i]];
        struct value *value = deletes ? NULL : (struct value *)(void *)values[i];

        *number = deletes ? INT64_MIN : *number == INT64_MIN ? 1 : *number + 1 + random_below(9);
        if (value)
            set_value(subtask, (int64_t)time, value, *number);
    }
    sl_column_unref(column);
}

static void
model_expect_row(const struct model *model, size_t time, const struct sl_state_row *row,
                 const struct sl_column *keys, size_t index)
{
    const struct value *value = (const struct value *)(const void *)row->value;
    int64_t key = ((const int64_t *)keys->values)[index];
    struct sl_view view = value->text;
    long long number;

    cr_assert_eq(value->number, model->numbers[time][key], "%lld of %zu is %lld, not %lld",
                 (long long)key, time, (long long)value->number,
                 (long long)model->numbers[time][key]);
    cr_assert_eq(sscanf(sl_view_data(&view), "%lld, which is", &number), 1);
    cr_assert_eq(number, value->number);
}

static void
model_expect(const struct model *model, struct subtask *subtask)
{
    for (size_t time = 0; time < MODEL_TIMES; time++) {
        struct sl_state_scan scan;
        struct sl_state_row rows[64];
        struct sl_text keys[64];
        size_t count, total = 0, expected = 0;
        uint32_t group = 0;

        for (size_t k = 0; k < MODEL_KEYS; k++)
            expected += model->numbers[time][k] != INT64_MIN;
        sl_table_scan_begin(subtask->table, (int64_t)time, &scan);
        for (;; total += count) {
            struct sl_column *column;

            scan_next(subtask->state, &scan, rows, 64, &count);
            if (count == 0)
                break;
            for (size_t i = 0; i < count; i++) {
                keys[i] = rows[i].key;
                cr_assert_geq(rows[i].key_group, group);
                group = rows[i].key_group;
            }
            sl_key_codec_decode(sl_table_key_codec(subtask->table), pool, keys, count, &column);
            for (size_t i = 0; i < count; i++)
                model_expect_row(model, time, &rows[i], column, i);
            sl_column_unref(column);
        }
        sl_table_scan_end(&scan);
        cr_assert_eq(total, expected, "%zu rows of %zu, not %zu", total, time, expected);
    }
}

static void
model_step(struct model *model, struct subtask *subtask, bool snapshot_is_written)
{
    if (random_below(20) == 0) {
        size_t time = random_below(MODEL_TIMES);

        sl_table_drop_time(subtask->table, (int64_t)time);
        for (size_t k = 0; k < MODEL_KEYS; k++)
            model->numbers[time][k] = INT64_MIN;
    }
    model_change(model, subtask);
    if (random_below(2) == 0)
        settle(subtask, snapshot_is_written);
    if (random_below(10) == 0)
        model_expect(model, subtask);
}

/* Changes before, at and behind barriers, with rows that come and go, some writes that fail, and a
 * restore from one of the checkpoints in between: the table is always what the model is. */
static void
run_model(uint64_t seed, size_t epochs)
{
    static struct model model, at_barrier, complete;
    struct sl_manifest *manifest;
    struct subtask subtask;
    uint64_t last = 0;

    random_state = seed;
    model_reset(&model);
    model_reset(&complete);
    open_subtask(&subtask, 0, 128);
    for (uint64_t epoch = 1; epoch <= epochs; epoch++) {
        struct sl_snapshot *snapshot;

        for (uint32_t i = random_below(20); i > 0; i--)
            model_step(&model, &subtask, false);
        snapshot = sl_snapshot_new(subtask.state, epoch, "a-0");
        sl_snapshot_freeze(snapshot, "op");
        at_barrier = model;
        for (uint32_t i = random_below(6); i > 0; i--)
            model_step(&model, &subtask, true);
        if (random_below(5) == 0) {
            cr_expect_lt(sl_snapshot_write(snapshot, "/nowhere", "/nowhere", &err), 0);
            sl_checkpoint_part_free(sl_snapshot_end(snapshot));
        } else {
            take(snapshot);
            sl_state_checkpointed(subtask.state, epoch);
            complete = at_barrier;
            last = epoch;
        }
        model_expect(&model, &subtask);
        if (last == 0 || random_below(4) > 0)
            continue;
        sl_state_free(subtask.state);
        open_subtask(&subtask, 0, 128);
        manifest = read_manifest(last);
        cr_assert_eq(sl_state_restore(subtask.state, manifest, directory_of(last), &err), SL_OK,
                     "%s", err.text);
        model = complete;
        if (random_below(2) == 0)
            model_expect(&model, &subtask);
    }
    sl_state_free(subtask.state);
}

Test(snapshot, rows_come_and_go_as_a_model_says)
{
    use_tight_database();
    for (uint64_t seed = 1; seed <= 4; seed++) {
        run_model(seed, 25);
        sl_checkpoint_remove_all(data_directory, JOB);
    }
}

/* With room for some rows, some are in memory and some are not. */
Test(snapshot, rows_come_and_go_within_a_budget)
{
    use_tight_database();
    budget.limit_bytes = 60000;
    for (uint64_t seed = 11; seed <= 14; seed++) {
        run_model(seed, 25);
        sl_checkpoint_remove_all(data_directory, JOB);
    }
}

Test(snapshot, what_is_evicted_is_read_back)
{
    struct subtask subtask;
    size_t count;

    use_tight_database();
    open_subtask(&subtask, 0, 128);
    put_rows(&subtask, 5, 1, 10000, 3);
    settle(&subtask, false); /* ahead of any barrier */
    settle(&subtask, false);
    cr_expect_eq(rows_in_memory(&subtask), 0);
    cr_expect(sl_state_is_cold(subtask.state));
    cr_expect_eq(sl_table_first_time(subtask.table), 5);
    cr_expect_eq(sum_rows(&subtask, 5, &count), INT64_C(3) * 50005000);
    cr_expect_eq(count, 10000);
    sl_table_drop_time(subtask.table, 5);
    cr_expect_eq(sl_table_first_time(subtask.table), INT64_MAX);
    put_rows(&subtask, 5, 1, 1, 3); /* what was dropped does not come back */
    settle(&subtask, false);
    settle(&subtask, false);
    cr_expect_eq(sum_rows(&subtask, 5, &count), 3);
    sl_state_free(subtask.state);
}

/* A job that stops asks for nothing any more. */
Test(snapshot, a_state_goes_with_what_it_still_wanted)
{
    struct sl_column *column = sl_column_new(pool, &sl_type_bigint, 1, false);
    uint64_t hash;
    struct sl_state_keys keys = {&column, NULL, 1, &hash, 5};
    struct sl_state_scan scan;
    struct sl_state_row row;
    struct subtask subtask;
    size_t count;

    use_tight_database();
    open_subtask(&subtask, 0, 128);
    put_rows(&subtask, 5, 1, 100, 3);
    cr_expect_eq(sl_state_settle(subtask.state, false, &err), SL_AGAIN); /* a spill */
    sl_state_free(subtask.state);

    open_subtask(&subtask, 0, 128);
    put_rows(&subtask, 5, 1, 100, 3);
    settle(&subtask, false);
    settle(&subtask, false);
    ((int64_t *)column->values)[0] = 1;
    sl_hash_rows(&column, 1, NULL, 1, &hash);
    cr_expect_eq(sl_table_prepare(subtask.table, &keys, &err), SL_AGAIN);
    sl_state_free(subtask.state);

    open_subtask(&subtask, 0, 128);
    put_rows(&subtask, 5, 1, 100, 3);
    settle(&subtask, false);
    settle(&subtask, false);
    sl_table_scan_begin(subtask.table, 5, &scan);
    cr_expect_eq(sl_table_scan_next(&scan, &row, 1, &count, &err), SL_AGAIN);
    sl_table_scan_end(&scan);
    sl_state_free(subtask.state);
    sl_column_unref(column);
}

/* A restore links the files and reads rows when they are wanted; damage shows then. */
Test(snapshot, a_large_store_is_restored_by_links)
{
    struct sl_manifest *manifest;
    struct sl_state_scan scan;
    struct sl_state_row rows[64];
    struct subtask subtask;
    size_t count = 1;
    int rc = SL_OK;

    use_tight_database();
    open_subtask(&subtask, 0, 128);
    put_rows(&subtask, 5, 1, 10000, 3);
    put_rows(&subtask, 7, 1, 10, 1);
    freeze_and_take(&subtask, 1);
    sl_state_free(subtask.state);
    manifest = read_manifest(1);
    open_subtask(&subtask, 0, 128);
    cr_assert_eq(sl_state_restore(subtask.state, manifest, directory_of(1), &err), SL_OK);
    cr_expect_eq(rows_in_memory(&subtask), 0);
    cr_expect_eq(sl_table_first_time(subtask.table), 5);
    cr_expect_eq(sum_rows(&subtask, 5, &count), INT64_C(3) * 50005000);
    cr_expect_eq(sum_rows(&subtask, 7, &count), 55);
    sl_table_drop_time(subtask.table, 5);
    freeze_and_take(&subtask, 2);
    sl_state_free(subtask.state);
    expect_restored(2, 1, 5, 0, 0);
    expect_restored(2, 2, 7, 10, 55);

    for (size_t i = 0; i < manifest->subtasks[0].store_count; i++) {
        const struct sl_manifest_file *file = &manifest->subtasks[0].store[i];

        if (strstr(file->name, ".sst"))
            flip(sl_arena_printf(&arena, "%s/%s", directory_of(1), file->name), 100);
    }
    open_subtask(&subtask, 0, 128);
    rc = sl_state_restore(subtask.state, manifest, directory_of(1), &err);
    sl_table_scan_begin(subtask.table, 5, &scan);
    while (rc == SL_OK && count > 0) {
        while ((rc = sl_table_scan_next(&scan, rows, 64, &count, &err)) == SL_AGAIN)
            run_io(subtask.state);
    }
    cr_expect_eq(rc, SL_E_DATA_CORRUPTED, "%d", rc);
    sl_table_scan_end(&scan);
    sl_state_free(subtask.state);
}

/* A job that takes no checkpoints keeps no account of changes until it must. */
Test(snapshot, a_state_without_checkpoints_is_evicted_too)
{
    struct subtask subtask;
    size_t count;

    use_tight_database();
    is_volatile = true;
    open_subtask(&subtask, 0, 128);
    put_rows(&subtask, 5, 1, 1000, 3);
    delete_rows(&subtask, 5, 1, 100);
    cr_expect_eq(rows_in_memory(&subtask), 900);
    settle(&subtask, false);
    settle(&subtask, false);
    cr_expect_eq(rows_in_memory(&subtask), 0);
    cr_expect_eq(sum_rows(&subtask, 5, &count), INT64_C(3) * (500500 - 5050));
    sl_state_free(subtask.state);
}

/* --- time to live --- */

static size_t
count_found(struct subtask *subtask, int64_t time, int64_t from, size_t count)
{
    struct sl_column *column = sl_column_new(pool, &sl_type_bigint, count, false);
    uint64_t hashes[SL_BATCH_ROWS_MAX];
    const char *values[SL_BATCH_ROWS_MAX];
    struct sl_state_keys keys = {&column, NULL, count, hashes, time};
    size_t found = 0;
    int rc;

    for (size_t i = 0; i < count; i++)
        ((int64_t *)column->values)[i] = from + (int64_t)i;
    sl_hash_rows(&column, 1, NULL, count, hashes);
    while ((rc = sl_table_prepare(subtask->table, &keys, &err)) == SL_AGAIN)
        run_io(subtask->state);
    cr_assert_eq(rc, SL_OK);
    sl_table_find(subtask->table, &keys, values);
    for (size_t i = 0; i < count; i++)
        found += values[i] != NULL;
    sl_column_unref(column);
    return found;
}

static void
expire_rows(void)
{
    struct subtask subtask;
    size_t count;

    ttl_us = 100;
    open_subtask(&subtask, 0, 128);
    cr_expect(sl_state_wants_now(subtask.state));
    sl_state_set_now(subtask.state, 1000);
    put_rows(&subtask, 5, 1, 100, 3);
    settle(&subtask, false);
    sl_state_set_now(subtask.state, 1050);
    cr_expect_eq(count_found(&subtask, 5, 1, 100), 100);
    put_rows(&subtask, 5, 1, 10, 1); /* these live on */
    settle(&subtask, false);
    freeze_and_take(&subtask, 1);
    sl_state_set_now(subtask.state, 1100);
    cr_expect_eq(count_found(&subtask, 5, 1, 100), 10);
    cr_expect_eq(sum_rows(&subtask, 5, &count), 55);
    settle(&subtask, false);
    freeze_and_take(&subtask, 2);
    sl_state_free(subtask.state);

    open_subtask(&subtask, 0, 128);
    sl_state_set_now(subtask.state, 1100);
    cr_assert_eq(sl_state_restore(subtask.state, read_manifest(2), directory_of(2), &err), SL_OK);
    cr_expect_eq(sum_rows(&subtask, 5, &count), 55);
    sl_state_set_now(subtask.state, 1150);
    cr_expect_eq(count_found(&subtask, 5, 1, 100), 0);
    put_rows(&subtask, 5, 1, 1, 7); /* it begins anew */
    cr_expect_eq(sum_rows(&subtask, 5, &count), 7);
    sl_state_free(subtask.state);
}

Test(snapshot, rows_expire_in_memory)
{
    expire_rows();
}

Test(snapshot, rows_expire_in_a_database)
{
    use_database();
    expire_rows();
}

Test(snapshot, rows_expire_outside_memory)
{
    use_tight_database();
    expire_rows();
}
