#include "stream/map_compile.h"

/* PATH = alternative { "|" alternative }; alternative = @item | @previous | @index | segment { "."
 * segment }; segment = name [ "[" digits "]" ] | "name in quotes"; the list of `each` is written
 * with [*]. */

enum { ALTERNATIVES_MAX = 16, STEPS_MAX = 16 };

static struct slice trim(struct slice text)
{
    while (text.bytes && text.data[0] == ' ') {
        text.data++;
        text.bytes--;
    }
    while (text.bytes && text.data[text.bytes - 1] == ' ') {
        text.bytes--;
    }
    return text;
}

static bool parse_name(const char **at, const char *end, struct map_step *step)
{
    const char *start = *at, *stop = start;
    if (start < end && *start == '"') {
        start++;
        stop = memchr(start, '"', (size_t)(end - start));
        if (!stop) {
            return false;
        }
        *at = stop + 1;
    } else {
        while (stop < end && *stop != '.' && *stop != '[') {
            stop++;
        }
        *at = stop;
    }
    step->name = (struct slice){start, (size_t)(stop - start)};
    return stop > start;
}

static bool parse_index(const char **at, const char *end, struct map_step *step)
{
    const char *digits = ++*at;
    uint32_t index = 0;
    for (; *at < end && **at >= '0' && **at <= '9' && *at - digits < 6; (*at)++) {
        index = index * 10 + (uint32_t)(**at - '0');
    }
    if (*at == digits || *at == end || **at != ']') {
        return false;
    }
    (*at)++;
    step->index = index;
    return true;
}

static bool parse_steps(struct compiler *compiler, struct slice text, struct map_alternative *out)
{
    struct map_step steps[STEPS_MAX];
    uint32_t count = 0;
    const char *at = text.data, *end = text.data + text.bytes;
    while (at < end) {
        if (count + 1 >= STEPS_MAX) {
            return false;
        }
        steps[count] = (struct map_step){.hint = compiler->map->hint_count++};
        if (*at == '[' ? !parse_index(&at, end, &steps[count])
                       : !parse_name(&at, end, &steps[count])) {
            return false;
        }
        count++;
        if (at < end && *at == '.') {
            if (++at == end) {
                return false;
            }
        } else if (at < end && *at != '[') {
            return false;
        }
    }
    struct map_step *kept = compile_alloc(compiler, (count + 1) * sizeof *kept);
    memcpy(kept, steps, count * sizeof *kept);
    out->steps = kept;
    out->step_count = count;
    return true;
}

/* Does the text begin with the list of `each`? Then *rest is what follows it. */
static bool in_line(const struct compiler *compiler, struct slice text, struct slice *rest)
{
    size_t bytes = compiler->each.bytes;
    if (!bytes || text.bytes < bytes || memcmp(text.data, compiler->each.data, bytes) != 0) {
        return false;
    }
    if (text.bytes > bytes && text.data[bytes] != '.' && text.data[bytes] != '[') {
        return false;
    }
    size_t skip = bytes + (text.bytes > bytes && text.data[bytes] == '.');
    *rest = (struct slice){text.data + skip, text.bytes - skip};
    return true;
}

static bool parse_alternative(struct compiler *compiler, const struct yaml_node *node,
                              struct slice text, struct map_alternative *out)
{
    static const char *const SPECIAL[] = {"@item", "@previous", "@index"};
    struct slice rest = text;
    char *copy = compile_alloc(compiler, text.bytes + 1);
    memcpy(copy, text.data, text.bytes);
    *out = (struct map_alternative){.text = copy};
    for (int i = 0; i < 3; i++) {
        if (slice_is(text, SPECIAL[i])) {
            out->root = (enum map_root)(MAP_ITEM + i);
            if (!compiler->section || !compiler->section->split.count) {
                compile_error(compiler, node, "%s stands only where the section has `split`", copy);
                return false;
            }
            return true;
        }
    }
    if (in_line(compiler, text, &rest)) {
        out->root = MAP_LINE;
    }
    if (rest.bytes && memmem(rest.data, rest.bytes, "[*]", 3)) {
        compile_error(compiler, node,
                      "'%s': [*] stands only behind the list that `each` of this section names",
                      copy);
        return false;
    }
    if ((!rest.bytes && out->root != MAP_LINE) || !parse_steps(compiler, rest, out)) {
        compile_error(
            compiler, node,
            "'%s' is no path: names joined by '.', a[0] for an element, \"...\" for names "
            "with special characters, | between alternatives",
            copy);
        return false;
    }
    return true;
}

bool compile_path(struct compiler *compiler, const struct yaml_node *node, struct slice text,
                  struct map_path *out)
{
    struct map_alternative alternatives[ALTERNATIVES_MAX];
    uint32_t count = 0;
    const char *at = text.data, *end = text.data + text.bytes;
    *out = (struct map_path){0};
    for (bool more = true; more;) {
        bool quoted = false;
        const char *stop = at;
        while (stop < end && (*stop != '|' || quoted)) {
            quoted = quoted != (*stop++ == '"');
        }
        if (count == ALTERNATIVES_MAX) {
            compile_error(compiler, node, "more than %d alternatives", ALTERNATIVES_MAX);
            return false;
        }
        if (!parse_alternative(compiler, node, trim((struct slice){at, (size_t)(stop - at)}),
                               &alternatives[count++])) {
            return false;
        }
        more = stop < end;
        at = stop + more;
    }
    struct map_alternative *kept = compile_alloc(compiler, count * sizeof *kept);
    memcpy(kept, alternatives, count * sizeof *kept);
    *out = (struct map_path){count, kept};
    return true;
}

bool path_per_line(const struct map_path *path)
{
    for (uint32_t i = 0; i < path->count; i++) {
        if (path->alternatives[i].root != MAP_MESSAGE) {
            return true;
        }
    }
    return false;
}
