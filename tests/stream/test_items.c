#include "stream/items.h"

#include <criterion/criterion.h>
#include <stdio.h>

static void put(struct items *items, const char *sku, int64_t cost, bool deleted)
{
    struct line line = {.kind = LINE_ITEM,
                        .source = {.input = INPUT_ITEMS},
                        .item = {.sku = slice_of(sku),
                                 .supplier = slice_of("S1"),
                                 .deleted = deleted,
                                 .lead_time_days = 5,
                                 .unit_cost = cost,
                                 .plan_count = 1,
                                 .plans = {{1000, 2000, 99, true}}}};
    items_put(items, &line);
}

static struct items *restored_from(const struct outbox *outbox)
{
    struct items *items = items_create();
    for (size_t i = 0; i < outbox_count(outbox); i++) {
        struct outbox_record record;
        outbox_get(outbox, i, &record);
        cr_assert(
            items_restore(items, record.key, record.has_value ? record.value : (struct slice){0}));
    }
    return items;
}

Test(items, keeps_the_newest_facts_of_many)
{
    struct items *items = items_create();
    char sku[16];
    for (int i = 0; i < 600; i++) {
        (void)snprintf(sku, sizeof sku, "A%d", i % 300);
        put(items, sku, i, false);
    }
    cr_expect(items_count(items) == 300 && items_bytes(items) > 0);
    for (int i = 0; i < 300; i++) {
        (void)snprintf(sku, sizeof sku, "A%d", i);
        const struct item_line *facts = items_find(items, slice_of(sku));
        cr_assert(facts && facts->unit_cost == 300 + i && slice_is(facts->sku, sku));
        cr_assert(slice_is(facts->supplier, "S1") && facts->plan_count == 1);
    }
    cr_expect(!items_find(items, slice_of("A300")));
    items_destroy(items);
    items_destroy(NULL);
}

Test(items, a_tombstone_forgets_and_facts_may_come_again)
{
    struct items *items = items_create();
    put(items, "A", 5, false);
    put(items, "A", 5, true);
    cr_expect(!items_find(items, slice_of("A")));
    put(items, "A", 7, false);
    cr_assert(items_find(items, slice_of("A")));
    cr_expect(items_find(items, slice_of("A"))->unit_cost == 7);
    put(items, "never heard of", 0, true);
    cr_expect(!items_find(items, slice_of("never heard of")));
    items_destroy(items);
}

Test(items, saves_what_changed_and_restores_it)
{
    struct items *items = items_create();
    struct outbox *outbox = outbox_create();
    put(items, "A", 5, false);
    put(items, "A", 6, false);
    put(items, "B", 7, false);
    cr_expect(!items_clean(items));
    items_seal(items, outbox, 0);
    cr_expect(items_clean(items) && outbox_count(outbox) == 2);
    struct items *twin = restored_from(outbox);
    cr_assert(items_find(twin, slice_of("A")) && items_find(twin, slice_of("B")));
    cr_expect(items_find(twin, slice_of("A"))->unit_cost == 6 && items_clean(twin));
    items_destroy(twin);
    put(items, "B", 0, true);
    items_seal(items, outbox, 0);
    cr_expect(outbox_count(outbox) == 3);
    twin = restored_from(outbox);
    cr_expect(items_find(twin, slice_of("A")) && !items_find(twin, slice_of("B")));
    items_destroy(twin);
    items_destroy(items);
    outbox_destroy(outbox);
}

Test(items, refuses_values_that_are_no_facts)
{
    struct items *items = items_create();
    struct line tick = {.kind = LINE_TICK, .tick = {.input = INPUT_ORDERS, .roster = {1, 0}}};
    struct buf encoded = {0};
    line_encode(&tick, &encoded);
    cr_expect(!items_restore(items, slice_of("iA"), slice_of("hello")));
    cr_expect(!items_restore(items, slice_of("iA"), buf_view(&encoded)));
    cr_expect(!items_find(items, slice_of("A")));
    buf_fini(&encoded);
    items_destroy(items);
}
