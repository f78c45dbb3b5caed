/* The kafka source: a queue a partition, drained straight into slabs.
 *
 * 1. Partitions are read by librdkafka's simple consumer, each into a queue of its own; a split
 * that is held back is a queue that is not served.  A message's payload is copied once, into the
 * slab, and the message goes at once: librdkafka was seen to hang at the end while messages were
 * held.
 * 2. The end of a partition is the client's EOF event, never arithmetic: commit markers and aborted
 *    records take offsets that nobody sees.  A bounded split has ended when its next offset, or
 * that of an EOF event, has reached its end.
 * 3. discover and refresh_end run on an I/O thread while the slot polls: they touch only what was
 *    found (handed over when their job is done), names, and the atomic ends.
 * 4. Where a split begins is always an offset, never "the end": a checkpoint before the first
 * record must know it. */
#include "connector/kafka_internal.h"

#include "base/log.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

#define KAFKA_SLAB_SLACK ((size_t)64 << 10)
#define KAFKA_SPLIT_BUFFER_MIN ((int64_t)256 << 10)
#define KAFKA_SPLITS_EXPECTED 4

struct kafka_split {
    const char *topic;
    int32_t partition;
    rd_kafka_topic_t *handle;
    rd_kafka_queue_t *queue; /* NULL: never started, it had ended before */
    int64_t next;            /* the offset after the last record handed on */
    int64_t eof;             /* of the last EOF event; -1: none */
    int64_t end;             /* SL_KAFKA_NO_END: unbounded */
    bool at_eof;             /* nothing came after that event */
    bool is_paused;
    bool has_passed_end;       /* a record at or after the end was seen */
    _Atomic int64_t known_end; /* of the last refresh, until it was reached; -1: none */
    _Atomic int64_t last_end;  /* of the last refresh; -1: none */
    rd_kafka_resp_err_t error;
};

struct kafka_source {
    struct sl_source source;
    struct sl_arena arena; /* of the I/O thread */
    struct sl_kafka_options options;
    struct sl_kafka_client client;
    struct sl_kafka_discovery discovery;
    bool is_open, keeps_extras;
    struct kafka_split **splits;
    uint32_t split_count, split_capacity;
    uint32_t turn;
    struct sl_block *slab; /* kept from a poll that filled little of it */
};

static struct kafka_source *
source_of(struct sl_source *base)
{
    return (struct kafka_source *)base;
}

/* --- opening --- */

static int
kafka_open_client(struct kafka_source *source, int64_t split_buffer_bytes, struct sl_error *err)
{
    rd_kafka_conf_t *conf;
    bool has_wait = sl_option_get(source->options.list, "properties.fetch.max.wait.ms") ||
                    sl_option_get(source->options.list, "properties.fetch.wait.max.ms");

    SL_TRY(sl_kafka_configure(source->options.list, RD_KAFKA_CONSUMER, &conf, err));
    /* A read that ends behind transactions' marks learns it by a fetch that finds nothing. */
    if (source->discovery.is_bounded && !has_wait)
        sl_kafka_set(conf, "fetch.wait.max.ms", "10");
    sl_kafka_set(conf, "enable.auto.commit", "false");
    sl_kafka_set(conf, "enable.auto.offset.store", "false");
    sl_kafka_set(conf, "enable.partition.eof", "true");
    sl_kafka_set(conf, "auto.offset.reset", "error");
    sl_kafka_set(conf, "allow.auto.create.topics", "false");
    /* A full queue is looked at again after this time: 500 ms would be a stutter. */
    sl_kafka_set(conf, "fetch.error.backoff.ms", "5");
    sl_kafka_set_integer(conf, "queued.max.messages.kbytes", split_buffer_bytes >> 10);
    return sl_kafka_client_open(&source->client, RD_KAFKA_CONSUMER, conf,
                                sl_option_get(source->options.list, "properties.bootstrap.servers"),
                                err);
}

