/* For tests: plans over test tables, made by hand.  See test_tables.h. */
#include "executor/test_tables.h"

#include "base/base.h"

static const struct sl_option_list test_no_options;

void
test_plan_init(struct test_plan *plan, struct sl_arena *arena)
{
    plan->arena = arena;
    plan->plan = SL_NEW(arena, struct sl_phys_plan);
    plan->plan->nodes = SL_NEW_ARRAY(arena, struct sl_phys_node *, 32);
    plan->plan->settings = (struct sl_phys_settings){
        .batch_size = SL_BATCH_ROWS_MAX,
        .max_parallelism = 128,
        .watermark_interval_us = 200000,
        .zone = "UTC",
        .restart_strategy = "fixed-delay",
        .restart_delay_us = 1000000,
        .restart_attempts = -1,
    };
}

uint64_t
test_chance(uint64_t *seed, uint64_t limit)
{
    *seed = *seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (*seed >> 33) % limit;
}

struct sl_aggregate *
test_aggregate(struct sl_arena *arena, const char *name, struct sl_expr *arg, bool distinct)
{
    struct sl_aggregate *made;
    struct sl_error err;

    SL_ASSERT(sl_aggregate_bind(arena, name, &arg, arg ? 1 : 0, distinct, NULL, -1, &made, &err) ==
              SL_OK);
    return made;
}

/* ts, c1, c2 …: a time and numbers. */
struct sl_schema *
test_schema(struct sl_arena *arena, size_t column_count)
{
    struct sl_schema *schema = sl_schema_new(arena, column_count);

    for (size_t i = 0; i < column_count; i++) {
        schema->columns[i].name = sl_arena_printf(arena, "c%zu", i);
        schema->columns[i].type = i == 0 ? &sl_type_timestamp3 : &sl_type_bigint;
    }
    return schema;
}

static struct sl_phys_node *
test_node(struct test_plan *plan, enum sl_op_kind kind, uint32_t parallelism, size_t input_count)
{
    struct sl_phys_node *node = SL_NEW(plan->arena, struct sl_phys_node);

    node->kind = kind;
    node->id = (uint32_t)plan->plan->node_count;
    node->uid = sl_arena_printf(plan->arena, "n%u", node->id);
    node->parallelism = parallelism;
    node->schema = test_schema(plan->arena, 0);
    node->kinds = SL_KINDS_INSERT;
    node->inputs = SL_NEW_ARRAY(plan->arena, struct sl_phys_input, input_count);
    node->input_count = input_count;
    plan->plan->nodes[plan->plan->node_count++] = node;
    return node;
}

static struct sl_expr **
test_pick_all(struct test_plan *plan, const struct sl_schema *schema)
{
    struct sl_expr **exprs = SL_NEW_ARRAY(plan->arena, struct sl_expr *, schema->count);

    for (uint32_t i = 0; i < schema->count; i++)
        exprs[i] = sl_expr_column(plan->arena, i, schema->columns[i].type);
    return exprs;
}

static struct sl_expr *
test_call(struct test_plan *plan, const char *name, struct sl_expr *a, struct sl_expr *b)
{
    struct sl_expr *args[] = {a, b}, *call = NULL;
    struct sl_error err;

    SL_ASSERT(sl_expr_call(plan->arena, name, args, 2, -1, &call, &err) == SL_OK);
    return call;
}

static struct sl_expr *
test_literal(struct test_plan *plan, const struct sl_type *type, int64_t integer)
{
    struct sl_value value = {.type = type, .integer = integer};

    return sl_expr_literal(plan->arena, &value);
}

struct sl_phys_node *
test_plan_scan(struct test_plan *plan, uint64_t table, size_t column_count, uint32_t parallelism,
               int64_t delay_us, bool bounded)
{
    struct sl_phys_node *node = test_node(plan, SL_OP_SCAN, parallelism, 0);
    struct sl_phys_scan *scan = SL_NEW(plan->arena, struct sl_phys_scan);

    node->schema = test_schema(plan->arena, column_count);
    node->detail = scan;
    scan->table_id = table;
    scan->table_name = sl_arena_printf(plan->arena, "t%u", (unsigned)table);
    scan->connector = "test";
    scan->options = &test_no_options;
    scan->physical = node->schema;
    scan->decoded = SL_NEW_ARRAY(plan->arena, uint32_t, column_count);
    scan->decoded_count = column_count;
    for (uint32_t i = 0; i < column_count; i++)
        scan->decoded[i] = i;
    scan->exprs = test_pick_all(plan, node->schema);
    scan->bounded = bounded;
    if (delay_us >= 0)
        scan->time = scan->watermark = sl_expr_column(plan->arena, 0, &sl_type_timestamp3);
    if (delay_us > 0)
        scan->watermark =
            test_call(plan, "-", scan->time, test_literal(plan, &sl_type_interval_day, delay_us));
    return node;
}

