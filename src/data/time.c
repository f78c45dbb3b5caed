/* Calendar arithmetic and the SQL texts of dates and times.  Patterns are in time_pattern.c, zones
 * in zone.c. */
#include "data/time.h"

#include <ctype.h>
#include <stdio.h>

/* Howard Hinnant, "chrono-compatible low-level date algorithms": days_from_civil. */
int32_t
sl_days_from_date(int32_t year, int32_t month, int32_t day)
{
    int32_t era, year_of_era, day_of_year, day_of_era;

    year -= month <= 2;
    era = (year >= 0 ? year : year - 399) / 400;
    year_of_era = year - era * 400;
    day_of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
    day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    return era * 146097 + day_of_era - 719468;
}

/* The same: civil_from_days. */
struct sl_date_parts
sl_date_from_days(int32_t days)
{
    int64_t shifted = (int64_t)days + 719468;
    int64_t era = (shifted >= 0 ? shifted : shifted - 146096) / 146097;
    int32_t day_of_era = (int32_t)(shifted - era * 146097);
    int32_t year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
    int32_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    int32_t month_index = (5 * day_of_year + 2) / 153; /* from March */
    struct sl_date_parts parts;

    parts.day = day_of_year - (153 * month_index + 2) / 5 + 1;
    parts.month = month_index < 10 ? month_index + 3 : month_index - 9;
    parts.year = (int32_t)(year_of_era + era * 400) + (parts.month <= 2);
    return parts;
}

static int32_t
time_days_of_month(int32_t year, int32_t month)
{
    static const uint8_t days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool is_leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);

    return month == 2 && is_leap ? 29 : days[month - 1];
}

bool
sl_date_is_valid(int32_t year, int32_t month, int32_t day)
{
    return month >= 1 && month <= 12 && day >= 1 && day <= time_days_of_month(year, month);
}

int64_t
sl_timestamp_floor_day(int64_t us, int64_t *ret_us_of_day)
{
    int64_t days = us / SL_US_PER_DAY, rest = us % SL_US_PER_DAY;

    if (rest < 0) {
        days--;
        rest += SL_US_PER_DAY;
    }
    *ret_us_of_day = rest;
    return days;
}

int64_t
sl_timestamp_add_months(int64_t us, int64_t months)
{
    int64_t us_of_day, days = sl_timestamp_floor_day(us, &us_of_day), total;
    struct sl_date_parts parts = sl_date_from_days((int32_t)days);
    int32_t year, month;

    total = (int64_t)parts.year * 12 + parts.month - 1 + months;
    year = (int32_t)(total >= 0 ? total / 12 : (total - 11) / 12);
    month = (int32_t)(total - (int64_t)year * 12) + 1;
    days = sl_days_from_date(year, month, SL_MIN(parts.day, time_days_of_month(year, month)));
    return days * SL_US_PER_DAY + us_of_day;
}

/* --- printing --- */

static char *
time_put2(char *to, int64_t number)
{
    to[0] = (char)('0' + number / 10 % 10);
    to[1] = (char)('0' + number % 10);
    return to + 2;
}

size_t
sl_date_format(int32_t days, char *to)
{
    struct sl_date_parts parts = sl_date_from_days(days);
    bool before_christ = parts.year <= 0;
    int32_t year = before_christ ? 1 - parts.year : parts.year;
    char *at = to;

    if (year > 9999) {
        at += sprintf(at, "%d", year);
    } else {
        at = time_put2(at, year / 100);
        at = time_put2(at, year % 100);
    }
    *at++ = '-';
    at = time_put2(at, parts.month);
    *at++ = '-';
    at = time_put2(at, parts.day);
    *at = '\0';
    if (before_christ) {
        memcpy(at, " BC", 4);
        at += 3;
    }
    return (size_t)(at - to);
}

static char *
time_put_fraction(char *at, int64_t us, int digits)
{
    int64_t fraction = us % SL_US_PER_SECOND;
    char text[6];
    int count = digits;

    for (int i = 5; i >= 0; i--, fraction /= 10)
        text[i] = (char)('0' + fraction % 10);
    if (digits < 0)
        for (count = 6; count > 0 && text[count - 1] == '0';)
            count--;
    if (count > 0) {
        *at++ = '.';
        memcpy(at, text, (size_t)count);
        at += count;
    }
    return at;
}

size_t
sl_time_format(int64_t us, int digits, char *to)
{
    char *at = time_put2(to, us / SL_US_PER_HOUR);

    *at++ = ':';
    at = time_put2(at, us / SL_US_PER_MINUTE % 60);
    *at++ = ':';
    at = time_put2(at, us / SL_US_PER_SECOND % 60);
    at = time_put_fraction(at, us, digits);
    *at = '\0';
    return (size_t)(at - to);
}

