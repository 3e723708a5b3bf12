/* Canonical records of `items` and `feedback` (schemas/item.avsc, schemas/feedback.avsc), as JSON
 * or Avro, into lines. Orders and stock go through stream/mapper.h.
 *
 * Optional fields may be missing or null, unknown ones are ignored, impossible values refuse the
 * record. zone: of time texts without an offset. Texts point into the record or the arena. Pure. */
#ifndef RESTOCK_INPUT_H
#define RESTOCK_INPUT_H

#include "config/base/arena.h"
#include "config/base/zone.h"
#include "schemas/datum.h"
#include "stream/line.h"
#include "stream/mapper.h"

/* key: the record's, used where the value names no sku (or no proposal_id). False: *why. */
bool input_item(struct arena *arena, const struct zone *zone, struct slice key,
                const struct datum *record, struct item_line *out, struct map_refusal *why)
    __attribute__((warn_unused_result));
/* A tombstone: the item is deleted, defaults hold again. */
void input_item_deleted(struct slice key, struct item_line *out);
bool input_feedback(struct arena *arena, const struct zone *zone, struct slice key,
                    const struct datum *record, struct feedback_line *out, struct map_refusal *why)
    __attribute__((warn_unused_result));

#endif
