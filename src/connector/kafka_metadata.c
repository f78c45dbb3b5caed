/* The metadata columns of Kafka records. */
#include "connector/kafka_internal.h"
#include "data/value.h"

#include <stdlib.h>

#define KAFKA_ASIDE_TOPIC UINT32_MAX

static const struct sl_type kafka_topic_type = {
    .kind = SL_TYPE_VARCHAR, .nullable = false, .precision = SL_LENGTH_MAX};
static const struct sl_type kafka_partition_type = {.kind = SL_TYPE_INT, .nullable = false};
static const struct sl_type kafka_headers_type = {
    .kind = SL_TYPE_MAP, .nullable = false, .key = &sl_type_string, .element = &sl_type_bytes};
static const struct sl_field kafka_header_fields[] = {{"key", &sl_type_string},
                                                      {"value", &sl_type_bytes}};
static const struct sl_type kafka_header_type = {
    .kind = SL_TYPE_ROW, .nullable = true, .fields = kafka_header_fields, .field_count = 2};
static const struct sl_type kafka_header_list_type = {
    .kind = SL_TYPE_ARRAY, .nullable = false, .element = &kafka_header_type};
static const struct sl_type kafka_offset_type = {.kind = SL_TYPE_BIGINT, .nullable = false};
static const struct sl_type kafka_timestamp_type = {
    .kind = SL_TYPE_TIMESTAMP_LTZ, .nullable = false, .precision = 3};

const char *const sl_kafka_metadata_later[SL_KAFKA_METADATA_LATER_COUNT] = {"leader-epoch"};

const struct sl_metadata_spec sl_kafka_metadata_specs[] = {
    [SL_KAFKA_TOPIC] = {"topic", &kafka_topic_type, true},
    [SL_KAFKA_PARTITION] = {"partition", &kafka_partition_type, false},
    [SL_KAFKA_HEADERS] = {"headers", &kafka_headers_type, true},
    [SL_KAFKA_HEADER_LIST] = {"header-list", &kafka_header_list_type, false},
    [SL_KAFKA_OFFSET] = {"offset", &kafka_offset_type, false},
    [SL_KAFKA_TIMESTAMP] = {"timestamp", &kafka_timestamp_type, true},
    [SL_KAFKA_TIMESTAMP_TYPE] = {"timestamp-type", &kafka_topic_type, false},
};
_Static_assert(SL_COUNT_OF(sl_kafka_metadata_specs) == SL_KAFKA_METADATA_COUNT, "one a key");

size_t
sl_kafka_find_metadata(const struct sl_connector_config *config, enum sl_kafka_metadata key)
{
    for (size_t i = 0; i < config->metadata_count; i++) {
        if (strcmp(config->metadata[i], sl_kafka_metadata_specs[key].name) == 0)
            return i;
    }
    return SIZE_MAX;
}

/* --- headers as bytes --- */

size_t
sl_kafka_headers_size(const rd_kafka_headers_t *headers)
{
    const char *key;
    const void *value;
    size_t size, total = 0;

    for (size_t i = 0;
         rd_kafka_header_get_all(headers, i, &key, &value, &size) == RD_KAFKA_RESP_ERR_NO_ERROR;
         i++)
        total += 2 * sizeof(uint32_t) + strlen(key) + (value ? size : 0);
    return total;
}

uint32_t
sl_kafka_headers_write(const rd_kafka_headers_t *headers, char *to)
{
    const char *key;
    const void *value;
    size_t size;
    uint32_t count = 0;

    for (;
         rd_kafka_header_get_all(headers, count, &key, &value, &size) == RD_KAFKA_RESP_ERR_NO_ERROR;
         count++) {
        uint32_t lengths[2] = {(uint32_t)strlen(key), value ? (uint32_t)size : UINT32_MAX};

        memcpy(to, lengths, sizeof(lengths));
        to += sizeof(lengths);
        memcpy(to, key, lengths[0]);
        to += lengths[0];
        if (value)
            memcpy(to, value, size);
        to += value ? size : 0;
    }
    return count;
}

