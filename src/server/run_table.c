/* CREATE, ALTER and DROP of tables, views and databases; USE. */
#include "server/memory_table.h"
#include "server/session.h"

#include <stdlib.h>

static const char *
table_name_text(struct sl_arena *arena, struct sl_text text)
{
    return sl_arena_strndup(arena, text.start, text.length);
}

int
sl_table_created(struct sl_portal *portal, int rc, bool if_not_exists, struct sl_error *err)
{
    if (rc < 0 && if_not_exists &&
        (err->code == SL_E_DUPLICATE_TABLE || err->code == SL_E_DUPLICATE_SCHEMA)) {
        sl_net_notice(portal->session->connection, "NOTICE", sl_error_sqlstate(err->code),
                      sl_arena_printf(&portal->arena, "%s, skipping", err->text), NULL);
        return SL_OK;
    }
    return rc;
}

int
sl_run_create_view(struct sl_portal *portal, struct sl_error *err)
{
    const struct sl_ast_create_view *create =
        (const struct sl_ast_create_view *)portal->statement->ast;
    struct sl_catalog *catalog = portal->session->server->catalog;
    const struct sl_table *there;
    struct sl_plan_context context;
    struct sl_table *view;
    int rc;

    sl_portal_plan_context(portal, &context);
    SL_TRY(sl_plan_create_view(&context, portal->statement->ast, &view, err));
    portal->session->has_temporary |= view->session != 0;
    if (create->replace &&
        sl_catalog_find_table(catalog, &portal->arena, view->session, view->schema, view->name,
                              &there) &&
        there->session == view->session) {
        if (there->kind != SL_RELATION_VIEW)
            return SL_ERROR(err, SL_E_WRONG_OBJECT_TYPE, "\"%s\" is not a view", view->name);
        view->id = there->id;
        rc = sl_catalog_replace_table(catalog, view, err);
    } else {
        rc = sl_catalog_create_table(catalog, view, err);
    }
    if (rc < 0)
        sl_error_at(err, create->name.offset);
    SL_TRY(sl_table_created(portal, rc, create->if_not_exists, err));
    sl_portal_set_tag(portal, "CREATE VIEW");
    return SL_OK;
}

int
sl_run_create_database(struct sl_portal *portal, struct sl_error *err)
{
    const struct sl_ast_create_database *create =
        (const struct sl_ast_create_database *)portal->statement->ast;
    struct sl_text name = create->name.parts[create->name.count - 1].text;
    int rc;

    if (create->options.count > 0) {
        SL_ERROR(err, SL_E_UNDEFINED_OBJECT, "a database has no option \"%.*s\"",
                 SL_TEXT_FORMAT(create->options.items[0].key));
        return sl_error_at(err, create->options.items[0].key_offset);
    }
    rc = sl_catalog_create_schema(
        portal->session->server->catalog, table_name_text(&portal->arena, name),
        create->comment.start ? table_name_text(&portal->arena, create->comment) : NULL, err);
    if (rc < 0)
        sl_error_at(err, create->name.offset);
    SL_TRY(sl_table_created(portal, rc, create->if_not_exists, err));
    sl_portal_set_tag(portal, "CREATE DATABASE");
    return SL_OK;
}

/* Jobs that run keep their version of the table: a notice names them. */
static void
table_tell_users(struct sl_portal *portal, const struct sl_table *table)
{
    const char **users;
    size_t count =
        sl_catalog_table_users(portal->session->server->catalog, &portal->arena, table->id, &users);

    for (size_t i = 0; i < count; i++)
        sl_session_notice(portal->session,
                          sl_arena_printf(&portal->arena,
                                          "%s goes on with the earlier version of \"%s\"", users[i],
                                          table->name));
}

/* A view that reads the table; NULL when none does. */
static const char *
table_find_view(struct sl_portal *portal, const struct sl_table *table)
{
    struct sl_plan_context context;
    const struct sl_table **tables;
    size_t count = sl_catalog_list_tables(portal->session->server->catalog, &portal->arena,
                                          portal->session->id, NULL, &tables);

    sl_portal_plan_context(portal, &context);
    for (size_t i = 0; i < count; i++)
        if (tables[i]->kind == SL_RELATION_VIEW && tables[i]->id != table->id &&
            sl_plan_view_uses(&context, tables[i], table->id))
            return tables[i]->name;
    return NULL;
}

static bool
table_has_column(const struct sl_table *table, const char *name)
{
    for (size_t i = 0; i < table->column_count; i++)
        if (sl_equal_nocase(table->columns[i].name, name))
            return true;
    return false;
}

