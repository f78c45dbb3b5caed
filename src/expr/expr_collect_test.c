/* Aggregates that keep values: append, take back, merge, NULLs, nothing; long lists. */
#include "expr/expr_test.h"

#include "expr/agg_list.h"

#include <stdlib.h>

#define ROWS_MAX 8

struct collect_case {
    const char *name, *type, *texts[ROWS_MAX]; /* "NULL" is one */
    const char *kinds;                         /* "+-", a row each; NULL: all come */
    const char *result, *result_type;
    const char *parameter_type, *parameter; /* a second argument, a literal */
    bool ignores_nulls;
};

/* What a state row does: the view's bytes grow. */
static char *
test_reserve(struct sl_aggregate_keeper *keeper, char *state, size_t capacity)
{
    struct sl_view *view = (struct sl_view *)(void *)state;
    char *bytes;

    if (view->length >= capacity)
        return (char *)(uintptr_t)view->pointer;
    capacity = SL_MAX(SL_MAX(capacity, 2 * (size_t)view->length), (size_t)16);
    bytes = sl_alloc_zeroed(capacity);
    if (view->length) {
        memcpy(bytes, view->pointer, view->length);
        free((char *)(uintptr_t)view->pointer);
    }
    *view = sl_view_of(bytes, capacity);
    return bytes;
}

static struct sl_aggregate_keeper keeper = {.reserve = test_reserve};

static void
test_free_state(char *state)
{
    struct sl_view *view = (struct sl_view *)(void *)state;

    if (view->length)
        free((char *)(uintptr_t)view->pointer);
}

static struct sl_aggregate *
bind(struct test_input *input, const struct collect_case *item)
{
    struct sl_aggregate *aggregate;
    struct sl_value value;
    struct sl_expr *args[2];
    struct sl_error err;

    args[0] = sl_expr_column(&input->arena, 0, test_type(&input->arena, item->type));
    if (item->parameter) {
        cr_assert_eq(sl_value_parse(&input->arena, test_type(&input->arena, item->parameter_type),
                                    sl_text_of(item->parameter), sl_zone_utc(), &value, &err),
                     SL_OK, "%s", err.text);
        args[1] = sl_expr_literal(&input->arena, &value);
    }
    cr_assert_eq(sl_aggregate_bind(&input->arena, item->name, args, item->parameter ? 2 : 1, false,
                                   NULL, -1, &aggregate, &err),
                 SL_OK, "%s: %s", item->name, err.text);
    if (item->ignores_nulls)
        cr_assert(sl_aggregate_ignore_nulls(aggregate));
    if (item->kinds)
        cr_assert_eq(sl_aggregate_set_retracts(aggregate, &err), SL_OK, "%s", err.text);
    cr_assert(sl_aggregate_has_view(aggregate));
    cr_assert_leq(sl_aggregate_size(aggregate), 64);
    return aggregate;
}

static const char *
run(struct test_input *input, const struct collect_case *item, size_t first_half,
    const char **ret_type)
{
    struct sl_aggregate *aggregate = bind(input, item);
    char states[2][64] __attribute__((aligned(8))) = {{0}};
    const char *texts[ROWS_MAX], *text;
    char *list[ROWS_MAX + 1];
    uint16_t rows[ROWS_MAX];
    uint8_t kinds[ROWS_MAX];
    struct sl_column *columns[2] = {NULL}, *result;
    uint64_t errors = 0;
    size_t count = 0;

    for (; count < ROWS_MAX && item->texts[count]; count++) {
        texts[count] = strcmp(item->texts[count], "NULL") == 0 ? NULL : item->texts[count];
        rows[count] = (uint16_t)count;
        kinds[count] = item->kinds && item->kinds[count] == '-' ? SL_ROW_DELETE : SL_ROW_INSERT;
        list[count] = states[count >= first_half];
    }
    columns[0] = test_column(&input->arena, input->pool, item->type, texts, count);
    sl_aggregate_add(aggregate, list, 0, columns, rows, count, item->kinds ? kinds : NULL, &keeper);
    sl_aggregate_merge(aggregate, states[0], states[1], &keeper);
    list[0] = states[0];
    result = sl_aggregate_finish(aggregate, input->pool, list, 0, 1, &errors);
    cr_expect_eq(errors, 0);
    text = test_column_text(&input->arena, result, SL_FORM_FLINK);
    *ret_type = sl_type_text(&input->arena, aggregate->type);
    sl_column_unref(result);
    sl_column_unref(columns[0]);
    test_free_state(states[0]);
    test_free_state(states[1]);
    return text;
}

