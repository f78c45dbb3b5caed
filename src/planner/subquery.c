/* Subqueries in expressions, which are joined to the rows that the expression is over.
 *
 *     (SELECT y FROM s)            SingleJoin: the one value of s is a column of every row
 *     EXISTS (SELECT … FROM s)     the same, of COUNT(*) > 0
 *     x IN (SELECT y FROM s)       SemiJoin: a column that says whether s has the value
 *     x > ANY (SELECT y FROM s)    x > MIN(y), of a SingleJoin
 *
 * Until the joins can be placed, an expression refers to their columns as SL_BIND_SUBQUERY + index,
 * as it does to aggregates: above a GROUP BY the rows are those of the groups. */
#include "planner/rules.h"

static const char *const subquery_total = "$total";

/* --- binding a query --- */

static int
subquery_bind(struct sl_clause *binding, const struct sl_ast_query *query, const char *what,
              int offset, struct sl_log_node **ret_node, struct sl_error *err)
{
    struct sl_binder *binder = binding->binder;
    struct sl_outer_scope outer = {binding->scope, binder->outer};
    uint32_t parallelism = binder->parallelism;
    bool leave_open = binder->leave_open;
    int rc;

    if (!binding->subqueries || binding->in_aggregate) {
        SL_ERROR(err, SL_E_NOT_SUPPORTED, "%s in %s is not supported yet", what,
                 binding->in_aggregate ? "the argument of an aggregate" : binding->clause);
        return sl_error_at(err, sl_binder_offset(binder, offset));
    }
    binder->outer = &outer;
    binder->parallelism = 0;
    binder->leave_open = false;
    rc = sl_binder_query(binder, query, ret_node, err);
    binder->outer = outer.next;
    binder->parallelism = parallelism;
    binder->leave_open = leave_open;
    return rc;
}

static struct sl_bound_subquery *
subquery_add(struct sl_clause *binding, struct sl_log_node *node, int offset)
{
    struct sl_bound_subqueries *list = binding->subqueries;
    struct sl_bound_subquery *subquery = SL_NEW(binding->binder->arena, struct sl_bound_subquery);

    subquery->node = node;
    subquery->offset = sl_binder_offset(binding->binder, offset);
    subquery->first = list->column_count;
    if (list->last)
        list->last->next = subquery;
    else
        list->first = subquery;
    list->last = subquery;
    return subquery;
}

/* Column i of a subquery that is a single row: NULL where there is none. */
static struct sl_expr *
subquery_value(struct sl_clause *binding, const struct sl_bound_subquery *subquery, uint32_t i)
{
    struct sl_arena *arena = binding->binder->arena;
    const struct sl_type *type =
        sl_type_nullable(arena, subquery->node->schema->columns[i].type, true);
    struct sl_expr *expr = sl_expr_column(arena, SL_BIND_SUBQUERY + subquery->first + i, type);

    expr->offset = subquery->offset;
    return expr;
}

static struct sl_bound_subquery *
subquery_add_single(struct sl_clause *binding, struct sl_log_node *node, int offset)
{
    struct sl_bound_subquery *subquery = subquery_add(binding, node, offset);

    binding->subqueries->column_count += (uint32_t)node->schema->count;
    return subquery;
}

/* --- scalar subqueries and EXISTS --- */

static int
subquery_check_columns(const struct sl_clause *binding, const struct sl_log_node *node,
                       size_t count, int offset, struct sl_error *err)
{
    if (node->schema->count == count)
        return SL_OK;
    if (count == 1)
        SL_ERROR(err, SL_E_SYNTAX, "subquery must return only one column, not %zu",
                 node->schema->count);
    else
        SL_ERROR(err, SL_E_SYNTAX, "subquery has %zu columns, and is compared with %zu values",
                 node->schema->count, count);
    return sl_error_at(err, sl_binder_offset(binding->binder, offset));
}

