/* The kafka publisher: one transactional producer a lane; records and marker in one transaction.
 *
 * 1. The marker is the metadata of an offset of partition 0 of the (first) topic, in a consumer
 * group that has no members and bears the lane's name: no topic need be created for it.
 * 2. init_transactions fences out whoever had the lane's transactional id; only then the marker is
 *    read, read_committed, so that a transaction that was being decided is decided.
 * 3. Every result that is no plain success is in doubt: the caller closes and opens anew, and
 *    the marker tells.  librdkafka sends EndTxn again by itself when an answer is lost, and an old
 *    one that arrives late could end a later transaction (KAFKA-17754): a producer that has sent
 *    more than one for a transaction is not used again.
 * 4. Commits wait as long as it takes (-1): a shorter wait would only add doubt. */
#include "connector/kafka_internal.h"

#include "base/fault.h"
#include "data/time.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

#define KAFKA_INIT_MS 10000
#define KAFKA_FORGET_MS 3000
#define KAFKA_TRANSACTION_MS 60000 /* unless the table says otherwise */
#define KAFKA_END_TXN 26           /* its API key */
/* A day: offsets.retention.minutes is seven. */
#define KAFKA_RENEWAL_US (24 * 3600 * SL_US_PER_SECOND)

struct kafka_publisher {
    struct sl_publisher publisher;
    struct sl_arena arena;
    struct sl_kafka_options options;
    struct sl_kafka_client client;
    struct sl_kafka_targets targets;
    rd_kafka_consumer_group_metadata_t *group;
    const char *topic, *group_id; /* topic: the first, where the marker is */
    _Atomic int end_count;        /* EndTxn requests of the running transaction */
    bool is_open;
};

static struct kafka_publisher *
publisher_of(struct sl_publisher *base)
{
    return (struct kafka_publisher *)base;
}

/* --- opening --- */

static rd_kafka_resp_err_t
kafka_note_request(rd_kafka_t *handle, int sockfd, const char *broker, int32_t broker_id,
                   int16_t api_key, int16_t version, int32_t correlation, size_t size, void *opaque)
{
    struct kafka_publisher *publisher = opaque;

    if (api_key == KAFKA_END_TXN)
        atomic_fetch_add(&publisher->end_count, 1);
    return RD_KAFKA_RESP_ERR_NO_ERROR;
}

static rd_kafka_resp_err_t
kafka_intercept(rd_kafka_t *handle, const rd_kafka_conf_t *conf, void *opaque, char *reason,
                size_t reason_size)
{
    return rd_kafka_interceptor_add_on_request_sent(handle, "end_txn", kafka_note_request, opaque);
}

/* <prefix>-<the rest of the identity>: the prefix is the job's id unless the table has one. */
static const char *
kafka_transactional_id(struct kafka_publisher *publisher)
{
    const char *prefix = sl_option_get(publisher->options.list, "sink.transactional-id-prefix");
    const char *identity = publisher->publisher.identity, *rest = strchr(identity, '/');

    return prefix && rest ? sl_arena_printf(&publisher->arena, "%s%s", prefix, rest) : identity;
}

static int
kafka_open_producer(struct kafka_publisher *publisher, struct sl_error *err)
{
    const char *timeout =
        sl_option_get(publisher->options.list, "properties.transaction.timeout.ms");
    int64_t timeout_ms = KAFKA_TRANSACTION_MS;
    rd_kafka_conf_t *conf;

    SL_TRY(sl_kafka_configure(publisher->options.list, RD_KAFKA_PRODUCER, &conf, err));
    if (timeout)
        sl_parse_int64(timeout, &timeout_ms);
    sl_kafka_set(conf, "enable.idempotence", "true");
    sl_kafka_set(conf, "acks", "all");
    sl_kafka_set_integer(conf, "transaction.timeout.ms", timeout_ms);
    sl_kafka_set_integer(conf, "message.timeout.ms", timeout_ms);
    sl_kafka_set(conf, "transactional.id", kafka_transactional_id(publisher));
    rd_kafka_conf_interceptor_add_on_new(conf, "end_txn", kafka_intercept, publisher);
    return sl_kafka_client_open(
        &publisher->client, RD_KAFKA_PRODUCER, conf,
        sl_option_get(publisher->options.list, "properties.bootstrap.servers"), err);
}

