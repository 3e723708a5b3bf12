#include "stream/alert_table.h"

#include <criterion/criterion.h>

static const int64_t DAY = 86400000;

static struct settings settings;
static struct plan *plan;
static struct series_table *names;
static struct outbox *outbox;
static struct alert_table *table;

static void set_up(void)
{
    cr_assert(!settings_load(NULL, NULL, 0, &settings));
    cr_assert(!plan_create(&settings, 1, NULL, &plan));
    names = series_table_create();
    series_add(names, slice_of("A"), slice_of("main"));
    series_add(names, slice_of("B"), slice_of("main"));
    outbox = outbox_create();
    table = alert_table_create(plan, names, outbox);
    cr_assert(table);
}

static void tear_down(void)
{
    alert_table_destroy(table);
    outbox_destroy(outbox);
    series_table_destroy(names);
    plan_destroy(plan);
    settings_fini(&settings);
}

TestSuite(alert_table, .init = set_up, .fini = tear_down);

static uint32_t step(struct alert_table *at, enum alert_kind kind, uint32_t series, uint64_t scope,
                     enum alert_strength strength, int64_t day)
{
    struct alert_signal signal = {.kind = kind,
                                  .strength = strength,
                                  .series = series,
                                  .scope = scope,
                                  .score = 8,
                                  .probability = 1e-8F,
                                  .expected = 10,
                                  .observed = 100,
                                  .onset_bucket = day};
    return alert_table_step(at, &signal, slice_of(scope ? "orders[3]" : ""), day * DAY);
}

static struct outbox_record last_event(void)
{
    struct outbox_record record;
    cr_assert(outbox_count(outbox));
    outbox_get(outbox, outbox_count(outbox) - 1, &record);
    return record;
}

static bool holds(struct slice bytes, const char *text)
{
    return memmem(bytes.data, bytes.bytes, text, strlen(text)) != NULL;
}

Test(alert_table, a_strong_signal_opens_one_and_tells_it)
{
    cr_expect(step(table, ALERT_SPIKE, 1, 0, ALERT_STRONG, 9) == 1);
    struct outbox_record record = last_event();
    cr_expect(record.topic == TOPIC_ALERTS && record.key.bytes == 32 && record.partition == -1);
    cr_expect(holds(record.value, "\"sku\":\"B\"") && holds(record.value, "\"OPEN\""));
    cr_expect(holds(record.value, "\"spike\""));
    cr_expect(alert_table_has(table, 1) && !alert_table_has(table, 0));
    cr_expect(alert_table_anomalous(table, 1) && alert_table_open(table) == 1);
    const struct alert *alert = alert_table_find(table, ALERT_SPIKE, 1, 0);
    cr_assert(alert);
    cr_expect(alert->state == ALERT_OPEN && alert->opened_ms == 9 * DAY);
    cr_expect(!alert_table_find(table, ALERT_DROP, 1, 0) &&
              !alert_table_find(table, ALERT_SPIKE, 0, 0));
}

Test(alert_table, quiet_signals_make_no_entry)
{
    cr_expect(step(table, ALERT_SPIKE, 0, 0, ALERT_QUIET, 9) == 0);
    cr_expect(step(table, ALERT_SPIKE, 0, 0, ALERT_NEUTRAL, 9) == 0);
    cr_expect(!alert_table_has(table, 0) && alert_table_clean(table));
    cr_expect(outbox_count(outbox) == 0);
}

Test(alert_table, feeds_carry_the_name_of_their_scope)
{
    cr_expect(step(table, ALERT_MISSING_FEED, ALERT_NO_SERIES, 77, ALERT_STRONG, 9) == 1);
    cr_expect(holds(last_event().value, "orders[3]"));
    cr_expect(alert_table_find(table, ALERT_MISSING_FEED, ALERT_NO_SERIES, 77));
    cr_expect(!alert_table_find(table, ALERT_MISSING_FEED, ALERT_NO_SERIES, 78));
}

Test(alert_table, a_bulk_order_explains_a_spike)
{
    cr_expect(step(table, ALERT_BULK_ORDER, 0, 0, ALERT_STRONG, 9) == 1);
    cr_expect(step(table, ALERT_SPIKE, 0, 0, ALERT_STRONG, 9) == 0);
    cr_expect(step(table, ALERT_SPIKE, 1, 0, ALERT_STRONG, 9) == 1, "of another series");
}

Test(alert_table, a_word_of_a_person_finds_it_by_id)
{
    uint32_t events = 9;
    step(table, ALERT_SPIKE, 1, 0, ALERT_STRONG, 9);
    cr_expect(!alert_table_judge(table, slice_of("nothing"), ALERT_NOT_ANOMALY, 10 * DAY, &events));
    cr_expect(events == 0);
    cr_expect(alert_table_judge(table, last_event().key, ALERT_NOT_ANOMALY, 10 * DAY, &events));
    cr_expect(events == 1 && holds(last_event().value, "\"RESOLVED\""));
    cr_expect(alert_table_open(table) == 0 && !alert_table_anomalous(table, 1));
}

