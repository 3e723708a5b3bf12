#include "config/base/hash.h"

#include <criterion/criterion.h>
#include <signal.h>
#include <string.h>

TestSuite(hash);

/* Values of Kafka's own UtilsTest. */
Test(hash, murmur2_as_java_has_it)
{
    static const struct {
        const char *text;
        int32_t hash;
    } cases[] = {{"21", -973932308},
                 {"foobar", -790332482},
                 {"a-little-bit-long-string", -985981536},
                 {"a-little-bit-longer-string", -1486304829},
                 {"lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8", -58897971},
                 {"abc", 479470107}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        uint32_t hash = hash_murmur2(cases[i].text, strlen(cases[i].text));
        cr_expect_eq(hash, (uint32_t)cases[i].hash, "%s: %d", cases[i].text, (int32_t)hash);
    }
}

Test(hash, murmur2_of_bytes_at_any_address)
{
    char text[64] = {0};
    for (size_t shift = 0; shift < 8; shift++) {
        memcpy(text + shift, "a-little-bit-long-string", 24);
        cr_assert_eq(hash_murmur2(text + shift, 24), (uint32_t)-985981536);
    }
}

Test(hash, partition_is_never_negative)
{
    cr_assert_eq(hash_partition("21", 2, 8), (int32_t)((uint32_t)-973932308 & 0x7fffffff) % 8);
    cr_assert_eq(hash_partition("abc", 3, 12), 479470107 % 12);
    for (int i = 0; i < 1000; i++) {
        int32_t partition = hash_partition(&i, sizeof i, 7);
        cr_assert(partition >= 0 && partition < 7);
    }
    cr_assert_eq(hash_partition("", 0, 1), 0);
}

Test(hash, no_partition_is_our_mistake, .signal = SIGABRT)
{
    (void)hash_partition("a", 1, 0);
}

/* XXH3 of xxHash's own test vectors: an empty input, seed 0. Stored in state: must never change. */
Test(hash, xxh3)
{
    cr_assert_eq(hash_64("", 0, 0), 0x2d06800538d394c2ULL);
    struct hash128 empty = hash_128("", 0);
    cr_assert(empty.low == 0x6001c324468d497fULL && empty.high == 0x99aa06d3014798d8ULL);
    cr_assert_neq(hash_64("a", 1, 0), hash_64("a", 1, 1));
    struct hash128 a = hash_128("a", 1), b = hash_128("b", 1);
    cr_assert(a.low != b.low && a.high != b.high);
}

/* splitmix64 with seed 1234567 (Vigna's reference): its first output. */
Test(hash, mix)
{
    cr_assert_eq(hash_mix(1234567 + 0x9e3779b97f4a7c15ULL), 6457827717110365317ULL);
    cr_assert_eq(hash_mix(0), 0);
}
