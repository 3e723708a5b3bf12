/* What forecaster.c (learning, forecasting), forecaster_state.c (options, saving), their parts and
 * explain.c share; nobody else includes it. */
#ifndef RESTOCK_FORECASTER_PARTS_H
#define RESTOCK_FORECASTER_PARTS_H

#include "model/annual.h"
#include "model/bulk.h"
#include "model/ewma.h"
#include "model/forecaster.h"
#include "model/gru_expert.h"
#include "model/negbin.h"
#include "model/prospect.h"
#include "model/phase.h"
#include "model/pool.h"
#include "model/proof.h"
#include "model/young.h"

struct forecaster {
    struct forecaster_options options;
    uint32_t tile, width, horizon;
    uint32_t rows; /* S: lengths of 1 and the configured sums */
    uint16_t length[POOL_ROWS_MAX]; /* [S] */
    bool begun;
    int64_t bucket; /* of the last begin_close, where begun */
    int32_t phase;
    uint64_t faults;
    struct phase_factors phases;
    struct annual annual;
    float year[PROSPECT_MOST + 1]; /* derived: its factors ahead */
    struct pool pool[FORECAST_CLASSES][POOL_ROWS_MAX];
    struct pool_tally tally[FORECAST_CLASSES][POOL_ROWS_MAX];
    struct proof *proof;
    struct young young;
    struct young_tally young_tally;
    struct bulk bulk;
    struct bulk_tally bulk_tally;
    struct known_effects effects;
    struct known_tally known_tally;
    struct ewma ewma;
    struct negbin_table negbin;
    struct feature_shop shop; /* derived */
    struct gru_expert *gru; /* NULL: no base model */
    bool gru_on; /* it has states in the tile of this call */
    uint32_t gru_row[POOL_ROWS_MAX]; /* [S] row of the network's head for each length */
    float *units; /* [N] scratch: the bucket that closed ... */
    uint8_t *learn; /* [N] ... and whether it may be learned from */
    float *level, *spread; /* [N] scratch */
    float *slow; /* [N] scratch */
    float *plain; /* [N] scratch: level without what shift.h believes */
    float *factor; /* [N] scratch: of the bucket that closed */
    struct prospect prospect; /* scratch: of one series ... */
    float ahead[POOL_ROWS_MAX]; /* [S] ... sum of its factors over each length */
    float *step_mean, *step_q, *sum_mean, *sum_q, *weights; /* forecast_block */
};

/* Prospect of series i for `steps` buckets and every sum within them, into fc->prospect, fc->ahead.
 */
void forecaster_look(struct forecaster *fc, const struct forecaster_cols *cols,
                     const struct window *window, uint32_t i, uint32_t steps);
/* Factor of the bucket that closed, as it looks after it. */
float forecaster_now(const struct forecaster *fc, const struct forecaster_cols *cols,
                     const struct window *window, uint32_t i);
/* Factors of the bucket that closed as they look now into fc->factor, for the network. */
void forecaster_read_factors(struct forecaster *fc, const struct forecaster_cols *cols,
                             const struct window *window);
/* Factors of the bucket that closed as they looked before it into fc->factor; what it says of the
 * effects of known inputs is counted (units, learn, level, spread in fc). The usual price moves on.
 */
void forecaster_count_known(struct forecaster *fc, struct forecaster_cols *cols,
                            const struct window *window);
/* The same into fc->prospect, fc->ahead, from a source of the caller's. */
void forecaster_look_from(struct forecaster *fc, const struct prospect_source *source,
                          uint32_t steps);
struct prospect_source forecaster_prospect(const struct forecaster *fc,
                                           const struct forecaster_cols *cols,
                                           const struct window *window, uint32_t i);
/* Shares of the experts in each sum of series i, [S, E], as a forecast has them. */
void forecaster_shares(const struct forecaster *fc, const struct forecaster_cols *cols, uint32_t i,
                       float (*weight)[FORECAST_EXPERTS]);
/* What the bucket that closed says of bulk orders, by the statistics before it. */
void forecaster_count_bulk(struct forecaster *fc, const struct forecaster_cols *cols,
                           uint32_t series);
/* Levels are those that the last buckets speak of, where they do (model/shift.h). want: [N] 0 where
 * nobody will ask, or NULL. */
void forecaster_shift(struct forecaster *fc, const struct window *window, const uint8_t *want);
/* Statistics of all rows into fc->level, fc->slow, fc->spread; whether there is a network. */
void forecaster_ready(struct forecaster *fc, const struct forecaster_cols *cols,
                      const struct window *window, const uint8_t *want);
/* Derived: the mood of the shop, from the totals of its last buckets. */
void forecaster_look_ahead(struct forecaster *fc);

#endif
