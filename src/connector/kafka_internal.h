/* What the files of the kafka connector share: kafka_options.c (WITH options), kafka_properties.c,
 * kafka_client.c (librdkafka handles, look-ups, errors), kafka_discovery.c, kafka_source.c,
 * kafka_metadata.c, kafka_target.c, kafka_sink.c, kafka_publisher.c; conn_kafka.c holds the
 * descriptor. */
#ifndef SL_CONNECTOR_KAFKA_INTERNAL_H
#define SL_CONNECTOR_KAFKA_INTERNAL_H

#include "connector/connector.h"

#include <librdkafka/rdkafka.h>
#include <pthread.h>

#define SL_KAFKA_ANSWER_MS 5000 /* how long a broker may take to answer */

/* In the order of the options' choices. */
enum sl_kafka_startup {
    SL_KAFKA_START_GROUP,
    SL_KAFKA_START_EARLIEST,
    SL_KAFKA_START_LATEST,
    SL_KAFKA_START_TIMESTAMP,
    SL_KAFKA_START_SPECIFIC,
};
enum sl_kafka_bounded {
    SL_KAFKA_BOUNDED_NEVER,
    SL_KAFKA_BOUNDED_LATEST,
    SL_KAFKA_BOUNDED_GROUP,
    SL_KAFKA_BOUNDED_TIMESTAMP,
    SL_KAFKA_BOUNDED_SPECIFIC,
};
enum sl_kafka_partitioner {
    SL_KAFKA_PARTITION_DEFAULT,
    SL_KAFKA_PARTITION_FIXED,
    SL_KAFKA_PARTITION_ROUND_ROBIN,
};
enum sl_kafka_reset { SL_KAFKA_RESET_NONE, SL_KAFKA_RESET_EARLIEST, SL_KAFKA_RESET_LATEST };

struct sl_kafka_offset {
    int32_t partition;
    int64_t offset;
};
struct sl_kafka_offsets {
    struct sl_kafka_offset *items;
    size_t count;
};

/* The options of a table, read; in the arena. */
struct sl_kafka_options {
    const struct sl_option_list *list;
    const char **topics;
    size_t topic_count;
    const char *pattern; /* NULL: the topics */
    const char *group;   /* NULL: none */
    enum sl_kafka_startup startup;
    int64_t startup_ms;
    struct sl_kafka_offsets startup_offsets;
    enum sl_kafka_bounded bounded;
    int64_t bounded_ms;
    struct sl_kafka_offsets bounded_offsets;
    enum sl_kafka_reset reset;
    int64_t discovery_us; /* 0: never again */
    enum sl_kafka_partitioner partitioner;
    bool waits_for_acks; /* at least once */
};

/* --- kafka_options.c --- */

#define SL_KAFKA_OPTION_COUNT 21
extern const struct sl_option_spec sl_kafka_option_specs[SL_KAFKA_OPTION_COUNT];
void sl_kafka_options_read(struct sl_arena *arena, const struct sl_option_list *list,
                           struct sl_kafka_options *options);
int sl_kafka_check(const struct sl_option_list *list, const struct sl_schema *schema,
                   struct sl_error *err);
int sl_kafka_check_upsert(const struct sl_option_list *list, const struct sl_schema *schema,
                          struct sl_error *err);
/* Has it topics to write to? */
int sl_kafka_check_sink(const struct sl_option_list *list, const char *const *metadata,
                        size_t metadata_count, struct sl_error *err);
bool sl_kafka_is_bounded(const struct sl_option_list *list);
bool sl_kafka_has_topics(const struct sl_option_list *list); /* more than one, listed */
/* Is the topic one of the option's, "a;b"? */
bool sl_kafka_lists_topic(const char *list, struct sl_text topic);
bool sl_kafka_is_upsert(const struct sl_option_list *list); /* upsert-kafka: read from the start */

/* --- kafka_properties.c --- */

/* Are all "properties.*" known, and do both kinds of client take their values? */
int sl_kafka_check_properties(const struct sl_option_list *list, struct sl_error *err);
/* A librdkafka configuration with our defaults and the table's properties for this kind of client;
 * the caller's. */
int sl_kafka_configure(const struct sl_option_list *list, rd_kafka_type_t type,
                       rd_kafka_conf_t **ret_conf, struct sl_error *err);
/* One more setting of ours; a programmer's error when librdkafka refuses it. */
void sl_kafka_set(rd_kafka_conf_t *conf, const char *name, const char *value);
void sl_kafka_set_integer(rd_kafka_conf_t *conf, const char *name, int64_t value);

