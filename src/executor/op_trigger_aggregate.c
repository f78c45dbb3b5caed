/* GROUP BY by a trigger: Flink's global windows, and count windows, which purge or evict.
 *
 *     a row:      goes into its group: into its accumulators, or, where rows are evicted, to those
 *                 that are kept.  The row that completes a count fires it.
 *     a timer:    a group that has new rows fires at the next whole multiple of the interval.
 *     firing:     evict, fold what is kept, one row of results; purge
 *
 * 1. A batch is worked on in segments, each of which fires a group once at most.
 * 2. A group's timers are lazy, as sessions' are: the one that counts is named in its row.
 * 3. State is true between any two steps. */
#include "executor/session.h"

#include "data/row.h"

#include <stdlib.h>

/* The value of a group begins with it. */
struct trigger_head {
    int64_t pending; /* rows since the last firing */
    int64_t fired;   /* firings */
    int64_t timer_ms;
    bool has_timer;
    bool is_firing; /* within a segment */
    uint8_t unused[6];
};

struct op_trigger_aggregate {
    struct sl_op op;
    const struct sl_phys_trigger_aggregate *plan;
    struct sl_aggregation groups;  /* head and accumulators, or head and rows */
    struct sl_aggregation scratch; /* accumulators of what is kept, while it fires */
    struct sl_aggregate *rows;     /* where rows are evicted */
    struct sl_session_timers timers;
    char **states;       /* by place in groups.rows */
    uint16_t *fold_rows; /* of the segment, … */
    char **fold_states;
    size_t fold_count;
    uint16_t *fire_rows; /* … and the groups that it fires: rows of the key columns */
    uint64_t *fire_hashes;
    char **fire_states;
    size_t fire_count;
    uint16_t *timer_rows;
    uint64_t *timer_hashes;
    int64_t *timer_dues;
    size_t timer_count;
    struct sl_text *texts; /* kept rows that are folded next */
    size_t text_count;
    struct sl_due *dues; /* taken from the timers, not yet worked on */
    size_t due_count;
    struct sl_column **due_columns;
};

static struct trigger_head *
trigger_head_of(char *state)
{
    return (struct trigger_head *)(void *)state;
}

static bool
trigger_has_timers(const struct op_trigger_aggregate *op)
{
    return op->plan->trigger.kind != SL_TRIGGER_COUNT;
}

static bool
trigger_by_clock(const struct op_trigger_aggregate *op)
{
    return op->plan->trigger.kind == SL_TRIGGER_PROCESSING_TIME &&
           op->op.watermark_ms != SL_WATERMARK_MAX;
}

static int64_t
trigger_clock_ms(const struct op_trigger_aggregate *op)
{
    return trigger_by_clock(op) ? sl_now_us(op->op.context->env) / SL_US_PER_MS
                                : op->op.watermark_ms;
}

/* --- opening --- */

static void
trigger_open_scratch(struct op_trigger_aggregate *op, struct sl_arena *arena)
{
    size_t max = SL_BATCH_ROWS_MAX;

    op->states = SL_NEW_ARRAY(arena, char *, max);
    op->fold_rows = SL_NEW_ARRAY(arena, uint16_t, max);
    op->fold_states = SL_NEW_ARRAY(arena, char *, max);
    op->fire_rows = SL_NEW_ARRAY(arena, uint16_t, max);
    op->fire_hashes = SL_NEW_ARRAY(arena, uint64_t, max);
    op->fire_states = SL_NEW_ARRAY(arena, char *, max);
    op->timer_rows = SL_NEW_ARRAY(arena, uint16_t, max);
    op->timer_hashes = SL_NEW_ARRAY(arena, uint64_t, max);
    op->timer_dues = SL_NEW_ARRAY(arena, int64_t, max);
    op->texts = SL_NEW_ARRAY(arena, struct sl_text, max);
    op->dues = SL_NEW_ARRAY(arena, struct sl_due, max);
    op->due_columns = SL_NEW_ARRAY(arena, struct sl_column *, op->plan->key_count + 1);
}

