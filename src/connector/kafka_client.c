/* librdkafka handles: opening, closing, asking a broker for topics and offsets, and its errors as
 * ours. */
#include "connector/kafka_internal.h"

#include "base/log.h"

#include <stdio.h>
#include <stdlib.h>

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#define KAFKA_LOG_ERROR 3 /* of syslog: errors and worse */
#define KAFKA_LOG_WARNING 4
#define KAFKA_ATTEMPTS 20

/* --- handles --- */

static void
kafka_log(const rd_kafka_t *handle, int level, const char *facility, const char *text)
{
    struct sl_kafka_client *client = rd_kafka_opaque(handle);
    char quoted[512];

    if (client && level <= KAFKA_LOG_ERROR) {
        pthread_mutex_lock(&client->lock);
        snprintf(client->complaint, sizeof(client->complaint), "%s", text);
        pthread_mutex_unlock(&client->lock);
    }
    if (level <= KAFKA_LOG_WARNING)
        sl_log(SL_LOG_WARN, "kafka client", "facility=%s text=%s", facility,
               sl_log_quote(quoted, sizeof(quoted), text));
}

int
sl_kafka_client_open(struct sl_kafka_client *client, rd_kafka_type_t type, rd_kafka_conf_t *conf,
                     const char *servers, struct sl_error *err)
{
    char reason[512];

    client->servers = servers;
    client->complaint[0] = '\0';
    pthread_mutex_init(&client->lock, NULL);
    rd_kafka_conf_set_opaque(conf, client);
    rd_kafka_conf_set_log_cb(conf, kafka_log);
    client->handle = rd_kafka_new(type, conf, reason, sizeof(reason));
    if (client->handle)
        return SL_OK;
    rd_kafka_conf_destroy(conf);
    pthread_mutex_destroy(&client->lock);
    return SL_ERROR(err, SL_E_INVALID_PARAMETER_VALUE, "the Kafka client cannot be set up: %s",
                    reason);
}

void
sl_kafka_client_close(struct sl_kafka_client *client)
{
    if (!client->handle)
        return;
    rd_kafka_destroy_flags(client->handle, RD_KAFKA_DESTROY_F_NO_CONSUMER_CLOSE);
    client->handle = NULL;
    pthread_mutex_destroy(&client->lock);
}

/* --- errors --- */

int
sl_kafka_no_answer(struct sl_kafka_client *client, struct sl_error *err)
{
    SL_ERROR(err, SL_E_CONNECTION, "no Kafka broker at %s answers", client->servers);
    pthread_mutex_lock(&client->lock);
    if (client->complaint[0])
        sl_error_detail(err, "%s", client->complaint);
    pthread_mutex_unlock(&client->lock);
    return sl_error_hint(err, "it is asked again and again until it does");
}

bool
sl_kafka_is_gone(rd_kafka_resp_err_t code)
{
    return code == RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART ||
           code == RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC ||
           code == RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION ||
           code == RD_KAFKA_RESP_ERR_TOPIC_EXCEPTION;
}

static int
kafka_error_code(rd_kafka_resp_err_t code)
{
    if (sl_kafka_is_gone(code))
        return SL_E_UNDEFINED_OBJECT;
    switch (code) {
    case RD_KAFKA_RESP_ERR_OFFSET_OUT_OF_RANGE:
    case RD_KAFKA_RESP_ERR__AUTO_OFFSET_RESET:
    case RD_KAFKA_RESP_ERR__NO_OFFSET:
        return SL_E_OBJECT_STATE;
    case RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED:
    case RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED:
    case RD_KAFKA_RESP_ERR_CLUSTER_AUTHORIZATION_FAILED:
    case RD_KAFKA_RESP_ERR__AUTHENTICATION:
    case RD_KAFKA_RESP_ERR_SASL_AUTHENTICATION_FAILED:
        return SL_E_INVALID_AUTHORIZATION;
    case RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE:
    case RD_KAFKA_RESP_ERR_INVALID_MSG_SIZE:
    case RD_KAFKA_RESP_ERR_RECORD_LIST_TOO_LARGE:
        return SL_E_LIMIT_EXCEEDED;
    case RD_KAFKA_RESP_ERR__BAD_MSG:
    case RD_KAFKA_RESP_ERR__BAD_COMPRESSION:
    case RD_KAFKA_RESP_ERR_INVALID_MSG:
        return SL_E_DATA_CORRUPTED;
    case RD_KAFKA_RESP_ERR_INVALID_RECORD:
    case RD_KAFKA_RESP_ERR_POLICY_VIOLATION:
    case RD_KAFKA_RESP_ERR__INVALID_ARG:
        return SL_E_INVALID_PARAMETER_VALUE;
    default:
        return SL_E_CONNECTION_FAILURE;
    }
}

