/* Random numbers as arguments: xoshiro256** (Blackman, Vigna 2018), seeded by splitmix64. Same
 * seed, same numbers, everywhere. */
#ifndef RESTOCK_RNG_H
#define RESTOCK_RNG_H

#include <stdint.h>

struct rng {
    uint64_t s[4];
};

void rng_init(struct rng *rng, uint64_t seed);
uint64_t rng_next(struct rng *rng);
uint64_t rng_below(struct rng *rng, uint64_t bound); /* 0 .. bound - 1, unbiased; bound > 0 */
double rng_unit(struct rng *rng); /* [0, 1), 53 bits */
double rng_normal(struct rng *rng); /* mean 0, sd 1 (polar method, Marsaglia 1964) */
double rng_exponential(struct rng *rng); /* mean 1 */
double rng_gamma(struct rng *rng, double shape); /* scale 1 (Marsaglia, Tsang 2000); shape > 0 */
uint64_t rng_poisson(struct rng *rng, double mean); /* exact; mean >= 0 */
uint64_t rng_negbin(struct rng *rng, double mean,
                    double variance); /* Poisson-gamma; Poisson where variance <= mean */

#endif
