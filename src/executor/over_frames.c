/* OVER over rows that are all there: see over_frames.h. */
#include "executor/over_frames.h"

#include "data/column_build.h"
#include "data/time.h"
#include "data/value.h"

#include <stdlib.h>

enum { PLACE_NONE = UINT32_MAX };

/* --- opening --- */

void
sl_over_list_arguments(const struct sl_aggregation *aggregation, uint32_t *ret_columns)
{
    for (size_t i = 0; i < aggregation->count; i++) {
        const struct sl_aggregation_item *item = &aggregation->items[i];

        for (size_t j = 0; j < item->aggregate->arg_count; j++)
            ret_columns[(size_t)item->argument + j] =
                item->aggregate->args[sl_aggregate_is_parameter(item->aggregate, j) ? 0 : j]
                    ->column;
        if (item->filter >= 0)
            ret_columns[item->filter] = item->aggregate->filter->column;
    }
}

static bool
frames_is_plain(const struct sl_aggregation *aggregation)
{
    for (size_t i = 0; i < aggregation->count; i++)
        if (aggregation->items[i].set.aggregate ||
            sl_aggregate_has_view(aggregation->items[i].aggregate))
            return false;
    return true;
}

int
sl_over_frames_open(struct sl_over_frames *frames, struct sl_op *op, const struct sl_over *over,
                    struct sl_error *err)
{
    struct sl_arena *arena = op->context->arena;
    struct sl_aggregation *aggregation = &frames->aggregation;

    frames->op = op;
    frames->over = over;
    aggregation->has_sets = aggregation->is_resident = true;
    SL_TRY(sl_aggregation_open(aggregation, op, "over.scratch", NULL, 0, over->aggregates,
                               over->aggregate_count, false, err));
    frames->argument_columns = SL_NEW_ARRAY(arena, uint32_t, aggregation->expr_count + 1);
    sl_over_list_arguments(aggregation, frames->argument_columns);
    frames->is_plain = frames_is_plain(aggregation);
    if (frames->is_plain)
        frames->slots = sl_arena_alloc(arena, SL_BATCH_ROWS_MAX * aggregation->spec.value_size);
    frames->taken_back = SL_NEW_ARRAY(arena, uint8_t, SL_BATCH_ROWS_MAX);
    frames->row_numbers = SL_NEW_ARRAY(arena, uint16_t, SL_BATCH_ROWS_MAX);
    for (size_t i = 0; i < SL_BATCH_ROWS_MAX; i++) {
        frames->taken_back[i] = SL_ROW_DELETE;
        frames->row_numbers[i] = (uint16_t)i;
    }
    return SL_OK;
}

void
sl_over_frames_close(struct sl_over_frames *frames)
{
    sl_aggregation_close(&frames->aggregation);
}

void
sl_over_frames_begin(struct sl_over_frames *frames, const struct sl_row_store *rows,
                     const uint8_t *starts)
{
    frames->rows = rows;
    frames->starts = starts;
    frames->partition = frames->peers = frames->frame = (struct sl_over_range){0};
    frames->folded = (struct sl_over_range){0};
}

/* --- where a row is --- */

static uint32_t
frames_next_start(const struct sl_over_frames *frames, uint32_t place, uint8_t flag)
{
    do
        place++;
    while (place < frames->rows->row_count && !(frames->starts[place] & flag));
    return place;
}

static void
frames_move_to(struct sl_over_frames *frames, uint32_t place)
{
    if (frames->starts[place] & SL_ROW_STARTS_PARTITION) {
        frames->partition.start = frames->range_start = frames->range_end = place;
        frames->partition.end = frames_next_start(frames, place, SL_ROW_STARTS_PARTITION);
        frames->dense_rank = 0;
    }
    if (frames->starts[place] & SL_ROW_STARTS_PEERS) {
        frames->peers.start = place;
        frames->peers.end = frames_next_start(frames, place, SL_ROW_STARTS_PEERS);
        frames->dense_rank++;
    }
}

static const struct sl_batch *
frames_at(const struct sl_over_frames *frames, uint32_t place, uint32_t *ret_row)
{
    *ret_row = place % SL_BATCH_ROWS_MAX;
    return frames->rows->batches[place / SL_BATCH_ROWS_MAX];
}

