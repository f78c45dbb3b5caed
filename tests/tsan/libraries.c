/* What a server built with the thread sanitizer needs to get along with libraries that are not;
 * linked into it.
 *
 * 1. librdkafka takes threads, mutexes and conditions from threads.h, which gcc 12's sanitizer does
 *    not intercept: it dies in the first such thread, and would see no order between any two.
 *    Symbols of the program come before libc's, so that librdkafka calls these, and they call
 *    POSIX's, which are intercepted.  glibc lays both kinds out alike.
 * 2. librdkafka and RocksDB are not instrumented: their atomics make no order that could be seen,
 *    so that what they do with their own memory is none of our business. */
#include <errno.h>
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <threads.h>

_Static_assert(sizeof(mtx_t) == sizeof(pthread_mutex_t), "a mutex is a mutex");
_Static_assert(sizeof(cnd_t) == sizeof(pthread_cond_t), "a condition is a condition");
_Static_assert(sizeof(thrd_t) == sizeof(pthread_t), "a thread is a thread");

const char *__tsan_default_suppressions(void);

const char *
__tsan_default_suppressions(void)
{
    return "race:librdkafka.so\nmutex:librdkafka.so\nrace:librocksdb.so\nmutex:librocksdb.so\n";
}

struct start {
    thrd_start_t main;
    void *arg;
};

static int
outcome(int code)
{
    switch (code) {
    case 0:
        return thrd_success;
    case ENOMEM:
        return thrd_nomem;
    case ETIMEDOUT:
        return thrd_timedout;
    case EBUSY:
        return thrd_busy;
    }
    return thrd_error;
}

/* --- threads --- */

static void *
start_main(void *arg)
{
    struct start start = *(struct start *)arg;

    free(arg);
    return (void *)(intptr_t)start.main(start.arg);
}

int
thrd_create(thrd_t *ret_thread, thrd_start_t main, void *arg)
{
    struct start *start = malloc(sizeof(*start));
    int code;

    if (!start)
        return thrd_nomem;
    *start = (struct start){main, arg};
    code = pthread_create((pthread_t *)ret_thread, NULL, start_main, start);
    if (code)
        free(start);
    return outcome(code);
}

int
thrd_join(thrd_t thread, int *ret_result)
{
    void *result;
    int code = pthread_join((pthread_t)thread, &result);

    if (code == 0 && ret_result)
        *ret_result = (int)(intptr_t)result;
    return outcome(code);
}

int
thrd_detach(thrd_t thread)
{
    return outcome(pthread_detach((pthread_t)thread));
}

/* --- mutexes --- */

int
mtx_init(mtx_t *mutex, int type)
{
    pthread_mutexattr_t attributes;
    int code;

    pthread_mutexattr_init(&attributes);
    if (type & mtx_recursive)
        pthread_mutexattr_settype(&attributes, PTHREAD_MUTEX_RECURSIVE);
    code = pthread_mutex_init((pthread_mutex_t *)mutex, &attributes);
    pthread_mutexattr_destroy(&attributes);
    return outcome(code);
}

void
mtx_destroy(mtx_t *mutex)
{
    pthread_mutex_destroy((pthread_mutex_t *)mutex);
}

int
mtx_lock(mtx_t *mutex)
{
    return outcome(pthread_mutex_lock((pthread_mutex_t *)mutex));
}

int
mtx_trylock(mtx_t *mutex)
{
    return outcome(pthread_mutex_trylock((pthread_mutex_t *)mutex));
}

int
mtx_unlock(mtx_t *mutex)
{
    return outcome(pthread_mutex_unlock((pthread_mutex_t *)mutex));
}

/* --- conditions --- */

int
cnd_init(cnd_t *condition)
{
    return outcome(pthread_cond_init((pthread_cond_t *)condition, NULL));
}

void
cnd_destroy(cnd_t *condition)
{
    pthread_cond_destroy((pthread_cond_t *)condition);
}

int
cnd_signal(cnd_t *condition)
{
    return outcome(pthread_cond_signal((pthread_cond_t *)condition));
}

int
cnd_broadcast(cnd_t *condition)
{
    return outcome(pthread_cond_broadcast((pthread_cond_t *)condition));
}

int
cnd_wait(cnd_t *condition, mtx_t *mutex)
{
    return outcome(pthread_cond_wait((pthread_cond_t *)condition, (pthread_mutex_t *)mutex));
}

int
cnd_timedwait(cnd_t *condition, mtx_t *mutex, const struct timespec *until)
{
    return outcome(
        pthread_cond_timedwait((pthread_cond_t *)condition, (pthread_mutex_t *)mutex, until));
}
