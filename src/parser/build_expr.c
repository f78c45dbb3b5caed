/* Expressions but calls. */
#include "parser/build.h"

#include "sql.h"

static const char *const op_names[] = {
#define OP(name, text) [SL_AST_OP_##name] = text,
#include "parser/operators.def"
#undef OP
};

const char *
sl_ast_op_name(enum sl_ast_op op)
{
    return op_names[op];
}

struct sl_ast_expr *
sl_build_expr(SL_PARSE, enum sl_ast_kind kind, int offset)
{
    return sl_build_node(parse, sizeof(struct sl_ast_expr), kind, offset);
}

/* ---- leaves ---- */

struct sl_ast_expr *
sl_build_column(SL_PARSE, struct sl_ast_name *name)
{
    struct sl_ast_expr *expr = sl_build_expr(parse, SL_AST_EXPR_COLUMN, name->offset);
    expr->column = *name;
    expr->ast.end = name->end;
    return expr;
}

struct sl_ast_expr *
sl_build_star(SL_PARSE, struct sl_ast_name *name, SL_TOKEN star)
{
    int offset = name != NULL ? name->offset : star->offset;
    struct sl_ast_expr *expr = sl_build_expr(parse, SL_AST_EXPR_STAR, offset);
    expr->column = sl_build_name_value(name);
    return expr;
}

struct sl_ast_expr *
sl_build_parameter(SL_PARSE, SL_TOKEN token)
{
    struct sl_ast_expr *expr = sl_build_expr(parse, SL_AST_EXPR_PARAMETER, token->offset);
    int64_t value = 0;
    for (size_t i = 0; i < token->text.length && value <= parse->limits.parameter_max; i++)
        value = value * 10 + (token->text.start[i] - '0');
    if ((value == 0 || value > parse->limits.parameter_max) && parse->rc >= 0) {
        parse->rc = value == 0
                        ? SL_ERROR(parse->err, SL_E_UNDEFINED_PARAMETER, "there is no parameter $0")
                        : SL_ERROR(parse->err, SL_E_LIMIT_EXCEEDED,
                                   "parameter $%.*s is above the limit of %d",
                                   SL_TEXT_FORMAT(token->text), parse->limits.parameter_max);
        sl_error_at(parse->err, token->offset);
    }
    expr->parameter = (int)value;
    parse->parameter_count = SL_MAX(parse->parameter_count, expr->parameter);
    return expr;
}

struct sl_ast_expr *
sl_build_default(SL_PARSE, SL_TOKEN token)
{
    return sl_build_expr(parse, SL_AST_EXPR_DEFAULT, token->offset);
}

struct sl_ast_expr *
sl_build_literal(SL_PARSE, enum sl_ast_literal_kind kind, SL_TOKEN first, SL_TOKEN value)
{
    struct sl_ast_expr *expr = sl_build_expr(parse, SL_AST_EXPR_LITERAL, first->offset);
    expr->literal.kind = kind;
    expr->literal.text = sl_build_text(parse, value);
    expr->literal.precision = expr->literal.scale = -1;
    return expr;
}

struct sl_ast_expr *
sl_build_boolean(SL_PARSE, SL_TOKEN token, bool value)
{
    struct sl_ast_expr *expr = sl_build_literal(parse, SL_AST_LITERAL_BOOLEAN, token, token);
    expr->literal.boolean = value;
    return expr;
}

struct sl_ast_expr *
sl_build_one(SL_PARSE, SL_TOKEN token)
{
    struct sl_ast_expr *expr = sl_build_literal(parse, SL_AST_LITERAL_NUMBER, token, token);
    expr->literal.text = SL_TEXT("1");
    return expr;
}

struct sl_ast_expr *
sl_build_timestamp(SL_PARSE, SL_TOKEN first, int64_t precision, int time_zone, SL_TOKEN value)
{
    bool ltz = sl_text_equal_nocase(first->text, SL_TEXT("TIMESTAMP_LTZ"));
    if (time_zone == SL_AST_TYPE_TIMESTAMP_TZ || time_zone == SL_AST_TYPE_TIMESTAMP_LTZ)
        ltz = true;
    struct sl_ast_expr *expr = sl_build_literal(
        parse, ltz ? SL_AST_LITERAL_TIMESTAMP_LTZ : SL_AST_LITERAL_TIMESTAMP, first, value);
    expr->literal.precision = (int)precision;
    return expr;
}

struct sl_ast_expr *
sl_build_interval(SL_PARSE, SL_TOKEN first, SL_TOKEN sign, SL_TOKEN value,
                  const struct sl_build_unit *unit)
{
    struct sl_ast_expr *expr = sl_build_literal(parse, SL_AST_LITERAL_INTERVAL, first, value);
    expr->literal.negative = sign != NULL && sign->kind == SL_TOKEN_MINUS;
    if (unit != NULL) {
        expr->literal.unit_start = unit->start;
        expr->literal.unit_end = unit->end;
        expr->literal.precision = unit->precision;
        expr->literal.scale = unit->scale;
    }
    return expr;
}