static void
check(const struct collect_case *cases, size_t count)
{
    struct test_input input;

    test_input_init(&input);
    for (size_t i = 0; i < count; i++) {
        /* Rows that are taken back are where they came. */
        for (size_t half = cases[i].kinds ? ROWS_MAX : 0; half <= ROWS_MAX; half++) {
            const char *type, *text = run(&input, &cases[i], half, &type);

            cr_expect_str_eq(text, cases[i].result, "%zu %s of %s split at %zu: %s, not %s", i,
                             cases[i].name, cases[i].type, half, text, cases[i].result);
            cr_expect_str_eq(type, cases[i].result_type);
        }
    }
    test_input_done(&input);
}

#define LONG "a text that is longer than a view holds"

Test(expr_collect, rows_that_stay)
{
    static const struct collect_case cases[] = {
        {"FIRST_VALUE", "INT NOT NULL", {"3", "1", "2"}, NULL, "3", "INT"},
        {"LAST_VALUE", "INT", {"3", "1", "2", "NULL"}, NULL, "2", "INT"},
        {"FIRST_VALUE", "STRING", {"NULL", LONG, "b"}, NULL, LONG, "STRING"},
        {"LAST_VALUE", "STRING", {"b", LONG, LONG "!"}, NULL, LONG "!", "STRING"},
        {"LAST_VALUE", "STRING", {LONG, "b"}, NULL, "b", "STRING"},
        {"FIRST_VALUE", "DECIMAL(30, 2)", {"1.50"}, NULL, "1.50", "DECIMAL(30, 2)"},
        {"FIRST_VALUE", "INT", {"NULL"}, NULL, "~", "INT"},
        {"LAST_VALUE", "INT", {NULL}, NULL, "~", "INT"},
        {"LISTAGG", "STRING", {"x", "NULL", "y", "x"}, NULL, "x,y,x", "STRING"},
        {"LISTAGG", "STRING", {"x", LONG, ""}, NULL, "x; " LONG "; ", "STRING", "STRING", "; "},
        {"STRING_AGG", "STRING", {"x", "y"}, NULL, "xy", "STRING", "STRING", ""},
        {"LISTAGG", "STRING", {"NULL"}, NULL, "~", "STRING"},
        {"ARRAY_AGG", "INT", {"3", "NULL", "1"}, NULL, "[3, NULL, 1]", "ARRAY<INT>"},
        {.name = "ARRAY_AGG",
         .type = "INT",
         .texts = {"3", "NULL", "1"},
         .result = "[3, 1]",
         .result_type = "ARRAY<INT>",
         .ignores_nulls = true},
        {"ARRAY_AGG", "STRING", {"b", LONG}, NULL, "[b, " LONG "]", "ARRAY<STRING>"},
        {"ARRAY_AGG", "ARRAY<INT>", {"{1,2}", "{}"}, NULL, "[[1, 2], []]", "ARRAY<ARRAY<INT>>"},
        {"ARRAY_AGG", "INT", {NULL}, NULL, "~", "ARRAY<INT>"},
        {"PERCENTILE",
         "INT",
         {"10", "0", "NULL", "10"},
         NULL,
         "6.0",
         "DOUBLE",
         "DECIMAL(2, 1)",
         "0.3"},
        {"PERCENTILE", "INT", {"5"}, NULL, "5.0", "DOUBLE", "INT", "1"},
        {"PERCENTILE",
         "DECIMAL(10, 2)",
         {"-1.50", "2.50", "1", "4"},
         NULL,
         "1.75",
         "DOUBLE",
         "DOUBLE",
         "0.5"},
        {"PERCENTILE",
         "BIGINT",
         {"10", "0"},
         NULL,
         "[2.5, 7.5, 0.0]",
         "ARRAY<DOUBLE>",
         "ARRAY<DECIMAL(3, 2)>",
         "{0.25,0.75,0}"},
        {"PERCENTILE", "FLOAT", {"NULL"}, NULL, "~", "DOUBLE", "INT", "1"},
        {"PERCENTILE", "FLOAT", {"NULL"}, NULL, "~", "ARRAY<DOUBLE>", "ARRAY<DOUBLE>", "{0.5}"},
        {"COLLECT",
         "INT",
         {"3", "1", "NULL", "3", "-1"},
         NULL,
         "{-1=1, 1=1, 3=2}",
         "MULTISET<INT> NOT NULL"},
        {"COLLECT", "STRING", {NULL}, NULL, "{}", "MULTISET<STRING> NOT NULL"},
    };

    check(cases, SL_COUNT_OF(cases));
}

