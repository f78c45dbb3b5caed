/* What a join's condition says of one input alone chooses that input's rows, unless they come out
 * without a match, too.
 *
 *     a JOIN b ON a.k = b.k AND a.x > 0          → (a WHERE x > 0) JOIN b ON a.k = b.k
 *     a LEFT JOIN b ON a.k = b.k AND b.x > 0     → a LEFT JOIN (b WHERE x > 0) ON a.k = b.k
 */
#include "planner/rules.h"

void
sl_join_split(struct sl_arena *arena, const struct sl_log_node *join, struct sl_expr *condition,
              struct sl_join_conjuncts *ret_split)
{
    uint32_t left_count = (uint32_t)join->inputs[0]->schema->count;
    struct sl_expr **conjuncts;
    size_t count = sl_expr_conjuncts(arena, condition, &conjuncts);

    *ret_split = (struct sl_join_conjuncts){0};
    for (size_t i = 0; i < count; i++) {
        struct sl_expr **to = &ret_split->both;

        if (!sl_expr_is_deterministic(conjuncts[i]) || !sl_expr_has_columns(conjuncts[i]))
            to = &ret_split->rest;
        else if (sl_expr_columns_within(conjuncts[i], 0, left_count))
            to = &ret_split->left;
        else if (sl_expr_columns_within(conjuncts[i], left_count, (uint32_t)join->schema->count))
            to = &ret_split->right;
        *to = sl_expr_and(arena, *to, conjuncts[i]);
    }
}

struct sl_expr *
sl_join_right_expr(struct sl_arena *arena, const struct sl_log_node *join,
                   const struct sl_expr *expr)
{
    uint32_t left_count = (uint32_t)join->inputs[0]->schema->count;
    uint32_t *map = SL_NEW_ARRAY(arena, uint32_t, join->schema->count + 1);

    for (uint32_t i = left_count; i < join->schema->count; i++)
        map[i] = i - left_count;
    return sl_expr_copy(arena, expr, map);
}

bool
sl_rule_push_join(struct sl_rewriter *rewriter, struct sl_log_node **place)
{
    struct sl_log_node *node = *place;
    struct sl_join_conjuncts split;
    struct sl_expr *stays;

    if (node->kind != SL_LOG_JOIN || !node->join.condition)
        return false;
    sl_join_split(rewriter->arena, node, node->join.condition, &split);
    stays = sl_expr_and(rewriter->arena, split.both, split.rest);
    if (sl_join_keeps_left(node->join.kind)) {
        stays = sl_expr_and(rewriter->arena, stays, split.left);
        split.left = NULL;
    }
    if (sl_join_keeps_right(node->join.kind)) {
        stays = sl_expr_and(rewriter->arena, stays, split.right);
        split.right = NULL;
    }
    if (!split.left && !split.right)
        return false;
    if (split.left)
        node->inputs[0] = sl_log_filter(rewriter->arena, node->inputs[0], split.left);
    if (split.right)
        node->inputs[1] = sl_log_filter(rewriter->arena, node->inputs[1],
                                        sl_join_right_expr(rewriter->arena, node, split.right));
    node->join.condition = stays;
    return true;
}
