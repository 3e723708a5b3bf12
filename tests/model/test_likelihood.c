#include "model/likelihood.h"

#include <criterion/criterion.h>
#include <math.h>

Test(likelihood, gradient_equals_finite_differences)
{
    const float means[] = {0.05f, 0.9f, 4, 40}, sizes[] = {0.08f, 0.7f, 9},
                counts[] = {0, 1, 3, 8, 9, 30};
    for (int m = 0; m < 4; m++) {
        for (int s = 0; s < 3; s++) {
            for (int c = 0; c < 6; c++) {
                struct likelihood base = {.mean = means[m], .size = sizes[s]};
                float out[2] = {0.3f, -0.2f}, gradient[2];
                likelihood_gradient(&base, counts[c], out, gradient);
                for (int o = 0; o < 2; o++) {
                    float up[2] = {out[0], out[1]}, down[2] = {out[0], out[1]};
                    up[o] += 1e-3f;
                    down[o] -= 1e-3f;
                    double slope = (likelihood_loss(&base, counts[c], up) -
                                    likelihood_loss(&base, counts[c], down)) /
                                   (double)(up[o] - down[o]);
                    if (fabs(slope) < 3.9) { /* beyond, the gradient is clipped */
                        cr_assert_float_eq(gradient[o], slope, 2e-3 * (1 + fabs(slope)),
                                           "mean %g size %g count %g output %d: %g, %g",
                                           (double)means[m], (double)sizes[s], (double)counts[c], o,
                                           (double)gradient[o], slope);
                    }
                }
            }
        }
    }
}

Test(likelihood, one_wild_order_teaches_a_few_units_only)
{
    struct likelihood base = {.mean = 1, .size = 5};
    float out[2] = {0, 0}, gradient[2];
    likelihood_gradient(&base, 1e6f, out, gradient);
    cr_assert_eq(gradient[0], -4.0f);
    cr_assert(fabsf(gradient[1]) <= 4);
}

Test(likelihood, loss_is_that_of_the_masses)
{
    struct likelihood base = {.mean = 2, .size = 3};
    const float out[2] = {0, 0};
    double sum = 0;
    for (int y = 0; y < 200; y++) {
        sum += exp(-likelihood_loss(&base, (float)y, out));
    }
    cr_assert_float_eq(sum, 1, 1e-6);
    cr_assert_float_eq(exp(-likelihood_loss(&base, 0, out)), pow(3.0 / 5, 3), 1e-6);
}