struct sl_phys_node *
test_plan_values(struct test_plan *plan, const struct test_row *rows, size_t row_count,
                 size_t column_count)
{
    struct sl_phys_node *node = test_node(plan, SL_OP_VALUES, 1, 0);
    struct sl_phys_values *values = SL_NEW(plan->arena, struct sl_phys_values);

    node->schema = test_schema(plan->arena, column_count);
    node->detail = values;
    values->row_count = row_count;
    values->rows = SL_NEW_ARRAY(plan->arena, struct sl_value *, row_count);
    for (size_t i = 0; i < row_count; i++) {
        values->rows[i] = SL_NEW_ARRAY(plan->arena, struct sl_value, column_count);
        for (size_t c = 0; c < column_count; c++)
            values->rows[i][c] = (struct sl_value){.type = node->schema->columns[c].type,
                                                   .integer = rows[i].values[c]};
    }
    return node;
}

struct sl_phys_node *
test_plan_calc(struct test_plan *plan, struct sl_phys_node *input, uint32_t column, int64_t above)
{
    struct sl_phys_node *node = test_node(plan, SL_OP_CALC, input->parallelism, 1);
    struct sl_phys_calc *calc = SL_NEW(plan->arena, struct sl_phys_calc);

    node->inputs[0].node = input;
    node->schema = input->schema;
    node->detail = calc;
    calc->exprs = test_pick_all(plan, node->schema);
    calc->filter = test_call(plan, ">", sl_expr_column(plan->arena, column, &sl_type_bigint),
                             test_literal(plan, &sl_type_bigint, above));
    return node;
}

struct sl_phys_node *
test_plan_union(struct test_plan *plan, struct sl_phys_node *a, struct sl_phys_node *b,
                uint32_t parallelism)
{
    struct sl_phys_node *node = test_node(plan, SL_OP_UNION, parallelism, 2);

    node->inputs[0].node = a;
    node->inputs[1].node = b;
    node->schema = a->schema;
    return node;
}

struct sl_phys_node *
test_plan_tumble(struct test_plan *plan, struct sl_phys_node *input, uint32_t parallelism,
                 uint32_t key_column, uint32_t sum_column, int64_t size_us)
{
    struct sl_phys_node *node = test_node(plan, SL_OP_WINDOW_AGGREGATE, parallelism, 1);
    struct sl_phys_window_aggregate *aggregate =
        SL_NEW(plan->arena, struct sl_phys_window_aggregate);
    struct sl_expr *arg = sl_expr_column(plan->arena, sum_column, &sl_type_bigint);

    node->inputs[0].node = input;
    node->detail = aggregate;
    node->schema = test_schema(plan->arena, 5);
    node->schema->columns[0].type = &sl_type_bigint;
    node->schema->columns[3].type = node->schema->columns[4].type = &sl_type_timestamp3;
    aggregate->window = (struct sl_window){.kind = SL_WINDOW_TUMBLE, .size_us = size_us};
    aggregate->keys = SL_NEW(plan->arena, uint32_t);
    aggregate->keys[0] = key_column;
    aggregate->key_count = 1;
    aggregate->aggregates = SL_NEW_ARRAY(plan->arena, struct sl_aggregate *, 2);
    aggregate->aggregate_count = 2;
    aggregate->aggregates[0] = test_aggregate(plan->arena, "COUNT", NULL, false);
    aggregate->aggregates[1] = test_aggregate(plan->arena, "SUM", arg, false);
    aggregate->has_start = aggregate->has_end = true;
    return node;
}

void
test_plan_emit(struct test_plan *plan, struct sl_phys_node *tumble,
               const struct sl_emit_strategy *emit)
{
    struct sl_phys_window_emit *detail = SL_NEW(plan->arena, struct sl_phys_window_emit);

    detail->windows = *(const struct sl_phys_window_aggregate *)tumble->detail;
    detail->emit = *emit;
    detail->emits_before = true;
    tumble->kind = SL_OP_WINDOW_EMIT;
    tumble->detail = detail;
    tumble->kinds |= 1u << SL_ROW_UPDATE_BEFORE | 1u << SL_ROW_UPDATE_AFTER;
}

