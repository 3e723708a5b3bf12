/* Track record of a supplier: how long its deliveries took, in shares of what was stated for them.
 *
 *     track_add(&track, 13, 10, 0.3);                     // 13 days where 10 were stated, sd 3
 *     if (track_lead(&track, 10, &lead_days, &sd_days)) ... // 10 receipts weigh as much as the
 * stated ones
 *
 * Shares, because the items of a supplier have lead times of their own. What is learned is shrunk
 * to what is stated (a normal mean and variance with a conjugate prior of `trust` receipts; Gelman
 * et al., Bayesian Data Analysis, 2013, section 3.3, without its uncertainty of the mean), old
 * receipts fade, and nothing becomes shorter than half or longer than three times what is stated.
 *
 * Pure; plain data. Thread: as the owner. */
#ifndef RESTOCK_TRACK_H
#define RESTOCK_TRACK_H

#include "config/base/buf.h"
#include "config/base/slice.h"

#include <stdbool.h>
#include <stdint.h>

struct track {
    uint32_t receipts; /* ever */
    double weight, sum, square; /* of receipts that still count: their shares */
    double stated; /* sum of the squared coefficients of variation that were stated */
};

/* One order is in: it took `slots` where `stated` > 0 were stated, with the coefficient of
 * variation `spread`. */
void track_add(struct track *track, double slots, double stated, double spread);
/* Replaces mean and sd of a stated lead time (any unit) by those learned; false and nothing changed
 * where there is nothing to learn from (trust <= 0, no receipts, stated 0). */
bool track_lead(const struct track *track, double trust, double *lead, double *sd);

struct track_slip {
    double ratio; /* learned over stated mean */
    double score; /* -log10 of the chance of such receipts from a supplier that keeps its word */
    bool slips, keeps; /* hysteresis: neither of both in between */
};

void track_slip(const struct track *track, double trust, struct track_slip *out);

/* Versioned; load takes all of bytes and refuses (false, *track untouched) what save did not write.
 */
void track_save(const struct track *track, struct buf *out);
bool track_load(struct slice bytes, struct track *track);

#endif
