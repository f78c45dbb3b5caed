/* Rows of partitions that a scan of the state gave, as batches: the partition's columns, the packed
 * ones, and the rank where the output has it. */
#ifndef SL_EXECUTOR_RANK_OUTPUT_H
#define SL_EXECUTOR_RANK_OUTPUT_H

#include "executor/key_changes.h"

struct sl_rank_output {
    const struct sl_key_changes *changes; /* what tells columns and layout */
    const struct sl_key_codec *codec;
    struct sl_text *keys, *rows;
    int64_t *ranks;
    size_t count, max;
};

void sl_rank_output_open(struct sl_rank_output *output, const struct sl_key_changes *changes,
                         const struct sl_state_table *table);
static inline bool
sl_rank_output_is_full(const struct sl_rank_output *output)
{
    return output->count == output->max;
}
/* The bytes stay the caller's until they are emitted. */
static inline void
sl_rank_output_add(struct sl_rank_output *output, struct sl_text key, struct sl_text row,
                   int64_t rank)
{
    output->keys[output->count] = key;
    output->rows[output->count] = row;
    output->ranks[output->count++] = rank;
}
/* Emits what was added; says what emit said.  Other errors: bytes of the state are damaged. */
int sl_rank_output_emit(struct sl_rank_output *output, struct sl_out *out, struct sl_error *err);

#endif
