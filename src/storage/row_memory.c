/* Memory of rows: see row_memory.h. */
#include "storage/row_memory.h"

#include <stdlib.h>

enum {
    ROW_CHUNK_MIN = 1024,
    ROW_CHUNK_MAX = 256 * 1024,
    ROW_HUGE_FROM = 16 << 20, /* bytes of a slice, from which its chunks are huge pages */
    ROW_SPARES_AHEAD = 8,
};

struct sl_row_memory_chunk {
    struct sl_row_memory_chunk *older, *newer; /* newer: of large pieces only */
    size_t size;
    _Alignas(SL_CACHE_LINE) char payload[]; /* rows of 64 bytes are in one cache line each */
};

static void
row_memory_free_chunks(struct sl_row_memory_chunk *chunks)
{
    while (chunks) {
        struct sl_row_memory_chunk *chunk = chunks;

        chunks = chunk->older;
        free(chunk);
    }
}

void
sl_row_memory_done(struct sl_row_memory *memory)
{
    row_memory_free_chunks(memory->chunks);
    row_memory_free_chunks(memory->large);
    for (size_t i = 0; i < SL_ROW_MEMORY_CLASSES; i++)
        free(memory->spares[i].items);
    *memory = (struct sl_row_memory){0};
}

static size_t
row_memory_round(size_t size)
{
    return (size + 15) & ~(size_t)15;
}

static struct sl_row_memory_chunk *
row_memory_add(struct sl_row_memory *memory, struct sl_row_memory_chunk **list, size_t size)
{
    bool is_huge = sizeof(struct sl_row_memory_chunk) + size >= SL_HUGE_PAGE;
    struct sl_row_memory_chunk *chunk = is_huge ? sl_alloc_huge(sizeof(*chunk) + size)
                                                : sl_alloc_lines(sizeof(*chunk) + size);

    chunk->older = *list;
    chunk->newer = NULL;
    chunk->size = size;
    if (*list)
        (*list)->newer = chunk;
    *list = chunk;
    memory->bytes += size;
    return chunk;
}

static void
row_memory_grow(struct sl_row_memory *memory)
{
    size_t size = memory->chunks ? SL_MIN(memory->chunks->size * 2, (size_t)ROW_CHUNK_MAX)
                                 : (size_t)ROW_CHUNK_MIN;
    struct sl_row_memory_chunk *chunk;

    if (memory->bytes >= ROW_HUGE_FROM)
        size = SL_HUGE_PAGE - sizeof(*chunk);
    chunk = row_memory_add(memory, &memory->chunks, size);
    memory->next = chunk->payload;
    memory->end = chunk->payload + size;
}

void *
sl_row_memory_alloc(struct sl_row_memory *memory, size_t size)
{
    size_t rounded = row_memory_round(size), class = rounded / 16;
    struct sl_row_memory_spares *spares;
    void *piece;

    if (class >= SL_ROW_MEMORY_CLASSES)
        return row_memory_add(memory, &memory->large, rounded)->payload;
    spares = &memory->spares[class];
    if (spares->count > 0) {
        if (spares->count > ROW_SPARES_AHEAD)
            __builtin_prefetch(spares->items[spares->count - 1 - ROW_SPARES_AHEAD], 1);
        memory->bytes += rounded;
        return spares->items[--spares->count];
    }
    if ((size_t)(memory->end - memory->next) < rounded)
        row_memory_grow(memory);
    piece = memory->next;
    memory->next += rounded;
    return piece;
}

static void
row_memory_free_large(struct sl_row_memory *memory, void *piece)
{
    struct sl_row_memory_chunk *chunk =
        (struct sl_row_memory_chunk *)((char *)piece -
                                       offsetof(struct sl_row_memory_chunk, payload));

    if (chunk->newer)
        chunk->newer->older = chunk->older;
    else
        memory->large = chunk->older;
    if (chunk->older)
        chunk->older->newer = chunk->newer;
    memory->bytes -= chunk->size;
    free(chunk);
}

void
sl_row_memory_free(struct sl_row_memory *memory, void *piece, size_t size)
{
    size_t rounded = row_memory_round(size), class = rounded / 16;
    struct sl_row_memory_spares *spares;

    if (class == 0)
        return;
    if (class >= SL_ROW_MEMORY_CLASSES) {
        row_memory_free_large(memory, piece);
        return;
    }
    spares = &memory->spares[class];
    if (spares->count == spares->capacity) {
        memory->bytes -= spares->capacity * sizeof(*spares->items);
        spares->capacity = SL_MAX(16u, spares->capacity * 2);
        spares->items = sl_realloc(spares->items, spares->capacity * sizeof(*spares->items));
        memory->bytes += spares->capacity * sizeof(*spares->items);
    }
    spares->items[spares->count++] = piece;
    memory->bytes -= rounded;
}
