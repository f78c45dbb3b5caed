/* Time zones out of the system's tz database (TZif files, RFC 9636), with the POSIX rule of the
 * footer for times after the last transition.
 *
 * Zones are read once and kept for ever in a list; entries never change, so readers of a zone take
 * no lock, only look-ups by name do. */
#include "data/time.h"

#include <ctype.h>
#include <endian.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#define ZONE_DIRECTORY "/usr/share/zoneinfo/"
#define ZONE_FILE_SIZE_MAX ((size_t)1 << 20)
#define ZONE_NAME_MAX 128
#define ZONE_HEADER_SIZE 44

/* When daylight saving begins or ends: week `week` of a month, or a day of the year. */
struct zone_rule_date {
    char kind; /* 'M': month, week, weekday; 'J': day 1 … 365 without 29 February; 'D': day 0 … 365
                */
    int32_t month, week, day;
    int64_t us; /* local time of the day */
};

struct zone_rule {
    int64_t standard_us, daylight_us; /* offsets, east positive */
    bool has_daylight;
    struct zone_rule_date begin, end; /* of daylight saving */
};

struct sl_zone {
    char name[ZONE_NAME_MAX];
    int64_t *times_us; /* ascending; offsets_us[i] holds from times_us[i] on */
    int64_t *offsets_us;
    size_t count;
    int64_t first_offset_us; /* before the first transition */
    struct zone_rule rule;
    bool has_rule;
    struct sl_zone *next;
};

static pthread_mutex_t zone_lock = PTHREAD_MUTEX_INITIALIZER;
static struct sl_zone *zone_list;
static const struct sl_zone zone_utc = {.name = "UTC"};

const struct sl_zone *
sl_zone_utc(void)
{
    return &zone_utc;
}

const char *
sl_zone_name(const struct sl_zone *zone)
{
    return zone->name;
}

/* --- the POSIX rule: "CET-1CEST,M3.5.0,M10.5.0/3" --- */

static bool
zone_skip_abbreviation(const char **at)
{
    const char *start = *at;

    if (**at == '<') {
        while (**at && **at != '>')
            (*at)++;
        if (**at != '>')
            return false;
        (*at)++;
        return true;
    }
    while (isalpha((unsigned char)**at))
        (*at)++;
    return *at > start;
}

static bool
zone_read_number(const char **at, int32_t *ret_number)
{
    int32_t number = 0;
    const char *start = *at;

    while (isdigit((unsigned char)**at) && *at - start < 4)
        number = number * 10 + (*(*at)++ - '0');
    *ret_number = number;
    return *at > start;
}

/* [+-]hh[:mm[:ss]] */
static bool
zone_read_time(const char **at, int64_t *ret_us)
{
    bool is_negative = **at == '-';
    int32_t part;
    int64_t us;

    if (**at == '-' || **at == '+')
        (*at)++;
    if (!zone_read_number(at, &part))
        return false;
    us = part * SL_US_PER_HOUR;
    if (**at == ':') {
        (*at)++;
        if (!zone_read_number(at, &part))
            return false;
        us += part * SL_US_PER_MINUTE;
        if (**at == ':') {
            (*at)++;
            if (!zone_read_number(at, &part))
                return false;
            us += part * SL_US_PER_SECOND;
        }
    }
    *ret_us = is_negative ? -us : us;
    return true;
}

static bool
zone_read_rule_date(const char **at, struct zone_rule_date *date)
{
    if (*(*at)++ != ',')
        return false;
    date->kind = 'D';
    date->us = 2 * SL_US_PER_HOUR;
    if (**at == 'M' || **at == 'J')
        date->kind = *(*at)++;
    if (date->kind == 'M') {
        if (!zone_read_number(at, &date->month) || *(*at)++ != '.' ||
            !zone_read_number(at, &date->week) || *(*at)++ != '.' ||
            !zone_read_number(at, &date->day))
            return false;
        if (date->month < 1 || date->month > 12 || date->week < 1 || date->week > 5 ||
            date->day > 6)
            return false;
    } else if (!zone_read_number(at, &date->day)) {
        return false;
    }
    if (**at == '/') {
        (*at)++;
        return zone_read_time(at, &date->us);
    }
    return true;
}

