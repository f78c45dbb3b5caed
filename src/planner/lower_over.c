/* OVER: over bounded input the whole of it is sorted; over a stream rows in order of time come out
 * once (as in Flink, with a frame that ends at the current row); with another order, or without
 * one, results are updated as rows come in between. */
#include "planner/lower.h"

static int
over_refuse(const struct sl_log_node *node, const char *what, const char *hint,
            struct sl_error *err)
{
    SL_ERROR(err, SL_E_NOT_SUPPORTED, "%s is not supported over a stream", what);
    sl_error_hint(err, "%s", hint);
    return sl_error_at(err, node->offset);
}

/* Frames that lose rows at their start take them back. */
static int
over_set_retracting(const struct sl_over *over, struct sl_error *err)
{
    for (size_t i = 0; i < over->aggregate_count; i++)
        if (over->frame.start.kind != SL_BOUND_UNBOUNDED_PRECEDING)
            SL_TRY(sl_aggregate_set_retracts(over->aggregates[i], err));
    return SL_OK;
}

static enum sl_over_time
over_time(const struct sl_log_node *node)
{
    const struct sl_over *over = &node->over;

    if (over->order_count == 0)
        return SL_OVER_TIME_NONE;
    switch (node->schema->columns[over->order[0].column].time) {
    case SL_TIME_EVENT:
        return SL_OVER_TIME_EVENT;
    case SL_TIME_PROCESSING:
        return SL_OVER_TIME_PROCESSING;
    default:
        return SL_OVER_TIME_NONE;
    }
}

static int
over_check_call(const struct sl_log_node *node, const struct sl_over_call *call,
                struct sl_error *err)
{
    switch (call->function) {
    case SL_OVER_AGGREGATE:
    case SL_OVER_ROW_NUMBER:
    case SL_OVER_RANK:
    case SL_OVER_DENSE_RANK:
        return SL_OK;
    case SL_OVER_LAG:
        if (!call->ignores_nulls && call->number <= 1000000)
            return SL_OK;
        return over_refuse(
            node, "LAG with IGNORE NULLS, or of more than 1000000 rows, in order of time",
            "SET 'execution.runtime-mode' = 'batch' for a query over bounded input", err);
    default:
        return over_refuse(node, sl_over_function_name(call->function),
                           "it looks at rows to come: SET 'execution.runtime-mode' = 'batch' for a "
                           "query over bounded input, or order by a column that is no time",
                           err);
    }
}

static int
over_check_time(const struct sl_log_node *node, const struct sl_phys_node *input,
                struct sl_error *err)
{
    const struct sl_over *over = &node->over;
    const struct sl_frame *frame = &over->frame;

    if (over->order_count > 1)
        return over_refuse(node, "OVER with more than one column beside the time in its ORDER BY",
                           "order by the time attribute alone", err);
    if (over->order[0].descending)
        return over_refuse(node, "OVER in descending order of time", "order by it ascending", err);
    if (frame->end.kind != SL_BOUND_CURRENT_ROW || frame->start.kind == SL_BOUND_FOLLOWING)
        return over_refuse(node, "a frame that does not end at CURRENT ROW, in order of time",
                           "RANGE or ROWS BETWEEN … PRECEDING AND CURRENT ROW", err);
    if (frame->in_months)
        return over_refuse(node, "RANGE with an interval of months",
                           "give it in days: INTERVAL '30' DAY", err);
    for (size_t i = 0; i < over->call_count; i++)
        SL_TRY(over_check_call(node, &over->calls[i], err));
    return sl_lower_refuse_updating(input, node, "OVER in order of time", err);
}

/* Rows are told apart as the input's are. */
static void
over_set_kinds(const struct sl_lowering *lowering, const struct sl_log_node *node,
               const struct sl_phys_node *input, struct sl_phys_node *made)
{
    struct sl_log_aggregate aggregates = {.aggregates = node->over.aggregates,
                                          .aggregate_count = node->over.aggregate_count};

    made->kinds = SL_KINDS_INSERT | 1u << SL_ROW_UPDATE_BEFORE | 1u << SL_ROW_UPDATE_AFTER;
    if (input->kinds != SL_KINDS_INSERT || sl_lower_may_leave_out(lowering, &aggregates))
        made->kinds |= 1u << SL_ROW_DELETE;
    made->upsert_key = input->upsert_key;
    made->upsert_key_count = input->upsert_key_count;
}

static uint32_t
over_parallelism(struct sl_lowering *lowering, const struct sl_log_node *node)
{
    return node->over.partition_count ? sl_lower_parallelism(lowering, node) : 1;
}

int
sl_lower_over(struct sl_lowering *lowering, struct sl_log_node *node,
              struct sl_phys_node **ret_node, struct sl_error *err)
{
    struct sl_phys_over *detail = SL_NEW(lowering->arena, struct sl_phys_over);
    enum sl_op_kind kind = SL_OP_OVER;
    struct sl_phys_node *input;

    SL_TRY(sl_lower(lowering, node->inputs[0], &input, err));
    if (node->over.call_count == 0) { /* nobody reads its results */
        *ret_node = input;
        return SL_OK;
    }
    SL_TRY(over_set_retracting(&node->over, err));
    detail->over = node->over;
    detail->time = over_time(node);
    detail->ttl_us = node->has_ttl ? node->ttl_us : lowering->state_ttl_us;
    if (lowering->bounded_operators || detail->time == SL_OVER_TIME_NONE)
        SL_TRY(sl_lower_check_order(node, node->over.partition_count, node->over.order_count, err));
    if (lowering->bounded_operators) {
        kind = SL_OP_BATCH_OVER;
        SL_TRY(sl_lower_refuse_updating(input, node, "OVER", err));
    } else if (detail->time == SL_OVER_TIME_NONE) {
        kind = SL_OP_UPDATING_OVER;
        detail->emits_before = true;
    } else {
        SL_TRY(over_check_time(node, input, err));
    }
    *ret_node =
        sl_lower_add(lowering, kind, over_parallelism(lowering, node), node->schema, detail);
    sl_lower_connect_keyed(lowering, *ret_node, input, node->over.partition,
                           node->over.partition_count);
    if (kind == SL_OP_UPDATING_OVER)
        over_set_kinds(lowering, node, input, *ret_node);
    return SL_OK;
}
