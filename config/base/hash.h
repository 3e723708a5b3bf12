/* The three hashes of the program: Kafka's partitioner, a fast 64-bit one for tables, a 128-bit one
 * for fingerprints. */
#ifndef RESTOCK_HASH_H
#define RESTOCK_HASH_H

#include <stddef.h>
#include <stdint.h>

struct hash128 {
    uint64_t low, high;
};

uint32_t hash_murmur2(const void *data,
                      size_t bytes); /* as org.apache.kafka.common.utils.Utils.murmur2 */
int32_t hash_partition(const void *key, size_t bytes,
                       int32_t partition_count); /* Java's default partitioner for a non-null key */
uint64_t hash_64(const void *data, size_t bytes, uint64_t seed); /* XXH3 */
struct hash128 hash_128(const void *data, size_t bytes); /* XXH3; stored in state: never change */

/* Mix of an integer (splitmix64's finaliser, Steele 2014); a bijection. */
static inline uint64_t hash_mix(uint64_t x)
{
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9ULL;
    x = (x ^ (x >> 27)) * 0x94d049bb133111ebULL;
    return x ^ (x >> 31);
}

#endif
