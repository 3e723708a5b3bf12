#include "config/base/rng.h"

#include "config/base/ensure.h"
#include "config/base/hash.h"

#include <math.h>

static const double POISSON_BY_PRODUCT =
    30.0; /* below, multiply uniforms; above, split by gamma draws */

void rng_init(struct rng *rng, uint64_t seed)
{
    for (int i = 0; i < 4; i++) {
        seed += 0x9e3779b97f4a7c15ULL;
        rng->s[i] = hash_mix(seed);
    }
}

static uint64_t rotate(uint64_t x, int bits)
{
    return (x << bits) | (x >> (64 - bits));
}

uint64_t rng_next(struct rng *rng)
{
    uint64_t *s = rng->s;
    uint64_t result = rotate(s[1] * 5, 7) * 9, t = s[1] << 17;
    s[2] ^= s[0];
    s[3] ^= s[1];
    s[1] ^= s[2];
    s[0] ^= s[3];
    s[2] ^= t;
    s[3] = rotate(s[3], 45);
    return result;
}

uint64_t rng_below(struct rng *rng, uint64_t bound)
{
    ASSERT(bound > 0);
    uint64_t least = (0 - bound) % bound, x;
    do {
        x = rng_next(rng);
    } while (x < least);
    return x % bound;
}

double rng_unit(struct rng *rng)
{
    return (double)(rng_next(rng) >> 11) * 0x1p-53;
}

double rng_normal(struct rng *rng)
{
    double u, v, square;
    do {
        u = 2 * rng_unit(rng) - 1;
        v = 2 * rng_unit(rng) - 1;
        square = u * u + v * v;
    } while (square >= 1 || square == 0);
    return u * sqrt(-2 * log(square) / square);
}

double rng_exponential(struct rng *rng)
{
    return -log1p(-rng_unit(rng));
}

double rng_gamma(struct rng *rng, double shape)
{
    ASSERT(shape > 0);
    if (shape < 1) {
        double boosted = rng_gamma(rng, shape + 1);
        return boosted * pow(1 - rng_unit(rng), 1 / shape);
    }
    double d = shape - 1.0 / 3, c = 1 / sqrt(9 * d);
    for (;;) {
        double x = rng_normal(rng), v = 1 + c * x;
        if (v <= 0) {
            continue;
        }
        v = v * v * v;
        if (log(1 - rng_unit(rng)) < 0.5 * x * x + d - d * v + d * log(v)) {
            return d * v;
        }
    }
}

static uint64_t binomial(struct rng *rng, uint64_t n, double p)
{
    uint64_t hits = 0;
    for (uint64_t i = 0; i < n; i++) {
        hits += rng_unit(rng) < p;
    }
    return hits;
}

uint64_t rng_poisson(struct rng *rng, double mean)
{
    ASSERT(mean >= 0 && mean < 1e15);
    uint64_t count = 0;
    /* Ahrens and Dieter (1974): the k-th arrival is a gamma variate; halve the mean until it is
     * small. */
    while (mean > POISSON_BY_PRODUCT) {
        uint64_t k = (uint64_t)(mean * 7 / 8);
        double arrival = rng_gamma(rng, (double)k);
        if (arrival > mean) {
            return count + (k > 1 ? binomial(rng, k - 1, mean / arrival) : 0);
        }
        count += k;
        mean -= arrival;
    }
    double limit = exp(-mean), product = rng_unit(rng);
    while (product > limit) {
        product *= rng_unit(rng);
        count++;
    }
    return count;
}

uint64_t rng_negbin(struct rng *rng, double mean, double variance)
{
    if (mean <= 0) {
        return 0;
    }
    if (variance <= mean) {
        return rng_poisson(rng, mean);
    }
    double shape = mean * mean / (variance - mean);
    return rng_poisson(rng, rng_gamma(rng, shape) * mean / shape);
}