static int
trigger_open_timers(struct op_trigger_aggregate *op, struct sl_error *err)
{
    const struct sl_schema *input = op->op.node->inputs[0].node->schema;
    const struct sl_type **types =
        SL_NEW_ARRAY(op->op.context->arena, const struct sl_type *, op->plan->key_count + 1);

    for (size_t i = 0; i < op->plan->key_count; i++)
        types[i] = input->columns[op->plan->keys[i]].type;
    return sl_session_timers_open(&op->timers, &op->op, "trigger.timers", types,
                                  op->plan->key_count,
                                  SL_MAX(op->plan->trigger.every / SL_US_PER_MS, INT64_C(1)), err);
}

static int
trigger_aggregate_open(struct sl_op *base, struct sl_error *err)
{
    struct op_trigger_aggregate *op = (struct op_trigger_aggregate *)base;
    const struct sl_phys_trigger_aggregate *plan = base->node->detail;
    bool evicts = plan->trigger.evictor != SL_EVICTOR_NONE;

    op->plan = plan;
    trigger_open_scratch(op, base->context->arena);
    op->groups.head_size = sizeof(struct trigger_head);
    op->groups.has_sets = true;
    op->groups.ttl_us = plan->ttl_us;
    if (evicts) {
        op->rows = sl_aggregate_rows(base->context->arena, base->node->inputs[0].node->schema);
        op->scratch.has_sets = true;
        SL_TRY(sl_aggregation_open(&op->scratch, base, "trigger.scratch", plan->keys,
                                   plan->key_count, plan->aggregates, plan->aggregate_count, false,
                                   err));
    }
    SL_TRY(sl_aggregation_open(&op->groups, base, "trigger", plan->keys, plan->key_count,
                               evicts ? &op->rows : plan->aggregates,
                               evicts ? 1 : plan->aggregate_count, false, err));
    return trigger_has_timers(op) ? trigger_open_timers(op, err) : SL_OK;
}

/* --- what is kept --- */

/* Folds the rows in op->texts. */
static int
trigger_fold_texts(struct op_trigger_aggregate *op, struct sl_out *out, struct sl_error *err)
{
    struct sl_pool *pool = op->op.context->pool;
    size_t count = op->text_count;
    struct sl_batch *batch;
    int kept;

    op->text_count = 0;
    if (count == 0)
        return SL_OK;
    batch = sl_batch_new(pool, op->op.node->inputs[0].node->schema->count, count);
    if (sl_row_unpack(op->rows->layout, pool, op->texts, count, batch->columns, err) < 0) {
        memset(batch->columns, 0, batch->column_count * sizeof(*batch->columns));
        sl_batch_unref(batch);
        return err->code;
    }
    kept = sl_aggregation_begin(&op->scratch, &op->op, batch, out, err);
    if (kept > 0)
        sl_aggregation_add(&op->scratch, batch, 0, op->scratch.rows, op->scratch.hashes,
                           (size_t)kept);
    sl_aggregation_end(&op->scratch);
    sl_batch_unref(batch);
    return SL_MIN(kept, SL_OK);
}

/* The times of a group's rows, in microseconds. */
static int
trigger_times(const struct op_trigger_aggregate *op, const char *list, size_t count,
              int64_t *ret_times, struct sl_error *err)
{
    const struct sl_schema *input = op->op.node->inputs[0].node->schema;
    struct sl_column **columns = sl_alloc((input->count + 1) * sizeof(*columns));
    int rc = SL_OK;

    for (size_t from = 0; from < count && rc == SL_OK; from += SL_BATCH_ROWS_MAX) {
        size_t some = SL_MIN(count - from, (size_t)SL_BATCH_ROWS_MAX);
        struct sl_text texts[SL_BATCH_ROWS_MAX];

        for (size_t i = 0; i < some; i++)
            texts[i] = sl_aggregate_rows_at(list, from + i);
        rc = sl_row_unpack(op->rows->layout, op->op.context->pool, texts, some, columns, err);
        if (rc < 0)
            break;
        memcpy(ret_times + from, columns[op->plan->time_column]->values, some * sizeof(*ret_times));
        for (size_t i = 0; i < input->count; i++)
            sl_column_unref(columns[i]);
    }
    free(columns);
    return rc;
}

