#include "stream/cancel.h"

#include "config/base/hash.h"
#include "stream/chunk_log.h"

#include <criterion/criterion.h>

enum { DAY = 1000, FOUND_MAX = 16 };

struct found {
    size_t count;
    struct cancel_match at[FOUND_MAX];
};

static void keep(void *context, const struct cancel_match *match)
{
    struct found *found = context;
    cr_assert(found->count < FOUND_MAX);
    found->at[found->count++] = *match;
}

static void sale(struct cancel *cancel, int64_t at, const char *customer, int64_t quantity)
{
    cancel_sale(cancel, at / DAY, 1, at, slice_of(customer), quantity);
}

static void take_back(struct cancel *cancel, int64_t at, const char *customer, int64_t quantity)
{
    cancel_wait(cancel, at / DAY, 1, at, slice_of(customer), quantity);
}

static struct found close_of(struct cancel *cancel, int64_t bucket, int64_t oldest)
{
    struct found found = {0};
    cancel_close(cancel, bucket, oldest, keep, &found);
    return found;
}

Test(cancel, takes_the_latest_earlier_sale)
{
    struct cancel *cancel = cancel_create(DAY);
    sale(cancel, 1100, "ann", 6);
    sale(cancel, 3100, "ann", 6);
    sale(cancel, 5900, "ann", 6); /* after the cancellation */
    take_back(cancel, 5500, "ann", 6);
    struct found found = close_of(cancel, 5, 0);
    cr_assert(found.count == 1);
    cr_expect(found.at[0].matched && found.at[0].bucket == 3 && found.at[0].quantity == 6);
    cr_expect(found.at[0].series == 1 && found.at[0].event_ms == 5500);
    take_back(cancel, 6500, "ann", 6); /* next: what is left, latest first */
    take_back(cancel, 6600, "ann", 6);
    take_back(cancel, 6700, "ann", 6);
    found = close_of(cancel, 6, 0);
    cr_assert(found.count == 3);
    cr_expect(found.at[0].matched && found.at[0].bucket == 5);
    cr_expect(found.at[1].matched && found.at[1].bucket == 1);
    cr_expect(!found.at[2].matched, "no sale is taken back twice");
    cancel_destroy(cancel);
}

Test(cancel, customer_quantity_and_series_must_be_the_same)
{
    struct cancel *cancel = cancel_create(DAY);
    sale(cancel, 1100, "ann", 6);
    take_back(cancel, 2100, "bob", 6);
    take_back(cancel, 2200, "ann", 5);
    cancel_wait(cancel, 2, 2, 2300, slice_of("ann"), 6);
    struct found found = close_of(cancel, 2, 0);
    cr_assert(found.count == 3);
    for (size_t i = 0; i < 3; i++) {
        cr_expect(!found.at[i].matched && found.at[i].event_ms == 2100 + 100 * (int64_t)i);
    }
    cancel_destroy(cancel);
}

Test(cancel, sales_older_than_the_horizon_are_gone)
{
    struct cancel *cancel = cancel_create(DAY);
    sale(cancel, 1100, "ann", 6);
    sale(cancel, 2100, "bob", 6);
    take_back(cancel, 4100, "ann", 6);
    take_back(cancel, 4200, "bob", 6);
    struct found found = close_of(cancel, 4, 2);
    cr_assert(found.count == 2);
    cr_expect(!found.at[0].matched && found.at[1].matched && found.at[1].bucket == 2);
    cancel_destroy(cancel);
}

Test(cancel, waits_for_its_bucket_and_is_told_once)
{
    struct cancel *cancel = cancel_create(DAY);
    sale(cancel, 1100, "ann", 6);
    take_back(cancel, 3100, "ann", 6);
    cr_expect(close_of(cancel, 2, 0).count == 0);
    cr_expect(close_of(cancel, 4, 0).count == 1, "a close that skips a bucket takes it along");
    cr_expect(close_of(cancel, 5, 0).count == 0);
    cancel_destroy(cancel);
}

Test(cancel, the_order_of_arrival_does_not_matter)
{
    static const int64_t SALES[] = {1100, 2100, 2900, 3100}, BACKS[] = {2500, 3500};
    static const int ORDERS[][6] = {{0, 1, 2, 3, 4, 5}, {5, 4, 3, 2, 1, 0}, {4, 2, 0, 5, 1, 3}};
    for (size_t order = 0; order < 3; order++) {
        struct cancel *cancel = cancel_create(DAY);
        for (int i = 0; i < 6; i++) {
            int at = ORDERS[order][i];
            if (at < 4) {
                sale(cancel, SALES[at], "ann", 2);
            } else {
                take_back(cancel, BACKS[at - 4], "ann", 2);
            }
        }
        struct found found = close_of(cancel, 3, 0);
        cr_assert(found.count == 2);
        cr_expect(found.at[0].event_ms == 2500 && found.at[0].matched && found.at[0].bucket == 2);
        cr_expect(found.at[1].event_ms == 3500 && found.at[1].matched && found.at[1].bucket == 3);
        cancel_destroy(cancel);
    }
}

Test(cancel, a_series_that_is_forgotten_matches_nothing)
{
    struct cancel *cancel = cancel_create(DAY);
    sale(cancel, 1100, "ann", 6);
    take_back(cancel, 2100, "ann", 6);
    cancel_forget(cancel, 1);
    cr_expect(close_of(cancel, 2, 0).count == 0);
    take_back(cancel, 3100, "ann", 6);
    struct found found = close_of(cancel, 3, 0);
    cr_expect(found.count == 1 && !found.at[0].matched);
    cancel_destroy(cancel);
}

