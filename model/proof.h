/* Proof: how good the forecasts of a shard turned out, by class of demand and length, from the
 * probes that matured (model/probe.h): forecasts that were put aside before their target was known.
 *
 * Losses of the experts are of what each said at the time; the mixture is theirs with the weights
 * and stretches of the close that scored it. Sums of a close are integers, whose order does not
 * matter, and are folded into discounted sums at the next one.
 *
 * Thread: one owner. Plain data; zero = nothing seen. */
#ifndef RESTOCK_PROOF_H
#define RESTOCK_PROOF_H

#include "config/base/buf.h"
#include "config/base/slice.h"
#include "model/pool.h"

#include <stdbool.h>
#include <stdint.h>

enum proof_span {
    PROOF_STEP,
    PROOF_WEEK,
    PROOF_LEAD,
    PROOF_SPANS
}; /* next bucket; sums of up to 7;
      longer sums */
enum { PROOF_MIXTURE = FORECAST_EXPERTS, PROOF_VOICES };
enum proof_level { PROOF_P10, PROOF_P50, PROOF_P90, PROOF_LEVELS };

struct proof_cell { /* discounted sums */
    double units, targets;
    double loss[PROOF_VOICES]; /* pinball loss, mean of the probes' levels, times 2 */
    double below[PROOF_LEVELS]; /* targets at or below that quantile of the mixture */
};

struct proof_tally { /* of one close; units and losses 1 = 2^-10 */
    int64_t units, targets, loss[PROOF_VOICES], below[PROOF_LEVELS];
};

struct proof {
    struct proof_cell cell[FORECAST_CLASSES][PROOF_SPANS];
    struct proof_tally tally[FORECAST_CLASSES][PROOF_SPANS];
};

enum proof_span proof_span_of(uint32_t length);
const char *proof_span_name(enum proof_span span); /* "step", "week", "lead" */
/* One matured probe, as pool_count has it. */
void proof_count(struct proof *proof, const struct pool *pool, const struct pool_score *score,
                 uint32_t demand_class, uint32_t length);
/* Take the tallies of the close, which are cleared. */
void proof_fold(struct proof *proof);
/* Loss over units: the weighted quantile loss; 0 where nothing was sold. */
double proof_wql(const struct proof_cell *cell, int voice);

void proof_save(const struct proof *proof, struct buf *out);
/* False: not what save wrote; *proof is untouched. */
bool proof_load(struct proof *proof, struct slice bytes);

#endif
