#include "avro_fixture.h"

#include <criterion/criterion.h>

#define RECORD(name, fields) "{\"type\":\"record\",\"name\":\"" name "\",\"fields\":[" fields "]}"
#define FIELD(name, type) "{\"name\":\"" name "\",\"type\":" type "}"

/* Resolve, decode, compare. */
static void check(const char *writer, const char *reader, const char *bytes, size_t count,
                  const char *expected)
{
    struct avro_pair pair;
    const char *problem = avro_pair_init(&pair, writer, reader);
    cr_assert_null(problem, "%s", problem);
    const char *got = avro_pair_decode(&pair, bytes, count);
    cr_assert_str_eq(got, expected, "%s -> %s: %s, expected %s", writer, reader, got, expected);
    avro_pair_fini(&pair);
}

static void refused(const char *writer, const char *reader, const char *says)
{
    struct avro_pair pair;
    const char *problem = avro_pair_init(&pair, writer, reader);
    cr_assert_not_null(problem, "%s %s", writer, reader);
    cr_assert_not_null(strstr(problem, says), "%s", problem);
    avro_pair_fini(&pair);
}

Test(avro_plan, promotions)
{
    check("\"int\"", "\"long\"", "\x0a", 1, "5");
    check("\"int\"", "\"float\"", "\x0a", 1, "5");
    check("\"int\"", "\"double\"", "\x0a", 1, "5");
    check("\"long\"", "\"float\"", "\x0a", 1, "5");
    check("\"long\"", "\"double\"", "\x0a", 1, "5");
    check("\"float\"", "\"double\"", "\0\0\xc0\x3f", 4, "1.5");
    check("\"float\"", "\"double\"", "\x33\x33\x23\x40", 4, "2.55");
    check("\"string\"", "\"bytes\"",
          "\x02"
          "a",
          2, "\"a\"");
    check("\"bytes\"", "\"string\"",
          "\x02"
          "a",
          2, "\"a\"");
    check("\"bytes\"", "\"string\"", "\x02\xff", 2, "! : text is not valid UTF-8");
    refused("\"long\"", "\"int\"", "a long cannot be read as int");
    refused("\"double\"", "\"float\"", "cannot be read");
    refused("\"string\"", "\"int\"", "cannot be read");
    refused("\"null\"", "\"int\"", "cannot be read");
}

Test(avro_plan, fields_added_removed_renamed_reordered)
{
    const char *writer = RECORD("a.R", FIELD("gone", "\"string\"") "," FIELD(
                                           "x", "\"int\"") "," FIELD("old", "\"string\""));
    const char *reader =
        "{\"type\":\"record\",\"name\":\"b.R\",\"fields\":[{\"name\":\"new\",\"type\":\"string\","
        "\"aliases\":[\"old\"]},"
        "{\"name\":\"added\",\"type\":[\"null\",\"int\"],\"default\":null},{\"name\":\"x\","
        "\"type\":\"long\"},"
        "{\"name\":\"list\",\"type\":{\"type\":\"array\",\"items\":\"int\"},\"default\":[1,2]}]}";
    check(writer, reader, "\x04gg\x0a\x02o", 6,
          "{\"new\":\"o\",\"added\":null,\"x\":5,\"list\":[1,2]}");
    check(writer, NULL, "\x04gg\x0a\x02o", 6, "{\"gone\":\"gg\",\"x\":5,\"old\":\"o\"}");
    refused(writer, RECORD("R", FIELD("y", "\"int\"")),
            "field y of R: the writer lacks it and it has no default");
    refused(writer, RECORD("R", FIELD("x", "\"string\"")),
            "field x of a.R: a int cannot be read as string");
    refused(writer, RECORD("S", FIELD("x", "\"int\"")), "a a.R cannot be read as S");
    check(writer,
          "{\"type\":\"record\",\"name\":\"S\",\"aliases\":[\"a.R\"],\"fields\":[{\"name\":\"x\","
          "\"type\":\"int\"}]}",
          "\x04gg\x0a\x02o", 6, "{\"x\":5}");
}

Test(avro_plan, a_name_goes_before_an_alias)
{
    const char *writer = RECORD("R", FIELD("old", "\"int\"") "," FIELD("new", "\"int\""));
    check(writer,
          "{\"type\":\"record\",\"name\":\"R\",\"fields\":[{\"name\":\"new\",\"type\":\"int\","
          "\"aliases\":[\"old\"]}]}",
          "\x02\x04", 2, "{\"new\":2}");
}

Test(avro_plan, enums_by_name)
{
    const char *writer = "{\"type\":\"enum\",\"name\":\"E\",\"symbols\":[\"A\",\"B\",\"C\"]}";
    const char *reordered = "{\"type\":\"enum\",\"name\":\"E\",\"symbols\":[\"C\",\"A\",\"D\"]}";
    const char *with_default =
        "{\"type\":\"enum\",\"name\":\"E\",\"symbols\":[\"A\",\"OTHER\"],\"default\":\"OTHER\"}";
    check(writer, reordered, "\0", 1, "\"A\"");
    check(writer, reordered, "\x04", 1, "\"C\"");
    check(writer, reordered, "\x02", 1, "! : the reader has no such enum symbol");
    check(writer, with_default, "\x02", 1, "\"OTHER\"");
    check(writer, with_default, "\0", 1, "\"A\"");
    check(writer, with_default, "\x06", 1, "! : enum index is out of range");
    check(writer, with_default, "\x01", 1, "! : enum index is out of range");
    refused(writer, "{\"type\":\"enum\",\"name\":\"F\",\"symbols\":[\"A\"]}", "cannot be read");
}

