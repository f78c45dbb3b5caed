/* The log: see log.h. */
#include "base/log.h"

#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <strings.h>
#include <time.h>
#include <unistd.h>

static const char *const log_level_names[] = {"debug", "info", "warn", "error"};
static _Atomic int log_level = SL_LOG_INFO;

void
sl_log_set_level(enum sl_log_level level)
{
    atomic_store(&log_level, (int)level);
}

bool
sl_log_level_parse(const char *name, enum sl_log_level *ret_level)
{
    for (int i = 0; i < SL_LOG_LEVEL_COUNT; i++) {
        if (strcasecmp(name, log_level_names[i]) == 0) {
            *ret_level = (enum sl_log_level)i;
            return true;
        }
    }
    return false;
}

const char *
sl_log_quote(char *to, size_t size, const char *value)
{
    size_t n = 0;

    SL_ASSERT(size >= 3);
    to[n++] = '"';
    for (; *value && n + 3 < size; value++) {
        char c = *value;

        if (c == '"' || c == '\\' || c == '\n') {
            to[n++] = '\\';
            c = c == '\n' ? 'n' : c;
        }
        to[n++] = (unsigned char)c < 0x20 ? ' ' : c;
    }
    to[n++] = '"';
    to[n] = '\0';
    return to;
}

/* The log's own time stamp is the machine's clock: it is read by people, never by the program. */
static size_t
log_stamp(char *line, size_t size, enum sl_log_level level)
{
    struct timespec now;
    struct tm tm;
    size_t n;

    clock_gettime(CLOCK_REALTIME, &now);
    gmtime_r(&now.tv_sec, &tm);
    n = strftime(line, size, "ts=%Y-%m-%dT%H:%M:%S", &tm);
    n += (size_t)snprintf(line + n, size - n, ".%03ldZ level=%s ", now.tv_nsec / 1000000,
                          log_level_names[level]);
    return n;
}

void
sl_log(enum sl_log_level level, const char *message, const char *fields, ...)
{
    char line[2048];
    size_t n;

    if ((int)level < atomic_load_explicit(&log_level, memory_order_relaxed))
        return;
    n = log_stamp(line, sizeof(line), level);
    n += (size_t)snprintf(line + n, sizeof(line) - n, "msg=\"%s\"", message);
    n = SL_MIN(n, sizeof(line) - 2);
    if (fields) {
        va_list args;

        line[n++] = ' ';
        va_start(args, fields);
        n += (size_t)vsnprintf(line + n, sizeof(line) - n, fields, args);
        va_end(args);
        n = SL_MIN(n, sizeof(line) - 2);
    }
    line[n++] = '\n';
    if (write(STDERR_FILENO, line, n) < 0)
        return; /* nobody reads the log: nothing sensible is left to do */
}
