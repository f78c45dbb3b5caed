/* Writes a table: rows → (format) → connector.  Which rows are written, sink_rows.c says; a barrier
 * is acknowledged when the connector says so. */
#include "executor/sink.h"

#include "executor/outside.h"
#include "executor/record_format.h"
#include "executor/sink_rows.h"
#include "executor/sink_statement.h"
#include "storage/outbox.h"
#include "storage/snapshot.h"

#include <stdlib.h>

struct op_sink {
    struct sl_op op; /* the first member */
    const struct sl_phys_sink *plan;
    const struct sl_connector_class *connector;
    const struct sl_sink_class *class;
    struct sl_sink *sink;
    struct sl_connector_config config;
    struct sl_encoder *encoder; /* NULL: the connector takes columns */
    struct sl_key_value format;
    uint32_t *written; /* the columns that are in records; NULL: all */
    size_t written_count;
    struct sl_encoded encoded;
    struct sl_record *items; /* SL_BATCH_ROWS_MAX */
    bool has_asides;         /* rows have what goes beside their records */
    struct sl_text *asides;  /* SL_BATCH_ROWS_MAX */
    struct sl_buffer aside_bytes;
    uint32_t timestamp_column; /* of the input; UINT32_MAX: none goes to the record's time */
    struct sl_sink_rows rows;  /* which of them are written */
    struct sl_sink_progress progress;
    bool waits; /* write said SL_AGAIN */
    uint64_t barrier_epoch;
    bool has_outbox; /* records are published with their epoch's checkpoint; `sink` is not used */
    struct sl_sink_statement *statement; /* all is written at the end; `sink` is not used */
    bool is_written;                     /* that was done */
    struct sl_outbox_writer outbox;
    int64_t outbox_bytes; /* of this epoch, as the job knows it */

    struct sl_outside outside;
    bool is_open, is_closing, is_closed;
};

static struct op_sink *
sink_of(const struct sl_op *op)
{
    return (struct op_sink *)(uintptr_t)op;
}

/* --- opening and closing, on I/O threads --- */

static struct op_sink *
sink_outside(struct sl_outside *outside)
{
    return (struct op_sink *)((char *)outside - offsetof(struct op_sink, outside));
}

static int
sink_run_open(struct sl_outside *outside, struct sl_error *err)
{
    struct op_sink *sink = sink_outside(outside);

    return sink->class->open(sink->sink, err);
}

static int
sink_run_close(struct sl_outside *outside, struct sl_error *err)
{
    struct op_sink *sink = sink_outside(outside);

    sink->class->close(sink->sink);
    return SL_OK;
}

int
sl_sink_start(struct sl_op *op, struct sl_error *err)
{
    struct op_sink *sink = sink_of(op);
    bool is_done;

    if (sink->has_outbox || sink->statement)
        return SL_OK;
    if (!sink->is_open) {
        sink->is_open = true;
        sl_outside_submit(&sink->outside, op->context, sink_run_open);
    }
    return sl_outside_check(&sink->outside, &is_done, err);
}

int
sl_sink_stop(struct sl_op *op)
{
    struct op_sink *sink = sink_of(op);
    struct sl_error err; /* of a job that nobody waits for any more */
    bool is_done;

    if (sink->statement)
        return sl_outside_check(&sink->outside, &is_done, &err) == SL_AGAIN ? SL_AGAIN : SL_OK;
    if (!sink->is_open || sink->is_closed)
        return SL_OK;
    if (sl_outside_check(&sink->outside, &is_done, &err) == SL_AGAIN)
        return SL_AGAIN;
    if (sink->is_closing) {
        sink->is_closed = true;
        return SL_OK;
    }
    sink->is_closing = true;
    sl_outside_submit(&sink->outside, op->context, sink_run_close);
    return SL_AGAIN;
}

/* --- the operator's own part of opening --- */