/* -1 instead of NULL. */
static struct sl_phys_node *
test_plan_without_nulls(struct test_plan *plan, struct sl_phys_node *input)
{
    size_t count = input->schema->count;
    struct sl_phys_node *node = test_node(plan, SL_OP_CALC, input->parallelism, 1);
    struct sl_phys_calc *calc = SL_NEW(plan->arena, struct sl_phys_calc);

    node->inputs[0].node = input;
    node->schema = input->schema;
    node->detail = calc;
    calc->exprs = SL_NEW_ARRAY(plan->arena, struct sl_expr *, count);
    for (uint32_t i = 0; i < count; i++) {
        const struct sl_type *type = input->schema->columns[i].type;

        calc->exprs[i] = test_call(plan, "COALESCE", sl_expr_column(plan->arena, i, type),
                                   test_literal(plan, type, -1));
    }
    return node;
}

struct sl_phys_node *
test_plan_interval_join(struct test_plan *plan, enum sl_join_kind kind, struct sl_phys_node *a,
                        struct sl_phys_node *b, uint32_t parallelism, int64_t near_us)
{
    static uint32_t keys[] = {1}, columns[] = {0, 1, 2, 3, 5};
    struct sl_phys_node *node = test_node(plan, SL_OP_INTERVAL_JOIN, parallelism, 2);
    struct sl_phys_interval_join *join = SL_NEW(plan->arena, struct sl_phys_interval_join);

    node->detail = join;
    node->schema = test_schema(plan->arena, SL_COUNT_OF(columns));
    for (size_t i = 0; i < SL_COUNT_OF(columns); i++)
        node->schema->columns[i] = a->schema->columns[columns[i] % 3];
    *join = (struct sl_phys_interval_join){
        .join = kind,
        .lower_us = -near_us,
        .upper_us = near_us,
        .bucket_us = near_us / 3 + 1,
        .left_keys = keys,
        .right_keys = keys,
        .key_count = 1,
        .columns = columns,
        .column_count = SL_COUNT_OF(columns),
    };
    node->inputs[0] = (struct sl_phys_input){a, SL_EXCHANGE_HASH, keys, 1};
    node->inputs[1] = (struct sl_phys_input){b, SL_EXCHANGE_HASH, keys, 1};
    return test_plan_without_nulls(plan, node);
}

struct sl_phys_node *
test_plan_sink(struct test_plan *plan, struct sl_phys_node *input, uint32_t parallelism,
               uint64_t table)
{
    struct sl_phys_node *node = test_node(plan, SL_OP_SINK, parallelism, input ? 1 : 0);
    struct sl_phys_sink *sink = SL_NEW(plan->arena, struct sl_phys_sink);
    struct sl_schema *aside = test_schema(plan->arena, 3);

    aside->columns[0].name = "event_time"; /* as plan/side_columns.h has it */
    if (input)
        node->inputs[0].node = input;
    node->detail = sink;
    sink->table_id = table;
    sink->table_name = sl_arena_printf(plan->arena, "t%u", (unsigned)table);
    sink->connector = "test";
    sink->options = &test_no_options;
    sink->physical = input ? input->schema : aside;
    sink->guarantee = "at-least-once";
    return node;
}

struct sl_phys_node *
test_plan_published(struct test_plan *plan, struct sl_phys_node *input, uint32_t parallelism,
                    uint64_t table)
{
    struct sl_phys_node *node = test_plan_sink(plan, input, parallelism, table);
    struct sl_phys_sink *sink = node->detail;

    sink->connector = "published";
    sink->guarantee = "exactly-once";
    return node;
}

struct sl_phys_node *
test_plan_collect(struct test_plan *plan, struct sl_phys_node *input)
{
    struct sl_phys_node *node = test_node(plan, SL_OP_COLLECT, 1, 1);

    node->inputs[0].node = input;
    node->schema = input->schema;
    node->detail = SL_NEW(plan->arena, struct sl_phys_collect);
    return node;
}

void
test_plan_exchange(struct sl_phys_node *node, enum sl_exchange_kind kind, uint32_t *keys,
                   size_t key_count)
{
    node->inputs[0].exchange = kind;
    node->inputs[0].keys = keys;
    node->inputs[0].key_count = key_count;
}
