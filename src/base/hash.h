/* The hash of bytes, XXH3 64 bit: seeds are fixed, for key groups must never change. */
#ifndef SL_BASE_HASH_H
#define SL_BASE_HASH_H

#include "base/base.h"

uint64_t sl_hash_bytes(const void *bytes, size_t size);

/* A strong mix of one 64-bit value (the finaliser of MurmurHash3). */
static inline uint64_t
sl_hash_u64(uint64_t value)
{
    value ^= value >> 33;
    value *= UINT64_C(0xff51afd7ed558ccd);
    value ^= value >> 33;
    value *= UINT64_C(0xc4ceb9fe1a85ec53);
    return value ^ (value >> 33);
}

/* Folds the next column's hash into a row's. */
static inline uint64_t
sl_hash_combine(uint64_t hash, uint64_t next)
{
    return sl_hash_u64(hash ^ (next + UINT64_C(0x9e3779b97f4a7c15) + (hash << 6) + (hash >> 2)));
}

#endif
