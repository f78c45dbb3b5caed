/* A subtask's snapshot: see snapshot.h.
 *
 * The rows of a table are written whole, as one sorted file.  Its keys are the time (8 bytes, if
 * the table has one), the key group (2) and the key, big-endian; its values are the row's hash (8),
 * the value with its long views zeroed, and behind it the bytes of those views. */
#include "storage/snapshot.h"

#include "base/fault.h"
#include "data/row.h"
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
    *capacity = SL_MAX(4, *capacity * 2);
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
        if (table->kept.epoch == 0 || table->kept.version != table->version)
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

/* A frozen row, ready to be sorted: its time so that unsigned order is that of times. */
struct snapshot_entry {
    uint64_t time;
    uint32_t key_group;
    const struct state_row *row;
    struct sl_text key;
};

static int
snapshot_compare(const void *a, const void *b)
{
    const struct snapshot_entry *x = a, *y = b;

    if (x->time != y->time)
        return x->time < y->time ? -1 : 1;
    if (x->key_group != y->key_group)
        return x->key_group < y->key_group ? -1 : 1;
    return sl_text_compare(x->key, y->key);
}

/* The rows that are there, sorted; the caller frees. */
static struct snapshot_entry *
snapshot_sort(const struct sl_frozen *frozen, size_t *ret_count)
{
    struct snapshot_entry *entries = sl_alloc((frozen->rows.count + 1) * sizeof(*entries));
    size_t count = 0;

    for (size_t i = 0; i < frozen->rows.count; i++) {
        const struct state_row *row = frozen->rows.items[i];

        if (row->tombstone)
            continue;
        entries[count++] = (struct snapshot_entry){
            .time = (uint64_t)row->slice->time ^ UINT64_C(1) << 63,
            .key_group = sl_key_group_of(row->hash, frozen->max_parallelism),
            .row = row,
            .key = {row->value + frozen->value_size, row->key_size},
        };
    }
    qsort(entries, count, sizeof(*entries), snapshot_compare);
    *ret_count = count;
    return entries;
}

static void
snapshot_encode_key(const struct snapshot_entry *entry, bool has_time, struct sl_buffer *to)
{
    sl_buffer_reset(to);
    if (has_time)
        sl_buffer_add_u64(to, entry->time);
    sl_buffer_add_u16(to, (uint16_t)entry->key_group);
    sl_buffer_add_text(to, entry->key);
}

static void
snapshot_encode_value(const struct sl_state_table_spec *spec, const struct state_row *row,
                      struct sl_buffer *to)
{
    size_t start;

    sl_buffer_reset(to);
    sl_buffer_add_u64(to, row->hash);
    start = to->length;
    sl_buffer_add(to, row->value, spec->value_size);
    for (size_t i = 0; i < spec->view_count; i++) {
        struct sl_view view;

        memcpy(&view, row->value + spec->view_offsets[i], sizeof(view));
        if (view.length <= SL_VIEW_INLINE_MAX)
            continue;
        sl_buffer_add(to, view.pointer, view.length);
        view.pointer = NULL;
        memcpy(to->data + start + spec->view_offsets[i], &view, sizeof(view));
    }
}

static int
snapshot_write_rows(const struct sl_state_table *table, const struct snapshot_entry *entries,
                    size_t count, const char *path, struct sl_file_sum *ret_sum,
                    struct sl_error *err)
{
    struct sl_sst_writer *writer = NULL;
    struct sl_buffer key, value;
    int rc = sl_sst_writer_open(path, &writer, err);

    sl_buffer_init(&key, SIZE_MAX / 2);
    sl_buffer_init(&value, SIZE_MAX / 2);
    for (size_t i = 0; i < count && rc == SL_OK; i++) {
        snapshot_encode_key(&entries[i], table->spec.has_time, &key);
        snapshot_encode_value(&table->spec, entries[i].row, &value);
        rc = sl_sst_writer_put(writer, sl_buffer_text(&key), sl_buffer_text(&value), err);
    }
    if (rc == SL_OK)
        rc = sl_sst_writer_finish(writer, ret_sum, err);
    sl_sst_writer_free(writer);
    sl_buffer_done(&key);
    sl_buffer_done(&value);
    return rc;
}

