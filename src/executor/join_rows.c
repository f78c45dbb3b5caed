/* Rows of a key by time: see join_rows.h. */
#include "executor/join_rows.h"

uint32_t
sl_join_rows_find(const struct sl_join_rows *rows, int64_t time_us)
{
    uint32_t low = 0, high = rows->count;

    while (low < high) {
        uint32_t middle = low + (high - low) / 2;

        if (rows->slots[middle].time_us < time_us)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* Room for one more slot and `length` bytes; NULL: there is none. */
static struct sl_join_rows *
join_rows_make_room(struct sl_state_table *table, int64_t bucket, char *value, size_t length)
{
    struct sl_view *view = (struct sl_view *)(void *)value;
    struct sl_join_rows *rows = sl_join_rows_of(value);
    size_t old = rows ? rows->capacity : 0, used = rows ? rows->used : 0;
    size_t need = sizeof(*rows) + sizeof(struct sl_join_slot) + used + length +
                  (rows ? rows->count * sizeof(struct sl_join_slot) : 0);

    if (need <= old)
        return rows;
    if (need > SL_JOIN_ROWS_BYTES_MAX)
        return NULL;
    *view = sl_table_grow_view(table, bucket, view, need);
    rows = sl_join_rows_of(value);
    rows->capacity = view->length;
    memmove((char *)rows + rows->capacity - used, (char *)rows + old - used, used);
    return rows;
}

bool
sl_join_rows_add(struct sl_state_table *table, int64_t bucket, char *value, int64_t time_us,
                 struct sl_text row, bool matched)
{
    struct sl_join_rows *rows = join_rows_make_room(table, bucket, value, row.length);
    uint32_t at;

    if (!rows)
        return false;
    at = rows->count;
    if (at > 0 && rows->slots[at - 1].time_us > time_us) {
        at = sl_join_rows_find(rows, time_us + 1);
        memmove(&rows->slots[at + 1], &rows->slots[at],
                (rows->count - at) * sizeof(struct sl_join_slot));
    }
    rows->used += (uint32_t)row.length;
    rows->count++;
    rows->open += !matched;
    rows->slots[at] = (struct sl_join_slot){.time_us = time_us,
                                            .offset = rows->used,
                                            .length = row.length & INT32_MAX,
                                            .matched = matched};
    if (row.length)
        memcpy((char *)rows + rows->capacity - rows->used, row.start, row.length);
    return true;
}
