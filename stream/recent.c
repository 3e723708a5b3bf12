/* Three tables of {key, event}, each an array of entries with a chained hash index. Entries are
 * reused, never freed, so a steady state allocates nothing. The order of arrival is a counter;
 * lists sort a copy of it, which only readers pay for. */
#include "stream/recent.h"

#include "config/base/ensure.h"
#include "config/base/hash.h"
#include "schemas/datum.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

enum { TABLES = 3, NONE = INT32_MAX, WANTED = 16, KEY_MAX = 512 };

struct entry {
    struct buf key, event;
    uint64_t order; /* of arrival; 0: free */
    uint32_t next; /* in its chain, or in the free list */
};

struct table {
    enum topic topic;
    bool makes_room; /* drops the oldest when full */
    uint32_t capacity, used, free;
    size_t live;
    struct entry *entries; /* [capacity] */
    uint32_t *heads; /* [capacity * 2] */
};

struct recent {
    pthread_mutex_t mutex;
    uint64_t order;
    struct table tables[TABLES];
    struct buf wanted[WANTED]; /* keys of forecasts asked for that are not kept */
    uint32_t wanted_next;
};

static bool table_init(struct table *table, enum topic topic, uint32_t capacity, bool makes_room)
{
    *table = (struct table){
        .topic = topic, .makes_room = makes_room, .capacity = capacity, .free = NONE};
    table->entries = calloc(capacity, sizeof *table->entries);
    table->heads = calloc((size_t)capacity * 2, sizeof *table->heads);
    for (uint32_t i = 0; table->heads && i < capacity * 2; i++) {
        table->heads[i] = NONE;
    }
    return table->entries && table->heads;
}

struct recent *recent_create(void)
{
    struct recent *recent = calloc(1, sizeof *recent);
    if (!recent) {
        return NULL;
    }
    pthread_mutex_init(&recent->mutex, NULL);
    bool ok = table_init(&recent->tables[0], TOPIC_FORECASTS, RECENT_FORECASTS, false);
    ok = table_init(&recent->tables[1], TOPIC_ALERTS, RECENT_ALERTS, true) && ok;
    ok = table_init(&recent->tables[2], TOPIC_REPLENISHMENTS, RECENT_PROPOSALS, true) && ok;
    if (!ok) {
        recent_destroy(recent);
        return NULL;
    }
    return recent;
}

void recent_destroy(struct recent *recent)
{
    if (!recent) {
        return;
    }
    for (int t = 0; t < TABLES; t++) {
        struct table *table = &recent->tables[t];
        for (uint32_t i = 0; table->entries && i < table->capacity; i++) {
            buf_fini(&table->entries[i].key);
            buf_fini(&table->entries[i].event);
        }
        free(table->entries);
        free(table->heads);
    }
    for (int i = 0; i < WANTED; i++) {
        buf_fini(&recent->wanted[i]);
    }
    pthread_mutex_destroy(&recent->mutex);
    free(recent);
}

static struct table *table_of(struct recent *recent, enum topic topic)
{
    for (int t = 0; t < TABLES; t++) {
        if (recent->tables[t].topic == topic) {
            return &recent->tables[t];
        }
    }
    return NULL;
}

/* The link that points at the key's entry, or at NONE. */
static uint32_t *link_of(const struct table *table, struct slice key)
{
    uint64_t hash = hash_64(key.data, key.bytes, 0);
    uint32_t *link = &table->heads[hash % ((uint64_t)table->capacity * 2)];
    while (*link != NONE && !slice_equal(buf_view(&table->entries[*link].key), key)) {
        link = &table->entries[*link].next;
    }
    return link;
}

static void drop(struct table *table, struct slice key)
{
    uint32_t *link = link_of(table, key);
    if (*link == NONE) {
        return;
    }
    uint32_t index = *link;
    struct entry *entry = &table->entries[index];
    *link = entry->next;
    entry->order = 0;
    entry->next = table->free;
    table->free = index;
    table->live--;
}

static void drop_oldest(struct table *table)
{
    const struct entry *oldest = NULL;
    for (uint32_t i = 0; i < table->used; i++) {
        const struct entry *entry = &table->entries[i];
        if (entry->order && (!oldest || entry->order < oldest->order)) {
            oldest = entry;
        }
    }
    if (oldest) {
        drop(table, buf_view(&oldest->key));
    }
}

static bool is_wanted(const struct recent *recent, struct slice key)
{
    for (int i = 0; i < WANTED; i++) {
        if (key.bytes && slice_equal(buf_view(&recent->wanted[i]), key)) {
            return true;
        }
    }
    return false;
}

