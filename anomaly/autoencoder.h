/* Streaming autoencoder: which series behave as no series of their kind does? At each close the
 * last AUTOENCODER_LAGS buckets of a series, four channels each, are squeezed through 8 numbers and
 * compared with what comes out (64-32-8-32-64); a linear twin of the same code size (64-8-64) runs
 * beside it for ever as the yardstick, and decides where it is better. Both learn as they go, from
 * ordinary windows only.
 *
 *     autoencoder_begin_close(encoder, bucket, budget);         // once per shard and close
 *     autoencoder_close(encoder, &cols, &tile);                 // per tile: tile.raw [N]
 *
 * Channels: the deviance of the lines of the bucket under what was expected of it, orders over
 * expected ones, units over expected ones, the furthest price over the usual one (logarithms).
 *
 * Weights are shared by a cohort (demand class x speed), created when its first window comes. A
 * window teaches only if no alert is open, nothing is censored and its own score is ordinary; as
 * many windows again come from a reservoir of the cohort (Vitter 1985, dice are hashes). Every
 * AUTOENCODER_TRIAL closes the weights are tried on the reservoir against a shadow copy: worse ones
 * are rolled back, better ones become the shadow.
 *
 * A score is -log10 of the normal tail of the log error of a series against its own past errors:
 * order and cuts of batches change no bit, because tiles of a shard close in one order, and batches
 * have one shape. Thread: one owner. Needs gemm_init. */
#ifndef RESTOCK_AUTOENCODER_H
#define RESTOCK_AUTOENCODER_H

#include "anomaly/calibrate.h"
#include "config/base/buf.h"
#include "config/base/column.h"
#include "config/base/slice.h"
#include "config/base/status.h"

#include <stdbool.h>
#include <stdint.h>

enum {
    AUTOENCODER_TILE = 256, /* series of a tile */
    AUTOENCODER_LAGS = 16,
    AUTOENCODER_CHANNELS = 4,
    AUTOENCODER_INPUTS = AUTOENCODER_LAGS * AUTOENCODER_CHANNELS,
    AUTOENCODER_COHORTS = 16,
    AUTOENCODER_TRIAL = 8,
};

struct autoencoder_cols { /* [N]; zero = nothing known */
    uint8_t
        *ring; /* [INPUTS, N] plane lag place * CHANNELS + channel; 128 = as expected, 0 = none */
    float *fine_mean, *fine_spread; /* log error of the autoencoder: mean, variance */
    float *plain_mean, *plain_spread; /* ... of the twin */
    uint8_t *seen; /* buckets, saturating */
};

extern const struct column_table autoencoder_column_table; /* <= 320 B a series */

struct autoencoder_tile {
    uint32_t series; /* N */
    const float *channel[AUTOENCODER_CHANNELS]; /* [N] of the bucket that closed */
    const uint8_t *live; /* [N] 1: there is something to say of it */
    const uint8_t *gate; /* [N] 1: it may teach: no open alert, not censored */
    const uint8_t *cohort; /* [N] < COHORTS */
    float *raw; /* [N] out: score of the voter; 0 where not live or too young */
};

struct autoencoder_rates { /* since create or load */
    uint64_t windows, learned, rolled_back;
    uint64_t twin_votes; /* windows for which the twin decided */
};

struct autoencoder;

struct autoencoder *autoencoder_create(void); /* NULL: no memory */
void autoencoder_destroy(struct autoencoder *encoder);
/* budget: false alarms that this close may cost. Again for the same bucket (after a restore) it
 * does nothing. */
void autoencoder_begin_close(struct autoencoder *encoder, int64_t bucket, double budget);
void autoencoder_close(struct autoencoder *encoder, struct autoencoder_cols *cols,
                       const struct autoencoder_tile *tile);
/* Raw score from which the budget allows an alert, and what a raw score means (-log10 of the share
 * of windows that reach it), by the windows of this shard so far. */
float autoencoder_strong(const struct autoencoder *encoder);
float autoencoder_score(const struct autoencoder *encoder, float raw);
const struct autoencoder_rates *autoencoder_rates(const struct autoencoder *encoder);

/* State: what all cohorts share, and one record for each cohort in use (about 60 KB). part: -1, or
 * the cohort. False: that cohort is not in use, nothing was written. */
bool autoencoder_save(const struct autoencoder *encoder, int part, struct buf *out);
/* STATUS_CORRUPT: nothing was taken. */
struct status *autoencoder_load(struct autoencoder *encoder, int part, struct slice bytes)
    __attribute__((warn_unused_result));

#endif
