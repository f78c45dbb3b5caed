/* Functions that make arrays of arrays.  Items keep their order; NULL is an item as others are. */
#include "expr/collection.h"

#include <stdlib.h>

/* Attaches the items to the result. */
static void
array_end(struct collection *collection)
{
    struct sl_call *call = collection->call;

    call->result->children[0] = sl_collection_end(collection, call->expr->type->element);
}

static void
array_set_span(struct sl_call *call, size_t row, const struct collection *collection, size_t first)
{
    SL_RESULT(call, struct sl_span)
    [row] = (struct sl_span){(uint32_t)first, (uint32_t)(collection->pick_count - first)};
}

static void
array_pick_span(struct collection *collection, uint32_t base, struct sl_span span)
{
    for (uint32_t i = 0; i < span.length; i++)
        collection_pick(collection, base + span.start + i);
}

/* One item, NULL or not, behind the array or before it. */
static void
array_extend(struct sl_call *call, bool before)
{
    struct collection collection;
    uint32_t items, item;

    sl_collection_init(&collection, call, 2);
    items = sl_collection_add_source(&collection, call->args[0].column->children[0]);
    item = sl_collection_add_source(&collection, call->args[1].column);
    SL_FOR_ROWS(call, row)
    {
        size_t first = collection.pick_count;
        uint32_t one = item + (uint32_t)(row & call->args[1].mask);

        if (sl_call_arg_is_null(call, 0, row)) {
            sl_call_set_null(call, row);
            continue;
        }
        if (before)
            collection_pick(&collection, one);
        array_pick_span(&collection, items, collection_span(call, 0, row));
        if (!before)
            collection_pick(&collection, one);
        array_set_span(call, row, &collection, first);
    }
    array_end(&collection);
}

void
sl_kernel_array_append(struct sl_call *call)
{
    array_extend(call, false);
}

void
sl_kernel_array_prepend(struct sl_call *call)
{
    array_extend(call, true);
}

void
sl_kernel_array_concat(struct sl_call *call)
{
    struct collection collection;

    sl_collection_init(&collection, call, call->arg_count);
    for (size_t i = 0; i < call->arg_count; i++)
        sl_collection_add_source(&collection, call->args[i].column->children[0]);
    SL_FOR_ROWS(call, row)
    {
        size_t first = collection.pick_count;

        if (sl_collection_row_is_null(call, row))
            continue;
        for (size_t i = 0; i < call->arg_count; i++)
            array_pick_span(&collection, collection.bases[i], collection_span(call, i, row));
        array_set_span(call, row, &collection, first);
    }
    array_end(&collection);
}

void
sl_kernel_array_reverse(struct sl_call *call)
{
    struct collection collection;

    sl_collection_init(&collection, call, 1);
    sl_collection_add_source(&collection, call->args[0].column->children[0]);
    SL_FOR_ROWS(call, row)
    {
        size_t first = collection.pick_count;
        struct sl_span span;

        if (sl_collection_row_is_null(call, row))
            continue;
        span = collection_span(call, 0, row);
        for (uint32_t i = span.length; i-- > 0;)
            collection_pick(&collection, span.start + i);
        array_set_span(call, row, &collection, first);
    }
    array_end(&collection);
}

/* Places count from 1, negative ones from the end; 0 is the first. */
static struct sl_span
array_slice(struct sl_span span, int64_t from, int64_t to)
{
    int64_t length = span.length;

    from += from < 0 ? length + 1 : 0;
    to += to < 0 ? length + 1 : 0;
    from = SL_MAX(from, (int64_t)1);
    to = to == 0 ? 1 : SL_MIN(to, length);
    if (length == 0 || to < from)
        return (struct sl_span){span.start, 0};
    return (struct sl_span){span.start + (uint32_t)from - 1, (uint32_t)(to - from + 1)};
}

