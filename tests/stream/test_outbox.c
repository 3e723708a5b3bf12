#include "stream/outbox.h"

#include <criterion/criterion.h>
#include <stdio.h>

Test(outbox, keeps_order_and_tells_null_from_empty)
{
    struct outbox *outbox = outbox_create();
    cr_expect(outbox_count(outbox) == 0 && outbox_bytes(outbox) == 0);
    outbox_add(outbox, TOPIC_ALERTS, -1, slice_of("key"), slice_of("value"));
    outbox_add(outbox, TOPIC_STATE, 3, (struct slice){"", 0}, (struct slice){0});
    struct outbox_header headers[] = {{"reason", slice_of("late")}, {"field", slice_of("")}};
    outbox_add_headers(outbox, TOPIC_DEAD_LETTERS, -1, (struct slice){0}, (struct slice){"", 0},
                       headers, 2);
    cr_expect(outbox_count(outbox) == 3);
    struct outbox_record record;
    outbox_get(outbox, 0, &record);
    cr_expect(record.topic == TOPIC_ALERTS && record.partition == -1 && !record.header_count);
    cr_expect(slice_is(record.key, "key") && slice_is(record.value, "value"));
    outbox_get(outbox, 1, &record);
    cr_expect(record.partition == 3 && record.has_key && !record.key.bytes && !record.has_value);
    outbox_get(outbox, 2, &record);
    cr_expect(!record.has_key && record.has_value && !record.value.bytes);
    cr_assert(record.header_count == 2);
    cr_expect_str_eq(record.headers[0].name, "reason");
    cr_expect(slice_is(record.headers[0].value, "late") && !record.headers[1].value.bytes);
    outbox_reset(outbox);
    cr_expect(outbox_count(outbox) == 0 && outbox_bytes(outbox) == 0);
    outbox_destroy(outbox);
}

Test(outbox, grows_and_copies)
{
    struct outbox *outbox = outbox_create();
    char text[64];
    for (int i = 0; i < 20000; i++) {
        snprintf(text, sizeof text, "%d", i);
        outbox_add(outbox, TOPIC_LINES, i % 8, slice_of(text), slice_of(text));
    }
    cr_assert(outbox_count(outbox) == 20000);
    for (int i = 0; i < 20000; i += 997) {
        struct outbox_record record;
        outbox_get(outbox, (size_t)i, &record);
        snprintf(text, sizeof text, "%d", i);
        cr_expect(slice_is(record.key, text) && slice_is(record.value, text) &&
                  record.partition == i % 8);
    }
    outbox_destroy(outbox);
}