const char *
sl_state_table_layout(struct sl_arena *arena, const struct sl_state_table_spec *spec)
{
    struct sl_buffer text;
    const char *copy;

    sl_buffer_init(&text, SIZE_MAX / 2);
    sl_buffer_printf(&text, "%s(", spec->has_time ? "time " : "");
    for (size_t i = 0; i < spec->key_count; i++) {
        sl_buffer_add_string(&text, i > 0 ? ", " : "");
        sl_type_format(spec->key_types[i], &text);
    }
    sl_buffer_printf(&text, ") %zu bytes", spec->value_size);
    for (size_t i = 0; i < spec->view_count; i++)
        sl_buffer_printf(&text, "%s%u", i > 0 ? ", " : ", views at ", spec->view_offsets[i]);
    copy = sl_arena_strndup(arena, text.data, text.length);
    sl_buffer_done(&text);
    return copy;
}

static int
snapshot_write_table(struct sl_snapshot *snapshot, struct snapshot_table *item, size_t index,
                     const char *directory, const char *previous, struct sl_manifest_file *file,
                     struct sl_error *err)
{
    struct sl_arena *arena = &snapshot->part->arena;
    const struct state_kept *kept = &item->table->kept;
    struct snapshot_entry *entries;
    const char *path;
    size_t count;
    int rc = SL_OK;

    *file = (struct sl_manifest_file){0};
    if (!item->frozen) {
        if (!kept->name)
            return SL_OK;
        *file = (struct sl_manifest_file){sl_arena_strdup(arena, kept->name), kept->sum};
        return sl_checkpoint_link(sl_arena_printf(arena, "%s/%s", previous, file->name),
                                  sl_arena_printf(arena, "%s/%s", directory, file->name), err);
    }
    entries = snapshot_sort(item->frozen, &count);
    if (count > 0) {
        file->name = sl_arena_printf(arena, "%s-%zu.%llu.sst", snapshot->stem, index,
                                     (unsigned long long)snapshot->epoch);
        path = sl_arena_printf(arena, "%s/%s", directory, file->name);
        rc = snapshot_write_rows(item->table, entries, count, path, &file->sum, err);
        snapshot->part->written_bytes += file->sum.size;
    }
    free(entries);
    return rc;
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
        const struct sl_state_table_spec *spec = &snapshot->tables[i].table->spec;
        struct sl_manifest_table *table = &subtask->tables[i];

        *table =
            (struct sl_manifest_table){.operator_uid = sl_arena_strdup(arena, spec->operator_uid),
                                       .name = sl_arena_strdup(arena, spec->name),
                                       .layout = sl_state_table_layout(arena, spec)};
        SL_TRY(snapshot_write_table(snapshot, &snapshot->tables[i], i, directory, previous,
                                    &table->file, err));
        sl_fault_point("state-written");
    }
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
            sl_table_frozen_end(item->table, item->frozen, false);
        if (part->subtask.table_count > 0)
            snapshot_note_written(snapshot, i);
    }
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

/* --- restoring --- */

struct restore {
    struct sl_state_table *table;
    const char *path;
};

static int
restore_damaged(const struct restore *restore, struct sl_error *err)
{
    return SL_ERROR(err, SL_E_DATA_CORRUPTED, "%s is damaged: a row does not fit table %s",
                    restore->path, restore->table->spec.name);
}

/* The views' bytes, which follow the value, into the slice's memory. */
static int
restore_views(const struct restore *restore, struct state_row *row, struct sl_text bytes,
              struct sl_error *err)
{
    const struct sl_state_table_spec *spec = &restore->table->spec;

