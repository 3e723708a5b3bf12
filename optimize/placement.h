/* Where in a network to hold safety stock: guaranteed service times on a tree.
 *
 * Every stage promises to deliver within S, gets its inputs within SI = the slowest promise above
 * it, works for T and holds safety stock h z sd sqrt(SI + T - S) against a bounded demand. The
 * promises of least cost by dynamic programming over the tree (Graves and Willems 2000, M&SOM 2(1);
 * Simpson 1958 for chains; Snyder and Shen, section 6.3). Times are whole periods. Pure; allocates
 * its tables and frees them; O(stages x longest path^2).
 */
#ifndef RESTOCK_PLACEMENT_H
#define RESTOCK_PLACEMENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { PLACEMENT_STAGES_MOST = 256, PLACEMENT_TIME_MOST = 4000 };

struct placement_stage {
    double holding; /* per unit and period, of local stock */
    double sd; /* of the demand per period from outside, 0 for inner stages */
    double bound; /* z: demand over n periods stays below n mean + z sd sqrt(n) */
    int32_t time; /* T */
    int32_t inbound; /* least time until outside inputs arrive; 0: none or at once */
    int32_t outbound; /* longest promise that customers accept; < 0: no customers */
};

struct placement_terms {
    const struct placement_stage *stage; /* [count] */
    const uint32_t (*edge)[2]; /* [edges] from stage, to stage (downstream) */
    size_t count, edges; /* a tree: edges = count - 1, connected */
};

/* NULL, or what is wrong with the network. */
const char *placement_check(const struct placement_terms *terms);
/* promise[count] = S. Returns the cost per period. terms must have passed the check. */
double placement_best(const struct placement_terms *terms, int32_t *promise);

#endif
