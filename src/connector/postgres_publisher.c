/* The postgres publisher: rows and marker in one transaction.
 *
 * 1. The markers are rows of the table sluice_markers in the target's schema, one a lane.
 * 2. Opening raises the row's generation and reads its marker, in one statement: it waits for an
 *    earlier publisher that is about to commit, and whoever comes after it finds another generation
 *    than its own, matches no row, and rolls back.
 * 3. A lost connection leaves the outcome in doubt; opened anew, the marker tells. */
#include "connector/postgres_internal.h"

#include "base/fault.h"

#include <stdio.h>
#include <stdlib.h>

struct pg_publisher {
    struct sl_publisher publisher;
    struct sl_arena arena;
    struct sl_pg_options options;
    struct sl_pg_client client;
    struct sl_pg_target target;
    struct sl_pg_writer *writer;
    const char *update_sql;
    char generation[24];
    bool is_open;
};

static struct pg_publisher *
publisher_of(struct sl_publisher *base)
{
    return (struct pg_publisher *)base;
}

/* --- opening --- */

/* Several lanes come at once, and CREATE TABLE IF NOT EXISTS alone would let two of them collide.
 */
static int
pg_make_markers(struct pg_publisher *publisher, struct sl_error *err)
{
    const char *schema = publisher->target.schema;
    const char *name = sl_arena_printf(&publisher->arena, "%s.sluice_markers", schema);
    const char *const params[] = {name, NULL};
    struct sl_pg_params list = {.count = 1, .values = params};
    struct sl_pg_client *client = &publisher->client;
    PGresult *result;
    bool is_there;

    SL_TRY(sl_pg_query(client,
                       "SELECT EXISTS (SELECT FROM pg_catalog.pg_attribute WHERE attrelid = "
                       "pg_catalog.to_regclass($1) AND attname = 'owner')",
                       &list, &result, err));
    is_there = *PQgetvalue(result, 0, 0) == 't';
    PQclear(result);
    if (is_there)
        return SL_OK;
    SL_TRY(sl_pg_run(client, "BEGIN", NULL, err));
    SL_TRY(sl_pg_run(client, "SELECT pg_catalog.pg_advisory_xact_lock(8026341795)", NULL, err));
    if (sl_pg_run(client,
                  sl_arena_printf(&publisher->arena,
                                  "CREATE TABLE IF NOT EXISTS %s (identity text PRIMARY KEY, "
                                  "generation bigint NOT NULL, epoch bigint NOT NULL, "
                                  "subtask bigint NOT NULL, chunk bigint NOT NULL, "
                                  "owner bigint NOT NULL DEFAULT 0, written timestamptz)",
                                  name),
                  NULL, err) < 0 ||
        sl_pg_run(client,
                  sl_arena_printf(&publisher->arena,
                                  "ALTER TABLE %s ADD COLUMN IF NOT EXISTS "
                                  "owner bigint NOT NULL DEFAULT 0",
                                  name),
                  NULL, err) < 0)
        return sl_error_prefix(err, "making the table %s, in which exactly once is noted", name);
    return sl_pg_run(client, "COMMIT", NULL, err);
}

static int
pg_fence(struct pg_publisher *publisher, struct sl_marker *ret_marker, struct sl_error *err)
{
    const char *schema = publisher->target.schema;
    const char *sql = sl_arena_printf(
        &publisher->arena,
        "INSERT INTO %s.sluice_markers AS m (identity, generation, epoch, subtask, chunk) "
        "VALUES ($1, 1, 0, 0, 0) ON CONFLICT (identity) DO UPDATE SET "
        "generation = m.generation + 1 RETURNING generation, epoch, subtask, chunk, owner",
        schema);
    const char *const params[] = {publisher->publisher.identity, NULL};
    struct sl_pg_params list = {.count = 1, .values = params};
    PGresult *result;

    SL_TRY(sl_pg_query(&publisher->client, sql, &list, &result, err));
    snprintf(publisher->generation, sizeof(publisher->generation), "%s", PQgetvalue(result, 0, 0));
    *ret_marker = (struct sl_marker){strtoull(PQgetvalue(result, 0, 1), NULL, 10),
                                     (uint32_t)strtoul(PQgetvalue(result, 0, 2), NULL, 10),
                                     (uint32_t)strtoul(PQgetvalue(result, 0, 3), NULL, 10),
                                     (uint64_t)strtoll(PQgetvalue(result, 0, 4), NULL, 10)};
    PQclear(result);
    publisher->update_sql = sl_arena_printf(
        &publisher->arena,
        "UPDATE %s.sluice_markers SET epoch = $3, subtask = $4, chunk = $5, "
        "owner = $6, written = pg_catalog.now() WHERE identity = $1 AND generation = $2",
        schema);
    return SL_OK;
}

