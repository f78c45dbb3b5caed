/* OVER over a stream, ordered by time.
 *
 *     immediate:  processing time; ROWS, or all rows before: each row comes out with its batch
 *     waiting:    event time, or RANGE by processing time: a row waits in its partition until the
 *                 watermark (the clock) has reached its time (has left it); then the rows of a
 *                 partition come out in order of time, those of one time as they came
 *
 * Late rows are judged by the watermark at each of them.  With an unbounded frame every row at or
 * below it is late; with a bounded one a row that is not newer than what its partition has put out,
 * or would have by then.  As in Flink.
 *
 * 1. A partition's timer is lazy: the one that counts is named in its row.
 * 2. A partition whose frame is a span of time goes when nothing of it can be in a frame any more.
 * 3. State is true between any two steps. */
#include "executor/over_op.h"

#include "data/row.h"

#include <stdlib.h>

/* The clock that rows wait for; at the end of input it has run out. */
static int64_t
over_clock_ms(const struct op_over *op)
{
    if (op->by_clock && op->op.watermark_ms != SL_WATERMARK_MAX)
        return sl_now_us(op->op.context->env) / SL_US_PER_MS;
    return op->op.watermark_ms;
}

/* --- opening --- */

static void
over_open_scratch(struct op_over *op, struct sl_arena *arena)
{
    size_t max = SL_BATCH_ROWS_MAX;

    op->states = SL_NEW_ARRAY(arena, char *, max);
    op->failures = SL_NEW_ARRAY(arena, struct sl_over_failure, max);
    op->timer_rows = SL_NEW_ARRAY(arena, uint16_t, max);
    op->timer_hashes = SL_NEW_ARRAY(arena, uint64_t, max);
    op->due_rows = SL_NEW_ARRAY(arena, uint16_t, max);
    op->due_hashes = SL_NEW_ARRAY(arena, uint64_t, max);
    op->timer_dues = SL_NEW_ARRAY(arena, int64_t, max);
    op->dues = SL_NEW_ARRAY(arena, struct sl_due, max);
    op->due_columns = SL_NEW_ARRAY(arena, struct sl_column *, op->plan->over.partition_count + 1);
    op->texts = SL_NEW_ARRAY(arena, struct sl_text, max);
    op->times_us = SL_NEW_ARRAY(arena, int64_t, max);
    op->chunk_states = SL_NEW_ARRAY(arena, char *, max);
    op->put_out = SL_NEW_ARRAY(arena, char *, max);
    op->gone = SL_NEW_ARRAY(arena, uint16_t, max);
}

static int
over_open_waiting(struct op_over *op, struct sl_error *err)
{
    const struct sl_schema *input = op->op.node->inputs[0].node->schema;
    struct sl_arena *arena = op->op.context->arena;
    const struct sl_over *over = &op->plan->over;
    const struct sl_type **types = SL_NEW_ARRAY(arena, const struct sl_type *, input->count + 1);
    const struct sl_type **keys =
        SL_NEW_ARRAY(arena, const struct sl_type *, over->partition_count + 1);

    for (size_t i = 0; i < input->count; i++)
        types[i] = input->columns[i].type;
    op->layout = sl_row_layout_new(arena, types, input->count);
    for (size_t i = 0; i < over->partition_count; i++)
        keys[i] = input->columns[over->partition[i]].type;
    return sl_session_timers_open(&op->timers, &op->op, "over.timers", keys, over->partition_count,
                                  OVER_TIMER_BUCKET_MS, err);
}

