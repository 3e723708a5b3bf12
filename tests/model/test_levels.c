#include "model/levels.h"

#include <criterion/criterion.h>
#include <math.h>

static const float Q[FORECAST_LEVELS] = {1, 2, 4, 6, 8, 10, 12, 14, 18, 25, 30, 45};

static void near(float a, float b, float tolerance)
{
    cr_assert(fabsf(a - b) <= tolerance, "%g is not %g", (double)a, (double)b);
}

Test(levels, at_meets_the_row_and_is_linear_between)
{
    for (int k = 0; k < FORECAST_LEVELS; k++) {
        near(levels_at(Q, forecast_levels[k]), Q[k], 1e-5f);
    }
    near(levels_at(Q, 0.55f), 11, 1e-4f);
    near(levels_at(Q, 0.025f), 0.5f, 1e-5f);
}

Test(levels, at_clamps_impossible_levels)
{
    cr_assert_eq(levels_at(Q, 0), 0.0f);
    cr_assert_eq(levels_at(Q, -1), 0.0f);
    cr_assert_eq(levels_at(Q, NAN), 0.0f);
    near(levels_at(Q, 2), levels_at(Q, 0.99999f), 0);
    cr_assert_gt(levels_at(Q, 0.995f), 45.0f);
}

Test(levels, of_inverts_at)
{
    for (float level = 0.01f; level < 0.9999f; level += 0.007f) {
        near(levels_of(Q, levels_at(Q, level)), level, 2e-5f);
    }
    cr_assert_eq(levels_of(Q, -0.5f), 0.0f);
    near(levels_of(Q, 1e9f), 0.99999f, 1e-6f);
}

Test(levels, of_a_flat_piece_is_its_upper_end)
{
    const float rare[FORECAST_LEVELS] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 2, 4};
    near(levels_of(rare, 0), 0.8f, 1e-6f);
    const float never[FORECAST_LEVELS] = {0};
    near(levels_of(never, 0), 0.99f, 1e-6f);
    near(levels_of(never, 1), 0.99999f, 1e-6f);
}

Test(levels, excess_is_the_integral_of_the_tail)
{
    for (float x = 0; x < 80; x += 3.7f) {
        double sum = 0, step = 1e-5;
        for (double level = step / 2; level < 1; level += step) {
            double over = (double)levels_at(Q, (float)level) - (double)x;
            sum += over > 0 ? over * step : 0;
        }
        near(levels_excess(Q, x), (float)sum, 0.01f);
    }
    const float never[FORECAST_LEVELS] = {0};
    cr_assert_eq(levels_excess(never, 0), 0.0f);
    cr_assert_eq(levels_excess(never, 3), 0.0f);
}

Test(levels, pinball_and_loss)
{
    near(levels_pinball(10, 6, 0.9f), 3.6f, 1e-6f);
    near(levels_pinball(6, 10, 0.9f), 0.4f, 1e-6f);
    const float sure[FORECAST_LEVELS] = {5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5};
    cr_assert_eq(levels_loss(5, sure), 0.0f);
    cr_assert_gt(levels_loss(5, Q), 0.0f);
}

Test(levels, counted_rounds_down_below_the_median_and_up_in_the_tail)
{
    cr_assert_eq(levels_counted(1.6f, LEVEL_P10), 1.0f);
    cr_assert_eq(levels_counted(1.8f, LEVEL_P10), 2.0f);
    cr_assert_eq(levels_counted(1.6f, LEVEL_P50), 2.0f);
    cr_assert_eq(levels_counted(1.4f, LEVEL_P90), 2.0f);
    cr_assert_eq(levels_counted(1.2f, LEVEL_P90), 1.0f);
    cr_assert_eq(levels_counted(7, LEVEL_P99), 7.0f);
}
