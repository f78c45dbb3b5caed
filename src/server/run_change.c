/* INSERT, UPDATE, DELETE and statement sets: a bounded one runs to its end here, a streaming one
 * becomes a job that goes on by itself. */
#include "server/jobs.h"
#include "server/session.h"

#include <stdio.h>

int
sl_describe_change(struct sl_portal *portal, struct sl_error *err)
{
    struct sl_session *session = portal->session;
    int rc = sl_portal_plan(portal, portal->statement->ast, false, &portal->planned, err);

    session->set_failed |= rc < 0;
    return rc;
}

/* Stops the job when the client goes away or cancels. */
static int
change_wait(struct sl_portal *portal, struct sl_job *job, struct sl_error *err)
{
    struct sl_net_connection *connection = portal->session->connection;
    int rc = sl_job_wait(job, sl_net_is_cancelled, connection, err);

    if (rc != SL_AGAIN)
        return rc;
    sl_job_stop(job, SL_RUN_CANCELED, "cancelled by the client");
    rc = sl_net_check(connection, err);
    return rc < 0 ? rc
                  : SL_ERROR(err, SL_E_QUERY_CANCELED, "canceling statement due to user request");
}

/* How many changes a row are written: an UPDATE of a table that is written by key has no -U. */
static uint64_t
change_per_row(const struct sl_planned *planned)
{
    if (strcmp(planned->tag, "UPDATE") != 0)
        return 1;
    for (size_t i = 0; i < planned->plan->node_count; i++) {
        const struct sl_phys_node *node = planned->plan->nodes[i];

        if (node->kind == SL_OP_SINK)
            return ((const struct sl_phys_sink *)node->detail)->upsert ? 1 : 2;
    }
    return 1;
}

static int
change_run_bounded(struct sl_portal *portal, const struct sl_planned *planned, struct sl_error *err)
{
    struct sl_runtime *runtime = portal->session->server->runtime;
    struct sl_job_status status;
    struct sl_job *job;
    char id[33];
    struct sl_job_spec spec = {
        .id = id, .name = planned->tag, .plan = planned->plan, .is_query = true};
    bool is_insert = strcmp(planned->tag, "INSERT") == 0;
    int rc;

    sl_runtime_new_id(runtime, id);
    SL_TRY(sl_net_flush(portal->session->connection, err));
    SL_TRY(sl_job_start(runtime, &spec, &job, err));
    rc = change_wait(portal, job, err);
    sl_job_get_status(job, &status);
    sl_job_unref(job);
    sl_runtime_forget_job(runtime, planned->plan, id);
    if (rc < 0)
        return rc;
    sl_portal_set_tag(portal, "%s%s %llu", planned->tag, is_insert ? " 0" : "",
                      (unsigned long long)(status.rows_written / change_per_row(planned)));
    return SL_OK;
}

static void
change_verdict(void *session, const char *uid, const char *text)
{
    char notice[512];

    snprintf(notice, sizeof(notice), "operator %s: %s", uid, text);
    sl_session_notice(session, notice);
}

/* A savepoint is for one INSERT: the path is unset behind it. */
static void
change_forget_savepoint(struct sl_session *session)
{
    static const char key[] = "execution.state-recovery.path";
    struct sl_error ignored;

    sl_settings_set(&session->settings, sl_text_of(key), "", SL_SETTING_S, &ignored);
    sl_session_notice(session, "'execution.state-recovery.path' is unset again");
}

static int
change_start_job(struct sl_portal *portal, const struct sl_planned *planned, struct sl_text sql,
                 struct sl_error *err)
{
    struct sl_session *session = portal->session;
    const char *name = sl_settings_get(&session->settings, "pipeline.name");
    const char *savepoint = sl_settings_get(&session->settings, "execution.state-recovery.path");
    struct sl_jobs_origin origin = {
        .schema = session->schema,
        .settings = &session->settings,
        .savepoint = savepoint[0] ? savepoint : NULL,
        .ignores_unclaimed = sl_settings_boolean(&session->settings,
                                                 "execution.state-recovery.ignore-unclaimed-state"),
        .verdict = change_verdict,
        .arg = session};
    struct sl_job_status status;
    struct sl_job *job;
    char notice[128];
    int rc = SL_OK;

