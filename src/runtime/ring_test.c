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

/* --- barriers that overtake --- */

struct overtaking {
    struct sl_ring_budget budget;
    struct sl_ring *ring;
    struct sl_ring_writer writer;
    struct sl_pool *pool;
    struct sl_message_list log;
    uint32_t position;
    uint64_t written;
};

static void
overtaking_begin(struct overtaking *fix)
{
    *fix = (struct overtaking){.budget = {.limit_bytes = 1000}, .pool = sl_pool_new()};
    fix->ring = sl_ring_new(&fix->budget);
    sl_ring_writer_init(&fix->writer, fix->ring);
}

static void
overtaking_end(struct overtaking *fix)
{
    sl_message_list_done(&fix->log);
    sl_ring_writer_done(&fix->writer);
    sl_ring_free(fix->ring);
    cr_assert_eq(sl_pool_used_bytes(fix->pool), 0);
    sl_pool_free(fix->pool);
}

/* Batches whose `bytes` number them from 1. */
static void
overtaking_write(struct overtaking *fix, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct sl_message message = {.kind = SL_MESSAGE_BATCH,
                                     .batch = batch_of(fix->pool, ++fix->written)};

        sl_ring_write(&fix->writer, &message);
    }
}

static void
overtaking_write_control(struct overtaking *fix, enum sl_message_kind kind, int64_t value)
{
    struct sl_message message = {.kind = kind, .value = value};

    sl_ring_write(&fix->writer, &message);
}

static uint64_t
overtaking_pop(struct overtaking *fix)
{
    struct sl_message message;
    uint64_t number;

    cr_assert(sl_ring_pop(fix->ring, &message));
    number = message.batch ? message.batch->bytes : 0;
    sl_batch_unref(message.batch);
    return number;
}

/* Numbers from .. to, each once and in order. */
static void
overtaking_check_log(const struct overtaking *fix, uint64_t from, uint64_t to)
{
    cr_assert_eq(fix->log.count, to - from + 1);
    for (size_t i = 0; i < fix->log.count; i++)
        cr_assert_eq(fix->log.items[i].batch->bytes, from + i);
}

Test(ring, what_precedes_a_barrier_in_the_ring_is_seen_ahead_of_it)
{
    struct overtaking fix;

    overtaking_begin(&fix);
    overtaking_write(&fix, 10);
    fix.position = sl_ring_position(fix.ring);
    cr_assert_not(sl_ring_log(fix.ring, 5, &fix.position, NULL), "there is no barrier yet");
    overtaking_write_control(&fix, SL_MESSAGE_BARRIER, 5);
    overtaking_write(&fix, 3);
    cr_assert_not(sl_ring_overtake(&fix.writer, 5), "the barrier is in the ring");
    cr_assert_eq(overtaking_pop(&fix), 1);
    fix.position = sl_ring_position(fix.ring);
    cr_assert(sl_ring_log(fix.ring, 5, &fix.position, &fix.log));
    overtaking_check_log(&fix, 2, 10);
    for (uint64_t i = 2; i <= 10; i++)
        cr_assert_eq(overtaking_pop(&fix), i, "what was seen still comes");
    cr_assert_eq(overtaking_pop(&fix), 0); /* the barrier */
    cr_assert_eq(overtaking_pop(&fix), 11);
    overtaking_end(&fix);
}

Test(ring, what_waits_for_room_is_handed_over_once)
{
    struct overtaking fix;

    overtaking_begin(&fix);
    overtaking_write(&fix, SL_RING_ENTRIES + 20);
    cr_assert_eq(overtaking_pop(&fix), 1);
    fix.position = sl_ring_position(fix.ring);
    cr_assert_not(sl_ring_log(fix.ring, 5, &fix.position, &fix.log));
    overtaking_write_control(&fix, SL_MESSAGE_BARRIER, 5);
    cr_assert(sl_ring_overtake(&fix.writer, 5));
    overtaking_write(&fix, 5); /* of the next epoch */
    cr_assert_eq(overtaking_pop(&fix), 2);
    cr_assert_eq(overtaking_pop(&fix), 3);
    cr_assert(sl_ring_writer_flush(&fix.writer)); /* what was handed over comes into the ring too */
    cr_assert(sl_ring_log(fix.ring, 5, &fix.position, &fix.log));
    overtaking_check_log(&fix, 2, SL_RING_ENTRIES + 20);
    for (uint64_t i = 4; i <= SL_RING_ENTRIES + 25; i++) {
        cr_assert_eq(overtaking_pop(&fix), i, "the barrier is not in the ring");
        sl_ring_writer_flush(&fix.writer);
    }
    cr_assert(sl_ring_is_empty(fix.ring));
    overtaking_end(&fix);
}

Test(ring, an_end_that_waits_stands_for_the_barrier)
{
    struct overtaking fix;

    overtaking_begin(&fix);
    overtaking_write(&fix, SL_RING_ENTRIES + 2);
    overtaking_write_control(&fix, SL_MESSAGE_END, 0);
    fix.position = sl_ring_position(fix.ring);
    cr_assert(sl_ring_overtake(&fix.writer, 9));
    cr_assert(sl_ring_overtake(&fix.writer, 9), "once more does no harm");
    cr_assert(sl_ring_log(fix.ring, 9, &fix.position, &fix.log));
    overtaking_check_log(&fix, 1, SL_RING_ENTRIES + 2);
    cr_assert_eq(fix.writer.waiting[fix.writer.waiting_count - 1].kind, SL_MESSAGE_END);
    overtaking_end(&fix);
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
