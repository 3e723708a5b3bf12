/* One reader with manual assignment serves all partitions of a worker. Adding or dropping a
 * partition assigns the whole list anew, each at its own next offset; records of an older list that
 * are still in a batch are recognised by their offset and left out.
 *
 *     begin ──► READING ── end-of-log event at >= target ──► done
 *                  │ no progress for CHECK_MS: ask for the end again; lower than target
 * (truncated): target = that end └ no progress for STUCK_MS: STATUS_TIMEOUT */
#include "stream/restore.h"

#include "config/base/ensure.h"
#include "config/base/log.h"

#include <stdlib.h>
#include <string.h>

enum { BATCH = 1000, CHECK_MS = 3000, STUCK_MS = 120000, ACTIVE_MAX = 1024 };

struct reading {
    int32_t partition;
    int64_t next, target, started_at;
    bool eof; /* an end-of-log event stands at `next` */
    int64_t progress_ms, checked_ms;
    uint64_t records;
};

struct restore {
    const struct settings *settings_ref;
    struct kafka *probe_ref; /* owner: the runtime */
    struct kafka *kafka;
    rd_kafka_queue_t *queue;
    struct reading *active;
    size_t count, capacity;
    bool stale; /* the list of what is read has changed; given to the client at the next step */
    struct restore_view view;
};

static const char *topic_of(const struct restore *restore)
{
    return restore->settings_ref->stream.topics[TOPIC_STATE];
}

struct status *restore_open(const struct settings *settings, struct kafka *probe,
                            struct restore **out)
{
    struct restore *restore = calloc(1, sizeof *restore);
    if (!restore) {
        return status_new(STATUS_NO_MEMORY, "cannot restore state: out of memory");
    }
    restore->settings_ref = settings;
    restore->probe_ref = probe;
    struct status *st = kafka_open(settings, KAFKA_READER, NULL, &restore->kafka);
    if (st) {
        free(restore);
        return st;
    }
    restore->queue = rd_kafka_queue_get_consumer(restore->kafka->rk);
    /* A client that does not know a partition's leader looks for it once a second: ask now. What
     * it says, and whether the broker answers, shows at the first step. */
    int32_t count = 0;
    status_free(kafka_partitions(restore->kafka, topic_of(restore), KAFKA_ASK_MS, &count));
    *out = restore;
    return NULL;
}

void restore_close(struct restore *restore)
{
    if (restore) {
        rd_kafka_queue_destroy(restore->queue);
        kafka_close(restore->kafka);
        free(restore->active);
        free(restore);
    }
}

static struct reading *find(struct restore *restore, int32_t partition)
{
    for (size_t i = 0; i < restore->count; i++) {
        if (restore->active[i].partition == partition) {
            return &restore->active[i];
        }
    }
    return NULL;
}

static struct status *assign(struct restore *restore)
{
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new((int)restore->count);
    for (size_t i = 0; i < restore->count; i++) {
        struct reading *reading = &restore->active[i];
        if (reading->next < reading->target) {
            rd_kafka_topic_partition_list_add(list, topic_of(restore), reading->partition)->offset =
                reading->next;
        }
    }
    struct status *st = kafka_assign(restore->kafka, list);
    rd_kafka_topic_partition_list_destroy(list);
    return st;
}

struct status *restore_begin(struct restore *restore, int32_t partition)
{
    ASSERT(!find(restore, partition) && restore->count < ACTIVE_MAX);
    int64_t low = 0, high = 0;
    TRY(kafka_ends(restore->probe_ref, topic_of(restore), partition, &low, &high));
    if (restore->count == restore->capacity) {
        size_t more = restore->capacity ? restore->capacity * 2 : 16;
        struct reading *moved = realloc(restore->active, more * sizeof *moved);
        ASSERT(moved && "out of memory for the restore");
        restore->active = moved;
        restore->capacity = more;
    }
    int64_t now = kafka_now_ms();
    restore->active[restore->count++] = (struct reading){.partition = partition,
                                                         .next = low,
                                                         .target = high,
                                                         .started_at = now,
                                                         .progress_ms = now,
                                                         .checked_ms = now};
    restore->stale = true; /* one list for all that begin together: each starts the fetchers anew */
    return NULL;
}

void restore_drop(struct restore *restore, int32_t partition)
{
    struct reading *reading = find(restore, partition);
    if (reading) {
        *reading = restore->active[--restore->count];
        restore->stale = true;
    }
}

bool restore_active(const struct restore *restore)
{
    return restore->count > 0;
}

void restore_view(const struct restore *restore, struct restore_view *out)
{
    *out = restore->view;
    out->active = restore->count;
    out->remaining = 0;
    for (size_t i = 0; i < restore->count; i++) {
        int64_t left = restore->active[i].target - restore->active[i].next;
        out->remaining += left > 0 ? left : 0;
    }
}

