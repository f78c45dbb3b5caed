/* Reads a table: source → records → rows → watermark → filter → projection → emit.  The task loop
 * drives it through scan.h; one step makes one batch at most. */
#include "executor/scan_internal.h"

#include <stdlib.h>

/* A quarter of a slot's memory as it is by default. */
#define SCAN_BUFFER_BYTES (INT64_C(128) << 20)

static struct op_scan *
scan_of(const struct sl_op *op)
{
    return (struct op_scan *)(uintptr_t)op;
}

/* --- opening --- */

static void
scan_make_config(struct op_scan *scan)
{
    const struct sl_phys_scan *plan = scan->plan;
    const struct sl_op_context *context = scan->op.context;

    scan->config = (struct sl_connector_config){
        SL_OUTSIDE_CONFIG(context, plan),
        .bounded = plan->bounded,
        .with_keys = plan->record.key_format != NULL,
        .partition_keys = plan->partition_keys,
        .partition_types = plan->partition_types,
        .partition_by_count = plan->partition_count,
        .columns = plan->decoded,
        .column_count = plan->decoded_count,
        .buffer_bytes = SCAN_BUFFER_BYTES,
    };
}

static int
scan_open_decoder(struct op_scan *scan, struct sl_error *err)
{
    const char *name =
        scan->plan->format ? scan->plan->format : scan->connector->descriptor.internal_format;
    const struct sl_format_class *class;

    if (scan->class->makes_columns)
        return SL_OK;
    scan->format.config = (struct sl_format_config){
        .options = scan->plan->options,
        .physical = scan->plan->physical,
        .columns = scan->plan->decoded,
        .column_count = scan->plan->decoded_count,
        .zone = scan->op.context->expr_settings.zone,
    };
    SL_TRY(sl_record_format(scan->op.context->arena, &scan->plan->record, name,
                            scan->plan->table_name, &scan->format, &class, err));
    if (class->decoder_size == 0)
        return SL_ERROR(err, SL_E_UNDEFINED_OBJECT, "table \"%s\" has no format that can be read",
                        scan->plan->table_name);
    if (class->line_rule)
        SL_TRY(class->line_rule(&scan->format.config, &scan->config.lines, err));
    return sl_decoder_new(class, &scan->format.config, &scan->decoder, err);
}

/* The connector's keys, and behind them the partition columns; SIZE_MAX: there is none. */
static size_t
scan_metadata_key(const struct op_scan *scan, const char *name)
{
    const struct sl_connector_descriptor *descriptor = &scan->connector->descriptor;
    const struct sl_phys_scan *plan = scan->plan;
    size_t prefix = strlen(SL_PARTITION_METADATA);

    for (size_t i = 0; i < descriptor->metadata_count; i++)
        if (strcmp(descriptor->metadata[i].name, name) == 0)
            return i;
    for (size_t i = 0; i < plan->partition_count; i++)
        if (strncmp(name, SL_PARTITION_METADATA, prefix) == 0 &&
            strcmp(name + prefix, plan->partition_keys[i]) == 0)
            return descriptor->metadata_count + i;
    return SIZE_MAX;
}

static int
scan_find_metadata(struct op_scan *scan, struct sl_error *err)
{
    const struct sl_phys_scan *plan = scan->plan;

    scan->metadata_keys = SL_NEW_ARRAY(scan->op.context->arena, size_t, plan->metadata_count);
    for (size_t i = 0; i < plan->metadata_count; i++) {
        size_t key = scan_metadata_key(scan, plan->metadata[i]);

        if (key == SIZE_MAX || scan->class->makes_columns)
            return SL_ERROR(err, SL_E_UNDEFINED_OBJECT, "connector \"%s\" has no metadata \"%s\"",
                            plan->connector, plan->metadata[i]);
        scan->metadata_keys[i] = key;
    }
    return SL_OK;
}

