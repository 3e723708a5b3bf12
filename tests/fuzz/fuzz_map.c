/* Bytes up to the first NUL: a map; behind it: a JSON message for it (or for the canonical map).
 * Neither may do harm, and the same message mapped twice gives the same lines. */
#include "config/base/ensure.h"
#include "schemas/json.h"
#include "stream/map.h"
#include "stream/mapper.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes);

static void check_message(struct mapper *mapper, struct slice text)
{
    struct arena *arena = arena_create(4096, 8 << 20);
    struct datum *datum;
    struct decode_error error;
    struct mapped once, twice;
    struct map_refusal why;
    if (json_decode(arena, text, &datum, &error)) {
        bool ok = mapper_apply(mapper, arena, datum, &once, &why);
        ASSERT(ok || why.reason);
        if (ok && mapper_apply(mapper, arena, datum, &twice, &why)) {
            ASSERT(once.count == twice.count);
            for (size_t i = 0; i < once.count; i++) {
                const struct mapped_line *a = &once.lines[i], *b = &twice.lines[i];
                ASSERT(a->kind == b->kind && a->number == b->number);
                ASSERT(a->kind != LINE_ORDER ||
                       (a->order.fingerprint.low == b->order.fingerprint.low &&
                        slice_equal(a->order.sku, b->order.sku) && a->order.sku.bytes > 0));
            }
        }
    }
    arena_destroy(arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
    const uint8_t *end = bytes ? memchr(data, 0, bytes) : NULL;
    struct slice yaml = {(const char *)data, end ? (size_t)(end - data) : 0};
    struct slice json = end ? (struct slice){(const char *)end + 1, bytes - yaml.bytes - 1}
                            : (struct slice){(const char *)data, bytes};
    struct map *map = NULL;
    struct zone *zone = NULL;
    status_free(zone_open("UTC", &zone));
    if (end) {
        struct status *st = map_parse("fuzz", yaml, zone, &map);
        ASSERT((st != NULL) == (map == NULL));
        status_free(st);
    }
    if (map || !end) {
        struct mapper *mapper = mapper_create(map, INPUT_ORDERS, NULL);
        check_message(mapper, json);
        mapper_destroy(mapper);
    }
    map_destroy(map);
    zone_close(zone);
    return 0;
}