/* Rows of a group that the evictor takes go. */
static int
trigger_evict(struct op_trigger_aggregate *op, char *list, struct sl_error *err)
{
    const struct sl_trigger *trigger = &op->plan->trigger;
    size_t count = sl_aggregate_rows_count(list);
    int64_t *times = sl_alloc((count + 1) * sizeof(*times)), newest = INT64_MIN;
    bool *keeps = sl_alloc(count + 1);
    int rc = SL_OK;

    if (trigger->evictor == SL_EVICTOR_TIME)
        rc = trigger_times(op, list, count, times, err);
    for (size_t i = 0; i < count && rc == SL_OK && trigger->evictor == SL_EVICTOR_TIME; i++)
        newest = SL_MAX(newest, times[i]);
    for (size_t i = 0; i < count && rc == SL_OK; i++)
        keeps[i] = trigger->evictor == SL_EVICTOR_COUNT ? count - i <= (uint64_t)trigger->keeps
                                                        : newest - times[i] < trigger->keeps;
    if (rc == SL_OK && count > 0)
        sl_aggregate_rows_keep(list, keeps);
    free(keeps);
    free(times);
    return rc;
}

/* The accumulators of the groups that fire, over the rows that they keep, in scratch.states. */
static int
trigger_fold_kept(struct op_trigger_aggregate *op, const struct sl_state_keys *keys,
                  struct sl_out *out, struct sl_error *err)
{
    size_t offset = op->groups.items[0].state_offset;

    for (size_t i = 0; i < op->fire_count; i++) {
        char *list = op->fire_states[i] + offset;

        if (sl_aggregate_rows_overflowed(list))
            return SL_ERROR(err, SL_E_LIMIT_EXCEEDED, "a window has more than 1 GiB of rows");
        SL_TRY(trigger_evict(op, list, err));
        for (size_t k = 0; k < sl_aggregate_rows_count(list); k++) {
            op->texts[op->text_count++] = sl_aggregate_rows_at(list, k);
            if (op->text_count == SL_BATCH_ROWS_MAX)
                SL_TRY(trigger_fold_texts(op, out, err));
        }
    }
    SL_TRY(trigger_fold_texts(op, out, err));
    sl_table_upsert(op->scratch.table, keys, op->scratch.states, NULL);
    return SL_OK;
}

/* --- firing --- */

static struct sl_aggregation *
trigger_results(struct op_trigger_aggregate *op)
{
    return op->rows ? &op->scratch : &op->groups;
}

/* One row a group of op->fire_rows; `columns` are the keys'. */
static int
trigger_make(struct op_trigger_aggregate *op, struct sl_column *const *columns,
             struct sl_batch **ret_batch, struct sl_out *out, struct sl_error *err)
{
    const struct sl_schema *schema = op->op.node->schema;
    struct sl_pool *pool = op->op.context->pool;
    size_t key_count = op->plan->key_count, count = op->fire_count;
    struct sl_state_keys keys = {
        .columns = columns, .rows = op->fire_rows, .row_count = count, .hashes = op->fire_hashes};
    uint32_t rows[SL_BATCH_ROWS_MAX];
    struct sl_batch *batch;

