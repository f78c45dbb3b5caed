/* ORDER BY over a stream, first by time, at parallelism 1: rows wait until the watermark has
 * reached their time, and come out in order.  By processing time they wait until the clock has gone
 * on, and are in order by what else they are sorted by.
 *
 * A row is late where its time is not behind that of the last row that came out, as in Flink;
 * else it goes into the bucket of its time.  A watermark W: of each bucket up to W the rows up to W
 * are sorted, emitted, and gone.
 *
 * State: bucket → its rows as they came (rank_chunk.h); with each checkpoint the time of the last
 * row that came out.  A bucket that is stopped in is sorted anew, and goes on behind what came out.
 */
#include "executor/rank_output.h"
#include "executor/rank_chunk.h"
#include "storage/snapshot.h"

#include <stdlib.h>

#define SORT_BLOB "last"

enum { SORT_BUCKET_MS = 1000 }; /* by event time; by processing time a millisecond */

struct op_temporal_sort {
    struct sl_op op;
    const struct sl_phys_temporal_sort *plan;
    struct sl_state_table *table;
    struct sl_rank_order order;
    struct sl_key_changes changes;
    struct sl_rank_output output;
    int64_t bucket_ms;
    int64_t last_ms;                      /* the time of the last row that came out */
    const struct sl_rank_entry **entries; /* of the bucket that comes out */
    size_t entry_capacity;
    size_t done; /* of them, so many came out */
};

static struct op_temporal_sort *
temporal_sort_of(struct sl_op *op)
{
    return (struct op_temporal_sort *)op;
}

/* --- opening --- */

static int
temporal_sort_open(struct sl_op *base, struct sl_error *err)
{
    static const uint32_t offset = offsetof(struct sl_rank_chunk, bytes);
    struct op_temporal_sort *op = temporal_sort_of(base);
    struct sl_state_table_spec spec = {.name = "rows",
                                       .operator_uid = base->node->uid,
                                       .has_time = true,
                                       .value_size = sizeof(struct sl_rank_chunk),
                                       .view_offsets = &offset,
                                       .view_count = 1};

    SL_ASSERT(base->context->subtask_count == 1);
    op->plan = base->node->detail;
    op->last_ms = INT64_MIN;
    op->bucket_ms = op->plan->processing_time ? 1 : SORT_BUCKET_MS;
    sl_key_changes_open(&op->changes, base, NULL, 0);
    /* Rows of one bucket of processing time have one time. */
    sl_rank_order_open(&op->order, op->plan->keys + op->plan->processing_time,
                       op->plan->key_count - op->plan->processing_time);
    SL_TRY(sl_state_table_open(base->context->state, &spec, &op->table, err));
    sl_rank_output_open(&op->output, &op->changes, op->table);
    return SL_OK;
}

static void
temporal_sort_close(struct sl_op *base)
{
    struct op_temporal_sort *op = temporal_sort_of(base);

    sl_rank_order_close(&op->order);
    sl_key_changes_close(&op->changes);
    free(op->entries);
}

/* --- buckets --- */

static int64_t
temporal_sort_bucket(const struct op_temporal_sort *op, int64_t time_ms)
{
    int64_t rest = time_ms % op->bucket_ms;

    return time_ms - (rest < 0 ? rest + op->bucket_ms : rest);
}

static const uint64_t temporal_sort_hash;

static struct sl_state_keys
temporal_sort_keys(int64_t bucket)
{
    return (struct sl_state_keys){.row_count = 1, .hashes = &temporal_sort_hash, .time = bucket};
}

static struct sl_rank_chunk *
temporal_sort_chunk(struct op_temporal_sort *op, int64_t bucket)
{
    struct sl_state_keys keys = temporal_sort_keys(bucket);
    char *value;

    sl_table_upsert(op->table, &keys, &value, NULL);
    return (struct sl_rank_chunk *)(void *)value;
}

/* --- rows --- */

/* When a row is: by its column, or now; before all others where it has no time (of an outer join).
 */
static int64_t
temporal_sort_time_ms(const struct op_temporal_sort *op, const struct sl_batch *batch, size_t row,
                      int64_t now_ms)
{
    const struct sl_column *times = batch->columns[op->plan->keys[0].column];

    if (op->plan->processing_time)
        return now_ms;
    return sl_column_is_null(times, row) ? INT64_MIN
                                         : ((const int64_t *)times->values)[row] / SL_US_PER_MS;
}

static int64_t
temporal_sort_now_ms(const struct op_temporal_sort *op)
{
    return op->plan->processing_time ? sl_now_us(op->op.context->env) / SL_US_PER_MS : 0;
}

static int
temporal_sort_batch(struct sl_op *base, unsigned input, struct sl_batch *batch, struct sl_out *out,
                    struct sl_error *err)
{
    struct op_temporal_sort *op = temporal_sort_of(base);
    int64_t now_ms = temporal_sort_now_ms(op), bucket = INT64_MIN;
    struct sl_rank_chunk *chunk = NULL;
    uint16_t late[SL_BATCH_ROWS_MAX];
    size_t late_count = 0;

