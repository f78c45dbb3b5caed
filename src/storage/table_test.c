/* State tables: what is frozen stays as it was, whatever happens to the table meanwhile. */
#include "storage/table.h"

#include "data/row.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>

static struct sl_pool *pool;
static struct sl_state *state;
static struct sl_error err;

static void
set_up(void)
{
    pool = sl_pool_new();
    state = sl_state_new(&(struct sl_state_config){pool, 128, 0, 128});
}

static void
tear_down(void)
{
    sl_state_free(state);
    sl_pool_free(pool);
}

TestSuite(table, .init = set_up, .fini = tear_down);

static const struct sl_type *const key_types[] = {&sl_type_bigint, &sl_type_string};

static struct sl_state_table *
open_table(bool has_time)
{
    struct sl_state_table *table;

    cr_assert_eq(sl_state_table_open(state,
                                     &(struct sl_state_table_spec){.name = "t",
                                                                   .operator_uid = "u",
                                                                   .key_types = key_types,
                                                                   .key_count = 2,
                                                                   .has_time = has_time,
                                                                   .value_size = 8},
                                     &table, &err),
                 SL_OK);
    return table;
}

/* Keys (n, "key-<n>") for n in [from, from + count). */
struct keys {
    struct sl_column *columns[2];
    uint64_t hashes[SL_BATCH_ROWS_MAX];
    struct sl_state_keys keys;
};

static void
make_keys(struct keys *made, int64_t from, size_t count, int64_t time)
{
    struct sl_heap_writer writer;

    made->columns[0] = sl_column_new(pool, &sl_type_bigint, count, false);
    made->columns[1] = sl_column_new(pool, &sl_type_string, count, false);
    sl_heap_writer_init(&writer, pool, made->columns[1]);
    for (size_t i = 0; i < count; i++) {
        char text[64];
        int length = snprintf(text, sizeof(text), "a long key, longer than a view holds: %lld",
                              (long long)(from + (int64_t)i));

        ((int64_t *)made->columns[0]->values)[i] = from + (int64_t)i;
        ((struct sl_view *)made->columns[1]->values)[i] =
            sl_heap_writer_copy(&writer, text, (size_t)length);
    }
    sl_hash_rows(made->columns, 2, NULL, count, made->hashes);
    made->keys = (struct sl_state_keys){
        .columns = made->columns, .row_count = count, .hashes = made->hashes, .time = time};
}

static void
free_keys(struct keys *made)
{
    sl_column_unref(made->columns[0]);
    sl_column_unref(made->columns[1]);
}

/* Adds `add` to the value of each key. */
static void
add_to(struct sl_state_table *table, int64_t from, size_t count, int64_t time, int64_t add)
{
    static struct keys made;
    static char *values[SL_BATCH_ROWS_MAX];

    make_keys(&made, from, count, time);
    sl_table_upsert(table, &made.keys, values, NULL);
    for (size_t i = 0; i < count; i++)
        *(int64_t *)(void *)values[i] += add;
    free_keys(&made);
}

static void
delete_from(struct sl_state_table *table, int64_t from, size_t count, int64_t time)
{
    static struct keys made;

    make_keys(&made, from, count, time);
    sl_table_delete(table, &made.keys);
    free_keys(&made);
}

/* The value of one key; INT64_MIN: absent. */
static int64_t
value_of(struct sl_state_table *table, int64_t key, int64_t time)
{
    static struct keys made;
    const char *value;
    int64_t found;

    make_keys(&made, key, 1, time);
    sl_table_find(table, &made.keys, &value);
    found = value ? *(const int64_t *)(const void *)value : INT64_MIN;
    free_keys(&made);
    return found;
}

/* The sum of the frozen values, and how many tombstones there are. */
static int64_t
sum_frozen(const struct sl_frozen *frozen, size_t *ret_tombstones)
{
    int64_t sum = 0;

    *ret_tombstones = 0;
    for (size_t i = 0; i < sl_frozen_count(frozen); i++) {
        struct sl_frozen_row row;

        sl_frozen_row(frozen, i, &row);
        if (row.value)
            sum += *(const int64_t *)(const void *)row.value;
        else
            ++*ret_tombstones;
    }
    return sum;
}

