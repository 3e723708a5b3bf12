/* Alerts are allocated one by one (some hundreds to thousands), found through an open-addressing
 * index of pointers by (kind, series, scope), and counted per series so that "has this series any?"
 * is one lookup in a small hash as well.
 *
 * State record: key "a", kind (1 byte), series (4, big endian), scope (8, big endian); value:
 * length and text of the scope's name, then alert_save. */
#include "stream/alert_table.h"

#include "anomaly/silence.h"
#include "config/base/ensure.h"
#include "config/base/grow.h"
#include "config/base/hash.h"
#include "stream/cursor.h"
#include "stream/event.h"

#include <stdlib.h>

enum { FIRST_SLOTS = 64, KEY_BYTES = 14, SCOPE_NAME_MAX = 200 };
enum { SERIES_BOUND = 1 << 28 }; /* of state records: what is beyond is damage */

struct alert_entry {
    struct alert alert;
    bool dirty, gone; /* gone: only its tombstones are still to be written */
    uint8_t scope_bytes;
    char scope_name[SCOPE_NAME_MAX];
};

struct alert_table {
    const struct plan *plan;
    const struct series_table *names_ref; /* owner: the shard */
    struct outbox *outbox_ref; /* owner: the shard's caller */
    struct alert_entry **slots; /* NULL: free */
    size_t capacity, count;
    struct alert_entry **dirty;
    size_t dirty_count, dirty_capacity;
    uint32_t *per_series; /* [series_capacity] alerts of each series */
    size_t series_capacity;
    uint64_t told[ALERT_KINDS]; /* events */
    struct buf key, value;
};

struct alert_table *alert_table_create(const struct plan *plan,
                                       const struct series_table *names_ref,
                                       struct outbox *outbox_ref)
{
    struct alert_table *table = calloc(1, sizeof *table);
    if (!table) {
        return NULL;
    }
    table->plan = plan;
    table->names_ref = names_ref;
    table->outbox_ref = outbox_ref;
    table->capacity = FIRST_SLOTS;
    table->slots = calloc(FIRST_SLOTS, sizeof(struct alert_entry *));
    if (!table->slots) {
        free(table);
        return NULL;
    }
    return table;
}

void alert_table_destroy(struct alert_table *table)
{
    if (!table) {
        return;
    }
    for (size_t i = 0; i < table->dirty_count; i++) {
        if (table->dirty[i]->gone) {
            free(table->dirty[i]);
        }
    }
    for (size_t i = 0; i < table->capacity; i++) {
        free(table->slots[i]);
    }
    free(table->slots);
    free(table->dirty);
    free(table->per_series);
    buf_fini(&table->key);
    buf_fini(&table->value);
    free(table);
}

static size_t home(const struct alert_table *table, uint32_t kind, uint32_t series, uint64_t scope)
{
    return hash_mix(scope ^ hash_mix(((uint64_t)kind << 32) | series)) & (table->capacity - 1);
}

static size_t place(const struct alert_table *table, uint32_t kind, uint32_t series, uint64_t scope)
{
    size_t at = home(table, kind, series, scope);
    for (; table->slots[at]; at = (at + 1) & (table->capacity - 1)) {
        const struct alert *alert = &table->slots[at]->alert;
        if (alert->kind == kind && alert->series == series && alert->scope == scope) {
            break;
        }
    }
    return at;
}

static void count_series(struct alert_table *table, uint32_t series, int change)
{
    if (series == ALERT_NO_SERIES) {
        return;
    }
    table->per_series = grow_zeroed(table->per_series, &table->series_capacity, (size_t)series + 1,
                                    sizeof *table->per_series);
    table->per_series[series] += (uint32_t)change;
}

static void widen(struct alert_table *table)
{
    struct alert_entry **old = table->slots;
    size_t old_capacity = table->capacity;
    table->capacity *= 2;
    table->slots = calloc(table->capacity, sizeof(struct alert_entry *));
    ASSERT(table->slots && "out of memory for alerts");
    for (size_t i = 0; i < old_capacity; i++) {
        if (old[i]) {
            const struct alert *alert = &old[i]->alert;
            table->slots[place(table, alert->kind, alert->series, alert->scope)] = old[i];
        }
    }
    free(old);
}

