/* Functions in SQL: one row each, types as texts. */
#include "catalog/catalog_internal.h"

#define FUNCTION_COLUMNS "session, schema_name, name, parameters, type, body, body_schema"

int
catalog_set_up_functions(struct sl_catalog *catalog, struct sl_error *err)
{
    const char *create = strstr(sl_catalog_schema_sql, "CREATE TABLE IF NOT EXISTS functions");

    SL_ASSERT(create != NULL);
    SL_TRY(catalog_exec(catalog, create, err));
    return catalog_exec(catalog, "DELETE FROM functions WHERE session <> 0", err);
}

int
catalog_drop_session_functions(struct sl_catalog *catalog, uint32_t session, struct sl_error *err)
{
    sqlite3_stmt *statement;

    SL_TRY(catalog_prepare(catalog, "DELETE FROM functions WHERE session = ?", &statement, err));
    sqlite3_bind_int64(statement, 1, session);
    return catalog_run(catalog, statement, err);
}

static int
function_read(struct sl_arena *arena, sqlite3_stmt *statement,
              struct sl_sql_function **ret_function, struct sl_error *err)
{
    struct sl_sql_function *function = SL_NEW(arena, struct sl_sql_function);
    const char *parameters = catalog_text(arena, statement, 3);
    const char *type = catalog_text(arena, statement, 4);

    function->session = (uint32_t)sqlite3_column_int64(statement, 0);
    function->schema = catalog_text(arena, statement, 1);
    function->name = catalog_text(arena, statement, 2);
    function->body = catalog_text(arena, statement, 5);
    function->body_schema = catalog_text(arena, statement, 6);
    if (parameters)
        SL_TRY(sl_type_parse(arena, sl_text_of(parameters), &function->parameters, err));
    SL_TRY(sl_type_parse(arena, sl_text_of(type), &function->type, err));
    *ret_function = function;
    return SL_OK;
}

bool
sl_catalog_find_function(struct sl_catalog *catalog, struct sl_arena *arena, uint32_t session,
                         const char *schema, const char *name,
                         const struct sl_sql_function **ret_function)
{
    struct sl_sql_function *function;
    struct sl_error err;
    sqlite3_stmt *statement;
    bool found = false;

    if (sl_equal_nocase(schema, "default_database"))
        schema = "public";
    pthread_mutex_lock(&catalog->mutex);
    if (catalog_prepare(catalog,
                        "SELECT " FUNCTION_COLUMNS
                        " FROM functions WHERE schema_name = ? AND name = ? "
                        "AND session IN (0, ?) ORDER BY session DESC LIMIT 1",
                        &statement, &err) == SL_OK) {
        catalog_bind(statement, 1, schema);
        catalog_bind(statement, 2, name);
        sqlite3_bind_int64(statement, 3, session);
        found = sqlite3_step(statement) == SQLITE_ROW &&
                function_read(arena, statement, &function, &err) == SL_OK;
        if (found)
            *ret_function = function;
        sqlite3_finalize(statement);
    }
    pthread_mutex_unlock(&catalog->mutex);
    return found;
}

size_t
sl_catalog_list_functions(struct sl_catalog *catalog, struct sl_arena *arena, uint32_t session,
                          const char *schema, const struct sl_sql_function ***ret_functions)
{
    struct sl_error err;
    sqlite3_stmt *statement;
    size_t count = 0, capacity = 16;
    const struct sl_sql_function **functions =
        SL_NEW_ARRAY(arena, const struct sl_sql_function *, capacity);

    pthread_mutex_lock(&catalog->mutex);
    if (catalog_prepare(catalog,
                        "SELECT " FUNCTION_COLUMNS " FROM functions WHERE "
                        "(?1 IS NULL OR schema_name = ?1) AND session IN (0, ?2) "
                        "ORDER BY schema_name, name, session DESC",
                        &statement, &err) == SL_OK) {
        struct sl_sql_function *function;

        catalog_bind(statement, 1, schema);
        sqlite3_bind_int64(statement, 2, session);
        while (sqlite3_step(statement) == SQLITE_ROW &&
               function_read(arena, statement, &function, &err) == SL_OK) {
            if (count == capacity) {
                const struct sl_sql_function **more =
                    SL_NEW_ARRAY(arena, const struct sl_sql_function *, capacity * 2);

                memcpy(more, functions, count * sizeof(*functions));
                functions = more;
                capacity *= 2;
            }
            functions[count++] = function;
        }
        sqlite3_finalize(statement);
    }
    pthread_mutex_unlock(&catalog->mutex);
    *ret_functions = functions;
    return count;
}

static int
function_insert(struct sl_catalog *catalog, const struct sl_sql_function *function, bool replace,
                struct sl_error *err)
{
    struct sl_buffer parameters, type;
    sqlite3_stmt *statement;
    int rc;

    SL_TRY(catalog_prepare(catalog,
                           replace ? "INSERT OR REPLACE INTO functions (" FUNCTION_COLUMNS
                                     ") VALUES (?, ?, ?, ?, ?, ?, ?)"
                                   : "INSERT INTO functions (" FUNCTION_COLUMNS
                                     ") VALUES (?, ?, ?, ?, ?, ?, ?)",
                           &statement, err));
    sl_buffer_init(&parameters, 1 << 20);
    sl_buffer_init(&type, 1 << 20);
    sqlite3_bind_int64(statement, 1, function->session);
    catalog_bind(statement, 2, function->schema);
    catalog_bind(statement, 3, function->name);
    if (function->parameters) {
        sl_type_format(function->parameters, &parameters);
        sqlite3_bind_text(statement, 4, parameters.data, (int)parameters.length, SQLITE_TRANSIENT);
    }
    sl_type_format(function->type, &type);
    sqlite3_bind_text(statement, 5, type.data, (int)type.length, SQLITE_TRANSIENT);
    catalog_bind(statement, 6, function->body);
    catalog_bind(statement, 7, function->body_schema);
    rc = catalog_run(catalog, statement, err);
    if (rc < 0 && sqlite3_extended_errcode(catalog->db) == SQLITE_CONSTRAINT_PRIMARYKEY)
        rc = SL_ERROR(err, SL_E_DUPLICATE_FUNCTION, "function \"%s\" already exists",
                      function->name);
    sl_buffer_done(&parameters);
    sl_buffer_done(&type);
    return rc;
}

int
sl_catalog_create_function(struct sl_catalog *catalog, const struct sl_sql_function *function,
                           bool replace, struct sl_error *err)
{
    int rc = catalog_begin_locked(catalog, err);

    if (rc == SL_OK)
        rc = function_insert(catalog, function, replace, err);
    return catalog_end_locked(catalog, rc, err);
}

int
sl_catalog_drop_function(struct sl_catalog *catalog, const struct sl_sql_function *function,
                         struct sl_error *err)
{
    sqlite3_stmt *statement;
    int rc = catalog_begin_locked(catalog, err);

    if (rc == SL_OK)
        rc = catalog_prepare(
            catalog, "DELETE FROM functions WHERE session = ? AND schema_name = ? AND name = ?",
            &statement, err);
    if (rc == SL_OK) {
        sqlite3_bind_int64(statement, 1, function->session);
        catalog_bind(statement, 2, function->schema);
        catalog_bind(statement, 3, function->name);
        rc = catalog_run(catalog, statement, err);
    }
    return catalog_end_locked(catalog, rc, err);
}
