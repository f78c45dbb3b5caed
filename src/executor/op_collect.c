/* Hands a query's batches to the session that asked, through a bounded queue.  The query's thread
 * puts and stops when more than rows_max rows wait; the session's thread takes and lets it go
 * on. */
#include "executor/collect.h"

#include "executor/operator.h"

#include <pthread.h>
#include <stdlib.h>

struct sl_collector {
    struct sl_env *env;
    struct sl_wake *wake;      /* the session's */
    pthread_mutex_t mutex;     /* of what follows */
    struct sl_wake *producer;  /* the slot's, while the operator is open */
    struct sl_batch **batches; /* a ring */
    size_t first, count, capacity;
    size_t waiting_rows, rows_max;
    uint64_t row_count;
    bool has_ended, producer_waits;
};

struct sl_collector *
sl_collector_new(struct sl_env *env, uint32_t rows_max)
{
    struct sl_collector *collector = sl_alloc_zeroed(sizeof(*collector));

    collector->env = env;
    collector->wake = env->ops->wake_new(env);
    collector->rows_max = SL_MAX(1u, rows_max);
    pthread_mutex_init(&collector->mutex, NULL);
    return collector;
}

void
sl_collector_free(struct sl_collector *collector)
{
    for (size_t i = 0; i < collector->count; i++)
        sl_batch_unref(collector->batches[(collector->first + i) % collector->capacity]);
    collector->env->ops->wake_free(collector->env, collector->wake);
    pthread_mutex_destroy(&collector->mutex);
    free(collector->batches);
    free(collector);
}

static void
collector_signal(struct sl_collector *collector)
{
    collector->env->ops->wake_signal(collector->env, collector->wake);
}

static void
collector_grow(struct sl_collector *collector)
{
    size_t capacity = SL_MAX(16u, collector->capacity * 2);
    struct sl_batch **batches = sl_alloc(capacity * sizeof(struct sl_batch *));

    for (size_t i = 0; i < collector->count; i++)
        batches[i] = collector->batches[(collector->first + i) % collector->capacity];
    free(collector->batches);
    collector->batches = batches;
    collector->first = 0;
    collector->capacity = capacity;
}

static void
collector_put(struct sl_collector *collector, struct sl_batch *batch)
{
    pthread_mutex_lock(&collector->mutex);
    if (collector->count == collector->capacity)
        collector_grow(collector);
    collector->batches[(collector->first + collector->count++) % collector->capacity] =
        sl_batch_ref(batch);
    collector->waiting_rows += sl_batch_live_count(batch);
    collector->row_count += sl_batch_live_count(batch);
    pthread_mutex_unlock(&collector->mutex);
    collector_signal(collector);
}

static bool
collector_is_full(struct sl_collector *collector)
{
    bool is_full;

    pthread_mutex_lock(&collector->mutex);
    is_full = collector->waiting_rows >= collector->rows_max;
    collector->producer_waits |= is_full;
    pthread_mutex_unlock(&collector->mutex);
    return is_full;
}

void
sl_collector_end(struct sl_collector *collector)
{
    pthread_mutex_lock(&collector->mutex);
    collector->has_ended = true;
    pthread_mutex_unlock(&collector->mutex);
    collector_signal(collector);
}

/* Under the mutex: a batch from the queue, and news for a producer that waits for room. */
static int
collector_pop(struct sl_collector *collector, struct sl_batch **ret_batch)
{
    if (collector->count == 0)
        return collector->has_ended ? SL_EOF : SL_AGAIN;
    *ret_batch = collector->batches[collector->first];
    collector->first = (collector->first + 1) % collector->capacity;
    collector->count--;
    collector->waiting_rows -= sl_batch_live_count(*ret_batch);
    if (collector->producer_waits && collector->waiting_rows < collector->rows_max) {
        collector->producer_waits = false;
        if (collector->producer)
            collector->env->ops->wake_signal(collector->env, collector->producer);
    }
    return SL_OK;
}

int
sl_collector_take(struct sl_collector *collector, struct sl_batch **ret_batch)
{
    bool have_more;
    int rc;

    /* The signal is taken back first, and given again while there is something to say. */
    collector->env->ops->wake_wait(collector->env, collector->wake, 0);
    pthread_mutex_lock(&collector->mutex);
    rc = collector_pop(collector, ret_batch);
    have_more = collector->count > 0 || collector->has_ended;
    pthread_mutex_unlock(&collector->mutex);
    if (have_more)
        collector_signal(collector);
    return rc;
}

struct sl_wake *
sl_collector_wake(struct sl_collector *collector)
{
    return collector->wake;
}

uint64_t
sl_collector_row_count(struct sl_collector *collector)
{
    uint64_t count;

    pthread_mutex_lock(&collector->mutex);
    count = collector->row_count;
    pthread_mutex_unlock(&collector->mutex);
    return count;
}

/* --- the operator --- */

static struct sl_collector *
collect_collector(const struct sl_op *op)
{
    return op->context->collector;
}

static int
collect_open(struct sl_op *op, struct sl_error *err)
{
    struct sl_collector *collector = collect_collector(op);

    SL_ASSERT(collector != NULL);
    pthread_mutex_lock(&collector->mutex);
    collector->producer = op->context->wake;
    pthread_mutex_unlock(&collector->mutex);
    return SL_OK;
}

static int
collect_batch(struct sl_op *op, unsigned input, struct sl_batch *batch, struct sl_out *out,
              struct sl_error *err)
{
    collector_put(collect_collector(op), batch);
    return SL_OK;
}

bool
sl_collect_is_ready(const struct sl_op *op)
{
    return !collector_is_full(collect_collector(op));
}

static void
collect_close(struct sl_op *op)
{
    struct sl_collector *collector = collect_collector(op);

    pthread_mutex_lock(&collector->mutex);
    collector->producer = NULL;
    pthread_mutex_unlock(&collector->mutex);
}

const struct sl_op_class sl_op_collect = {
    .name = "Collect",
    .size = sizeof(struct sl_op),
    .open = collect_open,
    .batch = collect_batch,
    .close = collect_close,
};
