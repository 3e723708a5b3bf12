#include "model/direct.h"

#include "config/base/rng.h"
#include "model/levels.h"

#include <criterion/criterion.h>
#include <math.h>

static struct negbin_table table;

static void init(void)
{
    negbin_init(&table);
}

TestSuite(direct, .init = init);

static struct direct_base base_of(float mean, float size)
{
    struct direct_base base;
    struct likelihood nb = {mean, size};
    direct_begin(&table, &nb, &base);
    return base;
}

static void draw(struct rng *rng, float scale, float *out)
{
    for (int o = 0; o < DIRECT_OUTPUTS; o++) {
        out[o] = scale * (float)rng_normal(rng);
    }
}

Test(direct, outputs_of_zero_say_the_distribution_itself)
{
    const float means[] = {0.05f, 0.8f, 6, 300}, sizes[] = {0.1f, 0.9f, 12};
    for (int m = 0; m < 4; m++) {
        for (int s = 0; s < 3; s++) {
            struct direct_base base = base_of(means[m], sizes[s]);
            float out[DIRECT_OUTPUTS] = {0}, q[FORECAST_LEVELS], exact[FORECAST_LEVELS];
            cr_assert_float_eq(direct_read(&base, out, q), means[m], 1e-5f * means[m]);
            negbin_quantiles(&table, means[m], means[m] + means[m] * means[m] / sizes[s], exact);
            for (int k = 0; k < FORECAST_LEVELS; k++) {
                cr_assert_float_eq(q[k], exact[k],
                                   1.5f + 0.03f * exact[k] + 0.003f * base.deviation,
                                   "mean %g size %g level %d: %g, counts say %g", (double)means[m],
                                   (double)sizes[s], k, (double)q[k], (double)exact[k]);
            }
        }
    }
}

Test(direct, lanes_say_what_one_by_one_says)
{
    struct rng rng;
    rng_init(&rng, 8);
    for (int n = 0; n < 300; n++) {
        float mean[DIRECT_LANES], variance[DIRECT_LANES], said[DIRECT_LANES];
        float out[DIRECT_OUTPUTS * DIRECT_LANES], one[DIRECT_LANES][DIRECT_OUTPUTS];
        float q[FORECAST_LEVELS * DIRECT_LANES], row[FORECAST_LEVELS];
        for (int lane = 0; lane < DIRECT_LANES; lane++) {
            mean[lane] = lane == 4 ? 0 : expf(3 * (float)rng_normal(&rng));
            variance[lane] = mean[lane] + mean[lane] * mean[lane] / 0.7f;
            draw(&rng, lane % 3 ? 1 : 20, one[lane]);
            one[lane][DIRECT_LEVELS + 3] = lane == 9 ? NAN : one[lane][DIRECT_LEVELS + 3];
            for (int o = 0; o < DIRECT_OUTPUTS; o++) {
                out[o * DIRECT_LANES + lane] = one[lane][o];
            }
        }
        direct_lanes(&table, mean, variance, out, said, q);
        for (int lane = 0; lane < DIRECT_LANES; lane++) {
            struct direct_base base = base_of(mean[lane], 0.7f);
            float expected = lane == 4 ? 0 : direct_read(&base, one[lane], row);
            cr_assert_float_eq(said[lane], expected, 1e-5f * expected);
            for (int k = 0; k < FORECAST_LEVELS; k++) {
                float least = lane == 4 ? 0 : row[k];
                cr_assert_float_eq(q[k * DIRECT_LANES + lane], least, 1e-4f * (least + 0.1f));
            }
        }
    }
}

