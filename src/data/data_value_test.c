/* Values print in PostgreSQL's and Flink's forms (expected texts from PostgreSQL 15 and Flink's
 * documentation of CAST) and read back. */
#include "data/data_test.h"

struct form_case {
    const char *type, *input, *postgres, *flink;
};

static const struct form_case cases[] = {
    {"BOOLEAN", "yes", "t", "TRUE"},
    {"TINYINT", "-128", "-128", "-128"},
    {"BIGINT", "-9223372036854775808", "-9223372036854775808", "-9223372036854775808"},
    {"DOUBLE", "1e15", "1e+15", "1.0E15"},
    {"DOUBLE", "100000000000000", "100000000000000", "1.0E14"},
    {"DOUBLE", "0.00001", "1e-05", "1.0E-5"},
    {"DOUBLE", "0.1", "0.1", "0.1"},
    {"DOUBLE", "123456.789", "123456.789", "123456.789"},
    {"DOUBLE", "0.30000000000000004", "0.30000000000000004", "0.30000000000000004"},
    {"DOUBLE", "1234567890123456", "1.234567890123456e+15", "1.234567890123456E15"},
    {"DOUBLE", "-Infinity", "-Infinity", "-Infinity"},
    {"FLOAT", "0.1", "0.1", "0.1"},
    {"FLOAT", "1e6", "1e+06", "1000000.0"},
    {"FLOAT", "123456", "123456", "123456.0"},
    {"FLOAT", "3.4028235e38", "3.4028235e+38", "3.4028235E38"},
    {"DECIMAL(10, 2)", "12.345", "12.35", "12.35"},
    {"DECIMAL(10, 2)", "-0.005", "-0.01", "-0.01"},
    {"DECIMAL(38, 0)", "99999999999999999999999999999999999999",
     "99999999999999999999999999999999999999", "99999999999999999999999999999999999999"},
    {"CHAR(4)", "ab", "ab  ", "ab  "},
    {"VARCHAR(2)", "äö  ", "äö", "äö"},
    {"BYTES", "\\x6162", "\\x6162", "ab"},
    {"BYTES", "a\\\\\\001", "\\x615c01", "a\\\001"},
    {"DATE", "2024-02-29", "2024-02-29", "2024-02-29"},
    {"TIME(3)", "12:34:56.5", "12:34:56.5", "12:34:56.500"},
    {"TIMESTAMP(3)", "2020-01-01 12:00:00", "2020-01-01 12:00:00", "2020-01-01 12:00:00.000"},
    {"TIMESTAMP(6)", "2020-01-01T12:00:00.1234567", "2020-01-01 12:00:00.123456",
     "2020-01-01 12:00:00.123456"},
    {"TIMESTAMP_LTZ(3)", "2020-01-01 12:00:00+02", "2020-01-01 10:00:00+00",
     "2020-01-01 10:00:00.000"},
    {"TIMESTAMP(0)", "1969-12-31 23:59:59", "1969-12-31 23:59:59", "1969-12-31 23:59:59"},
    {"INTERVAL YEAR TO MONTH", "14 months", "1 year 2 mons", "+1-02"},
    {"INTERVAL YEAR TO MONTH", "-1-2", "-1 years -2 mons", "-1-02"},
    {"INTERVAL DAY TO SECOND(3)", "1 day 2 hours", "1 day 02:00:00", "+1 02:00:00.000"},
    {"INTERVAL DAY TO SECOND(3)", "-25:00:00.5", "-1 days -01:00:00.5", "-1 01:00:00.500"},
    {"INTERVAL DAY TO SECOND(3)", "P1DT2H3M4.5S", "1 day 02:03:04.5", "+1 02:03:04.500"},
    {"INTERVAL DAY TO SECOND(3)", "+0 00:00:05.000", "00:00:05", "+0 00:00:05.000"},
    {"ARRAY<STRING>", "{\"a,b\",\"NULL\",\"\",NULL,\"x\\\"y\",\"a\\\\b\"}",
     "{\"a,b\",\"NULL\",\"\",NULL,\"x\\\"y\",\"a\\\\b\"}", "[a,b, NULL, , NULL, x\"y, a\\b]"},
    {"ARRAY<ARRAY<INT>>", "{{1,2}, {3,NULL}}", "{{1,2},{3,NULL}}", "[[1, 2], [3, NULL]]"},
    {"ARRAY<INT>", "{}", "{}", "[]"},
    {"ROW<`a` INT, `b` STRING, `c` STRING>", "(1,\"a \"\"b\",)", "(1,\"a \"\"b\",)",
     "(1, a \"b, NULL)"},
    {"ARRAY<ROW<`a` INT, `b` STRING>>", "{\"(1,a)\"}", "{\"(1,a)\"}", "[(1, a)]"},
    {"MAP<STRING, INT>", "{\"k\": 1, \"l\": null}", "{\"k\": 1, \"l\": null}", "{k=1, l=NULL}"},
    {"MAP<INT, ARRAY<STRING>>", "{\"1\":[\"x\\n\"]}", "{\"1\": [\"x\\n\"]}", "{1=[x\n]}"},
    {"MULTISET<STRING>", "{\"a\": 2, \"b\": 1}", "{\"a\": 2, \"b\": 1}", "{a=2, b=1}"},
};

