/* GROUP BY: the keys, and the aggregation under a select list.
 *
 *   SELECT channel, SUM(price * 2) + 1 FROM bids GROUP BY channel
 * becomes
 *   PROJECT channel, agg0 + 1
 *     AGGREGATE keys (channel), aggregates (SUM($1))
 *       PROJECT channel, price * 2
 *         bids
 */
#include "planner/bind.h"

/* --- keys --- */

/* An output name that GROUP BY may use when no input column has it. */
static const struct sl_ast_select_item *
group_alias(const struct sl_ast_select *select, const struct sl_ast_expr *ast)
{
    if (ast->ast.kind != SL_AST_EXPR_COLUMN || ast->column.count != 1)
        return NULL;
    for (size_t i = 0; i < select->item_count; i++)
        if (select->items[i].alias.text.start &&
            sl_text_equal_nocase(select->items[i].alias.text, ast->column.parts[0].text))
            return &select->items[i];
    return NULL;
}

static int
group_key(struct sl_clause *binding, const struct sl_ast_select *select,
          const struct sl_ast_expr *ast, struct sl_expr **ret_key, struct sl_error *err)
{
    const struct sl_ast_select_item *alias = group_alias(select, ast);
    int ordinal;

    SL_TRY(sl_binder_ordinal(binding->binder, ast, "GROUP BY", select->item_count, &ordinal, err));
    if (ordinal >= 0)
        ast = select->items[ordinal].expr;
    else if (alias && sl_schema_find(binding->scope->columns, ast->column.parts[0].text) == -1)
        ast = alias->expr;
    SL_TRY(sl_binder_expr(binding, ast, ret_key, err));
    sl_parameters_end(binding->binder, ret_key, 1);
    return SL_OK;
}

/* (a, b) in GROUP BY is two keys. */
static int
group_add(struct sl_clause *binding, const struct sl_ast_select *select,
          const struct sl_ast_expr *ast, struct sl_expr **keys, size_t *count, struct sl_error *err)
{
    struct sl_expr *key;

    SL_TRY(group_key(binding, select, ast, &key, err));
    for (size_t i = 0; i < *count; i++)
        if (sl_expr_equal(keys[i], key))
            return SL_OK;
    keys[(*count)++] = key;
    return SL_OK;
}

static size_t
group_key_count(const struct sl_ast_select *select)
{
    size_t count = 0;

    for (size_t i = 0; i < select->group_by.count; i++) {
        const struct sl_ast_group *group = select->group_by.items[i];

        if (group->kind == SL_AST_GROUP_EXPR)
            count += group->expr->ast.kind == SL_AST_EXPR_ROW ? group->expr->items.count : 1;
    }
    return count;
}

int
sl_binder_group_by(struct sl_clause *binding, const struct sl_ast_select *select,
                   struct sl_expr ***ret_keys, size_t *ret_key_count, struct sl_error *err)
{
    struct sl_expr **keys =
        SL_NEW_ARRAY(binding->binder->arena, struct sl_expr *, group_key_count(select));
    size_t count = 0;

    for (size_t i = 0; i < select->group_by.count; i++) {
        const struct sl_ast_group *group = select->group_by.items[i];

        if (group->kind == SL_AST_GROUP_EMPTY)
            continue;
        if (group->kind != SL_AST_GROUP_EXPR)
            return sl_binder_refuse(binding->binder, group->offset,
                                    group->kind == SL_AST_GROUP_SETS   ? "GROUPING SETS are"
                                    : group->kind == SL_AST_GROUP_CUBE ? "CUBE is"
                                                                       : "ROLLUP is",
                                    err);
        if (group->expr->ast.kind != SL_AST_EXPR_ROW) {
            SL_TRY(group_add(binding, select, group->expr, keys, &count, err));
            continue;
        }
        for (size_t j = 0; j < group->expr->items.count; j++)
            SL_TRY(group_add(binding, select, group->expr->items.items[j], keys, &count, err));
    }
    *ret_keys = keys;
    *ret_key_count = count;
    return SL_OK;
}

/* --- the aggregation --- */

struct group_rewrite {
    struct sl_binder *binder;
    const struct sl_scope *scope;
    struct sl_expr **keys;
    size_t key_count;
    const struct sl_schema *output; /* of the aggregation */
};

static int
group_not_a_key(const struct group_rewrite *rewrite, const struct sl_expr *column,
                struct sl_error *err)
{
    SL_ERROR(err, SL_E_GROUPING,
             "column \"%s%s%s\" must appear in the GROUP BY clause or be used in an aggregate "
             "function",
             rewrite->scope->name ? rewrite->scope->name : "", rewrite->scope->name ? "." : "",
             rewrite->scope->columns->columns[column->column].name);
    return sl_error_at(err, column->offset);
}

/* The same expression over the aggregation's columns. */
static int
group_rewrite_expr(const struct group_rewrite *rewrite, struct sl_expr *expr,
                   struct sl_expr **ret_expr, struct sl_error *err)
{
    struct sl_arena *arena = rewrite->binder->arena;
    struct sl_expr *copy;

