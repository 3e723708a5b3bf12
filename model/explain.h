/* Why a forecast says what it says: how far each group of inputs moved its mean away from a
 * baseline, and how the mixture weighed its experts.
 *
 *     struct explanation why;
 *     if (forecaster_explain(fc, &cols, &window, row, &why)) {
 *         // why.mean[s] = why.baseline[s] + sum over g of why.part[s][g]
 *     }
 *
 * The baseline is what would be forecast of a series as large (its long-run level), as wild and as
 * old, of which nothing else is known: no recent sales, no season, no plans. Parts are the Shapley
 * values of the groups (Shapley 1953; Lundberg, Lee 2017, sec. 2): the forecast is made anew for
 * every set of groups, the others hidden, and a group's part is its mean gain over all orders in
 * which the groups could be made known. That is exact, not sampled, so the parts add up to forecast
 * minus baseline. A group that says nothing has the part 0, and changes no other part.
 *
 * Experts of the mixture keep their shares in every set. Pure but for the forecaster's scratch: a
 * block of forecaster_predict stays valid. Thread: the forecaster's owner. No allocation. Cost: 2^n
 * forecasts of one series for n groups that say something (32 for a series without plans). */
#ifndef RESTOCK_EXPLAIN_H
#define RESTOCK_EXPLAIN_H

#include "model/forecaster.h"

enum explain_group {
    EXPLAIN_RECENT, /* recent sales: the level of late, against the long-run one */
    EXPLAIN_MEMORY, /* what the network remembers of the buckets before */
    EXPLAIN_SEASON, /* weekday; week of the year where buckets are weeks */
    EXPLAIN_ANNUAL, /* what the shop did a year ago */
    EXPLAIN_PRICE, /* price now and planned, against the usual one */
    EXPLAIN_PROMOTION, /* promotion now and planned */
    EXPLAIN_CALENDAR, /* holidays, events, other days out of the ordinary */
    EXPLAIN_STOCK, /* stock-outs and silent feeds of late */
    EXPLAIN_SHOP, /* demand of the whole shop of late */
    EXPLAIN_GROUPS
};

enum { EXPLAIN_ROWS = FORECAST_SUMS_MAX + 1 };

struct explanation {
    uint32_t rows; /* S: the next bucket, and the configured sums */
    uint16_t length[EXPLAIN_ROWS]; /* [S] buckets */
    float mean[EXPLAIN_ROWS]; /* [S] as forecaster_predict says */
    float baseline[EXPLAIN_ROWS]; /* [S] */
    float part[EXPLAIN_ROWS][EXPLAIN_GROUPS]; /* [S, G] */
    uint32_t spoke; /* bits of groups that say something of this series */
    float weight[EXPLAIN_ROWS][FORECAST_EXPERTS]; /* [S, E] shares of the experts, sum 1 */
    float expert[EXPLAIN_ROWS][FORECAST_EXPERTS]; /* [S, E] mean of each; without a share: NAN */
};

/* Of row i of the tile, after forecaster_learn. False, and *out zero: the series never sold, no
 * close of this bucket has begun, or nothing finite can be said of it. */
bool forecaster_explain(struct forecaster *fc, const struct forecaster_cols *cols,
                        const struct window *window, uint32_t i, struct explanation *out);

const char *explain_group_name(enum explain_group group); /* "recent_sales", "memory" ... */

#endif
