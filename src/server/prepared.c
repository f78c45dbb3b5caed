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

static const struct sl_schema *
prepared_copy_columns(struct sl_arena *arena, const struct sl_portal *portal)
{
    struct sl_schema *schema = sl_schema_new(arena, portal->column_count);

    for (size_t i = 0; i < schema->count; i++) {
        schema->columns[i].name = sl_arena_strdup(arena, portal->columns[i].name);
        schema->columns[i].type = sl_type_copy(arena, portal->columns[i].type);
    }
    return schema;
}

/* Drivers describe a statement once; they know PostgreSQL's text and prepare anew. */
int
sl_prepared_check_columns(const struct sl_prepared *prepared, const struct sl_portal *portal,
                          struct sl_error *err)
{
    const struct sl_schema *known = prepared->columns;
    bool same = !known || known->count == portal->column_count;

    for (size_t i = 0; known && same && i < known->count; i++)
        same = strcmp(known->columns[i].name, portal->columns[i].name) == 0 &&
               sl_net_oid_of(known->columns[i].type) == sl_net_oid_of(portal->columns[i].type);
    return same ? SL_OK
                : SL_ERROR(err, SL_E_NOT_SUPPORTED, "cached plan must not change result type");
}

static int
prepared_describe(struct sl_session *session, struct sl_prepared *prepared, struct sl_error *err)
{
    struct sl_portal *portal = sl_portal_new(session, prepared->statement);
    int rc;

    portal->param_types = prepared->param_types;
    portal->param_count = prepared->param_count;
    rc = sl_portal_describe(portal, err);
    /* The inferred types must outlive the portal. */
    for (size_t i = 0; rc == SL_OK && i < prepared->param_count; i++)
        if (prepared->param_types[i])
            prepared->param_types[i] = sl_type_copy(&prepared->arena, prepared->param_types[i]);
    if (rc == SL_OK && prepared->statement->ast->kind == SL_AST_QUERY)
        prepared->columns = prepared_copy_columns(&prepared->arena, portal);
    sl_portal_free(portal);
    return rc;
}

static int
prepared_declare(struct sl_prepared *prepared, const struct sl_param_types *declared,
                 struct sl_error *err)
{
    for (size_t i = 0; i < declared->count; i++) {
        if (declared->types) {
            prepared->param_types[i] = sl_type_copy(&prepared->arena, declared->types[i]);
            continue;
        }
        prepared->param_types[i] = sl_net_type_of(declared->oids[i]);
        if (prepared->param_types[i])
            prepared->param_oids[i] = declared->oids[i];
        else if (declared->oids[i] != 0 && declared->oids[i] != 705)
            return SL_ERROR(err, SL_E_UNDEFINED_OBJECT,
                            "type with oid %u of parameter $%zu is not known", declared->oids[i],
                            i + 1);
    }
    return SL_OK;
}

/* Types that the client gave, and what the planner infers of the others. */
static int
prepared_infer(struct sl_session *session, struct sl_prepared *prepared,
               const struct sl_param_types *declared, struct sl_error *err)
{
    size_t count = prepared->statement ? (size_t)prepared->statement->parameter_count : 0;

    count = SL_MAX(count, declared->count);
    prepared->param_types = SL_NEW_ARRAY(&prepared->arena, const struct sl_type *, count + 1);
    prepared->param_oids = SL_NEW_ARRAY(&prepared->arena, uint32_t, count + 1);
    prepared->param_count = count;
    SL_TRY(prepared_declare(prepared, declared, err));
    if (prepared->statement)
        SL_TRY(prepared_describe(session, prepared, err));
    for (size_t i = 0; i < count; i++) {
        if (!prepared->param_types[i])
            prepared->param_types[i] = &sl_type_string;
        if (!prepared->param_oids[i])
            prepared->param_oids[i] = sl_net_oid_of(prepared->param_types[i]);
    }
    return SL_OK;
}

int
sl_prepared_new(struct sl_session *session, struct sl_text sql,
                const struct sl_param_types *declared, struct sl_prepared **ret_prepared,
                struct sl_error *err)
{
    struct sl_prepared *prepared = sl_alloc_zeroed(sizeof(*prepared));
    int rc;

    prepared->references = 1;
    sl_arena_init(&prepared->arena);
    rc = prepared_parse(prepared, sql, err);
    if (rc == SL_OK)
        rc = sl_session_check_block(session, prepared->statement, err);
    if (rc == SL_OK)
        rc = prepared_infer(session, prepared, declared, err);
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
        return SL_ERROR(err, SL_E_DUPLICATE_STATEMENT, "prepared statement \"%s\" already exists",
                        name);
    }
    sl_map_put(&session->prepared, key, prepared);
    return SL_OK;
}

int
sl_prepared_find(struct sl_session *session, struct sl_text name, struct sl_prepared **ret_prepared,
                 struct sl_error *err)
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
