/* Any bytes -> canonical line; what is accepted must encode to bytes that mean the same. */
#include "config/base/arena.h"
#include "config/base/ensure.h"
#include "stream/line.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
    struct arena *arena = arena_create(4096, 1 << 20);
    struct line line, again;
    const char *reason = NULL;
    if (line_decode((struct slice){(const char *)data, bytes}, arena, &line, &reason)) {
        struct buf first = {0}, second = {0};
        line_encode(&line, &first);
        ASSERT(line_decode(buf_view(&first), arena, &again, &reason));
        line_encode(&again, &second);
        ASSERT(slice_equal(buf_view(&first), buf_view(&second)));
        buf_fini(&first);
        buf_fini(&second);
    } else {
        ASSERT(reason);
    }
    arena_destroy(arena);
    return 0;
}
