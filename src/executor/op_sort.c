/* ORDER BY over bounded input, at parallelism 1: keeps all rows, sorts memcomparable keys at the
 * end, stably; emits rows offset … offset + limit - 1. */
#include "data/row.h"
#include "executor/operator.h"
#include "executor/row_store.h"

#include <stdlib.h>

struct sort_entry {
    const char *key;
    uint32_t key_size;
    uint32_t number;
};

struct op_sort {
    struct sl_op op;
    const struct sl_phys_sort *plan;
    struct sl_row_store store;
    uint32_t *order;
    size_t next, end;
};

static int
sort_open(struct sl_op *base, struct sl_error *err)
{
    ((struct op_sort *)base)->plan = base->node->detail;
    SL_ASSERT(base->context->subtask_count == 1);
    return SL_OK;
}

static int
sort_batch(struct sl_op *base, unsigned input, struct sl_batch *batch, struct sl_out *out,
           struct sl_error *err)
{
    struct op_sort *op = (struct op_sort *)base;

    sl_row_store_add(&op->store, base->context->pool, batch);
    return SL_OK;
}

static int
sort_compare(const void *a, const void *b)
{
    const struct sort_entry *x = a, *y = b;
    int order = memcmp(x->key, y->key, SL_MIN(x->key_size, y->key_size));

    if (order == 0)
        order = (x->key_size > y->key_size) - (x->key_size < y->key_size);
    return order ? order : (x->number > y->number) - (x->number < y->number);
}

/* Appends the keys of all rows; offsets[] gets row_count + 1 bounds. */
static void
sort_encode(const struct op_sort *op, struct sl_buffer *keys, size_t *offsets)
{
    uint64_t descending = 0, nulls_last = 0;
    uint32_t number = 0;

    for (size_t i = 0; i < op->plan->key_count; i++) {
        descending |= (uint64_t)op->plan->keys[i].descending << i;
        nulls_last |= (uint64_t)!op->plan->keys[i].nulls_first << i;
    }
    for (size_t b = 0; b < op->store.batch_count; b++) {
        const struct sl_batch *batch = op->store.batches[b];
        struct sl_column *columns[64];

        for (size_t i = 0; i < op->plan->key_count; i++)
            columns[i] = batch->columns[op->plan->keys[i].column];
        for (size_t row = 0; row < batch->row_count; row++) {
            offsets[number++] = keys->length;
            sl_key_encode_order(columns, op->plan->key_count, row, descending, nulls_last, keys);
        }
    }
    offsets[number] = keys->length;
}

static void
sort_run(struct op_sort *op)
{
    size_t row_count = op->store.row_count;
    size_t *offsets = sl_alloc((row_count + 1) * sizeof(*offsets));
    struct sort_entry *entries = sl_alloc(row_count * sizeof(*entries));
    struct sl_buffer keys;

    SL_ASSERT(op->plan->key_count <= 64);
    sl_buffer_init(&keys, SIZE_MAX / 2);
    sort_encode(op, &keys, offsets);
    for (size_t i = 0; i < row_count; i++)
        entries[i] = (struct sort_entry){keys.data + offsets[i],
                                         (uint32_t)(offsets[i + 1] - offsets[i]), (uint32_t)i};
    qsort(entries, row_count, sizeof(*entries), sort_compare);
    op->order = sl_alloc(row_count * sizeof(*op->order));
    for (size_t i = 0; i < row_count; i++)
        op->order[i] = entries[i].number;
    op->next = SL_MIN((size_t)op->plan->offset, row_count);
    op->end =
        op->plan->limit < 0 ? row_count : SL_MIN(op->next + (size_t)op->plan->limit, row_count);
    sl_buffer_done(&keys);
    free(entries);
    free(offsets);
}

static int
sort_end(struct sl_op *base, struct sl_out *out, struct sl_error *err)
{
    struct op_sort *op = (struct op_sort *)base;
    size_t chunk_max = SL_MIN(base->context->settings->batch_size, (uint32_t)SL_BATCH_ROWS_MAX);

    if (!op->order)
        sort_run(op);
    while (op->next < op->end) {
        size_t count = SL_MIN(chunk_max, op->end - op->next);
        struct sl_batch *batch =
            sl_row_store_gather(&op->store, base->context->pool, op->order + op->next, count);
        int rc;

        op->next += count;
        rc = sl_out_emit(out, batch);
        if (rc != SL_OK)
            return rc;
    }
    return SL_OK;
}

static void
sort_close(struct sl_op *base)
{
    struct op_sort *op = (struct op_sort *)base;

    free(op->order);
    sl_row_store_done(&op->store);
}

const struct sl_op_class sl_op_sort = {
    .name = "Sort",
    .size = sizeof(struct op_sort),
    .open = sort_open,
    .batch = sort_batch,
    .resume = sort_end,
    .end = sort_end,
    .close = sort_close,
};
