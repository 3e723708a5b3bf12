#include "config/value.h"

#include "config/base/ensure.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

struct unit {
    const char *name;
    int64_t factor;
};

static const struct unit DURATIONS[] = {{"w", 604800000}, {"d", 86400000}, {"h", 3600000},
                                        {"min", 60000},   {"s", 1000},     {"ms", 1},
                                        {NULL, 0}};
static const struct unit SIZES[] = {
    {"GiB", INT64_C(1) << 30}, {"MiB", 1 << 20}, {"KiB", 1 << 10}, {"B", 1}, {"", 1}, {NULL, 0}};

const char *value_type_name(enum option_type type)
{
    switch (type) {
    case OPTION_BOOL:
        return "on or off";
    case OPTION_INT:
        return "whole number";
    case OPTION_DOUBLE:
        return "number";
    case OPTION_DURATION:
        return "duration";
    case OPTION_BYTES:
        return "size";
    case OPTION_ENUM:
        return "one of";
    case OPTION_TEXT:
        return "text";
    case OPTION_DURATIONS:
        return "list of durations";
    case OPTION_INTS:
        return "list of whole numbers";
    }
    return "";
}

static void print_scaled(int64_t value, const struct unit *units, char *out, size_t bytes)
{
    const struct unit *unit = units;
    while (unit[1].name && (value % unit->factor || !value)) {
        unit++;
    }
    (void)snprintf(out, bytes, "%" PRId64 "%s", value / unit->factor, unit->name);
}

static void print_integer(enum option_type type, int64_t value, char *out, size_t bytes)
{
    if (type == OPTION_DURATION || type == OPTION_DURATIONS) {
        print_scaled(value, DURATIONS, out, bytes);
    } else if (type == OPTION_BYTES) {
        print_scaled(value, SIZES, out, bytes);
    } else {
        (void)snprintf(out, bytes, "%" PRId64, value);
    }
}

/* The shortest text that reads back as the same number. */
static void print_real(double value, char *out, size_t bytes)
{
    if (fabs(value) < 1e15 && value == trunc(value)) {
        (void)snprintf(out, bytes, "%.0f", value);
        return;
    }
    for (int digits = 6; digits <= 17; digits++) {
        (void)snprintf(out, bytes, "%.*g", digits, value);
        if (strtod(out, NULL) == value) {
            return;
        }
    }
}

/* For people: 1e+12 rather than a row of zeros. */
static void print_limit(enum option_type type, double value, char *out, size_t bytes)
{
    if (type == OPTION_INT || type == OPTION_INTS || type == OPTION_DOUBLE ||
        fabs(value) > 0x1p53) {
        (void)snprintf(out, bytes, "%.10g", value);
    } else {
        print_integer(type, (int64_t)value, out, bytes);
    }
}

void value_expectation(const struct option *option, char *out, size_t bytes)
{
    int used = snprintf(out, bytes, "%s", value_type_name(option->type));
    size_t at = (size_t)(used > 0 ? used : 0);
    if (option->type == OPTION_ENUM) {
        for (const struct option_choice *choice = option->choices; choice->name && at < bytes;
             choice++) {
            used = snprintf(out + at, bytes - at, "%s%s", choice == option->choices ? " " : ", ",
                            choice->name);
            at += (size_t)(used > 0 ? used : 0);
        }
        return;
    }
    bool limited = option->min != 0 || option->max != 0;
    if (limited && at < bytes) {
        char low[40], high[40];
        print_limit(option->type, option->min, low, sizeof low);
        print_limit(option->type, option->max, high, sizeof high);
        (void)snprintf(out + at, bytes - at, ", %s to %s", low, high);
    } else if (option->type == OPTION_DURATION && at < bytes) {
        (void)snprintf(out + at, bytes - at, " such as 200ms, 30s, 15min, 1h, 1d, 1w");
    }
}

static struct status *refuse(const struct option *option, const struct yaml_node *node)
{
    char expected[400];
    value_expectation(option, expected, sizeof expected);
    if (option->flags & OPTION_SECRET) {
        return yaml_error(node, "%s: expected %s", option->path, expected);
    }
    const char *found = node->kind == YAML_SCALAR     ? node->text
                        : node->kind == YAML_SEQUENCE ? "a list"
                                                      : "a group of options";
    return yaml_error(node, "%s: expected %s, found '%.80s'", option->path, expected, found);
}

