/* Tests the kafka connector against a real broker, which SLT_KAFKA names (host:port).  Without it
 * the tests fail: `tools/kafka start` runs one. */
#include "connector/connector_test.h"

#include "data/time.h"
#include "data/value.h"

#include <librdkafka/rdkafka.h>
#include <time.h>
#include <unistd.h>

#define OPTIONS(...) ((const char *const[]){__VA_ARGS__, NULL})

static const char *
kafka_servers(void)
{
    const char *servers = getenv("SLT_KAFKA");

    cr_assert_not_null(servers, "SLT_KAFKA must name a broker, as in SLT_KAFKA=localhost:9092");
    return servers;
}

static rd_kafka_t *
kafka_handle(rd_kafka_type_t type, const char *const *settings)
{
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    char reason[256];
    rd_kafka_t *handle;

    cr_assert_eq(rd_kafka_conf_set(conf, "bootstrap.servers", kafka_servers(), reason, 256), 0);
    for (; settings && settings[0]; settings += 2)
        cr_assert_eq(rd_kafka_conf_set(conf, settings[0], settings[1], reason, 256), 0, "%s",
                     reason);
    handle = rd_kafka_new(type, conf, reason, sizeof(reason));
    cr_assert_not_null(handle, "%s", reason);
    return handle;
}

/* A topic that no other run has. */
static const char *
kafka_topic(const char *name, int partition_count)
{
    static char topic[128];
    char reason[256];
    rd_kafka_t *handle = kafka_handle(RD_KAFKA_PRODUCER, NULL);
    rd_kafka_queue_t *queue = rd_kafka_queue_new(handle);
    rd_kafka_NewTopic_t *new_topic;
    rd_kafka_event_t *event;

    snprintf(topic, sizeof(topic), "test-%s-%d-%lld", name, getpid(), (long long)time(NULL));
    new_topic = rd_kafka_NewTopic_new(topic, partition_count, 1, reason, sizeof(reason));
    rd_kafka_CreateTopics(handle, &new_topic, 1, NULL, queue);
    event = rd_kafka_queue_poll(queue, 10000);
    cr_assert_not_null(event, "no broker at %s", kafka_servers());
    cr_assert_eq(rd_kafka_event_error(event), 0, "%s", rd_kafka_event_error_string(event));
    rd_kafka_event_destroy(event);
    rd_kafka_NewTopic_destroy(new_topic);
    rd_kafka_queue_destroy(queue);
    rd_kafka_destroy(handle);
    return topic;
}

static void
kafka_write(const char *topic, const char *const *values, size_t count, const char *partitioner,
            const int64_t *timestamps_us)
{
    struct test_table table;
    struct sl_error err;

    test_table_open(&table, "kafka",
                    OPTIONS("topic", topic, "properties.bootstrap.servers", kafka_servers(),
                            "sink.partitioner", partitioner));
    cr_assert_eq(test_sink_start(&table, &err), SL_OK, "%s", err.text);
    test_sink_write(&table, values, count, timestamps_us);
    cr_assert_eq(test_sink_settle(&table, 1, &err), SL_OK, "%s", err.text);
    test_table_close(&table);
}

/* Reads until the source ends; values with blanks between them, sorted by nothing. */
static const char *
kafka_read_all(struct test_table *table)
{
    struct sl_buffer text;
    struct sl_records records;
    struct sl_error err;
    const char *copy;
    int rc;

    sl_buffer_init(&text, SIZE_MAX / 2);
    while ((rc = test_source_poll(table, &records, &err)) == SL_OK) {
        for (uint32_t i = 0; i < records.count; i++)
            sl_buffer_printf(&text, "%s%.*s", text.length ? " " : "",
                             (int)records.items[i].value_length, records.items[i].value);
        sl_block_unref(records.slab);
    }
    cr_expect_eq(rc, SL_EOF, "%d: %s", rc, err.text);
    copy = sl_arena_strndup(&table->arena, text.length ? text.data : "", text.length);
    sl_buffer_done(&text);
    return copy;
}

