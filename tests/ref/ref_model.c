#include "tests/ref/ref_model.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

double ref_negbin_below(double mean, double variance, int64_t k)
{
    double size = mean * mean / (variance - mean), p = mean / variance, below = 0;
    for (int64_t x = 0; x <= k; x++) {
        double at = (double)x;
        int sign;
        double log_mass = lgamma_r(at + size, &sign) - lgamma_r(size, &sign) -
                          lgamma_r(at + 1, &sign) + size * log(p) + at * log1p(-p);
        below += exp(log_mass);
    }
    return below;
}

int64_t ref_negbin_quantile(double mean, double variance, double level)
{
    double size = mean * mean / (variance - mean), p = mean / variance, below = 0;
    for (int64_t x = 0;; x++) {
        double at = (double)x;
        int sign;
        below += exp(lgamma_r(at + size, &sign) - lgamma_r(size, &sign) - lgamma_r(at + 1, &sign) +
                     size * log(p) + at * log1p(-p));
        if (below >= level || x > 100000000) {
            return x;
        }
    }
}

static int ascending(const void *a, const void *b)
{
    float x, y;
    memcpy(&x, a, sizeof x);
    memcpy(&y, b, sizeof y);
    return (x > y) - (x < y);
}

double ref_quantile(const float *values, size_t n, double level)
{
    float *ordered = malloc(n * sizeof *ordered);
    if (!ordered) {
        return -1;
    }
    memcpy(ordered, values, n * sizeof *ordered);
    qsort(ordered, n, sizeof *ordered, ascending);
    double place = level * (double)(n - 1);
    size_t low = (size_t)place, high = low + 1 < n ? low + 1 : low;
    double found = (double)ordered[low] +
                   (place - (double)low) * ((double)ordered[high] - (double)ordered[low]);
    free(ordered);
    return found;
}

void ref_ewma(const double *values, const double *factors, size_t n, double rate, double *level,
              double *spread)
{
    double total = 0, share = 0, errors = 0, error_share = 0;
    for (size_t t = 0; t < n; t++) {
        double mean = share > 0 ? total / share : 0, error = values[t] - factors[t] * mean;
        if (share > 0) {
            errors = (1 - rate) * errors + rate * error * error;
            error_share = (1 - rate) * error_share + rate;
        }
        double first = share > 0 ? 0 : 1, fresh = (1 - rate) * share + rate;
        double gain = fmin(rate / fresh, 0.6 / fmax(factors[t], 1));
        total = fresh * (first > 0 ? values[t] : fmax(mean + gain * error, 0));
        share = fresh;
    }
    *level = share > 0 ? total / share : 0;
    *spread = error_share > 0 && *level > 0 ? errors / error_share / *level : 0;
}
