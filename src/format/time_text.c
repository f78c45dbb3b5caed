/* Dates and times of fixed layout: see time_text.h. */
#include "format/time_text.h"

#include "data/time.h"

void
sl_time_reader_init(struct sl_time_reader *reader, enum sl_time_standard standard)
{
    *reader = (struct sl_time_reader){.standard = standard};
}

/* Two digits, or something above 99 when they are none. */
static inline unsigned
time_two(const char *at)
{
    unsigned high = (unsigned char)at[0] - (unsigned)'0',
             low = (unsigned char)at[1] - (unsigned)'0';

    return high <= 9 && low <= 9 ? high * 10 + low : 1000;
}

bool
sl_time_read_date(struct sl_time_reader *reader, struct sl_text text, int32_t *ret_days)
{
    const char *at = text.start;
    unsigned century, year, month, day;

    if (text.length != sizeof(reader->date))
        return false;
    if (reader->has_date && memcmp(at, reader->date, sizeof(reader->date)) == 0) {
        *ret_days = reader->days;
        return true;
    }
    century = time_two(at);
    year = time_two(at + 2);
    month = time_two(at + 5);
    day = time_two(at + 8);
    if (century > 99 || year > 99 || at[4] != '-' || at[7] != '-' || month > 12 || day > 31 ||
        !sl_date_is_valid((int32_t)(century * 100 + year), (int32_t)month, (int32_t)day))
        return false;
    reader->days = sl_days_from_date((int32_t)(century * 100 + year), (int32_t)month, (int32_t)day);
    memcpy(reader->date, at, sizeof(reader->date));
    reader->has_date = true;
    *ret_days = reader->days;
    return true;
}

/* ".123456789" → microseconds, digits after the precision cut. */
static bool
time_read_fraction(const char *at, size_t length, int precision, int64_t *ret_us)
{
    static const int32_t units[] = {100000, 10000, 1000, 100, 10, 1};
    int64_t us = 0;

    if (length < 2 || length > 10 || at[0] != '.')
        return false;
    for (size_t i = 1; i < length; i++) {
        unsigned digit = (unsigned char)at[i] - (unsigned)'0';

        if (digit > 9)
            return false;
        if ((int)i <= precision && i <= SL_COUNT_OF(units))
            us += units[i - 1] * (int64_t)digit;
    }
    *ret_us = us;
    return true;
}

bool
sl_time_read_time(struct sl_time_reader *reader, struct sl_text text, int precision,
                  int64_t *ret_us)
{
    const char *at = text.start;
    unsigned hour, minute, second = 0;
    int64_t us = 0;

    if (text.length < 8 && (reader->standard != SL_TIME_ISO_8601 || text.length != 5))
        return false;
    hour = time_two(at);
    minute = time_two(at + 3);
    if (hour > 23 || minute > 59 || at[2] != ':')
        return false;
    if (text.length >= 8) {
        second = time_two(at + 6);
        if (second > 59 || at[5] != ':')
            return false;
    }
    if (text.length > 8 && !time_read_fraction(at + 8, text.length - 8, precision, &us))
        return false;
    *ret_us = hour * SL_US_PER_HOUR + minute * SL_US_PER_MINUTE + second * SL_US_PER_SECOND + us;
    return true;
}

bool
sl_time_read_timestamp(struct sl_time_reader *reader, struct sl_text text, bool with_zone,
                       int precision, int64_t *ret_us)
{
    int32_t days;
    int64_t us;

    if (with_zone) {
        if (text.length == 0 || text.start[text.length - 1] != 'Z')
            return false;
        text.length--;
    }
    if (text.length < 16 || text.start[10] != (reader->standard == SL_TIME_SQL ? ' ' : 'T') ||
        !sl_time_read_date(reader, (struct sl_text){text.start, 10}, &days) ||
        !sl_time_read_time(reader, (struct sl_text){text.start + 11, text.length - 11}, precision,
                           &us))
        return false;
    *ret_us = days * SL_US_PER_DAY + us;
    return true;
}
