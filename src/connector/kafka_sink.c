/* The kafka sink: records into librdkafka's producer, reports counted by epoch.
 *
 * 1. Every message carries the epoch it was written in; an epoch is acknowledged when it was closed
 * by a barrier and no report of it or an earlier one is missing.  Reports come in any order.
 * 2. What the producer's full queue refuses is kept and produced later, in order; while anything is
 *    kept, everything goes there.
 * 3. Nothing blocks: reports are taken from the event queue wherever the slot calls, and its first
 *    event wakes the slot. */
#include "connector/kafka_internal.h"

#include <stdio.h>
#include <stdlib.h>

#define KAFKA_QUEUED_MAX 200000 /* messages under way; then the writer waits */
#define KAFKA_CLOSE_US (2 * INT64_C(1000000))

struct kafka_epoch {
    uint64_t epoch; /* once closed */
    uint64_t outstanding;
    bool is_closed;
    struct kafka_epoch *next;
};

/* A record that waits for room. */
struct kafka_kept {
    struct kafka_kept *next;
    struct kafka_epoch *epoch;
    struct sl_kafka_target *target;
    rd_kafka_headers_t *headers; /* or NULL */
    struct sl_record record;     /* its bytes follow */
};

struct kafka_sink {
    struct sl_sink sink;
    struct sl_arena arena;
    struct sl_kafka_options options;
    struct sl_kafka_client client;
    bool is_open;
    struct sl_kafka_targets targets;
    rd_kafka_queue_t *events;
    /* Indexes in the metadata that rows have; SIZE_MAX: none.  Of one topic the rows do not say it.
     */
    size_t headers_key, topic_key;
    struct kafka_epoch *oldest, *current;
    uint64_t barrier_epoch, acknowledged_epoch;
    struct kafka_kept *kept, **kept_end;
    rd_kafka_message_t *messages;
    uint32_t message_capacity;
    struct sl_kafka_target **row_targets; /* as many, where there are several topics */
    rd_kafka_resp_err_t error;            /* the first report that was one */
    const char *error_topic;              /* … and its topic */
    char fatal[256];
};

static struct kafka_sink *
sink_of(struct sl_sink *base)
{
    return (struct kafka_sink *)base;
}

static void
kafka_begin_epoch(struct kafka_sink *sink)
{
    struct kafka_epoch *epoch = sl_alloc_zeroed(sizeof(*epoch));

    if (sink->current)
        sink->current->next = epoch;
    else
        sink->oldest = epoch;
    sink->current = epoch;
}

/* --- opening --- */

static void
kafka_sink_wake(rd_kafka_t *handle, void *opaque)
{
    const struct sl_connector_config *config = ((struct kafka_sink *)opaque)->sink.config;

    config->env->ops->wake_signal(config->env, config->wake);
}

static int
kafka_sink_open(struct sl_sink *base, struct sl_error *err)
{
    struct kafka_sink *sink = sink_of(base);
    rd_kafka_conf_t *conf;

    sl_arena_init(&sink->arena);
    sink->is_open = true;
    sink->kept_end = &sink->kept;
    sink->headers_key = sl_kafka_find_metadata(base->config, SL_KAFKA_HEADERS);
    kafka_begin_epoch(sink);
    sl_kafka_options_read(&sink->arena, base->config->options, &sink->options);
    sink->topic_key = sink->options.topic_count == 1
                          ? SIZE_MAX
                          : sl_kafka_find_metadata(base->config, SL_KAFKA_TOPIC);
    SL_TRY(sl_kafka_configure(sink->options.list, RD_KAFKA_PRODUCER, &conf, err));
    rd_kafka_conf_set_events(conf, RD_KAFKA_EVENT_DR | RD_KAFKA_EVENT_ERROR);
    SL_TRY(sl_kafka_client_open(&sink->client, RD_KAFKA_PRODUCER, conf,
                                sl_option_get(sink->options.list, "properties.bootstrap.servers"),
                                err));
    sink->events = rd_kafka_queue_get_main(sink->client.handle);
    SL_TRY(sl_kafka_targets_open(&sink->targets, &sink->client, &sink->options, &sink->arena,
                                 base->config->subtask, err));
    rd_kafka_queue_cb_event_enable(sink->events, kafka_sink_wake, sink);
    return SL_OK;
}

/* --- reports --- */

static void
kafka_note_error(struct kafka_sink *sink, rd_kafka_resp_err_t code, const char *topic)
{
    if (sink->error)
        return;
    sink->error = code;
    sink->error_topic = topic;
}

static void
kafka_take_reports(struct kafka_sink *sink, rd_kafka_event_t *event)
{
    const rd_kafka_message_t *message;

    while ((message = rd_kafka_event_message_next(event)) != NULL) {
        struct kafka_epoch *epoch = message->_private;

        SL_ASSERT(epoch->outstanding > 0);
        epoch->outstanding--;
        if (message->err)
            kafka_note_error(sink, message->err, rd_kafka_topic_name(message->rkt));
    }
}

