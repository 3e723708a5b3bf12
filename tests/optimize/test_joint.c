#include "optimize/joint.h"

#include "config/base/rng.h"

#include <criterion/criterion.h>
#include <math.h>

static void fill(struct rng *rng, struct joint_item *item, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        item[i] = (struct joint_item){.cost = 1 + 40 * rng_unit(rng),
                                      .rate = exp(8 * rng_unit(rng)),
                                      .holding = 0.1 + rng_unit(rng)};
    }
}

/* Every cycle of a fine grid, with the best multiplier of each item. */
static double grid_cost(const struct joint_terms *terms, bool powers)
{
    double best = INFINITY;
    for (double cycle = 1e-3; cycle < 100; cycle *= 1.001) {
        double cost = terms->order_cost / cycle;
        for (size_t i = 0; i < terms->count; i++) {
            const struct joint_item *item = &terms->item[i];
            double least = INFINITY;
            for (uint32_t k = 1; k <= 128; k = powers ? k * 2 : k + 1) {
                least = fmin(least,
                             item->cost / (k * cycle) + item->holding * item->rate * k * cycle / 2);
            }
            cost += least;
        }
        best = fmin(best, cost);
    }
    return best;
}

Test(joint, best_of_all_cycles)
{
    struct rng rng;
    rng_init(&rng, 17);
    for (int round = 0; round < 25; round++) {
        struct joint_item item[6];
        uint32_t every[6];
        fill(&rng, item, 6);
        struct joint_terms terms = {.item = item,
                                    .count = 6,
                                    .order_cost = 1 + 90 * rng_unit(&rng),
                                    .powers_of_two = round % 2};
        struct joint best = joint_best(&terms, every);
        cr_assert(best.cost <= grid_cost(&terms, round % 2) * (1 + 1e-9), "round %d", round);
        struct joint again = joint_for(&terms, every);
        cr_assert(fabs(again.cost - best.cost) < 1e-9 * best.cost);
        for (int i = 0; i < 6; i++) {
            cr_assert(every[i] >= 1 && (!(round % 2) || (every[i] & (every[i] - 1)) == 0));
        }
    }
}

Test(joint, powers_of_two_cost_at_most_six_percent_more)
{
    struct rng rng;
    rng_init(&rng, 18);
    for (int round = 0; round < 100; round++) {
        struct joint_item item[10];
        uint32_t every[10];
        fill(&rng, item, 10);
        struct joint_terms terms = {.item = item, .count = 10, .order_cost = 5};
        double free = joint_best(&terms, every).cost;
        terms.powers_of_two = true;
        double bound = joint_best(&terms, every).cost;
        cr_assert(bound >= free - 1e-9 && bound <= 1.061 * free);
    }
}

Test(joint, one_item_is_the_economic_lot)
{
    struct joint_item item = {.cost = 3, .rate = 1300, .holding = 0.225};
    struct joint_terms terms = {.item = &item, .count = 1, .order_cost = 5};
    uint32_t every;
    struct joint best = joint_best(&terms, &every);
    cr_assert_eq(every, 1);
    cr_assert(fabs(best.cost - 68.41052550594827) < 1e-9);
}

/* Silver, Pyke and Peterson (1998), page 428: their heuristic gives the multipliers 1, 1, 3, 2. */
Test(joint, at_most_the_cost_of_a_known_heuristic)
{
    struct joint_item item[4] = {
        {15, 86000, 0.24}, {15, 12500, 0.24}, {15, 1400, 0.24}, {15, 3000, 0.24}};
    struct joint_terms terms = {.item = item, .count = 4, .order_cost = 40};
    uint32_t every[4];
    double heuristic = joint_for(&terms, (uint32_t[]){1, 1, 3, 2}).cost;
    double best = joint_best(&terms, every).cost;
    cr_assert(best <= heuristic && best > 0.99 * heuristic, "%g, heuristic %g", best, heuristic);
}
