/* Naive twin of anomaly/stack.c: one row, double precision, straight from the definition. */
#ifndef RESTOCK_REF_STACK_H
#define RESTOCK_REF_STACK_H

#include "anomaly/stack.h"

/* y [width of the last layer]. */
void ref_stack(const struct stack_shape *shape, const float *weights, const float *x, double *y);
/* Sum of squared differences of x and its copy. */
double ref_stack_loss(const struct stack_shape *shape, const float *weights, const float *x);

#endif
