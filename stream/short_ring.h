/* Short ring: the cells of buckets shorter than a day, the last two weeks of them and those that
 * are open. A part of the shard (stream/shard_state.h), only where plan->shorts says so.
 *
 * Day cells are not read from here: a line changes its bucket and its day at once, so a bucket that
 * has left this ring is amended in its day alone. State records: key "b" tile(4) slot(2), value
 * bucket, then for each series with a cell that is not zero: row less the row before, units, flags.
 * Cells of open buckets travel with their series, as those of days do. Owner: the shard. */
#ifndef RESTOCK_SHORT_RING_H
#define RESTOCK_SHORT_RING_H

#include "stream/cursor.h"
#include "stream/tile.h"

struct shard;

static inline uint32_t short_ring_slot(const struct plan *plan, int64_t bucket)
{
    int64_t slot = bucket % (int64_t)plan->shorts.slots;
    return (uint32_t)(slot < 0 ? slot + (int64_t)plan->shorts.slots : slot);
}

/* The bucket has cells: it is in the window or open, as of the watermark. */
bool short_ring_has(const struct shard *shard, int64_t bucket);
int64_t short_ring_units(const struct shard *shard, uint32_t series, int64_t bucket);
uint8_t short_ring_flags(const struct shard *shard, uint32_t series, int64_t bucket);
/* Add units, which may be negative (a cell never falls below 0), to a bucket that has cells. */
void short_ring_add(struct shard *shard, uint32_t series, int64_t bucket, int64_t units);
void short_ring_flag(struct shard *shard, uint32_t series, int64_t bucket, uint8_t flags);
/* Whether a closed bucket has changed since this was asked last: the next forecast says so. */
bool short_ring_tell_corrected(struct shard *shard, uint32_t series);
/* The bucket `window` back leaves; its cells are those of the bucket `open` ahead. */
void short_ring_turn(struct shard *shard, struct tile *tile, uint32_t tile_index);

/* State. Open cells are part of the record of their series. */
void short_ring_seal(struct shard *shard, uint32_t tile_index);
void short_ring_put_open(struct shard *shard, uint32_t series, struct buf *out);
bool short_ring_get_open(struct shard *shard, uint32_t series, struct cursor *in);
bool short_ring_restore(struct shard *shard, struct slice key, struct slice value);
void short_ring_restored(struct shard *shard);

#endif
