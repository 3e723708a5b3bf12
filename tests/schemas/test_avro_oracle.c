/* Random schemas and values against Avro C: what it writes we read alike, and what we read we can
 * hand back to it. Avro C is the oracle only here: its errors are global. */
#include "config/base/rng.h"
#include "event_fixture.h"
#include "schemas/avro_decode.h"
#include "schemas/embedded.h"

#include <avro.h>
#include <criterion/criterion.h>
#include <stdio.h>

enum { DEPTH_MAX = 4, BYTES_MAX = 1 << 20 };

static struct rng rng;
static int names;

static void schema_random(struct buf *out, int depth)
{
    static const char *const LEAVES[] = {"\"null\"",  "\"boolean\"", "\"int\"",   "\"long\"",
                                         "\"float\"", "\"double\"",  "\"bytes\"", "\"string\""};
    uint64_t kind = rng_below(&rng, depth < DEPTH_MAX ? 14 : 10);
    if (kind < 8) {
        buf_text(out, LEAVES[kind]);
    } else if (kind == 8) {
        buf_print(out, "{\"type\":\"enum\",\"name\":\"E%d\",\"symbols\":[\"A\",\"B\",\"C\"]}",
                  names++);
    } else if (kind == 9) {
        buf_print(out, "{\"type\":\"fixed\",\"name\":\"F%d\",\"size\":%d}", names++,
                  1 + (int)rng_below(&rng, 20));
    } else if (kind == 10) {
        buf_text(out, "[\"null\",{\"type\":\"array\",\"items\":");
        schema_random(out, depth + 1);
        buf_text(out, "},\"string\"]");
    } else if (kind < 13) {
        buf_text(out,
                 kind == 11 ? "{\"type\":\"array\",\"items\":" : "{\"type\":\"map\",\"values\":");
        schema_random(out, depth + 1);
        buf_byte(out, '}');
    } else {
        buf_print(out, "{\"type\":\"record\",\"name\":\"R%d\",\"fields\":[", names++);
        int fields = 1 + (int)rng_below(&rng, 5);
        for (int i = 0; i < fields; i++) {
            buf_print(out, "%s{\"name\":\"f%d\",\"type\":", i ? "," : "", i);
            schema_random(out, depth + 1);
            buf_byte(out, '}');
        }
        buf_text(out, "]}");
    }
}

static void fill(avro_value_t *value);

static void fill_children(avro_value_t *value, avro_type_t type)
{
    static const char *const KEYS[] = {"", "a", "b \"quoted\"", "\xc3\xa9"};
    avro_value_t child;
    size_t count;
    if (type == AVRO_RECORD) {
        cr_assert_eq(avro_value_get_size(value, &count), 0);
        for (size_t i = 0; i < count; i++) {
            cr_assert_eq(avro_value_get_by_index(value, i, &child, NULL), 0);
            fill(&child);
        }
    } else if (type == AVRO_UNION) {
        cr_assert_eq(avro_value_set_branch(value, (int)rng_below(&rng, 3), &child), 0);
        fill(&child);
    } else {
        count = rng_below(&rng, 4);
        for (size_t i = 0; i < count; i++) {
            cr_assert_eq(type == AVRO_ARRAY ? avro_value_append(value, &child, NULL)
                                            : avro_value_add(value, KEYS[i], &child, NULL, NULL),
                         0);
            fill(&child);
        }
    }
}

static void fill(avro_value_t *value)
{
    char bytes[32];
    uint64_t bits = rng_next(&rng) >> rng_below(&rng, 64);
    memcpy(bytes, &bits, sizeof bits);
    memset(bytes + 8, 'x', 24);
    size_t size = 0;
    avro_type_t type = avro_value_get_type(value);
    int rc = 0;
    if (type == AVRO_STRING) {
        rc = avro_value_set_string(value, bits & 1 ? "" : "t\xc3\xa9xt");
    } else if (type == AVRO_BYTES) {
        rc = avro_value_set_bytes(value, bytes, bits % 9);
    } else if (type == AVRO_INT32) {
        rc = avro_value_set_int(value, (int32_t)bits);
    } else if (type == AVRO_INT64) {
        rc = avro_value_set_long(value, (int64_t)bits);
    } else if (type == AVRO_FLOAT) {
        rc = avro_value_set_float(value, (float)(int32_t)bits);
    } else if (type == AVRO_DOUBLE) {
        rc = avro_value_set_double(value, (double)(int64_t)bits);
    } else if (type == AVRO_BOOLEAN) {
        rc = avro_value_set_boolean(value, bits & 1);
    } else if (type == AVRO_NULL) {
        rc = avro_value_set_null(value);
    } else if (type == AVRO_ENUM) {
        rc = avro_value_set_enum(value, (int)(bits % 3));
    } else if (type == AVRO_FIXED) {
        avro_schema_t schema = avro_value_get_schema(value);
        size = (size_t)avro_schema_fixed_size(schema);
        rc = avro_value_set_fixed(value, bytes, size);
    } else {
        fill_children(value, type);
    }
    cr_assert_eq(rc, 0);
}

