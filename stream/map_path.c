#include "stream/map_parts.h"

#include <stdio.h>

static const struct datum *follow(const struct map_alternative *alternative,
                                  const struct map_context *context)
{
    const struct datum *d = context->roots[alternative->root];
    for (uint32_t i = 0; i < alternative->step_count && d; i++) {
        const struct map_step *step = &alternative->steps[i];
        if (step->name.data) {
            d = datum_child(d, step->name, &context->hints[step->hint]);
        } else {
            d = d->kind == DATUM_ARRAY && step->index < d->count ? &d->children[step->index] : NULL;
        }
    }
    return d;
}

const struct datum *map_path_find(const struct map_path *path, const struct map_context *context)
{
    for (uint32_t i = 0; i < path->count; i++) {
        const struct datum *d = follow(&path->alternatives[i], context);
        if (d && d->kind != DATUM_NULL) {
            return d;
        }
    }
    return NULL;
}

bool map_path_refuse(const struct map_path *path, struct map_context *context, const char *reason)
{
    context->reason = reason;
    context->field[0] = '\0';
    if (path->count == 0) {
        return false;
    }
    const struct map_alternative *first = &path->alternatives[0];
    const char *star = strstr(first->text, "[*]");
    if (star) { /* "lines[*].Quantity" reads better as "lines[3].Quantity" */
        (void)snprintf(context->field, MAP_FIELD_BYTES, "%.*s[%lld]%s", (int)(star - first->text),
                       first->text, (long long)context->line_number, star + 3);
    } else {
        (void)snprintf(context->field, MAP_FIELD_BYTES, "%s", first->text);
    }
    return false;
}
