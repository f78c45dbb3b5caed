/* Joins rows of two inputs with equal keys whose times are near: lower <= left - right <= upper.
 *
 *     a row of time x of one side:
 *       1. meets the rows y of the other side with y in [x - the other's reach, x + its own reach]
 *          (reach: -lower of the left side, upper of the right one), as long as they stay;
 *       2. stays itself while a match may come: until the watermark W is beyond x + reach;
 *       3. comes out alone, if its side keeps rows without a match: at once when it does not stay,
 *          else when its stay is over (interval_join_expiry.c).
 *
 * Rows that are late are not dropped: they meet what stays, and do not stay if W >= x + reach. This
 * is what Flink's RowTimeIntervalJoin does; with processing time, the time of a row and W are the
 * clock's.
 *
 * 1. State is a time-first table a side: (bucket of time, keys) → rows (join_rows.h).  A bucket is
 *    dropped whole when its last row's stay is over; what is over before is not met.
 * 2. A batch meets the other side first, bucket by bucket; then its rows are put into their own
 *    side's state.  No row of it changes what the next one meets, so they meet together.
 * 3. Pairs are collected, made columns, filtered by the condition and emitted a batch at a time.
 *    SL_AGAIN stops between two of those; `probe` says where it goes on.  A barrier that overtakes
 *    finds the rest of the batch in interval_join_pending.c.
 * 4. Watermarks behind the operator are held back by the longest reach: pairs and rows that come
 * out alone are never late.
 *
 *     batch ─▶ join_begin ─▶ join_probe_all ─▶ join_keep_all ─▶ join_emit_left_alone
 *                              │     ▲
 *                     SL_AGAIN ▼     │ join_resume
 *                            (stopped) */
#include "executor/interval_join.h"

#define JOIN_INLINE_PARTS 24 /* bytes of variable parts for which there is room in a value */

/* --- opening --- */

static int
join_open_table(struct op_interval_join *op, struct join_side *side, const char *name,
                const struct sl_schema *input, struct sl_error *err)
{
    static const uint32_t view_offset = 0;
    const struct sl_type **types =
        SL_NEW_ARRAY(op->op.context->arena, const struct sl_type *, op->plan->key_count);
    struct sl_state_table_spec spec = {.name = name,
                                       .operator_uid = op->op.node->uid,
                                       .key_types = types,
                                       .key_count = op->plan->key_count,
                                       .has_time = true,
                                       .value_size = side->value_size,
                                       .view_offsets = &view_offset,
                                       .view_count = 1};

    for (size_t i = 0; i < op->plan->key_count; i++)
        types[i] = input->columns[side->keys[i]].type;
    return sl_state_table_open(op->op.context->state, &spec, &side->table, err);
}

/* How many bytes of the first row are in the table's value. */
static size_t
join_inline_size(const struct sl_row_layout *layout)
{
    bool has_parts;
    size_t size = sl_row_layout_size(layout, &has_parts);

    if (has_parts)
        size += JOIN_INLINE_PARTS;
    return size <= SL_JOIN_ROWS_INLINE_MAX ? size : 0;
}

/* Which columns of the input are part of a pair. */
static void
join_open_columns(struct op_interval_join *op, struct join_side *side,
                  const struct sl_schema *input, uint32_t first)
{
    struct sl_arena *arena = op->op.context->arena;
    const struct sl_type **types =
        SL_NEW_ARRAY(arena, const struct sl_type *, op->plan->column_count);

    side->columns = SL_NEW_ARRAY(arena, uint32_t, op->plan->column_count);
    side->places = SL_NEW_ARRAY(arena, uint32_t, op->plan->column_count);
    for (uint32_t i = 0; i < op->plan->column_count; i++) {
        uint32_t column = op->plan->columns[i];

        if (column < first || column - first >= input->count)
            continue;
        types[side->column_count] = input->columns[column - first].type;
        side->columns[side->column_count] = column - first;
        side->places[side->column_count++] = i;
    }
    side->layout = sl_row_layout_new(arena, types, side->column_count);
    side->value_size = sl_join_rows_value_size(join_inline_size(side->layout));
    join_expiry_init(&side->expiry, arena);
}

