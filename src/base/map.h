/* A small hash map from names to pointers, for set-up paths; keys match with or without case. */
#ifndef SL_BASE_MAP_H
#define SL_BASE_MAP_H

#include "base/base.h"

struct sl_map_entry {
    struct sl_text key; /* owned by the map */
    void *value;
};

/* Entries keep the order of their insertion; removing moves the last one. */
struct sl_map {
    struct sl_map_entry *entries;
    uint32_t *slots; /* entry index + 1 */
    size_t count, capacity, slot_count;
    bool nocase;
};

void sl_map_init(struct sl_map *map, bool nocase);
void sl_map_done(struct sl_map *map); /* values are the caller's */
void *sl_map_get(const struct sl_map *map, struct sl_text key); /* NULL when absent */
/* Returns the earlier value, or NULL. */
void *sl_map_put(struct sl_map *map, struct sl_text key, void *value);
void *sl_map_remove(struct sl_map *map, struct sl_text key);

#endif
