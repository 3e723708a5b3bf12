#include "tests/stream/map_fixture.h"

#include <criterion/criterion.h>

#define MESSAGE(more) "{\"a\":\"A\",\"q\":1,\"t\":1291161600000" more "}"

static void expect_customer(const char *rule, const char *json, const char *expected)
{
    struct trial trial;
    trial_init(&trial, trial_fields(rule));
    cr_assert(slice_is(trial_order(&trial, json)->customer, expected));
    trial_fini(&trial);
}

static void expect_refusal(const char *rule, const char *json, const char *reason,
                           const char *field)
{
    struct trial trial;
    trial_init(&trial, trial_fields(rule));
    cr_assert_not(trial_apply(&trial, json));
    cr_assert_str_eq(trial.why.reason, reason);
    cr_assert_str_eq(trial.why.field, field);
    trial_fini(&trial);
}

Test(map_value, texts_are_changed_in_order)
{
    expect_customer(
        "    customer: {from: c, trim: true, strip_prefix: C-, strip_suffix: .0, case: lower}\n",
        MESSAGE(",\"c\":\"  C-AB.0 \""), "ab");
    expect_customer("    customer: {from: c, values: {x: one, y: two}, default: other}\n",
                    MESSAGE(",\"c\":\"y\""), "two");
    expect_customer("    customer: {from: c, values: {x: one}, default: other}\n",
                    MESSAGE(",\"c\":\"z\""), "other");
    expect_customer("    customer: {from: c, default: nobody}\n", MESSAGE(""), "nobody");
    expect_customer("    customer: {const: shop}\n", MESSAGE(""), "shop");
    expect_customer("    customer: c\n", MESSAGE(",\"c\":17850"),
                    "17850"); /* a number is a text too */
}

Test(map_value, numbers_change_sign_and_scale)
{
    struct trial trial;
    trial_init(&trial,
               "stock:\n  fields:\n    sku: a\n    event_time: t\n"
               "    kind: {const: ADJUSTMENT}\n    quantity: {from: q, scale: 12, negate: true}\n");
    cr_assert(trial_apply(&trial, MESSAGE("")));
    cr_assert_eq(trial.mapped.lines[0].stock.quantity, -12);
    trial_fini(&trial);
}

Test(map_value, what_does_not_fit_is_refused)
{
    expect_refusal("    customer: c\n", MESSAGE(""), "field is missing", "c");
    expect_refusal("    customer: c\n", MESSAGE(",\"c\":[1]"), "not a text", "c");
    expect_refusal("    customer: {from: c, values: {x: y}}\n", MESSAGE(",\"c\":\"z\""),
                   "value is not in the table", "c");
    expect_refusal("    promotion: c\n", MESSAGE(",\"c\":\"perhaps\""), "neither true nor false",
                   "c");
    expect_refusal("    unit_price: c.d[1]\n", MESSAGE(",\"c\":{\"d\":[1,\"x\"]}"), "not a number",
                   "c.d[1]");
}
