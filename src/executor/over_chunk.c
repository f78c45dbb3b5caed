/* OVER over a stream: see over_chunk.h. */
#include "executor/over_chunk.h"

#include "data/column_build.h"
#include "data/row.h"

#include <stdlib.h>

enum { ROW_NONE = UINT32_MAX };

/* --- opening --- */

static void
chunk_open_frame(struct sl_over_chunk *chunk)
{
    const struct sl_frame *frame = &chunk->over->frame;
    int64_t offset = frame->start.kind == SL_BOUND_PRECEDING ? frame->start.offset : 0;

    chunk->frame_rows = chunk->frame_us = -1;
    if (frame->start.kind == SL_BOUND_UNBOUNDED_PRECEDING)
        return;
    if (frame->is_rows)
        chunk->frame_rows = offset;
    else
        chunk->frame_us = offset;
}

/* What is kept of a row: of bounded frames the aggregates' arguments, which are taken back; or what
 * LAG gives. */
static void
chunk_open_history(struct sl_over_chunk *chunk, struct sl_arena *arena)
{
    const struct sl_schema *input = chunk->op->node->inputs[0].node->schema;
    const struct sl_over *over = chunk->over;
    size_t max = chunk->aggregation->expr_count + over->call_count + 1;
    const struct sl_type **types = SL_NEW_ARRAY(arena, const struct sl_type *, max);

    chunk->history_columns = SL_NEW_ARRAY(arena, uint32_t, max);
    if (chunk->frame_rows >= 0 || chunk->frame_us >= 0) {
        chunk->history_count = chunk->aggregation->expr_count;
        sl_over_list_arguments(chunk->aggregation, chunk->history_columns);
    }
    for (size_t i = 0; i < over->call_count; i++) {
        if (over->calls[i].function != SL_OVER_LAG)
            continue;
        SL_ASSERT(chunk->frame_rows < 0 && chunk->frame_us < 0);
        chunk->history_columns[chunk->history_count++] = over->calls[i].column;
        chunk->lag_rows = SL_MAX(chunk->lag_rows, (uint32_t)over->calls[i].number);
    }
    if (chunk->frame_rows < 0 && chunk->frame_us < 0 && chunk->lag_rows == 0)
        return;
    for (size_t i = 0; i < chunk->history_count; i++)
        types[i] = input->columns[chunk->history_columns[i]].type;
    chunk->history = sl_row_layout_new(arena, types, chunk->history_count);
}

int
sl_over_chunk_open(struct sl_over_chunk *chunk, struct sl_op *op, const struct sl_over *over,
                   struct sl_aggregation *aggregation, bool has_peers, struct sl_error *err)
{
    struct sl_arena *arena = op->context->arena;
    size_t max = SL_BATCH_ROWS_MAX;

    chunk->op = op;
    chunk->over = over;
    chunk->aggregation = aggregation;
    chunk->has_peers = has_peers;
    chunk_open_frame(chunk);
    chunk_open_history(chunk, arena);
    chunk->waves = SL_NEW_ARRAY(arena, uint32_t, max);
    chunk->results = SL_NEW_ARRAY(arena, uint32_t, max);
    chunk->before = SL_NEW_ARRAY(arena, uint32_t, max);
    chunk->begins = SL_NEW_ARRAY(arena, bool, max);
    chunk->numbers = SL_NEW_ARRAY(arena, int64_t, max);
    chunk->ranks = SL_NEW_ARRAY(arena, int64_t, max);
    chunk->dense = SL_NEW_ARRAY(arena, int64_t, max);
    chunk->order = SL_NEW_ARRAY(arena, uint16_t, max);
    chunk->wave_ends = SL_NEW_ARRAY(arena, uint32_t, max + 1);
    chunk->states = SL_NEW_ARRAY(arena, char *, max);
    chunk->peers_states = SL_NEW_ARRAY(arena, char *, max);
    chunk->rows = SL_NEW_ARRAY(arena, uint16_t, max);
    chunk->texts = SL_NEW_ARRAY(arena, struct sl_text, max);
    chunk->taken_back = SL_NEW_ARRAY(arena, uint8_t, max);
    memset(chunk->taken_back, SL_ROW_DELETE, max);
    return SL_OK;
}

