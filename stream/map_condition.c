#include "stream/map_parts.h"

#include "schemas/digits.h"

static bool compare(enum map_operator op, int order)
{
    switch (op) {
    case MAP_LESS:
        return order < 0;
    case MAP_AT_MOST:
        return order <= 0;
    case MAP_MORE:
        return order > 0;
    case MAP_AT_LEAST:
        return order >= 0;
    case MAP_STARTS:
    case MAP_ENDS:
    case MAP_MATCHES:
    case MAP_IS:
    case MAP_IS_NOT:
    case MAP_EXISTS:
    case MAP_MISSING:
    case MAP_DIFFERS:
        break;
    }
    return false;
}

static bool text_holds(const struct map_clause *clause, struct slice text)
{
    size_t bytes = clause->text.bytes;
    switch (clause->op) {
    case MAP_STARTS:
        return text.bytes >= bytes && memcmp(text.data, clause->text.data, bytes) == 0;
    case MAP_ENDS:
        return text.bytes >= bytes &&
               memcmp(text.data + text.bytes - bytes, clause->text.data, bytes) == 0;
    case MAP_MATCHES:
        return map_pattern_match(clause->pattern, text);
    case MAP_IS:
        return slice_equal(text, clause->text);
    case MAP_IS_NOT:
        return !slice_equal(text, clause->text);
    case MAP_LESS:
    case MAP_AT_MOST:
    case MAP_MORE:
    case MAP_AT_LEAST:
    case MAP_EXISTS:
    case MAP_MISSING:
    case MAP_DIFFERS:
        break;
    }
    return false;
}

static bool is_comparison(enum map_operator op)
{
    return op >= MAP_LESS && op <= MAP_AT_LEAST;
}

/* A mapped value: `$quantity < 0`. Numbers are in the units of the canonical field. */
static bool field_holds(const struct map_clause *clause, const struct map_section *section,
                        const struct map_context *context)
{
    const struct map_value *value = &context->values[clause->field];
    bool has = section->has[clause->field] && value->has;
    if (clause->op == MAP_EXISTS || clause->op == MAP_MISSING || !has) {
        return clause->op == (has ? MAP_EXISTS : MAP_MISSING) || (!has && clause->op == MAP_IS_NOT);
    }
    if (is_comparison(clause->op)) {
        return compare(clause->op,
                       map_number_compare((struct map_number){value->number, 0}, clause->number));
    }
    return text_holds(clause, value->text);
}

static struct slice datum_text(const struct datum *d)
{
    static const struct slice TRUE_TEXT = {"true", 4}, FALSE_TEXT = {"false", 5};
    if (d->kind == DATUM_BOOL) {
        return d->boolean ? TRUE_TEXT : FALSE_TEXT;
    }
    return d->kind == DATUM_BYTES ? (struct slice){"", 0} : d->text;
}

/* More digits than we keep: near enough, since the other side has fewer. */
static bool compare_f64(const struct map_clause *clause, const struct datum *d)
{
    double value, limit = (double)clause->number.value;
    if (datum_f64(d, &value) != DATUM_NUMBER_OK) {
        return false;
    }
    for (int i = 0; i < clause->number.scale; i++) {
        limit /= 10;
    }
    return compare(clause->op, (value > limit) - (value < limit));
}

/* A value of the source. Numbers compare exactly, whatever their form; what is no number compares
 * with none. */
static bool path_holds(const struct map_clause *clause, const struct map_context *context)
{
    const struct datum *d = map_path_find(&clause->path, context);
    if (clause->op == MAP_DIFFERS) {
        const struct datum *other = map_path_find(&clause->other, context);
        return (d == NULL) != (other == NULL) ||
               (d && !slice_equal(datum_text(d), datum_text(other)));
    }
    if (clause->op == MAP_EXISTS || clause->op == MAP_MISSING || !d) {
        return clause->op == (d ? MAP_EXISTS : MAP_MISSING) || (!d && clause->op == MAP_IS_NOT);
    }
    if (is_comparison(clause->op)) {
        struct map_number number;
        if (map_number_exact(d, &number) == DATUM_NUMBER_OK) {
            return compare(clause->op, map_number_compare(number, clause->number));
        }
        return compare_f64(clause, d);
    }
    char digits[DIGITS_BYTES];
    struct slice text = datum_text(d);
    if (d->kind == DATUM_INT && !text.bytes) { /* Avro */
        text = (struct slice){digits, digits_i64(digits, d->i64)};
    }
    return text_holds(clause, text);
}

bool map_condition_holds(const struct map_condition *condition, const struct map_section *section,
                         const struct map_context *context)
{
    for (uint32_t i = 0; i < condition->count; i++) {
        const struct map_clause *clause = &condition->clauses[i];
        if (!(clause->is_field ? field_holds(clause, section, context)
                               : path_holds(clause, context))) {
            return false;
        }
    }
    return true;
}
