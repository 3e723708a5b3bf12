/* Parsing Canonical Form and CRC-64-AVRO, as the specification's "Schema Fingerprints" has them. */
#include "schemas/avro_schema.h"

#include "config/base/ensure.h"

#include <stdlib.h>

static const uint64_t CRC_EMPTY = 0xc15d213aa4d7a795ULL;

struct writer {
    struct buf *buf;
    unsigned char *is_written; /* by type index: the second time only its name */
};

static void put_type(struct writer *w, const struct avro_type *type);

static void put_quoted(struct buf *buf, struct slice text)
{
    buf_byte(buf, '"');
    buf_slice(buf, text);
    buf_byte(buf, '"');
}

static void put_fields(struct writer *w, const struct avro_type *type)
{
    buf_text(w->buf, ",\"type\":\"record\",\"fields\":[");
    for (uint32_t i = 0; i < type->count; i++) {
        buf_text(w->buf, i ? ",{\"name\":" : "{\"name\":");
        put_quoted(w->buf, type->fields[i].name);
        buf_text(w->buf, ",\"type\":");
        put_type(w, type->fields[i].type);
        buf_byte(w->buf, '}');
    }
    buf_text(w->buf, "]}");
}

static void put_named(struct writer *w, const struct avro_type *type)
{
    if (w->is_written[type->index]) {
        put_quoted(w->buf, type->name);
        return;
    }
    w->is_written[type->index] = 1;
    buf_text(w->buf, "{\"name\":");
    put_quoted(w->buf, type->name);
    if (type->kind == AVRO_KIND_RECORD) {
        put_fields(w, type);
    } else if (type->kind == AVRO_KIND_FIXED) {
        buf_print(w->buf, ",\"type\":\"fixed\",\"size\":%u}", type->fixed_bytes);
    } else {
        buf_text(w->buf, ",\"type\":\"enum\",\"symbols\":[");
        for (uint32_t i = 0; i < type->count; i++) {
            if (i) {
                buf_byte(w->buf, ',');
            }
            put_quoted(w->buf, type->symbols[i]);
        }
        buf_text(w->buf, "]}");
    }
}

static void put_union(struct writer *w, const struct avro_type *type)
{
    buf_byte(w->buf, '[');
    for (uint32_t i = 0; i < type->count; i++) {
        if (i) {
            buf_byte(w->buf, ',');
        }
        put_type(w, type->branches[i]);
    }
    buf_byte(w->buf, ']');
}

static void put_type(struct writer *w, const struct avro_type *type)
{
    switch (type->kind) {
    case AVRO_KIND_RECORD:
    case AVRO_KIND_ENUM:
    case AVRO_KIND_FIXED:
        put_named(w, type);
        break;
    case AVRO_KIND_ARRAY:
    case AVRO_KIND_MAP:
        buf_text(w->buf, type->kind == AVRO_KIND_ARRAY ? "{\"type\":\"array\",\"items\":"
                                                       : "{\"type\":\"map\",\"values\":");
        put_type(w, type->items);
        buf_byte(w->buf, '}');
        break;
    case AVRO_KIND_UNION:
        put_union(w, type);
        break;
    case AVRO_KIND_NULL:
    case AVRO_KIND_BOOLEAN:
    case AVRO_KIND_INT:
    case AVRO_KIND_LONG:
    case AVRO_KIND_FLOAT:
    case AVRO_KIND_DOUBLE:
    case AVRO_KIND_BYTES:
    case AVRO_KIND_STRING:
        put_quoted(w->buf, slice_of(avro_schema_kind_name(type->kind)));
        break;
    }
}

void avro_schema_canonical(const struct avro_schema *schema, struct buf *buf)
{
    struct writer w = {buf, calloc(avro_schema_types(schema), 1)};
    ASSERT(w.is_written);
    put_type(&w, avro_schema_root(schema));
    free(w.is_written);
}

uint64_t avro_schema_fingerprint(const struct avro_schema *schema)
{
    struct buf text = {0};
    avro_schema_canonical(schema, &text);
    uint64_t crc = CRC_EMPTY;
    for (size_t i = 0; i < text.bytes; i++) {
        crc ^= (unsigned char)text.data[i];
        for (int bit = 0; bit < 8; bit++) {
            crc = (crc >> 1) ^ (CRC_EMPTY & (0 - (crc & 1)));
        }
    }
    buf_fini(&text);
    return crc;
}