/* --- waves --- */

/* Which wave each row is of, and its numbers; returns how many waves there are. */
static uint32_t
chunk_number(struct sl_over_chunk *chunk, char *const *states, const int64_t *times_us,
             size_t row_count)
{
    uint32_t wave_count = 0;

    for (uint32_t i = 0; i < row_count; i++) {
        struct sl_over_partition *partition = sl_over_partition_of(states[i]);
        bool is_first = !partition->is_listed;

        chunk->before[i] = is_first ? ROW_NONE : partition->last_row;
        chunk->begins[i] = is_first ? !chunk->continues_peers
                                    : !chunk->has_peers || partition->peers_us != times_us[i];
        if (is_first)
            partition->wave = 0;
        else if (chunk->begins[i])
            partition->wave++;
        if (is_first && chunk->has_peers)
            partition->peers_us = times_us[i];
        partition->is_listed = true;
        partition->last_row = i;
        if (chunk->begins[i]) {
            if (chunk->has_peers)
                partition->peers_us = times_us[i];
            partition->rank = partition->row_count + 1;
            partition->peers_count++;
        }
        chunk->waves[i] = partition->wave;
        chunk->numbers[i] = ++partition->row_count;
        chunk->ranks[i] = partition->rank;
        chunk->dense[i] = partition->peers_count;
        wave_count = SL_MAX(wave_count, partition->wave + 1);
    }
    for (size_t i = 0; i < row_count; i++)
        sl_over_partition_of(states[i])->is_listed = false;
    return wave_count;
}

static void
chunk_sort(struct sl_over_chunk *chunk, size_t row_count, uint32_t wave_count)
{
    memset(chunk->wave_ends, 0, (wave_count + 1) * sizeof(*chunk->wave_ends));
    for (size_t i = 0; i < row_count; i++)
        chunk->wave_ends[chunk->waves[i] + 1]++;
    for (uint32_t i = 0; i < wave_count; i++)
        chunk->wave_ends[i + 1] += chunk->wave_ends[i];
    for (size_t i = 0; i < row_count; i++) /* from its beginning to its end */
        chunk->order[chunk->wave_ends[chunk->waves[i]]++] = (uint16_t)i;
}

/* --- history --- */

static int
chunk_push(struct sl_over_chunk *chunk, struct sl_batch *batch, const uint16_t *rows,
           char *const *states, const int64_t *times_us, size_t row_count, struct sl_error *err)
{
    struct sl_aggregation_keeper keeper = sl_aggregation_keeper_of(chunk->aggregation, 0);
    struct sl_column *columns[chunk->history_count + 1];
    struct sl_buffer bytes;
    bool has_room = true;

    for (size_t i = 0; i < chunk->history_count; i++)
        columns[i] = batch->columns[chunk->history_columns[i]];
    sl_buffer_init(&bytes, SIZE_MAX / 2);
    for (size_t i = 0; i < row_count && has_room; i++) {
        bytes.length = 0;
        sl_row_pack(chunk->history, columns, rows[i], &bytes);
        has_room = sl_row_queue_push(&sl_over_partition_of(states[i])->history, &keeper.keeper,
                                     times_us ? times_us[rows[i]] : 0, sl_buffer_text(&bytes));
    }
    sl_buffer_done(&bytes);
    if (!has_room)
        return SL_ERROR(err, SL_E_LIMIT_EXCEEDED,
                        "the frame of a window of OVER has more than 1 GiB of rows");
    return SL_OK;
}

/* Takes back the rows in chunk->texts from the partitions in chunk->states. */
static int
chunk_take_back(struct sl_over_chunk *chunk, size_t count, struct sl_error *err)
{
    struct sl_aggregation *aggregation = chunk->aggregation;
    struct sl_column *columns[aggregation->expr_count + 1], **arguments = aggregation->arguments;
    struct sl_batch kinds = {.kinds = chunk->taken_back};

    if (count == 0)
        return SL_OK;
    SL_TRY(sl_row_unpack(chunk->history, aggregation->pool, chunk->texts, count, columns, err));
    for (size_t i = 0; i < count; i++)
        chunk->rows[i] = (uint16_t)i;
    aggregation->arguments = columns;
    sl_aggregation_add_to(aggregation, &kinds, 0, chunk->rows, chunk->states, count);
    aggregation->arguments = arguments;
    for (size_t i = 0; i < chunk->history_count; i++)
        sl_column_unref(columns[i]);
    return SL_OK;
}

