/* Random expressions over all functions: each row alone, a batch in which the rows stand many
 * times, and random selections of it must have the same results and errors.
 *
 * A function is found by its line in functions.def, so that a new one takes part by itself; which
 * arguments it takes is found by trying.  EXPR_FUZZ_SEED and EXPR_FUZZ_CASES (a function) vary it.
 */
#include "expr/expr_test.h"
#include "expr/function.h"

#include <stdlib.h>

#define FUZZ_ROWS 80 /* more than a word of validity */
#define FUZZ_DEPTH 2
#define FUZZ_TRIES 400
#define FUZZ_CASES 6

struct fuzz {
    struct test_input input;
    struct sl_arena expressions; /* of one case */
    struct sl_batch *single[5], *many;
    uint32_t origin[FUZZ_ROWS]; /* which of the five rows each row is */
    uint64_t random;
};

static uint32_t
fuzz_below(struct fuzz *fuzz, uint32_t limit)
{
    fuzz->random = fuzz->random * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (uint32_t)((fuzz->random >> 33) % limit);
}

static uint64_t
fuzz_setting(const char *name, uint64_t otherwise)
{
    const char *text = getenv(name);

    return text ? strtoull(text, NULL, 10) : otherwise;
}

/* A batch of these physical rows of the input. */
static struct sl_batch *
fuzz_batch(struct fuzz *fuzz, const uint32_t *rows, size_t row_count)
{
    struct sl_batch *from = fuzz->input.batch;
    struct sl_batch *batch = sl_batch_new(fuzz->input.pool, from->column_count, row_count);

    for (size_t i = 0; i < from->column_count; i++)
        sl_batch_set_column(
            batch, i, sl_column_gather(fuzz->input.pool, from->columns[i], rows, row_count, false));
    return batch;
}

static void
fuzz_init(struct fuzz *fuzz, uint64_t seed)
{
    test_input_init(&fuzz->input);
    fuzz->input.form = SL_FORM_POSTGRES; /* bytes in hexadecimals */
    sl_arena_init(&fuzz->expressions);
    fuzz->random = seed;
    for (uint32_t row = 0; row < 5; row++)
        fuzz->single[row] = fuzz_batch(fuzz, &row, 1);
    for (size_t i = 0; i < FUZZ_ROWS; i++)
        fuzz->origin[i] = fuzz_below(fuzz, 5);
    fuzz->many = fuzz_batch(fuzz, fuzz->origin, FUZZ_ROWS);
}

static void
fuzz_done(struct fuzz *fuzz)
{
    for (size_t row = 0; row < 5; row++)
        sl_batch_unref(fuzz->single[row]);
    sl_batch_unref(fuzz->many);
    sl_arena_done(&fuzz->expressions);
    test_input_done(&fuzz->input);
}

/* --- expressions --- */

static struct sl_expr *
fuzz_literal(struct fuzz *fuzz)
{
    static const struct {
        const char *type, *text;
    } literals[] = {{"INT", "0"},
                    {"INT", "1"},
                    {"INT", "-3"},
                    {"INT", "2"},
                    {"STRING", ""},
                    {"STRING", "a"},
                    {"STRING", "YEAR"},
                    {"STRING", "DAY"},
                    {"STRING", "HOUR"},
                    {"STRING", "$.a"},
                    {"STRING", "UTF-8"},
                    {"STRING", "[a-z]+"},
                    {"STRING", ","},
                    {"STRING", "{\"a\":[1,{\"b\":null}]}"},
                    {"STRING", "yyyy"},
                    {"STRING", "2020-01-02 03:04:05"},
                    {"BOOLEAN", "true"},
                    {"BOOLEAN", "false"},
                    {"DECIMAL(5, 2)", "-1.25"},
                    {"DOUBLE", "0.5"},
                    {"BIGINT", "7000000000"}};
    size_t index = fuzz_below(fuzz, SL_COUNT_OF(literals) + 1);
    struct sl_value value = {.type = &sl_type_null, .is_null = true};
    const struct sl_type *type;
    struct sl_error err;

    if (index < SL_COUNT_OF(literals)) {
        type = test_type(&fuzz->expressions, literals[index].type);
        cr_assert_eq(sl_value_parse(&fuzz->expressions, type, sl_text_of(literals[index].text),
                                    fuzz->input.settings.zone, &value, &err),
                     SL_OK);
    }
    return sl_expr_literal(&fuzz->expressions, &value);
}