Test(avro_plan, unions_on_either_side)
{
    check("[\"null\",\"string\"]", "[\"string\",\"null\"]",
          "\x02\x02"
          "a",
          3, "\"a\"");
    check("[\"null\",\"string\"]", "[\"string\",\"null\"]", "\0", 1, "null");
    check("\"string\"", "[\"null\",\"string\"]",
          "\x02"
          "a",
          2, "\"a\"");
    check("[\"null\",\"string\"]", "\"string\"",
          "\x02\x02"
          "a",
          3, "\"a\"");
    check("[\"null\",\"string\"]", "\"string\"", "\0", 1, "! : a null cannot be read as string");
    check("[\"null\",\"string\"]", "\"string\"", "\x04", 1, "! : union branch is out of range");
    check("[\"null\",\"string\"]", NULL, "\x01", 1, "! : union branch is out of range");
    check("\"int\"", "[\"null\",\"double\",\"long\"]", "\x0a", 1, "5");
    check("\"float\"", "[\"double\",\"float\"]", "\0\0\xc0\x3f", 4, "1.5");
    refused("\"int\"", "[\"null\",\"string\"]", "no branch for a int");
    refused("[\"null\",\"int\"]", "\"string\"", "cannot be read");
}

Test(avro_plan, records_in_unions_are_chosen_by_name)
{
    const char *writer = RECORD("A", FIELD("x", "\"int\""));
    const char *reader =
        "[" RECORD("B", FIELD("x", "\"long\"")) "," RECORD("A", FIELD("x", "\"double\"")) "]";
    check(writer, reader, "\x0a", 1, "{\"x\":5}");
    refused(writer, "[" RECORD("A", FIELD("y", "\"int\"")) ",\"null\"]", "field y");
}

Test(avro_plan, containers_and_fixed)
{
    check("{\"type\":\"array\",\"items\":\"int\"}", "{\"type\":\"array\",\"items\":\"long\"}",
          "\x04\x02\x04\0", 4, "[1,2]");
    check("{\"type\":\"map\",\"values\":\"int\"}", "{\"type\":\"map\",\"values\":\"double\"}",
          "\x02\x02k\x02\0", 5, "{\"k\":1}");
    refused("{\"type\":\"array\",\"items\":\"int\"}", "{\"type\":\"array\",\"items\":\"string\"}",
            "cannot be read");
    refused("{\"type\":\"array\",\"items\":\"int\"}", "{\"type\":\"map\",\"values\":\"int\"}",
            "cannot be read");
    const char *fixed2 = "{\"type\":\"fixed\",\"name\":\"F\",\"size\":2}";
    check(fixed2, NULL, "ab", 2, "\"ab\"");
    refused(fixed2, "{\"type\":\"fixed\",\"name\":\"F\",\"size\":3}", "another size");
    refused(fixed2, "{\"type\":\"fixed\",\"name\":\"G\",\"size\":2}", "cannot be read");
}

Test(avro_plan, logical_types)
{
    const char *millis = "{\"type\":\"long\",\"logicalType\":\"timestamp-millis\"}";
    const char *micros = "{\"type\":\"long\",\"logicalType\":\"timestamp-micros\"}";
    check(millis, "\"long\"", "\x0a", 1, "5");
    check("\"long\"", millis, "\x0a", 1, "5");
    refused(millis, micros, "different logical types");
    const char *decimal =
        "{\"type\":\"bytes\",\"logicalType\":\"decimal\",\"precision\":10,\"scale\":3}";
    check(decimal, NULL, "\x04\x09\xf6", 3, "2.550");
    check(decimal, "{\"type\":\"bytes\",\"logicalType\":\"decimal\",\"precision\":10,\"scale\":2}",
          "\x04\x09\xf6", 3, "2.550");
    check("\"bytes\"", decimal, "\x04\x09\xf6", 3, "2.550");
    check(decimal, "\"bytes\"", "\x04\x09\xf6", 3, "\"\\t\\u00f6\"");
}

Test(avro_plan, recursive_types)
{
    const char *list = RECORD("L", FIELD("v", "\"int\"") "," FIELD("next", "[\"null\",\"L\"]"));
    const char *longer = "{\"type\":\"record\",\"name\":\"L\",\"fields\":[{\"name\":\"next\","
                         "\"type\":[\"null\",\"L\"]},{\"name\":\"v\",\"type\":\"long\"},"
                         "{\"name\":\"d\",\"type\":\"string\",\"default\":\"x\"}]}";
    check(list, NULL, "\x02\x02\x04\0", 4, "{\"v\":1,\"next\":{\"v\":2,\"next\":null}}");
    check(list, longer, "\x02\x02\x04\0", 4,
          "{\"next\":{\"next\":null,\"v\":2,\"d\":\"x\"},\"v\":1,\"d\":\"x\"}");
    refused(list,
            RECORD("L", FIELD("v", "\"int\"") "," FIELD("next", "[\"null\",\"L\"]") "," FIELD(
                            "z", "\"int\"")),
            "field z");
}
