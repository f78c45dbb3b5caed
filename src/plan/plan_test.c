/* Plans of every operator: stored and read back, copied, explained. */
#include "plan/copy.h"
#include "plan/descriptors.h"
#include "plan/physical.h"

#include <criterion/criterion.h>

static struct sl_arena arena;
static struct sl_error err;

static void
start(void)
{
    sl_arena_init(&arena);
}

static void
stop(void)
{
    sl_arena_done(&arena);
}

TestSuite(plan, .init = start, .fini = stop);

/* --- making plans by hand --- */

static struct sl_phys_plan *
plan_new(size_t capacity)
{
    struct sl_phys_plan *plan = SL_NEW(&arena, struct sl_phys_plan);

    plan->nodes = SL_NEW_ARRAY(&arena, struct sl_phys_node *, capacity);
    plan->settings = (struct sl_phys_settings){.batch_size = 4096,
                                               .max_parallelism = 128,
                                               .watermark_interval_us = 200000,
                                               .runtime_error = SL_ON_ERROR_SKIP,
                                               .zone = "Europe/Berlin",
                                               .restart_strategy = "fixed-delay",
                                               .restart_delay_us = 1000000,
                                               .restart_attempts = -1};
    return plan;
}

static struct sl_phys_node *
add(struct sl_phys_plan *plan, enum sl_op_kind kind, const struct sl_schema *schema, void *detail,
    struct sl_phys_node *input)
{
    struct sl_phys_node *node = SL_NEW(&arena, struct sl_phys_node);

    node->kind = kind;
    node->id = (uint32_t)plan->node_count;
    node->uid = sl_arena_printf(&arena, "uid-%u", node->id);
    node->parallelism = 1;
    node->schema = sl_schema_copy(&arena, schema);
    node->kinds = SL_KINDS_INSERT;
    node->detail = detail;
    if (input) {
        node->inputs = SL_NEW(&arena, struct sl_phys_input);
        node->inputs[0].node = input;
        node->input_count = 1;
    }
    plan->nodes[plan->node_count++] = node;
    return node;
}

static struct sl_schema *
schema_of(size_t count, ...)
{
    struct sl_schema *schema = sl_schema_new(&arena, count);
    va_list args;

    va_start(args, count);
    for (size_t i = 0; i < count; i++) {
        schema->columns[i].name = va_arg(args, const char *);
        schema->columns[i].type = va_arg(args, const struct sl_type *);
    }
    va_end(args);
    return schema;
}

static uint32_t *
columns(size_t count, ...)
{
    uint32_t *list = SL_NEW_ARRAY(&arena, uint32_t, count);
    va_list args;

    va_start(args, count);
    for (size_t i = 0; i < count; i++)
        list[i] = va_arg(args, uint32_t);
    va_end(args);
    return list;
}

static struct sl_expr *
call(const char *name, struct sl_expr *a, struct sl_expr *b)
{
    struct sl_expr **args = SL_NEW_ARRAY(&arena, struct sl_expr *, 2), *expr;

    args[0] = a;
    args[1] = b;
    cr_assert_eq(sl_expr_call(&arena, name, args, 2, 17, &expr, &err), SL_OK, "%s", err.text);
    return expr;
}

static struct sl_expr *
integer(int64_t value)
{
    struct sl_value literal = {.type = &sl_type_bigint, .integer = value};

    return sl_expr_literal(&arena, &literal);
}

static struct sl_expr **
pass(const struct sl_schema *schema)
{
    struct sl_expr **exprs = SL_NEW_ARRAY(&arena, struct sl_expr *, schema->count);

    for (uint32_t i = 0; i < schema->count; i++)
        exprs[i] = sl_expr_column(&arena, i, schema->columns[i].type);
    return exprs;
}

/* --- the stored form --- */

