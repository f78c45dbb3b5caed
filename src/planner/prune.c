/* Projection push-down: from the top, every node is told which of its columns are read and drops
 * the others where it can.  A node answers with a map from its old columns to its new ones; what it
 * could not drop stays.  Nodes of set operations and sinks read every column. */
#include "planner/prune.h"

bool *
sl_prune_flags(struct sl_rewriter *rewriter, const struct sl_schema *schema)
{
    return SL_NEW_ARRAY(rewriter->arena, bool, schema->count + 1);
}

static uint32_t *
prune_identity(struct sl_rewriter *rewriter, size_t count)
{
    uint32_t *map = SL_NEW_ARRAY(rewriter->arena, uint32_t, count + 1);

    for (uint32_t i = 0; i < count; i++)
        map[i] = i;
    return map;
}

/* The map that keeps the required columns, at least one; their number in *ret_count. */
static uint32_t *
prune_compact(struct sl_rewriter *rewriter, const bool *required, size_t count, size_t *ret_count)
{
    uint32_t *map = SL_NEW_ARRAY(rewriter->arena, uint32_t, count + 1);
    uint32_t kept = 0;

    for (size_t i = 0; i < count; i++)
        map[i] = required[i] ? kept++ : PRUNED;
    if (!kept && count) {
        map[0] = 0;
        kept = 1;
    }
    *ret_count = kept;
    return map;
}

struct sl_schema *
sl_prune_schema(struct sl_rewriter *rewriter, const struct sl_schema *schema, const uint32_t *map,
                size_t kept)
{
    struct sl_schema *pruned = sl_schema_new(rewriter->arena, kept);

    for (size_t i = 0; i < schema->count; i++)
        if (map[i] != PRUNED)
            pruned->columns[map[i]] = schema->columns[i];
    return pruned;
}

/* Of a node that passes its input's columns on under its own names. */
static struct sl_schema *
prune_passed_schema(struct sl_rewriter *rewriter, const struct sl_log_node *node,
                    const uint32_t *map)
{
    struct sl_schema *schema = sl_schema_copy(rewriter->arena, node->inputs[0]->schema);

    for (size_t i = 0; i < node->schema->count; i++)
        if (map[i] != PRUNED)
            schema->columns[map[i]] = node->schema->columns[i];
    return schema;
}

static struct sl_expr **
prune_exprs(struct sl_rewriter *rewriter, struct sl_expr *const *exprs, size_t count,
            const uint32_t *map, size_t kept)
{
    struct sl_expr **pruned = SL_NEW_ARRAY(rewriter->arena, struct sl_expr *, kept);

    for (size_t i = 0; i < count; i++)
        if (map[i] != PRUNED)
            pruned[map[i]] = exprs[i];
    return pruned;
}

static uint32_t *
prune_scan(struct sl_rewriter *rewriter, struct sl_log_node *node, const bool *required)
{
    struct sl_log_scan *scan = &node->scan;
    size_t kept, count = node->schema->count;
    uint32_t *map = prune_compact(rewriter, required, count, &kept);

    if (!scan->exprs) {
        scan->exprs = SL_NEW_ARRAY(rewriter->arena, struct sl_expr *, count);
        for (uint32_t i = 0; i < count; i++)
            scan->exprs[i] = sl_log_column(rewriter->arena, scan->row, i);
    }
    scan->exprs = prune_exprs(rewriter, scan->exprs, count, map, kept);
    node->schema = sl_prune_schema(rewriter, node->schema, map, kept);
    return map;
}

static uint32_t *
prune_values(struct sl_rewriter *rewriter, struct sl_log_node *node, const bool *required)
{
    size_t kept, count = node->schema->count;
    uint32_t *map = prune_compact(rewriter, required, count, &kept);
    struct sl_value **rows =
        SL_NEW_ARRAY(rewriter->arena, struct sl_value *, node->values.row_count);

    for (size_t r = 0; r < node->values.row_count; r++) {
        rows[r] = SL_NEW_ARRAY(rewriter->arena, struct sl_value, kept);
        for (size_t i = 0; i < count; i++)
            if (map[i] != PRUNED)
                rows[r][map[i]] = node->values.rows[r][i];
    }
    node->values.rows = rows;
    node->schema = sl_prune_schema(rewriter, node->schema, map, kept);
    return map;
}