/* Views are kept as text: the names in it must stay. */
static int
table_check_views(struct sl_portal *portal, const struct sl_table *table,
                  const struct sl_table *altered, struct sl_error *err)
{
    bool names_stay = strcmp(table->name, altered->name) == 0;
    const char *view;

    for (size_t i = 0; i < table->column_count; i++)
        names_stay = names_stay && table_has_column(altered, table->columns[i].name);
    view = names_stay ? NULL : table_find_view(portal, table);
    if (!view)
        return SL_OK;
    SL_ERROR(err, SL_E_DEPENDENT_OBJECTS,
             "cannot rename \"%s\" or take columns from it because other objects depend on it",
             table->name);
    return sl_error_detail(err, "view \"%s\" uses it", view);
}

/* The physical column at or after `from`; column_count: none. */
static size_t
table_next_physical(const struct sl_table *table, size_t from)
{
    while (from < table->column_count && table->columns[from].kind != SL_COLUMN_PHYSICAL)
        from++;
    return from;
}

/* Rows of both versions look alike in a log: the same types in the same order, the same key. */
static bool
table_rows_alike(const struct sl_table *a, const struct sl_table *b)
{
    size_t i = table_next_physical(a, 0), j = table_next_physical(b, 0);

    if (a->primary_key_count != b->primary_key_count)
        return false;
    for (size_t k = 0; k < a->primary_key_count; k++)
        if (a->primary_key[k] != b->primary_key[k])
            return false;
    while (i < a->column_count && j < b->column_count) {
        if (!sl_type_equal(a->columns[i].type, b->columns[j].type))
            return false;
        i = table_next_physical(a, i + 1);
        j = table_next_physical(b, j + 1);
    }
    return i == a->column_count && j == b->column_count;
}

/* The rows of a memory table are kept in the form of its columns: they are written anew, aside, for
 * the next version.  Jobs that will read them in the old form keep the columns as they are. */
static int
table_convert_rows(struct sl_portal *portal, const struct sl_table *table,
                   const struct sl_table *altered, struct sl_error *err)
{
    struct sl_server *server = portal->session->server;
    const char **users;

    if (!sl_is_memory_table(table))
        return SL_OK;
    sl_memory_log_discard(server->data_directory, table->id, table->version + 1);
    if (table_rows_alike(table, altered))
        return SL_OK;
    if (sl_catalog_table_users(server->catalog, &portal->arena, table->id, &users) > 0) {
        SL_ERROR(err, SL_E_DEPENDENT_OBJECTS,
                 "cannot change the columns of memory table \"%s\" because other objects depend "
                 "on it",
                 table->name);
        return sl_error_detail(err, "%s uses it", users[0]);
    }
    return sl_memory_table_convert(server->data_directory, &portal->arena, table, altered, err);
}

static int
table_alter(struct sl_portal *portal, const struct sl_ast_name *name, bool if_exists,
            struct sl_error *err)
{
    struct sl_server *server = portal->session->server;
    struct sl_plan_context context;
    const struct sl_table *table;
    struct sl_table *altered;

    sl_portal_plan_context(portal, &context);
    if (sl_plan_find_table(&context, name, &table, err) < 0) {
        if (!if_exists || err->code != SL_E_UNDEFINED_TABLE)
            return err->code;
        sl_session_notice(portal->session,
                          sl_arena_printf(&portal->arena, "%s, skipping", err->text));
        return SL_OK;
    }
    SL_TRY(sl_plan_alter_table(&context, portal->statement->ast, table, &altered, err));
    altered->id = table->id;
    if (table_check_views(portal, table, altered, err) < 0 ||
        table_convert_rows(portal, table, altered, err) < 0)
        return sl_error_at(err, name->offset);
    SL_TRY(sl_catalog_replace_table(server->catalog, altered, err));
    if (sl_is_memory_table(table))
        SL_TRY(sl_memory_log_commit(server->data_directory, table->id, altered->version, err));
    table_tell_users(portal, table);
    return SL_OK;
}

int
sl_run_alter_table(struct sl_portal *portal, struct sl_error *err)
{
    const struct sl_ast_alter_table *alter =
        (const struct sl_ast_alter_table *)portal->statement->ast;

    if (alter->object != SL_AST_OBJECT_TABLE) {
        SL_ERROR(err, SL_E_NOT_SUPPORTED, "ALTER MATERIALIZED TABLE is not supported");
        return sl_error_at(err, portal->statement->offset);
    }
    SL_TRY(table_alter(portal, &alter->name, alter->if_exists, err));
    sl_portal_set_tag(portal, "ALTER TABLE");
    return SL_OK;
}

int
sl_run_alter_object(struct sl_portal *portal, struct sl_error *err)
{
    const struct sl_ast_alter_object *alter =
        (const struct sl_ast_alter_object *)portal->statement->ast;

    if (alter->object != SL_AST_OBJECT_VIEW) {
        SL_ERROR(err, SL_E_NOT_SUPPORTED, "this ALTER is not supported");
        return sl_error_at(err, alter->ast.offset);
    }
    SL_TRY(table_alter(portal, &alter->name, alter->if_exists, err));
    sl_portal_set_tag(portal, "ALTER VIEW");
    return SL_OK;
}

