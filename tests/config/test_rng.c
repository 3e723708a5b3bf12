#include "config/base/rng.h"

#include <criterion/criterion.h>
#include <math.h>
#include <signal.h>

TestSuite(rng);

enum { DRAWS = 200000 };

struct moments {
    double mean, variance;
};

static struct moments moments_of(double (*draw)(struct rng *, double, double), double a, double b)
{
    struct rng rng;
    double sum = 0, squares = 0;
    rng_init(&rng, 42);
    for (int i = 0; i < DRAWS; i++) {
        double x = draw(&rng, a, b);
        sum += x;
        squares += x * x;
    }
    double mean = sum / DRAWS;
    return (struct moments){mean, squares / DRAWS - mean * mean};
}

/* Five standard errors for the mean; the variance within a share that covers its heavier tail. */
static void expect(const char *what, struct moments found, double mean, double variance)
{
    cr_expect_lt(fabs(found.mean - mean), 5 * sqrt(variance / DRAWS) + 1e-12, "%s: mean %g, not %g",
                 what, found.mean, mean);
    cr_expect_lt(fabs(found.variance / variance - 1), 0.06, "%s: variance %g, not %g", what,
                 found.variance, variance);
}

static double unit(struct rng *rng, double a, double b)
{
    (void)a;
    (void)b;
    return rng_unit(rng);
}

static double normal(struct rng *rng, double a, double b)
{
    (void)a;
    (void)b;
    return rng_normal(rng);
}

static double exponential(struct rng *rng, double a, double b)
{
    (void)a;
    (void)b;
    return rng_exponential(rng);
}

static double gamma_draw(struct rng *rng, double shape, double b)
{
    (void)b;
    return rng_gamma(rng, shape);
}

static double poisson(struct rng *rng, double mean, double b)
{
    (void)b;
    return (double)rng_poisson(rng, mean);
}

static double negbin(struct rng *rng, double mean, double variance)
{
    return (double)rng_negbin(rng, mean, variance);
}

static double below(struct rng *rng, double bound, double b)
{
    (void)b;
    return (double)rng_below(rng, (uint64_t)bound);
}

Test(rng, moments)
{
    expect("unit", moments_of(unit, 0, 0), 0.5, 1.0 / 12);
    expect("normal", moments_of(normal, 0, 0), 0, 1);
    expect("exponential", moments_of(exponential, 0, 0), 1, 1);
    expect("below", moments_of(below, 100, 0), 49.5, 9999.0 / 12);
    static const double shapes[] = {0.3, 1, 2.5, 40};
    for (int i = 0; i < 4; i++) {
        expect("gamma", moments_of(gamma_draw, shapes[i], 0), shapes[i], shapes[i]);
    }
    static const double means[] = {0.05, 0.9, 7, 29.9, 30.1, 100, 12345};
    for (int i = 0; i < 7; i++) {
        expect("poisson", moments_of(poisson, means[i], 0), means[i], means[i]);
    }
    expect("negbin", moments_of(negbin, 3, 9), 3, 9);
    expect("negbin of a large mean", moments_of(negbin, 200, 1000), 200, 1000);
    expect("negbin without excess", moments_of(negbin, 4, 2), 4, 4);
}

Test(rng, poisson_probabilities)
{
    struct rng rng;
    int counts[8] = {0};
    rng_init(&rng, 9);
    for (int i = 0; i < DRAWS; i++) {
        uint64_t x = rng_poisson(&rng, 1.5);
        counts[x < 7 ? x : 7]++;
    }
    double p = exp(-1.5);
    for (int k = 0; k < 7; k++) {
        cr_expect_lt(fabs(counts[k] - DRAWS * p), 5 * sqrt(DRAWS * p), "P(%d)", k);
        p *= 1.5 / (k + 1);
    }
}

Test(rng, ranges)
{
    struct rng rng;
    rng_init(&rng, 0);
    for (int i = 0; i < DRAWS; i++) {
        double u = rng_unit(&rng);
        cr_assert(u >= 0 && u < 1);
        cr_assert_lt(rng_below(&rng, 3), 3);
        cr_assert_geq(rng_exponential(&rng), 0);
        cr_assert_geq(rng_gamma(&rng, 0.05), 0);
    }
    cr_assert_eq(rng_below(&rng, 1), 0);
    cr_assert_eq(rng_poisson(&rng, 0), 0);
    cr_assert_eq(rng_negbin(&rng, 0, 5), 0);
    cr_assert_eq(rng_negbin(&rng, -1, 5), 0);
}

Test(rng, below_is_even)
{
    struct rng rng;
    int counts[6] = {0};
    rng_init(&rng, 17);
    for (int i = 0; i < 60000; i++) {
        counts[rng_below(&rng, 6)]++;
    }
    for (int i = 0; i < 6; i++) {
        cr_expect_lt(abs(counts[i] - 10000), 500, "%d: %d", i, counts[i]);
    }
}

/* The last two: xoshiro256** with the state that splitmix64 gives from 0, as published for other
 * implementations. */
Test(rng, same_seed_same_numbers_other_seed_others)
{
    struct rng a, b, c;
    rng_init(&a, 123);
    rng_init(&b, 123);
    rng_init(&c, 124);
    int same = 0;
    for (int i = 0; i < 1000; i++) {
        uint64_t x = rng_next(&a);
        cr_assert_eq(x, rng_next(&b));
        same += x == rng_next(&c);
    }
    cr_assert_eq(same, 0);
    struct rng zero;
    rng_init(&zero, 0);
    cr_assert_eq(rng_next(&zero), 11091344671253066420ULL);
    cr_assert_eq(rng_next(&zero), 13793997310169335082ULL);
}

Test(rng, no_range_is_our_mistake, .signal = SIGABRT)
{
    struct rng rng;
    rng_init(&rng, 1);
    (void)rng_below(&rng, 0);
}

Test(rng, no_shape_is_our_mistake, .signal = SIGABRT)
{
    struct rng rng;
    rng_init(&rng, 1);
    (void)rng_gamma(&rng, 0);
}
