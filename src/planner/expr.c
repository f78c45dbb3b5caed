/* Expressions of the AST to bound expressions.  Operators and predicates become calls by their
 * names; CASE x WHEN … and ILIKE are sugar and go here. */
#include "planner/bind.h"

static int
expr_refuse(const struct sl_clause *binding, const struct sl_ast_expr *ast, const char *construct,
            struct sl_error *err)
{
    return sl_binder_refuse(binding->binder, ast->ast.offset, construct, err);
}

static int
expr_offset(const struct sl_clause *binding, const struct sl_ast_expr *ast)
{
    return sl_binder_offset(binding->binder, ast->ast.offset);
}

/* The value of a field of a ROW. */
static int
expr_field(struct sl_clause *binding, struct sl_expr *row, const struct sl_ast_identifier *name,
           struct sl_expr **ret_expr, struct sl_error *err)
{
    struct sl_binder *binder = binding->binder;
    struct sl_expr *args[2] = {row, NULL};
    const char **names;

    if (row->type->kind != SL_TYPE_ROW) {
        SL_ERROR(err, SL_E_WRONG_OBJECT_TYPE,
                 "column notation .%.*s applied to type %s, which is no ROW",
                 SL_TEXT_FORMAT(name->text), sl_type_text(binder->arena, row->type));
        return sl_error_at(err, sl_binder_offset(binder, name->offset));
    }
    names = SL_NEW_ARRAY(binder->arena, const char *, row->type->field_count);
    for (size_t i = 0; i < row->type->field_count; i++) {
        names[i] = row->type->fields[i].name;
        if (!sl_text_equal_nocase(sl_text_of(names[i]), name->text))
            continue;
        args[1] = sl_binder_integer(binder->arena, (int64_t)i, &sl_type_int);
        return sl_expr_call(binder->arena, ".", args, 2, sl_binder_offset(binder, name->offset),
                            ret_expr, err);
    }
    SL_ERROR(err, SL_E_UNDEFINED_COLUMN, "the ROW has no field \"%.*s\"",
             SL_TEXT_FORMAT(name->text));
    sl_error_suggest(err, name->text, names, row->type->field_count);
    return sl_error_at(err, sl_binder_offset(binder, name->offset));
}

/* A name that the scope does not have: an outer query's, or nobody's. */
static int
expr_no_column(struct sl_clause *binding, const struct sl_ast_expr *ast, size_t part,
               struct sl_error *err)
{
    const struct sl_ast_name *name = &ast->column;
    const struct sl_outer_scope *outer = binding->binder->outer;
    size_t outer_part;

    for (; outer; outer = outer->next) {
        if (!outer->scope || sl_scope_find(outer->scope, name, &outer_part) == -1)
            continue;
        return expr_refuse(binding, ast,
                           sl_arena_printf(binding->binder->arena,
                                           "a correlated subquery, one that uses \"%.*s\" of a "
                                           "query around it, is",
                                           SL_TEXT_FORMAT(name->parts[outer_part].text)),
                           err);
    }
    return sl_scope_refuse(binding, name, part, err);
}

/* What the select list calls by this name; false: nothing, or it may not be said here. */
static bool
expr_output(const struct sl_clause *binding, const struct sl_ast_name *name,
            struct sl_expr **ret_expr)
{
    const struct sl_select_output *output = binding->output;

    for (size_t i = 0; output && name->count == 1 && i < output->item_count; i++) {
        if (!sl_text_equal_nocase(sl_text_of(output->names[i]), name->parts[0].text))
            continue;
        *ret_expr = output->exprs[i];
        return true;
    }
    return false;
}

static int
expr_column(struct sl_clause *binding, const struct sl_ast_expr *ast, struct sl_expr **ret_expr,
            struct sl_error *err)
{
    const struct sl_scope *scope = binding->scope;
    const struct sl_ast_name *name = &ast->column;
    struct sl_expr *expr;
    size_t part = 0;
    int column = scope ? sl_scope_find(scope, name, &part) : -1;

