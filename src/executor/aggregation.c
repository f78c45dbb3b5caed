/* Aggregation over state tables: see aggregation.h. */
#include "executor/aggregation_distinct.h"

#include "data/row.h"

#include <stdlib.h>

static struct sl_view
aggregation_keep(struct sl_aggregate_keeper *keeper, char *state, const struct sl_view *view)
{
    struct sl_aggregation_keeper *own = (struct sl_aggregation_keeper *)keeper;

    /* The accumulator begins with the view that it had. */
    return sl_table_keep_view(own->table, own->time, (const struct sl_view *)(const void *)state,
                              view);
}

static char *
aggregation_reserve(struct sl_aggregate_keeper *keeper, char *state, size_t capacity)
{
    struct sl_aggregation_keeper *own = (struct sl_aggregation_keeper *)keeper;
    struct sl_view *view = (struct sl_view *)(void *)state;

    *view = sl_table_grow_view(own->table, own->time, view, capacity);
    return (char *)(uintptr_t)view->pointer;
}

struct sl_aggregation_keeper
sl_aggregation_keeper_of(const struct sl_aggregation *aggregation, int64_t time)
{
    return (struct sl_aggregation_keeper){
        {aggregation_keep, aggregation_reserve}, aggregation->table, time};
}

/* --- opening --- */

static int
aggregation_open_tables(struct sl_aggregation *aggregation, struct sl_arena *arena,
                        struct sl_state *state, struct sl_error *err)
{
    SL_TRY(sl_state_table_open(state, &aggregation->spec, &aggregation->table, err));
    for (size_t i = 0; i < aggregation->values_count; i++)
        SL_TRY(sl_aggregation_open_values(aggregation, arena, state, &aggregation->values[i], err));
    return SL_OK;
}

int
sl_aggregation_open_merged(struct sl_aggregation *merged, const struct sl_aggregation *from,
                           struct sl_arena *arena, struct sl_state *state, struct sl_error *err)
{
    *merged = *from;
    merged->values = SL_NEW_ARRAY(arena, struct sl_aggregation_values, from->values_count + 1);
    memcpy(merged->values, from->values, from->values_count * sizeof(*merged->values));
    merged->eval = NULL;
    merged->expr_count = 0;
    merged->key_columns = SL_NEW_ARRAY(arena, struct sl_column *, from->key_count + 1);
    return aggregation_open_tables(merged, arena, state, err);
}

/* Lists the expressions of all arguments and filters for one program. */
static struct sl_expr **
aggregation_list_exprs(struct sl_aggregation *aggregation, struct sl_arena *arena)
{
    struct sl_expr **exprs;
    size_t max = 1;

    for (size_t i = 0; i < aggregation->count; i++)
        max += aggregation->items[i].aggregate->arg_count + 1;
    exprs = SL_NEW_ARRAY(arena, struct sl_expr *, max);
    aggregation->expr_count = 0;
    for (size_t i = 0; i < aggregation->count; i++) {
        struct sl_aggregation_item *item = &aggregation->items[i];

        item->argument = item->filter = -1;
        if (aggregation->phase == SL_AGGREGATION_GLOBAL)
            continue;
        if (item->aggregate->arg_count > 0)
            item->argument = (int32_t)aggregation->expr_count;
        for (size_t j = 0; j < item->aggregate->arg_count; j++)
            exprs[aggregation->expr_count++] =
                item->aggregate->args[sl_aggregate_is_parameter(item->aggregate, j) ? 0 : j];
        if (item->aggregate->filter) {
            item->filter = (int32_t)aggregation->expr_count;
            exprs[aggregation->expr_count++] = item->aggregate->filter;
        }
    }
    return exprs;
}

static void
aggregation_open_scratch(struct sl_aggregation *aggregation, struct sl_arena *arena)
{
    aggregation->arguments = SL_NEW_ARRAY(arena, struct sl_column *, aggregation->expr_count + 1);
    aggregation->key_columns = SL_NEW_ARRAY(arena, struct sl_column *, aggregation->key_count + 1);
    aggregation->hashes = SL_NEW_ARRAY(arena, uint64_t, SL_BATCH_ROWS_MAX);
    aggregation->states = SL_NEW_ARRAY(arena, char *, SL_BATCH_ROWS_MAX);
    aggregation->some_states = SL_NEW_ARRAY(arena, char *, SL_BATCH_ROWS_MAX);
    aggregation->failures.list =
        SL_NEW_ARRAY(arena, struct sl_aggregation_failure, SL_BATCH_ROWS_MAX);
    aggregation->rows = SL_NEW_ARRAY(arena, uint16_t, SL_BATCH_ROWS_MAX);
    aggregation->some_rows = SL_NEW_ARRAY(arena, uint16_t, SL_BATCH_ROWS_MAX);
}

