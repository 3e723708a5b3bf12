#include "schemas/avro_default.h"

#include "schemas/json.h"

#include <criterion/criterion.h>

/* The default of the only field of a record, as text; refused: the status message. */
static void check(const char *type, const char *json, const char *expected)
{
    struct buf text = {0}, got = {0};
    buf_print(&text,
              "{\"type\":\"record\",\"name\":\"r\",\"fields\":[{\"name\":\"x\",\"type\":%s,"
              "\"default\":%s}]}",
              type, json);
    struct avro_schema *schema = NULL;
    struct status *st = avro_schema_parse(buf_view(&text), &schema);
    if (st) {
        buf_text(&got, "! ");
        cr_assert_not_null(strstr(status_message(st), "field x: "));
        buf_text(&got, strstr(status_message(st), "field x: ") + 9);
    } else {
        datum_print(&got, avro_schema_root(schema)->fields[0].fallback);
    }
    cr_assert(slice_is(buf_view(&got), expected), "%s %s: %.*s", type, json, (int)got.bytes,
              got.data);
    status_free(st);
    avro_schema_destroy(schema);
    buf_fini(&text);
    buf_fini(&got);
}

Test(avro_default, leaves)
{
    check("\"null\"", "null", "null");
    check("\"boolean\"", "true", "true");
    check("\"int\"", "-5", "-5");
    check("\"long\"", "1e3", "1000");
    check("\"float\"", "0.1", "0.1");
    check("\"double\"", "3", "3");
    check("\"string\"", "\"a\"", "\"a\"");
    check("\"bytes\"", "\"a\\u00ff\"", "\"a\\u00ff\"");
    check("{\"type\":\"bytes\",\"logicalType\":\"decimal\",\"precision\":4,\"scale\":2}",
          "\"\\u0001\\u0000\"", "2.56");
    check("{\"type\":\"fixed\",\"name\":\"f\",\"size\":2}", "\"ab\"", "\"ab\"");
    check("{\"type\":\"enum\",\"name\":\"e\",\"symbols\":[\"A\",\"B\"]}", "\"B\"", "\"B\"");
}

Test(avro_default, containers)
{
    check("{\"type\":\"array\",\"items\":\"int\"}", "[1,2]", "[1,2]");
    check("{\"type\":\"map\",\"values\":\"int\"}", "{\"a\":1}", "{\"a\":1}");
    check("[\"null\",\"int\"]", "null", "null");
    check("[\"int\",\"null\"]", "7", "7");
    check("[\"null\",\"int\"]", "7", "7");
    check("{\"type\":\"record\",\"name\":\"q\",\"fields\":[{\"name\":\"a\",\"type\":\"int\"},{"
          "\"name\":\"b\",\"type\":\"int\",\"default\":9}]}",
          "{\"a\":1}", "{\"a\":1,\"b\":9}");
}

Test(avro_default, refusals)
{
    check("\"null\"", "0", "! its default is not null");
    check("\"boolean\"", "1", "! its default is not true or false");
    check("\"int\"", "2147483648", "! its default is no such whole number");
    check("\"long\"", "1.5", "! its default is no such whole number");
    check("\"double\"", "\"1\"", "! its default is no number");
    check("\"float\"", "1e300", "! its default does not fit a float");
    check("\"string\"", "1", "! its default is no text");
    check("\"bytes\"", "\"\xe2\x82\xac\"", "! its default has a character above U+00FF");
    check("{\"type\":\"fixed\",\"name\":\"f\",\"size\":2}", "\"abc\"",
          "! its default has another size");
    check("{\"type\":\"enum\",\"name\":\"e\",\"symbols\":[\"A\"]}", "\"B\"",
          "! its default is none of the symbols");
    check("{\"type\":\"array\",\"items\":\"int\"}", "{}", "! its default is no list");
    check("{\"type\":\"map\",\"values\":\"int\"}", "[]", "! its default is no object");
    check("{\"type\":\"record\",\"name\":\"q\",\"fields\":[{\"name\":\"a\",\"type\":\"int\"}]}",
          "{}", "! its default lacks a field");
    check("\"r\"", "{}", "! its default is nested too deeply");
}
