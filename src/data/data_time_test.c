/* The calendar, time zones at their changes, Java's patterns. */
#include "data/data_test.h"

Test(data_time, calendar)
{
    cr_assert_eq(sl_days_from_date(1970, 1, 1), 0);
    cr_assert_eq(sl_days_from_date(2000, 3, 1), 11017);
    cr_assert_eq(sl_days_from_date(1600, 2, 29), -135081);
    for (int32_t days = -800000; days < 800000; days += 37) {
        struct sl_date_parts parts = sl_date_from_days(days);

        cr_assert(sl_date_is_valid(parts.year, parts.month, parts.day));
        cr_assert_eq(sl_days_from_date(parts.year, parts.month, parts.day), days);
    }
}

static int64_t
timestamp(const char *text)
{
    int64_t us, offset_us;
    bool has_zone;

    cr_assert(sl_timestamp_parse(sl_text_of(text), &us, &has_zone, &offset_us), "%s", text);
    return us;
}

static const char *
text_of(int64_t us)
{
    static char text[SL_TIME_TEXT_MAX];

    sl_timestamp_format(us, -1, ' ', text);
    return text;
}

Test(data_time, months_cut_the_day)
{
    cr_assert_str_eq(text_of(sl_timestamp_add_months(timestamp("2024-01-31 10:00:00"), 1)),
                     "2024-02-29 10:00:00");
    cr_assert_str_eq(text_of(sl_timestamp_add_months(timestamp("2024-01-31"), -2)),
                     "2023-11-30 00:00:00");
    cr_assert_str_eq(text_of(sl_timestamp_add_months(timestamp("1969-03-31"), -13)),
                     "1968-02-29 00:00:00");
}

Test(data_time, zones_at_their_changes)
{
    const struct sl_zone *berlin, *york, *fixed;
    struct sl_error err;

    cr_assert_eq(sl_zone_find(SL_TEXT("Europe/Berlin"), &berlin, &err), SL_OK);
    cr_assert_eq(sl_zone_find(SL_TEXT("America/New_York"), &york, &err), SL_OK);
    cr_assert_eq(sl_zone_find(SL_TEXT("GMT+05:30"), &fixed, &err), SL_OK);
    cr_assert_eq(sl_zone_offset_us(berlin, timestamp("2024-03-31 00:59:59")), SL_US_PER_HOUR);
    cr_assert_eq(sl_zone_offset_us(berlin, timestamp("2024-03-31 01:00:00")), 2 * SL_US_PER_HOUR);
    /* Far in the future only the rule of the footer holds. */
    cr_assert_eq(sl_zone_offset_us(berlin, timestamp("2500-07-01")), 2 * SL_US_PER_HOUR);
    cr_assert_eq(sl_zone_offset_us(york, timestamp("2500-01-01")), -5 * SL_US_PER_HOUR);
    cr_assert_eq(sl_zone_offset_us(fixed, 0), 330 * SL_US_PER_MINUTE);
    /* A gap moves on, an overlap takes the earlier; see java.time.LocalDateTime.atZone. */
    cr_assert_str_eq(text_of(sl_zone_to_utc(berlin, timestamp("2024-03-31 02:30:00"))),
                     "2024-03-31 01:30:00");
    cr_assert_str_eq(text_of(sl_zone_to_utc(berlin, timestamp("2024-10-27 02:30:00"))),
                     "2024-10-27 00:30:00");
    cr_assert_str_eq(text_of(sl_zone_to_utc_last(berlin, timestamp("2024-03-31 01:59:59"))),
                     "2024-03-31 00:59:59");
    cr_assert_str_eq(text_of(sl_zone_to_utc_last(berlin, timestamp("2024-03-31 02:30:00"))),
                     "2024-03-31 01:00:00");
    cr_assert_str_eq(text_of(sl_zone_to_utc_last(berlin, timestamp("2024-03-31 03:00:00"))),
                     "2024-03-31 01:00:00");
    cr_assert_str_eq(text_of(sl_zone_to_utc_last(berlin, timestamp("2024-10-27 01:59:59"))),
                     "2024-10-26 23:59:59");
    cr_assert_str_eq(text_of(sl_zone_to_utc_last(berlin, timestamp("2024-10-27 02:30:00"))),
                     "2024-10-27 01:30:00");
    cr_assert_str_eq(text_of(sl_zone_to_utc_last(berlin, timestamp("2024-10-27 03:00:00"))),
                     "2024-10-27 02:00:00");
    cr_assert_str_eq(text_of(sl_zone_to_utc_last(york, timestamp("2024-07-01 12:00:00"))),
                     "2024-07-01 16:00:00");
    cr_assert_str_eq(text_of(sl_zone_to_utc(york, timestamp("2024-07-01 12:00:00"))),
                     "2024-07-01 16:00:00");
    cr_assert_eq(sl_zone_find(SL_TEXT("../etc/passwd"), &york, &err), SL_E_INVALID_PARAMETER_VALUE);
    cr_assert_eq(sl_zone_find(SL_TEXT("Mars/Base"), &york, &err), SL_E_INVALID_PARAMETER_VALUE);
}

