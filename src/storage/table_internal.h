/* Private to storage/: slices, rows and slots of a state table.
 *
 * A slice is one time of a table with its own hash table and its own memory.  A slot holds a row's
 * address in its low 48 bits and a tag of the hash in the high 16; SLOT_GONE keeps probe chains
 * whole where a row went away.  Growth is incremental: the old slots are moved a few at a time. */
#ifndef SL_STORAGE_TABLE_INTERNAL_H
#define SL_STORAGE_TABLE_INTERNAL_H

#include "storage/filter.h"
#include "storage/row_memory.h"
#include "storage/store.h"
#include "storage/table.h"

enum row_life { ROW_CLEAN, ROW_DIRTY, ROW_FROZEN };

struct state_slice;

struct state_row {
    uint64_t hash;
    struct state_slice *slice;
    uint32_t key_size;
    uint8_t life : 2;
    bool referenced : 1; /* used since eviction came by */
    bool stored;         /* storage knows this key: its delete leaves a tombstone */
    bool tombstone;      /* a clean one: storage is known to have no such row */
    bool superseded;     /* no slot points here any more */
    char value[];        /* value_size bytes, then the key */
};

#define STATE_TIME_FLIP (UINT64_C(1) << 63) /* makes the unsigned order that of times */

#define SLOT_EMPTY UINT64_C(0)
#define SLOT_GONE UINT64_C(1)
#define SLOT_TAG_SHIFT 48
#define SLOT_POINTER_MASK ((UINT64_C(1) << SLOT_TAG_SHIFT) - 1)

struct state_slots {
    uint64_t *items;
    size_t mask; /* count - 1 */
    size_t used; /* not empty, gone ones included */
};

struct row_list {
    struct state_row **items;
    size_t count, capacity;
};

struct state_slice {
    int64_t time;
    struct state_slots slots;
    struct state_slots old;  /* while growing; items NULL: not */
    size_t moved;            /* of the old slots */
    size_t row_count;        /* live rows */
    size_t expected_count;   /* of rows, by the slice before; 0: not known */
    size_t tombstone_count;  /* rows that keep their slots until storage knows */
    struct row_list dirty;   /* rows to freeze, and superseded ones to free */
    size_t superseded_count; /* of the dirty list */
    size_t frozen_count;
    bool dropped;            /* waits for its frozen rows */
    bool stored;             /* storage may know rows of it */
    bool cold;               /* rows of it may be in the store alone: … */
    bool unknown;            /* … any, or … */
    struct sl_filter filter; /* … these */
    size_t hand;             /* where eviction goes on */
    unsigned pin_count;      /* scans under way: nothing is evicted */
    struct sl_row_memory memory;
};

struct sl_frozen {
    struct row_list rows; /* slice by slice, in the order of their times */
    size_t *slice_ends;   /* in rows */
    size_t slice_count;
    int64_t *dropped;
    size_t dropped_count;
    uint32_t max_parallelism;
    size_t value_size;
};

/* A table's rows as a checkpoint has them. */
struct state_kept {
    uint64_t epoch;   /* 0: none */
    uint64_t version; /* of the table */
    char *name;       /* of the file; NULL: no rows */
    struct sl_file_sum sum;
};

struct sl_state_table {
    struct sl_state *state;
    struct sl_state_table_spec spec;
    struct sl_key_codec codec;
    struct sl_key_bytes keys;    /* scratch of the running call */
    struct state_slice **slices; /* by time */
    size_t slice_count, slice_capacity;
    struct sl_frozen *frozen;
    int64_t *dropped;
    size_t dropped_count, dropped_capacity;
    uint64_t version;                /* counts calls that change something */
    struct state_kept kept, written; /* of the last complete checkpoint; of the one under way */
    uint16_t number;                 /* what its keys begin with in the store */
    struct sl_state_table *next;     /* of the state */
};

struct state_epoch { /* what was frozen of one table */
    struct sl_state_table *table;
    struct sl_frozen *frozen;
};
enum state_epoch_kind { STATE_APPEND, STATE_REWRITE };
enum state_io_kind { STATE_IO_NONE, STATE_IO_READ, STATE_IO_SCAN, STATE_IO_SPILL };