int
sl_kafka_raise(struct sl_error *err, rd_kafka_resp_err_t code, const char *what)
{
    return SL_ERROR(err, kafka_error_code(code), "%s: %s", what, rd_kafka_err2str(code));
}

/* --- topics --- */

/* Is it worth asking again? */
static bool
kafka_is_passing(rd_kafka_resp_err_t code)
{
    return code == RD_KAFKA_RESP_ERR_LEADER_NOT_AVAILABLE ||
           code == RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION ||
           code == RD_KAFKA_RESP_ERR__WAIT_CACHE;
}

static bool
kafka_timed_out(rd_kafka_resp_err_t code)
{
    return code == RD_KAFKA_RESP_ERR__TRANSPORT || code == RD_KAFKA_RESP_ERR__TIMED_OUT ||
           code == RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN || code == RD_KAFKA_RESP_ERR__RESOLVE ||
           code == RD_KAFKA_RESP_ERR__PARTIAL;
}

static int
kafka_fetch_metadata(struct sl_kafka_client *client, const char *topic,
                     const struct rd_kafka_metadata **ret_metadata, struct sl_error *err)
{
    rd_kafka_topic_t *only = topic ? rd_kafka_topic_new(client->handle, topic, NULL) : NULL;
    rd_kafka_resp_err_t code;

    if (topic && !only)
        return sl_kafka_raise(err, rd_kafka_last_error(), topic);
    code = rd_kafka_metadata(client->handle, topic == NULL, only, ret_metadata, SL_KAFKA_ANSWER_MS);
    if (only)
        rd_kafka_topic_destroy(only);
    if (code == RD_KAFKA_RESP_ERR_NO_ERROR)
        return SL_OK;
    return kafka_timed_out(code) ? sl_kafka_no_answer(client, err)
                                 : sl_kafka_raise(err, code, "looking for topics");
}

/* One topic of the list. */
static int
kafka_look_up_one(struct sl_kafka_client *client, const char *topic,
                  struct sl_kafka_topic *ret_topic, struct sl_error *err)
{
    const struct rd_kafka_metadata *metadata;
    rd_kafka_resp_err_t code;
    char what[300];

    snprintf(what, sizeof(what), "topic \"%s\"", topic);
    for (int attempt = 0;; attempt++) {
        SL_TRY(kafka_fetch_metadata(client, topic, &metadata, err));
        SL_ASSERT(metadata->topic_cnt == 1);
        code = metadata->topics[0].err;
        ret_topic->partition_count = metadata->topics[0].partition_cnt;
        rd_kafka_metadata_destroy(metadata);
        if (!kafka_is_passing(code) || attempt == KAFKA_ATTEMPTS)
            break;
        rd_kafka_poll(client->handle, SL_KAFKA_ANSWER_MS / KAFKA_ATTEMPTS);
    }
    if (sl_kafka_is_gone(code)) {
        SL_ERROR(err, SL_E_UNDEFINED_OBJECT, "topic \"%s\" does not exist at %s", topic,
                 client->servers);
        return sl_error_hint(err, "topics are made with Kafka's own tools, before they are used");
    }
    return code ? sl_kafka_raise(err, code, what) : SL_OK;
}

static int
kafka_compare_topics(const void *a, const void *b)
{
    return strcmp(((const struct sl_kafka_topic *)a)->name,
                  ((const struct sl_kafka_topic *)b)->name);
}

