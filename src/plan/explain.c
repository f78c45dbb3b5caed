/* EXPLAIN's second and third section: the physical plan as a tree, its exchanges on lines of their
 * own, and the tasks that the plan is cut into. */
#include "plan/describe.h"

static void
explain_record(const struct sl_phys_record *record, const struct sl_schema *physical,
               struct sl_buffer *to)
{
    if (!record->key_format)
        return;
    sl_describe_string(to, "keyFormat", record->key_format);
    sl_describe_columns(to, "keyFields", record->key_columns, record->key_column_count, physical);
}

/* "r.a.b, r.c": the fields that are read, of a column that has others, too. */
static void
explain_fields(const char *path, const struct sl_type *type, bool *has_comma,
               struct sl_arena *arena, struct sl_buffer *to)
{
    if (type->kind == SL_TYPE_ROW) {
        for (size_t i = 0; i < type->field_count; i++)
            explain_fields(sl_arena_printf(arena, "%s.%s", path, type->fields[i].name),
                           type->fields[i].type, has_comma, arena, to);
        return;
    }
    sl_buffer_printf(to, "%s%s", *has_comma ? ", " : "", path);
    *has_comma = true;
}

static bool
explain_is_pruned(const struct sl_phys_scan *scan, uint32_t column)
{
    for (size_t i = 0; i < scan->pruned_count; i++)
        if (scan->pruned[i] == column)
            return true;
    return false;
}

static void
explain_decode(const struct sl_phys_scan *scan, struct sl_buffer *to)
{
    bool has_comma = false;
    struct sl_arena arena;

    if (!scan->decoded_count)
        return;
    sl_arena_init(&arena);
    sl_describe_begin(to, "decode");
    for (size_t i = 0; i < scan->decoded_count; i++) {
        const struct sl_schema_column *column = &scan->physical->columns[scan->decoded[i]];

        if (explain_is_pruned(scan, scan->decoded[i])) {
            explain_fields(column->name, column->type, &has_comma, &arena, to);
            continue;
        }
        sl_buffer_printf(to, "%s%s", has_comma ? ", " : "", column->name);
        has_comma = true;
    }
    sl_describe_end(to);
    sl_arena_done(&arena);
}

static void
explain_scan(const struct sl_phys_node *node, struct sl_buffer *to)
{
    const struct sl_phys_scan *scan = node->detail;
    struct sl_arena arena;
    struct sl_schema *row;

    sl_arena_init(&arena);
    row = sl_schema_new(&arena, scan->decoded_count + scan->metadata_count);
    for (size_t i = 0; i < scan->decoded_count; i++)
        row->columns[i] = scan->physical->columns[scan->decoded[i]];
    for (size_t i = 0; i < scan->metadata_count; i++)
        row->columns[scan->decoded_count + i].name = scan->metadata[i];
    sl_describe_string(to, "table", scan->table_name);
    sl_describe_string(to, "connector", scan->connector);
    sl_describe_string(to, "format", scan->format);
    explain_record(&scan->record, scan->physical, to);
    explain_decode(scan, to);
    sl_describe_expr(to, "filter", scan->filter, row);
    sl_describe_watermark(to, scan->watermark, scan->watermark_from_source, row);
    sl_describe_select(to, scan->exprs, node->schema, row);
    if (scan->bounded)
        sl_describe_string(to, "bounded", "true");
    sl_arena_done(&arena);
}

static void
explain_values(const struct sl_phys_node *node, struct sl_buffer *to)
{
    sl_describe_rows(to, node->detail, node->schema->count);
}

static void
explain_calc(const struct sl_phys_node *node, struct sl_buffer *to)
{
    const struct sl_phys_calc *calc = node->detail;
    const struct sl_schema *input = node->inputs[0].node->schema;

    sl_describe_select(to, calc->exprs, node->schema, input);
    sl_describe_expr(to, "where", calc->filter, input);
}

static void
explain_union(const struct sl_phys_node *node, struct sl_buffer *to)
{
    sl_describe_names(to, "union", node->schema);
}

