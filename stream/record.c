/* State records of a shard: everything that is needed to go on exactly where the last commit was.
 *
 *   key                                    value
 *   "h"                                    header: version, configuration hash, partitions, next
 * offset, sequence, buckets, close under way, tally, sources "l" hex8 layout (stream/layout.h) "s"
 * len sku location                   series: version, index, hot columns, position, proposal, cells
 * of open buckets "c" tile(4) slot(2)                    cells of one closed bucket: bucket,
 * series, units, flags "t" tile(4)                            tile: version, last closed bucket,
 * series, cold columns "b" "u" ... buckets shorter than a day (stream/short_ring.h,
 * stream/subday.h) "f" "m" "i" "v" "n" "w" "o" "a" ...        fingerprints, models, items,
 * what was learned of suppliers and buyers, paper shops, cancellations, alerts: see their modules
 *
 * Numbers in keys are big endian, in values varints. A cell record counts only while its bucket is
 * one of the window. Cells of open buckets travel with their series; when they come back they yield
 * to a cell record of the same bucket, which is newer. Restore reads records in log order, in which
 * a key may occur many times and tombstones occur too. */
#include "config/base/ensure.h"
#include "stream/cursor.h"
#include "stream/learning.h"
#include "stream/learning_report.h"
#include "stream/shard_state.h"

#include <inttypes.h>
#include <stdlib.h>

enum { RECORD_VERSION = 1, TILES_MAX = SHARD_TILES_MAX, KEY_TEXT_MAX = 4096 };

struct open_cell {
    int64_t bucket, units; /* bucket INT64_MIN: forget what was said of the series before */
    uint32_t series, flags;
};

static struct slice view(const struct buf *buf)
{
    return buf_view(buf);
}

static void put(struct shard *shard)
{
    outbox_add(shard->outbox, TOPIC_STATE, shard->partition, view(&shard->key),
               view(&shard->value));
}

static void put_be(struct buf *key, uint32_t number, int bytes)
{
    for (int shift = 8 * (bytes - 1); shift >= 0; shift -= 8) {
        buf_byte(key, (unsigned char)(number >> shift));
    }
}

static uint32_t get_be(const char *at, int bytes)
{
    uint32_t number = 0;
    for (int i = 0; i < bytes; i++) {
        number = number << 8 | (unsigned char)at[i];
    }
    return number;
}

static void series_key(struct buf *key, struct slice sku, struct slice location)
{
    buf_reset(key);
    buf_byte(key, 's');
    buf_varint(key, (int64_t)sku.bytes);
    buf_slice(key, sku);
    buf_slice(key, location);
}

/* --- writing
 * ---------------------------------------------------------------------------------------------------
 */

static void put_open_cells(struct shard *shard, struct tile *tile, uint32_t series)
{
    const struct plan *plan = shard->plan;
    struct buf *cells = &shard->scratch.value; /* no allocation for each series */
    buf_reset(cells);
    int64_t count = 0;
    for (int64_t ahead = 1; ahead <= (int64_t)plan->open; ahead++) {
        int64_t bucket = tile->closed + ahead;
        uint32_t slot = tile_slot(plan, bucket);
        size_t at = (size_t)slot * PLAN_TILE_SERIES + shard_row(series);
        if (tile->cells[at]) {
            count++;
            buf_varint(cells, bucket);
            buf_varint(cells, ring_get(shard->overflow, &tile->cells[at], series, slot));
            buf_varint(cells, ring_flags(tile->cells[at]));
        }
    }
    buf_varint(&shard->value, count);
    buf_slice(&shard->value, view(cells));
}