    if (column == -2) {
        SL_ERROR(err, SL_E_AMBIGUOUS_COLUMN, "column reference \"%.*s\" is ambiguous",
                 SL_TEXT_FORMAT(name->parts[part].text));
        return sl_error_at(err, expr_offset(binding, ast));
    }
    if (column < 0 && expr_output(binding, name, ret_expr))
        return SL_OK;
    if (column < 0)
        return expr_no_column(binding, ast, part, err);
    expr = sl_log_column(binding->binder->arena, scope->columns, (uint32_t)column);
    expr->offset = expr_offset(binding, ast);
    for (part++; part < name->count; part++)
        SL_TRY(expr_field(binding, expr, &name->parts[part], &expr, err));
    *ret_expr = expr;
    return SL_OK;
}

/* --- operators --- */

static int
expr_call1(struct sl_clause *binding, const char *name, struct sl_expr *arg, int offset,
           struct sl_expr **ret_expr, struct sl_error *err)
{
    return sl_binder_function(binding, name, &arg, 1, offset, ret_expr, err);
}

static int
expr_call2(struct sl_clause *binding, const char *name, struct sl_expr *left, struct sl_expr *right,
           int offset, struct sl_expr **ret_expr, struct sl_error *err)
{
    struct sl_expr *args[2] = {left, right};

    return sl_binder_function(binding, name, args, 2, offset, ret_expr, err);
}

static int
expr_unary(struct sl_clause *binding, const struct sl_ast_expr *ast, struct sl_expr **ret_expr,
           struct sl_error *err)
{
    const struct sl_ast_expr *operand = ast->unary.operand;
    struct sl_expr *arg;

    if (ast->unary.op == SL_AST_OP_MINUS && operand->ast.kind == SL_AST_EXPR_LITERAL &&
        operand->literal.kind == SL_AST_LITERAL_NUMBER)
        return sl_binder_literal(binding->binder, &operand->literal, true, ast->ast.offset,
                                 ret_expr, err);
    SL_TRY(sl_binder_expr(binding, operand, &arg, err));
    if (ast->unary.op == SL_AST_OP_PLUS) {
        *ret_expr = arg;
        return SL_OK;
    }
    /* "~" is the name of PostgreSQL's match. */
    return expr_call1(binding,
                      ast->unary.op == SL_AST_OP_BIT_NOT ? "BITNOT" : sl_ast_op_name(ast->unary.op),
                      arg, expr_offset(binding, ast), ret_expr, err);
}

/* A chain a AND b AND … leans to the left as deep as it is long; it is bound as a balanced tree. */
static size_t
expr_chain_length(const struct sl_ast_expr *ast, enum sl_ast_op op)
{
    size_t length = 1;

    while (ast->ast.kind == SL_AST_EXPR_BINARY && ast->binary.op == op) {
        length++;
        ast = ast->binary.left;
    }
    return length;
}

static int
expr_balance(struct sl_clause *binding, const char *name, struct sl_expr **items, size_t count,
             int offset, struct sl_expr **ret_expr, struct sl_error *err)
{
    struct sl_expr *left, *right;

    if (count == 1) {
        *ret_expr = items[0];
        return SL_OK;
    }
    SL_TRY(expr_balance(binding, name, items, count / 2, offset, &left, err));
    SL_TRY(expr_balance(binding, name, items + count / 2, count - count / 2, offset, &right, err));
    return expr_call2(binding, name, left, right, offset, ret_expr, err);
}

static int
expr_chain(struct sl_clause *binding, const struct sl_ast_expr *ast, struct sl_expr **ret_expr,
           struct sl_error *err)
{
    enum sl_ast_op op = ast->binary.op;
    size_t count = expr_chain_length(ast, op);
    struct sl_expr **items = SL_NEW_ARRAY(binding->binder->arena, struct sl_expr *, count);
    const struct sl_ast_expr *at = ast;

    for (size_t i = count; i > 1; i--) {
        SL_TRY(sl_binder_expr(binding, at->binary.right, &items[i - 1], err));
        at = at->binary.left;
    }
    SL_TRY(sl_binder_expr(binding, at, &items[0], err));
    return expr_balance(binding, sl_ast_op_name(op), items, count, expr_offset(binding, ast),
                        ret_expr, err);
}

