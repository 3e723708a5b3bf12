#include "optimize/newsvendor.h"

#include "config/base/ensure.h"
#include "optimize/gauss.h"

#include <math.h>

struct newsvendor newsvendor_normal(double mean, double sd, double holding, double shortage)
{
    double z = gauss_quantile(shortage / (shortage + holding));
    return (struct newsvendor){.level = mean + z * sd,
                               .cost = (holding + shortage) * gauss_density(z) * sd};
}

struct newsvendor newsvendor_lognormal(double mu, double sigma, double holding, double shortage)
{
    double z = gauss_quantile(shortage / (shortage + holding));
    double level = exp(mu + z * sigma), mean = exp(mu + sigma * sigma / 2);
    double short_of = mean * gauss_below(sigma - z) - level * gauss_below(-z);
    return (struct newsvendor){.level = level,
                               .cost = holding * (level - mean) + (holding + shortage) * short_of};
}

double newsvendor_cost(const struct pmf *demand, int64_t level, double holding, double shortage)
{
    return holding * ((double)level - pmf_mean(demand)) +
           (holding + shortage) * pmf_shortfall(demand, level);
}

struct newsvendor newsvendor_discrete(const struct pmf *demand, double holding, double shortage)
{
    /* A ratio that is met exactly must not be missed by a rounding error. */
    int64_t level = pmf_quantile(demand, shortage / (shortage + holding) - 1e-12);
    return (struct newsvendor){.level = (double)level,
                               .cost = newsvendor_cost(demand, level, holding, shortage)};
}

struct newsvendor newsvendor_disrupted(double demand, double breaks, double mends, double holding,
                                       double shortage)
{
    ASSERT(breaks > 0 && breaks < 1 && mends > 0 && mends <= 1);
    double down = breaks / (breaks + mends); /* share of periods without supply */
    double ratio = shortage / (shortage + holding), beyond = down, spare = 0;
    while (1 - beyond < ratio && spare < 1e6) { /* P(more than `spare` periods without supply) */
        spare++;
        beyond *= 1 - mends;
    }
    double level = (spare + 1) * demand, cost = holding * (1 - down) * (level - demand);
    double chance = breaks * mends / (breaks + mends);
    for (double n = 1; n < 1e6 && chance > 1e-16; n++, chance *= 1 - mends) {
        double rest = level - (n + 1) * demand;
        cost += chance * (rest > 0 ? holding * rest : -shortage * rest);
    }
    return (struct newsvendor){.level = level, .cost = cost};
}
