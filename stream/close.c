/* The close of a bucket, tile by tile: the order of the stages of the product stands in close_tile
 * and nowhere else.
 *
 *   begin    match cancellations (amends rings), phase factors, false-alarm budget
 *   tile     gather the window -> tails (against the forecast made before) -> learn -> predict ->
 * emit -> alerts -> stock and proposals
 *            -> clear the cells of the bucket that may be written next -> retire
 *   end      drop what is behind the horizons
 */
#include "config/base/ensure.h"
#include "stream/decide_parts.h"
#include "stream/learning.h"
#include "stream/verdict.h"

#include <math.h>

/* --- begin and end ------------------------------------------------------------------ */

void close_match(void *context, const struct cancel_match *match)
{
    struct shard *shard = context;
    if (match->matched) {
        int64_t units = shard_cell(shard, match->series, match->bucket) - match->quantity;
        shard_cell_set(shard, match->series, match->bucket, units > 0 ? units : 0);
        if (match->bucket <= shard_tile(shard, match->series)->closed) {
            shard_cell_flag(shard, match->series, match->bucket, WINDOW_CORRECTED);
        }
        int64_t sold = bucket_of(&shard->plan->settings_ref->buckets, match->sale_ms);
        if (shard->subday && short_ring_has(shard, sold)) {
            short_ring_add(shard, match->series, sold, -match->quantity);
        }
        shard_touch(shard, match->series);
        return;
    }
    /* Stock came back when the cancellation arrived; there was no such sale, so it goes again. */
    struct stock_entry *stock = decide_stock(shard, match->series);
    if (stock) {
        struct position_rules rules = decide_rules(shard);
        position_order(&stock->position, &rules, match->event_ms, match->quantity);
        shard_touch(shard, match->series);
    }
}

static int64_t tally_take(struct shard *shard, int64_t bucket)
{
    struct tally *tally = &shard->tally;
    int64_t units = 0;
    uint32_t kept = 0;
    for (uint32_t i = 0; i < tally->count; i++) {
        if (tally->bucket[i] == bucket) {
            units = tally->units[i];
        }
        if (tally->bucket[i] > bucket) {
            tally->bucket[kept] = tally->bucket[i];
            tally->units[kept++] = tally->units[i];
        }
    }
    tally->count = kept;
    return units;
}

/* Nothing was observed in a bucket during which no order source spoke. */
bool close_all_silent(const struct shard *shard)
{
    int32_t partitions = sources_roster(shard->sources, INPUT_ORDERS);
    for (int32_t i = 0; i < partitions; i++) {
        if (!feed_silent(shard->feed, shard_source_key(INPUT_ORDERS, i))) {
            return false;
        }
    }
    return partitions > 0 && shard->tails;
}

/* Order lines of all series of the shard in the bucket, and how many series had one. */
static void total_lines(struct shard *shard, int64_t bucket, double budget)
{
    uint64_t total = 0, sellers = 0;
    uint16_t lines[PLAN_TILE_SERIES];
    for (uint32_t i = 0; i < shard->tile_count; i++) {
        const struct tile *tile = shard->tiles[i];
        linecheck_lines(&tile->linecheck, tile->series, bucket, lines);
        for (uint32_t row = 0; row < tile->series; row++) {
            total += lines[row];
            sellers += lines[row] > 0;
        }
    }
    tails_total(shard->tails, (double)total, (double)sellers);
    verdict_begin(shard, bucket, (double)total, budget);
}

static void begin(struct shard *shard)
{
    const struct plan *plan = shard->plan;
    const struct settings *settings = plan->settings_ref;
    int64_t bucket = shard->closed + 1;
    learning_finish(shard);
    if (!shard->subday) { /* else the day's buckets did */
        cancel_close(shard->cancel, bucket, bucket - plan->cancel_buckets, close_match, shard);
    }
    int64_t units = tally_take(shard, bucket);
    if (shard->forecaster) {
        int32_t phase = bucket_phase(&settings->days, bucket);
        double budget = verdict_budget(shard);
        forecaster_begin_close(shard->forecaster, bucket, phase, plan_season(plan), (double)units);
        learning_begin(shard, bucket);
        tails_begin_close(shard->tails, bucket, phase, plan_season(plan), (double)units,
                          shard->subday ? budget * (1 - EARLY_SHARE) : budget);
        total_lines(shard, bucket, budget);
        shard->models_changed = true;
        shard->checks_changed = true;
    }
    shard->silent = close_all_silent(shard);
    shard->closing = true;
    shard->next_tile = 0;
    shard->closing_tiles = shard->tile_count;
    shard->changed = true;
}

