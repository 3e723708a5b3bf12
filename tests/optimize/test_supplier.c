#include "optimize/supplier.h"

#include "tests/optimize/decide_fixture.h"

#include <criterion/criterion.h>

/* Slots are days; 14977 is a Monday, 3 January 2011. */
static const struct supplier_clock DAYS = {14977, 14977, 1};
static const struct supplier_clock WEEKS = {2000, 14977, 7};

enum { MON = 1 << 0, WED = 1 << 2, FRI = 1 << 4 };

Test(supplier, order_days_and_closed_days)
{
    struct holidays closed = {0};
    struct supplier_calendar friday = {.orders = FRI, .closed_ref = &closed};
    cr_assert_eq(supplier_order_slot(&friday, 14977, &DAYS), 14981);
    cr_assert_eq(supplier_order_slot(NULL, 14977, &DAYS), 14977);
    holiday_add(&closed, 14981);
    cr_assert_eq(supplier_order_slot(&friday, 14977, &DAYS), 14988);
    cr_assert_eq(supplier_order_slot(&friday, 14989, &DAYS), 14995, "from later than today");
    cr_assert_eq(supplier_order_slot(&friday, 2000, &WEEKS), 2001,
                 "weeks: the second Friday lies in the next");
    cr_assert_eq(supplier_arrival_slot(&friday, 14977, &DAYS), 14977, "goods arrive on any day");
    cr_assert_eq(supplier_arrival_slot(&friday, 14981, &DAYS), 14982, "but not on a closed one");
    for (int64_t day = 0; day < 400; day++) {
        holiday_add(&closed, 14977 + day);
    }
    cr_assert_eq(supplier_order_slot(&friday, 14977, &DAYS), 14977, "never open: not obeyed");
    holiday_fini(&closed);
}

Test(supplier, the_last_day_to_order)
{
    struct supplier_calendar calendar = {.orders = MON | WED};
    struct lead lead;
    lead_init(&lead, 5, 0);
    cr_assert_eq(supplier_last_order_slot(&calendar, &lead, 14977, 14977 + 4, &DAYS), 14979);
    cr_assert_eq(supplier_last_order_slot(&calendar, &lead, 14979, 14979 + 4, &DAYS), 14979);
    cr_assert_eq(supplier_last_order_slot(NULL, &lead, 14977, 14981, &DAYS), 14981);
    /* Delivered on Mondays: ordered on Wednesday it would come two days after the wait is over. */
    calendar.delivers = MON;
    cr_assert_eq(supplier_last_order_slot(&calendar, &lead, 14977, 14977 + 2, &DAYS), 14979);
    lead_init(&lead, 6, 0);
    cr_assert_eq(supplier_last_order_slot(&calendar, &lead, 14977, 14977 + 2, &DAYS), 14977);
}

Test(supplier, lead_waits_for_the_order_day_and_the_delivery_day)
{
    struct lead lead, out;
    lead_init(&lead, 3, 0);
    supplier_lead(NULL, &lead, &DAYS, &out);
    cr_assert_eq(lead_quantile(&out, 0.5), 3);
    struct supplier_calendar calendar = {.orders = WED};
    supplier_lead(&calendar, &lead, &DAYS, &out);
    cr_assert_eq(lead_quantile(&out, 0.5), 2 + 3);
    calendar.delivers = WED;
    supplier_lead(&calendar, &lead, &DAYS, &out);
    cr_assert_eq(out.count, 1);
    cr_assert_eq(lead_quantile(&out, 0.5), 2 + 7);
    lead_init(&lead, 6, 3); /* random: every point on a delivery day, chances add up */
    supplier_lead(&calendar, &lead, &DAYS, &out);
    double sum = 0;
    for (uint32_t i = 0; i < out.count; i++) {
        cr_expect_eq(out.slots[i] % 7, 2, "Wednesdays");
        sum += out.weight[i];
    }
    cr_assert(out.count >= 2 && sum > 1 - 1e-9 && sum < 1 + 1e-9);
}

Test(supplier, an_order_lasts_until_the_next_one_can_arrive)
{
    struct lead lead;
    lead_init(&lead, 3, 0);
    cr_assert_eq(supplier_review(NULL, &lead, 2.5, &DAYS), 2.5);
    struct supplier_calendar calendar = {.orders = MON};
    cr_assert_eq(supplier_review(&calendar, &lead, 1, &DAYS), 7);
    cr_assert_eq(supplier_review(&calendar, &lead, 8, &DAYS), 14);
    struct supplier_calendar lorry = {.delivers = FRI};
    cr_assert_eq(supplier_review(&lorry, &lead, 1, &DAYS), 1, "tomorrow's comes with the same one");
    struct supplier_clock tuesday = {14978, 14978, 1};
    cr_assert_eq(supplier_review(&lorry, &lead, 1, &tuesday), 7, "the last one for this Friday");
    struct holidays closed = {0};
    for (int64_t day = 14984; day < 14984 + 9; day++) {
        holiday_add(&closed, day);
    }
    struct supplier_calendar shut = {.closed_ref = &closed};
    cr_assert_eq(supplier_review(&shut, &lead, 7, &DAYS), 16 + 3 - 3,
                 "closed when the next is due");
    holiday_fini(&closed);
}

/* In a decision: the order is larger before a long pause, and each date is one that there is. */
Test(supplier, decisions_bridge_what_is_closed)
{
    struct decide_case test;
    decide_case_init(&test, 4, 20);
    struct decision usual = decide_case_run(&test);
    struct holidays closed = {0};
    for (int64_t day = 14983; day < 14983 + 10; day++) {
        holiday_add(&closed, day);
    }
    struct supplier_calendar shut = {.closed_ref = &closed};
    test.in.calendar = &shut;
    struct decision bridged = decide_case_run(&test);
    cr_assert(bridged.quantity > usual.quantity + 20, "%d %d", (int)bridged.quantity,
              (int)usual.quantity);
    for (int i = 0; i < 3; i++) {
        cr_expect(!holiday_is(&closed, bridged.arrival[i]));
    }
    cr_expect(!holiday_is(&closed, bridged.order_by));
    holiday_fini(&closed);
}
