/* Naive twin of anomaly/weigh.c: one row, double precision, straight from the definition. */
#ifndef RESTOCK_REF_WEIGH_H
#define RESTOCK_REF_WEIGH_H

#include "anomaly/weigh.h"

/* z [WEIGH_CLASSES]. */
void ref_weigh(const struct weigh_net *net, const float *x, double *z);
/* Softmax cross entropy of one row. */
double ref_weigh_loss(const struct weigh_net *net, const float *x, int class_of);

#endif
