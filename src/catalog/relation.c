/* Tables and views: written as rows of relations, relation_columns and relation_options, read back
 * whole into the caller's arena. */
#include "catalog/catalog_internal.h"

#define RELATION_COLUMNS                                                           \
    "id, version, kind, session, schema_name, name, watermark_column, watermark, " \
    "primary_key_name, comment, query, query_schema"

/* --- reading --- */

static struct sl_table *
relation_read_head(struct sl_arena *arena, sqlite3_stmt *statement)
{
    struct sl_table *table = SL_NEW(arena, struct sl_table);

    table->id = (uint64_t)sqlite3_column_int64(statement, 0);
    table->version = (uint32_t)sqlite3_column_int64(statement, 1);
    table->kind = (enum sl_relation_kind)sqlite3_column_int(statement, 2);
    table->session = (uint32_t)sqlite3_column_int64(statement, 3);
    table->schema = catalog_text(arena, statement, 4);
    table->name = catalog_text(arena, statement, 5);
    table->watermark_column = sqlite3_column_int(statement, 6);
    table->watermark = catalog_text(arena, statement, 7);
    table->primary_key_name = catalog_text(arena, statement, 8);
    table->comment = catalog_text(arena, statement, 9);
    table->query = catalog_text(arena, statement, 10);
    table->query_schema = catalog_text(arena, statement, 11);
    return table;
}

/* Puts column index `ordinal` at place `key` of a list of at most column_count entries. */
static void
relation_read_place(sqlite3_stmt *statement, int sql_column, uint32_t ordinal, uint32_t *list,
                    size_t *count)
{
    size_t place;

    if (sqlite3_column_type(statement, sql_column) == SQLITE_NULL)
        return;
    place = (size_t)sqlite3_column_int64(statement, sql_column);
    list[place] = ordinal;
    *count = SL_MAX(*count, place + 1);
}

static int
relation_count(struct sl_catalog *catalog, const char *sql, const struct sl_table *table,
               size_t *ret_count, struct sl_error *err)
{
    sqlite3_stmt *statement;

    SL_TRY(catalog_prepare(catalog, sql, &statement, err));
    sqlite3_bind_int64(statement, 1, (int64_t)table->id);
    sqlite3_bind_int64(statement, 2, table->version);
    *ret_count =
        sqlite3_step(statement) == SQLITE_ROW ? (size_t)sqlite3_column_int64(statement, 0) : 0;
    sqlite3_finalize(statement);
    return SL_OK;
}

static int
relation_read_column(struct sl_arena *arena, sqlite3_stmt *statement, struct sl_table *table,
                     uint32_t ordinal, struct sl_error *err)
{
    struct sl_table_column *column = &table->columns[ordinal];
    const char *type = (const char *)sqlite3_column_text(statement, 1);

    column->name = catalog_text(arena, statement, 0);
    column->kind = (enum sl_column_kind)sqlite3_column_int(statement, 2);
    column->metadata_key = catalog_text(arena, statement, 3);
    column->is_virtual = sqlite3_column_int(statement, 4) != 0;
    column->expression = catalog_text(arena, statement, 5);
    column->time = (enum sl_time_kind)sqlite3_column_int(statement, 6);
    column->comment = catalog_text(arena, statement, 7);
    relation_read_place(statement, 8, ordinal, table->primary_key, &table->primary_key_count);
    relation_read_place(statement, 9, ordinal, table->partition_by, &table->partition_by_count);
    return sl_type_parse(arena, sl_text_of(type), &column->type, err);
}

static int
relation_read_columns(struct sl_catalog *catalog, struct sl_arena *arena, struct sl_table *table,
                      struct sl_error *err)
{
    sqlite3_stmt *statement;
    int rc = SL_OK;

