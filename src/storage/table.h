/* State tables: the keyed state of one subtask's operators.
 *
 * A table maps a key, and in a time-first table a time before it (a slice end, a timer's time), to
 * a value of fixed size.  Rows live in the slot's memory; all access goes a batch of keys at a
 * time.
 *
 * The life of a row:
 *
 *      absent ──upsert──▶ dirty ──freeze──▶ frozen ──frozen_end(written)──▶ clean
 *                          ▲ │                │ upsert, delete: copied first; the copy is dirty,
 *                          │ └─delete──▶ tombstone (gone if it was never written)      │
 *                          └────────────────── upsert ─────────────────────────────────┘
 *
 * 1. Between `sl_table_freeze` and `sl_table_frozen_end` the frozen set's bytes do not change,
 * whatever happens to the table.
 * 2. Pointers to values are good until the step ends: the next call that inserts, freezes or drops.
 * 3. A value may be written only through a pointer that `upsert` gave since the last freeze.
 * 4. Dropping a slice frees its rows at once, but for the frozen ones, which wait for frozen_end.
 */
#ifndef SL_STORAGE_TABLE_H
#define SL_STORAGE_TABLE_H

#include "data/batch.h"
#include "storage/key_codec.h"

struct sl_state; /* all tables of one subtask */
struct sl_state_table;
struct sl_store_ops;
struct sl_store_space;

/* Where a state that is too large for whole files goes. */
struct sl_state_backend {
    const struct sl_store_ops *ops; /* storage/store.h */
    struct sl_store_space *space;
    const char *path;         /* of its directories, which are this with numbers behind it */
    uint64_t threshold_bytes; /* of state: from here on a store is used; UINT64_MAX: never */
};

struct sl_state_config {
    struct sl_pool *pool;
    uint32_t max_parallelism;
    uint32_t key_group_first, key_group_count; /* what this subtask owns */
    /* Checkpoints write every row each time: storage knows none between them, so that all rows stay
     * dirty and no tombstone is kept.  A backend ends that once it takes over. */
    bool is_whole;
    const struct sl_state_backend *backend; /* outlives the state; NULL: all in memory */
};

struct sl_state *sl_state_new(const struct sl_state_config *config);
/* Lets go of its files, which blocks: for an I/O thread, before the last call.  Optional while it
 * has none. */
void sl_state_close(struct sl_state *state);
void sl_state_free(struct sl_state *state); /* NULL does nothing */
bool sl_state_has_store(const struct sl_state *state);
/* Rows and bytes in memory, over all tables. */
void sl_state_size(const struct sl_state *state, uint64_t *ret_rows, uint64_t *ret_bytes);

struct sl_state_table_spec {
    const char *name; /* unique in the operator; part of checkpoints */
    const char *operator_uid;
    const struct sl_type *const *key_types; /* live as long as the table */
    size_t key_count;
    bool has_time;
    size_t value_size;            /* bytes, a multiple of 8; zeroed when a row is inserted */
    const uint32_t *view_offsets; /* where the value holds a struct sl_view */
    size_t view_count;
};

/* 0A000: a key type that cannot be one. */
int sl_state_table_open(struct sl_state *state, const struct sl_state_table_spec *spec,
                        struct sl_state_table **ret_table, struct sl_error *err);

/* A batch of keys.  hashes[i] is sl_hash_rows' over the key columns. */
struct sl_state_keys {
    struct sl_column *const *columns;
    const uint16_t *rows; /* physical rows; NULL: 0 … */
    size_t row_count;
    const uint64_t *hashes;
    int64_t time; /* of all of them; 0 in a table without time */
};

/* Makes the rows of these keys ready in memory until the step ends: SL_OK, or SL_AGAIN while a read
 * of colder storage runs.  Rows in memory are always ready. */
int sl_table_prepare(struct sl_state_table *table, const struct sl_state_keys *keys,
                     struct sl_error *err);

/* Values of these keys, inserted (zeroed) where absent, writable, their rows dirty.  created[i],
 * when wanted, tells which were absent (of two equal keys in the batch only the first). */
void sl_table_upsert(struct sl_state_table *table, const struct sl_state_keys *keys,
                     char **ret_values, bool *created);
/* Values or NULL, to be read only. */
void sl_table_find(struct sl_state_table *table, const struct sl_state_keys *keys,
                   const char **ret_values);
void sl_table_delete(struct sl_state_table *table, const struct sl_state_keys *keys);

/* Memory for a long view of a value that upsert gave, of the row's slice. */
struct sl_view sl_table_keep_view(struct sl_state_table *table, int64_t time,
                                  const struct sl_view *view);

/* --- time-first tables --- */

/* The least time that has rows; INT64_MAX: none. */
int64_t sl_table_first_time(const struct sl_state_table *table);
/* Everything of this time is gone. */
void sl_table_drop_time(struct sl_state_table *table, int64_t time);

/* --- scanning --- */

struct sl_state_row {
    struct sl_text key; /* as sl_key_codec_decode reads it */
    const char *value;
    uint32_t key_group;
};

/* The rows of one time (0 in a table without time), key group by key group. */
struct sl_state_scan {
    struct sl_state_table *table;
    void **rows;
    size_t count, next;
};
void sl_table_scan_begin(struct sl_state_table *table, int64_t time, struct sl_state_scan *scan);
/* The next rows, at most `max`; 0: no more.  Keys and values stay until the time is dropped or a
 * set that was frozen ends; rows of it are not deleted or changed meanwhile. */
size_t sl_table_scan_next(struct sl_state_scan *scan, struct sl_state_row *rows, size_t max);
void sl_table_scan_end(struct sl_state_scan *scan);
const struct sl_key_codec *sl_table_key_codec(const struct sl_state_table *table);

/* --- checkpoints --- */

struct sl_frozen_row {
    int64_t time;
    uint32_t key_group;
    struct sl_text key;
    const char *value; /* NULL: a tombstone */
};
struct sl_frozen; /* the rows that changed since the last freeze, as they were then */

/* Takes the dirty set.  Only one frozen set at a time. */
struct sl_frozen *sl_table_freeze(struct sl_state_table *table);
/* Times dropped since the last freeze that storage knows of (range tombstones). */
size_t sl_frozen_dropped_times(const struct sl_frozen *frozen, const int64_t **ret_times);
size_t sl_frozen_count(const struct sl_frozen *frozen);
void sl_frozen_row(const struct sl_frozen *frozen, size_t index, struct sl_frozen_row *ret_row);
/* Written: its rows are clean where nothing changed them since.  Not written: its rows are dirty
 * again, newer ones winning, those of times dropped since forgotten.  Frees the set. */
void sl_table_frozen_end(struct sl_state_table *table, struct sl_frozen *frozen, bool written);

#endif
