/* The real machine behind env.h: clocks, getrandom, pthreads, a pool of I/O threads, eventfd. */
#include "base/env.h"

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

struct sl_thread {
    pthread_t handle;
    void (*main)(void *);
    void *arg;
};

struct sl_wake {
    int fd;
    _Atomic bool pending;
};

struct env_system {
    struct sl_env env;
    bool is_virtual;
    _Atomic int64_t virtual_us;
    _Atomic int64_t offset_us; /* of the wall clock to the monotonic one, at its furthest ahead */
    pthread_mutex_t mutex;
    pthread_cond_t available, drained;
    unsigned queued, running; /* I/O jobs; running: taken from the queue and not done */
    struct sl_io_job *first, *last;
    bool stopping;
    unsigned thread_count, thread_max, idle_count;
    pthread_t *threads;
    cpu_set_t io_cores; /* where I/O threads run; those that start them may be bound to one */
};

static int64_t
env_clock_us(clockid_t clock)
{
    struct timespec now;

    clock_gettime(clock, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

static int64_t
env_monotonic_us(struct sl_env *env)
{
    return env_clock_us(CLOCK_MONOTONIC);
}

/* The wall clock, held monotone: a step ahead is taken, and behind a step backwards time goes on
 * from where it was, so that nobody waits for it to catch up. */
static int64_t
env_now_us(struct sl_env *env)
{
    struct env_system *system = (struct env_system *)env;
    int64_t wall, monotonic, offset, furthest;

    if (system->is_virtual)
        return atomic_load(&system->virtual_us);
    wall = env_clock_us(CLOCK_REALTIME);
    monotonic = env_clock_us(CLOCK_MONOTONIC); /* last: what comes between leaves time behind */
    offset = wall - monotonic;
    furthest = atomic_load_explicit(&system->offset_us, memory_order_relaxed);
    while (offset > furthest) {
        if (atomic_compare_exchange_weak(&system->offset_us, &furthest, offset))
            furthest = offset;
    }
    return monotonic + furthest;
}

static uint64_t
env_random(struct sl_env *env)
{
    uint64_t value = 0;

    SL_ASSERT(getrandom(&value, sizeof(value), 0) == sizeof(value));
    return value;
}

static void *
env_thread_main(void *arg)
{
    struct sl_thread *thread = arg;

    thread->main(thread->arg);
    return NULL;
}

static struct sl_thread *
env_thread_start(struct sl_env *env, const char *name, int core, void (*main)(void *), void *arg)
{
    struct sl_thread *thread = sl_alloc_zeroed(sizeof(*thread));
    char short_name[16] = {0};
    cpu_set_t cores;

    thread->main = main;
    thread->arg = arg;
    SL_ASSERT(pthread_create(&thread->handle, NULL, env_thread_main, thread) == 0);
    strncpy(short_name, name, sizeof(short_name) - 1);
    pthread_setname_np(thread->handle, short_name);
    if (core >= 0) {
        CPU_ZERO(&cores);
        CPU_SET(core, &cores);
        pthread_setaffinity_np(thread->handle, sizeof(cores), &cores); /* a wish, not a need */
    }
    return thread;
}

static void
env_thread_join(struct sl_env *env, struct sl_thread *thread)
{
    pthread_join(thread->handle, NULL);
    free(thread);
}

static void *
env_io_main(void *arg)
{
    struct env_system *system = arg;

    pthread_setname_np(pthread_self(), "io");
    pthread_setaffinity_np(pthread_self(), sizeof(system->io_cores), &system->io_cores);
    pthread_mutex_lock(&system->mutex);
    for (;;) {
        struct sl_io_job *job = system->first;

        if (!job) {
            if (system->stopping)
                break;
            system->idle_count++;
            pthread_cond_wait(&system->available, &system->mutex);
            system->idle_count--;
            continue;
        }
        system->first = job->next;
        system->queued--;
        system->running++;
        pthread_mutex_unlock(&system->mutex);
        job->run(job);
        job->done(job);
        pthread_mutex_lock(&system->mutex);
        if (--system->running == 0 && system->first == NULL)
            pthread_cond_broadcast(&system->drained);
    }
    pthread_mutex_unlock(&system->mutex);
    return NULL;
}

static void
env_io_submit(struct sl_env *env, struct sl_io_job *job)
{
    struct env_system *system = (struct env_system *)env;

    job->next = NULL;
    pthread_mutex_lock(&system->mutex);
    if (system->first)
        system->last->next = job;
    else
        system->first = job;
    system->last = job;
    if (++system->queued > system->idle_count && system->thread_count < system->thread_max)
        SL_ASSERT(pthread_create(&system->threads[system->thread_count++], NULL, env_io_main,
                                 system) == 0);
    pthread_cond_signal(&system->available);
    pthread_mutex_unlock(&system->mutex);
}

static void
env_io_drain(struct sl_env *env)
{
    struct env_system *system = (struct env_system *)env;

    pthread_mutex_lock(&system->mutex);
    while (system->running > 0 || system->first)
        pthread_cond_wait(&system->drained, &system->mutex);
    pthread_mutex_unlock(&system->mutex);
}

static struct sl_wake *
env_wake_new(struct sl_env *env)
{
    struct sl_wake *wake = sl_alloc_zeroed(sizeof(*wake));

    wake->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    SL_ASSERT(wake->fd >= 0);
    return wake;
}

static void
env_wake_free(struct sl_env *env, struct sl_wake *wake)
{
    close(wake->fd);
    free(wake);
}

static void
env_wake_signal(struct sl_env *env, struct sl_wake *wake)
{
    uint64_t one = 1;

    if (!atomic_exchange(&wake->pending, true))
        SL_ASSERT(write(wake->fd, &one, sizeof(one)) == sizeof(one));
}

static void
env_wake_wait(struct sl_env *env, struct sl_wake *wake, int64_t timeout_us)
{
    struct pollfd item = {.fd = wake->fd, .events = POLLIN};
    struct timespec timeout = {timeout_us / 1000000, (timeout_us % 1000000) * 1000};
    uint64_t count;

    ppoll(&item, 1, timeout_us < 0 ? NULL : &timeout, NULL);
    /* An exchange, to see all that a signal which found it pending was sent for. */
    if (read(wake->fd, &count, sizeof(count)) == sizeof(count))
        atomic_exchange(&wake->pending, false);
}

static const struct sl_env_ops env_system_ops = {
    .now_us = env_now_us,
    .monotonic_us = env_monotonic_us,
    .random = env_random,
    .thread_start = env_thread_start,
    .thread_join = env_thread_join,
    .io_submit = env_io_submit,
    .io_drain = env_io_drain,
    .wake_new = env_wake_new,
    .wake_free = env_wake_free,
    .wake_signal = env_wake_signal,
    .wake_wait = env_wake_wait,
};

struct sl_env *
sl_env_system_new(unsigned io_thread_max, bool virtual_time)
{
    struct env_system *system = sl_alloc_zeroed(sizeof(*system));

    system->env.ops = &env_system_ops;
    system->is_virtual = virtual_time;
    pthread_mutex_init(&system->mutex, NULL);
    pthread_cond_init(&system->available, NULL);
    pthread_cond_init(&system->drained, NULL);
    system->thread_max = io_thread_max;
    system->threads = sl_alloc_zeroed(io_thread_max * sizeof(*system->threads));
    sched_getaffinity(0, sizeof(system->io_cores), &system->io_cores);
    return &system->env;
}

void
sl_env_system_free(struct sl_env *env)
{
    struct env_system *system = (struct env_system *)env;

    pthread_mutex_lock(&system->mutex);
    system->stopping = true;
    pthread_cond_broadcast(&system->available);
    pthread_mutex_unlock(&system->mutex);
    for (unsigned i = 0; i < system->thread_count; i++)
        pthread_join(system->threads[i], NULL);
    pthread_cond_destroy(&system->available);
    pthread_cond_destroy(&system->drained);
    pthread_mutex_destroy(&system->mutex);
    free(system->threads);
    free(system);
}

bool
sl_env_is_virtual(struct sl_env *env)
{
    return env->ops == &env_system_ops && ((struct env_system *)env)->is_virtual;
}

void
sl_env_advance(struct sl_env *env, int64_t by_us)
{
    SL_ASSERT(sl_env_is_virtual(env));
    atomic_fetch_add(&((struct env_system *)env)->virtual_us, by_us);
}

int
sl_env_wake_fd(struct sl_wake *wake)
{
    return wake->fd;
}