/* Gives an aggregate its place in the value; returns the number of views so far. */
static size_t
aggregation_place(struct sl_aggregation *aggregation, struct sl_arena *arena, size_t index,
                  const struct sl_aggregate *aggregate, uint32_t *views, size_t view_count)
{
    struct sl_aggregation_item *item = &aggregation->items[index];

    item->aggregate = aggregate;
    if (aggregate->distinct && aggregation->has_sets) {
        sl_distinct_init(&item->set, arena, aggregate);
        item->set.set_offset = aggregation->value_size;
        views[view_count++] = (uint32_t)aggregation->value_size;
        aggregation->value_size += SL_DISTINCT_SIZE;
    }
    item->state_offset = item->set.state_offset = aggregation->value_size;
    if (sl_aggregate_has_view(aggregate))
        views[view_count++] = (uint32_t)aggregation->value_size;
    aggregation->value_size += sl_aggregate_size(aggregate);
    return view_count;
}

int
sl_aggregation_open(struct sl_aggregation *aggregation, struct sl_op *op, const char *name,
                    const uint32_t *keys, size_t key_count, struct sl_aggregate *const *aggregates,
                    size_t aggregate_count, bool has_time, struct sl_error *err)
{
    struct sl_arena *arena = op->context->arena;
    const struct sl_schema *input = op->node->inputs[0].node->schema;
    const struct sl_type **types = SL_NEW_ARRAY(arena, const struct sl_type *, key_count + 1);
    struct sl_state_table_spec spec = {.name = name,
                                       .operator_uid = op->node->uid,
                                       .key_types = types,
                                       .key_count = key_count,
                                       .has_time = has_time,
                                       .ttl_us = aggregation->ttl_us,
                                       .is_resident = aggregation->is_resident};
    uint32_t *views = SL_NEW_ARRAY(arena, uint32_t, 2 * aggregate_count + 2);
    struct sl_expr **exprs;

    aggregation->pool = op->context->pool;
    aggregation->overflow_wraps = op->context->settings->overflow_wraps;
    aggregation->keys = keys;
    aggregation->key_count = key_count;
    aggregation->count = aggregate_count;
    aggregation->value_size = aggregation->head_size;
    aggregation->items = SL_NEW_ARRAY(arena, struct sl_aggregation_item, aggregate_count + 1);
    for (size_t i = 0; i < key_count; i++)
        types[i] = input->columns[keys[i]].type;
    for (size_t i = 0; i < aggregation->head_view_count; i++)
        views[spec.view_count++] = aggregation->head_views[i];
    for (size_t i = 0; i < aggregate_count; i++)
        spec.view_count =
            aggregation_place(aggregation, arena, i, aggregates[i], views, spec.view_count);
    sl_aggregation_place_values(aggregation, arena);
    aggregation->last_life =
        aggregation->life_offset ? op->context->env->ops->random(op->context->env) : 0;
    spec.view_offsets = views;
    spec.value_size = SL_MAX(aggregation->value_size, (size_t)8);
    aggregation->spec = spec;
    if (aggregation->phase != SL_AGGREGATION_LOCAL)
        SL_TRY(aggregation_open_tables(aggregation, arena, op->context->state, err));
    if (aggregation->phase == SL_AGGREGATION_GLOBAL)
        sl_aggregation_open_parts(aggregation, arena);
    exprs = aggregation_list_exprs(aggregation, arena);
    aggregation_open_scratch(aggregation, arena);
    if (aggregation->expr_count > 0)
        aggregation->eval = sl_op_eval_new(op->context, exprs, aggregation->expr_count);
    return SL_OK;
}

void
sl_aggregation_close(struct sl_aggregation *aggregation)
{
    if (aggregation->eval)
        sl_eval_free(aggregation->eval);
    aggregation->eval = NULL;
}

