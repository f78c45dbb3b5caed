/* Restart strategies: see restart.h. */
#include "runtime/restart.h"

#include <stdlib.h>

#define RESTART_PPM INT64_C(1000000)

void
sl_restart_done(struct sl_restart *restart)
{
    free(restart->failures_us);
}

/* `us` times a factor in millionths. */
static int64_t
restart_times(int64_t us, int64_t ppm)
{
    return (int64_t)((__int128)us * ppm / RESTART_PPM);
}

static int64_t
restart_fixed(struct sl_restart *restart, const struct sl_phys_settings *settings)
{
    if (settings->restart_attempts >= 0 && restart->attempt_count >= settings->restart_attempts)
        return -1;
    restart->attempt_count++;
    return settings->restart_delay_us;
}

/* Never shorter than the first wait, never longer than the longest, whatever chance says. */
static int64_t
restart_jitter(const struct sl_phys_settings *settings, int64_t wait_us, uint64_t chance)
{
    int64_t most_us = restart_times(wait_us, settings->restart_jitter_ppm);

    if (most_us > 0)
        wait_us += (int64_t)(chance % (2 * (uint64_t)most_us + 1)) - most_us;
    return SL_MAX(settings->restart_delay_us, SL_MIN(wait_us, settings->restart_delay_max_us));
}

static int64_t
restart_exponential(struct sl_restart *restart, const struct sl_phys_settings *settings,
                    int64_t now_us, uint64_t chance)
{
    int64_t wait_us;

    if (restart->backoff_us == 0 || now_us - restart->next_start_us >= settings->restart_span_us) {
        restart->attempt_count = 0;
        restart->backoff_us = settings->restart_delay_us;
    } else {
        restart->backoff_us =
            SL_MIN(restart_times(restart->backoff_us, settings->restart_multiplier_ppm),
                   settings->restart_delay_max_us);
    }
    if (settings->restart_attempts >= 0 && restart->attempt_count >= settings->restart_attempts)
        return -1;
    restart->attempt_count++;
    wait_us = restart_jitter(settings, restart->backoff_us, chance);
    restart->next_start_us = now_us + wait_us;
    return wait_us;
}

static int64_t
restart_rate(struct sl_restart *restart, const struct sl_phys_settings *settings, int64_t now_us)
{
    size_t most = (size_t)SL_MAX(1, settings->restart_attempts);
    int64_t *place;

    if (!restart->failures_us)
        restart->failures_us = sl_alloc_zeroed(most * sizeof(*restart->failures_us));
    place = &restart->failures_us[restart->failure_count % most];
    if (restart->failure_count >= most && now_us - *place <= settings->restart_span_us)
        return -1;
    *place = now_us;
    restart->failure_count++;
    return settings->restart_delay_us;
}

int64_t
sl_restart_after(struct sl_restart *restart, const struct sl_phys_settings *settings,
                 int64_t now_us, uint64_t chance)
{
    const char *strategy = settings->restart_strategy ? settings->restart_strategy : "fixed-delay";

    if (strcmp(strategy, "exponential-delay") == 0)
        return restart_exponential(restart, settings, now_us, chance);
    if (strcmp(strategy, "failure-rate") == 0)
        return restart_rate(restart, settings, now_us);
    return strcmp(strategy, "none") == 0 ? -1 : restart_fixed(restart, settings);
}
