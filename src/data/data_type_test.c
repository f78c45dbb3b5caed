/* Types print as Flink's and read back; equality looks at nullability where it should. */
#include "data/data_test.h"
#include "data/schema.h"

Test(data_type, texts_read_back)
{
    static const char *const texts[] = {
        "INT",
        "BIGINT NOT NULL",
        "DECIMAL(10, 2)",
        "STRING",
        "VARCHAR(20)",
        "CHAR(3) NOT NULL",
        "BYTES",
        "BINARY(4)",
        "TIMESTAMP(3)",
        "TIMESTAMP_LTZ(6)",
        "TIME(0)",
        "DATE",
        "INTERVAL YEAR TO MONTH",
        "INTERVAL DAY TO SECOND(3)",
        "ARRAY<INT NOT NULL> NOT NULL",
        "MAP<STRING, ARRAY<DOUBLE>>",
        "MULTISET<STRING>",
        "NULL",
        "ROW<`a` INT NOT NULL, `we``ird` ROW<`b` STRING>> NOT NULL",
    };
    struct sl_arena arena;

    sl_arena_init(&arena);
    for (size_t i = 0; i < SL_COUNT_OF(texts); i++)
        cr_assert_str_eq(sl_type_text(&arena, test_type(&arena, texts[i])), texts[i]);
    sl_arena_done(&arena);
}

Test(data_type, bad_texts_are_refused)
{
    static const char *const texts[] = {
        "",          "INTEGERS",   "DECIMAL(39, 0)", "DECIMAL(3, 4)", "TIMESTAMP(7)",
        "ARRAY<INT", "ROW<a INT>", "INT INT",        "VARCHAR(0)"};
    struct sl_arena arena;
    struct sl_error err;
    const struct sl_type *type;

    sl_arena_init(&arena);
    for (size_t i = 0; i < SL_COUNT_OF(texts); i++)
        cr_assert_lt(sl_type_parse(&arena, sl_text_of(texts[i]), &type, &err), 0, "%s", texts[i]);
    sl_arena_done(&arena);
}

Test(data_type, equality_and_nullability)
{
    struct sl_arena arena;
    const struct sl_type *nullable, *strict;

    sl_arena_init(&arena);
    nullable = test_type(&arena, "ARRAY<INT>");
    strict = sl_type_nullable(&arena, nullable, false);
    cr_assert(sl_type_equal(nullable, strict));
    cr_assert_not(sl_type_identical(nullable, strict));
    cr_assert_not(sl_type_equal(nullable, test_type(&arena, "ARRAY<INT NOT NULL>")));
    cr_assert_not(
        sl_type_equal(test_type(&arena, "DECIMAL(5, 2)"), test_type(&arena, "DECIMAL(5, 3)")));
    cr_assert(sl_type_identical(strict, sl_type_copy(&arena, strict)));
    sl_arena_done(&arena);
}

Test(data_type, schema_finds_names_without_case)
{
    struct sl_schema_column columns[] = {{.name = "Price"}, {.name = "x"}, {.name = "X"}};
    struct sl_schema schema = {columns, 3};

    cr_assert_eq(sl_schema_find(&schema, SL_TEXT("PRICE")), 0);
    cr_assert_eq(sl_schema_find(&schema, SL_TEXT("y")), -1);
    cr_assert_eq(sl_schema_find(&schema, SL_TEXT("x")), -2);
}