/* --- a batch --- */

/* The live rows without those that failed. */
static size_t
aggregation_list_rows(struct sl_aggregation *aggregation, const struct sl_batch *batch,
                      const struct sl_row_error *errors, size_t error_count)
{
    size_t live = sl_batch_live_count(batch), count = 0;

    if (error_count == 0 && !batch->errors) {
        for (size_t i = 0; i < live; i++)
            aggregation->rows[i] = (uint16_t)sl_batch_row(batch, i);
        return live;
    }
    for (size_t i = 0; i < live; i++) {
        uint16_t row = (uint16_t)sl_batch_row(batch, i);
        bool failed = batch->errors && batch->errors[row / 64] >> (row % 64) & 1;

        for (size_t e = 0; e < error_count && !failed; e++)
            failed = errors[e].row == row;
        if (!failed)
            aggregation->rows[count++] = row;
    }
    return count;
}

static void
aggregation_hash(struct sl_aggregation *aggregation, const struct sl_batch *batch, size_t row_count)
{
    for (size_t i = 0; i < aggregation->key_count; i++)
        aggregation->key_columns[i] = batch->columns[aggregation->keys[i]];
    if (aggregation->key_count > 0)
        sl_hash_rows(aggregation->key_columns, aggregation->key_count, aggregation->rows, row_count,
                     aggregation->hashes);
    else
        memset(aggregation->hashes, 0, row_count * sizeof(*aggregation->hashes));
}

int
sl_aggregation_begin(struct sl_aggregation *aggregation, struct sl_op *op,
                     const struct sl_batch *batch, struct sl_out *out, struct sl_error *err)
{
    const struct sl_row_error *errors = NULL;
    size_t error_count = 0, row_count;

    if (aggregation->eval) {
        sl_eval_set_now(aggregation->eval, sl_now_us(op->context->env), op->watermark_ms);
        if (sl_eval_run(aggregation->eval, batch, aggregation->arguments) > 0) {
            errors = sl_eval_errors(aggregation->eval, &error_count);
            SL_TRY(out->error(out, batch, errors, error_count, err));
        }
    }
    row_count = aggregation_list_rows(aggregation, batch, errors, error_count);
    aggregation_hash(aggregation, batch, row_count);
    if (aggregation->phase == SL_AGGREGATION_GLOBAL)
        SL_TRY(sl_aggregation_take_parts(aggregation, batch, row_count, err));
    return (int)row_count;
}

int
sl_aggregation_drop_timeless(struct sl_aggregation *aggregation, const struct sl_batch *batch,
                             uint32_t time_column, size_t row_count, const char *text,
                             struct sl_out *out, struct sl_error *err)
{
    const struct sl_column *times = batch->columns[time_column];
    uint16_t *rows = aggregation->rows;
    size_t kept = 0;

    if (!times->validity)
        return (int)row_count;
    for (size_t i = 0; i < row_count; i++) {
        struct sl_row_error error = {rows[i], SL_E_NULL_VALUE, text};

        if (sl_column_is_null(times, rows[i])) {
            if (out)
                SL_TRY(out->error(out, batch, &error, 1, err));
            continue;
        }
        rows[kept] = rows[i];
        aggregation->hashes[kept++] = aggregation->hashes[i];
    }
    return (int)kept;
}

size_t
sl_aggregation_begin_prepare(struct sl_aggregation *aggregation, struct sl_op *op,
                             const struct sl_batch *batch)
{
    size_t row_count;

    if (aggregation->eval) {
        sl_eval_set_now(aggregation->eval, sl_now_us(op->context->env), op->watermark_ms);
        sl_eval_run(aggregation->eval, batch, aggregation->arguments);
    }
    row_count = aggregation_list_rows(aggregation, batch, NULL, 0);
    aggregation_hash(aggregation, batch, row_count);
    return row_count;
}

void
sl_aggregation_end(struct sl_aggregation *aggregation)
{
    for (size_t i = 0; i < aggregation->expr_count; i++) {
        sl_column_unref(aggregation->arguments[i]);
        aggregation->arguments[i] = NULL;
    }
}

