/* Logical nodes, and EXPLAIN's first section. */
#include "plan/logical.h"

#include "base/secret.h"
#include "plan/describe.h"

static const char *const logical_names[SL_LOG_KIND_COUNT] = {
    [SL_LOG_SCAN] = "LogicalScan",
    [SL_LOG_VALUES] = "LogicalValues",
    [SL_LOG_FILTER] = "LogicalFilter",
    [SL_LOG_PROJECT] = "LogicalProject",
    [SL_LOG_AGGREGATE] = "LogicalAggregate",
    [SL_LOG_EXPAND] = "LogicalExpand",
    [SL_LOG_WINDOW_TABLE] = "LogicalWindowTableFunction",
    [SL_LOG_WINDOW_AGGREGATE] = "LogicalWindowAggregate",
    [SL_LOG_COUNT_WINDOW] = "LogicalCountWindow",
    [SL_LOG_TRIGGER_AGGREGATE] = "LogicalTriggerAggregate",
    [SL_LOG_UNION] = "LogicalUnion",
    [SL_LOG_REPLICATE] = "LogicalReplicate",
    [SL_LOG_JOIN] = "LogicalJoin",
    [SL_LOG_SEMI_JOIN] = "LogicalSemiJoin",
    [SL_LOG_SINGLE_JOIN] = "LogicalSingleJoin",
    [SL_LOG_OVER] = "LogicalOver",
    [SL_LOG_RANK] = "LogicalRank",
    [SL_LOG_UNNEST] = "LogicalUnnest",
    [SL_LOG_SORT] = "LogicalSort",
    [SL_LOG_LIMIT] = "LogicalLimit",
    [SL_LOG_CHANGE] = "LogicalChange",
    [SL_LOG_SINK] = "LogicalSink",
};

const char *
sl_log_kind_name(enum sl_log_kind kind)
{
    SL_ASSERT(kind < SL_LOG_KIND_COUNT);
    return logical_names[kind];
}

struct sl_log_node *
sl_log_new(struct sl_arena *arena, enum sl_log_kind kind, struct sl_schema *schema,
           struct sl_log_node *input)
{
    struct sl_log_node *node = SL_NEW(arena, struct sl_log_node);

    node->kind = kind;
    node->offset = -1;
    node->schema = schema;
    if (input) {
        node->inputs = SL_NEW(arena, struct sl_log_node *);
        node->inputs[0] = input;
        node->input_count = 1;
        node->parallelism = input->parallelism;
    }
    return node;
}

static void
logical_describe_scan(const struct sl_log_scan *scan, const struct sl_schema *schema,
                      struct sl_buffer *to)
{
    sl_describe_string(to, "table", scan->table_name);
    if (scan->exprs)
        sl_describe_select(to, scan->exprs, schema, scan->row);
    else
        sl_describe_names(to, "fields", scan->row);
    sl_describe_expr(to, "filter", scan->filter, scan->row);
    sl_describe_watermark(to, scan->watermark, scan->watermark_from_source, scan->row);
    if (scan->hints.count) {
        sl_describe_begin(to, "hints");
        for (size_t i = 0; i < scan->hints.count; i++) {
            sl_buffer_printf(to, "%s%s=", i ? ", " : "", scan->hints.items[i].key);
            sl_secret_add_value(to, scan->hints.items[i].key, scan->hints.items[i].value);
        }
        sl_describe_end(to);
    }
}

static void
logical_describe_aggregate(const struct sl_log_node *node, struct sl_buffer *to)
{
    const struct sl_log_aggregate *aggregate = &node->aggregate;
    const struct sl_schema *input = node->inputs[0]->schema;

    sl_describe_columns(to, "groupBy", aggregate->keys, aggregate->key_count, input);
    if (node->kind == SL_LOG_WINDOW_AGGREGATE)
        sl_describe_window(to, &aggregate->window, aggregate->time_column, false, input);
    if (node->kind == SL_LOG_TRIGGER_AGGREGATE)
        sl_describe_trigger(to, &aggregate->trigger);
    sl_describe_aggregates(to, aggregate->keys, aggregate->key_count, aggregate->aggregates,
                           aggregate->aggregate_count, node->schema, input);
}

static void
logical_describe_window(const struct sl_log_node *node, struct sl_buffer *to)
{
    const struct sl_schema *input = node->inputs[0]->schema;
    const struct sl_log_window_table *table = &node->window_table;
    const struct sl_log_count_window *count = &node->count_window;

    if (node->kind == SL_LOG_WINDOW_TABLE) {
        if (table->partition_count)
            sl_describe_columns(to, "partitionBy", table->partition, table->partition_count, input);
        sl_describe_window(to, &table->window, table->time_column, false, input);
        return;
    }
    if (count->partition_count)
        sl_describe_columns(to, "partitionBy", count->partition, count->partition_count, input);
    sl_describe_begin(to, "window");
    sl_buffer_printf(to, "size=[%lld], slide=[%lld]", (long long)count->size,
                     (long long)count->slide);
    sl_describe_end(to);
}

