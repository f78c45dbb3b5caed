/* The filesystem sink, at least once: rows are staged, and I/O jobs, one at a time, write them into
 * the subtask's parts.  A commit follows each barrier; the end, and closing, close all parts. */
#include "connector/filesystem_internal.h"
#include "connector/filesystem_parts.h"

#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>

enum { FILE_STAGED_WRITE = 256 * 1024, FILE_STAGED_MAX = 8 << 20 };
#define FILE_EPOCH_END UINT64_MAX

struct file_sink {
    struct sl_sink sink;
    struct sl_file_parts parts; /* of the I/O job while it is busy, else of the slot's thread */
    struct sl_buffer working;
    uint64_t working_epoch;
    struct sl_error error;
    struct sl_io_job job;
    _Atomic bool busy;

    struct sl_buffer staged; /* [bucket's length, value's length, bucket, value]… */
    uint64_t barrier_epoch, done_epoch;
    bool is_open, is_usable;
};

static struct file_sink *
sink_of(struct sl_sink *base)
{
    return (struct file_sink *)base;
}

static int
file_sink_open(struct sl_sink *base, struct sl_error *err)
{
    struct file_sink *sink = sink_of(base);
    const struct sl_connector_config *config = base->config;
    char identity[256];

    sl_buffer_init(&sink->staged, SIZE_MAX / 2);
    sl_buffer_init(&sink->working, SIZE_MAX / 2);
    sink->is_open = true;
    snprintf(identity, sizeof(identity), SL_FILE_IDENTITY "/%u", config->job_id,
             config->operator_uid, config->subtask);
    SL_TRY(sl_file_adopt_subtasks(config, err));
    SL_TRY(sl_file_parts_open(&sink->parts, config, identity, err));
    sink->parts.marker.epoch = 0;
    sink->is_usable = true;
    return SL_OK;
}

/* --- on I/O threads --- */

static void
file_sink_add_all(struct file_sink *sink)
{
    const char *at = sink->working.data, *end = at + sink->working.length;

    while (at < end) {
        struct sl_record record = {0};
        uint32_t lengths[2];

        memcpy(lengths, at, sizeof(lengths));
        at += sizeof(lengths);
        record.value = at + lengths[0];
        record.value_length = lengths[1];
        sl_file_parts_add(&sink->parts, (struct sl_text){at, lengths[0]}, &record);
        at = record.value + lengths[1];
    }
    sl_buffer_reset(&sink->working);
}

static int
file_sink_work(struct file_sink *sink, uint64_t epoch, struct sl_error *err)
{
    struct sl_marker marker = {.epoch = epoch};

    file_sink_add_all(sink);
    if (epoch == sink->parts.marker.epoch && sink->parts.closed_count == 0)
        return SL_OK;
    return sl_file_parts_commit(&sink->parts, &marker, epoch == FILE_EPOCH_END, err);
}

static struct file_sink *
sink_of_job(struct sl_io_job *job)
{
    return (struct file_sink *)((char *)job - offsetof(struct file_sink, job));
}

static void
file_sink_run(struct sl_io_job *job)
{
    struct file_sink *sink = sink_of_job(job);

    file_sink_work(sink, sink->working_epoch, &sink->error);
}

static void
file_sink_done(struct sl_io_job *job)
{
    struct file_sink *sink = sink_of_job(job);
    struct sl_env *env = sink->sink.config->env;
    struct sl_wake *wake = sink->sink.config->wake;

    atomic_store_explicit(&sink->busy, false, memory_order_release);
    env->ops->wake_signal(env, wake); /* `sink` may be gone already */
}

/* --- on the slot's thread --- */

/* Begins the next job unless one runs or failed. */
static void
file_sink_submit(struct file_sink *sink)
{
    struct sl_env *env = sink->sink.config->env;
    struct sl_buffer empty;

    if (atomic_load_explicit(&sink->busy, memory_order_acquire) || sink->error.code < 0)
        return;
    empty = sink->working;
    sink->working = sink->staged;
    sink->staged = empty;
    sink->done_epoch = sink->working_epoch;
    sink->working_epoch = sink->barrier_epoch;
    sink->job = (struct sl_io_job){.run = file_sink_run, .done = file_sink_done};
    atomic_store(&sink->busy, true);
    env->ops->io_submit(env, &sink->job);
}

