#include "optimize/plan_core.h"

#include <math.h>

static const double SHORTAGE_UNITS =
    1e6; /* the shortage cost of one unit, so that costs are whole numbers */
static const double UNIT_COST = 1e6; /* only its product with the rate matters */

const char *plan_core_check(const struct plan_terms *terms)
{
    const double numbers[] = {terms->lead_time,    terms->lead_time_sd,  terms->review,
                              terms->holding_cost, terms->shortage_cost, terms->order_cost};
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
        if (!isfinite(numbers[i]) || numbers[i] < 0 || numbers[i] > 1e12) {
            return "expected numbers from 0 to 1e12";
        }
    }
    if (!(terms->review > 0) || terms->lead_time > 3650 || terms->lead_time_sd > 3650 ||
        terms->review > 3650) {
        return "expected a review above 0 and times of at most 3650 buckets";
    }
    if (!(terms->shortage_cost > 0)) {
        return "expected a shortage_cost above 0: without it nothing is worth ordering";
    }
    if (terms->pack < 1 || terms->pack > 1000000000 || terms->minimum_order < 0 ||
        terms->minimum_order > 1000000000000) {
        return "expected a pack of at least 1 and a minimum_order of at least 0";
    }
    return NULL;
}

/* Live, a freeze leaves a proposal as it is. Where each call decides anew there is none to leave.
 */
static void stand_still(const struct rule_effect *effect, struct decision *out)
{
    out->quantity = 0;
    out->limit = LIMIT_RULE;
    out->stockout_with = out->stockout_without;
    out->lost_with = out->lost_without;
    out->cost_with = out->cost_without;
    out->rules = (struct rule_hits){1, {(uint16_t)(effect->by[RULE_FREEZE] - 1)}};
}

void plan_core_decide(const struct plan_terms *terms, const struct position *position,
                      const struct demand_curve *curve, int64_t today, double service_shift,
                      struct decision *out)
{
    double scale = SHORTAGE_UNITS / terms->shortage_cost;
    struct item_facts facts = {
        .lead_time_days = terms->lead_time,
        .lead_time_sd_days = terms->lead_time_sd,
        .review_days = terms->review,
        .holding_cost_rate = terms->holding_cost * scale * 365 / UNIT_COST,
        .unit_cost = (int64_t)UNIT_COST,
        .shortage_cost = (int64_t)(SHORTAGE_UNITS * exp(service_shift)),
        .order_cost = (int64_t)fmin(terms->order_cost * scale, 1e15),
        .minimum_order = terms->minimum_order,
        .pack = terms->pack,
        .lost_sales = terms->lost_sales,
    };
    struct policy_options options = {.stockout_threshold = 0.5};
    struct policy_input in = {.position = position,
                              .curve = curve,
                              .facts = &facts,
                              .options = &options,
                              .effect = terms->effect,
                              .today = today,
                              .today_day = today,
                              .slot_days = 1};
    in.lift = target_lift_of(terms->net, &in);
    policy_decide(&in, out);
    if (terms->effect && terms->effect->freeze && out->need > 0) {
        stand_still(terms->effect, out);
    }
}
