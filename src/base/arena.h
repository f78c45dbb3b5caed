/* Memory by lifetime: everything allocated in an arena dies with it. */
#ifndef SL_BASE_ARENA_H
#define SL_BASE_ARENA_H

#include "base/base.h"

#include <stdarg.h>

struct sl_arena_chunk;
struct sl_arena_defer;

/* Not thread safe; one owner. */
struct sl_arena {
    struct sl_arena_chunk *chunks; /* the newest first */
    char *next, *end;
    struct sl_arena_defer *defers;
    size_t used_bytes; /* handed out so far */
};

/* Zeroed memory that is never NULL. */
#define SL_NEW(arena, type) ((type *)sl_arena_alloc((arena), sizeof(type)))
#define SL_NEW_ARRAY(arena, type, count)                                                           \
    ((type *)sl_arena_alloc_array((arena), sizeof(type), (count)))

void sl_arena_init(struct sl_arena *arena);
void sl_arena_done(struct sl_arena *arena);
/* Empties it and keeps its newest chunk; the defers run. */
void sl_arena_reset(struct sl_arena *arena);

void *sl_arena_alloc(struct sl_arena *arena, size_t size); /* aligned to 16, zeroed */
void *sl_arena_alloc_array(struct sl_arena *arena, size_t element_size, size_t count);
/* The same without the zeroes, for bytes that are written at once. */
void *sl_arena_alloc_raw(struct sl_arena *arena, size_t size);
char *sl_arena_strdup(struct sl_arena *arena, const char *string);
char *sl_arena_strndup(struct sl_arena *arena, const char *start, size_t length);
struct sl_text sl_arena_text(struct sl_arena *arena, struct sl_text text); /* a copy */
char *sl_arena_printf(struct sl_arena *arena, const char *format, ...) SL_PRINTF(2, 3);
char *sl_arena_vprintf(struct sl_arena *arena, const char *format, va_list args) SL_PRINTF(2, 0);

/* Run release(object) when the arena is done or reset, the last registered first. */
void sl_arena_defer(struct sl_arena *arena, void (*release)(void *), void *object);

#endif
