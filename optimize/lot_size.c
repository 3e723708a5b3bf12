#include "optimize/lot_size.h"

#include "config/base/ensure.h"

#include <math.h>

static const double GOLDEN = 0.61803398874989484820;

struct lot lot_size(const struct lot_terms *terms)
{
    double twice = 2 * terms->order_cost * terms->rate;
    return (struct lot){.quantity = sqrt(twice / terms->holding),
                        .cost = sqrt(twice * terms->holding)};
}

struct lot lot_back_orders(const struct lot_terms *terms, double shortage)
{
    double share = shortage / (terms->holding + shortage); /* of the time with stock */
    double twice = 2 * terms->order_cost * terms->rate;
    return (struct lot){.quantity = sqrt(twice / (terms->holding * share)),
                        .cost = sqrt(twice * terms->holding * share),
                        .back_share = 1 - share};
}

struct lot lot_all_units(const struct lot_terms *terms, const struct price_steps *steps)
{
    ASSERT(steps->count > 0);
    struct lot best = {.cost = INFINITY};
    for (size_t i = 0; i < steps->count; i++) {
        double holding = steps->holding_rate * steps->price[i];
        double most = i + 1 < steps->count ? steps->from[i + 1] : (double)INFINITY;
        double quantity = fmax(sqrt(2 * terms->order_cost * terms->rate / holding), steps->from[i]);
        double cost = steps->price[i] * terms->rate + terms->order_cost * terms->rate / quantity +
                      holding * quantity / 2;
        if (quantity < most && cost < best.cost) {
            best = (struct lot){.quantity = quantity, .cost = cost, .region = i};
        }
    }
    return best;
}

struct lot lot_incremental(const struct lot_terms *terms, const struct price_steps *steps)
{
    ASSERT(steps->count > 0);
    struct lot best = {.cost = INFINITY};
    double extra = 0; /* what the units below this step cost more than its price */
    for (size_t i = 0; i < steps->count; i++) {
        extra += i ? (steps->price[i - 1] - steps->price[i]) * steps->from[i] : 0;
        double holding = steps->holding_rate * steps->price[i];
        double most = i + 1 < steps->count ? steps->from[i + 1] : (double)INFINITY;
        double quantity = sqrt(2 * (terms->order_cost + extra) * terms->rate / holding);
        double cost = steps->price[i] * terms->rate + steps->holding_rate * extra / 2 +
                      sqrt(2 * (terms->order_cost + extra) * terms->rate * holding);
        if (quantity >= steps->from[i] && quantity < most && cost < best.cost) {
            best = (struct lot){.quantity = quantity, .cost = cost, .region = i};
        }
    }
    return best;
}

struct disrupted {
    const struct lot_terms *terms;
    double shortage, breaks, mends;
};

static double disrupted_cost(const struct disrupted *in, double quantity)
{
    const struct lot_terms *terms = in->terms;
    double both = in->breaks + in->mends;
    double down = in->breaks / both * (1 - exp(-both * quantity / terms->rate)) / in->mends;
    return (terms->order_cost + terms->holding * quantity * quantity / (2 * terms->rate) +
            in->shortage * terms->rate * down) /
           (quantity / terms->rate + down);
}

/* The cost is unimodal in the quantity (Parlar and Berkin): golden section. */
struct lot lot_disrupted(const struct lot_terms *terms, double shortage, double breaks,
                         double mends)
{
    struct disrupted in = {terms, shortage, breaks, mends};
    double low = 0, high = lot_size(terms).quantity;
    while (high < 1e15 && disrupted_cost(&in, 2 * high) < disrupted_cost(&in, high)) {
        high *= 2;
    }
    high *= 2;
    for (int i = 0; i < 200; i++) {
        double a = high - GOLDEN * (high - low), b = low + GOLDEN * (high - low);
        if (disrupted_cost(&in, a) < disrupted_cost(&in, b)) {
            high = b;
        } else {
            low = a;
        }
    }
    double quantity = (low + high) / 2;
    return (struct lot){.quantity = quantity, .cost = disrupted_cost(&in, quantity)};
}
