/* The newsvendor: one quantity, one uncertain demand, a price for each unit too many or too few.
 *
 * Least expected cost h E[(S - D)+] + p E[(D - S)+] at the p / (p + h) quantile of demand
 * (Arrow, Harris, Marschak 1951; Snyder and Shen, Fundamentals of Supply Chain Theory, chapter 4).
 * The same level is the base stock of a system with back-orders, when D is the demand of lead time
 * + review period. Pure, no allocation.
 */
#ifndef RESTOCK_NEWSVENDOR_H
#define RESTOCK_NEWSVENDOR_H

#include "optimize/pmf.h"

struct newsvendor {
    double level; /* S */
    double cost;
};

/* holding, shortage > 0 per unit. */
struct newsvendor newsvendor_normal(double mean, double sd, double holding, double shortage);
/* ln D is normal with these parameters. */
struct newsvendor newsvendor_lognormal(double mu, double sigma, double holding, double shortage);
/* Whole numbers: Poisson, negative binomial, given chances, a forecast. */
struct newsvendor newsvendor_discrete(const struct pmf *demand, double holding, double shortage);
/* Expected cost of any whole level. */
double newsvendor_cost(const struct pmf *demand, int64_t level, double holding, double shortage);
/* Every period demands `demand`; each period supply breaks down with chance `breaks` and comes back
 * with chance `mends`, and nothing arrives meanwhile (Snyder and Shen, section 9.3). */
struct newsvendor newsvendor_disrupted(double demand, double breaks, double mends, double holding,
                                       double shortage);

#endif
