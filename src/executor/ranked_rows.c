/* The rows of a partition in order: see ranked_rows.h. */
#include "executor/ranked_rows.h"

#include "base/hash.h"

#include <stdlib.h>

#define RANKED_CHUNK_BYTES 8192
#define RANKED_ITEM_BYTES 128 /* more for each chunk that there is */

/* What the list has of a chunk, as an entry's row. */
struct ranked_item {
    uint32_t number, count;
};

/* --- opening --- */

static int
ranked_open_table(struct sl_ranked_rows *rows, struct sl_op *op, const struct sl_type **types,
                  int64_t ttl_us, struct sl_error *err)
{
    static const uint32_t offsets[] = {
        offsetof(struct sl_ranked, first) + offsetof(struct sl_rank_chunk, bytes),
        offsetof(struct sl_ranked, further) + offsetof(struct sl_rank_chunk, bytes),
    };
    struct sl_state_table_spec spec = {.name = "rows",
                                       .operator_uid = op->node->uid,
                                       .key_types = types,
                                       .key_count = rows->key_count,
                                       .has_time = rows->has_time,
                                       .value_size = sizeof(struct sl_ranked),
                                       .view_offsets = offsets,
                                       .view_count = SL_COUNT_OF(offsets),
                                       .ttl_us = ttl_us};

    return sl_state_table_open(op->context->state, &spec, &rows->table, err);
}

static int
ranked_open_chunks(struct sl_ranked_rows *rows, struct sl_op *op, const struct sl_type **types,
                   int64_t ttl_us, struct sl_error *err)
{
    static const uint32_t offset = offsetof(struct sl_rank_chunk, bytes);
    struct sl_state_table_spec spec = {.name = "chunks",
                                       .operator_uid = op->node->uid,
                                       .key_types = types,
                                       .key_count = rows->key_count + 1,
                                       .has_time = rows->has_time,
                                       .value_size = sizeof(struct sl_rank_chunk),
                                       .view_offsets = &offset,
                                       .view_count = 1,
                                       .ttl_us = ttl_us};

    types[rows->key_count] = &sl_type_int;
    return sl_state_table_open(op->context->state, &spec, &rows->chunks, err);
}

int
sl_ranked_rows_open(struct sl_ranked_rows *rows, struct sl_op *op, const uint32_t *keys,
                    size_t key_count, int64_t ttl_us, struct sl_error *err)
{
    struct sl_arena *arena = op->context->arena;
    const struct sl_type **types = SL_NEW_ARRAY(arena, const struct sl_type *, key_count + 1);

    for (size_t i = 0; i < key_count; i++)
        types[i] = op->node->schema->columns[keys[i]].type;
    rows->key_count = key_count;
    rows->pool = op->context->pool;
    rows->chunk_bytes = RANKED_CHUNK_BYTES;
    rows->position_max = UINT32_MAX;
    rows->numbers = sl_column_new(rows->pool, &sl_type_int, SL_BATCH_ROWS_MAX, false);
    rows->key_columns = SL_NEW_ARRAY(arena, struct sl_column *, key_count + 1);
    SL_TRY(ranked_open_table(rows, op, types, ttl_us, err));
    return ranked_open_chunks(rows, op, types, ttl_us, err);
}

void
sl_ranked_rows_close(struct sl_ranked_rows *rows)
{
    sl_column_unref(rows->numbers);
}

/* --- chunks --- */

/* The key group is the partition's, so that both move together. */
static uint64_t
ranked_chunk_hash(uint64_t partition, uint32_t number)
{
    uint64_t hash = sl_hash_combine(partition, sl_hash_u64(number));

    return (partition & UINT64_C(0xffffffff00000000)) | (uint32_t)hash;
}

static void
ranked_partition(const struct sl_ranked_rows *rows, const struct sl_ranked *value,
                 struct sl_text *ret_key, uint64_t *ret_hash)
{
    char *values[] = {(char *)(uintptr_t)value};

    if (!rows->scanned) {
        sl_table_keys_of(rows->table, values, 1, ret_key, ret_hash);
        return;
    }
    *ret_key = rows->scanned->key;
    *ret_hash = rows->scanned->hash;
}

/* The key of a chunk; what it points to is good until the next call. */
struct ranked_chunk_key {
    struct sl_text head;
    uint64_t hash;
    uint16_t row;
};

