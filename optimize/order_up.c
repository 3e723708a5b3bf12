/* m(j): how often, on average, the position stands j units below S in one order cycle; M(j) their
 * running sum. c(s, S) = (K + sum m(j) G(S - j)) / M(S - s), where G(y) is the cost of a period
 * that begins with y. The search moves S up from the minimum of G and lets s follow; it ends where
 * G alone is dearer than the best cycle. */
#include "optimize/order_up.h"

#include "config/base/ensure.h"
#include "optimize/newsvendor.h"

#include <math.h>
#include <stdlib.h>

struct search {
    const struct order_up_terms *terms;
    double *visits; /* m(0) .. */
    size_t known, capacity;
    double stay; /* P(D = 0) */
};

static double stage(const struct search *search, int64_t y)
{
    const struct order_up_terms *terms = search->terms;
    return newsvendor_cost(terms->demand, y, terms->holding, terms->shortage);
}

static void extend(struct search *search, size_t count)
{
    if (count > search->capacity) {
        search->capacity = count * 2 + 64;
        search->visits = realloc(search->visits, search->capacity * sizeof *search->visits);
        ASSERT(search->visits && "out of memory for an (s, S) policy");
    }
    const struct pmf *period = search->terms->period;
    for (size_t j = search->known; j < count; j++) {
        double sum = 0;
        size_t from = period->first > 1 ? (size_t)period->first : 1;
        size_t to = (size_t)(period->first + (int64_t)period->count) - 1;
        for (size_t d = from; d <= to && d <= j; d++) {
            sum += period->p[(int64_t)d - period->first] * search->visits[j - d];
        }
        search->visits[j] = j == 0 ? 1 / (1 - search->stay) : sum / (1 - search->stay);
    }
    search->known = count > search->known ? count : search->known;
}

static double cycle(struct search *search, int64_t s, int64_t S)
{
    size_t count = (size_t)(S - s);
    extend(search, count);
    double cost = search->terms->order_cost, periods = 0;
    for (size_t j = 0; j < count; j++) {
        cost += search->visits[j] * stage(search, S - (int64_t)j);
        periods += search->visits[j];
    }
    return cost / periods;
}

static struct search open_search(const struct order_up_terms *terms)
{
    struct search search = {.terms = terms, .stay = pmf_chance(terms->period, 0)};
    ASSERT(terms->period->first >= 0 && search.stay < 1);
    ASSERT(terms->holding > 0 && terms->shortage > 0 && terms->order_cost >= 0);
    return search;
}

bool order_up_cost(const struct order_up_terms *terms, int64_t s, int64_t S, double *cost)
{
    ASSERT(s < S);
    if (S - s > ORDER_UP_MOST) {
        return false;
    }
    struct search search = open_search(terms);
    *cost = cycle(&search, s, S);
    free(search.visits);
    return true;
}

bool order_up_best(const struct order_up_terms *terms, struct order_up *out)
{
    struct search search = open_search(terms);
    int64_t base =
        (int64_t)newsvendor_discrete(terms->demand, terms->holding, terms->shortage).level;
    int64_t s = base, S = base;
    double cost = terms->order_cost, periods = 0, best;
    do { /* cycle(s, S) for falling s: one more term each */
        size_t j = (size_t)(S - s);
        s--;
        extend(&search, j + 1);
        cost += search.visits[j] * stage(&search, s + 1);
        periods += search.visits[j];
        best = cost / periods;
    } while (best > stage(&search, s) && S - s < ORDER_UP_MOST);
    int64_t try = S + 1;
    for (; try - s < ORDER_UP_MOST && stage(&search, try) <= best; try++) {
        double raised = cycle(&search, s, try);
        if (raised < best) {
            S = try;
            best = raised;
            while (s + 1 < S && best <= stage(&search, s + 1)) {
                s++;
                best = cycle(&search, s, S);
            }
        }
    }
    free(search.visits);
    if (try - s >= ORDER_UP_MOST || S - s >= ORDER_UP_MOST) {
        return false;
    }
    *out = (struct order_up){.s = (double)s, .S = (double)S, .cost = best};
    return true;
}

struct order_up order_up_approximate(double mean, double lead_mean, double lead_sd,
                                     const struct order_up_terms *terms)
{
    double lot = 1.30 * pow(mean, 0.494) * pow(terms->order_cost / terms->holding, 0.506) *
                 pow(1 + lead_sd * lead_sd / (mean * mean), 0.116);
    double z = sqrt(lot * terms->holding / (lead_sd * terms->shortage));
    double s = 0.973 * lead_mean + lead_sd * (0.183 / z + 1.063 - 2.192 * z);
    return (struct order_up){.s = s, .S = s + lot};
}
