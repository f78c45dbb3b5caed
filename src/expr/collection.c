/* Items of collections: see collection.h. */
#include "expr/collection.h"

#include "base/hash.h"
#include "data/column_build.h"

#include <stdlib.h>

void
sl_collection_init(struct collection *collection, struct sl_call *call, size_t source_count_max)
{
    *collection = (struct collection){.call = call};
    collection->sources = sl_alloc(source_count_max * sizeof(*collection->sources));
    collection->bases = sl_alloc((source_count_max + 1) * sizeof(*collection->bases));
    collection->bases[0] = 0;
}

uint32_t
sl_collection_add_source(struct collection *collection, struct sl_column *items)
{
    size_t index = collection->source_count++;

    collection->sources[index] = items;
    collection->bases[index + 1] = collection->bases[index] + items->row_count;
    return collection->bases[index];
}

void
sl_collection_pick_slow(struct collection *collection, uint32_t item)
{
    collection->pick_capacity = SL_MAX(2 * collection->pick_capacity, (size_t)256);
    collection->picks =
        sl_realloc(collection->picks, collection->pick_capacity * sizeof(*collection->picks));
    collection->picks[collection->pick_count++] = item;
}

/* All sources as one column. */
static struct sl_column *
collection_join(struct collection *collection, const struct sl_type *type)
{
    size_t count = collection->source_count;
    struct sl_column_segment *segments = sl_alloc(count * sizeof(*segments));
    uint32_t largest = 0, *rows;
    struct sl_column *joined;

    for (size_t i = 0; i < count; i++)
        largest = SL_MAX(largest, collection->sources[i]->row_count);
    rows = sl_alloc(((size_t)largest + 1) * sizeof(*rows));
    for (uint32_t row = 0; row < largest; row++)
        rows[row] = row;
    for (size_t i = 0; i < count; i++)
        segments[i] = (struct sl_column_segment){collection->sources[i], rows,
                                                 collection->sources[i]->row_count, true};
    joined = sl_column_build(collection->call->pool, type, segments, count, false);
    free(rows);
    free(segments);
    return joined;
}

struct sl_column *
sl_collection_end(struct collection *collection, const struct sl_type *type)
{
    struct sl_column *items, *joined;

    if (collection->source_count == 1) {
        struct sl_column_segment segment = {collection->sources[0], collection->picks,
                                            collection->pick_count, false};

        items = sl_column_build(collection->call->pool, type, &segment, 1, false);
    } else {
        joined = collection_join(collection, type);
        items = sl_column_gather(collection->call->pool, joined, collection->picks,
                                 collection->pick_count, false);
        sl_column_unref(joined);
    }
    free(collection->picks);
    free(collection->bases);
    free(collection->sources);
    return items;
}

bool
sl_collection_row_is_null(struct sl_call *call, size_t row)
{
    for (size_t i = 0; i < call->arg_count; i++) {
        if (sl_call_arg_is_null(call, i, row)) {
            sl_call_set_null(call, row);
            return true;
        }
    }
    return false;
}

static bool
collection_same_reals(double a, double b)
{
    return a == b || (a != a && b != b);
}

bool
sl_collection_equal(const struct sl_column *a, size_t a_row, const struct sl_column *b,
                    size_t b_row, struct sl_buffer *scratch)
{
    enum sl_type_kind kind = a->type->kind;
    struct sl_column *columns[2] = {(struct sl_column *)a, (struct sl_column *)b};
    size_t length;

    if (kind == SL_TYPE_DOUBLE && !sl_column_is_null(a, a_row) && !sl_column_is_null(b, b_row))
        return collection_same_reals(((const double *)a->values)[a_row],
                                     ((const double *)b->values)[b_row]);
    if (!sl_type_is_nested(kind) && kind != SL_TYPE_FLOAT && kind != SL_TYPE_NULL)
        return sl_column_values_equal(a, a_row, b, b_row);
    sl_buffer_reset(scratch);
    sl_key_encode(&columns[0], 1, a_row, scratch);
    length = scratch->length;
    sl_key_encode(&columns[1], 1, b_row, scratch);
    return scratch->length == 2 * length &&
           memcmp(scratch->data, scratch->data + length, length) == 0;
}

/* --- sets --- */

void
sl_collection_set_init(struct collection_set *set)
{
    *set = (struct collection_set){.slot_count = 0};
    sl_buffer_init(&set->bytes, SIZE_MAX / 2);
}