static int64_t
kafka_split_buffer(const struct kafka_source *source, const struct sl_kafka_topics *topics)
{
    int64_t count = sl_kafka_count_own(&source->discovery, topics);

    return SL_MAX(source->source.config->buffer_bytes / SL_MAX(count, KAFKA_SPLITS_EXPECTED),
                  KAFKA_SPLIT_BUFFER_MIN);
}

static int
kafka_source_open(struct sl_source *base, struct sl_error *err)
{
    struct kafka_source *source = source_of(base);
    const struct sl_connector_config *config = base->config;
    struct sl_kafka_topics topics;
    int64_t expected_bytes, bytes;

    sl_arena_init(&source->arena);
    source->is_open = true;
    sl_kafka_options_read(&source->arena, config->options, &source->options);
    source->discovery = (struct sl_kafka_discovery){
        .config = config,
        .options = &source->options,
        .client = &source->client,
        .arena = &source->arena,
        .is_bounded = config->bounded || source->options.bounded != SL_KAFKA_BOUNDED_NEVER};
    source->keeps_extras = sl_kafka_find_metadata(config, SL_KAFKA_HEADERS) != SIZE_MAX ||
                           sl_kafka_find_metadata(config, SL_KAFKA_HEADER_LIST) != SIZE_MAX ||
                           sl_kafka_find_metadata(config, SL_KAFKA_TIMESTAMP_TYPE) != SIZE_MAX;
    if (!source->options.group && source->options.startup == SL_KAFKA_START_GROUP) {
        SL_ERROR(err, SL_E_INVALID_PARAMETER_VALUE,
                 "table \"%s\" begins at group-offsets, which needs the option "
                 "\"properties.group.id\"",
                 config->table_name);
        return sl_error_hint(err, "or say 'scan.startup.mode' = 'earliest-offset'");
    }
    expected_bytes = SL_MAX(config->buffer_bytes / KAFKA_SPLITS_EXPECTED, KAFKA_SPLIT_BUFFER_MIN);
    SL_TRY(kafka_open_client(source, expected_bytes, err));
    SL_TRY(sl_kafka_look_up(&source->client, &source->options, &source->arena, &topics, err));
    bytes = kafka_split_buffer(source, &topics);
    if (bytes >= expected_bytes)
        return SL_OK;
    sl_kafka_client_close(&source->client);
    return kafka_open_client(source, bytes, err);
}

/* --- discovery --- */

static int
kafka_source_discover(struct sl_source *base, struct sl_split_list *splits, struct sl_error *err)
{
    return sl_kafka_discover(&source_of(base)->discovery, splits, err);
}

static int64_t
kafka_source_discovery_interval(const struct sl_source *base)
{
    const struct kafka_source *source = (const struct kafka_source *)base;

    return source->discovery.is_bounded ? 0 : source->options.discovery_us;
}

/* --- splits --- */

static void
kafka_source_wake(rd_kafka_t *handle, void *opaque)
{
    const struct sl_connector_config *config = ((struct kafka_source *)opaque)->source.config;

    config->env->ops->wake_signal(config->env, config->wake);
}

static int
kafka_start_split(struct kafka_source *source, struct kafka_split *split, struct sl_error *err)
{
    char what[300];

    snprintf(what, sizeof(what), "topic %s, partition %d", split->topic, (int)split->partition);
    split->handle = rd_kafka_topic_new(source->client.handle, split->topic, NULL);
    if (!split->handle)
        return sl_kafka_raise(err, rd_kafka_last_error(), what);
    split->queue = rd_kafka_queue_new(source->client.handle);
    rd_kafka_queue_cb_event_enable(split->queue, kafka_source_wake, source);
    if (rd_kafka_consume_start_queue(split->handle, split->partition, split->next, split->queue) ==
        0)
        return SL_OK;
    rd_kafka_queue_destroy(split->queue);
    split->queue = NULL;
    return sl_kafka_raise(err, rd_kafka_last_error(), what);
}