/* The whole name, as Java's matches() has it. */
static bool
kafka_matches(pcre2_code *code, struct sl_text name)
{
    pcre2_match_data *match = pcre2_match_data_create_from_pattern(code, NULL);
    int rc = pcre2_match(code, (PCRE2_SPTR)name.start, name.length, 0, 0, match, NULL);

    pcre2_match_data_free(match);
    return rc > 0;
}

static pcre2_code *
kafka_compile(const char *pattern)
{
    PCRE2_SIZE at;
    int error;
    pcre2_code *code = pcre2_compile((PCRE2_SPTR)pattern, PCRE2_ZERO_TERMINATED,
                                     PCRE2_ANCHORED | PCRE2_ENDANCHORED, &error, &at, NULL);

    SL_ASSERT(code != NULL); /* checked with the options */
    return code;
}

/* The brokers' own topics are no pattern's. */
static bool
kafka_is_internal(const char *topic)
{
    static const char *const names[] = {"__consumer_offsets", "__transaction_state",
                                        "__share_group_state"};

    for (size_t i = 0; i < SL_COUNT_OF(names); i++) {
        if (strcmp(topic, names[i]) == 0)
            return true;
    }
    return false;
}

bool
sl_kafka_reads_topic(const struct sl_kafka_options *options, struct sl_text topic)
{
    bool reads = false;

    if (options->pattern) {
        pcre2_code *code = kafka_compile(options->pattern);

        reads = kafka_matches(code, topic);
        pcre2_code_free(code);
    }
    for (size_t i = 0; i < options->topic_count; i++)
        reads |= sl_text_equal(sl_text_of(options->topics[i]), topic);
    return reads;
}

static int
kafka_look_up_pattern(struct sl_kafka_client *client, const char *pattern, struct sl_arena *arena,
                      struct sl_kafka_topics *ret_topics, struct sl_error *err)
{
    const struct rd_kafka_metadata *metadata;
    pcre2_code *code;

    SL_TRY(kafka_fetch_metadata(client, NULL, &metadata, err));
    code = kafka_compile(pattern);
    ret_topics->items = SL_NEW_ARRAY(arena, struct sl_kafka_topic, (size_t)metadata->topic_cnt + 1);
    for (int i = 0; i < metadata->topic_cnt; i++) {
        const char *name = metadata->topics[i].topic;

        /* One that is just being made or deleted has no partitions. */
        if (metadata->topics[i].partition_cnt > 0 && !kafka_is_internal(name) &&
            kafka_matches(code, sl_text_of(name)))
            ret_topics->items[ret_topics->count++] = (struct sl_kafka_topic){
                sl_arena_strdup(arena, name), metadata->topics[i].partition_cnt};
    }
    qsort(ret_topics->items, ret_topics->count, sizeof(*ret_topics->items), kafka_compare_topics);
    rd_kafka_metadata_destroy(metadata);
    pcre2_code_free(code);
    return SL_OK;
}

int
sl_kafka_look_up(struct sl_kafka_client *client, const struct sl_kafka_options *options,
                 struct sl_arena *arena, struct sl_kafka_topics *ret_topics, struct sl_error *err)
{
    struct sl_kafka_topics topics = {0};

    if (options->pattern) {
        SL_TRY(kafka_look_up_pattern(client, options->pattern, arena, &topics, err));
    } else {
        topics.count = options->topic_count;
        topics.items = SL_NEW_ARRAY(arena, struct sl_kafka_topic, topics.count + 1);
        for (size_t i = 0; i < topics.count; i++) {
            topics.items[i].name = options->topics[i];
            SL_TRY(kafka_look_up_one(client, options->topics[i], &topics.items[i], err));
        }
    }
    *ret_topics = topics;
    return SL_OK;
}

/* --- offsets --- */

/* One question; the list is changed also when it fails.  The first element that failed, or NULL. */
static rd_kafka_resp_err_t
kafka_ask_once(struct sl_kafka_client *client, rd_kafka_topic_partition_list_t *list,
               const rd_kafka_topic_partition_t **ret_failed)
{
    rd_kafka_resp_err_t code = rd_kafka_offsets_for_times(client->handle, list, SL_KAFKA_ANSWER_MS);

    *ret_failed = NULL;
    for (int i = 0; i < list->cnt && !code; i++) {
        *ret_failed = &list->elems[i];
        code = list->elems[i].err;
    }
    return code;
}

