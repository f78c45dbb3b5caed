/* TO_CHAR of times: PostgreSQL's templates.  Those of numbers are in func_to_char_number.c. */
#include "expr/kernels.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

enum char_field {
    CHAR_YEAR,
    CHAR_YEAR_COMMA,
    CHAR_ISO_YEAR,
    CHAR_MONTH_NAME,
    CHAR_MONTH_SHORT,
    CHAR_MONTH,
    CHAR_DAY_NAME,
    CHAR_DAY_SHORT,
    CHAR_DAY_OF_YEAR,
    CHAR_DAY,
    CHAR_WEEKDAY,
    CHAR_ISO_WEEKDAY,
    CHAR_WEEK_OF_MONTH,
    CHAR_WEEK,
    CHAR_ISO_WEEK,
    CHAR_CENTURY,
    CHAR_QUARTER,
    CHAR_HOUR24,
    CHAR_HOUR12,
    CHAR_MINUTE,
    CHAR_SECOND_OF_DAY,
    CHAR_SECOND,
    CHAR_FRACTION,
    CHAR_HALF,
    CHAR_HALF_POINTS,
    CHAR_ERA,
    CHAR_OFFSET,
    CHAR_LITERAL,
};

/* Longer words first where one begins another. */
static const struct char_word {
    const char *word;
    enum char_field field;
    int width; /* digits, or of the fraction how many */
} char_words[] = {
    {"Y,YYY", CHAR_YEAR_COMMA, 5},
    {"YYYY", CHAR_YEAR, 4},
    {"YYY", CHAR_YEAR, 3},
    {"YY", CHAR_YEAR, 2},
    {"Y", CHAR_YEAR, 1},
    {"IYYY", CHAR_ISO_YEAR, 4},
    {"IYY", CHAR_ISO_YEAR, 3},
    {"IY", CHAR_ISO_YEAR, 2},
    {"IDDD", CHAR_LITERAL, 0},
    {"ID", CHAR_ISO_WEEKDAY, 1},
    {"IW", CHAR_ISO_WEEK, 2},
    {"I", CHAR_ISO_YEAR, 1},
    {"MONTH", CHAR_MONTH_NAME, 9},
    {"MON", CHAR_MONTH_SHORT, 3},
    {"MM", CHAR_MONTH, 2},
    {"MI", CHAR_MINUTE, 2},
    {"MS", CHAR_FRACTION, 3},
    {"DAY", CHAR_DAY_NAME, 9},
    {"DDD", CHAR_DAY_OF_YEAR, 3},
    {"DD", CHAR_DAY, 2},
    {"DY", CHAR_DAY_SHORT, 3},
    {"D", CHAR_WEEKDAY, 1},
    {"WW", CHAR_WEEK, 2},
    {"W", CHAR_WEEK_OF_MONTH, 1},
    {"CC", CHAR_CENTURY, 2},
    {"Q", CHAR_QUARTER, 1},
    {"HH24", CHAR_HOUR24, 2},
    {"HH12", CHAR_HOUR12, 2},
    {"HH", CHAR_HOUR12, 2},
    {"SSSSS", CHAR_SECOND_OF_DAY, 1},
    {"SSSS", CHAR_SECOND_OF_DAY, 1},
    {"SS", CHAR_SECOND, 2},
    {"US", CHAR_FRACTION, 6},
    {"FF1", CHAR_FRACTION, 1},
    {"FF2", CHAR_FRACTION, 2},
    {"FF3", CHAR_FRACTION, 3},
    {"FF4", CHAR_FRACTION, 4},
    {"FF5", CHAR_FRACTION, 5},
    {"FF6", CHAR_FRACTION, 6},
    {"A.M.", CHAR_HALF_POINTS, 4},
    {"P.M.", CHAR_HALF_POINTS, 4},
    {"AM", CHAR_HALF, 2},
    {"PM", CHAR_HALF, 2},
    {"AD", CHAR_ERA, 2},
    {"BC", CHAR_ERA, 2},
    {"OF", CHAR_OFFSET, 3},
};

struct char_time {
    struct sl_date_parts date;
    int32_t days, iso_year, iso_week;
    int64_t us, offset_us;
};

/* --- what a field is --- */

static const char *const char_months[] = {"January",   "February", "March",    "April",
                                          "May",       "June",     "July",     "August",
                                          "September", "October",  "November", "December"};
static const char *const char_weekdays[] = {"Sunday",   "Monday", "Tuesday", "Wednesday",
                                            "Thursday", "Friday", "Saturday"};

