#include "optimize/target_learn.h"

#include "config/base/ensure.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { B = LEVEL_NET_LANES, K = TARGET_SEASONS, FRESH_STEPS = 24, WARM_REVIEWS = 12 };

struct moment { /* one review of all shops */
    float x[TARGET_INPUTS][B];
    struct level_acts acts;
    struct target_look look[B];
    bool learns[B], wants[B]; /* has something to learn; needs more than nothing */
    uint64_t open[B][POSITION_SUPPLIES]; /* references of supplies on their way; 0: no more */
    double slope[B];
    struct target_season season[B];
};

static void look_at(const struct target_shop *shops, struct moment *now)
{
    for (int k = 0; k < B; k++) {
        struct demand_curve curve;
        struct policy_input in;
        target_shop_ask(&shops[k], &curve, &in);
        now->learns[k] = target_look(&in, &now->look[k]);
        for (int i = 0; i < TARGET_INPUTS; i++) {
            now->x[i][k] = now->learns[k] ? now->look[k].x[i] : 0;
        }
        memset(now->open[k], 0, sizeof now->open[k]);
        for (int i = 0; i < shops[k].position.supplies; i++) {
            now->open[k][i] = shops[k].position.supply[i].reference;
        }
    }
}

static double order_and_pass(struct target_shop *shops, struct moment *now)
{
    double total = 0;
    for (int k = 0; k < B; k++) {
        struct demand_curve curve;
        struct policy_input in;
        struct decision decision;
        target_shop_ask(&shops[k], &curve, &in);
        double y = target_bound((double)now->acts.y[k], &now->slope[k]);
        in.lift = now->learns[k] ? y * now->look[k].scale : 0;
        policy_decide(&in, &decision);
        now->wants[k] = decision.need > 0;
        target_shop_pass(&shops[k], decision.quantity, &now->season[k]);
        total += now->season[k].cost / shops[k].typical;
    }
    return total;
}

/* d cost / d order, by the review in which it was placed; references count from 1. */
struct debts {
    double order[K];
    uint64_t first; /* reference of review 0 of this rollout */
};

static double *debt_of(struct debts *debts, uint64_t reference)
{
    uint64_t index = reference - debts->first;
    return reference >= debts->first && index < K ? &debts->order[index] : NULL;
}

/* Back through the slots between two reviews; stock: d cost / d stock after them. */
static double back_season(const struct target_shop *shop, const struct target_season *season,
                          double weight, double stock, struct debts *debts)
{
    for (uint32_t t = season->slots; t-- > 0;) {
        const struct target_slot *slot = &season->slot[t];
        stock = slot->short_of ? -weight * shop->shortage : weight * shop->holding + stock;
        for (int i = 0; i < POSITION_SUPPLIES && slot->arrived[i]; i++) {
            double *debt = debt_of(debts, slot->arrived[i]);
            if (debt) {
                *debt += stock;
            }
        }
    }
    return stock;
}

/* Reviews whose orders have done most of what they do before the rollout ends; of later ones only
 * the holding cost would be seen. */
static int settled(const struct target_shop *shop)
{
    double tail = 2 + shop->facts.lead_time_days / shop->period;
    return K - (int)ceil(tail);
}

/* Slope of an input's bend at what it became. */
static double unbend(float x)
{
    double left = 1 - fabs((double)x) / 4;
    return left * left;
}

/* Through the decision of lane k: by stock (returned) and by supplies. dx [TARGET_INPUTS][B]. */
static double back_decision(const struct moment *now, int k, const float *dx, double need,
                            struct debts *debts)
{
    const struct target_look *look = &now->look[k];
    double by_arrival = (double)dx[9 * B + k] * unbend(look->x[9]) / look->mean -
                        (double)dx[14 * B + k] * unbend(look->x[14]) / look->scale - need;
    double by_stock = (double)dx[12 * B + k] * unbend(look->x[12]) / look->cycle;
    double by_supply = (double)dx[13 * B + k] * unbend(look->x[13]) / look->cycle;
    for (int i = 0; i < POSITION_SUPPLIES && now->open[k][i]; i++) {
        double *debt = debt_of(debts, now->open[k][i]);
        if (debt) {
            *debt += by_arrival + by_supply;
        }
    }
    return by_arrival * look->stock_kept + by_stock;
}

