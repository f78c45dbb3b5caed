/* For tests: see test_tables.h. */
#include "executor/test_tables.h"

#include "format/row_frame.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

#define TEST_TABLES_MAX 32
#define TEST_WATCHERS_MAX 64

struct test_table {
    size_t column_count;
    uint32_t split_count;
    struct test_row *rows;
    size_t count, capacity;
    int failure, refresh_failure;
    bool has_ended, is_held;
    struct sl_wake *watchers[TEST_WATCHERS_MAX];
    struct sl_env *envs[TEST_WATCHERS_MAX];
    size_t watcher_count;
};

static struct test_table test_tables[TEST_TABLES_MAX];
static pthread_mutex_t test_mutex = PTHREAD_MUTEX_INITIALIZER;
static uint32_t test_chunk = 1000;

struct test_marker {
    char identity[128];
    struct sl_marker marker;
};

static struct test_marker test_markers[TEST_TABLES_MAX];

static struct test_table *
test_find(uint64_t id)
{
    SL_ASSERT(id < TEST_TABLES_MAX);
    return &test_tables[id];
}

void
test_tables_reset(void)
{
    for (size_t i = 0; i < TEST_TABLES_MAX; i++)
        free(test_tables[i].rows);
    memset(test_tables, 0, sizeof(test_tables));
    memset(test_markers, 0, sizeof(test_markers));
    test_chunk = 1000;
}

void
test_table_new(uint64_t id, size_t column_count, uint32_t split_count)
{
    test_find(id)->column_count = column_count;
    test_find(id)->split_count = split_count;
}

void
test_tables_chunk(uint32_t row_count)
{
    test_chunk = row_count;
}

static void
test_signal(struct test_table *table)
{
    for (size_t i = 0; i < table->watcher_count; i++)
        table->envs[i]->ops->wake_signal(table->envs[i], table->watchers[i]);
}

void
test_table_add(uint64_t id, const struct test_row *row)
{
    struct test_table *table = test_find(id);

    pthread_mutex_lock(&test_mutex);
    if (table->count == table->capacity) {
        table->capacity = SL_MAX(256u, table->capacity * 2);
        table->rows = sl_realloc(table->rows, table->capacity * sizeof(*table->rows));
    }
    table->rows[table->count++] = *row;
    test_signal(table);
    pthread_mutex_unlock(&test_mutex);
}

size_t
test_table_count(uint64_t id)
{
    size_t count;

    pthread_mutex_lock(&test_mutex);
    count = test_find(id)->count;
    pthread_mutex_unlock(&test_mutex);
    return count;
}

struct test_row
test_table_row(uint64_t id, size_t index)
{
    struct test_row row;

    pthread_mutex_lock(&test_mutex);
    SL_ASSERT(index < test_find(id)->count);
    row = test_find(id)->rows[index];
    pthread_mutex_unlock(&test_mutex);
    return row;
}

static uint64_t
test_row_hash(const struct test_row *row)
{
    uint64_t hash = row->kind;

    for (size_t i = 0; i < TEST_COLUMNS_MAX; i++)
        hash = (hash ^ (uint64_t)row->values[i]) * UINT64_C(0x9e3779b97f4a7c15) + (hash >> 29);
    return hash;
}

uint64_t
test_table_sum(uint64_t id)
{
    uint64_t sum = 0;

    for (size_t i = 0; i < test_table_count(id); i++)
        sum += test_row_hash(&test_find(id)->rows[i]);
    return sum;
}

uint64_t
test_table_hash(uint64_t id)
{
    uint64_t hash = 0;

    for (size_t i = 0; i < test_table_count(id); i++)
        hash = hash * 31 + test_row_hash(&test_find(id)->rows[i]);
    return hash;
}

void
test_table_fail(uint64_t id, int code)
{
    pthread_mutex_lock(&test_mutex);
    test_find(id)->failure = code;
    test_signal(test_find(id));
    pthread_mutex_unlock(&test_mutex);
}

void
test_table_fail_refresh(uint64_t id, int code)
{
    pthread_mutex_lock(&test_mutex);
    test_find(id)->refresh_failure = code;
    test_signal(test_find(id));
    pthread_mutex_unlock(&test_mutex);
}