static void
check_round_trip(const struct sl_phys_plan *plan)
{
    struct sl_buffer first, second, third;
    struct sl_phys_plan *read;

    sl_buffer_init(&first, SIZE_MAX);
    sl_buffer_init(&second, SIZE_MAX);
    sl_buffer_init(&third, SIZE_MAX);
    sl_phys_write_json(plan, &first);
    cr_assert_eq(sl_phys_read_json(&arena, sl_buffer_text(&first), &read, &err), SL_OK, "%s",
                 err.text);
    sl_phys_write_json(read, &second);
    cr_assert_str_eq(second.data, first.data);
    sl_phys_write_json(sl_phys_copy(&arena, plan), &third);
    cr_assert_str_eq(third.data, first.data);
    sl_buffer_reset(&second);
    sl_buffer_reset(&third);
    sl_phys_explain(plan, true, &second);
    sl_phys_explain(read, true, &third);
    cr_assert_str_eq(third.data, second.data);
    sl_buffer_done(&first);
    sl_buffer_done(&second);
    sl_buffer_done(&third);
}

static struct sl_phys_node *
add_scan(struct sl_phys_plan *plan, struct sl_schema *physical)
{
    struct sl_phys_scan *scan = SL_NEW(&arena, struct sl_phys_scan);
    struct sl_option *hint = SL_NEW(&arena, struct sl_option);
    struct sl_schema *out = sl_schema_copy(&arena, physical);

    *hint = (struct sl_option){"scan.startup.mode", "earliest-offset", 3, 9};
    *scan = (struct sl_phys_scan){
        .table_id = UINT64_C(1) << 40,
        .table_version = 3,
        .table_name = "x.bids",
        .connector = "kafka",
        .format = "json",
        .hints = {hint, 1},
        .physical = physical,
        .primary_key = columns(1, 0),
        .primary_key_count = 1,
        .decoded = columns(2, 0, 1),
        .decoded_count = 2,
        .filter = call(">", sl_expr_column(&arena, 0, &sl_type_bigint), integer(-1)),
        .watermark_from_source = true,
        .watermark_on_event = true,
        .idle_timeout_us = 5000000,
        .max_ahead_us = 7000000,
        .alignment_group = "g",
        .alignment_drift_us = 8000000,
        .alignment_update_us = 9000000,
        .kinds = true,
        .on_error = SL_ON_ERROR_DEAD_LETTER};
    scan->metadata = SL_NEW(&arena, const char *);
    scan->metadata[0] = "offset";
    scan->metadata_types = SL_NEW(&arena, const struct sl_type *);
    scan->metadata_types[0] = &sl_type_bigint;
    scan->metadata_count = 1;
    scan->exprs = pass(out);
    scan->time = sl_expr_column(&arena, 1, &sl_type_timestamp3);
    scan->watermark = sl_expr_column(&arena, 1, &sl_type_timestamp3);
    out->columns[1].time = SL_TIME_EVENT;
    return add(plan, SL_OP_SCAN, out, scan, NULL);
}

static struct sl_aggregate **
aggregates(struct sl_expr *arg, struct sl_expr *filter)
{
    struct sl_aggregate **list = SL_NEW_ARRAY(&arena, struct sl_aggregate *, 2);
    struct sl_expr **args = SL_NEW(&arena, struct sl_expr *);

    args[0] = arg;
    cr_assert_eq(sl_aggregate_bind(&arena, "COUNT", NULL, 0, false, NULL, -1, &list[0], &err),
                 SL_OK);
    cr_assert_eq(sl_aggregate_bind(&arena, "SUM", args, 1, true, filter, 40, &list[1], &err),
                 SL_OK);
    return list;
}

static struct sl_phys_sink *
sink_detail(struct sl_schema *physical)
{
    struct sl_phys_sink *sink = SL_NEW(&arena, struct sl_phys_sink);

    *sink = (struct sl_phys_sink){.table_id = 7,
                                  .table_version = 1,
                                  .table_name = "out",
                                  .connector = "kafka",
                                  .format = "json",
                                  .physical = physical,
                                  .primary_key = columns(1, 0),
                                  .primary_key_count = 1,
                                  .partition_by = columns(1, 1),
                                  .partition_by_count = 1,
                                  .upsert = true,
                                  .guarantee = "exactly-once",
                                  .not_null = columns(1, 0),
                                  .not_null_count = 1,
                                  .on_error = SL_ON_ERROR_SKIP};
    sink->metadata_columns = columns(1, 1);
    sink->metadata = SL_NEW(&arena, const char *);
    sink->metadata[0] = "timestamp";
    sink->metadata_count = 1;
    return sink;
}

