#include "tests/stream/shard_fixture.h"

#include "config/base/ensure.h"

#include <stdio.h>
#include <stdlib.h>

static void must(struct status *st)
{
    if (st) {
        fprintf(stderr, "%s\n", status_message(st));
    }
    ASSERT(!st);
}

void fixture_init(struct fixture *fixture, const char *const *sets, size_t set_count)
{
    *fixture = (struct fixture){.offset = -1};
    must(settings_load(NULL, sets, set_count, &fixture->settings));
    must(plan_create(&fixture->settings, 1, NULL, &fixture->plan));
    fixture->outbox = outbox_create();
    must(shard_create(fixture->plan, 0, fixture->outbox, &fixture->shard));
}

void fixture_fini(struct fixture *fixture)
{
    shard_destroy(fixture->shard);
    plan_destroy(fixture->plan);
    outbox_destroy(fixture->outbox);
    settings_fini(&fixture->settings);
    buf_fini(&fixture->outputs);
    for (size_t i = 0; i < fixture->state_count; i++) {
        buf_fini(&fixture->state[i].key);
        buf_fini(&fixture->state[i].value);
    }
    free(fixture->state);
}

static void keep_state(struct fixture *fixture, const struct outbox_record *record)
{
    ASSERT(record->partition == 0);
    struct fixture_state *at = NULL;
    for (size_t i = 0; i < fixture->state_count && !at; i++) {
        at = slice_equal(buf_view(&fixture->state[i].key), record->key) ? &fixture->state[i] : NULL;
    }
    if (at) { /* a compacted log keeps the last one, at the place of the last one */
        struct fixture_state moved = *at;
        memmove(at, at + 1, (size_t)(fixture->state + fixture->state_count - at - 1) * sizeof *at);
        fixture->state[fixture->state_count - 1] = moved;
        at = &fixture->state[fixture->state_count - 1];
    } else {
        if (fixture->state_count == fixture->state_capacity) {
            fixture->state_capacity = fixture->state_capacity ? fixture->state_capacity * 2 : 64;
            fixture->state = realloc(fixture->state, fixture->state_capacity * sizeof *at);
            ASSERT(fixture->state);
        }
        at = &fixture->state[fixture->state_count++];
        *at = (struct fixture_state){0};
        buf_slice(&at->key, record->key);
    }
    buf_reset(&at->value);
    buf_slice(&at->value, record->value);
    at->tombstone = !record->has_value;
}

void fixture_commit(struct fixture *fixture)
{
    if (shard_clean(fixture->shard)) {
        return;
    }
    shard_seal(fixture->shard, &fixture->offset, &fixture->sequence);
    for (size_t i = 0; i < outbox_count(fixture->outbox); i++) {
        struct outbox_record record;
        outbox_get(fixture->outbox, i, &record);
        if (record.topic == TOPIC_STATE) {
            keep_state(fixture, &record);
            continue;
        }
        buf_print(&fixture->outputs, "%d|%.*s|", (int)record.topic, (int)record.key.bytes,
                  record.has_key ? record.key.data : "");
        buf_slice(&fixture->outputs, record.value);
        buf_byte(&fixture->outputs, '\n');
    }
    outbox_reset(fixture->outbox);
    shard_committed(fixture->shard);
    fixture->commits++;
}

int64_t fixture_restart(struct fixture *fixture)
{
    shard_destroy(fixture->shard);
    outbox_reset(fixture->outbox);
    must(shard_create(fixture->plan, 0, fixture->outbox, &fixture->shard));
    for (size_t i = 0; i < fixture->state_count; i++) {
        const struct fixture_state *record = &fixture->state[i];
        struct slice value = record->tombstone ? (struct slice){0} : buf_view(&record->value);
        must(shard_restore(fixture->shard, buf_view(&record->key), value));
    }
    int64_t next;
    must(shard_restored(fixture->shard, fixture->offset, fixture->sequence, &next));
    return next < 0 ? 0 : next;
}

void fixture_apply(struct fixture *fixture, const struct fixture_log *log, size_t index)
{
    const size_t *at = log->at[index];
    struct slice key = {at[3] ? log->keys.data + at[2] : NULL, at[3]};
    shard_apply(fixture->shard, (int64_t)index, key,
                (struct slice){log->bytes.data + at[0], at[1]});
}

