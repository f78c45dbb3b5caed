/* Constructors of rows, arrays and maps, and access to their parts.  Parts are shared where they
 * can be: a field is a new header over the row's child column. */
#include "data/column_build.h"
#include "expr/collection.h"

#include <stdlib.h>

void
sl_kernel_row(struct sl_call *call)
{
    call->result = sl_column_new(call->pool, call->expr->type, call->row_count, false);
    for (size_t i = 0; i < call->arg_count; i++)
        call->result->children[i] = sl_call_wide(call, &call->args[i]);
}

/* Items of arguments first, first + step, … of the wanted rows, one row after another. */
static struct sl_column *
nested_items(struct sl_call *call, const struct sl_type *type, size_t first, size_t step)
{
    size_t per_row = call->arg_count > first ? (call->arg_count - first + step - 1) / step : 0;
    struct sl_column_segment *segments = sl_alloc((per_row + 1) * sizeof(*segments));
    uint32_t *rows = sl_alloc((call->count * per_row + 1) * sizeof(*rows));
    uint32_t *order = sl_alloc((call->count * per_row + 1) * sizeof(*order));
    struct sl_column *all, *items;

    /* First argument by argument, then gathered into the rows' order. */
    for (size_t k = 0; k < per_row; k++) {
        const struct sl_vector *vector = &call->args[first + k * step];
        size_t at = 0;

        SL_FOR_ROWS(call, row)
        {
            rows[k * call->count + at] = (uint32_t)(row & vector->mask);
            order[at * per_row + k] = (uint32_t)(k * call->count + at);
            at++;
        }
        segments[k] =
            (struct sl_column_segment){vector->column, rows + k * call->count, call->count, false};
    }
    all = sl_column_build(call->pool, type, segments, per_row, false);
    items = sl_column_gather(call->pool, all, order, call->count * per_row, false);
    sl_column_unref(all);
    free(order);
    free(rows);
    free(segments);
    return items;
}

static void
nested_set_spans(struct sl_call *call, size_t per_row)
{
    struct sl_span *spans = SL_RESULT(call, struct sl_span);
    size_t at = 0;

    SL_FOR_ROWS(call, row)
    {
        spans[row] = (struct sl_span){(uint32_t)at, (uint32_t)per_row};
        at += per_row;
    }
}

void
sl_kernel_array(struct sl_call *call)
{
    call->result = sl_column_new(call->pool, call->expr->type, call->row_count, false);
    call->result->children[0] = nested_items(call, call->expr->type->element, 0, 1);
    nested_set_spans(call, call->arg_count);
}

/* The rows of one map whose keys do not come again further on; they go to `kept`. */
static uint32_t
nested_last_keys(const struct sl_column *map, struct sl_span span, struct sl_buffer *keys,
                 uint32_t *kept)
{
    uint32_t count = 0;

    for (uint32_t i = 0; i < span.length; i++) {
        sl_buffer_reset(&keys[i]);
        sl_key_encode(map->children, 1, span.start + i, &keys[i]);
    }
    for (uint32_t i = 0; i < span.length; i++) {
        bool is_last = true;

        for (uint32_t j = i + 1; j < span.length && is_last; j++)
            is_last = !sl_text_equal(sl_buffer_text(&keys[i]), sl_buffer_text(&keys[j]));
        if (is_last)
            kept[count++] = span.start + i;
    }
    return count;
}

/* Of keys that occur twice the last one stays, as with Java's put. */
static void
nested_keep_last_keys(struct sl_call *call)
{
    size_t per_row = call->arg_count / 2, count = 0;
    struct sl_span *spans = SL_RESULT(call, struct sl_span);
    uint32_t *kept = sl_alloc((call->row_count * per_row + 1) * sizeof(*kept));
    struct sl_buffer *keys = sl_alloc((per_row + 1) * sizeof(*keys));
    bool is_shorter;

    for (size_t i = 0; i < per_row; i++)
        sl_buffer_init(&keys[i], SIZE_MAX / 2);
    SL_FOR_ROWS(call, row)
    {
        uint32_t length = nested_last_keys(call->result, spans[row], keys, kept + count);

        spans[row] = (struct sl_span){(uint32_t)count, length};
        count += length;
    }
    is_shorter = count < call->result->children[0]->row_count;
    for (size_t i = 0; i < 2 && is_shorter; i++) {
        struct sl_column *all = call->result->children[i];

        call->result->children[i] = sl_column_gather(call->pool, all, kept, count, false);
        sl_column_unref(all);
    }
    for (size_t i = 0; i < per_row; i++)
        sl_buffer_done(&keys[i]);
    free(keys);
    free(kept);
}

