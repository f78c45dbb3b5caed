/* GROUP BY over COUNT_WINDOW becomes one operator, which counts and fires.
 *
 *     SELECT k, window_id, SUM(v) FROM TABLE(COUNT_WINDOW(TABLE t PARTITION BY (k), 10, 2))
 *     GROUP BY k, window_id
 *
 *     AGGREGATE(k, window_id)          PROJECT(the same columns as before)
 *       PROJECT(k, window_id, v)   →     TRIGGER_AGGREGATE(k), a count of 2, the last 10 rows
 *         COUNT_WINDOW                     PROJECT(k, v)
 *           t                                t
 *
 * The keys must be the columns of PARTITION BY and window_id; nothing else may use window_id. */
#include "planner/rules.h"

struct count_fusion {
    struct sl_arena *arena;
    struct sl_log_node *aggregate, *window;
    struct sl_expr **exprs; /* of the aggregate's input, over the window's columns */
    size_t expr_count;
    uint32_t id; /* window_id among the window's columns */
};

static bool
count_find(struct count_fusion *fusion, struct sl_log_node *aggregate)
{
    struct sl_log_node *node = aggregate->inputs[0];

    fusion->aggregate = aggregate;
    fusion->expr_count = node->schema->count;
    if (node->kind == SL_LOG_PROJECT) {
        fusion->exprs = node->exprs;
        node = node->inputs[0];
    }
    if (node->kind != SL_LOG_COUNT_WINDOW)
        return false;
    fusion->window = node;
    fusion->id = (uint32_t)node->schema->count - 1;
    if (!fusion->exprs) {
        fusion->exprs = SL_NEW_ARRAY(fusion->arena, struct sl_expr *, node->schema->count);
        for (uint32_t i = 0; i < node->schema->count; i++)
            fusion->exprs[i] = sl_log_column(fusion->arena, node->schema, i);
    }
    return true;
}

static bool
count_is_id(const struct count_fusion *fusion, uint32_t column)
{
    return fusion->exprs[column]->kind == SL_EXPR_COLUMN &&
           fusion->exprs[column]->column == fusion->id;
}

/* Is this column of the window among the keys? */
static bool
count_has_key(const struct count_fusion *fusion, uint32_t column)
{
    const struct sl_log_aggregate *aggregate = &fusion->aggregate->aggregate;

    for (size_t i = 0; i < aggregate->key_count; i++) {
        const struct sl_expr *key = fusion->exprs[aggregate->keys[i]];

        if (key->kind == SL_EXPR_COLUMN && key->column == column)
            return true;
    }
    return false;
}

static bool
count_can_fuse(const struct count_fusion *fusion)
{
    const struct sl_log_aggregate *aggregate = &fusion->aggregate->aggregate;
    const struct sl_log_count_window *window = &fusion->window->count_window;

    if (!count_has_key(fusion, fusion->id))
        return false;
    for (size_t i = 0; i < window->partition_count; i++)
        if (!count_has_key(fusion, window->partition[i]))
            return false;
    for (size_t i = 0; i < aggregate->key_count; i++) {
        const struct sl_expr *key = fusion->exprs[aggregate->keys[i]];
        size_t at = 0;

        while (at < window->partition_count &&
               (key->kind != SL_EXPR_COLUMN || key->column != window->partition[at]))
            at++;
        if (at == window->partition_count && !count_is_id(fusion, aggregate->keys[i]))
            return false;
    }
    /* window_id itself is left out below; what is computed from it cannot be. */
    for (size_t i = 0; i < fusion->expr_count; i++)
        if (!count_is_id(fusion, (uint32_t)i) &&
            !sl_expr_columns_within(fusion->exprs[i], 0, fusion->id))
            return false;
    for (size_t i = 0; i < aggregate->aggregate_count; i++) {
        const struct sl_aggregate *item = aggregate->aggregates[i];

        for (size_t j = 0; j < item->arg_count; j++)
            if (!sl_aggregate_is_parameter(item, j) && count_is_id(fusion, item->args[j]->column))
                return false;
        if (item->filter && count_is_id(fusion, item->filter->column))
            return false;
    }
    return true;
}

/* The aggregate's input without window_id; map[i]: where its column i is. */
static struct sl_log_node *
count_input(const struct count_fusion *fusion, uint32_t *map)
{
    const struct sl_schema *old = fusion->aggregate->inputs[0]->schema;
    struct sl_expr **exprs = SL_NEW_ARRAY(fusion->arena, struct sl_expr *, old->count + 1);
    const char **names = SL_NEW_ARRAY(fusion->arena, const char *, old->count + 1);
    size_t count = 0;

    for (uint32_t i = 0; i < old->count; i++) {
        map[i] = (uint32_t)count;
        if (count_is_id(fusion, i))
            continue;
        names[count] = old->columns[i].name;
        exprs[count++] = fusion->exprs[i];
    }
    if (!count) { /* COUNT(*) alone: a batch without columns would be an oddity everywhere */
        names[count] = "$f0";
        exprs[count++] = sl_binder_boolean(fusion->arena, true);
    }
    return sl_log_project(fusion->arena, fusion->window->inputs[0], exprs, names, count);
}

