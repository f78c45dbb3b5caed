/* The yardstick of tools/bench kafka.  `produce` fills a topic with bids as JSON of 250 bytes;
 * `consume` reads a whole topic with librdkafka's defaults, throws the payload away, and prints
 * `rows wall-seconds CPU-seconds`.
 * Usage: bench_kafka produce|consume BROKERS TOPIC PARTITIONS ROWS */
#include <librdkafka/rdkafka.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

enum { BID_BYTES = 250, CHANNEL_COUNT = 10000, ROWS_PER_SECOND = 10000, BATCH = 1000 };

static _Noreturn void
bench_die(const char *what, const char *why)
{
    fprintf(stderr, "bench_kafka: %s: %s\n", what, why);
    exit(1);
}

static rd_kafka_t *
bench_open(rd_kafka_type_t type, const char *brokers)
{
    static const char *const producer_options[] = {"linger.ms", "50", "batch.size", "1000000",
                                                   "queue.buffering.max.messages", "200000"};
    rd_kafka_conf_t *options = rd_kafka_conf_new();
    rd_kafka_t *client;
    char why[512];

    if (rd_kafka_conf_set(options, "bootstrap.servers", brokers, why, sizeof(why)) !=
        RD_KAFKA_CONF_OK)
        bench_die("bootstrap.servers", why);
    for (size_t i = 0; type == RD_KAFKA_PRODUCER && i < 6; i += 2)
        if (rd_kafka_conf_set(options, producer_options[i], producer_options[i + 1], why,
                              sizeof(why)) != RD_KAFKA_CONF_OK)
            bench_die(producer_options[i], why);
    client = rd_kafka_new(type, options, why, sizeof(why));
    if (!client)
        bench_die("opening a client", why);
    return client;
}

/* --- produce --- */

static uint64_t
bench_next(uint64_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return *state;
}

/* Bid `row` of the topic: event time goes on by a second every ROWS_PER_SECOND rows. */
static size_t
bench_print_bid(char *to, int64_t row, uint64_t *random)
{
    int64_t ms = row * 1000 / ROWS_PER_SECOND;
    int length = snprintf(
        to, BID_BYTES + 1,
        "{\"auction\":%d,\"bidder\":%d,\"price\":%d,\"channel\":\"channel-%d\","
        "\"url\":\"https://www.example.com/item.htm?query=%d\","
        "\"ts\":\"2024-01-01T%02d:%02d:%02d.%03d\",\"extra\":\"",
        (int)(bench_next(random) % 100000), (int)(bench_next(random) % 1000000),
        (int)(bench_next(random) % 10000), (int)(bench_next(random) % CHANNEL_COUNT),
        (int)(bench_next(random) % 1000), (int)(ms / 3600000 % 24), (int)(ms / 60000 % 60),
        (int)(ms / 1000 % 60), (int)(ms % 1000));

    while (length < BID_BYTES - 2)
        to[length++] = (char)('a' + bench_next(random) % 26);
    memcpy(to + length, "\"}", 2);
    return BID_BYTES;
}

static void
bench_produce(const char *brokers, const char *topic_name, int partitions, int64_t rows)
{
    rd_kafka_t *client = bench_open(RD_KAFKA_PRODUCER, brokers);
    rd_kafka_topic_t *topic = rd_kafka_topic_new(client, topic_name, NULL);
    uint64_t random = 88172645463325252u;

    for (int64_t row = 0; row < rows; row++) {
        char bid[BID_BYTES + 64];
        size_t length = bench_print_bid(bid, row, &random);

        while (rd_kafka_produce(topic, (int32_t)(row % partitions), RD_KAFKA_MSG_F_COPY, bid,
                                length, NULL, 0, NULL) != 0) {
            if (rd_kafka_last_error() != RD_KAFKA_RESP_ERR__QUEUE_FULL)
                bench_die("producing", rd_kafka_err2str(rd_kafka_last_error()));
            rd_kafka_poll(client, 10);
        }
        if (row % BATCH == 0)
            rd_kafka_poll(client, 0);
    }
    if (rd_kafka_flush(client, 120000) != RD_KAFKA_RESP_ERR_NO_ERROR)
        bench_die("producing", "not all was sent within two minutes");
    rd_kafka_topic_destroy(topic);
    rd_kafka_destroy(client);
}

/* --- consume --- */

static double
bench_wall_s(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

static double
bench_cpu_s(void)
{
    struct rusage used;

    getrusage(RUSAGE_SELF, &used);
    return (double)(used.ru_utime.tv_sec + used.ru_stime.tv_sec) +
           (double)(used.ru_utime.tv_usec + used.ru_stime.tv_usec) * 1e-6;
}

static void
bench_consume(const char *brokers, const char *topic_name, int partitions, int64_t rows)
{
    double wall_s = bench_wall_s(), cpu_s = bench_cpu_s();
    rd_kafka_t *client = bench_open(RD_KAFKA_CONSUMER, brokers);
    rd_kafka_topic_t *topic = rd_kafka_topic_new(client, topic_name, NULL);
    rd_kafka_queue_t *queue = rd_kafka_queue_new(client);
    rd_kafka_message_t *messages[BATCH];
    int64_t seen = 0;
    uint64_t bytes = 0;

    for (int32_t i = 0; i < partitions; i++)
        if (rd_kafka_consume_start_queue(topic, i, RD_KAFKA_OFFSET_BEGINNING, queue) != 0)
            bench_die("consuming", rd_kafka_err2str(rd_kafka_last_error()));
    while (seen < rows) {
        ssize_t count = rd_kafka_consume_batch_queue(queue, 10000, messages, BATCH);

        if (count <= 0)
            bench_die("consuming", "nothing came within ten seconds");
        for (ssize_t i = 0; i < count; i++) {
            if (messages[i]->err)
                bench_die("consuming", rd_kafka_message_errstr(messages[i]));
            bytes += messages[i]->len;
            rd_kafka_message_destroy(messages[i]);
        }
        seen += count;
    }
    if (bytes != (uint64_t)seen * BID_BYTES)
        bench_die("consuming", "the topic holds something else");
    printf("%lld %.3f %.3f\n", (long long)seen, bench_wall_s() - wall_s, bench_cpu_s() - cpu_s);
    fflush(stdout);
    for (int32_t i = 0; i < partitions; i++)
        rd_kafka_consume_stop(topic, i);
    rd_kafka_queue_destroy(queue);
    rd_kafka_topic_destroy(topic);
    rd_kafka_destroy(client);
}

int
main(int argument_count, char **arguments)
{
    int partitions;
    int64_t rows;

    if (argument_count != 6)
        bench_die("usage", "bench_kafka produce|consume BROKERS TOPIC PARTITIONS ROWS");
    partitions = atoi(arguments[4]);
    rows = atoll(arguments[5]);
    if (partitions < 1 || rows < 1)
        bench_die("usage", "PARTITIONS and ROWS are positive numbers");
    if (strcmp(arguments[1], "produce") == 0)
        bench_produce(arguments[2], arguments[3], partitions, rows);
    else if (strcmp(arguments[1], "consume") == 0)
        bench_consume(arguments[2], arguments[3], partitions, rows);
    else
        bench_die(arguments[1], "produce or consume");
    return 0;
}
