/* Runs the tests of the Postgres protocol against a server of its own: wire PATH-OF-SLUICED. */
#include "wire.h"

#include <fcntl.h>
#include <ftw.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { SERVER_START_TIMEOUT_MS = 20000, SERVER_STOP_TIMEOUT_MS = 20000 };

struct wire_server wire_server;

static int passed_count, failed_count;

int64_t
wire_now_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * INT64_C(1000) + now.tv_nsec / 1000000;
}

void
wire_check(bool passed, const char *file, int line, const char *format, ...)
{
    va_list args;

    if (passed) {
        passed_count++;
        return;
    }
    failed_count++;
    printf("%s:%d: ", file, line);
    va_start(args, format);
    vprintf(format, args);
    va_end(args);
    printf("\n");
}

void
wire_check_text(const char *got, const char *expected, const char *file, int line)
{
    wire_check(got && strcmp(got, expected) == 0, file, line, "expected  %s\n    got       %s",
               expected, got ? got : "nothing");
}

enum { SERVER_ARGS_MAX = 32 };

static void
server_exec(const char *binary, const char *directory, const char *const *args, int out, int log)
{
    const char *all[SERVER_ARGS_MAX] = {binary,
                                        "--data",
                                        directory,
                                        "--port",
                                        "0",
                                        "--http-port",
                                        "0",
                                        "--slots",
                                        "2",
                                        "--set",
                                        "sluice.message-bytes.max=1 mb"};
    size_t count = 11;

    prctl(PR_SET_PDEATHSIG, SIGKILL); /* a test that is killed leaves no server behind */
    while (args && *args && count + 1 < SERVER_ARGS_MAX)
        all[count++] = *args++;
    dup2(out, STDOUT_FILENO);
    dup2(log, STDERR_FILENO);
    execv(binary, (char *const *)all);
    _exit(127);
}

const char *
wire_server_refusal(const char *binary, const char *directory, const char *const *args)
{
    static char text[4096];
    size_t length = 0;
    int pipes[2], status = 0;
    ssize_t n = 1;
    pid_t pid;

    if (pipe(pipes) < 0)
        return NULL;
    pid = fork();
    if (pid == 0) {
        close(pipes[0]);
        server_exec(binary, directory, args, pipes[1], pipes[1]);
    }
    close(pipes[1]);
    while (n > 0 && length + 1 < sizeof(text)) {
        n = read(pipes[0], text + length, sizeof(text) - 1 - length);
        length += n > 0 ? (size_t)n : 0;
        text[length] = '\0';
        if (strstr(text, "ready port="))
            kill(pid, SIGKILL); /* it should not have */
    }
    close(pipes[0]);
    waitpid(pid, &status, 0);
    CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 1);
    return text;
}

static bool
server_wait_ready(int fd)
{
    char line[256];
    size_t length = 0;

    while (length + 1 < sizeof(line)) {
        struct pollfd item = {.fd = fd, .events = POLLIN};
        ssize_t n;

        if (poll(&item, 1, SERVER_START_TIMEOUT_MS) <= 0)
            return false;
        n = read(fd, line + length, sizeof(line) - 1 - length);
        if (n <= 0)
            return false;
        length += (size_t)n;
        line[length] = '\0';
        if (sscanf(line, "ready port=%d", &wire_server.port) == 1 && strchr(line, '\n'))
            return true;
    }
    return false;
}

bool
wire_server_start(const char *binary, bool again, const char *const *args)
{
    char path[128];
    int pipes[2], log;
    bool ready;

    if (!again) {
        snprintf(wire_server.directory, sizeof(wire_server.directory), "/tmp/wire-XXXXXX");
        if (!mkdtemp(wire_server.directory))
            return false;
    }
    snprintf(path, sizeof(path), "%s/log", wire_server.directory);
    log = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    if (log < 0 || pipe(pipes) < 0)
        return false;
    wire_server.pid = fork();
    if (wire_server.pid == 0) {
        close(pipes[0]);
        server_exec(binary, wire_server.directory, args, pipes[1], log);
    }
    close(log);
    close(pipes[1]);
    ready = wire_server.pid > 0 && server_wait_ready(pipes[0]);
    close(pipes[0]);
    return ready;
}

