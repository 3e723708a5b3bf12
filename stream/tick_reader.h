/* Ticks of sources that other INGEST workers own: read from partition 0 of `lines`, committed ones
 * only, from its end on. Used by an INGEST worker while there are such sources. Owner: that
 * worker's thread. */
#ifndef RESTOCK_TICK_READER_H
#define RESTOCK_TICK_READER_H

#include "config/base/slice.h"
#include "stream/member.h"

struct tick_reader;

/* member: whose member_wait shall end when something arrives; borrowed. */
struct status *tick_reader_open(const struct settings *settings, struct member *member,
                                struct tick_reader **out) __attribute__((warn_unused_result));
void tick_reader_close(struct tick_reader *reader); /* NULL is fine */
/* From the last stable offset on: whatever was committed before it stands in the group's committed
 * metadata asked for afterwards. */
struct status *tick_reader_start(struct tick_reader *reader) __attribute__((warn_unused_result));
/* All that is there, without waiting; values of records without a key. *count rises with each of
 * those. */
struct status *tick_reader_read(struct tick_reader *reader,
                                void (*tick)(void *context, struct slice value), void *context,
                                size_t *count) __attribute__((warn_unused_result));

#endif
