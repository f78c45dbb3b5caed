/* Rows of partitions: see rank_output.h. */
#include "executor/rank_output.h"

#include "data/row.h"

void
sl_rank_output_open(struct sl_rank_output *output, const struct sl_key_changes *changes,
                    const struct sl_state_table *table)
{
    const struct sl_op_context *context = changes->op->context;

    output->changes = changes;
    output->codec = sl_table_key_codec(table);
    output->keys = SL_NEW_ARRAY(context->arena, struct sl_text, SL_BATCH_ROWS_MAX);
    output->rows = SL_NEW_ARRAY(context->arena, struct sl_text, SL_BATCH_ROWS_MAX);
    output->ranks = SL_NEW_ARRAY(context->arena, int64_t, SL_BATCH_ROWS_MAX);
    output->max = SL_MIN(context->settings->batch_size, (uint32_t)SL_BATCH_ROWS_MAX);
}

int
sl_rank_output_emit(struct sl_rank_output *output, struct sl_out *out, struct sl_error *err)
{
    const struct sl_key_changes *changes = output->changes;
    const struct sl_schema *schema = changes->op->node->schema;
    struct sl_pool *pool = changes->op->context->pool;
    struct sl_column *keys[changes->key_count + 1], *values[changes->value_count + 1];
    struct sl_batch *made;

    if (output->count == 0)
        return SL_OK;
    SL_TRY(sl_row_unpack(changes->layout, pool, output->rows, output->count, values, err));
    sl_key_codec_decode(output->codec, pool, output->keys, output->count, keys);
    made = sl_batch_new(pool, schema->count, output->count);
    for (size_t i = 0; i < changes->key_count; i++)
        sl_batch_set_column(made, changes->keys[i], keys[i]);
    for (size_t i = 0; i < changes->value_count; i++)
        sl_batch_set_column(made, changes->values[i], values[i]);
    if (changes->has_rank) {
        struct sl_column *ranks =
            sl_column_new(pool, schema->columns[schema->count - 1].type, output->count, false);

        memcpy(ranks->values, output->ranks, output->count * sizeof(int64_t));
        sl_batch_set_column(made, schema->count - 1, ranks);
    }
    output->count = 0;
    return sl_out_emit(out, made);
}