static bool
scan_only_picks(const struct sl_phys_scan *plan, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (plan->exprs[i]->kind != SL_EXPR_COLUMN)
            return false;
    }
    return true;
}

static void
scan_open_programs(struct op_scan *scan)
{
    const struct sl_phys_scan *plan = scan->plan;
    struct sl_op_context *context = scan->op.context;
    size_t count = scan->op.node->schema->count;

    scan->selection = SL_NEW_ARRAY(context->arena, uint16_t, SL_BATCH_ROWS_MAX);
    if (plan->filter)
        scan->filter = sl_op_eval_new(context, &plan->filter, 1);
    if (!scan_only_picks(plan, count))
        scan->projection = sl_op_eval_new(context, plan->exprs, count);
}

static int
scan_open(struct sl_op *op, struct sl_error *err)
{
    struct op_scan *scan = scan_of(op);

    scan->plan = op->node->detail;
    sl_arena_init(&scan->io_arena);
    sl_map_init(&scan->known, false);
    sl_map_init(&scan->restored_ids, false);
    scan->connector = sl_connector_find(scan->plan->connector);
    if (scan->connector == NULL || scan->connector->source == NULL)
        return SL_ERROR(err, SL_E_UNDEFINED_OBJECT,
                        "connector \"%s\" of table \"%s\" cannot be read", scan->plan->connector,
                        scan->plan->table_name);
    if (op->node->dead.sink)
        scan->dead_rows = sl_side_rows_new(op, op->node->dead.sink);
    scan->class = scan->connector->source;
    scan_make_config(scan);
    sl_scan_time_init(scan);
    sl_scan_align_init(scan);
    scan_open_programs(scan);
    SL_TRY(scan_find_metadata(scan, err));
    SL_TRY(scan_open_decoder(scan, err));
    scan->source = sl_arena_alloc(op->context->arena, scan->class->size);
    scan->source->class = scan->class;
    scan->source->config = &scan->config;
    return SL_OK;
}

int
sl_scan_start(struct sl_op *op, struct sl_error *err)
{
    struct op_scan *scan = scan_of(op);
    int rc;

    if (!scan->is_open) {
        scan->is_open = true;
        sl_scan_io_submit(scan, SL_SCAN_IO_OPEN);
    }
    rc = sl_scan_io_check(scan, err);
    if (rc != SL_OK)
        return rc;
    SL_ASSERT(scan->is_started);
    sl_scan_align_begin(scan);
    sl_scan_time_schedule(scan);
    return SL_OK;
}

/* --- filter, projection --- */

/* The rows that pass; takes over and returns a reference, NULL: none passed. */
static int
scan_run_filter(struct op_scan *scan, struct sl_batch **batch, int64_t now_us, struct sl_out *out,
                struct sl_error *err)
{
    struct sl_batch *passed;
    size_t count;

    sl_eval_set_now(scan->filter, now_us, scan->before_ms);
    if (sl_eval_filter(scan->filter, *batch, scan->selection, &count) > 0) {
        size_t error_count;
        const struct sl_row_error *errors = sl_eval_errors(scan->filter, &error_count);

        SL_TRY(out->error(out, *batch, errors, error_count, err));
    }
    if (count == sl_batch_live_count(*batch))
        return SL_OK;
    passed = sl_batch_share(scan->op.context->pool, *batch, scan->selection, count);
    sl_batch_unref(*batch);
    *batch = passed;
    return SL_OK;
}

static size_t
scan_select_good(struct op_scan *scan, const struct sl_batch *batch,
                 const struct sl_row_error *errors, size_t error_count)
{
    uint64_t bad[SL_BATCH_ROWS_MAX / 64] = {0};
    size_t count = 0;

    for (size_t i = 0; i < error_count; i++)
        bad[errors[i].row / 64] |= UINT64_C(1) << (errors[i].row % 64);
    for (size_t i = 0; i < sl_batch_live_count(batch); i++) {
        size_t row = sl_batch_row(batch, i);

        if (!(bad[row / 64] >> (row % 64) & 1))
            scan->selection[count++] = (uint16_t)row;
    }
    return count;
}