/* scan → window table → calc → hash → window aggregate → sink, late rows to another sink. */
Test(plan, streaming)
{
    struct sl_phys_plan *plan = plan_new(8);
    struct sl_schema *physical = schema_of(2, "price", &sl_type_bigint, "ts", &sl_type_timestamp3);
    struct sl_schema *windows = schema_of(5, "price", &sl_type_bigint, "ts", &sl_type_timestamp3,
                                          "window_start", &sl_type_timestamp3, "window_end",
                                          &sl_type_timestamp3, "window_time", &sl_type_timestamp3);
    struct sl_schema *result = schema_of(4, "price", &sl_type_bigint, "n", &sl_type_bigint, "total",
                                         &sl_type_bigint, "window_end", &sl_type_timestamp3);
    struct sl_phys_window_table *table = SL_NEW(&arena, struct sl_phys_window_table);
    struct sl_phys_calc *calc = SL_NEW(&arena, struct sl_phys_calc);
    struct sl_phys_window_aggregate *aggregate = SL_NEW(&arena, struct sl_phys_window_aggregate);
    struct sl_phys_node *node;

    node = add_scan(plan, physical);
    table->window = (struct sl_window){.kind = SL_WINDOW_HOP,
                                       .size_us = 60000000,
                                       .slide_us = 5000000,
                                       .offset_us = -1000,
                                       .processing_time = true,
                                       .local_zone = true};
    table->time_column = 1;
    node = add(plan, SL_OP_WINDOW_TABLE, windows, table, node);
    calc->exprs = pass(windows);
    calc->filter = call("=", sl_expr_column(&arena, 0, &sl_type_bigint),
                        sl_expr_param(&arena, 2, &sl_type_bigint));
    node = add(plan, SL_OP_CALC, windows, calc, node);
    *aggregate = (struct sl_phys_window_aggregate){
        .window = {.size_us = 60000000},
        .time_column = 1,
        .keys = columns(1, 0),
        .key_count = 1,
        .aggregates = aggregates(sl_expr_column(&arena, 0, &sl_type_bigint),
                                 call(">", sl_expr_column(&arena, 0, &sl_type_bigint), integer(0))),
        .aggregate_count = 2,
        .has_end = true};
    node = add(plan, SL_OP_WINDOW_AGGREGATE, result, aggregate, node);
    node->parallelism = 4;
    node->inputs[0].exchange = SL_EXCHANGE_HASH;
    node->inputs[0].keys = columns(1, 0);
    node->inputs[0].key_count = 1;
    node->upsert_key = columns(2, 0, 3);
    node->upsert_key_count = 2;
    node->kinds = SL_KINDS_UPSERT;
    add(plan, SL_OP_SINK, schema_of(0), sink_detail(result), node)->parallelism = 4;
    node->late.sink = add(plan, SL_OP_SINK, schema_of(0), sink_detail(result), NULL);
    node->error.sink = node->late.sink;
    check_round_trip(plan);
    cr_assert_eq(sl_phys_max_parallelism(plan), 4);
    cr_assert(!sl_phys_is_bounded(plan));
}

