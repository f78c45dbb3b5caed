/* Patterns of Java's DateTimeFormatter, compiled into a list of items.  Letters: y u (year), M L
 * (month), d (day), D (day of the year), E (weekday), a (AM, PM), H k (hour of the day), h K (hour
 * of the half day), m, s, S (fraction of a second), n (nanosecond), Q q (quarter, printed only), X
 * x Z (offset from UTC).  As in Java, a run of digits without a separator is read by the letters'
 * counts. */
#include "data/time.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

struct time_item {
    char letter; /* 0: literal text */
    int count;
    bool is_date;     /* a letter that the day alone decides */
    bool is_adjacent; /* digits follow at once: take exactly `count` of them */
    struct sl_text literal;
};

struct sl_time_pattern {
    struct time_item *items;
    size_t count;
    int64_t unit_us;
    bool has_offset;
};

static const char *const pattern_months[] = {"January",   "February", "March",    "April",
                                             "May",       "June",     "July",     "August",
                                             "September", "October",  "November", "December"};
static const char *const pattern_weekdays[] = {"Sunday",   "Monday", "Tuesday", "Wednesday",
                                               "Thursday", "Friday", "Saturday"};

static bool
pattern_item_is_number(const struct time_item *item)
{
    if (item->letter == 0 || strchr("EaXxZ", item->letter))
        return false;
    return item->count <= 2 || strchr("MLQq", item->letter) == NULL;
}

/* The literal that begins at text[*at] == '\''; "''" is a quote. */
static int
pattern_read_quoted(struct sl_arena *arena, struct sl_text text, size_t *at, struct time_item *item,
                    struct sl_error *err)
{
    char *literal = sl_arena_alloc(arena, text.length + 1);
    size_t length = 0;

    (*at)++;
    if (*at < text.length && text.start[*at] == '\'') {
        literal[length++] = '\'';
        (*at)++;
        item->literal = (struct sl_text){literal, length};
        return SL_OK;
    }
    for (; *at < text.length; (*at)++) {
        if (text.start[*at] == '\'') {
            if (*at + 1 == text.length || text.start[*at + 1] != '\'') {
                (*at)++;
                item->literal = (struct sl_text){literal, length};
                return SL_OK;
            }
            (*at)++;
        }
        literal[length++] = text.start[*at];
    }
    return SL_ERROR(err, SL_E_INVALID_PARAMETER_VALUE,
                    "time pattern \"%.*s\" has a quote that is not closed", SL_TEXT_FORMAT(text));
}

/* The text of a letter changes at multiples of this only. */
static int64_t
pattern_letter_unit_us(char letter)
{
    switch (letter) {
    case 'H':
    case 'k':
    case 'K':
    case 'h':
    case 'a':
        return SL_US_PER_HOUR;
    case 'm':
        return SL_US_PER_MINUTE;
    case 's':
        return SL_US_PER_SECOND;
    case 'S':
    case 'n':
    case 'X': /* an offset changes whenever it likes */
    case 'x':
    case 'Z':
        return 1;
    default:
        return SL_US_PER_DAY;
    }
}

