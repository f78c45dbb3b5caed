/* A subtask's snapshot: see snapshot.h.
 *
 * Small states are written as whole sorted files, one a table; with a store what changed goes into
 * it, and its files are linked.  row_codec.c has the form of keys and values in both. */
#include "storage/snapshot.h"

#include "base/fault.h"
#include "storage/outbox.h"
#include "storage/table_internal.h"

#include <stdio.h>
#include <stdlib.h>

struct snapshot_table {
    struct sl_state_table *table;
    struct sl_frozen *frozen; /* NULL: unchanged since table->kept */
    uint64_t version;         /* when it was frozen */
};

struct sl_snapshot {
    struct sl_state *state;
    uint64_t epoch;
    char stem[64];
    struct sl_checkpoint_part *part;
    struct snapshot_table *tables;
    size_t table_count, table_capacity;
    struct sl_outbox_segment **segments; /* one each of part->segments */
    int64_t now_us;                      /* processing time then */
    bool uses_store;
    enum state_epoch_kind kind; /* then */
    struct sl_store *store;     /* the one that has the epoch; NULL: it was not written */
    char *store_path;           /* of a new one */
    size_t blob_capacity, segment_capacity;
};

/* --- taking --- */

struct sl_snapshot *
sl_snapshot_new(struct sl_state *state, uint64_t epoch, const char *stem)
{
    struct sl_snapshot *snapshot = sl_alloc_zeroed(sizeof(*snapshot));
    struct sl_checkpoint_part *part = sl_alloc_zeroed(sizeof(*part));

    SL_ASSERT(state->config.is_whole);
    snapshot->state = state;
    snapshot->now_us = state->now_us;
    state->is_snapshotting = true;
    snapshot->uses_store = state_wants_store(state);
    if (snapshot->uses_store) {
        state->is_whole = false;
        snapshot->kind = state_epoch_kind(state);
        state->is_rewriting = snapshot->kind == STATE_REWRITE;
    }
    snapshot->epoch = epoch;
    snprintf(snapshot->stem, sizeof(snapshot->stem), "%s", stem);
    snapshot->part = part;
    sl_arena_init(&part->arena);
    part->subtask.key_group_first = state->config.key_group_first;
    part->subtask.key_group_count = state->config.key_group_count;
    return snapshot;
}

uint64_t
sl_snapshot_epoch(const struct sl_snapshot *snapshot)
{
    return snapshot->epoch;
}

/* Room for one more item of a list that grows by doubling. */
static void *
snapshot_grow(void *items, size_t count, size_t *capacity, size_t item_size)
{
    if (count < *capacity)
        return items;
    *capacity = SL_MAX(4u, *capacity * 2);
    return sl_realloc(items, *capacity * item_size);
}

void
sl_snapshot_freeze(struct sl_snapshot *snapshot, const char *operator_uid)
{
    for (struct sl_state_table *table = snapshot->state->tables; table; table = table->next) {
        struct snapshot_table *item;

        if (strcmp(table->spec.operator_uid, operator_uid) != 0)
            continue;
        snapshot->tables = snapshot_grow(snapshot->tables, snapshot->table_count,
                                         &snapshot->table_capacity, sizeof(*snapshot->tables));
        item = &snapshot->tables[snapshot->table_count++];
        *item = (struct snapshot_table){.table = table, .version = table->version};
        if (snapshot->uses_store && snapshot->kind == STATE_REWRITE)
            item->frozen = state_table_freeze_all(table);
        else if (snapshot->uses_store || table->kept.epoch == 0 ||
                 table->kept.version != table->version)
            item->frozen = sl_table_freeze(table);
    }
}

void
sl_snapshot_add_blob(struct sl_snapshot *snapshot, const char *operator_uid, const char *name,
                     struct sl_text bytes)
{
    struct sl_manifest_subtask *subtask = &snapshot->part->subtask;
    struct sl_arena *arena = &snapshot->part->arena;

    subtask->blobs = snapshot_grow(subtask->blobs, subtask->blob_count, &snapshot->blob_capacity,
                                   sizeof(*subtask->blobs));
    subtask->blobs[subtask->blob_count++] =
        (struct sl_manifest_blob){.operator_uid = sl_arena_strdup(arena, operator_uid),
                                  .name = sl_arena_strdup(arena, name),
                                  .bytes = sl_arena_text(arena, bytes)};
}