/* Takes over `error`. */
static int
kafka_transaction_error(struct kafka_publisher *publisher, rd_kafka_error_t *error,
                        const char *what, struct sl_error *err)
{
    rd_kafka_resp_err_t code = rd_kafka_error_code(error);

    if (code == RD_KAFKA_RESP_ERR__TIMED_OUT || code == RD_KAFKA_RESP_ERR__TRANSPORT)
        sl_kafka_no_answer(&publisher->client, err);
    else
        SL_ERROR(err, SL_E_CONNECTION_FAILURE, "topic \"%s\": %s: %s", publisher->topic, what,
                 rd_kafka_error_string(error));
    rd_kafka_error_destroy(error);
    return err->code;
}

static bool
kafka_parse_marker(const char *text, size_t size, struct sl_marker *ret_marker)
{
    unsigned long long epoch, owner = 0;
    unsigned subtask, chunk;
    char copy[96];

    if (size >= sizeof(copy))
        return false;
    memcpy(copy, text, size);
    copy[size] = '\0';
    if (sscanf(copy, "%llu/%u/%u/%llx", &epoch, &subtask, &chunk, &owner) < 3)
        return false;
    *ret_marker = (struct sl_marker){epoch, subtask, chunk, owner};
    return true;
}

static int
kafka_take_marker(struct kafka_publisher *publisher, const rd_kafka_topic_partition_t *element,
                  struct sl_marker *ret_marker, struct sl_error *err)
{
    if (element->err)
        return sl_kafka_raise(err, element->err, "asking for a marker");
    *ret_marker = (struct sl_marker){0};
    if (element->metadata_size == 0)
        return SL_OK;
    if (kafka_parse_marker(element->metadata, element->metadata_size, ret_marker))
        return SL_OK;
    return SL_ERROR(err, SL_E_DATA_CORRUPTED,
                    "group \"%s\" of topic \"%s\" holds no marker of this job", publisher->group_id,
                    publisher->topic);
}

/* Read by a consumer of its own: read_committed makes the broker answer only what is decided. */
static int
kafka_read_marker(struct kafka_publisher *publisher, struct sl_marker *ret_marker,
                  struct sl_error *err)
{
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(1);
    struct sl_kafka_client reader = {0};
    rd_kafka_resp_err_t code;
    rd_kafka_conf_t *conf;
    int rc = sl_kafka_configure(publisher->options.list, RD_KAFKA_CONSUMER, &conf, err);

    if (rc < 0)
        goto out;
    sl_kafka_set(conf, "group.id", publisher->group_id);
    sl_kafka_set(conf, "isolation.level", "read_committed");
    sl_kafka_set(conf, "enable.auto.commit", "false");
    rc = sl_kafka_client_open(
        &reader, RD_KAFKA_CONSUMER, conf,
        sl_option_get(publisher->options.list, "properties.bootstrap.servers"), err);
    if (rc < 0)
        goto out;
    rd_kafka_topic_partition_list_add(list, publisher->topic, 0);
    code = rd_kafka_committed(reader.handle, list, KAFKA_INIT_MS);
    if (code == RD_KAFKA_RESP_ERR__TIMED_OUT || code == RD_KAFKA_RESP_ERR__TRANSPORT)
        rc = sl_kafka_no_answer(&reader, err);
    else if (code)
        rc = sl_kafka_raise(err, code, "asking for a marker");
    else
        rc = kafka_take_marker(publisher, &list->elems[0], ret_marker, err);
out:
    sl_kafka_client_close(&reader);
    rd_kafka_topic_partition_list_destroy(list);
    return rc;
}

