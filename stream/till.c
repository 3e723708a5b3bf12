#include "stream/till.h"

#include "config/base/ensure.h"
#include "config/base/grow.h"
#include "stream/file_ingest.h"
#include "stream/series.h"

#include <stdlib.h>
#include <string.h>

static const size_t ARENA_BLOCK = 1 << 20, ARENA_LIMIT = (size_t)4 << 30;

struct filler {
    struct till *shop;
    struct series_table *names;
    const struct settings *settings;
    struct arena *scratch; /* of one line that is decoded */
    int64_t until_ms;
};

static struct slice keep(struct till *shop, struct slice text)
{
    char *copy = arena_copy(shop->arena, text.data ? text.data : "", text.bytes);
    ASSERT(copy && "out of memory for a shop");
    return (struct slice){copy, text.bytes};
}

static uint32_t product_of(struct filler *fill, struct slice sku, struct slice location)
{
    struct till *shop = fill->shop;
    uint32_t product = series_find(fill->names, sku, location);
    if (product != SERIES_NONE) {
        return product;
    }
    product = series_add(fill->names, sku, location);
    ASSERT(product == shop->product_count);
    shop->products = grow(shop->products, &shop->product_capacity, shop->product_count + 1,
                          sizeof *shop->products);
    shop->products[shop->product_count++] =
        (struct till_product){keep(shop, sku), keep(shop, location), INT64_MAX, 0, 0};
    return product;
}

static void add(struct filler *fill, const struct order_line *order)
{
    struct till *shop = fill->shop;
    if (order->event_ms >= fill->until_ms) {
        return;
    }
    shop->lines = grow(shop->lines, &shop->capacity, (size_t)shop->count + 1, sizeof *shop->lines);
    struct till_line *line = &shop->lines[shop->count++];
    *line = (struct till_line){.order = *order};
    line->product = product_of(fill, order->sku, order->location);
    line->bucket = bucket_of(&fill->settings->buckets, order->event_ms);
    const struct till_product *product = &shop->products[line->product];
    line->order.sku = product->sku;
    line->order.location = product->location;
    line->order.order_id = keep(shop, order->order_id);
    line->order.customer = keep(shop, order->customer);
    line->order.group = keep(shop, order->group);
    line->order.currency = keep(shop, order->currency);
    line->order.channel = keep(shop, order->channel);
}

static void index_products(struct till *shop)
{
    for (uint32_t k = 0; k < shop->count; k++) {
        struct till_product *product = &shop->products[shop->lines[k].product];
        product->end++;
        if (shop->lines[k].order.kind == ORDER_SALE && shop->lines[k].bucket < product->first) {
            product->first = shop->lines[k].bucket;
        }
    }
    uint32_t at = 0;
    for (uint32_t p = 0; p < shop->product_count; p++) {
        uint32_t lines = shop->products[p].end;
        shop->products[p].begin = shop->products[p].end = at;
        at += lines;
    }
    for (uint32_t k = 0; k < shop->count; k++) {
        shop->by_product[shop->products[shop->lines[k].product].end++] = k;
    }
}

int till_by_time(const void *a, const void *b)
{
    const struct till_line *one = a, *two = b;
    int64_t x = one->order.event_ms, y = two->order.event_ms;
    if (x != y) {
        return x < y ? -1 : 1;
    }
    return (one->arrival > two->arrival) - (one->arrival < two->arrival);
}

static struct status *finish(struct till *shop)
{
    if (!shop->count) {
        return status_new(STATUS_USAGE, "there are no order lines in the time that may be known");
    }
    for (uint32_t k = 0; k < shop->count; k++) {
        shop->lines[k].arrival = k;
    }
    qsort(shop->lines, shop->count, sizeof *shop->lines, till_by_time);
    shop->first = shop->lines[0].bucket;
    shop->last = shop->lines[shop->count - 1].bucket;
    size_t buckets = (size_t)(shop->last - shop->first + 1);
    shop->by_product = malloc(shop->count * sizeof *shop->by_product);
    shop->bucket_begin = calloc(buckets + 1, sizeof *shop->bucket_begin);
    if (!shop->by_product || !shop->bucket_begin) {
        return status_new(STATUS_NO_MEMORY, "out of memory for a shop of %u lines", shop->count);
    }
    uint32_t at = 0;
    for (size_t b = 0; b <= buckets; b++) {
        while (at < shop->count && shop->lines[at].bucket - shop->first < (int64_t)b) {
            at++;
        }
        shop->bucket_begin[b] = at;
    }
    index_products(shop);
    return NULL;
}

void till_free(struct till *shop)
{
    if (shop) {
        free(shop->lines);
        free(shop->products);
        free(shop->by_product);
        free(shop->bucket_begin);
        arena_destroy(shop->arena);
        free(shop);
    }
}

