/* PostgreSQL's functions over numbers and parts of times: WIDTH_BUCKET, CBRT, MAKE_DATE … */
#include "expr/kernels.h"

#include <math.h>

void
sl_kernel_cbrt(struct sl_call *call)
{
    SL_FOR_ROWS(call, row)
    {
        SL_RESULT(call, double)
        [row] = cbrt(SL_ARG(call, 0, double)[row & call->args[0].mask]);
    }
}

static double
postgres_double(const struct sl_call *call, size_t arg, size_t row)
{
    return SL_ARG(call, arg, double)[row & call->args[arg].mask];
}

/* WIDTH_BUCKET(x, low, high, count): 0 and count + 1 outside; high may be the lower one. */
void
sl_kernel_width_bucket(struct sl_call *call)
{
    SL_FOR_ROWS(call, row)
    {
        double x = postgres_double(call, 0, row), low = postgres_double(call, 1, row);
        double high = postgres_double(call, 2, row), share;
        int32_t count = sl_call_int(call, 3, row), bucket;

        if (count <= 0 || count == INT32_MAX || low == high || isnan(x) || !isfinite(low) ||
            !isfinite(high)) {
            sl_call_fail(call, row, SL_E_INVALID_PARAMETER_VALUE,
                         "WIDTH_BUCKET(%s, %s, %s, %d): the bounds must be finite and differ, and "
                         "the count be greater than 0",
                         sl_call_arg_text(call, 0, row), sl_call_arg_text(call, 1, row),
                         sl_call_arg_text(call, 2, row), count);
            continue;
        }
        share = (x - low) / (high - low);
        bucket = share < 0 ? 0 : share >= 1 ? count + 1 : (int32_t)(share * count) + 1;
        SL_RESULT(call, int32_t)[row] = SL_MIN(bucket, count + 1);
    }
}

/* --- MAKE_DATE and its like --- */

static bool
make_day(struct sl_call *call, size_t row, int32_t *ret_days)
{
    int32_t year = sl_call_int(call, 0, row), month = sl_call_int(call, 1, row);
    int32_t day = sl_call_int(call, 2, row);

    if (year < 1 || year > 294276 || month < 1 || month > 12 || day < 1 || day > 31 ||
        !sl_date_is_valid(year, month, day)) {
        sl_call_fail(call, row, SL_E_DATETIME_OVERFLOW, "%s: there is no date %d-%02d-%02d",
                     call->expr->function->name, year, month, day);
        return false;
    }
    *ret_days = sl_days_from_date(year, month, day);
    return true;
}

/* Hours, minutes and seconds in arguments `first` and behind. */
static bool
make_time_of_day(struct sl_call *call, size_t row, size_t first, int64_t *ret_us)
{
    int32_t hour = sl_call_int(call, first, row), minute = sl_call_int(call, first + 1, row);
    double second = postgres_double(call, first + 2, row);

    if (hour < 0 || hour > 23 || minute < 0 || minute > 59 || !(second >= 0 && second < 60)) {
        sl_call_fail(call, row, SL_E_DATETIME_OVERFLOW, "%s: there is no time %d:%02d:%s",
                     call->expr->function->name, hour, minute,
                     sl_call_arg_text(call, first + 2, row));
        return false;
    }
    *ret_us = hour * SL_US_PER_HOUR + minute * SL_US_PER_MINUTE +
              (int64_t)llround(second * (double)SL_US_PER_SECOND);
    return true;
}

void
sl_kernel_make_date(struct sl_call *call)
{
    SL_FOR_ROWS(call, row)
    {
        int32_t days;

        if (make_day(call, row, &days))
            SL_RESULT(call, int32_t)[row] = days;
    }
}

void
sl_kernel_make_time(struct sl_call *call)
{
    SL_FOR_ROWS(call, row)
    {
        int64_t us;

        if (make_time_of_day(call, row, 0, &us))
            SL_RESULT(call, int64_t)[row] = us % SL_US_PER_DAY;
    }
}

void
sl_kernel_make_timestamp(struct sl_call *call)
{
    SL_FOR_ROWS(call, row)
    {
        int32_t days;
        int64_t us;

        if (make_day(call, row, &days) && make_time_of_day(call, row, 3, &us))
            SL_RESULT(call, int64_t)[row] = days * SL_US_PER_DAY + us;
    }
}
