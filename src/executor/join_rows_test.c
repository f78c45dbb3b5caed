/* The rows of a key: in the order of their times, however they came, with their bytes. */
#include "executor/join_rows.h"

#include "data/row.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>

enum { BUCKET = 1000, INLINE_SIZE = 12 };

static struct sl_pool *pool;
static struct sl_state *state;
static struct sl_state_table *table;
static struct sl_column *key;
static uint64_t hash;

static void
set_up(void)
{
    static const struct sl_type *const types[] = {&sl_type_bigint};
    static const uint32_t offset = 0;
    struct sl_error err;

    pool = sl_pool_new();
    state = sl_state_new(&(struct sl_state_config){pool, 128, 0, 128});
    cr_assert_eq(sl_state_table_open(state,
                                     &(struct sl_state_table_spec){
                                         .name = "t",
                                         .operator_uid = "u",
                                         .key_types = types,
                                         .key_count = 1,
                                         .has_time = true,
                                         .value_size = sl_join_rows_value_size(INLINE_SIZE),
                                         .view_offsets = &offset,
                                         .view_count = 1,
                                     },
                                     &table, &err),
                 SL_OK);
    key = sl_column_new(pool, &sl_type_bigint, 1, false);
    ((int64_t *)key->values)[0] = 7;
    sl_hash_rows(&key, 1, NULL, 1, &hash);
}

static void
tear_down(void)
{
    sl_column_unref(key);
    sl_state_free(state);
    sl_pool_free(pool);
}

TestSuite(join_rows, .init = set_up, .fini = tear_down);

static char *
value_of_key(void)
{
    char *value;

    sl_table_upsert(
        table,
        &(struct sl_state_keys){.columns = &key, .row_count = 1, .hashes = &hash, .time = BUCKET},
        &value, NULL);
    return value;
}

/* The row of time t is the text "row t", its number behind it. */
static void
add(int64_t time, int number, bool matched)
{
    char text[64];
    int length = snprintf(text, sizeof(text), "row %lld %d", (long long)time, number);

    cr_assert(sl_join_rows_add(table, BUCKET, value_of_key(), sl_join_rows_value_size(INLINE_SIZE),
                               time, (struct sl_text){text, (size_t)length}, matched));
}

Test(join_rows, are_in_the_order_of_their_times)
{
    enum { COUNT = 3000, TIMES = 500 };
    const struct sl_join_rows *rows;
    int64_t before = INT64_MIN;
    int number_before = -1;

    for (int i = 0; i < COUNT; i++)
        add((int64_t)i * 7919 % TIMES, i, i % 3 == 0);
    rows = sl_join_rows_of(value_of_key());
    cr_assert_eq(rows->count, COUNT);
    cr_assert_eq(rows->open, COUNT - COUNT / 3);
    for (uint32_t i = 0; i < rows->count; i++) {
        const struct sl_join_slot *slot = &rows->slots[i];
        struct sl_text text = sl_join_rows_text(rows, slot);
        long long time;
        int number;
        char copy[64] = {0};

        memcpy(copy, text.start, text.length);
        cr_assert_eq(sscanf(copy, "row %lld %d", &time, &number), 2);
        cr_assert_eq(time, slot->time_us);
        cr_assert_eq(slot->matched, number % 3 == 0);
        cr_assert(slot->time_us > before || (slot->time_us == before && number > number_before),
                  "rows of one time are in the order in which they came");
        before = slot->time_us;
        number_before = number;
    }
}

Test(join_rows, are_found_by_time)
{
    const struct sl_join_rows *rows;

    cr_assert_null(sl_join_rows_of(value_of_key()));
    add(10, 0, false);
    add(30, 1, false);
    add(20, 2, false);
    add(20, 3, true);
    rows = sl_join_rows_of(value_of_key());
    cr_assert_eq(sl_join_rows_find(rows, INT64_MIN), 0);
    cr_assert_eq(sl_join_rows_find(rows, 10), 0);
    cr_assert_eq(sl_join_rows_find(rows, 11), 1);
    cr_assert_eq(sl_join_rows_find(rows, 20), 1);
    cr_assert_eq(sl_join_rows_find(rows, 30), 3);
    cr_assert_eq(sl_join_rows_find(rows, 31), 4);
}

/* Rows without columns have no bytes. */
Test(join_rows, may_be_empty)
{
    const struct sl_join_rows *rows;

    for (int i = 0; i < 100; i++)
        cr_assert(sl_join_rows_add(table, BUCKET, value_of_key(),
                                   sl_join_rows_value_size(INLINE_SIZE), -i, (struct sl_text){0},
                                   false));
    rows = sl_join_rows_of(value_of_key());
    cr_assert_eq(rows->count, 100);
    cr_assert_eq(rows->slots[0].time_us, -99);
    cr_assert_eq(sl_join_rows_text(rows, &rows->slots[50]).length, 0);
}

static bool
is_in_value(void)
{
    const char *value = value_of_key();
    const char *rows = (const char *)sl_join_rows_of(value);

    return rows > value && rows < value + sl_join_rows_value_size(INLINE_SIZE);
}

static void
expect_row(uint32_t at, const char *text)
{
    const struct sl_join_rows *rows = sl_join_rows_of(value_of_key());

    cr_expect(sl_text_equal(sl_join_rows_text(rows, &rows->slots[at]), sl_text_of(text)), "%.*s",
              SL_TEXT_FORMAT(sl_join_rows_text(rows, &rows->slots[at])));
}

/* A small first row needs no memory of its own; the second one takes it along. */
Test(join_rows, first_row_is_in_the_value)
{
    add(10, 0, false);
    cr_expect(is_in_value());
    expect_row(0, "row 10 0");
    sl_join_rows_set_matched(sl_join_rows_of(value_of_key()),
                             &sl_join_rows_of(value_of_key())->slots[0]);
    add(5, 1, false);
    cr_expect_not(is_in_value());
    expect_row(0, "row 5 1");
    expect_row(1, "row 10 0");
    cr_expect_eq(sl_join_rows_of(value_of_key())->open, 1);
    cr_expect(sl_join_rows_of(value_of_key())->slots[1].matched);
}

Test(join_rows, long_first_row_is_not_in_the_value)
{
    add(1000000, 1000000, false);
    cr_expect_not(is_in_value());
    add(1, 0, false);
    expect_row(0, "row 1 0");
    expect_row(1, "row 1000000 1000000");
}
