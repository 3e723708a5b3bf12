#include "stream/short_ring.h"

#include "config/base/ensure.h"
#include "stream/shard_state.h"

#include <stdlib.h>

/* Overflows of both rings share a table: slots of this one come behind those of days. */
static uint32_t overflow_slot(uint32_t slot)
{
    return TILE_SLOTS_MAX + slot;
}

static size_t place(const struct shard *shard, uint32_t series, int64_t bucket)
{
    return (size_t)short_ring_slot(shard->plan, bucket) * PLAN_TILE_SERIES + shard_row(series);
}

bool short_ring_has(const struct shard *shard, int64_t bucket)
{
    const struct short_plan *shorts = &shard->plan->shorts;
    int64_t until = shard->subday->until;
    return bucket > until - (int64_t)shorts->window && bucket <= until + (int64_t)shorts->open;
}

int64_t short_ring_units(const struct shard *shard, uint32_t series, int64_t bucket)
{
    const uint16_t *cell = &shard_tile(shard, series)->short_units[place(shard, series, bucket)];
    return ring_get(shard->overflow, cell, series,
                    overflow_slot(short_ring_slot(shard->plan, bucket)));
}

uint8_t short_ring_flags(const struct shard *shard, uint32_t series, int64_t bucket)
{
    return shard_tile(shard, series)->short_flags[place(shard, series, bucket)];
}

static void note(struct shard *shard, uint32_t series, int64_t bucket)
{
    struct tile *tile = shard_tile(shard, series);
    if (bucket <= tile->short_closed) {
        uint32_t slot = short_ring_slot(shard->plan, bucket);
        tile->short_dirty[slot / 64] |= UINT64_C(1) << (slot % 64);
    } else {
        shard_touch(shard, series);
    }
}

static void set(struct shard *shard, uint32_t series, int64_t bucket, int64_t units)
{
    uint32_t slot = short_ring_slot(shard->plan, bucket);
    uint16_t *cell = &shard_tile(shard, series)->short_units[place(shard, series, bucket)];
    ring_set(shard->overflow, cell, series, overflow_slot(slot), units);
}

void short_ring_add(struct shard *shard, uint32_t series, int64_t bucket, int64_t units)
{
    int64_t sum = short_ring_units(shard, series, bucket) + units;
    set(shard, series, bucket, sum > 0 ? sum : 0);
    struct tile *tile = shard_tile(shard, series);
    if (bucket <= tile->short_closed) {
        tile->short_flags[place(shard, series, bucket)] |= WINDOW_CORRECTED;
    }
    note(shard, series, bucket);
}

void short_ring_flag(struct shard *shard, uint32_t series, int64_t bucket, uint8_t flags)
{
    uint8_t *cell = &shard_tile(shard, series)->short_flags[place(shard, series, bucket)];
    if ((*cell & flags) != flags) {
        *cell |= flags;
        note(shard, series, bucket);
    }
}

bool short_ring_tell_corrected(struct shard *shard, uint32_t series)
{
    struct tile *tile = shard_tile(shard, series);
    bool corrected = false;
    for (int64_t back = 0; back < (int64_t)shard->plan->shorts.window; back++) {
        int64_t bucket = tile->short_closed - back;
        uint8_t *cell = &tile->short_flags[place(shard, series, bucket)];
        if (*cell & WINDOW_CORRECTED) {
            *cell = (uint8_t)(*cell & ~WINDOW_CORRECTED);
            note(shard, series, bucket);
            corrected = true;
        }
    }
    return corrected;
}

static void clear_slot(struct shard *shard, struct tile *tile, uint32_t tile_index, uint32_t slot)
{
    uint16_t *units = tile->short_units + (size_t)slot * PLAN_TILE_SERIES;
    for (uint32_t i = 0; i < PLAN_TILE_SERIES; i++) {
        if (units[i] == RING_ESCAPE) {
            ring_set(shard->overflow, &units[i], tile_index * PLAN_TILE_SERIES + i,
                     overflow_slot(slot), 0);
        }
    }
    memset(units, 0, PLAN_TILE_SERIES * sizeof *units);
    memset(tile->short_flags + (size_t)slot * PLAN_TILE_SERIES, 0, PLAN_TILE_SERIES);
}

