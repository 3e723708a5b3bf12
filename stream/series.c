/* Names: index -> {sku bytes, location bytes, text}. Slots: 8 bytes each, 32 bits of hash beside
 * the index, so that a probe rarely touches a name.
 *
 *   old  [ . 17 . 4 . ]  --- a few slots per insertion --->  now [ . . 4 . . . 17 . . . ]
 *         ^ moved: everything before this slot is in `now`
 *
 * Removal closes the gap in `now` and simply empties `old` (searches of `old` go through empty
 * slots of the moved part as well, because probing there is bounded by its longest run). Free
 * indexes: a bitmap with the lowest free word remembered. */
#include "stream/series.h"

#include "config/base/ahead.h"
#include "config/base/ensure.h"
#include "config/base/hash.h"

#include <stdlib.h>

enum { FIRST_SLOTS = 1024, MOVE_PER_INSERT = 8 };

struct slot {
    uint32_t tag; /* high half of the hash */
    uint32_t index_up; /* index + 1; 0: empty */
};

struct slots {
    struct slot *at;
    size_t capacity, count;
};

struct name {
    char *text; /* sku, then location; NULL: free index */
    uint32_t sku_bytes, location_bytes;
};

struct series_table {
    struct slots now, old; /* old.at is NULL when nothing is being moved */
    size_t moved; /* slots of old already moved */
    struct name *names;
    uint32_t end, capacity, live, lowest_free;
    size_t name_bytes;
};

struct series_table *series_table_create(void)
{
    struct series_table *table = calloc(1, sizeof *table);
    if (!table) {
        return NULL;
    }
    table->now.capacity = FIRST_SLOTS;
    table->now.at = calloc(FIRST_SLOTS, sizeof *table->now.at);
    if (!table->now.at) {
        free(table);
        return NULL;
    }
    return table;
}

void series_table_destroy(struct series_table *table)
{
    if (!table) {
        return;
    }
    for (uint32_t i = 0; i < table->end; i++) {
        free(table->names[i].text);
    }
    free(table->names);
    free(table->now.at);
    free(table->old.at);
    free(table);
}

uint64_t series_hash(struct slice sku, struct slice location)
{
    return hash_64(location.data, location.bytes, hash_64(sku.data, sku.bytes, 0));
}

static bool is_named(const struct series_table *table, uint32_t index, struct slice sku,
                     struct slice location)
{
    return slice_equal(series_sku(table, index), sku) &&
           slice_equal(series_location(table, index), location);
}

