/* Properties of a table that reach librdkafka: an allow-list, since some load libraries, read files
 * or run commands. */
#include "connector/kafka_internal.h"

#include "base/secret.h"

#include <stdio.h>

enum { KAFKA_CONSUMER = 1, KAFKA_PRODUCER = 2, KAFKA_BOTH = 3, KAFKA_OURS = 4 };

struct kafka_property {
    const char *name;        /* as in WITH, after "properties." */
    int clients;             /* KAFKA_OURS: read by us, never handed on */
    const char *client_name; /* librdkafka's; NULL: the same */
    int64_t divisor;         /* of a number that has another unit there */
};

static const struct kafka_property kafka_properties[] = {
    {"bootstrap.servers", KAFKA_BOTH, NULL, 0},
    {"client.id", KAFKA_BOTH, NULL, 0},
    {"client.rack", KAFKA_CONSUMER, NULL, 0},
    {"group.id", KAFKA_CONSUMER, NULL, 0},
    {"auto.offset.reset", KAFKA_OURS, NULL, 0},
    {"isolation.level", KAFKA_CONSUMER, NULL, 0},
    {"security.protocol", KAFKA_BOTH, NULL, 0},
    {"sasl.mechanism", KAFKA_BOTH, "sasl.mechanisms", 0},
    {"sasl.mechanisms", KAFKA_BOTH, NULL, 0},
    {"sasl.username", KAFKA_BOTH, NULL, 0},
    {"sasl.password", KAFKA_BOTH, NULL, 0},
    {"ssl.ca.pem", KAFKA_BOTH, NULL, 0},
    {"ssl.certificate.pem", KAFKA_BOTH, NULL, 0},
    {"ssl.key.pem", KAFKA_BOTH, NULL, 0},
    {"ssl.key.password", KAFKA_BOTH, NULL, 0},
    {"socket.timeout.ms", KAFKA_BOTH, NULL, 0},
    {"socket.connection.setup.timeout.ms", KAFKA_BOTH, NULL, 0},
    {"socket.keepalive.enable", KAFKA_BOTH, NULL, 0},
    {"metadata.max.age.ms", KAFKA_BOTH, NULL, 0},
    {"topic.metadata.refresh.interval.ms", KAFKA_BOTH, NULL, 0},
    {"reconnect.backoff.ms", KAFKA_BOTH, NULL, 0},
    {"reconnect.backoff.max.ms", KAFKA_BOTH, NULL, 0},
    {"connections.max.idle.ms", KAFKA_BOTH, NULL, 0},
    {"broker.address.family", KAFKA_BOTH, NULL, 0},
    {"client.dns.lookup", KAFKA_BOTH, NULL, 0},
    {"message.max.bytes", KAFKA_BOTH, NULL, 0},
    {"receive.message.max.bytes", KAFKA_BOTH, NULL, 0},
    {"fetch.min.bytes", KAFKA_CONSUMER, NULL, 0},
    {"fetch.max.bytes", KAFKA_CONSUMER, NULL, 0},
    {"fetch.max.wait.ms", KAFKA_CONSUMER, "fetch.wait.max.ms", 0},
    {"fetch.wait.max.ms", KAFKA_CONSUMER, NULL, 0},
    {"max.partition.fetch.bytes", KAFKA_CONSUMER, "fetch.message.max.bytes", 0},
    {"fetch.message.max.bytes", KAFKA_CONSUMER, NULL, 0},
    {"check.crcs", KAFKA_CONSUMER, NULL, 0},
    {"acks", KAFKA_PRODUCER, NULL, 0},
    {"linger.ms", KAFKA_PRODUCER, NULL, 0},
    {"batch.size", KAFKA_PRODUCER, NULL, 0},
    {"batch.num.messages", KAFKA_PRODUCER, NULL, 0},
    {"buffer.memory", KAFKA_PRODUCER, "queue.buffering.max.kbytes", 1024},
    {"queue.buffering.max.kbytes", KAFKA_PRODUCER, NULL, 0},
    {"queue.buffering.max.messages", KAFKA_PRODUCER, NULL, 0},
    {"compression.type", KAFKA_PRODUCER, NULL, 0},
    {"compression.codec", KAFKA_PRODUCER, NULL, 0},
    {"compression.level", KAFKA_PRODUCER, NULL, 0},
    {"delivery.timeout.ms", KAFKA_PRODUCER, "message.timeout.ms", 0},
    {"message.timeout.ms", KAFKA_PRODUCER, NULL, 0},
    {"request.timeout.ms", KAFKA_PRODUCER, NULL, 0},
    {"retries", KAFKA_PRODUCER, NULL, 0},
    {"retry.backoff.ms", KAFKA_PRODUCER, NULL, 0},
    {"enable.idempotence", KAFKA_PRODUCER, NULL, 0},
    {"max.in.flight.requests.per.connection", KAFKA_PRODUCER, NULL, 0},
    {"max.request.size", KAFKA_PRODUCER, "message.max.bytes", 0},
    {"sticky.partitioning.linger.ms", KAFKA_PRODUCER, NULL, 0},
    {"transaction.timeout.ms", KAFKA_PRODUCER, NULL, 0},
};