/* As kafka_source_position wrote it: where a bounded read ends was decided when it began. */
static void
kafka_take_position(struct kafka_split *split, struct sl_text position)
{
    int64_t end;

    if (position.length != sizeof(split->next) + sizeof(end))
        return;
    memcpy(&split->next, position.start, sizeof(split->next));
    memcpy(&end, position.start + sizeof(split->next), sizeof(end));
    split->end = SL_MIN(split->end, end);
}

/* Each by the subtask that reads it: once a partition. */
static void
kafka_tell_new(const struct kafka_source *source, const struct sl_kafka_found *found)
{
    bool is_old = sl_kafka_has_old_topic(&source->discovery, found);

    sl_log(is_old ? SL_LOG_WARN : SL_LOG_INFO,
           is_old ? "kafka topic has more partitions: records of a key may be in another one now"
                  : "kafka topic found",
           "table=%s topic=%s partition=%d offset=%lld", source->source.config->table_name,
           found->topic, (int)found->partition, (long long)found->earliest);
}

static int
kafka_no_group_offset(const struct kafka_source *source, const struct sl_kafka_found *found,
                      struct sl_error *err)
{
    SL_ERROR(err, SL_E_UNDEFINED_OBJECT,
             "topic %s, partition %d: group \"%s\" has no committed offset", found->topic,
             (int)found->partition, source->options.group);
    return sl_error_hint(err, "'properties.auto.offset.reset' = 'earliest' or 'latest' says where "
                              "to begin then");
}

static int
kafka_source_add_split(struct sl_source *base, const struct sl_split *item, struct sl_text position,
                       bool is_new, struct sl_error *err)
{
    struct kafka_source *source = source_of(base);
    const struct sl_kafka_found *found = sl_kafka_find(&source->discovery, item->id);
    struct kafka_split *split;

    SL_ASSERT(found != NULL);
    if (is_new)
        kafka_tell_new(source, found);
    else if (position.length == 0 && found->start == SL_KAFKA_NO_START)
        return kafka_no_group_offset(source, found, err);
    split = sl_alloc_zeroed(sizeof(*split));
    split->topic = found->topic;
    split->partition = found->partition;
    split->next = is_new ? found->earliest : found->start;
    split->end = found->end;
    kafka_take_position(split, position);
    split->eof = -1;
    atomic_store(&split->known_end, -1);
    atomic_store(&split->last_end, -1);
    if (source->split_count == source->split_capacity) {
        source->split_capacity = SL_MAX(8u, source->split_capacity * 2);
        source->splits =
            sl_realloc(source->splits, source->split_capacity * sizeof(*source->splits));
    }
    source->splits[source->split_count++] = split;
    return split->next >= split->end ? SL_OK : kafka_start_split(source, split, err);
}

/* A partition never goes but with its topic.  One that the table does not read any more was left
 * out by whoever changed its options. */
static int
kafka_source_restored(struct sl_source *base, const char *id, bool is_there, struct sl_error *err)
{
    struct kafka_source *source = source_of(base);
    const char *dash = strrchr(id, '-');
    struct sl_text topic = {id, dash ? (size_t)(dash - id) : 0};

    if (is_there) {
        sl_kafka_note_old_topic(&source->discovery, topic);
        return SL_OK;
    }
    if (!dash || !sl_kafka_reads_topic(&source->options, topic))
        return SL_OK;
    if (!sl_kafka_knows_topic(&source->discovery, topic)) {
        SL_ERROR(
            err, SL_E_OBJECT_STATE,
            "topic \"%.*s\", which was read up to the last checkpoint, does not exist any more",
            SL_TEXT_FORMAT(topic));
        return sl_error_hint(err, "to go on without it, ALTER the table so that its "
                                  "\"topic-pattern\" does not match it");
    }
    SL_ERROR(err, SL_E_OBJECT_STATE,
             "topic %.*s has no partition %s any more, which was read up to the last checkpoint: "
             "the topic was made anew, and what it held before is lost",
             SL_TEXT_FORMAT(topic), dash + 1);
    return sl_error_hint(err, "start anew from 'earliest-offset'");
}

