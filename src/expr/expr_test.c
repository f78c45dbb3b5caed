/* The reader of test expressions and the checks that every case goes through: see expr_test.h. */
#include "expr/expr_test.h"

#include <ctype.h>
#include <stdio.h>

static const struct {
    const char *name, *type;
    const char *texts[5];
} test_columns[] = {
    {"t", "TINYINT", {"1", "-128", NULL, "127", "0"}},
    {"i", "INT", {"7", "-7", NULL, "2147483647", "0"}},
    {"j", "INT NOT NULL", {"2", "3", "4", "5", "0"}},
    {"b", "BIGINT", {"10", "-9223372036854775808", NULL, "9223372036854775807", "3"}},
    {"f", "FLOAT", {"1.5", "-0.25", NULL, "16777216", "0"}},
    {"d", "DOUBLE", {"2.5", "-2.5", NULL, "1e300", "0"}},
    {"n", "DECIMAL(10, 2)", {"12.34", "-0.05", NULL, "99999999.99", "0.00"}},
    {"s", "STRING", {"Hello", "äöü straße", NULL, "a,b,,c", ""}},
    {"u", "STRING", {"12", "1.234", NULL, "x1", "  3 "}},
    {"o", "BOOLEAN", {"t", "f", NULL, "t", "f"}},
    {"p", "BOOLEAN", {"f", "f", NULL, "t", NULL}},
    {"date", "DATE", {"2024-02-29", "1969-12-31", NULL, "2023-01-01", "2000-12-31"}},
    {"time", "TIME(3)", {"13:04:05.678", "00:00:00", NULL, "23:59:59.999", "12:00:00"}},
    {"ts",
     "TIMESTAMP(3)",
     {"2024-02-29 13:04:05.678", "1969-12-31 23:59:59.999", NULL, "2023-01-01 00:00:00",
      "2000-12-31 12:00:00"}},
    {"ltz",
     "TIMESTAMP_LTZ(3)",
     {"2024-06-30 22:30:00+00", "2024-01-31 23:30:00+00", NULL, "2024-03-31 00:59:59.999+00",
      "1970-01-01 00:00:00+00"}},
    {"arr", "ARRAY<INT>", {"{1,2,3}", "{}", NULL, "{NULL}", "{7}"}},
    {"m", "MAP<STRING, INT>", {"{\"a\":1,\"b\":2}", "{}", NULL, "{\"a\":null}", "{\"b\":5}"}},
    {"r",
     "ROW<`x` INT, `y` STRING>",
     {"(1,one)", "(2,)", NULL, "(,\"a long enough text\")", "(5,five)"}},
    {"bytes", "BYTES", {"\\x6162", "\\xff", NULL, "\\x", "\\x00"}},
};

void
test_input_init(struct test_input *input)
{
    size_t count = SL_COUNT_OF(test_columns);
    struct sl_error err;

    sl_arena_init(&input->arena);
    input->pool = sl_pool_new();
    input->schema = sl_schema_new(&input->arena, count);
    input->batch = sl_batch_new(input->pool, count, 5);
    for (size_t i = 0; i < count; i++) {
        struct sl_column *column =
            test_column(&input->arena, input->pool, test_columns[i].type, test_columns[i].texts, 5);

        input->schema->columns[i].name = test_columns[i].name;
        input->schema->columns[i].type = column->type;
        sl_batch_set_column(input->batch, i, column);
    }
    cr_assert_eq(sl_zone_find(SL_TEXT("Europe/Berlin"), &input->settings.zone, &err), SL_OK);
    input->settings.overflow_wraps = false;
    input->form = SL_FORM_FLINK;
}

void
test_input_done(struct test_input *input)
{
    sl_batch_unref(input->batch);
    cr_assert_eq(sl_pool_used_bytes(input->pool), 0, "every column was given back");
    sl_pool_free(input->pool);
    sl_arena_done(&input->arena);
}

/* --- reading --- */

struct test_reader {
    struct test_input *input;
    const char *at;
    struct sl_error *err;
};

static void
test_skip(struct test_reader *reader)
{
    while (isspace((unsigned char)*reader->at))
        reader->at++;
}

static struct sl_expr *
test_literal(struct test_reader *reader, const char *type_text, struct sl_text text)
{
    const struct sl_type *type = test_type(&reader->input->arena, type_text);
    struct sl_value value;
    struct sl_error err;

    cr_assert_eq(sl_value_parse(&reader->input->arena, type, text, reader->input->settings.zone,
                                &value, &err),
                 SL_OK, "%s", err.text);
    return sl_expr_literal(&reader->input->arena, &value);
}

