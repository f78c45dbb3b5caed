/* Top-N over a stream: of each partition the best rows are kept in order (ranked_rows.h), and what
 * changes among those that are seen is told (top_n.h).
 *
 * State: partition → struct sl_ranked; its rows packed without the partition's columns; where rows
 * that are taken back are identified by columns, their numbers by these (top_n_places.c). */
#include "executor/top_n.h"

static struct sl_top_n *
top_n_of(struct sl_op *op)
{
    return (struct sl_top_n *)op;
}

static int
top_n_open(struct sl_op *base, struct sl_error *err)
{
    return sl_top_n_open(top_n_of(base), base->node->detail, err);
}

static void
top_n_close(struct sl_op *base)
{
    sl_top_n_close(top_n_of(base));
}

static int
top_n_prepare(struct sl_op *base, unsigned input, const struct sl_batch *batch,
              struct sl_error *err)
{
    struct sl_top_n *op = top_n_of(base);
    struct sl_state_keys keys = sl_top_n_keys(op, batch);

    return sl_top_n_prepare(op, &keys, batch, err);
}

/* Partitions without rows leave the state. */
static void
top_n_drop_empty(struct sl_top_n *op, struct sl_state_keys *keys)
{
    size_t kept = 0;

    for (size_t i = 0; i < keys->row_count; i++) {
        if (((const struct sl_ranked *)(const void *)op->values[i])->count > 0)
            continue;
        op->rows[kept] = op->rows[i];
        op->changes.hashes[kept++] = op->changes.hashes[i];
    }
    keys->row_count = kept;
    if (kept > 0)
        sl_table_delete(op->ranked.table, keys);
}

/* Returns how many rows are taken back that are not there, or an error. */
static int
top_n_rows(struct sl_top_n *op, const struct sl_batch *batch, size_t row_count, struct sl_out *out,
           struct sl_error *err)
{
    int unmatched = 0;

    for (size_t i = 0; i < row_count; i++) {
        struct sl_ranked *value = (struct sl_ranked *)(void *)op->values[i];

        sl_top_n_begin_row(op, value, batch, op->rows[i]);
        sl_top_n_touch(op, value, op->rows[i]);
        if (!sl_row_kind_takes_back(sl_batch_kind(batch, op->rows[i])))
            sl_top_n_add(op, value, i);
        else if (!sl_top_n_take_back(op, value, i))
            unmatched++;
        if (!op->net)
            SL_TRY(sl_top_n_end_segment(op, out, err));
    }
    SL_TRY(sl_top_n_end_segment(op, out, err));
    SL_TRY(sl_key_changes_emit(&op->changes, out, err));
    return unmatched;
}

static int
top_n_batch(struct sl_op *base, unsigned input, struct sl_batch *batch, struct sl_out *out,
            struct sl_error *err)
{
    struct sl_top_n *op = top_n_of(base);
    struct sl_state_keys keys = sl_top_n_keys(op, batch), places = {0};
    int unmatched;

    sl_rank_order_begin(&op->order, batch);
    if (!op->plan->retracts)
        sl_top_n_reject(op, &keys);
    if (keys.row_count == 0)
        return SL_OK;
    sl_table_upsert(op->ranked.table, &keys, op->values, NULL);
    if (op->places.table) {
        places = sl_top_n_places_keys(op, batch, &keys);
        sl_table_upsert(op->places.table, &places, op->places.values, NULL);
    }
    sl_top_n_changes_begin(op, batch);
    unmatched = top_n_rows(op, batch, keys.row_count, out, err);
    if (unmatched < 0)
        return unmatched;
    if (op->places.table)
        sl_top_n_places_drop(op, &places);
    top_n_drop_empty(op, &keys);
    if (unmatched > 0)
        out->unmatched(out, (size_t)unmatched);
    return SL_OK;
}

const struct sl_op_class sl_op_top_n = {
    .name = "Rank",
    .size = sizeof(struct sl_top_n),
    .open = top_n_open,
    .prepare = top_n_prepare,
    .batch = top_n_batch,
    .close = top_n_close,
};
