#include "schemas/embedded.h"

#include "schemas/embedded_files.h"

const struct embedded_file *embedded_schemas(size_t *count)
{
    *count = 0;
    while (embedded_files[*count].name) {
        (*count)++;
    }
    return embedded_files;
}

struct slice embedded_schema(const char *name)
{
    for (const struct embedded_file *file = embedded_files; file->name; file++) {
        if (strcmp(file->name, name) == 0) {
            return file->text;
        }
    }
    return (struct slice){0};
}
