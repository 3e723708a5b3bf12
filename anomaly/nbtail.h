/* Far tails of the negative binomial in log space: continued fraction of the incomplete beta
 * function (modified Lentz), prefactor by Stirling's series, no lgamma and no sums over counts.
 * Relative error of a tail below 1e-6 down to 1e-300.
 *
 * The distribution is given by mean > 0 and spread = variance / mean > 1 (raised to
 * NBTAIL_LEAST_SPREAD). Pure; any thread. */
#ifndef RESTOCK_NBTAIL_H
#define RESTOCK_NBTAIL_H

#define NBTAIL_LEAST_SPREAD 1.01 /* just above Poisson's */

/* ln of the mid-p tails: P(Y > y) + P(Y = y) / 2, and P(Y < y) + P(Y = y) / 2. y >= 0. */
double nbtail_log_upper(double y, double mean, double spread);
double nbtail_log_lower(double y, double mean, double spread);
/* ln P(Y = 0). */
double nbtail_log_zero(double mean, double spread);
/* Largest count whose upper tail is above e^log_p, and smallest count whose lower tail is (0 where
 * even 0 is no surprise). */
double nbtail_upper_bound(double log_p, double mean, double spread);
double nbtail_lower_bound(double log_p, double mean, double spread);

#endif
