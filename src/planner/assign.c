/* Assignment to columns of a table: implicit casts, and for constants what a person means by them
 * ('2020-01-01' for a DATE, 1 for a SMALLINT). */
#include "planner/bind.h"

static int
assign_mismatch(struct sl_binder *binder, const struct sl_expr *expr,
                const struct sl_schema_column *column, int offset, struct sl_error *err)
{
    const char *to =
        sl_type_text(binder->arena, sl_type_nullable(binder->arena, column->type, true));

    SL_ERROR(err, SL_E_DATATYPE_MISMATCH,
             "column \"%s\" is of type %s but expression is of type %s", column->name, to,
             sl_type_text(binder->arena, sl_type_nullable(binder->arena, expr->type, true)));
    sl_error_hint(err, "you will need to CAST the expression to %s", to);
    return sl_error_at(err, offset);
}

/* Types that differ only in length are not cast: as in Flink, lengths are not enforced at sinks. */
static bool
assign_differs_in_length(const struct sl_type *from, const struct sl_type *to)
{
    return (sl_type_is_text(from->kind) && sl_type_is_text(to->kind)) ||
           (sl_type_is_bytes(from->kind) && sl_type_is_bytes(to->kind));
}

/* As Flink: a number is not put into a type that cannot hold all its values, DECIMAL excepted. */
static bool
assign_narrows(const struct sl_type *from, const struct sl_type *to)
{
    if (!sl_type_is_numeric(from->kind) || !sl_type_is_numeric(to->kind))
        return false;
    if (sl_type_is_integer(to->kind))
        return !sl_type_is_integer(from->kind) || from->kind > to->kind;
    return to->kind == SL_TYPE_FLOAT && from->kind == SL_TYPE_DOUBLE;
}

static int
assign_literal(struct sl_binder *binder, struct sl_expr *literal,
               const struct sl_schema_column *column, int offset, struct sl_expr **ret_expr,
               struct sl_error *err)
{
    const struct sl_type *type = sl_type_nullable(binder->arena, column->type, true);
    struct sl_buffer text;
    struct sl_value value;
    struct sl_expr *expr;

    if (sl_type_is_text(literal->type->kind)) {
        if (sl_value_parse(binder->arena, type, literal->value.text, binder->settings.zone, &value,
                           err) < 0)
            return sl_error_at(err, offset);
        *ret_expr = sl_expr_literal(binder->arena, &value);
        (*ret_expr)->offset = offset;
        return SL_OK;
    }
    if (!sl_type_is_numeric(literal->type->kind) || !sl_type_is_numeric(type->kind) ||
        (sl_type_is_integer(type->kind) && !sl_type_is_integer(literal->type->kind)))
        return assign_mismatch(binder, literal, column, offset, err);
    SL_TRY(sl_expr_cast(binder->arena, literal, type, SL_CAST_STRICT, offset, &expr, err));
    expr = sl_expr_fold(binder->arena, expr, &binder->settings);
    if (expr->kind != SL_EXPR_LITERAL) {
        sl_buffer_init(&text, SIZE_MAX / 2);
        sl_value_format(&literal->value, SL_FORM_POSTGRES, binder->settings.zone, &text);
        SL_ERROR(err, SL_E_NUMERIC_OUT_OF_RANGE,
                 "the value %.*s for column \"%s\" is out of range for type %s", (int)text.length,
                 text.data, column->name, sl_type_text(binder->arena, type));
        sl_buffer_done(&text);
        return sl_error_at(err, offset);
    }
    *ret_expr = expr;
    return SL_OK;
}

int
sl_binder_assign(struct sl_binder *binder, struct sl_expr *expr,
                 const struct sl_schema_column *column, int offset, struct sl_expr **ret_expr,
                 struct sl_error *err)
{
    const struct sl_type *type = sl_type_nullable(binder->arena, column->type, true);
    struct sl_expr *folded;

    sl_parameter_settle(binder, expr, type);
    if (expr->type->kind == SL_TYPE_NULL) {
        *ret_expr = sl_binder_null(binder->arena, type, expr->offset);
        return SL_OK;
    }
    if (sl_type_equal(expr->type, type) || assign_differs_in_length(expr->type, type)) {
        *ret_expr = expr;
        return SL_OK;
    }
    if (sl_type_is_assignable(expr->type, type) && !assign_narrows(expr->type, type)) {
        if (sl_expr_cast(binder->arena, expr, type, SL_CAST_IMPLICIT, offset, ret_expr, err) < 0)
            return sl_error_at(err, offset);
        return SL_OK;
    }
    folded = sl_expr_fold(binder->arena, expr, &binder->settings);
    if (folded->kind == SL_EXPR_LITERAL && !folded->value.is_null)
        return assign_literal(binder, folded, column, offset, ret_expr, err);
    return assign_mismatch(binder, expr, column, offset, err);
}

int
sl_binder_assign_columns(struct sl_binder *binder, const struct sl_schema *targets, int offset,
                         struct sl_log_node **node, struct sl_error *err)
{
    struct sl_log_node *input = *node;
    /* Into the projection itself, where constants can be seen. */
    bool inside = input->kind == SL_LOG_PROJECT;
    struct sl_expr **exprs = SL_NEW_ARRAY(binder->arena, struct sl_expr *, targets->count);
    const char **names = SL_NEW_ARRAY(binder->arena, const char *, targets->count);

    for (uint32_t i = 0; i < targets->count; i++) {
        struct sl_expr *expr =
            inside ? input->exprs[i] : sl_log_column(binder->arena, input->schema, i);
        int at = inside && expr->offset >= 0 ? expr->offset : offset;

        names[i] = targets->columns[i].name;
        SL_TRY(sl_binder_assign(binder, expr, &targets->columns[i], at, &exprs[i], err));
    }
    *node = sl_log_project(binder->arena, inside ? input->inputs[0] : input, exprs, names,
                           targets->count);
    (*node)->parallelism = input->parallelism;
    return SL_OK;
}
