#include "stream/topic_reader.h"

#include "stream/mock_bus.h"
#include "stream/sender.h"

#include <criterion/criterion.h>
#include <stdio.h>

enum { MESSAGES = 40 };

static struct mock_bus *bus;
static struct settings settings;

static void must(struct status *st)
{
    cr_assert(!st, "%s", status_message(st));
}

static void set_up(void)
{
    char address[128];
    must(mock_bus_open(&bus));
    snprintf(address, sizeof address, "kafka.bootstrap.servers=%s", mock_bus_address(bus));
    const char *sets[] = {address, "kafka.log_level=3"};
    must(settings_load(NULL, sets, 2, &settings));
    must(mock_bus_topic(bus, "orders", 2));
    must(mock_bus_topic(bus, "empty", 1));
    struct sender *sender;
    must(sender_open(&settings, &sender));
    for (int i = 0; i < MESSAGES; i++) {
        char value[16];
        snprintf(value, sizeof value, "v%d", i);
        must(sender_put(sender, "orders", i % 2, slice_of(i % 4 ? "key" : ""), slice_of(value)));
    }
    must(sender_flush(sender, 10000));
    sender_close(sender);
}

static void tear_down(void)
{
    settings_fini(&settings);
    mock_bus_close(bus);
}

TestSuite(topic_reader, .init = set_up, .fini = tear_down);

struct seen {
    int count, of[2], stop_at;
    int64_t next[2];
    struct status *error;
};

static struct status *take(void *context, const struct topic_record *record)
{
    struct seen *seen = context;
    cr_assert(record->partition >= 0 && record->partition < 2);
    cr_expect(record->offset == seen->next[record->partition]++, "in order, none left out");
    cr_expect(record->value.bytes >= 2 && record->value.data[0] == 'v');
    cr_expect(record->header_count == 0);
    seen->of[record->partition]++;
    if (++seen->count == seen->stop_at) {
        return seen->error ? seen->error : status_new(STATUS_STOPPED, "enough");
    }
    return NULL;
}

Test(topic_reader, all_partitions_from_the_beginning_to_the_end)
{
    struct seen seen = {0};
    must(topic_read(&settings, "orders", -1, take, &seen));
    cr_expect(seen.count == MESSAGES && seen.of[0] == seen.of[1]);
}

Test(topic_reader, one_partition)
{
    struct seen seen = {0};
    must(topic_read(&settings, "orders", 1, take, &seen));
    cr_expect(seen.of[1] == MESSAGES / 2 && seen.of[0] == 0);
    must(topic_read(&settings, "empty", -1, take, &seen));
    cr_expect(seen.count == MESSAGES / 2);
}

Test(topic_reader, who_has_seen_enough_ends_it)
{
    struct seen seen = {.stop_at = 3};
    must(topic_read(&settings, "orders", -1, take, &seen));
    cr_expect(seen.count == 3);
    struct seen failing = {.stop_at = 2, .error = status_new(STATUS_CORRUPT, "bad record")};
    struct status *st = topic_read(&settings, "orders", -1, take, &failing);
    cr_expect(status_code(st) == STATUS_CORRUPT && failing.count == 2);
    status_free(st);
}

Test(topic_reader, what_is_not_there_is_named)
{
    struct seen seen = {0};
    struct status *st = topic_read(&settings, "orders", 7, take, &seen);
    cr_expect(status_code(st) == STATUS_CONFIG && strstr(status_message(st), "partition 7"));
    status_free(st);
}