int
sl_binder_scalar_subquery(struct sl_clause *binding, const struct sl_ast_expr *ast,
                          struct sl_expr **ret_expr, struct sl_error *err)
{
    struct sl_binder *binder = binding->binder;
    struct sl_log_node *node;

    SL_TRY(subquery_bind(binding, ast->query, "a subquery", ast->ast.offset, &node, err));
    SL_TRY(subquery_check_columns(binding, node, 1, ast->ast.offset, err));
    if (node->schema->columns[0].type->kind == SL_TYPE_NULL) {
        struct sl_expr **exprs = SL_NEW(binder->arena, struct sl_expr *);

        exprs[0] = sl_binder_null(binder->arena, &sl_type_string, -1);
        node = sl_log_project(binder->arena, node, exprs, &node->schema->columns[0].name, 1);
    }
    *ret_expr = subquery_value(binding, subquery_add_single(binding, node, ast->ast.offset), 0);
    return SL_OK;
}

/* One row: COUNT(*), and of a column COUNT, MIN and MAX. */
static int
subquery_totals(struct sl_clause *binding, struct sl_log_node *node, bool has_extremes, int offset,
                struct sl_bound_subquery **ret_subquery, struct sl_error *err)
{
    static const char *const names[] = {"COUNT", "COUNT", "MIN", "MAX"};
    struct sl_arena *arena = binding->binder->arena;
    size_t count = has_extremes ? 4 : 2;
    struct sl_schema *schema = sl_schema_new(arena, count);
    struct sl_log_node *totals = sl_log_new(arena, SL_LOG_AGGREGATE, schema, node);
    struct sl_log_aggregate *aggregate = &totals->aggregate;

    totals->offset = sl_binder_offset(binding->binder, offset);
    aggregate->aggregates = SL_NEW_ARRAY(arena, struct sl_aggregate *, count);
    aggregate->aggregate_count = count;
    for (size_t i = 0; i < count; i++) {
        struct sl_expr *arg = sl_log_column(arena, node->schema, 0);

        SL_TRY(sl_aggregate_bind(arena, names[i], &arg, i > 0, false, NULL, totals->offset,
                                 &aggregate->aggregates[i], err));
        schema->columns[i] = (struct sl_schema_column){
            .name = i ? sl_arena_printf(arena, "$agg%zu", i) : subquery_total,
            .type = aggregate->aggregates[i]->type};
    }
    *ret_subquery = subquery_add_single(binding, totals, offset);
    return SL_OK;
}

static int
subquery_call(struct sl_clause *binding, const char *name, struct sl_expr *left,
              struct sl_expr *right, int offset, struct sl_expr **ret_expr, struct sl_error *err)
{
    struct sl_expr *args[2] = {left, right};

    return sl_binder_function(binding, name, args, right ? 2 : 1,
                              sl_binder_offset(binding->binder, offset), ret_expr, err);
}

/* A stream that nothing has come from yet has no row of totals. */
static int
subquery_is_empty(struct sl_clause *binding, const struct sl_bound_subquery *totals, int offset,
                  struct sl_expr **ret_expr, struct sl_error *err)
{
    struct sl_expr *zero = sl_binder_integer(binding->binder->arena, 0, &sl_type_bigint), *expr;

    SL_TRY(
        subquery_call(binding, ">", subquery_value(binding, totals, 0), zero, offset, &expr, err));
    return subquery_call(binding, "IS NOT TRUE", expr, NULL, offset, ret_expr, err);
}

/* COUNT(*) > 0, under the join, so that only what changes that is news. */
int
sl_binder_exists(struct sl_clause *binding, const struct sl_ast_expr *ast,
                 struct sl_expr **ret_expr, struct sl_error *err)
{
    static const char *const names[] = {"$exists"};
    struct sl_arena *arena = binding->binder->arena;
    struct sl_schema *schema = sl_schema_new(arena, 1);
    struct sl_expr **exprs = SL_NEW(arena, struct sl_expr *);
    struct sl_expr *args[2], *value;
    struct sl_log_node *node, *count;

