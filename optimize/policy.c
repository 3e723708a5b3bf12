/* A decision in four steps: the outlook (what stock will meet what demand), the need by the policy,
 * whole packs within the supplier's and the goods' limits, and the same questions asked with and
 * without the order. The policies differ in the second step only:
 *
 *   base_stock  need = quantile of the demand over lead time + review - position (random lead time
 * mixed in) s_s         orders when the position is at or below s = that quantile, up to s + the
 * economic order quantity pil         lost sales: need such that the stock projected to the arrival
 * and the order cover the review period after it (projected inventory level, van Jaarsveld and
 * Arts; here with the distribution of the projected stock) newsvendor  spoils before the next
 * chance: what the goods' life can sell, at the ratio of margin and loss
 */
#include "optimize/policy.h"

#include "config/base/ensure.h"
#include "optimize/gauss.h"
#include "optimize/lead.h"
#include "optimize/outlook.h"

#include <math.h>
#include <string.h>

static const double QUANTITY_MOST = 1e15;
static const double SERVICE_LEAST = 0.5, SERVICE_MOST = 0.999, SERVICE_STANDARD = 0.95;

static const char *const POLICY_NAMES[POLICY_COUNT] = {"auto", "base_stock", "s_s",
                                                       "pil",  "newsvendor", "learned"};
static const char *const LIMIT_NAMES[LIMIT_COUNT] = {"none",          "pack",       "minimum_order",
                                                     "maximum_order", "shelf_life", "not_worth",
                                                     "rule",          "calendar"};

const char *policy_name(enum policy_kind policy)
{
    ASSERT(policy < POLICY_COUNT);
    return POLICY_NAMES[policy];
}

const char *policy_limit_name(enum policy_limit limit)
{
    ASSERT(limit < LIMIT_COUNT);
    return LIMIT_NAMES[limit];
}

/* Nearest whole number that a quantity may be; NaN is none. */
static int64_t whole(double value)
{
    return value > -QUANTITY_MOST ? (int64_t)floor(fmin(value, QUANTITY_MOST) + 0.5)
           : value == value       ? (int64_t)-QUANTITY_MOST
                                  : 0;
}

static int64_t whole_up(double value)
{
    return whole(
        ceil(value - 1e-9)); /* what rounding errors put above a whole number is that number */
}

/* ---- costs ---- */

struct costs { /* minor units */
    double holding; /* per unit and slot */
    double shortage; /* per unit */
    double order;
};

static struct costs costs_of(const struct item_facts *facts, double slot_days)
{
    double margin = fmax(0, (double)facts->price - (double)facts->unit_cost);
    return (struct costs){
        .holding = (double)facts->unit_cost * facts->holding_cost_rate * slot_days / 365,
        .shortage = facts->shortage_cost >= 0 ? (double)facts->shortage_cost : margin,
        .order = (double)facts->order_cost,
    };
}

static bool by_costs(const struct item_facts *facts, const struct policy_options *options)
{
    struct costs costs = costs_of(facts, 1);
    return !(facts->service_target > 0) && !(options->service_target > 0) && costs.holding > 0 &&
           costs.shortage > 0;
}

double policy_service(const struct item_facts *facts, const struct policy_options *options)
{
    double service = SERVICE_STANDARD;
    if (facts->service_target > 0) {
        service = facts->service_target;
    } else if (options->service_target > 0) {
        service = options->service_target;
    } else if (by_costs(facts, options)) {
        struct costs costs = costs_of(facts, 1);
        service = costs.shortage / (costs.shortage + costs.holding * facts->review_days);
    }
    service = fmin(fmax(service, SERVICE_LEAST), SERVICE_MOST);
    if (facts->service_shift != 0) {
        service = 1 / (1 + (1 / service - 1) * exp(-facts->service_shift));
        service = fmin(fmax(service, SERVICE_LEAST), SERVICE_MOST);
    }
    return service;
}

/* ---- whole packs ---- */

static int64_t packs_up(int64_t quantity, int64_t pack)
{
    return (quantity + pack - 1) / pack * pack;
}

int64_t policy_round(int64_t need, const struct item_facts *facts, int64_t shelf_units,
                     enum policy_limit *limit)
{
    int64_t pack = facts->pack > 1 ? facts->pack : 1;
    *limit = LIMIT_NONE;
    if (need <= 0) {
        return 0;
    }
    need = need > (int64_t)QUANTITY_MOST ? (int64_t)QUANTITY_MOST : need;
    int64_t least = facts->minimum_order > 0 ? packs_up(facts->minimum_order, pack) : pack;
    int64_t quantity = packs_up(need, pack);
    if (quantity < least) {
        quantity = least;
        *limit = LIMIT_MINIMUM;
    } else if (quantity != need) {
        *limit = LIMIT_PACK;
    }
    if (shelf_units >= 0 && quantity > shelf_units) {
        quantity = shelf_units / pack * pack;
        *limit = LIMIT_SHELF_LIFE;
    }
    if (facts->maximum_order > 0 && quantity > facts->maximum_order) {
        quantity = facts->maximum_order / pack * pack;
        *limit = LIMIT_MAXIMUM;
    }
    return quantity < least ? 0 : quantity;
}

