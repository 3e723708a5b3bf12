#include "config/base/arena.h"
#include "schemas/datum.h"
#include "schemas/json.h"

#include <criterion/criterion.h>
#include <math.h>

static void expect(struct datum d, const char *text)
{
    struct buf buf = {0};
    datum_print(&buf, &d);
    cr_assert(slice_is(buf_view(&buf), text), "%.*s, expected %s", (int)buf.bytes, buf.data, text);
    buf_fini(&buf);
}

Test(datum_print, leaves)
{
    expect((struct datum){.kind = DATUM_NULL}, "null");
    expect((struct datum){.kind = DATUM_BOOL, .boolean = true}, "true");
    expect((struct datum){.kind = DATUM_INT, .i64 = -5}, "-5");
    expect((struct datum){.kind = DATUM_DOUBLE, .f64 = 0.25}, "0.25");
    expect((struct datum){.kind = DATUM_DOUBLE, .f64 = (double)INFINITY}, "\"Infinity\"");
    expect((struct datum){.kind = DATUM_DOUBLE, .f64 = (double)0.1f, .logical = DATUM_FLOAT},
           "0.1");
    expect((struct datum){.kind = DATUM_DECIMAL, .i64 = 2550, .scale = 3}, "2.550");
    expect((struct datum){.kind = DATUM_DECIMAL, .i64 = -5, .scale = 3}, "-0.005");
    expect((struct datum){.kind = DATUM_DECIMAL, .i64 = INT64_MIN, .scale = 0},
           "-9223372036854775808");
    expect((struct datum){.kind = DATUM_TEXT, .text = slice_of("a\"b\\c\n\x01\xc3\xa9")},
           "\"a\\\"b\\\\c\\n\\u0001\xc3\xa9\"");
    expect((struct datum){.kind = DATUM_BYTES, .text = slice_of("a\xff")}, "\"a\\u00ff\"");
    expect((struct datum){.kind = DATUM_ARRAY}, "[]");
    expect((struct datum){.kind = DATUM_MAP}, "{}");
}

Test(datum_print, text_with_nul)
{
    struct buf buf = {0};
    datum_print_text(&buf, (struct slice){"a\0b", 3});
    cr_assert(slice_is(buf_view(&buf), "\"a\\u0000b\""));
    buf_fini(&buf);
}

Test(datum_print, what_was_read_is_written)
{
    const char *text = "{\"a\":[1,2.50,null,{\"b\":\"\xe2\x82\xac\"}],\"c\":{},\"d\":[]}";
    struct arena *arena = arena_create(4096, 1 << 20);
    struct datum *d;
    struct decode_error error;
    cr_assert(json_decode(arena, slice_of(text), &d, &error));
    expect(*d, text);
    arena_destroy(arena);
}
