/* SELECT … FROM … WHERE … GROUP BY … HAVING … ORDER BY: bound in this order, built from the inside
 * out: FROM, WHERE, aggregation, HAVING, projection, DISTINCT, sort. */
#include "planner/name.h"

static int
select_check(const struct sl_binder *binder, const struct sl_ast_select *select,
             struct sl_error *err)
{
    if (select->distinct_on.count) {
        const struct sl_ast_expr *first = select->distinct_on.items[0];

        return sl_binder_refuse(binder, first->ast.offset, "DISTINCT ON is", err);
    }
    return SL_OK;
}

static int
select_from(struct sl_binder *binder, const struct sl_ast_select *select,
            struct sl_relation *relation, struct sl_error *err)
{
    for (size_t i = 0; i < select->from.count; i++) {
        const struct sl_ast *item = select->from.items[i];
        struct sl_relation next;

        if (i && sl_is_correlated(item)) {
            SL_TRY(sl_binder_join_correlated(binder, relation, item, false, err));
            continue;
        }
        SL_TRY(sl_binder_from(binder, item, i ? &next : relation, err));
        if (i)
            SL_TRY(sl_binder_join_all(binder, relation, &next, item->offset, err));
    }
    if (select->from.count)
        return SL_OK;
    relation->node = sl_log_one_row(binder->arena);
    relation->scope = (struct sl_scope){.columns = sl_schema_new(binder->arena, 0)};
    return SL_OK;
}

static void
select_add(struct sl_binder *binder, struct sl_select_output *output, struct sl_expr *expr,
           const char *name)
{
    if (output->count == output->capacity) {
        size_t capacity = output->capacity ? 2 * output->capacity : 16;
        struct sl_expr **exprs = SL_NEW_ARRAY(binder->arena, struct sl_expr *, capacity);
        const char **names = SL_NEW_ARRAY(binder->arena, const char *, capacity);

        if (output->count) {
            memcpy(exprs, output->exprs, output->count * sizeof(*exprs));
            memcpy(names, output->names, output->count * sizeof(*names));
        }
        output->exprs = exprs;
        output->names = names;
        output->capacity = capacity;
    }
    output->exprs[output->count] = expr;
    output->names[output->count++] = name;
}

/* A view's text must say which columns its stars stood for when it was made. */
static void
select_note_star(struct sl_binder *binder, const struct sl_ast_select_item *item,
                 const struct sl_scope *scope, const uint32_t *indexes, size_t count)
{
    const struct sl_ast_name *name = &item->expr->column;
    const char *columns = "", *table = NULL;
    struct sl_star_expansion *expansion;

    if (!binder->expansions || binder->hide_positions)
        return;
    if (name->count)
        table = sl_binder_name(binder, &name->parts[name->count - 1]);
    for (size_t i = 0; i < count; i++) {
        const char *qualifier = table ? table : sl_scope_qualifier(scope, indexes[i]);

        columns = sl_arena_printf(
            binder->arena, "%s%s%s%s%s", columns, i ? ", " : "",
            qualifier ? sl_quote_name(binder->arena, qualifier) : "", qualifier ? "." : "",
            sl_quote_name(binder->arena, scope->columns->columns[indexes[i]].name));
    }
    expansion = SL_NEW(binder->arena, struct sl_star_expansion);
    *expansion =
        (struct sl_star_expansion){item->expr->ast.offset, item->expr->ast.end, columns, NULL};
    *binder->expansions = expansion;
    binder->expansions = &expansion->next;
}

/* row.*: each field of a ROW. */
static int
select_row_star(struct sl_clause *binding, const struct sl_ast_expr *ast,
                struct sl_select_output *output, struct sl_error *err)
{
    struct sl_binder *binder = binding->binder;
    struct sl_star_expansion *expansion;
    struct sl_expr **fields, *row;
    const char *columns;

    SL_TRY(sl_binder_row_star(binding, ast, &row, &fields, &columns, err));
    for (size_t i = 0; i < row->type->field_count; i++)
        select_add(binder, output, fields[i], row->type->fields[i].name);
    if (!binder->expansions || binder->hide_positions)
        return SL_OK;
    if (columns == NULL)
        return sl_binder_refuse(binder, ast->ast.offset, "(expression).* in a view is", err);
    expansion = SL_NEW(binder->arena, struct sl_star_expansion);
    *expansion = (struct sl_star_expansion){ast->ast.offset, ast->ast.end, columns, NULL};
    *binder->expansions = expansion;
    binder->expansions = &expansion->next;
    return SL_OK;
}