/* ---- operators ---- */

struct sl_ast_expr *
sl_build_unary(SL_PARSE, enum sl_ast_op op, SL_TOKEN token, struct sl_ast_expr *operand)
{
    struct sl_ast_expr *expr = sl_build_expr(parse, SL_AST_EXPR_UNARY, token->offset);
    expr->unary.op = op;
    expr->unary.operand = operand;
    sl_build_under(parse, &expr->ast, &operand->ast);
    return expr;
}

static enum sl_ast_op
build_expr_op(SL_TOKEN token)
{
    switch (token->kind) {
    case SL_TOKEN_EQ:
        return SL_AST_OP_EQUAL;
    case SL_TOKEN_NE:
        return SL_AST_OP_NOT_EQUAL;
    case SL_TOKEN_LT:
        return SL_AST_OP_LESS;
    case SL_TOKEN_LE:
        return SL_AST_OP_LESS_EQUAL;
    case SL_TOKEN_GT:
        return SL_AST_OP_GREATER;
    case SL_TOKEN_GE:
        return SL_AST_OP_GREATER_EQUAL;
    case SL_TOKEN_PLUS:
        return SL_AST_OP_PLUS;
    case SL_TOKEN_MINUS:
        return SL_AST_OP_MINUS;
    case SL_TOKEN_STAR:
        return SL_AST_OP_MULTIPLY;
    case SL_TOKEN_SLASH:
        return SL_AST_OP_DIVIDE;
    case SL_TOKEN_PERCENT:
        return SL_AST_OP_MODULO;
    case SL_TOKEN_CONCAT:
        return SL_AST_OP_CONCAT;
    case SL_TOKEN_OVERLAPS:
        return SL_AST_OP_OVERLAPS;
    case SL_TOKEN_MATCHES:
        return SL_AST_OP_MATCH;
    case SL_TOKEN_NOT_MATCHES:
        return SL_AST_OP_NOT_MATCH;
    case SL_TOKEN_MATCHES_NOCASE:
        return SL_AST_OP_MATCH_NOCASE;
    case SL_TOKEN_NOT_MATCHES_NOCASE:
        return SL_AST_OP_NOT_MATCH_NOCASE;
    case SL_TOKEN_AMPERSAND:
        return SL_AST_OP_BIT_AND;
    case SL_TOKEN_PIPE:
        return SL_AST_OP_BIT_OR;
    case SL_TOKEN_HASH_SIGN:
        return SL_AST_OP_BIT_XOR;
    case SL_TOKEN_SHIFT_LEFT:
        return SL_AST_OP_SHIFT_LEFT;
    case SL_TOKEN_SHIFT_RIGHT:
        return SL_AST_OP_SHIFT_RIGHT;
    case SL_TOKEN_JSON_GET:
        return SL_AST_OP_JSON_GET;
    case SL_TOKEN_JSON_GET_TEXT:
        return SL_AST_OP_JSON_GET_TEXT;
    default:
        SL_UNREACHABLE();
    }
}

struct sl_ast_expr *
sl_build_unary_operator(SL_PARSE, SL_TOKEN token, struct sl_ast_expr *operand)
{
    return sl_build_unary(parse, build_expr_op(token), token, operand);
}

struct sl_ast_expr *
sl_build_binary(SL_PARSE, enum sl_ast_op op, SL_TOKEN token, struct sl_ast_expr *left,
                struct sl_ast_expr *right)
{
    struct sl_ast_expr *expr = sl_build_expr(parse, SL_AST_EXPR_BINARY, left->ast.offset);
    expr->binary.op = op;
    expr->binary.left = left;
    expr->binary.right = right;
    expr->binary.op_offset = token->offset;
    sl_build_under(parse, &expr->ast, &left->ast);
    sl_build_under(parse, &expr->ast, &right->ast);
    return expr;
}

struct sl_ast_expr *
sl_build_operator(SL_PARSE, SL_TOKEN token, struct sl_ast_expr *left, struct sl_ast_expr *right)
{
    return sl_build_binary(parse, build_expr_op(token), token, left, right);
}

