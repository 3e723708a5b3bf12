/* Crowd: how many products of each category say the same thing in the close under way, added up
 * tile by tile, so that a category that fails together can be told as one (stream/group.c).
 *
 *     struct crowd_count *count = crowd_add(&crowd, bucket, scope, kind, &signal, money);
 *
 * A close may be cut between tiles: counts are state, saved with the tiles they stand for. At most
 * CROWD_MOST categories and kinds a close; what comes after them is told one by one. Owner: the
 * shard. No allocation. */
#ifndef RESTOCK_CROWD_H
#define RESTOCK_CROWD_H

#include "anomaly/alert.h"
#include "config/base/buf.h"

enum { CROWD_MOST = 64 };

struct crowd_count {
    uint64_t scope; /* of the category */
    int64_t onset, money; /* earliest bucket; at stake, minor units */
    uint32_t found, members; /* products that say so; of the category (0: not counted yet) */
    float expected, observed, score; /* sums; highest */
    uint8_t kind; /* enum alert_kind, as the caller groups kinds */
    uint8_t strongest; /* the kind that the highest score is of */
};

struct crowd { /* zero = nothing said */
    int64_t bucket;
    uint32_t count;
    bool changed; /* since the last save */
    struct crowd_count counts[CROWD_MOST];
};

/* Adds one signal; forgets what was said in another bucket. NULL: no room. Valid until the next
 * call. */
struct crowd_count *crowd_add(struct crowd *crowd, int64_t bucket, uint64_t scope,
                              enum alert_kind kind, const struct alert_signal *signal,
                              int64_t money);
void crowd_save(const struct crowd *crowd, struct buf *out);
/* STATUS_CORRUPT leaves *crowd as it was. */
struct status *crowd_load(struct slice bytes, struct crowd *crowd)
    __attribute__((warn_unused_result));

#endif