    for (size_t i = 0; i < spec->view_count; i++) {
        char *place = row->value + spec->view_offsets[i], *copy;
        struct sl_view view;

        memcpy(&view, place, sizeof(view));
        if (view.length <= SL_VIEW_INLINE_MAX)
            continue;
        if (view.length > bytes.length)
            return restore_damaged(restore, err);
        copy = sl_row_memory_alloc(&row->slice->memory, view.length);
        memcpy(copy, bytes.start, view.length);
        view.pointer = copy;
        memcpy(place, &view, sizeof(view));
        bytes.start += view.length;
        bytes.length -= view.length;
    }
    return bytes.length > 0 ? restore_damaged(restore, err) : SL_OK;
}

static uint64_t
restore_u64(const char *bytes)
{
    uint64_t value;

    memcpy(&value, bytes, sizeof(value));
    return __builtin_bswap64(value);
}

static int
restore_row(const struct restore *restore, struct sl_text key, struct sl_text value,
            struct sl_error *err)
{
    const struct sl_state_table_spec *spec = &restore->table->spec;
    const struct sl_state_config *config = &restore->table->state->config;
    size_t head = spec->has_time ? 10 : 2;
    struct state_row *row;
    uint64_t hash;
    uint32_t group;
    int64_t time = 0;

    if (key.length < head || value.length < 8 + spec->value_size)
        return restore_damaged(restore, err);
    hash = restore_u64(value.start);
    group = sl_key_group_of(hash, config->max_parallelism);
    if (group - config->key_group_first >= config->key_group_count)
        return SL_OK; /* another subtask's now */
    if (spec->has_time)
        time = (int64_t)(restore_u64(key.start) ^ UINT64_C(1) << 63);
    row = state_table_add_row(restore->table, time, hash,
                              (struct sl_text){key.start + head, key.length - head});
    memcpy(row->value, value.start + 8, spec->value_size);
    return restore_views(
        restore, row,
        (struct sl_text){value.start + 8 + spec->value_size, value.length - 8 - spec->value_size},
        err);
}

static int
restore_file(const struct restore *restore, struct sl_error *err)
{
    struct sl_sst_reader *reader;
    struct sl_text key, value;
    int rc;

    SL_TRY(sl_sst_reader_open(restore->path, &reader, err));
    while ((rc = sl_sst_reader_next(reader, &key, &value, err)) == SL_OK) {
        rc = restore_row(restore, key, value, err);
        if (rc < 0)
            break;
    }
    sl_sst_reader_free(reader);
    return rc < 0 ? rc : SL_OK;
}

/* One subtask's file of this table, if it has rows of our key groups. */
static int
restore_table(struct sl_state_table *table, const struct sl_manifest_subtask *from,
              const char *directory, struct sl_arena *arena, struct sl_error *err)
{
    const struct sl_state_config *config = &table->state->config;
    const char *layout = sl_state_table_layout(arena, &table->spec);

    if (from->key_group_first >= config->key_group_first + config->key_group_count ||
        config->key_group_first >= from->key_group_first + from->key_group_count)
        return SL_OK;
    for (size_t i = 0; i < from->table_count; i++) {
        const struct sl_manifest_table *item = &from->tables[i];
        struct restore restore = {.table = table};

        if (strcmp(item->operator_uid, table->spec.operator_uid) != 0 ||
            strcmp(item->name, table->spec.name) != 0 || !item->file.name)
            continue;
        if (strcmp(item->layout, layout) != 0)
            return SL_ERROR(err, SL_E_NOT_SUPPORTED,
                            "state %s of operator %s is laid out as \"%s\", not as \"%s\"",
                            item->name, item->operator_uid, item->layout, layout);
        restore.path = sl_arena_printf(arena, "%s/%s", directory, item->file.name);
        SL_TRY(restore_file(&restore, err));
    }
    return SL_OK;
}

int
sl_state_restore(struct sl_state *state, const struct sl_manifest *manifest, const char *directory,
                 struct sl_error *err)
{
    struct sl_arena arena;
    int rc = SL_OK;

    sl_arena_init(&arena);
    for (struct sl_state_table *table = state->tables; table; table = table->next) {
        for (size_t i = 0; i < manifest->subtask_count && rc == SL_OK; i++)
            rc = restore_table(table, &manifest->subtasks[i], directory, &arena, err);
    }
    sl_arena_done(&arena);
    return rc;
}
