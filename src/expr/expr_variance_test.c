/* STDDEV and VAR: types, too few rows, NULLs, rows taken back, merging, precision, overflow. */
#include "expr/expr_test.h"

#define ROWS_MAX 8

struct variance_case {
    const char *type, *texts[ROWS_MAX]; /* "NULL" is one */
    const char *result_type;
    const char *var_pop, *var_samp, *stddev_pop, *stddev_samp;
};

/* The result over these rows; in two accumulators that are merged when `merge` says so.  "!": it
 * overflowed. */
static const char *
run(struct test_input *input, const char *name, const struct variance_case *item,
    const uint8_t *kinds, bool merge, const char **ret_type)
{
    const char *texts[ROWS_MAX];
    char states[2][64] __attribute__((aligned(8))) = {{0}};
    char *list[ROWS_MAX];
    uint16_t rows[ROWS_MAX];
    struct sl_aggregate *aggregate;
    struct sl_column *column, *result;
    struct sl_expr *arg;
    struct sl_error err;
    uint64_t errors = 0;
    size_t count = 0;
    const char *text;

    for (; count < ROWS_MAX && item->texts[count]; count++) {
        texts[count] = strcmp(item->texts[count], "NULL") == 0 ? NULL : item->texts[count];
        rows[count] = (uint16_t)count;
        list[count] = states[merge && count % 2];
    }
    column = test_column(&input->arena, input->pool, item->type, texts, count);
    arg = sl_expr_column(&input->arena, 0, test_type(&input->arena, item->type));
    cr_assert_eq(sl_aggregate_bind(&input->arena, name, &arg, 1, false, NULL, -1, &aggregate, &err),
                 SL_OK, "%s", err.text);
    cr_assert_leq(sl_aggregate_size(aggregate), 64);
    cr_assert(sl_aggregate_can_retract(aggregate));
    sl_aggregate_add(aggregate, list, 0, &column, rows, count, kinds, NULL);
    if (merge)
        sl_aggregate_merge(aggregate, states[0], states[1], NULL);
    list[0] = states[0];
    result = sl_aggregate_finish(aggregate, input->pool, list, 0, 1, &errors);
    text = sl_arena_printf(&input->arena, "%s%s", errors ? "!" : "",
                           test_column_text(&input->arena, result, SL_FORM_FLINK));
    *ret_type = sl_type_text(&input->arena, aggregate->type);
    sl_column_unref(result);
    sl_column_unref(column);
    return text;
}

static void
check(struct test_input *input, const char *name, const struct variance_case *item,
      const char *expected)
{
    for (int merge = 0; merge < 2; merge++) {
        const char *type, *text = run(input, name, item, NULL, merge, &type);

        cr_expect_str_eq(text, expected, "%s of %s %s, …: %s, not %s", name, item->type,
                         item->texts[0], text, expected);
        cr_expect_str_eq(type, item->result_type);
    }
}

/* Doubles and decimals are what PostgreSQL gives for the same rows; integers are cut at each step:
 * of 2, 3, 4, 5, 0 the squares are 54, 14² / 5 is 39, 15 / 5 and 15 / 4 are 3. */
