/* Rows of OVER that have waited come out: see op_over.c. */
#include "executor/over_op.h"

#include "data/row.h"

#include <stdlib.h>

static bool *
over_keeps(struct op_over *op, uint32_t count)
{
    if (op->keeps_capacity < count) {
        op->keeps_capacity = 2 * (size_t)count;
        op->keeps = sl_realloc(op->keeps, op->keeps_capacity);
    }
    return op->keeps;
}

/* What came out waits no more: all that is due. */
static void
over_drop_due(struct op_over *op, struct sl_over_partition *partition)
{
    bool *keeps = over_keeps(op, sl_row_queue_count(&partition->pending));
    struct sl_row_queue_cursor cursor = {0};

    for (uint32_t place = 0; sl_row_queue_next(&partition->pending, &cursor); place++)
        keeps[place] = over_due_ms(op, cursor.time) > op->clock_ms;
    sl_row_queue_keep(&partition->pending, keeps);
}

/* … or the first of it. */
static void
over_drop_ready(struct op_over *op, struct sl_over_partition *partition)
{
    uint32_t count = sl_row_queue_count(&partition->pending);
    bool *keeps = over_keeps(op, count);

    memset(keeps, true, count);
    for (size_t i = 0; i < op->ready_count; i++)
        keeps[op->ready[i].place] = false;
    sl_row_queue_keep(&partition->pending, keeps);
}

/* Emits the rows in op->texts, or only folds them. */
static int
over_work_off(struct op_over *op, bool folds, struct sl_out *out, struct sl_error *err)
{
    struct sl_pool *pool = op->op.context->pool;
    size_t count = op->chunk_count;
    struct sl_batch *rows;
    int rc;

    op->chunk_count = 0;
    if (count == 0)
        return SL_OK;
    rows = sl_batch_new(pool, op->op.node->inputs[0].node->schema->count, count);
    rc = sl_row_unpack(op->layout, pool, op->texts, count, rows->columns, err);
    if (rc < 0) {
        memset(rows->columns, 0, rows->column_count * sizeof(*rows->columns));
        sl_batch_unref(rows);
        return rc;
    }
    rc = sl_aggregation_begin(&op->partitions, &op->op, rows, out, err);
    if (rc >= 0 && folds)
        rc = sl_over_peers_fold(&op->chunk, rows, op->chunk_states, op->times_us, err);
    else if (rc >= 0)
        rc = sl_over_op_emit(op, rows, op->chunk_states, op->times_us, out, err);
    sl_aggregation_end(&op->partitions);
    sl_batch_unref(rows);
    return rc;
}

/* The chunk's texts are of partitions that have not changed meanwhile; now they may. */
int
sl_over_flush(struct op_over *op, struct sl_out *out, struct sl_error *err)
{
    int rc = over_work_off(op, false, out, err);

    for (size_t i = 0; i < op->put_out_count && rc >= 0; i++)
        over_drop_due(op, sl_over_partition_of(op->put_out[i]));
    op->put_out_count = 0;
    return rc;
}

static int
over_compare_ready(const void *a, const void *b)
{
    const struct over_row *x = a, *y = b;

    if (x->time_us != y->time_us)
        return x->time_us < y->time_us ? -1 : 1;
    return (x->place > y->place) - (x->place < y->place);
}

/* Lists the rows of a partition that come out now, in order; *ret_next_us: the first time of those
 * that do not, INT64_MAX: none.  False: these are not all that are due. */
static bool
over_list_ready(struct op_over *op, const struct sl_over_partition *partition, int64_t *ret_next_us)
{
    struct sl_row_queue_cursor cursor = {0};
    bool is_sorted = true;
    size_t end = OVER_ROUND_ROWS;

    op->ready_count = 0;
    *ret_next_us = INT64_MAX;
    for (uint32_t place = 0; sl_row_queue_next(&partition->pending, &cursor); place++) {
        if (over_due_ms(op, cursor.time) > op->clock_ms) {
            *ret_next_us = SL_MIN(*ret_next_us, cursor.time);
            continue;
        }
        if (op->ready_count == op->ready_capacity) {
            op->ready_capacity = SL_MAX(2 * op->ready_capacity, (size_t)1024);
            op->ready = sl_realloc(op->ready, op->ready_capacity * sizeof(*op->ready));
        }
        is_sorted &= op->ready_count == 0 || op->ready[op->ready_count - 1].time_us <= cursor.time;
        op->ready[op->ready_count++] = (struct over_row){cursor.time, cursor.row, place};
    }
    if (!is_sorted)
        qsort(op->ready, op->ready_count, sizeof(*op->ready), over_compare_ready);
    while (end < op->ready_count && op->ready[end].time_us == op->ready[end - 1].time_us)
        end++;
    if (end >= op->ready_count)
        return true;
    *ret_next_us = SL_MIN(*ret_next_us, op->ready[end].time_us);
    op->ready_count = end;
    return false;
}

