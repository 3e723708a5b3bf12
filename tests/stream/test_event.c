/* Output events as their readers see them: framed, decoded again by the schema that comes along. */
#include "stream/event.h"

#include "schemas/avro_decode.h"
#include "schemas/embedded.h"
#include "schemas/json.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>

static struct settings settings;
static struct plan *plan;
static struct buf out;

static void open_with(const char *set)
{
    cr_assert(!settings_load(NULL, &set, set != NULL, &settings));
    cr_assert(!plan_create(&settings, 1, NULL, &plan));
}

static void tear_down(void)
{
    plan_destroy(plan);
    settings_fini(&settings);
    buf_fini(&out);
}

TestSuite(event, .fini = tear_down);

static const char *text(void)
{
    buf_byte(&out, '\0');
    out.bytes--;
    return out.data;
}

static void expect_json(void)
{
    struct arena *arena = arena_create(4096, 1 << 20);
    struct datum *datum = NULL;
    struct decode_error error;
    cr_assert(json_decode(arena, buf_view(&out), &datum, &error), "%s", text());
    arena_destroy(arena);
}

enum { STEPS = 2, SUMS = 2 };

static struct forecast_event forecast_of(struct forecast_block *block)
{
    static uint16_t lengths[SUMS] = {1, 7};
    static float step_mean[2 * STEPS] = {9, 9, 3, 4}, sum_mean[2 * SUMS] = {9, 9, 3, 24},
                               step_q[2 * STEPS * FORECAST_LEVELS],
                               sum_q[2 * SUMS * FORECAST_LEVELS],
                               weights[2 * FORECAST_EXPERTS] = {0, 0, 0, 0.75f, 0.25f, 0};
    for (size_t i = 0; i < sizeof step_q / sizeof *step_q; i++) {
        step_q[i] = sum_q[i] = (float)(i % FORECAST_LEVELS);
    }
    *block = (struct forecast_block){.series = 2,
                                     .steps = STEPS,
                                     .sums = SUMS,
                                     .sum_length = lengths,
                                     .step_mean = step_mean,
                                     .step_q = step_q,
                                     .sum_mean = sum_mean,
                                     .sum_q = sum_q,
                                     .weights = weights};
    return (struct forecast_event){.sku = slice_of("85123A"),
                                   .location = slice_of("main \"1\""),
                                   .origin_bucket = bucket_of(&settings.days, 1307059200000),
                                   .block = block,
                                   .row = 1,
                                   .corrected = true,
                                   .cold = true};
}

Test(event, a_forecast_is_the_row_of_its_series)
{
    struct forecast_block block;
    open_with(NULL);
    struct forecast_event event = forecast_of(&block);
    event_forecast(plan, &event, &out);
    expect_json();
    cr_expect(strstr(text(), "\"sku\":\"85123A\",\"location\":\"main \\\"1\\\"\""), "%s", text());
    cr_expect(strstr(text(), "\"origin\":1307059200000"), "%s", text());
    cr_expect(strstr(text(), "\"corrected\":true"), "%s", text());
    cr_expect(strstr(text(), "\"step\":2,\"mean\":4"), "%s", text());
    cr_expect(strstr(text(), "\"steps\":7,\"mean\":24"), "%s", text());
    cr_expect(!strstr(text(), ":9,"), "another series' numbers: %s", text());
}

Test(event, the_same_event_is_the_same_bytes_and_is_appended)
{
    struct forecast_block block;
    open_with(NULL);
    struct forecast_event event = forecast_of(&block);
    event_forecast(plan, &event, &out);
    size_t one = out.bytes;
    event_forecast(plan, &event, &out);
    cr_assert(out.bytes == 2 * one && memcmp(out.data, out.data + one, one) == 0);
}

Test(event, avro_is_much_shorter)
{
    struct forecast_block block;
    open_with("output.format=single-object");
    struct forecast_event event = forecast_of(&block);
    event_forecast(plan, &event, &out);
    cr_assert(out.bytes > 10 && (unsigned char)out.data[0] == 0xc3 &&
              (unsigned char)out.data[1] == 0x01);
    size_t avro = out.bytes;
    cr_expect(memmem(out.data, avro, "85123A", 6));
    cr_expect(avro < 600, "%zu", avro);
}

static const struct explanation WHY = {.rows = 2,
                                       .length = {1, 7},
                                       .mean = {3, 24},
                                       .baseline = {2, 20},
                                       .part = {{1}, {[EXPLAIN_RECENT] = 5, [EXPLAIN_SEASON] = -1}},
                                       .spoke = 1u << EXPLAIN_RECENT | 1u << EXPLAIN_SEASON};

Test(event, a_forecast_says_why_where_asked)
{
    struct forecast_block block;
    open_with(NULL);
    struct forecast_event event = forecast_of(&block);
    event_forecast(plan, &event, &out);
    cr_expect(!strstr(text(), "explanation"), "%s", text());
    buf_reset(&out);
    event.why = &WHY;
    event_forecast(plan, &event, &out);
    expect_json();
    cr_expect(strstr(text(), ",\"explanation\":{\"groups\":[\"recent_sales\",\"season\"],\"sums\":["
                             "{\"steps\":7,\"baseline\":20,\"parts\":[5,-1]}]}}"),
              "%s", text());
}

static struct avro_schema *schema_of(struct slice json)
{
    struct avro_schema *schema = NULL;
    struct status *st = avro_schema_parse(json, &schema);
    cr_assert(!st, "%s", status_message(st));
    return schema;
}

static const struct datum *child(const struct datum *datum, const char *name)
{
    return datum_child(datum, slice_of(name), NULL);
}

