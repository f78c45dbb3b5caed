/* The right side of a SingleJoin: see single_join.h. */
#include "executor/single_join.h"

#include <stdlib.h>

void
sl_single_values_done(struct sl_single_values *values)
{
    for (size_t i = 0; i < values->count; i++)
        free(values->items[i].bytes);
    free(values->items);
    *values = (struct sl_single_values){0};
}

static struct sl_single_value *
single_find(struct sl_single_values *values, struct sl_text row)
{
    for (size_t i = 0; i < values->count; i++)
        if (sl_text_equal((struct sl_text){values->items[i].bytes, values->items[i].length}, row))
            return &values->items[i];
    return NULL;
}

static void
single_add(struct sl_single_values *values, struct sl_text row, int64_t count)
{
    struct sl_single_value *found = single_find(values, row);

    values->total += count;
    if (found) {
        found->count += count;
        return;
    }
    if (values->count == values->capacity) {
        values->capacity = SL_MAX((size_t)4, 2 * values->capacity);
        values->items = sl_realloc(values->items, values->capacity * sizeof(*values->items));
    }
    found = &values->items[values->count++];
    *found = (struct sl_single_value){sl_alloc(row.length + 1), row.length, count};
    memcpy(found->bytes, row.start, row.length);
}

void
sl_single_values_add(struct sl_single_values *values, struct sl_text row)
{
    single_add(values, row, 1);
}

bool
sl_single_values_remove(struct sl_single_values *values, struct sl_text row)
{
    struct sl_single_value *found = single_find(values, row);

    if (!found)
        return false;
    values->total--;
    if (--found->count > 0)
        return true;
    free(found->bytes);
    *found = values->items[--values->count];
    return true;
}

void
sl_single_values_write(const struct sl_single_values *values, struct sl_buffer *to)
{
    for (size_t i = 0; i < values->count; i++) {
        sl_buffer_add_u64(to, (uint64_t)values->items[i].count);
        sl_buffer_add_u64(to, values->items[i].length);
        sl_buffer_add(to, values->items[i].bytes, values->items[i].length);
    }
}

static uint64_t
single_read_u64(const char *bytes)
{
    uint64_t value = 0;

    for (size_t i = 0; i < sizeof(value); i++)
        value = value << 8 | (unsigned char)bytes[i];
    return value;
}

bool
sl_single_values_read(struct sl_single_values *values, struct sl_text bytes)
{
    while (bytes.length > 0) {
        uint64_t count, length;

        if (bytes.length < 16)
            return false;
        count = single_read_u64(bytes.start);
        length = single_read_u64(bytes.start + 8);
        if (length > bytes.length - 16)
            return false;
        single_add(values, (struct sl_text){bytes.start + 16, length}, (int64_t)count);
        bytes.start += 16 + length;
        bytes.length -= 16 + length;
    }
    return true;
}
