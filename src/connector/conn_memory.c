/* memory: a table that is a log of rows held by the server itself.  Its records are frames that the
 * internal format `row` wrote: kind, hash of the primary key, packed row.  With 'splits'='n' row i
 * belongs to split i mod n; where rows update, the key's hash decides. */
#include "connector/connector.h"
#include "connector/epoch_sync.h"
#include "connector/memory_store.h"

#include <stdio.h>
#include <stdlib.h>

enum { MEMORY_SPLITS_MAX = 1024, MEMORY_MODE_ALL = 0, MEMORY_MODE_UPSERT, MEMORY_MODE_APPEND };

static const struct sl_option_spec memory_options[] = {
    {.name = "splits",
     .type = SL_OPTION_INTEGER,
     .default_value = "1",
     .min = 1,
     .max = MEMORY_SPLITS_MAX,
     .help = "row i of the log belongs to split i mod n, where rows update the hash of its key; "
             "each split has its own watermark"},
    {.name = "changelog-mode",
     .type = SL_OPTION_ENUM,
     .choices = "all|upsert|append",
     .help = "which row kinds it holds and takes"},
};

/* Whether rows may be changes.  Unset, a stream takes only +I, a bounded query what there is. */
static bool
memory_updates(const struct sl_connector_config *config)
{
    union sl_option_value value;

    if (!sl_option_read(memory_options, SL_COUNT_OF(memory_options), config->options,
                        "changelog-mode", &value))
        return config->bounded;
    return value.integer != MEMORY_MODE_APPEND;
}

/* --- source --- */

struct memory_split {
    uint32_t ordinal;
    uint64_t next; /* index into the log */
    bool is_paused;
};

struct memory_source {
    struct sl_source source;
    struct sl_memory_log *log;
    struct memory_split *splits;
    uint32_t split_count, split_capacity;
    uint32_t total_splits;
    bool by_key;
    uint64_t end;       /* UINT64_MAX: not known to end */
    uint32_t turn;      /* the split that is polled next */
    bool watching;
};

static int
memory_source_open(struct sl_source *base, struct sl_error *err)
{
    struct memory_source *source = (struct memory_source *)base;
    const struct sl_connector_config *config = base->config;
    union sl_option_value value;

    sl_option_read(memory_options, SL_COUNT_OF(memory_options), config->options, "splits", &value);
    source->total_splits = (uint32_t)value.integer;
    source->by_key = source->total_splits > 1 && memory_updates(config);
    SL_TRY(sl_memory_log_open(config->data_directory, config->table_id, &source->log, err));
    source->end = config->bounded ? sl_memory_log_count(source->log) : UINT64_MAX;
    sl_memory_log_watch(source->log, config->env, config->wake);
    source->watching = true;
    return SL_OK;
}

static int
memory_source_discover(struct sl_source *base, struct sl_split_list *splits, struct sl_error *err)
{
    struct memory_source *source = (struct memory_source *)base;

    splits->items = SL_NEW_ARRAY(splits->arena, struct sl_split, source->total_splits);
    splits->capacity = splits->count = source->total_splits;
    for (uint32_t i = 0; i < source->total_splits; i++)
        splits->items[i] = (struct sl_split){
            sl_arena_printf(splits->arena, "%s-%u", base->config->table_name, i), i};
    return SL_OK;
}

static int
memory_source_add_split(struct sl_source *base, const struct sl_split *split,
                        struct sl_text position, bool is_new, struct sl_error *err)
{
    struct memory_source *source = (struct memory_source *)base;
    struct memory_split added = {.ordinal = split->ordinal};

    if (position.length == sizeof(added.next))
        memcpy(&added.next, position.start, sizeof(added.next));
    if (source->split_count == source->split_capacity) {
        source->split_capacity = source->split_capacity ? source->split_capacity * 2 : 4;
        source->splits =
            sl_realloc(source->splits, source->split_capacity * sizeof(*source->splits));
    }
    source->splits[source->split_count++] = added;
    return SL_OK;
}

/* Where reading stops for now, and is it for good? */
static uint64_t
memory_present_end(const struct memory_source *source, bool *ret_final)
{
    bool ended = sl_memory_log_has_ended(source->log); /* before the count: no append after it */
    uint64_t count = sl_memory_log_count(source->log);

    *ret_final = ended || source->end != UINT64_MAX;
    return source->end != UINT64_MAX ? source->end : count;
}

static bool
memory_is_mine(const struct memory_source *source, const struct memory_split *split,
               uint64_t index)
{
    uint64_t hash = index;

    if (source->total_splits == 1)
        return true;
    if (source->by_key)
        memcpy(&hash, sl_memory_log_frame(source->log, index).start + 1, sizeof(hash));
    return hash % source->total_splits == split->ordinal;
}

/* The next frame of the split at or after split->next, below end; end when there is none. */
static uint64_t
memory_seek(const struct memory_source *source, const struct memory_split *split, uint64_t from,
            uint64_t end)
{
    while (from < end && !memory_is_mine(source, split, from))
        from++;
    return from;
}

