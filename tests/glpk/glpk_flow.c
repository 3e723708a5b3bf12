/* The network simplex against GLPK (GPLv3, which is why it is met in a process of its own and never
 * linked into the product): the same random problems, the same costs.
 *
 *   usage: glpk_flow [problems]         default 400 */
#include "config/base/rng.h"
#include "optimize/flow.h"

#include <glpk.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

enum { NODES_MOST = 60, ARCS_MOST = 900 };

struct instance {
    size_t nodes, arcs;
    struct flow_arc arc[ARCS_MOST];
    int64_t supply[NODES_MOST], flow[ARCS_MOST];
};

static void make(struct rng *rng, struct instance *in)
{
    in->nodes = 4 + rng_below(rng, NODES_MOST - 4);
    in->arcs = 10 + rng_below(rng, ARCS_MOST - 10);
    for (size_t e = 0; e < in->arcs; e++) {
        in->arc[e] = (struct flow_arc){.from = (uint32_t)rng_below(rng, in->nodes),
                                       .to = (uint32_t)rng_below(rng, in->nodes),
                                       .capacity = (int64_t)rng_below(rng, 60),
                                       .cost = (int64_t)rng_below(rng, 1000) - 100};
    }
    for (size_t i = 0; i < NODES_MOST; i++) {
        in->supply[i] = 0;
    }
    for (int i = 0; i < 12; i++) {
        int64_t units = (int64_t)rng_below(rng, 30);
        in->supply[rng_below(rng, in->nodes)] += units;
        in->supply[rng_below(rng, in->nodes)] -= units;
    }
}

/* true and *cost, or false: infeasible. A linear program: balance of each node, bounds of each arc.
 */
static bool ask_glpk(const struct instance *in, double *cost)
{
    glp_prob *lp = glp_create_prob();
    glp_add_rows(lp, (int)in->nodes);
    glp_add_cols(lp, (int)in->arcs);
    for (size_t i = 0; i < in->nodes; i++) {
        glp_set_row_bnds(lp, (int)i + 1, GLP_FX, (double)in->supply[i], (double)in->supply[i]);
    }
    for (size_t e = 0; e < in->arcs; e++) {
        const struct flow_arc *arc = &in->arc[e];
        glp_set_col_bnds(lp, (int)e + 1, arc->capacity ? GLP_DB : GLP_FX, 0, (double)arc->capacity);
        glp_set_obj_coef(lp, (int)e + 1, (double)arc->cost);
        int rows[3] = {0, (int)arc->from + 1, (int)arc->to + 1};
        double values[3] = {0, 1, -1};
        glp_set_mat_col(lp, (int)e + 1, arc->from == arc->to ? 0 : 2, rows, values);
    }
    glp_smcp options;
    glp_init_smcp(&options);
    options.msg_lev = GLP_MSG_OFF;
    bool good = glp_simplex(lp, &options) == 0 && glp_get_status(lp) == GLP_OPT;
    *cost = glp_get_obj_val(lp);
    glp_delete_prob(lp);
    return good;
}

int main(int argc, char **argv)
{
    static struct instance in;
    long problems = argc > 1 ? strtol(argv[1], NULL, 10) : 400, feasible = 0, wrong = 0;
    struct rng rng;
    rng_init(&rng, 2024);
    glp_term_out(GLP_OFF);
    for (long k = 0; k < problems; k++) {
        make(&rng, &in);
        struct flow_problem problem = {in.arc, in.supply, in.arcs, in.nodes};
        int64_t cost = 0;
        double expected;
        enum flow_outcome found = flow_solve(&problem, in.flow, &cost);
        bool can = ask_glpk(&in, &expected);
        feasible += can;
        if (can != (found == FLOW_OPTIMAL) || (can && fabs(expected - (double)cost) > 1e-3)) {
            fprintf(stderr, "problem %ld: %lld, GLPK %s %.3f\n", k, (long long)cost,
                    can ? "says" : "finds none", expected);
            wrong++;
        }
    }
    printf("glpk_flow: %ld problems, %ld feasible, %ld differ\n", problems, feasible, wrong);
    return wrong > 0 || feasible < problems / 10;
}
