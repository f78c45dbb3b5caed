/* Snapshots: what was frozen is what comes back, in whichever subtask owns it; damage is found. */
#include "storage/snapshot_test.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

TestSuite(snapshot, .init = set_up, .fini = tear_down);

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

Test(snapshot, damage_of_a_manifest_is_found)
{
    struct subtask subtask;
    struct sl_snapshot *snapshot;
    struct sl_manifest *manifest;
    struct stat status;
    const char *path;

    open_subtask(&subtask, 0, 128);
    put_rows(&subtask, 0, 1, 10, 1);
    snapshot = freeze(&subtask, 1);
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
    snapshot = freeze(&subtask, 1);
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
        snapshot = freeze(&subtask, epoch);
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

static void
fail_to_write(struct sl_snapshot *snapshot)
{
    cr_expect_eq(sl_snapshot_write(snapshot, "/nowhere", "/nowhere", &err), SL_E_IO);
    sl_checkpoint_part_free(sl_snapshot_end(snapshot));
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
        snapshot = freeze(&subtask, epoch);
        fail_to_write(snapshot);
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
    snapshot = freeze(&subtask, 2);
    delete_rows(&subtask, 1, 1001, 5);
    fail_to_write(snapshot);
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
    snapshot = freeze(&subtask, 2);
    cr_assert_eq(sl_checkpoint_make(data_directory, JOB, 2, &err), SL_OK);
    cr_assert_eq(sl_snapshot_write(snapshot, directory_of(2), directory_of(1), &err), SL_OK);
    part = sl_snapshot_end(snapshot);
    cr_expect_lt(part->written_bytes, 4096);
    sl_checkpoint_part_free(part);
    sl_state_free(subtask.state);
}
