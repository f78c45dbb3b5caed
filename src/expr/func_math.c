/* Mathematical functions: ABS, SIGN, rounding, and those of libm, which give what Java's give
 * (NaN and infinities instead of errors). */
#include "data/decimal.h"
#include "expr/kernels.h"

#include <math.h>

/* --- ABS, SIGN --- */

#define MATH_ABS_INTEGER(c_type, min)                                                         \
    do {                                                                                      \
        const c_type *values = SL_ARG(call, 0, c_type);                                       \
        struct sl_call valid = *call;                                                         \
        valid.rows = sl_call_valid_rows(call, &valid.count);                                  \
        SL_FOR_ROWS(&valid, row)                                                              \
        {                                                                                     \
            c_type value = values[row & call->args[0].mask];                                  \
            SL_RESULT(call, c_type)[row] = value < 0 ? (c_type)(0 - (uint64_t)value) : value; \
            if (value == min && !call->settings->overflow_wraps)                              \
                sl_call_overflow(call, row);                                                  \
        }                                                                                     \
    } while (0)

#define MATH_ROWS(c_type, EXPRESSION)                            \
    do {                                                         \
        const c_type *values = SL_ARG(call, 0, c_type);          \
        SL_FOR_ROWS(call, row)                                   \
        {                                                        \
            c_type value = values[row & call->args[0].mask];     \
            SL_RESULT(call, c_type)[row] = (c_type)(EXPRESSION); \
        }                                                        \
    } while (0)

void
sl_kernel_abs(struct sl_call *call)
{
    switch (call->expr->type->kind) {
    case SL_TYPE_TINYINT:
        MATH_ABS_INTEGER(int8_t, INT8_MIN);
        break;
    case SL_TYPE_SMALLINT:
        MATH_ABS_INTEGER(int16_t, INT16_MIN);
        break;
    case SL_TYPE_INT:
    case SL_TYPE_INTERVAL_MONTH:
        MATH_ABS_INTEGER(int32_t, INT32_MIN);
        break;
    case SL_TYPE_FLOAT:
        MATH_ROWS(float, fabsf(value));
        break;
    case SL_TYPE_DOUBLE:
        MATH_ROWS(double, fabs(value));
        break;
    case SL_TYPE_DECIMAL:
        MATH_ROWS(sl_int128, value < 0 ? -value : value);
        break;
    default:
        MATH_ABS_INTEGER(int64_t, INT64_MIN);
        break;
    }
}

#define MATH_SIGN (value > 0) - (value < 0)

void
sl_kernel_sign(struct sl_call *call)
{
    sl_int128 one;

    switch (call->expr->type->kind) {
    case SL_TYPE_TINYINT:
        MATH_ROWS(int8_t, MATH_SIGN);
        break;
    case SL_TYPE_SMALLINT:
        MATH_ROWS(int16_t, MATH_SIGN);
        break;
    case SL_TYPE_INT:
        MATH_ROWS(int32_t, MATH_SIGN);
        break;
    case SL_TYPE_BIGINT:
        MATH_ROWS(int64_t, MATH_SIGN);
        break;
    case SL_TYPE_FLOAT:
        MATH_ROWS(float, isnan(value) ? value : (float)(MATH_SIGN));
        break;
    case SL_TYPE_DOUBLE:
        MATH_ROWS(double, isnan(value) ? value : (double)(MATH_SIGN));
        break;
    default:
        one = sl_decimal_power10(call->expr->type->scale);
        MATH_ROWS(sl_int128, value > 0 ? one : value < 0 ? -one : 0);
        break;
    }
}

/* --- FLOOR, CEIL of numbers --- */

static void
math_floor_decimals(struct sl_call *call, bool up)
{
    sl_int128 unit = sl_decimal_power10(SL_ARG_TYPE(call, 0)->scale);

    SL_FOR_ROWS(call, row)
    {
        sl_int128 value = SL_ARG(call, 0, sl_int128)[row & call->args[0].mask];
        sl_int128 quotient = value / unit, rest = value % unit;

        if (up && rest > 0)
            quotient++;
        if (!up && rest < 0)
            quotient--;
        sl_call_set_decimal(call, row, true, quotient);
    }
}

static void
math_copy(struct sl_call *call)
{
    size_t width = sl_type_width(call->expr->type->kind);
    const char *from = call->args[0].column->values;
    char *to = call->result->values;

    SL_FOR_ROWS(call, row)
    {
        memcpy(to + row * width, from + (row & call->args[0].mask) * width, width);
    }
}

