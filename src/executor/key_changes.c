/* Rows by key: see key_changes.h. */
#include "executor/key_changes.h"

#include "data/row.h"

struct sl_key_changes_list {
    size_t count, new_count, old_count;
    uint8_t kinds[SL_BATCH_ROWS_MAX];
    uint32_t rows[SL_BATCH_ROWS_MAX]; /* of the input, for the key */
    uint32_t from[SL_BATCH_ROWS_MAX]; /* index of the values among the new or the old */
    uint8_t is_old[SL_BATCH_ROWS_MAX];
    uint32_t news[SL_BATCH_ROWS_MAX];     /* physical rows of the input */
    uint32_t olds[SL_BATCH_ROWS_MAX + 1]; /* offsets into old_bytes */
    int64_t ranks[SL_BATCH_ROWS_MAX];
};

static bool
key_changes_is_key(const struct sl_key_changes *changes, uint32_t column)
{
    for (size_t i = 0; i < changes->key_count; i++)
        if (changes->keys[i] == column)
            return true;
    return false;
}

void
sl_key_changes_open(struct sl_key_changes *changes, struct sl_op *op, const uint32_t *keys,
                    size_t key_count)
{
    const struct sl_schema *schema = op->node->schema;
    struct sl_arena *arena = op->context->arena;
    const struct sl_type **types = SL_NEW_ARRAY(arena, const struct sl_type *, schema->count);

    changes->op = op;
    changes->keys = keys;
    changes->key_count = key_count;
    changes->values = SL_NEW_ARRAY(arena, uint32_t, schema->count);
    for (uint32_t i = 0; i + changes->has_rank < schema->count; i++) {
        if (key_changes_is_key(changes, i))
            continue;
        types[changes->value_count] = schema->columns[i].type;
        changes->values[changes->value_count++] = i;
    }
    changes->layout = sl_row_layout_new(arena, types, changes->value_count);
    changes->key_columns = SL_NEW_ARRAY(arena, struct sl_column *, key_count);
    changes->value_columns = SL_NEW_ARRAY(arena, struct sl_column *, changes->value_count + 1);
    changes->hashes = SL_NEW_ARRAY(arena, uint64_t, SL_BATCH_ROWS_MAX);
    changes->list = SL_NEW(arena, struct sl_key_changes_list);
    sl_buffer_init(&changes->packed, SIZE_MAX / 2);
    sl_buffer_init(&changes->old_bytes, SIZE_MAX / 2);
}

void
sl_key_changes_close(struct sl_key_changes *changes)
{
    if (!changes->op)
        return;
    sl_buffer_done(&changes->packed);
    sl_buffer_done(&changes->old_bytes);
}

static const struct sl_type **
key_changes_key_types(const struct sl_key_changes *changes)
{
    const struct sl_type **types =
        SL_NEW_ARRAY(changes->op->context->arena, const struct sl_type *, changes->key_count);

    for (size_t i = 0; i < changes->key_count; i++)
        types[i] = changes->op->node->schema->columns[changes->keys[i]].type;
    return types;
}

int
sl_key_changes_open_marks(const struct sl_key_changes *changes, const char *name,
                          struct sl_state_table **ret_table, struct sl_error *err)
{
    struct sl_state_table_spec spec = {.name = name,
                                       .operator_uid = changes->op->node->uid,
                                       .key_types = key_changes_key_types(changes),
                                       .key_count = changes->key_count,
                                       .has_time = true,
                                       .is_resident = true,
                                       .value_size = 8};

    return sl_state_table_open(changes->op->context->state, &spec, ret_table, err);
}

int
sl_key_changes_open_table(const struct sl_key_changes *changes, size_t value_size,
                          uint32_t view_offset, int64_t ttl_us, struct sl_state_table **ret_table,
                          struct sl_error *err)
{
    const struct sl_op_context *context = changes->op->context;
    uint32_t *view_offsets = SL_NEW(context->arena, uint32_t);
    struct sl_state_table_spec spec = {.name = "rows",
                                       .operator_uid = changes->op->node->uid,
                                       .key_types = key_changes_key_types(changes),
                                       .key_count = changes->key_count,
                                       .value_size = value_size,
                                       .view_offsets = view_offsets,
                                       .view_count = 1,
                                       .ttl_us = ttl_us};

    *view_offsets = view_offset;
    return sl_state_table_open(context->state, &spec, ret_table, err);
}

struct sl_state_keys
sl_key_changes_keys(struct sl_key_changes *changes, const struct sl_batch *batch,
                    const uint16_t *rows, size_t row_count)
{
    for (size_t i = 0; i < changes->key_count; i++)
        changes->key_columns[i] = batch->columns[changes->keys[i]];
    sl_hash_rows(changes->key_columns, changes->key_count, rows, row_count, changes->hashes);
    return (struct sl_state_keys){.columns = changes->key_columns,
                                  .rows = rows,
                                  .row_count = row_count,
                                  .hashes = changes->hashes};
}

static void
key_changes_reset(struct sl_key_changes *changes)
{
    changes->list->count = changes->list->new_count = changes->list->old_count = 0;
    changes->list->olds[0] = 0;
    sl_buffer_reset(&changes->old_bytes);
}

