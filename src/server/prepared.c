/* Prepared statements, of the protocol and of PREPARE alike. */
#include "server/session.h"

#include <stdlib.h>

void
sl_prepared_unref(struct sl_prepared *prepared)
{
    if (--prepared->references > 0)
        return;
    sl_arena_done(&prepared->arena);
    free(prepared);
}

static int
prepared_parse(struct sl_prepared *prepared, struct sl_text sql, struct sl_error *err)
{
    struct sl_ast_script *script;

    SL_TRY(sl_parse_script(&prepared->arena, sql, NULL, &script, err));
    if (script->count > 1)
        return SL_ERROR(err, SL_E_SYNTAX,
                        "cannot insert multiple commands into a prepared statement");
    prepared->sql = script->text;
    prepared->statement = script->count ? &script->statements[0] : NULL;
    return SL_OK;
}

/* Types that the client gave, and what the planner infers of the others. */
static int
prepared_infer(struct sl_session *session, struct sl_prepared *prepared, const uint32_t *oids,
               size_t oid_count, struct sl_error *err)
{
    size_t count = prepared->statement ? (size_t)prepared->statement->parameter_count : 0;
    struct sl_portal *portal;
    int rc;

    count = SL_MAX(count, oid_count);
    prepared->param_types = SL_NEW_ARRAY(&prepared->arena, const struct sl_type *, count + 1);
    prepared->param_count = count;
    for (size_t i = 0; i < oid_count; i++) {
        prepared->param_types[i] = sl_net_type_of(oids[i]);
        if (!prepared->param_types[i] && oids[i] != 0 && oids[i] != 705)
            return SL_ERROR(err, SL_E_UNDEFINED_OBJECT, "type with oid %u of parameter $%zu is "
                                                        "not known",
                            oids[i], i + 1);
    }
    if (!prepared->statement)
        return SL_OK;
    portal = sl_portal_new(session, prepared->statement);
    portal->param_types = prepared->param_types;
    portal->param_count = count;
    rc = sl_portal_describe(portal, err);
    for (size_t i = 0; i < count && rc == SL_OK; i++)
        prepared->param_types[i] = prepared->param_types[i]
                                       ? sl_type_copy(&prepared->arena, prepared->param_types[i])
                                       : &sl_type_string;
    sl_portal_free(portal);
    return rc;
}

int
sl_prepared_new(struct sl_session *session, struct sl_text sql, const uint32_t *oids,
                size_t oid_count, struct sl_prepared **ret_prepared, struct sl_error *err)
{
    struct sl_prepared *prepared = sl_alloc_zeroed(sizeof(*prepared));
    int rc;

    prepared->references = 1;
    sl_arena_init(&prepared->arena);
    rc = prepared_parse(prepared, sql, err);
    if (rc == SL_OK)
        rc = sl_session_check_block(session, prepared->statement, err);
    if (rc == SL_OK)
        rc = prepared_infer(session, prepared, oids, oid_count, err);
    if (rc < 0) {
        sl_prepared_unref(prepared);
        return rc;
    }
    *ret_prepared = prepared;
    return SL_OK;
}

int
sl_prepared_put(struct sl_session *session, const char *name, struct sl_prepared *prepared,
                struct sl_error *err)
{
    struct sl_text key = sl_text_of(name);

    if (key.length == 0)
        sl_prepared_drop(session, key);
    if (sl_map_get(&session->prepared, key)) {
        sl_prepared_unref(prepared);
        return SL_ERROR(err, SL_E_DUPLICATE_STATEMENT,
                        "prepared statement \"%s\" already exists", name);
    }
    sl_map_put(&session->prepared, key, prepared);
    return SL_OK;
}

int
sl_prepared_find(struct sl_session *session, struct sl_text name,
                 struct sl_prepared **ret_prepared, struct sl_error *err)
{
    struct sl_prepared *prepared = sl_map_get(&session->prepared, name);

    if (!prepared)
        return name.length == 0
                   ? SL_ERROR(err, SL_E_UNDEFINED_STATEMENT,
                              "unnamed prepared statement does not exist")
                   : SL_ERROR(err, SL_E_UNDEFINED_STATEMENT,
                              "prepared statement \"%.*s\" does not exist", SL_TEXT_FORMAT(name));
    *ret_prepared = prepared;
    return SL_OK;
}

void
sl_prepared_drop(struct sl_session *session, struct sl_text name)
{
    struct sl_prepared *prepared = sl_map_remove(&session->prepared, name);

    if (prepared)
        sl_prepared_unref(prepared);
}

void
sl_prepared_drop_all(struct sl_session *session)
{
    while (session->prepared.count > 0)
        sl_prepared_drop(session, session->prepared.entries[0].key);
}