static uint32_t search(const struct series_table *table, const struct slots *slots, uint64_t hash,
                       struct slice sku, struct slice location)
{
    size_t mask = slots->capacity - 1;
    for (size_t at = hash & mask; slots->at[at].index_up; at = (at + 1) & mask) {
        uint32_t index = slots->at[at].index_up - 1;
        if (slots->at[at].tag == (uint32_t)(hash >> 32) && is_named(table, index, sku, location)) {
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

uint32_t series_find(const struct series_table *table, struct slice sku, struct slice location)
{
    return series_find_hashed(table, series_hash(sku, location), sku, location);
}

void series_prefetch(const struct series_table *table, uint64_t hash)
{
    ahead_touch(&table->now.at[hash & (table->now.capacity - 1)]);
    if (table->old.at) {
        ahead_touch(&table->old.at[hash & (table->old.capacity - 1)]);
    }
}

static uint32_t guess(const struct slots *slots, uint64_t hash)
{
    size_t mask = slots->capacity - 1;
    for (size_t at = hash & mask; slots->at[at].index_up; at = (at + 1) & mask) {
        if (slots->at[at].tag == (uint32_t)(hash >> 32)) {
            return slots->at[at].index_up - 1;
        }
    }
    return SERIES_NONE;
}

uint32_t series_guess(const struct series_table *table, uint64_t hash)
{
    uint32_t index = guess(&table->now, hash);
    if (index == SERIES_NONE && table->old.at) {
        index = guess(&table->old, hash);
    }
    if (index != SERIES_NONE) {
        ahead_touch(&table->names[index]);
    }
    return index;
}

void series_prefetch_text(const struct series_table *table, uint32_t index)
{
    ahead_touch(table->names[index].text);
}

static void insert(struct slots *slots, uint64_t hash, uint32_t index)
{
    size_t mask = slots->capacity - 1, at = hash & mask;
    while (slots->at[at].index_up) {
        at = (at + 1) & mask;
    }
    slots->at[at] = (struct slot){(uint32_t)(hash >> 32), index + 1};
    slots->count++;
}

static uint64_t hash_of_index(const struct series_table *table, uint32_t index)
{
    return series_hash(series_sku(table, index), series_location(table, index));
}

/* Entries stay in `old` until all are moved, so that its probe runs stay whole; a name is found in
 * either. */
static void move_some(struct series_table *table, size_t slots)
{
    while (table->old.at && slots--) {
        struct slot slot = table->old.at[table->moved];
        if (slot.index_up && table->names[slot.index_up - 1].text) {
            uint32_t index = slot.index_up - 1;
            insert(&table->now, hash_of_index(table, index), index);
        }
        if (++table->moved == table->old.capacity) {
            free(table->old.at);
            table->old = (struct slots){0};
        }
    }
}

static void make_room(struct series_table *table)
{
    move_some(table, MOVE_PER_INSERT);
    if (((size_t)table->live + 1) * 2 <= table->now.capacity) {
        return;
    }
    move_some(table,
              SIZE_MAX); /* never more than a rest: growth doubles, moving is eight times faster */
    table->old = table->now;
    table->moved = 0;
    table->now = (struct slots){.capacity = table->old.capacity * 2};
    table->now.at = calloc(table->now.capacity, sizeof *table->now.at);
    ASSERT(table->now.at && "out of memory for the series table");
}

static void reserve_names(struct series_table *table, uint32_t index)
{
    if (index < table->capacity) {
        return;
    }
    uint32_t capacity = table->capacity ? table->capacity : 256;
    while (capacity <= index) {
        capacity *= 2;
    }
    struct name *names = realloc(table->names, capacity * sizeof *names);
    ASSERT(names && "out of memory for series names");
    table->names = names;
    table->capacity = capacity;
}

static void put_name(struct series_table *table, uint32_t index, struct slice sku,
                     struct slice location)
{
    reserve_names(table, index);
    while (table->end <= index) {
        table->names[table->end++] = (struct name){0};
    }
    char *text = malloc(sku.bytes + location.bytes + 1);
    ASSERT(text && "out of memory for a series name");
    if (sku.bytes) {
        memcpy(text, sku.data, sku.bytes);
    }
    if (location.bytes) {
        memcpy(text + sku.bytes, location.data, location.bytes);
    }
    table->names[index] = (struct name){text, (uint32_t)sku.bytes, (uint32_t)location.bytes};
    table->name_bytes += sku.bytes + location.bytes;
    table->live++;
    while (table->lowest_free < table->end && table->names[table->lowest_free].text) {
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

static void erase(struct slots *slots, uint64_t hash, uint32_t index)
{
    size_t mask = slots->capacity - 1, hole = hash & mask;
    while (slots->at[hole].index_up && slots->at[hole].index_up != index + 1) {
        hole = (hole + 1) & mask;
    }
    if (!slots->at[hole].index_up) {
        return;
    }
    slots->count--;
    slots->at[hole].index_up = 0;
}

/* Close the gap behind an erased slot: reinsert the rest of its run. */
static void close_gap(struct series_table *table, struct slots *slots, uint64_t hash)
{
    size_t mask = slots->capacity - 1, at = hash & mask;
    while (slots->at[at].index_up) {
        at = (at + 1) & mask;
    }
    for (at = (at + 1) & mask; slots->at[at].index_up; at = (at + 1) & mask) {
        uint32_t index = slots->at[at].index_up - 1;
        slots->at[at].index_up = 0;
        slots->count--;
        insert(slots, hash_of_index(table, index), index);
    }
}

void series_remove(struct series_table *table, uint32_t index)
{
    ASSERT(series_live(table, index));
    move_some(table, SIZE_MAX); /* rare: keep one table while closing gaps */
    uint64_t hash = hash_of_index(table, index);
    erase(&table->now, hash, index);
    close_gap(table, &table->now, hash);
    struct name *name = &table->names[index];
    table->name_bytes -= name->sku_bytes + name->location_bytes;
    free(name->text);
    *name = (struct name){0};
    table->live--;
    if (index < table->lowest_free) {
        table->lowest_free = index;
    }
}

bool series_live(const struct series_table *table, uint32_t index)
{
    return index < table->end && table->names[index].text;
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
    const struct name *name = &table->names[index];
    return (struct slice){name->text, name->sku_bytes};
}

struct slice series_location(const struct series_table *table, uint32_t index)
{
    const struct name *name = &table->names[index];
    return (struct slice){name->text + name->sku_bytes, name->location_bytes};
}

size_t series_table_bytes(const struct series_table *table)
{
    return (table->now.capacity + table->old.capacity) * sizeof(struct slot) +
           table->capacity * sizeof(struct name) + table->name_bytes + 16 * (size_t)table->live;
}
