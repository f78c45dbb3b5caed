/* Running the records of one file against one server. */
#include "slt.h"

#include <poll.h>
#include <regex.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

struct run {
    struct sl_arena *arena;
    const struct slt_script *script;
    struct slt_server *server;
    const struct slt_config *config;
    PGconn *connection;
    const char *message;
};

static bool run_fail(struct run *run, const char *format, ...) SL_PRINTF(2, 3);

static bool
run_fail(struct run *run, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    run->message = sl_arena_vprintf(run->arena, format, args);
    va_end(args);
    return false;
}

static void
run_ignore_notice(void *arg, const PGresult *result)
{
}

static bool
run_is_good(const PGresult *result)
{
    ExecStatusType status = PQresultStatus(result);

    return status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK;
}

/* A statement of the runner's own. */
static bool
run_command(struct run *run, const char *sql)
{
    PGresult *result = PQexec(run->connection, sql);
    bool good = run_is_good(result);

    if (!good)
        run_fail(run, "%s: %s", sql, PQerrorMessage(run->connection));
    PQclear(result);
    return good;
}

static bool
run_connect(struct run *run)
{
    char set[128];

    run->connection = slt_server_connect(run->server);
    if (PQstatus(run->connection) != CONNECTION_OK)
        return run_fail(run, "cannot connect: %s", PQerrorMessage(run->connection));
    PQsetNoticeReceiver(run->connection, run_ignore_notice, NULL);
    snprintf(set, sizeof(set), "SET 'parallelism.default' = '%d'", run->config->parallelism);
    if (!run_command(run, set))
        return false;
    snprintf(set, sizeof(set), "SET 'sluice.batch-size' = '%d'", run->config->batch_size);
    if (!run_command(run, set))
        return false;
    return !run->script->reads_changelog ||
           run_command(run, "SET 'table.exec.mini-batch.enabled' = 'false'");
}

/* --- ${job:NAME} --- */

/* The id of the newest job of that name; NULL: there is none. */
static const char *
run_find_job(struct run *run, const char *name)
{
    PGresult *jobs = PQexec(run->connection, "SHOW JOBS");
    const char *id = NULL;

    for (int i = 0; i < PQntuples(jobs); i++) {
        if (strcmp(PQgetvalue(jobs, i, 1), name) == 0)
            id = sl_arena_strdup(run->arena, PQgetvalue(jobs, i, 0));
    }
    PQclear(jobs);
    return id;
}

static bool
run_expand_jobs(struct run *run, const char **text)
{
    const char *start;

    while (*text && (start = strstr(*text, "${job:"))) {
        const char *end = strchr(start, '}'), *id;
        const char *name =
            end ? sl_arena_strndup(run->arena, start + 6, (size_t)(end - start - 6)) : "";

        id = run_find_job(run, name);
        if (!id)
            return run_fail(run, "there is no job named \"%s\"", name);
        *text = sl_arena_printf(run->arena, "%.*s%s%s", (int)(start - *text), *text, id, end + 1);
    }
    return true;
}

/* --- statements --- */

static bool
run_statement_ok(struct run *run, const struct slt_record *record)
{
    PGresult *result = PQexec(run->connection, record->sql);
    bool good = run_is_good(result);

    if (!good)
        run_fail(run, "%s", PQerrorMessage(run->connection));
    else if (record->argument && strcmp(record->argument, PQcmdTuples(result)) != 0)
        good = run_fail(run, "expected %s rows, got \"%s\"", record->argument, PQcmdStatus(result));
    PQclear(result);
    return good;
}

static bool
run_matches(struct run *run, const char *pattern, const char *text)
{
    regex_t regex;
    bool matches;

    if (regcomp(&regex, pattern, REG_EXTENDED | REG_NOSUB) != 0)
        return run_fail(run, "the pattern \"%s\" is no regular expression", pattern);
    matches = regexec(&regex, text, 0, NULL, 0) == 0;
    regfree(&regex);
    return matches || run_fail(run, "the message does not match \"%s\": %s", pattern, text);
}

enum { RUN_ERROR_WAIT_S = 30 }; /* for a statement that is to fail */

