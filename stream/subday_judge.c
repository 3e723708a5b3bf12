/* What a short bucket says before its day is over: of the shop as a whole, and of series that are
 * odd. */
#include "stream/shard_state.h"

#include <math.h>
#include <string.h>

/* One bucket of a series counts in the shop's day at most so many of its days, and as many units.
 */
static const float SHOP_MOST = 4;
/* Variance, from day to day, of what the shop sells in a bucket, over what it should: hours shift
 * by more than days do. */
static const double BUCKET_RELATIVE = 0.5;

#define LEAST_MEAN 1e-4f
#define LEAST_SHARE 1e-6f

static const double STAND_FOR = 5; /* one series in stock stands for at most so many */

static float counted(float units, float mean)
{
    return fminf(units, SHOP_MOST * (mean + 1));
}

static uint32_t shop_slot(int64_t bucket)
{
    return (uint32_t)((uint64_t)bucket % SUBDAY_SHOP_BUCKETS);
}

static void new_day(struct shard *shard, int64_t day)
{
    struct subday_shop *shop = &shard->subday->shop;
    shop->day = day;
    shop->mean = shop->sold = shop->expected = shop->first_sold = shop->first_expected = 0;
    double variance = 0;
    for (uint32_t t = 0; t < shard->tile_count; t++) {
        const struct tile *tile = shard->tiles[t];
        for (uint32_t i = 0; i < tile->series; i++) {
            shop->mean += (double)tile->forecast.next_mean[i];
            variance += (double)tile->forecast.next_variance[i];
        }
    }
    shop->spread = shop->mean > 0 ? variance / shop->mean : 0;
}

struct totals { /* of a bucket */
    double sold, expected;
    double all[PROFILE_ROWS], stocked[PROFILE_ROWS]; /* day forecasts */
};

static void count_tile(struct shard *shard, uint32_t tile_index, int64_t bucket,
                       const struct subday_look *look, struct totals *totals)
{
    const struct tile *tile = shard->tiles[tile_index];
    size_t at = (size_t)short_ring_slot(shard->plan, bucket) * PLAN_TILE_SERIES;
    for (uint32_t i = 0; i < tile->series; i++) {
        float mean = tile->forecast.next_mean[i];
        uint32_t group = subday_group(tile, i);
        if (!(mean > 0)) {
            continue;
        }
        totals->all[group] += (double)mean;
        if (tile->short_flags[at + i] & WINDOW_CENSORED) {
            continue;
        }
        totals->stocked[group] += (double)mean;
        totals->expected += (double)(mean * look->share[group][bucket - look->first]);
        if (tile->short_units[at + i]) {
            uint32_t series = tile_index * PLAN_TILE_SERIES + i;
            totals->sold += (double)counted((float)short_ring_units(shard, series, bucket), mean);
        }
    }
}

void subday_count_shop(struct shard *shard, int64_t bucket, bool ends_day)
{
    struct subday *subday = shard->subday;
    struct subday_shop *shop = &subday->shop;
    int64_t day = shard->closed + 1;
    memset(shop->stand_for, 0, sizeof shop->stand_for);
    if (!shard->tile_count) {
        return;
    }
    if (shop->day != day) {
        new_day(shard, day);
    }
    const struct subday_look *look = subday_look_at(shard, shard->tiles[0], 0);
    if (bucket < look->first || bucket >= look->end) {
        return; /* of the day before: it reaches over midnight */
    }
    struct totals totals = {0};
    for (uint32_t t = 0; t < shard->tile_count; t++) {
        count_tile(shard, t, bucket, look, &totals);
    }
    for (uint32_t row = 0; row < PROFILE_ROWS; row++) {
        double stocked = totals.stocked[row];
        shop->stand_for[row] = stocked > 0 ? (float)fmin(totals.all[row] / stocked, STAND_FOR) : 0;
    }
    shop->sold += totals.sold;
    shop->expected += totals.expected;
    shop->bucket_sold[shop_slot(bucket)] = (float)totals.sold;
    shop->bucket_expected[shop_slot(bucket)] = (float)totals.expected;
    if (!(shop->first_expected > 0) && shop->expected >= 0.5 * shop->mean) {
        shop->first_expected = shop->expected;
        shop->first_sold = shop->sold;
    }
    if (ends_day && shop->expected > 0 && shop->first_expected > 0) {
        struct rest_half half = {.mean = (float)shop->expected,
                                 .spread = (float)shop->spread,
                                 .share = (float)(shop->first_expected / shop->expected),
                                 .first = (float)shop->first_sold,
                                 .second = (float)(shop->sold - shop->first_sold)};
        rest_learn(&subday->moments, REST_SHOP, &half);
        subday->moments_changed = true;
    }
}

/* What is out of stock says nothing of its hours; what is in stock stands for it. */
void subday_learn_profile(struct shard *shard, struct tile *tile, uint32_t tile_index,
                          int64_t bucket)
{
    struct subday *subday = shard->subday;
    uint32_t place = (uint32_t)bucket_place(&shard->plan->settings_ref->buckets, bucket);
    size_t at = (size_t)short_ring_slot(shard->plan, bucket) * PLAN_TILE_SERIES;
    for (uint32_t i = 0; i < tile->series; i++) {
        if (!tile->short_units[at + i] || tile->short_flags[at + i] & WINDOW_CENSORED) {
            continue;
        }
        uint32_t group = subday_group(tile, i);
        float weight = subday->shop.stand_for[group] > 0 ? subday->shop.stand_for[group] : 1;
        float units = (float)short_ring_units(shard, tile_index * PLAN_TILE_SERIES + i, bucket);
        profile_add(&subday->profile, group, place,
                    weight * counted(units, tile->forecast.next_mean[i]), 1);
    }
}