    SL_TRY(relation_count(
        catalog, "SELECT count(*) FROM relation_columns WHERE relation_id = ? AND version = ?",
        table, &table->column_count, err));
    table->columns = SL_NEW_ARRAY(arena, struct sl_table_column, table->column_count);
    table->primary_key = SL_NEW_ARRAY(arena, uint32_t, table->column_count);
    table->partition_by = SL_NEW_ARRAY(arena, uint32_t, table->column_count);
    SL_TRY(catalog_prepare(catalog,
                           "SELECT name, type, kind, metadata_key, is_virtual, expression, time, "
                           "comment, key_ordinal, partition_ordinal FROM relation_columns "
                           "WHERE relation_id = ? AND version = ? ORDER BY ordinal",
                           &statement, err));
    sqlite3_bind_int64(statement, 1, (int64_t)table->id);
    sqlite3_bind_int64(statement, 2, table->version);
    for (uint32_t i = 0; i < table->column_count && rc == SL_OK; i++) {
        SL_ASSERT(sqlite3_step(statement) == SQLITE_ROW);
        rc = relation_read_column(arena, statement, table, i, err);
    }
    sqlite3_finalize(statement);
    return rc;
}

static int
relation_read_options(struct sl_catalog *catalog, struct sl_arena *arena, struct sl_table *table,
                      struct sl_error *err)
{
    sqlite3_stmt *statement;
    size_t count;

    SL_TRY(relation_count(
        catalog, "SELECT count(*) FROM relation_options WHERE relation_id = ? AND version = ?",
        table, &count, err));
    table->options.items = SL_NEW_ARRAY(arena, struct sl_option, count);
    table->options.count = count;
    SL_TRY(catalog_prepare(catalog,
                           "SELECT key, value FROM relation_options WHERE relation_id = ? AND "
                           "version = ? ORDER BY ordinal",
                           &statement, err));
    sqlite3_bind_int64(statement, 1, (int64_t)table->id);
    sqlite3_bind_int64(statement, 2, table->version);
    for (size_t i = 0; i < count; i++) {
        SL_ASSERT(sqlite3_step(statement) == SQLITE_ROW);
        table->options.items[i] = (struct sl_option){catalog_text(arena, statement, 0),
                                                     catalog_text(arena, statement, 1), -1, -1};
    }
    sqlite3_finalize(statement);
    return SL_OK;
}

static int
relation_read(struct sl_catalog *catalog, struct sl_arena *arena, sqlite3_stmt *statement,
              struct sl_table **ret_table, struct sl_error *err)
{
    struct sl_table *table = relation_read_head(arena, statement);

    SL_TRY(relation_read_columns(catalog, arena, table, err));
    SL_TRY(relation_read_options(catalog, arena, table, err));
    *ret_table = table;
    return SL_OK;
}

/* Reads the one relation that the statement finds; false: none. */
static bool
relation_find(struct sl_catalog *catalog, struct sl_arena *arena, sqlite3_stmt *statement,
              const struct sl_table **ret_table)
{
    struct sl_error err;
    struct sl_table *table;
    bool found = sqlite3_step(statement) == SQLITE_ROW &&
                 relation_read(catalog, arena, statement, &table, &err) == SL_OK;

    if (found)
        *ret_table = table;
    sqlite3_finalize(statement);
    return found;
}

bool
sl_catalog_find_table(struct sl_catalog *catalog, struct sl_arena *arena, uint32_t session,
                      const char *schema, const char *name, const struct sl_table **ret_table)
{
    struct sl_error err;
    sqlite3_stmt *statement;
    bool found = false;

    if (sl_equal_nocase(schema, "default_database"))
        schema = "public";
    pthread_mutex_lock(&catalog->mutex);
    if (catalog_prepare(catalog,
                        "SELECT " RELATION_COLUMNS
                        " FROM relations WHERE is_current AND schema_name = ? AND name = ? "
                        "AND session IN (0, ?) ORDER BY session DESC LIMIT 1",
                        &statement, &err) == SL_OK) {
        catalog_bind(statement, 1, schema);
        catalog_bind(statement, 2, name);
        sqlite3_bind_int64(statement, 3, session);
        found = relation_find(catalog, arena, statement, ret_table);
    }
    pthread_mutex_unlock(&catalog->mutex);
    return found;
}

