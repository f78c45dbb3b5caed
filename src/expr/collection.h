/* Inside expr: arrays and maps that are put together out of items that are there already.
 *
 * Sources are columns of items; an item is named by its place in all of them, one behind the other.
 * A kernel picks items row by row; at the end they are gathered once. */
#ifndef SL_EXPR_COLLECTION_H
#define SL_EXPR_COLLECTION_H

#include "data/row.h"
#include "expr/kernels.h"

struct collection {
    struct sl_call *call;
    struct sl_column **sources;
    uint32_t *bases;
    size_t source_count;
    uint32_t *picks;
    size_t pick_count, pick_capacity;
};
/* For at most source_count_max sources. */
void sl_collection_init(struct collection *collection, struct sl_call *call,
                        size_t source_count_max);
/* Returns the place of its first item. */
uint32_t sl_collection_add_source(struct collection *collection, struct sl_column *items);
void sl_collection_pick_slow(struct collection *collection, uint32_t item);
static inline void
collection_pick(struct collection *collection, uint32_t item)
{
    if (SL_UNLIKELY(collection->pick_count == collection->pick_capacity))
        sl_collection_pick_slow(collection, item);
    else
        collection->picks[collection->pick_count++] = item;
}
/* The items that were picked, of this type; nothing is left of the collection. */
struct sl_column *sl_collection_end(struct collection *collection, const struct sl_type *type);

/* The span of a row of an array or map argument. */
static inline struct sl_span
collection_span(const struct sl_call *call, size_t arg, size_t row)
{
    return SL_ARG(call, arg, struct sl_span)[row & call->args[arg].mask];
}
/* Is an argument NULL?  Then the result is. */
bool sl_collection_row_is_null(struct sl_call *call, size_t row);
/* Are two items of one type the same?  NULL is NULL's like, NaN is NaN's, 0 is -0. */
bool sl_collection_equal(const struct sl_column *a, size_t a_row, const struct sl_column *b,
                         size_t b_row, struct sl_buffer *scratch);

/* Items that were seen, as keys. */
struct collection_set {
    struct sl_buffer bytes;
    struct collection_entry {
        uint64_t hash;
        size_t offset, length;
        uint32_t value;
    } *entries;
    uint32_t *slots; /* index of an entry + 1; 0: free */
    size_t count, entry_capacity, slot_count;
};
void sl_collection_set_init(struct collection_set *set);
void sl_collection_set_done(struct collection_set *set);
void sl_collection_set_reset(struct collection_set *set);
/* The value beside an item; a new item gets `value`.  *ret_is_new says which. */
uint32_t *sl_collection_set_add(struct collection_set *set, const struct sl_column *items,
                                size_t row, uint32_t value, bool *ret_is_new);
bool sl_collection_set_has(struct collection_set *set, const struct sl_column *items, size_t row);

/* Maps that are made, row by row; after `begin` the caller adds as many sources to keys as to
 * values.  Of a key that comes again in a row the value changes, its place stays. */
struct map_making {
    struct collection keys, values;
    struct collection_set seen;
    size_t first; /* of the row */
};
void sl_map_making_begin(struct map_making *making, struct sl_call *call, size_t source_count);
void sl_map_making_row(struct map_making *making);
void sl_map_making_put(struct map_making *making, size_t source, uint32_t key, uint32_t value);
void sl_map_making_set_span(const struct map_making *making, struct sl_call *call, size_t row);
void sl_map_making_end(struct map_making *making, struct sl_call *call);

/* A column of all physical rows, also of a constant; one reference. */
struct sl_column *sl_call_wide(struct sl_call *call, const struct sl_vector *vector);
/* The result of a call that takes items out of a collection: rows[row] of `items`, or NULL where
 * nulls has the row's bit. */
void sl_call_take_items(struct sl_call *call, const struct sl_column *items, const uint32_t *rows,
                        const uint64_t *nulls);

#endif
