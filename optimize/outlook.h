/* Projected stock of one series over lead time and review period, as a few weighted scenes.
 *
 * A scene is one lead time and one level of demand until the order of today arrives: what is on
 * hand then, what was lost before. The demand of the review period after it is a distribution,
 * raised or lowered with the scene's level as far as the curve shows that errors last. Lost sales
 * are handled as such: stock does not go below zero, what is lost is not owed.
 *
 *     struct outlook outlook;
 *     outlook_init(&outlook, &terms);
 *     double need = outlook_need(&outlook, 0.95);
 *     struct outlook_result with = outlook_with(&outlook, quantity);
 *
 * Pure, no allocation; outlook_init takes 1 to 2 us, a question some 0.3 us.
 */
#ifndef RESTOCK_OUTLOOK_H
#define RESTOCK_OUTLOOK_H

#include "optimize/demand.h"
#include "optimize/lead.h"
#include "optimize/position.h"

#include <stdbool.h>

enum { OUTLOOK_LEADS = 4, OUTLOOK_LEVELS = 7, OUTLOOK_SCENES = OUTLOOK_LEADS * OUTLOOK_LEVELS };

struct outlook_terms {
    const struct position *position;
    const struct demand_curve *curve;
    const struct lead
        *lead; /* of an order placed now, a wait for the supplier's next order day included */
    const struct lead *supplier_lead; /* without that wait: for supplies that are late */
    double review; /* slots */
    int64_t today;
    bool lost_sales;
};

struct outlook_scene {
    double weight;
    double stock; /* when the order arrives, before it; with supplies that come within the review
                     period */
    double lost; /* before the arrival */
    double factor; /* of the demand after the arrival */
    bool short_before; /* something was lost or owed before the arrival */
};

struct outlook {
    struct demand
        cycle; /* demand from now to the end of the review period, random lead time mixed in */
    struct demand after; /* demand of the review period after the arrival */
    double review; /* slots */
    double position; /* stock and supplies that come until the end of the review period */
    double incoming; /* of it the supplies */
    double arrival_stock; /* expected stock just before the arrival */
    uint32_t scenes;
    struct outlook_scene scene[OUTLOOK_SCENES];
};

void outlook_init(struct outlook *outlook, const struct outlook_terms *terms);
/* Least quantity with P(demand after the arrival > quantity + stock then) <= 1 - service; below
 * zero: surplus. */
double outlook_need(const struct outlook *outlook, double service);

/* Demand from now to the end of the review period, random lead time mixed in. */
void outlook_cycle(const struct outlook_terms *terms, struct demand *cycle);
/* A stock that is surely enough, without what is on its way: with it outlook_need is zero or below.
 * Much cheaper than outlook_init. */
double outlook_enough(const struct outlook_terms *terms, double service);

struct outlook_result { /* until the end of the review period */
    double stockout; /* P(something short) */
    double lost; /* expected units short */
    double left; /* expected units left at the end */
    double after_lost; /* of the lost ones those after the arrival */
};

/* Expected slots-times-units by which what is left at the end exceeds `target`, until demand has
 * eaten the excess. */
double outlook_excess(const struct outlook *outlook, double quantity, double target, double rate);

/* What an order of `quantity` today would make of it. */
struct outlook_result outlook_with(const struct outlook *outlook, double quantity);

/* Slots from today until a supply arrives (>= 0); one that is overdue comes when its lead time says
 * it still may. */
int64_t outlook_arrival(const struct supply *supply, const struct lead *supplier_lead,
                        int64_t today);

#endif
