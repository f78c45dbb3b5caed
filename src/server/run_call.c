/* CALL sluice.settle, end_input, advance_time, checkpoint, fail_job: what tests are built on. */
#include "connector/memory_store.h"
#include "server/jobs.h"
#include "server/session.h"

#include <stdio.h>

enum { CALL_ARGUMENTS_MAX = 2 };
#define CALL_SETTLE_TIMEOUT_US (30 * SL_US_PER_SECOND)

struct call_procedure {
    const char *name;
    const char *arguments[CALL_ARGUMENTS_MAX]; /* their names, in order */
    size_t required;
    const char *result; /* the name of its one column, a BIGINT; NULL: it returns none */
    int (*run)(struct sl_portal *portal, const struct sl_value *values, struct sl_error *err);
};

static const char *
call_text(struct sl_portal *portal, const struct sl_value *value)
{
    return value->type && !value->is_null
               ? sl_arena_strndup(&portal->arena, value->text.start, value->text.length)
               : NULL;
}

static int
call_settle(struct sl_portal *portal, const struct sl_value *values, struct sl_error *err)
{
    int64_t timeout_us =
        values[1].type && !values[1].is_null ? values[1].integer : CALL_SETTLE_TIMEOUT_US;

    SL_TRY(sl_net_flush(portal->session->connection, err));
    return sl_runtime_settle(portal->session->server->runtime, call_text(portal, &values[0]),
                             timeout_us, sl_net_is_cancelled, portal->session->connection, err);
}

static int
call_find_table(struct sl_portal *portal, const char *name, const struct sl_table **ret_table,
                struct sl_error *err)
{
    const char *dot = strrchr(name, '.');
    const char *schema = portal->session->schema;

    if (dot) {
        schema = sl_arena_strndup(&portal->arena, name, (size_t)(dot - name));
        name = dot + 1;
    }
    if (!sl_catalog_find_table(portal->session->server->catalog, &portal->arena,
                               portal->session->id, schema, name, ret_table))
        return SL_ERROR(err, SL_E_UNDEFINED_TABLE, "relation \"%s\" does not exist", name);
    return SL_OK;
}

static int
call_end_input(struct sl_portal *portal, const struct sl_value *values, struct sl_error *err)
{
    struct sl_server *server = portal->session->server;
    const char *connector;
    const struct sl_table *table;
    struct sl_memory_log *log;

    SL_TRY(call_find_table(portal, call_text(portal, &values[0]), &table, err));
    connector = sl_option_get(&table->options, "connector");
    if (connector && strcmp(connector, "memory") == 0) {
        SL_TRY(sl_memory_log_open(server->data_directory, table->id, &log, err));
        SL_TRY(sl_memory_log_end(log, err));
    }
    SL_TRY(sl_net_flush(portal->session->connection, err));
    return sl_runtime_end_input(server->runtime, table->id, sl_net_is_cancelled,
                                portal->session->connection, err);
}

static int
call_advance_time(struct sl_portal *portal, const struct sl_value *values, struct sl_error *err)
{
    struct sl_server *server = portal->session->server;

    if (!sl_env_is_virtual(server->env)) {
        SL_ERROR(err, SL_E_OBJECT_STATE, "this server follows the machine's clock");
        return sl_error_hint(err, "start sluiced with --virtual-time");
    }
    if (values[0].integer < 0)
        return SL_ERROR(err, SL_E_INVALID_PARAMETER_VALUE, "time cannot go backwards");
    return sl_runtime_advance(server->runtime, values[0].integer, err);
}

static int
call_find_job(struct sl_portal *portal, const struct sl_value *value, struct sl_job **ret_job,
              struct sl_error *err)
{
    struct sl_job_record record;

    SL_TRY(sl_jobs_find(portal->session->server, &portal->arena, value->text, -1, &record, err));
    *ret_job = sl_runtime_find_job(portal->session->server->runtime, record.id);
    if (!*ret_job)
        return SL_ERROR(err, SL_E_OBJECT_STATE, "job %s is %s", record.id,
                        sl_job_state_name(record.state));
    return SL_OK;
}

static int
call_checkpoint(struct sl_portal *portal, const struct sl_value *values, struct sl_error *err)
{
    uint64_t id = 0;
    struct sl_job *job;
    char text[24];
    int rc;

    SL_TRY(call_find_job(portal, &values[0], &job, err));
    rc = sl_job_checkpoint(job, sl_net_is_cancelled, portal->session->connection, &id, err);
    sl_job_unref(job);
    if (rc < 0)
        return rc;
    snprintf(text, sizeof(text), "%llu", (unsigned long long)id);
    sl_portal_add_row(portal, (const char *[]){text});
    return SL_OK;
}

static int
call_fail_job(struct sl_portal *portal, const struct sl_value *values, struct sl_error *err)
{
    struct sl_job *job;
    int rc;

    SL_TRY(call_find_job(portal, &values[0], &job, err));
    rc = sl_job_fail(job, err);
    sl_job_unref(job);
    return rc;
}