static void
sink_make_config(struct op_sink *sink)
{
    const struct sl_phys_sink *plan = sink->plan;
    const struct sl_op_context *context = sink->op.context;

    sink->config = (struct sl_connector_config){
        SL_OUTSIDE_CONFIG(context, plan),
        .partition_by = plan->partition_by,
        .partition_by_count = plan->partition_by_count,
        .operator_uid = sink->op.node->uid,
        .guarantee = plan->guarantee,
    };
}

/* Are rows kept as records, and written by a publisher later? */
static bool
sink_is_late(const struct op_sink *sink)
{
    return sink->has_outbox || sink->statement;
}

/* Partition columns are not in records. */
static const struct sl_schema *
sink_written_columns(struct op_sink *sink)
{
    const struct sl_phys_sink *plan = sink->plan;
    struct sl_arena *arena = sink->op.context->arena;
    struct sl_schema *schema;

    if (plan->partition_by_count == 0)
        return plan->physical;
    schema = sl_schema_new(arena, plan->physical->count);
    sink->written = SL_NEW_ARRAY(arena, uint32_t, plan->physical->count);
    for (uint32_t i = 0; i < plan->physical->count; i++) {
        bool is_partition = false;

        for (size_t k = 0; k < plan->partition_by_count; k++)
            is_partition |= plan->partition_by[k] == i;
        if (is_partition)
            continue;
        schema->columns[sink->written_count] = plan->physical->columns[i];
        sink->written[sink->written_count++] = i;
    }
    schema->count = sink->written_count;
    return schema;
}

static int
sink_open_encoder(struct op_sink *sink, struct sl_error *err)
{
    const struct sl_phys_sink *plan = sink->plan;
    struct sl_arena *arena = sink->op.context->arena;
    const char *name = plan->format ? plan->format : sink->connector->descriptor.internal_format;
    const struct sl_format_class *class;

    if (sink->class->takes_columns)
        return SL_OK;
    sink->format.config = (struct sl_format_config){
        .options = plan->options,
        .physical = sink_written_columns(sink),
        .primary_key = plan->primary_key,
        .zone = sink->op.context->expr_settings.zone,
    };
    sink->format.config.primary_key_count = sink->written ? 0 : plan->primary_key_count;
    SL_TRY(
        sl_record_format(arena, &plan->record, name, plan->table_name, &sink->format, &class, err));
    if (class->encoder_size == 0)
        return SL_ERROR(err, SL_E_UNDEFINED_OBJECT,
                        "table \"%s\" has no format that can be written", plan->table_name);
    sink->items = SL_NEW_ARRAY(arena, struct sl_record, SL_BATCH_ROWS_MAX);
    sink->asides = SL_NEW_ARRAY(arena, struct sl_text, SL_BATCH_ROWS_MAX);
    /* What has no outbox takes metadata out of the rows. */
    sink->has_asides = sink->connector->aside && (plan->partition_by_count > 0 ||
                                                  (sink_is_late(sink) && plan->metadata_count > 0));
    return sl_encoder_new(class, &sink->format.config, &sink->encoder, err);
}

/* A record carries its time itself; what else there is the connector takes out of the rows. */
static int
sink_open_metadata(struct op_sink *sink, struct sl_error *err)
{
    const struct sl_phys_sink *plan = sink->plan;

    sink->timestamp_column = UINT32_MAX;
    for (size_t i = 0; i < plan->metadata_count; i++) {
        if (sink->class->takes_columns)
            return SL_ERROR(err, SL_E_NOT_SUPPORTED,
                            "metadata \"%s\" of table \"%s\" cannot be written", plan->metadata[i],
                            plan->table_name);
        if (strcmp(plan->metadata[i], "timestamp") == 0)
            sink->timestamp_column = plan->metadata_columns[i];
    }
    return SL_OK;
}

