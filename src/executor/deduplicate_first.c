/* The first row of a key: see deduplicate.h. */
#include "executor/deduplicate.h"

#include "data/row.h"

#define DEDUPLICATE_BUCKET_MS 1000 /* of timers */

/* The value of a key that waits. */
struct deduplicate_waiting {
    int64_t time_ms;
    uint64_t is_there;
    struct sl_view packed;
};

/* --- opening --- */

static int
first_open_tables(struct sl_deduplicate_first *first, const struct sl_type **types,
                  struct sl_error *err)
{
    static const uint32_t offset = offsetof(struct deduplicate_waiting, packed);
    struct sl_state *state = first->op->context->state;
    struct sl_state_table_spec spec = {.name = "waiting",
                                       .operator_uid = first->op->node->uid,
                                       .key_types = types,
                                       .key_count = first->plan->key_count,
                                       .value_size = sizeof(struct deduplicate_waiting),
                                       .view_offsets = &offset,
                                       .view_count = 1};

    SL_TRY(sl_state_table_open(state, &spec, &first->waiting, err));
    spec.name = "done";
    spec.value_size = sizeof(uint64_t);
    spec.view_count = 0;
    spec.ttl_us = first->plan->ttl_us;
    return sl_state_table_open(state, &spec, &first->done, err);
}

int
sl_deduplicate_first_open(struct sl_deduplicate_first *first, struct sl_op *op,
                          struct sl_key_changes *changes, struct sl_error *err)
{
    struct sl_arena *arena = op->context->arena;
    const struct sl_type **types;

    first->op = op;
    first->plan = op->node->detail;
    first->changes = changes;
    first->rows = SL_NEW_ARRAY(arena, uint16_t, SL_BATCH_ROWS_MAX);
    first->dues_ms = SL_NEW_ARRAY(arena, int64_t, SL_BATCH_ROWS_MAX);
    first->values = SL_NEW_ARRAY(arena, char *, SL_BATCH_ROWS_MAX);
    first->found = SL_NEW_ARRAY(arena, const char *, SL_BATCH_ROWS_MAX);
    first->dues = SL_NEW_ARRAY(arena, struct sl_due, SL_DEDUPLICATE_DUES);
    types = SL_NEW_ARRAY(arena, const struct sl_type *, first->plan->key_count);
    for (size_t i = 0; i < first->plan->key_count; i++)
        types[i] = op->node->schema->columns[first->plan->keys[i]].type;
    SL_TRY(first_open_tables(first, types, err));
    sl_rank_output_open(&first->output, changes, first->waiting);
    return sl_session_timers_open(&first->timers, op, "timers", types, first->plan->key_count,
                                  DEDUPLICATE_BUCKET_MS, err);
}

void
sl_deduplicate_first_close(struct sl_deduplicate_first *first)
{
    if (first->timers.table)
        sl_session_timers_close(&first->timers);
}

/* --- rows --- */

/* Lists the rows that are not late in first->rows, with their times; the others are told. */
static size_t
first_list(struct sl_deduplicate_first *first, const struct sl_batch *batch, struct sl_out *out)
{
    const struct sl_column *times = batch->columns[first->plan->time_column];
    size_t live = sl_batch_live_count(batch), count = 0, late_count = 0;
    uint16_t late[SL_BATCH_ROWS_MAX];

    for (size_t i = 0; i < live; i++) {
        uint16_t row = (uint16_t)sl_batch_row(batch, i);
        int64_t time_ms = ((const int64_t *)times->values)[row] / SL_US_PER_MS;

        if (time_ms < first->op->watermark_ms || sl_column_is_null(times, row)) {
            late[late_count++] = row;
            continue;
        }
        first->dues_ms[count] = time_ms;
        first->rows[count++] = row;
    }
    if (late_count > 0 && out)
        out->late(out, sl_batch_share(first->op->context->pool, batch, late, late_count));
    return count;
}

/* Leaves out the rows of keys that are done. */
static void
first_leave_done(struct sl_deduplicate_first *first, struct sl_state_keys *keys)
{
    size_t kept = 0;

    sl_table_find(first->done, keys, first->found);
    for (size_t i = 0; i < keys->row_count; i++) {
        if (first->found[i])
            continue;
        first->dues_ms[kept] = first->dues_ms[i];
        first->rows[kept] = first->rows[i];
        first->changes->hashes[kept++] = first->changes->hashes[i];
    }
    keys->row_count = kept;
}

/* Rows that wait now stay listed, for their timers. */
static void
first_wait(struct sl_deduplicate_first *first, struct sl_state_keys *keys)
{
    size_t kept = 0;

    for (size_t i = 0; i < keys->row_count; i++) {
        struct deduplicate_waiting *value = (struct deduplicate_waiting *)(void *)first->values[i];
        struct sl_text bytes;
        struct sl_view packed;

        if (value->is_there && value->time_ms <= first->dues_ms[i])
            continue;
        bytes = sl_key_changes_pack(first->changes, first->rows[i]);
        packed = sl_view_of(bytes.start, bytes.length);
        value->packed = sl_table_keep_view(first->waiting, 0, &value->packed, &packed);
        value->time_ms = first->dues_ms[i];
        value->is_there = true;
        first->dues_ms[kept] = first->dues_ms[i];
        first->rows[kept] = first->rows[i];
        first->changes->hashes[kept++] = first->changes->hashes[i];
    }
    keys->row_count = kept;
}

