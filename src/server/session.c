/* A session behind the calls of net/: see session.h. */
#include "server/session.h"

#include "base/log.h"

#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

/* --- opening and closing --- */

/* -c name=value and --name=value of the startup packet's options; blanks are escaped by \. */
static int
session_apply_options(struct sl_session *session, const char *text, struct sl_error *err)
{
    char word[512];

    while (*text) {
        size_t length = 0;
        char *equals, *name = word;

        while (*text == ' ')
            text++;
        for (; *text && *text != ' ' && length + 1 < sizeof(word); text++) {
            if (*text == '\\' && text[1])
                text++;
            word[length++] = *text;
        }
        word[length] = '\0';
        if (length == 0 || strcmp(word, "-c") == 0)
            continue;
        equals = strchr(word, '=');
        if (!equals)
            continue;
        *equals = '\0';
        if (strncmp(word, "--", 2) == 0) {
            name = word + 2;
            for (char *at = name; *at; at++)
                *at = *at == '-' ? '_' : *at;
        }
        SL_TRY(
            sl_settings_set(&session->settings, sl_text_of(name), equals + 1, SL_SETTING_S, err));
    }
    return SL_OK;
}

static int
session_apply_startup(struct sl_session *session, const struct sl_net_startup *startup,
                      struct sl_error *err)
{
    for (size_t i = 0; i < startup->count; i++) {
        const char *name = startup->names[i], *value = startup->values[i];

        if (strcasecmp(name, "replication") == 0) {
            bool wanted = true;

            if (sl_parse_boolean(value, &wanted) && !wanted)
                continue;
            return SL_ERROR(err, SL_E_NOT_SUPPORTED, "replication is not supported");
        }
        if (strcasecmp(name, "options") == 0)
            SL_TRY(session_apply_options(session, value, err));
        else
            SL_TRY(sl_settings_set(&session->settings, sl_text_of(name), value, SL_SETTING_S, err));
    }
    return SL_OK;
}

static void
session_send_parameters(struct sl_session *session)
{
    static const char *const names[] = {"server_version",
                                        "server_encoding",
                                        "client_encoding",
                                        "DateStyle",
                                        "IntervalStyle",
                                        "integer_datetimes",
                                        "standard_conforming_strings",
                                        "application_name",
                                        "is_superuser",
                                        "default_transaction_read_only",
                                        "in_hot_standby"};

    for (size_t i = 0; i < SL_COUNT_OF(names); i++) {
        const char *value = sl_settings_get(&session->settings, names[i]);

        if (strcmp(names[i], "client_encoding") == 0)
            value = "UTF8";
        if (strcmp(names[i], "DateStyle") == 0)
            value = "ISO, MDY";
        sl_net_parameter_status(session->connection, names[i], value);
    }
    sl_net_parameter_status(session->connection, "TimeZone",
                            sl_settings_get(&session->settings, "table.local-time-zone"));
    sl_net_parameter_status(session->connection, "session_authorization", session->user);
}

static void
session_close(void *arg)
{
    struct sl_session *session = arg;
    char text[SL_ERROR_TEXT_MAX + 16];
    struct sl_error err;

    sl_portal_drop_all(session);
    sl_prepared_drop_all(session);
    sl_session_release_savepoints(session, NULL);
    if (sl_session_drop_temporary(session, &err) < 0)
        sl_log(SL_LOG_ERROR, "temporary tables are left until the next start", "error=%s",
               sl_log_quote(text, sizeof(text), err.text));
    sl_map_done(&session->portals);
    sl_map_done(&session->prepared);
    sl_settings_done(&session->settings);
    sl_buffer_done(&session->set);
    atomic_fetch_sub(&session->server->session_count, 1);
    free(session->user);
    free(session->database);
    free(session->schema);
    free(session);
}