/* How many rows at the front of the history are before the frame whose last row is the newest. */
static uint32_t
chunk_count_left(const struct sl_over_chunk *chunk, const struct sl_over_partition *partition,
                 int64_t time_us)
{
    uint32_t count = sl_row_queue_count(&partition->history), left = 0;
    struct sl_row_queue_cursor cursor = {0};

    if (chunk->frame_rows >= 0)
        return count > chunk->frame_rows + 1 ? count - (uint32_t)chunk->frame_rows - 1 : 0;
    while (sl_row_queue_next(&partition->history, &cursor) &&
           cursor.time < time_us - chunk->frame_us)
        left++;
    return left;
}

/* Rows leave the frames of these partitions, whose newest rows are of these times. */
static int
chunk_leave(struct sl_over_chunk *chunk, char *const *states, const int64_t *times_us, size_t count,
            struct sl_error *err)
{
    size_t listed = 0;

    for (size_t i = 0; i < count; i++) {
        struct sl_over_partition *partition = sl_over_partition_of(states[i]);
        uint32_t left = chunk_count_left(chunk, partition, times_us[i]);
        struct sl_row_queue_cursor cursor = {0};

        for (uint32_t k = 0; k < left; k++) {
            sl_row_queue_next(&partition->history, &cursor);
            chunk->texts[listed] = cursor.row;
            chunk->states[listed++] = states[i];
            if (listed < SL_BATCH_ROWS_MAX)
                continue;
            SL_TRY(chunk_take_back(chunk, listed, err));
            listed = 0;
        }
        partition->peers_us = left; /* for the pass below; the next wave sets it anew */
    }
    SL_TRY(chunk_take_back(chunk, listed, err));
    for (size_t i = 0; i < count; i++)
        sl_row_queue_pop(&sl_over_partition_of(states[i])->history,
                         (uint32_t)sl_over_partition_of(states[i])->peers_us);
    return SL_OK;
}

/* --- aggregates --- */

/* The results of waves, one after another. */
struct chunk_made {
    struct sl_column **columns; /* aggregate by aggregate, wave by wave */
    size_t wave_count;
    uint32_t *counts; /* by wave: results */
    uint32_t count;
    struct sl_over_failure *failures; /* rows are results */
    size_t failure_count;
};

/* Folds the rows of a wave; its results are those of chunk->peers_states. */
static int
chunk_wave(struct sl_over_chunk *chunk, struct sl_batch *batch, char *const *states,
           const int64_t *times_us, size_t from, size_t to, size_t *ret_peers_count,
           uint32_t results_before, struct sl_error *err)
{
    int64_t *peers_times = NULL;
    size_t peers = 0, count = to - from;
    int rc = SL_OK;

    if (chunk->frame_us >= 0 || chunk->frame_rows >= 0)
        peers_times = sl_alloc(count * sizeof(*peers_times));
    for (size_t i = 0; i < count; i++) {
        uint16_t row = chunk->order[from + i];

        chunk->states[i] = states[row];
        if (chunk->begins[row]) {
            if (peers_times)
                peers_times[peers] = times_us ? times_us[row] : 0;
            chunk->peers_states[peers++] = states[row];
        }
        chunk->results[row] = results_before + (uint32_t)peers - 1;
    }
    sl_aggregation_add_to(chunk->aggregation, batch, 0, chunk->order + from, chunk->states, count);
    if (peers_times) {
        rc = chunk_push(chunk, batch, chunk->order + from, chunk->states, times_us, count, err);
        if (rc == SL_OK)
            rc = chunk_leave(chunk, chunk->peers_states, peers_times, peers, err);
        free(peers_times);
    }
    *ret_peers_count = peers;
    return rc;
}