void
test_table_hold(uint64_t id, bool is_held)
{
    pthread_mutex_lock(&test_mutex);
    test_find(id)->is_held = is_held;
    test_signal(test_find(id));
    pthread_mutex_unlock(&test_mutex);
}

void
test_table_end(uint64_t id)
{
    pthread_mutex_lock(&test_mutex);
    test_find(id)->has_ended = true;
    test_signal(test_find(id));
    pthread_mutex_unlock(&test_mutex);
}

/* Under the mutex. */
static void
test_watch(struct test_table *table, const struct sl_connector_config *config)
{
    SL_ASSERT(table->watcher_count < TEST_WATCHERS_MAX);
    table->envs[table->watcher_count] = config->env;
    table->watchers[table->watcher_count++] = config->wake;
}

static void
test_unwatch(struct test_table *table, const struct sl_connector_config *config)
{
    for (size_t i = 0; i < table->watcher_count; i++) {
        if (table->watchers[i] == config->wake) {
            table->watchers[i] = table->watchers[--table->watcher_count];
            table->envs[i] = table->envs[table->watcher_count];
            return;
        }
    }
}

/* --- the source --- */

struct test_source {
    struct sl_source source;
    struct test_table *table;
    uint32_t *ordinals;
    size_t *next;
    uint32_t split_count, turn;
    size_t end;                    /* SIZE_MAX: unbounded */
    size_t last_first, last_count; /* rows of the last batch */
};

static int
test_take_failure(int *failure, struct sl_error *err)
{
    int code = *failure;

    *failure = 0;
    return code ? SL_ERROR(err, code, "the test table fails") : SL_OK;
}

static int
test_source_open(struct sl_source *base, struct sl_error *err)
{
    struct test_source *source = (struct test_source *)base;
    int rc;

    source->table = test_find(base->config->table_id);
    pthread_mutex_lock(&test_mutex);
    source->end = base->config->bounded ? source->table->count : SIZE_MAX;
    rc = test_take_failure(&source->table->failure, err);
    if (rc == SL_OK)
        test_watch(source->table, base->config);
    pthread_mutex_unlock(&test_mutex);
    return rc;
}

static int
test_source_discover(struct sl_source *base, struct sl_split_list *splits, struct sl_error *err)
{
    struct test_source *source = (struct test_source *)base;

    splits->count = source->table->split_count;
    splits->items = SL_NEW_ARRAY(splits->arena, struct sl_split, splits->count);
    for (uint32_t i = 0; i < splits->count; i++)
        splits->items[i] = (struct sl_split){sl_arena_printf(splits->arena, "split-%u", i), i};
    return SL_OK;
}

static int
test_source_add_split(struct sl_source *base, const struct sl_split *split, struct sl_text position,
                      bool is_new, struct sl_error *err)
{
    struct test_source *source = (struct test_source *)base;
    size_t count = source->split_count + 1;

    source->ordinals = sl_realloc(source->ordinals, count * sizeof(*source->ordinals));
    source->next = sl_realloc(source->next, count * sizeof(*source->next));
    source->ordinals[source->split_count] = split->ordinal;
    source->next[source->split_count] = split->ordinal;
    if (position.length == sizeof(source->next[0]))
        memcpy(&source->next[source->split_count], position.start, position.length);
    source->split_count++;
    return SL_OK;
}

/* Rows of this split that are there: [next, end) in steps of the number of splits. */
static size_t
test_source_end(const struct test_source *source)
{
    return SL_MIN(source->end, source->table->count);
}

static enum sl_split_state
test_source_split_state(struct sl_source *base, uint32_t split)
{
    struct test_source *source = (struct test_source *)base;
    enum sl_split_state state = SL_SPLIT_READING;

    pthread_mutex_lock(&test_mutex);
    if (source->next[split] >= test_source_end(source)) {
        state = SL_SPLIT_CAUGHT_UP;
        if (source->end != SIZE_MAX || source->table->has_ended)
            state = SL_SPLIT_ENDED;
    }
    pthread_mutex_unlock(&test_mutex);
    return state;
}

