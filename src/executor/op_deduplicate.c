/* The first or the last row of each key, by time.
 *
 *     first, processing time   comes at once; later ones of its key are left out
 *     first, event time        waits for the watermark (deduplicate.h)
 *     last                     +I of the first row, then -U and +U of every one that is not older
 *                              than the last; of a batch the last one counts, unless
 *                              table.exec.mini-batch.enabled = false
 *
 * State of a key: whether it was there and the time of its last row; that row, packed, only where
 * somebody wants it back.  Else what comes out are the columns of what came in. */
#include "executor/deduplicate.h"

struct deduplicate_row {
    int64_t time_us;
    uint32_t is_there;
    uint32_t last; /* while a batch runs: 1 + the place of the key's last row in it; else 0 */
    struct sl_view packed;
};

struct op_deduplicate {
    struct sl_op op;
    const struct sl_phys_deduplicate *plan;
    struct sl_state_table *table;
    struct sl_key_changes changes;
    struct sl_deduplicate_first first;
    bool waits; /* for the watermark */
    bool net;   /* of a batch the last row of a key counts */
    uint16_t *rows;
    uint8_t *kinds; /* by place in rows */
    char **values;
    const char **found;
};

static struct op_deduplicate *
deduplicate_of(struct sl_op *op)
{
    return (struct op_deduplicate *)op;
}

/* --- opening --- */

static int
deduplicate_open_table(struct op_deduplicate *op, struct sl_error *err)
{
    static const uint32_t offset = offsetof(struct deduplicate_row, packed);
    const struct sl_schema *schema = op->op.node->schema;
    size_t key_count = op->plan->key_count;
    const struct sl_type **types =
        SL_NEW_ARRAY(op->op.context->arena, const struct sl_type *, key_count);
    bool keeps_rows = op->plan->keeps_last && op->plan->emits_before;
    struct sl_state_table_spec spec = {.name = "rows",
                                       .operator_uid = op->op.node->uid,
                                       .key_types = types,
                                       .key_count = key_count,
                                       .value_size =
                                           keeps_rows ? sizeof(struct deduplicate_row) : offset,
                                       .view_offsets = keeps_rows ? &offset : NULL,
                                       .view_count = keeps_rows,
                                       .ttl_us = op->plan->ttl_us};

    for (size_t i = 0; i < key_count; i++)
        types[i] = schema->columns[op->plan->keys[i]].type;
    return sl_state_table_open(op->op.context->state, &spec, &op->table, err);
}

static int
deduplicate_open(struct sl_op *base, struct sl_error *err)
{
    struct op_deduplicate *op = deduplicate_of(base);
    struct sl_arena *arena = base->context->arena;

    op->plan = base->node->detail;
    op->net = base->context->settings->mini_batch;
    op->waits = !op->plan->keeps_last && !op->plan->processing_time;
    sl_key_changes_open(&op->changes, base, op->plan->keys, op->plan->key_count);
    if (op->waits)
        return sl_deduplicate_first_open(&op->first, base, &op->changes, err);
    op->rows = SL_NEW_ARRAY(arena, uint16_t, SL_BATCH_ROWS_MAX);
    op->kinds = SL_NEW_ARRAY(arena, uint8_t, SL_BATCH_ROWS_MAX);
    op->values = SL_NEW_ARRAY(arena, char *, SL_BATCH_ROWS_MAX);
    op->found = SL_NEW_ARRAY(arena, const char *, SL_BATCH_ROWS_MAX);
    return deduplicate_open_table(op, err);
}

static void
deduplicate_close(struct sl_op *base)
{
    struct op_deduplicate *op = deduplicate_of(base);

    sl_deduplicate_first_close(&op->first);
    sl_key_changes_close(&op->changes);
}

/* --- rows --- */