struct sl_ast_expr *
sl_build_quantified(SL_PARSE, SL_TOKEN token, bool all, struct sl_ast_expr *left,
                    struct sl_ast_query *query, struct sl_ast_list *values)
{
    struct sl_ast_expr *expr = sl_build_expr(parse, SL_AST_EXPR_QUANTIFIED, left->ast.offset);
    expr->quantified.op = build_expr_op(token);
    expr->quantified.all = all;
    expr->quantified.left = left;
    expr->quantified.query = query;
    sl_build_under(parse, &expr->ast, &left->ast);
    if (query != NULL)
        sl_build_under(parse, &expr->ast, &query->ast);
    else if (values->count == 1)
        expr->quantified.right = values->items[0];
    else
        expr->quantified.values = *values;
    sl_build_under_exprs(parse, &expr->ast, values);
    return expr;
}

struct sl_ast_expr *
sl_build_is(SL_PARSE, struct sl_ast_expr *operand, enum sl_ast_is_test test, bool negated)
{
    struct sl_ast_expr *expr = sl_build_expr(parse, SL_AST_EXPR_IS, operand->ast.offset);
    expr->is.operand = operand;
    expr->is.test = test;
    expr->is.negated = negated;
    sl_build_under(parse, &expr->ast, &operand->ast);
    return expr;
}

struct sl_ast_expr *
sl_build_between(SL_PARSE, struct sl_ast_expr *operand, bool symmetric, struct sl_ast_expr *low,
                 struct sl_ast_expr *high, bool negated)
{
    struct sl_ast_expr *expr = sl_build_expr(parse, SL_AST_EXPR_BETWEEN, operand->ast.offset);
    expr->between.operand = operand;
    expr->between.low = low;
    expr->between.high = high;
    expr->between.symmetric = symmetric;
    expr->between.negated = negated;
    sl_build_under(parse, &expr->ast, &operand->ast);
    sl_build_under(parse, &expr->ast, &low->ast);
    sl_build_under(parse, &expr->ast, &high->ast);
    return expr;
}

struct sl_ast_expr *
sl_build_in(SL_PARSE, struct sl_ast_expr *operand, struct sl_ast_list *values,
            struct sl_ast_query *query, bool negated)
{
    struct sl_ast_expr *expr = sl_build_expr(parse, SL_AST_EXPR_IN, operand->ast.offset);
    expr->in.operand = operand;
    expr->in.values = sl_build_list_value(values);
    expr->in.query = query;
    expr->in.negated = negated;
    sl_build_under(parse, &expr->ast, &operand->ast);
    sl_build_under_exprs(parse, &expr->ast, values);
    sl_build_under(parse, &expr->ast, query == NULL ? NULL : &query->ast);
    return expr;
}

struct sl_ast_expr *
sl_build_like(SL_PARSE, struct sl_ast_expr *operand, enum sl_ast_like_form form,
              struct sl_ast_expr *pattern, struct sl_ast_expr *escape, bool negated)
{
    struct sl_ast_expr *expr = sl_build_expr(parse, SL_AST_EXPR_LIKE, operand->ast.offset);
    expr->like.operand = operand;
    expr->like.form = form;
    expr->like.pattern = pattern;
    expr->like.escape = escape;
    expr->like.negated = negated;
    sl_build_under(parse, &expr->ast, &operand->ast);
    sl_build_under(parse, &expr->ast, &pattern->ast);
    sl_build_under(parse, &expr->ast, escape == NULL ? NULL : &escape->ast);
    return expr;
}

struct sl_ast_expr *
sl_build_at_time_zone(SL_PARSE, struct sl_ast_expr *operand, struct sl_ast_expr *zone)
{
    struct sl_ast_expr *expr = sl_build_expr(parse, SL_AST_EXPR_AT_TIME_ZONE, operand->ast.offset);
    expr->at_time_zone.operand = operand;
    expr->at_time_zone.zone = zone;
    expr->at_time_zone.local = zone == NULL;
    sl_build_under(parse, &expr->ast, &operand->ast);
    sl_build_under(parse, &expr->ast, zone == NULL ? NULL : &zone->ast);
    return expr;
}

struct sl_ast_expr *
sl_build_collate(SL_PARSE, struct sl_ast_expr *operand, struct sl_ast_name *name)
{
    struct sl_ast_expr *expr = sl_build_expr(parse, SL_AST_EXPR_COLLATE, operand->ast.offset);
    expr->collate.operand = operand;
    expr->collate.name = *name;
    sl_build_under(parse, &expr->ast, &operand->ast);
    return expr;
}

struct sl_ast_expr *
sl_build_cast(SL_PARSE, SL_TOKEN token, struct sl_ast_expr *operand, struct sl_ast_type *type,
              enum sl_ast_cast_form form)
{
    int offset = form == SL_AST_CAST_POSTGRES ? operand->ast.offset : token->offset;
    struct sl_ast_expr *expr = sl_build_expr(parse, SL_AST_EXPR_CAST, offset);
    expr->cast.operand = operand;
    expr->cast.type = type;
    expr->cast.form = form;
    sl_build_under(parse, &expr->ast, &operand->ast);
    sl_build_under(parse, &expr->ast, &type->ast);
    return expr;
}

