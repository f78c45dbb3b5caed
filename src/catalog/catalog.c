/* Opening the catalog, schemas, and the helpers over SQLite.
 *
 * Every change is one SQLite transaction with synchronous=FULL in WAL mode: what was acknowledged
 * survives the loss of power. */
#include "catalog/catalog_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define CATALOG_FORMAT "3"

int
catalog_fail(struct sl_catalog *catalog, struct sl_error *err)
{
    int code = sqlite3_errcode(catalog->db) == SQLITE_FULL ? SL_E_DISK_FULL : SL_E_INTERNAL;

    return SL_ERROR(err, code, "catalog: %s", sqlite3_errmsg(catalog->db));
}

int
catalog_exec(struct sl_catalog *catalog, const char *sql, struct sl_error *err)
{
    if (sqlite3_exec(catalog->db, sql, NULL, NULL, NULL) != SQLITE_OK)
        return catalog_fail(catalog, err);
    return SL_OK;
}

int
catalog_prepare(struct sl_catalog *catalog, const char *sql, sqlite3_stmt **ret_statement,
                struct sl_error *err)
{
    if (sqlite3_prepare_v2(catalog->db, sql, -1, ret_statement, NULL) != SQLITE_OK)
        return catalog_fail(catalog, err);
    return SL_OK;
}

int
catalog_run(struct sl_catalog *catalog, sqlite3_stmt *statement, struct sl_error *err)
{
    int rc = sqlite3_step(statement) == SQLITE_DONE ? SL_OK : catalog_fail(catalog, err);

    sqlite3_finalize(statement);
    return rc;
}

const char *
catalog_text(struct sl_arena *arena, sqlite3_stmt *statement, int column)
{
    const char *text = (const char *)sqlite3_column_text(statement, column);

    return text ? sl_arena_strdup(arena, text) : NULL;
}

void
catalog_bind(sqlite3_stmt *statement, int index, const char *text)
{
    if (text)
        sqlite3_bind_text(statement, index, text, -1, SQLITE_STATIC);
    else
        sqlite3_bind_null(statement, index);
}

int
catalog_end(struct sl_catalog *catalog, int rc, struct sl_error *err)
{
    if (rc == SL_OK)
        rc = catalog_exec(catalog, "COMMIT", err);
    if (rc < 0)
        sqlite3_exec(catalog->db, "ROLLBACK", NULL, NULL, NULL);
    return rc;
}

int
catalog_begin_locked(struct sl_catalog *catalog, struct sl_error *err)
{
    pthread_mutex_lock(&catalog->mutex);
    return catalog_exec(catalog, "BEGIN IMMEDIATE", err);
}

int
catalog_end_locked(struct sl_catalog *catalog, int rc, struct sl_error *err)
{
    rc = catalog_end(catalog, rc, err);
    pthread_mutex_unlock(&catalog->mutex);
    return rc;
}

/* The format's version, or the empty text in a new file. */
static int
catalog_read_format(struct sl_catalog *catalog, char *to, size_t size, struct sl_error *err)
{
    sqlite3_stmt *statement;

    to[0] = '\0';
    SL_TRY(catalog_prepare(catalog, "SELECT count(*) FROM sqlite_master WHERE name = 'meta'",
                           &statement, err));
    bool is_new = sqlite3_step(statement) == SQLITE_ROW && sqlite3_column_int(statement, 0) == 0;
    sqlite3_finalize(statement);
    if (is_new)
        return SL_OK;
    SL_TRY(
        catalog_prepare(catalog, "SELECT value FROM meta WHERE key = 'format'", &statement, err));
    if (sqlite3_step(statement) == SQLITE_ROW)
        snprintf(to, size, "%s", (const char *)sqlite3_column_text(statement, 0));
    sqlite3_finalize(statement);
    return SL_OK;
}

static int
catalog_set_up(struct sl_catalog *catalog, const char *path, struct sl_error *err)
{
    char format[32];

    SL_TRY(catalog_exec(catalog,
                        "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; "
                        "PRAGMA cache_size=-2000; PRAGMA foreign_keys=ON",
                        err));
    SL_TRY(catalog_read_format(catalog, format, sizeof(format), err));
    if (format[0] == '\0') {
        SL_TRY(catalog_exec(catalog, "BEGIN IMMEDIATE", err));
        return catalog_end(catalog, catalog_exec(catalog, sl_catalog_schema_sql, err), err);
    }
    if (strcmp(format, CATALOG_FORMAT) != 0) {
        SL_ERROR(err, SL_E_OBJECT_STATE, "%s has format %s, this server reads format %s", path,
                 format, CATALOG_FORMAT);
        return sl_error_hint(err, "start the sluiced release that wrote it, or name another "
                                  "directory with --data");
    }
    /* Temporary tables belong to sessions, which are gone; jobs keep the versions that they use. */
    SL_TRY(catalog_exec(catalog, "BEGIN IMMEDIATE", err));
    int rc = catalog_set_up_functions(catalog, err);
    if (rc == SL_OK)
        rc = catalog_exec(catalog, "UPDATE relations SET is_current = 0 WHERE session <> 0", err);
    if (rc == SL_OK)
        rc = catalog_prune_relations(catalog, err);
    return catalog_end(catalog, rc, err);
}

/* It holds secrets: for its owner alone, as are the files that SQLite puts beside it. */
static int
catalog_protect(const char *path, struct sl_error *err)
{
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);

    if (fd < 0 || fchmod(fd, 0600) < 0) {
        SL_ERROR(err, SL_E_IO, "cannot open %s: %s", path, strerror(errno));
        if (fd >= 0)
            close(fd);
        return err->code;
    }
    close(fd);
    return SL_OK;
}

