/* A PLAN worker: shards of the partitions of `lines` that its group member holds.
 *
 * Life of a slot (one partition):
 *
 *     assigned -> RESTORING -- state read, offsets agree --> RUNNING -- revoked --> WARM
 *
 *     WARM, assigned again, committed offset and sequence are its own --> RUNNING
 *     WARM, anything else, or warm too long                           --> dropped
 *
 * A commit seals the outboxes of all dirty shards and sends them as one transaction. While the
 * outcome is not known a slot stays sealed: nothing is applied to it, and its outbox is sent again
 * only when the committed offset is the one before it (`first`); equal to `end` it was committed
 * after all; anything else means that somebody else went on, and the shard is dropped. Memory is
 * never rolled back. */
#include "stream/worker.h"

#include "config/base/ensure.h"
#include "stream/worker_plan_parts.h"

#include <stdio.h>
#include <stdlib.h>

enum { BATCH = 256, TILES_A_TURN = 16, IDLE_WAIT_MS = 100 };

/* Outputs are measured from the first record of their transaction, or, in one that has none (a
 * close goes on), from the last one before it. */
static void stamp_slot(struct slot *slot, const rd_kafka_message_t *message)
{
    rd_kafka_timestamp_type_t type;
    int64_t ms = rd_kafka_message_timestamp(message, &type);
    if (type != RD_KAFKA_TIMESTAMP_NOT_AVAILABLE) {
        slot->first_stamp_ms = slot->first_stamp_ms ? slot->first_stamp_ms : ms;
        slot->last_stamp_ms = ms;
    }
}

enum { AT_ONCE = 64 };

/* Messages from batch[0] on that are records, as records; 0: the first is an event. */
static size_t records_of(rd_kafka_message_t **batch, size_t count,
                         struct shard_record records[AT_ONCE])
{
    size_t found = 0;
    for (; found < count && found < AT_ONCE && !batch[found]->err; found++) {
        const rd_kafka_message_t *message = batch[found];
        records[found] = (struct shard_record){
            message->offset, {message->key, message->key_len}, {message->payload, message->len}};
    }
    return found;
}

/* Apply a batch; when the outbox is full it is committed in between. A commit that does not succeed
 * leaves the rest of the batch to be read again. */
static struct status *apply_batch(struct plan_worker *plan, struct slot *slot,
                                  rd_kafka_message_t **batch, size_t count)
{
    size_t limit = (size_t)plan->settings->stream.outbox_max_bytes;
    struct shard_record records[AT_ONCE];
    for (size_t i = 0; i < count;) {
        struct member_part *part = member_part(plan->member, 0, slot->partition);
        size_t found = records_of(batch + i, count - i, records);
        if (!found) {
            TRY(member_fault(plan->member, part, batch[i++]));
            continue;
        }
        size_t done = shard_apply_batch(slot->shard, records, found, limit);
        stamp_slot(slot, batch[i]);
        stamp_slot(slot, batch[i + done - 1]);
        i += done;
        if (outbox_bytes(slot->outbox) < limit) {
            continue;
        }
        TRY(worker_plan_commit(plan));
        slot = worker_plan_slot(plan, part->partition);
        if (!slot || slot->sealed) { /* dropped, or to be sent again: the rest is read once more
                                      * then, because only a turn of the loop serves a rebalance */
            member_start(part, batch[i - 1]->offset + 1);
            plan->fetch_due = true;
            return NULL;
        }
    }
    return NULL;
}

static struct status *read_slot(struct plan_worker *plan, size_t index, size_t *read)
{
    struct slot *slot = &plan->slots[index];
    struct member_part *part = member_part(plan->member, 0, slot->partition);
    rd_kafka_message_t *batch[BATCH];
    /* Until the new fetch list is given, what lies in the queue is of the old one. */
    bool readable = part && part->started && !plan->fetch_due;
    size_t count = readable ? member_read(part, batch, BATCH) : 0;
    latency_begin(&plan->worker->process, kafka_now_ms(), count);
    struct status *st = apply_batch(plan, slot, batch, count);
    for (size_t i = 0; i < count; i++) {
        rd_kafka_message_destroy(batch[i]);
    }
    *read += count;
    return st;
}

static bool work_slot(const struct plan_worker *plan, struct slot *slot)
{
    bool more = true;
    for (int i = 0; more && i < TILES_A_TURN &&
                    (int64_t)outbox_bytes(slot->outbox) < plan->settings->stream.outbox_max_bytes;
         i++) {
        more = shard_work(slot->shard);
    }
    return more;
}

struct turn {
    size_t read;
    bool working, full, dirty;
};

