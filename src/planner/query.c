/* Queries: WITH, the body, ORDER BY and LIMIT around it; VALUES. */
#include "planner/bind.h"

#define QUERY_DEPTH_MAX 100
#define QUERY_COUNT_MAX 1000 /* of a statement, each use of a view or WITH query counted */

/* --- types over several rows or queries --- */

int
sl_binder_cast_common(struct sl_binder *binder, struct sl_expr *expr, const struct sl_type *type,
                      struct sl_expr **ret_expr, struct sl_error *err)
{
    sl_parameter_settle(binder, expr, type);
    if (expr->type->kind == SL_TYPE_NULL && expr->kind == SL_EXPR_LITERAL) {
        *ret_expr = sl_binder_null(binder->arena, sl_type_nullable(binder->arena, type, true),
                                   expr->offset);
        return SL_OK;
    }
    if (sl_type_equal(expr->type, type)) {
        *ret_expr = expr;
        return SL_OK;
    }
    return sl_expr_cast(binder->arena, expr, type, SL_CAST_IMPLICIT, expr->offset, ret_expr, err);
}

/* --- VALUES --- */

static int
values_bind_rows(struct sl_binder *binder, const struct sl_ast_values *values,
                 const struct sl_schema *targets, struct sl_expr ***rows, struct sl_error *err)
{
    const struct sl_ast_list *first = values->rows.items[0];
    struct sl_clause binding = {.binder = binder, .clause = "VALUES"};

    for (size_t i = 0; i < values->rows.count; i++) {
        const struct sl_ast_list *list = values->rows.items[i];

        if (list->count != first->count) {
            const struct sl_ast_expr *at =
                list->items[list->count > first->count ? first->count : list->count - 1];

            SL_ERROR(err, SL_E_SYNTAX, "VALUES lists must all be the same length");
            return sl_error_at(err, sl_binder_offset(binder, at->ast.offset));
        }
        rows[i] = SL_NEW_ARRAY(binder->arena, struct sl_expr *, list->count);
        for (size_t j = 0; j < list->count; j++) {
            const struct sl_ast_expr *ast = list->items[j];

            if (targets && ast->ast.kind == SL_AST_EXPR_DEFAULT)
                rows[i][j] = sl_binder_null(binder->arena, &sl_type_null, ast->ast.offset);
            else
                SL_TRY(sl_binder_expr(&binding, ast, &rows[i][j], err));
        }
    }
    return SL_OK;
}

/* What column j of all rows has in common. */
static int
values_column_type(struct sl_binder *binder, struct sl_expr ***rows, size_t row_count, size_t j,
                   const struct sl_type **ret_type, struct sl_error *err)
{
    const struct sl_type **types = SL_NEW_ARRAY(binder->arena, const struct sl_type *, row_count);
    size_t count = 0;

    for (size_t i = 0; i < row_count; i++)
        if (rows[i][j]->type->kind != SL_TYPE_NULL)
            types[count++] = rows[i][j]->type;
    if (!count) {
        bool open = false;

        for (size_t i = 0; i < row_count; i++)
            open |= sl_parameter_is_open(rows[i][j]);
        *ret_type = open ? &sl_type_string : &sl_type_null;
        return SL_OK;
    }
    if (!sl_type_common(binder->arena, types, count, ret_type)) {
        SL_ERROR(err, SL_E_DATATYPE_MISMATCH, "VALUES types %s and %s cannot be matched",
                 sl_type_text(binder->arena, types[0]),
                 sl_type_text(binder->arena, types[count - 1]));
        return sl_error_at(err, rows[row_count - 1][j]->offset);
    }
    *ret_type =
        sl_type_nullable(binder->arena, *ret_type, count < row_count || (*ret_type)->nullable);
    return SL_OK;
}

static struct sl_log_node *
values_node(struct sl_arena *arena, struct sl_schema *schema, struct sl_expr ***rows, size_t count)
{
    struct sl_log_node *node = sl_log_new(arena, SL_LOG_VALUES, schema, NULL);

    node->values.rows = SL_NEW_ARRAY(arena, struct sl_value *, count);
    node->values.row_count = count;
    for (size_t i = 0; i < count; i++) {
        node->values.rows[i] = SL_NEW_ARRAY(arena, struct sl_value, schema->count);
        for (size_t j = 0; j < schema->count; j++) {
            node->values.rows[i][j] = rows[i][j]->value;
            node->values.rows[i][j].type = schema->columns[j].type;
        }
    }
    return node;
}

