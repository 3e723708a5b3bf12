/* Search: costs are nearly convex in each parameter, so a coarse walk finds the valley and finer
 * ones its bottom. The projection of a state is computed once and kept in a table of recent states
 * (direct mapped): a policy visits few states, and often. */
#include "optimize/lost_sales.h"

#include "config/base/ensure.h"
#include "config/base/hash.h"
#include "config/base/rng.h"
#include "optimize/lost_learn.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum { KNOWN = 1 << 14, BATCH = 20000, COARSE = 60000, FINE = 400000, STOCK_MOST = 1 << 16 };

struct known {
    int64_t state[LOST_LEAD_MOST];
    double value;
    bool full;
};

const char *lost_sales_check(const struct lost_sales *terms)
{
    if (terms->lead < 1 || terms->lead > LOST_LEAD_MOST) {
        return "expected a lead time of 1 to 12 whole periods";
    }
    if (!(terms->holding > 0) || !(terms->penalty > 0)) {
        return "expected costs above 0";
    }
    if (terms->demand->count > LOST_POINTS_MOST || terms->demand->first < 0 ||
        terms->demand->first > LOST_POINTS_MOST) {
        return "expected a demand of at most about 1000 units a period: use a larger unit";
    }
    return NULL;
}

/* E[(stock - D)+] without knowing the chances above stock. */
static double left_of(const struct pmf *demand, double mean, int64_t stock)
{
    return stock > 0 ? (double)stock - mean + pmf_shortfall(demand, stock) : 0;
}

/* One period: the chances of the stock after demand, then the receipt. */
static void pass(const struct pmf *demand, const double *before, size_t count, double *after)
{
    memset(after, 0, count * sizeof *after);
    for (size_t x = 0; x < count; x++) {
        double chance = before[x];
        if (chance < 1e-14) {
            continue;
        }
        after[0] += chance * pmf_above(demand, (int64_t)x - 1);
        size_t low = (size_t)demand->first;
        for (size_t d = low; d < x && d - low < demand->count; d++) {
            after[x - d] += chance * demand->p[d - low];
        }
    }
}

double lost_sales_projected(const struct lost_sales *terms, const int64_t *state)
{
    static const size_t ROOM = STOCK_MOST;
    size_t total = 1;
    for (unsigned i = 0; i < terms->lead; i++) {
        total += (size_t)(state[i] > 0 ? state[i] : 0);
    }
    total = total < ROOM ? total : ROOM;
    double *now = calloc(2 * total, sizeof *now), *next = now + total;
    ASSERT(now && "out of memory for a projection");
    size_t first = (size_t)(state[0] > 0 ? state[0] : 0);
    double mean = pmf_mean(terms->demand), left = 0;
    now[first < total ? first : total - 1] = 1;
    for (unsigned i = 1; i < terms->lead; i++) {
        pass(terms->demand, now, total, next);
        size_t receipt = (size_t)(state[i] > 0 ? state[i] : 0);
        receipt = receipt < total ? receipt : total - 1;
        memset(now, 0, receipt * sizeof *now);
        memcpy(now + receipt, next, (total - receipt) * sizeof *now);
    }
    for (size_t x = 0; x < total; x++) {
        left += now[x] * left_of(terms->demand, mean, (int64_t)x);
    }
    free(now);
    return left;
}

/* What of a state the order needs, as costs time: its projection, or the level learned for it. */
static double look(const struct lost_sales *terms, const struct lost_policy *policy,
                   const int64_t *state)
{
    return policy->kind == LOST_PROJECTED ? lost_sales_projected(terms, state)
           : policy->kind == LOST_LEARNED ? lost_net_level(policy->net, state)
                                          : 0;
}

static double recall(struct known *known, const struct lost_sales *terms,
                     const struct lost_policy *policy, const int64_t *state)
{
    uint64_t mark = hash_64(state, terms->lead * sizeof *state, 0);
    struct known *slot = &known[mark % KNOWN];
    if (!slot->full || memcmp(slot->state, state, terms->lead * sizeof *state) != 0) {
        memcpy(slot->state, state, terms->lead * sizeof *state);
        slot->value = look(terms, policy, state);
        slot->full = true;
    }
    return slot->value;
}

static int64_t order_for(const struct lost_sales *terms, const struct lost_policy *policy,
                         const int64_t *state, double seen)
{
    double have = seen, level = policy->kind == LOST_LEARNED ? seen : policy->level;
    if (policy->kind != LOST_PROJECTED) {
        have = 0;
        for (unsigned i = 0; i < terms->lead; i++) {
            have += (double)state[i];
        }
    }
    int64_t order = (int64_t)floor(level - have + 0.5);
    order = policy->kind == LOST_CAPPED && order > policy->cap ? policy->cap : order;
    return order > 0 ? order : 0;
}

int64_t lost_sales_order(const struct lost_sales *terms, const struct lost_policy *policy,
                         const int64_t *state)
{
    return order_for(terms, policy, state, look(terms, policy, state));
}

