/* A projection that passes on all columns in their order goes; its names stay.
 *
 *     SELECT a AS b FROM (SELECT COUNT(*) AS a …)   → SELECT COUNT(*) AS b …
 */
#include "planner/rules.h"

bool
sl_rule_drop_project(struct sl_rewriter *rewriter, struct sl_log_node **place)
{
    struct sl_log_node *project = *place, *input;

    if (project->kind != SL_LOG_PROJECT || !sl_log_is_identity(project))
        return false;
    input = project->inputs[0];
    /* A window's aggregation finds its parts by place; a hint for the projection alone stays. */
    if (input->parallelism != project->parallelism)
        return false;
    input->schema = project->schema;
    *place = input;
    return true;
}
