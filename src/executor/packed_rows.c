/* Packed rows to batches: see packed_rows.h. */
#include "executor/packed_rows.h"

#include "data/row.h"

void
sl_packed_rows_open(struct sl_packed_rows *rows, struct sl_op *op, const struct sl_schema *schema,
                    size_t column_count)
{
    struct sl_arena *arena = op->context->arena;
    const struct sl_type **types = SL_NEW_ARRAY(arena, const struct sl_type *, column_count + 1);

    rows->op = op;
    rows->column_count = column_count;
    for (size_t i = 0; i < column_count; i++)
        types[i] = schema->columns[i].type;
    rows->layout = sl_row_layout_new(arena, types, column_count);
    rows->ends = SL_NEW_ARRAY(arena, size_t, SL_BATCH_ROWS_MAX);
    rows->kinds = SL_NEW_ARRAY(arena, uint8_t, SL_BATCH_ROWS_MAX);
    sl_buffer_init(&rows->packed, SIZE_MAX / 2);
    sl_buffer_init(&rows->bytes, SIZE_MAX / 2);
}

void
sl_packed_rows_close(struct sl_packed_rows *rows)
{
    if (!rows->op)
        return;
    sl_buffer_done(&rows->packed);
    sl_buffer_done(&rows->bytes);
}

struct sl_text
sl_packed_rows_pack(struct sl_packed_rows *rows, const struct sl_batch *batch, size_t row)
{
    sl_buffer_reset(&rows->packed);
    sl_row_pack(rows->layout, batch->columns, row, &rows->packed);
    return sl_buffer_text(&rows->packed);
}

void
sl_packed_rows_add(struct sl_packed_rows *rows, enum sl_row_kind kind, struct sl_text packed)
{
    SL_ASSERT(rows->count < SL_BATCH_ROWS_MAX);
    sl_buffer_add_text(&rows->bytes, packed);
    rows->kinds[rows->count] = (uint8_t)kind;
    rows->ends[rows->count++] = rows->bytes.length;
}

int
sl_packed_rows_take(struct sl_packed_rows *rows, size_t added_count, struct sl_batch **ret_batch,
                    struct sl_error *err)
{
    struct sl_pool *pool = rows->op->context->pool;
    struct sl_text texts[SL_BATCH_ROWS_MAX];
    struct sl_batch *batch;
    size_t at = 0;

    for (size_t i = 0; i < rows->count; i++) {
        texts[i] = (struct sl_text){rows->bytes.data + at, rows->ends[i] - at};
        at = rows->ends[i];
    }
    batch = sl_batch_new(pool, rows->column_count + added_count, rows->count);
    if (sl_row_unpack(rows->layout, pool, texts, rows->count, batch->columns, err) < 0) {
        sl_batch_unref(batch);
        return err->code;
    }
    memcpy(sl_batch_add_kinds(batch, pool), rows->kinds, rows->count);
    rows->count = 0;
    sl_buffer_reset(&rows->bytes);
    *ret_batch = batch;
    return SL_OK;
}

/* --- rows that pass --- */

/* Do both rows of an update pass, the one at i of the selection and the next? */
static bool
pass_is_update(const struct sl_batch *batch, const uint16_t *selection, size_t count, size_t i,
               size_t live)
{
    return i + 1 < count && sl_batch_kind(batch, selection[i]) == SL_ROW_UPDATE_BEFORE &&
           sl_batch_kind(batch, selection[i + 1]) == SL_ROW_UPDATE_AFTER &&
           sl_batch_row(batch, live + 1) == selection[i + 1];
}

static void
pass_kinds(const struct sl_batch *batch, const uint16_t *selection, size_t count, uint8_t *kinds)
{
    size_t live = 0;

    for (size_t i = 0; i < count; i++) {
        enum sl_row_kind kind = sl_batch_kind(batch, selection[i]);

        while (sl_batch_row(batch, live) != selection[i])
            live++;
        if (pass_is_update(batch, selection, count, i, live)) {
            kinds[selection[i]] = SL_ROW_UPDATE_BEFORE;
            kinds[selection[++i]] = SL_ROW_UPDATE_AFTER;
            continue;
        }
        kinds[selection[i]] = sl_row_kind_takes_back(kind) ? SL_ROW_DELETE : SL_ROW_INSERT;
    }
}

struct sl_batch *
sl_batch_pass(struct sl_pool *pool, const struct sl_batch *batch, const uint16_t *selection,
              size_t count, size_t column_count, size_t added_count)
{
    struct sl_batch *made = sl_batch_new(pool, column_count + added_count, batch->row_count);

    for (size_t i = 0; i < column_count; i++)
        sl_batch_set_column(made, i, sl_column_ref(batch->columns[i]));
    if (count < batch->row_count) {
        memcpy(sl_batch_add_selection(made, pool), selection, count * sizeof(*selection));
        made->selection_count = (uint32_t)count;
    }
    if (batch->kinds)
        pass_kinds(batch, selection, count, sl_batch_add_kinds(made, pool));
    return made;
}
