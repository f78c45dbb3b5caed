/* Which hashes were added: a Bloom filter that grows.  Says yes to all that were, and to about one
 * in a hundred others. */
#ifndef SL_STORAGE_FILTER_H
#define SL_STORAGE_FILTER_H

#include "base/base.h"

#define SL_FILTER_PARTS 24 /* each has room for twice as many as the one before */

struct sl_filter_part {
    uint64_t *words;
    size_t block_count; /* of 8 words: one cache line */
    size_t count, capacity;
};

struct sl_filter { /* zeroed: empty */
    struct sl_filter_part parts[SL_FILTER_PARTS];
    size_t part_count;
    size_t bytes;
};

void sl_filter_done(struct sl_filter *filter);
void sl_filter_add(struct sl_filter *filter, uint64_t hash);
bool sl_filter_has(const struct sl_filter *filter, uint64_t hash);

#endif