    sl_rank_order_begin(&op->order, batch);
    sl_key_changes_begin(&op->changes, batch);
    for (size_t i = 0; i < sl_batch_live_count(batch); i++) {
        uint16_t row = (uint16_t)sl_batch_row(batch, i);
        int64_t time_ms = temporal_sort_time_ms(op, batch, row, now_ms);
        struct sl_rank_key key;
        struct sl_text packed;

        if (time_ms <= op->last_ms && !op->plan->processing_time) {
            late[late_count++] = row;
            continue;
        }
        if (!chunk || temporal_sort_bucket(op, time_ms) != bucket) {
            bucket = temporal_sort_bucket(op, time_ms);
            chunk = temporal_sort_chunk(op, bucket);
        }
        key = sl_rank_order_key(&op->order, row);
        packed = sl_key_changes_pack(&op->changes, row);
        if (chunk->used + sl_rank_entry_size_of(key.bytes.length, packed.length) >
            SL_RANK_CHUNK_MAX)
            return SL_ERROR(err, SL_E_LIMIT_EXCEEDED,
                            "ORDER BY time has more than %u MB of rows of one second",
                            SL_RANK_CHUNK_MAX >> 20);
        sl_rank_chunk_put(op->table, bucket, chunk, chunk->used, &key, packed);
    }
    if (late_count > 0)
        out->late(out, sl_batch_share(base->context->pool, batch, late, late_count));
    return SL_OK;
}

static int
temporal_sort_prepare(struct sl_op *base, unsigned input, const struct sl_batch *batch,
                      struct sl_error *err)
{
    struct op_temporal_sort *op = temporal_sort_of(base);
    int64_t now_ms = temporal_sort_now_ms(op), bucket = INT64_MIN;

    for (size_t i = 0; i < sl_batch_live_count(batch); i++) {
        int64_t time_ms = temporal_sort_time_ms(op, batch, sl_batch_row(batch, i), now_ms);
        struct sl_state_keys keys = temporal_sort_keys(temporal_sort_bucket(op, time_ms));
        int rc;

        if (keys.time == bucket)
            continue;
        bucket = keys.time;
        rc = sl_table_prepare(op->table, &keys, err);
        if (rc != SL_OK)
            return rc;
    }
    return SL_OK;
}

/* --- firing --- */

static int
temporal_sort_compare(const void *a, const void *b)
{
    const struct sl_rank_entry *x = *(const struct sl_rank_entry *const *)a;
    const struct sl_rank_entry *y = *(const struct sl_rank_entry *const *)b;
    struct sl_rank_key key_x = sl_rank_entry_key(x), key_y = sl_rank_entry_key(y);
    int order = sl_rank_key_compare(&key_x, &key_y);

    return order ? order : (x > y) - (x < y); /* as they came */
}

/* The greatest prefix of a time that the clock has reached. */
static uint64_t
temporal_sort_prefix(const struct op_temporal_sort *op, int64_t clock_ms)
{
    if (op->plan->processing_time || clock_ms > INT64_MAX / SL_US_PER_MS - 1)
        return UINT64_MAX;
    return (uint64_t)(clock_ms * SL_US_PER_MS + SL_US_PER_MS - 1) ^ UINT64_C(1) << 63;
}

/* Fills op->entries with the bucket's rows up to this prefix, in order; returns their number. */
static size_t
temporal_sort_list(struct op_temporal_sort *op, const struct sl_rank_chunk *chunk, uint64_t prefix)
{
    size_t count = 0;

    if (op->entry_capacity < chunk->count) {
        op->entry_capacity = SL_MAX((size_t)chunk->count, 2 * op->entry_capacity);
        free(op->entries);
        op->entries = sl_alloc(op->entry_capacity * sizeof(*op->entries));
    }
    for (size_t offset = 0; offset < chunk->used;) {
        const struct sl_rank_entry *entry = sl_rank_chunk_at(chunk, offset);

        if (entry->prefix <= prefix)
            op->entries[count++] = entry;
        offset += sl_rank_entry_size(entry);
    }
    qsort(op->entries, count, sizeof(*op->entries), temporal_sort_compare);
    return count;
}

/* What a row of event time has for a time. */
static int64_t
temporal_sort_entry_ms(const struct sl_rank_entry *entry)
{
    return (int64_t)(entry->prefix ^ UINT64_C(1) << 63) / SL_US_PER_MS;
}

/* Emits the rows of a bucket that the clock has reached, or goes on with that. */
static int
temporal_sort_fire_bucket(struct op_temporal_sort *op, int64_t bucket, int64_t clock_ms,
                          struct sl_out *out, struct sl_error *err)
{
    struct sl_state_keys keys = temporal_sort_keys(bucket);
    uint64_t prefix = temporal_sort_prefix(op, clock_ms);
    struct sl_rank_chunk *chunk;
    size_t count;
    int rc = sl_table_prepare(op->table, &keys, err);