    SL_TRY(subquery_bind(binding, ast->query, "EXISTS", ast->ast.offset, &node, err));
    count = sl_log_new(arena, SL_LOG_AGGREGATE, schema, node);
    count->offset = sl_binder_offset(binding->binder, ast->ast.offset);
    count->aggregate.aggregates = SL_NEW(arena, struct sl_aggregate *);
    count->aggregate.aggregate_count = 1;
    SL_TRY(sl_aggregate_bind(arena, "COUNT", NULL, 0, false, NULL, count->offset,
                             &count->aggregate.aggregates[0], err));
    schema->columns[0] = (struct sl_schema_column){.name = subquery_total,
                                                   .type = count->aggregate.aggregates[0]->type};
    args[0] = sl_log_column(arena, schema, 0);
    args[1] = sl_binder_integer(arena, 0, &sl_type_bigint);
    SL_TRY(sl_expr_call(arena, ">", args, 2, -1, &exprs[0], err));
    node = sl_log_project(arena, count, exprs, names, 1);
    value = subquery_value(binding, subquery_add_single(binding, node, ast->ast.offset), 0);
    return subquery_call(binding, "IS TRUE", value, NULL, ast->ast.offset, ret_expr, err);
}

/* --- IN --- */

/* The values on the left: those of a row, or one. */
static int
subquery_operands(struct sl_clause *binding, const struct sl_ast_expr *ast,
                  struct sl_expr ***ret_exprs, size_t *ret_count, struct sl_error *err)
{
    if (ast->ast.kind == SL_AST_EXPR_ROW) {
        *ret_count = ast->items.count;
        return sl_binder_exprs(binding, &ast->items, ret_exprs, err);
    }
    *ret_count = 1;
    *ret_exprs = SL_NEW(binding->binder->arena, struct sl_expr *);
    return sl_binder_expr(binding, ast, *ret_exprs, err);
}

static int
subquery_refuse_types(struct sl_clause *binding, const struct sl_type *left,
                      const struct sl_type *right, int offset, struct sl_error *err)
{
    struct sl_arena *arena = binding->binder->arena;

    SL_ERROR(err, SL_E_UNDEFINED_FUNCTION, "%s cannot be compared with %s of the subquery",
             sl_type_text(arena, sl_type_nullable(arena, left, true)),
             sl_type_text(arena, sl_type_nullable(arena, right, true)));
    sl_error_hint(err, "CAST one of them");
    return sl_error_at(err, sl_binder_offset(binding->binder, offset));
}

static bool
subquery_is_not_over(const struct sl_expr *expr, void *arg)
{
    return expr->kind != SL_EXPR_COLUMN || expr->column < SL_BIND_OVER ||
           expr->column >= SL_BIND_AGGREGATE;
}

/* Subqueries are joined before calls with OVER are made. */
static int
subquery_refuse_over(struct sl_clause *binding, struct sl_expr *const *keys, size_t count,
                     int offset, struct sl_error *err)
{
    for (size_t i = 0; i < count; i++)
        if (!sl_expr_walk(keys[i], subquery_is_not_over, NULL))
            return sl_binder_refuse(binding->binder, offset,
                                    "a call with OVER that is looked for in a subquery is", err);
    return SL_OK;
}

/* Both sides are compared as bytes: they get one type. */
static int
subquery_unify(struct sl_clause *binding, struct sl_expr **keys, size_t count,
               struct sl_log_node **node, int offset, struct sl_error *err)
{
    struct sl_binder *binder = binding->binder;
    const struct sl_schema *schema = (*node)->schema;
    struct sl_expr **exprs = SL_NEW_ARRAY(binder->arena, struct sl_expr *, count);
    const char **names = SL_NEW_ARRAY(binder->arena, const char *, count);