static struct sl_batch *
test_source_take(struct test_source *source, uint32_t split, size_t row_count)
{
    const struct sl_connector_config *config = source->source.config;
    struct sl_batch *batch = sl_batch_new(config->pool, config->column_count, row_count);
    size_t step = source->table->split_count, first = source->next[split];
    bool has_kinds = false, has_nulls = false;

    source->last_first = first;
    source->last_count = row_count;
    for (size_t i = 0; i < row_count; i++) {
        has_kinds |= source->table->rows[first + i * step].kind != SL_ROW_INSERT;
        has_nulls |= source->table->rows[first + i * step].is_null;
    }
    for (size_t c = 0; c < config->column_count; c++) {
        uint32_t index = config->columns[c];
        struct sl_column *column = sl_column_new(
            config->pool, config->physical->columns[index].type, row_count, has_nulls);
        int64_t *values = column->values;

        for (size_t i = 0; i < row_count; i++) {
            const struct test_row *row = &source->table->rows[first + i * step];

            values[i] = row->values[index];
            if (row->is_null && index == 0)
                sl_validity_set(column->validity, i, false);
        }
        sl_batch_set_column(batch, c, column);
    }
    if (has_kinds)
        sl_batch_add_kinds(batch, config->pool);
    for (size_t i = 0; has_kinds && i < row_count; i++)
        batch->kinds[i] = source->table->rows[first + i * step].kind;
    batch->split = (int32_t)split;
    source->next[split] += row_count * step;
    return batch;
}

static size_t
test_source_chunk(const struct test_source *source)
{
    struct sl_env *env = source->source.config->env;
    size_t chunk = test_chunk ? test_chunk : 1 + env->ops->random(env) % 50;

    return SL_MIN(chunk, source->source.config->batch_size);
}

static int
test_source_poll(struct sl_source *base, struct sl_batch **ret_batch, struct sl_error *err)
{
    struct test_source *source = (struct test_source *)base;
    int rc;

    pthread_mutex_lock(&test_mutex);
    rc = test_take_failure(&source->table->failure, err);
    for (uint32_t i = 0; rc == SL_OK && i < source->split_count; i++) {
        uint32_t split = source->turn++ % source->split_count;
        size_t end = test_source_end(source), step = source->table->split_count, count, chunk;

        if (source->next[split] >= end)
            continue;
        count = (end - source->next[split] + step - 1) / step;
        chunk = test_source_chunk(source);
        *ret_batch = test_source_take(source, split, SL_MIN(count, chunk));
        pthread_mutex_unlock(&test_mutex);
        return SL_OK;
    }
    pthread_mutex_unlock(&test_mutex);
    return rc < 0 ? rc : SL_AGAIN;
}

static void
test_source_position(struct sl_source *base, uint32_t split, struct sl_buffer *to)
{
    struct test_source *source = (struct test_source *)base;

    sl_buffer_add(to, &source->next[split], sizeof(source->next[split]));
}

/* Two seconds behind the time of each row. */
static struct sl_column *
test_source_watermarks(struct sl_source *base)
{
    struct test_source *source = (struct test_source *)base;
    struct sl_column *column =
        sl_column_new(base->config->pool, &sl_type_timestamp3, source->last_count, false);
    int64_t *values = column->values;

    pthread_mutex_lock(&test_mutex);
    for (size_t i = 0; i < source->last_count; i++) {
        size_t row = source->last_first + i * source->table->split_count;

        values[i] = source->table->rows[row].values[0] - 2 * SL_US_PER_SECOND;
    }
    pthread_mutex_unlock(&test_mutex);
    return column;
}

static int
test_source_refresh_end(struct sl_source *base, struct sl_error *err)
{
    struct test_source *source = (struct test_source *)base;
    int rc;

    pthread_mutex_lock(&test_mutex);
    rc = test_take_failure(&source->table->refresh_failure, err);
    pthread_mutex_unlock(&test_mutex);
    return rc;
}

static void
test_source_finish(struct sl_source *base, bool here)
{
    struct test_source *source = (struct test_source *)base;

    pthread_mutex_lock(&test_mutex);
    source->end = here ? 0 : SL_MIN(source->end, source->table->count);
    pthread_mutex_unlock(&test_mutex);
}

static void
test_source_describe(struct sl_source *base, uint32_t split, int64_t position, struct sl_buffer *to)
{
    sl_buffer_printf(to, "split %u", split);
}

static void
test_source_close(struct sl_source *base)
{
    struct test_source *source = (struct test_source *)base;

    pthread_mutex_lock(&test_mutex);
    test_unwatch(source->table, base->config);
    pthread_mutex_unlock(&test_mutex);
    free(source->ordinals);
    free(source->next);
}