static void same(const struct datum *d, const avro_value_t *value);

static void same_children(const struct datum *d, const avro_value_t *value, avro_type_t type)
{
    size_t count;
    avro_value_t child;
    const char *name = "";
    cr_assert_eq(avro_value_get_size(value, &count), 0);
    cr_assert_eq(d->count, count);
    cr_assert_eq((int)d->kind, (int)(type == AVRO_RECORD ? DATUM_RECORD
                                     : type == AVRO_MAP  ? DATUM_MAP
                                                         : DATUM_ARRAY));
    for (size_t i = 0; i < count; i++) {
        cr_assert_eq(avro_value_get_by_index(value, i, &child, &name), 0);
        cr_assert(type == AVRO_ARRAY || slice_is(d->children[i].name, name));
        same(&d->children[i], &child);
    }
}

static void same_scalar(const struct datum *d, const avro_value_t *value, avro_type_t type)
{
    int32_t i32 = 0;
    int64_t i64 = 0;
    float f32 = 0;
    double f64 = 0;
    int flag = 0;
    if (type == AVRO_INT32) {
        avro_value_get_int(value, &i32);
        cr_assert(d->kind == DATUM_INT && d->i64 == i32);
    } else if (type == AVRO_INT64) {
        avro_value_get_long(value, &i64);
        cr_assert(d->kind == DATUM_INT && d->i64 == i64);
    } else if (type == AVRO_FLOAT) {
        avro_value_get_float(value, &f32);
        cr_assert(d->kind == DATUM_DOUBLE && d->f64 == (double)f32 && d->logical == DATUM_FLOAT);
    } else if (type == AVRO_DOUBLE) {
        avro_value_get_double(value, &f64);
        cr_assert(d->kind == DATUM_DOUBLE && d->f64 == f64 && d->logical == DATUM_PLAIN);
    } else if (type == AVRO_BOOLEAN) {
        avro_value_get_boolean(value, &flag);
        cr_assert(d->kind == DATUM_BOOL && d->boolean == (flag != 0));
    } else if (type == AVRO_ENUM) {
        avro_value_get_enum(value, &i32);
        cr_assert(d->kind == DATUM_TEXT &&
                  slice_is(d->text, avro_schema_enum_get(avro_value_get_schema(value), i32)));
    } else {
        cr_assert(type == AVRO_NULL && d->kind == DATUM_NULL);
    }
}

static void same(const struct datum *d, const avro_value_t *value)
{
    avro_type_t type = avro_value_get_type(value);
    const void *bytes = NULL;
    const char *text = NULL;
    size_t size = 0;
    avro_value_t branch;
    if (type == AVRO_UNION) {
        cr_assert_eq(avro_value_get_current_branch(value, &branch), 0);
        same(d, &branch);
    } else if (type == AVRO_RECORD || type == AVRO_ARRAY || type == AVRO_MAP) {
        same_children(d, value, type);
    } else if (type == AVRO_STRING) {
        avro_value_get_string(value, &text, &size);
        cr_assert(d->kind == DATUM_TEXT && d->text.bytes == size - 1 &&
                  memcmp(d->text.data, text, size - 1) == 0);
    } else if (type == AVRO_BYTES || type == AVRO_FIXED) {
        (void)(type == AVRO_BYTES ? avro_value_get_bytes(value, &bytes, &size)
                                  : avro_value_get_fixed(value, &bytes, &size));
        cr_assert(d->kind == DATUM_BYTES && d->text.bytes == size &&
                  memcmp(d->text.data, bytes, size) == 0);
    } else {
        same_scalar(d, value, type);
    }
}

static struct avro_plan *plan_of(struct slice text, struct avro_schema **schema)
{
    struct avro_plan *plan = NULL;
    struct status *st = avro_schema_parse(text, schema);
    cr_assert_null(st, "%.*s: %s", (int)text.bytes, text.data, status_message(st));
    st = avro_plan_create(*schema, NULL, &plan);
    cr_assert_null(st, "%s", status_message(st));
    return plan;
}

