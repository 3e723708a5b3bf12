/* Time sources of one shard as its ticks tell them, and the watermark that follows.
 *
 * Watermark = least mark of the sources that have not ended, minus the allowed lateness; it only
 * rises, and does not exist before every source of the roster has spoken once. An idle source's
 * mark is the clock of its last tick minus idle_timeout. If all sources have ended, the watermark
 * stays where it is. Owner: the shard. Pure. */
#ifndef RESTOCK_SOURCES_H
#define RESTOCK_SOURCES_H

#include "config/base/buf.h"
#include "config/base/slice.h"
#include "stream/line.h"

struct sources;

struct sources *sources_create(int64_t lateness_ms, int64_t idle_timeout_ms); /* NULL: no memory */
void sources_destroy(struct sources *sources);
void sources_tick(struct sources *sources, const struct tick_line *tick);
int64_t sources_watermark(const struct sources *sources); /* INT64_MIN: none yet */
bool sources_ended(const struct sources *sources,
                   int64_t written_since_ms); /* all of the roster; false without a roster */
void sources_waiting_for(const struct sources *sources, int64_t written_since_ms, struct buf *out);
int32_t sources_roster(const struct sources *sources,
                       enum line_input input); /* partitions, orders or stock */
void sources_save(const struct sources *sources, struct buf *out);
bool sources_load(struct sources *sources,
                  struct slice bytes); /* false: not what sources_save wrote */

#endif
