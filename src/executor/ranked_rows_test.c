/* The rows of a partition: in order through all of its chunks, whatever comes, goes, is cut off. */
#include "executor/ranked_rows.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>

static struct sl_arena arena;
static struct sl_op_context context;
static struct sl_phys_node node;
static struct sl_op op;
static struct sl_ranked_rows rows;
static struct sl_column *partition;
static uint64_t seed;

static void
set_up(void)
{
    static const uint32_t keys[] = {0};
    struct sl_error err;

    sl_arena_init(&arena);
    context = (struct sl_op_context){.arena = &arena, .pool = sl_pool_new()};
    context.state = sl_state_new(&(struct sl_state_config){context.pool, 128, 0, 128});
    node.uid = "u";
    node.schema = sl_schema_new(&arena, 1);
    node.schema->columns[0] = (struct sl_schema_column){.name = "k", .type = &sl_type_bigint};
    op = (struct sl_op){.node = &node, .context = &context};
    rows = (struct sl_ranked_rows){0};
    cr_assert_eq(sl_ranked_rows_open(&rows, &op, keys, 1, 0, &err), SL_OK);
    rows.chunk_bytes = 200; /* a few rows */
    partition = sl_column_new(context.pool, &sl_type_bigint, 1, false);
    seed = 1;
}

static void
tear_down(void)
{
    sl_ranked_rows_close(&rows);
    sl_column_unref(partition);
    sl_state_free(context.state);
    sl_pool_free(context.pool);
    sl_arena_done(&arena);
}

TestSuite(ranked_rows, .init = set_up, .fini = tear_down);

static uint64_t
chance(uint64_t limit)
{
    seed = seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (seed >> 33) % limit;
}

static struct sl_ranked *
value_of(int64_t k)
{
    uint64_t hash;
    char *value;

    ((int64_t *)partition->values)[0] = k;
    sl_hash_rows(&partition, 1, NULL, 1, &hash);
    sl_table_upsert(rows.table,
                    &(struct sl_state_keys){.columns = &partition, .row_count = 1, .hashes = &hash},
                    &value, NULL);
    return (struct sl_ranked *)(void *)value;
}

/* What the rows are to be: a key, and what tells rows of one key apart. */
struct expected {
    unsigned char key;
    int number;
};
enum { EXPECTED_MAX = 4096 };
static struct expected expected[2][EXPECTED_MAX];
static uint32_t expected_count[2];

static bool numbered; /* rows are told apart by numbers, too */

static struct sl_rank_key
key_of(const struct expected *row)
{
    return (struct sl_rank_key){
        {(const char *)&row->key, 1}, row->key, numbered ? (uint64_t)row->number + 1 : 0};
}

static struct sl_text
row_of(const struct expected *row, char *bytes)
{
    return (struct sl_text){bytes, (size_t)snprintf(bytes, 32, "row %d", row->number)};
}

static void
insert(int k, struct expected row)
{
    struct sl_rank_key key = key_of(&row);
    uint32_t at = 0;
    char bytes[32];

    while (at < expected_count[k] &&
           (expected[k][at].key < row.key || (expected[k][at].key == row.key && !rows.last_first)))
        at++;
    memmove(&expected[k][at + 1], &expected[k][at],
            (expected_count[k]++ - at) * sizeof(struct expected));
    expected[k][at] = row;
    cr_assert_eq(sl_ranked_insert(&rows, value_of(k), &key, row_of(&row, bytes)), at);
}

static void
remove_at(int k, uint32_t at)
{
    struct expected row = expected[k][at];
    struct sl_rank_key key = key_of(&row);
    uint32_t position = UINT32_MAX;
    char bytes[32];

    memmove(&expected[k][at], &expected[k][at + 1],
            (--expected_count[k] - at) * sizeof(struct expected));
    if (numbered && chance(2)) {
        cr_assert(sl_ranked_remove_exactly(&rows, value_of(k), &key, &position));
        cr_assert(!sl_ranked_remove_exactly(&rows, value_of(k), &key, &(uint32_t){0}));
    } else {
        key.number = 0;
        cr_assert(sl_ranked_remove(&rows, value_of(k), &key, row_of(&row, bytes), &position));
        cr_assert(!sl_ranked_remove(&rows, value_of(k), &key, row_of(&row, bytes), &(uint32_t){0}));
    }
    cr_assert_eq(position, at);
}

static void
check(int k, uint32_t from)
{
    const struct sl_ranked *value = value_of(k);
    struct sl_ranked_cursor cursor;
    char bytes[32];

    cr_assert_eq(value->count, expected_count[k]);
    sl_ranked_seek(&rows, value, from, &cursor);
    for (uint32_t i = from; i < expected_count[k]; i++) {
        const struct sl_rank_entry *entry = sl_ranked_next(&cursor);
        struct sl_rank_key key = key_of(&expected[k][i]);

        cr_assert_not_null(entry);
        cr_assert(sl_rank_entry_has_key(entry, &key));
        cr_assert(sl_text_equal(sl_rank_entry_row(entry), row_of(&expected[k][i], bytes)));
    }
    cr_assert_null(sl_ranked_next(&cursor));
}

/* Two partitions beside each other; few keys, so that equal ones lie in several chunks. */
static void
run(size_t steps, uint64_t key_count)
{
    expected_count[0] = expected_count[1] = 0;
    for (size_t i = 0; i < steps; i++) {
        int k = (int)chance(2);
        uint64_t what = chance(100);

        if (what < (i < steps / 2 ? 60 : 40) && expected_count[k] < EXPECTED_MAX)
            insert(k, (struct expected){(unsigned char)(1 + chance(key_count)), (int)i});
        else if (what < 99 && expected_count[k] > 0)
            remove_at(k, (uint32_t)chance(expected_count[k]));
        if (i % 50 == 0)
            check(k, (uint32_t)chance(expected_count[k] + 1));
    }
    check(0, 0);
    check(1, 0);
}

Test(ranked_rows, come_and_go)
{
    run(6000, 100);
}

Test(ranked_rows, with_few_keys)
{
    run(4000, 3);
}

Test(ranked_rows, with_numbers)
{
    numbered = true;
    run(4000, 3);
}

Test(ranked_rows, last_first)
{
    rows.last_first = true;
    expected_count[0] = 0;
    for (int i = 0; i < 500; i++)
        insert(0, (struct expected){(unsigned char)(1 + chance(5)), i});
    check(0, 0);
}

Test(ranked_rows, are_cut_off)
{
    expected_count[0] = 0;
    for (int i = 0; i < 2000; i++) {
        insert(0, (struct expected){(unsigned char)(1 + chance(50)), i});
        if (chance(20) == 0) {
            uint32_t count = (uint32_t)chance(expected_count[0] + 1);

            sl_ranked_trim(&rows, value_of(0), count);
            expected_count[0] = count;
            check(0, 0);
        }
    }
    sl_ranked_trim(&rows, value_of(0), 0);
    expected_count[0] = 0;
    check(0, 0);
    cr_assert_eq(value_of(0)->further.count, 0);
}