/* ---- policies ---- */

struct work {
    const struct policy_input *in;
    struct costs costs;
    double review; /* slots */
    double shelf; /* slots; 0: none */
    double rate; /* mean demand of a slot */
    double level; /* stock wanted once an order has arrived */
    int64_t order_slot; /* first one in which the supplier takes orders */
    struct lead supplier_lead, lead;
    struct outlook outlook;
};

/* Everything but the outlook. */
static struct outlook_terms terms_of(struct work *work, const struct policy_input *in)
{
    const struct item_facts *facts = in->facts;
    work->in = in;
    work->costs = costs_of(facts, in->slot_days);
    work->shelf = facts->shelf_life_days / in->slot_days;
    struct supplier_clock clock = policy_clock(in);
    work->order_slot = supplier_order_slot(in->calendar, in->today, &clock);
    lead_init(&work->supplier_lead, facts->lead_time_days / in->slot_days,
              facts->lead_time_sd_days / in->slot_days);
    supplier_lead(in->calendar, &work->supplier_lead, &clock, &work->lead);
    work->review = supplier_review(in->calendar, &work->supplier_lead,
                                   fmax(facts->review_days / in->slot_days, 1), &clock);
    return (struct outlook_terms){.position = in->position,
                                  .curve = in->curve,
                                  .lead = &work->lead,
                                  .supplier_lead = &work->supplier_lead,
                                  .review = work->review,
                                  .today = in->today,
                                  .lost_sales = facts->lost_sales};
}

static void prepare(struct work *work, const struct policy_input *in)
{
    struct outlook_terms terms = terms_of(work, in);
    outlook_init(&work->outlook, &terms);
    double slots = lead_mean(&work->lead) + work->review;
    work->rate = work->outlook.cycle.mean / slots;
}

static enum policy_kind choose(const struct work *work)
{
    const struct item_facts *facts = work->in->facts;
    enum policy_kind asked = (enum policy_kind)work->in->options->policy;
    if (asked != POLICY_AUTO && asked != POLICY_LEARNED) {
        return asked;
    }
    if (work->shelf > 0 && work->shelf <= work->review) {
        return POLICY_NEWSVENDOR;
    }
    if (facts->order_cost > 0 && work->costs.holding > 0) {
        return POLICY_S_S;
    }
    return facts->lost_sales ? POLICY_PIL : POLICY_BASE_STOCK;
}

static double newsvendor_need(const struct work *work, double *service)
{
    const struct item_facts *facts = work->in->facts;
    if (by_costs(facts, work->in->options) && facts->unit_cost > 0) {
        double ratio =
            work->costs.shortage /
            (work->costs.shortage + (double)facts->unit_cost); /* what is left is worth nothing */
        *service = fmin(fmax(ratio, 0.05), SERVICE_MOST);
    }
    struct demand sold;
    double window = work->shelf > 0 ? fmin(work->shelf, work->review) : work->review;
    demand_between(work->in->curve, lead_mean(&work->lead), window, &sold);
    return demand_quantile(&sold, *service) - fmax(work->outlook.arrival_stock, 0);
}

/* Sets policy, target and reorder level, and returns the need (below zero: surplus). */
static int64_t ask_policy(const struct work *work, struct decision *out)
{
    const struct outlook *outlook = &work->outlook;
    out->policy = choose(work);
    if (out->policy == POLICY_PIL || out->policy == POLICY_NEWSVENDOR) {
        bool pil = out->policy == POLICY_PIL;
        double need = pil ? outlook_need(outlook, out->service_target) + work->in->lift
                          : newsvendor_need(work, &out->service_target);
        out->policy = pil && work->in->lift != 0 ? POLICY_LEARNED : out->policy;
        out->target = whole_up(need + outlook->arrival_stock);
        out->reorder_level = whole_up(need + outlook->position) - 1;
        return whole_up(need);
    }
    int64_t level = whole_up(demand_quantile(&outlook->cycle, out->service_target));
    int64_t position = whole(outlook->position);
    int64_t lot = 0;
    if (out->policy == POLICY_S_S && work->costs.holding > 0) {
        lot = whole(sqrt(2 * work->costs.order * work->rate / work->costs.holding));
    }
    out->target = level + lot;
    out->reorder_level = level - 1;
    return position < level ? out->target - position : level - position;
}

