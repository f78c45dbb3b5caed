/* GROUP BY over the windows of TUMBLE becomes one operator, which keeps one accumulator a window
 * and key and no rows.
 *
 *     SELECT window_start, channel, COUNT(*)
 *     FROM TABLE(TUMBLE(TABLE bids, DESCRIPTOR(ts), INTERVAL '1' MINUTE))
 *     GROUP BY window_start, window_end, channel
 *
 *     AGGREGATE(window_start, window_end, channel)       PROJECT(the same columns as before)
 *       PROJECT(window_start, window_end, channel)    →   WINDOW_AGGREGATE(channel)
 *         [FILTER over window columns]                       PROJECT(ts, channel)
 *           WINDOW_TABLE                                       bids
 *             bids
 *
 * A key that is computed from window columns alone is computed above; a filter over them filters
 * the result.  Arguments of aggregates must not use window columns. */
#include "planner/rules.h"

struct window_fusion {
    struct sl_arena *arena;
    struct sl_log_node *aggregate, *window, *filter; /* filter NULL: none */
    struct sl_expr **exprs; /* of the aggregate's input, over the window's columns */
    uint32_t input_count;   /* columns of the window's input */
    struct sl_expr **lower; /* what is computed under the new operator */
    const char **lower_names;
    size_t lower_count;
    uint32_t key_count;
    bool keeps_rows; /* late ones are wanted whole */
};

static bool
window_is_wide(const struct window_fusion *fusion, const struct sl_expr *expr)
{
    return !sl_expr_columns_within(expr, 0, fusion->input_count);
}

static bool
window_is_of_windows(const struct window_fusion *fusion, const struct sl_expr *expr)
{
    return sl_expr_columns_within(expr, fusion->input_count, fusion->input_count + 3) &&
           sl_expr_is_deterministic(expr);
}

/* Finds PROJECT, FILTER and WINDOW_TABLE under the aggregation. */
static bool
window_find(struct window_fusion *fusion, struct sl_log_node *aggregate)
{
    struct sl_log_node *node = aggregate->inputs[0];

    fusion->aggregate = aggregate;
    if (node->kind == SL_LOG_PROJECT) {
        fusion->exprs = node->exprs;
        node = node->inputs[0];
    }
    if (node->kind == SL_LOG_FILTER) {
        fusion->filter = node;
        node = node->inputs[0];
    }
    if (node->kind != SL_LOG_WINDOW_TABLE)
        return false;
    fusion->window = node;
    fusion->input_count = (uint32_t)node->inputs[0]->schema->count;
    if (!fusion->exprs) {
        fusion->exprs = SL_NEW_ARRAY(fusion->arena, struct sl_expr *, node->schema->count);
        for (uint32_t i = 0; i < node->schema->count; i++)
            fusion->exprs[i] = sl_log_column(fusion->arena, node->schema, i);
    }
    return true;
}

static bool
window_has_part(const struct window_fusion *fusion, uint32_t part)
{
    const struct sl_log_aggregate *aggregate = &fusion->aggregate->aggregate;

    for (size_t i = 0; i < aggregate->key_count; i++) {
        const struct sl_expr *key = fusion->exprs[aggregate->keys[i]];

        if (key->kind == SL_EXPR_COLUMN && key->column == fusion->input_count + part)
            return true;
    }
    return false;
}

/* Sessions are kept by the columns that they are partitioned by, which must be the keys. */
static bool
window_keys_are_partition(const struct window_fusion *fusion)
{
    const struct sl_log_aggregate *aggregate = &fusion->aggregate->aggregate;
    const struct sl_log_window_table *table = &fusion->window->window_table;
    size_t found = 0;

    for (size_t i = 0; i < aggregate->key_count; i++) {
        const struct sl_expr *key = fusion->exprs[aggregate->keys[i]];
        size_t at = 0;

        if (window_is_of_windows(fusion, key))
            continue;
        while (at < table->partition_count &&
               (key->kind != SL_EXPR_COLUMN || key->column != table->partition[at]))
            at++;
        if (at == table->partition_count)
            return false;
    }
    for (size_t at = 0; at < table->partition_count; at++)
        for (size_t i = 0; i < aggregate->key_count; i++) {
            const struct sl_expr *key = fusion->exprs[aggregate->keys[i]];

            if (key->kind == SL_EXPR_COLUMN && key->column == table->partition[at]) {
                found++;
                break;
            }
        }
    return found == table->partition_count;
}