Test(direct, quantiles_never_cross_whatever_the_network_says)
{
    struct rng rng;
    rng_init(&rng, 6);
    for (int n = 0; n < 2000; n++) {
        float out[DIRECT_OUTPUTS], q[FORECAST_LEVELS];
        struct direct_base base = base_of(expf(3 * (float)rng_normal(&rng)), 0.7f);
        draw(&rng, n % 2 ? 1 : 50, out);
        float mean = direct_read(&base, out, q);
        cr_assert(mean >= base.nb.mean / 4.6f && mean <= base.nb.mean * 4.6f);
        for (int k = 0; k < FORECAST_LEVELS; k++) {
            cr_assert(q[k] >= (k ? q[k - 1] : 0) && q[k] < 5 * 60 * (base.deviation + 1));
        }
    }
}

Test(direct, what_is_not_finite_corrects_nothing)
{
    struct direct_base base = base_of(3, 2);
    float out[DIRECT_OUTPUTS] = {0}, q[FORECAST_LEVELS], plain[FORECAST_LEVELS];
    cr_assert_eq(direct_read(&base, out, plain), 3);
    for (int o = 0; o < DIRECT_OUTPUTS; o++) {
        out[o] = o % 2 ? NAN : INFINITY;
        cr_assert_eq(direct_read(&base, out, q), 3);
        cr_assert_arr_eq(q, plain, sizeof q);
        out[o] = 0;
    }
}

Test(direct, gradient_equals_finite_differences)
{
    const float counts[] = {0, 1, 2, 4, 5}; /* none whose gradient is clipped */
    struct rng rng;
    rng_init(&rng, 9);
    double off = 0, all = 0;
    for (int n = 0; n < 200; n++) {
        struct direct_base base = base_of(0.3f * (float)(1 + n % 17), 0.4f + (float)(n % 5));
        float out[DIRECT_OUTPUTS], gradient[DIRECT_OUTPUTS], y = counts[n % 5];
        draw(&rng, 0.5f, out);
        direct_loss(&base, y, out, gradient);
        for (int o = 0; o < DIRECT_OUTPUTS; o++) {
            float kept = out[o], width = 1e-3f;
            out[o] = kept + width;
            double up = direct_loss(&base, y, out, NULL);
            out[o] = kept - width;
            double down = direct_loss(&base, y, out, NULL);
            out[o] = kept;
            double slope = (up - down) / (2 * (double)width);
            off += fabs(slope - (double)gradient[o]);
            all += fabs(slope);
        }
    }
    /* A quantile that meets the demand within the width has no slope. */
    cr_assert(off < 5e-3 * all, "relative error %g", off / all);
}

Test(direct, a_wild_order_teaches_as_much_as_any_demand_above_all_quantiles)
{
    struct direct_base base = base_of(2, 1);
    float out[DIRECT_OUTPUTS] = {0}, odd[DIRECT_OUTPUTS], wild[DIRECT_OUTPUTS];
    direct_loss(&base, 1000, out, odd);
    direct_loss(&base, 1e8f, out, wild);
    cr_assert_arr_eq(odd, wild, sizeof odd);
}

Test(direct, descent_finds_the_quantiles_of_what_is_sold)
{
    struct rng rng;
    rng_init(&rng, 2);
    struct direct_base base = base_of(8, 2); /* in truth: even between 0 and 40 */
    float out[DIRECT_OUTPUTS] = {0}, gradient[DIRECT_OUTPUTS], q[FORECAST_LEVELS];
    for (int n = 0; n < 60000; n++) {
        direct_loss(&base, (float)(40 * rng_unit(&rng)), out, gradient);
        for (int o = 0; o < DIRECT_OUTPUTS; o++) {
            out[o] -= (n < 40000 ? 0.5f : 0.02f) * gradient[o];
        }
    }
    cr_assert_float_eq(direct_read(&base, out, q), 20, 2);
    for (int k = LEVEL_P10; k <= LEVEL_P90; k++) {
        cr_assert_float_eq(q[k], 40 * forecast_levels[k], 2, "level %d: %g", k, (double)q[k]);
    }
}

Test(direct, larger_series_weigh_more)
{
    struct likelihood small = {1, 1}, large = {100, 1};
    float ratio = direct_weight(&large) / direct_weight(&small);
    cr_assert(ratio > 2 && ratio < 100);
}
