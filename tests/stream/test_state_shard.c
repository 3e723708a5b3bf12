#include "stream/state_shard.h"

#include "stream/mock_bus.h"
#include "stream/sender.h"
#include "tests/stream/shard_fixture.h"

#include <criterion/criterion.h>
#include <stdio.h>

static void must(struct status *st)
{
    cr_assert(!st, "%s", status_message(st));
}

TestSuite(state_shard);

Test(state_shard, names_have_a_location)
{
    struct slice sku, location;
    state_shard_name("A@b@c", &sku, &location);
    cr_expect(slice_is(sku, "A@b") && slice_is(location, "c"));
    state_shard_name("A", &sku, &location);
    cr_expect(slice_is(sku, "A") && slice_is(location, "main"));
}

/* What is read back says the same of a series as the shard that wrote it. */
Test(state_shard, reads_what_a_shard_wrote)
{
    static const char *const SETS[] = {"time.zone=Europe/London"};
    struct fixture_log log = {0};
    struct fixture fixture;
    fixture_shop(&log, 20, 60, 3);
    fixture_init(&fixture, SETS, 1);
    fixture_run(&fixture, &log, 100);
    struct slice sku = slice_of("20003"), place = slice_of("main");
    struct explanation here, there;
    int64_t origin, again;
    must(shard_explain(fixture.shard, sku, place, &here, &origin));

    struct mock_bus *bus;
    struct settings settings;
    struct sender *sender;
    char address[128];
    must(mock_bus_open(&bus));
    snprintf(address, sizeof address, "kafka.bootstrap.servers=%s", mock_bus_address(bus));
    const char *sets[] = {SETS[0], address, "kafka.log_level=3"};
    must(settings_load(NULL, sets, 3, &settings));
    struct state_shard state;
    must(mock_bus_topic(bus, "restock.lines", 1));
    must(mock_bus_topic(bus, "restock.state", 1));
    must(sender_open(&settings, &sender));
    for (size_t i = 0; i < fixture.state_count; i++) {
        const struct fixture_state *record = &fixture.state[i];
        if (!record->tombstone) {
            must(sender_put(sender, "restock.state", 0, buf_view(&record->key),
                            buf_view(&record->value)));
        }
    }
    must(sender_flush(sender, 10000));
    sender_close(sender);
    must(state_shard_open(&settings, sku, &state));
    must(shard_explain(state.shard, sku, place, &there, &again));
    cr_expect(origin == again && here.rows == there.rows && here.spoke == there.spoke);
    cr_expect_arr_eq(here.mean, there.mean, sizeof here.mean);
    cr_expect_arr_eq(here.part, there.part, sizeof here.part);
    struct status *st = shard_explain(state.shard, slice_of("no such"), place, &there, &again);
    cr_expect(status_code(st) == STATUS_USAGE && strstr(status_message(st), "no such@main"));
    status_free(st);
    state_shard_close(&state);
    settings_fini(&settings);
    mock_bus_close(bus);
    fixture_fini(&fixture);
    fixture_log_fini(&log);
}
