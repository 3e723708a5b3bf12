/* Tails: how improbable was the bucket that just closed, given what was forecast before it; and the
 * sequences of buckets that are odd together (zero runs, shifts of level).
 *
 *     // once per shard and close:
 *     tails_begin_close(tails, bucket, phase, season, total_units, budget);
 *     // per tile, BEFORE forecaster_learn moves next_mean on:
 *     struct tails_input in = {&window, fc.next_mean, fc.next_variance, fc.demand_class};
 *     uint32_t n = tails_close(tails, &cols, &in, signals, capacity);   // weak and strong ones
 *     // for alerts that are open already, whatever the test says now:
 *     tails_signal(tails, &cols, &in, row, kind, &signal);
 *
 * Five tests per series: spike and drop (mid-p tails of the negative binomial of one bucket),
 * zero_run (product of P(0) over a run of uncensored zero buckets), level_shift_up and _down
 * (cumulated log likelihood ratio of twice and half the level, which restarts at zero). Runs and
 * shifts are judged against the level at which they began, not against a forecast that follows
 * them. Each test's score is calibrated in a pool of its cohort (demand class x speed x kind) and
 * compared with one threshold that spends the false-alarm budget. What tiles tell the shard takes
 * effect at the next begin_close, so order and cuts of tiles change no bit.
 *
 * Thread: one owner. No allocation after create. */
#ifndef RESTOCK_TAILS_H
#define RESTOCK_TAILS_H

#include "anomaly/alert.h"
#include "config/base/column.h"
#include "config/base/window.h"

#include <stdint.h>

enum { TAILS_KINDS = 5 }; /* ALERT_SPIKE .. ALERT_ZERO_RUN */

/* State of the series of one tile, planes as in config/base/column.h; zero = nothing known. */
struct tails_cols {
    float *run; /* [N] -ln P of the zero run under way, nats */
    float *run_level; /* [N] level (mean over phase factor) and ... */
    float *run_spread; /* [N] ... variance over mean when it began */
    float *rise, *rise_level,
        *rise_spread; /* [N] level_shift_up: log likelihood ratio, nats, and what it began from */
    float *fall, *fall_level, *fall_spread; /* [N] level_shift_down */
    float *rise_peak, *fall_peak; /* [N] of the excursion under way, for the pools */
    float *lines_level, *lines_error; /* [N] lines a bucket, and squared error; over shop factors */
    uint16_t *lines_seen; /* [N] buckets learned */
    uint16_t *run_length, *rise_length, *fall_length; /* [N] buckets */
};

extern const struct column_table tails_column_table; /* COLUMN_COLD, <= 64 B a series */

struct tails_input {
    const struct window *window;
    const float *next_mean, *next_variance; /* [N] of the bucket that closed, made before it; 0, 0:
                                               unknown, not judged */
    const uint8_t *demand_class; /* [N] enum forecast_class, or NULL */
    /* [N] order lines of the bucket that closed, or NULL; see tails_total. Lines are judged against
     * their own past: far less overdispersed than units, so rate changes show much earlier. */
    const uint16_t *lines;
};

struct tails_rates { /* since create or load, for metrics */
    uint64_t tests, weak, strong; /* of all kinds */
    double budgeted; /* strong ones that the budget allowed */
};

struct tails;

struct tails *tails_create(const struct alert_options *options,
                           uint32_t tile_series); /* options are copied. NULL: no memory */
void tails_destroy(struct tails *tails);

/* Once per shard and bucket, before its tiles; again for the same bucket (after a restore) it does
 * nothing. phase, season, total_units: as for forecaster_begin_close. */
void tails_begin_close(struct tails *tails, int64_t bucket, int32_t phase, int32_t season,
                       double total_units, double budget);
/* After tails_begin_close, before the tiles of that close: order lines of all series of the shard
 * in the bucket, and how many series had one. Series are then judged by their share of the lines,
 * so that busy days, closed days and seasons of the shop are nobody's anomaly; or by units, as
 * without this call, where a series that sells has one line a bucket as a rule (orders that come as
 * totals). For use with tails_input.lines in every close. */
void tails_total(struct tails *tails, double lines, double sellers);
/* Judge and learn one tile. Returns the number of signals in out (at most `capacity`; TAILS_KINDS *
 * N is always enough). Signals have kind, strength, series = row, score, probability, expected,
 * observed, onset and evidence. */
uint32_t tails_close(struct tails *tails, struct tails_cols *cols, const struct tails_input *in,
                     struct alert_signal *out, uint32_t capacity);
/* What the last tails_close said about one row and kind, quiet and missing ones too. Same cols and
 * in as then. */
void tails_signal(const struct tails *tails, const struct tails_cols *cols,
                  const struct tails_input *in, uint32_t row, enum alert_kind kind,
                  struct alert_signal *out);

float tails_threshold(
    const struct tails *tails); /* score from which a signal is strong, this close */
double tails_tests(const struct tails *tails); /* series judged in a close, lately */
const struct tails_rates *tails_rates(const struct tails *tails);

/* Shard-level state, versioned. Load refuses what save did not write (STATUS_CORRUPT) and then
 * leaves *tails as it was. */
void tails_save(const struct tails *tails, struct buf *out);
struct status *tails_load(struct tails *tails, struct slice bytes)
    __attribute__((warn_unused_result));

#endif
