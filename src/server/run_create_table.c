/* CREATE TABLE, and CREATE TABLE … AS: the table, then the INSERT that fills it, which is a job in
 * streaming mode and ends before the statement does in batch mode.  A table that cannot be filled
 * is not made. */
#include "server/memory_table.h"
#include "server/session.h"

static const struct sl_ast_create_table *
create_of(const struct sl_portal *portal)
{
    return (const struct sl_ast_create_table *)portal->statement->ast;
}

/* Whatever has this name goes, unless somebody needs it. */
static int
create_replace(struct sl_portal *portal, const struct sl_table *table, struct sl_error *err)
{
    const struct sl_ast_create_table *create = create_of(portal);
    struct sl_catalog *catalog = portal->session->server->catalog;
    const struct sl_table *there;

    if (!sl_catalog_find_table(catalog, &portal->arena, portal->session->id, table->schema,
                               table->name, &there)) {
        if (create->create)
            return SL_OK;
        SL_ERROR(err, SL_E_UNDEFINED_TABLE, "table \"%s\" does not exist", table->name);
        sl_error_hint(err, "CREATE OR REPLACE TABLE makes one that is not there");
        return sl_error_at(err, create->name.offset);
    }
    if (there->kind != SL_RELATION_TABLE) {
        SL_ERROR(err, SL_E_WRONG_OBJECT_TYPE, "\"%s\" is not a table", there->name);
        return sl_error_at(err, create->name.offset);
    }
    return sl_table_drop(portal, there, err) < 0 ? sl_error_at(err, create->name.offset) : SL_OK;
}

static int
create_fill(struct sl_portal *portal, const char *insert, struct sl_error *err)
{
    struct sl_ast_script *script;
    struct sl_planned *planned;

    portal->sql = sl_text_of(insert);
    sl_net_set_sql(portal->session->connection, (struct sl_text){0}); /* positions are of this */
    SL_TRY(sl_parse_script(&portal->arena, portal->sql, NULL, &script, err));
    SL_TRY(sl_portal_plan(portal, script->statements[0].ast, false, &planned, err));
    return sl_start_planned(portal, planned, portal->sql, err);
}

/* The table as it is in the catalog goes again, as if it had never been. */
static void
create_undo(struct sl_portal *portal, const struct sl_table *table)
{
    const struct sl_table *made;
    struct sl_error ignored;

    if (sl_catalog_find_table(portal->session->server->catalog, &portal->arena, portal->session->id,
                              table->schema, table->name, &made))
        sl_table_drop(portal, made, &ignored);
}

int
sl_run_create_table(struct sl_portal *portal, struct sl_error *err)
{
    const struct sl_ast_create_table *create = create_of(portal);
    struct sl_catalog *catalog = portal->session->server->catalog;
    struct sl_plan_context context;
    const char *insert;
    struct sl_table *table;
    int rc;

    sl_portal_plan_context(portal, &context);
    SL_TRY(sl_plan_create_table(&context, portal->statement->ast, &table, &insert, err));
    if (create->replace)
        SL_TRY(create_replace(portal, table, err));
    portal->session->has_temporary |= table->session != 0;
    rc = sl_catalog_create_table(catalog, table, err);
    if (rc < 0)
        sl_error_at(err, create->name.offset);
    if (rc == SL_OK && insert && create_fill(portal, insert, err) < 0) {
        create_undo(portal, table);
        return err->code;
    }
    SL_TRY(sl_table_created(portal, rc, create->if_not_exists, err));
    sl_portal_set_tag(portal, insert ? "CREATE TABLE AS" : "CREATE TABLE");
    return SL_OK;
}

static int
create_check_new(struct sl_portal *portal, const struct sl_ast_create_table *create,
                 const struct sl_table *table, struct sl_error *err)
{
    const struct sl_table *there;

    if (create->replace ||
        !sl_catalog_find_table(portal->session->server->catalog, &portal->arena,
                               portal->session->id, table->schema, table->name, &there))
        return SL_OK;
    SL_ERROR(err, SL_E_DUPLICATE_TABLE, "relation \"%s\" already exists", there->name);
    return sl_error_at(err, create->name.offset);
}

/* The INSERT is planned into a table that this session alone sees, and only for so long. */
int
sl_plan_create_as(struct sl_portal *portal, const struct sl_ast *statement,
                  struct sl_planned **ret_planned, struct sl_error *err)
{
    const struct sl_ast_create_table *create = (const struct sl_ast_create_table *)statement;
    struct sl_catalog *catalog = portal->session->server->catalog;
    struct sl_text sql = portal->sql;
    struct sl_plan_context context;
    struct sl_ast_script *script;
    const struct sl_table *made;
    struct sl_error ignored;
    struct sl_table *table;
    const char *insert;
    int rc;

    sl_portal_plan_context(portal, &context);
    SL_TRY(sl_plan_create_table(&context, statement, &table, &insert, err));
    SL_TRY(create_check_new(portal, create, table, err));
    table->session = portal->session->id;
    if (sl_catalog_create_table(catalog, table, err) < 0)
        return sl_error_at(err, create->name.offset);
    portal->sql = sl_text_of(insert);
    rc = sl_parse_script(&portal->arena, portal->sql, NULL, &script, err);
    if (rc == SL_OK)
        rc = sl_portal_plan(portal, script->statements[0].ast, true, ret_planned, err);
    if (rc < 0)
        err->offset = -1; /* it would be of the INSERT */
    portal->sql = sql;
    if (sl_catalog_find_table(catalog, &portal->arena, table->session, table->schema, table->name,
                              &made))
        sl_catalog_drop_table(catalog, made->id, &ignored);
    return rc;
}