static void
chunk_make(struct sl_over_chunk *chunk, struct chunk_made *made, size_t wave, size_t count)
{
    struct sl_aggregation *aggregation = chunk->aggregation;
    struct sl_column *columns[aggregation->count + 1];

    sl_aggregation_results(aggregation, chunk->peers_states, count, columns);
    for (size_t i = 0; i < aggregation->count; i++)
        made->columns[i * made->wave_count + wave] = columns[i];
    for (size_t i = 0; i < aggregation->failures.count; i++)
        made->failures[made->failure_count++] =
            (struct sl_over_failure){(uint16_t)(made->count + aggregation->failures.list[i].row),
                                     aggregation->failures.list[i].item};
    made->counts[wave] = (uint32_t)count;
    made->count += (uint32_t)count;
}

/* All waves' results of an aggregate as a column for the rows. */
static struct sl_column *
chunk_spread(struct sl_over_chunk *chunk, const struct chunk_made *made, size_t aggregate,
             size_t row_count)
{
    struct sl_column **columns = made->columns + aggregate * made->wave_count;

    if (made->wave_count == 1 && made->count == row_count)
        return columns[0];
    return sl_over_spread(chunk->aggregation->pool, columns, made->counts, made->wave_count,
                          chunk->results, row_count);
}

static int
chunk_aggregates(struct sl_over_chunk *chunk, struct sl_batch *batch, char *const *states,
                 const int64_t *times_us, uint32_t wave_count, struct sl_column **ret_columns,
                 struct sl_over_failure *failures, size_t *ret_failure_count, struct sl_error *err)
{
    struct sl_aggregation *aggregation = chunk->aggregation;
    size_t row_count = batch->row_count, from = 0;
    struct sl_arena arena;
    struct chunk_made made = {.wave_count = wave_count};
    int rc = SL_OK;

    sl_arena_init(&arena);
    made.columns = SL_NEW_ARRAY(&arena, struct sl_column *, aggregation->count * wave_count + 1);
    made.counts = SL_NEW_ARRAY(&arena, uint32_t, wave_count);
    made.failures = SL_NEW_ARRAY(&arena, struct sl_over_failure, row_count + 1);
    for (uint32_t wave = 0; wave < wave_count && rc == SL_OK; wave++) {
        size_t count;

        rc = chunk_wave(chunk, batch, states, times_us, from, chunk->wave_ends[wave], &count,
                        made.count, err);
        if (rc == SL_OK)
            chunk_make(chunk, &made, wave, count);
        from = chunk->wave_ends[wave];
    }
    for (size_t i = 0; i < aggregation->count && rc == SL_OK; i++)
        ret_columns[i] = chunk_spread(chunk, &made, i, row_count);
    for (size_t i = 0; i < aggregation->count * wave_count && rc != SL_OK; i++)
        sl_column_unref(made.columns[i]);
    *ret_failure_count = sl_over_spread_failures(made.failures, made.failure_count, chunk->results,
                                                 row_count, failures);
    sl_arena_done(&arena);
    return rc;
}

/* --- peers that are more than a chunk --- */

int
sl_over_peers_fold(struct sl_over_chunk *chunk, struct sl_batch *batch, char *const *states,
                   const int64_t *times_us, struct sl_error *err)
{
    for (size_t i = 0; i < batch->row_count; i++)
        chunk->rows[i] = (uint16_t)i;
    sl_aggregation_add_to(chunk->aggregation, batch, 0, chunk->rows, states, batch->row_count);
    if (chunk->frame_us < 0)
        return SL_OK;
    return chunk_push(chunk, batch, chunk->rows, states, times_us, batch->row_count, err);
}

int
sl_over_peers_begin(struct sl_over_chunk *chunk, char *state, int64_t time_us, struct sl_error *err)
{
    struct sl_aggregation *aggregation = chunk->aggregation;

    if (chunk->frame_us >= 0)
        SL_TRY(chunk_leave(chunk, &state, &time_us, 1, err));
    chunk->peers = sl_alloc((aggregation->count + 1) * sizeof(*chunk->peers));
    sl_aggregation_results(aggregation, &state, 1, chunk->peers);
    chunk->peers_failed = aggregation->failures.count > 0;
    chunk->peers_failure = chunk->peers_failed ? aggregation->failures.list[0].item : 0;
    return SL_OK;
}