/* --- kafka_client.c --- */

/* A librdkafka handle, and what it last complained about. */
struct sl_kafka_client {
    rd_kafka_t *handle; /* NULL: closed */
    const char *servers;
    pthread_mutex_t lock;
    char complaint[256];
};

/* Takes over the configuration. */
int sl_kafka_client_open(struct sl_kafka_client *client, rd_kafka_type_t type,
                         rd_kafka_conf_t *conf, const char *servers, struct sl_error *err);
void sl_kafka_client_close(struct sl_kafka_client *client); /* takes one that never opened */
/* 08000: the broker does not answer, with the last complaint. */
int sl_kafka_no_answer(struct sl_kafka_client *client, struct sl_error *err);
/* The right error for a response code: retryable ones are 08xxx.  `what` names the object. */
int sl_kafka_raise(struct sl_error *err, rd_kafka_resp_err_t code, const char *what);
bool sl_kafka_is_gone(rd_kafka_resp_err_t code); /* the topic or partition does not exist */

/* A topic and how many partitions it has. */
struct sl_kafka_topic {
    const char *name;
    int32_t partition_count;
};
struct sl_kafka_topics {
    struct sl_kafka_topic *items;
    size_t count;
};
/* The table's topics as the broker has them now, by name; names in the arena.  42704: one is not
 * there; 08000: no answer within 5 s. */
int sl_kafka_look_up(struct sl_kafka_client *client, const struct sl_kafka_options *options,
                     struct sl_arena *arena, struct sl_kafka_topics *ret_topics,
                     struct sl_error *err);
/* Asks for offsets: in each element `offset` is a time in ms, RD_KAFKA_OFFSET_BEGINNING or _END,
 * and becomes the offset (a time after the last record: the end). */
int sl_kafka_offsets_at(struct sl_kafka_client *client, rd_kafka_topic_partition_list_t *list,
                        struct sl_error *err);
int sl_kafka_probe(const struct sl_probe *probe, struct sl_error *err);
/* Is it one of the table's topics, or does its pattern match the whole name? */
bool sl_kafka_reads_topic(const struct sl_kafka_options *options, struct sl_text topic);

/* --- kafka_discovery.c --- */

#define SL_KAFKA_NO_END INT64_MAX
#define SL_KAFKA_NO_START (-1)

/* A partition that was found, with the offsets at which it may begin and end. */
struct sl_kafka_found {
    const char *id, *topic;
    int32_t partition;
    uint32_t ordinal;
    int64_t earliest, end;
    int64_t start; /* by the start-up mode; SL_KAFKA_NO_START: the group has none */
};

/* What a source knows of its topics: for the I/O thread, and between its jobs for the slot's. */
struct sl_kafka_discovery {
    const struct sl_connector_config *config;
    const struct sl_kafka_options *options;
    struct sl_kafka_client *client;
    struct sl_arena *arena;
    bool is_bounded, has_run;
    struct sl_kafka_found *found; /* those of this subtask */
    size_t found_count, found_capacity;
    struct sl_kafka_known_topic *topics;
    size_t topic_count;
};

/* [I/O] Adds every partition there is.  While the job runs: 42704, 55000 when one has gone, and a
 * broker that does not answer is no error. */
int sl_kafka_discover(struct sl_kafka_discovery *discovery, struct sl_split_list *splits,
                      struct sl_error *err);
void sl_kafka_discovery_done(struct sl_kafka_discovery *discovery);
struct sl_kafka_found *sl_kafka_find(const struct sl_kafka_discovery *discovery, const char *id);
/* How many of the topics' partitions are this subtask's. */
int64_t sl_kafka_count_own(const struct sl_kafka_discovery *discovery,
                           const struct sl_kafka_topics *topics);
bool sl_kafka_knows_topic(const struct sl_kafka_discovery *discovery, struct sl_text name);
/* A checkpoint knew it. */
void sl_kafka_note_old_topic(struct sl_kafka_discovery *discovery, struct sl_text name);
/* Was its topic known before the look that found this partition? */
bool sl_kafka_has_old_topic(const struct sl_kafka_discovery *discovery,
                            const struct sl_kafka_found *found);

/* --- kafka_target.c --- */

struct sl_kafka_target {
    struct sl_text topic;
    rd_kafka_topic_t *handle;
    int32_t partition_count, next_partition;
};
struct sl_kafka_targets {
    struct sl_kafka_target *items;
    size_t count, last; /* last: found */
    enum sl_kafka_partitioner partitioner;
};
/* [I/O] Of the table's topics; in the arena, but for the handles.  In turn begins with the
 * subtask's partition. */
