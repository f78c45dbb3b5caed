/* GROUP BY: the aggregation under a select list.
 *
 *   SELECT channel, SUM(price * 2) + 1 FROM bids GROUP BY channel
 * becomes
 *   PROJECT channel, agg0 + 1
 *     AGGREGATE keys (channel), aggregates (SUM($1))
 *       PROJECT channel, price * 2
 *         bids
 *
 * With grouping sets an EXPAND stands over the lower PROJECT, and the set's id is the last key.
 */
#include "planner/bind.h"

struct group_rewrite {
    struct sl_binder *binder;
    const struct sl_scope *scope;
    const struct sl_group_keys *keys;
    size_t key_count; /* of the aggregation: with the set's id */
    const struct sl_bound_aggregates *aggregates;
    const struct sl_schema *output; /* of the aggregation */
};

static int
group_not_a_key(const struct group_rewrite *rewrite, const struct sl_expr *column,
                struct sl_error *err)
{
    const char *table = rewrite->scope->part_count
                            ? sl_scope_qualifier(rewrite->scope, column->column)
                            : rewrite->scope->name;

    SL_ERROR(err, SL_E_GROUPING,
             "column \"%s%s%s\" must appear in the GROUP BY clause or be used in an aggregate "
             "function",
             table ? table : "", table ? "." : "",
             rewrite->scope->columns->columns[column->column].name);
    return sl_error_at(err, column->offset);
}

/* GROUPING(a, b): a number with a bit a key, the last one's the lowest: 1 where it is not in the
 * row's set. */
static int
group_grouping(const struct group_rewrite *rewrite, const struct sl_expr *expr,
               struct sl_expr **ret_expr, struct sl_error *err)
{
    const struct sl_bound_grouping *grouping =
        &rewrite->aggregates->groupings[expr->column - SL_BIND_GROUPING];
    struct sl_arena *arena = rewrite->binder->arena;
    struct sl_expr *sum = sl_binder_integer(arena, 0, &sl_type_bigint);

    for (size_t i = 0; i < grouping->arg_count; i++) {
        struct sl_expr *parts[2];
        size_t key = 0;

        while (key < rewrite->keys->count &&
               !sl_expr_equal(grouping->args[i], rewrite->keys->exprs[key]))
            key++;
        if (key == rewrite->keys->count) {
            SL_ERROR(err, SL_E_GROUPING,
                     "arguments to GROUPING must be grouping expressions of the associated query "
                     "level");
            return sl_error_at(err, grouping->args[i]->offset);
        }
        parts[0] = sum;
        parts[1] = sl_binder_integer(arena, 2, &sl_type_bigint);
        SL_TRY(sl_expr_call(arena, "*", parts, 2, expr->offset, &sum, err));
        if (!rewrite->keys->set_count)
            continue;
        /* The key's bit of the id. */
        parts[0] = sl_log_column(arena, rewrite->output, (uint32_t)rewrite->key_count - 1);
        parts[1] = sl_binder_integer(arena, INT64_C(1) << key, &sl_type_bigint);
        SL_TRY(sl_expr_call(arena, "/", parts, 2, expr->offset, &parts[0], err));
        parts[1] = sl_binder_integer(arena, 2, &sl_type_bigint);
        SL_TRY(sl_expr_call(arena, "MOD", parts, 2, expr->offset, &parts[1], err));
        parts[0] = sum;
        SL_TRY(sl_expr_call(arena, "+", parts, 2, expr->offset, &sum, err));
    }
    *ret_expr = sum;
    return SL_OK;
}

/* The same expression over the aggregation's columns. */
static int
group_rewrite_expr(const struct group_rewrite *rewrite, struct sl_expr *expr,
                   struct sl_expr **ret_expr, struct sl_error *err)
{
    struct sl_arena *arena = rewrite->binder->arena;
    struct sl_expr *copy;