static void seal_series(struct shard *shard, uint32_t series)
{
    shard->dirty_mark[series] = 0;
    if (!series_live(shard->series, series)) {
        return; /* retired since: its tombstone is written */
    }
    struct tile *tile = shard_tile(shard, series);
    series_key(&shard->key, series_sku(shard->series, series),
               series_location(shard->series, series));
    buf_reset(&shard->value);
    buf_varint(&shard->value, RECORD_VERSION);
    buf_varint(&shard->value, series);
    layout_put_row(shard->layouts, tile, shard_row(series), &shard->value);
    const struct stock_entry *stock = decide_stock(shard, series);
    buf_varint(&shard->value, stock != NULL);
    if (stock) {
        position_save(&stock->position, &shard->value);
        proposal_save(&stock->proposal, &shard->value);
    }
    put_open_cells(shard, tile, series);
    short_ring_put_open(shard, series, &shard->value);
    put(shard);
}

static void seal_slot(struct shard *shard, struct tile *tile, uint32_t tile_index, uint32_t slot)
{
    /* The bucket of a closed cell: the one of the window that falls on this slot. */
    const struct plan *plan = shard->plan;
    int64_t bucket = tile->closed;
    while (tile_slot(plan, bucket) != slot) {
        bucket--;
    }
    buf_reset(&shard->key);
    buf_byte(&shard->key, 'c');
    put_be(&shard->key, tile_index, 4);
    put_be(&shard->key, slot, 2);
    buf_reset(&shard->value);
    buf_varint(&shard->value, bucket);
    buf_varint(&shard->value, tile->series);
    uint8_t flags[PLAN_TILE_SERIES];
    bool flagged = false;
    for (uint32_t i = 0; i < tile->series; i++) {
        const uint16_t *cell = &tile->cells[(size_t)slot * PLAN_TILE_SERIES + i];
        buf_varint(&shard->value,
                   ring_get(shard->overflow, cell, tile_index * PLAN_TILE_SERIES + i, slot));
        flags[i] = ring_flags(*cell);
        flagged |= flags[i] != 0;
    }
    if (flagged) {
        buf_put(&shard->value, flags, tile->series);
    }
    put(shard);
}

static void seal_tile(struct shard *shard, uint32_t tile_index)
{
    struct tile *tile = shard->tiles[tile_index];
    for (uint32_t slot = 0; slot < shard->plan->slots; slot++) {
        if (tile->dirty_slots[slot / 64] >> (slot % 64) & 1) {
            seal_slot(shard, tile, tile_index, slot);
        }
    }
    memset(tile->dirty_slots, 0, sizeof tile->dirty_slots);
    if (!tile->cold_dirty) {
        return;
    }
    tile->cold_dirty = false;
    buf_reset(&shard->key);
    buf_byte(&shard->key, 't');
    put_be(&shard->key, tile_index, 4);
    buf_reset(&shard->value);
    buf_varint(&shard->value, RECORD_VERSION);
    buf_varint(&shard->value, tile->closed);
    buf_varint(&shard->value, tile->series);
    layout_put_planes(shard->layouts, tile, &shard->value);
    put(shard);
}

static void model_key(struct shard *shard, char name)
{
    buf_reset(&shard->key);
    buf_byte(&shard->key, 'm');
    buf_byte(&shard->key, (unsigned char)name);
    buf_reset(&shard->value);
}

static void seal_models(struct shard *shard)
{
    if (shard->models_changed && shard->forecaster) {
        model_key(shard, 'f');
        forecaster_save(shard->forecaster, &shard->value);
        put(shard);
        model_key(shard, 't');
        tails_save(shard->tails, &shard->value);
        put(shard);
        for (int part = -1; shard->encoder && part < AUTOENCODER_COHORTS; part++) {
            model_key(shard, 'x');
            buf_byte(&shard->key, (unsigned char)(part + 1));
            if (autoencoder_save(shard->encoder, part, &shard->value)) {
                put(shard);
            }
        }
        if (shard->combine) {
            model_key(shard, 'w');
            combine_save(shard->combine, &shard->value);
            put(shard);
        }
    }
    if (shard->models_changed && shard->forecaster) {
        model_key(shard, 'p');
        proof_save(forecaster_proof(shard->forecaster), &shard->value);
        put(shard);
    }
    learning_seal(shard);
    if (shard->report_due) { /* for readers: what the shard says of its forecasts */
        model_key(shard, 'j');
        learning_json(shard, &shard->value);
        put(shard);
        shard->report_due = false;
    }
    if (shard->checks_changed && shard->linecheck) {
        model_key(shard, 'c');
        linecheck_save(shard->linecheck, &shard->value);
        put(shard);
    }
    if (shard->feed_changed) {
        model_key(shard, 'e');
        feed_save(shard->feed, &shard->value);
        put(shard);
    }
    if (shard->crowd.changed) {
        model_key(shard, 'k');
        crowd_save(&shard->crowd, &shard->value);
        put(shard);
    }
    shard->models_changed = false;
    shard->checks_changed = false;
    shard->feed_changed = false;
    shard->crowd.changed = false;
}

