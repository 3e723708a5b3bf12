/* The basis is a spanning tree that hangs from a root of its own, to which every node has an
 * artificial arc of prohibitive cost.
 *
 *     price     a block of arcs is searched for the one that violates its bound most
 *     ratio     around the cycle it closes with the tree, the first arc that blocks leaves (the
 *               last on the way from the join: strong feasibility, so no cycling)
 *     pivot     the part cut off is hung to the other end of the entering arc, its potentials move
 *               by one constant
 *
 * Trees are lists of children, so a pivot costs the path plus the part that moves. */
#include "optimize/flow.h"

#include "config/base/ensure.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>

enum { AT_LOWER = 1, IN_TREE = 0, AT_UPPER = -1 };
static const uint32_t NONE = UINT32_MAX;

struct node {
    int64_t potential;
    uint32_t parent, arc; /* arc to the parent */
    uint32_t depth;
    uint32_t child, next, before; /* first child; siblings */
    bool up; /* the arc goes from this node to the parent */
};

struct simplex {
    size_t arcs, nodes; /* of the problem; arcs + i is the artificial arc of node i */
    uint32_t root;
    uint32_t *from, *to; /* [arcs + nodes] */
    int64_t *cost, *capacity, *flow;
    int8_t *state; /* [arcs] */
    struct node *node; /* [nodes + 1] */
    size_t block, place; /* of the search */
};

static bool fits(const struct flow_problem *problem)
{
    if (problem->nodes < 1 || problem->nodes > FLOW_NODES_MOST || problem->arcs > FLOW_ARCS_MOST) {
        return false;
    }
    int64_t in = 0, sum = 0;
    for (size_t i = 0; i < problem->nodes; i++) {
        int64_t supply = problem->supply[i];
        if (supply > FLOW_UNITS_MOST || supply < -FLOW_UNITS_MOST) {
            return false;
        }
        in += supply > 0 ? supply : 0;
        sum += supply;
        if (in > FLOW_UNITS_MOST) {
            return false;
        }
    }
    for (size_t e = 0; e < problem->arcs; e++) {
        const struct flow_arc *arc = &problem->arc[e];
        if (arc->from >= problem->nodes || arc->to >= problem->nodes || arc->capacity < 0 ||
            arc->capacity > FLOW_UNITS_MOST || arc->cost > FLOW_COST_MOST ||
            arc->cost < -FLOW_COST_MOST) {
            return false;
        }
    }
    return sum == 0;
}

static void attach(struct simplex *s, uint32_t child, uint32_t parent, uint32_t arc)
{
    struct node *node = &s->node[child];
    node->parent = parent;
    node->arc = arc;
    node->up = s->from[arc] == child;
    node->before = NONE;
    node->next = s->node[parent].child;
    if (node->next != NONE) {
        s->node[node->next].before = child;
    }
    s->node[parent].child = child;
}

static void detach(struct simplex *s, uint32_t child)
{
    struct node *node = &s->node[child];
    if (node->before != NONE) {
        s->node[node->before].next = node->next;
    } else {
        s->node[node->parent].child = node->next;
    }
    if (node->next != NONE) {
        s->node[node->next].before = node->before;
    }
}

/* Every node hangs from the root by its artificial arc. */
static void first_tree(struct simplex *s, const struct flow_problem *problem)
{
    int64_t dear = 1;
    for (size_t e = 0; e < s->arcs; e++) {
        int64_t cost = s->cost[e] < 0 ? -s->cost[e] : s->cost[e];
        dear = cost + 1 > dear ? cost + 1 : dear;
    }
    dear *= (int64_t)s->nodes + 1;
    s->node[s->root] = (struct node){.parent = NONE, .arc = NONE, .child = NONE, .next = NONE};
    for (uint32_t i = 0; i < s->nodes; i++) {
        uint32_t arc = (uint32_t)s->arcs + i;
        bool up = problem->supply[i] >= 0;
        s->from[arc] = up ? i : s->root;
        s->to[arc] = up ? s->root : i;
        s->cost[arc] = dear;
        s->capacity[arc] = 4 * FLOW_UNITS_MOST;
        s->flow[arc] = up ? problem->supply[i] : -problem->supply[i];
        s->node[i] = (struct node){.child = NONE, .depth = 1, .potential = up ? -dear : dear};
        attach(s, i, s->root, arc);
    }
}