static void
explain_replicate(const struct sl_phys_node *node, struct sl_buffer *to)
{
    const struct sl_schema *input = node->inputs[0].node->schema;

    sl_describe_string(to, "times", input->columns[input->count - 1].name);
    sl_describe_names(to, "select", node->schema);
}

static void
explain_expand(const struct sl_phys_node *node, struct sl_buffer *to)
{
    sl_describe_expand(to, node->detail, node->inputs[0].node->schema);
}

static void
explain_window_table(const struct sl_phys_node *node, struct sl_buffer *to)
{
    const struct sl_phys_window_table *table = node->detail;

    sl_describe_window(to, &table->window, table->time_column, false, node->inputs[0].node->schema);
}

static void
explain_window_of(const struct sl_phys_node *node, const struct sl_schema *output,
                  struct sl_buffer *to)
{
    const struct sl_phys_node *rows = sl_phys_local_phase(node);
    const struct sl_phys_window_aggregate *aggregate = rows->detail;
    const struct sl_schema *input = rows->inputs[0].node->schema;

    sl_describe_columns(to, "groupBy", aggregate->keys, aggregate->key_count, input);
    sl_describe_window(to, &aggregate->window, aggregate->time_column, aggregate->is_attached,
                       input);
    sl_describe_aggregates(to, aggregate->keys, aggregate->key_count, aggregate->aggregates,
                           aggregate->aggregate_count, output, input);
}

static void
explain_window_aggregate(const struct sl_phys_node *node, struct sl_buffer *to)
{
    explain_window_of(node, node->schema, to);
}

static void
explain_local_window_aggregate(const struct sl_phys_node *node, struct sl_buffer *to)
{
    explain_window_of(node, NULL, to);
}

static void
explain_window_emit(const struct sl_phys_node *node, struct sl_buffer *to)
{
    const struct sl_phys_window_emit *detail = node->detail;

    explain_window_aggregate(node, to);
    sl_describe_emit(to, &detail->emit);
}

static void
explain_ttl(int64_t ttl_us, struct sl_buffer *to)
{
    if (!ttl_us)
        return;
    sl_describe_begin(to, "stateTtl");
    sl_buffer_printf(to, "%lld ms", (long long)(ttl_us / SL_US_PER_MS));
    sl_describe_end(to);
}

static void
explain_over(const struct sl_phys_node *node, struct sl_buffer *to)
{
    const struct sl_phys_over *detail = node->detail;

    sl_describe_over(to, &detail->over, node->schema);
    explain_ttl(detail->ttl_us, to);
}

static void
explain_updating_over(const struct sl_phys_node *node, struct sl_buffer *to)
{
    explain_over(node, to);
}

static void
explain_batch_over(const struct sl_phys_node *node, struct sl_buffer *to)
{
    explain_over(node, to);
}

static void
explain_session_table(const struct sl_phys_node *node, struct sl_buffer *to)
{
    const struct sl_phys_session_table *table = node->detail;
    const struct sl_schema *input = node->inputs[0].node->schema;

    if (table->key_count)
        sl_describe_columns(to, "partitionBy", table->keys, table->key_count, input);
    sl_describe_window(to, &table->window, table->time_column, false, input);
}

static void
explain_session_aggregate(const struct sl_phys_node *node, struct sl_buffer *to)
{
    explain_window_aggregate(node, to);
}

static void
explain_trigger_aggregate(const struct sl_phys_node *node, struct sl_buffer *to)
{
    const struct sl_phys_trigger_aggregate *aggregate = node->detail;
    const struct sl_schema *input = node->inputs[0].node->schema;

    sl_describe_columns(to, "groupBy", aggregate->keys, aggregate->key_count, input);
    sl_describe_trigger(to, &aggregate->trigger);
    sl_describe_aggregates(to, aggregate->keys, aggregate->key_count, aggregate->aggregates,
                           aggregate->aggregate_count, node->schema, input);
}

