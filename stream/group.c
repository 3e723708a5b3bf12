/* One alert for what many products do together. Where a tile has many signals of one kind at once
 * (at least GROUP_LEAST, and GROUP_SHARE of the products of their place), the kind is told once,
 * as a parent without a product: of their location, or of the whole shop. Its children open nothing
 * while it is open. So with the products of a category (a fact of their items), which are counted
 * over all tiles of the close (stream/crowd.h), falls as one kind: what its first products had said
 * in earlier tiles of the close ends when the parent speaks. A shard tells of its own tiles;
 * parents of several shards have the same id (kind, scope and moment) and so are one on the topic.
 *
 * Where orders fail to come at all, falls beneath are no news: they are held back, too. */
#include "config/base/ensure.h"
#include "stream/verdict.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define GROUP_SHARE 0.05

enum { GROUP_LEAST = 5, CATEGORY_NAME = 64 };

static uint64_t scope_of(struct slice location)
{
    return hash_64(location.data, location.bytes, 2);
}

static uint64_t scope_of_category(struct slice category)
{
    return hash_64(category.data, category.bytes, 3);
}

static struct slice category_of(const struct shard *shard, uint32_t series)
{
    const struct item_line *item = items_find(shard->items, series_sku(shard->series, series));
    return item ? item->category : (struct slice){0};
}

static bool is_fall(enum alert_kind kind)
{
    return kind == ALERT_DROP || kind == ALERT_ZERO_RUN || kind == ALERT_LEVEL_SHIFT_DOWN;
}

/* One of a scope that says it already; falls are one family. */
static const struct alert *parent_of(const struct shard *shard, enum alert_kind kind,
                                     uint64_t scope)
{
    for (int other = 0; other < WEIGH_KINDS; other++) {
        enum alert_kind of = (enum alert_kind)other;
        if (of == kind || (is_fall(of) && is_fall(kind))) {
            const struct alert *parent =
                alert_table_find(shard->alerts, of, ALERT_NO_SERIES, scope);
            if (parent && parent->state == ALERT_OPEN) {
                return parent;
            }
        }
    }
    return NULL;
}

/* ... of the series' location, or of the whole shop. */
static const struct alert *parent_of_place(const struct shard *shard, enum alert_kind kind,
                                           uint32_t series)
{
    const struct alert *parent =
        parent_of(shard, kind, scope_of(series_location(shard->series, series)));
    return parent ? parent : parent_of(shard, kind, scope_of(slice_of("")));
}

