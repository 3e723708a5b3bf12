/* Any bytes -> YAML tree; whatever it accepts can be walked within the bounds, and every error
 * names the document. */
#include "config/base/ensure.h"
#include "config/yaml.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes);

static size_t walk(const struct yaml_node *node, int depth)
{
    size_t count = 1;
    ASSERT(depth <= 64 && node->line && node->column && node->text);
    ASSERT(strcmp(node->file_ref, "fuzz") == 0);
    ASSERT(node->kind != YAML_SCALAR || !node->count);
    for (size_t i = 0; i < node->count; i++) {
        if (node->kind == YAML_MAPPING) {
            ASSERT(node->keys[i]->kind == YAML_SCALAR);
            ASSERT(yaml_get(node, node->keys[i]->text) == node->items[i]);
        }
        count += walk(node->items[i], depth + 1);
    }
    return count;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
    struct yaml *yaml = NULL;
    struct status *st = yaml_parse("fuzz", (const char *)data, bytes, &yaml);
    if (st) {
        ASSERT(!yaml && status_code(st) == STATUS_CONFIG);
        ASSERT(strncmp(status_message(st), "fuzz:", 5) == 0);
        status_free(st);
        return 0;
    }
    ASSERT(!yaml_root(yaml) || walk(yaml_root(yaml), 0) <= 200000);
    yaml_destroy(yaml);
    return 0;
}
