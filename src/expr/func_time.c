/* Arithmetic over times and intervals, EXTRACT, FLOOR and CEIL to a unit, TIMESTAMPADD and
 * TIMESTAMPDIFF.  TIMESTAMP_LTZ is taken apart in the session's time zone. */
#include "expr/kernels.h"

#include <math.h>

#define TIME_US_MAX INT64_C(9223371331200000000) /* 294246-12-31, as far as a TIMESTAMP may go */

bool
sl_type_is_time_or_interval(enum sl_type_kind kind)
{
    return kind >= SL_TYPE_DATE && kind <= SL_TYPE_INTERVAL_DAY;
}

/* A value of a time or interval column: days and months are 32 bits wide. */
static int64_t
time_at(const struct sl_call *call, size_t arg, size_t row)
{
    size_t at = row & call->args[arg].mask;

    return sl_type_width(SL_ARG_TYPE(call, arg)->kind) == sizeof(int32_t)
               ? SL_ARG(call, arg, int32_t)[at]
               : SL_ARG(call, arg, int64_t)[at];
}

static void
time_set(struct sl_call *call, size_t row, int64_t value)
{
    if (sl_type_width(call->expr->type->kind) == sizeof(int32_t))
        SL_RESULT(call, int32_t)[row] = (int32_t)value;
    else
        SL_RESULT(call, int64_t)[row] = value;
}

static int64_t
time_to_local(const struct sl_call *call, const struct sl_type *type, int64_t us)
{
    if (type->kind != SL_TYPE_TIMESTAMP_LTZ)
        return us;
    return us + sl_zone_offset_us(call->settings->zone, us);
}

static int64_t
time_from_local(const struct sl_call *call, const struct sl_type *type, int64_t us)
{
    if (type->kind != SL_TYPE_TIMESTAMP_LTZ)
        return us;
    return sl_zone_to_utc(call->settings->zone, us);
}

/* --- addition --- */

static void
time_out_of_range(struct sl_call *call, size_t row)
{
    sl_call_fail(call, row, SL_E_DATETIME_OVERFLOW, "%s %s %s is out of range for type %s",
                 sl_call_arg_text(call, 0, row), call->expr->function->name,
                 sl_call_arg_text(call, 1, row), sl_call_type_text(call, call->expr->type));
}

/* Timestamp ± microseconds without NULLs or overflow in sight: one dense loop. */
static bool
time_add_dense(struct sl_call *call, bool subtract)
{
    const int64_t *values = SL_ARG(call, 0, int64_t);
    int64_t *result = SL_RESULT(call, int64_t), step, outside = 0;

    if (call->args[1].mask || !call->args[0].mask || !sl_call_is_dense(call) ||
        SL_ARG_TYPE(call, 1)->kind != SL_TYPE_INTERVAL_DAY ||
        !sl_type_is_timestamp(call->expr->type->kind))
        return false;
    step = SL_ARG(call, 1, int64_t)[0];
    if (step > TIME_US_MAX / 2 || step < -TIME_US_MAX / 2)
        return false;
    if (subtract)
        step = -step;
    for (size_t i = 0; i < call->row_count; i++) {
        result[i] = (int64_t)((uint64_t)values[i] + (uint64_t)step);
        outside |= (values[i] > TIME_US_MAX / 2) | (values[i] < -TIME_US_MAX / 2);
    }
    return outside == 0;
}

static bool
time_add_months(const struct sl_type *type, int64_t value, int64_t months, int64_t *ret_value)
{
    int64_t us = type->kind == SL_TYPE_DATE ? value * SL_US_PER_DAY : value, rest;

    if (months > 12 * 600000 || months < -12 * 600000 || us > TIME_US_MAX || us < -TIME_US_MAX)
        return false;
    us = sl_timestamp_add_months(us, months);
    *ret_value = type->kind == SL_TYPE_DATE ? sl_timestamp_floor_day(us, &rest) : us;
    return true;
}

