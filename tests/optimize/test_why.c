#include "optimize/why.h"

#include <criterion/criterion.h>

static const struct why_calendar CALENDAR = {
    .today = 14977, .today_day = 14977, .slot_days = 1}; /* 3 January 2011 */

static void expect(struct buf *buf, const char *text)
{
    buf_byte(buf, 0);
    cr_assert_str_eq(buf->data, text);
    buf_fini(buf);
    *buf = (struct buf){0};
}

Test(why, dates)
{
    struct buf buf = {0};
    why_date(&buf, 14977, &CALENDAR);
    expect(&buf, "3 January");
    why_date(&buf, 14977 + 56, &CALENDAR);
    expect(&buf, "28 February");
    why_date(&buf, 14977 + 57, &CALENDAR);
    expect(&buf, "1 March");
    why_date(&buf, 14977 - 4, &CALENDAR);
    expect(&buf, "30 December 2010");
    why_date(&buf, 14977 + 365 + 56, &CALENDAR);
    expect(&buf, "28 February 2012");
    why_date(&buf, 14977 + 365 + 57, &CALENDAR);
    expect(&buf, "29 February 2012"); /* a leap year */
    struct why_calendar weeks = {.today = 2140, .today_day = 14977, .slot_days = 7};
    why_date(&buf, 2142, &weeks);
    expect(&buf, "17 January");
}

Test(why, an_order_with_its_counterfactual)
{
    struct decision decision = {.quantity = 48,
                                .need = 43,
                                .limit = LIMIT_PACK,
                                .stock = 12,
                                .incoming = 0,
                                .order_by = 14978,
                                .arrival = {14980, 14982, 14985},
                                .demand = {31, 51, 74},
                                .horizon = 14989,
                                .stockout_without = 0.34,
                                .stockout_with = 0.002,
                                .lost_without = 41.2,
                                .lost_with = 0.31};
    struct buf buf = {0};
    why_order(&buf, &decision, &CALENDAR);
    expect(&buf, "order 48 (need 43, whole packs) by 4 January, arrives about 8 January: stock 12 "
                 "and 0 on the way against 31 to 74 (median "
                 "51) asked for until 15 January; without this order: 34 % stock-out by 15 "
                 "January, 41 lost units; with it < 1 %, 0.3");
}

Test(why, nothing_to_order)
{
    struct decision decision = {.quantity = 0,
                                .need = 3,
                                .limit = LIMIT_NOT_WORTH,
                                .stock = 60,
                                .demand = {31, 51, 74},
                                .horizon = 14989};
    struct buf buf = {0};
    why_order(&buf, &decision, &CALENDAR);
    expect(&buf, "order nothing (need 3, but the smallest order costs more than it saves): stock "
                 "60 and 0 on the way against 31 to 74 (median "
                 "51) asked for until 15 January; 0 % stock-out by 15 January, 0 lost units");
}

Test(why, every_limit_has_its_words)
{
    for (int limit = 0; limit < LIMIT_COUNT; limit++) {
        struct decision decision = {.quantity = 48, .need = 43, .limit = (enum policy_limit)limit};
        struct buf buf = {0};
        why_order(&buf, &decision, &CALENDAR);
        buf_byte(&buf, 0);
        bool named = strstr(buf.data, "need 43") != NULL;
        cr_assert_eq(named, limit != LIMIT_NONE && limit != LIMIT_CALENDAR, "limit %d", limit);
        buf_fini(&buf);
    }
}

Test(why, a_stockout)
{
    struct stockout_risk risk = {.probability = 0.872,
                                 .lost_units = 14.4,
                                 .receipt = {14980, 14982, 14984},
                                 .stockout = {14978, 14979, 14981},
                                 .supply_open = true};
    struct buf buf = {0};
    why_stockout(&buf, &risk, 3, &CALENDAR);
    expect(&buf, "stock 3 will not last: 87 % stock-out before the next receipt about 8 January, "
                 "expected out on 5 January, 14 lost units");
    risk.supply_open = false;
    risk.probability = 0.9999;
    why_stockout(&buf, &risk, 0, &CALENDAR);
    expect(&buf, "stock 0 will not last: > 99 % stock-out before an order of today arrives about 8 "
                 "January, out since 3 January, 14 lost units");
}