size_t fixture_apply_batch(struct fixture *fixture, const struct fixture_log *log, size_t from,
                           size_t count, size_t outbox_limit)
{
    struct shard_record records[256];
    ASSERT(count <= sizeof records / sizeof records[0] && from + count <= log->count);
    for (size_t i = 0; i < count; i++) {
        const size_t *at = log->at[from + i];
        records[i] = (struct shard_record){(int64_t)(from + i),
                                           {at[3] ? log->keys.data + at[2] : NULL, at[3]},
                                           {log->bytes.data + at[0], at[1]}};
    }
    return shard_apply_batch(fixture->shard, records, count, outbox_limit);
}

void fixture_run(struct fixture *fixture, const struct fixture_log *log, size_t commit_every)
{
    for (size_t i = 0; i < log->count; i++) {
        fixture_apply(fixture, log, i);
        if (i % commit_every == commit_every - 1) {
            while (shard_work(fixture->shard)) {
            }
            fixture_commit(fixture);
        }
    }
    while (shard_work(fixture->shard)) {
    }
    fixture_commit(fixture);
}

struct output {
    const char *line;
    size_t key_bytes, bytes;
};

static int by_key(const void *a, const void *b)
{
    const struct output *one = a, *two = b;
    size_t least = one->key_bytes < two->key_bytes ? one->key_bytes : two->key_bytes;
    int order = memcmp(one->line, two->line, least);
    if (!order) {
        order = (one->key_bytes > two->key_bytes) - (one->key_bytes < two->key_bytes);
    }
    return order ? order : (one->line > two->line) - (one->line < two->line);
}

void fixture_sort(struct buf *outputs)
{
    size_t count = 0, capacity = 1;
    for (size_t i = 0; i < outputs->bytes; i++) {
        capacity += outputs->data[i] == '\n';
    }
    struct output *lines = calloc(capacity, sizeof *lines);
    for (size_t at = 0; at < outputs->bytes;) {
        const char *line = outputs->data + at;
        size_t bytes = (size_t)((const char *)memchr(line, '\n', outputs->bytes - at) - line) + 1;
        size_t key = 0; /* up to the value, which is JSON or, for a tombstone, nothing */
        while (key < bytes && line[key] != '{') {
            key++;
        }
        lines[count++] = (struct output){line, key, bytes};
        at += bytes;
    }
    qsort(lines, count, sizeof *lines, by_key);
    struct buf sorted = {0};
    for (size_t i = 0; i < count; i++) {
        buf_put(&sorted, lines[i].line, lines[i].bytes);
    }
    free(lines);
    buf_fini(outputs);
    *outputs = sorted;
}

bool fixture_same(const struct buf *expected, const struct buf *found)
{
    size_t least = expected->bytes < found->bytes ? expected->bytes : found->bytes, at = 0;
    while (at < least && expected->data[at] == found->data[at]) {
        at++;
    }
    if (expected->bytes == found->bytes && at == least) {
        return true;
    }
    size_t from = at > 200 ? at - 200 : 0;
    fprintf(stderr, "outputs differ at byte %zu:\n%.400s\n--- instead of ---\n%.400s\n", at,
            found->data + from, expected->data + from);
    return false;
}

/* --- logs
 * ---------------------------------------------------------------------------------------------------------
 */

void fixture_log_fini(struct fixture_log *log)
{
    buf_fini(&log->bytes);
    buf_fini(&log->keys);
    free(log->at);
    *log = (struct fixture_log){0};
}

void fixture_add(struct fixture_log *log, const struct line *line)
{
    if (log->count == log->capacity) {
        log->capacity = log->capacity ? log->capacity * 2 : 1024;
        log->at = realloc(log->at, log->capacity * sizeof *log->at);
        ASSERT(log->at);
    }
    struct slice key = line_sku(line);
    size_t *at = log->at[log->count++];
    at[0] = log->bytes.bytes;
    line_encode(line, &log->bytes);
    at[1] = log->bytes.bytes - at[0];
    at[2] = log->keys.bytes;
    at[3] = key.bytes;
    buf_slice(&log->keys, key);
}

