/* Tests the ring: order, its bound in bytes with room for one batch, control that always finds
 * room, and that no wake-up is lost between two threads. */
#include "runtime/ring.h"

#include <criterion/criterion.h>
#include <pthread.h>
#include <sched.h>

static struct sl_batch *
batch_of(struct sl_pool *pool, uint64_t bytes)
{
    struct sl_batch *batch = sl_batch_new(pool, 0, 1);

    batch->bytes = bytes;
    return batch;
}

Test(ring, watermarks_that_wait_merge_and_batches_do_not)
{
    struct sl_ring_budget budget = {.limit_bytes = 1 << 30};
    struct sl_ring *ring = sl_ring_new(&budget);
    struct sl_ring_writer writer;
    struct sl_message message;
    int64_t last_ms = -1;
    size_t count = 0;

    sl_ring_writer_init(&writer, ring);
    for (int64_t i = 0; i < 1000; i++) {
        message = (struct sl_message){.kind = SL_MESSAGE_WATERMARK, .value = i};
        sl_ring_write(&writer, &message);
    }
    message = (struct sl_message){.kind = SL_MESSAGE_BARRIER, .value = 7};
    sl_ring_write(&writer, &message);
    cr_assert(sl_ring_writer_is_full(&writer));
    cr_assert_eq(writer.waiting_count, 2); /* one watermark, the barrier */
    while (sl_ring_pop(ring, &message) || sl_ring_writer_flush(&writer)) {
        if (message.kind == SL_MESSAGE_WATERMARK) {
            cr_assert_geq(message.value, last_ms);
            last_ms = message.value;
        }
        count++;
    }
    cr_assert_eq(last_ms, 999);
    cr_assert_eq(message.kind, SL_MESSAGE_BARRIER);
    cr_assert(sl_ring_take_blocked(ring));
    cr_assert_not(sl_ring_take_blocked(ring));
    sl_ring_writer_done(&writer);
    sl_ring_free(ring);
}

/* What a generator or an operator made has no size of records: its long strings count. */
Test(ring, strings_count_with_their_length)
{
    static char text[1000];
    struct sl_pool *pool = sl_pool_new();
    struct sl_batch *batch = sl_batch_new(pool, 2, 100), *half;
    struct sl_column *strings = sl_column_new(pool, &sl_type_string, 100, false);
    uint16_t rows[50];

    memset(text, 'x', sizeof(text));
    for (size_t i = 0; i < 100; i++)
        ((struct sl_view *)strings->values)[i] = sl_view_of(text, i % 2 ? sizeof(text) : 5);
    for (uint16_t i = 0; i < 50; i++)
        rows[i] = (uint16_t)(2 * i + 1);
    sl_batch_set_column(batch, 0, sl_column_new(pool, &sl_type_bigint, 100, false));
    sl_batch_set_column(batch, 1, strings);
    half = sl_batch_share(pool, batch, rows, 50);
    sl_ring_measure_batch(batch);
    cr_assert_eq(sl_ring_batch_bytes(batch), 100 * (8 + 16) + 50 * sizeof(text));
    sl_ring_measure_batch(half);
    cr_assert_eq(sl_ring_batch_bytes(half), 50 * (8 + 16 + sizeof(text)));
    sl_batch_unref(half);
    sl_batch_unref(batch);
    sl_pool_free(pool);
}

Test(ring, one_batch_fits_though_the_consumer_is_over_its_bytes)
{
    struct sl_ring_budget budget = {.limit_bytes = 1000};
    struct sl_ring *a = sl_ring_new(&budget), *b = sl_ring_new(&budget);
    struct sl_pool *pool = sl_pool_new();
    struct sl_ring_writer writer_a, writer_b;
    struct sl_message message = {.kind = SL_MESSAGE_BATCH};

    sl_ring_writer_init(&writer_a, a);
    sl_ring_writer_init(&writer_b, b);
    message.batch = batch_of(pool, 5000);
    sl_ring_write(&writer_a, &message);
    cr_assert(sl_ring_writer_is_full(&writer_a));
    cr_assert_not(sl_ring_writer_is_full(&writer_b), "an empty ring has room for a batch");
    message.batch = batch_of(pool, 10);
    sl_ring_write(&writer_b, &message);
    cr_assert(sl_ring_writer_is_full(&writer_b));
    cr_assert_not(sl_ring_take_blocked(b), "there is still no room");
    cr_assert(sl_ring_pop(a, &message));
    sl_batch_unref(message.batch);
    cr_assert(sl_ring_take_blocked(a));
    cr_assert(sl_ring_take_blocked(b));
    cr_assert_not(sl_ring_writer_is_full(&writer_b));
    sl_ring_free(a);
    sl_ring_free(b); /* with its batch */
    cr_assert_eq(sl_pool_used_bytes(pool), 0);
    sl_pool_free(pool);
}

/* --- two threads: the producer sleeps when it is full, the consumer when it is empty --- */

#define STRESS_COUNT 200000

struct stress {
    struct sl_ring *ring;
    pthread_mutex_t mutex;
    pthread_cond_t changed;
    bool may_produce;
};

static void *
stress_produce(void *arg)
{
    struct stress *stress = arg;
    struct sl_ring_writer writer;

    sl_ring_writer_init(&writer, stress->ring);
    for (int64_t i = 0; i < STRESS_COUNT; i++) {
        struct sl_message message = {.kind = SL_MESSAGE_BARRIER, .value = i};

        sl_ring_write(&writer, &message);
        while (sl_ring_writer_is_full(&writer)) {
            pthread_mutex_lock(&stress->mutex);
            while (!stress->may_produce)
                pthread_cond_wait(&stress->changed, &stress->mutex);
            stress->may_produce = false;
            pthread_mutex_unlock(&stress->mutex);
            sl_ring_writer_flush(&writer);
        }
    }
    while (writer.waiting_count > 0) {
        sl_ring_writer_flush(&writer);
        sched_yield();
    }
    sl_ring_writer_done(&writer);
    return NULL;
}

Test(ring, a_blocked_producer_is_always_told_of_room)
{
    struct sl_ring_budget budget = {.limit_bytes = 1 << 20};
    struct stress stress = {.ring = sl_ring_new(&budget),
                            .mutex = PTHREAD_MUTEX_INITIALIZER,
                            .changed = PTHREAD_COND_INITIALIZER};
    struct sl_message message;
    pthread_t producer;

    pthread_create(&producer, NULL, stress_produce, &stress);
    for (int64_t expected = 0; expected < STRESS_COUNT;) {
        if (!sl_ring_pop(stress.ring, &message)) {
            sched_yield();
            continue;
        }
        cr_assert_eq(message.value, expected);
        expected++;
        if (sl_ring_take_blocked(stress.ring)) {
            pthread_mutex_lock(&stress.mutex);
            stress.may_produce = true;
            pthread_cond_signal(&stress.changed);
            pthread_mutex_unlock(&stress.mutex);
        }
    }
    pthread_join(producer, NULL);
    sl_ring_free(stress.ring);
}