/* --- frames --- */

/* The order column's value; false: it is NULL. */
static bool
frames_value(const struct sl_over_frames *frames, uint32_t place, int64_t *ret_value)
{
    uint32_t row;
    const struct sl_batch *batch = frames_at(frames, place, &row);
    const struct sl_column *column = batch->columns[frames->over->order[0].column];

    if (sl_column_is_null(column, row))
        return false;
    *ret_value = sl_column_integer(column, row);
    return true;
}

/* A value moved by an offset, without running over. */
static int64_t
frames_move_value(const struct sl_over_frames *frames, int64_t value, int64_t offset)
{
    const struct sl_frame *frame = &frames->over->frame;
    uint32_t row;
    int64_t moved;

    if (frame->in_months) {
        const struct sl_batch *batch = frames_at(frames, frames->peers.start, &row);

        if (batch->columns[frames->over->order[0].column]->type->kind == SL_TYPE_DATE)
            return sl_timestamp_add_months(value * SL_US_PER_DAY, offset) / SL_US_PER_DAY;
        return sl_timestamp_add_months(value, offset);
    }
    if (__builtin_add_overflow(value, offset, &moved))
        return offset < 0 ? INT64_MIN : INT64_MAX;
    return moved;
}

/* The first place from `place` on that is not before `value` moved by `offset` in the order; NULLs
 * are before or behind everything.  `past`: that is behind it. */
static uint32_t
frames_range_seek(const struct sl_over_frames *frames, uint32_t place, int64_t value,
                  int64_t offset, bool past)
{
    const struct sl_sort_key *key = &frames->over->order[0];
    int64_t bound = frames_move_value(frames, value, key->descending ? -offset : offset);

    for (; place < frames->partition.end; place++) {
        int64_t other;

        if (!frames_value(frames, place, &other)) {
            if (!key->nulls_first)
                break;
            continue;
        }
        if (key->descending ? other < bound : other > bound)
            break;
        if (other == bound && !past)
            break;
    }
    return place;
}

static uint32_t
frames_rows_bound(const struct sl_over_frames *frames, uint32_t place, int64_t offset)
{
    int64_t moved = (int64_t)place + SL_MAX(SL_MIN(offset, INT64_C(1) << 40), -(INT64_C(1) << 40));

    return (uint32_t)SL_MAX(SL_MIN(moved, (int64_t)frames->partition.end),
                            (int64_t)frames->partition.start);
}

static int64_t
frames_signed_offset(const struct sl_frame_bound *bound)
{
    return bound->kind == SL_BOUND_PRECEDING ? -bound->offset : bound->offset;
}

static void
frames_of_rows(struct sl_over_frames *frames, uint32_t place)
{
    const struct sl_frame *frame = &frames->over->frame;

    frames->frame = frames->partition;
    if (frame->start.kind != SL_BOUND_UNBOUNDED_PRECEDING)
        frames->frame.start = frames_rows_bound(frames, place, frames_signed_offset(&frame->start));
    if (frame->end.kind != SL_BOUND_UNBOUNDED_FOLLOWING)
        frames->frame.end = frames_rows_bound(frames, place, frames_signed_offset(&frame->end) + 1);
}

static bool
frames_has_offset(const struct sl_frame_bound *bound)
{
    return bound->kind == SL_BOUND_PRECEDING || bound->kind == SL_BOUND_FOLLOWING;
}

/* Of the peers of a row; of NULLs an offset leads nowhere. */
static void
frames_of_range(struct sl_over_frames *frames)
{
    const struct sl_frame *frame = &frames->over->frame;
    int64_t value = 0;
    bool has_value = (frames_has_offset(&frame->start) || frames_has_offset(&frame->end)) &&
                     frames_value(frames, frames->peers.start, &value);

    frames->frame = frames->partition;
    if (frame->start.kind == SL_BOUND_CURRENT_ROW || frames_has_offset(&frame->start))
        frames->frame.start = frames->peers.start;
    if (frame->end.kind == SL_BOUND_CURRENT_ROW || frames_has_offset(&frame->end))
        frames->frame.end = frames->peers.end;
    if (has_value && frames_has_offset(&frame->start))
        frames->frame.start = frames->range_start = frames_range_seek(
            frames, frames->range_start, value, frames_signed_offset(&frame->start), false);
    if (has_value && frames_has_offset(&frame->end))
        frames->frame.end = frames->range_end = frames_range_seek(
            frames, frames->range_end, value, frames_signed_offset(&frame->end), true);
}