#define READS(expected, ...)                                                              \
    do {                                                                                  \
        struct test_table test_it;                                                        \
        struct sl_error test_err;                                                         \
                                                                                          \
        test_table_open(&test_it, "kafka",                                                \
                        OPTIONS("properties.bootstrap.servers", kafka_servers(),          \
                                "scan.bounded.mode", "latest-offset", __VA_ARGS__));      \
        cr_assert_eq(test_source_start(&test_it, &test_err), SL_OK, "%s", test_err.text); \
        cr_expect_str_eq(kafka_read_all(&test_it), expected);                             \
        test_table_close(&test_it);                                                       \
    } while (0)

static int64_t
kafka_number(const struct sl_record *record)
{
    int64_t number = 0;

    for (uint32_t i = 0; i < record->value_length; i++)
        number = number * 10 + (record->value[i] - '0');
    return number;
}

/* What the sink wrote in turn over four partitions comes back whole, each partition in order, with
 * positions that go up. */
Test(kafka, round_trip)
{
    enum { COUNT = 100000 };
    const char *topic = kafka_topic("round", 4);
    char(*texts)[8] = malloc(COUNT * sizeof(*texts));
    const char **values = malloc(COUNT * sizeof(*values));
    struct test_table table;
    struct sl_records records;
    struct sl_error err;
    int64_t next[4] = {0}, sum = 0, count = 0;
    int rc;

    for (int i = 0; i < COUNT; i++) {
        snprintf(texts[i], sizeof(texts[i]), "%d", i);
        values[i] = texts[i];
    }
    kafka_write(topic, values, COUNT, "round-robin", NULL);
    test_table_open(&table, "kafka",
                    OPTIONS("topic", topic, "properties.bootstrap.servers", kafka_servers(),
                            "scan.startup.mode", "earliest-offset", "scan.bounded.mode",
                            "latest-offset"));
    cr_assert_eq(test_source_start(&table, &err), SL_OK, "%s", err.text);
    while ((rc = test_source_poll(&table, &records, &err)) == SL_OK) {
        for (uint32_t i = 0; i < records.count; i++) {
            int64_t value = kafka_number(&records.items[i]);

            /* In turn: record n of the partition p is number 4 n + p. */
            cr_assert_eq(records.items[i].position, next[records.split]);
            cr_assert_eq(value, 4 * next[records.split]++ + (int64_t)records.split);
            cr_assert_gt(records.items[i].timestamp_us, INT64_C(1577836800000000));
            sum += value;
        }
        count += records.count;
        sl_block_unref(records.slab);
    }
    cr_expect_eq(rc, SL_EOF, "%s", err.text);
    cr_expect_eq(count, COUNT);
    cr_expect_eq(sum, (int64_t)COUNT * (COUNT - 1) / 2);
    test_table_close(&table);
    free(texts);
    free(values);
}

/* Apache Kafka's own vectors of murmur2 (its UtilsTest). */
static const struct {
    const char *key;
    int32_t hash;
} kafka_hashes[] = {
    {"21", -973932308},
    {"foobar", -790332482},
    {"\x0c\x2a\x38\x18\x6d\x6f", 274204207},
    {"a-little-bit-long-string", -985981536},
    {"a-little-bit-longer-string", -1486304829},
    {"lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8", -58897971},
    {"abc", 479470107},
};

static void
kafka_write_keys(const char *topic, int64_t timestamp_us)
{
    struct sl_record items[SL_COUNT_OF(kafka_hashes)];
    struct sl_records records = {.items = items, .count = SL_COUNT_OF(kafka_hashes)};
    struct test_table table;
    struct sl_error err;

    for (size_t i = 0; i < SL_COUNT_OF(kafka_hashes); i++) {
        const char *key = kafka_hashes[i].key;
        uint32_t length = (uint32_t)strlen(key);

        items[i] = (struct sl_record){.value = key,
                                      .value_length = length,
                                      .key = key,
                                      .key_length = length,
                                      .timestamp_us = timestamp_us};
    }
    test_table_open(&table, "kafka",
                    OPTIONS("topic", topic, "properties.bootstrap.servers", kafka_servers()));
    cr_assert_eq(test_sink_start(&table, &err), SL_OK, "%s", err.text);
    cr_assert_eq(table.class->sink->write(table.sink, &records, &err), SL_OK, "%s", err.text);
    cr_assert_eq(test_sink_settle(&table, 1, &err), SL_OK, "%s", err.text);
    test_table_close(&table);
}

