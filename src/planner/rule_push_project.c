/* A projection over a scan becomes the scan's own: it makes only what is wanted.
 *
 *     SELECT price * 2 FROM bids   → Scan(bids, select = [price * 2])
 */
#include "planner/rules.h"

bool
sl_rule_push_project(struct sl_rewriter *rewriter, struct sl_log_node **place)
{
    struct sl_log_node *project = *place, *node;
    struct sl_expr **exprs;

    if (project->kind != SL_LOG_PROJECT)
        return false;
    node = project->inputs[0];
    if (node->kind != SL_LOG_SCAN || node->parallelism != project->parallelism)
        return false;
    if (node->scan.exprs && !sl_rule_can_merge(rewriter, project->exprs, project->schema->count,
                                               node->scan.exprs, node->schema->count))
        return false;
    exprs = SL_NEW_ARRAY(rewriter->arena, struct sl_expr *, project->schema->count);
    for (size_t i = 0; i < project->schema->count; i++)
        exprs[i] = node->scan.exprs
                       ? sl_expr_substitute(rewriter->arena, project->exprs[i], node->scan.exprs)
                       : project->exprs[i];
    node->scan.exprs = exprs;
    node->schema = project->schema;
    *place = node;
    return true;
}
