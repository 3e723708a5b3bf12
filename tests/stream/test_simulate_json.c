#include "stream/simulate_json.h"

#include <criterion/criterion.h>

Test(simulate_json, canonical_records_and_their_topics)
{
    struct buf key = {0}, value = {0};
    struct simulate_event event = {.kind = SIMULATE_STOCK,
                                   .stock = {.kind = STOCK_COUNT,
                                             .event_ms = 1293840000000,
                                             .quantity = 240,
                                             .expected_ms = -1,
                                             .sku = slice_of("85123A"),
                                             .location = slice_of("main"),
                                             .reference = slice_of("c-17")}};
    cr_expect(simulate_json(&event, &key, &value) == TOPIC_STOCK);
    cr_expect(
        slice_is(buf_view(&value),
                 "{\"sku\":\"85123A\",\"location\":\"main\",\"kind\":\"COUNT\",\"quantity\":240,"
                 "\"reference\":\"c-17\",\"expected\":null,\"event_time\":1293840000000}"),
        "%.*s", (int)value.bytes, value.data);
    event = (struct simulate_event){.kind = SIMULATE_ORDER, .line_no = 2};
    event.order.sku = slice_of("A\"B");
    event.order.location = slice_of("main");
    event.order.order_id = slice_of("O1");
    buf_reset(&value);
    cr_expect(simulate_json(&event, &key, &value) == TOPIC_ORDERS);
    cr_expect(memmem(value.data, value.bytes, "A\\\"B", 4) != NULL, "names are escaped");
    buf_fini(&key);
    buf_fini(&value);
}

Test(simulate_json, labels_as_rows)
{
    struct buf row = {0};
    struct simulate_label label = {.kind = ALERT_ZERO_RUN,
                                   .sku = slice_of("A"),
                                   .location = slice_of("main"),
                                   .onset_ms = 1,
                                   .end_ms = 2};
    simulate_label_csv(&label, &row);
    cr_expect(row.bytes > 20 && memcmp(row.data, "zero_run,A,main,1,2,", 20) == 0, "%.*s",
              (int)row.bytes, row.data);
    cr_expect(row.data[row.bytes - 1] == '\n');
    buf_fini(&row);
}
