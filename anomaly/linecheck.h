/* Checks of one order line against the past of its product, at the event, before any bucket closes:
 * price_error, bulk_order, returns_burst.
 *
 *     if (linecheck_price(check, cols, row, bucket, price, &signal)) ...   // judges, then learns
 *
 * State is a few numbers per series (HOT columns) and three calibration pools per shard that share
 * the false-alarm budget with tails. A line judged strong is learned only in part, so one error
 * does not become normal, and a real change does after a few lines. Double prices are a regular
 * retail channel: the range of prices seen counts, not the distance from the median alone.
 *
 * Thread: one owner. No allocation after create. */
#ifndef RESTOCK_LINECHECK_H
#define RESTOCK_LINECHECK_H

#include "anomaly/alert.h"
#include "config/base/column.h"

#include <stdbool.h>
#include <stdint.h>

enum { LINECHECK_SILENT = 14, LINECHECK_OPEN = 8 };

/* State of one series, one cache line; zero = nothing known. */
struct linecheck_row {
    float price_median, price_low, price_high; /* ln of minor units: running median and envelope */
    float quantity_mean, quantity_spread,
        quantity_high; /* ln of units of a line: mean, variance, slowly falling maximum */
    float returns_rate; /* returned lines per bucket, discounted, as of returns_bucket */
    uint32_t returns_bucket; /* low 32 bits of the bucket's number */
    uint16_t prices, quantities; /* lines learned, saturating */
    uint16_t returns_now; /* returned lines in returns_bucket */
    uint16_t spare;
    float activity; /* lines in the last QUARTER buckets, discounted, as of activity_bucket */
    uint32_t activity_bucket;
    uint16_t lines[LINECHECK_OPEN]; /* of the newest buckets; see linecheck_lines */
};

struct linecheck_cols {
    struct linecheck_row *row; /* [N] */
};

extern const struct column_table linecheck_column_table;

struct linecheck;

struct linecheck *linecheck_create(const struct alert_options *options); /* NULL: no memory */
void linecheck_destroy(struct linecheck *check);

/* Once per shard and close; again for the same bucket it does nothing. budget: from alert_budget.
 */
void linecheck_begin_close(struct linecheck *check, int64_t bucket, double budget);

/* Each judges and learns one line of series `row` of a tile. True: *out holds a weak or strong
 * signal. bucket: of the line. The first LINECHECK_SILENT closes teach the pools only. */
bool linecheck_price(struct linecheck *check, struct linecheck_cols *cols, uint32_t row,
                     int64_t bucket, int64_t price_minor, struct alert_signal *out);
bool linecheck_quantity(struct linecheck *check, struct linecheck_cols *cols, uint32_t row,
                        int64_t bucket, int64_t quantity, struct alert_signal *out);
/* What the whole message tells of the next line given to linecheck_quantity, which forgets it
 * again: median line quantity and number of lines. In a wholesale basket a large line is no
 * surprise. */
void linecheck_basket(struct linecheck *check, int64_t median_quantity, int32_t lines);
/* A returned line: a return or a cancellation. */
bool linecheck_return(struct linecheck *check, struct linecheck_cols *cols, uint32_t row,
                      int64_t bucket, struct alert_signal *out);
/* Lines of each series of a tile in one of the last LINECHECK_OPEN buckets, as counted by
 * linecheck_quantity, for tails_input.lines. lines: [series]. */
void linecheck_lines(const struct linecheck_cols *cols, uint32_t series, int64_t bucket,
                     uint16_t *lines);
/* At a close, for an open alert of these kinds: quiet if the bucket [start_ms, ...) had nothing odd
 * (a price needs lines to say so, else it is missing), neutral otherwise. */
void linecheck_quiet(const struct alert *alert, int64_t bucket, int64_t start_ms, bool had_lines,
                     struct alert_signal *out);

void linecheck_save(const struct linecheck *check, struct buf *out);
struct status *linecheck_load(struct linecheck *check, struct slice bytes)
    __attribute__((warn_unused_result));

#endif
