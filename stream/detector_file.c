#include "stream/detector_file.h"

#include "stream/csv_file.h"

#include <string.h>

enum { READ_BYTES = 64 * 1024 };
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
        if (!st && bytes->bytes > WEIGH_FILE_MAX) {
            st = status_new(STATUS_CORRUPT, "larger than any detector");
        }
    }
    csv_file_close(file);
    return st;
}

struct status *detector_file_load(const struct config *config, const char *name, int64_t bucket_ms,
                                  struct weigh **out)
{
    if (strcmp(name, "none") == 0) {
        return NULL;
    }
    if (strcmp(name, "shipped") == 0) {
        return bucket_ms == DAY_MS && weigh_shipped().bytes
                   ? status_wrap(weigh_load(weigh_shipped(), out), "anomaly.detector: shipped")
                   : NULL;
    }
    if (bucket_ms != DAY_MS) {
        return status_new(STATUS_CONFIG,
                          "anomaly.detector: %s is for buckets of a day, time.bucket "
                          "is not: set none",
                          name);
    }
    const char *path = config_relative(config, name);
    struct buf bytes = {0};
    struct status *st = read_all(path, &bytes);
    st = st ? st : weigh_load(buf_view(&bytes), out);
    buf_fini(&bytes);
    return status_wrap(st, "anomaly.detector: %s", path);
}
