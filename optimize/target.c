#include "optimize/target.h"

#include <math.h>

static const double TARGET_MOST = 2; /* spreads */

/* Large values say no more than "large". */
static float bend(double x)
{
    return (float)(x / (1 + fabs(x) / 4));
}

static double spread_of_stock(const struct outlook *outlook, double *short_before)
{
    double square = 0;
    *short_before = 0;
    for (uint32_t i = 0; i < outlook->scenes; i++) {
        const struct outlook_scene *scene = outlook->scene + i;
        double off = scene->stock - outlook->arrival_stock;
        square += scene->weight * off * off;
        *short_before += scene->short_before ? scene->weight : 0;
    }
    return sqrt(square);
}

static double lead_sd(const struct lead *lead, double mean)
{
    double square = 0;
    for (uint32_t i = 0; i < lead->count; i++) {
        double off = (double)lead->slots[i] - mean;
        square += lead->weight[i] * off * off;
    }
    return sqrt(square);
}

bool target_look(const struct policy_input *in, struct target_look *out)
{
    struct policy_look look;
    if (!in->facts->lost_sales || !policy_look(in, &look)) {
        return false;
    }
    const struct outlook *outlook = &look.outlook;
    double lead = lead_mean(&look.lead), mean = outlook->after.mean, cycle = outlook->cycle.mean;
    double lot = larger((double)in->facts->minimum_order, (double)in->facts->pack);
    if (lead < 1 || !(mean > 0) || lot > larger(mean, 1)) {
        return false;
    }
    double spread = larger(demand_spread(&outlook->after), 0.05 * mean), short_before;
    double waver = spread_of_stock(outlook, &short_before);
    const struct item_facts *facts = in->facts;
    const double x[TARGET_INPUTS] = {
        log(look.service / (1 - look.service)) / 2 - 1,
        log(lead / look.review),
        lead_sd(&look.lead, lead) / lead * 2,
        log(look.review) - 1.5,
        log(spread / mean),
        log(larger(demand_spread(&outlook->cycle), 0.05 * cycle) / cycle),
        outlook->scene[outlook->scenes - 1].factor - 1,
        (double)facts->pack / mean,
        lot / mean,
        outlook->arrival_stock / mean,
        waver / spread,
        short_before,
        (double)in->position->stock / cycle,
        outlook->incoming / cycle,
        look.need / spread,
        log(mean) / 2,
    };
    for (int i = 0; i < TARGET_INPUTS; i++) {
        out->x[i] = bend(x[i]);
    }
    out->scale = spread;
    out->stock_kept = 1 - short_before;
    out->mean = mean;
    out->cycle = cycle;
    return true;
}

double target_bound(double y, double *slope)
{
    double t = tanh(y / TARGET_MOST);
    *slope = 1 - t * t;
    return TARGET_MOST * t;
}

double target_lift(const struct level_net *net, const struct target_look *look)
{
    double slope;
    return look->scale * target_bound((double)level_net_one(net, look->x), &slope);
}

double target_lift_of(const struct level_net *net, const struct policy_input *in)
{
    struct target_look look;
    return net && target_look(in, &look) ? target_lift(net, &look) : 0;
}