void fixture_order(struct fixture_log *log, const char *sku, int64_t event_ms, int64_t quantity,
                   const char *customer, uint64_t fingerprint)
{
    char order[32];
    (void)snprintf(order, sizeof order, "o%llu", (unsigned long long)fingerprint);
    struct line line = {.kind = LINE_ORDER,
                        .order = {.kind = quantity > 0 ? ORDER_SALE : ORDER_CANCEL,
                                  .event_ms = event_ms,
                                  .sku = slice_of(sku),
                                  .location = slice_of("main"),
                                  .order_id = slice_of(order),
                                  .customer = slice_of(customer),
                                  .group = slice_of("UK"),
                                  .currency = slice_of("GBP"),
                                  .channel = slice_of(""),
                                  .quantity = quantity,
                                  .unit_price = 250,
                                  .fingerprint = {fingerprint, fingerprint * 31},
                                  .basket_lines = 1,
                                  .basket_units = quantity,
                                  .basket_median = quantity}};
    fixture_add(log, &line);
}

void fixture_sale(struct fixture_log *log, const char *sku, const char *location, int64_t event_ms,
                  int64_t quantity, int64_t price)
{
    struct slice none = slice_of("");
    struct line line = {.kind = LINE_ORDER,
                        .order = {.kind = ORDER_SALE,
                                  .event_ms = event_ms,
                                  .sku = slice_of(sku),
                                  .location = slice_of(location),
                                  .order_id = none,
                                  .customer = none,
                                  .group = none,
                                  .currency = none,
                                  .channel = none,
                                  .quantity = quantity,
                                  .unit_price = price,
                                  .fingerprint = {log->count, 1},
                                  .basket_lines = 12,
                                  .basket_units = 60,
                                  .basket_median = 4}};
    fixture_add(log, &line);
}

void fixture_stock(struct fixture_log *log, const char *sku, enum stock_kind kind, int64_t event_ms,
                   int64_t quantity, const char *reference)
{
    struct line line = {.kind = LINE_STOCK,
                        .source = {.input = INPUT_STOCK},
                        .stock = {.kind = kind,
                                  .event_ms = event_ms,
                                  .sku = slice_of(sku),
                                  .location = slice_of("main"),
                                  .reference = slice_of(reference),
                                  .quantity = quantity,
                                  .expected_ms = -1,
                                  .fingerprint = {(uint64_t)event_ms ^ hash_64(sku, strlen(sku), 7),
                                                  (uint64_t)quantity * 17 + (uint64_t)kind}}};
    fixture_add(log, &line);
}

void fixture_item(struct fixture_log *log, const char *sku, double lead_days, double review_days,
                  int64_t minimum, int64_t pack)
{
    struct line line = {.kind = LINE_ITEM,
                        .source = {.input = INPUT_ITEMS},
                        .item = {.sku = slice_of(sku),
                                 .supplier = slice_of("S1"),
                                 .currency = slice_of("GBP"),
                                 .category = slice_of("toys"),
                                 .brand = slice_of(""),
                                 .lead_time_days = lead_days,
                                 .lead_time_sd_days = 1,
                                 .review_days = review_days,
                                 .holding_cost_rate = 0.25,
                                 .shelf_life_days = -1,
                                 .weight = -1,
                                 .volume = -1,
                                 .unit_cost = 120,
                                 .price = 250,
                                 .shortage_cost = -1,
                                 .order_cost = -1,
                                 .minimum_order = minimum,
                                 .pack = pack,
                                 .maximum_order = -1}};
    fixture_add(log, &line);
}

void fixture_tick(struct fixture_log *log, int32_t partition, int64_t mark_ms,
                  enum tick_state state, int64_t units)
{
    struct tick_count count = {.slot = (mark_ms - FIXTURE_DAY_MS / 2) / 3600000,
                               .group = slice_of(""),
                               .lines = units,
                               .invoices = units,
                               .units = units};
    struct line line = {.kind = LINE_TICK,
                        .tick = {.input = INPUT_ORDERS,
                                 .partition = partition,
                                 .state = state,
                                 .mark_ms = mark_ms,
                                 .clock_ms = mark_ms,
                                 .written_ms = mark_ms,
                                 .roster = {partition + 1, 0},
                                 .count_count = units > 0,
                                 .counts = &count}};
    fixture_add(log, &line);
}