static void end(struct shard *shard)
{
    const struct plan *plan = shard->plan;
    shard->closing = false;
    shard->closed++;
    for (uint32_t t = 0; t < shard->tile_count; t++) {
        shard->tiles[t]->closed =
            shard->closed; /* tiles that were added meanwhile had nothing to close */
    }
    learning_end(shard);
    dedup_drop_before(shard->fingerprints, shard->closed - plan->dedup_buckets + 1);
    dedup_drop_before(shard->stock_fingerprints, shard->closed - plan->dedup_buckets + 1);
    int64_t now_ms = bucket_start(&plan->settings_ref->days, shard->closed + 1);
    risk_suppliers(shard, now_ms);
    shard->counts.alerts += alert_table_rest(shard->alerts, now_ms);
    alert_table_sweep(shard->alerts, now_ms);
    shard->counts.closes++;
    shard->changed = true;
}

/* --- a tile */

/* Rows [N, W] from cells [slots, N]: the bucket `last` and the W - 1 before it. */
/* A series that stands without stock when the bucket begins cannot sell in it: mark the bucket now
 * closing and the next one. */
static void mark_out_of_stock(struct shard *shard, struct tile *tile, uint32_t tile_index,
                              int64_t bucket)
{
    for (uint32_t i = 0; i < tile->series; i++) {
        uint32_t series = tile_index * PLAN_TILE_SERIES + i;
        const struct stock_entry *stock = decide_stock(shard, series);
        if (stock && stock->position.known && stock->position.stock <= 0) {
            shard_cell_flag(shard, series, bucket, WINDOW_OUT_OF_STOCK);
            shard_cell_flag(shard, series, bucket + 1, WINDOW_OUT_OF_STOCK);
        }
        if (alert_table_anomalous(shard->alerts, series)) {
            shard_cell_flag(shard, series, bucket, WINDOW_ANOMALOUS);
        }
        if (shard->silent) {
            shard_cell_flag(shard, series, bucket, WINDOW_FEED_SILENT);
        }
    }
}

static bool any_stock(const struct shard *shard, uint32_t series)
{
    const struct stock_entry *stock = decide_stock(shard, series);
    return stock && stock->position.known;
}

/* A run on files asks for forecasts at its origins alone. */
enum emit_mode close_emit_mode(const struct shard *shard, int64_t bucket)
{
    const struct plan_sinks *sinks = shard->plan->sinks_ref;
    if (!sinks) {
        return (enum emit_mode)shard->plan->settings_ref->stream.emit;
    }
    for (size_t i = 0; i < sinks->origin_count; i++) {
        if (sinks->origins[i] == bucket) {
            return EMIT_ALWAYS;
        }
    }
    return EMIT_NEVER;
}

/* The bucket that a forecast at the close of a day is told to follow. */
static int64_t told_bucket(const struct shard *shard, int64_t closed)
{
    return shard->subday ? shard->subday->closed : closed;
}

/* What the forecaster must compute for each row before anything is known about change. */
static void wants(struct shard *shard, const struct tile *tile, uint32_t tile_index)
{
    enum emit_mode emit = close_emit_mode(shard, told_bucket(shard, tile->closed));
    for (uint32_t i = 0; i < tile->series; i++) {
        uint8_t want = FORECAST_NONE;
        if (shard->scratch.age[i]) {
            if (emit == EMIT_ALWAYS) {
                want = FORECAST_ALL;
            } else if (emit == EMIT_CHANGED ||
                       any_stock(shard, tile_index * PLAN_TILE_SERIES + i)) {
                want = FORECAST_SUMS;
            }
        }
        shard->scratch.want[i] = want;
    }
}

static bool differs(float now, float before, double change)
{
    double scale = fmax(fmax(fabs((double)now), fabs((double)before)), 1.0);
    return fabs((double)now - (double)before) > change * scale;
}

/* Material change against what was last told about the same days: the longest sum, whose weekdays
 * are the same ones. */
bool close_material(const struct shard *shard, const struct tile *tile, uint32_t row,
                    const struct forecast_block *block, int64_t bucket)
{
    const struct stream_options *stream = &shard->plan->settings_ref->stream;
    if (!tile->cols.row[row].emitted ||
        bucket - (tile->cols.row[row].emitted - 1) >= stream->refresh) {
        return true;
    }
    size_t longest = (size_t)row * block->sums + block->sums - 1;
    float high = block->sum_q[longest * FORECAST_LEVELS + LEVEL_P90];
    return differs(block->sum_mean[longest], tile->cols.row[row].emitted_mean, stream->change) ||
           differs(high, tile->cols.row[row].emitted_high, stream->change);
}