static void seal_header(struct shard *shard)
{
    buf_reset(&shard->key);
    buf_byte(&shard->key, 'h');
    struct buf *out = &shard->value;
    buf_reset(out);
    buf_varint(out, RECORD_VERSION);
    buf_varint(out, (int64_t)shard->plan->settings_ref->state_hash);
    buf_varint(out, shard->plan->partitions);
    buf_varint(out, shard->next_offset);
    buf_varint(out, (int64_t)shard->sequence);
    buf_varint(out, shard->started);
    buf_varint(out, shard->closed);
    buf_varint(out, shard->until);
    buf_varint(out, shard->closing);
    buf_varint(out, shard->next_tile);
    buf_varint(out, shard->closing_tiles);
    buf_varint(out, shard->tile_count);
    buf_varint(out, shard->silent);
    buf_varint(out, shard->feed_hour);
    buf_varint(out, shard->tally.count);
    for (uint32_t i = 0; i < shard->tally.count; i++) {
        buf_varint(out, shard->tally.bucket[i]);
        buf_varint(out, shard->tally.units[i]);
    }
    buf_varint(out, shard->groups.count);
    for (uint32_t i = 0; i < shard->groups.count; i++) {
        struct slice name = slice_of(shard->groups.name[i]);
        buf_varint(out, (int64_t)shard->groups.key[i]);
        buf_varint(out, (int64_t)name.bytes);
        buf_slice(out, name);
    }
    sources_save(shard->sources, out);
    put(shard);
}

void record_seal(struct shard *shard)
{
    layouts_seal(shard->layouts, shard->outbox, shard->partition);
    for (size_t i = 0; i < shard->dirty_count; i++) {
        seal_series(shard, shard->dirty[i]);
    }
    shard->dirty_count = 0;
    for (uint32_t t = 0; t < shard->tile_count; t++) {
        seal_tile(shard, t);
        short_ring_seal(shard, t);
    }
    dedup_seal(shard->fingerprints, shard->outbox, shard->partition);
    dedup_seal(shard->stock_fingerprints, shard->outbox, shard->partition);
    cancel_seal(shard->cancel, shard->outbox, shard->partition);
    items_seal(shard->items, shard->outbox, shard->partition);
    book_seal(shard->book, shard->outbox, shard->partition);
    watch_seal(shard->watch, shard->outbox, shard->partition);
    alert_table_seal(shard->alerts, shard->partition);
    seal_models(shard);
    subday_seal(shard);
    seal_header(shard);
}

void record_forget_series(struct shard *shard, uint32_t series)
{
    series_key(&shard->key, series_sku(shard->series, series),
               series_location(shard->series, series));
    outbox_add(shard->outbox, TOPIC_STATE, shard->partition, view(&shard->key), (struct slice){0});
}

/* --- reading
 * ----------------------------------------------------------------------------------------------------
 */

static struct status *corrupt(const struct shard *shard, struct slice key)
{
    return status_new(
        STATUS_CORRUPT,
        "state record '%c' of %zu bytes of key in partition %" PRId32
        " is not what this program writes: the state topic was changed by hand or by another "
        "program; restore it, or start anew with another `application`",
        key.bytes ? key.data[0] : ' ', key.bytes, shard->partition);
}

