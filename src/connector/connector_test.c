/* Tests what connectors check of their options, without the outside world. */
#include "connector/connector_test.h"
#include "connector/kafka_internal.h"

#include "data/time.h"

#define OPTIONS(...) ((const char *const[]){__VA_ARGS__, NULL})

/* Checks the options of a kafka table; the error's text and hint go to `err`. */
static int
kafka_check(const char *const *options, struct sl_error *err)
{
    struct test_table table;
    int rc;

    sl_error_reset(err);
    test_table_open(&table, "kafka", options);
    rc = table.class->descriptor.check(&table.options, &table.schema, err);
    test_table_close(&table);
    return rc;
}

#define BASIC "topic", "t", "properties.bootstrap.servers", "h:1"

Test(kafka_options, takes_what_a_table_needs)
{
    struct sl_error err;

    cr_expect_eq(kafka_check(OPTIONS(BASIC), &err), SL_OK, "%s", err.text);
    cr_expect_eq(kafka_check(OPTIONS(BASIC, "properties.security.protocol", "SASL_SSL",
                                     "properties.sasl.mechanism", "PLAIN",
                                     "properties.buffer.memory", "33554432"),
                             &err),
                 SL_OK, "%s", err.text);
    cr_expect_eq(kafka_check(OPTIONS(BASIC, "scan.startup.mode", "specific-offsets",
                                     "scan.startup.specific-offsets",
                                     "partition:0,offset:42;partition:1,offset:300"),
                             &err),
                 SL_OK, "%s", err.text);
}

/* Properties that load a library, run a command or read a file never reach the client. */
Test(kafka_options, refuses_properties_that_are_not_allowed)
{
    static const char *const refused[] = {"plugin.library.paths",
                                          "sasl.kerberos.kinit.cmd",
                                          "ssl.ca.location",
                                          "sasl.oauthbearer.token.endpoint.url",
                                          "debug",
                                          "enable.auto.commit"};
    struct sl_error err;
    char key[128];

    for (size_t i = 0; i < SL_COUNT_OF(refused); i++) {
        snprintf(key, sizeof(key), "properties.%s", refused[i]);
        cr_expect_eq(kafka_check(OPTIONS(BASIC, key, "x"), &err), SL_E_UNDEFINED_OBJECT, "%s", key);
        cr_expect_not_null(strstr(err.text, "cannot be set for a table"), "%s", err.text);
    }
    cr_expect_eq(kafka_check(OPTIONS(BASIC, "properties.linger.mss", "5"), &err),
                 SL_E_UNDEFINED_OBJECT);
    cr_expect_not_null(strstr(err.hint, "linger.ms"), "%s", err.hint);
    cr_expect_eq(kafka_check(OPTIONS(BASIC, "properties.linger.ms", "soon"), &err),
                 SL_E_INVALID_PARAMETER_VALUE);
}

Test(kafka_options, refuses_what_does_not_fit_together)
{
    static const char *const bad[][8] = {
        {"properties.bootstrap.servers", "h:1", NULL},
        {BASIC, "topic-pattern", "t.*", NULL},
        {"topic-pattern", "(", "properties.bootstrap.servers", "h:1", NULL},
        {BASIC, "scan.startup.mode", "timestamp", NULL},
        {BASIC, "scan.startup.mode", "group-offsets", NULL},
        {BASIC, "scan.bounded.mode", "specific-offsets", NULL},
        {BASIC, "properties.auto.offset.reset", "smallest", NULL},
    };
    struct sl_error err;

    for (size_t i = 0; i < SL_COUNT_OF(bad); i++)
        cr_expect_lt(kafka_check(bad[i], &err), 0, "case %zu", i);
    cr_expect_eq(kafka_check(OPTIONS(BASIC, "scan.startup.mode", "specific-offsets",
                                     "scan.startup.specific-offsets", "0:42"),
                             &err),
                 SL_E_INVALID_PARAMETER_VALUE);
    cr_expect_eq(kafka_check(OPTIONS(BASIC, "sink.delivery-guarantee", "exactly-once"), &err),
                 SL_OK);
}

/* A misspelt column is guessed, a property that the type does not take is answered with those that
 * it takes, a value with what was expected. */
Test(datagen_options, say_what_a_column_takes)
{
    static struct sl_schema_column columns[] = {{.name = "price", .type = &sl_type_tinyint}};
    static const char *const cases[][3] = {
        {"fields.prise.min", "1", "did you mean \"fields.price.min\"?"},
        {"fields.price.length", "1", "fields.price takes: kind, null-rate, min, max"},
        {"fields.price.max", "128", "expected: a whole number from -128 to 127"},
        {"fields.price.kind", "waves", "expected: random or sequence"},
    };
    struct sl_error err;

    for (size_t i = 0; i < SL_COUNT_OF(cases); i++) {
        struct test_table table;

        sl_error_reset(&err);
        test_table_open(&table, "datagen", OPTIONS(cases[i][0], cases[i][1]));
        table.schema = (struct sl_schema){.columns = columns, .count = 1};
        cr_expect_lt(table.class->descriptor.check(&table.options, &table.schema, &err), 0);
        cr_expect_str_eq(err.hint, cases[i][2], "%s", err.hint);
        test_table_close(&table);
    }
}

