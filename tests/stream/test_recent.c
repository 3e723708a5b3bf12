#include "stream/recent.h"

#include <criterion/criterion.h>
#include <stdio.h>

static struct recent *recent;
static struct outbox *outbox;
static struct buf json;

static void begin(void)
{
    recent = recent_create();
    outbox = outbox_create();
    cr_assert(recent && outbox);
}

static void end(void)
{
    recent_destroy(recent);
    outbox_destroy(outbox);
    buf_fini(&json);
}

TestSuite(recent, .init = begin, .fini = end);

static void put(enum topic topic, const char *key, const char *value)
{
    outbox_reset(outbox);
    outbox_add(outbox, topic, -1, slice_of(key), slice_of(value));
    recent_take(recent, outbox);
}

static void expect_list(enum topic topic, const char *states, size_t limit, const char *wanted)
{
    buf_reset(&json);
    recent_list(recent, topic, states, limit, &json);
    cr_expect(slice_is(buf_view(&json), wanted), "wanted %s, got %.*s", wanted, (int)json.bytes,
              json.data);
}

Test(recent, newest_event_of_each_key_newest_first)
{
    expect_list(TOPIC_ALERTS, "", 10, "[]");
    put(TOPIC_ALERTS, "a", "{\"n\":1}");
    put(TOPIC_ALERTS, "b", "{\"n\":2}");
    put(TOPIC_ALERTS, "a", "{\"n\":3}");
    expect_list(TOPIC_ALERTS, "", 10, "[{\"n\":3},{\"n\":2}]");
    expect_list(TOPIC_ALERTS, "", 1, "[{\"n\":3}]");
    expect_list(TOPIC_REPLENISHMENTS, "", 10, "[]");
}

Test(recent, states)
{
    put(TOPIC_ALERTS, "a", "{\"state\":\"OPEN\"}");
    put(TOPIC_ALERTS, "b", "{\"state\":\"RESOLVED\",\"text\":\"\\\"state\\\":\\\"OPEN\\\"\"}");
    put(TOPIC_ALERTS, "c", "{\"state\":\"UPDATE\"}");
    expect_list(TOPIC_ALERTS, "OPEN,UPDATE", 10, "[{\"state\":\"UPDATE\"},{\"state\":\"OPEN\"}]");
    expect_list(TOPIC_ALERTS, "EXPIRED", 10, "[]");
    expect_list(TOPIC_ALERTS, ",,", 10, "[]");
    expect_list(TOPIC_ALERTS, "OPEN,AVERYLONGSTATETHATNOEVENTEVERHASHAD", 10,
                "[{\"state\":\"OPEN\"}]");
}

Test(recent, tombstones_and_other_records)
{
    put(TOPIC_ALERTS, "a", "{}");
    outbox_reset(outbox);
    outbox_add(outbox, TOPIC_ALERTS, -1, slice_of("a"), (struct slice){0});
    outbox_add(outbox, TOPIC_ALERTS, -1, slice_of("unknown"), (struct slice){0});
    outbox_add(outbox, TOPIC_STATE, 0, slice_of("a"), slice_of("{}"));
    outbox_add(outbox, TOPIC_ALERTS, -1, (struct slice){0}, slice_of("{}"));
    recent_take(recent, outbox);
    expect_list(TOPIC_ALERTS, "", 10, "[]");
    cr_expect(recent_count(recent, TOPIC_ALERTS) == 0);
    put(TOPIC_ALERTS, "a", "{\"n\":2}"); /* its place is used again */
    expect_list(TOPIC_ALERTS, "", 10, "[{\"n\":2}]");
}

Test(recent, alerts_make_room_by_dropping_the_oldest)
{
    char key[32], value[32];
    for (int i = 0; i < RECENT_ALERTS + 10; i++) {
        snprintf(key, sizeof key, "key-%d", i);
        snprintf(value, sizeof value, "{\"n\":%d}", i);
        put(TOPIC_ALERTS, key, value);
    }
    cr_expect(recent_count(recent, TOPIC_ALERTS) == RECENT_ALERTS);
    cr_expect(!recent_get(recent, TOPIC_ALERTS, slice_of("key-9"), &json));
    cr_expect(recent_get(recent, TOPIC_ALERTS, slice_of("key-10"), &json));
    cr_expect(slice_is(buf_view(&json), "{\"n\":10}"));
}

Test(recent, a_forecast_asked_for_is_kept_from_its_next_emission_on)
{
    char key[32];
    for (int i = 0; i < RECENT_FORECASTS + 5; i++) {
        snprintf(key, sizeof key, "SKU-%d|main", i);
        put(TOPIC_FORECASTS, key, "{}");
    }
    struct slice late = slice_of("SKU-4100|main");
    cr_expect(!recent_get(recent, TOPIC_FORECASTS, late, &json), "kept only the first ones");
    put(TOPIC_FORECASTS, "SKU-4100|main", "{\"n\":1}");
    cr_expect(recent_get(recent, TOPIC_FORECASTS, late, &json), "wanted since it was asked for");
    cr_expect(recent_count(recent, TOPIC_FORECASTS) == RECENT_FORECASTS);
    buf_reset(&json);
    recent_keys(recent, TOPIC_FORECASTS, slice_of("SKU-4100"), 10, &json);
    cr_expect(slice_is(buf_view(&json), "[\"SKU-4100|main\"]"), "%.*s", (int)json.bytes, json.data);
}

Test(recent, too_large_is_passed_over)
{
    static char large[RECENT_EVENT_MAX + 1];
    memset(large, ' ', sizeof large);
    outbox_reset(outbox);
    outbox_add(outbox, TOPIC_ALERTS, -1, slice_of("a"), (struct slice){large, sizeof large});
    recent_take(recent, outbox);
    cr_expect(recent_count(recent, TOPIC_ALERTS) == 0);
}
