/* State records of buckets shorter than a day: "uh" where the closes are and what ticks counted,
 * "uw" the weeks of the profile, "ut" its day under way, "ur" what days say of their rest, "ue" the
 * early tails. */
#include "stream/shard_state.h"

enum { STATE_VERSION = 1 };

static struct buf *record(struct shard *shard, char name)
{
    buf_reset(&shard->key);
    buf_byte(&shard->key, 'u');
    buf_byte(&shard->key, (unsigned char)name);
    buf_reset(&shard->value);
    return &shard->value;
}

static void put(struct shard *shard)
{
    outbox_add(shard->outbox, TOPIC_STATE, shard->partition, buf_view(&shard->key),
               buf_view(&shard->value));
}

static void seal_header(struct shard *shard)
{
    const struct subday *subday = shard->subday;
    struct buf *out = record(shard, 'h');
    buf_varint(out, STATE_VERSION);
    buf_varint(out, subday->closed);
    buf_varint(out, subday->until);
    buf_varint(out, subday->closing);
    buf_varint(out, subday->next_tile);
    buf_varint(out, subday->closing_tiles);
    buf_varint(out, subday->silent);
    buf_varint(out, subday->tally.count);
    for (uint32_t i = 0; i < subday->tally.count; i++) {
        buf_varint(out, subday->tally.place[i]);
        buf_varint(out, subday->tally.units[i]);
        buf_varint(out, subday->tally.lines[i]);
    }
    buf_put(out, &subday->shop, sizeof subday->shop);
    put(shard);
}

void subday_seal(struct shard *shard)
{
    struct subday *subday = shard->subday;
    if (!subday) {
        return;
    }
    if (subday->weeks_changed) {
        profile_save_weeks(&subday->profile, record(shard, 'w'));
        put(shard);
    }
    if (subday->today_changed || subday->weeks_changed) {
        profile_save_today(&subday->profile, record(shard, 't'));
        put(shard);
    }
    if (subday->moments_changed) {
        rest_save(&subday->moments, record(shard, 'r'));
        put(shard);
    }
    if (subday->early && subday->today_changed) {
        early_save(subday->early, record(shard, 'e'));
        put(shard);
    }
    subday->weeks_changed = subday->today_changed = subday->moments_changed = false;
    seal_header(shard);
}

static bool load_header(struct subday *subday, struct slice value)
{
    struct cursor in = cursor_of(value);
    (void)cursor_between(&in, STATE_VERSION, STATE_VERSION);
    subday->closed = cursor_varint(&in);
    subday->until = cursor_varint(&in);
    subday->closing = cursor_between(&in, 0, 1) != 0;
    subday->next_tile = (uint32_t)cursor_between(&in, 0, SHARD_TILES_MAX);
    subday->closing_tiles = (uint32_t)cursor_between(&in, subday->next_tile, SHARD_TILES_MAX);
    subday->silent = cursor_between(&in, 0, 1) != 0;
    subday->tally.count = (uint32_t)cursor_between(&in, 0, SUBDAY_TALLY_MAX);
    for (uint32_t i = 0; i < subday->tally.count; i++) {
        subday->tally.place[i] = cursor_varint(&in);
        subday->tally.units[i] = cursor_varint(&in);
        subday->tally.lines[i] = cursor_varint(&in);
    }
    cursor_raw(&in, &subday->shop, sizeof subday->shop);
    return cursor_done(&in);
}

struct status *subday_restore(struct shard *shard, struct slice key, struct slice value)
{
    struct subday *subday = shard->subday;
    char name = subday && key.bytes == 2 && value.data ? key.data[1] : ' ';
    switch (name) {
    case 'w':
        return profile_load_weeks(&subday->profile, value);
    case 't':
        return profile_load_today(&subday->profile, value);
    case 'r':
        return rest_load(&subday->moments, value);
    case 'e':
        return subday->early ? early_load(subday->early, value) : NULL;
    case 'h':
        if (load_header(subday, value)) {
            return NULL;
        }
        break;
    default:
        break;
    }
    return status_new(STATUS_CORRUPT, "a state record of short buckets is not what this program "
                                      "writes, or time.bucket was changed");
}

/* Tiles know how far they had come from what was under way. */
bool subday_restored(struct shard *shard)
{
    struct subday *subday = shard->subday;
    if (!subday) {
        return true;
    }
    if (subday->closing_tiles > shard->tile_count) {
        return false;
    }
    for (uint32_t t = 0; t < shard->tile_count; t++) {
        bool done = subday->closing && t < subday->next_tile;
        shard->tiles[t]->short_closed = shard->started ? subday->closed + done : INT64_MIN;
    }
    short_ring_restored(shard);
    subday_forget_looks(subday);
    return true;
}