/* The two ends of a period (point, point) or (point, interval), the earlier one first. */
static int
expr_period(struct sl_clause *binding, const struct sl_ast_expr *ast, struct sl_expr *ret_ends[2],
            struct sl_error *err)
{
    int offset = expr_offset(binding, ast);
    struct sl_expr *ends[2];

    if (ast->ast.kind != SL_AST_EXPR_ROW || ast->items.count != 2) {
        SL_ERROR(err, SL_E_DATATYPE_MISMATCH,
                 "OVERLAPS takes two periods: (point, point) or (point, interval)");
        return sl_error_at(err, offset);
    }
    for (size_t i = 0; i < 2; i++)
        SL_TRY(sl_binder_expr(binding, ast->items.items[i], &ends[i], err));
    if (ends[1]->type->kind == SL_TYPE_INTERVAL_MONTH ||
        ends[1]->type->kind == SL_TYPE_INTERVAL_DAY)
        SL_TRY(expr_call2(binding, "+", ends[0], ends[1], offset, &ends[1], err));
    SL_TRY(expr_call2(binding, "LEAST", ends[0], ends[1], offset, &ret_ends[0], err));
    return expr_call2(binding, "GREATEST", ends[0], ends[1], offset, &ret_ends[1], err);
}

/* Each ends at or behind the other's beginning: periods that touch do overlap, as in Flink. */
static int
expr_overlaps(struct sl_clause *binding, const struct sl_ast_expr *ast, struct sl_expr **ret_expr,
              struct sl_error *err)
{
    int offset = sl_binder_offset(binding->binder, ast->binary.op_offset);
    struct sl_expr *a[2], *b[2], *first, *second;

    SL_TRY(expr_period(binding, ast->binary.left, a, err));
    SL_TRY(expr_period(binding, ast->binary.right, b, err));
    SL_TRY(expr_call2(binding, ">=", a[1], b[0], offset, &first, err));
    SL_TRY(expr_call2(binding, ">=", b[1], a[0], offset, &second, err));
    return expr_call2(binding, "AND", first, second, offset, ret_expr, err);
}

static int
expr_binary(struct sl_clause *binding, const struct sl_ast_expr *ast, struct sl_expr **ret_expr,
            struct sl_error *err)
{
    struct sl_expr *left, *right;
    int offset = sl_binder_offset(binding->binder, ast->binary.op_offset);

    switch (ast->binary.op) {
    case SL_AST_OP_OVERLAPS:
        return expr_overlaps(binding, ast, ret_expr, err);
    case SL_AST_OP_JSON_GET:
    case SL_AST_OP_JSON_GET_TEXT:
        return sl_binder_refuse(binding->binder, ast->binary.op_offset, "a JSON operator is", err);
    case SL_AST_OP_AND:
    case SL_AST_OP_OR:
        return expr_chain(binding, ast, ret_expr, err);
    default:
        break;
    }
    SL_TRY(sl_binder_expr(binding, ast->binary.left, &left, err));
    SL_TRY(sl_binder_expr(binding, ast->binary.right, &right, err));
    if (ast->binary.op == SL_AST_OP_NOT_MATCH || ast->binary.op == SL_AST_OP_NOT_MATCH_NOCASE) {
        SL_TRY(expr_call2(binding, sl_ast_op_name(ast->binary.op) + 1, left, right, offset, &left,
                          err));
        return expr_call1(binding, "NOT", left, offset, ret_expr, err);
    }
    return expr_call2(binding, sl_ast_op_name(ast->binary.op), left, right, offset, ret_expr, err);
}

/* --- the predicates with words --- */

/* Items of IN, ANY, ROW … behind a first one. */
static int
expr_list(struct sl_clause *binding, struct sl_expr *first, const struct sl_ast_list *list,
          struct sl_expr ***ret_args, size_t *ret_count, struct sl_error *err)
{
    size_t from = first ? 1 : 0;
    struct sl_expr **args =
        SL_NEW_ARRAY(binding->binder->arena, struct sl_expr *, from + list->count);

    if (first)
        args[0] = first;
    for (size_t i = 0; i < list->count; i++)
        SL_TRY(sl_binder_expr(binding, list->items[i], &args[from + i], err));
    *ret_args = args;
    *ret_count = from + list->count;
    return SL_OK;
}

