/* Queries and what stands in FROM. */
#include "parser/build.h"

#include "sql.h"

struct sl_ast_query *
sl_build_subquery(SL_PARSE, SL_TOKEN open, struct sl_ast_query *query)
{
    query->ast.offset = open->offset;
    query->ast.end = parse->last_end;
    return query;
}

struct sl_ast_query *
sl_build_query(SL_PARSE, struct sl_build_with *with, struct sl_ast *body,
               struct sl_build_tail *tail)
{
    int offset = with != NULL ? with->offset : body->offset;
    struct sl_ast_query *query = SL_BUILD(parse, query, QUERY, offset);
    query->text = sl_build_slice(parse, offset, parse->last_end);
    query->body = body;
    sl_build_under(parse, &query->ast, body);
    if (with != NULL) {
        query->recursive = with->recursive;
        query->ctes =
            sl_build_array(parse, with->ctes, sizeof(struct sl_ast_cte), &query->cte_count);
        for (size_t i = 0; i < query->cte_count; i++)
            sl_build_under(parse, &query->ast, &query->ctes[i].query->ast);
    }
    if (tail != NULL) {
        query->order_by = sl_build_order(parse, tail->order_by);
        query->limit = tail->limit;
        query->row_offset = tail->row_offset;
        sl_build_under_order(parse, &query->ast, &query->order_by);
        sl_build_under(parse, &query->ast, tail->limit == NULL ? NULL : &tail->limit->ast);
        sl_build_under(parse, &query->ast,
                       tail->row_offset == NULL ? NULL : &tail->row_offset->ast);
    }
    return query;
}

struct sl_build_tail *
sl_build_tail(SL_PARSE, struct sl_ast_list *order_by, struct sl_build_tail *limit)
{
    struct sl_build_tail *tail = limit != NULL ? limit : SL_NEW(parse->arena, struct sl_build_tail);
    tail->order_by = order_by;
    return tail;
}

struct sl_build_tail *
sl_build_limit(SL_PARSE, struct sl_ast_expr *limit, struct sl_ast_expr *row_offset)
{
    struct sl_build_tail *tail = SL_NEW(parse->arena, struct sl_build_tail);
    tail->limit = limit;
    tail->row_offset = row_offset;
    return tail;
}

struct sl_build_with *
sl_build_with(SL_PARSE, SL_TOKEN first, struct sl_ast_list *ctes, bool recursive)
{
    struct sl_build_with *with = SL_NEW(parse->arena, struct sl_build_with);
    with->offset = first->offset;
    with->ctes = ctes;
    with->recursive = recursive;
    return with;
}

struct sl_ast_cte *
sl_build_cte(SL_PARSE, SL_TOKEN name, struct sl_ast_list *columns, struct sl_ast_query *query)
{
    struct sl_ast_cte *cte = SL_NEW(parse->arena, struct sl_ast_cte);
    cte->name = sl_build_identifier_value(parse, name);
    cte->columns = sl_build_ids(parse, columns, &cte->column_count);
    cte->query = query;
    return cte;
}

/* A row of VALUES: (a, b), ROW(a, b), or one expression. */
struct sl_ast *
sl_build_values(SL_PARSE, SL_TOKEN first, struct sl_ast_list *exprs)
{
    struct sl_ast_values *values = SL_BUILD(parse, values, VALUES, first->offset);
    values->rows.items = SL_NEW_ARRAY(parse->arena, void *, exprs->count);
    values->rows.count = exprs->count;
    for (size_t i = 0; i < exprs->count; i++) {
        struct sl_ast_expr *expr = exprs->items[i];
        values->rows.items[i] =
            expr->ast.kind == SL_AST_EXPR_ROW ? &expr->items : sl_build_list(parse, expr);
    }
    sl_build_under_exprs(parse, &values->ast, exprs);
    return &values->ast;
}

struct sl_ast *
sl_build_explicit_table(SL_PARSE, SL_TOKEN first, struct sl_ast_name *name)
{
    struct sl_ast_explicit_table *table =
        SL_BUILD(parse, explicit_table, EXPLICIT_TABLE, first->offset);
    table->name = *name;
    return &table->ast;
}

