/* Names of the plan's parts, and questions about a whole plan. */
#include "plan/physical.h"

const char *
sl_op_kind_name(enum sl_op_kind kind)
{
    static const char *const names[SL_OP_COUNT] = {
#define OPERATOR(kind, stem, name) [SL_OP_##kind] = name,
#include "plan/operators.def"
#undef OPERATOR
    };

    SL_ASSERT(kind < SL_OP_COUNT);
    return names[kind];
}

static bool
physical_is_global(const struct sl_phys_node *node)
{
    if (node->kind == SL_OP_GROUP_AGGREGATE)
        return ((const struct sl_phys_group_aggregate *)node->detail)->is_global;
    return node->kind == SL_OP_WINDOW_AGGREGATE &&
           ((const struct sl_phys_window_aggregate *)node->detail)->is_global;
}

const char *
sl_phys_name(const struct sl_phys_node *node)
{
    if (!physical_is_global(node))
        return sl_op_kind_name(node->kind);
    return node->kind == SL_OP_GROUP_AGGREGATE ? "GlobalGroupAggregate" : "GlobalWindowAggregate";
}

const struct sl_phys_node *
sl_phys_local_phase(const struct sl_phys_node *node)
{
    return physical_is_global(node) ? node->inputs[0].node : node;
}

const char *
sl_over_function_name(enum sl_over_function function)
{
    static const char *const names[] = {[SL_OVER_AGGREGATE] = "AGGREGATE",
                                        [SL_OVER_ROW_NUMBER] = "ROW_NUMBER",
                                        [SL_OVER_RANK] = "RANK",
                                        [SL_OVER_DENSE_RANK] = "DENSE_RANK",
                                        [SL_OVER_PERCENT_RANK] = "PERCENT_RANK",
                                        [SL_OVER_CUME_DIST] = "CUME_DIST",
                                        [SL_OVER_NTILE] = "NTILE",
                                        [SL_OVER_LAG] = "LAG",
                                        [SL_OVER_LEAD] = "LEAD",
                                        [SL_OVER_NTH_VALUE] = "NTH_VALUE"};

    SL_ASSERT(function < SL_COUNT_OF(names));
    return names[function];
}

const char *
sl_join_kind_name(enum sl_join_kind kind)
{
    static const char *const names[] = {
        [SL_JOIN_INNER] = "INNER",
        [SL_JOIN_LEFT] = "LEFT",
        [SL_JOIN_RIGHT] = "RIGHT",
        [SL_JOIN_FULL] = "FULL",
    };

    SL_ASSERT(kind < SL_COUNT_OF(names));
    return names[kind];
}

const char *
sl_semi_join_kind_name(enum sl_semi_join_kind kind)
{
    static const char *const names[] = {
        [SL_SEMI_JOIN_SEMI] = "SEMI", [SL_SEMI_JOIN_ANTI] = "ANTI", [SL_SEMI_JOIN_MARK] = "MARK"};

    SL_ASSERT(kind < SL_COUNT_OF(names));
    return names[kind];
}

struct sl_schema *
sl_phys_both_inputs(struct sl_arena *arena, const struct sl_schema *left,
                    const struct sl_schema *right)
{
    struct sl_schema *both = sl_schema_new(arena, left->count + right->count);

    for (size_t i = 0; i < both->count; i++)
        both->columns[i] = i < left->count ? left->columns[i] : right->columns[i - left->count];
    return both;
}

const char *
sl_exchange_name(enum sl_exchange_kind kind)
{
    static const char *const names[] = {
        [SL_EXCHANGE_FORWARD] = "forward",     [SL_EXCHANGE_HASH] = "hash",
        [SL_EXCHANGE_REBALANCE] = "rebalance", [SL_EXCHANGE_RESCALE] = "rescale",
        [SL_EXCHANGE_BROADCAST] = "broadcast", [SL_EXCHANGE_GLOBAL] = "global",
    };

    SL_ASSERT(kind < SL_COUNT_OF(names));
    return names[kind];
}

uint32_t
sl_phys_max_parallelism(const struct sl_phys_plan *plan)
{
    uint32_t max = 1;

    for (size_t i = 0; i < plan->node_count; i++)
        max = SL_MAX(max, plan->nodes[i]->parallelism);
    return max;
}

struct sl_schema *
sl_phys_pair_schema(struct sl_arena *arena, const struct sl_phys_node *node)
{
    const struct sl_phys_interval_join *join = node->detail;
    const struct sl_schema *left = node->inputs[0].node->schema;
    const struct sl_schema *right = node->inputs[1].node->schema;
    struct sl_schema *pair = sl_schema_new(arena, join->column_count);

    for (size_t i = 0; i < join->column_count; i++)
        pair->columns[i] = join->columns[i] < left->count
                               ? left->columns[join->columns[i]]
                               : right->columns[join->columns[i] - left->count];
    return pair;
}

int32_t
sl_phys_time_column(const struct sl_phys_node *node, size_t input)
{
    const struct sl_phys_window_aggregate *window = node->detail;
    const struct sl_phys_session_table *session = node->detail;
    const struct sl_phys_over *over = node->detail;
    const struct sl_phys_window_rank *rank = node->detail;
    const struct sl_phys_deduplicate *deduplicate = node->detail;
    const struct sl_phys_temporal_sort *sort = node->detail;

    switch (node->kind) {
    case SL_OP_OVER:
        return over->time == SL_OVER_TIME_EVENT ? (int32_t)over->over.order[0].column : -1;
    case SL_OP_WINDOW_RANK:
        return rank->window.processing_time ? -1 : (int32_t)rank->end_column;
    case SL_OP_DEDUPLICATE:
        return deduplicate->processing_time || deduplicate->keeps_last
                   ? -1
                   : (int32_t)deduplicate->time_column;
    case SL_OP_TEMPORAL_SORT:
        return sort->processing_time ? -1 : (int32_t)sort->keys[0].column;
    case SL_OP_SESSION_TABLE:
        return session->window.processing_time ? -1 : (int32_t)session->time_column;
    case SL_OP_SESSION_AGGREGATE:
    case SL_OP_WINDOW_AGGREGATE:
    case SL_OP_WINDOW_EMIT: /* begins as one */
        return window->window.processing_time ? -1 : (int32_t)window->time_column;
    default:
        return -1;
    }
}

bool
sl_phys_is_bounded(const struct sl_phys_plan *plan)
{
    for (size_t i = 0; i < plan->node_count; i++) {
        const struct sl_phys_scan *scan = plan->nodes[i]->detail;

        if (plan->nodes[i]->kind == SL_OP_SCAN && !scan->bounded)
            return false;
    }
    return true;
}