static int32_t
kafka_hash_of(const struct sl_record *record)
{
    for (size_t i = 0; i < SL_COUNT_OF(kafka_hashes); i++) {
        const char *key = kafka_hashes[i].key;

        if (strlen(key) == record->value_length &&
            memcmp(key, record->value, record->value_length) == 0)
            return kafka_hashes[i].hash;
    }
    cr_assert_fail("a record that was not written");
    return 0;
}

/* Together, and one by one. */
Test(kafka, keys_go_where_the_java_client_has_them)
{
    enum { PARTITIONS = 7 };
    const char *topic = kafka_topic("keys", PARTITIONS);
    struct test_table table;
    struct sl_records records;
    struct sl_error err;
    size_t count = 0;
    int rc;

    kafka_write_keys(topic, INT64_MIN);
    kafka_write_keys(topic, 1000000);
    test_table_open(&table, "kafka",
                    OPTIONS("topic", topic, "properties.bootstrap.servers", kafka_servers(),
                            "scan.startup.mode", "earliest-offset", "scan.bounded.mode",
                            "latest-offset"));
    cr_assert_eq(test_source_start(&table, &err), SL_OK, "%s", err.text);
    while ((rc = test_source_poll(&table, &records, &err)) == SL_OK) {
        for (uint32_t i = 0; i < records.count; i++)
            cr_expect_eq((kafka_hash_of(&records.items[i]) & 0x7fffffff) % PARTITIONS,
                         (int32_t)records.split);
        count += records.count;
        sl_block_unref(records.slab);
    }
    cr_expect_eq(rc, SL_EOF, "%s", err.text);
    cr_expect_eq(count, 2 * SL_COUNT_OF(kafka_hashes));
    test_table_close(&table);
}

Test(kafka, startup_and_bounded_modes)
{
    static const char *const values[] = {"a", "b", "c", "d"};
    static const int64_t times_us[] = {1000000, 2000000, 3000000, 4000000};
    const char *topic = kafka_topic("modes", 1);

    kafka_write(topic, values, 4, "fixed", times_us);
    READS("a b c d", "topic", topic, "scan.startup.mode", "earliest-offset");
    READS("", "topic", topic, "scan.startup.mode", "latest-offset");
    READS("c d", "topic", topic, "scan.startup.mode", "specific-offsets",
          "scan.startup.specific-offsets", "partition:0,offset:2");
    READS("b c d", "topic", topic, "scan.startup.mode", "timestamp",
          "scan.startup.timestamp-millis", "1001");
    READS("", "topic", topic, "scan.startup.mode", "timestamp", "scan.startup.timestamp-millis",
          "4001");
    READS("a b c d", "topic", topic, "properties.group.id", topic, "properties.auto.offset.reset",
          "earliest");
    READS("a b c d", "topic-pattern", topic, "scan.startup.mode", "earliest-offset");
}

Test(kafka, bounded_modes)
{
    static const char *const values[] = {"a", "b", "c", "d"};
    static const int64_t times_us[] = {1000000, 2000000, 3000000, 4000000};
    const char *topic = kafka_topic("bounded", 1);
    static const char *const modes[][4] = {
        {"specific-offsets", "scan.bounded.specific-offsets", "partition:0,offset:2", "a b"},
        {"timestamp", "scan.bounded.timestamp-millis", "3000", "a b"},
        {"timestamp", "scan.bounded.timestamp-millis", "9000", "a b c d"},
    };

    kafka_write(topic, values, 4, "fixed", times_us);
    for (size_t i = 0; i < SL_COUNT_OF(modes); i++) {
        struct test_table table;
        struct sl_error err;

        test_table_open(&table, "kafka",
                        OPTIONS("topic", topic, "properties.bootstrap.servers", kafka_servers(),
                                "scan.startup.mode", "earliest-offset", "scan.bounded.mode",
                                modes[i][0], modes[i][1], modes[i][2]));
        cr_assert_eq(test_source_start(&table, &err), SL_OK, "%s", err.text);
        cr_expect_str_eq(kafka_read_all(&table), modes[i][3]);
        test_table_close(&table);
    }
}