bool
sl_catalog_table_by_id(struct sl_catalog *catalog, struct sl_arena *arena, uint64_t id,
                       uint32_t version, const struct sl_table **ret_table)
{
    struct sl_error err;
    sqlite3_stmt *statement;
    bool found = false;

    pthread_mutex_lock(&catalog->mutex);
    if (catalog_prepare(catalog,
                        "SELECT " RELATION_COLUMNS " FROM relations WHERE id = ?1 AND "
                        "(version = ?2 OR ?2 = 0) ORDER BY version DESC LIMIT 1",
                        &statement, &err) == SL_OK) {
        sqlite3_bind_int64(statement, 1, (int64_t)id);
        sqlite3_bind_int64(statement, 2, version);
        found = relation_find(catalog, arena, statement, ret_table);
    }
    pthread_mutex_unlock(&catalog->mutex);
    return found;
}

size_t
sl_catalog_list_tables(struct sl_catalog *catalog, struct sl_arena *arena, uint32_t session,
                       const char *schema, const struct sl_table ***ret_tables)
{
    struct sl_error err;
    sqlite3_stmt *statement;
    size_t count = 0, capacity = 32;
    const struct sl_table **tables = SL_NEW_ARRAY(arena, const struct sl_table *, capacity);

    pthread_mutex_lock(&catalog->mutex);
    if (catalog_prepare(catalog,
                        "SELECT " RELATION_COLUMNS " FROM relations WHERE is_current AND "
                        "(?1 IS NULL OR schema_name = ?1) AND session IN (0, ?2) "
                        "ORDER BY schema_name, name, session DESC",
                        &statement, &err) == SL_OK) {
        struct sl_table *table;

        catalog_bind(statement, 1, schema);
        sqlite3_bind_int64(statement, 2, session);
        while (sqlite3_step(statement) == SQLITE_ROW &&
               relation_read(catalog, arena, statement, &table, &err) == SL_OK) {
            if (count == capacity) {
                const struct sl_table **more =
                    SL_NEW_ARRAY(arena, const struct sl_table *, capacity * 2);

                memcpy(more, tables, count * sizeof(*tables));
                tables = more;
                capacity *= 2;
            }
            tables[count++] = table;
        }
        sqlite3_finalize(statement);
    }
    pthread_mutex_unlock(&catalog->mutex);
    *ret_tables = tables;
    return count;
}

/* --- writing --- */

static int
relation_insert_head(struct sl_catalog *catalog, const struct sl_table *table, struct sl_error *err)
{
    sqlite3_stmt *statement;

    SL_TRY(catalog_prepare(catalog,
                           "INSERT INTO relations (" RELATION_COLUMNS ", is_current) "
                           "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 1)",
                           &statement, err));
    sqlite3_bind_int64(statement, 1, (int64_t)table->id);
    sqlite3_bind_int64(statement, 2, table->version);
    sqlite3_bind_int(statement, 3, (int)table->kind);
    sqlite3_bind_int64(statement, 4, table->session);
    catalog_bind(statement, 5, table->schema);
    catalog_bind(statement, 6, table->name);
    sqlite3_bind_int(statement, 7, table->watermark_column);
    catalog_bind(statement, 8, table->watermark);
    catalog_bind(statement, 9, table->primary_key_name);
    catalog_bind(statement, 10, table->comment);
    catalog_bind(statement, 11, table->query);
    catalog_bind(statement, 12, table->query_schema);
    return catalog_run(catalog, statement, err);
}

static void
relation_bind_place(sqlite3_stmt *statement, int index, const uint32_t *list, size_t count,
                    uint32_t ordinal)
{
    sqlite3_bind_null(statement, index);
    for (size_t i = 0; i < count; i++)
        if (list[i] == ordinal)
            sqlite3_bind_int64(statement, index, (int64_t)i);
}

static int
relation_insert_column(struct sl_catalog *catalog, const struct sl_table *table, uint32_t ordinal,
                       struct sl_error *err)
{
    const struct sl_table_column *column = &table->columns[ordinal];
    struct sl_buffer type;
    sqlite3_stmt *statement;
    int rc;

