/* The compiled form of (writer schema, reader schema): a graph of operations that follows the
 * writer's bytes and says what each becomes. Between avro_plan.c, which makes it, and
 * avro_decode.c, which walks it. */
#ifndef RESTOCK_AVRO_PLAN_H
#define RESTOCK_AVRO_PLAN_H

#include "config/base/arena.h"
#include "schemas/avro_schema.h"
#include "schemas/datum.h"

enum { AVRO_PLAN_OPS_MAX = 100000 };

enum avro_code {
    AVRO_READ_NULL,
    AVRO_READ_BOOLEAN,
    AVRO_READ_INT, /* range of int checked */
    AVRO_READ_LONG,
    AVRO_READ_FLOAT,
    AVRO_READ_DOUBLE,
    AVRO_READ_BYTES,
    AVRO_READ_STRING,
    AVRO_READ_FIXED,
    AVRO_READ_ENUM,
    AVRO_READ_RECORD,
    AVRO_READ_ARRAY,
    AVRO_READ_MAP,
    AVRO_READ_UNION,
    AVRO_READ_REFUSED, /* these two types cannot be resolved */
};

struct avro_step {
    const struct avro_op *op;
    struct slice name; /* the writer's */
    int32_t target; /* child of the result, -1: skipped */
};

struct avro_op {
    uint8_t code; /* enum avro_code: what stands in the bytes */
    uint8_t kind; /* enum datum_kind: what it becomes */
    uint8_t logical; /* enum datum_logical of the result */
    int16_t scale; /* kind DECIMAL */
    uint32_t count; /* steps, symbols, branches; bytes of a fixed */
    uint32_t child_count; /* RECORD: of the result */
    union {
        const struct avro_step *steps; /* RECORD: in the writer's order */
        const struct slice *symbols; /* ENUM: by the writer's index; data NULL: reader has none */
        const struct avro_op *items; /* ARRAY, MAP */
        const struct avro_op *const *branches; /* UNION */
        const char *reason; /* REFUSED */
    };
    const struct datum *children; /* RECORD: [child_count] names and defaults to start from */
};

struct avro_plan {
    struct arena *arena;
    const struct avro_op *root;
};

#endif
