/* Folding, substitution, EXPLAIN's text, filters over large batches, marks, failed rows. */
#include "expr/expr_test.h"
#include "expr/program.h"

static const char *
text_of(struct test_input *input, const struct sl_expr *expr)
{
    struct sl_buffer buffer;
    const char *text;

    sl_buffer_init(&buffer, 10000);
    sl_expr_format(expr, input->schema, &buffer);
    text = sl_arena_strndup(&input->arena, buffer.data, buffer.length);
    sl_buffer_done(&buffer);
    return text;
}

Test(expr_program, explain_text_and_folding)
{
    static const struct {
        const char *expr, *text, *folded;
    } cases[] = {
        {"(> (* i 2) (+ 3 4))", "(i * 2) > (3 + 4)", "(i * 2) > 7"},
        {"(AND (> i 1) TRUE)", "(i > 1) AND TRUE", "i > 1"},
        {"(OR (> i 1) (= 1 1))", "(i > 1) OR (1 = 1)", "TRUE"},
        {"(/ 1 0)", "1 / 0", "1 / 0"},
        {"(= s (CONCAT 'a' 'b''c'))", NULL, NULL},
        {"(CASE o i NULL)", "CASE WHEN o THEN i ELSE NULL END", NULL},
        {"(IN i 1 2)", "i IN (1, 2)", NULL},
        {"(NOT (IS_NULL s))", "NOT (s IS NULL)", NULL},
        {"(- ts {INTERVAL DAY TO SECOND(3)|5 sec})", "ts - INTERVAL '00:00:05'", NULL},
        {"(+ i b)", "CAST(i AS BIGINT) + b", NULL},
        {"(. r 0)", "r.x", NULL},
        {"([] arr 1)", "arr[1]", NULL},
        {"(EXTRACT 'YEAR' {DATE|2020-01-01})", "EXTRACT('YEAR', DATE '2020-01-01')", "2020"},
        {"(> ltz (NOW))", "ltz > NOW()", "ltz > NOW()"},
    };
    struct test_input input;

    test_input_init(&input);
    for (size_t i = 0; i < SL_COUNT_OF(cases); i++) {
        struct sl_error err;
        struct sl_expr *expr = test_bind(&input, cases[i].expr, &err);

        cr_assert_not_null(expr, "%s: %s", cases[i].expr, err.text);
        if (cases[i].text)
            cr_expect_str_eq(text_of(&input, expr), cases[i].text);
        if (cases[i].folded)
            cr_expect_str_eq(text_of(&input, sl_expr_fold(&input.arena, expr, &input.settings)),
                             cases[i].folded);
    }
    test_input_done(&input);
}

Test(expr_program, equal_parts_are_computed_once)
{
    struct test_input input;
    struct sl_expr *exprs[3];
    struct sl_program *program;
    struct sl_error err;

    test_input_init(&input);
    exprs[0] = test_bind(&input, "(+ (* i 2) 1)", &err);
    exprs[1] = test_bind(&input, "(CASE o (* i 2) 0)", &err);
    exprs[2] = test_bind(&input, "(* i 2)", &err);
    program = sl_program_new(&input.arena, exprs, 3, &input.settings);
    /* i * 2, + 1, split, merge */
    cr_assert_eq(program->step_count, 4);
    cr_assert(sl_expr_is_constant(test_bind(&input, "(+ 1 2)", &err)));
    cr_assert_not(sl_expr_is_constant(exprs[0]));
    cr_assert_not(sl_expr_is_constant(test_bind(&input, "(NOW)", &err)));
    cr_assert_not(sl_expr_is_deterministic(test_bind(&input, "(> ltz (NOW))", &err)));
    test_input_done(&input);
}

Test(expr_program, copies_and_substitutions)
{
    struct test_input input;
    struct sl_expr *expr, *copy, *columns[32] = {0};
    uint32_t map[32] = {0};
    struct sl_error err;

    test_input_init(&input);
    expr = test_bind(&input, "(+ i j)", &err);
    map[1] = 2;
    map[2] = 1;
    copy = sl_expr_copy(&input.arena, expr, map);
    cr_assert_str_eq(text_of(&input, copy), "j + i");
    columns[1] = test_bind(&input, "(* j 3)", &err);
    columns[2] = test_bind(&input, "(- i 1)", &err);
    copy = sl_expr_substitute(&input.arena, expr, columns);
    cr_assert_str_eq(text_of(&input, copy), "(j * 3) + (i - 1)");
    test_input_done(&input);
}