    for (uint32_t i = 0; i < rewrite->keys->count; i++) {
        if (sl_expr_equal(expr, rewrite->keys->exprs[i])) {
            *ret_expr = sl_log_column(arena, rewrite->output, i);
            (*ret_expr)->offset = expr->offset;
            return SL_OK;
        }
    }
    if (expr->kind == SL_EXPR_COLUMN) {
        if (expr->column < SL_BIND_SUBQUERY)
            return group_not_a_key(rewrite, expr, err);
        if (expr->column < SL_BIND_AGGREGATE) { /* it is joined to the groups */
            *ret_expr = expr;
            return SL_OK;
        }
        if (expr->column >= SL_BIND_GROUPING)
            return group_grouping(rewrite, expr, ret_expr, err);
        *ret_expr =
            sl_log_column(arena, rewrite->output,
                          (uint32_t)rewrite->key_count + (expr->column - SL_BIND_AGGREGATE));
        (*ret_expr)->offset = expr->offset;
        return SL_OK;
    }
    copy = SL_NEW(arena, struct sl_expr);
    *copy = *expr;
    copy->args = SL_NEW_ARRAY(arena, struct sl_expr *, expr->arg_count);
    for (size_t i = 0; i < expr->arg_count; i++) {
        SL_TRY(group_rewrite_expr(rewrite, expr->args[i], &copy->args[i], err));
        /* A key is NULL where it is not in the set. */
        if (copy->args[i]->type->nullable && !expr->args[i]->type->nullable)
            copy->type = sl_type_nullable(arena, copy->type, true);
    }
    *ret_expr = copy;
    return SL_OK;
}

/* What is computed under the aggregation. */
struct group_inputs {
    struct sl_arena *arena;
    struct sl_expr **exprs;
    size_t count;
    size_t shared; /* from here on the same expression stands once */
};

static struct sl_expr *
group_input(struct group_inputs *inputs, struct sl_expr *expr)
{
    for (size_t i = inputs->shared; i < inputs->count; i++)
        if (sl_expr_equal(inputs->exprs[i], expr))
            return sl_expr_column(inputs->arena, (uint32_t)i, expr->type);
    inputs->exprs[inputs->count] = expr;
    return sl_expr_column(inputs->arena, (uint32_t)inputs->count++, expr->type);
}

static struct sl_aggregate *
group_aggregate(const struct sl_aggregate *from, struct group_inputs *inputs)
{
    struct sl_aggregate *aggregate = SL_NEW(inputs->arena, struct sl_aggregate);

    *aggregate = *from;
    aggregate->args = SL_NEW_ARRAY(inputs->arena, struct sl_expr *, from->arg_count);
    for (size_t i = 0; i < from->arg_count; i++)
        aggregate->args[i] =
            sl_aggregate_is_parameter(from, i) ? from->args[i] : group_input(inputs, from->args[i]);
    if (from->filter)
        aggregate->filter = group_input(inputs, from->filter);
    return aggregate;
}

static const char *
group_input_name(struct sl_arena *arena, const struct sl_expr *expr,
                 const struct sl_schema *columns, size_t index)
{
    if (expr->kind == SL_EXPR_COLUMN)
        return columns->columns[expr->column].name;
    return sl_arena_printf(arena, "$f%zu", index);
}

