/* Restoring a subtask: rows of its key groups, from whichever subtasks wrote them, come back into
 * its tables.
 *
 * A store that was written for the very same key groups and tables is linked and opened, and its
 * rows are read when they are wanted (all at once, if they are few).  Everything else is read row
 * by row, and written anew when memory does not hold it. */
#include "data/row.h"
#include "storage/checkpoint_files.h"
#include "storage/snapshot.h"
#include "storage/table_internal.h"

#include <stdlib.h>

enum { RESTORE_RELIEVE_ROWS = 4096 };
#define RESTORE_LOAD_BYTES ((uint64_t)32 << 20) /* a store up to here is read at once */

struct restore {
    struct sl_state *state;
    const struct sl_manifest *manifest;
    const char *directory;
    struct sl_arena *arena;
};

struct restore_source { /* rows of one table in a file or a store */
    struct sl_state_table *table;
    struct state_place place;
    const char *path;
};

static int
restore_damaged(const struct restore_source *source, struct sl_error *err)
{
    return SL_ERROR(err, SL_E_DATA_CORRUPTED, "%s is damaged: a row does not fit table %s",
                    source->path, source->table->spec.name);
}

/* What is restored may be more than memory holds. */
static int
restore_relieve(struct sl_state *state, struct sl_error *err)
{
    int rc;

    if (++state->restored_count % RESTORE_RELIEVE_ROWS != 0)
        return SL_OK;
    while ((rc = sl_state_settle(state, false, false, err)) == SL_AGAIN) {
        sl_state_run_io(state, 0);
        sl_state_end_io(state);
    }
    return rc;
}

static int
restore_row(const struct restore_source *source, struct sl_text key, struct sl_text value,
            struct sl_error *err)
{
    const struct sl_state_config *config = &source->table->state->config;
    struct state_pair pair;
    struct state_row *row;
    uint32_t group;

    if (!state_pair_decode(&source->place, key, value, &pair))
        return restore_damaged(source, err);
    group = sl_key_group_of(pair.hash, config->max_parallelism);
    if (group - config->key_group_first >= config->key_group_count)
        return SL_OK; /* another subtask's now */
    row = state_table_add_row(source->table, pair.time, pair.hash, pair.key);
    if (!state_value_decode(&source->table->spec, pair.value, row))
        return restore_damaged(source, err);
    return restore_relieve(source->table->state, err);
}

static int
restore_file(const struct restore_source *source, struct sl_error *err)
{
    struct sl_sst_reader *reader;
    struct sl_text key, value;
    int rc;

    SL_TRY(sl_sst_reader_open(source->path, &reader, err));
    while ((rc = sl_sst_reader_next(reader, &key, &value, err)) == SL_OK) {
        rc = restore_row(source, key, value, err);
        if (rc < 0)
            break;
    }
    sl_sst_reader_free(reader);
    return rc < 0 ? rc : SL_OK;
}

static int
restore_visit(void *arg, struct sl_text key, struct sl_text value, struct sl_error *err)
{
    return restore_row(arg, key, value, err);
}

static struct sl_text
restore_number(uint32_t number, char bytes[2])
{
    bytes[0] = (char)(number >> 8);
    bytes[1] = (char)number;
    return (struct sl_text){bytes, 2};
}

/* The rows of a table that was numbered `number` in a store. */
static int
restore_scan(struct sl_store *store, uint32_t number, sl_store_visit visit,
             const struct restore_source *source, struct sl_error *err)
{
    char from[2], to[2];

    return store->ops->scan(store, restore_number(number, from), restore_number(number + 1, to),
                            SIZE_MAX, visit, (void *)source, err);
}

static struct sl_state_table *
restore_find_table(const struct restore *restore, const struct sl_manifest_table *item)
{
    struct sl_state_table *table = restore->state->tables;

    while (table && (strcmp(item->operator_uid, table->spec.operator_uid) != 0 ||
                     strcmp(item->name, table->spec.name) != 0))
        table = table->next;
    return table;
}

static int
restore_table(const struct restore *restore, const struct sl_manifest_table *item,
              struct sl_store *store, const char *store_path, struct sl_error *err)
{
    struct restore_source source = {.table = restore_find_table(restore, item)};
    const char *layout;

    if (!source.table || (!item->file.name && item->number == 0))
        return SL_OK;
    layout = sl_state_table_layout(restore->arena, &source.table->spec);
    if (strcmp(item->layout, layout) != 0)
        return SL_ERROR(err, SL_E_NOT_SUPPORTED,
                        "state %s of operator %s is laid out as \"%s\", not as \"%s\"", item->name,
                        item->operator_uid, item->layout, layout);
    source.place = (struct state_place){source.table, item->number > 0};
    if (item->number > 0) {
        source.path = store_path;
        return restore_scan(store, item->number, restore_visit, &source, err);
    }
    source.path = sl_arena_printf(restore->arena, "%s/%s", restore->directory, item->file.name);
    return restore_file(&source, err);
}

