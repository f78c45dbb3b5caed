/* Early and late results of windows, by the settings table.exec.emit.*: what they may be is what
 * Flink's WindowEmitStrategy takes; it is for window functions, too. */
#include "planner/lower.h"

static int
emit_refuse(const struct sl_log_node *node, const char *hint, struct sl_error *err)
{
    sl_error_hint(err, "%s", hint);
    return sl_error_at(err, node->offset);
}

int
sl_lower_refuse_session_emit(const struct sl_lowering *lowering, const struct sl_log_node *node,
                             struct sl_error *err)
{
    if (!lowering->emit.early && !lowering->emit.late)
        return SL_OK;
    SL_ERROR(err, SL_E_NOT_SUPPORTED, "%s results of SESSION windows are not supported",
             lowering->emit.early ? "early" : "late");
    return emit_refuse(node,
                       lowering->emit.early ? "SET '" SL_EMIT "early-fire.enabled' = 'false'"
                                            : "SET '" SL_EMIT "late-fire.enabled' = 'false'",
                       err);
}

static int
emit_check_early(const struct sl_log_node *node, const struct sl_emit_strategy *emit,
                 struct sl_error *err)
{
    if (!emit->early || emit->early_delay_us >= 0)
        return SL_OK;
    SL_ERROR(err, SL_E_INVALID_PARAMETER_VALUE,
             "'" SL_EMIT "early-fire.enabled' needs '" SL_EMIT "early-fire.delay'");
    return emit_refuse(node,
                       "SET '" SL_EMIT "early-fire.delay' = '0 ms' for a result with every "
                       "change",
                       err);
}

static int
emit_check_late(const struct sl_log_node *node, const struct sl_emit_strategy *emit,
                bool processing_time, struct sl_error *err)
{
    if (!emit->late)
        return SL_OK;
    if (emit->late_delay_us < 0) {
        SL_ERROR(err, SL_E_INVALID_PARAMETER_VALUE,
                 "'" SL_EMIT "late-fire.enabled' needs '" SL_EMIT "late-fire.delay'");
        return emit_refuse(node,
                           "SET '" SL_EMIT "late-fire.delay' = '0 ms' for a correction with "
                           "every late change",
                           err);
    }
    if (emit->lateness_us == 0 && !processing_time) {
        SL_ERROR(err, SL_E_INVALID_PARAMETER_VALUE,
                 "'" SL_EMIT "late-fire.enabled' needs '" SL_EMIT "allow-lateness'");
        return emit_refuse(node,
                           "SET '" SL_EMIT "allow-lateness', or 'table.exec.state.ttl', to "
                           "how long late rows count",
                           err);
    }
    if (emit->late_delay_us <= emit->lateness_us)
        return SL_OK;
    SL_ERROR(err, SL_E_INVALID_PARAMETER_VALUE,
             "'" SL_EMIT "late-fire.delay' (%lld ms) is longer than '" SL_EMIT
             "allow-lateness' (%lld ms)",
             (long long)(emit->late_delay_us / SL_US_PER_MS),
             (long long)(emit->lateness_us / SL_US_PER_MS));
    return emit_refuse(node, "SET one of them", err);
}

/* The clock and watermarks have milliseconds. */
static int64_t
emit_whole_ms(int64_t us)
{
    return us <= 0 ? 0 : (us + SL_US_PER_MS - 1) / SL_US_PER_MS * SL_US_PER_MS;
}

/* What the settings say of this window, checked; neither early nor late: nothing. */
static int
emit_strategy(const struct sl_lowering *lowering, const struct sl_log_node *node,
              const struct sl_phys_window_aggregate *windows, struct sl_emit_strategy *ret_emit,
              struct sl_error *err)
{
    struct sl_emit_strategy emit = lowering->emit;

    if (windows->window.kind == SL_WINDOW_SESSION) {
        *ret_emit = (struct sl_emit_strategy){0};
        return sl_lower_refuse_session_emit(lowering, node, err);
    }
    if (emit.lateness_us < 0)
        emit.lateness_us = lowering->state_ttl_us;
    SL_TRY(emit_check_late(node, &emit, windows->window.processing_time, err));
    SL_TRY(emit_check_early(node, &emit, err));
    if (windows->window.processing_time || !emit.late) { /* no row is late by the clock */
        emit.late = false;
        emit.late_delay_us = emit.lateness_us = 0;
    }
    if (!emit.early)
        emit.early_delay_us = 0;
    emit.early_delay_us = emit_whole_ms(emit.early_delay_us);
    emit.late_delay_us = emit_whole_ms(emit.late_delay_us);
    emit.lateness_us = emit_whole_ms(emit.lateness_us);
    *ret_emit = emit;
    if (!emit.early || !windows->is_attached || !windows->window.processing_time)
        return SL_OK;
    SL_ERROR(err, SL_E_NOT_SUPPORTED,
             "early results of windows by processing time that rows bring "
             "with them are not supported yet");
    return emit_refuse(node,
                       "group by the window function itself, or SET '" SL_EMIT
                       "early-fire.enabled' = 'false'",
                       err);
}

/* Keys and window identify a row, where a column of the window is there. */
static void
emit_set_key(struct sl_lowering *lowering, const struct sl_phys_window_aggregate *windows,
             struct sl_phys_node *node)
{
    size_t count = windows->key_count;

    if (!windows->has_start && !windows->has_end && !windows->has_time)
        return;
    node->upsert_key = SL_NEW_ARRAY(lowering->arena, uint32_t, count + 1);
    node->upsert_key_count = count + 1;
    for (uint32_t i = 0; i < count; i++)
        node->upsert_key[i] = i;
    node->upsert_key[count] = (uint32_t)(count + windows->aggregate_count);
}

int
sl_lower_add_windows(struct sl_lowering *lowering, const struct sl_log_node *node,
                     struct sl_phys_window_aggregate *detail, struct sl_schema *schema,
                     const struct sl_phys_node *input, struct sl_phys_node **ret_node,
                     struct sl_error *err)
{
    bool is_updated;
    uint32_t parallelism = detail->key_count ? sl_lower_parallelism(lowering, node) : 1;
    struct sl_phys_window_emit *emitting = SL_NEW(lowering->arena, struct sl_phys_window_emit);

    SL_TRY(emit_strategy(lowering, node, detail, &emitting->emit, err));
    is_updated = emitting->emit.early || emitting->emit.late;
    if (detail->window.kind == SL_WINDOW_SESSION ||
        (!is_updated && input->kinds == SL_KINDS_INSERT)) {
        *ret_node = sl_lower_add(lowering,
                                 detail->window.kind == SL_WINDOW_SESSION ? SL_OP_SESSION_AGGREGATE
                                                                          : SL_OP_WINDOW_AGGREGATE,
                                 parallelism, schema, detail);
        return SL_OK;
    }
    emitting->windows = *detail;
    emitting->emits_before = true;
    *ret_node = sl_lower_add(lowering, SL_OP_WINDOW_EMIT, parallelism, schema, emitting);
    if (is_updated && detail->aggregate_count)
        (*ret_node)->kinds |= 1u << SL_ROW_UPDATE_BEFORE | 1u << SL_ROW_UPDATE_AFTER;
    if (is_updated &&
        (input->kinds != SL_KINDS_INSERT || sl_lower_may_leave_out(lowering, &node->aggregate)))
        (*ret_node)->kinds |= 1u << SL_ROW_DELETE;
    if (is_updated)
        emit_set_key(lowering, detail, *ret_node);
    return SL_OK;
}
