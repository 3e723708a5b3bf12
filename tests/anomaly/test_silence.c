#include "anomaly/silence.h"

#include <criterion/criterion.h>
#include <string.h>

static bool holds(const char *rules, enum alert_kind kind, const char *sku, const char *location,
                  int64_t now_ms)
{
    cr_assert_null(silence_check(rules), "%s", rules);
    return silence_holds(rules, kind, slice_of(sku), slice_of(location), now_ms);
}

Test(silence, no_rules_silence_nothing)
{
    cr_assert_not(holds("", ALERT_SPIKE, "A", "main", 0));
}

Test(silence, all_words_of_a_rule_must_hold)
{
    const char *rules = "kind=spike,bulk_order sku=GIFT* ; location=out*let";
    cr_assert(holds(rules, ALERT_SPIKE, "GIFT1", "main", 0));
    cr_assert(holds(rules, ALERT_BULK_ORDER, "GIFT", "main", 0));
    cr_assert_not(holds(rules, ALERT_DROP, "GIFT1", "main", 0));
    cr_assert_not(holds(rules, ALERT_SPIKE, "A GIFT1", "main", 0));
    cr_assert(holds(rules, ALERT_DROP, "A", "outlet", 0));
    cr_assert(holds(rules, ALERT_DROP, "A", "out-let-let", 0));
    cr_assert_not(holds(rules, ALERT_DROP, "A", "outlets", 0));
}

Test(silence, until_is_the_last_day_of_it)
{
    const char *rules = "sku=* until=1970-01-03";
    cr_assert(holds(rules, ALERT_DROP, "A", "main", INT64_C(3) * 86400000 - 1));
    cr_assert_not(holds(rules, ALERT_DROP, "A", "main", INT64_C(3) * 86400000));
}

Test(silence, feeds_and_groups_are_meant_where_no_product_is_named)
{
    cr_assert(holds("kind=missing_feed", ALERT_MISSING_FEED, "", "", 0));
    cr_assert_not(holds("kind=missing_feed sku=A*", ALERT_MISSING_FEED, "", "", 0));
    cr_assert(holds("kind=missing_feed sku=*", ALERT_MISSING_FEED, "", "", 0));
}

Test(silence, refuses_by_rule_and_word)
{
    static const char *const WRONG[][2] = {
        {"spike", "'spike': expected KEY=VALUE"},
        {"kind=spike;kind=spyke", "rule 2, 'kind=spyke': there is no such kind"},
        {"kind=", "expected KEY=VALUE"},
        {"until=tomorrow", "expected a date"},
        {"price=3", "expected kind, sku"},
        {"kind=spike;;kind=drop", "rule 2 is empty"},
        {"kind=spike,", "there is no such kind"},
    };
    for (size_t i = 0; i < sizeof WRONG / sizeof WRONG[0]; i++) {
        struct status *st = silence_check(WRONG[i][0]);
        cr_assert_eq(status_code(st), STATUS_CONFIG, "%s", WRONG[i][0]);
        cr_assert(strstr(status_message(st), WRONG[i][1]), "%s", status_message(st));
        status_free(st);
    }
}
