/* Keys by when they are due: a binary heap, the least time first.  What a time counts, and the
 * bytes of the keys, are the owner's. */
#ifndef SL_EXECUTOR_DUE_HEAP_H
#define SL_EXECUTOR_DUE_HEAP_H

#include "base/base.h"

struct sl_due {
    int64_t time;
    uint32_t key_at, key_size; /* in the owner's bytes */
};

/* Zeroed: empty. */
struct sl_due_heap {
    struct sl_due *items;
    size_t count, capacity;
};

void sl_due_heap_done(struct sl_due_heap *heap);
void sl_due_heap_push(struct sl_due_heap *heap, struct sl_due due);
/* There is one. */
struct sl_due sl_due_heap_pop(struct sl_due_heap *heap);
/* INT64_MAX: there is none. */
static inline int64_t
sl_due_heap_first(const struct sl_due_heap *heap)
{
    return heap->count > 0 ? heap->items[0].time : INT64_MAX;
}

#endif
