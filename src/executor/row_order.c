/* Sorting by memcomparable keys: quicksort with three parts over eight bytes of the key at a time,
 * as numbers (Bentley and Sedgewick, "Fast algorithms for sorting and searching strings", 1997). */
#include "executor/row_order.h"

#include "data/row.h"

#include <stdlib.h>

enum { ORDER_STEP = sizeof(uint64_t), ORDER_FEW = 12 };

struct order_entry {
    uint64_t bytes;   /* of the key, those that are looked at, as a big-endian number */
    const char *rest; /* behind them */
    uint32_t rest_size;
    uint32_t number;
};

/* By number: where the row's key begins, and where its partition's part of it ends. */
struct order_bounds {
    size_t begin, partition_end;
};

/* --- keys --- */

struct order_column {
    uint32_t column;
    bool descending, nulls_last;
};

static struct order_column *
order_columns(const uint32_t *partition, size_t partition_count, const struct sl_sort_key *keys,
              size_t key_count)
{
    struct order_column *columns = sl_alloc((partition_count + key_count + 1) * sizeof(*columns));

    for (size_t i = 0; i < partition_count; i++)
        columns[i] = (struct order_column){.column = partition[i]};
    for (size_t i = 0; i < key_count; i++)
        columns[partition_count + i] =
            (struct order_column){keys[i].column, keys[i].descending, !keys[i].nulls_first};
    return columns;
}

/* Appends the keys of all rows. */
static struct order_bounds *
order_encode(const struct sl_row_store *store, const struct order_column *columns,
             size_t partition_count, size_t count, struct sl_buffer *keys)
{
    struct order_bounds *bounds = sl_alloc(((size_t)store->row_count + 1) * sizeof(*bounds));
    size_t number = 0;

    for (size_t b = 0; b < store->batch_count; b++) {
        const struct sl_batch *batch = store->batches[b];

        for (size_t row = 0; row < batch->row_count; row++) {
            bounds[number].begin = keys->length;
            for (size_t i = 0; i < count; i++) {
                if (i == partition_count)
                    bounds[number].partition_end = keys->length;
                sl_key_encode_order(&batch->columns[columns[i].column], 1, row,
                                    columns[i].descending, columns[i].nulls_last, keys);
            }
            if (count == partition_count)
                bounds[number].partition_end = keys->length;
            number++;
        }
    }
    bounds[number].begin = keys->length;
    return bounds;
}

/* --- sorting --- */

/* The next bytes; behind a key's end stand zeros, which do no harm: no key begins another. */
static void
order_step(struct order_entry *entry)
{
    uint32_t step = SL_MIN(entry->rest_size, (uint32_t)ORDER_STEP);
    uint64_t bytes = 0;

    memcpy(&bytes, entry->rest, step);
    entry->bytes = __builtin_bswap64(bytes);
    entry->rest += step;
    entry->rest_size -= step;
}

static int
order_compare(const struct order_entry *a, const struct order_entry *b)
{
    int order;

    if (a->bytes != b->bytes)
        return a->bytes < b->bytes ? -1 : 1;
    order = memcmp(a->rest, b->rest, SL_MIN(a->rest_size, b->rest_size));
    return order ? order : (a->number > b->number) - (a->number < b->number);
}

static int
order_compare_numbers(const void *a, const void *b)
{
    const struct order_entry *x = a, *y = b;

    return (x->number > y->number) - (x->number < y->number);
}

static void
order_sort_few(struct order_entry *entries, size_t count)
{
    for (size_t i = 1; i < count; i++) {
        struct order_entry entry = entries[i];
        size_t at = i;

        for (; at > 0 && order_compare(&entry, &entries[at - 1]) < 0; at--)
            entries[at] = entries[at - 1];
        entries[at] = entry;
    }
}

static uint64_t
order_median(uint64_t a, uint64_t b, uint64_t c)
{
    return a < b ? (b < c ? b : SL_MAX(a, c)) : (a < c ? a : SL_MAX(b, c));
}

static uint64_t
order_pivot(const struct order_entry *entries, size_t count)
{
    size_t step = count / 8;

    if (count < 64)
        return order_median(entries[0].bytes, entries[count / 2].bytes, entries[count - 1].bytes);
    return order_median(
        order_median(entries[0].bytes, entries[step].bytes, entries[2 * step].bytes),
        order_median(entries[3 * step].bytes, entries[4 * step].bytes, entries[5 * step].bytes),
        order_median(entries[6 * step].bytes, entries[7 * step].bytes, entries[count - 1].bytes));
}

