#include "stream/chunk_log.h"

#include "config/base/rng.h"

#include <criterion/criterion.h>

enum { PER_CHUNK = 64 };

static struct chunk_log *filled(int64_t bucket, uint64_t count)
{
    struct chunk_log *log = chunk_log_create('f', sizeof(uint64_t));
    for (uint64_t i = 0; i < count; i++) {
        cr_assert(chunk_log_append(log, bucket, &i) == i);
    }
    return log;
}

static uint64_t entry_at(struct chunk_log *log, int64_t bucket, uint32_t index)
{
    uint64_t entry;
    memcpy(&entry, chunk_log_at(log, bucket, index), sizeof entry);
    return entry;
}

static size_t tombstones_in(const struct outbox *outbox)
{
    size_t count = 0;
    for (size_t i = 0; i < outbox_count(outbox); i++) {
        struct outbox_record record;
        outbox_get(outbox, i, &record);
        count += !record.has_value;
    }
    return count;
}

static void restore_from(struct chunk_log *log, const struct outbox *outbox, size_t skip)
{
    for (size_t i = 0; i < outbox_count(outbox); i++) {
        struct outbox_record record;
        outbox_get(outbox, i, &record);
        if (i != skip) {
            struct slice value = record.has_value ? record.value : (struct slice){0};
            cr_assert(chunk_log_restore(log, record.key, value));
        }
    }
}

Test(chunk_log, entries_keep_their_index_and_place)
{
    struct chunk_log *log = filled(-3, 1);
    void *first = chunk_log_at(log, -3, 0);
    for (uint64_t i = 1; i < 500; i++) {
        cr_assert(chunk_log_append(log, -3, &i) == i);
    }
    cr_expect(chunk_log_at(log, -3, 0) == first);
    cr_expect(chunk_log_count(log, -3) == 500 && chunk_log_count(log, -2) == 0);
    for (uint32_t i = 0; i < 500; i++) {
        cr_assert(entry_at(log, -3, i) == i);
    }
    cr_expect(chunk_log_bytes(log) >= 500 * sizeof(uint64_t));
    chunk_log_destroy(log);
    chunk_log_destroy(NULL);
}

Test(chunk_log, buckets_are_told_in_order)
{
    static const int64_t GIVEN[] = {7, -2, INT64_MAX, 3, INT64_MIN},
                         ORDERED[] = {INT64_MIN, -2, 3, 7, INT64_MAX};
    struct chunk_log *log = chunk_log_create('f', 4);
    int64_t bucket = 0;
    for (size_t i = 0; i < 5; i++) {
        chunk_log_append(log, GIVEN[i], "abcd");
    }
    for (size_t i = 0; i < 5; i++) {
        cr_expect(chunk_log_bucket(log, i, &bucket) && bucket == ORDERED[i]);
    }
    cr_expect(!chunk_log_bucket(log, 5, &bucket));
    chunk_log_drop_before(log, 3);
    cr_expect(chunk_log_bucket(log, 0, &bucket) && bucket == 3);
    cr_expect(chunk_log_count(log, -2) == 0 && chunk_log_count(log, 3) == 1);
    chunk_log_destroy(log);
}

Test(chunk_log, saves_the_chunks_that_changed_and_no_others)
{
    struct outbox *outbox = outbox_create();
    struct chunk_log *log = filled(5, 3 * PER_CHUNK);
    uint64_t value = 1;
    chunk_log_seal(log, outbox, 0);
    cr_expect(outbox_count(outbox) == 3 && chunk_log_clean(log));
    outbox_reset(outbox);
    chunk_log_append(log, 5, &value);
    chunk_log_touch(log, 5, 2);
    chunk_log_touch(log, 5, 3);
    cr_expect(!chunk_log_clean(log));
    chunk_log_seal(log, outbox, 0);
    cr_expect(outbox_count(outbox) == 2, "the new one and the touched one, once each");
    outbox_reset(outbox);
    chunk_log_drop_before(log, 6);
    chunk_log_seal(log, outbox, 0);
    cr_expect(outbox_count(outbox) == 4 && tombstones_in(outbox) == 4);
    outbox_reset(outbox);
    chunk_log_seal(log, outbox, 0);
    cr_expect(outbox_count(outbox) == 0);
    chunk_log_destroy(log);
    outbox_destroy(outbox);
}

Test(chunk_log, restores_what_it_sealed_and_goes_on_in_the_same_chunk)
{
    struct outbox *outbox = outbox_create();
    struct chunk_log *log = filled(-9, 100), *twin = chunk_log_create('f', sizeof(uint64_t));
    chunk_log_seal(log, outbox, 0);
    restore_from(twin, outbox, SIZE_MAX);
    cr_assert(chunk_log_restored(twin));
    cr_expect(chunk_log_clean(twin) && chunk_log_count(twin, -9) == 100);
    for (uint32_t i = 0; i < 100; i++) {
        cr_assert(entry_at(twin, -9, i) == i);
    }
    uint64_t value = 77;
    cr_expect(chunk_log_append(twin, -9, &value) == 100);
    chunk_log_destroy(twin);
    outbox_reset(outbox);
    chunk_log_drop_before(log, 0);
    chunk_log_append(log, 1, &value);
    chunk_log_seal(log, outbox, 0);
    twin = chunk_log_create('f', sizeof(uint64_t));
    restore_from(twin, outbox, SIZE_MAX);
    cr_expect(chunk_log_restored(twin), "tombstones of what never came");
    cr_expect(chunk_log_count(twin, -9) == 0 && chunk_log_count(twin, 1) == 1);
    chunk_log_destroy(twin);
    chunk_log_destroy(log);
    outbox_destroy(outbox);
}

