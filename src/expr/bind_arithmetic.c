/* Binders of arithmetic over numbers, times and intervals. */
#include "expr/function.h"

static bool
arithmetic_is_interval(enum sl_type_kind kind)
{
    return kind == SL_TYPE_INTERVAL_MONTH || kind == SL_TYPE_INTERVAL_DAY;
}

static bool
arithmetic_is_time(enum sl_type_kind kind)
{
    return kind >= SL_TYPE_DATE && kind <= SL_TYPE_TIMESTAMP_LTZ;
}

/* Both arguments to one number type; decimals keep their own precisions, for the kernels bring them
 * to the result's scale themselves.  `op` decides a decimal result. */
static int
arithmetic_bind_numbers(struct sl_binding *binding, enum sl_decimal_operation op)
{
    const struct sl_type *types[2], *common;

    for (size_t i = 0; i < 2; i++) {
        if (binding->args[i]->type->kind == SL_TYPE_NULL)
            SL_TRY(sl_binding_coerce(binding, i,
                                     binding->args[1 - i]->type->kind == SL_TYPE_NULL
                                         ? &sl_type_int
                                         : binding->args[1 - i]->type));
        types[i] = binding->args[i]->type;
    }
    if (!sl_type_is_numeric(types[0]->kind) || !sl_type_is_numeric(types[1]->kind) ||
        !sl_type_common(binding->arena, types, 2, &common))
        return sl_binding_refuse(binding);
    if (common->kind != SL_TYPE_DECIMAL) {
        SL_TRY(sl_binding_coerce(binding, 0, common));
        SL_TRY(sl_binding_coerce(binding, 1, common));
        binding->type = common;
        return SL_OK;
    }
    for (size_t i = 0; i < 2; i++) {
        if (types[i]->kind != SL_TYPE_DECIMAL) {
            types[i] = sl_decimal_of_integer(binding->arena, types[i]->kind);
            SL_TRY(sl_binding_coerce(binding, i, types[i]));
        }
    }
    binding->type = sl_decimal_result_type(binding->arena, op, types[0], types[1]);
    return SL_OK;
}

/* A string beside a time or an interval is read as one (the literal '2020-01-01' - INTERVAL …). */
static int
arithmetic_read_strings(struct sl_binding *binding)
{
    for (size_t i = 0; i < 2; i++) {
        enum sl_type_kind other = binding->args[1 - i]->type->kind;
        struct sl_text text;

        if (!sl_expr_literal_text(binding->args[i], &text))
            continue;
        if (arithmetic_is_time(other) || arithmetic_is_interval(other)) {
            if (strcmp(binding->function->name, "-") == 0 && i == 0)
                SL_TRY(sl_binding_coerce(binding, i, &sl_type_timestamp6));
            else
                SL_TRY(sl_binding_coerce(binding, i,
                                         arithmetic_is_time(other) ? &sl_type_interval_day
                                                                   : &sl_type_timestamp6));
        } else if (sl_type_is_numeric(other)) {
            SL_TRY(sl_binding_coerce(binding, i,
                                     other == SL_TYPE_DECIMAL ? binding->args[1 - i]->type
                                                              : &sl_type_double));
        }
    }
    return SL_OK;
}

/* time ± interval, interval ± interval of one kind, time - time.  False: it is something else. */
static bool
arithmetic_bind_times(struct sl_binding *binding, bool is_subtraction)
{
    const struct sl_type *a = binding->args[0]->type, *b = binding->args[1]->type;
    struct sl_expr *first = binding->args[0];

    if (!is_subtraction && arithmetic_is_interval(a->kind) && arithmetic_is_time(b->kind)) {
        binding->args[0] = binding->args[1];
        binding->args[1] = first;
        a = binding->args[0]->type;
        b = binding->args[1]->type;
    }
    if (arithmetic_is_time(a->kind) && arithmetic_is_interval(b->kind)) {
        binding->type = a;
        return !(a->kind == SL_TYPE_TIME && b->kind == SL_TYPE_INTERVAL_MONTH);
    }
    if (arithmetic_is_interval(a->kind) && a->kind == b->kind) {
        binding->type = a->kind == SL_TYPE_INTERVAL_DAY && b->precision > a->precision ? b : a;
        return true;
    }
    return false;
}

