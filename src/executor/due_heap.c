/* A heap of what is due: see due_heap.h. */
#include "executor/due_heap.h"

#include <stdlib.h>

void
sl_due_heap_done(struct sl_due_heap *heap)
{
    free(heap->items);
    *heap = (struct sl_due_heap){0};
}

void
sl_due_heap_push(struct sl_due_heap *heap, struct sl_due due)
{
    size_t at = heap->count;

    if (heap->count == heap->capacity) {
        heap->capacity = heap->capacity ? heap->capacity * 2 : 64;
        heap->items = sl_realloc(heap->items, heap->capacity * sizeof(*heap->items));
    }
    heap->count++;
    for (; at > 0 && heap->items[(at - 1) / 2].time > due.time; at = (at - 1) / 2)
        heap->items[at] = heap->items[(at - 1) / 2];
    heap->items[at] = due;
}

struct sl_due
sl_due_heap_pop(struct sl_due_heap *heap)
{
    struct sl_due first = heap->items[0], last = heap->items[--heap->count];
    size_t at = 0, child;

    while ((child = 2 * at + 1) < heap->count) {
        if (child + 1 < heap->count && heap->items[child + 1].time < heap->items[child].time)
            child++;
        if (heap->items[child].time >= last.time)
            break;
        heap->items[at] = heap->items[child];
        at = child;
    }
    heap->items[at] = last;
    return first;
}
