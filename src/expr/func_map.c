/* Functions of maps.  Keys and values are shared where they stay as they are. */
#include "expr/collection.h"

#include <stdlib.h>

/* An array over the children of a map: the same spans, other items. */
static void
map_as_array(struct sl_call *call, struct sl_column *map, struct sl_column *items)
{
    call->result = sl_column_new(call->pool, call->expr->type, call->row_count, false);
    memcpy(call->result->values, map->values, call->row_count * sizeof(struct sl_span));
    if (map->validity)
        memcpy(sl_column_add_validity(call->result, call->pool), map->validity,
               SL_VALIDITY_WORDS(call->row_count) * sizeof(uint64_t));
    call->result->children[0] = items;
    sl_column_unref(map);
}

void
sl_kernel_map_keys(struct sl_call *call)
{
    struct sl_column *map = sl_call_wide(call, &call->args[0]);

    map_as_array(call, map, sl_column_ref(map->children[0]));
}

void
sl_kernel_map_values(struct sl_call *call)
{
    struct sl_column *map = sl_call_wide(call, &call->args[0]);

    map_as_array(call, map, sl_column_ref(map->children[1]));
}

void
sl_kernel_map_entries(struct sl_call *call)
{
    struct sl_column *map = sl_call_wide(call, &call->args[0]);
    struct sl_column *entries =
        sl_column_new(call->pool, call->expr->type->element, map->children[0]->row_count, false);

    entries->children[0] = sl_column_ref(map->children[0]);
    entries->children[1] = sl_column_ref(map->children[1]);
    map_as_array(call, map, entries);
}

/* --- maps that are made --- */

void
sl_map_making_begin(struct map_making *making, struct sl_call *call, size_t source_count)
{
    sl_collection_init(&making->keys, call, source_count);
    sl_collection_init(&making->values, call, source_count);
    sl_collection_set_init(&making->seen);
}

void
sl_map_making_row(struct map_making *making)
{
    making->first = making->keys.pick_count;
    sl_collection_set_reset(&making->seen);
}

void
sl_map_making_set_span(const struct map_making *making, struct sl_call *call, size_t row)
{
    SL_RESULT(call, struct sl_span)
    [row] = (struct sl_span){(uint32_t)making->first,
                             (uint32_t)(making->keys.pick_count - making->first)};
}

void
sl_map_making_put(struct map_making *making, size_t source, uint32_t key, uint32_t value)
{
    uint32_t place = (uint32_t)making->keys.pick_count;
    bool is_new;

    place =
        *sl_collection_set_add(&making->seen, making->keys.sources[source], key, place, &is_new);
    if (is_new) {
        collection_pick(&making->keys, making->keys.bases[source] + key);
        collection_pick(&making->values, making->values.bases[source] + value);
    } else {
        making->values.picks[place] = making->values.bases[source] + value;
    }
}

void
sl_map_making_end(struct map_making *making, struct sl_call *call)
{
    call->result->children[0] = sl_collection_end(&making->keys, call->expr->type->key);
    call->result->children[1] = sl_collection_end(&making->values, call->expr->type->element);
    sl_collection_set_done(&making->seen);
}

void
sl_kernel_map_from_arrays(struct sl_call *call)
{
    struct map_making making;

    sl_map_making_begin(&making, call, 1);
    sl_collection_add_source(&making.keys, call->args[0].column->children[0]);
    sl_collection_add_source(&making.values, call->args[1].column->children[0]);
    SL_FOR_ROWS(call, row)
    {
        struct sl_span keys, values;

        if (sl_collection_row_is_null(call, row))
            continue;
        keys = collection_span(call, 0, row);
        values = collection_span(call, 1, row);
        if (keys.length != values.length) {
            sl_call_fail(call, row, SL_E_INVALID_PARAMETER_VALUE,
                         "MAP_FROM_ARRAYS: there are %u keys and %u values", keys.length,
                         values.length);
            continue;
        }
        sl_map_making_row(&making);
        for (uint32_t i = 0; i < keys.length; i++)
            sl_map_making_put(&making, 0, keys.start + i, values.start + i);
        sl_map_making_set_span(&making, call, row);
    }
    sl_map_making_end(&making, call);
}

void
sl_kernel_map_union(struct sl_call *call)
{
    struct map_making making;

    sl_map_making_begin(&making, call, call->arg_count);
    for (size_t i = 0; i < call->arg_count; i++) {
        sl_collection_add_source(&making.keys, call->args[i].column->children[0]);
        sl_collection_add_source(&making.values, call->args[i].column->children[1]);
    }
    SL_FOR_ROWS(call, row)
    {
        if (sl_collection_row_is_null(call, row))
            continue;
        sl_map_making_row(&making);
        for (size_t arg = 0; arg < call->arg_count; arg++) {
            struct sl_span span = collection_span(call, arg, row);

            for (uint32_t i = span.start; i < span.start + span.length; i++)
                sl_map_making_put(&making, arg, i, i);
        }
        sl_map_making_set_span(&making, call, row);
    }
    sl_map_making_end(&making, call);
}
