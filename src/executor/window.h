/* Arithmetic of windows: slices, which windows hold them, when they are due.  Times of rows and
 * bounds of windows are in microseconds of the window's own clock (local time for TIMESTAMP_LTZ
 * columns), watermarks in milliseconds.
 *
 * A slice is as long as windows share: the slide of HOP, the step of CUMULATE, all of TUMBLE.
 * Slices and windows are named by their ends. */
#ifndef SL_EXECUTOR_WINDOW_H
#define SL_EXECUTOR_WINDOW_H

#include "data/batch.h"
#include "data/time.h"
#include "plan/physical.h"

static inline int64_t
sl_window_slice_us(const struct sl_window *window)
{
    return window->slide_us ? window->slide_us : window->size_us;
}

/* time_us down to a bound of spans of this length (Flink: TimeWindow.getWindowStartWithOffset). */
static inline int64_t
sl_window_floor_us(const struct sl_window *window, int64_t span_us, int64_t time_us)
{
    int64_t rest = (time_us - window->offset_us) % span_us;

    return time_us - (rest < 0 ? rest + span_us : rest);
}

/* The end of the slice that holds time_us. */
static inline int64_t
sl_window_slice_end_us(const struct sl_window *window, int64_t time_us)
{
    int64_t slice_us = sl_window_slice_us(window);

    return sl_window_floor_us(window, slice_us, time_us) + slice_us;
}

/* The start of the window with this end. */
static inline int64_t
sl_window_start_us(const struct sl_window *window, int64_t end_us)
{
    return window->kind == SL_WINDOW_CUMULATE
               ? sl_window_floor_us(window, window->size_us, end_us - 1)
               : end_us - window->size_us;
}

/* The end of the last window that holds the slice with this end. */
static inline int64_t
sl_window_last_end_us(const struct sl_window *window, int64_t slice_end_us)
{
    if (window->kind == SL_WINDOW_CUMULATE)
        return sl_window_start_us(window, slice_end_us) + window->size_us;
    return slice_end_us + window->size_us - sl_window_slice_us(window);
}

/* A time of a row on the window's clock. */
static inline int64_t
sl_window_local_us(const struct sl_window *window, const struct sl_zone *zone, int64_t time_us)
{
    return window->local_zone ? time_us + sl_zone_offset_us(zone, time_us) : time_us;
}

/* What window_time of a window with this end is. */
static inline int64_t
sl_window_time_us(const struct sl_window *window, const struct sl_zone *zone, int64_t end_us)
{
    return (window->local_zone ? sl_zone_to_utc(zone, end_us) : end_us) - SL_US_PER_MS;
}

/* The watermark at which a window with this end fires: its last millisecond, the last time that
 * clocks show it (Flink: TimeWindowUtil.toEpochMillsForTimer).  Never less for a later end. */
static inline int64_t
sl_window_due_ms(const struct sl_window *window, const struct sl_zone *zone, int64_t end_us)
{
    int64_t last_us = end_us - SL_US_PER_MS;

    return (window->local_zone ? sl_zone_to_utc_last(zone, last_us) : last_us) / SL_US_PER_MS;
}

/* The end of the last slice that is due at this watermark; INT64_MIN at SL_WATERMARK_MIN, INT64_MAX
 * at SL_WATERMARK_MAX. */
int64_t sl_window_closed_us(const struct sl_window *window, const struct sl_zone *zone,
                            int64_t watermark_ms);
/* The first due time after `watermark_ms` that any slice could have. */
int64_t sl_window_next_due_ms(const struct sl_window *window, const struct sl_zone *zone,
                              int64_t watermark_ms);

/* --- a batch --- */

#define SL_WINDOW_TIMELESS "the time of a window must not be NULL"

/* The ends of the slices that these rows are in, by their times (which are not NULL), by place in
 * `rows`.  True: all are in one. */
bool sl_window_assign(const struct sl_window *window, const struct sl_zone *zone,
                      const int64_t *times, const uint16_t *rows, size_t row_count,
                      int64_t *ret_ends);
/* The places 0 … count - 1 (at most SL_BATCH_ROWS_MAX) by their ends, those with the same in their
 * order.  Ends are multiples of slice_us apart; 0: that is not known. */
void sl_window_order(const int64_t *ends, size_t count, int64_t slice_us, uint16_t *ret_order);
/* Sets the batch's last columns: window_start, window_end, window_time of the window with this end,
 * those that the plan wants, typed as in the schema. */
void sl_window_set_bounds(const struct sl_phys_window_aggregate *plan, const struct sl_zone *zone,
                          int64_t end_us, struct sl_pool *pool, const struct sl_schema *schema,
                          struct sl_batch *batch);

#endif