static void
kafka_commit(const char *topic, const char *group, int64_t offset)
{
    rd_kafka_t *handle =
        kafka_handle(RD_KAFKA_CONSUMER, OPTIONS("group.id", group, "enable.auto.commit", "false"));
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(1);

    rd_kafka_topic_partition_list_add(list, topic, 0)->offset = offset;
    cr_assert_eq(rd_kafka_commit(handle, list, 0), 0);
    rd_kafka_topic_partition_list_destroy(list);
    rd_kafka_destroy(handle);
}

Test(kafka, group_offsets)
{
    static const char *const values[] = {"a", "b", "c", "d"};
    const char *topic = kafka_topic("group", 1);
    struct test_table table;
    struct sl_error err;

    kafka_write(topic, values, 4, "default", NULL);
    test_table_open(&table, "kafka",
                    OPTIONS("topic", topic, "properties.bootstrap.servers", kafka_servers(),
                            "properties.group.id", topic));
    cr_expect_eq(test_source_start(&table, &err), SL_E_UNDEFINED_OBJECT);
    cr_expect_not_null(strstr(err.text, "has no committed offset"), "%s", err.text);
    test_table_close(&table);
    kafka_commit(topic, topic, 3);
    READS("d", "topic", topic, "properties.group.id", topic);
    test_table_open(&table, "kafka",
                    OPTIONS("topic", topic, "properties.bootstrap.servers", kafka_servers(),
                            "properties.group.id", topic, "scan.startup.mode", "earliest-offset",
                            "scan.bounded.mode", "group-offsets"));
    cr_assert_eq(test_source_start(&table, &err), SL_OK, "%s", err.text);
    cr_expect_str_eq(kafka_read_all(&table), "a b c");
    test_table_close(&table);
}

/* Reads exactly one record. */
static const char *
kafka_read_one(struct test_table *table)
{
    struct sl_records records;
    struct sl_error err;
    const char *text;

    cr_assert_eq(test_source_poll(table, &records, &err), SL_OK, "%s", err.text);
    cr_assert_eq(records.count, 1);
    text = sl_arena_strndup(&table->arena, records.items[0].value, records.items[0].value_length);
    sl_block_unref(records.slab);
    return text;
}

static void
kafka_poll_to_end(struct test_table *table)
{
    const struct sl_source_class *class = table->class->source;
    int64_t end_us = sl_monotonic_us(table->env) + 10000000;
    struct sl_records records;
    struct sl_error err;

    while (class->split_state(table->source, 0) == SL_SPLIT_READING) {
        cr_assert_eq(class->poll(table->source, 1 << 20, &records, &err), SL_AGAIN);
        cr_assert_lt(sl_monotonic_us(table->env), end_us);
        table->env->ops->wake_wait(table->env, table->config.wake, 100000);
    }
}

static void
kafka_catch_up(struct test_table *table)
{
    struct sl_error err;

    cr_assert_eq(table->class->source->refresh_end(table->source, &err), SL_OK, "%s", err.text);
    kafka_poll_to_end(table);
}

/* An endless read wakes for each record, says when it is caught up, and can be made to end; a
 * second one goes on from the position that the first wrote. */
