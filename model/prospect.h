/* Prospect of one series: by how much its level is to be multiplied for each bucket ahead, from the
 * shop's phase factors, the series' own departure from them, and what is known of the bucket.
 *
 * Own departure, for seasons of at most a week: demand of a phase in the window over what the
 * shop's factors say, both with OWN_TRUST units (times spread) of "as the shop" added: the mean of
 * a gamma posterior under a quasi-Poisson likelihood.
 *
 * Pure; any thread. */
#ifndef RESTOCK_PROSPECT_H
#define RESTOCK_PROSPECT_H

#include "model/known.h"
#include "model/phase.h"

#include <stdbool.h>

enum { PROSPECT_PHASES = 7, PROSPECT_MOST = FORECAST_HORIZON_MAX };

struct prospect_source {
    const struct window *window;
    uint32_t i;
    const struct phase_factors *phases;
    const struct known_effects *effects;
    const float *annual; /* [PROSPECT_MOST + 1] factors of the year before */
    float usual, level, spread; /* price; statistics of the series */
    float shift; /* by what the level was multiplied because of a shift (model/shift.h): believed
                    less and less the farther ahead; 0: by nothing */
    bool settled; /* as if nothing were known of late: no `late` */
};

struct prospect {
    uint32_t steps;
    float factor[PROSPECT_MOST + 1]; /* [0] of the bucket that closed, [s] of the one s ahead */
    /* Without the year before, of which a network has seen too little to judge: without and with
     * known inputs. */
    float plain[PROSPECT_MOST + 1], known[PROSPECT_MOST + 1];
    float z[WINDOW_AHEAD + 1][WINDOW_KNOWN]; /* as known_read, where there[s] is not 0 */
    uint8_t there[WINDOW_AHEAD + 1]; /* bits of slots known */
    /* By phase, for the network to judge: log of what the series sold in that phase over what the
     * shop's factors say, in the whole window and of late (its newest LATE
     * buckets); 0: nothing known. */
    float whole[PROSPECT_PHASES], late[PROSPECT_PHASES];
    int32_t phase; /* of the bucket that closed; below 0: there are none */
    uint32_t season;
};

/* Own departure by phase, from the window without its newest `skip` buckets; 1 where the season is
 * longer than PROSPECT_PHASES. */
void prospect_own(const struct prospect_source *source, uint32_t skip, float own[PROSPECT_PHASES]);
/* steps <= PROSPECT_MOST */
void prospect_make(const struct prospect_source *source, uint32_t steps, struct prospect *prospect);
/* Factor of the bucket that closed, own departure from those before it, and its z. */
float prospect_now(const struct prospect_source *source, float *z);

/* What the network is asked of the total of buckets begin .. end ahead, in its row `row`. */
struct net_ask;
void prospect_ask(const struct prospect *prospect, uint32_t begin, uint32_t end, uint32_t row,
                  struct net_ask *ask);

#endif
