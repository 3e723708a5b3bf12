#include "optimize/gauss.h"

#include <criterion/criterion.h>
#include <math.h>

Test(gauss, known_values)
{
    cr_assert_float_eq(gauss_quantile(0.5), 0, 1e-12);
    cr_assert_float_eq(gauss_quantile(0.975), 1.959963984540054, 1e-8);
    cr_assert_float_eq(gauss_quantile(0.001), -3.090232306167814, 1e-8);
    cr_assert_float_eq(gauss_below(1.959963984540054), 0.975, 1e-12);
}

Test(gauss, quantile_inverts_and_clamps)
{
    for (double level = 0.0005; level < 1; level += 0.0005) {
        cr_assert_float_eq(gauss_below(gauss_quantile(level)), level, 1e-8);
    }
    cr_assert(isfinite(gauss_quantile(0)) && isfinite(gauss_quantile(1)));
    cr_assert(gauss_quantile(-5) < -6 && gauss_quantile(7) > 6);
}