/* One sum; false: out of range. */
static bool
time_sum(const struct sl_call *call, int64_t a, int64_t b, int64_t *ret_sum)
{
    const struct sl_type *type = SL_ARG_TYPE(call, 0);
    enum sl_type_kind step = SL_ARG_TYPE(call, 1)->kind;
    int64_t sum, rest;

    if (type->kind == SL_TYPE_DATE && step == SL_TYPE_INTERVAL_DAY) {
        sum = sl_timestamp_floor_day(b, &rest);
        if (rest != 0)
            return false; /* the caller says why */
        *ret_sum = a + sum;
        return *ret_sum >= INT32_MIN && *ret_sum <= INT32_MAX;
    }
    if (step == SL_TYPE_INTERVAL_MONTH && type->kind != SL_TYPE_INTERVAL_MONTH) {
        if (type->kind != SL_TYPE_TIMESTAMP_LTZ)
            return time_add_months(type, a, b, ret_sum);
        if (!time_add_months(type, time_to_local(call, type, a), b, &sum))
            return false;
        *ret_sum = time_from_local(call, type, sum);
        return true;
    }
    if (__builtin_add_overflow(a, b, &sum))
        return false;
    if (type->kind == SL_TYPE_TIME)
        sl_timestamp_floor_day(sum, &sum);
    if (type->kind == SL_TYPE_INTERVAL_MONTH && (sum > INT32_MAX || sum < INT32_MIN))
        return false;
    *ret_sum = sum;
    return true;
}

void
sl_time_add_rows(struct sl_call *call, bool subtract)
{
    bool is_difference = !sl_type_is_time_or_interval(SL_ARG_TYPE(call, 1)->kind) ||
                         SL_ARG_TYPE(call, 1)->kind < SL_TYPE_INTERVAL_MONTH;
    struct sl_call valid = *call;

    if (!is_difference && time_add_dense(call, subtract))
        return;
    valid.rows = sl_call_valid_rows(call, &valid.count);
    SL_FOR_ROWS(&valid, row)
    {
        int64_t a = time_at(call, 0, row), b = time_at(call, 1, row), sum, rest;
        int64_t unit = SL_ARG_TYPE(call, 0)->kind == SL_TYPE_DATE ? SL_US_PER_DAY : 1;

        if (is_difference) {
            if (__builtin_sub_overflow(a, b, &sum) || __builtin_mul_overflow(sum, unit, &sum))
                time_out_of_range(call, row);
            else
                time_set(call, row, sum);
        } else if (b == INT64_MIN || !time_sum(call, a, subtract ? -b : b, &sum)) {
            if (unit != 1 && SL_ARG_TYPE(call, 1)->kind == SL_TYPE_INTERVAL_DAY &&
                (sl_timestamp_floor_day(b, &rest), rest != 0))
                sl_call_fail(call, row, SL_E_DATETIME_OVERFLOW,
                             "%s %s %s is no whole number of days: cast the DATE to TIMESTAMP",
                             sl_call_arg_text(call, 0, row), call->expr->function->name,
                             sl_call_arg_text(call, 1, row));
            else
                time_out_of_range(call, row);
        } else {
            time_set(call, row, sum);
        }
    }
}

void
sl_interval_scale_rows(struct sl_call *call, bool divide)
{
    bool is_integer = SL_ARG_TYPE(call, 1)->kind == SL_TYPE_BIGINT;
    bool is_month = call->expr->type->kind == SL_TYPE_INTERVAL_MONTH;
    struct sl_call valid = *call;

    valid.rows = sl_call_valid_rows(call, &valid.count);
    SL_FOR_ROWS(&valid, row)
    {
        int64_t interval = time_at(call, 0, row), scaled = 0;
        size_t at = row & call->args[1].mask;
        bool fits = true;

        if (is_integer) {
            int64_t number = SL_ARG(call, 1, int64_t)[at];

            if (divide && number == 0) {
                sl_call_fail(call, row, SL_E_DIVISION_BY_ZERO, "division by zero: %s / 0",
                             sl_call_arg_text(call, 0, row));
                continue;
            }
            if (divide && number == -1)
                fits = !__builtin_sub_overflow(INT64_C(0), interval, &scaled);
            else if (divide)
                scaled = interval / number;
            else
                fits = !__builtin_mul_overflow(interval, number, &scaled);
        } else {
            double number = SL_ARG(call, 1, double)[at];
            double real = divide ? (double)interval / number : (double)interval * number;

            fits = isfinite(real) && fabs(real) < 9.2e18;
            scaled = fits ? (int64_t)llround(real) : 0;
        }
        if (!fits || (is_month && (scaled > INT32_MAX || scaled < INT32_MIN)))
            time_out_of_range(call, row);
        else
            time_set(call, row, scaled);
    }
}

/* --- EXTRACT --- */

