#include "stream/map_number.h"

#include <math.h>

__extension__ typedef __int128 wide_int; /* gcc and clang have it; the standard does not */

static int64_t power_of_ten(int exponent)
{
    int64_t power = 1;
    for (int i = 0; i < exponent; i++) {
        power *= 10;
    }
    return power;
}

static struct map_number trimmed(int64_t value, int scale)
{
    while (scale > 0 && value % 10 == 0) {
        value /= 10;
        scale--;
    }
    return (struct map_number){value, scale};
}

/* Digits behind the point of a plain decimal text: the scale to begin with. */
static int scale_of(struct slice text)
{
    const char *point = text.bytes ? memchr(text.data, '.', text.bytes) : NULL;
    if (!point || memchr(point, 'e', (size_t)(text.data + text.bytes - point)) ||
        memchr(point, 'E', (size_t)(text.data + text.bytes - point))) {
        return 0;
    }
    long digits = text.data + text.bytes - point - 1;
    return digits > MAP_NUMBER_SCALE_MAX ? 0 : (int)digits;
}

static enum datum_number at_scale(const struct datum *d, int scale, int64_t *out)
{
    return d->kind == DATUM_TEXT ? datum_scaled_text(d->text, scale, out)
                                 : datum_scaled(d, scale, out);
}

enum datum_number map_number_exact(const struct datum *d, struct map_number *out)
{
    if (d->kind == DATUM_INT) {
        *out = (struct map_number){d->i64, 0};
        return DATUM_NUMBER_OK;
    }
    int scale = 0;
    if (d->kind == DATUM_DECIMAL && d->scale > 0 && d->scale <= MAP_NUMBER_SCALE_MAX) {
        scale = d->scale;
    } else if (d->kind == DATUM_TEXT || d->kind == DATUM_DOUBLE) {
        scale = scale_of(d->text);
    }
    enum datum_number found = DATUM_NUMBER_FRACTION;
    int64_t value = 0;
    for (; scale <= MAP_NUMBER_SCALE_MAX && found == DATUM_NUMBER_FRACTION; scale++) {
        found = at_scale(d, scale, &value);
        if (found == DATUM_NUMBER_OK) {
            *out = trimmed(value, scale);
        }
    }
    return found;
}

/* Half away from zero. */
static wide_int divide_rounded(wide_int value, int64_t divisor)
{
    return (value >= 0 ? value + divisor / 2 : value - divisor / 2) / divisor;
}

/* More digits than 18 behind the point or than 64 bits hold: such a number was made by floating
 * point, and is worth no more. */
static enum datum_number from_f64(const struct datum *d, int scale, int64_t factor, int64_t *out)
{
    static const double EXACT = 9007199254740992.0; /* 2^53 */
    double value;
    enum datum_number found =
        d->kind == DATUM_TEXT ? datum_f64_text(d->text, &value) : datum_f64(d, &value);
    if (found != DATUM_NUMBER_OK) {
        return found;
    }
    value *= (double)power_of_ten(scale) * (double)factor;
    if (fabs(value) > EXACT) {
        return DATUM_NUMBER_RANGE;
    }
    *out = llround(value);
    return DATUM_NUMBER_OK;
}

enum datum_number map_number_scaled(const struct datum *d, int scale, int64_t factor, bool round,
                                    int64_t *out)
{
    struct map_number number;
    enum datum_number found = map_number_exact(d, &number);
    if (found == DATUM_NUMBER_NONE) {
        return found;
    }
    if (found != DATUM_NUMBER_OK) {
        return round ? from_f64(d, scale, factor, out) : found;
    }
    wide_int value = (wide_int)number.value * factor;
    if (number.scale > scale) {
        int64_t divisor = power_of_ten(number.scale - scale);
        if (!round && value % divisor) {
            return DATUM_NUMBER_FRACTION;
        }
        value = divide_rounded(value, divisor);
    } else {
        value *= power_of_ten(scale - number.scale);
    }
    if (value > INT64_MAX || value < INT64_MIN) {
        return DATUM_NUMBER_RANGE;
    }
    *out = (int64_t)value;
    return DATUM_NUMBER_OK;
}

int map_number_compare(struct map_number a, struct map_number b)
{
    wide_int left = a.value, right = b.value;
    if (a.scale < b.scale) {
        left *= power_of_ten(b.scale - a.scale);
    } else {
        right *= power_of_ten(a.scale - b.scale);
    }
    return (left > right) - (left < right);
}