/* One schema, several values. */
static void round_of(struct slice text, struct arena *arena, char *bytes)
{
    avro_schema_t theirs = NULL;
    cr_assert_eq(avro_schema_from_json_length(text.data, text.bytes, &theirs), 0, "%s",
                 avro_strerror());
    avro_value_iface_t *iface = avro_generic_class_from_schema(theirs);
    struct avro_schema *ours = NULL;
    struct avro_plan *plan = plan_of(text, &ours);
    for (int round = 0; round < 10; round++) {
        avro_value_t value;
        avro_generic_value_new(iface, &value);
        fill(&value);
        avro_writer_t writer = avro_writer_memory(bytes, BYTES_MAX);
        cr_assert_eq(avro_value_write(writer, &value), 0);
        size_t count = (size_t)avro_writer_tell(writer);
        avro_writer_free(writer);
        arena_reset(arena);
        struct datum *d = NULL;
        struct decode_error error;
        cr_assert(avro_decode(plan, arena, (struct slice){bytes, count}, &d, &error),
                  "%.*s: %s: %s", (int)text.bytes, text.data, error.field, error.reason);
        same(d, &value);
        for (size_t cut = 0; cut < count; cut += 1 + count / 8) {
            cr_assert_not(avro_decode(plan, arena, (struct slice){bytes, cut}, &d, &error));
        }
        avro_value_decref(&value);
    }
    avro_plan_destroy(plan);
    avro_schema_destroy(ours);
    avro_value_iface_decref(iface);
    avro_schema_decref(theirs);
}

Test(avro_oracle, random_schemas_and_values)
{
    rng_init(&rng, 17);
    struct arena *arena = arena_create(16 << 10, 16 << 20);
    char *bytes = malloc(BYTES_MAX);
    struct buf text = {0};
    for (int round = 0; round < 2000; round++) {
        buf_reset(&text);
        buf_text(&text,
                 "{\"type\":\"record\",\"name\":\"Root\",\"fields\":[{\"name\":\"x\",\"type\":");
        schema_random(&text, 0);
        buf_text(&text, "},{\"name\":\"y\",\"type\":");
        schema_random(&text, 0);
        buf_text(&text, "}]}");
        round_of(buf_view(&text), arena, bytes);
    }
    buf_fini(&text);
    free(bytes);
    arena_destroy(arena);
}

static void walk(int which, struct emit *to)
{
    if (which == 0) {
        event_fixture_forecast(to);
    } else if (which < 3) {
        event_fixture_alert(to, which == 2);
    } else {
        event_fixture_replenishment(to, which == 4);
    }
}

/* What emit writes Avro C reads, to the last byte, and like us. */
Test(avro_oracle, our_events)
{
    static const char *const RECORDS[] = {"forecast", "alert", "alert", "replenishment",
                                          "replenishment"};
    struct arena *arena = arena_create(16 << 10, 16 << 20);
    for (int which = 0; which < 5; which++) {
        struct slice text = embedded_schema(RECORDS[which]);
        avro_schema_t theirs = NULL;
        cr_assert_eq(avro_schema_from_json_length(text.data, text.bytes, &theirs), 0, "%s",
                     avro_strerror());
        avro_value_iface_t *iface = avro_generic_class_from_schema(theirs);
        avro_value_t value;
        avro_generic_value_new(iface, &value);
        struct avro_schema *ours = NULL;
        struct avro_plan *plan = plan_of(text, &ours);
        struct buf out = {0};
        struct emit w;
        emit_init(&w, &out, EMIT_AVRO, ours);
        walk(which, &w);
        avro_reader_t reader = avro_reader_memory(out.data, (int64_t)out.bytes);
        cr_assert_eq(avro_value_read(reader, &value), 0, "%s", avro_strerror());
        char rest;
        cr_assert_neq(avro_read(reader, &rest, 1), 0);
        struct datum *d = NULL;
        struct decode_error error;
        cr_assert(avro_decode(plan, arena, buf_view(&out), &d, &error));
        same(d, &value);
        avro_reader_free(reader);
        avro_value_decref(&value);
        avro_value_iface_decref(iface);
        avro_schema_decref(theirs);
        avro_plan_destroy(plan);
        avro_schema_destroy(ours);
        buf_fini(&out);
    }
    arena_destroy(arena);
}
