/* Filters go as near to the source as they may.
 *
 *     SELECT … FROM TABLE(TUMBLE(TABLE bids, …)) WHERE price > 0
 *  → the scan of bids keeps only rows with price > 0
 *     … GROUP BY window_start, window_end, channel HAVING channel = 'a' AND COUNT(*) > 1
 *  → WHERE channel = 'a' … HAVING COUNT(*) > 1
 *     … FROM a, b WHERE a.k = b.k AND a.x > 0
 *  → (a WHERE x > 0) JOIN b ON a.k = b.k
 */
#include "planner/rules.h"

/* Takes the conjuncts that `may_pass` lets through out of the filter; they are what is returned. */
static struct sl_expr *
push_split(struct sl_rewriter *rewriter, struct sl_log_node *filter,
           bool (*may_pass)(const struct sl_expr *, const struct sl_log_node *),
           struct sl_expr **ret_rest)
{
    struct sl_expr **conjuncts, *passed = NULL, *rest = NULL;
    size_t count = sl_expr_conjuncts(rewriter->arena, filter->filter, &conjuncts);

    for (size_t i = 0; i < count; i++) {
        if (may_pass(conjuncts[i], filter->inputs[0]))
            passed = sl_expr_and(rewriter->arena, passed, conjuncts[i]);
        else
            rest = sl_expr_and(rewriter->arena, rest, conjuncts[i]);
    }
    *ret_rest = rest;
    return passed;
}

struct push_project {
    const struct sl_log_node *project;
    bool deterministic;
};

static bool
push_visit_project(const struct sl_expr *expr, void *arg)
{
    struct push_project *visit = arg;

    if (expr->kind == SL_EXPR_COLUMN)
        visit->deterministic &= sl_expr_is_deterministic(visit->project->exprs[expr->column]);
    return visit->deterministic;
}

static bool
push_passes_project(const struct sl_expr *conjunct, const struct sl_log_node *project)
{
    struct push_project visit = {project, true};

    return sl_expr_walk(conjunct, push_visit_project, &visit) && visit.deterministic;
}

struct push_partition {
    const uint32_t *columns;
    size_t count;
};

static bool
push_visit_partition(const struct sl_expr *expr, void *arg)
{
    const struct push_partition *partition = arg;
    bool found = expr->kind != SL_EXPR_COLUMN;

    for (size_t i = 0; i < partition->count && !found; i++)
        found = partition->columns[i] == expr->column;
    return found;
}

/* Only whole partitions may be filtered out. */
static bool
push_passes_partition(const struct sl_expr *conjunct, const uint32_t *columns, size_t count)
{
    struct push_partition partition = {columns, count};

    return sl_expr_is_deterministic(conjunct) && sl_expr_has_columns(conjunct) &&
           sl_expr_walk(conjunct, push_visit_partition, &partition);
}

static bool
push_passes_count_window(const struct sl_expr *conjunct, const struct sl_log_node *window)
{
    return push_passes_partition(conjunct, window->count_window.partition,
                                 window->count_window.partition_count);
}

static bool
push_passes_over(const struct sl_expr *conjunct, const struct sl_log_node *over)
{
    return push_passes_partition(conjunct, over->over.partition, over->over.partition_count);
}

static bool
push_passes_rank(const struct sl_expr *conjunct, const struct sl_log_node *rank)
{
    return push_passes_partition(conjunct, rank->rank.partition, rank->rank.partition_count);
}

/* A session would end without the rows that are filtered out. */
static bool
push_passes_window(const struct sl_expr *conjunct, const struct sl_log_node *window)
{
    if (window->window_table.window.kind == SL_WINDOW_SESSION)
        return push_passes_partition(conjunct, window->window_table.partition,
                                     window->window_table.partition_count);
    return sl_expr_is_deterministic(conjunct) &&
           sl_expr_columns_within(conjunct, 0, (uint32_t)window->inputs[0]->schema->count);
}

/* Only what depends on keys, and on at least one: a global aggregate gives a row for no rows. */
static bool
push_passes_aggregate(const struct sl_expr *conjunct, const struct sl_log_node *aggregate)
{
    return sl_expr_is_deterministic(conjunct) && sl_expr_has_columns(conjunct) &&
           sl_expr_columns_within(conjunct, 0, (uint32_t)aggregate->aggregate.key_count);
}

/* filter(node(x)) → [rest](node(filter'(x))), filter' being `passed` over the columns of x. */
static void
push_below(struct sl_rewriter *rewriter, struct sl_log_node **place, size_t input,
           struct sl_expr *passed, struct sl_expr *rest)
{
    struct sl_log_node *filter = *place, *node = filter->inputs[0];

    node->inputs[input] = sl_log_filter(rewriter->arena, node->inputs[input], passed);
    if (rest)
        filter->filter = rest;
    else
        *place = node;
}