static struct alert_entry *entry_new(struct alert_table *table, uint32_t kind, uint32_t series,
                                     uint64_t scope)
{
    if ((table->count + 1) * 2 > table->capacity) {
        widen(table);
    }
    struct alert_entry *entry = calloc(1, sizeof *entry);
    ASSERT(entry && "out of memory for an alert");
    entry->alert.kind = (uint8_t)kind;
    entry->alert.series = series;
    entry->alert.scope = scope;
    table->slots[place(table, kind, series, scope)] = entry;
    table->count++;
    count_series(table, series, 1);
    return entry;
}

static void entry_remove(struct alert_table *table, struct alert_entry *entry)
{
    size_t mask = table->capacity - 1;
    const struct alert *alert = &entry->alert;
    size_t hole = place(table, alert->kind, alert->series, alert->scope);
    ASSERT(table->slots[hole] == entry);
    for (size_t at = (hole + 1) & mask; table->slots[at]; at = (at + 1) & mask) {
        const struct alert *other = &table->slots[at]->alert;
        size_t want = home(table, other->kind, other->series, other->scope);
        if (((at - want) & mask) >= ((at - hole) & mask)) {
            table->slots[hole] = table->slots[at];
            hole = at;
        }
    }
    table->slots[hole] = NULL;
    table->count--;
    count_series(table, alert->series, -1);
}

static void mark_dirty(struct alert_table *table, struct alert_entry *entry)
{
    if (entry->dirty) {
        return;
    }
    table->dirty = grow(table->dirty, &table->dirty_capacity, table->dirty_count + 1,
                        sizeof(struct alert_entry *));
    table->dirty[table->dirty_count++] = entry;
    entry->dirty = true;
}

const struct alert *alert_table_find(const struct alert_table *table, enum alert_kind kind,
                                     uint32_t series, uint64_t scope)
{
    const struct alert_entry *entry = table->slots[place(table, kind, series, scope)];
    return entry ? &entry->alert : NULL;
}

static struct alert_subject subject_of(const struct alert_table *table,
                                       const struct alert_entry *entry)
{
    struct alert_subject subject = {.tenant = slice_of(table->plan->settings_ref->proposal.tenant),
                                    .sku = slice_of(""),
                                    .location = slice_of(""),
                                    .scope = {entry->scope_name, entry->scope_bytes},
                                    .zone = table->plan->settings_ref->zone};
    if (entry->alert.series != ALERT_NO_SERIES) {
        subject.sku = series_sku(table->names_ref, entry->alert.series);
        subject.location = series_location(table->names_ref, entry->alert.series);
    }
    return subject;
}

static void write_event(struct alert_table *table, const struct alert_entry *entry,
                        enum alert_change change)
{
    table->told[entry->alert.kind] += change != ALERT_DROPPED;
    struct alert_event event = {.alert = &entry->alert,
                                .change = change,
                                .subject = subject_of(table, entry),
                                .currency = slice_of(table->plan->settings_ref->item.currency)};
    const struct plan_sinks *sinks = table->plan->sinks_ref;
    if (sinks) {
        if (sinks->alert) {
            sinks->alert(sinks->context, &entry->alert, change, &event.subject);
        }
        return;
    }
    buf_reset(&table->key);
    buf_reset(&table->value);
    alert_id(&table->key, &entry->alert, &event.subject);
    if (change == ALERT_DROPPED) {
        outbox_add(table->outbox_ref, TOPIC_ALERTS, -1, buf_view(&table->key), (struct slice){0});
        return;
    }
    event_alert(table->plan, &event, &table->value);
    outbox_add(table->outbox_ref, TOPIC_ALERTS, -1, buf_view(&table->key), buf_view(&table->value));
}

static int64_t not_before(const struct alert *alert, int64_t now_ms)
{
    int64_t now = now_ms;
    now = alert->since_ms > now ? alert->since_ms : now;
    now = alert->seen_ms > now ? alert->seen_ms : now;
    return alert->updated_ms > now ? alert->updated_ms : now;
}

/* Kinds of open alerts of a series, as a set. */
static uint32_t open_kinds(const struct alert_table *table, uint32_t series)
{
    uint32_t open = 0;
    for (int kind = 0; kind <= ALERT_BULK_ORDER; kind++) {
        const struct alert *alert = alert_table_find(table, (enum alert_kind)kind, series, 0);
        open |= alert && alert->state == ALERT_OPEN ? 1u << kind : 0;
    }
    return open;
}

