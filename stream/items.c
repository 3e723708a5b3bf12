#include "stream/items.h"

#include "config/base/arena.h"
#include "config/base/ensure.h"
#include "config/base/grow.h"
#include "stream/series.h"

#include <stdlib.h>

enum { DECODE_BYTES = 4096 };

struct item {
    char *bytes; /* encoded line; facts borrow from it; NULL: forgotten */
    size_t size;
    struct item_line facts;
    bool dirty;
};

struct items {
    struct series_table *names; /* (sku, "") -> index into at */
    struct item *at;
    uint32_t *dirty;
    size_t capacity, dirty_count, dirty_capacity, bytes;
    struct arena *arena; /* decoding needs one, though items allocate nothing */
};

struct items *items_create(void)
{
    struct items *items = calloc(1, sizeof *items);
    if (!items) {
        return NULL;
    }
    items->names = series_table_create();
    items->arena = arena_create(DECODE_BYTES, DECODE_BYTES);
    if (!items->names || !items->arena) {
        items_destroy(items);
        return NULL;
    }
    return items;
}

void items_destroy(struct items *items)
{
    if (!items) {
        return;
    }
    for (size_t i = 0; i < items->capacity; i++) {
        free(items->at[i].bytes);
    }
    free(items->at);
    free(items->dirty);
    series_table_destroy(items->names);
    arena_destroy(items->arena);
    free(items);
}

static struct item *item_for(struct items *items, struct slice sku, uint32_t *index)
{
    *index = series_find(items->names, sku, (struct slice){0});
    if (*index == SERIES_NONE) {
        *index = series_add(items->names, sku, (struct slice){0});
    }
    items->at = grow_zeroed(items->at, &items->capacity, (size_t)*index + 1, sizeof *items->at);
    return &items->at[*index];
}

/* Take over the encoded line; false if it is none. */
static bool set(struct items *items, struct item *item, struct slice encoded)
{
    char *copy = malloc(encoded.bytes);
    ASSERT(copy && "out of memory for item facts");
    memcpy(copy, encoded.data, encoded.bytes);
    struct line line;
    const char *reason;
    arena_reset(items->arena);
    if (!line_decode((struct slice){copy, encoded.bytes}, items->arena, &line, &reason) ||
        line.kind != LINE_ITEM) {
        free(copy);
        return false;
    }
    items->bytes += encoded.bytes - item->size;
    free(item->bytes);
    item->bytes = copy;
    item->size = encoded.bytes;
    item->facts = line.item;
    return true;
}

void items_put(struct items *items, const struct line *line)
{
    ASSERT(line->kind == LINE_ITEM);
    uint32_t index;
    struct item *item = item_for(items, line->item.sku, &index);
    if (!item->dirty) {
        items->dirty = grow(items->dirty, &items->dirty_capacity, items->dirty_count + 1,
                            sizeof *items->dirty);
        items->dirty[items->dirty_count++] = index;
        item->dirty = true;
    }
    if (line->item.deleted) {
        items->bytes -= item->size;
        free(item->bytes);
        *item = (struct item){.dirty = true};
        return;
    }
    struct buf encoded = {0};
    line_encode(line, &encoded);
    ASSERT(set(items, item, buf_view(&encoded)));
    buf_fini(&encoded);
}

const struct item_line *items_find(const struct items *items, struct slice sku)
{
    uint32_t index = series_find(items->names, sku, (struct slice){0});
    return index != SERIES_NONE && items->at[index].bytes ? &items->at[index].facts : NULL;
}

bool items_clean(const struct items *items)
{
    return items->dirty_count == 0;
}

void items_seal(struct items *items, struct outbox *outbox, int32_t partition)
{
    struct buf key = {0};
    for (size_t i = 0; i < items->dirty_count; i++) {
        struct item *item = &items->at[items->dirty[i]];
        buf_reset(&key);
        buf_byte(&key, 'i');
        buf_slice(&key, series_sku(items->names, items->dirty[i]));
        outbox_add(outbox, TOPIC_STATE, partition, buf_view(&key),
                   (struct slice){item->bytes, item->size});
        item->dirty = false;
    }
    items->dirty_count = 0;
    buf_fini(&key);
}

bool items_restore(struct items *items, struct slice key, struct slice value)
{
    uint32_t index;
    struct slice sku = {key.data + 1, key.bytes - 1};
    if (!value.data) {
        struct item *item = item_for(items, sku, &index);
        items->bytes -= item->size;
        free(item->bytes);
        *item = (struct item){0};
        return true;
    }
    return set(items, item_for(items, sku, &index), value);
}

uint32_t items_count(const struct items *items)
{
    return series_count(items->names);
}

size_t items_bytes(const struct items *items)
{
    return items->bytes + items->capacity * sizeof(struct item) + series_table_bytes(items->names);
}
