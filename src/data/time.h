/* Calendar arithmetic, reading and printing of dates and times, time zones. */
#ifndef SL_DATA_TIME_H
#define SL_DATA_TIME_H

#include "base/arena.h"
#include "base/error.h"

#define SL_US_PER_MS INT64_C(1000)
#define SL_US_PER_SECOND INT64_C(1000000)
#define SL_US_PER_MINUTE INT64_C(60000000)
#define SL_US_PER_HOUR INT64_C(3600000000)
#define SL_US_PER_DAY INT64_C(86400000000)

/* The highest watermark: no row will ever come; and the lowest: none was seen. */
#define SL_WATERMARK_MAX INT64_MAX
#define SL_WATERMARK_MIN INT64_MIN

struct sl_date_parts {
    int32_t year; /* astronomical: 0 is 1 BC */
    int32_t month, day; /* from 1 */
};

/* Proleptic Gregorian (Howard Hinnant's algorithms). */
int32_t sl_days_from_date(int32_t year, int32_t month, int32_t day);
struct sl_date_parts sl_date_from_days(int32_t days);
bool sl_date_is_valid(int32_t year, int32_t month, int32_t day);
int64_t sl_timestamp_floor_day(int64_t us, int64_t *ret_us_of_day); /* days, floor division */
/* Months added to a timestamp; the day is cut to the month's last. */
int64_t sl_timestamp_add_months(int64_t us, int64_t months);

/* A time zone: an IANA name out of the system's tz database, or "+hh:mm".  Immutable, shared, never
 * freed. */
struct sl_zone;
const struct sl_zone *sl_zone_utc(void);
int sl_zone_find(struct sl_text name, const struct sl_zone **ret_zone, struct sl_error *err);
const char *sl_zone_name(const struct sl_zone *zone);
int64_t sl_zone_offset_us(const struct sl_zone *zone, int64_t utc_us); /* east is positive */
/* A local time to UTC; in a gap it moves on by the gap, in an overlap the earlier is taken. */
int64_t sl_zone_to_utc(const struct sl_zone *zone, int64_t local_us);
/* The last moment at which clocks show a local time: in an overlap the later, in a gap the moment
 * of the change. */
int64_t sl_zone_to_utc_last(const struct sl_zone *zone, int64_t local_us);

/* Longest texts, with the terminating NUL. */
#define SL_TIME_TEXT_MAX 48
/* "2020-01-01", "12:34:56.5", "2020-01-01 12:34:56.5"; returns the length.  digits: how many of the
 * fraction are printed; -1: as many as needed (PostgreSQL). */
size_t sl_date_format(int32_t days, char *to);
size_t sl_time_format(int64_t us, int digits, char *to);
size_t sl_timestamp_format(int64_t us, int digits, char separator, char *to);
/* Accepts SQL and ISO 8601 forms: blank or T, optional time, optional fraction, optional zone (Z,
 * +hh[:mm]), which *ret_has_zone and *ret_offset_us tell.  False unless all of it parses. */
bool sl_date_parse(struct sl_text text, int32_t *ret_days);
bool sl_time_parse(struct sl_text text, int64_t *ret_us);
bool sl_timestamp_parse(struct sl_text text, int64_t *ret_us, bool *ret_has_zone,
                        int64_t *ret_offset_us);
/* What only CAST takes, as Flink does: a date without its day, or month, which is the first then; a
 * time that is an hour. */
bool sl_date_parse_short(struct sl_text text, int32_t *ret_days);
bool sl_time_parse_short(struct sl_text text, int64_t *ret_us);
/* Flink's/Java's patterns ("yyyy-MM-dd HH:mm:ss.SSS"), compiled once. */
struct sl_time_pattern;
int sl_time_pattern_new(struct sl_arena *arena, struct sl_text pattern,
                        const struct sl_time_pattern **ret_pattern, struct sl_error *err);
/* Times between the same two multiples of this have the same text. */
int64_t sl_time_pattern_unit_us(const struct sl_time_pattern *pattern);
size_t sl_time_pattern_format(const struct sl_time_pattern *pattern, int64_t us, char *to,
                              size_t size);
bool sl_time_pattern_parse(const struct sl_time_pattern *pattern, struct sl_text text,
                           int64_t *ret_us);
/* The same of a local time that is offset_us ahead of UTC, for patterns with X, x or Z. */
bool sl_time_pattern_has_offset(const struct sl_time_pattern *pattern);
size_t sl_time_pattern_format_zoned(const struct sl_time_pattern *pattern, int64_t us,
                                    int64_t offset_us, char *to, size_t size);
struct sl_time_reading {
    int64_t us; /* local */
    bool has_offset;
    int64_t offset_us;
    size_t length; /* of the text that was read: there may be more */
};
bool sl_time_pattern_read(const struct sl_time_pattern *pattern, struct sl_text text,
                          struct sl_time_reading *ret_reading);

/* Units of EXTRACT, FLOOR, CEIL, TIMESTAMPADD, TIMESTAMPDIFF. */
enum sl_time_unit {
    SL_UNIT_NANOSECOND, SL_UNIT_MICROSECOND, SL_UNIT_MILLISECOND, SL_UNIT_SECOND, SL_UNIT_MINUTE,
    SL_UNIT_HOUR, SL_UNIT_DAY, SL_UNIT_WEEK, SL_UNIT_MONTH, SL_UNIT_QUARTER, SL_UNIT_YEAR,
    SL_UNIT_DECADE, SL_UNIT_CENTURY, SL_UNIT_MILLENNIUM, SL_UNIT_EPOCH, SL_UNIT_DOW, SL_UNIT_ISODOW,
    SL_UNIT_DOY, SL_UNIT_ISOYEAR, SL_UNIT_COUNT,
};
bool sl_time_unit_parse(struct sl_text name, enum sl_time_unit *ret_unit);

#endif