Test(table, upsert_find_delete_over_growth)
{
    struct sl_state_table *table = open_table(false);

    for (int64_t from = 0; from < 200000; from += 4000)
        add_to(table, from, 4000, 0, from);
    add_to(table, 199999, 1, 0, 5);
    cr_assert_eq(value_of(table, 0, 0), 0);
    cr_assert_eq(value_of(table, 123456, 0), 120000);
    cr_assert_eq(value_of(table, 199999, 0), 196005);
    cr_assert_eq(value_of(table, 200000, 0), INT64_MIN);
    delete_from(table, 1000, 3000, 0);
    cr_assert_eq(value_of(table, 1000, 0), INT64_MIN);
    cr_assert_eq(value_of(table, 4000, 0), 4000);
    add_to(table, 1000, 1, 0, 7);
    cr_assert_eq(value_of(table, 1000, 0), 7, "a deleted key comes back empty");
}

Test(table, two_equal_keys_in_one_batch_are_one_row)
{
    struct sl_state_table *table = open_table(false);
    static struct keys made;
    char *values[2];
    bool created[2];

    make_keys(&made, 5, 2, 0);
    ((int64_t *)made.columns[0]->values)[1] = 5;
    ((struct sl_view *)made.columns[1]->values)[1] = ((struct sl_view *)made.columns[1]->values)[0];
    made.hashes[1] = made.hashes[0];
    sl_table_upsert(table, &made.keys, values, created);
    cr_assert_eq(values[0], values[1]);
    cr_assert(created[0]);
    cr_assert_not(created[1]);
    free_keys(&made);
}

static struct sl_state_table *
open_bits(size_t word_count, int64_t ttl_us)
{
    struct sl_state_table *table;

    cr_assert_eq(sl_state_table_open(state,
                                     &(struct sl_state_table_spec){.name = "bits",
                                                                   .operator_uid = "u",
                                                                   .key_types = key_types,
                                                                   .key_count = 2,
                                                                   .value_size = 8 * word_count,
                                                                   .ttl_us = ttl_us,
                                                                   .is_bits = true},
                                     &table, &err),
                 SL_OK);
    return table;
}

/* Sets bits of `count` keys from `from` on, in the words a key that `bits` has; the new ones are
 * left in `bits`. */
static void
set_bits(struct sl_state_table *table, int64_t from, size_t count, uint64_t *bits)
{
    static struct keys made;

    make_keys(&made, from, count, 0);
    sl_table_set_bits(table, &made.keys, bits);
    free_keys(&made);
}

/* Freezes, says how many rows changed, and lets them be written. */
static size_t
count_changed(struct sl_state_table *table)
{
    struct sl_frozen *frozen = sl_table_freeze(table);
    size_t count = sl_frozen_count(frozen);

    sl_table_frozen_end(table, frozen, true);
    return count;
}

Test(table, bits_that_are_set_are_told_once)
{
    struct sl_state_table *table = open_bits(2, 0);
    uint64_t bits[] = {1, 0, 3, UINT64_C(1) << 63};
    uint64_t more[] = {1, 4, 1, UINT64_C(1) << 63, 8, 0};

    set_bits(table, 0, 2, bits);
    cr_assert_eq(bits[0], 1);
    cr_assert_eq(bits[1], 0);
    cr_assert_eq(bits[2], 3);
    cr_assert_eq(bits[3], UINT64_C(1) << 63);
    set_bits(table, 0, 3, more);
    cr_assert_eq(more[0], 0);
    cr_assert_eq(more[1], 4, "a bit of the other word is new");
    cr_assert_eq(more[2] | more[3], 0);
    cr_assert_eq(more[4], 8);
    cr_assert_eq(value_of(table, 1, 0), 3);
}

Test(table, a_row_that_had_all_bits_is_not_written)
{
    struct sl_state_table *table = open_bits(1, 0);
    uint64_t bits[] = {3, 3, 3}, again[] = {1, 7, 2}, frozen_bits[] = {4};
    struct sl_frozen *frozen;
    size_t tombstones;

    set_bits(table, 0, 3, bits);
    cr_assert_eq(count_changed(table), 3);
    set_bits(table, 0, 3, again);
    cr_assert_eq(again[1], 4);
    frozen = sl_table_freeze(table);
    cr_assert_eq(sl_frozen_count(frozen), 1, "only that with a new bit");
    set_bits(table, 1, 1, frozen_bits);
    cr_assert_eq(frozen_bits[0], 0);
    frozen_bits[0] = 8;
    set_bits(table, 1, 1, frozen_bits);
    cr_assert_eq(frozen_bits[0], 8);
    cr_assert_eq(sum_frozen(frozen, &tombstones), 7, "what is frozen stays as it was");
    sl_table_frozen_end(table, frozen, true);
    delete_from(table, 0, 1, 0);
    bits[0] = 1;
    set_bits(table, 0, 1, bits);
    cr_assert_eq(bits[0], 1, "a deleted key comes back empty");
}