/* scan → sessions → trigger → collect. */
Test(plan, sessions_and_triggers)
{
    struct sl_phys_plan *plan = plan_new(8);
    struct sl_schema *physical = schema_of(2, "price", &sl_type_bigint, "ts", &sl_type_timestamp3);
    struct sl_schema *windows = schema_of(5, "price", &sl_type_bigint, "ts", &sl_type_timestamp3,
                                          "window_start", &sl_type_timestamp3, "window_end",
                                          &sl_type_timestamp3, "window_time", &sl_type_timestamp3);
    struct sl_schema *result = schema_of(4, "price", &sl_type_bigint, "n", &sl_type_bigint, "total",
                                         &sl_type_bigint, "window_id", &sl_type_bigint);
    struct sl_phys_session_table *table = SL_NEW(&arena, struct sl_phys_session_table);
    struct sl_phys_trigger_aggregate *aggregate = SL_NEW(&arena, struct sl_phys_trigger_aggregate);
    struct sl_phys_node *node = add_scan(plan, physical);

    *table = (struct sl_phys_session_table){
        .window = {.kind = SL_WINDOW_SESSION, .size_us = 60000000, .processing_time = true},
        .time_column = 1,
        .keys = columns(1, 0),
        .key_count = 1};
    node = add(plan, SL_OP_SESSION_TABLE, windows, table, node);
    *aggregate = (struct sl_phys_trigger_aggregate){
        .trigger = {.kind = SL_TRIGGER_EVENT_TIME,
                    .every = 60000000,
                    .evictor = SL_EVICTOR_TIME,
                    .keeps = 3600000000,
                    .purges = true},
        .time_column = 4,
        .keys = columns(1, 0),
        .key_count = 1,
        .aggregates = aggregates(sl_expr_column(&arena, 0, &sl_type_bigint),
                                 call(">", sl_expr_column(&arena, 0, &sl_type_bigint), integer(0))),
        .aggregate_count = 2,
        .has_id = true,
        .ttl_us = 86400000000};
    node = add(plan, SL_OP_TRIGGER_AGGREGATE, result, aggregate, node);
    add(plan, SL_OP_COLLECT, schema_of(0), SL_NEW(&arena, struct sl_phys_collect), node);
    check_round_trip(plan);
}

static struct sl_rank
some_rank(void)
{
    struct sl_rank rank = {.function = SL_OVER_DENSE_RANK,
                           .partition = columns(1, 0),
                           .partition_count = 1,
                           .order = SL_NEW_ARRAY(&arena, struct sl_sort_key, 2),
                           .order_count = 2,
                           .start = 2,
                           .end = INT64_MAX,
                           .has_end_column = true,
                           .end_column = 1,
                           .has_rank = true};

    rank.order[0] = (struct sl_sort_key){.column = 1, .descending = true};
    rank.order[1] = (struct sl_sort_key){.column = 0, .nulls_first = true};
    return rank;
}

/* scan → Top-N → of windows → of bounded input, with a rank more each; deduplication, sort. */
Test(plan, ranks)
{
    struct sl_phys_plan *plan = plan_new(8);
    struct sl_schema *schemas[] = {
        schema_of(2, "a", &sl_type_bigint, "ts", &sl_type_timestamp3),
        schema_of(3, "a", &sl_type_bigint, "ts", &sl_type_timestamp3, "r", &sl_type_bigint),
    };
    struct sl_phys_top_n *top = SL_NEW(&arena, struct sl_phys_top_n);
    struct sl_phys_window_rank *windows = SL_NEW(&arena, struct sl_phys_window_rank);
    struct sl_phys_batch_rank *batch = SL_NEW(&arena, struct sl_phys_batch_rank);
    struct sl_phys_deduplicate *deduplicate = SL_NEW(&arena, struct sl_phys_deduplicate);
    struct sl_phys_temporal_sort *sort = SL_NEW(&arena, struct sl_phys_temporal_sort);
    struct sl_phys_node *scan = add_scan(plan, schemas[0]), *node;

    *deduplicate = (struct sl_phys_deduplicate){.keys = columns(1, 0),
                                                .key_count = 1,
                                                .time_column = 1,
                                                .processing_time = true,
                                                .keeps_last = true,
                                                .emits_before = true,
                                                .ttl_us = 1000};
    node = add(plan, SL_OP_DEDUPLICATE, schemas[0], deduplicate, scan);
    *sort = (struct sl_phys_temporal_sort){some_rank().order, 2, true};
    node = add(plan, SL_OP_TEMPORAL_SORT, schemas[0], sort, node);
    *top = (struct sl_phys_top_n){some_rank(), true, columns(1, 1), 1, true, 86400000000};
    add(plan, SL_OP_TOP_N, schemas[1], top, node);
    *windows = (struct sl_phys_window_rank){.rank = some_rank(),
                                            .window = {.size_us = 60000000, .local_zone = true},
                                            .end_column = 1,
                                            .last_first = true};
    add(plan, SL_OP_WINDOW_RANK, schemas[1], windows, node);
    batch->rank = some_rank();
    add(plan, SL_OP_BATCH_RANK, schemas[1], batch, node);
    check_round_trip(plan);
}

