/* The seam of connectors: records and positions.  A connector knows no format, no column (but for
 * the few that make or take columns) and no SQL.
 *
 * A source subtask discovers all splits of its table and takes those whose ordinal mod
 * subtask_count is its own; splits keep their ordinal for ever.  The id tells splits apart; two may
 * share an ordinal. */
#ifndef SL_CONNECTOR_CONNECTOR_H
#define SL_CONNECTOR_CONNECTOR_H

#include "base/env.h"
#include "data/batch.h"
#include "data/descriptor.h"
#include "data/record.h"

struct sl_connector_config {
    const struct sl_option_list *options; /* checked against the descriptor; outlives the plug-in */
    const struct sl_schema *physical;     /* the table's physical columns */
    uint64_t table_id;
    const char *table_name;
    const char *data_directory; /* of the server */
    const char *job_id;
    uint32_t subtask, subtask_count;
    struct sl_env *env;
    struct sl_pool *pool; /* the slot's; for slabs, batches */
    struct sl_wake *wake; /* signalled, from any thread, when a call that said
                             SL_AGAIN may do better now */
    uint32_t batch_size;  /* rows a batch, at most */
    const struct sl_zone *zone;
    /* Sources: */
    bool bounded;            /* ends at the end that the table has when it is opened */
    bool with_keys;          /* records have their keys */
    const uint32_t *columns; /* column sources: the physical columns that are wanted */
    size_t column_count;
    struct sl_line_rule lines; /* how the format has records in a file */
    int64_t buffer_bytes;      /* what it may hold back outside the slabs */
    uint32_t restored_splits;  /* of all subtasks, in the checkpoint gone on from; 0: none */
    const char *const
        *metadata; /* the metadata keys that are asked for; of sinks, that rows have */
    size_t metadata_count;
    /* Sources of partitioned tables (SL_ABILITY_PARTITIONS): */
    const char *const *partition_keys;
    const struct sl_type *const *partition_types;
    /* Sinks: */
    const uint32_t *primary_key;
    size_t primary_key_count;
    const uint32_t *partition_by; /* of physical; of sources only the count */
    size_t partition_by_count;
    const char *operator_uid; /* of the sink, the same in every execution of the job */
    const char *guarantee;
    bool is_statement; /* publishers: of one statement, which publishes once */
};

/* --- sources --- */

struct sl_source_class;

struct sl_source { /* the first member of every source's own struct */
    const struct sl_source_class *class;
    const struct sl_connector_config *config;
};

struct sl_split {
    const char *id; /* "bids-3": for messages, metrics and checkpoints */
    uint32_t ordinal;
};

struct sl_split_list {
    struct sl_arena *arena; /* what ids live in */
    struct sl_split *items;
    size_t count, capacity;
};

enum sl_split_state {
    SL_SPLIT_READING,   /* more may be there right now */
    SL_SPLIT_CAUGHT_UP, /* was read up to the end as the other side told it last */
    SL_SPLIT_ENDED,     /* bounded, and all was handed on */
};

