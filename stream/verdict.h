/* What judges a tile at a close beside tails: the learned judge, the autoencoder, and what makes
 * one alert of many. Inside of a shard, as stream/shard_state.h. */
#ifndef RESTOCK_VERDICT_H
#define RESTOCK_VERDICT_H

#include "stream/shard_state.h"

/* group.c: parents, inhibition. Signals of a tile, before they are told one by one. */
void group_tile(struct shard *shard, uint32_t tile_index, uint32_t count, int64_t now_ms);
/* Somebody else says it already: the signal opens nothing. */
void group_hold(struct shard *shard, uint32_t series, struct alert_signal *signal, int64_t now_ms);

/* verdict.c: the learned judge, where there is one */
void verdict_line(struct shard *shard, const struct order_line *order, uint32_t series,
                  int64_t bucket); /* before linecheck learns from it */
double verdict_budget(const struct shard *shard); /* false alarms that this close may cost */
/* Signals of a tile, at most one a series, in place of those that are there. */
void verdict_tile(struct shard *shard, struct tile *tile, uint32_t tile_index,
                  const struct tails_input *in, uint32_t *signal_count);
/* encode.c: more signals of a tile, for series that had none, from the autoencoder */
void encode_tile(struct shard *shard, struct tile *tile, uint32_t tile_index,
                 const struct tails_input *in, uint32_t *signal_count);
/* What the last verdict_tile said about one row, for an alert that is open. */
void verdict_signal(const struct shard *shard, struct tile *tile, const struct tails_input *in,
                    uint32_t row, enum alert_kind kind, struct alert_signal *out);
/* One incident, one alert: the signal takes the kind of the alert that is open or has just ended,
 * unless it is ten times less probable than that one's peak; then the old alert ends. */
void verdict_kind(struct shard *shard, uint32_t series, struct alert_signal *signal,
                  int64_t now_ms);
/* Once per close, before its tiles: lines of all series of the shard, and verdict_budget. */
void verdict_begin(struct shard *shard, int64_t bucket, double lines, double budget);

#endif