static struct cancel *restored_from(struct outbox *outbox)
{
    struct cancel *cancel = cancel_create(DAY);
    for (size_t i = 0; i < outbox_count(outbox); i++) {
        struct outbox_record record;
        outbox_get(outbox, i, &record);
        cr_assert(cancel_restore(cancel, record.key, record.value));
    }
    cr_assert(cancel_restored(cancel));
    return cancel;
}

Test(cancel, what_is_restored_goes_on_as_before)
{
    struct cancel *cancel = cancel_create(DAY);
    struct outbox *outbox = outbox_create();
    sale(cancel, 1100, "ann", 6);
    sale(cancel, 2100, "ann", 6);
    take_back(cancel, 2200, "ann", 6);
    cr_expect(close_of(cancel, 2, 0).count == 1);
    take_back(cancel, 3200, "ann", 6);
    cr_expect(!cancel_clean(cancel));
    cancel_seal(cancel, outbox, 0);
    cr_expect(cancel_clean(cancel));
    struct cancel *twin = restored_from(outbox);
    cr_expect(cancel_clean(twin) && cancel_bytes(twin) > 0);
    struct found found = close_of(twin, 3, 0);
    cr_assert(found.count == 1);
    cr_expect(found.at[0].matched && found.at[0].bucket == 1, "2100 was taken back before");
    outbox_destroy(outbox);
    cancel_destroy(cancel);
    cancel_destroy(twin);
    cancel_destroy(NULL);
}

/* Quantities beyond 16 bits stand beside, and go through state records like all others. */
Test(cancel, large_quantities_are_exact)
{
    struct cancel *cancel = cancel_create(DAY);
    struct outbox *outbox = outbox_create();
    static const int64_t QUANTITIES[] = {65534, 65535, 65536, 80995, INT64_C(5000000000)};
    for (int64_t i = 0; i < 5; i++) {
        sale(cancel, 1100 + i, "ann", QUANTITIES[i]);
    }
    cancel_seal(cancel, outbox, 0);
    struct cancel *twin = restored_from(outbox);
    for (int64_t i = 0; i < 5; i++) {
        take_back(twin, 1200 + i, "ann", QUANTITIES[i]);
        take_back(cancel, 1200 + i, "ann", QUANTITIES[i]);
    }
    take_back(cancel, 1300, "ann", 65537);
    struct found found = close_of(cancel, 1, 0), again = close_of(twin, 1, 0);
    cr_assert(found.count == 6 && again.count == 5);
    for (size_t i = 0; i < 5; i++) {
        cr_expect(found.at[i].matched && again.at[i].matched, "%zu", i);
    }
    cr_expect(!found.at[5].matched);
    outbox_destroy(outbox);
    cancel_destroy(cancel);
    cancel_destroy(twin);
}

/* Each wish finds its own sale however many there are: the naive search, all against all. */
Test(cancel, finds_what_a_search_of_all_would_find)
{
    enum { SALES = 400, BACKS = 300 };
    struct cancel *cancel = cancel_create(DAY);
    int64_t at[SALES], quantity[SALES];
    bool taken[SALES] = {false};
    uint64_t random = 1;
    for (int i = 0; i < SALES; i++) {
        random = hash_mix(random + 1);
        at[i] = (int64_t)(random % 5000);
        quantity[i] = 1 + (int64_t)(random >> 32) % 3;
        sale(cancel, at[i], random >> 40 & 1 ? "ann" : "bob", quantity[i]);
        quantity[i] |= random >> 40 & 1 ? 8 : 0;
    }
    for (int b = 0; b < BACKS; b++) {
        int64_t time = 10000 + b, wanted = 1 + b % 3, best = -1;
        cancel_wait(cancel, 10 + b, 1, time, slice_of(b % 2 ? "ann" : "bob"), wanted);
        for (int i = 0; i < SALES; i++) {
            bool same = quantity[i] == (wanted | (b % 2 ? 8 : 0)) && !taken[i];
            best = same && (best < 0 || at[i] / DAY > at[best] / DAY ||
                            (at[i] / DAY == at[best] / DAY && at[i] >= at[best]))
                       ? i
                       : best;
        }
        struct found found = close_of(cancel, 10 + b, 0);
        cr_assert(found.count == 1 && found.at[0].matched == (best >= 0), "wish %d", b);
        if (best >= 0) {
            taken[best] = true;
            cr_assert(found.at[0].bucket == at[best] / DAY);
        }
    }
    cr_expect(cancel_count(cancel) == SALES);
    cr_expect(cancel_bytes(cancel) < SALES * 18 + 60000);
    cancel_destroy(cancel);
}

Test(cancel, refuses_a_sale_far_from_its_bucket)
{
    struct cancel *cancel = cancel_create(DAY);
    char key[CHUNK_LOG_KEY_BYTES + 1] = "o\x80\0\0\0\0\0\0\x05\0\0\0\0";
    int64_t record[4] = {1, INT64_C(1) << 40, 6, 1};
    struct slice name = {key, CHUNK_LOG_KEY_BYTES};
    cr_expect(!cancel_restore(cancel, name, (struct slice){(const char *)record, sizeof record}));
    record[1] = 5100;
    record[2] = -6;
    cr_expect(!cancel_restore(cancel, name, (struct slice){(const char *)record, sizeof record}));
    record[2] = 6;
    cr_expect(cancel_restore(cancel, name, (struct slice){(const char *)record, sizeof record}));
    cr_expect(cancel_restored(cancel) && cancel_count(cancel) == 1);
    cancel_destroy(cancel);
}
