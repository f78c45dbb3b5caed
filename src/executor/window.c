/* Arithmetic of windows: see window.h. */
#include "executor/window.h"

int64_t
sl_window_next_due_ms(const struct sl_window *window, const struct sl_zone *zone,
                      int64_t watermark_ms)
{
    int64_t now_us, end_us, due_ms;

    if (watermark_ms == SL_WATERMARK_MIN || watermark_ms == SL_WATERMARK_MAX)
        return watermark_ms;
    now_us = sl_window_local_us(window, zone, (watermark_ms + 1) * SL_US_PER_MS);
    end_us = sl_window_start_us(window, now_us) + window->size_us;
    due_ms = sl_window_due_ms(window, zone, end_us);
    /* A change of the clock may put the bound at or before the watermark: cut at once then. */
    return SL_MAX(due_ms, watermark_ms + 1);
}