struct state_read_item {
    uint64_t hash;
    size_t key_at, key_size;     /* in `keys` */
    size_t value_at, value_size; /* in the part's `values` */
    bool found, is_repeated;     /* the same key comes twice: read once */
};

/* The keys of one call of sl_table_prepare. */
struct state_read_call {
    struct sl_state_table *table; /* NULL: what is read for it is wanted by nobody any more */
    int64_t time;
    size_t key_count;
    uint64_t fingerprint; /* of their hashes */
    size_t item_end;      /* of its items; they begin where those of the call before end */
};
#define STATE_FRESH_CALLS 64

/* What one thread reads: the items whose hash says so. */
struct state_read_part {
    struct state_read_item **items;
    size_t count, capacity;
    struct sl_buffer values;
    int rc;
    struct sl_error err;
};

/* The one thing that I/O threads do for the owner of the state, who waits for it. */
struct state_io {
    enum state_io_kind kind;
    int rc;
    struct sl_error err;
    /* READ */
    bool is_gathering;
    struct state_read_call *calls;
    size_t call_count, call_capacity;
    bool is_stale; /* other keys of these calls left memory meanwhile */
    struct state_read_call fresh[STATE_FRESH_CALLS]; /* all of their keys are in memory */
    size_t fresh_count, fresh_next;                  /* a ring */
    struct sl_buffer keys;
    struct state_read_item *items;
    size_t count, capacity;
    struct state_read_part parts[SL_STATE_IO_PARTS];
    /* SCAN */
    struct state_scan_cold *scan;
    /* SPILL */
    struct state_epoch *epochs;
    size_t epoch_count;
    enum state_epoch_kind epoch_kind;
    struct sl_store *store; /* the one that has the epoch; NULL: it was not written */
    char *store_path;
};

struct sl_state {
    struct sl_state_config config;
    struct sl_state_table *tables;
    uint16_t table_number;  /* the last that was given away */
    bool is_whole;          /* see the configuration */
    struct sl_store *store; /* NULL: none is open */
    char *store_path;
    struct state_io io;
    bool has_read;            /* rows whose reader has not come by yet: they must stay */
    bool is_tight;            /* above its budget: nothing is read ahead */
    bool is_cold;             /* some slice is, or was */
    bool is_snapshotting;     /* from the first table frozen to the end of the snapshot */
    bool is_rewriting;        /* … and into a new store: nothing may be evicted */
    bool is_listed;           /* dirty rows are in their slices' lists */
    bool has_ttl;             /* some table has */
    int64_t now_us;           /* processing time of the step */
    size_t restored_count;    /* rows, one by one */
    uint64_t charged_bytes;   /* of the budget */
    struct sl_store *retired; /* rewritten elsewhere; closed when an I/O thread comes by */
    char *retired_path;
};

/* slice.c */
struct state_slice *state_slice_new(int64_t time);
void state_slice_free(struct state_slice *slice);
/* The slot of a row with these bytes, or NULL. */
uint64_t *state_slice_find(struct state_slice *slice, uint64_t hash, const char *key,
                           uint32_t key_size, size_t value_size);
/* Room for `count` more rows; moves some old slots on. */
void state_slice_make_room(struct state_slice *slice, size_t count);
void state_slice_insert(struct state_slice *slice, struct state_row *row);
/* Keys are looked up in blocks: meanwhile the rows of the next block come in, and the slots of the
 * one after that. */
#define STATE_BLOCK 32
void state_prefetch_first(const struct sl_state_table *table, const struct state_slice *slice,
                          const struct sl_state_keys *keys);
/* Before the block that begins at this key. */
void state_prefetch_next(const struct sl_state_table *table, const struct state_slice *slice,
                         const struct sl_state_keys *keys, size_t block);
struct state_row *state_row_new(struct state_slice *slice, uint64_t hash, const char *key,
                                uint32_t key_size, size_t value_size);
