/* A batch of an interval join that a barrier overtakes: one row of it may have more matches than
 * fit anywhere, so it is not finished first.  Its rows wait as bytes, each with where it stands,
 * and go into the checkpoint; batches that come before the barrier's end wait behind them.  They
 * are gone on with, or restored by whoever owns their key groups, as batches again.
 *
 *     a row that waits: struct join_waiting, then the packed row of its input
 *
 * What was paused comes first: where it stands in the other side's rows is told by a slot, which
 * holds as long as nothing was added there. */
#include "executor/interval_join.h"

#include "storage/snapshot.h"

#define JOIN_PENDING_BLOB "pending"

struct join_waiting {
    uint64_t hash;
    int64_t time_us;
    int64_t low_us; /* of the matches that are left */
    uint32_t slot;  /* where they begin in the bucket of low_us; JOIN_FIRST_MATCH: at low_us */
    uint32_t length;
    uint8_t input;
    uint8_t matched, alone, stays;
    uint8_t unused[4];
};

void
join_pending_open(struct op_interval_join *op)
{
    struct sl_arena *arena = op->op.context->arena;

    for (size_t i = 0; i < SL_COUNT_OF(op->sides); i++) {
        const struct sl_schema *input = op->op.node->inputs[i].node->schema;
        const struct sl_type **types = SL_NEW_ARRAY(arena, const struct sl_type *, input->count);

        for (size_t c = 0; c < input->count; c++)
            types[c] = input->columns[c].type;
        op->sides[i].input_layout = sl_row_layout_new(arena, types, input->count);
        op->sides[i].input_count = input->count;
    }
    sl_buffer_init(&op->pending, SIZE_MAX / 2);
}

/* --- batches that wait --- */

static void
pending_add(struct op_interval_join *op, const struct sl_batch *batch,
            const struct join_waiting *waiting, uint16_t row)
{
    struct join_waiting head = *waiting;
    size_t at = op->pending.length;

    sl_buffer_add(&op->pending, &head, sizeof(head));
    sl_row_pack(op->sides[head.input].input_layout, batch->columns, row, &op->pending);
    head.length = (uint32_t)(op->pending.length - at - sizeof(head));
    memcpy(op->pending.data + at, &head, sizeof(head));
}

void
join_pending_add(struct op_interval_join *op, const struct sl_batch *batch)
{
    const struct join_probe *probe = &op->probe;
    struct join_waiting waiting = {.input = (uint8_t)probe->input};

    for (size_t i = 0; i < probe->row_count; i++) {
        waiting.hash = probe->hashes[i];
        waiting.time_us = probe->times_us[i];
        waiting.low_us = probe->low_us[i];
        waiting.slot = i == probe->cut ? probe->cut_slot : JOIN_FIRST_MATCH;
        waiting.matched = probe->matched[i];
        waiting.stays = probe->stays[i];
        pending_add(op, batch, &waiting, probe->rows[i]);
    }
    waiting = (struct join_waiting){
        .slot = JOIN_FIRST_MATCH, .input = (uint8_t)probe->input, .alone = true};
    for (size_t i = 0; i < probe->alone_count; i++) {
        sl_hash_rows(op->key_columns, op->plan->key_count, &probe->alone[i], 1, &waiting.hash);
        pending_add(op, batch, &waiting, probe->alone[i]);
    }
}

/* The rows of the batch under way look only for what they have not met. */
static void
pending_cut(struct op_interval_join *op)
{
    struct join_probe *probe = &op->probe;
    int64_t end_us = probe->bucket + op->plan->bucket_us;
    size_t count;

    if (probe->bucket == INT64_MAX) { /* all of them did */
        for (size_t i = 0; i < probe->row_count; i++)
            probe->low_us[i] = probe->high_us[i] + 1;
        probe->cut = SIZE_MAX;
        return;
    }
    count = join_list_candidates(op, probe->bucket);
    for (size_t k = 0; k < SL_MIN(probe->next, count); k++)
        probe->low_us[op->some[k]] = end_us;
    for (size_t i = 0; i < probe->row_count; i++)
        probe->low_us[i] = SL_MAX(probe->low_us[i], probe->bucket);
    if (probe->next < count && probe->slot != JOIN_FIRST_MATCH) {
        probe->cut = op->some[probe->next];
        probe->cut_slot = probe->slot;
    }
}

void
join_pending_pause(struct op_interval_join *op)
{
    struct join_probe *probe = &op->probe;
    struct sl_buffer rest;

    if (!probe->batch)
        return;
    pending_cut(op);
    rest = op->pending;
    sl_buffer_init(&op->pending, SIZE_MAX / 2);
    for (size_t i = 0; i < op->plan->key_count; i++)
        op->key_columns[i] = probe->batch->columns[op->sides[probe->input].keys[i]];
    join_pending_add(op, probe->batch);
    sl_buffer_add(&op->pending, rest.data + op->pending_at, rest.length - op->pending_at);
    op->pending_at = 0;
    sl_buffer_done(&rest);
    join_end_batch(op);
}

