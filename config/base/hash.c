#include "config/base/hash.h"

#include "config/base/ensure.h"

#include <string.h>
#include <xxhash.h>

uint32_t hash_murmur2(const void *data, size_t bytes)
{
    const uint32_t m = 0x5bd1e995U;
    const unsigned char *at = data;
    uint32_t h = 0x9747b28cU ^ (uint32_t)bytes;
    size_t left = bytes;
    for (; left >= 4; at += 4, left -= 4) {
        uint32_t k;
        memcpy(&k, at, 4);
        k *= m;
        k ^= k >> 24;
        k *= m;
        h = (h * m) ^ k;
    }
    if (left == 3) {
        h ^= (uint32_t)at[2] << 16;
    }
    if (left >= 2) {
        h ^= (uint32_t)at[1] << 8;
    }
    if (left >= 1) {
        h = (h ^ at[0]) * m;
    }
    h ^= h >> 13;
    h *= m;
    return h ^ (h >> 15);
}

int32_t hash_partition(const void *key, size_t bytes, int32_t partition_count)
{
    ASSERT(partition_count > 0);
    return (int32_t)((hash_murmur2(key, bytes) & 0x7fffffffU) % (uint32_t)partition_count);
}

uint64_t hash_64(const void *data, size_t bytes, uint64_t seed)
{
    return XXH3_64bits_withSeed(data, bytes, seed);
}

struct hash128 hash_128(const void *data, size_t bytes)
{
    XXH128_hash_t h = XXH3_128bits(data, bytes);
    return (struct hash128){h.low64, h.high64};
}