/* PROJECT(keys, arguments): keys that a set may make NULL are columns apart from arguments. */
static struct sl_log_node *
group_project(struct sl_arena *arena, struct sl_log_node *input, const struct sl_group_keys *keys,
              const struct sl_bound_aggregates *aggregates, struct sl_log_aggregate *bound)
{
    struct group_inputs inputs = {.arena = arena};
    size_t max = keys->count + 2;
    const char **names;

    for (size_t i = 0; i < aggregates->count; i++)
        max += aggregates->items[i]->arg_count + 1;
    inputs.exprs = SL_NEW_ARRAY(arena, struct sl_expr *, max);
    names = SL_NEW_ARRAY(arena, const char *, max);
    bound->keys = SL_NEW_ARRAY(arena, uint32_t, keys->count + 1);
    for (size_t i = 0; i < keys->count; i++)
        bound->keys[bound->key_count++] = group_input(&inputs, keys->exprs[i])->column;
    inputs.shared = keys->set_count ? inputs.count : 0;
    bound->aggregates = SL_NEW_ARRAY(arena, struct sl_aggregate *, aggregates->count);
    for (size_t i = 0; i < aggregates->count; i++)
        bound->aggregates[i] = group_aggregate(aggregates->items[i], &inputs);
    bound->aggregate_count = aggregates->count;
    if (bound->parts[1])
        bound->time_column =
            group_input(&inputs, sl_log_column(arena, input->schema, bound->time_column))->column;
    if (!inputs.count) /* COUNT(*) alone: a batch without columns would be an oddity everywhere */
        inputs.exprs[inputs.count++] = sl_binder_boolean(arena, true);
    for (size_t i = 0; i < inputs.count; i++)
        names[i] = i >= keys->count && keys->set_count
                       ? sl_arena_printf(arena, "$f%zu", i)
                       : group_input_name(arena, inputs.exprs[i], input->schema, i);
    return sl_log_project(arena, input, inputs.exprs, names, inputs.count);
}

bool
sl_expand_keeps(const struct sl_phys_expand *expand, uint32_t key)
{
    for (size_t set = 0; set < expand->set_count; set++)
        if (key >= expand->key_count || !(expand->kept[set] >> key & 1))
            return false;
    return true;
}

struct sl_schema *
sl_expand_schema(struct sl_arena *arena, const struct sl_schema *input,
                 const struct sl_phys_expand *expand)
{
    struct sl_schema *schema = sl_schema_new(arena, input->count + 1);

    memcpy(schema->columns, input->columns, input->count * sizeof(*schema->columns));
    for (uint32_t i = 0; i < expand->key_count; i++) {
        if (sl_expand_keeps(expand, i))
            continue;
        schema->columns[i].type = sl_type_nullable(arena, input->columns[i].type, true);
        schema->columns[i].time = SL_TIME_NONE;
    }
    schema->columns[input->count] = (struct sl_schema_column){
        .name = "$e", .type = sl_type_nullable(arena, &sl_type_bigint, false)};
    return schema;
}

static struct sl_log_node *
group_expand(struct sl_arena *arena, struct sl_log_node *input, const struct sl_group_keys *keys,
             int offset)
{
    struct sl_phys_expand expand = {.key_count = (uint32_t)keys->count,
                                    .kept = keys->kept,
                                    .ids = keys->ids,
                                    .set_count = keys->set_count};
    struct sl_log_node *node =
        sl_log_new(arena, SL_LOG_EXPAND, sl_expand_schema(arena, input->schema, &expand), input);

    node->expand = expand;
    node->offset = offset;
    return node;
}

/* AGGREGATE over EXPAND over PROJECT; `from` has the trigger, and its time column of the input. */
static struct sl_log_node *
group_node(struct sl_arena *arena, struct sl_log_node *input, const struct sl_group_keys *keys,
           const struct sl_bound_aggregates *aggregates, const struct sl_log_aggregate *from,
           int offset)
{
    struct sl_log_aggregate bound = *from;
    struct sl_schema *schema;
    struct sl_log_node *node;

    input = group_project(arena, input, keys, aggregates, &bound);
    if (keys->set_count) {
        bound.keys[bound.key_count++] = (uint32_t)input->schema->count;
        input = group_expand(arena, input, keys, offset);
    }
    schema = sl_schema_new(arena, bound.key_count + aggregates->count);
    for (size_t i = 0; i < bound.key_count; i++) {
        schema->columns[i] = input->schema->columns[bound.keys[i]];
        schema->columns[i].time = SL_TIME_NONE;
    }
    for (size_t i = 0; i < aggregates->count; i++)
        schema->columns[bound.key_count + i] = (struct sl_schema_column){
            .name = sl_arena_printf(arena, "agg%zu", i), .type = aggregates->items[i]->type};
    node = sl_log_new(arena, SL_LOG_AGGREGATE, schema, input);
    node->aggregate = bound;
    return node;
}