/* Waits until there is a result; false: not until then. */
static bool
run_wait_result(PGconn *connection, time_t until)
{
    struct pollfd fd = {.fd = PQsocket(connection), .events = POLLIN};

    while (PQisBusy(connection)) {
        struct timespec now;

        clock_gettime(CLOCK_MONOTONIC, &now);
        if (now.tv_sec >= until)
            return false;
        if (poll(&fd, 1, (int)(until - now.tv_sec) * 1000) > 0 && !PQconsumeInput(connection))
            return true;
    }
    return true;
}

static void
run_cancel(PGconn *connection)
{
    PGcancel *cancel = PQgetCancel(connection);
    char message[256];

    PQcancel(cancel, message, sizeof(message));
    PQfreeCancel(cancel);
}

/* The last result of a statement that is to fail.  One that works may never end, as a query over a
 * stream does: it is cancelled, and *ret_ran_on is set. */
static PGresult *
run_until_error(PGconn *connection, const char *sql, bool *ret_ran_on)
{
    PGresult *last = NULL, *result;
    ExecStatusType status;
    struct timespec now;

    if (!PQsendQuery(connection, sql))
        return NULL;
    PQsetSingleRowMode(connection); /* rows of an endless result are not kept */
    clock_gettime(CLOCK_MONOTONIC, &now);
    for (;;) {
        if (!*ret_ran_on && !run_wait_result(connection, now.tv_sec + RUN_ERROR_WAIT_S)) {
            *ret_ran_on = true;
            run_cancel(connection);
        }
        result = PQgetResult(connection);
        if (!result)
            return last;
        PQclear(last);
        last = result;
        status = PQresultStatus(result);
        if (status == PGRES_COPY_IN || status == PGRES_COPY_OUT)
            return last;
    }
}

static bool
run_statement_error(struct run *run, const struct slt_record *record)
{
    bool good = true, ran_on = false;
    PGresult *result = run_until_error(run->connection, record->sql, &ran_on);
    const char *state = PQresultErrorField(result, PG_DIAG_SQLSTATE);
    const char *text = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);

    if (ran_on)
        good = run_fail(run, "expected the error %s, but the statement still ran after %d s",
                        record->argument, RUN_ERROR_WAIT_S);
    else if (run_is_good(result))
        good = run_fail(run, "expected the error %s, but it worked", record->argument);
    else if (!state || strcmp(state, record->argument) != 0)
        good = run_fail(run, "expected the error %s, got %s: %s", record->argument,
                        state ? state : "none", text ? text : PQerrorMessage(run->connection));
    else if (record->pattern)
        good = run_matches(run, record->pattern, text ? text : "");
    PQclear(result);
    return good;
}

/* --- rows --- */