    SL_TRY(catalog_prepare(catalog,
                           "INSERT INTO relation_columns VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, "
                           "?, ?)",
                           &statement, err));
    sl_buffer_init(&type, 1 << 20);
    sl_type_format(column->type, &type);
    sqlite3_bind_int64(statement, 1, (int64_t)table->id);
    sqlite3_bind_int64(statement, 2, table->version);
    sqlite3_bind_int64(statement, 3, ordinal);
    catalog_bind(statement, 4, column->name);
    sqlite3_bind_text(statement, 5, type.data, (int)type.length, SQLITE_TRANSIENT);
    sqlite3_bind_int(statement, 6, (int)column->kind);
    catalog_bind(statement, 7, column->metadata_key);
    sqlite3_bind_int(statement, 8, column->is_virtual);
    catalog_bind(statement, 9, column->expression);
    sqlite3_bind_int(statement, 10, (int)column->time);
    catalog_bind(statement, 11, column->comment);
    relation_bind_place(statement, 12, table->primary_key, table->primary_key_count, ordinal);
    relation_bind_place(statement, 13, table->partition_by, table->partition_by_count, ordinal);
    rc = catalog_run(catalog, statement, err);
    sl_buffer_done(&type);
    return rc;
}

static int
relation_insert(struct sl_catalog *catalog, const struct sl_table *table, struct sl_error *err)
{
    SL_TRY(relation_insert_head(catalog, table, err));
    for (uint32_t i = 0; i < table->column_count; i++)
        SL_TRY(relation_insert_column(catalog, table, i, err));
    for (size_t i = 0; i < table->options.count; i++) {
        sqlite3_stmt *statement;

        SL_TRY(catalog_prepare(catalog, "INSERT INTO relation_options VALUES (?, ?, ?, ?, ?)",
                               &statement, err));
        sqlite3_bind_int64(statement, 1, (int64_t)table->id);
        sqlite3_bind_int64(statement, 2, table->version);
        sqlite3_bind_int64(statement, 3, (int64_t)i);
        catalog_bind(statement, 4, table->options.items[i].key);
        catalog_bind(statement, 5, table->options.items[i].value);
        SL_TRY(catalog_run(catalog, statement, err));
    }
    return SL_OK;
}

static int64_t
relation_number(struct sl_catalog *catalog, const char *sql, int64_t argument)
{
    struct sl_error err;
    sqlite3_stmt *statement;
    int64_t number = 0;

    if (catalog_prepare(catalog, sql, &statement, &err) < 0)
        return 0;
    sqlite3_bind_int64(statement, 1, argument);
    if (sqlite3_step(statement) == SQLITE_ROW)
        number = sqlite3_column_int64(statement, 0);
    sqlite3_finalize(statement);
    return number;
}

/* Is the name taken by another relation than table->id? */
static int
relation_check_name(struct sl_catalog *catalog, const struct sl_table *table, struct sl_error *err)
{
    sqlite3_stmt *statement;
    bool taken;

    SL_TRY(catalog_prepare(catalog,
                           "SELECT 1 FROM relations WHERE is_current AND schema_name = ? AND "
                           "name = ? AND id <> ? AND session = ?",
                           &statement, err));
    catalog_bind(statement, 1, table->schema);
    catalog_bind(statement, 2, table->name);
    sqlite3_bind_int64(statement, 3, (int64_t)table->id);
    sqlite3_bind_int64(statement, 4, table->session);
    taken = sqlite3_step(statement) == SQLITE_ROW;
    sqlite3_finalize(statement);
    if (taken)
        return SL_ERROR(err, SL_E_DUPLICATE_TABLE, "relation \"%s\" already exists", table->name);
    return SL_OK;
}