/* --- going on --- */

static void
pending_read(const struct op_interval_join *op, size_t at, struct join_waiting *waiting)
{
    memcpy(waiting, op->pending.data + at, sizeof(*waiting));
}

/* Puts one row that waits into the batch that is made. */
static void
pending_take_row(struct op_interval_join *op, const struct join_waiting *waiting, size_t row)
{
    struct join_probe *probe = &op->probe;
    size_t at = probe->row_count;

    if (waiting->alone) {
        probe->alone[probe->alone_count++] = (uint16_t)row;
        return;
    }
    probe->rows[at] = (uint16_t)row;
    probe->hashes[at] = waiting->hash;
    probe->times_us[at] = waiting->time_us;
    probe->low_us[at] = waiting->low_us;
    probe->high_us[at] = waiting->time_us + op->sides[waiting->input].reach_us;
    probe->matched[at] = waiting->matched;
    probe->stays[at] = waiting->stays;
    if (waiting->slot != JOIN_FIRST_MATCH) {
        probe->cut = at;
        probe->cut_slot = waiting->slot;
    }
    probe->row_count++;
}

int
join_pending_take(struct op_interval_join *op, struct sl_error *err)
{
    struct join_probe *probe = &op->probe;
    struct sl_pool *pool = op->op.context->pool;
    struct join_waiting first, waiting;
    const struct join_side *side;
    size_t count = 0, at = op->pending_at;
    struct sl_batch *batch;

    pending_read(op, at, &first);
    side = &op->sides[first.input];
    probe->row_count = probe->alone_count = 0;
    probe->cut = SIZE_MAX;
    probe->input = first.input;
    while (at < op->pending.length && count < SL_BATCH_ROWS_MAX) {
        pending_read(op, at, &waiting);
        if (waiting.input != first.input)
            break;
        pending_take_row(op, &waiting, count);
        at += sizeof(waiting);
        op->texts[count++] = (struct sl_text){op->pending.data + at, waiting.length};
        at += waiting.length;
    }
    batch = sl_batch_new(pool, side->input_count, count);
    if (sl_row_unpack(side->input_layout, pool, op->texts, count, batch->columns, err) < 0) {
        sl_batch_unref(batch);
        return err->code;
    }
    op->pending_at = at;
    probe->batch = batch;
    probe->is_owned = true;
    join_start_probe(op);
    return SL_OK;
}

/* --- checkpoints --- */

int
join_pending_barrier(struct sl_op *base, uint64_t epoch, struct sl_snapshot *snapshot,
                     struct sl_error *err)
{
    const struct op_interval_join *op = (const struct op_interval_join *)base;

    if (snapshot && op->pending_at < op->pending.length)
        sl_snapshot_add_blob(snapshot, base->node->uid, JOIN_PENDING_BLOB,
                             (struct sl_text){op->pending.data + op->pending_at,
                                              op->pending.length - op->pending_at});
    return SL_OK;
}

static bool
pending_is_mine(const struct sl_op_context *context, uint64_t hash)
{
    uint32_t max = context->settings->max_parallelism;

    return sl_key_group_subtask(sl_key_group_of(hash, max), max, context->subtask_count) ==
           context->subtask;
}

static int
pending_restore_blob(struct op_interval_join *op, struct sl_text bytes, struct sl_error *err)
{
    for (size_t at = 0; at < bytes.length;) {
        struct join_waiting waiting;
        size_t size;

        memset(&waiting, 0, sizeof(waiting));
        if (bytes.length - at >= sizeof(waiting))
            memcpy(&waiting, bytes.start + at, sizeof(waiting));
        size = sizeof(waiting) + waiting.length;
        if (size > bytes.length - at || waiting.input > 1)
            return SL_ERROR(err, SL_E_DATA_CORRUPTED,
                            "what waits before operator %s cannot be read", op->op.node->uid);
        if (pending_is_mine(op->op.context, waiting.hash))
            sl_buffer_add(&op->pending, bytes.start + at, size);
        at += size;
    }
    return SL_OK;
}

int
join_pending_restore(struct sl_op *base, const struct sl_manifest *from, struct sl_error *err)
{
    struct op_interval_join *op = (struct op_interval_join *)base;
    struct sl_manifest_cursor cursor = {0};
    const struct sl_manifest_blob *blob;

    while ((blob = sl_manifest_next_blob(from, base->node->uid, JOIN_PENDING_BLOB, &cursor)))
        SL_TRY(pending_restore_blob(op, blob->bytes, err));
    return SL_OK;
}
