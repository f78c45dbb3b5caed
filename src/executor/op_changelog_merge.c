/* The net rows of a bounded changelog, emitted as +I at its end in the order of their last change.
 *
 *     with a key:    +I, +U: the row of this key, instead of an earlier one;  -U, -D: no row
 *     without:       +I, +U: one more of this row;  -U, -D: one less (of the newest equal one)
 *
 * State: key → number of the newest live row + 1; equal rows without a key are chained through
 * `earlier`.  The whole row as a key is its packed form, or, where it holds nested values, its
 * memcomparable key, in which equal maps are equal. */
#include "data/row.h"
#include "executor/operator.h"
#include "executor/row_store.h"
#include "storage/table.h"

#include <stdlib.h>

struct op_changelog_merge {
    struct sl_op op;
    const struct sl_phys_changelog_merge *plan;
    const struct sl_row_layout *layout; /* without a key */
    bool is_nested;
    struct sl_state_table *table;
    struct sl_row_store store;
    uint32_t *earlier; /* by row number: the equal row below it + 1 */
    uint8_t *alive;
    size_t capacity;
    uint32_t next; /* while emitting */
};

static int
changelog_merge_open(struct sl_op *base, struct sl_error *err)
{
    struct op_changelog_merge *op = (struct op_changelog_merge *)base;
    struct sl_arena *arena = base->context->arena;
    const struct sl_schema *schema = base->node->schema;
    size_t count;
    const struct sl_type **types = SL_NEW_ARRAY(arena, const struct sl_type *, schema->count + 1);

    op->plan = base->node->detail;
    count = op->plan->key_count;
    for (size_t i = 0; i < count; i++)
        types[i] = schema->columns[op->plan->keys[i]].type;
    if (count == 0) {
        const struct sl_type **all = SL_NEW_ARRAY(arena, const struct sl_type *, schema->count);

        for (size_t i = 0; i < schema->count; i++) {
            all[i] = schema->columns[i].type;
            op->is_nested |= sl_type_is_nested(all[i]->kind);
        }
        op->layout = sl_row_layout_new(arena, all, schema->count);
        types[count++] = &sl_type_bytes;
    }
    return sl_state_table_open(base->context->state,
                               &(struct sl_state_table_spec){.name = "rows",
                                                             .operator_uid = base->node->uid,
                                                             .key_types = types,
                                                             .key_count = count,
                                                             .value_size = 8,
                                                             .is_resident = true},
                               &op->table, err);
}

/* The rows of a compacted batch as one BYTES column over `bytes`. */
static struct sl_column *
changelog_merge_pack(struct op_changelog_merge *op, const struct sl_batch *batch,
                     struct sl_buffer *bytes)
{
    struct sl_column *column =
        sl_column_new(op->op.context->pool, &sl_type_bytes, batch->row_count, false);
    struct sl_view *views = column->values;
    size_t *starts = sl_alloc((batch->row_count + 1) * sizeof(*starts));

    for (size_t row = 0; row < batch->row_count; row++) {
        starts[row] = bytes->length;
        if (op->is_nested)
            sl_key_encode(batch->columns, batch->column_count, row, bytes);
        else
            sl_row_pack(op->layout, batch->columns, row, bytes);
    }
    starts[batch->row_count] = bytes->length;
    for (size_t row = 0; row < batch->row_count; row++)
        views[row] = sl_view_of(bytes->data + starts[row], starts[row + 1] - starts[row]);
    free(starts);
    return column;
}

static void
changelog_merge_make_room(struct op_changelog_merge *op)
{
    if (op->store.row_count <= op->capacity)
        return;
    op->capacity = SL_MAX((size_t)op->store.row_count, op->capacity * 2);
    op->earlier = sl_realloc(op->earlier, op->capacity * sizeof(*op->earlier));
    op->alive = sl_realloc(op->alive, op->capacity);
}