    for (uint32_t i = 0; i < rewrite->key_count; i++) {
        if (sl_expr_equal(expr, rewrite->keys[i])) {
            *ret_expr = sl_log_column(arena, rewrite->output, i);
            (*ret_expr)->offset = expr->offset;
            return SL_OK;
        }
    }
    if (expr->kind == SL_EXPR_COLUMN) {
        if (expr->column < SL_BIND_AGGREGATE)
            return group_not_a_key(rewrite, expr, err);
        *ret_expr =
            sl_log_column(arena, rewrite->output,
                          (uint32_t)rewrite->key_count + (expr->column - SL_BIND_AGGREGATE));
        (*ret_expr)->offset = expr->offset;
        return SL_OK;
    }
    copy = SL_NEW(arena, struct sl_expr);
    *copy = *expr;
    copy->args = SL_NEW_ARRAY(arena, struct sl_expr *, expr->arg_count);
    for (size_t i = 0; i < expr->arg_count; i++)
        SL_TRY(group_rewrite_expr(rewrite, expr->args[i], &copy->args[i], err));
    *ret_expr = copy;
    return SL_OK;
}

/* Puts an expression among those that are computed under the aggregation; the same one once. */
static struct sl_expr *
group_input(struct sl_arena *arena, struct sl_expr **inputs, size_t *count, struct sl_expr *expr)
{
    for (uint32_t i = 0; i < *count; i++)
        if (sl_expr_equal(inputs[i], expr))
            return sl_expr_column(arena, i, expr->type);
    inputs[*count] = expr;
    return sl_expr_column(arena, (uint32_t)(*count)++, expr->type);
}

static struct sl_aggregate *
group_aggregate(struct sl_arena *arena, const struct sl_aggregate *from, struct sl_expr **inputs,
                size_t *count)
{
    struct sl_aggregate *aggregate = SL_NEW(arena, struct sl_aggregate);

    *aggregate = *from;
    aggregate->args = SL_NEW_ARRAY(arena, struct sl_expr *, from->arg_count);
    for (size_t i = 0; i < from->arg_count; i++)
        aggregate->args[i] = sl_aggregate_is_parameter(from, i)
                                 ? from->args[i]
                                 : group_input(arena, inputs, count, from->args[i]);
    if (from->filter)
        aggregate->filter = group_input(arena, inputs, count, from->filter);
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

/* PROJECT(keys, arguments) and AGGREGATE over it. */
static struct sl_log_node *
group_node(struct sl_arena *arena, struct sl_log_node *input, struct sl_expr **keys,
           size_t key_count, const struct sl_bound_aggregates *aggregates)
{
    size_t max = key_count, count = 0;
    struct sl_log_aggregate bound = {0};
    struct sl_expr **inputs;
    const char **names;
    struct sl_schema *schema = sl_schema_new(arena, key_count + aggregates->count);
    struct sl_log_node *node;

    for (size_t i = 0; i < aggregates->count; i++)
        max += aggregates->items[i]->arg_count + 1;
    inputs = SL_NEW_ARRAY(arena, struct sl_expr *, max + 1);
    names = SL_NEW_ARRAY(arena, const char *, max + 1);
    bound.keys = SL_NEW_ARRAY(arena, uint32_t, key_count);
    for (size_t i = 0; i < key_count; i++)
        bound.keys[i] = group_input(arena, inputs, &count, keys[i])->column;
    bound.key_count = key_count;
    bound.aggregates = SL_NEW_ARRAY(arena, struct sl_aggregate *, aggregates->count);
    for (size_t i = 0; i < aggregates->count; i++)
        bound.aggregates[i] = group_aggregate(arena, aggregates->items[i], inputs, &count);
    bound.aggregate_count = aggregates->count;
    if (!count) /* COUNT(*) alone: a batch without columns would be an oddity everywhere */
        inputs[count++] = sl_binder_boolean(arena, true);
    for (size_t i = 0; i < count; i++)
        names[i] = group_input_name(arena, inputs[i], input->schema, i);
    for (size_t i = 0; i < key_count; i++)
        schema->columns[i] =
            (struct sl_schema_column){.name = names[bound.keys[i]], .type = keys[i]->type};
    for (size_t i = 0; i < aggregates->count; i++)
        schema->columns[key_count + i] = (struct sl_schema_column){
            .name = sl_arena_printf(arena, "agg%zu", i), .type = aggregates->items[i]->type};
    node = sl_log_new(arena, SL_LOG_AGGREGATE, schema,
                      sl_log_project(arena, input, inputs, names, count));
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

int
sl_binder_aggregation(struct sl_binder *binder, const struct sl_scope *scope, struct sl_expr **keys,
                      size_t key_count, struct sl_bound_aggregates *aggregates, int offset,
                      struct sl_select_output *output, struct sl_log_node **node,
                      struct sl_error *err)
{
    struct sl_log_node *aggregate = group_node(binder->arena, *node, keys, key_count, aggregates);
    struct group_rewrite rewrite = {binder, scope, keys, key_count, aggregate->schema};

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
    for (size_t i = 0; i < output->count; i++)
        SL_TRY(group_rewrite_expr(&rewrite, output->exprs[i], &output->exprs[i], err));
    *node = aggregate;
    if (output->having) {
        SL_TRY(group_rewrite_expr(&rewrite, output->having, &output->having, err));
        *node = sl_log_filter(binder->arena, aggregate, output->having);
    }
    return SL_OK;
}