void short_ring_turn(struct shard *shard, struct tile *tile, uint32_t tile_index)
{
    const struct plan *plan = shard->plan;
    int64_t closed = tile->short_closed, leaving = closed - (int64_t)plan->shorts.window;
    uint32_t slot = short_ring_slot(plan, closed);
    tile->short_dirty[slot / 64] |= UINT64_C(1) << (slot % 64);
    for (uint32_t i = 0; i < tile->series && plan->sinks_ref && plan->sinks_ref->bucket; i++) {
        subday_give_bucket(shard, tile, tile_index * PLAN_TILE_SERIES + i, leaving);
    }
    slot = short_ring_slot(plan, leaving);
    ASSERT(slot == short_ring_slot(plan, closed + (int64_t)plan->shorts.open));
    clear_slot(shard, tile, tile_index, slot);
    tile->short_dirty[slot / 64] &= ~(UINT64_C(1) << (slot % 64));
}

/* --- state
 * ------------------------------------------------------------------------------------------------------
 */

static void seal_slot(struct shard *shard, uint32_t tile_index, uint32_t slot)
{
    const struct tile *tile = shard->tiles[tile_index];
    int64_t behind = tile->short_closed - (int64_t)slot, slots = shard->plan->shorts.slots;
    int64_t bucket = tile->short_closed - ((behind % slots) + slots) % slots;
    struct buf *key = &shard->key, *value = &shard->value;
    buf_reset(key);
    buf_byte(key, 'b');
    for (int shift = 24; shift >= 0; shift -= 8) {
        buf_byte(key, (unsigned char)(tile_index >> shift));
    }
    buf_byte(key, (unsigned char)(slot >> 8));
    buf_byte(key, (unsigned char)slot);
    buf_reset(value);
    buf_varint(value, bucket);
    size_t at = (size_t)slot * PLAN_TILE_SERIES;
    uint32_t before = 0;
    for (uint32_t i = 0; i < tile->series; i++) {
        if (tile->short_units[at + i] || tile->short_flags[at + i]) {
            buf_varint(value, i - before);
            buf_varint(value, ring_get(shard->overflow, &tile->short_units[at + i],
                                       tile_index * PLAN_TILE_SERIES + i, overflow_slot(slot)));
            buf_byte(value, tile->short_flags[at + i]);
            before = i;
        }
    }
    outbox_add(shard->outbox, TOPIC_STATE, shard->partition, buf_view(key), buf_view(value));
}

void short_ring_seal(struct shard *shard, uint32_t tile_index)
{
    struct tile *tile = shard->tiles[tile_index];
    for (uint32_t slot = 0; tile->shorts && slot < shard->plan->shorts.slots; slot++) {
        if (tile->short_dirty[slot / 64] >> (slot % 64) & 1) {
            seal_slot(shard, tile_index, slot);
            tile->short_dirty[slot / 64] &= ~(UINT64_C(1) << (slot % 64));
        }
    }
}

void short_ring_put_open(struct shard *shard, uint32_t series, struct buf *out)
{
    const struct tile *tile = shard_tile(shard, series);
    if (!tile->shorts) {
        return;
    }
    struct buf cells = {0};
    int64_t count = 0;
    for (int64_t ahead = 1; ahead <= (int64_t)shard->plan->shorts.open; ahead++) {
        int64_t bucket = tile->short_closed + ahead;
        size_t at = place(shard, series, bucket);
        if (tile->short_units[at] || tile->short_flags[at]) {
            count++;
            buf_varint(&cells, bucket);
            buf_varint(&cells, short_ring_units(shard, series, bucket));
            buf_byte(&cells, tile->short_flags[at]);
        }
    }
    buf_varint(out, count);
    buf_slice(out, buf_view(&cells));
    buf_fini(&cells);
}

struct open_short { /* bucket INT64_MIN: forget what was said of the series before */
    int64_t bucket, units;
    uint32_t series, flags;
};