/* How far it is known to be read. */
static int64_t
kafka_reached(const struct kafka_split *split)
{
    return SL_MAX(split->next, split->eof);
}

static bool
kafka_has_ended(const struct kafka_split *split)
{
    return split->has_passed_end || kafka_reached(split) >= split->end;
}

static enum sl_split_state
kafka_source_split_state(struct sl_source *base, uint32_t index)
{
    struct kafka_split *split = source_of(base)->splits[index];
    int64_t known_end = atomic_load_explicit(&split->known_end, memory_order_acquire);

    if (kafka_has_ended(split))
        return SL_SPLIT_ENDED;
    if (known_end >= 0)
        return kafka_reached(split) >= known_end ? SL_SPLIT_CAUGHT_UP : SL_SPLIT_READING;
    /* The end that was seen is an old one where something came that nobody has polled yet. */
    return split->at_eof && rd_kafka_queue_length(split->queue) == 0 ? SL_SPLIT_CAUGHT_UP
                                                                     : SL_SPLIT_READING;
}

/* --- polling --- */

/* What one poll fills. */
struct kafka_fill {
    struct kafka_source *source;
    struct kafka_split *split;
    struct sl_block *slab;
    struct sl_record *items;
    struct sl_kafka_extra *extras; /* NULL: nobody asks */
    char *values, *at, *limit;
    uint32_t count, count_max;
    size_t bytes_max;
};

static size_t
kafka_index_size(const struct kafka_source *source, uint32_t count)
{
    size_t size = sizeof(struct sl_kafka_extras) + count * sizeof(struct sl_record);

    if (source->keeps_extras)
        size += count * sizeof(struct sl_kafka_extra);
    return (size + 63) & ~(size_t)63;
}

/* The parts of a slab with room for `count` records. */
static void
kafka_lay_out(struct kafka_fill *fill, struct sl_block *slab, uint32_t count)
{
    fill->slab = slab;
    fill->items = (struct sl_record *)(void *)(slab->data + sizeof(struct sl_kafka_extras));
    fill->extras = fill->source->keeps_extras ? (void *)(fill->items + count) : NULL;
    fill->values = slab->data + kafka_index_size(fill->source, count);
    fill->limit = slab->data + slab->size - 64;
}

/* Its bytes are in another slab now. */
static void
kafka_move_record(struct sl_record *record, const char *from, const char *to)
{
    if (record->value)
        record->value = to + (record->value - from);
    if (record->key)
        record->key = to + (record->key - from);
}

/* Moves what is there into another slab, for `count` records. */
static void
kafka_move(struct kafka_fill *fill, struct sl_block *slab, uint32_t count)
{
    struct kafka_fill from = *fill;

    kafka_lay_out(fill, slab, count);
    memcpy(fill->items, from.items, from.count * sizeof(*from.items));
    if (from.extras)
        memcpy(fill->extras, from.extras, from.count * sizeof(*from.extras));
    fill->at = fill->values + (from.at - from.values);
    memcpy(fill->values, from.values, (size_t)(from.at - from.values));
    for (uint32_t i = 0; i < from.count; i++)
        kafka_move_record(&fill->items[i], from.values, fill->values);
}

static char *
kafka_reserve(struct kafka_fill *fill, size_t size)
{
    if ((size_t)(fill->limit - fill->at) < size) {
        struct sl_block *old = fill->slab;
        size_t used = (size_t)(fill->at - fill->slab->data);

        kafka_move(fill,
                   sl_pool_block(fill->source->source.config->pool,
                                 used + SL_MAX(size, used) + KAFKA_SLAB_SLACK),
                   fill->count_max);
        sl_block_unref(old);
    }
    return fill->at;
}