static struct sl_expr *fuzz_expr(struct fuzz *fuzz, unsigned depth);
static struct sl_expr *fuzz_call(struct fuzz *fuzz, const struct sl_function *function,
                                 unsigned depth, unsigned tries);

/* Anything, cast to a type that it can be cast to; NULL: none was found. */
static struct sl_expr *
fuzz_cast(struct fuzz *fuzz, unsigned depth)
{
    static const char *const types[] = {"BOOLEAN",
                                        "TINYINT",
                                        "INT",
                                        "BIGINT",
                                        "FLOAT",
                                        "DOUBLE",
                                        "DECIMAL(6, 3)",
                                        "STRING",
                                        "CHAR(4)",
                                        "VARCHAR(3)",
                                        "BYTES",
                                        "BINARY(3)",
                                        "DATE",
                                        "TIME(0)",
                                        "TIMESTAMP(3)",
                                        "TIMESTAMP_LTZ(0)",
                                        "INTERVAL MONTH",
                                        "ARRAY<STRING>",
                                        "ARRAY<SMALLINT>",
                                        "MAP<STRING, DOUBLE>",
                                        "ROW<`a` STRING, `b` STRING>",
                                        "ROW<`a` TINYINT, `b` INT>"};

    for (int tries = 0; tries < 20; tries++) {
        const char *text = types[fuzz_below(fuzz, SL_COUNT_OF(types))];
        bool is_try = fuzz_below(fuzz, 2);
        const struct sl_type *type;
        struct sl_expr *expr;
        struct sl_error err;

        if (sl_type_parse(&fuzz->expressions, sl_text_of(text), &type, &err) == SL_OK &&
            sl_expr_cast(&fuzz->expressions, fuzz_expr(fuzz, depth), type,
                         is_try ? SL_CAST_TRY : SL_CAST_STRICT, -1, &expr, &err) == SL_OK)
            return expr;
    }
    return NULL;
}

static struct sl_expr *
fuzz_expr(struct fuzz *fuzz, unsigned depth)
{
    uint32_t what = fuzz_below(fuzz, 10);
    struct sl_expr *expr = NULL;
    uint32_t column;

    if (depth > 0 && what < 3)
        expr = fuzz_call(fuzz, &sl_functions[fuzz_below(fuzz, (uint32_t)sl_function_count)],
                         depth - 1, 10);
    else if (depth > 0 && what < 5)
        expr = fuzz_cast(fuzz, depth - 1);
    if (expr)
        return expr;
    if (what < 6)
        return fuzz_literal(fuzz);
    column = fuzz_below(fuzz, (uint32_t)fuzz->input.schema->count);
    return sl_expr_column(&fuzz->expressions, column, fuzz->input.schema->columns[column].type);
}

/* NULL when no arguments were found that it takes. */
static struct sl_expr *
fuzz_call(struct fuzz *fuzz, const struct sl_function *function, unsigned depth, unsigned tries)
{
    struct sl_expr *args[5], *expr;
    struct sl_error err;

    for (unsigned i = 0; i < tries; i++) {
        size_t count = fuzz_below(fuzz, 5);

        for (size_t arg = 0; arg < count; arg++)
            args[arg] = fuzz_expr(fuzz, depth);
        if (sl_expr_call(&fuzz->expressions, function->name, args, count, -1, &expr, &err) ==
                SL_OK &&
            !sl_expr_is_volatile(expr))
            return expr;
    }
    return NULL;
}

/* --- one case --- */

