/* Packed rows read back, damage is noticed; keys sort as SQL does; hashes agree with equality. */
#include "data/data_test.h"
#include "data/row.h"

static const struct {
    const char *type;
    const char *texts[5]; /* in SQL order, NULL first */
} ordered[] = {
    {"BOOLEAN", {NULL, "f", "t", "t", "t"}},
    {"TINYINT", {NULL, "-128", "-1", "0", "127"}},
    {"INT", {NULL, "-2147483648", "-1", "0", "2147483647"}},
    {"BIGINT", {NULL, "-9000000000", "-1", "0", "9000000000"}},
    {"DOUBLE", {"-Infinity", "-1.5", "0", "1e300", "NaN"}},
    {"FLOAT", {NULL, "-2", "-1.5", "0", "3"}},
    {"DECIMAL(10, 2)", {NULL, "-100.00", "-0.01", "0.00", "99999999.99"}},
    {"DECIMAL(38, 10)", {NULL, "-9999999999999999999999.5", "0", "0.1", "9999999999999999999999"}},
    {"STRING", {NULL, "", "a", "a longer text than twelve", "b"}},
    {"DATE", {NULL, "1960-01-01", "1969-12-31", "1970-01-01", "2024-01-01"}},
    {"TIMESTAMP(3)", {NULL, "1960-01-01", "1969-12-31", "1970-01-01", "2024-01-01"}},
    {"ARRAY<INT>", {NULL, "{}", "{NULL}", "{1}", "{1,2}"}},
    {"ROW<`a` STRING, `b` INT>", {NULL, "(,1)", "(a,)", "(a,2)", "(ab,1)"}},
};

Test(data_row, keys_sort_as_values)
{
    struct sl_pool *pool = sl_pool_new();
    struct sl_arena arena;

    sl_arena_init(&arena);
    for (size_t i = 0; i < SL_COUNT_OF(ordered); i++) {
        struct sl_column *column = test_column(&arena, pool, ordered[i].type, ordered[i].texts, 5);
        struct sl_buffer keys[5], turned[5];

        for (size_t row = 0; row < 5; row++) {
            sl_buffer_init(&keys[row], 10000);
            sl_buffer_init(&turned[row], 10000);
            sl_key_encode(&column, 1, row, &keys[row]);
            sl_key_encode_order(&column, 1, row, 1, 1, &turned[row]);
        }
        for (size_t row = 1; row < 5; row++) {
            struct sl_value a = sl_value_read(&arena, column, row - 1);
            struct sl_value b = sl_value_read(&arena, column, row);
            int order = sl_text_compare(sl_buffer_text(&keys[row - 1]), sl_buffer_text(&keys[row]));
            int back =
                sl_text_compare(sl_buffer_text(&turned[row - 1]), sl_buffer_text(&turned[row]));

            cr_expect_eq(order < 0, sl_value_compare(&a, &b) < 0, "%s row %zu", ordered[i].type,
                         row);
            cr_expect_leq(order, 0, "%s row %zu", ordered[i].type, row);
            cr_expect_geq(back, 0, "%s row %zu", ordered[i].type, row);
        }
        for (size_t row = 0; row < 5; row++) {
            sl_buffer_done(&keys[row]);
            sl_buffer_done(&turned[row]);
        }
        sl_column_unref(column);
    }
    sl_pool_free(pool);
    sl_arena_done(&arena);
}

Test(data_row, packed_rows_read_back_and_damage_is_noticed)
{
    enum { COLUMNS = SL_COUNT_OF(ordered) };
    struct sl_pool *pool = sl_pool_new();
    struct sl_column *columns[COLUMNS], *unpacked[COLUMNS];
    const struct sl_type *types[COLUMNS];
    const struct sl_row_layout *layout;
    struct sl_buffer packed[5];
    struct sl_text rows[5];
    struct sl_arena arena;
    struct sl_error err;

    sl_arena_init(&arena);
    for (size_t i = 0; i < COLUMNS; i++) {
        columns[i] = test_column(&arena, pool, ordered[i].type, ordered[i].texts, 5);
        types[i] = columns[i]->type;
    }
    layout = sl_row_layout_new(&arena, types, COLUMNS);
    for (size_t row = 0; row < 5; row++) {
        sl_buffer_init(&packed[row], 100000);
        sl_row_pack(layout, columns, row, &packed[row]);
        rows[row] = sl_buffer_text(&packed[row]);
    }
    cr_assert_eq(sl_row_unpack(layout, pool, rows, 5, unpacked, &err), SL_OK);
    for (size_t i = 0; i < COLUMNS; i++) {
        cr_expect_str_eq(test_column_text(&arena, unpacked[i], SL_FORM_POSTGRES),
                         test_column_text(&arena, columns[i], SL_FORM_POSTGRES));
        sl_column_unref(unpacked[i]);
    }
    /* Row 4 ends in the fields of its nested values: each shorter cut must be noticed. */
    for (size_t length = 0; length < packed[4].length; length++) {
        rows[4].length = length;
        cr_assert_eq(sl_row_unpack(layout, pool, rows, 5, unpacked, &err), SL_E_DATA_CORRUPTED);
    }
    for (size_t i = 0; i < COLUMNS; i++)
        sl_column_unref(columns[i]);
    for (size_t row = 0; row < 5; row++)
        sl_buffer_done(&packed[row]);
    cr_assert_eq(sl_pool_used_bytes(pool), 0);
    sl_pool_free(pool);
    sl_arena_done(&arena);
}

Test(data_row, hashes_agree_with_equality)
{
    static const char *const numbers[] = {"0", "-0", "1", NULL, NULL};
    static const char *const texts[] = {"x", "x", "x", "x", "a text that is longer"};
    static const char *const maps[] = {"{\"a\": 1, \"b\": 2}", "{\"b\": 2, \"a\": 1}", "{\"a\": 1}",
                                       "{}", "{}"};
    const uint16_t selection[] = {1, 4};
    struct sl_pool *pool = sl_pool_new();
    uint64_t hashes[5], some[2];
    struct sl_column *columns[3];
    struct sl_arena arena;

    sl_arena_init(&arena);
    columns[0] = test_column(&arena, pool, "DOUBLE", numbers, 5);
    columns[1] = test_column(&arena, pool, "STRING", texts, 5);
    columns[2] = test_column(&arena, pool, "MAP<STRING, INT>", maps, 5);
    sl_hash_rows(columns, 3, NULL, 5, hashes);
    sl_hash_rows(columns, 3, selection, 2, some);
    cr_assert_eq(hashes[0], hashes[1]);
    cr_assert_neq(hashes[0], hashes[2]);
    cr_assert_neq(hashes[3], hashes[4]);
    cr_assert_eq(some[0], hashes[1]);
    cr_assert_eq(some[1], hashes[4]);
    for (size_t i = 0; i < 3; i++)
        sl_column_unref(columns[i]);
    sl_pool_free(pool);
    sl_arena_done(&arena);
}