Test(expr_collect, rows_that_go)
{
    static const struct collect_case cases[] = {
        {"MAX", "INT", {"3", "7", "7", "7", "7"}, "+++--", "3", "INT"},
        {"MAX", "INT", {"3", "7", "7", "7"}, "+++-", "7", "INT"},
        {"MIN", "INT", {"3", "-7", "5", "-7"}, "+++-", "3", "INT"},
        {"MIN", "BIGINT", {"3", "3"}, "+-", "~", "BIGINT"},
        {"MIN", "DOUBLE", {"3", "9", "NULL", "-1"}, "+-++", "-1.0", "DOUBLE"},
        {"MAX", "DOUBLE", {"3", "NaN", "Infinity", "NaN"}, "+++-", "Infinity", "DOUBLE"},
        {"MAX", "STRING", {"a", LONG, "b", "b"}, "+++-", LONG, "STRING"},
        {"MIN", "STRING", {"a", "", LONG, ""}, "+++-", "a", "STRING"},
        {"MAX", "DECIMAL(30, 2)", {"-1.50", "2", "2"}, "++-", "-1.50", "DECIMAL(30, 2)"},
        {"MIN", "DATE", {"2024-01-01", "1960-01-01"}, "++", "1960-01-01", "DATE"},
        {"FIRST_VALUE", "INT", {"3", "1", "3", "2", "3"}, "+++.-", "1", "INT"},
        {"LAST_VALUE", "INT", {"3", "1", "2", "2"}, "+++-", "1", "INT"},
        {"LAST_VALUE", "INT", {"3", "9", "3"}, "+--", "~", "INT"},
        {"LISTAGG", "STRING", {"x", "y", "x", "x", "q", "z"}, "+++--+", "y,x,z", "STRING"},
        {"ARRAY_AGG", "INT", {"1", "NULL", "2", "NULL", "1"}, "+++--", "[2]", "ARRAY<INT>"},
        {"PERCENTILE",
         "INT",
         {"10", "99", "0", "99", "10", "98"},
         "++++-+",
         "98.5",
         "DOUBLE",
         "DOUBLE",
         "0.5"},
        {"PERCENTILE",
         "INT",
         {"10", "99", "20", "99", "7"},
         "+++--",
         "15.0",
         "DOUBLE",
         "DOUBLE",
         "0.5"},
        {"ARRAY_AGG", "INT", {"1", "1"}, "+-", "~", "ARRAY<INT>"},
        {"COLLECT",
         "STRING",
         {"b", "a", "b", "b", "a"},
         "+++--",
         "{b=1}",
         "MULTISET<STRING> NOT NULL"},
    };

    check(cases, SL_COUNT_OF(cases));
}

/* 3,000 values come, in an order that is neither sorted nor its reverse, most go: the list grows,
 * shrinks and is compacted, and what is left is right. */