static bool split_series_key(struct slice key, struct slice *sku, struct slice *location)
{
    struct cursor in = cursor_of((struct slice){key.data + 1, key.bytes - 1});
    *sku = cursor_slice(&in);
    *location = cursor_bytes(&in, (size_t)(in.end - in.at));
    return in.ok && key.bytes < KEY_TEXT_MAX;
}

static bool load_stock(struct shard *shard, uint32_t series, struct cursor *in)
{
    if (!cursor_between(in, 0, 1)) {
        return in->ok;
    }
    struct stock_entry *stock = decide_stock(shard, series);
    stock = stock ? stock : decide_stock_new(shard, series);
    struct slice rest = {(const char *)in->at, (size_t)(in->end - in->at)};
    struct status *st = position_load(&rest, &stock->position);
    st = st ? st : proposal_load(&rest, &stock->proposal);
    in->at = (const unsigned char *)rest.data;
    bool ok = !st;
    status_free(st);
    return ok;
}

static bool load_open_cells(struct shard *shard, uint32_t series, struct cursor *in)
{
    int64_t count = cursor_between(in, 0, TILE_SLOTS_MAX);
    /* A later record of the series says all of its open cells anew. */
    struct open_cell start = {.bucket = INT64_MIN, .series = series};
    buf_put(&shard->open_cells, &start, sizeof start);
    for (int64_t i = 0; i < count && in->ok; i++) {
        struct open_cell cell = {.series = series};
        cell.bucket = cursor_varint(in);
        cell.units = cursor_between(in, 0, INT64_MAX / 2);
        cell.flags = (uint32_t)cursor_between(in, 0, RING_FLAGS);
        buf_put(&shard->open_cells, &cell, sizeof cell);
    }
    return in->ok;
}

static bool load_series(struct shard *shard, struct slice key, struct slice value)
{
    struct slice sku, location;
    if (!split_series_key(key, &sku, &location)) {
        return false;
    }
    uint32_t known = series_find(shard->series, sku, location);
    if (!value.data) {
        if (known != SERIES_NONE) {
            decide_stock_drop(shard, known);
            tile_clear_series(shard->plan, shard_tile(shard, known), shard_row(known));
            series_remove(shard->series, known);
        }
        return true;
    }
    struct cursor in = cursor_of(value);
    (void)cursor_between(&in, RECORD_VERSION, RECORD_VERSION);
    uint32_t series = (uint32_t)cursor_between(&in, 0, (int64_t)TILES_MAX * PLAN_TILE_SERIES - 1);
    if (!in.ok || (known != SERIES_NONE && known != series)) {
        return false;
    }
    if (known == SERIES_NONE) {
        if (!series_add_at(shard->series, series, sku, location)) {
            return false;
        }
        shard_make_tiles(shard, series);
    }
    struct tile *tile = shard_tile(shard, series);
    if (shard_row(series) >= tile->series) {
        tile->series = shard_row(series) + 1;
    }
    return layout_get_row(shard->layouts, tile, shard_row(series), &in) &&
           load_stock(shard, series, &in) && load_open_cells(shard, series, &in) &&
           short_ring_get_open(shard, series, &in) && cursor_done(&in);
}

/* Puts the cells at once; whether the bucket still belongs to the window is known only at the end,
 * so its number is kept beside. */
