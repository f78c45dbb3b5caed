/* Which partitions a source reads: looking for topics, and asking where their partitions begin and
 * end.
 *
 * 1. A partition that was found keeps its ordinal, which alone says whose subtask it is.
 * 2. What an earlier look has found must still be there: a topic goes only with what it held.
 * 3. A look that fails while the job runs is left to the next one, unless something has gone. */
#include "connector/kafka_internal.h"

#include <stdlib.h>
#include <stdio.h>

struct sl_kafka_known_topic {
    const char *name;
    bool is_old; /* an earlier look, or a checkpoint, knew it */
};

/* --- whose partitions --- */

static bool
kafka_is_mine(const struct sl_kafka_discovery *discovery, uint32_t ordinal)
{
    const struct sl_connector_config *config = discovery->config;

    return ordinal % config->subtask_count == config->subtask;
}

/* One topic, or a list: partition by partition over all topics.  A pattern's topics come and go, so
 * that the topic's name decides where they begin (Flink's formula). */
static uint32_t
kafka_ordinal(const struct sl_kafka_discovery *discovery, const struct sl_kafka_topics *topics,
              size_t topic, int32_t partition)
{
    uint32_t hash = 0;

    if (!discovery->options->pattern)
        return (uint32_t)partition * (uint32_t)topics->count + (uint32_t)topic;
    for (const char *at = topics->items[topic].name; *at; at++)
        hash = hash * 31 + (unsigned char)*at;
    return ((hash * 31) & 0x7fffffff) + (uint32_t)partition;
}

int64_t
sl_kafka_count_own(const struct sl_kafka_discovery *discovery, const struct sl_kafka_topics *topics)
{
    int64_t count = 0;

    for (size_t i = 0; i < topics->count; i++) {
        for (int32_t k = 0; k < topics->items[i].partition_count; k++)
            count += kafka_is_mine(discovery, kafka_ordinal(discovery, topics, i, k));
    }
    return count;
}

/* --- topics that are known --- */

static struct sl_kafka_known_topic *
kafka_known_topic(const struct sl_kafka_discovery *discovery, struct sl_text name)
{
    for (size_t i = 0; i < discovery->topic_count; i++) {
        if (sl_text_equal(sl_text_of(discovery->topics[i].name), name))
            return &discovery->topics[i];
    }
    return NULL;
}

bool
sl_kafka_knows_topic(const struct sl_kafka_discovery *discovery, struct sl_text name)
{
    return kafka_known_topic(discovery, name) != NULL;
}

void
sl_kafka_note_old_topic(struct sl_kafka_discovery *discovery, struct sl_text name)
{
    struct sl_kafka_known_topic *topic = kafka_known_topic(discovery, name);

    if (topic)
        topic->is_old = true;
}

bool
sl_kafka_has_old_topic(const struct sl_kafka_discovery *discovery,
                       const struct sl_kafka_found *found)
{
    const struct sl_kafka_known_topic *topic =
        kafka_known_topic(discovery, sl_text_of(found->topic));

    return topic && topic->is_old;
}

static void
kafka_know_topics(struct sl_kafka_discovery *discovery, const struct sl_kafka_topics *topics)
{
    for (size_t i = 0; i < discovery->topic_count; i++)
        discovery->topics[i].is_old = true;
    discovery->topics = sl_realloc(discovery->topics, (discovery->topic_count + topics->count + 1) *
                                                          sizeof(*discovery->topics));
    for (size_t i = 0; i < topics->count; i++) {
        const char *name = topics->items[i].name;

        if (!sl_kafka_knows_topic(discovery, sl_text_of(name)))
            discovery->topics[discovery->topic_count++] =
                (struct sl_kafka_known_topic){.name = sl_arena_strdup(discovery->arena, name)};
    }
}

/* --- where partitions begin and end --- */

static rd_kafka_topic_partition_list_t *
kafka_list_found(const struct sl_kafka_discovery *discovery, size_t from, int64_t offset)
{
    rd_kafka_topic_partition_list_t *list =
        rd_kafka_topic_partition_list_new((int)(discovery->found_count - from) + 1);

    for (size_t i = from; i < discovery->found_count; i++)
        rd_kafka_topic_partition_list_add(list, discovery->found[i].topic,
                                          discovery->found[i].partition)
            ->offset = offset;
    return list;
}

enum kafka_bound { KAFKA_EARLIEST, KAFKA_START, KAFKA_END };

static int64_t *
kafka_bound_of(struct sl_kafka_found *found, enum kafka_bound bound)
{
    return bound == KAFKA_EARLIEST ? &found->earliest
           : bound == KAFKA_START  ? &found->start
                                   : &found->end;
}

/* Fills one bound of what was found: `at` is a time or RD_KAFKA_OFFSET_BEGINNING, _END. */
static int
kafka_ask_bound(struct sl_kafka_discovery *discovery, size_t from, int64_t at,
                enum kafka_bound bound, struct sl_error *err)
{
    rd_kafka_topic_partition_list_t *list = kafka_list_found(discovery, from, at);
    int rc = sl_kafka_offsets_at(discovery->client, list, err);