void
sl_over_peers_end(struct sl_over_chunk *chunk)
{
    for (size_t i = 0; i < chunk->aggregation->count; i++)
        sl_column_unref(chunk->peers[i]);
    free(chunk->peers);
    chunk->peers = NULL;
    chunk->continues_peers = false;
}

static void
chunk_use_peers(struct sl_over_chunk *chunk, size_t row_count, struct sl_column **ret_columns,
                struct sl_over_failure *failures, size_t *ret_failure_count)
{
    memset(chunk->results, 0, row_count * sizeof(*chunk->results));
    for (size_t i = 0; i < chunk->aggregation->count; i++)
        ret_columns[i] = sl_column_gather(chunk->aggregation->pool, chunk->peers[i], chunk->results,
                                          row_count, false);
    for (size_t i = 0; i < row_count && chunk->peers_failed; i++)
        failures[(*ret_failure_count)++] =
            (struct sl_over_failure){(uint16_t)i, chunk->peers_failure};
    chunk->continues_peers = true;
}

/* --- LAG --- */

/* Where the value of a row is: a row of the chunk, a text of the history, or nowhere. */
struct chunk_lag {
    uint32_t *rows;        /* of the chunk; ROW_NONE */
    struct sl_text *texts; /* of the history; start NULL: none */
    size_t text_count;
};

static bool
chunk_history_at(const struct sl_over_partition *partition, uint32_t from_end,
                 struct sl_text *ret_text)
{
    uint32_t count = sl_row_queue_count(&partition->history);
    struct sl_row_queue_cursor cursor = {0};

    if (from_end > count)
        return false;
    for (uint32_t i = 0; i <= count - from_end; i++)
        sl_row_queue_next(&partition->history, &cursor);
    *ret_text = cursor.row;
    return true;
}

static void
chunk_find_lag(const struct sl_over_chunk *chunk, const struct sl_over_call *call,
               char *const *states, size_t row_count, struct chunk_lag *lag)
{
    for (uint32_t i = 0; i < row_count; i++) {
        uint32_t row = i, left = (uint32_t)call->number;

        lag->texts[i] = (struct sl_text){NULL, 0};
        while (left > 0 && chunk->before[row] != ROW_NONE) {
            row = chunk->before[row];
            left--;
        }
        lag->rows[i] = left == 0 ? row : ROW_NONE;
        if (left > 0 && chunk_history_at(sl_over_partition_of(states[i]), left, &lag->texts[i]))
            lag->text_count++;
    }
}

static int
chunk_lag_column(struct sl_over_chunk *chunk, const struct sl_over_call *call, size_t index,
                 const struct sl_batch *batch, const struct chunk_lag *lag,
                 const struct sl_type *type, struct sl_column **ret_column, struct sl_error *err)
{
    struct sl_pool *pool = chunk->aggregation->pool;
    size_t row_count = batch->row_count, listed = 0;
    struct sl_column *kept[chunk->history_count], *null = sl_over_null(pool, type);
    const struct sl_column **columns = sl_alloc(row_count * sizeof(*columns));
    uint32_t *rows = sl_alloc(row_count * sizeof(*rows));
    int rc = SL_OK;

    memset(kept, 0, sizeof(kept));
    for (size_t i = 0; i < row_count; i++)
        if (lag->texts[i].start)
            chunk->texts[listed++] = lag->texts[i];
    if (listed > 0)
        rc = sl_row_unpack(chunk->history, pool, chunk->texts, listed, kept, err);
    listed = 0;
    for (uint32_t i = 0; i < row_count && rc == SL_OK; i++) {
        bool is_here = lag->rows[i] != ROW_NONE;

        columns[i] = is_here               ? batch->columns[call->column]
                     : lag->texts[i].start ? kept[index]
                     : call->has_default   ? batch->columns[call->default_column]
                                           : null;
        rows[i] = is_here ? lag->rows[i] : lag->texts[i].start ? (uint32_t)listed++ : i;
        if (columns[i] == null)
            rows[i] = 0;
    }
    if (rc == SL_OK)
        *ret_column = sl_column_build_rows(pool, type, columns, rows, row_count);
    for (size_t i = 0; i < chunk->history_count; i++)
        sl_column_unref(kept[i]);
    sl_column_unref(null);
    free(rows);
    free(columns);
    return rc;
}