static void
join_open_scratch(struct op_interval_join *op)
{
    struct sl_arena *arena = op->op.context->arena;
    struct join_probe *probe = &op->probe;

    probe->rows = SL_NEW_ARRAY(arena, uint16_t, SL_BATCH_ROWS_MAX);
    probe->hashes = SL_NEW_ARRAY(arena, uint64_t, SL_BATCH_ROWS_MAX);
    probe->times_us = SL_NEW_ARRAY(arena, int64_t, SL_BATCH_ROWS_MAX);
    probe->low_us = SL_NEW_ARRAY(arena, int64_t, SL_BATCH_ROWS_MAX);
    probe->high_us = SL_NEW_ARRAY(arena, int64_t, SL_BATCH_ROWS_MAX);
    probe->stays = SL_NEW_ARRAY(arena, bool, SL_BATCH_ROWS_MAX);
    probe->matched = SL_NEW_ARRAY(arena, bool, SL_BATCH_ROWS_MAX);
    probe->alone = SL_NEW_ARRAY(arena, uint16_t, SL_BATCH_ROWS_MAX);
    op->pairs = SL_NEW_ARRAY(arena, struct join_pair, op->batch_max);
    op->key_columns = SL_NEW_ARRAY(arena, struct sl_column *, op->plan->key_count);
    op->side_columns = SL_NEW_ARRAY(arena, struct sl_column *, op->plan->column_count + 1);
    op->texts = SL_NEW_ARRAY(arena, struct sl_text, SL_BATCH_ROWS_MAX);
    op->some = SL_NEW_ARRAY(arena, uint16_t, SL_BATCH_ROWS_MAX);
    op->some_rows = SL_NEW_ARRAY(arena, uint16_t, SL_BATCH_ROWS_MAX);
    op->some_hashes = SL_NEW_ARRAY(arena, uint64_t, SL_BATCH_ROWS_MAX);
    op->found = SL_NEW_ARRAY(arena, const char *, SL_BATCH_ROWS_MAX);
    op->values = SL_NEW_ARRAY(arena, char *, SL_BATCH_ROWS_MAX);
    op->gathered = SL_NEW_ARRAY(arena, uint32_t, SL_BATCH_ROWS_MAX);
    op->selection = SL_NEW_ARRAY(arena, uint16_t, SL_BATCH_ROWS_MAX);
    sl_buffer_init(&op->packed, SIZE_MAX / 2);
    sl_key_bytes_init(&op->key_bytes);
}

static int
join_open(struct sl_op *base, struct sl_error *err)
{
    struct op_interval_join *op = (struct op_interval_join *)base;
    const struct sl_phys_interval_join *plan = base->node->detail;
    const struct sl_schema *left = base->node->inputs[0].node->schema;
    const struct sl_schema *right = base->node->inputs[1].node->schema;
    struct sl_expr *condition = plan->condition;

    op->plan = plan;
    op->batch_max = SL_MIN(base->context->settings->batch_size, (uint32_t)SL_BATCH_ROWS_MAX);
    op->hold_us = plan->min_cleanup_us;
    op->sides[0] = (struct join_side){.keys = plan->left_keys,
                                      .time_column = plan->left_time,
                                      .keeps = sl_join_keeps_left(plan->join),
                                      .reach_us = -plan->lower_us};
    op->sides[1] = (struct join_side){.keys = plan->right_keys,
                                      .time_column = plan->right_time,
                                      .keeps = sl_join_keeps_right(plan->join),
                                      .reach_us = plan->upper_us};
    join_open_columns(op, &op->sides[0], left, 0);
    join_open_columns(op, &op->sides[1], right, (uint32_t)left->count);
    join_open_scratch(op);
    join_pending_open(op);
    if (condition)
        op->condition = sl_op_eval_new(base->context, &condition, 1);
    if (!plan->processing_time)
        base->output_delay_ms =
            (SL_MAX(op->sides[0].reach_us, op->sides[1].reach_us) + SL_US_PER_MS - 1) /
                SL_US_PER_MS +
            (plan->join != SL_JOIN_INNER);
    SL_TRY(join_open_table(op, &op->sides[0], "left", left, err));
    return join_open_table(op, &op->sides[1], "right", right, err);
}

