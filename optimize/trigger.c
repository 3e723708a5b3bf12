#include "optimize/trigger.h"

#include "optimize/lead.h"
#include "optimize/outlook.h"

#include <math.h>

/* The next possible receipt: the open supply that comes first, or an order placed as soon as the
 * supplier takes one. */
static bool next_receipt(const struct policy_input *in, struct lead *next)
{
    struct lead supplier;
    lead_init(&supplier, in->facts->lead_time_days / in->slot_days,
              in->facts->lead_time_sd_days / in->slot_days);
    struct supplier_clock clock = policy_clock(in);
    supplier_lead(in->calendar, &supplier, &clock, next);
    int64_t earliest = lead_quantile(next, 0.5);
    bool open = false;
    for (size_t i = 0; i < in->position->supplies; i++) {
        const struct supply *supply = in->position->supply + i;
        int64_t slots = outlook_arrival(supply, &supplier, in->today);
        if (slots > earliest) {
            continue;
        }
        earliest = slots;
        open = true;
        if (supply->uncertain && in->today >= supply->ordered) {
            lead_remaining(&supplier, in->today - supply->ordered, next);
        } else {
            *next = (struct lead){.count = 1, .slots = {slots}, .weight = {1}};
        }
    }
    return open;
}

static void demand_until(const struct policy_input *in, const struct lead *next, struct demand *out)
{
    struct demand parts[LEAD_POINTS];
    for (uint32_t i = 0; i < next->count; i++) {
        /* A receipt due today is still to come, and nothing lies between in the forecast: count the
         * slot that runs. */
        demand_at(in->curve, fmax((double)next->slots[i], 1), parts + i);
    }
    demand_mix(parts, next->weight, next->count, out);
}

int64_t trigger_level(const struct policy_input *in)
{
    struct lead next;
    struct demand until;
    next_receipt(in, &next);
    demand_until(in, &next, &until);
    if (!(until.mean > 0)) {
        return TRIGGER_NEVER;
    }
    double threshold = fmin(fmax(in->options->stockout_threshold, 1e-6), 1);
    double quantile = fmin(demand_quantile(&until, 1 - threshold), 1e15);
    int64_t level = (int64_t)floor(quantile);
    while (level > 0 && demand_above(&until, (double)level) < threshold) {
        level--; /* rounding at a knot */
    }
    return level > 0 ? level : 0;
}

/* First slot t with P(demand of t slots > stock) >= level, INT64_MAX beyond four times the longest
 * forecast. */
static int64_t out_by(const struct policy_input *in, double level)
{
    if (in->curve->rows == 0) {
        return INT64_MAX;
    }
    int64_t low = 1, high = (int64_t)ceil(in->curve->length[in->curve->rows - 1] * 4) + 1;
    const int64_t end = high;
    while (low < high) {
        int64_t middle = low + (high - low) / 2;
        struct demand total;
        demand_at(in->curve, (double)middle, &total);
        if (demand_above(&total, (double)in->position->stock) >= level) {
            high = middle;
        } else {
            low = middle + 1;
        }
    }
    return low < end ? in->today + low - 1 : INT64_MAX;
}

void trigger_assess(const struct policy_input *in, struct stockout_risk *out)
{
    static const double LEVELS[3] = {0.1, 0.5, 0.9};
    struct lead next, supplier;
    struct demand until;
    out->supply_open = next_receipt(in, &next);
    demand_until(in, &next, &until);
    double stock = (double)(in->position->stock > 0 ? in->position->stock : 0);
    out->probability = in->position->stock < 0 ? 1 : demand_above(&until, stock);
    out->lost_units = demand_shortfall(&until, stock);
    int64_t price = in->facts->shortage_cost >= 0 ? in->facts->shortage_cost
                                                  : in->facts->price - in->facts->unit_cost;
    out->money = out->lost_units * (double)(price > 0 ? price : 0);
    for (int i = 0; i < 3; i++) {
        out->receipt[i] = in->today + lead_quantile(&next, LEVELS[i]);
        out->stockout[i] = out_by(in, LEVELS[i]);
    }
    lead_init(&supplier, in->facts->lead_time_days / in->slot_days,
              in->facts->lead_time_sd_days / in->slot_days);
    out->order_by = out->stockout[1] == INT64_MAX
                        ? INT64_MAX
                        : out->stockout[1] - lead_quantile(&supplier, 0.5);
}