void
sl_kernel_array_slice(struct sl_call *call)
{
    struct collection collection;

    sl_collection_init(&collection, call, 1);
    sl_collection_add_source(&collection, call->args[0].column->children[0]);
    SL_FOR_ROWS(call, row)
    {
        size_t first = collection.pick_count;
        int64_t from, to = INT32_MAX;

        if (sl_collection_row_is_null(call, row))
            continue;
        from = SL_ARG(call, 1, int32_t)[row & call->args[1].mask];
        if (call->arg_count == 3)
            to = SL_ARG(call, 2, int32_t)[row & call->args[2].mask];
        array_pick_span(&collection, 0, array_slice(collection_span(call, 0, row), from, to));
        array_set_span(call, row, &collection, first);
    }
    array_end(&collection);
}

void
sl_kernel_array_flatten(struct sl_call *call)
{
    const struct sl_column *inner = call->args[0].column->children[0];
    const struct sl_span *spans = inner->values;
    struct collection collection;

    sl_collection_init(&collection, call, 1);
    sl_collection_add_source(&collection, inner->children[0]);
    SL_FOR_ROWS(call, row)
    {
        size_t first = collection.pick_count;
        struct sl_span span;

        if (sl_collection_row_is_null(call, row))
            continue;
        span = collection_span(call, 0, row);
        for (uint32_t i = span.start; i < span.start + span.length; i++) {
            if (!sl_column_is_null(inner, i))
                array_pick_span(&collection, 0, spans[i]);
        }
        array_set_span(call, row, &collection, first);
    }
    array_end(&collection);
}

void
sl_kernel_array_remove(struct sl_call *call)
{
    struct sl_column *items = call->args[0].column->children[0];
    struct collection collection;
    struct sl_buffer scratch;

    sl_collection_init(&collection, call, 1);
    sl_collection_add_source(&collection, items);
    sl_buffer_init(&scratch, SIZE_MAX / 2);
    SL_FOR_ROWS(call, row)
    {
        size_t first = collection.pick_count, needle = row & call->args[1].mask;
        struct sl_span span;

        if (sl_call_arg_is_null(call, 0, row)) {
            sl_call_set_null(call, row);
            continue;
        }
        span = collection_span(call, 0, row);
        for (uint32_t i = span.start; i < span.start + span.length; i++) {
            if (!sl_collection_equal(items, i, call->args[1].column, needle, &scratch))
                collection_pick(&collection, i);
        }
        array_set_span(call, row, &collection, first);
    }
    sl_buffer_done(&scratch);
    array_end(&collection);
}

/* --- as sets --- */

enum array_set_kind { ARRAY_DISTINCT, ARRAY_UNION, ARRAY_EXCEPT, ARRAY_INTERSECT };

/* The items of a span that are new to `seen`, and, with `other`, in it or not. */
static void
array_pick_new(struct collection *collection, uint32_t base, const struct sl_column *items,
               struct sl_span span, struct collection_set *seen, struct collection_set *other,
               bool wanted)
{
    bool is_new;

    for (uint32_t i = span.start; i < span.start + span.length; i++) {
        if (other && sl_collection_set_has(other, items, i) != wanted)
            continue;
        sl_collection_set_add(seen, items, i, 0, &is_new);
        if (is_new)
            collection_pick(collection, base + i);
    }
}

static void
array_set_row(struct collection *collection, size_t row, enum array_set_kind kind,
              struct collection_set *seen, struct collection_set *other)
{
    struct sl_call *call = collection->call;
    const struct sl_column *items = collection->sources[0];
    bool looks = kind == ARRAY_EXCEPT || kind == ARRAY_INTERSECT, is_new;

    sl_collection_set_reset(seen);
    if (looks) {
        struct sl_span span = collection_span(call, 1, row);

        sl_collection_set_reset(other);
        for (uint32_t i = span.start; i < span.start + span.length; i++)
            sl_collection_set_add(other, collection->sources[1], i, 0, &is_new);
    }
    array_pick_new(collection, 0, items, collection_span(call, 0, row), seen, looks ? other : NULL,
                   kind == ARRAY_INTERSECT);
    if (kind == ARRAY_UNION)
        array_pick_new(collection, collection->bases[1], collection->sources[1],
                       collection_span(call, 1, row), seen, NULL, false);
}