Test(chunk_log, a_missing_chunk_is_found)
{
    struct outbox *outbox = outbox_create();
    struct chunk_log *log = filled(5, 3 * PER_CHUNK - 1);
    chunk_log_seal(log, outbox, 0);
    for (size_t skip = 0; skip < 3; skip++) {
        struct chunk_log *twin = chunk_log_create('f', sizeof(uint64_t));
        restore_from(twin, outbox, skip);
        /* The last one cannot be missed: its tombstone may have been compacted away. */
        cr_expect(chunk_log_restored(twin) == (skip == 2), "without %zu", skip);
        chunk_log_destroy(twin);
    }
    chunk_log_destroy(log);
    outbox_destroy(outbox);
}

Test(chunk_log, refuses_records_that_are_not_its_own)
{
    struct chunk_log *log = chunk_log_create('f', 8);
    char key[14] = "f\x80\0\0\0\0\0\0\x05", value[66 * 8] = {0};
    struct slice good = {key, CHUNK_LOG_KEY_BYTES};
    cr_expect(!chunk_log_restore(log, (struct slice){key, 12}, (struct slice){value, 8}));
    cr_expect(!chunk_log_restore(log, (struct slice){key, 14}, (struct slice){value, 8}));
    cr_expect(!chunk_log_restore(log, good, (struct slice){value, 7}));
    cr_expect(!chunk_log_restore(log, good, (struct slice){value, 65 * 8}));
    key[0] = 'g';
    cr_expect(!chunk_log_restore(log, good, (struct slice){value, 8}));
    key[0] = 'f';
    memset(key + 9, 0xff, 4);
    cr_expect(!chunk_log_restore(log, good, (struct slice){value, 8}), "chunk 2^32 - 1");
    memset(key + 9, 0, 4);
    cr_expect(chunk_log_restore(log, good, (struct slice){value, 8}));
    cr_expect(chunk_log_restored(log) && chunk_log_count(log, 5) == 1);
    chunk_log_destroy(log);
}

/* A bucket that is dropped before it was saved and comes again is shorter than what waits to be
 * saved says. */
Test(chunk_log, a_bucket_that_comes_again_is_saved_as_it_is_now)
{
    struct outbox *outbox = outbox_create();
    struct chunk_log *log = filled(5, 3 * PER_CHUNK), *twin;
    uint64_t value = 9;
    chunk_log_drop_before(log, 6);
    chunk_log_append(log, 5, &value);
    chunk_log_seal(log, outbox, 0);
    twin = chunk_log_create('f', sizeof(uint64_t));
    restore_from(twin, outbox, SIZE_MAX);
    cr_expect(chunk_log_restored(twin) && chunk_log_count(twin, 5) == 1);
    cr_expect(chunk_log_count(twin, 5) == 1 && entry_at(twin, 5, 0) == 9);
    cr_expect(outbox_count(outbox) == 4, "three tombstones, one chunk");
    chunk_log_destroy(twin);
    chunk_log_destroy(log);
    outbox_destroy(outbox);
}

Test(chunk_log, gives_up_what_is_saved_when_told_so)
{
    struct outbox *outbox = outbox_create();
    struct chunk_log *log = chunk_log_create('f', sizeof(uint64_t));
    chunk_log_release_saved(log);
    for (uint64_t i = 0; i < 2 * PER_CHUNK + 5; i++) {
        chunk_log_append(log, 5, &i);
    }
    uint32_t count = 0;
    cr_expect(chunk_log_chunk(log, 0, 1, &count) && count == PER_CHUNK);
    chunk_log_seal(log, outbox, 0);
    cr_expect(!chunk_log_chunk(log, 0, 0, &count) && !chunk_log_chunk(log, 0, 1, &count));
    cr_expect(chunk_log_chunk(log, 0, 2, &count) && count == 5);
    cr_expect(!chunk_log_chunk(log, 0, 3, &count) && !chunk_log_chunk(log, 1, 0, &count));
    cr_expect(chunk_log_count(log, 5) == 2 * PER_CHUNK + 5);
    uint64_t value = 1;
    cr_expect(chunk_log_append(log, 5, &value) == 2 * PER_CHUNK + 5);
    size_t bytes = chunk_log_bytes(log);
    for (uint64_t i = 0; i < 2 * PER_CHUNK; i++) {
        chunk_log_append(log, 6, &i);
    }
    cr_expect(chunk_log_bytes(log) <= bytes + 600, "spare chunks are used first");
    chunk_log_destroy(log);
    outbox_destroy(outbox);
}