int
sl_time_pattern_new(struct sl_arena *arena, struct sl_text pattern,
                    const struct sl_time_pattern **ret_pattern, struct sl_error *err)
{
    struct sl_time_pattern *compiled = SL_NEW(arena, struct sl_time_pattern);
    struct sl_text text = sl_arena_text(arena, pattern);

    compiled->items = SL_NEW_ARRAY(arena, struct time_item, text.length + 1);
    compiled->unit_us = SL_US_PER_DAY;
    for (size_t at = 0; at < text.length;) {
        struct time_item *item = &compiled->items[compiled->count++];
        char c = text.start[at];

        if (c == '\'') {
            SL_TRY(pattern_read_quoted(arena, text, &at, item, err));
        } else if (isalpha((unsigned char)c)) {
            if (strchr("yuMLdDEaHkhKmsSnQqXxZ", c) == NULL) {
                SL_ERROR(err, SL_E_INVALID_PARAMETER_VALUE,
                         "time pattern \"%.*s\" has the letter %c, which is not supported",
                         SL_TEXT_FORMAT(pattern), c);
                return sl_error_hint(
                    err, "letters are y u M L d D E a H k h K m s S n Q q X x Z, as in Java: "
                         "'yyyy-MM-dd HH:mm:ss.SSS'");
            }
            item->letter = c;
            item->is_date = pattern_letter_unit_us(c) == SL_US_PER_DAY;
            compiled->has_offset |= strchr("XxZ", c) != NULL;
            compiled->unit_us = SL_MIN(compiled->unit_us, pattern_letter_unit_us(c));
            while (at < text.length && text.start[at] == c) {
                item->count++;
                at++;
            }
        } else {
            item->literal = (struct sl_text){text.start + at++, 1};
        }
    }
    for (size_t i = 0; i + 1 < compiled->count; i++)
        compiled->items[i].is_adjacent = pattern_item_is_number(&compiled->items[i]) &&
                                         pattern_item_is_number(&compiled->items[i + 1]);
    *ret_pattern = compiled;
    return SL_OK;
}

int64_t
sl_time_pattern_unit_us(const struct sl_time_pattern *pattern)
{
    return pattern->unit_us;
}

/* --- printing --- */

struct pattern_writer {
    char *to;
    size_t length, size;
};

static void
pattern_put(struct pattern_writer *writer, const char *text, size_t length)
{
    length = SL_MIN(length, writer->size - writer->length);
    memcpy(writer->to + writer->length, text, length);
    writer->length += length;
}

static void
pattern_put_number(struct pattern_writer *writer, int64_t number, int width)
{
    uint64_t left = number < 0 ? -(uint64_t)number : (uint64_t)number;
    char text[40], *end = text + sizeof(text), *at = end;

    if (width == 2 && left == (uint64_t)number && left < 100 && writer->size - writer->length > 2) {
        writer->to[writer->length++] = (char)('0' + left / 10);
        writer->to[writer->length++] = (char)('0' + left % 10);
        return;
    }
    width = SL_MIN(width, 20) - (number < 0);
    for (; left > 0 || end - at < SL_MAX(width, 1); left /= 10)
        *--at = (char)('0' + left % 10);
    if (number < 0)
        *--at = '-';
    pattern_put(writer, at, (size_t)(end - at));
}

static void
pattern_put_name(struct pattern_writer *writer, const char *name, int count)
{
    size_t length = count == 4 ? strlen(name) : count >= 5 ? 1 : 3;

    pattern_put(writer, name, SL_MIN(length, strlen(name)));
}

static void
pattern_put_date(struct pattern_writer *writer, const struct time_item *item, int32_t days,
                 struct sl_date_parts parts)
{
    int32_t quarter = (parts.month - 1) / 3 + 1;

    switch (item->letter) {
    case 'y':
    case 'u':
        if (item->count == 2)
            pattern_put_number(writer, ((parts.year % 100) + 100) % 100, 2);
        else
            pattern_put_number(writer, parts.year, item->count);
        break;
    case 'M':
    case 'L':
        if (item->count <= 2)
            pattern_put_number(writer, parts.month, item->count);
        else
            pattern_put_name(writer, pattern_months[parts.month - 1], item->count);
        break;
    case 'Q':
    case 'q':
        if (item->count == 3)
            pattern_put(writer, "Q", 1);
        pattern_put_number(writer, quarter, item->count <= 2 ? item->count : 1);
        break;
    case 'd':
        pattern_put_number(writer, parts.day, item->count);
        break;
    case 'D':
        pattern_put_number(writer, days - sl_days_from_date(parts.year, 1, 1) + 1, item->count);
        break;
    default:
        pattern_put_name(writer, pattern_weekdays[((days + 4) % 7 + 7) % 7], item->count);
        break;
    }
}