Test(kafka, endless_reads)
{
    const char *topic = kafka_topic("endless", 1);
    const char *const *options = OPTIONS("topic", topic, "properties.bootstrap.servers",
                                         kafka_servers(), "scan.startup.mode", "latest-offset");
    struct sl_split_list splits;
    const struct sl_source_class *class;
    struct test_table table;
    struct sl_buffer position;
    struct sl_error err;

    kafka_write(topic, OPTIONS("before"), 1, "default", NULL);
    test_table_open(&table, "kafka", options);
    class = table.class->source;
    cr_assert_eq(test_source_start(&table, &err), SL_OK, "%s", err.text);
    kafka_catch_up(&table);
    kafka_write(topic, OPTIONS("one"), 1, "default", NULL);
    cr_expect_str_eq(kafka_read_one(&table), "one");
    kafka_write(topic, OPTIONS("two"), 1, "default", NULL);
    cr_expect_str_eq(kafka_read_one(&table), "two");
    kafka_catch_up(&table);
    sl_buffer_init(&position, 64);
    class->position(table.source, 0, &position);
    kafka_write(topic, OPTIONS("three"), 1, "default", NULL);
    cr_assert_eq(class->refresh_end(table.source, &err), SL_OK, "%s", err.text);
    class->finish(table.source, false);
    kafka_write(topic, OPTIONS("four"), 1, "default", NULL);
    cr_expect_str_eq(kafka_read_all(&table), "three");
    cr_expect_eq(class->split_state(table.source, 0), SL_SPLIT_ENDED);
    test_table_close(&table);

    test_table_open(&table, "kafka", options);
    table.config.bounded = true;
    table.source = sl_arena_alloc(&table.arena, class->size);
    table.source->config = &table.config;
    splits = (struct sl_split_list){.arena = &table.arena};
    cr_assert_eq(class->open(table.source, &err), SL_OK, "%s", err.text);
    cr_assert_eq(class->discover(table.source, &splits, &err), SL_OK, "%s", err.text);
    cr_assert_eq(
        class->add_split(table.source, &splits.items[0], sl_buffer_text(&position), false, &err),
        SL_OK);
    cr_expect_str_eq(kafka_read_all(&table), "three four");
    test_table_close(&table);
    sl_buffer_done(&position);
}

/* A job that is held back does not poll: what came meanwhile keeps a partition from being idle. */
Test(kafka, records_that_nobody_polled_yet_are_not_the_end)
{
    const char *topic = kafka_topic("unpolled", 1);
    struct test_table table;
    struct sl_error err;
    int64_t end_us;

    test_table_open(&table, "kafka",
                    OPTIONS("topic", topic, "properties.bootstrap.servers", kafka_servers(),
                            "scan.startup.mode", "earliest-offset"));
    cr_assert_eq(test_source_start(&table, &err), SL_OK, "%s", err.text);
    kafka_write(topic, OPTIONS("one"), 1, "default", NULL);
    cr_expect_str_eq(kafka_read_one(&table), "one");
    kafka_poll_to_end(&table);
    kafka_write(topic, OPTIONS("two"), 1, "default", NULL);
    end_us = sl_monotonic_us(table.env) + 10000000;
    while (table.class->source->split_state(table.source, 0) != SL_SPLIT_READING) {
        cr_assert_lt(sl_monotonic_us(table.env), end_us);
        table.env->ops->wake_wait(table.env, table.config.wake, 1000000);
    }
    cr_expect_str_eq(kafka_read_one(&table), "two");
    test_table_close(&table);
}

/* The group's offset of partition 0, or negative. */
static int64_t
kafka_committed(const char *topic, const char *group)
{
    rd_kafka_t *handle = kafka_handle(RD_KAFKA_CONSUMER, OPTIONS("group.id", group));
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(1);
    int64_t offset;

    rd_kafka_topic_partition_list_add(list, topic, 0);
    cr_assert_eq(rd_kafka_committed(handle, list, 10000), 0);
    offset = list->elems[0].offset;
    rd_kafka_topic_partition_list_destroy(list);
    rd_kafka_destroy(handle);
    return offset;
}

/* A complete checkpoint tells the group where it stood, and a bounded read that is restored ends
 * where it was to end when it began. */
