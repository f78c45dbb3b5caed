/* Lists of values: see agg_list.h. */
#include "expr/agg_list.h"

#include <stdlib.h>

enum { LIST_CAPACITY_MIN = 128, LIST_CAPACITY_MAX = 1 << 30 };

static struct agg_list *
list_write(void *state)
{
    struct agg_list_state *list = state;

    return (struct agg_list *)(uintptr_t)list->blob.pointer;
}

static struct agg_slot *
list_slots(struct agg_list *list)
{
    return (struct agg_slot *)(list + 1);
}

static size_t
list_free(const struct agg_list *list)
{
    return list->capacity - sizeof(*list) - list->count * sizeof(struct agg_slot) - list->used;
}

/* Takes the dead bytes out. */
static void
list_compact(struct agg_list *list)
{
    struct agg_slot *slots = list_slots(list);
    char *end = (char *)list + list->capacity, *copy = sl_alloc(list->used + 1);
    uint32_t used = 0;

    memcpy(copy, end - list->used, list->used);
    for (uint32_t i = 0; i < list->count; i++) {
        const char *from = copy + (list->used - slots[i].offset);

        used += slots[i].length;
        memcpy(end - used, from, slots[i].length);
        slots[i].offset = used;
    }
    free(copy);
    list->used = used;
    list->dead = 0;
}

static struct agg_list *
list_grow(void *state, struct sl_aggregate_keeper *keeper, size_t capacity)
{
    struct agg_list *list;
    uint32_t old = agg_list_of(state) ? agg_list_of(state)->capacity : 0, used;

    SL_ASSERT(keeper != NULL);
    list = (struct agg_list *)(void *)keeper->reserve(keeper, state, capacity);
    used = list->used;
    list->capacity = ((struct agg_list_state *)state)->blob.length & ~7u;
    memmove((char *)list + list->capacity - used, (char *)list + old - used, used);
    return list;
}

/* Room for one more slot and its bytes; NULL: there is none. */
static struct agg_list *
list_make_room(void *state, struct sl_aggregate_keeper *keeper, size_t length)
{
    size_t need = sizeof(struct agg_slot) + length;
    struct agg_list *list;

    if (!agg_list_of(state))
        list_grow(state, keeper,
                  SL_MAX(sizeof(struct agg_list) + need + 8, (size_t)LIST_CAPACITY_MIN));
    list = list_write(state);
    if (list_free(list) >= need)
        return list;
    if (list->dead > list->used / 2)
        list_compact(list);
    if (list_free(list) >= need)
        return list;
    if (list->capacity + need > LIST_CAPACITY_MAX) {
        list->overflowed = 1;
        return NULL;
    }
    return list_grow(state, keeper, list->capacity + need + 8);
}

static void
list_insert(void *state, struct sl_aggregate_keeper *keeper, size_t at, struct sl_text value,
            size_t key_length, int64_t count)
{
    struct agg_list *list = list_make_room(state, keeper, value.length);
    struct agg_slot *slots;

    if (!list)
        return;
    slots = list_slots(list);
    memmove(&slots[at + 1], &slots[at], (list->count - at) * sizeof(*slots));
    list->used += (uint32_t)value.length;
    list->count++;
    list->total += count;
    slots[at] = (struct agg_slot){.offset = list->used,
                                  .key_length = (uint32_t)key_length,
                                  .length = (uint32_t)value.length,
                                  .count = count};
    memcpy((char *)list + list->capacity - list->used, value.start, value.length);
}

static void
list_delete(struct agg_list *list, size_t at)
{
    struct agg_slot *slots = list_slots(list);

    list->total -= slots[at].count;
    if (slots[at].offset == list->used)
        list->used -= slots[at].length;
    else
        list->dead += slots[at].length;
    list->count--;
    memmove(&slots[at], &slots[at + 1], (list->count - at) * sizeof(*slots));
    if (list->count == 0)
        list->used = list->dead = 0;
}