static void
memory_fill(struct memory_source *source, struct memory_split *split, uint64_t end,
            uint32_t count, size_t bytes, struct sl_records *records)
{
    size_t index_size = (count * sizeof(struct sl_record) + 15) & ~(size_t)15;
    struct sl_block *slab = sl_pool_block(source->source.config->pool, index_size + bytes + 64);
    struct sl_record *items = (struct sl_record *)(void *)slab->data;
    char *at = slab->data + index_size;

    for (uint32_t i = 0; i < count; i++) {
        struct sl_text frame;

        split->next = memory_seek(source, split, split->next, end);
        frame = sl_memory_log_frame(source->log, split->next);
        memcpy(at, frame.start, frame.length);
        items[i] = (struct sl_record){.value = at,
                                      .value_length = (uint32_t)frame.length,
                                      .key_length = SL_RECORD_NULL,
                                      .position = (int64_t)split->next,
                                      .timestamp_us = INT64_MIN};
        at += frame.length;
        split->next++;
    }
    memset(at, 0, 64);
    *records = (struct sl_records){.slab = slab,
                                   .items = items,
                                   .count = count,
                                   .split = (uint32_t)(split - source->splits),
                                   .bytes = bytes};
}

static bool
memory_poll_split(struct memory_source *source, struct memory_split *split, size_t bytes_max,
                  struct sl_records *records)
{
    size_t bytes = 0;
    uint32_t count = 0;
    bool is_final;
    uint64_t end = memory_present_end(source, &is_final), at = split->next;

    while (count < source->source.config->batch_size && bytes < bytes_max) {
        at = memory_seek(source, split, at, end);
        if (at == end)
            break;
        bytes += sl_memory_log_frame(source->log, at++).length;
        count++;
    }
    if (count == 0) {
        split->next = end;
        return false;
    }
    memory_fill(source, split, end, count, bytes, records);
    return true;
}

static enum sl_split_state
memory_source_split_state(struct sl_source *base, uint32_t index)
{
    struct memory_source *source = (struct memory_source *)base;
    struct memory_split *split = &source->splits[index];
    bool is_final;
    uint64_t end = memory_present_end(source, &is_final);

    split->next = memory_seek(source, split, split->next, end);
    if (split->next < end)
        return SL_SPLIT_READING;
    return is_final ? SL_SPLIT_ENDED : SL_SPLIT_CAUGHT_UP;
}

static int
memory_source_poll(struct sl_source *base, size_t bytes_max, struct sl_records *records,
                   struct sl_error *err)
{
    struct memory_source *source = (struct memory_source *)base;
    bool all_ended = true;

    for (uint32_t i = 0; i < source->split_count; i++) {
        struct memory_split *split = &source->splits[source->turn];

        source->turn = (source->turn + 1) % source->split_count;
        if (!split->is_paused && memory_poll_split(source, split, bytes_max, records))
            return SL_OK;
    }
    for (uint32_t i = 0; i < source->split_count && all_ended; i++)
        all_ended = memory_source_split_state(base, i) == SL_SPLIT_ENDED;
    return all_ended ? SL_EOF : SL_AGAIN;
}

static void
memory_source_position(struct sl_source *base, uint32_t split, struct sl_buffer *to)
{
    struct memory_source *source = (struct memory_source *)base;

    sl_buffer_add(to, &source->splits[split].next, sizeof(source->splits[split].next));
}

static void
memory_source_finish(struct sl_source *base, bool here)
{
    struct memory_source *source = (struct memory_source *)base;

    if (source->end == UINT64_MAX)
        source->end = sl_memory_log_count(source->log);
}

static void
memory_source_pause(struct sl_source *base, uint32_t split, bool paused)
{
    ((struct memory_source *)base)->splits[split].is_paused = paused;
}

static void
memory_source_describe(struct sl_source *base, uint32_t split, int64_t position,
                       struct sl_buffer *to)
{
    sl_buffer_printf(to, "memory table %s, row %lld", base->config->table_name,
                     (long long)position);
}

static void
memory_source_close(struct sl_source *base)
{
    struct memory_source *source = (struct memory_source *)base;

    if (source->watching)
        sl_memory_log_unwatch(source->log, base->config->wake);
    free(source->splits);
}

static const struct sl_source_class memory_source_class = {
    .size = sizeof(struct memory_source),
    .open = memory_source_open,
    .discover = memory_source_discover,
    .add_split = memory_source_add_split,
    .poll = memory_source_poll,
    .split_state = memory_source_split_state,
    .position = memory_source_position,
    .finish = memory_source_finish,
    .pause = memory_source_pause,
    .describe = memory_source_describe,
    .close = memory_source_close,
};

/* --- sink --- */

/* Rows are visible when they are written, and acknowledged when a sync that began later is done. */
struct memory_sink {
    struct sl_sink sink;
    struct sl_memory_log *log;
    struct sl_epoch_sync sync;
    struct sl_text *payloads;
    size_t payload_capacity;
};

