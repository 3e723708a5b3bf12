#include "optimize/shadow.h"

#include "config/base/ensure.h"

#include <math.h>
#include <string.h>

enum { VERSION = 1, TRUST = 60 };
static const double MEMORY = 1000; /* reviews that count at most */
static const int64_t QUANTITY_MOST = INT64_C(1) << 50, SLOTS_MOST = INT64_C(1) << 40;

void shadow_open(struct shadow *shadow, int64_t stock, const struct shadow_terms *terms)
{
    *shadow = (struct shadow){.next = 1, .counts_from = 2 * (terms->lead + terms->review)};
    for (int side = 0; side < SHADOW_SIDES; side++) {
        shadow->shop[side].stock = stock > 0 ? stock : 0;
    }
}

static void receive(struct shadow_shop *shop, int64_t slot)
{
    for (int i = 0; i < SHADOW_OPEN; i++) {
        if (shop->order[i].quantity && shop->order[i].arrives <= slot) {
            shop->stock += shop->order[i].quantity;
            shop->order[i] = (struct shadow_order){0};
        }
    }
}

static void sell(struct shadow_shop *shop, int64_t asked, const struct shadow_terms *terms)
{
    int64_t sold = asked < shop->stock ? asked : shop->stock;
    shop->stock -= sold;
    shop->cost += terms->holding * (double)shop->stock + terms->shortage * (double)(asked - sold);
}

bool shadow_pass(struct shadow *shadow, int64_t sold, const struct shadow_terms *terms,
                 struct shadow_result *result)
{
    *result = (struct shadow_result){0};
    for (int side = 0; side < SHADOW_SIDES; side++) {
        receive(&shadow->shop[side], shadow->slot);
        sell(&shadow->shop[side], sold > 0 ? sold : 0, terms);
    }
    shadow->slot++;
    if (shadow->slot < shadow->next) {
        return false;
    }
    double typical = terms->typical > 0 ? terms->typical : 1;
    result->counts = shadow->slot > shadow->counts_from;
    result->exact = shadow->shop[SHADOW_EXACT].cost / typical;
    result->learned = shadow->shop[SHADOW_LEARNED].cost / typical;
    shadow->shop[SHADOW_EXACT].cost = shadow->shop[SHADOW_LEARNED].cost = 0;
    shadow->next = shadow->slot + (terms->review > 1 ? terms->review : 1);
    return true;
}

void shadow_position(const struct shadow *shadow, enum shadow_side side, int64_t today,
                     struct position *out)
{
    const struct shadow_shop *shop = &shadow->shop[side];
    position_init(out);
    out->known = 1;
    out->stock = shop->stock;
    for (int i = 0; i < SHADOW_OPEN; i++) {
        const struct shadow_order *order = &shop->order[i];
        if (order->quantity) {
            position_supply(out, (struct supply){.quantity = order->quantity,
                                                 .ordered = today + order->ordered - shadow->slot,
                                                 .expected = today + order->arrives - shadow->slot,
                                                 .reference = (uint64_t)i + 1,
                                                 .kind = SUPPLY_ORDERED,
                                                 .uncertain = 1});
        }
    }
}

void shadow_order(struct shadow *shadow, enum shadow_side side, int64_t quantity, int64_t slots)
{
    ASSERT(quantity >= 0 && slots >= 1);
    struct shadow_order *place = NULL, *order = shadow->shop[side].order;
    for (int i = SHADOW_OPEN - 1; i >= 0; i--) {
        place = order[i].quantity ? place : &order[i];
    }
    if (!quantity) {
        return;
    }
    place = place ? place : &order[SHADOW_OPEN - 1];
    int64_t sum = place->quantity + (quantity < QUANTITY_MOST ? quantity : QUANTITY_MOST);
    *place = (struct shadow_order){sum < QUANTITY_MOST ? sum : QUANTITY_MOST, shadow->slot,
                                   shadow->slot + slots};
}

