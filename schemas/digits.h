/* Numbers as the shortest decimal text that reads back as the same value; whole numbers without
 * ".0". Fast where forecasts live (whole numbers, few decimals), exact everywhere.
 *
 *     char text[DIGITS_BYTES];
 *     size_t bytes = digits_f32(text, 2.5f);      // "2.5", no NUL
 *
 * Each writes at most DIGITS_BYTES (scratch included) and returns the length. Floats must be finite
 * (ASSERT). The result is a JSON number.
 */
#ifndef RESTOCK_DIGITS_H
#define RESTOCK_DIGITS_H

#include <stddef.h>
#include <stdint.h>

enum { DIGITS_BYTES = 40 };

size_t digits_u64(char *out, uint64_t value);
size_t digits_i64(char *out, int64_t value);
size_t digits_f32(char *out, float value);
size_t digits_f64(char *out, double value);

#endif