static uint32_t *
prune_filter(struct sl_rewriter *rewriter, struct sl_log_node *node, const bool *required)
{
    bool *wanted = sl_prune_flags(rewriter, node->schema);
    uint32_t *map;

    memcpy(wanted, required, node->schema->count * sizeof(*wanted));
    sl_expr_mark_columns(node->filter, wanted);
    map = sl_prune_node(rewriter, node->inputs[0], wanted);
    node->filter = sl_expr_copy(rewriter->arena, node->filter, map);
    node->schema = prune_passed_schema(rewriter, node, map);
    return map;
}

static uint32_t *
prune_project(struct sl_rewriter *rewriter, struct sl_log_node *node, const bool *required)
{
    size_t kept, count = node->schema->count;
    uint32_t *map = prune_compact(rewriter, required, count, &kept), *input_map;
    struct sl_expr **exprs = prune_exprs(rewriter, node->exprs, count, map, kept);
    bool *wanted = sl_prune_flags(rewriter, node->inputs[0]->schema);

    for (size_t i = 0; i < kept; i++)
        sl_expr_mark_columns(exprs[i], wanted);
    input_map = sl_prune_node(rewriter, node->inputs[0], wanted);
    for (size_t i = 0; i < kept; i++)
        exprs[i] = sl_expr_copy(rewriter->arena, exprs[i], input_map);
    node->exprs = exprs;
    node->schema = sl_prune_schema(rewriter, node->schema, map, kept);
    return map;
}

/* An aggregate whose column nobody reads goes; keys stay. */
static void
prune_aggregates(struct sl_rewriter *rewriter, struct sl_log_aggregate *aggregate,
                 const uint32_t *map)
{
    struct sl_aggregate **kept =
        SL_NEW_ARRAY(rewriter->arena, struct sl_aggregate *, aggregate->aggregate_count);
    size_t count = 0;

    for (size_t i = 0; i < aggregate->aggregate_count; i++) {
        struct sl_aggregate *copy;

        if (map[aggregate->key_count + i] == PRUNED)
            continue;
        copy = SL_NEW(rewriter->arena, struct sl_aggregate);
        *copy = *aggregate->aggregates[i];
        kept[count++] = copy;
    }
    aggregate->aggregates = kept;
    aggregate->aggregate_count = count;
}

void
sl_prune_renumber_call(struct sl_rewriter *rewriter, struct sl_aggregate *call, const uint32_t *map)
{
    struct sl_expr **args = SL_NEW_ARRAY(rewriter->arena, struct sl_expr *, call->arg_count);

    for (size_t j = 0; j < call->arg_count; j++)
        args[j] = sl_expr_copy(rewriter->arena, call->args[j], map);
    call->args = args;
    if (call->filter)
        call->filter = sl_expr_copy(rewriter->arena, call->filter, map);
}

static void
prune_renumber_aggregate(struct sl_rewriter *rewriter, struct sl_log_aggregate *aggregate,
                         const uint32_t *map)
{
    uint32_t *keys = SL_NEW_ARRAY(rewriter->arena, uint32_t, aggregate->key_count);

    for (size_t i = 0; i < aggregate->key_count; i++)
        keys[i] = map[aggregate->keys[i]];
    aggregate->keys = keys;
    for (size_t i = 0; i < aggregate->aggregate_count; i++)
        sl_prune_renumber_call(rewriter, aggregate->aggregates[i], map);
}

/* What comes late to sessions under an aggregation is wanted whole, where its hint says so. */
static void
prune_keep_late(const struct sl_log_node *aggregate)
{
    struct sl_log_node *node = aggregate->inputs[0];

    while (node->kind == SL_LOG_FILTER || node->kind == SL_LOG_PROJECT ||
           node->kind == SL_LOG_EXPAND)
        node = node->inputs[0];
    if (node->kind == SL_LOG_WINDOW_TABLE && aggregate->aggregate.late_table)
        node->window_table.keeps_rows = true;
}

static bool
prune_has_time(const struct sl_log_node *node)
{
    return node->kind == SL_LOG_WINDOW_AGGREGATE ||
           (node->kind == SL_LOG_TRIGGER_AGGREGATE && node->aggregate.parts[1]);
}

