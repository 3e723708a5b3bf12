#include "anomaly/weigh.h"

#include "config/base/clones.h"
#include "config/base/ensure.h"
#include "config/base/hash.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { VERSION = 1, MANIFEST_MAX = 16 * 1024 };

struct tensor {
    size_t pointer, floats;
    float range; /* of the uniform start, 0: zeros */
};

#define TENSOR(field_, floats_, range_)                                                            \
    {                                                                                              \
        offsetof(struct weigh_net, field_), (floats_), (range_)                                    \
    }
static const struct tensor TENSORS[] = {
    TENSOR(w1, TRACE_INPUTS *WEIGH_HIDDEN, 0.2f),
    TENSOR(b1, WEIGH_HIDDEN, 0.1f),
    TENSOR(w2, WEIGH_HIDDEN *WEIGH_SECOND, 0.2f),
    TENSOR(b2, WEIGH_SECOND, 0.1f),
    TENSOR(w3, WEIGH_SECOND *WEIGH_OUTPUTS, 0.2f),
    TENSOR(b3, WEIGH_OUTPUTS, 0),
    TENSOR(scale, 2, 0),
};
#undef TENSOR
enum { TENSOR_COUNT = sizeof TENSORS / sizeof TENSORS[0] };

size_t weigh_floats(void)
{
    size_t floats = 0;
    for (int i = 0; i < TENSOR_COUNT; i++) {
        floats += TENSORS[i].floats;
    }
    return floats;
}

void weigh_bind(struct weigh_net *net, float *block)
{
    for (int i = 0; i < TENSOR_COUNT; i++) {
        memcpy((char *)net + TENSORS[i].pointer, &block, sizeof block);
        block += TENSORS[i].floats;
    }
}

void weigh_init(struct weigh_net *net, struct rng *rng)
{
    for (int i = 0; i < TENSOR_COUNT; i++) {
        float *at;
        memcpy(&at, (char *)net + TENSORS[i].pointer, sizeof at);
        for (size_t k = 0; k < TENSORS[i].floats; k++) {
            at[k] = (float)(2 * rng_unit(rng) - 1) * TENSORS[i].range;
        }
    }
}

static inline void leak(float *restrict a, int count)
{
    for (int k = 0; k < count; k++) {
        a[k] = a[k] > 0 ? a[k] : WEIGH_LEAK * a[k];
    }
}

CLONES void weigh_forward(const struct weigh_net *net, const float *restrict x,
                          struct weigh_pass *restrict pass)
{
    float *restrict a = pass->a, *restrict b = pass->b, *restrict z = pass->z;
    const float *restrict w1 = net->w1, *restrict w2 = net->w2, *restrict w3 = net->w3;
    memcpy(a, net->b1, sizeof pass->a);
    for (int f = 0; f < TRACE_INPUTS; f++) {
        for (int k = 0; k < WEIGH_HIDDEN; k++) {
            a[k] += x[f] * w1[f * WEIGH_HIDDEN + k];
        }
    }
    leak(a, WEIGH_HIDDEN);
    memcpy(b, net->b2, sizeof pass->b);
    for (int f = 0; f < WEIGH_HIDDEN; f++) {
        for (int k = 0; k < WEIGH_SECOND; k++) {
            b[k] += a[f] * w2[f * WEIGH_SECOND + k];
        }
    }
    leak(b, WEIGH_SECOND);
    memcpy(z, net->b3, sizeof pass->z);
    for (int f = 0; f < WEIGH_SECOND; f++) {
        for (int k = 0; k < WEIGH_OUTPUTS; k++) {
            z[k] += b[f] * w3[f * WEIGH_OUTPUTS + k];
        }
    }
}

float weigh_odds(const struct weigh_pass *pass, enum alert_kind *kind)
{
    int best = 1;
    for (int c = 2; c < WEIGH_CLASSES; c++) {
        best = pass->z[c] > pass->z[best] ? c : best;
    }
    float sum = 0;
    for (int c = 1; c < WEIGH_CLASSES; c++) {
        sum += expf(pass->z[c] - pass->z[best]);
    }
    *kind = (enum alert_kind)(best - 1);
    return pass->z[best] + logf(sum) - pass->z[0];
}

float weigh_raw(const struct weigh_net *net, float odds)
{
    float step = fmaxf(net->scale[1] - net->scale[0], 0.1f);
    return fmaxf(2 + 2 * (odds - net->scale[0]) / step, 0);
}

/* --- file
 * ------------------------------------------------------------------------------------------------------
 */

struct weigh {
    struct weigh_net net;
    uint64_t hash;
    size_t manifest_bytes;
    float *weights;
    char *manifest;
};

struct head {
    char magic[4];
    uint32_t version, inputs, hidden, second, classes, floats, manifest_bytes;
};
_Static_assert(sizeof(struct head) == 32, "no padding is saved");