static int
sink_open(struct sl_op *op, struct sl_error *err)
{
    struct op_sink *sink = sink_of(op);

    sink->plan = op->node->detail;
    sl_encoded_init(&sink->encoded);
    sl_outbox_writer_init(&sink->outbox, op->context->env, op->context->data_directory);
    sl_buffer_init(&sink->aside_bytes, SIZE_MAX / 2);
    sink->has_outbox = op->context->checkpointed && sl_sink_has_outbox(op->node);
    if (sink->plan->atomic && !sink->has_outbox)
        sink->statement = sl_sink_statement_new(op);
    sink->connector = sl_connector_find(sink->plan->connector);
    if (sink->connector == NULL || sink->connector->sink == NULL)
        return SL_ERROR(err, SL_E_UNDEFINED_OBJECT,
                        "connector \"%s\" of table \"%s\" cannot be written to",
                        sink->plan->connector, sink->plan->table_name);
    sink->class = sink->connector->sink;
    sl_sink_rows_open(&sink->rows, sink->plan, op->context);
    sink_make_config(sink);
    SL_TRY(sink_open_metadata(sink, err));
    SL_TRY(sink_open_encoder(sink, err));
    sink->sink = sl_arena_alloc(op->context->arena, sink->class->size);
    sink->sink->class = sink->class;
    sink->sink->config = &sink->config;
    return SL_OK;
}

static void
sink_close(struct sl_op *op)
{
    struct op_sink *sink = sink_of(op);

    if (sink->encoder)
        sl_encoder_free(sink->encoder);
    sl_encoded_done(&sink->encoded);
    if (sink->has_outbox)
        sink->op.context->outbox->epoch_bytes -= sink->outbox_bytes;
    sl_outbox_writer_done(&sink->outbox);
    sl_sink_statement_free(sink->statement);
    sl_buffer_done(&sink->aside_bytes);
}

/* --- writing --- */

static int64_t
sink_timestamp(const struct op_sink *sink, const struct sl_batch *batch, size_t i)
{
    const struct sl_column *column;
    size_t row = sl_batch_row(batch, i);

    if (sink->timestamp_column == UINT32_MAX)
        return INT64_MIN;
    column = batch->columns[sink->timestamp_column];
    return sl_column_is_null(column, row) ? INT64_MIN : ((const int64_t *)column->values)[row];
}

/* The columns that are in records; a new reference. */
static struct sl_batch *
sink_written_batch(const struct op_sink *sink, struct sl_batch *batch)
{
    struct sl_pool *pool = sink->op.context->pool;
    struct sl_batch *made;

    if (!sink->written)
        return sl_batch_ref(batch);
    made = sl_batch_new(pool, sink->written_count, batch->row_count);
    for (size_t i = 0; i < sink->written_count; i++)
        sl_batch_set_column(made, i, sl_column_ref(batch->columns[sink->written[i]]));
    if (batch->selection) {
        memcpy(sl_batch_add_selection(made, pool), batch->selection,
               batch->selection_count * sizeof(*batch->selection));
        made->selection_count = batch->selection_count;
    }
    if (batch->kinds)
        memcpy(sl_batch_add_kinds(made, pool), batch->kinds, batch->row_count);
    return made;
}

static int
sink_encode(struct op_sink *sink, struct sl_batch *batch, struct sl_error *err)
{
    struct sl_batch *written = sink_written_batch(sink, batch);
    int rc;

    sl_encoded_reset(&sink->encoded);
    rc = sink->encoder->class->encode(sink->encoder, written, &sink->encoded, err);
    sl_batch_unref(written);
    return rc;
}

static int
sink_make_asides(struct op_sink *sink, const struct sl_sink_metadata *rows, size_t live,
                 struct sl_error *err)
{
    const char *at;