static uint32_t *
prune_aggregate(struct sl_rewriter *rewriter, struct sl_log_node *node, const bool *required)
{
    struct sl_log_aggregate *aggregate = &node->aggregate;
    bool *wanted = sl_prune_flags(rewriter, node->schema);
    bool *read = sl_prune_flags(rewriter, node->inputs[0]->schema);
    size_t kept, count = node->schema->count;
    size_t parts = aggregate->key_count + aggregate->aggregate_count;
    uint32_t *map, *input_map;

    prune_keep_late(node);
    memcpy(wanted, required, count * sizeof(*wanted));
    for (size_t i = 0; i < aggregate->key_count; i++)
        wanted[i] = true;
    map = prune_compact(rewriter, wanted, count, &kept);
    for (size_t i = 0; node->kind == SL_LOG_WINDOW_AGGREGATE && i < 3; i++)
        if (aggregate->parts[i])
            aggregate->parts[i] = map[parts++] != PRUNED;
    if (node->kind == SL_LOG_TRIGGER_AGGREGATE && aggregate->parts[0])
        aggregate->parts[0] = map[parts] != PRUNED;
    prune_aggregates(rewriter, aggregate, map);
    for (size_t i = 0; i < aggregate->key_count; i++)
        read[aggregate->keys[i]] = true;
    for (size_t i = 0; i < aggregate->aggregate_count; i++) {
        for (size_t j = 0; j < aggregate->aggregates[i]->arg_count; j++)
            sl_expr_mark_columns(aggregate->aggregates[i]->args[j], read);
        sl_expr_mark_columns(aggregate->aggregates[i]->filter, read);
    }
    if (prune_has_time(node))
        read[aggregate->time_column] = true;
    if (node->kind == SL_LOG_WINDOW_AGGREGATE &&
        (aggregate->late_table || rewriter->keeps_late_rows))
        memset(read, true, node->inputs[0]->schema->count * sizeof(*read));
    input_map = sl_prune_node(rewriter, node->inputs[0], read);
    prune_renumber_aggregate(rewriter, aggregate, input_map);
    if (prune_has_time(node))
        aggregate->time_column = input_map[aggregate->time_column];
    node->schema = sl_prune_schema(rewriter, node->schema, map, kept);
    return map;
}

/* What was not fused is refused: all of it stays. */
static uint32_t *
prune_count_window(struct sl_rewriter *rewriter, struct sl_log_node *node)
{
    size_t count = node->schema->count;
    bool *wanted = sl_prune_flags(rewriter, node->schema);
    uint32_t *map = SL_NEW_ARRAY(rewriter->arena, uint32_t, count);

    memset(wanted, true, count * sizeof(*wanted));
    sl_prune_node(rewriter, node->inputs[0], wanted);
    for (uint32_t i = 0; i < count; i++)
        map[i] = i;
    return map;
}

/* The three columns of the window stay: the operator makes them together. */
static uint32_t *
prune_window_table(struct sl_rewriter *rewriter, struct sl_log_node *node, const bool *required)
{
    size_t count = node->schema->count - 3;
    bool *wanted = sl_prune_flags(rewriter, node->schema);
    uint32_t *map = SL_NEW_ARRAY(rewriter->arena, uint32_t, count + 3), *input_map;
    struct sl_schema *schema;

    memcpy(wanted, required, count * sizeof(*wanted));
    if (node->window_table.window.kind == SL_WINDOW_SESSION &&
        (node->window_table.keeps_rows || rewriter->keeps_late_rows))
        memset(wanted, true, count * sizeof(*wanted));
    wanted[node->window_table.time_column] = true;
    for (size_t i = 0; i < node->window_table.partition_count; i++)
        wanted[node->window_table.partition[i]] = true;
    input_map = sl_prune_node(rewriter, node->inputs[0], wanted);
    schema = sl_schema_new(rewriter->arena, node->inputs[0]->schema->count + 3);
    for (size_t i = 0; i < schema->count - 3; i++)
        schema->columns[i] = node->inputs[0]->schema->columns[i];
    memcpy(map, input_map, count * sizeof(*map));
    for (uint32_t i = 0; i < 3; i++) {
        map[count + i] = (uint32_t)schema->count - 3 + i;
        schema->columns[schema->count - 3 + i] = node->schema->columns[count + i];
    }
    node->window_table.time_column = input_map[node->window_table.time_column];
    for (size_t i = 0; i < node->window_table.partition_count; i++)
        node->window_table.partition[i] = input_map[node->window_table.partition[i]];
    node->schema = schema;
    return map;
}

