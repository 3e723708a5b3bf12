#include "stream/subday.h"

#include "config/base/ensure.h"
#include "stream/shard_state.h"

#include <math.h>
#include <stdlib.h>

static const int64_t HOUR_MS = 3600000;
/* Buckets with less than this of an equal share of their day do not matter to it. */
static const float LEAST_OF_EQUAL = 0.2f;

struct subday *subday_create(const struct plan *plan)
{
    struct subday *subday = calloc(1, sizeof *subday);
    if (!subday) {
        return NULL;
    }
    const struct forecaster_options *forecast = &plan->settings_ref->forecast;
    size_t steps = (size_t)PLAN_TILE_SERIES * (size_t)forecast->horizon;
    size_t sums = (size_t)PLAN_TILE_SERIES * (1 + forecast->sums.count);
    subday->sum_mean = calloc(sums, sizeof *subday->sum_mean);
    subday->sum_q = calloc(sums * FORECAST_LEVELS, sizeof *subday->sum_q);
    subday->step_mean = calloc(steps, sizeof *subday->step_mean);
    subday->step_q = calloc(steps * FORECAST_LEVELS, sizeof *subday->step_q);
    if (!subday->sum_mean || !subday->sum_q || !subday->step_mean || !subday->step_q) {
        subday_destroy(subday);
        return NULL;
    }
    if (plan->settings_ref->stream.pipeline_forecast) {
        subday->early = early_create(&plan->settings_ref->alert);
        if (!subday->early) {
            subday_destroy(subday);
            return NULL;
        }
    }
    subday->shop.day = INT64_MIN;
    profile_init(&subday->profile, plan->shorts.per_day);
    negbin_init(&subday->negbin);
    subday_forget_looks(subday);
    return subday;
}

void subday_destroy(struct subday *subday)
{
    if (subday) {
        early_destroy(subday->early);
        free(subday->sum_mean);
        free(subday->sum_q);
        free(subday->step_mean);
        free(subday->step_q);
        buf_fini(&subday->open_cells);
        free(subday);
    }
}

static const struct buckets *buckets_of(const struct shard *shard)
{
    return &shard->plan->settings_ref->buckets;
}

/* --- what lines say
 * ---------------------------------------------------------------------------------------------
 */

void subday_start(struct shard *shard, int64_t event_ms)
{
    struct subday *subday = shard->subday;
    subday->closed =
        bucket_of(buckets_of(shard), event_ms) - 1 - (int64_t)shard->plan->shorts.open / 2;
    subday->until = subday->closed;
    for (uint32_t t = 0; t < shard->tile_count; t++) {
        shard->tiles[t]->short_closed = subday->closed;
    }
}

void subday_watermark(struct shard *shard, int64_t watermark_ms)
{
    struct subday *subday = shard->subday;
    int64_t until = bucket_of(buckets_of(shard), watermark_ms) - 1;
    subday->until = until > subday->until ? until : subday->until;
}

/* Length of a place of the tally: ticks count hours. */
static int64_t place_ms(const struct shard *shard)
{
    int64_t bucket_ms = buckets_of(shard)->length_ms;
    return bucket_ms > HOUR_MS ? bucket_ms : HOUR_MS;
}

void subday_count(struct shard *shard, const struct tick_count *count)
{
    struct subday *subday = shard->subday;
    struct subday_tally *tally = &subday->tally;
    int64_t place = count->slot * HOUR_MS / place_ms(shard);
    int64_t end_ms = (place + 1) * place_ms(shard);
    if (shard->started && end_ms <= bucket_start(buckets_of(shard), subday->until + 1)) {
        return; /* what is late changes no profile */
    }
    for (uint32_t i = 0; i < tally->count; i++) {
        if (tally->place[i] == place) {
            tally->units[i] += count->units;
            tally->lines[i] += count->lines;
            return;
        }
    }
    if (tally->count < SUBDAY_TALLY_MAX) {
        tally->place[tally->count] = place;
        tally->lines[tally->count] = count->lines;
        tally->units[tally->count++] = count->units;
    }
}

