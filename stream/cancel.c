/* A close with waiting cancellations reads the open sales of the horizon once, and keeps those
 * whose (series, customer, quantity) some cancellation asks for. Cancellations are one line in
 * fifty, so this pass is cheaper than an index over all sales would be.
 *
 * A customer is a 64-bit hash: two customers that collide would also have to buy the same quantity
 * of the same product. */
#include "stream/cancel.h"

#include "config/base/ensure.h"
#include "config/base/hash.h"
#include "stream/chunk_log.h"

#include <stdlib.h>

struct open_sale {
    uint64_t customer;
    int64_t event_ms;
    int64_t quantity; /* 0: taken back, or forgotten */
    uint32_t series;
    uint32_t spare;
};

struct candidate {
    const struct open_sale *key; /* series, customer, quantity */
    int64_t bucket, event_ms;
    uint32_t index;
    bool taken;
};

struct candidates {
    struct candidate *at;
    size_t count, capacity;
};

struct cancel {
    struct chunk_log *sales, *waiting;
    struct open_sale *asked; /* scratch of a close: what waits, in order of event time */
    size_t asked_capacity;
    struct candidates candidates;
};

struct cancel *cancel_create(void)
{
    struct cancel *cancel = calloc(1, sizeof *cancel);
    if (!cancel) {
        return NULL;
    }
    cancel->sales = chunk_log_create('o', sizeof(struct open_sale));
    cancel->waiting = chunk_log_create('w', sizeof(struct open_sale));
    if (!cancel->sales || !cancel->waiting) {
        cancel_destroy(cancel);
        return NULL;
    }
    return cancel;
}

void cancel_destroy(struct cancel *cancel)
{
    if (cancel) {
        chunk_log_destroy(cancel->sales);
        chunk_log_destroy(cancel->waiting);
        free(cancel->asked);
        free(cancel->candidates.at);
        free(cancel);
    }
}

static struct open_sale sale_of(uint32_t series, int64_t event_ms, struct slice customer,
                                int64_t quantity)
{
    return (struct open_sale){.customer = hash_64(customer.data, customer.bytes, 0),
                              .event_ms = event_ms,
                              .quantity = quantity,
                              .series = series};
}

void cancel_sale(struct cancel *cancel, int64_t bucket, uint32_t series, int64_t event_ms,
                 struct slice customer, int64_t quantity)
{
    struct open_sale sale = sale_of(series, event_ms, customer, quantity);
    (void)chunk_log_append(cancel->sales, bucket, &sale);
}

void cancel_wait(struct cancel *cancel, int64_t match_bucket, uint32_t series, int64_t event_ms,
                 struct slice customer, int64_t quantity)
{
    struct open_sale sale = sale_of(series, event_ms, customer, quantity);
    (void)chunk_log_append(cancel->waiting, match_bucket, &sale);
}

static int by_time(const void *a, const void *b)
{
    const struct open_sale *one = a, *two = b;
    if (one->event_ms != two->event_ms) {
        return one->event_ms < two->event_ms ? -1 : 1;
    }
    if (one->series != two->series) {
        return one->series < two->series ? -1 : 1;
    }
    if (one->customer != two->customer) {
        return one->customer < two->customer ? -1 : 1;
    }
    return (one->quantity > two->quantity) - (one->quantity < two->quantity);
}

/* What waits for the close of `bucket`, in order of event time. Equal entries are interchangeable.
 */
static size_t gather_waiting(struct cancel *cancel, int64_t bucket)
{
    size_t count = 0;
    int64_t at;
    for (size_t i = 0; chunk_log_bucket(cancel->waiting, i, &at) && at <= bucket; i++) {
        uint32_t entries = chunk_log_count(cancel->waiting, at);
        if (count + entries > cancel->asked_capacity) {
            cancel->asked_capacity = (count + entries) * 2;
            cancel->asked = realloc(cancel->asked, cancel->asked_capacity * sizeof *cancel->asked);
            ASSERT(cancel->asked && "out of memory for cancellations");
        }
        for (uint32_t n = 0; n < entries; n++) {
            cancel->asked[count++] = *(struct open_sale *)chunk_log_at(cancel->waiting, at, n);
        }
    }
    if (count) {
        qsort(cancel->asked, count, sizeof *cancel->asked, by_time);
    }
    return count;
}

static bool same_key(const struct open_sale *a, const struct open_sale *b)
{
    return a->series == b->series && a->customer == b->customer && a->quantity == b->quantity;
}

static uint64_t key_hash(const struct open_sale *sale)
{
    return hash_mix(sale->customer ^
                    hash_mix(((uint64_t)sale->series << 32) ^ (uint64_t)sale->quantity));
}