/* --- aggregates --- */

static void
frames_fold(struct sl_over_frames *frames, uint32_t from, uint32_t to, bool takes_back)
{
    struct sl_aggregation *aggregation = &frames->aggregation;

    while (from < to) {
        uint32_t row, count;
        const struct sl_batch *batch = frames_at(frames, from, &row);
        struct sl_batch kinds = {.kinds = takes_back ? frames->taken_back : NULL};

        count = SL_MIN(to - from, SL_BATCH_ROWS_MAX - row);
        for (size_t i = 0; i < aggregation->expr_count; i++)
            aggregation->arguments[i] = batch->columns[frames->argument_columns[i]];
        for (size_t i = 0; i < count; i++)
            aggregation->states[i] = frames->state;
        sl_aggregation_add_to(aggregation, &kinds, 0, frames->row_numbers + row,
                              aggregation->states, count);
        from += count;
    }
}

/* The state becomes that of the frame. */
static void
frames_fold_frame(struct sl_over_frames *frames)
{
    struct sl_over_range *folded = &frames->folded, wanted = frames->frame;

    wanted.end = SL_MAX(wanted.end, wanted.start);
    if (wanted.start >= folded->end || wanted.start < folded->start || wanted.end < folded->end ||
        wanted.end - wanted.start < wanted.start - folded->start) {
        sl_aggregation_reset(&frames->aggregation, 0, frames->state);
        folded->start = folded->end = wanted.start;
    }
    frames_fold(frames, folded->end, wanted.end, false);
    frames_fold(frames, folded->start, wanted.start, true);
    *folded = wanted;
}

/* Results of accumulators that own memory, made one after another. */
struct frames_made {
    struct sl_column **columns; /* aggregate by aggregate */
    uint32_t count;             /* of frames that differ */
    uint32_t *of_rows;
    struct sl_over_failure *failures; /* of frames */
    size_t failure_count;
};

static void
frames_make_one(struct sl_over_frames *frames, struct frames_made *made)
{
    struct sl_aggregation *aggregation = &frames->aggregation;
    struct sl_column *columns[aggregation->count + 1];

    sl_aggregation_results(aggregation, &frames->state, 1, columns);
    for (size_t i = 0; i < aggregation->count; i++)
        made->columns[i * SL_BATCH_ROWS_MAX + made->count] = columns[i];
    if (aggregation->failures.count > 0)
        made->failures[made->failure_count++] =
            (struct sl_over_failure){(uint16_t)made->count, aggregation->failures.list[0].item};
    made->count++;
}

struct sl_column *
sl_over_spread(struct sl_pool *pool, struct sl_column **columns, const uint32_t *counts,
               size_t column_count, const uint32_t *results, size_t row_count)
{
    struct sl_column_segment *segments = sl_alloc(column_count * sizeof(*segments));
    uint32_t *numbers = sl_alloc(row_count * sizeof(*numbers));
    struct sl_column *all, *spread;

    for (uint32_t i = 0; i < row_count; i++)
        numbers[i] = i;
    for (size_t i = 0; i < column_count; i++)
        segments[i] = (struct sl_column_segment){columns[i], numbers, counts ? counts[i] : 1, true};
    all = sl_column_build(pool, columns[0]->type, segments, column_count, true);
    spread = sl_column_gather(pool, all, results, row_count, false);
    for (size_t i = 0; i < column_count; i++)
        sl_column_unref(columns[i]);
    sl_column_unref(all);
    free(numbers);
    free(segments);
    return spread;
}

size_t
sl_over_spread_failures(const struct sl_over_failure *failed, size_t failed_count,
                        const uint32_t *results, size_t row_count,
                        struct sl_over_failure *ret_failures)
{
    size_t count = 0;

