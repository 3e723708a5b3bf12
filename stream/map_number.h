/* Exact numbers from whatever a message holds: numbers of JSON and Avro, decimals, and texts that
 * are numbers (tables have only text). Nothing passes through floating point unless it came as
 * such. Pure. */
#ifndef RESTOCK_MAP_NUMBER_H
#define RESTOCK_MAP_NUMBER_H

#include "schemas/datum.h"

enum { MAP_NUMBER_SCALE_MAX = 18 };

struct map_number { /* value x 10^-scale, without trailing zeros behind the point */
    int64_t value;
    int32_t scale; /* 0..18 */
};

/* FRACTION: more than 18 digits behind the point. */
enum datum_number map_number_exact(const struct datum *d, struct map_number *out);
/* The value x 10^scale x factor as an integer; round: half away from zero, else a rest is a
 * FRACTION. */
enum datum_number map_number_scaled(const struct datum *d, int scale, int64_t factor, bool round,
                                    int64_t *out);
/* <0, 0, >0 */
int map_number_compare(struct map_number a, struct map_number b);

#endif
