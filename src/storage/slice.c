/* The hash table of one slice: linear probing over tagged pointers, grown incrementally. */
#include "storage/table_internal.h"

#include <stdlib.h>

enum {
    SLICE_SLOTS_MIN = 16,
    SLICE_MOVE_STEP = 256,
    SLICE_SHRINK_MAX = 4,
    SLICE_GUESS_SLOTS = 4,
    SLICE_EXPECT_FROM = 16, /* a part of what is expected tells that it will come */
};

static struct state_slots
slots_new(size_t count)
{
    size_t size = count * sizeof(uint64_t);

    return (struct state_slots){.items = size < SL_HUGE_PAGE ? sl_alloc_zeroed(size)
                                                             : sl_alloc_pages(size),
                                .mask = count - 1};
}

static void
slots_free(struct state_slots *slots)
{
    size_t size = (slots->mask + 1) * sizeof(uint64_t);

    if (size < SL_HUGE_PAGE)
        free(slots->items);
    else
        sl_free_pages(slots->items, size);
    *slots = (struct state_slots){0};
}

struct state_slice *
state_slice_new(int64_t time)
{
    struct state_slice *slice = sl_alloc_zeroed(sizeof(*slice));

    slice->time = time;
    slice->slots = slots_new(SLICE_SLOTS_MIN);
    return slice;
}

void
state_slice_free(struct state_slice *slice)
{
    sl_row_memory_done(&slice->memory);
    sl_filter_done(&slice->filter);
    slots_free(&slice->slots);
    slots_free(&slice->old);
    free(slice->dirty.items);
    free(slice);
}

struct state_row *
state_row_new(struct state_slice *slice, uint64_t hash, const char *key, uint32_t key_size,
              size_t value_size)
{
    struct state_row *row =
        sl_row_memory_alloc(&slice->memory, sizeof(*row) + value_size + key_size);

    *row = (struct state_row){.hash = hash, .slice = slice, .key_size = key_size};
    memset(row->value, 0, value_size);
    memcpy(row->value + value_size, key, key_size);
    return row;
}

struct state_row *
state_row_copy(const struct sl_state_table_spec *spec, const struct state_row *row)
{
    struct state_row *copy = state_row_new(row->slice, row->hash, row->value + spec->value_size,
                                           row->key_size, spec->value_size);

    memcpy(copy->value, row->value, spec->value_size);
    for (size_t i = 0; i < spec->view_count; i++) {
        struct sl_view view;

        memcpy(&view, copy->value + spec->view_offsets[i], sizeof(view));
        view = state_view_copy(row->slice, &view);
        memcpy(copy->value + spec->view_offsets[i], &view, sizeof(view));
    }
    return copy;
}

struct sl_view
state_view_copy(struct state_slice *slice, const struct sl_view *view)
{
    char *bytes;

    if (view->length <= SL_VIEW_INLINE_MAX)
        return *view;
    bytes = sl_row_memory_alloc(&slice->memory, view->length);
    memcpy(bytes, view->pointer, view->length);
    return sl_view_of(bytes, view->length);
}

void
state_view_free(struct state_slice *slice, const struct sl_view *view)
{
    if (view->length > SL_VIEW_INLINE_MAX)
        sl_row_memory_free(&slice->memory, (void *)view->pointer, view->length);
}

void
state_row_free_views(const struct sl_state_table_spec *spec, struct state_row *row)
{
    for (size_t i = 0; i < spec->view_count; i++) {
        struct sl_view view;

        memcpy(&view, row->value + spec->view_offsets[i], sizeof(view));
        state_view_free(row->slice, &view);
    }
}

void
state_row_free(const struct sl_state_table_spec *spec, struct state_row *row)
{
    state_row_free_views(spec, row);
    sl_row_memory_free(&row->slice->memory, row, sizeof(*row) + spec->value_size + row->key_size);
}

static inline uint64_t
slice_load(const char *bytes)
{
    uint64_t word;

    memcpy(&word, bytes, sizeof(word));
    return word;
}

/* Most keys are a number or two: a few words, without a call. */
static inline bool
slice_key_is(const char *a, const char *b, uint32_t size)
{
    if (size < 8 || size > 16)
        return memcmp(a, b, size) == 0;
    return slice_load(a) == slice_load(b) && slice_load(a + size - 8) == slice_load(b + size - 8);
}

static uint64_t *
slice_probe(const struct state_slots *slots, uint64_t hash, const char *key, uint32_t key_size,
            size_t value_size)
{
    uint64_t tag = state_slot_tag(hash);

    for (size_t i = hash & slots->mask;; i = (i + 1) & slots->mask) {
        uint64_t slot = slots->items[i];
        const struct state_row *row;

        if (slot == SLOT_EMPTY)
            return NULL;
        if (slot == SLOT_GONE || ((slot ^ tag) & ~SLOT_POINTER_MASK))
            continue;
        row = state_slot_row(slot);
        if (row->hash == hash && row->key_size == key_size &&
            slice_key_is(row->value + value_size, key, key_size))
            return &slots->items[i];
    }
}