size_t
sl_timestamp_format(int64_t us, int digits, char separator, char *to)
{
    int64_t us_of_day, days = sl_timestamp_floor_day(us, &us_of_day);
    size_t length = sl_date_format((int32_t)days, to);
    bool before_christ = to[length - 1] == 'C';

    if (before_christ)
        length -= 3;
    to[length++] = separator;
    length += sl_time_format(us_of_day, digits, to + length);
    if (before_christ) {
        memcpy(to + length, " BC", 4);
        length += 3;
    }
    return length;
}

/* --- reading --- */

/* Reads 1 … digits_max digits. */
static bool
time_read_number(const char **at, const char *end, int digits_max, int32_t *ret_number)
{
    const char *start = *at;
    int32_t number = 0;

    while (*at < end && *at - start < digits_max && isdigit((unsigned char)**at))
        number = number * 10 + (*(*at)++ - '0');
    *ret_number = number;
    return *at > start;
}

static bool
time_read_byte(const char **at, const char *end, char byte)
{
    if (*at == end || **at != byte)
        return false;
    (*at)++;
    return true;
}

enum { TIME_YEAR_MAX = 294276 }; /* as PostgreSQL's timestamps */

static bool
time_read_date(const char **at, const char *end, int32_t *ret_days)
{
    int32_t year, month, day;

    if (!time_read_number(at, end, 6, &year) || !time_read_byte(at, end, '-') ||
        !time_read_number(at, end, 2, &month) || !time_read_byte(at, end, '-') ||
        !time_read_number(at, end, 2, &day) || !sl_date_is_valid(year, month, day) ||
        year > TIME_YEAR_MAX)
        return false;
    *ret_days = sl_days_from_date(year, month, day);
    return true;
}

/* hh:mm[:ss[.fraction]]; digits of the fraction after the sixth are cut. */
static bool
time_read_time(const char **at, const char *end, int64_t *ret_us)
{
    int32_t hour, minute, second = 0;
    int64_t us = 0, unit = SL_US_PER_SECOND / 10;

    if (!time_read_number(at, end, 2, &hour) || !time_read_byte(at, end, ':') ||
        !time_read_number(at, end, 2, &minute) || hour > 23 || minute > 59)
        return false;
    if (time_read_byte(at, end, ':')) {
        if (!time_read_number(at, end, 2, &second) || second > 59)
            return false;
        if (time_read_byte(at, end, '.')) {
            if (*at == end || !isdigit((unsigned char)**at))
                return false;
            for (; *at < end && isdigit((unsigned char)**at); (*at)++, unit /= 10)
                us += (**at - '0') * unit;
        }
    }
    *ret_us = hour * SL_US_PER_HOUR + minute * SL_US_PER_MINUTE + second * SL_US_PER_SECOND + us;
    return true;
}

/* Z, UTC, +hh, +hhmm, +hh:mm; false when there is something else. */
static bool
time_read_zone(const char **at, const char *end, int64_t *ret_offset_us)
{
    bool is_negative;
    int32_t hour, minute = 0;

    *ret_offset_us = 0;
    if (time_read_byte(at, end, 'Z') || time_read_byte(at, end, 'z'))
        return true;
    if (end - *at == 3 && memcmp(*at, "UTC", 3) == 0) {
        *at += 3;
        return true;
    }
    is_negative = *at < end && **at == '-';
    if (!time_read_byte(at, end, '+') && !time_read_byte(at, end, '-'))
        return false;
    if (!time_read_number(at, end, 2, &hour))
        return false;
    time_read_byte(at, end, ':');
    if (*at < end && !time_read_number(at, end, 2, &minute))
        return false;
    if (hour > 18 || minute > 59)
        return false;
    *ret_offset_us = hour * SL_US_PER_HOUR + minute * SL_US_PER_MINUTE;
    if (is_negative)
        *ret_offset_us = -*ret_offset_us;
    return true;
}

static struct sl_text
time_trim(struct sl_text text)
{
    while (text.length && isspace((unsigned char)*text.start)) {
        text.start++;
        text.length--;
    }
    while (text.length && isspace((unsigned char)text.start[text.length - 1]))
        text.length--;
    return text;
}

bool
sl_date_parse(struct sl_text text, int32_t *ret_days)
{
    int64_t us, offset_us, us_of_day;
    bool has_zone;

    if (!sl_timestamp_parse(text, &us, &has_zone, &offset_us))
        return false;
    *ret_days = (int32_t)sl_timestamp_floor_day(us, &us_of_day);
    return true;
}