/* --- times --- */

static int64_t
join_us_of(int64_t ms)
{
    return ms < INT64_MIN / SL_US_PER_MS   ? INT64_MIN
           : ms > INT64_MAX / SL_US_PER_MS ? INT64_MAX
                                           : ms * SL_US_PER_MS;
}

int64_t
join_clock_us(const struct op_interval_join *op)
{
    if (op->op.watermark_ms == SL_WATERMARK_MAX)
        return INT64_MAX;
    return join_us_of(op->plan->processing_time ? op->now_ms : op->op.watermark_ms);
}

static void
join_read_clock(struct op_interval_join *op, int64_t now_us)
{
    if (op->plan->processing_time)
        op->now_ms = SL_MAX(op->now_ms, now_us / SL_US_PER_MS);
}

int64_t
join_bucket_of(const struct op_interval_join *op, int64_t time_us)
{
    int64_t rest = time_us % op->plan->bucket_us;

    return time_us - (rest < 0 ? rest + op->plan->bucket_us : rest);
}

/* --- a batch begins --- */

/* NULL keys equal nothing, a NULL time is near to nothing. */
static bool
join_may_match(const struct op_interval_join *op, const struct join_side *side,
               const struct sl_batch *batch, size_t row)
{
    for (size_t i = 0; i < op->plan->key_count; i++)
        if (sl_column_is_null(op->key_columns[i], row))
            return false;
    return op->plan->processing_time || !sl_column_is_null(batch->columns[side->time_column], row);
}

static bool
join_has_nulls(const struct op_interval_join *op, const struct join_side *side,
               const struct sl_batch *batch)
{
    bool any = !op->plan->processing_time && batch->columns[side->time_column]->validity;

    for (size_t i = 0; i < op->plan->key_count; i++)
        any |= op->key_columns[i]->validity != NULL;
    return any;
}

/* Tells the live rows that can have matches from those that cannot. */
static void
join_list_rows(struct op_interval_join *op, const struct sl_batch *batch)
{
    struct join_probe *probe = &op->probe;
    const struct join_side *side = join_own(op);
    size_t live = sl_batch_live_count(batch);
    bool has_nulls = join_has_nulls(op, side, batch);
    bool none = op->plan->lower_us > op->plan->upper_us;

    probe->row_count = probe->alone_count = 0;
    for (size_t i = 0; i < live; i++) {
        uint16_t row = (uint16_t)sl_batch_row(batch, i);

        if (batch->errors && batch->errors[row / 64] >> (row % 64) & 1)
            continue;
        if (none || (has_nulls && !join_may_match(op, side, batch, row)))
            probe->alone[probe->alone_count++] = row;
        else
            probe->rows[probe->row_count++] = row;
    }
}

/* Where the matches of rows [from, to) are, which came at this moment. */
static void
join_find_reach(struct op_interval_join *op, const struct sl_batch *batch, size_t from, size_t to,
                int64_t clock_us)
{
    struct join_probe *probe = &op->probe;
    const struct join_side *own = join_own(op), *other = join_other(op);
    int64_t stays_us = clock_us == INT64_MIN ? INT64_MIN : clock_us - op->hold_us;
    const int64_t *times = batch->columns[own->time_column]->values;

    for (size_t i = from; i < to; i++) {
        int64_t time = op->plan->processing_time ? clock_us : times[probe->rows[i]];

        probe->times_us[i] = time;
        probe->low_us[i] = SL_MAX(time, stays_us) - other->reach_us;
        probe->high_us[i] = time + own->reach_us;
        probe->stays[i] = clock_us < probe->high_us[i];
        probe->matched[i] = false;
    }
}

