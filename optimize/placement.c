/* Stages are taken leaves first: each has at most one neighbour that comes later, its parent. Where
 * the parent is downstream the stage reports f(S), the least cost of its part of the tree if it
 * promises S; where the parent is upstream g(SI), if its inputs take SI. Both are tabled for 0 ..
 * longest path. */
#include "optimize/placement.h"

#include "config/base/ensure.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { NONE = -1 };

struct node {
    int32_t parent; /* NONE: root */
    bool down; /* the parent is downstream */
    int32_t longest; /* longest path from outside through this stage */
    double variance; /* of the demand that reaches it */
    double *table; /* [span] f(S) or g(SI) of its subtree */
    int32_t *choice; /* [span] the other time that goes with it */
};

struct work {
    const struct placement_terms *terms;
    struct node node[PLACEMENT_STAGES_MOST];
    uint32_t order[PLACEMENT_STAGES_MOST]; /* leaves first */
    int32_t span;
};

static bool touches(const struct placement_terms *terms, size_t e, uint32_t k, uint32_t *other,
                    bool *down)
{
    bool from = terms->edge[e][0] == k, to = terms->edge[e][1] == k;
    *other = from ? terms->edge[e][1] : terms->edge[e][0];
    *down = from;
    return from || to;
}

/* Breadth first from stage 0; order becomes the reverse. Returns how many stages were reached. */
static size_t spread_out(struct work *work)
{
    const struct placement_terms *terms = work->terms;
    bool seen[PLACEMENT_STAGES_MOST] = {true};
    uint32_t queue[PLACEMENT_STAGES_MOST] = {0};
    size_t found = 1;
    work->node[0].parent = NONE;
    for (size_t at = 0; at < found; at++) {
        for (size_t e = 0; e < terms->edges; e++) {
            uint32_t other;
            bool down;
            if (touches(terms, e, queue[at], &other, &down) && !seen[other]) {
                seen[other] = true;
                work->node[other].parent = (int32_t)queue[at];
                work->node[other].down = !down;
                queue[found++] = other;
            }
        }
    }
    for (size_t i = 0; i < found; i++) {
        work->order[i] = queue[found - 1 - i];
    }
    return found;
}

const char *placement_check(const struct placement_terms *terms)
{
    if (terms->count < 1 || terms->count > PLACEMENT_STAGES_MOST) {
        return "expected 1 to 256 stages";
    }
    if (terms->edges + 1 != terms->count) {
        return "expected a tree: one edge less than stages";
    }
    double total = 0;
    for (size_t i = 0; i < terms->count; i++) {
        const struct placement_stage *s = &terms->stage[i];
        if (!(s->holding >= 0) || !(s->sd >= 0) || !(s->bound >= 0) || s->time < 0 ||
            s->inbound < 0) {
            return "expected costs, spreads and times of at least 0";
        }
        total += (double)s->time + s->inbound;
    }
    if (total > PLACEMENT_TIME_MOST) {
        return "expected times that add up to at most 4000 periods";
    }
    for (size_t e = 0; e < terms->edges; e++) {
        if (terms->edge[e][0] >= terms->count || terms->edge[e][1] >= terms->count ||
            terms->edge[e][0] == terms->edge[e][1]) {
            return "expected edges between two stages of the list";
        }
    }
    struct work work = {.terms = terms};
    return spread_out(&work) == terms->count ? NULL : "expected a tree: every stage connected";
}

/* Longest paths from above and variances from below; a tree of n stages settles in n rounds. */
static void settle(struct work *work)
{
    const struct placement_terms *terms = work->terms;
    for (size_t i = 0; i < terms->count; i++) {
        work->node[i].longest = terms->stage[i].time + terms->stage[i].inbound;
        work->node[i].variance = terms->stage[i].sd * terms->stage[i].sd;
    }
    for (size_t round = 0; round < terms->count; round++) {
        double variance[PLACEMENT_STAGES_MOST];
        for (size_t i = 0; i < terms->count; i++) {
            variance[i] = terms->stage[i].sd * terms->stage[i].sd;
        }
        for (size_t e = 0; e < terms->edges; e++) {
            uint32_t from = terms->edge[e][0], to = terms->edge[e][1];
            int32_t longest = work->node[from].longest + terms->stage[to].time;
            work->node[to].longest =
                longest > work->node[to].longest ? longest : work->node[to].longest;
            variance[from] += work->node[to].variance;
        }
        for (size_t i = 0; i < terms->count; i++) {
            work->node[i].variance = variance[i];
        }
    }
    work->span = 1;
    for (size_t i = 0; i < terms->count; i++) {
        int32_t longest = work->node[i].longest + 1;
        work->span = longest > work->span ? longest : work->span;
    }
}