static const struct sl_source_class test_source_class = {
    .size = sizeof(struct test_source),
    .makes_columns = true,
    .open = test_source_open,
    .discover = test_source_discover,
    .add_split = test_source_add_split,
    .poll_batch = test_source_poll,
    .split_state = test_source_split_state,
    .position = test_source_position,
    .watermarks = test_source_watermarks,
    .refresh_end = test_source_refresh_end,
    .finish = test_source_finish,
    .describe = test_source_describe,
    .close = test_source_close,
};

/* --- the sink: now and then it takes no more until an I/O job has run --- */

/* An I/O job that may outlive the sink. */
struct test_flight {
    struct sl_io_job io; /* the first member */
    struct sl_env *env;
    struct sl_wake *wake;
    _Atomic bool busy, orphaned;
};

struct test_sink {
    struct sl_sink sink;
    struct test_flight *flight;
    uint64_t epoch;
};

static int
test_sink_open(struct sl_sink *base, struct sl_error *err)
{
    struct test_sink *sink = (struct test_sink *)base;

    sink->flight = sl_alloc_zeroed(sizeof(*sink->flight));
    sink->flight->env = base->config->env;
    sink->flight->wake = base->config->wake;
    pthread_mutex_lock(&test_mutex);
    test_watch(test_find(base->config->table_id), base->config);
    pthread_mutex_unlock(&test_mutex);
    return SL_OK;
}

static void
test_sink_run(struct sl_io_job *job)
{
}

/* The last of sink and job frees the flight. */
static void
test_sink_done(struct sl_io_job *job)
{
    struct test_flight *flight = (struct test_flight *)job;
    struct sl_env *env = flight->env;
    struct sl_wake *wake = flight->wake;

    pthread_mutex_lock(&test_mutex);
    flight->busy = false;
    if (flight->orphaned)
        free(flight);
    pthread_mutex_unlock(&test_mutex);
    env->ops->wake_signal(env, wake);
}

static bool
test_sink_is_held(const struct sl_sink *base)
{
    bool is_held;

    pthread_mutex_lock(&test_mutex);
    is_held = test_find(base->config->table_id)->is_held;
    pthread_mutex_unlock(&test_mutex);
    return is_held;
}

static int
test_sink_write(struct sl_sink *base, struct sl_batch *batch, struct sl_error *err)
{
    struct test_sink *sink = (struct test_sink *)base;
    struct sl_env *env = base->config->env;

    for (size_t i = 0; i < sl_batch_live_count(batch); i++) {
        size_t row = sl_batch_row(batch, i);
        struct test_row to = {.kind = (uint8_t)sl_batch_kind(batch, row)};

        for (size_t c = 0; c < base->config->physical->count; c++)
            to.values[c] = ((const int64_t *)batch->columns[c]->values)[row];
        test_table_add(base->config->table_id, &to);
    }
    if (test_sink_is_held(base))
        return SL_AGAIN;
    if (sink->flight->busy || env->ops->random(env) % 4 != 0)
        return SL_OK;
    sink->flight->io.run = test_sink_run;
    sink->flight->io.done = test_sink_done;
    sink->flight->busy = true;
    env->ops->io_submit(env, &sink->flight->io);
    return SL_AGAIN;
}

static bool
test_sink_ready(struct sl_sink *base)
{
    return !((struct test_sink *)base)->flight->busy && !test_sink_is_held(base);
}

static int
test_sink_flush(struct sl_sink *base, struct sl_error *err)
{
    return SL_OK;
}

static void
test_sink_barrier(struct sl_sink *base, uint64_t epoch)
{
    ((struct test_sink *)base)->epoch = epoch;
}

/* Acknowledged only while nothing is under way. */
static int
test_sink_acknowledged(struct sl_sink *base, uint64_t *ret_epoch, struct sl_error *err)
{
    struct test_sink *sink = (struct test_sink *)base;

    *ret_epoch = sink->flight->busy ? 0 : sink->epoch;
    return SL_OK;
}

static void
test_sink_close(struct sl_sink *base)
{
    struct test_flight *flight = ((struct test_sink *)base)->flight;
    bool is_last;

    pthread_mutex_lock(&test_mutex);
    test_unwatch(test_find(base->config->table_id), base->config);
    is_last = !flight->busy;
    flight->orphaned = true;
    pthread_mutex_unlock(&test_mutex);
    if (is_last)
        free(flight);
}

