/* Rows in order, as bytes that a row of a state table owns: entries one after another, each a sort
 * key and a packed row.  Keys that are equal, with their numbers, stay in the order in which they
 * came. */
#ifndef SL_EXECUTOR_RANK_CHUNK_H
#define SL_EXECUTOR_RANK_CHUNK_H

#include "executor/rank_order.h"
#include "storage/table.h"

#define SL_RANK_CHUNK_MAX (UINT32_C(1) << 30) /* bytes */

struct sl_rank_entry {
    uint64_t prefix; /* of the key */
    uint64_t number; /* … its number */
    uint32_t key_length, row_length;
    char bytes[]; /* both; then room, so that the next entry is aligned */
};

struct sl_rank_chunk {
    uint32_t count, used; /* entries; bytes of them */
    uint32_t stride; /* bytes of each entry, so that they are searched by halves; 0: they differ */
    uint32_t unused;
    struct sl_view bytes; /* `used` and room */
};

static inline size_t
sl_rank_entry_size_of(size_t key_length, size_t row_length)
{
    return (sizeof(struct sl_rank_entry) + key_length + row_length + 7) & ~(size_t)7;
}
static inline size_t
sl_rank_entry_size(const struct sl_rank_entry *entry)
{
    return sl_rank_entry_size_of(entry->key_length, entry->row_length);
}
static inline const struct sl_rank_entry *
sl_rank_chunk_at(const struct sl_rank_chunk *chunk, size_t offset)
{
    return (const struct sl_rank_entry *)(const void *)(sl_view_data(&chunk->bytes) + offset);
}
static inline struct sl_text
sl_rank_entry_row(const struct sl_rank_entry *entry)
{
    return (struct sl_text){entry->bytes + entry->key_length, entry->row_length};
}
static inline struct sl_rank_key
sl_rank_entry_key(const struct sl_rank_entry *entry)
{
    return (struct sl_rank_key){{entry->bytes, entry->key_length}, entry->prefix, entry->number};
}

/* Entries begin in the places 0, 1, … */
static inline const struct sl_rank_entry *
sl_rank_chunk_entry(const struct sl_rank_chunk *chunk, uint32_t index)
{
    return sl_rank_chunk_at(chunk, (size_t)index * chunk->stride); /* which is not 0 */
}

int sl_rank_key_compare(const struct sl_rank_key *a, const struct sl_rank_key *b);
/* Are the bytes the same? */
bool sl_rank_entry_has_key(const struct sl_rank_entry *entry, const struct sl_rank_key *key);
/* Where the first entry begins whose key is not less (`behind`: is greater); *ret_index: how many
 * are before it. */
size_t sl_rank_chunk_find(const struct sl_rank_chunk *chunk, const struct sl_rank_key *key,
                          bool behind, uint32_t *ret_index);
/* Where entry `index` begins; of as many as there are: the end. */
size_t sl_rank_chunk_offset(const struct sl_rank_chunk *chunk, uint32_t index);
/* Puts an entry at an offset.  The chunk is in a value that was upserted for this time. */
void sl_rank_chunk_put(struct sl_state_table *table, int64_t time, struct sl_rank_chunk *chunk,
                       size_t offset, const struct sl_rank_key *key, struct sl_text row);
/* Takes out entries, `count` of them, that lie from … to. */
void sl_rank_chunk_cut(struct sl_rank_chunk *chunk, size_t from, size_t to, uint32_t count);
/* Only entries whose prefix is greater stay. */
void sl_rank_chunk_keep_behind(struct sl_rank_chunk *chunk, uint64_t prefix);
/* Appends the entries of `from` that begin at the offset. */
void sl_rank_chunk_append(struct sl_state_table *table, int64_t time, struct sl_rank_chunk *chunk,
                          const struct sl_rank_chunk *from, size_t offset, uint32_t count);

#endif
