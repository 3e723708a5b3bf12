#include "avro_fixture.h"

#include "config/base/rng.h"

#include <criterion/criterion.h>

/* The schema of a shop, and the hostile messages that the product must survive. */
static const char INVOICE[] =
    "{\"type\":\"record\",\"name\":\"Invoice\",\"namespace\":\"shop\",\"fields\":[{\"name\":"
    "\"InvoiceNo\",\"type\":\"string\"},"
    "{\"name\":\"InvoiceDate\",\"type\":\"string\"},{\"name\":\"CustomerID\",\"type\":[\"null\","
    "\"string\"],\"default\":null},"
    "{\"name\":\"Country\",\"type\":\"string\"},{\"name\":\"lines\",\"type\":{\"type\":\"array\","
    "\"items\":{\"type\":\"record\",\"name\":\"Line\",\"fields\":["
    "{\"name\":\"StockCode\",\"type\":\"string\"},{\"name\":\"Description\",\"type\":\"string\"},{"
    "\"name\":\"Quantity\",\"type\":\"int\"},"
    "{\"name\":\"UnitPrice\",\"type\":{\"type\":\"bytes\",\"logicalType\":\"decimal\","
    "\"precision\":10,\"scale\":3}}]}}}]}";

#define HEAD                                                                                       \
    "\x0c"                                                                                         \
    "999999"                                                                                       \
    "\x26"                                                                                         \
    "2011-01-05T10:00:00"                                                                          \
    "\0"                                                                                           \
    "\x04"                                                                                         \
    "UK"
#define LINE                                                                                       \
    "\x0c"                                                                                         \
    "85123A"                                                                                       \
    "\x0c"                                                                                         \
    "POISON"                                                                                       \
    "\x02"                                                                                         \
    "\x04\x09\xf6"
#define SIZED(text) text, sizeof text - 1

static struct avro_pair pair;

static void setup(void)
{
    cr_assert_null(avro_pair_init(&pair, INVOICE, NULL));
}

static void teardown(void)
{
    avro_pair_fini(&pair);
}

TestSuite(avro_decode, .init = setup, .fini = teardown);

static void refused(const char *bytes, size_t count, const char *expected)
{
    cr_assert_str_eq(avro_pair_decode(&pair, bytes, count), expected, "%s", pair.text.data);
}

Test(avro_decode, an_invoice)
{
    cr_assert_str_eq(avro_pair_decode(&pair, SIZED(HEAD "\x02" LINE "\0")),
                     "{\"InvoiceNo\":\"999999\",\"InvoiceDate\":\"2011-01-05T10:00:00\","
                     "\"CustomerID\":null,\"Country\":\"UK\",\"lines\":"
                     "[{\"StockCode\":\"85123A\",\"Description\":\"POISON\",\"Quantity\":1,"
                     "\"UnitPrice\":2.550}]}");
}

Test(avro_decode, two_blocks_and_a_block_with_its_size)
{
    cr_assert_not_null(
        strstr(avro_pair_decode(&pair, SIZED(HEAD "\x02" LINE "\x01\x24" LINE "\0")), "},{"));
    refused(SIZED(HEAD "\x01\x22" LINE "\0"), "! lines[0]: block has another size than it says");
    refused(SIZED(HEAD "\x01\x01" LINE "\0"), "! lines[0]: block goes past the end");
}

Test(avro_decode, hostile_bytes)
{
    static const char good[] = HEAD "\x02" LINE "\0";
    for (size_t bytes = 0; bytes < sizeof good - 1; bytes++) {
        cr_assert_eq(avro_pair_decode(&pair, good, bytes)[0], '!', "%zu", bytes);
    }
    refused(SIZED(HEAD "\x80\x80\x80\x80\x20" LINE), "! lines[0]: block count is out of range");
    refused(SIZED("\x0b"
                  "999999"),
            "! InvoiceNo: negative length");
    refused(SIZED("\xfe\xff\xff\xff\x0f"
                  "999"),
            "! InvoiceNo: length goes past the end");
    refused(SIZED("\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff" HEAD),
            "! InvoiceNo: integer does not fit 64 bits");
    refused(SIZED("\xff\xff\xff\xff\xff\xff\xff\xff\xff\x81\x01" HEAD),
            "! InvoiceNo: integer does not fit 64 bits");
    refused(SIZED("\x0c"
                  "999999"
                  "\x26"
                  "2011-01-05T10:00:00"
                  "\x0e"
                  "\x04"
                  "UK"
                  "\x02" LINE "\0"),
            "! CustomerID: union branch is out of range");
    refused(SIZED(HEAD "\x02"
                       "\x0c"
                       "85123A"
                       "\x0c"
                       "POISON"
                       "\xff\xff\xff\xff\xff\xff\x7f"
                       "\x04\x09\xf6\0"),
            "! lines[0].Quantity: integer does not fit 32 bits");
    refused(SIZED(HEAD "\x01"
                       "\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01" LINE),
            "! lines[0]: block goes past the end");
    refused(SIZED(HEAD "\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"
                       "\0" LINE),
            "! lines[0]: block count is out of range");
    refused(SIZED(HEAD "\x02"
                       "\x0c"
                       "85123A"
                       "\x0c"
                       "\xff\xfe\xc3(AB"
                       "\x02"
                       "\x04\x09\xf6\0"),
            "! lines[0].Description: text is not valid UTF-8");
    refused(SIZED(HEAD "\x02" LINE "\0\0"), "! : something follows the value");
}

