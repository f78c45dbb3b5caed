/* Servers of the runner's own: started on a fresh directory and a free port. */
#include "slt.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

enum { SERVER_START_TIMEOUT_MS = 20000, SERVER_STOP_TIMEOUT_MS = 20000 };

static int
server_remove(const char *path, const struct stat *status, int type, struct FTW *walk)
{
    return remove(path);
}

static char *const *
server_arguments(const struct slt_server *server)
{
    static const char *arguments[16 + 2 * SLT_SETTINGS_MAX];
    size_t count = 0;

    arguments[count++] = server->binary;
    arguments[count++] = "--data";
    arguments[count++] = server->directory;
    arguments[count++] = "--port";
    arguments[count++] = "0";
    arguments[count++] = "--http-port";
    arguments[count++] = "0";
    arguments[count++] = "--slots";
    arguments[count++] = "4";
    if (server->is_tight) {
        arguments[count++] = "--set";
        arguments[count++] = "sluice.state.database-threshold=0";
        arguments[count++] = "--set";
        arguments[count++] = "taskmanager.memory.managed.size=1 kb";
    }
    for (const char *const *setting = server->settings; setting && *setting; setting++) {
        arguments[count++] = "--set";
        arguments[count++] = *setting;
    }
    if (server->is_virtual)
        arguments[count++] = "--virtual-time";
    arguments[count] = NULL;
    return (char *const *)arguments;
}

static void
server_exec(struct slt_server *server, int out)
{
    char log[128];
    int fd;

    snprintf(log, sizeof(log), "%s/log", server->directory);
    fd = open(log, O_WRONLY | O_CREAT | O_APPEND, 0600);
    dup2(out, STDOUT_FILENO);
    dup2(fd, STDERR_FILENO);
    execv(server->binary, server_arguments(server));
    fprintf(stderr, "cannot run %s: %s\n", server->binary, strerror(errno));
    _exit(127);
}

/* Waits for "ready port=N". */
static bool
server_wait_ready(struct slt_server *server, int fd)
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
        if (sscanf(line, "ready port=%d", &server->port) == 1 && strchr(line, '\n'))
            return true;
    }
    return false;
}

bool
slt_server_start(struct slt_server *server)
{
    int pipes[2];
    bool ready;

    if (server->conninfo)
        return true;
    if (server->directory[0] == '\0') {
        const char *parent = getenv("TMPDIR");

        snprintf(server->directory, sizeof(server->directory), "%s/slt-XXXXXX",
                 parent ? parent : "/tmp");
        if (!mkdtemp(server->directory))
            return false;
    }
    if (pipe(pipes) < 0)
        return false;
    server->pid = fork();
    if (server->pid == 0) {
        close(pipes[0]);
        server_exec(server, pipes[1]);
    }
    close(pipes[1]);
    ready = server->pid > 0 && server_wait_ready(server, pipes[0]);
    close(pipes[0]); /* what it prints later (the print connector) goes nowhere */
    return ready;
}

void
slt_server_kill(struct slt_server *server)
{
    kill(server->pid, SIGKILL);
    waitpid(server->pid, NULL, 0);
    server->pid = 0;
}

int
slt_server_stop(struct slt_server *server)
{
    int status = 0;

    if (server->conninfo)
        return 0;
    if (server->pid > 0) {
        kill(server->pid, SIGTERM);
        waitpid(server->pid, &status, 0);
    }
    server->pid = 0;
    return status;
}

void
slt_server_clean(struct slt_server *server)
{
    if (server->directory[0])
        nftw(server->directory, server_remove, 16, FTW_DEPTH | FTW_PHYS);
    server->directory[0] = '\0';
}

PGconn *
slt_server_connect(const struct slt_server *server)
{
    char conninfo[256];

    if (server->conninfo)
        return PQconnectdb(server->conninfo);
    snprintf(conninfo, sizeof(conninfo),
             "host=127.0.0.1 port=%d user=test dbname=test connect_timeout=10 sslmode=disable",
             server->port);
    return PQconnectdb(conninfo);
}
