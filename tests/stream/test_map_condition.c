#include "tests/stream/map_fixture.h"

#include <criterion/criterion.h>
#include <stdio.h>

/* Does the condition keep the message? */
static bool holds(const char *condition, const char *more)
{
    struct trial trial;
    char fields[512], json[512];
    (void)snprintf(fields, sizeof fields,
                   "    customer: {from: c, optional: true}\n  keep:\n    it: '%s'\n", condition);
    (void)snprintf(json, sizeof json, "{\"a\":\"A1\",\"q\":5,\"t\":1291161600000%s}", more);
    trial_init(&trial, trial_fields(fields));
    cr_assert(trial_apply(&trial, json), "%s", trial.why.reason);
    bool kept = trial.mapped.count == 1;
    trial_fini(&trial);
    return kept;
}

Test(map_condition, texts)
{
    cr_assert(holds("a is A1", ""));
    cr_assert_not(holds("a is a1", ""));
    cr_assert(holds("a is not B", ""));
    cr_assert(holds("a starts with A", ""));
    cr_assert(holds("a ends with \"1\"", ""));
    cr_assert_not(holds("a ends with 2", ""));
    cr_assert(holds("$sku matches [A-Z][0-9]", ""));
    cr_assert(holds("a is A1 and q > 4 and $quantity < 6", ""));
    cr_assert_not(holds("a is A1 and q > 5", ""));
    cr_assert(holds("x is \"b and c\"", ",\"x\":\"b and c\""));
    cr_assert(holds("\"x y\" is true", ",\"x y\":true"));
}

Test(map_condition, numbers_compare_exactly_in_every_form)
{
    cr_assert(holds("p > 0", ",\"p\":0.0001"));
    cr_assert(holds("p > 0", ",\"p\":\"0.0001\""));
    cr_assert_not(holds("p > 0", ",\"p\":0"));
    cr_assert_not(holds("p > 0", ",\"p\":-2.5"));
    cr_assert_not(holds("p > 0", ",\"p\":\"dear\""));
    cr_assert(holds("p <= 0.1", ",\"p\":0.1"));
    cr_assert(holds("p >= 0.3", ",\"p\":0.30000000000000000001"));
}

Test(map_condition, what_is_missing)
{
    cr_assert(holds("c is missing", ",\"c\":null"));
    cr_assert_not(holds("c exists", ""));
    cr_assert(holds("$customer is missing", ""));
    cr_assert(holds("$customer exists", ",\"c\":\"x\""));
    cr_assert(holds("c is not x", ""));
    cr_assert_not(holds("c is x", ""));
    cr_assert_not(holds("c > 0", ""));
    cr_assert(holds("a differs from c", ""));
    cr_assert_not(holds("a differs from c", ",\"c\":\"A1\""));
}
