#include "stream/inject.h"

#include "config/base/ensure.h"
#include "config/base/grow.h"
#include "config/base/rng.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
    HISTORY = 90, /* buckets before an incident */
    KNOWN = 60,
    HISTORY_LINES = 25,
    RETURN_REACH = 60,
    SPARED = 14, /* buckets after an incident, and apart */
    NATS = 10,
    DONORS_MOST = 4096,
    ATTEMPTS = 150, /* at finding a product and a time for a kind */
};

struct recipe {
    double least, most; /* size */
    int shortest, longest; /* buckets */
    int turns;
};

static const struct recipe RECIPES[] = {
    [ALERT_SPIKE] = {1.7, 14, 1, 3, 3},
    [ALERT_DROP] = {1.7, 14, 2, 8, 2},
    [ALERT_LEVEL_SHIFT_UP] = {1.5, 12, 10, 32, 2},
    [ALERT_LEVEL_SHIFT_DOWN] = {1.6, 14, 10, 32, 2},
    [ALERT_ZERO_RUN] = {1, 1, 5, 32, 2},
    [ALERT_RETURNS_BURST] = {3, 24, 1, 2, 3},
    [ALERT_PRICE_ERROR] = {1.7, 14, 1, 3, 3},
    [ALERT_BULK_ORDER] = {1.6, 14, 1, 1, 4},
};
enum { RECIPE_COUNT = sizeof RECIPES / sizeof RECIPES[0] };

struct work {
    const struct till *shop;
    struct injected *out;
    struct rng rng;
    uint8_t *gone; /* [shop->count] */
    float *factor; /* [shop->count] of the price; 0: as it is */
    struct till_line *added;
    uint32_t added_count;
    size_t added_capacity;
    uint32_t donor[DONORS_MOST], donor_count; /* sales of the product in its past */
};

struct incident {
    uint32_t product;
    enum alert_kind kind;
    int64_t first, end; /* buckets */
    double size;
};

static double between(struct rng *rng, double least, double most)
{
    return least * exp(rng_unit(rng) * log(most / least));
}

/* A line like `model` in a basket of the bucket that really came. False: nobody bought anything. */
static bool add_like(struct work *work, uint32_t model, int64_t bucket, int64_t quantity)
{
    const struct till *shop = work->shop;
    uint32_t begin = shop->bucket_begin[bucket - shop->first];
    uint32_t end = shop->bucket_begin[bucket - shop->first + 1];
    if (begin == end) {
        return false;
    }
    work->added = grow(work->added, &work->added_capacity, (size_t)work->added_count + 1,
                       sizeof *work->added);
    uint32_t host_index = begin + (uint32_t)rng_below(&work->rng, end - begin);
    const struct till_line *host = &shop->lines[host_index];
    struct till_line *line = &work->added[work->added_count++];
    *line = shop->lines[model];
    line->bucket = bucket;
    line->arrival = shop->count + work->added_count;
    line->order.event_ms = host->order.event_ms;
    line->order.order_id = host->order.order_id;
    line->order.customer = host->order.customer;
    line->order.group = host->order.group;
    line->order.basket_lines = host->order.basket_lines + 1;
    line->order.basket_median = host->order.basket_median;
    line->order.basket_units = host->order.basket_units + quantity;
    line->order.quantity = quantity;
    line->order.fingerprint = (struct hash128){line->arrival, 2};
    return true;
}

static bool is_sale(const struct till_line *line)
{
    return line->order.kind == ORDER_SALE && line->order.quantity > 0;
}

/* Sales of the product in [from, to), into donor. */
static void find_donors(struct work *work, uint32_t product, int64_t from, int64_t to)
{
    const struct till *shop = work->shop;
    work->donor_count = 0;
    for (uint32_t k = shop->products[product].begin; k < shop->products[product].end; k++) {
        const struct till_line *line = &shop->lines[shop->by_product[k]];
        if (line->bucket >= from && line->bucket < to && is_sale(line) &&
            work->donor_count < DONORS_MOST) {
            work->donor[work->donor_count++] = shop->by_product[k];
        }
    }
}

static bool trading(const struct till *shop, int64_t bucket)
{
    return shop->bucket_begin[bucket - shop->first] < shop->bucket_begin[bucket - shop->first + 1];
}

static double nats_of(double lines, double factor)
{
    return lines * ((factor > 0 ? factor * log(factor) : 0) - factor + 1);
}

/* Whole earlier buckets on top of each trading one: of the same weekday for shifts, of selling ones
 * for spikes. The part of `size` that is not whole is a bucket thinned by chance. */