    for (size_t row = 0; row < row_count && failed_count > 0; row++)
        for (size_t i = 0; i < failed_count; i++)
            if (failed[i].row == results[row])
                ret_failures[count++] =
                    (struct sl_over_failure){(uint16_t)row, failed[i].aggregate};
    return count;
}

/* --- the rank family --- */

static int64_t
frames_tile(const struct sl_over_frames *frames, uint32_t place, int64_t tiles)
{
    int64_t size = frames->partition.end - frames->partition.start;
    int64_t at = place - frames->partition.start, each = size / tiles, larger = size % tiles;

    if (at < larger * (each + 1))
        return at / (each + 1) + 1;
    return larger + (each ? (at - larger * (each + 1)) / each : 0) + 1;
}

static void
frames_rank(const struct sl_over_frames *frames, const struct sl_over_call *call, uint32_t place,
            struct sl_column *column, size_t row)
{
    uint32_t start = frames->partition.start, size = frames->partition.end - start;

    switch (call->function) {
    case SL_OVER_ROW_NUMBER:
        ((int64_t *)column->values)[row] = place - start + 1;
        break;
    case SL_OVER_RANK:
        ((int64_t *)column->values)[row] = frames->peers.start - start + 1;
        break;
    case SL_OVER_DENSE_RANK:
        ((int64_t *)column->values)[row] = frames->dense_rank;
        break;
    case SL_OVER_PERCENT_RANK:
        ((double *)column->values)[row] =
            size > 1 ? (double)(frames->peers.start - start) / (size - 1) : 0;
        break;
    case SL_OVER_CUME_DIST:
        ((double *)column->values)[row] = (double)(frames->peers.end - start) / size;
        break;
    default:
        ((int32_t *)column->values)[row] = (int32_t)frames_tile(frames, place, call->number);
        break;
    }
}

/* --- values of other rows --- */

static bool
frames_is_null(const struct sl_over_frames *frames, uint32_t place, uint32_t column)
{
    uint32_t row;
    const struct sl_batch *batch = frames_at(frames, place, &row);

    return sl_column_is_null(batch->columns[column], row);
}

/* The number-th row with a value from `place` on in steps, within [start, end). */
static uint32_t
frames_walk(const struct sl_over_frames *frames, const struct sl_over_call *call,
            struct sl_over_range within, int64_t place, int step)
{
    for (int64_t left = call->number; place >= within.start && place < within.end; place += step)
        if (!frames_is_null(frames, (uint32_t)place, call->column) && --left == 0)
            return (uint32_t)place;
    return PLACE_NONE;
}

static uint32_t
frames_target(const struct sl_over_frames *frames, const struct sl_over_call *call, uint32_t place)
{
    bool is_nth = call->function == SL_OVER_NTH_VALUE;
    int step = call->function == SL_OVER_LAG ? -1 : 1;
    struct sl_over_range within = is_nth ? frames->frame : frames->partition;
    int64_t target;

    if (call->ignores_nulls && call->number > 0)
        return frames_walk(frames, call, within,
                           is_nth ? (int64_t)within.start : (int64_t)place + step, step);
    if (call->number > UINT32_MAX)
        return PLACE_NONE;
    target = is_nth ? within.start + call->number - 1 : place + step * call->number;
    return target >= within.start && target < within.end ? (uint32_t)target : PLACE_NONE;
}

struct sl_column *
sl_over_null(struct sl_pool *pool, const struct sl_type *type)
{
    struct sl_column_builder *builder = sl_column_builder_new(pool, type, 1);
    struct sl_value null = sl_value_null(type);

    sl_column_builder_add(builder, &null);
    return sl_column_builder_end(builder);
}

static struct sl_column *
frames_values(struct sl_over_frames *frames, const struct sl_over_call *call, uint32_t first,
              const uint32_t *targets, size_t count, const struct sl_type *type)
{
    const struct sl_column **columns = sl_alloc((count + 1) * sizeof(*columns));
    uint32_t *rows = sl_alloc((count + 1) * sizeof(*rows));
    struct sl_column *null = sl_over_null(frames->op->context->pool, type), *made;

    for (size_t i = 0; i < count; i++) {
        uint32_t place = targets[i], column = call->column;
        const struct sl_batch *batch;

        if (place == PLACE_NONE && call->has_default) {
            place = first + (uint32_t)i;
            column = call->default_column;
        }
        if (place == PLACE_NONE) {
            columns[i] = null;
            rows[i] = 0;
            continue;
        }
        batch = frames_at(frames, place, &rows[i]);
        columns[i] = batch->columns[column];
    }
    made = sl_column_build_rows(frames->op->context->pool, type, columns, rows, count);
    sl_column_unref(null);
    free(rows);
    free(columns);
    return made;
}

