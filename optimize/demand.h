/* Distribution of the total demand over the next t slots, from the forecaster's rows.
 *
 * A slot is the unit of decisions: a day, or a week where the bucket is a week. A curve holds rows
 * "total of the next n slots" (mean and quantiles at the forecaster's levels); demand_at
 * interpolates between them, so that any lead time has its distribution.
 *
 *     struct demand_curve curve;
 *     demand_curve_init(&curve, levels, 4, (float[]){1, 7, 14, 28}, means, quantiles);   //
 * quantiles [4, DEMAND_LEVELS] struct demand demand; demand_at(&curve, 17.0, &demand); double p =
 * demand_above(&demand, stock);          // P(D > stock)
 *
 * Between the levels a quantile function is linear in probability; above the highest level it has
 * an exponential tail fitted to the last two, below the lowest it goes down linearly, never under
 * zero. Pure, no allocation; a query costs some 10 ns, demand_at 50.
 */
#ifndef RESTOCK_DEMAND_H
#define RESTOCK_DEMAND_H

#include <stddef.h>
#include <stdint.h>

enum { DEMAND_LEVELS = 12, DEMAND_ROWS_MAX = 16 };

struct demand_curve {
    uint32_t rows; /* 0: nothing is known, every distribution is 0 */
    double levels[DEMAND_LEVELS]; /* ascending, inside (0, 1) */
    double length[DEMAND_ROWS_MAX]; /* slots, ascending */
    double mean[DEMAND_ROWS_MAX];
    double tail_step; /* ln of how much rarer the last level is than the one before */
    double growth; /* spread beyond the last row ~ length to this power */
    double quantiles[DEMAND_ROWS_MAX][DEMAND_LEVELS]; /* ascending in both directions */
};

/* As fmax and fmin for numbers that are finite, without the call. */
static inline double larger(double a, double b)
{
    return a > b ? a : b;
}

static inline double smaller(double a, double b)
{
    return a < b ? a : b;
}

/* One distribution: knots of the quantile function. x[0] is the least value (level 0), x[k + 1]
 * belongs to levels[k]. */
struct demand {
    double mean; /* as forecast; the knots' own mean is demand_shortfall(d, 0) */
    double tail; /* mean excess above the last knot */
    double level[DEMAND_LEVELS + 1];
    double x[DEMAND_LEVELS + 1];
    double excess[DEMAND_LEVELS + 1]; /* E[(D - x[k])+] */
};

/* levels [DEMAND_LEVELS]; lengths, means [rows]; quantiles [rows, DEMAND_LEVELS] row-major. Rows
 * may come in any order and more than DEMAND_ROWS_MAX are thinned out; crossing quantiles,
 * shrinking totals, negative and non-finite numbers are mended (the curve is monotone in level and
 * length whatever comes in). */
void demand_curve_init(struct demand_curve *curve, const float *levels, size_t rows,
                       const float *lengths, const float *means, const float *quantiles);

/* Total of `slots` >= 0 slots from now on. Beyond the longest row the mean grows in proportion and
 * the spread by the power that the last two rows show (between 1/2 and 1). */
void demand_at(const struct demand_curve *curve, double slots, struct demand *out);
double demand_mean(const struct demand_curve *curve, double slots);

/* Demand of `slots` slots that begin `after` slots from now: the spread of a total of that length,
 * scaled to the mean between. */
void demand_between(const struct demand_curve *curve, double after, double slots,
                    struct demand *out);

/* The distribution that draws number i with chance weights[i] (sum 1), for a random length: knots
 * at the same levels. */
void demand_mix(const struct demand *parts, const double *weights, size_t count,
                struct demand *out);
void demand_scale(struct demand *demand, double factor); /* factor >= 0 */

double demand_quantile(const struct demand *demand, double level); /* level in [0, 1) */
double demand_above(const struct demand *demand, double x); /* P(D > x); 1 for x < 0 */
double demand_shortfall(const struct demand *demand, double x); /* E[(D - x)+] */
/* Both at once: P(D > x), and E[(D - x)+] in *shortfall. */
double demand_beyond(const struct demand *demand, double x, double *shortfall);
/* (q0.9 - q0.1) / 2.563: a robust standard deviation. */
double demand_spread(const struct demand *demand);

#endif