static int
expr_items(struct sl_clause *binding, const struct sl_ast_expr *ast, const char *name,
           struct sl_expr **ret_expr, struct sl_error *err)
{
    struct sl_expr **args;
    size_t arg_count;

    SL_TRY(expr_list(binding, NULL, &ast->items, &args, &arg_count, err));
    return sl_binder_function(binding, name, args, arg_count, expr_offset(binding, ast), ret_expr,
                              err);
}

static int
expr_in(struct sl_clause *binding, const struct sl_ast_expr *ast, const struct sl_ast_expr *operand,
        const struct sl_ast_list *values, bool negated, struct sl_expr **ret_expr,
        struct sl_error *err)
{
    struct sl_expr *first, **args;
    size_t arg_count;

    binding->null_is_false = false;
    SL_TRY(sl_binder_expr(binding, operand, &first, err));
    SL_TRY(expr_list(binding, first, values, &args, &arg_count, err));
    return sl_binder_function(binding, negated ? "NOT IN" : "IN", args, arg_count,
                              expr_offset(binding, ast), ret_expr, err);
}

static int
expr_between(struct sl_clause *binding, const struct sl_ast_expr *ast, struct sl_expr **ret_expr,
             struct sl_error *err)
{
    static const char *const names[2][2] = {{"BETWEEN", "NOT BETWEEN"},
                                            {"BETWEEN SYMMETRIC", "NOT BETWEEN SYMMETRIC"}};
    struct sl_expr *args[3];

    SL_TRY(sl_binder_expr(binding, ast->between.operand, &args[0], err));
    SL_TRY(sl_binder_expr(binding, ast->between.low, &args[1], err));
    SL_TRY(sl_binder_expr(binding, ast->between.high, &args[2], err));
    return sl_binder_function(binding, names[ast->between.symmetric][ast->between.negated], args, 3,
                              expr_offset(binding, ast), ret_expr, err);
}

static int
expr_like(struct sl_clause *binding, const struct sl_ast_expr *ast, struct sl_expr **ret_expr,
          struct sl_error *err)
{
    static const char *const names[2][2] = {{"LIKE", "NOT LIKE"}, {"SIMILAR TO", "NOT SIMILAR TO"}};
    struct sl_expr *args[3];
    size_t arg_count = 2;
    int offset = expr_offset(binding, ast);

    SL_TRY(sl_binder_expr(binding, ast->like.operand, &args[0], err));
    SL_TRY(sl_binder_expr(binding, ast->like.pattern, &args[1], err));
    sl_parameters_end(binding->binder, args, 2);
    if (ast->like.form == SL_AST_ILIKE) {
        SL_TRY(expr_call1(binding, "LOWER", args[0], offset, &args[0], err));
        SL_TRY(expr_call1(binding, "LOWER", args[1], offset, &args[1], err));
    }
    if (ast->like.escape)
        SL_TRY(sl_binder_expr(binding, ast->like.escape, &args[arg_count++], err));
    return sl_binder_function(binding, names[ast->like.form == SL_AST_SIMILAR][ast->like.negated],
                              args, arg_count, offset, ret_expr, err);
}

static int
expr_is(struct sl_clause *binding, const struct sl_ast_expr *ast, struct sl_expr **ret_expr,
        struct sl_error *err)
{
    static const char *const names[4][2] = {
        [SL_AST_IS_NULL] = {"IS NULL", "IS NOT NULL"},
        [SL_AST_IS_TRUE] = {"IS TRUE", "IS NOT TRUE"},
        [SL_AST_IS_FALSE] = {"IS FALSE", "IS NOT FALSE"},
        [SL_AST_IS_UNKNOWN] = {"IS UNKNOWN", "IS NOT UNKNOWN"},
    };
    struct sl_expr *arg;

    if (ast->is.test == SL_AST_IS_NORMALIZED)
        return expr_refuse(binding, ast, "IS NORMALIZED is", err);
    if (ast->is.test >= SL_AST_IS_JSON)
        return sl_binder_is_json(binding, ast, ret_expr, err);
    SL_TRY(sl_binder_expr(binding, ast->is.operand, &arg, err));
    sl_parameter_settle(binding->binder, arg,
                        ast->is.test == SL_AST_IS_NULL ? &sl_type_string : &sl_type_boolean);
    return expr_call1(binding, names[ast->is.test][ast->is.negated], arg, expr_offset(binding, ast),
                      ret_expr, err);
}