/* The places that are over when `bucket` closes: into the profile, spread over their buckets. */
static void take_tally(struct shard *shard, int64_t bucket)
{
    struct subday *subday = shard->subday;
    struct subday_tally *tally = &subday->tally;
    const struct buckets *buckets = buckets_of(shard);
    int64_t end_ms = bucket_start(buckets, bucket + 1), length_ms = place_ms(shard);
    int64_t parts = length_ms / buckets->length_ms;
    uint32_t kept = 0;
    for (uint32_t i = 0; i < tally->count; i++) {
        int64_t place = tally->place[i];
        if ((place + 1) * length_ms > end_ms) {
            tally->place[kept] = place;
            tally->units[kept] = tally->units[i];
            tally->lines[kept++] = tally->lines[i];
            continue;
        }
        for (int64_t part = 0; part < parts && (place + 1) * length_ms == end_ms; part++) {
            profile_add(
                &subday->profile, PROFILE_SHOP, (uint32_t)bucket_place(buckets, bucket - part),
                (float)tally->units[i] / (float)parts, (float)tally->lines[i] / (float)parts);
        }
    }
    tally->count = kept;
}

/* --- the day under way
 * -----------------------------------------------------------------------------------------
 */

static void make_look(struct shard *shard, struct subday_look *look)
{
    const struct subday *subday = shard->subday;
    const struct buckets *buckets = buckets_of(shard);
    const uint32_t H = (uint32_t)shard->plan->settings_ref->forecast.horizon;
    look->first = bucket_first(buckets, look->day);
    look->end = bucket_first(buckets, look->day + 1);
    ASSERT(look->end - look->first <= SUBDAY_PLACES_MAX);
    memset(look->elapsed, 0, sizeof look->elapsed);
    float place[PROFILE_ROWS][PROFILE_SLOTS_MAX], sum[PROFILE_ROWS];
    int64_t first = look->first, end = first, told = look->first;
    int64_t last =
        look->closed + (int64_t)H > look->end - 1 ? look->closed + (int64_t)H : look->end - 1;
    for (int64_t bucket = told; bucket <= last; bucket++) {
        if (bucket == end) { /* the next day begins: shares of what it really has */
            int64_t day = bucket_day(buckets, bucket);
            first = bucket;
            end = bucket_first(buckets, day + 1);
            for (uint32_t row = 0; row < subday->profile.rows; row++) {
                profile_shares(&subday->profile, row, bucket_weekday(buckets, bucket), place[row]);
                sum[row] = 0;
                for (int64_t b = first; b < end; b++) {
                    sum[row] += place[row][bucket_place(buckets, b)];
                }
            }
        }
        int32_t at = bucket_place(buckets, bucket);
        for (uint32_t row = 0; row < subday->profile.rows; row++) {
            float share = place[row][at] / sum[row];
            if (first == look->first) {
                look->share[row][bucket - first] = share;
                look->elapsed[row] += bucket <= look->closed ? share : 0;
            }
            if (bucket > look->closed && bucket <= look->closed + (int64_t)H) {
                int64_t day = bucket_day(buckets, bucket) - look->day;
                look->ahead[row][bucket - look->closed - 1] = share;
                look->ahead_day[bucket - look->closed - 1] = (uint16_t)day;
            }
        }
    }
}

const struct subday_look *subday_look_at(struct shard *shard, const struct tile *tile, int64_t back)
{
    struct subday *subday = shard->subday;
    int64_t day = tile->closed + 1 - back;
    struct subday_look *oldest = &subday->look[0];
    for (int i = 0; i < 2; i++) {
        struct subday_look *look = &subday->look[i];
        if (look->closed == tile->short_closed && look->day == day) {
            return look;
        }
        oldest = look->closed < oldest->closed || look->day < oldest->day ? look : oldest;
    }
    oldest->closed = tile->short_closed;
    oldest->day = day;
    make_look(shard, oldest);
    return oldest;
}