/* Properties that people bring along from elsewhere, and what to write instead. */
static const struct {
    const char *name, *hint;
} kafka_refused[] = {
    {"sasl.jaas.config", "use 'properties.sasl.username' and 'properties.sasl.password'"},
    {"ssl.ca.location", "use 'properties.ssl.ca.pem' with the certificate itself"},
    {"ssl.certificate.location", "use 'properties.ssl.certificate.pem'"},
    {"ssl.key.location", "use 'properties.ssl.key.pem'"},
    {"ssl.truststore.location", "use 'properties.ssl.ca.pem' with the certificate itself"},
    {"ssl.keystore.location", "use 'properties.ssl.certificate.pem' and 'properties.ssl.key.pem'"},
    {"partition.discovery.interval.ms", "use 'scan.topic-partition-discovery.interval'"},
    {"enable.auto.commit", "positions are kept by the job, not by the broker"},
    {"max.poll.records", "SET 'sluice.batch-size' decides how many records are read at once"},
    {"transactional.id", "use 'sink.transactional-id-prefix'"},
};

static const char *
kafka_property_name(const struct sl_option *option)
{
    return strncmp(option->key, "properties.", 11) == 0 ? option->key + 11 : NULL;
}

static const struct kafka_property *
kafka_find_property(const char *name)
{
    for (size_t i = 0; i < SL_COUNT_OF(kafka_properties); i++) {
        if (strcmp(kafka_properties[i].name, name) == 0)
            return &kafka_properties[i];
    }
    return NULL;
}

static int
kafka_refuse_property(const struct sl_option *option, const char *name, struct sl_error *err)
{
    const char *candidates[SL_COUNT_OF(kafka_properties)];
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    char reason[512];
    /* Without a value nothing is loaded or read: only the name is looked up. */
    bool is_known =
        rd_kafka_conf_set(conf, name, NULL, reason, sizeof(reason)) != RD_KAFKA_CONF_UNKNOWN;
    const char *hint = NULL;

    rd_kafka_conf_destroy(conf);
    for (size_t i = 0; i < SL_COUNT_OF(kafka_refused); i++) {
        if (strcmp(kafka_refused[i].name, name) == 0)
            hint = kafka_refused[i].hint;
    }
    if (is_known || hint) {
        SL_ERROR(err, SL_E_UNDEFINED_OBJECT, "Kafka property \"%s\" cannot be set for a table",
                 name);
        if (hint)
            sl_error_hint(err, "%s", hint);
    } else {
        for (size_t i = 0; i < SL_COUNT_OF(kafka_properties); i++)
            candidates[i] = kafka_properties[i].name;
        SL_ERROR(err, SL_E_UNDEFINED_OBJECT, "there is no Kafka property \"%s\"", name);
        sl_error_suggest(err, sl_text_of(name), candidates, SL_COUNT_OF(kafka_properties));
    }
    return sl_error_at(err, option->key_offset);
}

void
sl_kafka_set(rd_kafka_conf_t *conf, const char *name, const char *value)
{
    char reason[512];

    SL_ASSERT(rd_kafka_conf_set(conf, name, value, reason, sizeof(reason)) == RD_KAFKA_CONF_OK);
}

