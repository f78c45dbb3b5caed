/* Rows of a bounded input: see row_store.h. */
#include "executor/row_store.h"

#include "data/column_build.h"

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

/* Where the rows of a batch that is being made are. */
struct store_places {
    const struct sl_batch *batches[SL_BATCH_ROWS_MAX];
    uint32_t rows[SL_BATCH_ROWS_MAX];
    size_t count;
};

static bool
store_has_nulls(const struct store_places *places, size_t column)
{
    for (size_t i = 0; i < places->count; i++)
        if (places->batches[i]->columns[column]->validity)
            return true;
    return false;
}

#define STORE_COPY(c_type)                     \
    for (size_t i = 0; i < places->count; i++) \
    ((c_type *)made->values)[i] =              \
        ((const c_type *)places->batches[i]->columns[column]->values)[places->rows[i]]

/* Of a type without memory of its own. */
static struct sl_column *
store_gather_fixed(struct sl_pool *pool, const struct store_places *places, size_t column,
                   const struct sl_type *type)
{
    struct sl_column *made =
        sl_column_new(pool, type, places->count, store_has_nulls(places, column));

    switch (sl_type_width(type->kind)) {
    case 1:
        STORE_COPY(uint8_t);
        break;
    case 2:
        STORE_COPY(uint16_t);
        break;
    case 4:
        STORE_COPY(uint32_t);
        break;
    case 8:
        STORE_COPY(uint64_t);
        break;
    default:
        STORE_COPY(sl_int128);
        break;
    }
    for (size_t i = 0; i < places->count && made->validity; i++)
        if (sl_column_is_null(places->batches[i]->columns[column], places->rows[i]))
            sl_validity_set(made->validity, i, false);
    return made;
}

static struct sl_column *
store_gather_any(struct sl_pool *pool, const struct store_places *places, size_t column,
                 const struct sl_type *type)
{
    const struct sl_column *columns[SL_BATCH_ROWS_MAX];

    for (size_t i = 0; i < places->count; i++)
        columns[i] = places->batches[i]->columns[column];
    return sl_column_build_rows(pool, type, columns, places->rows, places->count);
}

struct sl_batch *
sl_row_store_gather(const struct sl_row_store *store, struct sl_pool *pool, const uint32_t *numbers,
                    size_t count)
{
    struct store_places places = {.count = count};
    struct sl_batch *made;

    SL_ASSERT(count > 0 && count <= SL_BATCH_ROWS_MAX);
    for (size_t i = 0; i < count; i++)
        places.batches[i] = sl_row_store_find(store, numbers[i], &places.rows[i]);
    made = sl_batch_new(pool, places.batches[0]->column_count, count);
    for (size_t i = 0; i < made->column_count; i++) {
        const struct sl_type *type = places.batches[0]->columns[i]->type;
        bool is_fixed = type->kind != SL_TYPE_NULL && !sl_type_is_view(type->kind) &&
                        !sl_type_is_nested(type->kind);

        sl_batch_set_column(made, i,
                            is_fixed ? store_gather_fixed(pool, &places, i, type)
                                     : store_gather_any(pool, &places, i, type));
    }
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
