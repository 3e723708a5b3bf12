/* Transfers between the places of one item, before anything is bought: units go where they are
 * worth more, by marginal values.
 *
 *     double value(void *context, size_t place, int64_t units);   // expected cost with so many
 * more struct transfer_terms terms = {.value = value, .context = &c, .places = n, .stock = stock,
 *                                    .room = room, .unit_cost = 0.1, .pack = 1};
 *     size_t count = transfer_plan(&terms, moves);                 // moves[TRANSFER_MOST]
 *
 * The cost of a place as a function of its stock is taken in steps of whole packs and made convex;
 * the cheapest set of movements is then a min-cost flow (optimize/flow.h) from marginal losses over
 * lanes to marginal gains. Lanes that do not earn `lane_cost` are closed, and what remains is
 * checked against the true costs: nothing moves unless all of it together saves money. Pure; at
 * most 1 + 2 x TRANSFER_STEPS questions a place. */
#ifndef RESTOCK_TRANSFER_H
#define RESTOCK_TRANSFER_H

#include <stddef.h>
#include <stdint.h>

enum { TRANSFER_PLACES_MOST = 64, TRANSFER_STEPS = 8, TRANSFER_MOST = 128 };

struct transfer_terms {
    /* Expected cost of a place that has `units` more (they arrive as a transfer would) or, below
     * zero, so many less at once. */
    double (*value)(void *context, size_t place, int64_t units);
    void *context;
    size_t places; /* 2 .. TRANSFER_PLACES_MOST; fewer: nothing moves */
    const int64_t *stock; /* [places] units that may be given away */
    const int64_t *room; /* [places] units that may be of use */
    double unit_cost; /* of moving a unit, >= 0 */
    double lane_cost; /* of a movement, >= 0 */
    int64_t pack; /* >= 1: movements are multiples of it */
};

struct transfer {
    uint32_t from, to;
    int64_t quantity;
    double loss, gain; /* expected cost of this movement alone at its two ends: gain - loss > costs
                        */
    int64_t left; /* at the source after all movements, of what may be given away */
};

/* Movements, largest net gain first. The same terms give the same plan. */
size_t transfer_plan(const struct transfer_terms *terms, struct transfer out[TRANSFER_MOST]);

#endif
