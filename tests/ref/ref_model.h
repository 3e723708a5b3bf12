/* Naive twins of the statistical kernels of model/, written for clarity alone. */
#ifndef RESTOCK_REF_MODEL_H
#define RESTOCK_REF_MODEL_H

#include <stddef.h>
#include <stdint.h>

/* P(count <= k) of the negative binomial with that mean and variance, from lgamma. */
double ref_negbin_below(double mean, double variance, int64_t k);
/* Smallest count that reaches the level. */
int64_t ref_negbin_quantile(double mean, double variance, double level);
/* Linear between order statistics of n values. */
double ref_quantile(const float *values, size_t n, double level);
/* Level and variance per unit of mean after n values with their phase factors. */
void ref_ewma(const double *values, const double *factors, size_t n, double rate, double *level,
              double *spread);

#endif
