/* SELECT: planned when described, started when executed, its rows through the portal. */
#include "server/session.h"

#include <stdio.h>

enum { QUERY_BUFFER_ROWS = 16384 }; /* held for the client before the query is held back */

int
sl_describe_query(struct sl_portal *portal, struct sl_error *err)
{
    const struct sl_schema *schema;
    struct sl_result_column *columns;

    SL_TRY(sl_portal_plan(portal, portal->statement->ast, false, &portal->planned, err));
    schema = portal->planned->columns;
    columns = SL_NEW_ARRAY(&portal->arena, struct sl_result_column, schema->count + 1);
    for (size_t i = 0; i < schema->count; i++)
        columns[i] =
            (struct sl_result_column){schema->columns[i].name, schema->columns[i].type};
    sl_portal_set_columns(portal, columns, schema->count);
    return SL_OK;
}

/* Does the plan's COLLECT show the row kinds? */
static bool
query_with_kind(const struct sl_phys_plan *plan)
{
    for (size_t i = 0; i < plan->node_count; i++)
        if (plan->nodes[i]->kind == SL_OP_COLLECT)
            return ((const struct sl_phys_collect *)plan->nodes[i]->detail)->row_kinds;
    return false;
}

int
sl_start_query(struct sl_portal *portal, struct sl_planned *planned, struct sl_error *err)
{
    struct sl_runtime *runtime = portal->session->server->runtime;
    char id[33];
    struct sl_job_spec spec = {.id = id,
                               .name = "query",
                               .plan = planned->plan,
                               .is_query = true,
                               .collect_rows_max = QUERY_BUFFER_ROWS};

    sl_runtime_new_id(runtime, id);
    portal->with_kind = query_with_kind(planned->plan);
    return sl_job_start(runtime, &spec, &portal->job, err);
}

int
sl_run_query(struct sl_portal *portal, struct sl_error *err)
{
    struct sl_session *session = portal->session;

    if (portal->planned->endless && !session->extended && !portal->is_cursor)
        sl_net_notice(session->connection, "NOTICE", "00000",
                      "this query never ends: psql shows its rows only at the end",
                      "use COPY (SELECT …) TO STDOUT, or \\set FETCH_COUNT 1");
    return sl_start_query(portal, portal->planned, err);
}
