/* The options of the kafka connector: what there are, which go together, and what they say. */
#include "connector/kafka_internal.h"

#include <stdio.h>
#include <stdlib.h>

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

const struct sl_option_spec sl_kafka_option_specs[] = {
    {.name = "topic",
     .type = SL_OPTION_LIST,
     .help = "topic to read or write; ';' between several"},
    {.name = "topic-pattern",
     .type = SL_OPTION_STRING,
     .help = "regular expression of the topics to read, instead of topic"},
    {.name = "properties.bootstrap.servers",
     .type = SL_OPTION_STRING,
     .flags = SL_OPTION_REQUIRED,
     .help = "host:port of some brokers, with commas"},
    {.name = "properties.*",
     .type = SL_OPTION_PREFIX,
     .help = "settings of the Kafka client, by an allow-list"},
    {.name = "scan.startup.mode",
     .type = SL_OPTION_ENUM,
     .default_value = "group-offsets",
     .choices = "group-offsets|earliest-offset|latest-offset|timestamp|specific-offsets",
     .help = "where reading begins"},
    {.name = "scan.startup.timestamp-millis",
     .type = SL_OPTION_INTEGER,
     .min = 0,
     .max = INT64_MAX,
     .help = "for timestamp: milliseconds since 1970"},
    {.name = "scan.startup.specific-offsets",
     .type = SL_OPTION_STRING,
     .help =
         "for specific-offsets: 'partition:0,offset:42;partition:1,offset:300'; partitions that "
         "are not named begin at their earliest record"},
    {.name = "scan.bounded.mode",
     .type = SL_OPTION_ENUM,
     .default_value = "unbounded",
     .choices = "unbounded|latest-offset|group-offsets|timestamp|specific-offsets",
     .help = "where reading ends"},
    {.name = "scan.bounded.timestamp-millis",
     .type = SL_OPTION_INTEGER,
     .min = 0,
     .max = INT64_MAX,
     .help = "for timestamp: milliseconds since 1970"},
    {.name = "scan.bounded.specific-offsets",
     .type = SL_OPTION_STRING,
     .help = "for specific-offsets; partitions that are not named end at their present end"},
    {.name = "scan.topic-partition-discovery.interval",
     .type = SL_OPTION_DURATION,
     .default_value = "5 min",
     .min = 0,
     .max = INT64_MAX,
     .help = "how often to look for new partitions; 0: never"},
    {.name = "sink.partitioner",
     .type = SL_OPTION_ENUM,
     .default_value = "default",
     .choices = "default|fixed|round-robin",
     .help = "by key or sticky, one partition a subtask, or in turn"},
    {.name = "sink.delivery-guarantee",
     .type = SL_OPTION_ENUM,
     .default_value = "at-least-once",
     .choices = "at-least-once|none|exactly-once",
     .help = "exactly-once: transactions, published with each checkpoint; at-least-once waits for "
             "the brokers' acknowledgements"},
    {.name = "value.fields-include",
     .type = SL_OPTION_ENUM,
     .default_value = "ALL",
     .choices = "ALL|EXCEPT_KEY",
     .help = "ALL: the value holds every column"},
    {.name = "key.format", .type = SL_OPTION_STRING, .help = "how keys are written"},
    {.name = "key.fields",
     .type = SL_OPTION_LIST,
     .help = "the columns that are in the key; ';' between several"},
    {.name = "key.fields-prefix",
     .type = SL_OPTION_STRING,
     .help = "what the names of the key's columns begin with in the table, and not in the key"},
    {.name = "sink.buffer-flush.max-rows",
     .type = SL_OPTION_INTEGER,
     .default_value = "0",
     .min = 0,
     .max = INT32_MAX,
     .help = "with buffer-flush.interval: of changes of a key that come together the last is "
             "written; 0: all are"},
    {.name = "sink.buffer-flush.interval",
     .type = SL_OPTION_DURATION,
     .default_value = "0 s",
     .min = 0,
     .max = INT64_MAX,
     .help = "with buffer-flush.max-rows"},
    {.name = "sink.transactional-id-prefix",
     .type = SL_OPTION_STRING,
     .help = "of exactly-once producers; the job's id unless set"},
    {.name = "sink.semantic",
     .type = SL_OPTION_STRING,
     .flags = SL_OPTION_LATER,
     .help = "use 'sink.delivery-guarantee'"},
};
_Static_assert(SL_COUNT_OF(sl_kafka_option_specs) == SL_KAFKA_OPTION_COUNT, "count them");