static int
over_open(struct sl_op *base, struct sl_error *err)
{
    struct op_over *op = (struct op_over *)base;
    const struct sl_over *over;

    op->plan = base->node->detail;
    over = &op->plan->over;
    op->by_clock = op->plan->time == SL_OVER_TIME_PROCESSING;
    op->waits = !op->by_clock || (!over->frame.is_rows && over_is_bounded(op));
    over_open_scratch(op, base->context->arena);
    op->partitions.head_size = sizeof(struct sl_over_partition);
    op->partitions.head_views[op->partitions.head_view_count++] =
        offsetof(struct sl_over_partition, pending);
    op->partitions.head_views[op->partitions.head_view_count++] =
        offsetof(struct sl_over_partition, history);
    op->partitions.has_sets = true;
    op->partitions.ttl_us = op->waits ? 0 : op->plan->ttl_us;
    SL_TRY(sl_aggregation_open(&op->partitions, base, "over", over->partition,
                               over->partition_count, over->aggregates, over->aggregate_count,
                               false, err));
    SL_TRY(sl_over_chunk_open(&op->chunk, base, over, &op->partitions,
                              op->waits && !over->frame.is_rows, err));
    return op->waits ? over_open_waiting(op, err) : SL_OK;
}

/* --- results --- */

/* Emits the rows of a batch without selection, with what is computed over them. */
int
sl_over_op_emit(struct op_over *op, struct sl_batch *rows, char *const *states,
                const int64_t *times_us, struct sl_out *out, struct sl_error *err)
{
    const struct sl_schema *schema = op->op.node->schema;
    size_t input_columns = op->op.node->inputs[0].node->schema->count, failure_count;
    struct sl_batch *batch = sl_batch_new(op->op.context->pool, schema->count, rows->row_count);
    int rc;

    for (size_t i = 0; i < input_columns; i++)
        sl_batch_set_column(batch, i, sl_column_ref(rows->columns[i]));
    rc = sl_over_chunk_run(&op->chunk, rows, states, times_us, batch->columns + input_columns,
                           op->failures, &failure_count, err);
    if (rc < 0) {
        sl_batch_unref(batch);
        return rc;
    }
    return sl_over_emit(&op->op, &op->partitions, batch, input_columns, op->failures, failure_count,
                        out, err);
}

/* --- a batch --- */

/* The live rows listed in partitions.rows alone. */
static struct sl_batch *
over_compact(struct op_over *op, const struct sl_batch *batch, size_t row_count)
{
    struct sl_pool *pool = op->op.context->pool;
    struct sl_batch *shared = sl_batch_share(pool, batch, op->partitions.rows, row_count), *made;

    made = sl_batch_compact(pool, shared, 0, row_count);
    sl_batch_unref(shared);
    return made;
}

static int
over_immediate(struct op_over *op, struct sl_batch *batch, size_t row_count, struct sl_out *out,
               struct sl_error *err)
{
    struct sl_aggregation *partitions = &op->partitions;
    struct sl_batch *rows;
    int rc;

    if (row_count == batch->row_count)
        return sl_over_op_emit(op, batch, op->states, NULL, out, err);
    rows = over_compact(op, batch, row_count);
    sl_aggregation_end(partitions);
    rc = sl_aggregation_begin(partitions, &op->op, rows, out, err);
    if (rc >= 0)
        rc = sl_over_op_emit(op, rows, op->states, NULL, out, err);
    sl_batch_unref(rows);
    return rc;
}

void
sl_over_op_set_timer(struct op_over *op, size_t place, const uint16_t *rows, const uint64_t *hashes,
                     int64_t due_ms)
{
    struct sl_over_partition *partition = sl_over_partition_of(op->states[place]);

    if (partition->has_timer && partition->timer_ms <= due_ms)
        return;
    partition->has_timer = true;
    partition->timer_ms = due_ms;
    op->timer_rows[op->timer_count] = rows[place];
    op->timer_hashes[op->timer_count] = hashes[place];
    op->timer_dues[op->timer_count++] = due_ms;
}

static void
over_add_timers(struct op_over *op, struct sl_column *const *columns)
{
    struct sl_state_keys keys = {.columns = columns,
                                 .rows = op->timer_rows,
                                 .row_count = op->timer_count,
                                 .hashes = op->timer_hashes};

    if (op->timer_count > 0)
        sl_session_timers_add(&op->timers, &keys, op->timer_dues);
    op->timer_count = 0;
}

/* --- rows that come --- */