Test(expr_variance, results_and_types)
{
    static const struct variance_case cases[] = {
        {"DOUBLE", {"2", "4", "4", "4", "5", "5", "7", "9"}, "DOUBLE", "4.0", NULL, "2.0", NULL},
        {"DOUBLE", {"1", "2", "NULL", "3", "4"}, "DOUBLE", "1.25", NULL, NULL, NULL},
        {"DOUBLE", {"1", "3", "5"}, "DOUBLE", NULL, "4.0", NULL, "2.0"},
        {"DOUBLE", {"NULL"}, "DOUBLE", "~", "~", "~", "~"},
        {"DOUBLE", {"7"}, "DOUBLE", "0.0", "~", "0.0", "~"},
        {"DOUBLE", {"1", "NaN"}, "DOUBLE", "NaN", "NaN", "NaN", "NaN"},
        {"FLOAT", {"1", "3", "5"}, "FLOAT", NULL, "4.0", NULL, "2.0"},
        {"INT", {"2", "3", "4", "5", "0"}, "INT", "3", "3", "1", "1"},
        {"INT", {"1", "2"}, "INT", "0", "1", "0", "1"},
        {"INT", {"NULL", "5"}, "INT", "0", "~", "0", "~"},
        {"TINYINT", {"-128", "127"}, "TINYINT", "!-128", "!1", "127", "!-76"},
        {"BIGINT NOT NULL", {"10000000000", "10000000002"}, "BIGINT", "1", "2", "1", "1"},
        {"DECIMAL(10, 2)",
         {"1.50", "2.50", "NULL", "-1.00"},
         "DECIMAL(38, 6)",
         "2.166667",
         "3.250000",
         "1.471960",
         "1.802776"},
        {"DECIMAL(20, 10)",
         {"0.1", "0.2"},
         "DECIMAL(38, 10)",
         "0.0025000000",
         "0.0050000000",
         "0.0500000000",
         "0.0707106781"},
    };
    struct test_input input;

    test_input_init(&input);
    for (size_t i = 0; i < SL_COUNT_OF(cases); i++) {
        if (cases[i].var_pop)
            check(&input, "VAR_POP", &cases[i], cases[i].var_pop);
        if (cases[i].var_samp) {
            check(&input, "VAR_SAMP", &cases[i], cases[i].var_samp);
            check(&input, "VARIANCE", &cases[i], cases[i].var_samp);
        }
        if (cases[i].stddev_pop)
            check(&input, "STDDEV_POP", &cases[i], cases[i].stddev_pop);
        if (cases[i].stddev_samp) {
            check(&input, "STDDEV_SAMP", &cases[i], cases[i].stddev_samp);
            check(&input, "STDDEV", &cases[i], cases[i].stddev_samp);
        }
    }
    test_input_done(&input);
}

/* Σx² - (Σx)² / n in doubles alone gives 0 or worse here. */
Test(expr_variance, large_values_of_little_variance)
{
    static const struct variance_case item = {
        "DOUBLE",
        {"1000000000004", "1000000000007", "1000000000013", "1000000000016"},
        "DOUBLE",
        "22.5",
        "30.0"};
    struct test_input input;

    test_input_init(&input);
    check(&input, "VAR_POP", &item, item.var_pop);
    check(&input, "VAR_SAMP", &item, item.var_samp);
    test_input_done(&input);
}

/* 100 and 1e9 go again, one of them before it comes. */
Test(expr_variance, rows_can_be_taken_back)
{
    static const uint8_t kinds[] = {SL_ROW_INSERT, SL_ROW_UPDATE_BEFORE, SL_ROW_INSERT,
                                    SL_ROW_INSERT, SL_ROW_UPDATE_AFTER,  SL_ROW_INSERT,
                                    SL_ROW_DELETE};
    static const char *const types[] = {"DOUBLE", "DECIMAL(12, 1)"};
    static const char *const expected[] = {"4.0", "4.000000"};
    struct test_input input;

    test_input_init(&input);
    for (size_t i = 0; i < SL_COUNT_OF(types); i++) {
        struct variance_case item = {
            types[i], {"1", "1000000000", "3", "100", "1000000000", "5", "100"}, NULL};

        for (int merge = 0; merge < 2; merge++) {
            const char *type, *text = run(&input, "VAR_SAMP", &item, kinds, merge, &type);

            cr_expect_str_eq(text, expected[i], "%s: %s", types[i], text);
        }
    }
    test_input_done(&input);
}

Test(expr_variance, what_leaves_128_bits_is_told)
{
    static const struct variance_case item = {"DECIMAL(38, 0)",
                                              {"99999999999999999999999999999999999999", "1"},
                                              "DECIMAL(38, 6)",
                                              "!~",
                                              "!~",
                                              "!~",
                                              "!~"};
    struct test_input input;

    test_input_init(&input);
    check(&input, "VAR_POP", &item, item.var_pop);
    check(&input, "STDDEV_SAMP", &item, item.stddev_samp);
    test_input_done(&input);
}

Test(expr_variance, what_does_not_bind)
{
    struct test_input input;
    struct sl_aggregate *aggregate;
    struct sl_expr *args[2];
    struct sl_error err;

    test_input_init(&input);
    args[0] = args[1] = test_bind(&input, "d", &err);
    cr_expect_eq(
        sl_aggregate_bind(&input.arena, "STDDEV", args, 2, false, NULL, -1, &aggregate, &err),
        SL_E_UNDEFINED_FUNCTION);
    cr_expect_str_eq(err.text, "function STDDEV(DOUBLE, DOUBLE) does not exist");
    args[0] = test_bind(&input, "s", &err);
    cr_expect_eq(
        sl_aggregate_bind(&input.arena, "VAR_POP", args, 1, false, NULL, -1, &aggregate, &err),
        SL_E_UNDEFINED_FUNCTION);
    test_input_done(&input);
}