Test(table, bits_of_a_table_with_a_time_to_live_are_new_after_it)
{
    struct sl_state_table *table = open_bits(1, 1000);
    uint64_t bits[] = {1};

    sl_state_set_now(state, 0);
    set_bits(table, 0, 1, bits);
    count_changed(table);
    sl_state_set_now(state, 900);
    bits[0] = 1;
    set_bits(table, 0, 1, bits);
    cr_assert_eq(bits[0], 0);
    cr_assert_eq(count_changed(table), 1, "its time to live is written");
    sl_state_set_now(state, 1800);
    bits[0] = 1;
    set_bits(table, 0, 1, bits);
    cr_assert_eq(bits[0], 0, "it began anew at 900");
    sl_state_set_now(state, 2801);
    bits[0] = 1;
    set_bits(table, 0, 1, bits);
    cr_assert_eq(bits[0], 1);
}

/* The key of a row, and how it is hashed, come back from its value; so do its first columns. */
Test(table, keys_go_on_from_heads)
{
    struct sl_state_table *table = open_table(false), *longer = open_bits(1, 0);
    static const struct sl_type *const head_types[] = {&sl_type_bigint};
    struct sl_state_table *heads;
    static struct keys made;
    struct sl_text keys[3];
    uint64_t hashes[3], bits[] = {1, 2, 4};
    char *values[3];

    cr_assert_eq(sl_state_table_open(state,
                                     &(struct sl_state_table_spec){.name = "heads",
                                                                   .operator_uid = "u",
                                                                   .key_types = head_types,
                                                                   .key_count = 1,
                                                                   .value_size = 8},
                                     &heads, &err),
                 SL_OK);
    make_keys(&made, -1, 3, 0);
    sl_table_upsert(table, &made.keys, values, NULL);
    sl_table_keys_of(table, values, 3, keys, hashes);
    cr_assert_eq(memcmp(hashes, made.hashes, sizeof(hashes)), 0);
    sl_hash_rows(made.columns, 1, NULL, 3, hashes);
    sl_table_upsert(
        heads, &(struct sl_state_keys){.columns = made.columns, .row_count = 3, .hashes = hashes},
        values, NULL);
    sl_table_keys_of(heads, values, 3, keys, hashes);
    made.keys.heads = keys;
    made.keys.head_count = 1;
    sl_table_set_bits(longer, &made.keys, bits);
    free_keys(&made);
    cr_assert_eq(value_of(longer, -1, 0), 1, "the same key without heads");
    cr_assert_eq(value_of(longer, 1, 0), 4);
}

Test(table, a_frozen_set_does_not_change_while_the_table_does)
{
    struct sl_state_table *table = open_table(false);
    struct sl_frozen *frozen;
    size_t tombstones;

    add_to(table, 0, 1000, 0, 1);
    frozen = sl_table_freeze(table);
    cr_assert_eq(sl_frozen_count(frozen), 1000);
    add_to(table, 0, 500, 0, 10);    /* copied */
    delete_from(table, 500, 100, 0); /* copied, tombstones */
    add_to(table, 5000, 10, 0, 3);   /* new */
    cr_assert_eq(sum_frozen(frozen, &tombstones), 1000);
    cr_assert_eq(tombstones, 0);
    cr_assert_eq(value_of(table, 0, 0), 11);
    cr_assert_eq(value_of(table, 999, 0), 1);
    cr_assert_eq(value_of(table, 550, 0), INT64_MIN);
    sl_table_frozen_end(table, frozen, true);

    frozen = sl_table_freeze(table); /* 500 changed, 100 deleted, 10 new */
    cr_assert_eq(sl_frozen_count(frozen), 610);
    cr_assert_eq(sum_frozen(frozen, &tombstones), 500 * 11 + 10 * 3);
    cr_assert_eq(tombstones, 100);
    sl_table_frozen_end(table, frozen, true);
    frozen = sl_table_freeze(table);
    cr_assert_eq(sl_frozen_count(frozen), 0, "nothing changed since");
    sl_table_frozen_end(table, frozen, true);
}