static void
pattern_put_time(struct pattern_writer *writer, const struct time_item *item, int64_t us_of_day)
{
    int64_t hour = us_of_day / SL_US_PER_HOUR;
    char fraction[9];

    switch (item->letter) {
    case 'a':
        pattern_put(writer, hour < 12 ? "AM" : "PM", 2);
        break;
    case 'H':
        pattern_put_number(writer, hour, item->count);
        break;
    case 'k':
        pattern_put_number(writer, hour ? hour : 24, item->count);
        break;
    case 'K':
        pattern_put_number(writer, hour % 12, item->count);
        break;
    case 'h':
        pattern_put_number(writer, hour % 12 ? hour % 12 : 12, item->count);
        break;
    case 'm':
        pattern_put_number(writer, us_of_day / SL_US_PER_MINUTE % 60, item->count);
        break;
    case 's':
        pattern_put_number(writer, us_of_day / SL_US_PER_SECOND % 60, item->count);
        break;
    case 'n':
        pattern_put_number(writer, us_of_day % SL_US_PER_SECOND * 1000, item->count);
        break;
    default:
        memset(fraction, '0', sizeof(fraction));
        us_of_day %= SL_US_PER_SECOND;
        for (int i = 5; i >= 0; i--, us_of_day /= 10)
            fraction[i] = (char)('0' + us_of_day % 10);
        pattern_put(writer, fraction, (size_t)SL_MIN(item->count, 9));
        break;
    }
}

/* X: Z for none, else +hh[mm]; two: +hhmm; three: +hh:mm; x never has Z; Z as two x, four of them
 * GMT+hh:mm. */
static void
pattern_put_offset(struct pattern_writer *writer, const struct time_item *item, int64_t offset_us)
{
    int64_t minutes = llabs(offset_us) / SL_US_PER_MINUTE;
    bool is_name = item->letter == 'Z' && item->count == 4, has_colon = item->count >= 3;
    char text[16];
    size_t length;

    if (offset_us == 0 && (item->letter == 'X' || (item->letter == 'Z' && item->count == 5))) {
        pattern_put(writer, "Z", 1);
        return;
    }
    if (item->letter == 'Z')
        has_colon = item->count > 3;
    length = (size_t)snprintf(text, sizeof(text), "%s%c%02d%s%02d", is_name ? "GMT" : "",
                              offset_us < 0 ? '-' : '+', (int)(minutes / 60), has_colon ? ":" : "",
                              (int)(minutes % 60));
    if (is_name && offset_us == 0)
        length = 3;
    if (item->letter != 'Z' && item->count == 1 && minutes % 60 == 0)
        length -= 2;
    pattern_put(writer, text, length);
}

bool
sl_time_pattern_has_offset(const struct sl_time_pattern *pattern)
{
    return pattern->has_offset;
}

size_t
sl_time_pattern_format(const struct sl_time_pattern *pattern, int64_t us, char *to, size_t size)
{
    return sl_time_pattern_format_zoned(pattern, us, 0, to, size);
}

size_t
sl_time_pattern_format_zoned(const struct sl_time_pattern *pattern, int64_t us, int64_t offset_us,
                             char *to, size_t size)
{
    struct pattern_writer writer = {to, 0, size};
    int64_t us_of_day, days = sl_timestamp_floor_day(us, &us_of_day);
    struct sl_date_parts parts = sl_date_from_days((int32_t)days);

    for (size_t i = 0; i < pattern->count; i++) {
        const struct time_item *item = &pattern->items[i];

        if (item->letter == 0)
            pattern_put(&writer, item->literal.start, item->literal.length);
        else if (item->is_date)
            pattern_put_date(&writer, item, (int32_t)days, parts);
        else if (strchr("XxZ", item->letter))
            pattern_put_offset(&writer, item, offset_us);
        else
            pattern_put_time(&writer, item, us_of_day);
    }
    return writer.length;
}