static void swap(const char *schema)
{
    avro_pair_fini(&pair);
    cr_assert_null(avro_pair_init(&pair, schema, NULL));
}

Test(avro_decode, items_without_bytes_are_bounded)
{
    swap("{\"type\":\"array\",\"items\":\"null\"}");
    cr_assert_str_eq(avro_pair_decode(&pair, SIZED("\x06\0")), "[null,null,null]");
    refused(SIZED("\x80\x80\x80\x80\x20\0"), "! [0]: block count is out of range");
    struct buf many = {0};
    for (int i = 0; i < 3; i++) {
        buf_varint(&many, AVRO_EMPTY_ITEMS_MAX / 2);
    }
    buf_byte(&many, 0);
    cr_assert_eq(avro_pair_decode(&pair, many.data, many.bytes)[0], '!');
    cr_assert_str_eq(pair.error.reason, "too many items without bytes");
    buf_fini(&many);
    swap("{\"type\":\"array\",\"items\":{\"type\":\"array\",\"items\":{\"type\":\"record\","
         "\"name\":\"E\",\"fields\":[]}}}");
    cr_assert_str_eq(avro_pair_decode(&pair, SIZED("\x02\x04\0\0")), "[[{},{}]]");
}

Test(avro_decode, depth_is_bounded)
{
    swap("{\"type\":\"record\",\"name\":\"L\",\"fields\":[{\"name\":\"n\",\"type\":[\"null\",\"L\"]"
         "}]}");
    static char deep[100000];
    memset(deep, 2, sizeof deep);
    avro_pair_decode(&pair, deep, sizeof deep);
    cr_assert_str_eq(pair.error.reason, "nested too deeply");
    memset(deep, 2, AVRO_DECODE_DEPTH_MAX - 1);
    deep[AVRO_DECODE_DEPTH_MAX - 1] = 0;
    cr_assert_eq(avro_pair_decode(&pair, deep, AVRO_DECODE_DEPTH_MAX)[0], '{');
    swap("{\"type\":\"record\",\"name\":\"S\",\"fields\":[{\"name\":\"s\",\"type\":\"S\"}]}");
    avro_pair_decode(&pair, "", 0);
    cr_assert_str_eq(pair.error.reason, "nested too deeply");
}

Test(avro_decode, memory_is_bounded)
{
    swap("{\"type\":\"array\",\"items\":\"int\"}");
    struct buf many = {0};
    buf_varint(&many, 200000);
    buf_room(&many, 200001);
    memset(many.data + many.bytes, 0, 200001);
    many.bytes += 200001;
    avro_pair_decode(&pair, many.data, many.bytes);
    cr_assert_str_eq(pair.error.reason, "message is too large");
    buf_fini(&many);
}

Test(avro_decode, leaves)
{
    swap("{\"type\":\"record\",\"name\":\"R\",\"fields\":[{\"name\":\"b\",\"type\":\"boolean\"},{"
         "\"name\":\"f\",\"type\":\"float\"},{\"name\":\"d\",\"type\":\"double\"},"
         "{\"name\":\"m\",\"type\":{\"type\":\"map\",\"values\":\"long\"}}]}");
    cr_assert_str_eq(
        avro_pair_decode(&pair, SIZED("\x01\0\0\xc0\x3f\0\0\0\0\0\0\xf8\xbf\x04\x02k\xff\xff\xff"
                                      "\xff\xff\xff\xff\xff\xff\x01\x02l\x02\0")),
        "{\"b\":true,\"f\":1.5,\"d\":-1.5,\"m\":{\"k\":-9223372036854775808,\"l\":1}}");
    refused(SIZED("\x02"), "! b: boolean is neither 0 nor 1");
    refused(SIZED("\x01\0\0\xc0"), "! f: message ends too early");
    refused(SIZED("\x01\0\0\xc0\x3f\0\0\0\0\0\0\xf8"), "! d: message ends too early");
    refused(SIZED("\x01\0\0\xc0\x3f\0\0\0\0\0\0\xf8\xbf\x04\x02k\x02\x02k\x02\0"),
            "! m: a name stands twice in one object");
}

/* Spoilt messages: never a crash, always an answer. Meant for the sanitizers. */
Test(avro_decode, spoilt_messages)
{
    static const char good[] = HEAD "\x04" LINE LINE "\0";
    struct rng rng;
    rng_init(&rng, 5);
    int survived = 0;
    for (int round = 0; round < 100000; round++) {
        char bytes[sizeof good];
        memcpy(bytes, good, sizeof good);
        for (uint64_t n = rng_below(&rng, 4) + 1; n > 0; n--) {
            bytes[rng_below(&rng, sizeof good - 1)] = (char)rng_next(&rng);
        }
        survived += avro_pair_decode(&pair, bytes, rng_below(&rng, sizeof good))[0] != '!';
    }
    cr_assert_lt(survived, 50000);
}
