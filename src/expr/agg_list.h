/* Inside expr: the values of one group, as bytes that its state row owns.
 *
 * A blob is a header, slots one after another, free room, and the values' bytes, which grow from
 * its end downwards.  A value is a memcomparable key (in sorted lists; they compare keys) and a
 * packed row.  In lists by arrival the key is empty. */
#ifndef SL_EXPR_AGG_LIST_H
#define SL_EXPR_AGG_LIST_H

#include "data/row.h"
#include "expr/aggregate_class.h"

struct agg_list {
    uint32_t capacity; /* of the blob */
    uint32_t count;    /* of slots */
    uint32_t used;     /* bytes of values at the end, the dead ones too */
    uint32_t dead;
    int64_t total;      /* of the slots' counts */
    int64_t overflowed; /* a value found no room in 1 GiB: the list is no longer known */
};

struct agg_slot {
    uint32_t offset;             /* back from the end of the blob */
    uint32_t key_length, length; /* of the key, of key and row */
    uint32_t unused;
    int64_t count; /* how often the value is there */
};

/* The accumulator: all of it is the blob's view. */
struct agg_list_state {
    struct sl_view blob; /* empty: no list yet */
};

static inline const struct agg_list *
agg_list_of(const void *state)
{
    const struct agg_list_state *list = state;

    return list->blob.length ? (const struct agg_list *)(const void *)list->blob.pointer : NULL;
}
static inline const struct agg_slot *
agg_list_slots(const struct agg_list *list)
{
    return (const struct agg_slot *)(list + 1);
}
static inline size_t
agg_list_count(const void *state)
{
    const struct agg_list *list = agg_list_of(state);

    return list ? list->count : 0;
}
static inline struct sl_text
agg_list_key(const struct agg_list *list, const struct agg_slot *slot)
{
    return (struct sl_text){(const char *)list + list->capacity - slot->offset, slot->key_length};
}
static inline struct sl_text
agg_list_row(const struct agg_list *list, const struct agg_slot *slot)
{
    return (struct sl_text){(const char *)list + list->capacity - slot->offset + slot->key_length,
                            slot->length - slot->key_length};
}

/* `value` is key and row.  Sorted: counts an equal key up or down (a slot with none left goes; one
 * that is not there stays away), or puts the value in its place.  Appended: behind all others;
 * removed: the first equal row. */
void sl_agg_list_count_sorted(void *state, struct sl_aggregate_keeper *keeper, struct sl_text value,
                              size_t key_length, int64_t count);
void sl_agg_list_append(void *state, struct sl_aggregate_keeper *keeper, struct sl_text value);
void sl_agg_list_remove(void *state, struct sl_text value);

/* A class's `add` and `merge` for lists by arrival. */
void sl_agg_list_add(const struct sl_aggregate *aggregate, const struct aggregate_rows *rows);
void sl_agg_list_merge(const struct sl_aggregate *aggregate, void *to, const void *from,
                       struct sl_aggregate_keeper *keeper);
/* A class's merge for sorted lists. */
void sl_agg_list_merge_sorted(const struct sl_aggregate *aggregate, void *to, const void *from,
                              struct sl_aggregate_keeper *keeper);

/* Packed rows of all slots of these accumulators as columns, one after another; the caller unrefs
 * them.  Returns their number. */
size_t sl_agg_list_unpack(const struct sl_aggregate *aggregate, struct sl_pool *pool,
                          char *const *states, size_t state_offset, size_t row_count,
                          struct sl_column **ret_columns);
/* Of lists that were merged: what is no longer known of `from` is not of `to`. */
void sl_agg_list_take_overflow(void *to, const void *from);
/* Marks the accumulators that overflowed, if errors is not NULL. */
void sl_agg_list_mark_overflows(char *const *states, size_t state_offset, size_t row_count,
                                uint64_t *errors);

#endif
