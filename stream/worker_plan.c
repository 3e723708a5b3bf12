/* A PLAN worker: shards of the partitions of `lines` that its group member holds.
 *
 * Life of a slot (one partition):
 *
 *     assigned ──► RESTORING ── state read, offsets agree ──► RUNNING ── revoked ──► WARM ──
 * assigned again, committed offset and ▲                                          │ │      sequence
 * are its own ──► RUNNING └────────── anything else: dropped ◄───────┴──── warm too long ─┘
 *
 * A commit seals the outboxes of all dirty shards and sends them as one transaction. While the
 * outcome is not known a slot stays sealed: nothing is applied to it, and its outbox is sent again
 * only when the committed offset is the one before it (`first`); equal to `end` it was committed
 * after all; anything else means that somebody else went on, and the shard is dropped. Memory is
 * never rolled back. */
#include "stream/worker.h"

#include "config/base/ensure.h"
#include "config/base/log.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { BATCH = 256, TILES_A_TURN = 16, IDLE_WAIT_MS = 100, RETRY_MS = 50, RESTORE_TURN_MS = 20 };

enum slot_state { SLOT_FREE, SLOT_RESTORING, SLOT_RUNNING, SLOT_WARM };

/* What the group has, or would have, committed for the partition. */
struct mark {
    int64_t offset; /* -1: nothing */
    uint64_t sequence;
};

struct slot {
    enum slot_state state;
    int32_t partition;
    struct shard *shard;
    struct outbox *outbox;
    struct mark first, end; /* committed last; reached by the sealed outbox */
    bool sealed;
    int64_t position, warm_since_ms;
    struct shard_counts counted; /* what the view holds already */
};

struct plan_worker {
    struct worker *worker;
    const struct settings *settings;
    struct member *member;
    struct transaction *transaction;
    struct restore *restore;
    struct slot *slots;
    size_t slot_count;
    uint64_t epoch; /* of the assignment that was adopted */
    bool fetch_due; /* partitions were started since the fetch list was given */
    bool begin_again; /* a shard was dropped though its partition may be ours */
    int64_t dirty_since_ms, committed_ms, retry_ms;
    struct status *fault; /* found where no status can be returned (the rebalance callback) */
};

static const char *lines_topic(const struct plan_worker *plan)
{
    return plan->settings->stream.topics[TOPIC_LINES];
}

static struct slot *find_slot(struct plan_worker *plan, int32_t partition)
{
    for (size_t i = 0; i < plan->slot_count; i++) {
        if (plan->slots[i].partition == partition && plan->slots[i].state != SLOT_FREE) {
            return &plan->slots[i];
        }
    }
    return NULL;
}

static void drop_slot(struct plan_worker *plan, struct slot *slot)
{
    if (slot->state == SLOT_RESTORING && plan->restore) {
        restore_drop(plan->restore, slot->partition);
    }
    shard_destroy(slot->shard);
    outbox_destroy(slot->outbox);
    *slot = (struct slot){0};
}

static struct slot *new_slot(struct plan_worker *plan, int32_t partition)
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

/* --- commit
 * --------------------------------------------------------------------------------------------------------------------
 */

static struct mark mark_of(const struct member_place *place)
{
    struct mark mark = {.offset = place->offset};
    if (sscanf(place->metadata, "s=%" SCNu64, &mark.sequence) != 1) {
        mark.sequence = 0;
    }
    return mark;
}

static bool same_mark(struct mark a, struct mark b)
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
    *before = *now;
}

static void slot_committed(struct plan_worker *plan, struct slot *slot)
{
    if (plan->worker->shared->recent) {
        recent_take(plan->worker->shared->recent, slot->outbox);
    }
    outbox_reset(slot->outbox);
    shard_committed(slot->shard);
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
        worker_pause(plan->worker, RETRY_MS);
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
        struct slot *slot = find_slot(plan, places[i].partition);
        struct mark mark = mark_of(&places[i]);
        if (same_mark(mark, slot->end)) {
            slot_committed(plan, slot);
        } else if (!same_mark(mark, slot->first)) {
            LOG_WARN("plan", "another worker went on with this shard: dropped",
                     log_i64("partition", slot->partition), log_i64("offset", mark.offset));
            drop_slot(plan, slot);
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
        worker_pause(plan->worker, RETRY_MS * 10);
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
                                                 .topic = lines_topic(plan),
                                                 .partition = slot->partition,
                                                 .offset = slot->end.offset,
                                                 .metadata = metadata[count]};
        count++;
    }
    return count;
}

