#include "tests/ref/ref_gru.h"

#include <math.h>

static double part(const float *w, const float *b, uint32_t row, uint32_t width, const double *v)
{
    double sum = (double)b[row];
    for (uint32_t k = 0; k < width; k++) {
        sum += (double)w[row * width + k] * v[k];
    }
    return sum;
}

void ref_gru_step(const struct ref_gru *gru, const float *x, const double *h, double *next)
{
    double input[256];
    for (uint32_t k = 0; k < gru->inputs; k++) {
        input[k] = (double)x[k];
    }
    for (uint32_t j = 0; j < gru->hidden; j++) {
        uint32_t z_row = gru->hidden + j, n_row = 2 * gru->hidden + j;
        double r = 1 / (1 + exp(-part(gru->wx, gru->bx, j, gru->inputs, input) -
                                part(gru->wh, gru->bh, j, gru->hidden, h)));
        double z = 1 / (1 + exp(-part(gru->wx, gru->bx, z_row, gru->inputs, input) -
                                part(gru->wh, gru->bh, z_row, gru->hidden, h)));
        double n = tanh(part(gru->wx, gru->bx, n_row, gru->inputs, input) +
                        r * part(gru->wh, gru->bh, n_row, gru->hidden, h));
        next[j] = (1 - z) * n + z * h[j];
    }
}