static void
explain_group_of(const struct sl_phys_node *node, const struct sl_schema *output,
                 struct sl_buffer *to)
{
    const struct sl_phys_node *rows = sl_phys_local_phase(node);
    const struct sl_phys_group_aggregate *aggregate = rows->detail;
    const struct sl_schema *input = rows->inputs[0].node->schema;

    sl_describe_columns(to, "groupBy", aggregate->keys, aggregate->key_count, input);
    sl_describe_aggregates(to, aggregate->keys, aggregate->key_count, aggregate->aggregates,
                           aggregate->aggregate_count, output, input);
    explain_ttl(((const struct sl_phys_group_aggregate *)node->detail)->ttl_us, to);
}

static void
explain_group_aggregate(const struct sl_phys_node *node, struct sl_buffer *to)
{
    explain_group_of(node, node->schema, to);
}

static void
explain_local_group_aggregate(const struct sl_phys_node *node, struct sl_buffer *to)
{
    explain_group_of(node, NULL, to);
}

/* "ts - INTERVAL '00:00:05'" */
static void
explain_bound(const char *name, int64_t us, struct sl_buffer *to)
{
    struct sl_expr bound = {.kind = SL_EXPR_LITERAL, .type = &sl_type_interval_day, .offset = -1};

    sl_buffer_add_string(to, name);
    if (us == 0)
        return;
    sl_buffer_add_string(to, us < 0 ? " - " : " + ");
    bound.value.type = bound.type;
    bound.value.integer = us < 0 ? -us : us;
    sl_expr_format(&bound, NULL, to);
}

static void
explain_interval_join(const struct sl_phys_node *node, struct sl_buffer *to)
{
    const struct sl_phys_interval_join *join = node->detail;
    const struct sl_schema *left = node->inputs[0].node->schema;
    const struct sl_schema *right = node->inputs[1].node->schema;
    const char *time = right->columns[join->right_time].name;
    struct sl_schema *pair;
    struct sl_arena arena;

    sl_arena_init(&arena);
    pair = sl_phys_pair_schema(&arena, node);
    sl_describe_string(to, "joinType", sl_join_kind_name(join->join));
    sl_describe_columns(to, "leftKeys", join->left_keys, join->key_count, left);
    sl_describe_columns(to, "rightKeys", join->right_keys, join->key_count, right);
    sl_describe_begin(to, join->processing_time ? "processingTime" : "eventTime");
    sl_buffer_printf(to, "%s BETWEEN ", left->columns[join->left_time].name);
    explain_bound(time, join->lower_us, to);
    explain_bound(sl_arena_printf(&arena, " AND %s", time), join->upper_us, to);
    sl_describe_end(to);
    sl_describe_expr(to, "condition", join->condition, pair);
    sl_describe_names(to, "select", node->schema);
    sl_arena_done(&arena);
}

static void
explain_semi_join(const struct sl_phys_node *node, struct sl_buffer *to)
{
    const struct sl_phys_semi_join *join = node->detail;

    sl_describe_string(to, "joinType", sl_semi_join_kind_name(join->kind));
    sl_describe_columns(to, "leftKeys", join->left_keys, join->key_count,
                        node->inputs[0].node->schema);
    sl_describe_columns(to, "rightKeys", join->right_keys, join->key_count,
                        node->inputs[1].node->schema);
    sl_describe_names(to, "select", node->schema);
    explain_ttl(join->ttl_us, to);
}

static void
explain_single_join(const struct sl_phys_node *node, struct sl_buffer *to)
{
    const struct sl_phys_single_join *join = node->detail;
    struct sl_arena arena;

    sl_arena_init(&arena);
    sl_describe_expr(
        to, "condition", join->condition,
        sl_phys_both_inputs(&arena, node->inputs[0].node->schema, node->inputs[1].node->schema));
    sl_describe_names(to, "select", node->schema);
    explain_ttl(join->ttl_us, to);
    sl_arena_done(&arena);
}

