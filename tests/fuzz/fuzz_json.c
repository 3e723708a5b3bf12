/* Any bytes -> JSON decoder; what it accepts must print as JSON that it accepts again, alike. */
#include "config/base/ensure.h"
#include "schemas/json.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes);

static void check_numbers(const struct datum *d)
{
    int64_t value;
    double wide;
    (void)datum_scaled(d, 0, &value);
    (void)datum_scaled(d, 2, &value);
    (void)datum_f64(d, &wide);
    if (d->kind == DATUM_TEXT) {
        (void)datum_scaled_text(d->text, 3, &value);
        (void)datum_f64_text(d->text, &wide);
    }
    for (uint32_t i = 0; i < d->count; i++) {
        check_numbers(&d->children[i]);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
    struct arena *arena = arena_create(4096, 1 << 20), *second = arena_create(4096, 4 << 20);
    struct datum *d = NULL, *again = NULL;
    struct decode_error error;
    if (json_decode(arena, (struct slice){(const char *)data, bytes}, &d, &error)) {
        struct buf text = {0}, same = {0};
        check_numbers(d);
        datum_print(&text, d);
        ASSERT(json_decode(second, buf_view(&text), &again, &error));
        datum_print(&same, again);
        ASSERT(slice_equal(buf_view(&text), buf_view(&same)));
        buf_fini(&text);
        buf_fini(&same);
    } else {
        ASSERT(!d && error.reason && error.offset <= bytes &&
               strlen(error.field) < sizeof error.field);
    }
    arena_destroy(arena);
    arena_destroy(second);
    return 0;
}
