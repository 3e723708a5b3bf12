#include "stream/crowd.h"

#include "anomaly/field.h"

#include <math.h>
#include <string.h>

enum { LAYOUT = 1 };

static struct crowd_count *find_or_add(struct crowd *crowd, uint64_t scope, enum alert_kind kind)
{
    for (uint32_t i = 0; i < crowd->count; i++) {
        if (crowd->counts[i].scope == scope && crowd->counts[i].kind == kind) {
            return &crowd->counts[i];
        }
    }
    if (crowd->count == CROWD_MOST) {
        return NULL;
    }
    struct crowd_count *count = &crowd->counts[crowd->count++];
    memset(count, 0, sizeof *count);
    count->scope = scope;
    count->kind = (uint8_t)kind;
    count->onset = INT64_MAX;
    return count;
}

struct crowd_count *crowd_add(struct crowd *crowd, int64_t bucket, uint64_t scope,
                              enum alert_kind kind, const struct alert_signal *signal,
                              int64_t money)
{
    if (crowd->bucket != bucket) {
        crowd->bucket = bucket;
        crowd->count = 0;
    }
    struct crowd_count *count = find_or_add(crowd, scope, kind);
    if (!count) {
        return NULL;
    }
    if (!count->found++ || signal->score > count->score) {
        count->score = signal->score;
        count->strongest = (uint8_t)signal->kind;
    }
    count->expected += signal->expected;
    count->observed += signal->observed;
    count->money = (int64_t)fmin((double)count->money + (double)money, 1e15);
    count->onset = signal->onset_bucket < count->onset ? signal->onset_bucket : count->onset;
    crowd->changed = true;
    return count;
}

/* Layout 1: u8 layout, i64 bucket, u8 counts, then FIELDS of each. */

#define FIELD(name)                                                                                \
    {                                                                                              \
        offsetof(struct crowd_count, name), sizeof(((struct crowd_count *)0)->name)                \
    }
static const struct field FIELDS[] = {
    FIELD(scope),    FIELD(onset),    FIELD(money), FIELD(found), FIELD(members),
    FIELD(expected), FIELD(observed), FIELD(score), FIELD(kind),  FIELD(strongest)};
#undef FIELD

void crowd_save(const struct crowd *crowd, struct buf *out)
{
    buf_byte(out, LAYOUT);
    buf_put(out, &crowd->bucket, sizeof crowd->bucket);
    buf_byte(out, (unsigned char)crowd->count);
    for (uint32_t i = 0; i < crowd->count; i++) {
        for (size_t f = 0; f < sizeof FIELDS / sizeof *FIELDS; f++) {
            buf_put(out, (const char *)&crowd->counts[i] + FIELDS[f].offset, FIELDS[f].bytes);
        }
    }
}

static bool take(struct slice *bytes, struct crowd_count *count)
{
    for (size_t f = 0; f < sizeof FIELDS / sizeof *FIELDS; f++) {
        if (!field_take(bytes, (char *)count + FIELDS[f].offset, FIELDS[f].bytes)) {
            return false;
        }
    }
    return count->kind < ALERT_KINDS && count->strongest < ALERT_KINDS && count->found > 0 &&
           count->money >= 0 && isfinite(count->expected) && isfinite(count->observed) &&
           isfinite(count->score);
}

struct status *crowd_load(struct slice bytes, struct crowd *crowd)
{
    struct crowd read = {0};
    uint8_t layout = 0, count = 0;
    bool good = field_take(&bytes, &layout, 1) && layout == LAYOUT &&
                field_take(&bytes, &read.bucket, sizeof read.bucket) &&
                field_take(&bytes, &count, 1) && count <= CROWD_MOST;
    for (; good && read.count < count; read.count++) {
        good = take(&bytes, &read.counts[read.count]);
    }
    if (!good || bytes.bytes) {
        return status_new(
            STATUS_CORRUPT,
            "read what categories say: cut short, out of range, or of another version");
    }
    *crowd = read;
    return NULL;
}
