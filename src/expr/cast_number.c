/* Casts among numbers and booleans.  Widening is a dense loop; what may not fit is looked at row by
 * row: it raises, or gives exactly Java's result where overflow wraps. */
#include "data/decimal.h"
#include "expr/cast.h"

#include <math.h>

#define NUMBER_WIDEN(from_type, to_type)                    \
    do {                                                    \
        const from_type *from = SL_ARG(call, 0, from_type); \
        to_type *to = SL_RESULT(call, to_type);             \
        for (size_t i = 0; i < call->row_count; i++)        \
            to[i] = (to_type)from[i];                       \
    } while (0)

/* An integer that may be too large: cut as in Java, or an error. */
#define NUMBER_NARROW(from_type, to_type)                                \
    do {                                                                 \
        const from_type *from = SL_ARG(call, 0, from_type);              \
        to_type *to = SL_RESULT(call, to_type);                          \
        CAST_FOR_ROWS(call, row)                                         \
        {                                                                \
            to[row] = (to_type)from[row];                                \
            if (to[row] != from[row] && !call->settings->overflow_wraps) \
                sl_cast_fail_range(call, row);                           \
        }                                                                \
    } while (0)

/* A DOUBLE that no FLOAT holds: infinite as in Java, or an error. */
static void
number_double_to_float(struct sl_call *call)
{
    const double *from = SL_ARG(call, 0, double);
    float *to = SL_RESULT(call, float);

    CAST_FOR_ROWS(call, row)
    {
        to[row] = (float)from[row];
        if (isinf(to[row]) && !isinf(from[row]) && !call->settings->overflow_wraps)
            sl_cast_fail_range(call, row);
    }
}

/* A real number to a whole one: cut towards zero; too large ones stop at the ends of INT and
 * BIGINT, as in Java. */
static int64_t
number_saturate(double real, bool is_bigint)
{
    double max = is_bigint ? 9223372036854775807.0 : 2147483647.0;

    if (isnan(real))
        return 0;
    if (real >= max)
        return is_bigint ? INT64_MAX : INT32_MAX;
    if (real <= -max - 1)
        return is_bigint ? INT64_MIN : INT32_MIN;
    return (int64_t)real;
}

#define NUMBER_FROM_REAL(from_type, to_type, min, past_max)                           \
    do {                                                                              \
        const from_type *from = SL_ARG(call, 0, from_type);                           \
        to_type *to = SL_RESULT(call, to_type);                                       \
        CAST_FOR_ROWS(call, row)                                                      \
        {                                                                             \
            double real = trunc((double)from[row]);                                   \
            if (!(real >= min && real < past_max) && !call->settings->overflow_wraps) \
                sl_cast_fail_range(call, row);                                        \
            else                                                                      \
                to[row] = (to_type)number_saturate(real, sizeof(to_type) == 8);       \
        }                                                                             \
    } while (0)

#define NUMBER_FROM(from_type, to_tiny, to_small, to_int, to_big) \
    switch (call->expr->type->kind) {                             \
    case SL_TYPE_TINYINT:                                         \
        to_tiny;                                                  \
        break;                                                    \
    case SL_TYPE_SMALLINT:                                        \
        to_small;                                                 \
        break;                                                    \
    case SL_TYPE_INT:                                             \
        to_int;                                                   \
        break;                                                    \
    case SL_TYPE_BIGINT:                                          \
        to_big;                                                   \
        break;                                                    \
    case SL_TYPE_FLOAT:                                           \
        NUMBER_WIDEN(from_type, float);                           \
        break;                                                    \
    default:                                                      \
        NUMBER_WIDEN(from_type, double);                          \
        break;                                                    \
    }

#define NUMBER_FROM_REALS(from_type)                                       \
    NUMBER_FROM(                                                           \
        from_type, NUMBER_FROM_REAL(from_type, int8_t, -128.0, 128.0),     \
        NUMBER_FROM_REAL(from_type, int16_t, -32768.0, 32768.0),           \
        NUMBER_FROM_REAL(from_type, int32_t, -2147483648.0, 2147483648.0), \
        NUMBER_FROM_REAL(from_type, int64_t, -9223372036854775808.0, 9223372036854775808.0))

/* Between kinds that are neither DECIMAL nor BOOLEAN. */
static void
number_plain(struct sl_call *call)
{
    switch (SL_ARG_TYPE(call, 0)->kind) {
    case SL_TYPE_TINYINT:
        NUMBER_FROM(int8_t, NUMBER_WIDEN(int8_t, int8_t), NUMBER_WIDEN(int8_t, int16_t),
                    NUMBER_WIDEN(int8_t, int32_t), NUMBER_WIDEN(int8_t, int64_t))
        break;
    case SL_TYPE_SMALLINT:
        NUMBER_FROM(int16_t, NUMBER_NARROW(int16_t, int8_t), NUMBER_WIDEN(int16_t, int16_t),
                    NUMBER_WIDEN(int16_t, int32_t), NUMBER_WIDEN(int16_t, int64_t))
        break;
    case SL_TYPE_INT:
        NUMBER_FROM(int32_t, NUMBER_NARROW(int32_t, int8_t), NUMBER_NARROW(int32_t, int16_t),
                    NUMBER_WIDEN(int32_t, int32_t), NUMBER_WIDEN(int32_t, int64_t))
        break;
    case SL_TYPE_BIGINT:
        NUMBER_FROM(int64_t, NUMBER_NARROW(int64_t, int8_t), NUMBER_NARROW(int64_t, int16_t),
                    NUMBER_NARROW(int64_t, int32_t), NUMBER_WIDEN(int64_t, int64_t))
        break;
    case SL_TYPE_FLOAT:
        NUMBER_FROM_REALS(float)
        break;
    default:
        if (call->expr->type->kind == SL_TYPE_FLOAT)
            number_double_to_float(call);
        else
            NUMBER_FROM_REALS(double)
        break;
    }
}

