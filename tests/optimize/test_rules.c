#include "optimize/rules.h"

#include "config/base/rng.h"
#include "optimize/policy.h"
#include "tests/optimize/decide_fixture.h"

#include <criterion/criterion.h>
#include <string.h>

static struct rule rule(const char *name, enum rule_action action, int64_t quantity)
{
    return (struct rule){.name = name,
                         .action = action,
                         .quantity = quantity,
                         .factor = (double)quantity,
                         .from = INT64_MIN,
                         .until = INT64_MAX};
}

static const struct rule_subject SUBJECT = {
    .field = {{"LIL-7", 5}, {"garden/bulbs", 12}, {"store-1", 7}, {"acme", 4}, {"lumpy", 5}}};

static struct rule_effect effect_of(struct rule *list, size_t count, int64_t day)
{
    struct rules rules = {list, count};
    struct rule_effect effect;
    rules_match(&rules, &SUBJECT, day, &effect);
    return effect;
}

Test(rules, match_by_every_field_that_they_name)
{
    struct rule list[1] = {rule("a", RULE_FORBID, 0)};
    cr_expect(effect_of(list, 1, 5).forbid, "without patterns for everything");
    list[0].pattern[RULE_SKU] = "LIL-*";
    list[0].pattern[RULE_CATEGORY] = "garden/*";
    list[0].pattern[RULE_LOCATION] = "store-?";
    list[0].pattern[RULE_SUPPLIER] = "acme";
    list[0].pattern[RULE_CLASS] = "l*";
    cr_expect(effect_of(list, 1, 5).forbid);
    for (int f = 0; f < RULE_FIELDS; f++) {
        const char *kept = list[0].pattern[f];
        list[0].pattern[f] = "other";
        cr_expect(!effect_of(list, 1, 5).forbid, "field %d", f);
        list[0].pattern[f] = kept;
    }
    list[0].from = 4;
    list[0].until = 6;
    cr_expect(effect_of(list, 1, 4).forbid && effect_of(list, 1, 6).forbid, "inclusive");
    cr_expect(!effect_of(list, 1, 3).forbid && !effect_of(list, 1, 7).forbid);
}

Test(rules, the_strictest_of_a_kind_counts)
{
    struct rule list[] = {
        rule("c1", RULE_CAP, 50),     rule("c2", RULE_CAP, 40),     rule("c3", RULE_CAP, 60),
        rule("f1", RULE_FLOOR, 5),    rule("f2", RULE_FLOOR, 9),    rule("m1", RULE_MULTIPLY, 2),
        rule("m2", RULE_MULTIPLY, 3), rule("o1", RULE_OVERRIDE, 7), rule("o2", RULE_OVERRIDE, 8)};
    struct rule_effect effect = effect_of(list, 9, 0);
    cr_expect(effect.cap == 40 && effect.by[RULE_CAP] == 2);
    cr_expect(effect.floor == 9 && effect.by[RULE_FLOOR] == 5);
    cr_expect(effect.factor == 6 && effect.override == 8 && effect.by[RULE_OVERRIDE] == 9);
    cr_expect(!effect.freeze && !effect.forbid);
}

static int64_t ruled(struct rule *list, size_t count, int64_t quantity, const char *by)
{
    struct item_facts facts = {.pack = 6, .minimum_order = 12, .maximum_order = 90};
    struct rule_effect effect = effect_of(list, count, 0);
    struct rule_hits hits = {0};
    int64_t found = rules_quantity(&effect, quantity, &facts, &hits);
    cr_expect(by ? hits.count > 0 && strcmp(list[hits.rule[hits.count - 1]].name, by) == 0
                 : hits.count == 0,
              "%lld", (long long)found);
    return found;
}

Test(rules, last_word_by_strength)
{
    struct rule list[] = {rule("cap", RULE_CAP, 40), rule("floor", RULE_FLOOR, 20),
                          rule("over", RULE_OVERRIDE, 50), rule("no", RULE_FORBID, 0)};
    cr_expect_eq(ruled(list, 0, 30, NULL), 30);
    cr_expect_eq(ruled(list, 1, 30, NULL), 30);
    cr_expect_eq(ruled(list, 1, 60, "cap"), 36, "whole packs below the cap");
    cr_expect_eq(ruled(list, 2, 12, "floor"), 24, "whole packs above the floor");
    cr_expect_eq(ruled(list, 3, 60, "over"), 54, "stronger than the cap");
    cr_expect_eq(ruled(list, 4, 60, "no"), 0);
    struct rule small[] = {rule("tiny", RULE_CAP, 11)};
    cr_expect_eq(ruled(small, 1, 60, "tiny"), 0, "less than the supplier's minimum: nothing");
    struct rule large[] = {rule("huge", RULE_FLOOR, 500)};
    cr_expect_eq(ruled(large, 1, 60, "huge"), 90, "the supplier's maximum holds");
}

