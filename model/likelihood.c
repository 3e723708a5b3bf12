#include "model/likelihood.h"

#include <math.h>

static const float LIMIT = 4;
static const int TERMS = 8;

/* digamma(x) for x >= 8: the error is below 1e-6. */
static float digamma_far(float x)
{
    float inverse = 1 / x;
    return logf(x) - 0.5f * inverse - inverse * inverse * (1.0f / 12 - inverse * inverse / 120);
}

/* digamma(y + r) - digamma(r) as the sum of 1 / (r + j), j < y: the first terms one by one. */
static float digamma_rise(float r, float y)
{
    float sum = 0;
    int first = y < (float)TERMS ? (int)y : TERMS;
    for (int j = 0; j < first; j++) {
        sum += 1 / (r + (float)j);
    }
    return y > (float)TERMS ? sum + digamma_far(r + y) - digamma_far(r + (float)TERMS) : sum;
}

static float clipped(float x)
{
    return fminf(fmaxf(x, -LIMIT), LIMIT);
}

void likelihood_gradient(const struct likelihood *base, float y, const float *out, float *d_out)
{
    float mean = base->mean * expf(out[0]), r = base->size * expf(out[1]);
    float share = r / (r + mean);
    d_out[0] = clipped((mean - y) * share);
    d_out[1] = clipped(-r * (digamma_rise(r, y) + logf(share) + (mean - y) / (r + mean)));
}

double likelihood_loss(const struct likelihood *base, float y, const float *out)
{
    double mean = (double)base->mean * exp((double)out[0]),
           r = (double)base->size * exp((double)out[1]), count = (double)y;
    int sign;
    return -(lgamma_r(count + r, &sign) - lgamma_r(r, &sign) - lgamma_r(count + 1, &sign) -
             r * log1p(mean / r) + count * log(mean / (r + mean)));
}
