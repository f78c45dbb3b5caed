/* SET, RESET, transactions, DISCARD, LISTEN: what concerns the session alone. */
#include "server/session.h"

#include <stdlib.h>

/* --- SET and RESET --- */

static const struct sl_result_column set_columns[] = {{"key", &sl_type_string},
                                                      {"value", &sl_type_string}};

int
sl_describe_set(struct sl_portal *portal, struct sl_error *err)
{
    const struct sl_ast_set *set = (const struct sl_ast_set *)portal->statement->ast;

    if (!set->name.start)
        sl_portal_set_columns(portal, set_columns, SL_COUNT_OF(set_columns));
    return SL_OK;
}

static void
set_list(struct sl_portal *portal)
{
    for (size_t i = 0; i < sl_setting_count(); i++) {
        const char *name = sl_setting_spec((int)i)->name;

        sl_portal_add_row(
            portal, (const char *const[]){name, sl_settings_get(&portal->session->settings, name)});
    }
}

/* After a change: what the client must hear of, and what we keep beside the setting. */
static void
set_changed(struct sl_session *session, struct sl_text name)
{
    int index = sl_setting_find(name);
    const char *known = sl_setting_spec(index)->name;
    const char *value = sl_settings_get(&session->settings, known);

    if (strcmp(known, "table.local-time-zone") == 0) {
        sl_net_set_zone(session->connection, sl_session_zone(session));
        sl_net_parameter_status(session->connection, "TimeZone", value);
    } else if (strcmp(known, "application_name") == 0) {
        sl_net_parameter_status(session->connection, known, value);
    }
}

static int
set_schema(struct sl_portal *portal, const struct sl_ast_set *set, struct sl_error *err)
{
    struct sl_session *session = portal->session;
    struct sl_text wanted = set->value_count ? set->values[0] : SL_TEXT("public");
    const char *name;

    for (size_t i = 0; i < set->value_count; i++) {
        wanted = set->values[i];
        if (sl_catalog_find_schema(session->server->catalog, &portal->arena,
                                   sl_arena_strndup(&portal->arena, wanted.start, wanted.length),
                                   &name)) {
            free(session->schema);
            session->schema = sl_strdup(name);
            return SL_OK;
        }
    }
    SL_ERROR(err, SL_E_UNDEFINED_SCHEMA, "database \"%.*s\" does not exist",
             SL_TEXT_FORMAT(wanted));
    return sl_error_at(err, set->value_offset);
}

/* SET ROLE NONE, SET SESSION AUTHORIZATION DEFAULT: habits of connection pools. */
static bool
set_is_harmless(const struct sl_ast_set *set)
{
    return (sl_text_equal_nocase(set->name, SL_TEXT("role")) ||
            sl_text_equal_nocase(set->name, SL_TEXT("session_authorization"))) &&
           (set->to_default || sl_text_equal_nocase(set->value, SL_TEXT("none")) ||
            sl_text_equal_nocase(set->value, SL_TEXT("default")));
}

int
sl_run_set(struct sl_portal *portal, struct sl_error *err)
{
    const struct sl_ast_set *set = (const struct sl_ast_set *)portal->statement->ast;
    struct sl_session *session = portal->session;
    int index = set->name.start ? sl_setting_find(set->name) : -1;

    sl_portal_set_tag(portal, "SET");
    if (!set->name.start) {
        set_list(portal);
        return SL_OK;
    }
    if (set_is_harmless(set))
        return SL_OK;
    if (index >= 0 && !set->to_default && strcmp(sl_setting_spec(index)->name, "search_path") == 0)
        return set_schema(portal, set, err);
    if (sl_settings_set(&session->settings, set->name,
                        set->to_default
                            ? NULL
                            : sl_arena_strndup(&portal->arena, set->value.start, set->value.length),
                        SL_SETTING_S, err) < 0)
        return sl_error_at(err, err->code == SL_E_INVALID_PARAMETER_VALUE ? set->value_offset
                                                                          : set->name_offset);
    set_changed(session, set->name);
    return SL_OK;
}

static void
reset_all(struct sl_session *session)
{
    struct sl_error err;

    for (size_t i = 0; i < sl_setting_count(); i++)
        if (sl_setting_level((int)i) == SL_SETTING_S)
            sl_settings_set(&session->settings, sl_text_of(sl_setting_spec((int)i)->name), NULL,
                            SL_SETTING_S, &err);
    free(session->schema);
    session->schema = sl_strdup("public");
    set_changed(session, SL_TEXT("table.local-time-zone"));
    set_changed(session, SL_TEXT("application_name"));
}