Test(expr_collect, long_lists)
{
    enum { COUNT = 3000, LEFT = 7 };
    static const char *const names[] = {"MIN", "MAX", "FIRST_VALUE", "LAST_VALUE"};
    struct test_input input;

    test_input_init(&input);
    for (size_t n = 0; n < SL_COUNT_OF(names); n++) {
        struct collect_case item = {.name = names[n], .type = "BIGINT NOT NULL", .kinds = "-"};
        struct sl_aggregate *aggregate = bind(&input, &item);
        struct sl_column *column = sl_column_new(input.pool, test_type(&input.arena, item.type),
                                                 COUNT, false),
                         *result;
        char state[64] __attribute__((aligned(8))) = {0}, *list[1] = {state};
        int64_t *values = column->values, least = INT64_MAX, most = INT64_MIN;
        uint16_t rows[COUNT];
        uint8_t kinds[COUNT];
        const char *expected, *text;

        for (int round = 0; round < 3; round++) {
            for (size_t i = 0; i < COUNT; i++) {
                rows[i] = (uint16_t)i;
                values[i] = (int64_t)(i * 1237 % COUNT) - 1000;
            }
            sl_aggregate_add_one(aggregate, state, &column, rows, COUNT, NULL, &keeper);
            memset(kinds, SL_ROW_UPDATE_BEFORE, sizeof(kinds));
            sl_aggregate_add_one(aggregate, state, &column, rows, COUNT - LEFT, kinds, &keeper);
            if (round < 2)
                sl_aggregate_add_one(aggregate, state, &column, rows + COUNT - LEFT, LEFT, kinds,
                                     &keeper);
        }
        for (size_t i = COUNT - LEFT; i < COUNT; i++) {
            least = SL_MIN(least, values[i]);
            most = SL_MAX(most, values[i]);
        }
        expected = sl_arena_printf(&input.arena, "%lld",
                                   (long long)(n == 0   ? least
                                               : n == 1 ? most
                                               : n == 2 ? values[COUNT - LEFT]
                                                        : values[COUNT - 1]));
        result = sl_aggregate_finish(aggregate, input.pool, list, 0, 1, NULL);
        text = test_column_text(&input.arena, result, SL_FORM_FLINK);
        cr_expect_str_eq(text, expected, "%s: %s, not %s", names[n], text, expected);
        /* 3,000 slots of 24 bytes, keys and rows of 9 bytes: below 256 KiB, however often. */
        cr_expect_leq(((struct sl_view *)(void *)state)->length, 256 * 1024);
        sl_column_unref(result);
        sl_column_unref(column);
        test_free_state(state);
    }
    test_input_done(&input);
}

/* 1.6 % is the standard error; three times as much is allowed. */
Test(expr_collect, distinct_values_are_counted_roughly)
{
    static const size_t numbers[] = {0, 1, 10, 1000, 4000, 20000, 300000};
    struct collect_case item = {.name = "APPROX_COUNT_DISTINCT", .type = "BIGINT"};
    struct test_input input;
    struct sl_error err;

    test_input_init(&input);
    for (size_t n = 0; n < SL_COUNT_OF(numbers); n++) {
        struct sl_aggregate *aggregate = bind(&input, &item);
        struct sl_column *result;
        char states[2][64] __attribute__((aligned(8))) = {{0}}, *list[1] = {states[0]};
        double estimate, exact = (double)numbers[n];

        /* Every value comes twice, once in each accumulator; so do NULLs. */
        for (size_t start = 0; start <= numbers[n]; start += 1000) {
            struct sl_column *column =
                sl_column_new(input.pool, test_type(&input.arena, item.type), 1001, true);
            uint16_t rows[1001];

            for (size_t i = 0; i <= 1000; i++) {
                ((int64_t *)column->values)[i] = (int64_t)(start + i);
                rows[i] = (uint16_t)i;
                sl_validity_set(column->validity, i, i < 1000 && start + i < numbers[n]);
            }
            for (int twice = 0; twice < 2; twice++)
                sl_aggregate_add_one(aggregate, states[twice], &column, rows, 1001, NULL, &keeper);
            sl_column_unref(column);
        }
        sl_aggregate_merge(aggregate, states[0], states[1], &keeper);
        result = sl_aggregate_finish(aggregate, input.pool, list, 0, 1, NULL);
        estimate = (double)((const int64_t *)result->values)[0];
        cr_expect(estimate >= exact * 0.952 && estimate <= exact * 1.048, "%g, not %g", estimate,
                  exact);
        if (numbers[n] <= 10)
            cr_expect_eq((size_t)estimate, numbers[n]);
        cr_expect_eq(sl_aggregate_set_retracts(aggregate, &err), SL_E_NOT_SUPPORTED);
        sl_column_unref(result);
        test_free_state(states[0]);
        test_free_state(states[1]);
    }
    test_input_done(&input);
}

