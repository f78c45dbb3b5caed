/* Parameters $1 … : with values they are literals; without they get their types from what stands
 * beside them.  A parameter without a type yet is open: its expression has the type NULL. */
#include "planner/bind.h"

enum { PARAMETER_DECIMAL_SCALE = 18 }; /* as of a parameter that a client declares numeric */

int
sl_binder_parameter(struct sl_binder *binder, int number, int offset, struct sl_expr **ret_expr,
                    struct sl_error *err)
{
    struct sl_plan_context *context = binder->context;
    size_t index = (size_t)number - 1;
    const struct sl_type *type;

    if (number < 1 || index >= context->param_capacity || binder->hide_positions ||
        (context->param_values && index >= context->param_count)) {
        SL_ERROR(err, SL_E_UNDEFINED_PARAMETER, "there is no parameter $%d", number);
        return sl_error_at(err, sl_binder_offset(binder, offset));
    }
    context->param_count = SL_MAX(context->param_count, index + 1);
    type = context->param_types[index];
    if (context->param_values)
        *ret_expr = sl_expr_literal(binder->arena, &context->param_values[index]);
    else
        *ret_expr = sl_expr_param(binder->arena, (uint32_t)index, type ? type : &sl_type_null);
    (*ret_expr)->offset = sl_binder_offset(binder, offset);
    return SL_OK;
}

bool
sl_parameter_is_open(const struct sl_expr *expr)
{
    return expr->kind == SL_EXPR_PARAM && expr->type->kind == SL_TYPE_NULL;
}

void
sl_parameter_settle(struct sl_binder *binder, struct sl_expr *expr, const struct sl_type *type)
{
    const struct sl_type **slot;

    if (!sl_parameter_is_open(expr))
        return;
    slot = &binder->context->param_types[expr->column];
    if (!*slot)
        *slot = sl_type_nullable(binder->arena, type, true);
    expr->type = *slot;
}

/* How a function's arguments decide about a parameter among them. */
enum parameter_rule {
    PARAMETER_LIKE_OTHERS, /* comparison, arithmetic, COALESCE … */
    PARAMETER_BOOLEAN,
    PARAMETER_STRING,
    PARAMETER_CASE,
    PARAMETER_ELEMENT,
    PARAMETER_TRY, /* the first type that the function takes */
};

static enum parameter_rule
parameter_rule_of(const char *function)
{
    static const struct {
        const char *name;
        enum parameter_rule rule;
    } rules[] = {
        {"=", PARAMETER_LIKE_OTHERS},
        {"<>", PARAMETER_LIKE_OTHERS},
        {"<", PARAMETER_LIKE_OTHERS},
        {"<=", PARAMETER_LIKE_OTHERS},
        {">", PARAMETER_LIKE_OTHERS},
        {">=", PARAMETER_LIKE_OTHERS},
        {"+", PARAMETER_LIKE_OTHERS},
        {"-", PARAMETER_LIKE_OTHERS},
        {"*", PARAMETER_LIKE_OTHERS},
        {"/", PARAMETER_LIKE_OTHERS},
        {"%", PARAMETER_LIKE_OTHERS},
        {"IN", PARAMETER_LIKE_OTHERS},
        {"BETWEEN", PARAMETER_LIKE_OTHERS},
        {"IS DISTINCT FROM", PARAMETER_LIKE_OTHERS},
        {"COALESCE", PARAMETER_LIKE_OTHERS},
        {"NULLIF", PARAMETER_LIKE_OTHERS},
        {"GREATEST", PARAMETER_LIKE_OTHERS},
        {"LEAST", PARAMETER_LIKE_OTHERS},
        {"MOD", PARAMETER_LIKE_OTHERS},
        {"ARRAY", PARAMETER_LIKE_OTHERS},
        {"NOT IN", PARAMETER_LIKE_OTHERS},
        {"NOT BETWEEN", PARAMETER_LIKE_OTHERS},
        {"BETWEEN SYMMETRIC", PARAMETER_LIKE_OTHERS},
        {"NOT BETWEEN SYMMETRIC", PARAMETER_LIKE_OTHERS},
        {"IS NOT DISTINCT FROM", PARAMETER_LIKE_OTHERS},
        {"AND", PARAMETER_BOOLEAN},
        {"OR", PARAMETER_BOOLEAN},
        {"NOT", PARAMETER_BOOLEAN},
        {"LIKE", PARAMETER_STRING},
        {"NOT LIKE", PARAMETER_STRING},
        {"SIMILAR TO", PARAMETER_STRING},
        {"NOT SIMILAR TO", PARAMETER_STRING},
        {"||", PARAMETER_STRING},
        {"CONCAT", PARAMETER_STRING},
        {"CASE", PARAMETER_CASE},
        {"IF", PARAMETER_CASE},
        {"[]", PARAMETER_ELEMENT},
    };

    for (size_t i = 0; i < SL_COUNT_OF(rules); i++)
        if (sl_equal_nocase(rules[i].name, function))
            return rules[i].rule;
    return PARAMETER_TRY;
}

/* Is argument i of CASE (when, then, … , else) or IF (condition, a, b) a condition? */
static bool
parameter_is_condition(const char *function, size_t i, size_t arg_count)
{
    if (sl_equal_nocase(function, "IF"))
        return i == 0;
    return i % 2 == 0 && i + 1 < arg_count;
}

