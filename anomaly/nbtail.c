#include "anomaly/nbtail.h"

#include <math.h>

#define STIRLING_FROM 8.0
#define CF_TINY 1e-300
#define CF_CLOSE 1e-9
#define MOST_COUNT 1e12

enum { CF_STEPS = 400 };

/* ln Gamma(x), x > 0: below STIRLING_FROM by the recurrence upward. */
static double log_gamma(double x)
{
    double product = 1;
    while (x < STIRLING_FROM) {
        product *= x;
        x += 1;
    }
    double r = 1 / x, r2 = r * r;
    double series = r * (1.0 / 12 - r2 * (1.0 / 360 - r2 * (1.0 / 1260 - r2 * (1.0 / 1680))));
    return (x - 0.5) * log(x) - x + 0.91893853320467274178 + series -
           (product == 1.0 ? 0 : log(product));
}

static double away_from_zero(double x)
{
    return fabs(x) < CF_TINY ? CF_TINY : x;
}

/* The continued fraction of I_x(a, b), without its prefactor x^a (1-x)^b / (a B(a, b)). Converges
 * fast for x < (a + 1) / (a + b + 2). */
static double beta_fraction(double a, double b, double x)
{
    double c = 1, d = 1 / away_from_zero(1 - (a + b) * x / (a + 1)), value = d;
    for (int i = 1; i <= CF_STEPS; i++) {
        double m = i, even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m));
        d = 1 / away_from_zero(1 + even * d);
        c = away_from_zero(1 + even / c);
        value *= d * c;
        double odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1));
        d = 1 / away_from_zero(1 + odd * d);
        c = away_from_zero(1 + odd / c);
        value *= d * c;
        if (fabs(d * c - 1) < CF_CLOSE) {
            break;
        }
    }
    return value;
}

struct negbin {
    double k, q, log_p, log_q; /* size; q = mean / (mean + k) and p = 1 - q */
};

static struct negbin negbin_of(double mean, double spread)
{
    spread = fmax(spread, NBTAIL_LEAST_SPREAD);
    return (struct negbin){mean / (spread - 1), (spread - 1) / spread, -log(spread),
                           log((spread - 1) / spread)};
}

static double log_mass(const struct negbin *nb, double y)
{
    return log_gamma(y + nb->k) - log_gamma(nb->k) - log_gamma(y + 1) + nb->k * nb->log_p +
           y * nb->log_q;
}

/* Both tails in units of the mass at y; the one that is directly known, the other by its
 * complement. */
static void log_tails(double y, double mean, double spread, double *log_upper, double *log_lower)
{
    struct negbin nb = negbin_of(mean, spread);
    double mass = log_mass(&nb, y), a = y + 1, step = (y + nb.k) * nb.q;
    if (nb.q < (a + 1) / (a + nb.k + 2)) {
        *log_upper = mass + log(0.5 + step / a * beta_fraction(a, nb.k, nb.q));
        *log_lower = log1p(-fmin(exp(*log_upper), 1 - 1e-15));
    } else {
        *log_lower = mass + log(fmax(step / nb.k * beta_fraction(nb.k, a, 1 - nb.q) - 0.5, 0.5));
        *log_upper = log1p(-fmin(exp(*log_lower), 1 - 1e-15));
    }
}

double nbtail_log_zero(double mean, double spread)
{
    spread = fmax(spread, NBTAIL_LEAST_SPREAD);
    return -mean / (spread - 1) * log(spread);
}

double nbtail_log_upper(double y, double mean, double spread)
{
    double upper, lower;
    log_tails(y, mean, spread, &upper, &lower);
    return fmin(upper, 0);
}

double nbtail_log_lower(double y, double mean, double spread)
{
    if (y <= 0) {
        return nbtail_log_zero(mean, spread) - 0.69314718055994530942;
    }
    double upper, lower;
    log_tails(y, mean, spread, &upper, &lower);
    return fmin(lower, 0);
}

double nbtail_upper_bound(double log_p, double mean, double spread)
{
    double low = 0, high = ceil(mean) + 1;
    while (high < MOST_COUNT && nbtail_log_upper(high, mean, spread) > log_p) {
        low = high;
        high *= 2;
    }
    while (high - low > 1) {
        double middle = floor((low + high) / 2);
        if (nbtail_log_upper(middle, mean, spread) > log_p) {
            low = middle;
        } else {
            high = middle;
        }
    }
    return low;
}

double nbtail_lower_bound(double log_p, double mean, double spread)
{
    if (nbtail_log_lower(0, mean, spread) > log_p) {
        return 0;
    }
    double low = 0, high = ceil(mean) + 1;
    while (high - low > 1) {
        double middle = floor((low + high) / 2);
        if (nbtail_log_lower(middle, mean, spread) > log_p) {
            high = middle;
        } else {
            low = middle;
        }
    }
    return high;
}
