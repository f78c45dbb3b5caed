/* The end of rows of an interval join: those without a match come out, buckets are dropped.
 *
 *     the oldest bucket of a side that keeps its rows begins to be over: it is scanned once, and
 * the rows without a match go into a heap by their time; what is over is taken from the heap,
 * looked up anew (a match may have come meanwhile), marked as matched in the state, and emitted;
 * when all of the bucket is over it is dropped.
 *
 * What came out is marked, so the state alone says what is left: a barrier may come between any two
 * batches, and a restore with any parallelism goes on from there. */
#include "executor/interval_join.h"

#include <stdlib.h>

void
join_expiry_init(struct join_expiry *expiry, struct sl_arena *arena)
{
    sl_buffer_init(&expiry->keys, UINT32_MAX);
    expiry->taken = SL_NEW_ARRAY(arena, struct sl_due, SL_BATCH_ROWS_MAX);
}

void
join_expiry_done(struct join_expiry *expiry)
{
    sl_table_scan_end(&expiry->scan);
    sl_buffer_done(&expiry->keys);
    sl_due_heap_done(&expiry->heap);
}

static uint32_t
expiry_keep_key(struct join_expiry *expiry, struct sl_text key)
{
    uint32_t at = (uint32_t)expiry->keys.length;

    sl_buffer_add_text(&expiry->keys, key);
    return at;
}

void
join_expiry_add(struct join_expiry *expiry, int64_t time_us, struct sl_text key)
{
    sl_due_heap_push(&expiry->heap,
                     (struct sl_due){time_us, expiry_keep_key(expiry, key), (uint32_t)key.length});
}

static void
expiry_forget(struct join_expiry *expiry)
{
    sl_table_scan_end(&expiry->scan);
    expiry->is_built = expiry->is_scanning = false;
    expiry->heap.count = expiry->taken_count = 0;
    sl_buffer_reset(&expiry->keys);
}

/* What was taken is still to be found in the state. */
void
join_expiry_pause(struct join_expiry *expiry)
{
    if (expiry->is_scanning || expiry->taken_count > 0)
        expiry_forget(expiry);
}

/* --- a bucket --- */

static void
expiry_list_rows(struct join_expiry *expiry, const struct sl_state_row *row)
{
    const struct sl_join_rows *rows = sl_join_rows_of(row->value);
    uint32_t key_at;

    if (!rows || rows->open == 0)
        return;
    key_at = expiry_keep_key(expiry, row->key);
    for (uint32_t i = 0; i < rows->count; i++)
        if (!rows->slots[i].matched)
            sl_due_heap_push(&expiry->heap, (struct sl_due){rows->slots[i].time_us, key_at,
                                                            (uint32_t)row->key.length});
}

static int
expiry_build(struct op_interval_join *op, struct join_side *side, int64_t bucket,
             struct sl_error *err)
{
    struct join_expiry *expiry = &side->expiry;
    struct sl_state_row rows[64];
    size_t count;

    if (!expiry->is_scanning || expiry->bucket != bucket) {
        expiry_forget(expiry);
        expiry->bucket = bucket;
        expiry->is_scanning = true;
        sl_table_scan_begin(side->table, bucket, &expiry->scan);
    }
    for (;;) {
        int rc = sl_table_scan_next(&expiry->scan, rows, SL_COUNT_OF(rows), &count, err);

        if (rc != SL_OK)
            return rc;
        if (count == 0)
            break;
        for (size_t i = 0; i < count; i++)
            expiry_list_rows(expiry, &rows[i]);
    }
    sl_table_scan_end(&expiry->scan);
    expiry->is_scanning = false;
    expiry->is_built = true;
    return SL_OK;
}

static void
expiry_take(struct op_interval_join *op, struct join_side *side)
{
    struct join_expiry *expiry = &side->expiry;

    while (expiry->taken_count < op->batch_max && expiry->heap.count > 0 &&
           join_is_over(op, side, sl_due_heap_first(&expiry->heap)))
        expiry->taken[expiry->taken_count++] = sl_due_heap_pop(&expiry->heap);
}

/* The key columns of what was taken. */
static void
expiry_decode(struct op_interval_join *op, struct join_side *side, struct sl_state_keys *keys)
{
    const struct join_expiry *expiry = &side->expiry;

    for (size_t i = 0; i < expiry->taken_count; i++)
        op->texts[i] = (struct sl_text){expiry->keys.data + expiry->taken[i].key_at,
                                        expiry->taken[i].key_size};
    sl_key_codec_decode(sl_table_key_codec(side->table), op->op.context->pool, op->texts,
                        expiry->taken_count, op->key_columns);
    sl_hash_rows(op->key_columns, op->plan->key_count, NULL, expiry->taken_count, op->some_hashes);
    *keys = (struct sl_state_keys){.columns = op->key_columns,
                                   .row_count = expiry->taken_count,
                                   .hashes = op->some_hashes,
                                   .time = expiry->bucket};
}