static bool
push_through_project(struct sl_rewriter *rewriter, struct sl_log_node **place)
{
    struct sl_log_node *project = (*place)->inputs[0];
    struct sl_expr *rest, *passed = push_split(rewriter, *place, push_passes_project, &rest);

    if (!passed)
        return false;
    push_below(rewriter, place, 0, sl_expr_substitute(rewriter->arena, passed, project->exprs),
               rest);
    return true;
}

static bool
push_through_over(struct sl_rewriter *rewriter, struct sl_log_node **place)
{
    struct sl_expr *rest, *passed = push_split(rewriter, *place, push_passes_over, &rest);

    if (!passed)
        return false;
    push_below(rewriter, place, 0, passed, rest);
    return true;
}

static bool
push_through_rank(struct sl_rewriter *rewriter, struct sl_log_node **place)
{
    struct sl_expr *rest, *passed = push_split(rewriter, *place, push_passes_rank, &rest);

    if (!passed)
        return false;
    push_below(rewriter, place, 0, passed, rest);
    return true;
}

static bool
push_through_window(struct sl_rewriter *rewriter, struct sl_log_node **place)
{
    struct sl_expr *rest, *passed = push_split(rewriter, *place, push_passes_window, &rest);

    if (!passed)
        return false;
    push_below(rewriter, place, 0, passed, rest);
    return true;
}

static bool
push_through_count_window(struct sl_rewriter *rewriter, struct sl_log_node **place)
{
    struct sl_expr *rest, *passed = push_split(rewriter, *place, push_passes_count_window, &rest);

    if (!passed)
        return false;
    push_below(rewriter, place, 0, passed, rest);
    return true;
}

static bool
push_through_aggregate(struct sl_rewriter *rewriter, struct sl_log_node **place)
{
    struct sl_log_node *aggregate = (*place)->inputs[0];
    struct sl_expr *rest, *passed = push_split(rewriter, *place, push_passes_aggregate, &rest);

    if (!passed)
        return false;
    push_below(rewriter, place, 0, sl_expr_copy(rewriter->arena, passed, aggregate->aggregate.keys),
               rest);
    return true;
}

/* Filters of an inner join are its condition; of an outer one only those on rows that it keeps go
 * below. */
static bool
push_through_join(struct sl_rewriter *rewriter, struct sl_log_node **place)
{
    struct sl_log_node *filter = *place, *node = filter->inputs[0];
    struct sl_join_conjuncts split;

    sl_join_split(rewriter->arena, node, filter->filter, &split);
    if (sl_join_keeps_right(node->join.kind)) {
        split.rest = sl_expr_and(rewriter->arena, split.rest, split.left);
        split.left = NULL;
    }
    if (sl_join_keeps_left(node->join.kind)) {
        split.rest = sl_expr_and(rewriter->arena, split.rest, split.right);
        split.right = NULL;
    }
    if (node->join.kind != SL_JOIN_INNER) {
        split.rest = sl_expr_and(rewriter->arena, split.rest, split.both);
        split.both = NULL;
    }
    if (!split.left && !split.right && !split.both)
        return false;
    node->join.condition = sl_expr_and(rewriter->arena, node->join.condition, split.both);
    if (split.left)
        node->inputs[0] = sl_log_filter(rewriter->arena, node->inputs[0], split.left);
    if (split.right)
        node->inputs[1] = sl_log_filter(rewriter->arena, node->inputs[1],
                                        sl_join_right_expr(rewriter->arena, node, split.right));
    if (split.rest)
        filter->filter = split.rest;
    else
        *place = node;
    return true;
}

static bool
push_passes_semi_join(const struct sl_expr *conjunct, const struct sl_log_node *join)
{
    return sl_expr_is_deterministic(conjunct) &&
           sl_expr_columns_within(conjunct, 0, (uint32_t)join->inputs[0]->schema->count);
}

static bool
push_through_semi_join(struct sl_rewriter *rewriter, struct sl_log_node **place)
{
    struct sl_expr *rest, *passed = push_split(rewriter, *place, push_passes_semi_join, &rest);

    if (!passed)
        return false;
    push_below(rewriter, place, 0, passed, rest);
    return true;
}

static bool
push_is_deterministic(const struct sl_expr *conjunct, const struct sl_log_node *join)
{
    return sl_expr_is_deterministic(conjunct);
}

/* What reads the single row is the join's condition, for of an update of that row only the rows
 * matter to which it makes a difference. */