/* Keeps the rows (and their states) that the filter lets through. */
static size_t
aggregation_filter(struct sl_aggregation *aggregation, const struct sl_column *filter,
                   const uint16_t *rows, char *const *states, size_t row_count)
{
    const uint8_t *values = filter->values;
    size_t count = 0;

    for (size_t i = 0; i < row_count; i++) {
        if (values[rows[i]] && !sl_column_is_null(filter, rows[i])) {
            aggregation->some_rows[count] = rows[i];
            aggregation->some_states[count++] = states[i];
        }
    }
    return count;
}

static void
aggregation_set_some(struct sl_aggregation *aggregation, const uint16_t *rows, char *const *states,
                     size_t row_count)
{
    if (rows == aggregation->some_rows)
        return;
    memcpy(aggregation->some_rows, rows, row_count * sizeof(*rows));
    memcpy(aggregation->some_states, states, row_count * sizeof(*states));
}

int
sl_aggregation_prepare(struct sl_aggregation *aggregation, int64_t time, const uint16_t *rows,
                       const uint64_t *hashes, size_t row_count, struct sl_error *err)
{
    int rc = sl_table_prepare(aggregation->table,
                              &(struct sl_state_keys){.columns = aggregation->key_columns,
                                                      .rows = rows,
                                                      .row_count = row_count,
                                                      .hashes = hashes,
                                                      .time = time},
                              err);

    for (size_t i = 0; i < aggregation->values_count && rc == SL_OK; i++)
        rc = sl_aggregation_prepare_values(aggregation, &aggregation->values[i], time, rows, hashes,
                                           row_count, err);
    return rc;
}

int
sl_aggregation_prepare_batch(struct sl_aggregation *aggregation, struct sl_op *op,
                             const struct sl_batch *batch, struct sl_error *err)
{
    size_t count = sl_aggregation_begin_prepare(aggregation, op, batch);
    int rc =
        sl_aggregation_prepare(aggregation, 0, aggregation->rows, aggregation->hashes, count, err);

    sl_aggregation_end(aggregation);
    return rc;
}

static void
aggregation_add_item(struct sl_aggregation *aggregation, const struct sl_batch *batch,
                     const struct sl_aggregation_item *item, int64_t time, const uint16_t *rows,
                     char *const *states, size_t row_count)
{
    struct sl_aggregation_keeper keeper = sl_aggregation_keeper_of(aggregation, time);

    if (item->filter >= 0) {
        row_count = aggregation_filter(aggregation, aggregation->arguments[item->filter], rows,
                                       states, row_count);
        rows = aggregation->some_rows;
        states = aggregation->some_states;
    }
    if (item->set.aggregate) {
        aggregation_set_some(aggregation, rows, states, row_count);
        row_count = sl_distinct_add(&item->set, aggregation->arguments[item->argument],
                                    batch->kinds, aggregation->some_rows, aggregation->some_states,
                                    row_count, &keeper.keeper);
        rows = aggregation->some_rows;
        states = aggregation->some_states;
    }
    sl_aggregate_add(item->aggregate, states, item->state_offset,
                     item->argument >= 0 ? &aggregation->arguments[item->argument] : NULL, rows,
                     row_count, batch->kinds, &keeper.keeper);
}

void
sl_aggregation_add_to(struct sl_aggregation *aggregation, const struct sl_batch *batch,
                      int64_t time, const uint16_t *rows, char *const *states, size_t row_count)
{
    if (aggregation->phase == SL_AGGREGATION_GLOBAL) {
        sl_aggregation_merge_parts(aggregation, rows, states, row_count);
        return;
    }
    for (size_t i = 0; i < aggregation->count; i++)
        if (!aggregation->items[i].distinct)
            aggregation_add_item(aggregation, batch, &aggregation->items[i], time, rows, states,
                                 row_count);
    for (size_t i = 0; i < aggregation->values_count; i++)
        sl_aggregation_add_values(aggregation, &aggregation->values[i], batch, time, rows, states,
                                  row_count);
}

void
sl_aggregation_add(struct sl_aggregation *aggregation, const struct sl_batch *batch, int64_t time,
                   const uint16_t *rows, const uint64_t *hashes, size_t row_count)
{
    struct sl_state_keys keys = {.columns = aggregation->key_columns,
                                 .rows = rows,
                                 .row_count = row_count,
                                 .hashes = hashes,
                                 .time = time};

    sl_table_upsert(aggregation->table, &keys, aggregation->states, NULL);
    sl_aggregation_add_to(aggregation, batch, time, rows, aggregation->states, row_count);
}

