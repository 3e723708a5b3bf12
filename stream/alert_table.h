/* Alert table: the alerts of a shard, sparse, keyed by kind and series (or, for feeds, scope).
 * Steps an alert, writes its events, keeps what must be saved. The life cycle itself is
 * anomaly/alert.c.
 *
 * Owner: the shard. */
#ifndef RESTOCK_ALERT_TABLE_H
#define RESTOCK_ALERT_TABLE_H

#include "anomaly/alert.h"
#include "stream/outbox.h"
#include "stream/plan.h"
#include "stream/series.h"

struct alert_table;

/* names, outbox: borrowed. */
struct alert_table *alert_table_create(const struct plan *plan,
                                       const struct series_table *names_ref,
                                       struct outbox *outbox_ref);
void alert_table_destroy(struct alert_table *table);

/* NULL: no such alert. Valid until the next step or drop. */
const struct alert *alert_table_find(const struct alert_table *table, enum alert_kind kind,
                                     uint32_t series, uint64_t scope);
/* One step of the alert that the signal speaks of; creates it when the signal is WEAK or STRONG.
 * scope_name: for feeds. Returns the number of events written. now_ms is raised to the alert's own
 * last time if it is behind. */
uint32_t alert_table_step(struct alert_table *table, const struct alert_signal *signal,
                          struct slice scope_name, int64_t now_ms);
/* A person's word about the alert with this id; false: there is none. */
bool alert_table_judge(struct alert_table *table, struct slice alert_id, enum alert_verdict verdict,
                       int64_t now_ms, uint32_t *events);
/* Forget spent alerts, with tombstones for those that were told. Once per close. */
void alert_table_sweep(struct alert_table *table, int64_t now_ms);
/* At the end of a close: parents (without a product) that were not stepped in it hear that all is
 * quiet. Returns the number of events written. */
uint32_t alert_table_rest(struct alert_table *table, int64_t now_ms);
/* It is over: another incident of the series takes its place. Returns the number of events written.
 */
uint32_t alert_table_end(struct alert_table *table, enum alert_kind kind, uint32_t series,
                         uint64_t scope, int64_t now_ms);
/* Whether any alert of this series exists: cheap. */
bool alert_table_has(const struct alert_table *table, uint32_t series);
/* An open point anomaly of this series whose buckets are not to be learned from. */
bool alert_table_anomalous(const struct alert_table *table, uint32_t series);
/* Drop all of a series that is retired. */
void alert_table_forget(struct alert_table *table, uint32_t series);

bool alert_table_clean(const struct alert_table *table);
void alert_table_seal(struct alert_table *table, int32_t partition);
bool alert_table_restore(struct alert_table *table, struct slice key,
                         struct slice value); /* a record with key "a"... */
void alert_table_restore_gone(struct alert_table *table, struct slice key); /* a tombstone */
/* Alerts name their series; call after all series are restored. False: a record names a series that
 * is not there. */
bool alert_table_restored(struct alert_table *table);
/* Events written since the table was created, by enum alert_kind: [ALERT_KINDS]. */
const uint64_t *alert_table_told(const struct alert_table *table);
uint32_t alert_table_open(const struct alert_table *table);
size_t alert_table_bytes(const struct alert_table *table);

#endif