static int
kafka_publisher_open(struct sl_publisher *base, struct sl_marker *ret_marker, struct sl_error *err)
{
    struct kafka_publisher *publisher = publisher_of(base);
    rd_kafka_error_t *error;

    sl_arena_init(&publisher->arena);
    publisher->is_open = true;
    sl_kafka_options_read(&publisher->arena, base->config->options, &publisher->options);
    publisher->topic = publisher->options.topics[0];
    publisher->group_id = sl_arena_printf(&publisher->arena, "sluice/%s", base->identity);
    base->place = sl_arena_printf(&publisher->arena, "group \"%s\" of topic \"%s\"",
                                  publisher->group_id, publisher->topic);
    publisher->group = rd_kafka_consumer_group_metadata_new(publisher->group_id);
    SL_TRY(kafka_open_producer(publisher, err));
    SL_TRY(sl_kafka_targets_open(&publisher->targets, &publisher->client, &publisher->options,
                                 &publisher->arena, 0, err));
    error = rd_kafka_init_transactions(publisher->client.handle, KAFKA_INIT_MS);
    if (error)
        return kafka_transaction_error(publisher, error, "beginning to publish", err);
    sl_fault_point("kafka-fenced");
    return kafka_read_marker(publisher, ret_marker, err);
}

/* --- publishing --- */

/* Of one topic the rows do not say it. */
static struct sl_kafka_target *
kafka_target(struct kafka_publisher *publisher, struct sl_text topic)
{
    return publisher->options.topic_count == 1 ? &publisher->targets.items[0]
                                               : sl_kafka_find_target(&publisher->targets, topic);
}

/* Waits for room in the producer's queue where it is full. */
static int
kafka_produce(struct kafka_publisher *publisher, const struct sl_record *record,
              struct sl_text aside, uint32_t subtask, struct sl_error *err)
{
    struct sl_text topic;
    rd_kafka_headers_t *headers = sl_kafka_headers_from(aside, &topic);
    struct sl_kafka_target *target = kafka_target(publisher, topic);
    bool has_value = record->value_length != SL_RECORD_NULL;
    bool has_key = record->key_length != SL_RECORD_NULL;
    int64_t timestamp_ms = record->timestamp_us == INT64_MIN ? 0 : record->timestamp_us / 1000;
    rd_kafka_resp_err_t code;
    int32_t partition;

    if (!target) {
        if (headers)
            rd_kafka_headers_destroy(headers);
        SL_ERROR(
            err, SL_E_OBJECT_STATE,
            "rows of table \"%s\" wait for topic \"%.*s\", which is none of its topics any more",
            publisher->publisher.config->table_name, SL_TEXT_FORMAT(topic));
        return sl_error_hint(err, "list it in the option \"topic\" again");
    }
    partition = sl_kafka_choose_partition(&publisher->targets, target, subtask);
    do {
        code = rd_kafka_producev(
            publisher->client.handle, RD_KAFKA_V_RKT(target->handle),
            RD_KAFKA_V_PARTITION(partition), RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY),
            RD_KAFKA_V_VALUE(has_value ? (void *)(uintptr_t)record->value : NULL,
                             has_value ? record->value_length : 0),
            RD_KAFKA_V_KEY(has_key ? record->key : NULL, has_key ? record->key_length : 0),
            RD_KAFKA_V_TIMESTAMP(timestamp_ms), RD_KAFKA_V_HEADERS(headers), RD_KAFKA_V_END);
        if (code == RD_KAFKA_RESP_ERR__QUEUE_FULL)
            rd_kafka_poll(publisher->client.handle, 10);
    } while (code == RD_KAFKA_RESP_ERR__QUEUE_FULL);
    if (code && headers)
        rd_kafka_headers_destroy(headers);
    return code ? sl_kafka_raise(err, code, rd_kafka_topic_name(target->handle)) : SL_OK;
}

