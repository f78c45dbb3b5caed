/* A scan's part in watermark alignment.  A split that is further ahead of the group's slowest
 * source than the bound is paused, where the connector can pause one; else the whole scan reads
 * nothing while one of its splits is. */
#include "executor/alignment.h"
#include "executor/scan_internal.h"

void
sl_scan_align_init(struct op_scan *scan)
{
    const struct sl_phys_scan *plan = scan->plan;

    scan->align_check_us = INT64_MAX;
    if (plan->alignment_group && scan->time)
        scan->alignment = sl_alignment_join(scan->op.context->alignment, plan->alignment_group,
                                            scan->op.context->wake);
}

/* The slowest split that has a say. */
static int64_t
align_least_ms(const struct op_scan *scan)
{
    int64_t least_ms = SL_WATERMARK_MAX;

    for (uint32_t i = 0; i < scan->split_count; i++)
        if (!scan->splits[i].ended && !scan->splits[i].idle)
            least_ms = SL_MIN(least_ms, scan->splits[i].candidate_ms);
    return least_ms;
}

bool
sl_scan_is_held(const struct op_scan *scan, uint32_t split)
{
    return scan->alignment && scan->splits[split].held;
}

void
sl_scan_align_begin(struct op_scan *scan)
{
    if (scan->alignment)
        sl_alignment_publish(scan->alignment, align_least_ms(scan), false);
}

void
sl_scan_align_end(struct op_scan *scan)
{
    if (scan->alignment)
        sl_alignment_publish(scan->alignment, SL_WATERMARK_MAX, false);
}

bool
sl_scan_align(struct op_scan *scan, int64_t now_us)
{
    int64_t bound_ms = scan->plan->alignment_drift_us / SL_US_PER_MS, least_ms;
    bool holds = false;

    if (!scan->alignment)
        return false;
    if (!sl_alignment_is_open(scan->alignment))
        return true;
    least_ms = SL_MIN(sl_alignment_least_ms(scan->alignment), align_least_ms(scan));
    for (uint32_t i = 0; i < scan->split_count; i++) {
        struct sl_scan_own_split *split = &scan->splits[i];
        bool is_ahead = least_ms != SL_WATERMARK_MAX && least_ms != SL_WATERMARK_MIN &&
                        split->candidate_ms != SL_WATERMARK_MIN &&
                        split->candidate_ms - least_ms > bound_ms;

        if (split->held != is_ahead && scan->class->pause)
            scan->class->pause(scan->source, i, is_ahead);
        split->held = is_ahead;
        holds |= is_ahead;
    }
    scan->align_check_us = holds ? now_us + scan->plan->alignment_update_us : INT64_MAX;
    sl_alignment_publish(scan->alignment, align_least_ms(scan), holds);
    return holds && !scan->class->pause;
}