static int
select_star(struct sl_clause *binding, const struct sl_ast_select_item *item,
            struct sl_select_output *output, struct sl_error *err)
{
    const struct sl_scope *scope = binding->scope;
    const struct sl_ast_name *qualifier = &item->expr->column;
    struct sl_binder *binder = binding->binder;
    const struct sl_text *table =
        qualifier->count ? &qualifier->parts[qualifier->count - 1].text : NULL;
    int offset = sl_binder_offset(binder, item->expr->ast.offset);
    const uint32_t *columns;
    size_t count;

    if (!sl_scope_star(binder->arena, scope, table, &columns, &count)) {
        if (sl_scope_find_column(scope, qualifier->parts[0].text) >= 0 || qualifier->count > 1)
            return select_row_star(binding, item->expr, output, err);
        SL_ERROR(err, SL_E_UNDEFINED_TABLE, "missing FROM-clause entry for table \"%.*s\"",
                 SL_TEXT_FORMAT(*table));
        return sl_error_at(err, offset);
    }
    if (!scope->columns->count) {
        SL_ERROR(err, SL_E_SYNTAX, "SELECT * with no tables specified is not valid");
        return sl_error_at(err, offset);
    }
    for (size_t i = 0; i < count; i++) {
        struct sl_expr *column = sl_log_column(binder->arena, scope->columns, columns[i]);

        column->offset = offset;
        select_add(binder, output, column, scope->columns->columns[columns[i]].name);
    }
    select_note_star(binder, item, scope, columns, count);
    return SL_OK;
}

static int
select_items(struct sl_clause *binding, const struct sl_ast_select *select,
             struct sl_select_output *output, struct sl_error *err)
{
    struct sl_binder *binder = binding->binder;

    for (size_t i = 0; i < select->item_count; i++) {
        const struct sl_ast_select_item *item = &select->items[i];
        struct sl_expr *expr;

        if (item->expr->ast.kind == SL_AST_EXPR_STAR) {
            SL_TRY(select_star(binding, item, output, err));
            continue;
        }
        if (item->expr->ast.kind == SL_AST_EXPR_FIELD && item->expr->field.star) {
            SL_TRY(select_row_star(binding, item->expr, output, err));
            continue;
        }
        SL_TRY(sl_binder_expr(binding, item->expr, &expr, err));
        select_add(binder, output, expr,
                   item->alias.text.start ? sl_binder_name(binder, &item->alias)
                                          : sl_binder_output_name(binder->arena, item->expr));
    }
    output->item_count = output->count;
    return SL_OK;
}

/* --- ORDER BY of a select --- */

/* The item with this name; -1: none, -2: several that differ. */
static int
select_find_output(const struct sl_select_output *output, const struct sl_ast_expr *ast)
{
    int found = -1;

    if (ast->ast.kind != SL_AST_EXPR_COLUMN || ast->column.count != 1)
        return -1;
    for (size_t i = 0; i < output->item_count; i++) {
        if (!sl_text_equal_nocase(sl_text_of(output->names[i]), ast->column.parts[0].text))
            continue;
        if (found >= 0 && !sl_expr_equal(output->exprs[found], output->exprs[i]))
            return -2;
        found = (int)i;
    }
    return found;
}

static int
select_order_expr(struct sl_clause *binding, const struct sl_ast_expr *ast, bool is_distinct,
                  struct sl_select_output *output, int *ret_column, struct sl_error *err)
{
    struct sl_expr *expr;

    SL_TRY(sl_binder_expr(binding, ast, &expr, err));
    for (size_t i = 0; i < output->count; i++) {
        if (sl_expr_equal(output->exprs[i], expr)) {
            *ret_column = (int)i;
            return SL_OK;
        }
    }
    if (is_distinct) {
        SL_ERROR(err, SL_E_INVALID_COLUMN_REFERENCE,
                 "for SELECT DISTINCT, ORDER BY expressions must appear in select list");
        return sl_error_at(err, sl_binder_offset(binding->binder, ast->ast.offset));
    }
    select_add(binding->binder, output, expr, sl_binder_output_name(binding->binder->arena, ast));
    *ret_column = (int)output->count - 1;
    return SL_OK;
}