/* --- reading --- */

struct pattern_fields {
    int64_t year, month, day, day_of_year, hour, half_hour, minute, second, us, offset_us;
    bool is_afternoon, has_half, has_offset;
};

static bool
pattern_take_number(const char **at, const char *end, const struct time_item *item,
                    int64_t *ret_number)
{
    int max = item->is_adjacent || item->count > 1 ? item->count : 9, taken = 0;
    int64_t number = 0;

    /* A year of one letter or of four takes more digits when nothing adjoins, as in Java. */
    if (!item->is_adjacent && (item->letter == 'y' || item->letter == 'u') && item->count != 2)
        max = 9;
    while (*at < end && taken < max && isdigit((unsigned char)**at)) {
        number = number * 10 + (*(*at)++ - '0');
        taken++;
    }
    *ret_number = number;
    return taken >= item->count;
}

static bool
pattern_take_fraction(const char **at, const char *end, int count, int64_t *ret_us)
{
    int64_t unit = SL_US_PER_SECOND / 10;

    *ret_us = 0;
    for (int i = 0; i < count; i++, unit /= 10) {
        if (*at == end || !isdigit((unsigned char)**at))
            return false;
        *ret_us += (*(*at)++ - '0') * unit;
    }
    return true;
}

/* One of the names, whole (count 4) or its first three letters. */
static bool
pattern_take_name(const char **at, const char *end, const char *const *names, size_t name_count,
                  int count, int64_t *ret_index)
{
    for (size_t i = 0; i < name_count; i++) {
        size_t length = count == 4 ? strlen(names[i]) : 3;

        if ((size_t)(end - *at) >= length && strncasecmp(*at, names[i], length) == 0) {
            *at += length;
            *ret_index = (int64_t)i;
            return true;
        }
    }
    return false;
}

/* Z, or [GMT]+hh[[:]mm]. */
static bool
pattern_take_offset(const char **at, const char *end, struct pattern_fields *fields)
{
    const struct time_item two = {.letter = 'H', .count = 2};
    int64_t hours, minutes = 0;
    bool is_negative;

    fields->has_offset = true;
    if (*at < end && **at == 'Z') {
        (*at)++;
        return true;
    }
    if (end - *at >= 3 && memcmp(*at, "GMT", 3) == 0)
        *at += 3;
    if (*at == end || (**at != '+' && **at != '-'))
        return false;
    is_negative = *(*at)++ == '-';
    if (!pattern_take_number(at, end, &two, &hours))
        return false;
    if (end - *at >= 3 && **at == ':')
        (*at)++;
    if (*at < end && isdigit((unsigned char)**at) && !pattern_take_number(at, end, &two, &minutes))
        return false;
    fields->offset_us = hours * SL_US_PER_HOUR + minutes * SL_US_PER_MINUTE;
    if (is_negative)
        fields->offset_us = -fields->offset_us;
    return hours <= 18 && minutes <= 59;
}

static bool
pattern_take_letter(const struct time_item *item, const char **at, const char *end,
                    struct pattern_fields *fields)
{
    int64_t index;

