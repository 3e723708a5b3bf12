#include "model/gru.h"

#include "config/base/rng.h"
#include "model/gemm.h"
#include "tests/model/torch_gru.h"
#include "tests/ref/ref_gru.h"

#include <criterion/criterion.h>
#include <math.h>
#include <string.h>

enum { B = 5, F = 6, H = 8, T = 4 };

static float wx[3 * H * F], wh[3 * H * H], bx[3 * H], bh[3 * H], x[T * B * F];
static uint8_t live[T * B];
static float gx[T * B * 3 * H], gh[T * B * 3 * H], h[(T + 1) * B * H];
static float target[B * H];
static const struct gru_weights WEIGHTS = {
    .inputs = F, .hidden = H, .wx = wx, .wh = wh, .bx = bx, .bh = bh};

static void fill(struct rng *rng, float *at, size_t count, float scale)
{
    for (size_t i = 0; i < count; i++) {
        at[i] = scale * (float)rng_normal(rng);
    }
}

static void init(void)
{
    cr_assert_null(gemm_init());
    struct rng rng;
    rng_init(&rng, 4);
    fill(&rng, wx, 3 * H * F, 0.4f);
    fill(&rng, wh, 3 * H * H, 0.4f);
    fill(&rng, bx, 3 * H, 0.3f);
    fill(&rng, bh, 3 * H, 0.3f);
    fill(&rng, x, T * B * F, 1);
    fill(&rng, target, B * H, 1);
    memset(live, 1, sizeof live);
    live[0] = live[B] = live[1] = 0; /* two rows begin later */
}

static struct gru_step step_at(int t)
{
    return (struct gru_step){.rows = B,
                             .x = x + t * B * F,
                             .h = h + t * B * H,
                             .live = live + t * B,
                             .gx = gx + t * B * 3 * H,
                             .gh = gh + t * B * 3 * H,
                             .next = h + (t + 1) * B * H};
}

/* A loss that sees the last state only: everything else has to come through time. */
static double run(void)
{
    double loss = 0;
    memset(h, 0, B * H * sizeof(float));
    for (int t = 0; t < T; t++) {
        struct gru_step step = step_at(t);
        gru_forward(&WEIGHTS, &step);
    }
    for (int i = 0; i < B * H; i++) {
        loss += (double)target[i] * (double)h[T * B * H + i];
    }
    return loss;
}

TestSuite(gru, .init = init);

Test(gru, forward_equals_the_naive_twin)
{
    run();
    struct ref_gru ref = {F, H, wx, wh, bx, bh};
    for (int i = 0; i < B; i++) {
        double state[H] = {0}, next[H];
        for (int t = 0; t < T; t++) {
            ref_gru_step(&ref, x + (t * B + i) * F, state, next);
            for (int j = 0; j < H; j++) {
                state[j] = live[t * B + i] ? next[j] : 0;
                cr_assert_float_eq(h[((t + 1) * B + i) * H + j], state[j], 2e-6,
                                   "step %d row %d unit %d", t, i, j);
            }
        }
    }
}

struct sums {
    float wx[3 * H * F], wh[3 * H * H], bx[3 * H], bh[3 * H];
};

static void back(struct sums *sums)
{
    static float d_next[B * H], d_h[B * H], d_gx[B * 3 * H], d_gh[B * 3 * H];
    memset(sums, 0, sizeof *sums);
    run();
    memcpy(d_next, target, sizeof d_next);
    for (int t = T - 1; t >= 0; t--) {
        struct gru_step step = step_at(t);
        struct gru_back gradient = {.d_next = d_next,
                                    .d_gx = d_gx,
                                    .d_gh = d_gh,
                                    .d_h = d_h,
                                    .d_wx = sums->wx,
                                    .d_wh = sums->wh,
                                    .d_bx = sums->bx,
                                    .d_bh = sums->bh};
        gru_backward(&WEIGHTS, &step, &gradient);
        memcpy(d_next, d_h, sizeof d_next);
    }
}

