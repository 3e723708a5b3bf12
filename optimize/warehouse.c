#include "optimize/warehouse.h"

#include "config/base/ensure.h"
#include "optimize/newsvendor.h"

#include <math.h>
#include <string.h>

/* What waits at the warehouse when it keeps `level`: mean and variance. */
static void waiting(const struct pmf *demand, int64_t level, double *mean, double *variance)
{
    double sum = 0;
    *mean = pmf_shortfall(demand, level);
    for (size_t i = 0; i < demand->count; i++) {
        double over = (double)(demand->first + (int64_t)i - level);
        sum += over > 0 ? demand->p[i] * over * over : 0;
    }
    *variance = fmax(sum - *mean * *mean, 0);
}

/* Cost of all stores, each at its best level. */
static double stores_cost(const struct warehouse_terms *terms, double rate, double mean,
                          double variance, int64_t *level)
{
    struct pmf pmf = {0};
    double cost = 0;
    for (size_t i = 0; i < terms->count; i++) {
        const struct warehouse_store *store = &terms->store[i];
        double share = rate > 0 ? store->rate / rate : 0;
        double own = store->rate * store->lead_time;
        /* A unit that waits belongs to the store with chance `share`. */
        double spread = terms->spread * own + share * (1 - share) * mean + share * share * variance;
        pmf_negbin(&pmf, own + share * mean, spread);
        struct newsvendor best = newsvendor_discrete(&pmf, store->holding, store->shortage);
        level[i] = (int64_t)best.level;
        cost += best.cost;
    }
    pmf_fini(&pmf);
    return cost;
}

struct warehouse warehouse_best(const struct warehouse_terms *terms, int64_t *level)
{
    ASSERT(terms->count > 0 && terms->count <= WAREHOUSE_STORES_MOST && terms->spread >= 1);
    double rate = 0;
    for (size_t i = 0; i < terms->count; i++) {
        rate += terms->store[i].rate;
    }
    struct pmf demand = {0};
    pmf_negbin(&demand, rate * terms->lead_time, terms->spread * rate * terms->lead_time);
    struct warehouse best = {.cost = (double)INFINITY};
    int64_t found[WAREHOUSE_STORES_MOST];
    int64_t last = demand.first + (int64_t)demand.count;
    /* Few levels where demand is large: a grid first, then every level around its best. */
    int64_t stride = demand.count > 256 ? (int64_t)demand.count / 64 : 1;
    for (int64_t low = 0, high = last; stride > 0; stride = stride == 1 ? 0 : 1) {
        for (int64_t s = low; s <= high; s += stride) {
            double mean, variance;
            waiting(&demand, s, &mean, &variance);
            double stock = (double)s - rate * terms->lead_time + mean;
            double cost = terms->holding * stock + stores_cost(terms, rate, mean, variance, found);
            if (cost < best.cost) {
                best = (struct warehouse){.level = s, .cost = cost};
                memcpy(level, found, terms->count * sizeof *level);
            }
        }
        low = best.level > stride ? best.level - stride : 0;
        high = best.level + stride;
    }
    pmf_fini(&demand);
    return best;
}
