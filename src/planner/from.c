/* FROM: tables, views, queries of WITH, subqueries, window table functions; joins are in join.c. */
#include "planner/bind.h"

static int
from_refuse(const struct sl_binder *binder, const struct sl_ast *ast, const char *construct,
            struct sl_error *err)
{
    return sl_binder_refuse(binder, ast->offset, construct, err);
}

/* New names for the first columns: AS t (a, b), the columns of a view or of WITH. */
static int
from_rename(struct sl_binder *binder, const char *what, const struct sl_ast_identifier *names,
            size_t name_count, struct sl_log_node **node, struct sl_error *err)
{
    const struct sl_schema *schema = (*node)->schema;
    struct sl_expr **exprs = SL_NEW_ARRAY(binder->arena, struct sl_expr *, schema->count);
    const char **texts = SL_NEW_ARRAY(binder->arena, const char *, schema->count);

    if (!name_count)
        return SL_OK;
    if (name_count > schema->count) {
        SL_ERROR(err, SL_E_INVALID_COLUMN_REFERENCE,
                 "%s has %zu columns available but %zu columns specified", what, schema->count,
                 name_count);
        return sl_error_at(err, sl_binder_offset(binder, names[schema->count].offset));
    }
    for (uint32_t i = 0; i < schema->count; i++) {
        exprs[i] = sl_log_column(binder->arena, schema, i);
        texts[i] = i < name_count ? sl_binder_name(binder, &names[i]) : schema->columns[i].name;
    }
    *node = sl_log_project(binder->arena, *node, exprs, texts, schema->count);
    return SL_OK;
}

/* --- queries of WITH --- */

static int
from_cte(struct sl_binder *binder, struct sl_bound_cte *cte, struct sl_relation *relation,
         struct sl_error *err)
{
    const struct sl_outer_scope *outer_scope = binder->outer;
    struct sl_bound_cte *outer = binder->ctes;
    uint32_t parallelism = binder->parallelism;
    const char *name = sl_binder_name(binder, &cte->ast->name);
    int rc;

    binder->ctes = cte->outer;
    binder->parallelism = 0;
    binder->outer = NULL;
    rc = sl_binder_query(binder, cte->ast->query, &relation->node, err);
    binder->ctes = outer;
    binder->outer = outer_scope;
    binder->parallelism = parallelism;
    if (rc < 0)
        return rc;
    SL_TRY(from_rename(binder, sl_arena_printf(binder->arena, "WITH query \"%s\"", name),
                       cte->ast->columns, cte->ast->column_count, &relation->node, err));
    relation->scope = (struct sl_scope){NULL, name, relation->node->schema};
    return SL_OK;
}

static struct sl_bound_cte *
from_find_cte(const struct sl_binder *binder, const struct sl_ast_name *name)
{
    if (name->count != 1)
        return NULL;
    for (struct sl_bound_cte *cte = binder->ctes; cte; cte = cte->outer)
        if (sl_text_equal_nocase(cte->ast->name.text, name->parts[0].text))
            return cte;
    return NULL;
}

/* --- views --- */

static int
from_bind_view_text(struct sl_binder *binder, const struct sl_table *view,
                    struct sl_log_node **ret_node, struct sl_error *err)
{
    struct sl_binder inner = *binder;
    struct sl_ast_query *query;
    int rc;

    inner.schema = view->query_schema ? view->query_schema : view->schema;
    inner.session_id = view->session;
    inner.hide_positions = true;
    inner.ctes = NULL;
    inner.outer = NULL;
    inner.parallelism = 0;
    inner.view_depth++;
    rc = sl_parse_query(binder->arena, sl_text_of(view->query), NULL, &query, err);
    if (rc < 0)
        err->offset = -1;
    else
        rc = sl_binder_query(&inner, query, ret_node, err);
    binder->uses = inner.uses;
    binder->use_count = inner.use_count;
    binder->use_capacity = inner.use_capacity;
    return rc < 0 ? sl_error_prefix(err, "view \"%s\"", view->name) : SL_OK;
}

static int
from_view(struct sl_binder *binder, const struct sl_table *view, const struct sl_ast_name *name,
          const struct sl_ast_list *hints, struct sl_relation *relation, struct sl_error *err)
{
    struct sl_expr **exprs;
    const char **names;
    int offset = sl_binder_offset(binder, name->offset);

    if (hints && hints->count)
        return sl_binder_refuse(binder, ((const struct sl_ast_hint *)hints->items[0])->offset,
                                "a hint on a view is", err);
    if (binder->view_depth >= SL_BIND_VIEW_DEPTH_MAX) {
        SL_ERROR(err, SL_E_LIMIT_EXCEEDED, "views are nested more than %d levels deep",
                 SL_BIND_VIEW_DEPTH_MAX);
        return sl_error_at(err, offset);
    }
    if (from_bind_view_text(binder, view, &relation->node, err) < 0)
        return sl_error_at(err, offset);
    if (relation->node->schema->count != view->column_count) {
        SL_ERROR(err, SL_E_OBJECT_STATE, "view \"%s\" has %zu columns, its query now has %zu",
                 view->name, view->column_count, relation->node->schema->count);
        sl_error_hint(err, "make the view again");
        return sl_error_at(err, offset);
    }
    exprs = SL_NEW_ARRAY(binder->arena, struct sl_expr *, view->column_count);
    names = SL_NEW_ARRAY(binder->arena, const char *, view->column_count);
    for (uint32_t i = 0; i < view->column_count; i++) {
        exprs[i] = sl_log_column(binder->arena, relation->node->schema, i);
        names[i] = view->columns[i].name;
    }
    relation->node =
        sl_log_project(binder->arena, relation->node, exprs, names, view->column_count);
    relation->scope = (struct sl_scope){view->schema, view->name, relation->node->schema};
    sl_binder_use(binder, view);
    return SL_OK;
}