static struct status *begin(struct filler *fill)
{
    fill->shop = calloc(1, sizeof *fill->shop);
    fill->names = series_table_create();
    fill->scratch = arena_create(64 * 1024, 8 << 20);
    if (fill->shop) {
        fill->shop->arena = arena_create(ARENA_BLOCK, ARENA_LIMIT);
    }
    return fill->shop && fill->shop->arena && fill->names && fill->scratch
               ? NULL
               : status_new(STATUS_NO_MEMORY, "out of memory for a shop");
}

static struct status *end(struct filler *fill, struct status *st, struct till **out)
{
    st = st ? st : finish(fill->shop);
    series_table_destroy(fill->names);
    arena_destroy(fill->scratch);
    if (st) {
        till_free(fill->shop);
        return st;
    }
    *out = fill->shop;
    return NULL;
}

/* --- files
 * -----------------------------------------------------------------------------------------------------
 */

static void take(struct filler *fill, struct outbox *lines)
{
    for (size_t i = 0; i < outbox_count(lines); i++) {
        struct outbox_record record;
        struct line line;
        const char *reason;
        outbox_get(lines, i, &record);
        if (record.topic != TOPIC_LINES) {
            continue;
        }
        arena_reset(fill->scratch);
        bool ours = line_decode(record.value, fill->scratch, &line, &reason);
        ASSERT(ours && "our own line");
        if (line.kind == LINE_ORDER) {
            add(fill, &line.order);
        }
    }
    outbox_reset(lines);
}

static struct status *read_all(struct filler *fill, const struct file_ingest_options *options,
                               struct outbox *lines)
{
    struct file_ingest *files;
    struct status *st = NULL;
    TRY(file_ingest_open(options, lines, &files));
    for (bool more = true; more && !st;) {
        st = file_ingest_read(files, &more);
        take(fill, lines);
    }
    file_ingest_close(files);
    return st;
}

struct status *till_load(const char *path, const char *map, const struct settings *settings,
                         int64_t until_ms, struct till **out)
{
    struct filler fill = {.settings = settings, .until_ms = until_ms};
    struct file_ingest_options options = {.settings = settings,
                                          .map = map,
                                          .paths = &path,
                                          .count = 1,
                                          .lines_partitions = 1,
                                          /* files of the past: no stamp is too new */
                                          .clock_ms = INT64_C(1) << 52};
    struct outbox *lines = outbox_create();
    struct status *st = begin(&fill);
    if (!st && !lines) {
        st = status_new(STATUS_NO_MEMORY, "out of memory for order lines");
    }
    st = st ? st : read_all(&fill, &options, lines);
    outbox_destroy(lines);
    return end(&fill, st, out);
}

/* --- simulated
 * -------------------------------------------------------------------------------------------------
 */

static int by_quantity(const void *a, const void *b)
{
    int64_t one = *(const int64_t *)a, two = *(const int64_t *)b;
    return (one > two) - (one < two);
}

/* Facts of the basket, which INGEST knows of messages: lines [from, to) are one order. */
static void close_basket(struct till *shop, uint32_t from, uint32_t to)
{
    enum { MOST = 64 };
    int64_t quantities[MOST], units = 0;
    uint32_t lines = to - from < MOST ? to - from : MOST;
    for (uint32_t k = 0; k < lines; k++) {
        quantities[k] = shop->lines[from + k].order.quantity;
        units += quantities[k];
    }
    qsort(quantities, lines, sizeof quantities[0], by_quantity);
    for (uint32_t k = from; k < to; k++) {
        struct order_line *order = &shop->lines[k].order;
        order->basket_lines = (int32_t)(to - from);
        order->basket_units = units;
        order->basket_median = quantities[lines / 2];
    }
}

struct status *till_simulate(const struct simulate_options *options,
                             const struct settings *settings, struct till **out)
{
    struct filler fill = {.settings = settings, .until_ms = INT64_MAX};
    struct simulate *sim = NULL;
    struct status *st = begin(&fill);
    st = st ? st : simulate_create(options, &sim);
    struct simulate_event event;
    uint32_t basket = 0;
    while (!st && simulate_next(sim, &event)) {
        if (event.kind != SIMULATE_ORDER || event.again) {
            continue;
        }
        struct till *shop = fill.shop;
        uint32_t before = shop->count;
        if (before > basket &&
            !slice_equal(shop->lines[basket].order.order_id, event.order.order_id)) {
            close_basket(shop, basket, before);
            basket = before;
        }
        add(&fill, &event.order);
        shop->lines[shop->count - 1].order.fingerprint = (struct hash128){before, 1};
    }
    if (!st && fill.shop->count > basket) {
        close_basket(fill.shop, basket, fill.shop->count);
    }
    simulate_destroy(sim);
    return end(&fill, st, out);
}