void
sl_key_changes_begin(struct sl_key_changes *changes, const struct sl_batch *batch)
{
    for (size_t i = 0; i < changes->value_count; i++)
        changes->value_columns[i] = batch->columns[changes->values[i]];
    key_changes_reset(changes);
}

struct sl_text
sl_key_changes_pack(struct sl_key_changes *changes, uint16_t row)
{
    sl_buffer_reset(&changes->packed);
    sl_row_pack(changes->layout, changes->value_columns, row, &changes->packed);
    return (struct sl_text){changes->packed.length ? changes->packed.data : "",
                            changes->packed.length};
}

static void
key_changes_add(struct sl_key_changes *changes, enum sl_row_kind kind, uint16_t row, size_t from,
                bool is_old)
{
    struct sl_key_changes_list *list = changes->list;

    SL_ASSERT(list->count < SL_BATCH_ROWS_MAX);
    list->rows[list->count] = row;
    list->from[list->count] = (uint32_t)from;
    list->is_old[list->count] = is_old;
    list->ranks[list->count] = changes->rank;
    list->kinds[list->count++] = (uint8_t)kind;
}

size_t
sl_key_changes_room(const struct sl_key_changes *changes)
{
    return SL_BATCH_ROWS_MAX - changes->list->count;
}

void
sl_key_changes_add(struct sl_key_changes *changes, enum sl_row_kind kind, uint16_t row)
{
    struct sl_key_changes_list *list = changes->list;

    key_changes_add(changes, kind, row, list->new_count, false);
    list->news[list->new_count++] = row;
}

void
sl_key_changes_add_packed(struct sl_key_changes *changes, enum sl_row_kind kind, uint16_t row,
                          struct sl_text packed)
{
    struct sl_key_changes_list *list = changes->list;

    sl_buffer_add(&changes->old_bytes, packed.start, packed.length);
    key_changes_add(changes, kind, row, list->old_count, true);
    list->olds[++list->old_count] = (uint32_t)changes->old_bytes.length;
}

/* --- output --- */

/* The packed rows' columns; all of them are the caller's. */
static int
key_changes_unpack(struct sl_key_changes *changes, struct sl_column **ret_columns,
                   struct sl_error *err)
{
    const struct sl_key_changes_list *list = changes->list;
    const char *data = changes->old_bytes.length ? changes->old_bytes.data : "";
    struct sl_text rows[SL_BATCH_ROWS_MAX];

    for (size_t i = 0; i < list->old_count; i++)
        rows[i] = (struct sl_text){data + list->olds[i], list->olds[i + 1] - list->olds[i]};
    return sl_row_unpack(changes->layout, changes->op->context->pool, rows, list->old_count,
                         ret_columns, err);
}

/* A column of what comes out, of `input` and of `old` (taken over). */
static struct sl_column *
key_changes_choose(struct sl_key_changes *changes, const struct sl_column *input,
                   struct sl_column *old)
{
    struct sl_pool *pool = changes->op->context->pool;
    const struct sl_key_changes_list *list = changes->list;
    struct sl_column *news = sl_column_gather(pool, input, list->news, list->new_count, false);
    struct sl_column *made = sl_column_gather_two(pool, old, news, list->from, list->count);

    sl_column_unref(news);
    sl_column_unref(old);
    return made;
}

static struct sl_column *
key_changes_ranks(const struct sl_key_changes *changes)
{
    const struct sl_schema *schema = changes->op->node->schema;
    size_t count = changes->list->count;
    struct sl_column *ranks = sl_column_new(changes->op->context->pool,
                                            schema->columns[schema->count - 1].type, count, false);

    memcpy(ranks->values, changes->list->ranks, count * sizeof(int64_t));
    return ranks;
}

int
sl_key_changes_emit(struct sl_key_changes *changes, struct sl_out *out, struct sl_error *err)
{
    struct sl_key_changes_list *list = changes->list;
    struct sl_pool *pool = changes->op->context->pool;
    struct sl_column *olds[changes->value_count + 1];
    struct sl_batch *made;

    if (list->count == 0)
        return SL_OK;
    if (list->old_count > 0)
        SL_TRY(key_changes_unpack(changes, olds, err));
    for (size_t i = 0; i < list->count; i++)
        list->from[i] += list->is_old[i] ? 0 : (uint32_t)list->old_count;
    made = sl_batch_new(pool, changes->op->node->schema->count, list->count);
    for (size_t i = 0; i < changes->key_count; i++)
        sl_batch_set_column(
            made, changes->keys[i],
            sl_column_gather(pool, changes->key_columns[i], list->rows, list->count, false));
    for (size_t i = 0; i < changes->value_count; i++)
        sl_batch_set_column(made, changes->values[i],
                            list->old_count > 0
                                ? key_changes_choose(changes, changes->value_columns[i], olds[i])
                                : sl_column_gather(pool, changes->value_columns[i], list->rows,
                                                   list->count, false));
    if (changes->has_rank)
        sl_batch_set_column(made, made->column_count - 1, key_changes_ranks(changes));
    memcpy(sl_batch_add_kinds(made, pool), list->kinds, list->count);
    key_changes_reset(changes);
    sl_out_emit(out, made); /* bounded by the input: SL_AGAIN is no news */
    return SL_OK;
}