/* A batch with the projected columns (references taken over) and everything else of `batch`. */
static struct sl_batch *
scan_project_onto(struct op_scan *scan, const struct sl_batch *batch, struct sl_column **columns,
                  const uint16_t *selection, size_t selection_count)
{
    struct sl_pool *pool = scan->op.context->pool;
    size_t count = scan->op.node->schema->count;
    struct sl_batch *made = sl_batch_new(pool, count, batch->row_count);

    for (size_t i = 0; i < count; i++)
        sl_batch_set_column(made, i, columns[i]);
    if (selection) {
        memcpy(sl_batch_add_selection(made, pool), selection, selection_count * sizeof(*selection));
        made->selection_count = (uint32_t)selection_count;
    }
    if (batch->kinds)
        memcpy(sl_batch_add_kinds(made, pool), batch->kinds, batch->row_count);
    if (batch->mark_count)
        memcpy(sl_batch_add_marks(made, pool, batch->mark_count), batch->marks,
               batch->mark_count * sizeof(*batch->marks));
    made->split = batch->split;
    made->bytes = batch->bytes;
    return made;
}

static int
scan_project(struct op_scan *scan, const struct sl_batch *batch, int64_t now_us, struct sl_out *out,
             struct sl_batch **ret_batch, struct sl_error *err)
{
    size_t count = scan->op.node->schema->count;
    struct sl_column *columns[count + 1];
    const uint16_t *selection = batch->selection;
    size_t selection_count = batch->selection_count;

    if (scan->projection == NULL) {
        for (size_t i = 0; i < count; i++)
            columns[i] = sl_column_ref(batch->columns[scan->plan->exprs[i]->column]);
    } else {
        sl_eval_set_now(scan->projection, now_us, scan->before_ms);
        if (sl_eval_run(scan->projection, batch, columns) > 0) {
            size_t error_count;
            const struct sl_row_error *errors = sl_eval_errors(scan->projection, &error_count);

            if (out->error(out, batch, errors, error_count, err) < 0) {
                for (size_t i = 0; i < count; i++)
                    sl_column_unref(columns[i]);
                return err->code;
            }
            selection_count = scan_select_good(scan, batch, errors, error_count);
            selection = scan->selection;
        }
    }
    *ret_batch = scan_project_onto(scan, batch, columns, selection, selection_count);
    return SL_OK;
}

/* Everything between the source and the chain; takes over the reference. */
static int
scan_process(struct op_scan *scan, struct sl_batch *batch, int64_t now_us, struct sl_out *out,
             struct sl_error *err)
{
    struct sl_batch *projected = NULL;
    int rc;

    scan->before_ms = scan->progress.watermark_ms;
    scan->at_hand = sl_batch_ref(batch);
    rc = sl_scan_time_batch(scan, batch, now_us, out, err);
    if (rc == SL_OK && scan->filter && sl_batch_live_count(batch) > 0)
        rc = scan_run_filter(scan, &batch, now_us, out, err);
    /* Marks of a batch without rows are in the progress. */
    if (rc == SL_OK && sl_batch_live_count(batch) > 0)
        rc = scan_project(scan, batch, now_us, out, &projected, err);
    sl_batch_unref(batch);
    if (rc == SL_OK && projected)
        sl_out_emit(out, projected); /* what it says of room the loop asks for itself */
    sl_batch_unref(scan->at_hand);
    scan->at_hand = NULL;
    return rc;
}

/* --- steps --- */

