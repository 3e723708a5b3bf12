/* Looking into a shard: one series as JSON, closed buckets for files. */
#include "schemas/datum.h"
#include "stream/decide_parts.h"
#include "stream/shard_state.h"

#include <inttypes.h>

static void put_number(struct buf *json, const char *name, int64_t value)
{
    buf_print(json, ",\"%s\":%" PRId64, name, value);
}

static void put_time(struct buf *json, const struct shard *shard, const char *name, int64_t bucket)
{
    put_number(json, name, bucket_start(&shard->plan->settings_ref->days, bucket));
}

static void dump_ring(const struct shard *shard, uint32_t series, struct buf *json)
{
    const struct tile *tile = shard_tile(shard, series);
    int64_t first = tile->closed - (int64_t)shard->plan->window + 1;
    buf_text(json, ",\"buckets\":[");
    for (int64_t bucket = first; shard->started && bucket <= tile->closed + 1; bucket++) {
        size_t at = (size_t)tile_slot(shard->plan, bucket) * PLAN_TILE_SERIES + shard_row(series);
        buf_print(json, "%s{\"start\":%" PRId64 ",\"units\":%" PRId64 ",\"flags\":%u,\"open\":%s}",
                  bucket == first ? "" : ",",
                  bucket_start(&shard->plan->settings_ref->days, bucket),
                  shard_cell(shard, series, bucket), ring_flags(tile->cells[at]),
                  bucket > tile->closed ? "true" : "false");
    }
    buf_byte(json, ']');
}

/* Cells of short buckets that hold anything: most are empty. */
static void dump_shorts(const struct shard *shard, uint32_t series, struct buf *json)
{
    const struct tile *tile = shard_tile(shard, series);
    const struct buckets *buckets = &shard->plan->settings_ref->buckets;
    int64_t last = tile->short_closed + (int64_t)shard->plan->shorts.open;
    buf_print(json, ",\"short_ms\":%" PRId64 ",\"short_buckets\":[", buckets->length_ms);
    bool first = true;
    for (int64_t bucket = tile->short_closed - (int64_t)shard->plan->shorts.window + 1;
         shard->started && bucket <= last; bucket++) {
        int64_t units = short_ring_units(shard, series, bucket);
        uint8_t flags = short_ring_flags(shard, series, bucket);
        if (units || flags) {
            buf_print(json,
                      "%s{\"start\":%" PRId64 ",\"units\":%" PRId64 ",\"flags\":%u,\"open\":%s}",
                      first ? "" : ",", bucket_start(buckets, bucket), units, flags,
                      bucket > tile->short_closed ? "true" : "false");
            first = false;
        }
    }
    buf_byte(json, ']');
}

static void dump_supplies(const struct shard *shard, const struct position *position,
                          struct buf *json)
{
    buf_text(json, ",\"supplies\":[");
    for (int i = 0; i < position->supplies; i++) {
        const struct supply *supply = &position->supply[i];
        buf_print(json,
                  "%s{\"quantity\":%" PRId64 ",\"expected\":%" PRId64
                  ",\"kind\":%u,\"uncertain\":%s}",
                  i ? "," : "", supply->quantity, event_slot_ms(shard->plan, supply->expected),
                  supply->kind, supply->uncertain ? "true" : "false");
    }
    buf_byte(json, ']');
}

static void dump_supplier(const struct shard *shard, uint32_t series, struct buf *json)
{
    const struct item_line *item = items_find(shard->items, series_sku(shard->series, series));
    struct slice supplier = decide_supplier(shard, item);
    const struct track *track = book_track(shard->book, supplier);
    struct item_facts facts = decide_facts(shard, series, item);
    buf_text(json, ",\"supplier\":{\"name\":");
    datum_print_text(json, supplier);
    put_number(json, "receipts", track ? track->receipts : 0);
    buf_print(json, ",\"lead_time_days\":%.3g,\"lead_time_sd_days\":%.3g", facts.lead_time_days,
              facts.lead_time_sd_days);
    if (facts.stated_lead_days > 0) {
        buf_print(json, ",\"stated_days\":%.3g", facts.stated_lead_days);
    }
    buf_byte(json, '}');
}

static void dump_stock(const struct shard *shard, uint32_t series, struct buf *json)
{
    const struct stock_entry *stock = decide_stock(shard, series);
    if (!stock) {
        buf_text(json, ",\"stock\":null");
        return;
    }
    int64_t trigger = tile_trigger(shard_tile(shard, series), shard_row(series));
    buf_print(json, ",\"stock\":{\"available\":%" PRId64, stock->position.stock);
    put_number(json, "reserved", stock->position.reserved);
    put_number(json, "on_order", position_incoming(&stock->position));
    if (trigger) {
        put_number(json, "trigger_level", trigger - 2);
    }
    dump_supplies(shard, &stock->position, json);
    dump_supplier(shard, series, json);
    char id[PROPOSAL_ID_CHARS + 1];
    proposal_id_text(stock->proposal.id, id);
    if (stock->proposal.state != PROPOSAL_NONE) {
        buf_print(json, ",\"proposal\":{\"id\":\"%s\",\"state\":\"%s\",\"revision\":%u", id,
                  proposal_state_name((enum proposal_state)stock->proposal.state),
                  (unsigned)stock->proposal.revision);
        put_number(json, "quantity", stock->proposal.quantity);
        buf_byte(json, '}');
    }
    buf_byte(json, '}');
}

