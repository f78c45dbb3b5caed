/* Times scalar functions over decoded columns: one expression over a batch of 4,096 rows, again and
 * again, on one core.  Prints a line an expression: name, millions of rows a second, target.
 * Usage: bench_functions [SECONDS EACH] */
#include "expr/expr.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define BENCH_ROWS SL_BATCH_ROWS_MAX

enum bench_column { BENCH_N, BENCH_TEXT, BENCH_URL, BENCH_TIME, BENCH_COLUMN_COUNT };

struct bench {
    struct sl_arena arena;
    struct sl_pool *pool;
    struct sl_batch *batch;
    struct sl_expr_settings settings;
    double seconds;
};

static double
bench_now(void)
{
    struct timespec now;

    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

/* --- rows: a number, words, a URL, a time --- */

static struct sl_value
bench_value(struct bench *bench, enum bench_column column, int64_t row)
{
    static const char *const words[] = {"apple", "Banana", "cherry", "Damson", "elder"};
    struct sl_value value = {.type = &sl_type_bigint, .integer = row * 7919 % 1000003};
    uint64_t number = (uint64_t)row * UINT64_C(0x9e3779b97f4a7c15);

    switch (column) {
    case BENCH_TEXT:
        value.type = &sl_type_string;
        value.text = sl_text_of(sl_arena_printf(&bench->arena, "%s %s %" PRIu64, words[number % 5],
                                                words[number / 5 % 5], number % 100000));
        break;
    case BENCH_URL:
        value.type = &sl_type_string;
        value.text = sl_text_of(sl_arena_printf(
            &bench->arena, "https://example.com/%s/item.htm?query=1&channel_id=%" PRIu64,
            words[number % 5], number % 1000000));
        break;
    case BENCH_TIME:
        value.type = &sl_type_timestamp3;
        value.integer = INT64_C(1700000000000000) + row * 1000; /* a row a millisecond */
        break;
    default:
        break;
    }
    return value;
}

static void
bench_open(struct bench *bench)
{
    sl_arena_init(&bench->arena);
    bench->pool = sl_pool_new();
    bench->batch = sl_batch_new(bench->pool, BENCH_COLUMN_COUNT, BENCH_ROWS);
    bench->settings.zone = sl_zone_utc();
    for (int column = 0; column < BENCH_COLUMN_COUNT; column++) {
        struct sl_value first = bench_value(bench, (enum bench_column)column, 0);
        struct sl_column_builder *builder =
            sl_column_builder_new(bench->pool, first.type, BENCH_ROWS);

        for (int64_t row = 0; row < BENCH_ROWS; row++) {
            struct sl_value value = bench_value(bench, (enum bench_column)column, row);

            sl_column_builder_add(builder, &value);
        }
        sl_batch_set_column(bench->batch, (size_t)column, sl_column_builder_end(builder));
    }
}

static void
bench_close(struct bench *bench)
{
    sl_batch_unref(bench->batch);
    sl_pool_free(bench->pool);
    sl_arena_done(&bench->arena);
}

/* --- expressions --- */

static struct sl_expr *
bench_column(struct bench *bench, enum bench_column column)
{
    return sl_expr_column(&bench->arena, (uint32_t)column, bench->batch->columns[column]->type);
}

static struct sl_expr *
bench_integer(struct bench *bench, int64_t number)
{
    struct sl_value value = {.type = &sl_type_int, .integer = number};

    return sl_expr_literal(&bench->arena, &value);
}

static struct sl_expr *
bench_text(struct bench *bench, const char *text)
{
    struct sl_value value = {.type = &sl_type_string, .text = sl_text_of(text)};

    return sl_expr_literal(&bench->arena, &value);
}

static struct sl_expr *
bench_call(struct bench *bench, const char *name, struct sl_expr *a, struct sl_expr *b,
           struct sl_expr *c)
{
    struct sl_expr *args[] = {a, b, c}, *expr;
    struct sl_error err;

    sl_error_reset(&err);
    if (sl_expr_call(&bench->arena, name, args, c ? 3 : b ? 2 : 1, -1, &expr, &err) < 0) {
        fprintf(stderr, "bench_functions: %s: %s\n", name, err.text);
        exit(1);
    }
    return expr;
}

/* --- measuring --- */

static void
bench_report(const char *name, double rows, double seconds, const char *target)
{
    printf("  %-36s %8.1f M rows/s   target: %s\n", name, rows / seconds / 1e6, target);
}

static void
bench_run(struct bench *bench, const char *name, struct sl_expr *expr, const char *target)
{
    const struct sl_program *program = sl_program_new(&bench->arena, &expr, 1, &bench->settings);
    struct sl_eval *eval = sl_eval_new(program, bench->pool);
    double begun = bench_now(), now = begun, rows = 0;
    struct sl_column *column;

    while (now - begun < bench->seconds) {
        for (int i = 0; i < 16; i++) {
            sl_eval_run(eval, bench->batch, &column);
            sl_column_unref(column);
        }
        rows += 16.0 * BENCH_ROWS;
        now = bench_now();
    }
    sl_eval_free(eval);
    bench_report(name, rows, now - begun, target);
}

static void
bench_filter(struct bench *bench, const char *name, struct sl_expr *expr, const char *target)
{
    const struct sl_program *program = sl_program_new(&bench->arena, &expr, 1, &bench->settings);
    struct sl_eval *eval = sl_eval_new(program, bench->pool);
    double begun = bench_now(), now = begun, rows = 0;
    uint16_t selection[BENCH_ROWS];
    size_t count;

    while (now - begun < bench->seconds) {
        for (int i = 0; i < 64; i++)
            sl_eval_filter(eval, bench->batch, selection, &count);
        rows += 64.0 * BENCH_ROWS;
        now = bench_now();
    }
    sl_eval_free(eval);
    bench_report(name, rows, now - begun, target);
}

static void
bench_texts(struct bench *bench)
{
    struct sl_expr *text = bench_column(bench, BENCH_TEXT), *url = bench_column(bench, BENCH_URL);

    bench_run(bench, "text LIKE '%an%'",
              bench_call(bench, "LIKE", text, bench_text(bench, "%an%"), NULL), "20");
    bench_run(bench, "text LIKE 'a%e_d%'",
              bench_call(bench, "LIKE", text, bench_text(bench, "a%e_d%"), NULL), "20");
    bench_run(bench, "UPPER(text)", bench_call(bench, "UPPER", text, NULL, NULL), "20");
    bench_run(
        bench, "SUBSTRING(url, 9, 20)",
        bench_call(bench, "SUBSTRING", url, bench_integer(bench, 9), bench_integer(bench, 20)),
        "20");
    bench_run(
        bench, "SPLIT_INDEX(url, '/', 3)",
        bench_call(bench, "SPLIT_INDEX", url, bench_text(bench, "/"), bench_integer(bench, 3)),
        "-");
    bench_run(bench, "REPLACE(url, '/', '--')",
              bench_call(bench, "REPLACE", url, bench_text(bench, "/"), bench_text(bench, "--")),
              "-");
    bench_run(
        bench, "TRANSLATE(text, 'abc', 'xyz')",
        bench_call(bench, "TRANSLATE", text, bench_text(bench, "abc"), bench_text(bench, "xyz")),
        "-");
    bench_run(bench, "REGEXP_EXTRACT(url, …, 2)",
              bench_call(bench, "REGEXP_EXTRACT", url, bench_text(bench, "(&|^)channel_id=([^&]*)"),
                         bench_integer(bench, 2)),
              "5");
    bench_run(bench, "REGEXP_REPLACE(text, '[0-9]+', '#')",
              bench_call(bench, "REGEXP_REPLACE", text, bench_text(bench, "[0-9]+"),
                         bench_text(bench, "#")),
              "-");
    bench_run(
        bench, "PARSE_URL(url, 'QUERY', 'query')",
        bench_call(bench, "PARSE_URL", url, bench_text(bench, "QUERY"), bench_text(bench, "query")),
        "-");
    bench_run(bench, "MD5(text)", bench_call(bench, "MD5", text, NULL, NULL), "-");
    bench_run(bench, "SHA256(url)", bench_call(bench, "SHA256", url, NULL, NULL), "-");
    bench_run(bench, "TO_BASE64(url)", bench_call(bench, "TO_BASE64", url, NULL, NULL), "-");
}

int
main(int argc, char **argv)
{
    struct bench bench = {.seconds = argc > 1 ? strtod(argv[1], NULL) : 1};
    struct sl_expr *number, *time;

    bench_open(&bench);
    number = bench_column(&bench, BENCH_N);
    time = bench_column(&bench, BENCH_TIME);
    printf("== functions: batches of %d rows, one core\n", BENCH_ROWS);
    bench_run(&bench, "n * 3 + 7",
              bench_call(&bench, "+",
                         bench_call(&bench, "*", number, bench_integer(&bench, 3), NULL),
                         bench_integer(&bench, 7), NULL),
              "400");
    bench_filter(&bench, "filter n + 1 > 500000",
                 bench_call(&bench, ">",
                            bench_call(&bench, "+", number, bench_integer(&bench, 1), NULL),
                            bench_integer(&bench, 500000), NULL),
                 "400");
    bench_texts(&bench);
    bench_run(
        &bench, "DATE_FORMAT(ts, 'yyyy-MM-dd HH:mm:ss')",
        bench_call(&bench, "DATE_FORMAT", time, bench_text(&bench, "yyyy-MM-dd HH:mm:ss"), NULL),
        "10");
    bench_run(&bench, "DATE_FORMAT(ts, '… .SSS')",
              bench_call(&bench, "DATE_FORMAT", time, bench_text(&bench, "yyyy-MM-dd HH:mm:ss.SSS"),
                         NULL),
              "10");
    bench_run(&bench, "EXTRACT(HOUR FROM ts)",
              bench_call(&bench, "EXTRACT", bench_text(&bench, "HOUR"), time, NULL), "-");
    bench_run(&bench, "FLOOR(ts TO DAY)",
              bench_call(&bench, "FLOOR", time, bench_text(&bench, "DAY"), NULL), "-");
    bench_close(&bench);
    return 0;
}
