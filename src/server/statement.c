/* The table of contents of the program: which statement is run by what.
 *
 * A query or change goes: parsed (parser/) ─▶ sl_plan_statement (planner/: bind, rules, physical)
 * ─▶ sl_job_start (runtime/) ─▶ rows through the portal, or a job that goes on by itself. */
#include "server/session.h"

static const struct sl_statement_class statement_classes[] = {
    {SL_AST_QUERY, sl_describe_query, sl_run_query},
    {SL_AST_INSERT, sl_describe_change, sl_run_change},
    {SL_AST_UPDATE, sl_describe_change, sl_run_change},
    {SL_AST_DELETE, sl_describe_change, sl_run_change},
    {SL_AST_STATEMENT_SET, NULL, sl_run_statement_set},
    {SL_AST_EXPLAIN, sl_describe_explain, sl_run_explain},
    {SL_AST_CREATE_TABLE, NULL, sl_run_create_table},
    {SL_AST_CREATE_VIEW, NULL, sl_run_create_view},
    {SL_AST_CREATE_FUNCTION, NULL, sl_run_create_function},
    {SL_AST_CREATE_DATABASE, NULL, sl_run_create_database},
    {SL_AST_ALTER_TABLE, NULL, sl_run_alter_table},
    {SL_AST_ALTER_OBJECT, NULL, sl_run_alter_object},
    {SL_AST_DROP, NULL, sl_run_drop},
    {SL_AST_USE, NULL, sl_run_use},
    {SL_AST_SHOW, sl_describe_show, sl_run_show},
    {SL_AST_DESCRIBE, sl_describe_describe, sl_run_describe},
    {SL_AST_SET, sl_describe_set, sl_run_set},
    {SL_AST_RESET, NULL, sl_run_reset},
    {SL_AST_TRANSACTION, NULL, sl_run_transaction},
    {SL_AST_DISCARD, NULL, sl_run_discard},
    {SL_AST_LISTEN, NULL, sl_run_listen},
    {SL_AST_DECLARE, sl_describe_declare, sl_run_declare},
    {SL_AST_FETCH, sl_describe_fetch, sl_run_fetch},
    {SL_AST_CLOSE, NULL, sl_run_close},
    {SL_AST_PREPARE, NULL, sl_run_prepare},
    {SL_AST_EXECUTE, sl_describe_execute, sl_run_execute},
    {SL_AST_DEALLOCATE, NULL, sl_run_deallocate},
    {SL_AST_COPY, NULL, sl_run_copy},
    {SL_AST_CALL, sl_describe_call, sl_run_call},
    {SL_AST_STOP_JOB, sl_describe_stop_job, sl_run_stop_job},
    {SL_AST_CREATE_SAVEPOINT, sl_describe_create_savepoint, sl_run_create_savepoint},
    {SL_AST_ALTER_JOB, sl_describe_alter_job, sl_run_alter_job},
    {SL_AST_PAUSE_JOB, NULL, sl_run_pause_job},
    {SL_AST_RESUME_JOB, NULL, sl_run_resume_job},
};

const struct sl_statement_class *
sl_statement_class_of(enum sl_ast_kind kind)
{
    for (size_t i = 0; i < SL_COUNT_OF(statement_classes); i++)
        if (statement_classes[i].kind == kind)
            return &statement_classes[i];
    return NULL;
}

/* Settings, and what functions like current_database() tell of the session. */
static const char *
statement_setting(void *arg, const char *key)
{
    struct sl_session *session = arg;

    if (strcmp(key, "session.database") == 0)
        return session->database;
    if (strcmp(key, "session.user") == 0)
        return session->user;
    if (strcmp(key, "session.process-id") == 0)
        return session->process_id;
    if (sl_setting_find(sl_text_of(key)) < 0)
        return NULL;
    return sl_settings_get(&session->settings, key);
}

static void
statement_notice(void *arg, const char *text)
{
    sl_session_notice(arg, text);
}

void
sl_portal_plan_context(struct sl_portal *portal, struct sl_plan_context *ret_context)
{
    struct sl_session *session = portal->session;

    *ret_context = (struct sl_plan_context){
        .arena = &portal->arena,
        .catalog = session->server->catalog,
        .schema = session->schema,
        .session_id = session->id,
        .setting = statement_setting,
        .session = session,
        .sql = portal->sql,
        .param_types = portal->param_types,
        .param_count = portal->param_count,
        .param_capacity = portal->param_count,
        .param_values = portal->params,
        .notice = statement_notice,
    };
}

int
sl_portal_plan(struct sl_portal *portal, const struct sl_ast *ast, bool explain,
               struct sl_planned **ret_planned, struct sl_error *err)
{
    struct sl_plan_context context;
    struct sl_plan_options options = {.explain = explain};

    sl_portal_plan_context(portal, &context);
    options.describe_only = portal->param_count > 0 && !portal->params;
    return sl_plan_statement(&context, ast, &options, ret_planned, err);
}
