/* Arithmetic, rounding and casts of numbers, with overflow raised and wrapped.  Types and results
 * from Flink's rules (decimal derivation, MOD, ROUND) and its observed behaviour. */
#include "expr/expr_test.h"

Test(expr_number, arithmetic)
{
    static const struct test_case cases[] = {
        {"(+ i 1)", "INT", "8|-6|~|!22003|1"},
        {"(- i j)", "INT", "5|-10|~|2147483642|0"},
        {"(- -2147483648 j)", NULL, "-2147483650|-2147483651|-2147483652|-2147483653|-2147483648"},
        {"(* b 2)", "BIGINT", "20|!22003|~|!22003|6"},
        {"(+ b b)", "BIGINT", "20|!22003|~|!22003|6"},
        {"(- b 1)", "BIGINT", "9|!22003|~|9223372036854775806|2"},
        {"(- 1 b)", "BIGINT", "-9|!22003|~|-9223372036854775806|-2"},
        {"(+ t t)", "TINYINT", "2|!22003|~|!22003|0"},
        {"(+ t 1)", "INT", "2|-127|~|128|1"},
        {"(- i)", "INT", "-7|7|~|-2147483647|0"},
        {"(- b)", "BIGINT", "-10|!22003|~|-9223372036854775807|-3"},
        {"(/ i j)", "INT", "3|-2|~|429496729|!22012"},
        {"(/ b -1)", "BIGINT", "-10|!22003|~|-9223372036854775807|-3"},
        {"(% i 3)", "INT", "1|-1|~|1|0"},
        {"(MOD b j)", "INT", "0|-2|~|2|!22012"},
        {"(+ f 1)", "FLOAT", "2.5|0.75|~|1.6777216E7|1.0"},
        {"(/ d 0)", "DOUBLE", "Infinity|-Infinity|~|Infinity|NaN"},
        {"(+ i 0.5)", "DECIMAL(12, 1)", "7.5|-6.5|~|2147483647.5|0.5"},
        {"(+ n d)", "DOUBLE", "14.84|-2.55|~|1.0E300|0.0"},
        {"(* n n)", "DECIMAL(21, 4)", "152.2756|0.0025|~|9999999998000000.0001|0.0000"},
        {"(/ n 3.0)", "DECIMAL(15, 6)", "4.113333|-0.016667|~|33333333.330000|0.000000"},
        {"(% n 5)", "DECIMAL(10, 2)", "2.34|-0.05|~|4.99|0.00"},
        {"(/ {DECIMAL(30, 0)|7} {DECIMAL(30, 0)|7})", "DECIMAL(38, 8) NOT NULL",
         "1.00000000|1.00000000|1.00000000|1.00000000|1.00000000"},
        {"(/ n 0.0)", NULL, "!22012|!22012|~|!22012|!22012"},
        {"(+ {DECIMAL(38, 0)|99999999999999999999999999999999999999} i)", "DECIMAL(38, 0)",
         "!22003|99999999999999999999999999999999999992|~|!22003|"
         "99999999999999999999999999999999999999"},
        {"(ABS b)", "BIGINT", "10|!22003|~|9223372036854775807|3"},
        {"(ABS n)", "DECIMAL(10, 2)", "12.34|0.05|~|99999999.99|0.00"},
        {"(SIGN n)", "DECIMAL(10, 2)", "1.00|-1.00|~|1.00|0.00"},
        {"(FLOOR n)", "DECIMAL(10, 0)", "12|-1|~|99999999|0"},
        {"(CEIL n)", "DECIMAL(10, 0)", "13|0|~|100000000|0"},
        {"(FLOOR d)", "DOUBLE", "2.0|-3.0|~|1.0E300|0.0"},
        {"(ROUND n 1)", "DECIMAL(10, 1)", "12.3|-0.1|~|100000000.0|0.0"},
        {"(ROUND d)", "DOUBLE", "3.0|-3.0|~|1.0E300|0.0"},
        {"(ROUND 2.675 2)", "DECIMAL(4, 2) NOT NULL", "2.68|2.68|2.68|2.68|2.68"},
        {"(ROUND i -1)", "INT", "10|-10|~|!22003|0"},
        {"(TRUNCATE n 1)", "DECIMAL(10, 2)", "12.30|0.00|~|99999999.90|0.00"},
        {"(TRUNCATE d 0)", "DOUBLE", "2.0|-2.0|~|1.0E300|0.0"},
        {"(POWER j 2)", "DOUBLE NOT NULL", "4.0|9.0|16.0|25.0|0.0"},
        {"(SQRT 16)", "DOUBLE NOT NULL", "4.0|4.0|4.0|4.0|4.0"},
        {"(LN (E))", "DOUBLE NOT NULL", "1.0|1.0|1.0|1.0|1.0"},
        {"(LOG 2 8)", "DOUBLE NOT NULL", "3.0|3.0|3.0|3.0|3.0"},
    };

    test_cases(cases, SL_COUNT_OF(cases));
}