    if (op->rows)
        SL_TRY(trigger_fold_kept(op, &keys, out, err));
    batch = sl_batch_new(pool, schema->count, count);
    sl_aggregation_results(trigger_results(op), op->rows ? op->scratch.states : op->fire_states,
                           count, batch->columns + key_count);
    if (op->rows)
        sl_table_delete(op->scratch.table, &keys);
    for (size_t i = 0; i < count; i++)
        rows[i] = op->fire_rows[i];
    for (size_t i = 0; i < key_count; i++)
        batch->columns[i] = sl_column_gather(pool, columns[i], rows, count, false);
    if (op->plan->has_id) {
        struct sl_column *ids =
            sl_column_new(pool, schema->columns[schema->count - 1].type, count, false);

        for (size_t i = 0; i < count; i++)
            ((int64_t *)ids->values)[i] = trigger_head_of(op->fire_states[i])->fired + 1;
        batch->columns[schema->count - 1] = ids;
    }
    *ret_batch = batch;
    return SL_OK;
}

/* Fires the groups that are listed. */
static int
trigger_fire(struct op_trigger_aggregate *op, struct sl_column *const *columns, struct sl_out *out,
             struct sl_error *err)
{
    struct sl_batch *batch;

    if (op->fire_count == 0)
        return SL_OK;
    SL_TRY(trigger_make(op, columns, &batch, out, err));
    for (size_t i = 0; i < op->fire_count; i++) {
        struct trigger_head *head = trigger_head_of(op->fire_states[i]);

        head->pending = 0;
        head->fired++;
        head->is_firing = head->has_timer = false;
        if (op->plan->trigger.purges)
            sl_aggregation_reset(&op->groups, 0, op->fire_states[i]);
    }
    op->fire_count = 0;
    return sl_aggregation_emit(trigger_results(op), &op->op, batch, out, err);
}

/* --- a batch --- */

/* Ends the segment. */
static int
trigger_end_segment(struct op_trigger_aggregate *op, const struct sl_batch *batch,
                    struct sl_out *out, struct sl_error *err)
{
    int rc;

    if (op->fold_count > 0)
        sl_aggregation_add_to(&op->groups, batch, 0, op->fold_rows, op->fold_states,
                              op->fold_count);
    op->fold_count = 0;
    rc = trigger_fire(op, op->groups.key_columns, out, err);
    return SL_MIN(rc, SL_OK); /* bounded by the input: SL_AGAIN is no news */
}

/* The first multiple of the interval behind a time. */
static int64_t
trigger_next_ms(const struct op_trigger_aggregate *op, int64_t time_ms)
{
    int64_t every_ms = op->plan->trigger.every / SL_US_PER_MS, rest = time_ms % every_ms;

    return time_ms - (rest < 0 ? rest + every_ms : rest) + every_ms;
}

static void
trigger_set_timer(struct op_trigger_aggregate *op, size_t place, int64_t time_ms)
{
    struct trigger_head *head = trigger_head_of(op->states[place]);

    if (head->has_timer)
        return;
    head->has_timer = true;
    head->timer_ms = trigger_next_ms(op, time_ms);
    op->timer_rows[op->timer_count] = op->groups.rows[place];
    op->timer_hashes[op->timer_count] = op->groups.hashes[place];
    op->timer_dues[op->timer_count++] = head->timer_ms;
}

static int
trigger_rows(struct op_trigger_aggregate *op, const struct sl_batch *batch, size_t row_count,
             struct sl_out *out, struct sl_error *err)
{
    const struct sl_trigger *trigger = &op->plan->trigger;
    const int64_t *times = trigger->kind == SL_TRIGGER_EVENT_TIME
                               ? batch->columns[op->plan->time_column]->values
                               : NULL;
    int64_t now_ms = sl_now_us(op->op.context->env) / SL_US_PER_MS;