static struct status *read_all(struct plan_worker *plan, struct turn *turn)
{
    for (size_t i = 0; i < plan->slot_count; i++) {
        if (plan->slots[i].state == SLOT_RUNNING && !plan->slots[i].sealed) {
            TRY(read_slot(plan, i, &turn->read));
        }
        struct slot *slot = &plan->slots[i];
        if (slot->state == SLOT_RUNNING && !slot->sealed) {
            turn->working |= work_slot(plan, slot);
            turn->full |=
                (int64_t)outbox_bytes(slot->outbox) >= plan->settings->stream.outbox_max_bytes;
            turn->dirty |= !shard_clean(slot->shard) || outbox_count(slot->outbox) > 0;
        }
    }
    struct worker_view *work = plan->worker->work;
    if (turn->read) {
        work->progress_ms = kafka_now_ms();
        work->first_record_ms = work->first_record_ms ? work->first_record_ms : work->progress_ms;
    }
    return NULL;
}

static struct status *commit_maybe(struct plan_worker *plan, const struct turn *turn, int64_t *wait)
{
    int64_t now = kafka_now_ms();
    if (worker_plan_any_sealed(plan)) {
        *wait = plan->retry_ms - now;
        return now >= plan->retry_ms ? worker_plan_commit(plan) : NULL;
    }
    if (!turn->dirty) {
        latency_drop(&plan->worker->process); /* nothing followed from what was read */
        return NULL;
    }
    plan->dirty_since_ms = plan->dirty_since_ms ? plan->dirty_since_ms : now;
    bool drained = !turn->read && !turn->working;
    int64_t due = drained ? plan->committed_ms + plan->settings->stream.commit_min_interval_ms
                          : plan->dirty_since_ms + plan->settings->stream.commit_interval_ms;
    if (turn->full || now >= due) {
        return worker_plan_commit(plan);
    }
    *wait = due - now;
    return NULL;
}

static bool slot_done(struct plan_worker *plan, const struct slot *slot)
{
    const struct worker_shared *shared = plan->worker->shared;
    if (slot->state != SLOT_RUNNING || slot->sealed || !shard_clean(slot->shard) ||
        outbox_count(slot->outbox)) {
        return false;
    }
    if (shared->roles[WORKER_INGEST]) {
        return shard_ended(slot->shard, shared->started_wall_ms);
    }
    const struct member_part *part = member_part(plan->member, 0, slot->partition);
    return slot->partition < shared->lines.count &&
           part->next >= shared->lines.ends[slot->partition] && shard_ended(slot->shard, INT64_MIN);
}

static void look_done(struct plan_worker *plan)
{
    struct worker_view *work = plan->worker->work;
    bool done = member_joined(plan->member) && plan->epoch == member_epoch(plan->member);
    struct buf text = {0};
    for (size_t i = 0; i < plan->slot_count; i++) {
        const struct slot *slot = &plan->slots[i];
        if (slot->state == SLOT_RUNNING || slot->state == SLOT_RESTORING) {
            if (!slot_done(plan, slot)) {
                done = false;
                buf_print(&text, "%sshard %d: ", text.bytes ? "; " : "", (int)slot->partition);
                if (slot->state == SLOT_RUNNING) {
                    shard_waiting_for(slot->shard,
                                      plan->worker->shared->roles[WORKER_INGEST]
                                          ? plan->worker->shared->started_wall_ms
                                          : INT64_MIN,
                                      &text);
                } else {
                    buf_text(&text, "its state");
                }
            }
        }
    }
    snprintf(work->waiting_for, sizeof work->waiting_for, "%.*s", (int)text.bytes,
             text.data ? text.data : "");
    buf_fini(&text);
    work->done = done;
}

static void answer(struct plan_worker *plan)
{
    struct worker *worker = plan->worker;
    pthread_mutex_lock(&worker->mutex);
    struct worker_question *question = &worker->question;
    if (question->asked) {
        for (size_t i = 0; i < plan->slot_count && !question->found; i++) {
            question->found = plan->slots[i].state == SLOT_RUNNING &&
                              shard_dump_series(plan->slots[i].shard, question->sku,
                                                question->location, question->json);
        }
        question->asked = false;
        pthread_cond_broadcast(&worker->answered);
    }
    pthread_mutex_unlock(&worker->mutex);
}

