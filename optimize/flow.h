/* Min-cost flow: what to send along which arcs so that every supply meets its demand at least cost.
 *
 *     struct flow_problem problem = {.arc = arcs, .arcs = n, .supply = supply, .nodes = m};
 *     int64_t *flow = ..., cost;                                  // flow[n]
 *     if (flow_solve(&problem, flow, &cost) == FLOW_OPTIMAL) ...
 *
 * Primal network simplex with block pivot search and strongly feasible trees (Dantzig 1951;
 * Cunningham 1976; Ahuja, Magnanti and Orlin 1993, chapter 11; Kovacs 2015). Whole numbers
 * throughout, so the answer is exact. Pure; allocates its tables and frees them. Thread: any.
 */
#ifndef RESTOCK_FLOW_H
#define RESTOCK_FLOW_H

#include <stddef.h>
#include <stdint.h>

enum { FLOW_NODES_MOST = 1 << 20, FLOW_ARCS_MOST = 1 << 24 };
#define FLOW_COST_MOST (INT64_C(1) << 32) /* of one unit over one arc, either sign */
#define FLOW_UNITS_MOST (INT64_C(1) << 40) /* capacity of an arc; sum of all supplies */

struct flow_arc {
    uint32_t from, to; /* nodes */
    int64_t capacity; /* >= 0 */
    int64_t cost; /* per unit */
};

struct flow_problem {
    const struct flow_arc *arc; /* [arcs] */
    const int64_t *supply; /* [nodes] > 0: comes in there, < 0: is wanted there; sum 0 */
    size_t arcs, nodes;
};

enum flow_outcome {
    FLOW_OPTIMAL,
    FLOW_INFEASIBLE, /* the arcs cannot carry the supplies */
    FLOW_REFUSED /* numbers beyond the limits above, a cost beyond 64 bits, arcs to nowhere, or
                    supplies that do not sum to 0 */
};

/* flow[arcs], *cost: filled when FLOW_OPTIMAL, else flow is unspecified and *cost untouched. */
enum flow_outcome flow_solve(const struct flow_problem *problem, int64_t *flow, int64_t *cost);

#endif
