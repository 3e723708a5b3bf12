/* The first byte chooses a pair of schemas, the rest is a message; or (255) the rest is a schema.
 */
#include "config/base/ensure.h"
#include "schemas/avro_decode.h"
#include "schemas/embedded.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes);

enum { PAIRS_MAX = 32 };

static const char *const WRITERS[] = {
    "{\"type\":\"array\",\"items\":\"null\"}",
    "{\"type\":\"array\",\"items\":{\"type\":\"map\",\"values\":[\"null\",\"int\",\"string\","
    "\"double\"]}}",
    "{\"type\":\"record\",\"name\":\"L\",\"fields\":[{\"name\":\"v\",\"type\":\"int\"},{\"name\":"
    "\"n\",\"type\":[\"null\",\"L\"]}]}",
    "{\"type\":\"record\",\"name\":\"R\",\"fields\":[{\"name\":\"a\",\"type\":{\"type\":\"fixed\","
    "\"name\":\"F\",\"size\":3}},"
    "{\"name\":\"e\",\"type\":{\"type\":\"enum\",\"name\":\"E\",\"symbols\":[\"A\",\"B\"]}},{"
    "\"name\":\"b\",\"type\":\"boolean\"},"
    "{\"name\":\"d\",\"type\":{\"type\":\"bytes\",\"logicalType\":\"decimal\",\"precision\":40,"
    "\"scale\":9}},{\"name\":\"f\",\"type\":\"float\"}]}",
};

static const char READER[] =
    "{\"type\":\"record\",\"name\":\"R\",\"fields\":[{\"name\":\"f\",\"type\":\"double\"},{"
    "\"name\":\"new\",\"type\":\"string\",\"default\":\"x\"},"
    "{\"name\":\"d\",\"type\":[\"null\",\"bytes\"]},{\"name\":\"e\",\"type\":{\"type\":\"enum\","
    "\"name\":\"E\",\"symbols\":[\"B\",\"C\"],\"default\":\"C\"}}]}";

static struct avro_plan *plans[PAIRS_MAX];
static struct avro_schema *writers[PAIRS_MAX], *readers[PAIRS_MAX]; /* the plans point into them */
static size_t plan_count;

static void add(struct slice writer, const char *reader)
{
    ASSERT(plan_count < PAIRS_MAX && !avro_schema_parse(writer, &writers[plan_count]));
    ASSERT(!reader || !avro_schema_parse(slice_of(reader), &readers[plan_count]));
    ASSERT(!avro_plan_create(writers[plan_count], readers[plan_count], &plans[plan_count]));
    plan_count++;
}

static void set_up(void)
{
    size_t count;
    const struct embedded_file *files = embedded_schemas(&count);
    for (size_t i = 0; i < count; i++) {
        add(files[i].text, NULL);
    }
    for (size_t i = 0; i < sizeof WRITERS / sizeof WRITERS[0]; i++) {
        add(slice_of(WRITERS[i]), NULL);
    }
    add(slice_of(WRITERS[3]), READER);
}

static void try_schema(struct slice text)
{
    struct avro_schema *schema = NULL, *again = NULL;
    struct avro_plan *plan = NULL;
    struct status *st = avro_schema_parse(text, &schema);
    if (st) {
        status_free(st);
        return;
    }
    struct buf canonical = {0};
    avro_schema_canonical(schema, &canonical);
    ASSERT(!avro_schema_parse(buf_view(&canonical), &again));
    ASSERT(avro_schema_fingerprint(schema) == avro_schema_fingerprint(again));
    st = avro_plan_create(schema, again, &plan);
    status_free(st);
    avro_plan_destroy(plan);
    avro_schema_destroy(schema);
    avro_schema_destroy(again);
    buf_fini(&canonical);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
    if (!plan_count) {
        set_up();
    }
    if (!bytes) {
        return 0;
    }
    struct slice rest = {(const char *)data + 1, bytes - 1};
    if (data[0] == 255) {
        try_schema(rest);
        return 0;
    }
    struct arena *arena = arena_create(4096, 4 << 20);
    struct datum *d = NULL;
    struct decode_error error;
    if (avro_decode(plans[data[0] % plan_count], arena, rest, &d, &error)) {
        struct buf text = {0};
        datum_print(&text, d);
        buf_fini(&text);
    } else {
        ASSERT(!d && error.reason && error.offset <= rest.bytes &&
               strlen(error.field) < sizeof error.field);
    }
    arena_destroy(arena);
    return 0;
}