struct option_result {
    int64_t quantity;
    struct outlook_result result;
    double cost; /* expected, from the arrival on: the review period, and what is left after it
                    until it is sold */
    double soon; /* of it what arises within the review period */
};

static struct option_result try_quantity(const struct work *work, int64_t quantity)
{
    const struct outlook *outlook = &work->outlook;
    struct option_result out = {.quantity = quantity,
                                .result = outlook_with(outlook, (double)quantity)};
    double start = larger(0, outlook->arrival_stock) + (double)quantity;
    /* Slots-times-units at the ends of slots, with stock falling evenly. */
    double held = 0.5 * ((work->review - 1) * start + (work->review + 1) * out.result.left);
    out.soon = work->costs.holding * held + work->costs.shortage * out.result.lost +
               (quantity > 0 ? work->costs.order : 0);
    out.cost = out.soon + work->costs.holding *
                              outlook_excess(outlook, (double)quantity, work->level, work->rate);
    return out;
}

/* What the last unit up to `need` costs in the review period, where a learned level has other
 * reasons to want it. */
static double tilt_of(const struct work *work, int64_t need)
{
    if (work->in->lift == 0) {
        return 0;
    }
    int64_t width = whole_up(larger(1, 0.5 * fabs(work->in->lift)));
    int64_t low = need > width ? need - width : 1;
    return (try_quantity(work, low + 2 * width).soon - try_quantity(work, low).soon) /
           (2 * (double)width);
}

static int64_t shelf_units(const struct work *work)
{
    if (!(work->shelf > 0)) {
        return -1;
    }
    struct demand sold;
    demand_between(work->in->curve, lead_mean(&work->lead), work->shelf, &sold);
    double room = demand_quantile(&sold, 0.5) - fmax(work->outlook.arrival_stock, 0);
    /* The newsvendor chooses the quantity by the loss on what spoils; elsewhere nothing is ordered
     * to spoil. */
    return room > 0 ? whole(room) : 0;
}

/* Item facts with the largest order that the options allow. */
static struct item_facts limits_of(const struct work *work)
{
    struct item_facts facts = *work->in->facts;
    double days = work->in->options->max_cover_days;
    if (days > 0 && work->rate > 0) {
        int64_t most = whole(ceil(work->rate * days / work->in->slot_days));
        most = most < facts.pack ? facts.pack : most;
        facts.maximum_order =
            facts.maximum_order > 0 && facts.maximum_order < most ? facts.maximum_order : most;
    }
    return facts;
}

/* Between the two quantities around the need the cheaper one, where costs say what to aim at; the
 * upper one otherwise. A pack that is not ordered now can be ordered at the next review, and would
 * be held after that just as long: what decides is the review period alone (one step ahead is
 * optimal where waiting never becomes right again: Chow, Robbins 1961). */
static struct option_result constrain(const struct work *work, int64_t need,
                                      enum policy_kind policy, enum policy_limit *limit)
{
    struct item_facts facts = limits_of(work);
    int64_t quantity =
        policy_round(need, &facts, policy == POLICY_NEWSVENDOR ? -1 : shelf_units(work), limit);
    struct option_result upper = try_quantity(work, quantity);
    if (quantity < need || quantity == 0 || !by_costs(work->in->facts, work->in->options)) {
        return upper;
    }
    int64_t least =
        facts.minimum_order > facts.pack ? packs_up(facts.minimum_order, facts.pack) : facts.pack;
    struct option_result lower =
        try_quantity(work, quantity - facts.pack >= least ? quantity - facts.pack : 0);
    double tilt = tilt_of(work, need);
    if (lower.soon - tilt * (double)lower.quantity < upper.soon - tilt * (double)upper.quantity) {
        *limit = !lower.quantity ? LIMIT_NOT_WORTH : *limit == LIMIT_NONE ? LIMIT_PACK : *limit;
        return lower;
    }
    return upper;
}

/* ---- numbers that say why ---- */

/* How many slots the order may wait until the position no longer covers lead time + that wait at
 * the target. */
static int64_t slack(const struct work *work, double service)
{
    double lead = lead_mean(&work->lead);
    int64_t low = 0,
            high = (int64_t)ceil(work->review * 4) + 1; /* covered at low - 1, short at high */
    while (low < high) {
        int64_t middle = low + (high - low) / 2;
        struct demand total;
        demand_at(work->in->curve, lead + (double)middle, &total);
        if (demand_quantile(&total, service) > work->outlook.position) {
            high = middle;
        } else {
            low = middle + 1;
        }
    }
    return low > 0 ? low - 1 : 0;
}

