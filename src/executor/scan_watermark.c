/* The watermark of a source subtask.
 *
 * 1. Each split has a candidate, the highest watermark of any of its rows, and what it has emitted.
 *    The subtask's watermark is the least that its splits have emitted, over those that have
 *    neither ended nor are idle; when all are idle, the highest.  It never falls.
 * 2. A candidate more than the interval ahead of what its split has emitted is emitted behind its
 *    row, as a mark (Flink's WatermarkAssignerOperator); others when the interval has passed since
 *    the first one became pending.  On-event, or with an interval of 0: every rise, behind its row.
 * 3. A split is idle when it was silent for the time-out and has been read up to its end.  A record
 *    wakes it; time does not go back for it.
 * 4. In batch mode there is no watermark but the end's. */
#include "executor/scan_internal.h"

static bool
scan_has_watermark(const struct op_scan *scan)
{
    return scan->time != NULL;
}

void
sl_scan_time_init(struct op_scan *scan)
{
    const struct sl_phys_scan *plan = scan->plan;
    struct sl_op_context *context = scan->op.context;
    const struct sl_phys_settings *settings = context->settings;

    scan->progress.watermark_ms = SL_WATERMARK_MIN;
    scan->progress.deadline_us = INT64_MAX;
    scan->periodic_us = scan->idle_check_us = scan->discovery_us = INT64_MAX;
    scan->interval_us = settings->watermark_interval_us;
    scan->interval_ms = scan->interval_us / SL_US_PER_MS;
    if (plan->watermark_on_event || scan->interval_us <= 0)
        scan->interval_ms = -1;
    scan->idle_timeout_us =
        plan->idle_timeout_us > 0 ? plan->idle_timeout_us : settings->source_idle_timeout_us;
    if (plan->watermark && !settings->batch_mode) {
        struct sl_expr *exprs[] = {plan->time, plan->watermark};

        scan->time = sl_op_eval_new(context, exprs, plan->watermark_from_source ? 1 : 2);
        scan->marks = SL_NEW_ARRAY(context->arena, struct sl_mark, SL_BATCH_ROWS_MAX);
    }
}

/* The splits' watermark taken together; false: nobody has a say. */
static bool
scan_combine(const struct op_scan *scan, int64_t *ret_ms)
{
    int64_t least_ms = SL_WATERMARK_MAX, highest_ms = SL_WATERMARK_MIN;
    bool have_active = false, have_any = false;

    for (uint32_t i = 0; i < scan->split_count; i++) {
        const struct sl_scan_own_split *split = &scan->splits[i];

        if (split->ended)
            continue;
        have_any = true;
        highest_ms = SL_MAX(highest_ms, split->emitted_ms);
        if (split->idle)
            continue;
        have_active = true;
        least_ms = SL_MIN(least_ms, split->emitted_ms);
    }
    *ret_ms = have_active ? least_ms : highest_ms;
    return have_any;
}

void
sl_scan_time_update(struct op_scan *scan)
{
    bool idle = true;
    int64_t combined_ms;

    if (scan_combine(scan, &combined_ms))
        scan->progress.watermark_ms = SL_MAX(scan->progress.watermark_ms, combined_ms);
    for (uint32_t i = 0; i < scan->split_count; i++)
        idle &= scan->splits[i].idle || scan->splits[i].ended;
    scan->progress.idle = idle;
}

void
sl_scan_time_flush(struct op_scan *scan)
{
    for (uint32_t i = 0; i < scan->split_count; i++)
        scan->splits[i].emitted_ms = scan->splits[i].candidate_ms;
    scan->periodic_us = INT64_MAX;
    sl_scan_time_update(scan);
}

/* Silent for the time-out, and read up to the end: idle. */
static void
scan_check_idle(struct op_scan *scan, int64_t now_us)
{
    scan->idle_check_us = INT64_MAX;
    for (uint32_t i = 0; i < scan->split_count; i++) {
        struct sl_scan_own_split *split = &scan->splits[i];
        int64_t idle_us = split->active_us + scan->idle_timeout_us;

        if (split->idle || split->ended)
            continue;
        if (idle_us <= now_us) {
            if (scan->class->split_state(scan->source, i) == SL_SPLIT_CAUGHT_UP) {
                split->emitted_ms = split->candidate_ms;
                split->idle = true;
                continue;
            }
            idle_us = now_us + scan->idle_timeout_us;
        }
        scan->idle_check_us = SL_MIN(scan->idle_check_us, idle_us);
    }
    sl_scan_time_update(scan);
}

void
sl_scan_time_tick(struct op_scan *scan, int64_t now_us)
{
    if (scan->periodic_us <= now_us)
        sl_scan_time_flush(scan);
    if (scan->idle_check_us <= now_us)
        scan_check_idle(scan, now_us);
}

