/* The server itself: its arguments, its data directory, its end, and what its deaths mean for jobs.
 */
#include "wire.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

static void
expect(struct wire *wire, const char *sql, const char *replies)
{
    wire_query(wire, sql);
    CHECK_TEXT(wire_replies(wire, 'Z', 1), replies);
}

/* The column of SHOW JOBS' only row. */
static const char *
job_column(const char *name)
{
    static char text[512];
    PGconn *connection = wire_connect();
    PGresult *result = PQexec(connection, "SHOW JOBS");
    int column = PQfnumber(result, name);

    CHECK(PQntuples(result) == 1 && column >= 0);
    snprintf(text, sizeof(text), "%s",
             PQgetisnull(result, 0, column) ? "NULL" : PQgetvalue(result, 0, column));
    PQclear(result);
    PQfinish(connection);
    return text;
}

static void
test_refusals(const char *binary)
{
    static const struct refusal {
        const char *args[5];
        const char *text;
    } refusals[] = {
        {{"--set", "parallelism.defualt=1"}, "did you mean \"parallelism.default\"?"},
        {{"--set", "parallelism.default=x"}, "does not take the value \"x\""},
        {{"--set", "parallelism.default"}, "--set takes key=value"},
        {{"--set", "table.local-time-zone=Mars/Base"}, "Mars/Base"},
        {{"--set", "server_version=1"}, "cannot be changed"},
        {{"--config", "/nowhere/sluice.conf"}, "cannot read /nowhere/sluice.conf"},
        {{"--slots", "0"}, "--slots must be at least 1"},
        {{"--port", "65536"}, "--port takes a number from 0 to 65535"},
        {{"--host", "0.0.0.0"}, "loopback"},
        {{"--nope"}, "sluiced --help lists them"},
        {{"more"}, "unknown argument \"more\""},
    };

    char directory[128];

    snprintf(directory, sizeof(directory), "%s/refused", wire_server.directory);
    for (size_t i = 0; i < sizeof(refusals) / sizeof(refusals[0]); i++) {
        const char *text = wire_server_refusal(binary, directory, refusals[i].args);

        wire_check(strstr(text, refusals[i].text) != NULL, __FILE__, __LINE__,
                   "expected  … %s …\n    got       %s", refusals[i].text, text);
    }
    CHECK(strstr(wire_server_refusal(binary, wire_server.directory, NULL), "another server uses"));
}

static void
start(const char *binary, bool again, const char *const *args)
{
    CHECK(wire_server_start(binary, again, args));
}

static void
die(int signal)
{
    int status = 0;

    kill(wire_server.pid, signal);
    CHECK(waitpid(wire_server.pid, &status, 0) == wire_server.pid);
    CHECK(WIFSIGNALED(status) && WTERMSIG(status) == signal);
}

/* By a prefix of its id. */
static void
change_job(const char *verb)
{
    struct wire *wire = wire_open();
    char sql[64], replies[64];

    snprintf(sql, sizeof(sql), "%s JOB '%.8s'", verb, job_column("job_id"));
    snprintf(replies, sizeof(replies), "C:%s JOB Z:I", verb);
    expect(wire, sql, replies);
    wire_close_socket(wire);
}

/* kill -9 does not count; the third death of its own within ten minutes does. */
static void
test_deaths(const char *binary)
{
    static const char *const paused[] = {"--paused", NULL};
    struct wire *wire;

    start(binary, false, NULL);
    test_refusals(binary);
    wire = wire_open();
    expect(wire, "CREATE TABLE endless (n BIGINT) WITH ('connector' = 'datagen')",
           "C:CREATE TABLE Z:I");
    expect(wire, "CREATE TABLE hole (n BIGINT) WITH ('connector' = 'blackhole')",
           "C:CREATE TABLE Z:I");
    expect(wire, "INSERT INTO hole SELECT n FROM endless", "C:INSERT 0 0 Z:I");
    wire_close_socket(wire);
    CHECK_TEXT(job_column("name"), "insert-into_hole");
    die(SIGKILL);
    start(binary, true, NULL);
    die(SIGSEGV);
    start(binary, true, NULL);
    die(SIGABRT);
    start(binary, true, NULL);
    CHECK_TEXT(job_column("state"), "RUNNING");
    die(SIGFPE);
    start(binary, true, NULL);
    CHECK_TEXT(job_column("state"), "SUSPENDED");
    CHECK_TEXT(job_column("reason"),
               "the server died 3 times within ten minutes while the job ran");
    change_job("RESUME");
    CHECK(wire_server_stop() >= 0);
    /* Told to start no job, it starts none; one that was RUNNING stays so for the next start. */
    start(binary, true, paused);
    die(SIGKILL);
    start(binary, true, NULL);
    CHECK_TEXT(job_column("state"), "RUNNING");
    /* What was acknowledged survives. */
    change_job("PAUSE");
    die(SIGKILL);
    start(binary, true, NULL);
    CHECK_TEXT(job_column("state"), "SUSPENDED");
    change_job("RESUME");
    die(SIGKILL);
    start(binary, true, NULL);
    CHECK_TEXT(job_column("state"), "RUNNING");
    change_job("STOP");
    die(SIGKILL);
    start(binary, true, NULL);
    CHECK_TEXT(job_column("state"), "CANCELED");
    CHECK(wire_server_stop() >= 0);
    wire_server_remove();
}

/* An INSERT that was waited for has ended for good. */
static void
test_sync(const char *binary)
{
    struct wire *wire;

    start(binary, false, NULL);
    wire = wire_open();
    expect(wire,
           "CREATE TABLE some (n BIGINT) WITH ('connector' = 'datagen', "
           "'number-of-rows' = '5')",
           "C:CREATE TABLE Z:I");
    expect(wire, "CREATE TABLE hole (n BIGINT) WITH ('connector' = 'blackhole')",
           "C:CREATE TABLE Z:I");
    expect(wire, "SET 'table.dml-sync' = 'true'; SET 'pipeline.name' = 'named'", "C:SET C:SET Z:I");
    expect(wire, "INSERT INTO hole SELECT n FROM some", "C:INSERT 0 0 Z:I");
    wire_close_socket(wire);
    die(SIGKILL);
    start(binary, true, NULL);
    CHECK_TEXT(job_column("state"), "FINISHED");
    CHECK_TEXT(job_column("name"), "named");
    CHECK(wire_server_stop() >= 0);
    wire_server_remove();
}

static void
test_virtual_time(const char *binary)
{
    static const char *const virtual_time[] = {"--virtual-time", NULL};
    struct wire *wire;

    start(binary, false, virtual_time);
    wire = wire_open();
    expect(wire, "CREATE TABLE endless (n BIGINT) WITH ('connector' = 'datagen')",
           "C:CREATE TABLE Z:I");
    expect(wire, "CREATE TABLE hole (n BIGINT) WITH ('connector' = 'blackhole')",
           "C:CREATE TABLE Z:I");
    expect(wire, "INSERT INTO hole SELECT n FROM endless", "C:INSERT 0 0 Z:I");
    wire_close_socket(wire);
    CHECK_TEXT(job_column("start_time"), "1970-01-01 00:00:00+00");
    CHECK(wire_server_stop() >= 0);
    wire_server_remove();
}

void
wire_test_server(const char *binary)
{
    test_deaths(binary);
    test_sync(binary);
    test_virtual_time(binary);
}
