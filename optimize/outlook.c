#include "optimize/outlook.h"

#include "config/base/ensure.h"

#include <math.h>

/* Middles and weights of the cells of demand levels, with the normal deviates that belong to them.
 */
static const double LEVEL[OUTLOOK_LEVELS] = {0.05, 0.2, 0.4, 0.6, 0.775, 0.9, 0.975};
static const double LEVEL_WEIGHT[OUTLOOK_LEVELS] = {0.1, 0.2, 0.2, 0.2, 0.15, 0.1, 0.05};
static const double LEVEL_NORMAL[OUTLOOK_LEVELS] = {-1.6448536, -0.8416212, -0.2533471, 0.2533471,
                                                    0.7554150,  1.2815516,  1.9599640};
static const double LEAD_SHARE[OUTLOOK_LEADS] = {0.3, 0.4, 0.2, 0.1};

enum { MOST_COMMON_PERCENT = 60 };

struct arrival {
    int64_t slots;
    double quantity;
    double demand[OUTLOOK_LEVELS]; /* from now to the arrival, per level */
};

struct path {
    struct arrival arrival[POSITION_SUPPLIES];
    size_t arrivals; /* ascending */
};

int64_t outlook_arrival(const struct supply *supply, const struct lead *supplier_lead,
                        int64_t today)
{
    if (supply->expected >= today) {
        return supply->expected - today;
    }
    int64_t passed = today - supply->ordered;
    struct lead left;
    lead_remaining(supplier_lead, passed > 0 ? passed : 0, &left);
    return lead_quantile(&left, 0.5);
}

static void levels_of_total(const struct demand_curve *curve, double slots,
                            double out[OUTLOOK_LEVELS])
{
    struct demand total;
    demand_at(curve, slots, &total);
    for (int u = 0; u < OUTLOOK_LEVELS; u++) {
        out[u] = demand_quantile(&total, LEVEL[u]);
    }
}

static void path_init(struct path *path, const struct outlook_terms *terms)
{
    path->arrivals = 0;
    for (size_t i = 0; i < terms->position->supplies; i++) {
        const struct supply *supply = terms->position->supply + i;
        struct arrival next = {.slots = outlook_arrival(supply, terms->supplier_lead, terms->today),
                               .quantity = (double)supply->quantity};
        size_t at = path->arrivals++;
        for (; at > 0 && path->arrival[at - 1].slots > next.slots; at--) {
            path->arrival[at] = path->arrival[at - 1];
        }
        path->arrival[at] = next;
    }
    for (size_t i = 0; i < path->arrivals; i++) {
        levels_of_total(terms->curve, (double)path->arrival[i].slots, path->arrival[i].demand);
    }
}

/* The lead time in at most OUTLOOK_LEADS points: exact where it has no more, else the means of
 * groups. */
static uint32_t group_leads(const struct lead *lead, double slots[OUTLOOK_LEADS],
                            double weights[OUTLOOK_LEADS])
{
    if (lead->count <= OUTLOOK_LEADS) {
        for (uint32_t i = 0; i < lead->count; i++) {
            slots[i] = (double)lead->slots[i];
            weights[i] = lead->weight[i];
        }
        return lead->count;
    }
    double rest = lead->weight[0];
    uint32_t at = 0;
    for (uint32_t group = 0; group < OUTLOOK_LEADS; group++) {
        double open = LEAD_SHARE[group], sum = 0;
        while (open > 1e-9 && at < lead->count) {
            double taken = smaller(open, rest);
            sum += taken * (double)lead->slots[at];
            open -= taken;
            rest -= taken;
            if (rest <= 1e-12) {
                at++;
                rest = at < lead->count ? lead->weight[at] : 0;
            }
        }
        weights[group] = LEAD_SHARE[group];
        slots[group] = sum / larger(LEAD_SHARE[group] - open, 1e-9);
    }
    return OUTLOOK_LEADS;
}

static void sell(struct outlook_scene *scene, double demand, bool lost_sales)
{
    double short_units = larger(0, demand - larger(scene->stock, 0));
    scene->lost += short_units;
    scene->short_before = scene->short_before || short_units > 0;
    scene->stock -= lost_sales ? demand - short_units : demand;
}

static struct outlook_scene play(const struct outlook_terms *terms, const struct path *path,
                                 double lead, int level, double until_arrival)
{
    struct outlook_scene scene = {.stock = (double)terms->position->stock, .factor = 1};
    double sold_to = 0;
    size_t i = 0;
    for (; i < path->arrivals && (double)path->arrival[i].slots <= lead; i++) {
        sell(&scene, path->arrival[i].demand[level] - sold_to, terms->lost_sales);
        sold_to = path->arrival[i].demand[level];
        scene.stock += path->arrival[i].quantity;
    }
    sell(&scene, larger(0, until_arrival - sold_to), terms->lost_sales);
    for (; i < path->arrivals && (double)path->arrival[i].slots <= lead + terms->review; i++) {
        scene.stock += path->arrival[i].quantity;
    }
    return scene;
}

/* How far the errors before and after the arrival go together: from the spreads of both parts and
 * of their sum. */
static double common_part(const struct demand_curve *curve, double lead, double review,
                          const struct demand *after)
{
    if (!(lead > 0) || !(after->mean > 0)) {
        return 0;
    }
    struct demand before, both;
    demand_at(curve, lead, &before);
    demand_at(curve, lead + review, &both);
    double a = demand_spread(&before), b = demand_spread(after), c = demand_spread(&both);
    if (!(a > 0) || !(b > 0)) {
        return 0;
    }
    double share = (c * c - a * a - b * b) / (2 * a * b);
    return smaller(larger(share, 0), MOST_COMMON_PERCENT / 100.0) * b / after->mean;
}

