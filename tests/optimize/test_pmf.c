#include "optimize/pmf.h"

#include <criterion/criterion.h>
#include <math.h>

static void near(double found, double expected, double slack)
{
    cr_assert(fabs(found - expected) <= slack, "found %.12g, expected %.12g", found, expected);
}

static void check(const struct pmf *pmf, double mean, double variance)
{
    double sum = 0;
    for (size_t i = 0; i < pmf->count; i++) {
        cr_assert(pmf->p[i] >= 0);
        sum += pmf->p[i];
    }
    near(sum, 1, 1e-12);
    near(pmf_mean(pmf), mean, 1e-9 * (1 + mean));
    near(pmf_variance(pmf), variance, 1e-8 * (1 + variance));
}

Test(pmf, distributions_have_their_moments)
{
    struct pmf pmf = {0};
    static const double MEANS[] = {0.01, 0.7, 5, 81.5, 4000};
    for (size_t i = 0; i < sizeof MEANS / sizeof MEANS[0]; i++) {
        pmf_poisson(&pmf, MEANS[i]);
        check(&pmf, MEANS[i], MEANS[i]);
        pmf_negbin(&pmf, MEANS[i], MEANS[i] * 3.5);
        check(&pmf, MEANS[i], MEANS[i] * 3.5);
        pmf_negbin(&pmf, MEANS[i], MEANS[i] * 0.5); /* no such thing: Poisson */
        check(&pmf, MEANS[i], MEANS[i]);
    }
    pmf_poisson(&pmf, 0);
    check(&pmf, 0, 0);
    pmf_normal(&pmf, 50, 8, 1);
    check(&pmf, 50, 64 + 1.0 / 12); /* cells of width 1 */
    pmf_normal(&pmf, 3, 0, 1);
    check(&pmf, 3, 0);
    pmf_fini(&pmf);
}

Test(pmf, known_chances)
{
    struct pmf pmf = {0};
    pmf_poisson(&pmf, 5);
    near(pmf_chance(&pmf, 0), exp(-5), 1e-14);
    near(pmf_chance(&pmf, 5), 0.175467369767851, 1e-12);
    pmf_negbin(&pmf, 5, 30); /* geometric */
    near(pmf_chance(&pmf, 0), 1.0 / 6, 1e-12);
    near(pmf_chance(&pmf, 3), 125.0 / 1296, 1e-12);
    cr_assert_eq(pmf_chance(&pmf, -1), 0);
    cr_assert_eq(pmf_chance(&pmf, 1000000), 0);
    pmf_fini(&pmf);
}

Test(pmf, tails_agree_with_sums)
{
    struct pmf pmf = {0};
    pmf_given(&pmf, 2, (double[]){1, 0, 2, 1}, 4);
    near(pmf_above(&pmf, 1), 1, 0);
    near(pmf_above(&pmf, 2), 0.75, 1e-15);
    near(pmf_above(&pmf, 4), 0.25, 1e-15);
    near(pmf_above(&pmf, 5), 0, 0);
    near(pmf_shortfall(&pmf, 5), 0, 0);
    near(pmf_shortfall(&pmf, 3), 0.5 * 1 + 0.25 * 2, 1e-15);
    near(pmf_shortfall(&pmf, -3), pmf_mean(&pmf) + 3, 1e-15);
    cr_assert_eq(pmf_quantile(&pmf, 0), 2);
    cr_assert_eq(pmf_quantile(&pmf, 0.25), 2);
    cr_assert_eq(pmf_quantile(&pmf, 0.3), 4);
    cr_assert_eq(pmf_quantile(&pmf, 1), 5);
    pmf_fini(&pmf);
}

Test(pmf, sums_of_independent_demands)
{
    struct pmf one = {0}, three = {0}, whole = {0};
    pmf_poisson(&one, 2.5);
    pmf_times(&three, &one, 3);
    pmf_poisson(&whole, 7.5);
    for (int64_t y = 0; y < 30; y++) {
        near(pmf_chance(&three, y), pmf_chance(&whole, y), 1e-12);
    }
    pmf_times(&three, &one, 0);
    cr_assert_eq(three.count, 1);
    cr_assert_eq(three.first, 0);
    pmf_sum(&one, &one, &one); /* may be filled from itself */
    near(pmf_mean(&one), 5, 1e-9);
    pmf_fini(&one);
    pmf_fini(&three);
    pmf_fini(&whole);
}

Test(pmf, follows_a_quantile_curve)
{
    static const float LEVELS[DEMAND_LEVELS] = {0.05f, 0.1f, 0.2f, 0.3f, 0.4f,  0.5f,
                                                0.6f,  0.7f, 0.8f, 0.9f, 0.95f, 0.99f};
    float q[DEMAND_LEVELS];
    for (int k = 0; k < DEMAND_LEVELS; k++) {
        q[k] = 10 * LEVELS[k] * 10;
    }
    struct demand_curve curve;
    demand_curve_init(&curve, LEVELS, 1, (float[]){7}, (float[]){50}, q);
    struct demand demand;
    demand_at(&curve, 7, &demand);
    struct pmf pmf = {0};
    pmf_demand(&pmf, &demand);
    near(pmf_mean(&pmf), demand_shortfall(&demand, 0), 0.02);
    near(pmf_above(&pmf, 50), demand_above(&demand, 50.5), 1e-9);
    pmf_fini(&pmf);
}

Test(pmf, says_how_large_it_would_be)
{
    struct pmf pmf = {0};
    static const double MEANS[] = {0.3, 20, 900}, RATIOS[] = {1, 4, 60};
    for (int i = 0; i < 3; i++) {
        for (int k = 0; k < 3; k++) {
            pmf_negbin(&pmf, MEANS[i], MEANS[i] * RATIOS[k]);
            cr_assert((double)pmf.count < 4 * pmf_points(MEANS[i], MEANS[i] * RATIOS[k]),
                      "%zu points for %g x %g", pmf.count, MEANS[i], RATIOS[k]);
        }
    }
    pmf_fini(&pmf);
}
