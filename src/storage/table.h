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

/* What the states of one slot have in memory together. */
struct sl_state_budget {
    uint64_t limit_bytes;
    _Atomic uint64_t used_bytes;
    _Atomic uint32_t state_count;
};

/* Where a state that is too large for whole files goes. */
struct sl_state_backend {
    const struct sl_store_ops *ops; /* storage/store.h */
    struct sl_store_space *space;
    const char *path;               /* of its directories, which are this with numbers behind it */
    uint64_t threshold_bytes;       /* of state: from here on a store is used; UINT64_MAX: never */
    struct sl_state_budget *budget; /* NULL: no rows are evicted */
};

struct sl_state_config {
    struct sl_pool *pool;
    uint32_t max_parallelism;
    uint32_t key_group_first, key_group_count; /* what this subtask owns */
    /* Checkpoints write every row each time: storage knows none between them, so that all rows stay
     * dirty and no tombstone is kept.  A backend ends that once it takes over. */
    bool is_whole;
    bool is_volatile; /* no checkpoints are taken: nobody keeps account of what changed */
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
    int64_t ttl_us;   /* a row is gone so long after its last upsert; 0: never */
    bool is_resident; /* looked up without sl_table_prepare: never evicted */
    bool is_bits;     /* values are words of bits, for sl_table_set_bits */
};

/* 0A000: a key type that cannot be one. */
int sl_state_table_open(struct sl_state *state, const struct sl_state_table_spec *spec,
                        struct sl_state_table **ret_table, struct sl_error *err);

/* Processing time, by which rows expire: between two steps.  Wanted only while a table has a time
 * to live. */
void sl_state_set_now(struct sl_state *state, int64_t now_us);
bool sl_state_wants_now(const struct sl_state *state);

/* A batch of keys.  hashes[i] is sl_hash_rows' over the key columns. */
struct sl_state_keys {
    struct sl_column *const *columns;
    const uint16_t *rows; /* physical rows; NULL: 0 … */
    size_t row_count;
    const uint64_t *hashes;
    int64_t time;                  /* of all of them; 0 in a table without time */
    const struct sl_text *encoded; /* instead of columns and rows: keys as scans give them */
    const struct sl_text *heads; /* instead of the first head_count columns: encoded, a key each */
    size_t head_count;
};

/* Makes the rows of these keys ready in memory: SL_OK, or SL_AGAIN while a read of the store runs
 * (see below); then it is called again.  Rows that are ready stay for the step in which it says so.
 * Not needed while sl_state_is_cold says no. */
int sl_table_prepare(struct sl_state_table *table, const struct sl_state_keys *keys,
                     struct sl_error *err);

/* Values of these keys, inserted (zeroed) where absent or expired, writable, their rows dirty.
 * created[i], when wanted, tells which were absent (of two equal keys in the batch only the first).
 * A row that the store alone has is shadowed where its key was not prepared: only for tables whose
 * values are always written whole, and never deleted but by sl_table_drop_time. */
void sl_table_upsert(struct sl_state_table *table, const struct sl_state_keys *keys,
                     char **ret_values, bool *created);
/* Sets bits in the values of these keys, in a table that is_bits: bits[] has, for each key in turn,
 * the words that are to be set, and then those bits of them that were not.  A row that had them all
 * is not written, but where a time to live begins anew. */
void sl_table_set_bits(struct sl_state_table *table, const struct sl_state_keys *keys,
                       uint64_t *bits);
/* Values or NULL, to be read only. */
void sl_table_find(struct sl_state_table *table, const struct sl_state_keys *keys,
                   const char **ret_values);
void sl_table_delete(struct sl_state_table *table, const struct sl_state_keys *keys);

/* A view whose bytes the row of a value owns that upsert gave, instead of `old`, whose are let go
 * of: one of the places that the table was opened with (an empty one at first). */
struct sl_view sl_table_keep_view(struct sl_state_table *table, int64_t time,
                                  const struct sl_view *old, const struct sl_view *view);
/* Such a view with `capacity` bytes or more, and twice as many as before where it grows: those that
 * were there, then zeros.  Writable, as the value is. */
struct sl_view sl_table_grow_view(struct sl_state_table *table, int64_t time,
                                  const struct sl_view *old, size_t capacity);

/* --- time-first tables --- */