/* A list that found no room for a value stays unknown when it is merged. */
Test(expr_collect, a_list_that_overflowed_is_merged)
{
    static const struct collect_case cases[] = {
        {.name = "ARRAY_AGG", .type = "INT"},
        {.name = "COLLECT", .type = "INT"},
    };
    const char *texts[] = {"1", "2"};
    uint16_t rows[] = {0, 1};
    struct test_input input;

    test_input_init(&input);
    for (size_t i = 0; i < SL_COUNT_OF(cases); i++) {
        struct sl_aggregate *aggregate = bind(&input, &cases[i]);
        char states[2][64] __attribute__((aligned(8))) = {{0}}, *list[] = {states[0]};
        struct sl_column *column = test_column(&input.arena, input.pool, "INT", texts, 2);
        struct agg_list_state *full = (struct agg_list_state *)(void *)states[1];
        uint64_t errors = 0;

        sl_aggregate_add_one(aggregate, states[1], &column, rows, 2, NULL, &keeper);
        ((struct agg_list *)(uintptr_t)full->blob.pointer)->overflowed = 1;
        sl_aggregate_merge(aggregate, states[0], states[1], &keeper);
        sl_column_unref(sl_aggregate_finish(aggregate, input.pool, list, 0, 1, &errors));
        cr_expect_eq(errors, 1, "%s", cases[i].name);
        sl_column_unref(column);
        test_free_state(states[0]);
        test_free_state(states[1]);
    }
    test_input_done(&input);
}

Test(expr_collect, what_does_not_bind)
{
    struct test_input input;
    struct sl_aggregate *aggregate;
    struct sl_expr *args[2];
    struct sl_error err;

    test_input_init(&input);
    args[0] = test_bind(&input, "s", &err);
    args[1] = test_bind(&input, "u", &err);
    cr_expect_eq(
        sl_aggregate_bind(&input.arena, "LISTAGG", args, 2, false, NULL, 5, &aggregate, &err),
        SL_E_NOT_SUPPORTED, "a separator that is a column");
    cr_expect_eq(err.offset, 5);
    cr_expect_eq(
        sl_aggregate_bind(&input.arena, "STRING_AGG", args, 1, false, NULL, 5, &aggregate, &err),
        SL_E_UNDEFINED_FUNCTION, "the separator is missing");
    args[0] = test_bind(&input, "i", &err);
    cr_expect_eq(
        sl_aggregate_bind(&input.arena, "LISTAGG", args, 1, false, NULL, 5, &aggregate, &err),
        SL_E_UNDEFINED_FUNCTION, "of an INT");
    cr_assert_eq(
        sl_aggregate_bind(&input.arena, "LAST_VALUE", args, 1, false, NULL, 5, &aggregate, &err),
        SL_OK);
    cr_expect_not(sl_aggregate_ignore_nulls(aggregate));
    args[1] = args[0];
    cr_expect_eq(
        sl_aggregate_bind(&input.arena, "PERCENTILE", args, 2, false, NULL, 5, &aggregate, &err),
        SL_E_NOT_SUPPORTED, "a percentage that is a column");
    args[1] = test_bind(&input, "1.5", &err);
    cr_expect_eq(
        sl_aggregate_bind(&input.arena, "PERCENTILE", args, 2, false, NULL, 5, &aggregate, &err),
        SL_E_INVALID_PARAMETER_VALUE);
    test_input_done(&input);
}
