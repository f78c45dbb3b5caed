/* Open addressing with linear probing over an entry array. */
#include "base/map.h"

#include "base/hash.h"

#include <stdlib.h>

static uint64_t
map_hash(const struct sl_map *map, struct sl_text key)
{
    char folded[256];

    if (!map->nocase || key.length > sizeof(folded))
        return map->nocase ? key.length : sl_hash_bytes(key.start, key.length);
    for (size_t i = 0; i < key.length; i++) {
        char c = key.start[i];

        folded[i] = (char)(c >= 'A' && c <= 'Z' ? c + 32 : c);
    }
    return sl_hash_bytes(folded, key.length);
}

static bool
map_equal(const struct sl_map *map, struct sl_text a, struct sl_text b)
{
    return map->nocase ? sl_text_equal_nocase(a, b) : sl_text_equal(a, b);
}

void
sl_map_init(struct sl_map *map, bool nocase)
{
    *map = (struct sl_map){.nocase = nocase};
}

void
sl_map_done(struct sl_map *map)
{
    for (size_t i = 0; i < map->count; i++)
        free((char *)map->entries[i].key.start);
    free(map->entries);
    free(map->slots);
    *map = (struct sl_map){.nocase = map->nocase};
}

/* The slot that holds the key, or the empty slot where it belongs. */
static size_t
map_find_slot(const struct sl_map *map, struct sl_text key)
{
    size_t mask = map->slot_count - 1;
    size_t slot = map_hash(map, key) & mask;

    while (map->slots[slot] && !map_equal(map, map->entries[map->slots[slot] - 1].key, key))
        slot = (slot + 1) & mask;
    return slot;
}

static void
map_rebuild(struct sl_map *map, size_t slot_count)
{
    free(map->slots);
    map->slot_count = slot_count;
    map->slots = sl_alloc_zeroed(slot_count * sizeof(*map->slots));
    for (size_t i = 0; i < map->count; i++)
        map->slots[map_find_slot(map, map->entries[i].key)] = (uint32_t)i + 1;
}

void *
sl_map_get(const struct sl_map *map, struct sl_text key)
{
    size_t slot;

    if (map->count == 0)
        return NULL;
    slot = map_find_slot(map, key);
    return map->slots[slot] ? map->entries[map->slots[slot] - 1].value : NULL;
}

void *
sl_map_put(struct sl_map *map, struct sl_text key, void *value)
{
    char *copy;
    size_t slot;

    if ((map->count + 1) * 2 > map->slot_count)
        map_rebuild(map, map->slot_count ? map->slot_count * 2 : 16);
    slot = map_find_slot(map, key);
    if (map->slots[slot]) {
        struct sl_map_entry *entry = &map->entries[map->slots[slot] - 1];
        void *earlier = entry->value;

        entry->value = value;
        return earlier;
    }
    if (map->count == map->capacity) {
        map->capacity = map->capacity ? map->capacity * 2 : 8;
        map->entries = sl_realloc(map->entries, map->capacity * sizeof(*map->entries));
    }
    copy = sl_alloc(key.length + 1);
    if (key.length)
        memcpy(copy, key.start, key.length);
    copy[key.length] = '\0';
    map->entries[map->count++] = (struct sl_map_entry){{copy, key.length}, value};
    map->slots[slot] = (uint32_t)map->count;
    return NULL;
}

void *
sl_map_remove(struct sl_map *map, struct sl_text key)
{
    struct sl_map_entry removed;
    size_t slot, index;

    if (map->count == 0)
        return NULL;
    slot = map_find_slot(map, key);
    if (map->slots[slot] == 0)
        return NULL;
    index = map->slots[slot] - 1;
    removed = map->entries[index];
    map->entries[index] = map->entries[--map->count];
    map_rebuild(map, map->slot_count);
    free((char *)removed.key.start);
    return removed.value;
}