void outlook_cycle(const struct outlook_terms *terms, struct demand *cycle)
{
    struct demand parts[LEAD_POINTS];
    for (uint32_t i = 0; i < terms->lead->count; i++) {
        demand_at(terms->curve, (double)terms->lead->slots[i] + terms->review, parts + i);
    }
    demand_mix(parts, terms->lead->weight, terms->lead->count, cycle);
}

void outlook_init(struct outlook *outlook, const struct outlook_terms *terms)
{
    DEBUG_ASSERT(terms->review > 0);
    struct path path;
    path_init(&path, terms);
    double slots[OUTLOOK_LEADS], weights[OUTLOOK_LEADS];
    uint32_t leads = group_leads(terms->lead, slots, weights);
    double mean_lead = lead_mean(terms->lead);
    outlook_cycle(terms, &outlook->cycle);
    demand_between(terms->curve, mean_lead, terms->review, &outlook->after);
    double common = common_part(terms->curve, mean_lead, terms->review, &outlook->after);
    outlook->review = terms->review;
    outlook->incoming = 0;
    for (size_t i = 0; i < path.arrivals; i++) {
        bool in_time = (double)path.arrival[i].slots <= mean_lead + terms->review;
        outlook->incoming += in_time ? path.arrival[i].quantity : 0;
    }
    outlook->position = (double)terms->position->stock + outlook->incoming;
    outlook->scenes = 0;
    outlook->arrival_stock = 0;
    for (uint32_t i = 0; i < leads; i++) {
        double until_arrival[OUTLOOK_LEVELS];
        levels_of_total(terms->curve, slots[i], until_arrival);
        for (int u = 0; u < OUTLOOK_LEVELS; u++) {
            struct outlook_scene scene = play(terms, &path, slots[i], u, until_arrival[u]);
            scene.weight = weights[i] * LEVEL_WEIGHT[u];
            scene.factor = larger(0.2, 1 + common * LEVEL_NORMAL[u]);
            outlook->arrival_stock += scene.weight * scene.stock;
            outlook->scene[outlook->scenes++] = scene;
        }
    }
}

double outlook_enough(const struct outlook_terms *terms, double service)
{
    /* Every scene has at least the stock less the highest level of demand over the longest lead
     * time, and its factor is at most that of the highest level with errors wholly in common. */
    const int worst = OUTLOOK_LEVELS - 1;
    struct demand before, after;
    demand_at(terms->curve, (double)terms->lead->slots[terms->lead->count - 1], &before);
    demand_between(terms->curve, lead_mean(terms->lead), terms->review, &after);
    double common =
        after.mean > 0 ? MOST_COMMON_PERCENT / 100.0 * demand_spread(&after) / after.mean : 0;
    return demand_quantile(&before, LEVEL[worst]) +
           (1 + common * LEVEL_NORMAL[worst]) * demand_quantile(&after, service);
}

/* Is the chance to run short after `quantity` above `allowed`? */
static bool short_too_often(const struct outlook *outlook, double quantity, double allowed)
{
    double sum = 0;
    for (uint32_t i = 0; i < outlook->scenes && sum <= allowed; i++) {
        const struct outlook_scene *scene = outlook->scene + i;
        sum += scene->weight *
               demand_above(&outlook->after, (quantity + scene->stock) / scene->factor);
    }
    return sum > allowed;
}

double outlook_need(const struct outlook *outlook, double service)
{
    double most = demand_quantile(&outlook->after, service);
    double low = INFINITY, high = -INFINITY, allowed = 1 - service;
    for (uint32_t i = 0; i < outlook->scenes; i++) {
        double alone = outlook->scene[i].factor * most - outlook->scene[i].stock;
        low = smaller(low, alone);
        high = larger(high, alone);
    }
    /* The chance falls in the quantity: at `high` every scene is served, at `low` none too well. */
    for (int round = 0; round < 40 && high - low > 0.25 + 1e-3 * fabs(high); round++) {
        double middle = 0.5 * (low + high);
        if (short_too_often(outlook, middle, allowed)) {
            low = middle;
        } else {
            high = middle;
        }
    }
    return high;
}

struct outlook_result outlook_with(const struct outlook *outlook, double quantity)
{
    struct outlook_result sum = {0};
    double mean = demand_shortfall(&outlook->after, 0);
    for (uint32_t i = 0; i < outlook->scenes; i++) {
        const struct outlook_scene *scene = outlook->scene + i;
        double cover = quantity + scene->stock,
               shortfall; /* what is owed from before is below zero there */
        double held = larger(cover, 0);
        double above = demand_beyond(&outlook->after, held / scene->factor, &shortfall);
        sum.stockout += scene->weight * (scene->short_before || cover < 0 ? 1 : above);
        sum.lost += scene->weight * (scene->lost + scene->factor * shortfall);
        sum.after_lost += scene->weight * scene->factor * shortfall;
        sum.left += scene->weight * (held - scene->factor * (mean - shortfall));
    }
    sum.stockout = smaller(sum.stockout, 1);
    sum.left = larger(sum.left, 0);
    return sum;
}

double outlook_excess(const struct outlook *outlook, double quantity, double target, double rate)
{
    double sum = 0, mean = demand_shortfall(&outlook->after, 0), review = outlook->review;
    for (uint32_t i = 0; i < outlook->scenes; i++) {
        const struct outlook_scene *scene = outlook->scene + i;
        double excess = quantity + scene->stock - scene->factor * mean - target;
        if (excess > 0) {
            /* Gone after the next period, or drained at the rate of demand over many. */
            double slots = rate > 0 ? smaller(0.5 * review + 0.5 * excess / rate, 365) : 365;
            sum += scene->weight * excess * larger(slots, review);
        }
    }
    return sum;
}