size_t restore_parts(const struct restore *restore, struct restore_part *parts, size_t capacity)
{
    size_t count = restore->count < capacity ? restore->count : capacity;
    for (size_t i = 0; i < count; i++) {
        int64_t left = restore->active[i].target - restore->active[i].next;
        parts[i] = (struct restore_part){restore->active[i].partition, left > 0 ? left : 0};
    }
    return count;
}

static struct status *take(struct restore *restore, const rd_kafka_message_t *message,
                           restore_record *record, void *context)
{
    struct reading *reading = message->rkt ? find(restore, message->partition) : NULL;
    if (message->err == RD_KAFKA_RESP_ERR__PARTITION_EOF) {
        if (reading && message->offset >= reading->next) {
            reading->next = message->offset;
            reading->eof = true;
            reading->progress_ms = kafka_now_ms();
        }
        return NULL;
    }
    if (message->err == RD_KAFKA_RESP_ERR__AUTO_OFFSET_RESET && reading) {
        /* Compaction or retention moved the start of the log past us, or it was truncated: begin
         * again from where it starts now. */
        return status_new_flags(STATUS_BROKER, STATUS_RETRY,
                                "the state log of partition %d changed while it was read",
                                (int)message->partition);
    }
    if (message->err) {
        LOG_WARN("restore", rd_kafka_message_errstr(message),
                 log_i64("partition", message->partition));
        return kafka_fatal(restore->kafka, "read the state topic");
    }
    if (!reading || message->offset < reading->next || message->offset >= reading->target) {
        return NULL; /* of a list that was replaced, or newer than what we wait for: only its owner
                        can have written it, and that is us */
    }
    reading->next = message->offset + 1;
    reading->eof = false;
    reading->progress_ms = kafka_now_ms();
    reading->records++;
    restore->view.records++;
    restore->view.bytes += message->len + message->key_len;
    return record(context, message->partition, (struct slice){message->key, message->key_len},
                  (struct slice){message->payload, message->len});
}

static struct status *check(struct restore *restore, struct reading *reading, int64_t now)
{
    reading->checked_ms = now;
    int64_t low = 0, high = 0;
    struct status *st =
        kafka_ends(restore->probe_ref, topic_of(restore), reading->partition, &low, &high);
    if (status_has(
            st,
            STATUS_RETRY)) { /* the broker is away: its silence is no lack of progress of the log */
        status_free(st);
        return NULL;
    }
    TRY(st);
    if (high < reading->target) {
        LOG_WARN("restore", "the state log was truncated", log_i64("partition", reading->partition),
                 log_i64("end", high), log_i64("was", reading->target));
        reading->target = high;
    }
    if (now - reading->progress_ms > STUCK_MS) {
        return status_new_flags(STATUS_TIMEOUT, STATUS_RETRY,
                                "no progress in the state of partition %d: at offset %lld of %lld "
                                "for %d s (an open transaction?)",
                                (int)reading->partition, (long long)reading->next,
                                (long long)reading->target, STUCK_MS / 1000);
    }
    return NULL;
}

static bool complete(const struct reading *reading)
{
    return reading->target <= 0 || reading->next >= reading->target;
}

static struct status *finished(struct restore *restore, int32_t *done)
{
    int64_t now = kafka_now_ms();
    for (size_t i = 0; i < restore->count; i++) {
        struct reading *reading = &restore->active[i];
        if (complete(reading)) {
            *done = reading->partition;
            LOG_INFO("restore", "read the state", log_i64("partition", reading->partition),
                     log_i64("records", (int64_t)reading->records), log_i64("end", reading->target),
                     log_i64("ms", now - reading->started_at));
            *reading = restore->active[--restore->count];
            return restore->count ? NULL : assign(restore);
        }
        if (now - reading->progress_ms > CHECK_MS && now - reading->checked_ms > CHECK_MS) {
            TRY(check(restore, reading, now));
        }
    }
    return NULL;
}

struct status *restore_step(struct restore *restore, int64_t budget_ms, restore_record *record,
                            void *context, int32_t *done)
{
    *done = -1;
    int64_t end = kafka_now_ms() + budget_ms;
    struct status *st = restore->stale ? assign(restore) : NULL;
    restore->stale = st != NULL;
    while (!st && restore->count) {
        st = finished(restore, done);
        int64_t left = end - kafka_now_ms();
        if (st || *done >= 0 || left <= 0) {
            break;
        }
        rd_kafka_message_t *batch[BATCH];
        ssize_t n = rd_kafka_consume_batch_queue(restore->queue, (int)(left < 10 ? left : 10),
                                                 batch, BATCH);
        for (ssize_t i = 0; i < n; i++) {
            if (!st) {
                st = take(restore, batch[i], record, context);
            }
            rd_kafka_message_destroy(batch[i]);
        }
    }
    return st;
}
