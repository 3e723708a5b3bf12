#include "tests/stream/ingest_fixture.h"

#include "config/base/arena.h"
#include "config/base/ensure.h"
#include "stream/line.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

static void check(struct status *st)
{
    if (st) {
        (void)fprintf(stderr, "%s\n", status_message(st));
    }
    ASSERT(!st);
}

void feed_init(struct feed *feed, bool replay)
{
    static const struct wire_input JSON = {.format = WIRE_JSON};
    *feed = (struct feed){0};
    check(zone_open("UTC", &feed->zone));
    check(bucket_init(&feed->buckets, FEED_DAY_MS, feed->zone));
    feed->options = (struct ingest_options){
        .topics = {"orders", "stock", "items", "feedback"},
        .buckets = &feed->buckets,
        .lines_partitions = FEED_PARTITIONS,
        .replay = replay,
        .lateness_ms = 3600000,
        .max_lead_ms = 2 * FEED_DAY_MS,
        .idle_timeout_ms = 30000,
        .tick_interval_ms = 1000,
        .idle_tick_interval_ms = 60000,
        .future_bound_ms = FEED_DAY_MS,
    };
    for (int i = 0; i < INPUT_COUNT; i++) {
        check(wire_decoder_open(&JSON, &feed->decoders[i]));
        feed->options.decoders[i] = feed->decoders[i];
    }
}

void feed_fini(struct feed *feed)
{
    for (size_t i = 0; i < feed->source_count; i++) {
        for (size_t k = 0; k < feed->sources[i].count; k++) {
            free(feed->sources[i].messages[k]);
        }
        free(feed->sources[i].messages);
        free(feed->sources[i].events);
    }
    for (int i = 0; i < INPUT_COUNT; i++) {
        wire_decoder_close(feed->decoders[i]);
    }
    zone_close(feed->zone);
    free(feed->records);
    buf_fini(&feed->bytes);
    buf_fini(&feed->last_reason);
    buf_fini(&feed->last_field);
    buf_fini(&feed->last_value);
}

struct feed_source *feed_source(struct feed *feed, enum line_input input, int32_t partition)
{
    ASSERT(feed->source_count < FEED_SOURCES_MAX);
    struct feed_source *source = &feed->sources[feed->source_count++];
    *source = (struct feed_source){.input = input, .partition = partition, .visible = SIZE_MAX};
    return source;
}

void feed_text(struct feed_source *source, int64_t event_ms, const char *json)
{
    if (source->count == source->capacity) {
        source->capacity = source->capacity ? source->capacity * 2 : 64;
        source->messages = realloc(source->messages, source->capacity * sizeof *source->messages);
        source->events = realloc(source->events, source->capacity * sizeof *source->events);
        ASSERT(source->messages && source->events);
    }
    source->messages[source->count] = json ? strdup(json) : NULL;
    source->events[source->count++] = event_ms;
}

void feed_order_line(struct feed_source *source, const char *sku, int64_t event_ms,
                     int64_t quantity)
{
    char json[256];
    (void)snprintf(json, sizeof json,
                   "{\"sku\":\"%s\",\"order_id\":\"%d-%zu\",\"kind\":\"%s\",\"quantity\":%" PRId64
                   ",\"event_time\":%" PRId64 "}",
                   sku, (int)source->partition, source->count,
                   source->input == INPUT_STOCK ? "COUNT" : "ORDER", quantity, event_ms);
    feed_text(source, event_ms, json);
}

static size_t there(const struct feed_source *source)
{
    return source->visible < source->count ? source->visible : source->count;
}

void feed_start(struct feed *feed, struct feed_worker *worker, unsigned own, int64_t clock_ms)
{
    int32_t roster[INPUT_COUNT] = {0};
    *worker = (struct feed_worker){.feed = feed, .outbox = outbox_create()};
    check(ingest_create(&feed->options, worker->outbox, &worker->ingest));
    ingest_clock(worker->ingest, clock_ms);
    for (size_t i = 0; i < feed->source_count; i++) {
        roster[feed->sources[i].input]++;
    }
    ingest_roster(worker->ingest, roster[INPUT_ORDERS], roster[INPUT_STOCK]);
    for (size_t i = 0; i < feed->source_count; i++) {
        const struct feed_source *source = &feed->sources[i];
        if ((int)source->input < TIME_INPUTS) {
            ingest_foreign(worker->ingest, source->input, source->partition, source->metadata,
                           (size_t)source->committed < there(source));
        }
    }
    for (size_t i = 0; i < feed->source_count; i++) {
        const struct feed_source *source = &feed->sources[i];
        worker->own[i] = own >> i & 1;
        worker->read[i] = source->committed;
        if (worker->own[i]) {
            ingest_assign(worker->ingest, source->input, source->partition, source->committed,
                          source->metadata);
        }
    }
    worker->log_at = feed->record_count;
}