/* Decoded by readers with the schema of today, and with the one before there were explanations. */
Test(event, old_readers_of_avro_go_on)
{
    struct forecast_block block;
    open_with("output.format=raw");
    static const char FIELD[] = ",\n    {\"name\": \"explanation\"";
    struct slice now = embedded_schema("forecast");
    const char *field = memmem(now.data, now.bytes, FIELD, strlen(FIELD));
    cr_assert(field);
    struct buf before = {0};
    buf_put(&before, now.data, (size_t)(field - now.data));
    buf_text(&before, "]}");
    struct avro_schema *writer = schema_of(now), *old = schema_of(buf_view(&before));
    struct avro_plan *plans[2];
    cr_assert(!avro_plan_create(writer, writer, &plans[0]));
    cr_assert(!avro_plan_create(writer, old, &plans[1]));
    struct forecast_event event = forecast_of(&block);
    for (int k = 0; k < 2; k++) {
        event.why = k ? &WHY : NULL;
        buf_reset(&out);
        event_forecast(plan, &event, &out);
        for (int reader = 0; reader < 2; reader++) {
            struct arena *arena = arena_create(4096, 1 << 20);
            struct datum *datum;
            struct decode_error error;
            cr_assert(avro_decode(plans[reader], arena, buf_view(&out), &datum, &error));
            cr_expect(child(datum, "corrected")->boolean);
            const struct datum *why = child(datum, "explanation");
            cr_expect((why != NULL) == (reader == 0));
            cr_expect(!why || why->kind == (k ? DATUM_RECORD : DATUM_NULL));
            if (reader == 0 && k) {
                const struct datum *sum = child(why, "sums")->children;
                cr_expect(child(sum, "baseline")->f64 == 20 &&
                          child(sum, "parts")->children[1].f64 == -1);
            }
            arena_destroy(arena);
        }
    }
    avro_plan_destroy(plans[0]);
    avro_plan_destroy(plans[1]);
    avro_schema_destroy(writer);
    avro_schema_destroy(old);
    buf_fini(&before);
}

Test(event, an_alert_of_a_product_and_one_of_a_feed)
{
    open_with(NULL);
    struct alert alert = {.kind = ALERT_SPIKE,
                          .state = ALERT_OPEN,
                          .opened_ms = 1307059200000,
                          .updated_ms = 1307059200000,
                          .observed = 240,
                          .expected = 12,
                          .probability = 3e-7f,
                          .money = 5,
                          .evidence_count = 1,
                          .evidence_name = {EVIDENCE_RATIO},
                          .evidence = {20}};
    struct alert_event event = {.alert = &alert,
                                .change = ALERT_OPENED,
                                .subject = {.tenant = slice_of("t"),
                                            .sku = slice_of("A"),
                                            .location = slice_of("main"),
                                            .zone = settings.zone},
                                .currency = slice_of("GBP")};
    event_alert(plan, &event, &out);
    expect_json();
    cr_expect(strstr(text(), "\"kind\":\"spike\"") && strstr(text(), "\"state\":\"OPEN\"") &&
                  strstr(text(), "\"sku\":\"A\"") && strstr(text(), "\"closed\":null") &&
                  strstr(text(), "\"ratio\":20") && strstr(text(), "\"currency\":\"GBP\""),
              "%s", text());
    buf_reset(&out);
    alert.kind = ALERT_MISSING_FEED;
    alert.state = ALERT_RESOLVED;
    alert.closed_ms = alert.updated_ms = 1307062800000;
    event.change = ALERT_CLOSED;
    event.subject.sku = event.subject.location = slice_of("");
    event.subject.scope = slice_of("orders[3]");
    event_alert(plan, &event, &out);
    expect_json();
    cr_expect(strstr(text(), "\"sku\":null") && strstr(text(), "\"closed\":1307062800000") &&
                  strstr(text(), "\"state\":\"RESOLVED\"") && strstr(text(), "feed orders[3]"),
              "%s", text());
}

Test(event, a_replenishment_with_and_without_a_reason)
{
    open_with(NULL);
    struct decision decision = {.policy = POLICY_BASE_STOCK, .quantity = 24, .need = 20};
    struct item_facts facts = {.pack = 12, .shortage_cost = -1};
    int64_t today = bucket_of(&settings.days, 1307059200000);
    struct why_calendar calendar = {today, bucket_day(&settings.days, today), 1};
    struct replenishment_event event = {.sku = slice_of("A"),
                                        .location = slice_of("main"),
                                        .supplier = slice_of("S1"),
                                        .currency = slice_of("GBP"),
                                        .proposal_id = {1, 2},
                                        .revision = 3,
                                        .state = PROPOSAL_PROPOSED,
                                        .quantity = 24,
                                        .watermark_bucket = today - 1,
                                        .order_by = today + 2,
                                        .arrival = today + 7,
                                        .decision = &decision,
                                        .facts = &facts,
                                        .calendar = &calendar};
    event_replenishment(plan, &event, &out);
    expect_json();
    cr_expect(strstr(text(), "\"revision\":3") && strstr(text(), "\"quantity\":24") &&
                  strstr(text(), "\"state\":\"PROPOSED\"") && strstr(text(), "\"supplier\":\"S1\""),
              "%s", text());
    cr_expect(event_slot_ms(plan, today) == 1307059200000);
    cr_expect(strstr(text(), "\"order_by\":1307232000000") &&
                  strstr(text(), "\"expected_arrival\":1307664000000"),
              "%s", text());
    buf_reset(&out);
    event.decision = NULL;
    event.calendar = NULL;
    event.state = PROPOSAL_ORDERED;
    event_replenishment(plan, &event, &out);
    expect_json();
    cr_expect(strstr(text(), "\"state\":\"ORDERED\"") && !strstr(text(), "order 24"), "%s", text());
}
