#include "anomaly/nbtail.h"

#include "tests/ref/ref_nbtail.h"

#include <criterion/criterion.h>
#include <math.h>

/* 1e-6 relative: what the header promises. In logarithms that is an absolute error. */
static void compare(int y, double mean, double spread)
{
    double upper = nbtail_log_upper(y, mean, spread), lower = nbtail_log_lower(y, mean, spread);
    double exact_upper = fmin(ref_nbtail_log_upper(y, mean, spread), 0),
           exact_lower = fmin(ref_nbtail_log_lower(y, mean, spread), 0);
    cr_assert(fabs(upper - exact_upper) < 1e-6 + 1e-9 * fabs(exact_upper),
              "upper %d %g %g: %.12g, exact %.12g", y, mean, spread, upper, exact_upper);
    cr_assert(fabs(lower - exact_lower) < 1e-6 + 1e-9 * fabs(exact_lower),
              "lower %d %g %g: %.12g, exact %.12g", y, mean, spread, lower, exact_lower);
}

Test(nbtail, equals_the_naive_sums)
{
    const double means[] = {0.01, 0.3, 1, 4.5, 20, 150, 1000},
                 spreads[] = {1.01, 1.3, 2, 5, 30, 200};
    for (size_t m = 0; m < sizeof means / sizeof *means; m++) {
        for (size_t s = 0; s < sizeof spreads / sizeof *spreads; s++) {
            double sd = sqrt(means[m] * spreads[s]);
            for (int z = -4; z <= 12; z++) {
                int y = (int)(means[m] + z * sd);
                if (y >= 0) {
                    compare(y, means[m], spreads[s]);
                }
            }
        }
    }
}

Test(nbtail, far_tails_stay_finite)
{
    double far = nbtail_log_upper(100000, 5, 2);
    cr_assert(isfinite(far) && far < -50000);
    cr_assert(isfinite(nbtail_log_upper(1e9, 0.001, 1.0)));
    cr_assert(nbtail_log_lower(0, 10000, 1.5) < -1000);
}

Test(nbtail, zero_is_the_mass_at_zero)
{
    cr_assert_float_eq(nbtail_log_zero(2, 3), -log(3), 1e-12); /* size 1: geometric with p = 1/3 */
    cr_assert_float_eq(nbtail_log_lower(0, 2, 3), log(0.5 / 3), 1e-12);
    cr_assert_float_eq(nbtail_log_zero(3, 1), nbtail_log_zero(3, NBTAIL_LEAST_SPREAD), 1e-12);
}

Test(nbtail, both_mid_p_tails_add_to_one)
{
    for (int y = 0; y < 40; y++) {
        cr_assert_float_eq(exp(nbtail_log_upper(y, 7, 2.5)) + exp(nbtail_log_lower(y, 7, 2.5)), 1,
                           1e-7);
    }
}

Test(nbtail, bounds_are_the_last_and_first_counts_beyond)
{
    double upper = nbtail_upper_bound(log(1e-6), 10, 2),
           lower = nbtail_lower_bound(log(1e-3), 40, 2);
    cr_assert(nbtail_log_upper(upper, 10, 2) > log(1e-6));
    cr_assert(nbtail_log_upper(upper + 1, 10, 2) <= log(1e-6));
    cr_assert(nbtail_log_lower(lower, 40, 2) > log(1e-3));
    cr_assert(nbtail_log_lower(lower - 1, 40, 2) <= log(1e-3));
    cr_assert_eq(nbtail_lower_bound(log(1e-6), 1, 2), 0);
}