static void
kafka_take_extra(struct kafka_fill *fill, rd_kafka_message_t *message,
                 rd_kafka_timestamp_type_t timestamp_type)
{
    struct sl_kafka_extra extra = {.timestamp_type = timestamp_type};
    rd_kafka_headers_t *headers;

    if (rd_kafka_message_headers(message, &headers) == RD_KAFKA_RESP_ERR_NO_ERROR) {
        char *to = kafka_reserve(fill, sl_kafka_headers_size(headers));

        extra.header_offset = (uint32_t)(to - fill->values);
        extra.header_count = sl_kafka_headers_write(headers, to);
        fill->at += sl_kafka_headers_size(headers);
    }
    fill->extras[fill->count] = extra;
}

static void
kafka_take_key(struct kafka_fill *fill, const rd_kafka_message_t *message, struct sl_record *record)
{
    const char *values = fill->values;
    char *to = kafka_reserve(fill, message->key_len);

    kafka_move_record(record, values, fill->values);
    memcpy(to, message->key, message->key_len);
    fill->at += message->key_len;
    record->key = to;
    record->key_length = (uint32_t)message->key_len;
}

static void
kafka_take_message(struct kafka_fill *fill, rd_kafka_message_t *message)
{
    struct kafka_split *split = fill->split;
    rd_kafka_timestamp_type_t timestamp_type;
    int64_t timestamp_ms = rd_kafka_message_timestamp(message, &timestamp_type);
    struct sl_record record = {
        .value_length = SL_RECORD_NULL,
        .key_length = SL_RECORD_NULL,
        .position = message->offset,
        .timestamp_us = timestamp_ms < 0 ? INT64_MIN : timestamp_ms * 1000,
    };

    if (message->payload) {
        char *to = kafka_reserve(fill, message->len);

        memcpy(to, message->payload, message->len);
        fill->at += message->len;
        record.value = to;
        record.value_length = (uint32_t)message->len;
    }
    if (message->key && fill->source->source.config->with_keys)
        kafka_take_key(fill, message, &record);
    if (fill->extras) {
        const char *values = fill->values;

        kafka_take_extra(fill, message, timestamp_type);
        kafka_move_record(&record, values, fill->values);
    }
    fill->items[fill->count++] = record;
    split->next = message->offset + 1;
    split->at_eof = false;
}

/* An end was seen: a refresh's question is answered once that end is reached. */
static void
kafka_take_eof(struct kafka_split *split, int64_t offset)
{
    int64_t known_end = atomic_load_explicit(&split->known_end, memory_order_acquire);

    split->eof = offset;
    split->at_eof = true;
    if (known_end >= 0 && known_end <= kafka_reached(split))
        atomic_compare_exchange_strong(&split->known_end, &known_end, -1);
}

/* Called for each message of the queue, which librdkafka destroys after it. */
static void
kafka_consume(rd_kafka_message_t *message, void *opaque)
{
    struct kafka_fill *fill = opaque;
    struct kafka_split *split = fill->split;

    if (message->err == RD_KAFKA_RESP_ERR__PARTITION_EOF) {
        kafka_take_eof(split, message->offset);
        return;
    }
    if (message->err) {
        split->error = message->err;
        rd_kafka_yield(fill->source->client.handle);
        return;
    }
    if (message->offset < split->next)
        return;
    if (message->offset >= split->end) {
        split->has_passed_end = true;
        rd_kafka_yield(fill->source->client.handle);
        return;
    }
    kafka_take_message(fill, message);
    if (fill->count == fill->count_max || (size_t)(fill->at - fill->values) >= fill->bytes_max)
        rd_kafka_yield(fill->source->client.handle);
}

static int
kafka_split_error(struct kafka_source *source, struct kafka_split *split, struct sl_error *err)
{
    rd_kafka_resp_err_t code = split->error;
    char what[300];

    split->error = RD_KAFKA_RESP_ERR_NO_ERROR;
    snprintf(what, sizeof(what), "topic %s, partition %d, offset %lld", split->topic,
             (int)split->partition, (long long)split->next);
    sl_kafka_raise(err, code, what);
    if (code == RD_KAFKA_RESP_ERR__AUTO_OFFSET_RESET ||
        code == RD_KAFKA_RESP_ERR_OFFSET_OUT_OF_RANGE)
        sl_error_hint(err, "the records there are gone; start anew from 'earliest-offset'");
    return err->code;
}

