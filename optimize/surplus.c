#include "optimize/surplus.h"

#include "config/base/ensure.h"

#include <math.h>

static const double COVER_MOST = 3650;

void surplus_assess(const struct policy_input *in, double horizon_days, struct surplus *out)
{
    ASSERT(horizon_days > 0 && in->slot_days > 0);
    double shelf = in->facts->shelf_life_days;
    double days = shelf > 0 && shelf < horizon_days ? shelf : horizon_days;
    double coming = (double)position_incoming(in->position);
    double here = fmax((double)in->position->stock, 0);
    *out = (struct surplus){.horizon_days = days};
    if (!(here + coming > 0)) {
        return;
    }
    struct demand demand;
    demand_at(in->curve, days / in->slot_days, &demand);
    double shortfall, above = demand_beyond(&demand, here + coming, &shortfall);
    double mean = demand_shortfall(&demand, 0), rate = mean / days;
    out->probability = 1 - above;
    out->units = fmax(here + coming - mean + shortfall, 0);
    out->on_order = fmin(out->units, coming);
    out->cover_days = rate > 0 ? fmin((here + coming) / rate, COVER_MOST) : COVER_MOST;
    out->money = out->units * (double)(in->facts->unit_cost > 0 ? in->facts->unit_cost : 0);
}