uint64_t *
state_slice_find(struct state_slice *slice, uint64_t hash, const char *key, uint32_t key_size,
                 size_t value_size)
{
    uint64_t *slot = slice_probe(&slice->slots, hash, key, key_size, value_size);

    if (!slot && SL_UNLIKELY(slice->old.items != NULL))
        slot = slice_probe(&slice->old, hash, key, key_size, value_size);
    return slot;
}

static void
slice_put(struct state_slots *slots, uint64_t slot, uint64_t hash)
{
    size_t i = hash & slots->mask;

    while (slots->items[i] > SLOT_GONE)
        i = (i + 1) & slots->mask;
    slots->used += slots->items[i] == SLOT_EMPTY;
    slots->items[i] = slot;
}

void
state_slice_insert(struct state_slice *slice, struct state_row *row)
{
    slice_put(&slice->slots, state_slot_of(row), row->hash);
    slice->row_count++;
}

/* Moves at most `count` old slots into the new table. */
static void
slice_move(struct state_slice *slice, size_t count)
{
    size_t end = SL_MIN(slice->moved + count, slice->old.mask + 1);

    for (; slice->moved < end; slice->moved++) {
        uint64_t slot = slice->old.items[slice->moved];

        if (slot <= SLOT_GONE)
            continue;
        slice_put(&slice->slots, slot, state_slot_row(slot)->hash);
        slice->old.items[slice->moved] = SLOT_GONE;
    }
    if (slice->moved == slice->old.mask + 1) {
        slots_free(&slice->old);
    }
}

void
state_slice_settle(struct state_slice *slice)
{
    if (slice->old.items)
        slice_move(slice, SIZE_MAX / 2);
}

void
state_slice_make_room(struct state_slice *slice, size_t count)
{
    size_t slot_count = SL_MAX((slice->slots.mask + 1) / SLICE_SHRINK_MAX, (size_t)SLICE_SLOTS_MIN);
    size_t row_count = slice->row_count + slice->tombstone_count + count;

    if (slice->old.items)
        slice_move(slice, SLICE_MOVE_STEP + 4 * count);
    if ((slice->slots.used + count) * 4 <= (slice->slots.mask + 1) * 3)
        return;
    state_slice_settle(slice);
    /* Fewer than before, where most are of rows that left; not so few that the old ones' rows would
     * not have moved before the new ones are full (16 slots move for each new row, at least). */
    if (row_count > slice->expected_count / SLICE_EXPECT_FROM)
        row_count = SL_MAX(row_count, slice->expected_count);
    while (row_count * 5 > slot_count * 3)
        slot_count *= 2;
    slice->old = slice->slots;
    slice->moved = 0;
    slice->slots = slots_new(slot_count);
    slice_move(slice, SLICE_MOVE_STEP + 4 * count);
}

/* Always inlined: gcc 12 takes a function that does nothing but prefetch for one without effect,
 * and drops its calls. */
static SL_ALWAYS_INLINE void
slice_prefetch_slots(const struct state_slice *slice, const uint64_t *hashes, size_t count)
{
    for (size_t i = 0; i < count; i++)
        __builtin_prefetch(&slice->slots.items[hashes[i] & slice->slots.mask]);
}

/* The row that the hash most likely means, by the tags of its first slots, as far as they are in
 * one cache line; without branches, for nobody can predict them.  What is not a row may come out,
 * too: it is fetched ahead at most. */
static const struct state_row *
slice_guess(const struct state_slots *slots, uint64_t hash)
{
    size_t at = hash & slots->mask, last = at | (SL_CACHE_LINE / sizeof(uint64_t) - 1);
    uint64_t guess = slots->items[at], tag = state_slot_tag(hash);

    for (unsigned n = SLICE_GUESS_SLOTS; n-- > 0;) {
        uint64_t slot = slots->items[SL_MIN(at + n, last)];

        guess = (slot ^ tag) >> SLOT_TAG_SHIFT == 0 ? slot : guess;
    }
    return (const struct state_row *)(uintptr_t)(guess & SLOT_POINTER_MASK);
}

static SL_ALWAYS_INLINE void
slice_prefetch_rows(const struct state_slice *slice, const uint64_t *hashes, size_t count,
                    size_t value_size)
{
    for (size_t i = 0; i < count; i++)
        state_row_prefetch(slice_guess(&slice->slots, hashes[i]), value_size);
}

void
state_prefetch_first(const struct sl_state_table *table, const struct state_slice *slice,
                     const struct sl_state_keys *keys)
{
    size_t count = SL_MIN(keys->row_count, (size_t)STATE_BLOCK);

    slice_prefetch_slots(slice, keys->hashes, SL_MIN(keys->row_count, 2 * count));
    slice_prefetch_rows(slice, keys->hashes, count, table->spec.value_size);
}

void
state_prefetch_next(const struct sl_state_table *table, const struct state_slice *slice,
                    const struct sl_state_keys *keys, size_t block)
{
    size_t rows = SL_MIN(block + STATE_BLOCK, keys->row_count);
    size_t slots = SL_MIN(rows + STATE_BLOCK, keys->row_count);
    size_t end = SL_MIN(slots + STATE_BLOCK, keys->row_count);

    slice_prefetch_slots(slice, keys->hashes + slots, end - slots);
    slice_prefetch_rows(slice, keys->hashes + rows, slots - rows, table->spec.value_size);
}
