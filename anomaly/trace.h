/* Traces: what is remembered of each series so that a learned judge can see what is odd about the
 * bucket that just closed, and the vector of statistics that it is shown.
 *
 *     trace_line(&cols, &linecheck_cols, row, bucket, &line);     // per order line, before
 * linecheck
 *                                                                 // learns from it
 *     trace_begin_close(trace, bucket, lines_of_all_series);      // once per shard and close
 *     trace_close(trace, &cols, &in, x, judged);                  // per tile: x [N,TRACE_INPUTS]
 *
 * Rates are judged as the product's share of the lines of the whole shop, so that busy days, closed
 * days and seasons are nobody's anomaly: windows of 1 to 28 buckets against the level before them,
 * as signed root deviances of a negative binomial and as log ratios. Lines are judged by the
 * largest quantity (against the product's past, its basket), by prices outside of their envelope,
 * and by what came back. All numbers are clipped to +-TRACE_MOST; 0 = nothing to say.
 *
 * Events of a bucket are kept in TRACE_OPEN places by bucket; a line further ahead of the close
 * than that takes the place of an older bucket. Thread: one owner. No allocation. */
#ifndef RESTOCK_TRACE_H
#define RESTOCK_TRACE_H

#include "anomaly/linecheck.h"
#include "anomaly/tails.h"
#include "config/base/buf.h"
#include "config/base/column.h"
#include "config/base/slice.h"
#include "config/base/window.h"

#include <stdbool.h>
#include <stdint.h>

enum { TRACE_TILE = 256 }; /* series of a tile */
enum { TRACE_OPEN = 4, TRACE_DAYS = 28, TRACE_TOTALS = 84, TRACE_EVENTS = 9 };
#define TRACE_MOST 8.0f

/* What is kept of the lines of one bucket, one byte each; 0: no such line. */
enum trace_event {
    EVENT_QUANTITY, /* of the largest line: deviations from the product's mean log quantity */
    EVENT_RECORD, /* ... its log over the product's record */
    EVENT_BASKET, /* ... its log over the basket's median */
    EVENT_SHARE, /* ... its share of the basket's units */
    EVENT_CHEAP, /* lowest log price under the envelope of past prices */
    EVENT_DEAR, /* highest over it */
    EVENT_PRICE, /* furthest log price from the median */
    EVENT_ODD_PRICES, /* lines with a price far from the median, count */
    EVENT_RETURNS, /* returned lines, count */
};

/* State of one series, two cache lines, the first of them for lines sold; zero = nothing known. */
struct trace_row {
    uint8_t event[TRACE_OPEN * TRACE_EVENTS]; /* place * TRACE_EVENTS + enum trace_event */
    uint32_t event_bucket; /* newest bucket with an event, low 32 bits */
    float record; /* slowly falling maximum of ln quantity of a line */
    uint8_t last[TRACE_EVENTS]; /* of the bucket that closed before */
    uint8_t spare[3];
    float sold, shop; /* discounted lines of the product, and of the shop while it was known */
    float error, mean; /* discounted squared errors and expected lines */
    float returned; /* discounted returned lines */
    float odd_prices; /* discounted lines with odd prices */
    float gap; /* longest stretch without a line so far, expected lines; slowly forgotten */
    float swing7, swing28; /* usual squared deviance of 7 and 28 buckets */
    float large; /* discounted lines far above the usual quantity */
    float peak; /* highest raw score of the episode under way, see anomaly/combine.h */
    uint8_t lines[TRACE_DAYS]; /* of the last buckets, saturating; place = bucket mod */
};

struct trace_cols {
    struct trace_row *row; /* [N] */
};

extern const struct column_table trace_column_table; /* <= 128 B a series */

struct trace { /* of a shard; zero = nothing known */
    int64_t bucket;
    uint8_t started;
    float total[TRACE_TOTALS]; /* lines of all series by bucket; place = bucket mod */
    float usual; /* lines of a bucket with lines, discounted */
};

struct trace_line {
    int64_t quantity; /* > 0: sold; <= 0: came back */
    int64_t price_minor; /* <= 0: unknown */
    int64_t basket_median, basket_units;
};

void trace_line(struct trace_cols *cols, const struct linecheck_cols *checks, uint32_t row,
                int64_t bucket, const struct trace_line *line);

/* Again for the same bucket (after a restore) it does nothing. */
void trace_begin_close(struct trace *trace, int64_t bucket, double total_lines);

struct trace_input {
    const struct window *window;
    const uint16_t *lines; /* [N] of the bucket that closed */
    const float *next_mean, *next_variance; /* [N] forecast of it; 0: none */
    const struct tails_cols *tails;
    const struct linecheck_cols *checks;
    int64_t min_age, min_lines; /* as in struct alert_options */
};

#define TRACE_WINDOWS 8
extern const uint16_t trace_windows[TRACE_WINDOWS]; /* buckets, ascending, last TRACE_DAYS */
enum {
    TRACE_INPUTS = 76,
    TRACE_RUN_AT = 2 * TRACE_WINDOWS,
    TRACE_EVENTS_AT = 35,
    TRACE_RETURNS_AT = TRACE_EVENTS_AT + 20
}; /* events of the bucket: by enum trace_event */

/* x: [N, TRACE_INPUTS], rows that are not judged are not written; judged: [N] 0 or 1. Then learns
 * the bucket. */
void trace_close(const struct trace *trace, struct trace_cols *cols, const struct trace_input *in,
                 float *x, uint8_t *judged);

void trace_save(const struct trace *trace, struct buf *out);
/* From the front of *bytes, which moves on. STATUS_CORRUPT leaves *trace as it was. */
struct status *trace_load(struct slice *bytes, struct trace *trace)
    __attribute__((warn_unused_result));

#endif
