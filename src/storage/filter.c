/* A blocked Bloom filter: all bits of a hash are in one cache line.  See filter.h. */
#include "storage/filter.h"

#include "base/hash.h"

#include <stdlib.h>

enum { FILTER_PROBES = 6, FILTER_BITS_EACH = 12, FILTER_FIRST = 1024, FILTER_BLOCK_BITS = 512 };

void
sl_filter_done(struct sl_filter *filter)
{
    for (size_t i = 0; i < filter->part_count; i++)
        free(filter->parts[i].words);
    *filter = (struct sl_filter){0};
}

static uint64_t *
filter_block(const struct sl_filter_part *part, uint64_t mixed)
{
    return part->words + ((mixed >> 32) * part->block_count >> 32) * 8;
}

static bool
filter_part_has(const struct sl_filter_part *part, uint64_t mixed)
{
    const uint64_t *block = filter_block(part, mixed);
    uint64_t bits = mixed * UINT64_C(0x9e3779b97f4a7c15);

    for (int i = 0; i < FILTER_PROBES; i++, bits >>= 9) {
        if (!(block[bits >> 6 & 7] >> (bits & 63) & 1))
            return false;
    }
    return true;
}

static struct sl_filter_part *
filter_grow(struct sl_filter *filter)
{
    struct sl_filter_part *part = &filter->parts[filter->part_count];

    SL_ASSERT(filter->part_count < SL_FILTER_PARTS);
    part->capacity = (size_t)FILTER_FIRST << filter->part_count++;
    part->block_count = part->capacity * FILTER_BITS_EACH / FILTER_BLOCK_BITS;
    part->words = sl_alloc_zeroed(part->block_count * 8 * sizeof(uint64_t));
    filter->bytes += part->block_count * 8 * sizeof(uint64_t);
    return part;
}

void
sl_filter_add(struct sl_filter *filter, uint64_t hash)
{
    struct sl_filter_part *part = NULL;
    uint64_t mixed = sl_hash_u64(hash), bits = mixed * UINT64_C(0x9e3779b97f4a7c15), *block;

    if (sl_filter_has(filter, hash))
        return; /* a row that comes and goes is there once */
    if (filter->part_count > 0)
        part = &filter->parts[filter->part_count - 1];
    if (!part || part->count == part->capacity)
        part = filter_grow(filter);
    part->count++;
    block = filter_block(part, mixed);
    for (int i = 0; i < FILTER_PROBES; i++, bits >>= 9)
        block[bits >> 6 & 7] |= UINT64_C(1) << (bits & 63);
}

bool
sl_filter_has(const struct sl_filter *filter, uint64_t hash)
{
    uint64_t mixed = sl_hash_u64(hash);

    for (size_t i = filter->part_count; i-- > 0;) {
        if (filter_part_has(&filter->parts[i], mixed))
            return true;
    }
    return false;
}
