/* Names: index -> {location, sku}, 20 bytes in blocks of 256 that never move; a sku of up to 15
 * bytes stands in its name, a longer one apart. Locations are kept once each, for as long as the
 * table. Slots: 8 bytes each, 32 bits of hash beside the index, so that a probe rarely touches a
 * name.
 *
 *   old  [ . 17 . 4 . ]  --- a few slots per insertion --->  now [ . . 4 . . . 17 . . . ]
 *         ^ moved: everything before this slot is in `now`
 *
 * Removal closes the gap in `now` and leaves a grave stone in `old`, whose probe runs stay whole.
 * So no insertion or removal does more than MOVE_PER_INSERT moves and one probe run. */
#include "stream/series.h"

#include "config/base/ensure.h"
#include "config/base/grow.h"
#include "config/base/hash.h"
#include "config/base/pages.h"

#include <stdlib.h>

enum { FIRST_SLOTS = 1024, MOVE_PER_INSERT = 8, NAMES_PER_BLOCK = 256, FIRST_LOCATIONS = 16 };
enum { SKU_HERE = 15, SKU_APART = 255 };

struct slot {
    uint32_t tag; /* high half of the hash */
    uint32_t index_up; /* index + 1; 0: empty; GONE: a grave stone, in `old` alone */
};

#define GONE UINT32_MAX

struct slots {
    struct slot *at;
    size_t capacity;
};

struct name {
    uint32_t location_up; /* place in locations + 1; 0: free index */
    uint8_t sku_bytes; /* SKU_APART: see struct apart */
    char sku[SKU_HERE];
};

struct apart { /* in the place of a short sku */
    char *text;
    uint32_t bytes;
};

_Static_assert(sizeof(struct name) == 20 && sizeof(char *) + 4 <= SKU_HERE, "see above");

struct location {
    char *text;
    uint32_t bytes;
};

struct series_table {
    struct slots now, old; /* old.at is NULL when nothing is being moved */
    size_t moved; /* slots of old already moved */
    uint64_t work; /* slots moved in all */
    struct pages pages; /* of name blocks */
    struct name **blocks;
    size_t block_count, block_capacity;
    uint32_t end, live, lowest_free;
    struct location *locations;
    size_t location_count, location_capacity;
    uint32_t *location_slots; /* place + 1; open addressing, a power of two */
    size_t location_slot_count;
    size_t text_bytes; /* of locations and of skus that stand apart */
};

struct series_table *series_table_create(void)
{
    struct series_table *table = calloc(1, sizeof *table);
    if (!table) {
        return NULL;
    }
    pages_init(&table->pages, NAMES_PER_BLOCK * sizeof(struct name));
    table->now.capacity = FIRST_SLOTS;
    table->now.at = calloc(FIRST_SLOTS, sizeof *table->now.at);
    table->location_slot_count = FIRST_LOCATIONS;
    table->location_slots = calloc(FIRST_LOCATIONS, sizeof *table->location_slots);
    if (!table->now.at || !table->location_slots) {
        series_table_destroy(table);
        return NULL;
    }
    return table;
}

static struct name *name_of(const struct series_table *table, uint32_t index)
{
    return &table->blocks[index / NAMES_PER_BLOCK][index % NAMES_PER_BLOCK];
}

static struct apart apart_of(const struct name *name)
{
    struct apart apart;
    memcpy(&apart.text, name->sku, sizeof apart.text);
    memcpy(&apart.bytes, name->sku + sizeof apart.text, sizeof apart.bytes);
    return apart;
}

static void forget_name(struct series_table *table, struct name *name)
{
    if (name->sku_bytes == SKU_APART) {
        struct apart apart = apart_of(name);
        table->text_bytes -= apart.bytes;
        free(apart.text);
    }
    *name = (struct name){0};
}

void series_table_destroy(struct series_table *table)
{
    if (!table) {
        return;
    }
    for (uint32_t i = 0; i < table->end; i++) {
        forget_name(table, name_of(table, i));
    }
    pages_fini(&table->pages);
    for (size_t i = 0; i < table->location_count; i++) {
        free(table->locations[i].text);
    }
    free(table->blocks);
    free(table->locations);
    free(table->location_slots);
    free(table->now.at);
    free(table->old.at);
    free(table);
}