bool short_ring_get_open(struct shard *shard, uint32_t series, struct cursor *in)
{
    if (!shard->subday) {
        return in->ok;
    }
    struct buf *open = &shard->subday->open_cells;
    int64_t count = cursor_between(in, 0, TILE_SHORTS_MAX);
    struct open_short start = {.bucket = INT64_MIN, .series = series};
    buf_put(open, &start, sizeof start);
    for (int64_t i = 0; i < count && in->ok; i++) {
        struct open_short cell = {.series = series};
        uint8_t flags;
        cell.bucket = cursor_varint(in);
        cell.units = cursor_between(in, 0, INT64_MAX / 2);
        cursor_raw(in, &flags, 1);
        cell.flags = flags;
        buf_put(open, &cell, sizeof cell);
    }
    return in->ok;
}

bool short_ring_restore(struct shard *shard, struct slice key, struct slice value)
{
    if (!shard->subday || key.bytes != 7 || !value.data) {
        return false;
    }
    const unsigned char *at = (const unsigned char *)key.data;
    uint32_t tile_index =
        (uint32_t)at[1] << 24 | (uint32_t)at[2] << 16 | (uint32_t)at[3] << 8 | at[4];
    struct cursor in = cursor_of(value);
    int64_t bucket = cursor_varint(&in);
    if (!in.ok || tile_index >= SHARD_TILES_MAX) {
        return false;
    }
    /* The key's slot was one of as many as the program had then: with another allowed lateness
     * there were more or fewer. The bucket says it all; of two records of one the later is newer.
     */
    uint32_t slot = short_ring_slot(shard->plan, bucket);
    shard_make_tiles(shard, tile_index * PLAN_TILE_SERIES);
    struct tile *tile = shard->tiles[tile_index];
    clear_slot(shard, tile, tile_index, slot);
    for (int64_t row = 0; in.ok && in.at < in.end;) {
        row += cursor_between(&in, 0, PLAN_TILE_SERIES - 1);
        int64_t units = cursor_between(&in, 0, INT64_MAX / 2);
        uint8_t flags;
        cursor_raw(&in, &flags, 1);
        if (!in.ok || row >= PLAN_TILE_SERIES) {
            return false;
        }
        size_t cell = (size_t)slot * PLAN_TILE_SERIES + (size_t)row;
        ring_set(shard->overflow, &tile->short_units[cell],
                 tile_index * PLAN_TILE_SERIES + (uint32_t)row, overflow_slot(slot), units);
        tile->short_flags[cell] = flags;
    }
    tile->short_bucket[slot] = bucket;
    return cursor_done(&in);
}

/* Cells that fell out of the window while nothing was written about their slot. */
static void clear_stale(struct shard *shard, uint32_t tile_index)
{
    struct tile *tile = shard->tiles[tile_index];
    for (uint32_t slot = 0; slot < shard->plan->shorts.slots; slot++) {
        int64_t bucket = tile->short_bucket[slot];
        if (bucket == INT64_MIN || bucket > tile->short_closed ||
            (uint64_t)tile->short_closed - (uint64_t)bucket >= shard->plan->shorts.window) {
            clear_slot(shard, tile, tile_index, slot);
        }
    }
}

static void put_open(struct shard *shard, const struct open_short *cell, int64_t bucket)
{
    set(shard, cell->series, bucket, cell->units);
    shard_tile(shard, cell->series)->short_flags[place(shard, cell->series, bucket)] =
        (uint8_t)cell->flags;
}

void short_ring_restored(struct shard *shard)
{
    for (uint32_t t = 0; t < shard->tile_count; t++) {
        clear_stale(shard, t);
        free(shard->tiles[t]->short_bucket);
        shard->tiles[t]->short_bucket = NULL;
    }
    struct buf *open = &shard->subday->open_cells;
    struct open_short cell;
    for (size_t at = 0; at + sizeof cell <= open->bytes; at += sizeof cell) {
        memcpy(&cell, open->data + at, sizeof cell);
        if (!series_live(shard->series, cell.series)) {
            continue;
        }
        int64_t closed = shard_tile(shard, cell.series)->short_closed;
        int64_t last = closed + (int64_t)shard->plan->shorts.open;
        if (cell.bucket == INT64_MIN) {
            for (int64_t bucket = closed + 1; bucket <= last; bucket++) {
                put_open(shard, &cell, bucket);
            }
        } else if (cell.bucket > closed && cell.bucket <= last) {
            put_open(shard, &cell, cell.bucket);
        }
    }
    buf_fini(open);
}