static bool load_slot(struct shard *shard, struct slice key, struct slice value)
{
    if (key.bytes != 7 || !value.data) {
        return false;
    }
    uint32_t tile_index = get_be(key.data + 1, 4), slot = get_be(key.data + 5, 2);
    struct cursor in = cursor_of(value);
    int64_t bucket = cursor_varint(&in);
    uint32_t series = (uint32_t)cursor_between(&in, 0, PLAN_TILE_SERIES);
    if (!in.ok || tile_index >= TILES_MAX || slot >= shard->plan->slots ||
        tile_slot(shard->plan, bucket) != slot) {
        return false;
    }
    shard_make_tiles(shard, tile_index * PLAN_TILE_SERIES);
    struct tile *tile = shard->tiles[tile_index];
    uint16_t *cells = tile->cells + (size_t)slot * PLAN_TILE_SERIES;
    for (uint32_t i = 0; i < series; i++) {
        ring_set(shard->overflow, &cells[i], tile_index * PLAN_TILE_SERIES + i, slot,
                 cursor_between(&in, 0, INT64_MAX / 2));
    }
    uint8_t flags[PLAN_TILE_SERIES] = {0};
    if (in.ok && in.at < in.end) {
        cursor_raw(&in, flags, series);
    }
    for (uint32_t i = 0; i < PLAN_TILE_SERIES; i++) {
        ring_unflag(&cells[i], RING_FLAGS);
        ring_flag(&cells[i], flags[i]);
        in.ok = in.ok && !(flags[i] & ~RING_FLAGS);
    }
    tile->slot_bucket[slot] = bucket;
    return cursor_done(&in);
}

static bool load_tile(struct shard *shard, struct slice key, struct slice value)
{
    if (key.bytes != 5 || !value.data) {
        return false;
    }
    uint32_t tile_index = get_be(key.data + 1, 4);
    struct cursor in = cursor_of(value);
    (void)cursor_between(&in, RECORD_VERSION, RECORD_VERSION);
    int64_t closed = cursor_varint(&in);
    uint32_t series = (uint32_t)cursor_between(&in, 0, PLAN_TILE_SERIES);
    if (!in.ok || tile_index >= TILES_MAX) {
        return false;
    }
    shard_make_tiles(shard, tile_index * PLAN_TILE_SERIES);
    struct tile *tile = shard->tiles[tile_index];
    tile->closed = closed;
    tile->series = series > tile->series ? series : tile->series;
    bool network = layout_holds(shard->layouts, in, FORECASTER_NETWORK_COLUMN);
    bool good = layout_get_planes(shard->layouts, tile, series, &in) && cursor_done(&in);
    if (good && tile->gru && !network) {
        forecaster_adopt_network(&tile->forecast, PLAN_TILE_SERIES);
    }
    return good;
}

static struct status *load_model(struct shard *shard, struct slice key, struct slice value)
{
    char name = key.bytes >= 2 && value.data ? key.data[1] : ' ';
    if (name == 'l') {
        return learning_restore(shard, key, value);
    }
    if (key.bytes == 3 && name == 'x') { /* off now: forgotten */
        return shard->encoder ? autoencoder_load(shard->encoder, key.data[2] - 1, value) : NULL;
    }
    name = key.bytes == 2 ? name : ' ';
    if (name == 'e') {
        return feed_load(shard->feed, value);
    }
    if (name == 'k') {
        return crowd_load(value, &shard->crowd);
    }
    if (!shard->forecaster) {
        return NULL; /* pipeline.forecast is off now: forgotten */
    }
    switch (name) {
    case 'f':
        return forecaster_load(shard->forecaster, value);
    case 't':
        return tails_load(shard->tails, value);
    case 'w': /* no detector any more: forgotten */
        return shard->combine ? combine_load(shard->combine, value) : NULL;
    case 'c':
        return linecheck_load(shard->linecheck, value);
    case 'j':
        return NULL;
    case 'p':
        return proof_load(forecaster_proof(shard->forecaster), value) ? NULL : corrupt(shard, key);
    default:
        return corrupt(shard, key);
    }
}