/* The same for all rows, each by the watermark before it. */
static void
join_find_reaches(struct op_interval_join *op, const struct sl_batch *batch)
{
    const struct join_probe *probe = &op->probe;
    int64_t clock_us = join_clock_us(op);
    size_t from = 0, to;

    for (uint32_t mark = 0; mark < batch->mark_count && !op->plan->processing_time; mark++) {
        for (to = from; to < probe->row_count && probe->rows[to] < batch->marks[mark].row;)
            to++;
        join_find_reach(op, batch, from, to, clock_us);
        clock_us = SL_MAX(clock_us, join_us_of(batch->marks[mark].time_ms));
        from = to;
    }
    join_find_reach(op, batch, from, probe->row_count, clock_us);
}

static void
join_begin(struct op_interval_join *op, unsigned input, const struct sl_batch *batch)
{
    struct join_probe *probe = &op->probe;

    probe->input = input;
    probe->cut = SIZE_MAX;
    join_read_clock(op, sl_now_us(op->op.context->env));
    for (size_t i = 0; i < op->plan->key_count; i++)
        op->key_columns[i] = batch->columns[join_own(op)->keys[i]];
    join_list_rows(op, batch);
    sl_hash_rows(op->key_columns, op->plan->key_count, probe->rows, probe->row_count,
                 probe->hashes);
    join_find_reaches(op, batch);
}

int64_t
join_next_bucket(struct op_interval_join *op, int64_t from_us)
{
    const struct join_probe *probe = &op->probe;
    int64_t low_us = INT64_MAX, high_us = INT64_MIN, bucket;

    for (size_t i = 0; i < probe->row_count; i++) {
        low_us = SL_MIN(low_us, probe->low_us[i]);
        high_us = SL_MAX(high_us, probe->high_us[i]);
    }
    if (low_us > high_us)
        return INT64_MAX;
    bucket = sl_table_next_time(join_other(op)->table, SL_MAX(join_bucket_of(op, low_us), from_us));
    return bucket <= high_us ? bucket : INT64_MAX;
}

size_t
join_list_candidates(struct op_interval_join *op, int64_t bucket)
{
    const struct join_probe *probe = &op->probe;
    int64_t end_us = bucket + op->plan->bucket_us;
    size_t count = 0;

    for (size_t i = 0; i < probe->row_count; i++) {
        op->some[count] = (uint16_t)i;
        op->some_rows[count] = probe->rows[i];
        op->some_hashes[count] = probe->hashes[i];
        count += probe->low_us[i] < end_us && probe->high_us[i] >= bucket &&
                 probe->low_us[i] <= probe->high_us[i];
    }
    return count;
}

struct sl_state_keys
join_keys(const struct op_interval_join *op, int64_t bucket, size_t count)
{
    return (struct sl_state_keys){.columns = op->key_columns,
                                  .rows = op->some_rows,
                                  .row_count = count,
                                  .hashes = op->some_hashes,
                                  .time = bucket};
}

/* --- rows that come out alone --- */

static struct sl_column *
join_nulls(struct op_interval_join *op, size_t column, size_t row_count)
{
    struct sl_value null = sl_value_null(op->op.node->schema->columns[column].type);

    return sl_value_column(op->op.context->pool, &null, row_count);
}

int
join_emit_alone(struct op_interval_join *op, const struct join_side *side,
                struct sl_column **columns, size_t row_count, struct sl_out *out)
{
    size_t column_count = op->op.node->schema->count;
    struct sl_batch *batch = sl_batch_new(op->op.context->pool, column_count, row_count);

    for (size_t i = 0; i < side->column_count; i++) {
        if (side->places[i] < column_count)
            sl_batch_set_column(batch, side->places[i], columns[i]);
        else
            sl_column_unref(columns[i]);
    }
    for (size_t i = 0; i < column_count; i++)
        if (!batch->columns[i])
            sl_batch_set_column(batch, i, join_nulls(op, i, row_count));
    return sl_out_emit(out, batch);
}

