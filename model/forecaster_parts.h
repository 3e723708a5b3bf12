/* What forecaster.c (learning, forecasting) and forecaster_state.c (options, saving) share; nobody
 * else includes it. */
#ifndef RESTOCK_FORECASTER_PARTS_H
#define RESTOCK_FORECASTER_PARTS_H

#include "model/ewma.h"
#include "model/forecaster.h"
#include "model/gru_expert.h"
#include "model/negbin.h"
#include "model/phase.h"
#include "model/pool.h"
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
    struct pool pool[FORECAST_CLASSES][POOL_ROWS_MAX];
    struct pool_tally tally[FORECAST_CLASSES][POOL_ROWS_MAX];
    struct young young;
    struct young_tally young_tally;
    struct ewma ewma;
    struct negbin_table negbin;
    float ahead[POOL_ROWS_MAX]; /* [S] sum of the phase factors over each length */
    struct feature_shop shop; /* derived */
    struct gru_expert *gru; /* NULL: no base model */
    bool gru_on; /* it has states in the tile of this call */
    uint32_t gru_row[POOL_ROWS_MAX]; /* [S] row of the network's head for each length */
    float *units; /* [N] scratch: the bucket that closed ... */
    uint8_t *learn; /* [N] ... and whether it may be learned from */
    float *level, *spread; /* [N] scratch */
    float *step_mean, *step_q, *sum_mean, *sum_q, *weights; /* forecast_block */
};

/* Derived: sums of phase factors over each length, from the factors and the phase of the last
 * close. */
void forecaster_look_ahead(struct forecaster *fc);

#endif