/* A path in which every demand occurs as often as its chance says, shuffled. */
static void fill_path(const struct pmf *demand, struct rng *rng, uint16_t *path, size_t length)
{
    double offset = rng_unit(rng), reached = 0;
    size_t made = 0;
    for (size_t i = 0; i < demand->count && made < length; i++) {
        reached += demand->p[i];
        double upto = i + 1 == demand->count ? (double)length : reached * (double)length - offset;
        while ((double)made < upto && made < length) {
            path[made++] = (uint16_t)(demand->first + (int64_t)i);
        }
    }
    for (size_t i = length; i > 1; i--) {
        size_t k = (size_t)rng_below(rng, i);
        uint16_t swap = path[i - 1];
        path[i - 1] = path[k];
        path[k] = swap;
    }
}

double lost_sales_cost(const struct lost_sales *terms, const struct lost_policy *policy,
                       uint32_t periods)
{
    ASSERT(!lost_sales_check(terms));
    struct known *known = calloc(KNOWN, sizeof *known);
    uint16_t *path = calloc(BATCH, sizeof *path);
    ASSERT(known && path && "out of memory for a simulation");
    struct rng rng;
    rng_init(&rng, 20240408);
    int64_t state[LOST_LEAD_MOST + 1] = {0};
    double mean = pmf_mean(terms->demand), total = 0;
    uint32_t batches = periods / BATCH + 2; /* the first one warms up */
    for (uint32_t b = 0; b < batches; b++) {
        fill_path(terms->demand, &rng, path, BATCH);
        total = b == 1 ? 0 : total;
        for (size_t t = 0; t < BATCH; t++) {
            bool slow = policy->kind == LOST_PROJECTED || policy->kind == LOST_LEARNED;
            double seen = slow ? recall(known, terms, policy, state) : 0;
            state[terms->lead] = order_for(terms, policy, state, seen);
            double left = left_of(terms->demand, mean, state[0]);
            total += terms->holding * left + terms->penalty * (mean - (double)state[0] + left);
            int64_t rest = state[0] - path[t];
            state[0] = (rest > 0 ? rest : 0) + state[1];
            memmove(state + 1, state + 2, (terms->lead - 1) * sizeof *state);
        }
    }
    free(known);
    free(path);
    return total / ((double)(batches - 1) * BATCH);
}

/* Walks *value by `step` as long as it gets cheaper. */
static void walk(const struct lost_sales *terms, struct lost_policy *policy, double *value,
                 double step, uint32_t periods)
{
    struct lost_policy best = *policy;
    size_t offset = (size_t)((char *)value - (char *)policy);
    best.cost = lost_sales_cost(terms, &best, periods);
    for (int way = 1; way >= -1; way -= 2) {
        for (;;) {
            struct lost_policy tried = best;
            double *field = (double *)(void *)((char *)&tried + offset);
            *field += way * step;
            if (*field < 0) {
                break;
            }
            tried.cost = lost_sales_cost(terms, &tried, periods);
            if (!(tried.cost < best.cost)) {
                break;
            }
            best = tried;
        }
    }
    *policy = best;
}

static void walk_cap(const struct lost_sales *terms, struct lost_policy *policy, int64_t step,
                     uint32_t periods)
{
    for (int way = 1; way >= -1; way -= 2) {
        for (;;) {
            struct lost_policy tried = *policy;
            tried.cap += way * step;
            if (tried.cap < 1) {
                break;
            }
            walk(terms, &tried, &tried.level, 1, periods);
            if (!(tried.cost < policy->cost)) {
                break;
            }
            *policy = tried;
        }
    }
}

struct lost_policy lost_sales_best(const struct lost_sales *terms, enum lost_kind kind)
{
    ASSERT(!lost_sales_check(terms) && kind != LOST_LEARNED);
    double mean = pmf_mean(terms->demand), sd = sqrt(pmf_variance(terms->demand));
    struct lost_policy policy = {.kind = kind, .cap = INT64_MAX};
    double coarse = fmax(1, floor(sd / 2));
    double over = kind == LOST_PROJECTED ? 1 : terms->lead + 1; /* periods that the level covers */
    policy.level = floor(mean * over + sd * sqrt(over));
    walk(terms, &policy, &policy.level, coarse, COARSE);
    if (kind == LOST_CAPPED) {
        policy.cap = (int64_t)ceil(mean + sd / 2);
        walk(terms, &policy, &policy.level, 1, COARSE);
        walk_cap(terms, &policy, 1, COARSE);
        walk_cap(terms, &policy, 1, FINE);
        return policy;
    }
    walk(terms, &policy, &policy.level, 1, COARSE);
    if (kind == LOST_PROJECTED) {
        walk(terms, &policy, &policy.level, 0.25, COARSE);
    }
    walk(terms, &policy, &policy.level, kind == LOST_PROJECTED ? 0.1 : 1, FINE);
    return policy;
}