/* Monday is 1, Sunday 7. */
static int64_t
time_iso_weekday(int64_t days)
{
    return ((days + 3) % 7 + 7) % 7 + 1;
}

/* The year to which the ISO week of this day belongs, and the week. */
static int64_t
time_iso_week(int64_t days, int64_t *ret_year)
{
    int64_t thursday = days - time_iso_weekday(days) + 4;
    int32_t year = sl_date_from_days((int32_t)thursday).year;

    *ret_year = year;
    return (thursday - sl_days_from_date(year, 1, 1)) / 7 + 1;
}

static int64_t
time_part_of_date(enum sl_time_unit unit, int64_t days)
{
    struct sl_date_parts parts = sl_date_from_days((int32_t)days);
    int64_t iso_year, week = time_iso_week(days, &iso_year);

    switch (unit) {
    case SL_UNIT_DAY:
        return parts.day;
    case SL_UNIT_WEEK:
        return week;
    case SL_UNIT_MONTH:
        return parts.month;
    case SL_UNIT_QUARTER:
        return (parts.month - 1) / 3 + 1;
    case SL_UNIT_YEAR:
        return parts.year;
    case SL_UNIT_DECADE:
        return parts.year >= 0 ? parts.year / 10 : -((9 - parts.year) / 10);
    case SL_UNIT_CENTURY:
        return parts.year > 0 ? (parts.year + 99) / 100 : -((99 - (parts.year - 1)) / 100);
    case SL_UNIT_MILLENNIUM:
        return parts.year > 0 ? (parts.year + 999) / 1000 : -((999 - (parts.year - 1)) / 1000);
    case SL_UNIT_DOW: /* Sunday is 1, as in Calcite */
        return time_iso_weekday(days) % 7 + 1;
    case SL_UNIT_ISODOW:
        return time_iso_weekday(days);
    case SL_UNIT_DOY:
        return days - sl_days_from_date(parts.year, 1, 1) + 1;
    default:
        return iso_year;
    }
}

static int64_t
time_part_of_day(enum sl_time_unit unit, int64_t us)
{
    switch (unit) {
    case SL_UNIT_NANOSECOND: /* only what is below a second, as in Flink */
        return us % SL_US_PER_SECOND * 1000;
    case SL_UNIT_MICROSECOND:
        return us % SL_US_PER_SECOND;
    case SL_UNIT_MILLISECOND:
        return us % SL_US_PER_SECOND / SL_US_PER_MS;
    case SL_UNIT_SECOND:
        return us / SL_US_PER_SECOND % 60;
    case SL_UNIT_MINUTE:
        return us / SL_US_PER_MINUTE % 60;
    default:
        return us / SL_US_PER_HOUR;
    }
}

static int64_t
time_part_of_interval(enum sl_type_kind kind, enum sl_time_unit unit, int64_t value)
{
    if (kind == SL_TYPE_INTERVAL_MONTH) {
        if (unit == SL_UNIT_YEAR)
            return value / 12;
        return unit == SL_UNIT_MONTH ? value % 12 : value % 12 / 3 + 1;
    }
    if (unit == SL_UNIT_EPOCH)
        return value / SL_US_PER_SECOND;
    if (unit == SL_UNIT_DAY)
        return value / SL_US_PER_DAY;
    return time_part_of_day(unit, value % SL_US_PER_DAY);
}

static int64_t
time_part(const struct sl_call *call, enum sl_time_unit unit, const struct sl_type *type,
          int64_t value)
{
    int64_t days = 0, us = 0;

    if (type->kind == SL_TYPE_INTERVAL_MONTH || type->kind == SL_TYPE_INTERVAL_DAY)
        return time_part_of_interval(type->kind, unit, value);
    if (unit == SL_UNIT_EPOCH) {
        if (type->kind == SL_TYPE_DATE)
            return value * (SL_US_PER_DAY / SL_US_PER_SECOND);
        days = sl_timestamp_floor_day(value, &us);
        return days * (SL_US_PER_DAY / SL_US_PER_SECOND) + us / SL_US_PER_SECOND;
    }
    if (type->kind == SL_TYPE_DATE)
        days = value;
    else
        days = sl_timestamp_floor_day(time_to_local(call, type, value), &us);
    return unit >= SL_UNIT_DAY ? time_part_of_date(unit, days) : time_part_of_day(unit, us);
}

