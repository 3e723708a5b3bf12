/* Naive twin of model/gru.c: one row, double precision, straight from the definition. */
#ifndef RESTOCK_REF_GRU_H
#define RESTOCK_REF_GRU_H

#include <stdint.h>

struct ref_gru {
    uint32_t inputs, hidden;
    const float *wx, *wh, *bx, *bh; /* gates r, z, n */
};

void ref_gru_step(const struct ref_gru *gru, const float *x, const double *h, double *next);

#endif