/* --- a chunk --- */

struct frames_chunk {
    uint32_t first, count;
    uint32_t **targets; /* by call: the rows that values come from */
    struct sl_column **columns;
    struct frames_made made;
};

static void
frames_chunk_begin(struct sl_over_frames *frames, struct frames_chunk *chunk,
                   struct sl_arena *arena)
{
    const struct sl_over *over = frames->over;
    const struct sl_schema *schema = frames->op->node->schema;
    size_t first = schema->count - over->call_count;

    chunk->targets = SL_NEW_ARRAY(arena, uint32_t *, over->call_count + 1);
    for (size_t i = 0; i < over->call_count; i++) {
        chunk->columns[i] = NULL;
        if (over->calls[i].function >= SL_OVER_LAG)
            chunk->targets[i] = SL_NEW_ARRAY(arena, uint32_t, chunk->count);
        else if (over->calls[i].function != SL_OVER_AGGREGATE)
            chunk->columns[i] = sl_column_new(frames->op->context->pool,
                                              schema->columns[first + i].type, chunk->count, false);
    }
    if (frames->is_plain || over->aggregate_count == 0)
        return;
    chunk->made.columns =
        SL_NEW_ARRAY(arena, struct sl_column *, over->aggregate_count * SL_BATCH_ROWS_MAX);
    chunk->made.of_rows = SL_NEW_ARRAY(arena, uint32_t, chunk->count);
    chunk->made.failures = SL_NEW_ARRAY(arena, struct sl_over_failure, chunk->count);
}

static void
frames_row(struct sl_over_frames *frames, struct frames_chunk *chunk, size_t row)
{
    const struct sl_over *over = frames->over;
    uint32_t place = chunk->first + (uint32_t)row;
    struct sl_over_range before = frames->frame;

    frames_move_to(frames, place);
    if (over->frame.is_rows)
        frames_of_rows(frames, place);
    else if (row == 0 || frames->starts[place] & SL_ROW_STARTS_PEERS)
        frames_of_range(frames);
    for (size_t i = 0; i < over->call_count; i++) {
        if (chunk->targets[i])
            chunk->targets[i][row] = frames_target(frames, &over->calls[i], place);
        else if (chunk->columns[i])
            frames_rank(frames, &over->calls[i], place, chunk->columns[i], row);
    }
    if (over->aggregate_count == 0)
        return;
    if (row == 0 || frames->frame.start != before.start || frames->frame.end != before.end) {
        frames_fold_frame(frames);
        if (!frames->is_plain)
            frames_make_one(frames, &chunk->made);
    }
    if (frames->is_plain)
        memcpy(frames->slots + row * frames->aggregation.spec.value_size, frames->state,
               frames->aggregation.spec.value_size);
    else
        chunk->made.of_rows[row] = chunk->made.count - 1;
}

static void
frames_aggregate_columns(struct sl_over_frames *frames, const struct frames_chunk *chunk,
                         struct sl_column **aggregates, struct sl_over_failure *failures,
                         size_t *ret_failure_count)
{
    struct sl_aggregation *aggregation = &frames->aggregation;

    if (!frames->is_plain) {
        for (size_t i = 0; i < aggregation->count; i++)
            aggregates[i] =
                sl_over_spread(aggregation->pool, chunk->made.columns + i * SL_BATCH_ROWS_MAX, NULL,
                               chunk->made.count, chunk->made.of_rows, chunk->count);
        *ret_failure_count =
            sl_over_spread_failures(chunk->made.failures, chunk->made.failure_count,
                                    chunk->made.of_rows, chunk->count, failures);
        return;
    }
    for (size_t i = 0; i < chunk->count; i++)
        aggregation->states[i] = frames->slots + i * aggregation->spec.value_size;
    sl_aggregation_results(aggregation, aggregation->states, chunk->count, aggregates);
    *ret_failure_count = aggregation->failures.count;
    for (size_t i = 0; i < aggregation->failures.count; i++)
        failures[i] = (struct sl_over_failure){aggregation->failures.list[i].row,
                                               aggregation->failures.list[i].item};
}