/* With copies of its views. */
struct state_row *state_row_copy(const struct sl_state_table_spec *spec,
                                 const struct state_row *row);
/* With its views. */
void state_row_free(const struct sl_state_table_spec *spec, struct state_row *row);
void state_row_free_views(const struct sl_state_table_spec *spec, struct state_row *row);
struct sl_view state_view_copy(struct state_slice *slice, const struct sl_view *view);
void state_view_free(struct state_slice *slice, const struct sl_view *view);
/* Ends growing at once. */
void state_slice_settle(struct state_slice *slice);

/* In the high 16 bits.  Of the low half of the hash, too: the high one may be that of a whole key
 * group (the values of a DISTINCT aggregate have their group's). */
static inline uint64_t
state_slot_tag(uint64_t hash)
{
    return hash ^ hash << 32;
}
static inline struct state_row *
state_slot_row(uint64_t slot)
{
    return slot > SLOT_GONE ? (struct state_row *)(uintptr_t)(slot & SLOT_POINTER_MASK) : NULL;
}
static inline uint64_t
state_slot_of(const struct state_row *row)
{
    return (uint64_t)(uintptr_t)row | (state_slot_tag(row->hash) & ~SLOT_POINTER_MASK);
}

/* row_codec.c: rows as bytes of files and stores */

/* [number] [time] key group, key: in memcmp order, with the table's number or (whole files)
 * without. */
struct state_place {
    const struct sl_state_table *table;
    bool has_number;
};
void state_key_encode(const struct state_place *place, int64_t time, uint32_t key_group,
                      struct sl_text key, struct sl_buffer *to);
#define STATE_GROUP_END 0xffffu /* past every key group */
void state_value_encode(const struct sl_state_table_spec *spec, const struct state_row *row,
                        struct sl_buffer *to);
/* The parts of an encoded pair.  False: it does not fit the table. */
struct state_pair {
    int64_t time;
    uint64_t hash;
    struct sl_text key;
    struct sl_text value; /* and behind it its long views */
};
bool state_pair_decode(const struct state_place *place, struct sl_text key, struct sl_text value,
                       struct state_pair *ret_pair);
/* Fills a row's value and its views.  False: the bytes do not fit. */
bool state_value_decode(const struct sl_state_table_spec *spec, struct sl_text value,
                        struct state_row *row);

/* A row that is looked at soon: its head, and its key behind the value. */
#define STATE_ROWS_AHEAD 32
static inline void
state_row_prefetch(const struct state_row *row, size_t value_size)
{
    uintptr_t at = (uintptr_t)row; /* it may be NULL */

    __builtin_prefetch((const void *)at);
    __builtin_prefetch((const void *)(at + offsetof(struct state_row, value) + value_size));
}

/* sorted.c: frozen rows in the order of their encoded keys */

struct state_sorted {
    uint64_t high, low; /* key group and the first bytes of the key */
    struct state_row *row;
};
#define STATE_SORT_PARTS 256
struct state_sorting {
    const struct sl_frozen *frozen; /* the order of its rows changes */
    size_t slice;                   /* the next */
    size_t slice_first, slice_end;
    size_t starts[STATE_SORT_PARTS + 1]; /* of the slice's parts */
    unsigned part;                       /* the next */
    struct state_sorted *items;          /* of the run, and behind them as many spare ones */
    size_t capacity;
};
void state_sort_begin(struct state_sorting *sorting, const struct sl_frozen *frozen);
/* The next run of rows, good until the next call.  0: no more. */
size_t state_sort_next(struct state_sorting *sorting, const struct state_sorted **ret_items);
void state_sort_end(struct state_sorting *sorting);
/* The rows as encoded pairs, in the order of their keys; a tombstone's value starts at NULL, where
 * they are wanted. */
typedef int (*state_put)(void *arg, struct sl_text key, struct sl_text value, struct sl_error *err);
int state_write_sorted(const struct state_place *place, const struct sl_frozen *frozen,
                       bool with_tombstones, state_put put, void *arg, struct sl_error *err);

/* database.c: what goes into the store and comes out of it */