int
sl_run_reset(struct sl_portal *portal, struct sl_error *err)
{
    const struct sl_ast_reset *reset = (const struct sl_ast_reset *)portal->statement->ast;
    struct sl_session *session = portal->session;

    sl_portal_set_tag(portal, "RESET");
    if (!reset->name.start) {
        reset_all(session);
        return SL_OK;
    }
    if (sl_text_equal_nocase(reset->name, SL_TEXT("role")) ||
        sl_text_equal_nocase(reset->name, SL_TEXT("session_authorization")))
        return SL_OK;
    if (sl_settings_set(&session->settings, reset->name, NULL, SL_SETTING_S, err) < 0)
        return sl_error_at(err, reset->name_offset);
    set_changed(session, reset->name);
    return SL_OK;
}

/* --- transactions: each statement stands for itself; the block is kept for the clients' sake ---
 */

static void
transaction_warn(struct sl_portal *portal, const char *sqlstate, const char *text)
{
    sl_net_notice(portal->session->connection, "WARNING", sqlstate, text, NULL);
}

static void
transaction_begin(struct sl_portal *portal, const char *tag)
{
    if (portal->session->transaction != 'I')
        transaction_warn(portal, "25001", "there is already a transaction in progress");
    else
        portal->session->transaction = 'T';
    sl_portal_set_tag(portal, "%s", tag);
}

/* A block takes its portals along, but cursors WITH HOLD that it committed, and earlier cursors. */
static void
transaction_drop_portals(struct sl_session *session, const struct sl_portal *running, bool commit)
{
    for (size_t i = session->portals.count; i-- > 0;) {
        struct sl_portal *portal = session->portals.entries[i].value;
        bool stays = portal->is_cursor && (!portal->is_of_block || (commit && portal->is_held));

        portal->is_of_block &= !stays;
        if (portal != running && !stays)
            sl_portal_drop(session, session->portals.entries[i].key);
    }
}

static int
transaction_end(struct sl_portal *portal, bool commit, bool chain, struct sl_error *err)
{
    struct sl_session *session = portal->session;
    bool failed = session->transaction == 'E', was_open = session->transaction != 'I';

    if (chain && !was_open)
        return SL_ERROR(err, SL_E_NO_TRANSACTION,
                        "%s AND CHAIN can only be used in transaction "
                        "blocks",
                        commit ? "COMMIT" : "ROLLBACK");
    if (was_open)
        transaction_drop_portals(session, portal, commit && !failed);
    else
        transaction_warn(portal, "25P01", "there is no transaction in progress");
    sl_session_release_savepoints(session, NULL);
    session->transaction = chain ? 'T' : 'I';
    sl_portal_set_tag(portal, commit && !failed ? "COMMIT" : "ROLLBACK");
    return SL_OK;
}

/* --- savepoints --- */

void
sl_session_release_savepoints(struct sl_session *session, const struct sl_savepoint *last)
{
    bool is_last = false;

    while (session->savepoints && !is_last) {
        struct sl_savepoint *savepoint = session->savepoints;

        is_last = savepoint == last;
        session->savepoints = savepoint->outer;
        free(savepoint->name);
        free(savepoint);
    }
}

static void
savepoint_add(struct sl_session *session, struct sl_text name)
{
    struct sl_savepoint *savepoint = sl_alloc_zeroed(sizeof(*savepoint));

    savepoint->name = sl_alloc_zeroed(name.length + 1);
    memcpy(savepoint->name, name.start, name.length);
    savepoint->outer = session->savepoints;
    session->savepoints = savepoint;
}

static int
savepoint_find(const struct sl_session *session, const struct sl_ast_identifier *name,
               struct sl_savepoint **ret_savepoint, struct sl_error *err)
{
    for (struct sl_savepoint *at = session->savepoints; at; at = at->outer) {
        if (sl_text_equal_nocase(sl_text_of(at->name), name->text)) {
            *ret_savepoint = at;
            return SL_OK;
        }
    }
    SL_ERROR(err, SL_E_NO_SAVEPOINT, "savepoint \"%.*s\" does not exist",
             SL_TEXT_FORMAT(name->text));
    return sl_error_at(err, name->offset);
}

