#include "stream/map_explain.h"

#include "schemas/json.h"
#include "tests/stream/map_fixture.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>

struct source {
    struct arena *arena;
    const char *const *messages; /* ends with NULL */
};

static struct status *next(void *context, struct map_explain_message *out, bool *more)
{
    struct source *source = context;
    struct datum *datum = NULL;
    *more = *source->messages != NULL;
    if (*more) {
        arena_reset(source->arena);
        *out = (struct map_explain_message){.original = slice_of(*source->messages++),
                                            .place = "here"};
        if (json_decode(source->arena, out->original, &datum, &out->error)) {
            out->datum = datum;
        }
    }
    return NULL;
}

Test(map_explain, lines_refusals_and_a_summary)
{
    static const char *const MESSAGES[] = {
        "{\"a\":\"A\",\"q\":2,\"t\":1291161600000}", "{\"a\":\"A\",\"q\":1.5,\"t\":1291161600000}",
        "{\"a\":\"\\u001b[2J\",\"q\":0,\"t\":1291161600000}", "no json\x1b", NULL};
    struct trial trial;
    struct source source = {arena_create(4096, 1 << 20), MESSAGES};
    char *text = NULL;
    size_t bytes;
    trial_init(&trial, trial_fields("  keep: {sold: $quantity > 0}\n"));
    FILE *out = open_memstream(&text, &bytes);
    struct map_explain_options options = {.map = trial.map, .input = INPUT_ORDERS, .shown = 10};
    struct status *st = map_explain(out, &options, next, &source);
    cr_assert_null(st);
    (void)fclose(out);
    cr_assert(strstr(text, "0 ORDER A@main quantity 2 at 2010-12-01T00:00:00Z") != NULL, "%s",
              text);
    cr_assert(strstr(text, "refused: q: not a whole number of units") != NULL, "%s", text);
    cr_assert(strstr(text, "filtered: sold 1") != NULL, "%s", text);
    cr_assert(strstr(text, "4 messages, 1 ORDER; 2 refused, 1 without a line") != NULL, "%s", text);
    cr_assert_null(strchr(text, '\x1b'), "escape sequences must not reach the terminal");
    free(text);
    trial_fini(&trial);
    arena_destroy(source.arena);
}