static int
run_compare_lines(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static const char *
run_join(struct run *run, const char *const *lines, size_t count)
{
    struct sl_buffer text;
    const char *copy;

    sl_buffer_init(&text, SIZE_MAX / 2);
    for (size_t i = 0; i < count && i < 40; i++)
        sl_buffer_printf(&text, "    %s\n", lines[i]);
    if (count > 40)
        sl_buffer_printf(&text, "    … %zu lines in all\n", count);
    copy = sl_arena_strdup(run->arena, text.data ? text.data : "    (nothing)\n");
    sl_buffer_done(&text);
    return copy;
}

static bool
run_check_rows(struct run *run, const struct slt_record *record, const char **lines, size_t count)
{
    const char **expected = SL_NEW_ARRAY(run->arena, const char *, record->expected_count + 1);
    bool equal = count == record->expected_count;

    for (size_t i = 0; i < record->expected_count; i++)
        expected[i] = record->expected[i];
    if (record->sorted) {
        qsort(expected, record->expected_count, sizeof(*expected), run_compare_lines);
        qsort(lines, count, sizeof(*lines), run_compare_lines);
    }
    for (size_t i = 0; i < count && equal; i++)
        equal = strcmp(lines[i], expected[i]) == 0;
    return equal ||
           run_fail(run, "expected:\n%s  got:\n%s", run_join(run, expected, record->expected_count),
                    run_join(run, lines, count));
}

static void
run_add_value(struct sl_buffer *line, const char *value, bool is_null, bool is_first)
{
    if (!is_first)
        sl_buffer_add_byte(line, ' ');
    sl_buffer_add_string(line, is_null ? "NULL" : value[0] ? value : "(empty)");
}

static bool
run_query(struct run *run, const struct slt_record *record)
{
    PGresult *mode = PQexec(run->connection, "SHOW 'execution.runtime-mode'");
    bool was_batch = PQntuples(mode) == 1 && strcmp(PQgetvalue(mode, 0, 0), "batch") == 0;
    /* A plan is shown for the mode that the file is in. */
    bool stays = was_batch || strncmp(record->sql, "EXPLAIN", 7) == 0;
    PGresult *result;
    const char **lines;
    bool good;

    PQclear(mode);
    if (!stays && !run_command(run, "SET 'execution.runtime-mode' = 'batch'"))
        return false;
    result = PQexec(run->connection, record->sql);
    good = PQresultStatus(result) == PGRES_TUPLES_OK ||
           run_fail(run, "%s", PQerrorMessage(run->connection));
    lines = SL_NEW_ARRAY(run->arena, const char *, (size_t)PQntuples(result) + 1);
    for (int row = 0; row < PQntuples(result); row++) {
        struct sl_buffer line;

        sl_buffer_init(&line, SIZE_MAX / 2);
        for (int column = 0; column < PQnfields(result); column++)
            run_add_value(&line, PQgetvalue(result, row, column), PQgetisnull(result, row, column),
                          column == 0);
        lines[row] = sl_arena_strdup(run->arena, line.data ? line.data : "");
        sl_buffer_done(&line);
    }
    good = good && run_check_rows(run, record, lines, (size_t)PQntuples(result));
    PQclear(result);
    return (stays || run_command(run, "SET 'execution.runtime-mode' = 'streaming'")) && good;
}

/* A section of EXPLAIN, in the mode that the file is in: the physical plan, or the state. */
static bool
run_plan(struct run *run, const struct slt_record *record)
{
    PGresult *result =
        PQexec(run->connection, sl_arena_printf(run->arena, "EXPLAIN %s", record->sql));
    size_t count = 0, row_count = (size_t)PQntuples(result);
    const char **lines = SL_NEW_ARRAY(run->arena, const char *, row_count + 1);
    bool good = PQresultStatus(result) == PGRES_TUPLES_OK ||
                run_fail(run, "%s", PQerrorMessage(run->connection));
    const char *heading = record->argument ? "== State ==" : "== Physical Plan ==";
    bool is_inside = false;

    for (size_t row = 0; row < row_count; row++) {
        const char *line = PQgetvalue(result, (int)row, 0);

        if (is_inside && line[0] == '\0')
            break;
        if (is_inside)
            lines[count++] = sl_arena_strdup(run->arena, line);
        is_inside |= strcmp(line, heading) == 0;
    }
    PQclear(result);
    return good && run_check_rows(run, record, lines, count);
}

/* One line of CSV with the row kind first, as values separated by blanks. */
static const char *
run_csv_to_line(struct run *run, const char *csv)
{
    struct sl_buffer line, field;
    bool is_first = true, more = true;
    const char *copy;

    sl_buffer_init(&line, SIZE_MAX / 2);
    sl_buffer_init(&field, SIZE_MAX / 2);
    while (more) {
        bool quoted = *csv == '"';

        sl_buffer_reset(&field);
        sl_buffer_reserve(&field, 1)[0] = '\0';
        csv += quoted;
        for (; *csv && (quoted || (*csv != ',' && *csv != '\n')); csv++) {
            if (quoted && *csv == '"') {
                if (csv[1] != '"') {
                    csv++;
                    break;
                }
                csv++;
            }
            sl_buffer_add_byte(&field, *csv);
        }
        run_add_value(&line, field.data, !quoted && field.length == 0, is_first);
        is_first = false;
        more = *csv == ',';
        csv += more;
    }
    copy = sl_arena_strdup(run->arena, line.data);
    sl_buffer_done(&line);
    sl_buffer_done(&field);
    return copy;
}

static bool
run_changelog(struct run *run, const struct slt_record *record)
{
    const char *sql = sl_arena_printf(
        run->arena, "COPY %s TO STDOUT WITH (FORMAT csv, ROW_KIND true)", record->argument);
    PGresult *result = PQexec(run->connection, sql);
    size_t count = 0, capacity = 64;
    const char **lines = SL_NEW_ARRAY(run->arena, const char *, capacity);
    char *row;
    int length;

    if (PQresultStatus(result) != PGRES_COPY_OUT) {
        PQclear(result);
        return run_fail(run, "%s", PQerrorMessage(run->connection));
    }
    PQclear(result);
    while ((length = PQgetCopyData(run->connection, &row, 0)) > 0) {
        if (count == capacity) {
            const char **wider = SL_NEW_ARRAY(run->arena, const char *, capacity * 2);

            memcpy(wider, lines, count * sizeof(*lines));
            lines = wider;
            capacity *= 2;
        }
        lines[count++] = run_csv_to_line(run, row);
        PQfreemem(row);
    }
    result = PQgetResult(run->connection);
    if (!run_is_good(result)) {
        PQclear(result);
        return run_fail(run, "%s", PQerrorMessage(run->connection));
    }
    PQclear(result);
    while ((result = PQgetResult(run->connection)))
        PQclear(result);
    return run_check_rows(run, record, lines, count);
}

/* --- checkpoint, failure, restore --- */

enum { RUN_PIECES = 3 }; /* of a feed, with a restore behind each */

/* A call to one job; that it is over meanwhile, or takes no checkpoints, is no error. */
static bool
run_call_job(struct run *run, const char *procedure, const char *job, bool *ret_worked)
{
    const char *sql = sl_arena_printf(run->arena, "CALL sluice.%s('%s')", procedure, job);
    PGresult *result = PQexec(run->connection, sql);
    const char *state = PQresultErrorField(result, PG_DIAG_SQLSTATE);
    bool good = run_is_good(result) ||
                (state && (strcmp(state, "55000") == 0 || strcmp(state, "0A000") == 0));

    if (!good)
        run_fail(run, "%s: %s", sql, PQerrorMessage(run->connection));
    *ret_worked = run_is_good(result);
    PQclear(result);
    return good;
}

static bool
run_restore_jobs(struct run *run)
{
    PGresult *jobs = PQexec(run->connection, "SHOW JOBS");
    bool good = PQresultStatus(jobs) == PGRES_TUPLES_OK ||
                run_fail(run, "SHOW JOBS: %s", PQerrorMessage(run->connection));

    for (int i = 0; good && i < PQntuples(jobs); i++) {
        const char *job = PQgetvalue(jobs, i, 0);
        bool worked;

        if (strcmp(PQgetvalue(jobs, i, 2), "RUNNING") != 0)
            continue;
        good = run_call_job(run, "checkpoint", job, &worked);
        if (good && worked)
            good = run_call_job(run, "fail_job", job, &worked);
        if (good && worked) /* waits until it runs again */
            good = run_call_job(run, "checkpoint", job, &worked);
    }
    PQclear(jobs);
    return good;
}

/* --- the other directives --- */

static bool
run_copy(struct run *run, const struct slt_record *record, const char *lines, size_t size)
{
    const char *sql =
        sl_arena_printf(run->arena, "COPY %s FROM STDIN WITH (FORMAT csv%s)", record->argument,
                        record->with_kinds ? ", ROW_KIND true" : "");
    PGresult *result = PQexec(run->connection, sql);
    bool good = PQresultStatus(result) == PGRES_COPY_IN;

    PQclear(result);
    if (!good)
        return run_fail(run, "%s", PQerrorMessage(run->connection));
    PQputCopyData(run->connection, lines, (int)size);
    PQputCopyEnd(run->connection, NULL);
    while ((result = PQgetResult(run->connection))) {
        if (good && !run_is_good(result))
            good = run_fail(run, "%s", PQerrorMessage(run->connection));
        PQclear(result);
    }
    return good;
}

/* The end of the line in which byte `at` is. */
static size_t
run_line_end(const char *lines, size_t at)
{
    const char *end = strchr(lines + at, '\n');

    return end ? (size_t)(end - lines) + 1 : strlen(lines);
}

static bool
run_feed(struct run *run, const struct slt_record *record)
{
    size_t size = strlen(record->sql), done = 0;
    /* A quoted value may hold a line's end: such a feed stays whole. */
    bool is_cut = run->config->restores && !strchr(record->sql, '"');

    while (done < size) {
        size_t end =
            is_cut ? run_line_end(record->sql, SL_MIN(done + size / RUN_PIECES, size - 1)) : size;

        if (!run_copy(run, record, record->sql + done, end - done) ||
            (run->config->restores && !run_restore_jobs(run)))
            return false;
        done = end;
    }
    return true;
}

static bool
run_settle(struct run *run)
{
    return run_command(run, "CALL sluice.settle()") &&
           (!run->config->restores || run_restore_jobs(run));
}

static bool
run_crash(struct run *run)
{
    if (run->server->conninfo)
        return run_fail(run, "a running server cannot be crashed: leave --server out");
    PQfinish(run->connection);
    slt_server_kill(run->server);
    if (!slt_server_start(run->server)) {
        run->connection = NULL;
        return run_fail(run, "the server did not start again");
    }
    return run_connect(run);
}

/* advance 1 MINUTE is INTERVAL '1' MINUTE. */
static bool
run_advance(struct run *run, const struct slt_record *record)
{
    const char *text = record->argument ? record->argument : "";
    size_t number = strspn(text, "0123456789");

    if (number == 0)
        return run_command(run, sl_arena_printf(run->arena, "CALL sluice.advance_time(%s)", text));
    return run_command(run,
                       sl_arena_printf(run->arena, "CALL sluice.advance_time(INTERVAL '%.*s'%s)",
                                       (int)number, text, text + number));
}

static bool
run_shell(struct run *run, const struct slt_record *record)
{
    char port[16];
    int status;

    fflush(stdout);
    snprintf(port, sizeof(port), "%d", run->server->port);
    setenv("SLT_PORT", port, 1);
    setenv("SLT_DATA", run->server->directory, 1);
    status = system(record->argument ? record->argument : "false");
    return (WIFEXITED(status) && WEXITSTATUS(status) == 0) ||
           run_fail(run, "the command failed: %s", record->argument);
}

static bool
run_record(struct run *run, const struct slt_record *original)
{
    struct slt_record expanded = *original, *record = &expanded;

    if (!run_expand_jobs(run, &expanded.sql) ||
        (expanded.kind == SLT_SHELL && !run_expand_jobs(run, &expanded.argument)))
        return false;
    switch (record->kind) {
    case SLT_STATEMENT_OK:
        return run_statement_ok(run, record);
    case SLT_STATEMENT_ERROR:
        return run_statement_error(run, record);
    case SLT_QUERY:
        return run_query(run, record);
    case SLT_CHANGELOG:
        return run_changelog(run, record);
    case SLT_PLAN:
        return run_plan(run, record);
    case SLT_FEED:
        return run_feed(run, record);
    case SLT_SETTLE:
        return run_settle(run);
    case SLT_END:
        return run_command(run, sl_arena_printf(run->arena, "CALL sluice.end_input('%s')",
                                                record->argument ? record->argument : ""));
    case SLT_ADVANCE:
        return run_advance(run, record);
    case SLT_CRASH:
        return run_crash(run);
    case SLT_SHELL:
        return run_shell(run, record);
    case SLT_NO_RESTORES:
        return true;
    }
    return false;
}

bool
slt_run(struct sl_arena *arena, const struct slt_script *script, struct slt_server *server,
        const struct slt_config *config, int *ret_line, const char **ret_message)
{
    struct run run = {.arena = arena, .script = script, .server = server, .config = config};
    bool good = run_connect(&run);

    *ret_line = 0;
    for (size_t i = 0; good && i < script->count; i++) {
        *ret_line = script->records[i].line;
        good = run_record(&run, &script->records[i]);
    }
    if (run.connection)
        PQfinish(run.connection);
    *ret_message = run.message;
    return good;
}
