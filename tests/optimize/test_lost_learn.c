#include "optimize/lost_learn.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { B = LEVEL_NET_LANES, PERIODS = 12 };

struct shop {
    struct pmf demand;
    struct lost_sales terms;
    struct lost_net *net;
    struct level_net gradient, unused;
    uint16_t demands[PERIODS * B];
    float state[4 * B], start[4 * B];
};

static struct shop *shop_new(unsigned lead)
{
    struct shop *shop = calloc(1, sizeof *shop);
    pmf_poisson(&shop->demand, 5);
    shop->terms = (struct lost_sales){&shop->demand, lead, 1, 9};
    shop->net = lost_learn(&shop->terms, &(struct lost_learn_options){.seed = 1, .steps = 0});
    shop->net->base += 0.4; /* away from whole units, where costs have kinks */
    struct rng rng;
    rng_init(&rng, 4);
    for (int o = 0; o < LEVEL_NET_HIDDEN; o++) {
        shop->net->net.w3[o] = 0.005f * (float)rng_normal(&rng);
    }
    for (int i = 0; i < PERIODS * B; i++) {
        /* Never so little that an order would have to go below zero: there training looks on. */
        shop->demands[i] = (uint16_t)(3 + rng_poisson(&rng, 3));
    }
    for (unsigned i = 0; i < lead * B; i++) {
        shop->start[i] = (float)(shop->net->base / lead * (0.6 + 0.3 * rng_unit(&rng)));
    }
    return shop;
}

static void shop_free(struct shop *shop)
{
    pmf_fini(&shop->demand);
    lost_net_free(shop->net);
    free(shop);
}

static double cost(struct shop *shop, struct level_net *gradient)
{
    memcpy(shop->state, shop->start, sizeof shop->state);
    return lost_learn_rollout(&shop->terms, shop->net, shop->state, shop->demands, PERIODS,
                              gradient);
}

/* Kinks (stock that runs dry, whole units) are met by few of the many lanes within a small step. */
static void differs(struct shop *shop, float *weight, float claimed)
{
    const float step = 2e-3f;
    float kept = *weight;
    *weight = kept + step;
    double up = cost(shop, &shop->unused);
    *weight = kept - step;
    double down = cost(shop, &shop->unused);
    *weight = kept;
    double found = (up - down) / (2 * (double)step);
    cr_assert_float_eq(found, (double)claimed, 0.04 * fabs(found) + 4e-3, "%g %g", found,
                       (double)claimed);
}

static void check_gradient(unsigned lead)
{
    struct shop *shop = shop_new(lead);
    (void)cost(shop, &shop->gradient);
    double norm = 0;
    for (int o = 0; o < LEVEL_NET_HIDDEN; o += 4) {
        differs(shop, &shop->net->net.w1[o][lead - 1], shop->gradient.w1[o][lead - 1]);
        differs(shop, &shop->net->net.w2[o][1], shop->gradient.w2[o][1]);
        differs(shop, &shop->net->net.w3[o], shop->gradient.w3[o]);
        norm += fabs((double)shop->gradient.w3[o]);
    }
    differs(shop, &shop->net->net.b3, shop->gradient.b3);
    cr_assert(norm > 0.1, "a gradient worth checking: %g", norm);
    shop_free(shop);
}

Test(lost_learn, gradient_of_a_simulation_is_that_of_differences)
{
    check_gradient(1);
    check_gradient(2);
    check_gradient(4);
}

Test(lost_learn, untrained_it_is_the_best_base_stock_policy)
{
    struct shop *shop = shop_new(3);
    lost_net_free(shop->net);
    shop->net = lost_learn(&shop->terms, &(struct lost_learn_options){.seed = 3, .steps = 0});
    struct lost_policy base = lost_sales_best(&shop->terms, LOST_BASE_STOCK);
    struct lost_policy learned = {.kind = LOST_LEARNED, .net = shop->net};
    for (int64_t x = 0; x < 20; x += 3) {
        int64_t state[3] = {x, 4, 6};
        cr_assert_eq(lost_sales_order(&shop->terms, &learned, state),
                     lost_sales_order(&shop->terms, &base, state));
    }
    cr_assert_eq(lost_sales_cost(&shop->terms, &learned, 100000),
                 lost_sales_cost(&shop->terms, &base, 100000));
    shop_free(shop);
}

/* The optimum of Poisson demand of 5, a lead time of 4, a penalty of 9 is 6.836; the best projected
 * level costs 1 % more. */
Test(lost_learn, some_hundred_steps_beat_every_simple_policy)
{
    struct pmf demand = {0};
    pmf_poisson(&demand, 5);
    struct lost_sales terms = {&demand, 4, 1, 9};
    struct lost_net *net =
        lost_learn(&terms, &(struct lost_learn_options){.seed = 2, .steps = 200});
    struct lost_policy learned = {.kind = LOST_LEARNED, .net = net};
    double found = lost_sales_cost(&terms, &learned, 400000);
    cr_assert(found > 6.82 && found < 6.88, "%g", found);
    cr_assert(found < lost_sales_best(&terms, LOST_PROJECTED).cost);
    struct lost_net *again =
        lost_learn(&terms, &(struct lost_learn_options){.seed = 2, .steps = 200});
    cr_assert_eq(memcmp(net, again, sizeof *net), 0, "same seed, same weights");
    lost_net_free(again);
    lost_net_free(net);
    pmf_fini(&demand);
}
