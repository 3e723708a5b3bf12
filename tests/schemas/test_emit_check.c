#include "schemas/emit_check.h"

#include "schemas/emit.h"

#include <criterion/criterion.h>
#include <signal.h>

static const char SCHEMA[] =
    "{\"type\":\"record\",\"name\":\"R\",\"fields\":[{\"name\":\"a\",\"type\":\"int\"},{\"name\":"
    "\"l\",\"type\":{\"type\":\"array\",\"items\":\"string\"}},"
    "{\"name\":\"m\",\"type\":{\"type\":\"map\",\"values\":[\"null\",\"double\"]}},"
    "{\"name\":\"e\",\"type\":{\"type\":\"enum\",\"name\":\"E\",\"symbols\":[\"X\",\"Y\"]}}]}";

static struct avro_schema *schema;
static struct buf buf;
static struct emit w;

/* Up to `last` in "alme"; the tests go wrong from there. */
static void walk(char last)
{
    cr_assert_null(avro_schema_parse(slice_of(SCHEMA), &schema));
    emit_init(&w, &buf, EMIT_JSON, schema);
    emit_record_begin(&w, NULL);
    if (last == '-') {
        return;
    }
    emit_i32(&w, "a", 1);
    if (last == 'a') {
        return;
    }
    emit_array_begin(&w, "l", 1);
    emit_text(&w, NULL, slice_of("x"));
    emit_array_end(&w);
    if (last == 'l') {
        return;
    }
    emit_map_begin(&w, "m", 1);
    emit_key(&w, slice_of("k"));
    emit_branch(&w, 1);
    emit_f64(&w, NULL, 2.5);
    emit_map_end(&w);
}

Test(emit_check, a_walk_that_fits)
{
    walk('m');
    emit_enum(&w, "e", 1, "Y");
    emit_record_end(&w);
    emit_end(&w);
    cr_assert(slice_is(buf_view(&buf), "{\"a\":1,\"l\":[\"x\"],\"m\":{\"k\":2.5},\"e\":\"Y\"}"));
    avro_schema_destroy(schema);
    buf_fini(&buf);
}

Test(emit_check, a_wrong_name, .signal = SIGABRT)
{
    walk('-');
    emit_i32(&w, "b", 1);
}

Test(emit_check, a_wrong_type, .signal = SIGABRT)
{
    walk('-');
    emit_i64(&w, "a", 1);
}

Test(emit_check, a_missing_field, .signal = SIGABRT)
{
    walk('m');
    emit_record_end(&w);
}

Test(emit_check, a_wrong_count, .signal = SIGABRT)
{
    walk('a');
    emit_array_begin(&w, "l", 2);
    emit_text(&w, NULL, slice_of("x"));
    emit_array_end(&w);
}

Test(emit_check, a_missing_branch, .signal = SIGABRT)
{
    walk('l');
    emit_map_begin(&w, "m", 1);
    emit_key(&w, slice_of("k"));
    emit_f64(&w, NULL, 2.5);
}

Test(emit_check, a_missing_key, .signal = SIGABRT)
{
    walk('l');
    emit_map_begin(&w, "m", 1);
    emit_branch(&w, 1);
    emit_f64(&w, NULL, 2.5);
}

Test(emit_check, a_symbol_of_another_index, .signal = SIGABRT)
{
    walk('m');
    emit_enum(&w, "e", 0, "Y");
}

Test(emit_check, an_early_end, .signal = SIGABRT)
{
    walk('a');
    emit_end(&w);
}