/* What the buckets first .. last of the look's day have sold, and their share, where in stock. */
static void count_so_far(const struct shard *shard, uint32_t series, const struct subday_look *look,
                         int64_t last, struct rest_day *day)
{
    const struct tile *tile = shard_tile(shard, series);
    uint32_t row = shard_row(series);
    const float *share = look->share[subday_group(tile, row)];
    day->observed = day->sold = 0;
    uint32_t slot = short_ring_slot(shard->plan, look->first), slots = shard->plan->shorts.slots;
    last = last < look->end ? last : look->end - 1;
    for (int64_t bucket = look->first; bucket <= last; bucket++) {
        size_t at = (size_t)slot * PLAN_TILE_SERIES + row;
        slot = slot + 1 == slots ? 0 : slot + 1;
        if (tile->short_flags[at] & WINDOW_CENSORED) {
            continue;
        }
        day->observed += share[bucket - look->first];
        if (tile->short_units[at]) {
            day->sold += (float)short_ring_units(shard, series, bucket);
        }
    }
}

bool subday_matters(struct shard *shard, uint32_t series, int64_t bucket)
{
    const struct tile *tile = shard_tile(shard, series);
    const struct subday_look *look = subday_look_at(shard, tile, 0);
    if (bucket < look->first || bucket >= look->end) {
        return true;
    }
    float share = look->share[subday_group(tile, shard_row(series))][bucket - look->first];
    return share * (float)(look->end - look->first) > LEAST_OF_EQUAL;
}

bool subday_rest(struct shard *shard, uint32_t series, struct rest_day *day, struct rest *rest)
{
    const struct tile *tile = shard_tile(shard, series);
    uint32_t row = shard_row(series);
    const struct subday_look *look = subday_look_at(shard, tile, 0);
    float mean = tile->forecast.next_mean[row], variance = tile->forecast.next_variance[row];
    if (!(mean > 0) || !(variance > 0)) {
        return false;
    }
    *day = (struct rest_day){
        .mean = mean,
        .spread = variance / mean,
        .relative = rest_relative(&shard->subday->moments, tile->forecast.demand_class[row]),
        .elapsed = look->elapsed[subday_group(tile, row)]};
    count_so_far(shard, series, look, tile->short_closed, day);
    struct rest_day today = *day;
    float shop = subday_shop_level(shard, day, look->day);
    today.mean *= shop;
    *rest = rest_of_day(&today);
    rest->level *= shop;
    return true;
}

/* --- what is told
 * ---------------------------------------------------------------------------------------------- */

/* Buckets ahead: each the share of its day, which moves with the level of the day under way only.
 */
static void short_steps(struct shard *shard, uint32_t series, const struct forecast_block *day,
                        const struct rest_day *now, const struct rest *rest)
{
    struct subday *subday = shard->subday;
    const struct tile *tile = shard_tile(shard, series);
    uint32_t row = shard_row(series), group = subday_group(tile, row);
    const struct subday_look *look = subday_look_at(shard, tile, 0);
    const float *days = day->step_mean + (size_t)row * day->steps;
    for (uint32_t h = 0; h < day->steps; h++) {
        size_t at = (size_t)row * day->steps + h;
        uint32_t ahead = look->ahead_day[h] < day->steps ? look->ahead_day[h] : day->steps - 1;
        float share = look->ahead[group][h], mean = days[ahead] * share;
        float relative = now->relative;
        if (look->ahead_day[h] == 0) {
            mean *= rest->level;
            relative = rest->relative / (rest->level * rest->level);
        }
        subday->step_mean[at] = mean;
        negbin_quantiles(&subday->negbin, mean, rest->lump * mean + relative * mean * mean,
                         subday->step_q + at * FORECAST_LEVELS);
    }
}

