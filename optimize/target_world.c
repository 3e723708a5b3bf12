#include "optimize/target_world.h"

#include "config/base/ensure.h"
#include "optimize/gauss.h"
#include "optimize/lead.h"
#include "optimize/pmf.h"

#include <math.h>

enum { ROWS = 5 };
static const float LENGTHS[ROWS] = {1, 3, 7, 14, 28};
static const double MONEY = 1e6; /* of a unit's cost: rates say the rest */
static const double EXACT_MEAN = 40; /* above, a distribution is scaled from one of this mean */

static double between(struct rng *rng, double low, double high)
{
    return low + (high - low) * rng_unit(rng);
}

static double log_between(struct rng *rng, double low, double high)
{
    return low * pow(high / low, rng_unit(rng));
}

/* Real quantiles on the line through whole ones. */
static void quantiles_of(double mean, double variance, const float *levels, float *out)
{
    double scale = larger(mean / EXACT_MEAN, 1);
    struct pmf pmf = {0};
    pmf_negbin(&pmf, mean / scale, variance / (scale * scale));
    for (int k = 0; k < DEMAND_LEVELS; k++) {
        int64_t x = pmf_quantile(&pmf, (double)levels[k]);
        double here = 1 - pmf_above(&pmf, x), chance = pmf_chance(&pmf, x);
        double part = chance > 0 ? ((double)levels[k] - (here - chance)) / chance : 1;
        out[k] = (float)(scale * larger(0, (double)x - 1 + part));
    }
    pmf_fini(&pmf);
}

static void draw_curve(struct target_shop *shop, double rate, struct rng *rng)
{
    static const float LEVELS[DEMAND_LEVELS] = {0.05f, 0.1f, 0.2f, 0.3f, 0.4f,  0.5f,
                                                0.6f,  0.7f, 0.8f, 0.9f, 0.95f, 0.99f};
    double spread = 1 + log_between(rng, 0.05, 4), level = between(rng, 0.02, 0.45);
    double growth = between(rng, 0, 1.5);
    float means[ROWS], quantiles[ROWS * DEMAND_LEVELS];
    for (int row = 0; row < ROWS; row++) {
        double length = (double)LENGTHS[row], mean = rate * length;
        double error = level * level * (1 + growth * length / 28) * mean * mean;
        means[row] = (float)mean;
        quantiles_of(mean, mean * spread + error, LEVELS, quantiles + row * DEMAND_LEVELS);
    }
    demand_curve_init(&shop->curve, LEVELS, ROWS, LENGTHS, means, quantiles);
    demand_paths_fit(&shop->curve, 28, &shop->paths);
}

/* The gain with which totals over lead time and review have the variance that the forecast gives
 * them: n reviews, of which each surprise stays in all later ones. */
static double gain_of(const struct target_shop *shop, double reviews)
{
    struct demand one, all;
    double mean, single, total;
    demand_at(&shop->curve, shop->period, &one);
    demand_at(&shop->curve, shop->period * reviews, &all);
    demand_moments(&one, &mean, &single);
    demand_moments(&all, &mean, &total);
    if (!(single > 0) || reviews < 1.5) {
        return 0.1;
    }
    double low = 0, high = 1, ratio = total / single;
    for (int round = 0; round < 20; round++) {
        double middle = 0.5 * (low + high), sum = 0, left = reviews;
        for (int m = 0; left > 0; m++, left -= 1) {
            sum += (1 + middle * m) * (1 + middle * m) * smaller(left, 1);
        }
        low = sum < ratio ? middle : low;
        high = sum < ratio ? high : middle;
    }
    return low;
}

static void draw_terms(struct target_shop *shop, double rate, struct rng *rng)
{
    static const uint32_t PERIODS[] = {1, 1, 2, 3, 5, 7, 7, 7, 14};
    shop->period = PERIODS[rng_below(rng, sizeof PERIODS / sizeof PERIODS[0])];
    double most = smaller(5.0 * shop->period, 28), lead = floor(log_between(rng, 1, most + 0.99));
    double odds = log_between(rng, 2, 70); /* service of 0.67 to 0.986 */
    double week = rate * shop->period;
    int64_t pack = rng_unit(rng) < 0.35 ? 1 : (int64_t)larger(1, 1.2 * week * rng_unit(rng));
    int64_t least = rng_unit(rng) < 0.5 ? 0 : (int64_t)(1.2 * week * rng_unit(rng));
    shop->holding = 1;
    shop->shortage = odds * shop->period;
    shop->facts = (struct item_facts){.lead_time_days = lead,
                                      .lead_time_sd_days = lead * between(rng, 0, 0.45) *
                                                           (rng_unit(rng) < 0.3 ? 0 : 1),
                                      .review_days = shop->period,
                                      .holding_cost_rate = 365 / MONEY * 1000,
                                      .unit_cost = (int64_t)MONEY,
                                      .shortage_cost = (int64_t)(1000 * shop->shortage),
                                      .minimum_order = least,
                                      .pack = pack,
                                      .lost_sales = true};
    shop->options = (struct policy_options){.stockout_threshold = 0.5};
}