rd_kafka_headers_t *
sl_kafka_headers_of(const struct sl_column *column, size_t row)
{
    const struct sl_column *keys = column->children[0], *values = column->children[1];
    rd_kafka_headers_t *headers = NULL;
    struct sl_span span;

    if (sl_column_is_null(column, row))
        return NULL;
    span = ((const struct sl_span *)column->values)[row];
    for (uint32_t i = span.start; i < span.start + span.length; i++) {
        const struct sl_view *key = (const struct sl_view *)keys->values + i;
        const struct sl_view *value = (const struct sl_view *)values->values + i;

        if (sl_column_is_null(keys, i) || sl_column_is_null(values, i))
            continue;
        headers = headers ? headers : rd_kafka_headers_new(span.length);
        rd_kafka_header_add(headers, sl_view_data(key), key->length, sl_view_data(value),
                            value->length);
    }
    return headers;
}

static void
kafka_add_aside(struct sl_buffer *to, uint32_t key_length, const char *key, struct sl_text value)
{
    uint32_t lengths[2] = {key_length, (uint32_t)value.length};

    sl_buffer_add(to, lengths, sizeof(lengths));
    sl_buffer_add(to, key, key_length == KAFKA_ASIDE_TOPIC ? 0 : key_length);
    sl_buffer_add(to, value.start, value.length);
}

/* Each header: the lengths of key and value (4 bytes each, little-endian), key, value.  The topic,
 * where the table has several: KAFKA_ASIDE_TOPIC, its length, its name. */
int
sl_kafka_aside(const struct sl_connector_config *config, const struct sl_sink_metadata *rows,
               size_t row, struct sl_buffer *to, struct sl_error *err)
{
    rd_kafka_headers_t *headers = NULL;
    struct sl_text topic;
    const char *key;
    const void *value;
    size_t size;

    for (size_t i = 0; i < config->metadata_count; i++) {
        if (strcmp(config->metadata[i], "topic") != 0 || !sl_kafka_has_topics(config->options))
            continue;
        SL_TRY(sl_kafka_row_topic(config, rows, i, row, &topic, err));
        kafka_add_aside(to, KAFKA_ASIDE_TOPIC, "", topic);
    }
    for (size_t i = 0; i < config->metadata_count; i++) {
        if (strcmp(config->metadata[i], "headers") == 0)
            headers = sl_kafka_headers_of(rows->batch->columns[rows->columns[i]], row);
    }
    for (size_t i = 0; headers && !rd_kafka_header_get_all(headers, i, &key, &value, &size); i++)
        kafka_add_aside(to, (uint32_t)strlen(key), key, (struct sl_text){value, size});
    if (headers)
        rd_kafka_headers_destroy(headers);
    return SL_OK;
}

rd_kafka_headers_t *
sl_kafka_headers_from(struct sl_text aside, struct sl_text *ret_topic)
{
    rd_kafka_headers_t *headers = NULL;
    const char *at = aside.start, *end = at + aside.length;

    *ret_topic = (struct sl_text){"", 0};
    while (at < end) {
        uint32_t lengths[2];

        memcpy(lengths, at, sizeof(lengths));
        at += sizeof(lengths);
        if (lengths[0] == KAFKA_ASIDE_TOPIC) {
            *ret_topic = (struct sl_text){at, lengths[1]};
            at += lengths[1];
            continue;
        }
        headers = headers ? headers : rd_kafka_headers_new(4);
        rd_kafka_header_add(headers, at, lengths[0], at + lengths[0], lengths[1]);
        at += lengths[0] + lengths[1];
    }
    return headers;
}

/* The header at `*at`, behind which it then is. */
static struct sl_text
kafka_next_header(const char **at, struct sl_value *ret_value)
{
    uint32_t lengths[2];
    struct sl_text key;

    memcpy(lengths, *at, sizeof(lengths));
    key = (struct sl_text){*at + sizeof(lengths), lengths[0]};
    *ret_value = (struct sl_value){.type = &sl_type_bytes, .is_null = lengths[1] == UINT32_MAX};
    ret_value->text = (struct sl_text){key.start + key.length, ret_value->is_null ? 0 : lengths[1]};
    *at = ret_value->text.start + ret_value->text.length;
    return key;
}

/* Of two headers with one key the last counts, as in Flink. */
static void
kafka_add_to_map(struct sl_value *map, struct sl_text key, const struct sl_value *value)
{
    for (size_t i = 0; i < map->list.count; i += 2) {
        if (sl_text_equal(map->list.items[i].text, key)) {
            map->list.items[i + 1] = *value;
            return;
        }
    }
    map->list.items[map->list.count++] = (struct sl_value){.type = &sl_type_string, .text = key};
    map->list.items[map->list.count++] = *value;
}

