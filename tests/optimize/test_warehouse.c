#include "optimize/warehouse.h"

#include "config/base/rng.h"
#include "optimize/newsvendor.h"

#include <criterion/criterion.h>
#include <math.h>
#include <string.h>

Test(warehouse, without_a_lead_time_the_stores_stand_alone)
{
    struct warehouse_store store[3] = {{2, 3, 1, 9}, {0.3, 2, 1, 9}, {11, 1, 1, 9}};
    struct warehouse_terms terms = {.store = store, .count = 3, .holding = 0.5, .spread = 1};
    int64_t level[3];
    struct warehouse best = warehouse_best(&terms, level);
    cr_assert_eq(best.level, 0);
    double cost = 0;
    struct pmf lead = {0};
    for (int i = 0; i < 3; i++) {
        pmf_poisson(&lead, store[i].rate * store[i].lead_time);
        struct newsvendor alone = newsvendor_discrete(&lead, 1, 9);
        cr_assert_eq(level[i], alone.level);
        cost += alone.cost;
    }
    cr_assert(fabs(best.cost - cost) < 1e-9);
    pmf_fini(&lead);
}

/* Two-echelon base stock, event by event: Poisson sales, fixed transports, first come first served.
 */
static double simulated(const struct warehouse_terms *terms, int64_t level0, const int64_t *level)
{
    enum { RING = 4096 };
    static double arrives[RING]; /* of the outside orders, oldest first */
    struct rng rng;
    rng_init(&rng, 5);
    double total = 0, now = 0, cost = 0;
    const int sales = 400000;
    for (size_t i = 0; i < terms->count; i++) {
        total += terms->store[i].rate;
    }
    /* The unit sold now is replaced by the outside order placed level0 sales ago (or by the one
     * placed now); it reaches the store then + transport, and serves the sale level[i] sales of
     * that store later. Cost of a unit: wait x shortage, or time on the shelf x holding. */
    static double landed[3][RING];
    size_t sold[3] = {0};
    for (int n = 0; n < sales; n++) {
        now += rng_exponential(&rng) / total;
        double pick = rng_unit(&rng) * total;
        size_t i = 0;
        while (i + 1 < terms->count && pick >= terms->store[i].rate) {
            pick -= terms->store[i++].rate;
        }
        double order = now + terms->lead_time;
        double stock = n < level0 ? 0 : arrives[(n - level0) % RING];
        arrives[n % RING] = order;
        double leaves = level0 == 0 ? order : fmax(now, stock);
        cost += level0 > 0 && n >= level0 ? terms->holding * fmax(0, now - stock) : 0;
        double lands = leaves + terms->store[i].lead_time;
        int64_t s = level[i];
        double served = s == 0                  ? lands
                        : (int64_t)sold[i] >= s ? landed[i][(sold[i] - (size_t)s) % RING]
                                                : now;
        cost += served > now ? terms->store[i].shortage * (served - now)
                             : terms->store[i].holding * (now - served);
        landed[i][sold[i]++ % RING] = lands;
    }
    return cost / now;
}

Test(warehouse, cost_agrees_with_a_simulation_and_neighbours_are_not_much_cheaper)
{
    struct warehouse_store store[3] = {{1.5, 2, 1, 12}, {0.7, 2, 1, 12}, {3, 1, 1, 12}};
    struct warehouse_terms terms = {
        .store = store, .count = 3, .lead_time = 4, .holding = 0.6, .spread = 1};
    int64_t level[3];
    struct warehouse best = warehouse_best(&terms, level);
    double cost = simulated(&terms, best.level, level);
    cr_assert(fabs(cost - best.cost) < 0.02 * cost, "simulated %g, computed %g", cost, best.cost);
    for (int64_t other = best.level - 4; other <= best.level + 4; other += 2) {
        for (int64_t shift = -1; shift <= 1; shift++) {
            int64_t moved[3];
            memcpy(moved, level, sizeof moved);
            moved[2] += shift;
            cr_assert(simulated(&terms, other, moved) > 0.985 * cost);
        }
    }
}

Test(warehouse, no_demand_no_stock)
{
    struct warehouse_store store = {0, 1, 1, 5};
    struct warehouse_terms terms = {
        .store = &store, .count = 1, .lead_time = 3, .holding = 1, .spread = 2};
    int64_t level;
    cr_assert_eq(warehouse_best(&terms, &level).cost, 0);
    cr_assert_eq(level, 0);
}
