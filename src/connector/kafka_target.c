/* The topics that a table is written to, and the partition of each record. */
#include "connector/kafka_internal.h"

int
sl_kafka_targets_open(struct sl_kafka_targets *targets, struct sl_kafka_client *client,
                      const struct sl_kafka_options *options, struct sl_arena *arena,
                      uint32_t subtask, struct sl_error *err)
{
    struct sl_kafka_topics topics;

    SL_ASSERT(options->topic_count > 0); /* else sl_kafka_check_sink refused it */
    SL_TRY(sl_kafka_look_up(client, options, arena, &topics, err));
    targets->items = SL_NEW_ARRAY(arena, struct sl_kafka_target, topics.count);
    targets->partitioner = options->partitioner;
    for (size_t i = 0; i < topics.count; i++) {
        struct sl_kafka_target *target = &targets->items[i];

        target->topic = sl_text_of(topics.items[i].name);
        target->partition_count = topics.items[i].partition_count;
        target->next_partition = (int32_t)(subtask % (uint32_t)target->partition_count);
        target->handle = rd_kafka_topic_new(client->handle, topics.items[i].name, NULL);
        if (!target->handle)
            return sl_kafka_raise(err, rd_kafka_last_error(), topics.items[i].name);
        targets->count++;
    }
    return SL_OK;
}

void
sl_kafka_targets_close(struct sl_kafka_targets *targets)
{
    for (size_t i = 0; i < targets->count; i++)
        rd_kafka_topic_destroy(targets->items[i].handle);
    targets->count = 0;
}

/* Rows of a topic mostly come together. */
struct sl_kafka_target *
sl_kafka_find_target(struct sl_kafka_targets *targets, struct sl_text topic)
{
    for (size_t i = 0; i < targets->count; i++) {
        size_t at = (targets->last + i) % targets->count;

        if (!sl_text_equal(targets->items[at].topic, topic))
            continue;
        targets->last = at;
        return &targets->items[at];
    }
    return NULL;
}

int32_t
sl_kafka_choose_partition(const struct sl_kafka_targets *targets, struct sl_kafka_target *target,
                          uint32_t subtask)
{
    int32_t partition = target->next_partition;

    switch (targets->partitioner) {
    case SL_KAFKA_PARTITION_DEFAULT:
        return RD_KAFKA_PARTITION_UA;
    case SL_KAFKA_PARTITION_FIXED:
        return (int32_t)(subtask % (uint32_t)target->partition_count);
    case SL_KAFKA_PARTITION_ROUND_ROBIN:
        target->next_partition = (partition + 1) % target->partition_count;
        return partition;
    }
    return RD_KAFKA_PARTITION_UA;
}

int
sl_kafka_row_topic(const struct sl_connector_config *config, const struct sl_sink_metadata *rows,
                   size_t key, size_t row, struct sl_text *ret_topic, struct sl_error *err)
{
    const struct sl_column *column = rows->batch->columns[rows->columns[key]];
    const char *list = sl_option_get(config->options, "topic");
    const struct sl_view *view = (const struct sl_view *)column->values + row;
    struct sl_text topic = {"", 0};

    if (!sl_column_is_null(column, row))
        topic = (struct sl_text){sl_view_data(view), view->length};
    if (sl_kafka_lists_topic(list, topic)) {
        *ret_topic = topic;
        return SL_OK;
    }
    if (topic.length == 0)
        SL_ERROR(err, SL_E_CHECK_VIOLATION, "table \"%s\": a row has no topic", config->table_name);
    else
        SL_ERROR(err, SL_E_CHECK_VIOLATION,
                 "table \"%s\": a row has the topic \"%.*s\", which is none of the table's",
                 config->table_name, SL_TEXT_FORMAT(topic));
    return sl_error_hint(err, "its option \"topic\" lists: %s", list);
}