static void
kafka_take_error(struct kafka_sink *sink, rd_kafka_event_t *event)
{
    char reason[256];

    if (rd_kafka_event_error(event) != RD_KAFKA_RESP_ERR__FATAL || sink->error)
        return;
    kafka_note_error(sink, rd_kafka_fatal_error(sink->client.handle, reason, sizeof(reason)),
                     sl_option_get(sink->options.list, "topic"));
    snprintf(sink->fatal, sizeof(sink->fatal), "%s", reason);
}

/* Takes what events there are; waits for the first at most so long. */
static void
kafka_serve(struct kafka_sink *sink, int timeout_ms)
{
    rd_kafka_event_t *event;

    while ((event = rd_kafka_queue_poll(sink->events, timeout_ms)) != NULL) {
        if (rd_kafka_event_type(event) == RD_KAFKA_EVENT_DR)
            kafka_take_reports(sink, event);
        else if (rd_kafka_event_type(event) == RD_KAFKA_EVENT_ERROR)
            kafka_take_error(sink, event);
        rd_kafka_event_destroy(event);
        timeout_ms = 0;
    }
}

static int
kafka_report_error(const struct kafka_sink *sink, struct sl_error *err)
{
    char what[600];

    if (!sink->error)
        return SL_OK;
    snprintf(what, sizeof(what), "writing to topic \"%s\"%s%s", sink->error_topic,
             sink->fatal[0] ? ": " : "", sink->fatal);
    return sl_kafka_raise(err, sink->error, what);
}

/* --- writing --- */

/* Takes over the headers. */
static void
kafka_keep(struct kafka_sink *sink, const struct sl_record *record, struct sl_kafka_target *target,
           rd_kafka_headers_t *headers)
{
    size_t value_length = record->value_length == SL_RECORD_NULL ? 0 : record->value_length;
    size_t key_length = record->key_length == SL_RECORD_NULL ? 0 : record->key_length;
    struct kafka_kept *kept = sl_alloc(sizeof(*kept) + value_length + key_length);
    char *bytes = (char *)(kept + 1);

    kept->next = NULL;
    kept->epoch = sink->current;
    kept->target = target;
    kept->headers = headers;
    kept->record = *record;
    kept->record.value = bytes;
    kept->record.key = bytes + value_length;
    if (value_length)
        memcpy(bytes, record->value, value_length);
    if (key_length)
        memcpy(bytes + value_length, record->key, key_length);
    *sink->kept_end = kept;
    sink->kept_end = &kept->next;
}

static int32_t
kafka_partition(struct kafka_sink *sink, struct sl_kafka_target *target)
{
    return sl_kafka_choose_partition(&sink->targets, target, sink->sink.config->subtask);
}

/* Takes over the headers unless it fails. */
static rd_kafka_resp_err_t
kafka_produce_one(struct kafka_sink *sink, const struct sl_record *record,
                  struct sl_kafka_target *target, rd_kafka_headers_t *headers,
                  struct kafka_epoch *epoch)
{
    bool has_value = record->value_length != SL_RECORD_NULL;
    bool has_key = record->key_length != SL_RECORD_NULL;
    int64_t timestamp_ms = record->timestamp_us == INT64_MIN ? 0 : record->timestamp_us / 1000;

    return rd_kafka_producev(
        sink->client.handle, RD_KAFKA_V_RKT(target->handle),
        RD_KAFKA_V_PARTITION(kafka_partition(sink, target)),
        RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY),
        RD_KAFKA_V_VALUE(has_value ? (void *)(uintptr_t)record->value : NULL,
                         has_value ? record->value_length : 0),
        RD_KAFKA_V_KEY(has_key ? record->key : NULL, has_key ? record->key_length : 0),
        RD_KAFKA_V_TIMESTAMP(timestamp_ms), RD_KAFKA_V_HEADERS(headers), RD_KAFKA_V_OPAQUE(epoch),
        RD_KAFKA_V_END);
}

static void
kafka_free_kept(struct kafka_kept *kept)
{
    if (kept->headers)
        rd_kafka_headers_destroy(kept->headers);
    free(kept);
}

/* Produces what was kept, as far as there is room. */
static void
kafka_produce_kept(struct kafka_sink *sink)
{
    while (sink->kept) {
        struct kafka_kept *kept = sink->kept;
        rd_kafka_resp_err_t code =
            kafka_produce_one(sink, &kept->record, kept->target, kept->headers, kept->epoch);

        if (code == RD_KAFKA_RESP_ERR__QUEUE_FULL)
            return;
        if (code) {
            kept->epoch->outstanding--;
            kafka_note_error(sink, code, rd_kafka_topic_name(kept->target->handle));
        } else {
            kept->headers = NULL;
        }
        sink->kept = kept->next;
        kafka_free_kept(kept);
    }
    sink->kept_end = &sink->kept;
}

