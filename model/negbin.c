#include "model/negbin.h"

#include "config/base/clones.h"
#include "model/fast.h"
#include "model/levels.h"

#include <math.h>
#include <stdbool.h>
#include <stddef.h>
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

/* Newton's method in log x, so that the tiny quantiles of small shapes are found as well, kept
 * between bounds. guess: of log x. */
static double gamma_quantile(double a, double level, double log_gamma, double guess)
{
    double low = -1e6, high = log(a + 40 * sqrt(a) + 40);
    double at = fmin(guess, high);
    for (int i = 0; i < 60; i++) {
        double x = exp(at), miss = gamma_below(a, x, log_gamma) - level;
        low = miss < 0 ? at : low;
        high = miss < 0 ? high : at;
        double next = at - miss / exp(a * at - x - log_gamma);
        if (!(next > low && next < high)) {
            next = low > -1e6 ? (low + high) / 2 : at - 1 / a;
        }
        if (fabs(next - at) < 1e-11) {
            break;
        }
        at = next;
    }
    return exp(at);
}

/* Standardised quantiles of the shape a; before: those of a shape a little smaller, or NULL. */
static void gamma_deviates(double a, const double *before, double deviate[FORECAST_LEVELS])
{
    int sign;
    double log_gamma = lgamma_r(a, &sign);
    for (int k = 0; k < FORECAST_LEVELS; k++) {
        double level = (double)forecast_levels[k];
        double guess = (log(level * a) + log_gamma) / a; /* first term of the series */
        double near = before ? a + before[k] * sqrt(a) : 0;
        if (a > 1 && near > 0) {
            guess = log(near);
        }
        deviate[k] = (gamma_quantile(a, level, log_gamma, guess) - a) / sqrt(a);
    }
}

