/* kafka_admin SERVER COMMAND NAME [NUMBER]: what tools/kafka does with topics and groups, in a
 * process that starts at once.  A command ends when what it did can be seen by every client. */
#include <librdkafka/rdkafka.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ADMIN_TIMEOUT_MS 20000
#define ADMIN_POLL_MS 10

struct admin {
    rd_kafka_t *client;
    rd_kafka_queue_t *queue;
};

static void admin_die(const char *format, ...) __attribute__((format(printf, 1, 2), noreturn));

static void
admin_die(const char *format, ...)
{
    va_list args;

    va_start(args, format);
    fputs("kafka: ", stderr);
    vfprintf(stderr, format, args);
    fputc('\n', stderr);
    va_end(args);
    exit(1);
}

static void
admin_connect(struct admin *admin, const char *server)
{
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    char text[512];

    if (rd_kafka_conf_set(conf, "bootstrap.servers", server, text, sizeof(text)))
        admin_die("%s", text);
    admin->client = rd_kafka_new(RD_KAFKA_PRODUCER, conf, text, sizeof(text));
    if (!admin->client)
        admin_die("%s", text);
    admin->queue = rd_kafka_queue_new(admin->client);
}

static void
admin_disconnect(struct admin *admin)
{
    rd_kafka_queue_destroy(admin->queue);
    rd_kafka_destroy(admin->client);
}

/* What the broker says of the one thing that was asked of it. */
static rd_kafka_resp_err_t
admin_outcome(rd_kafka_event_t *event, const char **ret_text)
{
    const rd_kafka_topic_result_t **topics = NULL;
    const rd_kafka_group_result_t **groups = NULL;
    const rd_kafka_topic_partition_list_t *offsets;
    size_t count = 0;

    *ret_text = rd_kafka_event_error_string(event);
    if (rd_kafka_event_error(event))
        return rd_kafka_event_error(event);
    switch (rd_kafka_event_type(event)) {
    case RD_KAFKA_EVENT_CREATETOPICS_RESULT:
        topics =
            rd_kafka_CreateTopics_result_topics(rd_kafka_event_CreateTopics_result(event), &count);
        break;
    case RD_KAFKA_EVENT_DELETETOPICS_RESULT:
        topics =
            rd_kafka_DeleteTopics_result_topics(rd_kafka_event_DeleteTopics_result(event), &count);
        break;
    case RD_KAFKA_EVENT_CREATEPARTITIONS_RESULT:
        topics = rd_kafka_CreatePartitions_result_topics(
            rd_kafka_event_CreatePartitions_result(event), &count);
        break;
    case RD_KAFKA_EVENT_DELETERECORDS_RESULT:
        offsets = rd_kafka_DeleteRecords_result_offsets(rd_kafka_event_DeleteRecords_result(event));
        *ret_text = rd_kafka_err2str(offsets->elems[0].err);
        return offsets->elems[0].err;
    case RD_KAFKA_EVENT_DELETEGROUPS_RESULT:
        groups =
            rd_kafka_DeleteGroups_result_groups(rd_kafka_event_DeleteGroups_result(event), &count);
        if (!rd_kafka_group_result_error(groups[0]))
            return RD_KAFKA_RESP_ERR_NO_ERROR;
        *ret_text = rd_kafka_error_string(rd_kafka_group_result_error(groups[0]));
        return rd_kafka_error_code(rd_kafka_group_result_error(groups[0]));
    default:
        admin_die("an answer of an unknown kind");
    }
    *ret_text = rd_kafka_topic_result_error_string(topics[0]);
    return rd_kafka_topic_result_error(topics[0]);
}

static rd_kafka_resp_err_t
admin_wait(struct admin *admin, const char *what, const char *name, rd_kafka_resp_err_t accepted)
{
    rd_kafka_event_t *event = rd_kafka_queue_poll(admin->queue, ADMIN_TIMEOUT_MS);
    rd_kafka_resp_err_t code;
    const char *text;

    if (!event)
        admin_die("%s %s: no answer within %d s", what, name, ADMIN_TIMEOUT_MS / 1000);
    code = admin_outcome(event, &text);
    if (code && code != accepted)
        admin_die("%s %s: %s", what, name, text ? text : rd_kafka_err2str(code));
    rd_kafka_event_destroy(event);
    return code;
}

/* Has the topic so many partitions, each with a leader (0: is it gone)? */
static bool
admin_sees(struct admin *admin, const char *name, int partitions)
{
    rd_kafka_topic_t *topic = rd_kafka_topic_new(admin->client, name, NULL);
    const struct rd_kafka_metadata *metadata;
    bool sees = false;

    if (!rd_kafka_metadata(admin->client, 0, topic, &metadata, ADMIN_TIMEOUT_MS)) {
        const rd_kafka_metadata_topic_t *found = &metadata->topics[0];

        sees = partitions == 0 ? found->err == RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART
                               : !found->err && found->partition_cnt == partitions;
        for (int i = 0; sees && i < found->partition_cnt; i++)
            sees = !found->partitions[i].err && found->partitions[i].leader >= 0;
        rd_kafka_metadata_destroy(metadata);
    }
    rd_kafka_topic_destroy(topic);
    return sees;
}