static void dump_alerts(const struct shard *shard, uint32_t series, struct buf *json)
{
    buf_text(json, ",\"alerts\":[");
    bool first = true;
    for (int kind = 0; kind < ALERT_KINDS; kind++) {
        const struct alert *alert =
            alert_table_find(shard->alerts, (enum alert_kind)kind, series, 0);
        if (alert) {
            buf_print(json, "%s{\"kind\":\"%s\",\"state\":\"%s\",\"score\":%.4g}", first ? "" : ",",
                      alert_kind_name((enum alert_kind)kind),
                      alert_state_name((enum alert_state)alert->state), (double)alert->score);
            first = false;
        }
    }
    buf_byte(json, ']');
}

static void dump_forecast(const struct shard *shard, uint32_t series, struct buf *json)
{
    const struct tile *tile = shard_tile(shard, series);
    uint32_t row = shard_row(series);
    buf_print(json, ",\"next\":{\"mean\":%.6g,\"variance\":%.6g}",
              (double)tile->forecast.next_mean[row], (double)tile->forecast.next_variance[row]);
}

bool shard_dump_series(const struct shard *shard, struct slice sku, struct slice location,
                       struct buf *json)
{
    uint32_t series = series_find(shard->series, sku, location);
    if (series == SERIES_NONE) {
        return false;
    }
    const struct tile *tile = shard_tile(shard, series);
    uint32_t row = shard_row(series);
    buf_text(json, "{\"sku\":");
    datum_print_text(json, sku);
    buf_text(json, ",\"location\":");
    datum_print_text(json, location);
    put_number(json, "partition", shard->partition);
    put_number(json, "index", series);
    if (tile->cols.row[row].first) {
        put_time(json, shard, "first_sale", tile->cols.row[row].first - 1);
        put_time(json, shard, "last_sale", tile->cols.row[row].last - 1);
    }
    if (tile->cols.row[row].price) {
        put_number(json, "last_price", column_d32(tile->cols.row[row].price) - 1);
    }
    dump_ring(shard, series, json);
    if (shard->subday) {
        dump_shorts(shard, series, json);
    }
    dump_forecast(shard, series, json);
    dump_stock(shard, series, json);
    dump_alerts(shard, series, json);
    buf_byte(json, '}');
    return true;
}

bool close_explain(struct shard *shard, uint32_t series, struct explanation *why)
{
    const struct tile *tile = shard_tile(shard, series);
    return forecaster_explain(shard->forecaster, &tile->forecast, &shard->scratch.window,
                              shard_row(series), why);
}

struct status *shard_explain(struct shard *shard, struct slice sku, struct slice location,
                             struct explanation *out, int64_t *origin_bucket)
{
    uint32_t series = series_find(shard->series, sku, location);
    if (series == SERIES_NONE) {
        return status_new(STATUS_USAGE, "explain: shard %" PRId32 " has no series %.*s@%.*s",
                          shard->partition, (int)sku.bytes, sku.data, (int)location.bytes,
                          location.data);
    }
    if (!shard->forecaster) {
        return status_new(STATUS_CONFIG, "explain: pipeline.forecast is off");
    }
    close_through(shard, series);
    struct tile *tile = shard_tile(shard, series);
    struct window window;
    close_gather(shard, tile, series / PLAN_TILE_SERIES, tile->closed, &window);
    if (!close_explain(shard, series, out)) {
        return status_new(STATUS_USAGE,
                          "explain: %.*s@%.*s has no forecast yet: none of its buckets has closed",
                          (int)sku.bytes, sku.data, (int)location.bytes, location.data);
    }
    *origin_bucket = tile->closed;
    return NULL;
}

void close_give_bucket(const struct shard *shard, const struct tile *tile, uint32_t series,
                       int64_t bucket)
{
    const struct plan_sinks *sinks = shard->plan->sinks_ref;
    int64_t first = tile->cols.row[shard_row(series)].first - 1;
    if (sinks && sinks->bucket && first >= 0 && bucket >= first &&
        series_live(shard->series, series)) {
        sinks->bucket(sinks->context, series_sku(shard->series, series),
                      series_location(shard->series, series), bucket,
                      shard_cell(shard, series, bucket));
    }
}

void shard_flush_buckets(const struct shard *shard)
{
    for (uint32_t series = 0; series < series_end(shard->series); series++) {
        if (!series_live(shard->series, series)) {
            continue;
        }
        const struct tile *tile = shard_tile(shard, series);
        for (int64_t bucket = tile->closed - (int64_t)shard->plan->window + 1;
             !shard->subday && bucket <= tile->closed; bucket++) {
            close_give_bucket(shard, tile, series, bucket);
        }
        for (int64_t bucket = tile->short_closed - (int64_t)shard->plan->shorts.window + 1;
             shard->subday && bucket <= tile->short_closed; bucket++) {
            subday_give_bucket(shard, tile, series, bucket);
        }
    }
}

bool shard_censor(struct shard *shard, struct slice sku, struct slice location, int64_t bucket)
{
    uint32_t series = series_find(shard->series, sku, location);
    if (series == SERIES_NONE) {
        return false;
    }
    close_through(shard, series);
    int64_t day = bucket;
    if (shard->subday) {
        day = bucket_day(&shard->plan->settings_ref->buckets, bucket);
        if (short_ring_has(shard, bucket)) {
            short_ring_flag(shard, series, bucket, WINDOW_OUT_OF_STOCK);
        }
        if (!subday_matters(shard, series, bucket)) {
            return true;
        }
    }
    if (day <= shard->until - (int64_t)shard->plan->window ||
        day > shard->until + (int64_t)shard->plan->open) {
        return false;
    }
    shard_cell_flag(shard, series, day, WINDOW_OUT_OF_STOCK);
    return true;
}
