/* The seam of stores: what holds the state of one subtask that was checkpointed or does not fit in
 * memory.  A store is an ordered map of bytes; it is written by sorted batches, each of which
 * enters it whole or not at all.
 *
 * All calls block and are for I/O threads.  One thread at a time writes (begin … commit,
 * checkpoint) while others read.  A live store is scratch: what lasts is what `checkpoint` linked.
 */
#ifndef SL_STORAGE_STORE_H
#define SL_STORAGE_STORE_H

#include "storage/manifest.h"

struct sl_store_batch;
struct sl_store_space; /* what all stores of a process share: see rocks.h */

struct sl_store { /* the first member of every store's own struct */
    const struct sl_store_ops *ops;
};

/* A table whose rows are over at a time: microseconds, 8 bytes of this machine's order, so many
 * bytes behind the value's start. */
struct sl_store_expiry {
    uint16_t number; /* of the table: the first two bytes of its keys */
    size_t offset;
};

/* Good during the call alone.  Negative ends the scan, which then returns it. */
typedef int (*sl_store_visit)(void *arg, struct sl_text key, struct sl_text value,
                              struct sl_error *err);

struct sl_store_ops {
    /* Opens the store whose files are in the directory `path`, an empty one if there are none.  One
     * that is only read changes nothing there, and needs no space.  58030, 53100, XX001. */
    int (*open)(struct sl_store_space *space, const char *path, bool only_read,
                struct sl_store **ret_store, struct sl_error *err);
    void (*close)(struct sl_store *store); /* NULL does nothing; the files stay */

    struct sl_store_batch *(*begin)(struct sl_store *store);
    /* All keys in [from, to) are gone, but for what this batch puts.  Before the first put. */
    int (*drop)(struct sl_store_batch *batch, struct sl_text from, struct sl_text to,
                struct sl_error *err);
    /* Keys ascend, each once.  A value that starts at NULL: the key is gone. */
    int (*put)(struct sl_store_batch *batch, struct sl_text key, struct sl_text value,
               struct sl_error *err);
    /* The batch enters the store, or is forgotten (commit false); it is freed either way. */
    int (*end)(struct sl_store_batch *batch, bool commit, uint64_t *ret_bytes,
               struct sl_error *err);

    /* Rows of these tables (and of no others) that are over at `now_us` may go from now on,
     * whenever the store is at them.  Readers know themselves what is over.  Copied. */
    void (*expire)(struct sl_store *store, const struct sl_store_expiry *tables, size_t count,
                   int64_t now_us);

    /* Tells the values of those keys that are there; they ascend.  Bytes are good during the call.
     */
    int (*get_many)(struct sl_store *store, const struct sl_text *keys, size_t count,
                    void (*found)(void *arg, size_t index, struct sl_text value), void *arg,
                    struct sl_error *err);
    /* Visits at most `max` pairs of [from, to), in order. */
    int (*scan)(struct sl_store *store, struct sl_text from, struct sl_text to, size_t max,
                sl_store_visit visit, void *arg, struct sl_error *err);
    /* Links the files into the new directory `directory`/`name` and lists them, as paths from
     * `directory`. */
    int (*checkpoint)(struct sl_store *store, const char *directory, const char *name,
                      struct sl_arena *arena, struct sl_manifest_file **ret_files,
                      size_t *ret_count, struct sl_error *err);
};

#endif
