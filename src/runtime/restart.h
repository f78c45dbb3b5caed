/* Restart strategies: whether a job that failed starts again, and after how long.  As Flink's:
 *
 *   fixed-delay        always the same wait, so many times
 *   exponential-delay  each failure waits `multiplier` times as long as the one before, up to a
 *                      limit; a job that ran for `span` begins with the first wait again
 *   failure-rate       the same wait, unless more than so many failures came within `span`
 *   none               never
 *
 * Private to runtime/. */
#ifndef SL_RUNTIME_RESTART_H
#define SL_RUNTIME_RESTART_H

#include "plan/physical.h"

/* Zeroed at first. */
struct sl_restart {
    int64_t attempt_count;   /* since the strategy last began anew */
    int64_t backoff_us;      /* exponential: the last wait, without jitter; 0: none yet */
    int64_t next_start_us;   /* … and when it was over */
    int64_t *failures_us;    /* failure-rate: when the last `attempts` came, a ring */
    size_t failure_count;
};

void sl_restart_done(struct sl_restart *restart);

/* A failure at `now_us`: how long to wait before the next start, or -1: it stays FAILED.  `chance`
 * is any number, of which jitter is made. */
int64_t sl_restart_after(struct sl_restart *restart, const struct sl_phys_settings *settings,
                         int64_t now_us, uint64_t chance);

#endif
