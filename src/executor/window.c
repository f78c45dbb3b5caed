/* Arithmetic of windows: see window.h. */
#include "executor/window.h"

/* Clocks are changed by a day at most. */
#define WINDOW_CHANGE_MAX_US SL_US_PER_DAY

/* The slice, counted from the one that ends at `end_us`, that is the last to be due. */
static int64_t
window_search_us(const struct sl_window *window, const struct sl_zone *zone, int64_t watermark_ms,
                 int64_t end_us)
{
    int64_t slice_us = sl_window_slice_us(window);
    int64_t high = WINDOW_CHANGE_MAX_US / slice_us + 2, low = -high;

    while (high - low > 1) {
        int64_t middle = low + (high - low) / 2;

        if (sl_window_due_ms(window, zone, end_us + middle * slice_us) <= watermark_ms)
            low = middle;
        else
            high = middle;
    }
    return end_us + low * slice_us;
}

int64_t
sl_window_closed_us(const struct sl_window *window, const struct sl_zone *zone,
                    int64_t watermark_ms)
{
    int64_t slice_us = sl_window_slice_us(window), end_us;

    if (watermark_ms == SL_WATERMARK_MIN || watermark_ms == SL_WATERMARK_MAX)
        return watermark_ms == SL_WATERMARK_MIN ? INT64_MIN : INT64_MAX;
    end_us = sl_window_floor_us(
        window, slice_us, sl_window_local_us(window, zone, (watermark_ms + 1) * SL_US_PER_MS));
    if (!window->local_zone || (sl_window_due_ms(window, zone, end_us) <= watermark_ms &&
                                sl_window_due_ms(window, zone, end_us + slice_us) > watermark_ms))
        return end_us;
    return window_search_us(window, zone, watermark_ms, end_us);
}

int64_t
sl_window_next_due_ms(const struct sl_window *window, const struct sl_zone *zone,
                      int64_t watermark_ms)
{
    if (watermark_ms == SL_WATERMARK_MIN || watermark_ms == SL_WATERMARK_MAX)
        return watermark_ms;
    return sl_window_due_ms(
        window, zone, sl_window_closed_us(window, zone, watermark_ms) + sl_window_slice_us(window));
}