static int
session_open(void *arg, struct sl_net_connection *connection, const struct sl_net_startup *startup,
             void **ret_session, struct sl_error *err)
{
    struct sl_session *session = sl_alloc_zeroed(sizeof(*session));

    session->server = arg;
    session->connection = connection;
    sl_settings_init(&session->settings, &session->server->settings);
    session->user = sl_strdup(startup->user);
    session->database = sl_strdup(startup->database);
    session->schema = sl_strdup("public");
    session->id = sl_net_process_id(connection);
    snprintf(session->process_id, sizeof(session->process_id), "%u", session->id);
    sl_map_init(&session->prepared, false);
    sl_map_init(&session->portals, true);
    sl_buffer_init(&session->set, SIZE_MAX / 2);
    session->transaction = 'I';
    atomic_fetch_add(&session->server->session_count, 1);
    if (session_apply_startup(session, startup, err) < 0) {
        session_close(session);
        return err->code;
    }
    sl_net_set_zone(connection, sl_session_zone(session));
    session_send_parameters(session);
    *ret_session = session;
    return SL_OK;
}

const struct sl_zone *
sl_session_zone(const struct sl_session *session)
{
    const char *name = sl_settings_get(&session->settings, "table.local-time-zone");
    const struct sl_zone *zone;
    struct sl_error err;

    return sl_zone_find(sl_text_of(name), &zone, &err) == SL_OK ? zone : sl_zone_utc();
}

bool
sl_session_is_batch(const struct sl_session *session)
{
    return sl_equal_nocase(sl_settings_get(&session->settings, "execution.runtime-mode"), "batch");
}

void
sl_session_notice(struct sl_session *session, const char *text)
{
    sl_net_notice(session->connection, "NOTICE", "00000", text, NULL);
}

/* --- transactions --- */

static char
session_status(void *arg)
{
    return ((struct sl_session *)arg)->transaction;
}

static void
session_failed(void *arg)
{
    struct sl_session *session = arg;

    if (session->transaction == 'T')
        session->transaction = 'E';
}

static bool
session_ends_block(const struct sl_ast *ast)
{
    if (ast->kind != SL_AST_TRANSACTION)
        return false;
    switch (((const struct sl_ast_transaction *)ast)->action) {
    case SL_AST_TRANSACTION_COMMIT:
    case SL_AST_TRANSACTION_END:
    case SL_AST_TRANSACTION_ROLLBACK:
    case SL_AST_TRANSACTION_ABORT:
    case SL_AST_TRANSACTION_ROLLBACK_TO:
        return true;
    default:
        return false;
    }
}

/* As in Flink's client: INSERT and the end.  Other statements do no harm to the set: psql sends
 * some when a person presses Tab. */
static int
session_check_set(const struct sl_session *session, const struct sl_ast_statement *statement,
                  struct sl_error *err)
{
    if (session_ends_block(statement->ast) || statement->ast->kind == SL_AST_DISCARD)
        return SL_OK;
    if (session->set_failed) {
        SL_ERROR(err, SL_E_FAILED_TRANSACTION,
                 "the statement set is aborted, statements are ignored until END");
    } else {
        if (statement->ast->kind == SL_AST_INSERT)
            return SL_OK;
        SL_ERROR(err, SL_E_SYNTAX, "only INSERT statements may stand in a statement set");
        sl_error_hint(err, "END runs the set, ROLLBACK gives it up");
    }
    return sl_error_at(err, statement->offset);
}

int
sl_session_check_block(const struct sl_session *session, const struct sl_ast_statement *statement,
                       struct sl_error *err)
{
    if (!statement)
        return SL_OK;
    if (session->set_open)
        SL_TRY(session_check_set(session, statement, err));
    if (session->transaction != 'E' || session_ends_block(statement->ast))
        return SL_OK;
    return SL_ERROR(err, SL_E_FAILED_TRANSACTION,
                    "current transaction is aborted, commands ignored until end of transaction "
                    "block");
}

/* --- the simple protocol --- */

static int
session_run_one(struct sl_session *session, const struct sl_ast_statement *statement,
                struct sl_error *err)
{
    struct sl_portal *portal;
    int rc;

