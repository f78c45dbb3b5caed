/* The only doors to clock, chance, disk, network, threads, I/O jobs and wake-ups.  The server runs
 * on sl_env_system; a simulator brings its own table, in which everything happens on one thread, in
 * an order that a seed decides.  Files whose work is the outside world itself (a connector, the
 * wire protocol, SQLite's catalog) stand behind seams of their own and are replaced there. */
#ifndef SL_BASE_ENV_H
#define SL_BASE_ENV_H

#include "base/base.h"
#include "base/error.h"

struct sl_env;

/* A wake-up that a thread sleeps on; signalling is cheap while the sleeper runs. */
struct sl_wake;

/* A piece of blocking work.  The owner keeps the struct alive until `done` ran. */
struct sl_io_job {
    void (*run)(struct sl_io_job *job);  /* on an I/O thread; may block */
    void (*done)(struct sl_io_job *job); /* on the same thread, after run; hands the result over to
                                            the owner's queue and wakes it */
    struct sl_io_job *next;              /* the environment's */
};

struct sl_thread;

struct sl_env_ops {
    /* Processing time, microseconds since 1970-01-01 UTC.  Never goes backwards. */
    int64_t (*now_us)(struct sl_env *env);
    /* Microseconds since some start, for time-outs, busy shares and durations. */
    int64_t (*monotonic_us)(struct sl_env *env);
    uint64_t (*random)(struct sl_env *env);
    /* Starts a thread bound to core `core` (-1: any). */
    struct sl_thread *(*thread_start)(struct sl_env *env, const char *name, int core,
                                      void (*main)(void *), void *arg);
    void (*thread_join)(struct sl_env *env, struct sl_thread *thread);
    void (*io_submit)(struct sl_env *env, struct sl_io_job *job);
    /* Waits until no I/O job is queued or running: after it nobody is left inside a `done`. */
    void (*io_drain)(struct sl_env *env);
    struct sl_wake *(*wake_new)(struct sl_env *env);
    void (*wake_free)(struct sl_env *env, struct sl_wake *wake);
    void (*wake_signal)(struct sl_env *env, struct sl_wake *wake); /* any thread */
    /* Sleeps until a signal since the last wait, or for timeout_us (-1: for ever). */
    void (*wake_wait)(struct sl_env *env, struct sl_wake *wake, int64_t timeout_us);
};

struct sl_env {
    const struct sl_env_ops *ops;
};

/* The real machine.  At most `io_thread_max` threads run I/O jobs, each started when a job finds no
 * other idle: one that waits for an answer delays none.  With virtual_time the processing time
 * starts at 1970-01-01 00:00:00 UTC and moves only by sl_env_advance. */
struct sl_env *sl_env_system_new(unsigned io_thread_max, bool virtual_time);
void sl_env_system_free(struct sl_env *env); /* waits for I/O jobs that run */
bool sl_env_is_virtual(struct sl_env *env);  /* false for any environment but a virtual system */
void sl_env_advance(struct sl_env *env, int64_t by_us);
/* The file descriptor that is readable while a signal is pending; for poll(). */
int sl_env_wake_fd(struct sl_wake *wake);

static inline int64_t
sl_now_us(struct sl_env *env)
{
    return env->ops->now_us(env);
}

static inline int64_t
sl_monotonic_us(struct sl_env *env)
{
    return env->ops->monotonic_us(env);
}

struct sl_deadline {
    struct sl_env *env;
    int64_t end_us; /* monotonic */
};

static inline struct sl_deadline
sl_deadline_in(struct sl_env *env, int64_t timeout_us)
{
    return (struct sl_deadline){env, sl_monotonic_us(env) + timeout_us};
}

/* For those that wait until cancelled(arg): arg is a struct sl_deadline. */
static inline bool
sl_deadline_is_over(void *arg)
{
    const struct sl_deadline *deadline = arg;

    return sl_monotonic_us(deadline->env) >= deadline->end_us;
}

#endif