void
sl_deduplicate_first_batch(struct sl_deduplicate_first *first, struct sl_batch *batch,
                           struct sl_out *out)
{
    size_t count = first_list(first, batch, out);
    struct sl_state_keys keys = sl_key_changes_keys(first->changes, batch, first->rows, count);

    if (count > 0)
        first_leave_done(first, &keys);
    if (keys.row_count == 0)
        return;
    sl_key_changes_begin(first->changes, batch);
    sl_table_upsert(first->waiting, &keys, first->values, NULL);
    first_wait(first, &keys);
    if (keys.row_count > 0)
        sl_session_timers_add(&first->timers, &keys, first->dues_ms);
}

int
sl_deduplicate_first_prepare(struct sl_deduplicate_first *first, const struct sl_batch *batch,
                             struct sl_error *err)
{
    size_t count = first_list(first, batch, NULL);
    struct sl_state_keys keys = sl_key_changes_keys(first->changes, batch, first->rows, count);
    int rc = count ? sl_table_prepare(first->done, &keys, err) : SL_OK;

    return rc == SL_OK && count ? sl_table_prepare(first->waiting, &keys, err) : rc;
}

/* --- firing --- */

static void
first_hash_dues(struct sl_deduplicate_first *first, const struct sl_text *keys, uint64_t *hashes)
{
    size_t key_count = first->plan->key_count;
    struct sl_column *columns[key_count];

    sl_key_codec_decode(sl_table_key_codec(first->waiting), first->op->context->pool, keys,
                        first->due_count, columns);
    sl_hash_rows(columns, key_count, NULL, first->due_count, hashes);
    for (size_t i = 0; i < key_count; i++)
        sl_column_unref(columns[i]);
}

/* Of the keys that are due those that wait for it: their rows are listed for output.  Returns how
 * many keys are left. */
static size_t
first_take_rows(struct sl_deduplicate_first *first, struct sl_text *keys, uint64_t *hashes)
{
    size_t count = 0;

    for (size_t i = 0; i < first->due_count; i++) {
        const struct deduplicate_waiting *value =
            (const struct deduplicate_waiting *)(const void *)first->found[i];

        if (!value || value->time_ms != first->dues[i].time)
            continue;
        sl_rank_output_add(&first->output, keys[i], sl_view_text(&value->packed), 0);
        keys[count] = keys[i];
        hashes[count++] = hashes[i];
    }
    first->due_count = 0;
    return count;
}

/* SL_AGAIN: state is read, or emit said so. */
static int
first_fire_dues(struct sl_deduplicate_first *first, struct sl_out *out, struct sl_error *err)
{
    struct sl_text texts[SL_DEDUPLICATE_DUES];
    uint64_t hashes[SL_DEDUPLICATE_DUES];
    struct sl_state_keys keys = {.encoded = texts, .row_count = first->due_count, .hashes = hashes};
    int rc;

    for (size_t i = 0; i < first->due_count; i++)
        texts[i] = sl_session_timers_key(&first->timers, &first->dues[i]);
    first_hash_dues(first, texts, hashes);
    rc = sl_table_prepare(first->waiting, &keys, err);
    if (rc == SL_OK)
        rc = sl_table_prepare(first->done, &keys, err);
    if (rc != SL_OK)
        return rc;
    sl_table_find(first->waiting, &keys, first->found);
    keys.row_count = first_take_rows(first, texts, hashes);
    rc = sl_rank_output_emit(&first->output, out, err);
    if (rc < 0 || keys.row_count == 0)
        return rc;
    sl_table_delete(first->waiting, &keys);
    sl_table_upsert(first->done, &keys, first->values, NULL);
    return rc;
}

int
sl_deduplicate_first_fire(struct sl_deduplicate_first *first, struct sl_out *out,
                          struct sl_error *err)
{
    size_t max = SL_MIN(first->op->context->settings->batch_size, (uint32_t)SL_DEDUPLICATE_DUES);
    int64_t clock_ms = first->op->watermark_ms;
    int rc = SL_OK;

    while (rc == SL_OK) {
        if (first->due_count == 0) {
            rc = sl_session_timers_load(&first->timers, clock_ms, err);
            if (rc != SL_OK)
                return rc;
            first->due_count = sl_session_timers_take(&first->timers, clock_ms, first->dues, max);
        }
        if (first->due_count == 0) {
            sl_session_timers_drop(&first->timers, clock_ms);
            return SL_OK;
        }
        rc = first_fire_dues(first, out, err);
    }
    return rc;
}
