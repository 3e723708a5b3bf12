/* Paper shops of a shard (optimize/shadow.h): series in which the exact and the learned policy are
 * tried side by side, and what came of it by class of demand.
 *
 *     struct shadow *shadow = watch_find(watch, series);            // NULL: not watched
 *     shadow = shadow ? shadow : watch_open(watch, series);         // NULL: WATCH_MOST are
 *     watch_touch(watch, series);                                   // it has changed
 *     watch_count(watch, demand_class, &result);
 *     if (watch_speaks(watch, demand_class)) ...
 *
 * The first WATCH_MOST series that a learned policy could serve are watched: a fixed cost. Records:
 * key "n" + series (4 bytes, big endian), value a shadow or nothing; key "n" alone, what came of it
 * by class. Owner: the shard. */
#ifndef RESTOCK_WATCH_H
#define RESTOCK_WATCH_H

#include "model/forecaster.h"
#include "optimize/shadow.h"
#include "stream/outbox.h"

enum { WATCH_MOST = 128 };

struct watch;

struct watch *watch_create(void); /* NULL: no memory */
void watch_destroy(struct watch *watch);

struct shadow *watch_find(struct watch *watch, uint32_t series);
/* All zero, to be opened by shadow_open. NULL: no more are watched. */
struct shadow *watch_open(struct watch *watch, uint32_t series);
void watch_touch(struct watch *watch, uint32_t series); /* must be watched */
void watch_drop(struct watch *watch, uint32_t series); /* one that is not watched is fine */

/* demand_class: enum forecast_class. */
void watch_count(struct watch *watch, uint32_t demand_class, const struct shadow_result *result);
bool watch_speaks(const struct watch *watch, uint32_t demand_class);
const struct shadow_record *watch_record(const struct watch *watch, uint32_t demand_class);

void watch_seal(struct watch *watch, struct outbox *outbox, int32_t partition);
/* key "n"...; value.data NULL: a tombstone. False: damaged, nothing changed. */
bool watch_restore(struct watch *watch, struct slice key, struct slice value);

#endif