void feed_stop(struct feed_worker *worker)
{
    ingest_destroy(worker->ingest);
    outbox_destroy(worker->outbox);
    *worker = (struct feed_worker){0};
}

bool feed_read(struct feed_worker *worker, size_t which)
{
    const struct feed_source *source = &worker->feed->sources[which];
    if (!worker->own[which]) {
        return false;
    }
    size_t offset = (size_t)worker->read[which];
    if (offset >= there(source)) {
        ingest_at_end(worker->ingest, source->input, source->partition);
        return false;
    }
    if (!ingest_wants(worker->ingest, source->input, source->partition)) {
        return false;
    }
    const char *json = source->messages[offset];
    struct slice value = {json, json ? strlen(json) : 0};
    check(ingest_read(worker->ingest, source->input, source->partition, (int64_t)offset,
                      slice_of("key"), value));
    worker->read[which]++;
    return true;
}

void feed_foreign(struct feed_worker *worker)
{
    const struct feed *feed = worker->feed;
    for (; worker->log_at < feed->record_count; worker->log_at++) {
        const struct feed_record *record = &feed->records[worker->log_at];
        if (record->tick && record->partition == 0) {
            ingest_foreign_tick(worker->ingest,
                                (struct slice){feed->bytes.data + record->at, record->bytes});
        }
    }
}

static void append(struct feed *feed, const struct outbox_record *record)
{
    if (record->topic == TOPIC_DEAD_LETTERS) {
        feed->dead_letters++;
        buf_reset(&feed->last_reason);
        buf_reset(&feed->last_field);
        buf_reset(&feed->last_value);
        buf_slice(&feed->last_reason, record->headers[3].value);
        buf_slice(&feed->last_field, record->headers[4].value);
        buf_slice(&feed->last_value, record->value);
        return;
    }
    ASSERT(record->topic == TOPIC_LINES);
    if (feed->record_count == feed->capacity) {
        feed->capacity = feed->capacity ? feed->capacity * 2 : 256;
        feed->records = realloc(feed->records, feed->capacity * sizeof *feed->records);
        ASSERT(feed->records);
    }
    int32_t partition = record->partition;
    if (partition < 0) {
        partition = hash_partition(record->key.data, record->key.bytes, FEED_PARTITIONS);
    }
    feed->records[feed->record_count++] =
        (struct feed_record){partition, !record->has_key, feed->bytes.bytes, record->value.bytes};
    buf_slice(&feed->bytes, record->value);
}

void feed_commit(struct feed_worker *worker)
{
    struct ingest_offset offsets[FEED_SOURCES_MAX];
    struct feed *feed = worker->feed;
    size_t count = ingest_seal(worker->ingest, offsets, FEED_SOURCES_MAX);
    for (size_t i = 0; i < outbox_count(worker->outbox); i++) {
        struct outbox_record record;
        outbox_get(worker->outbox, i, &record);
        append(feed, &record);
    }
    for (size_t i = 0; i < count; i++) {
        for (size_t k = 0; k < feed->source_count; k++) {
            struct feed_source *source = &feed->sources[k];
            if (source->input == offsets[i].input && source->partition == offsets[i].partition) {
                source->committed = offsets[i].next_offset;
                memcpy(source->metadata, offsets[i].metadata, sizeof source->metadata);
            }
        }
    }
    outbox_reset(worker->outbox);
    ingest_committed(worker->ingest);
}

void feed_drain(struct feed_worker *worker)
{
    for (bool any = true; any;) {
        any = false;
        for (size_t i = 0; i < worker->feed->source_count; i++) {
            any = feed_read(worker, i) || any;
        }
        while (ingest_write(worker->ingest)) {
            any = true;
        }
        (void)ingest_tick(worker->ingest);
        feed_commit(worker);
    }
}

bool feed_decode(const struct feed *feed, size_t index, struct arena *arena, struct line *line)
{
    const struct feed_record *record = &feed->records[index];
    const char *reason;
    arena_reset(arena);
    return line_decode((struct slice){feed->bytes.data + record->at, record->bytes}, arena, line,
                       &reason);
}

void feed_ticks(const struct feed *feed, size_t from, struct buf *out)
{
    static const char *const STATES[] = {"live", "idle", "ended"};
    struct arena *arena = arena_create(4096, 1 << 24);
    buf_reset(out);
    for (size_t i = from; i < feed->record_count; i++) {
        struct line line;
        if (feed->records[i].tick && feed->records[i].partition == 0) {
            ASSERT(feed_decode(feed, i, arena, &line));
            if (line.tick.mark_ms == INT64_MIN) {
                buf_print(out, "%s - ", STATES[line.tick.state]);
            } else {
                buf_print(out, "%s %lld ", STATES[line.tick.state],
                          (long long)(line.tick.mark_ms - FEED_START_MS) / 1000);
            }
        }
    }
    buf_byte(out, '\0');
    arena_destroy(arena);
}