Test(table, a_set_that_was_not_written_comes_again_with_the_newer_rows)
{
    struct sl_state_table *table = open_table(false);
    struct sl_frozen *frozen;
    size_t tombstones;

    add_to(table, 0, 100, 0, 1);
    frozen = sl_table_freeze(table);
    add_to(table, 0, 50, 0, 1);
    sl_table_frozen_end(table, frozen, false);
    frozen = sl_table_freeze(table);
    cr_assert_eq(sl_frozen_count(frozen), 100);
    cr_assert_eq(sum_frozen(frozen, &tombstones), 150);
    sl_table_frozen_end(table, frozen, true);
}

Test(table, a_row_that_storage_never_saw_leaves_no_tombstone)
{
    struct sl_state_table *table = open_table(false);
    struct sl_frozen *frozen;

    add_to(table, 0, 10, 0, 1);
    delete_from(table, 0, 10, 0);
    frozen = sl_table_freeze(table);
    cr_assert_eq(sl_frozen_count(frozen), 0);
    sl_table_frozen_end(table, frozen, true);
}

Test(table, dropping_a_slice_spares_its_frozen_rows_and_is_told)
{
    struct sl_state_table *table = open_table(true);
    struct sl_frozen *frozen;
    const int64_t *dropped;
    size_t tombstones;

    add_to(table, 0, 100, 60, 1);
    add_to(table, 0, 100, 120, 2);
    cr_assert_eq(sl_table_first_time(table), 60);
    frozen = sl_table_freeze(table);
    sl_table_drop_time(table, 60);
    cr_assert_eq(sl_table_first_time(table), 120);
    cr_assert_eq(sum_frozen(frozen, &tombstones), 300);
    sl_table_frozen_end(table, frozen, true);
    frozen = sl_table_freeze(table);
    cr_assert_eq(sl_frozen_dropped_times(frozen, &dropped), 1);
    cr_assert_eq(dropped[0], 60);
    cr_assert_eq(sl_frozen_count(frozen), 0);
    sl_table_frozen_end(table, frozen, true);
    add_to(table, 0, 10, 180, 1);
    sl_table_drop_time(table, 180); /* never stored: nothing to tell */
    frozen = sl_table_freeze(table);
    cr_assert_eq(sl_frozen_dropped_times(frozen, &dropped), 0);
    sl_table_frozen_end(table, frozen, true);
}

Test(table, the_next_time_is_of_a_slice_with_rows)
{
    struct sl_state_table *table = open_table(true);

    cr_assert_eq(sl_table_next_time(table, INT64_MIN), INT64_MAX);
    add_to(table, 0, 4, -20, 1);
    add_to(table, 0, 4, 10, 1);
    add_to(table, 0, 4, 30, 1);
    delete_from(table, 0, 4, 10);
    cr_assert_eq(sl_table_first_time(table), -20);
    cr_assert_eq(sl_table_next_time(table, -20), -20);
    cr_assert_eq(sl_table_next_time(table, -19), 30, "the slice of 10 is empty");
    cr_assert_eq(sl_table_next_time(table, 31), INT64_MAX);
}

/* Every row of the slice changed while the first set was written: storage knows the slice all the
 * same, and has to hear that it went. */
Test(table, a_slice_whose_written_rows_changed_meanwhile_is_told_when_dropped)
{
    struct sl_state_table *table = open_table(true);
    struct sl_frozen *frozen;
    const int64_t *dropped;

    add_to(table, 0, 10, 60, 1);
    frozen = sl_table_freeze(table);
    add_to(table, 0, 10, 60, 1);
    sl_table_frozen_end(table, frozen, true);
    sl_table_drop_time(table, 60);
    frozen = sl_table_freeze(table);
    cr_assert_eq(sl_frozen_dropped_times(frozen, &dropped), 1);
    cr_assert_eq(dropped[0], 60);
    sl_table_frozen_end(table, frozen, true);
}

