#include "optimize/pmf.h"

#include "config/base/ensure.h"
#include "optimize/gauss.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const double LEAST = 1e-16; /* relative to the largest chance */

double pmf_points(double mean, double variance)
{
    return 20 * sqrt(fmax(variance, mean)) + 60 +
           (variance > mean ? 40 * variance / (mean + 1) : 0);
}

void pmf_fini(struct pmf *pmf)
{
    free(pmf->p);
    *pmf = (struct pmf){0};
}

static void reserve(struct pmf *pmf, int64_t first, size_t count)
{
    ASSERT(count > 0 && count <= 4 * (size_t)PMF_MOST);
    double *p = calloc(3 * count, sizeof *p);
    ASSERT(p && "out of memory for a distribution");
    pmf_fini(pmf);
    *pmf = (struct pmf){
        .first = first, .count = count, .p = p, .above = p + count, .short_of = p + 2 * count};
}

/* Chances to sum 1, tails from the far end. */
static void finish(struct pmf *pmf)
{
    double sum = 0;
    for (size_t i = 0; i < pmf->count; i++) {
        sum += pmf->p[i];
    }
    ASSERT(sum > 0);
    for (size_t i = 0; i < pmf->count; i++) {
        pmf->p[i] /= sum;
    }
    for (size_t i = pmf->count - 1; i-- > 0;) {
        pmf->above[i] = pmf->above[i + 1] + pmf->p[i + 1];
        pmf->short_of[i] = pmf->short_of[i + 1] + pmf->above[i];
    }
}

/* Walks from the mode to both sides as far as chances count; ln_chance need not be normed. */
static void from_log(struct pmf *pmf, double mode, double (*ln_chance)(double k, const double *by),
                     const double *by)
{
    double top = ln_chance(mode, by), cut = log(LEAST) - 5;
    double low = mode, high = mode;
    while (low > 0 && ln_chance(low - 1, by) - top > cut) {
        low--;
    }
    while (ln_chance(high + 1, by) - top > cut && high - low < 3.0 * PMF_MOST) {
        high++;
    }
    reserve(pmf, (int64_t)low, (size_t)(high - low) + 1);
    for (size_t i = 0; i < pmf->count; i++) {
        pmf->p[i] = exp(ln_chance(low + (double)i, by) - top);
    }
    finish(pmf);
}

static double ln_poisson(double k, const double *by)
{
    return k * log(by[0]) - by[0] - lgamma(k + 1);
}

void pmf_poisson(struct pmf *pmf, double mean)
{
    ASSERT(mean >= 0);
    if (!(mean > 0)) {
        pmf_given(pmf, 0, (double[]){1}, 1);
        return;
    }
    from_log(pmf, floor(mean), ln_poisson, &mean);
}

static double ln_negbin(double k, const double *by) /* size, chance of going on */
{
    return lgamma(k + by[0]) - lgamma(by[0]) - lgamma(k + 1) + k * log(by[1]);
}

void pmf_negbin(struct pmf *pmf, double mean, double variance)
{
    ASSERT(mean >= 0);
    if (!(variance > mean * (1 + 1e-9)) || !(mean > 0)) {
        pmf_poisson(pmf, mean);
        return;
    }
    double size = mean * mean / (variance - mean);
    double by[2] = {size, 1 - mean / variance};
    from_log(pmf, size > 1 ? floor((size - 1) * by[1] / (1 - by[1])) : 0, ln_negbin, by);
}

void pmf_normal(struct pmf *pmf, double mean, double sd, double step)
{
    ASSERT(step > 0 && sd >= 0);
    double low = floor((mean - 8.5 * sd) / step), high = ceil((mean + 8.5 * sd) / step);
    reserve(pmf, (int64_t)low, (size_t)(high - low) + 1);
    for (size_t i = 0; i < pmf->count; i++) {
        double x = (low + (double)i) * step;
        double from = (x - step / 2 - mean) / sd, to = (x + step / 2 - mean) / sd;
        if (!(sd > 0)) {
            pmf->p[i] = mean >= x - step / 2 && mean < x + step / 2;
        } else { /* on the side where differences of tails are exact */
            pmf->p[i] = from > 0 ? gauss_below(-from) - gauss_below(-to)
                                 : gauss_below(to) - gauss_below(from);
        }
    }
    finish(pmf);
}

void pmf_demand(struct pmf *pmf, const struct demand *demand)
{
    double most = fmin(ceil(demand_quantile(demand, 1 - 1e-9)), PMF_MOST - 2.0);
    double low = fmin(floor(fmax(demand_quantile(demand, 0), 0)), most);
    reserve(pmf, (int64_t)low, (size_t)(most - low) + 2);
    double above = 1;
    for (size_t i = 0; i < pmf->count; i++) {
        double next = i + 1 < pmf->count ? demand_above(demand, low + (double)i + 0.5) : 0;
        pmf->p[i] = fmax(above - next, 0);
        above = next;
    }
    finish(pmf);
}

void pmf_given(struct pmf *pmf, int64_t first, const double *p, size_t count)
{
    reserve(pmf, first, count);
    memcpy(pmf->p, p, count * sizeof *p);
    finish(pmf);
}

void pmf_sum(struct pmf *out, const struct pmf *a, const struct pmf *b)
{
    struct pmf sum = {0};
    reserve(&sum, a->first + b->first, a->count + b->count - 1);
    for (size_t i = 0; i < a->count; i++) {
        for (size_t k = 0; k < b->count; k++) {
            sum.p[i + k] += a->p[i] * b->p[k];
        }
    }
    size_t from = 0, to = sum.count;
    while (to - from > 1 && sum.p[from] < LEAST * 1e-2) {
        from++;
    }
    while (to - from > 1 && sum.p[to - 1] < LEAST * 1e-2) {
        to--;
    }
    pmf_given(out, sum.first + (int64_t)from, sum.p + from, to - from);
    pmf_fini(&sum);
}

void pmf_times(struct pmf *out, const struct pmf *one, unsigned times)
{
    struct pmf total = {0};
    pmf_given(&total, 0, (double[]){1}, 1);
    for (unsigned i = 0; i < times; i++) {
        pmf_sum(&total, &total, one);
    }
    pmf_fini(out);
    *out = total;
}

double pmf_mean(const struct pmf *pmf)
{
    return (double)pmf->first + pmf->short_of[0];
}

double pmf_variance(const struct pmf *pmf)
{
    double mean = pmf_mean(pmf), sum = 0;
    for (size_t i = 0; i < pmf->count; i++) {
        double off = (double)pmf->first + (double)i - mean;
        sum += pmf->p[i] * off * off;
    }
    return sum;
}

double pmf_chance(const struct pmf *pmf, int64_t value)
{
    return value < pmf->first || value >= pmf->first + (int64_t)pmf->count
               ? 0
               : pmf->p[value - pmf->first];
}

double pmf_above(const struct pmf *pmf, int64_t y)
{
    return y < pmf->first                          ? 1
           : y >= pmf->first + (int64_t)pmf->count ? 0
                                                   : pmf->above[y - pmf->first];
}

double pmf_shortfall(const struct pmf *pmf, int64_t y)
{
    return y < pmf->first                          ? pmf->short_of[0] + (double)(pmf->first - y)
           : y >= pmf->first + (int64_t)pmf->count ? 0
                                                   : pmf->short_of[y - pmf->first];
}

int64_t pmf_quantile(const struct pmf *pmf, double level)
{
    size_t i = 0;
    while (i + 1 < pmf->count && 1 - pmf->above[i] < level) {
        i++;
    }
    return pmf->first + (int64_t)i;
}