static int
transaction_savepoint(struct sl_portal *portal, const struct sl_ast_transaction *transaction,
                      const char *tag, struct sl_error *err)
{
    struct sl_session *session = portal->session;
    struct sl_savepoint *savepoint;

    if (session->transaction == 'I')
        return SL_ERROR(err, SL_E_NO_TRANSACTION, "%s can only be used in transaction blocks", tag);
    if (transaction->action == SL_AST_TRANSACTION_SAVEPOINT) {
        savepoint_add(session, transaction->name.text);
    } else {
        SL_TRY(savepoint_find(session, &transaction->name, &savepoint, err));
        sl_session_release_savepoints(session, savepoint);
    }
    if (transaction->action == SL_AST_TRANSACTION_ROLLBACK_TO) { /* which leaves it in place */
        savepoint_add(session, transaction->name.text);
        session->transaction = 'T';
    }
    sl_portal_set_tag(portal, "%s", tag);
    return SL_OK;
}

int
sl_run_transaction(struct sl_portal *portal, struct sl_error *err)
{
    const struct sl_ast_transaction *transaction =
        (const struct sl_ast_transaction *)portal->statement->ast;

    switch (transaction->action) {
    case SL_AST_TRANSACTION_BEGIN:
        transaction_begin(portal, "BEGIN");
        return SL_OK;
    case SL_AST_TRANSACTION_START:
        transaction_begin(portal, "START TRANSACTION");
        return SL_OK;
    case SL_AST_TRANSACTION_END:
        if (portal->session->set_open)
            return sl_end_statement_set(portal, err);
        return transaction_end(portal, true, transaction->chain, err);
    case SL_AST_TRANSACTION_COMMIT:
        return transaction_end(portal, true, transaction->chain, err);
    case SL_AST_TRANSACTION_ROLLBACK:
    case SL_AST_TRANSACTION_ABORT:
        if (portal->session->set_open) {
            sl_abort_statement_set(portal->session);
            sl_portal_set_tag(portal, "ROLLBACK");
            return SL_OK;
        }
        return transaction_end(portal, false, transaction->chain, err);
    case SL_AST_TRANSACTION_SAVEPOINT:
        return transaction_savepoint(portal, transaction, "SAVEPOINT", err);
    case SL_AST_TRANSACTION_RELEASE:
        return transaction_savepoint(portal, transaction, "RELEASE", err);
    case SL_AST_TRANSACTION_ROLLBACK_TO:
        return transaction_savepoint(portal, transaction, "ROLLBACK", err);
    default:
        sl_portal_set_tag(portal, "SET");
        return SL_OK;
    }
}

static void
discard_portals(struct sl_session *session, const struct sl_portal *running)
{
    for (size_t i = session->portals.count; i-- > 0;)
        if (session->portals.entries[i].value != running)
            sl_portal_drop(session, session->portals.entries[i].key);
}

int
sl_run_discard(struct sl_portal *portal, struct sl_error *err)
{
    const struct sl_ast_discard *discard = (const struct sl_ast_discard *)portal->statement->ast;
    struct sl_session *session = portal->session;

    if (discard->discard == SL_AST_DISCARD_ALL) {
        if (session->transaction != 'I')
            return SL_ERROR(err, SL_E_ACTIVE_TRANSACTION,
                            "DISCARD ALL cannot run inside a transaction block");
        discard_portals(session, portal);
        sl_prepared_drop_all(session);
        sl_abort_statement_set(session);
        reset_all(session);
    }
    if (discard->discard == SL_AST_DISCARD_ALL || discard->discard == SL_AST_DISCARD_TEMPORARY)
        SL_TRY(sl_session_drop_temporary(session, err));
    sl_portal_set_tag(portal, discard->discard == SL_AST_DISCARD_ALL         ? "DISCARD ALL"
                              : discard->discard == SL_AST_DISCARD_PLANS     ? "DISCARD PLANS"
                              : discard->discard == SL_AST_DISCARD_SEQUENCES ? "DISCARD SEQUENCES"
                                                                             : "DISCARD TEMP");
    return SL_OK;
}

/* Nobody ever notifies, so that listening is done by doing nothing. */
int
sl_run_listen(struct sl_portal *portal, struct sl_error *err)
{
    const struct sl_ast_listen *listen = (const struct sl_ast_listen *)portal->statement->ast;

    if (listen->listen == SL_AST_LISTEN_NOTIFY) {
        SL_ERROR(err, SL_E_NOT_SUPPORTED, "NOTIFY is not supported");
        return sl_error_at(err, listen->ast.offset);
    }
    sl_portal_set_tag(portal, listen->listen == SL_AST_LISTEN_LISTEN ? "LISTEN" : "UNLISTEN");
    return SL_OK;
}
