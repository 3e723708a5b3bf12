#include "optimize/lead.h"

#include "config/base/rng.h"

#include <criterion/criterion.h>
#include <math.h>

static double sum_of(const struct lead *lead)
{
    double sum = 0;
    for (uint32_t i = 0; i < lead->count; i++) {
        cr_assert(lead->weight[i] > 0);
        cr_assert(i == 0 || lead->slots[i] > lead->slots[i - 1]);
        sum += lead->weight[i];
    }
    return sum;
}

Test(lead, certain_ones)
{
    struct lead lead;
    lead_init(&lead, 5, 0);
    cr_assert_eq(lead.count, 1);
    cr_assert_eq(lead.slots[0], 5);
    lead_init(&lead, 2.25, 0); /* fractions keep their mean */
    cr_assert_eq(lead.count, 2);
    cr_assert_float_eq(lead_mean(&lead), 2.25, 1e-12);
    lead_init(&lead, 0.3, 0);
    cr_assert_eq(lead.slots[0], 1);
    lead_init(&lead, 0, 3);
    cr_assert_eq(lead.slots[0], 0);
}

Test(lead, refuses_nothing_and_stays_finite)
{
    const double bad[] = {NAN, -4, INFINITY, 1e300};
    for (int i = 0; i < 4; i++) {
        for (int k = 0; k < 4; k++) {
            struct lead lead;
            lead_init(&lead, bad[i], bad[k]);
            cr_assert_float_eq(sum_of(&lead), 1, 1e-12);
            cr_assert(lead.slots[lead.count - 1] <= 3650);
        }
    }
}

/* Twin: gamma by sampling, rounded, at least 1. */
Test(lead, moments_are_those_of_a_rounded_gamma)
{
    const double means[] = {2, 5, 10, 20}, shares[] = {0.2, 0.4};
    struct rng rng;
    rng_init(&rng, 7);
    for (int i = 0; i < 4; i++) {
        for (int k = 0; k < 2; k++) {
            double shape = 1 / (shares[k] * shares[k]), sum = 0, square = 0;
            int late = 0;
            const int runs = 40000;
            struct lead lead;
            lead_init(&lead, means[i], means[i] * shares[k]);
            int64_t p90 = lead_quantile(&lead, 0.9);
            for (int run = 0; run < runs; run++) {
                double days = fmax(1, floor(means[i] / shape * rng_gamma(&rng, shape) + 0.5));
                sum += days;
                square += days * days;
                late += days > (double)p90;
            }
            double mean = sum / runs, sd = sqrt(square / runs - mean * mean), got = 0;
            for (uint32_t n = 0; n < lead.count; n++) {
                got += lead.weight[n] * pow((double)lead.slots[n] - lead_mean(&lead), 2);
            }
            cr_assert_float_eq(lead_mean(&lead), mean, 0.05 * mean, /* eight whole points */
                               "mean %g sd %g", means[i], shares[k]);
            cr_assert_float_eq(sqrt(got), sd, 0.12 * sd + 0.05, "sd %g instead of %g", sqrt(got),
                               sd);
            cr_assert_float_eq(sum_of(&lead), 1, 1e-12);
            cr_assert(late < 0.13 * runs);
        }
    }
}

Test(lead, remaining_drops_what_has_passed)
{
    struct lead lead, left;
    lead_init(&lead, 10, 4);
    lead_remaining(&lead, 0, &left);
    cr_assert_float_eq(lead_mean(&left), lead_mean(&lead), 1e-12);
    lead_remaining(&lead, 12, &left);
    cr_assert_float_eq(sum_of(&left), 1, 1e-12);
    cr_assert(left.slots[0] >= 0 && lead_mean(&left) < 8);
    lead_remaining(&lead, 4000, &left); /* long overdue: it may still come, soon */
    cr_assert_eq(left.count, 1);
    cr_assert(left.slots[0] == 2 || left.slots[0] == 3); /* a quarter of 10 */
}

Test(lead, points_and_quantile)
{
    struct lead lead = {0};
    lead_add(&lead, 5, 0.25);
    lead_add(&lead, 5, 0.25);
    lead_add(&lead, 6, 0.5);
    cr_assert_eq(lead.count, 2);
    cr_assert_eq(lead_quantile(&lead, 0.5), 5);
    cr_assert_eq(lead_quantile(&lead, 0.51), 6);
    cr_assert_eq(lead_quantile(&lead, 1), 6);
}