static int
kafka_add_marker(struct kafka_publisher *publisher, const struct sl_marker *marker,
                 struct sl_error *err)
{
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(1);
    rd_kafka_topic_partition_t *element =
        rd_kafka_topic_partition_list_add(list, publisher->topic, 0);
    rd_kafka_error_t *error;
    char text[96];

    element->offset = (int64_t)marker->epoch;
    element->metadata_size =
        (size_t)snprintf(text, sizeof(text), "%llu/%u/%u/%llx", (unsigned long long)marker->epoch,
                         marker->subtask, marker->chunk, (unsigned long long)marker->owner);
    element->metadata = strdup(text);
    error = rd_kafka_send_offsets_to_transaction(publisher->client.handle, list, publisher->group,
                                                 KAFKA_INIT_MS);
    rd_kafka_topic_partition_list_destroy(list);
    return error ? kafka_transaction_error(publisher, error, "writing the marker", err) : SL_OK;
}

static int
kafka_publisher_publish(struct sl_publisher *base, const struct sl_records *records,
                        const struct sl_marker *marker, struct sl_error *err)
{
    struct kafka_publisher *publisher = publisher_of(base);
    rd_kafka_t *handle = publisher->client.handle;
    rd_kafka_error_t *error = rd_kafka_begin_transaction(handle);

    if (error)
        return kafka_transaction_error(publisher, error, "beginning a transaction", err);
    atomic_store(&publisher->end_count, 0);
    for (uint32_t i = 0; i < records->count; i++)
        SL_TRY(kafka_produce(publisher, &records->items[i],
                             records->asides ? records->asides[i] : SL_TEXT(""), marker->subtask,
                             err));
    sl_fault_point("kafka-records-written");
    SL_TRY(kafka_add_marker(publisher, marker, err));
    sl_fault_point("kafka-marker-written");
    error = rd_kafka_commit_transaction(handle, -1);
    if (error)
        return kafka_transaction_error(publisher, error, "committing a transaction", err);
    sl_fault_point("kafka-committed");
    return atomic_load(&publisher->end_count) > 1 ? SL_EOF : SL_OK;
}

/* The group that holds the marker; it has no members. */
static void
kafka_publisher_forget(struct sl_publisher *base)
{
    struct kafka_publisher *publisher = publisher_of(base);
    rd_kafka_t *handle = publisher->client.handle;
    rd_kafka_DeleteGroup_t *group = rd_kafka_DeleteGroup_new(publisher->group_id);
    rd_kafka_AdminOptions_t *options =
        rd_kafka_AdminOptions_new(handle, RD_KAFKA_ADMIN_OP_DELETEGROUPS);
    rd_kafka_queue_t *queue = rd_kafka_queue_new(handle);
    rd_kafka_event_t *event;

    rd_kafka_AdminOptions_set_request_timeout(options, KAFKA_FORGET_MS, NULL, 0);
    rd_kafka_DeleteGroups(handle, &group, 1, options, queue);
    event = rd_kafka_queue_poll(queue, KAFKA_FORGET_MS * 2);
    if (event)
        rd_kafka_event_destroy(event);
    rd_kafka_queue_destroy(queue);
    rd_kafka_AdminOptions_destroy(options);
    rd_kafka_DeleteGroup_destroy(group);
}

static void
kafka_publisher_close(struct sl_publisher *base)
{
    struct kafka_publisher *publisher = publisher_of(base);

    if (!publisher->is_open)
        return;
    sl_kafka_targets_close(&publisher->targets);
    sl_kafka_client_close(&publisher->client);
    rd_kafka_consumer_group_metadata_destroy(publisher->group);
    sl_arena_done(&publisher->arena);
}

const struct sl_publisher_class sl_kafka_publisher_class = {
    .size = sizeof(struct kafka_publisher),
    .renewal_us = KAFKA_RENEWAL_US,
    .open = kafka_publisher_open,
    .publish = kafka_publisher_publish,
    .forget = kafka_publisher_forget,
    .close = kafka_publisher_close,
};