uint64_t series_hash(struct slice sku, struct slice location)
{
    return hash_64(location.data, location.bytes, hash_64(sku.data, sku.bytes, 0));
}

/* Short texts without a call, and without reading a byte behind them. */
static inline bool same_text(struct slice a, struct slice b)
{
    if (a.bytes != b.bytes) {
        return false;
    }
    size_t i = 0;
    for (; i + 8 <= a.bytes; i += 8) {
        uint64_t one, two;
        memcpy(&one, a.data + i, 8);
        memcpy(&two, b.data + i, 8);
        if (one != two) {
            return false;
        }
    }
    for (; i < a.bytes; i++) {
        if (a.data[i] != b.data[i]) {
            return false;
        }
    }
    return true;
}

static bool is_named(const struct series_table *table, uint32_t index, struct slice sku,
                     struct slice location)
{
    return same_text(series_sku(table, index), sku) &&
           same_text(series_location(table, index), location);
}

static uint32_t search(const struct series_table *table, const struct slots *slots, uint64_t hash,
                       struct slice sku, struct slice location)
{
    size_t mask = slots->capacity - 1;
    for (size_t at = hash & mask; slots->at[at].index_up; at = (at + 1) & mask) {
        uint32_t index = slots->at[at].index_up - 1;
        if (slots->at[at].tag == (uint32_t)(hash >> 32) && slots->at[at].index_up != GONE &&
            is_named(table, index, sku, location)) {
            return index;
        }
    }
    return SERIES_NONE;
}

uint32_t series_find_hashed(const struct series_table *table, uint64_t hash, struct slice sku,
                            struct slice location)
{
    uint32_t index = search(table, &table->now, hash, sku, location);
    if (index == SERIES_NONE && table->old.at) {
        index = search(table, &table->old, hash, sku, location);
    }
    return index;
}

uint32_t series_find_guessed(const struct series_table *table, uint32_t guess, uint64_t hash,
                             struct slice sku, struct slice location)
{
    if (guess < table->end && name_of(table, guess)->location_up &&
        is_named(table, guess, sku, location)) {
        return guess; /* names are there once */
    }
    return series_find_hashed(table, hash, sku, location);
}

uint32_t series_find(const struct series_table *table, struct slice sku, struct slice location)
{
    return series_find_hashed(table, series_hash(sku, location), sku, location);
}

void series_ahead(const struct series_table *table, uint64_t hash, struct ahead *ahead)
{
    ahead_add(ahead, &table->now.at[hash & (table->now.capacity - 1)]);
    if (table->old.at) {
        ahead_add(ahead, &table->old.at[hash & (table->old.capacity - 1)]);
    }
}

static uint32_t guess(const struct slots *slots, uint64_t hash)
{
    size_t mask = slots->capacity - 1;
    for (size_t at = hash & mask; slots->at[at].index_up; at = (at + 1) & mask) {
        if (slots->at[at].tag == (uint32_t)(hash >> 32) && slots->at[at].index_up != GONE) {
            return slots->at[at].index_up - 1;
        }
    }
    return SERIES_NONE;
}

uint32_t series_guess(const struct series_table *table, uint64_t hash, struct ahead *ahead)
{
    uint32_t index = guess(&table->now, hash);
    if (index == SERIES_NONE && table->old.at) {
        index = guess(&table->old, hash);
    }
    if (index != SERIES_NONE) {
        const struct name *name = name_of(table, index);
        ahead_add(ahead, name);
        ahead_add(ahead, (const char *)(name + 1) - 1); /* it may reach into the next line */
    }
    return index;
}

void series_ahead_text(const struct series_table *table, uint32_t index, struct ahead *ahead)
{
    const struct name *name = name_of(table, index);
    if (name->sku_bytes == SKU_APART) {
        ahead_add(ahead, apart_of(name).text);
    }
}

static void insert(struct slots *slots, uint64_t hash, uint32_t index)
{
    size_t mask = slots->capacity - 1, at = hash & mask;
    while (slots->at[at].index_up) {
        at = (at + 1) & mask;
    }
    slots->at[at] = (struct slot){(uint32_t)(hash >> 32), index + 1};
}