static int
select_order(struct sl_clause *binding, const struct sl_ast_order *order_by, bool is_distinct,
             struct sl_select_output *output, struct sl_error *err)
{
    struct sl_binder *binder = binding->binder;

    output->sort_keys = SL_NEW_ARRAY(binder->arena, struct sl_sort_key, order_by->count);
    output->sort_key_count = order_by->count;
    for (size_t i = 0; i < order_by->count; i++) {
        const struct sl_ast_order_item *item = &order_by->items[i];
        int column, offset = sl_binder_offset(binder, item->expr->ast.offset);

        SL_TRY(sl_binder_ordinal(binder, item->expr, "ORDER BY", output->item_count, &column, err));
        if (column < 0)
            column = select_find_output(output, item->expr);
        if (column == -2) {
            SL_ERROR(err, SL_E_AMBIGUOUS_COLUMN, "ORDER BY \"%.*s\" is ambiguous",
                     SL_TEXT_FORMAT(item->expr->column.parts[0].text));
            return sl_error_at(err, offset);
        }
        if (column < 0)
            SL_TRY(select_order_expr(binding, item->expr, is_distinct, output, &column, err));
        if (output->exprs[column]->type->kind == SL_TYPE_MAP ||
            output->exprs[column]->type->kind == SL_TYPE_MULTISET) {
            SL_ERROR(err, SL_E_UNDEFINED_FUNCTION, "type %s has no order",
                     sl_type_text(binder->arena, output->exprs[column]->type));
            return sl_error_at(err, offset);
        }
        output->sort_keys[i] = (struct sl_sort_key){.column = (uint32_t)column,
                                                    .descending = item->descending,
                                                    .nulls_first = sl_sort_nulls_first(item)};
    }
    return SL_OK;
}

/* --- building --- */

static int
select_group(struct sl_clause *binding, const struct sl_ast_select *select,
             struct sl_select_output *output, struct sl_log_node **node, struct sl_error *err)
{
    struct sl_bound_aggregates *aggregates = binding->aggregates;
    struct sl_clause key_binding = *binding;
    struct sl_group_keys keys;
    int offset = select->ast.offset;

    if (!select->grouped && !select->having && !aggregates->count && !aggregates->grouping_count)
        return sl_binder_place_output(binding->binder, binding->scope, output, node, err);
    key_binding.aggregates = NULL;
    key_binding.subqueries = NULL;
    key_binding.overs = NULL;
    key_binding.clause = "GROUP BY";
    SL_TRY(sl_binder_group_by(&key_binding, select, &keys, err));
    for (size_t i = 0; i < output->count; i++)
        output->exprs[i] = sl_group_window_replace(binding->binder, output->exprs[i]);
    for (struct sl_bound_subquery *at = output->subqueries.first; at; at = at->next)
        for (size_t i = 0; i < at->key_count; i++)
            at->keys[i] = sl_group_window_replace(binding->binder, at->keys[i]);
    if (output->having)
        output->having = sl_group_window_replace(binding->binder, output->having);
    for (size_t i = 0; i < output->other_count; i++)
        *output->others[i] = sl_group_window_replace(binding->binder, *output->others[i]);
    for (size_t i = 0; i < aggregates->grouping_count; i++)
        for (size_t j = 0; j < aggregates->groupings[i].arg_count; j++)
            aggregates->groupings[i].args[j] =
                sl_group_window_replace(binding->binder, aggregates->groupings[i].args[j]);
    if (select->group_by.count)
        offset = ((const struct sl_ast_group *)select->group_by.items[0])->offset;
    else if (aggregates->count)
        offset = aggregates->items[0]->offset;
    return sl_binder_aggregation(binding->binder, binding->scope, &keys, aggregates, offset, output,
                                 node, err);
}

static struct sl_log_node *
select_project(struct sl_binder *binder, const struct sl_select_output *output,
               struct sl_log_node *node)
{
    struct sl_log_node *project =
        sl_log_project(binder->arena, node, output->exprs, output->names, output->count);

    if (binder->parallelism)
        project->parallelism = binder->parallelism;
    return project;
}

/* A time to live that no aggregation has taken: of the rows that DISTINCT has seen, else of those
 * that the table is known to have by key. */
static int
select_ttl(struct sl_binder *binder, const struct sl_relation *relation,
           struct sl_log_node *distinct, struct sl_error *err)
{
    bool found = false;
    int64_t ttl_us;

