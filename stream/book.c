#include "stream/book.h"

#include "config/base/ensure.h"
#include "config/base/grow.h"
#include "stream/cursor.h"
#include "stream/series.h"

#include <stdlib.h>

struct page {
    struct track track;
    bool dirty;
};

struct book {
    struct series_table *names; /* suppliers */
    struct page *pages; /* [capacity] by index of the name */
    size_t capacity;
    struct answers answers[FORECAST_CLASSES];
    bool answers_dirty, dirty;
};

struct book *book_create(void)
{
    struct book *book = calloc(1, sizeof *book);
    if (!book) {
        return NULL;
    }
    book->names = series_table_create();
    if (!book->names) {
        free(book);
        return NULL;
    }
    return book;
}

void book_destroy(struct book *book)
{
    if (book) {
        series_table_destroy(book->names);
        free(book->pages);
        free(book);
    }
}

/* NULL: the book is full. */
static struct page *page_for(struct book *book, struct slice supplier)
{
    uint32_t index = series_find(book->names, supplier, (struct slice){0});
    if (index == SERIES_NONE) {
        if (series_count(book->names) >= BOOK_SUPPLIERS) {
            return NULL;
        }
        index = series_add(book->names, supplier, (struct slice){0});
    }
    book->pages = grow_zeroed(book->pages, &book->capacity, (size_t)index + 1, sizeof *book->pages);
    return &book->pages[index];
}

void book_receive(struct book *book, struct slice supplier, double slots, double stated,
                  double spread)
{
    struct page *page = supplier.bytes ? page_for(book, supplier) : NULL;
    if (page) {
        track_add(&page->track, slots, stated, spread);
        page->dirty = book->dirty = true;
    }
}

const struct track *book_track(const struct book *book, struct slice supplier)
{
    uint32_t index = series_find(book->names, supplier, (struct slice){0});
    return index == SERIES_NONE ? NULL : &book->pages[index].track;
}

uint32_t book_suppliers(const struct book *book)
{
    return series_count(book->names);
}

struct slice book_supplier(const struct book *book, uint32_t index, const struct track **track)
{
    ASSERT(index < book_suppliers(book));
    *track = &book->pages[index].track;
    return series_sku(book->names, index);
}

void book_answer(struct book *book, uint32_t demand_class, enum proposal_state state,
                 int64_t offered, int64_t agreed)
{
    ASSERT(demand_class < FORECAST_CLASSES);
    answers_add(&book->answers[demand_class], state, offered, agreed);
    book->answers_dirty = book->dirty = true;
}

const struct answers *book_answers(const struct book *book, uint32_t demand_class)
{
    ASSERT(demand_class < FORECAST_CLASSES);
    return &book->answers[demand_class];
}

/* ---- state ---- */

bool book_clean(const struct book *book)
{
    return !book->dirty;
}

static void seal_answers(struct book *book, struct outbox *outbox, int32_t partition)
{
    struct buf value = {0}, one = {0};
    for (int c = 0; c < FORECAST_CLASSES; c++) {
        buf_reset(&one);
        answers_save(&book->answers[c], &one);
        buf_varint(&value, (int64_t)one.bytes);
        buf_slice(&value, buf_view(&one));
    }
    static const char KEY[2] = {'v', '\0'};
    outbox_add(outbox, TOPIC_STATE, partition, (struct slice){KEY, 2}, buf_view(&value));
    book->answers_dirty = false;
    buf_fini(&one);
    buf_fini(&value);
}

void book_seal(struct book *book, struct outbox *outbox, int32_t partition)
{
    if (!book->dirty) {
        return;
    }
    struct buf key = {0}, value = {0};
    for (uint32_t i = 0; i < book_suppliers(book); i++) {
        if (book->pages[i].dirty) {
            buf_reset(&key);
            buf_reset(&value);
            buf_byte(&key, 'v');
            buf_slice(&key, series_sku(book->names, i));
            track_save(&book->pages[i].track, &value);
            outbox_add(outbox, TOPIC_STATE, partition, buf_view(&key), buf_view(&value));
            book->pages[i].dirty = false;
        }
    }
    if (book->answers_dirty) {
        seal_answers(book, outbox, partition);
    }
    book->dirty = false;
    buf_fini(&key);
    buf_fini(&value);
}

static bool restore_answers(struct book *book, struct slice value)
{
    struct cursor in = cursor_of(value);
    struct answers got[FORECAST_CLASSES];
    for (int c = 0; c < FORECAST_CLASSES; c++) {
        struct slice one = cursor_slice(&in);
        if (!in.ok || !answers_load(one, &got[c])) {
            return false;
        }
    }
    if (!cursor_done(&in)) {
        return false;
    }
    memcpy(book->answers, got, sizeof got);
    return true;
}

bool book_restore(struct book *book, struct slice key, struct slice value)
{
    struct slice name = {key.data + 1, key.bytes - 1};
    if (!name.bytes || !value.data) {
        return false;
    }
    if (name.bytes == 1 && name.data[0] == '\0') {
        return restore_answers(book, value);
    }
    struct track track;
    if (!track_load(value, &track)) {
        return false;
    }
    struct page *page = page_for(book, name);
    if (!page) {
        return false;
    }
    page->track = track;
    return true;
}

size_t book_bytes(const struct book *book)
{
    return sizeof *book + series_table_bytes(book->names) + book->capacity * sizeof(struct page);
}