    if (name[0] == '\0')
        name = sl_jobs_default_name(&portal->arena, planned);
    SL_TRY(sl_jobs_start(session->server, planned, name, sql, &origin, &job, err));
    if (origin.savepoint)
        change_forget_savepoint(session);
    sl_job_get_status(job, &status);
    snprintf(notice, sizeof(notice), "job %s started", status.id);
    sl_session_notice(session, notice);
    if (sl_settings_boolean(&session->settings, "table.dml-sync")) {
        rc = sl_net_flush(session->connection, err); /* who waits wants to know for what */
        if (rc == SL_OK)
            rc = sl_job_wait(job, sl_net_is_cancelled, session->connection, err);
        if (rc == SL_AGAIN)
            rc = sl_net_check(session->connection, err);
        else if (rc == SL_OK)
            rc = sl_jobs_store(session->server, job, err);
    }
    sl_job_unref(job);
    sl_portal_set_tag(portal, "INSERT 0 0");
    return rc < 0 ? rc : SL_OK;
}

int
sl_start_planned(struct sl_portal *portal, struct sl_planned *planned, struct sl_text sql,
                 struct sl_error *err)
{
    return planned->synchronous ? change_run_bounded(portal, planned, err)
                                : change_start_job(portal, planned, sql, err);
}

/* Planned, and so checked, alone; what runs at END is planned as a whole. */
static void
change_collect(struct sl_session *session, struct sl_text insert)
{
    sl_buffer_add_text(&session->set, insert);
    sl_buffer_add_string(&session->set, ";\n");
}

int
sl_run_change(struct sl_portal *portal, struct sl_error *err)
{
    struct sl_session *session = portal->session;

    if (!session->set_open)
        return sl_start_planned(portal, portal->planned, portal->sql, err);
    if (portal->param_count > 0) {
        session->set_failed = true;
        SL_ERROR(err, SL_E_NOT_SUPPORTED, "a statement set takes no parameters");
        return sl_error_at(err, portal->statement->offset);
    }
    change_collect(session, portal->sql);
    sl_portal_set_tag(portal, "INSERT 0 0");
    return SL_OK;
}

/* --- statement sets --- */

/* Collected or whole, a set is planned from its text. */
static int
change_run_set(struct sl_portal *portal, const struct sl_ast *ast, struct sl_text sql,
               struct sl_error *err)
{
    struct sl_planned *planned;

    SL_TRY(sl_portal_plan(portal, ast, false, &planned, err));
    return sl_start_planned(portal, planned, sql, err);
}

static int
change_begin_insert(struct sl_portal *portal, const struct sl_ast_insert *insert,
                    struct sl_error *err)
{
    struct sl_planned *planned;

    if (insert->ast.kind != SL_AST_INSERT) {
        SL_ERROR(err, SL_E_NOT_SUPPORTED, "only INSERT statements may stand in a statement set");
        return sl_error_at(err, insert->ast.offset);
    }
    SL_TRY(sl_portal_plan(portal, &insert->ast, false, &planned, err));
    change_collect(portal->session, insert->text);
    return SL_OK;
}

int
sl_run_statement_set(struct sl_portal *portal, struct sl_error *err)
{
    const struct sl_ast_statement_set *set =
        (const struct sl_ast_statement_set *)portal->statement->ast;
    struct sl_session *session = portal->session;

    if (set->complete)
        return change_run_set(portal, portal->statement->ast, portal->sql, err);
    session->set_open = true;
    session->set_failed = false;
    sl_buffer_reset(&session->set);
    for (size_t i = 0; i < set->statements.count; i++) {
        if (change_begin_insert(portal, set->statements.items[i], err) < 0) {
            session->set_failed = true;
            return err->code;
        }
    }
    sl_portal_set_tag(portal, "BEGIN STATEMENT SET");
    return SL_OK;
}

void
sl_abort_statement_set(struct sl_session *session)
{
    session->set_open = session->set_failed = false;
    sl_buffer_reset(&session->set);
}

int
sl_end_statement_set(struct sl_portal *portal, struct sl_error *err)
{
    struct sl_session *session = portal->session;
    const char *inserts = sl_arena_strndup(
        &portal->arena, session->set.length ? session->set.data : "", session->set.length);
    bool failed = session->set_failed;
    struct sl_ast_script *script;

    sl_abort_statement_set(session);
    if (failed) {
        sl_portal_set_tag(portal, "ROLLBACK");
        return SL_OK;
    }
    if (inserts[0] == '\0')
        return SL_ERROR(err, SL_E_SYNTAX, "the statement set holds no INSERT");
    portal->sql =
        sl_text_of(sl_arena_printf(&portal->arena, "EXECUTE STATEMENT SET BEGIN\n%sEND", inserts));
    sl_net_set_sql(session->connection, (struct sl_text){0}); /* positions are of the whole set */
    SL_TRY(sl_parse_script(&portal->arena, portal->sql, NULL, &script, err));
    return change_run_set(portal, script->statements[0].ast, portal->sql, err);
}
