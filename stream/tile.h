/* Tile: a fixed block of 256 series as struct of arrays; never moves, never resized. Columns of
 * stream/, model/ and anomaly/ are carved from one 64-byte-aligned block by their tables.
 *
 *     | ring u16 [slots, N] | stream rows | forecaster ... | tails ... | linecheck rows | ...
 *
 * Where the bucket is shorter than a day, the ring above holds days, and a second ring of the same
 * form holds buckets (stream/short_ring.c); else there is none, and no column of it.
 *
 * Cell of bucket b: slot = b mod slots. Writable buckets of a tile: (closed - W, closed + K]; the
 * cell of a bucket that leaves the window is cleared when the bucket K ahead may be written. Owner:
 * the shard. */
#ifndef RESTOCK_TILE_H
#define RESTOCK_TILE_H

#include "anomaly/autoencoder.h"
#include "anomaly/linecheck.h"
#include "anomaly/tails.h"
#include "anomaly/trace.h"
#include "config/base/pages.h"
#include "model/forecaster.h"
#include "stream/plan.h"

/* What stream/ itself keeps of a series: half a cache line. Buckets are + 1, so that 0 is none. */
struct stream_row {
    int32_t first; /* bucket of the first sale + 1; 0: never sold */
    int32_t last; /* newest bucket with a sale + 1 */
    uint32_t price; /* last unit price, minor units, + 1, as column_d32; 0: none seen */
    uint32_t stock; /* index + 1 into the shard's stock; 0: never reported */
    uint32_t trigger; /* stock level at or below which a stock-out is announced, + 2, as column_d32;
                         0: not computed */
    int32_t emitted; /* origin of the last forecast emitted + 1; 0: none */
    float emitted_mean; /* its mean and 0.9 quantile of the longest sum */
    float emitted_high;
};

struct stream_cols {
    struct stream_row *row; /* [N] */
};

extern const struct column_table stream_column_table;

struct short_cols { /* of series whose buckets are shorter than a day */
    int64_t *trigger; /* [N] as stream_cols.trigger, of the day under way; 0: that of its start */
    uint8_t *group; /* [N] row of the profile, as of the last day; 0: no day has closed */
};

extern const struct column_table short_column_table;

struct tile {
    /* What a line reads: the first cache line. */
    uint16_t *cells; /* [slots, N] units and flags; see stream/ring.h */
    struct stream_cols cols;
    struct linecheck_cols linecheck;
    struct trace_cols trace;
    int64_t closed; /* last closed bucket */
    uint32_t series; /* N: one past the highest index ever used */
    bool cold_dirty;
    bool gru; /* there is a base model: its states are carved, too */
    bool shorts; /* buckets are shorter than a day: so are these */
    bool traced; /* there is a detector: what it looks at is carved, too */
    bool encoded; /* there is an autoencoder */
    bool own_block;
    unsigned char *block;
    struct forecaster_cols forecast;
    struct tails_cols tails;
    struct autoencoder_cols encoder;
    struct short_cols short_cols;
    uint16_t *short_units; /* [short slots, N]; cells of stream/ring.h without flags */
    uint8_t *short_flags; /* [short slots, N] */
    int64_t short_closed; /* last closed bucket; closed is a day then */
    uint64_t *short_dirty; /* [short slots / 64] */
    int64_t *short_bucket; /* [short slots] during restore only */
    uint64_t dirty_slots[16]; /* bit set: cells of closed buckets to save */
    int64_t *slot_bucket; /* [slots] during restore only: whose cells a slot holds */
};

enum { TILE_SLOTS_MAX = 16 * 64, TILE_SHORTS_MAX = 4096 };

/* pages: of blocks of tile_bytes, where the tile's memory stays; NULL: its own. NULL: no memory */
struct tile *tile_create_in(const struct plan *plan, int64_t closed, struct pages *pages);
struct tile *tile_create(const struct plan *plan, int64_t closed);
void tile_destroy(struct tile *tile);
/* Without memory: says which tables the tiles of a plan have. */
struct tile tile_prototype(const struct plan *plan);
size_t tile_bytes(const struct plan *plan); /* of a block */
void tile_clear_series(const struct plan *plan, struct tile *tile,
                       uint32_t row); /* all columns zero, for reuse of an index */
void tile_clear_slot(const struct plan *plan, struct tile *tile,
                     uint32_t slot); /* cells only; overflows are the caller's */

/* All tables in the order of the block, with the struct their pointers live in. */
enum { TILE_TABLES = 8 };
_Static_assert((int)TRACE_TILE == (int)PLAN_TILE_SERIES, "traces know the size of a tile");
struct tile_table {
    const struct column_table *table;
    void *cols;
};
void tile_tables(struct tile *tile, struct tile_table out[TILE_TABLES]);

/* Stock level at which a stock-out is announced, as of the last close; see stream_row.trigger. */
static inline int64_t tile_trigger(const struct tile *tile, uint32_t row)
{
    int64_t now = tile->shorts ? tile->short_cols.trigger[row] : 0;
    return now ? now : column_d32(tile->cols.row[row].trigger);
}

static inline uint32_t tile_slot(const struct plan *plan, int64_t bucket)
{
    if (bucket >= 0 && bucket <= UINT32_MAX) { /* from 1970 on: a shorter division */
        return (uint32_t)bucket % plan->slots;
    }
    int64_t slot = bucket % (int64_t)plan->slots;
    return (uint32_t)(slot < 0 ? slot + (int64_t)plan->slots : slot);
}

#endif
