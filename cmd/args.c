#include "cmd/args.h"

#include "config/yaml.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static const struct arg *find(const struct arg_spec *spec, const char *name, size_t bytes)
{
    for (size_t i = 0; i < spec->count; i++) {
        if (strlen(spec->rows[i].name) == bytes && memcmp(spec->rows[i].name, name, bytes) == 0) {
            return &spec->rows[i];
        }
    }
    return NULL;
}

static struct status *unknown(const struct arg_spec *spec, const char *word)
{
    const char *names[64];
    size_t count = 0;
    for (; count < spec->count && count < 64; count++) {
        names[count] = spec->rows[count].name;
    }
    const char *nearest = yaml_nearest(word + 2, names, count);
    return status_new(STATUS_USAGE, "%s: there is no option %s%s%s (restock %s --help lists all)",
                      spec->command, word, nearest ? "; did you mean --" : "",
                      nearest ? nearest : "", spec->command);
}

static struct status *put(const struct arg_spec *spec, const struct arg *arg, const char *value,
                          void *out)
{
    void *field = (unsigned char *)out + arg->offset;
    switch (arg->kind) {
    case ARG_FLAG:
        *(bool *)field = true;
        return NULL;
    case ARG_TEXT:
        memcpy(field, &value, sizeof value);
        return NULL;
    case ARG_TEXTS: {
        struct arg_list *list = field;
        if (list->count == ARG_LIST_MAX) {
            return status_new(STATUS_USAGE, "%s: more than %d times --%s", spec->command,
                              ARG_LIST_MAX, arg->name);
        }
        list->values[list->count++] = value;
        return NULL;
    }
    case ARG_INT: {
        char *end;
        errno = 0;
        int64_t number = strtoll(value, &end, 10);
        if (end == value || *end || errno || number < 0) {
            return status_new(STATUS_USAGE, "%s: --%s: expected a whole number, found '%s'",
                              spec->command, arg->name, value);
        }
        memcpy(field, &number, sizeof number);
        return NULL;
    }
    }
    return NULL;
}

static struct status *option(const struct arg_spec *spec, int argc, char **argv, int *at, void *out)
{
    const char *name = argv[*at] + 2, *equals = strchr(name, '=');
    const struct arg *arg = find(spec, name, equals ? (size_t)(equals - name) : strlen(name));
    if (!arg) {
        return unknown(spec, argv[*at]);
    }
    if (arg->kind == ARG_FLAG) {
        return equals
                   ? status_new(STATUS_USAGE, "%s: --%s takes no value", spec->command, arg->name)
                   : put(spec, arg, NULL, out);
    }
    if (equals) {
        return put(spec, arg, equals + 1, out);
    }
    if (*at + 1 >= argc) {
        return status_new(STATUS_USAGE, "%s: --%s needs a value: --%s %s", spec->command, arg->name,
                          arg->name, arg->value);
    }
    return put(spec, arg, argv[++*at], out);
}

struct status *args_parse(const struct arg_spec *spec, int argc, char **argv, void *out,
                          struct arg_list *words)
{
    bool only_words = false;
    for (int at = 1; at < argc; at++) {
        const char *word = argv[at];
        if (!only_words && strcmp(word, "--") == 0) {
            only_words = true;
        } else if (!only_words && strncmp(word, "--", 2) == 0) {
            TRY(option(spec, argc, argv, &at, out));
        } else if (words && words->count < ARG_LIST_MAX) {
            words->values[words->count++] = word;
        } else {
            return status_new(STATUS_USAGE, "%s: unexpected word '%s' (restock %s --help)",
                              spec->command, word, spec->command);
        }
    }
    return NULL;
}

void args_help(const struct arg_spec *spec, FILE *out)
{
    fprintf(out, "usage: restock %s %s\n\n%s\n", spec->command, spec->usage, spec->summary);
    for (size_t i = 0; i < spec->count; i++) {
        char left[64];
        (void)snprintf(left, sizeof left, "--%s %s", spec->rows[i].name,
                       spec->rows[i].value ? spec->rows[i].value : "");
        fprintf(out, "%s  %-26s %s\n", i ? "" : "\n", left, spec->rows[i].help);
    }
}
