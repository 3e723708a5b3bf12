#include "schemas/json.h"

#include "config/base/rng.h"

#include <criterion/criterion.h>
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

static struct arena *arena;
static struct decode_error error;

static void setup(void)
{
    arena = arena_create(16 << 10, 8 << 20);
}

static void teardown(void)
{
    arena_destroy(arena);
}

TestSuite(json, .init = setup, .fini = teardown);

static const struct datum *decode(const char *text)
{
    struct datum *d = NULL;
    cr_assert(json_decode(arena, slice_of(text), &d, &error), "%s: %s", text, error.reason);
    return d;
}

static void refused(const char *text, size_t bytes)
{
    struct datum *d = NULL;
    cr_assert_not(json_decode(arena, (struct slice){text, bytes}, &d, &error), "%.60s", text);
    cr_assert_null(d);
    cr_assert_not_null(error.reason);
    cr_assert_leq(error.offset, bytes);
}

Test(json, numbers_keep_their_text)
{
    const struct datum *d =
        decode("[7, -12, 2.55, 1e3, 1e999, 1000000000000000000000000000000, 1.5, "
               "9223372036854775807, 0.30000000000000000001]");
    cr_assert_eq(d->count, 9);
    const struct datum *n = d->children;
    cr_assert(n[0].kind == DATUM_INT && n[0].i64 == 7 && slice_is(n[0].text, "7"));
    cr_assert(n[1].kind == DATUM_INT && n[1].i64 == -12);
    cr_assert(n[2].kind == DATUM_DECIMAL && n[2].i64 == 255 && n[2].scale == 2);
    cr_assert(slice_is(n[2].text, "2.55"));
    cr_assert(n[3].kind == DATUM_INT && n[3].i64 == 1000 && slice_is(n[3].text, "1e3"));
    cr_assert(n[4].kind == DATUM_DOUBLE && isinf(n[4].f64));
    cr_assert(n[5].kind == DATUM_DOUBLE && n[5].f64 == 1e30);
    cr_assert(n[7].kind == DATUM_INT && n[7].i64 == INT64_MAX);
    int64_t value;
    cr_assert_eq(datum_scaled(&n[2], 2, &value), DATUM_NUMBER_OK);
    cr_assert_eq(value, 255);
    cr_assert_eq(datum_scaled(&n[4], 0, &value), DATUM_NUMBER_RANGE);
    cr_assert_eq(datum_scaled(&n[5], 0, &value), DATUM_NUMBER_RANGE);
    cr_assert_eq(datum_scaled(&n[6], 0, &value), DATUM_NUMBER_FRACTION);
    cr_assert_eq(datum_scaled(&n[8], 2, &value), DATUM_NUMBER_FRACTION);
}

Test(json, strings)
{
    const struct datum *d = decode("[\"\", \"plain\", \"\\u00e9\\n\\\"\\/\\\\\", "
                                   "\"\\ud83d\\ude00\", \"\xe2\x82\xac\", \"\\u0000\"]");
    cr_assert(slice_is(d->children[0].text, ""));
    cr_assert(slice_is(d->children[1].text, "plain"));
    cr_assert(slice_is(d->children[2].text, "\xc3\xa9\n\"/\\"));
    cr_assert(slice_is(d->children[3].text, "\xf0\x9f\x98\x80"));
    cr_assert(slice_is(d->children[4].text, "\xe2\x82\xac"));
    cr_assert_eq(d->children[5].text.bytes, 1);
}

Test(json, containers_and_root_scalars)
{
    const struct datum *d = decode(" {\"a\" : {\"b\":[ ]} , \"c\":true} ");
    cr_assert_eq(datum_child(datum_child(d, slice_of("a"), NULL), slice_of("b"), NULL)->kind,
                 DATUM_ARRAY);
    cr_assert(datum_child(d, slice_of("c"), NULL)->boolean);
    cr_assert_eq(decode("null")->kind, DATUM_NULL);
    cr_assert_eq(decode("\"x\"")->kind, DATUM_TEXT);
    cr_assert_eq(decode("0")->i64, 0);
    cr_assert_eq(decode("{}")->count, 0);
}