static int
file_sink_failure(const struct file_sink *sink, struct sl_error *err)
{
    if (atomic_load_explicit(&sink->busy, memory_order_acquire) || sink->error.code == 0)
        return SL_OK;
    *err = sink->error;
    return err->code;
}

static int
file_sink_write(struct sl_sink *base, const struct sl_records *records, struct sl_error *err)
{
    struct file_sink *sink = sink_of(base);

    SL_TRY(file_sink_failure(sink, err));
    for (uint32_t i = 0; i < records->count; i++) {
        const struct sl_record *record = &records->items[i];
        struct sl_text bucket = records->asides ? records->asides[i] : SL_TEXT("");
        uint32_t lengths[2] = {(uint32_t)bucket.length, record->value_length};

        if (record->value_length == SL_RECORD_NULL)
            lengths[1] = 0;
        sl_buffer_add(&sink->staged, lengths, sizeof(lengths));
        sl_buffer_add_text(&sink->staged, bucket);
        sl_buffer_add(&sink->staged, record->value, lengths[1]);
    }
    if (sink->staged.length >= FILE_STAGED_WRITE)
        file_sink_submit(sink);
    return sink->staged.length >= FILE_STAGED_MAX ? SL_AGAIN : SL_OK;
}

static bool
file_sink_ready(struct sl_sink *base)
{
    struct file_sink *sink = sink_of(base);

    file_sink_submit(sink);
    return sink->staged.length < FILE_STAGED_MAX || sink->error.code < 0;
}

static int
file_sink_flush(struct sl_sink *base, struct sl_error *err)
{
    struct file_sink *sink = sink_of(base);

    SL_TRY(file_sink_failure(sink, err));
    if (sink->staged.length > 0)
        file_sink_submit(sink);
    return SL_OK;
}

static void
file_sink_barrier(struct sl_sink *base, uint64_t epoch)
{
    sink_of(base)->barrier_epoch = epoch;
    file_sink_submit(sink_of(base));
}

static int
file_sink_acknowledged(struct sl_sink *base, uint64_t *ret_epoch, struct sl_error *err)
{
    struct file_sink *sink = sink_of(base);

    SL_TRY(file_sink_failure(sink, err));
    if (!atomic_load_explicit(&sink->busy, memory_order_acquire)) {
        sink->done_epoch = sink->working_epoch;
        if (sink->done_epoch < sink->barrier_epoch)
            file_sink_submit(sink);
    }
    *ret_epoch = sink->done_epoch;
    return SL_OK;
}

/* A job that stops leaves no rows behind that nobody sees. */
static void
file_sink_close(struct sl_sink *base)
{
    struct file_sink *sink = sink_of(base);
    struct sl_marker marker = {.epoch = sink->barrier_epoch};
    struct sl_error err;

    if (!sink->is_open)
        return;
    while (atomic_load_explicit(&sink->busy, memory_order_acquire))
        sched_yield();
    if (sink->is_usable && sink->error.code == 0 && sink->parts.marker.epoch != FILE_EPOCH_END) {
        sl_buffer_done(&sink->working);
        sink->working = sink->staged;
        sl_buffer_init(&sink->staged, SIZE_MAX / 2);
        file_sink_add_all(sink);
        sl_file_parts_commit(&sink->parts, &marker, true, &err);
    }
    sl_file_parts_close(&sink->parts);
    sl_buffer_done(&sink->staged);
    sl_buffer_done(&sink->working);
}

const struct sl_sink_class sl_file_sink_class = {
    .size = sizeof(struct file_sink),
    .open = file_sink_open,
    .write = file_sink_write,
    .flush = file_sink_flush,
    .barrier = file_sink_barrier,
    .acknowledged = file_sink_acknowledged,
    .ready = file_sink_ready,
    .close = file_sink_close,
};
