/* Frozen rows in the order of their encoded keys: least significant digit radix sort of the key
 * group and the first 14 bytes of the key, which skips the bytes that all rows share; what is equal
 * there is compared whole. */
#include "data/row.h"
#include "storage/table_internal.h"

#include <stdlib.h>

enum { SORTED_RADIX_MIN = 512, SORTED_PREFIX = 14 };

static struct sl_text
sorted_key(const struct state_sorted *item, size_t value_size)
{
    return (struct sl_text){item->row->value + value_size, item->row->key_size};
}

static int
sorted_compare(const void *a, const void *b, void *value_size)
{
    const struct state_sorted *x = a, *y = b;

    if (x->high != y->high)
        return x->high < y->high ? -1 : 1;
    if (x->low != y->low)
        return x->low < y->low ? -1 : 1;
    return sl_text_compare(sorted_key(x, *(size_t *)value_size),
                           sorted_key(y, *(size_t *)value_size));
}

static void
sorted_fill(const struct sl_frozen *frozen, struct state_sorted *items)
{
    for (size_t i = 0; i < frozen->rows.count; i++) {
        struct state_row *row = frozen->rows.items[i];
        unsigned char bytes[16] = {0};
        uint32_t group = sl_key_group_of(row->hash, frozen->max_parallelism);

        bytes[0] = (unsigned char)(group >> 8);
        bytes[1] = (unsigned char)group;
        memcpy(bytes + 2, row->value + frozen->value_size,
               SL_MIN(row->key_size, (uint32_t)SORTED_PREFIX));
        items[i].row = row;
        memcpy(&items[i].high, bytes, 8);
        memcpy(&items[i].low, bytes + 8, 8);
        items[i].high = __builtin_bswap64(items[i].high);
        items[i].low = __builtin_bswap64(items[i].low);
    }
}

/* One stable pass by the byte at `shift` of high or low. */
static void
sorted_pass(const struct state_sorted *from, struct state_sorted *to, size_t count, bool is_high,
            unsigned shift)
{
    size_t starts[257] = {0};

    for (size_t i = 0; i < count; i++)
        starts[((is_high ? from[i].high : from[i].low) >> shift & 255) + 1]++;
    for (size_t i = 0; i < 256; i++)
        starts[i + 1] += starts[i];
    for (size_t i = 0; i < count; i++)
        to[starts[(is_high ? from[i].high : from[i].low) >> shift & 255]++] = from[i];
}

/* Sorts by the prefix, through `spare`, which has as much room. */
static void
sorted_radix(struct state_sorted *items, struct state_sorted *spare, size_t count)
{
    uint64_t high = 0, low = 0; /* bits in which some differ */
    struct state_sorted *from = items, *to = spare;

    for (size_t i = 1; i < count; i++) {
        high |= items[i].high ^ items[0].high;
        low |= items[i].low ^ items[0].low;
    }
    for (unsigned digit = 0; digit < 16; digit++) {
        bool is_high = digit >= 8;
        unsigned shift = digit % 8 * 8;

        if (((is_high ? high : low) >> shift & 255) == 0)
            continue;
        sorted_pass(from, to, count, is_high, shift);
        to = from;
        from = from == items ? spare : items;
    }
    if (from != items)
        memcpy(items, from, count * sizeof(*items));
}

static void
sorted_run(struct state_sorted *items, struct state_sorted *spare, size_t count, size_t value_size)
{
    size_t from = 0;

    if (count < SORTED_RADIX_MIN) {
        qsort_r(items, count, sizeof(*items), sorted_compare, &value_size);
        return;
    }
    sorted_radix(items, spare, count);
    for (size_t i = 1; i <= count; i++) {
        if (i < count && items[i].high == items[from].high && items[i].low == items[from].low)
            continue;
        if (i - from > 1)
            qsort_r(items + from, i - from, sizeof(*items), sorted_compare, &value_size);
        from = i;
    }
}

struct state_sorted *
state_sort(const struct sl_frozen *frozen)
{
    size_t count = frozen->rows.count, from = 0;
    struct state_sorted *items = sl_alloc((count + 1) * sizeof(*items));
    struct state_sorted *spare = sl_alloc((count + 1) * sizeof(*spare));

    sorted_fill(frozen, items);
    /* Slices were frozen in the order of their times. */
    for (size_t i = 1; i <= count; i++) {
        if (i < count && items[i].row->slice == items[from].row->slice)
            continue;
        sorted_run(items + from, spare, i - from, frozen->value_size);
        from = i;
    }
    free(spare);
    return items;
}