/* Each of them, in their order. */
static void
kafka_add_to_list(struct sl_arena *arena, struct sl_value *list, struct sl_text key,
                  const struct sl_value *value)
{
    struct sl_value *header = &list->list.items[list->list.count++];

    *header = (struct sl_value){.type = &kafka_header_type};
    header->list.items = SL_NEW_ARRAY(arena, struct sl_value, 2);
    header->list.items[0] = (struct sl_value){.type = &sl_type_string, .text = key};
    header->list.items[1] = *value;
    header->list.count = 2;
}

static struct sl_column *
kafka_headers_column(struct sl_pool *pool, const struct sl_type *type,
                     const struct sl_records *records)
{
    struct sl_column_builder *builder = sl_column_builder_new(pool, type, records->count);
    const struct sl_kafka_extras *extras = records->metadata;
    struct sl_arena arena;

    sl_arena_init(&arena);
    for (uint32_t i = 0; i < records->count; i++) {
        const struct sl_kafka_extra *extra = &extras->items[i];
        const char *at = extras->bytes + extra->header_offset;
        struct sl_value headers = {.type = type};

        headers.list.items = SL_NEW_ARRAY(&arena, struct sl_value, extra->header_count * 2 + 1);
        for (uint32_t k = 0; k < extra->header_count; k++) {
            struct sl_value value;
            struct sl_text key = kafka_next_header(&at, &value);

            if (type->kind == SL_TYPE_MAP)
                kafka_add_to_map(&headers, key, &value);
            else
                kafka_add_to_list(&arena, &headers, key, &value);
        }
        sl_column_builder_add(builder, &headers);
    }
    sl_arena_done(&arena);
    return sl_column_builder_end(builder);
}

/* --- columns --- */

static struct sl_column *
kafka_text_column(struct sl_pool *pool, const char *text, size_t row_count)
{
    struct sl_value value = {.type = &kafka_topic_type, .text = sl_text_of(text)};

    return sl_value_column(pool, &value, row_count);
}

static struct sl_column *
kafka_timestamp_types_column(struct sl_pool *pool, const struct sl_records *records)
{
    static const char *const names[] = {"NoTimestampType", "CreateTime", "LogAppendTime"};
    const struct sl_kafka_extras *extras = records->metadata;
    struct sl_column *column = sl_column_new(pool, &kafka_topic_type, records->count, false);

    for (uint32_t i = 0; i < records->count; i++) {
        const char *name = names[extras->items[i].timestamp_type];

        /* Longer ones point to the constants, which outlive every column. */
        ((struct sl_view *)column->values)[i] = sl_view_of(name, strlen(name));
    }
    return column;
}

static struct sl_column *
kafka_numbers_column(struct sl_pool *pool, enum sl_kafka_metadata key, int32_t partition,
                     const struct sl_records *records)
{
    struct sl_column *column =
        sl_column_new(pool, sl_kafka_metadata_specs[key].type, records->count, false);

    for (uint32_t i = 0; i < records->count; i++) {
        if (key == SL_KAFKA_PARTITION)
            ((int32_t *)column->values)[i] = partition;
        else if (key == SL_KAFKA_OFFSET)
            ((int64_t *)column->values)[i] = records->items[i].position;
        else /* a record of before Kafka 0.10 has no time: Flink says -1 ms */
            ((int64_t *)column->values)[i] = records->items[i].timestamp_us == INT64_MIN
                                                 ? -1000
                                                 : records->items[i].timestamp_us;
    }
    return column;
}

struct sl_column *
sl_kafka_metadata_column(struct sl_pool *pool, enum sl_kafka_metadata key, const char *topic,
                         int32_t partition, const struct sl_records *records)
{
    switch (key) {
    case SL_KAFKA_TOPIC:
        return kafka_text_column(pool, topic, records->count);
    case SL_KAFKA_HEADERS:
    case SL_KAFKA_HEADER_LIST:
        return kafka_headers_column(pool, sl_kafka_metadata_specs[key].type, records);
    case SL_KAFKA_TIMESTAMP_TYPE:
        return kafka_timestamp_types_column(pool, records);
    default:
        return kafka_numbers_column(pool, key, partition, records);
    }
}
