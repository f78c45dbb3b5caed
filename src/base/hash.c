/* XXH3 behind our own name. */
#include "base/hash.h"

#include <xxhash.h>

uint64_t
sl_hash_bytes(const void *bytes, size_t size)
{
    return XXH3_64bits(bytes, size);
}
