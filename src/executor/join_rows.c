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

/* The row that is in the value goes into memory of `need` bytes. */
static struct sl_join_rows *
join_rows_move_out(struct sl_state_table *table, int64_t bucket, char *value, size_t need)
{
    struct sl_view *view = (struct sl_view *)(void *)value;
    struct sl_join_rows *old = sl_join_rows_of(value), *rows;

    *view = sl_table_grow_view(table, bucket, view, need);
    rows = (struct sl_join_rows *)(uintptr_t)view->pointer;
    memcpy(rows, old, sizeof(*rows) + old->count * sizeof(rows->slots[0]));
    rows->capacity = view->length;
    if (rows->used > 0)
        memcpy((char *)rows + rows->capacity - rows->used, (char *)old + old->capacity - old->used,
               rows->used);
    memset(old, 0, old->capacity);
    return rows;
}

/* Room for one more slot and `length` bytes; NULL: there is none. */
static struct sl_join_rows *
join_rows_make_room(struct sl_state_table *table, int64_t bucket, char *value, size_t value_size,
                    size_t length)
{
    struct sl_view *view = (struct sl_view *)(void *)value;
    struct sl_join_rows *old = sl_join_rows_of(value), *rows;
    size_t used = old ? old->used : 0, slots_size = old ? old->count * sizeof(old->slots[0]) : 0;
    size_t need = sizeof(*rows) + slots_size + sizeof(rows->slots[0]) + used + length;

    if (old && need <= old->capacity)
        return old;
    if (!old && need <= value_size - sizeof(*view)) {
        rows = (struct sl_join_rows *)(void *)(value + sizeof(*view));
        rows->capacity = (uint32_t)(value_size - sizeof(*view));
        return rows;
    }
    if (need > SL_JOIN_ROWS_BYTES_MAX)
        return NULL;
    if (old && view->length == 0)
        return join_rows_move_out(table, bucket, value, need);
    *view = sl_table_grow_view(table, bucket, view, need);
    rows = (struct sl_join_rows *)(uintptr_t)view->pointer;
    memmove((char *)rows + view->length - used, (char *)rows + rows->capacity - used, used);
    rows->capacity = view->length;
    return rows;
}

bool
sl_join_rows_add(struct sl_state_table *table, int64_t bucket, char *value, size_t value_size,
                 int64_t time_us, struct sl_text row, bool matched)
{
    struct sl_join_rows *rows = join_rows_make_room(table, bucket, value, value_size, row.length);
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
