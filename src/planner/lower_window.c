/* Windows: the table functions alone, and GROUP BY over them. */
#include "planner/lower.h"

int
sl_lower_window_input(const struct sl_log_node *node,
                      const struct sl_phys_window_aggregate *windows,
                      const struct sl_phys_node *input, struct sl_error *err)
{
    if (windows->is_attached && windows->window.processing_time)
        SL_TRY(sl_lower_refuse_updating(input, node, "windows by processing time", err));
    SL_TRY(sl_lower_retracting(input, node, err));
    if (node->aggregate.has_ttl)
        return sl_lower_refuse(node, "a time to live of windows",
                               "their state goes with them: leave the hint STATE_TTL out", err);
    return SL_OK;
}

int
sl_lower_window_aggregate(struct sl_lowering *lowering, struct sl_log_node *node,
                          struct sl_phys_node **ret_node, struct sl_error *err)
{
    struct sl_phys_window_aggregate *detail =
        SL_NEW(lowering->arena, struct sl_phys_window_aggregate);
    const struct sl_log_aggregate *from = &node->aggregate;
    struct sl_phys_node *input;

    SL_TRY(sl_lower(lowering, node->inputs[0], &input, err));
    detail->window = from->window;
    SL_TRY(sl_lower_window_input(node, detail, input, err));
    detail->time_column = from->time_column;
    detail->keys = from->keys;
    detail->key_count = from->key_count;
    detail->aggregates = from->aggregates;
    detail->aggregate_count = from->aggregate_count;
    detail->has_start = from->parts[0];
    detail->has_end = from->parts[1];
    detail->has_time = from->parts[2];
    sl_lower_window_phases(lowering, node, detail, &input);
    SL_TRY(sl_lower_add_windows(lowering, node, detail, node->schema, input, ret_node, err));
    sl_lower_connect_keyed(lowering, *ret_node, input, detail->keys, detail->key_count);
    if (from->late_table)
        sl_lower_add_side(lowering, from->late_table, node->offset, &(*ret_node)->late);
    return SL_OK;
}

int
sl_lower_window_table(struct sl_lowering *lowering, struct sl_log_node *node,
                      struct sl_phys_node **ret_node, struct sl_error *err)
{
    struct sl_phys_window_table *detail = SL_NEW(lowering->arena, struct sl_phys_window_table);
    struct sl_phys_node *input;

    if (node->window_table.window.kind == SL_WINDOW_SESSION)
        return sl_lower_session_table(lowering, node, ret_node, err);
    SL_TRY(sl_lower(lowering, node->inputs[0], &input, err));
    detail->window = node->window_table.window;
    detail->time_column = node->window_table.time_column;
    *ret_node =
        sl_lower_add(lowering, SL_OP_WINDOW_TABLE, input->parallelism, node->schema, detail);
    sl_lower_connect(lowering, *ret_node, input);
    (*ret_node)->kinds = input->kinds;
    if (detail->window.kind != SL_WINDOW_TUMBLE)
        return SL_OK; /* a row is in several windows: its key is no longer its own */
    (*ret_node)->upsert_key = input->upsert_key;
    (*ret_node)->upsert_key_count = input->upsert_key_count;
    return SL_OK;
}
