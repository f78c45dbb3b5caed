/* Connections to PostgreSQL: never blocking for longer than they may, and the server's errors as
 * ours. */
#include "connector/postgres_internal.h"

#include <ctype.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

/* Our own text for what we send, whatever the server's defaults; nothing of ours waits for ever on
 * somebody's lock, and no transaction of ours outlives its publisher for long. */
#define PG_SETTINGS                                                                      \
    "SET datestyle = 'ISO, MDY'; SET intervalstyle = 'postgres'; SET timezone = 'UTC'; " \
    "SET default_transaction_isolation = 'read committed'; "                             \
    "SET lock_timeout = '30s'; SET idle_in_transaction_session_timeout = '60s'; "        \
    "SELECT set_config('synchronous_commit', 'on', false) "                              \
    "WHERE current_setting('synchronous_commit') IN ('off', 'local', 'remote_write')"

static int64_t
pg_clock_us(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * INT64_C(1000000) + now.tv_nsec / 1000;
}

/* --- errors --- */

/* Those that pass by themselves, or of which the outcome is not known. */
static bool
pg_is_passing(const char *sqlstate)
{
    static const char *const states[] = {"08",    "53",    "57P",   "57014", "58",    "40001",
                                         "40003", "40P01", "55P03", "25006", "25P03", "XX000"};

    for (size_t i = 0; i < SL_COUNT_OF(states); i++) {
        if (strncmp(sqlstate, states[i], strlen(states[i])) == 0)
            return true;
    }
    return false;
}

static int
pg_code_of(const char *sqlstate)
{
    if (!sqlstate || pg_is_passing(sqlstate))
        return SL_E_CONNECTION_FAILURE;
    if (strncmp(sqlstate, "28", 2) == 0)
        return SL_E_INVALID_AUTHORIZATION;
    if (strncmp(sqlstate, "3D", 2) == 0)
        return SL_E_UNDEFINED_OBJECT;
    if (strncmp(sqlstate, "3F", 2) == 0)
        return SL_E_UNDEFINED_SCHEMA;
    return sl_error_code_of(sqlstate);
}

/* A line, without its end. */
static int
pg_line(const char *text)
{
    return text ? (int)strcspn(text, "\n") : 0;
}

static int
pg_raise_result(const struct sl_pg_client *client, const PGresult *result, struct sl_error *err)
{
    const char *text = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);
    const char *detail = PQresultErrorField(result, PG_DIAG_MESSAGE_DETAIL);
    const char *hint = PQresultErrorField(result, PG_DIAG_MESSAGE_HINT);

    if (!text)
        text = PQerrorMessage(client->connection);
    SL_ERROR(err, pg_code_of(PQresultErrorField(result, PG_DIAG_SQLSTATE)),
             "PostgreSQL at %s: %.*s", client->options->hosts, pg_line(text), text);
    if (detail)
        sl_error_detail(err, "%s", detail);
    if (hint)
        sl_error_hint(err, "%s", hint);
    return err->code;
}

static int
pg_raise_lost(const struct sl_pg_client *client, const char *what, struct sl_error *err)
{
    const char *text = PQerrorMessage(client->connection);

    return SL_ERROR(err, SL_E_CONNECTION_FAILURE, "PostgreSQL at %s %s%s%.*s",
                    client->options->hosts, what, pg_line(text) ? ": " : "", pg_line(text), text);
}

/* libpq keeps the SQLSTATE of a refused connection in the text alone: "FATAL:  28P01: …". */
static bool
pg_find_state(const char *text, char ret_state[6], const char **ret_text)
{
    for (const char *at = strstr(text, ":  "); at; at = strstr(at + 1, ":  ")) {
        size_t length = 0;

        while (length < 5 &&
               (isdigit((unsigned char)at[3 + length]) || isupper((unsigned char)at[3 + length])))
            length++;
        if (length < 5 || strncmp(at + 8, ": ", 2) != 0)
            continue;
        memcpy(ret_state, at + 3, 5);
        ret_state[5] = '\0';
        *ret_text = at + 10;
        return true;
    }
    return false;
}

static int
pg_raise_refused(const struct sl_pg_client *client, struct sl_error *err)
{
    const char *text = PQerrorMessage(client->connection);
    char state[6];

    if (!pg_find_state(text, state, &text)) {
        pg_raise_lost(client, "does not answer", err);
        return sl_error_hint(err, "it is asked again and again until it does");
    }
    return SL_ERROR(err, pg_code_of(state), "PostgreSQL at %s: %.*s", client->options->hosts,
                    pg_line(text), text);
}

/* --- waiting --- */

/* False: it is not ready by then. */
static bool
pg_wait(PGconn *connection, short events, int64_t until_us)
{
    struct pollfd fd = {.fd = PQsocket(connection), .events = events};
    int64_t left_us = until_us - pg_clock_us();
    int rc;

    if (fd.fd < 0 || left_us <= 0)
        return false;
    rc = poll(&fd, 1, (int)(left_us / 1000 + 1));
    return rc > 0 || (rc < 0 && errno == EINTR);
}