    SL_TRY(sl_session_check_block(session, statement, err));
    if (statement->parameter_count > 0 && statement->ast->kind != SL_AST_PREPARE)
        return SL_ERROR(err, SL_E_UNDEFINED_PARAMETER, "there is no parameter $1");
    portal = sl_portal_new(session, statement);
    rc = sl_portal_describe(portal, err);
    if (rc == SL_OK && portal->column_count > 0 && statement->ast->kind != SL_AST_COPY)
        sl_net_row_description(session->connection, portal->columns, portal->column_count);
    if (rc == SL_OK)
        rc = sl_portal_execute(portal, 0, err);
    sl_portal_free(portal);
    return rc;
}

/* Outside a block portals of the protocol end with the implicit transaction; cursors stay. */
static int
session_sync(void *arg, struct sl_error *err)
{
    struct sl_session *session = arg;

    if (session->transaction != 'I')
        return SL_OK;
    for (size_t i = session->portals.count; i-- > 0;) {
        const struct sl_portal *portal = session->portals.entries[i].value;

        if (!portal->is_cursor)
            sl_portal_drop(session, session->portals.entries[i].key);
    }
    return SL_OK;
}

static int
session_query(void *arg, struct sl_text sql, struct sl_error *err)
{
    struct sl_session *session = arg;
    struct sl_ast_script *script;
    struct sl_arena arena;
    int rc;

    session->extended = false;
    sl_arena_init(&arena);
    rc = sl_parse_script(&arena, sql, NULL, &script, err);
    session->set_failed |= rc < 0; /* an INSERT of an open set, for all that is known */
    if (rc == SL_OK && script->count == 0)
        sl_net_empty_query(session->connection);
    for (size_t i = 0; rc == SL_OK && i < script->count; i++)
        rc = session_run_one(session, &script->statements[i], err);
    sl_arena_done(&arena);
    session_sync(session, err);
    return rc < 0 ? err->code : rc;
}

/* --- the extended protocol --- */

static int
session_parse(void *arg, const char *name, struct sl_text sql, const uint32_t *oids,
              size_t oid_count, struct sl_error *err)
{
    struct sl_session *session = arg;
    struct sl_prepared *prepared;

    session->extended = true;
    SL_TRY(sl_prepared_new(session, sql, &(struct sl_param_types){oid_count, oids, NULL}, &prepared,
                           err));
    return sl_prepared_put(session, name, prepared, err);
}

static int
session_bind_params(struct sl_session *session, struct sl_portal *portal,
                    const struct sl_net_bind *bind, struct sl_error *err)
{
    const struct sl_prepared *prepared = portal->prepared;

    if (bind->param_count != prepared->param_count)
        return SL_ERROR(err, SL_E_PROTOCOL_VIOLATION,
                        "bind message supplies %zu parameters, but prepared statement \"%s\" "
                        "requires %zu",
                        bind->param_count, bind->statement, prepared->param_count);
    if (bind->param_format_count > 1 && bind->param_format_count != bind->param_count)
        return SL_ERROR(err, SL_E_PROTOCOL_VIOLATION,
                        "bind message has %zu parameter formats but %zu parameters",
                        bind->param_format_count, bind->param_count);
    portal->params = SL_NEW_ARRAY(&portal->arena, struct sl_value, bind->param_count + 1);
    portal->param_types =
        SL_NEW_ARRAY(&portal->arena, const struct sl_type *, bind->param_count + 1);
    portal->param_count = bind->param_count;
    for (size_t i = 0; i < bind->param_count; i++) {
        int16_t format = bind->param_format_count == 0   ? 0
                         : bind->param_format_count == 1 ? bind->param_formats[0]
                                                         : bind->param_formats[i];

        portal->param_types[i] = prepared->param_types[i];
        SL_TRY(sl_net_decode(&portal->arena, prepared->param_types[i], format, bind->params[i],
                             sl_session_zone(session), &portal->params[i], err));
        if (!portal->params[i].is_null)
            portal->params[i] = sl_value_copy(&portal->arena, &portal->params[i]);
    }
    return SL_OK;
}