static void fill_view(struct plan_worker *plan)
{
    struct worker_view *work = plan->worker->work;
    work->joined = member_joined(plan->member);
    work->restored = work->joined && plan->epoch == member_epoch(plan->member) && !plan->restore;
    worker_tell(plan->worker, transaction_figures(plan->transaction), NULL,
                member_rebalances(plan->member));
    work->restoring_count =
        plan->restore ? restore_parts(plan->restore, work->restoring, WORKER_SHARDS_MAX) : 0;
    work->rtt_us = atomic_load_explicit(&member_kafka(plan->member)->rtt_us, memory_order_relaxed);
    work->shard_count = 0;
    work->lag = 0;
    work->learning = (struct learning_view){0};
    for (size_t i = 0; i < plan->slot_count && work->shard_count < WORKER_SHARDS_MAX; i++) {
        struct slot *slot = &plan->slots[i];
        if (slot->state != SLOT_RUNNING) {
            continue;
        }
        const struct member_part *part = member_part(plan->member, 0, slot->partition);
        int64_t low = -1, high = -1;
        rd_kafka_get_watermark_offsets(member_kafka(plan->member)->rk, worker_plan_topic(plan),
                                       slot->partition, &low, &high);
        int64_t lag = part && high > part->next && part->next >= 0 ? high - part->next : 0;
        work->shard_lag[work->shard_count] = lag;
        learning_add(slot->shard, &work->learning);
        shard_view(slot->shard, &work->shards[work->shard_count++]);
        work->lag += lag;
    }
}

static struct status *turn_once(struct plan_worker *plan)
{
    struct turn turn = {0};
    int64_t wait = IDLE_WAIT_MS;
    atomic_store(&plan->worker->phase, "polling its group");
    TRY(member_poll(plan->member));
    if (plan->fault) {
        struct status *st = plan->fault;
        plan->fault = NULL;
        return st;
    }
    if (plan->begin_again) {
        return status_new_flags(STATUS_BROKER, STATUS_RETRY,
                                "another worker went on with a shard of ours");
    }
    atomic_store(&plan->worker->phase, "taking over partitions");
    TRY(worker_plan_adopt(plan));
    atomic_store(&plan->worker->phase, "working");
    TRY(worker_plan_restore(plan));
    TRY(worker_plan_fetch(plan));
    TRY(read_all(plan, &turn));
    TRY(commit_maybe(plan, &turn, &wait));
    transaction_poll(plan->transaction);
    worker_plan_cool(plan);
    answer(plan);
    if (plan->worker->shared->until_end) {
        look_done(plan);
    }
    if (kafka_now_ms() - plan->worker->published_ms >= WORKER_VIEW_MS || plan->worker->work->done) {
        fill_view(plan);
    }
    worker_publish(plan->worker, plan->worker->work->done);
    if (!turn.read && !turn.working && !plan->restore && wait > 0) {
        member_wait(plan->member, wait < IDLE_WAIT_MS ? wait : IDLE_WAIT_MS);
    }
    return NULL;
}

static void plan_fini(struct plan_worker *plan, bool in_order)
{
    atomic_store(&plan->worker->phase, "leaving its group");
    member_close(plan->member, in_order);
    atomic_store(&plan->worker->phase, "closing its producer");
    transaction_close(plan->transaction);
    for (size_t i = 0; i < plan->slot_count; i++) {
        if (plan->slots[i].state != SLOT_FREE) {
            plan->slots[i].state = plan->slots[i].state == SLOT_RESTORING
                                       ? SLOT_RUNNING
                                       : plan->slots[i].state; /* no restore_drop: all goes */
            worker_plan_drop(plan, &plan->slots[i]);
        }
    }
    atomic_store(&plan->worker->phase, "closing its readers");
    restore_close(plan->restore);
    free(plan->slots);
    status_free(plan->fault);
}

struct status *worker_plan_run(struct worker *worker)
{
    const struct worker_shared *shared = worker->shared;
    struct plan_worker plan = {.worker = worker, .settings = shared->settings};
    bool plain = plan.settings->stream.delivery == DELIVERY_AT_LEAST_ONCE;
    struct member_options options = {.group = worker->group,
                                     .instance = shared->static_membership ? worker->id : NULL,
                                     .topics = {worker_plan_topic(&plan)},
                                     .topic_count = 1,
                                     .partitions = shared->lines.count,
                                     .revoke = worker_plan_revoke,
                                     .context = &plan};
    struct status *st = transaction_open(plan.settings, plain ? NULL : worker->id,
                                         &shared->deadline_ms, &plan.transaction);
    st = st ? st : member_open(plan.settings, &options, &plan.member);
    while (!st && !worker_stopping(worker)) {
        st = turn_once(&plan);
    }
    if (!st) {
        st = worker_plan_commit(&plan);
        if (!st && worker_plan_any_sealed(&plan)) {
            st = status_new_flags(STATUS_BROKER, STATUS_RETRY,
                                  "the last transaction did not commit; nothing of it is visible");
        }
        fill_view(&plan);
    }
    worker_tell(worker, plan.transaction ? transaction_figures(plan.transaction) : NULL, NULL,
                plan.member ? member_rebalances(plan.member) : 0);
    worker_keep(worker); /* the next life of this worker goes on counting from here */
    plan_fini(&plan, !st);
    worker->work->joined = worker->work->restored = false;
    worker_publish(worker, true);
    return st;
}