static void
admin_wait_for_topic(struct admin *admin, const char *name, int partitions)
{
    for (int waited_ms = 0; !admin_sees(admin, name, partitions); waited_ms += ADMIN_POLL_MS) {
        if (waited_ms > ADMIN_TIMEOUT_MS)
            admin_die("topic %s is not as it should be within %d s", name, ADMIN_TIMEOUT_MS / 1000);
        rd_kafka_poll(admin->client, ADMIN_POLL_MS);
    }
}

/* --- commands --- */

static void
admin_create_topic(struct admin *admin, const char *name, int64_t partitions)
{
    char text[512];
    rd_kafka_NewTopic_t *topic =
        rd_kafka_NewTopic_new(name, (int)partitions, 1, text, sizeof(text));

    if (!topic)
        admin_die("topic %s: %s", name, text);
    rd_kafka_CreateTopics(admin->client, &topic, 1, NULL, admin->queue);
    if (!admin_wait(admin, "topic", name, RD_KAFKA_RESP_ERR_TOPIC_ALREADY_EXISTS))
        admin_wait_for_topic(admin, name, (int)partitions);
    rd_kafka_NewTopic_destroy(topic);
}

static void
admin_add_partitions(struct admin *admin, const char *name, int64_t partitions)
{
    char text[512];
    rd_kafka_NewPartitions_t *wanted =
        rd_kafka_NewPartitions_new(name, (size_t)partitions, text, sizeof(text));

    if (!wanted)
        admin_die("topic %s: %s", name, text);
    rd_kafka_CreatePartitions(admin->client, &wanted, 1, NULL, admin->queue);
    admin_wait(admin, "topic", name, RD_KAFKA_RESP_ERR_NO_ERROR);
    admin_wait_for_topic(admin, name, (int)partitions);
    rd_kafka_NewPartitions_destroy(wanted);
}

static void
admin_delete_topic(struct admin *admin, const char *name, int64_t unused)
{
    rd_kafka_DeleteTopic_t *topic = rd_kafka_DeleteTopic_new(name);

    rd_kafka_DeleteTopics(admin->client, &topic, 1, NULL, admin->queue);
    admin_wait(admin, "topic", name, RD_KAFKA_RESP_ERR_NO_ERROR);
    admin_wait_for_topic(admin, name, 0);
    rd_kafka_DeleteTopic_destroy(topic);
}

/* Of partition 0, those before an offset. */
static void
admin_delete_records(struct admin *admin, const char *name, int64_t offset)
{
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(1);
    rd_kafka_DeleteRecords_t *before;

    rd_kafka_topic_partition_list_add(list, name, 0)->offset = offset;
    before = rd_kafka_DeleteRecords_new(list);
    rd_kafka_DeleteRecords(admin->client, &before, 1, NULL, admin->queue);
    admin_wait(admin, "topic", name, RD_KAFKA_RESP_ERR_NO_ERROR);
    rd_kafka_DeleteRecords_destroy(before);
    rd_kafka_topic_partition_list_destroy(list);
}

/* All groups whose names begin so. */
static void
admin_delete_groups(struct admin *admin, const char *start, int64_t unused)
{
    const struct rd_kafka_group_list *groups;
    rd_kafka_resp_err_t code;
    int count = 0;

    code = rd_kafka_list_groups(admin->client, NULL, &groups, ADMIN_TIMEOUT_MS);
    if (code)
        admin_die("groups: %s", rd_kafka_err2str(code));
    for (int i = 0; i < groups->group_cnt; i++) {
        rd_kafka_DeleteGroup_t *group;

        if (strncmp(groups->groups[i].group, start, strlen(start)) != 0)
            continue;
        group = rd_kafka_DeleteGroup_new(groups->groups[i].group);
        rd_kafka_DeleteGroups(admin->client, &group, 1, NULL, admin->queue);
        admin_wait(admin, "group", groups->groups[i].group, RD_KAFKA_RESP_ERR_NO_ERROR);
        rd_kafka_DeleteGroup_destroy(group);
        count++;
    }
    rd_kafka_group_list_destroy(groups);
    if (count == 0)
        admin_die("no group begins with %s", start);
}

static const struct {
    const char *name;
    void (*run)(struct admin *admin, const char *name, int64_t number);
    bool takes_number;
} admin_commands[] = {
    {"create-topic", admin_create_topic, true},    {"add-partitions", admin_add_partitions, true},
    {"delete-topic", admin_delete_topic, false},   {"delete-records", admin_delete_records, true},
    {"delete-groups", admin_delete_groups, false},
};

int
main(int argc, char **argv)
{
    struct admin admin;

    for (size_t i = 0; argc > 3 && i < sizeof(admin_commands) / sizeof(admin_commands[0]); i++) {
        bool takes_number = admin_commands[i].takes_number;

        if (strcmp(argv[2], admin_commands[i].name) != 0 || argc != 4 + takes_number)
            continue;
        admin_connect(&admin, argv[1]);
        admin_commands[i].run(&admin, argv[3], takes_number ? strtoll(argv[4], NULL, 10) : 0);
        admin_disconnect(&admin);
        return 0;
    }
    fputs("kafka_admin: see tools/kafka --help\n", stderr);
    return 2;
}
