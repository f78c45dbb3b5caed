/* The frames of memory tables: see row_frame.h. */
#include "format/row_frame.h"

#include "data/row.h"

#include <stdlib.h>

struct sl_row_frame {
    const struct sl_row_layout *layout;
    size_t column_count;
    const uint32_t *primary_key;
    size_t primary_key_count;
};

struct sl_row_frame *
sl_row_frame_new(struct sl_arena *arena, const struct sl_schema *schema,
                 const uint32_t *primary_key, size_t primary_key_count)
{
    struct sl_row_frame *frame = SL_NEW(arena, struct sl_row_frame);
    const struct sl_type **types = SL_NEW_ARRAY(arena, const struct sl_type *, schema->count + 1);

    for (size_t i = 0; i < schema->count; i++)
        types[i] = schema->columns[i].type;
    *frame = (struct sl_row_frame){.layout = sl_row_layout_new(arena, types, schema->count),
                                   .column_count = schema->count,
                                   .primary_key = primary_key,
                                   .primary_key_count = primary_key_count};
    return frame;
}

void
sl_row_frame_write(const struct sl_row_frame *frame, const struct sl_batch *batch, size_t row,
                   struct sl_buffer *to)
{
    struct sl_column *keys[frame->primary_key_count + 1];
    uint16_t selected = (uint16_t)row;
    uint64_t hash = 0;

    for (size_t i = 0; i < frame->primary_key_count; i++)
        keys[i] = batch->columns[frame->primary_key[i]];
    if (frame->primary_key_count)
        sl_hash_rows(keys, frame->primary_key_count, &selected, 1, &hash);
    sl_buffer_add_byte(to, (char)sl_batch_kind(batch, row));
    sl_buffer_add(to, &hash, sizeof(hash));
    sl_row_pack(frame->layout, batch->columns, row, to);
}

int
sl_row_frame_read(const struct sl_row_frame *frame, struct sl_pool *pool,
                  const struct sl_text *frames, size_t count, struct sl_batch **ret_batch,
                  struct sl_error *err)
{
    struct sl_text *rows = sl_alloc((count + 1) * sizeof(*rows));
    struct sl_batch *batch = sl_batch_new(pool, frame->column_count, count);
    uint8_t *kinds = sl_batch_add_kinds(batch, pool);
    int rc = SL_OK;

    for (size_t i = 0; i < count && rc == SL_OK; i++) {
        if (frames[i].length < SL_ROW_FRAME_HEADER || (uint8_t)frames[i].start[0] > SL_ROW_DELETE)
            rc = SL_ERROR(err, SL_E_DATA_CORRUPTED, "a row of a memory table is damaged");
        else
            kinds[i] = (uint8_t)frames[i].start[0];
        rows[i] = (struct sl_text){frames[i].start + SL_ROW_FRAME_HEADER,
                                   frames[i].length - SL_ROW_FRAME_HEADER};
    }
    if (rc == SL_OK)
        rc = sl_row_unpack(frame->layout, pool, rows, count, batch->columns, err);
    free(rows);
    if (rc < 0) {
        memset(batch->columns, 0, frame->column_count * sizeof(*batch->columns));
        sl_batch_unref(batch);
        return rc;
    }
    *ret_batch = batch;
    return SL_OK;
}
