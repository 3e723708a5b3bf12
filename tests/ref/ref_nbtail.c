#include "tests/ref/ref_nbtail.h"

#include <math.h>

static double log_mass(int y, double mean, double spread)
{
    double k = mean / (spread - 1);
    return lgamma(y + k) - lgamma(k) - lgamma(y + 1.0) - k * log(spread) +
           y * log((spread - 1) / spread);
}

double ref_nbtail_log_upper(int y, double mean, double spread)
{
    double top = log_mass(y, mean, spread), sum = 0.5;
    for (int j = y + 1; j < y + 4000000; j++) {
        double term = exp(log_mass(j, mean, spread) - top);
        sum += term;
        if (term < 1e-12 * sum && j > mean) {
            break;
        }
    }
    return top + log(sum);
}

double ref_nbtail_log_lower(int y, double mean, double spread)
{
    double sum = 0.5, top = log_mass(y, mean, spread);
    for (int j = 0; j < y; j++) {
        sum += exp(log_mass(j, mean, spread) - top);
    }
    return top + log(sum);
}