static bool
scan_all_ended(const struct op_scan *scan)
{
    for (uint32_t i = 0; i < scan->split_count; i++)
        if (!scan->splits[i].ended)
            return false;
    return true;
}

void
sl_scan_time_schedule(struct op_scan *scan)
{
    if (scan->idle_timeout_us > 0 && scan->idle_check_us == INT64_MAX && !scan->progress.idle)
        scan_check_idle(scan, sl_now_us(scan->op.context->env));
    scan->progress.deadline_us = SL_MIN(scan->periodic_us, scan->idle_check_us);
    scan->progress.deadline_us = SL_MIN(scan->progress.deadline_us, scan->align_check_us);
    if (!scan->outside.pending) /* else its completion is the next step */
        scan->progress.deadline_us = SL_MIN(scan->progress.deadline_us, scan->discovery_us);
    if (scan->class->next_poll_us && scan->is_started && !scan_all_ended(scan))
        scan->progress.deadline_us =
            SL_MIN(scan->progress.deadline_us, scan->class->next_poll_us(scan->source));
}

/* --- rows --- */

static int64_t
scan_floor_ms(int64_t us)
{
    return us / SL_US_PER_MS - (us % SL_US_PER_MS < 0);
}

/* The highest watermark of the live rows, microseconds; INT64_MIN: none. */
static int64_t
scan_highest(const struct sl_batch *batch, const struct sl_column *watermarks)
{
    const int64_t *values = watermarks->values;
    int64_t highest_us = INT64_MIN;

    if (batch->selection == NULL && watermarks->validity == NULL) {
        for (uint32_t i = 0; i < batch->row_count; i++)
            highest_us = SL_MAX(highest_us, values[i]);
        return highest_us;
    }
    for (size_t i = 0; i < sl_batch_live_count(batch); i++) {
        size_t row = sl_batch_row(batch, i);

        if (!sl_column_is_null(watermarks, row))
            highest_us = SL_MAX(highest_us, values[row]);
    }
    return highest_us;
}

/* Row by row: marks where the candidate is more than the interval ahead. */
static uint32_t
scan_find_marks(struct op_scan *scan, struct sl_scan_own_split *split, const struct sl_batch *batch,
                const struct sl_column *watermarks)
{
    const int64_t *values = watermarks->values;
    uint32_t count = 0;

    for (size_t i = 0; i < sl_batch_live_count(batch); i++) {
        size_t row = sl_batch_row(batch, i);
        int64_t before_ms = scan->progress.watermark_ms, candidate_ms;

        if (sl_column_is_null(watermarks, row))
            continue;
        candidate_ms = scan_floor_ms(values[row]);
        if (candidate_ms <= split->candidate_ms)
            continue;
        split->candidate_ms = candidate_ms;
        if (split->emitted_ms != SL_WATERMARK_MIN &&
            candidate_ms - split->emitted_ms <= scan->interval_ms)
            continue;
        split->emitted_ms = candidate_ms;
        sl_scan_time_update(scan);
        if (scan->progress.watermark_ms > before_ms)
            scan->marks[count++] = (struct sl_mark){(uint32_t)row + 1, scan->progress.watermark_ms};
    }
    return count;
}

static void
scan_take_watermarks(struct op_scan *scan, struct sl_scan_own_split *split, struct sl_batch *batch,
                     const struct sl_column *watermarks, int64_t now_us)
{
    int64_t highest_us = scan_highest(batch, watermarks), highest_ms;
    uint32_t count;

    if (highest_us == INT64_MIN)
        return;
    highest_ms = scan_floor_ms(highest_us);
    if (split->emitted_ms != SL_WATERMARK_MIN &&
        highest_ms - split->emitted_ms <= scan->interval_ms) {
        split->candidate_ms = SL_MAX(split->candidate_ms, highest_ms);
    } else {
        count = scan_find_marks(scan, split, batch, watermarks);
        if (count > 0)
            memcpy(sl_batch_add_marks(batch, scan->op.context->pool, count), scan->marks,
                   count * sizeof(*scan->marks));
    }
    if (split->candidate_ms > split->emitted_ms && scan->periodic_us == INT64_MAX)
        scan->periodic_us = now_us + scan->interval_us;
}

/* Without the watermarks of rows whose time is too far ahead of the clock; takes over and returns a
 * reference. */
