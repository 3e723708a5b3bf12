/* De-duplication: which source lines were seen within the horizon, by 128-bit fingerprints under
 * the bucket of their event time. A fingerprint costs 16 bytes in its chunk log plus 4 to 8 in a
 * hash index that is rebuilt after a restore. Owner: the shard. */
#ifndef RESTOCK_DEDUP_H
#define RESTOCK_DEDUP_H

#include "config/base/hash.h"
#include "stream/chunk_log.h"

struct dedup;

struct dedup *dedup_create(char kind); /* NULL: no memory */
void dedup_destroy(struct dedup *dedup);
/* True if it was there; else it is there from now on. */
bool dedup_seen(struct dedup *dedup, int64_t bucket, struct hash128 fingerprint);
void dedup_drop_before(struct dedup *dedup, int64_t bucket);
bool dedup_clean(const struct dedup *dedup);
void dedup_seal(struct dedup *dedup, struct outbox *outbox, int32_t partition);
bool dedup_restore(struct dedup *dedup, struct slice key, struct slice value);
bool dedup_restored(struct dedup *dedup); /* builds the indexes; false if records are missing */
size_t dedup_bytes(const struct dedup *dedup);

#endif