static int
chunk_lags(struct sl_over_chunk *chunk, struct sl_batch *batch, char *const *states,
           struct sl_column **ret_columns, struct sl_error *err)
{
    const struct sl_schema *schema = chunk->op->node->schema;
    size_t first = schema->count - chunk->over->call_count, index = 0;
    struct sl_arena arena;
    struct chunk_lag lag;
    int rc = SL_OK;

    sl_arena_init(&arena);
    lag.rows = SL_NEW_ARRAY(&arena, uint32_t, batch->row_count);
    lag.texts = SL_NEW_ARRAY(&arena, struct sl_text, batch->row_count);
    for (size_t i = 0; i < chunk->over->call_count && rc == SL_OK; i++) {
        const struct sl_over_call *call = &chunk->over->calls[i];

        if (call->function != SL_OVER_LAG)
            continue;
        chunk_find_lag(chunk, call, states, batch->row_count, &lag);
        rc = chunk_lag_column(chunk, call, index++, batch, &lag, schema->columns[first + i].type,
                              &ret_columns[i], err);
    }
    sl_arena_done(&arena);
    return rc;
}

/* The chunk's rows are history; no more of it is kept than LAG looks back. */
static int
chunk_remember(struct sl_over_chunk *chunk, struct sl_batch *batch, char *const *states,
               struct sl_error *err)
{
    for (size_t i = 0; i < batch->row_count; i++)
        chunk->rows[i] = (uint16_t)i;
    SL_TRY(chunk_push(chunk, batch, chunk->rows, states, NULL, batch->row_count, err));
    for (size_t i = 0; i < batch->row_count; i++) {
        struct sl_view *history = &sl_over_partition_of(states[i])->history;
        uint32_t count = sl_row_queue_count(history);

        if (count > chunk->lag_rows)
            sl_row_queue_pop(history, count - chunk->lag_rows);
    }
    return SL_OK;
}

/* --- a chunk --- */

static struct sl_column *
chunk_numbers(struct sl_over_chunk *chunk, enum sl_over_function function,
              const struct sl_type *type, size_t row_count)
{
    struct sl_column *column = sl_column_new(chunk->aggregation->pool, type, row_count, false);
    const int64_t *numbers = function == SL_OVER_ROW_NUMBER ? chunk->numbers
                             : function == SL_OVER_RANK     ? chunk->ranks
                                                            : chunk->dense;

    memcpy(column->values, numbers, row_count * sizeof(*numbers));
    return column;
}

int
sl_over_chunk_run(struct sl_over_chunk *chunk, struct sl_batch *batch, char *const *states,
                  const int64_t *times_us, struct sl_column **ret_columns,
                  struct sl_over_failure *failures, size_t *ret_failure_count, struct sl_error *err)
{
    const struct sl_over *over = chunk->over;
    const struct sl_schema *schema = chunk->op->node->schema;
    size_t first = schema->count - over->call_count;
    struct sl_column *aggregates[over->aggregate_count + 1];
    uint32_t wave_count = chunk_number(chunk, states, times_us, batch->row_count);

    *ret_failure_count = 0;
    memset(ret_columns, 0, over->call_count * sizeof(*ret_columns));
    if (chunk->peers) {
        chunk_use_peers(chunk, batch->row_count, aggregates, failures, ret_failure_count);
    } else if (over->aggregate_count > 0) {
        chunk_sort(chunk, batch->row_count, wave_count);
        SL_TRY(chunk_aggregates(chunk, batch, states, times_us, wave_count, aggregates, failures,
                                ret_failure_count, err));
    }
    for (size_t i = 0; i < over->call_count; i++) {
        if (over->calls[i].function == SL_OVER_AGGREGATE)
            ret_columns[i] = aggregates[over->calls[i].aggregate];
        else if (over->calls[i].function != SL_OVER_LAG)
            ret_columns[i] = chunk_numbers(chunk, over->calls[i].function,
                                           schema->columns[first + i].type, batch->row_count);
    }
    if (chunk->lag_rows == 0)
        return SL_OK;
    SL_TRY(chunk_lags(chunk, batch, states, ret_columns, err));
    return chunk_remember(chunk, batch, states, err);
}
