/* Aggregation in two phases: see aggregation.h. */
#include "executor/aggregation.h"

#include "data/row.h"

enum { PARTS_SLOTS = 2 * SL_BATCH_ROWS_MAX };

/* --- local: a batch into parts --- */

int
sl_aggregation_local_open(struct sl_aggregation_local *local, struct sl_op *op,
                          const uint32_t *keys, size_t key_count,
                          struct sl_aggregate *const *aggregates, size_t aggregate_count,
                          struct sl_error *err)
{
    struct sl_arena *arena = op->context->arena;

    local->slots = SL_NEW_ARRAY(arena, uint16_t, PARTS_SLOTS);
    local->parts = SL_NEW_ARRAY(arena, struct sl_aggregation_part, SL_BATCH_ROWS_MAX);
    local->part_of = SL_NEW_ARRAY(arena, uint16_t, SL_BATCH_ROWS_MAX);
    local->aggregation.phase = SL_AGGREGATION_LOCAL;
    local->aggregation.head_size = SL_AGGREGATION_PART_HEAD;
    return sl_aggregation_open(&local->aggregation, op, "", keys, key_count, aggregates,
                               aggregate_count, false, err);
}

/* The part of a hash and a slice; where there is none, one is begun with this row. */
static uint16_t
parts_find(struct sl_aggregation_local *local, uint64_t hash, int64_t end, uint16_t row)
{
    uint64_t mixed = hash ^ (uint64_t)end * UINT64_C(0x9e3779b97f4a7c15);
    size_t slot = (mixed ^ mixed >> 32) % PARTS_SLOTS;

    for (; local->slots[slot]; slot = (slot + 1) % PARTS_SLOTS) {
        const struct sl_aggregation_part *part = &local->parts[local->slots[slot] - 1];

        if (part->hash == hash && part->end == end)
            return (uint16_t)(local->slots[slot] - 1);
    }
    local->parts[local->part_count] =
        (struct sl_aggregation_part){.hash = hash, .end = end, .row = row, .slot = (uint16_t)slot};
    local->slots[slot] = (uint16_t)++local->part_count;
    return (uint16_t)(local->part_count - 1);
}

/* Gives each row its part. */
static void
parts_assign(struct sl_aggregation_local *local, const int64_t *ends, size_t row_count)
{
    const struct sl_aggregation *aggregation = &local->aggregation;

    for (size_t i = 0; i < local->part_count; i++)
        local->slots[local->parts[i].slot] = 0;
    local->part_count = 0;
    for (size_t i = 0; i < row_count; i++)
        local->part_of[i] =
            parts_find(local, aggregation->hashes[i], ends ? ends[i] : 0, aggregation->rows[i]);
}

/* A row whose keys are not those of its part, but for the hash, is a part of its own: parts of one
 * group are merged, whichever they are. */
static void
parts_part_collisions(struct sl_aggregation_local *local, size_t row_count)
{
    const struct sl_aggregation *aggregation = &local->aggregation;
    size_t found = local->part_count;

    for (size_t c = 0; c < aggregation->key_count; c++) {
        const struct sl_column *keys = aggregation->key_columns[c];

        for (size_t i = 0; i < row_count; i++) {
            const struct sl_aggregation_part *part = &local->parts[local->part_of[i]];
            uint16_t row = aggregation->rows[i];

            if (row == part->row || sl_column_values_equal(keys, row, keys, part->row))
                continue;
            local->parts[local->part_count] = *part;
            local->parts[local->part_count].row = row;
            local->part_of[i] = (uint16_t)local->part_count++;
        }
    }
    SL_ASSERT(local->part_count >= found && local->part_count <= row_count);
}

/* Folds the rows into zeroed memory for all parts. */
static void
parts_fold(struct sl_aggregation_local *local, const struct sl_batch *batch, char *values,
           size_t row_count)
{
    struct sl_aggregation *aggregation = &local->aggregation;
    size_t size = aggregation->value_size;

    for (size_t i = 0; i < row_count; i++) {
        char *state = values + local->part_of[i] * size;
        enum sl_row_kind kind = sl_batch_kind(batch, aggregation->rows[i]);

        aggregation->states[i] = state;
        *(int64_t *)(void *)state += sl_row_kind_takes_back(kind) ? -1 : 1;
    }
    sl_aggregation_add_to(aggregation, batch, 0, aggregation->rows, aggregation->states, row_count);
}

