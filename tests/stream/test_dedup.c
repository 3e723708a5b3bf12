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
