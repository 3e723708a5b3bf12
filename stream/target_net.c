#include "stream/target_net.h"

#include "optimize/target_file.h"
#include "stream/csv_file.h"

#include <stdlib.h>
#include <string.h>

enum { READ_BYTES = 16 * 1024 };
static const int64_t DAY_MS = 86400000;

static struct status *read_all(const char *path, struct buf *bytes)
{
    struct csv_file *file = NULL;
    struct status *st = NULL;
    TRY(csv_file_open(path, &file));
    for (size_t got = 1; got && !st;) {
        buf_room(bytes, READ_BYTES);
        st = csv_file_read(file, bytes->data + bytes->bytes, READ_BYTES, &got);
        bytes->bytes += st ? 0 : got;
        if (!st && bytes->bytes > TARGET_FILE_MOST) {
            st = status_new(STATUS_CORRUPT, "larger than any learned target");
        }
    }
    csv_file_close(file);
    return st;
}

struct status *target_net_load(const struct config *config, const char *name,
                               struct level_net **out)
{
    struct level_net *net = calloc(1, sizeof *net);
    struct status *st = net ? NULL : status_new(STATUS_NO_MEMORY, "out of memory for a network");
    struct buf bytes = {0};
    bool shipped = strcmp(name, "shipped") == 0;
    const char *path = shipped ? name : config_relative(config, name);
    if (!shipped && !st) {
        st = read_all(path, &bytes);
    }
    if (!st) {
        st = target_file_load(shipped ? target_file_shipped() : buf_view(&bytes), net, NULL);
    }
    buf_fini(&bytes);
    if (st) {
        free(net);
        return status_wrap(st, "replenish.learned_target: %s", path);
    }
    *out = net;
    return NULL;
}

struct status *target_net_for(const struct config *config, const struct proposal_options *options,
                              int64_t bucket_ms, struct level_net **out)
{
    if (options->policy.policy != POLICY_LEARNED) {
        return NULL;
    }
    if (options->policy.service_target > 0) {
        return status_new(STATUS_CONFIG,
                          "replenish.policy: learned weighs what stock costs against what a lost "
                          "sale costs; a fixed replenish.service_target leaves nothing to weigh: "
                          "set it to 0, or take policy auto");
    }
    if (bucket_ms > DAY_MS) {
        return status_new(STATUS_CONFIG,
                          "replenish.policy: learned has shown no gain in buckets longer than a "
                          "day: take policy auto");
    }
    return target_net_load(config, options->target, out);
}