static struct sl_log_node *
count_make(const struct count_fusion *fusion)
{
    const struct sl_log_aggregate *from = &fusion->aggregate->aggregate;
    const struct sl_log_count_window *window = &fusion->window->count_window;
    struct sl_arena *arena = fusion->arena;
    uint32_t *map = SL_NEW_ARRAY(arena, uint32_t, fusion->expr_count);
    struct sl_log_node *input = count_input(fusion, map);
    struct sl_log_aggregate made = {
        .trigger = {.kind = SL_TRIGGER_COUNT, .every = window->slide, .purges = true},
        .keys = SL_NEW_ARRAY(arena, uint32_t, from->key_count),
        .aggregates = SL_NEW_ARRAY(arena, struct sl_aggregate *, from->aggregate_count + 1),
        .aggregate_count = from->aggregate_count,
        .parts = {true},
        .has_ttl = from->has_ttl,
        .ttl_us = from->ttl_us,
    };
    struct sl_log_node *node;
    struct sl_schema *schema;

    if (window->slide != window->size) {
        made.trigger.evictor = SL_EVICTOR_COUNT;
        made.trigger.keeps = window->size;
        made.trigger.purges = false;
    }
    for (size_t i = 0; i < from->key_count; i++)
        if (!count_is_id(fusion, from->keys[i]))
            made.keys[made.key_count++] = map[from->keys[i]];
    for (size_t i = 0; i < from->aggregate_count; i++) {
        struct sl_aggregate *item = SL_NEW(arena, struct sl_aggregate);

        *item = *from->aggregates[i];
        item->args = SL_NEW_ARRAY(arena, struct sl_expr *, item->arg_count);
        for (size_t j = 0; j < item->arg_count; j++)
            item->args[j] = sl_expr_copy(arena, from->aggregates[i]->args[j], map);
        if (item->filter)
            item->filter = sl_expr_copy(arena, item->filter, map);
        made.aggregates[i] = item;
    }
    schema = sl_schema_new(arena, made.key_count + made.aggregate_count + 1);
    for (size_t i = 0; i < made.key_count; i++)
        schema->columns[i] = input->schema->columns[made.keys[i]];
    for (size_t i = 0; i < made.aggregate_count; i++)
        schema->columns[made.key_count + i] =
            fusion->aggregate->schema->columns[from->key_count + i];
    schema->columns[schema->count - 1] = fusion->window->schema->columns[fusion->id];
    node = sl_log_new(arena, SL_LOG_TRIGGER_AGGREGATE, schema, input);
    node->aggregate = made;
    node->offset = fusion->aggregate->offset;
    node->parallelism = fusion->aggregate->parallelism;
    return node;
}

/* The aggregation's old columns over the new operator's. */
static struct sl_log_node *
count_project(const struct count_fusion *fusion, struct sl_log_node *node)
{
    const struct sl_log_aggregate *from = &fusion->aggregate->aggregate;
    const struct sl_schema *old = fusion->aggregate->schema;
    struct sl_expr **exprs = SL_NEW_ARRAY(fusion->arena, struct sl_expr *, old->count);
    const char **names = SL_NEW_ARRAY(fusion->arena, const char *, old->count);
    uint32_t next = 0, key_count = (uint32_t)node->aggregate.key_count;

    for (uint32_t i = 0; i < old->count; i++) {
        uint32_t column = key_count + (i - (uint32_t)from->key_count);

        if (i < from->key_count)
            column =
                count_is_id(fusion, from->keys[i]) ? (uint32_t)node->schema->count - 1 : next++;
        names[i] = old->columns[i].name;
        exprs[i] = sl_log_column(fusion->arena, node->schema, column);
    }
    return sl_log_project(fusion->arena, node, exprs, names, old->count);
}

bool
sl_rule_count_window(struct sl_rewriter *rewriter, struct sl_log_node **place)
{
    struct count_fusion fusion = {.arena = rewriter->arena};

    if ((*place)->kind != SL_LOG_AGGREGATE || !count_find(&fusion, *place) ||
        !count_can_fuse(&fusion))
        return false;
    *place = count_project(&fusion, count_make(&fusion));
    return true;
}