/* A row that is computed when the query runs: NOW(), 1/0. */
static struct sl_log_node *
values_computed_row(struct sl_arena *arena, struct sl_schema *schema, struct sl_expr **row)
{
    struct sl_log_node *node = sl_log_new(arena, SL_LOG_PROJECT, schema, sl_log_one_row(arena));

    node->exprs = row;
    return node;
}

static bool
values_is_literal(struct sl_expr *const *row, size_t count)
{
    for (size_t j = 0; j < count; j++)
        if (row[j]->kind != SL_EXPR_LITERAL)
            return false;
    return true;
}

static struct sl_log_node *
values_build(struct sl_arena *arena, struct sl_schema *schema, struct sl_expr ***rows,
             size_t row_count)
{
    struct sl_log_node **parts = SL_NEW_ARRAY(arena, struct sl_log_node *, row_count), *node;
    size_t part_count = 0;

    for (size_t i = 0; i < row_count;) {
        size_t run = i;

        while (run < row_count && values_is_literal(rows[run], schema->count))
            run++;
        if (run > i) {
            parts[part_count++] = values_node(arena, schema, rows + i, run - i);
            i = run;
        } else {
            parts[part_count++] = values_computed_row(arena, schema, rows[i]);
            i++;
        }
    }
    if (part_count == 1)
        return parts[0];
    node = sl_log_new(arena, SL_LOG_UNION, schema, NULL);
    node->inputs = parts;
    node->input_count = part_count;
    return node;
}

static int
values_assign(struct sl_binder *binder, struct sl_expr ***rows, size_t row_count,
              const struct sl_schema *targets, struct sl_schema *schema, struct sl_error *err)
{
    for (size_t j = 0; j < schema->count; j++) {
        bool nullable = false;

        if (targets)
            schema->columns[j].type = targets->columns[j].type;
        else
            SL_TRY(values_column_type(binder, rows, row_count, j, &schema->columns[j].type, err));
        schema->columns[j].name = sl_arena_printf(binder->arena, "column%zu", j + 1);
        for (size_t i = 0; i < row_count; i++) {
            if (targets)
                SL_TRY(sl_binder_assign(binder, rows[i][j], &targets->columns[j],
                                        rows[i][j]->offset, &rows[i][j], err));
            else
                SL_TRY(sl_binder_cast_common(binder, rows[i][j], schema->columns[j].type,
                                             &rows[i][j], err));
            rows[i][j] = sl_expr_fold(binder->arena, rows[i][j], &binder->settings);
            nullable |= rows[i][j]->type->nullable ||
                        (rows[i][j]->kind == SL_EXPR_LITERAL && rows[i][j]->value.is_null);
        }
        schema->columns[j].type =
            sl_type_nullable(binder->arena, schema->columns[j].type, nullable);
    }
    return SL_OK;
}

int
sl_binder_values(struct sl_binder *binder, const struct sl_ast_values *values,
                 const struct sl_schema *targets, struct sl_log_node **ret_node,
                 struct sl_error *err)
{
    const struct sl_ast_list *first = values->rows.items[0];
    size_t row_count = values->rows.count;
    struct sl_expr ***rows = SL_NEW_ARRAY(binder->arena, struct sl_expr **, row_count);
    struct sl_schema *schema = sl_schema_new(binder->arena, first->count);

    SL_TRY(values_bind_rows(binder, values, targets, rows, err));
    SL_TRY(values_assign(binder, rows, row_count, targets, schema, err));
    *ret_node = values_build(binder->arena, schema, rows, row_count);
    return SL_OK;
}

/* --- the query --- */

int
sl_binder_query_body(struct sl_binder *binder, const struct sl_ast *body,
                     const struct sl_ast_order *order_by, struct sl_log_node **ret_node,
                     struct sl_error *err)
{
    struct sl_relation relation;

    if (++binder->query_count > QUERY_COUNT_MAX) {
        SL_ERROR(err, SL_E_LIMIT_EXCEEDED, "the statement reads more than %d queries",
                 QUERY_COUNT_MAX);
        sl_error_hint(err, "each use of a view or of a WITH query counts");
        return sl_error_at(err, sl_binder_offset(binder, body->offset));
    }
    switch (body->kind) {
    case SL_AST_SELECT:
        return sl_binder_select(binder, (const struct sl_ast_select *)body, order_by, ret_node,
                                err);
    case SL_AST_VALUES:
        SL_TRY(sl_binder_values(binder, (const struct sl_ast_values *)body, NULL, ret_node, err));
        break;
    case SL_AST_SET_OPERATION:
        SL_TRY(sl_binder_set_operation(binder, (const struct sl_ast_set_operation *)body, ret_node,
                                       err));
        break;
    case SL_AST_EXPLICIT_TABLE:
        SL_TRY(sl_binder_table(binder, &((const struct sl_ast_explicit_table *)body)->name, NULL,
                               &relation, err));
        *ret_node = relation.node;
        break;
    case SL_AST_QUERY:
        SL_TRY(sl_binder_query(binder, (const struct sl_ast_query *)body, ret_node, err));
        break;
    default:
        return sl_binder_refuse(binder, body->offset, "this kind of query is", err);
    }
    if (order_by->count)
        return sl_binder_order_columns(binder, order_by, *ret_node, ret_node, err);
    return SL_OK;
}

