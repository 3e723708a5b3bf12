/* Replenishment decisions without the flow around them: policy, constraints, numbers that say why,
 * the life cycle of the proposal; then the same with business rules, and with the sentence. One
 * thread, fixed seed, CPU time, medians of rounds with their spread, as JSON. */
#include "bench/bench_figure.h"
#include "config/base/rng.h"
#include "optimize/proposal.h"
#include "optimize/why.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

enum { ROUNDS = 7, SERIES = 4096, RULES = 40 };

struct shop {
    struct position position[SERIES];
    struct demand_curve curve[SERIES];
    struct item_facts facts[SERIES];
    struct proposal proposal[SERIES];
    char sku[SERIES][12];
};

enum what { DECIDE, DECIDE_BY_RULES, DECIDE_AND_SAY, WHATS };

/* Quantiles of a gamma-like demand: enough for the cost of a decision. */
static void make_curve(struct rng *rng, struct demand_curve *curve)
{
    static const float LEVELS[DEMAND_LEVELS] = {0.05f, 0.1f, 0.2f, 0.3f, 0.4f,  0.5f,
                                                0.6f,  0.7f, 0.8f, 0.9f, 0.95f, 0.99f};
    static const float DEVIATE[DEMAND_LEVELS] = {-1.3f, -1.1f, -0.8f, -0.6f, -0.35f, -0.1f,
                                                 0.15f, 0.45f, 0.8f,  1.35f, 1.9f,   3.0f};
    static const float LENGTHS[] = {1, 3, 7, 14, 28};
    float means[5], quantiles[5 * DEMAND_LEVELS];
    double rate = exp(3 * rng_unit(rng) - 1);
    for (int r = 0; r < 5; r++) {
        double mean = rate * (double)LENGTHS[r], sd = sqrt(2 * mean);
        means[r] = (float)mean;
        for (int k = 0; k < DEMAND_LEVELS; k++) {
            quantiles[r * DEMAND_LEVELS + k] =
                (float)fmax(0, floor(mean + (double)DEVIATE[k] * sd + 0.5));
        }
    }
    demand_curve_init(curve, LEVELS, 5, LENGTHS, means, quantiles);
}

static void make_shop(struct shop *shop)
{
    struct rng rng;
    rng_init(&rng, 9);
    for (int i = 0; i < SERIES; i++) {
        make_curve(&rng, &shop->curve[i]);
        position_init(&shop->position[i]);
        shop->position[i].known = 1;
        shop->position[i].stock = (int64_t)rng_below(&rng, 60);
        for (uint64_t k = rng_below(&rng, 3); k > 0; k--) {
            position_supply(&shop->position[i],
                            (struct supply){.quantity = 1 + (int64_t)rng_below(&rng, 30),
                                            .ordered = 14970,
                                            .expected = 14978 + (int64_t)rng_below(&rng, 9),
                                            .reference = 100 + k,
                                            .kind = SUPPLY_ON_ORDER});
        }
        shop->facts[i] = (struct item_facts){.lead_time_days = 3 + (double)rng_below(&rng, 9),
                                             .lead_time_sd_days = (double)rng_below(&rng, 3),
                                             .review_days = 7,
                                             .holding_cost_rate = 0.25,
                                             .unit_cost = 500,
                                             .price = 900,
                                             .shortage_cost = -1,
                                             .order_cost = rng_below(&rng, 2) ? 2000 : 0,
                                             .minimum_order = (int64_t)rng_below(&rng, 20),
                                             .pack = 1 + (int64_t)rng_below(&rng, 12),
                                             .maximum_order = 500,
                                             .lost_sales = true};
        proposal_init(&shop->proposal[i]);
        (void)snprintf(shop->sku[i], sizeof shop->sku[i], "SKU-%05d", i);
    }
}

static void make_rules(struct rules *rules, char names[RULES][16])
{
    static const enum rule_action ACTIONS[] = {RULE_CAP, RULE_FLOOR, RULE_MULTIPLY, RULE_FORBID};
    for (int i = 0; i < RULES; i++) {
        (void)snprintf(names[i], 16, "SKU-0%03d*", i);
        rules->rule[i] =
            (struct rule){.name = names[i],
                          .pattern = {[RULE_SKU] = names[i], [RULE_LOCATION] = "store-*"},
                          .action = ACTIONS[i % 4],
                          .quantity = 24,
                          .factor = 1.5,
                          .from = INT64_MIN,
                          .until = INT64_MAX};
    }
    rules->count = RULES;
}

static double decide_all(struct shop *shop, const struct rules *rules, enum what what)
{
    struct proposal_options options = {.policy = {.stockout_threshold = 0.5, .max_cover_days = 180},
                                       .enabled = true,
                                       .dampener = 0.1,
                                       .snooze_days = 7,
                                       .material = 0.2,
                                       .expire_days = 14,
                                       .tenant = ""};
    struct buf why = {0};
    double units = 0;
    for (int i = 0; i < SERIES; i++) {
        struct slice sku = slice_of(shop->sku[i]);
        struct rule_effect effect;
        if (what == DECIDE_BY_RULES) {
            struct rule_subject subject = {
                .field = {[RULE_SKU] = sku, [RULE_LOCATION] = slice_of("store-7")}};
            rules_match(rules, &subject, 14977, &effect);
        }
        struct policy_input in = {.position = &shop->position[i],
                                  .curve = &shop->curve[i],
                                  .facts = &shop->facts[i],
                                  .options = &options.policy,
                                  .effect = what == DECIDE_BY_RULES ? &effect : NULL,
                                  .today = 14977,
                                  .today_day = 14977,
                                  .slot_days = 1};
        struct decision decision;
        policy_decide(&in, &decision);
        struct proposal_context context = {.sku = sku,
                                           .location = slice_of("store-7"),
                                           .supplier = slice_of("acme"),
                                           .options = &options,
                                           .today = 14977,
                                           .slot_days = 1,
                                           .review_days = 7,
                                           .pack = shop->facts[i].pack};
        enum proposal_change change;
        proposal_decide(&shop->proposal[i], &decision, &context, &change);
        if (what == DECIDE_AND_SAY) {
            struct why_calendar calendar = {14977, 14977, 1};
            buf_reset(&why);
            why_order(&why, &decision, &calendar);
        }
        units += (double)decision.quantity;
    }
    buf_fini(&why);
    return units;
}

int main(void)
{
    static struct shop shop;
    static struct rule list[RULES];
    static char names[RULES][16];
    static const char *const NAMES[WHATS] = {"decisions_per_s", "decisions_by_40_rules_per_s",
                                             "decisions_with_sentence_per_s"};
    struct rules rules = {list, 0};
    make_shop(&shop);
    make_rules(&rules, names);
    double sink = 0;
    for (int what = 0; what < WHATS; what++) {
        double rate[ROUNDS];
        sink += decide_all(&shop, &rules, (enum what)what);
        for (int round = 0; round < ROUNDS; round++) {
            double start = bench_cpu_s();
            for (int again = 0; again < 5; again++) {
                sink += decide_all(&shop, &rules, (enum what)what);
            }
            rate[round] = 5 * SERIES / (bench_cpu_s() - start);
        }
        bench_sort(rate, ROUNDS);
        printf("{\"figure\":\"%s\",\"median\":%.0f,\"min\":%.0f,\"max\":%.0f}\n", NAMES[what],
               rate[ROUNDS / 2], rate[0], rate[ROUNDS - 1]);
    }
    return sink > 0 ? 0 : 1;
}
