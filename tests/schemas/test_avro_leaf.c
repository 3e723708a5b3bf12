#include "schemas/avro_leaf.h"

#include "config/base/rng.h"

#include <criterion/criterion.h>
#include <stdio.h>

static struct arena *arena;

static void setup(void)
{
    arena = arena_create(4096, 1 << 20);
}

static void teardown(void)
{
    arena_destroy(arena);
}

TestSuite(avro_leaf, .init = setup, .fini = teardown);

static struct datum leaf(const char *bytes, size_t count, int scale)
{
    struct datum d = {.kind = DATUM_NULL};
    const char *reason = avro_leaf_decimal(arena, (struct slice){bytes, count}, scale, &d);
    cr_assert_null(reason, "%s", reason);
    return d;
}

Test(avro_leaf, narrow_decimals)
{
    struct datum d = leaf("\x09\xf6", 2, 3);
    cr_assert(d.kind == DATUM_DECIMAL && d.i64 == 2550 && d.scale == 3);
    cr_assert_eq(leaf("\xff", 1, 0).i64, -1);
    cr_assert_eq(leaf("\0", 1, 0).i64, 0);
    cr_assert_eq(leaf("\x80\0\0\0\0\0\0\0", 8, 0).i64, INT64_MIN);
    cr_assert_eq(leaf("\0\0\0\0\0\0\0\0\0\0\x01\0", 12, 0).i64, 256);
    cr_assert_eq(leaf("\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xfe", 11, 0).i64, -2);
}

Test(avro_leaf, wide_decimals)
{
    /* 12.5 x 10^18 = 0xAD78EBC5AC620000: needs a ninth byte for its sign. */
    struct datum d = leaf("\0\xad\x78\xeb\xc5\xac\x62\0\0", 9, 18);
    cr_assert(d.scale == DATUM_SCALE_WIDE && slice_is(d.text, "12.500000000000000000"));
    int64_t pence;
    cr_assert_eq(datum_scaled(&d, 2, &pence), DATUM_NUMBER_OK);
    cr_assert_eq(pence, 1250);
    d = leaf("\xff\x52\x87\x14\x3a\x53\x9e\0\0", 9, 18);
    cr_assert(slice_is(d.text, "-12.500000000000000000"), "%.*s", (int)d.text.bytes, d.text.data);
    d = leaf("\0\xad\x78\xeb\xc5\xac\x62\0\0", 9, 30);
    cr_assert(slice_is(d.text, "0.000000000012500000000000000000"));
    d = leaf("\0\xad\x78\xeb\xc5\xac\x62\0\0", 9, 0);
    cr_assert(slice_is(d.text, "12500000000000000000"));
    cr_assert_eq(datum_scaled(&d, 0, &pence), DATUM_NUMBER_RANGE);
    d = leaf("\x80\0\0\0\0\0\0\0\0", 9, 0);
    cr_assert(slice_is(d.text, "-2361183241434822606848"));
}

/* Against 128-bit arithmetic. */
Test(avro_leaf, wide_decimals_at_random)
{
    struct rng rng;
    rng_init(&rng, 3);
    for (int round = 0; round < 20000; round++) {
        __extension__ unsigned __int128 value = 0;
        unsigned char bytes[16];
        for (int i = 0; i < 16; i++) {
            bytes[i] = (unsigned char)(i ? rng_next(&rng) : rng_next(&rng) & 0x7f);
            value = value << 8 | bytes[i];
        }
        char text[48];
        size_t at = sizeof text;
        for (; value; value /= 10) {
            text[--at] = (char)('0' + (int)(value % 10));
        }
        struct datum d = leaf((const char *)bytes, sizeof bytes, 0);
        cr_assert(d.scale == DATUM_SCALE_WIDE &&
                      slice_equal(d.text, (struct slice){text + at, sizeof text - at}),
                  "%.*s", (int)d.text.bytes, d.text.data);
    }
}

Test(avro_leaf, refusals)
{
    struct datum d;
    char many[AVRO_DECIMAL_BYTES_MAX + 1];
    memset(many, 0x55, sizeof many);
    cr_assert_not_null(avro_leaf_decimal(arena, (struct slice){many, 0}, 0, &d));
    cr_assert_not_null(avro_leaf_decimal(arena, (struct slice){many, sizeof many}, 0, &d));
    cr_assert_null(avro_leaf_decimal(arena, (struct slice){many, sizeof many - 1}, 154, &d));
}