static int
expr_condition(struct sl_clause *binding, const struct sl_ast_expr *ast, const char *what,
               struct sl_expr **ret_expr, struct sl_error *err)
{
    struct sl_expr *expr;

    SL_TRY(sl_binder_expr(binding, ast, &expr, err));
    sl_parameter_settle(binding->binder, expr, &sl_type_boolean);
    if (expr->type->kind == SL_TYPE_NULL)
        expr = sl_binder_null(binding->binder->arena, &sl_type_boolean, expr->offset);
    if (expr->type->kind != SL_TYPE_BOOLEAN) {
        SL_ERROR(err, SL_E_DATATYPE_MISMATCH, "argument of %s must be type BOOLEAN, not type %s",
                 what,
                 sl_type_text(binding->binder->arena,
                              sl_type_nullable(binding->binder->arena, expr->type, true)));
        return sl_error_at(err, expr_offset(binding, ast));
    }
    *ret_expr = expr;
    return SL_OK;
}

static int
expr_case(struct sl_clause *binding, const struct sl_ast_expr *ast, struct sl_expr **ret_expr,
          struct sl_error *err)
{
    struct sl_binder *binder = binding->binder;
    size_t arg_count = 2 * ast->case_.when_count + 1;
    struct sl_expr **args = SL_NEW_ARRAY(binder->arena, struct sl_expr *, arg_count);
    struct sl_expr *operand = NULL;
    int offset = expr_offset(binding, ast);

    if (ast->case_.operand)
        SL_TRY(sl_binder_expr(binding, ast->case_.operand, &operand, err));
    for (size_t i = 0; i < ast->case_.when_count; i++) {
        const struct sl_ast_when *when = &ast->case_.whens[i];

        if (operand) {
            SL_TRY(sl_binder_expr(binding, when->condition, &args[2 * i], err));
            SL_TRY(expr_call2(binding, "=", operand, args[2 * i],
                              expr_offset(binding, when->condition), &args[2 * i], err));
        } else {
            SL_TRY(expr_condition(binding, when->condition, "CASE/WHEN", &args[2 * i], err));
        }
        SL_TRY(sl_binder_expr(binding, when->result, &args[2 * i + 1], err));
    }
    args[arg_count - 1] = sl_binder_null(binder->arena, &sl_type_null, -1);
    if (ast->case_.otherwise)
        SL_TRY(sl_binder_expr(binding, ast->case_.otherwise, &args[arg_count - 1], err));
    return sl_binder_function(binding, "CASE", args, arg_count, offset, ret_expr, err);
}

/* --- casts and parts --- */

/* A bare x::numeric keeps the operand's digits, as PostgreSQL's numeric without a limit would. */
static const struct sl_type *
expr_cast_numeric(struct sl_arena *arena, const struct sl_type *from, const struct sl_type *to)
{
    static const int digits[] = {
        [SL_TYPE_TINYINT] = 3, [SL_TYPE_SMALLINT] = 5, [SL_TYPE_INT] = 10, [SL_TYPE_BIGINT] = 19};

    if (from->kind == SL_TYPE_DECIMAL)
        return sl_type_nullable(arena, from, true);
    if (sl_type_is_integer(from->kind))
        return sl_type_decimal(arena, digits[from->kind], 0);
    if (sl_type_is_text(from->kind) || sl_type_is_numeric(from->kind))
        return sl_type_decimal(arena, 38, 18);
    return to;
}

static int
expr_cast(struct sl_clause *binding, const struct sl_ast_expr *ast, struct sl_expr **ret_expr,
          struct sl_error *err)
{
    const struct sl_ast_type *type_ast = ast->cast.type;
    struct sl_arena *arena = binding->binder->arena;
    const struct sl_type *type;
    struct sl_expr *arg;
    int offset = expr_offset(binding, ast);

