/* Rows for messages: see row_text.h. */
#include "executor/row_text.h"

#include "expr/expr.h"

void
sl_row_text(struct sl_arena *arena, const struct sl_schema *schema, const struct sl_batch *batch,
            size_t row, struct sl_buffer *to)
{
    for (size_t i = 0; i < schema->count; i++) {
        struct sl_expr literal = {.kind = SL_EXPR_LITERAL,
                                  .type = schema->columns[i].type,
                                  .value = sl_value_read(arena, batch->columns[i], row),
                                  .offset = -1};

        sl_buffer_printf(to, "%s%s = ", i ? ", " : "", schema->columns[i].name);
        sl_expr_format(&literal, NULL, to);
    }
}