static bool has_parent(const struct shard *shard, enum alert_kind kind, uint32_t series)
{
    if (parent_of_place(shard, kind, series)) {
        return true;
    }
    struct slice category = category_of(shard, series);
    return category.bytes && parent_of(shard, kind, scope_of_category(category));
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

/* What both kinds of parents say beyond sums. */
static void finish(const struct shard *shard, struct alert_signal *sum, uint64_t scope,
                   uint32_t found)
{
    sum->series = ALERT_NO_SERIES;
    sum->named = 0;
    sum->scope = scope;
    sum->strength = ALERT_STRONG;
    sum->probability = powf(10, -sum->score);
    sum->evidence_count = 0;
    alert_evidence(sum, EVIDENCE_SERIES, found);
    alert_evidence(sum, EVIDENCE_RUN_BUCKETS, (double)(shard->closed + 2 - sum->onset_bucket));
    alert_evidence(sum, EVIDENCE_RATIO,
                   sum->expected > 0 ? (double)(sum->observed / sum->expected) : 0);
}

static void tell_places(struct shard *shard, uint32_t tile_index, uint32_t count, int64_t now_ms)
{
    for (int kind = 0; kind < WEIGH_KINDS; kind++) {
        struct alert_signal sum = {0};
        struct slice location = {0};
        uint32_t found = add_up(shard, tile_index, (enum alert_kind)kind, count, &sum, &location);
        if (found < GROUP_LEAST || found < GROUP_SHARE * series_at(shard, tile_index, location)) {
            continue;
        }
        finish(shard, &sum, scope_of(location), found);
        struct slice name = location.bytes ? location : slice_of("the shop");
        shard->counts.alerts += alert_table_step(shard->alerts, &sum, name, now_ms);
    }
}

/* --- categories --------------------------------------------------------------------- */

static uint32_t members_of(const struct shard *shard, struct slice category)
{
    uint32_t members = 0;
    for (uint32_t t = 0; t < shard->tile_count; t++) {
        for (uint32_t i = 0; i < shard->tiles[t]->series; i++) {
            uint32_t series = t * PLAN_TILE_SERIES + i;
            members += series_live(shard->series, series) &&
                       slice_equal(category_of(shard, series), category);
        }
    }
    return members;
}

/* What products of tiles that are closed already began to say in this close. */
static void end_earlier(struct shard *shard, uint32_t tile_index, struct slice category,
                        enum alert_kind kind, int64_t now_ms)
{
    for (uint32_t series = 0; series < tile_index * PLAN_TILE_SERIES; series++) {
        if (!alert_table_has(shard->alerts, series) ||
            !slice_equal(category_of(shard, series), category)) {
            continue;
        }
        for (int other = 0; other < WEIGH_KINDS; other++) {
            enum alert_kind of = (enum alert_kind)other;
            const struct alert *own = alert_table_find(shard->alerts, of, series, 0);
            bool same = of == kind || (is_fall(of) && is_fall(kind));
            if (same && own && own->state == ALERT_OPEN && own->opened_ms == now_ms) {
                shard->counts.alerts += alert_table_end(shard->alerts, of, series, 0, now_ms);
            }
        }
    }
}

static void tell_category(struct shard *shard, uint32_t tile_index, struct slice category,
                          const struct crowd_count *count, int64_t now_ms)
{
    const struct alert *open =
        parent_of(shard, (enum alert_kind)count->strongest, scope_of_category(category));
    struct alert_signal sum = {.kind = (enum alert_kind)(open ? open->kind : count->strongest),
                               .expected = count->expected,
                               .observed = count->observed,
                               .score = count->score,
                               .money = count->money,
                               .onset_bucket = count->onset};
    char name[CATEGORY_NAME];
    int bytes = snprintf(name, sizeof name, "category %.*s", (int)category.bytes, category.data);
    bytes = bytes < (int)sizeof name ? bytes : (int)sizeof name - 1;
    finish(shard, &sum, count->scope, count->found);
    shard->counts.alerts +=
        alert_table_step(shard->alerts, &sum, (struct slice){name, (size_t)bytes}, now_ms);
    if (!open) {
        end_earlier(shard, tile_index, category, sum.kind, now_ms);
    }
}

/* Counts one signal of the tile. True: it is the one with which its category has become many. */
static bool count_in(struct shard *shard, const struct alert_signal *one, uint32_t series,
                     struct slice category, struct crowd_count **count)
{
    bool held = is_fall(one->kind) && feed_any_silent(shard->feed);
    if (one->strength < ALERT_WEAK || held || parent_of_place(shard, one->kind, series)) {
        return false;
    }
    double gap = fabs((double)one->observed - (double)one->expected);
    double money = one->money ? (double)one->money : gap * (double)decide_price(shard, series);
    enum alert_kind family = is_fall(one->kind) ? ALERT_DROP : one->kind;
    *count = crowd_add(&shard->crowd, shard->closed + 1, scope_of_category(category), family, one,
                       (int64_t)fmin(money, 1e15));
    if (!*count || (*count)->found < GROUP_LEAST) {
        return false;
    }
    (*count)->members = (*count)->members ? (*count)->members : members_of(shard, category);
    return (*count)->found >= GROUP_SHARE * (*count)->members;
}

static void tell_categories(struct shard *shard, uint32_t tile_index, uint32_t count,
                            int64_t now_ms)
{
    struct slice many[CROWD_MOST]; /* categories of shard->crowd.counts, "" where not many */
    memset(many, 0, sizeof many);
    for (uint32_t k = 0; k < count; k++) {
        const struct alert_signal *one = &shard->scratch.signals[k];
        uint32_t series = tile_index * PLAN_TILE_SERIES + one->series;
        struct slice category = category_of(shard, series);
        struct crowd_count *in;
        if (category.bytes && count_in(shard, one, series, category, &in)) {
            many[in - shard->crowd.counts] = category;
        }
    }
    for (uint32_t i = 0; i < CROWD_MOST; i++) {
        if (many[i].bytes) {
            tell_category(shard, tile_index, many[i], &shard->crowd.counts[i], now_ms);
        }
    }
}

void group_tile(struct shard *shard, uint32_t tile_index, uint32_t count, int64_t now_ms)
{
    tell_places(shard, tile_index, count, now_ms);
    tell_categories(shard, tile_index, count, now_ms);
}

void group_hold(struct shard *shard, uint32_t series, struct alert_signal *signal, int64_t now_ms)
{
    if (signal->strength < ALERT_WEAK) {
        return;
    }
    const struct alert *own = alert_table_find(shard->alerts, signal->kind, series, 0);
    bool open = own && own->state == ALERT_OPEN;
    if (has_parent(shard, signal->kind, series)) {
        if (open) { /* it spoke before the others did: now the parent speaks for it */
            shard->counts.alerts += alert_table_end(shard->alerts, signal->kind, series, 0, now_ms);
        }
        signal->strength = ALERT_NEUTRAL;
    } else if (!open && is_fall(signal->kind) && feed_any_silent(shard->feed)) {
        signal->strength = ALERT_NEUTRAL;
    }
}