enum state_epoch_kind state_epoch_kind(const struct sl_state *state);
/* Is it time for a store? */
bool state_wants_store(const struct sl_state *state);
/* Writes what changed, or everything into a new store; *ret_store is the one that has it now. */
int state_epoch_write(struct sl_state *state, enum state_epoch_kind kind,
                      struct state_epoch *tables, size_t table_count, struct sl_store **ret_store,
                      char **ret_path, uint64_t *ret_bytes, struct sl_error *err);
/* A new path for a store of this state; the caller frees. */
char *state_store_path(const struct sl_state *state);
int state_store_open(const struct sl_state *state, char *path, struct sl_store **ret_store,
                     struct sl_error *err);
/* I/O thread: rows that are over at `now_us` may leave the store. */
void state_store_expire(const struct sl_state *state, struct sl_store *store, int64_t now_us);
/* The slot's thread: this store is the state's from now on. */
void state_take_store(struct sl_state *state, struct sl_store *store, char *path);
/* I/O thread, before the next write: closes what was replaced. */
void state_close_retired(struct sl_state *state);

/* cold.c */

/* A row that the store has, or (tombstone) has not; clean.  NULL: the value does not fit. */
struct state_row *state_add_clean(struct sl_state_table *table, struct state_slice *slice,
                                  uint64_t hash, struct sl_text key, struct sl_text value);
/* Rows left memory: what was asked for may be among them. */
void state_forget_fresh(struct sl_state *state);
/* What is being read of that time is wanted by nobody any more. */
void state_void_reads(struct sl_state_table *table, int64_t time);
/* The error of the last I/O, once. */
int state_io_failure(struct sl_state *state, struct sl_error *err);
void state_io_init(struct state_io *io);
/* Nobody runs it any more. */
void state_io_forget(struct sl_state *state);
void state_io_done(struct state_io *io); /* frees what it holds */

/* scan.c */

#define STATE_SCAN_ROWS 4096

struct state_scan_cold {       /* the part of a scan that reads the store */
    struct sl_buffer from, to; /* what is still to be read */
    struct sl_buffer bytes;    /* of the chunk that was read: pairs … */
    size_t *ends;              /* … by the ends of keys and values, in turn */
    size_t pair_count, next;
    bool is_read, is_over;    /* the chunk is there; nothing is behind it */
    struct state_slice *rows; /* memory of the rows of the chunk */
};
void state_scan_run(struct sl_state *state);

/* evict.c */

/* The memory of all states of the slot counts this one's anew. */
void state_charge(struct sl_state *state);
int state_spill_begin(struct sl_state *state);
void state_spill_run(struct sl_state *state);
void state_spill_end(struct sl_state *state);

/* freeze.c */

/* From now on dirty rows are listed; so far all are, and none is. */
void state_list_all(struct sl_state *state);
/* Everything that is there, changed or not. */
struct sl_frozen *state_table_freeze_all(struct sl_state_table *table);

/* table.c */

/* The time when a row of a table that has a time to live is gone is behind its value: the last 8
 * bytes of what the table counts as one. */
static inline bool
state_row_is_expired(const struct sl_state_table *table, const struct state_row *row)
{
    int64_t expires_us;

    if (SL_LIKELY(table->spec.ttl_us == 0))
        return false;
    memcpy(&expires_us, row->value + table->spec.value_size - 8, sizeof(expires_us));
    return expires_us <= table->state->now_us;
}
/* Notes a dirty row for the next freeze, if anybody will want one. */
void state_list_dirty(struct sl_state_table *table, struct state_row *row);
/* A row as a checkpoint has it: dirty, its value zeroed; the key is not there yet. */
struct state_row *state_table_add_row(struct sl_state_table *table, int64_t time, uint64_t hash,
                                      struct sl_text key);
struct state_slice *state_table_slice(struct sl_state_table *table, int64_t time, bool make);
/* Into table->keys. */
void state_encode_keys(struct sl_state_table *table, const struct sl_state_keys *keys);
void row_list_add(struct row_list *list, struct state_row *row);

#endif