    for (uint32_t i = 0; i < count; i++) {
        const struct sl_type *types[2] = {NULL, schema->columns[i].type}, *common;

        sl_parameter_settle(binder, keys[i], types[1]);
        types[0] = keys[i]->type;
        if (!sl_type_common(binder->arena, types, 2, &common))
            return subquery_refuse_types(binding, types[0], types[1], offset, err);
        if (common->kind == SL_TYPE_NULL)
            common = &sl_type_string;
        if (sl_type_is_nested(common->kind))
            return sl_binder_refuse(binder, offset,
                                    "a comparison of nested values with a subquery is", err);
        names[i] = schema->columns[i].name;
        exprs[i] = types[1]->kind == SL_TYPE_NULL ? sl_binder_null(binder->arena, common, -1)
                                                  : sl_log_column(binder->arena, schema, i);
        common = sl_type_nullable(binder->arena, common, types[1]->nullable);
        SL_TRY(sl_binder_cast_common(binder, exprs[i], common, &exprs[i], err));
        common = sl_type_nullable(binder->arena, common, types[0]->nullable);
        SL_TRY(sl_binder_cast_common(binder, keys[i], common, &keys[i], err));
    }
    *node = sl_log_project(binder->arena, *node, exprs, names, count);
    return SL_OK;
}

static bool
subquery_may_be_null(struct sl_expr *const *keys, const struct sl_schema *schema)
{
    for (size_t i = 0; i < schema->count; i++)
        if (keys[i]->type->nullable || schema->columns[i].type->nullable)
            return true;
    return false;
}

/* CASE WHEN nothing is there THEN FALSE WHEN found THEN TRUE WHEN x, or one of the values, is NULL
 * THEN NULL ELSE FALSE END */
static int
subquery_three_valued(struct sl_clause *binding, const struct sl_bound_subquery *totals,
                      struct sl_expr *found, struct sl_expr *operand, int offset,
                      struct sl_expr **ret_expr, struct sl_error *err)
{
    struct sl_arena *arena = binding->binder->arena;
    struct sl_expr *args[7], *is_null, *has_nulls;

    SL_TRY(subquery_is_empty(binding, totals, offset, &args[0], err));
    SL_TRY(subquery_call(binding, "IS NULL", operand, NULL, offset, &is_null, err));
    SL_TRY(subquery_call(binding, "<", subquery_value(binding, totals, 1),
                         subquery_value(binding, totals, 0), offset, &has_nulls, err));
    args[1] = sl_binder_boolean(arena, false);
    args[2] = found;
    args[3] = sl_binder_boolean(arena, true);
    SL_TRY(subquery_call(binding, "OR", is_null, has_nulls, offset, &args[4], err));
    args[5] = sl_binder_null(arena, &sl_type_boolean, -1);
    args[6] = sl_binder_boolean(arena, false);
    return sl_binder_function(binding, "CASE", args, SL_COUNT_OF(args),
                              sl_binder_offset(binding->binder, offset), ret_expr, err);
}

/* Is the operand's row among the subquery's? */
static struct sl_expr *
subquery_mark(struct sl_clause *binding, struct sl_log_node *node, struct sl_expr **keys,
              int offset)
{
    struct sl_arena *arena = binding->binder->arena;
    struct sl_bound_subquery *subquery = subquery_add(binding, node, offset);
    struct sl_expr *mark = sl_expr_column(arena, SL_BIND_SUBQUERY + subquery->first,
                                          sl_type_nullable(arena, &sl_type_boolean, false));

    subquery->keys = keys;
    subquery->key_count = node->schema->count;
    binding->subqueries->column_count++;
    mark->offset = subquery->offset;
    return mark;
}