    SL_TRY(sl_binder_type(binding->binder, type_ast, &type, err));
    SL_TRY(sl_binder_expr(binding, ast->cast.operand, &arg, err));
    if (sl_parameter_is_open(arg))
        sl_parameter_settle(binding->binder, arg, type);
    if (ast->cast.form == SL_AST_CAST_POSTGRES && type_ast->type == SL_AST_TYPE_DECIMAL &&
        type_ast->precision < 0)
        type = expr_cast_numeric(arena, arg->type, type);
    if (sl_expr_cast(arena, arg, sl_type_nullable(arena, type, true),
                     ast->cast.form == SL_AST_TRY_CAST ? SL_CAST_TRY : SL_CAST_STRICT, offset,
                     ret_expr, err) < 0)
        return sl_error_at(err, offset);
    return SL_OK;
}

static int
expr_element(struct sl_clause *binding, const struct sl_ast_expr *ast, struct sl_expr **ret_expr,
             struct sl_error *err)
{
    struct sl_expr *operand, *index;

    SL_TRY(sl_binder_expr(binding, ast->element.operand, &operand, err));
    SL_TRY(sl_binder_expr(binding, ast->element.index, &index, err));
    return expr_call2(binding, "[]", operand, index, expr_offset(binding, ast), ret_expr, err);
}

static int
expr_of_field(struct sl_clause *binding, const struct sl_ast_expr *ast, struct sl_expr **ret_expr,
              struct sl_error *err)
{
    struct sl_expr *operand;

    if (ast->field.star)
        return expr_refuse(binding, ast, "the expansion of a ROW with .* is", err);
    SL_TRY(sl_binder_expr(binding, ast->field.operand, &operand, err));
    return expr_field(binding, operand, &ast->field.name, ret_expr, err);
}

int
sl_binder_row_star(struct sl_clause *binding, const struct sl_ast_expr *ast,
                   struct sl_expr **ret_row, struct sl_expr ***ret_fields, const char **ret_columns,
                   struct sl_error *err)
{
    struct sl_binder *binder = binding->binder;
    struct sl_ast_expr column = *ast;
    const char *prefix = "";
    struct sl_expr **fields, *row;

    column.ast.kind = SL_AST_EXPR_COLUMN;
    SL_TRY(sl_binder_expr(binding, ast->ast.kind == SL_AST_EXPR_STAR ? &column : ast->field.operand,
                          &row, err));
    if (row->type->kind != SL_TYPE_ROW) {
        SL_ERROR(err, SL_E_WRONG_OBJECT_TYPE, ".* applied to type %s, which is no ROW",
                 sl_type_text(binder->arena, row->type));
        return sl_error_at(err, expr_offset(binding, ast));
    }
    fields = SL_NEW_ARRAY(binder->arena, struct sl_expr *, row->type->field_count + 1);
    *ret_columns = ast->ast.kind == SL_AST_EXPR_STAR ? "" : NULL;
    for (size_t i = 0; *ret_columns && i < ast->column.count; i++)
        prefix = sl_arena_printf(
            binder->arena, "%s%s.", prefix,
            sl_quote_name(binder->arena, sl_binder_name(binder, &ast->column.parts[i])));
    for (size_t i = 0; i < row->type->field_count; i++) {
        const char *name = row->type->fields[i].name;
        struct sl_expr *args[2] = {row, sl_binder_integer(binder->arena, (int64_t)i, &sl_type_int)};

        SL_TRY(
            sl_expr_call(binder->arena, ".", args, 2, expr_offset(binding, ast), &fields[i], err));
        if (*ret_columns)
            *ret_columns = sl_arena_printf(binder->arena, "%s%s%s%s", *ret_columns, i ? ", " : "",
                                           prefix, sl_quote_name(binder->arena, name));
    }
    *ret_row = row;
    *ret_fields = fields;
    return SL_OK;
}

static int
expr_quantified(struct sl_clause *binding, const struct sl_ast_expr *ast, struct sl_expr **ret_expr,
                struct sl_error *err)
{
    if (ast->quantified.op == SL_AST_OP_EQUAL && !ast->quantified.all &&
        ast->quantified.values.count)
        return expr_in(binding, ast, ast->quantified.left, &ast->quantified.values, false, ret_expr,
                       err);
    if (ast->quantified.query)
        return sl_binder_quantified_subquery(binding, ast, ret_expr, err);
    return expr_refuse(binding, ast, ast->quantified.all ? "ALL (…) is" : "ANY (…) is", err);
}