/* All keys are read by the aggregation above, and so stay the input's first columns. */
static uint32_t *
prune_expand(struct sl_rewriter *rewriter, struct sl_log_node *node, const bool *required)
{
    size_t count = node->schema->count - 1;
    bool *wanted = sl_prune_flags(rewriter, node->schema);
    uint32_t *map = SL_NEW_ARRAY(rewriter->arena, uint32_t, count + 1), *input_map;

    memcpy(wanted, required, count * sizeof(*wanted));
    memset(wanted, true, node->expand.key_count * sizeof(*wanted));
    input_map = sl_prune_node(rewriter, node->inputs[0], wanted);
    memcpy(map, input_map, count * sizeof(*map));
    map[count] = (uint32_t)node->inputs[0]->schema->count;
    node->schema = sl_expand_schema(rewriter->arena, node->inputs[0]->schema, &node->expand);
    return map;
}

/* What the condition reads stays among the join's columns. */
static uint32_t *
prune_join(struct sl_rewriter *rewriter, struct sl_log_node *node, const bool *required)
{
    size_t left_count = node->inputs[0]->schema->count, count = node->schema->count;
    bool *wanted = sl_prune_flags(rewriter, node->schema);
    uint32_t *map = SL_NEW_ARRAY(rewriter->arena, uint32_t, count + 1), *right;
    size_t kept;

    memcpy(wanted, required, count * sizeof(*wanted));
    sl_expr_mark_columns(node->join.condition, wanted);
    memcpy(map, sl_prune_node(rewriter, node->inputs[0], wanted), left_count * sizeof(*map));
    right = sl_prune_node(rewriter, node->inputs[1], wanted + left_count);
    kept = node->inputs[0]->schema->count;
    for (size_t i = left_count; i < count; i++)
        map[i] = right[i - left_count] == PRUNED ? PRUNED : (uint32_t)kept + right[i - left_count];
    kept += node->inputs[1]->schema->count;
    if (node->join.condition)
        node->join.condition = sl_expr_copy(rewriter->arena, node->join.condition, map);
    node->schema = sl_prune_schema(rewriter, node->schema, map, kept);
    return map;
}

/* Every column of the right input is a key. */
static uint32_t *
prune_semi_join(struct sl_rewriter *rewriter, struct sl_log_node *node, const bool *required)
{
    struct sl_log_semi_join *join = &node->semi_join;
    size_t count = node->inputs[0]->schema->count, kept;
    bool *wanted = sl_prune_flags(rewriter, node->inputs[0]->schema);
    bool *all = sl_prune_flags(rewriter, node->inputs[1]->schema);
    uint32_t *map = SL_NEW_ARRAY(rewriter->arena, uint32_t, count + 1);
    struct sl_schema *schema;

    memcpy(wanted, required, count * sizeof(*wanted));
    memset(all, true, join->key_count * sizeof(*all));
    for (size_t i = 0; i < join->key_count; i++)
        sl_expr_mark_columns(join->keys[i], wanted);
    memcpy(map, sl_prune_node(rewriter, node->inputs[0], wanted), count * sizeof(*map));
    sl_prune_node(rewriter, node->inputs[1], all);
    for (size_t i = 0; i < join->key_count; i++)
        join->keys[i] = sl_expr_copy(rewriter->arena, join->keys[i], map);
    kept = node->inputs[0]->schema->count;
    map[count] = (uint32_t)kept;
    schema = sl_schema_new(rewriter->arena, kept + (join->kind == SL_SEMI_JOIN_MARK));
    memcpy(schema->columns, node->inputs[0]->schema->columns, kept * sizeof(*schema->columns));
    if (join->kind == SL_SEMI_JOIN_MARK)
        schema->columns[kept] = node->schema->columns[count];
    node->schema = schema;
    return map;
}