struct sl_ast *
sl_build_set_operation(SL_PARSE, enum sl_ast_set_op op, bool all, struct sl_ast *left,
                       struct sl_ast *right)
{
    struct sl_ast_set_operation *operation =
        SL_BUILD(parse, set_operation, SET_OPERATION, left->offset);
    operation->op = op;
    operation->all = all;
    operation->left = left;
    operation->right = right;
    sl_build_under(parse, &operation->ast, left);
    sl_build_under(parse, &operation->ast, right);
    return &operation->ast;
}

/* ---- SELECT ---- */

struct sl_ast_select *
sl_build_select(SL_PARSE, SL_TOKEN first, struct sl_ast_list *hints,
                struct sl_build_distinct distinct, struct sl_ast_list *items,
                struct sl_ast_list *from)
{
    struct sl_ast_select *select = SL_BUILD(parse, select, SELECT, first->offset);
    select->hints = sl_build_list_value(hints);
    select->quantifier = distinct.quantifier;
    select->distinct_on = sl_build_list_value(distinct.on);
    select->items =
        sl_build_array(parse, items, sizeof(struct sl_ast_select_item), &select->item_count);
    select->from = sl_build_list_value(from);
    for (size_t i = 0; i < select->item_count; i++)
        sl_build_under(parse, &select->ast, &select->items[i].expr->ast);
    sl_build_under_exprs(parse, &select->ast, distinct.on);
    sl_build_under_exprs(parse, &select->ast, from);
    return select;
}

static void
build_query_under_groups(SL_PARSE, struct sl_ast *node, const struct sl_ast_list *groups)
{
    for (size_t i = 0; i < groups->count; i++) {
        const struct sl_ast_group *group = groups->items[i];
        sl_build_under(parse, node,
                       &(struct sl_ast){.offset = group->offset, .depth = group->depth});
    }
}

void
sl_build_select_clauses(SL_PARSE, struct sl_ast_select *select, struct sl_ast_expr *where,
                        struct sl_build_group_by *group_by, struct sl_ast_expr *having,
                        struct sl_ast_list *windows, struct sl_ast_expr *qualify)
{
    struct sl_ast *node = &select->ast;
    select->where = where;
    select->having = having;
    select->qualify = qualify;
    select->windows = sl_build_list_value(windows);
    if (group_by != NULL) {
        select->grouped = true;
        select->group_quantifier = group_by->quantifier;
        select->group_by = *group_by->groups;
        build_query_under_groups(parse, node, &select->group_by);
    }
    sl_build_under(parse, node, where == NULL ? NULL : &where->ast);
    sl_build_under(parse, node, having == NULL ? NULL : &having->ast);
    sl_build_under(parse, node, qualify == NULL ? NULL : &qualify->ast);
    for (size_t i = 0; i < select->windows.count; i++)
        sl_build_under_window(parse, node, select->windows.items[i]);
}

struct sl_ast_select_item *
sl_build_select_item(SL_PARSE, struct sl_ast_expr *expr, SL_TOKEN alias)
{
    struct sl_ast_select_item *item = SL_NEW(parse->arena, struct sl_ast_select_item);
    item->expr = expr;
    item->alias = sl_build_identifier_value(parse, alias);
    item->text = sl_build_slice(parse, expr->ast.offset, expr->ast.end);
    return item;
}

struct sl_build_group_by *
sl_build_group_by(SL_PARSE, enum sl_ast_quantifier quantifier, struct sl_ast_list *groups)
{
    struct sl_build_group_by *group_by = SL_NEW(parse->arena, struct sl_build_group_by);
    group_by->quantifier = quantifier;
    group_by->groups = groups;
    return group_by;
}

struct sl_ast_group *
sl_build_group(SL_PARSE, enum sl_ast_group_kind kind, SL_TOKEN first, struct sl_ast_expr *expr,
               struct sl_ast_list *children)
{
    struct sl_ast_group *group = SL_NEW(parse->arena, struct sl_ast_group);
    group->kind = kind;
    group->expr = expr;
    group->children = sl_build_list_value(children);
    group->offset = first != NULL ? first->offset : expr->ast.offset;
    group->end = parse->last_end;
    group->depth = expr != NULL ? expr->ast.depth : 0;
    for (size_t i = 0; i < group->children.count; i++) {
        const struct sl_ast_group *child = group->children.items[i];
        group->depth = SL_MAX(group->depth, child->depth + 1);
    }
    return group;
}