static int
session_bind(void *arg, const struct sl_net_bind *bind, struct sl_error *err)
{
    struct sl_session *session = arg;
    struct sl_prepared *prepared;
    struct sl_portal *portal;
    int16_t *formats;
    int rc;

    SL_TRY(sl_prepared_find(session, sl_text_of(bind->statement), &prepared, err));
    SL_TRY(sl_session_check_block(session, prepared->statement, err));
    portal = sl_portal_new(session, prepared->statement);
    portal->prepared = prepared;
    prepared->references++;
    formats = SL_NEW_ARRAY(&portal->arena, int16_t, bind->result_format_count + 1);
    if (bind->result_format_count)
        memcpy(formats, bind->result_formats, bind->result_format_count * sizeof(*formats));
    portal->formats = formats;
    portal->format_count = bind->result_format_count;
    sl_net_set_sql(session->connection, prepared->sql);
    rc = session_bind_params(session, portal, bind, err);
    if (rc == SL_OK)
        rc = sl_portal_describe(portal, err);
    if (rc == SL_OK)
        rc = sl_prepared_check_columns(prepared, portal, err);
    if (rc < 0) {
        sl_portal_free(portal);
        return rc;
    }
    return sl_portal_put(session, sl_text_of(bind->portal), portal, err);
}

static void
session_send_columns(struct sl_session *session, const struct sl_portal *portal)
{
    if (portal->column_count > 0)
        sl_net_row_description(session->connection, portal->columns, portal->column_count);
    else
        sl_net_no_data(session->connection);
}

static int
session_describe_statement(void *arg, const char *name, struct sl_error *err)
{
    struct sl_session *session = arg;
    struct sl_prepared *prepared;
    struct sl_portal *portal;
    int rc;

    SL_TRY(sl_prepared_find(session, sl_text_of(name), &prepared, err));
    SL_TRY(sl_session_check_block(session, prepared->statement, err));
    portal = sl_portal_new(session, prepared->statement);
    portal->param_types = prepared->param_types;
    portal->param_count = prepared->param_count;
    rc = sl_portal_describe(portal, err);
    if (rc == SL_OK) {
        sl_net_parameter_description(session->connection, prepared->param_oids,
                                     prepared->param_count);
        session_send_columns(session, portal);
    }
    sl_portal_free(portal);
    return rc;
}

static int
session_find_portal(struct sl_session *session, const char *name, struct sl_portal **ret_portal,
                    struct sl_error *err)
{
    *ret_portal = sl_portal_find(session, sl_text_of(name));
    if (!*ret_portal)
        return SL_ERROR(err, SL_E_UNDEFINED_CURSOR, "portal \"%s\" does not exist", name);
    return SL_OK;
}

static int
session_describe_portal(void *arg, const char *name, struct sl_error *err)
{
    struct sl_session *session = arg;
    struct sl_portal *portal;

    SL_TRY(session_find_portal(session, name, &portal, err));
    session_send_columns(session, portal);
    return SL_OK;
}

static int
session_execute(void *arg, const char *name, uint32_t row_max, struct sl_error *err)
{
    struct sl_session *session = arg;
    struct sl_portal *portal;

    session->extended = true;
    SL_TRY(session_find_portal(session, name, &portal, err));
    SL_TRY(sl_session_check_block(session, portal->statement, err));
    if (portal->prepared)
        sl_net_set_sql(session->connection, portal->prepared->sql);
    return sl_portal_execute(portal, row_max, err);
}

static void
session_close_statement(void *arg, const char *name)
{
    sl_prepared_drop(arg, sl_text_of(name));
}

static void
session_close_portal(void *arg, const char *name)
{
    sl_portal_drop(arg, sl_text_of(name));
}

const struct sl_net_ops sl_session_ops = {
    .session_open = session_open,
    .session_close = session_close,
    .query = session_query,
    .parse = session_parse,
    .bind = session_bind,
    .describe_statement = session_describe_statement,
    .describe_portal = session_describe_portal,
    .execute = session_execute,
    .close_statement = session_close_statement,
    .close_portal = session_close_portal,
    .sync = session_sync,
    .failed = session_failed,
    .transaction_status = session_status,
};