static struct sl_phys_node *
add_join(struct sl_phys_plan *plan, enum sl_op_kind kind, const struct sl_schema *schema,
         void *detail, struct sl_phys_node *left, struct sl_phys_node *right)
{
    struct sl_phys_node *node = add(plan, kind, schema, detail, NULL);

    node->inputs = SL_NEW_ARRAY(&arena, struct sl_phys_input, 2);
    node->inputs[0].node = left;
    node->inputs[1].node = right;
    node->input_count = 2;
    return node;
}

/* UNNEST and both joins of subqueries over `node`, with the rows of `right`. */
static struct sl_phys_node *
add_subqueries(struct sl_phys_plan *plan, const struct sl_schema *schema, struct sl_phys_node *node,
               struct sl_phys_node *right)
{
    struct sl_phys_semi_join *semi = SL_NEW(&arena, struct sl_phys_semi_join);
    struct sl_phys_unnest *unnest = SL_NEW(&arena, struct sl_phys_unnest);
    struct sl_phys_single_join *single = SL_NEW(&arena, struct sl_phys_single_join);

    *semi = (struct sl_phys_semi_join){.kind = SL_SEMI_JOIN_ANTI,
                                       .left_keys = columns(1, 0),
                                       .right_keys = columns(1, 0),
                                       .key_count = 1,
                                       .ttl_us = 1000};
    *single = (struct sl_phys_single_join){.condition =
                                               call(">", sl_expr_column(&arena, 0, &sl_type_bigint),
                                                    sl_expr_column(&arena, 2, &sl_type_bigint)),
                                           .at_end = true};
    *unnest = (struct sl_phys_unnest){.args = columns(2, 0, 0),
                                      .arg_count = 2,
                                      .kept = columns(1, 1),
                                      .kept_count = 1,
                                      .is_series = true,
                                      .has_ordinality = true};
    node = add(plan, SL_OP_UNNEST, schema, unnest, node);
    node = add_join(plan, SL_OP_SEMI_JOIN, schema, semi, node, right);
    return add_join(plan, SL_OP_SINGLE_JOIN, schema, single, node, right);
}

/* values and scan → union → merge → batch aggregate → sort → limit → collect, and a change. */
Test(plan, bounded)
{
    struct sl_phys_plan *plan = plan_new(16);
    struct sl_schema *schema = schema_of(2, "a", &sl_type_bigint, "ts", &sl_type_timestamp3);
    struct sl_schema *result =
        schema_of(3, "a", &sl_type_bigint, "n", &sl_type_bigint, "s", &sl_type_bigint);
    struct sl_phys_values *values = SL_NEW(&arena, struct sl_phys_values);
    struct sl_phys_changelog_merge *merge = SL_NEW(&arena, struct sl_phys_changelog_merge);
    struct sl_phys_batch_aggregate *aggregate = SL_NEW(&arena, struct sl_phys_batch_aggregate);
    struct sl_phys_sort *sort = SL_NEW(&arena, struct sl_phys_sort);
    struct sl_phys_limit *limit = SL_NEW(&arena, struct sl_phys_limit);
    struct sl_phys_collect *collect = SL_NEW(&arena, struct sl_phys_collect);
    struct sl_phys_change *change = SL_NEW(&arena, struct sl_phys_change);
    struct sl_phys_node *scan, *node, *one;

    plan->settings.batch_mode = true;
    scan = add_scan(plan, schema);
    ((struct sl_phys_scan *)scan->detail)->bounded = true;
    values->row_count = 1;
    values->rows = SL_NEW(&arena, struct sl_value *);
    values->rows[0] = SL_NEW_ARRAY(&arena, struct sl_value, 2);
    values->rows[0][0] = (struct sl_value){.type = &sl_type_bigint, .integer = INT64_MIN};
    values->rows[0][1] = sl_value_null(&sl_type_timestamp3);
    one = add(plan, SL_OP_VALUES, schema, values, NULL);
    node = add(plan, SL_OP_UNION, schema, NULL, NULL);
    node->inputs = SL_NEW_ARRAY(&arena, struct sl_phys_input, 2);
    node->inputs[0].node = scan;
    node->inputs[1].node = one;
    node->input_count = 2;
    node = add(plan, SL_OP_REPLICATE, schema, NULL, node);
    node = add_subqueries(plan, schema, node, one);
    merge->keys = columns(1, 0);
    merge->key_count = 1;
    node = add(plan, SL_OP_CHANGELOG_MERGE, schema, merge, node);
    aggregate->keys = columns(1, 0);
    aggregate->key_count = 1;
    aggregate->aggregates = aggregates(sl_expr_column(&arena, 0, &sl_type_bigint), NULL);
    aggregate->aggregate_count = 2;
    node = add(plan, SL_OP_BATCH_AGGREGATE, result, aggregate, node);
    sort->keys = SL_NEW_ARRAY(&arena, struct sl_sort_key, 2);
    sort->keys[0] = (struct sl_sort_key){.column = 2, .descending = true};
    sort->keys[1] = (struct sl_sort_key){.column = 0, .nulls_first = true};
    sort->key_count = 2;
    sort->limit = -1;
    node = add(plan, SL_OP_SORT, result, sort, node);
    *limit = (struct sl_phys_limit){.offset = 2, .limit = 0};
    node = add(plan, SL_OP_LIMIT, result, limit, node);
    collect->row_kinds = true;
    add(plan, SL_OP_COLLECT, schema_of(0), collect, node);
    *change = (struct sl_phys_change){.is_delete = true, .column_count = 2};
    node = add(plan, SL_OP_CHANGE, schema, change, scan);
    node->kinds = 1u << SL_ROW_DELETE;
    add(plan, SL_OP_SINK, schema_of(0), sink_detail(schema), node);
    check_round_trip(plan);
    cr_assert(sl_phys_is_bounded(plan));
}