static int
query_row_count(struct sl_binder *binder, const struct sl_ast_expr *ast, const char *clause,
                int64_t absent, int64_t *ret_count, struct sl_error *err)
{
    struct sl_value value;

    *ret_count = absent;
    if (!ast)
        return SL_OK;
    SL_TRY(sl_binder_constant(binder, ast, clause, &sl_type_bigint, &value, err));
    if (value.is_null)
        return SL_OK;
    if (value.integer < 0) {
        SL_ERROR(err, SL_E_INVALID_LIMIT, "%s must not be negative", clause);
        return sl_error_at(err, sl_binder_offset(binder, ast->ast.offset));
    }
    *ret_count = value.integer;
    return SL_OK;
}

/* LIMIT goes right over a sort, below a projection that only drops columns, so that the two become
 * a top-n. */
static int
query_limit(struct sl_binder *binder, const struct sl_ast_query *query, struct sl_log_node **node,
            struct sl_error *err)
{
    struct sl_log_node **place = node, *limit;
    const struct sl_ast_expr *at = query->limit ? query->limit : query->row_offset;

    if (!at)
        return SL_OK;
    if ((*node)->kind == SL_LOG_PROJECT && (*node)->inputs[0]->kind == SL_LOG_SORT)
        place = &(*node)->inputs[0];
    limit = sl_log_new(binder->arena, SL_LOG_LIMIT, (*place)->schema, *place);
    limit->offset = sl_binder_offset(binder, at->ast.offset);
    limit->parallelism = 0;
    SL_TRY(query_row_count(binder, query->limit, "LIMIT", -1, &limit->limit.limit, err));
    SL_TRY(query_row_count(binder, query->row_offset, "OFFSET", 0, &limit->limit.offset, err));
    if (limit->limit.limit >= 0 || limit->limit.offset) /* LIMIT NULL is none */
        *place = limit;
    return SL_OK;
}

static int
query_bind(struct sl_binder *binder, const struct sl_ast_query *query,
           struct sl_log_node **ret_node, struct sl_error *err)
{
    if (query->recursive && query->cte_count)
        return sl_binder_refuse(binder, query->ctes[0].name.offset, "WITH RECURSIVE is", err);
    for (size_t i = 0; i < query->cte_count; i++) {
        struct sl_bound_cte *cte = SL_NEW(binder->arena, struct sl_bound_cte);

        for (size_t j = 0; j < i; j++)
            if (sl_text_equal_nocase(query->ctes[i].name.text, query->ctes[j].name.text)) {
                SL_ERROR(err, SL_E_DUPLICATE_ALIAS,
                         "WITH query name \"%.*s\" specified more than once",
                         SL_TEXT_FORMAT(query->ctes[i].name.text));
                return sl_error_at(err, sl_binder_offset(binder, query->ctes[i].name.offset));
            }
        cte->ast = &query->ctes[i];
        cte->outer = binder->ctes;
        binder->ctes = cte;
    }
    SL_TRY(sl_binder_query_body(binder, query->body, &query->order_by, ret_node, err));
    return query_limit(binder, query, ret_node, err);
}

int
sl_binder_query(struct sl_binder *binder, const struct sl_ast_query *query,
                struct sl_log_node **ret_node, struct sl_error *err)
{
    struct sl_bound_cte *outer = binder->ctes;
    int rc;

    if (binder->query_depth >= QUERY_DEPTH_MAX) {
        SL_ERROR(err, SL_E_LIMIT_EXCEEDED, "queries are nested more than %d levels deep",
                 QUERY_DEPTH_MAX);
        return sl_error_at(err, sl_binder_offset(binder, query->ast.offset));
    }
    binder->query_depth++;
    rc = query_bind(binder, query, ret_node, err);
    binder->query_depth--;
    binder->ctes = outer;
    return rc;
}