static struct sl_state_keys
deduplicate_keys(struct op_deduplicate *op, const struct sl_batch *batch)
{
    size_t live = sl_batch_live_count(batch);

    for (size_t i = 0; i < live; i++)
        op->rows[i] = (uint16_t)sl_batch_row(batch, i);
    return sl_key_changes_keys(&op->changes, batch, op->rows, live);
}

static struct deduplicate_row *
deduplicate_row(const struct op_deduplicate *op, size_t i)
{
    return (struct deduplicate_row *)(void *)op->values[i];
}

/* Leaves the rows that are their keys' first.  Other rows do not make a key live longer. */
static size_t
deduplicate_first_rows(struct op_deduplicate *op, struct sl_state_keys *keys)
{
    size_t kept = 0;

    sl_table_find(op->table, keys, op->found);
    for (size_t i = 0; i < keys->row_count; i++) {
        op->rows[kept] = op->rows[i];
        op->changes.hashes[kept] = op->changes.hashes[i];
        kept += !op->found[i];
    }
    keys->row_count = kept;
    if (kept == 0)
        return 0;
    sl_table_upsert(op->table, keys, op->values, NULL);
    kept = 0;
    for (size_t i = 0; i < keys->row_count; i++) {
        struct deduplicate_row *value = deduplicate_row(op, i);

        op->rows[kept] = op->rows[i];
        kept += !value->is_there;
        value->is_there = true;
    }
    return kept;
}

/* A row without a time, of an outer join, is older than all others. */
static int64_t
deduplicate_time_us(const struct op_deduplicate *op, const struct sl_batch *batch, uint16_t row)
{
    const struct sl_column *times = batch->columns[op->plan->time_column];

    if (op->plan->processing_time)
        return 0;
    return sl_column_is_null(times, row) ? INT64_MIN : ((const int64_t *)times->values)[row];
}

/* Of the rows those that are not older than the last of their keys: in a net change, only the last
 * one of each.  Places stay those of op->values. */
static size_t
deduplicate_last_rows(struct op_deduplicate *op, const struct sl_batch *batch, size_t row_count)
{
    size_t kept = 0;

    for (size_t i = 0; i < row_count; i++) {
        struct deduplicate_row *value = deduplicate_row(op, i);
        int64_t time_us = deduplicate_time_us(op, batch, op->rows[i]);

        if ((value->is_there || value->last) && time_us < value->time_us)
            continue;
        value->time_us = time_us;
        value->last = (uint32_t)i + 1;
        op->values[kept] = op->values[i];
        op->kinds[kept] = 0;
        op->rows[kept++] = op->rows[i];
    }
    return kept;
}

/* Leaves only the last row of each key; tells +I from +U. */
static size_t
deduplicate_keep_last(struct op_deduplicate *op, size_t row_count)
{
    size_t from = row_count, at;

    for (size_t i = row_count; i-- > 0;) { /* the last of a key is met first */
        struct deduplicate_row *value = deduplicate_row(op, i);

        if (op->net && !value->last)
            continue;
        value->last = 0;
        from--;
        op->values[from] = op->values[i];
        op->rows[from] = op->rows[i];
    }
    for (at = 0; from < row_count; at++, from++) {
        struct deduplicate_row *value = deduplicate_row(op, from);

        op->values[at] = op->values[from];
        op->rows[at] = op->rows[from];
        op->kinds[at] = value->is_there ? SL_ROW_UPDATE_AFTER : SL_ROW_INSERT;
        if (!op->plan->emits_before)
            value->is_there = true;
    }
    return at;
}

/* --- output --- */

/* The rows as they came in, with their kinds. */
static void
deduplicate_pass(struct op_deduplicate *op, const struct sl_batch *batch, size_t row_count,
                 struct sl_out *out)
{
    struct sl_batch *made;

    if (row_count == 0)
        return;
    made = sl_batch_share(op->op.context->pool, batch, op->rows, row_count);
    if (op->plan->keeps_last) {
        uint8_t *kinds = sl_batch_add_kinds(made, op->op.context->pool);

        for (size_t i = 0; i < row_count; i++)
            kinds[op->rows[i]] = op->kinds[i];
    }
    sl_out_emit(out, made); /* bounded by the input: SL_AGAIN is no news */
}