/* Hands the slab on, or, where it is mostly empty, a small one with the records. */
static void
kafka_finish_fill(struct kafka_fill *fill, uint32_t split, struct sl_records *records)
{
    size_t bytes = (size_t)(fill->at - fill->values);
    size_t needed = kafka_index_size(fill->source, fill->count) + bytes + 64;
    struct sl_kafka_extras *extras;

    if (needed < fill->slab->size / 2) {
        fill->source->slab = fill->slab;
        kafka_move(fill, sl_pool_block(fill->source->source.config->pool, needed), fill->count);
    }
    memset(fill->at, 0, 64);
    extras = (struct sl_kafka_extras *)(void *)fill->slab->data;
    *extras = (struct sl_kafka_extras){fill->values, fill->extras};
    *records = (struct sl_records){.slab = fill->slab,
                                   .items = fill->items,
                                   .count = fill->count,
                                   .split = split,
                                   .bytes = bytes,
                                   .metadata = extras};
}

/* SL_AGAIN: the queue is empty. */
static int
kafka_poll_split(struct kafka_source *source, uint32_t index, size_t bytes_max,
                 struct sl_records *records, struct sl_error *err)
{
    struct kafka_split *split = source->splits[index];
    uint32_t count_max = source->source.config->batch_size;
    struct kafka_fill fill = {
        .source = source, .split = split, .count_max = count_max, .bytes_max = bytes_max};
    size_t size = kafka_index_size(source, count_max) + bytes_max + KAFKA_SLAB_SLACK;

    if (source->slab && source->slab->size < size) {
        sl_block_unref(source->slab);
        source->slab = NULL;
    }
    kafka_lay_out(&fill,
                  source->slab ? source->slab : sl_pool_block(source->source.config->pool, size),
                  count_max);
    source->slab = NULL;
    fill.at = fill.values;
    rd_kafka_consume_callback_queue(split->queue, 0, kafka_consume, &fill);
    if (fill.count > 0) {
        kafka_finish_fill(&fill, index, records);
        return SL_OK;
    }
    source->slab = fill.slab;
    return split->error ? kafka_split_error(source, split, err) : SL_AGAIN;
}

static int
kafka_source_poll(struct sl_source *base, size_t bytes_max, struct sl_records *records,
                  struct sl_error *err)
{
    struct kafka_source *source = source_of(base);
    bool all_ended = true;

    for (uint32_t i = 0; i < source->split_count; i++) {
        uint32_t index = source->turn;
        struct kafka_split *split = source->splits[index];
        int rc;

        source->turn = (source->turn + 1) % source->split_count;
        if (kafka_has_ended(split))
            continue;
        all_ended = false;
        if (split->is_paused)
            continue;
        rc = split->error ? kafka_split_error(source, split, err)
                          : kafka_poll_split(source, index, bytes_max, records, err);
        if (rc != SL_AGAIN)
            return rc;
    }
    return all_ended ? SL_EOF : SL_AGAIN;
}

/* --- the rest of the seam --- */

static void
kafka_source_position(struct sl_source *base, uint32_t index, struct sl_buffer *to)
{
    const struct kafka_split *split = source_of(base)->splits[index];

    sl_buffer_add(to, &split->next, sizeof(split->next));
    sl_buffer_add(to, &split->end, sizeof(split->end));
}

/* The group's offset, so that its lag can be watched; where the job goes on is the job's own. */
static void
kafka_source_checkpointed(struct sl_source *base, uint32_t index, struct sl_text position)
{
    struct kafka_source *source = source_of(base);
    const struct kafka_split *split = source->splits[index];
    rd_kafka_topic_partition_list_t *list;
    int64_t offset;

    if (!source->options.group || position.length < sizeof(offset))
        return;
    memcpy(&offset, position.start, sizeof(offset));
    list = rd_kafka_topic_partition_list_new(1);
    rd_kafka_topic_partition_list_add(list, split->topic, split->partition)->offset = offset;
    rd_kafka_commit(source->client.handle, list, 1);
    rd_kafka_topic_partition_list_destroy(list);
}