static void emit_to_sinks(struct shard *shard, uint32_t series, const struct forecast_event *event)
{
    const struct plan_sinks *sinks = shard->plan->sinks_ref;
    struct explanation why;
    if (sinks->forecast) {
        sinks->forecast(sinks->context, event->sku, event->location, event->origin_bucket,
                        event->block, event->row);
    }
    if (sinks->explain && close_explain(shard, series, &why)) {
        sinks->explain(sinks->context, event->sku, event->origin_bucket, &why);
    }
}

void close_emit(struct shard *shard, uint32_t series, const struct forecast_block *block)
{
    const uint32_t W = shard->plan->window, row = shard_row(series);
    struct tile *tile = shard_tile(shard, series);
    int64_t bucket = tile->closed;
    struct forecast_block from_now;
    if (shard->subday) {
        bucket = tile->short_closed;
        subday_block(shard, series, block, true, &from_now);
        block = &from_now;
    }
    uint8_t last = shard->scratch.flags[(size_t)row * W + W - 1];
    bool corrected = false; /* this one says it, later ones do not */
    for (uint32_t k = 0; k < W; k++) {
        if (shard->scratch.flags[(size_t)row * W + k] & WINDOW_CORRECTED) {
            corrected = true;
            shard_cell_unflag(shard, series, tile->closed - (int64_t)(W - 1 - k), WINDOW_CORRECTED);
        }
    }
    corrected |= shard->subday && short_ring_tell_corrected(shard, series);
    struct forecast_event event = {.sku = series_sku(shard->series, series),
                                   .location = series_location(shard->series, series),
                                   .origin_bucket = bucket,
                                   .block = block,
                                   .row = row,
                                   .corrected = corrected,
                                   .censored = (last & WINDOW_CENSORED) != 0,
                                   .cold = shard->scratch.age[row] < 28};
    shard->counts.forecasts++;
    if (shard->plan->sinks_ref) {
        emit_to_sinks(shard, series, &event);
        return;
    }
    struct explanation why;
    if (shard->plan->settings_ref->stream.explain && close_explain(shard, series, &why)) {
        event.why = &why;
    }
    struct close_scratch *scratch = &shard->scratch;
    buf_reset(&scratch->key);
    buf_reset(&scratch->value);
    buf_slice(&scratch->key, event.sku);
    buf_byte(&scratch->key, '|');
    buf_slice(&scratch->key, event.location);
    event_forecast(shard->plan, &event, &scratch->value);
    outbox_add(shard->outbox, TOPIC_FORECASTS, -1, buf_view(&scratch->key),
               buf_view(&scratch->value));
    size_t longest = (size_t)row * block->sums + block->sums - 1;
    tile->cols.row[row].emitted = (int32_t)(tile->closed + 1);
    tile->cold_dirty = true;
    tile->cols.row[row].emitted_mean = block->sum_mean[longest];
    tile->cols.row[row].emitted_high = block->sum_q[longest * FORECAST_LEVELS + LEVEL_P90];
}

/* With emit: changed, sums tell who has changed; steps are computed for those alone. */
static void emit_forecasts(struct shard *shard, struct tile *tile, uint32_t tile_index,
                           const struct window *window, struct forecast_block *block)
{
    struct close_scratch *scratch = &shard->scratch;
    enum emit_mode mode = close_emit_mode(shard, told_bucket(shard, window->bucket));
    if (mode == EMIT_NEVER) {
        return;
    }
    if (mode == EMIT_CHANGED) {
        uint32_t changed = 0;
        for (uint32_t i = 0; i < tile->series; i++) {
            bool tell = scratch->want[i] != FORECAST_NONE &&
                        close_material(shard, tile, i, block, window->bucket);
            scratch->want[i] = tell ? FORECAST_ALL : scratch->want[i];
            changed += tell;
        }
        if (changed) {
            forecaster_predict(shard->forecaster, &tile->forecast, window, scratch->want, block);
        }
    }
    for (uint32_t i = 0; i < tile->series; i++) {
        if (scratch->want[i] == FORECAST_ALL) {
            close_emit(shard, tile_index * PLAN_TILE_SERIES + i, block);
        }
    }
}

void close_step_alert(struct shard *shard, struct alert_signal *alert, uint32_t series,
                      int64_t now_ms)
{
    alert->series = series;
    alert->scope = 0;
    if (!alert->money) { /* units, unless whoever speaks knows better */
        alert->money = (int64_t)(fabs((double)alert->observed - (double)alert->expected) *
                                 (double)decide_price(shard, series));
    }
    shard->counts.alerts += alert_table_step(shard->alerts, alert, (struct slice){0}, now_ms);
}