    for (size_t i = 0; i < row_count; i++) {
        uint16_t row = op->groups.rows[i];
        struct trigger_head *head = trigger_head_of(op->states[i]);

        if (head->is_firing)
            SL_TRY(trigger_end_segment(op, batch, out, err));
        op->fold_rows[op->fold_count] = row;
        op->fold_states[op->fold_count++] = op->states[i];
        head->pending++;
        if (trigger_has_timers(op)) {
            trigger_set_timer(op, i, times ? times[row] / SL_US_PER_MS : now_ms);
        } else if (head->pending >= trigger->every) {
            head->is_firing = true;
            op->fire_rows[op->fire_count] = row;
            op->fire_hashes[op->fire_count] = op->groups.hashes[i];
            op->fire_states[op->fire_count++] = op->states[i];
        }
    }
    return trigger_end_segment(op, batch, out, err);
}

static void
trigger_add_timers(struct op_trigger_aggregate *op, struct sl_column *const *columns)
{
    struct sl_state_keys keys = {.columns = columns,
                                 .rows = op->timer_rows,
                                 .row_count = op->timer_count,
                                 .hashes = op->timer_hashes};

    if (op->timer_count > 0)
        sl_session_timers_add(&op->timers, &keys, op->timer_dues);
    op->timer_count = 0;
}

static int
trigger_aggregate_batch(struct sl_op *base, unsigned input, struct sl_batch *batch,
                        struct sl_out *out, struct sl_error *err)
{
    struct op_trigger_aggregate *op = (struct op_trigger_aggregate *)base;
    const struct sl_trigger *trigger = &op->plan->trigger;
    int count = sl_aggregation_begin(&op->groups, base, batch, out, err);

    if (count > 0 &&
        (trigger->kind == SL_TRIGGER_EVENT_TIME || trigger->evictor == SL_EVICTOR_TIME))
        count =
            sl_aggregation_drop_timeless(&op->groups, batch, op->plan->time_column, (size_t)count,
                                         "the time of a trigger must not be NULL", out, err);
    if (count > 0) {
        struct sl_state_keys keys = {.columns = op->groups.key_columns,
                                     .rows = op->groups.rows,
                                     .row_count = (size_t)count,
                                     .hashes = op->groups.hashes};

        sl_table_upsert(op->groups.table, &keys, op->states, NULL);
        count = trigger_rows(op, batch, (size_t)count, out, err);
        trigger_add_timers(op, op->groups.key_columns);
    }
    sl_aggregation_end(&op->groups);
    return SL_MIN(count, SL_OK);
}

static int
trigger_aggregate_prepare(struct sl_op *base, unsigned input, const struct sl_batch *batch,
                          struct sl_error *err)
{
    struct op_trigger_aggregate *op = (struct op_trigger_aggregate *)base;

    return sl_aggregation_prepare_batch(&op->groups, base, batch, err);
}

/* --- timers --- */

/* Lists the groups whose timers count.  SL_AGAIN: state is read. */
static int
trigger_find(struct op_trigger_aggregate *op, struct sl_error *err)
{
    uint64_t hashes[SL_BATCH_ROWS_MAX];
    const char *values[SL_BATCH_ROWS_MAX];
    struct sl_state_keys keys = {.columns = op->due_columns};
    int rc;

    rc = sl_session_timers_find(&op->timers, &op->op, op->groups.table, op->plan->key_count,
                                op->dues, op->due_count, op->due_columns, hashes, values, err);
    if (rc != SL_OK)
        return rc;
    for (size_t i = 0; i < op->due_count; i++) {
        const struct trigger_head *head = (const struct trigger_head *)(const void *)values[i];

        if (!head || !head->has_timer || head->timer_ms != op->dues[i].time)
            continue;
        op->fire_rows[op->fire_count] = (uint16_t)i;
        op->fire_hashes[op->fire_count++] = hashes[i];
    }
    keys.rows = op->fire_rows;
    keys.row_count = op->fire_count;
    keys.hashes = op->fire_hashes;
    if (op->fire_count > 0)
        sl_table_upsert(op->groups.table, &keys, op->fire_states, NULL);
    return SL_OK;
}