int
sl_binder_in_subquery(struct sl_clause *binding, const struct sl_ast_expr *ast,
                      const struct sl_ast_expr *operand, const struct sl_ast_query *query,
                      bool negated, struct sl_expr **ret_expr, struct sl_error *err)
{
    bool null_is_false = binding->null_is_false && !negated;
    int offset = ast->ast.offset;
    struct sl_bound_subquery *totals;
    struct sl_log_node *node;
    struct sl_expr **keys, *in;
    size_t count;

    binding->null_is_false = false;
    SL_TRY(subquery_operands(binding, operand, &keys, &count, err));
    SL_TRY(subquery_refuse_over(binding, keys, count, offset, err));
    SL_TRY(subquery_bind(binding, query, "IN with a subquery", offset, &node, err));
    SL_TRY(subquery_check_columns(binding, node, count, offset, err));
    SL_TRY(subquery_unify(binding, keys, count, &node, offset, err));
    in = subquery_mark(binding, node, keys, offset);
    if (!null_is_false && subquery_may_be_null(keys, node->schema)) {
        if (count > 1)
            return sl_binder_refuse(binding->binder, offset,
                                    "IN over several columns that may be NULL, where a NULL "
                                    "matters, is",
                                    err);
        SL_TRY(subquery_bind(binding, query, "IN with a subquery", offset, &node, err));
        SL_TRY(subquery_totals(binding, node, false, offset, &totals, err));
        SL_TRY(subquery_three_valued(binding, totals, in, keys[0], offset, &in, err));
    }
    *ret_expr = in;
    return negated ? subquery_call(binding, "NOT", in, NULL, offset, ret_expr, err) : SL_OK;
}

/* --- ANY and ALL --- */

/* x op ANY (…) is true where it is for the least or the greatest value. */
static int
subquery_any(struct sl_clause *binding, const char *op, struct sl_expr *operand,
             const struct sl_bound_subquery *totals, int offset, struct sl_expr **ret_expr,
             struct sl_error *err)
{
    struct sl_expr *least = subquery_value(binding, totals, 2);
    struct sl_expr *greatest = subquery_value(binding, totals, 3), *other;

    if (strcmp(op, "<>") != 0)
        return subquery_call(binding, op, operand, op[0] == '>' ? least : greatest, offset,
                             ret_expr, err);
    SL_TRY(subquery_call(binding, op, operand, least, offset, ret_expr, err));
    SL_TRY(subquery_call(binding, op, operand, greatest, offset, &other, err));
    return subquery_call(binding, "OR", *ret_expr, other, offset, ret_expr, err);
}

/* x op ALL (…) is NOT (x … ANY (…)) of the other operator. */
static const char *
subquery_negate(const char *op)
{
    static const char *const ops[][2] = {
        {"<", ">="}, {"<=", ">"}, {">", "<="}, {">=", "<"}, {"=", "<>"}};

    for (size_t i = 0; i < SL_COUNT_OF(ops); i++)
        if (strcmp(op, ops[i][0]) == 0)
            return ops[i][1];
    return op;
}

int
sl_binder_quantified_subquery(struct sl_clause *binding, const struct sl_ast_expr *ast,
                              struct sl_expr **ret_expr, struct sl_error *err)
{
    const char *op = sl_ast_op_name(ast->quantified.op);
    bool is_all = ast->quantified.all;
    int offset = ast->ast.offset;
    struct sl_bound_subquery *totals;
    struct sl_expr *operand, *found;
    struct sl_log_node *node;

    if (strcmp(op, is_all ? "<>" : "=") == 0)
        return sl_binder_in_subquery(binding, ast, ast->quantified.left, ast->quantified.query,
                                     is_all, ret_expr, err);
    if (ast->quantified.left->ast.kind == SL_AST_EXPR_ROW ||
        (strcmp(subquery_negate(op), op) == 0 && strcmp(op, "<>") != 0))
        return sl_binder_refuse(binding->binder, offset, is_all ? "ALL (…) is" : "ANY (…) is", err);
    if (is_all)
        op = subquery_negate(op);
    binding->null_is_false = false;
    SL_TRY(sl_binder_expr(binding, ast->quantified.left, &operand, err));
    SL_TRY(subquery_bind(binding, ast->quantified.query, "ANY (SELECT …)", offset, &node, err));
    SL_TRY(subquery_check_columns(binding, node, 1, offset, err));
    SL_TRY(subquery_totals(binding, node, true, offset, &totals, err));
    SL_TRY(subquery_any(binding, op, operand, totals, offset, &found, err));
    SL_TRY(subquery_three_valued(binding, totals, found, operand, offset, ret_expr, err));
    return is_all ? subquery_call(binding, "NOT", *ret_expr, NULL, offset, ret_expr, err) : SL_OK;
}

