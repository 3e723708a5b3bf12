#include "model/phase.h"

#include <criterion/criterion.h>
#include <math.h>

Test(phase, buckets_before_the_first_sale_are_no_season)
{
    static struct phase_factors phases;
    memset(&phases, 0, sizeof phases);
    for (int32_t t = 0; t < 13; t++) {
        phase_add(&phases, t % 7, 7, t < 6 ? 0 : 10);
        for (int p = 0; p < 7; p++) {
            cr_assert_float_eq(phases.factor[p], 1, 1e-6);
        }
    }
    phase_add(&phases, 13 % 7, 7, 0); /* from then on a bucket without sales is one */
    cr_assert_eq(phases.seen, 8u);
}

Test(phase, factors_are_one_until_a_season_is_known)
{
    struct phase_factors phases = {0};
    for (int t = 0; t < 6; t++) {
        phase_add(&phases, t, 7, (float)(t * 10));
    }
    for (uint32_t p = 0; p < 7; p++) {
        cr_assert_eq(phases.factor[p], 1.0f);
    }
}

Test(phase, factors_follow_the_totals_and_have_mean_one)
{
    struct phase_factors phases = {0};
    for (int t = 0; t < 70; t++) {
        phase_add(&phases, t % 7, 7, t % 7 == 5 ? 0 : t % 7 == 0 ? 20 : 10);
    }
    cr_assert_float_eq(phases.factor[0], 2.0, 1e-5);
    cr_assert_float_eq(phases.factor[3], 1.0, 1e-5);
    cr_assert_eq(phases.factor[5], PHASE_LEAST);
    cr_assert_eq(phase_ahead(&phases, 6, 1), phases.factor[0]);
    cr_assert_eq(phase_ahead(&phases, 6, 15), phases.factor[0]);
}

Test(phase, only_the_last_eight_seasons_count)
{
    struct phase_factors phases = {0};
    for (int t = 0; t < 7 * 20; t++) {
        phase_add(&phases, t % 7, 7, t < 7 * 12 ? (float)(t % 7) : 5);
    }
    for (uint32_t p = 0; p < 7; p++) {
        cr_assert_float_eq(phases.factor[p], 1.0, 1e-5);
    }
}

Test(phase, another_season_starts_anew_and_a_total_that_is_no_number_counts_nothing)
{
    struct phase_factors phases = {0};
    for (int t = 0; t < 14; t++) {
        phase_add(&phases, t % 7, 7, 3);
    }
    phase_add(&phases, 5, 168, 1);
    cr_assert_eq(phases.seen, 1u);
    cr_assert_eq(phases.factor[100], 1.0f);
    struct phase_factors daily = {0};
    for (int t = 0; t < 14; t++) {
        phase_add(&daily, t % 7, 7, t == 3 ? -1.0f / 0.0f : t == 4 ? 0.0f / 0.0f : 3);
    }
    for (uint32_t p = 0; p < 7; p++) {
        cr_assert(daily.factor[p] >= PHASE_LEAST && daily.factor[p] < 2);
    }
}

Test(phase, rebuild_gives_the_same_factors)
{
    struct phase_factors phases = {0};
    for (int t = 0; t < 33; t++) {
        phase_add(&phases, t % 7, 7, (float)(1 + t * t % 13));
    }
    struct phase_factors copy = phases;
    for (uint32_t p = 0; p < 7; p++) {
        copy.factor[p] = -1;
    }
    phase_rebuild(&copy, 32 % 7);
    cr_assert_arr_eq(copy.factor, phases.factor, sizeof copy.factor);
}

Test(phase, recent_totals_are_known_or_nothing)
{
    struct phase_factors phases = {0};
    for (int t = 0; t < 80; t++) {
        phase_add(&phases, t % 7, 7, (float)t);
    }
    cr_assert_eq(phase_recent(&phases, 3), 79.0f + 78 + 77);
    cr_assert_gt(phase_recent(&phases, 56), 0.0f);
    cr_assert_eq(phase_recent(&phases, 57), 0.0f);
}

Test(phase, a_day_that_a_plan_explains_is_mended)
{
    struct phase_factors plain = {0}, mended = {0};
    for (int t = 0; t < 28; t++) {
        phase_add(&plain, t % 7, 7, 10);
        phase_add(&mended, t % 7, 7, t == 27 ? 30 : 10);
    }
    phase_mend(&mended, 27 % 7, 3);
    for (int p = 0; p < 7; p++) {
        cr_assert_float_eq(mended.factor[p], plain.factor[p], 1e-6);
    }
    float before = mended.factor[3];
    phase_mend(&mended, 27 % 7, 1);
    phase_mend(&mended, 27 % 7, NAN);
    cr_assert_eq(mended.factor[3], before);
}