/* All calls on the slot's thread and never waiting, but for those marked [I/O]. */
struct sl_source_class {
    size_t size; /* the runtime allocates this much, zeroed */
    bool makes_columns;
    /* [I/O] Connects.  Retryable errors (08xxx) restart the job. */
    int (*open)(struct sl_source *source, struct sl_error *err);
    /* [I/O] Adds every split there is now; called again every discovery interval. */
    int (*discover)(struct sl_source *source, struct sl_split_list *splits, struct sl_error *err);
    int64_t (*discovery_interval_us)(const struct sl_source *source); /* optional [never again] */
    /* Begins to read a split; its index is the number of splits added before.  `position` is what
     * `position` wrote at a checkpoint, length 0: from the start-up mode.  `is_new`: found after
     * the job's first start, so that it is read from its earliest record. */
    int (*add_split)(struct sl_source *source, const struct sl_split *split,
                     struct sl_text position, bool is_new, struct sl_error *err);
    /* A checkpoint tells of this split; called for those of all subtasks, before any is added.
     * Where it was not discovered an error says that what was to be read of it is lost.  Optional
     * [it was read]. */
    int (*restored)(struct sl_source *source, const char *id, bool is_there, struct sl_error *err);
    /* Records of one split, at once, about bytes_max at most.  SL_AGAIN: none now; SL_EOF: all
     * splits have ended (only after the runtime said that discovery is over). */
    int (*poll)(struct sl_source *source, size_t bytes_max, struct sl_records *ret_records,
                struct sl_error *err);
    /* makes_columns: the same, a batch of config->columns with `split` set. */
    int (*poll_batch)(struct sl_source *source, struct sl_batch **ret_batch, struct sl_error *err);
    /* After SL_AGAIN: the processing time at which it is worth polling again, without a wake-up
     * (a limited rate).  Optional [INT64_MAX: only a wake-up]. */
    int64_t (*next_poll_us)(struct sl_source *source);
    /* A TIMESTAMP(3) for each row of the batch that poll_batch gave last: the watermark behind it,
     * as the other side knows it.  Required with SL_ABILITY_WATERMARKS. */
    struct sl_column *(*watermarks)(struct sl_source *source);
    enum sl_split_state (*split_state)(struct sl_source *source, uint32_t split);
    /* The position after the last record handed on. */
    void (*position)(struct sl_source *source, uint32_t split, struct sl_buffer *to);
    /* A checkpoint is complete in which the split stood at `position`: the other side may be told,
     * for monitoring; never waits, and failures are logged at most.  Optional [nobody is told]. */
    void (*checkpointed)(struct sl_source *source, uint32_t split, struct sl_text position);
    /* [I/O] Asks the other side for its present end, against which split_state then judges.
     * Optional [split_state is always up to date]. */
    int (*refresh_end)(struct sl_source *source, struct sl_error *err);
    /* From now on bounded, at the end that refresh_end saw last (CALL sluice.end_input); `here`,
     * where it got no answer: at what was handed on last. */
    void (*finish)(struct sl_source *source, bool here);
    /* Holds back or goes on with one split (watermark alignment).  Optional [not possible]. */
    void (*pause)(struct sl_source *source, uint32_t split, bool paused);
    /* The metadata column `key` for these records; behind the descriptor's keys come the partition
     * columns.  Required where there are any. */
    struct sl_column *(*metadata)(struct sl_source *source, size_t key,
                                  const struct sl_records *records);
    /* A row that does not decode, for people: "topic bids, partition 2, offset 17". */
    void (*describe)(struct sl_source *source, uint32_t split, int64_t position,
                     struct sl_buffer *to);
    void (*close)(struct sl_source *source); /* [I/O]; must take a half-opened source */
};

/* --- sinks --- */

struct sl_sink_class;

/* What sl_records.metadata points to where a sink's records have metadata columns. */
struct sl_sink_metadata {
    const struct sl_batch *batch; /* record i is its live row i */
    const uint32_t *columns;      /* of the batch; config->metadata has their keys */
};

struct sl_sink {
    const struct sl_sink_class *class;
    const struct sl_connector_config *config;
};

struct sl_sink_class {
    size_t size;
    bool takes_columns;
    int (*open)(struct sl_sink *sink, struct sl_error *err); /* [I/O] */
    /* Takes the records; their bytes may go away after the call.  SL_AGAIN: taken, but write no
     * more until the wake-up (save for a batch or two that precede a barrier which overtakes). */
    int (*write)(struct sl_sink *sink, const struct sl_records *records, struct sl_error *err);
    /* takes_columns: the batch's live rows, kinds included. */
    int (*write_batch)(struct sl_sink *sink, struct sl_batch *batch, struct sl_error *err);
    /* Nothing more is in a buffer of ours, everything is under way.  Called at barriers, when the
     * input runs dry, and at the end. */
    int (*flush)(struct sl_sink *sink, struct sl_error *err);
    /* Notes that everything written so far belongs to `epoch`. */
    void (*barrier)(struct sl_sink *sink, uint64_t epoch);
    /* Ret the newest epoch of which every record's report is in; an error that came in with a
     * report is returned here.  Optional: `barrier` and `acknowledged` [everything is at once]. */
    int (*acknowledged)(struct sl_sink *sink, uint64_t *ret_epoch, struct sl_error *err);
    bool (*ready)(struct sl_sink *sink); /* after SL_AGAIN: write again?  Optional [always] */
    void (*close)(struct sl_sink *sink); /* [I/O] */
};

