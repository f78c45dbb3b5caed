/* Functions of an array that give one value: an item, whether and where one is, a text. */
#include "data/value.h"
#include "expr/collection.h"

#include <stdlib.h>

/* The place of the needle, from 1; 0: it is not there. */
static int32_t
array_find(struct sl_call *call, size_t row, struct sl_buffer *scratch)
{
    const struct sl_column *items = call->args[0].column->children[0];
    struct sl_span span = collection_span(call, 0, row);
    size_t needle = row & call->args[1].mask;

    for (uint32_t i = 0; i < span.length; i++) {
        if (sl_collection_equal(items, span.start + i, call->args[1].column, needle, scratch))
            return (int32_t)i + 1;
    }
    return 0;
}

/* NULL may be looked for. */
void
sl_kernel_array_contains(struct sl_call *call)
{
    struct sl_buffer scratch;

    sl_buffer_init(&scratch, SIZE_MAX / 2);
    SL_FOR_ROWS(call, row)
    {
        SL_RESULT(call, uint8_t)[row] = 0;
        if (sl_call_arg_is_null(call, 0, row))
            sl_call_set_null(call, row);
        else
            SL_RESULT(call, uint8_t)[row] = array_find(call, row, &scratch) > 0;
    }
    sl_buffer_done(&scratch);
}

void
sl_kernel_array_position(struct sl_call *call)
{
    struct sl_buffer scratch;

    sl_buffer_init(&scratch, SIZE_MAX / 2);
    SL_FOR_ROWS(call, row)
    {
        SL_RESULT(call, int32_t)[row] = array_find(call, row, &scratch);
    }
    sl_buffer_done(&scratch);
}

/* --- one item --- */

/* The largest or smallest item that is not NULL; false: there is none. */
static bool
array_best(const struct sl_column *items, struct sl_span span, int sign, struct sl_buffer *keys,
           uint32_t *ret_item)
{
    struct sl_column *columns[1] = {(struct sl_column *)items};
    struct sl_buffer swap;
    bool found = false;

    for (uint32_t i = span.start; i < span.start + span.length; i++) {
        if (sl_column_is_null(items, i))
            continue;
        sl_buffer_reset(&keys[1]);
        sl_key_encode(columns, 1, i, &keys[1]);
        if (found &&
            sl_text_compare(sl_buffer_text(&keys[1]), sl_buffer_text(&keys[0])) * sign <= 0)
            continue;
        swap = keys[0];
        keys[0] = keys[1];
        keys[1] = swap;
        *ret_item = i;
        found = true;
    }
    return found;
}

static void
array_extreme(struct sl_call *call, int sign)
{
    const struct sl_column *items = call->args[0].column->children[0];
    uint32_t *rows = sl_alloc_zeroed((call->row_count + 1) * sizeof(*rows));
    uint64_t *nulls = sl_alloc_zeroed((SL_VALIDITY_WORDS(call->row_count) + 1) * sizeof(*nulls));
    struct sl_buffer keys[2];

    sl_buffer_init(&keys[0], SIZE_MAX / 2);
    sl_buffer_init(&keys[1], SIZE_MAX / 2);
    SL_FOR_ROWS(call, row)
    {
        if (sl_call_arg_is_null(call, 0, row) ||
            !array_best(items, collection_span(call, 0, row), sign, keys, &rows[row]))
            sl_validity_set(nulls, row, true);
    }
    sl_call_take_items(call, items, rows, nulls);
    sl_buffer_done(&keys[0]);
    sl_buffer_done(&keys[1]);
    free(nulls);
    free(rows);
}

void
sl_kernel_array_max(struct sl_call *call)
{
    array_extreme(call, 1);
}

void
sl_kernel_array_min(struct sl_call *call)
{
    array_extreme(call, -1);
}

/* ELEMENT: the only item; NULL of an empty array. */
void
sl_kernel_array_element(struct sl_call *call)
{
    const struct sl_column *items = call->args[0].column->children[0];
    uint32_t *rows = sl_alloc_zeroed((call->row_count + 1) * sizeof(*rows));
    uint64_t *nulls = sl_alloc_zeroed((SL_VALIDITY_WORDS(call->row_count) + 1) * sizeof(*nulls));

    SL_FOR_ROWS(call, row)
    {
        struct sl_span span = {0, 0};

        if (!sl_call_arg_is_null(call, 0, row))
            span = collection_span(call, 0, row);
        if (span.length > 1)
            sl_call_fail(call, row, SL_E_CARDINALITY_VIOLATION,
                         "ELEMENT: the array has %u items, not one", span.length);
        rows[row] = span.length == 1 ? span.start : 0;
        sl_validity_set(nulls, row, span.length != 1);
    }
    sl_call_take_items(call, items, rows, nulls);
    free(nulls);
    free(rows);
}

/* --- ARRAY_JOIN --- */

void
sl_kernel_array_join(struct sl_call *call)
{
    const struct sl_column *items = call->args[0].column->children[0];
    const struct sl_view *views = items->values;
    struct sl_heap_writer writer;
    struct sl_buffer text;

    sl_call_heap(call, &writer);
    sl_buffer_init(&text, SIZE_MAX / 2);
    SL_FOR_ROWS(call, row)
    {
        struct sl_span span = collection_span(call, 0, row);
        bool first = true;

        sl_buffer_reset(&text);
        for (uint32_t i = span.start; i < span.start + span.length; i++) {
            bool is_null = sl_column_is_null(items, i);

            if (is_null && call->arg_count < 3)
                continue;
            if (!first)
                sl_buffer_add_text(&text, sl_call_text(call, 1, row));
            first = false;
            sl_buffer_add_text(&text,
                               is_null ? sl_call_text(call, 2, row) : sl_view_text(&views[i]));
        }
        if (sl_call_text_fits(call, row, text.length))
            SL_RESULT(call, struct sl_view)
        [row] = sl_heap_writer_copy(&writer, text.data ? text.data : "", text.length);
    }
    sl_buffer_done(&text);
}
