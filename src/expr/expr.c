/* Bound expressions as data: construction, comparison, copies, walks. */
#include "expr/function.h"

struct sl_expr *
sl_expr_column(struct sl_arena *arena, uint32_t column, const struct sl_type *type)
{
    struct sl_expr *expr = SL_NEW(arena, struct sl_expr);

    expr->kind = SL_EXPR_COLUMN;
    expr->type = type;
    expr->offset = -1;
    expr->column = column;
    return expr;
}

struct sl_expr *
sl_expr_literal(struct sl_arena *arena, const struct sl_value *value)
{
    struct sl_expr *expr = SL_NEW(arena, struct sl_expr);

    expr->kind = SL_EXPR_LITERAL;
    expr->type = sl_type_nullable(arena, value->type, value->is_null);
    expr->offset = -1;
    expr->value = sl_value_copy(arena, value);
    expr->value.type = expr->type;
    return expr;
}

struct sl_expr *
sl_expr_param(struct sl_arena *arena, uint32_t index, const struct sl_type *type)
{
    struct sl_expr *expr = sl_expr_column(arena, index, type);

    expr->kind = SL_EXPR_PARAM;
    return expr;
}

/* May values of `from` stand as they are where `to` is wanted? */
static bool
expr_cast_is_void(const struct sl_type *from, const struct sl_type *to)
{
    return sl_type_equal(from, to);
}

int
sl_expr_cast(struct sl_arena *arena, struct sl_expr *arg, const struct sl_type *type,
             enum sl_cast_mode mode, int offset, struct sl_expr **ret_expr, struct sl_error *err)
{
    struct sl_expr *expr;

    if (expr_cast_is_void(arg->type, type)) {
        *ret_expr = arg;
        return SL_OK;
    }
    if (arg->kind == SL_EXPR_LITERAL && arg->value.is_null) {
        struct sl_value null = sl_value_null(sl_type_nullable(arena, type, true));

        *ret_expr = sl_expr_literal(arena, &null);
        (*ret_expr)->offset = arg->offset;
        return SL_OK;
    }
    if (!sl_cast_exists(arg->type, type)) {
        SL_ERROR(err, SL_E_CANNOT_COERCE, "cannot cast type %s to %s",
                 sl_type_text(arena, sl_type_nullable(arena, arg->type, true)),
                 sl_type_text(arena, sl_type_nullable(arena, type, true)));
        if ((sl_type_is_timestamp(arg->type->kind) && sl_type_is_numeric(type->kind)) ||
            (sl_type_is_timestamp(type->kind) && sl_type_is_numeric(arg->type->kind)))
            sl_error_hint(err, "use UNIX_TIMESTAMP, EXTRACT(EPOCH FROM …) or TO_TIMESTAMP_LTZ");
        return sl_error_at(err, offset);
    }
    expr = SL_NEW(arena, struct sl_expr);
    expr->kind = SL_EXPR_CAST;
    expr->type = sl_type_nullable(arena, type, arg->type->nullable || mode == SL_CAST_TRY);
    expr->offset = offset;
    expr->cast = mode;
    expr->args = SL_NEW_ARRAY(arena, struct sl_expr *, 1);
    expr->args[0] = arg;
    expr->arg_count = 1;
    *ret_expr = expr;
    return SL_OK;
}

bool
sl_expr_walk(const struct sl_expr *expr, bool (*visit)(const struct sl_expr *, void *), void *arg)
{
    if (!visit(expr, arg))
        return false;
    for (size_t i = 0; i < expr->arg_count; i++) {
        if (!sl_expr_walk(expr->args[i], visit, arg))
            return false;
    }
    return true;
}

static bool
expr_visit_constant(const struct sl_expr *expr, void *arg)
{
    return expr->kind != SL_EXPR_COLUMN && expr->kind != SL_EXPR_PARAM &&
           !(expr->function && expr->function->flags & SL_FUNC_MOMENT);
}