/* Least table[x] over 0 .. limit (upstream child) or limit .. span - 1 (downstream child). */
static int32_t least_from(const struct work *work, uint32_t child, int32_t limit)
{
    const struct node *node = &work->node[child];
    int32_t best = node->down ? 0 : limit;
    int32_t last = node->down ? limit : work->span - 1;
    for (int32_t x = best; x <= last; x++) {
        best = node->table[x] < node->table[best] ? x : best;
    }
    return best;
}

static double cost_at(const struct work *work, uint32_t k, int32_t promise, int32_t inbound)
{
    const struct placement_stage *stage = &work->terms->stage[k];
    int32_t net = inbound + stage->time - promise;
    if (net < 0 || inbound < stage->inbound || inbound > work->node[k].longest - stage->time ||
        (stage->outbound >= 0 && promise > stage->outbound)) {
        return INFINITY;
    }
    double cost = stage->holding * stage->bound * sqrt(work->node[k].variance) * sqrt((double)net);
    for (size_t e = 0; e < work->terms->edges; e++) {
        uint32_t child;
        bool down;
        if (touches(work->terms, e, k, &child, &down) && work->node[child].parent == (int32_t)k) {
            cost += work->node[child].table[least_from(work, child, down ? promise : inbound)];
        }
    }
    return cost;
}

static void fill(struct work *work, uint32_t k)
{
    struct node *node = &work->node[k];
    bool by_promise = node->parent == NONE || node->down;
    for (int32_t mine = 0; mine < work->span; mine++) {
        node->table[mine] = INFINITY;
        for (int32_t other = 0; other < work->span; other++) {
            double cost =
                by_promise ? cost_at(work, k, mine, other) : cost_at(work, k, other, mine);
            if (cost < node->table[mine]) {
                node->table[mine] = cost;
                node->choice[mine] = other;
            }
        }
    }
}

/* The stage's own pair of times is known: settle its children. */
static void trace(const struct work *work, uint32_t root, int32_t *promise)
{
    int32_t inbound[PLACEMENT_STAGES_MOST];
    const struct node *top = &work->node[root];
    int32_t best = 0;
    for (int32_t s = 1; s < work->span; s++) {
        best = top->table[s] < top->table[best] ? s : best;
    }
    promise[root] = best;
    inbound[root] = top->choice[best];
    for (size_t i = work->terms->count - 1; i-- > 0;) {
        uint32_t k = work->order[i];
        uint32_t parent = (uint32_t)work->node[k].parent;
        bool down = work->node[k].down;
        int32_t mine = least_from(work, k, down ? inbound[parent] : promise[parent]);
        promise[k] = down ? mine : work->node[k].choice[mine];
        inbound[k] = down ? work->node[k].choice[mine] : mine;
    }
}

double placement_best(const struct placement_terms *terms, int32_t *promise)
{
    ASSERT(!placement_check(terms));
    struct work work = {.terms = terms};
    (void)spread_out(&work);
    settle(&work);
    size_t cells = (size_t)work.span * terms->count;
    double *tables = calloc(cells, sizeof *tables);
    int32_t *choices = calloc(cells, sizeof *choices);
    ASSERT(tables && choices && "out of memory for a network");
    for (size_t i = 0; i < terms->count; i++) {
        work.node[i].table = tables + i * (size_t)work.span;
        work.node[i].choice = choices + i * (size_t)work.span;
    }
    for (size_t i = 0; i < terms->count; i++) {
        fill(&work, work.order[i]);
    }
    uint32_t root = work.order[terms->count - 1];
    trace(&work, root, promise);
    double cost = work.node[root].table[promise[root]];
    free(tables);
    free(choices);
    return cost;
}
