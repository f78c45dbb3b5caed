/* What the unit tests of connectors share: a source or sink with its surroundings, driven as the
 * scan and the sink operators drive it. */
#ifndef SL_CONNECTOR_CONNECTOR_TEST_H
#define SL_CONNECTOR_CONNECTOR_TEST_H

#include "connector/connector.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>

struct test_table {
    struct sl_arena arena;
    struct sl_env *env;
    struct sl_pool *pool;
    const struct sl_connector_class *class;
    struct sl_option_list options;
    struct sl_connector_config config;
    struct sl_schema schema;
    struct sl_source *source;
    struct sl_sink *sink;
};

/* `options`: key, value …, NULL. */
static inline void
test_table_open(struct test_table *table, const char *connector, const char *const *options)
{
    memset(table, 0, sizeof(*table));
    sl_arena_init(&table->arena);
    table->env = sl_env_system_new(2, false);
    table->pool = sl_pool_new();
    table->class = sl_connector_find(connector);
    cr_assert_not_null(table->class);
    table->options.items = SL_NEW_ARRAY(&table->arena, struct sl_option, 32);
    for (; options[0]; options += 2)
        table->options.items[table->options.count++] =
            (struct sl_option){options[0], options[1], -1, -1};
    table->config = (struct sl_connector_config){
        .options = &table->options,
        .physical = &table->schema,
        .table_name = "t",
        .job_id = "0123456789abcdef0123456789abcdef",
        .subtask_count = 1,
        .env = table->env,
        .pool = table->pool,
        .wake = table->env->ops->wake_new(table->env),
        .batch_size = SL_BATCH_ROWS_MAX,
        .buffer_bytes = 32 << 20,
    };
}

static inline void
test_table_close(struct test_table *table)
{
    if (table->source)
        table->class->source->close(table->source);
    if (table->sink)
        table->class->sink->close(table->sink);
    table->env->ops->wake_free(table->env, table->config.wake);
    cr_expect_eq(sl_pool_used_bytes(table->pool), 0, "blocks are left");
    sl_pool_free(table->pool);
    sl_env_system_free(table->env);
    sl_arena_done(&table->arena);
}

/* Opens, discovers, begins every split of this subtask; returns what the first failure says. */
static inline int
test_source_start(struct test_table *table, struct sl_error *err)
{
    const struct sl_source_class *class = table->class->source;
    struct sl_split_list splits = {.arena = &table->arena};

    table->source = sl_arena_alloc(&table->arena, class->size);
    table->source->class = class;
    table->source->config = &table->config;
    SL_TRY(class->open(table->source, err));
    SL_TRY(class->discover(table->source, &splits, err));
    for (size_t i = 0; i < splits.count; i++) {
        if (splits.items[i].ordinal % table->config.subtask_count != table->config.subtask)
            continue;
        SL_TRY(
            class->add_split(table->source, &splits.items[i], (struct sl_text){"", 0}, false, err));
    }
    return SL_OK;
}

/* The next records, waiting for them; SL_AGAIN: none within 10 s. */
static inline int
test_source_poll(struct test_table *table, struct sl_records *records, struct sl_error *err)
{
    int64_t end_us = sl_monotonic_us(table->env) + 10000000;
    int rc;

    sl_error_reset(err);
    for (;;) {
        rc = table->class->source->poll(table->source, 1 << 20, records, err);
        if (rc != SL_AGAIN || sl_monotonic_us(table->env) > end_us)
            return rc;
        table->env->ops->wake_wait(table->env, table->config.wake, 1000000);
    }
}

static inline int
test_sink_start(struct test_table *table, struct sl_error *err)
{
    const struct sl_sink_class *class = table->class->sink;

    table->sink = sl_arena_alloc(&table->arena, class->size);
    table->sink->class = class;
    table->sink->config = &table->config;
    return class->open(table->sink, err);
}

static inline void
test_sink_write(struct test_table *table, const char *const *values, size_t count,
                const int64_t *timestamps_us)
{
    struct sl_record *items = sl_alloc(count * sizeof(*items));
    struct sl_records records = {.items = items, .count = (uint32_t)count};
    struct sl_error err;
    int rc;

    for (size_t i = 0; i < count; i++)
        items[i] = (struct sl_record){.value = values[i],
                                      .value_length = (uint32_t)strlen(values[i]),
                                      .key_length = SL_RECORD_NULL,
                                      .timestamp_us = timestamps_us ? timestamps_us[i] : INT64_MIN};
    rc = table->class->sink->write(table->sink, &records, &err);
    cr_assert_geq(rc, 0, "%s", err.text);
    while (rc == SL_AGAIN && !table->class->sink->ready(table->sink))
        table->env->ops->wake_wait(table->env, table->config.wake, 1000000);
    free(items);
}

/* A barrier, and the wait for its acknowledgement. */
static inline int
test_sink_settle(struct test_table *table, uint64_t epoch, struct sl_error *err)
{
    const struct sl_sink_class *class = table->class->sink;
    int64_t end_us = sl_monotonic_us(table->env) + 10000000;
    uint64_t reached = 0;

    SL_TRY(class->flush(table->sink, err));
    class->barrier(table->sink, epoch);
    while (reached < epoch) {
        SL_TRY(class->acknowledged(table->sink, &reached, err));
        cr_assert_lt(sl_monotonic_us(table->env), end_us, "no acknowledgement within 10 s");
        if (reached < epoch)
            table->env->ops->wake_wait(table->env, table->config.wake, 1000000);
    }
    return SL_OK;
}

#endif
