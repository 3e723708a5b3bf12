/* A field's "default" (JSON) -> the datum that a reader finds where the writer had no such field.
 */
#ifndef RESTOCK_AVRO_DEFAULT_H
#define RESTOCK_AVRO_DEFAULT_H

#include "config/base/arena.h"
#include "schemas/avro_schema.h"

/* Fills *out, all of it but its name. NULL, or why `json` is no value of `type` (constant text). Of
 * a union the first branch that fits is taken (1.12; in 1.11 it must be the first). Nested record
 * fields that are left out take their own defaults. */
const char *avro_default_decode(struct arena *arena, const struct avro_type *type,
                                const struct datum *json, struct datum *out);

#endif
