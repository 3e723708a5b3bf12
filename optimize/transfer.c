/* Nodes of the flow: 0 a depot that holds whatever could be given away, then each place as a giver
 * and as a taker, last a sink. Depot to givers: one arc a step, at its loss. Giver to taker: the
 * lane. Taker to sink: one arc a step, at minus its gain. Depot to sink: what stays where it is.
 * Costs are money times a power of ten that keeps six digits of the largest. */
#include "optimize/transfer.h"

#include "config/base/ensure.h"
#include "optimize/flow.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>

enum { NODES = 2 * TRANSFER_PLACES_MOST + 2 };
static const double DIGITS = 1e6;

struct steps {
    size_t count;
    int64_t units; /* of each */
    double worth[TRANSFER_STEPS]; /* of one unit in each step: loss rising, or gain falling */
};

struct work {
    const struct transfer_terms *terms;
    double now[TRANSFER_PLACES_MOST]; /* cost as it is */
    struct steps give[TRANSFER_PLACES_MOST], take[TRANSFER_PLACES_MOST];
    struct flow_arc *arc;
    int64_t *flow;
    size_t arcs, lanes /* index of the first lane */;
    double scale;
};

/* sign -1: losses of giving, +1: gains of taking. */
static void read_steps(struct work *work, size_t place, int sign, struct steps *out)
{
    const struct transfer_terms *terms = work->terms;
    int64_t units = sign < 0 ? terms->stock[place] : terms->room[place];
    int64_t packs = units > 0 ? units / terms->pack : 0;
    int64_t each = (packs + TRANSFER_STEPS - 1) / TRANSFER_STEPS;
    *out = (struct steps){.units = each * terms->pack};
    double before = work->now[place];
    for (int64_t done = each; each > 0 && done <= packs; done += each) {
        double after = terms->value(terms->context, place, sign * done * terms->pack);
        double worth = (after - before) * -sign / (double)out->units;
        if (out->count) { /* convex: no step is better than the one before it */
            double last = out->worth[out->count - 1];
            worth = sign < 0 ? fmax(worth, last) : fmin(worth, last);
        }
        out->worth[out->count++] = worth;
        before = after;
    }
}

static void add_arc(struct work *work, size_t from, size_t to, int64_t capacity, double cost)
{
    work->arc[work->arcs++] = (struct flow_arc){.from = (uint32_t)from,
                                                .to = (uint32_t)to,
                                                .capacity = capacity,
                                                .cost = llround(cost * work->scale)};
}

static double largest(const struct work *work)
{
    double most = fmax(work->terms->unit_cost, 1e-9);
    for (size_t i = 0; i < work->terms->places; i++) {
        for (size_t k = 0; k < TRANSFER_STEPS; k++) {
            most = fmax(most, fmax(fabs(work->give[i].worth[k]), fabs(work->take[i].worth[k])));
        }
    }
    return most;
}

/* Capacities count packs, so that the flow is whole packs. Returns what the depot holds. */
static int64_t build(struct work *work)
{
    const struct transfer_terms *terms = work->terms;
    size_t n = terms->places;
    int64_t all = 0;
    work->scale = DIGITS / largest(work);
    for (size_t i = 0; i < n; i++) {
        const struct steps *give = &work->give[i], *take = &work->take[i];
        for (size_t k = 0; k < give->count; k++) {
            add_arc(work, 0, 1 + i, give->units / terms->pack, give->worth[k]);
            all += give->units / terms->pack;
        }
        for (size_t k = 0; k < take->count; k++) {
            add_arc(work, 1 + n + i, 1 + 2 * n, take->units / terms->pack, -take->worth[k]);
        }
    }
    add_arc(work, 0, 1 + 2 * n, all, 0);
    work->lanes = work->arcs;
    for (size_t i = 0; i < n; i++) {
        for (size_t k = 0; k < n; k++) {
            if (i != k) {
                add_arc(work, 1 + i, 1 + n + k, all, terms->unit_cost);
            }
        }
    }
    return all;
}