static struct status *commit(struct plan_worker *plan)
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
                slot_committed(plan, &plan->slots[i]);
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
    plan->retry_ms = kafka_now_ms() + RETRY_MS;
    return settle(plan);
}

static bool any_sealed(const struct plan_worker *plan)
{
    for (size_t i = 0; i < plan->slot_count; i++) {
        if (plan->slots[i].sealed && plan->slots[i].state == SLOT_RUNNING) {
            return true;
        }
    }
    return false;
}

/* --- assignment
 * ------------------------------------------------------------------------------------------------------------------
 */

static void on_revoke(void *context)
{
    struct plan_worker *plan = context;
    if (!plan->fault && member_joined(plan->member)) {
        plan->fault = commit(plan);
    }
    for (size_t i = 0; i < plan->slot_count; i++) {
        struct slot *slot = &plan->slots[i];
        if (slot->state == SLOT_RUNNING) {
            const struct member_part *part = member_part(plan->member, 0, slot->partition);
            slot->position = part ? part->next : slot->position;
            slot->state = SLOT_WARM;
            slot->warm_since_ms = kafka_now_ms();
        } else if (slot->state == SLOT_RESTORING) {
            drop_slot(plan, slot);
        }
    }
}

static struct status *on_record(void *context, int32_t partition, struct slice key,
                                struct slice value)
{
    struct slot *slot = find_slot(context, partition);
    ASSERT(slot);
    return shard_restore(slot->shard, key, value);
}

static struct status *begin_restore(struct plan_worker *plan, const struct member_place *place)
{
    if (!plan->restore) {
        TRY(restore_open(plan->settings, plan->worker->shared->probe, &plan->restore));
    }
    struct slot *slot = new_slot(plan, place->partition);
    slot->first = mark_of(place);
    slot->outbox = outbox_create();
    ASSERT(slot->outbox && "out of memory for an outbox");
    struct status *st =
        shard_create(plan->worker->shared->plan, place->partition, slot->outbox, &slot->shard);
    st = st ? st : restore_begin(plan->restore, place->partition);
    if (st) {
        drop_slot(plan, slot);
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
    struct slot *slot = find_slot(plan, place->partition);
    if (slot) {
        struct mark mark = mark_of(place);
        if (slot->sealed && same_mark(mark, slot->end)) {
            slot_committed(plan, slot);
        }
        if (same_mark(mark, slot->first)) {
            run_slot(plan, slot, slot->position);
            LOG_INFO("plan", "shard was kept warm", log_i64("partition", slot->partition),
                     log_i64("offset", slot->position));
            return NULL;
        }
        drop_slot(plan, slot);
    }
    return begin_restore(plan, place);
}

static struct status *adopt(struct plan_worker *plan)
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
        const struct slot *slot = find_slot(plan, parts[i].partition);
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
        worker_pause(plan->worker, RETRY_MS);
        return NULL; /* the epoch is not adopted: again at the next turn */
    }
    plan->epoch = epoch;
    return st;
}

static struct status *restored(struct plan_worker *plan, int32_t partition)
{
    struct slot *slot = find_slot(plan, partition);
    ASSERT(slot && slot->state == SLOT_RESTORING);
    bool plain = plan->settings->stream.delivery == DELIVERY_AT_LEAST_ONCE;
    int64_t next = -1;
    TRY(status_wrap(
        shard_restored(slot->shard, plain ? -1 : slot->first.offset, slot->first.sequence, &next),
        "topic `%s` partition %d", lines_topic(plan), (int)partition));
    slot->counted = *shard_counts(slot->shard);
    run_slot(plan, slot, next);
    return NULL;
}

/* The fetch list is given when all shards of an assignment are ready: each list starts all anew. */
static struct status *fetch_maybe(struct plan_worker *plan)
{
    if (!plan->fetch_due || plan->restore || plan->epoch != member_epoch(plan->member)) {
        return NULL;
    }
    plan->fetch_due = false;
    return member_fetch(plan->member);
}

static struct status *restore_some(struct plan_worker *plan)
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

static void cool(struct plan_worker *plan)
{
    int64_t now = kafka_now_ms();
    for (size_t i = 0; i < plan->slot_count; i++) {
        struct slot *slot = &plan->slots[i];
        if (slot->state == SLOT_WARM &&
            now - slot->warm_since_ms > plan->settings->stream.warm_ms) {
            drop_slot(plan, slot);
        }
    }
}

