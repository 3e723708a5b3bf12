/* Texts that are made on request, after loading. They live in the arena of the configuration, which
 * is const to callers of any thread: hence the lock. */
#include "config/base/ensure.h"
#include "config/config_parts.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { SECRET_BYTES_MAX = 64 * 1024 };

static char *keep(const struct config *config, const char *text, size_t bytes)
{
    struct config *own = (struct config *)(uintptr_t)config;
    pthread_mutex_lock(&own->lock);
    char *copy = arena_copy(own->arena, text, bytes);
    pthread_mutex_unlock(&own->lock);
    ASSERT(copy && "places and secrets fit the arena of the configuration");
    return copy;
}

const char *config_relative(const struct config *config, const char *file)
{
    const char *slash = strrchr(config->path, '/');
    char whole[4096 + 256];
    if (!file[0] || file[0] == '/' || !slash) {
        return file;
    }
    int bytes =
        snprintf(whole, sizeof whole, "%.*s/%s", (int)(slash - config->path), config->path, file);
    return bytes < (int)sizeof whole ? keep(config, whole, (size_t)bytes)
                                     : file; /* no system opens it: whoever tries says so */
}

const char *config_place(const struct config *config, const struct yaml_node *node)
{
    char place[4096 + 64];
    int bytes = node->line ? snprintf(place, sizeof place, "%s:%u:%u: ", node->file_ref, node->line,
                                      node->column)
                           : snprintf(place, sizeof place, "%s: ", node->file_ref);
    return keep(config, place, bytes < (int)sizeof place ? (size_t)bytes : sizeof place - 1);
}

static struct status *from_file(const struct config *config, const char *path, const char **out)
{
    FILE *file = fopen(config_relative(config, path), "rb");
    if (!file) {
        return status_new(STATUS_CONFIG, "cannot read the secret file %s: %s", path,
                          strerror(errno));
    }
    char *text = malloc(SECRET_BYTES_MAX + 1);
    size_t bytes = text ? fread(text, 1, SECRET_BYTES_MAX + 1, file) : 0;
    bool failed = ferror(file) != 0;
    fclose(file);
    struct status *st = NULL;
    if (!text || failed || bytes > SECRET_BYTES_MAX) {
        st = status_new(STATUS_CONFIG, "the secret file %s cannot be read or exceeds %d bytes",
                        path, SECRET_BYTES_MAX);
    } else if (memchr(text, '\0', bytes)) {
        st = status_new(STATUS_CONFIG, "the secret file %s holds a NUL: it is no text", path);
    } else {
        while (bytes && (text[bytes - 1] == '\n' || text[bytes - 1] == '\r')) {
            bytes--; /* editors end files with a newline */
        }
        *out = keep(config, text, bytes);
    }
    free(text);
    return st;
}

struct status *config_secret(const struct config *config, const char *text, const char **out)
{
    if (strncmp(text, "file:", 5) == 0) {
        return from_file(config, text + 5, out);
    }
    if (strncmp(text, "env:", 4) != 0) {
        *out = keep(config, text, strlen(text));
        return NULL;
    }
    const char *value = getenv(text + 4);
    if (!value) {
        return status_new(STATUS_CONFIG,
                          "the environment variable %s, which holds a secret, is not set",
                          text + 4);
    }
    *out = keep(config, value, strlen(value));
    return NULL;
}