static bool
zone_read_rule(const char *at, struct zone_rule *rule)
{
    if (!zone_skip_abbreviation(&at) || !zone_read_time(&at, &rule->standard_us))
        return false;
    rule->standard_us = -rule->standard_us; /* POSIX counts west */
    if (*at == '\0')
        return true;
    if (!zone_skip_abbreviation(&at))
        return false;
    rule->daylight_us = rule->standard_us + SL_US_PER_HOUR;
    if (*at != ',') {
        if (!zone_read_time(&at, &rule->daylight_us))
            return false;
        rule->daylight_us = -rule->daylight_us;
    }
    rule->has_daylight = true;
    return zone_read_rule_date(&at, &rule->begin) && zone_read_rule_date(&at, &rule->end) &&
           *at == '\0';
}

/* The local time, in microseconds since 1970, at which a rule date falls in a year. */
static int64_t
zone_rule_local_us(const struct zone_rule_date *date, int32_t year)
{
    int32_t first = sl_days_from_date(year, 1, 1), days;

    if (date->kind == 'J') {
        bool is_leap = sl_date_is_valid(year, 2, 29);

        days = first + date->day - 1 + (is_leap && date->day >= 60);
    } else if (date->kind == 'D') {
        days = first + date->day;
    } else {
        int32_t weekday;

        days = sl_days_from_date(year, date->month, 1);
        weekday = ((days + 4) % 7 + 7) % 7; /* 1970-01-01 was a Thursday; Sunday is 0 */
        days += (date->day - weekday + 7) % 7 + (date->week - 1) * 7;
        while (sl_date_from_days(days).month != date->month)
            days -= 7;
    }
    return days * SL_US_PER_DAY + date->us;
}

static int64_t
zone_rule_offset_us(const struct zone_rule *rule, int64_t utc_us)
{
    int64_t rest, begin, end;
    int32_t year;

    if (!rule->has_daylight)
        return rule->standard_us;
    year =
        sl_date_from_days((int32_t)sl_timestamp_floor_day(utc_us + rule->standard_us, &rest)).year;
    begin = zone_rule_local_us(&rule->begin, year) - rule->standard_us;
    end = zone_rule_local_us(&rule->end, year) - rule->daylight_us;
    if (begin < end ? utc_us >= begin && utc_us < end : utc_us >= begin || utc_us < end)
        return rule->daylight_us;
    return rule->standard_us;
}

/* --- TZif --- */

struct zone_header {
    uint32_t isut_count, isstd_count, leap_count, time_count, type_count, char_count;
};

static uint32_t
zone_u32(const char *bytes)
{
    uint32_t value;

    memcpy(&value, bytes, sizeof(value));
    return be32toh(value);
}

static int64_t
zone_i64(const char *bytes)
{
    uint64_t value;

    memcpy(&value, bytes, sizeof(value));
    return (int64_t)be64toh(value);
}

static bool
zone_read_header(const char *data, size_t size, struct zone_header *header)
{
    if (size < ZONE_HEADER_SIZE || memcmp(data, "TZif", 4) != 0)
        return false;
    header->isut_count = zone_u32(data + 20);
    header->isstd_count = zone_u32(data + 24);
    header->leap_count = zone_u32(data + 28);
    header->time_count = zone_u32(data + 32);
    header->type_count = zone_u32(data + 36);
    header->char_count = zone_u32(data + 40);
    return header->time_count < 100000 && header->type_count >= 1 && header->type_count <= 256 &&
           header->char_count < 100000 && header->leap_count < 100000 &&
           header->isut_count <= 256 && header->isstd_count <= 256;
}

static size_t
zone_body_size(const struct zone_header *header, size_t time_size)
{
    return header->time_count * (time_size + 1) + header->type_count * 6 + header->char_count +
           header->leap_count * (time_size + 4) + header->isstd_count + header->isut_count;
}

