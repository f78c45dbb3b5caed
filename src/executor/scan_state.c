/* What a scan leaves in a checkpoint, and takes back: where each split stands, in position and in
 * time.
 *
 * 1. One blob a split: candidate and emitted watermark, the last record's processing time (8 bytes
 *    each, big-endian), whether it is idle (1), the length of its id (2), the id, the position as
 * the connector writes it.
 * 2. A restored scan looks its splits up by id among those of all subtasks of the checkpoint, so
 *    that another parallelism finds them too; a split that is not among them is new: it is read
 *    from its beginning. */
#include "executor/scan_internal.h"

#include "storage/snapshot.h"

#include <stdlib.h>

#define SCAN_SPLIT_BLOB "split"
#define SCAN_TIME_BLOB "time"

enum { SCAN_SPLIT_HEAD = 27 };

/* All but the position. */
static void
scan_state_write(struct sl_buffer *bytes, const struct sl_scan_own_split *split)
{
    sl_buffer_reset(bytes);
    sl_buffer_add_u64(bytes, (uint64_t)split->candidate_ms);
    sl_buffer_add_u64(bytes, (uint64_t)split->emitted_ms);
    sl_buffer_add_u64(bytes, (uint64_t)split->active_us);
    sl_buffer_add_byte(bytes, (char)split->idle);
    sl_buffer_add_u16(bytes, (uint16_t)strlen(split->id));
    sl_buffer_add_string(bytes, split->id);
}

static void
scan_state_add_split(struct op_scan *scan, uint32_t index, struct sl_snapshot *snapshot,
                     struct sl_buffer *bytes)
{
    struct sl_scan_own_split *split = &scan->splits[index];
    size_t start;

    scan_state_write(bytes, split);
    start = bytes->length;
    scan->class->position(scan->source, index, bytes);
    if (scan->class->checkpointed) {
        free((void *)(uintptr_t)split->at_barrier.start);
        split->at_barrier.length = bytes->length - start;
        split->at_barrier.start = memcpy(sl_alloc(split->at_barrier.length + 1),
                                         bytes->data + start, split->at_barrier.length);
    }
    sl_snapshot_add_blob(snapshot, scan->op.node->uid, SCAN_SPLIT_BLOB, sl_buffer_text(bytes));
}

/* A scan that had ended in the checkpoint it was restored from is not started again: its own splits
 * stay where they were.  Others' may be read on. */
static void
scan_state_keep_split(struct op_scan *scan, size_t index, struct sl_snapshot *snapshot,
                      struct sl_buffer *bytes)
{
    const struct sl_scan_restored *restored = &scan->restored[index];

    if (!restored->is_own)
        return;
    scan_state_write(bytes, &restored->split);
    sl_buffer_add_text(bytes, restored->position);
    sl_snapshot_add_blob(snapshot, scan->op.node->uid, SCAN_SPLIT_BLOB, sl_buffer_text(bytes));
}

int
sl_scan_barrier(struct sl_op *op, uint64_t epoch, struct sl_snapshot *snapshot,
                struct sl_error *err)
{
    struct op_scan *scan = (struct op_scan *)op;
    struct sl_buffer bytes;

    if (!snapshot)
        return SL_OK;
    scan->barrier_epoch = epoch;
    sl_buffer_init(&bytes, SIZE_MAX / 2);
    sl_buffer_add_u64(&bytes, (uint64_t)scan->progress.watermark_ms);
    sl_snapshot_add_blob(snapshot, op->node->uid, SCAN_TIME_BLOB, sl_buffer_text(&bytes));
    for (uint32_t i = 0; i < scan->split_count; i++)
        scan_state_add_split(scan, i, snapshot, &bytes);
    for (size_t i = 0; i < scan->restored_count && !scan->is_started; i++)
        scan_state_keep_split(scan, i, snapshot, &bytes);
    sl_buffer_done(&bytes);
    return SL_OK;
}