void subday_block(struct shard *shard, uint32_t series, const struct forecast_block *day,
                  bool events, struct forecast_block *out)
{
    struct subday *subday = shard->subday;
    const struct tile *tile = shard_tile(shard, series);
    const struct subday_look *look = subday_look_at(shard, tile, 0);
    uint32_t row = shard_row(series);
    size_t S = day->sums, at = (size_t)row * S;
    struct rest_day now = {0};
    struct rest rest = {.level = 1, .lump = NEGBIN_LEAST_SPREAD};
    bool known = subday_rest(shard, series, &now, &rest);
    bool begun = look->closed >= look->first;
    *out = *day;
    out->sum_mean = subday->sum_mean;
    out->sum_q = subday->sum_q;
    out->step_mean = subday->step_mean;
    out->step_q = subday->step_q;
    memcpy(subday->sum_mean + at, day->sum_mean + at, S * sizeof(float));
    memcpy(subday->sum_q + at * FORECAST_LEVELS, day->sum_q + at * FORECAST_LEVELS,
           S * FORECAST_LEVELS * sizeof(float));
    if (known && begun) {
        /* The experts' mixture says how much the day sells, its level comes from the statistics. */
        float mean = day->sum_mean[at], scale = now.mean > 0 ? mean / now.mean : 1;
        rest.mean *= scale;
        rest.variance *= scale * scale;
        float length = (float)(look->end - look->first);
        struct rest_shift shift = {.rest = &rest, .mean = mean, .spread = now.spread};
        shift.ahead = events ? (float)(look->closed - look->first + 1) / length : 0;
        rest_sums(day, row, &shift, subday->sum_mean + at, subday->sum_q + at * FORECAST_LEVELS);
    }
    if (events) {
        short_steps(shard, series, day, &now, &rest);
    }
}

void subday_give_bucket(const struct shard *shard, const struct tile *tile, uint32_t series,
                        int64_t bucket)
{
    const struct plan_sinks *sinks = shard->plan->sinks_ref;
    int64_t first = tile->cols.row[shard_row(series)].first - 1;
    if (sinks && sinks->bucket && first >= 0 && bucket_day(buckets_of(shard), bucket) >= first &&
        series_live(shard->series, series)) {
        sinks->bucket(sinks->context, series_sku(shard->series, series),
                      series_location(shard->series, series), bucket,
                      short_ring_units(shard, series, bucket));
    }
}

/* --- the close of a bucket
 * -------------------------------------------------------------------------------------
 */

bool subday_pending(const struct shard *shard)
{
    const struct subday *subday = shard->subday;
    if (subday->closing) {
        return true;
    }
    return subday->closed < subday->until &&
           bucket_start(buckets_of(shard), subday->closed + 2) <=
               bucket_start(&shard->plan->settings_ref->days, shard->closed + 2);
}

/* The day ends with this bucket: its close says everything. */
static bool ends_day(const struct shard *shard, int64_t bucket)
{
    return bucket_start(buckets_of(shard), bucket + 1) >=
           bucket_start(&shard->plan->settings_ref->days, shard->closed + 2);
}

static void begin(struct shard *shard)
{
    struct subday *subday = shard->subday;
    const struct buckets *buckets = buckets_of(shard);
    int64_t bucket = subday->closed + 1;
    cancel_close(shard->cancel, bucket, shard->closed + 1 - shard->plan->cancel_buckets,
                 close_match, shard);
    if (profile_begin(&subday->profile, bucket_day(buckets, bucket),
                      bucket_weekday(buckets, bucket))) {
        subday->weeks_changed = true;
        subday_forget_looks(subday);
    }
    take_tally(shard, bucket);
    if (subday->early) {
        const struct settings *settings = shard->plan->settings_ref;
        int64_t length_ms = settings->buckets.length_ms;
        early_begin(subday->early, 1.0 / (double)shard->plan->shorts.per_day,
                    alert_budget(&settings->alert, length_ms, shard->plan->partitions));
        subday_count_shop(shard, bucket, ends_day(shard, bucket));
    }
    subday->today_changed = true;
    subday->silent = close_all_silent(shard);
    subday->closing = true;
    subday->next_tile = 0;
    subday->closing_tiles = shard->tile_count;
    shard->changed = true;
}

static void end(struct shard *shard)
{
    struct subday *subday = shard->subday;
    subday->closing = false;
    subday->closed++;
    for (uint32_t t = 0; t < shard->tile_count; t++) {
        shard->tiles[t]->short_closed = subday->closed;
    }
    shard->changed = true;
}