/* The least time that has rows; INT64_MAX: none. */
int64_t sl_table_first_time(const struct sl_state_table *table);
/* The least time from `time` on that has rows; INT64_MAX: none. */
int64_t sl_table_next_time(const struct sl_state_table *table, int64_t time);
/* Everything of this time is gone. */
void sl_table_drop_time(struct sl_state_table *table, int64_t time);

/* --- scanning --- */

struct sl_state_row {
    struct sl_text key; /* as sl_key_codec_decode reads it */
    const char *value;
    uint64_t hash; /* of the key, as it was when the row came */
    uint32_t key_group;
};

/* The rows of one time (0 in a table without time), key group by key group. */
struct sl_state_scan {
    struct sl_state_table *table;
    struct state_slice *slice; /* NULL: nothing is there */
    void **rows;               /* those in memory */
    size_t count, next;
    struct state_scan_cold *cold; /* NULL: there are no others */
    bool has_group;               /* something was given, … */
    uint32_t key_group;           /* … the last of it of this group */
};
void sl_table_scan_begin(struct sl_state_table *table, int64_t time, struct sl_state_scan *scan);
/* The next rows, at most `max`; *ret_count 0: no more.  SL_AGAIN while the store is read (see
 * below).  Keys and values stay until the next call; rows of that time are not deleted or changed
 * during the scan. */
int sl_table_scan_next(struct sl_state_scan *scan, struct sl_state_row *rows, size_t max,
                       size_t *ret_count, struct sl_error *err);
/* The same, but not beyond the key group of the last row that was given; *ret_count 0: all of that
 * group was. */
int sl_table_scan_group(struct sl_state_scan *scan, struct sl_state_row *rows, size_t max,
                        size_t *ret_count, struct sl_error *err);
void sl_table_scan_end(struct sl_state_scan *scan); /* zeroed, or ended already: does nothing */
const struct sl_key_codec *sl_table_key_codec(const struct sl_state_table *table);
/* Of values that upsert gave: their keys, encoded, and the hashes of these.  As good as they are.
 */
void sl_table_keys_of(const struct sl_state_table *table, char *const *values, size_t count,
                      struct sl_text *ret_keys, uint64_t *ret_hashes);

/* --- rows that are not in memory ---
 *
 * Clean rows are evicted when the slot's states have more than their budget, and read back on
 * demand.  A call that must wait for the store says SL_AGAIN and leaves one piece of I/O behind:
 * its owner has I/O threads run its parts, ends it, and makes the same call again.  In between
 * nothing else is done with the state (but what is said of reading ahead); its store stays the
 * same until no part runs. */

#define SL_STATE_IO_PARTS 4 /* at most */

bool sl_state_wants_io(const struct sl_state *state);
/* How many parts it has, which may run at the same time. */
size_t sl_state_io_parts(const struct sl_state *state);
void sl_state_run_io(struct sl_state *state, size_t part); /* an I/O thread */
void sl_state_end_io(struct sl_state *state);              /* how it went, the next call tells */
/* May some rows be in the store alone? */
bool sl_state_is_cold(const struct sl_state *state);

/* Reading ahead: between `begin` and `end` sl_table_prepare only lists what is to be read, for
 * several batches that come next, together with what a call just before had to wait for.  While
 * that is read the state may be used, in tables whose keys were prepared, and is settled; the rows
 * come with sl_state_end_io, and sl_table_prepare of the same keys says SL_OK then. */
bool sl_state_may_read_ahead(const struct sl_state *state);
void sl_state_gather_begin(struct sl_state *state);
bool sl_state_gather_is_full(const struct sl_state *state); /* enough for one time */
void sl_state_gather_end(struct sl_state *state);           /* may leave a piece of I/O behind */
bool sl_state_is_reading(const struct sl_state *state);     /* … of this kind */

/* Between two steps: counts memory, and evicts, unless rows were made ready for a step to come.
 * SL_AGAIN: no more is to be put in before the I/O that it left behind is done, or (none was left)
 * before the snapshot that is being written is. */
int sl_state_settle(struct sl_state *state, bool is_preparing, bool snapshot_is_written,
                    struct sl_error *err);
/* It has more than its budget: to be settled before more is made ready. */
bool sl_state_is_tight(const struct sl_state *state);

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