void
sl_snapshot_add_segment(struct sl_snapshot *snapshot, const char *sink_uid, uint32_t lane,
                        uint32_t subtask, struct sl_outbox_segment *segment)
{
    struct sl_checkpoint_part *part = snapshot->part;
    size_t capacity = snapshot->segment_capacity;

    part->segments =
        snapshot_grow(part->segments, part->segment_count, &capacity, sizeof(*part->segments));
    snapshot->segments = snapshot_grow(snapshot->segments, part->segment_count,
                                       &snapshot->segment_capacity, sizeof(*snapshot->segments));
    snapshot->segments[part->segment_count] = segment;
    part->segments[part->segment_count++] =
        (struct sl_manifest_segment){.sink_uid = sl_arena_strdup(&part->arena, sink_uid),
                                     .lane = lane,
                                     .subtask = subtask,
                                     .epoch = snapshot->epoch};
}

/* --- writing --- */

static int
snapshot_put(void *writer, struct sl_text key, struct sl_text value, struct sl_error *err)
{
    return sl_sst_writer_put(writer, key, value, err);
}

static int
snapshot_write_rows(const struct snapshot_table *item, const char *path,
                    struct sl_file_sum *ret_sum, struct sl_error *err)
{
    struct state_place place = {item->table, false};
    struct sl_sst_writer *writer = NULL;
    int rc = sl_sst_writer_open(path, &writer, err);

    if (rc == SL_OK)
        rc = state_write_sorted(&place, item->frozen, false, snapshot_put, writer, err);
    if (rc == SL_OK)
        rc = sl_sst_writer_finish(writer, ret_sum, err);
    sl_sst_writer_free(writer);
    return rc;
}

static int
snapshot_write_table(struct sl_snapshot *snapshot, struct snapshot_table *item, size_t index,
                     const char *directory, const char *previous, struct sl_manifest_file *file,
                     struct sl_error *err)
{
    struct sl_arena *arena = &snapshot->part->arena;
    const struct state_kept *kept = &item->table->kept;
    const char *path;

    *file = (struct sl_manifest_file){0};
    if (!item->frozen) {
        if (!kept->name)
            return SL_OK;
        *file = (struct sl_manifest_file){sl_arena_strdup(arena, kept->name), kept->sum};
        return sl_checkpoint_link(sl_arena_printf(arena, "%s/%s", previous, file->name),
                                  sl_arena_printf(arena, "%s/%s", directory, file->name), err);
    }
    if (item->frozen->rows.count == 0)
        return SL_OK;
    file->name = sl_arena_printf(arena, "%s-%zu.%llu.sst", snapshot->stem, index,
                                 (unsigned long long)snapshot->epoch);
    path = sl_arena_printf(arena, "%s/%s", directory, file->name);
    SL_TRY(snapshot_write_rows(item, path, &file->sum, err));
    snapshot->part->written_bytes += file->sum.size;
    return SL_OK;
}

/* What changed goes into the store, whose files are linked. */
static int
snapshot_write_store(struct sl_snapshot *snapshot, const char *directory, struct sl_error *err)
{
    struct sl_arena *arena = &snapshot->part->arena;
    struct sl_manifest_subtask *subtask = &snapshot->part->subtask;
    struct state_epoch *epochs = SL_NEW_ARRAY(arena, struct state_epoch, snapshot->table_count + 1);
    const char *name = sl_arena_printf(arena, "%s.store", snapshot->stem);
    uint64_t bytes = 0;

    state_close_retired(snapshot->state);
    for (size_t i = 0; i < snapshot->table_count; i++)
        epochs[i] = (struct state_epoch){snapshot->tables[i].table, snapshot->tables[i].frozen};
    SL_TRY(state_epoch_write(snapshot->state, snapshot->kind, epochs, snapshot->table_count,
                             &snapshot->store, &snapshot->store_path, &bytes, err));
    snapshot->part->written_bytes += bytes;
    state_store_expire(snapshot->state, snapshot->store, snapshot->now_us);
    sl_fault_point("state-ingested");
    return snapshot->store->ops->checkpoint(snapshot->store, directory, name, arena,
                                            &subtask->store, &subtask->store_count, err);
}