/* Those of the batch that have no match and do not stay. */
static void
join_emit_left_alone(struct op_interval_join *op, struct sl_out *out)
{
    const struct join_probe *probe = &op->probe;
    const struct join_side *side = join_own(op);

    if (!side->keeps || probe->alone_count == 0)
        return;
    for (size_t i = 0; i < probe->alone_count; i++)
        op->gathered[i] = probe->alone[i];
    for (size_t i = 0; i < side->column_count; i++)
        op->side_columns[i] =
            sl_column_gather(op->op.context->pool, probe->batch->columns[side->columns[i]],
                             op->gathered, probe->alone_count, false);
    join_emit_alone(op, side, op->side_columns, probe->alone_count, out); /* bounded: no news */
}

/* --- a batch --- */

/* All that the batch will look up from this bucket of the other side on, and its own rows' places.
 */
static int
join_prepare_all(struct op_interval_join *op, int64_t bucket, struct sl_error *err)
{
    size_t alone_count = op->probe.alone_count, count, to;
    struct sl_state_keys keys;
    int rc = SL_OK;

    for (; bucket != INT64_MAX && rc == SL_OK;
         bucket = join_next_bucket(op, bucket + op->plan->bucket_us)) {
        keys = join_keys(op, bucket, join_list_candidates(op, bucket));
        rc = sl_table_prepare(join_other(op)->table, &keys, err);
    }
    count = join_list_staying(op);
    op->probe.alone_count = alone_count;
    for (size_t from = 0; from < count && rc == SL_OK; from = to) {
        to = join_run_end(op, from, count, &bucket);
        keys = join_run_keys(op, bucket, from, to);
        rc = sl_table_prepare(join_own(op)->table, &keys, err);
    }
    return rc;
}

static int
join_prepare(struct sl_op *base, unsigned input, const struct sl_batch *batch, struct sl_error *err)
{
    struct op_interval_join *op = (struct op_interval_join *)base;

    if (op->is_paused)
        return SL_OK;
    join_begin(op, input, batch);
    return join_prepare_all(op, join_next_bucket(op, INT64_MIN), err);
}

void
join_start_probe(struct op_interval_join *op)
{
    op->probe.next = 0;
    op->probe.slot = JOIN_FIRST_MATCH;
    op->probe.bucket = join_next_bucket(op, INT64_MIN);
}

void
join_end_batch(struct op_interval_join *op)
{
    if (op->probe.is_owned)
        sl_batch_unref(op->probe.batch);
    op->probe.batch = NULL;
    op->probe.is_owned = false;
}

static int
join_go_on(struct op_interval_join *op, struct sl_out *out, struct sl_error *err)
{
    int rc = join_probe_all(op, out, err);

    if (rc == SL_AGAIN)
        return rc;
    if (rc == SL_OK)
        rc = join_keep_all(op, err);
    if (rc == SL_OK)
        join_emit_left_alone(op, out);
    join_end_batch(op);
    return rc;
}

static int
join_batch(struct sl_op *base, unsigned input, struct sl_batch *batch, struct sl_out *out,
           struct sl_error *err)
{
    struct op_interval_join *op = (struct op_interval_join *)base;

    join_begin(op, input, batch);
    if (op->is_paused) {
        join_pending_add(op, batch);
        return SL_OK;
    }
    op->probe.batch = batch;
    join_start_probe(op);
    return join_go_on(op, out, err);
}

/* Goes on with a batch.  Rows that were made ready for it may have left memory meanwhile. */
static int
join_resume_batch(struct op_interval_join *op, struct sl_out *out, struct sl_error *err)
{
    int rc = SL_OK;

    for (size_t i = 0; i < op->plan->key_count; i++)
        op->key_columns[i] = op->probe.batch->columns[join_own(op)->keys[i]];
    if (sl_state_is_cold(op->op.context->state))
        rc = join_prepare_all(op, op->probe.bucket, err);
    return rc == SL_OK ? join_go_on(op, out, err) : rc;
}