/* TIMESTAMP - TIMESTAMP, DATE - DATE, TIME - TIME: an interval of microseconds. */
static int
arithmetic_bind_difference(struct sl_binding *binding)
{
    const struct sl_type *types[2] = {binding->args[0]->type, binding->args[1]->type}, *common;

    if (!arithmetic_is_time(types[0]->kind) || !arithmetic_is_time(types[1]->kind) ||
        !sl_type_common(binding->arena, types, 2, &common))
        return sl_binding_refuse(binding);
    if (types[0]->kind != types[1]->kind) {
        SL_TRY(sl_binding_coerce(binding, 0, common));
        SL_TRY(sl_binding_coerce(binding, 1, common));
    }
    binding->type = &sl_type_interval_day;
    return SL_OK;
}

int
sl_bind_add(struct sl_binding *binding)
{
    if (binding->arg_count == 1 && (sl_type_is_numeric(binding->args[0]->type->kind) ||
                                    arithmetic_is_interval(binding->args[0]->type->kind))) {
        binding->replacement = binding->args[0];
        return SL_OK;
    }
    if (binding->arg_count != 2)
        return sl_binding_refuse(binding);
    SL_TRY(arithmetic_read_strings(binding));
    if (arithmetic_bind_times(binding, false))
        return SL_OK;
    return arithmetic_bind_numbers(binding, SL_DECIMAL_ADD);
}

int
sl_bind_subtract(struct sl_binding *binding)
{
    if (binding->arg_count == 1 && (sl_type_is_numeric(binding->args[0]->type->kind) ||
                                    arithmetic_is_interval(binding->args[0]->type->kind))) {
        binding->type = binding->args[0]->type;
        return SL_OK;
    }
    if (binding->arg_count != 2)
        return sl_binding_refuse(binding);
    SL_TRY(arithmetic_read_strings(binding));
    if (arithmetic_bind_times(binding, true))
        return SL_OK;
    if (arithmetic_is_time(binding->args[0]->type->kind))
        return arithmetic_bind_difference(binding);
    return arithmetic_bind_numbers(binding, SL_DECIMAL_ADD);
}

/* interval * number, interval / number; else both are numbers. */
static int
arithmetic_bind_scaling(struct sl_binding *binding, enum sl_decimal_operation op)
{
    bool is_integer = sl_type_is_integer(binding->args[1]->type->kind);

    if (!arithmetic_is_interval(binding->args[0]->type->kind) ||
        !sl_type_is_numeric(binding->args[1]->type->kind))
        return arithmetic_bind_numbers(binding, op);
    SL_TRY(sl_binding_coerce(binding, 1, is_integer ? &sl_type_bigint : &sl_type_double));
    binding->type = binding->args[0]->type;
    return SL_OK;
}

int
sl_bind_multiply(struct sl_binding *binding)
{
    struct sl_expr *first;

    if (binding->arg_count != 2)
        return sl_binding_refuse(binding);
    if (sl_type_is_numeric(binding->args[0]->type->kind) &&
        arithmetic_is_interval(binding->args[1]->type->kind)) {
        first = binding->args[0];
        binding->args[0] = binding->args[1];
        binding->args[1] = first;
    }
    return arithmetic_bind_scaling(binding, SL_DECIMAL_MULTIPLY);
}

int
sl_bind_divide(struct sl_binding *binding)
{
    if (binding->arg_count != 2)
        return sl_binding_refuse(binding);
    return arithmetic_bind_scaling(binding, SL_DECIMAL_DIVIDE);
}

/* As in Flink, integers yield the type of the divisor, which holds every remainder. */
int
sl_bind_modulo(struct sl_binding *binding)
{
    const struct sl_type *a, *b;
    struct sl_expr *wide;

    if (binding->arg_count != 2)
        return sl_binding_refuse(binding);
    a = binding->args[0]->type;
    b = binding->args[1]->type;
    if (sl_type_is_integer(a->kind) && sl_type_is_integer(b->kind) && a->kind != b->kind) {
        const struct sl_type *common = a->kind > b->kind ? a : b;

        SL_TRY(sl_binding_coerce(binding, 0, common));
        SL_TRY(sl_binding_coerce(binding, 1, common));
        SL_TRY(sl_expr_call(binding->arena, binding->function->name, binding->args, 2,
                            binding->offset, &wide, binding->err));
        return sl_expr_cast(binding->arena, wide, b, SL_CAST_IMPLICIT, binding->offset,
                            &binding->replacement, binding->err);
    }
    return arithmetic_bind_numbers(binding, SL_DECIMAL_MODULO);
}