/* window_time of a grouping by windows is a time attribute again. */
static void
group_mark_times(struct sl_log_node *aggregate)
{
    const struct sl_log_node *input = aggregate->inputs[0];

    for (size_t i = 0; i < aggregate->aggregate.key_count; i++) {
        uint32_t key = aggregate->aggregate.keys[i];

        if (sl_window_part_of(input, key) == SL_WINDOW_PART_TIME)
            aggregate->schema->columns[i].time = input->schema->columns[key].time;
    }
}

/* The output's expressions and those of its subqueries over the aggregation's columns. */
static int
group_rewrite_output(const struct group_rewrite *rewrite, struct sl_select_output *output,
                     struct sl_error *err)
{
    struct sl_bound_subquery *subquery = output->subqueries.first;

    for (size_t i = 0; i < output->count; i++)
        SL_TRY(group_rewrite_expr(rewrite, output->exprs[i], &output->exprs[i], err));
    if (output->having)
        SL_TRY(group_rewrite_expr(rewrite, output->having, &output->having, err));
    for (size_t i = 0; i < output->other_count; i++)
        SL_TRY(group_rewrite_expr(rewrite, *output->others[i], output->others[i], err));
    for (; subquery; subquery = subquery->next)
        for (size_t i = 0; i < subquery->key_count; i++)
            SL_TRY(group_rewrite_expr(rewrite, subquery->keys[i], &subquery->keys[i], err));
    return SL_OK;
}

int
sl_binder_aggregation(struct sl_binder *binder, const struct sl_scope *scope,
                      const struct sl_group_keys *keys, struct sl_bound_aggregates *aggregates,
                      int offset, struct sl_select_output *output, struct sl_log_node **node,
                      struct sl_error *err)
{
    struct group_rewrite rewrite = {binder, scope, keys, 0, aggregates, NULL};
    struct sl_log_aggregate bound = {0};
    struct sl_log_node *aggregate;
    int32_t time_column;
    bool has_trigger;

    SL_TRY(sl_binder_trigger(binder, (*node)->schema, &bound.trigger, &time_column, &has_trigger,
                             err));
    bound.parts[1] = time_column >= 0;
    bound.time_column = time_column >= 0 ? (uint32_t)time_column : 0;
    aggregate = group_node(binder->arena, *node, keys, aggregates, &bound,
                           sl_binder_offset(binder, offset));
    if (has_trigger)
        aggregate->kind = SL_LOG_TRIGGER_AGGREGATE;
    rewrite.key_count = aggregate->aggregate.key_count;
    rewrite.output = aggregate->schema;
    aggregate->offset = sl_binder_offset(binder, offset);
    aggregate->parallelism = binder->parallelism;
    group_mark_times(aggregate);
    SL_TRY(sl_binder_state_ttl(binder, scope ? scope->name : NULL, &aggregate->aggregate.has_ttl,
                               &aggregate->aggregate.ttl_us, err));
    if (aggregate->aggregate.has_ttl)
        binder->state_ttl = NULL; /* it found its use */
    if (binder->late_rows)
        aggregate->aggregate.late_table = sl_binder_name(binder, &binder->late_rows->items[0]);
    binder->late_rows = NULL;
    for (size_t i = 0; i < aggregates->grouping_count; i++)
        if (aggregates->groupings[i].arg_count == 0)
            aggregates->groupings[i] = (struct sl_bound_grouping){keys->exprs, keys->count};
    SL_TRY(group_rewrite_output(&rewrite, output, err));
    *node = aggregate;
    SL_TRY(sl_binder_place_output(binder, NULL, output, node, err));
    if (output->having)
        *node = sl_log_filter(binder->arena, *node, output->having);
    return SL_OK;
}
