/* Memory of rows: see row_memory.h. */
#include "storage/row_memory.h"

#include <stdlib.h>

enum { ROW_CHUNK_MIN = 1024, ROW_CHUNK_MAX = 256 * 1024 };

struct sl_row_memory_chunk {
    struct sl_row_memory_chunk *older;
    size_t size;
    _Alignas(16) char payload[];
};

void
sl_row_memory_done(struct sl_row_memory *memory)
{
    while (memory->chunks) {
        struct sl_row_memory_chunk *chunk = memory->chunks;

        memory->chunks = chunk->older;
        free(chunk);
    }
    *memory = (struct sl_row_memory){0};
}

static size_t
row_memory_round(size_t size)
{
    return (size + 15) & ~(size_t)15;
}

static void
row_memory_grow(struct sl_row_memory *memory, size_t size)
{
    size_t payload = memory->chunks ? SL_MIN(memory->chunks->size * 2, (size_t)ROW_CHUNK_MAX)
                                    : (size_t)ROW_CHUNK_MIN;
    struct sl_row_memory_chunk *chunk;

    payload = SL_MAX(payload, size);
    chunk = sl_alloc(sizeof(*chunk) + payload);
    chunk->older = memory->chunks;
    chunk->size = payload;
    memory->chunks = chunk;
    memory->next = chunk->payload;
    memory->end = chunk->payload + payload;
    memory->bytes += payload;
}

void *
sl_row_memory_alloc(struct sl_row_memory *memory, size_t size)
{
    size_t rounded = row_memory_round(size), class = rounded / 16;
    void *piece;

    if (class < SL_ROW_MEMORY_CLASSES && memory->free_lists[class]) {
        piece = memory->free_lists[class];
        memcpy(&memory->free_lists[class], piece, sizeof(void *));
        return piece;
    }
    if ((size_t)(memory->end - memory->next) < rounded)
        row_memory_grow(memory, rounded);
    piece = memory->next;
    memory->next += rounded;
    return piece;
}

void
sl_row_memory_free(struct sl_row_memory *memory, void *piece, size_t size)
{
    size_t class = row_memory_round(size) / 16;

    if (class == 0 || class >= SL_ROW_MEMORY_CLASSES)
        return;
    memcpy(piece, &memory->free_lists[class], sizeof(void *));
    memory->free_lists[class] = piece;
}