static int
kafka_source_refresh_end(struct sl_source *base, struct sl_error *err)
{
    struct kafka_source *source = source_of(base);
    rd_kafka_topic_partition_list_t *list =
        rd_kafka_topic_partition_list_new((int)source->split_count + 1);
    int rc;

    for (uint32_t i = 0; i < source->split_count; i++)
        rd_kafka_topic_partition_list_add(list, source->splits[i]->topic,
                                          source->splits[i]->partition)
            ->offset = RD_KAFKA_OFFSET_END;
    rc = sl_kafka_offsets_at(&source->client, list, err);
    for (int i = 0; i < list->cnt && rc == SL_OK; i++) {
        struct kafka_split *split = source->splits[i];

        atomic_store_explicit(&split->last_end, list->elems[i].offset, memory_order_release);
        atomic_store_explicit(&split->known_end, list->elems[i].offset, memory_order_release);
    }
    rd_kafka_topic_partition_list_destroy(list);
    return rc;
}

static void
kafka_source_finish(struct sl_source *base, bool here)
{
    struct kafka_source *source = source_of(base);

    source->discovery.is_bounded = true;
    for (uint32_t i = 0; i < source->split_count; i++) {
        struct kafka_split *split = source->splits[i];
        int64_t end =
            here ? split->next : atomic_load_explicit(&split->last_end, memory_order_acquire);

        SL_ASSERT(here || end >= 0);
        split->end = SL_MIN(split->end, end);
    }
}

static void
kafka_source_pause(struct sl_source *base, uint32_t index, bool paused)
{
    source_of(base)->splits[index]->is_paused = paused;
}

static struct sl_column *
kafka_source_metadata(struct sl_source *base, size_t key, const struct sl_records *records)
{
    const struct kafka_split *split = source_of(base)->splits[records->split];

    return sl_kafka_metadata_column(base->config->pool, (enum sl_kafka_metadata)key, split->topic,
                                    split->partition, records);
}

static void
kafka_source_describe(struct sl_source *base, uint32_t index, int64_t position,
                      struct sl_buffer *to)
{
    const struct kafka_split *split = source_of(base)->splits[index];

    sl_buffer_printf(to, "topic %s, partition %d, offset %lld", split->topic, (int)split->partition,
                     (long long)position);
}

static void
kafka_source_close(struct sl_source *base)
{
    struct kafka_source *source = source_of(base);

    if (!source->is_open)
        return;
    for (uint32_t i = 0; i < source->split_count; i++) {
        struct kafka_split *split = source->splits[i];

        if (split->queue) {
            rd_kafka_queue_cb_event_enable(split->queue, NULL, NULL);
            rd_kafka_consume_stop(split->handle, split->partition);
            rd_kafka_queue_destroy(split->queue);
        }
        if (split->handle)
            rd_kafka_topic_destroy(split->handle);
        free(split);
    }
    free(source->splits);
    sl_kafka_discovery_done(&source->discovery);
    sl_block_unref(source->slab);
    sl_kafka_client_close(&source->client);
    sl_arena_done(&source->arena);
}

const struct sl_source_class sl_kafka_source_class = {
    .size = sizeof(struct kafka_source),
    .open = kafka_source_open,
    .discover = kafka_source_discover,
    .discovery_interval_us = kafka_source_discovery_interval,
    .add_split = kafka_source_add_split,
    .restored = kafka_source_restored,
    .poll = kafka_source_poll,
    .split_state = kafka_source_split_state,
    .position = kafka_source_position,
    .checkpointed = kafka_source_checkpointed,
    .refresh_end = kafka_source_refresh_end,
    .finish = kafka_source_finish,
    .pause = kafka_source_pause,
    .metadata = kafka_source_metadata,
    .describe = kafka_source_describe,
    .close = kafka_source_close,
};