static struct sl_state_keys
ranked_chunk_keys(struct sl_ranked_rows *rows, const struct sl_ranked *value, uint32_t number,
                  struct ranked_chunk_key *key)
{
    ranked_partition(rows, value, &key->head, &key->hash);
    key->hash = ranked_chunk_hash(key->hash, number);
    key->row = 0;
    ((int32_t *)rows->numbers->values)[0] = (int32_t)number;
    rows->key_columns[rows->key_count] = rows->numbers;
    return (struct sl_state_keys){.columns = rows->key_columns,
                                  .heads = &key->head,
                                  .head_count = rows->key_count,
                                  .rows = &key->row,
                                  .row_count = 1,
                                  .hashes = &key->hash,
                                  .time = rows->time};
}

static const struct sl_rank_chunk *
ranked_read(struct sl_ranked_rows *rows, const struct sl_ranked *value, uint32_t number)
{
    static const struct sl_rank_chunk empty;
    struct ranked_chunk_key key;
    struct sl_state_keys keys = ranked_chunk_keys(rows, value, number, &key);
    const char *found;

    sl_table_find(rows->chunks, &keys, &found);
    return found ? (const struct sl_rank_chunk *)(const void *)found : &empty;
}

static struct sl_rank_chunk *
ranked_write(struct sl_ranked_rows *rows, const struct sl_ranked *value, uint32_t number)
{
    struct ranked_chunk_key key;
    struct sl_state_keys keys = ranked_chunk_keys(rows, value, number, &key);
    char *upserted;

    sl_table_upsert(rows->chunks, &keys, &upserted, NULL);
    return (struct sl_rank_chunk *)(void *)upserted;
}

static void
ranked_delete(struct sl_ranked_rows *rows, const struct sl_ranked *value, uint32_t number)
{
    struct ranked_chunk_key key;
    struct sl_state_keys keys = ranked_chunk_keys(rows, value, number, &key);

    sl_table_delete(rows->chunks, &keys);
}

static struct ranked_item
ranked_item_at(const struct sl_ranked *value, size_t offset)
{
    struct ranked_item item;

    memcpy(&item, sl_rank_entry_row(sl_rank_chunk_at(&value->further, offset)).start, sizeof(item));
    return item;
}

static void
ranked_set_item(struct sl_ranked *value, size_t offset, struct ranked_item item)
{
    struct sl_text row = sl_rank_entry_row(sl_rank_chunk_at(&value->further, offset));

    memcpy((char *)(uintptr_t)row.start, &item, sizeof(item));
}

static size_t
ranked_behind(const struct sl_ranked *value, size_t offset)
{
    return offset + sl_rank_entry_size(sl_rank_chunk_at(&value->further, offset));
}

/* The chunk that an entry of the list names, to be written.  Where it had lived too long its rows
 * are gone. */
static struct sl_rank_chunk *
ranked_write_item(struct sl_ranked_rows *rows, struct sl_ranked *value, size_t offset)
{
    struct ranked_item item = ranked_item_at(value, offset);
    struct sl_rank_chunk *chunk = ranked_write(rows, value, item.number);

    if (chunk->count != item.count) {
        value->count -= item.count - chunk->count;
        item.count = chunk->count;
        ranked_set_item(value, offset, item);
    }
    return chunk;
}

static void
ranked_note_count(struct sl_ranked *value, size_t offset, uint32_t count)
{
    struct ranked_item item = ranked_item_at(value, offset);

    item.count = count;
    ranked_set_item(value, offset, item);
}

/* --- reading --- */

void
sl_ranked_seek(struct sl_ranked_rows *rows, const struct sl_ranked *value, uint32_t position,
               struct sl_ranked_cursor *cursor)
{
    *cursor = (struct sl_ranked_cursor){.rows = rows, .value = value, .chunk = &value->first};
    while (position > cursor->chunk->count && cursor->further < value->further.used) {
        struct ranked_item item = ranked_item_at(value, cursor->further);

        position -= cursor->chunk->count;
        cursor->chunk = ranked_read(rows, value, item.number);
        cursor->further = ranked_behind(value, cursor->further);
    }
    cursor->offset = sl_rank_chunk_offset(cursor->chunk, position);
}

