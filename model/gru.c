#include "model/gru.h"

#include "model/gemm.h"

#include <string.h>

#define CLONES __attribute__((target_clones("avx512f", "avx2", "default")))

/* Rational minimax of tanh on [-7.9, 7.9] (the coefficients that Eigen uses): error below 3e-7, no
 * branch, no libm. */
static inline float fast_tanh(float x)
{
    x = x > 7.9f ? 7.9f : x < -7.9f ? -7.9f : x;
    float s = x * x;
    float p = -2.76076847742355e-16f;
    p = p * s + 2.00018790482477e-13f;
    p = p * s + -8.60467152213735e-11f;
    p = p * s + 5.12229709037114e-08f;
    p = p * s + 1.48572235717979e-05f;
    p = p * s + 6.37261928875436e-04f;
    p = p * s + 4.89352455891786e-03f;
    float q = 1.19825839466702e-06f;
    q = q * s + 1.18534705686654e-04f;
    q = q * s + 2.26843463243900e-03f;
    q = q * s + 4.89352518554385e-03f;
    return x * p / q;
}

static inline float fast_sigmoid(float x)
{
    return 0.5f + 0.5f * fast_tanh(0.5f * x);
}

/* One row: gx becomes r, z, n; gh keeps its n part with bias, which the backward pass needs. */
CLONES static void gates(uint32_t hidden, float *restrict gx, float *restrict gh,
                         const float *restrict bx, const float *restrict bh,
                         const float *restrict h, float *restrict next)
{
    for (uint32_t j = 0; j < hidden; j++) {
        float r = fast_sigmoid(gx[j] + bx[j] + gh[j] + bh[j]);
        float z = fast_sigmoid(gx[hidden + j] + bx[hidden + j] + gh[hidden + j] + bh[hidden + j]);
        float candidate = gh[2 * hidden + j] + bh[2 * hidden + j];
        float n = fast_tanh(gx[2 * hidden + j] + bx[2 * hidden + j] + r * candidate);
        gx[j] = r;
        gx[hidden + j] = z;
        gx[2 * hidden + j] = n;
        gh[2 * hidden + j] = candidate;
        next[j] = (1 - z) * n + z * h[j];
    }
}

void gru_forward(const struct gru_weights *weights, const struct gru_step *step)
{
    uint32_t hidden = weights->hidden;
    gemm_run(&(struct gemm){.m = step->rows,
                            .n = 3 * hidden,
                            .k = weights->inputs,
                            .a = step->x,
                            .b = weights->wx,
                            .b_turned = 1,
                            .c = step->gx});
    gemm_run(&(struct gemm){.m = step->rows,
                            .n = 3 * hidden,
                            .k = hidden,
                            .a = step->h,
                            .b = weights->wh,
                            .b_turned = 1,
                            .c = step->gh});
    for (uint32_t i = 0; i < step->rows; i++) {
        float *next = step->next + (size_t)i * hidden;
        gates(hidden, step->gx + (size_t)i * 3 * hidden, step->gh + (size_t)i * 3 * hidden,
              weights->bx, weights->bh, step->h + (size_t)i * hidden, next);
        if (!step->live[i]) {
            memset(next, 0, hidden * sizeof *next);
        }
    }
}

CLONES static void gates_back(uint32_t hidden, const float *restrict rzn, const float *restrict gh,
                              const float *restrict h, const float *restrict d_next,
                              float *restrict d_gx, float *restrict d_gh, float *restrict d_h)
{
    for (uint32_t j = 0; j < hidden; j++) {
        float r = rzn[j], z = rzn[hidden + j], n = rzn[2 * hidden + j];
        float d_n = d_next[j] * (1 - z) * (1 - n * n);
        float d_z = d_next[j] * (h[j] - n) * z * (1 - z);
        float d_r = d_n * gh[2 * hidden + j] * r * (1 - r);
        d_gx[j] = d_gh[j] = d_r;
        d_gx[hidden + j] = d_gh[hidden + j] = d_z;
        d_gx[2 * hidden + j] = d_n;
        d_gh[2 * hidden + j] = d_n * r;
        d_h[j] = d_next[j] * z;
    }
}

CLONES static void add_rows(uint32_t rows, uint32_t width, const float *restrict from,
                            float *restrict sum)
{
    for (uint32_t i = 0; i < rows; i++) {
        for (uint32_t j = 0; j < width; j++) {
            sum[j] += from[(size_t)i * width + j];
        }
    }
}

void gru_backward(const struct gru_weights *weights, const struct gru_step *step,
                  const struct gru_back *back)
{
    uint32_t hidden = weights->hidden, rows = step->rows;
    for (uint32_t i = 0; i < rows; i++) {
        size_t at = (size_t)i * hidden;
        if (!step->live[i]) {
            memset(back->d_next + at, 0, hidden * sizeof(float));
        }
        gates_back(hidden, step->gx + 3 * at, step->gh + 3 * at, step->h + at, back->d_next + at,
                   back->d_gx + 3 * at, back->d_gh + 3 * at, back->d_h + at);
    }
    gemm_run(&(struct gemm){.m = 3 * hidden,
                            .n = weights->inputs,
                            .k = rows,
                            .a = back->d_gx,
                            .a_turned = 1,
                            .b = step->x,
                            .c = back->d_wx,
                            .keep = 1});
    gemm_run(&(struct gemm){.m = 3 * hidden,
                            .n = hidden,
                            .k = rows,
                            .a = back->d_gh,
                            .a_turned = 1,
                            .b = step->h,
                            .c = back->d_wh,
                            .keep = 1});
    gemm_run(&(struct gemm){.m = rows,
                            .n = hidden,
                            .k = 3 * hidden,
                            .a = back->d_gh,
                            .b = weights->wh,
                            .c = back->d_h,
                            .keep = 1});
    add_rows(rows, 3 * hidden, back->d_gx, back->d_bx);
    add_rows(rows, 3 * hidden, back->d_gh, back->d_bh);
}
