#include "model/gru.h"

#include "config/base/clones.h"
#include "model/fast.h"
#include "model/gemm.h"

#include <string.h>

static inline float fast_sigmoid(float x)
{
    return 0.5f + 0.5f * fast_tanh(0.5f * x);
}

struct gate_reads { /* of one row */
    uint32_t hidden;
    const float *gh, *bx, *bh, *h;
};

/* One row: r, z, n hold the input's product and become the gates; candidate is the state's part of
 * n with its bias, which the backward pass needs. Everything written has a pointer of its own, so
 * that the compiler knows that nothing overlaps. */
CLONES static void gates(const struct gate_reads *in, float *restrict r, float *restrict z,
                         float *restrict n, float *restrict candidate, float *restrict next)
{
    const uint32_t hidden = in->hidden;
    const float *gh = in->gh, *bx = in->bx, *bh = in->bh, *h = in->h;
    for (uint32_t j = 0; j < hidden; j++) {
        float reset = fast_sigmoid(r[j] + bx[j] + gh[j] + bh[j]);
        float keep = fast_sigmoid(z[j] + bx[hidden + j] + gh[hidden + j] + bh[hidden + j]);
        float inner = candidate[j] + bh[2 * hidden + j];
        float fresh = fast_tanh(n[j] + bx[2 * hidden + j] + reset * inner);
        r[j] = reset;
        z[j] = keep;
        n[j] = fresh;
        candidate[j] = inner;
        next[j] = (1 - keep) * fresh + keep * h[j];
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
        float *gx = step->gx + (size_t)i * 3 * hidden, *gh = step->gh + (size_t)i * 3 * hidden;
        struct gate_reads reads = {.hidden = hidden,
                                   .gh = gh,
                                   .bx = weights->bx,
                                   .bh = weights->bh,
                                   .h = step->h + (size_t)i * hidden};
        gates(&reads, gx, gx + hidden, gx + 2 * hidden, gh + 2 * hidden, next);
        if (!step->live[i]) {
            memset(next, 0, hidden * sizeof *next);
        }
    }
}

struct gate_values { /* of one row */
    uint32_t hidden;
    const float *rzn, *candidate, *h, *d_next;
};

CLONES static void gates_back(const struct gate_values *in, float *restrict d_r,
                              float *restrict d_z, float *restrict d_n, float *restrict d_candidate,
                              float *restrict d_h)
{
    const uint32_t hidden = in->hidden;
    const float *rzn = in->rzn, *candidate = in->candidate, *h = in->h, *d_next = in->d_next;
    for (uint32_t j = 0; j < hidden; j++) {
        float r = rzn[j], z = rzn[hidden + j], n = rzn[2 * hidden + j];
        float fresh = d_next[j] * (1 - z) * (1 - n * n);
        d_r[j] = fresh * candidate[j] * r * (1 - r);
        d_z[j] = d_next[j] * (h[j] - n) * z * (1 - z);
        d_n[j] = fresh;
        d_candidate[j] = fresh * r;
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
        struct gate_values values = {.hidden = hidden,
                                     .rzn = step->gx + 3 * at,
                                     .candidate = step->gh + 3 * at + 2 * hidden,
                                     .h = step->h + at,
                                     .d_next = back->d_next + at};
        float *d_gx = back->d_gx + 3 * at, *d_gh = back->d_gh + 3 * at;
        gates_back(&values, d_gx, d_gx + hidden, d_gx + 2 * hidden, d_gh + 2 * hidden,
                   back->d_h + at);
        memcpy(d_gh, d_gx, 2 * hidden * sizeof *d_gh);
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
