#include "avro_fixture.h"

#include <criterion/criterion.h>

static struct avro_schema *parse(const char *text)
{
    struct avro_schema *schema = NULL;
    struct status *st = avro_schema_parse(slice_of(text), &schema);
    cr_assert_null(st, "%s: %s", text, status_message(st));
    return schema;
}

const char *avro_pair_init(struct avro_pair *pair, const char *writer, const char *reader)
{
    *pair = (struct avro_pair){.writer = parse(writer), .reader = reader ? parse(reader) : NULL};
    pair->arena = arena_create(4096, 4 << 20);
    struct status *st = avro_plan_create(pair->writer, pair->reader, &pair->plan);
    if (!st) {
        return NULL;
    }
    cr_assert_eq(status_code(st), STATUS_CORRUPT);
    buf_text(&pair->text, status_message(st));
    buf_byte(&pair->text, 0);
    status_free(st);
    return pair->text.data;
}

void avro_pair_fini(struct avro_pair *pair)
{
    avro_plan_destroy(pair->plan);
    avro_schema_destroy(pair->writer);
    avro_schema_destroy(pair->reader);
    arena_destroy(pair->arena);
    buf_fini(&pair->text);
}

const char *avro_pair_decode(struct avro_pair *pair, const char *bytes, size_t count)
{
    struct datum *d = NULL;
    buf_reset(&pair->text);
    arena_reset(pair->arena);
    /* A copy of the exact size, so that a sanitizer sees reads beyond the end. */
    char *copy = malloc(count ? count : 1);
    memcpy(copy, bytes, count);
    if (avro_decode(pair->plan, pair->arena, (struct slice){copy, count}, &d, &pair->error)) {
        datum_print(&pair->text, d);
    } else {
        cr_assert_null(d);
        cr_assert_leq(pair->error.offset, count);
        buf_print(&pair->text, "! %s: %s", pair->error.field, pair->error.reason);
    }
    free(copy);
    buf_byte(&pair->text, 0);
    return pair->text.data;
}
