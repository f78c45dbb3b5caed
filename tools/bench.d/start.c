/* Times what a client of a fresh server sees: from exec to the first answered query, a small
 * bounded SELECT, the first row of an endless SELECT; and the memory of the idle server.  Prints a
 * line a figure: a name and a number.  Usage: bench_start SLUICED DIRECTORY */
#include <libpq-fe.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { START_COUNT = 20, SELECT_COUNT = 200, ENDLESS_COUNT = 20 };

struct server {
    pid_t pid;
    FILE *output;
    PGconn *connection;
};

static double
start_now_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec * 1e3 + (double)now.tv_nsec * 1e-6;
}

static _Noreturn void
start_die(const char *what, const char *why)
{
    fprintf(stderr, "bench_start: %s: %s\n", what, why);
    exit(1);
}

static int
start_compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

static double
start_median(double *values, size_t count)
{
    qsort(values, count, sizeof(*values), start_compare);
    return values[count / 2];
}

static void
start_execute(PGconn *connection, const char *sql)
{
    PGresult *result = PQexec(connection, sql);
    ExecStatusType status = PQresultStatus(result);

    if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK)
        start_die(sql, PQerrorMessage(connection));
    PQclear(result);
}

static void
start_ignore_notice(void *data, const PGresult *result)
{
}

/* From before the fork until a query is answered. */
static double
start_server(struct server *server, const char *program, const char *directory)
{
    double begin = start_now_ms();
    int output[2], port;
    char address[128];

    if (pipe(output) < 0)
        start_die("pipe", "no file descriptors");
    server->pid = fork();
    if (server->pid == 0) {
        dup2(output[1], STDOUT_FILENO);
        close(output[0]);
        execl(program, program, "--data", directory, "--port", "0", "--http-port", "0",
              (char *)NULL);
        _exit(127);
    }
    close(output[1]);
    server->output = fdopen(output[0], "r");
    if (!server->output || fscanf(server->output, "ready port=%d", &port) != 1)
        start_die(program, "did not print that it is ready");
    snprintf(address, sizeof(address), "host=127.0.0.1 port=%d user=bench dbname=bench", port);
    server->connection = PQconnectdb(address);
    if (PQstatus(server->connection) != CONNECTION_OK)
        start_die("connecting", PQerrorMessage(server->connection));
    PQsetNoticeReceiver(server->connection, start_ignore_notice, NULL);
    start_execute(server->connection, "SELECT 1");
    return start_now_ms() - begin;
}

static void
start_stop(struct server *server)
{
    PQfinish(server->connection);
    kill(server->pid, SIGTERM);
    waitpid(server->pid, NULL, 0);
    fclose(server->output);
}

static double
start_resident_mb(pid_t pid)
{
    char path[64], line[256];
    long kilobytes = 0;
    FILE *status;

    snprintf(path, sizeof(path), "/proc/%d/status", (int)pid);
    status = fopen(path, "r");
    while (status && fgets(line, sizeof(line), status))
        sscanf(line, "VmRSS: %ld kB", &kilobytes);
    if (!status || kilobytes == 0)
        start_die(path, "says nothing of the memory");
    fclose(status);
    return (double)kilobytes / 1024;
}

static double
start_time_select(PGconn *connection)
{
    double times[SELECT_COUNT];

    start_execute(connection, "CREATE TABLE small (id BIGINT, price BIGINT, channel STRING) "
                              "WITH ('connector'='memory')");
    for (int i = 0; i < 10; i++)
        start_execute(connection, "INSERT INTO small VALUES (1, 10, 'web'), (2, 20, 'app'), "
                                  "(3, 30, 'store'), (4, 40, 'web'), (5, 50, 'partner')");
    start_execute(connection, "SET 'execution.runtime-mode' = 'batch'");
    for (size_t i = 0; i < SELECT_COUNT; i++) {
        double begin = start_now_ms();

        start_execute(connection, "SELECT id, price, channel FROM small WHERE price > 20");
        times[i] = start_now_ms() - begin;
    }
    start_execute(connection, "SET 'execution.runtime-mode' = 'streaming'");
    return start_median(times, SELECT_COUNT);
}

/* Until the first row is in the client's hands; then the query is cancelled. */
static double
start_time_first_row(PGconn *connection)
{
    char why[256];
    double begin = start_now_ms(), taken;
    PGcancel *cancel;
    PGresult *result;

    if (!PQsendQuery(connection, "SELECT id, price FROM endless WHERE price > 0") ||
        !PQsetSingleRowMode(connection))
        start_die("sending the endless query", PQerrorMessage(connection));
    result = PQgetResult(connection);
    taken = start_now_ms() - begin;
    if (PQresultStatus(result) != PGRES_SINGLE_TUPLE)
        start_die("the endless query", PQerrorMessage(connection));
    cancel = PQgetCancel(connection);
    if (!PQcancel(cancel, why, sizeof(why)))
        start_die("cancelling", why);
    PQfreeCancel(cancel);
    for (; result; result = PQgetResult(connection))
        PQclear(result);
    return taken;
}

static double
start_time_endless(PGconn *connection)
{
    double times[ENDLESS_COUNT];

    start_execute(connection, "CREATE TABLE endless (id BIGINT, price BIGINT) "
                              "WITH ('connector'='datagen', 'fields.price.min'='1')");
    for (size_t i = 0; i < ENDLESS_COUNT; i++)
        times[i] = start_time_first_row(connection);
    return start_median(times, ENDLESS_COUNT);
}

int
main(int argument_count, char **arguments)
{
    double times[START_COUNT], resident_mb = 0;
    struct server server;

    if (argument_count != 3)
        start_die("usage", "bench_start SLUICED DIRECTORY");
    for (size_t i = 0; i < START_COUNT; i++) {
        char directory[4096];

        snprintf(directory, sizeof(directory), "%s/%zu", arguments[2], i);
        times[i] = start_server(&server, arguments[1], directory);
        resident_mb = start_resident_mb(server.pid);
        if (i + 1 < START_COUNT)
            start_stop(&server);
    }
    printf("first_answer_ms %.2f\n", start_median(times, START_COUNT));
    printf("idle_resident_mb %.1f\n", resident_mb);
    printf("small_select_ms %.3f\n", start_time_select(server.connection));
    printf("endless_first_row_ms %.2f\n", start_time_endless(server.connection));
    start_stop(&server);
    return 0;
}