void
sl_collection_set_done(struct collection_set *set)
{
    sl_buffer_done(&set->bytes);
    free(set->entries);
    free(set->slots);
}

void
sl_collection_set_reset(struct collection_set *set)
{
    if (set->count)
        memset(set->slots, 0, set->slot_count * sizeof(*set->slots));
    set->count = 0;
    sl_buffer_reset(&set->bytes);
}

static void
collection_set_grow(struct collection_set *set)
{
    set->slot_count = SL_MAX(2 * set->slot_count, (size_t)64);
    free(set->slots);
    set->slots = sl_alloc_zeroed(set->slot_count * sizeof(*set->slots));
    for (size_t i = 0; i < set->count; i++) {
        size_t slot = set->entries[i].hash & (set->slot_count - 1);

        while (set->slots[slot])
            slot = (slot + 1) & (set->slot_count - 1);
        set->slots[slot] = (uint32_t)i + 1;
    }
}

/* The slot of the item whose key was appended to the bytes at `offset`, or where it would go. */
static size_t
collection_set_slot(const struct collection_set *set, size_t offset, uint64_t hash)
{
    size_t length = set->bytes.length - offset, slot = hash & (set->slot_count - 1);

    while (set->slots[slot]) {
        const struct collection_entry *entry = &set->entries[set->slots[slot] - 1];

        if (entry->hash == hash && entry->length == length &&
            memcmp(set->bytes.data + entry->offset, set->bytes.data + offset, length) == 0)
            break;
        slot = (slot + 1) & (set->slot_count - 1);
    }
    return slot;
}

uint32_t *
sl_collection_set_add(struct collection_set *set, const struct sl_column *items, size_t row,
                      uint32_t value, bool *ret_is_new)
{
    struct sl_column *column = (struct sl_column *)items;
    size_t offset = set->bytes.length, slot;
    uint64_t hash;

    if (2 * (set->count + 1) > set->slot_count)
        collection_set_grow(set);
    sl_key_encode(&column, 1, row, &set->bytes);
    hash = sl_hash_bytes(set->bytes.data + offset, set->bytes.length - offset);
    slot = collection_set_slot(set, offset, hash);
    *ret_is_new = set->slots[slot] == 0;
    if (!*ret_is_new) {
        set->bytes.length = offset;
        return &set->entries[set->slots[slot] - 1].value;
    }
    if (set->count == set->entry_capacity) {
        set->entry_capacity = SL_MAX(2 * set->entry_capacity, (size_t)32);
        set->entries = sl_realloc(set->entries, set->entry_capacity * sizeof(*set->entries));
    }
    set->entries[set->count] =
        (struct collection_entry){hash, offset, set->bytes.length - offset, value};
    set->slots[slot] = (uint32_t)++set->count;
    return &set->entries[set->count - 1].value;
}

bool
sl_collection_set_has(struct collection_set *set, const struct sl_column *items, size_t row)
{
    struct sl_column *column = (struct sl_column *)items;
    size_t offset = set->bytes.length;
    bool has;

    if (set->count == 0)
        return false;
    sl_key_encode(&column, 1, row, &set->bytes);
    has =
        set->slots[collection_set_slot(
            set, offset, sl_hash_bytes(set->bytes.data + offset, set->bytes.length - offset))] != 0;
    set->bytes.length = offset;
    return has;
}

/* --- results --- */

struct sl_column *
sl_call_wide(struct sl_call *call, const struct sl_vector *vector)
{
    uint32_t *rows;
    struct sl_column *wide;

    if (vector->mask)
        return sl_column_ref(vector->column);
    rows = sl_alloc_zeroed((call->row_count + 1) * sizeof(*rows));
    wide = sl_column_gather(call->pool, vector->column, rows, call->row_count, false);
    free(rows);
    return wide;
}

void
sl_call_take_items(struct sl_call *call, const struct sl_column *items, const uint32_t *rows,
                   const uint64_t *nulls)
{
    struct sl_value null = sl_value_null(call->expr->type);
    struct sl_column *taken;

    if (items->row_count == 0) {
        call->result = sl_value_column(call->pool, &null, SL_MAX(call->row_count, (size_t)1));
        return;
    }
    taken = sl_column_gather(call->pool, items, rows, call->row_count, false);
    call->result = sl_column_alias(call->pool, taken, call->expr->type);
    sl_column_unref(taken);
    SL_FOR_ROWS(call, row)
    {
        if (nulls[row / 64] >> (row % 64) & 1)
            sl_call_set_null(call, row);
    }
}
