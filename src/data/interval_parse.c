/* Reading intervals: words ("2 hours 30 min"), clock times, "years-months", and ISO 8601. */
#include "data/time.h"
#include "data/value_parse.h"

#include <ctype.h>
#include <strings.h>

/* Sums of both kinds; the caller takes the one that its type asks for. */
struct interval_sum {
    int64_t months, us;
};

static bool
interval_add(int64_t *sum, int64_t count, int64_t unit)
{
    int64_t part;

    return !__builtin_mul_overflow(count, unit, &part) && !__builtin_add_overflow(*sum, part, sum);
}

/* A number with up to six digits of fraction, in millionths. */
static bool
interval_read_number(const char **at, const char *end, int64_t *ret_millionths)
{
    bool is_negative = *at < end && **at == '-', any = false;
    int64_t number = 0, unit = 100000;

    if (*at < end && (**at == '-' || **at == '+'))
        (*at)++;
    for (; *at < end && isdigit((unsigned char)**at); (*at)++) {
        any = true;
        if (number > INT64_MAX / 100000000)
            return false;
        number = number * 10 + (**at - '0');
    }
    if (number > INT64_MAX / 1000001)
        return false;
    number *= 1000000;
    if (*at < end && **at == '.') {
        for ((*at)++; *at < end && isdigit((unsigned char)**at); (*at)++, unit /= 10)
            number += (**at - '0') * unit;
    }
    *ret_millionths = is_negative ? -number : number;
    return any;
}

static bool
interval_add_unit(struct interval_sum *sum, int64_t millionths, enum sl_time_unit unit)
{
    static const struct {
        enum sl_time_unit unit;
        int64_t months, us;
    } units[] = {
        {SL_UNIT_MICROSECOND, 0, 1},
        {SL_UNIT_MILLISECOND, 0, SL_US_PER_MS},
        {SL_UNIT_SECOND, 0, SL_US_PER_SECOND},
        {SL_UNIT_MINUTE, 0, SL_US_PER_MINUTE},
        {SL_UNIT_HOUR, 0, SL_US_PER_HOUR},
        {SL_UNIT_DAY, 0, SL_US_PER_DAY},
        {SL_UNIT_WEEK, 0, 7 * SL_US_PER_DAY},
        {SL_UNIT_MONTH, 1, 0},
        {SL_UNIT_QUARTER, 3, 0},
        {SL_UNIT_YEAR, 12, 0},
        {SL_UNIT_DECADE, 120, 0},
        {SL_UNIT_CENTURY, 1200, 0},
    };

    for (size_t i = 0; i < SL_COUNT_OF(units); i++) {
        if (units[i].unit != unit)
            continue;
        if (units[i].months)
            return millionths % 1000000 == 0 &&
                   interval_add(&sum->months, millionths / 1000000, units[i].months);
        if (units[i].us % 1000000 == 0)
            return interval_add(&sum->us, millionths, units[i].us / 1000000);
        return interval_add(&sum->us, millionths / (1000000 / units[i].us), 1);
    }
    return false;
}

/* hh:mm[:ss[.fraction]] after its sign; hours may be any number. */
static bool
interval_add_clock(struct interval_sum *sum, const char **at, const char *end, int64_t hours,
                   bool is_negative)
{
    static const int64_t units[] = {SL_US_PER_MINUTE / 1000000, 1};
    struct interval_sum clock = {0, 0};
    int64_t part;

    if (!interval_add(&clock.us, hours, SL_US_PER_HOUR / 1000000))
        return false;
    for (size_t i = 0; i < SL_COUNT_OF(units) && *at < end && **at == ':'; i++) {
        (*at)++;
        if (*at == end || !isdigit((unsigned char)**at) || !interval_read_number(at, end, &part) ||
            part >= 60000000 || !interval_add(&clock.us, part, units[i]))
            return false;
    }
    return interval_add(&sum->us, clock.us, is_negative ? -1 : 1);
}

