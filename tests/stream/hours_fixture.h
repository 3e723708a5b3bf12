/* A shop told by the hour, for shards whose buckets are shorter than a day. */
#ifndef RESTOCK_HOURS_FIXTURE_H
#define RESTOCK_HOURS_FIXTURE_H

#include "tests/stream/shard_fixture.h"

enum { HOUR_MS = 3600000 };

/* A tick that counts what sold in one hour. */
void hours_tick(struct fixture_log *log, int64_t mark_ms, int64_t hour_ms, int64_t units);
/* `products` over `days` from FIXTURE_START_MS, opening hours 8 to 20, with a peak at noon: sales,
 * cancellations, duplicates, late lines, stock of every third product; a tick each hour. */
void hours_shop(struct fixture_log *log, int products, int days, uint64_t seed);
/* Dump of a series at main, ended by a zero; the caller frees it. */
struct buf hours_dump(const struct fixture *fixture, const char *sku);
/* The text between `from` and the next `to` behind it, or nothing. */
struct slice hours_between(struct slice text, const char *from, const char *to);

#endif