/* A NULL without a type is an INT where any number would do, as with `numeric` in signature.c. */
static int
arithmetic_type_null(struct sl_binding *binding)
{
    if (binding->arg_count == 0 || binding->args[0]->type->kind != SL_TYPE_NULL)
        return SL_OK;
    return sl_binding_coerce(binding, 0, &sl_type_int);
}

int
sl_bind_numeric_or_interval(struct sl_binding *binding)
{
    SL_TRY(arithmetic_type_null(binding));
    if (binding->arg_count != 1 || !(sl_type_is_numeric(binding->args[0]->type->kind) ||
                                     arithmetic_is_interval(binding->args[0]->type->kind)))
        return sl_binding_refuse(binding);
    binding->type = binding->args[0]->type;
    return SL_OK;
}

/* A number, or a time and a unit. */
int
sl_bind_floor(struct sl_binding *binding)
{
    const struct sl_type *type;
    enum sl_time_unit unit;

    if (binding->arg_count == 0)
        return sl_binding_refuse(binding);
    if (binding->arg_count == 1)
        SL_TRY(arithmetic_type_null(binding));
    type = binding->args[0]->type;
    if (binding->arg_count == 2) {
        if (!arithmetic_is_time(type->kind) || !sl_binding_unit(binding, 1, &unit))
            return sl_binding_refuse(binding);
        if (unit > SL_UNIT_MILLENNIUM || (type->kind == SL_TYPE_DATE && unit < SL_UNIT_DAY) ||
            (type->kind == SL_TYPE_TIME && unit >= SL_UNIT_DAY))
            return sl_binding_refuse(binding);
        binding->type = type;
        return SL_OK;
    }
    if (binding->arg_count != 1 || !sl_type_is_numeric(type->kind))
        return sl_binding_refuse(binding);
    binding->type = type->kind == SL_TYPE_DECIMAL && type->scale
                        ? sl_type_decimal(binding->arena, type->precision, 0)
                        : type;
    return SL_OK;
}

int
sl_bind_round(struct sl_binding *binding)
{
    const struct sl_type *type;
    int64_t digits = 0;

    SL_TRY(arithmetic_type_null(binding));
    if (binding->arg_count < 1 || binding->arg_count > 2 ||
        !sl_type_is_numeric(binding->args[0]->type->kind))
        return sl_binding_refuse(binding);
    if (binding->arg_count == 2) {
        if (!sl_type_is_integer(binding->args[1]->type->kind) &&
            binding->args[1]->type->kind != SL_TYPE_NULL)
            return sl_binding_refuse(binding);
        SL_TRY(sl_binding_coerce(binding, 1, &sl_type_int));
    }
    type = binding->args[0]->type;
    binding->type = type;
    /* Flink's LogicalTypeMerging.findRoundDecimalType. */
    if (type->kind == SL_TYPE_DECIMAL &&
        (binding->arg_count == 1 || sl_expr_literal_integer(binding->args[1], &digits)) &&
        digits < type->scale) {
        int32_t kept = (int32_t)SL_MAX(digits, 0);

        binding->type = sl_type_decimal(
            binding->arena,
            SL_MIN(SL_DECIMAL_PRECISION_MAX, 1 + type->precision - type->scale + kept), kept);
    }
    return SL_OK;
}

int
sl_bind_truncate(struct sl_binding *binding)
{
    SL_TRY(arithmetic_type_null(binding));
    if (binding->arg_count < 1 || binding->arg_count > 2 ||
        !sl_type_is_numeric(binding->args[0]->type->kind))
        return sl_binding_refuse(binding);
    if (binding->arg_count == 2) {
        if (!sl_type_is_integer(binding->args[1]->type->kind) &&
            binding->args[1]->type->kind != SL_TYPE_NULL)
            return sl_binding_refuse(binding);
        SL_TRY(sl_binding_coerce(binding, 1, &sl_type_int));
    }
    binding->type = binding->args[0]->type;
    return SL_OK;
}