struct shop {
    struct fixture_log *log;
    struct rng rng;
    uint64_t next_fingerprint;
    int64_t units; /* since the last tick */
};

static void sell_day(struct shop *shop, int product, int64_t day_ms, bool weekend)
{
    char sku[16], customer[16];
    (void)snprintf(sku, sizeof sku, "%05d", 20000 + product);
    double mean = (product % 7 + 1) * (weekend ? 0.3 : 1.0);
    uint64_t lines = rng_poisson(&shop->rng, mean / 2);
    for (uint64_t i = 0; i < lines; i++) {
        int64_t at = day_ms + (int64_t)rng_below(&shop->rng, FIXTURE_DAY_MS);
        int64_t quantity = 1 + (int64_t)rng_below(&shop->rng, 6);
        if (rng_below(&shop->rng, 2000) == 0) {
            quantity = 70000; /* beyond 16 bits */
        }
        (void)snprintf(customer, sizeof customer, "c%d", (int)rng_below(&shop->rng, 50));
        uint64_t fingerprint = shop->next_fingerprint++;
        fixture_order(shop->log, sku, at, quantity, customer, fingerprint);
        shop->units += quantity;
        if (rng_below(&shop->rng, 20) == 0) {
            fixture_order(shop->log, sku, at, quantity, customer, fingerprint); /* again */
        }
        if (rng_below(&shop->rng, 15) == 0) {
            int64_t back = at + (int64_t)rng_below(&shop->rng, FIXTURE_DAY_MS);
            fixture_order(shop->log, sku, back, -quantity, customer, shop->next_fingerprint++);
        }
        if (rng_below(&shop->rng, 200) == 0) { /* late */
            fixture_order(shop->log, sku, at - 5 * (int64_t)FIXTURE_DAY_MS, 1, "",
                          shop->next_fingerprint++);
        }
    }
}

static void stock_day(struct shop *shop, int product, int day, int64_t day_ms)
{
    char sku[16], reference[32];
    (void)snprintf(sku, sizeof sku, "%05d", 20000 + product);
    (void)snprintf(reference, sizeof reference, "po-%d-%d", product, day / 10);
    if (product % 3 == 0 && day % 30 == 0) {
        fixture_stock(shop->log, sku, STOCK_COUNT, day_ms, 40 + product, "count");
    } else if (product % 3 == 0 && day % 10 == 5) {
        fixture_stock(shop->log, sku, STOCK_ON_ORDER, day_ms, 30, reference);
    } else if (product % 3 == 0 && day % 10 == 9) {
        fixture_stock(shop->log, sku, STOCK_RECEIPT, day_ms, 30, reference);
    }
}

void fixture_shop(struct fixture_log *log, int products, int days, uint64_t seed)
{
    struct shop shop = {.log = log, .next_fingerprint = 1};
    rng_init(&shop.rng, seed);
    char sku[16];
    for (int product = 0; product < products; product += 2) {
        (void)snprintf(sku, sizeof sku, "%05d", 20000 + product);
        fixture_item(log, sku, 5, 7, 12, 6);
    }
    for (int day = 0; day < days; day++) {
        int64_t day_ms = FIXTURE_START_MS + (int64_t)day * FIXTURE_DAY_MS;
        for (int product = 0; product < products; product++) {
            if (product % 11 != 10 || day > days / 2) { /* some products are new */
                stock_day(&shop, product, day, day_ms);
                sell_day(&shop, product, day_ms, day % 7 >= 5);
            }
        }
        fixture_tick(log, 0, day_ms + FIXTURE_DAY_MS + 2 * 3600000, TICK_LIVE, shop.units);
        shop.units = 0;
    }
    fixture_tick(log, 0, FIXTURE_START_MS + (int64_t)days * FIXTURE_DAY_MS, TICK_ENDED, 0);
}