static int
pg_publisher_open(struct sl_publisher *base, struct sl_marker *ret_marker, struct sl_error *err)
{
    struct pg_publisher *publisher = publisher_of(base);
    const struct sl_connector_config *config = base->config;

    sl_arena_init(&publisher->arena);
    publisher->is_open = true;
    SL_TRY(sl_pg_options_read(&publisher->arena, config->options, &publisher->options, err));
    SL_TRY(sl_pg_open(&publisher->client, &publisher->options, publisher->options.timeout_us, err));
    publisher->target = (struct sl_pg_target){.physical = config->physical,
                                              .primary_key = config->primary_key,
                                              .primary_key_count = config->primary_key_count};
    SL_TRY(sl_pg_target_open(&publisher->client, &publisher->arena, &publisher->target, err));
    publisher->writer = sl_pg_writer_new(&publisher->target);
    base->place = sl_arena_printf(&publisher->arena, "%s.sluice_markers, identity '%s'",
                                  publisher->target.schema, base->identity);
    SL_TRY(pg_make_markers(publisher, err));
    SL_TRY(pg_fence(publisher, ret_marker, err));
    sl_fault_point("postgres-fenced");
    return SL_OK;
}

/* --- publishing --- */

static int
pg_write_marker(struct pg_publisher *publisher, const struct sl_marker *marker,
                struct sl_error *err)
{
    char epoch[24], subtask[24], chunk[24], owner[24];
    const char *const values[] = {
        publisher->publisher.identity, publisher->generation, epoch, subtask, chunk, owner};
    struct sl_pg_params params = {.count = 6, .values = values};
    PGresult *result;
    bool is_ours;

    snprintf(epoch, sizeof(epoch), "%llu", (unsigned long long)marker->epoch);
    snprintf(subtask, sizeof(subtask), "%u", marker->subtask);
    snprintf(chunk, sizeof(chunk), "%u", marker->chunk);
    snprintf(owner, sizeof(owner), "%lld", (long long)marker->owner);
    SL_TRY(sl_pg_query(&publisher->client, publisher->update_sql, &params, &result, err));
    is_ours = strcmp(PQcmdTuples(result), "1") == 0;
    PQclear(result);
    if (is_ours)
        return SL_OK;
    return SL_ERROR(err, SL_E_CONNECTION_FAILURE,
                    "table %s: another publisher has taken this one's place",
                    publisher->target.name);
}

/* A transaction that failed before answers COMMIT with ROLLBACK. */
static int
pg_commit(struct pg_publisher *publisher, struct sl_error *err)
{
    PGresult *result;
    bool is_committed;

    SL_TRY(sl_pg_query(&publisher->client, "COMMIT", NULL, &result, err));
    is_committed = strcmp(PQcmdStatus(result), "COMMIT") == 0;
    PQclear(result);
    return is_committed
               ? SL_OK
               : SL_ERROR(err, SL_E_CONNECTION_FAILURE, "table %s: the transaction was rolled back",
                          publisher->target.name);
}

static int
pg_write_chunk(struct pg_publisher *publisher, const struct sl_records *records,
               const struct sl_marker *marker, struct sl_error *err)
{
    SL_TRY(sl_pg_run(&publisher->client, "BEGIN", NULL, err));
    SL_TRY(sl_pg_write(publisher->writer, &publisher->client, records, err));
    sl_fault_point("postgres-rows-written");
    SL_TRY(pg_write_marker(publisher, marker, err));
    sl_fault_point("postgres-marker-written");
    return SL_OK;
}

/* Nothing was committed, and the connection lives: a deadlock, a lock that took too long. */
static bool
pg_may_retry(const struct pg_publisher *publisher, int rc)
{
    return rc < 0 && sl_error_is_retryable(rc) &&
           PQtransactionStatus(publisher->client.connection) == PQTRANS_INERROR;
}

/* After a failure the connection is closed, which rolls back what is open. */
static int
pg_publisher_publish(struct sl_publisher *base, const struct sl_records *records,
                     const struct sl_marker *marker, struct sl_error *err)
{
    struct pg_publisher *publisher = publisher_of(base);

    int rc = pg_write_chunk(publisher, records, marker, err);

    for (int64_t i = 0; i < publisher->options.retries && pg_may_retry(publisher, rc); i++) {
        SL_TRY(sl_pg_run(&publisher->client, "ROLLBACK", NULL, err));
        rc = pg_write_chunk(publisher, records, marker, err);
    }
    if (rc < 0)
        return rc;
    SL_TRY(pg_commit(publisher, err));
    sl_fault_point("postgres-committed");
    return SL_OK;
}

static void
pg_publisher_forget(struct sl_publisher *base)
{
    struct pg_publisher *publisher = publisher_of(base);
    const char *sql =
        sl_arena_printf(&publisher->arena, "DELETE FROM %s.sluice_markers WHERE identity = $1",
                        publisher->target.schema);
    const char *const params[] = {base->identity, NULL};
    struct sl_error ignored;

    sl_pg_run(&publisher->client, sql, params, &ignored);
}

static void
pg_publisher_close(struct sl_publisher *base)
{
    struct pg_publisher *publisher = publisher_of(base);

    if (!publisher->is_open)
        return;
    sl_pg_writer_free(publisher->writer);
    sl_pg_close(&publisher->client);
    sl_arena_done(&publisher->arena);
}

const struct sl_publisher_class sl_pg_publisher_class = {
    .size = sizeof(struct pg_publisher),
    .open = pg_publisher_open,
    .publish = pg_publisher_publish,
    .forget = pg_publisher_forget,
    .close = pg_publisher_close,
};
