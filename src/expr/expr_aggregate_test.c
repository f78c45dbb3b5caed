/* Aggregates: Flink's result types, NULLs, retraction, merging, overflow. */
#include "expr/expr_test.h"

struct aggregate_case {
    const char *name, *column, *type, *result;
};

/* The result of one accumulator over the test batch; "!" stands before a result that overflowed. */
static const char *
run(struct test_input *input, const char *name, const char *column_name, bool merge,
    const uint8_t *kinds, const char **ret_type)
{
    static const uint16_t rows[] = {0, 1, 2, 3, 4};
    struct sl_aggregate *aggregate;
    struct sl_column *column = NULL;
    struct sl_column *result;
    struct sl_expr *arg;
    struct sl_error err;
    uint64_t errors = 0;
    char states[2][64] __attribute__((aligned(8))) = {{0}};
    char *list[5] = {states[0], states[0], states[0], states[1], states[1]};
    const char *text;

    if (column_name) {
        arg = test_bind(input, column_name, &err);
        column = input->batch->columns[arg->column];
    }
    cr_assert_eq(sl_aggregate_bind(&input->arena, name, &arg, column_name != NULL, false, NULL, -1,
                                   &aggregate, &err),
                 SL_OK, "%s", err.text);
    cr_assert_leq(sl_aggregate_size(aggregate), 64);
    if (merge) {
        sl_aggregate_add(aggregate, list, 0, &column, rows, 5, kinds, NULL);
        sl_aggregate_merge(aggregate, states[0], states[1], NULL);
    } else {
        sl_aggregate_add_one(aggregate, states[0], &column, rows, 5, kinds, NULL);
    }
    result = sl_aggregate_finish(aggregate, input->pool, list, 0, 1, &errors);
    text = sl_arena_printf(&input->arena, "%s%s", errors ? "!" : "",
                           test_column_text(&input->arena, result, SL_FORM_FLINK));
    sl_column_unref(result);
    *ret_type = sl_type_text(&input->arena, aggregate->type);
    return text;
}

Test(expr_aggregate, results_and_types)
{
    static const struct aggregate_case cases[] = {
        {"COUNT", NULL, "BIGINT NOT NULL", "5"},
        {"COUNT", "s", "BIGINT NOT NULL", "4"},
        {"SUM", "t", "TINYINT", "0"},
        {"SUM", "i", "INT", "2147483647"},
        {"SUM", "j", "INT", "14"},
        {"SUM", "b", "BIGINT", "12"},
        {"SUM", "n", "DECIMAL(38, 2)", "100000012.28"},
        {"SUM", "d", "DOUBLE", "1.0E300"},
        {"AVG", "j", "INT", "2"},
        {"AVG", "n", "DECIMAL(38, 6)", "25000003.070000"},
        {"AVG", "f", "FLOAT", "4194304.5"},
        {"MIN", "b", "BIGINT", "-9223372036854775808"},
        {"MAX", "b", "BIGINT", "9223372036854775807"},
        {"MIN", "s", "STRING", ""},
        {"MAX", "s", "STRING", "äöü straße"},
        {"MAX", "date", "DATE", "2024-02-29"},
        {"MIN", "time", "TIME(3)", "00:00:00.000"},
        {"MAX", "n", "DECIMAL(10, 2)", "99999999.99"},
        {"MIN", "d", "DOUBLE", "-2.5"},
        {"MAX", "o", "BOOLEAN", "TRUE"},
    };
    struct test_input input;

    test_input_init(&input);
    for (size_t i = 0; i < SL_COUNT_OF(cases); i++) {
        for (int merge = 0; merge < 2; merge++) {
            const char *type;
            const char *text = run(&input, cases[i].name, cases[i].column, merge, NULL, &type);

            cr_expect_str_eq(text, cases[i].result, "%s(%s): %s", cases[i].name, cases[i].column,
                             text);
            cr_expect_str_eq(type, cases[i].type);
        }
    }
    test_input_done(&input);
}

Test(expr_aggregate, rows_can_be_taken_back)
{
    /* Rows 0 and 3 go, the others come. */
    static const uint8_t kinds[] = {SL_ROW_UPDATE_BEFORE, SL_ROW_INSERT, SL_ROW_INSERT,
                                    SL_ROW_DELETE, SL_ROW_UPDATE_AFTER};
    struct test_input input;
    const char *type;

    test_input_init(&input);
    cr_expect_str_eq(run(&input, "COUNT", NULL, false, kinds, &type), "1");
    cr_expect_str_eq(run(&input, "SUM", "j", false, kinds, &type), "0");
    cr_expect_str_eq(run(&input, "SUM", "n", true, kinds, &type), "~", "as many went as came");
    test_input_done(&input);
}

Test(expr_aggregate, an_overflow_is_told_at_the_end_and_wraps)
{
    static const uint16_t rows[] = {3, 3};
    struct test_input input;
    struct sl_aggregate *aggregate;
    struct sl_column *result;
    struct sl_expr *arg;
    struct sl_error err;
    uint64_t errors = 0;
    char state[64] __attribute__((aligned(8))) = {0};
    char *list[1] = {state};

    test_input_init(&input);
    arg = test_bind(&input, "i", &err);
    cr_assert_eq(sl_aggregate_bind(&input.arena, "sum", &arg, 1, false, NULL, -1, &aggregate, &err),
                 SL_OK);
    sl_aggregate_add_one(aggregate, state, &input.batch->columns[arg->column], rows, 2, NULL, NULL);
    result = sl_aggregate_finish(aggregate, input.pool, list, 0, 1, &errors);
    cr_expect_eq(errors, 1);
    /* 2 × 2147483647 in 32 bits is -2. */
    cr_expect_str_eq(test_column_text(&input.arena, result, SL_FORM_FLINK), "-2");
    sl_column_unref(result);
    test_input_done(&input);
}

Test(expr_aggregate, what_does_not_bind)
{
    struct test_input input;
    struct sl_aggregate *aggregate;
    struct sl_expr *arg;
    struct sl_error err;
    const char **names;

    test_input_init(&input);
    arg = test_bind(&input, "s", &err);
    cr_expect_eq(sl_aggregate_bind(&input.arena, "SUM", &arg, 1, false, NULL, -1, &aggregate, &err),
                 SL_E_UNDEFINED_FUNCTION);
    cr_expect_eq(sl_aggregate_bind(&input.arena, "SUM", &arg, 0, false, NULL, -1, &aggregate, &err),
                 SL_E_UNDEFINED_FUNCTION);
    cr_expect(sl_aggregate_exists(SL_TEXT("avg")));
    cr_expect_not(sl_aggregate_exists(SL_TEXT("upper")));
    cr_assert_gt(sl_function_names(&input.arena, &names), 90);
    cr_assert_str_eq(names[0], "ABS");
    test_input_done(&input);
}