static bool
restore_is_sst(const struct sl_manifest_file *file)
{
    const char *dot = strrchr(file->name, '.');

    return dot && strcmp(dot, ".sst") == 0;
}

/* RocksDB takes a torn end of its lists of files for the end: these are compared whole.  Blocks of
 * files with rows carry checksums of their own, which are looked at when they are read. */
static int
restore_check_store(const struct restore *restore, const struct sl_manifest_subtask *from,
                    struct sl_error *err)
{
    for (size_t i = 0; i < from->store_count; i++) {
        char *bytes;

        if (restore_is_sst(&from->store[i]))
            continue;
        SL_TRY(sl_checkpoint_read_file(restore->directory, &from->store[i], &bytes, err));
        free(bytes);
    }
    return SL_OK;
}

/* --- a store as it is --- */

/* Is it for the same key groups, and does every table in it have one of ours? */
static bool
restore_can_link(const struct restore *restore, const struct sl_manifest_subtask *from)
{
    const struct sl_state *state = restore->state;
    const struct sl_state_config *config = &state->config;

    if (config->backend->threshold_bytes == UINT64_MAX || state->store_path ||
        from->key_group_first != config->key_group_first ||
        from->key_group_count != config->key_group_count)
        return false;
    for (size_t i = 0; i < from->table_count; i++) {
        const struct sl_state_table *table = restore_find_table(restore, &from->tables[i]);

        if (!table || from->tables[i].number == 0 ||
            strcmp(from->tables[i].layout, sl_state_table_layout(restore->arena, &table->spec)) !=
                0)
            return false;
    }
    return true;
}

static int
restore_link_files(const struct restore *restore, const struct sl_manifest_subtask *from,
                   const char *path, struct sl_error *err)
{
    for (size_t i = 0; i < from->store_count; i++) {
        const struct sl_manifest_file *file = &from->store[i];
        const char *base = strrchr(file->name, '/') + 1;
        struct sl_file_sum sum;
        char *bytes;
        int rc;

        if (restore_is_sst(file)) {
            SL_TRY(sl_checkpoint_link(
                sl_arena_printf(restore->arena, "%s/%s", restore->directory, file->name),
                sl_arena_printf(restore->arena, "%s/%s", path, base), err));
            continue;
        }
        SL_TRY(sl_checkpoint_read_file(restore->directory, file, &bytes, err));
        rc = sl_checkpoint_write_file(path, base, (struct sl_text){bytes, file->sum.size}, &sum,
                                      err);
        free(bytes);
        SL_TRY(rc);
    }
    return SL_OK;
}

/* The tables go on under the numbers that they have in the store. */
static void
restore_take_numbers(const struct restore *restore, const struct sl_manifest_subtask *from)
{
    struct sl_state *state = restore->state;

    for (struct sl_state_table *table = state->tables; table; table = table->next)
        table->number = 0;
    for (size_t i = 0; i < from->table_count; i++) {
        uint16_t number = (uint16_t)from->tables[i].number;

        restore_find_table(restore, &from->tables[i])->number = number;
        state->table_number = (uint16_t)SL_MAX(state->table_number, number);
    }
    for (struct sl_state_table *table = state->tables; table; table = table->next) {
        if (table->number == 0)
            table->number = ++state->table_number;
    }
}

/* The parts of a pair of the store, and the slice that it is of. */
static int
restore_find_slice(const struct restore_source *source, struct sl_text key, struct sl_text value,
                   struct state_pair *ret_pair, struct state_slice **ret_slice,
                   struct sl_error *err)
{
    if (!state_pair_decode(&source->place, key, value, ret_pair))
        return restore_damaged(source, err);
    *ret_slice = state_table_slice(source->table, ret_pair->time, true);
    (*ret_slice)->stored = true;
    return SL_OK;
}

static int
restore_visit_clean(void *arg, struct sl_text key, struct sl_text value, struct sl_error *err)
{
    const struct restore_source *source = arg;
    struct state_slice *slice;
    struct state_pair pair;

    SL_TRY(restore_find_slice(source, key, value, &pair, &slice, err));
    return state_add_clean(source->table, slice, pair.hash, pair.key, value)
               ? SL_OK
               : restore_damaged(source, err);
}

/* The first pair tells the time. */
static int
restore_visit_time(void *arg, struct sl_text key, struct sl_text value, struct sl_error *err)
{
    const struct restore_source *source = arg;
    struct state_slice *slice;
    struct state_pair pair;

    SL_TRY(restore_find_slice(source, key, value, &pair, &slice, err));
    slice->cold = slice->unknown = true;
    source->table->state->is_cold = true;
    return SL_OK;
}

