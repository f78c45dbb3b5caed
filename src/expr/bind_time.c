/* Binders of functions over times. */
#include "expr/function.h"

bool
sl_binding_unit(struct sl_binding *binding, size_t i, enum sl_time_unit *ret_unit)
{
    struct sl_text text;

    return sl_expr_literal_text(binding->args[i], &text) && sl_time_unit_parse(text, ret_unit);
}

static bool
time_is_temporal(enum sl_type_kind kind)
{
    return kind >= SL_TYPE_DATE && kind <= SL_TYPE_TIMESTAMP_LTZ;
}

/* A string literal stands for a timestamp. */
static int
time_coerce_temporal(struct sl_binding *binding, size_t i)
{
    enum sl_type_kind kind = binding->args[i]->type->kind;

    if (sl_type_is_text(kind) || kind == SL_TYPE_NULL)
        return sl_binding_coerce(binding, i, &sl_type_timestamp6);
    return time_is_temporal(kind) ? SL_OK : sl_binding_refuse(binding);
}

int
sl_bind_extract(struct sl_binding *binding)
{
    enum sl_type_kind kind;
    enum sl_time_unit unit;

    if (binding->arg_count != 2 || !sl_binding_unit(binding, 0, &unit))
        return sl_binding_refuse(binding);
    kind = binding->args[1]->type->kind;
    if (kind == SL_TYPE_INTERVAL_MONTH
            ? unit != SL_UNIT_MONTH && unit != SL_UNIT_YEAR && unit != SL_UNIT_QUARTER
            : kind == SL_TYPE_INTERVAL_DAY && (unit > SL_UNIT_DAY && unit != SL_UNIT_EPOCH))
        return sl_binding_refuse(binding);
    if (kind != SL_TYPE_INTERVAL_MONTH && kind != SL_TYPE_INTERVAL_DAY)
        SL_TRY(time_coerce_temporal(binding, 1));
    if (kind == SL_TYPE_TIME && unit >= SL_UNIT_DAY && unit != SL_UNIT_EPOCH)
        return sl_binding_refuse(binding);
    binding->type = &sl_type_bigint;
    return SL_OK;
}

/* YEAR(x): EXTRACT(YEAR FROM x), and so on. */
static int
time_bind_part(struct sl_binding *binding, const char *unit)
{
    struct sl_value text = {.type = &sl_type_string, .text = sl_text_of(unit)};
    struct sl_expr *args[2];

    if (binding->arg_count != 1)
        return sl_binding_refuse(binding);
    args[0] = sl_expr_literal(binding->arena, &text);
    args[1] = binding->args[0];
    return sl_expr_call(binding->arena, "EXTRACT", args, 2, binding->offset, &binding->replacement,
                        binding->err);
}

#define TIME_PART(name, unit)                           \
    int sl_bind_part_##name(struct sl_binding *binding) \
    {                                                   \
        return time_bind_part(binding, unit);           \
    }
TIME_PART(year, "YEAR")
TIME_PART(quarter, "QUARTER")
TIME_PART(month, "MONTH")
TIME_PART(week, "WEEK")
TIME_PART(doy, "DOY")
TIME_PART(day, "DAY")
TIME_PART(dow, "DOW")
TIME_PART(hour, "HOUR")
TIME_PART(minute, "MINUTE")
TIME_PART(second, "SECOND")

int
sl_bind_timestampadd(struct sl_binding *binding)
{
    const struct sl_type *type;
    enum sl_time_unit unit;

    if (binding->arg_count != 3 || !sl_binding_unit(binding, 0, &unit) || unit > SL_UNIT_YEAR ||
        unit == SL_UNIT_NANOSECOND ||
        !(sl_type_is_integer(binding->args[1]->type->kind) ||
          binding->args[1]->type->kind == SL_TYPE_NULL))
        return sl_binding_refuse(binding);
    SL_TRY(sl_binding_coerce(binding, 1, &sl_type_bigint));
    SL_TRY(time_coerce_temporal(binding, 2));
    type = binding->args[2]->type;
    /* Hours added to a DATE make a TIMESTAMP. */
    if (type->kind == SL_TYPE_DATE && unit < SL_UNIT_DAY) {
        SL_TRY(sl_binding_coerce(binding, 2, &sl_type_timestamp3));
        type = binding->args[2]->type;
    }
    binding->type = type;
    return SL_OK;
}