/* What has no place in an expression, or is not built yet. */
static int
expr_not_supported(const struct sl_clause *binding, const struct sl_ast_expr *ast,
                   struct sl_error *err)
{
    static const struct {
        enum sl_ast_kind kind;
        const char *construct;
    } names[] = {
        {SL_AST_EXPR_ARRAY_QUERY, "ARRAY (SELECT …) is"},
        {SL_AST_EXPR_MULTISET, "the MULTISET constructor is"},
        {SL_AST_EXPR_AT_TIME_ZONE, "AT TIME ZONE is"},
        {SL_AST_EXPR_COLLATE, "COLLATE is"},
        {SL_AST_EXPR_UNIT, "a unit of time as a value is"},
        {SL_AST_EXPR_DESCRIPTOR, "DESCRIPTOR as a value is"},
        {SL_AST_EXPR_TABLE, "a table as a value is"},
        {SL_AST_EXPR_DEFAULT, "DEFAULT here is"},
        {SL_AST_EXPR_STAR, "* inside an expression is"},
    };

    for (size_t i = 0; i < SL_COUNT_OF(names); i++)
        if (names[i].kind == ast->ast.kind)
            return expr_refuse(binding, ast, names[i].construct, err);
    return expr_refuse(binding, ast, "this expression is", err);
}

static int
expr_of_kind(struct sl_clause *binding, const struct sl_ast_expr *ast, struct sl_expr **ret_expr,
             struct sl_error *err)
{
    switch (ast->ast.kind) {
    case SL_AST_EXPR_COLUMN:
        return expr_column(binding, ast, ret_expr, err);
    case SL_AST_EXPR_LITERAL:
        return sl_binder_literal(binding->binder, &ast->literal, false, ast->ast.offset, ret_expr,
                                 err);
    case SL_AST_EXPR_PARAMETER:
        if (binding->binder->function_columns)
            return sl_binder_function_parameter(binding, ast, ret_expr, err);
        return sl_binder_parameter(binding->binder, ast->parameter, ast->ast.offset, ret_expr, err);
    case SL_AST_EXPR_UNARY:
        return expr_unary(binding, ast, ret_expr, err);
    case SL_AST_EXPR_BINARY:
        return expr_binary(binding, ast, ret_expr, err);
    case SL_AST_EXPR_QUANTIFIED:
        return expr_quantified(binding, ast, ret_expr, err);
    case SL_AST_EXPR_CALL:
        return sl_binder_call(binding, ast, ret_expr, err);
    case SL_AST_EXPR_JSON:
        return sl_binder_json(binding, ast, ret_expr, err);
    case SL_AST_EXPR_CASE:
        return expr_case(binding, ast, ret_expr, err);
    case SL_AST_EXPR_CAST:
        return expr_cast(binding, ast, ret_expr, err);
    case SL_AST_EXPR_BETWEEN:
        return expr_between(binding, ast, ret_expr, err);
    case SL_AST_EXPR_IN:
        if (ast->in.query)
            return sl_binder_in_subquery(binding, ast, ast->in.operand, ast->in.query,
                                         ast->in.negated, ret_expr, err);
        return expr_in(binding, ast, ast->in.operand, &ast->in.values, ast->in.negated, ret_expr,
                       err);
    case SL_AST_EXPR_LIKE:
        return expr_like(binding, ast, ret_expr, err);
    case SL_AST_EXPR_IS:
        return expr_is(binding, ast, ret_expr, err);
    case SL_AST_EXPR_ROW:
        return expr_items(binding, ast, "ROW", ret_expr, err);
    case SL_AST_EXPR_ARRAY:
        return expr_items(binding, ast, "ARRAY", ret_expr, err);
    case SL_AST_EXPR_MAP:
        return expr_items(binding, ast, "MAP", ret_expr, err);
    case SL_AST_EXPR_EXISTS:
        return sl_binder_exists(binding, ast, ret_expr, err);
    case SL_AST_EXPR_SUBQUERY:
        return sl_binder_scalar_subquery(binding, ast, ret_expr, err);
    case SL_AST_EXPR_ELEMENT:
        return expr_element(binding, ast, ret_expr, err);
    case SL_AST_EXPR_FIELD:
        return expr_of_field(binding, ast, ret_expr, err);
    default:
        return expr_not_supported(binding, ast, err);
    }
}