    sl_buffer_reset(&sink->aside_bytes);
    for (size_t i = 0; i < live; i++) {
        size_t start = sink->aside_bytes.length;

        SL_TRY(sink->connector->aside(&sink->config, rows, sl_batch_row(rows->batch, i),
                                      &sink->aside_bytes, err));
        sink->asides[i].length = sink->aside_bytes.length - start;
    }
    at = sink->aside_bytes.length ? sink->aside_bytes.data : "";
    for (size_t i = 0; i < live; i++) {
        sink->asides[i].start = at;
        at += sink->asides[i].length;
    }
    return SL_OK;
}

static void
sink_note_outbox(struct op_sink *sink, int64_t bytes)
{
    sink->op.context->outbox->epoch_bytes += bytes - sink->outbox_bytes;
    sink->outbox_bytes = bytes;
}

/* Records of the rows that were encoded. */
static void
sink_fill_items(struct op_sink *sink, const struct sl_batch *batch, size_t live)
{
    const struct sl_encoded *values = &sink->encoded, *keys = values->keys;

    for (size_t i = 0; i < live; i++) {
        sink->items[i] = (struct sl_record){
            .value = values->data.data + values->offsets[i],
            .value_length =
                values->is_null[i] ? SL_RECORD_NULL : values->offsets[i + 1] - values->offsets[i],
            .key_length = SL_RECORD_NULL,
            .timestamp_us = sink_timestamp(sink, batch, i)};
        if (!keys || keys->is_null[i])
            continue;
        sink->items[i].key = keys->data.data + keys->offsets[i];
        sink->items[i].key_length = keys->offsets[i + 1] - keys->offsets[i];
    }
}

static int
sink_write_records(struct op_sink *sink, struct sl_batch *batch, struct sl_error *err)
{
    struct sl_sink_metadata metadata = {batch, sink->plan->metadata_columns};
    struct sl_records records = {.items = sink->items,
                                 .metadata = sink->plan->metadata_count ? &metadata : NULL,
                                 .asides = sink->has_asides ? sink->asides : NULL};
    size_t live = sl_batch_live_count(batch);

    SL_TRY(sink_encode(sink, batch, err));
    if (sink->has_asides)
        SL_TRY(sink_make_asides(sink, &metadata, live, err));
    SL_ASSERT(sink->encoded.count == live);
    sink_fill_items(sink, batch, live);
    records.count = (uint32_t)live;
    records.bytes = sink->encoded.data.length;
    if (sink->encoded.keys)
        records.bytes += sink->encoded.keys->data.length;
    sink->progress.bytes += records.bytes;
    if (sink->statement)
        return sl_sink_statement_add(sink->statement, &records, err);
    if (!sink->has_outbox)
        return sink->class->write(sink->sink, &records, err);
    for (size_t i = 0; i < live; i++)
        sl_outbox_add(&sink->outbox, &sink->items[i],
                      sink->has_asides ? sink->asides[i] : SL_TEXT(""));
    sink_note_outbox(sink, (int64_t)sl_outbox_size(&sink->outbox));
    return SL_OK;
}

/* A row's error while it is written goes by the table's policy only for NOT NULL; what the
 * connector or the format refuses fails the job. */
static int
sink_batch(struct sl_op *op, unsigned input, struct sl_batch *batch, struct sl_out *out,
           struct sl_error *err)
{
    struct op_sink *sink = sink_of(op);
    struct sl_batch *chosen = NULL;
    int rc = SL_OK;

    SL_TRY(
        sl_sink_rows_select(&sink->rows, batch, out, &sink->progress.skipped_rows, &chosen, err));
    if (sl_batch_live_count(chosen) > 0) {
        sink->progress.rows += sl_batch_live_count(chosen);
        if (sink->class->takes_columns) {
            sink->progress.bytes += chosen->bytes;
            rc = sink->class->write_batch(sink->sink, chosen, err);
        } else {
            rc = sink_write_records(sink, chosen, err);
        }
    }
    sl_batch_unref(chosen);
    if (rc == SL_AGAIN)
        sink->waits = true;
    return rc < 0 ? rc : SL_OK;
}