void
sl_kafka_set_integer(rd_kafka_conf_t *conf, const char *name, int64_t value)
{
    char text[32];

    snprintf(text, sizeof(text), "%lld", (long long)value);
    sl_kafka_set(conf, name, text);
}

static int
kafka_set_property(rd_kafka_conf_t *conf, const struct kafka_property *property,
                   const struct sl_option *option, struct sl_error *err)
{
    const char *value = option->value;
    char reason[512], converted[32];
    int64_t number;

    if (property->divisor && sl_parse_int64(value, &number)) {
        snprintf(converted, sizeof(converted), "%lld",
                 (long long)SL_MAX(number / property->divisor, 1));
        value = converted;
    }
    if (rd_kafka_conf_set(conf, property->client_name ? property->client_name : property->name,
                          value, reason, sizeof(reason)) == RD_KAFKA_CONF_OK)
        return SL_OK;
    SL_ERROR(err, SL_E_INVALID_PARAMETER_VALUE, "Kafka property \"%s\": %s", property->name,
             sl_secret_is_key(sl_text_of(property->name)) ? "its value is not accepted" : reason);
    return sl_error_at(err, option->value_offset);
}

/* Ordered and without duplicates within a session, in batches of 5 ms. */
static void
kafka_set_producer_defaults(rd_kafka_conf_t *conf, const struct sl_option_list *list)
{
    const char *acks = sl_option_get(list, "properties.acks");
    bool waits_for_all = !acks || strcmp(acks, "all") == 0 || strcmp(acks, "-1") == 0;

    sl_kafka_set(conf, "enable.idempotence", waits_for_all ? "true" : "false");
    sl_kafka_set(conf, "linger.ms", "5");
    sl_kafka_set(conf, "queue.buffering.max.messages", "500000");
    sl_kafka_set(conf, "queue.buffering.max.kbytes", "262144");
    sl_kafka_set(conf, "message.timeout.ms", "120000");
    sl_kafka_set(conf, "partitioner", "murmur2_random"); /* keys go where Java's client puts them */
}

int
sl_kafka_configure(const struct sl_option_list *list, rd_kafka_type_t type,
                   rd_kafka_conf_t **ret_conf, struct sl_error *err)
{
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    int client = type == RD_KAFKA_CONSUMER ? KAFKA_CONSUMER : KAFKA_PRODUCER;

    if (type == RD_KAFKA_PRODUCER)
        kafka_set_producer_defaults(conf, list);
    for (size_t i = 0; i < list->count; i++) {
        const char *name = kafka_property_name(&list->items[i]);
        const struct kafka_property *property = name ? kafka_find_property(name) : NULL;

        if (!property || !(property->clients & client))
            continue;
        if (kafka_set_property(conf, property, &list->items[i], err) < 0) {
            rd_kafka_conf_destroy(conf);
            return err->code;
        }
    }
    *ret_conf = conf;
    return SL_OK;
}

int
sl_kafka_check_properties(const struct sl_option_list *list, struct sl_error *err)
{
    static const rd_kafka_type_t types[] = {RD_KAFKA_CONSUMER, RD_KAFKA_PRODUCER};
    const struct sl_option *reset = sl_option_find(list, "properties.auto.offset.reset");

    for (size_t i = 0; i < list->count; i++) {
        const char *name = kafka_property_name(&list->items[i]);

        if (name && !kafka_find_property(name))
            return kafka_refuse_property(&list->items[i], name, err);
    }
    for (size_t i = 0; i < SL_COUNT_OF(types); i++) {
        rd_kafka_conf_t *conf;

        SL_TRY(sl_kafka_configure(list, types[i], &conf, err));
        rd_kafka_conf_destroy(conf);
    }
    if (reset && strcmp(reset->value, "earliest") != 0 && strcmp(reset->value, "latest") != 0 &&
        strcmp(reset->value, "none") != 0) {
        SL_ERROR(err, SL_E_INVALID_PARAMETER_VALUE,
                 "Kafka property \"auto.offset.reset\" does not take the value \"%s\"",
                 reset->value);
        sl_error_hint(err, "expected: earliest, latest or none");
        return sl_error_at(err, reset->value_offset);
    }
    return SL_OK;
}