/* --- the log
 * -----------------------------------------------------------------------------------------------------------------------
 */

/* Apply a batch; when the outbox is full it is committed in between. A commit that does not succeed
 * leaves the rest of the batch to be read again. */
static struct status *apply_batch(struct plan_worker *plan, struct slot *slot,
                                  rd_kafka_message_t **batch, size_t count)
{
    int64_t limit = plan->settings->stream.outbox_max_bytes;
    for (size_t i = 0; i < count; i++) {
        const rd_kafka_message_t *message = batch[i];
        struct member_part *part = member_part(plan->member, 0, slot->partition);
        if (message->err) {
            TRY(member_fault(plan->member, part, message));
            continue;
        }
        shard_apply(slot->shard, message->offset, (struct slice){message->key, message->key_len},
                    (struct slice){message->payload, message->len});
        if ((int64_t)outbox_bytes(slot->outbox) < limit) {
            continue;
        }
        TRY(commit(plan));
        slot = find_slot(plan, part->partition);
        if (!slot || slot->sealed) { /* dropped, or to be sent again: the rest is read once more
                                      * then, because only a turn of the loop serves a rebalance */
            member_start(part, message->offset + 1);
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
    if (any_sealed(plan)) {
        *wait = plan->retry_ms - now;
        return now >= plan->retry_ms ? commit(plan) : NULL;
    }
    if (!turn->dirty) {
        return NULL;
    }
    plan->dirty_since_ms = plan->dirty_since_ms ? plan->dirty_since_ms : now;
    bool drained = !turn->read && !turn->working;
    int64_t due = drained ? plan->committed_ms + plan->settings->stream.commit_min_interval_ms
                          : plan->dirty_since_ms + plan->settings->stream.commit_interval_ms;
    if (turn->full || now >= due) {
        return commit(plan);
    }
    *wait = due - now;
    return NULL;
}

/* --- --until-end, view
 * -----------------------------------------------------------------------------------------------------------
 */

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
    work->rebalances = member_rebalances(plan->member);
    work->transactions = *transaction_figures(plan->transaction);
    work->rtt_us = atomic_load_explicit(&member_kafka(plan->member)->rtt_us, memory_order_relaxed);
    work->shard_count = 0;
    work->lag = 0;
    for (size_t i = 0; i < plan->slot_count && work->shard_count < WORKER_SHARDS_MAX; i++) {
        struct slot *slot = &plan->slots[i];
        if (slot->state != SLOT_RUNNING) {
            continue;
        }
        const struct member_part *part = member_part(plan->member, 0, slot->partition);
        int64_t low = -1, high = -1;
        rd_kafka_get_watermark_offsets(member_kafka(plan->member)->rk, lines_topic(plan),
                                       slot->partition, &low, &high);
        int64_t lag = part && high > part->next && part->next >= 0 ? high - part->next : 0;
        work->shard_lag[work->shard_count] = lag;
        shard_view(slot->shard, &work->shards[work->shard_count++]);
        work->lag += lag;
    }
}

/* --- life
 * ----------------------------------------------------------------------------------------------------------------------------
 */

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
    TRY(adopt(plan));
    atomic_store(&plan->worker->phase, "working");
    TRY(restore_some(plan));
    TRY(fetch_maybe(plan));
    TRY(read_all(plan, &turn));
    TRY(commit_maybe(plan, &turn, &wait));
    transaction_poll(plan->transaction);
    cool(plan);
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
            drop_slot(plan, &plan->slots[i]);
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
                                     .topics = {lines_topic(&plan)},
                                     .topic_count = 1,
                                     .revoke = on_revoke,
                                     .context = &plan};
    struct status *st = transaction_open(plan.settings, plain ? NULL : worker->id,
                                         &shared->deadline_ms, &plan.transaction);
    st = st ? st : member_open(plan.settings, &options, &plan.member);
    while (!st && !worker_stopping(worker)) {
        st = turn_once(&plan);
    }
    if (!st) {
        st = commit(&plan);
        if (!st && any_sealed(&plan)) {
            st = status_new_flags(STATUS_BROKER, STATUS_RETRY,
                                  "the last transaction did not commit; nothing of it is visible");
        }
        fill_view(&plan);
    }
    plan_fini(&plan, !st);
    worker->work->joined = worker->work->restored = false;
    worker_publish(worker, true);
    return st;
}