Test(kafka, checkpoints)
{
    static const char *const values[] = {"a", "b", "c"};
    const char *topic = kafka_topic("checkpoints", 1);
    const char *const *options = OPTIONS(
        "topic", topic, "properties.bootstrap.servers", kafka_servers(), "scan.startup.mode",
        "earliest-offset", "scan.bounded.mode", "latest-offset", "properties.group.id", topic);
    struct sl_split_list splits;
    struct sl_buffer position;
    struct test_table table;
    struct sl_error err;
    int64_t end_us;

    kafka_write(topic, values, 3, "default", NULL);
    sl_buffer_init(&position, 64);
    test_table_open(&table, "kafka", options);
    cr_assert_eq(test_source_start(&table, &err), SL_OK, "%s", err.text);
    table.class->source->position(table.source, 0, &position);
    kafka_write(topic, OPTIONS("later"), 1, "default", NULL);
    cr_expect_str_eq(kafka_read_all(&table), "a b c");
    end_us = sl_monotonic_us(table.env) + 10000000;
    table.class->source->checkpointed(table.source, 0, sl_buffer_text(&position));
    while (kafka_committed(topic, topic) != 0)
        cr_assert_lt(sl_monotonic_us(table.env), end_us);
    test_table_close(&table);

    test_table_open(&table, "kafka", options);
    table.source = sl_arena_alloc(&table.arena, table.class->source->size);
    table.source->config = &table.config;
    splits = (struct sl_split_list){.arena = &table.arena};
    cr_assert_eq(table.class->source->open(table.source, &err), SL_OK, "%s", err.text);
    cr_assert_eq(table.class->source->discover(table.source, &splits, &err), SL_OK);
    cr_assert_eq(table.class->source->add_split(table.source, &splits.items[0],
                                                sl_buffer_text(&position), false, &err),
                 SL_OK);
    cr_expect_str_eq(kafka_read_all(&table), "a b c");
    test_table_close(&table);
    sl_buffer_done(&position);
}

static void
kafka_produce(rd_kafka_t *handle, const char *topic, const char *value, const char *header)
{
    cr_assert_eq(
        rd_kafka_producev(handle, RD_KAFKA_V_TOPIC(topic), RD_KAFKA_V_PARTITION(0),
                          RD_KAFKA_V_VALUE((void *)(uintptr_t)value, value ? strlen(value) : 0),
                          RD_KAFKA_V_HEADER("h", header, header ? strlen(header) : 0),
                          RD_KAFKA_V_TIMESTAMP(5000), RD_KAFKA_V_END),
        0);
}

/* Aborted records are not seen, and the markers at the end of the log do not keep a bounded read
 * from ending. */
Test(kafka, transactions)
{
    const char *topic = kafka_topic("transactions", 1);
    rd_kafka_t *handle = kafka_handle(RD_KAFKA_PRODUCER, OPTIONS("transactional.id", topic));

    cr_assert_null(rd_kafka_init_transactions(handle, 20000));
    cr_assert_null(rd_kafka_begin_transaction(handle));
    kafka_produce(handle, topic, "kept", NULL);
    cr_assert_null(rd_kafka_commit_transaction(handle, 20000));
    cr_assert_null(rd_kafka_begin_transaction(handle));
    kafka_produce(handle, topic, "aborted", NULL);
    cr_assert_eq(rd_kafka_flush(handle, 10000), 0);
    cr_assert_null(rd_kafka_abort_transaction(handle, 20000));
    rd_kafka_destroy(handle);
    READS("kept", "topic", topic, "scan.startup.mode", "earliest-offset",
          "properties.isolation.level", "read_committed");
    READS("kept aborted", "topic", topic, "scan.startup.mode", "earliest-offset",
          "properties.isolation.level", "read_uncommitted");
}

