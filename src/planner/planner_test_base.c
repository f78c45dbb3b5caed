/* What the planner's tests share. */
#include "planner/planner_test.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>

/* --- connectors and formats that only describe themselves --- */

static const struct sl_option_spec test_memory_options[] = {
    {.name = "changelog-mode", .type = SL_OPTION_ENUM, .choices = "append|upsert|all"},
};
static const struct sl_option_spec test_kafka_options[] = {
    {.name = "topic", .type = SL_OPTION_STRING, .flags = SL_OPTION_REQUIRED},
    {.name = "scan.bounded.mode", .type = SL_OPTION_ENUM, .choices = "unbounded|latest-offset"},
    {.name = "properties.*", .type = SL_OPTION_PREFIX},
};
static const struct sl_option_spec test_json_options[] = {
    {.name = "ignore-parse-errors", .type = SL_OPTION_BOOLEAN},
};
static const struct sl_option_spec test_files_options[] = {
    {.name = "path", .type = SL_OPTION_STRING, .flags = SL_OPTION_REQUIRED},
};
static struct sl_metadata_spec test_kafka_metadata[] = {
    {.name = "offset", .writable = false},
    {.name = "timestamp", .writable = true},
};

static bool
test_kafka_is_bounded(const struct sl_option_list *options)
{
    const char *mode = sl_option_get(options, "scan.bounded.mode");

    return mode && strcmp(mode, "latest-offset") == 0;
}

static int
test_kafka_probe(const struct sl_probe *probe, struct sl_error *err)
{
    const char *topic = sl_option_get(probe->options, "topic");

    if (strcmp(topic, "nowhere") == 0)
        return SL_ERROR(err, SL_E_UNDEFINED_OBJECT, "topic \"%s\" does not exist", topic);
    return SL_OK;
}

static bool
test_partition_type(const struct sl_type *type)
{
    return type->kind == SL_TYPE_VARCHAR;
}

static const struct sl_connector_descriptor test_memory = {
    .name = "memory",
    .abilities = SL_ABILITY_SOURCE | SL_ABILITY_SINK | SL_ABILITY_UPSERT_SINK |
                 SL_ABILITY_RETRACT_SINK | SL_ABILITY_RECORD_KINDS | SL_ABILITY_CHANGE_DATA,
    .internal_format = "row",
    .options = test_memory_options,
    .option_count = SL_COUNT_OF(test_memory_options),
};
static const struct sl_connector_descriptor test_kafka = {
    .name = "kafka",
    .abilities = SL_ABILITY_SOURCE | SL_ABILITY_SINK,
    .options = test_kafka_options,
    .option_count = SL_COUNT_OF(test_kafka_options),
    .metadata = test_kafka_metadata,
    .metadata_count = SL_COUNT_OF(test_kafka_metadata),
    .is_bounded = test_kafka_is_bounded,
    .probe = test_kafka_probe,
};
static const struct sl_connector_descriptor test_blackhole = {
    .name = "blackhole",
    .abilities =
        SL_ABILITY_SINK | SL_ABILITY_COLUMNS_SINK | SL_ABILITY_RETRACT_SINK | SL_ABILITY_NO_BEFORE,
};
static const struct sl_connector_descriptor test_files = {
    .name = "filesystem",
    .abilities = SL_ABILITY_SOURCE | SL_ABILITY_SINK | SL_ABILITY_BOUNDED | SL_ABILITY_PARTITIONS,
    .options = test_files_options,
    .option_count = SL_COUNT_OF(test_files_options),
    .partition_type = test_partition_type,
};
static const struct sl_format_descriptor test_json = {
    .fields_by_name = true,
    .name = "json",
    .reads = true,
    .writes = true,
    .sink_kinds = 1u << SL_ROW_INSERT,
    .options = test_json_options,
    .option_count = SL_COUNT_OF(test_json_options),
};
static const struct sl_format_descriptor test_csv = {
    .name = "csv",
    .reads = true,
    .writes = true,
    .sink_kinds = 1u << SL_ROW_INSERT,
};

/* --- settings --- */