/* The results of rows, joined as test_results does. */
static const char *
fuzz_wanted(struct fuzz *fuzz, const char *const *results, const uint16_t *rows, size_t count)
{
    struct sl_buffer text;
    const char *wanted;

    sl_buffer_init(&text, SIZE_MAX / 2);
    for (size_t i = 0; i < count; i++) {
        sl_buffer_add_string(&text, i ? "|" : "");
        sl_buffer_add_string(&text, results[fuzz->origin[rows[i]]]);
    }
    wanted = sl_arena_strndup(&fuzz->expressions, text.data ? text.data : "", text.length);
    sl_buffer_done(&text);
    return wanted;
}

static void
fuzz_compare(struct fuzz *fuzz, const struct sl_expr *expr, const char *const *results,
             const uint16_t *rows, size_t count)
{
    struct sl_batch *part = sl_batch_share(fuzz->input.pool, fuzz->many, rows, count);
    const char *got = test_results(&fuzz->input, expr, part);
    const char *wanted = fuzz_wanted(fuzz, results, rows, count);
    struct sl_buffer text;

    sl_buffer_init(&text, SIZE_MAX / 2);
    sl_expr_format(expr, fuzz->input.schema, &text);
    cr_expect(strcmp(got, wanted) == 0, "%s over %zu rows:\n%s\nnot\n%s", text.data, count, got,
              wanted);
    sl_buffer_done(&text);
    sl_batch_unref(part);
}

static void
fuzz_check(struct fuzz *fuzz, const struct sl_expr *expr)
{
    uint16_t rows[FUZZ_ROWS];
    const char *results[5];
    size_t count = 0;

    for (size_t row = 0; row < 5; row++) {
        results[row] = test_results(&fuzz->input, expr, fuzz->single[row]);
        if (strlen(results[row]) > 1000) /* 80 of them are too much for the test's buffer */
            return;
    }
    for (uint16_t row = 0; row < FUZZ_ROWS; row++)
        rows[row] = row;
    fuzz_compare(fuzz, expr, results, rows, FUZZ_ROWS);
    for (uint16_t row = 0; row < FUZZ_ROWS; row++) {
        if (fuzz_below(fuzz, 3) == 0)
            rows[count++] = row;
    }
    if (count)
        fuzz_compare(fuzz, expr, results, rows, count);
}

Test(expr_fuzz, casts_of_rows_do_not_depend_on_their_batch)
{
    struct fuzz fuzz;

    fuzz_init(&fuzz, fuzz_setting("EXPR_FUZZ_SEED", 1));
    for (uint64_t n = 0; n < 50 * fuzz_setting("EXPR_FUZZ_CASES", FUZZ_CASES); n++) {
        const struct sl_expr *expr = fuzz_cast(&fuzz, FUZZ_DEPTH - 1);

        if (expr && !sl_expr_is_volatile(expr))
            fuzz_check(&fuzz, expr);
        sl_arena_reset(&fuzz.expressions);
    }
    fuzz_done(&fuzz);
}

Test(expr_fuzz, rows_do_not_depend_on_their_batch)
{
    uint64_t seed = fuzz_setting("EXPR_FUZZ_SEED", 1), cases;
    struct fuzz fuzz;
    size_t found = 0;

    cases = fuzz_setting("EXPR_FUZZ_CASES", FUZZ_CASES);
    for (size_t i = 0; i < sl_function_count; i++) {
        bool any = false;

        fuzz_init(&fuzz, seed * 1000003 + i);
        for (uint64_t n = 0; n < cases; n++) {
            const struct sl_expr *expr =
                fuzz_call(&fuzz, &sl_functions[i], n ? FUZZ_DEPTH : 0, FUZZ_TRIES);

            if (expr)
                fuzz_check(&fuzz, expr);
            any |= expr != NULL;
            sl_arena_reset(&fuzz.expressions);
        }
        found += any;
        fuzz_done(&fuzz);
    }
    cr_expect(found * 10 >= sl_function_count * 9, "only %zu of %zu functions were called", found,
              sl_function_count);
}