    for (int i = 0; i < list->cnt && rc == SL_OK; i++)
        *kafka_bound_of(&discovery->found[from + (size_t)i], bound) = list->elems[i].offset;
    rd_kafka_topic_partition_list_destroy(list);
    return rc;
}

/* The group's offsets; where there is none, auto.offset.reset decides, at the start. */
static int
kafka_ask_group(struct sl_kafka_discovery *discovery, size_t from, enum kafka_bound bound,
                struct sl_error *err)
{
    rd_kafka_topic_partition_list_t *list =
        kafka_list_found(discovery, from, RD_KAFKA_OFFSET_INVALID);
    rd_kafka_resp_err_t code =
        list->cnt ? rd_kafka_committed(discovery->client->handle, list, SL_KAFKA_ANSWER_MS)
                  : RD_KAFKA_RESP_ERR_NO_ERROR;
    int rc = SL_OK;

    if (code == RD_KAFKA_RESP_ERR__TIMED_OUT || code == RD_KAFKA_RESP_ERR__TRANSPORT ||
        code == RD_KAFKA_RESP_ERR__WAIT_COORD)
        rc = sl_kafka_no_answer(discovery->client, err);
    else if (code)
        rc = sl_kafka_raise(err, code, "asking for the group's offsets");
    for (int i = 0; i < list->cnt && rc == SL_OK; i++) {
        struct sl_kafka_found *found = &discovery->found[from + (size_t)i];

        if (list->elems[i].offset >= 0) {
            *kafka_bound_of(found, bound) = list->elems[i].offset;
        } else if (bound == KAFKA_START && discovery->options->reset == SL_KAFKA_RESET_EARLIEST) {
            found->start = found->earliest;
        } else if (bound == KAFKA_START && discovery->options->reset == SL_KAFKA_RESET_NONE) {
            found->start = SL_KAFKA_NO_START;
        }
    }
    rd_kafka_topic_partition_list_destroy(list);
    return rc;
}

static void
kafka_take_specific(struct sl_kafka_discovery *discovery, size_t from,
                    const struct sl_kafka_offsets *offsets, enum kafka_bound bound)
{
    for (size_t i = from; i < discovery->found_count; i++) {
        for (size_t k = 0; k < offsets->count; k++) {
            if (offsets->items[k].partition == discovery->found[i].partition)
                *kafka_bound_of(&discovery->found[i], bound) = offsets->items[k].offset;
        }
    }
}

static int
kafka_find_starts(struct sl_kafka_discovery *discovery, size_t from, struct sl_error *err)
{
    const struct sl_kafka_options *options = discovery->options;

    SL_TRY(kafka_ask_bound(discovery, from, RD_KAFKA_OFFSET_BEGINNING, KAFKA_EARLIEST, err));
    for (size_t i = from; i < discovery->found_count; i++)
        discovery->found[i].start = discovery->found[i].earliest;
    if (discovery->has_run)
        return SL_OK;
    switch (options->startup) {
    case SL_KAFKA_START_EARLIEST:
        return SL_OK;
    case SL_KAFKA_START_LATEST:
        return kafka_ask_bound(discovery, from, RD_KAFKA_OFFSET_END, KAFKA_START, err);
    case SL_KAFKA_START_TIMESTAMP:
        return kafka_ask_bound(discovery, from, options->startup_ms, KAFKA_START, err);
    case SL_KAFKA_START_SPECIFIC:
        kafka_take_specific(discovery, from, &options->startup_offsets, KAFKA_START);
        return SL_OK;
    case SL_KAFKA_START_GROUP:
        if (options->reset == SL_KAFKA_RESET_LATEST)
            SL_TRY(kafka_ask_bound(discovery, from, RD_KAFKA_OFFSET_END, KAFKA_START, err));
        return kafka_ask_group(discovery, from, KAFKA_START, err);
    }
    return SL_OK;
}

static int
kafka_find_ends(struct sl_kafka_discovery *discovery, size_t from, struct sl_error *err)
{
    const struct sl_kafka_options *options = discovery->options;

    for (size_t i = from; i < discovery->found_count; i++)
        discovery->found[i].end = SL_KAFKA_NO_END;
    if (!discovery->is_bounded)
        return SL_OK;
    if (options->bounded == SL_KAFKA_BOUNDED_TIMESTAMP)
        return kafka_ask_bound(discovery, from, options->bounded_ms, KAFKA_END, err);
    SL_TRY(kafka_ask_bound(discovery, from, RD_KAFKA_OFFSET_END, KAFKA_END, err));
    if (options->bounded == SL_KAFKA_BOUNDED_GROUP)
        return kafka_ask_group(discovery, from, KAFKA_END, err);
    if (options->bounded == SL_KAFKA_BOUNDED_SPECIFIC)
        kafka_take_specific(discovery, from, &options->bounded_offsets, KAFKA_END);
    return SL_OK;
}

/* --- looking --- */