void
sl_kernel_floor(struct sl_call *call)
{
    if (call->arg_count == 2)
        sl_time_floor_rows(call, false);
    else if (call->expr->type->kind == SL_TYPE_FLOAT)
        MATH_ROWS(float, floorf(value));
    else if (call->expr->type->kind == SL_TYPE_DOUBLE)
        MATH_ROWS(double, floor(value));
    else if (call->expr->type->kind == SL_TYPE_DECIMAL)
        math_floor_decimals(call, false);
    else
        math_copy(call);
}

void
sl_kernel_ceil(struct sl_call *call)
{
    if (call->arg_count == 2)
        sl_time_floor_rows(call, true);
    else if (call->expr->type->kind == SL_TYPE_FLOAT)
        MATH_ROWS(float, ceilf(value));
    else if (call->expr->type->kind == SL_TYPE_DOUBLE)
        MATH_ROWS(double, ceil(value));
    else if (call->expr->type->kind == SL_TYPE_DECIMAL)
        math_floor_decimals(call, true);
    else
        math_copy(call);
}

/* --- ROUND, TRUNCATE --- */

/* A decimal at scale `digits` (which may be negative), half away from zero or cut. */
static bool
math_to_digits(sl_int128 value, int scale, int digits, bool cut, sl_int128 *ret_value)
{
    if (digits >= scale)
        return sl_decimal_rescale(value, scale, digits, ret_value);
    if (cut && scale - digits <= SL_DECIMAL_PRECISION_MAX) {
        *ret_value = value / sl_decimal_power10(scale - digits);
        return true;
    }
    if (cut) {
        *ret_value = 0;
        return true;
    }
    return sl_decimal_rescale(value, scale, digits, ret_value);
}

static int
math_digits(const struct sl_call *call, size_t row)
{
    int32_t digits = call->arg_count == 2 ? SL_ARG(call, 1, int32_t)[row & call->args[1].mask] : 0;

    return SL_MAX(SL_MIN(digits, 100), -100);
}

static double
math_round_real(double value, int digits, bool cut)
{
    sl_int128 decimal;
    int scale = SL_MAX(SL_MIN(digits, 37), 0);

    /* Beyond 15 digits a double has nothing to round. */
    if (!isfinite(value) || digits > 37 ||
        !sl_decimal_from_double(value, SL_MIN(scale + 18, 37), &decimal)) {
        if (!isfinite(value) || digits >= 0 || !sl_decimal_from_double(value, 0, &decimal))
            return value;
        if (!math_to_digits(decimal, 0, digits, cut, &decimal) ||
            !sl_decimal_rescale(decimal, digits, 0, &decimal))
            return value;
        return sl_decimal_to_double(decimal, 0);
    }
    if (!math_to_digits(decimal, SL_MIN(scale + 18, 37), digits, cut, &decimal))
        return value;
    if (digits < 0) {
        if (!sl_decimal_rescale(decimal, digits, 0, &decimal))
            return value;
        return sl_decimal_to_double(decimal, 0);
    }
    return sl_decimal_to_double(decimal, digits);
}

static int64_t
math_integer_at(const struct sl_call *call, size_t row)
{
    size_t at = row & call->args[0].mask;

    switch (call->expr->type->kind) {
    case SL_TYPE_TINYINT:
        return SL_ARG(call, 0, int8_t)[at];
    case SL_TYPE_SMALLINT:
        return SL_ARG(call, 0, int16_t)[at];
    case SL_TYPE_INT:
        return SL_ARG(call, 0, int32_t)[at];
    default:
        return SL_ARG(call, 0, int64_t)[at];
    }
}

static void
math_round_integer(struct sl_call *call, size_t row, bool cut)
{
    sl_int128 value = math_integer_at(call, row), limit;
    int digits = SL_MIN(math_digits(call, row), 0);
    enum sl_type_kind kind = call->expr->type->kind;

    if (!math_to_digits(value, 0, digits, cut, &value) ||
        !sl_decimal_rescale(value, digits, 0, &value))
        value = 0;
    limit = kind == SL_TYPE_TINYINT    ? INT8_MAX
            : kind == SL_TYPE_SMALLINT ? INT16_MAX
            : kind == SL_TYPE_INT      ? INT32_MAX
                                       : INT64_MAX;
    if ((value > limit || value < -limit - 1) && !call->settings->overflow_wraps) {
        sl_call_overflow(call, row);
        return;
    }
    if (kind == SL_TYPE_TINYINT)
        SL_RESULT(call, int8_t)[row] = (int8_t)value;
    else if (kind == SL_TYPE_SMALLINT)
        SL_RESULT(call, int16_t)[row] = (int16_t)value;
    else if (kind == SL_TYPE_INT)
        SL_RESULT(call, int32_t)[row] = (int32_t)value;
    else
        SL_RESULT(call, int64_t)[row] = (int64_t)value;
}