/* Of the right input's columns those come out that are required; the condition may read others. */
static uint32_t *
prune_single_join(struct sl_rewriter *rewriter, struct sl_log_node *node, const bool *required)
{
    struct sl_log_single_join *join = &node->single_join;
    size_t left = node->inputs[0]->schema->count, right = node->inputs[1]->schema->count;
    bool *wanted = SL_NEW_ARRAY(rewriter->arena, bool, left + right + 1);
    uint32_t *map = SL_NEW_ARRAY(rewriter->arena, uint32_t, left + right + 1), *right_map;
    uint32_t *both = SL_NEW_ARRAY(rewriter->arena, uint32_t, left + right + 1);
    uint32_t *shown = SL_NEW_ARRAY(rewriter->arena, uint32_t, right + 1);
    size_t kept, shown_count = 0;
    struct sl_schema *schema;

    memcpy(wanted, required, left * sizeof(*wanted));
    for (size_t i = 0; i < join->shown_count; i++)
        wanted[left + join->shown[i]] |= required[left + i];
    sl_expr_mark_columns(join->condition, wanted);
    memcpy(both, sl_prune_node(rewriter, node->inputs[0], wanted), left * sizeof(*both));
    right_map = sl_prune_node(rewriter, node->inputs[1], wanted + left);
    kept = node->inputs[0]->schema->count;
    for (size_t i = 0; i < right; i++)
        both[left + i] = right_map[i] == PRUNED ? PRUNED : (uint32_t)kept + right_map[i];
    schema = sl_schema_new(rewriter->arena, kept + join->shown_count);
    memcpy(schema->columns, node->inputs[0]->schema->columns, kept * sizeof(*schema->columns));
    memcpy(map, both, left * sizeof(*map));
    for (size_t i = 0; i < join->shown_count; i++) {
        map[left + i] = required[left + i] ? (uint32_t)(kept + shown_count) : PRUNED;
        if (!required[left + i])
            continue;
        schema->columns[kept + shown_count] = node->schema->columns[left + i];
        shown[shown_count++] = right_map[join->shown[i]];
    }
    schema->count = kept + shown_count;
    if (join->condition)
        join->condition = sl_expr_copy(rewriter->arena, join->condition, both);
    join->shown = shown;
    join->shown_count = shown_count;
    node->schema = schema;
    return map;
}

/* Columns of the input that only the elements come from do not come out: a row's collection would
 * be copied once for each of its elements. */
static uint32_t *
prune_unnest(struct sl_rewriter *rewriter, struct sl_log_node *node, const bool *required)
{
    struct sl_log_unnest *unnest = &node->unnest;
    size_t made = node->schema->count - unnest->kept_count, kept = 0;
    bool *wanted = sl_prune_flags(rewriter, node->inputs[0]->schema);
    uint32_t *map = SL_NEW_ARRAY(rewriter->arena, uint32_t, node->schema->count + 1), *input_map;
    uint32_t *columns = SL_NEW_ARRAY(rewriter->arena, uint32_t, unnest->kept_count + 1);
    struct sl_schema *schema = sl_schema_new(rewriter->arena, node->schema->count);

    for (size_t i = 0; i < unnest->kept_count; i++)
        wanted[unnest->kept[i]] |= required[i];
    for (size_t i = 0; i < unnest->arg_count; i++)
        sl_expr_mark_columns(unnest->args[i], wanted);
    input_map = sl_prune_node(rewriter, node->inputs[0], wanted);
    for (size_t i = 0; i < unnest->kept_count; i++) {
        map[i] = required[i] ? (uint32_t)kept : PRUNED;
        if (!required[i])
            continue;
        schema->columns[kept] = node->schema->columns[i];
        columns[kept++] = input_map[unnest->kept[i]];
    }
    for (size_t i = 0; i < made; i++) {
        map[unnest->kept_count + i] = (uint32_t)(kept + i);
        schema->columns[kept + i] = node->schema->columns[unnest->kept_count + i];
    }
    schema->count = kept + made;
    for (size_t i = 0; i < unnest->arg_count; i++)
        unnest->args[i] = sl_expr_copy(rewriter->arena, unnest->args[i], input_map);
    unnest->kept = columns;
    unnest->kept_count = kept;
    node->schema = schema;
    return map;
}

/* Every input gives exactly the kept columns, in their order. */
static uint32_t *
prune_union(struct sl_rewriter *rewriter, struct sl_log_node *node, const bool *required)
{
    size_t kept, count = node->schema->count;
    uint32_t *map = prune_compact(rewriter, required, count, &kept);
    bool *wanted = sl_prune_flags(rewriter, node->schema);

    for (size_t i = 0; i < count; i++)
        wanted[i] = map[i] != PRUNED;
    for (size_t k = 0; k < node->input_count; k++) {
        uint32_t *input_map = sl_prune_node(rewriter, node->inputs[k], wanted);
        struct sl_expr **exprs = SL_NEW_ARRAY(rewriter->arena, struct sl_expr *, kept);
        const char **names = SL_NEW_ARRAY(rewriter->arena, const char *, kept);

        for (size_t i = 0; i < count; i++) {
            if (map[i] == PRUNED)
                continue;
            exprs[map[i]] = sl_log_column(rewriter->arena, node->inputs[k]->schema, input_map[i]);
            names[map[i]] = node->schema->columns[i].name;
        }
        node->inputs[k] = sl_log_project(rewriter->arena, node->inputs[k], exprs, names, kept);
    }
    node->schema = sl_prune_schema(rewriter, node->schema, map, kept);
    return map;
}