/* As at the close of a day; a day that was out of stock for a bucket is a lower bound of demand. */
static void mark(struct shard *shard, struct tile *tile, uint32_t tile_index, int64_t bucket)
{
    int64_t day = bucket_day(buckets_of(shard), bucket);
    for (uint32_t i = 0; i < tile->series; i++) {
        uint32_t series = tile_index * PLAN_TILE_SERIES + i;
        const struct stock_entry *stock = decide_stock(shard, series);
        if (stock && stock->position.known && stock->position.stock <= 0) {
            short_ring_flag(shard, series, bucket, WINDOW_OUT_OF_STOCK);
            short_ring_flag(shard, series, bucket + 1, WINDOW_OUT_OF_STOCK);
            if (day > tile->closed && subday_matters(shard, series, bucket)) {
                shard_cell_flag(shard, series, day, WINDOW_OUT_OF_STOCK);
            }
        }
        if (shard->subday->silent) {
            short_ring_flag(shard, series, bucket, WINDOW_FEED_SILENT);
        }
    }
}

/* With emit: changed, whether what has sold today may have moved the forecast enough to be told. */
static bool may_matter(struct shard *shard, const struct tile *tile, uint32_t series)
{
    struct rest_day day;
    struct rest rest;
    uint32_t row = shard_row(series);
    if (!tile->cols.row[row].emitted || !subday_rest(shard, series, &day, &rest)) {
        return false; /* nothing told yet: the close of its first day will */
    }
    float moved = fabsf(rest.mean - (1 - day.elapsed) * day.mean);
    float told = fmaxf(tile->cols.row[row].emitted_mean, 1);
    return moved > 0.5f * (float)shard->plan->settings_ref->stream.change * told;
}

/* Rows whose forecast is needed, in scratch.want; false: none. */
static bool wants(struct shard *shard, const struct tile *tile, uint32_t tile_index,
                  enum emit_mode emit)
{
    bool any = false;
    for (uint32_t i = 0; i < tile->series; i++) {
        uint32_t series = tile_index * PLAN_TILE_SERIES + i;
        int64_t first = tile->cols.row[i].first - 1;
        uint8_t want = FORECAST_NONE;
        if (first >= 0 && first <= tile->closed) {
            const struct stock_entry *stock = decide_stock(shard, series);
            if (emit == EMIT_ALWAYS) {
                want = FORECAST_ALL;
            } else if ((stock && stock->position.known) ||
                       (emit == EMIT_CHANGED && may_matter(shard, tile, series))) {
                want = FORECAST_SUMS;
            }
        }
        shard->scratch.want[i] = want;
        any |= want != FORECAST_NONE;
    }
    return any;
}

/* Trigger levels of what was wanted; and what has changed is marked to be told. */
static bool judge(struct shard *shard, struct tile *tile, uint32_t tile_index, enum emit_mode emit,
                  const struct forecast_block *day)
{
    bool any = false;
    for (uint32_t i = 0; i < tile->series; i++) {
        uint32_t series = tile_index * PLAN_TILE_SERIES + i;
        uint8_t *want = &shard->scratch.want[i];
        if (*want == FORECAST_NONE) {
            continue;
        }
        const struct stock_entry *stock = decide_stock(shard, series);
        struct forecast_block now;
        if (stock && stock->position.known) {
            subday_block(shard, series, day, false, &now);
            decide_short(shard, series, &now);
        }
        if (emit == EMIT_CHANGED && may_matter(shard, tile, series)) {
            subday_block(shard, series, day, false, &now);
            if (close_material(shard, tile, i, &now, tile->closed)) {
                *want = FORECAST_ALL;
                any = true;
            }
        }
    }
    return any;
}