static bool is_silenced(const struct alert_table *table, const struct alert_signal *signal,
                        int64_t now_ms)
{
    const char *rules = table->plan->settings_ref->alert.silence;
    if (!rules || !rules[0]) {
        return false;
    }
    bool product = signal->series != ALERT_NO_SERIES;
    struct slice sku = product ? series_sku(table->names_ref, signal->series) : slice_of("");
    struct slice location =
        product ? series_location(table->names_ref, signal->series) : slice_of("");
    return silence_holds(rules, signal->kind, sku, location, now_ms);
}

uint32_t alert_table_step(struct alert_table *table, const struct alert_signal *signal,
                          struct slice scope_name, int64_t now_ms)
{
    struct alert_entry *entry =
        table->slots[place(table, signal->kind, signal->series, signal->scope)];
    if (signal->strength >= ALERT_WEAK && signal->series != ALERT_NO_SERIES &&
        !(entry && entry->alert.state == ALERT_OPEN) &&
        alert_covered(signal->kind, open_kinds(table, signal->series))) {
        return 0;
    }
    if (signal->strength >= ALERT_WEAK && !(entry && entry->alert.state == ALERT_OPEN) &&
        is_silenced(table, signal, now_ms)) {
        return 0;
    }
    if (!entry) {
        if (signal->strength != ALERT_WEAK && signal->strength != ALERT_STRONG) {
            return 0;
        }
        entry = entry_new(table, signal->kind, signal->series, signal->scope);
        entry->scope_bytes =
            (uint8_t)(scope_name.bytes < SCOPE_NAME_MAX ? scope_name.bytes : SCOPE_NAME_MAX);
        if (entry->scope_bytes) {
            memcpy(entry->scope_name, scope_name.data, entry->scope_bytes);
        }
    }
    const struct alert_options *options = &table->plan->settings_ref->alert;
    uint32_t events = 0;
    bool again = true;
    while (again) {
        enum alert_change change;
        again =
            alert_step(&entry->alert, signal, options, not_before(&entry->alert, now_ms), &change);
        if (change != ALERT_UNCHANGED) {
            write_event(table, entry, change);
            events += change != ALERT_DROPPED;
        }
    }
    mark_dirty(table, entry);
    return events;
}

uint32_t alert_table_end(struct alert_table *table, enum alert_kind kind, uint32_t series,
                         uint64_t scope, int64_t now_ms)
{
    struct alert_entry *entry = table->slots[place(table, kind, series, scope)];
    enum alert_change change = ALERT_UNCHANGED;
    if (entry) {
        alert_end(&entry->alert, not_before(&entry->alert, now_ms), &change);
    }
    if (change == ALERT_UNCHANGED) {
        return 0;
    }
    write_event(table, entry, change);
    mark_dirty(table, entry);
    return 1;
}

/* The next parent in order that is open and has not heard of this moment. NULL: none is left. */
static const struct alert *resting(const struct alert_table *table, int64_t now_ms)
{
    const struct alert *least = NULL;
    for (size_t i = 0; i < table->capacity; i++) {
        const struct alert *alert = table->slots[i] ? &table->slots[i]->alert : NULL;
        bool parent = alert && alert->series == ALERT_NO_SERIES && alert->kind <= ALERT_BULK_ORDER;
        if (parent && alert->state == ALERT_OPEN && alert->seen_ms < now_ms &&
            (!least || alert->kind < least->kind ||
             (alert->kind == least->kind && alert->scope < least->scope))) {
            least = alert;
        }
    }
    return least;
}

uint32_t alert_table_rest(struct alert_table *table, int64_t now_ms)
{
    uint32_t events = 0;
    const struct alert *parent;
    while ((parent = resting(table, now_ms))) {
        struct alert_signal quiet = {.kind = (enum alert_kind)parent->kind,
                                     .strength = ALERT_QUIET,
                                     .series = ALERT_NO_SERIES,
                                     .scope = parent->scope,
                                     .probability = 1};
        events += alert_table_step(table, &quiet, (struct slice){0}, now_ms);
    }
    return events;
}