Test(json, refuses_what_is_no_json)
{
    static const char *const BAD[] = {"",
                                      " ",
                                      "this is no json",
                                      "{",
                                      "[",
                                      "[1",
                                      "[1,",
                                      "[1,]",
                                      "[,1]",
                                      "{\"a\"}",
                                      "{\"a\":}",
                                      "{\"a\":1,}",
                                      "{a:1}",
                                      "{\"a\":1}}",
                                      "[1] 2",
                                      "nul",
                                      "nulll",
                                      "tru",
                                      "NaN",
                                      "[NaN]",
                                      "Infinity",
                                      "-Infinity",
                                      "-",
                                      "+1",
                                      "01",
                                      "-01",
                                      "1.",
                                      ".5",
                                      "1.e5",
                                      "1e",
                                      "1e+",
                                      "0x10",
                                      "\"",
                                      "\"\\",
                                      "\"\\x\"",
                                      "\"\\u12\"",
                                      "\"\\u12g4\"",
                                      "\"\\ud800\"",
                                      "\"\\ud800\\u0041\"",
                                      "\"\\udc00\"",
                                      "\"a\nb\"",
                                      "\"\t\"",
                                      "{\"a\":1,\"a\":2}",
                                      "{\"a\":1,\"\\u0061\":2}",
                                      "[1}",
                                      "{\"a\":1]",
                                      "'a'",
                                      "// x\n1",
                                      "[1 2]",
                                      "\xef\xbb\xbf{}",
                                      "\"\xff\"",
                                      "\"\xc0\xaf\"",
                                      "\"\xed\xa0\x80\"",
                                      "\"abc\xe2\x82\"",
                                      "{\"\xff\":1}"};
    for (size_t i = 0; i < sizeof BAD / sizeof BAD[0]; i++) {
        refused(BAD[i], strlen(BAD[i]));
    }
    refused(NULL, 0);
    refused("1\0", 2);
    refused("\"\0\"", 3);
}

Test(json, says_where)
{
    const char *text = "{\"lines\":[{\"q\":1},{\"q\":[0,1,x]}]}";
    refused(text, strlen(text));
    cr_assert_str_eq(error.field, "lines[1].q[2]");
    cr_assert_eq(error.offset, strchr(text, 'x') - text);
    refused("{\"a\":1} x", 9);
    cr_assert_str_eq(error.reason, "something follows the value");
    cr_assert_eq(error.offset, 8);
}

Test(json, depth_is_bounded)
{
    static char deep[100000];
    memset(deep, '[', sizeof deep);
    refused(deep, sizeof deep);
    cr_assert_str_eq(error.reason, "nested too deeply");
    memset(deep, ']', sizeof deep);
    memset(deep, '[', JSON_DEPTH_MAX);
    struct datum *d;
    cr_assert(json_decode(arena, (struct slice){deep, 2 * (size_t)JSON_DEPTH_MAX}, &d, &error));
    for (int i = 0; i < 100000; i++) {
        deep[i] = "{\"a\":"[i % 5];
    }
    refused(deep, sizeof deep);
}

Test(json, memory_is_bounded)
{
    struct arena *small = arena_create(1024, 4096);
    struct buf text = {0};
    buf_byte(&text, '[');
    for (int i = 0; i < 1000; i++) {
        buf_text(&text, i ? ",1" : "1");
    }
    buf_byte(&text, ']');
    struct datum *d = NULL;
    cr_assert_not(json_decode(small, buf_view(&text), &d, &error));
    cr_assert_str_eq(error.reason, "message is too large");
    cr_assert(json_decode(arena, buf_view(&text), &d, &error));
    cr_assert_eq(d->count, 1000);
    cr_assert_eq(d->children[999].i64, 1);
    buf_fini(&text);
    arena_destroy(small);
}

