/* Names that stand twice in one object. */
#ifndef RESTOCK_DATUM_TWINS_H
#define RESTOCK_DATUM_TWINS_H

#include "config/base/arena.h"
#include "schemas/datum.h"

#define DATUM_TOO_LARGE "message is too large"

/* NULL when all names are different, else why the object is refused (constant text). Uses the arena
 * for large objects; linear, whatever the names are. */
const char *datum_twins(struct arena *arena, const struct datum *children, uint32_t count);

#endif
