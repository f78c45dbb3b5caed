/* Projections and filters on top of each other become one.
 *
 *     SELECT a + 1 FROM (SELECT x * 2 AS a FROM t)      … WHERE p) WHERE q
 *  → SELECT x * 2 + 1 FROM t                         → … WHERE p AND q
 */
#include "planner/rules.h"

#define MERGE_SIZE_MAX 2000 /* nodes; what is used twice is written twice */

static bool
merge_count_uses(const struct sl_expr *expr, void *arg)
{
    if (expr->kind == SL_EXPR_COLUMN)
        ((size_t *)arg)[expr->column]++;
    return true;
}

/* NOW() AS t used twice must stay one value, and the result must not explode. */
bool
sl_rule_can_merge(struct sl_rewriter *rewriter, struct sl_expr *const *outer, size_t outer_count,
                  struct sl_expr *const *inner, size_t inner_count)
{
    size_t *uses = SL_NEW_ARRAY(rewriter->arena, size_t, inner_count);
    size_t size = 0;

    for (size_t i = 0; i < outer_count; i++) {
        sl_expr_walk(outer[i], merge_count_uses, uses);
        size += sl_expr_size(outer[i]);
    }
    for (size_t i = 0; i < inner_count; i++) {
        if (uses[i] > 1 && !sl_expr_is_deterministic(inner[i]))
            return false;
        size += uses[i] * sl_expr_size(inner[i]);
    }
    return size <= MERGE_SIZE_MAX;
}

static bool
merge_projects(struct sl_rewriter *rewriter, struct sl_log_node *outer)
{
    struct sl_log_node *inner = outer->inputs[0];
    struct sl_expr **exprs;

    if (inner->kind != SL_LOG_PROJECT || inner->parallelism != outer->parallelism ||
        !sl_rule_can_merge(rewriter, outer->exprs, outer->schema->count, inner->exprs,
                           inner->schema->count))
        return false;
    exprs = SL_NEW_ARRAY(rewriter->arena, struct sl_expr *, outer->schema->count);
    for (size_t i = 0; i < outer->schema->count; i++)
        exprs[i] = sl_expr_substitute(rewriter->arena, outer->exprs[i], inner->exprs);
    outer->exprs = exprs;
    outer->inputs[0] = inner->inputs[0];
    return true;
}

bool
sl_rule_merge(struct sl_rewriter *rewriter, struct sl_log_node **place)
{
    struct sl_log_node *node = *place;

    if (node->kind == SL_LOG_PROJECT)
        return merge_projects(rewriter, node);
    if (node->kind == SL_LOG_FILTER && node->inputs[0]->kind == SL_LOG_FILTER) {
        node->filter = sl_expr_and(rewriter->arena, node->inputs[0]->filter, node->filter);
        node->inputs[0] = node->inputs[0]->inputs[0];
        return true;
    }
    return false;
}