/* As if the partition were gone. */
static void
over_reset(struct op_over *op, char *state)
{
    struct sl_over_partition *partition = sl_over_partition_of(state);
    struct sl_view pending = partition->pending, history = partition->history;

    sl_row_queue_pop(&history, sl_row_queue_count(&history));
    sl_aggregation_reset(&op->partitions, 0, state);
    memset(partition, 0, sizeof(*partition));
    partition->pending = pending;
    partition->history = history;
}

/* A row at or below the watermark there: what its partition would have put out by then it does, so
 * that it can be told whether the row is late. */
static int
over_judge(struct op_over *op, char *state, int64_t time_us, int64_t watermark_ms,
           struct sl_out *out, bool *ret_is_late, struct sl_error *err)
{
    struct sl_over_partition *partition = sl_over_partition_of(state);
    int64_t next_us = 0;
    int rc = SL_OK;

    *ret_is_late = !over_is_bounded(op);
    if (*ret_is_late)
        return SL_OK;
    op->clock_ms = watermark_ms;
    while (rc >= 0 && (next_us == 0 || over_due_ms(op, next_us) <= watermark_ms)) {
        rc = sl_over_put_out_due(op, state, &next_us, out, err);
        if (rc >= 0)
            rc = sl_over_flush(op, out, err);
        if (next_us == INT64_MAX)
            break;
    }
    if (rc < 0)
        return rc;
    if (next_us == INT64_MAX && sl_over_gone_ms(op, partition) <= watermark_ms)
        over_reset(op, state);
    *ret_is_late = partition->has_fired && time_us <= partition->fired_us;
    return SL_OK;
}

/* A row goes to those that wait. */
static int
over_wait(struct op_over *op, struct sl_over_partition *partition, const struct sl_batch *batch,
          uint16_t row, int64_t time_us, struct sl_buffer *bytes, struct sl_error *err)
{
    struct sl_aggregation_keeper keeper = sl_aggregation_keeper_of(&op->partitions, 0);

    bytes->length = 0;
    sl_row_pack(op->layout, batch->columns, row, bytes);
    if (sl_row_queue_push(&partition->pending, &keeper.keeper, time_us, sl_buffer_text(bytes)))
        return SL_OK;
    return SL_ERROR(err, SL_E_LIMIT_EXCEEDED,
                    "a partition of OVER has more than 1 GiB of rows that wait for the watermark");
}

/* The rows in op->due_rows, whose states are found.  Late ones are listed; how many is returned. */
static int
over_wait_all(struct op_over *op, const struct sl_batch *batch, size_t row_count, uint16_t *late,
              struct sl_buffer *bytes, struct sl_out *out, struct sl_error *err)
{
    const int64_t *times =
        op->by_clock ? NULL : batch->columns[op->plan->over.order[0].column]->values;
    int64_t now_us = sl_now_us(op->op.context->env), watermark_ms = op->op.watermark_ms;
    uint32_t mark = 0;
    int late_count = 0;

    now_us -= now_us % SL_US_PER_MS;
    for (size_t i = 0; i < row_count; i++) {
        struct sl_over_partition *partition = sl_over_partition_of(op->states[i]);
        uint16_t row = op->due_rows[i];
        int64_t time_us = times ? times[row] : now_us;
        bool is_late = false;

        for (; mark < batch->mark_count && batch->marks[mark].row <= row; mark++)
            watermark_ms = SL_MAX(watermark_ms, batch->marks[mark].time_ms);
        if (!op->by_clock && time_us / SL_US_PER_MS <= watermark_ms)
            SL_TRY(over_judge(op, op->states[i], time_us, watermark_ms, out, &is_late, err));
        if (is_late) {
            late[late_count++] = row;
            continue;
        }
        SL_TRY(over_wait(op, partition, batch, row, time_us, bytes, err));
        sl_over_op_set_timer(op, i, op->due_rows, op->due_hashes, over_due_ms(op, time_us));
    }
    return late_count;
}

