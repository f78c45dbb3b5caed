/* What fails in the machine under a server: preloaded into it by tests/faults/machine.sh.
 *
 *     FAULT_EIO=part-of-path:n,…   the n-th sync of a file whose path has that part fails
 *     FAULT_MALLOC=n               the n-th allocation of 256 bytes or more finds no memory
 *     FAULT_CLOCK=file             the wall clock is off by the seconds that the file tells
 *
 * Each is said on standard error when it happens. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

/* glibc's, and jemalloc's where the program has it: memory must come from where it is freed. */
void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *memory, size_t size);
__attribute__((weak)) void *mallocx(size_t size, int flags);
__attribute__((weak)) void *rallocx(void *memory, size_t size, int flags);
#define MALLOCX_ZERO 0x40

static void
say(const char *what, const char *of)
{
    char line[512];
    int length = snprintf(line, sizeof(line), "preload: %s %s\n", what, of);

    if (write(2, line, (size_t)length) < 0)
        abort();
}

/* --- syncs --- */

#define RULES_MAX 8
static struct rule {
    char part[64];
    _Atomic long left;
} rules[RULES_MAX];
static int rule_count;
static _Atomic long allocations_left;
static const char *clock_path;

__attribute__((constructor)) static void
begin(void)
{
    const char *text = getenv("FAULT_EIO");
    char part[64];
    long count;
    int length;

    while (text && rule_count < RULES_MAX &&
           sscanf(text, "%63[^:]:%ld%n", part, &count, &length) == 2) {
        strcpy(rules[rule_count].part, part);
        atomic_init(&rules[rule_count++].left, count);
        text += length + (text[length] == ',');
    }
    clock_path = getenv("FAULT_CLOCK");
    text = getenv("FAULT_MALLOC");
    atomic_store(&allocations_left, text ? atol(text) : 0);
}

static int
sync_fails(int fd)
{
    char link[64], path[4096];
    ssize_t length;

    if (rule_count == 0)
        return 0;
    snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
    length = readlink(link, path, sizeof(path) - 1);
    path[length < 0 ? 0 : length] = '\0';
    for (int i = 0; i < rule_count; i++) {
        if (strstr(path, rules[i].part) && atomic_fetch_sub(&rules[i].left, 1) == 1) {
            say("EIO", path);
            return 1;
        }
    }
    return 0;
}

int
fsync(int fd)
{
    if (sync_fails(fd)) {
        errno = EIO;
        return -1;
    }
    return (int)syscall(SYS_fsync, fd);
}

int
fdatasync(int fd)
{
    if (sync_fails(fd)) {
        errno = EIO;
        return -1;
    }
    return (int)syscall(SYS_fdatasync, fd);
}

/* --- memory --- */

static int
memory_fails(size_t size)
{
    if (size < 256 || atomic_load_explicit(&allocations_left, memory_order_relaxed) <= 0 ||
        atomic_fetch_sub(&allocations_left, 1) != 1)
        return 0;
    say("no memory", "");
    errno = ENOMEM;
    return 1;
}

void *
malloc(size_t size)
{
    if (memory_fails(size))
        return NULL;
    return mallocx ? mallocx(size ? size : 1, 0) : __libc_malloc(size);
}

void *
calloc(size_t count, size_t size)
{
    size_t bytes = count * size;

    if (memory_fails(bytes))
        return NULL;
    return mallocx ? mallocx(bytes ? bytes : 1, MALLOCX_ZERO) : __libc_calloc(count, size);
}

void *
realloc(void *memory, size_t size)
{
    if (memory_fails(size))
        return NULL;
    if (!mallocx)
        return __libc_realloc(memory, size);
    return memory ? rallocx(memory, size ? size : 1, 0) : mallocx(size ? size : 1, 0);
}

/* --- the clock --- */

static time_t
clock_offset(void)
{
    char text[32] = "";
    int fd = (int)syscall(SYS_openat, AT_FDCWD, clock_path, O_RDONLY | O_CLOEXEC);

    if (fd < 0)
        return 0;
    if (read(fd, text, sizeof(text) - 1) < 0)
        text[0] = '\0';
    syscall(SYS_close, fd);
    return atol(text);
}

int
clock_gettime(clockid_t clock, struct timespec *time)
{
    int rc = (int)syscall(SYS_clock_gettime, clock, time);

    if (rc == 0 && clock == CLOCK_REALTIME && clock_path)
        time->tv_sec += clock_offset();
    return rc;
}