/* Client and brokers learn of a new partition one after another, and of a new leader. */
static int
kafka_ask_offsets(struct sl_kafka_client *client, rd_kafka_topic_partition_list_t *list,
                  struct sl_error *err)
{
    rd_kafka_topic_partition_list_t *question = rd_kafka_topic_partition_list_copy(list);
    const struct rd_kafka_metadata *metadata;
    const rd_kafka_topic_partition_t *failed;
    rd_kafka_resp_err_t code = kafka_ask_once(client, list, &failed);
    char what[300] = "asking for offsets";

    for (int attempt = 1; attempt < KAFKA_ATTEMPTS && code; attempt++) {
        if (!sl_kafka_is_gone(code) && !kafka_is_passing(code))
            break;
        rd_kafka_poll(client->handle, SL_KAFKA_ANSWER_MS / KAFKA_ATTEMPTS);
        if (!rd_kafka_metadata(client->handle, 1, NULL, &metadata, SL_KAFKA_ANSWER_MS))
            rd_kafka_metadata_destroy(metadata);
        for (int i = 0; i < list->cnt; i++) {
            list->elems[i].offset = question->elems[i].offset;
            list->elems[i].err = RD_KAFKA_RESP_ERR_NO_ERROR;
        }
        code = kafka_ask_once(client, list, &failed);
    }
    rd_kafka_topic_partition_list_destroy(question);
    if (!code)
        return SL_OK;
    if (kafka_timed_out(code))
        return sl_kafka_no_answer(client, err);
    if (failed)
        snprintf(what, sizeof(what), "topic %s, partition %d", failed->topic,
                 (int)failed->partition);
    return sl_kafka_raise(err, code, what);
}

int
sl_kafka_offsets_at(struct sl_kafka_client *client, rd_kafka_topic_partition_list_t *list,
                    struct sl_error *err)
{
    rd_kafka_topic_partition_list_t *ends;
    int rc;

    if (list->cnt == 0)
        return SL_OK;
    SL_TRY(kafka_ask_offsets(client, list, err));
    /* After the last record: -1, which asks for the end when it is asked again. */
    ends = rd_kafka_topic_partition_list_new(list->cnt);
    for (int i = 0; i < list->cnt; i++) {
        if (list->elems[i].offset < 0)
            rd_kafka_topic_partition_list_add(ends, list->elems[i].topic, list->elems[i].partition)
                ->offset = RD_KAFKA_OFFSET_END;
    }
    rc = ends->cnt ? kafka_ask_offsets(client, ends, err) : SL_OK;
    for (int i = 0; i < ends->cnt && rc == SL_OK; i++)
        rd_kafka_topic_partition_list_find(list, ends->elems[i].topic, ends->elems[i].partition)
            ->offset = ends->elems[i].offset;
    rd_kafka_topic_partition_list_destroy(ends);
    return rc;
}

/* --- the check of a statement --- */

int
sl_kafka_probe(const struct sl_probe *probe, struct sl_error *err)
{
    const struct sl_option_list *list = probe->options;
    struct sl_kafka_client client = {0};
    struct sl_kafka_options options;
    struct sl_kafka_topics topics;
    struct sl_arena arena;
    rd_kafka_conf_t *conf;
    int rc;

    sl_arena_init(&arena);
    sl_kafka_options_read(&arena, list, &options);
    rc = sl_kafka_configure(list, RD_KAFKA_CONSUMER, &conf, err);
    if (rc == SL_OK)
        rc = sl_kafka_client_open(&client, RD_KAFKA_CONSUMER, conf,
                                  sl_option_get(list, "properties.bootstrap.servers"), err);
    if (rc == SL_OK)
        rc = sl_kafka_look_up(&client, &options, &arena, &topics, err);
    sl_kafka_client_close(&client);
    sl_arena_done(&arena);
    return rc < 0 && sl_error_is_retryable(rc) ? SL_AGAIN : rc;
}
