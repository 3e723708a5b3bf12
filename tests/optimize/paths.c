#include "tests/optimize/paths.h"

#include "config/base/ensure.h"
#include "optimize/gauss.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { GRID = 25 };

double paths_correlation(const struct paths_law *law, uint32_t apart)
{
    return apart ? law->common + (1 - law->common) * pow(law->lasting, apart) : 1;
}

/* Variance of a total of n alike slots over that of one: n + 2 sum (n - k) rho(k). */
static double growth_of(const struct paths_law *law, uint32_t n)
{
    double sum = n, last = law->common + (1 - law->common) * law->lasting, power = law->lasting;
    for (uint32_t k = 1; k < n; k++) {
        sum += 2 * (double)(n - k) * last;
        power *= law->lasting;
        last = law->common + (1 - law->common) * power;
    }
    return sum;
}

/* Variance of a distribution by its knots' quantiles at 32 even ranks. */
static double variance_of(const struct demand *demand)
{
    enum { RANKS = 32 };
    double sum = 0, square = 0;
    for (int i = 0; i < RANKS; i++) {
        double x = demand_quantile(demand, (i + 0.5) / RANKS);
        sum += x;
        square += x * x;
    }
    return fmax(square / RANKS - sum / RANKS * (sum / RANKS), 0);
}

static double misfit_of(const struct paths_law *law, const double *wanted)
{
    double sum = 0;
    for (uint32_t k = 0; k < law->knots; k++) {
        if (law->knot[k] > 1 && wanted[k] > 0) {
            double off = log(growth_of(law, law->knot[k]) / wanted[k]);
            sum += off * off;
        }
    }
    return sum;
}

static void find_knots(struct paths_law *law)
{
    const struct demand_curve *curve = law->curve;
    for (uint32_t row = 0; row < curve->rows; row++) {
        double length = curve->length[row];
        uint32_t last = law->knots ? law->knot[law->knots - 1] : 0;
        if (length == floor(length) && length > last && length < law->slots) {
            law->knot[law->knots++] = (uint32_t)length;
        }
    }
    law->knot[law->knots++] = law->slots;
}

void paths_fit(const struct demand_curve *curve, uint32_t slots, struct paths_law *out)
{
    ASSERT(slots >= 1 && slots <= PATHS_SLOTS_MOST);
    *out = (struct paths_law){.curve = curve, .slots = slots};
    find_knots(out);
    struct demand one, total;
    demand_at(curve, 1, &one);
    double unit = variance_of(&one), rate = one.mean, wanted[DEMAND_ROWS_MAX + 1];
    for (uint32_t k = 0; k < out->knots; k++) {
        double n = out->knot[k];
        demand_at(curve, n, &total);
        /* Slots are alike but for their mean: a factor of the mean is none of correlation. */
        double scale = rate > 0 && total.mean > 0 ? total.mean / (rate * n) : 1;
        wanted[k] = unit > 0 ? fmin(variance_of(&total) / (unit * scale * scale), n * n) : 0;
    }
    struct paths_law tried = *out;
    double least = INFINITY;
    for (int a = 0; a < GRID; a++) {
        for (int p = 0; p < GRID; p++) {
            tried.common = (double)a / GRID;
            tried.lasting = (double)p / GRID;
            double off = misfit_of(&tried, wanted);
            if (off < least) {
                least = off;
                *out = tried;
            }
        }
    }
}

/* Raw paths: the copula with the marginals of single slots. */
static void draw_raw(const struct paths_law *law, struct rng *rng, size_t count, float *out)
{
    struct demand one;
    demand_at(law->curve, 1, &one);
    float factor[PATHS_SLOTS_MOST];
    for (uint32_t t = 0; t < law->slots; t++) {
        double mean = demand_mean(law->curve, t + 1.0) - demand_mean(law->curve, t);
        factor[t] = (float)(one.mean > 0 ? mean / one.mean : 1);
    }
    double a = sqrt(law->common), b = sqrt(1 - law->common);
    double fresh = sqrt(1 - law->lasting * law->lasting);
    for (size_t i = 0; i < count; i++) {
        double common = rng_normal(rng), e = rng_normal(rng);
        for (uint32_t t = 0; t < law->slots; t++) {
            double z = a * common + b * e;
            double level = fmin(0.5 * erfc(-z / M_SQRT2), 1 - 1e-9);
            out[i * law->slots + t] = (float)demand_quantile(&one, level) * factor[t];
            e = law->lasting * e + fresh * rng_normal(rng);
        }
    }
}

struct ranked {
    double total;
    size_t path;
};

static int by_total(const void *a, const void *b)
{
    const struct ranked *one = a, *two = b;
    int order = (one->total > two->total) - (one->total < two->total);
    return order ? order : (one->path > two->path) - (one->path < two->path);
}

/* Slots first .. next - 1 of each path become such that totals up to `next` have the curve's
 * distribution, in the order of the raw totals; done [count] holds the totals up to `first`, and
 * gets those up to `next`. raw [count]: raw totals up to `next`. */
static void map_block(const struct paths_law *law, uint32_t first, uint32_t next, size_t count,
                      float *out, double *done, struct ranked *order)
{
    struct demand total;
    demand_at(law->curve, next, &total);
    qsort(order, count, sizeof *order, by_total);
    for (size_t r = 0; r < count; r++) {
        size_t path = order[r].path;
        float *slot = out + path * law->slots;
        double aim = demand_quantile(&total, ((double)r + 0.5) / (double)count);
        double room = fmax(aim - done[path], 0), sum = 0;
        for (uint32_t t = first; t < next; t++) {
            sum += (double)slot[t];
        }
        for (uint32_t t = first; t < next; t++) {
            slot[t] = sum > 0 ? (float)((double)slot[t] * room / sum)
                              : (float)(room / (double)(next - first));
        }
        done[path] += room;
    }
}

void paths_draw(const struct paths_law *law, struct rng *rng, size_t count, float *out)
{
    ASSERT(count >= 1 && count <= PATHS_MOST);
    double *done = calloc(count, sizeof *done), *raw = calloc(count, sizeof *raw);
    struct ranked *order = calloc(count, sizeof *order);
    ASSERT(done && raw && order && "out of memory for paths");
    draw_raw(law, rng, count, out);
    uint32_t first = 0;
    for (uint32_t k = 0; k < law->knots; k++) {
        uint32_t next = law->knot[k];
        for (size_t i = 0; i < count; i++) {
            for (uint32_t t = first; t < next; t++) {
                raw[i] += (double)out[i * law->slots + t];
            }
            order[i] = (struct ranked){raw[i], i};
        }
        map_block(law, first, next, count, out, done, order);
        first = next;
    }
    free(done);
    free(raw);
    free(order);
}