Test(rules, multiply_what_is_needed)
{
    struct rule list[] = {rule("half", RULE_MULTIPLY, 0)};
    list[0].factor = 0.5;
    struct rule_effect effect = effect_of(list, 1, 0);
    struct rule_hits hits = {0};
    cr_expect_eq(rules_need(&effect, 7, &hits), 4);
    cr_expect_eq(hits.count, 1);
    cr_expect_eq(rules_need(&effect, -7, &hits), -7, "a surplus is not multiplied");
    effect = RULE_NO_EFFECT;
    cr_expect_eq(rules_need(&effect, 7, &hits), 7);
    cr_expect_eq(hits.count, 1);
}

static bool orderable(int64_t quantity, const struct item_facts *facts)
{
    return quantity == 0 || (quantity % facts->pack == 0 && quantity >= facts->minimum_order &&
                             (!facts->maximum_order || quantity <= facts->maximum_order));
}

/* A million decisions of random shops: constraints are obeyed, and rules win over the policy. */
Test(rules, always_win_within_what_can_be_ordered)
{
    struct rng rng;
    rng_init(&rng, 6);
    struct decide_case test;
    for (int i = 0; i < 1000000; i++) {
        if (i % 100 == 0) {
            decide_case_init(&test, 0.2 + 9 * rng_unit(&rng), (int64_t)rng_below(&rng, 60));
            test.facts.pack = (int64_t)(1 + rng_below(&rng, 12));
            test.facts.minimum_order = (int64_t)rng_below(&rng, 40);
            test.facts.maximum_order = rng_below(&rng, 3) ? 0 : (int64_t)rng_below(&rng, 200);
            test.facts.lost_sales = rng_below(&rng, 2);
        }
        struct rule list[4];
        size_t count = 1 + rng_below(&rng, 4);
        for (size_t k = 0; k < count; k++) {
            list[k] = rule("r", (enum rule_action)rng_below(&rng, RULE_FREEZE),
                           (int64_t)rng_below(&rng, 90));
            list[k].factor = 3 * rng_unit(&rng);
        }
        struct rule_effect effect = effect_of(list, count, 0);
        test.in.effect = &effect;
        struct decision d = decide_case_run(&test);
        cr_assert(orderable(d.quantity, &test.facts), "%lld", (long long)d.quantity);
        cr_assert(!effect.forbid || d.quantity == 0);
        bool over = effect.override >= 0;
        cr_assert(over || d.quantity <= effect.cap, "%lld", (long long)d.quantity);
        bool most = test.facts.maximum_order > 0;
        cr_assert(over || d.quantity == 0 || effect.floor > effect.cap || most ||
                  d.quantity >= effect.floor || d.quantity > effect.cap - test.facts.pack);
        cr_assert(!over || d.quantity == 0 || most ||
                  (d.quantity >= effect.override &&
                   (d.quantity - effect.override < test.facts.pack ||
                    d.quantity - test.facts.pack < test.facts.minimum_order)));
        cr_assert(d.limit != LIMIT_RULE || d.rules.count > 0);
    }
}

Test(rules, contradictions_are_named_where_rules_can_meet)
{
    struct rule list[] = {rule("cap", RULE_CAP, 10), rule("floor", RULE_FLOOR, 20),
                          rule("no", RULE_FORBID, 0), rule("over", RULE_OVERRIDE, 5)};
    struct rules rules = {list, 4};
    struct buf out = {0};
    cr_expect_eq(rules_contradictions(&rules, &out), 4);
    buf_byte(&out, '\0');
    cr_expect(strstr(out.data, "cap (cap) and floor (floor) can meet: cap wins"), "%s", out.data);
    cr_expect(strstr(out.data, "no (forbid) and over (override) can meet: no wins"));
    cr_expect(strstr(out.data, "floor (floor) and over (override) can meet: over wins"));
    list[0].pattern[RULE_SKU] = "A*";
    list[1].pattern[RULE_SKU] = "B*";
    list[2].pattern[RULE_LOCATION] = "x";
    list[3].from = 10;
    list[1].until = 9;
    list[2].until = 9;
    buf_reset(&out);
    cr_expect_eq(rules_contradictions(&rules, &out), 1, "%.*s", (int)out.bytes, out.data);
    buf_fini(&out);
}

Test(rules, names)
{
    cr_expect_str_eq(rule_action_name(RULE_OVERRIDE), "override");
    cr_expect_str_eq(rule_field_name(RULE_CLASS), "class");
}
