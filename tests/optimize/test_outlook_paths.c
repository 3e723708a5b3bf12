#include "tests/optimize/paths.h"

#include "optimize/outlook.h"
#include "tests/optimize/curve_fixture.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { COUNT = 4096 };

static int by_value(const void *a, const void *b)
{
    double one = *(const double *)a, two = *(const double *)b;
    return (one > two) - (one < two);
}

/* Totals of slots first .. next - 1 of all paths. */
static void totals(const float *paths, uint32_t slots, uint32_t first, uint32_t next, double *out)
{
    for (size_t i = 0; i < COUNT; i++) {
        out[i] = 0;
        for (uint32_t t = first; t < next; t++) {
            out[i] += (double)paths[i * slots + t];
        }
    }
}

static double correlation(const double *a, const double *b)
{
    double ma = 0, mb = 0, ab = 0, aa = 0, bb = 0;
    for (size_t i = 0; i < COUNT; i++) {
        ma += a[i] / COUNT;
        mb += b[i] / COUNT;
    }
    for (size_t i = 0; i < COUNT; i++) {
        ab += (a[i] - ma) * (b[i] - mb);
        aa += (a[i] - ma) * (a[i] - ma);
        bb += (b[i] - mb) * (b[i] - mb);
    }
    return ab / sqrt(aa * bb);
}

static float *draw(const struct demand_curve *curve, uint32_t slots, struct paths_law *law)
{
    struct rng rng;
    rng_init(&rng, 11);
    paths_fit(curve, slots, law);
    float *paths = malloc((size_t)COUNT * slots * sizeof *paths);
    paths_draw(law, &rng, COUNT, paths);
    return paths;
}

/* Quantiles of the totals of the first n slots are those of the curve. */
static void agrees(const struct demand_curve *curve, const float *paths, uint32_t slots, uint32_t n)
{
    static const double LEVELS[] = {0.05, 0.25, 0.5, 0.8, 0.95, 0.99};
    double total[COUNT];
    totals(paths, slots, 0, n, total);
    qsort(total, COUNT, sizeof *total, by_value);
    struct demand demand;
    demand_at(curve, n, &demand);
    for (int k = 0; k < 6; k++) {
        double wanted = demand_quantile(&demand, LEVELS[k]);
        double found = total[(size_t)(LEVELS[k] * COUNT)];
        cr_assert_float_eq(found, wanted, 0.03 * wanted + 0.05, "%u slots, level %g: %g not %g", n,
                           LEVELS[k], found, wanted);
    }
}

Test(outlook_paths, independent_slots_are_found_to_be_so)
{
    struct demand_curve curve = curve_poisson(4);
    struct paths_law law;
    float *paths = draw(&curve, 21, &law);
    cr_assert(paths_correlation(&law, 1) < 0.08 && paths_correlation(&law, 10) < 0.08, "%g %g",
              law.common, law.lasting);
    const uint32_t knots[] = {1, 3, 7, 14, 21};
    for (int k = 0; k < 5; k++) {
        cr_assert_eq(law.knot[k], knots[k]);
        agrees(&curve, paths, 21, knots[k]);
    }
    double early[COUNT], late[COUNT];
    totals(paths, 21, 0, 7, early);
    totals(paths, 21, 7, 14, late);
    cr_assert(fabs(correlation(early, late)) < 0.1, "%g", correlation(early, late));
    free(paths);
}

/* Totals whose spread grows with their length: who sells much sells much all the time. */
static void errors_of_level(void)
{
    struct demand_curve curve = curve_uniform(2, 10);
    struct paths_law law;
    float *paths = draw(&curve, 14, &law);
    cr_assert(paths_correlation(&law, 7) > 0.8, "%g %g", law.common, law.lasting);
    agrees(&curve, paths, 14, 1);
    agrees(&curve, paths, 14, 7);
    agrees(&curve, paths, 14, 14);
    double early[COUNT], late[COUNT];
    totals(paths, 14, 0, 7, early);
    totals(paths, 14, 7, 14, late);
    cr_assert(correlation(early, late) > 0.8, "%g", correlation(early, late));
    free(paths);
}

Test(outlook_paths, errors_of_the_level_last)
{
    errors_of_level();
}

