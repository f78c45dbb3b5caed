/* Deaths: see deaths.h.  DIR/deaths holds an int64 a death, microseconds since 1970. */
#include "server/deaths.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

static const int deaths_signals[] = {SIGSEGV, SIGABRT, SIGBUS, SIGFPE};

static int deaths_fd = -1; /* opened ahead: little may be called in a signal handler */

static void
deaths_path(const char *data_directory, char *to, size_t size)
{
    snprintf(to, size, "%s/deaths", data_directory);
}

/* Runs where anything may be broken: only what is async-signal-safe.  The signal then does what it
 * does by default (SA_RESETHAND). */
static void
deaths_note(int signal)
{
    struct timespec now;
    int64_t time_us;

    clock_gettime(CLOCK_REALTIME, &now);
    time_us = now.tv_sec * INT64_C(1000000) + now.tv_nsec / 1000;
    if (write(deaths_fd, &time_us, sizeof(time_us)) == (ssize_t)sizeof(time_us))
        fsync(deaths_fd);
    raise(signal);
}

int
sl_deaths_watch(const char *data_directory, struct sl_error *err)
{
    struct sigaction action = {.sa_handler = deaths_note, .sa_flags = (int)SA_RESETHAND};
    char path[4096];

    deaths_path(data_directory, path, sizeof(path));
    deaths_fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    if (deaths_fd < 0)
        return SL_ERROR(err, SL_E_IO, "cannot open %s: %s", path, strerror(errno));
    sigemptyset(&action.sa_mask);
    for (size_t i = 0; i < SL_COUNT_OF(deaths_signals); i++)
        sigaction(deaths_signals[i], &action, NULL);
    return SL_OK;
}

int
sl_deaths_charge(const char *data_directory, struct sl_catalog *catalog, struct sl_error *err)
{
    char path[4096];
    int64_t time_us;
    int fd, rc = SL_OK;

    deaths_path(data_directory, path, sizeof(path));
    fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return SL_OK;
    while (rc == SL_OK && read(fd, &time_us, sizeof(time_us)) == (ssize_t)sizeof(time_us))
        rc = sl_catalog_add_death(catalog, time_us, err);
    close(fd);
    if (rc == SL_OK)
        unlink(path);
    return rc;
}
