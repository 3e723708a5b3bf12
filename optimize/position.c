/* The journal holds the movements after the count that holds, ascending by event time, at most one
 * per moment. When it is full the two neighbours closest in time become one under the later time: a
 * count that falls between them takes both as after it, so the stock errs to the low side, by one
 * small movement. Movements older than the newest by more than the horizon leave: no count can be
 * so late. */
#include "optimize/position.h"

#include "config/base/ensure.h"
#include "config/base/hash.h"
#include "optimize/packed.h"

enum { VERSION = 1 };

/* Sums stay far from the ends of int64, whatever comes in. */
static const int64_t QUANTITY_MOST = INT64_C(1) << 53;

static int64_t add_bounded(int64_t a, int64_t b)
{
    int64_t sum;
    if (__builtin_add_overflow(a, b, &sum)) {
        sum = b > 0 ? QUANTITY_MOST : -QUANTITY_MOST;
    }
    return sum > QUANTITY_MOST ? QUANTITY_MOST : sum < -QUANTITY_MOST ? -QUANTITY_MOST : sum;
}

static int64_t bounded(int64_t quantity)
{
    return add_bounded(quantity, 0);
}

void position_init(struct position *pos)
{
    memset(pos, 0, sizeof *pos);
    pos->counted_ms = INT64_MIN;
}

uint64_t position_reference(struct slice text)
{
    return text.bytes ? hash_64(text.data, text.bytes, 0) | 1 : 0;
}

/* ---- journal ---- */

static void journal_remove(struct position *pos, size_t index)
{
    pos->movements--;
    memmove(pos->journal + index, pos->journal + index + 1,
            (pos->movements - index) * sizeof *pos->journal);
}

static void journal_merge_closest(struct position *pos)
{
    size_t best = 0;
    uint64_t least = UINT64_MAX;
    for (size_t i = 0; i + 1 < pos->movements; i++) {
        uint64_t gap = (uint64_t)pos->journal[i + 1].event_ms - (uint64_t)pos->journal[i].event_ms;
        if (gap < least) {
            least = gap;
            best = i;
        }
    }
    struct movement *later = pos->journal + best + 1;
    later->quantity = add_bounded(later->quantity, pos->journal[best].quantity);
    later->reserved = add_bounded(later->reserved, pos->journal[best].reserved);
    journal_remove(pos, best);
}

static void journal_prune(struct position *pos, int64_t horizon_ms)
{
    if (pos->movements == 0) {
        return;
    }
    int64_t newest = pos->journal[pos->movements - 1].event_ms, oldest_kept;
    if (__builtin_sub_overflow(newest, horizon_ms, &oldest_kept)) {
        return;
    }
    size_t stale = 0;
    while (stale < pos->movements && pos->journal[stale].event_ms < oldest_kept) {
        stale++;
    }
    pos->movements = (uint8_t)(pos->movements - stale);
    memmove(pos->journal, pos->journal + stale, pos->movements * sizeof *pos->journal);
}

static void journal_add(struct position *pos, int64_t horizon_ms, struct movement moved)
{
    size_t at = pos->movements;
    while (at > 0 && pos->journal[at - 1].event_ms >= moved.event_ms) {
        at--;
    }
    if (at < pos->movements && pos->journal[at].event_ms == moved.event_ms) {
        pos->journal[at].quantity = add_bounded(pos->journal[at].quantity, moved.quantity);
        pos->journal[at].reserved = add_bounded(pos->journal[at].reserved, moved.reserved);
        return;
    }
    if (pos->movements == POSITION_JOURNAL) {
        journal_merge_closest(pos);
        journal_add(pos, horizon_ms, moved); /* once: there is room now */
        return;
    }
    memmove(pos->journal + at + 1, pos->journal + at, (pos->movements - at) * sizeof *pos->journal);
    pos->journal[at] = moved;
    pos->movements++;
    journal_prune(pos, horizon_ms);
}

/* ---- stock ---- */

static void move(struct position *pos, const struct position_rules *rules, int64_t event_ms,
                 int64_t change)
{
    change = bounded(change);
    if (change == 0 || event_ms <= pos->counted_ms) {
        return; /* the count has it already */
    }
    pos->stock = add_bounded(pos->stock, change);
    journal_add(pos, rules->horizon_ms, (struct movement){event_ms, change, 0});
}

void position_order(struct position *pos, const struct position_rules *rules, int64_t event_ms,
                    int64_t quantity)
{
    move(pos, rules, event_ms, -bounded(quantity));
}

void position_adjust(struct position *pos, const struct position_rules *rules, int64_t event_ms,
                     int64_t change)
{
    move(pos, rules, event_ms, change);
}

void position_reserve(struct position *pos, const struct position_rules *rules, int64_t event_ms,
                      int64_t change)
{
    change = bounded(change);
    bool counted = event_ms <= pos->counted_ms;
    if (counted && !rules->count_on_hand) {
        return; /* an available count has taken it off */
    }
    pos->reserved = add_bounded(pos->reserved, change);
    if (counted) {
        pos->stock =
            add_bounded(pos->stock, -change); /* the shelf count could not know what was held */
        return;
    }
    int64_t held = rules->count_on_hand ? 0 : -change;
    pos->stock = add_bounded(pos->stock, held);
    journal_add(pos, rules->horizon_ms, (struct movement){event_ms, held, change});
}

