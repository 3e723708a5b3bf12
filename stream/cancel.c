/* A close with waiting cancellations reads the open sales of the horizon once. What is asked for
 * stands in a small hash table with a filter of bits before it, so the pass costs a hash and one
 * bit per sale, and memory only for sales that some cancellation asks for. Cancellations are one
 * line in fifty, so this pass is cheaper than an index over all sales would be.
 *
 * A customer is a 64-bit hash: two customers that collide would also have to buy the same quantity
 * of the same product.
 *
 * In memory an open sale has 18 bytes: its time counts from bucket * length, which is never more
 * than ten days from any time in the bucket, and a quantity of 65,535 and more stands in a list
 * beside. State records have 32 bytes, as they always had. */
#include "stream/cancel.h"

#include "config/base/ensure.h"
#include "config/base/grow.h"
#include "config/base/hash.h"
#include "stream/chunk_log.h"

#include <stdlib.h>

enum { QUANTITY_ESCAPE = 0xffff };

struct sale { /* as it is matched, and as it stands in state records */
    uint64_t customer;
    int64_t event_ms;
    int64_t quantity; /* 0: taken back, or forgotten */
    uint32_t series;
    uint32_t spare;
};

struct __attribute__((packed, aligned(2))) open_sale { /* as it waits in memory */
    uint64_t customer;
    uint32_t series;
    int32_t event_offset; /* ms from bucket * bucket_ms */
    uint16_t quantity; /* 0: taken back, or forgotten; QUANTITY_ESCAPE: see struct large */
};

_Static_assert(sizeof(struct open_sale) == 18 && sizeof(struct sale) == 32, "see above");

struct large {
    int64_t bucket, quantity;
    uint32_t index;
};

struct candidate {
    int64_t bucket, event_ms;
    uint32_t index;
    uint32_t next; /* of the same wish, + 1: the one before it in order of buckets */
    bool taken;
};

/* What is asked for; equal wishes share one. */
struct wish {
    const struct sale *sale; /* series, customer, quantity; NULL: free */
    uint32_t newest; /* candidate + 1 */
};

struct cancel {
    int64_t bucket_ms;
    struct chunk_log *sales, *waiting;
    struct large *large;
    size_t large_count, large_capacity;
    /* scratch of a close */
    struct sale *asked; /* what waits, in order of event time */
    size_t asked_capacity;
    struct wish *wishes; /* open addressing, a power of two */
    size_t wish_capacity, wish_mask;
    uint64_t *filter; /* bits by hash */
    size_t filter_capacity, filter_mask;
    struct candidate *candidates;
    size_t candidate_count, candidate_capacity;
};

/* --- the two shapes of a sale
 * -------------------------------------------------------------------------------- */

static struct large *large_of(const struct cancel *cancel, int64_t bucket, uint32_t index)
{
    for (size_t i = cancel->large_count; i-- > 0;) {
        if (cancel->large[i].bucket == bucket && cancel->large[i].index == index) {
            return &cancel->large[i];
        }
    }
    return NULL;
}

static void large_set(struct cancel *cancel, int64_t bucket, uint32_t index, int64_t quantity)
{
    struct large *large = large_of(cancel, bucket, index);
    if (!large) {
        cancel->large = grow(cancel->large, &cancel->large_capacity, cancel->large_count + 1,
                             sizeof *cancel->large);
        large = &cancel->large[cancel->large_count++];
    }
    *large = (struct large){bucket, quantity, index};
}

static bool pack(const struct cancel *cancel, int64_t bucket, const struct sale *sale,
                 struct open_sale *out)
{
    int64_t base, offset;
    if (__builtin_mul_overflow(bucket, cancel->bucket_ms, &base) ||
        __builtin_sub_overflow(sale->event_ms, base, &offset) || offset < INT32_MIN ||
        offset > INT32_MAX || sale->quantity < 0) {
        return false;
    }
    bool large = sale->quantity >= QUANTITY_ESCAPE;
    *out = (struct open_sale){.customer = sale->customer,
                              .series = sale->series,
                              .event_offset = (int32_t)offset,
                              .quantity = large ? QUANTITY_ESCAPE : (uint16_t)sale->quantity};
    return true;
}

