/* A learned target level: how far a network lifts the projected level that the exact policy aims at
 * (optimize/policy.h, pil) for one decision.
 *
 *     struct target_look look;
 *     if (target_look(&in, &look)) {
 *         in.lift = target_lift(net, &look);
 *     }
 *     policy_decide(&in, &decision);
 *
 * Everything that the network sees is free of units (shares of mean demand, of its spread, of
 * times), so that one network serves all series; its answer is in spreads of the demand of a review
 * period and bounded. A network of zeros is the exact policy. Only where sales are lost, an order
 * takes at least a slot, costs say what to aim at and the least order is no more than a review
 * period sells is there something to learn (else the lot decides, not the level): elsewhere the
 * exact policy decides. Networks are made by optimize/target_learn.h (the form is that of Madeka et
 * al. 2022 and DeepStock 2026: a network that sets targets, an exact rule that orders).
 *
 * Pure; plain data; 2 us a look. */
#ifndef RESTOCK_TARGET_H
#define RESTOCK_TARGET_H

#include "optimize/level_net.h"
#include "optimize/policy.h"

enum { TARGET_INPUTS = LEVEL_NET_INPUTS };

struct target_look {
    float x[TARGET_INPUTS];
    double scale; /* units of a lift of 1 */
    double stock_kept; /* chance that a unit more in stock is there when the order arrives */
    double mean; /* of the review period's demand, units */
    double cycle; /* of the demand until the end of the review period, units */
};

/* False: nothing to learn here; *out is undefined then. */
bool target_look(const struct policy_input *in, struct target_look *out);
/* Units to add to the need; at most TARGET_MOST spreads either way. */
double target_lift(const struct level_net *net, const struct target_look *look);
/* Both at once; 0 where there is nothing to learn or no network (NULL). */
double target_lift_of(const struct level_net *net, const struct policy_input *in);
/* The bound alone, for training: y of the network, and its slope in *slope. */
double target_bound(double y, double *slope);

#endif