static union sl_option_value
kafka_option(const struct sl_option_list *list, const char *name)
{
    union sl_option_value value = {0};

    sl_option_read(sl_kafka_option_specs, SL_KAFKA_OPTION_COUNT, list, name, &value);
    return value;
}

/* --- checks --- */

/* "partition:0,offset:42;partition:1,offset:300"; false: it does not read so. */
static bool
kafka_read_offsets(const char *text, struct sl_arena *arena, struct sl_kafka_offsets *offsets)
{
    size_t capacity = 1;

    for (const char *at = text; *at; at++)
        capacity += *at == ';';
    offsets->items = SL_NEW_ARRAY(arena, struct sl_kafka_offset, capacity);
    offsets->count = 0;
    for (const char *at = text; *at;) {
        struct sl_kafka_offset *item = &offsets->items[offsets->count++];
        long long partition, offset;
        int length = 0;

        if (sscanf(at, " partition:%lld,offset:%lld %n", &partition, &offset, &length) != 2 ||
            length == 0 || partition < 0 || partition > INT32_MAX || offset < 0)
            return false;
        *item = (struct sl_kafka_offset){(int32_t)partition, offset};
        at += length;
        if (*at == ';')
            at++;
        else if (*at)
            return false;
    }
    return offsets->count > 0;
}

static int
kafka_check_offsets(const struct sl_option_list *list, const char *name, struct sl_error *err)
{
    const struct sl_option *option = sl_option_find(list, name);
    const char *topic = sl_option_get(list, "topic");
    struct sl_kafka_offsets offsets;
    struct sl_arena arena;
    bool read;

    if (!option)
        return SL_ERROR(err, SL_E_INVALID_PARAMETER_VALUE,
                        "specific offsets need the option \"%s\"", name);
    if (!topic || strchr(topic, ';')) {
        SL_ERROR(err, SL_E_INVALID_PARAMETER_VALUE, "\"%s\" needs exactly one topic", name);
        return sl_error_at(err, option->value_offset);
    }
    sl_arena_init(&arena);
    read = kafka_read_offsets(option->value, &arena, &offsets);
    sl_arena_done(&arena);
    if (read)
        return SL_OK;
    SL_ERROR(err, SL_E_INVALID_PARAMETER_VALUE, "option \"%s\" does not take the value \"%s\"",
             name, option->value);
    sl_error_hint(err, "write it as 'partition:0,offset:42;partition:1,offset:300'");
    return sl_error_at(err, option->value_offset);
}

/* What a mode needs beside itself. */
static int
kafka_check_mode(const struct sl_option_list *list, const char *what, int64_t mode, int64_t group,
                 int64_t timestamp, int64_t specific, struct sl_error *err)
{
    const struct sl_option *option;
    char name[64];

    snprintf(name, sizeof(name), "scan.%s.mode", what);
    option = sl_option_find(list, name);
    if (option && mode == group && !sl_option_get(list, "properties.group.id")) {
        SL_ERROR(err, SL_E_INVALID_PARAMETER_VALUE,
                 "\"%s\" = group-offsets needs the option \"properties.group.id\"", name);
        return sl_error_at(err, option->value_offset);
    }
    if (mode == specific) {
        snprintf(name, sizeof(name), "scan.%s.specific-offsets", what);
        return kafka_check_offsets(list, name, err);
    }
    snprintf(name, sizeof(name), "scan.%s.timestamp-millis", what);
    if (mode == timestamp && !sl_option_get(list, name))
        return SL_ERROR(err, SL_E_INVALID_PARAMETER_VALUE, "mode timestamp needs the option \"%s\"",
                        name);
    return SL_OK;
}