/* --- placing the joins --- */

struct subquery_places {
    struct sl_arena *arena;
    uint32_t base; /* the column that SL_BIND_SUBQUERY has become */
};

static struct sl_expr *
subquery_replace(const struct subquery_places *places, struct sl_expr *expr)
{
    struct sl_expr *copy;

    if (expr->kind == SL_EXPR_COLUMN && expr->column < SL_BIND_SUBQUERY)
        return expr;
    copy = SL_NEW(places->arena, struct sl_expr);
    *copy = *expr;
    if (expr->kind == SL_EXPR_COLUMN) {
        copy->column = expr->column < SL_BIND_OVER
                           ? places->base + (expr->column - SL_BIND_SUBQUERY)
                           : expr->column;
        return copy;
    }
    copy->args = SL_NEW_ARRAY(places->arena, struct sl_expr *, expr->arg_count);
    for (size_t i = 0; i < expr->arg_count; i++)
        copy->args[i] = subquery_replace(places, expr->args[i]);
    return copy;
}

static struct sl_log_node *
subquery_join(struct sl_arena *arena, enum sl_log_kind kind, struct sl_log_node *left,
              struct sl_log_node *right, size_t added)
{
    struct sl_schema *schema = sl_schema_new(arena, left->schema->count + added);
    struct sl_log_node *node = sl_log_new(arena, kind, schema, NULL);

    memcpy(schema->columns, left->schema->columns, left->schema->count * sizeof(*schema->columns));
    node->inputs = SL_NEW_ARRAY(arena, struct sl_log_node *, 2);
    node->inputs[0] = left;
    node->inputs[1] = right;
    node->input_count = 2;
    return node;
}

static struct sl_log_node *
subquery_place_mark(struct sl_arena *arena, const struct sl_bound_subquery *subquery,
                    struct sl_log_node *left)
{
    struct sl_log_node *node = subquery_join(arena, SL_LOG_SEMI_JOIN, left, subquery->node, 1);

    node->semi_join.kind = SL_SEMI_JOIN_MARK;
    node->semi_join.keys = subquery->keys;
    node->semi_join.key_count = subquery->key_count;
    node->schema->columns[left->schema->count] = (struct sl_schema_column){
        .name = "$found", .type = sl_type_nullable(arena, &sl_type_boolean, false)};
    return node;
}

static struct sl_log_node *
subquery_place_single(struct sl_arena *arena, const struct sl_bound_subquery *subquery,
                      struct sl_log_node *left)
{
    size_t count = subquery->node->schema->count;
    struct sl_log_node *node =
        subquery_join(arena, SL_LOG_SINGLE_JOIN, left, subquery->node, count);

    node->single_join.shown = SL_NEW_ARRAY(arena, uint32_t, count);
    node->single_join.shown_count = count;
    for (uint32_t i = 0; i < count; i++) {
        struct sl_schema_column *column = &node->schema->columns[left->schema->count + i];

        node->single_join.shown[i] = i;
        *column = subquery->node->schema->columns[i];
        column->type = sl_type_nullable(arena, column->type, true);
        column->time = SL_TIME_NONE;
    }
    return node;
}

/* STATE_TTL that names the query's rows is of all joins with its subqueries. */
static int
subquery_set_ttl(struct sl_binder *binder, const struct sl_scope *scope, struct sl_log_node *node,
                 const struct sl_log_node *below, struct sl_error *err)
{
    bool found;
    int64_t ttl_us;

    if (!scope || node == below)
        return SL_OK;
    SL_TRY(sl_binder_state_ttl(binder, scope->name, &found, &ttl_us, err));
    for (; found && node != below; node = node->inputs[0]) {
        node->has_ttl = true;
        node->ttl_us = ttl_us;
        binder->state_ttl_is_used = true;
    }
    return SL_OK;
}