static void
math_round_decimal(struct sl_call *call, size_t row, bool cut)
{
    int scale = SL_ARG_TYPE(call, 0)->scale, digits = SL_MIN(math_digits(call, row), scale);
    sl_int128 value = SL_ARG(call, 0, sl_int128)[row & call->args[0].mask];
    bool fits = math_to_digits(value, scale, digits, cut, &value) &&
                sl_decimal_rescale(value, digits, call->expr->type->scale, &value);

    sl_call_set_decimal(call, row, fits, value);
}

static void
math_round_rows(struct sl_call *call, bool cut)
{
    SL_FOR_ROWS(call, row)
    {
        size_t at = row & call->args[0].mask;

        switch (call->expr->type->kind) {
        case SL_TYPE_FLOAT:
            SL_RESULT(call, float)
            [row] = (float)math_round_real((double)SL_ARG(call, 0, float)[at],
                                           math_digits(call, row), cut);
            break;
        case SL_TYPE_DOUBLE:
            SL_RESULT(call, double)
            [row] = math_round_real(SL_ARG(call, 0, double)[at], math_digits(call, row), cut);
            break;
        case SL_TYPE_DECIMAL:
            math_round_decimal(call, row, cut);
            break;
        default:
            math_round_integer(call, row, cut);
            break;
        }
    }
}

void
sl_kernel_round(struct sl_call *call)
{
    math_round_rows(call, false);
}

void
sl_kernel_truncate(struct sl_call *call)
{
    math_round_rows(call, true);
}

/* --- double → double --- */

#define MATH_UNARY(name, EXPRESSION)            \
    void sl_kernel_##name(struct sl_call *call) \
    {                                           \
        MATH_ROWS(double, EXPRESSION);          \
    }
#define MATH_BINARY(name, EXPRESSION)                                                  \
    void sl_kernel_##name(struct sl_call *call)                                        \
    {                                                                                  \
        const double *xs = SL_ARG(call, 0, double), *ys = SL_ARG(call, 1, double);     \
        SL_FOR_ROWS(call, row)                                                         \
        {                                                                              \
            double x = xs[row & call->args[0].mask], y = ys[row & call->args[1].mask]; \
            SL_RESULT(call, double)[row] = EXPRESSION;                                 \
        }                                                                              \
    }
#define MATH_CONSTANT(name, value)                \
    void sl_kernel_##name(struct sl_call *call)   \
    {                                             \
        SL_FOR_ROWS(call, row)                    \
        {                                         \
            SL_RESULT(call, double)[row] = value; \
        }                                         \
    }

MATH_UNARY(sqrt, sqrt(value))
MATH_UNARY(exp, exp(value))
MATH_UNARY(ln, log(value))
MATH_UNARY(log10, log10(value))
MATH_UNARY(log2, log2(value))
MATH_UNARY(sin, sin(value))
MATH_UNARY(cos, cos(value))
MATH_UNARY(tan, tan(value))
MATH_UNARY(cot, 1 / tan(value))
MATH_UNARY(asin, asin(value))
MATH_UNARY(acos, acos(value))
MATH_UNARY(atan, atan(value))
MATH_UNARY(sinh, sinh(value))
MATH_UNARY(cosh, cosh(value))
MATH_UNARY(tanh, tanh(value))
MATH_UNARY(degrees, value *(180 / M_PI))
MATH_UNARY(radians, value *(M_PI / 180))
MATH_BINARY(power, pow(x, y))
MATH_BINARY(atan2, atan2(x, y))
MATH_CONSTANT(pi, M_PI)
MATH_CONSTANT(e, M_E)

/* LOG(x), or LOG(base, x). */
void
sl_kernel_log(struct sl_call *call)
{
    if (call->arg_count == 1) {
        sl_kernel_ln(call);
        return;
    }
    SL_FOR_ROWS(call, row)
    {
        double base = SL_ARG(call, 0, double)[row & call->args[0].mask];
        double x = SL_ARG(call, 1, double)[row & call->args[1].mask];

        SL_RESULT(call, double)[row] = log(x) / log(base);
    }
}