/* The aggregation's scratch is used while rows come out. */
static int
over_waiting(struct op_over *op, const struct sl_batch *batch, size_t row_count, struct sl_out *out,
             struct sl_error *err)
{
    const struct sl_over *over = &op->plan->over;
    struct sl_column *keys[over->partition_count + 1];
    uint16_t late[SL_BATCH_ROWS_MAX];
    struct sl_buffer bytes;
    int late_count;

    memcpy(op->due_rows, op->partitions.rows, row_count * sizeof(*op->due_rows));
    memcpy(op->due_hashes, op->partitions.hashes, row_count * sizeof(*op->due_hashes));
    for (size_t i = 0; i < over->partition_count; i++)
        keys[i] = batch->columns[over->partition[i]];
    sl_buffer_init(&bytes, SIZE_MAX / 2);
    late_count = over_wait_all(op, batch, row_count, late, &bytes, out, err);
    sl_buffer_done(&bytes);
    if (late_count >= 0)
        over_add_timers(op, keys);
    if (late_count > 0)
        out->late(out, sl_batch_share(op->op.context->pool, batch, late, (size_t)late_count));
    return SL_MIN(late_count, SL_OK);
}

static int
over_batch(struct sl_op *base, unsigned input, struct sl_batch *batch, struct sl_out *out,
           struct sl_error *err)
{
    struct op_over *op = (struct op_over *)base;
    struct sl_aggregation *partitions = &op->partitions;
    int count = sl_aggregation_begin(partitions, base, batch, out, err);

    if (count > 0 && !op->by_clock)
        count = sl_aggregation_drop_timeless(
            partitions, batch, op->plan->over.order[0].column, (size_t)count,
            "the time by which OVER is ordered must not be NULL", out, err);
    if (count > 0) {
        struct sl_state_keys keys = {.columns = partitions->key_columns,
                                     .rows = partitions->rows,
                                     .row_count = (size_t)count,
                                     .hashes = partitions->hashes};

        sl_table_upsert(partitions->table, &keys, op->states, NULL);
        count = op->waits ? over_waiting(op, batch, (size_t)count, out, err)
                          : over_immediate(op, batch, (size_t)count, out, err);
    }
    sl_aggregation_end(partitions);
    return SL_MIN(count, SL_OK); /* bounded by the input: SL_AGAIN is no news */
}

static int
over_prepare(struct sl_op *base, unsigned input, const struct sl_batch *batch, struct sl_error *err)
{
    return sl_aggregation_prepare_batch(&((struct op_over *)base)->partitions, base, batch, err);
}

/* --- timers --- */

/* The partitions whose timers count, as aggregation->rows of due_columns.  SL_AGAIN: state is read.
 */
static int
over_find(struct op_over *op, size_t *ret_count, struct sl_error *err)
{
    struct sl_aggregation *partitions = &op->partitions;
    uint64_t hashes[SL_BATCH_ROWS_MAX];
    const char *values[SL_BATCH_ROWS_MAX];
    struct sl_state_keys keys = {.columns = op->due_columns};
    int rc;
    size_t count = 0;

    rc = sl_session_timers_find(&op->timers, &op->op, partitions->table, partitions->key_count,
                                op->dues, op->due_count, op->due_columns, hashes, values, err);
    if (rc != SL_OK)
        return rc;
    for (size_t i = 0; i < op->due_count; i++) {
        const struct sl_over_partition *partition =
            (const struct sl_over_partition *)(const void *)values[i];

        if (!partition || !partition->has_timer || partition->timer_ms != op->dues[i].time)
            continue;
        partitions->rows[count] = (uint16_t)i;
        partitions->hashes[count++] = hashes[i];
    }
    keys.rows = partitions->rows;
    keys.row_count = count;
    keys.hashes = partitions->hashes;
    if (count > 0)
        sl_table_upsert(partitions->table, &keys, op->states, NULL);
    *ret_count = count;
    return SL_OK;
}