static struct simplex open_simplex(const struct flow_problem *problem)
{
    size_t all = problem->arcs + problem->nodes;
    struct simplex s = {.arcs = problem->arcs,
                        .nodes = problem->nodes,
                        .root = (uint32_t)problem->nodes,
                        .from = malloc(all * sizeof *s.from),
                        .to = malloc(all * sizeof *s.to),
                        .cost = malloc(all * sizeof *s.cost),
                        .capacity = malloc(all * sizeof *s.capacity),
                        .flow = malloc(all * sizeof *s.flow),
                        .state = malloc(problem->arcs + 1),
                        .node = malloc((problem->nodes + 1) * sizeof *s.node)};
    ASSERT(s.from && s.to && s.cost && s.capacity && s.flow && s.state && s.node &&
           "out of memory for a flow");
    for (size_t e = 0; e < s.arcs; e++) {
        s.from[e] = problem->arc[e].from;
        s.to[e] = problem->arc[e].to;
        s.cost[e] = problem->arc[e].cost;
        s.capacity[e] = problem->arc[e].capacity;
        s.flow[e] = 0;
        s.state[e] = AT_LOWER;
    }
    size_t root = (size_t)sqrt((double)s.arcs);
    s.block = root > 10 ? root : 10;
    first_tree(&s, problem);
    return s;
}

static void close_simplex(struct simplex *s)
{
    free(s->from);
    free(s->to);
    free(s->cost);
    free(s->capacity);
    free(s->flow);
    free(s->state);
    free(s->node);
}

/* The arc of the next block with a violation that violates most; NONE: the tree is optimal. */
static uint32_t entering(struct simplex *s)
{
    uint32_t best = NONE;
    int64_t worst = 0;
    size_t in_block = s->block;
    size_t e = s->place;
    for (size_t count = 0; count < s->arcs; count++) {
        int64_t reduced = s->cost[e] + s->node[s->from[e]].potential - s->node[s->to[e]].potential;
        int64_t violation = s->state[e] * reduced;
        if (violation < worst) {
            worst = violation;
            best = (uint32_t)e;
        }
        e = e + 1 == s->arcs ? 0 : e + 1;
        if (--in_block == 0) {
            if (best != NONE) {
                break;
            }
            in_block = s->block;
        }
    }
    s->place = e;
    return best;
}

struct pivot {
    uint32_t arc; /* entering */
    uint32_t first, second, join; /* flow goes join .. first, over the arc, second .. join */
    uint32_t leaves; /* node whose arc to its parent leaves; NONE: the entering arc itself */
    bool by_first; /* that node is on the side of `first` */
    int64_t delta;
};

static void find_join(const struct simplex *s, struct pivot *pivot)
{
    uint32_t u = pivot->first, v = pivot->second;
    while (u != v) {
        if (s->node[u].depth >= s->node[v].depth) {
            u = s->node[u].parent;
        } else {
            v = s->node[v].parent;
        }
    }
    pivot->join = u;
}

static void find_leaving(const struct simplex *s, struct pivot *pivot)
{
    pivot->delta = s->capacity[pivot->arc];
    pivot->leaves = NONE;
    for (uint32_t u = pivot->first; u != pivot->join; u = s->node[u].parent) {
        uint32_t arc = s->node[u].arc; /* flow comes down */
        int64_t room = s->node[u].up ? s->flow[arc] : s->capacity[arc] - s->flow[arc];
        if (room < pivot->delta) {
            pivot->delta = room;
            pivot->leaves = u;
            pivot->by_first = true;
        }
    }
    for (uint32_t u = pivot->second; u != pivot->join; u = s->node[u].parent) {
        uint32_t arc = s->node[u].arc; /* flow goes up */
        int64_t room = s->node[u].up ? s->capacity[arc] - s->flow[arc] : s->flow[arc];
        if (room <= pivot->delta) {
            pivot->delta = room;
            pivot->leaves = u;
            pivot->by_first = false;
        }
    }
}

