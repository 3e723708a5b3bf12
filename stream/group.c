/* One alert for what many products do together. Where a tile has many signals of one kind at once
 * (at least GROUP_LEAST, and GROUP_SHARE of the products of their place), the kind is told once,
 * as a parent without a product: of their location, or of the whole shop. Its children open nothing
 * while it is open. A shard tells of its own tiles; parents of several shards have the same id
 * (kind, scope and moment) and so are one on the topic.
 *
 * Where orders fail to come at all, falls beneath are no news: they are held back, too. */
#include "config/base/ensure.h"
#include "stream/verdict.h"

#include <math.h>

#define GROUP_SHARE 0.05

enum { GROUP_LEAST = 5 };

static uint64_t scope_of(struct slice location)
{
    return hash_64(location.data, location.bytes, 2);
}

static bool is_fall(enum alert_kind kind)
{
    return kind == ALERT_DROP || kind == ALERT_ZERO_RUN || kind == ALERT_LEVEL_SHIFT_DOWN;
}

/* One that says it already; falls are one family. */
static const struct alert *open_parent(const struct shard *shard, enum alert_kind kind,
                                       struct slice location)
{
    const struct slice places[] = {location, slice_of("")};
    for (int other = 0; other < WEIGH_KINDS; other++) {
        enum alert_kind of = (enum alert_kind)other;
        for (int i = 0; (of == kind || (is_fall(of) && is_fall(kind))) && i < 2; i++) {
            const struct alert *parent =
                alert_table_find(shard->alerts, of, ALERT_NO_SERIES, scope_of(places[i]));
            if (parent && parent->state == ALERT_OPEN) {
                return parent;
            }
        }
    }
    return NULL;
}

/* Adds up the signals of one kind: whom they are about, and what is at stake. */
static uint32_t add_up(const struct shard *shard, uint32_t tile_index, enum alert_kind kind,
                       uint32_t count, struct alert_signal *sum, struct slice *location)
{
    uint32_t found = 0;
    double money = 0;
    for (uint32_t k = 0; k < count; k++) {
        const struct alert_signal *one = &shard->scratch.signals[k];
        if (one->kind != kind || one->strength < ALERT_WEAK) {
            continue;
        }
        uint32_t series = tile_index * PLAN_TILE_SERIES + one->series;
        struct slice place = series_location(shard->series, series);
        if (!found++) {
            *sum = *one;
            *location = place;
        } else {
            *location = slice_equal(*location, place) ? place : slice_of("");
            sum->expected += one->expected;
            sum->observed += one->observed;
            sum->onset_bucket =
                one->onset_bucket < sum->onset_bucket ? one->onset_bucket : sum->onset_bucket;
            sum->score = fmaxf(sum->score, one->score);
        }
        money += fabs((double)one->observed - (double)one->expected) *
                 (double)decide_price(shard, series);
    }
    sum->money = (int64_t)fmin(money, 1e15);
    return found;
}

/* Series of a tile at a location, or all of them where it is empty. */
static uint32_t series_at(const struct shard *shard, uint32_t tile_index, struct slice location)
{
    uint32_t found = 0, all = shard->tiles[tile_index]->series;
    for (uint32_t i = 0; i < all && location.bytes; i++) {
        uint32_t series = tile_index * PLAN_TILE_SERIES + i;
        found += series_live(shard->series, series) &&
                 slice_equal(series_location(shard->series, series), location);
    }
    return location.bytes ? found : all;
}

void group_tile(struct shard *shard, uint32_t tile_index, uint32_t count, int64_t now_ms)
{
    for (int kind = 0; kind < WEIGH_KINDS; kind++) {
        struct alert_signal sum = {0};
        struct slice location = {0};
        uint32_t found = add_up(shard, tile_index, (enum alert_kind)kind, count, &sum, &location);
        if (found < GROUP_LEAST || found < GROUP_SHARE * series_at(shard, tile_index, location)) {
            continue;
        }
        sum.series = ALERT_NO_SERIES;
        sum.named = 0;
        sum.scope = scope_of(location);
        sum.strength = ALERT_STRONG;
        sum.probability = powf(10, -sum.score);
        sum.evidence_count = 0;
        alert_evidence(&sum, EVIDENCE_SERIES, found);
        alert_evidence(&sum, EVIDENCE_RUN_BUCKETS, (double)(shard->closed + 2 - sum.onset_bucket));
        alert_evidence(&sum, EVIDENCE_RATIO,
                       sum.expected > 0 ? (double)(sum.observed / sum.expected) : 0);
        struct slice name = location.bytes ? location : slice_of("the shop");
        shard->counts.alerts += alert_table_step(shard->alerts, &sum, name, now_ms);
    }
}

void group_hold(struct shard *shard, uint32_t series, struct alert_signal *signal, int64_t now_ms)
{
    if (signal->strength < ALERT_WEAK) {
        return;
    }
    const struct alert *own = alert_table_find(shard->alerts, signal->kind, series, 0);
    bool open = own && own->state == ALERT_OPEN;
    if (open_parent(shard, signal->kind, series_location(shard->series, series))) {
        if (open) { /* it spoke before the others did: now the parent speaks for it */
            shard->counts.alerts += alert_table_end(shard->alerts, signal->kind, series, 0, now_ms);
        }
        signal->strength = ALERT_NEUTRAL;
    } else if (!open && is_fall(signal->kind) && feed_any_silent(shard->feed)) {
        signal->strength = ALERT_NEUTRAL;
    }
}
