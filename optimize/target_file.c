#include "optimize/target_file.h"

#include "config/base/ensure.h"
#include "config/base/hash.h"
#include "optimize/target.h"

#include <math.h>
#include <string.h>

enum { VERSION = 1 };

struct head {
    char magic[4];
    uint32_t version, inputs, hidden, floats, manifest_bytes;
};

static struct head head_of(size_t manifest_bytes)
{
    return (struct head){.magic = {'R', 'S', 'T', 'L'},
                         .version = VERSION,
                         .inputs = TARGET_INPUTS,
                         .hidden = LEVEL_NET_HIDDEN,
                         .floats = LEVEL_NET_FLOATS,
                         .manifest_bytes = (uint32_t)manifest_bytes};
}

void target_file_save(const struct level_net *net, struct slice manifest, struct buf *out)
{
    ASSERT(net->inputs == TARGET_INPUTS && manifest.bytes <= TARGET_MANIFEST_MOST);
    size_t begin = out->bytes;
    struct head head = head_of(manifest.bytes);
    buf_put(out, &head, sizeof head);
    buf_slice(out, manifest);
    buf_put(out, net->w1, LEVEL_NET_FLOATS * sizeof(float)); /* no holes: optimize/level_net.c */
    uint64_t hash = hash_64(out->data + begin, out->bytes - begin, VERSION);
    buf_put(out, &hash, sizeof hash);
}

static struct status *examine(struct slice bytes, struct head *head)
{
    uint64_t hash;
    if (bytes.bytes < sizeof *head + sizeof hash || memcmp(bytes.data, "RSTL", 4) != 0) {
        return status_new(STATUS_CORRUPT,
                          "these %zu bytes are no learned target: make one with restock pretrain "
                          "--target",
                          bytes.bytes);
    }
    memcpy(head, bytes.data, sizeof *head);
    struct head wanted = head_of(head->manifest_bytes);
    if (memcmp(head, &wanted, sizeof wanted) != 0) {
        return status_new(STATUS_CORRUPT,
                          "learned target of version %u with %u inputs: this program reads version "
                          "%d with %d; make it anew with restock pretrain --target",
                          head->version, head->inputs, VERSION, TARGET_INPUTS);
    }
    size_t expected = sizeof *head + (size_t)head->manifest_bytes + head->floats * sizeof(float);
    if (head->manifest_bytes > TARGET_MANIFEST_MOST || bytes.bytes != expected + sizeof hash) {
        return status_new(STATUS_CORRUPT, "learned target of %zu bytes does not fit its own head",
                          bytes.bytes);
    }
    memcpy(&hash, bytes.data + expected, sizeof hash);
    if (hash != hash_64(bytes.data, expected, VERSION)) {
        return status_new(STATUS_CORRUPT,
                          "learned target of %zu bytes has a wrong checksum: copy it again",
                          bytes.bytes);
    }
    return NULL;
}

struct status *target_file_load(struct slice bytes, struct level_net *out, struct slice *manifest)
{
    struct head head;
    struct level_net net = {.inputs = TARGET_INPUTS};
    TRY(examine(bytes, &head));
    memcpy(net.w1, bytes.data + sizeof head + head.manifest_bytes,
           LEVEL_NET_FLOATS * sizeof(float));
    const float *weights = net.w1[0];
    for (uint32_t i = 0; i < LEVEL_NET_FLOATS; i++) {
        if (!isfinite(weights[i])) {
            return status_new(STATUS_CORRUPT, "learned target: weight %u is not a finite number",
                              i);
        }
    }
    *out = net;
    if (manifest) {
        *manifest = (struct slice){bytes.data + sizeof head, head.manifest_bytes};
    }
    return NULL;
}

/* The build names the file (CMakeLists.txt) and rebuilds this object when it changes. */
__asm__(".section .rodata\n"
        "target_file_begin:\n"
        ".incbin \"" TARGET_FILE "\"\n"
        "target_file_end:\n"
        ".previous\n");

extern const char shipped_begin[] __asm__("target_file_begin"), shipped_end[] __asm__(
                                                                    "target_file_end");

struct slice target_file_shipped(void)
{
    return (struct slice){shipped_begin, (size_t)(shipped_end - shipped_begin)};
}