void
sl_aggregation_merge_value(struct sl_aggregation *aggregation, int64_t time, char *to,
                           const char *from)
{
    struct sl_aggregation_keeper keeper = sl_aggregation_keeper_of(aggregation, time);

    for (size_t i = 0; i < aggregation->count; i++) {
        const struct sl_aggregation_item *item = &aggregation->items[i];

        SL_ASSERT(!item->distinct);
        if (item->set.aggregate)
            sl_distinct_merge(&item->set, aggregation->pool, to, from, &keeper.keeper);
        else
            sl_aggregate_merge(item->aggregate, to + item->state_offset, from + item->state_offset,
                               &keeper.keeper);
    }
}

void
sl_aggregation_reset(struct sl_aggregation *aggregation, int64_t time, char *state)
{
    static const struct sl_view empty;

    if (aggregation->life_offset)
        memset(state + aggregation->life_offset, 0, sizeof(uint64_t));
    for (size_t i = 0; i < aggregation->count; i++) {
        const struct sl_aggregation_item *item = &aggregation->items[i];
        char *accumulator = state + item->state_offset;

        if (sl_aggregate_has_view(item->aggregate))
            sl_table_keep_view(aggregation->table, time,
                               (const struct sl_view *)(const void *)accumulator, &empty);
        memset(accumulator, 0, sl_aggregate_size(item->aggregate));
        if (!item->set.aggregate)
            continue;
        accumulator = state + item->set.set_offset;
        sl_table_keep_view(aggregation->table, time,
                           (const struct sl_view *)(const void *)accumulator, &empty);
        memset(accumulator, 0, SL_DISTINCT_SIZE);
    }
}

/* --- results --- */

int64_t
sl_aggregation_row_count(const struct sl_aggregation *aggregation, const char *state)
{
    const struct sl_aggregation_item *item = &aggregation->items[aggregation->count - 1];

    SL_ASSERT(aggregation->counts_rows);
    return sl_aggregate_counted(state + item->state_offset);
}

void
sl_aggregation_results(struct sl_aggregation *aggregation, char *const *states, size_t row_count,
                       struct sl_column **ret_columns)
{
    uint64_t errors[SL_VALIDITY_WORDS(SL_BATCH_ROWS_MAX)];

    memset(aggregation->failures.rows, 0, sizeof(aggregation->failures.rows));
    aggregation->failures.count = 0;
    for (size_t i = 0; i < sl_aggregation_result_count(aggregation); i++) {
        const struct sl_aggregation_item *item = &aggregation->items[i];

        memset(errors, 0, sizeof(errors));
        for (size_t row = 0; item->set.aggregate && row < row_count; row++)
            if (sl_distinct_has_overflowed(&item->set, states[row]))
                errors[row / 64] |= UINT64_C(1) << (row % 64);
        ret_columns[i] =
            sl_aggregate_finish(item->aggregate, aggregation->pool, states, item->state_offset,
                                row_count, aggregation->overflow_wraps ? NULL : errors);
        sl_aggregation_note_failures(aggregation, i, errors, row_count);
    }
}

void
sl_aggregation_finish(struct sl_aggregation *aggregation, const struct sl_state_row *rows,
                      size_t row_count, struct sl_column **ret_columns)
{
    struct sl_text keys[SL_BATCH_ROWS_MAX];

    for (size_t i = 0; i < row_count; i++) {
        keys[i] = rows[i].key;
        aggregation->states[i] = (char *)rows[i].value;
    }
    sl_key_codec_decode(sl_table_key_codec(aggregation->table), aggregation->pool, keys, row_count,
                        ret_columns);
    sl_aggregation_results(aggregation, aggregation->states, row_count,
                           ret_columns + aggregation->key_count);
}

void
sl_aggregation_drop_time(struct sl_aggregation *aggregation, int64_t time)
{
    sl_table_drop_time(aggregation->table, time);
    for (size_t i = 0; i < aggregation->values_count; i++)
        sl_table_drop_time(aggregation->values[i].table, time);
}