int
sl_bind_timestampdiff(struct sl_binding *binding)
{
    enum sl_time_unit unit;

    if (binding->arg_count != 3 || !sl_binding_unit(binding, 0, &unit) || unit > SL_UNIT_YEAR)
        return sl_binding_refuse(binding);
    for (size_t i = 1; i < 3; i++) {
        SL_TRY(time_coerce_temporal(binding, i));
        if (binding->args[i]->type->kind == SL_TYPE_TIME)
            return sl_binding_refuse(binding);
        if (binding->args[i]->type->kind == SL_TYPE_DATE)
            SL_TRY(sl_binding_coerce(binding, i, &sl_type_timestamp3));
    }
    if (binding->args[1]->type->kind != binding->args[2]->type->kind) {
        SL_TRY(sl_binding_coerce(binding, 1, &sl_type_timestamp_ltz6));
        SL_TRY(sl_binding_coerce(binding, 2, &sl_type_timestamp_ltz6));
    }
    binding->type = &sl_type_int;
    return SL_OK;
}

/* Seconds with a fraction: as many milliseconds. */
static int
time_bind_seconds(struct sl_binding *binding)
{
    struct sl_value thousand = {.type = &sl_type_int, .integer = 1000};
    struct sl_value three = {.type = &sl_type_int, .integer = 3};
    struct sl_expr *args[2] = {binding->args[0], sl_expr_literal(binding->arena, &thousand)};

    SL_TRY(sl_expr_cast(binding->arena, args[0], &sl_type_double, SL_CAST_IMPLICIT, binding->offset,
                        &args[0], binding->err));
    SL_TRY(sl_expr_call(binding->arena, "*", args, 2, binding->offset, &args[0], binding->err));
    SL_TRY(sl_expr_cast(binding->arena, args[0], &sl_type_bigint, SL_CAST_TRY, binding->offset,
                        &args[0], binding->err));
    args[1] = sl_expr_literal(binding->arena, &three);
    return sl_expr_call(binding->arena, binding->function->name, args, 2, binding->offset,
                        &binding->replacement, binding->err);
}

/* TO_TIMESTAMP_LTZ(number[, precision 0 or 3]) or (text[, pattern[, time zone]]). */
int
sl_bind_to_ltz(struct sl_binding *binding)
{
    const struct sl_type *type = binding->arg_count ? binding->args[0]->type : &sl_type_null;
    int64_t precision = 3;

    if (binding->arg_count < 1 || binding->arg_count > 3)
        return sl_binding_refuse(binding);
    binding->type = &sl_type_timestamp_ltz3;
    if (sl_type_is_text(type->kind)) {
        for (size_t i = 1; i < binding->arg_count; i++) {
            if (!sl_type_is_text(binding->args[i]->type->kind))
                return sl_binding_refuse(binding);
        }
        return SL_OK;
    }
    if (!sl_type_is_numeric(type->kind) && type->kind != SL_TYPE_NULL)
        return sl_binding_refuse(binding);
    if (binding->arg_count == 3 ||
        (binding->arg_count == 2 && !sl_expr_literal_integer(binding->args[1], &precision)))
        return sl_binding_refuse(binding);
    if (precision == 0 && sl_type_is_numeric(type->kind) && !sl_type_is_integer(type->kind))
        return time_bind_seconds(binding);
    SL_TRY(sl_binding_coerce(binding, 0, &sl_type_bigint));
    if (precision != 0 && precision != 3) {
        SL_ERROR(binding->err, SL_E_INVALID_PARAMETER_VALUE,
                 "TO_TIMESTAMP_LTZ: precision must be 0 or 3, not %lld", (long long)precision);
        return sl_error_at(binding->err, binding->offset);
    }
    return SL_OK;
}

int
sl_bind_unix_timestamp(struct sl_binding *binding)
{
    if (binding->arg_count > 2)
        return sl_binding_refuse(binding);
    for (size_t i = 0; i < binding->arg_count; i++) {
        if (!sl_type_is_text(binding->args[i]->type->kind))
            return sl_binding_refuse(binding);
    }
    binding->type = &sl_type_bigint;
    return SL_OK;
}

int
sl_bind_current_watermark(struct sl_binding *binding)
{
    if (binding->arg_count != 1 || !sl_type_is_timestamp(binding->args[0]->type->kind))
        return sl_binding_refuse(binding);
    binding->type = binding->args[0]->type->kind == SL_TYPE_TIMESTAMP ? &sl_type_timestamp3
                                                                      : &sl_type_timestamp_ltz3;
    return SL_OK;
}
