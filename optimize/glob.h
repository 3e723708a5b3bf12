/* Patterns over names: `*` any run of bytes, `?` any single one, everything else itself.
 *
 *     glob_matches(slice_of("A-*"), sku)
 *
 * Pure, no allocation. A pattern without wildcards costs one comparison. */
#ifndef RESTOCK_GLOB_H
#define RESTOCK_GLOB_H

#include "config/base/slice.h"

#include <stdbool.h>

enum { GLOB_BYTES_MAX = 256 }; /* of a pattern */

bool glob_matches(struct slice pattern, struct slice text);
/* Whether some text matches both. */
bool glob_meet(struct slice a, struct slice b);

#endif
