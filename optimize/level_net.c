#include "optimize/level_net.h"

#include "config/base/clones.h"
#include "config/base/ensure.h"

#include <math.h>
#include <string.h>

enum { L = LEVEL_NET_LANES, H = LEVEL_NET_HIDDEN, I = LEVEL_NET_INPUTS, PARTS = 16 };

static const float BETA1 = 0.9f, BETA2 = 0.999f, TINY = 1e-8f;

void level_net_init(struct level_net *net, unsigned inputs, struct rng *rng)
{
    ASSERT(inputs >= 1 && inputs <= I);
    *net = (struct level_net){.inputs = inputs};
    float scale1 = sqrtf(1.0f / (float)inputs), scale2 = sqrtf(1.0f / H);
    for (int o = 0; o < H; o++) {
        for (unsigned i = 0; i < inputs; i++) {
            net->w1[o][i] = scale1 * (float)rng_normal(rng);
        }
        for (int i = 0; i < H; i++) {
            net->w2[o][i] = scale2 * (float)rng_normal(rng);
        }
    }
}

static inline float bend(float z)
{
    return z > 0 ? z : z / (1 - z);
}

static inline float slope(float z, float dz)
{
    float below = 1 / (1 - z);
    return z > 0 ? dz : dz * below * below;
}

/* z [outputs][L] = w x + b, a = f(z); w row-major with `stride`. */
CLONES static void layer(const float *w, size_t stride, const float *b, unsigned inputs,
                         const float *x, float *z, float *a)
{
    for (size_t o = 0; o < H; o++) {
        float *row = z + o * L;
        for (size_t k = 0; k < L; k++) {
            row[k] = b[o];
        }
        for (size_t i = 0; i < inputs; i++) {
            float weight = w[o * stride + i];
            const float *in = x + i * L;
            for (size_t k = 0; k < L; k++) {
                row[k] += weight * in[k];
            }
        }
        float *out = a + o * L;
        for (size_t k = 0; k < L; k++) {
            out[k] = bend(row[k]);
        }
    }
}

void level_net_forward(const struct level_net *net, const float *x, struct level_acts *acts)
{
    layer(net->w1[0], I, net->b1, net->inputs, x, acts->z1[0], acts->a1[0]);
    layer(net->w2[0], H, net->b2, H, acts->a1[0], acts->z2[0], acts->a2[0]);
    for (int k = 0; k < L; k++) {
        acts->y[k] = net->b3;
    }
    for (int o = 0; o < H; o++) {
        for (int k = 0; k < L; k++) {
            acts->y[k] += net->w3[o] * acts->a2[o][k];
        }
    }
}

/* Sum of products, in a fixed number of parts whatever the width of vectors. */
CLONES static float dot(const float *a, const float *b)
{
    float part[PARTS] = {0}, sum = 0;
    for (size_t k = 0; k < L; k += PARTS) {
        for (size_t p = 0; p < PARTS; p++) {
            part[p] += a[k + p] * b[k + p];
        }
    }
    for (size_t p = 0; p < PARTS; p++) {
        sum += part[p];
    }
    return sum;
}

static float total(const float *a)
{
    float ones[L];
    for (int k = 0; k < L; k++) {
        ones[k] = 1;
    }
    return dot(a, ones);
}

/* dz [H][L]: adds to the gradients of the layer, and to dx where it is asked for. */
CLONES static void layer_back(const float *w, size_t stride, unsigned inputs, const float *x,
                              const float *dz, float *dw, float *dx)
{
    for (size_t o = 0; o < H; o++) {
        const float *out = dz + o * L;
        for (size_t i = 0; i < inputs; i++) {
            dw[o * stride + i] += dot(out, x + i * L);
            float weight = w[o * stride + i], *in = dx + i * L;
            for (size_t k = 0; k < L; k++) {
                in[k] += weight * out[k];
            }
        }
    }
}

void level_net_backward(const struct level_net *net, const float *x, const struct level_acts *acts,
                        const float *dy, struct level_net *gradient, float *dx)
{
    float d2[H][L], d1[H][L] = {{0}};
    gradient->b3 += total(dy);
    for (int o = 0; o < H; o++) {
        gradient->w3[o] += dot(dy, acts->a2[o]);
        for (int k = 0; k < L; k++) {
            d2[o][k] = slope(acts->z2[o][k], net->w3[o] * dy[k]);
        }
        gradient->b2[o] += total(d2[o]);
    }
    layer_back(net->w2[0], H, H, acts->a1[0], d2[0], gradient->w2[0], d1[0]);
    for (int o = 0; o < H; o++) {
        for (int k = 0; k < L; k++) {
            d1[o][k] = slope(acts->z1[o][k], d1[o][k]);
        }
        gradient->b1[o] += total(d1[o]);
    }
    layer_back(net->w1[0], I, net->inputs, x, d1[0], gradient->w1[0], dx);
}

/* The weights as one row of numbers. */
static float *flat(struct level_net *net)
{
    _Static_assert(sizeof(struct level_net) == sizeof(unsigned) + LEVEL_NET_FLOATS * sizeof(float),
                   "no holes between weights");
    return net->w1[0];
}

void level_net_step(struct level_net *net, struct level_net *gradient,
                    struct level_moments *moments, float rate)
{
    float *w = flat(net), *g = flat(gradient);
    float *first = flat(&moments->first), *second = flat(&moments->second);
    double norm = 0;
    for (int i = 0; i < LEVEL_NET_FLOATS; i++) {
        norm += (double)g[i] * (double)g[i];
    }
    norm = sqrt(norm);
    if (isfinite(norm)) {
        moments->steps++;
        float clip = norm > 1 ? (float)(1 / norm) : 1;
        float fix1 = 1 - (float)pow((double)BETA1, (double)moments->steps);
        float fix2 = 1 - (float)pow((double)BETA2, (double)moments->steps);
        for (int i = 0; i < LEVEL_NET_FLOATS; i++) {
            float d = clip * g[i];
            first[i] = BETA1 * first[i] + (1 - BETA1) * d;
            second[i] = BETA2 * second[i] + (1 - BETA2) * d * d;
            w[i] -= rate * (first[i] / fix1) / (sqrtf(second[i] / fix2) + TINY);
        }
    }
    memset(g, 0, LEVEL_NET_FLOATS * sizeof *g);
}

void level_net_blend(struct level_net *average, const struct level_net *net, float share)
{
    float *a = flat(average);
    const float *w = net->w1[0];
    for (int i = 0; i < LEVEL_NET_FLOATS; i++) {
        a[i] += share * (w[i] - a[i]);
    }
}

float level_net_one(const struct level_net *net, const float *x)
{
    float a1[H], y = net->b3;
    for (int o = 0; o < H; o++) {
        float z = net->b1[o];
        for (unsigned i = 0; i < net->inputs; i++) {
            z += net->w1[o][i] * x[i];
        }
        a1[o] = bend(z);
    }
    for (int o = 0; o < H; o++) {
        float z = net->b2[o];
        for (int i = 0; i < H; i++) {
            z += net->w2[o][i] * a1[i];
        }
        y += net->w3[o] * bend(z);
    }
    return y;
}
