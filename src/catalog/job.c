/* Jobs: their plans, states and the tables they use. */
#include "catalog/catalog_internal.h"

static const char *const job_state_names[SL_JOB_STATE_COUNT] = {
    "CREATED", "RUNNING", "RESTARTING", "FINISHED", "CANCELED", "FAILED", "SUSPENDED",
};

const char *
sl_job_state_name(enum sl_job_state state)
{
    SL_ASSERT(state < SL_JOB_STATE_COUNT);
    return job_state_names[state];
}

static int
job_insert_tables(struct sl_catalog *catalog, const struct sl_job_record *job, struct sl_error *err)
{
    sqlite3_stmt *statement;

    for (size_t i = 0; i < job->table_count; i++) {
        SL_TRY(catalog_prepare(catalog, "INSERT OR IGNORE INTO job_relations VALUES (?, ?, ?)",
                               &statement, err));
        catalog_bind(statement, 1, job->id);
        sqlite3_bind_int64(statement, 2, (int64_t)job->table_ids[i]);
        sqlite3_bind_int64(statement, 3, job->table_versions[i]);
        SL_TRY(catalog_run(catalog, statement, err));
    }
    return SL_OK;
}

static int
job_insert(struct sl_catalog *catalog, const struct sl_job_record *job, struct sl_error *err)
{
    sqlite3_stmt *statement;

    SL_TRY(catalog_prepare(catalog, "INSERT INTO jobs VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, 1, ?, ?)",
                           &statement, err));
    catalog_bind(statement, 1, job->id);
    catalog_bind(statement, 2, job->name);
    catalog_bind(statement, 3, job->sql);
    catalog_bind(statement, 4, job->plan);
    sqlite3_bind_int(statement, 5, (int)job->state);
    catalog_bind(statement, 6, job->reason ? job->reason : "");
    sqlite3_bind_int64(statement, 7, job->start_us);
    sqlite3_bind_int64(statement, 8, job->end_us);
    sqlite3_bind_int64(statement, 9, job->restarts);
    catalog_bind(statement, 10, job->schema ? job->schema : "public");
    catalog_bind(statement, 11, job->settings ? job->settings : "");
    SL_TRY(catalog_run(catalog, statement, err));
    return job_insert_tables(catalog, job, err);
}

int
sl_catalog_create_job(struct sl_catalog *catalog, const struct sl_job_record *job,
                      struct sl_error *err)
{
    int rc = catalog_begin_locked(catalog, err);

    if (rc == SL_OK)
        rc = job_insert(catalog, job, err);
    return catalog_end_locked(catalog, rc, err);
}

int
sl_catalog_update_job(struct sl_catalog *catalog, const char *id, enum sl_job_state state,
                      const char *reason, int64_t start_us, int64_t end_us, int64_t restarts,
                      struct sl_error *err)
{
    sqlite3_stmt *statement;
    int rc;

    pthread_mutex_lock(&catalog->mutex);
    rc = catalog_prepare(catalog,
                         "UPDATE jobs SET state = ?, reason = ?, start_us = ?, end_us = ?, "
                         "restarts = ? WHERE id = ? AND (state NOT IN (3, 4, 5) OR ?1 IN "
                         "(3, 4, 5))", /* a report that comes late wakes no job that has ended */
                         &statement, err);
    if (rc == SL_OK) {
        sqlite3_bind_int(statement, 1, (int)state);
        catalog_bind(statement, 2, reason);
        sqlite3_bind_int64(statement, 3, start_us);
        sqlite3_bind_int64(statement, 4, end_us);
        sqlite3_bind_int64(statement, 5, restarts);
        catalog_bind(statement, 6, id);
        rc = catalog_run(catalog, statement, err);
    }
    pthread_mutex_unlock(&catalog->mutex);
    return rc;
}

int
sl_catalog_revive_job(struct sl_catalog *catalog, const char *id, struct sl_error *err)
{
    sqlite3_stmt *statement;
    int rc;

    pthread_mutex_lock(&catalog->mutex);
    rc = catalog_prepare(catalog,
                         "UPDATE jobs SET state = 0, reason = '', end_us = 0, "
                         "incarnation = incarnation + 1 WHERE id = ?",
                         &statement, err);
    if (rc == SL_OK) {
        catalog_bind(statement, 1, id);
        rc = catalog_run(catalog, statement, err);
    }
    pthread_mutex_unlock(&catalog->mutex);
    return rc;
}