/* The batch under way, then those that wait. */
static int
join_resume_all(struct op_interval_join *op, struct sl_out *out, struct sl_error *err)
{
    int rc = op->probe.batch ? join_resume_batch(op, out, err) : SL_OK;

    while (rc == SL_OK && op->pending_at < op->pending.length) {
        rc = join_pending_take(op, err);
        if (rc == SL_OK)
            rc = join_resume_batch(op, out, err);
    }
    if (rc == SL_OK) {
        sl_buffer_reset(&op->pending);
        op->pending_at = 0;
    }
    return rc;
}

/* --- time --- */

static int64_t
join_next_due(struct sl_op *base)
{
    struct op_interval_join *op = (struct op_interval_join *)base;

    if (op->plan->processing_time || base->watermark_ms == SL_WATERMARK_MAX)
        return SL_WATERMARK_MAX;
    return base->watermark_ms + 1;
}

/* What waits comes before what is over: it came before. */
static int
join_fire(struct op_interval_join *op, struct sl_out *out, struct sl_error *err)
{
    int rc;

    op->is_paused = false;
    rc = join_resume_all(op, out, err);
    return rc == SL_OK ? join_expire(op, out, err) : rc;
}

static int
join_watermark(struct sl_op *base, struct sl_out *out, struct sl_error *err)
{
    return join_fire((struct op_interval_join *)base, out, err);
}

static int64_t
join_next_tick(struct sl_op *base)
{
    const struct op_interval_join *op = (struct op_interval_join *)base;
    int64_t over_us = op->plan->processing_time ? join_next_over_us(op) : INT64_MAX;

    return over_us == INT64_MAX ? INT64_MAX : (over_us / SL_US_PER_MS + 1) * SL_US_PER_MS;
}

static int
join_tick(struct sl_op *base, int64_t now_us, struct sl_out *out, struct sl_error *err)
{
    struct op_interval_join *op = (struct op_interval_join *)base;

    join_read_clock(op, now_us);
    return join_fire(op, out, err);
}

/* A batch that stopped is gone on with alone: the loop calls again for what is over. */
static int
join_resume(struct sl_op *base, struct sl_out *out, struct sl_error *err)
{
    struct op_interval_join *op = (struct op_interval_join *)base;

    if (op->probe.batch && !op->probe.is_owned)
        return join_resume_batch(op, out, err);
    return join_fire(op, out, err);
}

static int
join_pause(struct sl_op *base, struct sl_out *out, struct sl_error *err)
{
    struct op_interval_join *op = (struct op_interval_join *)base;

    join_pending_pause(op);
    op->is_paused = true;
    for (size_t i = 0; i < SL_COUNT_OF(op->sides); i++)
        join_expiry_pause(&op->sides[i].expiry);
    return SL_OK;
}

static void
join_close(struct sl_op *base)
{
    struct op_interval_join *op = (struct op_interval_join *)base;

    for (size_t i = 0; i < SL_COUNT_OF(op->sides); i++)
        join_expiry_done(&op->sides[i].expiry);
    join_end_batch(op);
    sl_buffer_done(&op->pending);
    if (op->condition)
        sl_eval_free(op->condition);
    sl_buffer_done(&op->packed);
    sl_key_bytes_done(&op->key_bytes);
}

const struct sl_op_class sl_op_interval_join = {
    .name = "IntervalJoin",
    .size = sizeof(struct op_interval_join),
    .pauses_batches = true,
    .takes_marks = true,
    .open = join_open,
    .prepare = join_prepare,
    .batch = join_batch,
    .resume = join_resume,
    .watermark = join_watermark,
    .next_due_ms = join_next_due,
    .next_tick_us = join_next_tick,
    .tick = join_tick,
    .pause = join_pause,
    .barrier = join_pending_barrier,
    .restore = join_pending_restore,
    .close = join_close,
};