static struct sl_text
test_until(struct test_reader *reader, const char *ends)
{
    const char *start = reader->at;

    while (*reader->at && strchr(ends, *reader->at) == NULL)
        reader->at++;
    return (struct sl_text){start, (size_t)(reader->at - start)};
}

static struct sl_expr *
test_atom(struct test_reader *reader)
{
    struct sl_arena *arena = &reader->input->arena;
    struct sl_text text;
    struct sl_value value = {.type = &sl_type_null, .is_null = true};
    const char *word;
    int index;

    if (*reader->at == '\'') {
        reader->at++;
        text = test_until(reader, "'");
        reader->at++;
        return test_literal(reader, "STRING", text);
    }
    if (*reader->at == '{') {
        reader->at++;
        text = test_until(reader, "|");
        word = sl_arena_strndup(arena, text.start, text.length);
        reader->at++;
        text = test_until(reader, "}");
        reader->at++;
        return test_literal(reader, word, text);
    }
    text = test_until(reader, " )");
    word = sl_arena_strndup(arena, text.start, text.length);
    if (isdigit((unsigned char)*word) || (*word == '-' && isdigit((unsigned char)word[1]))) {
        const char *point = strchr(word, '.');

        if (point)
            return test_literal(reader,
                                sl_arena_printf(arena, "DECIMAL(%zu, %zu)",
                                                strlen(word) - 1 - (*word == '-'),
                                                strlen(point + 1)),
                                text);
        return test_literal(reader, strlen(word) > 9 ? "BIGINT" : "INT", text);
    }
    if (strcmp(word, "NULL") == 0)
        return sl_expr_literal(arena, &value);
    if (strcmp(word, "TRUE") == 0 || strcmp(word, "FALSE") == 0)
        return test_literal(reader, "BOOLEAN", text);
    index = sl_schema_find(reader->input->schema, text);
    cr_assert_geq(index, 0, "no column %s", word);
    return sl_expr_column(arena, (uint32_t)index, reader->input->schema->columns[index].type);
}

static struct sl_expr *
test_read(struct test_reader *reader)
{
    struct sl_expr *args[32], *expr = NULL;
    struct sl_arena *arena = &reader->input->arena;
    const struct sl_type *type;
    char *name;
    size_t count = 0;
    int rc;

    test_skip(reader);
    if (*reader->at != '(')
        return test_atom(reader);
    reader->at++;
    struct sl_text word = test_until(reader, " )");
    name = sl_arena_strndup(arena, word.start, word.length);
    for (test_skip(reader); *reader->at != ')'; test_skip(reader)) {
        if (*reader->at == '{' && strstr(name, "CAST") && count == 1) {
            reader->at++;
            word = test_until(reader, "}");
            reader->at++;
            type = test_type(arena, sl_arena_strndup(arena, word.start, word.length));
            rc = sl_expr_cast(arena, args[0], type, name[0] == 'T' ? SL_CAST_TRY : SL_CAST_STRICT,
                              -1, &expr, reader->err);
            if (rc < 0)
                return NULL;
            continue;
        }
        args[count] = test_read(reader);
        if (args[count++] == NULL)
            return NULL;
    }
    reader->at++;
    if (expr)
        return expr;
    /* IS_NOT_NULL is IS NOT NULL, SIMILAR_TO is SIMILAR TO; CURRENT_DATE and their like stay. */
    rc = sl_expr_call(arena, name, args, count, -1, &expr, reader->err);
    if (rc < 0 && strchr(name, '_')) {
        for (char *c = name; *c; c++)
            *c = *c == '_' ? ' ' : *c;
        rc = sl_expr_call(arena, name, args, count, -1, &expr, reader->err);
    }
    return rc < 0 ? NULL : expr;
}

struct sl_expr *
test_bind(struct test_input *input, const char *text, struct sl_error *err)
{
    struct test_reader reader = {input, text, err};

    return test_read(&reader);
}

/* --- running --- */

