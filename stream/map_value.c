#include "stream/map_parts.h"

#include "schemas/digits.h"

enum { TEXT_BYTES_MAX = 1024 };

/* Text of a datum as a table would show it; numbers keep the digits that they came with. */
static bool plain_text(const struct map_rule *rule, struct map_context *context,
                       const struct datum *d, struct slice *out)
{
    if (d->kind == DATUM_TEXT ||
        ((d->kind == DATUM_INT || d->kind == DATUM_DECIMAL || d->kind == DATUM_DOUBLE) &&
         d->text.bytes)) {
        *out = d->text;
        return true;
    }
    if (d->kind != DATUM_INT) {
        return map_path_refuse(&rule->path, context, "not a text");
    }
    char digits[DIGITS_BYTES];
    size_t bytes = digits_i64(digits, d->i64);
    *out = (struct slice){arena_copy(context->arena, digits, bytes), bytes};
    return out->data || map_path_refuse(&rule->path, context, "message is too large");
}

static struct slice trimmed(struct slice text)
{
    while (text.bytes && (unsigned char)text.data[0] <= ' ') {
        text.data++;
        text.bytes--;
    }
    while (text.bytes && (unsigned char)text.data[text.bytes - 1] <= ' ') {
        text.bytes--;
    }
    return text;
}

static struct slice stripped(const struct map_rule *rule, struct slice text)
{
    struct slice prefix = rule->strip_prefix, suffix = rule->strip_suffix;
    if (prefix.bytes && text.bytes >= prefix.bytes &&
        memcmp(text.data, prefix.data, prefix.bytes) == 0) {
        text.data += prefix.bytes;
        text.bytes -= prefix.bytes;
    }
    if (suffix.bytes && text.bytes >= suffix.bytes &&
        memcmp(text.data + text.bytes - suffix.bytes, suffix.data, suffix.bytes) == 0) {
        text.bytes -= suffix.bytes;
    }
    return text;
}

/* ASCII only: codes. Copies only what changes. */
static bool change_case(enum map_case letters, struct arena *arena, struct slice *text)
{
    char first = letters == MAP_CASE_UPPER ? 'a' : 'A';
    size_t i = 0;
    while (i < text->bytes && (unsigned char)(text->data[i] - first) >= 26) {
        i++;
    }
    if (i == text->bytes) {
        return true;
    }
    char *copy = arena_copy(arena, text->data, text->bytes);
    if (!copy) {
        return false;
    }
    for (; i < text->bytes; i++) {
        if ((unsigned char)(copy[i] - first) < 26) {
            copy[i] = (char)(copy[i] ^ 32);
        }
    }
    text->data = copy;
    return true;
}

static bool choose(const struct map_rule *rule, struct slice *text)
{
    for (uint32_t i = 0; i < rule->choice_count; i++) {
        if (slice_equal(rule->choices[i].from, *text)) {
            *text = rule->choices[i].to;
            return true;
        }
    }
    return false;
}

bool map_rule_text(const struct map_rule *rule, struct map_context *context, const struct datum *d,
                   struct slice *out)
{
    struct slice text;
    if (!plain_text(rule, context, d, &text)) {
        return false;
    }
    if (rule->trim) {
        text = trimmed(text);
    }
    text = stripped(rule, text);
    if (rule->letters != MAP_CASE_KEEP && !change_case(rule->letters, context->arena, &text)) {
        return map_path_refuse(&rule->path, context, "message is too large");
    }
    if (rule->choice_count && !choose(rule, &text)) {
        if (!rule->fallback) {
            return map_path_refuse(&rule->path, context, "value is not in the table");
        }
        text = rule->fallback->text;
    }
    if (text.bytes > TEXT_BYTES_MAX && !rule->exact) {
        return map_path_refuse(&rule->path, context, "text is too long");
    }
    *out = text;
    return true;
}

static bool refuse_number(const struct map_rule *rule, struct map_context *context,
                          enum datum_number found)
{
    return map_path_refuse(&rule->path, context,
                           found == DATUM_NUMBER_NONE       ? "not a number"
                           : found == DATUM_NUMBER_FRACTION ? "not a whole number of units"
                                                            : "number out of range");
}

static bool integer_value(const struct map_rule *rule, struct map_context *context,
                          const struct datum *d, int64_t *out)
{
    int decimals = rule->type == MAP_MONEY ? rule->decimals : 0;
    bool round = rule->type == MAP_MONEY || rule->round;
    struct datum text = {.kind = DATUM_TEXT};
    if (rule->choice_count || (d->kind == DATUM_TEXT && (rule->trim || rule->strip_prefix.bytes ||
                                                         rule->strip_suffix.bytes))) {
        if (!map_rule_text(rule, context, d, &text.text)) {
            return false;
        }
        d = &text;
    }
    int64_t value;
    enum datum_number found = map_number_scaled(d, decimals, rule->scale, round, &value);
    if (found != DATUM_NUMBER_OK) {
        return refuse_number(rule, context, found);
    }
    if (rule->negate || (rule->absolute && value < 0)) {
        if (value == INT64_MIN) {
            return refuse_number(rule, context, DATUM_NUMBER_RANGE);
        }
        value = -value;
    }
    *out = value;
    return true;
}

static bool boolean_value(const struct map_rule *rule, struct map_context *context,
                          const struct datum *d, int64_t *out)
{
    static const char *const YES[] = {"true", "yes", "y", "1", "TRUE", "True"};
    static const char *const NO[] = {"false", "no", "n", "0", "", "FALSE", "False"};
    if (d->kind == DATUM_BOOL) {
        *out = d->boolean;
        return true;
    }
    if (d->kind == DATUM_INT && (d->i64 == 0 || d->i64 == 1)) {
        *out = d->i64;
        return true;
    }
    struct slice text;
    if (d->kind == DATUM_TEXT && map_rule_text(rule, context, d, &text)) {
        for (size_t i = 0; i < sizeof NO / sizeof NO[0]; i++) {
            bool yes = i < sizeof YES / sizeof YES[0] && slice_is(text, YES[i]);
            if (yes || slice_is(text, NO[i])) {
                *out = yes;
                return true;
            }
        }
    }
    return map_path_refuse(&rule->path, context, "neither true nor false");
}

static bool time_value(const struct map_rule *rule, struct map_context *context,
                       const struct datum *d, int64_t *out)
{
    const char *problem;
    int64_t shift = rule->step_ms * context->index;
    return map_time_read(&rule->time, d, rule->zone_ref, shift, out, &problem) ||
           map_path_refuse(&rule->path, context, problem);
}

bool map_rule_value(const struct map_rule *rule, struct map_context *context, struct map_value *out)
{
    const struct datum *d = map_path_find(&rule->path, context);
    if (d && d->kind == DATUM_TEXT && d->text.bytes == 0 && (rule->optional || rule->fallback)) {
        d = NULL; /* an empty cell of a table */
    }
    d = d ? d : rule->path.count ? rule->fallback : rule->constant;
    *out = (struct map_value){.has = d != NULL};
    if (!d) {
        return rule->optional || map_path_refuse(&rule->path, context, "field is missing");
    }
    switch (rule->type) {
    case MAP_TEXT:
        return map_rule_text(rule, context, d, &out->text);
    case MAP_INTEGER:
    case MAP_MONEY:
        return integer_value(rule, context, d, &out->number);
    case MAP_BOOLEAN:
        return boolean_value(rule, context, d, &out->number);
    case MAP_TIME:
        return time_value(rule, context, d, &out->number);
    }
    return false;
}