/* Joins the subqueries to *node; the expressions, which are over it, refer to what that adds. */
static int
subquery_place(struct sl_binder *binder, const struct sl_scope *scope,
               const struct sl_bound_subqueries *subqueries, struct sl_log_node **node,
               struct sl_expr **exprs, size_t expr_count, struct sl_error *err)
{
    struct subquery_places places = {binder->arena, (uint32_t)(*node)->schema->count};
    const struct sl_log_node *below = *node;

    for (struct sl_bound_subquery *subquery = subqueries->first; subquery;
         subquery = subquery->next) {
        for (size_t i = 0; i < subquery->key_count; i++)
            subquery->keys[i] = subquery_replace(&places, subquery->keys[i]);
        *node = subquery->key_count ? subquery_place_mark(binder->arena, subquery, *node)
                                    : subquery_place_single(binder->arena, subquery, *node);
        (*node)->offset = subquery->offset;
        (*node)->parallelism = binder->parallelism;
    }
    for (size_t i = 0; i < expr_count && subqueries->first; i++)
        exprs[i] = subquery_replace(&places, exprs[i]);
    return subquery_set_ttl(binder, scope, *node, below, err);
}

int
sl_binder_place_output(struct sl_binder *binder, const struct sl_scope *scope,
                       struct sl_select_output *output, struct sl_log_node **node,
                       struct sl_error *err)
{
    size_t count = output->count + output->other_count + 1, at = 0;
    struct sl_expr **exprs = SL_NEW_ARRAY(binder->arena, struct sl_expr *, count);

    if (!output->subqueries.first)
        return SL_OK;
    for (size_t i = 0; i < output->count; i++)
        exprs[at++] = output->exprs[i];
    for (size_t i = 0; i < output->other_count; i++)
        exprs[at++] = *output->others[i];
    if (output->having)
        exprs[at++] = output->having;
    SL_TRY(subquery_place(binder, scope, &output->subqueries, node, exprs, at, err));
    at = 0;
    for (size_t i = 0; i < output->count; i++)
        output->exprs[i] = exprs[at++];
    for (size_t i = 0; i < output->other_count; i++)
        *output->others[i] = exprs[at++];
    if (output->having)
        output->having = exprs[at];
    return SL_OK;
}

int
sl_binder_filter(struct sl_clause *binding, const struct sl_ast_expr *ast,
                 struct sl_log_node **node, struct sl_error *err)
{
    struct sl_binder *binder = binding->binder;
    struct sl_bound_subqueries subqueries = {0};
    const struct sl_schema *schema = (*node)->schema;
    struct sl_expr *filter, **exprs;
    const char **names;

    binding->subqueries = &subqueries;
    binding->null_is_false = true;
    SL_TRY(sl_binder_condition(binding, ast, &filter, err));
    binding->subqueries = NULL;
    SL_TRY(subquery_place(binder, binding->scope, &subqueries, node, &filter, 1, err));
    *node = sl_log_filter(binder->arena, *node, filter);
    if (binder->parallelism)
        (*node)->parallelism = binder->parallelism;
    if (!subqueries.first)
        return SL_OK;
    exprs = SL_NEW_ARRAY(binder->arena, struct sl_expr *, schema->count + 1);
    names = SL_NEW_ARRAY(binder->arena, const char *, schema->count + 1);
    for (uint32_t i = 0; i < schema->count; i++) {
        exprs[i] = sl_log_column(binder->arena, schema, i);
        names[i] = schema->columns[i].name;
    }
    *node = sl_log_project(binder->arena, *node, exprs, names, schema->count);
    return SL_OK;
}