    if (rc != SL_OK)
        return rc;
    chunk = temporal_sort_chunk(op, bucket);
    count = temporal_sort_list(op, chunk, prefix);
    while (rc == SL_OK && op->done < count) {
        while (op->done < count && !sl_rank_output_is_full(&op->output))
            sl_rank_output_add(&op->output, SL_TEXT(""), sl_rank_entry_row(op->entries[op->done++]),
                               0);
        rc = sl_rank_output_emit(&op->output, out, err);
    }
    if (rc != SL_OK)
        return rc;
    if (count > 0 && !op->plan->processing_time)
        op->last_ms = SL_MAX(op->last_ms, temporal_sort_entry_ms(op->entries[count - 1]));
    op->done = 0;
    if (count == chunk->count)
        sl_table_drop_time(op->table, bucket);
    else
        sl_rank_chunk_keep_behind(chunk, prefix);
    return SL_OK;
}

static int
temporal_sort_fire(struct op_temporal_sort *op, int64_t clock_ms, struct sl_out *out,
                   struct sl_error *err)
{
    int64_t bucket = sl_table_first_time(op->table);

    while (bucket != INT64_MAX && bucket <= clock_ms) {
        int rc = temporal_sort_fire_bucket(op, bucket, clock_ms, out, err);

        if (rc != SL_OK)
            return rc;
        bucket = sl_table_next_time(op->table, bucket + 1);
    }
    return SL_OK;
}

/* --- time --- */

static int
temporal_sort_watermark(struct sl_op *base, struct sl_out *out, struct sl_error *err)
{
    struct op_temporal_sort *op = temporal_sort_of(base);

    return op->plan->processing_time ? SL_OK : temporal_sort_fire(op, base->watermark_ms, out, err);
}

/* Which rows are late may change with every watermark. */
static int64_t
temporal_sort_next_due(struct sl_op *base)
{
    return !temporal_sort_of(base)->plan->processing_time && base->watermark_ms != SL_WATERMARK_MAX
               ? base->watermark_ms + 1
               : SL_WATERMARK_MAX;
}

static int64_t
temporal_sort_next_tick(struct sl_op *base)
{
    struct op_temporal_sort *op = temporal_sort_of(base);
    int64_t first_ms = op->plan->processing_time ? sl_table_first_time(op->table) : INT64_MAX;

    return first_ms == INT64_MAX ? INT64_MAX : (first_ms + 1) * SL_US_PER_MS;
}

static int
temporal_sort_tick(struct sl_op *base, int64_t now_us, struct sl_out *out, struct sl_error *err)
{
    return temporal_sort_fire(temporal_sort_of(base), now_us / SL_US_PER_MS - 1, out, err);
}

static int
temporal_sort_end(struct sl_op *base, struct sl_out *out, struct sl_error *err)
{
    return temporal_sort_fire(temporal_sort_of(base), SL_WATERMARK_MAX, out, err);
}

static int
temporal_sort_resume(struct sl_op *base, struct sl_out *out, struct sl_error *err)
{
    struct op_temporal_sort *op = temporal_sort_of(base);

    if (!op->plan->processing_time)
        return temporal_sort_watermark(base, out, err);
    return temporal_sort_tick(base, sl_now_us(base->context->env), out, err);
}

/* --- checkpoints --- */

static int
temporal_sort_barrier(struct sl_op *base, uint64_t epoch, struct sl_snapshot *snapshot,
                      struct sl_error *err)
{
    const struct op_temporal_sort *op = temporal_sort_of(base);

    if (snapshot)
        sl_snapshot_add_blob(snapshot, base->node->uid, SORT_BLOB,
                             (struct sl_text){(const char *)&op->last_ms, sizeof(op->last_ms)});
    return SL_OK;
}

static int
temporal_sort_restore(struct sl_op *base, const struct sl_manifest *from, struct sl_error *err)
{
    struct op_temporal_sort *op = temporal_sort_of(base);
    struct sl_manifest_cursor cursor = {0};
    const struct sl_manifest_blob *blob =
        sl_manifest_next_blob(from, base->node->uid, SORT_BLOB, &cursor);

    if (!blob)
        return SL_OK;
    if (blob->bytes.length != sizeof(op->last_ms))
        return SL_ERROR(err, SL_E_DATA_CORRUPTED, "the checkpoint of ORDER BY cannot be read");
    memcpy(&op->last_ms, blob->bytes.start, sizeof(op->last_ms));
    return SL_OK;
}

const struct sl_op_class sl_op_temporal_sort = {
    .name = "TemporalSort",
    .size = sizeof(struct op_temporal_sort),
    .open = temporal_sort_open,
    .prepare = temporal_sort_prepare,
    .batch = temporal_sort_batch,
    .resume = temporal_sort_resume,
    .watermark = temporal_sort_watermark,
    .next_due_ms = temporal_sort_next_due,
    .next_tick_us = temporal_sort_next_tick,
    .tick = temporal_sort_tick,
    .end = temporal_sort_end,
    .barrier = temporal_sort_barrier,
    .restore = temporal_sort_restore,
    .close = temporal_sort_close,
};