/* Open alerts hear of every close, also when nothing is odd: that is how they end. */
static void step_open(struct shard *shard, struct tile *tile, const struct tails_input *in,
                      uint32_t series, const bool stepped[ALERT_KINDS], int64_t now_ms)
{
    uint32_t row = shard_row(series);
    const uint32_t W = in->window->width;
    bool sold = in->window->units[(size_t)row * W + W - 1] > 0;
    int64_t start_ms = bucket_start(&shard->plan->settings_ref->days, in->window->bucket);
    for (int kind = 0; kind <= ALERT_BULK_ORDER; kind++) {
        const struct alert *open =
            alert_table_find(shard->alerts, (enum alert_kind)kind, series, 0);
        if (stepped[kind] || !open) {
            continue;
        }
        struct alert_signal alert;
        if (shard->combine) {
            verdict_signal(shard, tile, in, row, (enum alert_kind)kind, &alert);
        } else if (kind < TAILS_KINDS) {
            tails_signal(shard->tails, &tile->tails, in, row, (enum alert_kind)kind, &alert);
        } else {
            linecheck_quiet(open, in->window->bucket, start_ms, sold, &alert);
        }
        close_step_alert(shard, &alert, series, now_ms);
    }
}

static void alerts(struct shard *shard, struct tile *tile, uint32_t tile_index,
                   const struct tails_input *in, uint32_t signal_count)
{
    int64_t now_ms = bucket_start(&shard->plan->settings_ref->days, in->window->bucket + 1);
    struct alert_signal *signals = shard->scratch.signals;
    uint32_t at = 0;
    group_tile(shard, tile_index, signal_count, now_ms);
    for (uint32_t i = 0; i < tile->series; i++) {
        uint32_t series = tile_index * PLAN_TILE_SERIES + i;
        bool stepped[ALERT_KINDS] = {false};
        for (; at < signal_count && signals[at].series == i; at++) {
            struct alert_signal alert = signals[at];
            verdict_kind(shard, series, &alert, now_ms);
            group_hold(shard, series, &alert, now_ms);
            stepped[alert.kind] = true;
            close_step_alert(shard, &alert, series, now_ms);
        }
        if (alert_table_has(shard->alerts, series)) {
            step_open(shard, tile, in, series, stepped, now_ms);
        }
    }
    ASSERT(at == signal_count);
}

static void score_and_forecast(struct shard *shard, struct tile *tile, uint32_t tile_index,
                               int64_t bucket)
{
    struct window window;
    mark_out_of_stock(shard, tile, tile_index, bucket);
    close_gather(shard, tile, tile_index, bucket, &window);
    uint16_t lines[PLAN_TILE_SERIES];
    linecheck_lines(&tile->linecheck, tile->series, bucket, lines);
    struct tails_input in = {&window, tile->forecast.next_mean, tile->forecast.next_variance,
                             tile->forecast.demand_class, lines};
    uint32_t count = tails_close(shard->tails, &tile->tails, &in, shard->scratch.signals,
                                 TAILS_KINDS * PLAN_TILE_SERIES);
    verdict_tile(shard, tile, tile_index, &in, &count);
    encode_tile(shard, tile, tile_index, &in, &count);
    alerts(shard, tile, tile_index, &in, count); /* before learn moves next_mean on */
    if (shard->subday) {
        subday_learn(shard, tile, tile_index);
    }
    forecaster_learn(shard->forecaster, &tile->forecast, &window);
    wants(shard, tile, tile_index);
    struct forecast_block block;
    forecaster_predict(shard->forecaster, &tile->forecast, &window, shard->scratch.want, &block);
    emit_forecasts(shard, tile, tile_index, &window, &block);
    for (uint32_t i = 0; i < tile->series; i++) {
        uint32_t series = tile_index * PLAN_TILE_SERIES + i;
        if (shard->scratch.want[i] != FORECAST_NONE && any_stock(shard, series)) {
            decide_close(shard, series, &block, i);
        }
    }
    if (shard->subday) {
        subday_regroup(shard, tile, tile_index);
    }
}

