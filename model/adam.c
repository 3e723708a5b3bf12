#include "model/adam.h"

#include "config/base/clones.h"
#include <math.h>
#include <string.h>

static const float BETA1 = 0.9f, BETA2 = 0.98f, TINY = 1e-8f;
static const float AVERAGE = 0.99f;

float adam_schedule(float peak, long step, long steps)
{
    float warm = fmaxf(1, 0.05f * (float)steps), at = (float)step;
    if (at < warm) {
        return peak * (at + 1) / warm;
    }
    float share = (at - warm) / fmaxf(1, (float)steps - warm);
    return peak * (0.02f + 0.98f * 0.5f * (1 + cosf((float)M_PI * fminf(share, 1))));
}

CLONES static void apply(const struct adam *adam, float scale, float step, float shrink,
                         float unbias)
{
    float *restrict w = adam->weights, *restrict g = adam->gradient, *restrict m = adam->first,
                    *restrict v = adam->second, *restrict average = adam->average;
    float mix = adam->steps == 1 ? 0 : fminf(AVERAGE, 1 - 1 / (float)adam->steps);
    for (size_t i = 0; i < adam->floats; i++) {
        float gradient = g[i] * scale;
        m[i] = BETA1 * m[i] + (1 - BETA1) * gradient;
        v[i] = BETA2 * v[i] + (1 - BETA2) * gradient * gradient;
        w[i] = w[i] * shrink - step * m[i] / (sqrtf(v[i] * unbias) + TINY);
        average[i] = mix * average[i] + (1 - mix) * w[i];
    }
}

float adam_step(struct adam *adam, const struct adam_rate *rate)
{
    double square = 0;
    for (size_t i = 0; i < adam->floats; i++) {
        square += (double)adam->gradient[i] * (double)adam->gradient[i];
    }
    float norm = (float)sqrt(square);
    if (isfinite(norm)) {
        adam->steps++;
        float scale = norm > rate->clip ? rate->clip / norm : 1;
        float step = rate->rate / (1 - powf(BETA1, (float)adam->steps));
        apply(adam, scale, step, 1 - rate->rate * rate->decay,
              1 / (1 - powf(BETA2, (float)adam->steps)));
    }
    memset(adam->gradient, 0, adam->floats * sizeof *adam->gradient);
    return norm;
}
