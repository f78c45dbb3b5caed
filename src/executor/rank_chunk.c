/* Rows in order: see rank_chunk.h. */
#include "executor/rank_chunk.h"

int
sl_rank_key_compare(const struct sl_rank_key *a, const struct sl_rank_key *b)
{
    int order;

    if (a->prefix != b->prefix)
        return a->prefix < b->prefix ? -1 : 1;
    order = sl_text_compare(a->bytes, b->bytes);
    return order ? order : (a->number > b->number) - (a->number < b->number);
}

static int
rank_entry_compare(const struct sl_rank_entry *entry, const struct sl_rank_key *key)
{
    int order;

    if (entry->prefix != key->prefix)
        return entry->prefix < key->prefix ? -1 : 1;
    order = sl_text_compare((struct sl_text){entry->bytes, entry->key_length}, key->bytes);
    return order ? order : (entry->number > key->number) - (entry->number < key->number);
}

bool
sl_rank_entry_has_key(const struct sl_rank_entry *entry, const struct sl_rank_key *key)
{
    return entry->prefix == key->prefix && entry->key_length == key->bytes.length &&
           memcmp(entry->bytes, key->bytes.start, key->bytes.length) == 0;
}

/* As sl_rank_chunk_find, where all entries have one size. */
static uint32_t
rank_chunk_search(const struct sl_rank_chunk *chunk, const struct sl_rank_key *key, bool behind)
{
    uint32_t low = 0, high = chunk->count;

    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        int order = rank_entry_compare(sl_rank_chunk_entry(chunk, middle), key);

        if (order < 0 || (order == 0 && behind))
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

size_t
sl_rank_chunk_find(const struct sl_rank_chunk *chunk, const struct sl_rank_key *key, bool behind,
                   uint32_t *ret_index)
{
    size_t offset = 0;
    uint32_t index = 0;

    if (chunk->stride > 0) {
        *ret_index = rank_chunk_search(chunk, key, behind);
        return (size_t)*ret_index * chunk->stride;
    }
    while (offset < chunk->used) {
        const struct sl_rank_entry *entry = sl_rank_chunk_at(chunk, offset);
        int order = rank_entry_compare(entry, key);

        if (order > 0 || (order == 0 && !behind))
            break;
        offset += sl_rank_entry_size(entry);
        index++;
    }
    *ret_index = index;
    return offset;
}

size_t
sl_rank_chunk_offset(const struct sl_rank_chunk *chunk, uint32_t index)
{
    size_t offset = 0;

    if (index >= chunk->count)
        return chunk->used;
    if (chunk->stride > 0)
        return (size_t)index * chunk->stride;
    while (index-- > 0)
        offset += sl_rank_entry_size(sl_rank_chunk_at(chunk, offset));
    return offset;
}

static char *
rank_chunk_room(struct sl_state_table *table, int64_t time, struct sl_rank_chunk *chunk,
                size_t offset, size_t size)
{
    char *bytes;

    SL_ASSERT(chunk->used + size <= SL_RANK_CHUNK_MAX);
    chunk->bytes = sl_table_grow_view(table, time, &chunk->bytes, chunk->used + size);
    bytes = (char *)(uintptr_t)sl_view_data(&chunk->bytes);
    memmove(bytes + offset + size, bytes + offset, chunk->used - offset);
    chunk->used += (uint32_t)size;
    return bytes + offset;
}

/* Entries of this size (0: of several) are added. */
static void
rank_chunk_note_size(struct sl_rank_chunk *chunk, size_t size)
{
    chunk->stride = chunk->count == 0 || chunk->stride == size ? (uint32_t)size : 0;
}

void
sl_rank_chunk_put(struct sl_state_table *table, int64_t time, struct sl_rank_chunk *chunk,
                  size_t offset, const struct sl_rank_key *key, struct sl_text row)
{
    size_t size = sl_rank_entry_size_of(key->bytes.length, row.length);
    size_t filled = sizeof(struct sl_rank_entry) + key->bytes.length + row.length;
    char *bytes = rank_chunk_room(table, time, chunk, offset, size);
    struct sl_rank_entry *entry = (struct sl_rank_entry *)(void *)bytes;

    entry->prefix = key->prefix;
    entry->number = key->number;
    entry->key_length = (uint32_t)key->bytes.length;
    entry->row_length = (uint32_t)row.length;
    memcpy(entry->bytes, key->bytes.start, key->bytes.length);
    if (row.length)
        memcpy(entry->bytes + key->bytes.length, row.start, row.length);
    memset(bytes + filled, 0, size - filled);
    rank_chunk_note_size(chunk, size);
    chunk->count++;
}

void
sl_rank_chunk_cut(struct sl_rank_chunk *chunk, size_t from, size_t to, uint32_t count)
{
    char *bytes = (char *)(uintptr_t)sl_view_data(&chunk->bytes);

    if (to < chunk->used)
        memmove(bytes + from, bytes + to, chunk->used - to);
    chunk->used -= (uint32_t)(to - from);
    chunk->count -= count;
}

void
sl_rank_chunk_keep_behind(struct sl_rank_chunk *chunk, uint64_t prefix)
{
    char *bytes = (char *)(uintptr_t)sl_view_data(&chunk->bytes);
    uint32_t count = 0;
    size_t to = 0;

    for (size_t offset = 0; offset < chunk->used;) {
        const struct sl_rank_entry *entry = sl_rank_chunk_at(chunk, offset);
        size_t size = sl_rank_entry_size(entry);

        if (entry->prefix > prefix) {
            memmove(bytes + to, bytes + offset, size);
            to += size;
            count++;
        }
        offset += size;
    }
    chunk->used = (uint32_t)to;
    chunk->count = count;
}

void
sl_rank_chunk_append(struct sl_state_table *table, int64_t time, struct sl_rank_chunk *chunk,
                     const struct sl_rank_chunk *from, size_t offset, uint32_t count)
{
    size_t size = from->used - offset;

    if (size == 0)
        return;
    memcpy(rank_chunk_room(table, time, chunk, chunk->used, size),
           sl_view_data(&from->bytes) + offset, size);
    rank_chunk_note_size(chunk, from->stride);
    chunk->count += count;
}
