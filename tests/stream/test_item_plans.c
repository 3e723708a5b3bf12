#include "stream/item_plans.h"

#include "config/base/zone.h"

#include <criterion/criterion.h>
#include <math.h>

enum { ROW = (1 + WINDOW_AHEAD) * WINDOW_KNOWN };
static const int64_t DAY = 86400000;
static struct zone *zone;
static struct buckets days;
static float known[ROW];

static void init(void)
{
    cr_assert(!zone_open("UTC", &zone));
    cr_assert(!bucket_init(&days, DAY, zone));
    for (int k = 0; k < ROW; k++) {
        known[k] = k % WINDOW_KNOWN == WINDOW_HOLIDAY ? 1 : NAN;
    }
}

static void fini(void)
{
    zone_close(zone);
}

TestSuite(item_plans, .init = init, .fini = fini);

static float at(int ahead, enum window_known slot)
{
    return known[ahead * WINDOW_KNOWN + (int)slot];
}

Test(item_plans, a_promotion_holds_in_the_days_whose_middle_it_covers)
{
    int64_t start_ms = bucket_start(&days, 100);
    struct item_line item = {
        .price = 1000,
        .plan_count = 2,
        .plans = {{start_ms + 3 * DAY, start_ms + 5 * DAY, 800, true},
                  {start_ms + 10 * DAY + DAY * 3 / 4, start_ms + 12 * DAY, -1, true}}};
    item_plans_known(&item, &days, 100, known);
    for (int s = 0; s <= WINDOW_AHEAD; s++) {
        bool first = s == 3 || s == 4, second = s == 11;
        cr_assert_eq(at(s, WINDOW_PROMO), first || second ? 1.0f : 0.0f, "day %d", s);
        cr_assert_eq(at(s, WINDOW_PRICE), first ? 800.0f : 1000.0f, "day %d", s);
        cr_assert_eq(at(s, WINDOW_HOLIDAY), 1.0f);
    }
}

Test(item_plans, without_plans_or_a_price_nothing_is_known)
{
    struct item_line item = {.price = 1000};
    item_plans_known(&item, &days, 100, known);
    cr_assert(isnan(at(0, WINDOW_PROMO)) && isnan(at(5, WINDOW_PRICE)));
    int64_t start_ms = bucket_start(&days, 100);
    item = (struct item_line){
        .price = -1, .plan_count = 1, .plans = {{start_ms, start_ms + DAY, -1, true}}};
    item_plans_known(&item, &days, 100, known);
    cr_assert(isnan(at(0, WINDOW_PRICE)) && at(0, WINDOW_PROMO) == 1 && at(1, WINDOW_PROMO) == 0);
}
