#include "model/tape.h"

#include <math.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

static uint32_t place(int64_t bucket)
{
    int64_t at = bucket % TAPE_CLOSES;
    return (uint32_t)(at < 0 ? at + TAPE_CLOSES : at);
}

void tape_add(struct tape *tape, int64_t bucket, const struct tape_close *close, int32_t season)
{
    if (tape->count && tape->bucket == bucket) {
        return;
    }
    if (!tape->count || tape->bucket + 1 != bucket || tape->season != season) {
        tape->count = 0;
        tape->season = season;
    }
    tape->close[place(bucket)] = *close;
    tape->bucket = bucket;
    tape->count += tape->count < TAPE_CLOSES;
}

const struct tape_close *tape_at(const struct tape *tape, int64_t bucket)
{
    bool known =
        tape->count && bucket <= tape->bucket && tape->bucket - bucket < (int64_t)tape->count;
    return known ? &tape->close[place(bucket)] : NULL;
}

/* bucket:i64 count:u32 season:i32; then for each close, oldest first, phase:i32 week:f32
 * fortnight:f32 annual:f32[TAPE_AHEAD] factors:f32[season]. */
struct tape_head {
    int64_t bucket;
    uint32_t count;
    int32_t season;
};

void tape_save(const struct tape *tape, struct buf *out)
{
    struct tape_head head = {tape->bucket, tape->count, tape->season};
    buf_put(out, &head, sizeof head);
    for (uint32_t back = tape->count; back--;) {
        const struct tape_close *close = tape_at(tape, tape->bucket - (int64_t)back);
        buf_put(out, close, offsetof(struct tape_close, factor));
        buf_put(out, close->factor, (size_t)tape->season * sizeof(float));
    }
}

static bool close_sound(const struct tape_close *close, int32_t season)
{
    bool sound = close->phase >= 0 && close->phase < season &&
                 isfinite(close->shop.week + close->shop.fortnight);
    for (int ahead = 0; ahead < TAPE_AHEAD; ahead++) {
        sound = sound && isfinite(close->annual[ahead]) && close->annual[ahead] > 0;
    }
    for (int32_t p = 0; p < season; p++) {
        sound = sound && isfinite(close->factor[p]) && close->factor[p] > 0;
    }
    return sound;
}

bool tape_load(struct tape *tape, struct slice *in)
{
    struct tape_head head;
    if (in->bytes < sizeof head) {
        return false;
    }
    memcpy(&head, in->data, sizeof head);
    bool empty = !head.count;
    if (head.count > TAPE_CLOSES || head.season < !empty || head.season > FORECAST_SEASON_MAX ||
        head.bucket < INT64_MIN / 2 || head.bucket > INT64_MAX / 2) {
        return false;
    }
    const size_t fixed = offsetof(struct tape_close, factor);
    size_t each = fixed + (size_t)head.season * sizeof(float);
    if (in->bytes < sizeof head + head.count * each) {
        return false;
    }
    struct tape *read = calloc(1, sizeof *read);
    bool sound = read != NULL;
    const char *at = in->data + sizeof head;
    for (uint32_t n = 0; sound && n < head.count; n++, at += each) {
        struct tape_close *close = &read->close[place(head.bucket - (int64_t)(head.count - 1 - n))];
        memcpy(close, at, fixed);
        memcpy(close->factor, at + fixed, (size_t)head.season * sizeof(float));
        sound = close_sound(close, head.season);
    }
    if (sound) {
        read->bucket = head.bucket;
        read->count = head.count;
        read->season = head.season;
        *tape = *read;
        size_t used = sizeof head + head.count * each;
        *in = (struct slice){in->data + used, in->bytes - used};
    }
    free(read);
    return sound;
}