static int
snapshot_write_segments(struct sl_snapshot *snapshot, const char *directory, struct sl_error *err)
{
    struct sl_checkpoint_part *part = snapshot->part;

    for (size_t i = 0; i < part->segment_count; i++) {
        struct sl_manifest_segment *segment = &part->segments[i];

        segment->file.name = sl_arena_printf(&part->arena, "%s-%zu.%llu.outbox", snapshot->stem, i,
                                             (unsigned long long)snapshot->epoch);
        SL_TRY(sl_outbox_segment_store(snapshot->segments[i], directory, segment->file.name,
                                       &segment->file.sum, err));
        part->written_bytes += segment->file.sum.size;
        sl_fault_point("segment-written");
    }
    return SL_OK;
}

int
sl_snapshot_write(struct sl_snapshot *snapshot, const char *directory, const char *previous,
                  struct sl_error *err)
{
    struct sl_manifest_subtask *subtask = &snapshot->part->subtask;
    struct sl_arena *arena = &snapshot->part->arena;

    subtask->tables = SL_NEW_ARRAY(arena, struct sl_manifest_table, snapshot->table_count);
    subtask->table_count = snapshot->table_count;
    for (size_t i = 0; i < snapshot->table_count; i++) {
        const struct sl_state_table *from = snapshot->tables[i].table;
        struct sl_manifest_table *table = &subtask->tables[i];

        table->operator_uid = sl_arena_strdup(arena, from->spec.operator_uid);
        table->name = sl_arena_strdup(arena, from->spec.name);
        table->layout = sl_state_table_layout(arena, &from->spec);
        if (snapshot->uses_store)
            table->number = from->number;
        else
            SL_TRY(snapshot_write_table(snapshot, &snapshot->tables[i], i, directory, previous,
                                        &table->file, err));
        sl_fault_point("state-written");
    }
    if (snapshot->uses_store)
        SL_TRY(snapshot_write_store(snapshot, directory, err));
    return snapshot_write_segments(snapshot, directory, err);
}

/* --- ending --- */

/* What was written is remembered until the checkpoint is known to be complete. */
static void
snapshot_note_written(const struct sl_snapshot *snapshot, size_t index)
{
    const struct sl_manifest_subtask *subtask = &snapshot->part->subtask;
    struct sl_state_table *table = snapshot->tables[index].table;
    const struct sl_manifest_file *file = &subtask->tables[index].file;

    free(table->written.name);
    table->written = (struct state_kept){.epoch = snapshot->epoch,
                                         .version = snapshot->tables[index].version,
                                         .name = file->name ? sl_strdup(file->name) : NULL,
                                         .sum = file->sum};
}

struct sl_checkpoint_part *
sl_snapshot_end(struct sl_snapshot *snapshot)
{
    struct sl_checkpoint_part *part = snapshot->part;

    for (size_t i = 0; i < snapshot->table_count; i++) {
        struct snapshot_table *item = &snapshot->tables[i];

        /* Whole files: every row stays dirty, for the next one. */
        if (item->frozen)
            sl_table_frozen_end(item->table, item->frozen, snapshot->store != NULL);
        if (part->subtask.table_count > 0 && !snapshot->uses_store)
            snapshot_note_written(snapshot, i);
    }
    snapshot->state->is_snapshotting = snapshot->state->is_rewriting = false;
    if (snapshot->store)
        state_take_store(snapshot->state, snapshot->store, snapshot->store_path);
    for (size_t i = 0; i < part->segment_count; i++)
        sl_outbox_segment_unref(snapshot->segments[i]);
    free(snapshot->segments);
    free(snapshot->tables);
    free(snapshot);
    return part;
}

void
sl_checkpoint_part_free(struct sl_checkpoint_part *part)
{
    if (!part)
        return;
    free(part->subtask.blobs);
    free(part->segments);
    sl_arena_done(&part->arena);
    free(part);
}

void
sl_state_checkpointed(struct sl_state *state, uint64_t epoch)
{
    for (struct sl_state_table *table = state->tables; table; table = table->next) {
        if (table->written.epoch != epoch)
            continue;
        free(table->kept.name);
        table->kept = table->written;
        table->written = (struct state_kept){0};
    }
}
