/* What a process tells of its forecasts and its learning: numbers of shards added up, for /metrics;
 * one record of a shard as JSON, for the state topic, /api and inspect.
 *
 * Thread: the shard's worker fills, anybody reads a copy. */
#ifndef RESTOCK_LEARNING_REPORT_H
#define RESTOCK_LEARNING_REPORT_H

#include "config/base/buf.h"
#include "model/learner.h"
#include "model/proof.h"

struct learning_view { /* zero = no shard */
    uint32_t shards, learning; /* shards, and those that learn online */
    uint32_t generation; /* the highest that serves */
    uint64_t batches, events[LEARNER_EVENT_KINDS], faults;
    double loss, loss_weight; /* of batches */
    struct proof_cell proof[FORECAST_CLASSES][PROOF_SPANS];
    struct judge_score judged[JUDGE_NETS];
};

struct shard;
void learning_add(const struct shard *shard, struct learning_view *view);
void learning_join(struct learning_view *sum, const struct learning_view *view);
/* Prometheus text, names beginning restock_. */
void learning_metrics(const struct learning_view *view, struct buf *out);
/* One JSON object: generation, rolling losses and coverage, online against frozen, events. */
void learning_json(const struct shard *shard, struct buf *json);

#endif