/* Reads the second, 64-bit block and the footer. */
static bool
zone_read_file(struct sl_zone *zone, const char *data, size_t size)
{
    struct zone_header header;
    const char *times, *indexes, *types, *footer;
    size_t skip;

    if (!zone_read_header(data, size, &header) || data[4] < '2')
        return false;
    skip = ZONE_HEADER_SIZE + zone_body_size(&header, 4);
    if (skip > size || !zone_read_header(data + skip, size - skip, &header))
        return false;
    times = data + skip + ZONE_HEADER_SIZE;
    indexes = times + header.time_count * 8;
    types = indexes + header.time_count;
    footer = times + zone_body_size(&header, 8);
    if (footer > data + size)
        return false;
    zone->count = header.time_count;
    zone->times_us = sl_alloc_zeroed(zone->count * sizeof(int64_t));
    zone->offsets_us = sl_alloc_zeroed(zone->count * sizeof(int64_t));
    zone->first_offset_us = (int32_t)zone_u32(types) * SL_US_PER_SECOND;
    for (size_t i = 0; i < zone->count; i++) {
        unsigned type = (unsigned char)indexes[i];
        int64_t seconds = zone_i64(times + i * 8);

        if (type >= header.type_count)
            return false;
        seconds = SL_MAX(seconds, -INT64_C(9000000000000));
        zone->times_us[i] = seconds * SL_US_PER_SECOND;
        zone->offsets_us[i] = (int32_t)zone_u32(types + type * 6) * SL_US_PER_SECOND;
    }
    if (footer < data + size && *footer == '\n' && data[size - 1] == '\n' &&
        footer + 1 < data + size - 1) {
        char *rule = strndup(footer + 1, (size_t)(data + size - footer) - 2);

        zone->has_rule = rule && zone_read_rule(rule, &zone->rule);
        free(rule);
    }
    return true;
}

/* Java's short names, of which the tz database has some only. */
static const char *
zone_long_name(const char *name)
{
    static const struct {
        const char *name, *long_name;
    } names[] = {
        {"ACT", "Australia/Darwin"},
        {"AET", "Australia/Sydney"},
        {"AGT", "America/Argentina/Buenos_Aires"},
        {"ART", "Africa/Cairo"},
        {"AST", "America/Anchorage"},
        {"BET", "America/Sao_Paulo"},
        {"BST", "Asia/Dhaka"},
        {"CAT", "Africa/Harare"},
        {"CNT", "America/St_Johns"},
        {"CST", "America/Chicago"},
        {"CTT", "Asia/Shanghai"},
        {"EAT", "Africa/Addis_Ababa"},
        {"ECT", "Europe/Paris"},
        {"IET", "America/Indiana/Indianapolis"},
        {"IST", "Asia/Kolkata"},
        {"JST", "Asia/Tokyo"},
        {"MIT", "Pacific/Apia"},
        {"NET", "Asia/Yerevan"},
        {"NST", "Pacific/Auckland"},
        {"PLT", "Asia/Karachi"},
        {"PNT", "America/Phoenix"},
        {"PRT", "America/Puerto_Rico"},
        {"PST", "America/Los_Angeles"},
        {"SST", "Pacific/Guadalcanal"},
        {"VST", "Asia/Ho_Chi_Minh"},
    };

    for (size_t i = 0; i < SL_COUNT_OF(names); i++) {
        if (strcmp(name, names[i].name) == 0)
            return names[i].long_name;
    }
    return name;
}

static bool
zone_load(struct sl_zone *zone)
{
    char path[sizeof(ZONE_DIRECTORY) + ZONE_NAME_MAX];
    char *data = NULL;
    size_t size;
    bool loaded = false;
    FILE *file;

    snprintf(path, sizeof(path), ZONE_DIRECTORY "%s", zone_long_name(zone->name));
    file = fopen(path, "rbe");
    if (file == NULL)
        return false;
    data = sl_alloc(ZONE_FILE_SIZE_MAX);
    size = fread(data, 1, ZONE_FILE_SIZE_MAX, file);
    loaded = size > 0 && zone_read_file(zone, data, size);
    free(data);
    fclose(file);
    return loaded;
}

