/* Slots, and the transaction of a PLAN worker: dirty shards sealed, sent, and after a failure
 * looked up in the committed offsets. */
#include "config/base/ensure.h"
#include "config/base/log.h"
#include "stream/worker_plan_parts.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

struct slot *worker_plan_slot(struct plan_worker *plan, int32_t partition)
{
    for (size_t i = 0; i < plan->slot_count; i++) {
        if (plan->slots[i].partition == partition && plan->slots[i].state != SLOT_FREE) {
            return &plan->slots[i];
        }
    }
    return NULL;
}

void worker_plan_drop(struct plan_worker *plan, struct slot *slot)
{
    if (slot->state == SLOT_RESTORING && plan->restore) {
        restore_drop(plan->restore, slot->partition);
    }
    shard_destroy(slot->shard);
    outbox_destroy(slot->outbox);
    *slot = (struct slot){0};
}

struct slot *worker_plan_new(struct plan_worker *plan, int32_t partition)
{
    for (size_t i = 0; i < plan->slot_count; i++) {
        if (plan->slots[i].state == SLOT_FREE) {
            plan->slots[i] = (struct slot){.partition = partition};
            return &plan->slots[i];
        }
    }
    struct slot *moved = realloc(plan->slots, (plan->slot_count + 1) * sizeof *moved);
    ASSERT(moved && "out of memory for shards");
    plan->slots = moved;
    plan->slots[plan->slot_count] = (struct slot){.partition = partition};
    return &plan->slots[plan->slot_count++];
}

struct mark worker_plan_mark(const struct member_place *place)
{
    struct mark mark = {.offset = place->offset};
    if (sscanf(place->metadata, "s=%" SCNu64, &mark.sequence) != 1) {
        mark.sequence = 0;
    }
    return mark;
}

bool worker_plan_same(struct mark a, struct mark b)
{
    return a.offset == b.offset && (a.offset < 0 || a.sequence == b.sequence);
}

static void add_counts(struct shard_counts *sum, const struct shard_counts *now,
                       struct shard_counts *before)
{
    sum->applied += now->applied - before->applied;
    sum->duplicate += now->duplicate - before->duplicate;
    sum->late += now->late - before->late;
    sum->stock_lines += now->stock_lines - before->stock_lines;
    sum->late_dropped += now->late_dropped - before->late_dropped;
    sum->forecasts += now->forecasts - before->forecasts;
    sum->alerts += now->alerts - before->alerts;
    sum->replenishments += now->replenishments - before->replenishments;
    sum->closes += now->closes - before->closes;
    sum->tiles_closed += now->tiles_closed - before->tiles_closed;
    for (int kind = 0; kind < ALERT_KINDS; kind++) {
        sum->alert_kinds[kind] += now->alert_kinds[kind] - before->alert_kinds[kind];
    }
    *before = *now;
}

static void note_latencies(struct worker *worker, struct slot *slot)
{
    const struct shard_counts *now = shard_counts(slot->shard), *before = &slot->counted;
    uint64_t outputs = now->forecasts - before->forecasts + now->alerts - before->alerts +
                       now->replenishments - before->replenishments;
    int64_t since_ms = slot->first_stamp_ms ? slot->first_stamp_ms : slot->last_stamp_ms;
    if (since_ms) {
        latency_begin(&worker->output, since_ms, outputs);
    }
    latency_commit(&worker->output, kafka_wall_ms());
    latency_commit(&worker->process, kafka_now_ms());
    slot->first_stamp_ms = 0;
}

void worker_plan_committed(struct plan_worker *plan, struct slot *slot)
{
    if (plan->worker->shared->recent) {
        recent_take(plan->worker->shared->recent, slot->outbox);
    }
    outbox_reset(slot->outbox);
    shard_committed(slot->shard);
    note_latencies(plan->worker, slot);
    add_counts(&plan->worker->work->counts, shard_counts(slot->shard), &slot->counted);
    slot->first = slot->end;
    slot->sealed = false;
}

/* Ask until the broker answers; only the shutdown deadline ends it. */
static struct status *ask_committed(struct plan_worker *plan, struct member_place *places,
                                    size_t count)
{
    for (;;) {
        struct status *st = member_committed(plan->member, places, count);
        int64_t deadline = atomic_load(&plan->worker->shared->deadline_ms);
        if (!status_has(st, STATUS_RETRY) || (deadline && kafka_now_ms() > deadline)) {
            return st;
        }
        status_free(st);
        worker_publish(plan->worker, false);
        worker_pause(plan->worker, WORKER_PLAN_RETRY_MS);
    }
}