static bool make_rise(struct work *work, const struct incident *it)
{
    const struct till *shop = work->shop;
    find_donors(work, it->product, it->first - HISTORY, it->first);
    uint32_t made = 0, selling = 0;
    for (uint32_t d = 0; d < work->donor_count; d++) {
        selling +=
            !d || shop->lines[work->donor[d]].bucket != shop->lines[work->donor[d - 1]].bucket;
    }
    double buckets = it->kind == ALERT_SPIKE ? selling : HISTORY;
    double lines = work->donor_count / buckets * (double)(it->end - it->first);
    if (nats_of(lines, it->size) < NATS) {
        return false;
    }
    for (int64_t bucket = it->first; bucket < it->end; bucket++) {
        for (double left = it->size - 1; left > 0 && trading(shop, bucket); left -= 1) {
            int64_t from;
            if (it->kind == ALERT_SPIKE) {
                uint64_t pick = rng_below(&work->rng, work->donor_count);
                from = shop->lines[work->donor[pick]].bucket;
            } else {
                from = bucket - 7 * (1 + (int64_t)rng_below(&work->rng, 12));
            }
            for (uint32_t d = 0; d < work->donor_count; d++) {
                const struct till_line *donor = &shop->lines[work->donor[d]];
                if (donor->bucket == from && (left >= 1 || rng_unit(&work->rng) < left)) {
                    made += add_like(work, work->donor[d], bucket, donor->order.quantity);
                }
            }
        }
    }
    return made > 0;
}

static bool make_fall(struct work *work, const struct incident *it)
{
    double stay = it->kind == ALERT_ZERO_RUN ? 0 : 1 / it->size;
    find_donors(work, it->product, it->first, it->end);
    if (nats_of(work->donor_count, stay) < NATS) {
        return false;
    }
    for (uint32_t d = 0; d < work->donor_count; d++) {
        work->gone[work->donor[d]] = rng_unit(&work->rng) >= stay;
    }
    return true;
}

static bool make_returns(struct work *work, const struct incident *it)
{
    const struct till *shop = work->shop;
    find_donors(work, it->product, it->first - RETURN_REACH, it->first);
    uint32_t wanted = (uint32_t)it->size, made = 0;
    if (work->donor_count < wanted) {
        return false;
    }
    for (uint32_t k = 0; k < wanted; k++) {
        uint32_t swap = k + (uint32_t)rng_below(&work->rng, work->donor_count - k);
        uint32_t model = work->donor[swap];
        work->donor[swap] = work->donor[k];
        int64_t bucket = it->first + (int64_t)(k % (uint32_t)(it->end - it->first));
        if (add_like(work, model, bucket, -shop->lines[model].order.quantity)) {
            work->added[work->added_count - 1].order.kind = ORDER_CANCEL;
            made++;
        }
    }
    return made >= 3;
}

static bool make_price(struct work *work, const struct incident *it)
{
    find_donors(work, it->product, it->first, it->end);
    bool upward = it->size > 2.3 && rng_unit(&work->rng) < 0.5;
    for (uint32_t d = 0; d < work->donor_count; d++) {
        work->factor[work->donor[d]] = (float)(upward ? it->size : 1 / it->size);
    }
    return work->donor_count > 0;
}

static const struct till *sorting; /* qsort has no context; one thread trains */

static int by_quantity(const void *a, const void *b)
{
    int64_t one = sorting->lines[*(const uint32_t *)a].order.quantity;
    int64_t two = sorting->lines[*(const uint32_t *)b].order.quantity;
    return (one > two) - (one < two);
}

static bool make_bulk(struct work *work, const struct incident *it)
{
    find_donors(work, it->product, it->first - HISTORY, it->first);
    sorting = work->shop;
    qsort(work->donor, work->donor_count, sizeof work->donor[0], by_quantity);
    double quantile = 0.96 + 0.04 * rng_unit(&work->rng);
    uint32_t model = work->donor[(uint32_t)(quantile * (work->donor_count - 1) + 0.5)];
    int64_t quantity = (int64_t)(it->size * (double)work->shop->lines[model].order.quantity + 0.5);
    return add_like(work, model, it->first, quantity);
}

static bool make(struct work *work, const struct incident *it)
{
    if (it->kind == ALERT_SPIKE || it->kind == ALERT_LEVEL_SHIFT_UP) {
        return make_rise(work, it);
    }
    if (it->kind == ALERT_RETURNS_BURST) {
        return make_returns(work, it);
    }
    if (it->kind == ALERT_PRICE_ERROR) {
        return make_price(work, it);
    }
    return it->kind == ALERT_BULK_ORDER ? make_bulk(work, it) : make_fall(work, it);
}