void negbin_init(struct negbin_table *table)
{
    const double longest = 16384;
    double deviate[FORECAST_LEVELS];
    for (int row = 0; row < NEGBIN_ROWS; row++) {
        double a = exp2(NEGBIN_OCTAVES_LOW + (double)row / NEGBIN_PER_OCTAVE);
        /* Beyond a = 2^14 the series is long and the distribution normal but for its skewness:
         * Cornish-Fisher from there. */
        if (a <= longest) {
            gamma_deviates(a, row ? deviate : NULL, deviate);
        }
        double at = fmin(a, longest);
        for (int k = 0; k < FORECAST_LEVELS; k++) {
            double skewed = (deviate[k] * deviate[k] - 1) / 3;
            table->deviate[row][k] = (float)(deviate[k] + skewed * (1 / sqrt(a) - 1 / sqrt(at)));
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

CLONES void negbin_smooth(const struct negbin_table *table, float mean, float variance,
                          float *restrict q)
{
    float spread = fmaxf(variance / mean, NEGBIN_LEAST_SPREAD);
    float deviation = sqrtf(mean * spread);
    float twice = 2 * spread - 1;
    float shape = 4 * spread * mean / (twice * twice);
    float place = (log2f(shape) - NEGBIN_OCTAVES_LOW) * NEGBIN_PER_OCTAVE;
    place = fminf(fmaxf(place, 0), NEGBIN_ROWS - 1.001f);
    int row = (int)place;
    float share = place - (float)row;
    const float *restrict low = table->deviate[row], *restrict high = table->deviate[row + 1];
    for (int k = 0; k < FORECAST_LEVELS; k++) {
        q[k] = mean + deviation * (low[k] + share * (high[k] - low[k]));
    }
}

static void shifted_gamma(const struct negbin_table *table, float mean, float spread,
                          float *restrict q)
{
    negbin_smooth(table, mean, spread * mean, q);
    for (int k = 0; k < FORECAST_LEVELS; k++) {
        float count = ceilf(q[k] - 0.5f);
        q[k] = count > 0 ? count : 0;
    }
}

static const float NOT_ASKED = 2; /* more than any probability */

typedef float lanes __attribute__((vector_size(NEGBIN_LANES * sizeof(float))));
typedef int32_t marks __attribute__((vector_size(NEGBIN_LANES * sizeof(int32_t))));

/* Signs instead of comparisons: gcc 12 takes vectors of those apart. */
static inline __attribute__((always_inline)) bool any_below(const lanes *reached, float level)
{
    marks left = (marks)(*reached - level);
    uint64_t pairs[NEGBIN_LANES / 2], any = 0;
    memcpy(pairs, &left, sizeof pairs);
    for (int pair = 0; pair < NEGBIN_LANES / 2; pair++) {
        any |= pairs[pair];
    }
    return any & 0x8000000080000000U;
}

#define COUNT(k_) count[k_] -= (marks)(reached - forecast_levels[k_]) >> 31 /* -1 where below */

/* Counts that undercut each level, by the recurrence of exact(): [Q, NEGBIN_LANES]. A lane that has
 * not reached the last level after the last count keeps a reached below it. reached: the mass of
 * zero units at first, NOT_ASKED for a lane that is not. Levels that all lanes have reached are not
 * looked at any more: most counts lie in the upper tail. Vectors by hand: what gcc 12 makes of
 * plain loops is four times slower. */
CLONES static void count_up(const struct negbin_table *table, const float *restrict size_at,
                            const float *restrict shrink_at, float *restrict reached_at,
                            float *restrict counted)
{
    lanes mass, size, shrink, reached;
    marks count[FORECAST_LEVELS] = {0};
    memcpy(&size, size_at, sizeof size);
    memcpy(&shrink, shrink_at, sizeof shrink);
    memcpy(&reached, reached_at, sizeof reached);
    mass = reached; /* of a lane that is not asked it becomes 0 */
    int low = 0;
    for (int n = 0; n < NEGBIN_EXACT && low < FORECAST_LEVELS; n++) {
        switch (low) {
        case 0:
            COUNT(0); /* fall through */
        case 1:
            COUNT(1); /* fall through */
        case 2:
            COUNT(2); /* fall through */
        case 3:
            COUNT(3); /* fall through */
        case 4:
            COUNT(4); /* fall through */
        case 5:
            COUNT(5); /* fall through */
        case 6:
            COUNT(6); /* fall through */
        case 7:
            COUNT(7); /* fall through */
        case 8:
            COUNT(8); /* fall through */
        case 9:
            COUNT(9); /* fall through */
        case 10:
            COUNT(10); /* fall through */
        default:
            COUNT(11);
            break;
        }
        mass *= ((float)n + size) * table->reciprocal[n] * shrink;
        reached += mass;
        while (n % 2 && low < FORECAST_LEVELS && !any_below(&reached, forecast_levels[low])) {
            low++;
        }
    }
    memcpy(reached_at, &reached, sizeof reached);
    for (int k = 0; k < FORECAST_LEVELS; k++) {
        lanes row = __builtin_convertvector(count[k], lanes);
        memcpy(counted + (ptrdiff_t)k * NEGBIN_LANES, &row, sizeof row);
    }
}
#undef COUNT

/* Mass of zero units, size and 1 - 1 / spread of each lane; not asked where there is nothing to
 * sell, or so much that the last count would not be far enough. */
CLONES static void first_masses(const float *restrict mean, const float *restrict spread,
                                float *restrict mass, float *restrict size, float *restrict shrink)
{
    for (int lane = 0; lane < NEGBIN_LANES; lane++) {
        float over = spread[lane] - 1, m = mean[lane];
        size[lane] = m / over;
        shrink[lane] = over / spread[lane];
        float exponent = size[lane] * fast_log(spread[lane]);
        /* One lane that goes on to the last count, in vain, costs all of them. */
        float far = m + 3 * sqrtf(m * spread[lane]);
        int32_t ask = (m > 0) & (far < NEGBIN_EXACT) & (exponent < (float)EXPONENT_LIMIT);
        mass[lane] = ask ? fast_exp(-exponent) : NOT_ASKED;
        shrink[lane] = ask ? shrink[lane] : 0;
    }
}

void negbin_lanes(const struct negbin_table *table, const float *mean, const float *variance,
                  float *q)
{
    float size[NEGBIN_LANES], shrink[NEGBIN_LANES], reached[NEGBIN_LANES], spread[NEGBIN_LANES];
    for (int lane = 0; lane < NEGBIN_LANES; lane++) {
        float wide = mean[lane] > 0 ? variance[lane] / mean[lane] : 0;
        spread[lane] = wide > NEGBIN_LEAST_SPREAD ? wide : NEGBIN_LEAST_SPREAD;
    }
    first_masses(mean, spread, reached, size, shrink);
    count_up(table, size, shrink, reached, q);
    for (int lane = 0; lane < NEGBIN_LANES; lane++) {
        if (reached[lane] >= forecast_levels[LEVEL_P99] && reached[lane] < NOT_ASKED) {
            continue;
        }
        float row[FORECAST_LEVELS] = {0};
        if (mean[lane] > 0) {
            shifted_gamma(table, mean[lane], spread[lane], row);
        }
        for (int k = 0; k < FORECAST_LEVELS; k++) {
            q[k * NEGBIN_LANES + lane] = row[k];
        }
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