static int
job_alter(struct sl_catalog *catalog, const struct sl_job_record *job, struct sl_error *err)
{
    sqlite3_stmt *statement;

    SL_TRY(catalog_prepare(
        catalog,
        "UPDATE jobs SET plan = ?, settings = ?, sql = ?, name = ?, schema_name = ?, "
        "reason = CASE state WHEN 5 THEN '' ELSE reason END, "
        "end_us = CASE state WHEN 5 THEN 0 ELSE end_us END, "
        "state = CASE state WHEN 5 THEN 0 ELSE state END WHERE id = ?",
        &statement, err));
    catalog_bind(statement, 1, job->plan);
    catalog_bind(statement, 2, job->settings);
    catalog_bind(statement, 3, job->sql);
    catalog_bind(statement, 4, job->name);
    catalog_bind(statement, 5, job->schema);
    catalog_bind(statement, 6, job->id);
    SL_TRY(catalog_run(catalog, statement, err));
    SL_TRY(catalog_prepare(catalog, "DELETE FROM job_relations WHERE job_id = ?", &statement, err));
    catalog_bind(statement, 1, job->id);
    SL_TRY(catalog_run(catalog, statement, err));
    return job_insert_tables(catalog, job, err);
}

int
sl_catalog_alter_job(struct sl_catalog *catalog, const struct sl_job_record *job,
                     struct sl_error *err)
{
    int rc = catalog_begin_locked(catalog, err);

    if (rc == SL_OK)
        rc = job_alter(catalog, job, err);
    return catalog_end_locked(catalog, rc, err);
}

/* The tables of one job, into the record. */
static void
job_read_tables(struct sl_catalog *catalog, struct sl_arena *arena, struct sl_job_record *job)
{
    enum { TABLES_MAX = 4096 };
    uint64_t *ids;
    uint32_t *versions;
    struct sl_error err;
    sqlite3_stmt *statement;
    size_t count = 0;

    if (catalog_prepare(catalog,
                        "SELECT relation_id, version, count(*) OVER () FROM job_relations "
                        "WHERE job_id = ?",
                        &statement, &err) < 0)
        return;
    catalog_bind(statement, 1, job->id);
    ids = NULL;
    versions = NULL;
    while (sqlite3_step(statement) == SQLITE_ROW && count < TABLES_MAX) {
        if (!ids) {
            ids = SL_NEW_ARRAY(arena, uint64_t, (size_t)sqlite3_column_int64(statement, 2));
            versions = SL_NEW_ARRAY(arena, uint32_t, (size_t)sqlite3_column_int64(statement, 2));
        }
        ids[count] = (uint64_t)sqlite3_column_int64(statement, 0);
        versions[count++] = (uint32_t)sqlite3_column_int64(statement, 1);
    }
    sqlite3_finalize(statement);
    job->table_ids = ids;
    job->table_versions = versions;
    job->table_count = count;
}

static void
job_read(struct sl_arena *arena, sqlite3_stmt *statement, struct sl_job_record *job)
{
    const char *id = (const char *)sqlite3_column_text(statement, 0);

    strncpy(job->id, id, sizeof(job->id) - 1);
    job->name = catalog_text(arena, statement, 1);
    job->sql = catalog_text(arena, statement, 2);
    job->plan = catalog_text(arena, statement, 3);
    job->state = (enum sl_job_state)sqlite3_column_int(statement, 4);
    job->reason = catalog_text(arena, statement, 5);
    job->start_us = sqlite3_column_int64(statement, 6);
    job->end_us = sqlite3_column_int64(statement, 7);
    job->restarts = sqlite3_column_int64(statement, 8);
    job->incarnation = (uint64_t)sqlite3_column_int64(statement, 9);
    job->schema = catalog_text(arena, statement, 10);
    job->settings = catalog_text(arena, statement, 11);
}

size_t
sl_catalog_list_jobs(struct sl_catalog *catalog, struct sl_arena *arena,
                     struct sl_job_record **ret_jobs)
{
    struct sl_error err;
    sqlite3_stmt *statement;
    struct sl_job_record *jobs = NULL;
    size_t count = 0;