static struct sl_column *
parts_values(struct sl_aggregation_local *local, const struct sl_type *type,
             const struct sl_batch *batch, size_t row_count)
{
    size_t count = local->part_count, size = local->aggregation.value_size;
    struct sl_pool *pool = local->aggregation.pool;
    struct sl_column *column = sl_column_new(pool, type, count, false);
    struct sl_heap_writer writer;
    char *values;

    sl_heap_writer_init(&writer, pool, column);
    values = sl_heap_writer_reserve(&writer, count * size);
    sl_heap_writer_commit(&writer, count * size);
    memset(values, 0, count * size);
    parts_fold(local, batch, values, row_count);
    for (size_t i = 0; i < count; i++)
        ((struct sl_view *)column->values)[i] = sl_view_of(values + i * size, size);
    return column;
}

static struct sl_column *
parts_ends(const struct sl_aggregation_local *local, const struct sl_type *type)
{
    struct sl_column *column =
        sl_column_new(local->aggregation.pool, type, local->part_count, false);

    for (size_t i = 0; i < local->part_count; i++)
        ((int64_t *)column->values)[i] = local->parts[i].end;
    return column;
}

int
sl_aggregation_local_emit(struct sl_aggregation_local *local, struct sl_op *op,
                          const struct sl_batch *batch, const int64_t *ends, size_t row_count,
                          struct sl_out *out)
{
    const struct sl_aggregation *aggregation = &local->aggregation;
    const struct sl_schema *schema = op->node->schema;
    size_t last = schema->count - 1;
    uint32_t rows[SL_BATCH_ROWS_MAX];
    struct sl_batch *made;

    if (row_count == 0)
        return SL_OK;
    parts_assign(local, ends, row_count);
    parts_part_collisions(local, row_count);
    for (size_t i = 0; i < local->part_count; i++)
        rows[i] = local->parts[i].row;
    made = sl_batch_new(aggregation->pool, schema->count, local->part_count);
    for (size_t c = 0; c < aggregation->key_count; c++)
        sl_batch_set_column(made, c,
                            sl_column_gather(aggregation->pool, aggregation->key_columns[c], rows,
                                             local->part_count, false));
    if (ends)
        sl_batch_set_column(made, last - 1, parts_ends(local, schema->columns[last - 1].type));
    sl_batch_set_column(made, last,
                        parts_values(local, schema->columns[last].type, batch, row_count));
    return sl_out_emit(out, made);
}

void
sl_aggregation_local_close(struct sl_aggregation_local *local)
{
    sl_aggregation_close(&local->aggregation);
}

/* --- global: parts into groups --- */

static size_t
parts_size(const struct sl_aggregation *aggregation)
{
    return aggregation->value_size - aggregation->head_size + SL_AGGREGATION_PART_HEAD;
}

void
sl_aggregation_open_parts(struct sl_aggregation *aggregation, struct sl_arena *arena)
{
    aggregation->parts = sl_arena_alloc(arena, SL_BATCH_ROWS_MAX * parts_size(aggregation));
    aggregation->part_froms = SL_NEW_ARRAY(arena, const char *, SL_BATCH_ROWS_MAX);
}

/* Parts are copied: what exchanges hand on is aligned to nothing. */
int
sl_aggregation_take_parts(struct sl_aggregation *aggregation, const struct sl_batch *batch,
                          size_t row_count, struct sl_error *err)
{
    const struct sl_view *views = batch->columns[batch->column_count - 1]->values;
    size_t size = parts_size(aggregation);

    for (size_t i = 0; i < row_count; i++) {
        uint16_t row = aggregation->rows[i];

        if (views[row].length != size)
            return SL_ERROR(err, SL_E_DATA_CORRUPTED,
                            "a part of a group has %u bytes, and its aggregates take %zu",
                            views[row].length, size);
        memcpy(aggregation->parts + row * size, sl_view_data(&views[row]), size);
    }
    return SL_OK;
}

int64_t
sl_aggregation_part_rows(const struct sl_aggregation *aggregation, uint16_t row)
{
    int64_t count;

    memcpy(&count, aggregation->parts + row * parts_size(aggregation), sizeof(count));
    return count;
}

void
sl_aggregation_merge_parts(struct sl_aggregation *aggregation, const uint16_t *rows,
                           char *const *states, size_t row_count)
{
    size_t size = parts_size(aggregation);

    for (size_t i = 0; i < row_count; i++)
        aggregation->part_froms[i] =
            aggregation->parts + rows[i] * size + SL_AGGREGATION_PART_HEAD - aggregation->head_size;
    for (size_t i = 0; i < aggregation->count; i++)
        sl_aggregate_merge_all(aggregation->items[i].aggregate, states, aggregation->part_froms,
                               aggregation->items[i].state_offset, row_count, NULL);
}
