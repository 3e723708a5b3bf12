#include "stream/dedup.h"

#include <criterion/criterion.h>

static struct hash128 mark(uint64_t number)
{
    return hash_128(&number, sizeof number);
}

Test(dedup, tells_what_was_seen_within_the_horizon)
{
    struct dedup *dedup = dedup_create('d');
    cr_expect(!dedup_seen(dedup, 10, mark(1)));
    cr_expect(dedup_seen(dedup, 10, mark(1)));
    cr_expect(!dedup_seen(dedup, 10, mark(2)));
    dedup_drop_before(dedup, 11);
    cr_expect(!dedup_seen(dedup, 11, mark(3)));
    cr_expect(dedup_bytes(dedup) > 0);
    dedup_destroy(dedup);
}

Test(dedup, survives_as_state_records)
{
    struct dedup *dedup = dedup_create('d'), *again = dedup_create('d');
    struct outbox *outbox = outbox_create();
    for (uint64_t i = 0; i < 1000; i++) {
        cr_assert(!dedup_seen(dedup, 5 + (int64_t)(i % 3), mark(i)));
    }
    cr_expect(!dedup_clean(dedup));
    dedup_seal(dedup, outbox, 2);
    cr_expect(dedup_clean(dedup));
    for (size_t i = 0; i < outbox_count(outbox); i++) {
        struct outbox_record record;
        outbox_get(outbox, i, &record);
        cr_assert(record.topic == TOPIC_STATE && record.partition == 2);
        cr_assert(dedup_restore(again, record.key, record.value));
    }
    cr_assert(dedup_restored(again));
    for (uint64_t i = 0; i < 1000; i++) {
        cr_expect(dedup_seen(again, 5 + (int64_t)(i % 3), mark(i)));
    }
    cr_expect(!dedup_seen(again, 5, mark(1000)));
    outbox_destroy(outbox);
    dedup_destroy(dedup);
    dedup_destroy(again);
}

Test(dedup, refuses_records_that_are_not_whole)
{
    struct dedup *dedup = dedup_create('d'), *again = dedup_create('d');
    struct outbox *outbox = outbox_create();
    (void)dedup_seen(dedup, 5, mark(1));
    dedup_seal(dedup, outbox, 0);
    struct outbox_record record;
    outbox_get(outbox, 0, &record);
    record.value.bytes--;
    cr_expect(!dedup_restore(again, record.key, record.value));
    record.key.bytes--;
    cr_expect(!dedup_restore(again, record.key, record.value));
    outbox_destroy(outbox);
    dedup_destroy(dedup);
    dedup_destroy(again);
}

/* What a year of days holds stays what a week holds, and chunks that are saved are not kept. */
Test(dedup, costs_at_most_24_bytes_a_line_in_a_steady_state)
{
    enum { A_DAY = 20000, HORIZON = 7 };
    struct dedup *dedup = dedup_create('d');
    struct outbox *outbox = outbox_create();
    size_t bytes = 0;
    for (int64_t day = 0; day < 30; day++) {
        for (uint64_t i = 0; i < A_DAY; i++) {
            cr_assert(!dedup_seen(dedup, day, mark((uint64_t)day * A_DAY + i)));
            if (i % 1000 == 999) {
                dedup_seal(dedup, outbox, 0);
                outbox_reset(outbox);
            }
        }
        dedup_drop_before(dedup, day - HORIZON + 1);
        cr_expect(day < 15 || dedup_bytes(dedup) == bytes, "day %d", (int)day);
        bytes = dedup_bytes(dedup);
    }
    cr_expect(dedup_count(dedup) == A_DAY * HORIZON);
    cr_expect(bytes <= 24 * (HORIZON + 1) * A_DAY, "%zu bytes for the horizon and a day", bytes);
    outbox_destroy(outbox);
    dedup_destroy(dedup);
}

/* Chunks are given up when they are saved; what comes after a restore goes on in the same one. */
Test(dedup, goes_on_in_the_chunk_that_was_last)
{
    struct dedup *dedup = dedup_create('d');
    struct outbox *outbox = outbox_create(), *later = outbox_create();
    for (uint64_t i = 0; i < 64 * 3 + 10; i++) {
        (void)dedup_seen(dedup, 5, mark(i));
    }
    dedup_seal(dedup, outbox, 0);
    struct dedup *again = dedup_create('d');
    for (size_t i = 0; i < outbox_count(outbox); i++) {
        struct outbox_record record;
        outbox_get(outbox, i, &record);
        cr_assert(dedup_restore(again, record.key, record.value));
    }
    cr_assert(dedup_restored(again) && dedup_count(again) == 64 * 3 + 10);
    outbox_reset(outbox);
    cr_expect(!dedup_seen(dedup, 5, mark(999)) && !dedup_seen(again, 5, mark(999)));
    dedup_seal(dedup, outbox, 0);
    dedup_seal(again, later, 0);
    cr_assert(outbox_count(outbox) == 1 && outbox_count(later) == 1);
    struct outbox_record one, two;
    outbox_get(outbox, 0, &one);
    outbox_get(later, 0, &two);
    cr_expect(slice_equal(one.key, two.key) && slice_equal(one.value, two.value));
    cr_expect(one.value.bytes == 11 * sizeof(struct hash128));
    dedup_drop_before(again, 6);
    outbox_reset(later);
    dedup_seal(again, later, 0);
    cr_expect(outbox_count(later) == 4, "tombstones of all chunks, given up or not");
    outbox_destroy(outbox);
    outbox_destroy(later);
    dedup_destroy(dedup);
    dedup_destroy(again);
}