static int
memory_sink_sync(void *log, struct sl_error *err)
{
    return sl_memory_log_sync(log, err);
}

static int
memory_sink_open(struct sl_sink *base, struct sl_error *err)
{
    struct memory_sink *sink = (struct memory_sink *)base;

    SL_TRY(sl_memory_log_open(base->config->data_directory, base->config->table_id, &sink->log,
                              err));
    sl_epoch_sync_init(&sink->sync, base->config->env, base->config->wake, memory_sink_sync,
                       sink->log);
    return SL_OK;
}

static int
memory_sink_write(struct sl_sink *base, const struct sl_records *records, struct sl_error *err)
{
    struct memory_sink *sink = (struct memory_sink *)base;

    if (records->count > sink->payload_capacity) {
        sink->payload_capacity = records->count;
        sink->payloads =
            sl_realloc(sink->payloads, sink->payload_capacity * sizeof(*sink->payloads));
    }
    for (uint32_t i = 0; i < records->count; i++)
        sink->payloads[i] =
            (struct sl_text){records->items[i].value, records->items[i].value_length};
    if (sl_memory_log_append(sink->log, sink->payloads, records->count, err) < 0)
        return sl_error_prefix(err, "table \"%s\"", base->config->table_name);
    return SL_OK;
}

static int
memory_sink_flush(struct sl_sink *base, struct sl_error *err)
{
    return SL_OK;
}

static void
memory_sink_barrier(struct sl_sink *base, uint64_t epoch)
{
    sl_epoch_sync_barrier(&((struct memory_sink *)base)->sync, epoch);
}

static int
memory_sink_acknowledged(struct sl_sink *base, uint64_t *ret_epoch, struct sl_error *err)
{
    return sl_epoch_sync_acknowledged(&((struct memory_sink *)base)->sync, ret_epoch, err);
}

static void
memory_sink_close(struct sl_sink *base)
{
    struct memory_sink *sink = (struct memory_sink *)base;

    sl_epoch_sync_done(&sink->sync);
    free(sink->payloads);
}

static const struct sl_sink_class memory_sink_class = {
    .size = sizeof(struct memory_sink),
    .open = memory_sink_open,
    .write = memory_sink_write,
    .flush = memory_sink_flush,
    .barrier = memory_sink_barrier,
    .acknowledged = memory_sink_acknowledged,
    .close = memory_sink_close,
};

/* --- publisher --- */

/* All statements share one marker that nobody asks for: what a log has is never in doubt. */
#define MEMORY_STATEMENT "statement"

struct memory_publisher {
    struct sl_publisher publisher;
    struct sl_memory_log *log;
    const char *name;
};

static int
memory_publisher_open(struct sl_publisher *base, struct sl_marker *ret_marker,
                      struct sl_error *err)
{
    struct memory_publisher *publisher = (struct memory_publisher *)base;

    SL_TRY(sl_memory_log_open(base->config->data_directory, base->config->table_id,
                              &publisher->log, err));
    publisher->name = base->config->is_statement ? MEMORY_STATEMENT : base->identity;
    *ret_marker = base->config->is_statement
                      ? (struct sl_marker){0}
                      : sl_memory_log_marker(publisher->log, base->identity);
    return SL_OK;
}

static int
memory_publisher_publish(struct sl_publisher *base, const struct sl_records *records,
                         const struct sl_marker *marker, struct sl_error *err)
{
    struct memory_publisher *publisher = (struct memory_publisher *)base;
    struct sl_text *payloads = sl_alloc((records->count + 1) * sizeof(*payloads));
    int rc;

    for (uint32_t i = 0; i < records->count; i++)
        payloads[i] = (struct sl_text){records->items[i].value, records->items[i].value_length};
    rc = sl_memory_log_publish(publisher->log, publisher->name, marker, payloads, records->count,
                               err);
    free(payloads);
    return rc < 0 ? sl_error_prefix(err, "table \"%s\"", base->config->table_name) : SL_OK;
}

static void
memory_publisher_close(struct sl_publisher *base)
{
}

static const struct sl_publisher_class memory_publisher_class = {
    .size = sizeof(struct memory_publisher),
    .open = memory_publisher_open,
    .publish = memory_publisher_publish,
    .close = memory_publisher_close,
};

/* --- the plug-in --- */

const struct sl_connector_class sl_conn_memory = {
    .descriptor = {.name = "memory",
                   .abilities = SL_ABILITY_SOURCE | SL_ABILITY_SINK | SL_ABILITY_UPSERT_SINK |
                                SL_ABILITY_RETRACT_SINK | SL_ABILITY_RECORD_KINDS |
                                SL_ABILITY_CHANGE_DATA | SL_ABILITY_EXACTLY_ONCE,
                   .internal_format = "row",
                   .options = memory_options,
                   .option_count = SL_COUNT_OF(memory_options)},
    .source = &memory_source_class,
    .sink = &memory_sink_class,
    .publisher = &memory_publisher_class,
};
