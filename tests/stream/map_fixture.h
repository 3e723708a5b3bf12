/* A map from text, applied to JSON. */
#ifndef RESTOCK_MAP_FIXTURE_H
#define RESTOCK_MAP_FIXTURE_H

#include "stream/map.h"
#include "stream/mapper.h"

struct trial {
    struct zone *zone; /* Europe/London */
    struct map *map; /* NULL: canonical */
    struct mapper *mapper;
    struct arena *arena;
    struct mapped mapped;
    struct map_refusal why;
};

void trial_init(struct trial *trial,
                const char *map_text); /* NULL: canonical orders; the map must be good */
void trial_init_file(struct trial *trial, const char *path); /* relative to the source folder */
void trial_fini(struct trial *trial);
bool trial_apply(struct trial *trial, const char *json);
/* One order line from a message with the given fields section; the message must be good. */
const struct order_line *trial_order(struct trial *trial, const char *json);
/* The mistakes found in a map, to be freed by the caller; "" if it is good. */
char *trial_mistakes(const char *map_text);
/* `orders` with needed fields from a,q,t, and more lines of fields. */
const char *trial_fields(const char *more);

#endif
