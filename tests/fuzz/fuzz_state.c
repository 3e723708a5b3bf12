/* Any records of a state topic -> a shard. It takes them or refuses them with STATUS_CORRUPT or
 * STATUS_STATE; what it takes can be worked on, described and sealed. Input: a list of {key length,
 * key, value length (two bytes, 0xffff: tombstone), value}. */
#include "config/base/ensure.h"
#include "stream/cursor.h"
#include "stream/plan.h"
#include "stream/shard.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes);

static struct settings settings;
static struct plan *plan;
static struct outbox *outbox;

static void open_all(void)
{
    struct status *st = settings_load(NULL, NULL, 0, &settings);
    ASSERT(!st);
    st = plan_create(&settings, 1, NULL, &plan);
    ASSERT(!st);
    outbox = outbox_create();
    ASSERT(outbox);
}

static struct slice take(struct slice *rest, size_t bytes)
{
    struct slice taken = {rest->data, bytes < rest->bytes ? bytes : rest->bytes};
    rest->data += taken.bytes;
    rest->bytes -= taken.bytes;
    return taken;
}

/* Tiles are made up to the index that a record names: many of them are no finding. */
static bool is_far(struct slice key, struct slice value)
{
    if (key.data[0] == 't' || key.data[0] == 'c') {
        return key.bytes >= 5 && (key.data[1] || key.data[2] || key.data[3] || key.data[4] & ~15);
    }
    struct cursor in = cursor_of(value);
    (void)cursor_varint(&in);
    return key.data[0] == 's' && value.data && cursor_varint(&in) >= 16 * PLAN_TILE_SERIES;
}

static bool restore(struct shard *shard, struct slice input)
{
    while (input.bytes >= 4) {
        struct slice key = take(&input, (unsigned char)take(&input, 1).data[0]);
        struct slice head = take(&input, 2);
        if (head.bytes < 2 || !key.bytes) {
            return true;
        }
        size_t count = (size_t)(unsigned char)head.data[0] << 8 | (unsigned char)head.data[1];
        struct slice value = count == 0xffff ? (struct slice){0} : take(&input, count);
        if (is_far(key, value)) {
            continue;
        }
        struct status *st = shard_restore(shard, key, value);
        if (st) {
            /* STATE: a header that is whole, of another number of partitions or configuration. */
            ASSERT(status_code(st) == STATUS_CORRUPT || status_code(st) == STATUS_STATE);
            ASSERT(status_message(st)[0]);
            status_free(st);
            return false;
        }
    }
    return true;
}

static void use(struct shard *shard)
{
    int64_t next, offset;
    uint64_t sequence;
    struct status *st = shard_restored(shard, -1, 0, &next);
    if (st) {
        ASSERT(status_message(st)[0]);
        status_free(st);
        return;
    }
    struct shard_view view;
    shard_view(shard, &view);
    ASSERT(view.next_offset >= -1);
    for (int i = 0; i < 100 && shard_work(shard); i++) {
    }
    shard_seal(shard, &offset, &sequence);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
    if (!plan) {
        open_all();
    }
    struct shard *shard;
    struct status *st = shard_create(plan, 0, outbox, &shard);
    ASSERT(!st);
    if (restore(shard, (struct slice){(const char *)data, bytes})) {
        use(shard);
    }
    shard_destroy(shard);
    outbox_reset(outbox);
    return 0;
}
