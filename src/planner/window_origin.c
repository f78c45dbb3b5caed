/* Which window a column is of: through projections, filters, unions and groupings by windows, down
 * to a windowing table function. */
#include "planner/bind.h"

static bool
origin_is_same(const struct sl_window_origin *a, const struct sl_window_origin *b)
{
    return a->part == b->part && a->window.kind == b->window.kind &&
           a->window.size_us == b->window.size_us && a->window.slide_us == b->window.slide_us &&
           a->window.offset_us == b->window.offset_us &&
           a->window.processing_time == b->window.processing_time &&
           a->window.local_zone == b->window.local_zone;
}

static struct sl_window_origin
origin_none(void)
{
    return (struct sl_window_origin){.part = SL_WINDOW_PART_NONE};
}

static struct sl_window_origin
origin_of_table(const struct sl_log_node *node, uint32_t column)
{
    uint32_t first = (uint32_t)node->inputs[0]->schema->count;

    if (column < first)
        return origin_none();
    return (struct sl_window_origin){SL_WINDOW_PART_START + (enum sl_window_part)(column - first),
                                     node->window_table.window};
}

/* Behind keys and aggregates are those parts of the window that are made. */
static struct sl_window_origin
origin_of_window_aggregate(const struct sl_log_node *node, uint32_t column)
{
    const struct sl_log_aggregate *aggregate = &node->aggregate;
    size_t at = aggregate->key_count + aggregate->aggregate_count;

    for (unsigned i = 0; i < 3; i++)
        if (aggregate->parts[i] && at++ == column)
            return (struct sl_window_origin){SL_WINDOW_PART_START + (enum sl_window_part)i,
                                             aggregate->window};
    return origin_none();
}

/* Only a grouping by windows gives a row of a window once. */
static struct sl_window_origin
origin_of_aggregate(const struct sl_log_node *node, uint32_t column)
{
    if (column >= node->aggregate.key_count || !sl_window_is_grouped(node))
        return origin_none();
    return sl_window_origin_of(node->inputs[0], node->aggregate.keys[column]);
}

static struct sl_window_origin
origin_of_union(const struct sl_log_node *node, uint32_t column)
{
    struct sl_window_origin first = sl_window_origin_of(node->inputs[0], column);

    for (size_t i = 1; i < node->input_count; i++) {
        struct sl_window_origin other = sl_window_origin_of(node->inputs[i], column);

        if (!origin_is_same(&first, &other))
            return origin_none();
    }
    return first;
}

struct sl_window_origin
sl_window_origin_of(const struct sl_log_node *node, uint32_t column)
{
    switch (node->kind) {
    case SL_LOG_FILTER:
        return sl_window_origin_of(node->inputs[0], column);
    case SL_LOG_OVER:
    case SL_LOG_RANK:
        if (column >= node->inputs[0]->schema->count)
            return origin_none();
        return sl_window_origin_of(node->inputs[0], column);
    case SL_LOG_EXPAND:
        if (!sl_expand_keeps(&node->expand, column))
            return origin_none();
        return sl_window_origin_of(node->inputs[0], column);
    case SL_LOG_PROJECT:
        if (node->exprs[column]->kind != SL_EXPR_COLUMN)
            return origin_none();
        return sl_window_origin_of(node->inputs[0], node->exprs[column]->column);
    case SL_LOG_WINDOW_TABLE:
        return origin_of_table(node, column);
    case SL_LOG_WINDOW_AGGREGATE:
        return origin_of_window_aggregate(node, column);
    case SL_LOG_AGGREGATE:
        return origin_of_aggregate(node, column);
    case SL_LOG_UNION:
        return origin_of_union(node, column);
    default:
        return origin_none();
    }
}

enum sl_window_part
sl_window_part_of(const struct sl_log_node *node, uint32_t column)
{
    return sl_window_origin_of(node, column).part;
}

bool
sl_window_is_grouped(const struct sl_log_node *aggregate)
{
    unsigned parts = 0;

    for (size_t i = 0; i < aggregate->aggregate.key_count; i++)
        parts |= 1u << sl_window_part_of(aggregate->inputs[0], aggregate->aggregate.keys[i]);
    return (parts & 1u << SL_WINDOW_PART_START) && (parts & 1u << SL_WINDOW_PART_END);
}
