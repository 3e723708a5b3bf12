#include "schemas/avro_schema.h"

#include <criterion/criterion.h>

/* Apache Avro's share/test/data/schema-tests.txt and one of our own, computed with fastavro 1.13.
 */
static const struct row {
    const char *text, *canonical;
    uint64_t fingerprint;
} ROWS[] = {
    {"\"null\"", "\"null\"", 7195948357588979594ULL},
    {"{\"type\":\"boolean\"}", "\"boolean\"", 11476012395585140580ULL},
    {"\"int\"", "\"int\"", 8247732601305521295ULL},
    {"\"long\"", "\"long\"", 15011871142588980663ULL},
    {"\"float\"", "\"float\"", 5583340709985441680ULL},
    {"\"double\"", "\"double\"", 10265170025261012350ULL},
    {"\"bytes\"", "\"bytes\"", 5746618253357095269ULL},
    {"\"string\"", "\"string\"", 10304597078529344455ULL},
    {"[ \"null\" , \"int\" ]", "[\"null\",\"int\"]", 15356360563450360279ULL},
    {"{\"fields\":[], \"type\":\"record\", \"name\":\"foo\"}",
     "{\"name\":\"foo\",\"type\":\"record\",\"fields\":[]}", 13622351793938349694ULL},
    {"{\"fields\":[], \"type\":\"record\", \"name\":\"foo\", \"namespace\":\"x.y\"}",
     "{\"name\":\"x.y.foo\",\"type\":\"record\",\"fields\":[]}", 5916914534497305771ULL},
    {"{\"fields\":[], \"type\":\"record\", \"name\":\"a.b.foo\", \"namespace\":\"x.y\"}",
     "{\"name\":\"a.b.foo\",\"type\":\"record\",\"fields\":[]}", 13830525586229027506ULL},
    {"{\"type\":\"enum\",\"symbols\":[\"A1\"],\"name\":\"foo\"}",
     "{\"name\":\"foo\",\"type\":\"enum\",\"symbols\":[\"A1\"]}", 12104553875968242025ULL},
    {"{\"name\":\"x.y.z\",\"type\":\"fixed\",\"doc\":\"foo bar\",\"size\":32}",
     "{\"name\":\"x.y.z\",\"type\":\"fixed\",\"size\":32}", 10214237012427101040ULL},
    {"{\"type\":\"map\",\"values\":\"string\"}", "{\"type\":\"map\",\"values\":\"string\"}",
     9713866774919136626ULL},
    {"{\"items\":{\"type\":\"null\"},\"type\":\"array\"}",
     "{\"type\":\"array\",\"items\":\"null\"}", 17857123470343080557ULL},
    {"{\"fields\":[{\"type\":{\"type\":\"boolean\"}, "
     "\"name\":\"f1\"},{\"order\":\"ascending\",\"name\":\"f2\",\"aliases\":[],\"type\":\"int\"}],"
     "\"type\":\"record\",\"name\":\"foo\"}",
     "{\"name\":\"foo\",\"type\":\"record\",\"fields\":[{\"name\":\"f1\",\"type\":\"boolean\"},{"
     "\"name\":\"f2\",\"type\":\"int\"}]}",
     13586521961629258570ULL},
    {"{\"type\":\"record\",\"name\":\"LL\",\"namespace\":\"q\",\"fields\":[{\"name\":\"value\","
     "\"type\":{\"type\":\"long\",\"logicalType\":\"timestamp-millis\"}},"
     "{\"name\":\"next\",\"type\":[\"null\",\"LL\"],\"default\":null},{\"name\":\"e\",\"type\":{"
     "\"type\":\"enum\",\"name\":\"r.E\",\"symbols\":[\"A\",\"B\"]}},{\"name\":\"e2\",\"type\":\"r."
     "E\"}]}",
     "{\"name\":\"q.LL\",\"type\":\"record\",\"fields\":[{\"name\":\"value\",\"type\":\"long\"},{"
     "\"name\":\"next\",\"type\":[\"null\",\"q.LL\"]},"
     "{\"name\":\"e\",\"type\":{\"name\":\"r.E\",\"type\":\"enum\",\"symbols\":[\"A\",\"B\"]}},{"
     "\"name\":\"e2\",\"type\":\"r.E\"}]}",
     14984770566744166560ULL},
};

Test(avro_canonical, form_and_fingerprint)
{
    for (size_t i = 0; i < sizeof ROWS / sizeof ROWS[0]; i++) {
        struct avro_schema *schema = NULL;
        struct status *st = avro_schema_parse(slice_of(ROWS[i].text), &schema);
        cr_assert_null(st, "%s", status_message(st));
        struct buf buf = {0};
        avro_schema_canonical(schema, &buf);
        cr_assert(slice_is(buf_view(&buf), ROWS[i].canonical), "%.*s", (int)buf.bytes, buf.data);
        cr_assert_eq(avro_schema_fingerprint(schema), ROWS[i].fingerprint, "%s", ROWS[i].text);
        /* The canonical form is its own canonical form. */
        struct avro_schema *again = NULL;
        cr_assert_null(avro_schema_parse(buf_view(&buf), &again));
        cr_assert_eq(avro_schema_fingerprint(again), ROWS[i].fingerprint);
        avro_schema_destroy(again);
        avro_schema_destroy(schema);
        buf_fini(&buf);
    }
}