static bool has_id(struct alert_table *table, const struct alert_entry *entry, struct slice id)
{
    struct alert_subject subject = subject_of(table, entry);
    buf_reset(&table->key);
    alert_id(&table->key, &entry->alert, &subject);
    return slice_equal(buf_view(&table->key), id);
}

bool alert_table_judge(struct alert_table *table, struct slice id, enum alert_verdict verdict,
                       int64_t now_ms, uint32_t *events)
{
    *events = 0;
    for (size_t i = 0; i < table->capacity; i++) {
        struct alert_entry *entry = table->slots[i];
        if (entry && entry->alert.told && has_id(table, entry, id)) {
            enum alert_change change;
            alert_judge(&entry->alert, verdict, not_before(&entry->alert, now_ms), &change);
            if (change != ALERT_UNCHANGED) {
                write_event(table, entry, change);
                *events = 1;
            }
            mark_dirty(table, entry);
            return true;
        }
    }
    return false;
}

static void drop(struct alert_table *table, struct alert_entry *entry)
{
    if (entry->alert.told) {
        struct alert_subject subject = subject_of(table, entry);
        buf_reset(&table->key);
        alert_id(&table->key, &entry->alert, &subject);
        outbox_add(table->outbox_ref, TOPIC_ALERTS, -1, buf_view(&table->key), (struct slice){0});
    }
    entry_remove(table, entry);
    entry->gone = true;
    mark_dirty(table, entry);
}

static int by_identity(const void *a, const void *b)
{
    const struct alert *one = &(*(struct alert_entry *const *)a)->alert;
    const struct alert *two = &(*(struct alert_entry *const *)b)->alert;
    if (one->series != two->series) {
        return one->series < two->series ? -1 : 1;
    }
    if (one->kind != two->kind) {
        return one->kind < two->kind ? -1 : 1;
    }
    return (one->scope > two->scope) - (one->scope < two->scope);
}

/* Drops what `wanted` says, in an order that does not depend on the history of the hash table. */
static void drop_where(struct alert_table *table,
                       bool (*wanted)(const struct alert *alert, const void *context),
                       const void *context)
{
    size_t count = 0, room = 0;
    struct alert_entry **doomed = NULL;
    for (size_t i = 0; i < table->capacity; i++) {
        if (table->slots[i] && wanted(&table->slots[i]->alert, context)) {
            doomed = grow(doomed, &room, count + 1, sizeof(struct alert_entry *));
            doomed[count++] = table->slots[i];
        }
    }
    if (count) {
        qsort(doomed, count, sizeof(struct alert_entry *), by_identity);
    }
    for (size_t i = 0; i < count; i++) {
        drop(table, doomed[i]);
    }
    free(doomed);
}

struct sweep {
    const struct alert_options *options;
    int64_t now_ms;
};

static bool is_spent(const struct alert *alert, const void *context)
{
    const struct sweep *sweep = context;
    return alert_spent(alert, sweep->options, not_before(alert, sweep->now_ms));
}

void alert_table_sweep(struct alert_table *table, int64_t now_ms)
{
    struct sweep sweep = {&table->plan->settings_ref->alert, now_ms};
    drop_where(table, is_spent, &sweep);
}

static bool is_of_series(const struct alert *alert, const void *context)
{
    return alert->series == *(const uint32_t *)context;
}

void alert_table_forget(struct alert_table *table, uint32_t series)
{
    if (alert_table_has(table, series)) {
        drop_where(table, is_of_series, &series);
    }
}

bool alert_table_has(const struct alert_table *table, uint32_t series)
{
    return series < table->series_capacity && table->per_series[series] > 0;
}

bool alert_table_anomalous(const struct alert_table *table, uint32_t series)
{
    static const enum alert_kind POINTS[] = {ALERT_SPIKE, ALERT_ZERO_RUN, ALERT_PRICE_ERROR,
                                             ALERT_BULK_ORDER};
    if (!alert_table_has(table, series)) {
        return false;
    }
    for (size_t i = 0; i < sizeof POINTS / sizeof POINTS[0]; i++) {
        const struct alert *alert = alert_table_find(table, POINTS[i], series, 0);
        if (alert && alert->state == ALERT_OPEN) {
            return true;
        }
    }
    return false;
}