    if (binder->state_ttl)
        SL_TRY(sl_binder_state_ttl(binder, relation->scope.name, &found, &ttl_us, err));
    if (!found || !(distinct || (relation->scan && !binder->state_ttl_is_used)))
        return SL_OK;
    if (distinct) {
        distinct->aggregate.has_ttl = true;
        distinct->aggregate.ttl_us = ttl_us;
    } else {
        relation->scan->scan.has_ttl = true;
        relation->scan->scan.ttl_us = ttl_us;
        relation->scan->scan.ttl_offset =
            sl_binder_offset(binder, binder->state_ttl->options.items[0].key_offset);
    }
    binder->state_ttl = NULL;
    return SL_OK;
}

/* … of what windows of OVER keep of the table's rows. */
static int
select_over_ttl(struct sl_binder *binder, const struct sl_relation *relation,
                struct sl_log_node *node, struct sl_error *err)
{
    bool found = false;
    int64_t ttl_us;

    if (binder->state_ttl)
        SL_TRY(sl_binder_state_ttl(binder, relation->scope.name, &found, &ttl_us, err));
    for (; found && (node->kind == SL_LOG_OVER || node->kind == SL_LOG_FILTER);
         node = node->inputs[0]) {
        if (node->kind != SL_LOG_OVER)
            continue;
        node->has_ttl = true;
        node->ttl_us = ttl_us;
        binder->state_ttl = NULL; /* it found its use */
    }
    return SL_OK;
}

static int
select_distinct(struct sl_binder *binder, const struct sl_ast_select *select,
                const struct sl_relation *relation, struct sl_log_node **node, struct sl_error *err)
{
    struct sl_log_node *distinct = NULL;

    if (select->quantifier == SL_AST_DISTINCT) {
        distinct =
            sl_log_distinct(binder->arena, *node, sl_binder_offset(binder, select->ast.offset));
        distinct->parallelism = binder->parallelism;
        *node = distinct;
    }
    return select_ttl(binder, relation, distinct, err);
}

/* ORDER BY over the projection; what only the sort needed goes away again. */
static struct sl_log_node *
select_finish(struct sl_binder *binder, const struct sl_ast_order *order_by,
              const struct sl_select_output *output, struct sl_log_node *node)
{
    struct sl_arena *arena = binder->arena;

    if (output->sort_key_count) {
        node = sl_log_new(arena, SL_LOG_SORT, node->schema, node);
        node->offset = sl_binder_offset(binder, order_by->items[0].expr->ast.offset);
        node->parallelism = 0;
        node->sort.keys = output->sort_keys;
        node->sort.key_count = output->sort_key_count;
    }
    if (output->count > output->item_count) {
        struct sl_expr **exprs = SL_NEW_ARRAY(arena, struct sl_expr *, output->item_count);

        for (uint32_t i = 0; i < output->item_count; i++)
            exprs[i] = sl_log_column(arena, node->schema, i);
        node = sl_log_project(arena, node, exprs, output->names, output->item_count);
    }
    return node;
}

/* HAVING and QUALIFY. */
static int
select_conditions(struct sl_clause *binding, const struct sl_ast_select *select,
                  struct sl_select_output *output, struct sl_error *err)
{
    struct sl_clause condition = *binding;

    condition.null_is_false = true;
    if (select->having) {
        condition.clause = "HAVING";
        condition.overs = NULL;
        SL_TRY(sl_binder_condition(&condition, select->having, &output->having, err));
    }
    if (select->qualify) {
        condition.clause = "QUALIFY";
        condition.overs = binding->overs;
        condition.output = output;
        SL_TRY(sl_binder_condition(&condition, select->qualify, &output->qualify, err));
    }
    return SL_OK;
}

static int
select_build(struct sl_binder *binder, const struct sl_ast_select *select,
             const struct sl_ast_order *order_by, struct sl_log_node **ret_node,
             struct sl_error *err)
{
    struct sl_relation relation;
    struct sl_bound_aggregates aggregates = {0};
    struct sl_select_output output = {0};
    struct sl_clause binding = {.binder = binder, .scope = &relation.scope};
    struct sl_log_node *node;
    bool leave_open = binder->leave_open;