Test(json, many_names)
{
    struct buf text = {0};
    buf_byte(&text, '{');
    for (int i = 0; i < 3000; i++) {
        buf_print(&text, "\"n%d\":%d,", i, i);
    }
    size_t bytes = text.bytes;
    buf_text(&text, "\"z\":1}");
    struct datum *d = NULL;
    cr_assert(json_decode(arena, buf_view(&text), &d, &error));
    cr_assert_eq(datum_child(d, slice_of("n2999"), NULL)->i64, 2999);
    text.bytes = bytes;
    buf_text(&text, "\"n17\":1}");
    refused(text.data, text.bytes);
    buf_fini(&text);
}

static void same(const struct datum *d, json_t *j)
{
    if (json_is_object(j)) {
        cr_assert(d->kind == DATUM_RECORD && d->count == json_object_size(j));
        for (uint32_t i = 0; i < d->count; i++) {
            json_t *child =
                json_object_getn(j, d->children[i].name.data, d->children[i].name.bytes);
            cr_assert_not_null(child);
            same(&d->children[i], child);
        }
    } else if (json_is_array(j)) {
        cr_assert(d->kind == DATUM_ARRAY && d->count == json_array_size(j));
        for (uint32_t i = 0; i < d->count; i++) {
            same(&d->children[i], json_array_get(j, i));
        }
    } else if (json_is_string(j)) {
        cr_assert(d->kind == DATUM_TEXT && d->text.bytes == json_string_length(j));
        cr_assert_eq(memcmp(d->text.data, json_string_value(j), d->text.bytes), 0);
    } else if (json_is_number(j)) {
        double value = 0;
        cr_assert_eq(datum_f64(d, &value), DATUM_NUMBER_OK);
        cr_assert(value == json_number_value(j), "%.17g", value);
    } else {
        cr_assert_eq(d->kind, json_is_null(j) ? DATUM_NULL : DATUM_BOOL);
        cr_assert(!json_is_boolean(j) || d->boolean == (bool)json_is_true(j));
    }
}

/* Fragments glued at random, then some bytes spoilt: jansson and we must agree. */
Test(json, agrees_with_jansson)
{
    static const char *const PARTS[] = {
        "{",     "}",   "[",    "]",     ",",    ":", "\"a\"",   "\"b\":",  "\"\\u00e9\"",  "1",
        "-2.50", "1e3", "true", "false", "null", " ", "\"c\":[", "\"d\":{", "\"\xc3\xa9\"", "0.1",
        "{}",    "[]"};
    struct rng rng;
    rng_init(&rng, 11);
    struct buf text = {0};
    int good = 0;
    for (int round = 0; round < 200000; round++) {
        buf_reset(&text);
        buf_byte(&text, round & 1 ? '[' : '{');
        for (uint64_t left = rng_next(&rng) % 8; left > 0; left--) {
            buf_text(&text, PARTS[rng_next(&rng) % (sizeof PARTS / sizeof PARTS[0])]);
        }
        buf_byte(&text, round & 1 ? ']' : '}');
        if (round % 16 == 0) {
            text.data[rng_next(&rng) % text.bytes] = (char)rng_next(&rng);
        }
        json_error_t theirs;
        json_t *j = json_loadb(text.data, text.bytes,
                               JSON_REJECT_DUPLICATES | JSON_DECODE_ANY | JSON_ALLOW_NUL, &theirs);
        arena_reset(arena);
        struct datum *d = NULL;
        bool ok = json_decode(arena, buf_view(&text), &d, &error);
        if (!j && strstr(theirs.text, "overflow")) {
            continue; /* a number beyond a double is JSON all the same */
        }
        cr_assert_eq(ok, j != NULL, "%.*s: %s", (int)text.bytes, text.data,
                     ok ? theirs.text : error.reason);
        if (j) {
            good++;
            same(d, j);
            json_decref(j);
        }
    }
    cr_assert_gt(good, 2000);
    buf_fini(&text);
}
