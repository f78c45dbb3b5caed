/* One I/O job at a time, and its way back to the slot: see outside.h. */
#include "executor/outside.h"

static void
outside_run(struct sl_io_job *job)
{
    struct sl_outside *outside = (struct sl_outside *)job;

    outside->rc = outside->run(outside, &outside->error);
}

static void
outside_done(struct sl_io_job *job)
{
    struct sl_outside *outside = (struct sl_outside *)job;
    struct sl_env *env = outside->context->env;
    struct sl_wake *wake = outside->context->wake;

    /* From here on the operator may be gone; the slot's wake-up outlives it. */
    atomic_store_explicit(&outside->busy, false, memory_order_release);
    env->ops->wake_signal(env, wake);
}

void
sl_outside_submit(struct sl_outside *outside, const struct sl_op_context *context,
                  int (*run)(struct sl_outside *outside, struct sl_error *err))
{
    SL_ASSERT(!outside->pending);
    outside->pending = true;
    outside->context = context;
    outside->run = run;
    outside->job.run = outside_run;
    outside->job.done = outside_done;
    atomic_store_explicit(&outside->busy, true, memory_order_relaxed);
    context->env->ops->io_submit(context->env, &outside->job);
}

int
sl_outside_check(struct sl_outside *outside, bool *ret_done, struct sl_error *err)
{
    *ret_done = false;
    if (!outside->pending)
        return SL_OK;
    if (atomic_load_explicit(&outside->busy, memory_order_acquire))
        return SL_AGAIN;
    outside->pending = false;
    *ret_done = true;
    if (outside->rc < 0) {
        *err = outside->error;
        return err->code;
    }
    return SL_OK;
}
