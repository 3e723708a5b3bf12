/* Avro schemas (1.11): .avsc text -> immutable tree, canonical form, fingerprint.
 *
 *     struct avro_schema *schema;
 *     TRY(avro_schema_parse(slice_of(text), &schema));
 *     const struct avro_type *root = avro_schema_root(schema);
 *     ...
 *     avro_schema_destroy(schema);
 *
 * Own code, because Avro C drops aliases, defaults and logical types and its errors are global.
 * Thread: any number of readers after parsing.
 */
#ifndef RESTOCK_AVRO_SCHEMA_H
#define RESTOCK_AVRO_SCHEMA_H

#include "config/base/buf.h"
#include "config/base/slice.h"
#include "config/base/status.h"
#include "schemas/datum.h"

#include <stdint.h>

enum {
    AVRO_SCHEMA_BYTES_MAX = 1 << 20,
    AVRO_SCHEMA_DEPTH_MAX = 64,
    AVRO_SCHEMA_TYPES_MAX = 20000,
    AVRO_SCHEMA_NAMES_MAX = 2000,
    AVRO_FIXED_BYTES_MAX = 1 << 20,
    AVRO_PRECISION_MAX = 154, /* decimal digits that fit 64 bytes */
};

enum avro_kind {
    AVRO_KIND_NULL,
    AVRO_KIND_BOOLEAN,
    AVRO_KIND_INT,
    AVRO_KIND_LONG,
    AVRO_KIND_FLOAT,
    AVRO_KIND_DOUBLE,
    AVRO_KIND_BYTES,
    AVRO_KIND_STRING,
    AVRO_KIND_RECORD,
    AVRO_KIND_ENUM,
    AVRO_KIND_ARRAY,
    AVRO_KIND_MAP,
    AVRO_KIND_UNION,
    AVRO_KIND_FIXED,
};

struct avro_field {
    struct slice name;
    const struct slice *aliases; /* [alias_count] */
    uint32_t alias_count;
    const struct avro_type *type;
    const struct datum *fallback_json; /* the "default" as it stands; NULL: none */
    const struct datum *fallback; /* the same, decoded for `type` */
};

struct avro_type {
    enum avro_kind kind;
    enum datum_logical logical; /* DATUM_PLAIN when none or unknown */
    bool is_decimal; /* bytes or fixed with a valid logicalType decimal */
    int precision, scale; /* is_decimal */
    struct slice name; /* full name of record, enum, fixed: "shop.Line" */
    const struct slice *aliases; /* full names */
    uint32_t alias_count;
    uint32_t count; /* fields, symbols or branches */
    uint32_t fixed_bytes;
    uint32_t index; /* dense number within its schema */
    const struct avro_field *fields; /* record */
    const struct slice *symbols; /* enum */
    int32_t symbol_default; /* enum: index of its default symbol, -1 none */
    const struct avro_type *items; /* array, map */
    const struct avro_type *const *branches; /* union */
};

struct avro_schema;

/* Parse; on error a STATUS_CORRUPT that names the type or field, *out untouched. */
struct status *avro_schema_parse(struct slice text, struct avro_schema **out)
    __attribute__((warn_unused_result));
/* The same from a file; the message names it. */
struct status *avro_schema_load(const char *path, struct avro_schema **out)
    __attribute__((warn_unused_result));
void avro_schema_destroy(struct avro_schema *schema); /* NULL is fine */

const struct avro_type *avro_schema_root(const struct avro_schema *schema);
uint32_t avro_schema_types(const struct avro_schema *schema); /* all `index` are below it */
struct slice avro_schema_text(const struct avro_schema *schema); /* as it was given */

/* Append the Parsing Canonical Form of the specification. */
void avro_schema_canonical(const struct avro_schema *schema, struct buf *buf);
/* CRC-64-AVRO of that form. */
uint64_t avro_schema_fingerprint(const struct avro_schema *schema);

const char *avro_schema_kind_name(enum avro_kind kind); /* "string", "record" ... */

#endif
