/* What a map makes of messages, as text for people: `restock inspect --map MAP FILE|TOPIC`.
 *
 *     struct map_explain_options options = {.map = map, .input = INPUT_ORDERS, .shown = 10, .limit
 * = 1000}; TRY(map_explain(stdout, &options, next, context));
 *
 * The first `shown` messages are printed with their lines, every refusal with its reason and field
 * (up to 20), and at the end a summary of all: lines by kind, filtered by name, refused by reason.
 */
#ifndef RESTOCK_MAP_EXPLAIN_H
#define RESTOCK_MAP_EXPLAIN_H

#include "config/base/slice.h"
#include "config/base/status.h"
#include "schemas/datum.h"
#include "stream/line.h"
#include "stream/map.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

struct map_explain_message {
    const struct datum *datum; /* NULL: could not be decoded, see error */
    struct decode_error error;
    struct slice original; /* its bytes */
    char place[96]; /* "orders[0] offset 17", "line 34" */
};

/* The next message; *more = false at the end. What it points to lives until the next call. */
typedef struct status *(*map_explain_next)(void *context, struct map_explain_message *out,
                                           bool *more);

struct map_explain_options {
    const struct map *map; /* NULL: the canonical record of input */
    enum line_input input; /* orders or stock */
    const char *location; /* where none is said; NULL: main */
    uint64_t shown, limit; /* messages printed, messages read (0: all) */
};

struct status *map_explain(FILE *out, const struct map_explain_options *options,
                           map_explain_next next, void *context)
    __attribute__((warn_unused_result));

#endif