static const struct call_procedure call_procedures[] = {
    {"settle", {"job", "timeout"}, 0, NULL, call_settle},
    {"end_input", {"table"}, 1, NULL, call_end_input},
    {"advance_time", {"by"}, 1, NULL, call_advance_time},
    {"checkpoint", {"job"}, 1, "checkpoint_id", call_checkpoint},
    {"fail_job", {"job"}, 1, NULL, call_fail_job},
};

/* --- arguments --- */

static bool
call_fits(const struct sl_value *value, const char *argument)
{
    bool is_interval = strcmp(argument, "timeout") == 0 || strcmp(argument, "by") == 0;

    return value->is_null || (is_interval ? value->type->kind == SL_TYPE_INTERVAL_DAY
                                          : sl_type_is_text(value->type->kind));
}

static int
call_place(const struct call_procedure *procedure, const struct sl_ast_argument *argument,
           size_t position, struct sl_error *err)
{
    if (!argument->name.text.start)
        return (int)position;
    for (size_t i = 0; i < CALL_ARGUMENTS_MAX && procedure->arguments[i]; i++)
        if (sl_text_equal_nocase(argument->name.text, sl_text_of(procedure->arguments[i])))
            return (int)i;
    SL_ERROR(err, SL_E_UNDEFINED_FUNCTION, "procedure sluice.%s has no argument \"%.*s\"",
             procedure->name, SL_TEXT_FORMAT(argument->name.text));
    return sl_error_at(err, argument->name.offset);
}

static int
call_read_arguments(struct sl_portal *portal, const struct call_procedure *procedure,
                    const struct sl_ast_call *call, struct sl_value *values, struct sl_error *err)
{
    struct sl_plan_context context;

    sl_portal_plan_context(portal, &context);
    for (size_t i = 0; i < call->arg_count; i++) {
        const struct sl_ast_argument *argument = &call->args[i];
        int place = call_place(procedure, argument, i, err);

        if (place < 0)
            return place;
        if (place >= CALL_ARGUMENTS_MAX || !procedure->arguments[place])
            return SL_ERROR(err, SL_E_UNDEFINED_FUNCTION,
                            "procedure sluice.%s does not take %zu arguments", procedure->name,
                            call->arg_count);
        SL_TRY(sl_plan_constant(&context, &argument->value->ast, "the argument", NULL,
                                &values[place], err));
        if (!call_fits(&values[place], procedure->arguments[place])) {
            SL_ERROR(err, SL_E_DATATYPE_MISMATCH, "argument \"%s\" of sluice.%s is of type %s",
                     procedure->arguments[place], procedure->name,
                     sl_type_text(&portal->arena, values[place].type));
            return sl_error_at(err, argument->value->ast.offset);
        }
    }
    for (size_t i = 0; i < procedure->required; i++)
        if (!values[i].type || values[i].is_null)
            return SL_ERROR(err, SL_E_UNDEFINED_FUNCTION,
                            "procedure sluice.%s needs the argument \"%s\"", procedure->name,
                            procedure->arguments[i]);
    return SL_OK;
}

static const struct call_procedure *
call_find(const struct sl_ast_name *name)
{
    if (name->count == 2 && sl_text_equal_nocase(name->parts[0].text, SL_TEXT("sluice")))
        for (size_t i = 0; i < SL_COUNT_OF(call_procedures); i++)
            if (sl_text_equal_nocase(name->parts[1].text, sl_text_of(call_procedures[i].name)))
                return &call_procedures[i];
    return NULL;
}

int
sl_describe_call(struct sl_portal *portal, struct sl_error *err)
{
    const struct sl_ast_call_statement *statement =
        (const struct sl_ast_call_statement *)portal->statement->ast;
    const struct call_procedure *procedure = call_find(&statement->call->call.name);
    struct sl_result_column column = {.type = &sl_type_bigint};

    if (!procedure || !procedure->result)
        return SL_OK;
    column.name = procedure->result;
    sl_portal_set_columns(portal, &column, 1);
    return SL_OK;
}

int
sl_run_call(struct sl_portal *portal, struct sl_error *err)
{
    const struct sl_ast_call_statement *statement =
        (const struct sl_ast_call_statement *)portal->statement->ast;
    const struct sl_ast_call *call = &statement->call->call;
    const struct call_procedure *procedure = call_find(&call->name);
    struct sl_value values[CALL_ARGUMENTS_MAX] = {{0}};

    if (!procedure) {
        const struct sl_ast_identifier *last = &call->name.parts[call->name.count - 1];

        SL_ERROR(err, SL_E_UNDEFINED_FUNCTION, "procedure %.*s does not exist",
                 SL_TEXT_FORMAT(last->text));
        sl_error_hint(err, "there are sluice.settle, sluice.end_input, sluice.advance_time, "
                           "sluice.checkpoint and sluice.fail_job");
        return sl_error_at(err, call->name.offset);
    }
    SL_TRY(call_read_arguments(portal, procedure, call, values, err));
    SL_TRY(procedure->run(portal, values, err));
    sl_portal_set_tag(portal, "CALL");
    return SL_OK;
}
