/* GROUP BY by a trigger: count windows, and the hints TRIGGER and EVICTOR. */
#include "planner/lower.h"

int
sl_lower_trigger_aggregate(struct sl_lowering *lowering, struct sl_log_node *node,
                           struct sl_phys_node **ret_node, struct sl_error *err)
{
    struct sl_phys_trigger_aggregate *detail =
        SL_NEW(lowering->arena, struct sl_phys_trigger_aggregate);
    const struct sl_log_aggregate *from = &node->aggregate;
    struct sl_phys_node *input;

    for (size_t i = 0; i < from->key_count; i++)
        if (sl_window_part_of(node->inputs[0], from->keys[i]) != SL_WINDOW_PART_NONE)
            return sl_lower_refuse(node, "the hint TRIGGER over windows",
                                   "windows fire at their ends: leave the hint out", err);
    SL_TRY(sl_lower(lowering, node->inputs[0], &input, err));
    SL_TRY(sl_lower_refuse_updating(input, node, "an aggregation by a trigger", err));
    detail->trigger = from->trigger;
    detail->time_column = from->time_column;
    detail->keys = from->keys;
    detail->key_count = from->key_count;
    detail->aggregates = from->aggregates;
    detail->aggregate_count = from->aggregate_count;
    detail->has_id = from->parts[0];
    detail->ttl_us = from->has_ttl ? from->ttl_us : lowering->state_ttl_us;
    *ret_node = sl_lower_add(lowering, SL_OP_TRIGGER_AGGREGATE,
                             from->key_count ? sl_lower_parallelism(lowering, node) : 1,
                             node->schema, detail);
    sl_lower_connect_keyed(lowering, *ret_node, input, detail->keys, detail->key_count);
    return SL_OK;
}

int
sl_lower_count_window(const struct sl_log_node *node, struct sl_error *err)
{
    SL_ERROR(
        err, SL_E_NOT_SUPPORTED,
        "COUNT_WINDOW is supported under GROUP BY its PARTITION BY columns and window_id only");
    sl_error_hint(err, "filter rows in a subquery under it; window_id may be a key, and nothing "
                       "else");
    return sl_error_at(err, node->offset);
}