static bool
window_can_fuse(const struct window_fusion *fusion)
{
    const struct sl_log_aggregate *aggregate = &fusion->aggregate->aggregate;

    if (fusion->window->window_table.window.kind == SL_WINDOW_SESSION &&
        !window_keys_are_partition(fusion))
        return false;
    if (!window_has_part(fusion, 0) || !window_has_part(fusion, 1))
        return false;
    if (fusion->filter && !window_is_of_windows(fusion, fusion->filter->filter))
        return false;
    for (size_t i = 0; i < aggregate->key_count; i++) {
        const struct sl_expr *key = fusion->exprs[aggregate->keys[i]];

        if (window_is_wide(fusion, key) && !window_is_of_windows(fusion, key))
            return false;
    }
    for (size_t i = 0; i < aggregate->aggregate_count; i++) {
        const struct sl_aggregate *item = aggregate->aggregates[i];

        for (size_t j = 0; j < item->arg_count; j++)
            if (!sl_aggregate_is_parameter(item, j) &&
                window_is_wide(fusion, fusion->exprs[item->args[j]->column]))
                return false;
        if (item->filter && window_is_wide(fusion, fusion->exprs[item->filter->column]))
            return false;
    }
    return true;
}

static uint32_t
window_add_lower(struct window_fusion *fusion, struct sl_expr *expr)
{
    for (uint32_t i = 0; i < fusion->lower_count; i++)
        if (sl_expr_equal(fusion->lower[i], expr))
            return i;
    fusion->lower[fusion->lower_count] = expr;
    fusion->lower_names[fusion->lower_count] =
        expr->kind == SL_EXPR_COLUMN ? fusion->window->inputs[0]->schema->columns[expr->column].name
                                     : sl_arena_printf(fusion->arena, "$f%zu", fusion->lower_count);
    return (uint32_t)fusion->lower_count++;
}

/* The same aggregate over the columns of the lower projection. */
static struct sl_aggregate *
window_lower_aggregate(struct window_fusion *fusion, const struct sl_aggregate *from)
{
    struct sl_aggregate *aggregate = SL_NEW(fusion->arena, struct sl_aggregate);

    *aggregate = *from;
    aggregate->args = SL_NEW_ARRAY(fusion->arena, struct sl_expr *, from->arg_count);
    for (size_t i = 0; i < from->arg_count; i++) {
        struct sl_expr *arg = from->args[i];

        if (!sl_aggregate_is_parameter(from, i))
            arg = fusion->exprs[arg->column];
        aggregate->args[i] =
            sl_aggregate_is_parameter(from, i)
                ? arg
                : sl_expr_column(fusion->arena, window_add_lower(fusion, arg), arg->type);
    }
    if (from->filter) {
        struct sl_expr *filter = fusion->exprs[from->filter->column];

        aggregate->filter =
            sl_expr_column(fusion->arena, window_add_lower(fusion, filter), filter->type);
    }
    return aggregate;
}

/* Keys first, then arguments, then the time. */
static struct sl_log_node *
window_make(struct window_fusion *fusion)
{
    const struct sl_log_aggregate *from = &fusion->aggregate->aggregate;
    const struct sl_log_node *window = fusion->window;
    struct sl_log_aggregate made = {.window = window->window_table.window,
                                    .has_ttl = from->has_ttl,
                                    .late_table = from->late_table};
    size_t max = from->key_count + 1 + fusion->input_count;
    struct sl_log_node *node, *input;

    for (size_t i = 0; i < from->aggregate_count; i++)
        max += from->aggregates[i]->arg_count + 1;
    fusion->lower = SL_NEW_ARRAY(fusion->arena, struct sl_expr *, max);
    fusion->lower_names = SL_NEW_ARRAY(fusion->arena, const char *, max);
    made.keys = SL_NEW_ARRAY(fusion->arena, uint32_t, from->key_count);
    for (size_t i = 0; i < from->key_count; i++) {
        struct sl_expr *key = fusion->exprs[from->keys[i]];

        if (!window_is_wide(fusion, key))
            made.keys[made.key_count++] = window_add_lower(fusion, key);
    }
    made.aggregates = SL_NEW_ARRAY(fusion->arena, struct sl_aggregate *, from->aggregate_count);
    made.aggregate_count = from->aggregate_count;
    for (size_t i = 0; i < from->aggregate_count; i++)
        made.aggregates[i] = window_lower_aggregate(fusion, from->aggregates[i]);
    made.time_column =
        window_add_lower(fusion, sl_log_column(fusion->arena, window->inputs[0]->schema,
                                               window->window_table.time_column));
    for (uint32_t i = 0; i < fusion->input_count && fusion->keeps_rows; i++)
        window_add_lower(fusion, sl_log_column(fusion->arena, window->inputs[0]->schema, i));
    made.parts[0] = made.parts[1] = made.parts[2] = true;
    fusion->key_count = (uint32_t)made.key_count;
    input = sl_log_project(fusion->arena, window->inputs[0], fusion->lower, fusion->lower_names,
                           fusion->lower_count);
    node = sl_log_new(fusion->arena, SL_LOG_WINDOW_AGGREGATE, NULL, input);
    node->aggregate = made;
    node->offset = fusion->aggregate->offset;
    node->parallelism = fusion->aggregate->parallelism;
    return node;
}