/* The bucket W back leaves the window; its cells are the ones of the bucket K ahead. */
static void turn_ring(struct shard *shard, struct tile *tile, uint32_t tile_index, int64_t closed)
{
    const struct plan *plan = shard->plan;
    int64_t leaving = closed - (int64_t)plan->window;
    uint32_t slot = tile_slot(plan, leaving);
    ASSERT(slot == tile_slot(plan, closed + (int64_t)plan->open));
    for (uint32_t i = 0; i < tile->series; i++) {
        uint16_t *cell = &tile->cells[(size_t)slot * PLAN_TILE_SERIES + i];
        uint32_t series = tile_index * PLAN_TILE_SERIES + i;
        if (!shard->subday) { /* else short ones are told of */
            close_give_bucket(shard, tile, series, leaving);
        }
        if (ring_units(*cell) == RING_ESCAPE) {
            ring_set(shard->overflow, cell, series, slot, 0);
        }
    }
    tile_clear_slot(plan, tile, slot);
}

static bool is_dead(const struct shard *shard, const struct tile *tile, uint32_t series,
                    int64_t closed)
{
    int64_t last = tile->cols.row[shard_row(series)].last - 1;
    int64_t quiet = shard->plan->retire_buckets;
    quiet = quiet > shard->plan->window ? quiet : shard->plan->window;
    const struct stock_entry *stock = decide_stock(shard, series);
    return series_live(shard->series, series) && last >= 0 && closed - last >= quiet &&
           (!stock || (stock->position.stock <= 0 && !stock->position.supplies &&
                       stock->proposal.state != PROPOSAL_PROPOSED));
}

static void retire(struct shard *shard, struct tile *tile, uint32_t series)
{
    buf_reset(&shard->key);
    buf_slice(&shard->key, series_sku(shard->series, series));
    buf_byte(&shard->key, '|');
    buf_slice(&shard->key, series_location(shard->series, series));
    if (tile->cols.row[shard_row(series)].emitted) {
        outbox_add(shard->outbox, TOPIC_FORECASTS, -1, buf_view(&shard->key), (struct slice){0});
    }
    alert_table_forget(shard->alerts, series);
    decide_stock_drop(shard, series);
    watch_drop(shard->watch, series);
    cancel_forget(shard->cancel, series);
    shard_forget(shard, series);
    tile_clear_series(shard->plan, tile, shard_row(series));
}

static void close_tile(struct shard *shard)
{
    uint32_t tile_index = shard->next_tile++;
    struct tile *tile = shard->tiles[tile_index];
    int64_t bucket = shard->closed + 1;
    tile->closed = bucket;
    tile->cold_dirty = true;
    if (shard->forecaster && tile->series) {
        shard->models_changed = true;
        shard->checks_changed = true;
        score_and_forecast(shard, tile, tile_index, bucket);
    }
    uint32_t slot = tile_slot(shard->plan, bucket);
    tile->dirty_slots[slot / 64] |= UINT64_C(1) << (slot % 64);
    turn_ring(shard, tile, tile_index, bucket);
    for (uint32_t i = 0; i < tile->series; i++) {
        uint32_t series = tile_index * PLAN_TILE_SERIES + i;
        if (is_dead(shard, tile, series, bucket)) {
            retire(shard, tile, series);
        }
    }
    shard->counts.tiles_closed++;
    shard->changed = true;
}

/* --- the sequence */

bool close_pending(const struct shard *shard)
{
    return shard->started && (shard->closing || shard->closed < shard->until ||
                              (shard->subday && subday_pending(shard)));
}

bool close_step(struct shard *shard)
{
    if (!close_pending(shard)) {
        return false;
    }
    if (shard->subday && !shard->closing && subday_pending(shard)) {
        subday_step(shard);
        return close_pending(shard);
    }
    if (!shard->closing) {
        begin(shard);
    }
    if (shard->next_tile < shard->closing_tiles) {
        close_tile(shard);
    }
    if (shard->next_tile == shard->closing_tiles) {
        end(shard);
    }
    return close_pending(shard);
}

void close_through(struct shard *shard, uint32_t series)
{
    const struct tile *tile = shard_tile(shard, series);
    while (close_pending(shard) && (tile->closed < shard->until ||
                                    (shard->subday && tile->short_closed < shard->subday->until))) {
        (void)close_step(shard);
    }
}

void close_all(struct shard *shard)
{
    while (close_step(shard)) {
    }
}

void close_forecast_one(struct shard *shard, uint32_t series, struct forecast_block *block)
{
    struct tile *tile = shard_tile(shard, series);
    struct window window;
    close_gather(shard, tile, series / PLAN_TILE_SERIES, tile->closed, &window);
    memset(shard->scratch.want, FORECAST_NONE, PLAN_TILE_SERIES);
    shard->scratch.want[shard_row(series)] = FORECAST_SUMS;
    forecaster_predict(shard->forecaster, &tile->forecast, &window, shard->scratch.want, block);
    if (shard->subday) {
        struct forecast_block day = *block;
        subday_block(shard, series, &day, false, block);
    }
}