static int64_t baseline_of(const struct work *work, double service)
{
    const struct outlook *outlook = &work->outlook;
    double level = outlook->cycle.mean + gauss_quantile(service) * demand_spread(&outlook->cycle);
    struct item_facts facts = limits_of(work);
    enum policy_limit limit;
    return policy_round(whole_up(level - outlook->position), &facts, -1, &limit);
}

static void explain(const struct work *work, const struct option_result *with, struct decision *out)
{
    static const double LEVELS[3] = {0.1, 0.5, 0.9};
    const struct policy_input *in = work->in;
    const struct outlook *outlook = &work->outlook;
    int64_t wait = slack(work, out->service_target);
    struct supplier_clock clock = policy_clock(in);
    out->order_by = supplier_last_order_slot(in->calendar, &work->supplier_lead, work->order_slot,
                                             work->order_slot + wait, &clock);
    for (int i = 0; i < 3; i++) {
        out->arrival[i] = in->today + lead_quantile(&work->lead, LEVELS[i]);
        out->demand[i] = whole(demand_quantile(&outlook->cycle, LEVELS[i]));
    }
    out->horizon = in->today + (int64_t)floor(lead_mean(&work->lead) + work->review + 0.5);
    out->safety_stock =
        whole(demand_quantile(&outlook->cycle, out->service_target) - outlook->cycle.mean);
    struct option_result without = with->quantity ? try_quantity(work, 0) : *with;
    out->stockout_without = without.result.stockout;
    out->stockout_with = with->result.stockout;
    out->lost_without = without.result.lost;
    out->lost_with = with->result.lost;
    out->cost_without = without.cost;
    out->cost_with = with->cost;
    out->overstock_with = with->result.left;
    out->cover_days = work->rate > 0
                          ? fmin(fmax(outlook->position, 0) / work->rate * in->slot_days, 36500)
                          : 36500;
    out->baseline = baseline_of(work, out->service_target);
}

bool policy_needs_nothing(const struct policy_input *in)
{
    struct work work;
    struct outlook_terms terms = terms_of(&work, in);
    enum policy_kind policy = choose(&work);
    if (policy == POLICY_NEWSVENDOR) { /* its service follows from other costs */
        return false;
    }
    double enough, service = policy_service(in->facts, in->options);
    if (policy == POLICY_PIL) {
        enough = outlook_enough(&terms, service);
    } else {
        struct demand cycle;
        outlook_cycle(&terms, &cycle);
        enough = demand_quantile(&cycle, service);
    }
    return (double)in->position->stock >= ceil(enough + in->lift);
}

/* Business rules have the last word. */
static void obey_rules(const struct work *work, struct option_result *with, struct decision *out)
{
    const struct rule_effect *effect = work->in->effect;
    if (!effect || with->quantity <= 0) {
        out->limit = out->rules.count ? LIMIT_RULE : out->limit;
        return;
    }
    int64_t allowed = rules_quantity(effect, with->quantity, work->in->facts, &out->rules);
    if (allowed != with->quantity) {
        *with = try_quantity(work, allowed);
        out->limit = LIMIT_RULE;
    }
}

bool policy_look(const struct policy_input *in, struct policy_look *out)
{
    struct work work;
    prepare(&work, in);
    out->service = policy_service(in->facts, in->options);
    if (choose(&work) != POLICY_PIL || !by_costs(in->facts, in->options)) {
        return false;
    }
    out->outlook = work.outlook;
    out->lead = work.lead;
    out->review = work.review;
    out->need = outlook_need(&work.outlook, out->service);
    return true;
}

void policy_decide(const struct policy_input *in, struct decision *out)
{
    ASSERT(in->slot_days > 0 && in->facts->pack >= 1);
    struct work work;
    prepare(&work, in);
    *out = (struct decision){.service_target = policy_service(in->facts, in->options),
                             .stock = in->position->stock,
                             .incoming = position_incoming(in->position),
                             .reserved = in->position->reserved};
    out->need = ask_policy(&work, out);
    work.level = (double)out->need + work.outlook.arrival_stock;
    int64_t need = in->effect ? rules_need(in->effect, out->need, &out->rules) : out->need;
    struct option_result with = constrain(&work, need, out->policy, &out->limit);
    obey_rules(&work, &with, out);
    out->quantity = with.quantity;
    if (out->quantity && out->limit == LIMIT_NONE && work.order_slot > in->today) {
        out->limit = LIMIT_CALENDAR;
    }
    explain(&work, &with, out);
}