static int
kafka_check_topics(const struct sl_option_list *list, struct sl_error *err)
{
    const struct sl_option *topic = sl_option_find(list, "topic");
    const struct sl_option *pattern = sl_option_find(list, "topic-pattern");
    pcre2_code *code;
    PCRE2_SIZE at;
    int error;

    if (!topic == !pattern) {
        SL_ERROR(err, SL_E_INVALID_PARAMETER_VALUE,
                 "a kafka table has either \"topic\" or \"topic-pattern\"");
        return sl_error_at(err, topic ? topic->key_offset : -1);
    }
    if (topic) {
        if (topic->value[strspn(topic->value, "; ")])
            return SL_OK;
        SL_ERROR(err, SL_E_INVALID_PARAMETER_VALUE, "option \"topic\" names no topic");
        return sl_error_at(err, topic->value_offset);
    }
    code = pcre2_compile((PCRE2_SPTR)pattern->value, PCRE2_ZERO_TERMINATED, 0, &error, &at, NULL);
    pcre2_code_free(code);
    if (code)
        return SL_OK;
    SL_ERROR(err, SL_E_INVALID_REGEXP, "\"topic-pattern\" is no regular expression: \"%s\"",
             pattern->value);
    return sl_error_at(err, pattern->value_offset);
}

static int
kafka_check_common(const struct sl_option_list *list, struct sl_error *err)
{
    SL_TRY(kafka_check_topics(list, err));
    SL_TRY(sl_kafka_check_properties(list, err));
    SL_TRY(kafka_check_mode(list, "startup", kafka_option(list, "scan.startup.mode").integer,
                            SL_KAFKA_START_GROUP, SL_KAFKA_START_TIMESTAMP, SL_KAFKA_START_SPECIFIC,
                            err));
    SL_TRY(kafka_check_mode(list, "bounded", kafka_option(list, "scan.bounded.mode").integer,
                            SL_KAFKA_BOUNDED_GROUP, SL_KAFKA_BOUNDED_TIMESTAMP,
                            SL_KAFKA_BOUNDED_SPECIFIC, err));
    return SL_OK;
}

/* Both connectors have these options in one table; some are only the other's. */
static int
kafka_check_foreign(const struct sl_option_list *list, const char *const *names, size_t count,
                    const char *connector, struct sl_error *err)
{
    for (size_t i = 0; i < count; i++) {
        const struct sl_option *option = sl_option_find(list, names[i]);

        if (!option)
            continue;
        SL_ERROR(err, SL_E_UNDEFINED_OBJECT, "connector %s has no option \"%s\"", connector,
                 names[i]);
        return sl_error_at(err, option->key_offset);
    }
    return SL_OK;
}

/* Keys of plain tables: options of the key only with its format, which needs its columns. */
static int
kafka_check_keys(const struct sl_option_list *list, struct sl_error *err)
{
    static const char *const needy[] = {"key.fields", "key.fields-prefix"};
    const struct sl_option *format = sl_option_find(list, "key.format");
    const char *fields = sl_option_get(list, "key.fields");

    for (size_t i = 0; i < SL_COUNT_OF(needy) && !format; i++) {
        const struct sl_option *option = sl_option_find(list, needy[i]);

        if (!option)
            continue;
        SL_ERROR(err, SL_E_INVALID_PARAMETER_VALUE, "option \"%s\" needs \"key.format\" beside it",
                 needy[i]);
        return sl_error_at(err, option->key_offset);
    }
    if (!format || (fields && fields[strspn(fields, "; ")]))
        return SL_OK;
    SL_ERROR(err, SL_E_INVALID_PARAMETER_VALUE,
             "option \"key.format\" needs \"key.fields\" beside it");
    sl_error_hint(err, "'key.fields' = 'a;b' names the columns that are in the key");
    return sl_error_at(err, format->key_offset);
}