static const struct sl_sink_class test_sink_class = {
    .size = sizeof(struct test_sink),
    .takes_columns = true,
    .open = test_sink_open,
    .write_batch = test_sink_write,
    .flush = test_sink_flush,
    .barrier = test_sink_barrier,
    .acknowledged = test_sink_acknowledged,
    .ready = test_sink_ready,
    .close = test_sink_close,
};

/* --- exactly once: rows and marker at once --- */

/* The marker of that name, made where there is none. */
static struct sl_marker *
test_marker(const char *identity)
{
    for (size_t i = 0; i < TEST_TABLES_MAX; i++) {
        struct test_marker *each = &test_markers[i];

        if (!each->identity[0])
            snprintf(each->identity, sizeof(each->identity), "%s", identity);
        if (strcmp(each->identity, identity) == 0)
            return &each->marker;
    }
    SL_UNREACHABLE();
}

static int
test_publisher_open(struct sl_publisher *base, struct sl_marker *ret_marker, struct sl_error *err)
{
    pthread_mutex_lock(&test_mutex);
    *ret_marker = *test_marker(base->identity);
    pthread_mutex_unlock(&test_mutex);
    return SL_OK;
}

/* Now and then the answer is lost, before it was written or after. */
static int
test_publisher_publish(struct sl_publisher *base, const struct sl_records *records,
                       const struct sl_marker *marker, struct sl_error *err)
{
    const struct sl_connector_config *config = base->config;
    uint64_t chance = config->env->ops->random(config->env) % 16;
    struct sl_arena arena;
    struct sl_row_frame *frame;

    if (chance == 0)
        return SL_ERROR(err, SL_E_CONNECTION, "lost before it was written");
    sl_arena_init(&arena);
    frame = sl_row_frame_new(&arena, config->physical, NULL, 0);
    for (uint32_t i = 0; i < records->count; i++) {
        struct sl_text text = {records->items[i].value, records->items[i].value_length};
        struct test_row to = {0};
        struct sl_batch *batch;

        SL_ASSERT(sl_row_frame_read(frame, config->pool, &text, 1, &batch, err) == SL_OK);
        to.kind = (uint8_t)sl_batch_kind(batch, 0);
        for (size_t c = 0; c < config->physical->count; c++)
            to.values[c] = ((const int64_t *)batch->columns[c]->values)[0];
        sl_batch_unref(batch);
        test_table_add(config->table_id, &to);
    }
    sl_arena_done(&arena);
    pthread_mutex_lock(&test_mutex);
    *test_marker(base->identity) = *marker;
    pthread_mutex_unlock(&test_mutex);
    return chance == 1   ? SL_ERROR(err, SL_E_CONNECTION, "lost after it was written")
           : chance == 2 ? SL_EOF
                         : SL_OK;
}

static void
test_publisher_close(struct sl_publisher *base)
{
}

static const struct sl_publisher_class test_publisher_class = {
    .size = sizeof(struct sl_publisher),
    .open = test_publisher_open,
    .publish = test_publisher_publish,
    .close = test_publisher_close,
};

static const struct sl_sink_class test_published_sink_class = {
    .size = sizeof(struct sl_sink),
};

static const struct sl_connector_class test_published = {
    .descriptor = {.name = "published",
                   .abilities = SL_ABILITY_SINK | SL_ABILITY_EXACTLY_ONCE,
                   .internal_format = "row"},
    .sink = &test_published_sink_class,
    .publisher = &test_publisher_class,
};

static const struct sl_connector_class test_connector = {
    .descriptor = {.name = "test",
                   .abilities = SL_ABILITY_SOURCE | SL_ABILITY_SINK | SL_ABILITY_COLUMNS_SOURCE |
                                SL_ABILITY_COLUMNS_SINK},
    .source = &test_source_class,
    .sink = &test_sink_class,
};

static const struct sl_connector_class test_generator = {
    .descriptor = {.name = "generator", .abilities = SL_ABILITY_SOURCE | SL_ABILITY_GENERATOR},
    .source = &test_source_class,
};

const struct sl_connector_class *
sl_connector_find(const char *name)
{
    return strcmp(name, "generator") == 0   ? &test_generator
           : strcmp(name, "published") == 0 ? &test_published
                                            : &test_connector;
}