static void
over_drop_gone(struct op_over *op)
{
    uint16_t rows[SL_BATCH_ROWS_MAX];
    uint64_t hashes[SL_BATCH_ROWS_MAX];
    struct sl_state_keys keys = {
        .columns = op->due_columns, .rows = rows, .row_count = op->gone_count, .hashes = hashes};

    for (size_t i = 0; i < op->gone_count; i++) {
        rows[i] = op->due_rows[op->gone[i]];
        hashes[i] = op->due_hashes[op->gone[i]];
    }
    if (op->gone_count > 0)
        sl_table_delete(op->partitions.table, &keys);
    op->gone_count = 0;
}

static int
over_fire_dues(struct op_over *op, struct sl_out *out, struct sl_error *err)
{
    size_t count = 0;
    int rc = over_find(op, &count, err);

    if (rc == SL_OK) {
        op->due_count = 0;
        memcpy(op->due_rows, op->partitions.rows, count * sizeof(*op->timer_rows));
        memcpy(op->due_hashes, op->partitions.hashes, count * sizeof(*op->timer_hashes));
        for (size_t i = 0; i < count && rc >= 0; i++)
            rc = sl_over_fire(op, (uint16_t)i, out, err);
        if (rc >= 0)
            rc = sl_over_flush(op, out, err);
        if (rc >= 0) {
            over_add_timers(op, op->due_columns);
            over_drop_gone(op);
        }
    }
    for (size_t i = 0; i < op->partitions.key_count; i++)
        sl_column_unref(op->due_columns[i]);
    return rc;
}

static int
over_resume(struct sl_op *base, struct sl_out *out, struct sl_error *err)
{
    struct op_over *op = (struct op_over *)base;
    size_t max = SL_MIN(base->context->settings->batch_size, (uint32_t)SL_BATCH_ROWS_MAX);
    int rc = SL_OK;

    while (rc == SL_OK && op->waits) {
        op->clock_ms = over_clock_ms(op);
        if (op->due_count == 0) {
            rc = sl_session_timers_load(&op->timers, op->clock_ms, err);
            if (rc != SL_OK)
                return rc;
            op->due_count = sl_session_timers_take(&op->timers, op->clock_ms, op->dues, max);
            if (op->due_count == 0) {
                sl_session_timers_drop(&op->timers, op->clock_ms);
                return SL_OK;
            }
        }
        rc = over_fire_dues(op, out, err);
    }
    return rc;
}

static int
over_watermark(struct sl_op *base, struct sl_out *out, struct sl_error *err)
{
    const struct op_over *op = (const struct op_over *)base;

    if (op->by_clock && base->watermark_ms != SL_WATERMARK_MAX)
        return SL_OK;
    return over_resume(base, out, err);
}

static int64_t
over_next_tick(struct sl_op *base)
{
    const struct op_over *op = (const struct op_over *)base;
    int64_t first_ms;

    if (!op->waits || !op->by_clock || base->watermark_ms == SL_WATERMARK_MAX)
        return INT64_MAX;
    first_ms = sl_session_timers_first_ms(&op->timers);
    if (op->due_count > 0)
        first_ms = SL_MIN(first_ms, op->dues[0].time);
    return first_ms == INT64_MAX ? INT64_MAX : first_ms * SL_US_PER_MS;
}

static int
over_tick(struct sl_op *base, int64_t now_us, struct sl_out *out, struct sl_error *err)
{
    return over_resume(base, out, err);
}

static int
over_pause(struct sl_op *base, struct sl_out *out, struct sl_error *err)
{
    struct op_over *op = (struct op_over *)base;

    return op->waits ? sl_session_timers_settle(&op->timers, err) : SL_OK;
}

static void
over_close(struct sl_op *base)
{
    struct op_over *op = (struct op_over *)base;

    if (op->waits)
        sl_session_timers_close(&op->timers);
    sl_aggregation_close(&op->partitions);
    free(op->ready);
    free(op->keeps);
}

const struct sl_op_class sl_op_over = {
    .name = "OverAggregate",
    .size = sizeof(struct op_over),
    .takes_marks = true,
    .open = over_open,
    .prepare = over_prepare,
    .batch = over_batch,
    .resume = over_resume,
    .watermark = over_watermark,
    .next_tick_us = over_next_tick,
    .tick = over_tick,
    .pause = over_pause,
    .close = over_close,
};