/* "+08:00", "-5", "UTC+8", "GMT-03:30". */
static bool
zone_read_fixed(struct sl_zone *zone)
{
    const char *at = zone->name;
    int64_t us;

    if (strncmp(at, "UTC", 3) == 0 || strncmp(at, "GMT", 3) == 0)
        at += 3;
    if ((*at != '+' && *at != '-') || !zone_read_time(&at, &us) || *at != '\0' ||
        llabs(us) > 18 * SL_US_PER_HOUR)
        return false;
    zone->first_offset_us = us;
    return true;
}

static bool
zone_name_is_safe(const char *name)
{
    for (const char *c = name; *c; c++) {
        if (!isalnum((unsigned char)*c) && strchr("_+-/:", *c) == NULL)
            return false;
    }
    return name[0] != '/';
}

int
sl_zone_find(struct sl_text name, const struct sl_zone **ret_zone, struct sl_error *err)
{
    struct sl_zone *zone;

    if (sl_text_equal_nocase(name, SL_TEXT("UTC")) || sl_text_equal_nocase(name, SL_TEXT("GMT")) ||
        sl_text_equal_nocase(name, SL_TEXT("Z"))) {
        *ret_zone = &zone_utc;
        return SL_OK;
    }
    pthread_mutex_lock(&zone_lock);
    for (zone = zone_list; zone; zone = zone->next) {
        if (sl_text_equal(sl_text_of(zone->name), name))
            break;
    }
    if (zone == NULL && name.length > 0 && name.length < ZONE_NAME_MAX) {
        zone = sl_alloc_zeroed(sizeof(*zone));
        memcpy(zone->name, name.start, name.length);
        if (zone_name_is_safe(zone->name) && (zone_read_fixed(zone) || zone_load(zone))) {
            zone->next = zone_list;
            zone_list = zone;
        } else {
            free(zone->times_us);
            free(zone->offsets_us);
            free(zone);
            zone = NULL;
        }
    }
    pthread_mutex_unlock(&zone_lock);
    if (zone == NULL) {
        SL_ERROR(err, SL_E_INVALID_PARAMETER_VALUE, "time zone \"%.*s\" does not exist",
                 SL_TEXT_FORMAT(name));
        return sl_error_hint(err, "use a name such as \"Europe/Berlin\", \"UTC\" or \"+02:00\"");
    }
    *ret_zone = zone;
    return SL_OK;
}

int64_t
sl_zone_offset_us(const struct sl_zone *zone, int64_t utc_us)
{
    size_t low = 0, high = zone->count;

    while (low < high) {
        size_t middle = (low + high) / 2;

        if (zone->times_us[middle] <= utc_us)
            low = middle + 1;
        else
            high = middle;
    }
    if (low == zone->count && zone->has_rule)
        return zone_rule_offset_us(&zone->rule, utc_us);
    return low == 0 ? zone->first_offset_us : zone->offsets_us[low - 1];
}

int64_t
sl_zone_to_utc(const struct sl_zone *zone, int64_t local_us)
{
    int64_t before, after;

    if (zone->count == 0 && !zone->has_rule)
        return local_us - zone->first_offset_us;
    /* The offsets on both sides of a change that may be near. */
    before = sl_zone_offset_us(zone, local_us - SL_US_PER_DAY);
    after = sl_zone_offset_us(zone, local_us + SL_US_PER_DAY);
    if (before == after || sl_zone_offset_us(zone, local_us - before) == before)
        return local_us - before;
    if (sl_zone_offset_us(zone, local_us - after) == after)
        return local_us - after;
    return local_us - before; /* a gap */
}

int64_t
sl_zone_to_utc_last(const struct sl_zone *zone, int64_t local_us)
{
    int64_t before, after, low, high;

    if (zone->count == 0 && !zone->has_rule)
        return local_us - zone->first_offset_us;
    before = sl_zone_offset_us(zone, local_us - SL_US_PER_DAY);
    after = sl_zone_offset_us(zone, local_us + SL_US_PER_DAY);
    low = local_us - after;
    high = local_us - before;
    if (before == after || sl_zone_offset_us(zone, low) == after)
        return low;
    if (sl_zone_offset_us(zone, high) == before)
        return high;
    while (high - low > 1) { /* the change is in (low, high] */
        int64_t middle = low + (high - low) / 2;

        if (sl_zone_offset_us(zone, middle) == before)
            low = middle;
        else
            high = middle;
    }
    return high;
}