static void forecast(struct shard *shard, struct tile *tile, uint32_t tile_index, int64_t bucket)
{
    enum emit_mode emit = close_emit_mode(shard, bucket);
    if (!wants(shard, tile, tile_index, emit)) {
        return;
    }
    struct window window;
    struct forecast_block day;
    close_gather(shard, tile, tile_index, tile->closed, &window);
    forecaster_predict(shard->forecaster, &tile->forecast, &window, shard->scratch.want, &day);
    if (judge(shard, tile, tile_index, emit, &day)) {
        forecaster_predict(shard->forecaster, &tile->forecast, &window, shard->scratch.want, &day);
    }
    for (uint32_t i = 0; i < tile->series; i++) {
        if (shard->scratch.want[i] == FORECAST_ALL) {
            close_emit(shard, tile_index * PLAN_TILE_SERIES + i, &day);
        }
    }
}

static void close_tile(struct shard *shard)
{
    struct subday *subday = shard->subday;
    uint32_t tile_index = subday->next_tile++;
    struct tile *tile = shard->tiles[tile_index];
    int64_t bucket = subday->closed + 1;
    tile->short_closed = bucket;
    mark(shard, tile, tile_index, bucket);
    if (shard->forecaster && tile->series) {
        subday_learn_profile(shard, tile, tile_index, bucket);
        subday->today_changed = true;
        if (!ends_day(shard, bucket)) {
            subday_judge(shard, tile, tile_index, bucket);
            forecast(shard, tile, tile_index, bucket);
        }
    }
    short_ring_turn(shard, tile, tile_index);
    shard->changed = true;
}

void subday_step(struct shard *shard)
{
    struct subday *subday = shard->subday;
    if (!subday->closing) {
        begin(shard);
    }
    if (subday->next_tile < subday->closing_tiles) {
        close_tile(shard);
    }
    if (subday->next_tile == subday->closing_tiles) {
        end(shard);
    }
}

/* --- the close of a day
 * ----------------------------------------------------------------------------------------
 */

/* The day that closes is cut where its half is over. */
void subday_learn(struct shard *shard, struct tile *tile, uint32_t tile_index)
{
    struct subday *subday = shard->subday;
    const struct subday_look *look = subday_look_at(shard, tile, 1);
    for (uint32_t i = 0; i < tile->series; i++) {
        float mean = tile->forecast.next_mean[i], variance = tile->forecast.next_variance[i];
        size_t cell = (size_t)tile_slot(shard->plan, tile->closed) * PLAN_TILE_SERIES + i;
        if (!(mean > 0) || ring_flags(tile->cells[cell]) & WINDOW_CENSORED ||
            look->end <= look->first) {
            continue;
        }
        const float *share = look->share[subday_group(tile, i)];
        float first = 0;
        int64_t cut = look->first;
        while (cut < look->end && first < 0.5f) {
            first += share[cut++ - look->first];
        }
        struct rest_day morning, whole;
        uint32_t series = tile_index * PLAN_TILE_SERIES + i;
        count_so_far(shard, series, look, cut - 1, &morning);
        count_so_far(shard, series, look, look->end - 1, &whole);
        struct rest_half half = {.mean = mean,
                                 .spread = variance / mean,
                                 .share = first,
                                 .first = morning.sold,
                                 .second = whole.sold - morning.sold};
        rest_learn(&subday->moments, tile->forecast.demand_class[i], &half);
    }
    if (tile_index == 0) {
        rest_fold(&subday->moments);
    }
    subday->moments_changed = true;
}

void subday_regroup(struct shard *shard, struct tile *tile, uint32_t tile_index)
{
    struct subday *subday = shard->subday;
    uint32_t rows = subday->profile.rows;
    for (uint32_t i = 0; i < tile->series; i++) {
        uint32_t series = tile_index * PLAN_TILE_SERIES + i;
        if (!series_live(shard->series, series)) {
            continue;
        }
        const struct item_line *item = items_find(shard->items, series_sku(shard->series, series));
        bool named = item && item->category.bytes;
        uint64_t key = named ? hash_64(item->category.data, item->category.bytes, 2) | 1 : 0;
        tile->short_cols.group[i] = (uint8_t)profile_row(&subday->profile, key);
    }
    if (subday->profile.rows != rows) {
        subday->today_changed = true;
        subday_forget_looks(subday);
    }
}