bool
sl_sink_is_ready(const struct sl_op *op)
{
    struct op_sink *sink = sink_of(op);

    if (sink->waits && (sink->class->ready == NULL || sink->class->ready(sink->sink)))
        sink->waits = false;
    return !sink->waits;
}

int
sl_sink_flush(struct sl_op *op, struct sl_error *err)
{
    struct op_sink *sink = sink_of(op);

    return sink->is_open ? sink->class->flush(sink->sink, err) : SL_OK;
}

/* The rows of the epoch that ends go with its checkpoint. */
static void
sink_hand_over(struct op_sink *sink, struct sl_snapshot *snapshot)
{
    const struct sl_op_context *context = sink->op.context;

    struct sl_outbox_segment *segment = sl_outbox_end(&sink->outbox);

    if (segment)
        sl_snapshot_add_segment(snapshot, sink->op.node->uid,
                                context->subtask % sl_sink_lane_count(sink->op.node),
                                context->subtask, segment);
    sink_note_outbox(sink, 0);
}

static int
sink_barrier(struct sl_op *op, uint64_t epoch, struct sl_snapshot *snapshot, struct sl_error *err)
{
    struct op_sink *sink = sink_of(op);

    if (sink->has_outbox && snapshot)
        sink_hand_over(sink, snapshot);
    if (sink->barrier_epoch == SL_SINK_EPOCH_END)
        return SL_OK; /* nothing was written since */
    SL_TRY(sl_sink_flush(op, err));
    sink->barrier_epoch = epoch;
    if (sink->is_open && sink->class->barrier)
        sink->class->barrier(sink->sink, epoch);
    return SL_OK;
}

static int
sink_run_statement(struct sl_outside *outside, struct sl_error *err)
{
    return sl_sink_statement_write(sink_outside(outside)->statement, err);
}

static int
sink_end(struct sl_op *op, struct sl_out *out, struct sl_error *err)
{
    struct op_sink *sink = sink_of(op);

    if (sink->statement && sink->progress.rows > 0)
        sl_outside_submit(&sink->outside, op->context, sink_run_statement);
    else
        sink->is_written = true;
    return sink_barrier(op, SL_SINK_EPOCH_END, NULL, err);
}

void
sl_sink_set_ended(struct sl_op *op)
{
    sink_of(op)->barrier_epoch = SL_SINK_EPOCH_END;
}

/* Barriers of settle ask for nothing: only the end writes. */
static int
sink_statement_acknowledged(struct op_sink *sink, uint64_t *ret_epoch, struct sl_error *err)
{
    bool is_done, has_ended = sink->barrier_epoch == SL_SINK_EPOCH_END;
    int rc = sl_outside_check(&sink->outside, &is_done, err);

    if (rc < 0)
        return rc;
    sink->is_written |= is_done;
    *ret_epoch = has_ended && !sink->is_written ? 0 : sink->barrier_epoch;
    return SL_OK;
}

int
sl_sink_acknowledged(struct sl_op *op, uint64_t *ret_epoch, struct sl_error *err)
{
    struct op_sink *sink = sink_of(op);
    int rc;

    if (sink->statement)
        return sink_statement_acknowledged(sink, ret_epoch, err);
    if (!sink->is_open || sink->class->acknowledged == NULL) {
        *ret_epoch = sink->barrier_epoch;
        return SL_OK;
    }
    rc = sink->class->acknowledged(sink->sink, ret_epoch, err);
    return rc < 0 ? rc : SL_OK;
}

const struct sl_sink_progress *
sl_sink_progress(const struct sl_op *op)
{
    return &sink_of(op)->progress;
}

const struct sl_op_class sl_op_sink = {
    .name = "Sink",
    .size = sizeof(struct op_sink),
    .open = sink_open,
    .batch = sink_batch,
    .end = sink_end,
    .barrier = sink_barrier,
    .close = sink_close,
};