/* --- DROP --- */

int
sl_table_drop(struct sl_portal *portal, const struct sl_table *table, struct sl_error *err)
{
    struct sl_server *server = portal->session->server;
    const char **users;
    size_t count = sl_catalog_table_users(server->catalog, &portal->arena, table->id, &users);
    bool has_users = count > 0, in_use = has_users && !table->session;
    const char *view = in_use ? NULL : table_find_view(portal, table);

    if (in_use || view) {
        SL_ERROR(err, SL_E_DEPENDENT_OBJECTS,
                 "cannot drop %s \"%s\" because other objects depend on it",
                 table->kind == SL_RELATION_VIEW ? "view" : "table", table->name);
        if (view)
            return sl_error_detail(err, "view \"%s\" uses it", view);
        sl_error_detail(err, "%s uses it", users[0]);
        return sl_error_hint(err, "STOP JOB ends a job");
    }
    SL_TRY(sl_catalog_drop_table(server->catalog, table->id, err));
    if (table->kind == SL_RELATION_TABLE && !has_users)
        sl_memory_log_drop(server->data_directory, table->id);
    return SL_OK;
}

/* As in Flink, TEMPORARY says which of two with one name is meant, and must not be left out. */
static int
table_check_temporary(const struct sl_ast_drop *drop, const struct sl_table *table,
                      const struct sl_ast_name *name, struct sl_error *err)
{
    const char *what = drop->object == SL_AST_OBJECT_VIEW ? "VIEW" : "TABLE";

    if (drop->temporary == (table->session != 0))
        return SL_OK;
    SL_ERROR(err, SL_E_WRONG_OBJECT_TYPE, "\"%s\" is %stemporary", table->name,
             table->session ? "" : "not ");
    sl_error_hint(err, "use DROP %s%s", table->session ? "TEMPORARY " : "", what);
    return sl_error_at(err, name->offset);
}

static int
table_drop_relation(struct sl_portal *portal, const struct sl_ast_drop *drop,
                    const struct sl_ast_name *name, struct sl_error *err)
{
    bool wants_view = drop->object == SL_AST_OBJECT_VIEW;
    struct sl_plan_context context;
    const struct sl_table *table;

    sl_portal_plan_context(portal, &context);
    if (sl_plan_find_table(&context, name, &table, err) < 0) {
        if (!drop->if_exists || err->code != SL_E_UNDEFINED_TABLE)
            return err->code;
        sl_session_notice(portal->session,
                          sl_arena_printf(&portal->arena, "%s, skipping", err->text));
        return SL_OK;
    }
    SL_TRY(table_check_temporary(drop, table, name, err));
    if (wants_view != (table->kind == SL_RELATION_VIEW)) {
        SL_ERROR(err, SL_E_WRONG_OBJECT_TYPE, "\"%s\" is not a %s", table->name,
                 wants_view ? "view" : "table");
        sl_error_hint(err, "use DROP %s", wants_view ? "TABLE" : "VIEW");
        return sl_error_at(err, name->offset);
    }
    if (sl_table_drop(portal, table, err) < 0)
        return sl_error_at(err, name->offset);
    return SL_OK;
}

/* Those of a database that is dropped, when its tables are gone. */
static int
table_drop_functions(struct sl_portal *portal, const struct sl_ast_drop *drop, const char *schema,
                     struct sl_error *err)
{
    const struct sl_sql_function **functions;
    size_t count = sl_catalog_list_functions(portal->session->server->catalog, &portal->arena, 0,
                                             schema, &functions);

    if (count && !drop->cascade) {
        SL_ERROR(err, SL_E_DEPENDENT_OBJECTS, "database \"%s\" is not empty", schema);
        return sl_error_detail(err, "function \"%s\" is in it", functions[0]->name);
    }
    for (size_t left = count; left > 0; count = left) {
        left = 0;
        for (size_t i = 0; i < count; i++)
            if (sl_drop_function(portal, functions[i], err) < 0)
                functions[left++] = functions[i];
        if (left == count)
            return err->code;
    }
    return SL_OK;
}

