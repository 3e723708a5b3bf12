#include "stream/base_leak.h"

#include "config/base/arena.h"
#include "config/base/ensure.h"
#include "config/base/hash.h"
#include "config/base/zone.h"
#include "schemas/json.h"

#include <inttypes.h>
#include <stdlib.h>

enum { SAME_LEAST = 3 }; /* names of a sample that the panel has: two may be chance */

uint64_t base_leak_hash(struct slice name)
{
    return hash_64(name.data, name.bytes, 0);
}

static int ascending(const void *a, const void *b)
{
    uint64_t one = *(const uint64_t *)a, two = *(const uint64_t *)b;
    return (one > two) - (one < two);
}

uint32_t base_leak_sample(const uint64_t *hashes, size_t count, uint64_t *sample)
{
    uint64_t *sorted = malloc((count + 1) * sizeof *sorted);
    ASSERT(sorted && "out of memory for names");
    memcpy(sorted, hashes, count * sizeof *sorted);
    qsort(sorted, count, sizeof *sorted, ascending);
    uint32_t kept = count < BASE_LEAK_SAMPLE ? (uint32_t)count : BASE_LEAK_SAMPLE;
    memcpy(sample, sorted, kept * sizeof *sample);
    free(sorted);
    return kept;
}

static bool knows(const uint64_t *names, size_t count, struct slice text)
{
    char digits[17] = {0}, *end;
    if (text.bytes != 16) {
        return false;
    }
    memcpy(digits, text.data, 16);
    uint64_t hash = strtoull(digits, &end, 16);
    return !*end && bsearch(&hash, names, count, sizeof *names, ascending);
}

/* One panel of the manifest. */
static bool saw(const struct datum *seen, const uint64_t *names, size_t count, int64_t origin_ms)
{
    const struct datum *last = datum_child(seen, slice_of("last"), NULL);
    const struct datum *sample = datum_child(seen, slice_of("sample"), NULL);
    int64_t last_ms;
    bool offset;
    uint32_t same = 0;
    if (!last || last->kind != DATUM_TEXT || !sample || sample->kind != DATUM_ARRAY ||
        !civil_parse(last->text, &last_ms, &offset) || origin_ms >= last_ms) {
        return false;
    }
    for (uint32_t i = 0; i < sample->count; i++) {
        same +=
            sample->children[i].kind == DATUM_TEXT && knows(names, count, sample->children[i].text);
    }
    uint32_t least = sample->count < SAME_LEAST ? sample->count : SAME_LEAST;
    return same > 0 && same >= least;
}

bool base_leak_found(const struct base_model *base, const struct panel *panel, int64_t origin_ms)
{
    struct arena *arena = arena_create(64 * 1024, 4 << 20);
    uint64_t *names = malloc((panel->count + 1) * sizeof *names);
    ASSERT(arena && names && "out of memory for names");
    for (size_t i = 0; i < panel->count; i++) {
        names[i] = base_leak_hash(panel->series[i].name);
    }
    qsort(names, panel->count, sizeof *names, ascending);
    struct datum *root;
    struct decode_error error;
    const struct datum *panels = NULL;
    bool found = false;
    if (json_decode(arena, base_model_manifest(base), &root, &error)) {
        panels = datum_child(root, slice_of("panels"), NULL);
    }
    for (uint32_t p = 0; panels && panels->kind == DATUM_ARRAY && p < panels->count; p++) {
        found |= saw(&panels->children[p], names, panel->count, origin_ms);
    }
    free(names);
    arena_destroy(arena);
    return found;
}
