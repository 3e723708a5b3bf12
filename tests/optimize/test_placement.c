#include "optimize/placement.h"

#include "config/base/rng.h"

#include <criterion/criterion.h>
#include <math.h>

enum { COUNT = 5, LONGEST = 12 /* times at most 2 each, and 1 from outside */ };

/* All promises, the inputs' times following from them. */
static double cost_of(const struct placement_terms *terms, const int32_t *promise)
{
    double cost = 0, variance[COUNT];
    for (size_t i = 0; i < terms->count; i++) {
        variance[i] = terms->stage[i].sd * terms->stage[i].sd;
    }
    for (size_t i = terms->count; i-- > 0;) { /* edges go to higher numbers here */
        for (size_t e = 0; e < terms->edges; e++) {
            variance[i] += terms->edge[e][0] == i ? variance[terms->edge[e][1]] : 0;
        }
    }
    for (size_t i = 0; i < terms->count; i++) {
        int32_t inbound = terms->stage[i].inbound;
        for (size_t e = 0; e < terms->edges; e++) {
            if (terms->edge[e][1] == i && promise[terms->edge[e][0]] > inbound) {
                inbound = promise[terms->edge[e][0]];
            }
        }
        int32_t net = inbound + terms->stage[i].time - promise[i];
        if (net < 0 || (terms->stage[i].outbound >= 0 && promise[i] > terms->stage[i].outbound)) {
            return INFINITY;
        }
        cost +=
            terms->stage[i].holding * terms->stage[i].bound * sqrt(variance[i]) * sqrt((double)net);
    }
    return cost;
}

Test(placement, best_of_all_promises_on_random_trees)
{
    struct rng rng;
    rng_init(&rng, 11);
    for (int round = 0; round < 20; round++) {
        struct placement_stage stage[COUNT];
        uint32_t edge[COUNT - 1][2];
        bool sells[COUNT] = {true, true, true, true, true};
        for (uint32_t i = 1; i < COUNT; i++) {
            edge[i - 1][0] = (uint32_t)rng_below(&rng, i);
            edge[i - 1][1] = i;
            sells[edge[i - 1][0]] = false;
        }
        for (int i = 0; i < COUNT; i++) {
            stage[i] =
                (struct placement_stage){.holding = 1 + 9 * rng_unit(&rng),
                                         .sd = sells[i] ? 1 + 3 * rng_unit(&rng) : 0,
                                         .bound = 1.6,
                                         .time = (int32_t)rng_below(&rng, 3),
                                         .inbound = i ? 0 : (int32_t)rng_below(&rng, 2),
                                         .outbound = sells[i] ? (int32_t)rng_below(&rng, 2) : -1};
        }
        struct placement_terms terms = {stage, (const uint32_t(*)[2])edge, COUNT, COUNT - 1};
        cr_assert_null(placement_check(&terms));
        int32_t promise[COUNT], tried[COUNT];
        double cost = placement_best(&terms, promise), best = INFINITY;
        for (int code = 0; code < LONGEST * LONGEST * LONGEST * LONGEST * LONGEST; code++) {
            for (int i = 0, rest = code; i < COUNT; i++, rest /= LONGEST) {
                tried[i] = rest % LONGEST;
            }
            best = fmin(best, cost_of(&terms, tried));
        }
        cr_assert(fabs(cost - best) < 1e-9, "round %d: %g, best %g", round, cost, best);
        cr_assert(fabs(cost_of(&terms, promise) - cost) < 1e-9);
    }
}

/* Graves and Willems; Snyder and Shen, example 6.5's parts: a chain of three. */
Test(placement, chain_of_the_textbook)
{
    struct placement_stage stage[3] = {
        {.holding = 7, .sd = 1, .bound = 1, .time = 1, .outbound = 1},
        {.holding = 4, .bound = 1, .outbound = -1},
        {.holding = 2, .bound = 1, .time = 1, .inbound = 1, .outbound = -1}};
    static const uint32_t EDGE[][2] = {{1, 0}, {2, 1}};
    struct placement_terms terms = {stage, EDGE, 3, 2};
    int32_t promise[3];
    cr_assert(fabs(placement_best(&terms, promise) - 2.8284271247461903) < 1e-12);
    cr_assert_eq(promise[0], 1);
    cr_assert_eq(promise[1], 0);
    cr_assert_eq(promise[2], 0);
}

Test(placement, refuses_what_is_no_tree)
{
    struct placement_stage stage[3] = {{.holding = 1, .bound = 1}, {.holding = 1}, {.holding = 1}};
    static const uint32_t LOOP[][2] = {{0, 1}, {1, 0}}, OUT[][2] = {{0, 1}, {1, 3}},
                          SELF[][2] = {{0, 1}, {2, 2}};
    struct placement_terms terms = {stage, LOOP, 3, 2};
    cr_assert_not_null(placement_check(&terms));
    terms.edge = OUT;
    cr_assert_not_null(placement_check(&terms));
    terms.edge = SELF;
    cr_assert_not_null(placement_check(&terms));
    terms.edges = 1;
    cr_assert_not_null(placement_check(&terms));
    terms.count = 0;
    cr_assert_not_null(placement_check(&terms));
    terms = (struct placement_terms){stage, NULL, 1, 0};
    cr_assert_null(placement_check(&terms));
    stage[0].time = -1;
    cr_assert_not_null(placement_check(&terms));
}