/* ---- constructors and access ---- */

/* Parentheses are no node; they widen what is inside, so that its slice has both of them. */
struct sl_ast_expr *
sl_build_parenthesised(SL_PARSE, SL_TOKEN open, struct sl_ast_expr *expr)
{
    expr->ast.offset = open->offset;
    expr->ast.end = parse->last_end;
    return expr;
}

struct sl_ast_expr *
sl_build_query_expr(SL_PARSE, enum sl_ast_kind kind, SL_TOKEN first, struct sl_ast_query *query)
{
    int offset = first == NULL ? query->ast.offset : first->offset;
    struct sl_ast_expr *expr = sl_build_expr(parse, kind, offset);
    expr->query = query;
    sl_build_under(parse, &expr->ast, &query->ast);
    return expr;
}

struct sl_ast_expr *
sl_build_items(SL_PARSE, enum sl_ast_kind kind, SL_TOKEN first, struct sl_ast_list *items)
{
    struct sl_ast_expr *expr = sl_build_expr(parse, kind, first->offset);
    expr->items = sl_build_list_value(items);
    sl_build_under_exprs(parse, &expr->ast, items);
    if (kind == SL_AST_EXPR_MAP && expr->items.count % 2 != 0 && parse->rc >= 0) {
        parse->rc = SL_ERROR(parse->err, SL_E_SYNTAX,
                             "MAP needs a value for each key, it has %zu items", expr->items.count);
        sl_error_at(parse->err, first->offset);
    }
    return expr;
}

struct sl_ast_expr *
sl_build_row(SL_PARSE, SL_TOKEN first, struct sl_ast_list *items)
{
    return sl_build_items(parse, SL_AST_EXPR_ROW, first, items);
}

struct sl_ast_expr *
sl_build_element(SL_PARSE, struct sl_ast_expr *operand, struct sl_ast_expr *index)
{
    struct sl_ast_expr *expr = sl_build_expr(parse, SL_AST_EXPR_ELEMENT, operand->ast.offset);
    expr->element.operand = operand;
    expr->element.index = index;
    sl_build_under(parse, &expr->ast, &operand->ast);
    sl_build_under(parse, &expr->ast, &index->ast);
    return expr;
}

struct sl_ast_expr *
sl_build_field(SL_PARSE, struct sl_ast_expr *operand, SL_TOKEN name)
{
    struct sl_ast_expr *expr = sl_build_expr(parse, SL_AST_EXPR_FIELD, operand->ast.offset);
    expr->field.operand = operand;
    expr->field.name = sl_build_identifier_value(parse, name);
    expr->field.star = name->kind == SL_TOKEN_STAR;
    sl_build_under(parse, &expr->ast, &operand->ast);
    return expr;
}

struct sl_ast_when *
sl_build_when(SL_PARSE, struct sl_ast_expr *condition, struct sl_ast_expr *result)
{
    struct sl_ast_when *when = SL_NEW(parse->arena, struct sl_ast_when);
    when->condition = condition;
    when->result = result;
    return when;
}

/* WHEN a, b THEN r: a when for each, with the same result. */
struct sl_ast_list *
sl_build_whens(SL_PARSE, struct sl_ast_list *whens, const struct sl_ast_list *conditions,
               struct sl_ast_expr *result)
{
    for (size_t i = 0; i < conditions->count; i++) {
        struct sl_ast_when *when = sl_build_when(parse, conditions->items[i], result);
        whens = whens == NULL ? sl_build_list(parse, when) : sl_build_list_add(parse, whens, when);
    }
    return whens;
}

struct sl_ast_expr *
sl_build_case(SL_PARSE, SL_TOKEN first, struct sl_ast_expr *operand, struct sl_ast_list *whens,
              struct sl_ast_expr *otherwise)
{
    struct sl_ast_expr *expr = sl_build_expr(parse, SL_AST_EXPR_CASE, first->offset);
    expr->case_.operand = operand;
    expr->case_.whens =
        sl_build_array(parse, whens, sizeof(struct sl_ast_when), &expr->case_.when_count);
    expr->case_.otherwise = otherwise;
    sl_build_under(parse, &expr->ast, operand == NULL ? NULL : &operand->ast);
    for (size_t i = 0; i < expr->case_.when_count; i++) {
        sl_build_under(parse, &expr->ast, &expr->case_.whens[i].condition->ast);
        sl_build_under(parse, &expr->ast, &expr->case_.whens[i].result->ast);
    }
    sl_build_under(parse, &expr->ast, otherwise == NULL ? NULL : &otherwise->ast);
    return expr;
}
