/* The frames of memory tables: one byte of row kind, eight bytes of the primary key's hash (0
 * without a key), the packed row. */
#ifndef SL_FORMAT_ROW_FRAME_H
#define SL_FORMAT_ROW_FRAME_H

#include "data/batch.h"

#define SL_ROW_FRAME_HEADER 9

struct sl_row_frame; /* for one schema; immutable */
struct sl_row_frame *sl_row_frame_new(struct sl_arena *arena, const struct sl_schema *schema,
                                      const uint32_t *primary_key, size_t primary_key_count);
/* Appends the frame of one physical row. */
void sl_row_frame_write(const struct sl_row_frame *frame, const struct sl_batch *batch, size_t row,
                        struct sl_buffer *to);
/* Frames back into a batch with kinds; XX001 on damage. */
int sl_row_frame_read(const struct sl_row_frame *frame, struct sl_pool *pool,
                      const struct sl_text *frames, size_t count, struct sl_batch **ret_batch,
                      struct sl_error *err);

#endif
