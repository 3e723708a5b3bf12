/* Inside of a shard: shared by apply.c (lines), close.c (closed buckets), subday*.c (short ones),
 * decide.c (stock and proposals), record.c (state) and shard.c (life cycle), and nobody else.
 *
 * Time inside a shard. `until` is the bucket up to which the watermark has passed; `closed` the
 * last bucket that all tiles have closed; between them one bucket is being closed tile by tile,
 * always in tile order, so that shard-level statistics see one order:
 *
 *     closed = 10      closing 11: tiles 0 1 2 [3] 4 5      until = 12
 *                                           ^ next
 *
 * A line of a tile that has not reached `until` first closes everything up to that tile; items,
 * feedback and new series close everything. So what a line sees does not depend on how far
 * shard_work had come. */
#ifndef RESTOCK_SHARD_STATE_H
#define RESTOCK_SHARD_STATE_H

#include "anomaly/combine.h"
#include "anomaly/early.h"
#include "anomaly/feed.h"
#include "anomaly/tails.h"
#include "config/base/arena.h"
#include "config/base/hash.h"
#include "model/forecaster.h"
#include "model/learner.h"
#include "model/proof.h"
#include "optimize/proposal.h"
#include "stream/alert_table.h"
#include "stream/book.h"
#include "stream/watch.h"
#include "stream/cancel.h"
#include "stream/dedup.h"
#include "stream/event.h"
#include "stream/crowd.h"
#include "stream/items.h"
#include "stream/layout.h"
#include "stream/line.h"
#include "stream/plan.h"
#include "stream/ring.h"
#include "stream/shard.h"
#include "stream/short_ring.h"
#include "stream/sources.h"
#include "stream/subday.h"
#include "stream/tile.h"

/* Stock side of a series; only for those whose stock was ever reported. */
struct stock_entry {
    uint32_t series;
    struct position position;
    struct proposal proposal;
};

/* Units of the whole shop by bucket, as the ticks of all sources say; the only knowledge that
 * crosses shards. */
enum { TALLY_MAX = 128, SHARD_TILES_MAX = 1 << 20 };
struct tally {
    int64_t bucket[TALLY_MAX];
    int64_t units[TALLY_MAX];
    uint32_t count;
};

/* Names of the groups (countries, categories) that ticks have told of, so that an alert about one
 * can say its name. Sources are named by input and partition. */
enum { GROUPS_MAX = 64, GROUP_NAME_BYTES = 48 };
struct group_names {
    uint32_t count;
    uint64_t key[GROUPS_MAX];
    char name[GROUPS_MAX][GROUP_NAME_BYTES];
};

static inline uint64_t shard_source_key(enum line_input input, int32_t partition)
{
    return hash_mix((((uint64_t)input + 1) << 32) | (uint32_t)partition);
}

struct close_scratch { /* of one tile */
    float *units; /* [N, W] */
    uint8_t *flags; /* [N, W] */
    uint32_t *age; /* [N] */
    uint8_t *want; /* [N] */
    struct window window; /* as gathered last: it points to these arrays */
    float *known; /* [N, 1 + WINDOW_AHEAD, WINDOW_KNOWN] */
    struct alert_signal *signals; /* [TAILS_KINDS * N] */
    struct buf key, value;
};

struct shard {
    const struct plan *plan;
    int32_t partition;
    struct outbox *outbox; /* borrowed */
    struct arena *arena; /* decoding of one line */
    struct layouts *layouts;

    struct series_table *series;
    struct pages tile_pages;
    struct tile **tiles;
    uint32_t tile_count, tile_capacity;
    struct ring_overflow *overflow;
    struct stock_entry **stock;
    uint32_t stock_count, stock_capacity, *stock_free, stock_free_count;
    uint8_t *dirty_mark; /* [tile_capacity * 256] */
    uint32_t *dirty; /* series to save */
    size_t dirty_count, dirty_capacity;

    struct dedup *fingerprints, *stock_fingerprints;
    struct cancel *cancel;
    struct bucket_memo days; /* derived */
    struct sources *sources;
    struct items *items;
    struct book *book; /* what suppliers and buyers have taught */
    struct watch *watch; /* paper shops of the learned policy */
    struct alert_table *alerts;
    struct feed *feed;
    struct forecaster *forecaster; /* these three: NULL with pipeline.forecast off */
    struct tails *tails;
    struct linecheck *linecheck;
    bool report_due; /* a close has ended: tell how its forecasts and its learning stand */
    struct learner *learner; /* NULL: weights stay as they are */
    struct autoencoder *encoder; /* NULL: anomaly.autoencoder is off */
    struct combine *combine; /* NULL: no detector, tails and linecheck decide alone */
    struct tally tally;
    struct group_names groups;
    struct crowd crowd; /* what categories say in the close under way */

    struct subday *subday; /* NULL: buckets are days or weeks; else these below are days */
    bool started; /* closed and until mean something: an order line was seen */
    int64_t closed, until; /* buckets */
    bool closing; /* bucket closed + 1 has begun */
    uint32_t next_tile, closing_tiles;
    bool silent; /* the bucket being closed: all order sources were silent */
    int64_t feed_hour; /* last hour evaluated; INT64_MIN: none */

