#include "model/negbin.h"

#include "model/levels.h"

#include <math.h>
#include <stdbool.h>
#include <string.h>

static const double EXPONENT_LIMIT = 80; /* exp(-80) is still a normal float */

/* Regularised lower incomplete gamma function P(a, x): series below a + 1, continued fraction above
 * (Numerical Recipes 6.2). */
static double gamma_below(double a, double x, double log_gamma)
{
    if (x <= 0) {
        return 0;
    }
    double front = exp(a * log(x) - x - log_gamma);
    if (x < a + 1) {
        double term = 1 / a, sum = term;
        for (int n = 1; n < 10000 && term > sum * 1e-10; n++) {
            term *= x / (a + n);
            sum += term;
        }
        return front * sum;
    }
    double b = x + 1 - a, c = 1e300, d = 1 / b, h = d;
    for (int n = 1; n < 10000; n++) {
        double an = -n * (n - a);
        b += 2;
        d = 1 / (an * d + b);
        c = b + an / c;
        h *= d * c;
        if (fabs(d * c - 1) < 1e-10) {
            break;
        }
    }
    return 1 - front * h;
}

/* Bisection in log x, so that the tiny quantiles of small shapes are found as well. */
static double gamma_quantile(double a, double level)
{
    int sign;
    double log_gamma = lgamma_r(a, &sign);
    double low = -700, high = log(a + 40 * sqrt(a) + 40);
    for (int i = 0; i < 36; i++) {
        double middle = (low + high) / 2;
        if (gamma_below(a, exp(middle), log_gamma) < level) {
            low = middle;
        } else {
            high = middle;
        }
    }
    return exp(high);
}

void negbin_init(struct negbin_table *table)
{
    for (int row = 0; row < NEGBIN_ROWS; row++) {
        double a = exp2(NEGBIN_OCTAVES_LOW + (double)row / NEGBIN_PER_OCTAVE);
        for (int k = 0; k < FORECAST_LEVELS; k++) {
            /* Beyond a = 2^14 the series is long and the distribution normal but for its skewness:
             * Cornish-Fisher from there. */
            double at = a < 16384 ? a : 16384;
            double deviate = (gamma_quantile(at, (double)forecast_levels[k]) - at) / sqrt(at);
            double skewed = (deviate * deviate - 1) / 3;
            table->deviate[row][k] = (float)(deviate + skewed * (1 / sqrt(a) - 1 / sqrt(at)));
        }
    }
    for (int count = 0; count <= NEGBIN_EXACT; count++) {
        table->reciprocal[count] = 1.0f / (float)(count + 1);
    }
}

/* False where the levels are not reached within the counts of the table. */
static bool exact(const struct negbin_table *table, double mass, double size, double shrink,
                  float *q)
{
    double reached = mass;
    int count = 0;
    for (int k = 0; k < FORECAST_LEVELS; k++) {
        while (reached < (double)forecast_levels[k]) {
            if (count == NEGBIN_EXACT) {
                return false;
            }
            mass *= (count + size) * (double)table->reciprocal[count] * shrink;
            reached += mass;
            count++;
        }
        q[k] = (float)count;
    }
    return true;
}

static void shifted_gamma(const struct negbin_table *table, float mean, float spread,
                          float *restrict q)
{
    float deviation = sqrtf(mean * spread);
    float twice = 2 * spread - 1;
    float shape = 4 * spread * mean / (twice * twice);
    float place = (log2f(shape) - NEGBIN_OCTAVES_LOW) * NEGBIN_PER_OCTAVE;
    place = fminf(fmaxf(place, 0), NEGBIN_ROWS - 1.001f);
    int row = (int)place;
    float share = place - (float)row;
    const float *restrict low = table->deviate[row], *restrict high = table->deviate[row + 1];
    for (int k = 0; k < FORECAST_LEVELS; k++) {
        float x = mean + deviation * (low[k] + share * (high[k] - low[k]));
        q[k] = fmaxf(0, ceilf(x - 0.5f));
    }
}

void negbin_quantiles(const struct negbin_table *table, float mean, float variance, float *q)
{
    if (!(mean > 0)) {
        memset(q, 0, FORECAST_LEVELS * sizeof *q);
        return;
    }
    float spread = fmaxf(variance / mean, NEGBIN_LEAST_SPREAD);
    if (mean < NEGBIN_EXACT) {
        double size = (double)mean / ((double)spread - 1);
        double exponent = size * log((double)spread);
        if (exponent < EXPONENT_LIMIT &&
            exact(table, exp(-exponent), size, 1 - 1 / (double)spread, q)) {
            return;
        }
    }
    shifted_gamma(table, mean, spread, q);
}