/* Keys, aggregates, window_start, window_end, window_time. */
static struct sl_schema *
window_schema(const struct window_fusion *fusion, const struct sl_log_node *node)
{
    const struct sl_log_aggregate *from = &fusion->aggregate->aggregate;
    size_t key_count = node->aggregate.key_count;
    struct sl_schema *schema = sl_schema_new(fusion->arena, key_count + from->aggregate_count + 3);

    for (size_t i = 0; i < key_count; i++) {
        schema->columns[i] = node->inputs[0]->schema->columns[node->aggregate.keys[i]];
        schema->columns[i].time = SL_TIME_NONE;
    }
    for (size_t i = 0; i < from->aggregate_count; i++)
        schema->columns[key_count + i] = fusion->aggregate->schema->columns[from->key_count + i];
    for (size_t i = 0; i < 3; i++)
        schema->columns[key_count + from->aggregate_count + i] =
            fusion->window->schema->columns[fusion->input_count + i];
    return schema;
}

/* The aggregation's old columns over the new operator's. */
static struct sl_log_node *
window_project(const struct window_fusion *fusion, struct sl_log_node *node)
{
    const struct sl_log_aggregate *from = &fusion->aggregate->aggregate;
    const struct sl_schema *schema = node->schema, *old = fusion->aggregate->schema;
    uint32_t parts = (uint32_t)(schema->count - 3), next_key = 0;
    struct sl_expr **exprs = SL_NEW_ARRAY(fusion->arena, struct sl_expr *, old->count);
    const char **names = SL_NEW_ARRAY(fusion->arena, const char *, old->count);
    /* Column i of the window table function is map[i] of the new node, for the last three. */
    uint32_t *map = SL_NEW_ARRAY(fusion->arena, uint32_t, fusion->input_count + 3);
    struct sl_log_node *top = node;

    for (uint32_t i = 0; i < 3; i++)
        map[fusion->input_count + i] = parts + i;
    if (fusion->filter)
        top = sl_log_filter(fusion->arena, node,
                            sl_expr_copy(fusion->arena, fusion->filter->filter, map));
    for (uint32_t i = 0; i < old->count; i++) {
        names[i] = old->columns[i].name;
        if (i >= from->key_count)
            exprs[i] = sl_log_column(fusion->arena, schema,
                                     fusion->key_count + (i - (uint32_t)from->key_count));
        else if (window_is_wide(fusion, fusion->exprs[from->keys[i]]))
            exprs[i] = sl_expr_copy(fusion->arena, fusion->exprs[from->keys[i]], map);
        else
            exprs[i] = sl_log_column(fusion->arena, schema, next_key++);
    }
    return sl_log_project(fusion->arena, top, exprs, names, old->count);
}

bool
sl_rule_window_aggregate(struct sl_rewriter *rewriter, struct sl_log_node **place)
{
    struct window_fusion fusion = {.arena = rewriter->arena};
    struct sl_log_node *node;

    if (rewriter->batch || (*place)->kind != SL_LOG_AGGREGATE || !window_find(&fusion, *place) ||
        !window_can_fuse(&fusion))
        return false;
    fusion.keeps_rows = (*place)->aggregate.late_table || rewriter->keeps_late_rows;
    node = window_make(&fusion);
    node->schema = window_schema(&fusion, node);
    *place = window_project(&fusion, node);
    return true;
}