static struct sale unpack(const struct cancel *cancel, int64_t bucket, uint32_t index,
                          const struct open_sale *open)
{
    struct sale sale = {.customer = open->customer,
                        .event_ms = bucket * cancel->bucket_ms + open->event_offset,
                        .quantity = open->quantity,
                        .series = open->series};
    if (open->quantity == QUANTITY_ESCAPE) {
        sale.quantity = large_of(cancel, bucket, index)->quantity;
    }
    return sale;
}

static void save_sale(void *context, int64_t bucket, uint32_t index, const void *entry,
                      void *record)
{
    struct sale sale = unpack(context, bucket, index, entry);
    memcpy(record, &sale, sizeof sale);
}

static bool load_sale(void *context, int64_t bucket, uint32_t index, const void *record,
                      void *entry)
{
    struct cancel *cancel = context;
    struct sale sale;
    memcpy(&sale, record, sizeof sale);
    if (!pack(cancel, bucket, &sale, entry)) {
        return false;
    }
    if (sale.quantity >= QUANTITY_ESCAPE) {
        large_set(cancel, bucket, index, sale.quantity);
    }
    return true;
}

/* --- life
 * ----------------------------------------------------------------------------------------------------
 */

struct cancel *cancel_create(int64_t bucket_ms)
{
    ASSERT(bucket_ms > 0);
    struct cancel *cancel = calloc(1, sizeof *cancel);
    if (!cancel) {
        return NULL;
    }
    cancel->bucket_ms = bucket_ms;
    cancel->sales = chunk_log_create('o', sizeof(struct open_sale));
    cancel->waiting = chunk_log_create('w', sizeof(struct sale));
    if (!cancel->sales || !cancel->waiting) {
        cancel_destroy(cancel);
        return NULL;
    }
    struct chunk_codec codec = {sizeof(struct sale), save_sale, load_sale, cancel};
    chunk_log_set_codec(cancel->sales, &codec);
    return cancel;
}

void cancel_destroy(struct cancel *cancel)
{
    if (cancel) {
        chunk_log_destroy(cancel->sales);
        chunk_log_destroy(cancel->waiting);
        free(cancel->large);
        free(cancel->asked);
        free(cancel->wishes);
        free(cancel->filter);
        free(cancel->candidates);
        free(cancel);
    }
}

static struct sale sale_of(uint32_t series, int64_t event_ms, struct slice customer,
                           int64_t quantity)
{
    return (struct sale){.customer = hash_64(customer.data, customer.bytes, 0),
                         .event_ms = event_ms,
                         .quantity = quantity,
                         .series = series};
}

void cancel_sale(struct cancel *cancel, int64_t bucket, uint32_t series, int64_t event_ms,
                 struct slice customer, int64_t quantity)
{
    struct sale sale = sale_of(series, event_ms, customer, quantity);
    struct open_sale open;
    if (!pack(cancel, bucket, &sale, &open)) {
        return; /* a time beyond all calendars, which no cancellation can meet */
    }
    uint32_t index = chunk_log_append(cancel->sales, bucket, &open);
    if (open.quantity == QUANTITY_ESCAPE) {
        large_set(cancel, bucket, index, quantity);
    }
}

void cancel_wait(struct cancel *cancel, int64_t match_bucket, uint32_t series, int64_t event_ms,
                 struct slice customer, int64_t quantity)
{
    struct sale sale = sale_of(series, event_ms, customer, quantity);
    (void)chunk_log_append(cancel->waiting, match_bucket, &sale);
}

/* --- the close
 * ---------------------------------------------------------------------------------------------- */

static int by_time(const void *a, const void *b)
{
    const struct sale *one = a, *two = b;
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
    size_t asked = 0;
    int64_t at;
    for (size_t i = 0; chunk_log_bucket(cancel->waiting, i, &at) && at <= bucket; i++) {
        uint32_t count;
        const struct sale *entries;
        for (uint32_t c = 0; (entries = chunk_log_chunk(cancel->waiting, i, c, &count)) != NULL;
             c++) {
            cancel->asked =
                grow(cancel->asked, &cancel->asked_capacity, asked + count, sizeof *cancel->asked);
            memcpy(cancel->asked + asked, entries, count * sizeof *entries);
            asked += count;
        }
    }
    if (asked) {
        qsort(cancel->asked, asked, sizeof *cancel->asked, by_time);
    }
    return asked;
}