/* Keys decide where records go, but for round-robin. */
static int
kafka_check_partitioner(const struct sl_option_list *list, struct sl_error *err)
{
    if (kafka_option(list, "sink.partitioner").integer != SL_KAFKA_PARTITION_ROUND_ROBIN ||
        !sl_option_find(list, "key.fields"))
        return SL_OK;
    SL_ERROR(err, SL_E_INVALID_PARAMETER_VALUE,
             "'sink.partitioner' = 'round-robin' works only without \"key.fields\"");
    sl_error_hint(err, "'default' has the key decide");
    return sl_error_at(err, sl_option_find(list, "sink.partitioner")->value_offset);
}

int
sl_kafka_check(const struct sl_option_list *list, const struct sl_schema *schema,
               struct sl_error *err)
{
    static const char *const foreign[] = {"sink.buffer-flush.max-rows",
                                          "sink.buffer-flush.interval"};

    SL_TRY(kafka_check_foreign(list, foreign, SL_COUNT_OF(foreign), "kafka", err));
    SL_TRY(kafka_check_keys(list, err));
    SL_TRY(kafka_check_partitioner(list, err));
    return kafka_check_common(list, err);
}

int
sl_kafka_check_upsert(const struct sl_option_list *list, const struct sl_schema *schema,
                      struct sl_error *err)
{
    static const char *const foreign[] = {"topic-pattern",
                                          "key.fields",
                                          "format",
                                          "scan.startup.mode",
                                          "scan.startup.timestamp-millis",
                                          "scan.startup.specific-offsets",
                                          "sink.partitioner"};
    static const char *const required[] = {"topic", "key.format", "value.format"};

    SL_TRY(kafka_check_foreign(list, foreign, SL_COUNT_OF(foreign), "upsert-kafka", err));
    for (size_t i = 0; i < SL_COUNT_OF(required); i++)
        if (!sl_option_find(list, required[i]))
            return SL_ERROR(err, SL_E_INVALID_PARAMETER_VALUE,
                            "a table of connector upsert-kafka needs the option \"%s\"",
                            required[i]);
    return kafka_check_common(list, err);
}

int
sl_kafka_check_sink(const struct sl_option_list *list, const char *const *metadata,
                    size_t metadata_count, struct sl_error *err)
{
    struct sl_kafka_options options;
    bool has_topic = false;
    struct sl_arena arena;
    size_t topic_count;

    sl_arena_init(&arena);
    sl_kafka_options_read(&arena, list, &options);
    topic_count = options.topic_count;
    sl_arena_done(&arena);
    if (topic_count == 0) {
        SL_ERROR(err, SL_E_NOT_SUPPORTED, "it cannot be written: it has a \"topic-pattern\"");
        return sl_error_hint(err, "list the topics in the option \"topic\", with ';' between them");
    }
    for (size_t i = 0; i < metadata_count; i++)
        has_topic |= strcmp(metadata[i], sl_kafka_metadata_specs[SL_KAFKA_TOPIC].name) == 0;
    if (topic_count == 1 || has_topic)
        return SL_OK;
    SL_ERROR(err, SL_E_INVALID_PARAMETER_VALUE,
             "it cannot be written: it has %zu topics, and no column says which a row is for",
             topic_count);
    return sl_error_hint(err, "declare a column \"topic STRING METADATA\"");
}

bool
sl_kafka_is_bounded(const struct sl_option_list *list)
{
    return kafka_option(list, "scan.bounded.mode").integer != SL_KAFKA_BOUNDED_NEVER;
}

bool
sl_kafka_is_upsert(const struct sl_option_list *list)
{
    const char *connector = sl_option_get(list, "connector");

    return connector && sl_equal_nocase(connector, "upsert-kafka");
}

/* --- reading them --- */