Test(alert_table, what_is_over_long_ago_is_swept_with_a_tombstone)
{
    uint32_t events;
    step(table, ALERT_SPIKE, 1, 0, ALERT_STRONG, 9);
    alert_table_judge(table, last_event().key, ALERT_NOT_ANOMALY, 10 * DAY, &events);
    size_t before = outbox_count(outbox);
    alert_table_sweep(table, 11 * DAY);
    cr_expect(outbox_count(outbox) == before && alert_table_has(table, 1));
    alert_table_sweep(table, 400 * DAY);
    cr_expect(outbox_count(outbox) == before + 1 && !last_event().has_value);
    cr_expect(!alert_table_has(table, 1) && !alert_table_find(table, ALERT_SPIKE, 1, 0));
}

static struct alert_table *restored_from(const struct outbox *state)
{
    struct alert_table *twin = alert_table_create(plan, names, outbox);
    for (size_t i = 0; i < outbox_count(state); i++) {
        struct outbox_record record;
        outbox_get(state, i, &record);
        if (record.topic == TOPIC_STATE && record.has_value) {
            cr_assert(alert_table_restore(twin, record.key, record.value));
        } else if (record.topic == TOPIC_STATE) {
            alert_table_restore_gone(twin, record.key);
        }
    }
    return twin;
}

Test(alert_table, many_are_found_saved_and_forgotten)
{
    for (uint64_t scope = 1; scope <= 300; scope++) {
        step(table, ALERT_MISSING_FEED, ALERT_NO_SERIES, scope * 7919, ALERT_STRONG, 9);
    }
    step(table, ALERT_SPIKE, 1, 0, ALERT_STRONG, 9);
    cr_expect(alert_table_open(table) == 301 && !alert_table_clean(table));
    alert_table_seal(table, 0);
    cr_expect(alert_table_clean(table));
    struct alert_table *twin = restored_from(outbox);
    cr_expect(alert_table_restored(twin) && alert_table_open(twin) == 301);
    for (uint64_t scope = 1; scope <= 300; scope++) {
        cr_assert(alert_table_find(twin, ALERT_MISSING_FEED, ALERT_NO_SERIES, scope * 7919));
    }
    alert_table_destroy(twin);
    alert_table_forget(table, 1);
    cr_expect(!alert_table_has(table, 1) && alert_table_open(table) == 300);
    alert_table_seal(table, 0);
    twin = restored_from(outbox);
    cr_expect(alert_table_open(twin) == 300 && !alert_table_has(twin, 1));
    alert_table_destroy(twin);
}

Test(alert_table, an_alert_of_a_series_that_is_not_there_is_refused)
{
    step(table, ALERT_SPIKE, 5000, 0, ALERT_NEUTRAL, 9); /* nothing */
    struct series_table *more = series_table_create();
    struct outbox *state = outbox_create();
    char sku[] = "0";
    for (; sku[0] < '5'; sku[0]++) {
        series_add(more, slice_of(sku), slice_of("main"));
    }
    struct alert_table *rich = alert_table_create(plan, more, state);
    step(rich, ALERT_SPIKE, 4, 0, ALERT_STRONG, 9);
    alert_table_seal(rich, 0);
    struct alert_table *twin = restored_from(state);
    cr_expect(!alert_table_restored(twin));
    alert_table_destroy(twin);
    alert_table_destroy(rich);
    outbox_destroy(state);
    series_table_destroy(more);
}

/* A record of a series far beyond all that can be must neither hang nor eat memory. */
Test(alert_table, an_absurd_series_is_refused)
{
    static const uint32_t SERIES[] = {UINT32_MAX - 1, UINT32_C(1) << 31, UINT32_C(1) << 28};
    for (size_t i = 0; i < 3; i++) {
        struct alert alert = {.kind = ALERT_SPIKE, .state = ALERT_OPEN, .series = SERIES[i]};
        struct buf value = {0}, key = {0};
        buf_varint(&value, 0); /* no scope name */
        alert_save(&alert, &value);
        buf_put(&key, "a\0", 2);
        for (int shift = 24; shift >= 0; shift -= 8) {
            buf_byte(&key, (unsigned char)(SERIES[i] >> shift));
        }
        buf_put(&key, "\0\0\0\0\0\0\0", 8);
        cr_expect(!alert_table_restore(table, buf_view(&key), buf_view(&value)));
        buf_fini(&key);
        buf_fini(&value);
    }
    cr_expect(!alert_table_restore(table, slice_of("a"), slice_of("")));
    cr_expect(!alert_table_restore(table, slice_of("a"), slice_of("nonsense")));
    alert_table_restore_gone(table, slice_of("a"));
}
