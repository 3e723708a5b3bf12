#include "stream/mock_bus.h"
#include "stream/sender.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

Test(mock_bus, takes_messages_for_its_topics_and_refuses_a_topic_twice)
{
    struct mock_bus *bus = NULL;
    struct status *st = mock_bus_open(&bus);
    cr_assert_null(st);
    cr_expect(strncmp(mock_bus_address(bus), "127.0.0.1:", 10) == 0, "%s", mock_bus_address(bus));
    st = mock_bus_topic(bus, "orders", 2);
    cr_expect_null(st);
    st = mock_bus_topic(bus, "orders", 2);
    cr_expect(status_code(st) == STATUS_BROKER);
    status_free(st);

    char address[128];
    snprintf(address, sizeof address, "kafka.bootstrap.servers=%s", mock_bus_address(bus));
    const char *sets[] = {address, "kafka.log_level=3"};
    struct settings settings;
    st = settings_load(NULL, sets, 2, &settings);
    cr_assert_null(st);
    struct sender *sender = NULL;
    st = sender_open(&settings, &sender);
    cr_assert_null(st);
    st = sender_put(sender, "orders", -1, slice_of("key"), slice_of("{}"));
    cr_expect_null(st);
    st = sender_flush(sender, 10000);
    cr_expect_null(st, "%s", status_message(st));
    sender_close(sender);
    settings_fini(&settings);
    mock_bus_close(bus);
    mock_bus_close(NULL);
}