const struct sl_rank_entry *
sl_ranked_next(struct sl_ranked_cursor *cursor)
{
    const struct sl_rank_entry *entry;

    while (cursor->offset >= cursor->chunk->used) {
        if (cursor->further >= cursor->value->further.used)
            return NULL;
        cursor->chunk = ranked_read(cursor->rows, cursor->value,
                                    ranked_item_at(cursor->value, cursor->further).number);
        cursor->further = ranked_behind(cursor->value, cursor->further);
        cursor->offset = 0;
    }
    entry = sl_rank_chunk_at(cursor->chunk, cursor->offset);
    cursor->offset += sl_rank_entry_size(entry);
    return entry;
}

/* --- places --- */

struct ranked_place {
    bool is_first;      /* in `first`; else … */
    size_t item_offset; /* … in the chunk that this entry of the list names */
    uint32_t before;    /* rows in front of the chunk */
};

/* The rows in front of an entry of the list; of no use beyond position_max. */
static uint32_t
ranked_count_before(const struct sl_ranked_rows *rows, const struct sl_ranked *value,
                    size_t item_offset)
{
    uint32_t before = value->first.count;

    for (size_t offset = 0; offset < item_offset && before <= rows->position_max;
         offset = ranked_behind(value, offset))
        before += ranked_item_at(value, offset).count;
    return before;
}

/* The last chunk whose first key is less (`behind`: not greater). */
static struct ranked_place
ranked_find_chunk(const struct sl_ranked_rows *rows, const struct sl_ranked *value,
                  const struct sl_rank_key *key, bool behind)
{
    struct ranked_place place = {.is_first = true};
    size_t end, offset = 0;
    uint32_t index;

    if (value->further.count == 0)
        return place;
    end = sl_rank_chunk_find(&value->further, key, behind, &index);
    if (end == 0)
        return place;
    if (value->further.stride > 0)
        offset = end - value->further.stride;
    while (value->further.stride == 0 && ranked_behind(value, offset) < end)
        offset = ranked_behind(value, offset);
    return (struct ranked_place){.item_offset = offset,
                                 .before = ranked_count_before(rows, value, offset)};
}

static bool
ranked_next_chunk(const struct sl_ranked *value, struct ranked_place *place)
{
    size_t next = place->is_first ? 0 : ranked_behind(value, place->item_offset);

    if (next >= value->further.used)
        return false;
    place->before +=
        place->is_first ? value->first.count : ranked_item_at(value, place->item_offset).count;
    place->is_first = false;
    place->item_offset = next;
    return true;
}

static const struct sl_rank_chunk *
ranked_chunk_at(struct sl_ranked_rows *rows, const struct sl_ranked *value,
                const struct ranked_place *place)
{
    return place->is_first
               ? &value->first
               : ranked_read(rows, value, ranked_item_at(value, place->item_offset).number);
}

/* --- growing --- */

/* Cuts a chunk that is too large in two: its second half becomes a chunk of its own behind it. */
static void
ranked_split(struct sl_ranked_rows *rows, struct sl_ranked *value, const struct ranked_place *place)
{
    struct ranked_item made = {.number = value->numbers++};
    struct sl_rank_chunk *half = ranked_write(rows, value, made.number), *chunk = &value->first;
    struct sl_rank_key least;
    size_t from;

    SL_ASSERT(value->numbers <= INT32_MAX);
    if (!place->is_first) { /* the new one may have moved it */
        chunk = ranked_write_item(rows, value, place->item_offset);
        half = ranked_write(rows, value, made.number);
    }
    half->count = half->used = half->stride =
        0; /* one of an earlier life of the partition may be there */
    made.count = chunk->count / 2;
    from = sl_rank_chunk_offset(chunk, chunk->count - made.count);
    sl_rank_chunk_append(rows->chunks, rows->time, half, chunk, from, made.count);
    sl_rank_chunk_cut(chunk, from, chunk->used, made.count);
    if (!place->is_first)
        ranked_note_count(value, place->item_offset, chunk->count);
    least = sl_rank_entry_key(sl_rank_chunk_at(half, 0));
    sl_rank_chunk_put(rows->table, rows->time, &value->further,
                      place->is_first ? 0 : ranked_behind(value, place->item_offset), &least,
                      (struct sl_text){(const char *)&made, sizeof(made)});
}

/* A chunk may be looked through, and so is the list of them where their keys differ in length. */
static size_t
ranked_chunk_max(const struct sl_ranked_rows *rows, const struct sl_ranked *value)
{
    if (value->further.stride > 0)
        return rows->chunk_bytes;
    return SL_MAX((size_t)rows->chunk_bytes, (size_t)value->further.count * RANKED_ITEM_BYTES);
}