static bool same_key(const struct sale *a, const struct sale *b)
{
    return a->series == b->series && a->customer == b->customer && a->quantity == b->quantity;
}

/* By customer and series alone: a sale that is not asked for is told apart by its first 12 bytes.
 */
static inline uint64_t key_hash(uint64_t customer, uint32_t series)
{
    return hash_mix(customer + series * UINT64_C(0x9e3779b97f4a7c15));
}

static struct wish *wish_of(const struct cancel *cancel, const struct sale *sale)
{
    size_t at = key_hash(sale->customer, sale->series) & cancel->wish_mask;
    while (cancel->wishes[at].sale && !same_key(cancel->wishes[at].sale, sale)) {
        at = (at + 1) & cancel->wish_mask;
    }
    return &cancel->wishes[at];
}

static void gather_wishes(struct cancel *cancel, size_t asked)
{
    size_t slots = 64;
    while (slots < asked * 2) {
        slots *= 2;
    }
    size_t words = slots / 4; /* 32 bits and more for each wish */
    cancel->wishes = grow(cancel->wishes, &cancel->wish_capacity, slots, sizeof *cancel->wishes);
    cancel->filter = grow(cancel->filter, &cancel->filter_capacity, words, sizeof *cancel->filter);
    cancel->wish_mask = slots - 1;
    cancel->filter_mask = words - 1;
    memset(cancel->wishes, 0, slots * sizeof *cancel->wishes);
    memset(cancel->filter, 0, words * sizeof *cancel->filter);
    for (size_t i = 0; i < asked; i++) {
        const struct sale *sale = &cancel->asked[i];
        uint64_t hash = key_hash(sale->customer, sale->series);
        cancel->filter[hash >> 6 & cancel->filter_mask] |= UINT64_C(1) << (hash & 63);
        wish_of(cancel, sale)->sale = sale;
    }
}

static void keep(struct cancel *cancel, struct wish *wish, const struct sale *sale, int64_t bucket,
                 uint32_t index)
{
    cancel->candidates = grow(cancel->candidates, &cancel->candidate_capacity,
                              cancel->candidate_count + 1, sizeof *cancel->candidates);
    cancel->candidates[cancel->candidate_count++] =
        (struct candidate){bucket, sale->event_ms, index, wish->newest, false};
    wish->newest = (uint32_t)cancel->candidate_count;
}

static void gather_candidates(struct cancel *cancel, int64_t oldest)
{
    cancel->candidate_count = 0;
    int64_t bucket;
    for (size_t b = 0; chunk_log_bucket(cancel->sales, b, &bucket); b++) {
        uint32_t count;
        const struct open_sale *entries;
        for (uint32_t c = 0;
             bucket >= oldest && (entries = chunk_log_chunk(cancel->sales, b, c, &count)) != NULL;
             c++) {
            for (uint32_t n = 0; n < count; n++) {
                uint64_t hash = key_hash(entries[n].customer, entries[n].series);
                if (!(cancel->filter[hash >> 6 & cancel->filter_mask] >> (hash & 63) & 1) ||
                    !entries[n].quantity) {
                    continue;
                }
                uint32_t index = c * CHUNK_LOG_ENTRIES + n;
                struct sale sale = unpack(cancel, bucket, index, &entries[n]);
                struct wish *wish = wish_of(cancel, &sale);
                if (wish->sale) {
                    keep(cancel, wish, &sale, bucket, index);
                }
            }
        }
    }
}

