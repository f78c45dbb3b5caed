/* The postgres sink, at least once: rows are gathered, and written by an I/O thread in
 * transactions.
 *
 * 1. What `gathered` holds belongs to the slot; what `sent` holds to the I/O job while `busy`.  The
 *    job hands over by releasing `busy`.
 * 2. One write is under way at a time, so rows keep their order.
 * 3. A barrier is acknowledged when as many rows are written as had come before it. */
#include "connector/postgres_internal.h"

#include <poll.h>
#include <stdatomic.h>
#include <stdlib.h>

enum { SINK_BYTES_MAX = 16 << 20 }; /* gathered; then the writer waits */

/* Rows, copied: their frames lie one behind another. */
struct pg_rows {
    struct sl_buffer bytes;
    uint32_t *lengths;
    uint32_t count, capacity;
};

struct pg_sink {
    struct sl_sink sink;
    struct sl_arena arena;
    struct sl_pg_options options;
    struct sl_pg_client client;
    struct sl_pg_target target;
    struct sl_pg_writer *writer;
    struct pg_rows gathered, sent;
    struct sl_record *items;
    uint32_t item_capacity;
    struct sl_io_job job;
    _Atomic bool busy;
    struct sl_error error; /* of the last write */
    uint64_t taken_rows, written_rows, sent_rows;
    uint64_t barrier_epoch, barrier_rows, acknowledged_epoch;
    int64_t oldest_us; /* when the first gathered row came */
    bool is_open;
};

static struct pg_sink *
sink_of(struct sl_sink *base)
{
    return (struct pg_sink *)base;
}

/* --- opening, on an I/O thread --- */

static int
pg_sink_connect(struct pg_sink *sink, struct sl_error *err)
{
    if (sink->client.connection)
        return SL_OK;
    return sl_pg_open(&sink->client, &sink->options, sink->options.timeout_us, err);
}

static int
pg_sink_open(struct sl_sink *base, struct sl_error *err)
{
    struct pg_sink *sink = sink_of(base);
    const struct sl_connector_config *config = base->config;

    sl_arena_init(&sink->arena);
    sl_buffer_init(&sink->gathered.bytes, SIZE_MAX / 2);
    sl_buffer_init(&sink->sent.bytes, SIZE_MAX / 2);
    sink->is_open = true;
    SL_TRY(sl_pg_options_read(&sink->arena, config->options, &sink->options, err));
    SL_TRY(pg_sink_connect(sink, err));
    sink->target = (struct sl_pg_target){.physical = config->physical,
                                         .primary_key = config->primary_key,
                                         .primary_key_count = config->primary_key_count};
    SL_TRY(sl_pg_target_open(&sink->client, &sink->arena, &sink->target, err));
    sink->writer = sl_pg_writer_new(&sink->target);
    return SL_OK;
}

/* --- writing, on an I/O thread --- */

static void
pg_sink_list(struct pg_sink *sink, struct sl_records *ret_records)
{
    const char *at = sink->sent.bytes.data;

    if (sink->sent.count > sink->item_capacity) {
        sink->item_capacity = sink->sent.capacity;
        sink->items = sl_realloc(sink->items, sink->item_capacity * sizeof(*sink->items));
    }
    for (uint32_t i = 0; i < sink->sent.count; i++) {
        sink->items[i] = (struct sl_record){
            .value = at, .value_length = sink->sent.lengths[i], .key_length = SL_RECORD_NULL};
        at += sink->sent.lengths[i];
    }
    *ret_records = (struct sl_records){.items = sink->items, .count = sink->sent.count};
}

static int
pg_sink_write_once(struct pg_sink *sink, struct sl_error *err)
{
    struct sl_records records;
    int rc = pg_sink_connect(sink, err);

    pg_sink_list(sink, &records);
    if (rc == SL_OK)
        rc = sl_pg_run(&sink->client, "BEGIN", NULL, err);
    if (rc == SL_OK)
        rc = sl_pg_write(sink->writer, &sink->client, &records, err);
    if (rc == SL_OK)
        rc = sl_pg_run(&sink->client, "COMMIT", NULL, err);
    if (rc < 0)
        sl_pg_close(&sink->client);
    return rc;
}

static void
pg_sink_run(struct sl_io_job *job)
{
    struct pg_sink *sink = (struct pg_sink *)((char *)job - offsetof(struct pg_sink, job));
    int rc = SL_OK;

    for (int64_t i = 0; i <= sink->options.retries; i++) {
        sl_error_reset(&sink->error);
        rc = pg_sink_write_once(sink, &sink->error);
        if (rc == SL_OK || !sl_error_is_retryable(rc))
            break;
    }
}

static void
pg_sink_done(struct sl_io_job *job)
{
    struct pg_sink *sink = (struct pg_sink *)((char *)job - offsetof(struct pg_sink, job));
    struct sl_env *env = sink->sink.config->env;
    struct sl_wake *wake = sink->sink.config->wake;

    atomic_store_explicit(&sink->busy, false, memory_order_release);
    env->ops->wake_signal(env, wake); /* `sink` may be gone already */
}

/* --- on the slot's thread --- */

static bool
pg_sink_is_busy(struct pg_sink *sink)
{
    return atomic_load_explicit(&sink->busy, memory_order_acquire);
}

