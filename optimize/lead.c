#include "optimize/lead.h"

#include "config/base/ensure.h"

#include <math.h>

enum { LEAD_MOST = 3650 };

/* Middles of eight cells of chance, narrower towards late arrivals, which are what runs a shop dry.
 */
static const double CELL[LEAD_POINTS] = {0.1, 0.2, 0.2, 0.2, 0.15, 0.1, 0.04, 0.01};
static const double NORMAL[LEAD_POINTS] = {-1.6448536, -0.8416212, -0.2533471, 0.2533471,
                                           0.7554150,  1.2815516,  1.8807936,  2.5758293};

void lead_add(struct lead *lead, int64_t slots, double weight)
{
    if (lead->count && lead->slots[lead->count - 1] == slots) {
        lead->weight[lead->count - 1] += weight;
        return;
    }
    ASSERT(lead->count < LEAD_POINTS);
    lead->slots[lead->count] = slots;
    lead->weight[lead->count] = weight;
    lead->count++;
}

static void add_between(struct lead *lead, double mean)
{
    double whole = floor(mean);
    double part = mean - whole;
    if (part < 1e-9 || whole < 1) {
        lead_add(lead, (int64_t)fmax(1, floor(mean + 0.5)), 1);
        return;
    }
    lead_add(lead, (int64_t)whole, 1 - part);
    lead_add(lead, (int64_t)whole + 1, part);
}

void lead_init(struct lead *lead, double mean, double sd)
{
    lead->count = 0;
    mean = isfinite(mean) && mean > 0 ? fmin(mean, LEAD_MOST) : 0;
    sd = isfinite(sd) && sd > 0 ? fmin(sd, 2 * mean) : 0;
    if (!(mean > 0)) {
        lead_add(lead, 0, 1);
        return;
    }
    if (!(sd > 0)) {
        add_between(lead, mean);
        return;
    }
    /* Quantiles of a gamma distribution after Wilson and Hilferty (1931). */
    double ninth = sd * sd / (9 * mean * mean), root = sqrt(ninth);
    for (int i = 0; i < LEAD_POINTS; i++) {
        double cube = fmax(1 - ninth + NORMAL[i] * root, 0);
        double slots = floor(mean * cube * cube * cube + 0.5);
        lead_add(lead, (int64_t)fmin(fmax(slots, 1), LEAD_MOST), CELL[i]);
    }
}

void lead_remaining(const struct lead *lead, int64_t passed, struct lead *out)
{
    struct lead left = {0};
    double sum = 0;
    for (uint32_t i = 0; i < lead->count; i++) {
        if (lead->slots[i] >= passed) {
            sum += lead->weight[i];
            lead_add(&left, lead->slots[i] - passed, lead->weight[i]);
        }
    }
    if (left.count == 0) {
        int64_t more = (int64_t)floor(lead_mean(lead) / 4 + 0.5);
        lead_add(&left, more > 1 ? more : 1, 1);
        sum = 1;
    }
    for (uint32_t i = 0; i < left.count; i++) {
        left.weight[i] /= sum;
    }
    *out = left;
}

double lead_mean(const struct lead *lead)
{
    double mean = 0;
    for (uint32_t i = 0; i < lead->count; i++) {
        mean += lead->weight[i] * (double)lead->slots[i];
    }
    return mean;
}

int64_t lead_quantile(const struct lead *lead, double level)
{
    ASSERT(lead->count > 0);
    double sum = 0;
    for (uint32_t i = 0; i < lead->count; i++) {
        sum += lead->weight[i];
        if (sum >= level - 1e-12) {
            return lead->slots[i];
        }
    }
    return lead->slots[lead->count - 1];
}