static int
pg_connect(struct sl_pg_client *client, int64_t until_us, struct sl_error *err)
{
    PostgresPollingStatusType state = PGRES_POLLING_WRITING;

    if (PQstatus(client->connection) == CONNECTION_BAD)
        return pg_raise_refused(client, err);
    PQsetErrorVerbosity(client->connection, PQERRORS_VERBOSE);
    while (state != PGRES_POLLING_OK) {
        short events = state == PGRES_POLLING_READING ? POLLIN : POLLOUT;

        if (!pg_wait(client->connection, events, until_us)) {
            pg_raise_lost(client, "does not answer", err);
            return sl_error_hint(err, "it is asked again and again until it does");
        }
        state = PQconnectPoll(client->connection);
        if (state == PGRES_POLLING_FAILED)
            return pg_raise_refused(client, err);
    }
    PQsetErrorVerbosity(client->connection, PQERRORS_DEFAULT);
    PQsetnonblocking(client->connection, 1);
    return SL_OK;
}

/* What it says besides (a table that is there already) is nobody's business. */
static void
pg_ignore_notice(void *arg, const PGresult *result)
{
}

int
sl_pg_open(struct sl_pg_client *client, const struct sl_pg_options *options, int64_t timeout_us,
           struct sl_error *err)
{
    /* All that libpq would look for in the environment or in files is said here. */
    const char *const keys[] = {"host",
                                "port",
                                "dbname",
                                "user",
                                "password",
                                "sslmode",
                                "application_name",
                                "client_encoding",
                                "passfile",
                                "options",
                                "target_session_attrs",
                                "gssencmode",
                                "keepalives_idle",
                                "tcp_user_timeout",
                                NULL};
    const char *const values[] = {options->hosts,
                                  options->ports,
                                  options->database,
                                  *options->user ? options->user : NULL,
                                  *options->password ? options->password : NULL,
                                  options->sslmode ? options->sslmode : "prefer",
                                  options->application,
                                  "UTF8",
                                  "/dev/null/none",
                                  "",
                                  "read-write",
                                  "disable",
                                  "30",
                                  "30000",
                                  NULL};
    const char *const path[] = {options->search_path, NULL};

    *client = (struct sl_pg_client){.options = options, .timeout_us = timeout_us};
    client->connection = PQconnectStartParams(keys, values, 0);
    if (!client->connection)
        return SL_ERROR(err, SL_E_OUT_OF_MEMORY, "no memory for a connection to PostgreSQL");
    SL_TRY(pg_connect(client, pg_clock_us() + timeout_us, err));
    PQsetNoticeReceiver(client->connection, pg_ignore_notice, NULL);
    SL_TRY(sl_pg_run(client, PG_SETTINGS, NULL, err));
    if (options->search_path)
        SL_TRY(sl_pg_run(client, "SELECT set_config('search_path', $1, false)", path, err));
    return SL_OK;
}

void
sl_pg_close(struct sl_pg_client *client)
{
    if (client->connection)
        PQfinish(client->connection);
    client->connection = NULL;
}

/* --- statements --- */

static bool
pg_send(struct sl_pg_client *client, const char *sql, const struct sl_pg_params *params)
{
    if (!params)
        return PQsendQuery(client->connection, sql);
    return PQsendQueryParams(client->connection, sql, params->count, NULL, params->values,
                             params->lengths, params->formats, 0);
}

/* Until all is sent and the next result is there. */
static int
pg_await_result(struct sl_pg_client *client, int64_t until_us, struct sl_error *err)
{
    for (;;) {
        int unsent = PQflush(client->connection);

        if (unsent < 0)
            return pg_raise_lost(client, "is gone", err);
        if (!unsent && !PQisBusy(client->connection))
            return SL_OK;
        if (!pg_wait(client->connection, (short)(POLLIN | (unsent ? POLLOUT : 0)), until_us))
            return pg_raise_lost(client, "does not answer", err);
        if (!PQconsumeInput(client->connection))
            return pg_raise_lost(client, "is gone", err);
    }
}

int
sl_pg_query(struct sl_pg_client *client, const char *sql, const struct sl_pg_params *params,
            PGresult **ret_result, struct sl_error *err)
{
    int64_t until_us = pg_clock_us() + client->timeout_us;
    PGresult *result = NULL, *next;
    int rc = SL_OK;

    if (!pg_send(client, sql, params))
        return pg_raise_lost(client, "is gone", err);
    do {
        rc = pg_await_result(client, until_us, err);
        next = rc == SL_OK ? PQgetResult(client->connection) : NULL;
        /* The first that failed counts, else the last. */
        if (next && (!result || PQresultStatus(result) != PGRES_FATAL_ERROR)) {
            PQclear(result);
            result = next;
        } else {
            PQclear(next);
        }
    } while (next);
    if (rc == SL_OK && !result)
        rc = pg_raise_lost(client, "is gone", err);
    else if (rc == SL_OK && PQresultStatus(result) == PGRES_FATAL_ERROR)
        rc = pg_raise_result(client, result, err);
    if (rc < 0)
        PQclear(result);
    else
        *ret_result = result;
    return rc;
}

int
sl_pg_run(struct sl_pg_client *client, const char *sql, const char *const *params,
          struct sl_error *err)
{
    struct sl_pg_params list = {.values = params};
    PGresult *result;

    while (params && params[list.count])
        list.count++;
    SL_TRY(sl_pg_query(client, sql, params ? &list : NULL, &result, err));
    PQclear(result);
    return SL_OK;
}
