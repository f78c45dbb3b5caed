/* SESSION as a table function, and GROUP BY over it by other keys than its own. */
#include "planner/lower.h"

/* The window table function that a column comes from, or NULL. */
static const struct sl_log_node *
session_window_of(const struct sl_log_node *node, uint32_t column)
{
    while (node->kind == SL_LOG_FILTER || node->kind == SL_LOG_PROJECT ||
           node->kind == SL_LOG_EXPAND) {
        if (node->kind == SL_LOG_EXPAND && column >= node->inputs[0]->schema->count)
            return NULL;
        if (node->kind == SL_LOG_PROJECT) {
            if (node->exprs[column]->kind != SL_EXPR_COLUMN)
                return NULL;
            column = node->exprs[column]->column;
        }
        node = node->inputs[0];
    }
    return node->kind == SL_LOG_WINDOW_TABLE ? node : NULL;
}

/* Its results change: the sessions of several partitions may be alike. */
bool
sl_lower_is_session_group(const struct sl_log_node *node)
{
    for (size_t i = 0; i < node->aggregate.key_count; i++) {
        uint32_t key = node->aggregate.keys[i];
        const struct sl_log_node *window = session_window_of(node->inputs[0], key);

        if (window && sl_window_part_of(node->inputs[0], key) != SL_WINDOW_PART_NONE)
            return window->window_table.window.kind == SL_WINDOW_SESSION;
    }
    return false;
}

void
sl_lower_session_late(struct sl_lowering *lowering, const struct sl_log_node *node,
                      struct sl_phys_node *input)
{
    if (!node->aggregate.late_table || !sl_lower_is_session_group(node))
        return;
    while (input->kind == SL_OP_CALC || input->kind == SL_OP_EXPAND)
        input = input->inputs[0].node;
    if (input->kind == SL_OP_SESSION_TABLE)
        sl_lower_add_side(lowering, node->aggregate.late_table, node->offset, &input->late);
}

int
sl_lower_session_table(struct sl_lowering *lowering, struct sl_log_node *node,
                       struct sl_phys_node **ret_node, struct sl_error *err)
{
    struct sl_phys_session_table *detail = SL_NEW(lowering->arena, struct sl_phys_session_table);
    const struct sl_log_window_table *from = &node->window_table;
    struct sl_phys_node *input;

    SL_TRY(sl_lower(lowering, node->inputs[0], &input, err));
    SL_TRY(sl_lower_refuse_updating(input, node, "the window function SESSION", err));
    detail->window = from->window;
    detail->time_column = from->time_column;
    detail->keys = from->partition;
    detail->key_count = from->partition_count;
    *ret_node = sl_lower_add(lowering, SL_OP_SESSION_TABLE,
                             from->partition_count ? sl_lower_parallelism(lowering, node) : 1,
                             node->schema, detail);
    sl_lower_connect_keyed(lowering, *ret_node, input, detail->keys, detail->key_count);
    return SL_OK;
}