static struct head head_of(size_t manifest_bytes)
{
    return (struct head){.magic = {'R', 'S', 'A', 'D'},
                         .version = VERSION,
                         .inputs = TRACE_INPUTS,
                         .hidden = WEIGH_HIDDEN,
                         .second = WEIGH_SECOND,
                         .classes = WEIGH_CLASSES,
                         .floats = (uint32_t)weigh_floats(),
                         .manifest_bytes = (uint32_t)manifest_bytes};
}

void weigh_free(struct weigh *weigh)
{
    if (weigh) {
        free(weigh->weights);
        free(weigh->manifest);
        free(weigh);
    }
}

void weigh_save(const float *weights, struct slice manifest, struct buf *out)
{
    ASSERT(manifest.bytes <= MANIFEST_MAX);
    size_t begin = out->bytes;
    struct head head = head_of(manifest.bytes);
    buf_put(out, &head, sizeof head);
    buf_slice(out, manifest);
    buf_put(out, weights, weigh_floats() * sizeof *weights);
    uint64_t hash = hash_64(out->data + begin, out->bytes - begin, VERSION);
    buf_put(out, &hash, sizeof hash);
}

static struct status *examine(struct slice bytes, struct head *head, uint64_t *hash)
{
    if (bytes.bytes < sizeof *head + sizeof *hash || memcmp(bytes.data, "RSAD", 4) != 0) {
        return status_new(
            STATUS_CORRUPT,
            "these %zu bytes are no detector: make one with restock pretrain --detector",
            bytes.bytes);
    }
    memcpy(head, bytes.data, sizeof *head);
    struct head wanted = head_of(head->manifest_bytes);
    if (memcmp(head, &wanted, sizeof wanted) != 0) {
        return status_new(
            STATUS_CORRUPT,
            "detector of version %u with %u inputs and %u weights: this program reads "
            "version %d with %d and %zu; make it anew with restock pretrain --detector",
            head->version, head->inputs, head->floats, VERSION, TRACE_INPUTS, weigh_floats());
    }
    size_t expected = sizeof *head + (size_t)head->manifest_bytes + head->floats * sizeof(float);
    if (head->manifest_bytes > MANIFEST_MAX || bytes.bytes != expected + sizeof *hash) {
        return status_new(STATUS_CORRUPT, "detector of %zu bytes does not fit its own head",
                          bytes.bytes);
    }
    memcpy(hash, bytes.data + expected, sizeof *hash);
    if (*hash != hash_64(bytes.data, expected, VERSION)) {
        return status_new(STATUS_CORRUPT,
                          "detector of %zu bytes has a wrong checksum: copy it again", bytes.bytes);
    }
    return NULL;
}

struct status *weigh_load(struct slice bytes, struct weigh **out)
{
    struct head head;
    uint64_t hash;
    TRY(examine(bytes, &head, &hash));
    struct weigh *weigh = calloc(1, sizeof *weigh);
    if (weigh) {
        weigh->hash = hash;
        weigh->manifest_bytes = head.manifest_bytes;
        weigh->weights = malloc(head.floats * sizeof(float));
        weigh->manifest = malloc(weigh->manifest_bytes + 1);
    }
    if (!weigh || !weigh->weights || !weigh->manifest) {
        weigh_free(weigh);
        return status_new(STATUS_NO_MEMORY, "out of memory for a detector");
    }
    memcpy(weigh->manifest, bytes.data + sizeof head, weigh->manifest_bytes);
    weigh->manifest[weigh->manifest_bytes] = 0;
    memcpy(weigh->weights, bytes.data + sizeof head + weigh->manifest_bytes,
           head.floats * sizeof(float));
    for (uint32_t i = 0; i < head.floats; i++) {
        if (!isfinite(weigh->weights[i])) {
            weigh_free(weigh);
            return status_new(STATUS_CORRUPT, "detector: weight %u is not a finite number", i);
        }
    }
    weigh_bind(&weigh->net, weigh->weights);
    *out = weigh;
    return NULL;
}

const struct weigh_net *weigh_net(const struct weigh *weigh)
{
    return &weigh->net;
}

struct slice weigh_manifest(const struct weigh *weigh)
{
    return (struct slice){weigh->manifest, weigh->manifest_bytes};
}

uint64_t weigh_hash(const struct weigh *weigh)
{
    return weigh->hash;
}

/* The build names the file (CMakeLists.txt) and rebuilds this object when it changes. */
__asm__(".section .rodata\n"
        "weigh_shipped_begin:\n"
        ".incbin \"" DETECTOR_FILE "\"\n"
        "weigh_shipped_end:\n"
        ".previous\n");

extern const char shipped_begin[] __asm__("weigh_shipped_begin"), shipped_end[] __asm__(
                                                                      "weigh_shipped_end");

struct slice weigh_shipped(void)
{
    return (struct slice){shipped_begin, (size_t)(shipped_end - shipped_begin)};
}
