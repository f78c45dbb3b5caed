/* Arithmetic of windows: see window.h. */
#include "executor/window.h"

#include "data/value.h"

#include <stdlib.h>

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

/* --- a batch --- */

bool
sl_window_assign(const struct sl_window *window, const struct sl_zone *zone, const int64_t *times,
                 const uint16_t *rows, size_t row_count, int64_t *ret_ends)
{
    int64_t start = INT64_MAX, end = INT64_MIN; /* the slice of the row before */
    bool one = true;

    for (size_t i = 0; i < row_count; i++) {
        int64_t time = sl_window_local_us(window, zone, times[rows[i]]);

        if (time < start || time >= end) {
            one = one && i == 0;
            end = sl_window_slice_end_us(window, time);
            start = end - sl_window_slice_us(window);
        }
        ret_ends[i] = end;
    }
    return one;
}

static int
window_compare(const void *a, const void *b, void *ends)
{
    uint16_t x = *(const uint16_t *)a, y = *(const uint16_t *)b;
    int64_t end_x = ((const int64_t *)ends)[x], end_y = ((const int64_t *)ends)[y];

    if (end_x != end_y)
        return end_x < end_y ? -1 : 1;
    return (int)x - (int)y;
}

/* Ends near one another are counted. */
void
sl_window_order(const int64_t *ends, size_t count, int64_t slice_us, uint16_t *ret_order)
{
    int64_t least = INT64_MAX, most = INT64_MIN;
    uint16_t starts[SL_BATCH_ROWS_MAX + 1];

    for (size_t i = 0; i < count; i++) {
        least = SL_MIN(least, ends[i]);
        most = SL_MAX(most, ends[i]);
    }
    if (slice_us == 0 || (most - least) / slice_us >= SL_BATCH_ROWS_MAX) {
        for (size_t i = 0; i < count; i++)
            ret_order[i] = (uint16_t)i;
        qsort_r(ret_order, count, sizeof(*ret_order), window_compare, (void *)(uintptr_t)ends);
        return;
    }
    memset(starts, 0, ((size_t)((most - least) / slice_us) + 2) * sizeof(*starts));
    for (size_t i = 0; i < count; i++)
        starts[(ends[i] - least) / slice_us + 1]++;
    for (int64_t slice = 0; slice < (most - least) / slice_us; slice++)
        starts[slice + 1] = (uint16_t)(starts[slice + 1] + starts[slice]);
    for (size_t i = 0; i < count; i++)
        ret_order[starts[(ends[i] - least) / slice_us]++] = (uint16_t)i;
}

static void
window_set_bound(struct sl_pool *pool, const struct sl_schema *schema, size_t at, int64_t us,
                 struct sl_batch *batch)
{
    struct sl_value value = {.type = schema->columns[at].type, .integer = us};

    sl_batch_set_column(batch, at, sl_value_column(pool, &value, batch->row_count));
}

void
sl_window_set_bounds(const struct sl_phys_window_aggregate *plan, const struct sl_zone *zone,
                     int64_t end_us, struct sl_pool *pool, const struct sl_schema *schema,
                     struct sl_batch *batch)
{
    size_t at = plan->key_count + plan->aggregate_count;

    if (plan->has_start)
        window_set_bound(pool, schema, at++, sl_window_start_us(&plan->window, end_us), batch);
    if (plan->has_end)
        window_set_bound(pool, schema, at++, end_us, batch);
    if (plan->has_time)
        window_set_bound(pool, schema, at, sl_window_time_us(&plan->window, zone, end_us), batch);
}
