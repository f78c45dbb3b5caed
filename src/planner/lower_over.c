/* OVER: over bounded input the whole of it is sorted; over a stream by what it is ordered by. */
#include "planner/lower.h"

int
sl_lower_over(struct sl_lowering *lowering, struct sl_log_node *node,
              struct sl_phys_node **ret_node, struct sl_error *err)
{
    if (node->over.call_count == 0) /* nobody reads its results */
        return sl_lower(lowering, node->inputs[0], ret_node, err);
    SL_ERROR(err, SL_E_NOT_SUPPORTED, "OVER is not supported yet");
    return sl_error_at(err, node->offset);
}
