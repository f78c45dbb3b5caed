/* Rows and keys as bytes: the packed row (what state, the memory connector and sorting keep), and
 * the memcomparable key (whose memcmp order is SQL order, NULL first). */
#ifndef SL_DATA_ROW_H
#define SL_DATA_ROW_H

#include "data/batch.h"

/* A packed row: null bitmap, fixed-width values, then the variable parts; self-contained, position
 * independent, for one list of types.  Layout version 1: docs/savepoints.md will hold it. */
struct sl_row_layout; /* for one list of types; immutable */
const struct sl_row_layout *sl_row_layout_new(struct sl_arena *arena,
                                              const struct sl_type *const *types, size_t count);
/* Bytes of a packed row without its variable parts; *ret_has_parts: it may have some. */
size_t sl_row_layout_size(const struct sl_row_layout *layout, bool *ret_has_parts);
/* Appends the packed form of one row of these columns. */
void sl_row_pack(const struct sl_row_layout *layout, struct sl_column *const *columns, size_t row,
                 struct sl_buffer *to);
/* Many rows back into columns; the bytes of each are checked (XX001 on damage). */
int sl_row_unpack(const struct sl_row_layout *layout, struct sl_pool *pool,
                  const struct sl_text *rows, size_t row_count, struct sl_column **ret_columns,
                  struct sl_error *err);

/* Hashes of rows' key columns, for exchanges, key groups and state tables: NULLs are equal, equal
 * values of one type hash equally on every machine.  hashes[i] is that of live row i. */
void sl_hash_rows(struct sl_column *const *columns, size_t column_count, const uint16_t *selection,
                  size_t row_count, uint64_t *hashes);

/* The key group of a hash: its high bits decide, for tables use the low ones. */
static inline uint32_t
sl_key_group_of(uint64_t hash, uint32_t max_parallelism)
{
    return (uint32_t)((hash >> 32) * max_parallelism >> 32);
}
/* The subtask that owns a key group; contiguous ranges. */
static inline uint32_t
sl_key_group_subtask(uint32_t key_group, uint32_t max_parallelism, uint32_t parallelism)
{
    return (uint32_t)((uint64_t)key_group * parallelism / max_parallelism);
}

/* The memcomparable key of one row; appended. */
void sl_key_encode(struct sl_column *const *columns, size_t column_count, size_t row,
                   struct sl_buffer *to);
/* One cell of it as a value whose texts are in the arena; returns where the next one begins. */
struct sl_value;
const char *sl_key_decode(struct sl_arena *arena, const struct sl_type *type, const char *from,
                          const char *end, struct sl_value *ret_value);
/* With an order: bit i of `descending` turns column i round, of `nulls_last` puts NULLs last. */
void sl_key_encode_order(struct sl_column *const *columns, size_t column_count, size_t row,
                         uint64_t descending, uint64_t nulls_last, struct sl_buffer *to);

#endif
