/* exp, log and tanh without libm and without a branch, so that a loop over them runs on whole
 * vectors. Relative error of exp and log below 2e-7 within their range, of tanh below 3e-7.
 * Pure; any thread. */
#ifndef RESTOCK_FAST_H
#define RESTOCK_FAST_H

#include <stdint.h>
#include <string.h>

/* Cephes' expf (Moshier): 2^n times a polynomial. x is clamped into [-87, 88], NaN to -87. */
static inline float fast_exp(float x)
{
    const float shift = 12582912.0f; /* 1.5 * 2^23: adding it rounds to a whole number */
    x = x > -87 ? x : -87;
    x = x < 88 ? x : 88;
    float n = x * 1.44269504f + shift;
    n -= shift;
    float r = x - n * 0.693359375f + n * 2.12194440e-4f;
    float p = 1.9875691500e-4f;
    p = p * r + 1.3981999507e-3f;
    p = p * r + 8.3334519073e-3f;
    p = p * r + 4.1665795894e-2f;
    p = p * r + 1.6666665459e-1f;
    p = p * r + 5.0000001201e-1f;
    p = p * r * r + r + 1;
    int32_t bits = ((int32_t)n + 127) * (1 << 23);
    float scale;
    memcpy(&scale, &bits, sizeof scale);
    return p * scale;
}

/* Cephes' logf. x: positive and normal. */
static inline float fast_log(float x)
{
    int32_t bits;
    memcpy(&bits, &x, sizeof bits);
    /* Mantissa in [sqrt(1/2), sqrt(2)): the bits of sqrt(1/2) are taken off before the exponent. */
    int32_t above = bits - 0x3f3504f3, exponent = above >> 23;
    bits = (above & 0x007fffff) + 0x3f3504f3;
    float m, n = (float)exponent;
    memcpy(&m, &bits, sizeof m);
    m -= 1;
    float p = 7.0376836292e-2f;
    p = p * m + -1.1514610310e-1f;
    p = p * m + 1.1676998740e-1f;
    p = p * m + -1.2420140846e-1f;
    p = p * m + 1.4249322787e-1f;
    p = p * m + -1.6668057665e-1f;
    p = p * m + 2.0000714765e-1f;
    p = p * m + -2.4999993993e-1f;
    p = p * m + 3.3333331174e-1f;
    float square = m * m;
    float y = p * m * square + n * -2.12194440e-4f - 0.5f * square;
    return m + y + n * 0.693359375f;
}

/* Rational minimax on [-7.9, 7.9] (the coefficients that Eigen uses). */
static inline float fast_tanh(float x)
{
    x = x > 7.9f ? 7.9f : x < -7.9f ? -7.9f : x;
    float s = x * x;
    float p = -2.76076847742355e-16f;
    p = p * s + 2.00018790482477e-13f;
    p = p * s + -8.60467152213735e-11f;
    p = p * s + 5.12229709037114e-08f;
    p = p * s + 1.48572235717979e-05f;
    p = p * s + 6.37261928875436e-04f;
    p = p * s + 4.89352455891786e-03f;
    float q = 1.19825839466702e-06f;
    q = q * s + 1.18534705686654e-04f;
    q = q * s + 2.26843463243900e-03f;
    q = q * s + 4.89352518554385e-03f;
    return x * p / q;
}

#endif
