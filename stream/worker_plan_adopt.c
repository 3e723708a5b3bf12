/* A new assignment of a PLAN worker: shards kept warm, or restored from the state topic. */
#include "config/base/ensure.h"
#include "config/base/log.h"
#include "stream/worker_plan_parts.h"

#include <stdlib.h>

enum { RESTORE_TURN_MS = 20 };

void worker_plan_revoke(void *context)
{
    struct plan_worker *plan = context;
    if (!plan->fault && member_joined(plan->member)) {
        plan->fault = worker_plan_commit(plan);
    }
    for (size_t i = 0; i < plan->slot_count; i++) {
        struct slot *slot = &plan->slots[i];
        if (slot->state == SLOT_RUNNING) {
            const struct member_part *part = member_part(plan->member, 0, slot->partition);
            slot->position = part ? part->next : slot->position;
            slot->state = SLOT_WARM;
            slot->warm_since_ms = kafka_now_ms();
        } else if (slot->state == SLOT_RESTORING) {
            worker_plan_drop(plan, slot);
        }
    }
}

static struct status *on_record(void *context, int32_t partition, struct slice key,
                                struct slice value)
{
    struct slot *slot = worker_plan_slot(context, partition);
    ASSERT(slot);
    return shard_restore(slot->shard, key, value);
}

static struct status *begin_restore(struct plan_worker *plan, const struct member_place *place)
{
    if (!plan->restore) {
        TRY(restore_open(plan->settings, plan->worker->shared->probe, &plan->restore));
    }
    struct slot *slot = worker_plan_new(plan, place->partition);
    slot->first = worker_plan_mark(place);
    slot->outbox = outbox_create();
    ASSERT(slot->outbox && "out of memory for an outbox");
    struct status *st =
        shard_create(plan->worker->shared->plan, place->partition, slot->outbox, &slot->shard);
    st = st ? st : restore_begin(plan->restore, place->partition);
    if (st) {
        worker_plan_drop(plan, slot);
        return st;
    }
    slot->state = SLOT_RESTORING;
    return NULL;
}

static void run_slot(struct plan_worker *plan, struct slot *slot, int64_t offset)
{
    slot->state = SLOT_RUNNING;
    struct member_part *part = member_part(plan->member, 0, slot->partition);
    ASSERT(part && part->assigned);
    member_start(part, offset);
    plan->fetch_due = true;
}

/* A warm shard may be used when nobody else committed since; an outbox that is still sealed is sent
 * first. */
static struct status *adopt_one(struct plan_worker *plan, const struct member_place *place)
{
    struct slot *slot = worker_plan_slot(plan, place->partition);
    if (slot) {
        struct mark mark = worker_plan_mark(place);
        if (slot->sealed && worker_plan_same(mark, slot->end)) {
            worker_plan_committed(plan, slot);
        }
        if (worker_plan_same(mark, slot->first)) {
            run_slot(plan, slot, slot->position);
            LOG_INFO("plan", "shard was kept warm", log_i64("partition", slot->partition),
                     log_i64("offset", slot->position));
            return NULL;
        }
        worker_plan_drop(plan, slot);
    }
    return begin_restore(plan, place);
}

struct status *worker_plan_adopt(struct plan_worker *plan)
{
    uint64_t epoch = member_epoch(plan->member);
    if (epoch == plan->epoch || !member_joined(plan->member)) {
        return NULL;
    }
    size_t count = 0, wanted = 0;
    const struct member_part *parts = member_parts(plan->member, &count);
    struct member_place *places = calloc(count + 1, sizeof *places);
    ASSERT(places);
    for (size_t i = 0; i < count; i++) {
        const struct slot *slot = worker_plan_slot(plan, parts[i].partition);
        if (parts[i].assigned && (!slot || slot->state == SLOT_WARM)) {
            places[wanted++] = (struct member_place){.partition = parts[i].partition};
        }
    }
    struct status *st = member_committed(plan->member, places, wanted);
    for (size_t i = 0; !st && i < wanted; i++) {
        st = adopt_one(plan, &places[i]);
    }
    free(places);
    if (status_has(st, STATUS_RETRY)) {
        LOG_WARN("plan", status_message(st));
        status_free(st);
        worker_pause(plan->worker, WORKER_PLAN_RETRY_MS);
        return NULL; /* the epoch is not adopted: again at the next turn */
    }
    plan->epoch = epoch;
    return st;
}

static struct status *restored(struct plan_worker *plan, int32_t partition)
{
    struct slot *slot = worker_plan_slot(plan, partition);
    ASSERT(slot && slot->state == SLOT_RESTORING);
    bool plain = plan->settings->stream.delivery == DELIVERY_AT_LEAST_ONCE;
    int64_t next = -1;
    TRY(status_wrap(
        shard_restored(slot->shard, plain ? -1 : slot->first.offset, slot->first.sequence, &next),
        "topic `%s` partition %d", worker_plan_topic(plan), (int)partition));
    slot->counted = *shard_counts(slot->shard);
    run_slot(plan, slot, next);
    return NULL;
}

/* The fetch list is given when all shards of an assignment are ready: each list starts all anew. */
struct status *worker_plan_fetch(struct plan_worker *plan)
{
    if (!plan->fetch_due || plan->restore || plan->epoch != member_epoch(plan->member)) {
        return NULL;
    }
    plan->fetch_due = false;
    return member_fetch(plan->member);
}

struct status *worker_plan_restore(struct plan_worker *plan)
{
    if (!plan->restore) {
        return NULL;
    }
    int32_t done = -1;
    struct status *st = restore_step(plan->restore, RESTORE_TURN_MS, on_record, plan, &done);
    uint64_t before = plan->worker->work->restore.records;
    restore_view(plan->restore, &plan->worker->work->restore);
    if (plan->worker->work->restore.records != before) {
        plan->worker->work->progress_ms = kafka_now_ms();
    }
    if (!st && done >= 0) {
        plan->worker->work->progress_ms = kafka_now_ms();
        st = restored(plan, done);
    }
    if (!st && !restore_active(plan->restore)) {
        restore_close(
            plan->restore); /* its connections are needed again only at the next rebalance */
        plan->restore = NULL;
    }
    return st;
}

void worker_plan_cool(struct plan_worker *plan)
{
    int64_t now = kafka_now_ms();
    for (size_t i = 0; i < plan->slot_count; i++) {
        struct slot *slot = &plan->slots[i];
        if (slot->state == SLOT_WARM &&
            now - slot->warm_since_ms > plan->settings->stream.warm_ms) {
            worker_plan_drop(plan, slot);
        }
    }
}