static uint64_t hash_of_index(const struct series_table *table, uint32_t index)
{
    return series_hash(series_sku(table, index), series_location(table, index));
}

/* Entries stay in `old` until all are moved, so that its probe runs stay whole; a name is found in
 * either. */
static void move_some(struct series_table *table)
{
    for (int i = 0; table->old.at && i < MOVE_PER_INSERT; i++) {
        struct slot slot = table->old.at[table->moved];
        if (slot.index_up && slot.index_up != GONE) {
            uint32_t index = slot.index_up - 1;
            insert(&table->now, hash_of_index(table, index), index);
        }
        table->work++;
        if (++table->moved == table->old.capacity) {
            free(table->old.at);
            table->old = (struct slots){0};
        }
    }
}

/* Load at most 4/5. Growth doubles and moving is eight times as fast as adding, so nothing is left
 * in `old` by the next time. */
static void make_room(struct series_table *table)
{
    move_some(table);
    if (((size_t)table->live + 1) * 5 <= table->now.capacity * 4) {
        return;
    }
    ASSERT(!table->old.at);
    table->old = table->now;
    table->moved = 0;
    table->now = (struct slots){.capacity = table->old.capacity * 2};
    table->now.at = calloc(table->now.capacity, sizeof *table->now.at);
    ASSERT(table->now.at && "out of memory for the series table");
    pages_advise(table->now.at, table->now.capacity * sizeof *table->now.at);
}

static char *copy_text(struct series_table *table, struct slice text)
{
    char *copy = malloc(text.bytes ? text.bytes : 1);
    ASSERT(copy && "out of memory for a series name");
    if (text.bytes) {
        memcpy(copy, text.data, text.bytes);
    }
    table->text_bytes += text.bytes;
    return copy;
}

static uint32_t *location_slot(const struct series_table *table, struct slice location)
{
    size_t mask = table->location_slot_count - 1;
    size_t at = hash_64(location.data, location.bytes, 0) & mask;
    for (; table->location_slots[at]; at = (at + 1) & mask) {
        const struct location *there = &table->locations[table->location_slots[at] - 1];
        if (same_text((struct slice){there->text, there->bytes}, location)) {
            break;
        }
    }
    return &table->location_slots[at];
}

static void widen_locations(struct series_table *table)
{
    table->location_slot_count *= 2;
    free(table->location_slots);
    table->location_slots = calloc(table->location_slot_count, sizeof *table->location_slots);
    ASSERT(table->location_slots && "out of memory for locations");
    for (size_t i = 0; i < table->location_count; i++) {
        struct slice text = {table->locations[i].text, table->locations[i].bytes};
        *location_slot(table, text) = (uint32_t)i + 1;
    }
}

static uint32_t intern(struct series_table *table, struct slice location)
{
    uint32_t *slot = location_slot(table, location);
    if (*slot) {
        return *slot;
    }
    if ((table->location_count + 1) * 2 > table->location_slot_count) {
        widen_locations(table);
        slot = location_slot(table, location);
    }
    table->locations = grow(table->locations, &table->location_capacity, table->location_count + 1,
                            sizeof *table->locations);
    table->locations[table->location_count++] =
        (struct location){copy_text(table, location), (uint32_t)location.bytes};
    *slot = (uint32_t)table->location_count;
    return *slot;
}

static void reserve_names(struct series_table *table, uint32_t index)
{
    while (table->block_count <= index / NAMES_PER_BLOCK) {
        table->blocks = grow(table->blocks, &table->block_capacity, table->block_count + 1,
                             sizeof(struct name *));
        struct name *block = pages_take(&table->pages);
        ASSERT(block && "out of memory for series names");
        memset(block, 0, NAMES_PER_BLOCK * sizeof *block);
        table->blocks[table->block_count++] = block;
    }
    table->end = table->end > index ? table->end : index + 1;
}

