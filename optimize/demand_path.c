#include "optimize/demand_path.h"

#include "config/base/ensure.h"
#include "optimize/gauss.h"

#include <math.h>

enum { POINTS = DEMAND_PATH_POINTS, HERMITE = 12, COMMONS = 24, MEMORIES = 7 };
static const double Z_MOST = 4, MEMORY[MEMORIES] = {-0.2, 0, 0.2, 0.4, 0.6, 0.75, 0.9};

static double z_of(int point)
{
    return -Z_MOST + 2 * Z_MOST * point / (POINTS - 1);
}

/* Weights of the points under the normal density, sum 1. */
static void weights_init(double weight[POINTS])
{
    double sum = 0;
    for (int i = 0; i < POINTS; i++) {
        sum += weight[i] = gauss_density(z_of(i));
    }
    for (int i = 0; i < POINTS; i++) {
        weight[i] /= sum;
    }
}

void demand_moments(const struct demand *demand, double *mean, double *variance)
{
    double weight[POINTS], sum = 0, square = 0;
    weights_init(weight);
    for (int i = 0; i < POINTS; i++) {
        double x = demand_quantile(demand, gauss_below(z_of(i)));
        sum += weight[i] * x;
        square += weight[i] * x * x;
    }
    *mean = sum;
    *variance = larger(square - sum * sum, 0);
}

/* Covariance, over the product of their means, of two slots whose z correlate by r: powers of r
 * weighed by squared coefficients of the shape in orthonormal Hermite polynomials. */
static void hermite(const struct demand_paths *paths, double squared[HERMITE])
{
    double weight[POINTS], sum[HERMITE] = {0};
    weights_init(weight);
    for (int i = 0; i < POINTS; i++) {
        double z = z_of(i), before = 0, here = 1;
        for (int n = 0; n < HERMITE; n++) {
            sum[n] += weight[i] * (double)paths->shape[i] * here;
            double next = (z * here - sqrt(n) * before) / sqrt(n + 1);
            before = here;
            here = next;
        }
    }
    for (int n = 0; n < HERMITE; n++) {
        squared[n] = n ? sum[n] * sum[n] : 0;
    }
}

static double covariance(const double squared[HERMITE], double r)
{
    double sum = 0;
    for (int n = HERMITE - 1; n > 0; n--) {
        sum = (sum + squared[n]) * r;
    }
    return sum;
}

static double own_variance(const struct demand_paths *paths)
{
    double weight[POINTS], square = 0;
    weights_init(weight);
    for (int i = 0; i < POINTS; i++) {
        square += weight[i] * (double)paths->shape[i] * (double)paths->shape[i];
    }
    return larger(square - 1, 0);
}

/* Variances of the totals of 1 .. slots slots. */
static void variances(const struct demand_paths *paths, const double squared[HERMITE], double own,
                      double out[DEMAND_PATH_SLOTS])
{
    double tie[DEMAND_PATH_SLOTS], fading = 1 - paths->common, total = 0;
    for (uint32_t k = 1; k < paths->slots; k++) {
        fading *= paths->memory;
        tie[k] = covariance(squared, paths->common + fading);
    }
    for (uint32_t t = 0; t < paths->slots; t++) {
        double mean = (double)paths->mean[t], with = 0;
        for (uint32_t k = 1; k <= t; k++) {
            with += tie[k] * (double)paths->mean[t - k];
        }
        total += mean * (mean * own + 2 * with);
        out[t] = larger(total, 0);
    }
}

double demand_paths_variance(const struct demand_paths *paths, uint32_t slots)
{
    ASSERT(slots >= 1 && slots <= paths->slots);
    double squared[HERMITE], out[DEMAND_PATH_SLOTS];
    hermite(paths, squared);
    variances(paths, squared, own_variance(paths), out);
    return out[slots - 1];
}

static void shape_init(const struct demand_curve *curve, struct demand_paths *out)
{
    struct demand slot;
    double weight[POINTS], x[POINTS], mean = 0;
    demand_at(curve, 1, &slot);
    weights_init(weight);
    for (int i = 0; i < POINTS; i++) {
        x[i] = demand_quantile(&slot, gauss_below(z_of(i)));
        mean += weight[i] * x[i];
    }
    for (int i = 0; i < POINTS; i++) {
        out->shape[i] = mean > 0 ? (float)(x[i] / mean) : 1;
    }
}

/* Squared logarithms of how far path totals are from those of the forecast. */
static double misfit(const struct demand_curve *curve, const double *wanted, const double *got,
                     uint32_t slots)
{
    double sum = 0;
    for (uint32_t row = 0; row < curve->rows; row++) {
        uint32_t length = (uint32_t)curve->length[row];
        if (length < 2 || length > slots || !(wanted[row] > 0)) {
            continue;
        }
        double off = log(larger(got[length - 1], 1e-12) / wanted[row]);
        sum += off * off;
    }
    return sum;
}

void demand_paths_fit(const struct demand_curve *curve, uint32_t slots, struct demand_paths *out)
{
    ASSERT(slots >= 1 && slots <= DEMAND_PATH_SLOTS);
    *out = (struct demand_paths){.slots = slots};
    for (uint32_t t = 0; t < slots; t++) {
        out->mean[t] =
            (float)larger(0, demand_mean(curve, (double)t + 1) - demand_mean(curve, (double)t));
    }
    shape_init(curve, out);
    double wanted[DEMAND_ROWS_MAX], squared[HERMITE], got[DEMAND_PATH_SLOTS], mean;
    for (uint32_t row = 0; row < curve->rows; row++) {
        struct demand total;
        demand_at(curve, curve->length[row], &total);
        demand_moments(&total, &mean, &wanted[row]);
    }
    hermite(out, squared);
    double own = own_variance(out), least = INFINITY;
    struct demand_paths best = *out;
    for (int c = 0; c < COMMONS; c++) {
        for (int m = 0; m < MEMORIES; m++) {
            out->common = (double)c / COMMONS;
            out->memory = MEMORY[m];
            variances(out, squared, own, got);
            double off = misfit(curve, wanted, got, slots);
            if (off < least) {
                least = off;
                best = *out;
            }
        }
    }
    *out = best;
}

static float shape_at(const struct demand_paths *paths, double z)
{
    double place = (smaller(larger(z, -Z_MOST), Z_MOST) + Z_MOST) * (POINTS - 1) / (2 * Z_MOST);
    int below = (int)place;
    below = below < POINTS - 1 ? below : POINTS - 2;
    float part = (float)(place - below);
    return paths->shape[below] + part * (paths->shape[below + 1] - paths->shape[below]);
}

void demand_paths_draw(const struct demand_paths *paths, struct rng *rng, uint32_t slots,
                       float *out)
{
    double level = sqrt(paths->common) * rng_normal(rng), rest = sqrt(1 - paths->common);
    double noise = sqrt(1 - paths->memory * paths->memory), a = rng_normal(rng);
    for (uint32_t t = 0; t < slots; t++) {
        float mean = paths->mean[t < paths->slots ? t : paths->slots - 1];
        float x = mean * shape_at(paths, level + rest * a);
        out[t] = x > 0 ? x : 0;
        a = paths->memory * a + noise * rng_normal(rng);
    }
}