static void
scan_note_ends(struct op_scan *scan)
{
    bool changed = false;

    for (uint32_t i = 0; i < scan->split_count; i++) {
        struct sl_scan_own_split *split = &scan->splits[i];

        if (split->ended || scan->class->split_state(scan->source, i) != SL_SPLIT_ENDED)
            continue;
        split->emitted_ms = split->candidate_ms;
        split->ends = changed = true;
    }
    if (!changed)
        return;
    sl_scan_time_update(scan); /* their last watermarks count before the others are free of them */
    for (uint32_t i = 0; i < scan->split_count; i++)
        scan->splits[i].ended |= scan->splits[i].ends;
    sl_scan_time_update(scan);
}

/* Will there never be more for this subtask?  Where splits may be added it has none for now: it
 * must still be there when a job that starts again finds one. */
static bool
scan_has_ended(const struct op_scan *scan)
{
    bool may_grow =
        scan->class->discovery_interval_us && !scan->plan->bounded && !scan->is_finished;

    if (may_grow || scan->outside.pending || scan->next_record < scan->records.count)
        return false;
    for (uint32_t i = 0; i < scan->split_count; i++) {
        if (!scan->splits[i].ended)
            return false;
    }
    return true;
}

static int
scan_serve_io(struct op_scan *scan, int64_t now_us, struct sl_error *err)
{
    int rc = sl_scan_io_check(scan, err);

    if (rc < 0)
        return rc;
    if (rc == SL_OK && scan->discovery_us <= now_us) {
        scan->discovery_us = INT64_MAX;
        if (!scan->is_finished)
            sl_scan_io_submit(scan, SL_SCAN_IO_DISCOVER);
    }
    return SL_OK;
}

int
sl_scan_step(struct sl_op *op, int64_t now_us, struct sl_out *out, struct sl_error *err)
{
    struct op_scan *scan = scan_of(op);
    struct sl_batch *batch = NULL;
    int rc;

    SL_TRY(scan_serve_io(scan, now_us, err));
    if (scan->is_abandoned)
        return scan->outside.pending ? SL_AGAIN : SL_EOF;
    sl_scan_time_tick(scan, now_us);
    if (scan->next_record >= scan->records.count && sl_scan_align(scan, now_us)) {
        sl_scan_time_schedule(scan);
        return SL_AGAIN;
    }
    rc = sl_scan_read(scan, out, &batch, err);
    if (rc == SL_OK && batch)
        rc = scan_process(scan, batch, now_us, out, err);
    if (rc < 0)
        return rc;
    if (rc != SL_OK) {
        scan_note_ends(scan);
        rc = scan_has_ended(scan) ? SL_EOF : SL_AGAIN;
    }
    if (rc == SL_EOF)
        sl_scan_align_end(scan);
    sl_scan_time_schedule(scan);
    return rc;
}

const struct sl_scan_progress *
sl_scan_progress(const struct sl_op *op)
{
    return &scan_of(op)->progress;
}

/* Asks for the present end; SL_OK once there is an answer, or no hope of one. */
static int
scan_refresh(struct op_scan *scan, enum sl_scan_refresh *state)
{
    bool discovers = scan->discovery_us != INT64_MAX || scan->outside.pending;

    if (*state == SL_SCAN_NOT_ASKED) {
        if (scan->class->refresh_end == NULL && !discovers) {
            *state = SL_SCAN_REFRESHED;
        } else if (!scan->outside.pending) {
            *state = SL_SCAN_ASKED;
            sl_scan_io_submit(scan,
                              scan->class->refresh_end ? SL_SCAN_IO_REFRESH : SL_SCAN_IO_DISCOVER);
        }
    }
    return *state >= SL_SCAN_REFRESHED ? SL_OK : SL_AGAIN;
}

int
sl_scan_catch_up(struct sl_op *op, struct sl_error *err)
{
    struct op_scan *scan = scan_of(op);

    if (scan_refresh(scan, &scan->catch_up) != SL_OK)
        return SL_AGAIN;
    if (scan->next_record < scan->records.count)
        return SL_AGAIN;
    for (uint32_t i = 0; i < scan->split_count; i++) {
        /* One that is held back stays so until another source has more to read. */
        if (!sl_scan_is_held(scan, i) &&
            scan->class->split_state(scan->source, i) == SL_SPLIT_READING)
            return SL_AGAIN;
    }
    scan->catch_up = SL_SCAN_NOT_ASKED;
    sl_scan_time_flush(scan);
    sl_scan_time_schedule(scan);
    return SL_OK;
}