    int64_t next_offset; /* -1: nothing read */
    uint64_t sequence;
    bool changed, models_changed, checks_changed, feed_changed; /* since the last seal */
    struct shard_counts counts;
    struct close_scratch scratch;
    struct buf key, value; /* scratch of records and events */

    bool header_seen; /* during restore only, as open_cells */
    struct learning_parts *learner_parts; /* so, too: records of the learner; see learning.c */
    struct buf open_cells; /* {series, bucket, units, flags} to be put when all tiles are known */
};

/* close.c */
bool close_pending(const struct shard *shard);
bool close_step(struct shard *shard); /* one tile, or the begin of a bucket; true: more to do */
void close_through(struct shard *shard,
                   uint32_t series); /* until the series' tile has reached `until` */
void close_all(struct shard *shard);
void close_gather(struct shard *shard, struct tile *tile, uint32_t tile_index, int64_t last,
                  struct window *window);
enum emit_mode close_emit_mode(const struct shard *shard, int64_t bucket);
bool close_material(const struct shard *shard, const struct tile *tile, uint32_t row,
                    const struct forecast_block *block, int64_t bucket);
void close_emit(struct shard *shard, uint32_t series, const struct forecast_block *block);
/* Why the forecast of a series whose tile's window was gathered last says what it says. */
bool close_explain(struct shard *shard, uint32_t series, struct explanation *why);
void close_match(void *context, const struct cancel_match *match);
bool close_all_silent(const struct shard *shard);
void close_step_alert(struct shard *shard, struct alert_signal *alert, uint32_t series,
                      int64_t now_ms);
void close_give_bucket(const struct shard *shard, const struct tile *tile, uint32_t series,
                       int64_t bucket);
/* window.known from bucket `at` on */
const float *close_known(struct shard *shard, const struct tile *tile, uint32_t index, int64_t at);
struct status *close_scratch_init(struct shard *shard) __attribute__((warn_unused_result));
void close_scratch_fini(struct shard *shard);
/* The demand forecast of one series as of its last close, for an event; rows of `block` are valid
 * until the next forecast. */
void close_forecast_one(struct shard *shard, uint32_t series, struct forecast_block *block);

/* decide.c */
struct stock_entry *decide_stock(const struct shard *shard,
                                 uint32_t series); /* NULL: never reported */
struct stock_entry *decide_stock_new(struct shard *shard, uint32_t series);
void decide_stock_drop(struct shard *shard, uint32_t series);
/* At a close: trigger level, proposal, stock-out and supply alerts of one series; row of block =
 * its row in the tile. */
void decide_close(struct shard *shard, uint32_t series, const struct forecast_block *block,
                  uint32_t row);
/* At the close of a bucket that ends no day: the trigger level for the rest of the day. */
void decide_short(struct shard *shard, uint32_t series, const struct forecast_block *block);
/* At an event that moved stock: the integer comparison, and the alert if it fires or may end. */
void decide_trigger(struct shard *shard, uint32_t series, int64_t now_ms);
void decide_feedback(struct shard *shard, const struct feedback_line *feedback);
struct position_rules decide_rules(const struct shard *shard);
int64_t decide_price(const struct shard *shard, uint32_t series); /* minor units; 0: unknown */

/* apply.c */
size_t apply_batch(struct shard *shard, const struct shard_record *records, size_t count,
                   size_t outbox_limit);

/* record.c */
void record_forget_series(struct shard *shard, uint32_t series); /* its tombstone */
void record_seal(struct shard *shard);
struct status *record_restore(struct shard *shard, struct slice key, struct slice value)
    __attribute__((warn_unused_result));
struct status *record_restored(struct shard *shard) __attribute__((warn_unused_result));

/* shard.c: cells and rows */
static inline struct tile *shard_tile(const struct shard *shard, uint32_t series)
{
    return shard->tiles[series / PLAN_TILE_SERIES];
}

static inline uint32_t shard_row(uint32_t series)
{
    return series % PLAN_TILE_SERIES;
}

static inline struct stream_row *shard_stream_row(const struct shard *shard, uint32_t series)
{
    return &shard_tile(shard, series)->cols.row[shard_row(series)];
}

int64_t shard_cell(const struct shard *shard, uint32_t series, int64_t bucket);
void shard_cell_set(struct shard *shard, uint32_t series, int64_t bucket, int64_t units);
void shard_cell_add(struct shard *shard, uint32_t series, int64_t bucket, int64_t units);
void shard_cell_flag(struct shard *shard, uint32_t series, int64_t bucket, uint8_t flags);
void shard_cell_unflag(struct shard *shard, uint32_t series, int64_t bucket, uint8_t flags);
void shard_touch(struct shard *shard, uint32_t series); /* its record is to be saved */
void shard_forget(struct shard *shard, uint32_t series); /* its name, record and index */
void shard_make_tiles(struct shard *shard, uint32_t series); /* so that the series has a tile */

#endif