void
sl_scan_checkpointed(struct sl_op *op, uint64_t epoch)
{
    struct op_scan *scan = (struct op_scan *)op;

    if (!scan->class->checkpointed || !scan->is_started || scan->barrier_epoch != epoch)
        return;
    for (uint32_t i = 0; i < scan->split_count; i++) {
        if (scan->splits[i].at_barrier.length > 0)
            scan->class->checkpointed(scan->source, i, scan->splits[i].at_barrier);
    }
}

static int64_t
scan_state_read(const char *bytes)
{
    uint64_t value;

    memcpy(&value, bytes, sizeof(value));
    return (int64_t)__builtin_bswap64(value);
}

static int
scan_state_damaged(const struct op_scan *scan, struct sl_error *err)
{
    return SL_ERROR(err, SL_E_DATA_CORRUPTED,
                    "the checkpoint of table \"%s\" holds a split that cannot be read",
                    scan->plan->table_name);
}

static int
scan_state_take_split(struct op_scan *scan, struct sl_text bytes, bool is_own, struct sl_error *err)
{
    struct sl_arena *arena = scan->op.context->arena;
    struct sl_scan_restored *restored = &scan->restored[scan->restored_count];
    size_t length;

    if (bytes.length < SCAN_SPLIT_HEAD)
        return scan_state_damaged(scan, err);
    length = (size_t)(unsigned char)bytes.start[25] << 8 | (unsigned char)bytes.start[26];
    if (bytes.length < SCAN_SPLIT_HEAD + length)
        return scan_state_damaged(scan, err);
    restored->split = (struct sl_scan_own_split){
        .candidate_ms = scan_state_read(bytes.start),
        .emitted_ms = scan_state_read(bytes.start + 8),
        .active_us = scan_state_read(bytes.start + 16),
        .idle = bytes.start[24] != 0,
        .id = sl_arena_strndup(arena, bytes.start + SCAN_SPLIT_HEAD, length),
    };
    restored->position =
        sl_arena_text(arena, (struct sl_text){bytes.start + SCAN_SPLIT_HEAD + length,
                                              bytes.length - SCAN_SPLIT_HEAD - length});
    restored->is_own = is_own;
    sl_map_put(&scan->restored_ids, sl_text_of(restored->split.id), restored);
    scan->restored_count++;
    return SL_OK;
}

int
sl_scan_restore(struct sl_op *op, const struct sl_manifest *from, struct sl_error *err)
{
    struct op_scan *scan = (struct op_scan *)op;
    struct sl_manifest_cursor cursor = {0};
    const struct sl_manifest_blob *blob;
    int64_t watermark_ms = SL_WATERMARK_MAX;
    size_t count = 0;

    while (sl_manifest_next_blob(from, op->node->uid, SCAN_SPLIT_BLOB, &cursor))
        count++;
    scan->is_restored = true;
    scan->config.restored_splits = (uint32_t)count;
    scan->restored = SL_NEW_ARRAY(op->context->arena, struct sl_scan_restored, count + 1);
    cursor = (struct sl_manifest_cursor){0};
    while ((blob = sl_manifest_next_blob(from, op->node->uid, SCAN_SPLIT_BLOB, &cursor)) != NULL) {
        const struct sl_manifest_subtask *by = &from->subtasks[cursor.subtask];
        bool is_own =
            by->index == op->context->subtask && by->parallelism == op->context->subtask_count;

        SL_TRY(scan_state_take_split(scan, blob->bytes, is_own, err));
    }
    cursor = (struct sl_manifest_cursor){0};
    while ((blob = sl_manifest_next_blob(from, op->node->uid, SCAN_TIME_BLOB, &cursor)) != NULL) {
        if (blob->bytes.length != sizeof(int64_t))
            return scan_state_damaged(scan, err);
        watermark_ms = SL_MIN(watermark_ms, scan_state_read(blob->bytes.start));
    }
    if (watermark_ms != SL_WATERMARK_MAX)
        scan->progress.watermark_ms = watermark_ms;
    return SL_OK;
}

const struct sl_scan_restored *
sl_scan_find_restored(const struct op_scan *scan, const char *id)
{
    return sl_map_get(&scan->restored_ids, sl_text_of(id));
}