static void compare(float *weights, const float *gradient, size_t count, const char *name)
{
    double off = 0, all = 0;
    for (size_t i = 0; i < count; i++) {
        float kept = weights[i], width = 4e-3f;
        weights[i] = kept + width;
        double up = run();
        weights[i] = kept - width;
        double down = run();
        weights[i] = kept;
        double slope = (up - down) / (2 * (double)width);
        off += fabs(slope - (double)gradient[i]);
        all += fabs(slope);
    }
    /* float32 sums and a central difference: a few parts in ten thousand. */
    cr_assert(all > 0 && off < 1e-3 * all, "%s: relative error %g", name, off / all);
}

Test(gru, backward_equals_finite_differences)
{
    static struct sums sums;
    back(&sums);
    compare(wx, sums.wx, 3 * H * F, "wx");
    compare(wh, sums.wh, 3 * H * H, "wh");
    compare(bx, sums.bx, 3 * H, "bx");
    compare(bh, sums.bh, 3 * H, "bh");
}

Test(gru, rows_do_not_see_each_other)
{
    run();
    float kept[H];
    memcpy(kept, h + (T * B + 3) * H, sizeof kept);
    for (int t = 0; t < T; t++) {
        for (int k = 0; k < 3 * F; k++) {
            x[t * B * F + k] = 100;
        }
    }
    run();
    cr_assert_arr_eq(kept, h + (T * B + 3) * H, sizeof kept);
}

static void close_to(const float *got, const float *want, size_t count, const char *name)
{
    for (size_t i = 0; i < count; i++) {
        cr_assert_float_eq(got[i], want[i], 1e-5f, "%s %zu: %g, PyTorch %g", name, i,
                           (double)got[i], (double)want[i]);
    }
}

/* Recorded by tests/model/torch_gru.py. */
Test(gru, equals_pytorch_forward_and_backward)
{
    enum { N = TORCH_B * TORCH_H, G = TORCH_B * 3 * TORCH_H };
    static const struct gru_weights weights = {TORCH_F,  TORCH_H,  torch_wx,
                                               torch_wh, torch_bx, torch_bh};
    static float states[(TORCH_T + 1) * N], gates[TORCH_T * G], products[TORCH_T * G];
    static float d_next[N], d_h[N], d_gx[G], d_gh[G];
    static struct sums sums;
    uint8_t all[TORCH_B] = {1, 1};
    struct gru_step step[TORCH_T];
    memcpy(states, torch_first, sizeof torch_first);
    for (int t = 0; t < TORCH_T; t++) {
        step[t] = (struct gru_step){.rows = TORCH_B,
                                    .x = torch_x + t * TORCH_B * TORCH_F,
                                    .h = states + t * N,
                                    .live = all,
                                    .gx = gates + t * G,
                                    .gh = products + t * G,
                                    .next = states + (t + 1) * N};
        gru_forward(&weights, &step[t]);
    }
    close_to(states + N, torch_states, (size_t)TORCH_T * N, "state");
    memcpy(d_next, torch_target, sizeof d_next);
    for (int t = TORCH_T - 1; t >= 0; t--) {
        struct gru_back gradient = {d_next, d_gx, d_gh, d_h, sums.wx, sums.wh, sums.bx, sums.bh};
        gru_backward(&weights, &step[t], &gradient);
        memcpy(d_next, d_h, sizeof d_next);
    }
    close_to(sums.wx, torch_d_wx, sizeof torch_d_wx / sizeof *torch_d_wx, "gradient of wx");
    close_to(sums.wh, torch_d_wh, sizeof torch_d_wh / sizeof *torch_d_wh, "gradient of wh");
    close_to(sums.bx, torch_d_bx, sizeof torch_d_bx / sizeof *torch_d_bx, "gradient of bx");
    close_to(sums.bh, torch_d_bh, sizeof torch_d_bh / sizeof *torch_d_bh, "gradient of bh");
    close_to(d_h, torch_d_first, N, "gradient of the first state");
}