void shadow_count(struct shadow_record *record, const struct shadow_result *result)
{
    if (!result->counts || !isfinite(result->exact) || !isfinite(result->learned)) {
        return;
    }
    double fade = record->reviews + 1 > MEMORY ? (MEMORY - 1) / record->reviews : 1;
    double saved = result->exact - result->learned;
    record->reviews = fade * record->reviews + 1;
    record->exact = fade * record->exact + result->exact;
    record->learned = fade * record->learned + result->learned;
    record->square = fade * record->square + saved * saved;
    double sum = record->exact - record->learned;
    /* Of a sum of independent differences, about zero. */
    double error = sqrt(record->square);
    record->speaks = record->reviews >= TRUST && (record->speaks ? sum >= 0 : sum > error);
}

bool shadow_speaks(const struct shadow_record *record)
{
    return record->speaks;
}

/* ---- state ---- */

static void put_number(struct buf *out, int64_t value)
{
    buf_put(out, &value, sizeof value);
}

void shadow_save(const struct shadow *shadow, struct buf *out)
{
    buf_byte(out, VERSION);
    put_number(out, shadow->slot);
    put_number(out, shadow->next);
    put_number(out, shadow->counts_from);
    for (int side = 0; side < SHADOW_SIDES; side++) {
        const struct shadow_shop *shop = &shadow->shop[side];
        put_number(out, shop->stock);
        buf_put(out, &shop->cost, sizeof shop->cost);
        for (int i = 0; i < SHADOW_OPEN; i++) {
            put_number(out, shop->order[i].quantity);
            put_number(out, shop->order[i].ordered);
            put_number(out, shop->order[i].arrives);
        }
    }
}

static bool take(struct slice *in, void *out, size_t bytes)
{
    if (in->bytes < bytes) {
        return false;
    }
    memcpy(out, in->data, bytes);
    *in = (struct slice){in->data + bytes, in->bytes - bytes};
    return true;
}

/* A number between 0 and most. */
static bool take_number(struct slice *in, int64_t most, int64_t *out)
{
    return take(in, out, sizeof *out) && *out >= 0 && *out <= most;
}

static bool take_shop(struct slice *in, struct shadow_shop *shop)
{
    bool good = take_number(in, INT64_MAX / 2, &shop->stock) && take(in, &shop->cost, 8) &&
                isfinite(shop->cost) && shop->cost >= 0;
    for (int i = 0; i < SHADOW_OPEN && good; i++) {
        struct shadow_order *order = &shop->order[i];
        good = take_number(in, QUANTITY_MOST, &order->quantity) &&
               take_number(in, SLOTS_MOST, &order->ordered) &&
               take_number(in, 2 * SLOTS_MOST, &order->arrives);
    }
    return good;
}

bool shadow_load(struct slice bytes, struct shadow *shadow)
{
    struct shadow got;
    uint8_t version;
    if (!take(&bytes, &version, 1) || version != VERSION ||
        !take_number(&bytes, SLOTS_MOST, &got.slot) ||
        !take_number(&bytes, SLOTS_MOST, &got.next) ||
        !take_number(&bytes, SLOTS_MOST, &got.counts_from) ||
        !take_shop(&bytes, &got.shop[SHADOW_EXACT]) ||
        !take_shop(&bytes, &got.shop[SHADOW_LEARNED]) || bytes.bytes) {
        return false;
    }
    *shadow = got;
    return true;
}

void shadow_record_save(const struct shadow_record *record, struct buf *out)
{
    const double numbers[] = {record->reviews, record->exact, record->learned, record->square};
    buf_byte(out, VERSION);
    buf_byte(out, record->speaks);
    buf_put(out, numbers, sizeof numbers);
}

bool shadow_record_load(struct slice bytes, struct shadow_record *record)
{
    uint8_t head[2];
    double numbers[4];
    if (!take(&bytes, head, 2) || head[0] != VERSION || head[1] > 1 ||
        !take(&bytes, numbers, sizeof numbers) || bytes.bytes) {
        return false;
    }
    for (int i = 0; i < 4; i++) {
        if (!(numbers[i] >= 0 && numbers[i] <= 1e12)) {
            return false;
        }
    }
    *record = (struct shadow_record){numbers[0], numbers[1], numbers[2], numbers[3], head[1] != 0};
    return true;
}