/* Tombstones keep their places until they are written, beside the rows that come meanwhile. */
Test(table, tombstones_and_new_rows_share_a_table, .timeout = 20)
{
    struct sl_state_table *table = open_table(false);
    struct sl_frozen *frozen;
    size_t tombstones;

    add_to(table, 0, 3000, 0, 1);
    frozen = sl_table_freeze(table);
    sl_table_frozen_end(table, frozen, true);
    delete_from(table, 0, 3000, 0);
    for (int64_t from = 10000; from < 20000; from += 100)
        add_to(table, from, 100, 0, 1);
    cr_assert_eq(value_of(table, 0, 0), INT64_MIN);
    cr_assert_eq(value_of(table, 19999, 0), 1);
    frozen = sl_table_freeze(table);
    cr_assert_eq(sum_frozen(frozen, &tombstones), 10000);
    cr_assert_eq(tombstones, 3000);
    sl_table_frozen_end(table, frozen, true);
}

/* Without checkpoints nobody freezes: what came and went takes no memory for ever. */
Test(table, rows_that_come_and_go_between_freezes_take_no_memory)
{
    struct sl_state_table *table = open_table(false);
    uint64_t rows, before, after;

    add_to(table, 0, 1000, 0, 1);
    delete_from(table, 0, 1000, 0);
    sl_state_size(state, &rows, &before);
    for (int64_t round = 1; round < 50; round++) {
        add_to(table, round * 1000, 1000, 0, 1);
        delete_from(table, round * 1000, 1000, 0);
    }
    sl_state_size(state, &rows, &after);
    cr_assert_eq(rows, 0);
    cr_assert_leq(after, 2 * before);
}

Test(table, a_scan_gives_every_row_once_key_group_by_key_group)
{
    struct sl_state_table *table = open_table(true);
    struct sl_state_scan scan;
    struct sl_state_row rows[100];
    struct sl_text keys[100];
    struct sl_column *columns[2];
    uint32_t group = 0;
    size_t count, seen = 0;
    int64_t sum = 0;

    for (int64_t i = 0; i < 5; i++)
        add_to(table, i * 1000, 1000, 60, i);
    sl_table_scan_begin(table, 60, &scan);
    for (;;) {
        cr_assert_eq(sl_table_scan_next(&scan, rows, 100, &count, &err), SL_OK);
        if (count == 0)
            break;
        for (size_t i = 0; i < count; i++) {
            cr_assert_geq(rows[i].key_group, group);
            group = rows[i].key_group;
            sum += *(const int64_t *)(const void *)rows[i].value;
            keys[i] = rows[i].key;
        }
        sl_key_codec_decode(sl_table_key_codec(table), pool, keys, count, columns);
        for (size_t i = 0; i < count; i++) {
            char text[64];
            struct sl_text key = sl_view_text(&((struct sl_view *)columns[1]->values)[i]);

            snprintf(text, sizeof(text), "a long key, longer than a view holds: %lld",
                     (long long)((int64_t *)columns[0]->values)[i]);
            cr_assert(sl_text_equal(key, sl_text_of(text)));
        }
        sl_column_unref(columns[0]);
        sl_column_unref(columns[1]);
        seen += count;
    }
    sl_table_scan_end(&scan);
    cr_assert_eq(seen, 5000);
    cr_assert_eq(sum, 1000 * (0 + 1 + 2 + 3 + 4));
}

Test(table, keys_order_as_sql_does_and_survive_zeros_and_nulls)
{
    const struct sl_type *const types[] = {&sl_type_string};
    struct sl_key_codec codec = {types, 1};
    struct sl_column *column = sl_column_new(pool, &sl_type_string, 5, true), *back;
    struct sl_view *views = column->values;
    struct sl_key_bytes keys;
    struct sl_text texts[5];

    views[0] = sl_view_of("", 0);
    sl_validity_set(column->validity, 0, false);
    views[1] = sl_view_of("", 0);
    views[2] = sl_view_of("a", 1);
    views[3] = sl_view_of("a\0b", 3);
    views[4] = sl_view_of("ab", 2);
    sl_key_bytes_init(&keys);
    sl_key_codec_encode(&codec, &column, NULL, 5, &keys);
    for (size_t i = 0; i < 5; i++) {
        texts[i] =
            (struct sl_text){keys.bytes + keys.offsets[i], keys.offsets[i + 1] - keys.offsets[i]};
        if (i)
            cr_assert_lt(sl_text_compare(texts[i - 1], texts[i]), 0, "key %zu", i);
    }
    sl_key_codec_decode(&codec, pool, texts, 5, &back);
    cr_assert(sl_column_is_null(back, 0));
    for (size_t i = 1; i < 5; i++)
        cr_assert(sl_view_equal(&((struct sl_view *)back->values)[i], &views[i]));
    sl_column_unref(back);
    sl_column_unref(column);
    sl_key_bytes_done(&keys);
}