/* The next topic of a list "a;b" without the blanks around it; false: there is none. */
static bool
kafka_next_topic(const char **list, struct sl_text *ret_topic)
{
    while (**list) {
        const char *start = *list + strspn(*list, " ");
        size_t length = strcspn(start, ";");

        *list = start + length + (start[length] == ';');
        while (length > 0 && start[length - 1] == ' ')
            length--;
        *ret_topic = (struct sl_text){start, length};
        if (length > 0)
            return true;
    }
    return false;
}

bool
sl_kafka_lists_topic(const char *list, struct sl_text topic)
{
    struct sl_text listed;

    while (kafka_next_topic(&list, &listed)) {
        if (sl_text_equal(listed, topic))
            return true;
    }
    return false;
}

bool
sl_kafka_has_topics(const struct sl_option_list *list)
{
    const char *topics = sl_option_get(list, "topic");
    struct sl_text first, other;

    if (!topics || !kafka_next_topic(&topics, &first))
        return false;
    while (kafka_next_topic(&topics, &other)) {
        if (!sl_text_equal(first, other))
            return true;
    }
    return false;
}

static void
kafka_read_topics(struct sl_arena *arena, const char *list, struct sl_kafka_options *options)
{
    size_t capacity = 1;
    struct sl_text topic;

    for (const char *at = list; *at; at++)
        capacity += *at == ';';
    options->topics = SL_NEW_ARRAY(arena, const char *, capacity);
    while (kafka_next_topic(&list, &topic)) {
        const char *name = sl_arena_strndup(arena, topic.start, topic.length);
        bool is_twice = false;

        for (size_t i = 0; i < options->topic_count; i++)
            is_twice |= strcmp(options->topics[i], name) == 0;
        if (!is_twice)
            options->topics[options->topic_count++] = name;
    }
}

static enum sl_kafka_reset
kafka_read_reset(const struct sl_option_list *list)
{
    const char *reset = sl_option_get(list, "properties.auto.offset.reset");

    if (!reset || strcmp(reset, "none") == 0)
        return SL_KAFKA_RESET_NONE;
    return strcmp(reset, "earliest") == 0 ? SL_KAFKA_RESET_EARLIEST : SL_KAFKA_RESET_LATEST;
}

void
sl_kafka_options_read(struct sl_arena *arena, const struct sl_option_list *list,
                      struct sl_kafka_options *options)
{
    const char *topic = sl_option_get(list, "topic");
    const char *startup = sl_option_get(list, "scan.startup.specific-offsets");
    const char *bounded = sl_option_get(list, "scan.bounded.specific-offsets");
    const char *guarantee = sl_option_get(list, "sink.delivery-guarantee");

    *options = (struct sl_kafka_options){
        .list = list,
        .pattern = sl_option_get(list, "topic-pattern"),
        .group = sl_option_get(list, "properties.group.id"),
        .startup = (enum sl_kafka_startup)kafka_option(list, "scan.startup.mode").integer,
        .startup_ms = kafka_option(list, "scan.startup.timestamp-millis").integer,
        .bounded = (enum sl_kafka_bounded)kafka_option(list, "scan.bounded.mode").integer,
        .bounded_ms = kafka_option(list, "scan.bounded.timestamp-millis").integer,
        .reset = kafka_read_reset(list),
        .discovery_us = kafka_option(list, "scan.topic-partition-discovery.interval").integer,
        .partitioner = (enum sl_kafka_partitioner)kafka_option(list, "sink.partitioner").integer,
        .waits_for_acks = !guarantee || !sl_equal_nocase(guarantee, "none"),
    };
    if (sl_kafka_is_upsert(list))
        options->startup = SL_KAFKA_START_EARLIEST;
    if (topic)
        kafka_read_topics(arena, topic, options);
    if (startup)
        kafka_read_offsets(startup, arena, &options->startup_offsets);
    if (bounded)
        kafka_read_offsets(bounded, arena, &options->bounded_offsets);
}
