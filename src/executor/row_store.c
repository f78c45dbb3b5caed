/* Rows of a bounded input: see row_store.h. */
#include "executor/row_store.h"

#include <stdlib.h>

void
sl_row_store_done(struct sl_row_store *store)
{
    for (size_t i = 0; i < store->batch_count; i++)
        sl_batch_unref(store->batches[i]);
    free(store->batches);
    free(store->starts);
    *store = (struct sl_row_store){0};
}

static void
row_store_append(struct sl_row_store *store, struct sl_batch *batch)
{
    if (store->batch_count == store->batch_capacity) {
        store->batch_capacity = store->batch_capacity ? store->batch_capacity * 2 : 16;
        store->batches =
            sl_realloc(store->batches, store->batch_capacity * sizeof(*store->batches));
        store->starts = sl_realloc(store->starts, store->batch_capacity * sizeof(*store->starts));
    }
    store->batches[store->batch_count] = batch;
    store->starts[store->batch_count++] = store->row_count;
    store->row_count += batch->row_count;
}

uint32_t
sl_row_store_add(struct sl_row_store *store, struct sl_pool *pool, const struct sl_batch *batch)
{
    uint32_t first = store->row_count;
    size_t live = sl_batch_live_count(batch);

    SL_ASSERT(live <= UINT32_MAX - store->row_count);
    if (live == 0)
        return first;
    row_store_append(store, sl_batch_compact(pool, batch, 0, live));
    return first;
}

const struct sl_batch *
sl_row_store_find(const struct sl_row_store *store, uint32_t number, uint32_t *ret_row)
{
    size_t low = 0, high = store->batch_count;

    SL_ASSERT(number < store->row_count);
    while (high - low > 1) {
        size_t middle = (low + high) / 2;

        if (store->starts[middle] <= number)
            low = middle;
        else
            high = middle;
    }
    *ret_row = number - store->starts[low];
    return store->batches[low];
}

/* Runs of rows of one batch become views of it, which concat then copies together. */
struct sl_batch *
sl_row_store_gather(const struct sl_row_store *store, struct sl_pool *pool, const uint32_t *numbers,
                    size_t count)
{
    struct sl_batch *parts[SL_BATCH_ROWS_MAX];
    size_t part_count = 0;
    struct sl_batch *made;

    SL_ASSERT(count > 0 && count <= SL_BATCH_ROWS_MAX);
    for (size_t from = 0; from < count;) {
        uint16_t selection[SL_BATCH_ROWS_MAX];
        uint32_t row;
        const struct sl_batch *batch = sl_row_store_find(store, numbers[from], &row);
        uint32_t start = numbers[from] - row;
        size_t length = 0;

        /* As long as rows ascend within the batch. */
        do {
            selection[length++] = (uint16_t)(numbers[from++] - start);
        } while (from < count && numbers[from] > numbers[from - 1] &&
                 numbers[from] - start < batch->row_count);
        parts[part_count++] = sl_batch_share(pool, batch, selection, length);
    }
    made = sl_batch_concat(pool, parts, part_count);
    for (size_t i = 0; i < part_count; i++)
        sl_batch_unref(parts[i]);
    return made;
}

void
sl_row_store_reorder(struct sl_row_store *store, struct sl_pool *pool,
                     const struct sl_row_store *from, const uint32_t *numbers)
{
    for (size_t at = 0; at < from->row_count; at += SL_BATCH_ROWS_MAX)
        row_store_append(
            store, sl_row_store_gather(from, pool, numbers + at,
                                       SL_MIN(from->row_count - at, (size_t)SL_BATCH_ROWS_MAX)));
}