static void keep(struct candidates *list, struct candidate candidate)
{
    if (list->count == list->capacity) {
        list->capacity = list->capacity ? list->capacity * 2 : 64;
        list->at = realloc(list->at, list->capacity * sizeof *list->at);
        ASSERT(list->at && "out of memory for cancellations");
    }
    list->at[list->count++] = candidate;
}

/* All open sales that some cancellation asks for; a bloom filter of 4096 bits keeps the pass short.
 */
static void gather_candidates(struct cancel *cancel, size_t asked, int64_t oldest)
{
    uint64_t filter[64] = {0};
    for (size_t i = 0; i < asked; i++) {
        uint64_t hash = key_hash(&cancel->asked[i]);
        filter[hash >> 58] |= UINT64_C(1) << (hash & 63);
    }
    cancel->candidates.count = 0;
    int64_t bucket;
    for (size_t b = 0; chunk_log_bucket(cancel->sales, b, &bucket); b++) {
        uint32_t count = bucket < oldest ? 0 : chunk_log_count(cancel->sales, bucket);
        for (uint32_t n = 0; n < count; n++) {
            const struct open_sale *sale = chunk_log_at(cancel->sales, bucket, n);
            uint64_t hash = key_hash(sale);
            if (sale->quantity && filter[hash >> 58] >> (hash & 63) & 1) {
                keep(&cancel->candidates,
                     (struct candidate){sale, bucket, sale->event_ms, n, false});
            }
        }
    }
}

static struct candidate *latest(struct candidates *list, const struct open_sale *asked)
{
    struct candidate *best = NULL;
    for (size_t i = 0; i < list->count; i++) {
        struct candidate *candidate = &list->at[i];
        if (!candidate->taken && candidate->event_ms <= asked->event_ms &&
            same_key(candidate->key, asked) && (!best || candidate->event_ms >= best->event_ms)) {
            best = candidate;
        }
    }
    return best;
}

void cancel_close(struct cancel *cancel, int64_t bucket, int64_t oldest,
                  void (*found)(void *context, const struct cancel_match *match), void *context)
{
    size_t asked = gather_waiting(cancel, bucket);
    if (asked) {
        gather_candidates(cancel, asked, oldest);
    }
    for (size_t i = 0; i < asked; i++) {
        const struct open_sale *wish = &cancel->asked[i];
        struct candidate *sale = wish->quantity ? latest(&cancel->candidates, wish) : NULL;
        struct cancel_match match = {.series = wish->series,
                                     .matched = sale != NULL,
                                     .bucket = sale ? sale->bucket : 0,
                                     .quantity = wish->quantity,
                                     .event_ms = wish->event_ms};
        if (sale) {
            sale->taken = true;
        }
        if (wish->quantity) {
            found(context, &match);
        }
    }
    for (size_t i = 0; asked && i < cancel->candidates.count; i++) {
        struct candidate *sale = &cancel->candidates.at[i];
        if (sale->taken) { /* only now: keys of other candidates were compared until here */
            ((struct open_sale *)chunk_log_at(cancel->sales, sale->bucket, sale->index))->quantity =
                0;
            chunk_log_touch(cancel->sales, sale->bucket, sale->index);
        }
    }
    chunk_log_drop_before(cancel->waiting, bucket + 1);
    chunk_log_drop_before(cancel->sales, oldest);
}

static void forget_in(struct chunk_log *log, uint32_t series)
{
    int64_t bucket;
    for (size_t b = 0; chunk_log_bucket(log, b, &bucket); b++) {
        uint32_t count = chunk_log_count(log, bucket);
        for (uint32_t n = 0; n < count; n++) {
            struct open_sale *sale = chunk_log_at(log, bucket, n);
            if (sale->series == series && sale->quantity) {
                sale->quantity = 0;
                chunk_log_touch(log, bucket, n);
            }
        }
    }
}

void cancel_forget(struct cancel *cancel, uint32_t series)
{
    forget_in(cancel->sales, series);
    forget_in(cancel->waiting, series);
}

bool cancel_clean(const struct cancel *cancel)
{
    return chunk_log_clean(cancel->sales) && chunk_log_clean(cancel->waiting);
}

void cancel_seal(struct cancel *cancel, struct outbox *outbox, int32_t partition)
{
    chunk_log_seal(cancel->sales, outbox, partition);
    chunk_log_seal(cancel->waiting, outbox, partition);
}

bool cancel_restore(struct cancel *cancel, struct slice key, struct slice value)
{
    return key.data[0] == 'o' ? chunk_log_restore(cancel->sales, key, value)
                              : chunk_log_restore(cancel->waiting, key, value);
}

bool cancel_restored(struct cancel *cancel)
{
    return chunk_log_restored(cancel->sales) && chunk_log_restored(cancel->waiting);
}

size_t cancel_bytes(const struct cancel *cancel)
{
    return chunk_log_bytes(cancel->sales) + chunk_log_bytes(cancel->waiting);
}