Test(data_time, patterns)
{
    static const struct {
        const char *pattern, *text;
        bool reads;
    } cases[] = {
        {"yyyy-MM-dd HH:mm:ss.SSS", "2024-02-05 13:04:09.250", true},
        {"yyyyMMddHHmmss", "20240205130409", true},
        {"d/M/uuuu h:mm a", "5/2/2024 1:04 PM", true},
        {"yyyy-MM-dd'T'HH:mm:ss", "2024-02-05T13:04:09", true},
        {"dd MMM yy", "05 Feb 24", true},
        {"EEEE, MMMM d ''yyyy''", "Monday, February 5 '2024'", true},
        {"DDD yyyy", "036 2024", true},
        {"QQQ", "Q1", false},
    };
    struct sl_arena arena;

    sl_arena_init(&arena);
    for (size_t i = 0; i < SL_COUNT_OF(cases); i++) {
        int64_t us = timestamp("2024-02-05 13:04:09.25"), read;
        const struct sl_time_pattern *pattern;
        struct sl_error err;
        char text[100];
        size_t length;

        cr_assert_eq(sl_time_pattern_new(&arena, sl_text_of(cases[i].pattern), &pattern, &err),
                     SL_OK);
        length = sl_time_pattern_format(pattern, us, text, sizeof(text));
        cr_expect_eq(sl_text_compare((struct sl_text){text, length}, sl_text_of(cases[i].text)), 0,
                     "%s: %.*s", cases[i].pattern, (int)length, text);
        if (!cases[i].reads)
            continue;
        /* What it reads prints the same again. */
        cr_assert(sl_time_pattern_parse(pattern, sl_text_of(cases[i].text), &read));
        length = sl_time_pattern_format(pattern, read, text, sizeof(text));
        cr_expect_eq(sl_text_compare((struct sl_text){text, length}, sl_text_of(cases[i].text)), 0);
    }
    sl_arena_done(&arena);
}

static struct sl_text
formatted(const struct sl_time_pattern *pattern, int64_t us, char *to, size_t size)
{
    return (struct sl_text){to, sl_time_pattern_format(pattern, us, to, size)};
}

/* … and where it says that they may change they do, for one of the times at least. */
Test(data_time, texts_are_the_same_within_the_unit_of_their_pattern)
{
    static const char *const patterns[] = {"yyyy-MM-dd", "EEE D Q", "h a",    "k K H",
                                           "HH:mm",      "mm:ss",   "ss.SSS", "n"};
    struct sl_arena arena;

    sl_arena_init(&arena);
    for (size_t i = 0; i < SL_COUNT_OF(patterns); i++) {
        const struct sl_time_pattern *pattern;
        struct sl_error err;
        bool changes = false;
        int64_t unit_us;

        cr_assert_eq(sl_time_pattern_new(&arena, sl_text_of(patterns[i]), &pattern, &err), SL_OK);
        unit_us = sl_time_pattern_unit_us(pattern);
        for (int64_t k = -50; k < 50; k++) {
            int64_t from_us = k * 7919 * unit_us;
            char a[100], b[100];

            cr_expect_eq(sl_text_compare(formatted(pattern, from_us, a, sizeof(a)),
                                         formatted(pattern, from_us + unit_us - 1, b, sizeof(b))),
                         0, "%s at %lld", patterns[i], (long long)from_us);
            changes |= sl_text_compare(formatted(pattern, from_us - 1, a, sizeof(a)),
                                       formatted(pattern, from_us, b, sizeof(b))) != 0;
        }
        cr_expect(changes, "%s", patterns[i]);
    }
    sl_arena_done(&arena);
}

Test(data_time, patterns_refuse)
{
    const struct sl_time_pattern *pattern;
    struct sl_arena arena;
    struct sl_error err;
    int64_t us;

    sl_arena_init(&arena);
    cr_assert_lt(sl_time_pattern_new(&arena, SL_TEXT("yyyy-MM-dd VV"), &pattern, &err), 0);
    cr_assert_lt(sl_time_pattern_new(&arena, SL_TEXT("yyyy 'open"), &pattern, &err), 0);
    cr_assert_eq(sl_time_pattern_new(&arena, SL_TEXT("yyyy-MM-dd"), &pattern, &err), SL_OK);
    cr_assert_not(sl_time_pattern_parse(pattern, SL_TEXT("2024-2-05"), &us));
    cr_assert_not(sl_time_pattern_parse(pattern, SL_TEXT("2024-02-30"), &us));
    cr_assert_not(sl_time_pattern_parse(pattern, SL_TEXT("2024-02-05 "), &us));
    sl_arena_done(&arena);
}
