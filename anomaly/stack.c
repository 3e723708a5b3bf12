#include "anomaly/stack.h"

#include "config/base/clones.h"
#include "config/base/ensure.h"
#include "model/gemm.h"

#include <math.h>
#include <stdbool.h>
#include <string.h>

size_t stack_floats(const struct stack_shape *shape)
{
    size_t floats = 0;
    for (int l = 0; l < shape->layers; l++) {
        floats += (size_t)(shape->width[l] + 1) * shape->width[l + 1];
    }
    return floats;
}

void stack_init(const struct stack_shape *shape, struct rng *rng, float *weights)
{
    for (int l = 0; l < shape->layers; l++) {
        uint32_t in = shape->width[l], out = shape->width[l + 1];
        float range = sqrtf(3.0f / (float)in);
        for (uint32_t k = 0; k < in * out; k++) {
            weights[k] = (float)(2 * rng_unit(rng) - 1) * range;
        }
        memset(weights + in * out, 0, out * sizeof *weights);
        weights += (in + 1) * out;
    }
}

CLONES static void bend(float *restrict a, const float *restrict bias, uint32_t width, bool bends)
{
    for (uint32_t row = 0; row < STACK_BATCH; row++) {
        float *restrict v = a + row * width;
        for (uint32_t k = 0; k < width; k++) {
            v[k] += bias[k];
        }
        for (uint32_t k = 0; bends && k < width; k++) {
            v[k] = v[k] / (1 + fabsf(v[k]));
        }
    }
}

/* Slope of f where it gives v: (1 - |v|)^2. */
CLONES static void unbend(float *restrict d, const float *restrict v, uint32_t count)
{
    for (uint32_t k = 0; k < count; k++) {
        float slope = 1 - fabsf(v[k]);
        d[k] *= slope * slope;
    }
}

CLONES static void measure(const float *restrict x, const float *restrict y, uint32_t width,
                           float *restrict error)
{
    for (uint32_t row = 0; row < STACK_BATCH; row++) {
        float sum[8] = {0};
        for (uint32_t k = 0; k < width; k += 8) {
            for (uint32_t lane = 0; lane < 8; lane++) {
                float off = y[row * width + k + lane] - x[row * width + k + lane];
                sum[lane] += off * off;
            }
        }
        float all = 0;
        for (uint32_t lane = 0; lane < 8; lane++) {
            all += sum[lane];
        }
        error[row] = all / (float)width;
    }
}

void stack_forward(const struct stack_shape *shape, const float *weights, struct stack_pass *pass)
{
    for (int l = 0; l < shape->layers; l++) {
        uint32_t in = shape->width[l], out = shape->width[l + 1];
        gemm_run(&(struct gemm){.m = STACK_BATCH,
                                .n = out,
                                .k = in,
                                .a = pass->a[l],
                                .b = weights,
                                .c = pass->a[l + 1]});
        bend(pass->a[l + 1], weights + in * out, out, shape->bends[l]);
        weights += (in + 1) * out;
    }
    ASSERT(shape->width[0] == shape->width[shape->layers] && shape->width[0] % 8 == 0);
    measure(pass->a[0], pass->a[shape->layers], shape->width[0], pass->error);
}

CLONES static void add_rows(const float *restrict d, uint32_t width, float *restrict sum)
{
    memset(sum, 0, width * sizeof *sum);
    for (uint32_t row = 0; row < STACK_BATCH; row++) {
        for (uint32_t k = 0; k < width; k++) {
            sum[k] += d[row * width + k];
        }
    }
}

void stack_backward(const struct stack_shape *shape, const float *weights, struct stack_pass *pass,
                    const float *gate, float *gradient)
{
    uint32_t width = shape->width[0];
    const float *x = pass->a[0], *y = pass->a[shape->layers];
    float *d = pass->d[0], *below = pass->d[1], rows = 0;
    for (uint32_t row = 0; row < STACK_BATCH; row++) {
        rows += gate[row];
    }
    for (uint32_t row = 0; row < STACK_BATCH; row++) {
        float scale = rows > 0 ? 2 * gate[row] / rows : 0;
        for (uint32_t k = 0; k < width; k++) {
            d[row * width + k] = scale * (y[row * width + k] - x[row * width + k]);
        }
    }
    size_t at = stack_floats(shape);
    for (int l = shape->layers - 1; l >= 0; l--) {
        uint32_t in = shape->width[l], out = shape->width[l + 1];
        at -= (size_t)(in + 1) * out;
        if (shape->bends[l]) {
            unbend(d, pass->a[l + 1], STACK_BATCH * out);
        }
        gemm_run(&(struct gemm){.m = in,
                                .n = out,
                                .k = STACK_BATCH,
                                .a = pass->a[l],
                                .a_turned = 1,
                                .b = d,
                                .c = gradient + at});
        add_rows(d, out, gradient + at + (size_t)in * out);
        if (l) {
            gemm_run(&(struct gemm){.m = STACK_BATCH,
                                    .n = in,
                                    .k = out,
                                    .a = d,
                                    .b = weights + at,
                                    .b_turned = 1,
                                    .c = below});
            float *swap = d;
            d = below;
            below = swap;
        }
    }
}

CLONES static float square(const float *restrict g, size_t count)
{
    float sum[16] = {0};
    size_t k = 0;
    for (; k + 16 <= count; k += 16) {
        for (size_t lane = 0; lane < 16; lane++) {
            sum[lane] += g[k + lane] * g[k + lane];
        }
    }
    for (; k < count; k++) {
        sum[0] += g[k] * g[k];
    }
    for (size_t lane = 1; lane < 16; lane++) {
        sum[0] += sum[lane];
    }
    return sum[0];
}

CLONES static void descend(float *restrict w, const float *restrict g, size_t count, float step)
{
    for (size_t k = 0; k < count; k++) {
        w[k] -= step * g[k];
    }
}

void stack_step(const struct stack_shape *shape, float *weights, const float *gradient, float rate,
                float clip)
{
    size_t floats = stack_floats(shape);
    float norm = sqrtf(square(gradient, floats));
    if (isfinite(norm)) {
        descend(weights, gradient, floats, norm > clip ? rate * clip / norm : rate);
    }
}
