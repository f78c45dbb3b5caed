/* A state and its store: when there is one, what is written at a barrier, and what it costs.
 *
 * 1. A state below the threshold has no store: its checkpoints are whole files.
 * 2. An epoch enters the store as one batch: a range that is dropped for each slice that closed,
 *    and the rows that changed, sorted.
 * 3. Where half of the rows changed, or there is no store yet, all rows go into a new store, which
 *    takes the place of the old one: merging would cost more than writing. */
#include "storage/checkpoint_files.h"
#include "storage/table_internal.h"

#include <stdatomic.h>
#include <stdlib.h>

static int
database_compare_tables(const void *a, const void *b)
{
    const struct state_epoch *x = a, *y = b;

    return (int)x->table->number - (int)y->table->number;
}

bool
state_wants_store(const struct sl_state *state)
{
    uint64_t rows, bytes;

    if (!state->config.backend)
        return false;
    sl_state_size(state, &rows, &bytes);
    return !state->is_whole || bytes >= state->config.backend->threshold_bytes;
}

enum state_epoch_kind
state_epoch_kind(const struct sl_state *state)
{
    size_t rows = 0, dirty = 0;

    if (!state->store)
        return STATE_REWRITE;
    for (const struct sl_state_table *table = state->tables; table; table = table->next) {
        for (size_t i = 0; i < table->slice_count; i++) {
            if (table->slices[i]->cold)
                return STATE_APPEND;
            rows += table->slices[i]->row_count;
            dirty += table->slices[i]->dirty.count;
        }
    }
    return dirty > 0 && dirty * 2 >= rows ? STATE_REWRITE : STATE_APPEND;
}

/* --- writing --- */

struct database_writer {
    const struct sl_store_ops *ops;
    struct sl_store_batch *batch;
    enum state_epoch_kind kind;
    struct sl_buffer key, value;
};

static int
database_write_drops(struct database_writer *writer, const struct state_epoch *epoch,
                     struct sl_error *err)
{
    struct state_place place = {epoch->table, true};

    for (size_t i = 0; i < epoch->frozen->dropped_count; i++) {
        int64_t time = epoch->frozen->dropped[i];

        state_key_encode(&place, time, 0, (struct sl_text){0}, &writer->key);
        state_key_encode(&place, time, STATE_GROUP_END, (struct sl_text){0}, &writer->value);
        SL_TRY(writer->ops->drop(writer->batch, sl_buffer_text(&writer->key),
                                 sl_buffer_text(&writer->value), err));
    }
    return SL_OK;
}

static int
database_put(void *arg, struct sl_text key, struct sl_text value, struct sl_error *err)
{
    struct database_writer *writer = arg;

    return writer->ops->put(writer->batch, key, value, err);
}

/* Of a tombstone a new store knows nothing. */
static int
database_write_rows(struct database_writer *writer, const struct state_epoch *epoch,
                    struct sl_error *err)
{
    struct state_place place = {epoch->table, true};

    return state_write_sorted(&place, epoch->frozen, writer->kind == STATE_APPEND, database_put,
                              writer, err);
}

static int
database_write_tables(struct database_writer *writer, const struct state_epoch *tables,
                      size_t table_count, struct sl_error *err)
{
    for (size_t i = 0; i < table_count && writer->kind == STATE_APPEND; i++)
        SL_TRY(database_write_drops(writer, &tables[i], err));
    for (size_t i = 0; i < table_count; i++)
        SL_TRY(database_write_rows(writer, &tables[i], err));
    return SL_OK;
}

static int
database_write(struct sl_store *store, enum state_epoch_kind kind, struct state_epoch *tables,
               size_t table_count, uint64_t *ret_bytes, struct sl_error *err)
{
    struct database_writer writer = {.ops = store->ops, .kind = kind};
    struct sl_error ignored;
    int rc;

    qsort(tables, table_count, sizeof(*tables), database_compare_tables);
    sl_buffer_init(&writer.key, SIZE_MAX / 2);
    sl_buffer_init(&writer.value, SIZE_MAX / 2);
    writer.batch = store->ops->begin(store);
    rc = database_write_tables(&writer, tables, table_count, err);
    if (rc == SL_OK)
        rc = store->ops->end(writer.batch, true, ret_bytes, err);
    else
        store->ops->end(writer.batch, false, ret_bytes, &ignored);
    sl_buffer_done(&writer.key);
    sl_buffer_done(&writer.value);
    return rc;
}

char *
state_store_path(const struct sl_state *state)
{
    static _Atomic uint64_t counter;
    struct sl_buffer path;

    sl_buffer_init(&path, SIZE_MAX / 2);
    sl_buffer_printf(&path, "%s.%llu", state->config.backend->path,
                     (unsigned long long)atomic_fetch_add(&counter, 1));
    return path.data;
}

static void
database_remove(struct sl_store *store, char *path)
{
    if (store)
        store->ops->close(store);
    if (path)
        sl_files_remove_directory(path);
    free(path);
}

int
state_store_open(const struct sl_state *state, char *path, struct sl_store **ret_store,
                 struct sl_error *err)
{
    const struct sl_state_backend *backend = state->config.backend;

    return backend->ops->open(backend->space, path, false, ret_store, err);
}

int
state_epoch_write(struct sl_state *state, enum state_epoch_kind kind, struct state_epoch *tables,
                  size_t table_count, struct sl_store **ret_store, char **ret_path,
                  uint64_t *ret_bytes, struct sl_error *err)
{
    struct sl_store *store = state->store;
    char *path = NULL;
    int rc;

    if (kind == STATE_REWRITE) {
        path = state_store_path(state);
        store = NULL;
        rc = sl_files_make_directory(path, err);
        if (rc == SL_OK)
            rc = state_store_open(state, path, &store, err);
        if (rc == SL_OK)
            rc = database_write(store, kind, tables, table_count, ret_bytes, err);
        if (rc < 0) {
            database_remove(store, path);
            return rc;
        }
    } else {
        SL_TRY(database_write(store, kind, tables, table_count, ret_bytes, err));
    }
    *ret_store = store;
    *ret_path = path;
    return SL_OK;
}

/* What is over at a barrier is over for every read that comes, in this run and after a restore. */
void
state_store_expire(const struct sl_state *state, struct sl_store *store, int64_t now_us)
{
    struct sl_store_expiry *tables;
    size_t count = 0;

    if (!state->has_ttl)
        return;
    tables = sl_alloc(state->table_number * sizeof(*tables));
    for (const struct sl_state_table *table = state->tables; table; table = table->next) {
        /* Behind the hash: the last 8 bytes of the value (table_internal.h). */
        if (table->spec.ttl_us > 0)
            tables[count++] = (struct sl_store_expiry){table->number, table->spec.value_size};
    }
    store->ops->expire(store, tables, count, now_us);
    free(tables);
}

/* --- which store is the state's --- */

void
state_take_store(struct sl_state *state, struct sl_store *store, char *path)
{
    if (!path)
        return; /* the same one */
    SL_ASSERT(!state->retired_path);
    state->retired = state->store;
    state->retired_path = state->store_path;
    state->store = store;
    state->store_path = path;
}

void
state_close_retired(struct sl_state *state)
{
    database_remove(state->retired, state->retired_path);
    state->retired = NULL;
    state->retired_path = NULL;
}

bool
sl_state_has_store(const struct sl_state *state)
{
    return state->store_path != NULL;
}

void
sl_state_close(struct sl_state *state)
{
    state_close_retired(state);
    database_remove(state->store, state->store_path);
    state->store = NULL;
    state->store_path = NULL;
}