/* Where NULL of the whole is as good as FALSE, it is so of the parts of AND and OR. */
static bool
expr_passes_null(const struct sl_ast_expr *ast)
{
    if (ast->ast.kind == SL_AST_EXPR_BINARY)
        return ast->binary.op == SL_AST_OP_AND || ast->binary.op == SL_AST_OP_OR;
    return ast->ast.kind == SL_AST_EXPR_IN || ast->ast.kind == SL_AST_EXPR_QUANTIFIED;
}

int
sl_binder_expr(struct sl_clause *binding, const struct sl_ast_expr *ast, struct sl_expr **ret_expr,
               struct sl_error *err)
{
    bool null_is_false = binding->null_is_false;
    int rc;

    if (binding->depth >= SL_BIND_DEPTH_MAX) {
        SL_ERROR(err, SL_E_LIMIT_EXCEEDED, "the expression is nested more than %d levels deep",
                 SL_BIND_DEPTH_MAX);
        return sl_error_at(err, expr_offset(binding, ast));
    }
    binding->depth++;
    binding->null_is_false &= expr_passes_null(ast);
    rc = expr_of_kind(binding, ast, ret_expr, err);
    binding->null_is_false = null_is_false;
    binding->depth--;
    return rc;
}

int
sl_binder_condition(struct sl_clause *binding, const struct sl_ast_expr *ast,
                    struct sl_expr **ret_expr, struct sl_error *err)
{
    return expr_condition(binding, ast, binding->clause, ret_expr, err);
}

int
sl_binder_exprs(struct sl_clause *binding, const struct sl_ast_list *list,
                struct sl_expr ***ret_exprs, struct sl_error *err)
{
    size_t count;

    return expr_list(binding, NULL, list, ret_exprs, &count, err);
}

int
sl_binder_constant(struct sl_binder *binder, const struct sl_ast_expr *ast, const char *what,
                   const struct sl_type *type, struct sl_value *ret_value, struct sl_error *err)
{
    struct sl_clause binding = {.binder = binder, .clause = what};
    int offset = sl_binder_offset(binder, ast->ast.offset);
    struct sl_expr *expr;

    SL_TRY(sl_binder_expr(&binding, ast, &expr, err));
    if (type)
        sl_parameter_settle(binder, expr, type);
    if (expr->kind == SL_EXPR_PARAM) { /* only described: any value will do */
        *ret_value = sl_value_null(expr->type);
        return SL_OK;
    }
    if (type && expr->kind == SL_EXPR_LITERAL && !expr->value.is_null &&
        sl_type_is_text(expr->type->kind) && !sl_type_is_text(type->kind)) {
        if (sl_value_parse(binder->arena, type, expr->value.text, binder->settings.zone, ret_value,
                           err) < 0)
            return sl_error_at(err, offset);
        return SL_OK;
    }
    if (type && !sl_type_equal(expr->type, type)) {
        if (!sl_type_is_assignable(expr->type, type)) {
            SL_ERROR(
                err, SL_E_DATATYPE_MISMATCH, "%s must be type %s, not type %s", what,
                sl_type_text(binder->arena, sl_type_nullable(binder->arena, type, true)),
                sl_type_text(binder->arena, sl_type_nullable(binder->arena, expr->type, true)));
            return sl_error_at(err, offset);
        }
        SL_TRY(sl_expr_cast(binder->arena, expr, type, SL_CAST_IMPLICIT, offset, &expr, err));
    }
    expr = sl_expr_fold(binder->arena, expr, &binder->settings);
    if (expr->kind != SL_EXPR_LITERAL) {
        SL_ERROR(err, SL_E_INVALID_PARAMETER_VALUE, "%s must be a constant that can be computed",
                 what);
        return sl_error_at(err, offset);
    }
    *ret_value = expr->value;
    return SL_OK;
}
