/* Restoring a subtask: rows of its key groups, from whichever subtasks wrote them, come back into
 * its tables. */
#include "data/row.h"
#include "storage/snapshot.h"
#include "storage/table_internal.h"

#include <stdlib.h>

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
    return state_value_decode(&source->table->spec, pair.value, row) ? SL_OK
                                                                     : restore_damaged(source, err);
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

/* The rows of a table that was numbered `number` in a store. */
static int
restore_store_table(struct sl_store *store, const struct restore_source *source, uint32_t number,
                    struct sl_error *err)
{
    unsigned char from[2] = {(unsigned char)(number >> 8), (unsigned char)number};
    unsigned char to[2] = {(unsigned char)((number + 1) >> 8), (unsigned char)(number + 1)};

    return store->ops->scan(store, (struct sl_text){(const char *)from, 2},
                            (struct sl_text){(const char *)to, 2}, SIZE_MAX, restore_visit,
                            (void *)source, err);
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
    layout = state_layout(restore->arena, &source.table->spec);
    if (strcmp(item->layout, layout) != 0)
        return SL_ERROR(err, SL_E_NOT_SUPPORTED,
                        "state %s of operator %s is laid out as \"%s\", not as \"%s\"", item->name,
                        item->operator_uid, item->layout, layout);
    source.place = (struct state_place){source.table, item->number > 0};
    if (item->number > 0) {
        source.path = store_path;
        return restore_store_table(store, &source, item->number, err);
    }
    source.path = sl_arena_printf(restore->arena, "%s/%s", restore->directory, item->file.name);
    return restore_file(&source, err);
}

/* RocksDB takes a torn end of its lists of files for the end: what is no table is compared. */
static int
restore_check_store(const struct restore *restore, const struct sl_manifest_subtask *from,
                    struct sl_error *err)
{
    for (size_t i = 0; i < from->store_count; i++) {
        const char *name = from->store[i].name, *dot = strrchr(name, '.');
        char *bytes;

        if (dot && strcmp(dot, ".sst") == 0)
            continue; /* its blocks carry their own, and are checked as they are read */
        SL_TRY(sl_checkpoint_read_file(restore->directory, &from->store[i], &bytes, err));
        free(bytes);
    }
    return SL_OK;
}

static int
restore_tables(const struct restore *restore, const struct sl_manifest_subtask *from,
               struct sl_store *store, const char *store_path, struct sl_error *err)
{
    for (size_t i = 0; i < from->table_count; i++)
        SL_TRY(restore_table(restore, &from->tables[i], store, store_path, err));
    return SL_OK;
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
    if (from->store_count == 0)
        return restore_tables(restore, from, NULL, NULL, err);
    SL_TRY(restore_check_store(restore, from, err));
    path = sl_manifest_store_path(restore->arena, restore->directory, from);
    SL_ASSERT(config->backend != NULL);
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
