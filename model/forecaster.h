/* The forecaster of one shard: statistical experts, their mixture per series, and the correction by
 * what came true.
 *
 *     struct forecaster *fc = forecaster_create(&options, 256, 84);
 *     // at the close of a bucket, once per shard, then tile by tile in any order:
 *     forecaster_begin_close(fc, bucket, phase, season, total_units);
 *     forecaster_learn(fc, &cols, &window);
 *     forecaster_predict(fc, &cols, &window, want, &block);
 *     // at the end of a transaction: forecaster_save(fc, &buf); after a restore:
 * forecaster_load(fc, slice).
 *
 * Experts: negative binomial with exponentially weighted level and variance times the phase factor
 * of the whole shop; empirical quantiles of the last 56 buckets and of sums over them, moved to the
 * level of today; with a base model, a recurrent network that corrects the first. A forecast is the
 * average of their quantiles. Weights come from probes: forecasts that were put aside, and scored
 * when their target has matured, never earlier. Where a class of demand has been covered too rarely
 * or too often at some length, its quantiles are stretched about their median.
 *
 * Order and batches: what the tiles of one close tell the shard (scores, coverage) is counted in
 * integers and takes effect at the next forecaster_begin_close; so the order of tiles, their cuts
 * into transactions and the number of series in a tile change no bit. Censored buckets change no
 * statistics; those with an open anomaly do, within the limits of the next sentence. One wild
 * bucket counts at most as `model.winsor` times the series' own scale. A number that is not finite
 * never leaves: the series is reset to "nothing known" and counted.
 *
 * Thread: one owner. No allocation after create. */
#ifndef RESTOCK_FORECASTER_H
#define RESTOCK_FORECASTER_H

#include "config/base/buf.h"
#include "config/base/column.h"
#include "config/base/slice.h"
#include "config/base/status.h"
#include "config/base/window.h"
#include "config/option.h"
#include "model/levels.h"
#include "model/mat.h"

#include <stdbool.h>
#include <stdint.h>

enum forecast_expert { FORECAST_NB, FORECAST_EMPIRICAL, FORECAST_GRU, FORECAST_EXPERTS };

enum { FORECAST_STATISTICAL = FORECAST_GRU }; /* experts that need no network */

enum forecast_class {
    FORECAST_SMOOTH,
    FORECAST_ERRATIC,
    FORECAST_INTERMITTENT,
    FORECAST_LUMPY,
    FORECAST_CLASSES
};

enum forecast_want { FORECAST_NONE, FORECAST_SUMS, FORECAST_ALL }; /* values of want[] */

enum { FORECASTER_PROBES = 2, FORECASTER_PROBE_LEVELS = 5 };

struct base_model; /* model/base_model.h */
struct net; /* model/net.h */
struct tape; /* model/tape.h */
struct lesson_view; /* model/lesson.h */
struct negbin_table; /* model/negbin.h */
struct proof; /* model/proof.h */

enum forecast_learn { /* values of model.learn */
                      FORECAST_LEARN_OFF, /* no mixture, no correction: everything but the
                                             statistics stays as it began */
                      FORECAST_LEARN_FROZEN, /* the network's weights are those of the base model */
                      FORECAST_LEARN_ONLINE, /* they follow what the shard's series teach
                                                (model/learner.h) */
};

struct forecaster_options {
    int learn; /* enum forecast_learn */
    int64_t horizon; /* H, buckets */
    struct option_list sums; /* S lengths, buckets, ascending, above 1 */
    double rate; /* weight of the newest bucket in level and variance */
    double winsor; /* a bucket counts at most this many scales */
    bool conformal;
    const char *base; /* "shipped", "none" or a path: read by the process, see base_ref */
    /* No option: weights of the third expert, read-only and shared by all shards; owner: the
     * process. NULL: two experts. */
    const struct base_model *base_ref;
};

extern const struct option_table forecaster_option_table;

/* State of the series of one tile, planes as in config/base/column.h. Zero = nothing known. Only
 * next_* are for others to read. */
struct forecaster_cols {
    float *next_mean; /* [N] predictive mean and variance of the bucket after the one that closed
                         (nb); */
    float *next_variance; /* [N] both 0: nothing known */
    float *usual_price; /* [N] running median of the price known of each bucket; 0: none known */
    float *level; /* [N] exponentially weighted sum of units and ... */
    float *slow; /* [N] the same with a longer memory */
    float *variance; /* [N] ... of squared one-step errors */
    uint16_t *observed; /* [N] buckets learned from, saturating */
    uint8_t *demand_class; /* [N] enum forecast_class as of the last probe */
    float *loss; /* [2 * FORECAST_STATISTICAL, N] discounted relative loss of each expert at single
                    buckets, then at sums */
    uint8_t *probe_target; /* [P, N] length and class of the forecast put aside; 0: free */
    uint8_t *probe_left; /* [P, N] closes until its target has matured */
    uint16_t *probe_q; /* [P * FORECAST_STATISTICAL * K, N] quantiles in bfloat16 */
    /* Of gru_column_table; NULL: two experts. */
    uint16_t *gru_state; /* [GRU_HIDDEN, N] bfloat16 */
    float *gru_loss; /* [2, N] as loss */
    uint16_t *gru_probe_q; /* [P * K, N] as probe_q */
};

