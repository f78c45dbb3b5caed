/* What the tests of expr share: expressions written as lists, "(+ i 1)", over one batch of columns.
 *
 *   atoms     a column's name, 12, 1.5 (DECIMAL), 'text', TRUE, FALSE, NULL, {TYPE|text}
 *   calls     (NAME arg …); NAME is as sl_expr_call takes it, `IS_NULL` standing for `IS NULL`
 *   casts     (CAST x {TYPE}), (TRY_CAST x {TYPE})
 */
#ifndef SL_EXPR_EXPR_TEST_H
#define SL_EXPR_EXPR_TEST_H

#include "data/data_test.h"
#include "expr/aggregate.h"
#include "expr/expr.h"

struct test_input {
    struct sl_arena arena;
    struct sl_pool *pool;
    struct sl_schema *schema;
    struct sl_batch *batch;
    struct sl_expr_settings settings;
    enum sl_text_form form; /* of results */
};

struct test_case {
    const char *expr, *type, *results; /* type NULL: not looked at */
};

void test_input_init(struct test_input *input);
void test_input_done(struct test_input *input);
/* NULL when it does not bind; err says why. */
struct sl_expr *test_bind(struct test_input *input, const char *text, struct sl_error *err);
/* Results of all rows: "1|~|!22012", NULL is ~, an error its SQLSTATE. */
const char *test_run(struct test_input *input, const struct sl_expr *expr);
/* The same of a batch's live rows. */
const char *test_results(struct test_input *input, const struct sl_expr *expr,
                         const struct sl_batch *batch);
/* Binds, looks at type and results, over all rows and over a selection, and binds the bound
 * expression again, which must change nothing. */
void test_cases(const struct test_case *cases, size_t count);

#endif