const char *
test_results(struct test_input *input, const struct sl_expr *expr, const struct sl_batch *batch)
{
    struct sl_expr *exprs[1] = {(struct sl_expr *)expr};
    struct sl_program *program = sl_program_new(&input->arena, exprs, 1, &input->settings);
    struct sl_eval *eval = sl_eval_new(program, input->pool);
    struct sl_column *column;
    struct sl_buffer buffer;
    size_t error_count;
    const struct sl_row_error *errors;
    const char *text;

    sl_eval_set_now(eval, INT64_C(1700000000123456), 1000);
    sl_eval_run(eval, batch, &column);
    errors = sl_eval_errors(eval, &error_count);
    sl_buffer_init(&buffer, 100000);
    for (size_t i = 0; i < sl_batch_live_count(batch); i++) {
        size_t row = sl_batch_row(batch, i);
        const char *state = NULL;

        sl_buffer_add_string(&buffer, i ? "|" : "");
        for (size_t k = 0; k < error_count; k++) {
            if (errors[k].row == row)
                state = sl_error_sqlstate(errors[k].code);
        }
        if (state)
            sl_buffer_printf(&buffer, "!%s", state);
        else if (column->type->kind == SL_TYPE_NULL || sl_column_is_null(column, row))
            sl_buffer_add_byte(&buffer, '~');
        else
            sl_column_format(column, row, input->form, input->settings.zone, &buffer);
    }
    for (size_t i = 0; i < buffer.length; i++)
        buffer.data[i] = buffer.data[i] ? buffer.data[i] : '^';
    text = sl_arena_strndup(&input->arena, buffer.data ? buffer.data : "", buffer.length);
    sl_buffer_done(&buffer);
    sl_column_unref(column);
    sl_eval_free(eval);
    return text;
}

const char *
test_run(struct test_input *input, const struct sl_expr *expr)
{
    return test_results(input, expr, input->batch);
}

/* Part `index` of a text with | between its parts. */
static const char *
test_part(struct test_input *input, const char *text, size_t index)
{
    for (; index > 0; index--) {
        text = strchr(text, '|');
        cr_assert_not_null(text);
        text++;
    }
    return sl_arena_strndup(&input->arena, text, strcspn(text, "|"));
}

static void
test_selection(struct test_input *input, const struct sl_expr *expr, const char *expected,
               const char *name)
{
    const uint16_t selection[] = {1, 3};
    struct sl_batch *part = sl_batch_share(input->pool, input->batch, selection, 2);
    const char *wanted = sl_arena_printf(&input->arena, "%s|%s", test_part(input, expected, 1),
                                         test_part(input, expected, 3));

    cr_expect_str_eq(test_results(input, expr, part), wanted, "%s under a selection: %s, not %s",
                     name, test_results(input, expr, part), wanted);
    sl_batch_unref(part);
}

/* The expression made again by name from its bound arguments. */
static struct sl_expr *
test_rebind(struct test_input *input, const struct sl_expr *expr)
{
    struct sl_expr *args[32], *again;
    struct sl_error err;

    if (expr->kind != SL_EXPR_CALL && expr->kind != SL_EXPR_CAST)
        return (struct sl_expr *)expr;
    for (size_t i = 0; i < expr->arg_count; i++)
        args[i] = test_rebind(input, expr->args[i]);
    if (expr->kind == SL_EXPR_CAST)
        cr_assert_eq(sl_expr_cast(&input->arena, args[0], expr->type, expr->cast, -1, &again, &err),
                     SL_OK, "%s", err.text);
    else
        cr_assert_eq(sl_expr_call(&input->arena, sl_expr_function_name(expr), args, expr->arg_count,
                                  -1, &again, &err),
                     SL_OK, "%s", err.text);
    return again;
}

void
test_cases(const struct test_case *cases, size_t count)
{
    struct test_input input;

    test_input_init(&input);
    for (size_t i = 0; i < count; i++) {
        struct sl_error err;
        struct sl_expr *expr = test_bind(&input, cases[i].expr, &err);
        const char *results;

        cr_expect_not_null(expr, "%s: %s", cases[i].expr, expr ? "" : err.text);
        if (expr == NULL)
            continue;
        if (cases[i].type)
            cr_expect_str_eq(sl_type_text(&input.arena, expr->type), cases[i].type, "%s is %s",
                             cases[i].expr, sl_type_text(&input.arena, expr->type));
        results = test_run(&input, expr);
        cr_expect_str_eq(results, cases[i].results, "%s: %s, not %s", cases[i].expr, results,
                         cases[i].results);
        test_selection(&input, expr, cases[i].results, cases[i].expr);
        cr_expect(sl_expr_equal(expr, test_rebind(&input, expr)), "%s binds to itself",
                  cases[i].expr);
    }
    test_input_done(&input);
}