bool
sl_time_parse(struct sl_text text, int64_t *ret_us)
{
    const char *at, *end;
    int64_t us, offset_us;

    text = time_trim(text);
    at = text.start;
    end = at + text.length;
    if (!time_read_time(&at, end, &us))
        return false;
    if (at < end && !time_read_zone(&at, end, &offset_us))
        return false;
    if (at != end)
        return false;
    *ret_us = us;
    return true;
}

bool
sl_date_parse_short(struct sl_text text, int32_t *ret_days)
{
    const char *at, *end;
    int32_t year, month = 1;

    text = time_trim(text);
    at = text.start;
    end = at + text.length;
    if (!time_read_number(&at, end, 6, &year) ||
        (at < end && (!time_read_byte(&at, end, '-') || !time_read_number(&at, end, 2, &month))) ||
        at != end || !sl_date_is_valid(year, month, 1) || year > TIME_YEAR_MAX)
        return false;
    *ret_days = sl_days_from_date(year, month, 1);
    return true;
}

bool
sl_time_parse_short(struct sl_text text, int64_t *ret_us)
{
    const char *at, *end;
    int32_t hour;

    text = time_trim(text);
    at = text.start;
    end = at + text.length;
    if (!time_read_number(&at, end, 2, &hour) || at != end || hour > 23)
        return false;
    *ret_us = hour * SL_US_PER_HOUR;
    return true;
}

bool
sl_timestamp_parse(struct sl_text text, int64_t *ret_us, bool *ret_has_zone, int64_t *ret_offset_us)
{
    const char *at, *end;
    int32_t days;
    int64_t us = 0, offset_us = 0;
    bool has_zone = false;

    text = time_trim(text);
    at = text.start;
    end = at + text.length;
    if (!time_read_date(&at, end, &days))
        return false;
    if (at < end) {
        if (*at != 'T' && *at != 't' && *at != ' ')
            return false;
        at++;
        if (!time_read_time(&at, end, &us))
            return false;
        while (at < end && *at == ' ')
            at++;
        if (at < end) {
            has_zone = true;
            if (!time_read_zone(&at, end, &offset_us))
                return false;
        }
    }
    if (at != end)
        return false;
    *ret_us = days * SL_US_PER_DAY + us;
    *ret_has_zone = has_zone;
    *ret_offset_us = offset_us;
    return true;
}

bool
sl_time_unit_parse(struct sl_text name, enum sl_time_unit *ret_unit)
{
    static const struct {
        const char *name;
        enum sl_time_unit unit;
    } units[] = {
        {"NANOSECOND", SL_UNIT_NANOSECOND},
        {"MICROSECOND", SL_UNIT_MICROSECOND},
        {"MILLISECOND", SL_UNIT_MILLISECOND},
        {"SECOND", SL_UNIT_SECOND},
        {"MINUTE", SL_UNIT_MINUTE},
        {"HOUR", SL_UNIT_HOUR},
        {"DAY", SL_UNIT_DAY},
        {"WEEK", SL_UNIT_WEEK},
        {"MONTH", SL_UNIT_MONTH},
        {"QUARTER", SL_UNIT_QUARTER},
        {"YEAR", SL_UNIT_YEAR},
        {"DECADE", SL_UNIT_DECADE},
        {"CENTURY", SL_UNIT_CENTURY},
        {"MILLENNIUM", SL_UNIT_MILLENNIUM},
        {"EPOCH", SL_UNIT_EPOCH},
        {"DOW", SL_UNIT_DOW},
        {"ISODOW", SL_UNIT_ISODOW},
        {"DOY", SL_UNIT_DOY},
        {"ISOYEAR", SL_UNIT_ISOYEAR},
        {"FRAC_SECOND", SL_UNIT_MICROSECOND},
        {"DAYOFWEEK", SL_UNIT_DOW},
        {"DAYOFYEAR", SL_UNIT_DOY},
    };

    /* TIMESTAMPADD and psql users write plurals and SQL_TSI_ prefixes. */
    if (name.length > 8 &&
        sl_text_equal_nocase((struct sl_text){name.start, 8}, SL_TEXT("SQL_TSI_"))) {
        name.start += 8;
        name.length -= 8;
    }
    for (int plural = 0; plural < 2; plural++) {
        for (size_t i = 0; i < SL_COUNT_OF(units); i++) {
            if (sl_text_equal_nocase(name, sl_text_of(units[i].name))) {
                *ret_unit = units[i].unit;
                return true;
            }
        }
        if (name.length == 0 || (name.start[name.length - 1] | 0x20) != 's')
            break;
        name.length--;
    }
    return false;
}