/* The unit is a literal: the binder saw it. */
static enum sl_time_unit
time_unit(const struct sl_call *call, size_t arg)
{
    enum sl_time_unit unit = SL_UNIT_DAY;

    sl_time_unit_parse(sl_call_text(call, arg, 0), &unit);
    return unit;
}

void
sl_kernel_extract(struct sl_call *call)
{
    enum sl_time_unit unit = time_unit(call, 0);
    const struct sl_type *type = SL_ARG_TYPE(call, 1);

    SL_FOR_ROWS(call, row)
    {
        SL_RESULT(call, int64_t)[row] = time_part(call, unit, type, time_at(call, 1, row));
    }
}

/* --- FLOOR, CEIL --- */

/* Days at which the unit that holds `days` begins; with `next` the one after it.  Weeks begin on
 * Sunday, as in Flink. */
static int64_t
time_floor_days(enum sl_time_unit unit, int64_t days, bool next)
{
    struct sl_date_parts parts = sl_date_from_days((int32_t)days);
    int32_t months = 1, first;

    switch (unit) {
    case SL_UNIT_DAY:
        return days + next;
    case SL_UNIT_WEEK:
        return days - time_iso_weekday(days) % 7 + (next ? 7 : 0);
    case SL_UNIT_QUARTER:
        months = 3;
        break;
    case SL_UNIT_YEAR:
        months = 12;
        break;
    case SL_UNIT_DECADE:
        first = (parts.year >= 0 ? parts.year / 10 : -((9 - parts.year) / 10)) * 10;
        return sl_days_from_date(first + (next ? 10 : 0), 1, 1);
    case SL_UNIT_CENTURY:
        first = (parts.year > 0 ? (parts.year - 1) / 100 : -((100 - parts.year) / 100)) * 100 + 1;
        return sl_days_from_date(first + (next ? 100 : 0), 1, 1);
    case SL_UNIT_MILLENNIUM:
        first =
            (parts.year > 0 ? (parts.year - 1) / 1000 : -((1000 - parts.year) / 1000)) * 1000 + 1;
        return sl_days_from_date(first + (next ? 1000 : 0), 1, 1);
    default:
        break;
    }
    first = (parts.month - 1) / months * months + 1 + (next ? months : 0);
    return first > 12 ? sl_days_from_date(parts.year + 1, first - 12, 1)
                      : sl_days_from_date(parts.year, first, 1);
}

static int64_t
time_unit_us(enum sl_time_unit unit)
{
    switch (unit) {
    case SL_UNIT_MILLISECOND:
        return SL_US_PER_MS;
    case SL_UNIT_SECOND:
        return SL_US_PER_SECOND;
    case SL_UNIT_MINUTE:
        return SL_US_PER_MINUTE;
    case SL_UNIT_HOUR:
        return SL_US_PER_HOUR;
    case SL_UNIT_DAY:
        return SL_US_PER_DAY;
    case SL_UNIT_WEEK:
        return 7 * SL_US_PER_DAY;
    default:
        return 1;
    }
}

static int64_t
time_floor_us(enum sl_time_unit unit, int64_t us, bool up)
{
    int64_t of_day, days = sl_timestamp_floor_day(us, &of_day), floor_us, unit_us;

    if (unit < SL_UNIT_DAY) {
        unit_us = time_unit_us(unit);
        floor_us = days * SL_US_PER_DAY + of_day / unit_us * unit_us;
        return up && floor_us != us ? floor_us + unit_us : floor_us;
    }
    floor_us = time_floor_days(unit, days, false) * SL_US_PER_DAY;
    if (up && floor_us != us)
        return time_floor_days(unit, days, true) * SL_US_PER_DAY;
    return floor_us;
}

void
sl_time_floor_rows(struct sl_call *call, bool up)
{
    enum sl_time_unit unit = time_unit(call, 1);
    const struct sl_type *type = SL_ARG_TYPE(call, 0);

    SL_FOR_ROWS(call, row)
    {
        int64_t value = time_at(call, 0, row), local;

        if (type->kind == SL_TYPE_DATE) {
            int64_t floor_days = time_floor_days(unit, value, false);

            time_set(call, row,
                     up && floor_days != value ? time_floor_days(unit, value, true) : floor_days);
            continue;
        }
        local = time_floor_us(unit, time_to_local(call, type, value), up);
        if (type->kind == SL_TYPE_TIME)
            sl_timestamp_floor_day(local, &local);
        time_set(call, row, time_from_local(call, type, local));
    }
}