int sl_kafka_targets_open(struct sl_kafka_targets *targets, struct sl_kafka_client *client,
                          const struct sl_kafka_options *options, struct sl_arena *arena,
                          uint32_t subtask, struct sl_error *err);
void sl_kafka_targets_close(struct sl_kafka_targets *targets); /* takes half-opened ones */
/* NULL: it is none of them. */
struct sl_kafka_target *sl_kafka_find_target(struct sl_kafka_targets *targets,
                                             struct sl_text topic);
/* RD_KAFKA_PARTITION_UA: librdkafka's partitioner, as Java's client has it. */
int32_t sl_kafka_choose_partition(const struct sl_kafka_targets *targets,
                                  struct sl_kafka_target *target, uint32_t subtask);
/* What the metadata column with index `key` says, which must be one of the table's topics (23514).
 */
int sl_kafka_row_topic(const struct sl_connector_config *config,
                       const struct sl_sink_metadata *rows, size_t key, size_t row,
                       struct sl_text *ret_topic, struct sl_error *err);

/* --- kafka_metadata.c --- */

enum sl_kafka_metadata {
    SL_KAFKA_TOPIC,
    SL_KAFKA_PARTITION,
    SL_KAFKA_HEADERS,
    SL_KAFKA_HEADER_LIST,
    SL_KAFKA_OFFSET,
    SL_KAFKA_TIMESTAMP,
    SL_KAFKA_TIMESTAMP_TYPE,
    SL_KAFKA_METADATA_COUNT,
};
extern const struct sl_metadata_spec sl_kafka_metadata_specs[];
/* Its index in config->metadata; SIZE_MAX: no column asks for it. */
size_t sl_kafka_find_metadata(const struct sl_connector_config *config, enum sl_kafka_metadata key);
/* Keys of Flink's connectors that are not here. */
#define SL_KAFKA_METADATA_LATER_COUNT 1
extern const char *const sl_kafka_metadata_later[SL_KAFKA_METADATA_LATER_COUNT];

/* What a record has beside its value, where a column asks for it. */
struct sl_kafka_extra {
    rd_kafka_timestamp_type_t timestamp_type;
    uint32_t header_count;
    uint32_t header_offset; /* from the first byte of the first value */
};
struct sl_kafka_extras {
    const char *bytes; /* the first value */
    struct sl_kafka_extra *items;
};
/* Headers as bytes: for each its key's length, its value's (UINT32_MAX: NULL), key, value. */
size_t sl_kafka_headers_size(const rd_kafka_headers_t *headers);
uint32_t sl_kafka_headers_write(const rd_kafka_headers_t *headers, char *to);
/* Of a cell of MAP<STRING, BYTES>, entries with a NULL left out; NULL: no headers.  The caller's.
 */
rd_kafka_headers_t *sl_kafka_headers_of(const struct sl_column *column, size_t row);
/* Headers as bytes that are stored with a record, and back; NULL: none. */
int sl_kafka_aside(const struct sl_connector_config *config, const struct sl_sink_metadata *rows,
                   size_t row, struct sl_buffer *to, struct sl_error *err);
/* … and the topic, where the table has several; else without length. */
rd_kafka_headers_t *sl_kafka_headers_from(struct sl_text aside, struct sl_text *ret_topic);
struct sl_column *sl_kafka_metadata_column(struct sl_pool *pool, enum sl_kafka_metadata key,
                                           const char *topic, int32_t partition,
                                           const struct sl_records *records);

extern const struct sl_source_class sl_kafka_source_class;
extern const struct sl_sink_class sl_kafka_sink_class;
extern const struct sl_publisher_class sl_kafka_publisher_class;

/* What the descriptors, and the classes, of the connectors over topics have in common. */
#define SL_KAFKA_DESCRIPTOR                                                                   \
    .options = sl_kafka_option_specs, .option_count = SL_KAFKA_OPTION_COUNT,                  \
    .metadata = sl_kafka_metadata_specs, .metadata_count = SL_KAFKA_METADATA_COUNT,           \
    .metadata_later = sl_kafka_metadata_later,                                                \
    .metadata_later_count = SL_KAFKA_METADATA_LATER_COUNT, .check_sink = sl_kafka_check_sink, \
    .is_bounded = sl_kafka_is_bounded, .probe = sl_kafka_probe
#define SL_KAFKA_CLASS                                              \
    .source = &sl_kafka_source_class, .sink = &sl_kafka_sink_class, \
    .publisher = &sl_kafka_publisher_class, .aside = sl_kafka_aside

#endif
