/* Rows for messages. */
#ifndef SL_EXECUTOR_ROW_TEXT_H
#define SL_EXECUTOR_ROW_TEXT_H

#include "data/batch.h"

/* Adds "k = 'a', n = 1": the columns of a row, named by the schema; `arena` is scratch. */
void sl_row_text(struct sl_arena *arena, const struct sl_schema *schema,
                 const struct sl_batch *batch, size_t row, struct sl_buffer *to);

#endif