static bool
interval_unit_of(struct sl_text word, enum sl_time_unit *ret_unit)
{
    static const struct {
        const char *word;
        enum sl_time_unit unit;
    } words[] = {
        {"us", SL_UNIT_MICROSECOND}, {"ms", SL_UNIT_MILLISECOND},   {"msec", SL_UNIT_MILLISECOND},
        {"s", SL_UNIT_SECOND},       {"sec", SL_UNIT_SECOND},       {"secs", SL_UNIT_SECOND},
        {"m", SL_UNIT_MINUTE},       {"min", SL_UNIT_MINUTE},       {"mins", SL_UNIT_MINUTE},
        {"h", SL_UNIT_HOUR},         {"hr", SL_UNIT_HOUR},          {"hrs", SL_UNIT_HOUR},
        {"d", SL_UNIT_DAY},          {"w", SL_UNIT_WEEK},           {"mon", SL_UNIT_MONTH},
        {"mons", SL_UNIT_MONTH},     {"y", SL_UNIT_YEAR},           {"yr", SL_UNIT_YEAR},
        {"yrs", SL_UNIT_YEAR},       {"centuries", SL_UNIT_CENTURY}};

    for (size_t i = 0; i < SL_COUNT_OF(words); i++) {
        if (sl_text_equal_nocase(word, sl_text_of(words[i].word))) {
            *ret_unit = words[i].unit;
            return true;
        }
    }
    return sl_time_unit_parse(word, ret_unit);
}

/* P[nY][nM][nW][nD][T[nH][nM][nS]] */
static bool
interval_read_iso(struct interval_sum *sum, const char *at, const char *end)
{
    bool in_time = false, any = false;
    int64_t number;

    while (at < end) {
        enum sl_time_unit unit;

        if (*at == 'T') {
            in_time = true;
            at++;
            continue;
        }
        if (!interval_read_number(&at, end, &number) || at == end)
            return false;
        switch (*at++) {
        case 'Y':
            unit = SL_UNIT_YEAR;
            break;
        case 'M':
            unit = in_time ? SL_UNIT_MINUTE : SL_UNIT_MONTH;
            break;
        case 'W':
            unit = SL_UNIT_WEEK;
            break;
        case 'D':
            unit = SL_UNIT_DAY;
            break;
        case 'H':
            unit = SL_UNIT_HOUR;
            break;
        case 'S':
            unit = SL_UNIT_SECOND;
            break;
        default:
            return false;
        }
        if (!interval_add_unit(sum, number, unit))
            return false;
        any = true;
    }
    return any;
}

/* One part: a clock time, years-months, a number with its unit, or a bare number (days before a
 * clock time, else seconds). */
static bool
interval_read_part(struct interval_sum *sum, const char **at, const char *end, bool *is_negative)
{
    const char *start;
    int64_t number, months;
    enum sl_time_unit unit;

    if (**at == '-' || **at == '+')
        *is_negative = **at == '-';
    if (!interval_read_number(at, end, &number))
        return false;
    if (*at < end && **at == ':') {
        if (number % 1000000)
            return false;
        return interval_add_clock(sum, at, end, (number < 0 ? -number : number), *is_negative);
    }
    if (*at < end && **at == '-' && number % 1000000 == 0) {
        (*at)++;
        if (!interval_read_number(at, end, &months) || months < 0 || months >= 12000000)
            return false;
        return interval_add_unit(sum, number, SL_UNIT_YEAR) &&
               interval_add_unit(sum, *is_negative ? -months : months, SL_UNIT_MONTH);
    }
    while (*at < end && isspace((unsigned char)**at))
        (*at)++;
    start = *at;
    while (*at < end && isalpha((unsigned char)**at))
        (*at)++;
    if (*at > start)
        return interval_unit_of((struct sl_text){start, (size_t)(*at - start)}, &unit) &&
               interval_add_unit(sum, number, unit);
    return interval_add_unit(sum, number, *at < end ? SL_UNIT_DAY : SL_UNIT_SECOND);
}

bool
sl_interval_parse(struct sl_text text, int kind, int64_t *ret_value)
{
    struct interval_sum sum = {0, 0};
    const char *at = text.start, *end = text.start + text.length;
    bool is_negative = false;

    while (end > at && isspace((unsigned char)end[-1]))
        end--;
    while (at < end && isspace((unsigned char)*at))
        at++;
    if (at == end)
        return false;
    if (*at == 'P') {
        if (!interval_read_iso(&sum, at + 1, end))
            return false;
    } else {
        while (at < end) {
            if (!interval_read_part(&sum, &at, end, &is_negative))
                return false;
            while (at < end && isspace((unsigned char)*at))
                at++;
        }
    }
    if (kind == SL_TYPE_INTERVAL_MONTH) {
        if (sum.us || sum.months > INT32_MAX || sum.months < INT32_MIN)
            return false;
        *ret_value = sum.months;
        return true;
    }
    if (sum.months)
        return false;
    *ret_value = sum.us;
    return true;
}