    switch (item->letter) {
    case 'M':
    case 'L':
        if (item->count <= 2)
            return pattern_take_number(at, end, item, &fields->month);
        if (!pattern_take_name(at, end, pattern_months, 12, item->count, &index))
            return false;
        fields->month = index + 1;
        return true;
    case 'E':
        return pattern_take_name(at, end, pattern_weekdays, 7, item->count, &index);
    case 'a':
        if (end - *at < 2 || tolower((unsigned char)(*at)[1]) != 'm' ||
            strchr("aApP", (*at)[0]) == NULL)
            return false;
        fields->is_afternoon = tolower((unsigned char)(*at)[0]) == 'p';
        *at += 2;
        return true;
    case 'S':
        return pattern_take_fraction(at, end, item->count, &fields->us);
    case 'X':
    case 'x':
    case 'Z':
        return pattern_take_offset(at, end, fields);
    case 'y':
    case 'u':
        if (!pattern_take_number(at, end, item, &fields->year))
            return false;
        fields->year += item->count == 2 ? 2000 : 0;
        return true;
    case 'd':
        return pattern_take_number(at, end, item, &fields->day);
    case 'D':
        return pattern_take_number(at, end, item, &fields->day_of_year);
    case 'H':
        return pattern_take_number(at, end, item, &fields->hour);
    case 'k':
        if (!pattern_take_number(at, end, item, &fields->hour))
            return false;
        fields->hour = fields->hour == 24 ? 0 : fields->hour;
        return true;
    case 'h':
    case 'K':
        fields->has_half = true;
        return pattern_take_number(at, end, item, &fields->half_hour) && fields->half_hour <= 12;
    case 'm':
        return pattern_take_number(at, end, item, &fields->minute);
    case 's':
        return pattern_take_number(at, end, item, &fields->second);
    case 'n':
        if (!pattern_take_number(at, end, item, &index))
            return false;
        fields->us = index / 1000;
        return fields->us < SL_US_PER_SECOND;
    default:
        return false;
    }
}

/* Microseconds of the fields; false: there is no such time. */
static bool
pattern_time_of(struct pattern_fields *fields, int64_t *ret_us)
{
    int32_t days;

    if (fields->has_half)
        fields->hour = fields->half_hour % 12 + (fields->is_afternoon ? 12 : 0);
    if (fields->hour > 23 || fields->minute > 59 || fields->second > 59 || fields->year > 294276 ||
        !sl_date_is_valid((int32_t)fields->year, (int32_t)SL_MIN(fields->month, 13),
                          (int32_t)SL_MIN(fields->day, 32)))
        return false;
    if (fields->day_of_year >= 0) {
        if (fields->day_of_year < 1 || fields->day_of_year > 366)
            return false;
        days = sl_days_from_date((int32_t)fields->year, 1, 1) + (int32_t)fields->day_of_year - 1;
    } else {
        days =
            sl_days_from_date((int32_t)fields->year, (int32_t)fields->month, (int32_t)fields->day);
    }
    *ret_us = days * SL_US_PER_DAY + fields->hour * SL_US_PER_HOUR +
              fields->minute * SL_US_PER_MINUTE + fields->second * SL_US_PER_SECOND + fields->us;
    return true;
}

bool
sl_time_pattern_read(const struct sl_time_pattern *pattern, struct sl_text text,
                     struct sl_time_reading *ret_reading)
{
    struct pattern_fields fields = {.year = 1970, .month = 1, .day = 1, .day_of_year = -1};
    const char *at = text.start, *end = text.start + text.length;

    for (size_t i = 0; i < pattern->count; i++) {
        const struct time_item *item = &pattern->items[i];

        if (item->letter) {
            if (!pattern_take_letter(item, &at, end, &fields))
                return false;
        } else {
            if ((size_t)(end - at) < item->literal.length ||
                memcmp(at, item->literal.start, item->literal.length) != 0)
                return false;
            at += item->literal.length;
        }
    }
    *ret_reading = (struct sl_time_reading){.has_offset = fields.has_offset,
                                            .offset_us = fields.offset_us,
                                            .length = (size_t)(at - text.start)};
    return pattern_time_of(&fields, &ret_reading->us);
}

bool
sl_time_pattern_parse(const struct sl_time_pattern *pattern, struct sl_text text, int64_t *ret_us)
{
    struct sl_time_reading reading;

    if (!sl_time_pattern_read(pattern, text, &reading) || reading.length != text.length)
        return false;
    *ret_us = reading.us;
    return true;
}
