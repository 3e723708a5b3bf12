#include "schemas/emit.h"

#include "event_fixture.h"
#include "schemas/avro_decode.h"
#include "schemas/embedded.h"
#include "schemas/json.h"

#include <criterion/criterion.h>
#include <jansson.h>
#include <math.h>
#include <signal.h>

static struct avro_schema *schema_of(const char *text)
{
    struct avro_schema *schema = NULL;
    struct status *st = avro_schema_parse(slice_of(text), &schema);
    cr_assert_null(st, "%s", status_message(st));
    return schema;
}

static struct buf buf;
static struct emit w;

static void begin(enum emit_format format, const char *schema)
{
    emit_init(&w, &buf, format, schema ? schema_of(schema) : NULL);
}

static void expect_json(const char *text)
{
    cr_assert(slice_is(buf_view(&buf), text), "%.*s", (int)buf.bytes, buf.data);
}

Test(emit, json_of_a_forecast)
{
    begin(EMIT_JSON, NULL);
    event_fixture_forecast(&w);
    expect_json("{\"sku\":\"85123A\",\"location\":\"main\",\"origin\":1293840000000,\"bucket_ms\":"
                "86400000,\"levels\":[0.05,0.5,0.95],"
                "\"steps\":[{\"step\":1,\"mean\":1.5,\"quantiles\":[0,1.25,3]},{\"step\":2,"
                "\"mean\":3,\"quantiles\":[0,1.25,3]}],"
                "\"sums\":[{\"steps\":7,\"mean\":10.5,\"quantiles\":[0,1.25,3]}],\"weights\":{"
                "\"negbin\":0.75,\"a \\\"key\\\"\":0.25},"
                "\"model_version\":\"experts-1\",\"flags\":[],\"corrected\":true,"
                "\"explanation\":{\"groups\":[\"season\"],\"sums\":[]}}");
    buf_fini(&buf);
}