bool
sl_scan_is_between_polls(const struct sl_op *op)
{
    const struct op_scan *scan = scan_of(op);

    return scan->is_started && scan->next_record >= scan->records.count;
}

void
sl_scan_abandon(struct sl_op *op)
{
    struct op_scan *scan = scan_of(op);

    scan->is_abandoned = scan->is_finished = true;
    scan->discovery_us = INT64_MAX;
    sl_scan_drop_records(scan);
}

int
sl_scan_finish(struct sl_op *op, struct sl_error *err)
{
    struct op_scan *scan = scan_of(op);
    bool here;

    if (scan_refresh(scan, &scan->finishing) != SL_OK)
        return SL_AGAIN;
    here = scan->finishing == SL_SCAN_UNANSWERED;
    scan->finishing = SL_SCAN_NOT_ASKED;
    scan->is_finished = true;
    scan->discovery_us = INT64_MAX;
    scan->class->finish(scan->source, here);
    sl_scan_time_schedule(scan);
    return SL_OK;
}

bool
sl_scan_split(const struct sl_op *op, size_t index, struct sl_scan_split *ret_split)
{
    const struct op_scan *scan = scan_of(op);

    if (index >= scan->split_count)
        return false;
    *ret_split = (struct sl_scan_split){
        .id = scan->splits[index].id,
        .watermark_ms = scan->splits[index].emitted_ms,
        .idle = scan->splits[index].idle,
    };
    return true;
}

bool
sl_scan_is_endless(const struct sl_phys_node *node)
{
    const struct sl_phys_scan *plan = node->detail;
    const struct sl_connector_class *connector = sl_connector_find(plan->connector);

    return !plan->bounded && connector &&
           (connector->descriptor.abilities & SL_ABILITY_GENERATOR) != 0;
}

/* --- closing --- */

int
sl_scan_stop(struct sl_op *op)
{
    struct op_scan *scan = scan_of(op);
    struct sl_error err; /* of a job that nobody waits for any more */

    if (!scan->is_open || scan->is_closed)
        return SL_OK;
    if (scan->outside.pending && sl_scan_io_check(scan, &err) == SL_AGAIN)
        return SL_AGAIN;
    if (scan->is_closed)
        return SL_OK;
    sl_scan_io_submit(scan, SL_SCAN_IO_CLOSE);
    return SL_AGAIN;
}

static void
scan_close(struct sl_op *op)
{
    struct op_scan *scan = scan_of(op);

    sl_scan_drop_records(scan);
    if (scan->decoder)
        sl_decoder_free(scan->decoder);
    if (scan->time)
        sl_eval_free(scan->time);
    if (scan->filter)
        sl_eval_free(scan->filter);
    if (scan->projection)
        sl_eval_free(scan->projection);
    for (uint32_t i = 0; i < scan->split_count; i++)
        free((void *)(uintptr_t)scan->splits[i].at_barrier.start);
    free(scan->splits);
    sl_map_done(&scan->known);
    sl_map_done(&scan->restored_ids);
    sl_arena_done(&scan->io_arena);
}

/* A scan has no input. */
static int
scan_batch(struct sl_op *op, unsigned input, struct sl_batch *batch, struct sl_out *out,
           struct sl_error *err)
{
    SL_UNREACHABLE();
}

const struct sl_op_class sl_op_scan = {
    .name = "Scan",
    .size = sizeof(struct op_scan),
    .open = scan_open,
    .batch = scan_batch,
    .barrier = sl_scan_barrier,
    .restore = sl_scan_restore,
    .close = scan_close,
};
