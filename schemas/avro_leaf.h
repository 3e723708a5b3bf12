/* What Avro's bytes and fixed mean, for the decoder and for defaults alike. */
#ifndef RESTOCK_AVRO_LEAF_H
#define RESTOCK_AVRO_LEAF_H

#include "config/base/arena.h"
#include "schemas/datum.h"

enum { AVRO_DECIMAL_BYTES_MAX = 64 };

/* Big-endian two's complement x 10^-scale -> *out (its name is left alone). NULL, or why it is
 * refused (constant text). */
const char *avro_leaf_decimal(struct arena *arena, struct slice bytes, int scale,
                              struct datum *out);

#endif