Test(data_value, forms)
{
    struct sl_pool *pool = sl_pool_new();
    struct sl_arena arena;

    sl_arena_init(&arena);
    for (size_t i = 0; i < SL_COUNT_OF(cases); i++) {
        struct sl_column *column = test_column(&arena, pool, cases[i].type, &cases[i].input, 1);

        cr_expect_str_eq(test_column_text(&arena, column, SL_FORM_POSTGRES), cases[i].postgres);
        cr_expect_str_eq(test_column_text(&arena, column, SL_FORM_FLINK), cases[i].flink);
        sl_column_unref(column);
    }
    cr_assert_eq(sl_pool_used_bytes(pool), 0);
    sl_pool_free(pool);
    sl_arena_done(&arena);
}

Test(data_value, what_does_not_read)
{
    static const struct {
        const char *type, *text;
        int code;
    } bad[] = {
        {"INT", "1.5", SL_E_INVALID_TEXT},
        {"INT", "", SL_E_INVALID_TEXT},
        {"INT", "2147483648", SL_E_NUMERIC_OUT_OF_RANGE},
        {"TINYINT", "-129", SL_E_NUMERIC_OUT_OF_RANGE},
        {"BIGINT", "9223372036854775808", SL_E_NUMERIC_OUT_OF_RANGE},
        {"DOUBLE", "0x1p3", SL_E_INVALID_TEXT},
        {"DOUBLE", "1e999", SL_E_NUMERIC_OUT_OF_RANGE},
        {"DECIMAL(3, 1)", "100", SL_E_NUMERIC_OUT_OF_RANGE},
        {"DECIMAL(3, 1)", "1e", SL_E_INVALID_TEXT},
        {"DECIMAL(38, 0)", "1e38", SL_E_NUMERIC_OUT_OF_RANGE},
        {"BOOLEAN", "maybe", SL_E_INVALID_TEXT},
        {"VARCHAR(2)", "abc", SL_E_STRING_TOO_LONG},
        {"BYTES", "\\x616", SL_E_INVALID_TEXT},
        {"DATE", "2023-02-29", SL_E_INVALID_DATETIME},
        {"TIMESTAMP(3)", "2020-01-01 24:00:00", SL_E_INVALID_DATETIME},
        {"TIMESTAMP(3)", "2020-01-01 12:00:00 nowhere", SL_E_INVALID_DATETIME},
        {"INTERVAL DAY TO SECOND(3)", "1 month", SL_E_INVALID_DATETIME},
        {"ARRAY<INT>", "{1,2", SL_E_INVALID_TEXT},
        {"ARRAY<INT>", "{1,x}", SL_E_INVALID_TEXT},
        {"ROW<`a` INT>", "(1,2)", SL_E_INVALID_TEXT},
        {"MAP<STRING, INT>", "[1]", SL_E_INVALID_TEXT},
    };
    struct sl_arena arena;

    sl_arena_init(&arena);
    for (size_t i = 0; i < SL_COUNT_OF(bad); i++) {
        struct sl_value value;
        struct sl_error err;
        int rc = sl_value_parse(&arena, test_type(&arena, bad[i].type), sl_text_of(bad[i].text),
                                sl_zone_utc(), &value, &err);

        cr_expect_eq(rc, bad[i].code, "%s as %s: %s", bad[i].text, bad[i].type, err.text);
    }
    sl_arena_done(&arena);
}

Test(data_value, order_puts_null_first_and_nan_last)
{
    struct sl_value null = sl_value_null(&sl_type_double);
    struct sl_value one = {.type = &sl_type_double, .real = 1};
    struct sl_value nan = {.type = &sl_type_double, .real = __builtin_nan("")};

    cr_assert_lt(sl_value_compare(&null, &one), 0);
    cr_assert_lt(sl_value_compare(&one, &nan), 0);
    cr_assert_eq(sl_value_compare(&nan, &nan), 0);
    cr_assert_eq(sl_value_compare(&null, &null), 0);
}