    pthread_mutex_lock(&catalog->mutex);
    if (catalog_prepare(
            catalog,
            "SELECT id, name, sql, plan, state, reason, start_us, end_us, restarts, "
            "incarnation, schema_name, settings, count(*) OVER () FROM jobs ORDER BY start_us, id",
            &statement, &err) == SL_OK) {
        while (sqlite3_step(statement) == SQLITE_ROW) {
            if (!jobs)
                jobs = SL_NEW_ARRAY(arena, struct sl_job_record,
                                    (size_t)sqlite3_column_int64(statement, 12));
            job_read(arena, statement, &jobs[count++]);
        }
        sqlite3_finalize(statement);
    }
    for (size_t i = 0; i < count; i++)
        job_read_tables(catalog, arena, &jobs[i]);
    pthread_mutex_unlock(&catalog->mutex);
    *ret_jobs = jobs;
    return count;
}

size_t
sl_catalog_table_users(struct sl_catalog *catalog, struct sl_arena *arena, uint64_t id,
                       const char ***ret_names)
{
    struct sl_error err;
    sqlite3_stmt *statement;
    const char **names = NULL;
    size_t count = 0;

    pthread_mutex_lock(&catalog->mutex);
    if (catalog_prepare(catalog,
                        "SELECT 'job ' || j.id, count(*) OVER () FROM jobs j JOIN job_relations r "
                        "ON r.job_id = j.id WHERE r.relation_id = ? AND j.state IN (0, 1, 2, 6)",
                        &statement, &err) == SL_OK) {
        sqlite3_bind_int64(statement, 1, (int64_t)id);
        while (sqlite3_step(statement) == SQLITE_ROW) {
            if (!names)
                names =
                    SL_NEW_ARRAY(arena, const char *, (size_t)sqlite3_column_int64(statement, 1));
            names[count++] = catalog_text(arena, statement, 0);
        }
        sqlite3_finalize(statement);
    }
    pthread_mutex_unlock(&catalog->mutex);
    *ret_names = names;
    return count;
}

/* --- deaths of the server --- */

int
sl_catalog_add_death(struct sl_catalog *catalog, int64_t time_us, struct sl_error *err)
{
    sqlite3_stmt *statement;
    int rc;

    pthread_mutex_lock(&catalog->mutex);
    rc = catalog_prepare(catalog,
                         "INSERT INTO job_deaths SELECT id, ? FROM jobs WHERE state IN (0, 1, 2)",
                         &statement, err);
    if (rc == SL_OK) {
        sqlite3_bind_int64(statement, 1, time_us);
        rc = catalog_run(catalog, statement, err);
    }
    pthread_mutex_unlock(&catalog->mutex);
    return rc;
}

size_t
sl_catalog_count_deaths(struct sl_catalog *catalog, const char *job_id, int64_t span_us)
{
    sqlite3_stmt *statement;
    struct sl_error err;
    size_t count = 0;

    pthread_mutex_lock(&catalog->mutex);
    if (catalog_prepare(catalog,
                        "SELECT count(*) FROM job_deaths WHERE job_id = ?1 AND time_us > "
                        "(SELECT max(time_us) FROM job_deaths WHERE job_id = ?1) - ?2",
                        &statement, &err) == SL_OK) {
        catalog_bind(statement, 1, job_id);
        sqlite3_bind_int64(statement, 2, span_us);
        if (sqlite3_step(statement) == SQLITE_ROW)
            count = (size_t)sqlite3_column_int64(statement, 0);
        sqlite3_finalize(statement);
    }
    pthread_mutex_unlock(&catalog->mutex);
    return count;
}

int
sl_catalog_forget_deaths(struct sl_catalog *catalog, const char *job_id, struct sl_error *err)
{
    sqlite3_stmt *statement;
    int rc;

    pthread_mutex_lock(&catalog->mutex);
    rc = catalog_prepare(catalog, "DELETE FROM job_deaths WHERE job_id = ?", &statement, err);
    if (rc == SL_OK) {
        catalog_bind(statement, 1, job_id);
        rc = catalog_run(catalog, statement, err);
    }
    pthread_mutex_unlock(&catalog->mutex);
    return rc;
}