static int
table_drop_database(struct sl_portal *portal, const struct sl_ast_drop *drop,
                    const struct sl_ast_name *name, struct sl_error *err)
{
    struct sl_catalog *catalog = portal->session->server->catalog;
    const char *text = table_name_text(&portal->arena, name->parts[name->count - 1].text);
    const struct sl_table **tables;
    const char *found;
    size_t count, left;

    if (drop->if_exists && !sl_catalog_find_schema(catalog, &portal->arena, text, &found)) {
        sl_session_notice(
            portal->session,
            sl_arena_printf(&portal->arena, "database \"%s\" does not exist, skipping", text));
        return SL_OK;
    }
    count = drop->cascade ? sl_catalog_list_tables(catalog, &portal->arena, 0, text, &tables) : 0;
    /* What nothing depends on goes first, until nothing is left or nothing goes any more. */
    for (left = count; left > 0; count = left) {
        left = 0;
        for (size_t i = 0; i < count; i++)
            if (sl_table_drop(portal, tables[i], err) < 0)
                tables[left++] = tables[i];
        if (left == count)
            return sl_error_at(err, name->offset);
    }
    if (table_drop_functions(portal, drop, text, err) < 0 ||
        sl_catalog_drop_schema(catalog, text, err) < 0)
        return sl_error_at(err, name->offset);
    if (sl_equal_nocase(portal->session->schema, text)) {
        free(portal->session->schema);
        portal->session->schema = sl_strdup("public");
    }
    return SL_OK;
}

int
sl_run_drop(struct sl_portal *portal, struct sl_error *err)
{
    const struct sl_ast_drop *drop = (const struct sl_ast_drop *)portal->statement->ast;
    const char *what = drop->object == SL_AST_OBJECT_VIEW       ? "VIEW"
                       : drop->object == SL_AST_OBJECT_TABLE    ? "TABLE"
                       : drop->object == SL_AST_OBJECT_FUNCTION ? "FUNCTION"
                                                                : "DATABASE";

    if ((drop->object != SL_AST_OBJECT_TABLE && drop->object != SL_AST_OBJECT_VIEW &&
         drop->object != SL_AST_OBJECT_DATABASE && drop->object != SL_AST_OBJECT_FUNCTION) ||
        drop->system) {
        SL_ERROR(err, SL_E_NOT_SUPPORTED, "this DROP is not supported");
        return sl_error_at(err, drop->ast.offset);
    }
    for (size_t i = 0; i < drop->names.count; i++) {
        const struct sl_ast_name *name = drop->names.items[i];

        if (drop->object == SL_AST_OBJECT_DATABASE)
            SL_TRY(table_drop_database(portal, drop, name, err));
        else if (drop->object == SL_AST_OBJECT_FUNCTION)
            SL_TRY(sl_run_drop_function(portal, drop, name, err));
        else
            SL_TRY(table_drop_relation(portal, drop, name, err));
    }
    sl_portal_set_tag(portal, "DROP %s", what);
    return SL_OK;
}

int
sl_session_drop_temporary(struct sl_session *session, struct sl_error *err)
{
    struct sl_server *server = session->server;
    const struct sl_table **tables, *kept;
    struct sl_arena arena;
    size_t count;
    int rc;

    if (!session->has_temporary)
        return SL_OK;
    sl_arena_init(&arena);
    count = sl_catalog_list_tables(server->catalog, &arena, session->id, NULL, &tables);
    rc = sl_catalog_drop_session(server->catalog, session->id, err);
    for (size_t i = 0; i < count && rc == SL_OK; i++)
        if (tables[i]->session && tables[i]->kind == SL_RELATION_TABLE &&
            !sl_catalog_table_by_id(server->catalog, &arena, tables[i]->id, 0, &kept))
            sl_memory_log_drop(server->data_directory, tables[i]->id);
    session->has_temporary = rc < 0;
    sl_arena_done(&arena);
    return rc;
}

int
sl_run_use(struct sl_portal *portal, struct sl_error *err)
{
    const struct sl_ast_use *use = (const struct sl_ast_use *)portal->statement->ast;
    struct sl_session *session = portal->session;
    struct sl_text last;
    const char *name;

    if (use->use == SL_AST_USE_MODULES) {
        SL_ERROR(err, SL_E_NOT_SUPPORTED, "USE MODULES is not supported");
        return sl_error_at(err, use->ast.offset);
    }
    last = use->name.parts[use->name.count - 1].text;
    if (use->use == SL_AST_USE_CATALOG) {
        if (!sl_text_equal_nocase(last, SL_TEXT("default_catalog"))) {
            SL_ERROR(err, SL_E_UNDEFINED_OBJECT, "catalog \"%.*s\" does not exist",
                     SL_TEXT_FORMAT(last));
            return sl_error_at(err, use->name.offset);
        }
    } else {
        if (!sl_catalog_find_schema(session->server->catalog, &portal->arena,
                                    table_name_text(&portal->arena, last), &name)) {
            SL_ERROR(err, SL_E_UNDEFINED_SCHEMA, "database \"%.*s\" does not exist",
                     SL_TEXT_FORMAT(last));
            return sl_error_at(err, use->name.offset);
        }
        free(session->schema);
        session->schema = sl_strdup(name);
    }
    sl_portal_set_tag(portal, "USE");
    return SL_OK;
}