    binder->leave_open = false;
    SL_TRY(select_from(binder, select, &relation, err));
    node = relation.node;
    if (select->where) {
        binding.clause = "WHERE";
        SL_TRY(sl_binder_filter(&binding, select->where, &node, err));
    }
    SL_TRY(sl_binder_group_window(&binding, select, &node, err));
    binding.aggregates = &aggregates;
    binding.subqueries = &output.subqueries;
    SL_TRY(sl_binder_overs_new(binder, &select->windows, &binding.overs, err));
    binding.clause = "SELECT";
    SL_TRY(select_items(&binding, select, &output, err));
    if (!leave_open)
        sl_parameters_end(binder, output.exprs, output.count);
    SL_TRY(select_conditions(&binding, select, &output, err));
    binding.clause = "ORDER BY";
    SL_TRY(select_order(&binding, order_by, select->quantifier == SL_AST_DISTINCT, &output, err));
    sl_binder_over_places(binding.overs, &output);
    SL_TRY(select_group(&binding, select, &output, &node, err));
    SL_TRY(sl_binder_over(binder, binding.overs, &output, &node, err));
    SL_TRY(select_over_ttl(binder, &relation, node, err));
    node = select_project(binder, &output, node);
    SL_TRY(select_distinct(binder, select, &relation, &node, err));
    *ret_node = select_finish(binder, order_by, &output, node);
    return SL_OK;
}

static int
select_unused_ttl(const struct sl_binder *binder, struct sl_error *err)
{
    const struct sl_ast_option *option = &binder->state_ttl->options.items[0];

    SL_ERROR(err, SL_E_UNDEFINED_TABLE,
             "the hint STATE_TTL names \"%.*s\", over which this query block keeps no state",
             SL_TEXT_FORMAT(option->key));
    sl_error_hint(err, "name the table, or its alias, that the block aggregates, or whose rows it "
                       "knows by key");
    return sl_error_at(err, sl_binder_offset(binder, option->key_offset));
}

static int
select_unused_late_rows(const struct sl_binder *binder, struct sl_error *err)
{
    SL_ERROR(err, SL_E_INVALID_PARAMETER_VALUE,
             "the hint LATE_ROWS stands in a query block in which no row can be late");
    sl_error_hint(err, "put it behind the SELECT of the block that has GROUP BY window_start, "
                       "window_end");
    return sl_error_at(err, sl_binder_offset(binder, binder->late_rows->offset));
}

static int
select_unused_trigger(const struct sl_binder *binder, struct sl_error *err)
{
    const struct sl_ast_hint *hint = binder->trigger ? binder->trigger : binder->evictor;

    SL_ERROR(err, SL_E_INVALID_PARAMETER_VALUE,
             "the hint %.*s stands in a query block without aggregation",
             SL_TEXT_FORMAT(hint->name.text));
    sl_error_hint(err, "put it behind the SELECT of the block that has GROUP BY");
    return sl_error_at(err, sl_binder_offset(binder, hint->offset));
}

int
sl_binder_select(struct sl_binder *binder, const struct sl_ast_select *select,
                 const struct sl_ast_order *order_by, struct sl_log_node **ret_node,
                 struct sl_error *err)
{
    const struct sl_group_window *outer_window = binder->group_window;
    const struct sl_ast_hint *outer_trigger = binder->trigger, *outer_evictor = binder->evictor;
    const struct sl_ast_hint *outer_ttl = binder->state_ttl, *outer_late = binder->late_rows;
    bool outer_is_used = binder->state_ttl_is_used;
    uint32_t outer = binder->parallelism;
    int rc;

    SL_TRY(select_check(binder, select, err));
    binder->parallelism = 0;
    binder->state_ttl = binder->late_rows = NULL;
    binder->state_ttl_is_used = false;
    binder->group_window = NULL;
    binder->trigger = binder->evictor = NULL;
    rc = sl_binder_select_hints(binder, &select->hints, err);
    if (rc == SL_OK)
        rc = select_build(binder, select, order_by, ret_node, err);
    if (rc == SL_OK && binder->state_ttl && !binder->state_ttl_is_used)
        rc = select_unused_ttl(binder, err);
    if (rc == SL_OK && binder->late_rows)
        rc = select_unused_late_rows(binder, err);
    binder->parallelism = outer;
    binder->state_ttl = outer_ttl;
    binder->state_ttl_is_used = outer_is_used;
    binder->late_rows = outer_late;
    if (rc == SL_OK && (binder->trigger || binder->evictor))
        rc = select_unused_trigger(binder, err);
    binder->group_window = outer_window;
    binder->trigger = outer_trigger;
    binder->evictor = outer_evictor;
    return rc;
}
