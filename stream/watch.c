#include "stream/watch.h"

#include "config/base/ensure.h"
#include "stream/cursor.h"

#include <stdlib.h>
#include <string.h>

enum { KEY_BYTES = 5 };

struct paper {
    uint32_t series;
    bool used, dirty; /* dirty and not used: a tombstone is due */
    struct shadow shadow;
};

struct watch {
    struct paper paper[WATCH_MOST];
    struct shadow_record record[FORECAST_CLASSES];
    bool records_dirty, dirty;
};

struct watch *watch_create(void)
{
    return calloc(1, sizeof(struct watch));
}

void watch_destroy(struct watch *watch)
{
    free(watch);
}

static struct paper *paper_of(struct watch *watch, uint32_t series)
{
    for (int i = 0; i < WATCH_MOST; i++) {
        if (watch->paper[i].used && watch->paper[i].series == series) {
            return &watch->paper[i];
        }
    }
    return NULL;
}

struct shadow *watch_find(struct watch *watch, uint32_t series)
{
    struct paper *paper = paper_of(watch, series);
    return paper ? &paper->shadow : NULL;
}

struct shadow *watch_open(struct watch *watch, uint32_t series)
{
    DEBUG_ASSERT(!paper_of(watch, series));
    for (int i = 0; i < WATCH_MOST; i++) {
        /* A place whose tombstone is due must keep its name until that is written. */
        if (!watch->paper[i].used && !watch->paper[i].dirty) {
            watch->paper[i] = (struct paper){.series = series, .used = true, .dirty = true};
            watch->dirty = true;
            return &watch->paper[i].shadow;
        }
    }
    return NULL;
}

void watch_touch(struct watch *watch, uint32_t series)
{
    struct paper *paper = paper_of(watch, series);
    ASSERT(paper);
    paper->dirty = watch->dirty = true;
}

void watch_drop(struct watch *watch, uint32_t series)
{
    struct paper *paper = paper_of(watch, series);
    if (paper) {
        paper->used = false;
        paper->dirty = watch->dirty = true;
    }
}

void watch_count(struct watch *watch, uint32_t demand_class, const struct shadow_result *result)
{
    ASSERT(demand_class < FORECAST_CLASSES);
    shadow_count(&watch->record[demand_class], result);
    watch->records_dirty = watch->dirty = true;
}

bool watch_speaks(const struct watch *watch, uint32_t demand_class)
{
    ASSERT(demand_class < FORECAST_CLASSES);
    return shadow_speaks(&watch->record[demand_class]);
}

const struct shadow_record *watch_record(const struct watch *watch, uint32_t demand_class)
{
    ASSERT(demand_class < FORECAST_CLASSES);
    return &watch->record[demand_class];
}

/* ---- state ---- */

static void key_of(uint32_t series, char key[KEY_BYTES])
{
    key[0] = 'n';
    for (int i = 0; i < 4; i++) {
        key[1 + i] = (char)(unsigned char)(series >> (24 - 8 * i));
    }
}

static void seal_records(struct watch *watch, struct outbox *outbox, int32_t partition,
                         struct buf *value)
{
    struct buf one = {0};
    buf_reset(value);
    for (int c = 0; c < FORECAST_CLASSES; c++) {
        buf_reset(&one);
        shadow_record_save(&watch->record[c], &one);
        buf_varint(value, (int64_t)one.bytes);
        buf_slice(value, buf_view(&one));
    }
    outbox_add(outbox, TOPIC_STATE, partition, (struct slice){"n", 1}, buf_view(value));
    watch->records_dirty = false;
    buf_fini(&one);
}

void watch_seal(struct watch *watch, struct outbox *outbox, int32_t partition)
{
    if (!watch->dirty) {
        return;
    }
    struct buf value = {0};
    for (int i = 0; i < WATCH_MOST; i++) {
        struct paper *paper = &watch->paper[i];
        if (paper->dirty) {
            char key[KEY_BYTES];
            key_of(paper->series, key);
            buf_reset(&value);
            if (paper->used) {
                shadow_save(&paper->shadow, &value);
            }
            outbox_add(outbox, TOPIC_STATE, partition, (struct slice){key, KEY_BYTES},
                       paper->used ? buf_view(&value) : (struct slice){0});
            paper->dirty = false;
        }
    }
    if (watch->records_dirty) {
        seal_records(watch, outbox, partition, &value);
    }
    watch->dirty = false;
    buf_fini(&value);
}

static bool restore_records(struct watch *watch, struct slice value)
{
    struct cursor in = cursor_of(value);
    struct shadow_record got[FORECAST_CLASSES];
    for (int c = 0; c < FORECAST_CLASSES; c++) {
        struct slice one = cursor_slice(&in);
        if (!in.ok || !shadow_record_load(one, &got[c])) {
            return false;
        }
    }
    if (!cursor_done(&in)) {
        return false;
    }
    memcpy(watch->record, got, sizeof got);
    return true;
}

bool watch_restore(struct watch *watch, struct slice key, struct slice value)
{
    if (key.bytes == 1) {
        return value.data && restore_records(watch, value);
    }
    if (key.bytes != KEY_BYTES) {
        return false;
    }
    uint32_t series = 0;
    for (int i = 1; i < KEY_BYTES; i++) {
        series = series << 8 | (unsigned char)key.data[i];
    }
    struct paper *paper = paper_of(watch, series);
    if (!value.data) {
        if (paper) {
            *paper = (struct paper){0};
        }
        return true;
    }
    struct shadow shadow;
    if (!shadow_load(value, &shadow)) {
        return false;
    }
    for (int i = 0; i < WATCH_MOST && !paper; i++) {
        paper = watch->paper[i].used ? NULL : &watch->paper[i];
    }
    if (!paper) {
        return false;
    }
    *paper = (struct paper){.series = series, .used = true, .shadow = shadow};
    return true;
}