void
sl_kernel_map(struct sl_call *call)
{
    call->result = sl_column_new(call->pool, call->expr->type, call->row_count, false);
    call->result->children[0] = nested_items(call, call->expr->type->key, 0, 2);
    call->result->children[1] = nested_items(call, call->expr->type->element, 1, 2);
    nested_set_spans(call, call->arg_count / 2);
    if (call->arg_count > 2)
        nested_keep_last_keys(call);
}

void
sl_kernel_field(struct sl_call *call)
{
    struct sl_column *row_column = sl_call_wide(call, &call->args[0]);
    int64_t index = 0;

    sl_expr_literal_integer(call->expr->args[1], &index);
    call->result = sl_column_alias(call->pool, row_column->children[index], call->expr->type);
    if (row_column->validity) {
        uint64_t *validity = sl_column_add_validity(call->result, call->pool);

        for (size_t word = 0; word < SL_VALIDITY_WORDS(call->row_count); word++)
            validity[word] &= row_column->validity[word];
    }
    sl_column_unref(row_column);
}

/* The row of a map's value under a key; false: there is none. */
static bool
nested_find_key(const struct sl_column *map, struct sl_span span, struct sl_text key,
                struct sl_buffer *scratch, uint32_t *ret_row)
{
    for (uint32_t i = span.length; i-- > 0;) {
        sl_buffer_reset(scratch);
        sl_key_encode(map->children, 1, span.start + i, scratch);
        if (sl_text_equal(sl_buffer_text(scratch), key)) {
            *ret_row = span.start + i;
            return true;
        }
    }
    return false;
}

/* The child row that argument 1 picks in a row; false: NULL. */
static bool
nested_pick(struct sl_call *call, size_t row, struct sl_buffer *key, struct sl_buffer *scratch,
            uint32_t *ret_row)
{
    const struct sl_column *from = call->args[0].column;
    size_t at = row & call->args[0].mask;
    struct sl_span span;
    int32_t index;

    if (sl_call_arg_is_null(call, 0, row) || sl_call_arg_is_null(call, 1, row))
        return false;
    span = ((const struct sl_span *)from->values)[at];
    if (from->type->kind == SL_TYPE_MAP) {
        sl_buffer_reset(key);
        sl_key_encode(&call->args[1].column, 1, row & call->args[1].mask, key);
        return nested_find_key(from, span, sl_buffer_text(key), scratch, ret_row);
    }
    index = SL_ARG(call, 1, int32_t)[row & call->args[1].mask];
    if (index < 1) {
        sl_call_fail(call, row, SL_E_ARRAY_SUBSCRIPT, "array index must be 1 or more, not %d",
                     index);
        return false;
    }
    *ret_row = span.start + (uint32_t)index - 1;
    return (uint32_t)index <= span.length;
}

/* array[index from 1]: NULL beyond the end; map[key]: NULL without the key. */
void
sl_kernel_element(struct sl_call *call)
{
    const struct sl_column *from = call->args[0].column;
    const struct sl_column *child = from->children[from->type->kind == SL_TYPE_MAP ? 1 : 0];
    uint32_t *rows = sl_alloc_zeroed((call->row_count + 1) * sizeof(*rows));
    uint64_t *nulls = sl_alloc_zeroed((SL_VALIDITY_WORDS(call->row_count) + 1) * sizeof(*nulls));
    struct sl_buffer key, scratch;

    sl_buffer_init(&key, SIZE_MAX / 2);
    sl_buffer_init(&scratch, SIZE_MAX / 2);
    SL_FOR_ROWS(call, row)
    {
        if (!nested_pick(call, row, &key, &scratch, &rows[row])) {
            rows[row] = 0;
            sl_validity_set(nulls, row, true);
        }
    }
    sl_call_take_items(call, child, rows, nulls);
    sl_buffer_done(&key);
    sl_buffer_done(&scratch);
    free(nulls);
    free(rows);
}

void
sl_kernel_cardinality(struct sl_call *call)
{
    const struct sl_column *from = call->args[0].column;

    SL_FOR_ROWS(call, row)
    {
        struct sl_span span = SL_ARG(call, 0, struct sl_span)[row & call->args[0].mask];
        int32_t count = (int32_t)span.length;

        if (from->type->kind == SL_TYPE_MULTISET) {
            const int32_t *counts = from->children[1]->values;

            count = 0;
            for (uint32_t i = 0; i < span.length; i++)
                count += counts[span.start + i];
        }
        SL_RESULT(call, int32_t)[row] = count;
    }
}
