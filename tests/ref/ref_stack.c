#include "tests/ref/ref_stack.h"

#include <math.h>
#include <string.h>

void ref_stack(const struct stack_shape *shape, const float *weights, const float *x, double *y)
{
    double a[STACK_WIDTH], next[STACK_WIDTH];
    for (uint32_t k = 0; k < shape->width[0]; k++) {
        a[k] = (double)x[k];
    }
    for (int l = 0; l < shape->layers; l++) {
        uint32_t in = shape->width[l], out = shape->width[l + 1];
        for (uint32_t o = 0; o < out; o++) {
            double sum = (double)weights[in * out + o];
            for (uint32_t k = 0; k < in; k++) {
                sum += a[k] * (double)weights[k * out + o];
            }
            next[o] = shape->bends[l] ? sum / (1 + fabs(sum)) : sum;
        }
        memcpy(a, next, sizeof a);
        weights += (in + 1) * out;
    }
    memcpy(y, a, shape->width[shape->layers] * sizeof *y);
}

double ref_stack_loss(const struct stack_shape *shape, const float *weights, const float *x)
{
    double y[STACK_WIDTH], sum = 0;
    ref_stack(shape, weights, x, y);
    for (uint32_t k = 0; k < shape->width[0]; k++) {
        sum += (y[k] - (double)x[k]) * (y[k] - (double)x[k]);
    }
    return sum;
}
