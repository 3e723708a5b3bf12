/* Base stocks of a serial chain: goods pass from stage count - 1 (next to the outside supplier)
 * down to stage 0, which meets the customers; what is not there is owed.
 *
 * Echelon base-stock levels are optimal (Clark and Scarf 1960); they come from one recursion, stage
 * by stage upwards (Federgruen and Zipkin 1984; Chen and Zheng 1994; Snyder and Shen, section 6.2):
 *     C_j(y) = E[ h_j (y - D_j) + C_{j-1}(min(S_{j-1}, y - D_j)) ],   S_j = argmin C_j,
 *     C_{-1}(x) = (p + sum of all h) x-,    D_j = demand over the lead time of stage j.
 * serial_bounds gives the newsvendor bounds between which each level lies, and their mean, which is
 * nearly as good and can be computed on paper (Shang and Song 2003, Management Science 49(5)).
 * Pure; allocates its tables and frees them.
 */
#ifndef RESTOCK_SERIAL_H
#define RESTOCK_SERIAL_H

#include <stdbool.h>
#include <stddef.h>

enum { SERIAL_STAGES_MOST = 32 };

struct serial_stage {
    double holding; /* echelon holding cost: what a unit costs here more than one stage up, > 0 */
    double lead_time; /* >= 0 */
};

struct serial_terms {
    const struct serial_stage *stage; /* [count], 0 = customers */
    size_t count;
    double mean, sd; /* customers' demand per unit of time */
    bool whole; /* Poisson demand of that mean in whole units (sd unused); else normal */
    double shortage; /* > 0, per unit owed and time */
};

/* level[count]: echelon base stocks (position of the stage and all below). *cost per unit of time.
 * False (outputs untouched): the grid would be too large. */
bool serial_levels(const struct serial_terms *terms, double *level, double *cost)
    __attribute__((warn_unused_result));
/* [count] each; low <= best level <= high up to rounding. */
void serial_bounds(const struct serial_terms *terms, double *low, double *high);

#endif