/* The latest not after the cancellation; of equal times the last in order of buckets. */
static struct candidate *latest(const struct cancel *cancel, const struct sale *asked)
{
    struct candidate *best = NULL;
    for (uint32_t at = wish_of(cancel, asked)->newest; at;) {
        struct candidate *candidate = &cancel->candidates[at - 1];
        if (!candidate->taken && candidate->event_ms <= asked->event_ms &&
            (!best || candidate->event_ms > best->event_ms)) {
            best = candidate;
        }
        at = candidate->next;
    }
    return best;
}

static void take_back(struct cancel *cancel, const struct candidate *candidate)
{
    struct open_sale *sale = chunk_log_at(cancel->sales, candidate->bucket, candidate->index);
    sale->quantity = 0;
    chunk_log_touch(cancel->sales, candidate->bucket, candidate->index);
}

static void drop_large(struct cancel *cancel, int64_t oldest)
{
    size_t kept = 0;
    for (size_t i = 0; i < cancel->large_count; i++) {
        if (cancel->large[i].bucket >= oldest) {
            cancel->large[kept++] = cancel->large[i];
        }
    }
    cancel->large_count = kept;
}

void cancel_close(struct cancel *cancel, int64_t bucket, int64_t oldest,
                  void (*found)(void *context, const struct cancel_match *match), void *context)
{
    size_t asked = gather_waiting(cancel, bucket);
    if (asked) {
        gather_wishes(cancel, asked);
        gather_candidates(cancel, oldest);
    }
    for (size_t i = 0; i < asked; i++) {
        const struct sale *wish = &cancel->asked[i];
        struct candidate *sale = wish->quantity ? latest(cancel, wish) : NULL;
        struct cancel_match match = {.series = wish->series,
                                     .matched = sale != NULL,
                                     .bucket = sale ? sale->bucket : 0,
                                     .quantity = wish->quantity,
                                     .event_ms = wish->event_ms,
                                     .sale_ms = sale ? sale->event_ms : 0};
        if (sale) {
            sale->taken = true;
            take_back(cancel, sale);
        }
        if (wish->quantity) {
            found(context, &match);
        }
    }
    chunk_log_drop_before(cancel->waiting, bucket + 1);
    chunk_log_drop_before(cancel->sales, oldest);
    drop_large(cancel, oldest);
}

void cancel_forget(struct cancel *cancel, uint32_t series)
{
    int64_t bucket;
    uint32_t count;
    for (size_t b = 0; chunk_log_bucket(cancel->sales, b, &bucket); b++) {
        struct open_sale *entries;
        for (uint32_t c = 0; (entries = chunk_log_chunk(cancel->sales, b, c, &count)) != NULL;
             c++) {
            for (uint32_t n = 0; n < count; n++) {
                if (entries[n].series == series && entries[n].quantity) {
                    entries[n].quantity = 0;
                    chunk_log_touch(cancel->sales, bucket, c * CHUNK_LOG_ENTRIES + n);
                }
            }
        }
    }
    for (size_t b = 0; chunk_log_bucket(cancel->waiting, b, &bucket); b++) {
        struct sale *entries;
        for (uint32_t c = 0; (entries = chunk_log_chunk(cancel->waiting, b, c, &count)) != NULL;
             c++) {
            for (uint32_t n = 0; n < count; n++) {
                if (entries[n].series == series && entries[n].quantity) {
                    entries[n].quantity = 0;
                    chunk_log_touch(cancel->waiting, bucket, c * CHUNK_LOG_ENTRIES + n);
                }
            }
        }
    }
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

size_t cancel_count(const struct cancel *cancel)
{
    size_t count = 0;
    int64_t bucket;
    for (size_t b = 0; chunk_log_bucket(cancel->sales, b, &bucket); b++) {
        count += chunk_log_count(cancel->sales, bucket);
    }
    return count;
}

size_t cancel_bytes(const struct cancel *cancel)
{
    return chunk_log_bytes(cancel->sales) + chunk_log_bytes(cancel->waiting) +
           cancel->large_capacity * sizeof *cancel->large +
           cancel->asked_capacity * sizeof *cancel->asked +
           cancel->wish_capacity * sizeof *cancel->wishes +
           cancel->filter_capacity * sizeof *cancel->filter +
           cancel->candidate_capacity * sizeof *cancel->candidates;
}