struct sl_kafka_found *
sl_kafka_find(const struct sl_kafka_discovery *discovery, const char *id)
{
    for (size_t i = 0; i < discovery->found_count; i++) {
        if (strcmp(discovery->found[i].id, id) == 0)
            return &discovery->found[i];
    }
    return NULL;
}

static void
kafka_add_found(struct sl_kafka_discovery *discovery, const struct sl_kafka_topic *topic,
                int32_t partition, uint32_t ordinal, struct sl_split_list *splits)
{
    char id[300];

    snprintf(id, sizeof(id), "%s-%d", topic->name, (int)partition);
    splits->items[splits->count++] = (struct sl_split){sl_arena_strdup(splits->arena, id), ordinal};
    if (!kafka_is_mine(discovery, ordinal) || sl_kafka_find(discovery, id))
        return;
    if (discovery->found_count == discovery->found_capacity) {
        discovery->found_capacity = SL_MAX((size_t)16, discovery->found_capacity * 2);
        discovery->found =
            sl_realloc(discovery->found, discovery->found_capacity * sizeof(*discovery->found));
    }
    discovery->found[discovery->found_count++] =
        (struct sl_kafka_found){.id = sl_arena_strdup(discovery->arena, id),
                                .topic = sl_arena_strdup(discovery->arena, topic->name),
                                .partition = partition,
                                .ordinal = ordinal};
}

static int32_t
kafka_partition_count(const struct sl_kafka_topics *topics, const char *name)
{
    for (size_t i = 0; i < topics->count; i++) {
        if (strcmp(topics->items[i].name, name) == 0)
            return topics->items[i].partition_count;
    }
    return -1;
}

/* One of a pattern's topics that the broker did not list is asked for by its name: then it says
 * that it is gone. */
static int
kafka_check_found(struct sl_kafka_discovery *discovery, const struct sl_kafka_topics *topics,
                  struct sl_arena *scratch, struct sl_error *err)
{
    for (size_t i = 0; i < discovery->found_count; i++) {
        const struct sl_kafka_found *found = &discovery->found[i];
        int32_t count = kafka_partition_count(topics, found->topic);

        if (count < 0) {
            const char *name = found->topic;
            struct sl_kafka_options one = {.topics = &name, .topic_count = 1};
            struct sl_kafka_topics again;

            SL_TRY(sl_kafka_look_up(discovery->client, &one, scratch, &again, err));
            count = again.items[0].partition_count;
        }
        if (found->partition < count)
            continue;
        SL_ERROR(err, SL_E_OBJECT_STATE,
                 "topic %s has no partition %d any more: it was made anew, and what it held before "
                 "is lost",
                 found->topic, (int)found->partition);
        return sl_error_hint(err, "start anew from 'earliest-offset'");
    }
    return SL_OK;
}

static void
kafka_add_topics(struct sl_kafka_discovery *discovery, const struct sl_kafka_topics *topics,
                 struct sl_split_list *splits)
{
    size_t count = 0;

    for (size_t i = 0; i < topics->count; i++)
        count += (size_t)topics->items[i].partition_count;
    splits->items = SL_NEW_ARRAY(splits->arena, struct sl_split, count + 1);
    splits->capacity = count + 1;
    for (size_t i = 0; i < topics->count; i++) {
        for (int32_t k = 0; k < topics->items[i].partition_count; k++)
            kafka_add_found(discovery, &topics->items[i], k, kafka_ordinal(discovery, topics, i, k),
                            splits);
    }
}

/* A broker that is away while the job runs is for librdkafka to wait for; one that does not serve a
 * new partition yet will do so soon. */
static int
kafka_look_again_later(struct sl_kafka_discovery *discovery, size_t before, bool is_new,
                       struct sl_split_list *splits, struct sl_error *err)
{
    discovery->found_count = before;
    if (!discovery->has_run ||
        !(sl_error_is_retryable(err->code) || (is_new && err->code == SL_E_UNDEFINED_OBJECT)))
        return err->code;
    splits->count = 0;
    sl_error_reset(err);
    return SL_OK;
}

int
sl_kafka_discover(struct sl_kafka_discovery *discovery, struct sl_split_list *splits,
                  struct sl_error *err)
{
    size_t before = discovery->found_count;
    struct sl_kafka_topics topics;

    if (sl_kafka_look_up(discovery->client, discovery->options, splits->arena, &topics, err) < 0 ||
        kafka_check_found(discovery, &topics, splits->arena, err) < 0)
        return kafka_look_again_later(discovery, before, false, splits, err);
    kafka_add_topics(discovery, &topics, splits);
    if (kafka_find_starts(discovery, before, err) < 0 ||
        kafka_find_ends(discovery, before, err) < 0)
        return kafka_look_again_later(discovery, before, true, splits, err);
    kafka_know_topics(discovery, &topics);
    discovery->has_run = true;
    return SL_OK;
}

void
sl_kafka_discovery_done(struct sl_kafka_discovery *discovery)
{
    free(discovery->found);
    free(discovery->topics);
}