Test(expr_number, casts)
{
    static const struct test_case cases[] = {
        {"(CAST i {BIGINT})", "BIGINT", "7|-7|~|2147483647|0"},
        {"(CAST b {INT})", "INT", "10|!22003|~|!22003|3"},
        {"(TRY_CAST b {INT})", "INT", "10|~|~|~|3"},
        {"(CAST d {INT})", "INT", "2|-2|~|!22003|0"},
        {"(CAST n {TINYINT})", "TINYINT", "12|0|~|!22003|0"},
        {"(CAST i {DECIMAL(5, 2)})", "DECIMAL(5, 2)", "7.00|-7.00|~|!22003|0.00"},
        {"(CAST d {DECIMAL(10, 0)})", "DECIMAL(10, 0)", "3|-3|~|!22003|0"},
        {"(CAST n {DECIMAL(10, 1)})", "DECIMAL(10, 1)", "12.3|-0.1|~|100000000.0|0.0"},
        {"(CAST n {DOUBLE})", "DOUBLE", "12.34|-0.05|~|9.999999999E7|0.0"},
        {"(CAST i {BOOLEAN})", "BOOLEAN", "TRUE|TRUE|~|TRUE|FALSE"},
        {"(CAST o {INT})", "INT", "1|0|~|1|0"},
        {"(CAST u {INT})", "INT", "12|1|~|!22P02|3"},
        {"(TRY_CAST u {INT})", "INT", "12|1|~|~|3"},
        {"(CAST u {DOUBLE})", "DOUBLE", "12.0|1.234|~|!22P02|3.0"},
        {"(CAST u {DECIMAL(3, 1)})", "DECIMAL(3, 1)", "12.0|1.2|~|!22P02|3.0"},
        {"(CAST '300' {TINYINT})", NULL, "!22003|!22003|!22003|!22003|!22003"},
        {"(CAST d {STRING})", "STRING", "2.5|-2.5|~|1.0E300|0.0"},
        {"(CAST n {CHAR(7)})", "CHAR(7)", "12.34  |-0.05  |~|9999999|0.00   "},
        {"(CAST s {VARCHAR(3)})", "VARCHAR(3)", "Hel|äöü|~|a,b|"},
        {"(CAST o {STRING})", "STRING", "TRUE|FALSE|~|TRUE|FALSE"},
        {"(CAST bytes {STRING})", "STRING", NULL},
        {"(CAST arr {ARRAY<STRING>})", "ARRAY<STRING>", "[1, 2, 3]|[]|~|[NULL]|[7]"},
        {"(CAST arr {STRING})", "STRING", "[1, 2, 3]|[]|~|[NULL]|[7]"},
        {"(CAST (ARRAY s '1') {ARRAY<INT>})", "ARRAY<INT> NOT NULL",
         "!22P02|!22P02|[NULL, 1]|!22P02|!22P02"},
        {"(TRY_CAST (ARRAY u '1') {ARRAY<INT>})", "ARRAY<INT>",
         "[12, 1]|[1, 1]|[NULL, 1]|~|[3, 1]"},
        {"(CAST r {ROW<`a` BIGINT, `b` STRING>})", "ROW<`a` BIGINT, `b` STRING>",
         "(1, one)|(2, NULL)|~|(NULL, a long enough text)|(5, five)"},
        {"(CAST m {MAP<STRING, DOUBLE>})", "MAP<STRING, DOUBLE>",
         "{a=1.0, b=2.0}|{}|~|{a=NULL}|{b=5.0}"},
        {"(CAST '{1,2}' {ARRAY<INT>})", "ARRAY<INT> NOT NULL",
         "[1, 2]|[1, 2]|[1, 2]|[1, 2]|[1, 2]"},
    };
    struct test_case some[SL_COUNT_OF(cases)];
    size_t count = 0;

    for (size_t i = 0; i < SL_COUNT_OF(cases); i++) {
        if (cases[i].results)
            some[count++] = cases[i];
    }
    test_cases(some, count);
}