static void push(struct simplex *s, const struct pivot *pivot)
{
    int64_t delta = pivot->delta;
    if (delta > 0) {
        s->flow[pivot->arc] += s->state[pivot->arc] * delta;
        for (uint32_t u = pivot->first; u != pivot->join; u = s->node[u].parent) {
            s->flow[s->node[u].arc] += s->node[u].up ? -delta : delta;
        }
        for (uint32_t u = pivot->second; u != pivot->join; u = s->node[u].parent) {
            s->flow[s->node[u].arc] += s->node[u].up ? delta : -delta;
        }
    }
}

/* All nodes at and below `top`: potentials by `shift`, depths anew. */
static void settle(struct simplex *s, uint32_t top, int64_t shift)
{
    uint32_t u = top;
    for (;;) {
        struct node *node = &s->node[u];
        node->potential += shift;
        node->depth = s->node[node->parent].depth + 1;
        if (node->child != NONE) {
            u = node->child;
            continue;
        }
        while (u != top && s->node[u].next == NONE) {
            u = s->node[u].parent;
        }
        if (u == top) {
            return;
        }
        u = s->node[u].next;
    }
}

static void exchange(struct simplex *s, const struct pivot *pivot)
{
    uint32_t out_arc = s->node[pivot->leaves].arc;
    uint32_t inner = pivot->by_first ? pivot->first : pivot->second; /* end in the part cut off */
    uint32_t outer = pivot->by_first ? pivot->second : pivot->first;
    uint32_t u = inner, parent = outer, arc = pivot->arc;
    for (;;) { /* turn the path from the entering arc to the leaving one */
        uint32_t old_parent = s->node[u].parent, old_arc = s->node[u].arc;
        detach(s, u);
        attach(s, u, parent, arc);
        if (u == pivot->leaves) {
            break;
        }
        parent = u;
        arc = old_arc;
        u = old_parent;
    }
    s->state[pivot->arc] = IN_TREE;
    if (out_arc < s->arcs) {
        s->state[out_arc] = s->flow[out_arc] == 0 ? AT_LOWER : AT_UPPER;
    }
    int64_t cost = s->cost[pivot->arc];
    int64_t wanted = s->from[pivot->arc] == inner ? s->node[outer].potential - cost
                                                  : s->node[outer].potential + cost;
    settle(s, inner, wanted - s->node[inner].potential);
}

static void improve(struct simplex *s)
{
    for (uint32_t arc = entering(s); arc != NONE; arc = entering(s)) {
        bool lower = s->state[arc] == AT_LOWER;
        struct pivot pivot = {.arc = arc,
                              .first = lower ? s->from[arc] : s->to[arc],
                              .second = lower ? s->to[arc] : s->from[arc]};
        find_join(s, &pivot);
        find_leaving(s, &pivot);
        push(s, &pivot);
        if (pivot.leaves == NONE) {
            s->state[arc] = (int8_t)-s->state[arc];
        } else {
            exchange(s, &pivot);
        }
    }
}

enum flow_outcome flow_solve(const struct flow_problem *problem, int64_t *flow, int64_t *cost)
{
    if (!fits(problem)) {
        return FLOW_REFUSED;
    }
    struct simplex s = open_simplex(problem);
    improve(&s);
    bool feasible = true;
    for (size_t i = 0; i < s.nodes; i++) {
        feasible = feasible && s.flow[s.arcs + i] == 0;
    }
    bool wide = false;
    int64_t sum = 0, part;
    for (size_t e = 0; e < s.arcs; e++) {
        flow[e] = s.flow[e];
        wide = wide || __builtin_mul_overflow(s.flow[e], s.cost[e], &part) ||
               __builtin_add_overflow(sum, part, &sum);
    }
    close_simplex(&s);
    if (!feasible) {
        return FLOW_INFEASIBLE;
    }
    if (wide) {
        return FLOW_REFUSED;
    }
    *cost = sum;
    return FLOW_OPTIMAL;
}