static struct sl_value
text_value(const struct sl_type *type, const char *bytes, size_t size)
{
    return (struct sl_value){.type = type, .text = {bytes, size}};
}

/* One literal of every type, with the values that break careless writers. */
Test(plan, literals)
{
    struct sl_phys_plan *plan = plan_new(2);
    struct sl_phys_values *detail = SL_NEW(&arena, struct sl_phys_values);
    const struct sl_type *decimal = sl_type_decimal(&arena, 38, 2);
    const struct sl_type *array = sl_type_array(&arena, &sl_type_int);
    const struct sl_type *map = sl_type_map(&arena, &sl_type_string, &sl_type_double);
    const struct sl_field fields[] = {{"x", &sl_type_int}, {"y", &sl_type_string}};
    const struct sl_type *row = sl_type_row(&arena, fields, 2);
    struct sl_value items[] = {{.type = &sl_type_int, .integer = 1}, sl_value_null(&sl_type_int)};
    struct sl_value pair[] = {text_value(&sl_type_string, "k", 1),
                              {.type = &sl_type_double, .real = 0.1}};
    struct sl_value members[] = {{.type = &sl_type_int, .integer = 5},
                                 text_value(&sl_type_string, "", 0)};
    struct sl_value values[] = {
        {.type = &sl_type_boolean, .boolean = true},
        {.type = &sl_type_tinyint, .integer = -128},
        {.type = &sl_type_bigint, .integer = INT64_MAX},
        {.type = &sl_type_float, .real = 0.1f},
        {.type = &sl_type_double, .real = 1.0 / 3},
        {.type = &sl_type_double, .real = -__builtin_inf()},
        {.type = decimal, .decimal = -((sl_int128)INT64_MAX * 1000 + 1)},
        text_value(&sl_type_string, "quote \" back \\ nul \0 end é", 27),
        text_value(&sl_type_bytes, "\xff\x00z", 3),
        {.type = &sl_type_date, .integer = -1},
        {.type = &sl_type_time, .integer = 86399999999},
        {.type = &sl_type_timestamp6, .integer = -1},
        {.type = &sl_type_timestamp_ltz3, .integer = 1},
        {.type = &sl_type_interval_month, .integer = 14},
        {.type = &sl_type_interval_day, .integer = -5},
        {.type = array, .list = {items, 2}},
        {.type = map, .list = {pair, 2}},
        {.type = row, .list = {members, 2}},
        sl_value_null(row),
    };
    size_t count = SL_COUNT_OF(values);
    struct sl_schema *schema = sl_schema_new(&arena, count);
    struct sl_phys_plan *read;
    struct sl_buffer json;
    struct sl_value *back;

    for (size_t i = 0; i < count; i++)
        schema->columns[i] = (struct sl_schema_column){.name = sl_arena_printf(&arena, "c%zu", i),
                                                       .type = values[i].type};
    detail->rows = SL_NEW(&arena, struct sl_value *);
    detail->rows[0] = values;
    detail->row_count = 1;
    add(plan, SL_OP_VALUES, schema, detail, NULL);
    check_round_trip(plan);
    sl_buffer_init(&json, SIZE_MAX);
    sl_phys_write_json(plan, &json);
    cr_assert_eq(sl_phys_read_json(&arena, sl_buffer_text(&json), &read, &err), SL_OK);
    back = ((struct sl_phys_values *)read->nodes[0]->detail)->rows[0];
    for (size_t i = 0; i + 1 < count; i++) {
        cr_assert(!back[i].is_null);
        cr_assert_eq(sl_value_compare(&back[i], &values[i]), 0, "value %zu", i);
    }
    cr_assert(back[count - 1].is_null);
    sl_buffer_done(&json);
}