float subday_shop_level(const struct shard *shard, const struct rest_day *own, int64_t day)
{
    const struct subday_shop *shop = &shard->subday->shop;
    double others = shop->mean - (double)own->mean;
    if (shop->day != day || !(others > 0) || !(shop->spread > 0)) {
        return 1;
    }
    float relative = rest_relative(&shard->subday->moments, REST_SHOP);
    double expected = fmax(shop->expected - (double)(own->observed * own->mean), 0);
    double sold = fmax(shop->sold - (double)own->sold, 0);
    /* Series sell independently of each other, given the level of the day. */
    struct rest_day today = {.mean = (float)others,
                             .spread = (float)(shop->spread + (double)relative * others),
                             .relative = relative,
                             .observed = (float)(expected / others),
                             .sold = (float)sold};
    return rest_of_day(&today).level;
}

struct judged { /* one series */
    const struct tile *tile;
    uint32_t series, row, group;
    float mean; /* of the day */
};

struct bounds {
    float least, most;
};

/* What a bucket of a series should have sold, by its profile alone and as the others sold in it. */
static struct bounds expected_of(const struct shard *shard, const struct judged *judged,
                                 const struct subday_look *look, int64_t bucket)
{
    const struct subday_shop *shop = &shard->subday->shop;
    float own = judged->mean * look->share[judged->group][bucket - look->first];
    float sold = counted((float)short_ring_units(shard, judged->series, bucket), judged->mean);
    double trust = shop->spread / BUCKET_RELATIVE;
    double others = (double)(shop->bucket_sold[shop_slot(bucket)] - sold);
    double usual = (double)(shop->bucket_expected[shop_slot(bucket)] - own);
    if (!(trust > 0)) {
        return (struct bounds){own, own};
    }
    float ratio = (float)((fmax(others, 0) + trust) / (fmax(usual, 0) + trust));
    return (struct bounds){own * fminf(ratio, 1), own * fmaxf(ratio, 1)};
}

static bool censored(const struct shard *shard, const struct judged *judged, int64_t bucket)
{
    return (short_ring_flags(shard, judged->series, bucket) & WINDOW_CENSORED) != 0;
}

/* Expected and number of buckets since the last sale, back to the day before at most. */
static void count_run(struct shard *shard, const struct judged *judged, struct early_row *out)
{
    const struct subday_look *look = subday_look_at(shard, judged->tile, 0);
    int64_t bucket = judged->tile->short_closed;
    for (uint32_t back = 0; back < shard->plan->shorts.per_day; back++, bucket--) {
        if (short_ring_units(shard, judged->series, bucket)) {
            return;
        }
        if (bucket < look->first) {
            look = subday_look_at(shard, judged->tile, 1);
        }
        if (bucket < look->first || bucket >= look->end) {
            return;
        }
        if (!censored(shard, judged, bucket)) {
            out->run++;
            out->run_least += expected_of(shard, judged, look, bucket).least;
        }
    }
}

static bool row_of(struct shard *shard, struct tile *tile, uint32_t series, int64_t bucket,
                   struct early_row *out)
{
    uint32_t row = shard_row(series);
    int64_t first = tile->cols.row[row].first - 1;
    struct judged judged = {.tile = tile,
                            .series = series,
                            .row = row,
                            .group = subday_group(tile, row),
                            .mean = tile->forecast.next_mean[row]};
    struct rest_day day;
    struct rest rest;
    const struct subday_look *look = subday_look_at(shard, tile, 0);
    size_t at = (size_t)short_ring_slot(shard->plan, bucket) * PLAN_TILE_SERIES + row;
    if (!tile->short_units[at] && bucket >= look->first &&
        judged.mean * look->share[judged.group][bucket - look->first] < LEAST_MEAN) {
        return false; /* nothing was expected and nothing came: what was judged before stands */
    }
    if (first < 0 || tile->closed - first + 1 < shard->plan->settings_ref->alert.min_age ||
        bucket < look->first || censored(shard, &judged, bucket) ||
        !subday_rest(shard, series, &day, &rest)) {
        return false;
    }
    *out = (struct early_row){.demand_class = tile->forecast.demand_class[row] % EARLY_CLASSES,
                              .series = series,
                              .day = look->day,
                              .units = (float)short_ring_units(shard, series, bucket),
                              .most = expected_of(shard, &judged, look, bucket).most,
                              .day_units = day.sold,
                              .lump = rest.lump,
                              .relative = (day.spread - rest.lump) / day.mean};
    for (int64_t b = look->first; b <= bucket; b++) {
        if (look->share[judged.group][b - look->first] > LEAST_SHARE &&
            !censored(shard, &judged, b)) {
            struct bounds bounds = expected_of(shard, &judged, look, b);
            out->day_least += bounds.least;
            out->day_most += bounds.most;
        }
    }
    count_run(shard, &judged, out);
    return true;
}

void subday_judge(struct shard *shard, struct tile *tile, uint32_t tile_index, int64_t bucket)
{
    int64_t now_ms = bucket_start(&shard->plan->settings_ref->buckets, bucket + 1);
    for (uint32_t i = 0; i < tile->series; i++) {
        uint32_t series = tile_index * PLAN_TILE_SERIES + i;
        struct early_row row;
        if (!row_of(shard, tile, series, bucket, &row)) {
            continue;
        }
        struct alert_signal signals[EARLY_KINDS];
        uint32_t count = early_judge(shard->subday->early, &row, signals);
        for (uint32_t s = 0; s < count; s++) {
            close_step_alert(shard, &signals[s], series, now_ms);
        }
    }
}
