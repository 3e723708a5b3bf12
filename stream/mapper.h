/* A mapper applies one map to messages. It remembers where fields stand in messages of one kind, so
 * that finding one is a compare.
 *
 *     struct mapper *mapper = mapper_create(map, INPUT_ORDERS, "main");
 *     if (mapper_apply(mapper, arena, message, &mapped, &refusal)) {
 *         for (size_t i = 0; i < mapped.count; i++) { use mapped.lines[i] }
 *     } else { the whole message is one dead letter: refusal.reason, refusal.field }
 *
 * Without a map the canonical records are read the same way, by a map that is built in. Nothing is
 * guessed: a value that is missing or impossible refuses the message. Owner: one worker. */
#ifndef RESTOCK_MAPPER_H
#define RESTOCK_MAPPER_H

#include "config/base/arena.h"
#include "schemas/datum.h"
#include "stream/line.h"
#include "stream/map.h"

struct mapper;

enum { MAP_FIELD_BYTES = 128, MAP_LINES_MAX = 100000 };

struct mapped_line {
    enum line_kind kind; /* LINE_ORDER or LINE_STOCK */
    int32_t number; /* in the message, from 0, filtered ones counted */
    union {
        struct order_line order;
        struct stock_line stock;
    };
};

struct mapped {
    struct mapped_line *lines; /* [count], message order */
    size_t count;
    size_t order_count; /* of them LINE_ORDER */
    int64_t event_ms; /* least event time of all lines, filtered ones too; INT64_MAX: no line */
    uint32_t filtered[MAP_FILTERS_MAX]; /* order lines left out, by map_filter_name */
    uint32_t stock_filtered;
};

struct map_refusal {
    const char *reason; /* static text */
    char field[MAP_FIELD_BYTES]; /* "lines[3].Quantity" */
};

/* map NULL: the canonical record of `input` (orders or stock). The map outlives the mapper;
 * location is copied. */
struct mapper *mapper_create(const struct map *map, enum line_input input, const char *location);
void mapper_destroy(struct mapper *mapper); /* NULL is fine */

/* Slices in *out point into the message, the map, the mapper or the arena, where everything else
 * is. False: *why. */
bool mapper_apply(struct mapper *mapper, struct arena *arena, const struct datum *message,
                  struct mapped *out, struct map_refusal *why) __attribute__((warn_unused_result));

#endif