/* --- TIMESTAMPADD, TIMESTAMPDIFF --- */

static int64_t
time_unit_months(enum sl_time_unit unit)
{
    return unit == SL_UNIT_YEAR ? 12 : unit == SL_UNIT_QUARTER ? 3 : unit == SL_UNIT_MONTH ? 1 : 0;
}

static bool
time_add_unit(const struct sl_call *call, enum sl_time_unit unit, int64_t count, int64_t value,
              int64_t *ret_value)
{
    const struct sl_type *type = call->expr->type;
    int64_t months = time_unit_months(unit), step, local;

    if (type->kind == SL_TYPE_TIME) { /* round the clock; whole days change nothing */
        step = time_unit_us(unit);
        step = unit >= SL_UNIT_DAY ? 0 : count % (SL_US_PER_DAY / step) * step;
        sl_timestamp_floor_day(value + step, ret_value);
        return true;
    }
    if (months) {
        if (__builtin_mul_overflow(count, months, &step))
            return false;
        local = time_to_local(call, type, value);
        if (!time_add_months(type, local, step, &local))
            return false;
        *ret_value = time_from_local(call, type, local);
        return true;
    }
    step = time_unit_us(unit);
    if (type->kind == SL_TYPE_DATE)
        step /= SL_US_PER_DAY;
    if (__builtin_mul_overflow(count, step, &step) || __builtin_add_overflow(value, step, &value))
        return false;
    *ret_value = value;
    return type->kind != SL_TYPE_DATE || (value >= INT32_MIN && value <= INT32_MAX);
}

void
sl_kernel_timestampadd(struct sl_call *call)
{
    enum sl_time_unit unit = time_unit(call, 0);

    SL_FOR_ROWS(call, row)
    {
        int64_t count = SL_ARG(call, 1, int64_t)[row & call->args[1].mask];
        int64_t value = time_at(call, 2, row);

        if (time_add_unit(call, unit, count, value, &value))
            time_set(call, row, value);
        else
            sl_call_fail(call, row, SL_E_DATETIME_OVERFLOW,
                         "TIMESTAMPADD(%s, %s, %s) is out of range", sl_call_arg_text(call, 0, row),
                         sl_call_arg_text(call, 1, row), sl_call_arg_text(call, 2, row));
    }
}

/* Whole months from a to b: as many as can be added to a without passing b. */
static int64_t
time_months_between(int64_t a, int64_t b)
{
    int64_t rest;
    struct sl_date_parts from = sl_date_from_days((int32_t)sl_timestamp_floor_day(a, &rest));
    struct sl_date_parts to = sl_date_from_days((int32_t)sl_timestamp_floor_day(b, &rest));
    int64_t months = (int64_t)(to.year - from.year) * 12 + to.month - from.month;

    if (months > 0 && sl_timestamp_add_months(a, months) > b)
        months--;
    else if (months < 0 && sl_timestamp_add_months(a, months) < b)
        months++;
    return months;
}

void
sl_kernel_timestampdiff(struct sl_call *call)
{
    enum sl_time_unit unit = time_unit(call, 0);
    int64_t unit_months = time_unit_months(unit);
    const struct sl_type *type = SL_ARG_TYPE(call, 1);

    SL_FOR_ROWS(call, row)
    {
        int64_t a = time_at(call, 1, row), b = time_at(call, 2, row), count;

        if (unit_months) {
            count =
                time_months_between(time_to_local(call, type, a), time_to_local(call, type, b)) /
                unit_months;
        } else if (__builtin_sub_overflow(b, a, &count)) {
            count = INT64_MAX;
        } else if (unit == SL_UNIT_NANOSECOND) {
            count = count > INT64_MAX / 1000 || count < INT64_MIN / 1000 ? INT64_MAX : count * 1000;
        } else {
            count /= time_unit_us(unit);
        }
        if ((count > INT32_MAX || count < INT32_MIN) && !call->settings->overflow_wraps)
            sl_call_fail(call, row, SL_E_NUMERIC_OUT_OF_RANGE,
                         "TIMESTAMPDIFF(%s, %s, %s) is out of range for type INT",
                         sl_call_arg_text(call, 0, row), sl_call_arg_text(call, 1, row),
                         sl_call_arg_text(call, 2, row));
        else
            SL_RESULT(call, int32_t)[row] = (int32_t)count;
    }
}