static int
server_remove(const char *path, const struct stat *status, int type, struct FTW *walk)
{
    return remove(path);
}

int
wire_server_stop(void)
{
    struct pollfd ending = {.events = POLLIN};
    int64_t start = wire_now_ms();
    int status = -1;
    pid_t ended = 0;

    ending.fd = (int)syscall(SYS_pidfd_open, wire_server.pid, 0);
    kill(wire_server.pid, SIGTERM);
    if (poll(&ending, 1, SERVER_STOP_TIMEOUT_MS) > 0)
        ended = waitpid(wire_server.pid, &status, 0);
    close(ending.fd);
    if (ended == 0) {
        kill(wire_server.pid, SIGKILL);
        waitpid(wire_server.pid, &status, 0);
    }
    if (status != 0)
        printf("the server ended with status %d; its log: %s/log\n", status, wire_server.directory);
    return status == 0 ? (int)(wire_now_ms() - start) : -1;
}

void
wire_server_remove(void)
{
    nftw(wire_server.directory, server_remove, 16, FTW_DEPTH | FTW_PHYS);
}

PGconn *
wire_connect(void)
{
    char conninfo[256];
    PGconn *connection;

    snprintf(conninfo, sizeof(conninfo),
             "host=127.0.0.1 port=%d user=test dbname=test connect_timeout=10", wire_server.port);
    connection = PQconnectdb(conninfo);
    CHECK(PQstatus(connection) == CONNECTION_OK);
    return connection;
}

/* The end: clients in endless statements do not hold the server up. */
static void
test_stop(void)
{
    struct wire *reading = wire_open(), *deaf = wire_open();
    int elapsed;

    wire_query(reading, "SELECT n FROM endless_slow");
    CHECK_TEXT(wire_replies(reading, 'T', 1), "T:n/20");
    wire_query(deaf, "COPY (SELECT n FROM endless) TO STDOUT");
    CHECK_TEXT(wire_replies(deaf, 'H', 1), "H:1");
    elapsed = wire_server_stop();
    if (elapsed >= 0)
        wire_server_remove();
    wire_check(elapsed >= 0 && elapsed < 10000, __FILE__, __LINE__, "stopped after %d ms", elapsed);
    wire_close_socket(reading);
    wire_close_socket(deaf);
}

int
main(int argc, char **argv)
{
    struct wire *wire;

    setvbuf(stdout, NULL, _IOLBF, 0);
    signal(SIGPIPE, SIG_IGN);
    if (argc != 2 || !wire_server_start(argv[1], false, NULL)) {
        printf("usage: wire PATH-OF-SLUICED, which must start\n");
        return 2;
    }
    wire = wire_open();
    wire_query(wire, "CREATE TABLE endless (n BIGINT) WITH ('connector' = 'datagen', "
                     "'rows-per-second' = '100000');"
                     "CREATE TABLE endless_slow (n BIGINT) WITH ('connector' = 'datagen', "
                     "'rows-per-second' = '5');"
                     "CREATE TABLE others (id INT, name STRING) WITH ('connector' = 'memory');"
                     "CREATE TABLE items (id INT, name STRING) WITH ('connector' = 'memory');"
                     "INSERT INTO items VALUES (1, 'one'), (2, 'two'), (3, 'three'), (4, NULL)");
    CHECK_TEXT(wire_replies(wire, 'Z', 1),
               "C:CREATE TABLE C:CREATE TABLE C:CREATE TABLE C:CREATE TABLE C:INSERT 0 4 Z:I");
    wire_close_socket(wire);
    wire_test_startup();
    wire_test_extended();
    wire_test_types();
    wire_test_transactions();
    wire_test_cancel();
    wire_test_copy();
    wire_test_libpq();
    wire_test_sessions();
    test_stop();
    wire_test_server(argv[1]);
    printf("%d passed, %d failed\n", passed_count, failed_count);
    return failed_count > 0;
}