static void
logical_describe_join(const struct sl_log_node *node, struct sl_buffer *to)
{
    const struct sl_schema *left = node->inputs[0]->schema, *right = node->inputs[1]->schema;
    const struct sl_log_semi_join *semi = &node->semi_join;

    if (node->kind == SL_LOG_JOIN) {
        sl_describe_string(to, "joinType", sl_join_kind_name(node->join.kind));
        sl_describe_expr(to, "condition", node->join.condition, node->schema);
    } else if (node->kind == SL_LOG_SEMI_JOIN) {
        sl_describe_string(to, "joinType", sl_semi_join_kind_name(semi->kind));
        for (size_t i = 0; i < semi->key_count; i++)
            sl_describe_expr(to, right->columns[i].name, semi->keys[i], left);
    } else {
        sl_describe_names(to, "fields", node->schema);
    }
}

static void
logical_describe(const struct sl_log_node *node, struct sl_buffer *to)
{
    const struct sl_schema *input = node->input_count ? node->inputs[0]->schema : NULL;

    switch (node->kind) {
    case SL_LOG_SCAN:
        logical_describe_scan(&node->scan, node->schema, to);
        break;
    case SL_LOG_VALUES:
        sl_describe_names(to, "fields", node->schema);
        sl_describe_rows(to, &node->values, node->schema->count);
        break;
    case SL_LOG_FILTER:
        sl_describe_expr(to, "condition", node->filter, input);
        break;
    case SL_LOG_PROJECT:
        sl_describe_select(to, node->exprs, node->schema, input);
        break;
    case SL_LOG_WINDOW_AGGREGATE:
    case SL_LOG_TRIGGER_AGGREGATE:
    case SL_LOG_AGGREGATE:
        logical_describe_aggregate(node, to);
        break;
    case SL_LOG_EXPAND:
        sl_describe_expand(to, &node->expand, input);
        break;
    case SL_LOG_WINDOW_TABLE:
    case SL_LOG_COUNT_WINDOW:
        logical_describe_window(node, to);
        break;
    case SL_LOG_UNION:
        sl_describe_string(to, "all", "true");
        sl_describe_names(to, "fields", node->schema);
        break;
    case SL_LOG_REPLICATE:
        sl_describe_string(to, "times", input->columns[input->count - 1].name);
        break;
    case SL_LOG_JOIN:
    case SL_LOG_SEMI_JOIN:
    case SL_LOG_SINGLE_JOIN:
        logical_describe_join(node, to);
        break;
    case SL_LOG_OVER:
        sl_describe_over(to, &node->over, node->schema);
        break;
    case SL_LOG_RANK:
        sl_describe_rank(to, &node->rank, input);
        break;
    case SL_LOG_UNNEST:
        for (size_t i = 0; i < node->unnest.arg_count; i++)
            sl_describe_expr(to, i ? "" : "of", node->unnest.args[i], input);
        break;
    case SL_LOG_SORT:
        sl_describe_sort(to, node->sort.keys, node->sort.key_count, input);
        break;
    case SL_LOG_LIMIT:
        sl_describe_limit(to, node->limit.offset, node->limit.limit);
        break;
    case SL_LOG_CHANGE:
        sl_describe_string(to, "kind", node->change.is_delete ? "DELETE" : "UPDATE");
        break;
    case SL_LOG_SINK:
        sl_describe_string(to, "table", node->sink.table_name);
        sl_describe_names(to, "fields", input);
        break;
    case SL_LOG_KIND_COUNT:
        break;
    }
}

static void
logical_print(const struct sl_log_node *node, int depth, struct sl_buffer *to)
{
    if (depth)
        sl_buffer_printf(to, "%*s+- ", 3 * (depth - 1), "");
    sl_buffer_printf(to, "%s(", sl_log_kind_name(node->kind));
    logical_describe(node, to);
    sl_buffer_add_string(to, ")\n");
    for (size_t i = 0; i < node->input_count; i++)
        logical_print(node->inputs[i], depth + 1, to);
}

void
sl_log_explain(const struct sl_log_node *const *roots, size_t root_count, struct sl_buffer *to)
{
    for (size_t i = 0; i < root_count; i++)
        logical_print(roots[i], 0, to);
}