/* The number of copies stays the input's last column. */
static uint32_t *
prune_replicate(struct sl_rewriter *rewriter, struct sl_log_node *node, const bool *required)
{
    size_t count = node->schema->count;
    bool *wanted = sl_prune_flags(rewriter, node->inputs[0]->schema);
    uint32_t *map;

    memcpy(wanted, required, count * sizeof(*wanted));
    wanted[count] = wanted[0] = true;
    map = sl_prune_node(rewriter, node->inputs[0], wanted);
    node->is_set &= node->inputs[0]->schema->count == count + 1;
    node->schema = sl_prune_schema(rewriter, node->schema, map, node->inputs[0]->schema->count - 1);
    return map;
}

static uint32_t *
prune_sort(struct sl_rewriter *rewriter, struct sl_log_node *node, const bool *required)
{
    bool *wanted = sl_prune_flags(rewriter, node->schema);
    struct sl_sort_key *keys =
        SL_NEW_ARRAY(rewriter->arena, struct sl_sort_key, node->sort.key_count);
    uint32_t *map;

    memcpy(wanted, required, node->schema->count * sizeof(*wanted));
    for (size_t i = 0; i < node->sort.key_count; i++)
        wanted[node->sort.keys[i].column] = true;
    map = sl_prune_node(rewriter, node->inputs[0], wanted);
    for (size_t i = 0; i < node->sort.key_count; i++) {
        keys[i] = node->sort.keys[i];
        keys[i].column = map[keys[i].column];
    }
    node->sort.keys = keys;
    node->schema = prune_passed_schema(rewriter, node, map);
    return map;
}

/* UPDATE, DELETE and sinks: all columns of the input, in their places. */
static uint32_t *
prune_consumer(struct sl_rewriter *rewriter, struct sl_log_node *node)
{
    bool *wanted = sl_prune_flags(rewriter, node->inputs[0]->schema);

    memset(wanted, true, node->inputs[0]->schema->count * sizeof(*wanted));
    sl_prune_node(rewriter, node->inputs[0], wanted);
    return prune_identity(rewriter, node->schema->count);
}

uint32_t *
sl_prune_node(struct sl_rewriter *rewriter, struct sl_log_node *node, const bool *required)
{
    uint32_t *map;

    switch (node->kind) {
    case SL_LOG_SCAN:
        return prune_scan(rewriter, node, required);
    case SL_LOG_VALUES:
        return prune_values(rewriter, node, required);
    case SL_LOG_FILTER:
        return prune_filter(rewriter, node, required);
    case SL_LOG_PROJECT:
        return prune_project(rewriter, node, required);
    case SL_LOG_AGGREGATE:
    case SL_LOG_WINDOW_AGGREGATE:
    case SL_LOG_TRIGGER_AGGREGATE:
        return prune_aggregate(rewriter, node, required);
    case SL_LOG_WINDOW_TABLE:
        return prune_window_table(rewriter, node, required);
    case SL_LOG_EXPAND:
        return prune_expand(rewriter, node, required);
    case SL_LOG_COUNT_WINDOW:
        return prune_count_window(rewriter, node);
    case SL_LOG_UNION:
        return prune_union(rewriter, node, required);
    case SL_LOG_REPLICATE:
        return prune_replicate(rewriter, node, required);
    case SL_LOG_JOIN:
        return prune_join(rewriter, node, required);
    case SL_LOG_SEMI_JOIN:
        return prune_semi_join(rewriter, node, required);
    case SL_LOG_SINGLE_JOIN:
        return prune_single_join(rewriter, node, required);
    case SL_LOG_OVER:
        return sl_prune_over(rewriter, node, required);
    case SL_LOG_RANK:
        return sl_prune_rank(rewriter, node, required);
    case SL_LOG_UNNEST:
        return prune_unnest(rewriter, node, required);
    case SL_LOG_SORT:
        return prune_sort(rewriter, node, required);
    case SL_LOG_LIMIT:
        map = sl_prune_node(rewriter, node->inputs[0], required);
        node->schema = prune_passed_schema(rewriter, node, map);
        return map;
    case SL_LOG_CHANGE:
    case SL_LOG_SINK:
        return prune_consumer(rewriter, node);
    case SL_LOG_KIND_COUNT:
        break;
    }
    SL_UNREACHABLE();
}

void
sl_prune(struct sl_rewriter *rewriter, struct sl_log_node *root)
{
    bool *required = sl_prune_flags(rewriter, root->schema);

    memset(required, true, root->schema->count * sizeof(*required));
    sl_prune_node(rewriter, root, required);
}
