/* CAST: which part does it, failures, and times.  Numbers are in cast_number.c, text in
 * cast_text.c, nested values in cast_nested.c. */
#include "expr/cast.h"

#include <stdlib.h>

void
sl_cast_fail(struct sl_call *call, size_t row, int code, const char *format, ...)
{
    struct sl_call *inner = call;
    size_t inner_row = row;
    const char *text;
    va_list args;

    if (call->expr->cast == SL_CAST_TRY) {
        for (; call->parent; call = call->parent) {
            row = call->parents ? call->parents[row] : row;
            if (row == UINT32_MAX)
                return;
        }
        sl_call_set_null(call, row);
        return;
    }
    va_start(args, format);
    text = sl_arena_vprintf(sl_call_arena(call), format, args);
    va_end(args);
    sl_call_fail(inner, inner_row, code, "%s", text);
}

void
sl_cast_fail_range(struct sl_call *call, size_t row)
{
    if (call->expr->cast == SL_CAST_TRY)
        sl_cast_fail(call, row, SL_E_NUMERIC_OUT_OF_RANGE, "out of range");
    else
        sl_cast_fail(call, row, SL_E_NUMERIC_OUT_OF_RANGE, "CAST: %s is out of range for type %s",
                     sl_call_arg_text(call, 0, row), sl_call_type_text(call, call->expr->type));
}

/* --- times --- */

static int64_t
cast_cut_precision(int64_t us, int32_t precision)
{
    static const int64_t units[] = {1000000, 100000, 10000, 1000, 100, 10, 1};
    int64_t rest = us % units[precision];

    return us - (rest < 0 ? rest + units[precision] : rest);
}

/* The local time of a value that is no TIME; false: out of range. */
static bool
cast_local_us(const struct sl_call *call, size_t row, int64_t *ret_us)
{
    switch (SL_ARG_TYPE(call, 0)->kind) {
    case SL_TYPE_DATE:
        return !__builtin_mul_overflow(SL_ARG(call, 0, int32_t)[row], SL_US_PER_DAY, ret_us);
    case SL_TYPE_TIMESTAMP_LTZ:
        *ret_us = SL_ARG(call, 0, int64_t)[row];
        *ret_us += sl_zone_offset_us(call->settings->zone, *ret_us);
        return true;
    default:
        *ret_us = SL_ARG(call, 0, int64_t)[row];
        return true;
    }
}

void
sl_cast_times(struct sl_call *call)
{
    const struct sl_type *from = SL_ARG_TYPE(call, 0), *to = call->expr->type;
    int64_t *times = SL_RESULT(call, int64_t);

    CAST_FOR_ROWS(call, row)
    {
        int64_t us, of_day, days;

        if (from->kind == to->kind) {
            times[row] = cast_cut_precision(SL_ARG(call, 0, int64_t)[row], to->precision);
            continue;
        }
        if (!cast_local_us(call, row, &us)) {
            sl_cast_fail(call, row, SL_E_DATETIME_OVERFLOW, "CAST: %s is out of range for type %s",
                         sl_call_arg_text(call, 0, row), sl_call_type_text(call, to));
            continue;
        }
        days = sl_timestamp_floor_day(us, &of_day);
        if (to->kind == SL_TYPE_DATE)
            SL_RESULT(call, int32_t)[row] = (int32_t)days;
        else if (to->kind == SL_TYPE_TIME)
            times[row] = cast_cut_precision(of_day, to->precision);
        else if (to->kind == SL_TYPE_TIMESTAMP_LTZ)
            times[row] =
                cast_cut_precision(sl_zone_to_utc(call->settings->zone, us), to->precision);
        else
            times[row] = cast_cut_precision(us, to->precision);
    }
}

/* --- which part --- */

/* Does every value stay as it is, so that the column can be shared? */
static bool
cast_shares(const struct sl_type *from, const struct sl_type *to)
{
    if (sl_type_is_view(from->kind) && sl_type_is_view(to->kind)) {
        bool is_varying = to->kind == SL_TYPE_VARCHAR || to->kind == SL_TYPE_VARBINARY;
        bool same_family = sl_type_is_text(from->kind) == sl_type_is_text(to->kind);

        if (sl_type_is_text(from->kind) && sl_type_is_bytes(to->kind))
            return to->precision == SL_LENGTH_MAX;
        return same_family && is_varying && to->precision >= from->precision;
    }
    if (from->kind != to->kind)
        return false;
    switch (from->kind) {
    case SL_TYPE_TIME:
    case SL_TYPE_TIMESTAMP:
    case SL_TYPE_TIMESTAMP_LTZ:
        return to->precision >= from->precision;
    case SL_TYPE_DECIMAL:
        return to->scale == from->scale && to->precision >= from->precision;
    default:
        return !sl_type_is_nested(from->kind) && !sl_type_is_view(from->kind);
    }
}

static bool
cast_is_interval(const struct sl_type *type)
{
    return type->kind == SL_TYPE_INTERVAL_MONTH || type->kind == SL_TYPE_INTERVAL_DAY;
}

static void
cast_dispatch(struct sl_call *call, const struct sl_type *from, const struct sl_type *to)
{
    if (sl_type_is_view(from->kind) && sl_type_is_view(to->kind))
        sl_cast_views(call);
    else if (sl_type_is_text(to->kind))
        sl_cast_to_text(call);
    else if (sl_type_is_text(from->kind))
        sl_cast_from_text(call);
    else if (cast_is_interval(from) != cast_is_interval(to))
        sl_cast_intervals(call);
    else if (sl_type_is_numeric(to->kind) || to->kind == SL_TYPE_BOOLEAN)
        sl_cast_numbers(call);
    else
        sl_cast_times(call);
}

void
sl_cast_column(struct sl_call *call)
{
    const struct sl_column *arg = call->args[0].column;
    const struct sl_type *from = arg->type, *to = call->expr->type;

    if (from->kind == SL_TYPE_NULL) {
        struct sl_value null = sl_value_null(to);

        call->result = sl_value_column(call->pool, &null, SL_MAX(arg->row_count, (uint32_t)1));
        return;
    }
    if (cast_shares(from, to)) {
        sl_call_share(call, &call->args[0]);
        return;
    }
    if (sl_type_is_nested(to->kind)) {
        sl_cast_nested(call);
        return;
    }
    call->result = sl_column_new(call->pool, to, call->row_count, false);
    if (arg->validity)
        memcpy(sl_column_add_validity(call->result, call->pool), arg->validity,
               SL_VALIDITY_WORDS(call->row_count) * sizeof(uint64_t));
    cast_dispatch(call, from, to);
}

/* A constant whose cast failed when it was folded: it fails row by row. */
static void
cast_constant(struct sl_call *call)
{
    uint32_t *rows = sl_alloc_zeroed((call->row_count + 1) * sizeof(*rows));
    struct sl_call own = *call;
    struct sl_vector wide = {
        sl_column_gather(call->pool, call->args[0].column, rows, call->row_count, false), SIZE_MAX};

    own.args = &wide;
    sl_cast_column(&own);
    call->result = own.result;
    sl_column_unref(wide.column);
    free(rows);
}

void
sl_kernel_cast(struct sl_call *call)
{
    if (call->args[0].mask)
        sl_cast_column(call);
    else
        cast_constant(call);
}
