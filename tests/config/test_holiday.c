#include "config/base/holiday.h"

#include <criterion/criterion.h>

Test(holiday, days_are_kept_in_order_and_once)
{
    static const int64_t DAYS[] = {40, 7, -3, 40, 100, 7};
    struct holidays days = {0}, more = {0};
    for (size_t i = 0; i < sizeof DAYS / sizeof DAYS[0]; i++) {
        holiday_add(&days, DAYS[i]);
    }
    cr_assert_eq(days.count, 4);
    for (size_t i = 1; i < days.count; i++) {
        cr_assert(days.days[i - 1] < days.days[i]);
    }
    for (int64_t day = 1000; day > 0; day--) {
        holiday_add(&more, day);
    }
    holiday_add_all(&more, &days);
    cr_assert_eq(more.count, 1001, "-3 is the only new one");
    cr_assert(holiday_is(&more, -3) && holiday_is(&more, 1000) && !holiday_is(&more, 0));
    holiday_fini(&days);
    holiday_fini(&more);
    cr_assert(!days.days && !days.count);
}

Test(holiday, distances_to_the_nearest_ones)
{
    struct holidays days = {0};
    holiday_add(&days, 10);
    holiday_add(&days, 20);
    cr_assert_eq(holiday_until(&days, 10), 0);
    cr_assert_eq(holiday_since(&days, 10), 0);
    cr_assert_eq(holiday_until(&days, 13), 7);
    cr_assert_eq(holiday_since(&days, 13), 3);
    cr_assert_eq(holiday_until(&days, 21), HOLIDAY_FAR);
    cr_assert_eq(holiday_since(&days, 9), HOLIDAY_FAR);
    cr_assert_eq(holiday_until(&days, -100000), HOLIDAY_FAR);
    cr_assert_eq(holiday_since(&days, 100000), HOLIDAY_FAR);
    holiday_fini(&days);
}

Test(holiday, without_any_no_day_is_one)
{
    struct holidays none = {0};
    cr_assert(!holiday_is(&none, 0) && !holiday_is(NULL, 0));
    cr_assert_eq(holiday_until(NULL, 5), HOLIDAY_FAR);
    cr_assert_eq(holiday_since(&none, 5), HOLIDAY_FAR);
}