static void
char_split(struct char_time *time, int64_t us, int64_t offset_us)
{
    int32_t weekday, thursday;

    time->offset_us = offset_us;
    time->days = (int32_t)sl_timestamp_floor_day(us, &time->us);
    time->date = sl_date_from_days(time->days);
    weekday = ((time->days + 3) % 7 + 7) % 7; /* Monday is 0 */
    thursday = time->days - weekday + 3;
    time->iso_year = sl_date_from_days(thursday).year;
    time->iso_week = (thursday - sl_days_from_date(time->iso_year, 1, 1)) / 7 + 1;
}

static int64_t
char_number(const struct char_time *time, enum char_field field)
{
    int32_t first = sl_days_from_date(time->date.year, 1, 1);
    int64_t hour = time->us / SL_US_PER_HOUR;

    switch (field) {
    case CHAR_YEAR:
        return time->date.year;
    case CHAR_ISO_YEAR:
        return time->iso_year;
    case CHAR_MONTH:
        return time->date.month;
    case CHAR_DAY_OF_YEAR:
        return time->days - first + 1;
    case CHAR_DAY:
        return time->date.day;
    case CHAR_WEEKDAY:
        return ((time->days + 4) % 7 + 7) % 7 + 1;
    case CHAR_ISO_WEEKDAY:
        return ((time->days + 3) % 7 + 7) % 7 + 1;
    case CHAR_WEEK_OF_MONTH:
        return (time->date.day - 1) / 7 + 1;
    case CHAR_WEEK:
        return (time->days - first) / 7 + 1;
    case CHAR_ISO_WEEK:
        return time->iso_week;
    case CHAR_CENTURY:
        return (time->date.year + 99) / 100;
    case CHAR_QUARTER:
        return (time->date.month - 1) / 3 + 1;
    case CHAR_HOUR24:
        return hour;
    case CHAR_HOUR12:
        return hour % 12 ? hour % 12 : 12;
    case CHAR_MINUTE:
        return time->us / SL_US_PER_MINUTE % 60;
    case CHAR_SECOND_OF_DAY:
        return time->us / SL_US_PER_SECOND;
    default:
        return time->us / SL_US_PER_SECOND % 60;
    }
}

/* --- writing --- */

/* As the template has it: MONTH, Month or month. */
static void
char_put_name(struct sl_buffer *to, const char *name, size_t length, const char *word, int width)
{
    bool first_upper = isupper((unsigned char)word[0]) != 0;
    bool rest_upper = first_upper && isupper((unsigned char)word[1]);

    for (size_t i = 0; i < length; i++) {
        int c = (unsigned char)name[i];
        bool upper = i == 0 ? first_upper : rest_upper;

        sl_buffer_add_byte(to, (char)(upper ? toupper(c) : tolower(c)));
    }
    for (size_t i = length; (int)i < width; i++)
        sl_buffer_add_byte(to, ' ');
}

static void
char_put_number(struct sl_buffer *to, const struct char_time *time, const struct char_word *word,
                bool fill)
{
    int64_t number = char_number(time, word->field);
    int width = fill ? word->width : 0;

    if (word->field == CHAR_YEAR || word->field == CHAR_ISO_YEAR) {
        static const int64_t cuts[] = {0, 10, 100, 1000};

        if (word->width < 4)
            number %= cuts[word->width];
    }
    sl_buffer_printf(to, "%0*lld", width, (long long)number);
}

static void
char_put_offset(struct sl_buffer *to, int64_t offset_us)
{
    int64_t minutes = llabs(offset_us) / SL_US_PER_MINUTE;

    sl_buffer_printf(to, "%c%02d", offset_us < 0 ? '-' : '+', (int)(minutes / 60));
    if (minutes % 60)
        sl_buffer_printf(to, ":%02d", (int)(minutes % 60));
}

static void
char_put_fraction(struct sl_buffer *to, int64_t us, int digits)
{
    char text[8];

    snprintf(text, sizeof(text), "%06d", (int)(us % SL_US_PER_SECOND));
    sl_buffer_add(to, text, (size_t)digits);
}

