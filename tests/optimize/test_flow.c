#include "optimize/flow.h"

#include "config/base/rng.h"

#include <criterion/criterion.h>
#include <stdlib.h>

enum { NODES = 9, ARCS = 40 };

struct case_of {
    struct flow_arc arc[ARCS];
    int64_t supply[NODES], flow[ARCS];
};

/* Cheapest way from any node with supply left to any that wants; Bellman and Ford, residual arcs
 * included. Negative cycles are cleared first by the same walk: the slow and obvious way. */
static bool cancel_cycle(struct case_of *c)
{
    int64_t distance[NODES] = {0};
    int parent[NODES];
    int last = -1;
    for (int i = 0; i < NODES; i++) {
        parent[i] = -1;
    }
    for (int round = 0; round < NODES; round++) {
        last = -1;
        for (int e = 0; e < 2 * ARCS; e++) {
            const struct flow_arc *arc = &c->arc[e % ARCS];
            bool back = e >= ARCS;
            uint32_t u = back ? arc->to : arc->from, v = back ? arc->from : arc->to;
            int64_t cost = back ? -arc->cost : arc->cost;
            int64_t room = back ? c->flow[e % ARCS] : arc->capacity - c->flow[e % ARCS];
            if (room > 0 && distance[u] + cost < distance[v]) {
                distance[v] = distance[u] + cost;
                parent[v] = e;
                last = (int)v;
            }
        }
    }
    if (last < 0) {
        return false;
    }
    uint32_t at = (uint32_t)last;
    for (int i = 0; i < NODES; i++) { /* now surely on the cycle */
        int e = parent[at];
        at = e >= ARCS ? c->arc[e % ARCS].to : c->arc[e].from;
    }
    uint32_t start = at;
    int64_t least = INT64_MAX;
    do {
        int e = parent[at];
        int64_t room = e >= ARCS ? c->flow[e % ARCS] : c->arc[e].capacity - c->flow[e];
        least = room < least ? room : least;
        at = e >= ARCS ? c->arc[e % ARCS].to : c->arc[e].from;
    } while (at != start);
    do {
        int e = parent[at];
        c->flow[e % ARCS] += e >= ARCS ? -least : least;
        at = e >= ARCS ? c->arc[e % ARCS].to : c->arc[e].from;
    } while (at != start);
    return true;
}

/* Any feasible flow by augmenting paths (breadth first), then cycles. false: infeasible. */
static bool naive(struct case_of *c, int64_t *cost)
{
    int64_t left[NODES];
    for (int i = 0; i < NODES; i++) {
        left[i] = c->supply[i];
    }
    for (int from = 0; from < NODES; from++) {
        while (left[from] > 0) {
            int parent[NODES], queue[NODES], head = 0, tail = 0, end = -1;
            bool seen[NODES] = {false};
            queue[tail++] = from;
            seen[from] = true;
            while (head < tail && end < 0) {
                int u = queue[head++];
                for (int e = 0; e < 2 * ARCS && end < 0; e++) {
                    const struct flow_arc *arc = &c->arc[e % ARCS];
                    int a = (int)(e >= ARCS ? arc->to : arc->from);
                    int b = (int)(e >= ARCS ? arc->from : arc->to);
                    int64_t room = e >= ARCS ? c->flow[e % ARCS] : arc->capacity - c->flow[e];
                    if (a == u && !seen[b] && room > 0) {
                        seen[b] = true;
                        parent[b] = e;
                        queue[tail++] = b;
                        end = left[b] < 0 ? b : -1;
                    }
                }
            }
            if (end < 0) {
                return false;
            }
            for (int v = end; v != from;) { /* one unit at a time */
                int e = parent[v];
                c->flow[e % ARCS] += e >= ARCS ? -1 : 1;
                v = (int)(e >= ARCS ? c->arc[e % ARCS].to : c->arc[e].from);
            }
            left[from]--;
            left[end]++;
        }
    }
    while (cancel_cycle(c)) {
    }
    *cost = 0;
    for (int e = 0; e < ARCS; e++) {
        *cost += c->flow[e] * c->arc[e].cost;
    }
    return true;
}

static void random_case(struct rng *rng, struct case_of *c)
{
    *c = (struct case_of){0};
    uint64_t room = 1 + rng_below(rng, 12);
    for (int e = 0; e < ARCS; e++) {
        c->arc[e] = (struct flow_arc){.from = (uint32_t)rng_below(rng, NODES),
                                      .to = (uint32_t)rng_below(rng, NODES),
                                      .capacity = (int64_t)rng_below(rng, room),
                                      .cost = (int64_t)rng_below(rng, 40) - 8};
    }
    for (int i = 0; i < 6; i++) {
        int64_t units = (int64_t)rng_below(rng, 5);
        c->supply[rng_below(rng, NODES)] += units;
        c->supply[rng_below(rng, NODES)] -= units;
    }
}

static void check_feasible(const struct case_of *c, const int64_t *flow)
{
    int64_t left[NODES];
    for (int i = 0; i < NODES; i++) {
        left[i] = c->supply[i];
    }
    for (int e = 0; e < ARCS; e++) {
        cr_assert(flow[e] >= 0 && flow[e] <= c->arc[e].capacity);
        left[c->arc[e].from] -= flow[e];
        left[c->arc[e].to] += flow[e];
    }
    for (int i = 0; i < NODES; i++) {
        cr_assert_eq(left[i], 0);
    }
}

