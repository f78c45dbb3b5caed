/* Arithmetic over decimals: the result's type says the scale; what leaves its precision raises. */
#include "data/decimal.h"
#include "expr/kernels.h"

struct decimal_pair {
    sl_int128 a, b;
    int a_scale, b_scale;
};

static struct decimal_pair
decimal_args(const struct sl_call *call, size_t row)
{
    return (struct decimal_pair){
        SL_ARG(call, 0, sl_int128)[row & call->args[0].mask],
        SL_ARG(call, 1, sl_int128)[row & call->args[1].mask],
        SL_ARG_TYPE(call, 0)->scale,
        SL_ARG_TYPE(call, 1)->scale,
    };
}

void
sl_call_set_decimal(struct sl_call *call, size_t row, bool fits, sl_int128 value)
{
    if (fits && sl_decimal_fits(value, call->expr->type->precision)) {
        SL_RESULT(call, sl_int128)[row] = value;
        return;
    }
    SL_RESULT(call, sl_int128)[row] = 0;
    if (call->settings->overflow_wraps)
        sl_call_set_null(call, row);
    else
        sl_call_overflow(call, row);
}

/* At the larger scale where that fits 38 digits; else both are rounded to the result's first. */
static bool
decimal_sum(struct decimal_pair pair, int to_scale, bool subtract, sl_int128 *ret_sum)
{
    int scale = SL_MAX(pair.a_scale, pair.b_scale);
    sl_int128 a, b;

    if (!sl_decimal_rescale(pair.a, pair.a_scale, scale, &a) ||
        !sl_decimal_rescale(pair.b, pair.b_scale, scale, &b)) {
        scale = to_scale;
        if (!sl_decimal_rescale(pair.a, pair.a_scale, scale, &a) ||
            !sl_decimal_rescale(pair.b, pair.b_scale, scale, &b))
            return false;
    }
    /* Two numbers of 38 digits may leave 127 bits. */
    if (subtract ? __builtin_sub_overflow(a, b, &a) : __builtin_add_overflow(a, b, &a))
        return false;
    return sl_decimal_rescale(a, scale, to_scale, ret_sum);
}

void
sl_decimal_add_rows(struct sl_call *call, bool subtract)
{
    struct sl_call valid = *call;

    valid.rows = sl_call_valid_rows(call, &valid.count);
    SL_FOR_ROWS(&valid, row)
    {
        sl_int128 value = 0;
        bool fits = decimal_sum(decimal_args(call, row), call->expr->type->scale, subtract, &value);

        sl_call_set_decimal(call, row, fits, value);
    }
}

void
sl_decimal_multiply_rows(struct sl_call *call)
{
    struct sl_call valid = *call;

    valid.rows = sl_call_valid_rows(call, &valid.count);
    SL_FOR_ROWS(&valid, row)
    {
        struct decimal_pair pair = decimal_args(call, row);
        sl_int128 value = 0;
        bool fits = sl_decimal_multiply(pair.a, pair.a_scale, pair.b, pair.b_scale,
                                        call->expr->type->scale, &value);

        sl_call_set_decimal(call, row, fits, value);
    }
}

static void
decimal_division_by_zero(struct sl_call *call, size_t row)
{
    sl_call_fail(call, row, SL_E_DIVISION_BY_ZERO, "division by zero: %s %s %s",
                 sl_call_arg_text(call, 0, row), call->expr->function->name,
                 sl_call_arg_text(call, 1, row));
}

void
sl_decimal_divide_rows(struct sl_call *call)
{
    struct sl_call valid = *call;

    valid.rows = sl_call_valid_rows(call, &valid.count);
    SL_FOR_ROWS(&valid, row)
    {
        struct decimal_pair pair = decimal_args(call, row);
        sl_int128 value = 0;
        bool fits;

        if (pair.b == 0) {
            decimal_division_by_zero(call, row);
            continue;
        }
        fits = sl_decimal_divide(pair.a, pair.a_scale, pair.b, pair.b_scale,
                                 call->expr->type->scale, &value);
        sl_call_set_decimal(call, row, fits, value);
    }
}

/* The rest has the dividend's sign, as in Java. */
void
sl_decimal_modulo_rows(struct sl_call *call)
{
    SL_FOR_ROWS(call, row)
    {
        struct decimal_pair pair = decimal_args(call, row);
        int scale = SL_MAX(pair.a_scale, pair.b_scale);
        sl_int128 a, b, value = 0;
        bool fits;

        if (pair.b == 0) {
            decimal_division_by_zero(call, row);
            continue;
        }
        fits = sl_decimal_rescale(pair.a, pair.a_scale, scale, &a) &&
               sl_decimal_rescale(pair.b, pair.b_scale, scale, &b) &&
               sl_decimal_rescale(a % b, scale, call->expr->type->scale, &value);
        sl_call_set_decimal(call, row, fits, value);
    }
}
