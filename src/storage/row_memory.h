/* Memory of the rows of one slice: bump chunks, with lists of spares by size; large pieces have
 * memory of their own.  Freed all at once. */
#ifndef SL_STORAGE_ROW_MEMORY_H
#define SL_STORAGE_ROW_MEMORY_H

#include "base/base.h"

#define SL_ROW_MEMORY_CLASSES 64 /* of 16 bytes each; larger pieces stand alone */

struct sl_row_memory_chunk;

/* Pieces of one size that were let go of.  Beside the memory, not in it: who takes one can have the
 * next ones fetched ahead. */
struct sl_row_memory_spares {
    void **items;
    size_t count, capacity;
};

struct sl_row_memory {
    struct sl_row_memory_chunk *chunks, *large;
    char *next, *end;
    struct sl_row_memory_spares spares[SL_ROW_MEMORY_CLASSES];
    size_t bytes; /* of all chunks and large pieces, but for the spares; of the lists of these */
};

void sl_row_memory_done(struct sl_row_memory *memory);
void *sl_row_memory_alloc(struct sl_row_memory *memory,
                          size_t size); /* aligned to 16, not zeroed */
void sl_row_memory_free(struct sl_row_memory *memory, void *piece, size_t size);

#endif
