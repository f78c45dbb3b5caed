/* Projection push-down through OVER and ranks: see prune.c. */
#include "planner/prune.h"

/* Calls whose results nobody reads go, and with the last one the node's work. */
static void
prune_over_calls(struct sl_rewriter *rewriter, struct sl_over *over, const bool *required)
{
    struct sl_over_call *calls =
        SL_NEW_ARRAY(rewriter->arena, struct sl_over_call, over->call_count);
    struct sl_aggregate **aggregates =
        SL_NEW_ARRAY(rewriter->arena, struct sl_aggregate *, over->aggregate_count);
    size_t count = 0, aggregate_count = 0;

    for (size_t i = 0; i < over->call_count; i++) {
        if (!required[i])
            continue;
        calls[count] = over->calls[i];
        if (calls[count].function == SL_OVER_AGGREGATE) {
            aggregates[aggregate_count] = SL_NEW(rewriter->arena, struct sl_aggregate);
            *aggregates[aggregate_count] = *over->aggregates[calls[count].aggregate];
            calls[count].aggregate = (uint32_t)aggregate_count++;
        }
        count++;
    }
    over->calls = calls;
    over->call_count = count;
    over->aggregates = aggregates;
    over->aggregate_count = aggregate_count;
}

static void
prune_over_marks(const struct sl_over *over, bool *wanted)
{
    for (size_t i = 0; i < over->partition_count; i++)
        wanted[over->partition[i]] = true;
    for (size_t i = 0; i < over->order_count; i++)
        wanted[over->order[i].column] = true;
    for (size_t i = 0; i < over->call_count; i++) {
        if (over->calls[i].function >= SL_OVER_LAG)
            wanted[over->calls[i].column] = true;
        if (over->calls[i].has_default)
            wanted[over->calls[i].default_column] = true;
    }
    for (size_t i = 0; i < over->aggregate_count; i++) {
        for (size_t j = 0; j < over->aggregates[i]->arg_count; j++)
            sl_expr_mark_columns(over->aggregates[i]->args[j], wanted);
        sl_expr_mark_columns(over->aggregates[i]->filter, wanted);
    }
}

static uint32_t *
prune_renumber_columns(struct sl_rewriter *rewriter, const uint32_t *columns, size_t count,
                       const uint32_t *map)
{
    uint32_t *renumbered = SL_NEW_ARRAY(rewriter->arena, uint32_t, count);

    for (size_t i = 0; i < count; i++)
        renumbered[i] = map[columns[i]];
    return renumbered;
}

static struct sl_sort_key *
prune_renumber_order(struct sl_rewriter *rewriter, const struct sl_sort_key *order, size_t count,
                     const uint32_t *map)
{
    struct sl_sort_key *renumbered = SL_NEW_ARRAY(rewriter->arena, struct sl_sort_key, count);

    for (size_t i = 0; i < count; i++) {
        renumbered[i] = order[i];
        renumbered[i].column = map[order[i].column];
    }
    return renumbered;
}

static void
prune_over_renumber(struct sl_rewriter *rewriter, struct sl_over *over, const uint32_t *map)
{
    over->partition = prune_renumber_columns(rewriter, over->partition, over->partition_count, map);
    over->order = prune_renumber_order(rewriter, over->order, over->order_count, map);
    for (size_t i = 0; i < over->call_count; i++) {
        if (over->calls[i].function >= SL_OVER_LAG)
            over->calls[i].column = map[over->calls[i].column];
        if (over->calls[i].has_default)
            over->calls[i].default_column = map[over->calls[i].default_column];
    }
    for (size_t i = 0; i < over->aggregate_count; i++)
        sl_prune_renumber_call(rewriter, over->aggregates[i], map);
}

uint32_t *
sl_prune_over(struct sl_rewriter *rewriter, struct sl_log_node *node, const bool *required)
{
    struct sl_over *over = &node->over;
    size_t count = node->inputs[0]->schema->count, calls = over->call_count, kept;
    uint32_t *map = SL_NEW_ARRAY(rewriter->arena, uint32_t, count + calls + 1);
    bool *wanted = sl_prune_flags(rewriter, node->schema);

    memcpy(wanted, required, count * sizeof(*wanted));
    prune_over_calls(rewriter, over, required + count);
    prune_over_marks(over, wanted);
    memcpy(map, sl_prune_node(rewriter, node->inputs[0], wanted), count * sizeof(*map));
    prune_over_renumber(rewriter, over, map);
    kept = node->inputs[0]->schema->count;
    for (size_t i = 0; i < calls; i++)
        map[count + i] = required[count + i] ? (uint32_t)kept++ : PRUNED;
    node->schema = sl_prune_schema(rewriter, node->schema, map, kept);
    return map;
}

/* Nobody reads the rank: a row that comes in between then changes no row behind it. */
uint32_t *
sl_prune_rank(struct sl_rewriter *rewriter, struct sl_log_node *node, const bool *required)
{
    struct sl_rank *rank = &node->rank;
    size_t count = node->inputs[0]->schema->count, kept;
    uint32_t *map = SL_NEW_ARRAY(rewriter->arena, uint32_t, count + 2);
    bool *wanted = sl_prune_flags(rewriter, node->schema);

    memcpy(wanted, required, count * sizeof(*wanted));
    for (size_t i = 0; i < rank->partition_count; i++)
        wanted[rank->partition[i]] = true;
    for (size_t i = 0; i < rank->order_count; i++)
        wanted[rank->order[i].column] = true;
    if (rank->has_end_column)
        wanted[rank->end_column] = true;
    memcpy(map, sl_prune_node(rewriter, node->inputs[0], wanted), count * sizeof(*map));
    rank->partition = prune_renumber_columns(rewriter, rank->partition, rank->partition_count, map);
    rank->order = prune_renumber_order(rewriter, rank->order, rank->order_count, map);
    rank->end_column = rank->has_end_column ? map[rank->end_column] : 0;
    kept = node->inputs[0]->schema->count;
    if (rank->has_rank)
        map[count] = required[count] ? (uint32_t)kept++ : PRUNED;
    rank->has_rank = rank->has_rank && required[count];
    node->schema = sl_prune_schema(rewriter, node->schema, map, kept);
    return map;
}