bool
sl_expr_is_constant(const struct sl_expr *expr)
{
    return sl_expr_walk(expr, expr_visit_constant, NULL);
}

static bool
expr_visit_deterministic(const struct sl_expr *expr, void *arg)
{
    return !(expr->function && expr->function->flags & SL_FUNC_MOMENT);
}

bool
sl_expr_is_deterministic(const struct sl_expr *expr)
{
    return sl_expr_walk(expr, expr_visit_deterministic, NULL);
}

static bool
expr_visit_stable(const struct sl_expr *expr, void *arg)
{
    return !(expr->function && expr->function->flags & SL_FUNC_VOLATILE);
}

bool
sl_expr_is_volatile(const struct sl_expr *expr)
{
    return !sl_expr_walk(expr, expr_visit_stable, NULL);
}

bool
sl_expr_equal(const struct sl_expr *a, const struct sl_expr *b)
{
    if (a == b)
        return true;
    if (a->kind != b->kind || a->arg_count != b->arg_count || !sl_type_identical(a->type, b->type))
        return false;
    switch (a->kind) {
    case SL_EXPR_COLUMN:
    case SL_EXPR_PARAM:
        return a->column == b->column;
    case SL_EXPR_LITERAL:
        return a->value.is_null == b->value.is_null && sl_value_compare(&a->value, &b->value) == 0;
    case SL_EXPR_CALL:
        if (a->function != b->function)
            return false;
        break;
    case SL_EXPR_CAST:
        if ((a->cast == SL_CAST_TRY) != (b->cast == SL_CAST_TRY))
            return false;
        break;
    }
    for (size_t i = 0; i < a->arg_count; i++) {
        if (!sl_expr_equal(a->args[i], b->args[i]))
            return false;
    }
    return true;
}

struct sl_expr *
sl_expr_copy(struct sl_arena *arena, const struct sl_expr *expr, const uint32_t *map)
{
    struct sl_expr *copy = SL_NEW(arena, struct sl_expr);

    *copy = *expr;
    copy->type = sl_type_copy(arena, expr->type);
    if (expr->kind == SL_EXPR_COLUMN && map)
        copy->column = map[expr->column];
    if (expr->kind == SL_EXPR_LITERAL) {
        copy->value = sl_value_copy(arena, &expr->value);
        copy->value.type = copy->type;
    }
    if (expr->arg_count)
        copy->args = SL_NEW_ARRAY(arena, struct sl_expr *, expr->arg_count);
    for (size_t i = 0; i < expr->arg_count; i++)
        copy->args[i] = sl_expr_copy(arena, expr->args[i], map);
    return copy;
}

struct sl_expr *
sl_expr_substitute(struct sl_arena *arena, const struct sl_expr *expr,
                   struct sl_expr *const *columns)
{
    struct sl_expr *copy;

    if (expr->kind == SL_EXPR_COLUMN)
        return columns[expr->column];
    copy = SL_NEW(arena, struct sl_expr);
    *copy = *expr;
    if (expr->arg_count)
        copy->args = SL_NEW_ARRAY(arena, struct sl_expr *, expr->arg_count);
    for (size_t i = 0; i < expr->arg_count; i++)
        copy->args[i] = sl_expr_substitute(arena, expr->args[i], columns);
    return copy;
}

bool
sl_expr_literal_text(const struct sl_expr *expr, struct sl_text *ret_text)
{
    if (expr->kind != SL_EXPR_LITERAL || expr->value.is_null ||
        !sl_type_is_text(expr->value.type->kind))
        return false;
    *ret_text = expr->value.text;
    return true;
}

bool
sl_expr_literal_integer(const struct sl_expr *expr, int64_t *ret_integer)
{
    if (expr->kind != SL_EXPR_LITERAL || expr->value.is_null ||
        !sl_type_is_integer(expr->value.type->kind))
        return false;
    *ret_integer = expr->value.integer;
    return true;
}