/* --- datagen and the clock --- */

static const struct sl_env_ops *real_ops;
static int64_t clock_us;

/* Each look at the clock is a second later, as to a process that others let wait. */
static int64_t
clock_that_leaps(struct sl_env *env)
{
    return clock_us += SL_US_PER_SECOND;
}

/* The rate allows 3,000 rows at the first look at the clock, and more than a batch at the next. */
Test(datagen, makes_no_more_than_a_batch_whenever_it_is_called)
{
    static struct sl_schema_column columns[] = {{.name = "n", .type = &sl_type_bigint}};
    struct sl_env_ops ops;
    struct test_table table;
    struct sl_batch *batch;
    struct sl_error err;

    test_table_open(&table, "datagen", OPTIONS("rows-per-second", "3000"));
    table.schema = (struct sl_schema){.columns = columns, .count = 1};
    table.config.columns = (const uint32_t[]){0};
    table.config.column_count = 1;
    real_ops = table.env->ops;
    ops = *real_ops;
    ops.now_us = clock_that_leaps;
    table.env->ops = &ops;
    cr_assert_eq(test_source_start(&table, &err), SL_OK, "%s", err.text);
    for (int i = 0; i < 10; i++) {
        cr_assert_eq(table.class->source->poll_batch(table.source, &batch, &err), SL_OK);
        cr_expect_leq(batch->row_count, SL_BATCH_ROWS_MAX);
        sl_batch_unref(batch);
    }
    table.env->ops = real_ops;
    test_table_close(&table);
}

/* As Java's Pattern.matches: the whole name, whichever alternative comes first. */
Test(kafka, a_pattern_matches_whole_names)
{
    struct sl_kafka_options options = {.pattern = "a|ab|x-[0-9]+"};

    cr_expect(sl_kafka_reads_topic(&options, SL_TEXT("a")));
    cr_expect(sl_kafka_reads_topic(&options, SL_TEXT("ab")));
    cr_expect(sl_kafka_reads_topic(&options, SL_TEXT("x-17")));
    cr_expect_not(sl_kafka_reads_topic(&options, SL_TEXT("abc")));
    cr_expect_not(sl_kafka_reads_topic(&options, SL_TEXT("x-17b")));
    cr_expect_not(sl_kafka_reads_topic(&options, SL_TEXT("my-x-17")));
    cr_expect_not(sl_kafka_reads_topic(&options, SL_TEXT("")));
}

Test(kafka, lists_of_topics)
{
    struct sl_option items[] = {{"topic", " a; b.c ;;a", -1, -1}};
    struct sl_option_list list = {items, 1};
    struct sl_kafka_options options;
    struct sl_arena arena;

    sl_arena_init(&arena);
    sl_kafka_options_read(&arena, &list, &options);
    cr_assert_eq(options.topic_count, 2);
    cr_expect_str_eq(options.topics[0], "a");
    cr_expect_str_eq(options.topics[1], "b.c");
    cr_expect(sl_kafka_has_topics(&list));
    cr_expect(sl_kafka_lists_topic(items[0].value, SL_TEXT("b.c")));
    cr_expect_not(sl_kafka_lists_topic(items[0].value, SL_TEXT("b")));
    cr_expect_not(sl_kafka_lists_topic(items[0].value, SL_TEXT("")));
    items[0].value = "a;a; ";
    cr_expect_not(sl_kafka_has_topics(&list));
    sl_arena_done(&arena);
}

/* Each subtask one partition; each partition in turn, of each topic by itself. */
Test(kafka, partitions_of_records)
{
    struct sl_kafka_target items[] = {{.partition_count = 3, .next_partition = 1},
                                      {.partition_count = 2}};
    struct sl_kafka_targets targets = {.items = items, .count = 2};
    static const int32_t turns[] = {1, 2, 0, 1};

    targets.partitioner = SL_KAFKA_PARTITION_FIXED;
    for (uint32_t subtask = 0; subtask < 7; subtask++) {
        cr_expect_eq(sl_kafka_choose_partition(&targets, &items[0], subtask),
                     (int32_t)(subtask % 3));
        cr_expect_eq(sl_kafka_choose_partition(&targets, &items[0], subtask),
                     (int32_t)(subtask % 3));
    }
    targets.partitioner = SL_KAFKA_PARTITION_ROUND_ROBIN;
    for (size_t i = 0; i < SL_COUNT_OF(turns); i++) {
        cr_expect_eq(sl_kafka_choose_partition(&targets, &items[0], 5), turns[i]);
        cr_expect_eq(sl_kafka_choose_partition(&targets, &items[1], 5), (int32_t)(i % 2));
    }
}
