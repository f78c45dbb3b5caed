/* OVER: over bounded input the whole of it is sorted; over a stream by what it is ordered by. */
#include "planner/lower.h"

/* Frames that lose rows at their start take them back. */
static int
over_set_retracting(const struct sl_over *over, struct sl_error *err)
{
    for (size_t i = 0; i < over->aggregate_count; i++)
        if (over->frame.start.kind != SL_BOUND_UNBOUNDED_PRECEDING)
            SL_TRY(sl_aggregate_set_retracts(over->aggregates[i], err));
    return SL_OK;
}

static int
over_refuse_nested(struct sl_arena *arena, const struct sl_log_node *node, struct sl_error *err)
{
    const struct sl_over *over = &node->over;

    for (size_t i = 0; i < over->partition_count; i++) {
        const struct sl_schema_column *key = &node->schema->columns[over->partition[i]];

        if (!sl_type_is_nested(key->type->kind))
            continue;
        SL_ERROR(err, SL_E_NOT_SUPPORTED,
                 "PARTITION BY column \"%s\" of type %s is not supported yet", key->name,
                 sl_type_text(arena, key->type));
        return sl_error_at(err, node->offset);
    }
    return SL_OK;
}

static int
over_batch(struct sl_lowering *lowering, struct sl_log_node *node, struct sl_phys_node *input,
           struct sl_phys_over *detail, struct sl_phys_node **ret_node, struct sl_error *err)
{
    SL_TRY(sl_lower_refuse_updating(input, node, "OVER", err));
    *ret_node = sl_lower_add(lowering, SL_OP_BATCH_OVER,
                             node->over.partition_count ? sl_lower_parallelism(lowering, node) : 1,
                             node->schema, detail);
    sl_lower_connect_keyed(lowering, *ret_node, input, node->over.partition,
                           node->over.partition_count);
    return SL_OK;
}

int
sl_lower_over(struct sl_lowering *lowering, struct sl_log_node *node,
              struct sl_phys_node **ret_node, struct sl_error *err)
{
    struct sl_phys_over *detail = SL_NEW(lowering->arena, struct sl_phys_over);
    struct sl_phys_node *input;

    SL_TRY(sl_lower(lowering, node->inputs[0], &input, err));
    if (node->over.call_count == 0) { /* nobody reads its results */
        *ret_node = input;
        return SL_OK;
    }
    SL_TRY(over_refuse_nested(lowering->arena, node, err));
    SL_TRY(over_set_retracting(&node->over, err));
    detail->over = node->over;
    if (lowering->bounded_operators)
        return over_batch(lowering, node, input, detail, ret_node, err);
    SL_ERROR(err, SL_E_NOT_SUPPORTED, "OVER in streaming mode is not supported yet");
    return sl_error_at(err, node->offset);
}