static void
explain_unnest(const struct sl_phys_node *node, struct sl_buffer *to)
{
    const struct sl_phys_unnest *unnest = node->detail;

    sl_describe_columns(to, unnest->is_series ? "series" : "of", unnest->args, unnest->arg_count,
                        node->inputs[0].node->schema);
    if (unnest->is_outer)
        sl_describe_string(to, "joinType", "LEFT");
    sl_describe_names(to, "select", node->schema);
}

static void
explain_batch_aggregate(const struct sl_phys_node *node, struct sl_buffer *to)
{
    const struct sl_phys_batch_aggregate *aggregate = node->detail;
    const struct sl_schema *input = node->inputs[0].node->schema;

    sl_describe_columns(to, "groupBy", aggregate->keys, aggregate->key_count, input);
    sl_describe_aggregates(to, aggregate->keys, aggregate->key_count, aggregate->aggregates,
                           aggregate->aggregate_count, node->schema, input);
}

static void
explain_changelog_merge(const struct sl_phys_node *node, struct sl_buffer *to)
{
    const struct sl_phys_changelog_merge *merge = node->detail;

    sl_describe_columns(to, "key", merge->keys, merge->key_count, node->schema);
    if (!merge->key_count)
        sl_describe_string(to, "key", "all columns");
}

static void
explain_changelog_normalize(const struct sl_phys_node *node, struct sl_buffer *to)
{
    const struct sl_phys_changelog_normalize *normalize = node->detail;

    sl_describe_columns(to, "key", normalize->keys, normalize->key_count, node->schema);
    sl_describe_expr(to, "condition", normalize->filter, node->schema);
    explain_ttl(normalize->ttl_us, to);
}

static void
explain_upsert_materialize(const struct sl_phys_node *node, struct sl_buffer *to)
{
    static const char *const names[] = {NULL, "NOTHING", "ERROR"};
    const struct sl_phys_upsert_materialize *materialize = node->detail;

    sl_describe_columns(to, "key", materialize->keys, materialize->key_count, node->schema);
    sl_describe_columns(to, "upsertKey", materialize->identity, materialize->identity_count,
                        node->schema);
    sl_describe_string(to, "onConflict", names[materialize->conflict]);
    explain_ttl(materialize->ttl_us, to);
}

static void
explain_top_n(const struct sl_phys_node *node, struct sl_buffer *to)
{
    const struct sl_phys_top_n *detail = node->detail;

    sl_describe_string(to, "strategy", detail->retracts ? "retract" : "append-only");
    sl_describe_rank(to, &detail->rank, node->inputs[0].node->schema);
    explain_ttl(detail->ttl_us, to);
}

static void
explain_window_rank(const struct sl_phys_node *node, struct sl_buffer *to)
{
    const struct sl_phys_window_rank *detail = node->detail;
    const struct sl_schema *input = node->inputs[0].node->schema;

    sl_describe_window(to, &detail->window, detail->end_column, true, input);
    sl_describe_rank(to, &detail->rank, input);
}

static void
explain_deduplicate(const struct sl_phys_node *node, struct sl_buffer *to)
{
    const struct sl_phys_deduplicate *detail = node->detail;

    sl_describe_string(to, "keep", detail->keeps_last ? "LastRow" : "FirstRow");
    sl_describe_columns(to, "key", detail->keys, detail->key_count, node->schema);
    sl_describe_columns(to, detail->processing_time ? "processingTime" : "eventTime",
                        &detail->time_column, 1, node->schema);
    explain_ttl(detail->ttl_us, to);
}

static void
explain_temporal_sort(const struct sl_phys_node *node, struct sl_buffer *to)
{
    const struct sl_phys_temporal_sort *detail = node->detail;

    sl_describe_sort(to, detail->keys, detail->key_count, node->schema);
}

static void
explain_batch_rank(const struct sl_phys_node *node, struct sl_buffer *to)
{
    const struct sl_phys_batch_rank *detail = node->detail;

    sl_describe_rank(to, &detail->rank, node->inputs[0].node->schema);
}