static struct sl_column *
scan_bound_watermarks(struct op_scan *scan, const struct sl_batch *batch,
                      const struct sl_column *times, struct sl_column *watermarks, int64_t now_us)
{
    const struct sl_op_context *context = scan->op.context;
    int64_t limit_us = now_us + scan->plan->max_ahead_us;
    struct sl_column *bounded;
    uint64_t *validity;

    if (scan->plan->max_ahead_us == 0)
        return watermarks;
    if (times->type->kind == SL_TYPE_TIMESTAMP)
        limit_us += sl_zone_offset_us(context->expr_settings.zone, now_us);
    bounded = sl_column_alias(context->pool, watermarks, watermarks->type);
    validity = sl_column_add_validity(bounded, context->pool);
    for (size_t i = 0; i < sl_batch_live_count(batch); i++) {
        size_t row = sl_batch_row(batch, i);

        if (!sl_column_is_null(times, row) && ((const int64_t *)times->values)[row] > limit_us)
            sl_validity_set(validity, row, false);
    }
    sl_column_unref(watermarks);
    return bounded;
}

/* Takes these rows out of the batch; `rows` ascending. */
static void
scan_deselect(struct op_scan *scan, struct sl_batch *batch, const uint64_t *bad)
{
    size_t live = sl_batch_live_count(batch), count = 0;

    for (size_t i = 0; i < live; i++) {
        size_t row = sl_batch_row(batch, i);

        if (!(bad[row / 64] >> (row % 64) & 1))
            scan->selection[count++] = (uint16_t)row;
    }
    memcpy(sl_batch_add_selection(batch, scan->op.context->pool), scan->selection,
           count * sizeof(*scan->selection));
    batch->selection_count = (uint32_t)count;
}

/* A deletion of upserts need not have a time. */
static bool
scan_has_key_alone(const struct op_scan *scan, const struct sl_batch *batch, size_t row)
{
    return scan->plan->record.tombstones && sl_batch_kind(batch, row) == SL_ROW_DELETE;
}

/* Rows whose time or watermark failed to evaluate go by the job's policy, rows without a time by
 * the table's. */
static int
scan_judge_times(struct op_scan *scan, struct sl_batch *batch, const struct sl_column *times,
                 size_t failed_count, struct sl_out *out, struct sl_error *err)
{
    uint64_t bad[SL_BATCH_ROWS_MAX / 64] = {0};
    size_t bad_count = 0;

    if (failed_count > 0) {
        size_t error_count;
        const struct sl_row_error *errors = sl_eval_errors(scan->time, &error_count);

        SL_TRY(out->error(out, batch, errors, error_count, err));
        for (size_t i = 0; i < error_count; i++)
            bad[errors[i].row / 64] |= UINT64_C(1) << (errors[i].row % 64);
        bad_count += error_count;
    }
    for (size_t i = 0; times->validity && i < sl_batch_live_count(batch); i++) {
        size_t row = sl_batch_row(batch, i);

        if (!sl_column_is_null(times, row) || (bad[row / 64] >> (row % 64) & 1) ||
            scan_has_key_alone(scan, batch, row))
            continue;
        if (scan->plan->on_error == SL_ON_ERROR_FAIL)
            return sl_scan_row_error(scan, batch, (uint32_t)row, SL_E_NULL_VALUE,
                                     "the event time is NULL", err);
        bad[row / 64] |= UINT64_C(1) << (row % 64);
        sl_scan_dead_row(scan, (uint32_t)row, "the event time is NULL", out);
        scan->progress.skipped_rows++;
        bad_count++;
    }
    if (bad_count > 0)
        scan_deselect(scan, batch, bad);
    return SL_OK;
}

int
sl_scan_time_batch(struct op_scan *scan, struct sl_batch *batch, int64_t now_us, struct sl_out *out,
                   struct sl_error *err)
{
    struct sl_scan_own_split *split = NULL;
    struct sl_column *columns[2];
    size_t failed_count;
    int rc;

    if (batch->split >= 0 && (uint32_t)batch->split < scan->split_count) {
        split = &scan->splits[batch->split];
        split->active_us = now_us;
        if (split->idle) {
            split->idle = false;
            sl_scan_time_update(scan);
        }
    }
    if (!scan_has_watermark(scan))
        return SL_OK;
    SL_ASSERT(split != NULL);
    sl_eval_set_now(scan->time, now_us, scan->progress.watermark_ms);
    failed_count = sl_eval_run(scan->time, batch, columns);
    if (scan->plan->watermark_from_source)
        columns[1] = scan->class->watermarks(scan->source);
    rc = scan_judge_times(scan, batch, columns[0], failed_count, out, err);
    columns[1] = scan_bound_watermarks(scan, batch, columns[0], columns[1], now_us);
    if (rc == SL_OK)
        scan_take_watermarks(scan, split, batch, columns[1], now_us);
    sl_column_unref(columns[0]);
    sl_column_unref(columns[1]);
    return rc;
}
