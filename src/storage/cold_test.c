/* Rows that are not in memory: they leave it, come back, and expire. */
#include "storage/checkpoint_files.h"
#include "storage/snapshot_test.h"
#include "storage/table_internal.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>

TestSuite(cold, .init = set_up, .fini = tear_down);

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

    while ((rc = sl_state_settle(subtask->state, false, snapshot_is_written, &err)) == SL_AGAIN &&
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

/* Keys that are put or deleted at once. */
enum { CHANGE_KEYS = 40, CHANGES_AHEAD = 4 };
struct change {
    size_t time;
    struct sl_column *column;
    uint64_t hashes[CHANGE_KEYS];
};

struct model {
    int64_t numbers[MODEL_TIMES][MODEL_KEYS];
};

static struct change changes[CHANGES_AHEAD]; /* those that come next, from the last one on */
static size_t change_count;

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

static struct sl_state_keys
change_keys(const struct change *change)
{
    return (struct sl_state_keys){&change->column, NULL, CHANGE_KEYS, change->hashes,
                                  (int64_t)change->time};
}

/* What comes next, some of it read ahead. */
static void
model_choose(struct subtask *subtask)
{
    bool ahead = random_below(3) > 0 && sl_state_may_read_ahead(subtask->state);

    change_count = 1 + random_below(CHANGES_AHEAD);
    if (ahead)
        sl_state_gather_begin(subtask->state);
    for (size_t c = change_count; c-- > 0;) {
        struct change *change = &changes[c];
        struct sl_state_keys keys;

        change->time = random_below(MODEL_TIMES);
        change->column = sl_column_new(pool, &sl_type_bigint, CHANGE_KEYS, false);
        for (size_t i = 0; i < CHANGE_KEYS; i++)
            ((int64_t *)change->column->values)[i] = random_below(MODEL_KEYS);
        sl_hash_rows(&change->column, 1, NULL, CHANGE_KEYS, change->hashes);
        keys = change_keys(change);
        if (ahead && random_below(8) > 0)
            cr_assert_eq(sl_table_prepare(subtask->table, &keys, &err), SL_OK);
    }
    if (ahead)
        sl_state_gather_end(subtask->state);
}

/* Some random keys, each prepared first, are put or deleted; each put adds to what is there. */
static void
model_change(struct model *model, struct subtask *subtask)
{
    const struct change *change = &changes[--change_count];
    struct sl_state_keys keys = change_keys(change);
    char *values[CHANGE_KEYS];
    bool deletes = random_below(4) == 0;
    int rc;

    while ((rc = sl_table_prepare(subtask->table, &keys, &err)) == SL_AGAIN)
        run_io(subtask->state);
    cr_assert_eq(rc, SL_OK, "%s", err.text);
    if (deletes)
        sl_table_delete(subtask->table, &keys);
    else
        sl_table_upsert(subtask->table, &keys, values, NULL);
    for (size_t i = 0; i < CHANGE_KEYS; i++) {
        int64_t key = ((int64_t *)change->column->values)[i];
        int64_t *number = &model->numbers[change->time][key];
        struct value *value = deletes ? NULL : (struct value *)(void *)values[i];

        *number = deletes ? INT64_MIN : *number == INT64_MIN ? 1 : *number + 1 + random_below(9);
        if (value)
            set_value(subtask, (int64_t)change->time, value, *number);
    }
    sl_column_unref(change->column);
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
    if (change_count == 0)
        model_choose(subtask);
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
    change_count = 0;
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
            if (sl_state_wants_io(subtask.state)) /* the store changes when nothing is read */
                run_io(subtask.state);
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

Test(cold, rows_come_and_go_as_a_model_says)
{
    use_tight_database();
    for (uint64_t seed = 1; seed <= 4; seed++) {
        run_model(seed, 25);
        sl_checkpoint_remove_all(data_directory, JOB);
    }
}

/* With room for some rows, some are in memory and some are not. */
Test(cold, rows_come_and_go_within_a_budget)
{
    use_tight_database();
    budget.limit_bytes = 60000;
    for (uint64_t seed = 11; seed <= 14; seed++) {
        run_model(seed, 25);
        sl_checkpoint_remove_all(data_directory, JOB);
    }
}

Test(cold, what_is_evicted_is_read_back)
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
Test(cold, a_state_goes_with_what_it_still_wanted)
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
    cr_expect_eq(sl_state_settle(subtask.state, false, false, &err), SL_AGAIN); /* a spill */
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

/* --- many small epochs --- */

enum { EPOCH_KEYS = 300, EPOCH_ROUNDS = 12 };

static void
epoch_key(uint64_t key, char *bytes, size_t size)
{
    memset(bytes, 'x', size);
    for (int i = 0; i < 8; i++)
        bytes[i] = (char)(key * UINT64_C(0x9e3779b97f4a7c15) >> (56 - 8 * i));
}

static void
epoch_found(void *arg, size_t index, struct sl_text value)
{
    cr_assert_eq(value.length, 600);
    memcpy((uint64_t *)arg + index, value.start, sizeof(uint64_t));
}

/* A key an epoch, while the store merges what came before: the last value of each stays. */
Test(cold, a_store_keeps_the_last_value_while_it_compacts)
{
    struct sl_store *store;
    char key[500], value[600] = {0};
    uint64_t bytes, have;

    use_database();
    cr_assert_eq(sl_files_make_directory(backend.path, &err), SL_OK);
    cr_assert_eq(backend.ops->open(backend.space, backend.path, false, &store, &err), SL_OK);
    for (uint64_t i = 0; i < EPOCH_KEYS * EPOCH_ROUNDS; i++) {
        uint64_t round = i / EPOCH_KEYS + 1;
        struct sl_text text = {key, sizeof(key)};
        struct sl_store_batch *batch;

        epoch_key(i % EPOCH_KEYS, key, sizeof(key));
        have = 0;
        cr_assert_eq(store->ops->get_many(store, &text, 1, epoch_found, &have, &err), SL_OK);
        cr_assert_eq(have, round - 1, "key %zu", (size_t)(i % EPOCH_KEYS));
        memcpy(value, &round, sizeof(round));
        batch = store->ops->begin(store);
        cr_assert_eq(store->ops->put(batch, text, (struct sl_text){value, sizeof(value)}, &err),
                     SL_OK);
        cr_assert_eq(store->ops->end(batch, true, &bytes, &err), SL_OK, "%s", err.text);
    }
    store->ops->close(store);
    sl_files_remove_directory(backend.path);
}

/* --- reading ahead --- */

struct ahead {
    struct sl_column *column;
    uint64_t hashes[SL_BATCH_ROWS_MAX];
    struct sl_state_keys keys;
};

static void
ahead_keys(struct ahead *ahead, int64_t time, int64_t from, size_t count)
{
    ahead->column = sl_column_new(pool, &sl_type_bigint, count, false);
    for (size_t i = 0; i < count; i++)
        ((int64_t *)ahead->column->values)[i] = from + (int64_t)i;
    sl_hash_rows(&ahead->column, 1, NULL, count, ahead->hashes);
    ahead->keys = (struct sl_state_keys){&ahead->column, NULL, count, ahead->hashes, time};
}

/* A state of a thousand rows, all in the store alone. */
static void
open_cold(struct subtask *subtask)
{
    use_tight_database();
    open_subtask(subtask, 0, 128);
    put_rows(subtask, 5, 1, 1000, 3);
    settle(subtask, false);
    settle(subtask, false);
    cr_assert_eq(rows_in_memory(subtask), 0);
}

Test(cold, several_calls_are_read_at_once)
{
    static struct ahead a, b;
    const char *values[SL_BATCH_ROWS_MAX];
    struct subtask subtask;

    open_cold(&subtask);
    ahead_keys(&a, 5, 1, 100);
    ahead_keys(&b, 5, 51, 100);
    sl_state_gather_begin(subtask.state);
    cr_expect_eq(sl_table_prepare(subtask.table, &a.keys, &err), SL_OK);
    cr_expect_eq(sl_table_prepare(subtask.table, &b.keys, &err), SL_OK);
    sl_state_gather_end(subtask.state);
    cr_expect(sl_state_is_reading(subtask.state));
    cr_expect_eq(sl_table_prepare(subtask.table, &a.keys, &err), SL_AGAIN);
    run_io(subtask.state);
    cr_expect_eq(rows_in_memory(&subtask), 150);
    cr_expect_eq(sl_table_prepare(subtask.table, &a.keys, &err), SL_OK);
    cr_expect_eq(sl_table_prepare(subtask.table, &b.keys, &err), SL_OK);
    sl_table_find(subtask.table, &b.keys, values);
    for (int64_t i = 0; i < 100; i++)
        cr_expect_eq(((const struct value *)(const void *)values[i])->number, (51 + i) * 3);
    sl_column_unref(a.column);
    sl_column_unref(b.column);
    sl_state_free(subtask.state);
}

/* What is read was asked for of the time that was there before. */
Test(cold, nothing_comes_back_to_a_time_that_was_dropped)
{
    static struct ahead a;
    struct subtask subtask;
    size_t count;

    open_cold(&subtask);
    ahead_keys(&a, 5, 1, 100);
    sl_state_gather_begin(subtask.state);
    sl_table_prepare(subtask.table, &a.keys, &err);
    sl_state_gather_end(subtask.state);
    sl_table_drop_time(subtask.table, 5);
    put_rows(&subtask, 5, 1, 1, 7);
    run_io(subtask.state);
    cr_expect_eq(sum_rows(&subtask, 5, &count), 7);
    cr_expect_eq(count, 1);
    sl_column_unref(a.column);
    sl_state_free(subtask.state);
}

/* Rows that were read, and left before they were used. */
Test(cold, what_left_memory_is_not_taken_to_be_there)
{
    static struct ahead a;
    struct subtask subtask;

    open_cold(&subtask);
    ahead_keys(&a, 5, 1, 100);
    sl_state_gather_begin(subtask.state);
    sl_table_prepare(subtask.table, &a.keys, &err);
    sl_state_gather_end(subtask.state);
    run_io(subtask.state);
    cr_expect_eq(sl_state_settle(subtask.state, false, false, &err), SL_OK);
    cr_expect_eq(rows_in_memory(&subtask), 100, "they stay for one step");
    cr_expect_eq(sl_state_settle(subtask.state, true, false, &err), SL_OK);
    cr_expect_eq(rows_in_memory(&subtask), 100, "… and while they are made ready");
    settle(&subtask, false);
    cr_expect_eq(rows_in_memory(&subtask), 0);
    cr_expect_eq(sl_table_prepare(subtask.table, &a.keys, &err), SL_AGAIN);
    sl_column_unref(a.column);
    sl_state_free(subtask.state);
}

/* A restore links the files and reads rows when they are wanted; damage shows then. */
Test(cold, a_large_store_is_restored_by_links)
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
Test(cold, a_state_without_checkpoints_is_evicted_too)
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

Test(cold, rows_expire_in_memory)
{
    expire_rows();
}

Test(cold, rows_expire_in_a_database)
{
    use_database();
    expire_rows();
}

Test(cold, rows_expire_outside_memory)
{
    use_tight_database();
    expire_rows();
}

static int
count_pair(void *arg, struct sl_text key, struct sl_text value, struct sl_error *error)
{
    ++*(size_t *)arg;
    return SL_OK;
}

/* Whether anybody sees them or not. */
static size_t
rows_in_store(const struct subtask *subtask)
{
    struct sl_store *store = subtask->state->store;
    size_t count = 0;

    cr_assert_eq(store->ops->scan(store, SL_TEXT(""), SL_TEXT("\xff\xff\xff"), SIZE_MAX, count_pair,
                                  &count, &err),
                 SL_OK, "%s", err.text);
    return count;
}

static void
expect_alive(struct subtask *subtask, size_t rows)
{
    size_t count;

    sum_rows(subtask, 5, &count);
    cr_assert_eq(count, rows);
    cr_assert_geq(rows_in_store(subtask), rows);
}

/* Compactions leave out what is over at a barrier, and nothing else. */
Test(cold, rows_that_are_over_leave_the_database, .timeout = 60)
{
    enum { EPOCHS = 500, OLD = 1000, NEW = 10 };
    struct subtask subtask;
    size_t epoch = 2, live = NEW, count;

    ttl_us = 100;
    use_tight_database();
    open_subtask(&subtask, 0, 128);
    sl_state_set_now(subtask.state, 1000);
    put_rows(&subtask, 5, 1, OLD, 3);
    freeze_and_take(&subtask, 1);
    settle(&subtask, false);
    sl_state_set_now(subtask.state, 1099);
    put_rows(&subtask, 5, 1, NEW, 1); /* again, just in time */
    freeze_and_take(&subtask, epoch);
    expect_alive(&subtask, OLD);
    cr_expect_eq(rows_in_store(&subtask), OLD);
    sl_state_set_now(subtask.state, 1100);
    do {
        put_rows(&subtask, 5, OLD + (int64_t)live, NEW, 2);
        live += NEW;
        settle(&subtask, false);
        freeze_and_take(&subtask, ++epoch);
        expect_alive(&subtask, live);
    } while (rows_in_store(&subtask) > live && epoch < EPOCHS);
    cr_expect_eq(rows_in_store(&subtask), live);
    sl_state_free(subtask.state);

    open_subtask(&subtask, 0, 128);
    sl_state_set_now(subtask.state, 1100);
    cr_assert_eq(sl_state_restore(subtask.state, read_manifest(epoch), directory_of(epoch), &err),
                 SL_OK);
    sum_rows(&subtask, 5, &count);
    cr_expect_eq(count, live);
    sl_state_free(subtask.state);
}

/* --- where rows that stay are --- */

static size_t
longest_run(const struct state_slots *slots)
{
    size_t longest = 0, run = 0;

    for (size_t i = 0; i <= 2 * slots->mask + 1; i++) {
        run = slots->items[i & slots->mask] == SLOT_EMPTY ? 0 : run + 1;
        longest = SL_MAX(longest, run);
    }
    return longest;
}

/* New keys come all the time, and as many leave: those that stay are spread over the whole table,
 * or one half of it would be full, and every look-up there long. */
Test(cold, rows_that_stay_are_spread)
{
    struct subtask subtask;
    size_t longest = 0;

    use_database();
    budget = (struct sl_state_budget){.limit_bytes = 1 << 20};
    backend.budget = &budget;
    open_subtask(&subtask, 0, 128);
    for (int64_t n = 0; n < 200; n++) {
        put_rows(&subtask, 5, n * 256, 256, 1);
        settle(&subtask, false);
        if (!subtask.table->slices[0]->old.items)
            longest = SL_MAX(longest, longest_run(&subtask.table->slices[0]->slots));
    }
    cr_expect(sl_state_is_cold(subtask.state));
    cr_expect_lt(longest, 256, "%zu slots in a row", longest);
    sl_state_free(subtask.state);
}
