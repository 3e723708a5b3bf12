#include "tests/ref/ref_weigh.h"

#include <math.h>

static void layer(const double *in, int inputs, const float *w, const float *b, int outputs,
                  double *out)
{
    for (int k = 0; k < outputs; k++) {
        double sum = (double)b[k];
        for (int f = 0; f < inputs; f++) {
            sum += in[f] * (double)w[f * outputs + k];
        }
        out[k] = sum;
    }
}

static void leaky(double *a, int count)
{
    for (int k = 0; k < count; k++) {
        a[k] = a[k] > 0 ? a[k] : a[k] * (double)WEIGH_LEAK;
    }
}

void ref_weigh(const struct weigh_net *net, const float *x, double *z)
{
    double in[TRACE_INPUTS], a[WEIGH_HIDDEN], b[WEIGH_SECOND], out[WEIGH_OUTPUTS];
    for (int f = 0; f < TRACE_INPUTS; f++) {
        in[f] = (double)x[f];
    }
    layer(in, TRACE_INPUTS, net->w1, net->b1, WEIGH_HIDDEN, a);
    leaky(a, WEIGH_HIDDEN);
    layer(a, WEIGH_HIDDEN, net->w2, net->b2, WEIGH_SECOND, b);
    leaky(b, WEIGH_SECOND);
    layer(b, WEIGH_SECOND, net->w3, net->b3, WEIGH_OUTPUTS, out);
    for (int c = 0; c < WEIGH_CLASSES; c++) {
        z[c] = out[c];
    }
}

double ref_weigh_loss(const struct weigh_net *net, const float *x, int class_of)
{
    double z[WEIGH_CLASSES], sum = 0;
    ref_weigh(net, x, z);
    for (int c = 0; c < WEIGH_CLASSES; c++) {
        sum += exp(z[c]);
    }
    return log(sum) - z[class_of];
}