/* After a failed transaction: what became of each sealed outbox? */
static struct status *settle(struct plan_worker *plan)
{
    struct member_place *places = calloc(plan->slot_count + 1, sizeof *places);
    ASSERT(places);
    size_t count = 0;
    for (size_t i = 0; i < plan->slot_count; i++) {
        if (plan->slots[i].sealed) {
            places[count++] = (struct member_place){.partition = plan->slots[i].partition};
        }
    }
    struct status *st = ask_committed(plan, places, count);
    for (size_t i = 0; !st && i < count; i++) {
        struct slot *slot = worker_plan_slot(plan, places[i].partition);
        struct mark mark = worker_plan_mark(&places[i]);
        if (worker_plan_same(mark, slot->end)) {
            worker_plan_committed(plan, slot);
        } else if (!worker_plan_same(mark, slot->first)) {
            LOG_WARN("plan", "another worker went on with this shard: dropped",
                     log_i64("partition", slot->partition), log_i64("offset", mark.offset));
            worker_plan_drop(plan, slot);
            plan->begin_again = true; /* if the partition is still ours, restore it */
        }
    }
    free(places);
    return st;
}

static struct status *reopen(struct plan_worker *plan)
{
    for (;;) {
        struct status *st = transaction_reopen(plan->transaction);
        if (!st || !(status_has(st, STATUS_RETRY) || status_has(st, STATUS_FATAL)) ||
            worker_stopping(plan->worker)) {
            return st;
        }
        LOG_WARN("plan", status_message(st));
        status_free(st);
        worker_publish(plan->worker, false);
        worker_pause(plan->worker, WORKER_PLAN_RETRY_MS * 10);
    }
}

static size_t seal(struct plan_worker *plan, struct transaction_part *parts, char (*metadata)[32])
{
    size_t count = 0;
    for (size_t i = 0; i < plan->slot_count; i++) {
        struct slot *slot = &plan->slots[i];
        if (slot->state != SLOT_RUNNING ||
            (!slot->sealed && shard_clean(slot->shard) && !outbox_count(slot->outbox))) {
            continue;
        }
        if (!slot->sealed) {
            shard_seal(slot->shard, &slot->end.offset, &slot->end.sequence);
            slot->sealed = true;
        }
        snprintf(metadata[count], sizeof metadata[count], "s=%" PRIu64, slot->end.sequence);
        parts[count] = (struct transaction_part){.outbox = slot->outbox,
                                                 .topic = worker_plan_topic(plan),
                                                 .partition = slot->partition,
                                                 .offset = slot->end.offset,
                                                 .metadata = metadata[count]};
        count++;
    }
    return count;
}

struct status *worker_plan_commit(struct plan_worker *plan)
{
    struct transaction_part *parts = calloc(plan->slot_count + 1, sizeof *parts);
    char(*metadata)[32] = calloc(plan->slot_count + 1, sizeof *metadata);
    ASSERT(parts && metadata);
    size_t count = seal(plan, parts, metadata);
    atomic_store(&plan->worker->phase, "committing");
    struct status *st =
        count ? transaction_commit(plan->transaction, parts, count, plan->member) : NULL;
    free(parts);
    free(metadata);
    plan->committed_ms = kafka_now_ms();
    plan->dirty_since_ms = 0;
    if (!st) {
        for (size_t i = 0; i < plan->slot_count; i++) {
            if (plan->slots[i].sealed && plan->slots[i].state == SLOT_RUNNING) {
                worker_plan_committed(plan, &plan->slots[i]);
            }
        }
        if (count) {
            plan->worker->work->last_commit_ms = plan->worker->work->progress_ms =
                plan->committed_ms;
        }
        return NULL;
    }
    if (status_code(st) == STATUS_TIMEOUT || status_code(st) == STATUS_STATE) {
        return st;
    }
    bool dead = status_has(st, STATUS_FATAL);
    status_free(st);
    if (dead) {
        TRY(reopen(plan));
    }
    plan->retry_ms = kafka_now_ms() + WORKER_PLAN_RETRY_MS;
    return settle(plan);
}

bool worker_plan_any_sealed(const struct plan_worker *plan)
{
    for (size_t i = 0; i < plan->slot_count; i++) {
        if (plan->slots[i].sealed && plan->slots[i].state == SLOT_RUNNING) {
            return true;
        }
    }
    return false;
}