Test(kafka, metadata_and_null_values)
{
    static const char *const wanted[] = {"headers"};
    static const char *const expected[] = {"topic",
                                           "0",
                                           "{\"h\": \"\\\\x7631\"}",
                                           "{\"(h,\\\"\\\\\\\\x7631\\\")\"}",
                                           "0",
                                           "1970-01-01 00:00:05+00",
                                           "CreateTime"};
    const char *topic = kafka_topic("metadata", 1);
    rd_kafka_t *handle = kafka_handle(RD_KAFKA_PRODUCER, NULL);
    struct test_table table;
    struct sl_records records;
    struct sl_buffer text;
    struct sl_error err;

    kafka_produce(handle, topic, "value", "v1");
    kafka_produce(handle, topic, NULL, "v2");
    cr_assert_eq(rd_kafka_flush(handle, 10000), 0);
    rd_kafka_destroy(handle);
    test_table_open(&table, "kafka",
                    OPTIONS("topic", topic, "properties.bootstrap.servers", kafka_servers(),
                            "scan.startup.mode", "earliest-offset"));
    table.config.metadata = wanted;
    table.config.metadata_count = 1;
    cr_assert_eq(test_source_start(&table, &err), SL_OK, "%s", err.text);
    cr_assert_eq(test_source_poll(&table, &records, &err), SL_OK, "%s", err.text);
    cr_assert_eq(records.count, 2);
    cr_expect_eq(records.items[1].value_length, SL_RECORD_NULL);
    sl_buffer_init(&text, 1 << 20);
    for (size_t i = 0; i < table.class->descriptor.metadata_count; i++) {
        struct sl_column *column = table.class->source->metadata(table.source, i, &records);

        sl_buffer_reset(&text);
        sl_column_format(column, 0, SL_FORM_POSTGRES, sl_zone_utc(), &text);
        cr_expect_str_eq(text.data, i == 0 ? topic : expected[i]);
        sl_column_unref(column);
    }
    sl_buffer_reset(&text);
    table.class->source->describe(table.source, 0, 17, &text);
    cr_expect_not_null(strstr(text.data, ", partition 0, offset 17"));
    sl_buffer_done(&text);
    sl_block_unref(records.slab);
    test_table_close(&table);
}

Test(kafka, names_what_is_missing)
{
    const char *topic = kafka_topic("missing", 1);
    struct test_table table;
    struct sl_records records;
    struct sl_error err;

    test_table_open(
        &table, "kafka",
        OPTIONS("topic", "no-such-topic", "properties.bootstrap.servers", kafka_servers()));
    cr_expect_eq(table.class->descriptor.probe(&(struct sl_probe){.options = &table.options}, &err),
                 SL_E_UNDEFINED_OBJECT);
    cr_expect_not_null(strstr(err.text, "no-such-topic"), "%s", err.text);
    test_table_close(&table);
    kafka_write(topic, OPTIONS("a"), 1, "default", NULL);
    test_table_open(&table, "kafka",
                    OPTIONS("topic", topic, "properties.bootstrap.servers", kafka_servers(),
                            "scan.startup.mode", "specific-offsets",
                            "scan.startup.specific-offsets", "partition:0,offset:1000"));
    cr_expect_eq(table.class->descriptor.probe(&(struct sl_probe){.options = &table.options}, &err),
                 SL_OK, "%s", err.text);
    cr_assert_eq(test_source_start(&table, &err), SL_OK, "%s", err.text);
    cr_expect_eq(test_source_poll(&table, &records, &err), SL_E_OBJECT_STATE, "%s", err.text);
    cr_expect_not_null(strstr(err.text, "partition 0, offset 1000"), "%s", err.text);
    test_table_close(&table);
}

/* Nothing listens on port 1. */
Test(kafka, a_broker_that_is_away_is_retried)
{
    struct test_table table;
    struct sl_error err;

    test_table_open(&table, "kafka",
                    OPTIONS("topic", "t", "properties.bootstrap.servers", "127.0.0.1:1",
                            "scan.startup.mode", "earliest-offset"));
    cr_expect_eq(table.class->descriptor.probe(&(struct sl_probe){.options = &table.options}, &err),
                 SL_AGAIN);
    cr_expect_eq(test_source_start(&table, &err), SL_E_CONNECTION);
    cr_expect(sl_error_is_retryable(err.code));
    test_table_close(&table);
}