static rd_kafka_headers_t *
kafka_headers(const struct kafka_sink *sink, const struct sl_records *records, uint32_t i)
{
    const struct sl_sink_metadata *metadata = records->metadata;

    if (!metadata || sink->headers_key == SIZE_MAX)
        return NULL;
    return sl_kafka_headers_of(metadata->batch->columns[metadata->columns[sink->headers_key]],
                               sl_batch_row(metadata->batch, i));
}

/* With times or headers of their own, or behind others that are kept: one by one. */
static void
kafka_produce_each(struct kafka_sink *sink, const struct sl_records *records)
{
    for (uint32_t i = 0; i < records->count; i++) {
        const struct sl_record *record = &records->items[i];
        struct sl_kafka_target *target =
            sink->topic_key == SIZE_MAX ? &sink->targets.items[0] : sink->row_targets[i];
        rd_kafka_headers_t *headers = kafka_headers(sink, records, i);
        rd_kafka_resp_err_t code = RD_KAFKA_RESP_ERR__QUEUE_FULL;

        if (!sink->kept)
            code = kafka_produce_one(sink, record, target, headers, sink->current);
        if (code == RD_KAFKA_RESP_ERR__QUEUE_FULL) {
            kafka_keep(sink, record, target, headers);
        } else if (code) {
            sink->current->outstanding--;
            kafka_note_error(sink, code, rd_kafka_topic_name(target->handle));
            if (headers)
                rd_kafka_headers_destroy(headers);
        }
    }
}

static void
kafka_produce_batch(struct kafka_sink *sink, const struct sl_records *records)
{
    bool is_default = sink->options.partitioner == SL_KAFKA_PARTITION_DEFAULT;
    struct sl_kafka_target *target = &sink->targets.items[0];

    for (uint32_t i = 0; i < records->count; i++) {
        const struct sl_record *record = &records->items[i];
        bool has_value = record->value_length != SL_RECORD_NULL;
        bool has_key = record->key_length != SL_RECORD_NULL;

        sink->messages[i] = (rd_kafka_message_t){
            .partition = is_default ? RD_KAFKA_PARTITION_UA : kafka_partition(sink, target),
            .payload = has_value ? (void *)(uintptr_t)record->value : NULL,
            .len = has_value ? record->value_length : 0,
            .key = has_key ? (void *)(uintptr_t)record->key : NULL,
            .key_len = has_key ? record->key_length : 0,
            ._private = sink->current,
        };
    }
    rd_kafka_produce_batch(target->handle, RD_KAFKA_PARTITION_UA,
                           RD_KAFKA_MSG_F_COPY | (is_default ? 0 : RD_KAFKA_MSG_F_PARTITION),
                           sink->messages, (int)records->count);
    for (uint32_t i = 0; i < records->count; i++) {
        rd_kafka_resp_err_t code = sink->messages[i].err;

        if (code == RD_KAFKA_RESP_ERR__QUEUE_FULL) {
            kafka_keep(sink, &records->items[i], target, NULL);
        } else if (code) {
            sink->current->outstanding--;
            kafka_note_error(sink, code, rd_kafka_topic_name(target->handle));
        }
    }
}

static bool
kafka_have_times(const struct sl_records *records)
{
    for (uint32_t i = 0; i < records->count; i++) {
        if (records->items[i].timestamp_us != INT64_MIN)
            return true;
    }
    return false;
}

/* All of them before the first goes out: a row without one fails the job. */
static int
kafka_find_row_targets(struct kafka_sink *sink, const struct sl_records *records,
                       struct sl_error *err)
{
    const struct sl_sink_metadata *rows = records->metadata;

    if (sink->topic_key == SIZE_MAX)
        return SL_OK;
    for (uint32_t i = 0; i < records->count; i++) {
        struct sl_text topic;

        SL_TRY(sl_kafka_row_topic(sink->sink.config, rows, sink->topic_key,
                                  sl_batch_row(rows->batch, i), &topic, err));
        sink->row_targets[i] = sl_kafka_find_target(&sink->targets, topic);
        SL_ASSERT(sink->row_targets[i] != NULL);
    }
    return SL_OK;
}

static void
kafka_reserve(struct kafka_sink *sink, uint32_t count)
{
    if (count <= sink->message_capacity)
        return;
    sink->message_capacity = count;
    sink->messages = sl_realloc(sink->messages, count * sizeof(*sink->messages));
    sink->row_targets = sl_realloc(sink->row_targets, count * sizeof(*sink->row_targets));
}

