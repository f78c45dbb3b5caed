/* The rows of a batch that stay in an interval join's state. */
#include "executor/interval_join.h"

#include <stdlib.h>

static int
join_compare_buckets(const void *a, const void *b, void *arg)
{
    const struct op_interval_join *op = arg;
    uint16_t x = *(const uint16_t *)a, y = *(const uint16_t *)b;
    int64_t bucket_x = join_bucket_of(op, op->probe.times_us[x]);
    int64_t bucket_y = join_bucket_of(op, op->probe.times_us[y]);

    if (bucket_x != bucket_y)
        return bucket_x < bucket_y ? -1 : 1;
    return (int)x - (int)y;
}

size_t
join_list_staying(struct op_interval_join *op)
{
    struct join_probe *probe = &op->probe;
    int64_t bucket = INT64_MIN, end_us = INT64_MIN;
    bool is_sorted = true;
    size_t count = 0;

    for (size_t i = 0; i < probe->row_count; i++) {
        if (!probe->stays[i]) {
            if (!probe->matched[i])
                probe->alone[probe->alone_count++] = probe->rows[i];
            continue;
        }
        is_sorted &= probe->times_us[i] >= bucket;
        if (probe->times_us[i] >= end_us) {
            bucket = join_bucket_of(op, probe->times_us[i]);
            end_us = bucket + op->plan->bucket_us;
        }
        op->some[count++] = (uint16_t)i;
    }
    if (!is_sorted)
        qsort_r(op->some, count, sizeof(*op->some), join_compare_buckets, op);
    for (size_t k = 0; k < count; k++) {
        op->some_rows[k] = probe->rows[op->some[k]];
        op->some_hashes[k] = probe->hashes[op->some[k]];
    }
    return count;
}

size_t
join_run_end(const struct op_interval_join *op, size_t from, size_t count, int64_t *ret_bucket)
{
    const int64_t *times_us = op->probe.times_us;
    int64_t bucket = join_bucket_of(op, times_us[op->some[from]]);

    while (from < count && times_us[op->some[from]] >= bucket &&
           times_us[op->some[from]] < bucket + op->plan->bucket_us)
        from++;
    *ret_bucket = bucket;
    return from;
}

struct sl_state_keys
join_run_keys(const struct op_interval_join *op, int64_t bucket, size_t from, size_t to)
{
    struct sl_state_keys keys = join_keys(op, bucket, to - from);

    keys.rows += from;
    keys.hashes += from;
    return keys;
}

static int
join_refuse_more(const struct op_interval_join *op, struct sl_error *err)
{
    SL_ERROR(err, SL_E_LIMIT_EXCEEDED,
             "an interval join has more than %u MiB of rows of one key within %lld ms",
             SL_JOIN_ROWS_BYTES_MAX >> 20, (long long)(op->plan->bucket_us / SL_US_PER_MS));
    return sl_error_hint(err,
                         "make the interval shorter, or add a column to the join's equalities");
}

/* A row may come out alone, of a bucket whose rows have begun to. */
static void
join_note_expiry(struct op_interval_join *op, const struct sl_state_keys *keys, size_t from)
{
    struct join_side *side = join_own(op);

    sl_key_codec_encode(sl_table_key_codec(side->table), keys->columns, keys->rows, keys->row_count,
                        &op->key_bytes);
    for (size_t i = 0; i < keys->row_count; i++) {
        size_t index = op->some[from + i];
        uint32_t start = op->key_bytes.offsets[i];

        if (!op->probe.matched[index])
            join_expiry_add(&side->expiry, op->probe.times_us[index],
                            (struct sl_text){op->key_bytes.bytes + start,
                                             op->key_bytes.offsets[i + 1] - start});
    }
}

/* Puts rows [from, to) of those that stay into their bucket. */
static int
join_keep_run(struct op_interval_join *op, int64_t bucket, size_t from, size_t to,
              struct sl_error *err)
{
    struct join_side *side = join_own(op);
    const struct join_probe *probe = &op->probe;
    struct sl_state_keys keys = join_run_keys(op, bucket, from, to);

    for (size_t i = 0; i < side->column_count; i++)
        op->side_columns[i] = probe->batch->columns[side->columns[i]];
    sl_table_upsert(side->table, &keys, op->values, NULL);
    for (size_t i = 0; i < keys.row_count; i++) {
        size_t index = op->some[from + i];

        sl_buffer_reset(&op->packed);
        sl_row_pack(side->layout, op->side_columns, probe->rows[index], &op->packed);
        if (!sl_join_rows_add(side->table, bucket, op->values[i], side->value_size,
                              probe->times_us[index], sl_buffer_text(&op->packed),
                              !side->keeps || probe->matched[index]))
            return join_refuse_more(op, err);
    }
    if (side->keeps && side->expiry.is_built && side->expiry.bucket == bucket)
        join_note_expiry(op, &keys, from);
    return SL_OK;
}

int
join_keep_all(struct op_interval_join *op, struct sl_error *err)
{
    size_t count = join_list_staying(op), to;
    int64_t bucket;

    for (size_t from = 0; from < count; from = to) {
        to = join_run_end(op, from, count, &bucket);
        SL_TRY(join_keep_run(op, bucket, from, to, err));
    }
    return SL_OK;
}
