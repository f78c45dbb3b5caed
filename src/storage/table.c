/* State tables: opening, upsert, find, delete, scans.  The specification is in table.h. */
#include "storage/table_internal.h"

#include "data/row.h"

#include <stdatomic.h>
#include <stdlib.h>

struct sl_state *
sl_state_new(const struct sl_state_config *config)
{
    struct sl_state *state = sl_alloc_zeroed(sizeof(*state));

    state->config = *config;
    state->is_whole = config->is_whole;
    state->is_listed = !config->is_volatile;
    state_io_init(&state->io);
    if (config->backend && config->backend->budget)
        atomic_fetch_add(&config->backend->budget->state_count, 1);
    return state;
}

static void
table_free(struct sl_state_table *table)
{
    SL_ASSERT(table->frozen == NULL);
    for (size_t i = 0; i < table->slice_count; i++)
        state_slice_free(table->slices[i]);
    free(table->slices);
    free(table->dropped);
    free(table->kept.name);
    free(table->written.name);
    sl_key_bytes_done(&table->keys);
    free(table);
}

void
sl_state_free(struct sl_state *state)
{
    if (!state)
        return;
    sl_state_close(state);
    if (state->config.backend && state->config.backend->budget) {
        atomic_fetch_sub(&state->config.backend->budget->used_bytes, state->charged_bytes);
        atomic_fetch_sub(&state->config.backend->budget->state_count, 1);
    }
    state_io_forget(state);
    state_io_done(&state->io);
    while (state->tables) {
        struct sl_state_table *table = state->tables;

        state->tables = table->next;
        table_free(table);
    }
    free(state);
}

void
sl_state_size(const struct sl_state *state, uint64_t *ret_rows, uint64_t *ret_bytes)
{
    uint64_t rows = 0, bytes = 0;

    for (const struct sl_state_table *table = state->tables; table; table = table->next) {
        for (size_t i = 0; i < table->slice_count; i++) {
            const struct state_slice *slice = table->slices[i];

            rows += slice->row_count;
            bytes += slice->memory.bytes + slice->filter.bytes +
                     (slice->slots.mask + 1 + slice->dirty.capacity) * sizeof(uint64_t) +
                     (slice->old.items ? (slice->old.mask + 1) * sizeof(uint64_t) : 0);
        }
    }
    *ret_rows = rows;
    *ret_bytes = bytes;
}

int
sl_state_table_open(struct sl_state *state, const struct sl_state_table_spec *spec,
                    struct sl_state_table **ret_table, struct sl_error *err)
{
    struct sl_key_codec codec = {spec->key_types, spec->key_count};
    struct sl_state_table *table;

    SL_ASSERT(spec->value_size % 8 == 0);
    table = sl_alloc_zeroed(sizeof(*table));
    table->state = state;
    table->spec = *spec;
    if (spec->ttl_us > 0) {
        table->spec.value_size += 8;
        state->has_ttl = true;
    }
    table->codec = codec;
    table->number = ++state->table_number;
    table->next = state->tables;
    state->tables = table;
    *ret_table = table;
    return SL_OK;
}

const struct sl_key_codec *
sl_table_key_codec(const struct sl_state_table *table)
{
    return &table->codec;
}

void
sl_table_keys_of(const struct sl_state_table *table, char *const *values, size_t count,
                 struct sl_text *ret_keys, uint64_t *ret_hashes)
{
    for (size_t i = 0; i < count; i++) {
        const struct state_row *row =
            (const struct state_row *)(const void *)(values[i] - offsetof(struct state_row, value));

        ret_keys[i] = (struct sl_text){values[i] + table->spec.value_size, row->key_size};
        ret_hashes[i] = row->hash;
    }
}

void
row_list_add(struct row_list *list, struct state_row *row)
{
    if (list->count == list->capacity) {
        list->capacity = list->capacity ? list->capacity * 2 : 8;
        list->items = sl_realloc(list->items, list->capacity * sizeof(*list->items));
    }
    list->items[list->count++] = row;
}

void
state_list_dirty(struct sl_state_table *table, struct state_row *row)
{
    if (SL_LIKELY(table->state->is_listed))
        row_list_add(&row->slice->dirty, row);
}

void
sl_state_set_now(struct sl_state *state, int64_t now_us)
{
    state->now_us = now_us;
}

bool
sl_state_wants_now(const struct sl_state *state)
{
    return state->has_ttl;
}

/* --- slices --- */

