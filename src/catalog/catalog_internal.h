/* Private to catalog/: the open catalog and small helpers over SQLite. */
#ifndef SL_CATALOG_CATALOG_INTERNAL_H
#define SL_CATALOG_CATALOG_INTERNAL_H

#include "catalog/catalog.h"

#include <pthread.h>
#include <sqlite3.h>

extern const char sl_catalog_schema_sql[];

/* One connection, used under the mutex: the catalog is small and its statements are short. */
struct sl_catalog {
    pthread_mutex_t mutex;
    sqlite3 *db;
};

/* Runs SQL without a result.  XX000 or 53100 with SQLite's text. */
int catalog_exec(struct sl_catalog *catalog, const char *sql, struct sl_error *err);
int catalog_prepare(struct sl_catalog *catalog, const char *sql, sqlite3_stmt **ret_statement,
                    struct sl_error *err);
/* Steps a statement that returns nothing and finalises it, whatever comes. */
int catalog_run(struct sl_catalog *catalog, sqlite3_stmt *statement, struct sl_error *err);
int catalog_fail(struct sl_catalog *catalog, struct sl_error *err);
/* A text column copied to the arena; NULL stays NULL. */
const char *catalog_text(struct sl_arena *arena, sqlite3_stmt *statement, int column);
/* Binds a string or NULL that outlives the statement. */
void catalog_bind(sqlite3_stmt *statement, int index, const char *text);
/* Versions that are neither current nor used by a job that may still run go away. */
int catalog_prune_relations(struct sl_catalog *catalog, struct sl_error *err);
/* The table of functions in a catalog of before, and without those of sessions that are gone. */
int catalog_set_up_functions(struct sl_catalog *catalog, struct sl_error *err);
int catalog_drop_session_functions(struct sl_catalog *catalog, uint32_t session,
                                   struct sl_error *err);
/* Commits if rc is SL_OK, else rolls back; returns rc, or the commit's error. */
int catalog_end(struct sl_catalog *catalog, int rc, struct sl_error *err);
/* A transaction under the catalog's mutex, held from the one to the other, whatever they say. */
int catalog_begin_locked(struct sl_catalog *catalog, struct sl_error *err);
int catalog_end_locked(struct sl_catalog *catalog, int rc, struct sl_error *err);

#endif