void
sl_over_frames_results(struct sl_over_frames *frames, size_t index, struct sl_column **ret_columns,
                       struct sl_over_failure *failures, size_t *ret_failure_count)
{
    const struct sl_over *over = frames->over;
    const struct sl_schema *schema = frames->op->node->schema;
    struct sl_column *aggregates[over->aggregate_count + 1];
    struct frames_chunk chunk = {.first = (uint32_t)(index * SL_BATCH_ROWS_MAX),
                                 .count = frames->rows->batches[index]->row_count,
                                 .columns = ret_columns};
    uint64_t hash = 0;
    struct sl_state_keys keys = {.row_count = 1, .hashes = &hash};
    struct sl_arena arena;

    sl_arena_init(&arena);
    *ret_failure_count = 0;
    sl_table_upsert(frames->aggregation.table, &keys, &frames->state, NULL);
    frames_chunk_begin(frames, &chunk, &arena);
    for (size_t row = 0; row < chunk.count; row++)
        frames_row(frames, &chunk, row);
    if (over->aggregate_count > 0)
        frames_aggregate_columns(frames, &chunk, aggregates, failures, ret_failure_count);
    for (size_t i = 0; i < over->call_count; i++) {
        if (chunk.targets[i])
            ret_columns[i] =
                frames_values(frames, &over->calls[i], chunk.first, chunk.targets[i], chunk.count,
                              schema->columns[schema->count - over->call_count + i].type);
        else if (over->calls[i].function == SL_OVER_AGGREGATE)
            ret_columns[i] = aggregates[over->calls[i].aggregate];
    }
    sl_arena_done(&arena);
}

/* --- telling --- */

int
sl_over_tell(struct sl_op *op, const struct sl_aggregation *aggregation,
             const struct sl_batch *input, const struct sl_over_failure *failures,
             size_t failure_count, struct sl_out *out, struct sl_error *err)
{
    struct sl_row_error *errors;
    struct sl_arena arena;
    int rc;

    sl_arena_init(&arena);
    errors = SL_NEW_ARRAY(&arena, struct sl_row_error, failure_count);
    for (size_t i = 0; i < failure_count; i++)
        errors[i] = (struct sl_row_error){failures[i].row, SL_E_NUMERIC_OUT_OF_RANGE,
                                          sl_aggregation_failure_text(&arena, aggregation,
                                                                      failures[i].aggregate,
                                                                      op->node->inputs[0].node)};
    rc = out->error(out, input, errors, failure_count, err);
    sl_arena_done(&arena);
    return rc;
}

int
sl_over_emit(struct sl_op *op, const struct sl_aggregation *aggregation, struct sl_batch *batch,
             size_t input_columns, const struct sl_over_failure *failures, size_t failure_count,
             struct sl_out *out, struct sl_error *err)
{
    struct sl_batch *input;
    uint16_t *selection;
    size_t next = 0;
    int rc;

    if (failure_count == 0)
        return sl_out_emit(out, batch);
    input = sl_batch_new(op->context->pool, input_columns, batch->row_count);
    for (size_t i = 0; i < input_columns; i++)
        sl_batch_set_column(input, i, sl_column_ref(batch->columns[i]));
    rc = sl_over_tell(op, aggregation, input, failures, failure_count, out, err);
    sl_batch_unref(input);
    if (rc < 0) {
        sl_batch_unref(batch);
        return rc;
    }
    selection = sl_batch_add_selection(batch, op->context->pool);
    for (size_t row = 0; row < batch->row_count; row++) {
        if (next < failure_count && failures[next].row == row) {
            while (next < failure_count && failures[next].row == row)
                next++;
            continue;
        }
        selection[batch->selection_count++] = (uint16_t)row;
    }
    return sl_out_emit(out, batch);
}
