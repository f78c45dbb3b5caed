/* Tests when a failed job starts again: Flink's four strategies. */
#include "runtime/restart.h"

#include <criterion/criterion.h>

#define SECOND INT64_C(1000000)

static struct sl_restart restart;

static void
begin(void)
{
    restart = (struct sl_restart){0};
}

static void
end(void)
{
    sl_restart_done(&restart);
}

TestSuite(restart, .init = begin, .fini = end);

static const struct sl_phys_settings exponential = {.restart_strategy = "exponential-delay",
                                                    .restart_delay_us = SECOND,
                                                    .restart_delay_max_us = 5 * SECOND,
                                                    .restart_multiplier_ppm = 2000000,
                                                    .restart_span_us = 60 * SECOND,
                                                    .restart_attempts = -1};

/* 1 s, 2 s, 4 s, then the limit of 5 s; a minute without a failure begins anew. */
Test(restart, exponential_delay)
{
    int64_t now = 100 * SECOND;

    cr_assert_eq(sl_restart_after(&restart, &exponential, now, 0), SECOND);
    now += SECOND;
    cr_assert_eq(sl_restart_after(&restart, &exponential, now, 0), 2 * SECOND);
    now += 2 * SECOND;
    cr_assert_eq(sl_restart_after(&restart, &exponential, now, 0), 4 * SECOND);
    now += 4 * SECOND + 59 * SECOND;
    cr_assert_eq(sl_restart_after(&restart, &exponential, now, 0), 5 * SECOND);
    now += 5 * SECOND;
    cr_assert_eq(sl_restart_after(&restart, &exponential, now, 0), 5 * SECOND);
    now += 5 * SECOND + 60 * SECOND;
    cr_assert_eq(sl_restart_after(&restart, &exponential, now, 0), SECOND);
}

/* Chance moves a wait by a tenth at most, and never below the first or beyond the longest. */
Test(restart, jitter)
{
    struct sl_phys_settings settings = exponential;
    int64_t least = INT64_MAX, most = 0;

    settings.restart_jitter_ppm = 100000;
    for (uint64_t chance = 0; chance < 1000; chance++) {
        int64_t first, second, third, fourth;

        begin();
        first = sl_restart_after(&restart, &settings, 0, chance * 7919);
        second = sl_restart_after(&restart, &settings, 0, chance * 7919);
        third = sl_restart_after(&restart, &settings, 0, chance * 7919);
        fourth = sl_restart_after(&restart, &settings, 0, chance * 7919);
        cr_assert(first >= SECOND && first <= SECOND * 11 / 10);
        cr_assert(third >= 4 * SECOND * 9 / 10 && third <= 4 * SECOND * 11 / 10);
        cr_assert(fourth >= 5 * SECOND * 9 / 10 && fourth <= 5 * SECOND);
        least = SL_MIN(least, second);
        most = SL_MAX(most, second);
    }
    cr_assert(least >= 2 * SECOND * 9 / 10 && least < 2 * SECOND);
    cr_assert(most <= 2 * SECOND * 11 / 10 && most > 2 * SECOND);
}

/* Attempts count from the last time that it began anew. */
Test(restart, exponential_attempts)
{
    struct sl_phys_settings settings = exponential;

    settings.restart_attempts = 2;
    cr_assert_eq(sl_restart_after(&restart, &settings, 0, 0), SECOND);
    cr_assert_eq(sl_restart_after(&restart, &settings, SECOND, 0), 2 * SECOND);
    cr_assert_eq(sl_restart_after(&restart, &settings, 63 * SECOND, 0), SECOND);
    cr_assert_eq(sl_restart_after(&restart, &settings, 64 * SECOND, 0), 2 * SECOND);
    cr_assert_eq(sl_restart_after(&restart, &settings, 66 * SECOND, 0), -1);
}

Test(restart, fixed_delay)
{
    struct sl_phys_settings settings = {
        .restart_strategy = "fixed-delay", .restart_delay_us = 7, .restart_attempts = 2};

    cr_assert_eq(sl_restart_after(&restart, &settings, 0, 1), 7);
    cr_assert_eq(sl_restart_after(&restart, &settings, 1000 * SECOND, 2), 7);
    cr_assert_eq(sl_restart_after(&restart, &settings, 2000 * SECOND, 3), -1);
}

/* Two failures within ten seconds are borne, the third is not; spread out any number is. */
Test(restart, failure_rate)
{
    struct sl_phys_settings settings = {.restart_strategy = "failure-rate",
                                        .restart_delay_us = 7,
                                        .restart_attempts = 2,
                                        .restart_span_us = 10 * SECOND};

    for (int64_t i = 1; i < 20; i++)
        cr_assert_eq(sl_restart_after(&restart, &settings, i * 6 * SECOND, 0), 7);
    cr_assert_eq(sl_restart_after(&restart, &settings, 19 * 6 * SECOND + SECOND, 0), -1);
}

Test(restart, none)
{
    struct sl_phys_settings settings = {.restart_strategy = "none", .restart_attempts = -1};

    cr_assert_eq(sl_restart_after(&restart, &settings, 0, 0), -1);
}
