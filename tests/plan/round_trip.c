/* Every plan of the SQL tests is stored and read back: round_trip SLUICED FOLDER….  For each file
 * the tables are made on a server of its own, each query and INSERT that works is explained as
 * JSON, and that text must come out again when it is read into a plan and written.  No row is fed
 * or read. */
#include "tools/slt/slt.h"

#include "plan/physical.h"

#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

#define ROUND_TRIP_PLANS_MIN 100 /* fewer mean that the test has lost its way */

static bool
round_trip_starts(const char *sql, const char *word)
{
    size_t length = strlen(word);

    return strncasecmp(sql, word, length) == 0 && (sql[length] == ' ' || sql[length] == '\n');
}

static bool
round_trip_has_plan(const char *sql)
{
    static const char *const words[] = {"SELECT", "WITH",   "INSERT",           "UPDATE",
                                        "DELETE", "VALUES", "EXECUTE STATEMENT"};

    for (size_t i = 0; i < SL_COUNT_OF(words); i++)
        if (round_trip_starts(sql, words[i]))
            return true;
    return false;
}

/* Tables, views, databases and settings; but not what waits for the end of a job, or asks one that
 * does not run here. */
static bool
round_trip_is_ground(const char *sql)
{
    static const char *const words[] = {"CREATE", "DROP",  "ALTER",  "USE",
                                        "SET",    "RESET", "DISCARD"};

    for (size_t i = 0; i < SL_COUNT_OF(words); i++)
        if (round_trip_starts(sql, words[i]))
            return !strstr(sql, "${job:");
    return false;
}

static bool
round_trip_failed_with(const PGresult *result, const char *sqlstate)
{
    const char *field = PQresultErrorField(result, PG_DIAG_SQLSTATE);

    return field && strcmp(field, sqlstate) == 0;
}

/* What a job still needs, which nobody waits for here, stays. */
static bool
round_trip_command(PGconn *connection, const char *sql)
{
    PGresult *result = PQexec(connection, sql);
    bool good =
        PQresultStatus(result) == PGRES_COMMAND_OK || round_trip_failed_with(result, "2BP01");

    if (!good)
        printf("%s\n%s", sql, PQresultErrorMessage(result));
    PQclear(result);
    return good;
}

/* The lines of the result are the lines of the text. */
static bool
round_trip_compare(const PGresult *result)
{
    struct sl_buffer before, after;
    struct sl_phys_plan *plan;
    struct sl_arena arena;
    struct sl_error err;
    bool good;

    sl_arena_init(&arena);
    sl_buffer_init(&before, SIZE_MAX / 2);
    sl_buffer_init(&after, SIZE_MAX / 2);
    for (int i = 0; i < PQntuples(result); i++) {
        sl_buffer_add_string(&before, i ? "\n" : "");
        sl_buffer_add_string(&before, PQgetvalue(result, i, 0));
    }
    good = sl_phys_read_json(&arena, (struct sl_text){before.data, before.length}, &plan, &err) ==
           SL_OK;
    if (good) {
        sl_phys_write_json(plan, &after);
        good = after.length == before.length && memcmp(after.data, before.data, before.length) == 0;
        if (!good)
            printf("written:\n%.*s\nread and written again:\n%.*s\n", (int)before.length,
                   before.data, (int)after.length, after.data);
    } else {
        printf("not read back: %s\n", err.text);
    }
    sl_buffer_done(&before);
    sl_buffer_done(&after);
    sl_arena_done(&arena);
    return good;
}

/* A table that a file's shell command makes is not there: commands are not run. */
static bool
round_trip_explain(PGconn *connection, const char *sql)
{
    struct sl_buffer text;
    PGresult *result;
    bool good, is_missing;

    sl_buffer_init(&text, SIZE_MAX / 2);
    sl_buffer_add_string(&text, "EXPLAIN (FORMAT JSON) ");
    sl_buffer_add_string(&text, sql);
    sl_buffer_add(&text, "", 1);
    result = PQexec(connection, text.data);
    is_missing = round_trip_failed_with(result, "42P01");
    good = PQresultStatus(result) == PGRES_TUPLES_OK || is_missing;
    if (!good)
        fputs(PQresultErrorMessage(result), stdout);
    good = good && (is_missing || round_trip_compare(result));
    PQclear(result);
    sl_buffer_done(&text);
    return good;
}

/* Queries run in batch mode, as the runner of these files does it. */
static bool
round_trip_record(PGconn *connection, const struct slt_record *record, size_t *plans)
{
    bool is_query = record->kind == SLT_QUERY;
    bool good;

    if (record->kind == SLT_PLAN) {
        *plans += 1;
        return round_trip_explain(connection, record->sql);
    }
    if (record->kind != SLT_STATEMENT_OK && !is_query)
        return true;
    if (!round_trip_has_plan(record->sql))
        return is_query || !round_trip_is_ground(record->sql) ||
               round_trip_command(connection, record->sql);
    if (is_query && !round_trip_command(connection, "SET 'execution.runtime-mode' = 'batch'"))
        return false;
    good = round_trip_explain(connection, record->sql);
    *plans += 1;
    if (is_query && !round_trip_command(connection, "SET 'execution.runtime-mode' = 'streaming'"))
        return false;
    return good;
}

static bool
round_trip_file(const char *binary, const char *path, size_t *plans)
{
    struct slt_server server = {.binary = binary};
    struct slt_script script;
    struct sl_arena arena;
    PGconn *connection = NULL;
    const char *message = "the server did not start";
    int line = 0;
    bool good;

    sl_arena_init(&arena);
    good = slt_script_read(&arena, path, &script, &message) && slt_server_start(&server);
    if (good)
        connection = slt_server_connect(&server);
    good = good && connection;
    for (size_t i = 0; good && i < script.count; i++) {
        line = script.records[i].line;
        message = "see above";
        good = round_trip_record(connection, &script.records[i], plans);
    }
    if (!good)
        printf("FAIL %s:%d: %s\n", path, line, message);
    PQfinish(connection);
    slt_server_stop(&server);
    sl_arena_done(&arena);
    return good;
}

static bool
round_trip_folder(const char *binary, const char *folder, size_t *plans)
{
    char pattern[4096];
    bool good = true;
    glob_t files;

    snprintf(pattern, sizeof(pattern), "%s/*.slt", folder);
    if (glob(pattern, 0, NULL, &files) != 0) {
        printf("no files: %s\n", pattern);
        return false;
    }
    for (size_t i = 0; i < files.gl_pathc; i++)
        good = round_trip_file(binary, files.gl_pathv[i], plans) && good;
    globfree(&files);
    return good;
}

int
main(int argc, char **argv)
{
    size_t plans = 0;
    bool good = true;

    if (argc < 3) {
        fputs("usage: round_trip SLUICED FOLDER…\n", stderr);
        return EXIT_FAILURE;
    }
    setenv("SLT_RUN", "plans", 1); /* of what a file leaves outside: nothing does here */
    for (int i = 2; i < argc; i++)
        good = round_trip_folder(argv[1], argv[i], &plans) && good;
    printf("%zu plans\n", plans);
    if (plans < ROUND_TRIP_PLANS_MIN)
        printf("FAIL: fewer than %d plans\n", ROUND_TRIP_PLANS_MIN);
    return good && plans >= ROUND_TRIP_PLANS_MIN ? EXIT_SUCCESS : EXIT_FAILURE;
}