/* ---- FROM ---- */

struct sl_ast_from *
sl_build_join(SL_PARSE, enum sl_ast_join_kind kind, bool natural, struct sl_ast_from *left,
              struct sl_ast_from *right, struct sl_ast_expr *on, struct sl_ast_list *using_columns)
{
    struct sl_ast_from_join *join = SL_BUILD(parse, from_join, FROM_JOIN, left->ast.offset);
    join->join = kind;
    join->natural = natural;
    join->left = &left->ast;
    join->right = &right->ast;
    join->on = on;
    join->using_columns = sl_build_ids(parse, using_columns, &join->using_count);
    sl_build_under(parse, &join->from.ast, join->left);
    sl_build_under(parse, &join->from.ast, join->right);
    sl_build_under(parse, &join->from.ast, on == NULL ? NULL : &on->ast);
    return &join->from;
}

struct sl_build_alias *
sl_build_alias_new(SL_PARSE, SL_TOKEN name, struct sl_ast_list *columns)
{
    struct sl_build_alias *alias = SL_NEW(parse->arena, struct sl_build_alias);
    alias->name = name;
    alias->columns = columns;
    return alias;
}

struct sl_ast_from *
sl_build_alias(SL_PARSE, struct sl_ast_from *from, const struct sl_build_alias *alias)
{
    if (alias != NULL) {
        from->alias = sl_build_identifier_value(parse, alias->name);
        from->columns = sl_build_ids(parse, alias->columns, &from->column_count);
        from->ast.end = parse->last_end;
    }
    return from;
}

struct sl_ast_from *
sl_build_from_table(SL_PARSE, struct sl_ast_name *name, struct sl_ast_list *hints,
                    struct sl_ast_expr *as_of)
{
    struct sl_ast_from_table *table = SL_BUILD(parse, from_table, FROM_TABLE, name->offset);
    table->name = *name;
    table->hints = sl_build_list_value(hints);
    table->as_of = as_of;
    sl_build_under(parse, &table->from.ast, as_of == NULL ? NULL : &as_of->ast);
    return &table->from;
}

struct sl_ast_from *
sl_build_from_query(SL_PARSE, SL_TOKEN lateral, struct sl_ast_query *query)
{
    int offset = lateral != NULL ? lateral->offset : query->ast.offset;
    struct sl_ast_from_query *from = SL_BUILD(parse, from_query, FROM_QUERY, offset);
    from->query = query;
    from->from.lateral = lateral != NULL;
    sl_build_under(parse, &from->from.ast, &query->ast);
    return &from->from;
}

struct sl_ast_from *
sl_build_from_parenthesised(SL_PARSE, SL_TOKEN open, struct sl_ast_from *from)
{
    from->ast.offset = open->offset;
    from->ast.end = parse->last_end;
    return from;
}

struct sl_ast_from *
sl_build_from_lateral(SL_PARSE, SL_TOKEN lateral, struct sl_ast_from *from)
{
    from->lateral = true;
    from->ast.offset = lateral->offset;
    return from;
}

struct sl_ast_from *
sl_build_from_call(SL_PARSE, SL_TOKEN table, struct sl_ast_expr *call, bool with_ordinality)
{
    int offset = table != NULL ? table->offset : call->ast.offset;
    struct sl_ast_from_call *from = SL_BUILD(parse, from_call, FROM_CALL, offset);
    from->call = call;
    from->table = table != NULL;
    from->with_ordinality = with_ordinality;
    sl_build_under(parse, &from->from.ast, &call->ast);
    return &from->from;
}

struct sl_ast_from *
sl_build_from_unnest(SL_PARSE, SL_TOKEN first, struct sl_ast_list *exprs, bool with_ordinality)
{
    struct sl_ast_from_unnest *from = SL_BUILD(parse, from_unnest, FROM_UNNEST, first->offset);
    from->exprs = *exprs;
    from->with_ordinality = with_ordinality;
    sl_build_under_exprs(parse, &from->from.ast, exprs);
    return &from->from;
}
