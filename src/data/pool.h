/* Refcounted memory blocks, recycled through the pool of the slot that made them: no malloc, and no
 * free from another thread, in the steady state. */
#ifndef SL_DATA_POOL_H
#define SL_DATA_POOL_H

#include "base/base.h"

#include <stdatomic.h>

struct sl_pool;

/* A block's payload is aligned to 64 bytes and followed by at least 64 readable bytes, so that
 * vector loads and simdjson may read past its end. */
struct sl_block {
    _Atomic uint32_t references;
    uint32_t size_class;
    size_t size; /* usable bytes */
    struct sl_pool *pool;
    struct sl_block *next; /* the pool's */
    char *data;
};

/* One thread allocates from a pool; any thread may unref its blocks.  The pool lives until its last
 * block came back. */
struct sl_pool *sl_pool_new(void);
void sl_pool_free(struct sl_pool *pool); /* gives it up; memory goes when the last block does */
/* Not zeroed. */
struct sl_block *sl_pool_block(struct sl_pool *pool, size_t size);
size_t sl_pool_used_bytes(const struct sl_pool *pool); /* in blocks that are out */

static inline struct sl_block *
sl_block_ref(struct sl_block *block)
{
    atomic_fetch_add_explicit(&block->references, 1, memory_order_relaxed);
    return block;
}
void sl_block_unref(struct sl_block *block); /* any thread; NULL does nothing */

#endif
