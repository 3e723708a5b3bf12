#include "schemas/avro_schema.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static struct avro_schema *parse(const char *text)
{
    struct avro_schema *schema = NULL;
    struct status *st = avro_schema_parse(slice_of(text), &schema);
    cr_assert_null(st, "%s: %s", text, status_message(st));
    return schema;
}

static void refused(const char *text, const char *says)
{
    struct avro_schema *schema = NULL;
    struct status *st = avro_schema_parse(slice_of(text), &schema);
    cr_assert_not_null(st, "%s", text);
    cr_assert_null(schema);
    cr_assert_eq(status_code(st), STATUS_CORRUPT);
    cr_assert_not_null(strstr(status_message(st), says), "%s: %s", text, status_message(st));
    status_free(st);
}

Test(avro_schema, record_with_everything)
{
    struct avro_schema *schema = parse(
        "{\"type\":\"record\",\"name\":\"Invoice\",\"namespace\":\"shop\",\"aliases\":[\"Bill\","
        "\"old.Bill\"],\"fields\":["
        "{\"name\":\"n\",\"type\":[\"null\",\"string\"],\"default\":null,\"aliases\":[\"number\"]},"
        "{\"name\":\"t\",\"type\":{\"type\":\"long\",\"logicalType\":\"timestamp-millis\"}},"
        "{\"name\":\"p\",\"type\":{\"type\":\"bytes\",\"logicalType\":\"decimal\",\"precision\":10,"
        "\"scale\":3}},"
        "{\"name\":\"e\",\"type\":{\"type\":\"enum\",\"name\":\"Kind\",\"symbols\":[\"A\",\"B\"],"
        "\"default\":\"B\"}},"
        "{\"name\":\"f\",\"type\":{\"type\":\"fixed\",\"name\":\"x.F\",\"size\":12,\"logicalType\":"
        "\"duration\"}},"
        "{\"name\":\"m\",\"type\":{\"type\":\"map\",\"values\":\"Kind\"}},"
        "{\"name\":\"l\",\"type\":{\"type\":\"array\",\"items\":\"Invoice\"},\"default\":[]},"
        "{\"name\":\"u\",\"type\":{\"type\":\"string\",\"logicalType\":\"uuid\"}},"
        "{\"name\":\"w\",\"type\":{\"type\":\"string\",\"logicalType\":\"date\"}}]}");
    const struct avro_type *root = avro_schema_root(schema);
    cr_assert(root->kind == AVRO_KIND_RECORD && slice_is(root->name, "shop.Invoice"));
    cr_assert(root->count == 9 && root->alias_count == 2);
    cr_assert(slice_is(root->aliases[0], "shop.Bill") && slice_is(root->aliases[1], "old.Bill"));
    const struct avro_field *f = root->fields;
    cr_assert(f[0].type->kind == AVRO_KIND_UNION && f[0].type->count == 2);
    cr_assert(f[0].fallback && f[0].fallback->kind == DATUM_NULL &&
              slice_is(f[0].aliases[0], "number"));
    cr_assert(f[1].type->logical == DATUM_TIMESTAMP_MILLIS && !f[1].fallback);
    cr_assert(f[2].type->is_decimal && f[2].type->precision == 10 && f[2].type->scale == 3);
    cr_assert(slice_is(f[3].type->name, "shop.Kind") && f[3].type->symbol_default == 1);
    cr_assert(slice_is(f[4].type->name, "x.F") && f[4].type->logical == DATUM_DURATION);
    cr_assert_eq(f[5].type->items, f[3].type);
    cr_assert_eq(f[6].type->items, root);
    cr_assert_eq(f[7].type->logical, DATUM_UUID);
    cr_assert_eq(f[8].type->logical, DATUM_PLAIN);
    for (uint32_t i = 0; i < root->count; i++) {
        cr_assert_lt(f[i].type->index, avro_schema_types(schema));
    }
    cr_assert(memcmp(avro_schema_text(schema).data, "{\"type\":", 8) == 0);
    avro_schema_destroy(schema);
    avro_schema_destroy(NULL);
}

Test(avro_schema, every_primitive_in_both_spellings)
{
    for (int kind = AVRO_KIND_NULL; kind <= AVRO_KIND_STRING; kind++) {
        const char *name = avro_schema_kind_name((enum avro_kind)kind);
        char text[64];
        snprintf(text, sizeof text, "\"%s\"", name);
        struct avro_schema *schema = parse(text);
        cr_assert_eq((int)avro_schema_root(schema)->kind, kind);
        avro_schema_destroy(schema);
        snprintf(text, sizeof text, "{\"type\":{\"type\":\"%s\"}}", name);
        schema = parse(text);
        cr_assert_eq((int)avro_schema_root(schema)->kind, kind);
        avro_schema_destroy(schema);
    }
}

