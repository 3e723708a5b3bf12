#include "stream/rules_config.h"

#include "stream/settings.h"

#include <criterion/criterion.h>
#include <stdio.h>

static void expect_refused(const char *rules, const char *what)
{
    char set[512];
    (void)snprintf(set, sizeof set, "rules=%s", rules);
    struct settings settings;
    struct status *st = settings_load(NULL, (const char *[]){set}, 1, &settings);
    cr_assert(st, "%s was taken", rules);
    cr_expect(strstr(status_message(st), what), "%s: %s", rules, status_message(st));
    cr_expect_eq(status_code(st), STATUS_CONFIG);
    status_free(st);
}

Test(rules_config, every_kind_of_rule)
{
    const char *set = "rules=[{name: a, sku: \"LIL-*\", category: g?, location: l, supplier: s, "
                      "class: lumpy, from: 2026-06-01, until: 2026-08-31, forbid: true}, {name: b, "
                      "cap: 40}, {name: c, floor: 3}, {name: d, multiply: 1.5}, {name: e, "
                      "override: 0, until: 1970-01-02}, {name: f, freeze: true}]";
    struct settings settings;
    struct status *st = settings_load(NULL, &set, 1, &settings);
    cr_assert(!st, "%s", status_message(st));
    const struct rules *rules = &settings.rules;
    cr_assert_eq(rules->count, 6);
    cr_expect_str_eq(rules->rule[0].pattern[RULE_SKU], "LIL-*");
    cr_expect_str_eq(rules->rule[0].pattern[RULE_CLASS], "lumpy");
    cr_expect_eq(rules->rule[0].until - rules->rule[0].from, 91);
    cr_expect_eq(rules->rule[1].quantity, 40);
    cr_expect(rules->rule[1].from == INT64_MIN && rules->rule[1].until == INT64_MAX);
    cr_expect_eq(rules->rule[3].factor, 1.5);
    cr_expect_eq(rules->rule[4].until, 1);
    cr_expect_eq(rules->rule[5].action, RULE_FREEZE);
    settings_fini(&settings);
    cr_expect_eq(settings.rules.count, 0);
}

Test(rules_config, none_is_fine)
{
    struct settings settings;
    cr_assert(!settings_load(NULL, (const char *[]){"rules=[]"}, 1, &settings));
    cr_expect_eq(settings.rules.count, 0);
    settings_fini(&settings);
}

Test(rules_config, mistakes_are_told)
{
    expect_refused("7", "must be a list");
    expect_refused("{a: 1}", "must be a list");
    expect_refused("[7]", "must be a list of rules");
    expect_refused("[{cap: 1}]", "name: every rule needs one");
    expect_refused("[{name: a}]", "needs one of forbid");
    expect_refused("[{name: a, cap: 1, floor: 2}]", "one action a rule");
    expect_refused("[{name: a, cap: -1}]", "cap: must be a whole number");
    expect_refused("[{name: a, cap: 1.5}]", "cap: must be a whole number");
    expect_refused("[{name: a, multiply: nan}]", "multiply: must be a number from 0 to 100");
    expect_refused("[{name: a, forbid: false}]", "forbid: must be true");
    expect_refused("[{name: a, override: 5}]", "until: an override needs its last day");
    expect_refused("[{name: a, cap: 5, from: 2026-02-30}]", "from: must be a date");
    expect_refused("[{name: a, cap: 5, from: 2026-02-03, until: 2026-02-01}]", "lies before from");
    expect_refused("[{name: a, cap: 5, class: wild}]", "class: matches none of smooth");
    expect_refused("[{name: a, cap: 5, sku: [x]}]", "sku: must be a pattern");
    expect_refused("[{name: a, cap: 5, skus: x}]", "did you mean sku");
    expect_refused("[{name: a, cap: 5}, {name: a, cap: 6}]", "name: stands twice");
}
