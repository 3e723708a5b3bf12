/* Lines ahead of their turn: decoded, and what they will need asked for, before the first of them
 * is applied.
 *
 * A line touches half a dozen places that lie anywhere in memory: its fingerprint's line and the
 * slot of its name; then the name, the records of its series and its cell; and a long name's text.
 * They are loaded in these three stages, for LOOKAHEAD_LINES at once, so that they come side by
 * side and not one after the other. Nothing here changes the shard. Owner: the shard. */
#ifndef RESTOCK_LOOKAHEAD_H
#define RESTOCK_LOOKAHEAD_H

#include "stream/line.h"

#include <stddef.h>

enum { LOOKAHEAD_LINES = 16 };
enum { SHARD_LINE_ARENA_BYTES = 8 << 20 }; /* limit of the shard's arena for decoding */

struct shard;

/* A line that was decoded ahead of its turn, and what of it does not depend on the shard. */
struct lookahead {
    bool good;
    const char *reason; /* why it is no line */
    int64_t bucket; /* of order and stock lines: the day (or week) of the event time */
    uint64_t name; /* series_hash */
    uint32_t guess; /* series_guess, for prefetching alone */
    struct line line;
};

/* Texts borrow from value, counts of ticks live in the shard's arena until its next reset. */
void lookahead_decode(struct shard *shard, struct slice value, struct lookahead *ahead);
/* lines: [count], decoded. */
void lookahead_load(const struct shard *shard, struct lookahead *lines, size_t count);

#endif