void position_count(struct position *pos, const struct position_rules *rules, int64_t event_ms,
                    int64_t quantity)
{
    if (pos->known && event_ms < pos->counted_ms) {
        return; /* a newer count holds */
    }
    int64_t stock = bounded(quantity), reserved_after = 0;
    size_t before = 0;
    for (size_t i = 0; i < pos->movements; i++) {
        if (pos->journal[i].event_ms <= event_ms) {
            before++;
            continue;
        }
        stock = add_bounded(stock, pos->journal[i].quantity);
        reserved_after = add_bounded(reserved_after, pos->journal[i].reserved);
    }
    if (rules->count_on_hand) {
        stock = add_bounded(stock, -add_bounded(pos->reserved, -reserved_after));
    } else {
        pos->reserved = reserved_after;
    }
    pos->stock = stock;
    pos->known = 1;
    pos->counted_ms = event_ms;
    pos->movements = (uint8_t)(pos->movements - before);
    memmove(pos->journal, pos->journal + before, pos->movements * sizeof *pos->journal);
}

/* ---- supplies ---- */

static void supply_remove(struct position *pos, size_t index)
{
    pos->supplies--;
    memmove(pos->supply + index, pos->supply + index + 1,
            (pos->supplies - index) * sizeof *pos->supply);
}

/* Takes from one supply; returns what could not be taken. */
static int64_t supply_take(struct position *pos, size_t index, int64_t quantity)
{
    struct supply *supply = pos->supply + index;
    if (supply->quantity > quantity) {
        supply->quantity -= quantity;
        return 0;
    }
    quantity -= supply->quantity;
    supply_remove(pos, index);
    return quantity;
}

/* Takes from accepted and ordered proposals, oldest first. */
static void take_proposals(struct position *pos, int64_t quantity)
{
    while (quantity > 0) {
        size_t oldest = pos->supplies;
        for (size_t i = 0; i < pos->supplies; i++) {
            bool proposal = pos->supply[i].kind != SUPPLY_ON_ORDER;
            if (proposal &&
                (oldest == pos->supplies || pos->supply[i].ordered < pos->supply[oldest].ordered)) {
                oldest = i;
            }
        }
        if (oldest == pos->supplies) {
            return;
        }
        quantity = supply_take(pos, oldest, quantity);
    }
}

static size_t supply_index(const struct position *pos, uint64_t reference)
{
    size_t i = 0;
    while (i < pos->supplies && pos->supply[i].reference != reference) {
        i++;
    }
    return i;
}

const struct supply *position_find(const struct position *pos, uint64_t reference)
{
    size_t index = supply_index(pos, reference);
    return reference && index < pos->supplies ? pos->supply + index : NULL;
}

void position_drop(struct position *pos, uint64_t reference)
{
    size_t index = supply_index(pos, reference);
    if (index < pos->supplies) {
        supply_remove(pos, index);
    }
}

/* The two that arrive last become one: they matter least to the next weeks. */
static void merge_last(struct position *pos)
{
    size_t last = 0, second = 1;
    for (size_t i = 1; i < pos->supplies; i++) {
        if (pos->supply[i].expected >= pos->supply[last].expected) {
            second = last;
            last = i;
        } else if (i != second &&
                   (second == last || pos->supply[i].expected >= pos->supply[second].expected)) {
            second = i;
        }
    }
    pos->supply[last].quantity =
        add_bounded(pos->supply[last].quantity, pos->supply[second].quantity);
    supply_remove(pos, second);
}

void position_supply(struct position *pos, struct supply supply)
{
    supply.quantity = bounded(supply.quantity);
    size_t index = supply.reference ? supply_index(pos, supply.reference) : pos->supplies;
    if (index < pos->supplies) {
        if (supply.quantity <= 0) {
            supply_remove(pos, index);
            return;
        }
        if (supply.ordered > pos->supply[index].ordered) {
            supply.ordered =
                pos->supply[index].ordered; /* it has been under way since it was first heard of */
        }
        pos->supply[index] = supply;
        return;
    }
    if (supply.quantity <= 0) {
        return;
    }
    if (pos->supplies == POSITION_SUPPLIES) {
        merge_last(pos);
    }
    pos->supply[pos->supplies++] = supply;
}

void position_on_order(struct position *pos, struct supply supply)
{
    supply.kind = SUPPLY_ON_ORDER;
    if (supply.quantity > 0 &&
        (!supply.reference || supply_index(pos, supply.reference) == pos->supplies)) {
        take_proposals(pos, supply.quantity);
    }
    position_supply(pos, supply);
}

void position_receive(struct position *pos, const struct position_rules *rules, int64_t event_ms,
                      int64_t quantity, uint64_t reference)
{
    quantity = bounded(quantity);
    if (quantity > 0) {
        size_t index = reference ? supply_index(pos, reference) : pos->supplies;
        if (index < pos->supplies) {
            supply_take(pos, index, quantity); /* more than ordered: the order is done */
        } else {
            take_proposals(pos, quantity);
        }
    }
    move(pos, rules, event_ms, quantity);
}