Test(flow, agrees_with_a_naive_solver)
{
    struct rng rng;
    rng_init(&rng, 21);
    int feasible = 0;
    for (int round = 0; round < 3000; round++) {
        struct case_of c;
        random_case(&rng, &c);
        struct flow_problem problem = {c.arc, c.supply, ARCS, NODES};
        int64_t flow[ARCS], cost = INT64_MIN, expected = 0;
        enum flow_outcome found = flow_solve(&problem, flow, &cost);
        bool can = naive(&c, &expected);
        cr_assert_eq(found, can ? FLOW_OPTIMAL : FLOW_INFEASIBLE, "round %d", round);
        if (can) {
            feasible++;
            cr_assert_eq(cost, expected, "round %d: %lld, expected %lld", round, (long long)cost,
                         (long long)expected);
            check_feasible(&c, flow);
        } else {
            cr_assert_eq(cost, INT64_MIN);
        }
    }
    cr_assert(feasible > 500 && feasible < 2900, "%d", feasible);
}

/* Optimal by its own certificate: no residual cycle of negative cost, on a problem too large for
 * the naive solver. */
Test(flow, a_transport_problem_of_many_arcs_is_optimal)
{
    enum { SIDE = 60 };
    static struct flow_arc arc[SIDE * SIDE];
    static int64_t supply[2 * SIDE], flow[SIDE * SIDE];
    struct rng rng;
    rng_init(&rng, 4);
    for (uint32_t i = 0; i < SIDE; i++) {
        int64_t units = 1 + (int64_t)rng_below(&rng, 50);
        supply[i] += units;
        supply[SIDE + rng_below(&rng, SIDE)] -= units;
        for (uint32_t k = 0; k < SIDE; k++) {
            arc[i * SIDE + k] =
                (struct flow_arc){i, SIDE + k, 1000, 1 + (int64_t)rng_below(&rng, 500)};
        }
    }
    struct flow_problem problem = {arc, supply, SIDE * SIDE, 2 * SIDE};
    int64_t cost;
    cr_assert_eq(flow_solve(&problem, flow, &cost), FLOW_OPTIMAL);
    int64_t distance[2 * SIDE] = {0};
    bool moved = true;
    for (int round = 0; round <= 2 * SIDE && moved; round++) {
        moved = false;
        for (size_t e = 0; e < SIDE * SIDE; e++) {
            uint32_t u = arc[e].from, v = arc[e].to;
            if (flow[e] < arc[e].capacity && distance[u] + arc[e].cost < distance[v]) {
                distance[v] = distance[u] + arc[e].cost;
                moved = true;
            }
            if (flow[e] > 0 && distance[v] - arc[e].cost < distance[u]) {
                distance[u] = distance[v] - arc[e].cost;
                moved = true;
            }
        }
    }
    cr_assert(!moved, "a cycle of negative cost is left");
}

static enum flow_outcome one_arc(struct flow_arc arc, int64_t in, int64_t out, int64_t *cost)
{
    int64_t supply[2] = {in, out}, flow;
    struct flow_problem problem = {&arc, supply, 1, 2};
    return flow_solve(&problem, &flow, cost);
}

Test(flow, edges)
{
    int64_t cost = 7;
    cr_expect_eq(one_arc((struct flow_arc){0, 1, 5, 3}, 5, -5, &cost), FLOW_OPTIMAL);
    cr_expect_eq(cost, 15);
    cr_expect_eq(one_arc((struct flow_arc){0, 1, 4, 3}, 5, -5, &cost), FLOW_INFEASIBLE);
    cr_expect_eq(one_arc((struct flow_arc){1, 0, 9, 3}, 5, -5, &cost), FLOW_INFEASIBLE);
    cr_expect_eq(one_arc((struct flow_arc){0, 0, 9, -3}, 0, 0, &cost), FLOW_OPTIMAL);
    cr_expect_eq(cost, -27, "a loop that pays is filled");
    struct flow_problem none = {NULL, (int64_t[]){0}, 0, 1};
    cr_expect_eq(flow_solve(&none, NULL, &cost), FLOW_OPTIMAL);
    cr_expect_eq(cost, 0);
}

Test(flow, refuses_what_it_cannot_count)
{
    int64_t cost;
    cr_expect_eq(one_arc((struct flow_arc){0, 1, 5, 3}, 5, -4, &cost), FLOW_REFUSED);
    cr_expect_eq(one_arc((struct flow_arc){0, 2, 5, 3}, 5, -5, &cost), FLOW_REFUSED);
    cr_expect_eq(one_arc((struct flow_arc){0, 1, -1, 3}, 5, -5, &cost), FLOW_REFUSED);
    cr_expect_eq(one_arc((struct flow_arc){0, 1, 5, FLOW_COST_MOST + 1}, 5, -5, &cost),
                 FLOW_REFUSED);
    cr_expect_eq(one_arc((struct flow_arc){0, 1, FLOW_UNITS_MOST, FLOW_COST_MOST}, FLOW_UNITS_MOST,
                         -FLOW_UNITS_MOST, &cost),
                 FLOW_REFUSED);
    cr_expect_eq(one_arc((struct flow_arc){0, 1, 5, 1}, INT64_MIN, INT64_MIN, &cost), FLOW_REFUSED);
    struct flow_problem none = {NULL, NULL, 0, 0};
    cr_expect_eq(flow_solve(&none, NULL, &cost), FLOW_REFUSED);
}