/* strtod and strtoll take spaces, hexadecimal and words too. */
static bool is_decimal(const char *text, const char *allowed)
{
    return text[0] && text[strspn(text, allowed)] == '\0';
}

static bool scaled(const char *text, const struct unit *units, int64_t *out)
{
    char *end;
    errno = 0;
    long long number = strtoll(text, &end, 10);
    if (end == text || errno || (*text < '0' && *text != '-' && *text != '+')) {
        return false;
    }
    if (!*end && number == 0) {
        *out = 0;
        return true;
    }
    for (const struct unit *unit = units; unit->name; unit++) {
        if (strcmp(end, unit->name) == 0) {
            return !__builtin_mul_overflow((int64_t)number, unit->factor, out);
        }
    }
    return false;
}

/* Durations and sizes without limits are still none below zero. */
static bool in_limits(const struct option *option, double value)
{
    bool natural = option->type == OPTION_DURATION || option->type == OPTION_DURATIONS ||
                   option->type == OPTION_BYTES;
    if (natural && value < 0 && option->min >= 0) {
        return false;
    }
    return (option->min == 0 && option->max == 0) || (value >= option->min && value <= option->max);
}

static bool to_integer(const struct option *option, const char *text, int64_t *out)
{
    char *end;
    switch (option->type) {
    case OPTION_DURATION:
    case OPTION_DURATIONS:
        return scaled(text, DURATIONS, out) && in_limits(option, (double)*out);
    case OPTION_BYTES:
        return scaled(text, SIZES, out) && in_limits(option, (double)*out);
    case OPTION_INT:
    case OPTION_INTS:
        errno = 0;
        *out = strtoll(text, &end, 10);
        return end != text && !*end && !errno && is_decimal(text, "+-0123456789") &&
               in_limits(option, (double)*out);
    case OPTION_BOOL:
    case OPTION_DOUBLE:
    case OPTION_ENUM:
    case OPTION_TEXT:
        break;
    }
    return false;
}

static bool to_bool(const char *text, bool *out)
{
    static const char *const WORDS[] = {"off", "on", "false", "true", "no", "yes"};
    for (int i = 0; i < 6; i++) {
        if (strcmp(text, WORDS[i]) == 0) {
            *out = i % 2 == 1;
            return true;
        }
    }
    return false;
}

static bool to_choice(const struct option *option, const char *text, int *out)
{
    for (const struct option_choice *choice = option->choices; choice->name; choice++) {
        if (strcmp(choice->name, text) == 0) {
            *out = choice->value;
            return true;
        }
    }
    return false;
}

static bool to_list(const struct option *option, const struct yaml_node *node,
                    struct option_list *out)
{
    const struct yaml_node *const *items = node->kind == YAML_SEQUENCE ? node->items : &node;
    size_t count = node->kind == YAML_SEQUENCE ? node->count : 1;
    struct option_list list = {.count = count};
    if (node->kind == YAML_MAPPING || count > OPTION_LIST_MAX) {
        return false;
    }
    for (size_t i = 0; i < count; i++) {
        if (items[i]->kind != YAML_SCALAR || !to_integer(option, items[i]->text, &list.values[i])) {
            return false;
        }
    }
    *out = list;
    return true;
}

static bool set_scalar(const struct option *option, const char *text, struct arena *arena,
                       void *field)
{
    int64_t integer;
    double real;
    bool truth;
    int choice;
    char *end;
    switch (option->type) {
    case OPTION_BOOL:
        return to_bool(text, &truth) && memcpy(field, &truth, sizeof truth);
    case OPTION_INT:
    case OPTION_DURATION:
    case OPTION_BYTES:
        return to_integer(option, text, &integer) && memcpy(field, &integer, sizeof integer);
    case OPTION_DOUBLE:
        real = strtod(text, &end);
        return end != text && !*end && is_decimal(text, "+-.0123456789eE") && isfinite(real) &&
               in_limits(option, real) && memcpy(field, &real, sizeof real);
    case OPTION_ENUM:
        return to_choice(option, text, &choice) && memcpy(field, &choice, sizeof choice);
    case OPTION_TEXT: {
        const char *copy = arena_copy(arena, text, strlen(text));
        ASSERT(copy && "texts of a bounded file fit their arena");
        return memcpy(field, &copy, sizeof copy) != NULL;
    }
    case OPTION_DURATIONS:
    case OPTION_INTS:
        break;
    }
    return false;
}

