/* Avro binary -> datum, by schema resolution compiled once per (writer, reader) pair.
 *
 *     struct avro_plan *plan;
 *     TRY(avro_plan_create(writer, reader, &plan));       // reader NULL: as written
 *     if (!avro_decode(plan, arena, body, &order, &error)) { dead letter }
 *
 * Evolution as the specification says: fields by name or alias, defaults, dropped fields skipped,
 * int -> long -> float -> double, string <-> bytes, enum symbols by name with the enum's default,
 * unions on either side. Beyond the specification nothing is guessed. Hostile bytes are refused:
 * every length is checked against what is left, blocks of items that cost no bytes are bounded,
 * depth is bounded, texts are checked UTF-8, bytes behind the value are an error.
 */
#ifndef RESTOCK_AVRO_DECODE_H
#define RESTOCK_AVRO_DECODE_H

#include "config/base/arena.h"
#include "schemas/avro_schema.h"
#include "schemas/datum.h"

enum {
    AVRO_DECODE_DEPTH_MAX = 64,
    AVRO_EMPTY_ITEMS_MAX = 1 << 16, /* items of zero bytes (null ...) in one message */
};

struct avro_plan;

/* Both schemas must outlive the plan. STATUS_CORRUPT: the two cannot be resolved for any message;
 * the message names the field. Where only some values cannot be resolved (a union branch, an enum
 * symbol) the plan is made and such messages are refused. */
struct status *avro_plan_create(const struct avro_schema *writer, const struct avro_schema *reader,
                                struct avro_plan **out) __attribute__((warn_unused_result));
void avro_plan_destroy(struct avro_plan *plan); /* NULL is fine */

/* True and *out, or false and *error (*out untouched). Texts point into `body`, defaults into the
 * reader schema. Thread: any; the plan is read-only. */
bool avro_decode(const struct avro_plan *plan, struct arena *arena, struct slice body,
                 struct datum **out, struct decode_error *error)
    __attribute__((warn_unused_result));

#endif
