/* A shard without Kafka: a log of lines is applied, outputs are collected, state records are kept
 * as a compacted topic would. */
#ifndef RESTOCK_SHARD_FIXTURE_H
#define RESTOCK_SHARD_FIXTURE_H

#include "config/base/rng.h"
#include "stream/line.h"
#include "stream/plan.h"
#include "stream/shard.h"

enum { FIXTURE_DAY_MS = 86400000 };
#define FIXTURE_START_MS INT64_C(1600041600000) /* 2020-09-14, a Monday */

/* Encoded lines, in order. */
struct fixture_log {
    struct buf bytes;
    struct buf keys;
    size_t count, capacity;
    size_t (*at)[4]; /* value offset, value bytes, key offset, key bytes */
};

/* One state record as the topic holds it. */
struct fixture_state {
    struct buf key, value;
    bool tombstone;
};

struct fixture {
    struct settings settings;
    struct plan *plan;
    struct outbox *outbox;
    struct shard *shard;
    struct buf outputs; /* all outputs: topic, key, value, in order of commits, for comparison */
    struct fixture_state *state;
    size_t state_count, state_capacity;
    int64_t offset; /* committed */
    uint64_t sequence;
    uint64_t commits;
    struct shard_counts total; /* of shards that are gone */
};

/* sets: --set arguments, may be NULL. */
void fixture_init(struct fixture *fixture, const char *const *sets, size_t set_count);
void fixture_fini(struct fixture *fixture);
void fixture_apply(struct fixture *fixture, const struct fixture_log *log, size_t index);
/* Lines from..from + count - 1 as one batch; returns how many were applied. */
size_t fixture_apply_batch(struct fixture *fixture, const struct fixture_log *log, size_t from,
                           size_t count, size_t outbox_limit);
void fixture_commit(struct fixture *fixture);
/* Lose everything that is not committed, and start anew from the state topic; returns the next
 * offset. */
int64_t fixture_restart(struct fixture *fixture);
/* Order is promised per key: lines of outputs, sorted by topic and key, equal ones in the order
 * they came. */
void fixture_sort(struct buf *outputs);
/* Equal? Else stderr says where they differ. */
bool fixture_same(const struct buf *expected, const struct buf *found);
/* Whole log, with a commit after each `commit_every` lines. */
void fixture_run(struct fixture *fixture, const struct fixture_log *log, size_t commit_every);

void fixture_log_fini(struct fixture_log *log);
void fixture_add(struct fixture_log *log, const struct line *line);
void fixture_order(struct fixture_log *log, const char *sku, int64_t event_ms, int64_t quantity,
                   const char *customer, uint64_t fingerprint);
/* A line of a basket of a dozen, nobody's order. */
void fixture_sale(struct fixture_log *log, const char *sku, const char *location, int64_t event_ms,
                  int64_t quantity, int64_t price);
void fixture_stock(struct fixture_log *log, const char *sku, enum stock_kind kind, int64_t event_ms,
                   int64_t quantity, const char *reference);
void fixture_item(struct fixture_log *log, const char *sku, double lead_days, double review_days,
                  int64_t minimum, int64_t pack);
void fixture_tick(struct fixture_log *log, int32_t partition, int64_t mark_ms,
                  enum tick_state state, int64_t units);
/* A shop of `products` over `days`: sales, stock counts, receipts, cancellations, duplicates, late
 * lines; one orders partition. */
void fixture_shop(struct fixture_log *log, int products, int days, uint64_t seed);

#endif
