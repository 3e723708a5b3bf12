/* The learned policy beside the exact one on paper, at each close of a watched series. */
#include "config/base/ensure.h"
#include "config/base/hash.h"
#include "optimize/target.h"
#include "stream/decide_parts.h"

#include <math.h>

static const double LEAD_LEAST = 1, REVIEW_LEAST = 1;

static struct shadow_terms terms_of(const struct decide_input *in)
{
    const struct item_facts *facts = &in->facts;
    double slot_days = in->policy.slot_days, review = facts->review_days / slot_days;
    double lead = fmax(facts->lead_time_days / slot_days, LEAD_LEAST), margin;
    review = fmax(floor(review + 0.5), REVIEW_LEAST);
    margin = fmax(0, (double)facts->price - (double)facts->unit_cost);
    struct demand cycle;
    demand_at(&in->curve, lead + review, &cycle);
    double holding = (double)facts->unit_cost * facts->holding_cost_rate * slot_days / 365;
    double held = demand_spread(&cycle) + 0.5 * demand_mean(&in->curve, review);
    return (struct shadow_terms){
        .holding = holding,
        .shortage = facts->shortage_cost >= 0 ? (double)facts->shortage_cost : margin,
        .typical = fmax(held, 0.5) * review * holding,
        .review = (int64_t)review,
        .lead = (int64_t)floor(lead + 0.5)};
}

/* Drawn from the lead time's distribution by series and slot: no two runs differ. */
static int64_t lead_of(const struct decide_input *in, uint32_t series, int64_t slot)
{
    struct lead lead;
    double slot_days = in->policy.slot_days;
    lead_init(&lead, in->facts.lead_time_days / slot_days, in->facts.lead_time_sd_days / slot_days);
    const uint64_t seed[2] = {series, (uint64_t)slot};
    double u = (double)(hash_64(seed, sizeof seed, 0) >> 11) * 0x1p-53;
    int64_t slots = lead_quantile(&lead, u);
    return slots > 1 ? slots : 1;
}

static void order(const struct decide_input *in, const struct level_net *net, uint32_t series,
                  struct shadow *shadow)
{
    int64_t slots = lead_of(in, series, shadow->slot);
    for (int side = 0; side < SHADOW_SIDES; side++) {
        struct position position;
        struct policy_input policy = in->policy;
        struct decision decision;
        shadow_position(shadow, (enum shadow_side)side, policy.today, &position);
        policy.position = &position;
        policy.lift = side == SHADOW_LEARNED ? target_lift_of(net, &policy) : 0;
        policy_decide(&policy, &decision);
        shadow_order(shadow, (enum shadow_side)side, decision.quantity, slots);
    }
}

static struct shadow *shadow_of(struct shard *shard, uint32_t series, const struct decide_input *in,
                                const struct shadow_terms *terms)
{
    struct shadow *shadow = watch_find(shard->watch, series);
    struct target_look look;
    if (shadow || in->policy.calendar || !target_look(&in->policy, &look)) {
        return shadow;
    }
    shadow = watch_open(shard->watch, series);
    if (shadow) {
        shadow_open(shadow, in->policy.position->stock, terms);
    }
    return shadow;
}

void rival_close(struct shard *shard, uint32_t series, const struct decide_input *in,
                 enum forecast_class demand_class)
{
    struct shadow_terms terms = terms_of(in);
    struct shadow *shadow = shadow_of(shard, series, in, &terms);
    const struct tile *tile = shard_tile(shard, series);
    size_t cell =
        (size_t)tile_slot(shard->plan, tile->closed) * PLAN_TILE_SERIES + shard_row(series);
    uint8_t flags = ring_flags(tile->cells[cell]);
    if (!shadow || (flags & WINDOW_CENSORED & ~WINDOW_OUT_OF_STOCK)) {
        return;
    }
    int64_t asked = shard_cell(shard, series, tile->closed);
    if (flags & WINDOW_OUT_OF_STOCK) {
        /* To leave such days out would leave out those of large demand. */
        asked = (int64_t)fmax((double)asked, floor(demand_mean(&in->curve, 1) + 0.5));
    }
    struct shadow_result result;
    bool due = shadow_pass(shadow, asked, &terms, &result);
    if (due) {
        order(in, shard->plan->settings_ref->proposal.net_ref, series, shadow);
        watch_count(shard->watch, demand_class, &result);
    }
    watch_touch(shard->watch, series);
}