/* … and the rows that they replace in front of them. */
static int
deduplicate_replace(struct op_deduplicate *op, const struct sl_batch *batch, size_t row_count,
                    struct sl_out *out, struct sl_error *err)
{
    sl_key_changes_begin(&op->changes, batch);
    for (size_t i = 0; i < row_count; i++) {
        struct deduplicate_row *value = deduplicate_row(op, i);
        struct sl_text bytes = sl_key_changes_pack(&op->changes, op->rows[i]);
        struct sl_view packed = sl_view_of(bytes.start, bytes.length);

        if (sl_key_changes_room(&op->changes) < 2)
            SL_TRY(sl_key_changes_emit(&op->changes, out, err));
        if (value->is_there)
            sl_key_changes_add_packed(&op->changes, SL_ROW_UPDATE_BEFORE, op->rows[i],
                                      sl_view_text(&value->packed));
        sl_key_changes_add(&op->changes, value->is_there ? SL_ROW_UPDATE_AFTER : SL_ROW_INSERT,
                           op->rows[i]);
        value->packed = sl_table_keep_view(op->table, 0, &value->packed, &packed);
        value->is_there = true;
    }
    return sl_key_changes_emit(&op->changes, out, err);
}

static int
deduplicate_batch(struct sl_op *base, unsigned input, struct sl_batch *batch, struct sl_out *out,
                  struct sl_error *err)
{
    struct op_deduplicate *op = deduplicate_of(base);
    struct sl_state_keys keys;
    size_t count;

    if (op->waits) {
        sl_deduplicate_first_batch(&op->first, batch, out);
        return SL_OK;
    }
    keys = deduplicate_keys(op, batch);
    if (keys.row_count == 0)
        return SL_OK;
    if (!op->plan->keeps_last) {
        deduplicate_pass(op, batch, deduplicate_first_rows(op, &keys), out);
        return SL_OK;
    }
    sl_table_upsert(op->table, &keys, op->values, NULL);
    count = deduplicate_last_rows(op, batch, keys.row_count);
    count = deduplicate_keep_last(op, count);
    if (op->plan->emits_before)
        return deduplicate_replace(op, batch, count, out, err);
    deduplicate_pass(op, batch, count, out);
    return SL_OK;
}

static int
deduplicate_prepare(struct sl_op *base, unsigned input, const struct sl_batch *batch,
                    struct sl_error *err)
{
    struct op_deduplicate *op = deduplicate_of(base);
    struct sl_state_keys keys;

    if (op->waits)
        return sl_deduplicate_first_prepare(&op->first, batch, err);
    keys = deduplicate_keys(op, batch);
    return sl_table_prepare(op->table, &keys, err);
}

/* --- time --- */

static int
deduplicate_watermark(struct sl_op *base, struct sl_out *out, struct sl_error *err)
{
    struct op_deduplicate *op = deduplicate_of(base);

    return op->waits ? sl_deduplicate_first_fire(&op->first, out, err) : SL_OK;
}

/* Every watermark may make rows behind it late. */
static int64_t
deduplicate_next_due(struct sl_op *base)
{
    return deduplicate_of(base)->waits && base->watermark_ms != SL_WATERMARK_MAX
               ? base->watermark_ms + 1
               : SL_WATERMARK_MAX;
}

const struct sl_op_class sl_op_deduplicate = {
    .name = "Deduplicate",
    .size = sizeof(struct op_deduplicate),
    .open = deduplicate_open,
    .prepare = deduplicate_prepare,
    .batch = deduplicate_batch,
    .resume = deduplicate_watermark,
    .watermark = deduplicate_watermark,
    .next_due_ms = deduplicate_next_due,
    .close = deduplicate_close,
};