static bool
push_into_single_join(struct sl_rewriter *rewriter, struct sl_log_node **place)
{
    struct sl_log_node *filter = *place, *node = filter->inputs[0];
    struct sl_expr *rest, *passed = push_split(rewriter, filter, push_passes_semi_join, &rest);
    uint32_t left = (uint32_t)node->inputs[0]->schema->count;
    uint32_t *map;

    if (passed) {
        push_below(rewriter, place, 0, passed, rest);
        return true;
    }
    passed = push_split(rewriter, filter, push_is_deterministic, &rest);
    if (!passed)
        return false;
    map = SL_NEW_ARRAY(rewriter->arena, uint32_t, node->schema->count + 1);
    for (uint32_t i = 0; i < node->schema->count; i++)
        map[i] = i < left ? i : left + node->single_join.shown[i - left];
    node->single_join.condition = sl_expr_and(rewriter->arena, node->single_join.condition,
                                              sl_expr_copy(rewriter->arena, passed, map));
    if (rest)
        filter->filter = rest;
    else
        *place = node;
    return true;
}

static bool
push_passes_unnest(const struct sl_expr *conjunct, const struct sl_log_node *unnest)
{
    return sl_expr_is_deterministic(conjunct) &&
           sl_expr_columns_within(conjunct, 0, (uint32_t)unnest->unnest.kept_count);
}

static bool
push_through_unnest(struct sl_rewriter *rewriter, struct sl_log_node **place)
{
    const uint32_t *kept = (*place)->inputs[0]->unnest.kept;
    struct sl_expr *rest, *passed = push_split(rewriter, *place, push_passes_unnest, &rest);

    if (!passed)
        return false;
    push_below(rewriter, place, 0, sl_expr_copy(rewriter->arena, passed, kept), rest);
    return true;
}

static bool
push_through_union(struct sl_rewriter *rewriter, struct sl_log_node **place)
{
    struct sl_log_node *filter = *place, *node = filter->inputs[0];

    if (!sl_expr_is_deterministic(filter->filter))
        return false;
    for (size_t i = 0; i < node->input_count; i++)
        node->inputs[i] = sl_log_filter(rewriter->arena, node->inputs[i],
                                        sl_expr_copy(rewriter->arena, filter->filter, NULL));
    *place = node;
    return true;
}

/* Copies of a row are equal: all of them pass, or none does. */
static bool
push_through_replicate(struct sl_rewriter *rewriter, struct sl_log_node **place)
{
    struct sl_log_node *filter = *place;

    if (!sl_expr_is_deterministic(filter->filter))
        return false;
    push_below(rewriter, place, 0, filter->filter, NULL);
    return true;
}

static bool
push_through_sort(struct sl_rewriter *rewriter, struct sl_log_node **place)
{
    struct sl_log_node *filter = *place;

    push_below(rewriter, place, 0, filter->filter, NULL);
    return true;
}

/* Into the scan: the filter is over the table's declared columns from then on. */
static bool
push_into_scan(struct sl_rewriter *rewriter, struct sl_log_node **place)
{
    struct sl_log_node *filter = *place, *node = filter->inputs[0];
    struct sl_log_scan *scan = &node->scan;
    struct sl_expr *condition = filter->filter;

    if (scan->exprs) {
        for (size_t i = 0; i < node->schema->count; i++)
            if (!sl_expr_is_deterministic(scan->exprs[i]))
                return false;
        condition = sl_expr_substitute(rewriter->arena, condition, scan->exprs);
    }
    scan->filter = sl_expr_and(rewriter->arena, scan->filter, condition);
    *place = node;
    return true;
}

bool
sl_rule_push_filter(struct sl_rewriter *rewriter, struct sl_log_node **place)
{
    if ((*place)->kind != SL_LOG_FILTER)
        return false;
    switch ((*place)->inputs[0]->kind) {
    case SL_LOG_PROJECT:
        return push_through_project(rewriter, place);
    case SL_LOG_WINDOW_TABLE:
        return push_through_window(rewriter, place);
    case SL_LOG_COUNT_WINDOW:
        return push_through_count_window(rewriter, place);
    case SL_LOG_OVER:
        return push_through_over(rewriter, place);
    case SL_LOG_RANK:
        return push_through_rank(rewriter, place);
    case SL_LOG_AGGREGATE:
    case SL_LOG_WINDOW_AGGREGATE:
    case SL_LOG_TRIGGER_AGGREGATE:
        return push_through_aggregate(rewriter, place);
    case SL_LOG_UNION:
        return push_through_union(rewriter, place);
    case SL_LOG_REPLICATE:
        return push_through_replicate(rewriter, place);
    case SL_LOG_JOIN:
        return push_through_join(rewriter, place);
    case SL_LOG_SEMI_JOIN:
        return push_through_semi_join(rewriter, place);
    case SL_LOG_SINGLE_JOIN:
        return push_into_single_join(rewriter, place);
    case SL_LOG_UNNEST:
        return push_through_unnest(rewriter, place);
    case SL_LOG_SORT:
        return push_through_sort(rewriter, place);
    case SL_LOG_SCAN:
        return push_into_scan(rewriter, place);
    default:
        return false;
    }
}