int
sl_catalog_open(const char *directory, struct sl_catalog **ret_catalog, struct sl_error *err)
{
    struct sl_catalog *catalog = sl_alloc_zeroed(sizeof(*catalog));
    char path[4096];
    int rc;

    pthread_mutex_init(&catalog->mutex, NULL);
    snprintf(path, sizeof(path), "%s/catalog.db", directory);
    rc = catalog_protect(path, err);
    if (rc == SL_OK &&
        sqlite3_open_v2(path, &catalog->db,
                        SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX,
                        NULL) != SQLITE_OK)
        rc = SL_ERROR(err, SL_E_IO, "cannot open %s: %s", path, sqlite3_errmsg(catalog->db));
    if (rc == SL_OK)
        rc = catalog_set_up(catalog, path, err);
    if (rc < 0) {
        sl_catalog_close(catalog);
        return rc;
    }
    *ret_catalog = catalog;
    return SL_OK;
}

void
sl_catalog_close(struct sl_catalog *catalog)
{
    sqlite3_close(catalog->db);
    pthread_mutex_destroy(&catalog->mutex);
    free(catalog);
}

bool
sl_catalog_find_schema(struct sl_catalog *catalog, struct sl_arena *arena, const char *name,
                       const char **ret_name)
{
    struct sl_error err;
    sqlite3_stmt *statement;
    bool found = false;

    /* Flink's name for the schema that PostgreSQL calls public. */
    if (sl_equal_nocase(name, "default_database"))
        name = "public";
    pthread_mutex_lock(&catalog->mutex);
    if (catalog_prepare(catalog, "SELECT name FROM schemas WHERE name = ?", &statement, &err) ==
        SL_OK) {
        catalog_bind(statement, 1, name);
        found = sqlite3_step(statement) == SQLITE_ROW;
        if (found)
            *ret_name = catalog_text(arena, statement, 0);
        sqlite3_finalize(statement);
    }
    pthread_mutex_unlock(&catalog->mutex);
    return found;
}

static int
catalog_insert_schema(struct sl_catalog *catalog, const char *name, const char *comment,
                      struct sl_error *err)
{
    sqlite3_stmt *statement;

    SL_TRY(
        catalog_prepare(catalog, "INSERT OR IGNORE INTO schemas VALUES (?, ?)", &statement, err));
    catalog_bind(statement, 1, name);
    catalog_bind(statement, 2, comment);
    SL_TRY(catalog_run(catalog, statement, err));
    if (sqlite3_changes(catalog->db) == 0)
        return SL_ERROR(err, SL_E_DUPLICATE_SCHEMA, "database \"%s\" already exists", name);
    return SL_OK;
}

int
sl_catalog_create_schema(struct sl_catalog *catalog, const char *name, const char *comment,
                         struct sl_error *err)
{
    int rc;

    pthread_mutex_lock(&catalog->mutex);
    rc = catalog_insert_schema(catalog, name, comment, err);
    pthread_mutex_unlock(&catalog->mutex);
    return rc;
}

static int
catalog_delete_schema(struct sl_catalog *catalog, const char *name, struct sl_error *err)
{
    sqlite3_stmt *statement;
    int64_t used;

    if (sl_equal_nocase(name, "public"))
        return SL_ERROR(err, SL_E_DEPENDENT_OBJECTS, "database \"public\" cannot be dropped");
    SL_TRY(catalog_prepare(catalog,
                           "SELECT count(*) FROM relations WHERE is_current AND session = 0 AND "
                           "schema_name = ?",
                           &statement, err));
    catalog_bind(statement, 1, name);
    used = sqlite3_step(statement) == SQLITE_ROW ? sqlite3_column_int64(statement, 0) : 0;
    sqlite3_finalize(statement);
    if (used > 0) {
        SL_ERROR(err, SL_E_DEPENDENT_OBJECTS,
                 "cannot drop database \"%s\": it holds %lld tables or views", name,
                 (long long)used);
        return sl_error_hint(err, "DROP DATABASE … CASCADE drops them too");
    }
    SL_TRY(catalog_prepare(catalog, "DELETE FROM schemas WHERE name = ?", &statement, err));
    catalog_bind(statement, 1, name);
    SL_TRY(catalog_run(catalog, statement, err));
    if (sqlite3_changes(catalog->db) == 0)
        return SL_ERROR(err, SL_E_UNDEFINED_SCHEMA, "database \"%s\" does not exist", name);
    return SL_OK;
}

int
sl_catalog_drop_schema(struct sl_catalog *catalog, const char *name, struct sl_error *err)
{
    int rc;

    pthread_mutex_lock(&catalog->mutex);
    rc = catalog_delete_schema(catalog, name, err);
    pthread_mutex_unlock(&catalog->mutex);
    return rc;
}

size_t
sl_catalog_list_schemas(struct sl_catalog *catalog, struct sl_arena *arena, const char ***ret_names)
{
    struct sl_error err;
    sqlite3_stmt *statement;
    size_t count = 0, capacity = 16;
    const char **names = SL_NEW_ARRAY(arena, const char *, capacity);

    pthread_mutex_lock(&catalog->mutex);
    if (catalog_prepare(catalog, "SELECT name FROM schemas ORDER BY name", &statement, &err) ==
        SL_OK) {
        while (sqlite3_step(statement) == SQLITE_ROW) {
            if (count == capacity) {
                const char **more = SL_NEW_ARRAY(arena, const char *, capacity * 2);

                memcpy(more, names, count * sizeof(*names));
                names = more;
                capacity *= 2;
            }
            names[count++] = catalog_text(arena, statement, 0);
        }
        sqlite3_finalize(statement);
    }
    pthread_mutex_unlock(&catalog->mutex);
    *ret_names = names;
    return count;
}