struct test_setting {
    const char *key, *value;
};
static const struct test_setting test_defaults[] = {
    {"execution.runtime-mode", "streaming"},
    {"parallelism.default", "1"},
    {"pipeline.max-parallelism", "-1"},
    {"pipeline.auto-watermark-interval", "200 ms"},
    {"table.exec.source.idle-timeout", "0 ms"},
    {"table.exec.mini-batch.enabled", ""},
    {"table.exec.state.ttl", "0 ms"},
    {"table.optimizer.distinct-agg.split.enabled", "false"},
    {"table.optimizer.distinct-agg.split.bucket-num", "1024"},
    {"table.exec.emit.early-fire.enabled", "false"},
    {"table.exec.emit.early-fire.delay", ""},
    {"table.exec.emit.late-fire.enabled", "false"},
    {"table.exec.emit.late-fire.delay", ""},
    {"table.exec.emit.allow-lateness", ""},
    {"table.optimizer.agg-phase-strategy", "AUTO"},
    {"table.exec.interval-join.min-cleanup-interval", "0 ms"},
    {"table.exec.source.cdc-events-duplicate", "false"},
    {"table.exec.sink.upsert-materialize", "AUTO"},
    {"table.exec.sink.require-on-conflict", "false"},
    {"table.exec.sink.not-null-enforcer", "ERROR"},
    {"table.exec.sink.type-length-enforcer", "IGNORE"},
    {"table.exec.numeric-overflow", "error"},
    {"table.exec.runtime-error", "fail"},
    {"dead-letter.table", ""},
    {"table.exec.late-rows.table", ""},
    {"table.local-time-zone", "UTC"},
    {"table.dynamic-table-options.enabled", "true"},
    {"restart-strategy.type", "fixed-delay"},
    {"restart-strategy.fixed-delay.delay", "1 s"},
    {"restart-strategy.fixed-delay.attempts", "3"},
    {"execution.checkpointing.interval", "1 s"},
    {"execution.checkpointing.timeout", "10 min"},
    {"execution.checkpointing.min-pause", "0 ms"},
    {"execution.checkpointing.unaligned.enabled", "false"},
    {"execution.checkpointing.aligned-checkpoint-timeout", "0 ms"},
    {"execution.checkpointing.tolerable-failed-checkpoints", "0"},
    {"execution.checkpointing.num-retained", "3"},
    {"sluice.outbox.limit", "1 gb"},
    {"sluice.batch-size", "4096"},
    {"sluice.window.max-slices", "100000"},
    {"sluice.row-kind", "auto"},
};
static struct test_setting test_overrides[8];
static size_t test_override_count;

void
planner_test_set(const char *key, const char *value)
{
    for (size_t i = 0; i < test_override_count; i++) {
        if (strcmp(test_overrides[i].key, key) == 0) {
            test_overrides[i].value = value;
            return;
        }
    }
    cr_assert(test_override_count < SL_COUNT_OF(test_overrides));
    test_overrides[test_override_count++] = (struct test_setting){key, value};
}

static const char *
test_setting(void *session, const char *key)
{
    for (size_t i = 0; i < test_override_count; i++)
        if (strcmp(test_overrides[i].key, key) == 0)
            return test_overrides[i].value;
    for (size_t i = 0; i < SL_COUNT_OF(test_defaults); i++)
        if (strcmp(test_defaults[i].key, key) == 0)
            return test_defaults[i].value;
    return NULL;
}

/* --- the fixture --- */

void
planner_test_start(struct planner_test *test)
{
    static const struct sl_connector_descriptor *const connectors[] = {
        &test_memory, &test_kafka, &test_blackhole, &test_files};
    static const struct sl_format_descriptor *const formats[] = {&test_json, &test_csv};

    memset(test, 0, sizeof(*test));
    test_override_count = 0;
    test_kafka_metadata[0].type = &sl_type_bigint;
    test_kafka_metadata[1].type = &sl_type_timestamp_ltz3;
    sl_arena_init(&test->arena);
    sl_descriptors_install(connectors, SL_COUNT_OF(connectors), formats, SL_COUNT_OF(formats));
    snprintf(test->directory, sizeof(test->directory), "/tmp/planner_test_XXXXXX");
    cr_assert(mkdtemp(test->directory) != NULL);
    cr_assert_eq(sl_catalog_open(test->directory, &test->catalog, &test->err), SL_OK, "%s",
                 test->err.text);
}

void
planner_test_stop(struct planner_test *test)
{
    char command[128];

    sl_catalog_close(test->catalog);
    sl_arena_done(&test->arena);
    snprintf(command, sizeof(command), "rm -r %s", test->directory);
    cr_assert_eq(system(command), 0);
}