static void
array_as_set(struct sl_call *call, enum array_set_kind kind)
{
    struct collection collection;
    struct collection_set seen, other;

    sl_collection_init(&collection, call, 2);
    for (size_t i = 0; i < call->arg_count; i++)
        sl_collection_add_source(&collection, call->args[i].column->children[0]);
    sl_collection_set_init(&seen);
    sl_collection_set_init(&other);
    SL_FOR_ROWS(call, row)
    {
        size_t first = collection.pick_count;

        if (sl_collection_row_is_null(call, row))
            continue;
        array_set_row(&collection, row, kind, &seen, &other);
        array_set_span(call, row, &collection, first);
    }
    sl_collection_set_done(&seen);
    sl_collection_set_done(&other);
    array_end(&collection);
}

void
sl_kernel_array_distinct(struct sl_call *call)
{
    array_as_set(call, ARRAY_DISTINCT);
}

void
sl_kernel_array_union(struct sl_call *call)
{
    array_as_set(call, ARRAY_UNION);
}

void
sl_kernel_array_except(struct sl_call *call)
{
    array_as_set(call, ARRAY_EXCEPT);
}

void
sl_kernel_array_intersect(struct sl_call *call)
{
    array_as_set(call, ARRAY_INTERSECT);
}

/* --- sorting --- */

struct array_sort_item {
    struct sl_text key;
    uint32_t item;
};

static int
array_compare_items(const void *a, const void *b)
{
    const struct array_sort_item *left = a, *right = b;
    int order = sl_text_compare(left->key, right->key);

    return order ? order : (left->item > right->item) - (left->item < right->item);
}

static void
array_sort_span(struct collection *collection, struct sl_span span, bool descending,
                bool nulls_last)
{
    struct sl_column *items = collection->sources[0];
    struct array_sort_item *order = sl_alloc((span.length + 1) * sizeof(*order));
    struct sl_buffer keys;
    size_t begin = 0;

    sl_buffer_init(&keys, SIZE_MAX / 2);
    for (uint32_t i = 0; i < span.length; i++) {
        sl_key_encode_order(&items, 1, span.start + i, descending, nulls_last, &keys);
        order[i].key.length = keys.length - begin;
        order[i].item = span.start + i;
        begin = keys.length;
    }
    begin = 0;
    for (uint32_t i = 0; i < span.length; i++) {
        order[i].key.start = keys.data + begin;
        begin += order[i].key.length;
    }
    qsort(order, span.length, sizeof(*order), array_compare_items);
    for (uint32_t i = 0; i < span.length; i++)
        collection_pick(collection, order[i].item);
    sl_buffer_done(&keys);
    free(order);
}

/* NULLs go first where the order ascends, unless said otherwise. */
void
sl_kernel_array_sort(struct sl_call *call)
{
    struct collection collection;

    sl_collection_init(&collection, call, 1);
    sl_collection_add_source(&collection, call->args[0].column->children[0]);
    SL_FOR_ROWS(call, row)
    {
        size_t first = collection.pick_count;
        bool ascending = true, nulls_first;

        if (sl_collection_row_is_null(call, row))
            continue;
        if (call->arg_count > 1)
            ascending = SL_ARG(call, 1, uint8_t)[row & call->args[1].mask];
        nulls_first = ascending;
        if (call->arg_count > 2)
            nulls_first = SL_ARG(call, 2, uint8_t)[row & call->args[2].mask];
        array_sort_span(&collection, collection_span(call, 0, row), !ascending, !nulls_first);
        array_set_span(call, row, &collection, first);
    }
    array_end(&collection);
}
