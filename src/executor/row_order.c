/* Sorting: memcomparable keys, of which the first bytes are compared as a number. */
#include "executor/row_order.h"

#include "data/row.h"

#include <stdlib.h>

struct order_entry {
    uint64_t prefix; /* of the key, as a big-endian number */
    const char *key; /* behind the prefix */
    uint32_t key_size;
    uint32_t partition_size; /* bytes of the whole key that are the partition's */
    uint32_t number;
};

struct order_columns {
    uint32_t columns[64];
    size_t count, partition_count;
    uint64_t descending, nulls_last;
};

static void
order_columns_init(struct order_columns *columns, const uint32_t *partition, size_t partition_count,
                   const struct sl_sort_key *keys, size_t key_count)
{
    *columns = (struct order_columns){.partition_count = partition_count};
    SL_ASSERT(partition_count + key_count <= SL_COUNT_OF(columns->columns));
    for (size_t i = 0; i < partition_count; i++)
        columns->columns[columns->count++] = partition[i];
    for (size_t i = 0; i < key_count; i++) {
        columns->descending |= (uint64_t)keys[i].descending << columns->count;
        columns->nulls_last |= (uint64_t)!keys[i].nulls_first << columns->count;
        columns->columns[columns->count++] = keys[i].column;
    }
}

/* Appends the keys of all rows; bounds[] gets where each begins, and where its partition ends. */
static void
order_encode(const struct sl_row_store *store, const struct order_columns *from,
             struct sl_buffer *keys, size_t (*bounds)[2])
{
    size_t number = 0;

    for (size_t b = 0; b < store->batch_count; b++) {
        const struct sl_batch *batch = store->batches[b];
        struct sl_column *columns[64];

        for (size_t i = 0; i < from->count; i++)
            columns[i] = batch->columns[from->columns[i]];
        for (size_t row = 0; row < batch->row_count; row++) {
            bounds[number][0] = keys->length;
            sl_key_encode_order(columns, from->partition_count, row, 0, 0, keys);
            bounds[number++][1] = keys->length;
            sl_key_encode_order(columns + from->partition_count,
                                from->count - from->partition_count, row,
                                from->descending >> from->partition_count,
                                from->nulls_last >> from->partition_count, keys);
        }
    }
    bounds[number][0] = keys->length;
}

static uint64_t
order_prefix(const char *key, size_t size)
{
    uint64_t prefix = 0;

    memcpy(&prefix, key, SL_MIN(size, sizeof(prefix)));
    return __builtin_bswap64(prefix);
}

/* Keys are such that none is the beginning of another, so that a short one's zeros do no harm. */
static int
order_compare(const void *a, const void *b)
{
    const struct order_entry *x = a, *y = b;
    int order;

    if (x->prefix != y->prefix)
        return x->prefix < y->prefix ? -1 : 1;
    order = memcmp(x->key, y->key, SL_MIN(x->key_size, y->key_size));
    if (order == 0)
        order = (x->key_size > y->key_size) - (x->key_size < y->key_size);
    return order ? order : (x->number > y->number) - (x->number < y->number);
}

static struct order_entry *
order_entries(const struct sl_buffer *keys, size_t (*bounds)[2], size_t row_count)
{
    struct order_entry *entries = sl_alloc((row_count + 1) * sizeof(*entries));

    for (size_t i = 0; i < row_count; i++) {
        const char *key = keys->data + bounds[i][0];
        size_t size = bounds[i + 1][0] - bounds[i][0], skipped = SL_MIN(size, sizeof(uint64_t));

        entries[i] =
            (struct order_entry){order_prefix(key, size), key + skipped, (uint32_t)(size - skipped),
                                 (uint32_t)(bounds[i][1] - bounds[i][0]), (uint32_t)i};
    }
    return entries;
}

/* Is everything the same up to `size` bytes of the whole key? */
static bool
order_same(const struct order_entry *a, const struct order_entry *b, size_t size)
{
    size_t rest = size - SL_MIN(size, sizeof(uint64_t));
    uint64_t mask = size >= sizeof(uint64_t) ? UINT64_MAX
                    : size == 0              ? 0
                                             : UINT64_MAX << (64 - 8 * size);

    return (a->prefix & mask) == (b->prefix & mask) && memcmp(a->key, b->key, rest) == 0;
}

static uint8_t
order_starts(const struct order_entry *before, const struct order_entry *entry)
{
    if (before->partition_size != entry->partition_size ||
        !order_same(before, entry, entry->partition_size))
        return SL_ROW_STARTS_PARTITION | SL_ROW_STARTS_PEERS;
    if (before->key_size != entry->key_size ||
        !order_same(before, entry, sizeof(uint64_t) + entry->key_size))
        return SL_ROW_STARTS_PEERS;
    return 0;
}

void
sl_row_order_make(struct sl_row_order *order, const struct sl_row_store *store,
                  const uint32_t *partition, size_t partition_count, const struct sl_sort_key *keys,
                  size_t key_count, bool with_starts)
{
    size_t row_count = store->row_count;
    size_t(*bounds)[2] = sl_alloc((row_count + 1) * sizeof(*bounds));
    struct order_columns columns;
    struct order_entry *entries;
    struct sl_buffer bytes;

    sl_buffer_init(&bytes, SIZE_MAX / 2);
    order_columns_init(&columns, partition, partition_count, keys, key_count);
    order_encode(store, &columns, &bytes, bounds);
    entries = order_entries(&bytes, bounds, row_count);
    free(bounds);
    qsort(entries, row_count, sizeof(*entries), order_compare);
    order->numbers = sl_alloc((row_count + 1) * sizeof(*order->numbers));
    order->starts = with_starts ? sl_alloc(row_count + 1) : NULL;
    for (size_t i = 0; i < row_count; i++) {
        order->numbers[i] = entries[i].number;
        if (with_starts)
            order->starts[i] = i ? order_starts(&entries[i - 1], &entries[i])
                                 : SL_ROW_STARTS_PARTITION | SL_ROW_STARTS_PEERS;
    }
    sl_buffer_done(&bytes);
    free(entries);
}

void
sl_row_order_done(struct sl_row_order *order)
{
    free(order->numbers);
    free(order->starts);
    *order = (struct sl_row_order){0};
}