static void back(const struct level_net *net, const struct target_shop *shops,
                 const struct moment *moments, struct level_net *gradient)
{
    struct debts debts[B];
    double stock[B] = {0}, need[B];
    for (int k = 0; k < B; k++) {
        debts[k] = (struct debts){.first = shops[k].review + 1 - K};
    }
    for (int r = K; r-- > 0;) {
        const struct moment *now = &moments[r];
        float dy[B], dx[TARGET_INPUTS][B] = {{0}};
        for (int k = 0; k < B; k++) {
            double weight = 1 / (shops[k].typical * K * B);
            stock[k] = back_season(&shops[k], &now->season[k], weight, stock[k], &debts[k]);
            double order = debts[k].order[r];
            /* At nothing an order may grow, but not shrink. */
            need[k] = (now->wants[k] || order < 0) && r < settled(&shops[k]) ? order : 0;
            dy[k] = now->learns[k] ? (float)(need[k] * now->look[k].scale * now->slope[k]) : 0;
        }
        level_net_backward(net, now->x[0], &now->acts, dy, gradient, dx[0]);
        for (int k = 0; k < B; k++) {
            if (now->learns[k]) {
                stock[k] += back_decision(now, k, dx[0], need[k], &debts[k]);
            }
        }
    }
}

static double rollout(const struct level_net *net, struct target_shop *shops,
                      struct moment *moments, struct level_net *gradient)
{
    double total = 0;
    for (int r = 0; r < K; r++) {
        look_at(shops, &moments[r]);
        level_net_forward(net, moments[r].x[0], &moments[r].acts);
        total += order_and_pass(shops, &moments[r]);
    }
    back(net, shops, moments, gradient);
    return total / ((double)K * B);
}

double target_rollout(const struct level_net *net, struct target_shop *shops,
                      struct level_net *gradient)
{
    struct moment *moments = calloc(K, sizeof *moments);
    ASSERT(moments && "out of memory for a simulation");
    double cost = rollout(net, shops, moments, gradient);
    free(moments);
    return cost;
}

/* ---- training ---- */

struct target_school {
    struct rng rng;
    struct level_net net, average, gradient;
    struct level_moments optimiser;
    struct target_shop shops[B];
    uint32_t steps;
    struct moment moments[K];
};

struct target_school *target_school_create(uint64_t seed)
{
    struct target_school *school = calloc(1, sizeof *school);
    ASSERT(school && "out of memory for training");
    rng_init(&school->rng, seed);
    level_net_init(&school->net, TARGET_INPUTS, &school->rng);
    school->average = school->net;
    for (int k = 0; k < B; k++) {
        target_shop_draw(&school->shops[k], &school->rng);
    }
    return school;
}

void target_school_destroy(struct target_school *school)
{
    free(school);
}

double target_school_step(struct target_school *school, float rate)
{
    /* Shops in turn close and others open, so that no two steps see the same ones. */
    for (int k = (int)(school->steps % FRESH_STEPS); k < B; k += FRESH_STEPS) {
        target_shop_draw(&school->shops[k], &school->rng);
    }
    double cost = rollout(&school->net, school->shops, school->moments, &school->gradient);
    level_net_step(&school->net, &school->gradient, &school->optimiser, rate);
    level_net_blend(&school->average, &school->net, school->steps < 100 ? 0.1f : 0.01f);
    school->steps++;
    return cost;
}

const struct level_net *target_school_net(const struct target_school *school)
{
    return &school->average;
}

/* ---- trial ---- */

struct score {
    double cost, asked, sold;
};

static struct score keep_shop(const struct level_net *net, uint64_t seed, uint32_t reviews)
{
    struct rng rng;
    struct target_shop shop;
    struct score score = {0};
    rng_init(&rng, seed);
    target_shop_draw(&shop, &rng);
    for (uint32_t r = 0; r < WARM_REVIEWS + reviews; r++) {
        struct demand_curve curve;
        struct policy_input in;
        struct decision decision;
        struct target_look look;
        struct target_season season;
        target_shop_ask(&shop, &curve, &in);
        in.lift = net && target_look(&in, &look) ? target_lift(net, &look) : 0;
        policy_decide(&in, &decision);
        target_shop_pass(&shop, decision.quantity, &season);
        if (r >= WARM_REVIEWS) {
            score.cost += season.cost / shop.typical;
            score.asked += season.asked;
            score.sold += season.sold;
        }
    }
    return score;
}

struct target_trial target_trial_run(const struct level_net *net, uint64_t seed, uint32_t shops,
                                     uint32_t reviews)
{
    ASSERT(shops >= 1 && reviews >= 1);
    struct target_trial trial = {0};
    for (uint32_t i = 0; i < shops; i++) {
        uint64_t own = seed * 1000003 + i;
        struct score exact = keep_shop(NULL, own, reviews), ours = keep_shop(net, own, reviews);
        trial.exact += exact.cost / ((double)shops * reviews);
        trial.learned += ours.cost / ((double)shops * reviews);
        trial.better += (ours.cost < exact.cost) / (double)shops;
        trial.exact_fill += exact.sold / larger(exact.asked, 1) / shops;
        trial.learned_fill += ours.sold / larger(ours.asked, 1) / shops;
    }
    return trial;
}
