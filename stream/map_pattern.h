/* Patterns for codes: a small matcher whose cost is bounded by pattern x text, so that no map and
 * no message can make it slow.
 *
 *   x        the byte itself; \x the byte x whatever it means otherwise
 *   .        any byte
 *   [A-Z0-9] one of a class, [^...] none of it
 *   x* x+ x? x{3} x{2,5} x{2,}   repetition of the atom before
 *
 * The whole text must match. Texts longer than MAP_PATTERN_TEXT_MAX never do. Bytes, not
 * characters. Thread: read-only after map_pattern_parse. */
#ifndef RESTOCK_MAP_PATTERN_H
#define RESTOCK_MAP_PATTERN_H

#include "config/base/slice.h"

#include <stdbool.h>
#include <stdint.h>

enum { MAP_PATTERN_ATOMS_MAX = 32, MAP_PATTERN_TEXT_MAX = 255, MAP_PATTERN_MANY = 256 };

struct map_atom {
    uint64_t bytes[4]; /* bit set of the bytes it takes */
    uint16_t least, most; /* MAP_PATTERN_MANY: any number */
};

struct map_pattern {
    uint32_t atom_count;
    struct map_atom atoms[MAP_PATTERN_ATOMS_MAX];
};

/* False: *problem says what is wrong (static text). */
bool map_pattern_parse(struct slice text, struct map_pattern *out, const char **problem);
bool map_pattern_match(const struct map_pattern *pattern, struct slice text);

#endif
