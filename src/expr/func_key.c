/* COUNT(DISTINCT a, b) is COUNT(DISTINCT key of a and b): bytes that are equal where all values
 * are.  NULL where one of them is. */
#include "data/row.h"
#include "expr/kernels.h"

void
sl_kernel_distinct_key(struct sl_call *call)
{
    struct sl_heap_writer writer;
    struct sl_buffer key;

    sl_call_heap(call, &writer);
    sl_buffer_init(&key, SIZE_MAX / 2);
    SL_FOR_ROWS(call, row)
    {
        sl_buffer_reset(&key);
        for (size_t i = 0; i < call->arg_count; i++)
            sl_key_encode(&call->args[i].column, 1, row & call->args[i].mask, &key);
        if (!sl_call_text_fits(call, row, key.length))
            continue;
        SL_RESULT(call, struct sl_view)[row] = sl_heap_writer_copy(&writer, key.data, key.length);
    }
    sl_buffer_done(&key);
}