/* Notes what came of the last write; an error stays. */
static int
pg_sink_take(struct pg_sink *sink, struct sl_error *err)
{
    if (pg_sink_is_busy(sink))
        return SL_OK;
    if (sink->error.code < 0) {
        *err = sink->error;
        return err->code;
    }
    sink->written_rows = sink->sent_rows;
    return SL_OK;
}

/* Begins to write what is gathered, unless a write is under way. */
static void
pg_sink_send(struct pg_sink *sink)
{
    struct sl_env *env = sink->sink.config->env;
    struct pg_rows rows = sink->sent;

    if (pg_sink_is_busy(sink) || sink->gathered.count == 0)
        return;
    sink->sent = sink->gathered;
    sink->gathered = rows;
    sl_buffer_reset(&sink->gathered.bytes);
    sink->gathered.count = 0;
    sink->sent_rows = sink->taken_rows;
    sink->job = (struct sl_io_job){.run = pg_sink_run, .done = pg_sink_done};
    atomic_store(&sink->busy, true);
    env->ops->io_submit(env, &sink->job);
}

static void
pg_sink_gather(struct pg_sink *sink, const struct sl_records *records)
{
    struct pg_rows *rows = &sink->gathered;

    if (rows->count == 0)
        sink->oldest_us = sl_monotonic_us(sink->sink.config->env);
    if (rows->count + records->count > rows->capacity) {
        rows->capacity = SL_MAX(rows->capacity * 2, rows->count + records->count);
        rows->lengths = sl_realloc(rows->lengths, rows->capacity * sizeof(*rows->lengths));
    }
    for (uint32_t i = 0; i < records->count; i++) {
        sl_buffer_add(&rows->bytes, records->items[i].value, records->items[i].value_length);
        rows->lengths[rows->count++] = records->items[i].value_length;
    }
    sink->taken_rows += records->count;
}

static bool
pg_sink_is_due(const struct pg_sink *sink)
{
    const struct sl_pg_options *options = &sink->options;

    if (options->buffer_rows > 0 && sink->gathered.count >= options->buffer_rows)
        return true;
    if (sink->gathered.bytes.length >= SINK_BYTES_MAX / 4)
        return true;
    return options->buffer_us > 0 &&
           sl_monotonic_us(sink->sink.config->env) - sink->oldest_us >= options->buffer_us;
}

static bool
pg_sink_has_room(const struct pg_sink *sink)
{
    return sink->gathered.bytes.length < SINK_BYTES_MAX;
}

static int
pg_sink_write(struct sl_sink *base, const struct sl_records *records, struct sl_error *err)
{
    struct pg_sink *sink = sink_of(base);

    SL_TRY(pg_sink_take(sink, err));
    pg_sink_gather(sink, records);
    if (pg_sink_is_due(sink))
        pg_sink_send(sink);
    return pg_sink_has_room(sink) ? SL_OK : SL_AGAIN;
}

static bool
pg_sink_ready(struct sl_sink *base)
{
    struct pg_sink *sink = sink_of(base);
    struct sl_error err; /* it comes out of the next write, too */

    if (pg_sink_take(sink, &err) < 0)
        return true;
    pg_sink_send(sink);
    return pg_sink_has_room(sink);
}

/* What is gathered while a write is under way goes out with `acknowledged`, which is asked when
 * that write is done and the input is dry. */
static int
pg_sink_flush(struct sl_sink *base, struct sl_error *err)
{
    struct pg_sink *sink = sink_of(base);

    SL_TRY(pg_sink_take(sink, err));
    pg_sink_send(sink);
    return SL_OK;
}

static void
pg_sink_barrier(struct sl_sink *base, uint64_t epoch)
{
    struct pg_sink *sink = sink_of(base);

    sink->barrier_epoch = epoch;
    sink->barrier_rows = sink->taken_rows;
}

static int
pg_sink_acknowledged(struct sl_sink *base, uint64_t *ret_epoch, struct sl_error *err)
{
    struct pg_sink *sink = sink_of(base);
    bool waits = sink->options.waits || sink->barrier_epoch == UINT64_MAX;

    SL_TRY(pg_sink_take(sink, err));
    pg_sink_send(sink);
    if (!waits || sink->written_rows >= sink->barrier_rows)
        sink->acknowledged_epoch = sink->barrier_epoch;
    *ret_epoch = sink->acknowledged_epoch;
    return SL_OK;
}

/* --- closing, on an I/O thread --- */

static void
pg_rows_done(struct pg_rows *rows)
{
    sl_buffer_done(&rows->bytes);
    free(rows->lengths);
}

static void
pg_sink_close(struct sl_sink *base)
{
    struct pg_sink *sink = sink_of(base);

    if (!sink->is_open)
        return;
    while (pg_sink_is_busy(sink)) /* another I/O thread waits for the server */
        poll(NULL, 0, 5);
    sl_pg_writer_free(sink->writer);
    sl_pg_close(&sink->client);
    pg_rows_done(&sink->gathered);
    pg_rows_done(&sink->sent);
    free(sink->items);
    sl_arena_done(&sink->arena);
}

const struct sl_sink_class sl_pg_sink_class = {
    .size = sizeof(struct pg_sink),
    .open = pg_sink_open,
    .write = pg_sink_write,
    .flush = pg_sink_flush,
    .barrier = pg_sink_barrier,
    .acknowledged = pg_sink_acknowledged,
    .ready = pg_sink_ready,
    .close = pg_sink_close,
};
