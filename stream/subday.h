/* Buckets shorter than a day: a part of the shard (stream/shard_state.h), NULL where the bucket is
 * a day or a week.
 *
 * Everything that a shard decides it decides in days, by the code that a run with such buckets
 * uses. Beside it, each short bucket closes when the watermark has passed its end:
 *
 *     day 10 closed        day 11: buckets 264 265 266 [267] 268 ...        day 12
 *                                                  closed ^ next
 *
 * A close does little: the bucket is final, cancellations are matched, the profile of the day
 * learns, the rest of the day is forecast anew by what has sold so far, and trigger levels, odd
 * buckets and changed forecasts are told. Closes of buckets and days are taken in order of their
 * ends, a bucket before the day that ends with it; so nothing depends on how far a tick moves the
 * watermark. A day is that of an event's local time; a bucket that reaches over midnight belongs to
 * the day of its start. Owner: the shard. */
#ifndef RESTOCK_SUBDAY_H
#define RESTOCK_SUBDAY_H

#include "anomaly/early.h"
#include "config/base/buf.h"
#include "model/negbin.h"
#include "model/profile.h"
#include "model/rest.h"
#include "stream/line.h"
#include "stream/tile.h"

struct shard;

/* What the ticks of all sources say of the whole shop, by hour or, where that is longer, bucket. */
enum {
    SUBDAY_TALLY_MAX = 512,
    SUBDAY_PLACES_MAX = 100,
    SUBDAY_SHOP_BUCKETS = 2 * PROFILE_SLOTS_MAX
};
struct subday_tally {
    int64_t place[SUBDAY_TALLY_MAX];
    int64_t units[SUBDAY_TALLY_MAX], lines[SUBDAY_TALLY_MAX];
    uint32_t count;
};

/* A day while it is under way, seen from the bucket that closed last: derived. */
struct subday_look {
    int64_t closed, day; /* INT64_MIN: to be made anew */
    int64_t first, end; /* buckets of the day: first .. end - 1 */
    float share[PROFILE_ROWS][SUBDAY_PLACES_MAX]; /* of the day, from first */
    float elapsed[PROFILE_ROWS]; /* share of buckets up to closed */
    float ahead[PROFILE_ROWS][FORECAST_HORIZON_MAX]; /* share of their days of the next buckets */
    uint16_t ahead_day[FORECAST_HORIZON_MAX]; /* 0: the day itself */
};

/* The shop's day so far, as this shard's series show it: what all of them share, a quiet holiday or
 * a storm of orders, is nobody's own. */
struct subday_shop {
    int64_t day; /* INT64_MIN: none yet */
    double mean, spread; /* of the day, all series: expected, variance over mean */
    double sold, expected; /* so far, where in stock */
    double first_sold, first_expected; /* when half of the day was over; 0: not yet */
    float bucket_sold[SUBDAY_SHOP_BUCKETS]; /* the same by bucket, the last two days of them */
    float bucket_expected[SUBDAY_SHOP_BUCKETS];
    /* In the bucket that closes, by row of the profile: day forecasts of all series over those of
     * the ones in stock, which stand for them all. 0: unknown */
    float stand_for[PROFILE_ROWS];
};

struct subday {
    int64_t closed, until; /* buckets; as of the shard's days */
    bool closing;
    uint32_t next_tile, closing_tiles;
    bool silent;
    struct subday_tally tally;
    struct profile profile;
    struct rest_moments moments;
    struct subday_shop shop;
    struct early *early; /* NULL with pipeline.forecast off */
    bool weeks_changed, moments_changed, today_changed; /* since the last seal */
    struct subday_look look[2];
    struct negbin_table negbin;
    float *sum_mean, *sum_q, *step_mean, *step_q; /* [N, ...] as in struct forecast_block */
    struct buf open_cells; /* during restore only */
};

struct subday *subday_create(const struct plan *plan); /* NULL: no memory */
void subday_destroy(struct subday *subday); /* NULL is fine */

static inline void subday_forget_looks(struct subday *subday)
{
    subday->look[0].closed = subday->look[1].closed = INT64_MIN;
}

/* What lines say. */
void subday_start(struct shard *shard, int64_t event_ms); /* the first order line */
void subday_count(struct shard *shard, const struct tick_count *count);
void subday_watermark(struct shard *shard, int64_t watermark_ms);

/* Of the day after the last that a tile has closed, or (back 1) of that one; as of its last bucket.
 * Row of the profile of a series in a look. */
const struct subday_look *subday_look_at(struct shard *shard, const struct tile *tile,
                                         int64_t back);
static inline uint32_t subday_group(const struct tile *tile, uint32_t row)
{
    uint32_t group = tile->short_cols.group[row];
    return group ? group : PROFILE_NO_CATEGORY;
}

/* Whether a bucket of the day under way matters to its day: a shelf that is empty at night hides no
 * demand. */
bool subday_matters(struct shard *shard, uint32_t series, int64_t bucket);
/* What is left of the day of a series; false: nothing is forecast of it. day->mean is as forecast.
 */
bool subday_rest(struct shard *shard, uint32_t series, struct rest_day *day, struct rest *rest);

/* stream/subday_judge.c: the shop's day goes on by a bucket, before its tiles; what a tile teaches
 * the profile; its level without one series; odd buckets of a tile. */
void subday_count_shop(struct shard *shard, int64_t bucket, bool ends_day);
void subday_learn_profile(struct shard *shard, struct tile *tile, uint32_t tile_index,
                          int64_t bucket);
float subday_shop_level(const struct shard *shard, const struct rest_day *own, int64_t day);
void subday_judge(struct shard *shard, struct tile *tile, uint32_t tile_index, int64_t bucket);

/* The sequence of closes: whether a bucket is next, before any day; one tile of it, or its begin.
 */
bool subday_pending(const struct shard *shard);
void subday_step(struct shard *shard);
/* At the close of a day, for a tile: learn what its halves say of each other (before the day's
 * forecast moves on); then look up categories anew (after it). */
void subday_learn(struct shard *shard, struct tile *tile, uint32_t tile_index);
void subday_regroup(struct shard *shard, struct tile *tile, uint32_t tile_index);

/* What to tell of a series: row shard_row(series) of a day's block, in place of which the same row
 * of *out holds sums from now and steps in buckets; events: sums are as long as they say, counted
 * from now, else they end with their days. Valid until the next call for the row. */
void subday_block(struct shard *shard, uint32_t series, const struct forecast_block *day,
                  bool events, struct forecast_block *out);
void subday_give_bucket(const struct shard *shard, const struct tile *tile, uint32_t series,
                        int64_t bucket);

/* State records (stream/subday_state.c): "u" and a letter. */
void subday_seal(struct shard *shard);
struct status *subday_restore(struct shard *shard, struct slice key, struct slice value)
    __attribute__((warn_unused_result));
bool subday_restored(struct shard *shard); /* false: a close names tiles that are not there */

#endif