/* A parameter has no length of its own: 1.25 must not be rounded because it stands beside 1.5. */
static const struct sl_type *
parameter_widen(struct sl_arena *arena, const struct sl_type *type)
{
    switch (type->kind) {
    case SL_TYPE_DECIMAL:
        return sl_type_decimal(arena, SL_DECIMAL_PRECISION_MAX,
                               SL_MAX(type->scale, PARAMETER_DECIMAL_SCALE));
    case SL_TYPE_CHAR:
    case SL_TYPE_VARCHAR:
        return &sl_type_string;
    case SL_TYPE_BINARY:
    case SL_TYPE_VARBINARY:
        return &sl_type_bytes;
    case SL_TYPE_TIME:
    case SL_TYPE_TIMESTAMP:
    case SL_TYPE_TIMESTAMP_LTZ:
        return sl_type_with_precision(arena, type->kind, SL_TIME_PRECISION_MAX);
    default:
        return type;
    }
}

/* The type that the arguments with a type share; STRING when none has one. */
static const struct sl_type *
parameter_common(struct sl_binder *binder, struct sl_expr *const *args, size_t arg_count,
                 const char *skip_conditions_of)
{
    const struct sl_type **types = SL_NEW_ARRAY(binder->arena, const struct sl_type *, arg_count);
    const struct sl_type *common;
    size_t count = 0;

    for (size_t i = 0; i < arg_count; i++) {
        if (args[i]->type->kind == SL_TYPE_NULL)
            continue;
        if (skip_conditions_of && parameter_is_condition(skip_conditions_of, i, arg_count))
            continue;
        types[count++] = args[i]->type;
    }
    if (count && sl_type_common(binder->arena, types, count, &common))
        return parameter_widen(binder->arena, common);
    return &sl_type_string;
}

static void
parameter_settle_like_others(struct sl_binder *binder, const char *function, struct sl_expr **args,
                             size_t arg_count)
{
    const struct sl_type *common = parameter_common(binder, args, arg_count, NULL);
    bool is_sum = strcmp(function, "+") == 0 || strcmp(function, "-") == 0;

    /* A time plus or minus something: the something is an interval. */
    if (is_sum && (sl_type_is_timestamp(common->kind) || common->kind == SL_TYPE_DATE ||
                   common->kind == SL_TYPE_TIME))
        common = &sl_type_interval_day;
    for (size_t i = 0; i < arg_count; i++)
        sl_parameter_settle(binder, args[i], common);
}

static void
parameter_settle_case(struct sl_binder *binder, const char *function, struct sl_expr **args,
                      size_t arg_count)
{
    const struct sl_type *common = parameter_common(binder, args, arg_count, function);

    for (size_t i = 0; i < arg_count; i++)
        sl_parameter_settle(binder, args[i],
                            parameter_is_condition(function, i, arg_count) ? &sl_type_boolean
                                                                           : common);
}

/* Tries one type for all open arguments. */
static bool
parameter_fits(struct sl_binder *binder, const char *function, struct sl_expr *const *args,
               size_t arg_count, const struct sl_type *type)
{
    struct sl_expr **trial = SL_NEW_ARRAY(binder->arena, struct sl_expr *, arg_count);
    struct sl_expr *result;
    struct sl_error err;

    for (size_t i = 0; i < arg_count; i++) {
        trial[i] = args[i];
        if (sl_parameter_is_open(args[i]))
            trial[i] = sl_expr_param(binder->arena, args[i]->column, type);
    }
    return sl_expr_call(binder->arena, function, trial, arg_count, -1, &result, &err) == SL_OK;
}

static void
parameter_settle_trying(struct sl_binder *binder, const char *function, struct sl_expr **args,
                        size_t arg_count)
{
    static const struct sl_type *const candidates[] = {
        &sl_type_string, &sl_type_double,     &sl_type_bigint,  &sl_type_int,
        &sl_type_date,   &sl_type_timestamp6, &sl_type_boolean, &sl_type_bytes,
    };
    const struct sl_type *type = &sl_type_string;

    for (size_t i = 0; i < SL_COUNT_OF(candidates); i++) {
        if (parameter_fits(binder, function, args, arg_count, candidates[i])) {
            type = candidates[i];
            break;
        }
    }
    for (size_t i = 0; i < arg_count; i++)
        sl_parameter_settle(binder, args[i], type);
}

void
sl_parameters_infer(struct sl_binder *binder, const char *function, struct sl_expr **args,
                    size_t arg_count)
{
    bool open = false;

    for (size_t i = 0; i < arg_count; i++)
        open |= sl_parameter_is_open(args[i]);
    if (!open)
        return;
    switch (parameter_rule_of(function)) {
    case PARAMETER_LIKE_OTHERS:
        parameter_settle_like_others(binder, function, args, arg_count);
        break;
    case PARAMETER_CASE:
        parameter_settle_case(binder, function, args, arg_count);
        break;
    case PARAMETER_TRY:
        parameter_settle_trying(binder, function, args, arg_count);
        break;
    case PARAMETER_BOOLEAN:
        for (size_t i = 0; i < arg_count; i++)
            sl_parameter_settle(binder, args[i], &sl_type_boolean);
        break;
    case PARAMETER_STRING:
        sl_parameters_end(binder, args, arg_count);
        break;
    case PARAMETER_ELEMENT:
        for (size_t i = 0; i < arg_count; i++)
            sl_parameter_settle(binder, args[i], &sl_type_int);
        break;
    }
}

void
sl_parameters_end(struct sl_binder *binder, struct sl_expr **exprs, size_t expr_count)
{
    for (size_t i = 0; i < expr_count; i++)
        sl_parameter_settle(binder, exprs[i], &sl_type_string);
}
