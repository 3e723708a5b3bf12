#include "stream/book.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

/* Records of the book, put into another one. */
static bool copy(struct outbox *outbox, struct book *into)
{
    bool ok = true;
    for (size_t i = 0; i < outbox_count(outbox); i++) {
        struct outbox_record record;
        outbox_get(outbox, i, &record);
        ok &= record.topic == TOPIC_STATE && record.key.data[0] == 'v' &&
              book_restore(into, record.key, record.value);
    }
    return ok;
}

Test(book, suppliers_and_answers_come_back_from_their_records)
{
    struct outbox *outbox = outbox_create();
    struct book *book = book_create(), *again = book_create();
    cr_assert(book_clean(book));
    cr_assert_null(book_track(book, slice_of("S1")));
    book_receive(book, slice_of("S1"), 13, 10, 0.3);
    book_receive(book, slice_of("S2"), 9, 10, 0.3);
    book_receive(book, slice_of(""), 9, 10, 0.3);
    book_answer(book, 1, PROPOSAL_EDITED, 100, 120);
    cr_assert(!book_clean(book) && book_suppliers(book) == 2);
    book_seal(book, outbox, 0);
    cr_assert(book_clean(book) && outbox_count(outbox) == 3);
    cr_assert(copy(outbox, again));
    cr_assert_eq(book_track(again, slice_of("S2"))->sum, book_track(book, slice_of("S2"))->sum);
    cr_assert_eq(book_answers(again, 1)->edited, 1);
    cr_assert_eq(book_answers(again, 0)->edited, 0);
    const struct track *track;
    cr_assert(slice_is(book_supplier(book, 0, &track), "S1") && track->receipts == 1);
    outbox_reset(outbox);
    book_receive(book, slice_of("S2"), 9, 10, 0.3);
    book_seal(book, outbox, 0);
    cr_assert_eq(outbox_count(outbox), 1, "what changed alone");
    cr_assert(book_bytes(book) > 0);
    book_destroy(book);
    book_destroy(again);
    outbox_destroy(outbox);
}

Test(book, damaged_records_are_refused)
{
    struct book *book = book_create();
    cr_assert_not(book_restore(book, slice_of("v"), slice_of("x")));
    cr_assert_not(book_restore(book, slice_of("vS1"), slice_of("x")));
    cr_assert_not(book_restore(book, slice_of("vS1"), (struct slice){0}));
    cr_assert_not(book_restore(book, (struct slice){"v\0", 2}, slice_of("x")));
    cr_assert_eq(book_suppliers(book), 0);
    book_destroy(book);
    book_destroy(NULL);
}

Test(book, of_too_many_suppliers_the_first_are_known)
{
    struct book *book = book_create();
    char name[32];
    for (int i = 0; i < BOOK_SUPPLIERS + 5; i++) {
        (void)snprintf(name, sizeof name, "supplier %d", i);
        book_receive(book, slice_of(name), 10, 10, 0.1);
    }
    cr_assert_eq(book_suppliers(book), BOOK_SUPPLIERS);
    cr_assert_null(book_track(book, slice_of(name)));
    book_destroy(book);
}