bool alert_table_clean(const struct alert_table *table)
{
    return table->dirty_count == 0;
}

static void put_key(struct buf *key, const struct alert *alert)
{
    buf_reset(key);
    buf_byte(key, 'a');
    buf_byte(key, alert->kind);
    for (int shift = 24; shift >= 0; shift -= 8) {
        buf_byte(key, (unsigned char)(alert->series >> shift));
    }
    for (int shift = 56; shift >= 0; shift -= 8) {
        buf_byte(key, (unsigned char)(alert->scope >> shift));
    }
}

void alert_table_seal(struct alert_table *table, int32_t partition)
{
    for (size_t i = 0; i < table->dirty_count; i++) {
        struct alert_entry *entry = table->dirty[i];
        put_key(&table->key, &entry->alert);
        entry->dirty = false;
        if (entry->gone) {
            /* A new alert under the same key stands later in the list and is written behind this
             * tombstone. */
            outbox_add(table->outbox_ref, TOPIC_STATE, partition, buf_view(&table->key),
                       (struct slice){0});
            free(entry);
            continue;
        }
        buf_reset(&table->value);
        buf_varint(&table->value, entry->scope_bytes);
        buf_put(&table->value, entry->scope_name, entry->scope_bytes);
        alert_save(&entry->alert, &table->value);
        outbox_add(table->outbox_ref, TOPIC_STATE, partition, buf_view(&table->key),
                   buf_view(&table->value));
    }
    table->dirty_count = 0;
}

bool alert_table_restore(struct alert_table *table, struct slice key, struct slice value)
{
    struct cursor in = cursor_of(value);
    struct slice scope_name = cursor_slice(&in);
    struct alert alert = {0};
    struct status *st =
        in.ok && scope_name.bytes <= SCOPE_NAME_MAX
            ? alert_load((struct slice){(const char *)in.at, (size_t)(in.end - in.at)}, &alert)
            : status_new(STATUS_CORRUPT, "no alert");
    if (st) {
        status_free(st);
        return false;
    }
    put_key(&table->key, &alert);
    if (!slice_equal(buf_view(&table->key), key) ||
        (alert.series >= SERIES_BOUND && alert.series != ALERT_NO_SERIES)) {
        return false;
    }
    struct alert_entry *entry = table->slots[place(table, alert.kind, alert.series, alert.scope)];
    if (!entry) {
        entry = entry_new(table, alert.kind, alert.series, alert.scope);
    }
    entry->alert = alert;
    entry->scope_bytes = (uint8_t)scope_name.bytes;
    if (scope_name.bytes) {
        memcpy(entry->scope_name, scope_name.data, scope_name.bytes);
    }
    return true;
}

void alert_table_restore_gone(struct alert_table *table, struct slice key)
{
    if (key.bytes != KEY_BYTES) {
        return;
    }
    const unsigned char *at = (const unsigned char *)key.data;
    uint32_t series = (uint32_t)at[2] << 24 | (uint32_t)at[3] << 16 | (uint32_t)at[4] << 8 | at[5];
    uint64_t scope = 0;
    for (int i = 6; i < KEY_BYTES; i++) {
        scope = scope << 8 | at[i];
    }
    struct alert_entry *entry = table->slots[place(table, at[1], series, scope)];
    if (entry) {
        entry_remove(table, entry);
        free(entry);
    }
}

bool alert_table_restored(struct alert_table *table)
{
    for (size_t i = 0; i < table->capacity; i++) {
        const struct alert_entry *entry = table->slots[i];
        if (entry && entry->alert.series != ALERT_NO_SERIES &&
            !series_live(table->names_ref, entry->alert.series)) {
            return false;
        }
    }
    return true;
}

const uint64_t *alert_table_told(const struct alert_table *table)
{
    return table->told;
}

uint32_t alert_table_open(const struct alert_table *table)
{
    uint32_t open = 0;
    for (size_t i = 0; i < table->capacity; i++) {
        open += table->slots[i] && table->slots[i]->alert.state == ALERT_OPEN;
    }
    return open;
}

size_t alert_table_bytes(const struct alert_table *table)
{
    return table->capacity * sizeof(struct alert_entry *) +
           table->count * sizeof(struct alert_entry) + table->series_capacity * sizeof(uint32_t);
}