int
sl_binder_table(struct sl_binder *binder, const struct sl_ast_name *name,
                const struct sl_ast_list *hints, struct sl_relation *relation, struct sl_error *err)
{
    struct sl_bound_cte *cte = from_find_cte(binder, name);
    const struct sl_table *table;

    if (cte) {
        if (hints && hints->count)
            return sl_binder_refuse(binder, ((const struct sl_ast_hint *)hints->items[0])->offset,
                                    "a hint on a query of WITH is", err);
        return from_cte(binder, cte, relation, err);
    }
    SL_TRY(sl_binder_find_table(binder, name, &table, err));
    if (table->kind == SL_RELATION_VIEW)
        return from_view(binder, table, name, hints, relation, err);
    SL_TRY(sl_binder_scan(binder, table, hints, name->offset, &relation->node, err));
    relation->scope = (struct sl_scope){table->schema, table->name, relation->node->schema};
    relation->scan = relation->node;
    return SL_OK;
}

/* --- the items --- */

static int
from_query(struct sl_binder *binder, const struct sl_ast_from_query *from,
           struct sl_relation *relation, struct sl_error *err)
{
    uint32_t parallelism = binder->parallelism;
    int rc;

    if (from->from.lateral)
        return from_refuse(binder, &from->from.ast, "LATERAL is", err);
    binder->parallelism = 0;
    rc = sl_binder_query(binder, from->query, &relation->node, err);
    binder->parallelism = parallelism;
    if (rc < 0)
        return rc;
    relation->scope = (struct sl_scope){.columns = relation->node->schema};
    return SL_OK;
}

static int
from_call(struct sl_binder *binder, const struct sl_ast_from_call *from,
          struct sl_relation *relation, struct sl_error *err)
{
    bool is_call =
        from->call->ast.kind == SL_AST_EXPR_CALL && !from->from.lateral && !from->with_ordinality;

    if (sl_is_correlated(&from->from.ast))
        return sl_binder_unnest(binder, NULL, &from->from.ast, false, relation, err);
    if (is_call && sl_ast_name_is(&from->call->call.name, "COUNT_WINDOW"))
        return sl_binder_count_window(binder, from->call, relation, err);
    if (!is_call || !sl_is_window_function(&from->call->call.name))
        return from_refuse(binder, &from->call->ast, "this table function is", err);
    return sl_binder_window_function(binder, from->call, relation, err);
}

static int
from_table(struct sl_binder *binder, const struct sl_ast_from_table *from,
           struct sl_relation *relation, struct sl_error *err)
{
    if (from->as_of)
        return sl_binder_refuse(binder, from->as_of->ast.offset, "FOR SYSTEM_TIME AS OF is", err);
    return sl_binder_table(binder, &from->name, &from->hints, relation, err);
}

static int
from_item(struct sl_binder *binder, const struct sl_ast *ast, struct sl_relation *relation,
          struct sl_error *err)
{
    switch (ast->kind) {
    case SL_AST_FROM_TABLE:
        return from_table(binder, (const struct sl_ast_from_table *)ast, relation, err);
    case SL_AST_FROM_QUERY:
        return from_query(binder, (const struct sl_ast_from_query *)ast, relation, err);
    case SL_AST_FROM_CALL:
        return from_call(binder, (const struct sl_ast_from_call *)ast, relation, err);
    case SL_AST_FROM_UNNEST:
        return sl_binder_unnest(binder, NULL, ast, false, relation, err);
    case SL_AST_FROM_JOIN:
        return sl_binder_join(binder, (const struct sl_ast_from_join *)ast, relation, err);
    case SL_AST_FROM_MATCH:
        return from_refuse(binder, ast, "MATCH_RECOGNIZE is", err);
    default:
        return from_refuse(binder, ast, "this in FROM is", err);
    }
}

int
sl_binder_from(struct sl_binder *binder, const struct sl_ast *ast, struct sl_relation *relation,
               struct sl_error *err)
{
    const struct sl_ast_from *from = (const struct sl_ast_from *)ast;
    const char *name;

    relation->scan = NULL;
    SL_TRY(from_item(binder, ast, relation, err));
    if (from->alias.text.start) {
        sl_binder_join_flatten(binder, relation);
        relation->scope.name = sl_binder_name(binder, &from->alias);
        relation->scope.schema_name = NULL;
    }
    name = relation->scope.name ? relation->scope.name : "subquery";
    SL_TRY(from_rename(binder, sl_arena_printf(binder->arena, "table \"%s\"", name), from->columns,
                       from->column_count, &relation->node, err));
    relation->scope.columns = relation->node->schema;
    return SL_OK;
}