static void
char_put(struct sl_buffer *to, const struct char_time *time, const struct char_word *word,
         const char *written, bool fill)
{
    bool is_afternoon = time->us >= 12 * SL_US_PER_HOUR;
    const char *name;

    switch (word->field) {
    case CHAR_MONTH_NAME:
    case CHAR_MONTH_SHORT:
        name = char_months[time->date.month - 1];
        char_put_name(to, name, word->field == CHAR_MONTH_NAME ? strlen(name) : 3, written,
                      fill ? word->width : 0);
        break;
    case CHAR_DAY_NAME:
    case CHAR_DAY_SHORT:
        name = char_weekdays[((time->days + 4) % 7 + 7) % 7];
        char_put_name(to, name, word->field == CHAR_DAY_NAME ? strlen(name) : 3, written,
                      fill ? word->width : 0);
        break;
    case CHAR_HALF:
        sl_buffer_add_string(to, islower((unsigned char)*written) ? (is_afternoon ? "pm" : "am")
                                                                  : (is_afternoon ? "PM" : "AM"));
        break;
    case CHAR_HALF_POINTS:
        sl_buffer_add_string(to, islower((unsigned char)*written)
                                     ? (is_afternoon ? "p.m." : "a.m.")
                                     : (is_afternoon ? "P.M." : "A.M."));
        break;
    case CHAR_ERA:
        sl_buffer_add_string(to, islower((unsigned char)*written)
                                     ? (time->date.year > 0 ? "ad" : "bc")
                                     : (time->date.year > 0 ? "AD" : "BC"));
        break;
    case CHAR_YEAR_COMMA:
        sl_buffer_printf(to, "%d,%03d", time->date.year / 1000, time->date.year % 1000);
        break;
    case CHAR_FRACTION:
        char_put_fraction(to, time->us, word->width);
        break;
    case CHAR_OFFSET:
        char_put_offset(to, time->offset_us);
        break;
    default:
        char_put_number(to, time, word, fill);
        break;
    }
}

static const struct char_word *
char_find(const char *at, const char *end)
{
    for (size_t i = 0; i < SL_COUNT_OF(char_words); i++) {
        size_t length = strlen(char_words[i].word);

        if ((size_t)(end - at) >= length && strncasecmp(at, char_words[i].word, length) == 0)
            return &char_words[i];
    }
    return NULL;
}

/* What is not built: J, RM, TZ, TZH, TZM, IDDD and the suffixes TH, SP. */
static bool
char_is_refused(const char *at, const char *end)
{
    static const char *const words[] = {"TZ", "RM", "J", "IDDD", "TH", "SP", "TM"};

    for (size_t i = 0; i < SL_COUNT_OF(words); i++) {
        size_t length = strlen(words[i]);

        if ((size_t)(end - at) >= length && strncasecmp(at, words[i], length) == 0)
            return true;
    }
    return false;
}

/* The sign at `at`, quoted text or a letter that means nothing; the position behind it. */
static const char *
char_put_literal(struct sl_buffer *to, const char *at, const char *end)
{
    if (*at == '\\' && at + 1 < end)
        at++;
    else if (*at == '"') {
        for (at++; at < end && *at != '"'; at++) {
            if (*at == '\\' && at + 1 < end)
                at++;
            sl_buffer_add_byte(to, *at);
        }
        return at < end ? at + 1 : at;
    }
    sl_buffer_add_byte(to, *at);
    return at + 1;
}

/* NULL, or what it does not know. */
static const char *
char_format(const struct char_time *time, struct sl_text pattern, struct sl_buffer *to)
{
    const char *at = pattern.start, *end = pattern.start + pattern.length;
    bool fill = true;

    while (at < end) {
        const struct char_word *word;

        if ((size_t)(end - at) >= 2 && strncasecmp(at, "FM", 2) == 0) {
            fill = false;
            at += 2;
            continue;
        }
        if (char_is_refused(at, end))
            return at;
        word = char_find(at, end);
        if (word) {
            char_put(to, time, word, at, fill);
            at += strlen(word->word);
        } else {
            at = char_put_literal(to, at, end);
        }
        fill = true;
    }
    return NULL;
}

/* TO_CHAR(timestamp, template) */
void
sl_kernel_to_char_time(struct sl_call *call)
{
    bool is_local = SL_ARG_TYPE(call, 0)->kind == SL_TYPE_TIMESTAMP_LTZ;
    struct sl_heap_writer writer;
    struct sl_buffer buffer;

    sl_call_heap(call, &writer);
    sl_buffer_init(&buffer, SIZE_MAX / 2);
    SL_FOR_ROWS(call, row)
    {
        int64_t us = sl_call_bigint(call, 0, row), offset_us = 0;
        struct char_time time;
        const char *unknown;

        if (is_local)
            offset_us = sl_zone_offset_us(call->settings->zone, us);
        char_split(&time, us + offset_us, offset_us);
        sl_buffer_reset(&buffer);
        unknown = char_format(&time, sl_call_text(call, 1, row), &buffer);
        if (unknown)
            sl_call_fail(call, row, SL_E_NOT_SUPPORTED,
                         "TO_CHAR: %.2s in the template \"%s\" is not supported", unknown,
                         sl_call_arg_text(call, 1, row));
        else
            sl_call_put_text(call, &writer, row, buffer.data ? buffer.data : "", buffer.length);
    }
    sl_buffer_done(&buffer);
}
