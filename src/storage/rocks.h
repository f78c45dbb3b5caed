/* Stores in RocksDB: one database a subtask, all of them on one block cache.
 *
 * Nothing is ever written to a memtable or a log: a batch is a sorted file that is ingested (with
 * the global sequence number off, so that its checksum stays what it was when written), and a
 * checkpoint is hard links to what is there. */
#ifndef SL_STORAGE_ROCKS_H
#define SL_STORAGE_ROCKS_H

#include "storage/store.h"

struct sl_store_settings {
    const char *directory;       /* of the stores of this process alone; emptied first */
    uint64_t cache_bytes;        /* of the block cache */
    uint64_t write_buffer_bytes; /* a batch is cut into files of about this size */
    uint32_t write_buffer_count; /* so many files of that size may be waiting for a compaction */
    bool bloom_filter;           /* 10 bits a key in every file */
};

extern const struct sl_store_ops sl_store_rocks;

/* 58030, 53100: the directory cannot be made. */
int sl_store_space_new(const struct sl_store_settings *settings, struct sl_store_space **ret_space,
                       struct sl_error *err);
void
sl_store_space_free(struct sl_store_space *space); /* its stores are closed; NULL does nothing */

#endif