/* Rows of one time go into another by the keys that a scan gave: the same rows as by columns. */
Test(table, keys_that_a_scan_gave_name_the_same_rows)
{
    struct sl_state_table *table = open_table(true);
    struct sl_state_row rows[1000];
    struct sl_text keys[1000];
    uint64_t hashes[1000];
    char *values[1000];
    bool created[1000];
    struct sl_state_scan scan;
    size_t count;

    add_to(table, 0, 1000, 60, 7);
    add_to(table, 500, 500, 61, 1);
    sl_table_scan_begin(table, 60, &scan);
    cr_assert_eq(sl_table_scan_next(&scan, rows, 1000, &count, &err), SL_OK);
    cr_assert_eq(count, 1000);
    for (size_t i = 0; i < count; i++) {
        keys[i] = rows[i].key;
        hashes[i] = rows[i].hash;
    }
    sl_table_upsert(
        table,
        &(struct sl_state_keys){.row_count = 1000, .hashes = hashes, .time = 61, .encoded = keys},
        values, created);
    count = 0;
    for (size_t i = 0; i < 1000; i++) {
        cr_assert_eq(*(const int64_t *)(const void *)values[i], created[i] ? 0 : 1);
        count += created[i];
    }
    cr_assert_eq(count, 500);
    sl_table_scan_end(&scan);
    add_to(table, 0, 1000, 61, 1);
    sl_table_scan_begin(table, 61, &scan);
    cr_assert_eq(sl_table_scan_next(&scan, rows, 1000, &count, &err), SL_OK);
    cr_assert_eq(count, 1000);
    sl_table_scan_end(&scan);
}

/* A value that is one view whose bytes grow. */
static char *
grow_to(struct sl_state_table *table, int64_t key, size_t capacity, uint32_t *ret_length)
{
    static struct keys made;
    struct sl_view *view;
    char *value;

    make_keys(&made, key, 1, 0);
    sl_table_upsert(table, &made.keys, &value, NULL);
    view = (struct sl_view *)(void *)value;
    *view = sl_table_grow_view(table, 0, view, capacity);
    free_keys(&made);
    *ret_length = view->length;
    return (char *)(uintptr_t)view->pointer;
}

Test(table, a_view_grows_by_doubling_and_keeps_its_bytes_and_frozen_ones_theirs)
{
    static const uint32_t offsets[] = {0};
    struct sl_state_table *table;
    struct sl_frozen *frozen;
    struct sl_frozen_row row;
    uint32_t length;
    char *bytes;

    cr_assert_eq(sl_state_table_open(state,
                                     &(struct sl_state_table_spec){.name = "t",
                                                                   .operator_uid = "u",
                                                                   .key_types = key_types,
                                                                   .key_count = 2,
                                                                   .value_size = 16,
                                                                   .view_offsets = offsets,
                                                                   .view_count = 1},
                                     &table, &err),
                 SL_OK);
    bytes = grow_to(table, 7, 1, &length);
    cr_assert_geq(length, SL_VIEW_INLINE_MAX + 1, "never within the view itself");
    memset(bytes, 'a', length);
    cr_assert_eq(grow_to(table, 7, length, &length), bytes, "room enough");
    for (size_t capacity = length; capacity < 100000; capacity = length + 1) {
        bytes = grow_to(table, 7, capacity + 1, &length);
        cr_assert_geq(length, 2 * capacity - 2);
        cr_assert_eq((uintptr_t)bytes % 16, 0);
        cr_assert_eq(bytes[0], 'a');
        cr_assert_eq(bytes[15], 'a');
        cr_assert_eq(bytes[length - 1], 0);
    }
    frozen = sl_table_freeze(table);
    bytes = grow_to(table, 7, length + 1, &length);
    bytes[0] = 'b';
    sl_frozen_row(frozen, 0, &row);
    cr_assert_eq(sl_view_data((const struct sl_view *)(const void *)row.value)[0], 'a');
    sl_table_frozen_end(table, frozen, true);
    cr_assert_eq(grow_to(table, 7, 1, &length)[0], 'b');
}
