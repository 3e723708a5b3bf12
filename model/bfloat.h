/* bfloat16: the upper half of a float (sign, 8 bits of exponent, 7 of fraction). Counts up to 256
 * are exact. */
#ifndef RESTOCK_BFLOAT_H
#define RESTOCK_BFLOAT_H

#include <stdint.h>
#include <string.h>

/* Nearest, ties to even; not for NaN. */
static inline uint16_t bfloat_pack(float value)
{
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    return (uint16_t)((bits + 0x7fff + ((bits >> 16) & 1)) >> 16);
}

static inline float bfloat_unpack(uint16_t packed)
{
    uint32_t bits = (uint32_t)packed << 16;
    float value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

#endif