struct status *value_set(const struct option *option, const struct yaml_node *node,
                         struct arena *arena, void *target)
{
    void *field = (unsigned char *)target + option->offset;
    if (option->type == OPTION_DURATIONS || option->type == OPTION_INTS) {
        return to_list(option, node, field) ? NULL : refuse(option, node);
    }
    if (node->kind != YAML_SCALAR) {
        return refuse(option, node);
    }
    const char *text = option->type == OPTION_TEXT && yaml_is_null(node) ? "" : node->text;
    return set_scalar(option, text, arena, field) ? NULL : refuse(option, node);
}

void value_print_text(const char *text, char *out, size_t bytes)
{
    static const char PLAIN[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789./_-";
    bool plain = text[0] && text[strspn(text, PLAIN)] == '\0' && text[0] != '-' &&
                 strcmp(text, "null") != 0 && strcmp(text, "***") != 0;
    size_t at = 0;
    if (plain || strcmp(text, "***") == 0) {
        (void)snprintf(out, bytes, "%s", text);
        return;
    }
    ASSERT(bytes >= 8);
    out[at++] = '"';
    for (; *text && at + 6 < bytes; text++) { /* room for one escape, a quote and the end */
        unsigned char c = (unsigned char)*text;
        if (c == '"' || c == '\\') {
            out[at++] = '\\';
            out[at++] = (char)c;
        } else if (c < 0x20 || c == 0x7f) {
            at += (size_t)snprintf(out + at, 5, "\\x%02x", c);
        } else {
            out[at++] = (char)c;
        }
    }
    out[at++] = '"';
    out[at] = '\0';
}

void value_print(const struct option *option, const void *target, char *out, size_t bytes)
{
    const unsigned char *field = (const unsigned char *)target + option->offset;
    const char *text;
    double real;
    int64_t integer;
    int choice;
    switch (option->type) {
    case OPTION_BOOL:
        (void)snprintf(out, bytes, "%s", *(const bool *)field ? "on" : "off");
        return;
    case OPTION_INT:
    case OPTION_DURATION:
    case OPTION_BYTES:
        memcpy(&integer, field, sizeof integer);
        print_integer(option->type, integer, out, bytes);
        return;
    case OPTION_DOUBLE:
        memcpy(&real, field, sizeof real);
        print_real(real, out, bytes);
        return;
    case OPTION_ENUM:
        memcpy(&choice, field, sizeof choice);
        for (const struct option_choice *at = option->choices; at->name; at++) {
            if (at->value == choice) {
                (void)snprintf(out, bytes, "%s", at->name);
            }
        }
        return;
    case OPTION_TEXT:
        memcpy(&text, field, sizeof text);
        value_print_text(option->flags & OPTION_SECRET && text[0] ? "***" : text, out, bytes);
        return;
    case OPTION_DURATIONS:
    case OPTION_INTS: {
        const struct option_list *list = (const struct option_list *)(const void *)field;
        size_t at = (size_t)snprintf(out, bytes, "[");
        for (size_t i = 0; i < list->count && at < bytes; i++) {
            char number[40];
            print_integer(option->type, list->values[i], number, sizeof number);
            at += (size_t)snprintf(out + at, bytes - at, "%s%s", i ? ", " : "", number);
        }
        if (at < bytes) {
            (void)snprintf(out + at, bytes - at, "]");
        }
        return;
    }
    }
}

bool value_same(const struct option *option, const void *one, const void *other)
{
    const char *a = (const char *)one + option->offset, *b = (const char *)other + option->offset;
    switch (option->type) {
    case OPTION_BOOL:
        return *(const bool *)a == *(const bool *)b;
    case OPTION_INT:
    case OPTION_DURATION:
    case OPTION_BYTES:
        return memcmp(a, b, sizeof(int64_t)) == 0;
    case OPTION_DOUBLE:
        return memcmp(a, b, sizeof(double)) == 0;
    case OPTION_ENUM:
        return memcmp(a, b, sizeof(int)) == 0;
    case OPTION_TEXT:
        return strcmp(*(const char *const *)a, *(const char *const *)b) == 0;
    case OPTION_DURATIONS:
    case OPTION_INTS: {
        const struct option_list *x = (const struct option_list *)a;
        const struct option_list *y = (const struct option_list *)b;
        return x->count == y->count &&
               memcmp(x->values, y->values, x->count * sizeof(int64_t)) == 0;
    }
    }
    return false;
}