/* --- one by one: DECIMAL and BOOLEAN --- */

static int64_t
number_integer_at(const struct sl_call *call, size_t row)
{
    switch (SL_ARG_TYPE(call, 0)->kind) {
    case SL_TYPE_BOOLEAN:
        return SL_ARG(call, 0, uint8_t)[row] != 0;
    case SL_TYPE_TINYINT:
        return SL_ARG(call, 0, int8_t)[row];
    case SL_TYPE_SMALLINT:
        return SL_ARG(call, 0, int16_t)[row];
    case SL_TYPE_INT:
        return SL_ARG(call, 0, int32_t)[row];
    default:
        return SL_ARG(call, 0, int64_t)[row];
    }
}

static double
number_real_at(const struct sl_call *call, size_t row)
{
    if (SL_ARG_TYPE(call, 0)->kind == SL_TYPE_FLOAT)
        return (double)SL_ARG(call, 0, float)[row];
    return SL_ARG(call, 0, double)[row];
}

static void
number_set_integer(struct sl_call *call, size_t row, int64_t integer)
{
    switch (call->expr->type->kind) {
    case SL_TYPE_TINYINT:
        SL_RESULT(call, int8_t)[row] = (int8_t)integer;
        break;
    case SL_TYPE_SMALLINT:
        SL_RESULT(call, int16_t)[row] = (int16_t)integer;
        break;
    case SL_TYPE_INT:
        SL_RESULT(call, int32_t)[row] = (int32_t)integer;
        break;
    default:
        SL_RESULT(call, int64_t)[row] = integer;
        break;
    }
}

/* To DECIMAL; NULL instead of an error where overflow wraps, as in Flink. */
static void
number_to_decimal(struct sl_call *call)
{
    const struct sl_type *from = SL_ARG_TYPE(call, 0), *to = call->expr->type;

    CAST_FOR_ROWS(call, row)
    {
        sl_int128 value = 0;
        bool fits;

        if (from->kind == SL_TYPE_DECIMAL)
            fits =
                sl_decimal_rescale(SL_ARG(call, 0, sl_int128)[row], from->scale, to->scale, &value);
        else if (from->kind == SL_TYPE_FLOAT || from->kind == SL_TYPE_DOUBLE)
            fits = sl_decimal_from_double(number_real_at(call, row), to->scale, &value);
        else
            fits = sl_decimal_rescale(number_integer_at(call, row), 0, to->scale, &value);
        if (fits && sl_decimal_fits(value, to->precision))
            SL_RESULT(call, sl_int128)[row] = value;
        else if (call->settings->overflow_wraps)
            sl_call_set_null(call, row);
        else
            sl_cast_fail_range(call, row);
    }
}

static void
number_from_decimal(struct sl_call *call)
{
    enum sl_type_kind to = call->expr->type->kind;
    int scale = SL_ARG_TYPE(call, 0)->scale;
    sl_int128 unit = sl_decimal_power10(scale);
    int64_t max = to == SL_TYPE_TINYINT    ? INT8_MAX
                  : to == SL_TYPE_SMALLINT ? INT16_MAX
                  : to == SL_TYPE_INT      ? INT32_MAX
                                           : INT64_MAX;

    CAST_FOR_ROWS(call, row)
    {
        sl_int128 value = SL_ARG(call, 0, sl_int128)[row];

        if (to == SL_TYPE_BOOLEAN) {
            SL_RESULT(call, uint8_t)[row] = value != 0;
        } else if (to == SL_TYPE_FLOAT) {
            SL_RESULT(call, float)[row] = (float)sl_decimal_to_double(value, scale);
        } else if (to == SL_TYPE_DOUBLE) {
            SL_RESULT(call, double)[row] = sl_decimal_to_double(value, scale);
        } else {
            value /= unit;
            if ((value > max || value < -(sl_int128)max - 1) && !call->settings->overflow_wraps)
                sl_cast_fail_range(call, row);
            else
                number_set_integer(call, row, (int64_t)value);
        }
    }
}

static void
number_to_boolean(struct sl_call *call)
{
    bool is_real =
        SL_ARG_TYPE(call, 0)->kind == SL_TYPE_FLOAT || SL_ARG_TYPE(call, 0)->kind == SL_TYPE_DOUBLE;

    CAST_FOR_ROWS(call, row)
    {
        SL_RESULT(call, uint8_t)
        [row] = is_real ? number_real_at(call, row) != 0 : number_integer_at(call, row) != 0;
    }
}

static void
number_from_boolean(struct sl_call *call)
{
    CAST_FOR_ROWS(call, row)
    {
        int64_t integer = number_integer_at(call, row);

        if (call->expr->type->kind == SL_TYPE_FLOAT)
            SL_RESULT(call, float)[row] = (float)integer;
        else if (call->expr->type->kind == SL_TYPE_DOUBLE)
            SL_RESULT(call, double)[row] = (double)integer;
        else
            number_set_integer(call, row, integer);
    }
}

void
sl_cast_numbers(struct sl_call *call)
{
    enum sl_type_kind from = SL_ARG_TYPE(call, 0)->kind, to = call->expr->type->kind;

    if (to == SL_TYPE_DECIMAL)
        number_to_decimal(call);
    else if (from == SL_TYPE_DECIMAL)
        number_from_decimal(call);
    else if (to == SL_TYPE_BOOLEAN)
        number_to_boolean(call);
    else if (from == SL_TYPE_BOOLEAN)
        number_from_boolean(call);
    else
        number_plain(call);
}