static int
relation_create(struct sl_catalog *catalog, struct sl_table *table, struct sl_error *err)
{
    table->id = 0;
    table->version = 1;
    SL_TRY(relation_check_name(catalog, table, err));
    table->id = (uint64_t)relation_number(
        catalog, "SELECT CAST(value AS INTEGER) FROM meta WHERE key = 'next_id'", 0);
    SL_TRY(catalog_exec(
        catalog, "UPDATE meta SET value = CAST(value AS INTEGER) + 1 WHERE key = 'next_id'", err));
    return relation_insert(catalog, table, err);
}

int
sl_catalog_create_table(struct sl_catalog *catalog, struct sl_table *table, struct sl_error *err)
{
    int rc = catalog_begin_locked(catalog, err);

    if (rc == SL_OK)
        rc = relation_create(catalog, table, err);
    return catalog_end_locked(catalog, rc, err);
}

int
catalog_prune_relations(struct sl_catalog *catalog, struct sl_error *err)
{
    return catalog_exec(
        catalog,
        "DELETE FROM relations WHERE NOT is_current AND NOT EXISTS (SELECT 1 FROM job_relations r "
        "JOIN jobs j ON j.id = r.job_id WHERE r.relation_id = relations.id AND "
        "r.version = relations.version AND j.state IN (0, 1, 2, 6));"
        "DELETE FROM relation_columns WHERE NOT EXISTS (SELECT 1 FROM relations r WHERE "
        "r.id = relation_id AND r.version = relation_columns.version);"
        "DELETE FROM relation_options WHERE NOT EXISTS (SELECT 1 FROM relations r WHERE "
        "r.id = relation_id AND r.version = relation_options.version)",
        err);
}

static int
relation_retire(struct sl_catalog *catalog, uint64_t id, struct sl_error *err)
{
    sqlite3_stmt *statement;

    SL_TRY(catalog_prepare(catalog, "UPDATE relations SET is_current = 0 WHERE id = ?", &statement,
                           err));
    sqlite3_bind_int64(statement, 1, (int64_t)id);
    return catalog_run(catalog, statement, err);
}

static int
relation_replace(struct sl_catalog *catalog, struct sl_table *table, struct sl_error *err)
{
    SL_TRY(relation_check_name(catalog, table, err));
    table->version =
        (uint32_t)relation_number(catalog, "SELECT max(version) FROM relations WHERE id = ?",
                                  (int64_t)table->id) +
        1;
    SL_TRY(relation_retire(catalog, table->id, err));
    SL_TRY(relation_insert(catalog, table, err));
    return catalog_prune_relations(catalog, err);
}

int
sl_catalog_replace_table(struct sl_catalog *catalog, struct sl_table *table, struct sl_error *err)
{
    int rc = catalog_begin_locked(catalog, err);

    if (rc == SL_OK)
        rc = relation_replace(catalog, table, err);
    return catalog_end_locked(catalog, rc, err);
}

int
sl_catalog_drop_table(struct sl_catalog *catalog, uint64_t id, struct sl_error *err)
{
    int rc = catalog_begin_locked(catalog, err);

    if (rc == SL_OK)
        rc = relation_retire(catalog, id, err);
    if (rc == SL_OK)
        rc = catalog_prune_relations(catalog, err);
    return catalog_end_locked(catalog, rc, err);
}

static int
relation_retire_session(struct sl_catalog *catalog, uint32_t session, struct sl_error *err)
{
    sqlite3_stmt *statement;

    SL_TRY(catalog_prepare(catalog, "UPDATE relations SET is_current = 0 WHERE session = ?",
                           &statement, err));
    sqlite3_bind_int64(statement, 1, session);
    return catalog_run(catalog, statement, err);
}

int
sl_catalog_drop_session(struct sl_catalog *catalog, uint32_t session, struct sl_error *err)
{
    int rc;

    SL_ASSERT(session != 0);
    rc = catalog_begin_locked(catalog, err);
    if (rc == SL_OK)
        rc = relation_retire_session(catalog, session, err);
    if (rc == SL_OK)
        rc = catalog_drop_session_functions(catalog, session, err);
    if (rc == SL_OK)
        rc = catalog_prune_relations(catalog, err);
    return catalog_end_locked(catalog, rc, err);
}
