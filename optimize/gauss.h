/* The normal distribution, as far as lead times and base-stock rules need it. */
#ifndef RESTOCK_GAUSS_H
#define RESTOCK_GAUSS_H

double gauss_below(double z); /* P(Z <= z) */
double gauss_density(double z);
/* E[(Z - z)+] and half of E[((Z - z)+)^2]: loss functions of first and second order (Zipkin 2000,
 * appendix C). */
double gauss_loss(double z);
double gauss_loss2(double z);
double
gauss_quantile(double level); /* level in (0, 1), clamped to [1e-12, 1 - 1e-12]; error < 2e-9 */

#endif