Test(avro_schema, refusals_say_where)
{
    refused("", "JSON");
    refused("{", "JSON");
    refused("7", "expected a type");
    refused("\"Foo\"", "unknown type \"Foo\"");
    refused("{}", "\"type\"");
    refused("[]", "no branches");
    refused("[\"int\",\"int\"]", "two branches");
    refused("[\"int\",[\"null\"]]", "directly in a union");
    refused("{\"type\":\"array\"}", "items");
    refused("{\"type\":\"map\"}", "values");
    refused("{\"type\":\"record\",\"fields\":[]}", "no name");
    refused("{\"type\":\"record\",\"name\":\"9a\",\"fields\":[]}", "is no name");
    refused("{\"type\":\"record\",\"name\":\"a..b\",\"fields\":[]}", "is no name");
    refused("{\"type\":\"record\",\"name\":\"a\"}", "fields");
    refused("{\"type\":\"record\",\"name\":\"a\",\"fields\":[1]}", "record a");
    refused("{\"type\":\"record\",\"name\":\"a\",\"fields\":[{\"name\":\"x\"}]}",
            "field x: has no type");
    refused("{\"type\":\"record\",\"name\":\"a\",\"fields\":[{\"name\":\"x\",\"type\":\"int\"},{"
            "\"name\":\"x\",\"type\":\"int\"}]}",
            "two fields x");
    refused("{\"type\":\"record\",\"name\":\"a\",\"fields\":[{\"name\":\"x\",\"type\":\"int\","
            "\"default\":\"1\"}]}",
            "field x: its default");
    refused("{\"type\":\"record\",\"name\":\"a\",\"fields\":[{\"name\":\"x\",\"type\":{\"type\":"
            "\"record\",\"name\":\"a\",\"fields\":[]}}]}",
            "defined twice");
    refused("{\"type\":\"enum\",\"name\":\"e\"}", "symbols");
    refused("{\"type\":\"enum\",\"name\":\"e\",\"symbols\":[\"A\",\"A\"]}", "symbol twice");
    refused("{\"type\":\"enum\",\"name\":\"e\",\"symbols\":[\"A-B\"]}", "is no name");
    refused("{\"type\":\"enum\",\"name\":\"e\",\"symbols\":[\"A\"],\"default\":\"B\"}", "default");
    refused("{\"type\":\"fixed\",\"name\":\"f\"}", "size");
    refused("{\"type\":\"fixed\",\"name\":\"f\",\"size\":-1}", "size");
    refused("{\"type\":\"bytes\",\"logicalType\":\"decimal\",\"precision\":1000}", "too wide");
}

Test(avro_schema, a_bad_logical_type_is_ignored)
{
    struct avro_schema *schema =
        parse("{\"type\":\"bytes\",\"logicalType\":\"decimal\",\"precision\":2,\"scale\":3}");
    cr_assert_not(avro_schema_root(schema)->is_decimal);
    avro_schema_destroy(schema);
    schema = parse("{\"type\":\"int\",\"logicalType\":\"timestamp-millis\"}");
    cr_assert_eq(avro_schema_root(schema)->logical, DATUM_PLAIN);
    avro_schema_destroy(schema);
}

Test(avro_schema, depth_and_size_are_bounded)
{
    struct buf text = {0};
    for (int i = 0; i < 40; i++) {
        buf_text(&text, "{\"type\":\"array\",\"items\":");
    }
    buf_text(&text, "\"int\"");
    for (int i = 0; i < 40; i++) {
        buf_byte(&text, '}');
    }
    buf_byte(&text, 0);
    avro_schema_destroy(parse(text.data));
    buf_reset(&text);
    for (int i = 0; i < 100; i++) {
        buf_text(&text, "{\"type\":\"array\",\"items\":");
    }
    buf_text(&text, "\"int\"");
    for (int i = 0; i < 100; i++) {
        buf_byte(&text, '}');
    }
    buf_byte(&text, 0);
    refused(text.data, "nested too deeply");
    buf_reset(&text);
    buf_room(&text, AVRO_SCHEMA_BYTES_MAX + 1);
    memset(text.data, ' ', AVRO_SCHEMA_BYTES_MAX);
    text.data[AVRO_SCHEMA_BYTES_MAX] = ' ';
    struct avro_schema *schema = NULL;
    struct status *st =
        avro_schema_parse((struct slice){text.data, AVRO_SCHEMA_BYTES_MAX + 1}, &schema);
    cr_assert_not_null(st);
    status_free(st);
    buf_fini(&text);
}

Test(avro_schema, load_names_the_file)
{
    struct avro_schema *schema = NULL;
    struct status *st = avro_schema_load(RESTOCK_SOURCE_DIR "/schemas/stock.avsc", &schema);
    cr_assert_null(st);
    cr_assert(slice_is(avro_schema_root(schema)->name, "restock.Stock"));
    avro_schema_destroy(schema);
    st = avro_schema_load("/nowhere/x.avsc", &schema);
    cr_assert_eq(status_code(st), STATUS_IO);
    cr_assert_not_null(strstr(status_message(st), "/nowhere/x.avsc"));
    status_free(st);
    char path[] = "/tmp/schemaXXXXXX";
    int fd = mkstemp(path);
    cr_assert(fd >= 0 && write(fd, "\"Foo\"", 5) == 5);
    close(fd);
    st = avro_schema_load(path, &schema);
    cr_assert_eq(status_code(st), STATUS_CORRUPT);
    cr_assert_not_null(strstr(status_message(st), path));
    status_free(st);
    unlink(path);
}
