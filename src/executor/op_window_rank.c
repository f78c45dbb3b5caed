/* Ranks within windows that rows bring with them, with a condition on them: of each window and
 * partition the best rows are kept, and come once the window is over, in their order.
 *
 *     a row:        late where its window has fired; else into state[end of the window, partition]
 *     watermark W:  for each window with rows that is due at W, in order: emit its partitions, drop
 *                   it
 *
 * State: two time-first tables (ranked_rows.h), by the end of the window. */
#include "executor/rank_scan.h"
#include "executor/window.h"

#include <stdlib.h>

struct op_window_rank {
    struct sl_top_n top; /* the first member */
    const struct sl_phys_window_rank *plan;
    const struct sl_zone *zone;
    struct sl_rank_scan scan;
    uint16_t *rows; /* of the running batch, by the ends of their windows; SL_BATCH_ROWS_MAX */
};

static struct op_window_rank *
window_rank_of(struct sl_op *op)
{
    return (struct op_window_rank *)op;
}

/* --- opening --- */

static int
window_rank_open(struct sl_op *base, struct sl_error *err)
{
    struct op_window_rank *op = window_rank_of(base);
    struct sl_arena *arena = base->context->arena;
    struct sl_phys_top_n *top = SL_NEW(arena, struct sl_phys_top_n);

    op->plan = base->node->detail;
    op->zone = base->context->expr_settings.zone;
    op->rows = SL_NEW_ARRAY(arena, uint16_t, SL_BATCH_ROWS_MAX);
    top->rank = op->plan->rank;
    op->top.ranked.has_time = true;
    op->top.ranked.last_first = op->plan->last_first;
    SL_TRY(sl_top_n_open(&op->top, top, err));
    op->top.mode = SL_TOP_N_NOTHING;
    sl_rank_scan_open(&op->scan, &op->top);
    return SL_OK;
}

static void
window_rank_close(struct sl_op *base)
{
    struct op_window_rank *op = window_rank_of(base);

    sl_rank_scan_close(&op->scan);
    sl_top_n_close(&op->top);
}

/* --- rows --- */

static bool
window_rank_is_due(const struct op_window_rank *op, int64_t end)
{
    return sl_window_due_ms(&op->plan->window, op->zone, end) <= op->top.op.watermark_ms;
}

static int
window_rank_compare(const void *a, const void *b, void *arg)
{
    const int64_t *ends = arg;
    uint16_t x = *(const uint16_t *)a, y = *(const uint16_t *)b;

    if (ends[x] != ends[y])
        return ends[x] < ends[y] ? -1 : 1;
    return (x > y) - (x < y);
}

/* Lists the rows whose windows are open in op->rows, by window; returns their number.  Others are
 * told, where `out` is given. */
static size_t
window_rank_list(struct op_window_rank *op, const struct sl_batch *batch, struct sl_out *out)
{
    int64_t *ends = batch->columns[op->plan->end_column]->values;
    size_t live = sl_batch_live_count(batch), count = 0, late_count = 0;
    uint16_t late[SL_BATCH_ROWS_MAX];
    bool is_sorted = true;

    for (size_t i = 0; i < live; i++) {
        uint16_t row = (uint16_t)sl_batch_row(batch, i);

        if (window_rank_is_due(op, ends[row])) {
            late[late_count++] = row;
            continue;
        }
        is_sorted &= count == 0 || ends[op->rows[count - 1]] <= ends[row];
        op->rows[count++] = row;
    }
    if (!is_sorted)
        qsort_r(op->rows, count, sizeof(*op->rows), window_rank_compare, ends);
    if (late_count > 0 && out)
        out->late(out, sl_batch_share(op->top.op.context->pool, batch, late, late_count));
    return count;
}

/* The keys of the rows of one window, which begin at `from`; *ret_to: where the next begin. */
static struct sl_state_keys
window_rank_keys(struct op_window_rank *op, const struct sl_batch *batch, size_t from, size_t count,
                 size_t *ret_to)
{
    const int64_t *ends = batch->columns[op->plan->end_column]->values;
    struct sl_state_keys keys;
    size_t to = from;

    while (to < count && ends[op->rows[to]] == ends[op->rows[from]])
        to++;
    memcpy(op->top.rows, op->rows + from, (to - from) * sizeof(*op->rows));
    keys = sl_key_changes_keys(&op->top.changes, batch, op->top.rows, to - from);
    keys.time = op->top.ranked.time = ends[op->rows[from]];
    *ret_to = to;
    return keys;
}

static int
window_rank_batch(struct sl_op *base, unsigned input, struct sl_batch *batch, struct sl_out *out,
                  struct sl_error *err)
{
    struct op_window_rank *op = window_rank_of(base);
    size_t count = window_rank_list(op, batch, out);

    for (size_t from = 0, to; from < count; from = to) {
        struct sl_state_keys keys = window_rank_keys(op, batch, from, count, &to);

        sl_top_n_keep(&op->top, &keys, batch);
    }
    return SL_OK;
}

static int
window_rank_prepare(struct sl_op *base, unsigned input, const struct sl_batch *batch,
                    struct sl_error *err)
{
    struct op_window_rank *op = window_rank_of(base);
    size_t count = window_rank_list(op, batch, NULL);
    int rc = SL_OK;

    for (size_t from = 0, to; rc == SL_OK && from < count; from = to) {
        struct sl_state_keys keys = window_rank_keys(op, batch, from, count, &to);

        rc = sl_top_n_prepare(&op->top, &keys, batch, err);
    }
    return rc;
}

/* --- firing --- */

static int
window_rank_watermark(struct sl_op *base, struct sl_out *out, struct sl_error *err)
{
    struct op_window_rank *op = window_rank_of(base);
    struct sl_ranked_rows *ranked = &op->top.ranked;

    for (;;) {
        int64_t end = sl_table_first_time(ranked->table);
        int rc;

        if (end == INT64_MAX || !window_rank_is_due(op, end))
            return SL_OK;
        rc = sl_rank_scan_emit(&op->scan, end, out, err);
        if (rc != SL_OK)
            return rc;
        sl_table_drop_time(ranked->table, end);
        sl_table_drop_time(ranked->chunks, end);
    }
}

static int64_t
window_rank_next_due(struct sl_op *base)
{
    struct op_window_rank *op = window_rank_of(base);

    return sl_window_next_due_ms(&op->plan->window, op->zone, base->watermark_ms);
}

const struct sl_op_class sl_op_window_rank = {
    .name = "WindowRank",
    .size = sizeof(struct op_window_rank),
    .open = window_rank_open,
    .prepare = window_rank_prepare,
    .batch = window_rank_batch,
    .resume = window_rank_watermark,
    .watermark = window_rank_watermark,
    .next_due_ms = window_rank_next_due,
    .close = window_rank_close,
};
