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

/* Widths of layers are whole numbers of lanes: sums are kept in registers, one lane each. */
enum { LANES = 16, HALF = LANES / 2 };
typedef float lanes __attribute__((vector_size(LANES * sizeof(float)), aligned(4), may_alias));
typedef float half_lanes __attribute__((vector_size(HALF * sizeof(float)), aligned(4), may_alias));

CLONES static void measure(const float *restrict x, const float *restrict y, uint32_t width,
                           float *restrict error)
{
    for (uint32_t row = 0; row < STACK_BATCH; row++) {
        lanes sum = {0};
        for (uint32_t k = 0; k < width; k += LANES) {
            lanes off =
                *(const lanes *)(y + row * width + k) - *(const lanes *)(x + row * width + k);
            sum += off * off;
        }
        float part[LANES], all = 0;
        memcpy(part, &sum, sizeof part);
        for (int lane = 0; lane < LANES; lane++) {
            all += part[lane];
        }
        error[row] = all / (float)width;
    }
}

/* Gradient of the gated sum of squares with respect to y. */
CLONES static void differ(const float *restrict x, const float *restrict y,
                          const float *restrict gate, uint32_t width, float *restrict d)
{
    float rows = 0;
    for (uint32_t row = 0; row < STACK_BATCH; row++) {
        rows += gate[row];
    }
    for (uint32_t row = 0; row < STACK_BATCH; row++) {
        float scale = rows > 0 ? 2 * gate[row] / rows : 0;
        for (uint32_t k = 0; k < width; k += LANES) {
            lanes off = scale * (*(const lanes *)(y + row * width + k) -
                                 *(const lanes *)(x + row * width + k));
            *(lanes *)(d + row * width + k) = off;
        }
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
    ASSERT(shape->width[0] == shape->width[shape->layers] && shape->width[0] % LANES == 0);
    measure(pass->a[0], pass->a[shape->layers], shape->width[0], pass->error);
}

CLONES static void add_rows(const float *restrict d, uint32_t width, float *restrict sum)
{
    uint32_t k = 0;
    for (; k + LANES <= width; k += LANES) {
        lanes all = {0};
        for (uint32_t row = 0; row < STACK_BATCH; row++) {
            all += *(const lanes *)(d + row * width + k);
        }
        *(lanes *)(sum + k) = all;
    }
    for (; k < width; k += HALF) {
        half_lanes all = {0};
        for (uint32_t row = 0; row < STACK_BATCH; row++) {
            all += *(const half_lanes *)(d + row * width + k);
        }
        *(half_lanes *)(sum + k) = all;
    }
}

void stack_backward(const struct stack_shape *shape, const float *weights, struct stack_pass *pass,
                    const float *gate, float *gradient)
{
    float *d = pass->d[0], *below = pass->d[1];
    differ(pass->a[0], pass->a[shape->layers], gate, shape->width[0], d);
    size_t at = stack_floats(shape);
    for (int l = shape->layers - 1; l >= 0; l--) {
        uint32_t in = shape->width[l], out = shape->width[l + 1];
        ASSERT(out % HALF == 0);
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