/* A new entry for the key, or NULL where the table keeps what it has. */
static struct entry *insert(struct recent *recent, struct table *table, struct slice key)
{
    if (table->live == table->capacity) {
        if (!table->makes_room && !is_wanted(recent, key)) {
            return NULL;
        }
        drop_oldest(table);
    }
    uint32_t index = table->free;
    if (index != NONE) {
        table->free = table->entries[index].next;
    } else {
        index = table->used++;
    }
    struct entry *entry = &table->entries[index];
    buf_reset(&entry->key);
    buf_slice(&entry->key, key);
    entry->next = NONE;
    *link_of(table, key) = index; /* the end of its chain: the key is not there */
    table->live++;
    return entry;
}

static void take(struct recent *recent, struct table *table, const struct outbox_record *record)
{
    if (!record->has_key || record->key.bytes > KEY_MAX || record->value.bytes > RECENT_EVENT_MAX) {
        return;
    }
    if (!record->has_value) {
        drop(table, record->key);
        return;
    }
    uint32_t index = *link_of(table, record->key);
    struct entry *entry =
        index != NONE ? &table->entries[index] : insert(recent, table, record->key);
    if (entry) {
        buf_reset(&entry->event);
        buf_slice(&entry->event, record->value);
        entry->order = ++recent->order;
    }
}

void recent_take(struct recent *recent, const struct outbox *outbox)
{
    struct outbox_record record;
    pthread_mutex_lock(&recent->mutex);
    for (size_t i = 0; i < outbox_count(outbox); i++) {
        outbox_get(outbox, i, &record);
        struct table *table = table_of(recent, record.topic);
        if (table) {
            take(recent, table, &record);
        }
    }
    pthread_mutex_unlock(&recent->mutex);
}

static int newest_first(const void *a, const void *b)
{
    const struct entry *const *left = a, *const *right = b;
    return ((*left)->order < (*right)->order) - ((*left)->order > (*right)->order);
}

/* Events are our own compact JSON, and quotes inside texts are escaped: bytes can be searched. */
static bool in_state(struct slice event, const char *states)
{
    bool any = !*states;
    for (size_t bytes; *states && !any; states += bytes + (states[bytes] == ',')) {
        char wanted[64];
        bytes = strcspn(states, ",");
        int length = snprintf(wanted, sizeof wanted, "\"state\":\"%.*s\"", (int)bytes, states);
        any = bytes < 32 && memmem(event.data, event.bytes, wanted, (size_t)length);
    }
    return any;
}

void recent_list(struct recent *recent, enum topic topic, const char *states, size_t limit,
                 struct buf *json)
{
    struct table *table = table_of(recent, topic);
    ASSERT(table);
    const struct entry **list = calloc(table->capacity, sizeof *list);
    ASSERT(list && "out of memory for a list of events");
    size_t count = 0;
    pthread_mutex_lock(&recent->mutex);
    for (uint32_t i = 0; i < table->used; i++) {
        if (table->entries[i].order && in_state(buf_view(&table->entries[i].event), states)) {
            list[count++] = &table->entries[i];
        }
    }
    qsort(list, count, sizeof *list, newest_first);
    buf_byte(json, '[');
    for (size_t i = 0; i < count && i < limit; i++) {
        buf_text(json, i ? "," : "");
        buf_slice(json, buf_view(&list[i]->event));
    }
    buf_byte(json, ']');
    pthread_mutex_unlock(&recent->mutex);
    free(list);
}

bool recent_get(struct recent *recent, enum topic topic, struct slice key, struct buf *json)
{
    struct table *table = table_of(recent, topic);
    ASSERT(table);
    pthread_mutex_lock(&recent->mutex);
    uint32_t index = *link_of(table, key);
    if (index != NONE) {
        buf_slice(json, buf_view(&table->entries[index].event));
    } else if (topic == TOPIC_FORECASTS && key.bytes <= KEY_MAX && !is_wanted(recent, key)) {
        struct buf *wanted = &recent->wanted[recent->wanted_next++ % WANTED];
        buf_reset(wanted);
        buf_slice(wanted, key);
    }
    pthread_mutex_unlock(&recent->mutex);
    return index != NONE;
}

void recent_keys(struct recent *recent, enum topic topic, struct slice part, size_t limit,
                 struct buf *json)
{
    struct table *table = table_of(recent, topic);
    ASSERT(table);
    size_t found = 0;
    buf_byte(json, '[');
    pthread_mutex_lock(&recent->mutex);
    for (uint32_t i = 0; i < table->used && found < limit; i++) {
        struct slice key = buf_view(&table->entries[i].key);
        if (table->entries[i].order &&
            (!part.bytes || memmem(key.data, key.bytes, part.data, part.bytes))) {
            buf_text(json, found++ ? "," : "");
            datum_print_text(json, key);
        }
    }
    pthread_mutex_unlock(&recent->mutex);
    buf_byte(json, ']');
}

size_t recent_count(struct recent *recent, enum topic topic)
{
    struct table *table = table_of(recent, topic);
    ASSERT(table);
    pthread_mutex_lock(&recent->mutex);
    size_t count = table->live;
    pthread_mutex_unlock(&recent->mutex);
    return count;
}