static int
list_compare(struct sl_text a, struct sl_text b)
{
    int order = memcmp(a.start, b.start, SL_MIN(a.length, b.length));

    return order ? order : (a.length > b.length) - (a.length < b.length);
}

/* The first slot whose key is not below this one. */
static size_t
list_find_key(const struct agg_list *list, struct sl_text key, bool *ret_found)
{
    const struct agg_slot *slots = agg_list_slots(list);
    size_t low = 0, high = list->count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (list_compare(agg_list_key(list, &slots[middle]), key) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    *ret_found = low < list->count && list_compare(agg_list_key(list, &slots[low]), key) == 0;
    return low;
}

void
sl_agg_list_count_sorted(void *state, struct sl_aggregate_keeper *keeper, struct sl_text value,
                         size_t key_length, int64_t count)
{
    bool found = false;
    size_t at =
        agg_list_of(state)
            ? list_find_key(agg_list_of(state), (struct sl_text){value.start, key_length}, &found)
            : 0;
    struct agg_slot *slot;

    if (!found) {
        if (count > 0)
            list_insert(state, keeper, at, value, key_length, count);
        return;
    }
    slot = &list_slots(list_write(state))[at];
    if (slot->count + count <= 0) {
        list_delete(list_write(state), at);
        return;
    }
    slot->count += count;
    list_write(state)->total += count;
}

void
sl_agg_list_append(void *state, struct sl_aggregate_keeper *keeper, struct sl_text value)
{
    list_insert(state, keeper, agg_list_count(state), value, 0, 1);
}

void
sl_agg_list_remove(void *state, struct sl_text value)
{
    const struct agg_list *list = agg_list_of(state);

    for (size_t i = 0; list && i < list->count; i++) {
        if (sl_text_equal(agg_list_row(list, &agg_list_slots(list)[i]), value)) {
            list_delete(list_write(state), i);
            return;
        }
    }
}

void
sl_agg_list_merge_sorted(const struct sl_aggregate *aggregate, void *to, const void *from,
                         struct sl_aggregate_keeper *keeper)
{
    const struct agg_list *list = agg_list_of(from);

    for (size_t i = 0; list && i < list->count; i++) {
        const struct agg_slot *slot = &agg_list_slots(list)[i];

        sl_agg_list_count_sorted(to, keeper,
                                 (struct sl_text){agg_list_key(list, slot).start, slot->length},
                                 slot->key_length, slot->count);
    }
    sl_agg_list_take_overflow(to, from);
}

void
sl_agg_list_take_overflow(void *to, const void *from)
{
    const struct agg_list *list = agg_list_of(from);

    if (list && list->overflowed && agg_list_of(to))
        list_write(to)->overflowed = 1;
}

size_t
sl_agg_list_unpack(const struct sl_aggregate *aggregate, struct sl_pool *pool, char *const *states,
                   size_t state_offset, size_t row_count, struct sl_column **ret_columns)
{
    struct sl_text *texts;
    struct sl_error err;
    size_t count = 0;
    int rc;

    for (size_t row = 0; row < row_count; row++)
        count += agg_list_count(states[row] + state_offset);
    texts = sl_alloc((count + 1) * sizeof(*texts));
    count = 0;
    for (size_t row = 0; row < row_count; row++) {
        const struct agg_list *list = agg_list_of(states[row] + state_offset);

        for (size_t i = 0; list && i < list->count; i++)
            texts[count++] = agg_list_row(list, &agg_list_slots(list)[i]);
    }
    rc = sl_row_unpack(aggregate->layout, pool, texts, count, ret_columns, &err);
    SL_ASSERT(rc == SL_OK); /* the store's checksums have found damage before */
    free(texts);
    return count;
}

void
sl_agg_list_mark_overflows(char *const *states, size_t state_offset, size_t row_count,
                           uint64_t *errors)
{
    for (size_t row = 0; errors && row < row_count; row++) {
        const struct agg_list *list = agg_list_of(states[row] + state_offset);

        if (list && list->overflowed)
            errors[row / 64] |= UINT64_C(1) << (row % 64);
    }
}