Test(emit, json_of_an_alert)
{
    begin(EMIT_JSON, NULL);
    event_fixture_alert(&w, true);
    expect_json(
        "{\"alert_id\":\"a1\",\"kind\":\"stockout\",\"severity\":\"critical\",\"state\":\"UPDATE\","
        "\"sku\":\"X\\n\xc3\xa9\",\"location\":\"main\","
        "\"opened\":1293840000000,\"updated\":1293840000001,\"closed\":1293840000002,\"score\":6.5,"
        "\"probability\":0.875,\"money_at_risk\":12345,"
        "\"currency\":\"GBP\",\"text\":\"\",\"evidence\":{\"on_hand\":3,\"supplier\":\"S1\"}}");
    buf_reset(&buf);
    begin(EMIT_JSON, NULL);
    event_fixture_alert(&w, false);
    expect_json("{\"alert_id\":\"a1\",\"kind\":\"stockout\",\"severity\":\"critical\",\"state\":"
                "\"UPDATE\",\"sku\":null,\"location\":null,"
                "\"opened\":1293840000000,\"updated\":1293840000001,\"closed\":null,\"score\":6.5,"
                "\"probability\":null,\"money_at_risk\":null,"
                "\"currency\":null,\"text\":\"\",\"evidence\":{}}");
    buf_fini(&buf);
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

/* The same walk in both encodings, checked against the schema, read back: the same tree. */
Test(emit, both_encodings_say_the_same)
{
    static const char *const RECORDS[] = {"forecast", "alert", "alert", "replenishment",
                                          "replenishment"};
    struct arena *arena = arena_create(16 << 10, 1 << 20);
    for (int which = 0; which < 5; which++) {
        struct avro_schema *schema = NULL;
        cr_assert_null(avro_schema_parse(embedded_schema(RECORDS[which]), &schema));
        struct buf json = {0}, avro = {0}, again = {0}, from_json = {0};
        struct emit to;
        emit_init(&to, &json, EMIT_JSON, schema);
        walk(which, &to);
        emit_init(&to, &avro, EMIT_AVRO, schema);
        walk(which, &to);
        cr_assert_lt(avro.bytes, json.bytes);
        struct avro_plan *plan = NULL;
        cr_assert_null(avro_plan_create(schema, NULL, &plan));
        struct datum *d = NULL;
        struct decode_error error;
        cr_assert(avro_decode(plan, arena, buf_view(&avro), &d, &error), "%s: %s", error.field,
                  error.reason);
        datum_print(&again, d);
        cr_assert(json_decode(arena, buf_view(&json), &d, &error), "%s", error.reason);
        datum_print(&from_json, d);
        cr_assert(slice_equal(buf_view(&again), buf_view(&from_json)), "%.*s\n%.*s",
                  (int)again.bytes, again.data, (int)json.bytes, json.data);
        cr_assert(slice_equal(buf_view(&from_json), buf_view(&json)));
        json_t *theirs = json_loadb(json.data, json.bytes, JSON_REJECT_DUPLICATES, NULL);
        cr_assert_not_null(theirs);
        json_decref(theirs);
        avro_plan_destroy(plan);
        avro_schema_destroy(schema);
        buf_fini(&json);
        buf_fini(&avro);
        buf_fini(&again);
        buf_fini(&from_json);
    }
    arena_destroy(arena);
}

Test(emit, avro_bytes)
{
    const float values[] = {1.5f};
    begin(EMIT_AVRO, NULL);
    emit_record_begin(&w, NULL);
    emit_bool(&w, "b", true);
    emit_i32(&w, "i", -1);
    emit_f32s(&w, "f", values, 1);
    emit_f32s(&w, "g", values, 0);
    emit_text(&w, "t", slice_of("ab"));
    emit_enum(&w, "e", 2, "C");
    emit_optional_f32(&w, "o", false, 0);
    emit_optional_i32(&w, "p", true, 5);
    emit_null(&w, "n");
    emit_record_end(&w);
    emit_end(&w);
    static const char expected[] = "\x01\x01\x02\0\0\xc0\x3f\0\0\x04"
                                   "ab\x04\0\x02\x0a";
    cr_assert(slice_equal(buf_view(&buf), (struct slice){expected, sizeof expected - 1}));
    buf_fini(&buf);
}

Test(emit, an_absent_field_is_null_in_avro_alone)
{
    static const char SCHEMA[] = "{\"type\":\"record\",\"name\":\"r\",\"fields\":[{\"name\":\"a\","
                                 "\"type\":\"int\"},{\"name\":\"b\",\"type\":[\"null\",\"int\"]}]}";
    for (int avro = 0; avro < 2; avro++) {
        struct avro_schema *schema = schema_of(SCHEMA);
        emit_init(&w, &buf, avro ? EMIT_AVRO : EMIT_JSON, schema);
        emit_record_begin(&w, NULL);
        emit_i32(&w, "a", 1);
        emit_absent(&w, "b");
        emit_record_end(&w);
        emit_end(&w);
        cr_assert(slice_equal(buf_view(&buf),
                              avro ? (struct slice){"\x02\x00", 2} : slice_of("{\"a\":1}")));
        buf_fini(&buf);
        avro_schema_destroy(schema);
    }
}

Test(emit, fields_again)
{
    begin(EMIT_JSON, NULL);
    cr_assert(emit_repeats(&w));
    emit_array_begin(&w, NULL, 2);
    emit_record_begin(&w, NULL);
    emit_i32(&w, "step", 1);
    size_t from = emit_place(&w);
    emit_f32(&w, "mean", 1.5f);
    emit_f32s(&w, "quantiles", (float[]){0, 0.25f}, 2);
    size_t to = emit_place(&w);
    emit_record_end(&w);
    emit_record_begin(&w, NULL);
    emit_i32(&w, "step", 2);
    emit_again(&w, from, to);
    emit_bool(&w, "last", true);
    emit_record_end(&w);
    emit_array_end(&w);
    emit_end(&w);
    expect_json("[{\"step\":1,\"mean\":1.5,\"quantiles\":[0,0.25]},"
                "{\"step\":2,\"mean\":1.5,\"quantiles\":[0,0.25],\"last\":true}]");
    buf_fini(&buf);
    begin(EMIT_AVRO, NULL);
    cr_assert_not(emit_repeats(&w));
    emit_end(&w);
    buf_fini(&buf);
}

Test(emit, json_of_small_things)
{
    begin(EMIT_JSON, NULL);
    emit_record_begin(&w, NULL);
    emit_null(&w, "n");
    emit_optional_f32(&w, "o", true, 0.5f);
    emit_optional_i32(&w, "p", false, 5);
    emit_f64(&w, "d", 0.1);
    emit_record_begin(&w, "r");
    emit_record_end(&w);
    emit_i64(&w, "i", -5);
    emit_record_end(&w);
    emit_end(&w);
    expect_json("{\"n\":null,\"o\":0.5,\"p\":null,\"d\":0.1,\"r\":{},\"i\":-5}");
    buf_fini(&buf);
}

Test(emit, not_finite_is_our_mistake_in_avro_too, .signal = SIGABRT)
{
    begin(EMIT_AVRO, NULL);
    emit_f32(&w, NULL, NAN);
}

Test(emit, not_finite_in_an_array_is_our_mistake, .signal = SIGABRT)
{
    const float values[] = {1, INFINITY};
    begin(EMIT_JSON, NULL);
    emit_f32s(&w, NULL, values, 2);
}