static int
trigger_fire_dues(struct op_trigger_aggregate *op, struct sl_out *out, struct sl_error *err)
{
    int rc = trigger_find(op, err);

    if (rc == SL_OK) {
        op->due_count = 0;
        rc = trigger_fire(op, op->due_columns, out, err);
    }
    for (size_t i = 0; i < op->plan->key_count; i++)
        sl_column_unref(op->due_columns[i]);
    return rc;
}

static int
trigger_aggregate_resume(struct sl_op *base, struct sl_out *out, struct sl_error *err)
{
    struct op_trigger_aggregate *op = (struct op_trigger_aggregate *)base;
    size_t max = SL_MIN(base->context->settings->batch_size, (uint32_t)SL_BATCH_ROWS_MAX);
    int rc = SL_OK;

    while (rc == SL_OK && trigger_has_timers(op)) {
        if (op->due_count == 0) {
            int64_t clock_ms = trigger_clock_ms(op);

            rc = sl_session_timers_load(&op->timers, clock_ms, err);
            if (rc != SL_OK)
                return rc;
            op->due_count = sl_session_timers_take(&op->timers, clock_ms, op->dues, max);
            if (op->due_count == 0) {
                sl_session_timers_drop(&op->timers, clock_ms);
                return SL_OK;
            }
        }
        rc = trigger_fire_dues(op, out, err);
    }
    return rc;
}

static int
trigger_aggregate_watermark(struct sl_op *base, struct sl_out *out, struct sl_error *err)
{
    if (trigger_by_clock((struct op_trigger_aggregate *)base))
        return SL_OK;
    return trigger_aggregate_resume(base, out, err);
}

/* By event time each watermark may have a group fire before the next row. */
static int64_t
trigger_aggregate_next_due(struct sl_op *base)
{
    const struct op_trigger_aggregate *op = (const struct op_trigger_aggregate *)base;

    return op->plan->trigger.kind == SL_TRIGGER_EVENT_TIME ? SL_WATERMARK_MIN : SL_WATERMARK_MAX;
}

static int64_t
trigger_aggregate_next_tick(struct sl_op *base)
{
    const struct op_trigger_aggregate *op = (const struct op_trigger_aggregate *)base;
    int64_t first_ms;

    if (!trigger_by_clock(op))
        return INT64_MAX;
    first_ms = sl_session_timers_first_ms(&op->timers);
    if (op->due_count > 0)
        first_ms = SL_MIN(first_ms, op->dues[0].time);
    return first_ms == INT64_MAX ? INT64_MAX : first_ms * SL_US_PER_MS;
}

static int
trigger_aggregate_tick(struct sl_op *base, int64_t now_us, struct sl_out *out, struct sl_error *err)
{
    return trigger_aggregate_resume(base, out, err);
}

static int
trigger_aggregate_pause(struct sl_op *base, struct sl_out *out, struct sl_error *err)
{
    struct op_trigger_aggregate *op = (struct op_trigger_aggregate *)base;

    return trigger_has_timers(op) ? sl_session_timers_settle(&op->timers, err) : SL_OK;
}

static void
trigger_aggregate_close(struct sl_op *base)
{
    struct op_trigger_aggregate *op = (struct op_trigger_aggregate *)base;

    sl_session_timers_close(&op->timers);
    sl_aggregation_close(&op->groups);
    sl_aggregation_close(&op->scratch);
}

const struct sl_op_class sl_op_trigger_aggregate = {
    .name = "TriggerAggregate",
    .size = sizeof(struct op_trigger_aggregate),
    .open = trigger_aggregate_open,
    .prepare = trigger_aggregate_prepare,
    .batch = trigger_aggregate_batch,
    .resume = trigger_aggregate_resume,
    .watermark = trigger_aggregate_watermark,
    .next_due_ms = trigger_aggregate_next_due,
    .next_tick_us = trigger_aggregate_next_tick,
    .tick = trigger_aggregate_tick,
    .pause = trigger_aggregate_pause,
    .close = trigger_aggregate_close,
};