size_t position_completed(const struct position *before, const struct position *now,
                          struct supply done[POSITION_SUPPLIES])
{
    size_t count = 0;
    for (size_t i = 0; i < before->supplies; i++) {
        const struct supply *supply = &before->supply[i];
        if (supply->reference && !position_find(now, supply->reference)) {
            done[count++] = *supply;
        }
    }
    return count;
}

int64_t position_give_up(struct position *pos, int64_t today, int64_t give_up_slots)
{
    int64_t dropped = 0;
    for (size_t i = pos->supplies; i-- > 0;) {
        const struct supply *supply = pos->supply + i;
        if (supply->kind != SUPPLY_ON_ORDER && today - supply->expected > give_up_slots) {
            dropped = add_bounded(dropped, supply->quantity);
            supply_remove(pos, i);
        }
    }
    return dropped;
}

int64_t position_incoming(const struct position *pos)
{
    int64_t sum = 0;
    for (size_t i = 0; i < pos->supplies; i++) {
        sum = add_bounded(sum, pos->supply[i].quantity);
    }
    return sum;
}

int64_t position_back_orders(const struct position *pos)
{
    return pos->stock < 0 ? -pos->stock : 0;
}

/* ---- saved form: version, flags, then varints ---- */

void position_save(const struct position *pos, struct buf *out)
{
    buf_byte(out, VERSION);
    buf_byte(out, pos->known);
    buf_varint(out, pos->stock);
    buf_varint(out, pos->reserved);
    buf_varint(out, pos->counted_ms);
    buf_byte(out, pos->supplies);
    for (size_t i = 0; i < pos->supplies; i++) {
        const struct supply *supply = pos->supply + i;
        buf_varint(out, supply->quantity);
        buf_varint(out, supply->ordered);
        buf_varint(out, supply->expected);
        buf_put(out, &supply->reference, sizeof supply->reference);
        buf_byte(out, (unsigned char)(supply->kind | supply->uncertain << 4));
    }
    buf_byte(out, pos->movements);
    for (size_t i = 0; i < pos->movements; i++) {
        buf_varint(out, pos->journal[i].event_ms);
        buf_varint(out, pos->journal[i].quantity);
        buf_varint(out, pos->journal[i].reserved);
    }
}

static uint8_t read_byte(struct packed_reader *reader, uint8_t max)
{
    if (reader->failed || reader->at == reader->end || *reader->at > max) {
        reader->failed = true;
        return 0;
    }
    return *reader->at++;
}

static void load_supply(struct packed_reader *reader, struct supply *supply)
{
    supply->quantity = packed_read(reader, 1, QUANTITY_MOST);
    supply->ordered = packed_read(reader, -QUANTITY_MOST, QUANTITY_MOST);
    supply->expected = packed_read(reader, -QUANTITY_MOST, QUANTITY_MOST);
    supply->reference = packed_read_u64(reader);
    uint8_t mixed = read_byte(reader, 16 | SUPPLY_ON_ORDER);
    supply->kind = mixed & 15;
    supply->uncertain = mixed >> 4;
    reader->failed =
        reader->failed || supply->kind < SUPPLY_ACCEPTED || supply->kind > SUPPLY_ON_ORDER;
}

struct status *position_load(struct slice *bytes, struct position *pos)
{
    struct packed_reader reader = packed_open(*bytes);
    struct position got;
    position_init(&got);
    bool version = read_byte(&reader, 255) == VERSION && !reader.failed;
    got.known = read_byte(&reader, 1);
    got.stock = packed_read(&reader, -QUANTITY_MOST, QUANTITY_MOST);
    got.reserved = packed_read(&reader, -QUANTITY_MOST, QUANTITY_MOST);
    got.counted_ms = packed_read(&reader, INT64_MIN, INT64_MAX);
    got.supplies = read_byte(&reader, POSITION_SUPPLIES);
    for (size_t i = 0; i < got.supplies; i++) {
        load_supply(&reader, got.supply + i);
    }
    got.movements = read_byte(&reader, POSITION_JOURNAL);
    for (size_t i = 0; i < got.movements; i++) {
        got.journal[i].event_ms = packed_read(&reader, INT64_MIN, INT64_MAX);
        got.journal[i].quantity = packed_read(&reader, -QUANTITY_MOST, QUANTITY_MOST);
        got.journal[i].reserved = packed_read(&reader, -QUANTITY_MOST, QUANTITY_MOST);
        reader.failed =
            reader.failed || (i && got.journal[i].event_ms <= got.journal[i - 1].event_ms);
    }
    if (!version || reader.failed) {
        return status_new(STATUS_CORRUPT,
                          "read a stock position of %zu bytes: not one that this version wrote",
                          bytes->bytes);
    }
    bytes->data = (const char *)reader.at;
    bytes->bytes = (size_t)(reader.end - reader.at);
    *pos = got;
    return NULL;
}