/* The slices of a table, all of whose rows are in the store. */
static int
restore_slices(struct sl_store *store, const struct restore_source *source, struct sl_error *err)
{
    struct sl_state_table *table = source->table;
    struct sl_buffer from;
    char to[2];
    size_t before;
    int rc;

    sl_buffer_init(&from, SIZE_MAX / 2);
    sl_buffer_add_u16(&from, table->number);
    do {
        before = table->slice_count;
        rc = store->ops->scan(store, sl_buffer_text(&from), restore_number(table->number + 1u, to),
                              1, restore_visit_time, (void *)source, err);
        if (rc == SL_OK && table->slice_count > before)
            state_key_encode(&source->place, table->slices[table->slice_count - 1]->time,
                             STATE_GROUP_END, (struct sl_text){0}, &from);
    } while (rc == SL_OK && table->slice_count > before);
    sl_buffer_done(&from);
    return rc;
}

/* Few rows are read at once. */
static bool
restore_is_small(const struct restore *restore, const struct sl_manifest_subtask *from)
{
    const struct sl_state_budget *budget = restore->state->config.backend->budget;
    uint64_t bytes = 0;

    for (size_t i = 0; i < from->store_count; i++)
        bytes += from->store[i].sum.size;
    return !budget || bytes <= SL_MIN(RESTORE_LOAD_BYTES, budget->limit_bytes / 4);
}

static int
restore_link_rows(const struct restore *restore, const struct sl_manifest_subtask *from,
                  struct sl_error *err)
{
    struct sl_store *store = restore->state->store;
    bool is_small = restore_is_small(restore, from);

    for (struct sl_state_table *table = restore->state->tables; table; table = table->next) {
        struct restore_source source = {table, {table, true}, restore->state->store_path};

        if (is_small || table->spec.is_resident)
            SL_TRY(restore_scan(store, table->number, restore_visit_clean, &source, err));
        else
            SL_TRY(restore_slices(store, &source, err));
    }
    return SL_OK;
}

static int
restore_link(const struct restore *restore, const struct sl_manifest_subtask *from,
             struct sl_error *err)
{
    struct sl_state *state = restore->state;

    state->store_path = state_store_path(state); /* closed and removed with the state */
    SL_TRY(sl_files_make_directory(state->store_path, err));
    SL_TRY(restore_link_files(restore, from, state->store_path, err));
    SL_TRY(state_store_open(state, state->store_path, &state->store, err));
    state->is_whole = false;
    restore_take_numbers(restore, from);
    return restore_link_rows(restore, from, err);
}

/* --- row by row --- */

static int
restore_tables(const struct restore *restore, const struct sl_manifest_subtask *from,
               struct sl_store *store, const char *store_path, struct sl_error *err)
{
    for (size_t i = 0; i < from->table_count; i++)
        SL_TRY(restore_table(restore, &from->tables[i], store, store_path, err));
    return SL_OK;
}

/* Has it anything of our operators? */
static bool
restore_has_ours(const struct restore *restore, const struct sl_manifest_subtask *from)
{
    for (size_t i = 0; i < from->table_count; i++) {
        if (restore_find_table(restore, &from->tables[i]))
            return true;
    }
    return false;
}

/* What one subtask wrote, if it has rows of our key groups. */
static int
restore_subtask(const struct restore *restore, const struct sl_manifest_subtask *from,
                struct sl_error *err)
{
    const struct sl_state_config *config = &restore->state->config;
    struct sl_store *store;
    const char *path;
    int rc;

    if (from->key_group_first >= config->key_group_first + config->key_group_count ||
        config->key_group_first >= from->key_group_first + from->key_group_count)
        return SL_OK;
    if (!restore_has_ours(restore, from))
        return SL_OK;
    if (from->store_count == 0)
        return restore_tables(restore, from, NULL, NULL, err);
    SL_ASSERT(config->backend != NULL);
    if (restore_can_link(restore, from))
        return restore_link(restore, from, err);
    SL_TRY(restore_check_store(restore, from, err));
    path = sl_manifest_store_path(restore->arena, restore->directory, from);
    SL_TRY(config->backend->ops->open(config->backend->space, path, true, &store, err));
    rc = restore_tables(restore, from, store, path, err);
    store->ops->close(store);
    return rc;
}

int
sl_state_restore(struct sl_state *state, const struct sl_manifest *manifest, const char *directory,
                 struct sl_error *err)
{
    struct sl_arena arena;
    struct restore restore = {state, manifest, directory, &arena};
    int rc = SL_OK;

    sl_arena_init(&arena);
    for (size_t i = 0; i < manifest->subtask_count && rc == SL_OK; i++)
        rc = restore_subtask(&restore, &manifest->subtasks[i], err);
    sl_arena_done(&arena);
    return rc;
}