/* The index of the first slice whose time is not less. */
static size_t
table_slice_index(const struct sl_state_table *table, int64_t time)
{
    size_t low = 0, high = table->slice_count;

    while (low < high) {
        size_t middle = (low + high) / 2;

        if (table->slices[middle]->time < time)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

struct state_slice *
state_table_slice(struct sl_state_table *table, int64_t time, bool make)
{
    size_t index = table_slice_index(table, time);

    if (index < table->slice_count && table->slices[index]->time == time)
        return table->slices[index];
    if (!make)
        return NULL;
    if (table->slice_count == table->slice_capacity) {
        table->slice_capacity = table->slice_capacity ? table->slice_capacity * 2 : 8;
        table->slices = sl_realloc(table->slices, table->slice_capacity * sizeof(*table->slices));
    }
    memmove(&table->slices[index + 1], &table->slices[index],
            (table->slice_count - index) * sizeof(*table->slices));
    table->slices[index] = state_slice_new(time);
    if (index > 0)
        table->slices[index]->expected_count = table->slices[index - 1]->row_count;
    table->slice_count++;
    return table->slices[index];
}

int64_t
sl_table_next_time(const struct sl_state_table *table, int64_t time)
{
    for (size_t i = table_slice_index(table, time); i < table->slice_count; i++)
        if (table->slices[i]->row_count > 0 || table->slices[i]->cold)
            return table->slices[i]->time;
    return INT64_MAX;
}

int64_t
sl_table_first_time(const struct sl_state_table *table)
{
    return sl_table_next_time(table, INT64_MIN);
}

static void
table_note_dropped(struct sl_state_table *table, int64_t time)
{
    if (table->dropped_count == table->dropped_capacity) {
        table->dropped_capacity = table->dropped_capacity ? table->dropped_capacity * 2 : 8;
        table->dropped =
            sl_realloc(table->dropped, table->dropped_capacity * sizeof(*table->dropped));
    }
    table->dropped[table->dropped_count++] = time;
}

void
sl_table_drop_time(struct sl_state_table *table, int64_t time)
{
    size_t index = table_slice_index(table, time);
    struct state_slice *slice;

    if (index == table->slice_count || table->slices[index]->time != time)
        return;
    slice = table->slices[index];
    table->version++;
    state_void_reads(table, time);
    slice->dirty.count = slice->superseded_count = 0;
    memmove(&table->slices[index], &table->slices[index + 1],
            (table->slice_count - index - 1) * sizeof(*table->slices));
    table->slice_count--;
    if (slice->stored || (slice->frozen_count > 0 && !table->state->is_whole))
        table_note_dropped(table, time);
    if (slice->frozen_count > 0)
        slice->dropped = true;
    else
        state_slice_free(slice);
}

/* --- look-up and change --- */

void
state_encode_keys(struct sl_state_table *table, const struct sl_state_keys *keys)
{
    if (keys->encoded)
        sl_key_bytes_copy(keys->encoded, keys->row_count, &table->keys);
    else
        sl_key_codec_encode_behind(&table->codec, keys->heads, keys->head_count, keys->columns,
                                   keys->rows, keys->row_count, &table->keys);
}

/* Makes a row writable: a clean one becomes dirty, a frozen one is copied first. */
static struct state_row *
table_make_dirty(struct sl_state_table *table, uint64_t *slot, struct state_row *row)
{
    struct state_row *copy;

    if (SL_LIKELY(row->life == ROW_DIRTY))
        return row;
    if (row->life == ROW_CLEAN) {
        row->life = ROW_DIRTY;
        row->referenced = true;
        state_list_dirty(table, row);
        return row;
    }
    copy = state_row_copy(&table->spec, row);
    copy->life = ROW_DIRTY;
    copy->stored = !table->state->is_whole;
    copy->tombstone = row->tombstone;
    row->superseded = true;
    *slot = state_slot_of(copy);
    state_list_dirty(table, copy);
    return copy;
}

/* What it held is gone; that storage may know the key stays known. */
static void
table_clear(struct sl_state_table *table, struct state_row *row)
{
    state_row_free_views(&table->spec, row);
    memset(row->value, 0, table->spec.value_size);
}

/* A tombstone comes back to life as a new, empty row. */
static void
table_revive(struct sl_state_table *table, struct state_row *row)
{
    table_clear(table, row);
    row->tombstone = false;
    row->slice->tombstone_count--;
    row->slice->row_count++;
}

static void
table_set_expiry(const struct sl_state_table *table, struct state_row *row)
{
    int64_t expires_us = table->state->now_us + table->spec.ttl_us;

    if (table->spec.ttl_us > 0)
        memcpy(row->value + table->spec.value_size - 8, &expires_us, sizeof(expires_us));
}

/* `slot` is the key's, NULL where it has none. */
static struct state_row *
table_upsert_slot(struct sl_state_table *table, struct state_slice *slice, uint64_t *slot,
                  uint64_t hash, const char *key, uint32_t key_size, bool *ret_created)
{
    struct state_row *row;

    if (SL_LIKELY(slot != NULL)) {
        row = table_make_dirty(table, slot, state_slot_row(*slot));
        *ret_created = row->tombstone;
        if (row->tombstone) {
            table_revive(table, row);
        } else if (state_row_is_expired(table, row)) {
            table_clear(table, row);
            *ret_created = true;
        }
        table_set_expiry(table, row);
        return row;
    }
    row = state_row_new(slice, hash, key, key_size, table->spec.value_size);
    row->life = ROW_DIRTY;
    state_slice_insert(slice, row);
    state_list_dirty(table, row);
    table_set_expiry(table, row);
    *ret_created = true;
    return row;
}

/* Frees the dirty rows that came and went, once they are the most: nobody may ever freeze. */
static void
table_free_superseded(struct sl_state_table *table, struct state_slice *slice)
{
    struct row_list *dirty = &slice->dirty;
    size_t kept = 0;

    if (SL_LIKELY(slice->superseded_count <= dirty->count / 2))
        return;
    for (size_t i = 0; i < dirty->count; i++) {
        if (dirty->items[i]->superseded)
            state_row_free(&table->spec, dirty->items[i]);
        else
            dirty->items[kept++] = dirty->items[i];
    }
    dirty->count = kept;
    slice->superseded_count = 0;
}

/* The slice of keys that are to be written, which are encoded then. */
static struct state_slice *
table_begin_write(struct sl_state_table *table, const struct sl_state_keys *keys)
{
    struct state_slice *slice = state_table_slice(table, keys->time, true);

    table->version++;
    table_free_superseded(table, slice);
    state_encode_keys(table, keys);
    state_prefetch_first(table, slice, keys);
    return slice;
}

/* The end of the block of keys that begins there, for which there is room then. */
static size_t
table_begin_block(struct sl_state_table *table, struct state_slice *slice,
                  const struct sl_state_keys *keys, size_t block)
{
    size_t end = SL_MIN(block + STATE_BLOCK, keys->row_count);

    state_slice_make_room(slice, end - block);
    state_prefetch_next(table, slice, keys, block);
    return end;
}

void
sl_table_upsert(struct sl_state_table *table, const struct sl_state_keys *keys, char **ret_values,
                bool *created)
{
    struct state_slice *slice = table_begin_write(table, keys);
    const uint32_t *offsets = table->keys.offsets;

    for (size_t block = 0; block < keys->row_count; block += STATE_BLOCK) {
        size_t end = table_begin_block(table, slice, keys, block);

        for (size_t i = block; i < end; i++) {
            const char *key = table->keys.bytes + offsets[i];
            uint32_t key_size = offsets[i + 1] - offsets[i];
            uint64_t *slot =
                state_slice_find(slice, keys->hashes[i], key, key_size, table->spec.value_size);
            bool is_new;
            struct state_row *row =
                table_upsert_slot(table, slice, slot, keys->hashes[i], key, key_size, &is_new);

            ret_values[i] = row->value;
            if (created)
                created[i] = is_new;
        }
    }
}

/* --- bits --- */

/* True: the row has them all, and nothing is to be done. */
static bool
table_has_bits(const struct sl_state_table *table, struct state_row *row, const uint64_t *bits,
               size_t word_count)
{
    const uint64_t *value = (const uint64_t *)(const void *)row->value;
    uint64_t lacks = 0;

    if (row->tombstone || table->spec.ttl_us > 0)
        return false;
    for (size_t w = 0; w < word_count; w++)
        lacks |= bits[w] & ~value[w];
    if (!row->referenced)
        row->referenced = true;
    return lacks == 0;
}

static void
table_set_bits_one(struct sl_state_table *table, struct state_slice *slice, uint64_t hash,
                   struct sl_text key, uint64_t *bits, size_t word_count)
{
    uint32_t key_size = (uint32_t)key.length;
    uint64_t *slot = state_slice_find(slice, hash, key.start, key_size, table->spec.value_size);
    uint64_t *value;
    bool is_new;

    if (slot && table_has_bits(table, state_slot_row(*slot), bits, word_count)) {
        memset(bits, 0, word_count * sizeof(*bits));
        return;
    }
    value = (uint64_t *)(void *)table_upsert_slot(table, slice, slot, hash, key.start, key_size,
                                                  &is_new)
                ->value;
    for (size_t w = 0; w < word_count; w++) {
        bits[w] &= ~value[w];
        value[w] |= bits[w];
    }
}

void
sl_table_set_bits(struct sl_state_table *table, const struct sl_state_keys *keys, uint64_t *bits)
{
    struct state_slice *slice = table_begin_write(table, keys);
    size_t word_count = (table->spec.value_size - (table->spec.ttl_us > 0 ? 8 : 0)) / 8;
    const uint32_t *offsets = table->keys.offsets;

    SL_ASSERT(table->spec.is_bits);
    for (size_t block = 0; block < keys->row_count; block += STATE_BLOCK) {
        size_t end = table_begin_block(table, slice, keys, block);

        for (size_t i = block; i < end; i++)
            table_set_bits_one(
                table, slice, keys->hashes[i],
                (struct sl_text){table->keys.bytes + offsets[i], offsets[i + 1] - offsets[i]},
                bits + i * word_count, word_count);
    }
}

/* --- finding, deleting --- */

void
sl_table_find(struct sl_state_table *table, const struct sl_state_keys *keys,
              const char **ret_values)
{
    struct state_slice *slice = state_table_slice(table, keys->time, false);
    const uint32_t *offsets;

    if (!slice) {
        memset(ret_values, 0, keys->row_count * sizeof(*ret_values));
        return;
    }
    state_encode_keys(table, keys);
    offsets = table->keys.offsets;
    state_prefetch_first(table, slice, keys);
    for (size_t block = 0; block < keys->row_count; block += STATE_BLOCK) {
        size_t end = SL_MIN(block + STATE_BLOCK, keys->row_count);

        state_prefetch_next(table, slice, keys, block);
        for (size_t i = block; i < end; i++) {
            uint64_t *slot =
                state_slice_find(slice, keys->hashes[i], table->keys.bytes + offsets[i],
                                 offsets[i + 1] - offsets[i], table->spec.value_size);
            const struct state_row *row = slot ? state_slot_row(*slot) : NULL;

            ret_values[i] =
                row && !row->tombstone && !state_row_is_expired(table, row) ? row->value : NULL;
        }
    }
}

static void
table_delete_one(struct sl_state_table *table, uint64_t *slot)
{
    struct state_row *row = state_slot_row(*slot);

    if (row->tombstone)
        return;
    row = table_make_dirty(table, slot, row);
    row->slice->row_count--;
    if (row->stored) {
        row->tombstone = true;
        row->slice->tombstone_count++;
        return;
    }
    *slot = SLOT_GONE;
    if (!table->state->is_listed) {
        state_row_free(&table->spec, row);
        return;
    }
    row->superseded = true; /* the dirty list frees it */
    row->slice->superseded_count++;
}

void
sl_table_delete(struct sl_state_table *table, const struct sl_state_keys *keys)
{
    struct state_slice *slice = state_table_slice(table, keys->time, false);
    const uint32_t *offsets;

    if (!slice)
        return;
    table->version++;
    state_encode_keys(table, keys);
    offsets = table->keys.offsets;
    for (size_t i = 0; i < keys->row_count; i++) {
        uint64_t *slot = state_slice_find(slice, keys->hashes[i], table->keys.bytes + offsets[i],
                                          offsets[i + 1] - offsets[i], table->spec.value_size);

        if (slot)
            table_delete_one(table, slot);
    }
}

struct state_row *
state_table_add_row(struct sl_state_table *table, int64_t time, uint64_t hash, struct sl_text key)
{
    struct state_slice *slice = state_table_slice(table, time, true);
    struct state_row *row;

    state_slice_make_room(slice, 1);
    row = state_row_new(slice, hash, key.start, (uint32_t)key.length, table->spec.value_size);
    row->life = ROW_DIRTY;
    state_slice_insert(slice, row);
    state_list_dirty(table, row);
    return row;
}

struct sl_view
sl_table_keep_view(struct sl_state_table *table, int64_t time, const struct sl_view *old,
                   const struct sl_view *view)
{
    struct state_slice *slice = state_table_slice(table, time, true);
    struct sl_view kept = state_view_copy(slice, view);

    state_view_free(slice, old);
    return kept;
}

struct sl_view
sl_table_grow_view(struct sl_state_table *table, int64_t time, const struct sl_view *old,
                   size_t capacity)
{
    struct state_slice *slice;
    struct sl_view grown;
    char *bytes;

    if (old->length > SL_VIEW_INLINE_MAX && old->length >= capacity)
        return *old;
    slice = state_table_slice(table, time, true);
    capacity = SL_MAX(SL_MAX(capacity, 2 * (size_t)old->length), (size_t)SL_VIEW_INLINE_MAX + 1);
    capacity = (capacity + 15) & ~(size_t)15;
    SL_ASSERT(capacity <= UINT32_MAX);
    bytes = sl_row_memory_alloc(&slice->memory, capacity);
    memcpy(bytes, sl_view_data(old), old->length);
    memset(bytes + old->length, 0, capacity - old->length);
    grown = sl_view_of(bytes, capacity);
    state_view_free(slice, old);
    return grown;
}
