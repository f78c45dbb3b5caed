/* The rows of one key in one bucket of time, as bytes that a row of a state table owns: a head,
 * slots in the order of their times, free room, and the packed rows, which grow from the end
 * downwards.
 *
 * The table's value is a view of them, empty at first, and behind it room for a head, and for one
 * small row: most keys of a sparse stream have no more in a bucket, and these need no second piece
 * of memory. */
#ifndef SL_EXECUTOR_JOIN_ROWS_H
#define SL_EXECUTOR_JOIN_ROWS_H

#include "storage/table.h"

#define SL_JOIN_ROWS_BYTES_MAX (UINT32_C(1) << 30) /* of one key and bucket */

struct sl_join_slot {
    int64_t time_us;
    uint32_t offset; /* of the packed row, back from the end */
    uint32_t length : 31;
    uint32_t matched : 1; /* it came out, or need not come out alone */
};

struct sl_join_rows {
    uint32_t capacity; /* of all bytes */
    uint32_t count;    /* of slots */
    uint32_t used;     /* bytes of packed rows */
    uint32_t open;     /* slots not matched */
    struct sl_join_slot slots[];
};

#define SL_JOIN_ROWS_INLINE_MAX 64 /* bytes of a packed row */

/* Bytes of a value that holds one row of `row_size` bytes; 0: none. */
static inline size_t
sl_join_rows_value_size(size_t row_size)
{
    size_t size = sizeof(struct sl_view) + sizeof(struct sl_join_rows);

    if (row_size > 0)
        size += sizeof(struct sl_join_slot) + row_size;
    return (size + 7) & ~(size_t)7;
}

/* Of a row's value; NULL: none yet. */
static inline struct sl_join_rows *
sl_join_rows_of(const char *value)
{
    const struct sl_view *view = (const struct sl_view *)(const void *)value;
    struct sl_join_rows *rows = (struct sl_join_rows *)(uintptr_t)view->pointer;

    if (view->length == 0)
        rows = (struct sl_join_rows *)(uintptr_t)(value + sizeof(*view));
    return rows->count ? rows : NULL;
}
static inline struct sl_text
sl_join_rows_text(const struct sl_join_rows *rows, const struct sl_join_slot *slot)
{
    return (struct sl_text){(const char *)rows + rows->capacity - slot->offset, slot->length};
}
static inline void
sl_join_rows_set_matched(struct sl_join_rows *rows, struct sl_join_slot *slot)
{
    rows->open -= !slot->matched;
    slot->matched = 1;
}

/* Adds a packed row behind those of the same time.  `value`, of `value_size` bytes, was upserted
 * for this time of the table.  False: there is no room for it. */
bool sl_join_rows_add(struct sl_state_table *table, int64_t bucket, char *value, size_t value_size,
                      int64_t time_us, struct sl_text row, bool matched);
/* The first slot whose time is not less; `count` of them all are. */
uint32_t sl_join_rows_find(const struct sl_join_rows *rows, int64_t time_us);

#endif