extern const struct column_table forecaster_column_table;
/* A table of its own in the same struct: to be carved only where there is a base model. The column
 * named tells records of a time with a network from others. */
#define FORECASTER_NETWORK_COLUMN "forecast.gru_loss"
extern const struct column_table gru_column_table;

/* Forecasts of one tile. Arrays are the forecaster's, valid until its next call. Rows of series
 * that were not wanted, or that never sold, are zero; step arrays are filled for FORECAST_ALL only.
 * Quantiles ascend within a row; sums do not fall with their length. */
struct forecast_block {
    uint32_t series; /* N */
    uint32_t steps; /* H */
    uint32_t sums; /* S; lengths of 1 and the configured sums: sum_length[0] is 1, so S = configured
                      + 1 */
    const uint16_t *sum_length; /* [S] buckets, ascending */
    const float *step_mean; /* [N, H] */
    const float *step_q; /* [N, H, Q] */
    const float *sum_mean; /* [N, S] */
    const float *sum_q; /* [N, S, Q] */
    const float *weights; /* [N, E] shares of the experts, sum 1 */
};

struct forecaster;

/* tile_series: largest N; width: W of every window. NULL: no memory. Options must have passed
 * forecaster_check. */
struct forecaster *forecaster_create(const struct forecaster_options *options, uint32_t tile_series,
                                     uint32_t width);
void forecaster_destroy(struct forecaster *fc); /* NULL is fine */
/* What no single option's limits say (sums ascending, within the window). */
struct status *forecaster_check(const struct forecaster_options *options, uint32_t width)
    __attribute__((warn_unused_result));

/* Once per shard and bucket, before its tiles; a second call for the same bucket (after a restore)
 * does nothing. phase: of the bucket that closed; total_units: demand of the whole shop in it (the
 * sum that the ticks carry, equal in all shards), for the phase factors. */
void forecaster_begin_close(struct forecaster *fc, int64_t bucket, int32_t phase, int32_t season,
                            double total_units);
/* Learn from the bucket that closed: score matured probes, update statistics, put new probes aside.
 * Once per tile and close. */
void forecaster_learn(struct forecaster *fc, struct forecaster_cols *cols,
                      const struct window *window);
/* After a restore of what was saved without a network: its columns as if it had repeated nb until
 * now. tile: N. */
void forecaster_adopt_network(struct forecaster_cols *cols, uint32_t tile);
/* Forecast from the state after forecaster_learn. want: [N] enum forecast_want. Changes no column.
 */
void forecaster_predict(struct forecaster *fc, const struct forecaster_cols *cols,
                        const struct window *window, const uint8_t *want,
                        struct forecast_block *block);

/* Total demand of the next `length` buckets of row i (any positive length): monotone interpolation
 * between the sum rows, beyond the last by the growth of mean and variance of the last two. q: [Q].
 */
void forecast_sum_at(const struct forecast_block *block, uint32_t i, float length, float *q,
                     float *mean);

/* The shard-level state, versioned; a few KB. Load refuses what save did not write (STATUS_CORRUPT)
 * and then leaves *fc as it was. */
void forecaster_save(const struct forecaster *fc, struct buf *out);
struct status *forecaster_load(struct forecaster *fc, struct slice bytes)
    __attribute__((warn_unused_result));

/* For the learner. Use other weights from now on; they outlive the next calls. Nothing happens
 * without a base model. */
void forecaster_use_net(struct forecaster *fc, const struct net *net);
/* After forecaster_begin_close: record the close. */
void forecaster_record(const struct forecaster *fc, struct tape *tape);
void forecaster_lesson_view(const struct forecaster *fc, const struct tape *tape,
                            struct lesson_view *view, const struct negbin_table **negbin);
/* How much worse than the statistical expert the network did at series i lately. tile: N. */
float forecaster_gru_loss(const struct forecaster_cols *cols, uint32_t tile, uint32_t i);

/* How good the forecasts turned out; saved by proof_save, apart from the rest. */
struct proof *forecaster_proof(struct forecaster *fc);

uint64_t forecaster_faults(
    const struct forecaster *fc); /* series reset because of a number that was not finite */
const char *forecaster_name(enum forecast_expert expert); /* "nb", "empirical", "gru" */
const char *forecaster_class_name(enum forecast_class demand_class);

#endif