uint32_t
sl_ranked_insert(struct sl_ranked_rows *rows, struct sl_ranked *value,
                 const struct sl_rank_key *key, struct sl_text row)
{
    struct ranked_place place = ranked_find_chunk(rows, value, key, !rows->last_first);
    struct sl_rank_chunk *chunk = &value->first;
    uint32_t index;
    size_t offset;

    if (!place.is_first)
        chunk = ranked_write_item(rows, value, place.item_offset);
    offset = sl_rank_chunk_find(chunk, key, !rows->last_first, &index);
    sl_rank_chunk_put(place.is_first ? rows->table : rows->chunks, rows->time, chunk, offset, key,
                      row);
    value->count++;
    if (!place.is_first)
        ranked_note_count(value, place.item_offset, chunk->count);
    if (chunk->used > ranked_chunk_max(rows, value) && chunk->count > 1)
        ranked_split(rows, value, &place);
    return place.before + index;
}

/* --- shrinking --- */

static void
ranked_drop_item(struct sl_ranked_rows *rows, struct sl_ranked *value, size_t offset)
{
    ranked_delete(rows, value, ranked_item_at(value, offset).number);
    sl_rank_chunk_cut(&value->further, offset, ranked_behind(value, offset), 1);
}

/* Where `first` is empty, the next chunk becomes it. */
static void
ranked_fill_first(struct sl_ranked_rows *rows, struct sl_ranked *value)
{
    while (value->first.count == 0 && value->further.used > 0) {
        const struct sl_rank_chunk *next =
            ranked_read(rows, value, ranked_item_at(value, 0).number);

        sl_rank_chunk_append(rows->table, rows->time, &value->first, next, 0, next->count);
        ranked_drop_item(rows, value, 0);
    }
}

/* The entry at an offset of a chunk goes. */
static void
ranked_cut_one(struct sl_ranked_rows *rows, struct sl_ranked *value,
               const struct ranked_place *place, size_t offset)
{
    struct sl_rank_chunk *chunk = &value->first;

    if (!place->is_first)
        chunk = ranked_write_item(rows, value, place->item_offset);
    sl_rank_chunk_cut(chunk, offset, offset + sl_rank_entry_size(sl_rank_chunk_at(chunk, offset)),
                      1);
    value->count--;
    if (!place->is_first && chunk->count == 0)
        ranked_drop_item(rows, value, place->item_offset);
    else if (!place->is_first)
        ranked_note_count(value, place->item_offset, chunk->count);
    ranked_fill_first(rows, value);
}

bool
sl_ranked_remove_exactly(struct sl_ranked_rows *rows, struct sl_ranked *value,
                         const struct sl_rank_key *key, uint32_t *ret_position)
{
    struct ranked_place place = ranked_find_chunk(rows, value, key, true);
    const struct sl_rank_chunk *chunk = ranked_chunk_at(rows, value, &place);
    const struct sl_rank_entry *entry;
    uint32_t index;
    size_t offset = sl_rank_chunk_find(chunk, key, false, &index);

    if (offset == chunk->used)
        return false;
    entry = sl_rank_chunk_at(chunk, offset);
    if (entry->number != key->number || !sl_rank_entry_has_key(entry, key))
        return false;
    *ret_position = place.before + index;
    ranked_cut_one(rows, value, &place, offset);
    return true;
}

bool
sl_ranked_remove(struct sl_ranked_rows *rows, struct sl_ranked *value,
                 const struct sl_rank_key *key, struct sl_text row, uint32_t *ret_position)
{
    struct ranked_place place = ranked_find_chunk(rows, value, key, false);

    do {
        const struct sl_rank_chunk *chunk = ranked_chunk_at(rows, value, &place);
        uint32_t index;
        size_t offset = sl_rank_chunk_find(chunk, key, false, &index);

        for (; offset < chunk->used; index++) {
            const struct sl_rank_entry *entry = sl_rank_chunk_at(chunk, offset);

            if (!sl_rank_entry_has_key(entry, key))
                return false;
            if (sl_text_equal(sl_rank_entry_row(entry), row)) {
                *ret_position = place.before + index;
                ranked_cut_one(rows, value, &place, offset);
                return true;
            }
            offset += sl_rank_entry_size(entry);
        }
    } while (ranked_next_chunk(value, &place));
    return false;
}

