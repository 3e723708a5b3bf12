#include "model/fast.h"

#include <criterion/criterion.h>
#include <math.h>

Test(fast, exp_is_exact_to_a_few_units_in_the_last_place)
{
    for (float x = -86.5f; x < 87.9f; x += 0.0137f) {
        double expected = exp((double)x);
        cr_assert_float_eq((double)fast_exp(x) / expected, 1, 3e-7, "exp(%g)", (double)x);
    }
    cr_assert_eq(fast_exp(0), 1.0f);
}

Test(fast, exp_is_clamped_and_never_infinite)
{
    cr_assert(isfinite(fast_exp(1e30f)));
    cr_assert_gt(fast_exp(-1e30f), 0.0f);
    cr_assert_lt(fast_exp(-1e30f), 1e-37f);
}

Test(fast, log_is_exact_to_a_few_units_in_the_last_place)
{
    for (float x = 1e-37f; x < 1e37f; x *= 1.0173f) {
        double expected = log((double)x);
        cr_assert_float_eq(fast_log(x), expected, 3e-7 * fmax(1, fabs(expected)), "log(%g)",
                           (double)x);
    }
    for (float x = 1.0001f; x < 1.5f; x += 0.003f) { /* relative also where it is small */
        double expected = log((double)x);
        cr_assert_float_eq((double)fast_log(x) / expected, 1, 1e-6, "log(%g)", (double)x);
    }
    cr_assert_eq(fast_log(1), 0.0f);
}

Test(fast, tanh_is_close_and_bounded)
{
    for (float x = -12; x < 12; x += 0.0131f) {
        cr_assert_float_eq(fast_tanh(x), tanh((double)x), 4e-7, "tanh(%g)", (double)x);
        cr_assert_leq(fabsf(fast_tanh(x)), 1.0f + 1e-6f);
    }
}