/* --- publishers: exactly-once sinks --- */

/* How far one lane of a sink was published; ordered by epoch, then subtask, then chunk.  All zero:
 * nothing yet. */
struct sl_marker {
    uint64_t epoch;
    uint32_t subtask, chunk;
    uint64_t owner; /* the run of a server that wrote it; kept with it, but not compared.  0: the
                       target belongs to one server, and does not tell */
};

struct sl_publisher_class;

struct sl_publisher {
    const struct sl_publisher_class *class;
    const struct sl_connector_config *config;
    const char *identity; /* of the lane: <job>/<incarnation>/<sink>/<lane>; its marker's name */
    const char *place;    /* `open` may set it: where the marker is, for messages; its own */
};

/* All calls are [I/O]. */
struct sl_publisher_class {
    size_t size;
    /* The target forgets a marker some time after it was written: it is written again, with no
     * records, where none was for this long.  0: it is kept for ever. */
    int64_t renewal_us;
    /* Connects, fences out whoever published under this identity before, and then reads the
     * marker. */
    int (*open)(struct sl_publisher *publisher, struct sl_marker *ret_marker, struct sl_error *err);
    /* Writes records (with their asides) and marker in one transaction.  After any failure the
     * outcome is in doubt: the publisher is closed, and opened anew the marker tells.  SL_EOF:
     * written, but close it and open another for the next. */
    int (*publish)(struct sl_publisher *publisher, const struct sl_records *records,
                   const struct sl_marker *marker, struct sl_error *err);
    /* Nothing is to be published now: does what time asks for.  After each checkpoint.  Optional
     * [nothing]. */
    int (*idle)(struct sl_publisher *publisher, struct sl_error *err);
    /* All input has ended and all of it is published.  May come twice.  Optional [nothing]. */
    int (*finish)(struct sl_publisher *publisher, struct sl_error *err);
    /* The lane of a statement that was written in one: it is never opened again, and leaves no
     * marker.  Nobody waits for it: failures are not told.  Optional [the marker stays]. */
    void (*forget)(struct sl_publisher *publisher);
    void (*close)(struct sl_publisher *publisher); /* must take a half-opened one */
};

/* --- the plug-in --- */

struct sl_connector_class {
    struct sl_connector_descriptor descriptor;
    const struct sl_source_class *source; /* NULL: cannot be read */
    const struct sl_sink_class *sink;
    const struct sl_publisher_class *publisher; /* NULL: cannot be written exactly once */
    /* What goes with the record of a row beside its bytes: Kafka's headers, the directory of a
     * partitioned table's row.  Called where rows have metadata or partition columns; appends
     * nothing when there is nothing.  Optional [nothing]. */
    int (*aside)(const struct sl_connector_config *config, const struct sl_sink_metadata *rows,
                 size_t row, struct sl_buffer *to, struct sl_error *err);
    /* [I/O] The job that wrote into this table has ended for good: what it left in the target for
     * those that were to come after it is ended, and its markers go.  May come twice.  Optional
     * [nothing]. */
    int (*forget)(const struct sl_connector_config *config, struct sl_error *err);
};

/* connectors.def: CONNECTOR(stem) for every conn_<stem>.c that ends in sl_conn_<stem>. */
const struct sl_connector_class *sl_connector_find(const char *name);
/* Asserts that every class is whole, then lists the descriptors.  Optional members may be NULL: the
 * two places that call them (scan and sink) hold the defaults given in brackets above. */
size_t sl_connectors_init(const struct sl_connector_descriptor **to, size_t max);

#endif
