/* Arithmetic of windows: which window a time falls into, when it is due.  Times of rows and bounds
 * of windows are in microseconds of the window's own clock (local time for TIMESTAMP_LTZ columns),
 * watermarks in milliseconds. */
#ifndef SL_EXECUTOR_WINDOW_H
#define SL_EXECUTOR_WINDOW_H

#include "data/time.h"
#include "plan/physical.h"

/* The start of the tumbling window that holds time_us (Flink: TimeWindow.getWindowStartWithOffset).
 */
static inline int64_t
sl_window_start_us(const struct sl_window *window, int64_t time_us)
{
    int64_t rest = (time_us - window->offset_us) % window->size_us;

    return time_us - (rest < 0 ? rest + window->size_us : rest);
}

/* A time of a row on the window's clock. */
static inline int64_t
sl_window_local_us(const struct sl_window *window, const struct sl_zone *zone, int64_t time_us)
{
    return window->local_zone ? time_us + sl_zone_offset_us(zone, time_us) : time_us;
}

/* The watermark at which a window with this end fires: its last millisecond. */
static inline int64_t
sl_window_due_ms(const struct sl_window *window, const struct sl_zone *zone, int64_t end_us)
{
    int64_t utc_us = window->local_zone ? sl_zone_to_utc(zone, end_us) : end_us;

    return utc_us / SL_US_PER_MS - 1;
}

/* The first due time after `watermark_ms` that any window could have. */
int64_t sl_window_next_due_ms(const struct sl_window *window, const struct sl_zone *zone,
                              int64_t watermark_ms);

#endif