Test(expr_program, filters_over_a_full_batch)
{
    static uint16_t selection[SL_BATCH_ROWS_MAX];
    struct test_input input;
    struct sl_batch *batch, *part;
    struct sl_column *column;
    struct sl_program *program;
    struct sl_expr *expr;
    struct sl_eval *eval;
    struct sl_error err;
    uint16_t odd[2000];
    size_t count;

    test_input_init(&input);
    batch = sl_batch_new(input.pool, input.schema->count, 4001);
    column = sl_column_new(input.pool, &sl_type_int, 4001, true);
    for (int32_t i = 0; i < 4001; i++) {
        ((int32_t *)column->values)[i] = i;
        if (i % 10 == 0)
            sl_validity_set(column->validity, (size_t)i, false);
    }
    for (size_t i = 0; i < 2000; i++)
        odd[i] = (uint16_t)(2 * i + 1);
    sl_batch_set_column(batch, 1, column);
    expr = test_bind(&input, "(AND (>= i 100) (< (/ 1000000 (- i 3000)) 0))", &err);
    program = sl_program_new(&input.arena, &expr, 1, &input.settings);
    eval = sl_eval_new(program, input.pool);
    /* 100 … 2999 without the tens; 3000 is NULL, so that nothing divides by zero. */
    cr_assert_eq(sl_eval_filter(eval, batch, selection, &count), 0);
    cr_assert_eq(count, 2900 - 290);
    cr_assert_eq(selection[0], 101);
    cr_assert_eq(selection[count - 1], 2999);
    part = sl_batch_share(input.pool, batch, odd, 2000);
    cr_assert_eq(sl_eval_filter(eval, part, selection, &count), 0);
    cr_assert_eq(count, 1450);
    sl_batch_unref(part);
    sl_validity_set(column->validity, 3000, true);
    cr_assert_eq(sl_eval_filter(eval, batch, selection, &count), 1);
    cr_assert_eq(count, 2900 - 290, "the row that failed is not selected");
    sl_eval_free(eval);
    sl_batch_unref(batch);
    test_input_done(&input);
}

/* What lies under a NULL comes from whoever had the block before. */
Test(expr_program, filters_over_any_bytes_under_nulls)
{
    static uint16_t selection[SL_BATCH_ROWS_MAX];
    struct test_input input;
    struct sl_batch *batch;
    struct sl_column *column;
    struct sl_program *program;
    struct sl_expr *expr;
    struct sl_eval *eval;
    struct sl_error err;
    size_t count;

    test_input_init(&input);
    batch = sl_batch_new(input.pool, input.schema->count, 256);
    column = sl_column_new(input.pool, &sl_type_boolean, 256, true);
    for (size_t i = 0; i < 256; i++) {
        ((uint8_t *)column->values)[i] = i % 3 == 0 ? (uint8_t)i : i % 3 == 1;
        sl_validity_set(column->validity, i, i % 3 != 0);
    }
    sl_batch_set_column(batch, (size_t)sl_schema_find(input.schema, sl_text_of("o")), column);
    expr = test_bind(&input, "o", &err);
    program = sl_program_new(&input.arena, &expr, 1, &input.settings);
    eval = sl_eval_new(program, input.pool);
    cr_assert_eq(sl_eval_filter(eval, batch, selection, &count), 0);
    cr_assert_eq(count, 85);
    for (size_t i = 0; i < count; i++)
        cr_expect_eq(selection[i], 3 * i + 1);
    sl_eval_free(eval);
    sl_batch_unref(batch);
    test_input_done(&input);
}

Test(expr_program, marks_give_each_row_its_watermark)
{
    struct test_input input;
    struct sl_expr *expr;
    struct sl_error err;
    const char *results;

    test_input_init(&input);
    sl_batch_add_marks(input.batch, input.pool, 2);
    input.batch->marks[0] = (struct sl_mark){1, 5000};
    input.batch->marks[1] = (struct sl_mark){4, 6000};
    expr = test_bind(&input, "(SECOND (CURRENT_WATERMARK ts))", &err);
    cr_assert_not_null(expr, "%s", err.text);
    results = test_run(&input, expr);
    cr_assert_str_eq(results, "1|5|5|5|6");
    test_input_done(&input);
}

Test(expr_program, rows_that_failed_before_are_left_out)
{
    struct test_input input;
    struct sl_expr *expr;
    struct sl_error err;

    test_input_init(&input);
    sl_validity_set(sl_batch_add_errors(input.batch, input.pool), 4, true);
    expr = test_bind(&input, "(/ 60 j)", &err);
    cr_assert_eq(strncmp(test_run(&input, expr), "30|20|15|12|", 12), 0);
    cr_assert_null(strchr(test_run(&input, expr), '!'));
    test_input_done(&input);
}