/* Day and night: 2 units in the first slot of a total, and what the mean says after it. */
Test(outlook_paths, every_slot_has_its_mean_and_nothing_is_below_zero)
{
    float lengths[3] = {1, 2, 4}, means[3] = {2, 8, 12}, quantiles[3 * DEMAND_LEVELS];
    for (int row = 0; row < 3; row++) {
        for (int k = 0; k < DEMAND_LEVELS; k++) {
            quantiles[row * DEMAND_LEVELS + k] = means[row] * (0.5F + curve_levels[k]);
        }
    }
    struct demand_curve curve;
    demand_curve_init(&curve, curve_levels, 3, lengths, means, quantiles);
    struct paths_law law;
    float *paths = draw(&curve, 4, &law);
    double sum[4] = {0};
    for (size_t i = 0; i < COUNT * 4; i++) {
        cr_assert(paths[i] >= 0 && isfinite(paths[i]));
        sum[i % 4] += (double)paths[i] / COUNT;
    }
    cr_assert_float_eq(sum[0], 2, 0.1);
    cr_assert_float_eq(sum[1], 6, 0.3);
    cr_assert_float_eq(sum[2] + sum[3], 4, 0.3);
    struct rng rng;
    rng_init(&rng, 11);
    float *again = malloc((size_t)COUNT * 4 * sizeof *again);
    paths_draw(&law, &rng, COUNT, again);
    cr_assert_eq(memcmp(paths, again, (size_t)COUNT * 4 * sizeof *again), 0, "same seed");
    free(again);
    free(paths);
}

Test(outlook_paths, a_curve_that_knows_nothing_gives_nothing)
{
    struct demand_curve curve = {.rows = 0};
    struct paths_law law;
    struct rng rng;
    rng_init(&rng, 1);
    paths_fit(&curve, 5, &law);
    float path[5];
    paths_draw(&law, &rng, 1, path);
    for (int t = 0; t < 5; t++) {
        cr_assert_eq(path[t], 0);
    }
}

/* Days played on drawn paths: an order of `quantity` arrives on day 5, what is lost is lost. */
struct played {
    double stockout, lost, left;
};

static struct played play(const float *paths, uint32_t slots, double stock, double quantity)
{
    struct played out = {0};
    for (size_t i = 0; i < COUNT; i++) {
        double here = stock, lost = 0;
        for (uint32_t t = 0; t < slots; t++) {
            double asked = (double)paths[i * slots + t];
            here += t == 5 ? quantity : 0;
            lost += fmax(asked - here, 0);
            here = fmax(here - asked, 0);
        }
        out.stockout += (lost > 1e-6) / (double)COUNT;
        out.lost += lost / COUNT;
        out.left += here / COUNT;
    }
    return out;
}

/* The projection that decisions use against paths whose errors last: the projection has a few
 * levels of demand for all, so some points of chance are its own. */
Test(outlook_paths, the_projection_agrees_with_them)
{
    const struct demand_curve curves[2] = {curve_uniform(2, 10), curve_poisson(6)};
    for (int c = 0; c < 2; c++) {
        struct paths_law law;
        float *paths = draw(&curves[c], 12, &law);
        struct lead lead;
        lead_init(&lead, 5, 0);
        for (int64_t stock = 20; stock <= 60; stock += 20) {
            struct position position;
            position_init(&position);
            position.stock = stock;
            struct outlook outlook;
            outlook_init(&outlook, &(struct outlook_terms){.position = &position,
                                                           .curve = &curves[c],
                                                           .lead = &lead,
                                                           .supplier_lead = &lead,
                                                           .review = 7,
                                                           .today = 100,
                                                           .lost_sales = true});
            for (double quantity = 0; quantity <= 60; quantity += 30) {
                struct outlook_result found = outlook_with(&outlook, quantity);
                struct played played = play(paths, 12, (double)stock, quantity);
                cr_expect_float_eq(found.stockout, played.stockout, 0.09, "%d %ld %g: %g %g", c,
                                   (long)stock, quantity, found.stockout, played.stockout);
                cr_expect_float_eq(found.lost, played.lost, 0.06 * played.lost + 1.5,
                                   "%d %ld %g: %g %g", c, (long)stock, quantity, found.lost,
                                   played.lost);
                cr_expect_float_eq(found.left, played.left, 0.08 * played.left + 1.5,
                                   "%d %ld %g: %g %g", c, (long)stock, quantity, found.left,
                                   played.left);
            }
        }
        free(paths);
    }
}
