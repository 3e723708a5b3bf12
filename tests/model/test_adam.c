#include "model/adam.h"

#include <criterion/criterion.h>
#include <math.h>

Test(adam, finds_the_least_of_a_parabola_and_averages_on_the_way)
{
    float w[3] = {5, -3, 0}, g[3] = {0}, m[3] = {0}, v[3] = {0}, mean[3] = {0};
    const float least[3] = {1, 2, -1};
    struct adam adam = {
        .floats = 3, .weights = w, .gradient = g, .first = m, .second = v, .average = mean};
    for (int step = 0; step < 2000; step++) {
        for (int i = 0; i < 3; i++) {
            g[i] = 2 * (w[i] - least[i]);
        }
        struct adam_rate rate = {.rate = adam_schedule(0.05f, step, 2000), .clip = 100};
        adam_step(&adam, &rate);
        cr_assert_eq(g[0], 0.0f);
    }
    for (int i = 0; i < 3; i++) {
        cr_assert_float_eq(w[i], least[i], 0.01);
        cr_assert_float_eq(mean[i], least[i], 0.02);
    }
}

Test(adam, clips_the_norm_and_refuses_what_is_not_finite)
{
    float w[2] = {1, 1}, g[2] = {3e20f, 4e20f}, m[2] = {0}, v[2] = {0}, mean[2] = {0};
    struct adam adam = {
        .floats = 2, .weights = w, .gradient = g, .first = m, .second = v, .average = mean};
    struct adam_rate rate = {.rate = 0.1f, .clip = 1};
    cr_assert_gt(adam_step(&adam, &rate), 1e20f);
    cr_assert(isfinite(w[0]) && m[0] < 0.1f);
    float kept = w[0];
    g[0] = NAN;
    cr_assert(!isfinite(adam_step(&adam, &rate)));
    cr_assert_eq(w[0], kept);
    cr_assert_eq(g[1], 0.0f);
}

Test(adam, decay_shrinks_weights_without_a_gradient)
{
    float w[1] = {1}, g[1] = {0}, m[1] = {0}, v[1] = {0}, mean[1] = {0};
    struct adam adam = {
        .floats = 1, .weights = w, .gradient = g, .first = m, .second = v, .average = mean};
    adam_step(&adam, &(struct adam_rate){.rate = 0.1f, .decay = 0.5f, .clip = 1});
    cr_assert_float_eq(w[0], 0.95, 1e-6);
}

Test(adam, schedule_warms_up_and_cools_down)
{
    cr_assert_lt(adam_schedule(1, 0, 1000), 0.05f);
    cr_assert_float_eq(adam_schedule(1, 50, 1000), 1, 0.01);
    cr_assert_float_eq(adam_schedule(1, 1000, 1000), 0.02, 1e-3);
    cr_assert_gt(adam_schedule(1, 0, 1), 0.0f);
}
