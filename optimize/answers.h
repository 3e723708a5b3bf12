/* What buyers make of proposals, by class of demand, and what it says of the service that they
 * want.
 *
 *     answers_add(&answers, PROPOSAL_EDITED, 48, 60);
 *     facts.service_shift = answers_shift(&answers, 0.5);     // log odds, at most 0.5 either way
 *
 * Who edits quantities up, again and again, wants to run dry less often than we were told; down, to
 * hold less. The mean logarithm of answered over offered quantity, shrunk to zero by ANSWERS_TRUST
 * unchanged ones, moves the log odds of the service target, within a bound that the shop sets. A
 * rejection is counted but says nothing of quantities: it has other reasons.
 *
 * Pure; plain data. Thread: as the owner. */
#ifndef RESTOCK_ANSWERS_H
#define RESTOCK_ANSWERS_H

#include "optimize/proposal.h"

enum { ANSWERS_TRUST = 20 };

struct answers {
    uint64_t accepted, edited, rejected; /* ever */
    double weight, drift; /* of those that still count: how many, their sum of logarithms */
};

/* A proposal that waited was answered: state CONFIRMED, EDITED, ORDERED or REJECTED (others are
 * passed over); quantities are those offered and agreed. */
void answers_add(struct answers *answers, enum proposal_state state, int64_t offered,
                 int64_t agreed);
double answers_shift(const struct answers *answers, double bound); /* bound 0: 0 */

/* As track_save and track_load. */
void answers_save(const struct answers *answers, struct buf *out);
bool answers_load(struct slice bytes, struct answers *answers);

#endif