/* Of a chunk's entries the first stay. */
static void
ranked_trim_chunk(struct sl_rank_chunk *chunk, uint32_t count)
{
    size_t from = sl_rank_chunk_offset(chunk, count);

    if (chunk->count > count)
        sl_rank_chunk_cut(chunk, from, chunk->used, chunk->count - count);
}

void
sl_ranked_trim(struct sl_ranked_rows *rows, struct sl_ranked *value, uint32_t count)
{
    uint32_t left = count;
    size_t offset = 0;

    if (value->count <= count)
        return;
    ranked_trim_chunk(&value->first, left);
    left -= value->first.count;
    while (offset < value->further.used) {
        uint32_t own = ranked_item_at(value, offset).count;

        if (left == 0) {
            ranked_drop_item(rows, value, offset);
            continue;
        }
        if (own > left) {
            struct sl_rank_chunk *chunk = ranked_write_item(rows, value, offset);

            ranked_trim_chunk(chunk, left);
            ranked_note_count(value, offset, chunk->count);
            own = left;
        }
        left -= own;
        offset = ranked_behind(value, offset);
    }
    value->count = count;
}

/* --- rows that are not in memory --- */

static void
ranked_need(struct sl_ranked_rows *rows, const struct sl_ranked *value, uint32_t number,
            struct sl_ranked_needs *needs)
{
    if (needs->count == needs->capacity) {
        needs->capacity = needs->capacity ? 2 * needs->capacity : 256;
        needs->heads = sl_realloc(needs->heads, needs->capacity * sizeof(*needs->heads));
        needs->hashes = sl_realloc(needs->hashes, needs->capacity * sizeof(*needs->hashes));
        needs->numbers = sl_realloc(needs->numbers, needs->capacity * sizeof(*needs->numbers));
    }
    ranked_partition(rows, value, &needs->heads[needs->count], &needs->hashes[needs->count]);
    needs->hashes[needs->count] = ranked_chunk_hash(needs->hashes[needs->count], number);
    needs->numbers[needs->count++] = (int32_t)number;
}

void
sl_ranked_add_needs(const struct sl_ranked *value, const struct sl_rank_key *from,
                    const struct sl_rank_key *to, uint64_t position, struct sl_ranked_rows *rows,
                    struct sl_ranked_needs *needs)
{
    struct ranked_place place = ranked_find_chunk(rows, value, from, false);
    uint64_t before = value->first.count;

    for (size_t offset = 0; offset < value->further.used; offset = ranked_behind(value, offset)) {
        struct sl_rank_key least = sl_rank_entry_key(sl_rank_chunk_at(&value->further, offset));
        bool is_behind = sl_rank_key_compare(&least, to) > 0;
        bool may_hold = (place.is_first || offset >= place.item_offset) && !is_behind;
        struct ranked_item item = ranked_item_at(value, offset);

        if (may_hold || before < position)
            ranked_need(rows, value, item.number, needs);
        else if (is_behind)
            break;
        before += item.count;
    }
}

void
sl_ranked_add_all(const struct sl_ranked *value, struct sl_ranked_rows *rows,
                  struct sl_ranked_needs *needs)
{
    for (size_t offset = 0; offset < value->further.used; offset = ranked_behind(value, offset))
        ranked_need(rows, value, ranked_item_at(value, offset).number, needs);
}

int
sl_ranked_prepare(struct sl_ranked_rows *rows, struct sl_ranked_needs *needs, struct sl_error *err)
{
    size_t count = needs->count;

    needs->count = 0;
    rows->key_columns[rows->key_count] = rows->numbers;
    for (size_t from = 0; from < count; from += SL_BATCH_ROWS_MAX) {
        struct sl_state_keys keys = {.columns = rows->key_columns,
                                     .heads = needs->heads + from,
                                     .head_count = rows->key_count,
                                     .row_count = SL_MIN(count - from, (size_t)SL_BATCH_ROWS_MAX),
                                     .hashes = needs->hashes + from,
                                     .time = rows->time};
        int rc;

        memcpy(rows->numbers->values, needs->numbers + from, keys.row_count * sizeof(int32_t));
        rc = sl_table_prepare(rows->chunks, &keys, err);
        if (rc != SL_OK)
            return rc;
    }
    return SL_OK;
}

void
sl_ranked_needs_done(struct sl_ranked_needs *needs)
{
    free(needs->heads);
    free(needs->hashes);
    free(needs->numbers);
}