/* Entries less than the pivot, [*ret_less, *ret_greater) those equal to it, then greater ones. */
static void
order_partition(struct order_entry *entries, size_t count, size_t *ret_less, size_t *ret_greater)
{
    uint64_t pivot = order_pivot(entries, count);
    size_t less = 0, greater = count;

    for (size_t i = 0; i < greater;) {
        struct order_entry entry = entries[i];

        if (entry.bytes < pivot) {
            entries[i++] = entries[less];
            entries[less++] = entry;
        } else if (entry.bytes > pivot) {
            entries[i] = entries[--greater];
            entries[greater] = entry;
        } else {
            i++;
        }
    }
    *ret_less = less;
    *ret_greater = greater;
}

/* Of entries whose bytes are equal: by those behind them. */
static bool
order_step_all(struct order_entry *entries, size_t count)
{
    if (entries[0].rest_size == 0) { /* equal keys: as they came */
        qsort(entries, count, sizeof(*entries), order_compare_numbers);
        return false;
    }
    for (size_t i = 0; i < count; i++)
        order_step(&entries[i]);
    return true;
}

/* The largest of the three parts is gone on with, so that the stack stays low. */
static void
order_sort(struct order_entry *entries, size_t count)
{
    while (count > ORDER_FEW) {
        size_t less, greater, equal;
        bool is_open;

        order_partition(entries, count, &less, &greater);
        equal = greater - less;
        is_open = order_step_all(entries + less, equal);
        if (is_open && equal >= less && equal >= count - greater) {
            order_sort(entries, less);
            order_sort(entries + greater, count - greater);
            entries += less;
            count = equal;
            continue;
        }
        if (is_open)
            order_sort(entries + less, equal);
        if (less >= count - greater) {
            order_sort(entries + greater, count - greater);
            count = less;
        } else {
            order_sort(entries, less);
            entries += greater;
            count -= greater;
        }
    }
    order_sort_few(entries, count);
}

static struct order_entry *
order_entries(const char *keys, const struct order_bounds *bounds, size_t row_count)
{
    struct order_entry *entries = sl_alloc((row_count + 1) * sizeof(*entries));

    for (size_t i = 0; i < row_count; i++) {
        entries[i] =
            (struct order_entry){.rest = keys + bounds[i].begin,
                                 .rest_size = (uint32_t)(bounds[i + 1].begin - bounds[i].begin),
                                 .number = (uint32_t)i};
        order_step(&entries[i]);
    }
    return entries;
}

/* --- what starts where --- */

static bool
order_same(const char *keys, size_t a, size_t a_end, size_t b, size_t b_end)
{
    return a_end - a == b_end - b && memcmp(keys + a, keys + b, a_end - a) == 0;
}

static uint8_t
order_starts(const char *keys, const struct order_bounds *bounds, uint32_t before, uint32_t number)
{
    const struct order_bounds *a = &bounds[before], *b = &bounds[number];

    if (!order_same(keys, a->begin, a->partition_end, b->begin, b->partition_end))
        return SL_ROW_STARTS_PARTITION | SL_ROW_STARTS_PEERS;
    if (!order_same(keys, a->partition_end, a[1].begin, b->partition_end, b[1].begin))
        return SL_ROW_STARTS_PEERS;
    return 0;
}

void
sl_row_order_make(struct sl_row_order *order, const struct sl_row_store *store,
                  const uint32_t *partition, size_t partition_count, const struct sl_sort_key *keys,
                  size_t key_count, bool with_starts)
{
    size_t row_count = store->row_count;
    struct order_column *columns = order_columns(partition, partition_count, keys, key_count);
    struct order_bounds *bounds;
    struct order_entry *entries;
    struct sl_buffer bytes;

    sl_buffer_init(&bytes, SIZE_MAX / 2);
    bounds = order_encode(store, columns, partition_count, partition_count + key_count, &bytes);
    entries = order_entries(bytes.data, bounds, row_count);
    order_sort(entries, row_count);
    order->numbers = sl_alloc((row_count + 1) * sizeof(*order->numbers));
    order->starts = with_starts ? sl_alloc(row_count + 1) : NULL;
    for (size_t i = 0; i < row_count; i++) {
        order->numbers[i] = entries[i].number;
        if (with_starts)
            order->starts[i] =
                i ? order_starts(bytes.data, bounds, entries[i - 1].number, entries[i].number)
                  : SL_ROW_STARTS_PARTITION | SL_ROW_STARTS_PEERS;
    }
    sl_buffer_done(&bytes);
    free(bounds);
    free(entries);
    free(columns);
}

void
sl_row_order_done(struct sl_row_order *order)
{
    free(order->numbers);
    free(order->starts);
    *order = (struct sl_row_order){0};
}