/* Of a row that was taken: marks it, where no match has come.  False: one has. */
static bool
expiry_mark(struct sl_join_rows *rows, int64_t time_us, struct sl_text *ret_text)
{
    if (rows->open == 0)
        return false;
    for (uint32_t i = sl_join_rows_find(rows, time_us);
         i < rows->count && rows->slots[i].time_us == time_us; i++) {
        if (rows->slots[i].matched)
            continue;
        *ret_text = sl_join_rows_text(rows, &rows->slots[i]);
        sl_join_rows_set_matched(rows, &rows->slots[i]);
        return true;
    }
    return false;
}

/* Emits what was taken. */
static int
expiry_emit(struct op_interval_join *op, struct join_side *side, struct sl_out *out,
            struct sl_error *err)
{
    struct join_expiry *expiry = &side->expiry;
    struct sl_state_keys keys;
    size_t count = 0;
    int rc = SL_OK;

    expiry_decode(op, side, &keys);
    if (sl_state_is_cold(op->op.context->state))
        rc = sl_table_prepare(side->table, &keys, err);
    if (rc == SL_OK)
        sl_table_upsert(side->table, &keys, op->values, NULL);
    for (size_t i = 0; i < op->plan->key_count; i++)
        sl_column_unref(op->key_columns[i]);
    if (rc != SL_OK)
        return rc;
    for (size_t i = 0; i < expiry->taken_count; i++) {
        struct sl_join_rows *rows = sl_join_rows_of(op->values[i]);

        count += rows && expiry_mark(rows, expiry->taken[i].time, &op->texts[count]);
    }
    expiry->taken_count = 0;
    if (count == 0)
        return SL_OK;
    SL_TRY(
        sl_row_unpack(side->layout, op->op.context->pool, op->texts, count, op->side_columns, err));
    return join_emit_alone(op, side, op->side_columns, count, out);
}

static int
expiry_run(struct op_interval_join *op, struct join_side *side, int64_t bucket, struct sl_out *out,
           struct sl_error *err)
{
    struct join_expiry *expiry = &side->expiry;
    int rc = SL_OK;

    if (!expiry->is_built || expiry->bucket != bucket)
        rc = expiry_build(op, side, bucket, err);
    while (rc == SL_OK) {
        if (expiry->taken_count == 0)
            expiry_take(op, side);
        if (expiry->taken_count == 0)
            break;
        rc = expiry_emit(op, side, out, err);
    }
    return rc;
}

/* --- both sides --- */

static int64_t
expiry_last_us(const struct op_interval_join *op, int64_t bucket)
{
    return bucket + op->plan->bucket_us - 1;
}

static int
expire_side(struct op_interval_join *op, struct join_side *side, struct sl_out *out,
            struct sl_error *err)
{
    for (;;) {
        int64_t bucket = sl_table_first_time(side->table);
        int rc = SL_OK;

        if (bucket == INT64_MAX || !join_is_over(op, side, bucket))
            return SL_OK;
        if (side->keeps)
            rc = expiry_run(op, side, bucket, out, err);
        if (rc != SL_OK)
            return rc;
        if (!join_is_over(op, side, expiry_last_us(op, bucket)))
            return SL_OK;
        if (side->keeps)
            expiry_forget(&side->expiry);
        sl_table_drop_time(side->table, bucket);
    }
}

int
join_expire(struct op_interval_join *op, struct sl_out *out, struct sl_error *err)
{
    for (size_t i = 0; i < SL_COUNT_OF(op->sides); i++) {
        int rc = expire_side(op, &op->sides[i], out, err);

        if (rc != SL_OK)
            return rc;
    }
    return SL_OK;
}

int64_t
join_next_over_us(const struct op_interval_join *op)
{
    int64_t next_us = INT64_MAX;

    for (size_t i = 0; i < SL_COUNT_OF(op->sides); i++) {
        const struct join_side *side = &op->sides[i];
        const struct join_expiry *expiry = &side->expiry;
        int64_t bucket = sl_table_first_time(side->table), time_us;

        if (bucket == INT64_MAX)
            continue;
        time_us = expiry_last_us(op, bucket);
        if (side->keeps && (!expiry->is_built || expiry->bucket != bucket))
            time_us = bucket;
        else if (side->keeps && expiry->heap.count > 0)
            time_us = sl_due_heap_first(&expiry->heap);
        next_us = SL_MIN(next_us, time_us + side->reach_us + op->hold_us);
    }
    return next_us;
}