/* The pieces of peers that are more than a chunk; `folds` is the first pass over them. */
static int
over_peers_pass(struct op_over *op, char *state, size_t from, size_t to, bool folds,
                struct sl_out *out, struct sl_error *err)
{
    for (; from < to; from += SL_BATCH_ROWS_MAX) {
        size_t count = SL_MIN(to - from, (size_t)SL_BATCH_ROWS_MAX);
        int rc;

        for (size_t i = 0; i < count; i++) {
            op->texts[i] = op->ready[from + i].text;
            op->times_us[i] = op->ready[from + i].time_us;
            op->chunk_states[i] = state;
        }
        op->chunk_count = count;
        rc = over_work_off(op, folds, out, err);
        if (rc < 0)
            return rc;
    }
    return SL_OK;
}

/* More rows of one time than a chunk has: they are folded first, and come out with the result of
 * all. */
static int
over_large_peers(struct op_over *op, char *state, size_t from, size_t to, struct sl_out *out,
                 struct sl_error *err)
{
    int rc = over_peers_pass(op, state, from, to, true, out, err);

    if (rc >= 0)
        rc = sl_over_peers_begin(&op->chunk, state, op->ready[from].time_us, err);
    if (rc < 0)
        return rc;
    rc = over_peers_pass(op, state, from, to, false, out, err);
    sl_over_peers_end(&op->chunk);
    return rc;
}

/* The end of the peers that begin at `from`. */
static size_t
over_peers_end(const struct op_over *op, size_t from)
{
    size_t to = from + 1;

    while (op->chunk.has_peers && to < op->ready_count &&
           op->ready[to].time_us == op->ready[from].time_us)
        to++;
    return to;
}

/* Emits op->ready.  The texts are of one partition's queue: they are flushed before it changes. */
static int
over_put_out(struct op_over *op, char *state, struct sl_out *out, struct sl_error *err)
{
    int rc = SL_OK;

    for (size_t from = 0, to; from < op->ready_count && rc >= 0; from = to) {
        to = over_peers_end(op, from);
        if (to - from > SL_BATCH_ROWS_MAX) {
            rc = sl_over_flush(op, out, err);
            if (rc >= 0)
                rc = over_large_peers(op, state, from, to, out, err);
            continue;
        }
        if (op->chunk_count + (to - from) > SL_BATCH_ROWS_MAX)
            rc = sl_over_flush(op, out, err);
        for (size_t i = from; i < to && rc >= 0; i++) {
            op->texts[op->chunk_count] = op->ready[i].text;
            op->times_us[op->chunk_count] = op->ready[i].time_us;
            op->chunk_states[op->chunk_count++] = state;
        }
    }
    return rc;
}

/* When a partition that nothing waits in can be in no frame any more; INT64_MAX: it can always. */
int64_t
sl_over_gone_ms(const struct op_over *op, const struct sl_over_partition *partition)
{
    int64_t last_ms = partition->fired_us / SL_US_PER_MS, gone_ms;

    if (op->chunk.frame_us < 0 || op->chunk.lag_rows > 0 || !partition->has_fired)
        return INT64_MAX;
    if (__builtin_add_overflow(last_ms, op->chunk.frame_us / SL_US_PER_MS + 1, &gone_ms))
        return INT64_MAX;
    return gone_ms;
}

/* Puts out what is due in a partition; *ret_next_us as of over_list_ready.  Behind the next flush
 * it waits no more. */
int
sl_over_put_out_due(struct op_over *op, char *state, int64_t *ret_next_us, struct sl_out *out,
                    struct sl_error *err)
{
    struct sl_over_partition *partition = sl_over_partition_of(state);
    bool is_all = over_list_ready(op, partition, ret_next_us);
    int rc = over_put_out(op, state, out, err);

    if (rc >= 0 && is_all) {
        op->put_out[op->put_out_count++] = state;
    } else if (rc >= 0) {
        rc = sl_over_flush(op, out, err);
        over_drop_ready(op, partition);
    }
    if (rc >= 0 && op->ready_count > 0) {
        int64_t last_us = op->ready[op->ready_count - 1].time_us;

        partition->fired_us = partition->has_fired ? SL_MAX(partition->fired_us, last_us) : last_us;
        partition->has_fired = true;
    }
    return rc;
}

/* A partition whose timer has gone off. */
int
sl_over_fire(struct op_over *op, uint16_t place, struct sl_out *out, struct sl_error *err)
{
    char *state = op->states[place];
    struct sl_over_partition *partition = sl_over_partition_of(state);
    int64_t next_us, next_ms;
    int rc;

    /* A timer that was set again may be there twice. */
    if (!partition->has_timer || partition->timer_ms != op->dues[op->due_rows[place]].time)
        return SL_OK;
    rc = sl_over_put_out_due(op, state, &next_us, out, err);
    if (rc < 0)
        return rc;
    partition->has_timer = false;
    next_ms = next_us == INT64_MAX ? sl_over_gone_ms(op, partition) : over_due_ms(op, next_us);
    if (next_us == INT64_MAX && next_ms <= op->clock_ms)
        op->gone[op->gone_count++] = place;
    else if (next_ms != INT64_MAX)
        sl_over_op_set_timer(op, place, op->due_rows, op->due_hashes, next_ms);
    return SL_OK;
}
