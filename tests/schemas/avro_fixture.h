/* Shared by the Avro tests: schemas and plans from text, trees as text. */
#ifndef RESTOCK_AVRO_FIXTURE_H
#define RESTOCK_AVRO_FIXTURE_H

#include "schemas/avro_decode.h"

struct avro_pair {
    struct avro_schema *writer, *reader;
    struct avro_plan *plan;
    struct arena *arena;
    struct buf text;
    struct decode_error error;
};

/* Asserts that both schemas are good. Returns the message of avro_plan_create's error, or NULL; the
 * text lives until avro_pair_fini. reader NULL: as written. */
const char *avro_pair_init(struct avro_pair *pair, const char *writer, const char *reader);
void avro_pair_fini(struct avro_pair *pair);

/* The decoded tree as JSON, or "! field: reason" when refused. */
const char *avro_pair_decode(struct avro_pair *pair, const char *bytes, size_t count);

#endif