/* Stored and read back, every plan is the same bytes, and so is its copy. */
static void
test_round_trip(struct planner_test *test, const struct sl_phys_plan *plan)
{
    struct sl_buffer first, second, third;
    struct sl_phys_plan *read;

    sl_buffer_init(&first, SIZE_MAX);
    sl_buffer_init(&second, SIZE_MAX);
    sl_buffer_init(&third, SIZE_MAX);
    sl_phys_write_json(plan, &first);
    cr_assert_eq(sl_phys_read_json(&test->arena, sl_buffer_text(&first), &read, &test->err), SL_OK,
                 "%s: %s", test->sql, test->err.text);
    sl_phys_write_json(read, &second);
    cr_assert_str_eq(second.data, first.data, "%s", test->sql);
    sl_phys_write_json(sl_phys_copy(&test->arena, plan), &third);
    cr_assert_str_eq(third.data, first.data, "%s", test->sql);
    sl_buffer_done(&first);
    sl_buffer_done(&second);
    sl_buffer_done(&third);
}

static int
test_statement(struct planner_test *test, struct sl_plan_context *context,
               const struct sl_ast *statement)
{
    struct sl_plan_options options = {.explain = !test->executes};
    const struct sl_table *found;
    struct sl_table *table;

    switch (statement->kind) {
    case SL_AST_CREATE_TABLE:
        SL_TRY(sl_plan_create_table(context, statement, &table, &test->insert, &test->err));
        return sl_catalog_create_table(test->catalog, table, &test->err);
    case SL_AST_CREATE_VIEW:
        SL_TRY(sl_plan_create_view(context, statement, &table, &test->err));
        return sl_catalog_create_table(test->catalog, table, &test->err);
    case SL_AST_ALTER_TABLE:
        SL_TRY(sl_plan_find_table(context, &((const struct sl_ast_alter_table *)statement)->name,
                                  &found, &test->err));
        SL_TRY(sl_plan_alter_table(context, statement, found, &table, &test->err));
        return sl_catalog_replace_table(test->catalog, table, &test->err);
    case SL_AST_CREATE_DATABASE:
        return sl_catalog_create_schema(test->catalog, "x", NULL, &test->err);
    default:
        SL_TRY(sl_plan_statement(context, statement, &options, &test->planned, &test->err));
        test_round_trip(test, test->planned->plan);
        return SL_OK;
    }
}

int
planner_test_run(struct planner_test *test, const char *sql)
{
    struct sl_ast_script *script;
    struct sl_plan_context context = {.arena = &test->arena,
                                      .catalog = test->catalog,
                                      .schema = "public",
                                      .setting = test_setting,
                                      .param_types = test->param_types,
                                      .param_count = test->param_count,
                                      .param_capacity = SL_COUNT_OF(test->param_types),
                                      .param_values = test->param_values};

    test->sql = sql;
    sl_error_reset(&test->err);
    SL_TRY(sl_parse_script(&test->arena, sl_text_of(sql), NULL, &script, &test->err));
    context.sql = script->text;
    for (size_t i = 0; i < script->count; i++)
        SL_TRY(test_statement(test, &context, script->statements[i].ast));
    test->param_count = context.param_count;
    return SL_OK;
}

static char *
test_explain(struct planner_test *test, const char *sql)
{
    struct sl_buffer text;
    char *copy;

    cr_assert_eq(planner_test_run(test, sql), SL_OK, "%s: %s (%s)", sql, test->err.text,
                 test->err.hint);
    sl_buffer_init(&text, SIZE_MAX);
    sl_phys_explain(test->planned->plan, test->changelog_mode, &text);
    copy = sl_arena_strndup(&test->arena, text.data, text.length);
    sl_buffer_done(&text);
    return copy;
}

const char *
planner_test_plan(struct planner_test *test, const char *sql)
{
    char *text = test_explain(test, sql), *tasks = strstr(text, "\n== Tasks ==\n");

    *tasks = 0;
    return text;
}

const char *
planner_test_tasks(struct planner_test *test, const char *sql)
{
    return strstr(test_explain(test, sql), "== Tasks ==\n") + strlen("== Tasks ==\n");
}

void
planner_test_refused(struct planner_test *test, const char *sql, const char *sqlstate,
                     const char *at)
{
    int rc = planner_test_run(test, sql);
    const char *place = at ? strstr(sql, at) : NULL;

    for (const char *next = place; next; next = strstr(next + 1, at))
        place = next;

    cr_assert(rc < 0, "%s: was planned", sql);
    cr_assert_str_eq(sl_error_sqlstate(rc), sqlstate, "%s: %s", sql, test->err.text);
    cr_assert(!at || place, "%s: no %s", sql, at);
    if (at)
        cr_assert_eq(test->err.offset, (int)(place - sql), "%s: %s at %d, not %d", sql,
                     test->err.text, test->err.offset, (int)(place - sql));
}

void
planner_test_hint(struct planner_test *test, const char *hint)
{
    cr_assert(strstr(test->err.hint, hint) != NULL, "%s: the hint is \"%s\"", test->sql,
              test->err.hint);
}
