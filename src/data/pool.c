/* The block pool.
 *
 * 1. The owner is the thread that first takes a block; the free lists are its alone.  Another
 * thread may take blocks too, past the lists.
 * 2. A block that another thread gives up goes onto a lock-free stack, which the owner empties into
 *    its lists when one of them runs dry.
 * 3. `holders` counts the handle and the blocks that are out; who brings it to zero frees the pool.
 * 4. Blocks beyond the largest class, or beyond what the lists may keep, go straight to malloc. */
#include "data/pool.h"

#include <stdlib.h>

#define POOL_ALIGNMENT 64
#define POOL_PADDING 64
#define POOL_CLASS_SIZE_MIN 512 /* classes: 512 × (4 … 7)/4 × 2^k */
#define POOL_CLASS_COUNT 56     /* the largest is 7/4 × 4 MB */
#define POOL_CLASS_NONE UINT32_MAX

/* Under the address sanitizer nothing is recycled, so that it sees a use after the last unref. */
#if defined(__SANITIZE_ADDRESS__)
#define POOL_CACHED_BYTES_MAX 0
#else
#define POOL_CACHED_BYTES_MAX ((size_t)128 << 20)
#endif

struct sl_pool {
    _Atomic(const char *) owner;
    struct sl_block *free_blocks[POOL_CLASS_COUNT];
    size_t cached_bytes;
    _Alignas(SL_CACHE_LINE) _Atomic(struct sl_block *) returned;
    _Alignas(SL_CACHE_LINE) atomic_size_t used_bytes;
    atomic_size_t holders;
    atomic_bool is_closed;
};

_Static_assert(sizeof(struct sl_block) <= POOL_ALIGNMENT, "a header fits before the payload");

/* Its address names the thread. */
static _Thread_local char pool_thread;

static uint32_t
pool_class_of(size_t size, size_t *ret_size)
{
    size_t quarters;
    uint32_t power, class;

    if (size <= POOL_CLASS_SIZE_MIN) {
        *ret_size = POOL_CLASS_SIZE_MIN;
        return 0;
    }
    power = 63 - (uint32_t)__builtin_clzll(size); /* 2^power <= size */
    quarters = ((size - 1) >> (power - 2)) + 1; /* size in quarters of 2^power, rounded up: 4 … 8 */
    *ret_size = quarters << (power - 2);
    class = (power - 9) * 4 + (uint32_t)(quarters - 4);
    if (class >= POOL_CLASS_COUNT) {
        *ret_size = (size + POOL_ALIGNMENT - 1) / POOL_ALIGNMENT * POOL_ALIGNMENT;
        return POOL_CLASS_NONE;
    }
    return class;
}

struct sl_pool *
sl_pool_new(void)
{
    struct sl_pool *pool = sl_alloc_lines(sizeof(*pool));

    memset(pool, 0, sizeof(*pool));
    atomic_init(&pool->holders, 1);
    return pool;
}

static void
pool_free_list(struct sl_block *block)
{
    while (block) {
        struct sl_block *next = block->next;

        free(block);
        block = next;
    }
}

static void
pool_release(struct sl_pool *pool)
{
    if (atomic_fetch_sub_explicit(&pool->holders, 1, memory_order_acq_rel) != 1)
        return;
    for (size_t i = 0; i < POOL_CLASS_COUNT; i++)
        pool_free_list(pool->free_blocks[i]);
    pool_free_list(atomic_load(&pool->returned));
    free(pool);
}

void
sl_pool_free(struct sl_pool *pool)
{
    if (pool == NULL)
        return;
    atomic_store(&pool->is_closed, true);
    pool_release(pool);
}

/* Puts a block into its list, or frees it when the lists are full.  The owner's thread. */
static void
pool_keep(struct sl_pool *pool, struct sl_block *block)
{
    if (pool->cached_bytes + block->size > POOL_CACHED_BYTES_MAX) {
        free(block);
        return;
    }
    pool->cached_bytes += block->size;
    block->next = pool->free_blocks[block->size_class];
    pool->free_blocks[block->size_class] = block;
}

static void
pool_collect_returned(struct sl_pool *pool)
{
    struct sl_block *block = atomic_exchange_explicit(&pool->returned, NULL, memory_order_acquire);

    while (block) {
        struct sl_block *next = block->next;

        pool_keep(pool, block);
        block = next;
    }
}

static struct sl_block *
pool_take(struct sl_pool *pool, uint32_t size_class)
{
    struct sl_block *block = pool->free_blocks[size_class];

    if (block == NULL) {
        if (atomic_load_explicit(&pool->returned, memory_order_relaxed) == NULL)
            return NULL;
        pool_collect_returned(pool);
        block = pool->free_blocks[size_class];
        if (block == NULL)
            return NULL;
    }
    pool->free_blocks[size_class] = block->next;
    pool->cached_bytes -= block->size;
    return block;
}

static bool
pool_is_owner(struct sl_pool *pool, bool claim)
{
    const char *owner = atomic_load_explicit(&pool->owner, memory_order_relaxed);

    if (owner == NULL && claim)
        return atomic_compare_exchange_strong(&pool->owner, &owner, &pool_thread);
    return owner == &pool_thread;
}

struct sl_block *
sl_pool_block(struct sl_pool *pool, size_t size)
{
    size_t block_size;
    uint32_t size_class = pool_class_of(size, &block_size);
    struct sl_block *block = NULL;

    if (pool_is_owner(pool, true) && size_class != POOL_CLASS_NONE)
        block = pool_take(pool, size_class);
    if (block == NULL) {
        size_t total = (POOL_ALIGNMENT + block_size + POOL_PADDING + POOL_ALIGNMENT - 1) /
                       POOL_ALIGNMENT * POOL_ALIGNMENT;

        block = aligned_alloc(POOL_ALIGNMENT, total);
        SL_ASSERT(block != NULL);
        block->size_class = size_class;
        block->size = block_size;
        block->pool = pool;
        block->data = (char *)block + POOL_ALIGNMENT;
        memset(block->data + block_size, 0, POOL_PADDING);
    }
    block->next = NULL;
    atomic_init(&block->references, 1);
    atomic_fetch_add_explicit(&pool->holders, 1, memory_order_relaxed);
    atomic_fetch_add_explicit(&pool->used_bytes, block->size, memory_order_relaxed);
    return block;
}

size_t
sl_pool_used_bytes(const struct sl_pool *pool)
{
    return atomic_load_explicit(&pool->used_bytes, memory_order_relaxed);
}

static void
pool_give_back(struct sl_pool *pool, struct sl_block *block)
{
    struct sl_block *top;

    atomic_fetch_sub_explicit(&pool->used_bytes, block->size, memory_order_relaxed);
    if (block->size_class == POOL_CLASS_NONE ||
        atomic_load_explicit(&pool->is_closed, memory_order_relaxed)) {
        free(block);
        return;
    }
    if (pool_is_owner(pool, false)) {
        pool_keep(pool, block);
        return;
    }
    top = atomic_load_explicit(&pool->returned, memory_order_relaxed);
    do {
        block->next = top;
    } while (!atomic_compare_exchange_weak_explicit(&pool->returned, &top, block,
                                                    memory_order_release, memory_order_relaxed));
}

void
sl_block_unref(struct sl_block *block)
{
    struct sl_pool *pool;

    if (block == NULL ||
        atomic_fetch_sub_explicit(&block->references, 1, memory_order_acq_rel) != 1)
        return;
    pool = block->pool;
    pool_give_back(pool, block);
    pool_release(pool);
}
