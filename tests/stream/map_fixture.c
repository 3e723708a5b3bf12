#include "tests/stream/map_fixture.h"

#include "config/base/ensure.h"
#include "schemas/json.h"

#include <stdio.h>
#include <stdlib.h>

static void good(struct status *st)
{
    if (st) {
        (void)fprintf(stderr, "%s\n", status_message(st));
    }
    ASSERT(!st);
}

static void begin(struct trial *trial)
{
    trial->mapper = mapper_create(trial->map, INPUT_ORDERS, NULL);
    trial->arena = arena_create(4096, 16 << 20);
}

void trial_init(struct trial *trial, const char *map_text)
{
    *trial = (struct trial){0};
    good(zone_open("Europe/London", &trial->zone));
    if (map_text) {
        good(map_parse("test.yaml", slice_of(map_text), trial->zone, &trial->map));
    }
    begin(trial);
}

void trial_init_file(struct trial *trial, const char *path)
{
    char full[512];
    *trial = (struct trial){0};
    good(zone_open("Europe/London", &trial->zone));
    (void)snprintf(full, sizeof full, "%s/%s", RESTOCK_SOURCE_DIR, path);
    good(map_load(full, trial->zone, &trial->map));
    begin(trial);
}

void trial_fini(struct trial *trial)
{
    mapper_destroy(trial->mapper);
    map_destroy(trial->map);
    zone_close(trial->zone);
    arena_destroy(trial->arena);
}

bool trial_apply(struct trial *trial, const char *json)
{
    struct datum *datum;
    struct decode_error error;
    arena_reset(trial->arena);
    ASSERT(json_decode(trial->arena, slice_of(json), &datum, &error));
    trial->why = (struct map_refusal){.reason = ""};
    return mapper_apply(trial->mapper, trial->arena, datum, &trial->mapped, &trial->why);
}

const struct order_line *trial_order(struct trial *trial, const char *json)
{
    if (!trial_apply(trial, json)) {
        (void)fprintf(stderr, "%s: %s\n", trial->why.field, trial->why.reason);
        ASSERT(false);
    }
    ASSERT(trial->mapped.count == 1 && trial->mapped.lines[0].kind == LINE_ORDER);
    return &trial->mapped.lines[0].order;
}

char *trial_mistakes(const char *map_text)
{
    struct zone *zone;
    struct map *map = NULL;
    good(zone_open("UTC", &zone));
    struct status *st = map_parse("test.yaml", slice_of(map_text), zone, &map);
    char *text = strdup(st ? status_message(st) : "");
    map_destroy(map);
    status_free(st);
    zone_close(zone);
    return text;
}

const char *trial_fields(const char *more)
{
    static char text[2048];
    (void)snprintf(text, sizeof text,
                   "orders:\n  fields:\n    sku: a\n    quantity: q\n    event_time: t\n%s", more);
    return text;
}
