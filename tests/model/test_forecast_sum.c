#include "model/forecaster.h"

#include <criterion/criterion.h>

static const uint16_t LENGTH[3] = {1, 7, 14};
static const float MEAN[3] = {2, 14, 28};
static float rows[3 * FORECAST_LEVELS];
static struct forecast_block block;

static void init(void)
{
    for (int s = 0; s < 3; s++) {
        for (int k = 0; k < FORECAST_LEVELS; k++) {
            rows[s * FORECAST_LEVELS + k] = MEAN[s] + (float)(k - 5) * (float)(s + 1) * 0.4f;
        }
    }
    block = (struct forecast_block){
        .series = 1, .sums = 3, .sum_length = LENGTH, .sum_mean = MEAN, .sum_q = rows};
}

TestSuite(forecast_sum, .init = init);

Test(forecast_sum, meets_the_rows_and_is_linear_between)
{
    float q[FORECAST_LEVELS], mean;
    for (int s = 0; s < 3; s++) {
        forecast_sum_at(&block, 0, LENGTH[s], q, &mean);
        cr_assert_float_eq(mean, MEAN[s], 1e-5);
        for (int k = 0; k < FORECAST_LEVELS; k++) {
            cr_assert_float_eq(q[k], rows[s * FORECAST_LEVELS + k], 1e-5);
        }
    }
    forecast_sum_at(&block, 0, 4, q, &mean);
    cr_assert_float_eq(mean, 8, 1e-5);
    cr_assert_float_eq(q[LEVEL_P90], (rows[LEVEL_P90] + rows[FORECAST_LEVELS + LEVEL_P90]) / 2,
                       1e-4);
    forecast_sum_at(&block, 0, 0.5f, q, &mean);
    cr_assert_float_eq(mean, 1, 1e-5);
}

Test(forecast_sum, never_crosses_and_grows_with_length_far_beyond_the_last_row)
{
    float before[FORECAST_LEVELS] = {0}, last = 0;
    for (float length = 0.1f; length < 200; length += 0.7f) {
        float q[FORECAST_LEVELS], mean;
        forecast_sum_at(&block, 0, length, q, &mean);
        cr_assert_geq(mean, last);
        for (int k = 0; k < FORECAST_LEVELS; k++) {
            cr_assert_geq(q[k], before[k]);
            cr_assert(!k || q[k] >= q[k - 1]);
            before[k] = q[k];
        }
        last = mean;
    }
    float q[FORECAST_LEVELS], mean;
    forecast_sum_at(&block, 0, 28, q, &mean);
    cr_assert_float_eq(mean, 56, 1e-4);
}

Test(forecast_sum, one_row_alone_is_enough)
{
    block.sums = 1;
    float q[FORECAST_LEVELS], mean;
    forecast_sum_at(&block, 0, 3, q, &mean);
    cr_assert_float_eq(mean, 6, 1e-5);
    cr_assert_geq(q[LEVEL_P99], rows[LEVEL_P99]);
}

Test(forecast_sum, no_demand_stays_no_demand)
{
    const float zeros[3 * FORECAST_LEVELS] = {0}, none[3] = {0};
    block.sum_q = zeros;
    block.sum_mean = none;
    float q[FORECAST_LEVELS], mean;
    forecast_sum_at(&block, 0, 90, q, &mean);
    cr_assert_eq(mean, 0.0f);
    cr_assert_eq(q[LEVEL_P99], 0.0f);
}