/* Known long enough, busy, nothing else injected around it. */
static bool is_free(struct work *work, const struct incident *it)
{
    const struct till *shop = work->shop;
    if (shop->products[it->product].first > it->first - KNOWN || it->end > shop->last + 1 ||
        !trading(shop, it->first)) {
        return false;
    }
    for (int64_t b = it->first - SPARED; b < it->end + SPARED; b++) {
        if (b >= shop->first && b <= shop->last &&
            work->out->labels[inject_cell(shop, it->product, b)] != INJECT_NONE) {
            return false;
        }
    }
    find_donors(work, it->product, it->first - HISTORY, it->first);
    return work->donor_count >= HISTORY_LINES;
}

static void label(struct work *work, const struct incident *it)
{
    const struct till *shop = work->shop;
    int64_t length = it->end - it->first;
    for (int64_t b = it->first; b < it->end + SPARED && b <= shop->last; b++) {
        size_t cell = inject_cell(shop, it->product, b);
        work->out->labels[cell] = b < it->end ? (uint8_t)(1 + it->kind) : INJECT_SPARED;
        work->out->length[cell] = (uint8_t)(length < UINT8_MAX ? length : UINT8_MAX);
    }
    work->out->incidents[it->kind]++;
}

static void draw(struct work *work)
{
    const struct till *shop = work->shop;
    int turns = 0, kind = 0;
    for (int k = 0; k < RECIPE_COUNT; k++) {
        turns += RECIPES[k].turns;
    }
    int64_t turn = (int64_t)rng_below(&work->rng, (uint64_t)turns);
    while (turn >= RECIPES[kind].turns) {
        turn -= RECIPES[kind++].turns;
    }
    const struct recipe *recipe = &RECIPES[kind];
    struct incident it = {.kind = (enum alert_kind)kind};
    for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
        it.product = (uint32_t)rng_below(&work->rng, shop->product_count);
        it.first =
            shop->first + (int64_t)rng_below(&work->rng, (uint64_t)(shop->last - shop->first));
        it.end = it.first + recipe->shortest +
                 (int64_t)rng_below(&work->rng, (uint64_t)(recipe->longest - recipe->shortest + 1));
        it.size = between(&work->rng, recipe->least, recipe->most);
        if (is_free(work, &it) && make(work, &it)) {
            label(work, &it);
            return;
        }
    }
}

/* The shop's lines with what was changed, and the added ones, in order of time. */
static void merge(struct work *work)
{
    const struct till *shop = work->shop;
    uint32_t at = 0, count = 0;
    if (work->added_count) {
        qsort(work->added, work->added_count, sizeof *work->added, till_by_time);
    }
    for (uint32_t k = 0; k < shop->count; k++) {
        while (at < work->added_count && till_by_time(&work->added[at], &shop->lines[k]) < 0) {
            work->out->lines[count++] = work->added[at++];
        }
        if (work->gone[k]) {
            continue;
        }
        struct till_line *line = &work->out->lines[count++];
        *line = shop->lines[k];
        if (work->factor[k] > 0 && line->order.unit_price > 0) {
            int64_t price = (int64_t)((float)line->order.unit_price * work->factor[k] + 0.5f);
            line->order.unit_price = price > 0 ? price : 1;
        }
    }
    while (at < work->added_count) {
        work->out->lines[count++] = work->added[at++];
    }
    work->out->count = count;
}

void inject_free(struct injected *injected)
{
    free(injected->lines);
    free(injected->labels);
    free(injected->length);
    *injected = (struct injected){0};
}

struct status *inject_run(const struct till *shop, uint64_t seed, double rate, struct injected *out)
{
    *out = (struct injected){0};
    size_t cells = (size_t)shop->product_count * (size_t)(shop->last - shop->first + 1);
    struct work work = {.shop = shop, .out = out};
    rng_init(&work.rng, seed);
    out->labels = calloc(cells, 1);
    out->length = calloc(cells, 1);
    work.gone = calloc(shop->count, 1);
    work.factor = calloc(shop->count, sizeof *work.factor);
    struct status *st = NULL;
    if (out->labels && out->length && work.gone && work.factor && shop->last > shop->first) {
        for (size_t n = 0; n < (size_t)(rate * (double)cells); n++) {
            draw(&work);
        }
        out->lines = malloc(((size_t)shop->count + work.added_count) * sizeof *out->lines);
    }
    if (out->lines) {
        merge(&work);
    } else {
        st = status_new(STATUS_NO_MEMORY, "out of memory for injected anomalies");
        inject_free(out);
    }
    free(work.gone);
    free(work.factor);
    free(work.added);
    return st;
}