static void put_name(struct series_table *table, uint32_t index, struct slice sku,
                     struct slice location)
{
    reserve_names(table, index);
    struct name *name = name_of(table, index);
    name->location_up = intern(table, location);
    if (sku.bytes <= SKU_HERE) {
        name->sku_bytes = (uint8_t)sku.bytes;
        if (sku.bytes) {
            memcpy(name->sku, sku.data, sku.bytes);
        }
    } else {
        struct apart apart = {copy_text(table, sku), (uint32_t)sku.bytes};
        name->sku_bytes = SKU_APART;
        memcpy(name->sku, &apart.text, sizeof apart.text);
        memcpy(name->sku + sizeof apart.text, &apart.bytes, sizeof apart.bytes);
    }
    table->live++;
    while (table->lowest_free < table->end && series_live(table, table->lowest_free)) {
        table->lowest_free++;
    }
}

uint32_t series_add(struct series_table *table, struct slice sku, struct slice location)
{
    uint32_t index = table->lowest_free;
    make_room(table);
    put_name(table, index, sku, location);
    insert(&table->now, series_hash(sku, location), index);
    return index;
}

bool series_add_at(struct series_table *table, uint32_t index, struct slice sku,
                   struct slice location)
{
    if (series_live(table, index) || series_find(table, sku, location) != SERIES_NONE) {
        return false;
    }
    make_room(table);
    put_name(table, index, sku, location);
    insert(&table->now, series_hash(sku, location), index);
    return true;
}

/* Where an index stands, or an empty slot. */
static size_t slot_of(const struct slots *slots, uint64_t hash, uint32_t index)
{
    size_t mask = slots->capacity - 1, at = hash & mask;
    while (slots->at[at].index_up && slots->at[at].index_up != index + 1) {
        at = (at + 1) & mask;
    }
    return at;
}

/* Empty a slot and reinsert the rest of its run. */
static void close_gap(struct series_table *table, struct slots *slots, size_t hole)
{
    size_t mask = slots->capacity - 1;
    slots->at[hole].index_up = 0;
    for (size_t at = (hole + 1) & mask; slots->at[at].index_up; at = (at + 1) & mask) {
        uint32_t index = slots->at[at].index_up - 1;
        slots->at[at].index_up = 0;
        insert(slots, hash_of_index(table, index), index);
    }
}

void series_remove(struct series_table *table, uint32_t index)
{
    ASSERT(series_live(table, index));
    uint64_t hash = hash_of_index(table, index);
    size_t at = slot_of(&table->now, hash, index);
    if (table->now.at[at].index_up) {
        close_gap(table, &table->now, at);
    }
    if (table->old.at) {
        at = slot_of(&table->old, hash, index);
        if (table->old.at[at].index_up) {
            table->old.at[at].index_up = GONE;
        }
    }
    forget_name(table, name_of(table, index));
    table->live--;
    if (index < table->lowest_free) {
        table->lowest_free = index;
    }
}

bool series_live(const struct series_table *table, uint32_t index)
{
    return index < table->end && name_of(table, index)->location_up;
}

uint32_t series_count(const struct series_table *table)
{
    return table->live;
}

uint32_t series_end(const struct series_table *table)
{
    return table->end;
}

struct slice series_sku(const struct series_table *table, uint32_t index)
{
    const struct name *name = name_of(table, index);
    if (name->sku_bytes == SKU_APART) {
        struct apart apart = apart_of(name);
        return (struct slice){apart.text, apart.bytes};
    }
    return (struct slice){name->sku, name->sku_bytes};
}

struct slice series_location(const struct series_table *table, uint32_t index)
{
    const struct name *name = name_of(table, index);
    if (!name->location_up) {
        return (struct slice){0}; /* a free index */
    }
    const struct location *location = &table->locations[name->location_up - 1];
    return (struct slice){location->text, location->bytes};
}

uint64_t series_table_work(const struct series_table *table)
{
    return table->work;
}

size_t series_table_bytes(const struct series_table *table)
{
    return (table->now.capacity + table->old.capacity) * sizeof(struct slot) +
           table->block_count * NAMES_PER_BLOCK * sizeof(struct name) +
           table->block_capacity * sizeof(struct name *) +
           table->location_capacity * sizeof(struct location) +
           table->location_slot_count * sizeof(uint32_t) + table->text_bytes;
}