static struct status *check_header(const struct shard *shard, int64_t hash, int64_t partitions)
{
    if (partitions != shard->plan->partitions) {
        return status_new(
            STATUS_STATE,
            "the state of partition %" PRId32 " was made with %" PRId64
            " partitions of `%s`, now there are %" PRId32
            ": a different number needs a new `application` and empty internal topics",
            shard->partition, partitions, shard->plan->settings_ref->stream.topics[TOPIC_LINES],
            shard->plan->partitions);
    }
    if ((uint64_t)hash != shard->plan->settings_ref->state_hash) {
        return status_new(
            STATUS_STATE,
            "the state of partition %" PRId32
            " was made with another time.bucket, time.zone, time.max_lead, plan.window or "
            "application: set them back, or start anew with another `application` and empty "
            "internal topics",
            shard->partition);
    }
    return NULL;
}

static void load_groups(struct group_names *groups, struct cursor *in)
{
    groups->count = (uint32_t)cursor_between(in, 0, GROUPS_MAX);
    for (uint32_t i = 0; i < groups->count; i++) {
        groups->key[i] = (uint64_t)cursor_varint(in);
        struct slice name = cursor_slice(in);
        if (name.bytes >= GROUP_NAME_BYTES) {
            in->ok = false;
            return;
        }
        memset(groups->name[i], 0, GROUP_NAME_BYTES);
        if (name.bytes) {
            memcpy(groups->name[i], name.data, name.bytes);
        }
    }
}

static struct status *load_header(struct shard *shard, struct slice key, struct slice value)
{
    struct cursor in = cursor_of(value);
    (void)cursor_between(&in, RECORD_VERSION, RECORD_VERSION);
    int64_t hash = cursor_varint(&in), partitions = cursor_varint(&in);
    if (!in.ok) {
        return corrupt(shard, key);
    }
    TRY(check_header(shard, hash, partitions));
    shard->next_offset = cursor_between(&in, -1, INT64_MAX);
    shard->sequence = (uint64_t)cursor_between(&in, 0, INT64_MAX);
    shard->started = cursor_between(&in, 0, 1) != 0;
    shard->closed = cursor_varint(&in);
    shard->until = cursor_varint(&in);
    shard->closing = cursor_between(&in, 0, 1) != 0;
    shard->next_tile = (uint32_t)cursor_between(&in, 0, TILES_MAX);
    shard->closing_tiles = (uint32_t)cursor_between(&in, 0, TILES_MAX);
    uint32_t tiles = (uint32_t)cursor_between(&in, 0, TILES_MAX);
    shard->silent = cursor_between(&in, 0, 1) != 0;
    shard->feed_hour = cursor_varint(&in);
    shard->tally.count = (uint32_t)cursor_between(&in, 0, TALLY_MAX);
    for (uint32_t i = 0; i < shard->tally.count; i++) {
        shard->tally.bucket[i] = cursor_varint(&in);
        shard->tally.units[i] = cursor_varint(&in);
    }
    load_groups(&shard->groups, &in);
    struct slice rest = {(const char *)in.at, (size_t)(in.end - in.at)};
    if (!in.ok || shard->next_tile > shard->closing_tiles || shard->closing_tiles > tiles ||
        !sources_load(shard->sources, rest)) {
        return corrupt(shard, key);
    }
    if (tiles) {
        shard_make_tiles(shard, (tiles - 1) * PLAN_TILE_SERIES);
    }
    shard->header_seen = true;
    return NULL;
}

struct status *record_restore(struct shard *shard, struct slice key, struct slice value)
{
    bool ok = false;
    switch (key.bytes ? key.data[0] : '\0') {
    case 'h':
        return load_header(shard, key, value);
    case 'm':
        return load_model(shard, key, value);
    case 'u':
        return subday_restore(shard, key, value);
    case 'b':
        ok = short_ring_restore(shard, key, value);
        break;
    case 'l':
        ok = layouts_restore(shard->layouts, key, value);
        break;
    case 's':
        ok = load_series(shard, key, value);
        break;
    case 'c':
        ok = load_slot(shard, key, value);
        break;
    case 't':
        ok = load_tile(shard, key, value);
        break;
    case 'f':
        ok = dedup_restore(shard->fingerprints, key, value);
        break;
    case 'g':
        ok = dedup_restore(shard->stock_fingerprints, key, value);
        break;
    case 'o':
    case 'w':
        ok = cancel_restore(shard->cancel, key, value);
        break;
    case 'v':
        ok = book_restore(shard->book, key, value);
        break;
    case 'n':
        ok = watch_restore(shard->watch, key, value);
        break;
    case 'i':
        ok = items_restore(shard->items, key, value);
        break;
    case 'a':
        ok = true;
        if (value.data) {
            ok = alert_table_restore(shard->alerts, key, value);
        } else {
            alert_table_restore_gone(shard->alerts, key);
        }
        break;
    default:
        break;
    }
    return ok ? NULL : corrupt(shard, key);
}

