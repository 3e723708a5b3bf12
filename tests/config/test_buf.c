#include "config/base/buf.h"

#include "config/base/rng.h"

#include <criterion/criterion.h>
#include <signal.h>

TestSuite(buf);

Test(buf, grows_and_keeps)
{
    struct buf buf = {0};
    for (int i = 0; i < 10000; i++) {
        buf_print(&buf, "%d,", i);
    }
    buf_byte(&buf, 'x');
    buf_text(&buf, "yz");
    buf_slice(&buf, slice_of("!"));
    buf_put(&buf, NULL, 0);
    cr_assert_eq(memcmp(buf.data, "0,1,2,3,", 8), 0);
    cr_assert_eq(memcmp(buf.data + buf.bytes - 9, "9999,xyz!", 9), 0);
    cr_assert_eq(buf.bytes, 10 * 2 + 90 * 3 + 900 * 4 + 9000 * 5 + 4);
    size_t capacity = buf.capacity;
    buf_reset(&buf);
    cr_assert(buf.bytes == 0 && buf.capacity == capacity);
    cr_assert(slice_is(buf_view(&buf), ""));
    buf_fini(&buf);
    cr_assert_null(buf.data);
    buf_fini(&buf);
}

Test(buf, print_of_a_long_text)
{
    struct buf buf = {0};
    buf_print(&buf, "%*s|", 100000, "x");
    cr_assert_eq(buf.bytes, 100001);
    cr_assert(buf.data[99999] == 'x' && buf.data[100000] == '|');
    buf_fini(&buf);
}

static int64_t read_varint(struct slice text, size_t *bytes)
{
    uint64_t coded = 0;
    int shift = 0;
    *bytes = 0;
    do {
        coded |= (uint64_t)((unsigned char)text.data[*bytes] & 127) << shift;
        shift += 7;
    } while ((unsigned char)text.data[(*bytes)++] & 128);
    return (int64_t)(coded >> 1) ^ -(int64_t)(coded & 1);
}

/* From the Avro specification, "Binary encoding": 0, -1, 1, -2, 2, -64, 64. */
Test(buf, varint_as_the_specification_has_it)
{
    static const struct {
        int64_t value;
        const char *bytes;
        size_t count;
    } cases[] = {{0, "\x00", 1},
                 {-1, "\x01", 1},
                 {1, "\x02", 1},
                 {-2, "\x03", 1},
                 {2, "\x04", 1},
                 {-64, "\x7f", 1},
                 {64, "\x80\x01", 2},
                 {INT64_MAX, "\xfe\xff\xff\xff\xff\xff\xff\xff\xff\x01", 10},
                 {INT64_MIN, "\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", 10}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct buf buf = {0};
        buf_varint(&buf, cases[i].value);
        cr_expect(slice_equal(buf_view(&buf), (struct slice){cases[i].bytes, cases[i].count}),
                  "case %zu", i);
        buf_fini(&buf);
    }
}

Test(buf, varint_there_and_back)
{
    struct rng rng;
    struct buf buf = {0};
    rng_init(&rng, 5);
    for (int i = 0; i < 100000; i++) {
        int64_t value = (int64_t)(rng_next(&rng) >> rng_below(&rng, 64));
        value = i & 1 ? -value : value;
        size_t bytes;
        buf_reset(&buf);
        buf_varint(&buf, value);
        cr_assert_eq(read_varint(buf_view(&buf), &bytes), value);
        cr_assert_eq(bytes, buf.bytes);
    }
    buf_fini(&buf);
}

Test(buf, a_size_that_cannot_be_is_our_mistake, .signal = SIGABRT)
{
    struct buf buf = {0};
    buf_grow(&buf, SIZE_MAX / 2);
}