/* What is no plan says so, and does not crash. */
/* A job outlives the statement that made its plan: items of a value have types of their own. */
Test(plan, nested_values_are_copied_whole)
{
    struct sl_arena statement;
    struct sl_value items[2], array, copy;

    sl_arena_init(&statement);
    array = (struct sl_value){.type = sl_type_array(&statement, &sl_type_int)};
    for (size_t i = 0; i < 2; i++)
        items[i] = (struct sl_value){.type = sl_type_nullable(&statement, &sl_type_int, false),
                                     .integer = (int64_t)i};
    array.list.items = items;
    array.list.count = 2;
    copy = sl_plan_copy_value(&arena, &array);
    cr_assert_eq(copy.list.count, 2);
    cr_expect_neq(copy.type, array.type);
    cr_expect_neq(copy.list.items[1].type, items[1].type);
    cr_expect(sl_type_identical(copy.list.items[1].type, items[1].type));
    cr_expect_eq(copy.list.items[1].integer, 1);
    sl_arena_done(&statement);
}

Test(plan, broken)
{
    static const char *const texts[] = {
        "",
        "{",
        "[]",
        "{\"version\": 1}",
        "{\"version\": 1, \"settings\": {}, \"nodes\": [{\"operator\": \"Frob\"}]}",
        "{\"version\": 1, \"settings\": {}, \"nodes\": [{\"operator\": \"Limit\", \"parallelism\": "
        "1, "
        "\"inputs\": [{\"node\": 0, \"exchange\": \"forward\"}], \"schema\": []}]}",
        "{\"version\": 1, \"settings\": {\"runtimeError\": \"maybe\"}, \"nodes\": []}",
    };
    struct sl_phys_plan *read;

    for (size_t i = 0; i < SL_COUNT_OF(texts); i++)
        cr_assert_lt(sl_phys_read_json(&arena, sl_text_of(texts[i]), &read, &err), 0, "%s",
                     texts[i]);
    cr_assert_eq(sl_phys_read_json(&arena, SL_TEXT("{\"version\": 2}"), &read, &err),
                 SL_E_NOT_SUPPORTED);
}

Test(plan, descriptors)
{
    static const struct sl_connector_descriptor kafka = {.name = "kafka"};
    static const struct sl_connector_descriptor *const connectors[] = {&kafka};
    static const struct sl_format_descriptor json = {.name = "json"};
    static const struct sl_format_descriptor *const formats[] = {&json};
    const char *names[4];

    sl_descriptors_install(connectors, 1, formats, 1);
    cr_assert_eq(sl_connector_descriptor_find("KAFKA"), &kafka);
    cr_assert_null(sl_connector_descriptor_find("kafk"));
    cr_assert_eq(sl_format_descriptor_find("json"), &json);
    cr_assert_eq(sl_connector_names(names, 4), 1);
    cr_assert_str_eq(names[0], "kafka");
}