/* One row: `head` is the state of its key. */
static void
changelog_merge_apply(struct op_changelog_merge *op, uint64_t *head, uint32_t number,
                      enum sl_row_kind kind)
{
    bool adds = kind == SL_ROW_INSERT || kind == SL_ROW_UPDATE_AFTER;
    uint32_t newest = (uint32_t)*head;

    op->alive[number] = adds;
    op->earlier[number] = 0;
    if (op->plan->key_count > 0) {
        if (newest)
            op->alive[newest - 1] = 0;
        *head = adds ? number + 1 : 0;
    } else if (adds) {
        op->earlier[number] = newest;
        *head = number + 1;
    } else if (newest) {
        op->alive[newest - 1] = 0;
        *head = op->earlier[newest - 1];
    }
}

static int
changelog_merge_batch(struct sl_op *base, unsigned input, struct sl_batch *batch,
                      struct sl_out *out, struct sl_error *err)
{
    struct op_changelog_merge *op = (struct op_changelog_merge *)base;
    uint32_t first = sl_row_store_add(&op->store, base->context->pool, batch), row;
    size_t key_count = op->plan->key_count;
    struct sl_column *keys[key_count + 1];
    uint64_t hashes[SL_BATCH_ROWS_MAX];
    char *heads[SL_BATCH_ROWS_MAX];
    const struct sl_batch *stored;
    struct sl_buffer bytes;

    if (op->store.row_count == first)
        return SL_OK;
    changelog_merge_make_room(op);
    stored = sl_row_store_find(&op->store, first, &row);
    sl_buffer_init(&bytes, SIZE_MAX / 2);
    for (size_t i = 0; i < key_count; i++)
        keys[i] = sl_column_ref(stored->columns[op->plan->keys[i]]);
    if (key_count == 0)
        keys[key_count++] = changelog_merge_pack(op, stored, &bytes);
    sl_hash_rows(keys, key_count, NULL, stored->row_count, hashes);
    sl_table_upsert(
        op->table,
        &(struct sl_state_keys){.columns = keys, .row_count = stored->row_count, .hashes = hashes},
        heads, NULL);
    for (uint32_t i = 0; i < stored->row_count; i++)
        changelog_merge_apply(op, (uint64_t *)(void *)heads[i], first + i,
                              sl_batch_kind(stored, i));
    for (size_t i = 0; i < key_count; i++)
        sl_column_unref(keys[i]);
    sl_buffer_done(&bytes);
    return SL_OK;
}

static int
changelog_merge_end(struct sl_op *base, struct sl_out *out, struct sl_error *err)
{
    struct op_changelog_merge *op = (struct op_changelog_merge *)base;
    size_t chunk_max = SL_MIN(base->context->settings->batch_size, (uint32_t)SL_BATCH_ROWS_MAX);

    while (op->next < op->store.row_count) {
        uint32_t numbers[SL_BATCH_ROWS_MAX];
        struct sl_batch *batch;
        size_t count = 0;
        int rc;

        for (; op->next < op->store.row_count && count < chunk_max; op->next++)
            if (op->alive[op->next])
                numbers[count++] = op->next;
        if (count == 0)
            break;
        batch = sl_row_store_gather(&op->store, base->context->pool, numbers, count);
        batch->kinds = NULL; /* every row that is left is there: +I */
        rc = sl_out_emit(out, batch);
        if (rc != SL_OK)
            return rc;
    }
    return SL_OK;
}

static void
changelog_merge_close(struct sl_op *base)
{
    struct op_changelog_merge *op = (struct op_changelog_merge *)base;

    free(op->earlier);
    free(op->alive);
    sl_row_store_done(&op->store);
}

const struct sl_op_class sl_op_changelog_merge = {
    .name = "ChangelogMerge",
    .size = sizeof(struct op_changelog_merge),
    .open = changelog_merge_open,
    .batch = changelog_merge_batch,
    .resume = changelog_merge_end,
    .end = changelog_merge_end,
    .close = changelog_merge_close,
};