static void
explain_sort(const struct sl_phys_node *node, struct sl_buffer *to)
{
    const struct sl_phys_sort *sort = node->detail;

    sl_describe_sort(to, sort->keys, sort->key_count, node->schema);
    sl_describe_limit(to, sort->offset, sort->limit);
}

static void
explain_limit(const struct sl_phys_node *node, struct sl_buffer *to)
{
    const struct sl_phys_limit *limit = node->detail;

    sl_describe_limit(to, limit->offset, limit->limit);
}

static void
explain_change(const struct sl_phys_node *node, struct sl_buffer *to)
{
    const struct sl_phys_change *change = node->detail;

    sl_describe_string(to, "kind", change->is_delete ? "DELETE" : "UPDATE");
}

static void
explain_sink(const struct sl_phys_node *node, struct sl_buffer *to)
{
    const struct sl_phys_sink *sink = node->detail;

    sl_describe_string(to, "table", sink->table_name);
    sl_describe_string(to, "connector", sink->connector);
    sl_describe_string(to, "format", sink->format);
    explain_record(&sink->record, sink->physical, to);
    if (node->input_count)
        sl_describe_names(to, "fields", node->inputs[0].node->schema);
    if (sink->upsert)
        sl_describe_columns(to, "upsertKey", sink->primary_key, sink->primary_key_count,
                            sink->physical);
    if (sink->before_deletes)
        sl_describe_string(to, "beforeDeletes", "true");
    sl_describe_string(to, "guarantee", sink->guarantee);
}

static void
explain_collect(const struct sl_phys_node *node, struct sl_buffer *to)
{
    const struct sl_phys_collect *collect = node->detail;

    sl_describe_names(to, "fields", node->inputs[0].node->schema);
    if (collect->row_kinds)
        sl_describe_string(to, "rowKinds", "true");
}

static void (*const explain_details[SL_OP_COUNT])(const struct sl_phys_node *,
                                                  struct sl_buffer *) = {
#define OPERATOR(kind, stem, name) [SL_OP_##kind] = explain_##stem,
#include "plan/operators.def"
#undef OPERATOR
};

/* Which row kinds come out, as Flink writes them. */
static void
explain_kinds(const struct sl_phys_node *node, struct sl_buffer *to)
{
    static const char *const names[] = {"I", "UB", "UA", "D"};
    const char *comma = "";

    sl_describe_begin(to, "changelogMode");
    if (node->kind == SL_OP_SINK || node->kind == SL_OP_COLLECT)
        sl_buffer_add_string(to, "NONE");
    else
        for (unsigned i = 0; i < SL_COUNT_OF(names); i++) {
            if (!(node->kinds & (1u << i)))
                continue;
            sl_buffer_printf(to, "%s%s", comma, names[i]);
            comma = ",";
        }
    sl_describe_end(to);
}

static void
explain_indent(struct sl_buffer *to, int depth)
{
    if (depth)
        sl_buffer_printf(to, "%*s+- ", 3 * (depth - 1), "");
}

static void
explain_exchange(const struct sl_phys_input *input, bool changelog_mode, struct sl_buffer *to)
{
    sl_buffer_printf(to, "Exchange(distribution=[%s", sl_exchange_name(input->exchange));
    for (size_t k = 0; k < input->key_count; k++)
        sl_buffer_printf(to, "%s%s", k ? ", " : "[",
                         input->node->schema->columns[input->keys[k]].name);
    sl_buffer_add_string(to, input->key_count ? "]]" : "]");
    if (changelog_mode)
        explain_kinds(input->node, to);
    sl_buffer_add_string(to, ")\n");
}

static void
explain_tree(const struct sl_phys_node *node, int depth, bool changelog_mode, struct sl_buffer *to)
{
    explain_indent(to, depth);
    sl_buffer_printf(to, "%s(", sl_phys_name(node));
    explain_details[node->kind](node, to);
    if (changelog_mode)
        explain_kinds(node, to);
    sl_buffer_add_string(to, ")\n");
    for (size_t i = 0; i < node->input_count; i++) {
        const struct sl_phys_input *input = &node->inputs[i];

        if (input->exchange == SL_EXCHANGE_FORWARD) {
            explain_tree(input->node, depth + 1, changelog_mode, to);
            continue;
        }
        explain_indent(to, depth + 1);
        explain_exchange(input, changelog_mode, to);
        explain_tree(input->node, depth + 2, changelog_mode, to);
    }
}