void target_shop_draw(struct target_shop *shop, struct rng *rng)
{
    *shop = (struct target_shop){.level = 1, .today = 1000};
    double rate = log_between(rng, 0.25, 60);
    draw_curve(shop, rate, rng);
    draw_terms(shop, rate, rng);
    shop->gain = gain_of(shop, (shop->facts.lead_time_days + shop->period) / shop->period);
    struct demand cycle;
    demand_at(&shop->curve, shop->facts.lead_time_days + shop->period, &cycle);
    double lot = larger((double)shop->facts.minimum_order, (double)shop->facts.pack);
    double held = demand_spread(&cycle) + 0.5 * (rate * shop->period + lot);
    shop->typical = larger(held, 0.5) * shop->period * shop->holding;
    position_init(&shop->position);
    rng_init(&shop->luck, rng_next(rng));
    shop->position.known = 1;
    shop->position.stock = (int64_t)(between(rng, 0.3, 1) * cycle.mean);
}

void target_shop_ask(const struct target_shop *shop, struct demand_curve *curve,
                     struct policy_input *in)
{
    *curve = shop->curve;
    for (uint32_t row = 0; row < curve->rows; row++) {
        curve->mean[row] *= shop->level;
        for (size_t k = 0; k < DEMAND_LEVELS; k++) {
            curve->quantiles[row][k] *= shop->level;
        }
    }
    *in = (struct policy_input){.position = &shop->position,
                                .curve = curve,
                                .facts = &shop->facts,
                                .options = &shop->options,
                                .today = shop->today,
                                .today_day = shop->today,
                                .slot_days = 1};
}

static void place(struct target_shop *shop, int64_t order)
{
    struct position *pos = &shop->position;
    double mean = shop->facts.lead_time_days, sd = shop->facts.lead_time_sd_days, taken = mean;
    if (sd > 0) {
        double shape = (mean / sd) * (mean / sd);
        taken = rng_gamma(&shop->luck, shape) * mean / shape;
    }
    if (order <= 0 || pos->supplies == POSITION_SUPPLIES) {
        return;
    }
    shop->arrives[pos->supplies] = shop->today + (int64_t)larger(1, floor(taken + 0.5));
    pos->supply[pos->supplies++] = (struct supply){.quantity = order,
                                                   .ordered = shop->today,
                                                   .expected = shop->today + (int64_t)mean,
                                                   .reference = shop->review + 1,
                                                   .kind = SUPPLY_ORDERED,
                                                   .uncertain = 1};
}

static void receive(struct target_shop *shop, struct target_slot *slot)
{
    struct position *pos = &shop->position;
    uint8_t kept = 0;
    int came = 0;
    for (uint8_t i = 0; i < pos->supplies; i++) {
        if (shop->arrives[i] <= shop->today) {
            pos->stock += pos->supply[i].quantity;
            slot->arrived[came++] = pos->supply[i].reference;
            continue;
        }
        pos->supply[kept] = pos->supply[i];
        shop->arrives[kept++] = shop->arrives[i];
    }
    pos->supplies = kept;
}

void target_shop_pass(struct target_shop *shop, int64_t order, struct target_season *season)
{
    DEBUG_ASSERT(shop->period <= TARGET_REVIEW_MOST);
    float demand[TARGET_REVIEW_MOST];
    double expected = 0;
    *season = (struct target_season){.slots = shop->period};
    place(shop, order);
    demand_paths_draw(&shop->paths, &shop->luck, shop->period, demand);
    for (uint32_t t = 0; t < shop->period; t++, shop->today++) {
        struct target_slot *slot = &season->slot[t];
        receive(shop, slot);
        /* Whole units, with the right mean. */
        int64_t asked = (int64_t)((double)demand[t] * shop->level + rng_unit(&shop->luck));
        int64_t sold = smaller((double)asked, (double)shop->position.stock) < (double)asked
                           ? shop->position.stock
                           : asked;
        slot->short_of = asked > sold;
        shop->position.stock -= sold;
        season->cost +=
            shop->holding * (double)shop->position.stock + shop->shortage * (double)(asked - sold);
        season->asked += (double)asked;
        season->sold += (double)sold;
        expected += (double)shop->paths.mean[t] * shop->level;
    }
    double surprise = expected > 0 ? season->asked / expected - 1 : 0;
    double next = log(shop->level) * 0.98 + log(larger(1 + shop->gain * surprise, 0.2));
    shop->level = exp(smaller(larger(next, -1.2), 1.2));
    shop->review++;
}
