/* De-duplication: which source lines were seen within the horizon, by 128-bit fingerprints under
 * the bucket of their event time. A fingerprint costs 15 to 22 bytes in the set of its bucket
 * (stream/fingerset.h); its state record holds 16. Owner: the shard. */
#ifndef RESTOCK_DEDUP_H
#define RESTOCK_DEDUP_H

#include "config/base/ahead.h"
#include "config/base/hash.h"
#include "stream/chunk_log.h"

struct dedup;

#define DEDUP_LINE_BYTES 19.0 /* of memory for a fingerprint, of a great many */

struct dedup *dedup_create(char kind); /* NULL: no memory */
void dedup_destroy(struct dedup *dedup);
/* True if it was there; else it is there from now on. */
bool dedup_seen(struct dedup *dedup, int64_t bucket, struct hash128 fingerprint);
/* Adds the memory that dedup_seen will read to what is loaded ahead. */
void dedup_ahead(struct dedup *dedup, int64_t bucket, const struct hash128 *fingerprint,
                 struct ahead *ahead);
void dedup_drop_before(struct dedup *dedup, int64_t bucket);
bool dedup_clean(const struct dedup *dedup);
void dedup_seal(struct dedup *dedup, struct outbox *outbox, int32_t partition);
bool dedup_restore(struct dedup *dedup, struct slice key, struct slice value);
bool dedup_restored(struct dedup *dedup); /* builds the sets; false if records are missing */
size_t dedup_count(const struct dedup *dedup); /* fingerprints within the horizon */
size_t dedup_bytes(const struct dedup *dedup);

#endif