/* To its input, which nobody else reads. */
static bool
explain_is_chained(const struct sl_phys_node *node, const size_t *consumer_counts)
{
    return node->input_count == 1 && node->inputs[0].exchange == SL_EXCHANGE_FORWARD &&
           consumer_counts[node->inputs[0].node->id] == 1;
}

static size_t *
explain_count_consumers(const struct sl_phys_plan *plan, struct sl_arena *arena)
{
    size_t *counts = SL_NEW_ARRAY(arena, size_t, plan->node_count + 1);

    for (size_t i = 0; i < plan->node_count; i++)
        for (size_t k = 0; k < plan->nodes[i]->input_count; k++)
            counts[plan->nodes[i]->inputs[k].node->id]++;
    return counts;
}

void
sl_phys_explain_name(const struct sl_phys_node *node, struct sl_buffer *to)
{
    sl_buffer_add_string(to, sl_phys_name(node));
    if (node->kind == SL_OP_SCAN)
        sl_buffer_printf(to, "[%s]", ((const struct sl_phys_scan *)node->detail)->table_name);
    if (node->kind == SL_OP_SINK)
        sl_buffer_printf(to, "[%s]", ((const struct sl_phys_sink *)node->detail)->table_name);
}

/* A task begins at every node that is not chained to its input, and takes in what is chained to it.
 */
static void
explain_tasks(const struct sl_phys_plan *plan, struct sl_buffer *to)
{
    struct sl_arena arena;
    size_t *task_of, *consumer_counts, task_count = 0;

    sl_arena_init(&arena);
    consumer_counts = explain_count_consumers(plan, &arena);
    task_of = SL_NEW_ARRAY(&arena, size_t, plan->node_count);
    for (size_t i = 0; i < plan->node_count; i++)
        task_of[i] = explain_is_chained(plan->nodes[i], consumer_counts)
                         ? task_of[plan->nodes[i]->inputs[0].node->id]
                         : task_count++;
    for (size_t task = 0; task < task_count; task++) {
        const struct sl_phys_node *head = NULL;

        for (size_t i = 0; i < plan->node_count; i++) {
            if (task_of[i] != task)
                continue;
            if (head)
                sl_buffer_add_string(to, " -> ");
            else
                sl_buffer_printf(to, "Task %zu (parallelism %u): ", task,
                                 plan->nodes[i]->parallelism);
            head = head ? head : plan->nodes[i];
            sl_phys_explain_name(plan->nodes[i], to);
        }
        for (size_t i = 0; head && i < head->input_count; i++)
            sl_buffer_printf(to, "%s%s from task %zu", i ? ", " : " <- ",
                             sl_exchange_name(head->inputs[i].exchange),
                             task_of[head->inputs[i].node->id]);
        sl_buffer_add_byte(to, '\n');
    }
    sl_arena_done(&arena);
}

void
sl_phys_explain(const struct sl_phys_plan *plan, bool changelog_mode, struct sl_buffer *to)
{
    bool *consumed;
    struct sl_arena arena;

    sl_arena_init(&arena);
    consumed = SL_NEW_ARRAY(&arena, bool, plan->node_count);
    for (size_t i = 0; i < plan->node_count; i++)
        for (size_t j = 0; j < plan->nodes[i]->input_count; j++)
            consumed[plan->nodes[i]->inputs[j].node->id] = true;
    for (size_t i = 0; i < plan->node_count; i++)
        if (!consumed[i])
            explain_tree(plan->nodes[i], 0, changelog_mode, to);
    sl_buffer_add_string(to, "\n== Tasks ==\n");
    explain_tasks(plan, to);
    sl_arena_done(&arena);
}
