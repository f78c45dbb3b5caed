/* A bump allocator over chunks that double up to 1 MB; large requests get a chunk of their own. */
#include "base/arena.h"

#include <stdio.h>
#include <stdlib.h>

enum { ARENA_ALIGN = 16, ARENA_CHUNK_MIN = 4096, ARENA_CHUNK_MAX = 1 << 20 };

struct sl_arena_chunk {
    struct sl_arena_chunk *older;
    size_t size; /* of the payload */
    _Alignas(ARENA_ALIGN) char payload[];
};

struct sl_arena_defer {
    struct sl_arena_defer *earlier;
    void (*release)(void *);
    void *object;
};

void
sl_arena_init(struct sl_arena *arena)
{
    *arena = (struct sl_arena){0};
}

static void
arena_run_defers(struct sl_arena *arena)
{
    while (arena->defers) {
        struct sl_arena_defer *defer = arena->defers;

        arena->defers = defer->earlier;
        defer->release(defer->object);
    }
}

void
sl_arena_done(struct sl_arena *arena)
{
    arena_run_defers(arena);
    while (arena->chunks) {
        struct sl_arena_chunk *chunk = arena->chunks;

        arena->chunks = chunk->older;
        free(chunk);
    }
    *arena = (struct sl_arena){0};
}

void
sl_arena_reset(struct sl_arena *arena)
{
    struct sl_arena_chunk *kept = arena->chunks;

    arena_run_defers(arena);
    if (!kept)
        return;
    while (kept->older) {
        struct sl_arena_chunk *chunk = kept->older;

        kept->older = chunk->older;
        free(chunk);
    }
    arena->next = kept->payload;
    arena->end = kept->payload + kept->size;
    arena->used_bytes = 0;
}

static void
arena_grow(struct sl_arena *arena, size_t size)
{
    size_t payload = arena->chunks ? SL_MIN(arena->chunks->size * 2, (size_t)ARENA_CHUNK_MAX)
                                   : (size_t)ARENA_CHUNK_MIN;
    struct sl_arena_chunk *chunk;

    payload = SL_MAX(payload, size);
    chunk = sl_alloc(sizeof(*chunk) + payload);
    chunk->older = arena->chunks;
    chunk->size = payload;
    arena->chunks = chunk;
    arena->next = chunk->payload;
    arena->end = chunk->payload + payload;
}

void *
sl_arena_alloc_raw(struct sl_arena *arena, size_t size)
{
    size_t rounded = (size + ARENA_ALIGN - 1) & ~(size_t)(ARENA_ALIGN - 1);
    char *memory;

    SL_ASSERT(rounded >= size);
    if (arena->next == NULL || (size_t)(arena->end - arena->next) < rounded)
        arena_grow(arena, rounded);
    memory = arena->next;
    arena->next += rounded;
    arena->used_bytes += rounded;
    return memory;
}

void *
sl_arena_alloc(struct sl_arena *arena, size_t size)
{
    return memset(sl_arena_alloc_raw(arena, size), 0, size);
}

void *
sl_arena_alloc_array(struct sl_arena *arena, size_t element_size, size_t count)
{
    SL_ASSERT(element_size == 0 || count <= SIZE_MAX / 2 / element_size);
    return sl_arena_alloc(arena, element_size * count);
}

char *
sl_arena_strndup(struct sl_arena *arena, const char *start, size_t length)
{
    char *copy = sl_arena_alloc_raw(arena, length + 1);

    if (length)
        memcpy(copy, start, length);
    copy[length] = '\0';
    return copy;
}

char *
sl_arena_strdup(struct sl_arena *arena, const char *string)
{
    return sl_arena_strndup(arena, string, strlen(string));
}

struct sl_text
sl_arena_text(struct sl_arena *arena, struct sl_text text)
{
    return (struct sl_text){sl_arena_strndup(arena, text.start, text.length), text.length};
}

char *
sl_arena_vprintf(struct sl_arena *arena, const char *format, va_list args)
{
    va_list again;
    char *text;
    int length;

    va_copy(again, args);
    length = vsnprintf(NULL, 0, format, again);
    va_end(again);
    SL_ASSERT(length >= 0);
    text = sl_arena_alloc_raw(arena, (size_t)length + 1);
    vsnprintf(text, (size_t)length + 1, format, args);
    return text;
}

char *
sl_arena_printf(struct sl_arena *arena, const char *format, ...)
{
    va_list args;
    char *text;

    va_start(args, format);
    text = sl_arena_vprintf(arena, format, args);
    va_end(args);
    return text;
}

void
sl_arena_defer(struct sl_arena *arena, void (*release)(void *), void *object)
{
    struct sl_arena_defer *defer = SL_NEW(arena, struct sl_arena_defer);

    *defer = (struct sl_arena_defer){arena->defers, release, object};
    arena->defers = defer;
}