static int
kafka_sink_write(struct sl_sink *base, const struct sl_records *records, struct sl_error *err)
{
    struct kafka_sink *sink = sink_of(base);

    kafka_serve(sink, 0);
    kafka_produce_kept(sink);
    kafka_reserve(sink, records->count);
    SL_TRY(kafka_find_row_targets(sink, records, err));
    sink->current->outstanding += records->count;
    if (sink->kept || sink->headers_key != SIZE_MAX || sink->topic_key != SIZE_MAX ||
        kafka_have_times(records))
        kafka_produce_each(sink, records);
    else
        kafka_produce_batch(sink, records);
    SL_TRY(kafka_report_error(sink, err));
    return sink->kept || rd_kafka_outq_len(sink->client.handle) >= KAFKA_QUEUED_MAX ? SL_AGAIN
                                                                                    : SL_OK;
}

static bool
kafka_sink_ready(struct sl_sink *base)
{
    struct kafka_sink *sink = sink_of(base);

    kafka_serve(sink, 0);
    kafka_produce_kept(sink);
    return sink->error ||
           (!sink->kept && rd_kafka_outq_len(sink->client.handle) < KAFKA_QUEUED_MAX / 2);
}

/* What was kept stays with its epoch, which is not acknowledged before it is out. */
static int
kafka_sink_flush(struct sl_sink *base, struct sl_error *err)
{
    struct kafka_sink *sink = sink_of(base);

    kafka_serve(sink, 0);
    kafka_produce_kept(sink);
    return kafka_report_error(sink, err);
}

static void
kafka_sink_barrier(struct sl_sink *base, uint64_t epoch)
{
    struct kafka_sink *sink = sink_of(base);

    sink->barrier_epoch = epoch;
    sink->current->epoch = epoch;
    sink->current->is_closed = true;
    kafka_begin_epoch(sink);
}

static int
kafka_sink_acknowledged(struct sl_sink *base, uint64_t *ret_epoch, struct sl_error *err)
{
    struct kafka_sink *sink = sink_of(base);

    kafka_serve(sink, 0);
    kafka_produce_kept(sink);
    SL_TRY(kafka_report_error(sink, err));
    while (sink->oldest->is_closed && sink->oldest->outstanding == 0) {
        struct kafka_epoch *oldest = sink->oldest;

        sink->acknowledged_epoch = oldest->epoch;
        sink->oldest = oldest->next;
        free(oldest);
    }
    /* Without a guarantee only the end waits: what was written shall have left. */
    *ret_epoch = !sink->options.waits_for_acks && sink->barrier_epoch != UINT64_MAX
                     ? sink->barrier_epoch
                     : sink->acknowledged_epoch;
    return SL_OK;
}

/* --- closing --- */

static bool
kafka_is_outstanding(const struct kafka_sink *sink)
{
    for (const struct kafka_epoch *epoch = sink->oldest; epoch; epoch = epoch->next) {
        if (epoch->outstanding)
            return true;
    }
    return false;
}

/* A job that is stopped still gets out what it wrote, where that is soon done. */
static void
kafka_drain(struct kafka_sink *sink)
{
    struct sl_env *env = sink->sink.config->env;
    int64_t end_us = sl_monotonic_us(env) + KAFKA_CLOSE_US;

    while (kafka_is_outstanding(sink) && !sink->error && sl_monotonic_us(env) < end_us) {
        kafka_serve(sink, 50);
        kafka_produce_kept(sink);
    }
}

static void
kafka_sink_close(struct sl_sink *base)
{
    struct kafka_sink *sink = sink_of(base);

    if (!sink->is_open)
        return;
    if (sink->targets.count > 0)
        kafka_drain(sink);
    sl_kafka_targets_close(&sink->targets);
    if (sink->events) {
        rd_kafka_queue_cb_event_enable(sink->events, NULL, NULL);
        rd_kafka_queue_destroy(sink->events);
    }
    sl_kafka_client_close(&sink->client);
    while (sink->oldest) {
        struct kafka_epoch *oldest = sink->oldest;

        sink->oldest = oldest->next;
        free(oldest);
    }
    while (sink->kept) {
        struct kafka_kept *kept = sink->kept;

        sink->kept = kept->next;
        kafka_free_kept(kept);
    }
    free(sink->messages);
    free(sink->row_targets);
    sl_arena_done(&sink->arena);
}

const struct sl_sink_class sl_kafka_sink_class = {
    .size = sizeof(struct kafka_sink),
    .open = kafka_sink_open,
    .write = kafka_sink_write,
    .flush = kafka_sink_flush,
    .barrier = kafka_sink_barrier,
    .acknowledged = kafka_sink_acknowledged,
    .ready = kafka_sink_ready,
    .close = kafka_sink_close,
};