/* table.exec.numeric-overflow = wrap: what Flink 2.3 was seen to give. */
Test(expr_number, overflow_wraps_as_in_flink)
{
    static const struct test_case cases[] = {
        {"(CAST {BIGINT|12345678901} {INT})", NULL, "-539222987"},
        {"(CAST {DOUBLE|1e10} {INT})", NULL, "2147483647"},
        {"(CAST {DOUBLE|-1e30} {BIGINT})", NULL, "-9223372036854775808"},
        {"(CAST {DOUBLE|300} {TINYINT})", NULL, "44"},
        {"(CAST {DOUBLE|NaN} {INT})", NULL, "0"},
        {"(+ {INT|2147483647} 1)", NULL, "-2147483648"},
        {"(* {BIGINT|9223372036854775807} 2)", NULL, "-2"},
        {"(CAST 1234 {DECIMAL(3, 0)})", NULL, "~"},
        {"(/ 1 0)", NULL, "!22012"},
        {"(CAST 'x' {INT})", NULL, "!22P02"},
        {"(CAST '300' {TINYINT})", NULL, "!22003"},
        {"(TRY_CAST {BIGINT|12345678901} {INT})", NULL, "-539222987"},
    };
    struct test_input input;

    test_input_init(&input);
    input.settings.overflow_wraps = true;
    for (size_t i = 0; i < SL_COUNT_OF(cases); i++) {
        struct sl_error err;
        struct sl_expr *expr = test_bind(&input, cases[i].expr, &err);
        const char *results;

        cr_assert_not_null(expr, "%s", err.text);
        results = test_run(&input, expr);
        cr_expect_eq(strncmp(results, cases[i].results, strlen(cases[i].results)), 0, "%s: %s",
                     cases[i].expr, results);
    }
    test_input_done(&input);
}

Test(expr_number, messages_name_function_and_value)
{
    static const struct {
        const char *expr, *text;
    } cases[] = {
        {"(/ i 0)", "division by zero: 7 / 0"},
        {"(+ b 9223372036854775807)", "10 + 9223372036854775807 is out of range for type BIGINT"},
        {"(CAST s {INT})", "CAST: invalid input for type INT: \"Hello\""},
        {"(CAST {DOUBLE|1e30} {INT})", "CAST: 1e+30 is out of range for type INT"},
        {"(CAST s {DATE})", "CAST: invalid input for type DATE: \"Hello\""},
    };
    struct test_input input;

    test_input_init(&input);
    for (size_t i = 0; i < SL_COUNT_OF(cases); i++) {
        struct sl_error err;
        struct sl_expr *expr = test_bind(&input, cases[i].expr, &err);
        struct sl_program *program = sl_program_new(&input.arena, &expr, 1, &input.settings);
        struct sl_eval *eval = sl_eval_new(program, input.pool);
        const struct sl_row_error *errors;
        struct sl_column *column;
        size_t count;

        cr_assert_gt(sl_eval_run(eval, input.batch, &column), 0);
        errors = sl_eval_errors(eval, &count);
        cr_expect_eq(errors[0].row, 0);
        cr_expect_str_eq(errors[0].text, cases[i].text);
        sl_column_unref(column);
        sl_eval_free(eval);
    }
    test_input_done(&input);
}