/* Cells that fell out of the window while nothing was written about their slot. */
static void clear_stale(struct shard *shard, uint32_t tile_index)
{
    struct tile *tile = shard->tiles[tile_index];
    for (uint32_t slot = 0; slot < shard->plan->slots; slot++) {
        int64_t bucket = tile->slot_bucket[slot];
        /* Either may be INT64_MIN: nothing read of the slot, no order line yet. */
        if (bucket != INT64_MIN && bucket <= tile->closed &&
            (uint64_t)tile->closed - (uint64_t)bucket < shard->plan->window) {
            continue;
        }
        for (uint32_t i = 0; i < PLAN_TILE_SERIES; i++) {
            ring_set(shard->overflow, &tile->cells[(size_t)slot * PLAN_TILE_SERIES + i],
                     tile_index * PLAN_TILE_SERIES + i, slot, 0);
        }
        tile_clear_slot(shard->plan, tile, slot);
    }
}

static void set_open(struct shard *shard, const struct open_cell *cell, int64_t bucket)
{
    uint32_t slot = tile_slot(shard->plan, bucket);
    size_t place = (size_t)slot * PLAN_TILE_SERIES + shard_row(cell->series);
    struct tile *tile = shard_tile(shard, cell->series);
    ring_set(shard->overflow, &tile->cells[place], cell->series, slot, cell->units);
    ring_unflag(&tile->cells[place], RING_FLAGS);
    ring_flag(&tile->cells[place], (uint8_t)cell->flags);
}

static void put_open(struct shard *shard)
{
    struct open_cell cell;
    for (size_t at = 0; at + sizeof cell <= shard->open_cells.bytes; at += sizeof cell) {
        memcpy(&cell, shard->open_cells.data + at, sizeof cell);
        if (!series_live(shard->series, cell.series)) {
            continue;
        }
        int64_t closed = shard_tile(shard, cell.series)->closed;
        int64_t last = closed + (int64_t)shard->plan->open;
        if (cell.bucket == INT64_MIN) {
            for (int64_t bucket = closed + 1; bucket <= last; bucket++) {
                set_open(shard, &cell, bucket);
            }
        } else if (cell.bucket > closed && cell.bucket <= last) {
            set_open(shard, &cell, cell.bucket);
        }
    }
    buf_fini(&shard->open_cells);
}

struct status *record_restored(struct shard *shard)
{
    for (uint32_t t = 0; t < shard->tile_count; t++) {
        struct tile *tile = shard->tiles[t];
        if (shard->header_seen && tile->closed < shard->closed) {
            tile->closed = shard->closed; /* a tile made after the last close has no record yet */
        }
        clear_stale(shard, t);
        free(tile->slot_bucket);
        tile->slot_bucket = NULL;
    }
    put_open(shard);
    TRY(learning_restored(shard));
    if (!subday_restored(shard) || !dedup_restored(shard->fingerprints) ||
        !dedup_restored(shard->stock_fingerprints) || !cancel_restored(shard->cancel) ||
        !alert_table_restored(shard->alerts)) {
        return status_new(
            STATUS_CORRUPT,
            "the state of partition %" PRId32
            " is incomplete: records that belong together are missing; was the state topic "
            "not compacted but cut (cleanup.policy must be compact)?",
            shard->partition);
    }
    shard->dirty_count = 0;
    return NULL;
}
