#include "tests/optimize/curve_fixture.h"

#include <math.h>

const float curve_levels[DEMAND_LEVELS] = {0.05F, 0.1F, 0.2F, 0.3F, 0.4F,  0.5F,
                                           0.6F,  0.7F, 0.8F, 0.9F, 0.95F, 0.99F};

double curve_poisson_above(double mean, int64_t x)
{
    double sum = 0;
    for (int64_t n = 0; n <= x; n++) {
        sum += exp((double)n * log(mean) - mean - lgamma((double)n + 1));
    }
    return fmax(0, 1 - sum);
}

/* All quantiles of one total, ascending: real x with P(D > x) = 1 - level on the line through the
 * whole numbers. */
static void poisson_quantiles(double mean, float *out)
{
    int64_t x = 0;
    double before = 0, term = exp(-mean), sum = term;
    for (int k = 0; k < DEMAND_LEVELS; k++) {
        while (sum < (double)curve_levels[k]) {
            before = sum;
            x++;
            sum += exp((double)x * log(mean) - mean - lgamma((double)x + 1));
        }
        double part = ((double)curve_levels[k] - before) / (sum - before);
        out[k] = (float)fmax(0, (double)x - 1 + part);
    }
}

struct demand_curve curve_poisson(double rate)
{
    static const float lengths[5] = {1, 3, 7, 14, 28};
    float means[5], quantiles[5 * DEMAND_LEVELS];
    for (int row = 0; row < 5; row++) {
        double mean = rate * (double)lengths[row];
        means[row] = (float)mean;
        poisson_quantiles(mean, quantiles + row * DEMAND_LEVELS);
    }
    struct demand_curve curve;
    demand_curve_init(&curve, curve_levels, 5, lengths, means, quantiles);
    return curve;
}

struct demand_curve curve_uniform(float low, float high)
{
    static const float lengths[3] = {1, 7, 14};
    float means[3], quantiles[3 * DEMAND_LEVELS];
    for (int row = 0; row < 3; row++) {
        means[row] = lengths[row] * 0.5F * (low + high);
        for (int k = 0; k < DEMAND_LEVELS; k++) {
            quantiles[row * DEMAND_LEVELS + k] =
                lengths[row] * (low + (high - low) * curve_levels[k]);
        }
    }
    struct demand_curve curve;
    demand_curve_init(&curve, curve_levels, 3, lengths, means, quantiles);
    return curve;
}