static bool solve(struct work *work, int64_t all)
{
    int64_t supply[NODES] = {all};
    size_t n = work->terms->places;
    supply[1 + 2 * n] = -all;
    struct flow_problem problem = {work->arc, supply, work->arcs, 2 * n + 2};
    int64_t cost;
    return flow_solve(&problem, work->flow, &cost) == FLOW_OPTIMAL;
}

/* The lanes in use that earn their cost, each looked at alone. */
static size_t collect(const struct work *work, struct transfer *out)
{
    const struct transfer_terms *terms = work->terms;
    size_t n = terms->places, count = 0;
    for (size_t e = work->lanes; e < work->arcs && count < TRANSFER_MOST; e++) {
        if (work->flow[e] <= 0) {
            continue;
        }
        uint32_t from = work->arc[e].from - 1, to = work->arc[e].to - 1 - (uint32_t)n;
        int64_t units = work->flow[e] * terms->pack;
        struct transfer move = {.from = from,
                                .to = to,
                                .quantity = units,
                                .loss =
                                    terms->value(terms->context, from, -units) - work->now[from],
                                .gain = work->now[to] - terms->value(terms->context, to, units)};
        double net = move.gain - move.loss - terms->unit_cost * (double)units - terms->lane_cost;
        if (net > 0) {
            out[count++] = move;
        }
    }
    return count;
}

static bool saves(const struct work *work, const struct transfer *move, size_t count)
{
    const struct transfer_terms *terms = work->terms;
    int64_t change[TRANSFER_PLACES_MOST] = {0};
    double cost = 0;
    for (size_t m = 0; m < count; m++) {
        change[move[m].from] -= move[m].quantity;
        change[move[m].to] += move[m].quantity;
        cost += terms->lane_cost + terms->unit_cost * (double)move[m].quantity;
    }
    for (size_t i = 0; i < terms->places; i++) {
        if (change[i] != 0) {
            cost += terms->value(terms->context, i, change[i]) - work->now[i];
        }
    }
    return cost < 0;
}

static int by_net(const void *a, const void *b)
{
    const struct transfer *one = a, *two = b;
    double first = one->gain - one->loss, second = two->gain - two->loss;
    if (first != second) {
        return first < second ? 1 : -1;
    }
    return one->from != two->from ? (one->from > two->from ? 1 : -1)
                                  : (one->to > two->to) - (one->to < two->to);
}

static void count_left(const struct transfer_terms *terms, struct transfer *move, size_t count)
{
    for (size_t m = 0; m < count; m++) {
        move[m].left = terms->stock[move[m].from];
        for (size_t k = 0; k < count; k++) {
            move[m].left -= move[k].from == move[m].from ? move[k].quantity : 0;
        }
    }
}

size_t transfer_plan(const struct transfer_terms *terms, struct transfer out[TRANSFER_MOST])
{
    size_t n = terms->places;
    ASSERT(n <= TRANSFER_PLACES_MOST && terms->pack >= 1);
    if (n < 2) {
        return 0;
    }
    struct work *work = calloc(1, sizeof *work);
    ASSERT(work && "out of memory for transfers");
    work->terms = terms;
    size_t most = n * n + 2 * n * TRANSFER_STEPS + 1;
    work->arc = calloc(most, sizeof *work->arc);
    work->flow = calloc(most, sizeof *work->flow);
    ASSERT(work->arc && work->flow && "out of memory for transfers");
    for (size_t i = 0; i < n; i++) {
        work->now[i] = terms->value(terms->context, i, 0);
        read_steps(work, i, -1, &work->give[i]);
        read_steps(work, i, 1, &work->take[i]);
    }
    int64_t all = build(work);
    size_t count = all > 0 && solve(work, all) ? collect(work, out) : 0;
    qsort(out, count, sizeof *out, by_net);
    while (count > 0 && !saves(work, out, count)) {
        count--; /* the least useful goes first */
    }
    count_left(terms, out, count);
    free(work->arc);
    free(work->flow);
    free(work);
    return count;
}
