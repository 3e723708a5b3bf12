/* Shops to learn a target level in: problems without units, drawn from a wide family, whose demand
 * follows its own forecast.
 *
 *     struct target_shop shop;
 *     target_shop_draw(&shop, &rng);
 *     target_shop_ask(&shop, &curve, &in);              // what a decision sees at this review
 *     policy_decide(&in, &decision);
 *     target_shop_pass(&shop, decision.quantity, &season);          // until the next review
 *
 * A shop has a forecast (quantiles of totals of 1 .. 28 slots: negative binomial, with an error of
 * the level that grows with the horizon), terms of supply and costs. Demand until the next review
 * is a path of that forecast (optimize/demand_path.h). Then the forecast is revised: its level
 * moves by a share of the surprise, such that totals over lead time and review have the variance
 * that was forecast (a martingale of forecasts: Heath, Jackson 1994). So forecasts are right about
 * themselves, which those of a real shop are only about. What is not in stock is lost.
 *
 * Pure; plain data. */
#ifndef RESTOCK_TARGET_WORLD_H
#define RESTOCK_TARGET_WORLD_H

#include "optimize/demand_path.h"
#include "optimize/policy.h"

enum { TARGET_REVIEW_MOST = 14 /* slots between reviews */ };

struct target_shop {
    struct demand_curve curve; /* at level 1 */
    struct demand_paths paths;
    struct item_facts facts;
    struct policy_options options;
    struct position position; /* supplies: reference = 1 + number of its review */
    int64_t arrives[POSITION_SUPPLIES]; /* slots, of the supplies */
    int64_t today;
    uint64_t review; /* number of the next review */
    uint32_t period; /* slots between reviews */
    double level, gain; /* of the forecast; share of a surprise that stays */
    double holding, shortage; /* money per unit and slot, per unit */
    double typical; /* money of a review period: to weigh shops alike */
    struct rng luck; /* of demand and lead times, the same whatever is ordered */
};

struct target_slot { /* one slot of a season */
    uint64_t arrived[POSITION_SUPPLIES]; /* references of what came in before it; 0: no more */
    bool short_of; /* demand was above the stock */
};

struct target_season { /* from one review to the next */
    struct target_slot slot[TARGET_REVIEW_MOST];
    uint32_t slots;
    double cost, asked, sold;
};

void target_shop_draw(struct target_shop *shop, struct rng *rng);
/* The question of this review. *curve holds the forecast; *in points to both. */
void target_shop_ask(const struct target_shop *shop, struct demand_curve *curve,
                     struct policy_input *in);
/* Orders, then slots of receipts and sales. */
void target_shop_pass(struct target_shop *shop, int64_t order, struct target_season *season);

#endif
