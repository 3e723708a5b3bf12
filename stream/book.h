/* Book: what a shard has learned from the answers of the world: how long each supplier takes
 * (optimize/track.h) and what buyers make of its proposals (optimize/answers.h).
 *
 *     book_receive(book, supplier, slots, stated, spread);
 *     const struct track *track = book_track(book, supplier);       // NULL: nothing was received
 *
 * A shard learns from its own series alone: what another shard sees of the same supplier it does
 * not know, so that the same log gives the same bytes. At most BOOK_SUPPLIERS; of further ones
 * nothing is learned. Records: key "v" + name, value track; key "v" + a zero byte, value the
 * answers by class. Owner: the shard. */
#ifndef RESTOCK_BOOK_H
#define RESTOCK_BOOK_H

#include "model/forecaster.h"
#include "optimize/answers.h"
#include "optimize/track.h"
#include "stream/outbox.h"

enum { BOOK_SUPPLIERS = 4096 };

struct book;

struct book *book_create(void); /* NULL: no memory */
void book_destroy(struct book *book);

void book_receive(struct book *book, struct slice supplier, double slots, double stated,
                  double spread);
/* Valid until the next receipt. NULL: nothing known. */
const struct track *book_track(const struct book *book, struct slice supplier);
uint32_t book_suppliers(const struct book *book);
/* Supplier number index < book_suppliers, in the order of their first receipts. */
struct slice book_supplier(const struct book *book, uint32_t index, const struct track **track);

/* As answers_add; demand_class: enum forecast_class. */
void book_answer(struct book *book, uint32_t demand_class, enum proposal_state state,
                 int64_t offered, int64_t agreed);
const struct answers *book_answers(const struct book *book, uint32_t demand_class);

bool book_clean(const struct book *book);
void book_seal(struct book *book, struct outbox *outbox, int32_t partition);
bool book_restore(struct book *book, struct slice key, struct slice value); /* key "v"... */
size_t book_bytes(const struct book *book);

#endif
