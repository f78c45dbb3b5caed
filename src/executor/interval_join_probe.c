/* A batch of an interval join meets the other side: bucket by bucket, pairs a batch at a time. */
#include "executor/interval_join.h"

/* --- pairs --- */

static struct sl_batch *
join_pair_batch(struct op_interval_join *op, struct sl_error *err)
{
    const struct join_side *own = join_own(op), *other = join_other(op);
    struct sl_pool *pool = op->op.context->pool;
    struct sl_batch *batch;

    for (size_t i = 0; i < op->pair_count; i++) {
        op->gathered[i] = op->probe.rows[op->pairs[i].index];
        op->texts[i] = op->pairs[i].text;
    }
    if (sl_row_unpack(other->layout, pool, op->texts, op->pair_count, op->side_columns, err) < 0)
        return NULL;
    batch = sl_batch_new(pool, op->plan->column_count, op->pair_count);
    for (size_t i = 0; i < other->column_count; i++)
        sl_batch_set_column(batch, other->places[i], op->side_columns[i]);
    for (size_t i = 0; i < own->column_count; i++)
        sl_batch_set_column(batch, own->places[i],
                            sl_column_gather(pool, op->probe.batch->columns[own->columns[i]],
                                             op->gathered, op->pair_count, false));
    return batch;
}

/* The pairs for which the condition holds, in selection[]. */
static int
join_filter(struct op_interval_join *op, const struct sl_batch *batch, struct sl_out *out,
            size_t *ret_count, struct sl_error *err)
{
    const struct sl_row_error *errors;
    size_t error_count;

    if (!op->condition) {
        for (size_t i = 0; i < op->pair_count; i++)
            op->selection[i] = (uint16_t)i;
        *ret_count = op->pair_count;
        return SL_OK;
    }
    sl_eval_set_now(op->condition, sl_now_us(op->op.context->env), op->op.watermark_ms);
    if (sl_eval_filter(op->condition, batch, op->selection, ret_count) == 0)
        return SL_OK;
    errors = sl_eval_errors(op->condition, &error_count);
    return out->error(out, batch, errors, error_count, err);
}

/* The output columns of the selected pairs. */
static struct sl_batch *
join_output(const struct op_interval_join *op, const struct sl_batch *batch, size_t count)
{
    size_t column_count = op->op.node->schema->count;
    struct sl_pool *pool = op->op.context->pool;
    struct sl_batch *made = sl_batch_new(pool, column_count, batch->row_count);

    for (size_t i = 0; i < column_count; i++)
        sl_batch_set_column(made, i, sl_column_ref(batch->columns[i]));
    if (count < batch->row_count) {
        memcpy(sl_batch_add_selection(made, pool), op->selection, count * sizeof(*op->selection));
        made->selection_count = (uint32_t)count;
    }
    return made;
}

static int
join_flush(struct op_interval_join *op, struct sl_out *out, struct sl_error *err)
{
    struct sl_batch *batch, *made;
    size_t count = 0;
    int rc;

    if (op->pair_count == 0)
        return SL_OK;
    batch = join_pair_batch(op, err);
    if (!batch)
        return err->code;
    rc = join_filter(op, batch, out, &count, err);
    for (size_t i = 0; i < count && rc == SL_OK; i++) {
        const struct join_pair *pair = &op->pairs[op->selection[i]];

        op->probe.matched[pair->index] = true;
        if (join_other(op)->keeps)
            sl_join_rows_set_matched(pair->kept, &pair->kept->slots[pair->slot]);
    }
    op->pair_count = 0;
    made = rc == SL_OK && count > 0 ? join_output(op, batch, count) : NULL;
    sl_batch_unref(batch);
    return made ? sl_out_emit(out, made) : rc;
}

/* --- meeting the other side --- */

/* Matches will be noted at rows of the other side: those that may get the first one are made
 * writable. */
static void
join_make_writable(struct op_interval_join *op, int64_t bucket, size_t count)
{
    const struct join_probe *probe = &op->probe;
    uint16_t places[SL_BATCH_ROWS_MAX];
    size_t open = 0;
    struct sl_state_keys keys;

    for (size_t k = probe->next; k < count; k++) {
        const struct sl_join_rows *rows = op->found[k] ? sl_join_rows_of(op->found[k]) : NULL;
        uint32_t first;

        if (!rows || rows->open == 0)
            continue;
        first = sl_join_rows_find(rows, probe->low_us[op->some[k]]);
        if (first == rows->count || rows->slots[first].time_us > probe->high_us[op->some[k]])
            continue;
        places[open] = (uint16_t)k;
        op->some_rows[open] = op->some_rows[k];
        op->some_hashes[open++] = op->some_hashes[k];
    }
    if (open == 0)
        return;
    keys = join_keys(op, bucket, open);
    sl_table_upsert(join_other(op)->table, &keys, op->values, NULL);
    for (size_t i = 0; i < open; i++)
        op->found[places[i]] = op->values[i];
}

/* The matches of one candidate, from slot probe->slot on. */
static int
join_probe_row(struct op_interval_join *op, size_t index, struct sl_join_rows *rows,
               struct sl_out *out, struct sl_error *err)
{
    struct join_probe *probe = &op->probe;
    uint32_t at = probe->slot;

    if (at == JOIN_FIRST_MATCH && index == probe->cut &&
        probe->bucket == join_bucket_of(op, probe->low_us[index]))
        at = probe->cut_slot;
    if (at == JOIN_FIRST_MATCH)
        at = sl_join_rows_find(rows, probe->low_us[index]);
    probe->slot = JOIN_FIRST_MATCH;
    for (; at < rows->count && rows->slots[at].time_us <= probe->high_us[index]; at++) {
        int rc;

        op->pairs[op->pair_count++] = (struct join_pair){
            (uint16_t)index, sl_join_rows_text(rows, &rows->slots[at]), rows, at};
        if (op->pair_count < op->batch_max)
            continue;
        rc = join_flush(op, out, err);
        if (rc != SL_OK) {
            probe->slot = at + 1;
            return rc;
        }
    }
    return SL_OK;
}

static int
join_probe_bucket(struct op_interval_join *op, struct sl_out *out, struct sl_error *err)
{
    struct join_probe *probe = &op->probe;
    size_t count = join_list_candidates(op, probe->bucket);
    struct sl_state_keys keys = join_keys(op, probe->bucket, count);

    sl_table_find(join_other(op)->table, &keys, op->found);
    if (join_other(op)->keeps)
        join_make_writable(op, probe->bucket, count);
    for (; probe->next < count; probe->next++) {
        struct sl_join_rows *rows =
            op->found[probe->next] ? sl_join_rows_of(op->found[probe->next]) : NULL;
        int rc = rows ? join_probe_row(op, op->some[probe->next], rows, out, err) : SL_OK;

        if (rc != SL_OK)
            return rc;
    }
    return SL_OK;
}

int
join_probe_all(struct op_interval_join *op, struct sl_out *out, struct sl_error *err)
{
    struct join_probe *probe = &op->probe;

    while (probe->bucket != INT64_MAX) {
        int rc = join_probe_bucket(op, out, err);

        if (rc != SL_OK)
            return rc;
        probe->bucket = join_next_bucket(op, probe->bucket + op->plan->bucket_us);
        probe->next = 0;
        if (join_other(op)->keeps) /* rows that were made writable stay so until the next upsert */
            rc = join_flush(op, out, err);
        if (rc != SL_OK)
            return rc;
    }
    return SL_MIN(join_flush(op, out, err), SL_OK);
}
