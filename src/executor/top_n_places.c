/* Where the rows of a Top-N are that may be taken back, by the columns that identify them: the
 * number that each has beside its key, so that one of many equal keys is found at once.
 *
 *     table `places`: partition, identity → number
 */
#include "executor/top_n.h"

#include "base/hash.h"

int
sl_top_n_places_open(struct sl_top_n *op, struct sl_error *err)
{
    const struct sl_schema *schema = op->op.node->inputs[0].node->schema;
    struct sl_arena *arena = op->op.context->arena;
    const struct sl_rank *rank = &op->plan->rank;
    struct sl_top_n_places *places = &op->places;
    size_t count = rank->partition_count + op->plan->identity_count;
    const struct sl_type **types = SL_NEW_ARRAY(arena, const struct sl_type *, count);
    struct sl_state_table_spec spec = {.name = "places",
                                       .operator_uid = op->op.node->uid,
                                       .key_types = types,
                                       .key_count = count,
                                       .value_size = sizeof(uint64_t),
                                       .ttl_us = op->plan->ttl_us};

    if (!op->plan->retracts || op->plan->identity_count == 0)
        return SL_OK;
    places->columns = SL_NEW_ARRAY(arena, uint32_t, count);
    for (size_t i = 0; i < count; i++) {
        places->columns[i] = i < rank->partition_count
                                 ? rank->partition[i]
                                 : op->plan->identity[i - rank->partition_count];
        types[i] = schema->columns[places->columns[i]].type;
    }
    places->count = count;
    places->key_columns = SL_NEW_ARRAY(arena, struct sl_column *, count);
    places->hashes = SL_NEW_ARRAY(arena, uint64_t, SL_BATCH_ROWS_MAX);
    places->values = SL_NEW_ARRAY(arena, char *, SL_BATCH_ROWS_MAX);
    places->found = SL_NEW_ARRAY(arena, const char *, SL_BATCH_ROWS_MAX);
    return sl_state_table_open(op->op.context->state, &spec, &places->table, err);
}

/* The key group is the partition's, so that both move together. */
static void
places_hash(struct sl_top_n *op, const struct sl_state_keys *partitions)
{
    struct sl_top_n_places *places = &op->places;
    size_t head_count = op->plan->rank.partition_count;

    sl_hash_rows(places->key_columns + head_count, places->count - head_count, partitions->rows,
                 partitions->row_count, places->hashes);
    for (size_t i = 0; i < partitions->row_count; i++) {
        uint64_t partition = partitions->hashes[i];

        places->hashes[i] = (partition & UINT64_C(0xffffffff00000000)) |
                            (uint32_t)sl_hash_combine(partition, places->hashes[i]);
    }
}

struct sl_state_keys
sl_top_n_places_keys(struct sl_top_n *op, const struct sl_batch *batch,
                     const struct sl_state_keys *partitions)
{
    struct sl_top_n_places *places = &op->places;

    for (size_t i = 0; i < places->count; i++)
        places->key_columns[i] = batch->columns[places->columns[i]];
    places_hash(op, partitions);
    return (struct sl_state_keys){.columns = places->key_columns,
                                  .rows = partitions->rows,
                                  .row_count = partitions->row_count,
                                  .hashes = places->hashes};
}

void
sl_top_n_places_drop(struct sl_top_n *op, const struct sl_state_keys *keys)
{
    struct sl_top_n_places *places = &op->places;
    uint16_t rows[SL_BATCH_ROWS_MAX];
    struct sl_state_keys gone = *keys;

    gone.rows = rows;
    gone.row_count = 0;
    for (size_t i = 0; i < keys->row_count; i++) {
        uint64_t number;

        memcpy(&number, places->values[i], sizeof(number));
        if (number != 0)
            continue;
        rows[gone.row_count] = keys->rows[i];
        places->hashes[gone.row_count++] = keys->hashes[i];
    }
    if (gone.row_count > 0)
        sl_table_delete(places->table, &gone);
}
