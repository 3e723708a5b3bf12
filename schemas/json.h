/* Strict and bounded JSON (RFC 8259) -> datum.
 *
 *     struct decode_error error;
 *     struct datum *order;
 *     if (!json_decode(arena, message, &order, &error)) {
 *         dead_letter(error.reason, error.field, error.offset);
 *     }
 *
 * Refused: anything behind the value, NaN and Infinity, invalid UTF-8 (overlong forms, surrogates),
 * lone surrogate escapes, control characters in strings, a name twice in one object, more than
 * JSON_DEPTH_MAX levels, more memory than the arena has ("message is too large"). No recursion.
 */
#ifndef RESTOCK_JSON_H
#define RESTOCK_JSON_H

#include "config/base/arena.h"
#include "schemas/datum.h"

enum { JSON_DEPTH_MAX = 128 };

/* True and *out, or false and *error (*out untouched). Strings without escapes and the texts of
 * numbers point into `message`, which must outlive the tree. Thread: any, one arena each. */
bool json_decode(struct arena *arena, struct slice message, struct datum **out,
                 struct decode_error *error) __attribute__((warn_unused_result));

#endif
